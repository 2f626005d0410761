/** What pods take of the node that they were placed on, where their own series tell. */
import { typeOf, type Entity } from '../model/entity.js'
import type { Found } from '../findings/finding.js'
import { podCpu, podMemory } from '../findings/detectors/pod-metrics.js'
import { addTo } from '../model/lists.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'

type Use = ReturnType<typeof podCpu>
const cpuOfPods = once((timeline: Timeline) => podCpu(timeline))
const memoryOfPods = once((timeline: Timeline) => podMemory(timeline))

/** Of a node's cores, or of its memory; no scheduler would have left the node out for it. */
const LITTLE_SHARE = 0.05
const LITTLE_CORES = 0.1
const LITTLE_BYTES = 64 << 20

/** Whether all of these pods together are known to take next to nothing of what the node has run out of: somebody else takes it. */
export const takeLittle = (pods: readonly Entity[], since: number, full: Found, timeline: Timeline): boolean => {
  if (pods.length === 0 || typeOf(full.entity) !== 'node') return false
  const { cores, memoryBytes } = timeline.topology.nodeFacts(full.entity)
  const isBelow = (use: Use, all: number | null, least: number): boolean =>
    sumOf(pods, use, since, full.end ?? timeline.to) < Math.max(least, (all ?? 0) * LITTLE_SHARE)
  if (full.kind === 'node.cpu-saturated') return isBelow(cpuOfPods(timeline), cores, LITTLE_CORES)
  return full.kind === 'node.memory-exhausted' && isBelow(memoryOfPods(timeline), memoryBytes, LITTLE_BYTES)
}

/** The most that each has taken since then; infinite where one was not measured. */
const sumOf = (pods: readonly Entity[], use: Use, since: number, until: number): number => {
  let sum = 0
  for (const pod of pods) {
    const column = use.get(pod)?.column
    const values =
      column === undefined ? [] : [...column.values].filter((_, index) => (column.times[index] ?? NaN) >= since && (column.times[index] ?? NaN) <= until)
    if (values.length === 0) return Infinity
    sum += values.reduce((greatest, value) => Math.max(greatest, value), 0)
  }
  return sum
}

/** Pods of one node that failed come within so much of each other. */
const TOGETHER_MS = 2 * 60_000

/** Which of the pods that are measured came to each node, and when. */
const arrivals = once((timeline: Timeline): ReadonlyMap<Entity, readonly { readonly pod: Entity; readonly from: number }[]> => {
  const came = new Map<Entity, { readonly pod: Entity; readonly from: number }[]>()
  for (const pod of new Set([...cpuOfPods(timeline).keys(), ...memoryOfPods(timeline).keys()]))
    for (const { node, from } of timeline.topology.placements(pod)) addTo(came, node, { pod, from })
  return came
})

/** The pod that moved, and what came to the node with it. */
export const arrivedWith = (moved: Found, node: Entity, timeline: Timeline): readonly Entity[] => {
  const together = (arrivals(timeline).get(node) ?? []).filter(({ from }) => Math.abs(from - moved.start) <= TOGETHER_MS)
  return [...new Set([moved.entity, ...together.map(({ pod }) => pod)])]
}
