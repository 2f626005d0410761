/** All inputs' signals share one budget for their places: what is left follows from what they have together, not from which of them came first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signal } from '../model/extract.js'
import { placesBudget } from './places-budget.js'

/** A place takes some 300 bytes. */
const signal = (places: number): Signal => ({
  kind: 'log.error',
  entity: 'node/a',
  phase: 'point',
  at: { ms: 0, basis: 'utc' },
  until: { ms: places, basis: 'utc' },
  count: places,
  attributes: {},
  places: Array.from({ length: places }, (_, at) => ({ line: at + 1, at: { ms: at, basis: 'utc' as const }, text: String(at).padEnd(100, '.') })),
})
const inputOf = (signals: number, places: number): readonly Signal[] => Array.from({ length: signals }, () => signal(places))

const held = (most: number, inputs: readonly (readonly Signal[])[]) => {
  const budget = placesBudget(most)
  return inputs.map((input) => budget.add(input)).map((one) => ({ signals: one.take(), said: one.said() }))
}
const lines = (input: { readonly signals: readonly Signal[] } | undefined): readonly (number | null)[] =>
  (input?.signals[0]?.places ?? []).map(({ line }) => line)

test('within the budget nothing is changed, and nothing said', () => {
  const inputs = [inputOf(10, 4), inputOf(1, 3)]
  for (const [index, { signals, said }] of held(20_000, inputs).entries()) {
    assert.equal(signals, inputs[index])
    assert.deepEqual(said, [])
  }
})

test('beyond it who has more than a share keeps first and last places, then the first ones, and says so', () => {
  const inputs = [inputOf(100, 4), inputOf(2, 4)]
  const [large, small] = held(100_000, inputs)
  assert.deepEqual(
    [lines(large), lines(small)],
    [
      [1, 4],
      [1, 2, 3, 4],
    ],
  )
  assert.match(large?.said[0] ?? '', /the first and the last are kept/u)
  assert.deepEqual(small?.said, [])
  const [larger] = held(50_000, inputs)
  assert.deepEqual(lines(larger), [1])
  assert.match(larger?.said[0] ?? '', /the first is kept/u)
})

test('the order in which inputs come changes nothing', () => {
  const inputs = [inputOf(60, 4), inputOf(100, 3), inputOf(150, 1), inputOf(3, 4), inputOf(40, 2)]
  for (const most of [1_000, 30_000, 60_000, 90_000, 120_000, 150_000]) {
    const once = held(most, inputs)
    const order = [3, 1, 4, 0, 2]
    const other = held(
      most,
      order.flatMap((index) => [inputs[index] ?? []]),
    )
    order.forEach((index, at) => {
      assert.deepEqual(other[at], once[index])
    })
  }
})

test('what was taken is not held any longer', () => {
  const one = placesBudget(1_000_000).add(inputOf(2, 2))
  assert.equal(one.take().length, 2)
  assert.deepEqual(one.take(), [])
})
