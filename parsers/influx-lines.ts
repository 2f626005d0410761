/**
 * InfluxDB's line protocol, as `influx_inspect export` and Telegraf's file output write it: measurement,tags fields time.
 * https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 */
import type { InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { metricSeries, type SampleWriter } from './metric-series.js'

const NAME = String.raw`(?:[^\s,=\\"#]|\\.)+`
const LINE = new RegExp(
  String.raw`^(${NAME}(?:,${NAME}=${NAME})*) (${NAME}=(?:"(?:[^"\\]|\\.)*"|[^\s,"]+)(?:,${NAME}=(?:"(?:[^"\\]|\\.)*"|[^\s,"]+))*)(?: (-?\d{10,19}))?$`,
  'u',
)
const FIELD = new RegExp(String.raw`(${NAME})=("(?:[^"\\]|\\.)*"|[^\s,"]+)(?:,|$)`, 'uy')
/** 0.5, 3i, 3u, true: what a field can be. */
const VALUE = /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?[iu]?|t|T|true|True|TRUE|f|F|false|False|FALSE|"[\s\S]*")$/u
const HEADER = /^# (?:DDL|DML|CONTEXT-DATABASE:|CONTEXT-RETENTION-POLICY:|INFLUXDB EXPORT:|writing |\?)|^CREATE DATABASE /u
const MAX_LINE = 16_384

export const influxLines: LineFormat = {
  id: 'influx-lines',
  takes: 'lines',
  reads: "InfluxDB's line protocol",
  reference: 'https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/',
  example: 'cpu,cpu=cpu-total,host=w-1 usage_idle=93.2,usage_user=3i 1795248000000000000',
  units: [],
  sniff({ lines }) {
    const some = lines.slice(0, 50).filter((line) => !HEADER.test(line))
    const mine = some.filter((line) => isMine(line)).length
    return some.length > 0 && mine >= some.length * 0.9 ? 0.9 : 0
  },
  open: (sink, context) => openLines(sink, context),
}

const isMine = (line: string): boolean => {
  const match = line.length > MAX_LINE ? null : LINE.exec(line)
  return match?.[3] !== undefined && fieldsOf(match[2] ?? '').every(([, value]) => VALUE.test(value))
}

const fieldsOf = (text: string): readonly (readonly [string, string])[] => {
  const fields: (readonly [string, string])[] = []
  FIELD.lastIndex = 0
  for (let field = FIELD.exec(text); field !== null; field = FIELD.exec(text)) fields.push([plain(field[1] ?? ''), field[2] ?? ''])
  return fields
}

const plain = (text: string): string => text.replace(/\\([,= "\\])/gu, '$1')

const numberOf = (text: string): number => (/^t/iu.test(text) ? 1 : /^f/iu.test(text) ? 0 : Number(text.replace(/[iu]$/u, '')))

const openLines = (sink: Sink, context: InputContext): LineReader => {
  const series = metricSeries(sink, context, () => sink.line)
  const writers = new Map<string, SampleWriter>()
  const range = new Float64Array([Infinity, -Infinity])
  const writerOf = (key: string, field: string): SampleWriter => {
    const id = `${key}\n${field}`
    let writer = writers.get(id)
    if (writer === undefined) {
      const [measurement = '', ...tags] = key.split(/(?<!\\),/u)
      const labels = Object.fromEntries(tags.map((tag) => tag.split(/(?<!\\)=/u).map(plain)).map(([name = '', value = '']) => [name, value]))
      writers.set(id, (writer = series.of(field === 'value' ? plain(measurement) : `${plain(measurement)}_${field}`, labels)))
    }
    return writer
  }
  return {
    line(bytes, start, end) {
      if (end - start > MAX_LINE) return false
      const line = bytes.toString('utf8', start, end)
      if (HEADER.test(line)) {
        sink.part()
        return true
      }
      const match = LINE.exec(line)
      if (match === null || match[3] === undefined) return false
      const [, key = '', fields = '', time = ''] = match
      const ms = Math.round(
        time.length > 16 ? Number(time) / 1e6 : time.length > 13 ? Number(time) / 1e3 : time.length > 10 ? Number(time) : Number(time) * 1000,
      )
      sink.record(NaN, 'utc')
      if (ms < (range[0] ?? 0)) range[0] = ms
      if (ms > (range[1] ?? 0)) range[1] = ms
      for (const [field, value] of fieldsOf(fields)) if (!value.startsWith('"') && VALUE.test(value)) writerOf(key, field).push(ms, numberOf(value), sink.line)
      return true
    },
    end() {
      series.end(range[0] ?? NaN, range[1] ?? NaN)
    },
  }
}
