/** Statements that are slow for their owner only, each beside its near miss. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, series, type InputParts } from '../../../test/timeline-builder.js'

const between = (second: number, from: number, to: number): boolean => second >= from && second < to
/** catalog is slow in [600, 660), as its latency over half a minute shows it. */
const slow = series('faultline_http_seconds', { service: 'catalog', quantile: '0.95' }, (second) => (between(second, 605, 690) ? 1.2 : 0.01), { step: 10 })
/** The longest statement of each ten seconds, where any was logged. */
const logged = (seconds: (second: number) => number | null): NonNullable<InputParts['series']>[number] =>
  series('faultline_postgres_statement_seconds', { server: 'main' }, seconds, { step: 10 })
const told = (...all: NonNullable<InputParts['series']>): readonly unknown[] =>
  findings('postgres.slow-queries', { series: all }).map(({ start, found }) => [Math.round(start / 15) * 15, found.attributes['waiting']])

test('statements of half a second that hardly anybody logged before, and with which a service became slow, are why it was', () => {
  const dropped = logged((second) => (between(second, 600, 660) ? 0.6 : second === 100 ? 0.4 : null))
  assert.deepEqual(told(slow, dropped), [[600, 'service/-/catalog']])
  assert.deepEqual(told(dropped), [], 'nobody was slow')
  assert.deepEqual(
    told(
      slow,
      logged((second) => (between(second, 300, 360) ? 0.6 : null)),
    ),
    [],
    'another time',
  )
  assert.deepEqual(
    told(
      slow,
      logged(() => 0.6),
    ),
    [],
    'as always',
  )
  assert.deepEqual(
    told(
      slow,
      logged((second) => (between(second, 600, 620) ? 0.6 : null)),
    ),
    [],
    'two of them',
  )
})
