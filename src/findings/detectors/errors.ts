/** app.errors and service.errors: bursts of errors in logs, against what the same application logs on a calm minute. */
import { typeOf, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { failingAddress, failingBackend } from '../backends.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { CALM_BEFORE_STOP_MS, stopsAgain } from '../restarts.js'
import { median } from '../statistics.js'
import { opening, times } from '../words.js'

const GAP_MS = 60_000
/** Fewer errors than this in a burst are the noise of a working day. */
const MIN_COUNT = 3
const MINUTE = 60_000

export const errors: Detector = {
  id: 'errors',
  finds: ['app.errors', 'service.errors'],
  detect: (timeline) => [...bursts(timeline, 'log.error', 'app.errors'), ...bursts(timeline, 'http.error', 'service.errors')],
}

const bursts = (timeline: Timeline, signal: 'log.error' | 'http.error', kind: 'app.errors' | 'service.errors'): readonly Found[] => {
  const groups = groupBy(timeline.signals, (one) => (one.kind === signal ? one.entity : null))
  return [...groups].flatMap(([entity, signals]) => {
    const found: Found[] = []
    const stretches = stretchesOf(timeline, signals)
    const rates = stretches.map(({ signals: stretch }) => rateOf(stretch))
    const allDay = isAllDay(timeline, signals)
    let matter = 0
    stretches.forEach(({ signals: stretch, alone }, index) => {
      const count = stretch.reduce((sum, one) => sum + one.count, 0)
      const start = stretch[0]?.at ?? 0
      const end = Math.max(...stretch.map((one) => one.until))
      if (count < MIN_COUNT) return
      // An application that errs at this rate all day has not burst now; what only part of its day has (a client whenever the same server was killed) has.
      const others = rates.filter((_, other) => other !== index)
      if (!alone && allDay && others.length >= 4 && (rates[index] ?? 0) < median(others) * 3) return
      if (isBackground(timeline, signals, count, start, end)) return
      const before = stretches[index - 1]
      if (before !== undefined && (isOtherMatter(before.signals, stretch) || nextStop(timeline, before.signals, stretch))) matter++
      const reason = commonReason(stretch)
      const refuses = kind === 'app.errors' && typeOf(entity) === 'postgres' ? REFUSES[reason] : undefined
      found.push({
        kind,
        entity,
        start,
        end,
        confidence: Math.min(0.95, 0.6 + 0.05 * count),
        summary:
          refuses === undefined
            ? said(kind, entity, reason, count, stretch)
            : `${opening(entity)} ${refuses}${usersOf(stretch)}, ${times(count)}${SAYS_WHICH.has(reason) ? quoted('such as', stretch.toSorted((a, b) => b.count - a.count)[0]) : ''}.`,
        evidence: chooseEvidence(evidenceOf(stretch)),
        attributes: {
          ...(reason === '' ? {} : { reason }),
          ...(kind === 'app.errors' ? whyOf(reason, stretch) : {}),
          ...(matter === 0 ? {} : { matter }),
          ...(refuses === undefined ? {} : { does: refuses, ...onlyUser(stretch) }),
          ...(kind === 'service.errors' ? failingBackend(entity, start, end, timeline) : failingAddress(stretch, timeline)),
        },
        slackMs: 5_000,
        dose: count,
      })
    })
    return found
  })
}

/** What a server's own log says of those whom it turned away. */
const REFUSES: Readonly<Record<string, string>> = {
  authentication: 'refused logins',
  'read-only': 'took no writes',
  memory: 'had no memory for statements',
  damaged: 'could not read damaged data',
  sessions: 'could not take new connections',
}

/** The name of the reason says that much; the server's own words say which memory, which data. */
const SAYS_WHICH: ReadonlySet<string> = new Set(['memory', 'damaged', 'sessions'])

/** Which table, which column, which memory. */
const SAYS_LITTLE: ReadonlySet<string> = new Set(['schema', 'postgres-denied', 'postgres-damaged', 'postgres-memory'])

const said = (kind: 'app.errors' | 'service.errors', entity: Entity, reason: string, count: number, stretch: readonly TimedSignal[]): string => {
  if (kind === 'service.errors') return `${opening(entity)} answered with errors, ${times(count)}.`
  const name = opening(entity)
  if (reason === 'query_wait_timeout') return `${name} had no server connection free for its clients in time, ${times(count)} (${reason}).`
  if (reason === 'no-server') return `${name} had no connection to its server, ${times(count)}.`
  return `${name} logged errors, ${times(count)}${reason === '' ? '' : ` (${reason})`}${reason === '' || SAYS_LITTLE.has(reason) ? mostSay(stretch) : ''}.`
}

const MAX_QUOTED = 120
/** The message of a JSON or logfmt line, and what a server says behind its severity. */
const MESSAGES = [
  /"(?:message|msg|error|err)" ?: ?"((?:[^"\\]|\\.){4,300})"/u,
  /\b(?:msg|message|error|err)="((?:[^"\\]|\\.){4,300})"/u,
  /\b(?:ERROR|FATAL|PANIC|LOG): {1,2}(.{4,300})$/mu,
  /,(?:ERROR|FATAL|PANIC|LOG),[0-9A-Z]{5},"((?:[^"]|""){4,300})"/u,
]
/** Where no reason is known that has a name, or its name says little: the words of most of them. */
const mostSay = (stretch: readonly TimedSignal[]): string => quoted('most say', mostOf(stretch))

const quoted = (how: string, one: TimedSignal | null | undefined): string => {
  const plain = messageOf(one)
  return plain === '' ? '' : `; ${how}: ${plain.length > MAX_QUOTED ? `${plain.slice(0, MAX_QUOTED)}…` : plain}`
}

const messageOf = (one: TimedSignal | null | undefined): string => {
  const text = one?.evidence[0]?.text ?? ''
  const message = MESSAGES.map((pattern) => pattern.exec(text)?.[1]).find((found) => found !== undefined)
  if (message === undefined) return ''
  return message
    .replace(/\\(["\\])/gu, '$1')
    .replace(/\\[nt]|\s+/gu, ' ')
    .replace(/[. ]+$/u, '')
}

const FEWEST_WORDS = 4
/** What most of them say of why, where that has no name: 'request failed' and 'job failed' are what programs say before it. Two words are said of many things. */
const whyOf = (reason: string, stretch: readonly TimedSignal[]): { readonly why?: string } => {
  if (reason !== '' && !SAYS_LITTLE.has(reason)) return {}
  const why = messageOf(mostOf(stretch)).replace(/^[^:"]{1,40} failed: /u, '')
  return why.split(' ').length < FEWEST_WORDS ? {} : { why: why.slice(0, MAX_QUOTED) }
}

interface Stretch {
  readonly signals: readonly TimedSignal[]
  /** Hardly anything but this went wrong with it all the time: it need not compare with the rest of the day. */
  readonly alone: boolean
}

/**
 * Errors a minute or less apart are one stretch. Of an application with few requests the errors of an hour stand further apart than that: where
 * they keep together at their own pace, and there is next to nothing outside, they are one stretch all the same.
 */
const stretchesOf = (timeline: Timeline, signals: readonly TimedSignal[]): readonly Stretch[] =>
  keptTogether(timeline, signals).flatMap(({ signals: stretch, alone }) =>
    byMatter(stretch)
      .flatMap((part) => byStop(timeline, part))
      .flatMap(withoutStrays)
      .map((part) => ({ signals: part, alone })),
  )

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
  if (common !== '') return ({ attributes: { reason } }) => !/^(?:other|schema)$/u.test(String(reason ?? ''))
  const most = mostOf(stretch)
  return most === null ? null : (one) => wordsOf(one) === wordsOf(most)
}
/** What half of them say in the same words, or more. */
const mostOf = (stretch: readonly TimedSignal[]): TimedSignal | null => {
  const [most] = stretch.toSorted((a, b) => b.count - a.count)
  return most === undefined || most.count * 2 < countOf(stretch) ? null : most
}
const wordsOf = ({ evidence: [first] }: TimedSignal): string => (first?.text ?? '').replace(/\d+/gu, '#')

const keptTogether = (timeline: Timeline, signals: readonly TimedSignal[]): readonly Stretch[] => {
  const close = cut(signals, GAP_MS)
  if (close.length < 2) return close.map((stretch) => ({ signals: stretch, alone: true }))
  const paces = PACES * median(intervals(signals))
  if (!(paces > GAP_MS)) return close.map((stretch) => ({ signals: stretch, alone: false }))
  const pace = Math.min(MAX_GAP_MS, Math.max(MIN_PACE_MS, paces))
  const whole = timeline.to - timeline.from
  const all = countOf(signals)
  return cut(signals, pace).flatMap((stretch): readonly Stretch[] => {
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
const isAllDay = (timeline: Timeline, signals: readonly TimedSignal[]): boolean => {
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

const countOf = (signals: readonly TimedSignal[]): number => signals.reduce((sum, one) => sum + one.count, 0)
const untilOf = (signals: readonly TimedSignal[]): number => signals.reduce((latest, one) => Math.max(latest, one.until), -Infinity)

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

const rateOf = (stretch: readonly TimedSignal[]): number => {
  const count = stretch.reduce((sum, one) => sum + one.count, 0)
  const span = Math.max(...stretch.map((one) => one.until)) - (stretch[0]?.at ?? 0)
  return count / Math.max(1, span / MINUTE)
}

/** One stretch that covers nearly all of the data at an even pace is how this application always is. */
const isBackground = (timeline: Timeline, signals: readonly TimedSignal[], count: number, start: number, end: number): boolean => {
  const whole = timeline.to - timeline.from
  if (!(whole > 10 * MINUTE) || end - start < whole * 0.8) return false
  const perMinute = new Map<number, number>()
  for (const one of signals) {
    const minutes = Math.max(1, Math.ceil((one.until - one.at) / MINUTE))
    for (let minute = 0; minute < minutes; minute++) {
      const key = Math.floor(one.at / MINUTE) + minute
      perMinute.set(key, (perMinute.get(key) ?? 0) + one.count / minutes)
    }
  }
  const most = Math.max(...perMinute.values())
  return most < (3 * count * MINUTE) / (end - start)
}

const MOST_USERS = 3
const refusedUsers = (stretch: readonly TimedSignal[]): readonly string[] => [
  ...new Set(stretch.flatMap(({ attributes }) => (attributes['reason'] === 'authentication' ? String(attributes['user'] ?? '') : '') || [])),
]
const onlyUser = (stretch: readonly TimedSignal[]): { readonly refused?: string } => {
  const [user, ...others] = refusedUsers(stretch)
  return user === undefined || others.length > 0 ? {} : { refused: user }
}
const usersOf = (stretch: readonly TimedSignal[]): string => {
  const users = refusedUsers(stretch)
  if (users.length === 0) return ''
  return ` of ${users.slice(0, MOST_USERS).join(', ')}${users.length > MOST_USERS ? ` and ${users.length - MOST_USERS} more` : ''}`
}

/** What most of the errors name as their reason. */
const commonReason = (stretch: readonly TimedSignal[]): string => {
  const counts = new Map<string, number>()
  for (const one of stretch) {
    const reason = String(one.attributes['reason'] ?? '')
    counts.set(reason, (counts.get(reason) ?? 0) + one.count)
  }
  const best = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]
  return best === undefined || best[0] === 'other' ? '' : best[0]
}
