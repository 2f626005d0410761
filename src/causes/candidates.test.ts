import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, timeline } from '../../test/timeline-builder.js'
import { byStart, type Found } from '../findings/finding.js'
import { linkCauses } from './link.js'
import { parseMechanisms } from './load-mechanisms.js'

const world = timeline({ format: 'kubernetes-objects', facts: [{ fact: 'node', node: 'node/mine', at: null }] })
const rule = parseMechanisms(
  `- id: a-leads-to-b
  cause: node.cpu-saturated
  effect: node.heartbeat-missed
  where: same-node
  lag: { min: 0s, typical: 5m, max: 1h, why: 'as long as the test takes' }
  holds: 0.9
  because: A leads to B in this test.
  check: Nothing, it is a test.
  reference: https://example.org/
`,
  'test.yaml',
)

test('among thousands of causes elsewhere the one on the same machine is found, however long before', () => {
  const elsewhere = Array.from({ length: 3_000 }, (_, index): Found => found('node.cpu-saturated', `node/other-${index}`, 90 + index / 10, { endSecond: 900 }))
  const mine = found('node.cpu-saturated', 'node/mine', 10, { endSecond: 900 })
  const effect = found('node.heartbeat-missed', 'node/mine', 600, {})
  const all = [...elsewhere, mine, effect].sort(byStart)
  const links = linkCauses(all, rule, world)
  assert.deepEqual(
    links.filter((link) => all[link.effect] === effect && !link.faint).map((link) => all[link.cause]?.entity),
    ['node/mine'],
  )
})

test('a load that all nodes have at once says little of why one of them failed; that a pod of it took its processors says more', () => {
  const busy = ['mine', 'b', 'c'].map((name, at) => found('node.cpu-saturated', `node/${name}`, 10 + at, { endSecond: 900 }))
  const effect = found('node.heartbeat-missed', 'node/mine', 600, {})
  const hungry = found('pod.cpu-hungry', 'pod/shop/batch-0', 5, { endSecond: 900, attributes: { node: 'mine' } })
  const cluster = timeline({ format: 'kubernetes-objects', facts: busy.map(({ entity }) => ({ fact: 'node', node: entity as `node/${string}`, at: null })) }) // made of nodes
  const confidence = (...all: readonly Found[]): number => linkCauses([...all].sort(byStart), rule, cluster).find(({ faint }) => !faint)?.confidence ?? 0
  const alone = confidence(...busy.slice(0, 1), effect)
  assert.ok(confidence(...busy, effect) < alone * 0.6)
  assert.ok(confidence(hungry, ...busy, effect) > alone * 0.7)
})

test('a node at its own quota is not weighed against machines that are merely busy', () => {
  const held = found('node.cpu-saturated', 'node/mine', 19, { endSecond: 900, slackMs: 60_000, attributes: { reason: 'quota' } })
  const busy = ['b', 'c', 'd'].map((name) => found('node.cpu-saturated', `node/${name}`, 10, { endSecond: 900 }))
  const effect = found('node.heartbeat-missed', 'node/mine', 14, {})
  const cluster = timeline({
    format: 'kubernetes-objects',
    facts: [held, ...busy].map(({ entity }) => ({ fact: 'node', node: entity as `node/${string}`, at: null })),
  }) // made of nodes
  const confidence = (...all: readonly Found[]): number => linkCauses([...all].sort(byStart), rule, cluster).find(({ faint }) => !faint)?.confidence ?? 0
  assert.equal(confidence(held, ...busy, effect), confidence(held, effect))
})
