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
  const elsewhere = Array.from({ length: 3_000 }, (_, index): Found => found('node.cpu-saturated', `node/other-${index}`, 60 + index / 10, { endSecond: 900 }))
  const mine = found('node.cpu-saturated', 'node/mine', 10, { endSecond: 900 })
  const effect = found('node.heartbeat-missed', 'node/mine', 600, {})
  const all = [...elsewhere, mine, effect].sort(byStart)
  const links = linkCauses(all, rule, world)
  assert.deepEqual(
    links.filter((link) => all[link.effect] === effect && !link.faint).map((link) => all[link.cause]?.entity),
    ['node/mine'],
  )
})
