/**
 * postgres.slow-queries from a single statement: requests that all hang at once (a COMMIT that waits for a standby or a disk) leave one line or two in the server's log,
 * when it is over. One long statement is a report as often as not; it is another matter where the requests of services took as long and came to an end with it.
 */
import type { TimedSeries } from '../../timeline/timeline.js'
import type { Detector, Found } from '../finding.js'
import { sampleEvidence } from '../finding.js'
import { ofKind } from '../lookup.js'
import { postgresOfLabels } from '../measures.js'
import { called } from '../words.js'

const LONG_SECONDS = 5
/** What is told of ten seconds together may have ended in any of them. */
const TOLD_TOGETHER_MS = 10_000
const TOGETHER_MS = 15_000

/** Of what most of its requests took. */
const AS_LONG = 0.8

/** The longest statement that ended as the first slow requests did and took as long, or went on as long as the service was slow. */
const waitedFor = ({ times, values }: TimedSeries, { start, end, attributes }: Found): number => {
  const least = Math.max(LONG_SECONDS, AS_LONG * Number(attributes['seconds']))
  let best = -1
  times.forEach((at, index) => {
    const seconds = values[index] ?? 0
    if (seconds < least || seconds <= (values[best] ?? 0)) return
    const ended = at + TOLD_TOGETHER_MS / 2
    const withFirst = Math.abs(ended - start) <= TOGETHER_MS + TOLD_TOGETHER_MS / 2
    const throughout = end !== null && Math.abs(ended - end) <= TOGETHER_MS && Math.abs(ended - seconds * 1000 - start) <= TOGETHER_MS
    if (withFirst || throughout) best = index
  })
  return best
}

const KNOWN = ['postgres.slow-queries', 'postgres.lock-pileup'] as const

export const postgresWaits: Detector = {
  id: 'postgres-waits',
  finds: ['postgres.slow-queries'],
  detect(timeline, found) {
    const slow = ofKind(found, 'service.slow').filter(({ attributes }) => Number(attributes['seconds'] ?? 0) >= LONG_SECONDS)
    if (slow.length === 0) return []
    return timeline.series
      .filter(({ name }) => name === 'faultline_postgres_statement_seconds')
      .flatMap((series): Found[] => {
        const server = postgresOfLabels(series.labels, timeline)
        const told = new Map<number, Found>()
        for (const service of slow) {
          const index = waitedFor(series, service)
          const [at, seconds] = [series.times[index], series.values[index]]
          if (at === undefined || seconds === undefined) continue
          const start = at - seconds * 1000 + TOLD_TOGETHER_MS / 2
          // What is known of the same time says more.
          if (KNOWN.some((kind) => ofKind(found, kind, server).some((one) => one.start <= at && (one.end ?? Infinity) >= start))) continue
          told.set(at, {
            kind: 'postgres.slow-queries',
            entity: server,
            start,
            end: at + TOLD_TOGETHER_MS,
            confidence: 0.8,
            summary: `A statement of ${called(server)} took ${seconds.toFixed(1)} s and came to an end when the requests of services did that took as long.`,
            evidence: [sampleEvidence(series, at, `→ ${seconds.toFixed(3)} s, the longest`)],
            attributes: {},
            slackMs: TOLD_TOGETHER_MS,
            dose: seconds,
          })
        }
        return [...told.values()]
      })
  },
}
