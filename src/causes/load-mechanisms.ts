/** Mechanisms from YAML, and signatures of log lines beside them: the built-in ones and a user's own go through this one loader. */
import { readFileSync } from 'node:fs'
import { isNode, isSeq, LineCounter, parseDocument } from 'yaml'
import { UserError } from '../model/user-error.js'
import { builtInFiles } from './built-in.js'
import type { Signature } from '../model/signature.js'
import { mechanismSchema, type Mechanism } from './mechanism.js'
import { isSignature, signatureSchema } from './signature-file.js'

export const loadMechanisms = (userFiles: readonly string[]): readonly Mechanism[] => {
  const byId = new Map<string, Mechanism>()
  for (const { path, text } of builtInFiles()) for (const mechanism of parseMechanisms(text, path)) byId.set(mechanism.id, mechanism)
  for (const file of userFiles) for (const mechanism of parseMechanisms(readUser(file), file)) byId.set(mechanism.id, mechanism)
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Signatures of the user's files, by id; a later one takes the place of an earlier one. Throws a UserError. */
export const loadSignatures = (userFiles: readonly string[]): readonly Signature[] => {
  const byId = new Map<string, Signature>()
  for (const file of userFiles) {
    const { signatures, problems } = examineMechanisms(readUser(file), file)
    if (problems[0] !== undefined) throw new UserError(problems[0])
    for (const { signature } of signatures) byId.set(signature.id, signature)
  }
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
  readonly signatures: readonly { readonly signature: Signature; readonly line: number }[]
  /** 'file:line: field: what was expected', all there are. */
  readonly problems: readonly string[]
}

/** The same, told in full rather than thrown. */
export const examineMechanisms = (yaml: string, file: string): Examined => {
  const mechanisms: { mechanism: Mechanism; line: number }[] = []
  const signatures: { signature: Signature; line: number }[] = []
  const problems: string[] = []
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines, maxAliasCount: 10 } as Parameters<typeof parseDocument>[1])
  for (const error of document.errors) problems.push(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0] ?? 'not YAML'}`)
  const root = document.contents
  if (problems.length > 0) return { mechanisms, signatures, problems }
  if (!isSeq(root)) return { mechanisms, signatures, problems: [`${file}:1: expected a list of mechanisms and signatures, each beginning with '- id: …'`] }
  for (const item of root.items) {
    const line = isNode(item) && item.range ? lines.linePos(item.range[0]).line : 1
    const value: unknown = isNode(item) ? item.toJSON() : item
    const mechanism = isSignature(value) ? null : mechanismSchema.safeParse(value)
    const signature = mechanism === null ? signatureSchema.safeParse(value) : null
    if (mechanism?.success === true) mechanisms.push({ mechanism: mechanism.data, line })
    if (signature?.success === true) signatures.push({ signature: signature.data, line })
    const { error } = mechanism ?? signature ?? {}
    problems.push(
      ...(error?.issues ?? []).map((issue) => `${file}:${line}: ${issue.path.join('.') || (mechanism === null ? 'signature' : 'mechanism')}: ${issue.message}`),
    )
  }
  return { mechanisms, signatures, problems }
}
