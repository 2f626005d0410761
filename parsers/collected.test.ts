import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { collected, dateLine } from './collected.js'

test('the example is a line of this format', async () => {
  const extract = await read(`${collected.example}\n`)
  assert.equal(extract.format, 'collected')
  assert.deepEqual(extract.facts, [{ fact: 'collected', at: { ms: Date.UTC(2026, 10, 21, 12, 54, 53), basis: 'utc' } }])
})

for (const [line, expected] of [
  ['Sat Nov 21 12:54:53 UTC 2026', '2026-11-21T12:54:53'],
  ['Sat 21 Nov 2026 01:54:53 PM UTC', '2026-11-21T13:54:53'],
  ['Sat, 21 Nov 2026 12:54:53 +0200', '2026-11-21T10:54:53'],
  ['2026-11-21T12:54:53+02:00', '2026-11-21T10:54:53'],
  ['2026-11-21 12:54:53.123456789 +0000 UTC m=+0.012', '2026-11-21T12:54:53'],
  ['collected at: 2026-11-21T12:54:53Z', '2026-11-21T12:54:53'],
  ['# date: 2026-11-21 12:54:53 UTC', '2026-11-21T12:54:53'],
] as const) {
  test(`a date alone tells when a dump was collected: ${line}`, () => {
    const stamp = dateLine(line)
    assert.equal(stamp?.basis, 'utc')
    assert.equal(new Date(stamp.ms).toISOString().slice(0, 19), expected)
  })
}

test('a zone that is only an abbreviation is left to the clock', () => {
  assert.deepEqual(dateLine('Sat Nov 21 12:54:53 CET 2026'), { ms: Date.UTC(2026, 10, 21, 12, 54, 53), basis: 'zone:CET' })
})

test('a line that says more than a date is none', async () => {
  for (const line of ['2026-11-21T12:54:53Z started', 'date', 'Sat', 'time: 12', `date: ${'2'.repeat(79)}`, `${' '.repeat(70_000)}2026`])
    assert.equal(dateLine(line), null, line.slice(0, 40))
  assert.notEqual((await read('2026-11-21T12:54:53Z\n'.repeat(50))).format, 'collected')
})
