/** The objects in Prometheus' JSON that mean something by themselves: targets, alerts, native histograms, sets of labels. */
import { target } from '../src/model/entity.js'
import type { Labels } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { stampOf, utc } from '../src/read/stamps.js'
import { alertAttributes, alertEntity, alertKey, alertText, tellsNothing } from './alert-series.js'
import { own, ownText, stringsOf } from './json-values.js'
import type { MetricSeries, SampleWriter } from './metric-series.js'

export interface PrometheusObjects {
  histogram(value: unknown, of: Labels | null): void
  labelSet(value: unknown): void
  activeTarget(value: unknown): void
  /** `forSeconds`: the rule's `for`, where it is told beside the alert. */
  alert(value: unknown, forSeconds: number | null): void
}

export const prometheusObjects = (sink: Sink, series: MetricSeries): PrometheusObjects => {
  /** The histogram being read: its samples follow each other. */
  let histogramOf: Labels | null = null
  let count: SampleWriter | null = null
  let sum: SampleWriter | null = null
  const writer = (of: Labels, part: string): SampleWriter => {
    const { __name__: name, ...others } = of
    return name === undefined ? series.of(null, { ...others, part }) : series.of(`${name}_${part}`, others)
  }

  return {
    /** [time, {"count":"12", "sum":"18.4", "buckets":[…]}]: a native histogram; its count and sum are kept. */
    histogram(value, of) {
      if (!Array.isArray(value) || typeof value[0] !== 'number') return
      const ms = Math.round(value[0] * 1000)
      if (count === null || sum === null || of !== histogramOf) {
        histogramOf = of
        count = writer(of ?? {}, 'count')
        sum = writer(of ?? {}, 'sum')
      }
      sink.record(ms, 'utc')
      count.push(ms, Number(ownText(value[1], 'count') || NaN))
      sum.push(ms, Number(ownText(value[1], 'sum') || NaN))
    },

    labelSet(value) {
      const { __name__: name, ...others } = stringsOf(value)
      sink.record(NaN, 'utc')
      if (name !== undefined) series.of(name, others)
    },

    activeTarget(value) {
      const labels = stringsOf(own(value, 'labels'))
      const scraped = stampOf(ownText(value, 'lastScrape'))
      const ms = scraped === null || scraped.ms < 0 ? NaN : scraped.ms // year 1: never
      sink.record(ms, 'utc')
      series.of('up', labels) // its labels tell which node has which address
      if (ownText(value, 'health') !== 'down' || Number.isNaN(ms)) return
      const { job = '-', instance = '-' } = labels
      const error = ownText(value, 'lastError')
      sink.signal({
        kind: 'service.unreachable',
        entity: target(job, instance),
        at: utc(ms),
        attributes: { error },
        text: `target ${ownText(value, 'scrapeUrl') || instance} is down: ${error}`,
        line: null,
      })
    },

    /** {"labels":{…},"state":"firing","activeAt":"…"}: it fired after the rule's `for`, which only /api/v1/rules tells. */
    alert(value, forSeconds) {
      const labels = stringsOf(own(value, 'labels'))
      const active = stampOf(ownText(value, 'activeAt'))
      sink.record(active?.ms ?? NaN, 'utc')
      if (active === null || ownText(value, 'state') !== 'firing' || tellsNothing(labels)) return
      sink.signal({
        kind: 'alert.fired',
        entity: alertEntity(labels),
        phase: 'begin',
        at: utc(active.ms + (forSeconds ?? 0) * 1000),
        attributes: {
          ...alertAttributes(labels),
          alertstate: 'firing',
          activeAt: new Date(active.ms).toISOString(),
          ...(forSeconds === null ? { onset: 'active' } : {}),
        },
        text: `${alertText(labels)} ${ownText(own(value, 'annotations'), 'summary')}`,
        line: null,
        burst: alertKey(labels),
      })
    },
  }
}
