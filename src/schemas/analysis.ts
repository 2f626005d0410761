/** analysis.json as a schema, for those who read it with other tools. It says what src/model/analysis.ts says; the compiler sees to that. */
import { z } from 'zod'
import type { Analysis } from '../model/analysis.js'

const time = z.iso.datetime({ precision: 3 }).describe('UTC, with milliseconds')
const count = z.int().min(0)
const sureness = z.number().min(0).max(1)
const text = z.string()
const findingId = z.string().describe('of a finding in the same incident')

const evidence = z.strictObject({ input: text.describe('path of an input'), line: z.union([count, z.null()]), time, text })

const finding = z.strictObject({
  id: text,
  kind: text.describe("from the vocabulary, or a user mechanism's own"),
  entity: z
    .string()
    .regex(/^(?:cluster$|(?:node|pod|workload|service|volume|postgres|redis|target|loadbalancer|process|external)\/)/u)
    .describe('cluster, node/<name>, pod/<namespace>/<name> …'),
  role: z.enum(['condition', 'change', 'fault', 'symptom', 'impact', 'detection', 'response', 'recovery']),
  start: time.describe('the first moment at which the data shows it'),
  end: z.union([time, z.null()]),
  confidence: sureness.describe('that this happened'),
  summary: text,
  evidence: z.array(evidence).min(1),
})

const link = z.strictObject({
  cause: findingId,
  effect: findingId,
  mechanism: text.describe("the rule's id, or 'statistical'"),
  confidence: sureness,
  lagSeconds: z.number().min(0),
  because: text,
})

const incident = z.strictObject({
  id: text,
  title: text,
  start: time,
  end: z.union([time, z.null()]).describe('null: not recovered when the data ends'),
  rootCauses: z.array(z.strictObject({ finding: findingId, confidence: sureness })).describe('best first'),
  chains: z.array(z.array(findingId)).describe('from a root cause to an impact, best first'),
  findings: z.array(finding).describe('by start'),
  links: z.array(link).describe('the causal graph: acyclic, a cause never starts after its effect'),
  detection: z.strictObject({
    firstSymptom: z.union([time, z.null()]),
    firstAlert: z.union([time, z.null()]),
    delaySeconds: z.union([z.number().min(0), z.null()]),
  }),
})

const input = z.strictObject({
  path: text.describe("as given; 'dump.tar.gz!/node-1/kubelet.log' inside an archive"),
  format: text,
  wrapping: z.array(text).describe('what the lines were wrapped in, outermost first'),
  bytes: count,
  lines: count,
  records: count,
  skipped: count,
  from: z.union([time, z.null()]),
  to: z.union([time, z.null()]),
  clockOffsetMs: z.number().describe("what was added to this input's times to put it on the common clock"),
  clockUncertaintyMs: z.number().min(0).optional().describe('where the offset was estimated: the true one lies within this of it'),
  warnings: z.array(text),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .optional(),
})

export const analysisSchema = z.strictObject({
  schema: z.literal('faultline/analysis@1'),
  inputs: z.array(input),
  incidents: z.array(incident).describe('most severe first; empty when nothing was wrong'),
})

/** Fields and their nesting; names that are templates count as text, and what may be absent as there. */
type Loose<T> = T extends string
  ? string
  : T extends readonly (infer E)[]
    ? readonly Loose<E>[]
    : T extends object
      ? { readonly [K in keyof T]-?: Loose<Exclude<T[K], undefined>> }
      : T
type Same<A, B> = [A, B] extends [B, A] ? true : never
/** Does not compile where the schema and the type part ways. */
export const agrees: Same<Loose<z.output<typeof analysisSchema>>, Loose<Analysis>> = true
