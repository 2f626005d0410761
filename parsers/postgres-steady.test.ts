import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUTHORIZED, DISCONNECTION, DURATION, SOMETHING } from './postgres-bytes.js'
import { CHANGE, KIND } from './postgres-kernel.js'
import { statements } from './postgres-series.js'
import { steadyRecords } from './postgres-steady.js'
import { gatheringSink } from '../src/read/sink.js'

const HEAD = '2026-11-21 08:28:22.058 UTC [28565] '
const STAMP_END = 27
const HOUR = Date.UTC(2026, 10, 21, 8)

/** The records told, as [kind, milliseconds of the hour, lines counted before]; where it stopped, and what was counted. */
const over = (lines: readonly string[], most = 1e6, before: readonly string[] = []) => {
  const told: (readonly [number, number, number, string])[] = []
  const slow: string[] = []
  const changes: (readonly [number, number])[] = []
  const sink = gatheringSink()
  const counted = statements(sink)
  const steady = steadyRecords('passLines', {
    sink,
    server: { counter: (database, basis) => counted.counter(database, basis), knowsSessions: false },
    count: (count) => sink.passed(count, 0),
    tell(from, { kind, ms, line, message, end, known, renamed, took, basis }) {
      told.push([kind, ms - HOUR, sink.line, from.toString('utf8', line, line + 4) && from.toString('utf8', message, end)])
      if (kind !== DURATION) return
      const database = 'of ' + String(known)
      counted.count(ms, basis, took, database)
      if (renamed) steady.counts(known, database)
    },
    changed: ({ times, words, from, to }) => {
      for (let at = from; at < to; at += CHANGE.size) changes.push([(times[at / 8] ?? NaN) - HOUR, words[(at + CHANGE.pid) / 4] ?? 0])
    },
    slow: (bytes, from, until) => slow.push(bytes.toString('utf8', from, until)),
    held: [],
  })
  // Long enough to be worth it.
  const bytesOf = (some: readonly string[]): Buffer =>
    Buffer.from(
      `${[...some, ...Array.from({ length: 200 }, () => `${HEAD}OTHER:  stops here, and is as long as a line has to be to be looked at`)].join('\n')}\n`,
    )
  steady.learn(Buffer.from(HEAD), 0, STAMP_END, HOUR + 28 * 60_000 + 22_058, 'utc')
  // What is new is known from the next stride on.
  const first = bytesOf(before)
  if (before.length > 0) steady.pass(first, 0, first.length, 1e6, true)
  const bytes = bytesOf(lines)
  const next = steady.pass(bytes, 0, bytes.length, most, true)
  steady.end()
  counted.end()
  const { records, spans, silences, series } = sink.gathered()
  return { told, slow, changes, counted: sink.line, records, spans, silences, series, stopped: bytes.toString('utf8', 0, next).split('\n').length - 1 }
}

test('records are told in their order, each with the lines up to its own; a DETAIL is none', () => {
  const { told, counted, records, stopped, spans } = over([
    `${HEAD}LOG:  duration: 1.5 ms  statement: SELECT 1`,
    '\tFROM a',
    `2026-11-21 08:29:00.001 UTC [7] web@shop LOG:  connection received: host=10.0.0.1`,
    `${HEAD}web@shop ERROR:  deadlock detected and some more`,
    `${HEAD}web@shop DETAIL:  Process 1 waits for a lock`,
    `${HEAD}web@shop STATEMENT:  SELECT 1, and some more`,
    '\tFROM b',
    `${HEAD}LOG:  something of which nobody knows anything`,
  ])
  assert.deepEqual(
    told.filter(([kind]) => kind !== KIND.seen),
    [
      [DURATION, 28 * 60_000 + 22_058, 1, 'duration: 1.5 ms  statement: SELECT 1'],
      [KIND.error, 28 * 60_000 + 22_058, 4, 'deadlock detected and some more'],
      [KIND.detail, 28 * 60_000 + 22_058, 4, 'Process 1 waits for a lock'],
      [SOMETHING, 28 * 60_000 + 22_058, 8, 'something of which nobody knows anything'],
    ],
  )
  assert.equal(counted, 8)
  assert.equal(records, 4)
  assert.equal(stopped, 8)
  assert.deepEqual(spans, [{ basis: 'utc', first: HOUR + 28 * 60_000 + 22_058, last: HOUR + 29 * 60_000 + 1 }])
})

test('statements are counted by ten seconds; the longest that does not sleep counts', () => {
  const statement = (second: string, ms: number, text: string): string =>
    `2026-11-21 08:28:${second}.000 UTC [7] web@shop LOG:  duration: ${ms} ms  statement: ${text}`
  const { told, records, series } = over(
    [
      statement('02', 7, 'SELECT 2'),
      statement('03', 900, 'SELECT pg_sleep(1)'),
      statement('04', 800, 'SELECT'),
      '\tpg_sleep(1)',
      statement('05', 600, 'SELECT'),
      '\t1',
      statement('05', 500, 'SELECT pg_slee'),
      statement('12', 3, 'SELECT 3'),
      `2026-11-21 08:28:12.000 UTC [7] web@shop LOG:  connection received: host=10.0.0.1`,
    ],
    1e6,
    [statement('01', 5, 'SELECT 1')],
  )
  assert.deepEqual(
    told.map(([kind]) => kind),
    [DURATION],
  )
  assert.equal(records, 8)
  const bucket = HOUR + 28 * 60_000
  assert.deepEqual(
    series.map(({ name, times, values }) => [name, [...times], [...values]]),
    [
      ['faultline_postgres_statement_seconds', [bucket, bucket + 10_000], [0.6, 0.003]],
      ['faultline_postgres_statements', [bucket, bucket + 10_000], [6, 1]],
    ],
  )
})

test('a statement whose lines may go on in what comes next is not yet the longest', () => {
  const before = ['2026-11-21 08:28:01.000 UTC [7] web@shop LOG:  duration: 5 ms  statement: SELECT 1']
  const lines = ['2026-11-21 08:28:02.000 UTC [7] web@shop LOG:  duration: 900 ms  statement: SELECT', '\tFROM a']
  assert.deepEqual(over([...lines, ...before], 1e6, before).slow, [])
  const { slow: open } = over(lines, 2, before)
  assert.deepEqual(open, ['duration: 900 ms  statement: SELECT\n\tFROM a'])
})

test('a DETAIL belongs to its own record, whoever wrote in between', () => {
  const line = (pid: number, rest: string): string => `2026-11-21 08:28:01.000 UTC [${pid}] web@shop ${rest}`
  const { told } = over([
    line(7, 'ERROR:  deadlock detected and some more'),
    line(7 + 1_024, 'LOG:  connection received: host=10.0.0.1'),
    line(7 + 2_048, 'ERROR:  deadlock detected and some more'),
    line(8, 'LOG:  connection received: host=10.0.0.1'),
    line(7 + 1_024, 'LOG:  connection received: host=10.0.0.1'),
    line(8, 'DETAIL:  of a record that said nothing'),
    line(7, 'DETAIL:  Process 1 waits for a lock'),
  ])
  assert.deepEqual(
    told.map(([kind]) => kind).filter((kind) => kind !== KIND.seen),
    [KIND.error, KIND.error, KIND.detail],
  )
})

test('who comes and goes is told together, but for those who come for the first time', () => {
  const line = (second: number, pid: number, rest: string): string => `2026-11-21 08:28:0${second}.000 UTC [${pid}] ${rest}`
  const authorized = 'LOG:  connection authorized: user=web database=shop'
  const { told, changes, records } = over([
    line(1, 7, authorized),
    line(2, 8, authorized),
    line(3, 7, 'LOG:  disconnection: session time: 0:00:02.000 user=web database=shop host=10.0.0.1'),
    line(4, 8, 'ERROR:  deadlock detected and some more'),
    line(5, 8, 'LOG:  disconnection: session time: 0:00:03.000 user=web database=shop host=10.0.0.1'),
  ])
  const at = 28 * 60_000
  assert.deepEqual(changes, [
    [at + 2_000, 8],
    [at + 3_000, 7],
  ])
  assert.deepEqual(
    told.map(([kind]) => kind),
    [AUTHORIZED, KIND.error, DISCONNECTION],
  )
  assert.equal(records, 5)
})

test('a silence between two records is told', () => {
  const { silences } = over([
    `2026-11-21 08:28:00.000 UTC [7] LOG:  connection received: host=10.0.0.1 port=1`,
    `2026-11-21 08:28:01.000 UTC [7] LOG:  connection received: host=10.0.0.1 port=1`,
    `2026-11-21 08:29:01.000 UTC [7] LOG:  connection received: host=10.0.0.1 port=1`,
  ])
  const at = HOUR + 28 * 60_000
  assert.deepEqual(silences, [{ basis: 'utc', from: at + 1_000, to: at + 61_000, line: 3 }])
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
