/**
 * Any other text log with times and levels: ISO, syslog, CLF, ctime and epoch stamps; log4j, Python, glog-like, logfmt, JSON lines,
 * docker compose's prefixes, stack traces. It is asked last, for every line that no other format takes.
 * https://brandur.org/logfmt · https://www.rfc-editor.org/rfc/rfc3339 · https://docs.docker.com/reference/cli/docker/compose/logs/
 */
import type { Envelope, LineFormat } from '../src/model/format.js'
import { found, preferEnvelope } from '../src/read/stamps.js'
import { appsOf, type App } from './text-apps.js'
import { fields, scanJson, scanPlain } from './logfmt.js'
import { ERROR, FATAL, NONE, WARNING } from './levels.js'
import { sayProbe } from './text-probes.js'
import { sayStart } from './text-starts.js'
import { findStamp, readEpoch, readHeadStamp, readStamp } from './text-stamps.js'
import { complaints } from './text-complaints.js'
import { composePrefix, continues, endsTrace, exceptionHead, tellsFailure, withoutColours } from './text-shapes.js'
import { isOtlp, otlpReader } from './text-otlp.js'

/** After so many stamps at the beginning of lines and none behind words, a date inside a line is no longer taken for its stamp. */
const SETTLED = 3

/** The time that the scanned fields give, left in `found`; false where they give none. */
const timeOfFields = (bytes: Buffer): boolean => {
  const { time, seconds, nanos } = fields
  if (seconds.start >= 0 && readEpoch(bytes, seconds.start, seconds.end) >= 0) {
    if (nanos.start >= 0) found.ms += Math.floor(Number(bytes.toString('latin1', nanos.start, Math.min(nanos.end, nanos.start + 12))) / 1e3) / 1e3 || 0
    return true
  }
  return time.start >= 0 && readStamp(bytes, time.start, time.end) >= 0
}

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9

export const text: LineFormat = {
  id: 'text',
  takes: 'lines',
  reads: 'any text log with times and levels',
  reference: 'https://www.rfc-editor.org/rfc/rfc3339',
  example: '2026-11-21T08:28:23.469Z level=error app=orders-worker msg="job failed"',
  units: [],
  sniff({ lines }) {
    let looked = 0
    let stamped = 0
    for (const line of lines) {
      if (looked >= 60) break
      if (line === '' || isBlank(line.charCodeAt(0))) continue
      looked++
      if (isStamped(Buffer.from(line.slice(0, 4_000)))) stamped++
    }
    return looked > 0 && stamped * 2 >= looked ? 0.31 : 0
  },
  open(sink, context) {
    const apps = appsOf(sink, context)
    const said = complaints(sink)
    const otlp = otlpReader(sink, apps, said)
    let atHead = 0
    let behindWords = 0
    let lastLine = -1
    /** What the wrapping says of a line that does not say itself how severe it is. */
    let around = NONE

    /** A line of this log has said that it is no error: one that says nothing is none. */
    let leveled = false

    const record = (bytes: Buffer, start: number, end: number, body: number, app: App, own: number): true => {
      let level = own === NONE ? around : own
      if (level !== NONE && level < WARNING) leveled = true
      else if (!leveled && fields.probe.start < 0 && tellsFailure(bytes, body, end)) level = ERROR
      sink.record(found.ms, found.basis)
      lastLine = sink.line
      apps.count(app, level, found)
      if (level >= WARNING || said.pending) said.record(bytes, start, end, body, app, level, found)
      if (level < WARNING) sayStart(sink, bytes, start, end, body, app, found)
      if (fields.probe.start >= 0) sayProbe(sink, bytes, start, end, found)
      return true
    }

    const part = (bytes: Buffer, start: number, end: number): true => {
      sink.part()
      lastLine = sink.line
      if (said.pending) said.part(bytes, start, end)
      return true
    }

    /** Leaves the time of the record before in `found`; false where there was none. */
    const timed = (): boolean => {
      const { ms, basis } = sink.latest
      found.ms = ms
      found.basis = basis
      return !Number.isNaN(ms)
    }

    /** A line that carries no time of its own. */
    const unstamped = (bytes: Buffer, start: number, end: number, envelope: Envelope | null, service: string | null): boolean => {
      const enveloped = envelope !== null && !Number.isNaN(envelope.ms)
      // Where a log was cut off in the middle of a record, what is left of it has a time all the same.
      if (continues(bytes, start, end) && (!enveloped || lastLine > 0)) return part(bytes, start, end)
      if (said.trace && endsTrace(bytes, start, end)) {
        said.conclude(bytes, start, end)
        return part(bytes, start, end)
      }
      const follows = sink.line === lastLine + 1 && lastLine > 0
      const head = fields.level === NONE && exceptionHead(bytes, start, end)
      if (enveloped) {
        found.ms = envelope.ms
        found.basis = envelope.basis
      } else if (follows && !head) return part(bytes, start, end)
      else if (head && follows && said.pending)
        return part(bytes, start, end) // the trace of the error before it
      else if ((head || fields.level !== NONE) && timed()) {
        // As when the record before it, of this format or of another in the file.
      } else if (fields.level !== NONE || fields.keyed) {
        if (fields.level === NONE) return false
        sink.record(NaN, 'local')
        return true
      } else return false
      const app = apps.of(bytes, envelope, service)
      const level = head ? ERROR : fields.level
      if (!enveloped && follows) {
        // An exception that the log's own format does not know of, written to the same stream.
        said.record(bytes, start, end, start, app, FATAL, found)
        return part(bytes, start, end)
      }
      return record(bytes, start, end, start, app, level)
    }

    const reader = {
      line(whole: Buffer, from: number, to: number, envelope: Envelope | null): boolean {
        let bytes = whole
        let start = from
        let end = to
        around = envelope?.level ?? NONE
        if (bytes[start] === 27) {
          bytes = withoutColours(whole, from, to)
          start = 0
          end = bytes.length
        }
        let service: string | null = null
        let stop = bytes[start] === 123 ? -1 : readHeadStamp(bytes, start, end)
        if (stop < 0 && bytes[start] !== 123) {
          const behind = composePrefix(bytes, start, end)
          if (behind > 0) {
            service = bytes.toString('latin1', start, bytes.indexOf(32, start))
            start = behind
            if (bytes[start] === 27) {
              bytes = withoutColours(bytes, start, end)
              start = 0
              end = bytes.length
            }
            stop = readHeadStamp(bytes, start, end)
          }
        }
        if (stop >= 0) {
          atHead++
          const { ms, basis } = found
          let body = stop
          while (body < end && (isBlank(bytes[body]) || bytes[body] === 93)) body++
          if (bytes[body] === 123) scanJson(bytes, body, end)
          else scanPlain(bytes, stop, end)
          found.ms = ms
          found.basis = basis
          let level = fields.level
          // glog: the letter before the figures of its stamp.
          if (level === NONE && basis === 'yearless' && bytes[start + 1] !== undefined && (bytes[start + 1] ?? 0) < 58) level = levelOfGlog(bytes[start])
          else if (level === NONE && exceptionHead(bytes, body, end)) level = ERROR
          preferEnvelope(envelope)
          return record(bytes, start, end, body, apps.of(bytes, envelope, service), level)
        }
        if (bytes[start] === 123) {
          if (isOtlp(bytes, start, end)) return otlp(bytes, start, end, envelope)
          scanJson(bytes, start, end)
        } else if (isBlank(bytes[start])) {
          fields.level = NONE
          return unstamped(bytes, start, end, envelope, service)
        } else scanPlain(bytes, start, end)
        if (timeOfFields(bytes)) {
          preferEnvelope(envelope)
          return record(bytes, start, end, start, apps.of(bytes, envelope, service), fields.level)
        }
        const searchable = (atHead < SETTLED || behindWords > 0) && !fields.keyed && (envelope === null || Number.isNaN(envelope.ms))
        if (searchable && findStamp(bytes, start, end) >= 0) {
          behindWords++
          preferEnvelope(envelope)
          return record(bytes, start, end, start, apps.of(bytes, envelope, service), fields.level)
        }
        return unstamped(bytes, start, end, envelope, service)
      },
      end() {
        said.end()
        apps.end()
      },
    }
    return reader
  },
}

const levelOfGlog = (letter: number | undefined): number => (letter === 69 ? ERROR : letter === 70 ? FATAL : letter === 87 ? WARNING : NONE)

const isStamped = (bytes: Buffer): boolean => {
  const end = bytes.length
  const plain = bytes[0] === 27 ? withoutColours(bytes, 0, end) : bytes
  if (plain[0] === 123) {
    scanJson(plain, 0, plain.length)
    return timeOfFields(plain)
  }
  if (readHeadStamp(plain, 0, plain.length) >= 0) return true
  const behind = composePrefix(plain, 0, plain.length)
  if (behind > 0 && readHeadStamp(plain, behind, plain.length) >= 0) return true
  scanPlain(plain, 0, plain.length)
  return timeOfFields(plain) || findStamp(plain, 0, plain.length) >= 0
}
