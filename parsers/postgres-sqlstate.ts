/**
 * SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html): whose fault an error is, and the code of a message
 * where the log does not carry it (stderr without %e), so that all formats say the same.
 */
import type { Severity } from './postgres-record.js'

/** In this order; the first that fits. Plain text is looked for anywhere in the message. */
const CODES: readonly (readonly [string, string | RegExp])[] = [
  ['23505', 'duplicate key value violates unique constraint'],
  ['23503', 'violates foreign key constraint'],
  ['23502', 'violates not-null constraint'],
  ['23514', 'violates check constraint'],
  ['23P01', 'conflicting key value violates exclusion constraint'],
  ['53300', /^(?:sorry, too many clients already|remaining connection slots are reserved|too many connections for (?:role|database) )/u],
  ['57P03', /^the database system is (?:starting up|shutting down|in recovery mode|not yet accepting connections|not accepting connections)/u],
  ['57P02', /^terminating connection (?:because of crash of another server process|due to immediate shutdown)/u],
  [
    '57P01',
    /^terminating (?:connection|background worker .{1,80}|autovacuum process|walreceiver process|logical replication worker .{1,80}) due to administrator command/u,
  ],
  ['57P05', 'terminating connection due to idle-session timeout'],
  ['25P03', 'terminating connection due to idle-in-transaction timeout'],
  ['25P04', 'terminating connection due to transaction timeout'],
  ['40001', /^(?:could not serialize access|canceling statement due to conflict with recovery|terminating connection due to conflict with recovery)/u],
  ['40P01', /^deadlock detected/u],
  ['55P03', /^(?:canceling statement due to lock timeout|could not obtain lock on)/u],
  ['57014', /^canceling (?:statement|authentication|autovacuum task) (?:due to|$)/u],
  ['53100', /No space left on device|[Dd]isk quota exceeded|^could not extend file .*: wrote only /u],
  ['53200', /^out of (?:shared )?memory/u],
  ['28P01', 'password authentication failed for user'],
  [
    '28000',
    /^(?:no pg_hba\.conf entry for|pg_hba\.conf rejects|role ".{1,80}" (?:does not exist|is not permitted to log in)|\w{1,20} authentication failed for user)/u,
  ],
  ['3D000', /^database ".{1,80}" does not exist/u],
  ['42601', /^(?:syntax error at|unterminated quoted|mismatched parentheses)/u],
  ['42P01', /^(?:relation ".{1,200}" does not exist|missing FROM-clause entry)/u],
  ['42703', /^column .{1,200} does not exist/u],
  ['42883', /^(?:function|operator|procedure) .{1,400} does not exist/u],
  ['42501', /^(?:permission denied|must be owner)/u],
  ['42P07', /^relation ".{1,200}" already exists/u],
  ['42710', /^\w{1,30} ".{1,200}" already exists/u],
  ['42804', /^column ".{1,200}" is of type/u],
  ['42803', 'must appear in the GROUP BY clause'],
  ['26000', /^prepared statement ".{1,200}" does not exist/u],
  ['22P02', 'invalid input syntax for type'],
  ['22P02', 'invalid input syntax for '],
  ['22001', 'value too long for type'],
  ['22012', 'division by zero'],
  ['22003', /out of range$/u],
  ['22021', 'invalid byte sequence for encoding'],
  ['22007', 'conflicting values for '],
  ['25P02', 'current transaction is aborted'],
  ['25006', /^cannot execute .{1,60} in a read-only transaction/u],
  ['08006', /^(?:unexpected EOF on client connection with an open transaction|connection to client lost|could not (?:receive data from|send data to) client)/u],
  ['08P01', /^(?:unexpected EOF (?:on client connection|within message)|invalid (?:frontend message|length of startup packet))/u],
  ['58P01', /^requested WAL segment|No such file or directory/u],
  ['58030', /Input\/output error|Read-only file system|Stale file handle|^could not read block/u],
  ['XX001', /^invalid page in block|^page verification failed/u],
  ['54000', /^database is not accepting commands/u],
]

const REMEMBERED = 1_000
const codes = new Map<string, string>()

const codeOf = (message: string): string => {
  const start = message.slice(0, 1_000)
  let code = codes.get(start)
  if (code === undefined) {
    code = CODES.find(([, mark]) => (typeof mark === 'string' ? start.includes(mark) : mark.test(start)))?.[0] ?? ''
    if (codes.size >= REMEMBERED) codes.clear()
    codes.set(start, code)
  }
  return code
}

/** The code of a record: its own, or what its message tells; '' where neither does. A LOG record's 00000 is none. */
export const sqlstateOf = (written: string, message: string): string => (/^[0-9A-Z]{5}$/u.test(written) && written !== '00000' ? written : codeOf(message))

/** Classes in which the server says that it is the one in trouble. */
const SERVER = new Set(['53', '58', 'F0', 'XX'])
/** A refused login is not the server's fault, but nobody gets in either. */
const LOGIN = '28'

/**
 * log.error for what the server itself cannot do and for refused logins; log.warning for what a client or an administrator brought upon
 * itself: constraints, syntax, cancelled statements, lost connections, RAISE in a function. An ERROR of unknown class is a client's.
 */
export const levelOf = (severity: Severity, sqlstate: string): 'log.error' | 'log.warning' | null => {
  const own = SERVER.has(sqlstate.slice(0, 2))
  if (severity === 'PANIC') return 'log.error'
  if (severity === 'ERROR') return own ? 'log.error' : 'log.warning'
  if (severity === 'FATAL') return own || sqlstate === '' || sqlstate.startsWith(LOGIN) ? 'log.error' : 'log.warning'
  if (severity === 'WARNING') return own ? 'log.error' : null
  return null
}
