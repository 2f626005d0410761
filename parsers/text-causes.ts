/**
 * What the text of an application's error names as its cause, in the words of the libraries that write it:
 * libpq and psycopg, pgx, JDBC, node-postgres, redis-py, ioredis, Jedis, Go's net, glibc and musl, Node's dns, Java's net, OpenSSL.
 */
import { redis, service, THIS_POSTGRES, type Entity } from '../src/model/entity.js'

export type Reason =
  | 'postgres-too-many'
  | 'postgres-recovering'
  | 'postgres-read-only'
  | 'postgres-unreachable'
  | 'postgres-deadlock'
  | 'postgres-timeout'
  | 'postgres-login'
  | 'postgres-pool'
  | 'pool'
  | 'postgres-memory'
  | 'postgres-damaged'
  | 'postgres-denied'
  | 'redis-unreachable'
  | 'stale-replica'
  | 'schema'
  | 'dns'
  | 'disk-full'
  | 'oom'
  | 'tls'
  | 'upstream-error'
  | 'timeout'
  | 'refused'
  | 'other'

export interface Cause {
  readonly reason: Reason
  /** The server that the line says it could not talk to. */
  readonly server: Entity | null
  /** The name that did not resolve, where the line says which. */
  readonly name: string | null
}

const TOO_MANY = /too many clients already|remaining connection slots are reserved|too many connections for (?:role|database)|no more connections allowed/
const RECOVERING = /the database system is (?:starting up|in recovery mode|shutting down|not (?:yet )?accepting connections)/
/** A standby, or a server that was set to take no writes. */
const READ_ONLY = /cannot execute \w+(?: \w+){0,3} in a read-only transaction|\bSQLSTATE[ =:[('"]{1,3}25006\b/
/** In the words of Postgres, which no other server uses; MySQL's deadlock is 'found'. */
const DEADLOCK = /deadlock detected|\b40P01\b/
/** Cancelled by the server, or, in psycopg's words, a connection that did not come in time. */
const CANCELLED =
  /canceling statement due to (?:(?:statement|lock) timeout|conflict with recovery)|\bconnection timeout expired\b|terminating connection due to idle-in-transaction timeout|\b(?:57014|55P03)\b.{0,200}(?:timeout|lock)/
/** PgBouncer's word to a client for which no connection of its pool came free in time. */
const POOL = /query_wait_timeout/
/**
 * A program's own pool of connections to a database, of whatever kind, had none free in time: HikariCP, Tomcat, DBCP, c3p0, SQLAlchemy, Active Record, Npgsql, Prisma,
 * Knex, node-postgres, sqlx, psycopg_pool.
 */
const OWN_POOL =
  /HikariPool\S{0,80} - Connection is not available, request timed out|Timeout: Pool empty\. Unable to fetch a connection|Cannot get a connection, pool error|attempt by a client to checkout a Connection has timed out|QueuePool limit of size \d{1,6} overflow \d{1,6} reached|could not obtain a connection from the pool within|connection pool has been exhausted|Timed out fetching a new connection from the connection pool|Timeout acquiring a connection\. The pool is probably full|timeout exceeded when trying to connect|pool timed out while waiting for an open connection|couldn't get a connection after \d/
/** The server answered, and did not let this user in: invalid_password, and pg_hba.conf's invalid_authorization_specification. */
const LOGIN =
  /password authentication failed for user|no pg_hba\.conf entry for|pg_hba\.conf rejects connection|role "[^"\n]{1,63}" (?:does not exist|is not permitted to log in)|database \\?"[^"\n]{1,63}" (?:does not exist|is not currently accepting connections)|\b28P01\b/
/** The server's own memory, its lock table among it, not the program's. */
const SERVER_MEMORY = /\bout of shared memory\b|could not resize shared memory segment|Failed on request of size \d|\bSQLSTATE[ =:[('"]{1,3}53200\b/
/** Blocks, rows or whole files of the database that cannot be read any more: data_corrupted, index_corrupted, undefined_file. */
const DAMAGED =
  /invalid page in block \d{1,10} of relation|could not (?:read block \d{1,10} in|open) file \\?"(?:base|global|pg_tblspc)\/|missing chunk number \d{1,10} for toast|could not access status of transaction|\bSQLSTATE[ =:[('"]{1,3}XX00[12]\b/
/** The user got in, and has no right to what it asks for: insufficient_privilege. */
const DENIED = /permission denied for (?:table|relation|schema|sequence|function|view|materialized view) |\bSQLSTATE[ =:[('"]{1,3}42501\b/
/** A table or column that the program expects and the database does not have: undefined_table, undefined_column; MySQL's and SQLite's words. */
const SCHEMA =
  /\b(?:relation|column) \\?"?[\w.]{1,128}\\?"? (?:of relation \\?"[\w.]{1,128}\\?" )?does not exist|\b42P01\b|\bSQLSTATE[ =:[('"]{1,3}42703\b|Table '[\w.-]{1,128}' doesn't exist|Unknown column '|no such (?:table|column): /
const POSTGRES =
  /connection to server (?:at|on)|could not connect to server|server closed the connection unexpectedly|server login has been failing|terminating connection due to|SSL SYSCALL error|PSQLException|PgConnectionError|asyncpg|psycopg|SQLSTATE 08|pq: |pgx|failed to connect to `host=|dbname=|sslmode=|[:=]5432\b|postgres(?:ql)?:\/\//
/** Other servers' drivers raise an OperationalError too. */
const OPERATIONAL = /OperationalError/
const NOT_POSTGRES = /sqlite|mysql|mariadb|pymysql|kombu/i
const UNREACHABLE =
  /connection refused|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ETIMEDOUT|connection reset|no route to host|network is unreachable|broken pipe|bad connection|server closed the connection|terminating connection|could not connect|connection (?:to server [^\n]{0,200} )?failed|login has been failing|timed? ?out|timeout|connection attempt failed|Connection to \S{1,200} refused|failed to connect/i
const REDIS = /[:=\s]6379\b|Redis|redis:\/\/|LOADING Redis|READONLY You can't write|MISCONF|CLUSTERDOWN|MASTERDOWN|Jedis|Lettuce|MaxRetriesPerRequestError/
const REDIS_SAYS =
  /LOADING |READONLY |MISCONF|CLUSTERDOWN|MASTERDOWN|JedisConnectionException|RedisConnectionException|MaxRetriesPerRequestError|redis\.exceptions\.(?:Connection|Timeout|BusyLoading)/
const DNS =
  /no such host|Name or service not known|Temporary failure in name resolution|EAI_AGAIN|ENOTFOUND|server misbehaving|could not translate host name|Name does not resolve|UnknownHostException|Could not resolve host|:53: i\/o timeout|\blookup [\w.-]{1,253}(?: on [\w.:[\]]{2,64})?: (?:read|write|dial) (?:udp|tcp)|getaddrinfo failed|nodename nor servname|no address associated with hostname|SERVFAIL|Name resolution failed/i
const DISK = /No space left on device|ENOSPC|disk quota exceeded|database or disk is full|not enough space on the disk/i
const MEMORY = /OutOfMemoryError|Cannot allocate memory|ENOMEM|heap out of memory|\bMemoryError\b|out of memory|oom-?killed|OOM command not allowed|bad_alloc/i
const TLS =
  /x509:|certificate (?:has expired|verify failed|is not yet valid|signed by unknown)|CERT_HAS_EXPIRED|SSLHandshakeException|CERTIFICATE_VERIFY_FAILED|self[- ]signed certificate|unable to (?:verify the first|get local issuer) certificate|tls: |handshake failure|ERR_TLS_|bad certificate/i
/** What was just written is not there yet where it is read. */
const STALE =
  /read[- ]your[- ]writes|\b(?:on|from|by) (?:the )?(?:read[- ])?(?:replica|standby)\b|repl(?:ica|ication) (?:is )?(?:lag|behind|stale)|stale (?:read|replica)/i
const UPSTREAM =
  /\b50[0234] (?:Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out|Internal Server Error)|\bstatus(?:[ _]?code)?[ =:"]{1,3}5\d\d\b|\bHTTP(?:\/[\d.]{1,3})? 5\d\d\b|upstream connect error|no healthy upstream|\b(?:upstream|backend|server|service) (?:\S{1,128} )?(?:answered|responded|returned|replied)(?: with)? (?:status |code |HTTP )?5\d\d\b(?! \w{0,30}s\b)/i
const TIMEOUT = /timed? ?out|timeout|deadline exceeded|ETIMEDOUT/i
const REFUSED = /connection refused|ECONNREFUSED|connection reset|ECONNRESET|no route to host|EHOSTUNREACH|network is unreachable|broken pipe|EPIPE/i

const NAMES: readonly RegExp[] = [
  /lookup ([\w.-]{1,253})(?: on |: | )/,
  /(?:EAI_AGAIN|ENOTFOUND) ([\w.-]{1,253})/,
  /translate host name "([\w.-]{1,253})"/,
  /resolve host:? ['"]?([\w.-]{1,253})/i,
  /UnknownHostException: ([\w.-]{1,253})/,
  /host='([\w.-]{1,253})'/,
  /dial tcp: ([\w.-]{1,253}):/,
]

const REDIS_HOST =
  /(?:redis:\/\/(?:[^@/\s]{0,100}@)?|connecting to |dial tcp |ECONNREFUSED |host[=:] ?['"]?)([\w.-]{1,253}):6379|connecting to ([\w.-]{1,253}):\d/
const ADDRESS = /^(?:[\d.]+|localhost)$/

const redisNamed = (text: string): Entity => {
  const match = REDIS_HOST.exec(text)
  const host = match?.[1] ?? match?.[2]
  return host === undefined || ADDRESS.test(host) ? redis('-') : redis(host.split('.')[0] ?? '-')
}

/** A Service's name as the cluster's DNS has it: name.namespace.svc, whatever the cluster's domain (DNS-Based Service Discovery, section 2.3.1). */
const CLUSTER_NAME = /(?:^|[\s"'=(@/,])([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc\b/
/** What gateways and tracing call the service they asked. https://opentelemetry.io/docs/specs/semconv/general/attributes/ (peer.service) */
const KEY_OF_SERVICE =
  /(?:^|[\s{,"])(?:upstream|upstream_service|upstreamService|target_service|targetService|peer\.service|destination_service)"? ?[=:] ?"?([a-z][a-z0-9-]{1,62})(?=["\s,}]|$)/

/** Whom it dialled: a Service of its own namespace by its bare name, one of another with that, or anything by its address; the timeline knows addresses. */
const DIALLED =
  /(?:\bhttps?:\/\/|\bdial tcp |\bECONNREFUSED |\bETIMEDOUT |\bEHOSTUNREACH |\bhost=['"]?)([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)?|\d{1,3}(?:\.\d{1,3}){3})(?=[:/"' ,\\)]|$)/

/** The Service that a program could not talk to; one that is named by its address has that as its name. */
export const serviceNamed = (text: string): Entity | null => {
  const match = CLUSTER_NAME.exec(text)
  if (match?.[1] !== undefined && match[2] !== undefined) return service(match[2], match[1])
  const name = KEY_OF_SERVICE.exec(text)?.[1] ?? DIALLED.exec(text)?.[1]
  if (name === undefined || name === 'localhost' || name.startsWith('127.')) return null
  const [first = '', namespace, ...more] = name.split('.')
  return namespace !== undefined && more.length === 0 ? service(namespace, first) : service('-', name)
}

/** The name that did not resolve. */
export const nameIn = (text: string): string | null => {
  for (const pattern of NAMES) {
    const name = pattern.exec(text)?.[1]
    if (name !== undefined) return name
  }
  return null
}

/** Longer lines say what happened in their beginning. */
const LOOKED_AT = 4_000

/** The most telling cause first: a database's host name that does not resolve is DNS, though it is a client of that database too. */
export const causeOf = (line: string): Cause => {
  const text = line.length > LOOKED_AT ? line.slice(0, LOOKED_AT) : line
  const says = TOO_MANY.test(text) ? 'postgres-too-many' : RECOVERING.test(text) ? 'postgres-recovering' : null
  if (says !== null) return { reason: says, server: THIS_POSTGRES, name: null }
  if (READ_ONLY.test(text)) return { reason: 'postgres-read-only', server: THIS_POSTGRES, name: null }
  if (DEADLOCK.test(text)) return { reason: 'postgres-deadlock', server: THIS_POSTGRES, name: null }
  if (CANCELLED.test(text)) return { reason: 'postgres-timeout', server: THIS_POSTGRES, name: null }
  if (POOL.test(text)) return { reason: 'postgres-pool', server: THIS_POSTGRES, name: null }
  if (OWN_POOL.test(text)) return { reason: 'pool', server: null, name: null }
  if (LOGIN.test(text)) return { reason: 'postgres-login', server: THIS_POSTGRES, name: null }
  if (SERVER_MEMORY.test(text)) return { reason: 'postgres-memory', server: THIS_POSTGRES, name: null }
  if (DAMAGED.test(text)) return { reason: 'postgres-damaged', server: THIS_POSTGRES, name: null }
  if (DENIED.test(text)) return { reason: 'postgres-denied', server: THIS_POSTGRES, name: null }
  if (SCHEMA.test(text)) return { reason: 'schema', server: null, name: null }
  const ofRedis = REDIS.test(text)
  const ofPostgres = !ofRedis && (POSTGRES.test(text) || (OPERATIONAL.test(text) && !NOT_POSTGRES.test(text)))
  const server = ofRedis ? redisNamed(text) : ofPostgres ? THIS_POSTGRES : null
  const because = (reason: Reason, of: Entity | null = null): Cause => ({ reason, server: of, name: reason === 'dns' ? nameIn(text) : null })
  if (DNS.test(text)) return because('dns', server)
  if (DISK.test(text)) return because('disk-full')
  if (MEMORY.test(text)) return because('oom')
  if (TLS.test(text)) return because('tls', server)
  if (ofRedis && (REDIS_SAYS.test(text) || UNREACHABLE.test(text))) return because('redis-unreachable', server)
  if (ofPostgres && /canceling statement|statement timeout|lock timeout/i.test(text)) return because('postgres-timeout', server)
  if (ofPostgres && (UNREACHABLE.test(text) || OPERATIONAL.test(text))) return because('postgres-unreachable', server)
  if (STALE.test(text)) return because('stale-replica')
  if (UPSTREAM.test(text)) return because('upstream-error', serviceNamed(text))
  if (TIMEOUT.test(text)) return because('timeout', serviceNamed(text))
  if (REFUSED.test(text)) return because('refused', serviceNamed(text))
  return because('other')
}

const QUOTED = /"[^"]{0,200}"|'[^']{0,200}'/g
const BURST_LENGTH = 120
/** Messages are compared by this much of them. */
const COMPARED = 1_000

export const isFigure = (code: number): boolean => code >= 48 && code <= 57
const isHexLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 102
export const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122

/**
 * A message without what changes from one occurrence to the next: figures, and words of hexadecimal figures (ids, parts of a UUID).
 * A loop, as every line of a flood of errors passes here.
 */
export const unnumbered = (message: string): string => {
  const end = Math.min(message.length, COMPARED)
  let out = ''
  let from = 0
  let at = 0
  while (at < end) {
    const code = message.charCodeAt(at)
    if (code === 92 && at + 1 < end && 'nt"'.includes(message.charAt(at + 1))) {
      out += `${message.slice(from, at)} `
      from = at += 2
      continue
    }
    if (!isFigure(code) && !isLetter(code)) {
      at++
      continue
    }
    const word = at
    let figures = 0
    let hex = true
    for (let next = code; at < end && (isFigure(next) || isLetter(next)); next = message.charCodeAt(++at)) {
      if (isFigure(next)) figures++
      else if (!isHexLetter(next)) hex = false
    }
    if (figures === 0) continue
    out += message.slice(from, word)
    // 'c0ffee17' is an id; of 'order17' the word stays.
    out += figures === at - word || (hex && at - word >= 4) || message.startsWith('0x', word) ? '#' : message.slice(word, at).replace(/\d+/g, '#')
    from = at
  }
  return out + message.slice(from, end)
}

/** What makes two occurrences the same, from an unnumbered message. */
export const burstOf = (message: string): string => message.slice(0, 400).replace(QUOTED, '#').trim().slice(0, BURST_LENGTH)

/** Figures that tell causes apart: the ports of Postgres, Redis and DNS, an HTTP status. */
const TELLING = /[:= ](?:5432|6379|53|[45]\d\d)\b/

/** What an unnumbered message says only together with the figures it had. */
export const figuresIn = (line: string): string => TELLING.exec(line)?.[0] ?? ''
