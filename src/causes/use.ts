/** What pods take of the node that they were placed on, where their own series tell. */
import { typeOf, type Entity } from '../model/entity.js'
import type { Found } from '../findings/finding.js'
import { podCpu, podMemory } from '../findings/detectors/pod-metrics.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'

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
  if (full.kind === 'node.cpu-saturated') return sumOf(pods, cpuOfPods(timeline), since, full, timeline) < Math.max(LITTLE_CORES, (cores ?? 0) * LITTLE_SHARE)
  if (full.kind === 'node.memory-exhausted')
    return sumOf(pods, memoryOfPods(timeline), since, full, timeline) < Math.max(LITTLE_BYTES, (memoryBytes ?? 0) * LITTLE_SHARE)
  return false
}

/** The most that each has taken since then; infinite where one was not measured. */
const sumOf = (pods: readonly Entity[], use: ReturnType<typeof podCpu>, since: number, { end }: Found, timeline: Timeline): number => {
  const until = end ?? timeline.to
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

/** The pod that moved, and what came to the node with it. */
export const arrivedWith = (moved: Found, node: Entity, timeline: Timeline): readonly Entity[] => {
  const pods = new Set([moved.entity])
  for (const pod of [...cpuOfPods(timeline).keys(), ...memoryOfPods(timeline).keys()])
    if (timeline.topology.placements(pod).some((one) => one.node === node && Math.abs(one.from - moved.start) <= TOGETHER_MS)) pods.add(pod)
  return [...pods]
}
