/** What the post-mortem says where no incident is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, timeline } from '../../test/timeline-builder.js'
import { explain } from '../causes/explain.js'
import { byStart, type Found } from '../findings/finding.js'
import { describe } from './describe.js'

const observed = (...findings: readonly Found[]): readonly string[] => {
  const over = timeline({ facts: [{ fact: 'pod-on-node', pod: 'pod/shop/web-1', node: 'node/a', at: null }] })
  const sorted = findings.toSorted(byStart)
  const options = { version: '0', command: '', unreadable: [] }
  return describe(explain(over, sorted, []), sorted, over, options).observed.map((line) => line.replace(/^.* UTC: | \(dump.*$/gu, ''))
}

test('where no incident is told, nodes that were not heard and pods that had to go are listed beside what people felt', () => {
  const evicted = ['web-1', 'cart-1', 'till-1'].map((name) => found('pod.evicted', `pod/shop/${name}`, 400, { attributes: { reason: 'taint' } }))
  const lines = observed(found('node.heartbeat-missed', 'node/a', 100, { dose: 149 }), ...evicted, found('app.errors', 'process/-/web', 110))
  assert.deepEqual(lines, ['app.errors of process/-/web', 'node.heartbeat-missed of node/a', 'pod.evicted of pod/shop/cart-1 2 more like it are seen.'])
})

test('a heartbeat or two, a drained node and whom it moves are no trouble', () => {
  assert.deepEqual(observed(found('node.heartbeat-missed', 'node/a', 100, { dose: 2 })), [])
  const drained = [found('action.drain', 'node/a', 50), found('node.not-ready', 'node/a', 100, { endSecond: 200 })]
  assert.deepEqual(observed(...drained, found('pod.evicted', 'pod/shop/web-1', 60, { attributes: { reason: 'taint' } })), [])
  assert.deepEqual(observed(found('pod.evicted', 'pod/shop/web-1', 60, { attributes: { reason: 'drain' } })), [])
})
