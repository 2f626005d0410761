import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signal } from '../model/extract.js'
import { pod } from '../model/entity.js'
import { burstKey, bursts, type Bursts, type Occurrence } from './bursts.js'

const MOST = 200
const say = (to: Bursts, kind: Signal['kind'], name: string, ms: number, phase: Signal['phase'] = 'point'): void => {
  const at = { ms, basis: 'utc' } as const
  const occurrence: Occurrence = { kind, entity: pod('shop', name), phase, at, until: at, count: 1, attributes: {}, burst: '', line: 1, text: name }
  to.add(occurrence, burstKey(occurrence))
}
const entities = (signals: readonly Signal[]): ReadonlySet<string> => new Set(signals.map(({ entity }) => entity))

test('occurrences of the same half a minute apart are one burst, with its first places and its last', () => {
  const to = bursts(MOST)
  for (let at = 0; at < 10; at++) say(to, 'pod.unready', 'web', at * 30_000)
  say(to, 'pod.unready', 'web', 9 * 30_000 + 30_001)
  assert.deepEqual(
    to.take().map(({ count, places }) => [count, places.map((place) => place.at.ms / 30_000)]),
    [
      [10, [0, 1, 2, 9]],
      [1, [9 + 30_001 / 30_000]],
    ],
  )
})

test('however much is distinct, so much is kept and no more: the first of it, what was said most, and all that other kinds say', () => {
  const to = bursts(MOST)
  say(to, 'node.oom-kill', 'rare', 0)
  for (let at = 0; at < 20 * MOST; at++) {
    say(to, 'log.error', `job-${at}`, at * 1000)
    if (at % 10 === 0) say(to, 'log.error', 'steady', at * 1000)
  }
  const signals = to.take()
  const kept = entities(signals)
  assert.ok(signals.length <= MOST)
  for (const name of ['rare', 'job-0', 'steady']) assert.ok(kept.has(pod('shop', name)), name)
  const said = signals.reduce((sum, { count }) => sum + count, 0)
  assert.deepEqual(to.leftOut(), [`too much is distinct to keep it all: ${1 + 22 * MOST - said} signals of log.error were left out, of what was said least`])
})

test('repeats that are many are folded over longer gaps, and nothing is left out', () => {
  const to = bursts(MOST)
  for (let at = 0; at < 10 * MOST; at++) say(to, 'pod.unready', `web-${at % 3}`, at * 20_000)
  assert.deepEqual(to.leftOut(), [])
  const signals = to.take()
  assert.equal(
    signals.reduce((sum, { count }) => sum + count, 0),
    10 * MOST,
  )
  assert.ok(signals.length > 0 && signals.length <= MOST)
})

test('the beginnings and ends of one condition stay or go together', () => {
  const to = bursts(MOST)
  for (let at = 0; at < 10 * MOST; at++) {
    say(to, 'node.not-ready', `n${at}`, at * 1000, 'begin')
    say(to, 'node.not-ready', `n${at}`, at * 1000 + 500, 'end')
  }
  const phases = new Map<string, string[]>()
  for (const { entity, phase } of to.take()) phases.set(entity, [...(phases.get(entity) ?? []), phase])
  // The last one may have lost its beginning between the two lines.
  const halves = [...phases.values()].filter((both) => both.length !== 2)
  assert.ok(halves.length <= 1 && phases.size > MOST / 8)
})

test('one condition that begins and ends without end stays bounded too', () => {
  const to = bursts(MOST)
  for (let at = 0; at < 20 * MOST; at++) say(to, 'node.not-ready', 'flapping', at * 60_000, at % 2 === 0 ? 'begin' : 'end')
  const { length } = to.take()
  assert.ok(length <= MOST && length > MOST / 4)
})
