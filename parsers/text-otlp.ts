/**
 * Log records of OpenTelemetry's collector, as its file exporter writes them: one JSON line holds many records.
 * https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/
 */
import { node, pod, type Entity } from '../src/model/entity.js'
import type { Envelope, Sink } from '../src/model/format.js'
import { DEBUG, ERROR, FATAL, INFO, NONE, TRACE, WARNING } from './levels.js'
import { utc } from '../src/read/stamps.js'
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

interface Resource {
  readonly name: string | null
  readonly pod: Entity | null
  readonly node: string | null
  readonly uid: string | null
}

/** Who wrote the records, as collectors in Kubernetes say it: https://opentelemetry.io/docs/specs/semconv/resource/k8s/ */
const resourceOf = (resource: unknown): Resource => {
  const known = new Map<string, string>()
  for (const attribute of list(resource, 'attributes')) {
    const [key, value] = [own(attribute, 'key'), own(own(attribute, 'value'), 'stringValue')]
    if (typeof key === 'string' && typeof value === 'string' && value !== '') known.set(key, value)
  }
  const [name, uid] = [known.get('k8s.pod.name'), known.get('k8s.pod.uid')]
  return {
    name: known.get('service.name') ?? known.get('k8s.container.name') ?? null,
    pod: name === undefined ? null : pod(known.get('k8s.namespace.name') ?? '-', name),
    node: known.get('k8s.node.name') ?? null,
    uid: uid ?? null,
  }
}

/** timeUnixNano has more figures than a number holds: the last six are cut off, but for microseconds. */
const millis = (nanos: unknown): number => (typeof nanos === 'string' && /^\d{16,19}$/.test(nanos) ? Number(nanos.slice(0, -3)) / 1e3 : NaN)

export type OtlpReader = (bytes: Buffer, start: number, end: number, envelope: Envelope | null) => boolean

export const otlpReader = (sink: Sink, apps: Apps, said: Complaints): OtlpReader => {
  /** Pods that were told of: every line tells all of them again. */
  const placed = new Set<string>()
  const place = ({ pod: of, node: on, uid }: Resource, ms: number): void => {
    const key = `${of ?? ''} ${on ?? ''} ${uid ?? ''}`
    if (of === null || placed.has(key)) return
    placed.add(key)
    if (on !== null) sink.fact({ fact: 'pod-on-node', pod: of, node: node(on), at: utc(ms), ...(uid === null ? {} : { uid }) })
    else if (uid !== null) sink.fact({ fact: 'alias', of, name: `uid:${uid}`, at: null })
  }

  return (bytes, start, end, envelope) => {
    let line: unknown
    try {
      line = JSON.parse(bytes.toString('utf8', start, end))
    } catch {
      return false
    }
    for (const resourceLogs of list(line, 'resourceLogs')) {
      const resource = resourceOf(own(resourceLogs, 'resource'))
      const app = apps.named(resource.name, resource.pod === null ? envelope : { pod: resource.pod, host: null })
      for (const scope of list(resourceLogs, 'scopeLogs')) {
        for (const record of list(scope, 'logRecords')) {
          const ms = millis(own(record, 'timeUnixNano') ?? own(record, 'observedTimeUnixNano'))
          sink.record(ms, 'utc')
          if (Number.isNaN(ms)) continue
          place(resource, ms)
          const level = levelOf(own(record, 'severityNumber'))
          const message = text(own(own(record, 'body'), 'stringValue')) ?? ''
          apps.count(app, level, { ms, basis: 'utc' })
          said.say(app, level, { ms, basis: 'utc' }, message, message)
        }
      }
    }
    return true
  }
}
