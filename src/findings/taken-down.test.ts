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
