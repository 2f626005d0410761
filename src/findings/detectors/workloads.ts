/** workload.degraded and workload.unavailable: how many of a workload's pods could serve, from what was wrong with each. */
import type { Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import { once } from '../../model/once.js'
import type { FindingKind } from '../../model/vocabulary.js'
import type { Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, WHOLE_SECOND_MS, type Detector, type Found } from '../finding.js'
import { isHarmless } from '../harmless.js'
import { signalsOf } from '../lookup.js'
import { isEvictedAt, isSurge, replicaChanges, replicasAt, wasTurnedAway, type Replicas } from '../replicas.js'
import { GIVEN_UP_MS, isReady, isStarting, NOT_SERVING } from '../starting.js'
import { duration, opening } from '../words.js'

/** Shorter gaps in a pod's readiness are a restart or a rollout's step, not an outage. */
const SHORTEST_MS = 8_000

export const workloads: Detector = {
  id: 'workloads',
  finds: ['workload.degraded', 'workload.unavailable'],
  detect(timeline, found) {
    const workloadOf = ({ entity }: Found): Entity | null => timeline.topology.workloadOf(entity)
    const away = found.filter(
      (one) => NOT_SERVING.has(one.kind) && one.attributes['seldom'] === undefined && !hadGone(one, timeline) && !isHarmless(one, found, timeline),
    )
    const starting = new Set(away.filter((one) => isStarting(one, timeline)))
    const byWorkload = groupBy(away, (one) => (starting.has(one) ? null : workloadOf(one)))
    const startingOf = groupBy([...starting], workloadOf)
    return [...byWorkload].flatMap(([workload, troubles]) =>
      isScheduledJob(workload) || timeline.topology.isJob(workload)
        ? []
        : shortages(workload, untilReplaced(troubles, startingOf.get(workload) ?? [], timeline), timeline),
    )
  },
}

/** Who was evicted from a node that does not answer after its own ReplicaSet had taken it away was not missed. */
const hadGone = ({ kind, entity, start }: Found, timeline: Timeline): boolean => {
  if (kind !== 'pod.evicted') return false
  const before = signalsOf(timeline, entity).filter(({ at }) => at < start - WHOLE_SECOND_MS)
  const left = before.findLast((signal) => signal.kind === 'pod.deleted' && signal.attributes['by'] === 'owner')
  return left !== undefined && !before.some(({ kind: what, at }) => COMING.has(what) && at > left.at)
}

/** Of a pod in trouble that is taken away the one that comes in its place is missed until it is ready. */
const untilReplaced = (troubles: readonly Found[], starting: readonly Found[], timeline: Timeline): readonly Found[] => {
  const next = new Map<Entity, Found>()
  const taken = new Set<Found>()
  return troubles.map((trouble) => {
    const { entity, end } = trouble
    if (end === null || !signalsOf(timeline, entity).some(({ kind, at }) => kind === 'pod.deleted' && Math.abs(at - end) <= GIVEN_UP_MS)) return trouble
    const come = next.get(entity) ?? starting.find((one) => !taken.has(one) && one.entity !== entity && Math.abs(one.start - end) <= AT_ONCE_MS)
    if (come === undefined) return trouble
    next.set(entity, come)
    taken.add(come)
    return { ...trouble, end: Math.max(end, come.end ?? Infinity) }
  })
}
const AT_ONCE_MS = 5_000

/** A CronJob's Job is called after it and the minute it was due at. It runs to its end, serves nobody, and is tried again. */
const isScheduledJob = (workload: Entity): boolean => /-\d{8}$/u.test(workload)

interface Change {
  readonly at: number
  readonly by: number
  /** None where only the number of replicas changes. */
  readonly trouble: Stretch | null
}

const shortages = (workload: Entity, troubles: readonly Found[], timeline: Timeline): readonly Found[] => {
  const begin = Math.min(...troubles.map((trouble) => trouble.start))
  // Who is placed in the second of an eviction or of a drain is in the place of another.
  const isReplaced = troubles.some((trouble) => trouble.start === begin && (hasToGo(trouble) || isPlacedAt(trouble.entity, begin, timeline)))
  const counted = wantedOf(workload, timeline, isReplaced ? begin - 2 * WHOLE_SECOND_MS : begin, begin)
  const replicas = (at: number): Replicas & { readonly known: boolean } => {
    const told = replicasAt(workload, at, timeline)
    return told === null ? { wanted: counted.wanted, there: counted.wanted, known: counted.known } : { ...told, known: true }
  }
  const changes: Change[] = replicaChanges(workload, timeline).map((at) => ({ at, by: 0, trouble: null }))
  for (const [pod, ofPod] of groupBy(troubles, (trouble) => trouble.entity)) {
    if (wasTurnedAway(pod, begin, timeline)) continue
    for (const stretch of unite(ofPod, timeline, workload)) {
      if (isSurge(pod, workload, stretch.start, stretch.end ?? timeline.to, timeline)) continue
      changes.push({ at: stretch.start, by: 1, trouble: stretch })
      if (stretch.end !== null) changes.push({ at: stretch.end, by: -1, trouble: stretch })
    }
  }
  changes.sort((a, b) => a.at - b.at || b.by - a.by)
  const result: Found[] = []
  const ongoing: Stretch[] = []
  let degraded: Short | null = null
  let dark: Short | null = null
  for (const { at, by, trouble } of changes) {
    if (trouble !== null && by > 0) ongoing.push(trouble)
    else if (trouble !== null) ongoing.splice(ongoing.indexOf(trouble), 1)
    const { wanted, there, known } = replicas(at)
    const down = missing(ongoing, workload)
    // Of more pods than are wanted, as in a rollout, some may fail and nobody is short of any.
    const short = Math.min(wanted, wanted - (there - down))
    if (down > 0 && short > 0) {
      const before: Short = degraded ?? { start: at, troubles: ongoing.map(({ first }) => first), most: 0, wanted, known }
      degraded = short > before.most ? { ...before, most: short, wanted, known } : before
      if (trouble !== null && by > 0 && !degraded.troubles.includes(trouble.first)) degraded.troubles.push(trouble.first)
    }
    if (known && wanted > 0 && down > 0 && down >= there) {
      dark ??= { start: at, troubles: ongoing.map(({ first }) => first), most: wanted, wanted, known }
    } else if (dark !== null) {
      result.push(...shortage('workload.unavailable', workload, dark, at))
      dark = null
    }
    if ((down === 0 || short <= 0) && degraded !== null) {
      result.push(...shortage('workload.degraded', workload, degraded, at))
      degraded = null
    }
  }
  if (dark !== null) result.push(...shortage('workload.unavailable', workload, dark, null))
  if (degraded !== null) result.push(...shortage('workload.degraded', workload, degraded, null))
  return result
}

/** What could not be created, of which the workload itself tells, or has not started yet, stands in for the pods that are gone: they are missing once. */
const missing = (ongoing: readonly Stretch[], workload: Entity): number => {
  const pods = ongoing.filter(({ first }) => first.entity !== workload)
  const gone = pods.filter((stretch) => stretch.gone).length
  const fresh = pods.filter(({ gone, isNew }) => isNew && !gone).length
  return pods.length - Math.min(gone, fresh) + (pods.length < ongoing.length && gone === 0 ? 1 : 0)
}

interface Short {
  readonly start: number
  readonly troubles: Found[]
  /** As many did not serve at once, of so many. */
  readonly most: number
  readonly wanted: number
  /** Whether anybody tells how many are wanted. */
  readonly known: boolean
}

/**
 * Replicas as the cluster says; else the pods that were there when the trouble began. Where nobody listed the pods, that is no count: one that is well has no
 * event, and no line in the kubelet's log of another node.
 */
const wantedOf = (workload: Entity, timeline: Timeline, before: number, begin: number): { readonly wanted: number; readonly known: boolean } => {
  const said = timeline.topology.replicas(workload).map((count) => count.wanted)
  const most = said.length > 0 ? Math.max(...said) : 0
  if (most > 0) return { wanted: most, known: true }
  return { wanted: countAt(workload, timeline, before) || countAt(workload, timeline, begin) || 1, known: podsAreListed(timeline) }
}

const countAt = (workload: Entity, timeline: Timeline, at: number): number =>
  timeline.topology.podsOf(workload).filter((pod) => {
    const signals = signalsOf(timeline, pod)
    const [first] = signals
    // A pod whose first sign is its placement came then; one that is first heard of otherwise was there before.
    const later = first !== undefined && first.at > at + WHOLE_SECOND_MS && signals.some((signal) => signal.at === first.at && COMING.has(signal.kind))
    return !later && !wasTurnedAway(pod, at, timeline) && !signals.some((signal) => signal.kind === 'pod.deleted' && signal.at < at)
  }).length

const isPlacedAt = (pod: Entity, at: number, timeline: Timeline): boolean =>
  signalsOf(timeline, pod).some((signal) => signal.kind === 'pod.scheduled' && signal.at === at)

const COMING: ReadonlySet<string> = new Set(['pod.scheduled', 'pod.started', 'pod.unschedulable'])

export const podsAreListed = once(
  ({ inputs, series }: Timeline) =>
    inputs.some(({ format, records }) => format === 'kubernetes-objects' && records > 0) || series.some(({ name }) => name.startsWith('kube_pod_')),
)

interface Stretch {
  readonly start: number
  end: number | null
  readonly first: Found
  /** Whether the pod had to go, so that its workload wants another in its place. */
  gone: boolean
  /** Whether the pod has never run. */
  readonly isNew: boolean
}

/** What keeps a pod from starting. */
const BEFORE_START: ReadonlySet<string> = new Set<FindingKind>(['pod.unschedulable', 'pod.sandbox-failed', 'pod.image-pull-failed', 'pod.volume-mount-failed'])
const hasNotRun = ({ kind, entity, start }: Found, timeline: Timeline): boolean =>
  BEFORE_START.has(kind) && !signalsOf(timeline, entity).some((signal) => signal.kind === 'container.started' && signal.at <= start)

/** One pod's troubles as stretches in which it did not serve. One that has to go is missed until its replacement is ready, as far as that is known, however long it hangs. */
const unite = (troubles: readonly Found[], timeline: Timeline, workload: Entity): readonly Stretch[] => {
  const stretches: Stretch[] = []
  const sorted = [...troubles].sort((a, b) => a.start - b.start)
  const leaving = sorted.find(hasToGo)
  const replaced = leaving === undefined ? null : (replacedAt(leaving, timeline, workload) ?? Infinity)
  for (const trouble of sorted) {
    const gone = hasToGo(trouble)
    const last = replaced === null ? Infinity : Math.max(replaced, trouble.start)
    const until = gone ? last : Math.min(last, trouble.end ?? Infinity)
    const end = Number.isFinite(until) ? until : null
    const open = stretches.at(-1)
    if (open !== undefined && (open.end === null || trouble.start <= open.end + 5_000)) {
      open.end = open.end === null || end === null ? null : Math.max(open.end, end)
      open.gone ||= gone
    } else stretches.push({ start: trouble.start, end, first: trouble, gone, isNew: hasNotRun(trouble, timeline) })
  }
  return stretches
}

const hasToGo = ({ kind, attributes }: Found): boolean => kind === 'pod.evicted' || (kind === 'pod.stuck' && attributes['reason'] === 'terminating')

const STARTED: ReadonlySet<string> = new Set(['container.started', 'pod.started'])

/** A StatefulSet makes its pod anew under its name. */
const madeAnew = ({ entity, start }: Found, timeline: Timeline): number =>
  signalsOf(timeline, entity).find(({ kind, at }) => kind === 'pod.scheduled' && at > start + WHOLE_SECOND_MS)?.at ?? Infinity

/** When one that came in its place was ready; where nobody says that, when it was started. */
const replacedAt = (leaving: Found, timeline: Timeline, workload: Entity): number | null => {
  let started = Infinity
  for (const mate of timeline.topology.podsOf(workload)) {
    const from = mate === leaving.entity ? madeAnew(leaving, timeline) : leaving.start
    const since = signalsOf(timeline, mate).filter(({ at }) => at >= from)
    const sign = since.find((signal) => STARTED.has(signal.kind) || isReady(signal))
    // Who is turned away at once stands in for nobody.
    if (sign === undefined || signalsOf(timeline, mate).some((one) => isEvictedAt(one, sign.at))) continue
    started = Math.min(started, since.find((signal) => signal.at >= sign.at && isReady(signal))?.at ?? sign.at)
  }
  if (Number.isFinite(started)) return Math.min(started, leaving.kind === 'pod.stuck' ? (leaving.end ?? Infinity) : Infinity)
  // Where the pods are listed and none came since, none has its place.
  return leaving.kind === 'pod.evicted' && podsAreListed(timeline) ? null : leaving.end
}

const shortage = (
  kind: 'workload.degraded' | 'workload.unavailable',
  workload: Entity,
  { start, troubles, most, wanted, known }: Short,
  end: number | null,
): readonly Found[] => {
  if (end !== null && end - start < SHORTEST_MS) return []
  const long = end === null ? '' : ` for ${duration(end - start)}`
  return [
    {
      kind,
      entity: workload,
      start,
      end,
      confidence: 0.85,
      summary:
        kind === 'workload.unavailable'
          ? `${opening(workload)} had no serving replica${long}.`
          : `${opening(workload)} was short of replicas${long}: up to ${known ? `${most} of ${wanted}` : `${most} of its pods`} did not serve${known ? '' : ', and nothing tells how many it has'}.`,
      evidence: chooseEvidence(troubles.flatMap((trouble) => trouble.evidence)),
      attributes: known ? { down: most, wanted } : { down: most },
      slackMs: Math.min(...troubles.map((trouble) => trouble.slackMs)),
      dose: known ? most / wanted : most,
    },
  ]
}
