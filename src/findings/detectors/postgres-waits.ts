/**
 * postgres.slow-queries and postgres.lock-pileup from single statements and transactions: requests that all hang at once (a COMMIT that waits for a standby or a disk)
 * leave one line or two in the server's log, when it is over, and in its numbers one transaction that grows older. A long one is a report as often as not; it is another
 * matter where the requests of services took as long and came to an end with it.
 */
import type { Evidence } from '../../model/analysis.js'
import type { Entity } from '../../model/entity.js'
import { addTo, groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { postgresOfLabels, readingOf } from '../measures.js'
import { stepOf } from '../statistics.js'
import { called, duration } from '../words.js'

const LONG_MS = 5_000
/** What is told of ten seconds together may have ended in any of them. */
const TOLD_TOGETHER_MS = 10_000
const TOGETHER_MS = 15_000
/** A service is seen to be slow for as long as a rate's interval lasts. */
const SEEN_LONGER_MS = 45_000

/** Of what most of its requests took. */
const AS_LONG = 0.8
/** Others of half its length, in all the data: a job that takes as long every few minutes ends together with anything. */
const MOST_OTHERS = 3

/** A statement or a transaction that took long. */
interface Long {
  readonly what: 'statement' | 'transaction'
  readonly start: number
  readonly end: number
  /** Its end is known to within so much, either way. */
  readonly slackMs: number
  readonly evidence: Evidence
}

const statements = (series: TimedSeries): readonly Long[] =>
  [...series.times].flatMap((at, index): Long[] => {
    const ms = 1000 * (series.values[index] ?? 0)
    if (ms < LONG_MS) return []
    const [end, slackMs] = [at + TOLD_TOGETHER_MS / 2, TOLD_TOGETHER_MS / 2]
    return [{ what: 'statement', start: end - ms, end, slackMs, evidence: sampleEvidence(series, at, `→ ${(ms / 1000).toFixed(3)} s, the longest`) }]
  })

/**
 * The age of the oldest transaction, by the state of its session. Where it falls one has ended, between two samples.
 * https://github.com/prometheus-community/postgres_exporter/blob/v0.15.0/cmd/postgres_exporter/queries.go
 */
const AGE = /(?:^|:)pg_stat_activity_max_tx_duration$/u

const transactions = (series: TimedSeries): readonly Long[] => {
  const { times, values } = series
  const step = stepOf(times)
  return [...times].flatMap((at, index): Long[] => {
    const [seconds, later, next] = [values[index] ?? 0, values[index + 1], times[index + 1]]
    if (1000 * seconds < LONG_MS || later === undefined || next === undefined || later >= seconds || next - at > 3 * step) return []
    const evidence = sampleEvidence(series, at, `→ the oldest transaction had begun ${seconds.toFixed(1)} s ago, the next one ${later.toFixed(1)} s`)
    return [{ what: 'transaction', start: at - 1000 * seconds, end: (at + next) / 2, slackMs: (next - at) / 2, evidence }]
  })
}

/** Whether it ended as the first slow requests did and took as long, or went on as long as the service was slow. */
const isWaitedFor = (long: Long, { start, end, attributes }: Found): boolean => {
  const seconds = Number(attributes['seconds'] ?? 0)
  const within = TOGETHER_MS + long.slackMs
  const asLong = long.end - long.start >= AS_LONG * 1000 * seconds
  const withFirst = 1000 * seconds >= LONG_MS && asLong && Math.abs(long.end - start) <= within
  const over = (end ?? Infinity) - long.end
  const throughout = over >= -within && over <= within + SEEN_LONGER_MS && Math.abs(long.start - start) <= TOGETHER_MS
  return withFirst || (throughout && asLong)
}

const lasts = ({ start, end }: Long): number => end - start

const KNOWN = ['postgres.slow-queries', 'postgres.lock-pileup'] as const
/** It ends all sessions at once. */
const ENDS_ALL = ['postgres.crashed', 'postgres.recovering', 'postgres.shutdown', 'service.unreachable'] as const

export const postgresWaits: Detector = {
  id: 'postgres-waits',
  finds: ['postgres.slow-queries', 'postgres.lock-pileup'],
  detect(timeline, found) {
    const slow = ofKind(found, 'service.slow')
    if (slow.length === 0) return []
    const servers = [...serversIn(timeline)]
    const told: Found[] = []
    const explained = new Set<Entity>()
    // What a log says of a statement names its server, which the age of a transaction may not: nobody is waiting for two.
    for (const what of ['statement', 'transaction'] as const)
      for (const [server, { busy, idle }] of servers) {
        const waiting = new Map<Long, Entity[]>()
        for (const service of slow) {
          if (explained.has(service.entity)) continue
          const [longest] = busy
            .filter((long) => long.what === what && isWaitedFor(long, service) && busy.filter((other) => lasts(other) >= lasts(long) / 2).length <= MOST_OTHERS)
            .sort((a, b) => lasts(b) - lasts(a))
          if (longest !== undefined) addTo(waiting, longest, service.entity)
        }
        for (const [long, services] of waiting) {
          // What is known of the same time says more, whichever server numbers without a name are of.
          const known = KNOWN.flatMap((kind) => (what === 'statement' ? ofKind(found, kind, server) : ofKind(found, kind)))
          if (known.some((one) => one.start <= long.end && (one.end ?? Infinity) >= long.start)) continue
          const holder = holderOf(long, idle, found, server)
          for (const service of services) explained.add(service)
          const one = { ...hung(server, long), attributes: { waiting: [...new Set(services)].sort().join(' ') } }
          told.push(holder === undefined ? one : { ...one, ...queued(server, long, holder) })
        }
      }
    return told
  },
}

interface LongOfServer {
  /** Of sessions at work. */
  readonly busy: readonly Long[]
  /** Of sessions that were idle in theirs. */
  readonly idle: readonly Long[]
}

const serversIn = (timeline: Timeline): ReadonlyMap<Entity, LongOfServer> => {
  const told = timeline.series.filter((series) => series.name === 'faultline_postgres_statement_seconds')
  const ages = timeline.series.filter((series) => AGE.test(readingOf(series).metric))
  const of = (series: readonly TimedSeries[], longs: (one: TimedSeries) => readonly Long[]): readonly (readonly [Entity, Long])[] =>
    series.flatMap((one) => longs(one).map((long) => [postgresOfLabels(one.labels, timeline), long] as const))
  const inState = (state: RegExp): readonly TimedSeries[] => ages.filter(({ labels }) => state.test(labels['state'] ?? ''))
  const busy = [...of(told, statements), ...of(inState(/^active$/u), transactions)]
  const idle = of(inState(/^idle in transaction/u), transactions)
  return new Map(
    [...groupBy(busy, ([server]) => server)].map(([server, list]) => [
      server,
      { busy: list.map(([, long]) => long), idle: idle.flatMap(([its, long]) => (its === server ? [long] : [])) },
    ]),
  )
}

/** A session that had been idle in its transaction since before the others began to wait, and until they went on: it held what they wanted. */
const holderOf = (long: Long, idle: readonly Long[], found: readonly Found[], server: Entity): Long | undefined => {
  const holder = idle.find((one) => one.start <= long.start && Math.abs(one.end - long.end) <= one.slackMs + long.slackMs)
  const ended = ENDS_ALL.some((kind) =>
    ofKind(found, kind).some((one) => (kind === 'service.unreachable' || one.entity === server) && Math.abs(one.start - long.end) <= TOGETHER_MS),
  )
  return ended ? undefined : holder
}

const hung = (server: Entity, { what, start, end, slackMs, evidence }: Long): Found => ({
  kind: 'postgres.slow-queries',
  entity: server,
  // Of a statement, the latest that it may have begun: what comes before that may have led to it. How old a transaction was tells when it began.
  start: what === 'statement' ? start + slackMs : start,
  end: end + slackMs,
  confidence: 0.8,
  summary: `A ${what} of ${called(server)} took ${((end - start) / 1000).toFixed(1)} s and came to an end when the requests of services did that took as long.`,
  evidence: [evidence],
  attributes: {},
  slackMs: 2 * slackMs,
  dose: (end - start) / 1000,
})

const queued = (server: Entity, long: Long, holder: Long): Partial<Found> => ({
  kind: 'postgres.lock-pileup',
  confidence: 0.75,
  summary: `Sessions of ${called(server)} waited for up to ${duration(lasts(long))}, and went on when one ended that had been idle in its transaction for ${duration(lasts(holder))}.`,
  evidence: [long.evidence, holder.evidence],
})
