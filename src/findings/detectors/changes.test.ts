/** Rollouts, scalings, and what takes them back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, findings, HOUR, MINUTE, signal, type InputParts } from '../../../test/timeline-builder.js'
import type { Entity } from '../../model/entity.js'
import type { Fact, Signal } from '../../model/extract.js'
import { roleOf } from '../../model/vocabulary.js'

const WEB: Entity = 'workload/shop/web'

const none = (kind: Parameters<typeof findings>[0], parts: InputParts): void =>
  assert.deepEqual(
    findings(kind, parts).map(({ entity }) => entity),
    [],
  )
const told = (parts: InputParts): readonly string[] =>
  (['change.deployed', 'change.scaled'] as const)
    .flatMap((kind) => findings(kind, parts))
    .sort((a, b) => a.start - b.start)
    .map(({ start, found }) => `${start} ${roleOf(found)}: ${found.summary}`)

const scaled = (second: number, set: string, from: number, to: number): Signal => signal('change.scaled', WEB, second, { replicaSet: set, from, to })
/** Something before and after, so that the data reach over the whole hour. */
const day: readonly Signal[] = [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', HOUR)]

test('a new ReplicaSet that grows from nothing is one rollout, with all of its steps', () => {
  const signals = [...day, scaled(600, 'web-new', 0, 1), scaled(610, 'web-old', 3, 2), scaled(611, 'web-new', 1, 2), scaled(620, 'web-old', 2, 1)]
  assert.deepEqual(
    findings('change.deployed', { signals }).map(({ entity, start }) => [entity, start]),
    [[WEB, 600]],
  )
  none('change.scaled', { signals })
})

test('the old pods that wait for the new ones to be ready go last, however late that is', () => {
  const signals = [...day, scaled(600, 'web-new', 0, 3), scaled(608, 'web-old', 6, 4), scaled(620, 'web-new', 3, 6), scaled(1940, 'web-old', 4, 0)]
  assert.deepEqual(told({ signals }), ['600 change: A rollout of workload shop/web started.'])
  // An old version that is gone all at once, when nothing new has come for long, was taken away.
  assert.equal(told({ signals: [...day, scaled(600, 'web-new', 0, 3), scaled(1940, 'web-old', 6, 0)] }).length, 2)
})

test('the same ReplicaSet with other numbers is scaling, not a rollout', () => {
  const signals = [...day, scaled(600, 'web-old', 3, 5)]
  assert.deepEqual(
    findings('change.scaled', { signals }).map(({ entity, start }) => [entity, start]),
    [[WEB, 600]],
  )
  none('change.deployed', { signals })
})

test('an object that was created long before the data begins is no change', () =>
  none('change.deployed', {
    signals: [...day, signal('change.deployed', WEB, -30 * 24 * HOUR)],
    spans: [{ basis: 'utc', first: at(0).ms, last: at(HOUR).ms }],
  }))

test('a ReplicaSet that grows from some and takes nothing from another one is scaled, wherever the data begin', () => {
  assert.deepEqual(told({ signals: [...day, scaled(600, 'web-old', 1, 9), scaled(1800, 'web-old', 9, 1)] }), [
    '600 change: Workload shop/web was scaled from 1 to 9 replicas.',
    '1800 response: Workload shop/web was scaled back from 9 to 1 replica.',
  ])
})

test('a rollout that is seen from its second step on is one all the same, and a scaling right after it is none', () => {
  const steps = [scaled(600, 'web-new', 1, 2), scaled(601, 'web-old', 2, 1), scaled(640, 'web-new', 2, 3), scaled(641, 'web-old', 1, 0)]
  assert.deepEqual(told({ signals: [...day, ...steps, scaled(800, 'web-new', 3, 6)] }), [
    '600 change: A rollout of workload shop/web started.',
    '800 change: Workload shop/web was scaled from 3 to 6 replicas.',
  ])
})

test('a rollout and the way back are two changes, and the way back answers to something', () => {
  const there = [scaled(600, 'web-new', 0, 1), scaled(610, 'web-old', 2, 1), scaled(620, 'web-new', 1, 2), scaled(630, 'web-old', 1, 0)]
  const back = [scaled(780, 'web-old', 0, 1), scaled(790, 'web-new', 2, 1), scaled(800, 'web-old', 1, 2), scaled(810, 'web-new', 1, 0)]
  assert.deepEqual(told({ signals: [...day, ...there, ...back] }), [
    '600 change: A rollout of workload shop/web started.',
    '780 response: Workload shop/web was rolled back to its earlier ReplicaSet web-old.',
  ])
  // Before the rollout was through.
  const soon = [scaled(625, 'web-new', 1, 0), scaled(625, 'web-old', 1, 2)]
  assert.deepEqual(told({ signals: [...day, ...there.slice(0, 2), ...soon] }), [
    '600 change: A rollout of workload shop/web started.',
    '625 response: Workload shop/web was rolled back to its earlier ReplicaSet web-old.',
  ])
})

test('what is taken back is what came since, not every change before', () => {
  const rollout = (second: number, from: string, to: string): readonly Signal[] => [scaled(second, to, 0, 2), scaled(second + 5, from, 2, 0)]
  const signals = [...day, ...rollout(300, 'web-old', 'web-a'), ...rollout(600, 'web-a', 'web-b'), ...rollout(900, 'web-b', 'web-a')]
  assert.deepEqual(
    findings('change.deployed', { signals }).map(({ start, found: { attributes } }) => [start, attributes['undone'] ?? '', attributes['back'] ?? '']),
    [
      [300, '', ''],
      [600, 'yes', ''],
      [900, '', 'yes'],
    ],
  )
  // It gave way at 600; how it came back after 300 nobody told.
  const told600 = [...day, signal('change.deployed', WEB, 300, { replicaSet: 'web-c' }), ...rollout(600, 'web-a', 'web-b'), ...rollout(900, 'web-b', 'web-a')]
  assert.deepEqual(
    findings('change.deployed', { signals: told600 }).map(({ start, found: { attributes } }) => [start, attributes['undone'] ?? '']),
    [
      [300, ''],
      [600, 'yes'],
      [900, ''],
    ],
  )
})

test('with the strategy Recreate the old ReplicaSet is down first, and that is the rollout', () =>
  assert.deepEqual(told({ signals: [...day, scaled(600, 'web-old', 3, 0), scaled(640, 'web-new', 0, 3)] }), [
    '600 change: A rollout of workload shop/web started.',
  ]))

test('where nobody tells from how many, the autoscaler or a pod that was there tell that it was some', () => {
  const grown = signal('change.scaled', WEB, 600, { replicaSet: 'web-7d9c5b8f6d', to: 10 })
  const asked = signal('change.scaled', WEB, 599, { reason: 'hpa', to: 10 })
  const old = signal('pod.scheduled', 'pod/shop/web-7d9c5b8f6d-bbbbb', 100, { node: 'a' })
  assert.deepEqual(told({ signals: [...day, grown] }), ['600 change: A rollout of workload shop/web started.'])
  assert.deepEqual(told({ signals: [...day, asked, grown] }), ['599 change: Workload shop/web was scaled to 10 replicas.'])
  assert.deepEqual(told({ signals: [...day, old, grown] }), ['600 change: Workload shop/web was scaled to 10 replicas.'])
})

test('an autoscaler that needs fewer again takes nothing back', () => {
  const hpa = (second: number, to: number): Signal => signal('change.scaled', WEB, second, { reason: 'hpa', to })
  assert.deepEqual(told({ signals: [...day, hpa(600, 5), scaled(601, 'web-old', 3, 5), hpa(1800, 3), scaled(1801, 'web-old', 5, 3)] }), [
    '600 change: Workload shop/web was scaled from 3 to 5 replicas.',
    '1800 change: Workload shop/web was scaled from 5 to 3 replicas.',
  ])
})

test('objects without ReplicaSets: another image within minutes is another rollout', () => {
  const image = (second: number, name: string): Signal => signal('change.deployed', WEB, second, { image: name })
  assert.equal(told({ signals: [...day, image(600, 'web:2'), image(602, 'web:2'), image(2 * MINUTE + 600, 'web:3')] }).length, 2)
})

test('a number of replicas that was set twice, as one event of two times tells, was set then and then, and is no rollout', () => {
  const twice = (second: number, until: number, from: number, to: number): Signal =>
    signal('change.scaled', WEB, second, { replicaSet: 'web-old', from, to }, { count: 2, until })
  assert.deepEqual(told({ signals: [...day, scaled(600, 'web-old', 0, 1), twice(656, 788, 1, 0), twice(722, 858, 0, 1)] }), [
    '600 change: A rollout of workload shop/web started.',
    '656 change: Workload shop/web was scaled from 1 to 0 replicas.',
    '722 response: Workload shop/web was scaled back from 0 to 1 replica.',
    '788 change: Workload shop/web was scaled from 1 to 0 replicas.',
    '858 response: Workload shop/web was scaled back from 0 to 1 replica.',
  ])
})

test('an object that was created is no first step of what its ReplicaSets do minutes later', () => {
  const created = signal('change.deployed', WEB, 600, { image: 'web:1' })
  const first = '600 change: A rollout of workload shop/web started.'
  assert.deepEqual(told({ signals: [...day, created, scaled(686, 'web-old', 2, 6)] }), [
    first,
    '686 change: Workload shop/web was scaled from 2 to 6 replicas.',
  ])
  const rollout = [scaled(676, 'web-old', 3, 2), scaled(676, 'web-new', 0, 1)]
  assert.deepEqual(told({ signals: [...day, created, ...rollout] }), [first, '676 change: A rollout of workload shop/web started.'])
  // What had pods by then is what it brought.
  assert.deepEqual(
    findings('change.deployed', { signals: [...day, created, ...rollout] }).map(({ found: { attributes } }) => attributes['replicaSet']),
    ['web-old', 'web-new'],
  )
  assert.deepEqual(told({ signals: [...day, created, scaled(600, 'web-old', 0, 3)] }), [first])
})

test('the only ReplicaSet that gets more pods minutes after it was made is scaled', () =>
  assert.deepEqual(told({ signals: [...day, scaled(600, 'web-old', 0, 2), scaled(643, 'web-old', 2, 3)] }), [
    '600 change: A rollout of workload shop/web started.',
    '643 change: Workload shop/web was scaled from 2 to 3 replicas.',
  ]))

const pod = (set: string, suffix: string): Entity => `pod/shop/${set}-${suffix}`
const [old, fresh] = ['web-7d9c5b8f6d', 'web-5bb955977f']
const placed = (name: Entity, second: number): Signal => signal('pod.scheduled', name, second, { node: 'a' })
const deleted = (name: Entity, second: number): Signal => signal('pod.deleted', name, second, { by: 'owner' })

test('a rollout of which the Deployment says nothing shows in what its ReplicaSets make and take away', () => {
  const before = ['bbbbb', 'ccccc', 'ddddd'].map((suffix) => signal('container.started', pod(old, suffix), 100))
  const rollout = [deleted(pod(old, 'bbbbb'), 600), placed(pod(fresh, 'fffff'), 601), placed(pod(fresh, 'ggggg'), 601)]
  const back = [deleted(pod(fresh, 'fffff'), 700), deleted(pod(fresh, 'ggggg'), 700), scaled(700, old, 2, 3)]
  assert.deepEqual(told({ signals: [...day, ...before, ...rollout] }), ['600 change: A rollout of workload shop/web started.'])
  assert.deepEqual(told({ signals: [...day, ...before, ...rollout, ...back] }), [
    '600 change: A rollout of workload shop/web started.',
    `700 response: Workload shop/web was rolled back to its earlier ReplicaSet ${old}.`,
  ])
  // Pods that come while nobody takes any away are none, and what the Deployment says itself is said once.
  none('change.deployed', { signals: [...day, ...before, placed(pod(fresh, 'fffff'), 601)] })
  assert.deepEqual(told({ signals: [...day, ...before, scaled(599, fresh, 0, 2), scaled(600, old, 3, 2), ...rollout] }), [
    '599 change: A rollout of workload shop/web started.',
  ])
})

test('what a rollout brought and is taken away while the pods before it go on is rolled back; the only ReplicaSet is scaled', () => {
  const there = signal('container.started', pod(old, 'bbbbb'), 100)
  const changes = [...day, scaled(600, fresh, 0, 1), scaled(700, fresh, 1, 0)]
  assert.deepEqual(told({ signals: [...changes, there, placed(pod(fresh, 'fffff'), 600)] }), [
    '600 change: A rollout of workload shop/web started.',
    '700 response: Workload shop/web was rolled back: what the rollout had brought was taken away.',
  ])
  assert.deepEqual(told({ signals: [...changes, placed(pod(fresh, 'fffff'), 600)] }), [
    '600 change: A rollout of workload shop/web started.',
    '700 change: Workload shop/web was scaled from 1 to 0 replicas.',
  ])
})

/** A pod of a StatefulSet or a DaemonSet is taken away, and another is put in its place. */
const replaced = (of: 'StatefulSet' | 'DaemonSet', second: number, pod: string, by = pod): readonly Signal[] => [
  signal('pod.deleted', `pod/shop/${pod}`, second, { by: 'owner', of }),
  signal('pod.scheduled', `pod/shop/${by}`, second + 2, { node: 'a' }),
]
const onNodes = (...pods: readonly string[]): readonly Fact[] =>
  pods.flatMap((name): Fact[] => [
    { fact: 'pod-owner', pod: `pod/shop/${name}`, workload: 'workload/shop/db' },
    { fact: 'pod-on-node', pod: `pod/shop/${name}`, node: 'node/a', at: null },
  ])

test('a StatefulSet whose pods are made anew one after the other is rolled out; the next time is another rollout', () => {
  const first = [...replaced('StatefulSet', 600, 'db-1'), ...replaced('StatefulSet', 640, 'db-0')]
  const facts = onNodes('db-0', 'db-1')
  assert.deepEqual(told({ facts, signals: [...day, ...first, ...replaced('StatefulSet', 700, 'db-1')] }), [
    '600 change: A rollout of workload shop/db started.',
    '700 change: A rollout of workload shop/db started.',
  ])
  assert.deepEqual(
    findings('change.deployed', { facts, signals: [...day, ...first] }).map(({ start, end }) => [start, end]),
    [[600, 642]],
  )
})

test("a DaemonSet's pods that a rollout brought are taken away by the next; its revision tells whether that was the way back", () => {
  const facts = onNodes('agent-aaaaa', 'agent-bbbbb', 'agent-ccccc')
  const signals = [...day, ...replaced('DaemonSet', 600, 'agent-aaaaa', 'agent-bbbbb'), ...replaced('DaemonSet', 700, 'agent-bbbbb', 'agent-ccccc')]
  const revision = (undone: Readonly<Record<string, string>>): Signal => signal('change.deployed', 'workload/shop/db', 600, { revision: 'agent-2', ...undone })
  assert.deepEqual(told({ facts, signals: [...signals, revision({ undone: 'yes' })] }), [
    '600 change: A rollout of workload shop/db started.',
    '700 response: Workload shop/db was rolled back.',
  ])
  assert.deepEqual(told({ facts, signals: [...signals, revision({})] }), [
    '600 change: A rollout of workload shop/db started.',
    '700 change: A rollout of workload shop/db started.',
  ])
})

test('what had failed, what nobody replaces, and what a ReplicaSet takes away are no rollout of a StatefulSet', () => {
  const facts = onNodes('db-0')
  const [taken] = replaced('StatefulSet', 600, 'db-0')
  none('change.deployed', {
    facts,
    signals: [...day, signal('pod.evicted', 'pod/shop/db-0', 590, { reason: 'memory' }), ...replaced('StatefulSet', 600, 'db-0')],
  })
  none('change.deployed', { facts, signals: [...day, taken as Signal] })
  none('change.deployed', {
    facts,
    signals: [...day, signal('pod.deleted', 'pod/shop/db-0', 600, { by: 'owner' }), signal('pod.scheduled', 'pod/shop/db-0', 602)],
  })
})

test('what is scaled to twice as much asks for twice as much; a few more, and what an autoscaler makes of it, do not', () => {
  const grew = (...signals: readonly Signal[]): unknown =>
    findings('change.scaled', { signals: [...day, ...signals] }).map(({ found }) => found.attributes['grew'])
  assert.deepEqual(grew(scaled(600, 'web-old', 1, 6)), ['twice'])
  assert.deepEqual(grew(scaled(600, 'web-old', 4, 6)), [undefined])
  assert.deepEqual(grew(signal('change.scaled', WEB, 599, { reason: 'hpa', to: 6 }), scaled(600, 'web-old', 1, 6)), [undefined])
})

test('a ReplicaSet that somebody asked for before its first pod could be made was rolled out then, and not scaled when the pod came', () => {
  const pods = [signal('pod.deleted', 'pod/shop/web-6747bcfb9b-7dgmn', 600), signal('pod.scheduled', 'pod/shop/web-6c8b5c8b9f-kmzgd', 690, { node: 'a' })]
  const signals = [...day, scaled(600, 'web-6747bcfb9b', 1, 0), scaled(604, 'web-6c8b5c8b9f', 0, 1), ...pods]
  assert.deepEqual(told({ signals }), ['600 change: A rollout of workload shop/web started.'])
  // Where nobody tells of the new one, its pod does.
  const untold = [...day, scaled(600, 'web-6747bcfb9b', 1, 0), signal('pod.scheduled', 'pod/shop/web-6c8b5c8b9f-kmzgd', 605, { node: 'a' })]
  assert.deepEqual(told({ signals: untold }), ['600 change: A rollout of workload shop/web started.'])
})
