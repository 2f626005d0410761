/**
 * action.pod-deleted: a pod was told to go and its own ReplicaSet made another at once. A ReplicaSet that is scaled makes none, and a rollout's is a new one: somebody
 * deleted it, where nothing else is known that takes pods away (a drain, an eviction, a node in trouble).
 */
import { replicaSetOf, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { isOfDeployment } from '../steps.js'
import { opening } from '../words.js'

const setOf = (pod: Entity): string | null => (isOfDeployment(pod) ? replicaSetOf(pod) : null)

/** Events have whole seconds. */
const BEFORE_MS = 1_500
const AFTER_MS = 20_000
/** Pods of several workloads that leave one node within this leave it for the node's sake. */
const TOGETHER_MS = 60_000
const TROUBLED_MS = 10 * 60_000
const SCALING_MS = 30_000

/** What takes pods from a node that nobody deletes one by one. */
const EMPTIES_NODE = [
  'action.cordon',
  'action.drain',
  'action.node-restarted',
  'change.node-removed',
  'node.not-ready',
  'node.heartbeat-missed',
  'node.memory-exhausted',
  'node.disk-full',
  'node.rebooted',
] as const
const MAKES_PODS = ['change.scaled', 'change.deployed'] as const

export const deletions: Detector = {
  id: 'deletions',
  finds: ['action.pod-deleted'],
  detect(timeline, found) {
    const known = new Set(ofKind(found, 'action.pod-deleted').map(({ entity }) => entity))
    const evicted = new Set(ofKind(found, 'pod.evicted').map(({ entity }) => entity))
    const replaced = replacedAtOnce(timeline)
    const leftBy = groupBy(replaced, ({ node }) => node)
    return replaced.flatMap(({ set, node, first, next }): Found[] => {
      const pod = first.entity
      if (known.has(pod) || evicted.has(pod) || isForTheNode(node, first.at, found)) return []
      if (leftBy.get(node ?? pod)?.some((other) => other.set !== set && Math.abs(other.first.at - first.at) <= TOGETHER_MS) === true) return []
      const workload = timeline.topology.workloadOf(pod)
      if (MAKES_PODS.some((kind) => ofKind(found, kind, workload ?? pod).some((change) => isAround(first.at, change, SCALING_MS)))) return []
      return [
        {
          kind: 'action.pod-deleted',
          entity: pod,
          start: first.at,
          end: first.at,
          confidence: 0.75,
          summary: `${opening(pod)} was deleted, by hand or by a tool: its ReplicaSet put ${next.entity.slice(next.entity.lastIndexOf('/') + 1)} in its place.`,
          evidence: chooseEvidence(evidenceOf([first, next])),
          attributes: {},
          slackMs: 1_000,
          dose: 1,
        },
      ]
    })
  },
}

/** Of each pod that was told to go the first that says so. A container that its probe or its sandbox ends comes back in the same pod. */
const firstLeaving = (timeline: Timeline): ReadonlyMap<Entity, TimedSignal> => {
  const first = new Map<Entity, TimedSignal>()
  for (const signal of timeline.signals)
    if ((signal.kind === 'pod.deleted' || (signal.kind === 'pod.killed' && signal.attributes['reason'] === undefined)) && !first.has(signal.entity))
      first.set(signal.entity, signal)
  return first
}

interface Replaced {
  readonly set: string
  readonly node: Entity | null
  readonly first: TimedSignal
  readonly next: TimedSignal
}

/** Pods that left, each with the one of its ReplicaSet that was placed in that moment. */
const replacedAtOnce = (timeline: Timeline): readonly Replaced[] => {
  const made = groupBy(timeline.signals, ({ kind, entity }) => (kind === 'pod.scheduled' ? setOf(entity) : null))
  return [...firstLeaving(timeline)].flatMap(([pod, first]): Replaced[] => {
    const set = setOf(pod)
    const next = made.get(set ?? '')?.find(({ entity, at }) => entity !== pod && at >= first.at - BEFORE_MS && at <= first.at + AFTER_MS)
    return set === null || next === undefined ? [] : [{ set, node: timeline.topology.nodeOf(pod, first.at), first, next }]
  })
}

const isAround = (at: number, { start, end }: Found, marginMs: number): boolean => at >= start - marginMs && at <= (end ?? Infinity) + marginMs

/** Where nobody says on which node it ran, any node's trouble may have been its own. */
const isForTheNode = (node: Entity | null, at: number, found: readonly Found[]): boolean =>
  EMPTIES_NODE.some((kind) => ofKind(found, kind, node ?? undefined).some((one) => isAround(at, one, TROUBLED_MS)))
