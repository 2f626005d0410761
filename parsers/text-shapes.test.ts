/** What a line means that names no level, or whose clock has no seconds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'

const errors = async (content: string): Promise<string[]> =>
  (await read(content)).signals.filter(({ kind }) => kind === 'log.error').map(({ attributes, count }) => `${attributes['reason']} x${count}`)

test('in a log that knows no levels the words of the system and of drivers are errors', async () => {
  assert.deepEqual(
    await errors(`2026-11-21 08:18:01 Starting worker
2026-11-21 08:18:02 job 17 failed: dial tcp 10.0.0.9:5432: connect: connection refused
2026-11-21 08:18:03 unable to reach the cache: dial tcp 10.0.0.7:6379: i/o timeout
2026-11-21 08:18:04 request timeout is 30 s, errors are retried
`),
    ['postgres-unreachable x1', 'redis-unreachable x1'],
  )
})

test('in a log that has said of a line that it is no error, a line that says nothing is none', async () => {
  assert.deepEqual(await errors('2026-11-21 08:18:01 INFO Starting\n2026-11-21 08:18:02 peer said: connection refused, trying the next one\n'), [])
})

test('clocks without seconds are read', async () => {
  const { spans, records, skipped } = await read('2026-11-21 08:18 INFO a\n2026-11-21T08:19Z INFO b\n2026-11-21 09:20+01:00 INFO c\n2026-11-21 08:1 INFO d\n')
  assert.deepEqual(
    spans.map(({ basis, first, last }) => [basis, new Date(first).toISOString().slice(11, 16), new Date(last).toISOString().slice(11, 16)]),
    [
      ['local', '08:18', '08:18'],
      ['utc', '08:19', '08:20'],
    ],
  )
  assert.deepEqual([records, skipped], [3, 0])
})

test('a date that does not tell which number is the month is not guessed', async () => {
  const { spans, records } = await read('03/04/2026 08:18:01 ERROR a\n03/04/2026 08:18:02 ERROR b\n')
  assert.deepEqual([spans, records], [[], 2])
})
