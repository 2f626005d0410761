/**
 * The samples of an input's series in columns, within a budget. Beyond it all of them are thinned alike, in steps of two, first the series that no
 * finding and no chart is made from; a short series keeps what it has, and what comes later is thinned as it comes.
 */
import type { Labels, Series } from '../model/extract.js'
import type { SeriesWriter } from '../model/format.js'
import { timeOrder } from '../model/lists.js'
import { BLOCK, packedColumns, roomFor, sampleBlocks, type Place } from './sample-memory.js'
import { FEWEST, FEWEST_USED, isUsed } from './series-use.js'
import { extremes, findExtremes, halve } from './thin.js'

/** 16 MB in columns: 500 series of 8 h at a sample in 15 s. */
export const MAX_SAMPLES = 1_000_000
/** What a series costs beside its samples, its labels mostly, is as much as so many of them. */
export const SAMPLES_A_SERIES = 32
/** Runs of lines that a series may have: where series take turns without order, each sample would be one. */
const MAX_RUNS = 32
/** What is left where it was too much: room has to be made again only after much more has come. */
const LEFT = 0.6

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
  /** Where its samples lie, and the next one: so many more there. */
  readonly blocks: Place[]
  memory: Float64Array
  at: number
  left: number
  size: number
  latest: number
  sorted: boolean
  /** As `lines` of a series; null where they are not known, or are too many. */
  runs: number[] | null
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
  const blocks = sampleBlocks()
  /** One column as a whole, to be worked on. */
  let times = NOTHING
  let values = NOTHING
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

  const extend = (column: Column): void => {
    const place = blocks.take()
    column.blocks.push(place)
    column.memory = place.memory
    column.at = place.start
    column.left = BLOCK
  }

  const release = (column: Column): void => {
    for (const place of column.blocks.splice(0)) blocks.giveBack(place)
  }

  const keep = (column: Column, ms: number, value: number): void => {
    if (column.left === 0) extend(column)
    if (ms < column.latest) column.sorted = false
    column.latest = ms
    const { memory, at } = column
    memory[at] = ms
    memory[at + BLOCK] = value
    column.at = at + 1
    column.left--
    column.size++
    samples++
  }

  /** Its samples in `times` and `values`, in the order of time. */
  const lay = (column: Column): void => {
    const { size } = column
    if (times.length < size) {
      const length = 2 ** Math.ceil(Math.log2(size))
      times = roomFor(length)
      values = roomFor(length)
    }
    for (const [index, { memory, start }] of column.blocks.entries()) {
      const to = index * BLOCK
      const count = Math.min(BLOCK, size - to)
      for (let at = 0; at < count; at++) {
        times[to + at] = memory[start + at] ?? NaN
        values[to + at] = memory[start + BLOCK + at] ?? NaN
      }
    }
    if (!column.sorted) sort(times, values, size)
  }

  /** What is left of them there is what it has from now on. */
  const replace = (column: Column, size: number): void => {
    column.runs = null
    samples -= column.size
    release(column)
    column.left = column.size = 0
    column.latest = -Infinity
    column.sorted = true
    for (let at = 0; at < size; at++) keep(column, times[at] ?? NaN, values[at] ?? NaN)
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
    if (column.every >= everyOf(column) || !canShrink(column)) return
    flush(column)
    lay(column)
    let { size } = column
    for (; column.every < everyOf(column) && size > fewestOf(column); column.every *= 2) size = halve(times, values, size)
    replace(column, size)
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
      release(column)
    }
    all = used
  }

  const makeRoom = (): void => {
    thinned++
    const target = most * LEFT
    const unused = all.filter(({ used }) => !used)
    while (samples > target && unused.some(canShrink)) {
      everyUnused *= 2
      unused.forEach(thin)
    }
    if (samples > target && !unusedGone) dropUnused()
    while (samples > target && all.some(canShrink)) {
      everyUsed *= 2
      all.forEach(thin)
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
    let { latest } = column
    for (let index = from; index < to;) {
      if (column.left === 0) extend(column)
      const { memory, at: first, left } = column
      let at = first
      for (const end = first + left; index < to && at < end; index++) {
        const value = moreValues[index] ?? NaN
        if (value !== value) continue // NaN
        const ms = moreTimes[index] ?? 0
        if (ms < latest) column.sorted = false
        latest = ms
        memory[at] = ms
        memory[BLOCK + at++] = value
      }
      column.at = at
      column.left = left - (at - first)
      column.size += at - first
      samples += at - first
    }
    column.latest = latest
  }

  /** How many more may be kept before there is something to do. */
  const untilSettled = (column: Column): number => {
    const left = Math.floor(limit) + 1 - samples
    return Math.max(1, column.every < everyOf(column) ? Math.min(left, fewestOf(column) + 1 - column.size) : left)
  }

  const pushAll = (column: Column, moreTimes: Float64Array, moreValues: Float64Array, length: number): void => {
    // As if they were pushed one by one: when room has to be made must not depend on how many come at once.
    for (let index = 0; index < length && !column.dropped;) {
      const many = 2 * column.every
      if (column.every === 1) {
        const end = Math.min(length, index + untilSettled(column))
        append(column, moreTimes, moreValues, index, end)
        index = end
      } else if (column.filled === 0 && length - index >= many && findExtremes(moreValues, index, index + many)) {
        const { low, high } = extremes
        keepBoth(column, moreTimes[low] ?? 0, moreValues[low] ?? 0, moreTimes[high] ?? 0, moreValues[high] ?? 0)
        index += many
      } else {
        const value = moreValues[index] ?? NaN
        if (value === value) collect(column, moreTimes[index] ?? 0, value)
        index++
      }
      settle(column)
    }
  }

  const open = (name: string, labels: Labels, line: number | null): Column & SeriesWriter => {
    // Each field by itself: V8 makes a slow dictionary of what many are spread into.
    const column: Column & SeriesWriter = {
      name,
      labels,
      line,
      used: isUsed(name),
      blocks: [],
      memory: NOTHING,
      at: 0,
      left: 0,
      size: 0,
      latest: -Infinity,
      sorted: true,
      runs: [],
      dropped: false,
      every: 1,
      low: NaN,
      lowAt: NaN,
      high: NaN,
      highAt: NaN,
      filled: 0,
      push(ms: number, value: number, at?: number): void {
        if (Number.isNaN(value) || column.dropped) return
        if (at === undefined) column.runs = null
        else stands(column, column.size, at)
        if (column.every === 1) keep(column, ms, value)
        else collect(column, ms, value)
        settle(column)
      },
      pushAll(moreTimes, moreValues, length, at) {
        if (at === undefined) column.runs = null
        else standAll(column, moreValues, length, at)
        pushAll(column, moreTimes, moreValues, length)
      },
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
      const next = open(name, labels, line)
      known.set(key, next)
      all.push(next)
      samples += SAMPLES_A_SERIES
      return next
    },
    take() {
      known.clear()
      all.forEach(flush)
      const packed = packedColumns(all.reduce((length, { size }) => length + 2 * size, 0))
      let before = NOTHING
      return all.splice(0).map((column) => {
        lay(column)
        const { name, labels, line, size, runs, sorted } = column
        release(column)
        const its = times.subarray(0, size)
        // The series of one answer have their samples at the same times.
        if (!isEqual(before, its)) before = packed.put(its)
        const lines = sorted && runs !== null && size > 1 ? { lines: runs } : {}
        return { name, labels, line, ...lines, times: before, values: packed.put(values.subarray(0, size)) }
      })
    },
    get leftOut() {
      if (thinned === 0) return null
      const gone = leftOut === 0 ? '' : `; ${leftOut} series${full ? '' : ' that no finding is made from'} were left out`
      return `more than ${(most / 1e6).toFixed(0)} million samples: series were thinned to their lows and highs, what findings are made from last${gone}`
    },
  }
}

/** The sample at this place of the column stands on this line. */
const stands = (column: Column, place: number, line: number): void => {
  const { runs } = column
  if (runs === null) return
  const last = runs.length - 3
  const [from = 0, first = 0, step = 1] = last < 0 ? [] : runs.slice(last)
  const after = place - from
  if (last >= 0 && first + step * after === line) return
  if (last >= 0 && after === 1 && line > first) runs[last + 2] = line - first
  else if (runs.length >= 3 * MAX_RUNS) column.runs = null
  else runs.push(place, line, 1)
}

/** So many samples, of which NaN will be left out, each on the next line. */
const standAll = (column: Column, values: Float64Array, length: number, line: number): void => {
  if (column.runs === null) return
  let place = column.size
  let since = 0
  for (let index = 0; index < length; index++) {
    const value = values[index] ?? NaN
    if (value !== value) {
      since = 0
      continue
    }
    // The second one tells that each stands on the next line.
    if (since++ < 2) stands(column, place, line + index)
    place++
  }
}

const sort = (times: Float64Array, values: Float64Array, size: number): void => {
  const order = timeOrder(times, size)
  times.set(Float64Array.from(order, (place) => times[place] ?? 0))
  values.set(Float64Array.from(order, (place) => values[place] ?? 0))
}

const isEqual = (one: Float64Array, other: Float64Array): boolean => {
  if (one.length !== other.length) return false
  for (let index = one.length - 1; index >= 0; index--) if (one[index] !== other[index]) return false
  return true
}
