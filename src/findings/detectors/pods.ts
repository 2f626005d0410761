/** pod.rescheduled, pod.stuck: where pods went when they had to go, and those that could not. */
import { replicaSetOf, type Entity } from '../../model/entity.js'
import { addTo } from '../../model/lists.js'
import { compare, type Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, overlaps, type Detector, type Found } from '../finding.js'
import { ofKind, podsEverOn, signalsOf } from '../lookup.js'
import { called, duration, opening } from '../words.js'
import { movedPods } from './moved-pods.js'

/** A replacement is created at once; it waits for a place as long as its back-off and the scheduler let it. */
const REPLACED_WITHIN_MS = 10 * 60_000
/** Pods tolerate a NotReady node for 300 s unless told otherwise; those still bound after that are in limbo. */
const LIMBO_MS = 60_000

export const pods: Detector = {
  id: 'pods',
  finds: ['pod.rescheduled', 'pod.stuck'],
  detect(timeline, found) {
    const scheduled = new Set(timeline.signals.flatMap(({ kind, entity }) => (kind === 'pod.scheduled' ? [entity] : [])))
    const moves = movedPods(timeline, found, scheduled)
    const replaced = new Map(moves.map(({ attributes, start }) => [String(attributes['replaces']), start]))
    return [...rescheduled(timeline, found), ...moves, ...inLimbo(timeline, found, replaced)]
  },
}

const rescheduled = (timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const { topology } = timeline
  const leaving = new Map<Entity, Leaving[]>()
  const leave = (pod: Entity, at: number): void => {
    const workload = topology.workloadOf(pod)
    const node = topology.nodeOf(pod, at)
    if (workload !== null && node !== null) addTo(leaving, workload, { pod, node, at })
  }
  for (const one of found) if (one.kind === 'pod.evicted') leave(one.entity, one.start)
  // Whom its own ReplicaSet takes away is one too many: it makes none in its place.
  const surplus = new Set(timeline.signals.flatMap(({ kind, entity, attributes }) => (kind === 'pod.deleted' && attributes['by'] === 'owner' ? [entity] : [])))
  for (const { kind, entity, at } of timeline.signals) if ((kind === 'pod.deleted' || kind === 'action.pod-deleted') && !surplus.has(entity)) leave(entity, at)
  const result: Found[] = []
  const told = new Set<string>()
  const replaced = new Set<Entity>()
  for (const signal of timeline.signals) {
    const pod = signal.entity
    const to = signal.attributes['node']
    if (signal.kind !== 'pod.scheduled' || typeof to !== 'string' || told.has(`${pod} ${to}`)) continue
    told.add(`${pod} ${to}`)
    const from = replacedBy(pod, `node/${to}`, signal.at, leaving, replaced, timeline)
    if (from === undefined) continue
    if (from.pod !== pod) replaced.add(from.pod)
    if (from.node === `node/${to}`) continue
    result.push({
      kind: 'pod.rescheduled',
      entity: pod,
      start: signal.at,
      end: signal.at,
      confidence: 0.9,
      summary: `${opening(pod)} was placed on node ${to} in place of ${from.pod.slice(from.pod.lastIndexOf('/') + 1)} on ${called(from.node)}.`,
      evidence: chooseEvidence(evidenceOf([signal])),
      attributes: { from: from.node.slice('node/'.length), to, replaces: from.pod, ...(hadNoImage(from.pod, signal.at, timeline) ? { ran: 'no' } : {}) },
      slackMs: 1_000,
      dose: 1,
    })
  }
  return result
}

/** Then it is not for having been moved that its successor has none. */
const hadNoImage = (pod: Entity, at: number, timeline: Timeline): boolean =>
  signalsOf(timeline, pod).some((signal) => signal.kind === 'pod.image-pull-failed' && signal.at <= at)

interface Leaving {
  readonly pod: Entity
  readonly node: Entity
  readonly at: number
}

/**
 * Whom a pod on this node stands in for: a sibling of the same ReplicaSet that had to leave, the latest before it; of several in one second one of another node.
 * None comes in the place of one that has its successor.
 */
const replacedBy = (
  pod: Entity,
  to: Entity,
  at: number,
  leaving: ReadonlyMap<Entity, readonly Leaving[]>,
  replaced: ReadonlySet<Entity>,
  timeline: Timeline,
): Leaving | undefined => {
  const workload = timeline.topology.workloadOf(pod)
  if (workload === null) return undefined
  return (leaving.get(workload) ?? [])
    .filter(
      (one) =>
        !replaced.has(one.pod) && (one.pod !== pod || one.node !== to) && siblings(one.pod, pod) && at >= one.at - 1_000 && at - one.at <= REPLACED_WITHIN_MS,
    )
    .sort((a, b) => secondOf(b) - secondOf(a) || Number(a.node === to) - Number(b.node === to) || b.at - a.at || compare(a.pod, b.pod))[0]
}

const secondOf = ({ at }: Leaving): number => Math.floor(at / 1_000)

/** A pod of a new ReplicaSet is a rollout's, not a replacement; a StatefulSet's pod comes back under its own name. */
const siblings = (a: Entity, b: Entity): boolean => a === b || replicaSetOf(a) === replicaSetOf(b)

/** Pods that stay bound to a NotReady node and are not replaced. */
const inLimbo = (timeline: Timeline, found: readonly Found[], replaced: ReadonlyMap<string, number>): readonly Found[] => {
  const { topology } = timeline
  const result: Found[] = []
  for (const lost of ofKind(found, 'node.not-ready')) {
    const end = lost.end ?? timeline.to
    if (end - lost.start < LIMBO_MS || cameBack(lost, end, timeline)) continue
    for (const pod of podsEverOn(timeline, lost.entity)) {
      if (topology.nodeOf(pod, lost.start) !== lost.entity) continue
      const gone = ofKind(found, 'pod.evicted', pod).some((one) => overlaps(one, { start: lost.start, end: end + LIMBO_MS }))
      const deleted = signalsOf(timeline, pod).find(
        (signal) => (signal.kind === 'pod.deleted' || signal.kind === 'pod.killed') && signal.at >= lost.start && signal.at <= end + LIMBO_MS,
      )
      const successor = replaced.get(pod) ?? NaN
      if (gone || (successor >= lost.start && successor <= end + LIMBO_MS) || (deleted !== undefined && deleted.at - lost.start < 5 * LIMBO_MS)) continue
      if (!ofKind(found, 'pod.unready', pod).some((one) => overlaps(one, lost))) continue
      const until = deleted?.at ?? lost.end
      result.push({
        kind: 'pod.stuck',
        entity: pod,
        start: lost.start,
        end: until,
        confidence: 0.8,
        summary: `${opening(pod)} stayed bound to ${called(lost.entity)} while that was NotReady${until === null ? '' : ` (${duration(until - lost.start)})`} and was not replaced.`,
        evidence: lost.evidence,
        attributes: { reason: 'node', node: lost.entity.slice('node/'.length) },
        slackMs: lost.slackMs,
        dose: end - lost.start,
      })
    }
  }
  return result
}

/** A node that is Ready again and again takes its pods with it: their eviction is called off each time. */
const cameBack = (lost: Found, end: number, timeline: Timeline): boolean =>
  signalsOf(timeline, lost.entity).some(({ kind, phase, at }) => kind === 'node.not-ready' && phase === 'begin' && at > lost.start + LIMBO_MS / 12 && at < end)
