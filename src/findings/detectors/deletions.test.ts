import assert from 'node:assert/strict'
import { test } from 'node:test'
import { condition, findings, signal } from '../../../test/timeline-builder.js'
import type { Entity } from '../../model/entity.js'
import type { Fact, Signal } from '../../model/extract.js'

const [old, next]: readonly [Entity, Entity] = ['pod/shop/web-7d9c5b8f6d-bbbbb', 'pod/shop/web-7d9c5b8f6d-ccccc']
const on = (pod: Entity): Fact => ({ fact: 'pod-on-node', pod, node: 'node/a', at: null })
const placed = (pod: Entity, second: number): Signal => signal('pod.scheduled', pod, second, { node: 'a' })
const deleted = (...signals: readonly Signal[]): readonly string[] =>
  findings('action.pod-deleted', { facts: [on(old), on('pod/shop/cart-6c5d8b7f9d-zzzzz')], signals }).map(({ entity, start }) => `${entity} ${start}`)

test('a pod whose own ReplicaSet replaces it at once was deleted by somebody', () => {
  assert.deepEqual(deleted(signal('pod.killed', old, 300), placed(next, 301)), [`${old} 300`])
  assert.deepEqual(deleted(signal('pod.deleted', old, 300), placed(next, 300)), [`${old} 300`])
  // A rollout beside it takes pods of another workload, and puts those of another ReplicaSet in their place.
  assert.deepEqual(
    deleted(
      signal('pod.killed', 'pod/shop/cart-6c5d8b7f9d-zzzzz', 280),
      placed('pod/shop/cart-5b8f6c7d9f-xxxxx', 270),
      signal('pod.killed', old, 300),
      placed(next, 301),
    ),
    [`${old} 300`],
  )
})

test('a pod that a rollout, a scaling, a probe, an eviction or its node takes was deleted by nobody', () => {
  const killed = signal('pod.killed', old, 300)
  assert.deepEqual(deleted(killed), [])
  assert.deepEqual(deleted(killed, placed(next, 400)), [])
  assert.deepEqual(deleted(killed, placed('pod/shop/web-5b8f6c7d9f-ccccc', 301)), [])
  assert.deepEqual(deleted(signal('pod.killed', old, 300, { reason: 'liveness' }), placed(next, 301)), [])
  assert.deepEqual(deleted(signal('change.scaled', 'workload/shop/web', 295, { from: 1, to: 2 }), killed, placed(next, 301)), [])
  assert.deepEqual(deleted(signal('pod.evicted', old, 300), killed, placed(next, 301)), [])
  assert.deepEqual(deleted(...condition('action.cordon', 'node/a', 290, 400), killed, placed(next, 301)), [])
  assert.deepEqual(deleted(...condition('node.not-ready', 'node/a', 100, 290), killed, placed(next, 301)), [])
  const other: Entity = 'pod/shop/cart-6c5d8b7f9d-zzzzz'
  assert.deepEqual(deleted(killed, placed(next, 301), signal('pod.killed', other, 310), placed('pod/shop/cart-6c5d8b7f9d-xxxxx', 311)), [])
})
