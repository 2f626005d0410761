/** node.cpu-saturated: a node's processors have nothing left. From idle time, utilisation rules or pressure stall. */
import type { Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { sampleEvidence, type Detector, type Found } from '../finding.js'
import { asGauge, nodeOfLabels, nodeUseOf, readingOf, shareOf } from '../measures.js'
import { combine, higher, median, smoothed, stepOf, stretches, type Column } from '../statistics.js'
import { called, percent } from '../words.js'

/** Busy beyond this, a scheduler's queue grows: utilisation has no room for bursts. */
const SATURATED = 0.92
const SHORTEST_MS = 10_000
const GAP_MS = 30_000

interface BusyNode {
  readonly node: Entity
  readonly busy: Column
  readonly source: TimedSeries
}

export const nodeCpu: Detector = {
  id: 'node-cpu',
  finds: ['node.cpu-saturated'],
  detect(timeline) {
    return busyNodes(timeline).flatMap((one) => saturated(one))
  },
}

/** The share of a node's processor time that is used, 0..1, from the best of its series. */
export const busyNodes = (timeline: Timeline): readonly BusyNode[] => {
  const best = new Map<Entity, BusyNode>()
  for (const source of SOURCES) {
    for (const busy of source(timeline)) if (!best.has(busy.node)) best.set(busy.node, busy)
  }
  return [...best.values()]
}

/** Best first: the raw counters, then what somebody computed from them. */
const SOURCES: readonly ((timeline: Timeline) => readonly BusyNode[])[] = [
  (timeline) => fromIdle(timeline, (series) => series.name === 'node_cpu_seconds_total' && series.labels['mode'] === 'idle'),
  (timeline) =>
    fromIdle(
      timeline,
      (series) =>
        series.name !== 'node_cpu_seconds_total' &&
        readingOf(series).metric === 'node_cpu_seconds_total' &&
        readingOf(series).form === 'rate' &&
        /mode\s*=~?\s*"[^"]*idle/u.test(series.name),
    ),
  (timeline) =>
    perNode(
      timeline,
      (series) => /node_cpu_utili[sz]ation|cpu_usage_ratio|cpu_busy/u.test(series.name),
      (column) => scaled(column),
    ),
  (timeline) => fromIdle(timeline, (series) => /(?:^|_)cpu_idle/u.test(series.name) && series.labels['mode'] === undefined),
  (timeline) => fromWords(timeline),
]

/** Panels, files and other collectors' metrics that say in words that they are of a node's processors. */
const fromWords = (timeline: Timeline): readonly BusyNode[] =>
  timeline.series.flatMap((source): BusyNode[] => {
    const use = nodeUseOf(source)
    if (use?.of !== 'cpu') return []
    const node = nodeOfLabels(source.labels, timeline)
    const share = node === null ? null : shareOf(source)
    if (node === null || share === null) return []
    return [{ node, busy: use.free ? { times: share.times, values: share.values.map((value) => 1 - value) } : share, source }]
  })

const fromIdle = (timeline: Timeline, isIdle: (series: TimedSeries) => boolean): readonly BusyNode[] => {
  const groups = groupBy(timeline.series.filter(isIdle), (series) => nodeOfLabels(series.labels, timeline))
  return [...groups].map(([node, series]) => {
    const idle = combine(
      series.map((one) => asGauge(one, readingOf(one))),
      'mean',
    )
    return { node, busy: { times: idle.times, values: idle.values.map((value) => 1 - Math.min(1, Math.max(0, value))) }, source: series[0] as TimedSeries } // a group is never empty
  })
}

const perNode = (timeline: Timeline, is: (series: TimedSeries) => boolean, read: (column: Column) => Column): readonly BusyNode[] => {
  const groups = groupBy(timeline.series.filter(is), (series) => nodeOfLabels(series.labels, timeline))
  return [...groups].map(([node, series]) => ({ node, busy: read(combine(series, 'mean')), source: series[0] as TimedSeries })) // a group is never empty
}

/** Of the samples. */
const ALL = 0.95

/** Percent where values go beyond 1.5, a share otherwise. */
const scaled = (column: Column): Column => {
  const percents = column.values.some((value) => value > 1.5)
  return percents ? { times: column.times, values: column.values.map((value) => value / 100) } : column
}

const saturated = ({ node, busy, source }: BusyNode): readonly Found[] => {
  const calm = smoothed(busy)
  const usual = median(calm.values)
  const step = stepOf(calm.times)
  const found: Found[] = []
  for (const stretch of stretches(calm, (value) => value >= SATURATED, Math.max(GAP_MS, 3 * step), higher)) {
    if (stretch.last - stretch.start + step < SHORTEST_MS || stretch.samples < 2) continue
    // Full from the first sample to the last: nothing changed that could have changed anything.
    if (stretch.samples >= ALL * calm.times.length) continue
    found.push({
      kind: 'node.cpu-saturated',
      entity: node,
      start: stretch.start,
      end: stretch.end,
      // A node that is always full is a condition of life rather than an event.
      confidence: usual >= SATURATED ? 0.5 : 0.9,
      summary: `The CPU of ${called(node)} was exhausted (${percent(stretch.peak)} busy${usual > 0.95 * stretch.peak ? ', and hardly less in all the time that was measured' : `, usually ${percent(usual)}`}).`,
      evidence: [
        sampleEvidence(source, stretch.start, `→ ${percent(SATURATED)} busy or more from here`),
        sampleEvidence(source, stretch.peakAt, `→ ${percent(stretch.peak)} busy, the most`),
      ],
      attributes: { busy: Math.round(stretch.peak * 100) / 100, usual: Math.round(usual * 100) / 100 },
      // A rate speaks of the interval before its stamp, and the interval before that may have been full in part.
      slackMs: Math.max(2 * step, 15_000),
      dose: stretch.peak,
    })
  }
  return found
}
