/**
 * The series of all inputs within one budget, however many inputs there are. All are thinned alike, to the finest resolution at which they fit: that follows
 * from what the inputs have together, so it does not matter which of them comes first, nor how many are read at the same time.
 */
import type { InputExtract, Series } from '../model/extract.js'
import { MAX_SAMPLES, SAMPLES_A_SERIES } from './columns.js'
import { packedColumns, roomFor } from './sample-memory.js'
import { FEWEST, FEWEST_USED, isUsed } from './series-use.js'
import { halve } from './thin.js'

export interface SeriesBudget {
  /** Takes an input's series. */
  add(extract: InputExtract): Held
}

/** An extract whose series may have to be thinned for those of others. */
export interface Held {
  /** As it is once all have been added. It is not held any longer. */
  take(): InputExtract
}

interface Holding {
  readonly series: Series
  readonly used: boolean
  /** How often it was halved. */
  halved: number
}
interface Input {
  holdings: Holding[]
  leftOut: number
}

export const seriesBudget = (most = MAX_SAMPLES): SeriesBudget => {
  const inputs: Input[] = []
  let samples = 0
  /** So often all are halved that findings are made from, and the others; which at last are not kept. */
  let halvedUsed = 0
  let halvedUnused = 0
  let unusedGone = false

  const wanted = ({ used }: Holding): number => (used ? halvedUsed : halvedUnused)

  const thin = (input: Input): void => {
    const { holdings } = input
    const kept = unusedGone ? holdings.filter(({ used }) => used) : holdings
    if (kept.length === holdings.length && !kept.some((one) => isHalvedMore(one, wanted(one)))) return
    input.leftOut += holdings.length - kept.length
    for (const one of holdings) samples -= costOf(one)
    input.holdings = halvedTo(kept, wanted)
    for (const one of input.holdings) samples += costOf(one)
  }

  const canShrink = (wanted: boolean): boolean =>
    inputs.some(({ holdings }) => holdings.some((one) => one.used === wanted && one.series.times.length > fewestOf(one)))

  const makeRoom = (): void => {
    while (samples > most) {
      if (!unusedGone && canShrink(false)) halvedUnused++
      else if (!unusedGone) unusedGone = true
      else if (canShrink(true)) halvedUsed++
      else return
      inputs.forEach(thin)
    }
  }

  return {
    add({ series, ...words }) {
      const input: Input = { holdings: series.map((one) => ({ series: one, used: isUsed(one.name), halved: 0 })), leftOut: 0 }
      inputs.push(input)
      for (const one of input.holdings) samples += costOf(one)
      thin(input)
      makeRoom()
      return {
        take() {
          const { holdings, leftOut } = input
          input.holdings = []
          const changed = leftOut > 0 || holdings.some(({ halved }) => halved > 0)
          return { ...words, ...(changed ? { warnings: [...words.warnings, said(most, leftOut)] } : {}), series: holdings.map((one) => one.series) }
        },
      }
    },
  }
}

const fewestOf = ({ used }: Holding): number => (used ? FEWEST_USED : FEWEST)
const costOf = ({ series }: Holding): number => series.times.length + SAMPLES_A_SERIES

const isHalvedMore = (one: Holding, wanted: number): boolean => one.halved < wanted && one.series.times.length > fewestOf(one)

/** Each halved as often as is wanted of it. What they have was read once and may be shared: it is not changed. */
const halvedTo = (holdings: readonly Holding[], wanted: (one: Holding) => number): Holding[] => {
  const longest = holdings.reduce((most, { series }) => Math.max(most, series.times.length), 0)
  const [times, values] = [roomFor(longest), roomFor(longest)]
  const room = packedColumns(holdings.reduce((length, { series }) => length + 2 * series.times.length, 0))
  return holdings.map((one) => {
    const { series } = one
    if (!isHalvedMore(one, wanted(one))) return { ...one, series: { ...series, times: room.put(series.times), values: room.put(series.values) } }
    times.set(series.times)
    values.set(series.values)
    let { halved } = one
    let size = series.times.length
    for (; halved < wanted(one) && size > fewestOf(one); halved++) size = halve(times, values, size)
    return { ...one, halved, series: { ...series, times: room.put(times.subarray(0, size)), values: room.put(values.subarray(0, size)) } }
  })
}

const said = (most: number, leftOut: number): string =>
  `all inputs together have more than ${(most / 1e6).toFixed(0)} million samples: series were thinned to their lows and highs, what findings are made from last${leftOut === 0 ? '' : `; ${leftOut} series that no finding is made from were left out`}`
