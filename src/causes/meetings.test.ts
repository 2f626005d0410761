import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, timeline } from '../../test/timeline-builder.js'
import { byStart, type Found } from '../findings/finding.js'
import type { Fact } from '../model/extract.js'
import { tellIncidents } from './incidents.js'
import { linkCauses } from './link.js'
import { loadMechanisms } from './load-mechanisms.js'

const mechanisms = loadMechanisms([])
const [fresh, old, other] = ['pod/shop/pay-978577dbc-sfvqk', 'pod/shop/pay-d9b9bcc9c-c29kj', 'pod/shop/cart-6996b649d5-r2vsf'] as const
const facts: readonly Fact[] = [
  { fact: 'node', node: 'node/a', at: null },
  { fact: 'pod-on-node', pod: fresh, node: 'node/b', at: null },
  { fact: 'pod-on-node', pod: old, node: 'node/a', at: null },
  { fact: 'pod-on-node', pod: other, node: 'node/a', at: null },
]
const incidents = (...all: readonly Found[]): readonly string[] => {
  const sorted = [...all].sort(byStart)
  const world = timeline({ format: 'kubernetes-objects', facts })
  return tellIncidents(sorted, linkCauses(sorted, mechanisms, world), world)
    .map(({ roots: [first] }) => sorted[first?.finding ?? -1]?.kind ?? '')
    .sort()
}

const rollout = [
  found('change.deployed', 'workload/shop/pay', 100, { attributes: { replicaSet: 'pay-978577dbc', undone: 'yes' } }),
  found('pod.image-pull-failed', fresh, 101, { endSecond: 190, attributes: { reason: 'not-found' } }),
]
const degraded = found('workload.degraded', 'workload/shop/pay', 101, { endSecond: 190 })
const lostNode = [
  found('node.not-ready', 'node/a', 160, { endSecond: 175, attributes: { reason: 'NodeStatusUnknown' } }),
  found('pod.unready', old, 160, { endSecond: 175, attributes: { reason: 'node-not-ready' } }),
]
const neighbour = [
  found('pod.unready', other, 160, { endSecond: 175, attributes: { reason: 'node-not-ready' } }),
  found('workload.unavailable', 'workload/shop/cart', 160, { endSecond: 175 }),
]
const gone = found('workload.unavailable', 'workload/shop/pay', 161, { endSecond: 175 })

test('a bad rollout and a lost node that only meet in a workload without a pod are two incidents', () => {
  assert.deepEqual(incidents(...rollout, degraded, ...lostNode, ...neighbour, gone), ['change.deployed', 'node.not-ready'])
})

test('where all that either of them did is that, it is one', () => {
  assert.equal(incidents(...rollout, ...lostNode, gone).length, 1)
})
