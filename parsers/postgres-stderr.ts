/**
 * Postgres' own log as text: log_destination = stderr (and syslog), with any log_line_prefix.
 * https://www.postgresql.org/docs/current/runtime-config-logging.html; the lines are put together in src/backend/utils/error/elog.c,
 * send_message_to_server_log: prefix, severity, message; DETAIL, HINT, STATEMENT follow with the same prefix, lines inside a text with a tab.
 */
import type { Basis, Stamp } from '../src/model/extract.js'
import type { Envelope, Head, LineFormat } from '../src/model/format.js'
import { found, preferEnvelope } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { AUTHORIZED, DISCONNECTION, DURATION, lookAt, NOTHING, readDuration, sleeps } from './postgres-bytes.js'
import { head, prefixOf, readHead, type Prefix } from './postgres-prefix.js'
import { lineForms, sameWords } from './again.js'
import { isPiece, type Piece, type Session, type Severity } from './postgres-record.js'
import { postgresServer, type Said } from './postgres-server.js'
import { GREETINGS, KIND, NAMES, WORDS } from './postgres-kernel.js'
import { SEVERITIES, stampOf, steadyRecords, type Hour, type Steady } from './postgres-steady.js'

const TAB = 9
const HASH = 35
const OPEN_BRACKET = 91
/** A text goes on for pages; its beginning says what it is. */
const MAX_TEXT = 16_384
/** Records of other processes that may stand between a record and its DETAIL. */
const MAX_HELD = 16
/** Sessions that words are remembered of. */
const MAX_SAID = 100

interface Held {
  readonly at: Stamp
  readonly pid: number
  readonly line: number
  readonly severity: Severity
  readonly prefix: Prefix
  text: string
  message: string
  detail: string
  /** What is known of its words; null once more was said than those. */
  words: Words | null
  /** It was not decoded, since its words are known: these are its hour, and when in it. */
  readonly hour: Hour | null
}

/** What a line says but for its time and pid, where other lines said the same. */
interface Words {
  readonly severity: Severity
  readonly prefix: Prefix
  readonly message: string
  /** What stands between the time and the pid, and behind it. */
  readonly between: string
  readonly tail: string
  /** What it says, by whose session it is. */
  readonly said: Said[]
  hour: Hour | null
  /** Of the hour: a line, from its milliseconds and pid. */
  of: (ms: number, pid: number) => string
}

const CLIENTS: ReadonlySet<string> = new Set<Severity>(['WARNING', 'ERROR', 'FATAL'])

/** Azure's prefix is '%t-%c-': nothing but a hyphen stands before the severity. */
const STRONG = /(?:^|[\s:>\]-])(?:LOG|FATAL|PANIC|STATEMENT|DETAIL|HINT|ERREUR|FEHLER|WARNUNG|ANWEISUNG|INSTRUCTION): {2}\S/u
const WEAK = /(?:^|[\s:>\]-])(?:ERROR|WARNING|NOTICE|CONTEXT): {2}\S/u
const NARROW = /(?:^|[\s:>\]-])LOG: (?:duration|statement|connection|disconnection|checkpoint|database system|automatic)\b/u
const SEVERITY_END = /[A-Z]{3,9}: {1,2}\S/u
const STAMP = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d|\b1\d{9}\.\d{3}\b/u

const sniff = ({ lines }: Head): number => {
  let strong = 0
  let weak = 0
  let whole = 0
  for (const line of lines) {
    // Continuations say nothing, and JSON that quotes a log is not that log.
    if (line.startsWith('\t') || line.startsWith('{') || /^(?:\[[\w]{1,12}\] )?\[\d+-(?:[2-9]|\d\d+)\]/u.test(line)) continue
    whole++
    const start = line.slice(0, 400)
    // A client that quotes the server is no server.
    if (/^[^"]{0,400}"|='|\b(?:[a-z]{1,30}ed|[A-Z][a-z]\w{0,60}): $/u.test(start.slice(0, start.search(SEVERITY_END)))) continue
    if (STRONG.test(start) || NARROW.test(start)) strong++
    else if (WEAK.test(start) && STAMP.test(start)) weak++
  }
  if (strong === 0) return weak > whole / 2 ? 0.5 : 0
  const share = (strong + weak) / Math.max(1, whole)
  return share > 0.4 ? 0.9 : share > 0.1 ? 0.5 : 0.2
}

export const postgresStderr: LineFormat = {
  id: 'postgres',
  takes: 'lines',
  reads: "Postgres' log as text, any log_line_prefix",
  reference: 'https://www.postgresql.org/docs/18/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-WHAT',
  example: '2026-11-21 08:28:22.058 UTC [28565] billing_sync@shop FATAL:  sorry, too many clients already',
  units: ['postgres', 'postgresql', 'postmaster'],
  sniff,
  open(sink, context) {
    const server = postgresServer(sink, context)
    let offset = 0
    /** Records that a DETAIL, STATEMENT or continuation may still belong to, one of a pid, in their order. */
    const ring = new Array<Held | undefined>(MAX_HELD).fill(undefined)
    const heldPids = new Float64Array(MAX_HELD)
    let first = 0
    let many = 0
    const heldOf = (pid: number): Held | undefined => {
      for (let at = first; at < first + many; at++) if (heldPids[at % MAX_HELD] === pid) return ring[at % MAX_HELD]
      return undefined
    }
    /** The record and its part that a continuation goes on. */
    let last: Held | null = null
    let lastPart: Piece | 'MESSAGE' = 'MESSAGE'
    let lastLine = -2
    let recordsSeen = false

    const give = (record: Held): void => {
      const { at, pid, line, severity, prefix, message, detail, words, hour } = record
      if (last === record) last = null
      if (words !== null && words.said.length > 0) {
        const before = server.saidBefore(words.said, pid, prefix)
        if (before !== undefined) {
          if (severity === 'FATAL') server.died(at.ms, pid)
          const text = hour === null ? record.text : { of: lateText(words, hour), one: at.ms, other: pid }
          for (const repeat of before.repeats) repeat(at, text, undefined, undefined, line)
          return
        }
      }
      const { user, database, application, sqlstate } = prefix
      const said = server.say({ at, pid, line, severity, user, database, application, sqlstate, text: textOf(record), message, detail, statement: '' })
      if (said !== null && words !== null && words.said.length < MAX_SAID) words.said.push(said)
    }

    /** The longest statement so far, until its last line is read and it was not told to sleep. */
    const slow = { pending: false, ms: NaN, basis: 'utc' as Basis, milliseconds: 0, database: '' } // widened: any basis may follow
    const settle = (): void => {
      slow.pending = false
      server.longest(slow.ms, slow.basis, slow.milliseconds, slow.database)
    }

    const again = sameWords()
    const forms = lineForms()
    const mayBeLongest = (bytes: Buffer, from: number, to: number, ms: number, basis: Basis, milliseconds: number, database: string): void => {
      if (sleeps(bytes, from, to)) return
      slow.pending = true
      slow.ms = ms
      slow.basis = basis
      slow.milliseconds = milliseconds
      slow.database = database
    }
    /** Gives out the records up to this one, in the order they stand in. */
    const giveUpTo = (record: Held): void => {
      while (many > 0) {
        const oldest = ring[first]
        ring[first] = undefined
        first = (first + 1) % MAX_HELD
        many--
        if (oldest !== undefined) give(oldest)
        if (oldest === record) return
      }
    }

    const hold = (record: Held): void => {
      const oldest = ring[first]
      if (oldest !== undefined && many === MAX_HELD) giveUpTo(oldest)
      const at = (first + many) % MAX_HELD
      ring[at] = record
      heldPids[at] = record.pid
      many++
    }

    /** Part of what was read before: a line inside a text. */
    const continues = (bytes: Buffer, start: number, end: number): boolean => {
      lastLine = sink.line
      sink.part()
      // Of all texts only a message's own further lines say more: an autovacuum's report.
      if (last !== null) {
        if (lastPart === 'MESSAGE' && last.message.length < MAX_TEXT) {
          last.text = textOf(last)
          last.message += `\n${decode(bytes, start, end)}`
          last.words = null
        }
      } else if (slow.pending && sleeps(bytes, start, end)) slow.pending = false
      return true
    }

    /** A record that may say something: it is held, since more of it may come. */
    const says = (
      bytes: Buffer,
      start: number,
      end: number,
      from: number,
      to: number,
      messageAt: number,
      severity: Severity,
      pid: number,
      ms: number,
      basis: Basis,
    ): Held | null => {
      // What one client after the other got wrong, each in its own words: of what is said once only so much can be kept. The server's own words are not for this.
      if (CLIENTS.has(severity) && sink.crowded) {
        again.look(bytes, messageAt, end, 0)
        if (!again.seen) {
          if (forms.tooMany(bytes, to, messageAt, end)) {
            sink.leaveOut()
            return null
          }
          forms.said(bytes, to, messageAt, end)
        }
      }
      const text = decode(bytes, start, Math.min(end, start + 2_000))
      last = {
        at: { ms, basis },
        pid,
        line: sink.line,
        severity,
        prefix: prefixOf(bytes, from, to),
        text,
        // A letter a byte: the message need not be decoded again.
        message: text.length === end - start ? text.slice(messageAt - start) : decode(bytes, messageAt, Math.min(end, messageAt + MAX_TEXT)),
        detail: '',
        words: null,
        hour: null,
      }
      hold(last)
      return last
    }

    /** What is known of the names, sessions' words and records' words that were seen before. */
    const databases = new Array<string>(NAMES).fill('')
    const greetings = new Array<Session | undefined>(GREETINGS).fill(undefined)
    const known = new Array<Words | undefined>(WORDS + 1).fill(undefined)
    /** A record that may say something, gone over with others: where its words are known it need not be decoded. */
    const saysAgain = (bytes: Buffer, record: Steady): void => {
      const { ms, basis, pid, known: number } = record
      const severity = SEVERITIES.get(record.kind) ?? 'LOG'
      const words = number === 0 || record.renamed || (sink.crowded && CLIENTS.has(severity)) ? undefined : known[number]
      if (words !== undefined) {
        const { prefix, message } = words
        last = { at: { ms, basis }, pid, line: sink.line, severity, prefix, text: '', message, detail: '', words, hour: steady.hour }
        hold(last)
        return
      }
      const now = says(bytes, record.line, record.end, record.from, record.word, record.message, severity, pid, ms, basis)
      if (number === 0) return
      if (record.renamed) known[number] = undefined
      if (now === null || (now.words = known[number] ?? null) !== null) return
      const bracket = bytes.indexOf(OPEN_BRACKET, record.from)
      const between = decode(bytes, record.from, bracket + 1)
      now.words = known[number] = {
        severity,
        prefix: now.prefix,
        message: now.message,
        between,
        tail: decode(bytes, bracket + 1 + String(pid).length, record.end),
        said: [],
        hour: null,
        of: () => '',
      }
    }
    /** A record that was gone over with many others and is more than counted, or a DETAIL: what line() does with it, its parts being found. */
    const happened = (bytes: Buffer, record: Steady): void => {
      const { ms, basis, kind, pid } = record
      if (kind === KIND.detail) {
        const of = heldOf(pid)
        // Of what is said again nobody asks for it.
        if (of !== undefined && (of.words === null || of.words.said.length === 0))
          of.detail = decode(bytes, record.message, Math.min(record.end, record.message + MAX_TEXT))
        return
      }
      const before = record.held ? heldOf(pid) : undefined
      if (before !== undefined) giveUpTo(before)
      last = null
      if (kind === KIND.seen) return
      if (kind === DURATION) {
        const { took, known: names } = record
        if (record.renamed) databases[names] = prefixOf(bytes, record.from, record.word).database
        const own = databases[names] ?? ''
        const database = own || server.sessionOf(pid).database
        const isLongest = server.statement(ms, basis, took, database)
        // Whose they are that name nobody, their sessions say.
        steady.counts(names, database === own ? own : null)
        if (!isLongest) return
        if (record.open) mayBeLongest(bytes, record.message, record.until, ms, basis, took, database)
        else if (!sleeps(bytes, record.message, record.until)) server.longest(ms, basis, took, database)
      } else if (kind === DISCONNECTION) server.disconnected(ms, pid)
      else if (kind === AUTHORIZED) {
        const session = record.renamed ? undefined : greetings[record.known]
        if (session === undefined) greetings[record.known] = server.authorized(ms, basis, pid, bytes, record.message, record.end)
        else server.authorizedAgain(ms, basis, pid, session)
      } else saysAgain(bytes, record)
    }
    const steady = steadyRecords('passLines', {
      sink,
      server,
      count: (lines) => sink.passed(lines, 0),
      tell: happened,
      changed: (changed, basis) => server.changed(changed, basis, greetings),
      slow: mayBeLongest,
      held: heldPids,
    })

    return {
      line(bytes, start, end, envelope) {
        if (bytes[start] === TAB) return (recordsSeen || envelope !== null) && continues(bytes, start + 1, end)
        const is = readHead(bytes, start, end, offset)
        if (is !== 1) {
          const from = pieceStart(bytes, start, end)
          if (from >= 0) return recordsSeen && continues(bytes, from, end)
          // Text of a wrapped or very old log goes on without a tab; only directly below, and only if it is no other program's line.
          if (is === -1 || !recordsSeen || isOther(bytes, start, end) || (envelope === null && lastLine !== sink.line - 1)) return false
          return continues(bytes, start, end)
        }
        offset = head.offset
        recordsSeen = true
        lastLine = sink.line
        found.ms = head.timed ? head.ms : (envelope?.ms ?? NaN)
        found.basis = head.timed ? head.basis : (envelope?.basis ?? 'utc')
        if (head.timed) preferEnvelope(envelope)
        const { ms, basis } = found
        const { severity, messageAt, from, to } = head
        if (envelope === null && head.timed && offset === 0) steady.learn(bytes, start, from, ms, basis)
        const pid = head.pid > 0 ? head.pid : envelope === null ? 0 : pidBefore(envelope, start)
        if (slow.pending) settle()
        if (severity !== 'LOG' && isPiece(severity)) {
          sink.part()
          last = heldOf(pid) ?? null
          lastPart = severity
          if (last !== null && severity === 'DETAIL') last.detail = decode(bytes, messageAt, Math.min(end, messageAt + MAX_TEXT))
          return true
        }
        sink.record(ms, basis)
        server.within(envelope?.pod ?? null)
        const before = many === 0 ? undefined : heldOf(pid)
        if (before !== undefined) giveUpTo(before)
        last = null
        lastPart = 'MESSAGE'
        const meaning =
          severity === 'LOG'
            ? lookAt(bytes, messageAt, end)
            : severity === 'WARNING' || severity === 'ERROR' || severity === 'FATAL' || severity === 'PANIC'
              ? -1
              : NOTHING
        if (meaning === NOTHING) return true
        if (meaning === DURATION) {
          const milliseconds = readDuration(bytes, messageAt, end)
          if (Number.isNaN(milliseconds)) return true
          const database = prefixOf(bytes, from, to).database || server.sessionOf(pid).database
          if (server.statement(ms, basis, milliseconds, database)) mayBeLongest(bytes, messageAt, end, ms, basis, milliseconds, database)
          return true
        }
        if (meaning === DISCONNECTION) {
          server.disconnected(ms, pid)
          return true
        }
        if (meaning === AUTHORIZED) {
          server.authorized(ms, basis, pid, bytes, messageAt, end)
          return true
        }
        says(bytes, start, end, from, to, messageAt, severity, pid, ms, basis)
        return true
      },
      pass(bytes, _, start, limit, most, prefix) {
        if (prefix.length > 0 || slow.pending) return start
        const next = steady.pass(bytes, start, limit, most, last === null)
        if (next > start) {
          if (steady.freed) last = null
          else lastPart = 'MESSAGE'
          lastLine = sink.line
        }
        return next
      },
      end() {
        if (slow.pending) settle()
        const newest = ring[(first + many + MAX_HELD - 1) % MAX_HELD]
        if (many > 0 && newest !== undefined) giveUpTo(newest)
        server.end()
        steady.end()
      },
    }
  },
}

/** The line of a record whose words are known, from when it was written and its pid. */
const lateText = (words: Words, hour: Hour): Words['of'] => {
  if (words.hour !== hour) {
    words.hour = hour
    words.of = (ms, pid) => `${stampOf(hour, ms)}${words.between}${pid}${words.tail}`
  }
  return words.of
}
const textOf = ({ text, words, hour, at, pid }: Held): string => (hour === null || words === null ? text : lateText(words, hour)(at.ms, pid))

/** A line that begins as JSON or markup does is another program's. */
const isOther = (bytes: Buffer, start: number, end: number): boolean => {
  const first = bytes[start]
  return (
    first === 123 ||
    first === 60 ||
    KEYS.some((key) => end - start > key.length && bytes[start] === key[0] && key.compare(bytes, start, start + key.length) === 0)
  )
}
/** How logfmt begins. */
const KEYS: readonly Buffer[] = ['level=', 'time=', 'ts=', 't=', 'lvl=', 'severity=', 'msg='].map((key) => Buffer.from(key))

/** Where the text of a syslog piece begins: '[7-2] #011FROM pg_database', Heroku's '[GREEN] [19-3] \tProcess'; -1: no such piece. */
const pieceStart = (bytes: Buffer, start: number, end: number): number => {
  if (bytes[start] === HASH && bytes[start + 1] === 48) return start + 4
  const limit = Math.min(end, start + 200)
  for (let at = start; at < limit; at++) {
    if (bytes[at] !== OPEN_BRACKET) continue
    let next = at + 1
    while (next < limit && (bytes[next] ?? 0) >= 48 && (bytes[next] ?? 0) <= 57) next++
    if (next === at + 1 || bytes[next] !== 45) continue
    const number = next + 1
    next = number
    while (next < limit && (bytes[next] ?? 0) >= 48 && (bytes[next] ?? 0) <= 57) next++
    if (next === number || bytes[next] !== 93) continue
    let from = next + 1
    while (from < end && bytes[from] === 32) from++
    if (bytes[from] === HASH && bytes[from + 1] === 48) from += 4
    return from
  }
  return -1
}

/** The pid that a syslog tag carries before the payload: 'postgres[10808]: '. */
const pidBefore = ({ bytes, start: payload }: Envelope, start: number): number => {
  if (payload !== start || bytes[start - 1] !== 32 || bytes[start - 2] !== 58 || bytes[start - 3] !== 93) return 0
  let pid = 0
  let scale = 1
  for (let at = start - 4; at >= 0 && scale < 1e10; at--) {
    const byte = bytes[at] ?? 0
    if (byte === OPEN_BRACKET) return pid
    if (byte < 48 || byte > 57) return 0
    pid += (byte - 48) * scale
    scale *= 10
  }
  return 0
}
