/** Counts per ten seconds, made into series: what a log says by how much it says. */
import type { Basis, Labels } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'

export const BIN_MS = 10_000
/** Lines that come out of order find their bin again among these. */
const OPEN_BINS = 256

export interface Counter {
  add(ms: number): void
  end(): void
}

/** The labels of a series made from a log: its times are on the log's own clock. */
export const onBasis = (labels: Labels, basis: Basis): Labels => (basis === 'utc' ? labels : { ...labels, faultline_basis: basis })

/** A series of counts. Between two bins that have lines, a gap begins and ends with a zero. */
export const counter = (sink: Sink, name: string, labels: Labels): Counter => {
  const bins = new Map<number, number>()
  const series = sink.series(name, labels, null)
  let bin = NaN
  let count = 0
  const settle = (): void => {
    if (count > 0) bins.set(bin, (bins.get(bin) ?? 0) + count)
    count = 0
  }
  const write = (): void => {
    let before = NaN
    for (const [at, lines] of [...bins].sort(([a], [b]) => a - b)) {
      if (at - before > 1) series.push((before + 1) * BIN_MS, 0)
      if (at - before > 2) series.push((at - 1) * BIN_MS, 0)
      series.push(at * BIN_MS, lines)
      before = at
    }
    bins.clear()
  }
  return {
    add(ms) {
      const at = Math.floor(ms / BIN_MS)
      if (at !== bin) {
        settle()
        if (bins.size >= OPEN_BINS) write()
        bin = at
      }
      count++
    },
    end() {
      settle()
      write()
    },
  }
}
