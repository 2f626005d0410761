/**
 * The samples of an input's series in columns, within a budget. Beyond it all of them are thinned alike, in steps of two, first the series that no
 * finding and no chart is made from; a short series keeps what it has, and what comes later is thinned as it comes.
 */
import type { Labels, Series } from '../model/extract.js'
import type { SeriesWriter } from '../model/format.js'
import { FEWEST, FEWEST_USED, isUsed } from './series-use.js'
import { extremes, findExtremes, halve } from './thin.js'

/** 16 MB in columns: 500 series of 8 h at a sample in 15 s. */
export const MAX_SAMPLES = 1_000_000
/** What a series costs beside its samples, its labels mostly, is as much as so many of them. */
export const SAMPLES_A_SERIES = 32
/** What is left where it was too much: room has to be made again only after much more has come. */
const LEFT = 0.6
const FIRST_ROOM = 8
/** A series whose samples come by so many has about as many of them as the one before. */
const MANY = 128

export interface SeriesStore {
  of(name: string, labels: Labels, line: number | null): SeriesWriter
  /** All of them, by time. The store is empty afterwards: what a column held is given away. */
  take(): readonly Series[]
  /** What had to be left out, in words; null where nothing was. */
  readonly leftOut: string | null
}

interface Column {
  readonly name: string
  readonly labels: Labels
  readonly line: number | null
  readonly used: boolean
  times: Float64Array<ArrayBuffer>
  values: Float64Array<ArrayBuffer>
  size: number
  sorted: boolean
  dropped: boolean
  /** 1: every sample is kept; 2, 4 …: of twice so many the lowest and the highest. */
  every: number
  /** Those two of the samples that have come since, and how many have. */
  low: number
  lowAt: number
  high: number
  highAt: number
  filled: number
}

const NOTHING = new Float64Array(0)
const NOWHERE: SeriesWriter = { push: () => undefined, pushAll: () => undefined }

export const seriesStore = (most: number = MAX_SAMPLES): SeriesStore => {
  const known = new Map<string, Column & SeriesWriter>()
  let all: Column[] = []
  const space = columnRoom()
  /** Samples that are kept, and what their series cost; beyond `limit` room is made. */
  let samples = 0
  let limit = most
  let thinned = 0
  let leftOut = 0
  /** How far they are thinned that findings are made from, and the others; which in the end are not kept any more. */
  let everyUsed = 1
  let everyUnused = 1
  let unusedGone = false
  /** There are too many series. */
  let full = false

  const everyOf = ({ used }: Column): number => (used ? everyUsed : everyUnused)
  const fewestOf = ({ used }: Column): number => (used ? FEWEST_USED : FEWEST)
  const canShrink = (column: Column): boolean => column.size > fewestOf(column)

  const keep = (column: Column, ms: number, value: number): void => {
    const { size } = column
    if (size === column.values.length) space.room(column, 1)
    if (size > 0 && ms < (column.times[size - 1] ?? 0)) column.sorted = false
    column.times[size] = ms
    column.values[size] = value
    column.size++
    samples++
  }

  const keepBoth = (column: Column, lowAt: number, low: number, highAt: number, high: number): void => {
    const lowFirst = lowAt <= highAt
    keep(column, lowFirst ? lowAt : highAt, lowFirst ? low : high)
    keep(column, lowFirst ? highAt : lowAt, lowFirst ? high : low)
  }

  const flush = (column: Column): void => {
    const { low, lowAt, high, highAt, filled } = column
    column.filled = 0
    if (filled > 1) keepBoth(column, lowAt, low, highAt, high)
    else if (filled > 0) keep(column, lowAt, low)
  }

  const collect = (column: Column, ms: number, value: number): void => {
    if (column.filled === 0 || value < column.low) {
      column.low = value
      column.lowAt = ms
    }
    if (column.filled === 0 || value >= column.high) {
      column.high = value
      column.highAt = ms
    }
    if (++column.filled === 2 * column.every) flush(column)
  }

  /** As far as it has to be by now. */
  const thin = (column: Column): void => {
    while (column.every < everyOf(column) && canShrink(column)) {
      flush(column)
      sort(column)
      const size = halve(column.times, column.values, column.size)
      samples -= column.size - size
      column.size = size
      column.every *= 2
    }
  }
  const thinAll = (columns: readonly Column[]): void => {
    for (const column of columns) {
      thin(column)
      space.trim(column)
    }
  }

  const dropUnused = (): void => {
    unusedGone = true
    const used: Column[] = []
    for (const [key, column] of known) {
      if (column.used) {
        used.push(column)
        continue
      }
      samples -= column.size + SAMPLES_A_SERIES
      leftOut++
      known.delete(key)
      column.dropped = true
      column.times = column.values = NOTHING
    }
    all = used
  }

  const makeRoom = (): void => {
    thinned++
    const target = most * LEFT
    const unused = all.filter(({ used }) => !used)
    while (samples > target && unused.some(canShrink)) {
      everyUnused *= 2
      thinAll(unused)
    }
    if (samples > target && !unusedGone) dropUnused()
    while (samples > target && all.some(canShrink)) {
      everyUsed *= 2
      thinAll(all)
    }
    full = samples > target
    limit = Math.max(most, samples / LEFT)
  }

  /** After samples were kept. */
  const settle = (column: Column): void => {
    if (column.every < everyOf(column)) thin(column)
    if (samples > limit) makeRoom()
  }

  /** Samples [from, to) as they are; NaN is left out. */
  const append = (column: Column, moreTimes: Float64Array, moreValues: Float64Array, from: number, to: number): void => {
    space.room(column, to - from)
    const { times, values, size } = column
    let at = size
    let last = at > 0 ? (times[at - 1] ?? 0) : -Infinity
    for (let index = from; index < to; index++) {
      const value = moreValues[index] ?? NaN
      if (value !== value) continue // NaN
      const ms = moreTimes[index] ?? 0
      if (ms < last) column.sorted = false
      last = ms
      times[at] = ms
      values[at++] = value
    }
    column.size = at
    samples += at - size
  }

  /** How many more may be kept before there is something to do. */
  const untilSettled = (column: Column): number => {
    const left = Math.floor(limit) + 1 - samples
    return Math.max(1, column.every < everyOf(column) ? Math.min(left, fewestOf(column) + 1 - column.size) : left)
  }

  const pushAll = (column: Column, times: Float64Array, values: Float64Array, length: number): void => {
    // As if they were pushed one by one: when room has to be made must not depend on how many come at once.
    for (let index = 0; index < length && !column.dropped;) {
      const many = 2 * column.every
      if (column.every === 1) {
        const end = Math.min(length, index + untilSettled(column))
        append(column, times, values, index, end)
        index = end
      } else if (column.filled === 0 && length - index >= many && findExtremes(values, index, index + many)) {
        const { low, high } = extremes
        keepBoth(column, times[low] ?? 0, values[low] ?? 0, times[high] ?? 0, values[high] ?? 0)
        index += many
      } else {
        const value = values[index] ?? NaN
        if (value === value) collect(column, times[index] ?? 0, value)
        index++
      }
      settle(column)
    }
  }

  const open = (name: string, labels: Labels, line: number | null): Column & SeriesWriter => {
    // Each field by itself: V8 makes a slow dictionary of what many are spread into.
    const column = {
      name,
      labels,
      line,
      used: isUsed(name),
      times: NOTHING,
      values: NOTHING,
      size: 0,
      sorted: true,
      dropped: false,
      every: 1,
      low: NaN,
      lowAt: NaN,
      high: NaN,
      highAt: NaN,
      filled: 0,
      push(ms: number, value: number): void {
        if (Number.isNaN(value) || column.dropped) return
        if (column.every === 1) keep(column, ms, value)
        else collect(column, ms, value)
        settle(column)
      },
      pushAll: (times: Float64Array, values: Float64Array, length: number): void => pushAll(column, times, values, length),
    }
    return column
  }

  return {
    of(name, labels, line) {
      const key = `${name}\n${Object.keys(labels)
        .sort()
        .map((label) => `${label}=${labels[label]}`)
        .join('\n')}`
      const column = known.get(key)
      if (column !== undefined) return column
      if (full || (unusedGone && !isUsed(name))) {
        leftOut++
        return NOWHERE
      }
      const last = all.at(-1)
      if (last !== undefined) space.done(last)
      const next = open(name, labels, line)
      known.set(key, next)
      all.push(next)
      samples += SAMPLES_A_SERIES
      return next
    },
    take() {
      known.clear()
      let before: Series | null = null
      return all.splice(0).map((column) => {
        flush(column)
        sort(column)
        const { name, labels, line, size } = column
        const times = column.times.length === size ? column.times : column.times.slice(0, size)
        const values = column.values.length === size ? column.values : column.values.slice(0, size)
        // Given away one after the other, so that there are never two copies of all.
        column.times = column.values = NOTHING
        // The series of one answer have their samples at the same times.
        const series = { name, labels, line, times: before !== null && isEqual(before.times, times) ? before.times : times, values }
        before = series
        return series
      })
    },
    get leftOut() {
      if (thinned === 0) return null
      const gone = leftOut === 0 ? '' : `; ${leftOut} series${full ? '' : ' that no finding is made from'} were left out`
      return `more than ${(most / 1e6).toFixed(0)} million samples: series were thinned to their lows and highs, what findings are made from last${gone}`
    },
  }
}

const sort = (column: Column): void => {
  if (column.sorted) return
  const { times, values, size } = column
  const order = Array.from({ length: size }, (_, index) => index).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0))
  column.times = Float64Array.from(order, (index) => times[index] ?? 0)
  column.values = Float64Array.from(order, (index) => values[index] ?? 0)
  column.sorted = true
}

/** Room for samples, made of what others gave back: series of one export grow alike, one after the other. */
const columnRoom = (): { room(column: Column, more: number): void; trim(column: Column): void; done(column: Column): void } => {
  const spare = new Map<number, Pick<Column, 'times' | 'values'>>()
  /** As many samples as the last series has that is done. */
  let usual = 0
  const resize = (column: Column, length: number): void => {
    const { times, values, size } = column
    const { times: nextTimes, values: nextValues } = spare.get(length) ?? { times: new Float64Array(length), values: new Float64Array(length) }
    spare.delete(length)
    nextTimes.set(times.subarray(0, size))
    nextValues.set(values.subarray(0, size))
    column.times = nextTimes
    column.values = nextValues
    // Only whole steps of growth are kept, and no longer ones than this.
    if (values.length >= FIRST_ROOM && values.length <= 65_536 && (values.length & (values.length - 1)) === 0) spare.set(values.length, { times, values })
  }
  const trim = (column: Column): void => {
    if (column.size < column.values.length * 0.9) resize(column, column.size)
  }
  return {
    trim,
    done(column) {
      usual = column.size
      trim(column)
    },
    room(column, more) {
      const { size, values } = column
      if (size + more <= values.length) return
      let length = Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(values.length + 1)))
      if (values.length === 0 && more >= MANY && usual > more) length = usual
      while (length < size + more) length *= 2
      resize(column, length)
    },
  }
}

const isEqual = (one: Float64Array, other: Float64Array): boolean => {
  if (one.length !== other.length) return false
  for (let index = one.length - 1; index >= 0; index--) if (one[index] !== other[index]) return false
  return true
}
