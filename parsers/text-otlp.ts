/**
 * Log records of OpenTelemetry's collector, as its file exporter writes them: one JSON line holds many records.
 * https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/
 */
import type { Envelope, Sink } from '../src/model/format.js'
import { DEBUG, ERROR, FATAL, INFO, NONE, TRACE, WARNING } from './levels.js'
import type { Apps } from './text-apps.js'
import type { Complaints } from './text-complaints.js'

const MARK = Buffer.from('{"resourceLogs"')

export const isOtlp = (bytes: Buffer, start: number, end: number): boolean => end - start > MARK.length && MARK.compare(bytes, start, start + MARK.length) === 0

type Json = { readonly [key: string]: unknown }

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const own = (value: unknown, key: string): unknown => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined)
const list = (value: unknown, key: string): readonly unknown[] => {
  const items = own(value, key)
  return Array.isArray(items) ? items : []
}
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** severityNumber: four to a level, from TRACE (1) to FATAL (21). */
const LEVELS = [TRACE, DEBUG, INFO, WARNING, ERROR, FATAL]
const levelOf = (number: unknown): number => (typeof number === 'number' && number >= 1 && number <= 24 ? (LEVELS[Math.floor((number - 1) / 4)] ?? NONE) : NONE)

const serviceOf = (resource: unknown): string | null => {
  for (const attribute of list(resource, 'attributes')) if (own(attribute, 'key') === 'service.name') return text(own(own(attribute, 'value'), 'stringValue'))
  return null
}

/** timeUnixNano has more figures than a number holds: the last six are cut off, but for microseconds. */
const millis = (nanos: unknown): number => (typeof nanos === 'string' && /^\d{16,19}$/.test(nanos) ? Number(nanos.slice(0, -3)) / 1e3 : NaN)

export const readOtlp = (sink: Sink, apps: Apps, said: Complaints, bytes: Buffer, start: number, end: number, envelope: Envelope | null): boolean => {
  let line: unknown
  try {
    line = JSON.parse(bytes.toString('utf8', start, end))
  } catch {
    return false
  }
  for (const resourceLogs of list(line, 'resourceLogs')) {
    const app = apps.named(serviceOf(own(resourceLogs, 'resource')), envelope)
    for (const scope of list(resourceLogs, 'scopeLogs')) {
      for (const record of list(scope, 'logRecords')) {
        const ms = millis(own(record, 'timeUnixNano') ?? own(record, 'observedTimeUnixNano'))
        sink.record(ms, 'utc')
        if (Number.isNaN(ms)) continue
        const level = levelOf(own(record, 'severityNumber'))
        const message = text(own(own(record, 'body'), 'stringValue')) ?? ''
        apps.count(app, level, { ms, basis: 'utc' })
        said.say(app, level, { ms, basis: 'utc' }, message, message)
      }
    }
  }
  return true
}
