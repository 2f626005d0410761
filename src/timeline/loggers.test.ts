import assert from 'node:assert/strict'
import { test } from 'node:test'
import { series, signal, timeline } from '../../test/timeline-builder.js'
import type { Entity } from '../model/entity.js'
import type { Attributes, Labels } from '../model/extract.js'

const line = (name: string, second = 60, attributes: Attributes = { app: 'app', reason: 'postgres-unreachable' }) =>
  signal('log.error', 'process/-/app', second, attributes, {
    text: `2026-11-22 17:17:58,933 ERROR   [${name}] job failed: connection failed: Connection refused`,
  })

const told = (name: string, labels: Labels | null, ...others: readonly ReturnType<typeof signal>[]): Entity | undefined =>
  timeline({ signals: [line(name), ...others], series: labels === null ? [] : [series('app_requests_total', labels, () => 1)] }).signals.find(
    ({ kind }) => kind === 'log.error',
  )?.entity

test('what stands in brackets behind the level is the program, where a metric or a database session calls one so', () => {
  assert.equal(told('report-api', { app: 'report-api', status: 'ok' }), 'process/-/report-api')
  const session = signal('postgres.timeouts', 'postgres/main', 90, { reason: 'statement', application: 'report-api' })
  assert.equal(told('report-api', null, session), 'process/-/report-api')
})

test('a thread, and a name nobody else knows, are no programs', () => {
  assert.equal(told('main', { app: 'report-api', status: 'ok' }), 'process/-/app')
  assert.equal(told('report-api', null), 'process/-/app')
  assert.equal(told('app', { app: 'app' }), 'process/-/app')
})

test('so it is for the program that says which version of it starts', () => {
  const start = signal(
    'app.started',
    'process/-/app',
    60,
    { app: 'app', version: '2.7.0' },
    { text: '2026-11-22 17:17:58,933 INFO    [report-api] starting version 2.7.0' },
  )
  const { signals } = timeline({ signals: [start], series: [series('app_requests_total', { app: 'report-api' }, () => 1)] })
  assert.deepEqual(
    signals.map(({ entity }) => entity),
    ['process/-/report-api'],
  )
})
