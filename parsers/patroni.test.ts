import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { patroni } from './patroni.js'

const said = (extract: InputExtract): readonly string[] =>
  extract.signals.map(
    ({ at, kind, entity, attributes }) => `${new Date(at.ms).toISOString().slice(14, 19)} ${kind} ${entity} ${String(attributes['reason'] ?? '')}`,
  )

test('the example is a line of this format', async () => {
  const extract = await read(`${patroni.example}\n`)
  assert.equal(extract.format, 'patroni')
  assert.deepEqual(extract.signals, [])
})

test('a leader that lost its store is demoted, another member is promoted; the rounds between say nothing', async () => {
  const extract = await read(
    [
      '2026-03-02 10:00:00,123 INFO: no action. I am (pg-1), the leader with the lock',
      '2026-03-02 10:00:10,123 ERROR: Error communicating with DCS',
      '2026-03-02 10:00:10,323 INFO: demoting self because DCS is not accessible and I was a leader',
      '2026-03-02 10:00:11,423 INFO: Lock owner: None; I am pg-1',
      '2026-03-02 10:00:11,523 WARNING: Request failed to pg-2: GET http://10.0.0.2:8008/patroni (Max retries exceeded with url: /patroni)',
      '2026-03-02 10:00:12,123 INFO: Got response from pg-3 http://10.0.0.3:8008/patroni: {"state": "running"}',
      '2026-03-02 10:01:13,123 INFO: promoted self to leader by acquiring session lock',
    ].join('\n'),
  )
  assert.deepEqual(said(extract), [
    '00:10 log.error process/-/patroni timeout',
    '00:10 postgres.shutdown postgres/pg-1 DCS is not accessible and I was a leader',
    '00:11 log.warning process/-/patroni refused',
    '01:13 postgres.ready postgres/pg-1 promoted',
  ])
})

test("in one container's log Patroni's lines and Postgres' own are both understood", async () => {
  const extract = await read(
    [
      '2026-03-02 10:00:00,123 INFO: no action. I am (pg-0), the leader with the lock',
      '2026-03-02 10:00:01.123 UTC [4711] app@orders FATAL:  sorry, too many clients already',
      '2026-03-02 10:00:02,123 INFO: demoting self because i do not have the lock and i was a leader',
    ].join('\n'),
    { context: { pod: 'pod/db/pg-0' } },
  )
  const kinds = extract.signals.map(({ kind }) => kind)
  assert.ok(kinds.includes('postgres.connections-saturated') && kinds.includes('postgres.shutdown'), kinds.join())
  assert.equal(extract.skipped, 0)
})

test('a Python program that logs the same way is no Patroni', async () => {
  assert.notEqual((await read('2026-03-02 10:00:00,123 INFO: job 17 done\n2026-03-02 10:00:01,123 ERROR: job 18 failed\n')).format, 'patroni')
})

test('hostile lines are read past', async () => {
  const extract = await read(
    `${patroni.example}\n2026-03-02 10:00:00,123 INFO: ${'demoting self because '.repeat(5_000)}\n2026-03-02 10:00:00,123 INFO: I am (${'a'.repeat(70_000)}\n`,
  )
  assert.equal(extract.format, 'patroni')
})

test("a member's address is told by those that ask it; a member that is asked on this machine tells nothing", async () => {
  const { facts } = await read(
    [
      '2026-03-02 10:00:00,123 INFO: no action. I am (pg-1), the leader with the lock',
      '2026-03-02 10:00:11,523 WARNING: Request failed to pg-2: GET http://10.0.0.2:8008/patroni (Max retries exceeded with url: /patroni)',
      '2026-03-02 10:00:12,123 INFO: Got response from pg-3 https://[fd00::3]:8008/patroni: {"state": "running"}',
      '2026-03-02 10:00:22,123 INFO: Got response from pg-3 https://[fd00::3]:8008/patroni: {"state": "running"}',
      '2026-03-02 10:00:23,123 INFO: Got response from pg-4 http://127.0.0.1:8008/patroni: {"state": "running"}',
    ].join('\n'),
  )
  assert.deepEqual(facts, [
    { fact: 'runs-as', of: 'postgres/pg-2', by: 'node/10.0.0.2' },
    { fact: 'runs-as', of: 'postgres/pg-3', by: 'node/fd00::3' },
  ])
})
