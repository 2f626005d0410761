/** Which errors of one program belong together: by their times, by what they say, and by what a server does meanwhile. */
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { signalsOf } from './lookup.js'
import { CALM_BEFORE_STOP_MS, readyAt, stopsAgain } from './restarts.js'
import { COMES } from './starting.js'
import { median } from './statistics.js'

const GAP_MS = 60_000
/** Fewer errors than this in a burst are the noise of a working day. */
export const MIN_COUNT = 3
const MINUTE = 60_000

interface Kept {
  readonly signals: readonly TimedSignal[]
  /** Hardly anything but this went wrong with it all the time: it need not compare with the rest of the day. */
  readonly alone: boolean
}

/**
 * Errors a minute or less apart are one stretch. Of an application with few requests the errors of an hour stand further apart than that: where
 * they keep together at their own pace, and there is next to nothing outside, they are one stretch all the same.
 */
export const stretchesOf = (timeline: Timeline, signals: readonly TimedSignal[]): readonly Stretch[] => {
  const parts = keptTogether(timeline, signals).flatMap(({ signals: stretch, alone }) =>
    byStart(timeline, stretch)
      .flatMap(byMatter)
      .flatMap((part) => byStop(timeline, part))
      .flatMap(withoutStrays)
      .flatMap((part) => byReady(timeline, part))
      .map((part) => ({ signals: part, alone })),
  )
  const own = parts.filter(({ signals: part }, index) => !isOverAfterStart(part, parts[index + 1]?.signals, timeline))
  return own.map((part, index) => ({ ...part, apart: index > 0 && isApart(own[index - 1]?.signals ?? [], part.signals, timeline) }))
}

export interface Stretch extends Kept {
  /** Another trouble than the stretch before it, however near that is. */
  readonly apart: boolean
}

const isApart = (before: readonly TimedSignal[], after: readonly TimedSignal[], timeline: Timeline): boolean =>
  isOtherMatter(before, after) || nextStop(timeline, before, after) || (saysDown(before) && !saysDown(after))

/** What the clients of a server say while it is not there. */
const DOWN: ReadonlySet<string> = new Set(['postgres-unreachable', 'postgres-recovering', 'no-server'])
const saysDown = (signals: readonly TimedSignal[]): boolean => DOWN.has(commonReason(signals))
/** A server that is there again, and refuses its clients for something else, is another trouble for them. */
const byReady = (timeline: Timeline, stretch: readonly TimedSignal[]): readonly (readonly TimedSignal[])[] => {
  const [from, to] = [stretch[0]?.at ?? 0, untilOf(stretch)]
  for (const ready of readyAt(timeline)) {
    if (ready < from || ready > to) continue
    const common = commonReason(stretch.filter(({ until }) => until >= ready))
    if (common === '' || DOWN.has(common)) continue
    const index = stretch.findIndex(({ attributes, at }) => attributes['reason'] === common && at >= ready)
    const before = stretch.slice(0, Math.max(0, index))
    if (before.length > 0 && saysDown(before) && before.every(({ at }) => at >= ready - BEFORE_READY_MS)) return [before, stretch.slice(index)]
  }
  return [stretch]
}
const BEFORE_READY_MS = 5 * MINUTE

/**
 * What a pod complains of in its first seconds, while those that it asks start with it, is over when it goes on without a complaint: that was its start, and what comes
 * later is another trouble.
 */
const byStart = (timeline: Timeline, stretch: readonly TimedSignal[]): readonly (readonly TimedSignal[])[] => {
  const [first] = stretch
  if (first === undefined) return []
  const started = startedBefore(first, timeline)
  const index = stretch.findIndex(({ until }) => until > started + STARTED_MS)
  const next = stretch[index]
  if (index < 1 || next === undefined || next.at - untilOf(stretch.slice(0, index)) <= MATTER_MS) return [stretch]
  return [stretch.slice(index)]
}
const STARTED_MS = 15_000
const startedBefore = ({ entity, at: first }: TimedSignal, timeline: Timeline): number =>
  signalsOf(timeline, entity).findLast(({ kind, at }) => (COMES.has(kind) || kind === 'app.started') && at <= first + STARTED_MS)?.at ?? -Infinity

/** The same where the trouble that comes later is so far away that both are not one stretch to begin with; unless the pod was started anew for it. */
const isOverAfterStart = (stretch: readonly TimedSignal[], next: readonly TimedSignal[] | undefined, timeline: Timeline): boolean => {
  const [[first], [later]] = [stretch, next ?? []]
  if (first === undefined || later === undefined) return false
  const started = startedBefore(first, timeline)
  return untilOf(stretch) <= started + STARTED_MS && startedBefore(later, timeline) === started
}

/** A pause after which nothing is said that was said before is where one trouble ends and another begins. */
const MATTER_MS = 30_000
const byMatter = (stretch: readonly TimedSignal[]): readonly (readonly TimedSignal[])[] => {
  let until = -Infinity
  for (const [index, one] of stretch.entries()) {
    const pause = one.at - until
    until = Math.max(until, one.until)
    if (index === 0 || pause <= MATTER_MS) continue
    const [before, after] = [stretch.slice(0, index), stretch.slice(index)]
    if (isOtherMatter(before, after)) return [before, ...byMatter(after)]
  }
  return [stretch]
}
const isOtherMatter = (before: readonly TimedSignal[], after: readonly TimedSignal[]): boolean => {
  if ((after[0]?.at ?? 0) - untilOf(before) <= MATTER_MS || countOf(before) < MIN_COUNT || countOf(after) < MIN_COUNT) return false
  const said = new Set(before.flatMap(mattersOf))
  return !after.flatMap(mattersOf).some((matter) => said.has(matter))
}
const mattersOf = (one: TimedSignal): readonly string[] => {
  const reason = String(one.attributes['reason'] ?? '')
  return reason === '' || reason === 'other' ? [wordsOf(one)] : [wordsOf(one), reason]
}

/** So soon after a server was asked to stop, its clients notice. */
const NOTICED_MS = 10_000
/** Errors that came when a server was stopped, were over with that, and come again when it is stopped the next time: it did not fail in between. */
const nextStop = (timeline: Timeline, before: readonly TimedSignal[], after: readonly TimedSignal[]): boolean => {
  const isOf = (stop: number, [first]: readonly TimedSignal[]): boolean => first !== undefined && first.at >= stop && first.at - stop <= NOTICED_MS
  const over = untilOf(before)
  return stopsAgain(timeline).some((stop) => isOf(stop.before, before) && isOf(stop.at, after) && stop.at - over >= CALM_BEFORE_STOP_MS)
}
const byStop = (timeline: Timeline, stretch: readonly TimedSignal[]): readonly (readonly TimedSignal[])[] => {
  for (const { at } of stopsAgain(timeline)) {
    const index = stretch.findIndex((one) => one.at >= at)
    const [before, after] = [stretch.slice(0, index), stretch.slice(index)]
    if (index > 0 && nextStop(timeline, before, after)) return [before, ...byStop(timeline, after)]
  }
  return [stretch]
}

/** A pause after which an error with another reason is another matter. */
const STRAY_MS = 10_000

/** A duplicate key half a minute before the server went away is not the beginning of that, nor one afterwards its end. */
const withoutStrays = (stretch: readonly TimedSignal[]): readonly (readonly TimedSignal[])[] => {
  const belongs = belongsTo(stretch)
  if (belongs === null) return [stretch]
  const first = stretch.findIndex(belongs)
  const last = stretch.findLastIndex(belongs)
  const begin = stretch[first]?.at ?? 0
  const end = untilOf(stretch.slice(first, last + 1))
  const before = stretch.slice(0, first).filter((one) => begin - one.until > STRAY_MS)
  const after = stretch.slice(last + 1).filter((one) => one.at - end > STRAY_MS)
  const strays = new Set([before, after].filter((part) => countOf(part) < MIN_COUNT).flat())
  return strays.size === 0 ? [stretch] : [stretch.filter((one) => !strays.has(one))]
}

/** What most of it is about: its reason, or else its words. */
const belongsTo = (stretch: readonly TimedSignal[]): ((one: TimedSignal) => boolean) | null => {
  const common = commonReason(stretch)
  if (common === 'schema') return ({ attributes: { reason } }) => reason === common
  if (common === 'authentication') return ofUsersOften(stretch)
  if (common !== '') return ({ attributes: { reason } }) => !/^(?:other|schema)$/u.test(String(reason ?? ''))
  const most = mostOf(stretch)
  return most === null ? null : (one) => wordsOf(one) === wordsOf(most)
}
/** A monitor without a role of its own is turned away once: nobody's password was changed. */
const ofUsersOften = (stretch: readonly TimedSignal[]): ((one: TimedSignal) => boolean) | null => {
  const counts = new Map<unknown, number>()
  for (const { attributes, count } of stretch) counts.set(attributes['user'], (counts.get(attributes['user']) ?? 0) + count)
  const often = new Set([...counts].flatMap(([user, count]) => (count >= MIN_COUNT ? [user] : [])))
  return often.size === 0 ? null : ({ attributes: { user } }) => often.has(user)
}
/** What half of them say in the same words, or more. */
export const mostOf = (stretch: readonly TimedSignal[]): TimedSignal | null => {
  const [most] = stretch.toSorted((a, b) => b.count - a.count)
  return most === undefined || most.count * 2 < countOf(stretch) ? null : most
}
const wordsOf = ({ evidence: [first] }: TimedSignal): string => (first?.text ?? '').replace(/\d+/gu, '#')

const keptTogether = (timeline: Timeline, signals: readonly TimedSignal[]): readonly Kept[] => {
  const close = cut(signals, GAP_MS)
  if (close.length < 2) return close.map((stretch) => ({ signals: stretch, alone: true }))
  const paces = PACES * median(intervals(signals))
  if (!(paces > GAP_MS)) return close.map((stretch) => ({ signals: stretch, alone: false }))
  const pace = Math.min(MAX_GAP_MS, Math.max(MIN_PACE_MS, paces))
  const whole = timeline.to - timeline.from
  const all = countOf(signals)
  return cut(signals, pace).flatMap((stretch): readonly Kept[] => {
    const count = countOf(stretch)
    const span = Math.max(MINUTE, untilOf(stretch) - (stretch[0]?.at ?? 0))
    const outside = (all - count) / Math.max(1, whole - span)
    const alone = count >= MIN_SPARSE && span < whole * MOST_OF_DAY && outside < (count / span) * 0.1
    return alone ? [{ signals: stretch, alone }] : cut(stretch, GAP_MS).map((part) => ({ signals: part, alone }))
  })
}

/** An application that fails at all its requests errs as often as it is asked; so many times the usual pause is no pause. */
const PACES = 8
/** Fewer that far apart are chance. */
const MIN_SPARSE = 15
const MIN_PACE_MS = 3 * MINUTE
const MAX_GAP_MS = 10 * MINUTE

/** Of the data: what keeps to less of it has a calm time to be compared with. */
const MOST_OF_DAY = 0.6

/** From first to last over most of what the logs that tell of it reach over: a log of an hour is no calm day because another is of a day. */
export const isAllDay = (timeline: Timeline, signals: readonly TimedSignal[]): boolean => {
  const told = new Set(signals.map(({ input }) => input))
  let from = Infinity
  let to = -Infinity
  for (const input of timeline.inputs) {
    if (!told.has(input.path) || input.from === null || input.to === null) continue
    from = Math.min(from, Date.parse(input.from))
    to = Math.max(to, Date.parse(input.to))
  }
  return !(untilOf(signals) - (signals[0]?.at ?? 0) < (to - from) * MOST_OF_DAY)
}

export const countOf = (signals: readonly TimedSignal[]): number => signals.reduce((sum, one) => sum + one.count, 0)
export const untilOf = (signals: readonly TimedSignal[]): number => signals.reduce((latest, one) => Math.max(latest, one.until), -Infinity)

const cut = (signals: readonly TimedSignal[], gap: number): readonly (readonly TimedSignal[])[] => {
  const stretches: TimedSignal[][] = []
  let last = -Infinity
  for (const one of signals) {
    const open = stretches.at(-1)
    if (open === undefined || one.at - last > gap) stretches.push([one])
    else open.push(one)
    last = Math.max(last, one.until)
  }
  return stretches
}

/** From one error to the next, also within a burst that is told as one signal. */
const intervals = (signals: readonly TimedSignal[]): readonly number[] => {
  const found: number[] = []
  let last = NaN
  for (const { at, until, count } of signals) {
    if (at >= last) found.push(at - last)
    for (let index = 1; index < Math.min(count, MOST_OF_BURST); index++) found.push((until - at) / (count - 1))
    last = Math.max(until, Number.isNaN(last) ? until : last)
  }
  return found
}
/** More of one burst tell nothing new of the pace. */
const MOST_OF_BURST = 100

/** What most of the errors name as their reason. */
export const commonReason = (stretch: readonly TimedSignal[]): string => {
  const counts = new Map<string, number>()
  for (const one of stretch) {
    const reason = String(one.attributes['reason'] ?? '')
    counts.set(reason, (counts.get(reason) ?? 0) + one.count)
  }
  const best = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]
  return best === undefined || best[0] === 'other' ? '' : best[0]
}
