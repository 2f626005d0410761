/** How often something was so, and from when to when: what several sources tell of the same failures, and one event of many times. */
import { typeOf, type Entity } from '../model/entity.js'
import { once } from '../model/once.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { signalsOf } from './lookup.js'
import { COMES, isReady } from './starting.js'
import { eachTime } from './steps.js'

const formats = once(({ inputs }: Timeline) => new Map(inputs.map(({ path, format }) => [path, format])))

/** Events, a kubelet's log and objects tell of the same failures, which are not added up; several files of one format are parts of a whole. */
export const timesSeen = (signals: readonly TimedSignal[], timeline: Timeline): number => {
  const counts = new Map<string, number>()
  for (const { input, phase, count } of signals) {
    if (phase === 'end') continue
    const format = formats(timeline).get(input) ?? ''
    counts.set(format, (counts.get(format) ?? 0) + count)
  }
  return Math.max(0, ...counts.values())
}

/** A kill that the kernel, the kubelet's event and a status tell of is one: by the victim's pid, where it is told. */
export const kills = (signals: readonly TimedSignal[], timeline: Timeline): number => {
  const victims = new Set(signals.flatMap(({ attributes: { pid } }) => (pid === undefined ? [] : [pid])))
  const unnamed = signals.filter(({ attributes }) => attributes['pid'] === undefined)
  return Math.max(victims.size, timesSeen(unnamed, timeline))
}

/** The scheduler says once that no node takes a pod, and not again before something changes: it waits until it is bound. */
export const untilPlaced = (signals: readonly TimedSignal[], timeline: Timeline): readonly TimedSignal[] => {
  const first = signals[0]
  if (first === undefined || typeOf(first.entity) !== 'pod') return signals
  const placed = signalsOf(timeline, first.entity).find(({ kind, at }) => kind === 'pod.scheduled' && at > first.at)
  if (placed === undefined || signals.some(({ phase, until }) => phase !== 'point' || until > placed.at)) return signals
  return [{ ...first, phase: 'begin' }, ...signals.slice(1), { ...placed, kind: first.kind, phase: 'end', attributes: {} }]
}

/**
 * An event of many times says when it was so first and last, which may be hours apart. Where another source tells of the last of them one by one, and was
 * silent before that although it was written, or says that it began then, there was nothing for so long: what was so first is another matter.
 */
export const withoutQuiet = (signals: readonly TimedSignal[], gapMs: number, timeline: Timeline): readonly TimedSignal[] => {
  if (!signals.some((signal) => isLong(signal, gapMs))) return signals
  const from = new Map(timeline.inputs.map((input) => [input.path, Date.parse(input.from ?? '')]))
  return signals
    .flatMap((signal) => {
      if (!isLong(signal, gapMs)) return [signal]
      if (isRare(signal, gapMs)) return eachTime(signal)
      const others = signals.filter((other) => other.input !== signal.input && other.phase !== 'end' && other.until >= signal.at)
      const next = others[0]
      if (next === undefined) return [signal]
      const since = Math.max(signal.at, Math.min(...others.map(({ input, at }) => (at === next.at ? (from.get(input) ?? Infinity) : Infinity))))
      const began = next.at - signal.at > gapMs && others.some(({ phase, at }) => phase === 'begin' && at - next.at <= gapMs)
      const isQuiet = (began || next.at - since > quietFor(signal, gapMs)) && next.at <= signal.until + SAME_TIME_MS
      return isQuiet
        ? [
            { ...signal, until: signal.at, count: 1 },
            { ...signal, at: Math.min(next.at, signal.until), count: signal.count - 1 },
          ]
        : [signal]
    })
    .sort((a, b) => a.at - b.at)
}

/**
 * An event of many times is two, the first and the last, where another source says that it was over in between. What was so between those two is told by whoever
 * tells of it one by one.
 */
export const withoutOver = (signals: readonly TimedSignal[]): readonly TimedSignal[] => {
  if (!signals.some(({ phase }) => phase === 'end')) return signals
  return signals
    .flatMap((signal) => {
      const { phase, at, until, count, input, evidence } = signal
      // Of what a log says many times, more than one place is kept.
      const isEvent = phase === 'point' && count > 1 && evidence.length === 1
      if (!isEvent || until - at <= 2 * SAME_TIME_MS) return [signal]
      const over = signals.findLast((one) => one.phase === 'end' && one.at > at + SAME_TIME_MS && one.at < until - SAME_TIME_MS)
      if (over === undefined) return [signal]
      const again = signals.find((one) => one.phase !== 'end' && one.input !== input && one.at >= over.at)
      return [
        { ...signal, until: at, count: 1 },
        { ...signal, at: Math.min(until, again?.at ?? until), count: count - 1 },
      ]
    })
    .sort((a, b) => a.at - b.at)
}

/**
 * A probe is asked every few seconds, and each time that it fails is an event, until so many have come in a row that the rest is left out: two of them in five
 * minutes are two moments. client-go, tools/record/events_cache.go (defaultSpamBurst)
 */
const isRare = ({ kind, at, until, count }: TimedSignal, gapMs: number): boolean =>
  kind === 'pod.unready' && count <= LEAST_LEFT_OUT && until - at > gapMs * (count - 1)
const LEAST_LEFT_OUT = 20

/** As long as three times of it would have taken, were they spread evenly. */
const quietFor = ({ at, until, count }: TimedSignal, gapMs: number): number =>
  Math.min(gapMs, Math.max(LEAST_QUIET_MS, (3 * (until - at)) / Math.max(1, count - 1)))
const LEAST_QUIET_MS = 15_000
const isLong = ({ phase, at, until, count }: TimedSignal, gapMs: number): boolean => phase === 'point' && count > 1 && until - at > gapMs
/** Events have whole seconds. */
const SAME_TIME_MS = 1_000

/** periodSeconds of a probe, where nobody set another. */
const USUAL_PERIOD_SECONDS = 10
/** So many times as long as one after the other would take. */
const SELDOM = 2.5

/** Whether so many failures of a pod's probe, over so long, were no single stretch. */
export const areSeldom = (pod: Entity, count: number, forMs: number, { topology }: Timeline): boolean => {
  const period = topology.limit(topology.workloadOf(pod) ?? pod, 'probe-period') ?? topology.limit(pod, 'probe-period') ?? USUAL_PERIOD_SECONDS
  return forMs > count * period * SELDOM * 1000
}

const STARTING_MS = 30_000

/**
 * An event counts what came of a probe while the pod started, and minutes later; a log has a line of each. Where nothing more is said of the pod for a while after it
 * started, it was ready then: the first failure was of the start, whoever tells of it.
 */
export const withoutStart = (signals: readonly TimedSignal[], timeline: Timeline): readonly TimedSignal[] =>
  signals.flatMap((signal) => {
    const { kind, entity, phase, at, until, count } = signal
    if (kind !== 'pod.unready' || phase !== 'point' || (count > 1 && !areSeldom(entity, count, until - at, timeline))) return [signal]
    const own = signalsOf(timeline, entity)
    const started = own.findLast((one) => COMES.has(one.kind) && at >= one.at)
    // One that had been ready by then had started.
    const isOfStart = started !== undefined && at - started.at <= STARTING_MS && !own.some((one) => isReady(one) && one.at >= started.at && one.at <= at)
    if (!isOfStart) return [signal]
    if (own.some((one) => one.kind === 'pod.unready' && one.phase !== 'end' && one.at > at && one.at - at <= OVER_MS)) return eachTime(signal)
    return count > 1 ? eachTime(signal).slice(1) : []
  })
/** Several periods of most probes. */
const OVER_MS = 20_000
