/** What clients quote of a server whose log is not at hand, and the lock that was there for just as long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, HOUR, series, signal, type InputParts } from '../../../test/timeline-builder.js'
import type { Signal } from '../../model/extract.js'

const day = [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', HOUR)]
const quote = 'request failed: canceling statement due to statement timeout'
const errors = (from: number, to: number, text = quote): readonly Signal[] =>
  Array.from({ length: to - from }, (_, index) => signal('log.error', 'process/-/checkout-api', from + index, { reason: 'postgres-timeout' }, { text }))
const locks = (from: number, to: number, usual = 0) =>
  series('pg_locks_count', { mode: 'accessexclusivelock', datname: 'shop' }, (second) => (second >= from && second < to ? 1 : usual), { step: 5 })
const told = (kind: 'postgres.timeouts' | 'postgres.lock-pileup', parts: InputParts) =>
  findings(kind, parts).map(({ entity, start, end }) => [entity, start, end])

test('statements that a server cut off are known from the clients that quote it, where it does not say so itself', () => {
  assert.deepEqual(told('postgres.timeouts', { signals: [...day, ...errors(604, 650)] }), [['postgres/main', 604, 649]])
  assert.deepEqual(told('postgres.timeouts', { signals: [...day, ...errors(604, 650, 'request failed: timeout')] }), [])
  const own = Array.from({ length: 40 }, (_, index) => signal('postgres.timeouts', 'postgres/db-1', 604 + index, { reason: 'statement' }))
  assert.deepEqual(
    told('postgres.timeouts', { signals: [...day, ...own, ...errors(604, 650)] }).map(([entity]) => entity),
    ['postgres/db-1'],
  )
})

test('a lock that shuts out all others from shortly before statements were cut off until they no longer were is what they waited for', () => {
  const queue = (from: number, to: number, usual = 0) =>
    told('postgres.lock-pileup', { signals: [...day, ...errors(604, 650)], series: [locks(from, to, usual)] })
  assert.deepEqual(queue(600, 655), [['postgres/main', 600, 655]])
  assert.deepEqual(queue(600, 900), [])
  assert.deepEqual(queue(400, 655), [])
  assert.deepEqual(queue(620, 655), [])
  assert.deepEqual(queue(600, 655, 1), [])
  assert.deepEqual(told('postgres.lock-pileup', { signals: day, series: [locks(600, 655)] }), [])
})
