/** A Postgres 15 server on its own host: checkpoints, autovacuum, slow statements, sessions. Its log has the prefix '%m [%p] %q%u@%d ' of Debian's packages. */
import { postgresStamp } from '../core/stamps.js'
import { instant, MINUTE, SECOND, type World } from './world.js'

export interface Postgres {
  readonly name: string
  readonly database: string
  readonly maxConnections: number
  sessions: { active: number; idle: number }
  /** The server does not run; it neither logs nor answers. */
  down?: () => boolean
}

const FILE = 'postgres/postgresql-15-main.log'

const log = (world: World, delayMs: number, pid: number, text: string, session = ''): void => {
  const ms = instant(world, delayMs)
  world.record.file(FILE, ms, `${postgresStamp(ms)} [${pid}] ${session}${text}`)
}

/** What src/backend/access/heap/vacuumlazy.c reports when a vacuum ends; `effort` in cores: what its cost limits left it. */
export const autovacuum = (world: World, postgres: Postgres, table: string, elapsedS: number, effort = { user: 0.1, system: 0.05 }): void => {
  const { random } = world
  const pages = random.int(40_000, 90_000)
  const dead = random.int(20_000, 60_000)
  const report = [
    `LOG:  automatic vacuum of table "${postgres.database}.public.${table}": index scans: 1`,
    `\tpages: 0 removed, ${pages} remain, ${Math.round(pages * 0.31)} scanned (31.00% of total)`,
    `\ttuples: ${dead} removed, ${pages * 38} remain, ${random.int(0, 90)} are dead but not yet removable`,
    `\tremovable cutoff: ${random.int(7_000_000, 9_000_000)}, which was ${random.int(20, 400)} XIDs old when operation ended`,
    `\tindex scan needed: ${Math.round(pages * 0.2)} pages from table (20.00% of total) had ${dead} dead item identifiers removed`,
    `\tindex "${table}_pkey": pages: ${Math.round(pages / 9)} in total, 0 newly deleted, 0 currently deleted, 0 reusable`,
    `\tavg read rate: 11.204 MB/s, avg write rate: 8.117 MB/s`,
    `\tbuffer usage: ${random.int(90_000, 190_000)} hits, ${random.int(30_000, 60_000)} misses, ${random.int(20_000, 40_000)} dirtied`,
    `\tWAL usage: ${random.int(40_000, 70_000)} records, ${random.int(900, 9000)} full page images, ${random.int(60_000_000, 90_000_000)} bytes`,
    `\tsystem usage: CPU: user: ${(elapsedS * effort.user).toFixed(2)} s, system: ${(elapsedS * effort.system).toFixed(2)} s, elapsed: ${elapsedS.toFixed(2)} s`,
  ]
  log(world, elapsedS * SECOND + random.between(0, 900), random.int(20_000, 60_000), report.join('\n'))
}

const checkpoint = (world: World): void => {
  const { random } = world
  const pid = 811
  const buffers = random.int(300, 2400)
  const writeS = buffers / 10
  log(world, 0, pid, 'LOG:  checkpoint starting: time')
  log(
    world,
    writeS * SECOND,
    pid,
    `LOG:  checkpoint complete: wrote ${buffers} buffers (${(buffers / 163.84).toFixed(1)}%); 0 WAL file(s) added, 0 removed, ${random.int(0, 2)} recycled; write=${writeS.toFixed(3)} s, sync=0.0${random.int(10, 90)} s, total=${(writeS + 0.1).toFixed(3)} s; sync files=${random.int(20, 90)}, longest=0.00${random.int(1, 9)} s, average=0.001 s; distance=${random.int(4000, 19_000)} kB, estimate=${random.int(14_000, 22_000)} kB`,
  )
}

/** What a small application keeps open on an ordinary day. */
const usualSessions = ({ random }: World): Postgres['sessions'] => ({ active: random.int(1, 6), idle: random.int(27, 36) })

export const runPostgres = (world: World, postgres: Postgres, sessions: (nowMs: number) => Postgres['sessions'] = () => usualSessions(world)): void => {
  const { random } = world
  world.agenda.every(5 * MINUTE, () => (postgres.down?.() === true || checkpoint(world), true), random.between(0, 5) * MINUTE)
  world.agenda.every(20 * SECOND, () => {
    if (postgres.down?.() === true) return true
    postgres.sessions = sessions(world.agenda.now)
    if (random.chance(0.12)) {
      const user = random.pick(['api', 'report'] as const)
      log(
        world,
        random.between(0, 20) * SECOND,
        random.int(20_000, 60_000),
        `LOG:  duration: ${random.between(250, 900).toFixed(3)} ms  statement: SELECT id, total FROM orders WHERE account_id = ${random.int(1, 9000)} ORDER BY created_at DESC LIMIT 50`,
        `${user}@${postgres.database} `,
      )
    }
    return true
  })
}

/** A message of a process; of a session where one is named. Details follow on lines of their own. */
export const postgresSays = (world: World, pid: number, text: string, session = '', delayMs = 0): void =>
  text.split('\n').forEach((line) => log(world, delayMs, pid, line, session))

/** pg_ctl restart -m fast, as pg_upgradecluster and packages do it. */
export const postgresRestart = (world: World, postgres: Postgres): void => {
  const { random } = world
  const said = (delayMs: number, pid: number, text: string): void => log(world, delayMs, pid, text)
  said(0, 802, 'LOG:  received fast shutdown request')
  said(2, 802, 'LOG:  aborting any active transactions')
  for (let i = 0; i < postgres.sessions.idle + postgres.sessions.active; i++)
    log(world, 4, random.int(20_000, 60_000), 'FATAL:  terminating connection due to administrator command', `api@${postgres.database} `)
  said(20, 802, 'LOG:  background worker "logical replication launcher" (PID 817) exited with exit code 1')
  said(40, 811, 'LOG:  shutting down')
  said(41, 811, 'LOG:  checkpoint starting: shutdown immediate')
  said(
    400,
    811,
    `LOG:  checkpoint complete: wrote ${random.int(100, 900)} buffers (1.2%); 0 WAL file(s) added, 0 removed, 1 recycled; write=0.204 s, sync=0.030 s, total=0.361 s; sync files=31, longest=0.004 s, average=0.001 s; distance=9012 kB, estimate=14210 kB`,
  )
  said(420, 802, 'LOG:  database system is shut down')
  const up = random.between(1.5, 3) * SECOND
  said(up, 802, 'LOG:  starting PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit')
  said(up + 1, 802, 'LOG:  listening on IPv4 address "0.0.0.0", port 5432')
  said(up + 9, 802, 'LOG:  listening on Unix socket "/var/run/postgresql/.s.PGSQL.5432"')
  said(up + 30, 805, `LOG:  database system was shut down at ${postgresStamp(world.agenda.now + 410).replace(/\.\d+/, '')}`)
  said(up + 60, 802, 'LOG:  database system is ready to accept connections')
}
