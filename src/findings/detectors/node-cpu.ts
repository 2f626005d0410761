/** node.cpu-saturated: a node's processors have nothing left. From idle time, utilisation rules or pressure stall. */
import type { Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { fullest, sampleEvidence, type Detector, type Found } from '../finding.js'
import { processorTime } from '../expression/shares.js'
import { asGauge, formOf, inShares, labelsOf, nodeOfLabels, nodeUseOf, readingOf, rest, shareOf, undone } from '../measures.js'
import { combine, higher, median, smoothed, stepOf, stretches, type Column } from '../statistics.js'
import { BUSY_AGAIN_MS } from '../stretches.js'
import { called, percent } from '../words.js'

/** Busy beyond this, a scheduler's queue grows: utilisation has no room for bursts. */
const SATURATED = 0.92
const SHORTEST_MS = 10_000

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
  (timeline) => fromIdle(timeline),
  (timeline) =>
    perNode(timeline, (series) => {
      const form = formOf(series)
      const time = form === null ? null : processorTime(form, series.labels)
      if (time === null) return null
      const share = undone(series, time)
      return time.idle ? rest(share) : share
    }),
  // What rules record: https://github.com/prometheus/node_exporter/blob/v1.8.2/docs/node-mixin/rules/rules.libsonnet, and kube-prometheus' own
  (timeline) =>
    perNode(timeline, (series) =>
      /node_cpu_utili[sz]ation|node_cpu:ratio$|cpu_usage_ratio|cpu_busy/u.test(readingOf(series).metric) ? shareOf(asGauge(series, readingOf(series))) : null,
    ),
  (timeline) =>
    perNode(timeline, (series) => {
      if (!/(?:^|_)cpu_idle/u.test(series.name) || series.labels['mode'] !== undefined) return null
      const idle = shareOf(asGauge(series, readingOf(series)))
      return idle === null ? null : rest(idle)
    }),
  (timeline) =>
    // Panels, files and other collectors' metrics that say in words that they are of a node's processors.
    perNode(timeline, (series) => {
      const use = nodeUseOf(series)
      const share = use?.of === 'cpu' ? shareOf(use.column) : null
      return share !== null && use?.free === true ? rest(share) : share
    }),
]

const fromIdle = (timeline: Timeline): readonly BusyNode[] => {
  const groups = groupBy(
    timeline.series.filter((series) => series.name === 'node_cpu_seconds_total' && series.labels['mode'] === 'idle'),
    (series) => nodeOfLabels(series.labels, timeline),
  )
  return [...groups].map(([node, series]) => {
    const idle = combine(
      series.map((one) => asGauge(one, readingOf(one))),
      'mean',
    )
    return { node, busy: { times: idle.times, values: idle.values.map((value) => 1 - Math.min(1, Math.max(0, value))) }, source: series[0] as TimedSeries } // a group is never empty
  })
}

/** Of each node what one name tells: two expressions are of two intervals, and their processors are not each other's. */
const perNode = (timeline: Timeline, busyOf: (series: TimedSeries) => Column | null): readonly BusyNode[] => {
  const read = timeline.series.flatMap((source) => {
    const busy = busyOf(source)
    return busy === null ? [] : [{ source, busy }]
  })
  return [...groupBy(read, ({ source }) => nodeOfLabels(labelsOf(source), timeline))].flatMap(([node, all]): BusyNode[] => {
    const of = groupBy(all, ({ source }) => source.name)
    for (const group of of.values()) {
      const busy = inShares(
        combine(
          group.map((one) => one.busy),
          'mean',
        ),
      )
      const source = fullest(group.map((one) => one.source))
      if (busy !== null && source !== undefined) return [{ node, busy, source }]
    }
    return []
  })
}

/** Of the samples. */
const ALL = 0.95

/** A node that is always full, or nearly, is a condition of life rather than an event: so much below saturation it has to be, usually, to be surely one. */
const ROOM = 0.2
const sureOf = (usual: number): number => 0.3 + 0.6 * Math.min(1, Math.max(0, (SATURATED - usual) / ROOM))

const saturated = ({ node, busy, source }: BusyNode): readonly Found[] => {
  const calm = smoothed(busy)
  const usual = median(calm.values)
  const step = stepOf(calm.times)
  const found: Found[] = []
  // Full from the first sample to the last, as far as it was asked: nothing changed that could have changed anything.
  if (calm.values.filter((value) => value >= SATURATED).length >= ALL * calm.values.length) return []
  for (const stretch of stretches(calm, (value) => value >= SATURATED, Math.max(BUSY_AGAIN_MS, 3 * step), higher)) {
    if (stretch.last - stretch.start + step < SHORTEST_MS || stretch.samples < 2) continue
    found.push({
      kind: 'node.cpu-saturated',
      entity: node,
      start: stretch.start,
      end: stretch.end,
      confidence: sureOf(usual),
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
