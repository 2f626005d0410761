/** What pods brought to the node that they were placed on anew, where their own series tell. */
import type { Found } from '../findings/finding.js'
import { podCpu } from '../findings/detectors/pod-metrics.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'

const cpuOfPods = once((timeline: Timeline) => podCpu(timeline))

/** Pods of one node that failed come within so much of each other. */
const TOGETHER_MS = 2 * 60_000
/** Of a node's cores, all together; no scheduler would have left the node out for it. */
const LITTLE_SHARE = 0.05
const LITTLE_CORES = 0.1

/** Whether all that came with this pod is known to use next to nothing while the node's processors are full: somebody else fills them. */
export const broughtLittle = (moved: Found, full: Found, timeline: Timeline): boolean => {
  if (full.kind !== 'node.cpu-saturated') return false
  const until = full.end ?? timeline.to
  const most = (pod: Found['entity']): number | null => {
    const column = cpuOfPods(timeline).get(pod)?.column
    const values = column === undefined ? [] : [...column.values].filter((_, index) => between(column.times[index] ?? NaN, moved.start, until))
    return values.length === 0 ? null : values.reduce((greatest, value) => Math.max(greatest, value), 0)
  }
  const own = most(moved.entity)
  if (own === null) return false
  const cores = timeline.topology.nodeFacts(full.entity).cores
  let sum = own
  for (const pod of cpuOfPods(timeline).keys()) {
    if (pod === moved.entity) continue
    const came = timeline.topology.placements(pod).some(({ node, from }) => node === full.entity && Math.abs(from - moved.start) <= TOGETHER_MS)
    if (came) sum += most(pod) ?? Infinity
  }
  return sum < (cores === null ? LITTLE_CORES : Math.max(LITTLE_CORES, cores * LITTLE_SHARE))
}

const between = (at: number, from: number, to: number): boolean => at >= from && at <= to
