import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, signal, timeline } from '../../test/timeline-builder.js'
import type { Attributes } from '../model/extract.js'
import { tellKills } from './kills.js'

test('a container that died as its node ran out of memory is not said to have reached a limit of its own', () => {
  const over = timeline({
    facts: [
      { fact: 'pod-on-node', pod: 'pod/shop/cart-1', node: 'node/worker-3', at: null },
      { fact: 'pod-on-node', pod: 'pod/shop/cart-2', node: 'node/worker-1', at: null },
    ],
  })
  const killed = (pod: string, second: number, attributes: Attributes = {}): string =>
    tellKills(
      [
        found('node.oom-kill', 'node/worker-3', 60),
        { ...found('pod.oom-killed', `pod/shop/${pod}`, second, { attributes }), summary: `A container of pod shop/${pod} was killed at its memory limit.` },
      ],
      over,
    )[1]?.summary ?? ''
  assert.match(killed('cart-1', 61), /was killed as node worker-3 had no memory left\.$/u)
  assert.match(killed('cart-1', 200), /at its memory limit/u)
  assert.match(killed('cart-2', 61), /at its memory limit/u)
  assert.match(killed('cart-1', 61, { cgroup: '/kubepods/burstable/pod1' }), /at its memory limit/u)
})

test('a status remembers the last kill only: a container that was restarted before may have been killed from the first back-off on', () => {
  const pod = 'pod/shop/cart-1'
  const slack = (restarts: number, ...signals: readonly ReturnType<typeof signal>[]): number =>
    tellKills(
      [found('pod.crash-looping', pod, 58), found('pod.oom-killed', pod, 76, { attributes: { container: 'cart', restarts } })],
      timeline({ signals }),
    )[1]?.slackMs ?? NaN
  assert.ok(slack(3) >= 18_000)
  assert.equal(slack(1), 0)
  assert.equal(slack(3, signal('container.exited', pod, 57, { container: 'cart', reason: 'Error' })), 0)
  assert.ok(slack(3, signal('container.exited', pod, 57, { container: 'sidecar', reason: 'Error' })) > 0)
})
