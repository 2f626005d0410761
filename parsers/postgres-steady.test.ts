import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DURATION, NOTHING, SOMETHING } from './postgres-bytes.js'
import { KIND } from './postgres-kernel.js'
import { steadyRecords, type Steady } from './postgres-steady.js'

const HEAD = '2026-11-21 08:28:22.058 UTC [28565] '
const STAMP_END = 27
const HOUR = Date.UTC(2026, 10, 21, 8)

/** The records gone over, as [kind, milliseconds of the hour, lines counted before], where it stopped, and what is left. */
const over = (lines: readonly string[], most = 1e6) => {
  const told: (readonly [number, number, number, string])[] = []
  let counted = 0
  const steady = steadyRecords(
    'passLines',
    (count) => {
      counted += count
    },
    (from: Buffer, { kind, ms, line, message, end }: Steady) =>
      told.push([kind, ms - HOUR, counted, from.toString('utf8', line, line + 4) && from.toString('utf8', message, end)]),
  )
  // Long enough to be worth it.
  const bytes = Buffer.from(
    `${[...lines, ...Array.from({ length: 200 }, () => `${HEAD}OTHER:  stops here, and is as long as a line has to be to be looked at`)].join('\n')}\n`,
  )
  steady.learn(Buffer.from(HEAD), 0, STAMP_END, HOUR + 28 * 60_000 + 22_058, 'utc')
  const next = steady.pass(bytes, 0, bytes.length, most, true)
  steady.end()
  return { told, counted, stopped: bytes.toString('utf8', 0, next).split('\n').length - 1 }
}

test('records are told in their order, each with the lines up to its own', () => {
  const { told, counted, stopped } = over([
    `${HEAD}LOG:  duration: 1.5 ms  statement: SELECT 1`,
    '\tFROM a',
    `2026-11-21 08:29:00.001 UTC [7] web@shop LOG:  connection received: host=10.0.0.1`,
    `${HEAD}web@shop ERROR:  deadlock detected and some more`,
    `${HEAD}web@shop DETAIL:  Process 1 waits for a lock`,
    `${HEAD}web@shop STATEMENT:  SELECT 1, and some more`,
    '\tFROM b',
    `${HEAD}LOG:  something of which nobody knows anything`,
  ])
  assert.deepEqual(told, [
    [DURATION, 28 * 60_000 + 22_058, 1, 'duration: 1.5 ms  statement: SELECT 1'],
    [NOTHING, 29 * 60_000 + 1, 3, 'connection received: host=10.0.0.1'],
    [KIND.error, 28 * 60_000 + 22_058, 4, 'deadlock detected and some more'],
    [KIND.detail, 28 * 60_000 + 22_058, 5, 'Process 1 waits for a lock'],
    [SOMETHING, 28 * 60_000 + 22_058, 8, 'something of which nobody knows anything'],
  ])
  assert.equal(counted, 8)
  assert.equal(stopped, 8)
})

test('what goes on with a record that says something is left to be read', () => {
  assert.equal(over([`${HEAD}LOG:  automatic vacuum of table "a.b.c": index scans: 1`, '\tpages: 0 removed']).stopped, 1)
})

for (const [what, line] of Object.entries({
  'another hour': '2026-11-21 09:00:00.000 UTC [28565] LOG:  connection received: host=10.0.0.1',
  'another zone': '2026-11-21 08:28:22.058 CET [28565] LOG:  connection received: host=10.0.0.1',
  'a zone that goes on': '2026-11-21 08:28:22.058 UTC1 [28565] LOG:  connection received: host=10.0.0.1',
  'a leap second': '2026-11-21 08:28:60.058 UTC [28565] LOG:  connection received: host=10.0.0.1',
  'no digits': '2026-11-21 08:2x:20.058 UTC [28565] LOG:  connection received: host=10.0.0.1',
  'no pid': '2026-11-21 08:28:22.058 UTC web@shop LOG:  connection received: host=10.0.0.1',
  'a severity before the brackets': '2026-11-21 08:28:22.058 UTC LOG:  [28565] connection received: host=10.0.0.1',
  'one blank behind the severity': '2026-11-21 08:28:22.058 UTC [28565] LOG: connection received: host=10.0.0.1, port=1',
  'a client that quotes the server': '2026-11-21 08:28:22.058 UTC [28565] msg="job failed: FATAL:  sorry, too many clients"',
  'a word that is no severity': '2026-11-21 08:28:22.058 UTC [28565] ALOG:  connection received: host=10.0.0.1',
}))
  test(`${what}: the line is read as any other`, () => {
    assert.equal(over([line]).stopped, 0)
  })

test('not more lines are gone over than may be', () => {
  const line = `${HEAD}LOG:  connection received: host=10.0.0.1 port=40000`
  assert.equal(over([line, line, line], 2).counted, 2)
})
