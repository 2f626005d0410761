/** The facts of all inputs stay within a budget: those of pods of which nothing else is said go first, and it is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entity } from '../model/entity.js'
import type { Fact, Series, Signal } from '../model/extract.js'
import { factsBudget, whoIsSpokenOf } from './facts-budget.js'

const at = { ms: 1_000, basis: 'utc' as const }
const onNode = (pod: Entity, uid?: string): Fact => ({ fact: 'pod-on-node', pod, node: 'node/a', at, ...(uid === undefined ? {} : { uid }) })
const owned = (pod: Entity): Fact => ({ fact: 'pod-owner', pod, workload: 'workload/shop/web' })
const called = (of: Entity, name: string): Fact => ({ fact: 'alias', of, name, at: null })
const spokenOf = (signals: readonly Partial<Signal>[], series: readonly Pick<Series, 'labels'>[] = []) => {
  const spoken = whoIsSpokenOf()
  const whole = { kind: 'log.error', entity: 'node/a', phase: 'point', at, until: at, count: 1, attributes: {}, places: [{ line: 1, at, text: '' }] } as const
  spoken.signals(signals.map((signal) => ({ ...whole, ...signal })))
  spoken.series(series.map(({ labels }) => ({ name: 'up', labels, line: null, times: new Float64Array(), values: new Float64Array() })))
  return spoken
}
const kept = (most: number, spoken: ReturnType<typeof spokenOf>, ...inputs: readonly (readonly Fact[])[]) => {
  const budget = factsBudget(most)
  const waiting = inputs.map((facts) => budget.add(facts))
  return waiting.map((one) => one.take(spoken))
}

const many = Array.from({ length: 3_000 }, (_, index) => onNode(`pod/shop/idle-${index}`, `u-${index}`))

test('within the budget all stay, and nothing is said', () => {
  assert.deepEqual(kept(3_000, spokenOf([]), many), [{ kept: many, said: [] }])
})

test('beyond it those of pods go that nobody speaks of, whichever input comes first', () => {
  const told: readonly Fact[] = [
    onNode('pod/shop/web-1'),
    owned('pod/shop/web-1'),
    { fact: 'node', node: 'node/a', at: null, cores: 4 },
    called('node/a', '10.0.0.1'),
  ]
  const spoken = spokenOf([{ entity: 'pod/shop/web-1' }])
  const [first, second] = kept(3_000, spoken, many, told)
  assert.deepEqual(first?.kept, [])
  assert.match(first.said.join(), /3000 about pods of which nothing else is said were left out/u)
  assert.deepEqual(second, { kept: told, said: [] })
  assert.deepEqual(kept(3_000, spoken, told, many), [second, first])
})

test('a pod is spoken of by its uid, by a signal of another that names it, and by a series', () => {
  const spoken = spokenOf([{ entity: 'pod/-/uid:u-7' }, { attributes: { pod: 'shop/idle-8' } }], [{ labels: { pod: 'idle-9' } }])
  const [all, names] = kept(3_000, spoken, many, [called('pod/shop/idle-7', 'uid:u-7'), called('pod/shop/idle-1', 'uid:u-1')])
  assert.deepEqual(all?.kept, [many[7], many[8], many[9]])
  assert.deepEqual(names?.kept, [called('pod/shop/idle-7', 'uid:u-7')])
})

test('what JSON cannot tell waits as it is', () => {
  const odd: Fact = { fact: 'limit', of: 'postgres/main', name: 'max_connections', value: Infinity }
  const [first] = kept(1, spokenOf([]), [odd, { ...odd, value: -0 }, onNode('pod/shop/idle')])
  assert.deepEqual(first?.kept, [odd, { ...odd, value: -0 }])
})
