/** What Postgres' own numbers show: connections climbing to their ceiling, locks, replication slots that keep WAL. */
import type { Entity } from '../../model/entity.js'
import { nameOf, typeOf } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { fullest, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { connectionsUsed } from '../expression/shares.js'
import { asMetric, formOf, inShares, labelsOf, postgresOfLabels, readingOf, undone } from '../measures.js'
import { combine, higher, type Interval, median, onsetOfRise, smoothed, stepOf, stretches, usualOf, valueAt, type Column } from '../statistics.js'
import { bytes, called, duration, opening } from '../words.js'

export const postgresMetrics: Detector = {
  id: 'postgres-metrics',
  finds: ['postgres.connections-rising', 'postgres.connections-saturated', 'postgres.lock-pileup', 'postgres.slow-queries', 'metric.anomalous'],
  detect(timeline, found) {
    return [...connectionCounts(timeline)]
      .flatMap(([server, count]) => connections(server, count, timeline, found))
      .concat(lockQueues(timeline), slowStatements(timeline), heldWal(timeline))
  },
}

/** superuser_reserved_connections is 3 by default: ordinary clients are refused when no more than these are left. */
const RESERVED = 3

interface Count {
  readonly column: Column
  readonly source: TimedSeries
  readonly max: number | null
  /** Percent of a ceiling that is not known, where only that was measured. */
  readonly inPercent: boolean
}

/** Sessions of each server over time, from the exporter where there is one, else from the log's own bookkeeping. */
export const connectionCounts = (timeline: Timeline): ReadonlyMap<Entity, Count> => {
  const about = (series: TimedSeries): Entity => postgresOfLabels(series.labels, timeline)
  const counts = new Map<Entity, Count>()
  const ceilings = groupBy(
    timeline.series.filter((series) => series.name === 'pg_settings_max_connections'),
    about,
  )
  const ceilingOf = (server: Entity): number | null => ceilings.get(server)?.[0]?.values[0] ?? timeline.topology.limit(server, 'max_connections')
  const add = (fits: (series: TimedSeries) => boolean): void => {
    for (const [server, group] of groupBy(timeline.series.filter(fits), about)) {
      const source = fullest(group)
      if (source === undefined || counts.has(server)) continue
      counts.set(server, { column: combine(group.map(asMetric), 'sum'), source, max: ceilingOf(server), inPercent: false })
    }
  }
  add((series) => series.name === 'pg_stat_activity_count')
  add((series) => series.name === 'pg_stat_database_numbackends')
  add((series) => isGaugeOf(series, /^pg_stat_activity_count$/u) && (formOf(series)?.terms[0]?.of.through.every(({ does }) => does === 'sum') ?? false))
  add(
    (series) =>
      /\b(?:postgres(?:ql)?|pg|database)\b.*\bconnections\b|^connections\b.*\b(?:postgres(?:ql)?|pg|database)\b/iu.test(series.name) &&
      !/max|limit|%|percent|ratio|pool|[({]/iu.test(`${series.name} ${series.labels['legend'] ?? ''}`),
  )
  // Of a database that AWS runs: whether that is Postgres, something else in the dump has to say.
  if (speaksOfPostgres(timeline)) add((series) => series.name === 'DatabaseConnections')
  add((series) => series.name === 'faultline_postgres_sessions')
  for (const source of timeline.series) {
    const form = formOf(source)
    const shown = form === null ? null : connectionsUsed(form)
    const used = shown === null ? null : inShares(undone(source, shown))
    const server = used === null ? null : postgresOfLabels(labelsOf(source), timeline)
    if (used === null || server === null || counts.has(server)) continue
    const max = ceilingOf(server)
    counts.set(server, { column: undone(used, { by: 1 / (max ?? 100), plus: 0 }), source, max: max ?? 100, inPercent: max === null })
  }
  return counts
}

const isGaugeOf = (series: TimedSeries, metric: RegExp): boolean => readingOf(series).form === 'gauge' && metric.test(readingOf(series).metric)

const speaksOfPostgres = (timeline: Timeline): boolean =>
  timeline.signals.some(({ entity }) => typeOf(entity) === 'postgres') ||
  timeline.series.some(({ name, input }) => /^pg_/u.test(name) || /postgres|pgsql/iu.test(input))

const connections = (server: Entity, { column, source, max, inPercent }: Count, timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  if (column.times.length < 5) return []
  const step = stepOf(column.times)
  const unit = inPercent ? '% of its connections' : 'connections'
  const refused = ofKind(found, 'postgres.connections-saturated', server)
  const result: Found[] = []
  const near = max === null ? [] : stretches(column, (value) => value >= max - RESERVED, Math.max(30_000, 3 * step), higher)
  for (const stretch of near) {
    result.push({
      kind: 'postgres.connections-saturated',
      entity: server,
      start: stretch.start,
      end: stretch.end,
      confidence: 0.8,
      summary: `${opening(server)} had ${stretch.peak.toFixed(0)} ${inPercent ? '' : `of ${String(max)} `}${unit} in use.`,
      evidence: [sampleEvidence(source, stretch.start, `→ ${valueAt(column, stretch.start).toFixed(0)} ${unit} in all`)],
      attributes: {},
      slackMs: step,
      dose: stretch.peak,
    })
  }
  // The climb towards each time the ceiling was hit, or else the largest climb to a multiple of what is usual.
  const ceilings = [...refused.map((one) => one.start), ...near.map((stretch) => stretch.start)].sort((a, b) => a - b)
  const tops = ceilings.length > 0 ? ceilings.slice(0, 1) : highest(column)
  for (const top of tops) {
    const until = peakAround(column, top, step)
    const { at, usual, peak } = onsetOfRise(smoothed(column), until)
    // Up to a ceiling that was hit, what the climb took of it tells; without one, a multiple of what is usual.
    const climbed = peak - usual
    const enough = ceilings.length > 0 ? climbed >= Math.max(3, (max ?? peak) * 0.15) : peak >= usual * 1.5 && climbed >= Math.max(20, (max ?? 100) * 0.4)
    if (!enough || at > top + step) continue
    const end = column.times.find((time, index) => time > until && (column.values[index] ?? 0) < usual + (peak - usual) / 2)
    result.push({
      kind: 'postgres.connections-rising',
      entity: server,
      start: at,
      end: end ?? null,
      confidence: ceilings.length > 0 ? 0.9 : 0.75,
      summary: `The connections of ${called(server)} climbed from about ${usual.toFixed(0)} to ${peak.toFixed(0)}${inPercent ? ' % of those it has' : max === null ? '' : ` of ${max}`}${whose(timeline, server, at, until)}.`,
      evidence: [
        sampleEvidence(source, at, `→ ${valueAt(column, at).toFixed(0)} ${unit} in all`),
        sampleEvidence(source, until, `→ ${peak.toFixed(0)} ${unit} in all`),
      ],
      attributes: { from: Math.round(usual), to: Math.round(peak) },
      slackMs: step * 3,
      dose: peak - usual,
    })
  }
  return result
}

const highest = (column: Column): readonly number[] => {
  let at = NaN
  let most = -Infinity
  column.values.forEach((value, index) => {
    if (value > most) {
      most = value
      at = column.times[index] ?? NaN
    }
  })
  return Number.isNaN(at) ? [] : [at]
}

/** The most within a minute around a moment: the ceiling is hit somewhat before or after a scrape sees it. */
const peakAround = (column: Column, top: number, step: number): number => {
  let best = top
  let most = -Infinity
  column.times.forEach((at, index) => {
    if (at < top - 2 * step || at > top + Math.max(10_000, 2 * step)) return
    const value = column.values[index] ?? 0
    if (value > most) {
      most = value
      best = at
    }
  })
  return best
}

/** Who opened them, where the log's bookkeeping or the exporter tells users or applications apart. */
const whose = (timeline: Timeline, server: Entity, from: number, to: number): string => {
  let most = 0
  let who = ''
  for (const series of timeline.series) {
    if (
      series.name !== 'faultline_postgres_sessions' &&
      !(series.name === 'pg_stat_activity_count' && (series.labels['usename'] ?? series.labels['application_name']) !== undefined)
    )
      continue
    if (postgresOfLabels(series.labels, timeline) !== server) continue
    const rise = valueAt(series, to) - valueAt(series, from - 1)
    if (rise > most) {
      most = rise
      who = series.labels['application'] ?? series.labels['application_name'] ?? series.labels['user'] ?? series.labels['usename'] ?? ''
    }
  }
  return who === '' ? '' : `, most of them opened by ${who}`
}

/** Sessions that wait for a lock, as exporters and people's own queries count them. postgres_exporter splits pg_stat_activity_count by wait_event_type since 0.12. */
const countsWaiting = (series: TimedSeries): boolean =>
  isGaugeOf(series, /pg_locks?_(?:waiting|blocked)|pg_stat_activity_waiting/u) ||
  (series.name === 'pg_stat_activity_count' && series.labels['wait_event_type'] === 'Lock')

/**
 * postgres_exporter counts held and awaited locks of one mode together (and only those on relations and rows, of which `database` is known).
 * Of these modes one session alone can have a lock: many of them are a queue. A row that many want is queued for with ExclusiveLock.
 * https://github.com/prometheus-community/postgres_exporter/blob/v0.15.0/collector/pg_locks.go · src/backend/access/heap/README.tuplock
 */
const countsOneAtATime = ({ name, labels }: TimedSeries): boolean =>
  name === 'pg_locks_count' && (labels['mode'] === 'accessexclusivelock' || labels['mode'] === 'exclusivelock')

/**
 * CloudNativePG counts pairs: of each session that waits, with each other one that holds or awaits the same lock. Three that wait for one are nine.
 * https://github.com/cloudnative-pg/cloudnative-pg/blob/v1.25.0/config/manager/default-monitoring.yaml (backends_waiting)
 */
const countsPairs = ({ name }: TimedSeries): boolean => /^cnpg?_backends_waiting_total$/u.test(name)
const PAIRS = 25

const lockQueues = (timeline: Timeline): readonly Found[] => {
  const waiting = queues(timeline, countsWaiting, 0.85, (server, most) => `Up to ${most} sessions of ${server} waited for locks.`)
  const paired = queues(
    timeline,
    countsPairs,
    0.8,
    (server, most) => `Sessions of ${server} waited for locks of others: up to ${most} pairs of one that waits and one that has the lock or waits for it, too.`,
    PAIRS,
  )
  const counted = new Set([...waiting, ...paired].map(({ entity }) => entity))
  const crowded = queues(
    timeline,
    countsOneAtATime,
    0.7,
    (server, most) => `Up to ${most} locks that only one session at a time can have were held or awaited in ${server}.`,
  )
  return [...waiting, ...paired.filter(({ entity }) => !waiting.some((one) => one.entity === entity)), ...crowded.filter(({ entity }) => !counted.has(entity))]
}

const queues = (
  timeline: Timeline,
  counts: (series: TimedSeries) => boolean,
  confidence: number,
  say: (server: string, most: string) => string,
  least = 5,
): readonly Found[] =>
  [...groupBy(timeline.series.filter(counts), (series) => postgresOfLabels(series.labels, timeline))].flatMap(([server, group]) => {
    const source = fullest(group)
    if (source === undefined) return []
    const column = combine(group.map(asMetric), 'sum')
    const usual = median(column.values)
    return stretches(column, (value) => value >= least && value >= usual * 4, Math.max(60_000, 2 * stepOf(column.times)), higher)
      .filter((stretch) => stretch.samples >= 2)
      .map((stretch): Found => ({
        kind: 'postgres.lock-pileup',
        entity: server,
        start: stretch.start,
        end: stretch.end,
        confidence,
        summary: say(called(server), stretch.peak.toFixed(0)),
        evidence: [sampleEvidence(source, stretch.start, `→ ${valueAt(column, stretch.start).toFixed(0)} in all`)],
        attributes: {},
        slackMs: stepOf(column.times),
        dose: stretch.peak,
      }))
  })

/** One slow report is a report; statements that go on being slow are a server in trouble. */
const SLOW_SECONDS = 1
export const SLOWER = 8
const SLOW_FOR_MS = 60_000
const SLOW_GAP_MS = 30_000
/** Of statements that take this long one after the other half a minute is enough. */
const VERY_SLOW_SECONDS = 5
const VERY_SLOW_FOR_MS = 30_000

const slowStatements = (timeline: Timeline): readonly Found[] =>
  timeline.series
    .filter((series) => series.name === 'faultline_postgres_statement_seconds')
    .flatMap((series) => {
      const usual = usualOf(series.values, SLOWER)
      const slow = stretches(series, (value) => value >= SLOW_SECONDS, SLOW_GAP_MS, higher).filter(isLasting)
      const slower = stretches(series, (value) => value >= SLOW_SECONDS && value >= usual * SLOWER, SLOW_GAP_MS, higher).filter(isLasting)
      // Where only slow statements are logged (log_min_duration_statement), the usual ones are those that are not there.
      const unusual = slower.length > 0 ? [] : slow.filter((stretch) => standsOut(stretch, series, timeline))
      return [...slower, ...unusual].map((stretch): Found => {
        const server = postgresOfLabels(series.labels, timeline)
        const isSlowOnly = unusual.includes(stretch)
        const than = isSlowOnly ? 'hardly any that slow is in the log before' : `usually ${usual.toFixed(3)} s at most`
        const many = isSlowOnly ? loggedIn(stretch, series, timeline) : 0
        const logged = many > 1 ? `; ${many} were logged within ${duration(stretch.last + BIN_MS - stretch.start)}` : ''
        return {
          kind: 'postgres.slow-queries',
          entity: server,
          start: stretch.start,
          // The series has samples only where statements were logged: after the last one the log goes on without.
          end: stretch.end ?? (timeline.to - stretch.last > SLOW_GAP_MS + BIN_MS ? stretch.last + BIN_MS : null),
          confidence: 0.8,
          summary: `Statements of ${called(server)} took up to ${stretch.peak.toFixed(1)} s (${than}${logged}).`,
          evidence: [sampleEvidence(series, stretch.peakAt, `→ ${stretch.peak.toFixed(3)} s, the longest`)],
          attributes: {},
          slackMs: 10_000,
          dose: stretch.peak,
        }
      })
    })

/** Statements are counted by ten seconds. */
const BIN_MS = 10_000
const loggedIn = ({ start, last }: Interval, { labels, input }: TimedSeries, { series }: Timeline): number => {
  const counts = series.find((one) => one.name === 'faultline_postgres_statements' && one.input === input && one.labels['database'] === labels['database'])
  return counts === undefined ? 0 : [...counts.times].reduce((sum, at, index) => sum + (at >= start && at <= last ? (counts.values[index] ?? 0) : 0), 0)
}

const isLasting = ({ samples, last, start, peak }: Interval): boolean =>
  samples >= 4 && last - start >= (peak >= VERY_SLOW_SECONDS ? VERY_SLOW_FOR_MS : SLOW_FOR_MS)

/** How much denser than in the rest of the data slow statements have to be. */
const DENSER = 5

export const standsOut = ({ start, last, samples }: Interval, { times }: TimedSeries, timeline: Timeline): boolean => {
  const rest = timeline.to - timeline.from - (last - start)
  return rest > last - start && (times.length - samples) / rest < samples / (last - start) / DENSER
}

const MIB = 1 << 20

/** What grows for hours was no longer usual long before a tenth of it was reached. */
const leftUsual = ({ times, values }: Column, seen: number, usual: number): number => {
  let index = times.indexOf(seen)
  while (index > 0 && (values[index - 1] ?? 0) > usual * 1.5 + MIB) index--
  return times[index] ?? seen
}

/** A replication slot that nobody reads keeps all WAL: the distance grows without bound until the disk is full. */
const heldWal = (timeline: Timeline): readonly Found[] =>
  timeline.series
    .filter((series) => isGaugeOf(series, /replication_slots?_.*(?:lsn_diff|lag|retained)|wal_slot_lag|pg_wal_lsn_diff/u))
    .flatMap((series): Found[] => {
      const held = asMetric(series)
      const [peakAt] = highest(held)
      if (peakAt === undefined || held.times.length < 4) return []
      const { at: seen, usual, peak } = onsetOfRise(held, peakAt)
      if (peak - usual < 32 * MIB || peak < usual * 3) return []
      const at = leftUsual(held, seen, usual)
      const server = postgresOfLabels(series.labels, timeline)
      const slot = series.labels['slot_name'] ?? 'a replication slot'
      return [
        {
          kind: 'metric.anomalous',
          entity: server,
          start: at,
          end: null,
          confidence: 0.85,
          summary: `The WAL that ${slot} of ${called(server)} keeps grew from ${bytes(usual)} to ${bytes(peak)}.`,
          evidence: [sampleEvidence(series, at, `→ ${bytes(valueAt(held, at))}`), sampleEvidence(series, peakAt, `→ ${bytes(peak)}, the most`)],
          attributes: { metric: 'held-wal', does: 'kept ever more WAL for a replication slot', slot: series.labels['slot_name'] ?? nameOf(server) },
          slackMs: stepOf(series.times),
          dose: peak - usual,
        },
      ]
    })
