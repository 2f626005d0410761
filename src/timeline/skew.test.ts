/** A clock that is off is found from facts that two inputs record, and corrected; clocks that agree are left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, signal, T0, timelineOf } from '../../test/timeline-builder.js'
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

test('how sure a correction is stands beside it, and follows from how far its facts are apart', () => {
  const timeline = read(PODS.map((name, index) => signal('pod.started', `pod/shop/${name}`, index * 40 + 180 + index))).timeline
  const unsure = timeline.clockUncertainty.get('dump/kubelet.log') ?? NaN
  assert.ok(unsure >= 2_500 && unsure <= 4_000, String(unsure))
  assert.equal(timeline.inputs.find(({ path }) => path === 'dump/kubelet.log')?.clockUncertaintyMs, unsure)
  assert.equal(timeline.clockUncertainty.has('dump/events.json'), false)
})

test('ready pods, a registered node, a restarted kubelet and started containers tell of a clock, whatever else is missing', () => {
  const events: Signal[] = [
    signal('kubelet.started', 'node/worker-1', 100),
    signal('change.node-added', 'node/worker-1', 104),
    signal('pod.started', 'pod/shop/a', 110, { container: 'web' }),
    { ...signal('pod.unready', 'pod/shop/a', 112), phase: 'end' },
  ]
  const kubelet: Signal[] = [
    signal('kubelet.started', 'node/worker-1', 300, { pid: 4711 }),
    signal('change.node-added', 'node/worker-1', 303),
    signal('container.started', 'pod/shop/a', 310),
    { ...signal('pod.unready', 'pod/shop/a', 313, { probe: 'Readiness' }), phase: 'end' },
  ]
  const timeline = timelineOf([
    input('dump/events.json', { format: 'kubernetes-events', signals: events }),
    input('dump/kubelet.log', { format: 'kubelet', signals: kubelet }),
  ])
  assert.ok(Math.abs((timeline.inputs.find(({ path }) => path === 'dump/kubelet.log')?.clockOffsetMs ?? 0) + 200_000) <= 1_500)
})

test('two or three facts are too few to move a clock', () => {
  assert.equal(read(takenUp(180, PODS.slice(0, 3))).offset, 0)
})

/** What one machine wrote: its kernel tells of a killed process, its kubelet of pods. */
const machine = (kubelet: Signal[], kernel: Signal[], events: Signal[]) => {
  const facts = [{ fact: 'input-node', node: 'node/worker-1', weight: 3 }] as const
  const timeline = timelineOf([
    input('dump/events.json', { format: 'kubernetes-events', signals: [...placed(), ...events] }),
    input('dump/worker-1/kubelet.log', { format: 'kubelet', signals: kubelet, facts }),
    input('dump/worker-1/dmesg.log', { format: 'kernel', signals: kernel, facts }),
  ])
  return timeline.inputs.find((one) => one.path.endsWith('dmesg.log'))?.clockOffsetMs ?? NaN
}
const killed = (pid: number, second: number): Signal => signal('node.oom-kill', 'node/worker-1', second, { process: 'postgres', pid })

test("a machine's kernel writes by the clock of its kubelet", () => {
  assert.ok(Math.abs(machine(takenUp(180), [killed(4711, 500)], []) + 180_500) <= 1_000)
  assert.equal(machine(takenUp(0), [killed(4711, 500)], []), 0)
})

test('a killed process has a number of its own: one is enough, another number is another process', () => {
  assert.ok(Math.abs(machine([], [killed(4711, 500)], [killed(4711, 380)]) + 120_000) <= 1_000)
  assert.equal(machine([], [killed(4711, 500)], [killed(4712, 380)]), 0)
  assert.equal(machine([], [killed(4711, 500)], [killed(4711, 503)]), 0)
})

/** The same, in stamps without a zone that are so far ahead of UTC. */
const inLocalTime = (off: number, options: { readonly also?: Signal[] } = {}) =>
  timelineOf([
    input('dump/events.json', { format: 'kubernetes-events', signals: placed() }),
    input('dump/worker-1/kubelet.log', {
      format: 'kubelet',
      signals: [
        ...PODS.map((name, index) => signal('pod.started', `pod/shop/${name}`, index * 40 + 0.5 + off, {}, { basis: 'local' })),
        ...(options.also ?? []),
      ],
      facts: [{ fact: 'input-node', node: 'node/worker-1', weight: 5 }],
    }),
    input('dump/worker-1/messages', {
      signals: [signal('log.error', 'process/worker-1/app', off, {}, { basis: 'local' })],
      facts: [{ fact: 'input-node', node: 'node/worker-1', weight: 3 }],
    }),
  ])

test('stamps without a zone are read in the zone that puts many shared facts together, with the logs beside them', () => {
  for (const [off, zone] of [
    [5.5 * 3600, '05:30'],
    [-8 * 3600, '-08:00'],
  ] as const) {
    const timeline = inLocalTime(off)
    const [, kubelet, messages] = timeline.inputs
    assert.match(kubelet?.warnings.join() ?? '', new RegExp(`read as UTC[+]?${zone}, since 6 facts`, 'u'))
    assert.match(messages?.warnings.join() ?? '', new RegExp(`read as UTC[+]?${zone}, since 6 facts .* in another log of its machine`, 'u'))
    assert.deepEqual([kubelet?.from, messages?.from], ['2026-03-04T10:00:00.500Z', '2026-03-04T10:00:00.000Z'])
  }
})

test('a clock that is off besides is corrected after the zone', () => {
  for (const [hours, zone] of [
    [9, /UTC\+09:00/u],
    [5.5, /UTC\+05:30/u],
  ] as const) {
    const [, kubelet] = inLocalTime(hours * 3600 + 180).inputs
    assert.ok(Math.abs((kubelet?.clockOffsetMs ?? 0) + 180_500) <= 1_000)
    assert.match(kubelet?.warnings.join() ?? '', zone)
  }
})

test('facts that come again every hour, and those that lie no zone apart, tell no zone', () => {
  const hourly = (basis: 'utc' | 'local', off: number): Signal[] =>
    [0, 1, 2, 3, 4, 5].flatMap((hour) => PODS.map((name, index) => signal('pod.crash-looping', `pod/shop/${name}`, hour * 3600 + index + off, {}, { basis })))
  const [, log] = timelineOf([
    input('dump/events.json', { format: 'kubernetes-events', signals: hourly('utc', 0) }),
    input('dump/kubelet.log', { format: 'kubelet', signals: hourly('local', 1) }),
  ]).inputs
  assert.match(log?.warnings.join() ?? '', /read as UTC \(/u)
  assert.match(inLocalTime(2.2 * 3600).inputs[1]?.warnings.join() ?? '', /read as UTC \(/u)
})

test('a log of the same kind that shares nothing is read in the zone of the others, one that shares something at once is not', () => {
  const kubelet = (node: string, signals: Signal[]) =>
    input(`dump/${node}/kubelet.log`, { format: 'kubelet', signals, facts: [{ fact: 'input-node', node: `node/${node}`, weight: 5 }] })
  const started = (off: number, pods: readonly string[]): Signal[] =>
    pods.map((name, index) => signal('pod.started', `pod/shop/${name}`, index * 40 + 0.5 + off, {}, { basis: 'local' }))
  const lone = signal('node.heartbeat-missed', 'node/worker-2', 9 * 3600 + 60, {}, { basis: 'local' })
  const starts = (third: Signal[]): (string | null | undefined)[] =>
    timelineOf([
      input('dump/events.json', { format: 'kubernetes-events', signals: [...placed(), signal('pod.scheduled', 'pod/shop/z', 90)] }),
      kubelet('worker-1', started(9 * 3600, PODS)),
      kubelet('worker-2', [lone]),
      kubelet('worker-3', third),
    ]).inputs.flatMap(({ path, from }) => (path.includes('worker-2') ? [from] : []))
  assert.deepEqual(starts([]), ['2026-03-04T10:01:00.000Z'])
  assert.deepEqual(starts([signal('pod.started', 'pod/shop/z', 90.5, {}, { basis: 'local' })]), ['2026-03-04T19:01:00.000Z'])
})

/** The kubelet of worker-1 by its own clock, in its log and in the events that it sends; the scheduler by the API server's. */
const ownEvents = (
  off: number,
  { takenUpAt = (index: number) => index * 40, pods = PODS }: { takenUpAt?: (index: number) => number; pods?: readonly string[] } = {},
) => {
  const facts = [{ fact: 'input-node', node: 'node/worker-1', weight: 3 }] as const
  const timeline = timelineOf([
    input('dump/events.json', {
      format: 'kubernetes-events',
      signals: [
        ...placed(),
        ...pods.map((name, index) => signal('pod.started', `pod/shop/${name}`, takenUpAt(index) + 1 + off, { container: 'web' })),
        signal('pod.unready', 'pod/shop/a', 300 + off, { probe: 'Readiness' }),
        signal('pod.evicted', 'pod/shop/b', 300, { reason: 'taint' }),
      ],
    }),
    input('dump/worker-1/kubelet.log', {
      format: 'kubelet',
      signals: pods.flatMap((name, index) => [
        signal('pod.started', `pod/shop/${name}`, takenUpAt(index) + 0.5 + off),
        signal('container.started', `pod/shop/${name}`, takenUpAt(index) + 1 + off),
      ]),
      facts,
    }),
    input('dump/worker-1/app.log', { signals: [signal('log.error', 'pod/shop/a', 300 + off)], facts }),
  ])
  const second = (kind: string): number => ((timeline.signals.find((one) => one.kind === kind)?.at ?? NaN) - T0) / 1000
  return { offset: timeline.inputs[2]?.clockOffsetMs, second, notes: timeline.inputs.flatMap(({ warnings }) => warnings).join('\n') }
}

test("the events that a kubelet sends carry its own clock: they hide no offset from the API server's, and are corrected with its machine's logs", () => {
  for (const off of [361, -200]) {
    const { offset, second, notes } = ownEvents(off)
    assert.ok(Math.abs((offset ?? 0) / 1000 + off) <= 1, String(offset))
    assert.ok(Math.abs(second('log.error') - 300) <= 1)
    assert.ok(Math.abs(second('pod.unready') - 300) <= 1)
    assert.equal(second('pod.evicted'), 300) // the control plane's own
    assert.match(notes, /what the kubelet of node\/worker-1 says in it carries that node's clock, (?:36[12] s ahead of|(?:199|200) s behind) the API server's/u)
  }
})

test('a kubelet that starts again takes all pods up at once, long after they were placed: that is no clock', () => {
  assert.equal(ownEvents(0, { takenUpAt: () => 700 }).offset, 0)
  assert.equal(ownEvents(0).offset, 0)
  assert.equal(ownEvents(361, { pods: PODS.slice(0, 3) }).offset, 0) // too few
})
