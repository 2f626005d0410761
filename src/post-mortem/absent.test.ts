import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident, Input } from '../model/analysis.js'
import type { TimedSeries } from '../timeline/timed.js'
import type { Timeline } from '../timeline/timeline.js'
import { absentFor, emptyFiles } from './absent.js'

const at = (clock: string): string => `2026-03-04T${clock}.000Z`
const ms = (clock: string): number => Date.parse(at(clock))

const input = (path: string, format: string, from: string | null, to: string | null): Input => ({
  path,
  format,
  wrapping: [],
  bytes: 1,
  lines: 1,
  records: 1,
  skipped: 0,
  from: from === null ? null : at(from),
  to: to === null ? null : at(to),
  clockOffsetMs: 0,
  warnings: [],
})

const series = (times: readonly number[]): TimedSeries => ({
  name: 'up',
  labels: {},
  input: 'prom.json',
  line: null,
  times: Float64Array.from(times),
  values: Float64Array.from(times, () => 1),
})

type Given = Partial<Pick<Timeline, 'inputs' | 'signals' | 'series' | 'keptFrom'>>

/** What is told to be absent of an incident from 10:00 to 10:40. */
const absent = (given: Given): readonly string[] => {
  const incident = { start: at('10:00:00'), end: at('10:40:00') } as Incident // nothing else of it is looked at
  const timeline = { inputs: [], signals: [], series: [], keptFrom: [], from: ms('09:00:00'), to: ms('11:00:00'), ...given } as unknown as Timeline // likewise
  const told: string[] = []
  absentFor(incident, timeline, (what) => void told.push(what))
  emptyFiles(timeline, (what) => void told.push(what))
  return told
}

test('a log that begins in the middle of an incident has lost its first hours', () => {
  assert.deepEqual(absent({ inputs: [input('n1/kubelet.log', 'kubelet', '10:12:00', '10:40:00')] }), [
    'n1/kubelet.log begins at 10:12:00 UTC, after the incident (10:00:00)',
  ])
})

test('a log that an older file of its set goes before, that covers the incident, or whose program started then, has not', () => {
  const later = input('n1/kubelet.log', 'kubelet', '10:12:00', '10:40:00')
  assert.deepEqual(absent({ inputs: [later, input('n1/kubelet.log.1', 'kubelet', '08:00:00', '10:12:00')] }), [])
  assert.deepEqual(absent({ inputs: [input('n1/kubelet.log', 'kubelet', '09:00:00', '10:40:00')] }), [])
  assert.deepEqual(absent({ inputs: [input('n1/kubelet.log', 'kubelet', '10:50:00', '10:59:00')] }), [])
  const started = { kind: 'kubelet.started', input: later.path, at: ms('10:12:01') } as Timeline['signals'][number] // as above
  assert.deepEqual(absent({ inputs: [later], signals: [started] }), [])
})

test('events that had expired when they were listed are missed, unless something else has them', () => {
  const keptFrom = [{ input: 'events.json', at: ms('10:15:00') }]
  const list = input('events.json', 'kubernetes-events', '10:15:00', '11:10:00')
  assert.match(absent({ inputs: [list], keptFrom })[0] ?? '', /Events from before 10:15:00/u)
  assert.deepEqual(absent({ inputs: [list, input('exporter.log', 'kubernetes-events', '08:00:00', '11:00:00')], keptFrom }), [])
  assert.deepEqual(absent({ inputs: [list], keptFrom: [{ input: 'events.json', at: ms('09:58:00') }] }), [])
})

test('a time without any sample is a hole in the metrics; one target that is gone is none', () => {
  const every15 = (from: string, to: string): number[] => Array.from({ length: (ms(to) - ms(from)) / 15_000 }, (_, index) => ms(from) + index * 15_000)
  const [before, after] = [every15('09:30:00', '10:05:00'), every15('10:20:00', '11:00:00')]
  assert.deepEqual(absent({ series: [series([...before, ...after])] }), ['No metrics at all from 10:05:00 to 10:20:00 UTC'])
  assert.deepEqual(absent({ series: [series([...before, ...after]), series(every15('09:30:00', '11:00:00'))] }), [])
})

test('a file without a byte is missing what it should hold', () => {
  assert.deepEqual(absent({ inputs: [input('n2/kubelet.log', 'empty', null, null)] }), ['n2/kubelet.log is empty'])
})
