import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signal, timeline } from '../../test/timeline-builder.js'
import type { Entity } from '../model/entity.js'
import type { Fact, Signal } from '../model/extract.js'

const web: Entity = 'pod/shop/web-7d9c5b8f6d-bbbbb'
const job: Entity = 'pod/shop/job-5bb955977f-ccccc'
const facts: readonly Fact[] = [web, job].map((pod) => ({ fact: 'pod-on-node', pod, node: 'node/a', at: null }))
const kill = (second: number): Signal => signal('pod.oom-killed', 'node/a', second, { process: 'node', limit: 'cgroup' })
const started = (pod: Entity, second: number): Signal => signal('container.started', pod, second)

const victims = (...signals: readonly Signal[]): readonly Entity[] =>
  timeline({ format: 'kubernetes-events', facts, signals })
    .signals.filter(({ kind }) => kind === 'pod.oom-killed')
    .map(({ entity }) => entity)

test('a kill at the limit is that of the one pod of its machine whose container came again after each', () => {
  assert.deepEqual(victims(kill(60), started(web, 62), kill(300), started(web, 330), started(job, 331)), [web, web])
})

test('of two pods that fit, and of none, nobody is named', () => {
  assert.deepEqual(victims(kill(60), started(web, 62), started(job, 63)), ['node/a'])
  assert.deepEqual(victims(kill(60), started(web, 600)), ['node/a'])
  assert.deepEqual(victims(kill(60), started('pod/shop/elsewhere-7d9c5b8f6d-ddddd', 62)), ['node/a'])
})
