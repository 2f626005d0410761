import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact, InputExtract } from '../model/extract.js'
import { signal } from '../../test/timeline-builder.js'
import { buildTimeline, iso, type Timeline } from './timeline.js'

const HALF_PAST = Date.parse('2026-03-04T10:30:00Z')
const MINUTE = 60_000

const input = (path: string, given: Partial<InputExtract>): InputExtract => ({
  path,
  format: 'kubelet',
  wrapping: [],
  bytes: 1,
  lines: 1,
  records: 1,
  skipped: 0,
  warnings: [],
  spans: [],
  silences: [],
  yearHint: null,
  changedMs: null,
  signals: [],
  series: [],
  facts: [],
  ...given,
})

const AGE = { ms: -5 * MINUTE, basis: 'ago' } as const
/** A table with one event of five minutes' age. */
const table = (path: string, given: Partial<InputExtract> = {}): InputExtract =>
  input(path, {
    format: 'kubectl',
    spans: [{ basis: 'ago', first: AGE.ms, last: AGE.ms }],
    signals: [{ ...signal('node.not-ready', 'node/n1', 0), at: AGE, until: AGE, places: [{ line: 2, at: AGE, text: 'NodeNotReady' }] }],
    ...given,
  })
const log = (path: string, last: number): InputExtract => input(path, { spans: [{ basis: 'utc', first: last - 3_600_000, last }] })
const said = (ms: number): Fact => ({ fact: 'collected', at: { ms, basis: 'utc' } })

const build = (...extracts: readonly InputExtract[]): Timeline => buildTimeline(extracts, { zones: [], year: null, since: null, until: null })
const madeAt = (timeline: Timeline): string => iso((timeline.signals[0]?.at ?? NaN) - AGE.ms).slice(11, 19)

test('ages count back from what the table itself or the nearest file says', () => {
  assert.equal(madeAt(build(table('d/e.txt', { facts: [said(HALF_PAST)] }), input('d/date.txt', { facts: [said(HALF_PAST + MINUTE)] }))), '10:30:00')
  const near = build(table('d/after/e.txt'), input('d/after/date.txt', { facts: [said(HALF_PAST)] }), input('d/date.txt', { facts: [said(0)] }))
  assert.equal(madeAt(near), '10:30:00')
  assert.match(near.clockNotes.join(), /d\/after\/date\.txt says/u)
})

test('else from the newest time in the nearest folder that has one, not from another stage of the dump', () => {
  const timeline = build(table('d/before/e.txt'), log('d/before/kubelet.log', HALF_PAST), log('d/after/kubelet.log', HALF_PAST + 40 * MINUTE))
  assert.equal(madeAt(timeline), '10:30:00')
  assert.match(timeline.clockNotes.join(), /newest time nearby/u)
})

test("the file's own date makes it sharper where it fits, and is all there is where nothing else tells", () => {
  assert.equal(madeAt(build(table('d/e.txt', { changedMs: HALF_PAST + 3 * MINUTE }), log('d/kubelet.log', HALF_PAST))), '10:33:00')
  assert.equal(madeAt(build(table('d/e.txt', { changedMs: HALF_PAST + 9 * 86_400_000 }), log('d/kubelet.log', HALF_PAST))), '10:30:00')
  assert.equal(madeAt(build(table('d/e.txt', { changedMs: HALF_PAST }))), '10:30:00')
})

test("the time in the file's own name is when it was made, whatever was written before or after; in which zone must be told or show itself", () => {
  const later = log('d/kubelet.log', HALF_PAST + 7 * MINUTE)
  const of = (name: string, ...others: readonly InputExtract[]): string => madeAt(build(table(name), ...others))
  assert.equal(of('d/events_2026-03-04T10-30-00Z.txt', later), '10:30:00')
  assert.equal(of('d/events-20260304T113000+0100.txt', later), '10:30:00')
  assert.equal(of('d/events.txt', later), '10:37:00')
  assert.equal(madeAt(build(table('d/e_2026-03-04T10-30-00Z.txt', { facts: [said(HALF_PAST - MINUTE)] }), later)), '10:29:00')
  // Without a zone: near the rest as it is, or whole hours beside it; else it is not believed.
  assert.equal(of('d/events_20260304_103000.txt', later), '10:30:00')
  assert.equal(of('d/events_20260304_123000.txt', later), '10:30:00')
  assert.match(build(table('d/events_20260304_123000.txt'), later).clockNotes.join(), /as its name says, in the zone that fits the newest time nearby/u)
  assert.equal(of('d/events_20260304_160000.txt', later), '10:37:00')
  assert.equal(madeAt(build(table('d/e_20260304_103000.txt', { changedMs: HALF_PAST }), log('d/kubelet.log', HALF_PAST - 50 * MINUTE))), '10:30:00')
  assert.equal(of('d/events_20260304_103000.txt'), '10:30:00')
})

test('a table whose times cannot be told is missing evidence', () => {
  const timeline = build(table('d/e.txt'))
  assert.deepEqual(timeline.signals, [])
  assert.deepEqual(
    timeline.missing.map(({ what }) => what),
    ['the times of d/e.txt'],
  )
})

test('what another input tells with a time is not told again by age', () => {
  const precise = { ...log('d/kubelet.log', HALF_PAST), signals: [signal('node.not-ready', 'node/n1', 26 * 60)] }
  assert.equal(build(table('d/e.txt', { facts: [said(HALF_PAST)] }), precise).signals.length, 1)
  const other = { ...precise, signals: [signal('node.not-ready', 'node/n2', 26 * 60)] }
  assert.equal(build(table('d/e.txt', { facts: [said(HALF_PAST)] }), other).signals.length, 2)
})

test('a condition that came back within minutes came twice, where ages tell both to the second', () => {
  const ready = (minutes: number) => {
    const age = { ms: -minutes * MINUTE, basis: 'ago' } as const
    return { ...signal('node.not-ready', 'node/n1', 0, {}, { phase: 'end' }), at: age, until: age, places: [{ line: 2, at: age, text: 'NodeReady' }] }
  }
  const precise = { ...log('d/kubelet.log', HALF_PAST), signals: [signal('node.not-ready', 'node/n1', 29.6 * 60, {}, { phase: 'end' })] }
  const ends = (...minutes: readonly number[]): readonly string[] =>
    build(table('d/e.txt', { facts: [said(HALF_PAST)], signals: minutes.map(ready) }), precise).signals.map(({ at }) => iso(at).slice(11, 19))
  assert.deepEqual(ends(2, 0.5), ['10:28:00', '10:29:36'])
  assert.deepEqual(ends(12, 0.5), ['10:18:00', '10:29:36'])
})

test('a table whose making was guessed is moved to where what it shares with others lies; one that says when it was made is not', () => {
  const precise = { ...log('d/kubelet.log', HALF_PAST), signals: [signal('node.not-ready', 'node/n1', 25 * 60 + 40)] }
  const ages = [AGE, { ms: -2 * MINUTE, basis: 'ago' as const }]
  const signals = ages.map((stamp, index) => ({
    ...signal('node.not-ready', `node/n${index + 1}`, 0),
    at: stamp,
    until: stamp,
    places: [{ line: index + 2, at: stamp, text: 'NodeNotReady' }],
  }))
  const guessed = build(table('d/e.txt', { signals }), precise)
  // The log ends at 10:30:00; the table tells by '5m' what happened at 10:25:40, so it was made at 10:30:40.
  assert.deepEqual(
    guessed.signals.map(({ entity, at }) => [entity, iso(at).slice(11, 19)]),
    [
      ['node/n1', '10:25:40'],
      ['node/n2', '10:28:40'],
    ],
  )
  assert.match(guessed.inputs.find(({ path }) => path === 'd/e.txt')?.warnings.join() ?? '', /moved by 40 s/u)
  const told = build(table('d/e.txt', { signals, facts: [said(HALF_PAST)] }), precise)
  assert.equal(iso(told.signals.at(-1)?.at ?? 0).slice(11, 19), '10:28:00')
})

test("of a table's ages and a log of the same minutes, another ReplicaSet's step is another change", () => {
  const scaled = (replicaSet: string, to: number): Pick<InputExtract, 'signals'>['signals'][number] =>
    signal('change.scaled', 'workload/shop/web', 0, { replicaSet, to })
  const ago = (one: ReturnType<typeof scaled>): ReturnType<typeof scaled> => ({ ...one, at: AGE, until: AGE })
  const first = { ms: HALF_PAST + AGE.ms - 4_000, basis: 'utc' } as const
  const kcm = input('d/kcm.log', {
    spans: [{ basis: 'utc', first: HALF_PAST - 3_600_000, last: HALF_PAST }],
    signals: [{ ...scaled('web-1', 0), at: first, until: first }],
  })
  const told = build(table('d/e.txt', { facts: [said(HALF_PAST)], signals: [ago(scaled('web-1', 0)), ago(scaled('web-2', 1))] }), kcm)
  assert.deepEqual(
    told.signals.map(({ attributes, input: by }) => `${String(attributes['replicaSet'])} ${by}`),
    ['web-1 d/kcm.log', 'web-2 d/e.txt'],
  )
})
