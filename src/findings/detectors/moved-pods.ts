/**
 * pod.rescheduled from series alone, where the events that would say so are gone (they live an hour): a pod appears on one node when a sibling
 * has just left another, or while the sibling's node is NotReady.
 */
import { node, pod, replicaSetOf, shortName, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import { compare, type TimedSeries, type Timeline } from '../../timeline/timeline.js'
import { sampleEvidence, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { stepOf } from '../statistics.js'
import { opening } from '../words.js'

/** A replacement is created when the old pod is marked for deletion, and the old one may take its grace period to end. */
const LEFT_BEFORE_MS = 3 * 60_000
const LEFT_AFTER_MS = 2 * 60_000
/** 300 s of toleration, and time to find a place. */
const TOLERATED_MS = 15 * 60_000
/** Each node has its own; none stands in for another. */
const PER_NODE: ReadonlySet<string> = new Set(['DaemonSet', 'Node', 'Job'])

interface Presence {
  readonly pod: Entity
  readonly node: Entity
  readonly series: TimedSeries
  /** Milliseconds since the epoch. */
  readonly first: number
  /** The same; null where the data begins or ends with it. */
  readonly came: number | null
  readonly left: number | null
  readonly stepMs: number
}

/** `told`: pods whose placement somebody else told of. */
export const movedPods = (timeline: Timeline, found: readonly Found[], told: ReadonlySet<Entity>): readonly Found[] =>
  [...groupBy(presencesIn(timeline), (one) => replicaSetOf(one.pod))].flatMap(([, siblings]) => {
    // Each stands in for one of its own, as long as there are any left.
    const replaced = new Set<Presence>()
    return siblings.flatMap((one) => {
      const { came } = one
      if (came === null || told.has(one.pod)) return []
      const [old] = siblings
        .filter((other) => other.node !== one.node && gaveWay(other, came, found))
        .sort((a, b) => Number(replaced.has(a)) - Number(replaced.has(b)) || b.first - a.first || compare(a.pod, b.pod))
      if (old === undefined) return []
      replaced.add(old)
      return [moved(one, came, old)]
    })
  })

/** kube-state-metrics tells of every pod that there is, a node's cAdvisor of what runs there: whom the node counts is gone when the node is. */
const presencesIn = (timeline: Timeline): readonly Presence[] => {
  const infos = timeline.series.filter(({ name }) => name === 'kube_pod_info')
  const counted =
    infos.length > 0 ? infos : timeline.series.filter(({ name, labels }) => name === 'container_memory_working_set_bytes' && labels['node'] !== undefined)
  const lasting = counted.filter(({ times }) => times.length > 1)
  const from = Math.min(...lasting.map(({ times }) => times[0] ?? Infinity))
  const to = Math.max(...lasting.map(({ times }) => times.at(-1) ?? -Infinity))
  const byPlace = groupBy(lasting, (series) => {
    const { labels } = series
    const name = labels['exported_pod'] ?? labels['pod']
    const on = labels['exported_node'] ?? labels['node']
    if (!name || !on || PER_NODE.has(labels['created_by_kind'] ?? '')) return null
    return `${pod(labels['exported_namespace'] ?? labels['namespace'] ?? '-', name)} ${node(on)}`
  })
  return [...byPlace].flatMap(([key, containers]) => {
    const [entity, on] = key.split(' ') as [Entity, Entity] // as joined above
    if (isPerNode(entity, timeline)) return []
    const first = Math.min(...containers.map(({ times }) => times[0] ?? Infinity))
    const last = Math.max(...containers.map(({ times }) => times.at(-1) ?? -Infinity))
    const [series] = containers
    if (series === undefined) return []
    const stepMs = stepOf(series.times)
    return [
      { pod: entity, node: on, series, first, came: first > from + 2 * stepMs ? first : null, left: last < to - 2 * stepMs ? last + stepMs : null, stepMs },
    ]
  })
}

/** A DaemonSet's pods are called after it and five letters, as no other's are: a ReplicaSet's have its hash before these, a StatefulSet's a number. */
const isPerNode = (entity: Entity, { topology }: Timeline): boolean => {
  const owner = topology.workloadOf(entity)
  return owner !== null && replicaSetOf(entity).endsWith(`/${shortName(owner)}`) && !/-\d+$/u.test(entity)
}

/** Whether this one left, or was on a node that was lost, when another came. */
const gaveWay = ({ node: from, first, left, stepMs }: Presence, came: number, found: readonly Found[]): boolean => {
  if (first >= came) return false
  if (left !== null && left >= came - LEFT_BEFORE_MS && left <= came + LEFT_AFTER_MS) return true
  return ofKind(found, 'node.not-ready', from).some(
    ({ start, end }) => start <= came && came - start <= TOLERATED_MS && (end === null || end >= came) && (left ?? Infinity) >= start - LEFT_BEFORE_MS - stepMs,
  )
}

const moved = (one: Presence, came: number, old: Presence): Found => {
  const [from, to] = [shortName(old.node), shortName(one.node)]
  return {
    kind: 'pod.rescheduled',
    entity: one.pod,
    start: came,
    end: came,
    confidence: 0.75,
    summary: `${opening(one.pod)} appeared on node ${to}, as it seems in place of ${shortName(old.pod)} on node ${from}.`,
    evidence: [
      sampleEvidence(one.series, came, `→ the first sample: on node ${to}`),
      ...(old.left === null ? [] : [sampleEvidence(old.series, old.left - old.stepMs, `→ the last sample: on node ${from}`)]),
    ],
    attributes: { from, to, replaces: old.pod },
    slackMs: one.stepMs,
    dose: 1,
  }
}
