/**
 * Postgres' log as JSON lines: log_destination = jsonlog (15 and later; keys without a value are left out), and the JSON that the
 * CloudNativePG operator wraps csvlog records in ("logger":"postgres", "record":{…} with csvlog's names, or a stderr line as "msg").
 * Cloud SQL's entries in Cloud Logging are stderr lines too: "textPayload", their own "timestamp", severities of their own (FATAL is ALERT).
 * https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG
 * https://cloudnative-pg.io/documentation/current/logging/
 */
import { pod, type Entity } from '../src/model/entity.js'
import type { Envelope, LineFormat } from '../src/model/format.js'
import { found, preferEnvelope } from '../src/read/stamps.js'
import { AUTHORIZED, DISCONNECTION, DURATION, lookAt, NOTHING, readDuration, readStamp, startsWith } from './postgres-bytes.js'
import { isPiece, known, severityOf } from './postgres-record.js'
import { postgresServer } from './postgres-server.js'
import { postgresStderr } from './postgres-stderr.js'

const BRACE = 123
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const TIMESTAMP = ascii('{"timestamp":"')
const SEVERITY = Buffer.from('"error_severity":"LOG"')
const STATE = ascii(',"state_code":"')
const MESSAGE = ascii(',"message":"')

/** The names of a record's fields: jsonlog's, then CloudNativePG's, which are csvlog's. */
const NAMES = {
  time: ['timestamp', 'log_time'],
  user: ['user', 'user_name'],
  database: ['dbname', 'database_name'],
  application: ['application_name'],
  pid: ['pid', 'process_id'],
  sqlstate: ['state_code', 'sql_state_code'],
  severity: ['error_severity'],
  message: ['message'],
  detail: ['detail'],
  // CloudNativePG's name is the column's of csvlog.
  statement: ['statement', 'query'],
} as const

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const parse = (text: string): Json | null => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const field = (record: Json, name: keyof typeof NAMES): string => {
  for (const key of NAMES[name]) {
    const value = Object.hasOwn(record, key) ? record[key] : undefined
    if (typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
  }
  return ''
}

// What ships or exports a log may write its JSON anew, with blanks behind the colons.
const CLOUD_SQL = /"logName": ?"[^"]{1,200}cloudsql\.googleapis\.com%2Fpostgres/u
const RECORD_SEVERITY = /"error_severity": ?"/u
const RECORD_TIME = /"(?:timestamp|log_time)": ?"\d{4}-/u
const OPERATOR = /"logging_pod": ?"|"logger": ?"postgres"/u

const sniff = (lines: readonly string[]): number => {
  let records = 0
  let operator = 0
  for (const line of lines) {
    if (!line.startsWith('{')) continue
    if (RECORD_SEVERITY.test(line) && RECORD_TIME.test(line)) records++
    else if (CLOUD_SQL.test(line) || OPERATOR.test(line)) operator++
  }
  if (records + operator === 0) return 0
  return (records + operator) / lines.length > 0.3 ? 0.95 : 0.5
}

export const postgresJson: LineFormat = {
  id: 'postgres',
  takes: 'lines',
  reads: "Postgres' log as JSON, and CloudNativePG's",
  reference: 'https://www.postgresql.org/docs/18/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG',
  example:
    '{"timestamp":"2026-11-21 08:28:22.058 UTC","user":"billing_sync","dbname":"shop","pid":28565,"error_severity":"FATAL","state_code":"53300","message":"sorry, too many clients already","backend_type":"client backend","query_id":0}',
  units: [],
  sniff: ({ lines }) => sniff(lines),
  open(sink, context) {
    const server = postgresServer(sink, context)
    const plain = postgresStderr.open(sink, context)

    /** A record of jsonlog's usual order that says nothing: counted from its bytes. */
    const isUsual = (bytes: Buffer, start: number, end: number): boolean => {
      if (!startsWith(bytes, start, end, TIMESTAMP)) return false
      const at = bytes.subarray(start, Math.min(end, start + 2_000)).indexOf(SEVERITY)
      if (at < 0) return false
      let next = start + at + SEVERITY.length
      if (startsWith(bytes, next, end, STATE)) next += 21
      return (
        startsWith(bytes, next, end, MESSAGE) && lookAt(bytes, next + MESSAGE.length, end) === NOTHING && readStamp(bytes, start + TIMESTAMP.length, end) >= 0
      )
    }

    const read = (record: Json, seconds: number, envelope: Envelope | null): boolean => {
      const severity = severityOf(field(record, 'severity'))
      if (severity === undefined || isPiece(severity)) return false
      const time = field(record, 'time')
      const stamp = Buffer.from(time.slice(0, 40))
      if (readStamp(stamp, 0, stamp.length) < 0) {
        found.ms = seconds * 1000
        found.basis = 'utc'
      }
      preferEnvelope(envelope)
      const { ms, basis } = found
      sink.record(ms, basis)
      const message = field(record, 'message')
      const start = Buffer.from(message.slice(0, 64))
      const meaning = severity === 'LOG' ? lookAt(start, 0, start.length) : severity === 'DEBUG' || severity === 'INFO' || severity === 'NOTICE' ? NOTHING : -1
      if (meaning === NOTHING) return true
      const pid = Number(field(record, 'pid')) || 0
      const at = { ms, basis }
      if (meaning === DISCONNECTION) {
        server.disconnected(ms, pid)
        return true
      }
      if (meaning === AUTHORIZED) {
        const whole = Buffer.from(message)
        server.authorized(ms, basis, pid, whole, 0, whole.length)
        return true
      }
      const user = known(field(record, 'user'))
      const database = known(field(record, 'database'))
      if (meaning === DURATION) {
        const milliseconds = readDuration(start, 0, start.length)
        if (!Number.isNaN(milliseconds) && server.statement(ms, basis, milliseconds, database) && !message.includes('pg_sleep')) {
          server.longest(ms, basis, milliseconds, database)
        }
        return true
      }
      server.say({
        at,
        line: sink.line,
        severity,
        pid,
        user,
        database,
        application: known(field(record, 'application')),
        sqlstate: field(record, 'sqlstate'),
        message,
        detail: field(record, 'detail'),
        statement: field(record, 'statement'),
        text: `${time} [${pid}] ${user === '' ? '' : `${user}@${database} `}${severity}:  ${message.split('\n', 1)[0] ?? ''}`,
      })
      return true
    }

    /** A record longer than a line may be: its time still counts. */
    const isCut = (bytes: Buffer, start: number, end: number, envelope: Envelope | null): boolean => {
      if (!startsWith(bytes, start, end, TIMESTAMP) || readStamp(bytes, start + TIMESTAMP.length, end) < 0) return false
      preferEnvelope(envelope)
      sink.record(found.ms, found.basis)
      return true
    }

    /** An entry of Cloud Logging: the time is the entry's, the rest the text's. */
    const entry = (line: Json, payload: string): boolean => {
      const stamp = Buffer.from(typeof line['timestamp'] === 'string' ? line['timestamp'].slice(0, 40) : '')
      if (readStamp(stamp, 0, stamp.length) < 0) return false
      const bytes = Buffer.from(payload)
      const { ms, basis } = found
      return plain.line(bytes, 0, bytes.length, {
        ms,
        basis,
        host: null,
        unit: 'postgres',
        pod: null,
        namespace: null,
        container: null,
        level: 0,
        bytes,
        start: 0,
        end: bytes.length,
      })
    }

    let named: Entity | null = null
    /** CloudNativePG names its pod, but not its namespace; the input's place may know both. */
    const podOf = (line: Json, known: Entity | null): Entity | null => {
      const name = line['logging_pod']
      if (known !== null || context.pod !== null || typeof name !== 'string' || name === '') return known
      if (named === null || !named.endsWith(`/${name}`)) named = pod('-', name)
      return named
    }

    return {
      line(bytes, start, end, envelope) {
        if (bytes[start] !== BRACE) return plain.line(bytes, start, end, envelope)
        if (isUsual(bytes, start, end)) {
          preferEnvelope(envelope)
          sink.record(found.ms, found.basis)
          return true
        }
        // A record must be whole to be JSON: lines are cut at 1 MiB, not at decode's 64 KiB.
        const line = parse(bytes.toString('utf8', start, end))
        if (line === null) return isCut(bytes, start, end, envelope)
        server.within(envelope?.pod ?? null)
        if (Object.hasOwn(line, 'error_severity')) return read(line, NaN, envelope)
        const text = line['textPayload']
        if (typeof text === 'string') return entry(line, text)
        const seconds = typeof line['ts'] === 'number' ? line['ts'] : NaN
        const logger = line['logger']
        if (!Object.hasOwn(line, 'logging_pod') && logger !== 'postgres' && Number.isNaN(seconds)) return false
        server.within(podOf(line, envelope?.pod ?? null))
        const record = line['record']
        if (isObject(record) && read(record, seconds, envelope)) return true
        const message = typeof line['msg'] === 'string' ? line['msg'] : ''
        if (logger === 'postgres' && message !== '') {
          const inner = Buffer.from(message)
          if (plain.line(inner, 0, inner.length, null)) return true
        }
        // The operator's own lines: about the instance it manages.
        const at = operatorTime(line, seconds)
        if (Number.isNaN(at)) return false
        sink.record(at, 'utc')
        const error = typeof line['error'] === 'string' ? line['error'] : ''
        if (line['level'] === 'error' || FAILOVER.test(message))
          server.manager({ ms: at, basis: 'utc' }, 'cloudnative-pg', error === '' ? message : `${message}: ${error}`)
        return true
      },
      end() {
        plain.end()
        server.end()
      },
    }
  },
}

/** The operator says of its own accord that the primary is lost: https://cloudnative-pg.io/documentation/current/failover/ */
const FAILOVER = /^(?:Current primary isn't healthy|Failing over|initiating a failover)/iu

/** 'ts' is in seconds, since 1.22 an RFC 3339 time. */
const operatorTime = (line: Json, seconds: number): number => {
  if (!Number.isNaN(seconds)) return seconds * 1000
  const text = line['ts']
  return typeof text === 'string' ? Date.parse(text) : NaN
}
