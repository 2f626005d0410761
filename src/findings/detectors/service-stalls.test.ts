/** Requests that hang leave no latency and no error: the counter of what was served stands still. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { condition, counting, findings, series } from '../../../test/timeline-builder.js'

const told = (rate: (second: number) => number, ...alerts: readonly number[]): readonly unknown[] =>
  findings('service.slow', {
    signals: alerts.map((second) =>
      condition('alert.fired', 'service/-/orders-api', second, second + 30, { alertname: 'NoRequestsServed', service: 'orders-api' }),
    ),
    series: [series('http_requests_total', { service: 'orders-api', code: '200' }, counting(rate, 5), { step: 5 })],
  }).map(({ entity, start, end, found }) => [entity, start, end, found.summary])

const still = (second: number): number => (second > 600 && second <= 650 ? 0 : 20)

test('a service that served all the time, and then nothing for a while, hung where an alert says that somebody waited', () => {
  assert.deepEqual(told(still, 620), [['service/-/orders-api', 605, 655, 'Service orders-api brought no request to an end for 50 s (usually 20 a second).']])
  assert.deepEqual(told(still), [], 'nobody says that anybody waited')
  assert.deepEqual(told(still, 2_000), [], 'an alert of another time')
})

test('one that is asked now and then, or stands still for a moment, did not hang', () => {
  assert.deepEqual(
    told((second) => (second % 60 < 10 ? 20 : 0), 620),
    [],
  )
  assert.deepEqual(
    told((second) => (second > 600 && second <= 610 ? 0 : 20), 605),
    [],
  )
})
