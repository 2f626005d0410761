/** Whether a pod that is not ready is one that starts, as all of them do. */
import type { Entity } from '../model/entity.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { signalsOf } from './lookup.js'

/** The moment from which on a pod is ready. */
export const isReady = ({ kind, phase }: Pick<TimedSignal, 'kind' | 'phase'>): boolean => kind === 'pod.unready' && phase === 'end'

/** A pod comes, or its container does again. */
export const COMES: ReadonlySet<string> = new Set(['pod.scheduled', 'pod.started', 'container.started'])

/** While one of these holds, the pod does not serve. */
export const KEEPS_FROM_SERVING = [
  'pod.unready',
  'pod.evicted',
  'pod.stuck',
  'pod.crash-looping',
  'pod.volume-mount-failed',
  'pod.image-pull-failed',
  'pod.sandbox-failed',
  'pod.unschedulable',
] as const
export const NOT_SERVING: ReadonlySet<string> = new Set(KEEPS_FROM_SERVING)
/** A pod takes as long to get ready for the first time; until then others serve, or its workload says that they do not. */
const START_MS = 2 * 60_000
/** By a minute after it came a pod has been probed: probes that begin to fail later had gone well. */
const FIRST_PROBED_MS = 60_000

/** A new pod whose first probes fail is starting. One that does not get over it is a fault, and one whose node was lost had started. */
export const isStarting = ({ kind, entity, start, end, attributes }: Found, timeline: Timeline): boolean => {
  if (kind === 'pod.sandbox-failed' && end !== null) {
    const came = cameAt(entity, start, timeline)
    return came !== null && end - came <= TRIED_AGAIN_MS
  }
  if (kind !== 'pod.unready' || end === null || end - start > START_MS || String(attributes['reason'] ?? '').startsWith('node')) return false
  const came = cameAt(entity, start, timeline)
  const isFirst = came !== null && (attributes['reason'] === 'starting' || start - came <= FIRST_PROBED_MS)
  return (
    isFirst &&
    end - came <= 1.5 * START_MS &&
    !wasReady(entity, came, start, timeline) &&
    !lostReadiness(entity, came, end, timeline) &&
    !wasGivenUp(entity, came, end, timeline)
  )
}

/** A runtime that is being restarted fails the sandbox of whatever starts just then; the kubelet tries again, and is through with it. */
const TRIED_AGAIN_MS = 45_000

/** When a pod was placed; where only its kubelet tells, when it first heard of the pod: null where it may have been starting itself, for then it hears of all that it has. */
const cameAt = (pod: Entity, until: number, timeline: Timeline): number | null => {
  const own = signalsOf(timeline, pod)
  const placed = own.findLast(({ kind, at }) => kind === 'pod.scheduled' && at <= until)
  if (placed !== undefined) return placed.at
  const added = own.find(({ kind, attributes }) => kind === 'pod.started' && attributes['container'] === undefined)
  if (added === undefined || added.at > until || own[0]?.at !== added.at) return null
  const node = timeline.topology.nodeOf(pod, added.at)
  const isOfStart = ({ kind, at }: TimedSignal): boolean => kind === 'kubelet.started' && at <= added.at && added.at - at <= START_MS
  return node === null || signalsOf(timeline, node).some(isOfStart) ? null : added.at
}

/** A pod that was ready, and then no more, is not starting. */
const wasReady = (pod: Entity, from: number, to: number, timeline: Timeline): boolean =>
  signalsOf(timeline, pod).some((signal) => isReady(signal) && signal.at > from && signal.at < to)

/** A pod that was taken away after a minute in which it never got ready was not starting any more, though nothing else is said of it. */
const wasGivenUp = (pod: Entity, came: number, end: number, timeline: Timeline): boolean => {
  const own = signalsOf(timeline, pod)
  if (own.some(({ kind }) => kind !== 'pod.unready' && NOT_SERVING.has(kind))) return false
  const left = own.find(({ kind, at, attributes }) => at > came && (kind === 'pod.deleted' || (kind === 'pod.killed' && attributes['reason'] === undefined)))
  return left !== undefined && left.at - came >= FIRST_PROBED_MS && left.at - end <= GIVEN_UP_MS && !wasReady(pod, came, left.at, timeline)
}
/** Probes fail until it goes, every 10 s by default. */
export const GIVEN_UP_MS = 15_000

/** A pod's object says since when it has not been ready: of one that never was, since its start, which carries another reason here. */
const lostReadiness = (pod: Entity, from: number, to: number, timeline: Timeline): boolean =>
  signalsOf(timeline, pod).some(
    ({ kind, phase, at, attributes }) => kind === 'pod.unready' && phase === 'begin' && attributes['reason'] === 'ContainersNotReady' && at > from && at < to,
  )

/** A new pod that was ready by a minute after it came did what every pod does. */
export const hasJustStarted = (one: Found, timeline: Timeline): boolean => {
  const came = one.kind === 'pod.unready' && one.end !== null && isStarting(one, timeline) ? cameAt(one.entity, one.start, timeline) : null
  return came !== null && (one.end ?? Infinity) - came <= STARTS_IN_MS
}
const STARTS_IN_MS = 60_000
