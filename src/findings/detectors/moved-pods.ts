/**
 * pod.rescheduled from kube_pod_info alone, where the events that would say so are gone (they live an hour): a pod appears on one node when a sibling
 * has just left another, or while the sibling's node is NotReady.
 */
import { node, pod, replicaSetOf, shortName, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import { compare, type TimedSeries, type Timeline } from '../../timeline/timeline.js'
import { sampleEvidence, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { stepOf } from '../statistics.js'
import { called } from '../words.js'

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
  /** Milliseconds since the epoch; null where the data begins or ends with it. */
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
        .sort((a, b) => Number(replaced.has(a)) - Number(replaced.has(b)) || (b.series.times[0] ?? 0) - (a.series.times[0] ?? 0) || compare(a.pod, b.pod))
      if (old === undefined) return []
      replaced.add(old)
      return [moved(one, came, old)]
    })
  })

const presencesIn = (timeline: Timeline): readonly Presence[] => {
  const infos = timeline.series.filter(
    ({ name, labels, times }) => name === 'kube_pod_info' && !PER_NODE.has(labels['created_by_kind'] ?? '') && times.length > 1,
  )
  const from = Math.min(...infos.map(({ times }) => times[0] ?? Infinity))
  const to = Math.max(...infos.map(({ times }) => times.at(-1) ?? -Infinity))
  return infos.flatMap((series) => {
    const { labels, times } = series
    const name = labels['exported_pod'] ?? labels['pod']
    const on = labels['exported_node'] ?? labels['node']
    const [first, last, stepMs] = [times[0], times.at(-1), stepOf(times)]
    if (!name || !on || first === undefined || last === undefined) return []
    const entity = pod(labels['exported_namespace'] ?? labels['namespace'] ?? '-', name)
    return [
      { pod: entity, node: node(on), series, came: first > from + 2 * stepMs ? first : null, left: last < to - 2 * stepMs ? last + stepMs : null, stepMs },
    ]
  })
}

/** Whether this one left, or was on a node that was lost, when another came. */
const gaveWay = ({ node: from, left, series }: Presence, came: number, found: readonly Found[]): boolean => {
  if ((series.times[0] ?? Infinity) >= came) return false
  if (left !== null && left >= came - LEFT_BEFORE_MS && left <= came + LEFT_AFTER_MS) return true
  return (
    (left === null || left > came) &&
    ofKind(found, 'node.not-ready', from).some(({ start, end }) => start <= came && came - start <= TOLERATED_MS && (end === null || end >= came))
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
    summary: `${called(one.pod).replace(/^p/u, 'P')} appeared on node ${to}, as it seems in place of ${shortName(old.pod)} on node ${from}.`,
    evidence: [
      sampleEvidence(one.series, came, `→ the first sample: on node ${to}`),
      ...(old.left === null ? [] : [sampleEvidence(old.series, old.left - old.stepMs, `→ the last sample: on node ${from}`)]),
    ],
    attributes: { from, to, replaces: old.pod },
    slackMs: one.stepMs,
    dose: 1,
  }
}
