/**
 * Heartbeats that all nodes miss at once: what they share failed, the API server or what it needs, whatever each of them was busy with.
 */
import type { Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { countNodes, ofKind } from './lookup.js'

/** Leases are renewed every 10 s, and a renewal that hangs fails after 10 s more. */
const AT_ONCE_MS = 20_000

/** Those that have a fellow on every other node, by start. */
export const missedByAll = (found: readonly Found[], timeline: Timeline): readonly Found[] => {
  const missed = ofKind(found, 'node.heartbeat-missed').toSorted((a, b) => a.start - b.start)
  const nodes = countNodes(timeline)
  if (nodes < 2 || missed.length < nodes) return []
  const startOf = (index: number): number => missed[index]?.start ?? Infinity
  /** How many there are of each node within that time of the one that is looked at. */
  const around = new Map<string, number>()
  let [from, to] = [0, 0]
  return missed.filter(({ start }) => {
    for (; startOf(to) <= start + AT_ONCE_MS; to++) count(around, missed[to]?.entity ?? '', 1)
    for (; startOf(from) < start - AT_ONCE_MS; from++) count(around, missed[from]?.entity ?? '', -1)
    return around.size >= nodes
  })
}

const count = (counts: Map<string, number>, of: string, more: number): void => {
  const next = (counts.get(of) ?? 0) + more
  if (next === 0) counts.delete(of)
  else counts.set(of, next)
}

export const missedTogether = (found: readonly Found[], timeline: Timeline): readonly Found[] => {
  const all = new Set(missedByAll(found, timeline))
  return found.map((one) => (all.has(one) && one.attributes['together'] === undefined ? { ...one, attributes: { ...one.attributes, together: 'yes' } } : one))
}
