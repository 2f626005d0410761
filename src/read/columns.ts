/**
 * The samples of an input's series in columns, within a budget. Beyond it series are thinned in steps of two: of four samples the lowest and the
 * highest stay, so peaks do; first the series that no finding and no chart is made from.
 */
import type { Labels, Series } from '../model/extract.js'
import type { SeriesWriter } from '../model/format.js'

/** 48 MB in columns: 1,000 series of 16 h at a sample in 15 s. */
const MAX_SAMPLES = 4_000_000
/** What no finding is made from is thinned to this, then left out. */
const FEWEST = 64
/** What findings are made from keeps a shape. */
const FEWEST_USED = 16
const FIRST_ROOM = 16
/** A series whose samples come by so many has about as many of them as the one before. */
const MANY = 128

/** Families that findings and charts read, by the beginning of their names; other names (expressions, legends, files) are read for their words. */
const USED =
  /^(?:faultline_|node_(?:cpu|load|memory_Mem|pressure|filesystem|vmstat_oom|boot|disk_io|network)|container_(?:cpu|memory)|kube_(?:node|pod|deployment|statefulset|daemonset)|kubelet_|up$|probe_|pg_|redis_|pgbouncer_|nginx_|haproxy_|traefik_|envoy_|istio_|http|django_|ALERTS|machine_|coredns_|etcd_|apiserver_|.*(?:_requests?_total|_errors?_total|_duration_seconds(?:_sum|_count)?|cpu|mem|load|latency|conn|lag)|.*[^a-zA-Z0-9_:])/u

export interface SeriesStore {
  of(name: string, labels: Labels, line: number | null): SeriesWriter
  /** All of them, by time. The store is empty afterwards: what a column held is given away. */
  take(): readonly Series[]
  /** What had to be left out, in words; null where nothing was. */
  readonly leftOut: string | null
}

interface Column extends SeriesWriter {
  readonly name: string
  readonly labels: Labels
  readonly line: number | null
  readonly used: boolean
  size(): number
  /** Half of the samples. */
  thin(): void
  /** Gives back the room that is not used: others are written to now. */
  trim(): void
  drop(): void
  columns(): Series
}

export const seriesStore = (most: number = MAX_SAMPLES): SeriesStore => {
  const known = new Map<string, Column>()
  const all: Column[] = []
  const spare: Spare = { usual: 0, values: new Map(), offsets: new Map() }
  let samples = 0
  let thinned = 0
  let dropped = 0

  const shrink = (columns: readonly Column[], fewest: number, target: number): void => {
    for (let before = -1; samples > target && before !== samples;) {
      before = samples
      for (const column of columns) {
        const size = column.size()
        if (size <= fewest) continue
        column.thin()
        samples -= size - column.size()
      }
    }
  }

  const makeRoom = (): void => {
    thinned++
    const target = most * 0.6
    const unused = all.filter(({ used }) => !used)
    shrink(unused, FEWEST, target)
    if (samples > target)
      for (const column of unused) {
        samples -= column.size()
        if (column.size() > 0) dropped++
        column.drop()
      }
    shrink(
      all.filter(({ used }) => used),
      FEWEST_USED,
      target,
    )
  }

  const count = (more: number): void => {
    samples += more
    if (samples > most) makeRoom()
  }
  const left = (): number => Math.max(1, most + 1 - samples)

  return {
    of(name, labels, line) {
      const key = `${name}\n${Object.keys(labels)
        .sort()
        .map((label) => `${label}=${labels[label]}`)
        .join('\n')}`
      let column = known.get(key)
      if (column === undefined) {
        const last = all.at(-1)
        last?.trim()
        spare.usual = last?.size() ?? 0
        column = growing(name, labels, line, { count, left, spare })
        known.set(key, column)
        all.push(column)
      }
      return column
    },
    take() {
      known.clear()
      spare.values.clear()
      spare.offsets.clear()
      let before: Series | null = null
      return all.splice(0).map((column) => {
        const series = column.columns()
        // The series of one answer have their samples at the same times.
        const shared: Series = before !== null && isEqual(before.times, series.times) ? { ...series, times: before.times } : series
        before = shared
        return shared
      })
    },
    get leftOut() {
      if (thinned === 0) return null
      const gone = dropped === 0 ? '' : `; ${dropped} series that no finding is made from were left out`
      return `more than ${(most / 1e6).toFixed(0)} million samples: series were thinned to their lows and highs, what findings are made from last${gone}`
    },
  }
}

/** Arrays that were outgrown, by their length: series of one export grow alike, one after the other. */
interface Spare {
  /** As many samples as the last series has that is done. */
  usual: number
  readonly values: Map<number, Float64Array<ArrayBuffer>>
  readonly offsets: Map<number, Int32Array<ArrayBuffer>>
}
/** What the columns of a store share. */
interface Store {
  /** So many samples more are kept; makes room where that is too many. */
  readonly count: (more: number) => void
  /** As many as it takes until room is made. */
  readonly left: () => number
  readonly spare: Spare
}
/** Only whole steps of growth are kept, and no longer ones than this. */
const isSpare = ({ length }: Float64Array | Int32Array): boolean => length <= 65_536 && (length & (length - 1)) === 0

const growing = (name: string, labels: Labels, line: number | null, { count, left, spare }: Store): Column => {
  /** Times are kept as what they are later than the first one, in 32 bits as long as that is exact: 24 days of milliseconds; else as they are. */
  let base = 0
  let offsets = new Int32Array(0)
  let wide: Float64Array | null = null
  let values = new Float64Array(0)
  let size = 0
  let sorted = true
  let dropped = false
  /** 1: every sample is kept; 2, 4 …: of twice so many the lowest and the highest. */
  let every = 1
  /** The bucket being filled: the lowest and the highest, and when; in an array, for variables would be new objects at every change. */
  const bucket = new Float64Array(4)
  let filled = 0

  const timeAt = (index: number): number => (wide === null ? base + (offsets[index] ?? 0) : (wide[index] ?? 0))
  const setTime = (index: number, ms: number): void => {
    if (wide === null) {
      const offset = ms - base
      if ((offset | 0) === offset && base + offset === ms) {
        offsets[index] = offset
        return
      }
      wide = new Float64Array(values.length)
      for (let before = 0; before < size; before++) wide[before] = base + (offsets[before] ?? 0)
      offsets = new Int32Array(0)
    }
    wide[index] = ms
  }

  const resize = (length: number): void => {
    const [oldValues, oldOffsets] = [values, offsets]
    values = spare.values.get(length) ?? new Float64Array(length)
    spare.values.delete(length)
    values.set(oldValues.subarray(0, size))
    if (isSpare(oldValues)) spare.values.set(oldValues.length, oldValues)
    if (wide !== null) {
      const larger = new Float64Array(length)
      larger.set(wide.subarray(0, size))
      wide = larger
      return
    }
    offsets = spare.offsets.get(length) ?? new Int32Array(length)
    spare.offsets.delete(length)
    offsets.set(oldOffsets.subarray(0, size))
    if (isSpare(oldOffsets)) spare.offsets.set(oldOffsets.length, oldOffsets)
  }

  const room = (more: number): void => {
    if (size + more <= values.length) return
    if (values.length === 0 && more >= MANY && spare.usual > more) {
      resize(spare.usual)
      return
    }
    let length = Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(values.length + 1)))
    while (length < size + more) length *= 2
    resize(length)
  }

  const keep = (ms: number, value: number): void => {
    room(1)
    if (size === 0) {
      base = ms
      wide = null
      if (offsets.length < values.length) offsets = new Int32Array(values.length)
    } else if (ms < timeAt(size - 1)) sorted = false
    setTime(size, ms)
    values[size] = value
    size++
  }

  const flush = (): void => {
    if (filled === 0) return
    const [low = 0, lowAt = 0, high = 0, highAt = 0] = bucket
    const lowFirst = lowAt <= highAt
    keep(lowFirst ? lowAt : highAt, lowFirst ? low : high)
    if (filled > 1) keep(lowFirst ? highAt : lowAt, lowFirst ? high : low)
    filled = 0
  }

  const collect = (ms: number, value: number): void => {
    if (filled === 0 || value < (bucket[0] ?? 0)) {
      bucket[0] = value
      bucket[1] = ms
    }
    if (filled === 0 || value >= (bucket[2] ?? 0)) {
      bucket[2] = value
      bucket[3] = ms
    }
    if (++filled === 2 * every) flush()
  }

  const sort = (): void => {
    if (sorted) return
    const times = Float64Array.from({ length: size }, (_, index) => timeAt(index))
    const order = Array.from({ length: size }, (_, index) => index).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0))
    const of = values
    values = Float64Array.from(order, (index) => of[index] ?? 0)
    wide = Float64Array.from(order, (index) => times[index] ?? 0)
    offsets = new Int32Array(0)
    sorted = true
  }

  const append = (moreTimes: Float64Array, moreValues: Float64Array, from: number, to: number): void => {
    room(to - from)
    let index = from
    // The first one sets the base of the others.
    for (; index < to && size === 0; index++) {
      const value = moreValues[index] ?? NaN
      if (value === value) keep(moreTimes[index] ?? 0, value)
    }
    let at = size
    let last = at > 0 ? timeAt(at - 1) : -Infinity
    for (; index < to; index++) {
      const value = moreValues[index] ?? NaN
      if (value !== value) continue // NaN
      const ms = moreTimes[index] ?? 0
      if (ms < last) sorted = false
      last = ms
      const offset = ms - base
      if (wide === null && (offset | 0) === offset && base + offset === ms) offsets[at] = offset
      else {
        size = at
        setTime(at, ms)
      }
      values[at++] = value
    }
    size = at
  }

  const trim = (): void => {
    if (size < values.length * 0.9) resize(size)
  }

  return {
    name,
    labels,
    line,
    used: USED.test(name.slice(0, 200)),
    push(ms, value) {
      if (Number.isNaN(value) || dropped) return
      const before = size
      if (every === 1) keep(ms, value)
      else collect(ms, value)
      if (size !== before) count(size - before)
    },
    pushAll(moreTimes, moreValues, length) {
      // As if they were pushed one by one: when room has to be made must not depend on how many come at once.
      for (let index = 0; index < length && !dropped;) {
        const before = size
        if (every === 1) {
          const end = Math.min(length, index + left())
          append(moreTimes, moreValues, index, end)
          index = end
        } else {
          const value = moreValues[index] ?? NaN
          if (value === value) collect(moreTimes[index] ?? 0, value)
          index++
        }
        if (size !== before) count(size - before)
      }
    },
    size: () => size,
    thin() {
      flush()
      sort()
      // In place: what is written never comes before what is still to be read.
      let to = 0
      for (let at = 0; at < size; at += 4) {
        const end = Math.min(at + 4, size)
        let low = at
        let high = at
        for (let one = at + 1; one < end; one++) {
          if ((values[one] ?? 0) < (values[low] ?? 0)) low = one
          if ((values[one] ?? 0) >= (values[high] ?? 0)) high = one
        }
        const [first, second] = low <= high ? [low, high] : [high, low]
        const [secondAt, secondValue] = [timeAt(second), values[second] ?? 0]
        setTime(to, timeAt(first))
        values[to++] = values[first] ?? 0
        if (second === first) continue
        setTime(to, secondAt)
        values[to++] = secondValue
      }
      size = to
      trim()
      every *= 2
    },
    trim,
    drop() {
      dropped = true
      size = filled = 0
      offsets = new Int32Array(0)
      wide = null
      values = new Float64Array(0)
    },
    columns() {
      flush()
      sort()
      const times = new Float64Array(size)
      for (let index = 0; index < size; index++) times[index] = timeAt(index)
      const series = { name, labels, line, times, values: values.length === size ? values : values.slice(0, size) }
      // Given away one after the other, so that there are never two copies of all.
      offsets = new Int32Array(0)
      wide = null
      values = new Float64Array(0)
      return series
    },
  }
}

const isEqual = (one: Float64Array, other: Float64Array): boolean => {
  if (one.length !== other.length) return false
  for (let index = one.length - 1; index >= 0; index--) if (one[index] !== other[index]) return false
  return true
}
