/** A chart's numbers in words and as a table: what stands behind the picture. */
import type { Chart, ChartLine } from '../post-mortem/post-mortem.js'
import { bytes, clock, date, duration, grouped, short } from './words.js'

/** Rows of the table behind a chart. */
const ROWS = 40
/** Points drawn per line: more than the picture has pixels says nothing more. */
const DRAWN = 1_200

export const amount = (unit: Chart['unit'], value: number): string => {
  switch (unit) {
    case 'bytes':
      return value < 0 ? `−${bytes(-value)}` : bytes(value)
    case 'cores':
      return `${short(value)} ${value === 1 ? 'core' : 'cores'}`
    case 'percent':
      return `${short(value)} %`
    case 'seconds':
      return duration(value)
    case 'per second':
      return `${short(value)}/s`
    case 'count':
    case 'state':
      return short(value)
  }
}

export interface ChartTable {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly time: string; readonly values: readonly string[] }[]
  /** Says which moments are shown when not all of them are. */
  readonly note: string
}

/** The samples themselves, evenly chosen where there are many; each line's lowest and highest are always among them. */
export const chartTable = (chart: Chart): ChartTable => {
  const times = [...new Set(chart.lines.flatMap((line) => line.points.map(([time]) => time)))].filter(Number.isFinite).toSorted((a, b) => a - b)
  const kept = times.length <= ROWS ? times : chosen(chart, times)
  const values = chart.lines.map((line) => new Map(line.points))
  let told = ''
  return {
    columns: chart.lines.map((line) => line.label),
    rows: kept.map((time) => {
      const iso = new Date(time).toISOString()
      const stamp = date(iso) === told ? clock(iso) : `${date(iso)} ${clock(iso)}`
      told = date(iso)
      return {
        time: stamp,
        values: values.map((line) => {
          const value = line.get(time)
          return value === undefined ? '' : value === null || !Number.isFinite(value) ? 'no data' : amount(chart.unit, value)
        }),
      }
    }),
    note:
      kept.length === times.length
        ? 'Every sample.'
        : `${kept.length} of ${grouped(times.length)} moments, evenly chosen, with each line's lowest and highest among them.`,
  }
}

const chosen = (chart: Chart, times: readonly number[]): number[] => {
  const extremes = chart.lines.slice(0, 6).flatMap((line) => [extreme(line, 1), extreme(line, -1)])
  const even = Array.from({ length: ROWS - 12 }, (_, index) => times[Math.round((index * (times.length - 1)) / (ROWS - 13))])
  return [...new Set([...even, ...extremes])].filter((time) => time !== undefined).toSorted((a, b) => a - b)
}

const extreme = (line: ChartLine, sign: 1 | -1): number | undefined => {
  let best: readonly [number, number] | undefined
  for (const [time, value] of line.points) if (value !== null && (best === undefined || value * sign > best[1] * sign)) best = [time, value]
  return best?.[0]
}

/** Fewer points with the same picture: the lowest and highest of each stretch stay, and a gap stays a gap. */
export const thin = (points: ChartLine['points'], most = DRAWN): readonly (readonly [number, number | null])[] => {
  if (points.length <= most) return points
  const stretch = Math.ceil(points.length / (most / 3))
  const kept: (readonly [number, number | null])[] = []
  for (let start = 0; start < points.length; start += stretch) {
    const part = points.slice(start, start + stretch)
    const known = part.filter((point): point is readonly [number, number] => point[1] !== null)
    const gap = part.find((point) => point[1] === null)
    const low = known.reduce<readonly [number, number] | undefined>((best, point) => (best === undefined || point[1] < best[1] ? point : best), undefined)
    const high = known.reduce<readonly [number, number] | undefined>((best, point) => (best === undefined || point[1] > best[1] ? point : best), undefined)
    kept.push(...[...new Set([low, high, gap])].filter((point) => point !== undefined).toSorted((a, b) => a[0] - b[0]))
  }
  return kept
}
