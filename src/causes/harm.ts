/** How much each finding hurts somebody: what a cause has to lead to, to be told. */
import { typeOf } from '../model/entity.js'
import { isFindingKind, type FindingKind } from '../model/vocabulary.js'
import type { Found } from '../findings/finding.js'
import { isHarmless } from '../findings/harmless.js'
import type { Timeline } from '../timeline/timeline.js'

/** How much it hurts, where it hurts somebody. */
const HARM: Partial<Readonly<Record<FindingKind, number>>> = {
  'workload.unavailable': 0.8,
  'service.errors': 1,
  'service.unreachable': 0.85,
  'app.errors': 0.8,
  'workload.degraded': 0.6,
  'service.slow': 0.6,
  'redis.down': 0.6,
  'redis.quorum-lost': 0.6,
  'postgres.crashed': 0.6,
  'postgres.recovering': 0.55,
  'network.dns-failure': 0.5,
  'network.pod-to-pod-lost': 0.5,
  'loadbalancer.backends-down': 0.5,
  'pod.crash-looping': 0.45,
  'pod.stuck': 0.45,
  'pod.unschedulable': 0.4,
  'pod.unready': 0.4,
  'node.not-ready': 0.4,
  'node.oom-kill': 0.35,
  'pod.oom-killed': 0.35,
  'pod.evicted': 0.3,
  'node.heartbeat-missed': 0.3,
}

/** What somebody says of a kind of their own. */
const CUSTOM_HARM = { impact: 0.8, symptom: 0.4 } as const

const harmOf = (one: Found): number => {
  if (!isFindingKind(one.kind)) return one.role === 'impact' ? CUSTOM_HARM.impact : one.role === 'symptom' ? CUSTOM_HARM.symptom : 0
  const harm = HARM[one.kind] ?? 0
  // A scrape target is watched by machines; people use services.
  if (one.kind === 'service.unreachable' && typeOf(one.entity) === 'target') return 0.45
  if (one.kind === 'node.heartbeat-missed' && one.dose < 5) return 0
  if ((one.kind === 'pod.unready' || one.kind === 'pod.unschedulable') && one.end !== null && one.end - one.start < 20_000) return 0
  return harm
}

/** What a server says it did to its clients. Where the clients are in the data too, they tell themselves whether that hurt. */
export const HARM_TO_CLIENTS: Partial<Readonly<Record<FindingKind, number>>> = { 'postgres.connections-saturated': 0.6, 'postgres.timeouts': 0.5 }
const SERVERS_LOGS: ReadonlySet<string> = new Set(['postgres', 'pgbouncer', 'kernel'])
/** A few statements cut off, or one client that was turned away, are any day's. */
const MANY_CLIENTS = 10
const LONG_MS = 15_000

/** Whether nothing in the data tells of those who use the servers. */
export const areClientsUnseen = ({ inputs }: Timeline): boolean => inputs.every(({ format, records }) => records === 0 || SERVERS_LOGS.has(format))

export const harmToClients = ({ kind, dose, start, end }: Found): number =>
  isFindingKind(kind) && dose >= MANY_CLIENTS && (end ?? Infinity) - start >= LONG_MS ? (HARM_TO_CLIENTS[kind] ?? 0) : 0

/** By position in the list. */
export const harmsOf = (found: readonly Found[], timeline: Timeline): readonly number[] => {
  const unseen = areClientsUnseen(timeline)
  return found.map((one) => {
    const harm = isHarmless(one, found, timeline) ? 0 : harmOf(one)
    return harm === 0 && unseen ? harmToClients(one) : harm
  })
}

/** Of findings by their positions, all together. */
export const harmIn = (members: readonly number[], harms: readonly number[]): number => members.reduce((sum, at) => sum + (harms[at] ?? 0), 0)
