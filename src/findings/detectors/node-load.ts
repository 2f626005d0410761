/**
 * node.cpu-saturated where nobody measured how busy the processors were: more wants to run than they can (load averages), or something always waits for them
 * (pressure stall). Load also counts who waits for a disk, so it is said with less confidence.
 * https://docs.kernel.org/accounting/psi.html, https://www.brendangregg.com/blog/2017-08-08/linux-load-averages.html
 */
import type { Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { asGauge, nodeOfLabels, readingOf } from '../measures.js'
import { higher, median, onsetOfRise, stepOf, stretches, type Column, type Interval } from '../statistics.js'
import { called, percent } from '../words.js'
import { busyNodes } from './node-cpu.js'

/** Of load per core: with this many in the queue for each that runs, everything takes thrice as long. */
const QUEUED = 2
/** A machine whose cores are not known: so many times its usual load, and more than small machines have cores. */
const TIMES_USUAL = 8
const MANY = 8
/** Of the time in which some task waits for a processor. */
const STALLED = 0.7
const SHORTEST_MS = 60_000
const WAITS_SOON_MS = 5 * 60_000

export const nodeLoad: Detector = {
  id: 'node-load',
  finds: ['node.cpu-saturated'],
  detect(timeline, already) {
    const measured = new Set(busyNodes(timeline).map(({ node }) => node))
    const of = (name: RegExp): ReadonlyMap<Entity, readonly TimedSeries[]> =>
      groupBy(
        timeline.series.filter((series) => name.test(readingOf(series).metric)),
        (series) => nodeOfLabels(series.labels, timeline),
      )
    const found = new Map<Entity, readonly Found[]>()
    for (const [name, judge] of SOURCES)
      for (const [node, [series]] of of(name)) {
        if (series === undefined || measured.has(node) || found.has(node)) continue
        found.set(node, judge(node, series, timeline))
      }
    return [...found.values()].flat().filter((one) => one.attributes['by'] !== 'load' || !isShortOfMemory(one, already))
  },
}

/** On a machine out of memory everybody waits for pages, and the load counts them all: that is no word of its processors. */
const isShortOfMemory = (one: Found, already: readonly Found[]): boolean =>
  ofKind(already, 'node.memory-exhausted', one.entity).some((exhausted) => overlaps(exhausted, one) && exhausted.start <= one.start + WAITS_SOON_MS)

type Judge = (node: Entity, series: TimedSeries, timeline: Timeline) => readonly Found[]

const stalled: Judge = (node, series) => {
  const column = asGauge(series, readingOf(series))
  const usual = median(column.values)
  return lasting(column, (value) => value >= STALLED && value >= usual * 2).map((stretch) =>
    found(node, series, stretch, 0.8, stretch.start, `for ${percent(stretch.peak)} of the time something waited for a processor, usually ${percent(usual)}`),
  )
}

const queued: Judge = (node, series, timeline) => {
  const load = asGauge(series, readingOf(series))
  const { cores } = timeline.topology.nodeFacts(node)
  const usual = median(load.values)
  const most = cores === null ? Math.max(MANY, usual * TIMES_USUAL) : Math.max(cores * QUEUED, usual * 2)
  return lasting(load, (value) => value >= most).map((stretch) =>
    found(
      node,
      series,
      stretch,
      cores === null && stretch.peak < most * 2 ? 0.65 : 0.85,
      onsetOfRise(load, stretch.peakAt).at,
      `its load rose to ${stretch.peak.toFixed(1)}${cores === null ? '' : ` on ${cores} cores`}, usually ${usual.toFixed(1)}`,
    ),
  )
}

/** Best first: the short averages follow soonest. */
const SOURCES: readonly (readonly [RegExp, Judge])[] = [
  [/^node_pressure_cpu_waiting_seconds_total$/u, stalled],
  [/^(?:node_)?load_?1$|^system_load1$/u, queued],
  [/^(?:node_)?load_?5$|^system_load5$/u, queued],
  [/^(?:node_)?load_?15$|^system_load15$/u, queued],
]

const lasting = (column: Column, bad: (value: number) => boolean): readonly Interval[] => {
  const step = stepOf(column.times)
  return stretches(column, bad, Math.max(SHORTEST_MS, 3 * step), higher).filter((stretch) => stretch.samples > 1 && stretch.last - stretch.start >= SHORTEST_MS)
}

const found = (node: Entity, series: TimedSeries, stretch: Interval, confidence: number, start: number, words: string): Found => ({
  kind: 'node.cpu-saturated',
  entity: node,
  start: Math.min(start, stretch.start),
  end: stretch.end,
  confidence,
  summary: `More wanted to run on ${called(node)} than its processors could: ${words}.`,
  evidence: [
    sampleEvidence(series, Math.min(start, stretch.start), '→ rises from here'),
    sampleEvidence(series, stretch.peakAt, `→ ${stretch.peak.toFixed(2)}, the most`),
  ],
  attributes: { load: Math.round(stretch.peak * 100) / 100, by: series.name.includes('pressure') ? 'pressure' : 'load' },
  slackMs: Math.max(2 * stepOf(series.times), SHORTEST_MS),
  dose: stretch.peak,
})
