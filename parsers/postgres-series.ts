/** Statements' durations, counted instead of told line by line. */
import type { Basis, Labels } from '../src/model/extract.js'
import type { SeriesWriter, Sink } from '../src/model/format.js'

const BUCKET_MS = 10_000
/** Lines may come a little out of order; a bucket this many behind is given out. */
const OPEN_BUCKETS = 64

/** Series from lines are on the input's clock: they name its basis where it is not utc. */
export const on = (labels: Labels, basis: Basis): Labels => (basis === 'utc' ? labels : { ...labels, faultline_basis: basis })

interface Bucket {
  readonly start: number
  /** NaN until a statement that was not told to sleep is known. */
  longest: number
  count: number
  /** It was given out; what still comes of its time is another one's. */
  given: boolean
}

interface Durations {
  readonly database: string
  readonly basis: Basis
  /** In the order in which they were opened, from `next` on and round, and when they begin. */
  readonly buckets: (Bucket | undefined)[]
  readonly starts: Float64Array
  next: number
  last: Bucket | null
  counts: SeriesWriter | null
  seconds: SeriesWriter | null
}

/** For what counts statements of one database by itself, ten seconds after ten seconds, and tells how many they were. */
export interface Counter {
  readonly database: string
  /** So many more, of the ten seconds at hand; the longest of those that were not told to sleep, or NaN. */
  add(count: number, longest: number): void
  /** The next ones are of the ten seconds from `start` on. */
  turn(start: number): void
}

export interface Statements {
  /** Counts a statement. True: it would be the longest of its 10 s; say so with `longest` if it was not told to sleep. */
  count(ms: number, basis: Basis, milliseconds: number, database: string): boolean
  longest(ms: number, basis: Basis, milliseconds: number, database: string): void
  /** The first statement of it has been counted. */
  counter(database: string, basis: Basis): Counter
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
      durations = {
        database,
        basis,
        buckets: [],
        starts: new Float64Array(OPEN_BUCKETS).fill(NaN),
        next: 0,
        last: null,
        counts: null,
        seconds: null,
      }
      databases.set(database, durations)
    }
    return durations
  }

  const bucketOf = (durations: Durations, ms: number): Bucket => {
    const start = Math.floor(ms / BUCKET_MS) * BUCKET_MS
    if (durations.last?.start === start) return durations.last
    const { buckets, starts, next } = durations
    for (let place = 0; place < OPEN_BUCKETS; place++) {
      const bucket = starts[place] === start ? buckets[place] : undefined
      if (bucket !== undefined) return (durations.last = bucket)
    }
    const bucket: Bucket = { start, longest: NaN, count: 0, given: false }
    const oldest = buckets[next]
    buckets[next] = bucket
    starts[next] = start
    durations.next = (next + 1) % OPEN_BUCKETS
    if (oldest !== undefined) give(durations, oldest)
    return (durations.last = bucket)
  }

  // Counted from many lines: none of them is where a value stands.
  const series = (name: string, { database, basis }: Durations): SeriesWriter => sink.series(name, on({ database: database || '-' }, basis), null)

  const give = (durations: Durations, bucket: Bucket): void => {
    bucket.given = true
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
    counter(database, basis) {
      const durations = durationsOf(database, basis)
      let bucket: Bucket | null = null
      return {
        database,
        add(count, longest) {
          if (bucket === null || count === 0) return
          if (bucket.given) bucket = bucketOf(durations, bucket.start)
          bucket.count += count
          if (!Number.isNaN(longest) && !(longest <= bucket.longest)) bucket.longest = longest
        },
        turn(start) {
          bucket = bucketOf(durations, start)
        },
      }
    },
    end() {
      for (const named of all.values())
        for (const durations of named.values())
          for (let place = 0; place < OPEN_BUCKETS; place++) {
            const bucket = durations.buckets[(durations.next + place) % OPEN_BUCKETS]
            if (bucket !== undefined) give(durations, bucket)
          }
      all.clear()
    },
  }
}
