/**
 * The series of all inputs within one budget, however many inputs there are. All are thinned alike, to the finest resolution at which they fit: that follows
 * from what the inputs have together, so it does not matter which of them comes first, nor how many are read at the same time.
 */
import type { InputExtract, Series } from '../model/extract.js'
import { MAX_SAMPLES, SAMPLES_A_SERIES } from './columns.js'
import { FEWEST, FEWEST_USED, isUsed } from './series-use.js'
import { halve } from './thin.js'

export interface SeriesBudget {
  /** Takes an input's series. */
  add(extract: InputExtract): Held
}

/** An extract whose series may have to be thinned for those of others. */
export interface Held {
  /** As it is once all have been added. */
  extract(): InputExtract
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

  const thin = (input: Input): void => {
    const kept: Holding[] = []
    for (const one of input.holdings) {
      samples -= costOf(one)
      if (unusedGone && !one.used) {
        input.leftOut++
        continue
      }
      const next = halvedTo(one, one.used ? halvedUsed : halvedUnused)
      samples += costOf(next)
      kept.push(next)
    }
    input.holdings = kept
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
        extract() {
          const { holdings, leftOut } = input
          const changed = leftOut > 0 || holdings.some(({ halved }) => halved > 0)
          return { ...words, ...(changed ? { warnings: [...words.warnings, said(most, leftOut)] } : {}), series: holdings.map((one) => one.series) }
        },
      }
    },
  }
}

const fewestOf = ({ used }: Holding): number => (used ? FEWEST_USED : FEWEST)
const costOf = ({ series }: Holding): number => series.times.length + SAMPLES_A_SERIES

/** What it has was read once and may be shared: it is not changed. */
const halvedTo = (holding: Holding, wanted: number): Holding => {
  let { halved } = holding
  let size = holding.series.times.length
  if (halved >= wanted || size <= fewestOf(holding)) return holding
  const times = holding.series.times.slice()
  const values = holding.series.values.slice()
  for (; halved < wanted && size > fewestOf(holding); halved++) size = halve(times, values, size)
  return { ...holding, halved, series: { ...holding.series, times: times.slice(0, size), values: values.slice(0, size) } }
}

const said = (most: number, leftOut: number): string =>
  `all inputs together have more than ${(most / 1e6).toFixed(0)} million samples: series were thinned to their lows and highs, what findings are made from last${leftOut === 0 ? '' : `; ${leftOut} series that no finding is made from were left out`}`
