/**
 * What the messages of a Postgres server mean, as a table: the first rule whose beginning fits speaks. The texts are those of
 * src/backend (postmaster.c, xlog.c, xlogrecovery.c, proc.c, vacuumlazy.c, postgres.c …), versions 9.6 to 18.
 */
import type { Attributes, Fact, Phase, SignalKind } from '../src/model/extract.js'
import type { Entity } from '../src/model/entity.js'
import type { PostgresRecord } from './postgres-record.js'
import { levelOf } from './postgres-sqlstate.js'

export interface Saying {
  readonly phase?: Phase
  /** Milliseconds before the record at which it began. */
  readonly since?: number
  readonly attributes?: Attributes
  readonly burst?: string
}

/** Where a rule puts what it has to say: entity, time, line and text are the record's. */
export interface Voice {
  readonly server: Entity
  signal(kind: SignalKind, saying?: Saying): void
  fact(fact: Fact): void
  /** Every session that was open has ended. */
  reset(): void
  /** Whether a crash is known that the server has not come back from. */
  crashed(now?: boolean): boolean
  /** Milliseconds since the server said that it had not been shut down: after a crash, or as the copy that a backup is. Null: it did not, or since then what it was. */
  interrupted(now?: boolean): number | null
  /** Autovacuum reports so far: beyond many, only long ones are told. */
  vacuums(): number
}

interface Rule {
  /** The message begins with one of these … */
  readonly begins?: readonly string[]
  /** … or has one of these in it. */
  readonly has?: readonly string[]
  /** False: not this one after all; the next rules are asked. */
  readonly tell: (record: PostgresRecord, say: Voice) => boolean
}

/** Who met an error, and what kind of error it was: class 22, 23 and 42 are a client's own, 53, 58 and XX the server's. */
const whose = ({ sqlstate, user, database, application }: PostgresRecord): Attributes => {
  const attributes: Record<string, string> = {}
  if (sqlstate !== '') {
    attributes['sqlstate'] = sqlstate
    attributes['class'] = sqlstate.slice(0, 2)
  }
  if (user !== '') attributes['user'] = user
  if (database !== '') attributes['database'] = database
  if (application !== '') attributes['application'] = application
  return attributes
}

/** The message as a burst's key: numbers and names change from line to line. */
export const withoutNumbers = (message: string): string =>
  message
    .slice(0, 120)
    .replace(/"[^"]{0,120}"/gu, '"…"')
    .replace(/\d+/gu, 'N')

const trouble = (record: PostgresRecord, say: Voice, kind: 'log.error' | 'log.warning', code = record.sqlstate, more: Attributes = {}): void => {
  const what = code === '' ? withoutNumbers(record.message) : code
  say.signal(kind, {
    attributes: { app: 'postgres', severity: record.severity, ...(code === '' ? {} : { code }), ...whose(record), ...more },
    burst: `${record.severity} ${what} ${record.user}@${record.database}`,
  })
}

const told =
  (kind: 'log.error' | 'log.warning', code: string): Rule['tell'] =>
  (record, say) => {
    trouble(record, say, kind, code)
    return true
  }

const rejected = (record: PostgresRecord, say: Voice, reason: string): void =>
  say.signal('postgres.connection-rejected', { attributes: { reason, ...whose(record) }, burst: `${reason} ${record.user}@${record.database}` })

const refusedStart = ({ message, user, database }: PostgresRecord, say: Voice, of: 'start' | 'reload' | 'file'): boolean => {
  if (user !== '' || database !== '') return false
  say.signal('postgres.start-refused', { attributes: { said: message.slice(0, MOST_SAID), of }, burst: `${of} ${withoutNumbers(message)}` })
  return true
}
const MOST_SAID = 160

const crash = (say: Voice, reason: string): void => {
  say.crashed(true)
  say.reset()
  say.signal('postgres.crashed', { phase: 'begin', attributes: { reason } })
}

/** https://www.postgresql.org/docs/current/sql-alterrole.html, sql-alterdatabase.html */
const ALTERED =
  /^statement: alter (role|user|database) "?([\w$-]{1,63})"? (?:in database "?[\w$-]{1,63}"? )?(?:with )?(?:set ([\w.]{1,63})\s{0,3}(?:=|to\s)\s{0,3}'?([^';\n]{0,80})|reset ([\w.]{1,63})|(connection limit|valid until) '?(-?[\w :+.-]{1,40})|(?:encrypted )?(password|nologin|login)\b|(allow_connections) (\w{1,5}))/iu

/** Logged where log_statement is ddl or more. */
const altered: Rule['tell'] = ({ message }, say) => {
  const [, what = '', name = '', set, value, reset, limit, most, login, allow, allowed] = ALTERED.exec(message) ?? []
  const parameter = (set ?? reset ?? limit ?? login ?? allow)?.toLowerCase()
  if (parameter === undefined) return true
  const of = `${what.toLowerCase() === 'database' ? 'database' : 'role'} ${name}`
  const to = (value ?? most ?? allowed ?? (login === undefined ? '' : 'another')).trim()
  say.signal('postgres.parameter-changed', { attributes: { parameter, value: to, of }, burst: `${parameter} ${to} ${of}` })
  return true
}

const number = (text: string | undefined): number => (text === undefined ? NaN : Number(text))
const numbers = (entries: Readonly<Record<string, number>>): Attributes =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => !Number.isNaN(value)))

/** After so many reports of an input, only vacuums that took long are told. */
const MANY_VACUUMS = 5_000
const LONG_VACUUM_SECONDS = 10
/** A sort that spills less than this to disk works as it was designed to. */
const LARGE_TEMP_FILE = 1 << 30

/** Of a core, while it went on. */
const BUSY_SHARE = 0.6

const vacuum: Rule['tell'] = ({ message, pid }, say) => {
  const head = /^automatic (aggressive )?vacuum (to prevent wraparound )?of table "([^"]{1,200})"/u.exec(message)
  if (head === null) return false
  const usage = message.slice(message.lastIndexOf('system usage:'))
  // Since 10: 'CPU: user: 0.02 s, system: 0.00 s, elapsed: 0.02 s'; before: 'CPU 0.00s/0.00u sec elapsed 0.02 sec'.
  const now = /user: ([\d.]+) s, system: ([\d.]+) s, elapsed: ([\d.]+) s/u.exec(usage)
  const old = /CPU ([\d.]+)s\/([\d.]+)u sec elapsed ([\d.]+) sec/u.exec(usage)
  const elapsedSeconds = number((now ?? old)?.[3])
  if (say.vacuums() > MANY_VACUUMS && !(elapsedSeconds >= LONG_VACUUM_SECONDS)) return true
  const cpuSeconds = Math.round((number((now ?? old)?.[1]) + number((now ?? old)?.[2])) * 100) / 100
  say.signal('postgres.autovacuum', {
    phase: 'span',
    since: Number.isNaN(elapsedSeconds) ? 0 : elapsedSeconds * 1000,
    attributes: {
      table: head[3] ?? '',
      ...numbers({ elapsedSeconds, cpuSeconds }),
      ...(pid > 0 ? { pid } : {}),
      // A vacuum that its cost limits do not hold back keeps a core busy.
      ...(cpuSeconds >= BUSY_SHARE * elapsedSeconds && elapsedSeconds >= 1 ? { effort: 'full' } : {}),
      ...(head[1] === undefined ? {} : { aggressive: 'yes' }),
      ...(head[2] === undefined ? {} : { wraparound: 'yes' }),
    },
  })
  return true
}

/** What letters are: of a number, and of a word. */
const DIGIT = 1
const POINT = 2
const WORD = 4
const LETTERS = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code)
  return /[0-9]/u.test(letter) ? DIGIT | WORD : /\w/u.test(letter) ? WORD : letter === '.' ? POINT : 0
})
/** Where those end that begin there, `most` of them at most. */
const endOf = (message: string, from: number, most: number, kinds: number): number => {
  const limit = Math.min(message.length, from + most)
  let at = from
  while (at < limit && ((LETTERS[message.charCodeAt(at)] ?? 0) & kinds) !== 0) at++
  return at
}

const PROCESS = 'process '
const WAITING = ' still waiting for '
const ACQUIRED = ' acquired '
const MAX_DIGITS = 30
const MAX_BETWEEN = 200
/** A process waits, or has waited, for a lock. Written all day where locks are contended for: found without a pattern. */
export interface LockWait {
  readonly lock: string
  readonly on: string
  /** 'ShareLock on transaction' */
  readonly burst: string
  readonly milliseconds: number
}
/** 'process 22077 still waiting for ShareLock on transaction 2811035 after 1000.612 ms'; null: something else. */
export const lockWaitIn = (message: string): LockWait | null => {
  if (!message.startsWith(PROCESS)) return null
  const pidEnd = endOf(message, PROCESS.length, MAX_DIGITS, DIGIT)
  const lockAt = message.startsWith(WAITING, pidEnd) ? pidEnd + WAITING.length : message.startsWith(ACQUIRED, pidEnd) ? pidEnd + ACQUIRED.length : -1
  if (pidEnd === PROCESS.length || lockAt < 0) return null
  const lockEnd = endOf(message, lockAt, 30, WORD)
  const onAt = lockEnd + 4
  const onEnd = endOf(message, onAt, 20, WORD)
  if (lockEnd === lockAt || onEnd <= onAt || !message.startsWith(' on ', lockEnd)) return null
  const newline = message.indexOf('\n', onEnd)
  let after = message.lastIndexOf(' after ', Math.min(onEnd + MAX_BETWEEN, newline < 0 ? message.length : newline))
  for (; after >= onEnd; after = message.lastIndexOf(' after ', after - 1)) {
    const from = after + 7
    const end = endOf(message, from, MAX_DIGITS, DIGIT | POINT)
    if (end > from && message.startsWith(' ms', end))
      return {
        lock: message.slice(lockAt, lockEnd),
        on: message.slice(onAt, onEnd),
        burst: message.slice(lockAt, onEnd),
        milliseconds: Number(message.slice(from, end)),
      }
  }
  return null
}
/** Longer statements are told by their beginning. */
const MAX_STATEMENT = 160
const sessionOf = ({ pid, user, database, application, statement }: PostgresRecord): Attributes => {
  const said = Object.entries({ user, database, application, statement: statement.slice(0, MAX_STATEMENT).replace(/\s+/gu, ' ') })
  return { ...(pid > 0 ? { pid } : {}), ...Object.fromEntries(said.filter(([, value]) => value !== '')) }
}
/** Who waits, and for whom. */
export const waitingOf = ({ lock, on }: LockWait, record: PostgresRecord): Attributes => {
  const queue = /Wait queue: ([\d, ]{1,2000})/u.exec(record.detail)?.[1]?.split(',')
  const holder = number(/holding the locks?: (\d+)/u.exec(record.detail)?.[1])
  return { lock, on, ...numbers({ waiting: queue?.length ?? NaN, first: number(queue?.[0]), holder }), ...sessionOf(record) }
}
const lock: Rule['tell'] = (record, say) => {
  const wait = lockWaitIn(record.message)
  if (wait === null) return false
  say.signal('postgres.lock-pileup', { since: wait.milliseconds, attributes: waitingOf(wait, record), burst: wait.burst })
  return true
}

const killed: Rule['tell'] = ({ message, detail }, say) => {
  const death = /^([^(\n]{1,80}) \(PID (\d+)\) (?:was terminated by (?:signal (\d+)|exception (0x[0-9A-Fa-f]+))|exited with exit code (\d+))/u.exec(message)
  if (death === null) return false
  const [, process = '', pid, signal, exception, code] = death
  // Workers leave with 1 when they are cancelled, a startup process fails with it, a backend dies with 2 or more.
  if (process === 'startup process') crash(say, 'startup-failed')
  if (code !== undefined && (process === 'startup process' || Number(code) < 2 || process.startsWith('background worker'))) return process === 'startup process'
  const failed = /Failed process was running: ([^\n]{1,200})/u.exec(detail)?.[1]
  say.signal('postgres.backend-killed', {
    attributes: {
      process,
      ...numbers({ pid: number(pid), signal: number(signal), exitCode: number(code) }),
      ...(exception === undefined ? {} : { exception }),
      ...(failed === undefined ? {} : { statement: failed }),
    },
  })
  return true
}

const recovering = (say: Voice, phase: 'begin' | 'point', reason: string, since = 0): void =>
  say.signal('postgres.recovering', { phase, since, attributes: { reason }, burst: reason })

const tooMany: Rule['tell'] = (record, say) => {
  const [, scope = 'server', limited = ''] = /^too many connections for (role|database)(?: "([^"]{1,63})")?/u.exec(record.message) ?? []
  const attributes: Attributes = { sqlstate: '53300', class: '53', scope, ...(limited === '' ? {} : { limited }) }
  say.signal('postgres.connections-saturated', { attributes, burst: `${scope} ${limited}`.trim() })
  rejected(record, say, 'too-many')
  return true
}

const timedOut =
  (reason: string): Rule['tell'] =>
  (record, say) => {
    say.signal('postgres.timeouts', { attributes: { reason, ...whose(record) }, burst: `${reason} ${record.user}@${record.database}` })
    return true
  }

/** The first lines of a standby, or of a backup that is restored, come at once; syncing the data of a server that crashed may take minutes. */
const COPY_STARTS_MS = 5_000
/** A crash's own words came, or none that tell of a copy: it recovered since it said that it had been interrupted. */
const recovers = (say: Voice, since: number): void => {
  recovering(say, 'begin', 'crash-recovery', since)
  say.interrupted(false)
}

const ready: Rule['tell'] = ({ message }, say) => {
  const since = say.interrupted()
  if (since !== null) recovers(say, since)
  say.crashed(false)
  for (const kind of ['postgres.crashed', 'postgres.recovering', 'postgres.shutdown'] as const) say.signal(kind, { phase: 'end' })
  say.signal('postgres.ready', { attributes: /read[ -]only/u.test(message) ? { mode: 'read-only' } : {} })
  return true
}

const refused: Rule['tell'] = (record, say) => {
  rejected(record, say, 'authentication')
  trouble(record, say, 'log.error', record.sqlstate, { reason: 'authentication' })
  return true
}

/** https://www.rfc-editor.org/rfc/rfc8446#section-6.2 */
const REJECTED: Readonly<Record<string, string>> = { 'certificate expired': 'expired', 'unknown ca': 'unknown-authority', 'bad certificate': 'bad' }

/** Of a standby, or where default_transaction_read_only was set: whoever writes fails. */
const readOnly: Rule['tell'] = (record, say) => {
  if (record.severity !== 'ERROR' || record.sqlstate !== '25006') return false
  trouble(record, say, 'log.error', record.sqlstate, { reason: 'read-only' })
  return true
}

/** What the server cannot do for whoever asks, and why; a PANIC is more than that. */
const cannot =
  (reason: string): Rule['tell'] =>
  (record, say) => {
    if (record.severity === 'PANIC') return false
    trouble(record, say, 'log.error', record.sqlstate, { reason })
    return true
  }

const RULES: readonly Rule[] = [
  { begins: ['automatic vacuum', 'automatic aggressive vacuum'], tell: vacuum },
  { begins: ['process '], tell: lock },
  { begins: ['sorry, too many clients already', 'remaining connection slots are reserved', 'too many connections for '], tell: tooMany },
  // src/backend/storage/ipc/dsm_impl.c: no room in /dev/shm, whatever the errno says of a device; src/backend/storage/lmgr/lock.c: none in the lock table.
  { begins: ['could not resize shared memory segment', 'out of shared memory', 'out of memory'], tell: cannot('memory') },
  // Full before crashed: a PANIC for lack of space is both.
  {
    has: ['No space left on device', 'isk quota exceeded', ': wrote only '],
    tell({ message, severity }, say) {
      const file = /"([^"/]{1,60})\//u.exec(message)?.[1] ?? ''
      say.signal('postgres.disk-full', {
        attributes: { sqlstate: '53100', class: '53', severity, ...(file === '' ? {} : { directory: file }) },
        burst: `${severity} ${file}`,
      })
      if (severity === 'PANIC') crash(say, 'panic')
      return true
    },
  },
  { has: ['(PID '], tell: killed },
  {
    begins: ['terminating any other active server processes', 'all server processes terminated'],
    tell({ message }, say) {
      if (message.startsWith('term')) crash(say, 'backend-died')
      return true
    },
  },
  {
    begins: ['shutting down due to startup process failure', 'aborting startup due to ', 'performing immediate shutdown because '],
    tell({ message }, say) {
      // Its postmaster.pid is gone, or another's: src/backend/postmaster/postmaster.c
      crash(say, message.startsWith('performing') ? 'lock-file' : 'startup-failed')
      return true
    },
  },
  // src/backend/storage/ipc/latch.c: the postmaster itself is gone, and says nothing any more.
  {
    begins: ['terminating connection due to unexpected postmaster exit'],
    tell(_, say) {
      if (!say.crashed()) crash(say, 'postmaster-gone')
      return true
    },
  },
  // Another server process died: the postmaster's own line says so, this one is repeated by every session.
  { begins: ['terminating connection because of crash of another server process'], tell: () => true },
  // src/backend/access/transam/xlogrecovery.c: the next lines tell which of the two it was, after minutes where a large data directory is synced in between.
  {
    begins: ['database system was interrupted'],
    tell(_, say) {
      say.reset()
      if (say.crashed()) recovering(say, 'begin', 'crash-recovery')
      else say.interrupted(true)
      return true
    },
  },
  {
    begins: ['database system was not properly shut down'],
    tell(_, say) {
      say.crashed(true)
      say.reset()
      recovers(say, say.interrupted() ?? 0)
      return true
    },
  },
  {
    begins: ['entering standby mode', 'starting archive recovery', 'starting backup recovery', 'starting point-in-time recovery', 'completed backup recovery'],
    tell(_, say) {
      say.interrupted(false)
      return true
    },
  },
  {
    begins: ['database system was shut down'],
    tell(_, say) {
      say.crashed(false)
      say.reset()
      return true
    },
  },
  {
    begins: ['the database system is in recovery mode', 'the database system is not yet accepting connections'],
    tell(record, say) {
      recovering(say, 'point', 'rejecting')
      rejected(record, say, 'recovery')
      return true
    },
  },
  {
    begins: ['the database system is starting up', 'the database system is not accepting connections'],
    tell(record, say) {
      // Every start says so to whoever is too early; after a crash it is the recovery that keeps them out, and the start of a copy is through with it soon.
      if (say.crashed() || (say.interrupted() ?? 0) > COPY_STARTS_MS) recovering(say, 'point', 'rejecting')
      rejected(record, say, 'starting-up')
      return true
    },
  },
  {
    begins: ['the database system is shutting down'],
    tell(record, say) {
      rejected(record, say, 'shutting-down')
      return true
    },
  },
  { begins: ['database system is ready to accept '], tell: ready },
  {
    begins: ['received fast shutdown', 'received smart shutdown', 'received immediate shutdown'],
    tell({ message }, say) {
      const mode = message.split(' ')[1] ?? ''
      // It asks itself.
      if (mode === 'immediate' && say.crashed()) return true
      say.signal('postgres.shutdown', { phase: 'begin', attributes: { mode } })
      return true
    },
  },
  {
    begins: ['starting PostgreSQL '],
    tell({ message }, say) {
      say.reset()
      say.signal('postgres.started', { attributes: { version: message.split(' ')[2] ?? '' } })
      return true
    },
  },
  {
    begins: ['listening on IPv'],
    tell({ message }, say) {
      const address = /"([^"]{1,60})", port (\d{1,5})/u.exec(message)
      if (address === null) return true
      const [, host = '', port = ''] = address
      say.fact({ fact: 'limit', of: say.server, name: 'port', value: Number(port) })
      // All addresses is no name.
      if (host !== '0.0.0.0' && host !== '::')
        say.fact({ fact: 'alias', of: say.server, name: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, at: null })
      return true
    },
  },
  {
    // At a reload: src/backend/utils/misc/guc-file.l.
    begins: ['parameter "'],
    tell({ message }, say) {
      const [, parameter, value = ''] =
        /^parameter "([\w.]{1,63})" (?:changed to "([^"\n]{0,80})"|removed from configuration file, reset to default)/u.exec(message) ?? []
      if (parameter === undefined) return false
      if (parameter === 'max_connections' && /^\d{1,9}$/u.test(value))
        say.fact({ fact: 'limit', of: say.server, name: 'max_connections', value: Number(value) })
      say.signal('postgres.parameter-changed', { attributes: { parameter, value }, burst: `${parameter} ${value}` })
      return true
    },
  },
  { begins: ['statement: '], tell: altered },
  // Of the postmaster itself: src/backend/postmaster/postmaster.c, src/backend/port/sysv_shmem.c, src/backend/utils/init/miscinit.c, src/backend/libpq/hba.c
  {
    begins: [
      'could not load ',
      'pre-existing shared memory block',
      'lock file "',
      'could not create any TCP/IP sockets',
      'could not create any Unix-domain sockets',
      'could not map anonymous shared memory',
      'could not create shared memory segment',
      'database files are incompatible with server',
      'data directory "',
    ],
    tell: (record, say) => record.severity === 'FATAL' && refusedStart(record, say, 'start'),
  },
  {
    begins: ['configuration file "'],
    tell: (record, say) => refusedStart(record, say, record.severity === 'FATAL' ? 'start' : 'reload'),
  },
  { begins: ['pg_hba.conf was not reloaded', 'pg_ident.conf was not reloaded'], tell: (record, say) => refusedStart(record, say, 'reload') },
  {
    begins: ['invalid authentication method "', 'invalid connection type "', 'syntax error in file "', 'unrecognized configuration parameter "'],
    tell: (record, say) => refusedStart(record, say, 'file'),
  },
  {
    begins: ['deadlock detected'],
    tell(record, say) {
      say.signal('postgres.deadlock', { attributes: whose(record), burst: record.database })
      return true
    },
  },
  { begins: ['canceling statement due to statement timeout'], tell: timedOut('statement') },
  { begins: ['canceling statement due to lock timeout'], tell: timedOut('lock') },
  {
    begins: ['canceling statement due to conflict with recovery', 'terminating connection due to conflict with recovery'],
    tell: timedOut('recovery-conflict'),
  },
  { begins: ['terminating connection due to idle-in-transaction timeout'], tell: timedOut('idle-in-transaction') },
  { begins: ['terminating connection due to transaction timeout'], tell: timedOut('transaction') },
  { begins: ['canceling authentication due to timeout'], tell: timedOut('authentication') },
  // pg_terminate_backend; when the server is shut down it is said by every session, and the request for that before them.
  {
    begins: ['terminating connection due to administrator command'],
    tell(record, say) {
      const { pid, user, database } = record
      say.signal('action.session-ended', { attributes: sessionOf(record), burst: `${pid} ${user}@${database}` })
      return true
    },
  },
  // What an administrator or a client asked for.
  { begins: ['canceling autovacuum task', 'terminating connection due to idle-session timeout'], tell: () => true },
  { begins: ['terminating background worker', 'terminating autovacuum process', 'terminating walreceiver process due to administrator'], tell: () => true },
  // A standby becomes the server that takes writes.
  { begins: ['received promote request'], tell: told('log.warning', 'promoted') },
  { begins: ['checkpoints are occurring too frequently'], tell: told('log.warning', 'checkpoints') },
  { begins: ['could not fork ', 'could not create shared memory', 'could not map anonymous shared memory'], tell: told('log.error', 'resources') },
  // src/backend/libpq/pqcomm.c
  { begins: ['could not accept new connection: '], tell: cannot('sessions') },
  // src/backend/storage/page/bufpage.c, smgr/md.c, access/nbtree, access/common/toast_internals.c, access/transam/slru.c
  {
    begins: [
      'invalid page in block',
      'page verification failed',
      'could not read block',
      'could not open file "base/',
      'could not open file "pg_tblspc/',
      'missing chunk number',
      'could not access status of transaction',
      'unexpected data beyond EOF',
    ],
    has: ['contains unexpected zero page', 'contains corrupted page'],
    tell: cannot('damaged'),
  },
  {
    // src/backend/postmaster/pgarch.c, src/backend/archive/shell_archive.c
    begins: [
      'archive command failed',
      'archive command was terminated',
      'archive command exited with unrecognized',
      'archiving write-ahead log file',
      'archiving transaction log file',
      'archive_mode enabled, yet',
    ],
    tell: told('log.error', 'archiving'),
  },
  {
    begins: [
      'requested WAL segment',
      'terminating walsender process due to replication timeout',
      'terminating walreceiver due to timeout',
      'could not receive data from WAL stream',
      'could not send data to WAL stream',
      'could not connect to the primary server',
      'invalidating ',
      'terminating process', // … to release replication slot
    ],
    tell: told('log.error', 'replication'),
  },
  {
    has: ['must be vacuumed within', 'commands that assign new', 'is not accepting commands to avoid wraparound'],
    tell(record, say) {
      trouble(record, say, record.severity === 'WARNING' ? 'log.warning' : 'log.error', 'wraparound')
      return true
    },
  },
  {
    begins: ['temporary file: '],
    tell(record, say) {
      if (number(/, size (\d{1,18})$/mu.exec(record.message)?.[1]) >= LARGE_TEMP_FILE) trouble(record, say, 'log.warning', 'temporary-file')
      return true
    },
  },
  { begins: ['using stale statistics'], tell: told('log.warning', 'statistics') },
  {
    begins: [
      'unexpected EOF on client connection with an open transaction',
      'could not receive data from client',
      'could not send data to client',
      'connection to client lost',
    ],
    tell: told('log.warning', '08006'),
  },
  // src/backend/utils/init/postinit.c: there is no such database, or none may connect to it.
  {
    begins: ['database "'],
    tell(record, say) {
      if (record.severity !== 'FATAL' || !/^database "[^"]{1,63}" (?:does not exist|is not currently accepting connections)/u.test(record.message)) return false
      return refused(record, say)
    },
  },
  // src/backend/libpq/be-secure-openssl.c, with OpenSSL's name of the alert that the client sent: what it thinks of the server's certificate.
  {
    begins: ['could not accept SSL connection: '],
    tell({ message }, say) {
      const alert = /alert (certificate expired|unknown ca|bad certificate)/u.exec(message)?.[1]
      const reason = alert === undefined ? undefined : REJECTED[alert]
      if (reason !== undefined) say.signal('node.certificate-expired', { attributes: { reason, of: 'server' }, burst: reason })
      return true
    },
  },
  { begins: ['no pg_hba.conf entry for', 'pg_hba.conf rejects', 'password authentication failed'], tell: refused },
]

/** The codes that say by themselves what a message in another language means. */
const BY_CODE: ReadonlyMap<string, Rule['tell']> = new Map<string, Rule['tell']>([
  ['53300', tooMany],
  ['40P01', RULES.find(({ begins }) => begins?.[0] === 'deadlock detected')?.tell ?? (() => false)],
  ['28P01', refused],
  ['25006', readOnly],
  ['53200', cannot('memory')],
  ['XX001', cannot('damaged')],
  ['XX002', cannot('damaged')],
  ['25P03', timedOut('idle-in-transaction')],
])

const fits = ({ begins, has }: Rule, start: string): boolean =>
  begins?.some((text) => start.startsWith(text)) === true || has?.some((text) => start.includes(text)) === true

const REMEMBERED = 1_000
/** Messages that no rule fits: most errors of clients, which come again and again. */
const unfitting = new Set<string>()

/** Whether one of the rules whose texts a message has said what it means. */
const tellByRule = (record: PostgresRecord, say: Voice): boolean => {
  const { message } = record
  if (unfitting.has(message)) return false
  const start = message.slice(0, 1_000)
  let fitting = false
  for (const rule of RULES) {
    if (!fits(rule, start)) continue
    fitting = true
    if (rule.tell(record, say)) return true
  }
  if (fitting || message.length >= 1_000) return false
  if (unfitting.size >= REMEMBERED) unfitting.clear()
  unfitting.add(message)
  return false
}

/** Says what a record means. */
export const speak = (record: PostgresRecord, say: Voice): void => {
  const { severity } = record
  // A client's own text is no message of the server: RAISE, COPY and functions may say anything.
  const foreign = severity === 'ERROR' && record.sqlstate.startsWith('P0')
  if (!foreign) {
    if (tellByRule(record, say)) return
    if (severity === 'FATAL' || severity === 'ERROR') {
      const tell = BY_CODE.get(record.sqlstate)
      if (tell !== undefined && tell(record, say)) return
    }
  }
  if (severity === 'PANIC') crash(say, 'panic')
  const level = levelOf(severity, record.sqlstate)
  if (level === 'log.error' && record.sqlstate.startsWith('28')) refused(record, say)
  else if (level !== null) trouble(record, say, level)
}
