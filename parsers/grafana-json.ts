/**
 * Grafana's JSON: answers of /api/ds/query, a panel's data frames, dashboard snapshots; and what its older panels and Graphite's render call give.
 * {"results":{"A":{"frames":[{"schema":{"fields":[{"name":"Time","type":"time"},{"name":"Value","labels":{…}}]},"data":{"values":[[ms,…],[1,…]]}}]}}}
 * {"snapshotData":[{"fields":[{"name":"Time","type":"time","values":[…]},…]}],"title":"CPU usage"} · [{"target":"node-a","datapoints":[[0.5,1795248000],…]}]
 * https://grafana.com/developers/dataplane/ · https://graphite.readthedocs.io/en/latest/render_api.html#json
 */
import type { Labels } from '../src/model/extract.js'
import type { BytesFormat, BytesReader, InputContext, Sink } from '../src/model/format.js'
import { own, ownText, stringsOf } from './json-values.js'
import { parseSelector } from './metric-bytes.js'
import { legendLabels } from './metric-legends.js'
import { metricSeries, type MetricSeries, type SampleWriter } from './metric-series.js'
import { wholeJson } from './whole-json.js'

const MAX_DEPTH = 12
const SECONDS_BELOW = 1e11

export const grafanaJson: BytesFormat = {
  id: 'grafana-json',
  takes: 'bytes',
  reads: "data frames of Grafana's panels, queries and snapshots; Graphite's JSON",
  reference: 'https://grafana.com/developers/dataplane/',
  sniff({ bytes }) {
    const text = bytes.toString('latin1', 0, 65_536)
    if (!/^(?:\xef\xbb\xbf)?\s*[[{]/u.test(text)) return 0
    if (/"(?:frames|schema|snapshotData|fields)"\s*:\s*[[{]/u.test(text) && /"type"\s*:\s*"time"/u.test(text) && /"values"\s*:\s*\[/u.test(text)) return 0.9
    return /"datapoints"\s*:\s*\[\s*(?:\]|\[\s*(?:null|-?[\d.eE+-]+)\s*,\s*\d{10,13}\s*\])/u.test(text) && /"target"\s*:/u.test(text) ? 0.9 : 0
  },
  open: (sink, context) => openFrames(sink, context),
}

const openFrames = (sink: Sink, context: InputContext): BytesReader =>
  wholeJson(sink, "Grafana's JSON", (root) => {
    const reader = frameReader(
      sink,
      metricSeries(sink, context, () => null),
    )
    reader.walk(root, null, 0)
    reader.end()
  })

const frameReader = (sink: Sink, series: MetricSeries) => {
  let first = Infinity
  let last = -Infinity

  const give = (writer: SampleWriter, time: unknown, value: unknown): void => {
    const ms = typeof time === 'number' ? (time < SECONDS_BELOW ? time * 1000 : time) : typeof time === 'string' ? Date.parse(time) : NaN
    if (!Number.isFinite(ms)) return
    sink.record(NaN, 'utc')
    first = Math.min(first, ms)
    last = Math.max(last, ms)
    if (typeof value === 'number') writer.push(Math.round(ms), value)
  }

  /** By the name that a legend or a field gives, else by the panel's title. */
  const writerOf = (called: string, labels: Labels, title: string | null): SampleWriter => {
    const bytes = Buffer.from(called)
    const selector = called.includes('{') || /^[a-zA-Z_:][a-zA-Z0-9_:]*_[a-zA-Z0-9_:]*$/u.test(called) ? parseSelector(bytes, 0, bytes.length) : null
    const { __name__: metric, ...others } = { ...selector?.labels, ...labels }
    const name = selector?.name ?? metric ?? null
    if (name !== null) return series.of(name, others)
    const told = selector !== null || called === '' || called === 'Value' ? others : { ...others, ...legendLabels(called) }
    return title === null ? series.of(null, told) : series.of(title, told)
  }

  const frame = (fields: readonly unknown[], columns: readonly unknown[], title: string | null, frameName: string): void => {
    const times = columns[fields.findIndex((field) => ownText(field, 'type') === 'time')]
    if (!Array.isArray(times)) return
    const words: [string, readonly unknown[]][] = []
    fields.forEach((field, index) => {
      const column = columns[index]
      if (ownText(field, 'type') === 'string' && Array.isArray(column)) words.push([ownText(field, 'name'), column])
    })
    fields.forEach((field, index) => {
      const column = columns[index]
      const type = ownText(field, 'type')
      if (!Array.isArray(column) || type === 'time' || type === 'string' || !column.some((value) => typeof value === 'number')) return
      const config = own(field, 'config')
      const called =
        [ownText(config, 'displayNameFromDS'), ownText(config, 'displayName'), ownText(field, 'name')].find((name) => name !== '' && name !== 'Value') ??
        frameName
      const labels = stringsOf(own(field, 'labels'))
      const writers = new Map<string, SampleWriter>()
      for (let row = 0; row < times.length; row++) {
        const of = words.map(([name, values]) => [name, textOf(values[row])] as const).filter(([, value]) => value !== '')
        const key = of.map(([, value]) => value).join('\n')
        let writer = writers.get(key)
        if (writer === undefined) writers.set(key, (writer = writerOf(called, { ...labels, ...Object.fromEntries(of) }, title)))
        give(writer, times[row], column[row])
      }
    })
  }

  const walk = (value: unknown, title: string | null, depth: number): void => {
    if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const one of value) walk(one, title, depth + 1)
      return
    }
    const schema = own(value, 'schema')
    const fields = own(schema, 'fields') ?? own(value, 'fields')
    const columns = own(own(value, 'data'), 'values')
    if (Array.isArray(fields)) {
      const name = ownText(schema, 'name') || ownText(value, 'name')
      frame(fields, Array.isArray(columns) ? columns : fields.map((field) => own(field, 'values')), title, name)
      return
    }
    const points = own(value, 'datapoints')
    if (Array.isArray(points)) {
      const writer = writerOf(ownText(value, 'target') || ownText(value, 'metric'), {}, title)
      for (const point of points) if (Array.isArray(point)) give(writer, point[1], point[0])
      return
    }
    const titled = ownText(value, 'title') || title
    for (const inner of Object.values(value)) walk(inner, titled, depth + 1)
  }

  return { walk, end: (): void => series.end(Number.isFinite(first) ? first : NaN, Number.isFinite(last) ? last : NaN) }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '')
