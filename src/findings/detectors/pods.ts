/** pod.rescheduled, pod.stuck: where pods went when they had to go, and those that could not. */
import type { Entity } from '../../model/entity.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, overlaps, type Detector, type Found } from '../finding.js'
import { called, duration } from '../words.js'

/** A replacement is created at once; it waits for a place as long as its back-off and the scheduler let it. */
const REPLACED_WITHIN_MS = 10 * 60_000
/** Pods tolerate a NotReady node for 300 s unless told otherwise; those still bound after that are in limbo. */
const LIMBO_MS = 60_000

export const pods: Detector = {
  id: 'pods',
  finds: ['pod.rescheduled', 'pod.stuck'],
  detect: (timeline, found) => [...rescheduled(timeline, found), ...inLimbo(timeline, found)],
}

const rescheduled = (timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const { topology } = timeline
  const leaving = new Map<Entity, { pod: Entity; node: Entity; at: number }[]>()
  const leave = (pod: Entity, at: number): void => {
    const workload = topology.workloadOf(pod)
    const node = topology.nodeOf(pod, at)
    if (workload === null || node === null) return
    const list = leaving.get(workload)
    if (list === undefined) leaving.set(workload, [{ pod, node, at }])
    else list.push({ pod, node, at })
  }
  for (const one of found) if (one.kind === 'pod.evicted') leave(one.entity, one.start)
  for (const signal of timeline.signals) if (signal.kind === 'pod.deleted' || signal.kind === 'action.pod-deleted') leave(signal.entity, signal.at)
  const placed = new Map<Entity, TimedSignal>()
  for (const signal of timeline.signals) if (signal.kind === 'pod.scheduled' && !placed.has(signal.entity)) placed.set(signal.entity, signal)
  const result: Found[] = []
  for (const [pod, signal] of placed) {
    const workload = topology.workloadOf(pod)
    const to = topology.nodeOf(pod, signal.at)
    if (workload === null || to === null) continue
    const from = (leaving.get(workload) ?? []).filter((one) => one.pod !== pod && one.node !== to && signal.at >= one.at - 1_000 && signal.at - one.at <= REPLACED_WITHIN_MS).sort((a, b) => b.at - a.at)[0]
    if (from === undefined) continue
    result.push({
      kind: 'pod.rescheduled',
      entity: pod,
      start: signal.at,
      end: signal.at,
      confidence: 0.9,
      summary: `${called(pod).replace(/^p/u, 'P')} was placed on ${called(to)} in place of ${from.pod.slice(from.pod.lastIndexOf('/') + 1)} on ${called(from.node)}.`,
      evidence: chooseEvidence(evidenceOf([signal])),
      attributes: { from: from.node.slice('node/'.length), to: to.slice('node/'.length) },
      slackMs: 1_000,
      dose: 1,
    })
  }
  return result
}

/** Pods that stay bound to a NotReady node and are not replaced. */
const inLimbo = (timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const { topology } = timeline
  const evictions = found.filter((one) => one.kind === 'pod.evicted')
  const result: Found[] = []
  for (const lost of found) {
    if (lost.kind !== 'node.not-ready') continue
    const end = lost.end ?? timeline.to
    if (end - lost.start < LIMBO_MS) continue
    for (const pod of topology.pods) {
      if (topology.nodeOf(pod, lost.start) !== lost.entity) continue
      const gone = evictions.some((one) => one.entity === pod && overlaps(one, { start: lost.start, end: end + LIMBO_MS }))
      const deleted = timeline.signals.find((signal) => signal.entity === pod && (signal.kind === 'pod.deleted' || signal.kind === 'pod.killed') && signal.at >= lost.start && signal.at <= end + LIMBO_MS)
      if (gone || (deleted !== undefined && deleted.at - lost.start < 5 * LIMBO_MS)) continue
      if (!found.some((one) => one.entity === pod && one.kind === 'pod.unready' && overlaps(one, lost))) continue
      const until = deleted?.at ?? lost.end
      result.push({
        kind: 'pod.stuck',
        entity: pod,
        start: lost.start,
        end: until,
        confidence: 0.8,
        summary: `${called(pod).replace(/^p/u, 'P')} stayed bound to ${called(lost.entity)} while that was NotReady${until === null ? '' : ` (${duration(until - lost.start)})`} and was not replaced.`,
        evidence: lost.evidence,
        attributes: { reason: 'node', node: lost.entity.slice('node/'.length) },
        slackMs: lost.slackMs,
        dose: end - lost.start,
      })
    }
  }
  return result
}
