/** Whom a machine that ran out of something killed or put out. */
import type { Entity } from '../model/entity.js'
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'

/** Whom a node put out first for want of what the effect is about: the kubelet begins with whoever takes the most beyond its requests. pkg/kubelet/eviction/helpers.go (rankDiskPressureFunc) */
export const evictedFirst = ({ entity: node, start, end }: Found, timeline: Timeline): Entity | null => {
  const evicted = evictedForDisk(timeline)
    .get(node)
    ?.find(({ at }) => at >= start - EVICTED_MS && at <= (end ?? Infinity))
  return evicted?.entity ?? null
}
const evictedForDisk = once(({ signals, topology }: Timeline) =>
  groupBy(signals, ({ kind, entity, at, attributes: { reason } }) =>
    kind === 'pod.evicted' && reason === 'disk' && topology.placements(entity).some(({ from }) => at - from > EVICTED_MS) ? topology.nodeOf(entity, at) : null,
  ),
)
/** What is put on a node that has no room is refused at once: that took nothing. */
const EVICTED_MS = 10_000

/** The pods whose processes the kernel killed, as far as it names their cgroup; null for one that nobody names. */
export const victimsOf = ({ kind, entity, start, end }: Found, timeline: Timeline): readonly (Entity | null)[] => {
  const kills = kind === 'node.oom-kill' ? (killsOn(timeline).get(entity) ?? []) : []
  return kills.flatMap(({ at, attributes: { podUid } }) =>
    at < start || at > (end ?? Infinity) ? [] : [podUid === undefined ? null : timeline.names.podOfUid(String(podUid))],
  )
}
const killsOn = once(({ signals }: Timeline) => groupBy(signals, ({ kind, entity }) => (kind === 'node.oom-kill' ? entity : null)))
