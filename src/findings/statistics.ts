/** Robust statistics over columns: medians and MADs, so that one spike or one slow drift does not move the yardstick. */
import { countWhile } from '../model/lists.js'

export const quantile = (values: ArrayLike<number>, q: number): number => {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) return NaN
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? NaN
  const high = sorted[Math.ceil(at)] ?? NaN
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (values: ArrayLike<number>): number => quantile(values, 0.5)

/**
 * What is usual of values in order of time: their median; but that of the first quarter where the whole is so many times that. Trouble that lasts for more than half
 * of a recording is no custom.
 */
export const usualOf = (values: Float64Array, much: number): number => {
  const measured = values.filter((value) => !Number.isNaN(value))
  const [whole, first] = [median(measured), median(measured.subarray(0, Math.ceil(measured.length / 4)))]
  return measured.length >= LEAST_FOR_QUARTERS && whole >= first * much ? first : whole
}
const LEAST_FOR_QUARTERS = 20

/** Median absolute deviation, scaled to the standard deviation of a normal distribution. */
export const deviation = (values: ArrayLike<number>): number => {
  const middle = median(values)
  return 1.4826 * median(Array.from(values, (value) => Math.abs(value - middle)))
}

/** Of columns of any length; Math.max takes only as many arguments as the stack has room for. */
export const greatest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), -Infinity)
export const least = (values: Float64Array): number => values.reduce((most, value) => Math.min(most, value), Infinity)

/** A column of samples: times in milliseconds since the epoch, ascending. */
export interface Column {
  readonly times: Float64Array
  readonly values: Float64Array
}

/** The usual time between samples, milliseconds. */
export const stepOf = (times: ArrayLike<number>): number => {
  const gaps: number[] = []
  for (let index = 1; index < Math.min(times.length, 200); index++) gaps.push((times[index] ?? 0) - (times[index - 1] ?? 0))
  return gaps.length === 0 ? 0 : median(gaps)
}

/** The rate per second of a counter; a reset starts anew, and no rate is known across a gap of more than five steps. */
export const rateOf = (column: Column): Column => {
  const step = stepOf(column.times)
  const times: number[] = []
  const values: number[] = []
  for (let index = 1; index < column.times.length; index++) {
    const seconds = ((column.times[index] ?? 0) - (column.times[index - 1] ?? 0)) / 1000
    if (seconds <= 0 || (step > 0 && seconds * 1000 > step * 5)) continue
    const now = column.values[index] ?? 0
    const increase = now - (column.values[index - 1] ?? 0)
    times.push(column.times[index] ?? 0)
    values.push((increase < 0 ? now : increase) / seconds)
  }
  return { times: Float64Array.from(times), values: Float64Array.from(values) }
}

/** Columns added up (or averaged) at the times of the densest; a column without a sample near a time is left out there. */
export const combine = (columns: readonly Column[], how: 'sum' | 'mean'): Column => {
  const densest = columns.reduce((best, column) => (column.times.length > best.times.length ? column : best), columns[0] ?? EMPTY)
  if (columns.length <= 1) return densest
  const near = Math.max(stepOf(densest.times) * 1.5, 1)
  const cursors = columns.map(() => 0)
  const values = Float64Array.from(densest.times, (at) => {
    let sum = 0
    let count = 0
    columns.forEach((column, which) => {
      let cursor = cursors[which] ?? 0
      while (cursor + 1 < column.times.length && Math.abs((column.times[cursor + 1] ?? 0) - at) <= Math.abs((column.times[cursor] ?? 0) - at)) cursor++
      cursors[which] = cursor
      if (Math.abs((column.times[cursor] ?? Infinity) - at) > near) return
      sum += column.values[cursor] ?? 0
      count++
    })
    return how === 'sum' ? sum : count === 0 ? NaN : sum / count
  })
  return { times: densest.times, values }
}

/** As `combine` adds up, and also where the densest has a gap: a program that serves nothing any more does not count what it served. */
export const sumOf = (columns: readonly Column[]): Column => {
  const whole = combine(columns, 'sum')
  const near = Math.max(stepOf(whole.times) * 1.5, 1)
  const isIn = (times: Float64Array, at: number): boolean => {
    const after = firstAfter(times, at)
    return at - (times[after - 1] ?? -Infinity) <= near || (times[after] ?? Infinity) - at <= near
  }
  const missed = [...new Set(columns.flatMap(({ times }) => [...times].filter((at) => !isIn(whole.times, at))))].sort((a, b) => a - b)
  if (missed.length === 0) return whole
  const values = new Map(missed.map((at) => [at, columns.reduce((sum, column) => sum + (isIn(column.times, at) ? valueAt(column, at) : 0), 0)]))
  whole.times.forEach((at, index) => values.set(at, whole.values[index] ?? 0))
  const times = Float64Array.from(values.keys()).sort()
  return { times, values: times.map((at) => values.get(at) ?? 0) }
}

const EMPTY: Column = { times: new Float64Array(0), values: new Float64Array(0) }

/** The value of the last sample until then; before the first one, that one's. */
export const valueAt = ({ times, values }: Column, at: number): number => values[Math.max(0, firstAfter(times, at) - 1)] ?? NaN

/** The samples from one moment on until before another. */
export const between = ({ times, values }: Column, from: number, to: number): Column => {
  const first = countWhile(times.length, (index) => (times[index] ?? 0) < from)
  const end = countWhile(times.length, (index) => (times[index] ?? 0) < to)
  return { times: times.subarray(first, end), values: values.subarray(first, end) }
}

export interface Interval {
  readonly start: number
  /** The last sample that still shows it. */
  readonly last: number
  /** null: it lasts to the end of the column. */
  readonly end: number | null
  readonly samples: number
  /** Of `worst`: its time and value. */
  readonly peakAt: number
  readonly peak: number
}

/** Stretches in which `bad` holds, those less than `gapMs` apart joined. `worse` says which of two values is worse. */
export const stretches = (
  column: Column,
  bad: (value: number, index: number) => boolean,
  gapMs: number,
  worse: (a: number, b: number) => boolean,
): Interval[] => {
  const found: Interval[] = []
  let open: { start: number; last: number; samples: number; peakAt: number; peak: number } | null = null
  const { times, values } = column
  for (let index = 0; index < times.length; index++) {
    const at = times[index] ?? 0
    const value = values[index] ?? NaN
    if (!bad(value, index)) continue
    if (open !== null && at - open.last <= gapMs) {
      open.last = at
      open.samples++
      if (worse(value, open.peak)) {
        open.peak = value
        open.peakAt = at
      }
      continue
    }
    if (open !== null) found.push(close(open, column))
    open = { start: at, last: at, samples: 1, peakAt: at, peak: value }
  }
  if (open !== null) found.push(close(open, column))
  return found
}

const close = (open: { start: number; last: number; samples: number; peakAt: number; peak: number }, column: Column): Interval => {
  const next = column.times[firstAfter(column.times, open.last)]
  const step = stepOf(column.times)
  // Across a gap nobody looked: it was so until the last sample, and one step longer.
  return { ...open, end: next === undefined ? null : next - open.last > 5 * step ? open.last + step : next }
}

/** The place of the first time after a moment. */
const firstAfter = (times: Float64Array, moment: number): number => countWhile(times.length, (index) => (times[index] ?? 0) <= moment)

export const higher = (a: number, b: number): boolean => a > b
export const lower = (a: number, b: number): boolean => a < b

/** Each value replaced by the median of itself and its neighbours: one odd scrape does not make or break a stretch. */
export const smoothed = (column: Column, reach = 1): Column => ({
  times: column.times,
  values: Float64Array.from(column.values, (_, index) => median(column.values.subarray(Math.max(0, index - reach), index + reach + 1))),
})

/**
 * When a rise that culminates at `peakAt` began: the last moment before it at which the column was at its usual level.
 * The usual level is the median of the quietest quarter of what came before; a tenth of the rise counts as noise.
 */
export const onsetOfRise = (column: Column, peakAt: number): { readonly at: number; readonly usual: number; readonly peak: number } => {
  const before: number[] = []
  let peakIndex = 0
  for (let index = 0; index < column.times.length && (column.times[index] ?? 0) <= peakAt; index++) {
    before.push(column.values[index] ?? 0)
    peakIndex = index
  }
  const peak = column.values[peakIndex] ?? NaN
  const low = [...before].sort((a, b) => a - b).slice(0, Math.max(1, Math.ceil(before.length / 4)))
  const usual = median(low)
  const noise = Math.max(3 * deviation(low), (peak - usual) * 0.1)
  let at = column.times[0] ?? peakAt
  for (let index = peakIndex; index >= 0; index--) {
    if ((column.values[index] ?? 0) <= usual + noise) {
      at = column.times[Math.min(index + 1, peakIndex)] ?? at
      break
    }
  }
  return { at, usual, peak }
}
