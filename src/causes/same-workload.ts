/** Whether a finding is that workload's, and of a rollout whether it is about the pods that it brought. */
import { namespaceOf, replicaSetName, shortName, typeOf, type Entity } from '../model/entity.js'
import { addTo, countWhile } from '../model/lists.js'
import { once } from '../model/once.js'
import { dialled } from '../findings/backends.js'
import { hasStarted, WHOLE_SECOND_MS, type Found } from '../findings/finding.js'
import { signalsOf } from '../findings/lookup.js'
import { replicasAt } from '../findings/replicas.js'
import { isReady } from '../findings/starting.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { FAR, workloadOf, type Judge } from './judge.js'
import { placedFirst } from './places.js'

export const sameWorkload: Judge = (cause, effect, timeline) => {
  const [a, b] = [workloadOf(cause.entity, timeline), workloadOf(effect.entity, timeline)]
  if (a === null || b === null) return cause.entity === effect.entity ? 1 : FAR
  if (a !== b) return FAR
  if (hasStarted(cause) && effect.start > (cause.end ?? Infinity) + WHOLE_SECOND_MS) return FAR
  if (cause.kind === 'change.scaled' && typeOf(effect.entity) === 'pod') return isAskedFor(effect, cause, timeline) ? 1 : FAR
  if (cause.kind !== 'change.deployed') return 1
  // Whoever asked for a pod: nobody looked for a place.
  if (effect.kind === 'pod.unschedulable' && effect.attributes['reason'] === 'untried') return FAR
  // Pods without a limit came with their own ReplicaSet.
  if (effect.kind === 'workload.no-limits' && setOf(cause) !== null && setOf(effect) !== setOf(cause)) return FAR
  if (typeOf(effect.entity) !== 'pod')
    return effect.kind === 'pod.unschedulable' && (wasThrough(a, cause, effect.start, timeline) || isSuperseded(a, cause, effect.start, timeline)) ? LATER : 1
  if (!isOfChange(effect.entity, cause)) return FAR
  // What a rollout takes away are the others' pods.
  if (effect.kind === 'pod.stuck' && effect.attributes['reason'] === 'terminating' && cameWith(effect.entity, cause, timeline)) return FAR
  if (isOfAnother(effect, cause, timeline) || isForEvicted(effect, a, timeline) || isForMore(effect, a, cause, timeline)) return LATER
  if ((MET_AT_START.has(effect.kind) || othersWereReady(effect, cause, timeline)) && standsIn(effect.entity, a, cause, timeline)) return LATER
  if (missesWithOthers(effect, a, cause, timeline)) return LATER
  if (effect.kind === 'app.errors' && hasServed(effect, cause, timeline) && failsWithItsServer(effect, a, cause, timeline)) return LATER
  if (setOf(cause) !== null && cameLater(effect.entity, cause, timeline)) return LATER
  if (BEFORE_START.has(effect.kind) && becameReady(effect.entity, lastPlaced(effect, cause, timeline), effect.start, timeline)) return LATER
  if (FALLS_WITH_OTHERS.has(effect.kind) && hasServed(effect, cause, timeline) && fellWithOthers(effect, timeline)) return LATER
  return effect.kind === 'pod.unready' && wasReady(effect, cause, timeline) ? READY_BEFORE : 1
}

/** The ReplicaSet that a change names, if it names one. */
const setOf = ({ attributes: { replicaSet: set } }: Found): string | null => (typeof set === 'string' && set !== '' ? set : null)

/** Of one rollout's pods: those of the same ReplicaSet, where it is known. */
export const isOfChange = (pod: Entity, change: Found): boolean => {
  const set = setOf(change)
  return set === null || shortName(pod).startsWith(`${set}-`)
}

/** When a pod came, as far as anybody saw it placed: with its rollout otherwise. */
const cameAt = (pod: Entity, rollout: Found, timeline: Timeline): number => placedFirst(timeline).get(pod) ?? rollout.end ?? rollout.start

/** A StatefulSet's pod comes again under its name. */
const lastPlaced = ({ entity, start }: Found, rollout: Found, timeline: Timeline): number =>
  Math.max(rollout.start, signalsOf(timeline, entity).findLast(({ kind, at }) => kind === 'pod.scheduled' && at <= start)?.at ?? -Infinity)

/** By a minute after it came a new version has made its first requests: what it shows then for the first time is not its fault, unless people took it back. */
const ranWell = (pod: Entity, until: number, rollout: Found, timeline: Timeline): boolean =>
  rollout.attributes['undone'] !== 'yes' && until - cameAt(pod, rollout, timeline) > RAN_WELL_MS
const RAN_WELL_MS = 60_000

const hasServed = ({ entity, start }: Found, rollout: Found, timeline: Timeline): boolean =>
  ranWell(entity, start, rollout, timeline) ||
  (rollout.attributes['undone'] !== 'yes' && becameReady(entity, cameAt(entity, rollout, timeline), start, timeline))

/** What a version that cannot start shows before it is ready for the first time. */
const BEFORE_START: ReadonlySet<string> = new Set(['pod.image-pull-failed', 'pod.volume-mount-failed', 'pod.unschedulable'])

const isFailure = ({ kind, phase, attributes: { starting } }: TimedSignal): boolean => kind === 'pod.unready' && phase !== 'end' && starting === undefined
const STARTING_MS = 30_000

/** A version that served for a minute may still be at fault; whatever else explains why it stopped explains it better. */
const READY_BEFORE = 0.7
const wasReady = ({ entity, start, end }: Found, rollout: Found, timeline: Timeline): boolean => {
  if (!ranWell(entity, start, rollout, timeline)) return false
  const came = cameAt(entity, rollout, timeline)
  const own = signalsOf(timeline, entity)
  const started = own.find(({ kind, at }) => (kind === 'container.started' || kind === 'pod.started') && at >= came - WHOLE_SECOND_MS)
  // A minute after its container started it had been probed, and nobody says that it failed.
  if (started !== undefined && start - started.at > RAN_WELL_MS && !own.some((one) => isFailure(one) && one.at > started.at + STARTING_MS && one.at < start))
    return true
  return own.some(({ kind, phase, at, attributes }) => {
    if (kind !== 'pod.unready') return false
    if (phase === 'end') return at >= came && at < start
    // Its object says since when it has not been ready: of one that never was, since its start, which carries another reason here.
    return phase === 'begin' && attributes['reason'] === 'ContainersNotReady' && at >= start - WHOLE_SECOND_MS && at <= (end ?? timeline.to)
  })
}

/**
 * An error that names another server as its reason, from a pod that had run without it: that server failed, not the version, unless people took that back.
 * So it is for the pod that is not ready any more as it logs the first of them.
 */
const isOfAnother = ({ kind, entity, start, attributes }: Found, rollout: Found, timeline: Timeline): boolean =>
  ranWell(entity, start, rollout, timeline) &&
  ((kind === 'app.errors' && NEEDS_ANOTHER.test(String(attributes['reason'] ?? ''))) || (kind === 'pod.unready' && beganToMiss(entity, start, timeline)))

const beganToMiss = (pod: Entity, at: number, timeline: Timeline): boolean => {
  const first = signalsOf(timeline, pod).find(({ kind, attributes }) => kind === 'log.error' && NEEDS_ANOTHER.test(String(attributes['reason'] ?? '')))
  return first !== undefined && Math.abs(first.at - at) <= MISSED_SINCE_MS
}
/** Readiness is probed every 10 s, and fails at the third time, where nobody set anything else. */
const MISSED_SINCE_MS = 30_000
const NEEDS_ANOTHER = /^(?:refused|timeout|dns|upstream-error|postgres-.*|redis-.*)$/u

/** What a machine does to many of its pods at once. */
const FALLS_WITH_OTHERS: ReadonlySet<string> = new Set(['pod.unready', 'pod.oom-killed'])

/** When something was said of a workload. */
interface Said {
  readonly at: number
  readonly of: Entity
}

/** When pods of each machine are said to have fallen so, and whose they are, by kind and machine and by time. */
const fellOn = once((timeline: Timeline): ReadonlyMap<string, readonly Said[]> => {
  const { topology } = timeline
  const said = new Map<string, Said[]>()
  for (const { kind, phase, entity, at } of timeline.signals) {
    const node = FALLS_WITH_OTHERS.has(kind) && phase !== 'end' && typeOf(entity) === 'pod' ? topology.nodeOf(entity, at) : null
    if (node !== null) addTo(said, `${kind} ${node}`, { at, of: topology.workloadOf(entity) ?? entity })
  }
  return said
})

/** With pods of several other workloads of its machine, in the same moment: that is the machine's doing. */
const fellWithOthers = ({ kind, entity, start }: Found, timeline: Timeline): boolean => {
  const { topology } = timeline
  const node = topology.nodeOf(entity, start)
  return isOfSeveral(fellOn(timeline).get(`${kind} ${node ?? ''}`) ?? [], topology.workloadOf(entity) ?? entity, start)
}

/** Whether the same is said of several other workloads in the same moment; `list` is in the order of time. */
const isOfSeveral = (list: readonly Said[], own: Entity, start: number): boolean => {
  const others = new Set<Entity>()
  for (let at = countWhile(list.length, (index) => (list[index]?.at ?? 0) < start - AT_ONCE_MS); at < list.length; at++) {
    const one = list[at]
    if (one === undefined || one.at > start + AT_ONCE_MS) break
    if (one.of !== own) others.add(one.of)
  }
  return others.size >= SEVERAL
}
const AT_ONCE_MS = 30_000
const SEVERAL = 2

/** What a version that is at fault shows in its first pods already, and not only in those that come after them. */
const MET_AT_START: ReadonlySet<string> = new Set([
  'app.errors',
  'pod.image-pull-failed',
  'pod.volume-mount-failed',
  'pod.unready',
  'pod.stuck',
  'pod.unschedulable',
])

/** A pod that was placed when all of the rollout's pods had been. */
const standsIn = (pod: Entity, workload: Entity, rollout: Found, timeline: Timeline): boolean => {
  const placed = placedFirst(timeline).get(pod)
  return placed !== undefined && wasThrough(workload, rollout, placed - 1, timeline, -Infinity)
}

/** A program of that version that could not start here had done so in another pod, unless people took the version back. */
const othersWereReady = ({ kind, entity }: Found, rollout: Found, timeline: Timeline): boolean => {
  const placed = placedFirst(timeline).get(entity)
  if (kind !== 'pod.crash-looping' || placed === undefined || rollout.attributes['undone'] === 'yes') return false
  const set = replicaSetName(entity)
  return timeline.topology
    .podsOf(timeline.topology.workloadOf(entity) ?? entity)
    .some((pod) => pod !== entity && replicaSetName(pod) === set && becameReady(pod, rollout.start, placed, timeline))
}
const becameReady = (pod: Entity, from: number, to: number, timeline: Timeline): boolean =>
  signalsOf(timeline, pod).some((signal) => isReady(signal) && signal.at >= from && signal.at < to)

/** Errors that name an address from a pod that had been ready, as pods of several workloads log them of that address in the same moment: it failed all of them. */
const missesWithOthers = ({ kind, entity, start }: Found, workload: Entity, rollout: Found, timeline: Timeline): boolean => {
  if (kind !== 'app.errors' || rollout.attributes['undone'] === 'yes' || !becameReady(entity, rollout.start, start, timeline)) return false
  const first = signalsOf(timeline, entity).find((signal) => signal.kind === 'log.error' && signal.at >= start)
  const address = first === undefined ? null : dialled(first)
  return address !== null && isOfSeveral(missed(timeline).get(address) ?? [], workload, start)
}

/** What it asks began to log errors no later than it did, and since the rollout had not: requests failed below it. */
const failsWithItsServer = ({ entity, start }: Found, workload: Entity, rollout: Found, timeline: Timeline): boolean => {
  const { topology } = timeline
  const below = topology
    .serversOf(entity)
    .flatMap((server) => [
      ...topology.runsAs(server).flatMap((one) => (typeOf(one) === 'pod' ? [one] : topology.podsOf(one))),
      ...topology.podsCalled(shortName(server)).filter((pod) => namespaceOf(pod) === namespaceOf(server)),
    ])
  return below.some((pod) => {
    if (topology.workloadOf(pod) === workload) return false
    const errors = signalsOf(timeline, pod).filter(({ kind }) => kind === 'log.error')
    const first = errors.find(({ at }) => at >= rollout.start)
    return first !== undefined && first.at <= start + WITH_IT_MS && first.at >= start - BELOW_BEFORE_MS
  })
}
const WITH_IT_MS = 500
const BELOW_BEFORE_MS = 30_000

/** Who could not reach an address, and when. */
const missed = once(({ signals, topology }: Timeline): ReadonlyMap<string, readonly Said[]> => {
  const said = new Map<string, Said[]>()
  for (const signal of signals) {
    const address = signal.kind === 'log.error' && typeOf(signal.entity) === 'pod' ? dialled(signal) : null
    if (address !== null) addTo(said, address, { at: signal.at, of: topology.workloadOf(signal.entity) ?? signal.entity })
  }
  return said
})

/** A pod that finds no node when one of its own ReplicaSet has just been put out: that one had found its place, so the version is not what keeps this one out. */
const isForEvicted = ({ kind, entity, start }: Found, workload: Entity, timeline: Timeline): boolean => {
  if (kind !== 'pod.unschedulable') return false
  const times = evictions(timeline).get(`${workload} ${replicaSetName(entity)}`) ?? []
  const last = times[countWhile(times.length, (index) => (times[index] ?? Infinity) <= start) - 1]
  return last !== undefined && start - last <= REPLACED_WITHIN_MS
}
const evictions = once(({ signals, topology }: Timeline) => {
  const times = new Map<string, number[]>()
  for (const { kind, entity, at } of signals)
    if (kind === 'pod.evicted' && typeOf(entity) === 'pod') addTo(times, `${topology.workloadOf(entity) ?? ''} ${replicaSetName(entity)}`, at)
  return times
})
/** Its controller asks for another as soon as the pod is to be deleted. */
const REPLACED_WITHIN_MS = 2 * 60_000

/** A pod that came when somebody asked for more of its ReplicaSet. */
const isAskedFor = ({ entity, start }: Found, scaling: Found, timeline: Timeline): boolean => {
  const { from, to } = scaling.attributes
  const came = Math.min(start, signalsOf(timeline, entity)[0]?.at ?? start)
  return !(Number(to) < Number(from)) && isOfChange(entity, scaling) && came >= scaling.start - WHOLE_SECOND_MS
}

/** A pod that finds no node when more were asked for than the rollout had brought, all of which had found theirs. */
const isForMore = ({ kind, entity, start }: Found, workload: Entity, rollout: Found, timeline: Timeline): boolean => {
  if (kind !== 'pod.unschedulable') return false
  const set = replicaSetName(entity)
  const after = (rollout.end ?? rollout.start) + WHOLE_SECOND_MS
  const more = signalsOf(timeline, workload).find(
    ({ kind: what, at, attributes: { replicaSet, from, to } }) =>
      what === 'change.scaled' && replicaSet === set && at > after && at <= start + WHOLE_SECOND_MS && Number(from) > 0 && Number(to) > Number(from),
  )
  return more !== undefined && !timeline.topology.podsOf(workload).some((pod) => replicaSetName(pod) === set && foundNoRoom(pod, more.at, timeline))
}

const foundNoRoom = (pod: Entity, before: number, timeline: Timeline): boolean =>
  signalsOf(timeline, pod).some(({ kind, phase, at }) => kind === 'pod.unschedulable' && phase !== 'end' && at < before - WHOLE_SECOND_MS)

/** Another rollout of the workload came after it: what is refused now are that one's pods. */
const isSuperseded = (workload: Entity, rollout: Found, at: number, timeline: Timeline): boolean =>
  signalsOf(timeline, workload).some(
    (signal) =>
      signal.kind === 'change.deployed' &&
      signal.at > (rollout.end ?? rollout.start) + WHOLE_SECOND_MS &&
      signal.at <= at &&
      signal.attributes['replicaSet'] !== rollout.attributes['replicaSet'],
  )

/** Where the rollout's ReplicaSet is not known: placed since. */
const cameWith = (pod: Entity, rollout: Found, timeline: Timeline): boolean =>
  setOf(rollout) === null ? (placedFirst(timeline).get(pod) ?? -Infinity) >= rollout.start - WHOLE_SECOND_MS : isOfChange(pod, rollout)

/** A rollout all of whose pods had found their place was let through: a pod that is refused after that was to stand in for one of them. `unknown`: when pods came that nobody saw placed, if not when they are first heard of. */
const wasThrough = (workload: Entity, rollout: Found, at: number, timeline: Timeline, unknown = Infinity): boolean => {
  const said = timeline.topology.replicas(workload).map(({ wanted }) => wanted)
  const wanted = replicasAt(workload, Math.max(at, rollout.end ?? rollout.start), timeline)?.wanted ?? (said.length > 0 ? Math.max(...said) : NaN)
  const since = (pod: Entity): number => placedFirst(timeline).get(pod) ?? Math.min(unknown, signalsOf(timeline, pod)[0]?.at ?? Infinity)
  const placed = timeline.topology.podsOf(workload).filter((pod) => cameWith(pod, rollout, timeline) && since(pod) <= at)
  return placed.length >= Math.max(1, wanted)
}

/** A pod that came minutes after a rollout was through stands in for one of its pods: what is wrong with it now was not wrong with that. */
const cameLater = (pod: Entity, rollout: Found, { topology }: Timeline): boolean => {
  const placed = topology.placements(pod)[0]?.from ?? -Infinity
  return Number.isFinite(placed) && placed - (rollout.end ?? rollout.start) > LATER_MS
}
const LATER_MS = 3 * 60_000
const LATER = 0.2
