/** Series stay within a budget: peaks stay, what findings are made from stays longest, and it is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seriesStore } from './columns.js'

test('within the budget every sample stays, in the order of time', () => {
  const store = seriesStore(1_000)
  const series = store.of('up', { b: '1', a: '2' }, 7)
  for (const at of [3, 1, 2]) series.push(at, at * 10)
  store.of('up', { a: '2', b: '1' }, null).push(4, NaN)
  assert.deepEqual(store.take(), [{ name: 'up', labels: { b: '1', a: '2' }, line: 7, times: Float64Array.of(1, 2, 3), values: Float64Array.of(10, 20, 30) }])
  assert.equal(store.leftOut, null)
})

test('where each sample stands is kept: lines one after the other, gaps where there was none, series that take turns', () => {
  const store = seriesStore(1_000)
  const linesOf = (lines: readonly number[], values: readonly number[], atOnce: boolean): readonly number[] | undefined => {
    const series = store.of('up', {}, lines[0] ?? null)
    const times = Float64Array.from(values.keys())
    if (atOnce) series.pushAll(times, Float64Array.from(values), values.length, lines[0])
    else values.forEach((value, index) => series.push(index, value, lines[index]))
    return store.take()[0]?.lines
  }
  for (const atOnce of [true, false]) {
    assert.deepEqual(linesOf([5, 6, 7, 8], [1, 1, 1, 1], atOnce), [0, 5, 1])
    assert.deepEqual(linesOf([5, 6, 7, 8, 9], [1, 1, NaN, 1, 1], atOnce), [0, 5, 1, 2, 8, 1])
    assert.deepEqual(linesOf([5, 6, 7, 8], [1, NaN, 1, 1], atOnce), [0, 5, 2, 2, 8, 1])
  }
  assert.deepEqual(linesOf([5, 9, 13, 17, 20, 21], [1, 1, 1, 1, 1, 1], false), [0, 5, 4, 4, 20, 1])
  const jumps = Array.from({ length: 100 }, (_, index) => index * index + 1)
  assert.equal(linesOf(jumps, jumps, false), undefined, 'too many to keep')
  const late = store.of('up', {}, 1)
  for (const at of [3, 1]) late.push(at, 1, at)
  assert.equal(store.take()[0]?.lines, undefined, 'not in the order of time')
})

test('beyond it lows and highs stay, first and last times too, and memory is bounded; both ways of giving samples agree', () => {
  const [one, other] = [seriesStore(5_000), seriesStore(5_000)]
  const times = new Float64Array(1_000)
  const values = new Float64Array(1_000)
  for (let part = 0; part < 100; part++) {
    for (let index = 0; index < 1_000; index++) {
      times[index] = part * 1_000 + index
      values[index] = part === 37 && index === 123 ? 99 : part === 80 && index === 5 ? -99 : Math.sin(index)
      one.of('node_load1', {}, null).push(times[index] ?? 0, values[index] ?? 0)
    }
    other.of('node_load1', {}, null).pushAll(times, values, 1_000)
  }
  const [first] = one.take()
  const [second] = other.take()
  for (const series of [first, second]) {
    assert.ok(series !== undefined && series.times.length <= 5_002 && series.times.length > 500)
    assert.equal(series.values[series.times.indexOf(37_123)], 99)
    assert.equal(series.values[series.times.indexOf(80_005)], -99)
    assert.ok((series.times[0] ?? 1e9) < 200 && (series.times.at(-1) ?? 0) > 99_800)
    assert.ok(series.times.every((at, index) => index === 0 || at > (series.times[index - 1] ?? 0)))
  }
  assert.deepEqual(first, second)
  assert.match(one.leftOut ?? '', /thinned to their lows and highs/u)
})

test('what is left does not depend on how many samples come at once', () => {
  const random = (seed: number) => () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff)
  const filled = [1, 7, 1_000].map((atOnce) => {
    const store = seriesStore(3_000)
    const below = random(9)
    for (let series = 0; series < 12; series++) {
      const times = Float64Array.from({ length: 1_000 }, (_, index) => index * 15_000 + (series % 3 === 0 ? below() % 40_000 : 0) + (series === 5 ? 0.5 : 0))
      const values = Float64Array.from(times, () => (below() % 50 === 0 ? NaN : below() % 1_000))
      const to = store.of(series % 2 === 0 ? 'go_threads' : 'node_load1', { series: `${series}` }, null)
      for (let at = 0; at < 1_000; at += atOnce) to.pushAll(times.subarray(at), values.subarray(at), Math.min(atOnce, 1_000 - at), 7 + at)
    }
    return store.take()
  })
  assert.deepEqual(filled[1], filled[0])
  assert.deepEqual(filled[2], filled[0])
})

test('times that are no whole milliseconds, or far apart, are kept as they are', () => {
  const store = seriesStore()
  const series = store.of('up', {}, null)
  const times = [1e12, 1e12 + 0.25, 1e12 + 15_000, 3e12, -5]
  for (const at of times) series.push(at, at)
  const [kept] = store.take()
  assert.deepEqual([...(kept?.times ?? [])], [-5, 1e12, 1e12 + 0.25, 1e12 + 15_000, 3e12])
  assert.deepEqual(kept?.values, kept?.times)
})

test('what no finding is made from goes first', () => {
  const store = seriesStore(10_000)
  for (let at = 0; at < 100; at++)
    for (let series = 0; series < 300; series++) store.of('go_gc_cycles_automatic_gc_cycles_total', { series: `${series}` }, null).push(at, at)
  for (let at = 0; at < 4_000; at++) store.of('node_load1', {}, null).push(at, at)
  const all = store.take()
  assert.equal(all.find(({ name }) => name === 'node_load1')?.times.length, 4_000)
  assert.match(store.leftOut ?? '', /\d+ series that no finding is made from were left out/u)
})

test('series that grow side by side keep their own samples, however long they get', () => {
  const store = seriesStore()
  const lengths = [1, 31, 32, 33, 64, 65, 1_000, 150_000]
  const writers = lengths.map((length) => store.of('up', { length: `${length}` }, null))
  for (let at = 0; at < Math.max(...lengths); at++) for (const [index, length] of lengths.entries()) if (at < length) writers[index]?.push(at, at * length)
  const kept = store.take()
  for (const [index, length] of lengths.entries()) {
    const times = Float64Array.from({ length }, (_, at) => at)
    assert.deepEqual(kept[index]?.times, times)
    assert.deepEqual(
      kept[index]?.values,
      times.map((at) => at * length),
    )
  }
})
