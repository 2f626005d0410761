/** The signals of all inputs stay within a budget: what was said least goes, of who says more than others, and it is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entity } from '../model/entity.js'
import type { Signal, SignalKind } from '../model/extract.js'
import { keepMost, kindsOf, mostOfEach } from './signals-budget.js'

const signal = (kind: SignalKind, entity: Entity, second: number, more: Partial<Signal> = {}): Signal => {
  const at = { ms: second * 1_000, basis: 'utc' as const }
  return { kind, entity, phase: 'point', at, until: at, count: 1, attributes: {}, places: [{ line: second, at, text: '' }], ...more }
}
const warnings = (count: number, from = 0): readonly Signal[] =>
  Array.from({ length: count }, (_, index) => signal('log.warning', `process/-/app-${from + index}`, index))

const kept = (most: number, ...inputs: readonly (readonly Signal[])[]) => {
  const caps = mostOfEach(inputs.map(kindsOf), most)
  return inputs.map((input) => keepMost(input, caps))
}

test('within the budget nothing goes, and nothing is said', () => {
  const input = warnings(10)
  assert.deepEqual(kept(10, input), [{ kept: input, said: [] }])
})

test('beyond it goes what is said most of, from who says more of it than others; in any order of inputs the same', () => {
  const crash = signal('postgres.crashed', 'postgres/main', 5)
  const [loud, quiet] = [[crash, ...warnings(100)], warnings(20, 500)]
  const [first, second] = kept(61, loud, quiet)
  assert.equal(first?.kept.length, 41)
  assert.ok(first.kept.includes(crash))
  assert.match(first.said.join(), /of 100 signals of log\.warning those said most are kept, 40 at the most/u)
  assert.deepEqual(second, { kept: quiet, said: [] })
  assert.deepEqual(kept(61, quiet, loud), [second, first])
})

test('what was said often stays, then what was said first; the beginnings and ends of one condition stay or go together', () => {
  const often = signal('log.warning', 'process/-/loud', 90, { count: 50 })
  const [only] = kept(4, [...warnings(6), often])
  assert.deepEqual(
    only?.kept.map(({ entity }) => entity),
    ['process/-/app-0', 'process/-/app-1', 'process/-/loud'],
  )
  const condition = (name: string, second: number): readonly Signal[] => [
    signal('pod.unready', `pod/shop/${name}`, second, { phase: 'begin' }),
    signal('pod.unready', `pod/shop/${name}`, second + 9, { phase: 'end' }),
  ]
  const [pods] = kept(3, [...condition('a', 1), ...condition('b', 2), ...condition('c', 3)])
  assert.deepEqual(pods?.kept, condition('a', 1))
})

test('of one thing said again and again the first stay, and of each kind each input keeps one', () => {
  const one = Array.from({ length: 100 }, (_, second) => signal('pod.unready', 'pod/shop/web', second, { phase: second % 2 === 0 ? 'begin' : 'end' }))
  const [few] = kept(30, one)
  assert.deepEqual(few?.kept, one.slice(0, 25))
  assert.deepEqual(
    kept(1, warnings(3), warnings(3), warnings(3)).map(({ kept: left }) => left.length),
    [1, 1, 1],
  )
})
