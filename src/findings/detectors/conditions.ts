/** workload.colocated, workload.no-limits, postgres.connections-near-max: conditions that widen the damage. They are said only where something else is wrong. */
import { replicaSetName, replicaSetOf, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { Timeline } from '../../timeline/timeline.js'
import { iso } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind, signalsOf } from '../lookup.js'
import { replicasAt, wasTurnedAway } from '../replicas.js'
import { median } from '../statistics.js'
import { called, opening } from '../words.js'
import { connectionCounts } from './postgres-metrics.js'

export const conditions: Detector = {
  id: 'conditions',
  finds: ['workload.colocated', 'workload.no-limits', 'postgres.connections-near-max'],
  detect(timeline, found) {
    const troubled = new Map<Entity, Found>()
    for (const one of found) {
      const workload = timeline.topology.workloadOf(one.entity)
      if (workload !== null && one.kind !== 'change.deployed' && one.kind !== 'change.scaled' && !troubled.has(workload)) troubled.set(workload, one)
    }
    return [
      ...[...troubled].flatMap(([workload, trouble]) => colocated(workload, trouble, timeline)),
      ...[...telling(found, timeline)].flatMap(([workload, one]) => unlimited(workload, one, timeline)),
      ...nearMax(found, timeline),
    ]
  },
}

const colocated = (workload: Entity, trouble: Found, timeline: Timeline): readonly Found[] => {
  const { topology } = timeline
  const wanted = Math.max(0, ...topology.replicas(workload).map((count) => count.wanted), replicasAt(workload, trouble.start, timeline)?.wanted ?? 0)
  // One that is replaced again and again has no two replicas to spread.
  if (wanted === 1) return []
  const placed = ofLatestSet(
    topology.podsOf(workload).flatMap((pod) => {
      const placement = topology.placements(pod)[0]
      return placement !== undefined &&
        placement.from <= trouble.start &&
        !(trouble.kind === 'pod.evicted' && placement.from === trouble.start) &&
        !wasTurnedAway(pod, trouble.start, timeline) &&
        !isGone(pod, trouble.start, timeline)
        ? [{ pod, node: placement.node, from: placement.from }]
        : []
    }),
    wanted,
  )
  // One that was in trouble nobody knows where may have run elsewhere.
  const elsewhere = topology
    .podsOf(workload)
    .some((pod) => topology.placements(pod).length === 0 && signalsOf(timeline, pod).some(({ at }) => at <= trouble.start))
  if (elsewhere) return []
  const nodes = new Set(placed.map((one) => one.node))
  const [only] = nodes
  if (only === undefined || nodes.size !== 1 || placed.length < 2 || placed.length < wanted || timeline.names.nodes.size < 2) return []
  const pods = new Set(placed.map((one) => one.pod))
  const signals = [...pods].flatMap((pod) => signalsOf(timeline, pod).filter((signal) => signal.kind === 'pod.scheduled' && signal.at <= trouble.start))
  const start = Math.max(timeline.from, ...placed.map((one) => one.from).filter((at) => Number.isFinite(at)))
  const evidence = signals.length > 0 ? evidenceOf(signals) : trouble.evidence
  return [
    {
      kind: 'workload.colocated',
      entity: workload,
      start: Math.min(start, trouble.start),
      end: null,
      confidence: 0.85,
      summary: `All ${placed.length} replicas of ${called(workload)} ran on ${called(only)}.`,
      evidence: chooseEvidence(evidence),
      attributes: { node: only.slice('node/'.length) },
      slackMs: 0,
      dose: placed.length,
    },
  ]
}

/** Told to go before that: another one has its place. */
const isGone = (pod: Entity, by: number, timeline: Timeline): boolean =>
  signalsOf(timeline, pod).some(({ kind, at }) => (kind === 'pod.deleted' || kind === 'pod.evicted') && at < by)

interface Placed {
  readonly pod: Entity
  readonly node: Entity
  readonly from: number
}

/** After a rollout the pods of the new ReplicaSet are the workload, once all of them are placed. */
const ofLatestSet = (placed: readonly Placed[], wanted: number): readonly Placed[] => {
  const sets = groupBy(placed, ({ pod }) => replicaSetOf(pod))
  const since = (set: readonly Placed[]): number => Math.max(...set.map(({ from }) => from))
  const [latest] = [...sets.values()].sort((a, b) => since(b) - since(a))
  return latest !== undefined && wanted > 0 && latest.length >= wanted ? latest : placed
}

/** By workload, the first pod whose memory grew, or else the first that was evicted for it. */
const telling = (found: readonly Found[], { topology }: Timeline): ReadonlyMap<Entity, Found> => {
  const evicted = ofKind(found, 'pod.evicted').filter((one) => one.attributes['reason'] === 'memory')
  const first = new Map<Entity, Found>()
  for (const one of [...ofKind(found, 'pod.memory-growing'), ...evicted]) {
    const workload = topology.workloadOf(one.entity)
    if (workload !== null && !first.has(workload)) first.set(workload, one)
  }
  return first
}

/** Without a memory limit nothing stops a leak but the node's end: said where a pod's memory grew, or where it was what the node had to get rid of. */
const unlimited = (workload: Entity, telling: Found, timeline: Timeline): readonly Found[] => {
  const { topology } = timeline
  const [first] = telling.evidence
  if (first === undefined || topology.memoryLimit(telling.entity) !== null) return []
  // The pod had no limit from its first moment on.
  const began = topology.placements(telling.entity)[0]?.from ?? -Infinity
  const start = telling.kind === 'pod.memory-growing' ? telling.start : Math.max(timeline.from, Math.min(began, telling.start))
  return [
    {
      kind: 'workload.no-limits',
      entity: workload,
      start,
      end: null,
      confidence: 0.9,
      summary: `${opening(workload)} runs without a memory limit.`,
      evidence: [{ ...first, time: iso(start) }],
      attributes: { replicaSet: replicaSetName(telling.entity) },
      slackMs: 0,
      dose: 1,
    },
  ]
}

/** Of max_connections: what is left beyond this is less than a rollout or a slow minute asks for. */
const NEAR_MAX = 0.7

/** Of servers whose slots ran out: that they were nearly taken before the climb began. */
const nearMax = (found: readonly Found[], timeline: Timeline): readonly Found[] =>
  [...connectionCounts(timeline)].flatMap(([server, { column, source, max }]): Found[] => {
    const saturated = ofKind(found, 'postgres.connections-saturated', server)[0]
    if (saturated === undefined || max === null) return []
    const rising = ofKind(found, 'postgres.connections-rising', server)[0]
    const until = Math.min(saturated.start, rising?.start ?? Infinity)
    const before = column.values.filter((_, index) => (column.times[index] ?? Infinity) < until)
    const usual = median(before)
    const [first] = column.times
    if (before.length < 5 || first === undefined || usual < NEAR_MAX * max) return []
    return [
      {
        kind: 'postgres.connections-near-max',
        entity: server,
        start: first,
        end: null,
        confidence: 0.85,
        summary: `${opening(server)} had about ${usual.toFixed(0)} of ${max} connections in use before anything was wrong.`,
        evidence: [sampleEvidence(source, first, `→ ${(column.values[0] ?? 0).toFixed(0)} connections in all, max_connections ${max}`)],
        attributes: {},
        slackMs: 0,
        dose: usual / max,
      },
    ]
  })
