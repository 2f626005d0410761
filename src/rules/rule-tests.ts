/** Tests for mechanisms: pieces of input, and which links must or must not be found in them. They go the whole way that a dump goes. */
import { parse } from 'yaml'
import { z } from 'zod'
import { linkCauses } from '../causes/link.js'
import type { Mechanism } from '../causes/mechanism.js'
import { findWrong } from '../findings/find.js'
import { UserError } from '../model/user-error.js'
import { TOLD, type Signature } from '../model/signature.js'
import { contextOf } from '../read/context.js'
import { extractInput } from '../read/extract-input.js'
import { buildTimeline } from '../timeline/timeline.js'

const link = z.union([
  z.string().min(1).describe("A mechanism's id, or a signature's"),
  z.strictObject({
    finding: z.string().min(1).describe("Kind and entity: 'custom.quorum-lost process/ledger-1/ledger'; the kind alone is enough"),
    says: z.string().optional().describe('Words that its sentence must have in it'),
  }),
  z.strictObject({
    mechanism: z.string().min(1),
    cause: z.string().optional().describe("Kind and entity: 'node.disk-full node/worker-1'; the kind alone is enough"),
    effect: z.string().optional().describe('The same for the effect'),
  }),
])

const ruleTestSchema = z.strictObject({
  name: z.string().min(1).describe('What the rule promises'),
  inputs: z.record(z.string(), z.string()).describe('Files by their path, which may tell the node or pod; as they would lie in a dump'),
  year: z.int().min(1970).max(9999).optional().describe('For lines that carry none'),
  found: z.array(link).default([]).describe('Links, signatures and findings that must be found'),
  notFound: z.array(link).default([]).describe('Links, signatures and findings that must not be found'),
})

export const ruleTestFileSchema = z.array(ruleTestSchema)

export type RuleTest = z.output<typeof ruleTestSchema>
type LinkTest = z.output<typeof link>

/** Throws a UserError that names the file, the test and the field. */
export const parseRuleTests = (yaml: string, file: string): readonly RuleTest[] => {
  let value: unknown
  try {
    value = parse(yaml, { maxAliasCount: 10 })
  } catch (error) {
    throw new UserError(`${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`)
  }
  const parsed = ruleTestFileSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(
    `${file}: ${issue?.path.length === 0 ? "expected a list of tests, each beginning with '- name: …'" : `test ${(issue?.path ?? []).map((part) => (typeof part === 'number' ? part + 1 : String(part))).join('.')}: ${issue?.message ?? ''}`}`,
  )
}

export interface RuleTestResult {
  readonly name: string
  /** Why it failed; empty where it passed. */
  readonly failures: readonly string[]
}

export const runRuleTest = async (test: RuleTest, mechanisms: readonly Mechanism[], signatures: readonly Signature[] = []): Promise<RuleTestResult> => {
  const extracts = []
  for (const [path, content] of Object.entries(test.inputs)) {
    const bytes = Buffer.from(content)
    const chunks = async function* () {
      yield bytes
    }
    extracts.push(await extractInput({ path, wrapping: [], changedMs: null, context: contextOf(path), chunks }, undefined, signatures))
  }
  const timeline = buildTimeline(extracts, { zones: [], year: test.year ?? null, since: null, until: null })
  const found = findWrong(timeline)
  const sure = linkCauses(found, mechanisms, timeline).filter(({ faint }) => !faint)
  const links = sure.map(({ cause, effect, mechanism }) => ({
    mechanism: mechanism.id,
    cause: nameOf(found[cause]),
    effect: nameOf(found[effect]),
  }))
  const findings = found.map((one) => ({ name: nameOf(one), summary: one.summary }))
  const said = new Set(
    extracts.flatMap((extract) => extract.signals.flatMap(({ kind, attributes }) => (kind === 'log.signature' ? [String(attributes[TOLD.signature])] : []))),
  )
  const taught = new Set(signatures.map(({ id }) => id))
  const has = (wanted: LinkTest): boolean => {
    if (typeof wanted === 'string') return taught.has(wanted) ? said.has(wanted) : links.some((one) => fits(one, wanted))
    if ('finding' in wanted)
      return findings.some(({ name, summary }) => named(name, wanted.finding) && (wanted.says === undefined || summary.includes(wanted.says)))
    return links.some((one) => fits(one, wanted))
  }
  const seen =
    found.length === 0
      ? 'nothing was wrong in the inputs'
      : `what was wrong: ${[...new Set(found.map(nameOf))].sort().join(', ')}; links: ${links.map(({ mechanism }) => mechanism).join(', ') || 'none'}`
  return {
    name: test.name,
    failures: [
      ...test.found.filter((wanted) => !has(wanted)).map((wanted) => `${wordsOf(wanted)} was not found (${seen})`),
      ...test.notFound.filter(has).map((wanted) => `${wordsOf(wanted)} was found, and must not be`),
      ...(test.found.length + test.notFound.length === 0 ? ["it asks for nothing: 'found' or 'notFound' is missing"] : []),
    ],
  }
}

const nameOf = (finding: { readonly kind: string; readonly entity: string } | undefined): string => `${finding?.kind ?? ''} ${finding?.entity ?? ''}`

const named = (name: string, asked: string | undefined): boolean => asked === undefined || name === asked || name.startsWith(`${asked} `)

const fits = (
  one: { readonly mechanism: string; readonly cause: string; readonly effect: string },
  wanted: Exclude<LinkTest, { readonly finding: string }>,
): boolean =>
  typeof wanted === 'string'
    ? one.mechanism === wanted
    : one.mechanism === wanted.mechanism && named(one.cause, wanted.cause) && named(one.effect, wanted.effect)

const wordsOf = (wanted: LinkTest): string => {
  if (typeof wanted === 'string') return wanted
  if ('finding' in wanted) return [wanted.finding, ...(wanted.says === undefined ? [] : [`that says '${wanted.says}'`])].join(' ')
  const { mechanism, cause, effect } = wanted
  return [mechanism, ...(cause === undefined ? [] : [`from ${cause}`]), ...(effect === undefined ? [] : [`to ${effect}`])].join(' ')
}
