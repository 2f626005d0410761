/**
 * The head of a stderr line: whatever log_line_prefix puts before 'LOG:  '. Nothing is known of it but that the severity ends it, so the
 * severity is found first and time, pid and names are looked for in what stands before.
 * https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LINE-PREFIX
 */
import type { Basis } from '../src/model/extract.js'
import { found } from '../src/read/stamps.js'
import { readNumber, readStamp, remembering } from './postgres-bytes.js'
import { known, severityOf, type Piece, type Session, type Severity } from './postgres-record.js'

/** A prefix is shorter than this; names in it have at most 63 bytes. */
const MAX_PREFIX = 600
const COLON = 58
const BLANK = 32

/** What the last successful readHead found. Copy it before reading the next. */
export const head = {
  ms: NaN,
  basis: 'utc' as Basis, // widened: any basis may follow
  severity: 'LOG' as Severity | Piece, // widened likewise
  /** 0 where the prefix has none. */
  pid: 0,
  /** Where the time stands, counted from the line's start: the same in the lines that follow. */
  offset: 0,
  timed: false,
  /** Where names may begin: behind the time, if that comes first. */
  from: 0,
  /** Where the severity's word begins. */
  to: 0,
  messageAt: 0,
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

const readWord = remembering((bytes, start, end) => severityOf(bytes.toString('utf8', start, end)))

const word = (bytes: Buffer, start: number, end: number): Severity | Piece | undefined => {
  const length = end - start
  const first = bytes[start] ?? 0
  if (length === 3 && first === 76 && bytes[start + 1] === 79 && bytes[start + 2] === 71) return 'LOG'
  if (length < 3 || length > 26) return undefined
  return readWord(bytes, start, end)
}

/**
 * Reads the head of bytes[start, end) into `head`; `offset` is where an earlier line of this input had its time. 1: a record or piece.
 * 0: no severity. -1: no severity, but a time at its start (a line of another format).
 */
export const readHead = (bytes: Buffer, start: number, end: number, offset: number): 1 | 0 | -1 => {
  let stampEnd = readStamp(bytes, start + offset, end)
  head.offset = stampEnd < 0 ? 0 : offset
  if (stampEnd < 0 && offset !== 0) stampEnd = readStamp(bytes, start, end)
  if (stampEnd >= 0) {
    head.ms = found.ms
    head.basis = found.basis
  }
  const limit = Math.min(end, start + MAX_PREFIX) - 2
  for (let at = stampEnd < 0 ? start : stampEnd; at < limit; at++) {
    if (bytes[at] !== COLON || bytes[at + 1] !== BLANK) continue
    let from = at
    // Letters of a severity: A to Z, digits of DEBUG1, and bytes of UTF-8 letters.
    while (from > start && isSeverityByte(bytes[from - 1] ?? 0)) from--
    if (from === at) continue
    const severity = word(bytes, from, at)
    if (severity === undefined) continue
    const wide = bytes[at + 2] === BLANK
    // One blank only: the server always writes two, but files that were pasted or re-wrapped lose one. LOG is nobody else's word.
    if (!wide && severity !== 'LOG') continue
    // A time that begins the line holds no quotation mark.
    if (isQuoted(bytes, stampEnd < 0 || head.offset > 0 ? start : stampEnd, from)) return stampEnd < 0 ? 0 : -1
    head.severity = severity
    head.to = from
    head.messageAt = wide ? at + 3 : at + 2
    if (stampEnd < 0) stampEnd = searchStamp(bytes, start, from)
    head.timed = stampEnd >= 0
    head.pid = readPid(bytes, stampEnd < 0 ? start : stampEnd, from)
    if (head.pid === 0 && stampEnd >= 0) head.pid = readPid(bytes, start, stampEnd)
    // What stands before the time may name somebody, '< ' does not.
    head.from = stampEnd < 0 || head.offset > 4 ? start : stampEnd
    return 1
  }
  return stampEnd < 0 ? 0 : -1
}

/**
 * A client that quotes the server: msg="job failed: … FATAL:  sorry, too many clients already", or psycopg's
 * 'connection failed: FATAL:  …'. No log_line_prefix holds a quotation mark or ends its words with 'ed: '.
 */
const isQuoted = (bytes: Buffer, start: number, from: number): boolean => {
  if (bytes[from - 1] === BLANK && bytes[from - 2] === COLON && bytes[from - 3] === 100 && bytes[from - 4] === 101) return true
  // Not indexOf: in a log without quotation marks it would look through the rest of the chunk at every line.
  for (let at = start; at < from; at++) if (bytes[at] === 34) return true
  return false
}

const isSeverityByte = (byte: number): boolean => (byte >= 65 && byte <= 90) || isDigit(byte) || byte >= 0x80

/** The time somewhere in bytes[start, end): '< 2026-11-21 … >', 'user@db 2026-11-21 …', or %n, the seconds since 1970 with milliseconds. */
const searchStamp = (bytes: Buffer, start: number, end: number): number => {
  head.ms = NaN
  head.basis = 'utc'
  for (let at = start; at + 10 < end; at++) {
    if (!isDigit(bytes[at]) || (at > start && isDigit(bytes[at - 1]))) continue
    if (bytes[at + 4] === 45) {
      const stampEnd = readStamp(bytes, at, end)
      if (stampEnd < 0) continue
      head.ms = found.ms
      head.basis = found.basis
      head.offset = at - start
      return stampEnd
    }
    if (bytes[at + 10] !== 46 || bytes[at] !== 49) continue
    const seconds = readNumber(bytes, at, at + 10)
    if (seconds < 1e9) continue
    const milliseconds = readNumber(bytes, at + 11, at + 14)
    head.ms = seconds * 1000 + Math.max(0, milliseconds)
    return at + 14
  }
  return -1
}

/** '[22077]' first, else what follows a time after one blank or stands in 'postgres.4882' or 'pid=22077'. */
const readPid = (bytes: Buffer, start: number, end: number): number => {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte !== 91 && byte !== 46 && byte !== 61 && !(byte === BLANK && at === start)) continue
    const next = at + 1
    if (!isDigit(bytes[next])) continue
    let stop = next
    while (stop < end && isDigit(bytes[stop])) stop++
    const after = bytes[stop]
    if (
      byte === 91
        ? after !== 93
        : byte === 46
          ? after !== 93 || bytes[at - 1] !== 115
          : byte === 61
            ? bytes[at - 1] !== 100 || bytes[at - 2] !== 105
            : after !== BLANK
    )
      continue
    return readNumber(bytes, next, stop)
  }
  return 0
}

/** '[22077' or '[3-1' ends before `end`. */
const isBracketed = (bytes: Buffer, start: number, end: number): boolean => {
  let at = end - 1
  while (at >= start && (isDigit(bytes[at]) || bytes[at] === 45)) at--
  return bytes[at] === 91 && at < end - 1
}

export interface Prefix extends Session {
  readonly sqlstate: string
}

/** Who speaks, from the names in the prefix between time and severity; what many lines share is read once. */
export const prefixOf = (bytes: Buffer, from: number, to: number): Prefix => {
  // Numbers in brackets (pid, line number) change from line to line and name nobody …
  let at = to - 1
  while (at >= from && !(bytes[at] === 93 && isBracketed(bytes, from, at))) at--
  // … but '%t:%r:%u@%d:[%p]:' has its names before the pid.
  return namesIn(bytes, at < from || at > to - 4 ? from : at + 1, to)
}

/** The names in bytes[start, end), a prefix without its numbers. */
export const namesIn = remembering((bytes, start, end): Prefix => {
  const text = bytes.toString('utf8', start, end)
  const field = (pattern: RegExp): string => known(pattern.exec(text)?.[1]?.trim() ?? '')
  // %u@%d, and %u@%d/%a: a slash in a database's name is rare.
  const at = /([^\s:@,=[\]()]{1,63})@([^\s:@,=[\]()/]{1,63})(?:\/([^\s:@,=[\]()]{1,63}))?/u.exec(text)
  return {
    user: field(/\b(?:user|usr|u)=([^,\s]{0,63})/u) || (at?.[1] ?? ''),
    database: field(/\b(?:db|database|dbname|d)=([^,\s]{0,63})/u) || (at?.[2] ?? ''),
    application: field(/\b(?:app|appli|application|application_name|appname|a)=([^,]{0,63}?)(?:,|\s*$|\s\w{1,12}=)/u) || known(at?.[3] ?? ''),
    sqlstate: field(/\b(?:sql_error_code|sqlstate|state|error|e) ?= ?([0-9A-Z]{5})\b/u) || bareState(text),
  }
})

/** %e by itself: five capitals and digits, with a capital, or 00000; a plain number could be a pid or a line number. */
const bareState = (text: string): string =>
  /(?:^|\s)([0-9][0-9A-Z]{4}|[A-Z]{2}[0-9]{3}|[FHPV][0-9V][0-9A-Z]{3})(?=\s|$)/u.exec(text.replace(/\b\d{5}\b/gu, ''))?.[1] ?? ''
