/**
 * postgres.slow-queries of statements that are not slow for everybody: some tenths of a second in place of a millisecond, each of them asked for dozens of times. What
 * log_min_duration_statement lets through is what its owner calls slow; it is told where the requests of a service were slow from then to then.
 */
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { postgresOfLabels } from '../measures.js'
import { higher, median, stretches, type Interval } from '../statistics.js'
import { called, duration } from '../words.js'
import { SLOWER, standsOut } from './postgres-metrics.js'

const LEAST_SECONDS = 0.1
const LEAST_BINS = 4
const GAP_MS = 25_000
const TOGETHER_MS = 15_000
/** A service is seen to be slow for as long as a rate's interval lasts. */
const SEEN_LONGER_MS = 45_000

export const postgresSlower: Detector = {
  id: 'postgres-slower',
  finds: ['postgres.slow-queries'],
  detect(timeline, found) {
    const services = ofKind(found, 'service.slow')
    if (services.length === 0) return []
    return timeline.series.flatMap((series): Found[] => {
      if (series.name !== 'faultline_postgres_statement_seconds') return []
      const server = postgresOfLabels(series.labels, timeline)
      return slowStretches(series, timeline).flatMap((stretch): Found[] => {
        const end = stretch.end ?? stretch.last
        const slow = services.filter((one) => isTogether(one, stretch.start, end, timeline))
        const known = (['postgres.slow-queries', 'postgres.lock-pileup'] as const).flatMap((kind) => ofKind(found, kind, server))
        if (slow.length === 0 || known.some((one) => overlaps(one, { start: stretch.start, end }))) return []
        const waiting = [...new Set(slow.map(({ entity }) => entity))].sort()
        return [
          {
            kind: 'postgres.slow-queries',
            entity: server,
            start: stretch.start,
            end,
            confidence: 0.75,
            summary: `Statements of ${called(server)} took up to ${stretch.peak.toFixed(1)} s for ${duration(end - stretch.start)}, as hardly any had before; requests of ${waiting.map(called).join(', ')} were slow from then to then.`,
            evidence: [sampleEvidence(series, stretch.peakAt, `→ ${stretch.peak.toFixed(3)} s, the longest`)],
            attributes: { waiting: waiting.join(' ') },
            slackMs: 10_000,
            dose: stretch.peak,
          },
        ]
      })
    })
  },
}

const slowStretches = (series: TimedSeries, timeline: Timeline): readonly Interval[] => {
  const usual = median(series.values)
  const isLong = ({ samples }: Interval): boolean => samples >= LEAST_BINS
  const slower = stretches(series, (value) => value >= LEAST_SECONDS && value >= usual * SLOWER, GAP_MS, higher).filter(isLong)
  if (slower.length > 0) return slower
  return stretches(series, (value) => value >= LEAST_SECONDS, GAP_MS, higher).filter((stretch) => isLong(stretch) && standsOut(stretch, series, timeline))
}

const isTogether = (service: Found, start: number, end: number, { to }: Timeline): boolean => {
  const over = (service.end ?? to) - end
  return Math.abs(service.start - start) <= TOGETHER_MS && over >= -TOGETHER_MS && over <= SEEN_LONGER_MS
}
