/** A cause-and-effect rule, as it stands in mechanisms/*.yaml and in a user's own file. One schema for both. */
import { z } from 'zod'
import { FINDING_KINDS, type FindingKind } from '../model/vocabulary.js'

/** How the cause's entity and the effect's must stand to each other; see relations.ts for what each means. */
export const RELATIONS = [
  'same-entity',
  'same-node',
  'same-place',
  'same-workload',
  'same-container',
  'same-cluster',
  'pod-on-node',
  'pod-on-place',
  'node-of-pod',
  'moved-to',
  'evicted-first',
  'loads-node',
  'crowds-node',
  'came-from-node',
  'replaced-by',
  'preempted-for',
  'serves',
  'client-of',
  'client-of-node',
  'room-of-node',
  'of-control-plane',
  'within-control-plane',
  'of-dns',
  'of-scheduler',
  'runs-in',
  'client-of-reversed',
  'asks-further',
  'pulls-from',
  'held-by',
  'named-server',
  'tells-of',
] as const

export type Relation = (typeof RELATIONS)[number]

/** For `faultline rules explain`. */
export const RELATION_MEANS: Readonly<Record<Relation, string>> = {
  'same-entity': 'both are about the very same thing',
  'same-node': 'both happen on the same machine, as far as that is known',
  'same-place': 'node, pod and server stand on one machine, or belong together',
  'same-workload': 'both belong to the same workload',
  'same-container': 'both are about the same container',
  'same-cluster': 'anywhere in the cluster',
  'pod-on-node': "the effect's pod runs on the cause's node",
  'pod-on-place': "the effect's pod runs on the machine of the cause, whatever that is",
  'node-of-pod': "the cause's pod runs on the effect's node",
  'loads-node': "what the cause brought, or what that calls, runs on the effect's node",
  'crowds-node': "most of the pods that the cause brought, and several, were placed on the effect's node",
  'evicted-first': "the pod that the effect's node put out first is one that the cause brought",
  'moved-to': "the cause's pod was placed anew on the effect's node",
  'came-from-node': "the effect's pod stands in for one that ran on the cause's node",
  'replaced-by': "the effect's pod stands in for the cause's",
  'preempted-for': "the effect's pod had to make room for one that the cause brought",
  serves: 'the cause is what stands behind the service of the effect',
  'client-of': 'the effect depends on the cause, as its client',
  'client-of-node': 'the effect depends on what runs on the node of the cause',
  'room-of-node': 'the effect wants room that the node of the cause had',
  'of-control-plane': "the cause is a part of the cluster's control plane",
  'within-control-plane':
    'both are parts of the control plane, and the effect asks the cause: the API server asks etcd, the controllers and the scheduler ask the API server',
  'of-dns': "the cause is the cluster's DNS",
  'of-scheduler': 'the cause is the scheduler, or what it asks: the API server and etcd',
  'runs-in': 'one is the pod that the other, a server, runs in',
  'client-of-reversed': 'the cause depends on the effect, as its client',
  'asks-further': 'the cause depends on the effect, as its client or as a client of its client',
  'pulls-from': "the cause is the registry that the effect's image comes from",
  'held-by': "the cause's process is the one that the effect's sessions waited for",
  'named-server': 'the cause is the server that the effect names as the one it could not reach, or the workload behind it',
  'tells-of': 'the effect is an alert that tells of the cause',
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** '90s', '5m', '2h', '7d' in seconds. */
export const duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/u, 'expected a duration such as 300s or 5m')
  .transform((text) => {
    const unit = text.replace(/^[\d.]+/u, '')
    return Number(text.slice(0, -unit.length)) * (UNITS[unit] ?? NaN)
  })

/** One of the vocabulary, which editors offer, or a kind of one's own. */
export const kind = z.union([z.enum(FINDING_KINDS as [FindingKind, ...FindingKind[]]), z.string().min(3)]) // never empty
const kinds = z.union([kind, z.array(kind).min(1)]).transform((kind) => (typeof kind === 'string' ? [kind] : kind))

const attributes = z.record(z.string(), z.array(z.union([z.string(), z.number()]).transform(String)).min(1))

export const mechanismSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/u, 'expected lower-case words joined by hyphens')
    .describe("Its name in links[].mechanism; that of a built-in rule takes its place. 'faultline rules list' knows them all"),
  status: z.enum(['stable', 'experimental']).default('stable'),
  cause: kinds.describe('The kind of finding that produces the other, or several'),
  effect: kinds.describe('The kind of finding that is produced, or several'),
  where: z.enum(RELATIONS).describe("How the cause's entity and the effect's stand to each other"),
  if: z
    .strictObject({ cause: attributes.optional(), effect: attributes.optional() })
    .optional()
    .describe("Attributes that speak for the rule; '' stands for an absent one. With `required` the rule holds only then"),
  required: z.boolean().default(false),
  lag: z
    .strictObject({
      min: duration,
      typical: duration,
      max: duration,
      why: z.string().min(10).describe('The setting or habit that makes it so; people read it in the report'),
    })
    .describe("From the cause's onset to the effect's: durations such as 300s or 5m"),
  holds: z.number().gt(0).lt(1).describe('How often the effect follows where everything fits, between 0 and 1'),
  because: z.string().min(10).describe('One sentence: how this cause produces this effect'),
  check: z.string().min(5).describe('What a person should look at or change'),
  reference: z.url().describe('Where it is documented'),
})

export type Mechanism = z.output<typeof mechanismSchema>
