/** When a rise began, which stretches are bad, what a counter's rate is: on steps, ramps and noise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  combine,
  deviation,
  higher,
  median,
  onsetOfRise,
  quantile,
  rateOf,
  smoothed,
  stepOf,
  stretches,
  sumOf,
  valueAt,
  type Column,
  usualOf,
} from './statistics.js'

const column = (values: readonly number[], step = 10, from = 0): Column => ({
  times: Float64Array.from(values, (_, index) => (from + index * step) * 1000),
  values: Float64Array.from(values),
})

/** The same noise every time: a linear congruential generator. */
const noise = (amplitude: number, seed = 7): (() => number) => {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return (state / 2_147_483_648 - 0.5) * 2 * amplitude
  }
}

const peakOf = ({ times, values }: Column): number => times[values.indexOf(Math.max(...values))] ?? NaN
const onset = (one: Column): number => onsetOfRise(one, peakOf(one)).at / 1000

test('a step begins at its first high sample, however long it then lasts', () => {
  for (const high of [1, 5, 200]) assert.equal(onset(column([...Array<number>(30).fill(10), ...Array<number>(high).fill(100)])), 300)
})

test('a step out of noise begins at the step, not in the noise before it', () => {
  const jitter = noise(4)
  assert.equal(onset(column(Array.from({ length: 90 }, (_, index) => (index < 60 ? 20 : 100) + jitter()))), 600)
})

test('a ramp begins where it leaves the usual level, within a tenth of its height', () => {
  const ramp = column(Array.from({ length: 100 }, (_, index) => 10 + Math.max(0, index - 50) * 2))
  assert.ok(Math.abs(onset(ramp) - 500) <= 60, String(onset(ramp)))
})

test('an earlier peak that came back to the usual level is another rise', () => {
  const values = [...Array<number>(20).fill(10), 80, 90, ...Array<number>(20).fill(10), 60, 100]
  assert.equal(onset(column(values)), 420)
})

test('a column that only ever rises began among its first samples; a flat one has no rise', () => {
  assert.ok(onset(column([10, 20, 40, 80, 160])) <= 20)
  const flat = onsetOfRise(column([5, 5, 5, 5]), 30_000)
  assert.equal(flat.peak - flat.usual, 0)
})

test('an onset is never after its peak, and its peak is the value there', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 60 }), fc.nat(), (values, pick) => {
      const one = column(values)
      const peakAt = one.times[pick % values.length] ?? 0
      const { at, peak } = onsetOfRise(one, peakAt)
      assert.ok(at <= peakAt && at >= 0)
      assert.equal(peak, valueAt(one, peakAt))
    }),
  )
})

const bad = (values: readonly number[], gapSeconds: number) =>
  stretches(column(values), (value) => value >= 50, gapSeconds * 1000, higher).map(({ start, last, end, samples, peak }) => [
    start / 1000,
    last / 1000,
    end === null ? null : end / 1000,
    samples,
    peak,
  ])

test('a stretch reaches from the first bad sample to the first good one after it; to the end it is open', () => {
  assert.deepEqual(bad([1, 60, 70, 1, 1, 1, 90, 80], 10), [
    [10, 20, 30, 2, 70],
    [60, 70, null, 2, 90],
  ])
  assert.deepEqual(bad([1, 2, 3], 10), [])
  assert.deepEqual(bad([], 10), [])
})

test('stretches closer than the gap are one, with the worst of both; at the gap itself they still are', () => {
  assert.deepEqual(bad([60, 1, 99, 1], 20), [[0, 20, 30, 2, 99]])
  assert.deepEqual(bad([60, 1, 99, 1], 19), [
    [0, 0, 10, 1, 60],
    [20, 20, 30, 1, 99],
  ])
})

test('very many samples and stretches are found in a moment', () => {
  const started = process.cpuUsage().user
  const many = column(Array.from({ length: 200_000 }, (_, index) => (index % 8 < 4 ? 100 : 0)))
  assert.equal(stretches(many, (value) => value > 50, 10_000, higher).length, 25_000)
  assert.ok(process.cpuUsage().user - started < 1_000_000, 'more than a second')
})

test('the rate of a counter is per second; after a reset it begins anew, and it is never negative', () => {
  const { times, values } = rateOf(column([0, 100, 200, 30, 130]))
  assert.deepEqual(
    [[...times].map((at) => at / 1000), [...values]],
    [
      [10, 20, 30, 40],
      [10, 10, 3, 10],
    ],
  )
})

test('across a gap of more than five steps no rate is known; a lost sample or two are bridged', () => {
  const gap = (seconds: number): Column => ({
    times: Float64Array.from([0, 10, 20, 30, 30 + seconds], (at) => at * 1000),
    values: Float64Array.from([0, 10, 20, 30, 30 + seconds]),
  })
  assert.equal(rateOf(gap(51)).values.length, 3)
  assert.deepEqual([...rateOf(gap(50)).values], [1, 1, 1, 1])
})

test('two samples of one moment give no rate', () => {
  assert.deepEqual([...rateOf({ times: Float64Array.from([0, 10_000, 10_000, 20_000]), values: Float64Array.from([0, 10, 11, 21]) }).values], [1, 1])
})

test('columns are added up at the times of the densest, by the nearest sample of each', () => {
  const sum = combine([column([1, 1, 1, 1, 1]), column([10, 20], 20, 1)], 'sum')
  assert.deepEqual([...sum.values], [11, 11, 21, 21, 1])
  assert.deepEqual([...combine([column([2, 2]), column([4, 4])], 'mean').values], [3, 3])
  assert.equal(combine([], 'sum').values.length, 0)
})

test('a column that ended is left out of the sum from then on, rather than held', () => {
  const [first, second] = [column(Array<number>(10).fill(1)), column([5, 5, 5])]
  assert.deepEqual([...combine([first, second], 'sum').values], [6, 6, 6, 6, 1, 1, 1, 1, 1, 1])
})

test('one odd sample does not survive smoothing, two do', () => {
  assert.deepEqual([...smoothed(column([1, 1, 9, 1, 1])).values], [1, 1, 1, 1, 1])
  assert.deepEqual([...smoothed(column([1, 1, 9, 9, 1])).values], [1, 1, 9, 9, 5])
})

test('median and deviation are not moved by a few wild values; of nothing they are not numbers', () => {
  assert.equal(median([1, 2, 3, 4, 1e9]), 3)
  assert.ok(deviation([1, 2, 3, 4, 1e9]) < 2)
  assert.ok(Number.isNaN(median([])))
  assert.deepEqual(
    [0, 0.5, 1].map((q) => quantile([4, 1, 3, 2], q)),
    [1, 2.5, 4],
  )
})

test('the usual step is the median gap, whatever the holes', () => {
  assert.equal(stepOf([0, 15, 30, 45, 900, 915]), 15)
  assert.equal(stepOf([5]), 0)
})

test('the value at a moment is that of the last sample before it', () => {
  const one = column([1, 2, 3])
  assert.deepEqual(
    [0, 9_999, 10_000, 1e9].map((at) => valueAt(one, at)),
    [1, 1, 2, 3],
  )
  assert.ok(Number.isNaN(valueAt(column([]), 0)))
})

test('a sum goes on where the column with most samples has a gap, and only there', () => {
  const column = (...samples: readonly (readonly [number, number])[]) => ({
    times: Float64Array.from(samples, ([at]) => at),
    values: Float64Array.from(samples, ([, value]) => value),
  })
  const most = column([0, 1], [10, 1], [20, 1], [100, 1], [110, 1])
  const other = column([50, 5], [60, 5], [105, 5])
  const sum = sumOf([most, other])
  assert.deepEqual([...sum.times], [0, 10, 20, 50, 60, 100, 110])
  assert.deepEqual([...sum.values], [1, 1, 1, 5, 5, 6, 6])
})

test('what lasts for more than half of a recording is no custom, where it was far less before', () => {
  const of = (calm: number, bad: number, value: number): number =>
    usualOf(Float64Array.from([...Array<number>(calm).fill(0.5), ...Array<number>(bad).fill(value)]), 8)
  assert.equal(of(20, 40, 25), 0.5)
  assert.equal(of(20, 40, 2), 2)
  assert.equal(of(5, 55, 25), 25)
  assert.equal(usualOf(Float64Array.from([NaN, ...Array<number>(30).fill(3)]), 8), 3)
})
