import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, HOUR, signal } from '../../test/timeline-builder.js'
import type { Fact, Signal } from '../model/extract.js'
import { roleOf } from '../model/vocabulary.js'

const facts: readonly Fact[] = [{ fact: 'pod-owner', pod: 'pod/shop/export-1', workload: 'workload/shop/export' }]
const day: readonly Signal[] = [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', HOUR)]
const scaled = (from: number, to: number): Signal => signal('change.scaled', 'workload/shop/export', 900, { replicaSet: 'export-6cc4ff75d7', from, to })
const killed = (second: number): Signal => signal('pod.oom-killed', 'pod/shop/export-1', second)
const roles = (...signals: readonly Signal[]): readonly string[] =>
  findings('change.scaled', { facts, signals: [...day, ...signals] }).map(({ found }) => roleOf(found))

test('whoever scales a workload to nothing after its pods were in trouble answers to that', () => {
  assert.deepEqual(roles(killed(600), scaled(1, 0)), ['response'])
})

test('before any trouble, or to a smaller number, it is a change like any other', () => {
  assert.deepEqual(roles(scaled(1, 0), killed(1_000)), ['change'])
  assert.deepEqual(roles(killed(600), scaled(3, 1)), ['change'])
  assert.deepEqual(roles(scaled(1, 0)), ['change'])
})

test('so does whoever rolls out something else in the place of what does not start, and nobody who rolls out twice in a minute', () => {
  const pods: readonly Fact[] = [
    { fact: 'pod-owner', pod: 'pod/shop/search-757978f94-cjvd5', workload: 'workload/shop/search' },
    { fact: 'pod-owner', pod: 'pod/shop/search-84f7cd9596-x2x2x', workload: 'workload/shop/search' },
  ]
  const step = (second: number, set: string, from: number, to: number): Signal =>
    signal('change.scaled', 'workload/shop/search', second, { replicaSet: `search-${set}`, from, to })
  const steps = [
    [600, '84f7cd9596', 2, 1],
    [600, '757978f94', 0, 1],
    [665, '757978f94', 1, 0],
    [665, '84c8c86785', 0, 1],
    [681, '84f7cd9596', 1, 0],
    [681, '84c8c86785', 1, 2],
  ] as const
  const told = (...signals: readonly Signal[]): readonly string[] =>
    findings('change.deployed', { facts: pods, signals: [...day, ...steps.map(([second, set, from, to]) => step(second, set, from, to)), ...signals] }).map(
      ({ found }) => `${roleOf(found)} ${found.summary}`,
    )
  assert.deepEqual(told(signal('pod.image-pull-failed', 'pod/shop/search-757978f94-cjvd5', 610)), [
    'change A rollout of workload shop/search started.',
    'response A rollout of workload shop/search started.',
  ])
  assert.deepEqual(told(), ['change A rollout of workload shop/search started.', 'change A rollout of workload shop/search started.'])
})

test('a DaemonSet whose pods crash again and again is rolled out once more: that is the answer to it', () => {
  const [old, bad, good] = ['agent-bbbbb', 'agent-ccccc', 'agent-ddddd'].map((name) => `pod/kube-system/${name}` as const)
  assert.ok(old !== undefined && bad !== undefined && good !== undefined)
  const pods: readonly Fact[] = [old, bad, good].map((pod) => ({ fact: 'pod-owner', pod, workload: 'workload/kube-system/agent' }))
  const away = (pod: typeof old, second: number): Signal => signal('pod.deleted', pod, second, { by: 'owner', of: 'DaemonSet' })
  const made = (pod: typeof old, second: number): Signal => signal('pod.scheduled', pod, second, { node: 'a' })
  const steps = [made(old, 10), away(old, 600), made(bad, 601), away(bad, 675), made(good, 676)]
  const told = (...signals: readonly Signal[]): readonly string[] =>
    findings('change.deployed', { facts: pods, signals: [...day, ...steps, ...signals] }).map(({ start, found }) => `${start} ${roleOf(found)}`)
  assert.deepEqual(told(signal('pod.crash-looping', bad, 610, {}, { count: 4, until: 670 })), ['600 change', '675 response'])
  assert.deepEqual(told(), ['600 change', '675 change'])
})
