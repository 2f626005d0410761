/**
 * Heartbeats that all nodes miss at once: what they share failed, the API server or what it needs, whatever each of them was busy with.
 */
import { typeOf } from '../model/entity.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { ofKind } from './lookup.js'

/** Leases are renewed every 10 s, and a renewal that hangs fails after 10 s more. */
const AT_ONCE_MS = 20_000

/** Those that have a fellow on every other node. */
export const missedByAll = (found: readonly Found[], { names }: Timeline): readonly Found[] => {
  const missed = ofKind(found, 'node.heartbeat-missed')
  const nodes = [...names.nodes].filter((entity) => typeOf(entity) === 'node').length
  if (nodes < 2 || missed.length < nodes) return []
  return missed.filter((one) => new Set(missed.flatMap(({ entity, start }) => (Math.abs(start - one.start) <= AT_ONCE_MS ? [entity] : []))).size >= nodes)
}

export const missedTogether = (found: readonly Found[], timeline: Timeline): readonly Found[] => {
  const all = new Set(missedByAll(found, timeline))
  return found.map((one) => (all.has(one) && one.attributes['together'] === undefined ? { ...one, attributes: { ...one.attributes, together: 'yes' } } : one))
}
