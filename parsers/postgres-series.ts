/** What is counted instead of told line by line: statements' durations and open sessions. */
import type { Basis, Labels, Stamp } from '../src/model/extract.js'
import type { SeriesWriter, Sink } from '../src/model/format.js'
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
  counts: SeriesWriter | null
  seconds: SeriesWriter | null
}

export interface Statements {
  /** Counts a statement. True: it would be the longest of its 10 s; say so with `longest` if it was not told to sleep. */
  count(ms: number, basis: Basis, milliseconds: number, database: string): boolean
  longest(ms: number, basis: Basis, milliseconds: number, database: string): void
  end(): void
}

export const statements = (sink: Sink): Statements => {
  const all = new Map<Basis, Map<string, Durations>>()
  let basisNow: Basis = 'utc'
  let databases = new Map<string, Durations>()
  all.set(basisNow, databases)

  const durationsOf = (database: string, basis: Basis): Durations => {
    if (basis !== basisNow) {
      basisNow = basis
      databases = all.get(basis) ?? new Map<string, Durations>()
      all.set(basis, databases)
    }
    let durations = databases.get(database)
    if (durations === undefined) {
      durations = { database, basis, line: sink.line, buckets: new Map(), last: null, counts: null, seconds: null }
      databases.set(database, durations)
    }
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

  const series = (name: string, { database, basis, line }: Durations): SeriesWriter => sink.series(name, on({ database: database || '-' }, basis), line)

  const give = (durations: Durations, bucket: Bucket): void => {
    if (!Number.isNaN(bucket.longest)) {
      durations.seconds ??= series('faultline_postgres_statement_seconds', durations)
      durations.seconds.push(bucket.start, Math.round(bucket.longest * 1000) / 1e6)
    }
    durations.counts ??= series('faultline_postgres_statements', durations)
    durations.counts.push(bucket.start, bucket.count)
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
      for (const named of all.values()) for (const durations of named.values()) for (const bucket of durations.buckets.values()) give(durations, bucket)
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
  readonly changes: Changes
}

/** Sessions more or less, by time: one entry for the changes of one second, where they stand together. */
interface Changes {
  times: Float64Array
  by: Int32Array
  size: number
}

const addChange = (changes: Changes, ms: number, by: number): void => {
  const { size } = changes
  const last = size - 1
  if (size > 0 && Math.floor((changes.times[last] ?? 0) / 1000) === Math.floor(ms / 1000)) {
    changes.by[last] = (changes.by[last] ?? 0) + by
    changes.times[last] = Math.max(changes.times[last] ?? 0, ms)
    return
  }
  if (size === changes.times.length) {
    const times = new Float64Array(size * 2)
    const steps = new Int32Array(size * 2)
    times.set(changes.times)
    steps.set(changes.by)
    changes.times = times
    changes.by = steps
  }
  changes.times[size] = ms
  changes.by[size] = by
  changes.size++
}

interface Open {
  readonly session: Session
  readonly at: number
  readonly group: Group
}

/** The places of times from first to last; logs are nearly always in order. */
const inOrder = (times: Float64Array): Int32Array => {
  const order = new Int32Array(times.length)
  let sorted = true
  for (let place = 0; place < order.length; place++) {
    order[place] = place
    if (place > 0 && !((times[place] ?? 0) >= (times[place - 1] ?? 0))) sorted = false
  }
  return sorted ? order : order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
}

export interface Sessions {
  opened(ms: number, basis: Basis, pid: number, session: Session): void
  closed(ms: number, pid: number): void
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

  /** Sessions that are the same object are the same group: the server shares them. */
  const recent = new Map<Session, Group>()
  let recentBasis: Basis = 'utc'
  const groupOf = (session: Session, basis: Basis): Group => {
    if (basis !== recentBasis || recent.size > MAX_GROUPS) recent.clear()
    recentBasis = basis
    let group = recent.get(session)
    if (group === undefined) recent.set(session, (group = namedGroup(session, basis)))
    return group
  }

  const namedGroup = (session: Session, basis: Basis): Group => {
    const { application } = session
    const user = session.user || '-'
    const database = session.database || '-'
    const own = `${basis}\n${user}\n${database}\n${application}`
    const key = groups.has(own) || groups.size < MAX_GROUPS ? own : basis
    let group = groups.get(key)
    if (group !== undefined) return group
    const labels: Labels = key === basis ? { user: '(others)', database: '(others)' } : { user, database, ...(application === '' ? {} : { application }) }
    groups.set(key, (group = { labels: on(labels, basis), line: sink.line, changes: { times: new Float64Array(16), by: new Int32Array(16), size: 0 } }))
    return group
  }

  const close = (pid: number, session: Open, ms: number): void => {
    open.delete(pid)
    addChange(session.group.changes, ms, -1)
  }

  return {
    opened(ms, basis, pid, session) {
      if (Number.isNaN(ms) || pid <= 0) return
      const before = open.get(pid)
      if (before !== undefined) close(pid, before, Math.max(ms, before.at))
      const group = groupOf(session, basis)
      addChange(group.changes, ms, 1)
      const end = ended.get(pid)
      if (end !== undefined) ended.delete(pid)
      if (end !== undefined && end >= ms) {
        addChange(group.changes, end, -1) // newest first: its end was read before
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
    closed(ms, pid) {
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
        const { times, by, size } = group.changes
        const order = inOrder(times.subarray(0, size))
        let count = 0
        for (let place = 0; place < size; place++) {
          const index = order[place] ?? 0
          count += by[index] ?? 0
          const next = times[order[place + 1] ?? -1]
          // Changes of one second that did not stand together are one all the same.
          if (next === undefined || Math.floor(next / 1000) !== Math.floor((times[index] ?? 0) / 1000)) series.push(times[index] ?? 0, count)
        }
      }
    },
  }
}
