/** app.errors and service.errors: bursts of errors in logs, against what the same application logs on a calm minute. */
import { typeOf, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { failingAddress, failingBackend } from '../backends.js'
import { commonReason, countOf, isAllDay, MIN_COUNT, mostOf, stretchesOf, untilOf } from '../error-stretches.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { median } from '../statistics.js'
import { opening, times } from '../words.js'

const MINUTE = 60_000

export const errors: Detector = {
  id: 'errors',
  finds: ['app.errors', 'service.errors'],
  detect: (timeline) => [...bursts(timeline, 'log.error', 'app.errors'), ...bursts(timeline, 'http.error', 'service.errors')],
}

const bursts = (timeline: Timeline, signal: 'log.error' | 'http.error', kind: 'app.errors' | 'service.errors'): readonly Found[] => {
  const groups = groupBy(timeline.signals, (one) => (one.kind === signal ? `${one.entity} ${refusalIn(one)}` : null))
  return [...groups.values()].flatMap((signals) => {
    const entity = signals[0]?.entity ?? 'cluster'
    const found: Found[] = []
    const stretches = stretchesOf(timeline, signals)
    const rates = stretches.map(({ signals: stretch }) => rateOf(stretch))
    const allDay = isAllDay(timeline, signals)
    let matter = 0
    stretches.forEach(({ signals: stretch, alone, apart }, index) => {
      const count = countOf(stretch)
      const start = stretch[0]?.at ?? 0
      const end = untilOf(stretch)
      if (count < MIN_COUNT) return
      // An application that errs at this rate all day has not burst now; what only part of its day has (a client whenever the same server was killed) has.
      const others = rates.filter((_, other) => other !== index)
      if (!alone && allDay && others.length >= 4 && (rates[index] ?? 0) < median(others) * 3) return
      if (isBackground(timeline, signals, count, start, end)) return
      if (apart) matter++
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

/** What a server turned its clients away for is a matter of its own, whatever else its log complains of all day. */
const refusalIn = ({ entity, attributes: { reason } }: TimedSignal): string =>
  typeOf(entity) === 'postgres' && typeof reason === 'string' && Object.hasOwn(REFUSES, reason) ? reason : ''

/** The name of the reason says that much; the server's own words say which memory, which data, and whether it was the password or the role. */
const SAYS_WHICH: ReadonlySet<string> = new Set(['memory', 'damaged', 'sessions', 'authentication'])

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

const rateOf = (stretch: readonly TimedSignal[]): number => {
  const span = untilOf(stretch) - (stretch[0]?.at ?? 0)
  return countOf(stretch) / Math.max(1, span / MINUTE)
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
