/** All inputs' series share one budget: what is left follows from what they have together, not from which of them came first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract, Series } from '../model/extract.js'
import { seriesBudget } from './series-budget.js'

const seriesOf = (name: string, size: number): Series => ({
  name,
  labels: { of: name },
  line: null,
  times: Float64Array.from({ length: size }, (_, index) => index * 15_000),
  values: Float64Array.from({ length: size }, (_, index) => (index === size >> 1 ? 1_000 : Math.sin(index * size))),
})
const inputOf = (path: string, ...series: readonly Series[]): InputExtract => ({
  path,
  format: 'prometheus',
  wrapping: [],
  bytes: 0,
  lines: 0,
  records: 0,
  skipped: 0,
  warnings: [],
  spans: [],
  silences: [],
  yearHint: null,
  changedMs: null,
  signals: [],
  facts: [],
  series,
})
const held = (most: number, inputs: readonly InputExtract[]): readonly InputExtract[] => {
  const budget = seriesBudget(most)
  const all = inputs.map((input) => budget.add(input))
  return all.map((one) => one.take())
}
const sizes = (inputs: readonly InputExtract[]): readonly number[][] => inputs.map(({ series }) => series.map(({ times }) => times.length))

test('within the budget every input is as it was', () => {
  const inputs = [inputOf('a', seriesOf('node_load1', 500)), inputOf('b', seriesOf('go_threads', 300))]
  assert.deepEqual(held(1_000, inputs), inputs)
})

test('beyond it all are thinned alike, their peaks stay, what no finding is made from goes first, and it is said', () => {
  const all = held(2_000, [
    inputOf('a', seriesOf('node_load1', 3_000), seriesOf('go_threads', 400)),
    inputOf('b', seriesOf('node_load5', 1_000)),
    inputOf('c', seriesOf('node_load15', 10)),
  ])
  assert.deepEqual(sizes(all), [[750], [250], [10]])
  for (const { series } of all.slice(0, 2)) assert.ok(series[0]?.values.includes(1_000))
  assert.match(all[0]?.warnings[0] ?? '', /1 series that no finding is made from were left out/u)
  assert.match(all[1]?.warnings[0] ?? '', /thinned to their lows and highs/u)
  assert.deepEqual(all[2]?.warnings, [])
})

test('the order in which inputs come changes nothing', () => {
  const inputs = [
    inputOf('a', seriesOf('node_load1', 3_001), seriesOf('go_threads', 700)),
    inputOf('b', seriesOf('node_load5', 777), seriesOf('go_goroutines', 90)),
    inputOf('c', seriesOf('go_gc', 5_000), seriesOf('up', 12)),
    inputOf('d', seriesOf('pg_up', 1_500)),
  ]
  for (const most of [9_000, 6_000, 4_000, 2_000, 500]) {
    const once = held(most, inputs)
    const other = held(
      most,
      [3, 1, 0, 2].flatMap((index) => inputs[index] ?? []),
    )
    assert.deepEqual(
      [...other].sort((a, b) => (a.path < b.path ? -1 : 1)),
      once,
    )
  }
})

test('what is shared between inputs is not changed', () => {
  const shared = seriesOf('node_load1', 1_000)
  held(600, [inputOf('a', shared), inputOf('b', { ...shared, name: 'node_load5' })])
  assert.deepEqual(shared, seriesOf('node_load1', 1_000))
})

test('what was taken is not held any longer', () => {
  const one = seriesBudget(1_000).add(inputOf('a', seriesOf('node_load1', 5)))
  assert.equal(one.take().series.length, 1)
  assert.deepEqual(one.take().series, [])
})
