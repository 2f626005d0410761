/**
 * Postgres' log as CSV: log_destination = csvlog, 22 columns (8.3) to 26 (14 and later), no header; a newline inside a quoted text goes on.
 * Columns: https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
 * One real line: 2026-11-21 08:28:22.058 UTC,"billing_sync","shop",28565,"127.0.0.1:38862",6b015626.6f95,2,"initializing",
 * 2026-11-21 08:28:22 UTC,,0,FATAL,53300,"sorry, too many clients already",,,,,,,,,"","client backend",,0
 */
import { MAX_LINE_BYTES } from '../src/read/line-cutter.js'
import type { Basis } from '../src/model/extract.js'
import type { BytesFormat } from '../src/model/format.js'
import { found } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { AUTHORIZED, DISCONNECTION, DURATION, lookAt, NOTHING, readDuration, readNumber, readStamp, shared, sleeps } from './postgres-bytes.js'
import { isPiece, known, severityOf, type Session, type Severity } from './postgres-record.js'
import { postgresServer, type Said } from './postgres-server.js'
import { GREETINGS, KIND, NAMES, WORDS } from './postgres-kernel.js'
import { SEVERITIES, stampOf, steadyRecords, type Hour, type Steady } from './postgres-steady.js'
import { postgresStderr } from './postgres-stderr.js'

const QUOTE = 34
const COMMA = 44
const NEWLINE = 10

const USER = 1
const DATABASE = 2
const PID = 3
const SESSION = 5
const SEVERITY = 11
const SQLSTATE = 12
const MESSAGE = 13
const DETAIL = 14
const QUERY = 19
const APPLICATION = 22
const COLUMNS = 26
/** Longer ones are not remembered. */
const MAX_NAME = 200
/** The columns of a record up to its severity are shorter than this. */
const MAX_HEAD = 1_000

/** Sessions that words are remembered of. */
const MAX_SAID = 100

/** What a record says but for its time and pid, where others said the same: who, its evidence behind the pid, and what it says, by whose session it is. */
interface Known {
  readonly names: Session
  readonly rest: string
  readonly said: Said[]
  hour: Hour | null
  /** Of the hour: the evidence, from when it was written and its pid. */
  of: (ms: number, pid: number) => string
}
const lateText = (words: Known, hour: Hour): Known['of'] => {
  if (words.hour !== hour) {
    words.hour = hour
    words.of = (ms, pid) => `${stampOf(hour, ms)} [${pid}] ${words.rest}`
  }
  return words.of
}

/** Postgres quotes names and texts always; what reads and writes the file again (Python, a spreadsheet) only where it must. */
const RECORD =
  /^"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? [A-Za-z0-9+:-]{1,6}"?,(?:"[^"]{0,200}"|[^",]{1,200})?,(?:"[^"]{0,200}"|[^",]{1,200})?,\d{1,10},[^,]{0,200},[0-9a-f]{1,16}\.[0-9a-f]{1,8},\d/u

/** Field borders of the record being read: bytes[from, to), quotes taken off. One pair of arrays for all records. */
const from = new Int32Array(COLUMNS)
const to = new Int32Array(COLUMNS)

/** Splits fields [first, last] of a record from `at` on; where the last one ends, or -1 where the record ends before. */
const split = (bytes: Buffer, at: number, end: number, first: number, last: number): number => {
  let next = at
  for (let column = first; column <= last; column++) {
    if (next >= end) return -1
    if (bytes[next] === QUOTE) {
      from[column] = ++next
      for (; ; next++) {
        while (next < end && bytes[next] !== QUOTE) next++
        if (next >= end) return -1
        if (bytes[next + 1] !== QUOTE) break
        next++
      }
      to[column] = next++
    } else {
      from[column] = next
      while (next < end && bytes[next] !== COMMA) next++
      to[column] = next
    }
    if (column < last && bytes[next] !== COMMA) return -1
    if (column < last) next++
  }
  return next
}

/**
 * Splits the columns before the message of a record in its usual form: unbroken, in one line, no quote inside a field. Where the message begins,
 * or -1: the record is unusual, or its end is not there yet.
 */
const splitUsual = (bytes: Buffer, start: number, end: number): number => {
  let at = start
  for (let column = 0; column < MESSAGE; column++) {
    let byte = at < end ? (bytes[at] ?? 0) : NEWLINE
    if (byte === QUOTE) {
      from[column] = ++at
      while (at < end && (byte = bytes[at] ?? 0) !== QUOTE && byte !== NEWLINE) at++
      if (at >= end || byte === NEWLINE) return -1
      to[column] = at++
      if (at >= end || bytes[at] !== COMMA) return -1
    } else {
      from[column] = at
      // Most bytes are greater than a comma: one comparison for them.
      while (byte !== COMMA) {
        if (byte === QUOTE || byte === NEWLINE || ++at >= end) return -1
        byte = bytes[at] ?? 0
      }
      to[column] = at
    }
    at++
  }
  return at
}

/** Newlines inside the record that usualEnd went over. */
let newlinesInside = 0

/** Where the newline stands that ends a record whose quotes are even before `at`; -1: not there yet, or a line inside quotes may be another record's. */
const usualEnd = (bytes: Buffer, view: DataView, at: number, end: number): number => {
  let inQuotes = false
  newlinesInside = 0
  for (let next = at; next < end; next++) {
    // Four bytes at a time, as long as none of them is a quote or a newline: a zero byte of either difference would borrow.
    for (; next + 4 <= end; next += 4) {
      const word = view.getInt32(next, true)
      const quote = word ^ 0x22222222
      const newline = word ^ 0x0a0a0a0a
      if (((((quote - 0x01010101) & ~quote) | ((newline - 0x01010101) & ~newline)) & 0x80808080) !== 0) break
    }
    if (next >= end) break
    const byte = bytes[next] ?? 0
    if (byte > QUOTE) continue
    if (byte === QUOTE) inQuotes = !inQuotes
    else if (byte === NEWLINE) {
      if (!inQuotes) return next
      if (next - at > MAX_LINE_BYTES / 2 || next + 1 >= end || mayBegin(bytes[next + 1])) return -1
      newlinesInside++
    }
  }
  return -1
}

const unescaped = (text: string): string => (text.includes('""') ? text.replaceAll('""', '"') : text)

/** The text of a split column; '' where the record has not so many. */
const field = (bytes: Buffer, column: number, columns: number): string => {
  if (column >= columns) return ''
  return unescaped(decode(bytes, from[column] ?? 0, to[column] ?? 0))
}

/** As field, of a column that has few different texts. */
const name = (bytes: Buffer, column: number, columns: number): string => {
  const start = from[column] ?? 0
  const end = to[column] ?? 0
  if (column >= columns || end - start > MAX_NAME) return field(bytes, column, columns)
  return unescaped(shared(bytes, start, end))
}

export const postgresCsv: BytesFormat = {
  id: 'postgres',
  takes: 'bytes',
  reads: "Postgres' log as CSV",
  reference: 'https://www.postgresql.org/docs/18/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG',
  sniff({ bytes, lines }) {
    if (bytes.length === 0) return 0
    // One record can be longer than the head; before the first there may be lines of a server that has not opened its CSV file yet.
    return lines.some((line) => RECORD.test(line)) || RECORD.test(bytes.toString('utf8', 0, 2_000).replace(/^\ufeff/u, '')) ? 0.95 : 0
  },
  open(sink, context) {
    const server = postgresServer(sink, context)
    const plain = postgresStderr.open(sink, context)
    /** The beginning of a record that the next chunk ends. */
    let kept: Buffer | null = null
    /** Where such a beginning and its chunk are put together: used again, since nothing that was read is kept but strings. */
    let joint = Buffer.alloc(0)
    const join = (beginning: Buffer, chunk: Buffer): Buffer => {
      const length = beginning.length + chunk.length
      if (joint.length < length) joint = Buffer.allocUnsafe(length + (length >> 3))
      beginning.copy(joint)
      chunk.copy(joint, beginning.length)
      return joint.subarray(0, length)
    }
    let line = 1
    let first = true

    const record = (bytes: Buffer, start: number, end: number): void => {
      if (end <= start) return
      sink.at(line)
      const next = split(bytes, start, end, 0, SQLSTATE)
      tell(bytes, start, end, next, bytes[next] === COMMA ? next + 1 : end)
    }

    /** A record whose columns before the message are split; `next` is where they end, -1 if they did not. */
    const tell = (bytes: Buffer, start: number, end: number, next: number, messageAt: number): void => {
      const pid = next < 0 ? -1 : readNumber(bytes, from[PID] ?? 0, to[PID] ?? 0)
      if (next < 0 || pid < 0 || readStamp(bytes, from[0] ?? 0, to[0] ?? 0) < 0) {
        if (plain.line(bytes, start, end, null)) return
        sink.skip('no csvlog record')
        return
      }
      const { ms, basis } = found
      const severityAt = from[SEVERITY] ?? 0
      const isLog = bytes[severityAt] === 76 && (to[SEVERITY] ?? 0) - severityAt === 3
      const severity = isLog ? 'LOG' : severityOf(shared(bytes, severityAt, to[SEVERITY] ?? 0))
      if (severity === undefined || isPiece(severity)) {
        sink.skip('no csvlog severity')
        return
      }
      if (bytes[start] !== QUOTE) steady.learn(bytes, start, to[0] ?? 0, ms, basis)
      sink.record(ms, basis)
      const textAt = bytes[messageAt] === QUOTE ? messageAt + 1 : messageAt
      const meaning = severity === 'LOG' ? lookAt(bytes, textAt, end) : severity === 'DEBUG' || severity === 'INFO' || severity === 'NOTICE' ? NOTHING : -1
      if (meaning === NOTHING) return
      if (meaning === DISCONNECTION) {
        server.disconnected(ms, pid)
        return
      }
      const database = shared(bytes, from[DATABASE] ?? 0, Math.min(to[DATABASE] ?? 0, (from[DATABASE] ?? 0) + 200))
      if (meaning === DURATION) {
        const milliseconds = readDuration(bytes, textAt, end)
        if (Number.isNaN(milliseconds) || !server.statement(ms, basis, milliseconds, database)) return
        if (!sleeps(bytes, textAt, end)) server.longest(ms, basis, milliseconds, database)
        return
      }
      if (meaning === AUTHORIZED) {
        split(bytes, messageAt, end, MESSAGE, MESSAGE)
        server.authorized(ms, basis, pid, bytes, from[MESSAGE] ?? 0, to[MESSAGE] ?? 0)
        return
      }
      say(bytes, end, messageAt, ms, basis, pid, severity)
    }

    /** A record that may say something; its columns before the message are split. */
    const say = (bytes: Buffer, end: number, messageAt: number, ms: number, basis: Basis, pid: number, severity: Severity): Known => {
      let columns = MESSAGE
      let at = messageAt
      while (columns <= APPLICATION && at <= end) {
        const stop = split(bytes, at, end, columns, columns)
        if (stop < 0) break
        columns++
        if (bytes[stop] !== COMMA) break
        at = stop + 1
      }
      const message = field(bytes, MESSAGE, columns)
      const newline = message.indexOf('\n')
      const user = known(name(bytes, USER, columns))
      const time = field(bytes, 0, columns)
      const database = shared(bytes, from[DATABASE] ?? 0, Math.min(to[DATABASE] ?? 0, (from[DATABASE] ?? 0) + MAX_NAME))
      const names: Session = { user, database: known(database), application: known(name(bytes, APPLICATION, columns)) }
      const rest = `${user === '' ? '' : `${user}@${database} `}${severity}:  ${newline < 0 ? message : message.slice(0, newline)}`
      const said = server.say({
        at: { ms, basis },
        line,
        severity,
        pid,
        ...names,
        sqlstate: name(bytes, SQLSTATE, columns),
        message,
        detail: field(bytes, DETAIL, columns),
        statement: field(bytes, QUERY, columns),
        text: `${time} [${pid}] ${rest}`,
      })
      return { names, rest, said: said === null ? [] : [said], hour: null, of: () => '' }
    }

    /** The databases and sessions' words of records that were gone over. */
    const databases = new Array<string>(NAMES).fill('')
    const greetings = new Array<Session | undefined>(GREETINGS).fill(undefined)
    const wordsKnown = new Array<Known | undefined>(WORDS + 1).fill(undefined)
    /** A record that was gone over with many others and is more than counted: what tell() does with it, its parts being found. */
    const happened = (bytes: Buffer, passed: Steady): void => {
      const { ms, basis, kind, pid, message, end, took, known: number } = passed
      if (kind === KIND.seen) return
      if (kind === DURATION) {
        if (passed.renamed) {
          const at = bytes[passed.word] === QUOTE ? passed.word + 1 : passed.word
          const stop = bytes.indexOf(at > passed.word ? QUOTE : COMMA, at)
          databases[number] = shared(bytes, at, Math.min(stop, at + 200))
        }
        const database = databases[number] ?? ''
        if (server.statement(ms, basis, took, database) && !sleeps(bytes, message, end)) server.longest(ms, basis, took, database)
        steady.counts(number, database)
      } else if (kind === DISCONNECTION) server.disconnected(ms, pid)
      else if (kind === AUTHORIZED) {
        const session = passed.renamed ? undefined : greetings[number]
        if (session !== undefined) {
          server.authorizedAgain(ms, basis, pid, session)
          return
        }
        split(bytes, bytes[message - 1] === QUOTE ? message - 1 : message, end, MESSAGE, MESSAGE)
        greetings[number] = server.authorized(ms, basis, pid, bytes, from[MESSAGE] ?? 0, to[MESSAGE] ?? 0)
      } else {
        const words = number === 0 || passed.renamed ? undefined : wordsKnown[number]
        const before = words === undefined ? undefined : server.saidBefore(words.said, pid, words.names)
        if (words !== undefined && before !== undefined) {
          if (before.severity === 'FATAL') server.died(ms, pid)
          const at = { ms, basis }
          const text = { of: lateText(words, steady.hour), one: ms, other: pid }
          for (const repeat of before.repeats) repeat(at, text, undefined, undefined, line)
          return
        }
        const next = split(bytes, passed.line, end, 0, SQLSTATE)
        const now = say(bytes, end, bytes[next] === COMMA ? next + 1 : end, ms, basis, pid, SEVERITIES.get(kind) ?? 'LOG')
        if (number === 0) return
        if (words === undefined) wordsKnown[number] = now
        else if (words.said.length < MAX_SAID) words.said.push(...now.said)
      }
    }
    const steady = steadyRecords('passCsv', {
      sink,
      server,
      count(lines, more) {
        line += lines
        sink.at(line)
        line += more
      },
      tell: happened,
      changed: (changed, basis) => server.changed(changed, basis, greetings),
      slow: () => undefined,
      held: [],
    })

    /** Gives out the whole records of bytes; where the first unfinished one begins. */
    const records = (bytes: Buffer, whole: boolean): number => {
      const end = bytes.length
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      let start = 0
      let at = 0
      let inQuotes = false
      let lines = 0
      let fresh = true
      const limit = bytes.lastIndexOf(NEWLINE) + 1
      for (;;) {
        if (fresh && at < limit) start = at = steady.pass(bytes, at, limit, Infinity, false)
        if (fresh) {
          const messageAt = splitUsual(bytes, at, end)
          const stop = messageAt < 0 ? -1 : usualEnd(bytes, view, messageAt, end)
          if (stop >= 0) {
            sink.at(line)
            tell(bytes, at, bytes[stop - 1] === 13 ? stop - 1 : stop, messageAt - 1, messageAt)
            line += newlinesInside + 1
            start = at = stop + 1
            continue
          }
          fresh = false
        }
        // Outside quotes a newline ends the record; inside them only a quote matters, and a newline is counted.
        const byte = at < end ? bytes[at] : -1
        if (byte === QUOTE) inQuotes = !inQuotes
        else if (byte === NEWLINE) {
          // Whether another record begins here is seen when all of its columns are there.
          if (inQuotes && !whole && end - at <= MAX_HEAD && (at + 1 === end || mayBegin(bytes[at + 1]))) return start
          lines++
          // A record that was cut off in the middle (a crash, a full disk) must not turn quotes inside out for the rest of the file.
          if (!inQuotes || at - start > MAX_LINE_BYTES || beginsRecord(bytes, at + 1)) {
            record(bytes, start, bytes[at - 1] === 13 ? at - 1 : at)
            line += lines
            lines = 0
            start = at + 1
            inQuotes = false
            fresh = true
          }
        } else if (byte === -1) break
        at++
      }
      if (whole && start < end) {
        record(bytes, start, end)
        return end
      }
      return start
    }

    return {
      chunk(chunk) {
        const bytes = kept === null ? chunk : join(kept, chunk)
        if (first && bytes.length < 3) {
          kept = Buffer.from(bytes)
          return
        }
        const skip = first && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0 // BOM
        first = false
        const rest = bytes.subarray(skip)
        const start = records(rest, false)
        kept = start < rest.length ? Buffer.from(rest.subarray(start)) : null
        if (kept !== null && kept.length > 2 * MAX_LINE_BYTES) {
          sink.at(line)
          sink.warn('a record longer than 2 MiB was left out')
          kept = null
        }
      },
      end() {
        if (kept !== null) records(kept, true)
        kept = null
        plain.end()
        server.end()
        steady.end()
      },
    }
  },
}

/** The first byte of a year, or of one in quotes. */
const mayBegin = (first: number | undefined): boolean => first === 50 || first === 49 || first === QUOTE

/** A time, a session's id and a severity: a line that begins so inside quotes is the next record, not a text. */
const beginsRecord = (bytes: Buffer, at: number): boolean => {
  if (!mayBegin(bytes[at]) || bytes.length - at < 60) return false
  const end = Math.min(bytes.length, at + MAX_HEAD)
  const stop = split(bytes, at, end, 0, SEVERITY)
  if (stop < 0 || readStamp(bytes, from[0] ?? 0, to[0] ?? 0) < 0) return false
  const session = bytes.toString('latin1', from[SESSION] ?? 0, Math.min(to[SESSION] ?? 0, (from[SESSION] ?? 0) + 32))
  return /^[0-9a-f]{1,16}\.[0-9a-f]{1,8}$/u.test(session) && severityOf(shared(bytes, from[SEVERITY] ?? 0, to[SEVERITY] ?? 0)) !== undefined
}
