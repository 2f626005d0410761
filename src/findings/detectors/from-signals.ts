/** Signals that are conditions by themselves, made into intervals. What needs more than one kind of signal is found by the other detectors. */
import { typeOf, type Entity } from '../../model/entity.js'
import { addTo, groupBy } from '../../model/lists.js'
import { isFindingKind, type FindingKind } from '../../model/vocabulary.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { signalsOf } from '../lookup.js'
import { timesSeen, untilPlaced, withoutOver, withoutQuiet, withoutStart } from '../occurrences.js'
import { aspectOf, isSeldom, POLICIES } from '../policies.js'
import { stretchesOf, type Stretch } from '../stretches.js'
import { isReady } from '../starting.js'
import { isUnheard } from '../unheard.js'

const MINUTE = 60_000

export const fromSignals: Detector = {
  id: 'from-signals',
  finds: Object.keys(POLICIES) as FindingKind[], // the keys of a record over FindingKind
  detect(timeline) {
    const groups = groupBy(timeline.signals, (signal) => {
      const policy = isFindingKind(signal.kind) ? POLICIES[signal.kind] : undefined
      if (!isFindingKind(signal.kind) || policy === undefined || policy.counts?.(signal) === false) return null
      return `${signal.kind}\n${signal.entity}\n${aspectOf(signal.kind, signal.attributes)}`
    })
    const gone = deletions(timeline)
    const stops = timeline.signals.filter(({ kind, phase }) => kind === 'postgres.shutdown' && phase !== 'end')
    const found: Found[] = []
    for (const group of groups.values()) {
      const first = group[0]
      if (first === undefined || !isFindingKind(first.kind)) continue
      const { kind, entity } = first
      const policy = POLICIES[kind]
      if (policy === undefined) continue
      // Whoever shuts a server down ends all of its sessions.
      const told = group.filter(
        (signal) =>
          !isUnheard(signal, timeline) &&
          !(kind === 'action.session-ended' && stops.some((stop) => isOfShutdown(signal, stop))) &&
          !isToldBetter(signal, group) &&
          !isLongDead(signal, group, timeline),
      )
      const lasting =
        kind === 'pod.unschedulable' ? untilPlaced(told, timeline) : withoutQuiet(withoutStart(withoutOver(told), timeline), policy.gapMs, timeline)
      const over = OCCURRENCES.has(kind)
        ? []
        : KEEPS_FROM_START.has(kind)
          ? [...(gone.get(entity) ?? []), ...startsOf(entity, timeline)].sort((a, b) => a - b)
          : (gone.get(entity) ?? [])
      for (const plain of stretchesOf(lasting, policy, over)) {
        const stretch = policy.times === undefined ? plain : { ...plain, count: policy.times(plain.signals, timeline) }
        const seen = stretch.end === null ? stretch : { ...stretch, end: Math.max(stretch.end, stretch.last) }
        const whole =
          kind === 'pod.crash-looping'
            ? wholeLoop(seen, entity, policy.gapMs, timeline)
            : TRIED_AGAIN.has(kind) && typeOf(entity) === 'pod'
              ? untilStarted(seen, entity, policy.gapMs, timeline)
              : seen
        if ((stretch.count < (policy.minCount ?? 1) && policy.isEnough?.(stretch) !== true) || (kind === 'node.runtime-down' && isWakingUp(stretch))) continue
        if (stretch.count < (policy.minPoints ?? 1) && stretch.signals.every(({ phase }) => phase === 'point')) continue
        if (policy.minMs !== undefined && whole.end !== null && whole.end - whole.start < policy.minMs && stretch.count < 3) continue
        found.push({
          kind,
          entity,
          start: whole.start - begunBefore(whole) - triedFor(kind, entity, whole, timeline),
          end: whole.end,
          confidence: Math.min(0.99, 1 - (1 - policy.sure) * 0.8 ** Math.min(6, stretch.count - 1)),
          summary: sentence(policy.say(entity, policy.times === undefined ? { ...whole, count: timesSeen(whole.signals, timeline) } : whole, timeline)),
          evidence: chooseEvidence([...evidenceOf(stretch.signals), ...evidenceOf(policy.also?.(entity, whole, timeline) ?? [])]),
          attributes: {
            ...attributesOf(stretch.signals),
            ...(isOfStart(kind, entity, whole, timeline) ? { during: 'start' } : {}),
            ...(kind === 'pod.unready' && isSeldom(entity, whole, timeline) ? { seldom: 'yes' } : {}),
          },
          slackMs: policy.slackMs ?? 0,
          dose: stretch.count,
        })
      }
    }
    return found
  },
}

/** A certificate had expired before anybody was turned away for it: the first rejection tells by how much. */
const begunBefore = ({ signals }: Stretch): number => Number(signals[0]?.attributes['lateMs'] ?? 0)

/** What a pod waits for from its first moment on is told when the first try has failed, which may take its time-out; nothing else may have kept it waiting. Milliseconds. */
const triedFor = (kind: FindingKind, pod: Entity, { start }: Stretch, timeline: Timeline): number => {
  if (kind !== 'pod.image-pull-failed' || typeOf(pod) !== 'pod') return 0
  const before = signalsOf(timeline, pod).filter(({ at }) => at < start)
  const placed = before.findLast((signal) => signal.kind === 'pod.scheduled')
  if (placed === undefined || start - placed.at > TRIED_MS) return 0
  const since = before.filter(({ at }) => at >= placed.at)
  // A kubelet's PLEG calls the sandbox a container, too, and names neither.
  const started = since.filter((signal) => signal.kind === 'container.started')
  const isFirst = started.length <= 1 && !since.some((signal) => STARTS.has(signal.kind) && signal.attributes['container'] !== undefined)
  return isFirst && !since.some((signal) => KEEPS_WAITING.has(signal.kind)) ? start - placed.at : 0
}
const KEEPS_WAITING: ReadonlySet<string> = new Set(['pod.sandbox-failed', 'pod.volume-mount-failed'])
/** The runtime gives up a registry that does not answer after 30 s. */
const TRIED_MS = 45_000

/** A pod is not ready while its container starts, and then it is: what befalls it later is another matter. */
const isOfStart = (kind: FindingKind, pod: Entity, { start, end, signals }: Stretch, timeline: Timeline): boolean =>
  kind === 'pod.unready' &&
  end !== null &&
  signals.at(-1)?.phase === 'end' &&
  signalsOf(timeline, pod).some((one) => STARTS.has(one.kind) && Math.abs(one.at - start) <= STARTED_MS)
const STARTS: ReadonlySet<string> = new Set(['pod.started', 'container.started'])
const STARTED_MS = 5_000

/** A kubelet that was stopped or frozen finds in its first moment that its runtime has not answered for so long; where it does not answer, it says so again. */
const isWakingUp = ({ signals, start, last }: Stretch): boolean =>
  last - start < WAKING_MS && signals.every(({ attributes }) => attributes['reason'] === 'runtime')
const WAKING_MS = 2_000

/** A watch shows a node that was deleted as it was last written, minutes before maybe; the control plane says when it found it gone. */
const isToldBetter = (signal: TimedSignal, group: readonly TimedSignal[]): boolean =>
  signal.kind === 'change.node-removed' &&
  signal.attributes['source'] === 'watch' &&
  group.some((other) => other.attributes['source'] === undefined && other.at >= signal.at && other.at - signal.at <= WRITTEN_WITHIN_MS)
/** nodeStatusReportFrequency is 5 min. */
const WRITTEN_WITHIN_MS = 6 * MINUTE

/** What its kubelet evicted stays listed: that it is told to go once more, with all that is listed on its node, does nothing to it. One that is placed again is another. */
const isLongDead = (signal: TimedSignal, group: readonly TimedSignal[], timeline: Timeline): boolean =>
  signal.kind === 'pod.evicted' &&
  signal.attributes['reason'] === 'taint' &&
  group.some(
    (other) =>
      BY_KUBELET.has(other.attributes['reason']) &&
      other.at < signal.at &&
      !signalsOf(timeline, signal.entity).some(({ kind, at }) => kind === 'pod.scheduled' && at > other.at && at <= signal.at),
  )
const BY_KUBELET: ReadonlySet<unknown> = new Set(['memory', 'disk', 'disk-limit'])

/** From the request on, as long as a session may take to notice. */
const isOfShutdown = (signal: TimedSignal, stop: TimedSignal): boolean =>
  stop.entity === signal.entity && signal.at >= stop.at - 1_000 && signal.at <= stop.until + MINUTE

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

const attributesOf = (signals: readonly TimedSignal[]): Found['attributes'] =>
  Object.assign({}, ...signals.map((signal) => signal.attributes).reverse()) as Found['attributes'] // a merge of attributes is attributes

/** What happens to a pod in a moment does not last until the pod is taken away. */
const OCCURRENCES: ReadonlySet<FindingKind> = new Set<FindingKind>(['pod.evicted', 'pod.oom-killed'])

/** A container that starts has its sandbox and its volumes. */
const KEEPS_FROM_START: ReadonlySet<FindingKind> = new Set<FindingKind>(['pod.sandbox-failed', 'pod.volume-mount-failed'])
const startsOf = (pod: Entity, timeline: Timeline): readonly number[] =>
  signalsOf(timeline, pod).flatMap(({ kind, at, until }) => (kind === 'container.started' ? [...new Set([at, until])] : []))

/** A program that ends as soon as it is started was in its loop from the first start on, before anybody backed off. What is killed ran until then. */
const wholeLoop = (seen: Stretch, pod: Entity, gapMs: number, timeline: Timeline): Stretch => ({
  ...seen,
  start: firstStart(seen.start, pod, timeline),
  end: seen.end === seen.last ? wellAfter(seen.last, pod, gapMs, timeline) : seen.end,
})
const firstStart = (backedOff: number, pod: Entity, timeline: Timeline): number => {
  const before = signalsOf(timeline, pod).filter(({ at }) => at <= backedOff)
  const death = before.find(({ kind, at }) => kind === 'container.exited' && backedOff - at <= BACKED_OFF_MS)
  if (death === undefined || Number(death.attributes['exitCode'] ?? KILLED) >= KILLED) return backedOff
  const start = before.findLast(({ kind, at }) => kind === 'container.started' && at <= death.at)
  return start !== undefined && death.at - start.at <= SHORT_LIFE_MS ? start.at : backedOff
}
const BACKED_OFF_MS = 90_000
const SHORT_LIFE_MS = 5_000
/** 128 and the number of the signal: https://tldp.org/LDP/abs/html/exitcodes.html */
const KILLED = 128

/**
 * What is tried again after a while, and longer each time, says that it failed, not that it went well: it is over when the pod gets on, and open where the data
 * end before another failure would have been said. pkg/util/goroutinemap/exponentialbackoff, pkg/kubelet/images/image_manager.go
 */
const wellAfter = (last: number, pod: Entity, gapMs: number, timeline: Timeline, isStarted: (signal: TimedSignal) => boolean = () => false): number | null =>
  signalsOf(timeline, pod).find((signal) => signal.at > last && (isReady(signal) || isStarted(signal)))?.at ?? (timeline.to - last < gapMs ? null : last)

/** One failed try is over with the next one, of which nobody says that it went well. */
const untilStarted = (seen: Stretch, pod: Entity, gapMs: number, timeline: Timeline): Stretch => {
  if (seen.end !== seen.last || seen.last - seen.start < TRIED_AGAIN_MS) return seen
  const container = seen.signals.at(-1)?.attributes['container']
  const isStarted = ({ kind, attributes }: TimedSignal): boolean =>
    (kind === 'container.started' || (kind === 'pod.started' && attributes['container'] !== undefined)) &&
    (container === undefined || attributes['container'] === container)
  return { ...seen, end: wellAfter(seen.last, pod, gapMs, timeline, isStarted) }
}
const TRIED_AGAIN_MS = 5_000
/** The longest back-offs are 2 min and 5 min. */
const TRIED_AGAIN: ReadonlySet<FindingKind> = new Set<FindingKind>(['pod.volume-mount-failed', 'pod.image-pull-failed'])

/** When pods went away: what was wrong with them ended then. */
const deletions = (timeline: Timeline): ReadonlyMap<Entity, readonly number[]> => {
  const gone = new Map<Entity, number[]>()
  for (const signal of timeline.signals) if (signal.kind === 'pod.deleted' && typeOf(signal.entity) === 'pod') addTo(gone, signal.entity, signal.at)
  return gone
}
