/**
 * A Postgres server in a pod, session by session: who is connected, who is refused, what its stderr log says of it.
 * Wordings of PostgreSQL 15 (postmaster.c, proc.c, postinit.c, xlogrecovery.c); the prefix of a line and its zone vary.
 */
import { localStamp, type Zone } from '../core/stamps.js'
import { instant, MINUTE, podsOf, SECOND, type Pod, type Workload, type World } from './world.js'

export interface Client {
  readonly user: string
  readonly application: string
  readonly host: string
}

export interface Session extends Client {
  readonly pid: number
  readonly port: number
  readonly openedMs: number
  state: 'active' | 'idle' | 'idle in transaction'
  /** Since when it waits for a lock. */
  waitsMs: number | null
}

/** log_line_prefix. */
export type Prefix = '%m [%p] ' | '%m [%p] %q%u@%d ' | '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ' | '%t:%r:%u@%d:[%p]:'

export const PREFIXES: readonly [Prefix, ...Prefix[]] = ['%m [%p] ', '%m [%p] %q%u@%d ', '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ', '%t:%r:%u@%d:[%p]:']

export interface Database {
  readonly workload: Workload
  readonly database: string
  readonly maxConnections: number
  readonly prefix: Prefix
  readonly zone: Zone
  /** log_connections and log_disconnections. */
  readonly logsSessions: boolean
  /** The exporter tells users and applications apart (postgres_exporter 0.13 and later). */
  readonly byUser: boolean
  readonly file: string
  state: 'up' | 'recovering' | 'down'
  sessions: Session[]
  readonly lines: Map<number, number>
  nextPid: number
  lastCheckpointMs: number
}

export const database = (
  world: World,
  wanted: Pick<Database, 'workload' | 'database' | 'maxConnections' | 'prefix' | 'zone' | 'logsSessions' | 'byUser'>,
): Database => ({
  ...wanted,
  file: 'postgres/postgresql.log',
  state: 'up',
  sessions: [],
  lines: new Map(),
  nextPid: world.random.int(900, 9000),
  lastCheckpointMs: world.startMs - 40 * SECOND,
})

const POSTMASTER = 1
const CHECKPOINTER = 27

type Said = Pick<Session, 'pid' | 'port'> & Client

export const say = (world: World, db: Database, who: Said | number, text: string, delayMs = 0): void => {
  const ms = instant(world, delayMs)
  const pid = typeof who === 'number' ? who : who.pid
  const number = (db.lines.get(pid) ?? 0) + 1
  db.lines.set(pid, number)
  const session = typeof who === 'number' ? undefined : who
  const known = session !== undefined && session.user !== ''
  const millis = localStamp(ms, db.zone, true)
  const seconds = localStamp(ms, db.zone, false)
  const or = (value: string): string => (session === undefined ? '' : value === '' ? '[unknown]' : value)
  const heads: Record<Prefix, string> = {
    '%m [%p] ': `${millis} [${pid}] `,
    '%m [%p] %q%u@%d ': `${millis} [${pid}] ${session ? `${or(session.user)}@${known ? db.database : '[unknown]'} ` : ''}`,
    '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ': `${seconds} [${pid}]: [${number}-1] user=${or(session?.user ?? '')},db=${session ? (known ? db.database : '[unknown]') : ''},app=${or(session?.application ?? '')},client=${session?.host ?? ''} `,
    '%t:%r:%u@%d:[%p]:': `${seconds}:${session ? `${session.host}(${session.port})` : ''}:${or(session?.user ?? '')}@${session ? (known ? db.database : '[unknown]') : ''}:[${pid}]:`,
  }
  world.record.file(db.file, ms, `${heads[db.prefix]}${text}`)
}

/** What a client is told where it is not let in; undefined where it is. */
export const connect = (world: World, db: Database, client: Client): Session | string => {
  const session: Session = { ...client, pid: db.nextPid, port: world.random.int(32_768, 60_999), openedMs: world.agenda.now, state: 'idle', waitsMs: null }
  if (db.state === 'down' || !podsOf(world, db.workload).some((pod) => pod.startedMs !== null && pod.deletedMs === null)) return REFUSED
  db.nextPid += world.random.int(1, 4)
  if (db.logsSessions) say(world, db, { ...session, user: '', application: '' }, `LOG:  connection received: host=${client.host} port=${session.port}`)
  const unnamed = { ...session, application: '' }
  if (db.state === 'recovering') {
    say(world, db, unnamed, `FATAL:  ${RECOVERING}`, 1)
    say(world, db, unnamed, 'DETAIL:  Consistent recovery state has not been yet reached.', 1)
    return `FATAL:  ${RECOVERING}`
  }
  if (db.sessions.length >= db.maxConnections) {
    say(world, db, unnamed, `FATAL:  ${TOO_MANY}`, 1)
    world.record.note('refused', db.workload.name, world.agenda.now)
    return `FATAL:  ${TOO_MANY}`
  }
  db.sessions.push(session)
  if (db.logsSessions)
    say(
      world,
      db,
      unnamed,
      `LOG:  connection authorized: user=${client.user} database=${db.database}${client.application ? ` application_name=${client.application}` : ''}`,
      3,
    )
  return session
}

/** libpq's word for a closed port. */
const REFUSED = 'Connection refused'
const TOO_MANY = 'sorry, too many clients already'
const RECOVERING = 'the database system is not yet accepting connections'

export const disconnect = (world: World, db: Database, session: Session): void => {
  const at = db.sessions.indexOf(session)
  if (at < 0) return
  db.sessions.splice(at, 1)
  if (!db.logsSessions) return
  const took = (world.agenda.now - session.openedMs) / 1000
  const clock = `${Math.floor(took / 3600)}:${String(Math.floor((took % 3600) / 60)).padStart(2, '0')}:${(took % 60).toFixed(3).padStart(6, '0')}`
  say(world, db, session, `LOG:  disconnection: session time: ${clock} user=${session.user} database=${db.database} host=${session.host} port=${session.port}`)
}

/** SIGINT, the image's STOPSIGNAL: a fast shutdown. */
export const shutDown = (world: World, db: Database): void => {
  db.state = 'down'
  world.record.note('shutdown', db.workload.name, world.agenda.now)
  say(world, db, POSTMASTER, 'LOG:  received fast shutdown request')
  say(world, db, POSTMASTER, 'LOG:  aborting any active transactions', 4)
  for (const session of db.sessions) say(world, db, session, 'FATAL:  terminating connection due to administrator command', 6)
  db.sessions = []
  say(world, db, CHECKPOINTER, 'LOG:  shutting down', 90)
  say(world, db, CHECKPOINTER, 'LOG:  checkpoint starting: shutdown immediate', 92)
  say(world, db, POSTMASTER, 'LOG:  database system is shut down', 400)
  db.lastCheckpointMs = world.agenda.now + 300
}

const VERSION = 'PostgreSQL 15.8 (Debian 15.8-1.pgdg120+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit'

/** A new postmaster on the old data. It has to recover where the old one was not shut down. */
export const startUp = (world: World, db: Database, clean: boolean, recoveryMs = 0): void => {
  db.lines.clear()
  say(world, db, POSTMASTER, `LOG:  starting ${VERSION}`)
  say(world, db, POSTMASTER, 'LOG:  listening on IPv4 address "0.0.0.0", port 5432', 1)
  say(world, db, POSTMASTER, 'LOG:  listening on Unix socket "/var/run/postgresql/.s.PGSQL.5432"', 4)
  if (!clean) {
    recover(world, db, 30, recoveryMs)
    return
  }
  say(world, db, 29, `LOG:  database system was shut down at ${localStamp(db.lastCheckpointMs, db.zone, false)}`, 20)
  world.agenda.after(70, () => ready(world, db))
}

const ready = (world: World, db: Database): void => {
  db.state = 'up'
  world.record.note('accepting', db.workload.name, world.agenda.now)
  say(world, db, POSTMASTER, 'LOG:  database system is ready to accept connections')
}

const recover = (world: World, db: Database, pid: number, forMs: number): void => {
  const { random } = world
  const wal = (n: number): string => `0/${n.toString(16).toUpperCase()}`
  const from = random.int(0x1a000000, 0x5a000000)
  const to = from + random.int(0x2000000, 0x9000000)
  db.state = 'recovering'
  world.record.note('recovering', db.workload.name, world.agenda.now)
  say(world, db, pid, `LOG:  database system was interrupted; last known up at ${localStamp(db.lastCheckpointMs, db.zone, false)}`, 60)
  say(world, db, pid, 'LOG:  database system was not properly shut down; automatic recovery in progress', 420)
  say(world, db, pid, `LOG:  redo starts at ${wal(from)}`, 431)
  const seconds = (ms: number): string => (ms / 1000).toFixed(2)
  world.agenda.after(forMs, () => {
    say(world, db, pid, `LOG:  invalid record length at ${wal(to)}: wanted 24, got 0`)
    say(
      world,
      db,
      pid,
      `LOG:  redo done at ${wal(to - 40)} system usage: CPU: user: ${seconds(forMs * 0.3)} s, system: ${seconds(forMs * 0.1)} s, elapsed: ${seconds(forMs - 440)} s`,
    )
    say(world, db, CHECKPOINTER, 'LOG:  checkpoint starting: end-of-recovery immediate wait', 20)
    world.agenda.after(random.between(500, 1500), () => ready(world, db))
  })
}

/** A backend dies by SIGKILL: the postmaster ends all others and starts again. */
export const killBackend = (world: World, db: Database, victim: Session, statement: string, recoveryMs: number): void => {
  world.record.note('backend-killed', db.workload.name, world.agenda.now)
  say(world, db, POSTMASTER, `LOG:  server process (PID ${victim.pid}) was terminated by signal 9: Killed`, 30)
  say(world, db, POSTMASTER, `DETAIL:  Failed process was running: ${statement}`, 30)
  say(world, db, POSTMASTER, 'LOG:  terminating any other active server processes', 31)
  say(world, db, POSTMASTER, 'LOG:  all server processes terminated; reinitializing', 260)
  db.sessions = []
  recover(world, db, db.nextPid++, recoveryMs)
}

/** With log_lock_waits: one second (deadlock_timeout) after the wait began. */
export const awaitLock = (world: World, db: Database, session: Session, holder: Session, relation: string, statement: string): void => {
  const now = world.agenda.now
  session.state = 'active'
  session.waitsMs = now
  world.record.note('lock-wait', db.workload.name, now)
  const transaction = 480_000 + (holder.pid % 1000)
  world.agenda.after(SECOND, () => {
    if (session.waitsMs !== now || !db.sessions.includes(session)) return
    const queue = db.sessions.filter((one) => one.waitsMs !== null).map((one) => one.pid)
    const after = `${1000 + world.random.int(0, 2)}.${String(world.random.int(0, 999)).padStart(3, '0')}`
    say(world, db, session, `LOG:  process ${session.pid} still waiting for ShareLock on transaction ${transaction} after ${after} ms`)
    say(world, db, session, `DETAIL:  Process holding the lock: ${holder.pid}. Wait queue: ${queue.join(', ')}.`)
    say(world, db, session, `CONTEXT:  while updating tuple (${world.random.int(0, 90)},${world.random.int(1, 60)}) in relation "${relation}"`)
    say(world, db, session, `STATEMENT:  ${statement}`)
  })
}

/** What happens on every server: checkpoints; small vacuums and slow statements come from the scenario. */
export const runDatabase = (world: World, db: Database): void => {
  const { random } = world
  world.agenda.every(
    5 * MINUTE,
    () => {
      if (db.state !== 'up') return true
      const buffers = random.int(200, 1800)
      const writeS = buffers / 10
      db.lastCheckpointMs = world.agenda.now
      say(world, db, CHECKPOINTER, 'LOG:  checkpoint starting: time')
      say(
        world,
        db,
        CHECKPOINTER,
        `LOG:  checkpoint complete: wrote ${buffers} buffers (${(buffers / 163.84).toFixed(1)}%); 0 WAL file(s) added, 0 removed, ${random.int(0, 2)} recycled; write=${writeS.toFixed(3)} s, sync=0.0${random.int(10, 90)} s, total=${(writeS + 0.1).toFixed(3)} s; sync files=${random.int(20, 90)}, longest=0.00${random.int(1, 9)} s, average=0.001 s; distance=${random.int(4000, 19_000)} kB, estimate=${random.int(14_000, 22_000)} kB`,
        Math.min(writeS, 170) * SECOND,
      )
      return true
    },
    random.between(0, 5) * MINUTE,
  )
}

/** postgres_exporter's own series; a server that lets nobody in has pg_up 0 and nothing else. */
export const scrapeDatabase = (world: World, db: Database): void => {
  const now = world.agenda.now
  const labels = { instance: `${db.workload.name}-exporter:9187`, job: 'postgres-exporter', server: `${db.workload.name}.${db.workload.namespace}.svc:5432` }
  const sample = (name: string, more: Record<string, string>, value: number): void => world.record.sample(name, { ...labels, ...more }, now, value)
  sample('pg_up', {}, db.state === 'up' ? 1 : 0)
  if (db.state !== 'up') return
  sample('pg_settings_max_connections', {}, db.maxConnections)
  const counts = new Map<string, { labels: Record<string, string>; count: number }>()
  const states = ['active', 'idle', 'idle in transaction'] as const
  if (!db.byUser) for (const state of states) counts.set(state, { labels: { datname: db.database, state }, count: 0 })
  for (const { state, user, application } of db.sessions) {
    const key = db.byUser ? `${user} ${application} ${state}` : state
    const known = counts.get(key) ?? { labels: { application_name: application, datname: db.database, state, usename: user }, count: 0 }
    known.count++
    counts.set(key, known)
  }
  for (const { labels: more, count } of counts.values()) sample('pg_stat_activity_count', more, count)
  const waiting = db.sessions.filter((session) => session.waitsMs !== null).length
  sample('pg_locks_count', { datname: db.database, mode: 'accesssharelock' }, db.sessions.filter(({ state }) => state === 'active').length)
  sample('pg_locks_count', { datname: db.database, mode: 'rowexclusivelock' }, waiting + world.random.int(0, 3))
  sample('pg_locks_count', { datname: db.database, mode: 'sharelock' }, waiting)
  sample('pg_locks_count', { datname: db.database, mode: 'accessexclusivelock' }, 0)
}

/** An application's threads in one pod, each with a connection of its own, as Django keeps them (CONN_MAX_AGE). */
export interface Pool {
  readonly threads: (Session | null)[]
}

/** The pool of each pod, all of one size. */
export const poolsOf = (threads: number): ((pod: Pod) => Pool) => {
  const pools = new Map<Pod, Pool>()
  return (pod) => {
    const pool = pools.get(pod) ?? { threads: Array.from({ length: threads }, () => null) }
    pools.set(pod, pool)
    return pool
  }
}

/** The connection of the thread that happens to serve a request; where it has to connect anew and may not, what libpq says. */
export const borrow = (world: World, db: Database, { threads }: Pool, client: Client, keepMs: number): Session | string => {
  const at = world.random.int(0, threads.length - 1)
  const mine = threads[at] ?? null
  if (mine !== null && db.sessions.includes(mine)) {
    if (mine.state !== 'idle' || world.agenda.now - mine.openedMs <= keepMs) return mine
    disconnect(world, db, mine)
  }
  const made = connect(world, db, client)
  threads[at] = typeof made === 'string' ? null : made
  return made
}
