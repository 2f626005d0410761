/** A cause-and-effect rule, as it stands in mechanisms/*.yaml and in a user's own file. One schema for both. */
import { z } from 'zod'

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
  'came-from-node',
  'replaced-by',
  'serves',
  'client-of',
  'client-of-node',
  'room-of-node',
  'of-control-plane',
  'of-dns',
  'runs-in',
  'client-of-reversed',
  'tells-of',
] as const

export type Relation = (typeof RELATIONS)[number]

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** '90s', '5m', '2h', '7d' in seconds. */
const duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/u, 'expected a duration such as 300s or 5m')
  .transform((text) => {
    const unit = text.replace(/^[\d.]+/u, '')
    return Number(text.slice(0, -unit.length)) * (UNITS[unit] ?? NaN)
  })

const kinds = z.union([z.string().min(3), z.array(z.string().min(3)).min(1)]).transform((kind) => (typeof kind === 'string' ? [kind] : kind))

const attributes = z.record(z.string(), z.array(z.union([z.string(), z.number()]).transform(String)).min(1))

export const mechanismSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/u, 'expected lower-case words joined by hyphens'),
  status: z.enum(['stable', 'experimental']).default('stable'),
  cause: kinds,
  effect: kinds,
  where: z.enum(RELATIONS),
  /** Attributes that speak for the rule; '' stands for an absent one. With `required` the rule holds only then. */
  if: z.strictObject({ cause: attributes.optional(), effect: attributes.optional() }).optional(),
  required: z.boolean().default(false),
  lag: z.strictObject({ min: duration, typical: duration, max: duration, why: z.string().min(10) }),
  /** How often the effect follows the cause where everything fits, 0..1. */
  holds: z.number().gt(0).lt(1),
  because: z.string().min(10),
  check: z.string().min(5),
  reference: z.url(),
})

export type Mechanism = z.output<typeof mechanismSchema>
