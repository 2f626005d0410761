/** Mechanisms from YAML: the built-in ones and a user's own go through this one loader. */
import { readFileSync } from 'node:fs'
import { isNode, isSeq, LineCounter, parseDocument } from 'yaml'
import { UserError } from '../model/user-error.js'
import { builtInFiles } from './built-in.js'
import { mechanismSchema, type Mechanism } from './mechanism.js'

export const loadMechanisms = (userFiles: readonly string[]): readonly Mechanism[] => {
  const byId = new Map<string, Mechanism>()
  for (const { path, text } of builtInFiles()) for (const mechanism of parseMechanisms(text, path)) byId.set(mechanism.id, mechanism)
  for (const file of userFiles) for (const mechanism of parseMechanisms(readUser(file), file)) byId.set(mechanism.id, mechanism)
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Throws a UserError. */
export const readUser = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Throws a UserError that names file, line, field and what was expected. */
export const parseMechanisms = (yaml: string, file: string): readonly Mechanism[] => {
  const { mechanisms, problems } = examineMechanisms(yaml, file)
  if (problems[0] !== undefined) throw new UserError(problems[0])
  return mechanisms.map(({ mechanism }) => mechanism)
}

export interface Examined {
  readonly mechanisms: readonly { readonly mechanism: Mechanism; readonly line: number }[]
  /** 'file:line: field: what was expected', all there are. */
  readonly problems: readonly string[]
}

/** The same, told in full rather than thrown. */
export const examineMechanisms = (yaml: string, file: string): Examined => {
  const mechanisms: { mechanism: Mechanism; line: number }[] = []
  const problems: string[] = []
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines, maxAliasCount: 10 } as Parameters<typeof parseDocument>[1])
  for (const error of document.errors) problems.push(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0] ?? 'not YAML'}`)
  const root = document.contents
  if (problems.length > 0) return { mechanisms, problems }
  if (!isSeq(root)) return { mechanisms, problems: [`${file}:1: expected a list of mechanisms, each beginning with '- id: …'`] }
  for (const item of root.items) {
    const line = isNode(item) && item.range ? lines.linePos(item.range[0]).line : 1
    const parsed = mechanismSchema.safeParse(isNode(item) ? item.toJSON() : item)
    if (parsed.success) mechanisms.push({ mechanism: parsed.data, line })
    else problems.push(...parsed.error.issues.map((issue) => `${file}:${line}: ${issue.path.join('.') || 'mechanism'}: ${issue.message}`))
  }
  return { mechanisms, problems }
}
