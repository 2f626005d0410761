/** Requests that hang in a database, by the age of its oldest transactions; each beside its near miss. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, series, signal, type InputParts } from '../../../test/timeline-builder.js'

const between = (second: number, from: number, to: number): boolean => second >= from && second < to

/** checkout is slow in [600, 660), as its latency over half a minute shows it. */
const slow = (from = 605, to = 690): NonNullable<InputParts['series']> => [
  series('faultline_http_seconds', { service: 'checkout', quantile: '0.95' }, (second) => (between(second, from, to) ? 6 : 0.02), { step: 10 }),
]
/** One transaction in this state from then to then, and short ones else. */
const age = (state: string, ...of: readonly (readonly [from: number, to: number])[]) =>
  series('pg_stat_activity_max_tx_duration', { datname: 'shop', state }, (second) => {
    const one = of.find(([from, to]) => between(second, from, to))
    return one === undefined ? 0.01 : second - one[0]
  })
const told = (parts: InputParts) =>
  (['postgres.slow-queries', 'postgres.lock-pileup'] as const).flatMap((kind) =>
    findings(kind, parts).map(({ start, found }) => [kind, Math.round(start / 15) * 15, found.attributes['waiting']]),
  )
const HUNG = ['postgres.slow-queries', 600, 'service/-/checkout']

test('a transaction that began and ended with the slow requests of a service is told, from its own beginning on', () => {
  assert.deepEqual(told({ series: [...slow(), age('active', [600, 660])] }), [HUNG])
})

test('one that nobody waited for, that takes its time every few minutes, or that is still at work is not', () => {
  assert.deepEqual(told({ series: [age('active', [600, 660])] }), [], 'nobody was slow')
  assert.deepEqual(told({ series: [...slow(), age('active', [300, 480])] }), [], 'another time')
  const jobs = Array.from({ length: 12 }, (_, index): [number, number] => [index * 120, index * 120 + 60])
  assert.deepEqual(told({ series: [...slow(), age('active', ...jobs)] }), [], 'a job of every two minutes')
  assert.deepEqual(told({ series: [...slow(), age('active', [600, 1e9])] }), [], 'no end')
})

test('a session that sat idle in its transaction before and until then held what they waited for', () => {
  const held = (idle: readonly [number, number]): InputParts => ({ series: [...slow(), age('active', [600, 660]), age('idle in transaction', idle)] })
  assert.deepEqual(told(held([570, 660])), [['postgres.lock-pileup', 600, 'service/-/checkout']])
  assert.deepEqual(told(held([570, 900])), [HUNG], 'they went on without its end')
  assert.deepEqual(told(held([630, 660])), [HUNG], 'it came later')
  const stopped = signal('postgres.shutdown', 'postgres/main', 658, { mode: 'fast' }, { phase: 'begin' })
  assert.deepEqual(told({ ...held([570, 660]), signals: [stopped] }), [HUNG], 'the server ended them all')
})
