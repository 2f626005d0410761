/** A clock that is off is found from facts that two inputs record, and corrected; clocks that agree are left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, signal, timelineOf } from '../../test/timeline-builder.js'
import type { Signal } from '../model/extract.js'

const PODS = ['a', 'b', 'c', 'd', 'e', 'f']

/** The scheduler places a pod every 40 s; the kubelet takes it up half a second later, by a clock that is off by so much. */
const placed = (): Signal[] => PODS.map((name, index) => signal('pod.scheduled', `pod/shop/${name}`, index * 40, { node: 'worker-1' }))
const takenUp = (offSeconds: number, pods = PODS): Signal[] =>
  pods.map((name, index) => signal('pod.started', `pod/shop/${name}`, index * 40 + 0.5 + offSeconds))

const read = (kubelet: Signal[]) => {
  const timeline = timelineOf([
    input('dump/events.json', { format: 'kubernetes-events', signals: placed() }),
    input('dump/kubelet.log', { format: 'kubelet', signals: kubelet }),
  ])
  const mine = timeline.inputs.find((one) => one.path === 'dump/kubelet.log')
  return { offset: mine?.clockOffsetMs, notes: mine?.warnings.join('\n') ?? '', timeline }
}

test('a kubelet log three minutes ahead is put back on the clock of the API server, and the report says so', () => {
  const { offset, notes, timeline } = read(takenUp(180))
  assert.ok(Math.abs((offset ?? 0) + 180_500) <= 1_000, String(offset))
  assert.match(notes, /18[01] s ahead of the API server's, from 6 facts/u)
  const first = timeline.signals.find((one) => one.kind === 'pod.started' && one.entity === 'pod/shop/a')
  const there = timeline.signals.find((one) => one.kind === 'pod.scheduled' && one.entity === 'pod/shop/a')
  assert.ok(Math.abs((first?.at ?? 0) - (there?.at ?? 0)) < 2_000)
})

test('a clock that is behind is corrected the other way', () => {
  assert.ok((read(takenUp(-90)).offset ?? 0) > 85_000)
})

test('clocks that agree are left alone, however long single pods take', () => {
  assert.equal(read(takenUp(0)).offset, 0)
  assert.equal(read(PODS.map((name, index) => signal('pod.started', `pod/shop/${name}`, index * 40 + (index % 3) * 25))).offset, 0)
})

test('two or three facts are too few to move a clock', () => {
  assert.equal(read(takenUp(180, PODS.slice(0, 3))).offset, 0)
})
