import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, signal } from '../../../test/timeline-builder.js'
import type { Entity } from '../../model/entity.js'
import type { Signal } from '../../model/extract.js'

const pod = (suffix: string): Entity => `pod/shop/sessions-66946f6897-${suffix}`
const there = ['bbbbb', 'ccccc'].map((suffix) => signal('container.started', pod(suffix), 10))
const deleted = (second: number, by?: string): readonly Signal[] =>
  ['bbbbb', 'ccccc'].map((suffix) => signal('pod.deleted', pod(suffix), second, by === undefined ? {} : { by }))
const created = (second: number): readonly Signal[] => [
  signal('pod.scheduled', pod('ddddd'), second, { node: 'a' }),
  signal('container.started', pod('ddddd'), second + 1),
]
const gone = (format: string, ...signals: readonly (readonly Signal[])[]): readonly unknown[] =>
  findings('workload.unavailable', { format, signals: [...there, signal('log.warning', 'cluster', 900), ...signals.flat()] }).map(({ entity, start, end }) => [
    entity,
    start,
    end,
  ])

test('a workload all of whose pods were deleted is gone until others are made; one that is scaled, replaced or not listed is not', () => {
  assert.deepEqual(gone('kubernetes-objects', deleted(300), created(386)), [['workload/shop/sessions', 300, 387]])
  assert.deepEqual(gone('kubernetes-objects', deleted(300)), [['workload/shop/sessions', 300, null]])
  assert.deepEqual(gone('kubernetes-objects', deleted(300), created(302)), [])
  assert.deepEqual(gone('kubernetes-objects', deleted(300, 'owner'), created(386)), [])
  assert.deepEqual(gone('kubernetes-objects', deleted(300).slice(1), created(386)), [])
  assert.deepEqual(gone('kubernetes-objects', deleted(300), [signal('pod.evicted', pod('ccccc'), 290)], created(386)), [])
  assert.deepEqual(gone('kubelet', deleted(300), created(386)), [])
})

test('a workload whose pods are gone and of which none is wanted was scaled to nothing', () => {
  const told = (wanted: number): readonly string[] => {
    const facts = [{ fact: 'replicas', workload: 'workload/shop/sessions', at: null, wanted, ready: 0 }] as const
    const parts = { format: 'kubernetes-objects', facts, signals: [...there, signal('log.warning', 'cluster', 900), ...deleted(300)] }
    return (['workload.unavailable', 'change.scaled'] as const).flatMap((kind) =>
      findings(kind, parts).map(({ found }) => `${kind} ${String(found.attributes['to'] ?? '')}`),
    )
  }
  assert.deepEqual([told(2), told(0)], [['workload.unavailable '], ['change.scaled 0']])
})

test('where a rollout takes the old pods first and new ones cannot be made, that is since when the workload is gone; else it is the rollout', () => {
  const step = (second: number, set: string, from: number, to: number): Signal =>
    signal('change.scaled', 'workload/shop/sessions', second, { replicaSet: set, from, to })
  const rollout = [step(300, 'sessions-66946f6897', 2, 0), step(304, 'sessions-6c8b5c8b9f', 0, 2)]
  const refused = signal('pod.unschedulable', 'workload/shop/sessions', 305, { reason: 'webhook' }, { count: 9, until: 380 })
  assert.deepEqual(gone('kubernetes-objects', deleted(300), rollout, created(386)), [])
  assert.deepEqual(
    gone('kubernetes-objects', deleted(300), rollout, [refused], created(386)).map((one) => (one as readonly unknown[])[1]),
    [305],
  )
})
