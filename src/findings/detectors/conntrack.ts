/** metric.anomalous of a node whose table of tracked connections is full: whatever would be a new connection is dropped there, DNS first. */
import { groupBy } from '../../model/lists.js'
import { sampleEvidence, type Detector, type Found } from '../finding.js'
import { nodeOfLabels } from '../measures.js'
import { higher, stepOf, stretches, valueAt } from '../statistics.js'
import { opening, percent } from '../words.js'

/** Entries come and go between two scrapes: from here on the table is full in between. */
const FULL = 0.98

export const conntrack: Detector = {
  id: 'conntrack',
  finds: ['metric.anomalous'],
  detect(timeline) {
    // https://github.com/prometheus/node_exporter/blob/v1.8.2/collector/conntrack_linux.go
    const limits = groupBy(
      timeline.series.filter(({ name }) => name === 'node_nf_conntrack_entries_limit'),
      ({ labels }) => nodeOfLabels(labels, timeline),
    )
    return timeline.series.flatMap((series): readonly Found[] => {
      if (series.name !== 'node_nf_conntrack_entries') return []
      const entity = nodeOfLabels(series.labels, timeline)
      const limit = entity === null ? undefined : limits.get(entity)?.[0]
      if (entity === null || limit === undefined) return []
      const share = { times: series.times, values: series.values.map((value, index) => value / Math.max(1, valueAt(limit, series.times[index] ?? 0))) }
      const step = stepOf(series.times)
      return stretches(share, (value) => value >= FULL, Math.max(60_000, 3 * step), higher).map((stretch) => ({
        kind: 'metric.anomalous',
        entity,
        start: stretch.start,
        end: stretch.end,
        confidence: 0.92,
        summary: `${opening(entity)} ran out of room in its table of connections: ${percent(stretch.peak)} of ${valueAt(limit, stretch.start).toFixed(0)} entries.`,
        evidence: [sampleEvidence(series, stretch.start, `→ ${valueAt(series, stretch.start).toFixed(0)} entries`)],
        attributes: { metric: 'nf_conntrack', does: 'ran out of room in its table of connections' },
        slackMs: step,
        dose: stretch.peak,
      }))
    })
  },
}
