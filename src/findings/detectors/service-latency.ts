/** service.slow: the latency that services measure of themselves, in quantiles or on average, against their own usual. */
import type { Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import { once } from '../../model/once.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { fullest, sampleEvidence, type Detector, type Found } from '../finding.js'
import { asMetric, formOf, labelsOf, readingOf } from '../measures.js'
import { serviceOf } from '../../model/request-metrics.js'
import { isComponent, LEAST_CALM, perSecond } from '../services.js'
import { between, combine, higher, median, smoothed, stepOf, stretches, usualOf, valueAt, type Column, type Interval } from '../statistics.js'
import { opening } from '../words.js'

export const serviceLatency: Detector = {
  id: 'service-latency',
  finds: ['service.slow'],
  detect: (timeline) => [...slow(timeline), ...slowOnAverage(timeline)],
}

const LATENCY = /(?:duration|latency|response_time|request_time|handling|requests?|responses?)(?:_\w*)?(?:seconds|_ms)$/u

/** As long as one of what a series is measured in, in seconds: its name says so, by Prometheus' custom at its end. */
const unitOf = (name: string): number => {
  if (/milli(?:seconds|s\b)|_ms(?:_|\b)/iu.test(name)) return 1e-3
  return /microseconds|_us(?:_|\b)/iu.test(name) ? 1e-6 : /nanoseconds|_ns(?:_|\b)/iu.test(name) ? 1e-9 : 1
}
const scaled = ({ times, values }: Column, by: number): Column => ({ times, values: by === 1 ? values : values.map((value) => value * by) })

/** Slower than usual by this factor, and by this much, is slow. */
const SLOWER = 4
const SLOWER_SECONDS = 0.15
/** As many times what it was at first, and no day is like that. */
const MUCH_SLOWER = 8

/** Whose latency a series tells, in quantiles. */
const latencyOf = (series: TimedSeries): Entity | null => {
  const { metric } = readingOf(series)
  const quantiles = formOf(series)?.terms[0]?.of.how === 'quantile' || /p9\d|latency_p\d\d/u.test(series.name) || series.labels['quantile'] !== undefined
  if (
    !quantiles ||
    metric === '' ||
    isComponent(series) ||
    !(LATENCY.test(metric.replace(/_bucket$/u, '')) || /latency|faultline_http_seconds/u.test(series.name))
  )
    return null
  return serviceOf(labelsOf(series))
}

const latencies = once(({ series }: Timeline) =>
  series.flatMap((one) => {
    const entity = latencyOf(one)
    return entity === null ? [] : [{ entity, series: one }]
  }),
)

const slow = (timeline: Timeline): readonly Found[] => {
  const measured = latencies(timeline).map(({ entity, series }) => {
    const calm = scaled(smoothed(asMetric(series)), unitOf(series.name))
    return { entity, series, calm, usual: usualOf(calm.values, MUCH_SLOWER) }
  })
  return measured.flatMap(({ entity, series, calm, usual }) => {
    const step = stepOf(calm.times)
    return stretches(calm, (value) => value >= usual * SLOWER && value >= usual + SLOWER_SECONDS, Math.max(30_000, 3 * step), higher)
      .filter((stretch) => stretch.samples >= 3)
      .map((stretch) => {
        const one = tookLong(entity, series, calm, stretch, usual)
        return isAlone(one, measured, timeline) ? { ...one, attributes: { ...one.attributes, others: 'as usual' } } : one
      })
  })
}

interface Measured {
  readonly entity: Entity
  readonly calm: Column
  readonly usual: number
}

/** Of services that nobody places on different nodes: two others or more took no longer than they usually do, all the while. */
const isAlone = ({ entity, start, end }: Found, measured: readonly Measured[], { topology, to }: Timeline): boolean => {
  if (topology.pods.length > 0) return false
  const others = groupBy(measured, (one) => (one.entity === entity ? null : one.entity))
  const asUsual = [...others.values()].filter((series) =>
    series.every(({ calm, usual }) => {
      const { values } = between(calm, start, end ?? to)
      return values.length >= LEAST_CALM && values.every((value) => value <= Math.max(usual * AS_USUAL, usual + SLOWER_SECONDS / SLOWER))
    }),
  )
  return asUsual.length >= 2
}
const AS_USUAL = 2

const tookLong = (entity: Entity, source: TimedSeries, seconds: Column, stretch: Interval, usual: number, onAverage = false): Found => {
  const unit = onAverage ? 's per request' : 's'
  return {
    kind: 'service.slow',
    entity,
    start: stretch.start,
    end: stretch.end,
    confidence: onAverage ? 0.8 : 0.85,
    summary: `${opening(entity)} took up to ${stretch.peak.toFixed(2)} s per request${onAverage ? ' on average' : ''} (usually ${usual.toFixed(3)} s).`,
    evidence: [
      sampleEvidence(source, stretch.start, `→ ${valueAt(seconds, stretch.start).toFixed(3)} ${unit}`),
      sampleEvidence(source, stretch.peakAt, `→ ${stretch.peak.toFixed(3)} ${unit}, the most`),
    ],
    attributes: { seconds: Math.round(stretch.peak * 1000) / 1000 },
    slackMs: Math.max(stepOf(seconds.times), 10_000),
    dose: stretch.peak / Math.max(usual, 0.001),
  }
}

/** What is answered to somebody who waits. https://prometheus.io/docs/practices/histograms/#count-and-sum-of-observations */
const SUM = /(?:request|response|http|handling)\w*_(?:milliseconds|seconds|ms)_sum$/u
/** A mean goes up by one slow request of a few. */
const SLOWER_ON_AVERAGE = 8
const SLOWER_SECONDS_ON_AVERAGE = 0.5
const ON_AVERAGE_FOR_MS = 10_000
/** What goes on for so long is no slow request of a few: then less is slow, too. */
const LASTING_MS = 40_000
const LASTING_SAMPLES = 8
const LASTING_SECONDS = 0.1

/** Of services whose histogram was collected and whose quantiles nobody asked for: the time of all requests by their number. */
const slowOnAverage = (timeline: Timeline): readonly Found[] => {
  const known = new Set(latencies(timeline).map(({ entity }) => entity))
  const isSum = (series: TimedSeries): boolean => SUM.test(series.name) && LATENCY.test(series.name.replace(/_sum$/u, '')) && !isComponent(series)
  const sums = groupBy(timeline.series, (series) => {
    const entity = isSum(series) ? serviceOf(series.labels) : null
    return entity === null || known.has(entity) ? null : entity
  })
  if (sums.size === 0) return []
  const names = new Set([...sums.values()].flatMap((all) => all.map(({ name }) => name.replace(/_sum$/u, '_count'))))
  const counted = groupBy(timeline.series, ({ name, labels }) => (names.has(name) ? `${name} ${serviceOf(labels) ?? ''}` : null))
  return [...sums].flatMap(([entity, all]) => {
    const source = fullest(all)
    if (source === undefined) return []
    const ofOne = all.filter(({ name }) => name === source.name)
    const counts = counted.get(`${source.name.replace(/_sum$/u, '_count')} ${entity}`)
    if (counts === undefined) return []
    const mean = scaled(meanOf(combine(ofOne.map(perSecond), 'sum'), combine(counts.map(perSecond), 'sum')), unitOf(source.name))
    const usual = usualOf(mean.values, MUCH_SLOWER)
    const step = stepOf(mean.times)
    const slowBy = (seconds: number, samples: number, forMs: number): readonly Interval[] =>
      stretches(mean, (value) => value >= usual * SLOWER_ON_AVERAGE && value >= usual + seconds, Math.max(30_000, 3 * step), higher).filter(
        (stretch) => stretch.samples >= samples && stretch.last - stretch.start >= forMs,
      )
    const lasting = slowBy(LASTING_SECONDS, LASTING_SAMPLES, LASTING_MS)
    const short = slowBy(SLOWER_SECONDS_ON_AVERAGE, 3, ON_AVERAGE_FOR_MS).filter(({ start }) => !lasting.some((one) => one.start <= start && start <= one.last))
    return [...lasting, ...short].map((stretch) => tookLong(entity, source, mean, stretch, usual, true))
  })
}

/** While none of its requests came to an end those went on that came to one last; where those that came to one next had waited all the while, it was those. */
const meanOf = (seconds: Column, requests: Column): Column => {
  const { times } = seconds
  const counts = times.map((at) => valueAt(requests, at))
  const usually = median(counts)
  const values = new Float64Array(times.length)
  let last = NaN
  let still = 0
  counts.forEach((count, index) => {
    if (!(count > 0)) {
      values[index] = last
      still++
      return
    }
    const spent = seconds.values[index] ?? NaN
    last = spent / count
    values[index] = last
    if (still > 0 && still < index) {
      const before = times[index - 1] ?? NaN
      const stoodFor = (before - (times[index - still - 1] ?? NaN)) / 1000
      const lookedFor = ((times[index] ?? NaN) - before) / 1000
      if (waitedThrough(stoodFor, lookedFor, last, spent * lookedFor, usually)) values.fill(last, index - still, index)
    }
    still = 0
  })
  return { times, values }
}

/**
 * Nothing ended where many requests would have, and then some that took longer than since the last look: they began before it. Together they took as long as nothing
 * ended, or nobody need have waited from first to last: a program that nobody asks stands still, too.
 */
const waitedThrough = (stoodFor: number, lookedFor: number, mean: number, together: number, usually: number): boolean =>
  usually * stoodFor >= LEAST_MISSED && mean >= lookedFor && together >= stoodFor
const LEAST_MISSED = 5
