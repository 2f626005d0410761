/** A machine's silence is its own: what others write meanwhile into the same export does not break it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../../test/read.js'

const BEGIN = Date.parse('2026-11-21T08:00:00Z')
/** A line of the journal of this machine, so many seconds after the beginning. */
const line = (host: string, second: number): string =>
  `${JSON.stringify({ __REALTIME_TIMESTAMP: `${BEGIN + second * 1000}000`, _HOSTNAME: host, SYSLOG_IDENTIFIER: 'cron', MESSAGE: 'job done' })}\n`
const journal = (host: string, seconds: readonly number[]): readonly [second: number, line: string][] => seconds.map((second) => [second, line(host, second)])
const merged = (...journals: readonly (readonly [number, string])[][]): string =>
  journals
    .flat()
    .sort(([a], [b]) => a - b)
    .map(([, text]) => text)
    .join('')
const steps = (from: number, to: number): number[] => Array.from({ length: (to - from) / 10 }, (_, index) => from + index * 10)

const silencesOf = async (text: string): Promise<unknown> =>
  (await read(text)).silences.map(({ host, from, to }) => [host, (from - BEGIN) / 1000, (to - BEGIN) / 1000])

const QUIET = [...steps(0, 100), ...steps(200, 300)]

test('of one machine a silence names nobody, as the input does; before its name was set it was the same machine', async () => {
  assert.deepEqual(await silencesOf(merged([...journal('a', QUIET)])), [[undefined, 90, 200]])
  assert.deepEqual(await silencesOf(merged([...journal('a', steps(0, 100))], [...journal('localhost', [200])], [...journal('a', steps(210, 300))])), [
    [undefined, 90, 200],
  ])
})

test('of several machines each has its own', async () => {
  assert.deepEqual(await silencesOf(merged([...journal('a', steps(0, 300))], [...journal('b', QUIET)])), [['b', 90, 200]])
})

test('of more machines than anybody merges only the first ones are kept apart', async () => {
  const many = Array.from({ length: 300 }, (_, index) => [...journal(`n${index}`, [0, 100])])
  const silences = (await read(merged(...many))).silences
  assert.equal(silences.length, 200)
  assert.ok(silences.every(({ host, to, from }) => host !== undefined && to - from === 100_000))
})
