/**
 * The log of PgBouncer, the connection pooler in front of Postgres: '2026-11-21 08:26:31.225 UTC [22123] LOG C-0x55…: db/user@address:port …';
 * before 1.12 without zone and with a bare pid. C- is a client's connection, S- one to the server.
 * Texts: https://github.com/pgbouncer/pgbouncer/blob/master/src/objects.c, client.c, server.c, janitor.c
 */
import { process, THIS_POSTGRES, type Entity } from '../src/model/entity.js'
import type { Attributes, Basis, Phase, SignalKind } from '../src/model/extract.js'
import type { LineFormat } from '../src/model/format.js'
import { found, preferEnvelope } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { readStamp, startsWith } from './postgres-bytes.js'

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const LEVELS: readonly (readonly [string, Uint8Array])[] = ['LOG', 'WARNING', 'ERROR', 'FATAL', 'DEBUG', 'NOISE'].map((level) => [level, ascii(`${level} `)])
const LOGIN_ATTEMPT = ascii('login attempt: ')
const CLOSING = ascii('closing because: ')
const NEW_CONNECTION = ascii('new connection to server')
const CLIENT_ASKED = ascii('client close request')

/** Of the many reasons to close a connection (RECONNECT, lifetimes, a client that is done), those that hurt somebody … */
const HURTS = /crash|fail|timeout|unexpected|refused|denied|error|no working/u
/** … and the timeouts that only tidy up. */
const TIDIES = /^(?:server|client)?[ _]?idle[ _]timeout|^server lifetime/u
/** Said twice, once as 'pooler error' and once as the reason to close: the first is enough. */
const SAID_BEFORE = [
  'server login has been failing',
  'query_wait_timeout',
  'no more connections allowed',
  'no such',
  'server login failed',
  'login failed',
  'pooler',
  'bouncer config error',
]

/** It has no connection to its server, and gets none; a login that fails because the server says so has that server's reason. */
const NO_SERVER =
  /^(?:connect failed|connect timeout|server conn crashed\?|server login has been failing|pgbouncer cannot connect to server|cannot connect to server)/u
/** src/main.c: what it says when it has started, and when it is told to stop. */
const STARTED = 'process up: '
const STOPS = /^(?:got SIG(?:TERM|INT|QUIT)\b|server connections dropped, exiting)/u
/** Away for less than this is a restart, where somebody asked for it; nobody asks it to end without a word. */
const RESTART_MS = 15_000
const AWAY_MS = 5_000
/** A log that is silent for long now and then (no statistics, connections that stay) does not tell by its silence that nobody was there. */
const TIMES_SILENCE = 3
/** log_stats: once every stats_period, whatever else happens. A log without them for longer is one of a process that did nothing. */
const STATS = 'stats: '
const MIN_STATS = 3
const TIMES_STATS = 1.25
const MIN_LINES = 20

/** A time without a line. */
interface Pause {
  readonly from: number
  readonly to: number
  /** The last one before it. */
  readonly line: number
  /** Nobody was there, if a start comes now. */
  readonly told: boolean
  readonly stops: boolean
  /** The longest one before it. */
  readonly silence: number
  /** Whoever goes on now did nothing meanwhile. */
  readonly hung: boolean
}

const TOO_MANY = /sorry, too many clients already|remaining connection slots are reserved|too many connections for (?:role|database)/u
const SERVER_SAYS = /(?:^| )(?:server )?login failed: (?:FATAL:? )?(.{1,200})/u
const WHO = /^[CS]-0x[0-9a-f]{1,16}: ([^/\s]{1,64})\/([^@\s]{1,64})@(\S{1,80}) /u
/** 'DNS lookup failed: pg.shop.svc: result=0' (src/dnslookup.c); 'pooler error: server DNS lookup failed' to the client (src/objects.c). */
const UNRESOLVED = /\bDNS lookup failed(?:: ([\w.-]{1,253}))?/u
const MAX_FACTS = 500

const HEAD = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}(?: [A-Z0-9+-]{1,6})? \[?\d{1,8}\]? (?:LOG|WARNING|ERROR|FATAL|DEBUG|NOISE) /u
const BARE = /^[CS]-0x[0-9a-f]{6,16}: \S+@\S+ (?:login attempt|closing because|new connection to server)/u

export const pgbouncer: LineFormat = {
  id: 'pgbouncer',
  takes: 'lines',
  reads: 'the log of PgBouncer',
  reference: 'https://www.pgbouncer.org/config.html#log-settings',
  example: '2026-11-21 08:28:41.455 UTC [22123] WARNING C-0x558c381478f0: shop/report_api@127.0.0.1:45734 pooler error: query_wait_timeout',
  units: ['pgbouncer'],
  sniff({ lines }) {
    const own = lines.filter((line) => HEAD.test(line) || BARE.test(line)).length
    if (own === 0) return 0
    return own / lines.length > 0.4 ? 0.95 : 0.3
  },
  open(sink, context) {
    const said = new Set<string>()
    const servers = new Set<string>()
    /** The line before the one that is read, and how far apart those until then had been at most. */
    const before = { ms: NaN, line: 0, lines: 0, silence: 0, stops: false }
    /** Where it was told to stop. */
    const stop = { ms: NaN, line: 0, text: '' }
    /** How often it tells its statistics, at the seldomest. */
    const stats = { ms: NaN, count: 0, period: 0 }
    /** The last time that it was silent for long, and how long it had been at most before that. */
    let pause: Pause | null = null

    const follow = (ms: number): void => {
      const missing = ms - before.ms
      if (missing >= AWAY_MS) {
        const { stops, silence } = before
        const hung = stats.count >= MIN_STATS && missing >= TIMES_STATS * stats.period
        const told = stops ? missing >= RESTART_MS : hung || (before.lines >= MIN_LINES && missing >= TIMES_SILENCE * silence)
        pause = { from: before.ms, to: ms, line: before.line, told, stops, silence, hung }
      }
      if (missing > before.silence) before.silence = missing
      before.ms = ms
      before.line = sink.line
      before.lines++
    }

    const counted = (ms: number): void => {
      if (stats.count++ > 0 && ms - stats.ms < TIMES_STATS * (stats.period || Infinity)) stats.period = Math.max(stats.period, ms - stats.ms)
      stats.ms = ms
    }

    const missed = (self: Entity, { from, to, line }: Pause, reason: string, basis: Basis, text: string): void => {
      const say = (phase: Phase, at: number, on: number): void =>
        sink.signal({ kind: 'service.unreachable', entity: self, phase, at: { ms: at, basis }, attributes: { reason }, line: on, text })
      say('begin', from, line)
      say('end', to, sink.line)
    }

    /** A line that is no start's: what was silent goes on. */
    const goesOn = (self: Entity, basis: Basis, text: string): void => {
      if (pause?.hung === true) missed(self, pause, 'silent', basis, text)
      pause = null
    }

    /** It has started: between the last line of the one before it and the first of its own nobody was there to take connections. */
    const started = (self: Entity, ms: number, basis: Basis, text: string): void => {
      if (pause?.told === true && ms - pause.to < RESTART_MS) {
        missed(self, pause, pause.stops ? 'stopped' : 'gone', basis, text)
        before.silence = pause.silence
      }
      if (before.stops) sink.signal({ kind: 'action.restart', entity: self, at: { ms: stop.ms, basis }, line: stop.line, text: stop.text })
      pause = null
      before.stops = false
    }

    const once = (key: string): boolean => {
      if (said.has(key) || said.size >= MAX_FACTS) return false
      said.add(key)
      return true
    }

    const facts = (self: Entity, message: string): void => {
      const [, , user = '', address = ''] = WHO.exec(message) ?? []
      if (message.startsWith('C-')) {
        if (user !== '' && user !== '(nouser)' && once(`client ${self} ${user}`))
          sink.fact({ fact: 'client-of', client: process('-', user.replaceAll('/', '_')), server: self })
        return
      }
      if (once(`server ${self}`)) sink.fact({ fact: 'client-of', client: self, server: THIS_POSTGRES })
      if (address !== '' && servers.size < 2) servers.add(address)
    }

    return {
      line(bytes, start, end, envelope) {
        let at = readStamp(bytes, start, end)
        let level = 'LOG'
        if (at < 0) {
          // syslog = 1 leaves time, pid and level to syslog.
          if (envelope === null || Number.isNaN(envelope.ms) || envelope.unit !== 'pgbouncer') return false
          found.ms = envelope.ms
          found.basis = envelope.basis
          at = start
        } else {
          preferEnvelope(envelope)
          at = pidEnd(bytes, at, end)
          const word = at < 0 ? undefined : LEVELS.find(([, needle]) => startsWith(bytes, at, end, needle))
          if (word === undefined) return false
          level = word[0]
          at += level.length + 1
        }
        const { ms, basis } = found
        sink.record(ms, basis)
        follow(ms)
        const self: Entity = envelope?.pod ?? context.pod ?? process('-', 'pgbouncer')
        const what = afterAddress(bytes, at, end)
        if (pause !== null && what > at) goesOn(self, basis, decode(bytes, start, end))
        if (level === 'LOG' && what > at) {
          if (startsWith(bytes, what, end, CLOSING) && startsWith(bytes, what + CLOSING.length, end, CLIENT_ASKED)) return true
          if (startsWith(bytes, what, end, LOGIN_ATTEMPT)) {
            if (said.size < MAX_FACTS && isNewUser(said, self, bytes, at, what)) facts(self, decode(bytes, at, end))
            return true
          }
          if (startsWith(bytes, what, end, NEW_CONNECTION)) {
            facts(self, decode(bytes, at, end))
            return true
          }
        }
        const message = decode(bytes, at, end)
        const text = decode(bytes, start, end)
        const signal = (kind: SignalKind, attributes: Attributes, burst: string, entity: Entity = self): void =>
          sink.signal({ kind, entity, at: { ms, basis }, attributes, burst, text })
        if (message.startsWith(STARTED)) started(self, ms, basis, text)
        else if (message.startsWith(STATS)) {
          goesOn(self, basis, text)
          counted(ms)
        } else if (what === at && STOPS.test(message)) {
          if (!before.stops) Object.assign(stop, { ms, line: sink.line, text })
          before.stops = true
        }
        if (level === 'LOG' || level === 'DEBUG' || level === 'NOISE') {
          const limit = /max_client_conn: (\d{1,9})/u.exec(message)?.[1]
          if (limit !== undefined) sink.fact({ fact: 'limit', of: self, name: 'max_client_conn', value: Number(limit) })
          const listening = /^listening on (\d[\d.]{6,14}:\d{1,5})/u.exec(message)?.[1]
          if (listening !== undefined && !listening.startsWith('0.0.0.0')) sink.fact({ fact: 'alias', of: self, name: listening, at: null })
        }
        const [, database = '', user = ''] = WHO.exec(message) ?? []
        const who: Attributes = { app: 'pgbouncer', ...(user === '' ? {} : { user }), ...(database === '' ? {} : { database }) }
        const closing = /closing because: (.{1,200}?)(?: \(age=\d+s?\))?$/u.exec(message)?.[1]
        if (closing !== undefined) {
          if (!HURTS.test(closing) || TIDIES.test(closing) || SAID_BEFORE.some((reason) => closing.startsWith(reason))) return true
          // The other side went away without a word: the server's is its own trouble, a client's the client's.
          signal(
            message.startsWith('S-') ? 'log.error' : 'log.warning',
            { ...who, reason: reasonIn(closing) },
            `${message.slice(0, 1)} ${withoutNumbers(closing)}`,
          )
          return true
        }
        if (level !== 'WARNING' && level !== 'ERROR' && level !== 'FATAL') return true
        const unresolved = UNRESOLVED.exec(message)
        if (unresolved !== null) {
          const [, name = ''] = unresolved
          signal('network.dns-failure', name === '' ? { app: 'pgbouncer' } : { app: 'pgbouncer', name }, name)
          return true
        }
        const full = TOO_MANY.test(message)
        if (full) signal('postgres.connections-saturated', { sqlstate: '53300', class: '53', scope: 'server' }, 'server', THIS_POSTGRES)
        const reason = withoutNumbers(/pooler error: (.{1,200})/u.exec(message)?.[1] ?? SERVER_SAYS.exec(message)?.[1] ?? message.replace(WHO, ''))
        const hurts =
          level !== 'WARNING' || full || message.includes('pooler error: ') || message.includes('login failed') || message.includes('no more connections')
        signal(hurts ? 'log.error' : 'log.warning', { ...who, reason: reasonIn(reason) }, `${level} ${reason}`)
        return true
      },
      end() {
        // One address is the server's; several are several servers, and nobody knows which is which.
        if (servers.size === 1) for (const name of servers) sink.fact({ fact: 'alias', of: THIS_POSTGRES, name, at: null })
      },
    }
  },
}

const reasonIn = (text: string): string => (NO_SERVER.test(text) ? 'no-server' : withoutNumbers(text))
const withoutNumbers = (text: string): string => text.replace(/\d+/gu, 'N').slice(0, 120)

/** Behind ' [22123] ' or ' 3392 '; -1 where there is no pid. */
const pidEnd = (bytes: Buffer, start: number, end: number): number => {
  let at = start + 1
  if (bytes[start] !== 32) return -1
  const bracket = bytes[at] === 91
  if (bracket) at++
  const from = at
  while (at < end && (bytes[at] ?? 0) >= 48 && (bytes[at] ?? 0) <= 57) at++
  if (at === from) return -1
  if (bracket) {
    if (bytes[at] !== 93) return -1
    at++
  }
  return bytes[at] === 32 ? at + 1 : -1
}

/** Behind 'C-0x558c381478f0: shop/report_api@127.0.0.1:53928 '; `start` itself where the message names no connection. */
const afterAddress = (bytes: Buffer, start: number, end: number): number => {
  if ((bytes[start] !== 67 && bytes[start] !== 83) || bytes[start + 1] !== 45) return start
  let blanks = 0
  for (let at = start; at < end; at++) if (bytes[at] === 32 && ++blanks === 2) return at + 1
  return start
}

/** Whether the user between '/' and '@' has not been named yet. */
const isNewUser = (said: ReadonlySet<string>, self: Entity, bytes: Buffer, start: number, end: number): boolean => {
  const slash = bytes.subarray(start, end).indexOf(47)
  const at = bytes.subarray(start, end).indexOf(64, slash + 1)
  return slash >= 0 && at > slash && at - slash < 80 && !said.has(`client ${self} ${bytes.toString('utf8', start + slash + 1, start + at)}`)
}
