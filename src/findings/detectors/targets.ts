/** service.unreachable: a scrape target or a probed service does not answer, for longer than one unlucky scrape. */
import { service, shortName, target, typeOf, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, sampleEvidence, type Detector, type Found } from '../finding.js'
import { nodeOfLabels } from '../measures.js'
import { lower, stepOf, stretches, valueAt } from '../statistics.js'
import { called, duration, opening, times } from '../words.js'

/** Two lost scrapes in a row happen to everybody. */
const MIN_SAMPLES = 3
const MIN_MS = 55_000

export const targets: Detector = {
  id: 'targets',
  finds: ['service.unreachable'],
  detect(timeline) {
    const found: Found[] = []
    const durations = groupBy(timeline.series, (series) => (series.name === 'scrape_duration_seconds' ? targetOf(series) : null))
    for (const series of timeline.series) {
      const entity = aboutWhat(series)
      if (entity !== null) found.push(...unanswered(series, entity, series.name === 'up' ? (durations.get(entity) ?? []) : [], timeline))
    }
    const known = new Set(found.map(({ entity }) => entity))
    return [...found, ...failedProbes(timeline), ...toldByAlerts(timeline).filter(({ entity }) => !known.has(entity))]
  },
}

const DATABASE = /postgres|pgsql|(?:^|[^a-z])pg(?:[^a-z]|$)/iu
/** What a probe asks, where its name says that it is a database server: whoever needs one asks the same. An exporter's name says whom it asks at each scrape. */
const askedOf = (entity: Entity): { readonly probed?: string; readonly exporter?: string } => {
  if (typeOf(entity) === 'target') return DATABASE.test(entity) ? { exporter: 'postgres' } : {}
  return typeOf(entity) === 'service' && DATABASE.test(shortName(entity)) ? { probed: 'postgres' } : {}
}

const targetOf = ({ labels }: TimedSeries): Entity => target(labels['job'] ?? '-', labels['instance'] ?? '-')

const aboutWhat = (series: TimedSeries): Entity | null => {
  const { labels } = series
  if (series.name === 'up') return targetOf(series)
  if (series.name === 'probe_success' || series.name === 'faultline_probe_success')
    return service('-', labels['target'] ?? labels['probe'] ?? labels['instance'] ?? labels['job'] ?? '-')
  return null
}

/** Time-outs of scrapes are seconds; a connection that is refused, or an answer that is none, comes within milliseconds. */
const AT_ONCE_SECONDS = 0.1

/** Whether each scrape that failed did so at once: nobody listened there, and nobody was too slow. False where nobody measured it. */
const failedAtOnce = (up: TimedSeries, durations: readonly TimedSeries[], start: number, last: number): boolean => {
  const took = durations.flatMap(({ times, values }) =>
    [...values].filter((_, index) => {
      const time = times[index] ?? NaN
      return time >= start && time <= last && valueAt(up, time) === 0
    }),
  )
  return took.length > 1 && took.every((seconds) => seconds < AT_ONCE_SECONDS)
}

const unanswered = (series: TimedSeries, entity: Entity, durations: readonly TimedSeries[], timeline: Timeline): readonly Found[] => {
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
  const port = series.name === 'up' ? /:(\d{1,5})$/u.exec(series.labels['instance'] ?? '')?.[1] : undefined
  return flaps.map((flap) => {
    const atOnce = failedAtOnce(series, durations, flap.start, flap.last)
    return {
      kind: 'service.unreachable',
      entity,
      start: flap.start,
      end: flap.end,
      confidence: 0.93,
      summary: `${opening(entity)} did not answer${flap.end === null ? '' : ` for ${duration(flap.end - flap.start)}`}${flap.runs > 1 ? `, in ${flap.runs} stretches` : ''} (${times(flap.samples)}${atOnce ? ', refused at once' : ''}).`,
      evidence: [sampleEvidence(series, flap.start, '0'), sampleEvidence(series, flap.last, '0')],
      attributes: {
        flaps: flap.runs,
        ...(atOnce ? { answer: 'refused' } : {}),
        ...(node === null ? {} : { node: node.slice('node/'.length) }),
        ...(port === undefined ? {} : { port }),
        ...askedOf(entity),
      },
      slackMs: step,
      dose: flap.samples,
    }
  })
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
      attributes: { ...signal.attributes, ...askedOf(signal.entity) },
      slackMs: 2_000,
      dose: signal.count,
    }))

/** Alerts that say of somebody that they do not answer: TargetDown, SiteUnreachable, EndpointDown, ProbeFailed, InstanceDown … */
const NO_ANSWER =
  /unreachable|(?:site|target|endpoint|instance|host|url|website|service|job)\w{0,12}(?:is)?[-_ ]?down|probe\w{0,12}fail|not[-_ ]?(?:responding|answering|reachable)/iu

/**
 * Where nobody has the probe's own series: what an alert about a target that does not answer says. It comes late, by its `for` and the rule's interval, and ends late.
 * Stretches of it that lie close together are one trouble.
 */
const toldByAlerts = (timeline: Timeline): readonly Found[] => {
  const measured = new Set(timeline.series.map(aboutWhat).filter((entity) => entity !== null))
  const open = new Map<Entity, { readonly signals: TimedSignal[]; end: number | null }[]>()
  for (const signal of timeline.signals) {
    if (signal.kind !== 'alert.fired' || !NO_ANSWER.test(String(signal.attributes['alertname'] ?? ''))) continue
    const entity = answering(signal.entity)
    if (entity === null || measured.has(entity) || measured.has(signal.entity)) continue
    const stretches = open.get(entity) ?? []
    open.set(entity, stretches)
    const last = stretches.at(-1)
    if (signal.phase === 'end') {
      if (last !== undefined && last.end === null) last.end = signal.at
    } else if (last !== undefined && (last.end === null || signal.at - last.end <= FLAPPING_MS)) {
      last.signals.push(signal)
      last.end = signal.phase === 'begin' ? null : Math.max(last.end ?? 0, signal.until)
    } else stretches.push({ signals: [signal], end: signal.phase === 'begin' ? null : signal.until })
  }
  return [...open].flatMap(([entity, stretches]) =>
    stretches.map(({ signals, end }) => ({
      kind: 'service.unreachable',
      entity,
      start: signals[0]?.at ?? 0,
      end,
      confidence: 0.75,
      summary: `${opening(entity)} did not answer, as an alert says (${String(signals[0]?.attributes['alertname'] ?? '')}).`,
      evidence: chooseEvidence(evidenceOf(signals)),
      attributes: { told: 'alert' },
      slackMs: ALERT_SLACK_MS,
      dose: signals.length,
    })),
  )
}

const FLAPPING_MS = 5 * 60_000
const ALERT_SLACK_MS = 2 * 60_000

/** What is probed from outside is a service by its address; a scrape target is itself. */
const answering = (entity: Entity): Entity | null => {
  if (typeOf(entity) === 'service') return entity
  if (typeOf(entity) !== 'target') return null
  const address = /https?:\/\/.+$/u.exec(entity)?.[0]
  return address === undefined ? entity : service('-', address)
}
