/** service.unreachable: a scrape target or a probed service does not answer, for longer than one unlucky scrape. */
import { service, target, type Entity } from '../../model/entity.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, sampleEvidence, type Detector, type Found } from '../finding.js'
import { nodeOfLabels } from '../measures.js'
import { lower, stepOf, stretches } from '../statistics.js'
import { called, duration, times } from '../words.js'

/** Two lost scrapes in a row happen to everybody. */
const MIN_SAMPLES = 3
const MIN_MS = 55_000

export const targets: Detector = {
  id: 'targets',
  finds: ['service.unreachable'],
  detect(timeline) {
    const found: Found[] = []
    for (const series of timeline.series) {
      const entity = aboutWhat(series)
      if (entity !== null) found.push(...unanswered(series, entity, timeline))
    }
    return [...found, ...failedProbes(timeline)]
  },
}

const aboutWhat = (series: TimedSeries): Entity | null => {
  const { labels } = series
  if (series.name === 'up') return target(labels['job'] ?? '-', labels['instance'] ?? '-')
  if (series.name === 'probe_success' || series.name === 'faultline_probe_success')
    return service('-', labels['target'] ?? labels['probe'] ?? labels['instance'] ?? labels['job'] ?? '-')
  return null
}

const unanswered = (series: TimedSeries, entity: Entity, timeline: Timeline): readonly Found[] => {
  const step = stepOf(series.times)
  // A target that never answered is a configuration, not an event.
  if (!series.values.some((value) => value > 0)) return []
  const runs = stretches(series, (value) => value === 0, step * 1.5, lower).filter(
    (run) => run.samples >= MIN_SAMPLES || (run.samples > 1 && run.last - run.start >= MIN_MS),
  )
  const flaps: { start: number; end: number | null; last: number; samples: number; runs: number }[] = []
  for (const run of runs) {
    const open = flaps.at(-1)
    if (open !== undefined && run.start - open.last < Math.max(60_000, step * 5)) {
      open.end = run.end
      open.last = run.last
      open.samples += run.samples
      open.runs++
    } else flaps.push({ start: run.start, end: run.end, last: run.last, samples: run.samples, runs: 1 })
  }
  const node = series.name === 'up' ? nodeOfLabels(series.labels, timeline) : null
  return flaps.map((flap) => ({
    kind: 'service.unreachable',
    entity,
    start: flap.start,
    end: flap.end,
    confidence: 0.93,
    summary: `${called(entity).replace(/^s/u, 'S')} did not answer${flap.end === null ? '' : ` for ${duration(flap.end - flap.start)}`}${flap.runs > 1 ? `, in ${flap.runs} stretches` : ''} (${times(flap.samples)}).`,
    evidence: [sampleEvidence(series, flap.start, '0'), sampleEvidence(series, flap.last, '0')],
    attributes: { flaps: flap.runs, ...(node === null ? {} : { node: node.slice('node/'.length) }) },
    slackMs: step,
    dose: flap.samples,
  }))
}

/** A prober's own log, where no series of it is there. */
const failedProbes = (timeline: Timeline): readonly Found[] =>
  timeline.signals
    .filter((signal) => signal.kind === 'probe.failed' && signal.count >= MIN_SAMPLES)
    .map((signal) => ({
      kind: 'service.unreachable',
      entity: signal.entity,
      start: signal.at,
      end: signal.until,
      confidence: 0.9,
      summary: `Probes of ${called(signal.entity)} failed, ${times(signal.count)}.`,
      evidence: chooseEvidence(evidenceOf([signal])),
      attributes: signal.attributes,
      slackMs: 2_000,
      dose: signal.count,
    }))
