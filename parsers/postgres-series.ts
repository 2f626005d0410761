/** What is counted instead of told line by line: statements' durations and open sessions. */
import type { Basis, Labels, Stamp } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { NOBODY, type Session } from './postgres-record.js'

const BUCKET_MS = 10_000
/** Lines may come a little out of order; a bucket this many behind is given out. */
const OPEN_BUCKETS = 64

/** Series from lines are on the input's clock: they name its basis where it is not utc. */
const on = (labels: Labels, basis: Basis): Labels => (basis === 'utc' ? labels : { ...labels, faultline_basis: basis })

interface Bucket {
  readonly start: number
  /** NaN until a statement that was not told to sleep is known. */
  longest: number
  count: number
}

interface Durations {
  readonly database: string
  readonly basis: Basis
  readonly line: number
  readonly buckets: Map<number, Bucket>
  last: Bucket | null
}

export interface Statements {
  /** Counts a statement. True: it would be the longest of its 10 s; say so with `longest` if it was not told to sleep. */
  count(ms: number, basis: Basis, milliseconds: number, database: string): boolean
  longest(ms: number, basis: Basis, milliseconds: number, database: string): void
  end(): void
}

export const statements = (sink: Sink): Statements => {
  const all = new Map<string, Durations>()
  let recent: Durations | null = null

  const durationsOf = (database: string, basis: Basis): Durations => {
    if (recent !== null && recent.database === database && recent.basis === basis) return recent
    const key = `${basis} ${database}`
    let durations = all.get(key)
    if (durations === undefined) all.set(key, (durations = { database, basis, line: sink.line, buckets: new Map(), last: null }))
    recent = durations
    return durations
  }

  const bucketOf = (durations: Durations, ms: number): Bucket => {
    const start = Math.floor(ms / BUCKET_MS) * BUCKET_MS
    if (durations.last?.start === start) return durations.last
    let bucket = durations.buckets.get(start)
    if (bucket === undefined) {
      durations.buckets.set(start, (bucket = { start, longest: NaN, count: 0 }))
      if (durations.buckets.size > OPEN_BUCKETS) {
        for (const [oldest, old] of durations.buckets) {
          durations.buckets.delete(oldest)
          give(durations, old)
          break
        }
      }
    }
    durations.last = bucket
    return bucket
  }

  const give = (durations: Durations, bucket: Bucket): void => {
    const labels = on({ database: durations.database || '-' }, durations.basis)
    if (!Number.isNaN(bucket.longest)) sink.series('faultline_postgres_statement_seconds', labels, durations.line).push(bucket.start, bucket.longest / 1000)
    sink.series('faultline_postgres_statements', labels, durations.line).push(bucket.start, bucket.count)
  }

  return {
    count(ms, basis, milliseconds, database) {
      if (Number.isNaN(ms)) return false
      const bucket = bucketOf(durationsOf(database, basis), ms)
      bucket.count++
      return !(milliseconds <= bucket.longest)
    },
    longest(ms, basis, milliseconds, database) {
      const bucket = bucketOf(durationsOf(database, basis), ms)
      if (!(milliseconds <= bucket.longest)) bucket.longest = milliseconds
    },
    end() {
      for (const durations of all.values()) for (const bucket of durations.buckets.values()) give(durations, bucket)
      all.clear()
    },
  }
}

/** Distinct (user, database, application): what comes after so many is one. */
const MAX_GROUPS = 200
/** Sessions ended before the log says that they began: a newest-first log, or ones older than the log. */
const MAX_ENDED = 20_000
/** Without disconnections in the log, pids tell nothing any more: forget the oldest. */
const MAX_OPEN = 50_000

interface Group {
  readonly labels: Labels
  readonly line: number
  /** Per second: how many sessions more or less, and the moment of the last change. */
  readonly changes: Map<number, { net: number; at: number }>
}

interface Open {
  readonly session: Session
  readonly at: number
  readonly group: Group
}

export interface Sessions {
  opened(at: Stamp, pid: number, session: Session, line: number): void
  closed(at: Stamp, pid: number): void
  /** A server start or crash ends every session that was open. */
  reset(at: Stamp): void
  /** Whose session a pid is, where the log said so when it began. */
  of(pid: number): Session
  end(): void
}

export const sessions = (sink: Sink): Sessions => {
  const groups = new Map<string, Group>()
  const open = new Map<number, Open>()
  const ended = new Map<number, number>()
  const resets: number[] = []
  let disconnections = false

  const groupOf = (session: Session, basis: Basis, line: number): Group => {
    const { application } = session
    const user = session.user || '-'
    const database = session.database || '-'
    const own = `${basis}\n${user}\n${database}\n${application}`
    const key = groups.has(own) || groups.size < MAX_GROUPS ? own : basis
    let group = groups.get(key)
    if (group !== undefined) return group
    const labels: Labels = key === basis ? { user: '(others)', database: '(others)' } : { user, database, ...(application === '' ? {} : { application }) }
    groups.set(key, (group = { labels: on(labels, basis), line, changes: new Map() }))
    return group
  }

  const change = (group: Group, ms: number, by: number): void => {
    const second = Math.floor(ms / 1000)
    const known = group.changes.get(second)
    if (known === undefined) group.changes.set(second, { net: by, at: ms })
    else {
      known.net += by
      if (ms > known.at) known.at = ms
    }
  }

  const close = (pid: number, session: Open, ms: number): void => {
    open.delete(pid)
    change(session.group, ms, -1)
  }

  return {
    opened({ ms, basis }, pid, session, line) {
      if (Number.isNaN(ms) || pid <= 0) return
      const before = open.get(pid)
      if (before !== undefined) close(pid, before, Math.max(ms, before.at))
      const group = groupOf(session, basis, line)
      change(group, ms, 1)
      const end = ended.get(pid)
      if (end !== undefined) ended.delete(pid)
      if (end !== undefined && end >= ms) {
        change(group, end, -1) // newest first: its end was read before
        return
      }
      if (open.size >= MAX_OPEN) {
        for (const [oldest, old] of open) {
          close(oldest, old, ms)
          break
        }
      }
      open.set(pid, { session, at: ms, group })
    },
    closed({ ms }, pid) {
      if (Number.isNaN(ms) || pid <= 0) return
      disconnections = true
      const session = open.get(pid)
      if (session !== undefined && session.at <= ms) {
        close(pid, session, ms)
        return
      }
      if (ended.size >= MAX_ENDED) ended.clear()
      ended.set(pid, ms)
    },
    reset({ ms }) {
      if (Number.isNaN(ms)) return
      resets.push(ms)
      for (const [pid, session] of open) if (session.at <= ms) close(pid, session, ms)
    },
    of(pid) {
      return open.get(pid)?.session ?? NOBODY
    },
    end() {
      // Newest first: the start that ended a session was read before it.
      resets.sort((a, b) => a - b)
      for (const [pid, session] of open) {
        const at = resets.find((ms) => ms > session.at)
        if (at !== undefined) close(pid, session, at)
      }
      if (!disconnections) return // log_disconnections is off: nobody knows how many are open
      for (const group of groups.values()) {
        const series = sink.series('faultline_postgres_sessions', group.labels, group.line)
        let count = 0
        for (const { net, at } of [...group.changes.values()].sort((a, b) => a.at - b.at)) series.push(at, (count += net))
      }
    },
  }
}
