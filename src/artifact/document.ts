/** The words of a saved extract: what its JSON must look like. The numbers of its series lie beside it, in columns. */
import { z } from 'zod'
import { FINDING_KINDS, type FindingKind } from '../model/vocabulary.js'
import type { Basis, Fact, HelperKind, SignalKind } from '../model/extract.js'
import type { Entity } from '../model/entity.js'
import { EXTRACT_SCHEMA } from './block.js'

// A record over the type, so that a kind forgotten here does not compile.
const HELPERS: Readonly<Record<HelperKind, true>> = {
  'pod.scheduled': true,
  'pod.started': true,
  'pod.killed': true,
  'pod.deleted': true,
  'container.started': true,
  'container.exited': true,
  'kubelet.started': true,
  'app.started': true,
  'kubelet.slow': true,
  'node.identity': true,
  'lease.conflict': true,
  'postgres.started': true,
  'postgres.ready': true,
  'postgres.parameter-changed': true,
  'postgres.start-refused': true,
  'postgres.connection-rejected': true,
  'log.error': true,
  'log.warning': true,
  'http.error': true,
  'probe.failed': true,
  'job.completed': true,
  'log.signature': true,
}

const KINDS = [...FINDING_KINDS, ...(Object.keys(HELPERS) as HelperKind[])] satisfies readonly (FindingKind | HelperKind)[] // the keys of a record over the type

const count = z.int().min(0)
/** JSON has no NaN: null stands for it. */
const number = z.union([z.number(), z.null()]).transform((value) => value ?? NaN)
const text = z.string()
const ENTITY = /^(?:cluster$|(?:node|volume|postgres|redis|loadbalancer|external|pod|workload|service|target|process)\/)/u
const entity = z
  .string()
  .regex(ENTITY, 'expected an entity such as node/worker-1')
  .transform((name) => name as Entity) // what the expression says

const basis = z
  .string()
  .regex(/^(?:utc|local(?:-again)?|ago|yearless(?:-again)?|zone:.*)$/u, 'expected utc, local, ago, yearless or zone:<abbreviation>')
  .transform((name) => name as Basis) // what the expression says
const stamp = z.strictObject({ ms: number, basis })
const moment = z.union([stamp, z.null()])
const line = z.union([count, z.null()])
const place = z.strictObject({ line, at: stamp, text })

const signal = z.strictObject({
  kind: z.enum(KINDS as [SignalKind, ...SignalKind[]]), // never empty
  entity,
  phase: z.enum(['begin', 'end', 'point', 'span']),
  at: stamp,
  until: stamp,
  count: number, // as an event tells it
  attributes: z.record(text, z.union([text, number])),
  places: z.array(place).min(1),
})

const fact = z.discriminatedUnion('fact', [
  z.strictObject({ fact: z.literal('node'), node: entity, at: moment, cores: number.optional(), memoryBytes: number.optional() }),
  z.strictObject({ fact: z.literal('alias'), of: entity, name: text, at: moment }),
  z.strictObject({ fact: z.literal('input-node'), node: entity, weight: number }),
  z.strictObject({ fact: z.literal('pod-on-node'), pod: entity, node: entity, at: moment, uid: text.optional() }),
  z.strictObject({ fact: z.literal('pod-owner'), pod: entity, workload: entity, isJob: z.literal(true).optional() }),
  z.strictObject({
    fact: z.literal('pod-resources'),
    pod: entity,
    container: text,
    memoryLimitBytes: z.union([z.number(), z.null()]),
    cpuLimitCores: z.union([z.number(), z.null()]),
  }),
  z.strictObject({ fact: z.literal('replicas'), workload: entity, at: moment, wanted: number, ready: z.union([z.number(), z.null()]) }),
  z.strictObject({ fact: z.literal('runs-as'), of: entity, by: entity }),
  z.strictObject({ fact: z.literal('client-of'), client: entity, server: entity, configured: z.literal('yes').optional() }),
  z.strictObject({ fact: z.literal('limit'), of: entity, name: text, value: number }),
  z.strictObject({ fact: z.literal('collected'), at: stamp }),
  z.strictObject({ fact: z.literal('kept-from'), at: stamp }),
  z.strictObject({ fact: z.literal('zone'), basis, minutes: z.int(), lines: count, first: number, last: number }),
  z.strictObject({ fact: z.literal('clock-stepped'), at: stamp, seconds: z.union([z.number(), z.null()]), said: text }),
  z.strictObject({ fact: z.literal('missing'), what: text, hides: text }),
])
/** A fact forgotten above does not compile here. */
const everyFact: [Exclude<Fact['fact'], z.output<typeof fact>['fact']>] extends [never] ? true : never = true

/** Positions in the table of columns. */
const series = z.strictObject({ name: text, labels: z.record(text, text), line, lines: z.array(count).optional(), times: count, values: count })

export const documentSchema = z.strictObject({
  schema: z.literal(EXTRACT_SCHEMA),
  path: text,
  part: z.strictObject({ from: count, to: count, line: count }).optional(),
  format: text,
  wrapping: z.array(text),
  bytes: count,
  lines: count,
  records: count,
  skipped: count,
  warnings: z.array(text),
  spans: z.array(z.strictObject({ basis, first: number, last: number })),
  silences: z.array(z.strictObject({ basis, from: number, to: number, line: count, host: text.optional() })),
  yearHint: z.union([z.int(), z.null()]),
  changedMs: z.union([z.number(), z.null()]),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .optional(),
  signatures: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .optional(),
  recognised: z.strictObject({ sure: number, firstSkipped: z.union([z.strictObject({ line: count, text }), z.null()]) }).optional(),
  signals: z.array(signal),
  facts: everyFact && z.array(fact),
  series: z.array(series),
})

/** Inputs that could not be read at all go along: the report names them. */
export const unreadableSchema = z.strictObject({ schema: z.literal(EXTRACT_SCHEMA), unreadable: z.array(z.strictObject({ path: text, reason: text })) })
