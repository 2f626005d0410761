/** Programs that start with another version than before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, signal } from '../../../test/timeline-builder.js'
import type { Signal } from '../../model/extract.js'

const started = (program: string, second: number, version: string, what = 'starting version '): Signal =>
  signal('app.started', `process/-/${program}`, second, { app: program, version, what })
const changes = (...signals: readonly Signal[]): readonly unknown[] =>
  findings('change.deployed', { signals }).map(({ entity, start, found: { role, summary, attributes } }) => [
    entity,
    start,
    role ?? 'change',
    summary,
    attributes['undone'] ?? 'no',
  ])

test('a program that starts with another version than before was changed; with the one that it had, it went back', () => {
  assert.deepEqual(changes(started('orders', 10, '2.6.4'), started('orders', 100, '2.6.4'), started('orders', 300, '2.7.0'), started('orders', 400, '2.6.4')), [
    ['process/-/orders', 300, 'change', 'orders was changed from version 2.6.4 to 2.7.0.', 'yes'],
    ['process/-/orders', 400, 'response', 'orders went back from version 2.7.0 to 2.6.4.', 'no'],
  ])
})

test('whether a program that starts for the first time had another version before is not known, nor what serves where two start in turn', () => {
  assert.deepEqual(changes(started('orders', 300, '2.7.0'), started('billing', 310, '1.0.0')), [])
  assert.deepEqual(changes(started('orders', 300, '2.7.0'), started('orders', 301, '3.2.1', 'Starting Kafka client version ')), [])
  assert.deepEqual(changes(...Array.from({ length: 8 }, (_, index) => started('orders', index * 30, index % 2 === 0 ? '2.6.4' : '2.7.0'))), [])
})
