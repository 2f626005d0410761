/** What is true and says nothing more than another finding does, or nothing of what it seems to be about. */
import type { Entity } from '../model/entity.js'
import type { FindingKind } from '../model/vocabulary.js'
import type { Timeline } from '../timeline/timeline.js'
import { TOLD_LATE_MS } from './detectors/drains.js'
import { isAtQuota, WHOLE_SECOND_MS, type Found } from './finding.js'
import { ofKind, signalsOf } from './lookup.js'
import { COMES, hasJustStarted, KEEPS_FROM_SERVING } from './starting.js'

export const withoutNeedless = (found: readonly Found[], timeline: Timeline): readonly Found[] => {
  const held = new Set(found.filter(isAtQuota).map(({ entity }) => entity))
  return found.filter((one) => {
    if (one.kind === 'node.cpu-saturated') return !isOfMachine(one, held)
    if (one.kind === 'pod.unready') return !isWaiting(one, found) && !isOfEnd(one, timeline) && !(hasJustStarted(one, timeline) && isAlone(one, found))
    if (one.kind === 'node.rebooted') return !isTwins(one, found)
    if (one.kind === 'action.cordon') return !isOfDrain(one, found)
    if (one.kind === 'node.runtime-down') return !isOfThaw(one, timeline)
    return one.kind !== 'node.not-ready' || !isJoining(one, found, timeline)
  })
}

/** How busy a machine always is says nothing of a node that has a quota of it, where that quota is known to have held it back. */
const isOfMachine = (one: Found, held: ReadonlySet<Entity>): boolean => held.has(one.entity) && !isAtQuota(one) && one.confidence <= STANDING
/** Of a node that is always full. */
const STANDING = 0.6

/** A pod that was told to go answers its probe with that, and takes no requests any more. Of one whose node is lost nobody knows. */
const isOfEnd = ({ entity, start, end, attributes }: Found, timeline: Timeline): boolean => {
  const told = signalsOf(timeline, entity).findLast(({ kind, at }) => (kind === 'pod.deleted' || kind === 'pod.killed') && at <= start + WHOLE_SECOND_MS)
  if (told === undefined || String(attributes['reason'] ?? '').startsWith('node') || (end ?? Infinity) - told.at > GRACE_MS) return false
  return told.attributes['reason'] === undefined && !signalsOf(timeline, entity).some(({ kind, at }) => COMES.has(kind) && at > told.at && at <= start)
}
/** terminationGracePeriodSeconds is 30 where nobody set another. */
const GRACE_MS = 40_000

/** Nothing else is wrong with that pod meanwhile. */
const isAlone = ({ entity, start, end }: Found, found: readonly Found[]): boolean =>
  !TROUBLES.some((kind) => ofKind(found, kind, entity).some((other) => other.start <= (end ?? Infinity) && (other.end ?? Infinity) >= start))
const TROUBLES: readonly FindingKind[] = [...KEEPS_FROM_SERVING.filter((kind) => kind !== 'pod.unready'), 'app.errors', 'pod.oom-killed', 'pod.cpu-throttled']

/** A new pod is not ready from the moment it was created: what keeps it from starting says why, and that it waits for that says nothing more. */
const isWaiting = ({ entity, start, attributes }: Found, found: readonly Found[]): boolean =>
  attributes['reason'] === 'starting' &&
  KEEPS_FROM_STARTING.some((kind) => ofKind(found, kind, entity).some((other) => other.start >= start - AT_ONCE_MS && other.start <= start + STARTS_WITHIN_MS))
const KEEPS_FROM_STARTING = ['pod.sandbox-failed', 'pod.volume-mount-failed', 'pod.image-pull-failed'] as const
const STARTS_WITHIN_MS = 30_000

/**
 * A kubelet that stood still finds that it has not looked at its runtime for too long, in the first moment that it goes on: that was its own silence.
 * pkg/kubelet/runtime.go (runtimeErrors), pkg/kubelet/pleg/generic.go (Healthy)
 */
const isOfThaw = ({ entity, start, end }: Found, timeline: Timeline): boolean => {
  const silences = timeline.silences.filter(({ node, from, to }) => node === entity && to - from >= STOOD_STILL_MS)
  const said = signalsOf(timeline, entity).filter(
    ({ kind, phase, at }) => kind === 'node.runtime-down' && phase !== 'end' && at >= start && at <= (end ?? Infinity),
  )
  return (
    said.length > 0 &&
    said.every(({ evidence }) =>
      evidence.every(({ time }) => silences.some(({ to }) => time !== null && Date.parse(time) >= to && Date.parse(time) - to <= THAW_MS)),
    )
  )
}
const STOOD_STILL_MS = 25_000
const THAW_MS = 2_000

/** A drain begins with it. */
const isOfDrain = ({ entity, start }: Found, found: readonly Found[]): boolean =>
  ofKind(found, 'action.drain', entity).some((drain) => Math.abs(drain.start - start) <= TOLD_LATE_MS)

/** Of two machines under one name each finds the other's boot id in the node's object, and calls that a reboot. */
const isTwins = (one: Found, found: readonly Found[]): boolean =>
  ofKind(found, 'node.identity-conflict', one.entity).some(
    ({ start, end, slackMs }) => one.start >= start - slackMs && one.start <= (end ?? Infinity) + slackMs,
  )

/** A node that joins is NotReady until its network is set up and its first status is written; where that takes longer, or is still so, it is told. */
const isJoining = (one: Found, found: readonly Found[], { to }: Timeline): boolean =>
  (one.end ?? to) - one.start <= JOINS_WITHIN_MS &&
  ofKind(found, 'change.node-added', one.entity).some(({ start }) => Math.abs(start - one.start) <= AT_ONCE_MS)
const JOINS_WITHIN_MS = 2 * 60_000
const AT_ONCE_MS = 5_000
