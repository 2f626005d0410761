/** action.drain: a node was cordoned and its pods were told to go within minutes, as kubectl drain does. */
import { nameOf, shortName, type Entity } from '../../model/entity.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { signalsOf } from '../lookup.js'
import { duration, opening } from '../words.js'

const WITHIN_MS = 15 * 60_000
/** A kubelet tells that its node was cordoned when it next posts its status, every 10 s; the pods are told to go right after it was. */
export const TOLD_LATE_MS = 10_000

export const drains: Detector = {
  id: 'drains',
  finds: ['action.drain'],
  detect: (timeline: Timeline, found) =>
    found.flatMap((cordon): Found[] => {
      if (cordon.kind !== 'action.cordon') return []
      const gone = timeline.signals.filter(
        (signal) =>
          (signal.kind === 'pod.deleted' || signal.kind === 'pod.killed' || signal.kind === 'pod.evicted') &&
          signal.at >= cordon.start - TOLD_LATE_MS &&
          signal.at <= Math.min(cordon.start + WITHIN_MS, cordon.end ?? Infinity) &&
          timeline.topology.nodeOf(signal.entity, signal.at) === cordon.entity &&
          !goesElsewhereToo(signal, timeline),
      )
      const [first] = gone
      if (first === undefined) return []
      return [
        {
          kind: 'action.drain',
          entity: cordon.entity,
          start: Math.min(cordon.start, first.at),
          end: Math.max(...gone.map((signal) => signal.until)),
          confidence: 0.9,
          summary: `${opening(cordon.entity)} was drained: it was cordoned and ${new Set(gone.map((signal) => signal.entity)).size} of its pods were told to go${tookAgain(cordon, timeline)}.`,
          evidence: chooseEvidence([...cordon.evidence, ...evidenceOf(gone.slice(0, 3))]),
          attributes: {},
          slackMs: 1_000,
          dose: gone.length,
        },
      ]
    }),
}

const AT_ONCE_MS = 3_000
const TAKEN: ReadonlySet<string> = new Set(['pod.deleted', 'pod.killed'])
/** A pod that goes together with its sisters on other nodes goes for its workload's sake. */
const goesElsewhereToo = ({ entity, at }: TimedSignal, timeline: Timeline): boolean => {
  const { topology } = timeline
  const of = topology.workloadOf(entity)
  const on = topology.nodeOf(entity, at)
  return (
    of !== null &&
    topology
      .podsOf(of)
      .some(
        (pod) =>
          (topology.nodeOf(pod, at) ?? on) !== on &&
          signalsOf(timeline, pod).some((signal) => TAKEN.has(signal.kind) && Math.abs(signal.at - at) <= AT_ONCE_MS),
      )
  )
}

/** One that left the cluster is cordoned no more either. */
const tookAgain = ({ entity, start, end }: Found, timeline: Timeline): string => {
  const isUncordoned = signalsOf(timeline, entity).some(({ kind, phase, at }) => kind === 'action.cordon' && phase === 'end' && at === end)
  return end === null || end <= start || !isUncordoned ? '' : `; it took pods again after ${duration(end - start)}`
}

/**
 * A node that was emptied in an orderly way before its log stops was meant to stop: the API had told it to let go of all its pods but those that
 * every node has. Null where any other pod was left, or no more than one had been there.
 */
export const emptiedBefore = (node: Entity, silence: number, timeline: Timeline): Found | null => {
  const { topology } = timeline
  const gone = timeline.signals.filter(
    ({ kind, entity, at, attributes }) =>
      (kind === 'pod.deleted' || (kind === 'pod.killed' && attributes['reason'] === undefined)) &&
      at <= silence + 1_000 &&
      at >= silence - WITHIN_MS &&
      topology.nodeOf(entity, at) === node,
  )
  const told = new Set(gone.filter(({ kind }) => kind === 'pod.deleted').map(({ entity }) => entity))
  if (told.size < 2) return null
  const left = topology.pods.filter((pod) => !told.has(pod) && topology.placements(pod).some((place) => place.node === node && place.from <= silence))
  const stillThere = left.filter((pod) => !isOnEveryNode(pod, node, timeline) && !goneEarlier(pod, silence - WITHIN_MS, timeline))
  if (stillThere.length > 0) return null
  const start = Math.min(...gone.map(({ at }) => at))
  return {
    kind: 'action.drain',
    entity: node,
    start,
    end: Math.max(...gone.map(({ until }) => until)),
    confidence: 0.7,
    summary: `${opening(node)} was emptied before it stopped: its ${told.size} pods were told to go, and only those that every node has were left.`,
    evidence: chooseEvidence(evidenceOf(gone.slice(0, 6))),
    attributes: {},
    slackMs: 1_000,
    dose: told.size,
  }
}

/** A static pod is called after its node; a DaemonSet has one pod on most nodes. */
const isOnEveryNode = (pod: Entity, node: Entity, { topology, names }: Timeline): boolean => {
  if (shortName(pod).endsWith(`-${nameOf(node)}`)) return true
  const workload = topology.workloadOf(pod)
  if (workload === null) return false
  const places = topology.podsOf(workload).map((one) => new Set(topology.placements(one).map((place) => place.node)))
  const all = new Set(places.flatMap((nodes) => [...nodes]))
  return names.nodes.size > 1 && all.size * 5 >= names.nodes.size * 4 && places.every((nodes) => nodes.size <= 1)
}

const goneEarlier = (pod: Entity, before: number, { signals }: Timeline): boolean =>
  signals.some(({ kind, entity, at }) => kind === 'pod.deleted' && entity === pod && at < before)
