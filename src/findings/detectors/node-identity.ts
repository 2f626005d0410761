/** node.identity-conflict: two machines act as one node. Its identity flips to and fro, or a second kubelet starts beside the first and both write one lease. */
import type { Entity } from '../../model/entity.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { called, times } from '../words.js'

const WINDOW_MS = 10 * 60_000
/** An address or machine id that changes once is a reinstalled node; one that comes back is two machines. */
const MIN_FLIPS = 3

export const nodeIdentity: Detector = {
  id: 'node-identity',
  finds: ['node.identity-conflict', 'node.heartbeat-missed'],
  detect(timeline) {
    const nodes = new Set<Entity>()
    for (const signal of timeline.signals) if (signal.kind === 'node.identity' || signal.kind === 'lease.conflict') nodes.add(signal.entity)
    return [...nodes].sort().flatMap((node) => [...conflictOf(node, timeline), ...lostRenewals(node, timeline)])
  },
}

const conflictOf = (node: Entity, timeline: Timeline): readonly Found[] => {
  const mine = timeline.signals.filter((signal) => signal.entity === node)
  const flips = mine.filter((signal) => signal.kind === 'node.identity')
  const conflicts = mine.filter((signal) => signal.kind === 'lease.conflict')
  const starts = mine.filter((signal) => signal.kind === 'kubelet.started')
  const flipCount = count(flips)
  const conflictCount = count(conflicts)
  const flipsBack = flipCount >= MIN_FLIPS
  // Leases collide now and then by themselves; beside a kubelet that starts while none stopped they tell of a twin.
  const collides = (conflictCount >= MIN_FLIPS && starts.length > 0) || conflicts.some(isCeaseless)
  if (!flipsBack && !collides) return []
  const first = Math.min(...[...flips, ...(collides ? conflicts : [])].map((signal) => signal.at))
  const twin = starts.filter((signal) => Math.abs(signal.at - first) <= WINDOW_MS)
  const start = Math.min(first, ...twin.map((signal) => signal.at))
  const signals = [...twin, ...flips, ...conflicts].filter((signal) => signal.until >= start)
  return [
    {
      kind: 'node.identity-conflict',
      entity: node,
      start,
      end: Math.max(...signals.map((signal) => signal.until)),
      confidence: flipsBack ? 0.97 : 0.75,
      summary: `Two machines acted as ${called(node)}: ${flipsBack ? `its identity changed ${times(flipCount)}` : `its lease was written by two kubelets, ${times(conflictCount)}`}.`,
      evidence: chooseEvidence(evidenceOf(signals)),
      attributes: { flips: flipCount, conflicts: conflictCount },
      slackMs: 10_000,
      dose: flipCount + conflictCount,
    },
  ]
}

/** A kubelet renews its lease every 10 s, and nobody else ever writes it: of renewals that collide for a minute and more, each or every other, the other writer is a kubelet. */
const isCeaseless = ({ at, until, count: often }: TimedSignal): boolean =>
  often >= MIN_CEASELESS && until - at >= CEASELESS_MS && until - at <= often * 2 * RENEWAL_MS
const MIN_CEASELESS = 10
const CEASELESS_MS = 60_000
const RENEWAL_MS = 10_000

/** A renewal that collides with another writer's is a missed one; now and then that happens to everybody. */
const lostRenewals = (node: Entity, timeline: Timeline): readonly Found[] =>
  timeline.signals
    .filter((signal) => signal.entity === node && signal.kind === 'lease.conflict' && signal.count >= MIN_FLIPS)
    .map((signal) => ({
      kind: 'node.heartbeat-missed',
      entity: node,
      start: signal.at,
      end: signal.until,
      confidence: 0.9,
      summary: `The kubelet of ${called(node)} lost the race for its own lease, ${times(signal.count)}: somebody else wrote it too.`,
      evidence: chooseEvidence(evidenceOf([signal])),
      attributes: { reason: 'conflict' },
      slackMs: 10_000,
      dose: signal.count,
    }))

const count = (signals: readonly TimedSignal[]): number => signals.reduce((sum, signal) => sum + signal.count, 0)
