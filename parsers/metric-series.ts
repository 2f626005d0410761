/** From a metric's name and labels to where its samples go: the series itself, and what facts and alerts read from it. */
import type { Labels } from '../src/model/extract.js'
import type { InputContext, SeriesWriter, Sink } from '../src/model/format.js'
import { alertSeries } from './alert-series.js'
import { metricFacts } from './metric-facts.js'

/** Takes the samples of one series. A sample without a time (NaN) makes facts, no series. */
export interface SampleWriter {
  /** `line`: where it stands, of formats that have lines. */
  push(ms: number, value: number, line?: number): void
  /** The first `count` of both columns. The first stands on `line`, each of the others on the next one. */
  pushAll(times: Float64Array, values: Float64Array, count: number, line?: number): void
  /** Nothing looks at single samples: once one was pushed, the others may as well come in columns. */
  readonly plain: boolean
}

export interface MetricSeries {
  /** Asked once per series: it builds a key. `name` null: the expression or the file's name stands for it. */
  of(name: string | null, labels: Labels): SampleWriter
  /**
   * The input's first and last sample, for alerts that end before it. Samples are recorded without their times (NaN): one series after the
   * other, they would look like silences of a log.
   */
  end(first: number, last: number): void
}

/** `line`: where the sample being read stands; null where the format has no lines. */
export const metricSeries = (sink: Sink, context: InputContext, line: () => number | null): MetricSeries => {
  const facts = metricFacts(sink)
  const alerts = alertSeries(sink, line)
  const unnamed = context.expression ?? baseName(context.path)
  return {
    of(name, labels) {
      const called = name ?? unnamed
      // Without a name of its own a result is about the query, whatever its labels.
      const fact = name === null ? null : facts.of(name, labels)
      const alert = name === null ? null : alerts.of(name, labels)
      let series: SeriesWriter | null = null
      const push = (ms: number, value: number, at: number | undefined): void => {
        if (Number.isNaN(value)) return
        series ??= sink.series(called, labels, at ?? line())
        series.push(ms, value, at)
      }
      if (fact === null && alert === null) {
        return {
          plain: true,
          push: (ms, value, at) => (Number.isNaN(ms) ? undefined : push(ms, value, at)),
          pushAll(times, values, count, at) {
            series ??= sink.series(called, labels, at ?? line())
            series.pushAll(times, values, count, at)
          },
        }
      }
      const watched = (ms: number, value: number, at?: number): void => {
        if (fact !== null && !Number.isNaN(value)) fact(ms, value)
        if (Number.isNaN(ms)) return
        alert?.(ms, value)
        push(ms, value, at)
      }
      return {
        plain: false,
        push: watched,
        pushAll(times, values, count, at) {
          for (let index = 0; index < count; index++) watched(times[index] ?? NaN, values[index] ?? NaN, at === undefined ? undefined : at + index)
        },
      }
    },
    end(first, last) {
      if (Number.isFinite(first) && Number.isFinite(last)) {
        sink.reaches(first, 'utc')
        sink.reaches(last, 'utc')
      }
      facts.end()
      alerts.end(first, last)
    },
  }
}

/** 'cpu_by_mode' of 'prom/query_range/cpu_by_mode.json.gz'. */
const baseName = (path: string): string => {
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:gz|zst|bz2|xz)$/u, '')
  const dot = file.lastIndexOf('.')
  return dot > 0 ? file.slice(0, dot) : file
}
