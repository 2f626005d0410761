/** A signature of a log line as it stands in a user's file, beside mechanisms: what it must say, and what it may not. */
import { z } from 'zod'
import { filled, namesIn, readPattern } from '../model/line-pattern.js'
import type { Signature } from '../model/signature.js'
import { isEntity } from '../model/entity.js'
import { FINDING_KINDS, isCustomKind, isFindingKind, type AnyKind, type FindingKind } from '../model/vocabulary.js'
import { duration, mechanismSchema } from './mechanism.js'

/** What a template of an entity may name beside the line's own holes. */
const AROUND = ['host', 'unit', 'container']

const line = z.string().superRefine((written, context) => {
  const pattern = readPattern(written)
  if (typeof pattern === 'string') context.addIssue({ code: 'custom', message: pattern })
})

const shape = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/u, 'expected lower-case words joined by hyphens')
    .describe('Its name'),
  line: line.describe("What stands in the line, with {holes} for what changes: one word each, or {rest...} at the end; '{{' is a brace"),
  ends: line.optional().describe('What stands in the line that says that it is over; without it each line is an occurrence'),
  formats: z.array(z.string().min(1)).default([]).describe("Only in inputs of these formats, as 'faultline inspect' names them: text, kubelet, postgres …"),
  units: z.array(z.string().min(1)).default([]).describe('Only lines of these systemd units, syslog identifiers or containers'),
  paths: z.array(z.string().min(1)).default([]).describe("Only in inputs whose path matches: '*' stands for anything"),
  kind: z
    .union([z.enum(FINDING_KINDS as [FindingKind, ...FindingKind[]]), z.string().regex(/^custom\.[a-z0-9]+(?:-[a-z0-9]+)*$/u)]) // never empty
    .describe('The kind of finding: one of the vocabulary, or custom.<name> of your own, which mechanisms may then name'),
  entity: z
    .string()
    .optional()
    .describe(
      'What it is about, with holes of the line, {host}, {unit} or {container}: process/{host}/ledger. Default: the pod or process that wrote the line',
    ),
  role: z
    .enum(['change', 'fault', 'symptom', 'impact', 'response', 'condition'])
    .optional()
    .describe('Of a kind of your own (default: symptom). Without an impact nobody was harmed'),
  says: z
    .string()
    .min(3)
    .max(200)
    .describe("What it did, in words that follow its name, with holes of the line: 'lost its quorum: {members} of {total} were left'"),
  confidence: z.number().gt(0).lt(1).default(0.9).describe('How sure it is that the line means this'),
  times: z.int().min(1).max(100_000).default(1).describe('Fewer lines than this are no finding'),
  gap: duration.default(120).describe('Lines at most this far apart are one finding: a duration such as 2m'),
})

export const signatureSchema = shape
  .superRefine(({ line: written, ends, kind, entity, role, says }, context) => {
    const holes = holesOf(written)
    const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (kind === 'alert.fired') issue('kind', 'an alert is read from the alerts themselves')
    if (role !== undefined && isFindingKind(kind)) issue('role', `${kind} has its role already; a kind of your own (custom.<name>) may have one`)
    for (const name of namesIn(says)) if (!holes.includes(name)) issue('says', `{${name}} is no hole of the line`)
    if (entity === undefined) return
    for (const name of namesIn(entity)) {
      if (holes.includes(name) ? ends !== undefined && !holesOf(ends).includes(name) : !AROUND.includes(name))
        issue(
          'entity',
          holes.includes(name)
            ? `{${name}} is no hole of 'ends': whose end it is would not be told`
            : `{${name}} is no hole of the line, nor ${AROUND.join(', ')}`,
        )
    }
    if (!isEntity(filled(entity, () => 'x') ?? '')) issue('entity', 'expected an entity such as process/{host}/ledger, pod/shop/{pod} or service/shop/ledger')
  })
  .transform(({ gap, ends, entity, role, kind, ...rest }): Signature => ({
    ...rest,
    ends: ends ?? null,
    entity: entity ?? null,
    role: isCustomKind(kind) ? (role ?? 'symptom') : null,
    kind: kind as AnyKind, // one of the vocabulary, or what the expression says
    gapSeconds: gap,
  }))

const holesOf = (written: string): readonly string[] => {
  const pattern = readPattern(written)
  return typeof pattern === 'string' ? [] : pattern.holes
}

/** Which of the two an entry is meant to be: a mechanism has no line. */
export const isSignature = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, 'line')

/** What a file holds. */
export const ruleFileSchema = z.array(z.union([mechanismSchema, signatureSchema]))
