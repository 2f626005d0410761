/** Troubles by which nobody is hurt: a Job that is through in the end, and a replica more that waits for its new machine. */
import type { Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { ofKind, signalsOf } from './lookup.js'

/** Tried again until it was through: https://kubernetes.io/docs/concepts/workloads/controllers/job/#handling-pod-and-container-failures */
const COMPLETED_MS = 30 * 60_000
const isOfCompletedJob = ({ entity, end }: Found, timeline: Timeline): boolean => {
  const workload = timeline.topology.workloadOf(entity) ?? entity
  return (
    end !== null && signalsOf(timeline, workload).some(({ kind, at }) => kind === 'job.completed' && at >= end - JUST_BEFORE_MS && at - end <= COMPLETED_MS)
  )
}
const JUST_BEFORE_MS = 2_000

/** An autoscaler takes minutes to bring one, and asks for it once a pod waits. https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md */
const BROUGHT_WITHIN_MS = 10 * 60_000
const SCALED_MS = 60_000
const PLACED_MS = 5_000
/** Those that were there before served all the while. */
const waitsForNewNode = ({ kind, entity, start, end }: Found, found: readonly Found[], timeline: Timeline): boolean => {
  if (kind !== 'pod.unschedulable' || end === null || end - start > BROUGHT_WITHIN_MS) return false
  const node = timeline.topology.nodeOf(entity, end + PLACED_MS)
  const workload = timeline.topology.workloadOf(entity)
  if (node === null || workload === null) return false
  const isNew = ofKind(found, 'change.node-added', node).some((added) => added.start >= start && added.start <= end)
  const isMore = signalsOf(timeline, workload).some(
    (signal) =>
      signal.kind === 'change.scaled' &&
      Number(signal.attributes['to'] ?? 0) > Number(signal.attributes['from'] ?? Infinity) &&
      Number(signal.attributes['from']) > 0 &&
      signal.at >= start - SCALED_MS &&
      signal.at <= start + PLACED_MS,
  )
  return isNew && isMore
}

export const isHarmless = (one: Found, found: readonly Found[], timeline: Timeline): boolean =>
  isOfCompletedJob(one, timeline) || waitsForNewNode(one, found, timeline)
