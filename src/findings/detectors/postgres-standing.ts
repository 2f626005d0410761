/** What a Postgres server runs into slowly: a standby that falls behind its primary, transaction ids that run out, WAL that is not archived. Told as metric.anomalous, with what it is. */
import { typeOf, type Entity } from '../../model/entity.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { postgresOfLabels } from '../measures.js'
import { higher, median, onsetOfRise, stepOf, stretches } from '../statistics.js'
import { called, duration, opening } from '../words.js'

export const postgresStanding: Detector = {
  id: 'postgres-standing',
  finds: ['metric.anomalous'],
  detect: (timeline, found) => [...behind(timeline), ...wraparound(timeline), ...unarchived(timeline, found)],
}

/** postgres_exporter's pg_replication_lag(_seconds), pg_stat_replication's replay_lag, CloudWatch's ReplicaLag: all in seconds. */
const LAG = /(?:^|_)replication_lag(?:_seconds)?$|(?:replay|flush|write)_lag(?:_seconds)?$|replica_?lag/iu
/** A standby that is this far behind shows its readers another past than they wrote. */
const BEHIND_S = 30
const TIMES_USUAL = 10

const behind = (timeline: Timeline): readonly Found[] =>
  timeline.series
    .filter(({ name }) => LAG.test(name))
    .flatMap((series) => {
      const usual = median(series.values)
      const server = postgresOfLabels(series.labels, timeline)
      const step = stepOf(series.times)
      return stretches(series, (value) => value >= BEHIND_S, Math.max(60_000, 3 * step), higher)
        .filter(({ samples, peak }) => samples >= 3 && peak >= BEHIND_S * 2 && (usual >= BEHIND_S || peak >= usual * TIMES_USUAL))
        .filter(({ samples }) => samples < series.times.length * 0.95)
        .map((stretch): Found => {
          const start = Math.min(stretch.start, onsetOfRise(series, stretch.peakAt).at)
          return {
            kind: 'metric.anomalous',
            entity: server,
            start,
            end: stretch.end,
            confidence: 0.85,
            summary: `A standby of ${called(server)} fell behind by up to ${duration(stretch.peak * 1000)}.`,
            evidence: [
              sampleEvidence(series, start, '→ begins to fall behind'),
              sampleEvidence(series, stretch.peakAt, `→ ${stretch.peak.toFixed(0)} s, the most`),
            ],
            attributes: { metric: 'replication-lag', does: 'had a standby that fell behind' },
            slackMs: step,
            dose: stretch.peak,
          }
        })
    })

/** src/backend/access/transam/varsup.c: it warns for the last millions of ids, and takes no more writes at the end. */
const wraparound = ({ signals, to }: Timeline): readonly Found[] => {
  const said = new Map<Entity, TimedSignal[]>()
  for (const signal of signals) {
    if (typeOf(signal.entity) !== 'postgres' || signal.attributes['code'] !== 'wraparound') continue
    const list = said.get(signal.entity)
    if (list === undefined) said.set(signal.entity, [signal])
    else list.push(signal)
  }
  return [...said].map(([server, list]): Found => {
    const refused = list.find(({ kind }) => kind === 'log.error')
    const first = refused ?? list[0]
    return {
      kind: 'metric.anomalous',
      entity: server,
      start: first?.at ?? to,
      end: list.reduce((latest, { until }) => Math.max(latest, until), 0),
      confidence: 0.95,
      summary:
        refused === undefined
          ? `${opening(server)} warned that its transaction ids run out.`
          : `${opening(server)} had no transaction ids left and refused to write.`,
      evidence: chooseEvidence(evidenceOf(list)),
      attributes: { metric: refused === undefined ? 'wraparound-near' : 'wraparound', does: 'ran out of transaction ids' },
      slackMs: 1_000,
      dose: list.length,
    }
  })
}

/**
 * The archiver tries again at least once a minute, three times each (PGARCH_AUTOWAKE_INTERVAL, NUM_ARCHIVE_RETRIES): so far apart, it had succeeded in between.
 * https://github.com/postgres/postgres/blob/REL_16_0/src/backend/postmaster/pgarch.c
 */
const TRIES_APART_MS = 5 * 60_000
/** A storage that is away for a moment is ordinary. What is not archived is kept, so what counts is how long. */
const UNARCHIVED_MS = 10 * 60_000

interface Failing {
  readonly server: Entity
  readonly start: number
  readonly last: number
  readonly evidence: Found['evidence']
  readonly slackMs: number
}

/** Unless there was no room for longer: a disk that was full while it failed, and not yet when it began to. */
const FILLS_MS = 10_000
const filledDisk = ({ start, last }: Failing, found: readonly Found[]): boolean =>
  [...ofKind(found, 'postgres.disk-full'), ...ofKind(found, 'node.disk-full')].some(
    (full) => full.start - start >= FILLS_MS && full.start - last <= TRIES_APART_MS,
  )

const unarchived = (timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const logged = failingByLogs(timeline)
  const known = new Set(logged.map(({ server }) => server))
  return [...logged, ...failingByMetrics(timeline).filter(({ server }) => !known.has(server))]
    .filter((failing) => failing.last - failing.start >= UNARCHIVED_MS || filledDisk(failing, found))
    .map(({ server, start, last, evidence, slackMs }) => ({
      kind: 'metric.anomalous',
      entity: server,
      start,
      end: timeline.to - last <= TRIES_APART_MS ? null : last,
      confidence: 0.9,
      summary: `${opening(server)} could not archive its WAL for ${duration(last - start)}: all of it was kept.`,
      evidence,
      attributes: { metric: 'unarchived-wal', does: 'could not archive its WAL and kept all of it' },
      slackMs,
      dose: (last - start) / 1000,
    }))
}

const failingByLogs = ({ signals }: Timeline): readonly Failing[] => {
  const open = new Map<Entity, TimedSignal[][]>()
  for (const signal of signals) {
    if (signal.attributes['code'] !== 'archiving' || typeOf(signal.entity) !== 'postgres') continue
    const runs = open.get(signal.entity) ?? []
    const run = runs.at(-1)
    if (run !== undefined && signal.at - latest(run) <= TRIES_APART_MS) run.push(signal)
    else runs.push([signal])
    open.set(signal.entity, runs)
  }
  return [...open].flatMap(([server, runs]) =>
    runs.map((run) => ({
      server,
      start: run[0]?.at ?? 0,
      last: latest(run),
      evidence: chooseEvidence(evidenceOf(run)),
      slackMs: 60_000,
    })),
  )
}

const latest = (run: readonly TimedSignal[]): number => run.at(-1)?.until ?? 0

/** postgres_exporter's, and CloudNativePG's under the same name (metric-names.ts): https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ARCHIVER-VIEW */
const failingByMetrics = (timeline: Timeline): readonly Failing[] =>
  timeline.series
    .filter(({ name }) => name === 'pg_stat_archiver_failed_count' || name === 'pg_stat_archiver_failed_count_total')
    .flatMap((series) => {
      const { times, values } = series
      const step = stepOf(times)
      const grew = (value: number, index: number): boolean => index > 0 && value > (values[index - 1] ?? value)
      return stretches(series, grew, Math.max(TRIES_APART_MS, 3 * step), higher).map(({ start, last, peak }) => ({
        server: postgresOfLabels(series.labels, timeline),
        start,
        last,
        evidence: [sampleEvidence(series, start, '→ failed attempts to archive begin'), sampleEvidence(series, last, `→ ${peak.toFixed(0)} failed attempts`)],
        slackMs: step,
      }))
    })
