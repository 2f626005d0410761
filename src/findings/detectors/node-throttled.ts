/**
 * node.cpu-saturated of a node that is a container or a slice of a machine: its own cgroup ("/" to its cAdvisor) is held back at a CPU quota.
 * The machine's processors, which such nodes share, may be idle then.
 */
import type { Entity } from '../../model/entity.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { sampleEvidence, type Detector, type Found } from '../finding.js'
import { asGauge, nodeOfLabels, readingOf } from '../measures.js'
import { greatest, higher, median, stepOf, stretches, type Column } from '../statistics.js'
import { opening } from '../words.js'

/** Seconds per second, summed over processors. Moments of it happen to every quota. */
const HELD_BACK = 0.2
const TIMES_USUAL = 4
const GAP_MS = 60_000
/** cAdvisor belongs to the kubelet, which is held back, too: what lies between its answers nobody measured. */
const MISSED_STEPS = 3

export const nodeThrottled: Detector = {
  id: 'node-throttled',
  finds: ['node.cpu-saturated'],
  detect: (timeline) => rootSeries(timeline, THROTTLED).flatMap(heldBack),
}

const THROTTLED = /cfs_throttled(?!_periods)/u
const USED = /^container_cpu_usage_seconds_total$|^(?!.*(?:throttled|periods|quota|limit)).*cpu.*(?:container|root)/u

interface RootSeries {
  readonly node: Entity
  readonly column: Column
  readonly source: TimedSeries
}

const rootSeries = (timeline: Timeline, named: RegExp): readonly RootSeries[] =>
  timeline.series.flatMap((source) => {
    if (source.labels['id'] !== '/') return []
    const reading = readingOf(source)
    const node = named.test(reading.metric) ? nodeOfLabels(source.labels, timeline) : null
    return node === null ? [] : [{ node, column: reading.form === 'counter' ? acrossGaps(source) : asGauge(source, reading), source }]
  })

/** What a counter rose by while nobody read it counts here: the kubelet that was to tell is what was held back. */
const acrossGaps = ({ times, values }: Column): Column => ({
  times: times.slice(1),
  values: values.slice(1).map((value, at) => {
    const before = values[at] ?? 0
    return (value < before ? 0 : value - before) / Math.max(1, ((times[at + 1] ?? 0) - (times[at] ?? 0)) / 1000)
  }),
})

/** The cores that the node's own cgroup had at most: its quota, as far as it was used. */
export const mostUsedByNode = (node: Entity, timeline: Timeline): number | null => {
  const all = rootSeries(timeline, USED).filter((one) => one.node === node && one.column.values.length > 0)
  return all.length === 0 ? null : Math.max(...all.map(({ column }) => greatest(column.values)))
}

const heldBack = ({ node, column, source }: RootSeries): readonly Found[] => {
  const usual = median(column.values)
  const step = stepOf(column.times)
  return stretches(column, (value) => value > HELD_BACK && value > usual * TIMES_USUAL, GAP_MS, higher).map((stretch): Found => {
    const before = column.times.findLast((time) => time < stretch.start) ?? stretch.start
    const unseen = stretch.start - before > MISSED_STEPS * step
    return {
      kind: 'node.cpu-saturated',
      entity: node,
      start: unseen ? before + step : stretch.start,
      end: stretch.end,
      confidence: 0.92,
      summary: `${opening(node)} was held back at its CPU quota: throttled ${stretch.peak.toFixed(1)} s per second.`,
      evidence: [sampleEvidence(source, stretch.start, `→ throttled ${stretch.peak.toFixed(1)} s per second at most`)],
      attributes: { reason: 'quota' },
      slackMs: Math.max(unseen ? stretch.start - before : 0, 2 * step, 15_000),
      dose: stretch.peak,
    }
  })
}
