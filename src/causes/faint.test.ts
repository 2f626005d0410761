/** Impacts of which only the rule and the time are known: told with an incident that has a cause, said to be faint, and never a reason for one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, timeline } from '../../test/timeline-builder.js'
import { byStart, type Found } from '../findings/finding.js'
import type { Fact } from '../model/extract.js'
import { tellIncidents, type CausalIncident } from './incidents.js'
import { linkCauses } from './link.js'
import { loadMechanisms } from './load-mechanisms.js'

const mechanisms = loadMechanisms([])
const facts: readonly Fact[] = [
  ...(['a', 'b', 'c'] as const).map((name): Fact => ({ fact: 'node', node: `node/${name}`, at: null })),
  { fact: 'alias', of: 'node/b', name: '10.0.0.2', at: null },
  { fact: 'pod-on-node', pod: 'pod/shop/cart-7d9c5b8f6d-x2x4z', node: 'node/b', at: null },
]
const incidents = (...all: readonly Found[]): readonly (CausalIncident & { readonly told: readonly string[] })[] => {
  const sorted = [...all].sort(byStart)
  const world = timeline({ format: 'kubernetes-objects', facts })
  const name = (at: number): string => `${sorted[at]?.kind ?? ''} ${sorted[at]?.entity ?? ''}`
  return tellIncidents(sorted, linkCauses(sorted, mechanisms, world), world).map((one) => ({
    ...one,
    told: one.links.map(({ cause, effect }) => `${name(cause)} → ${name(effect)}`),
  }))
}

const lost = [found('node.kernel-panic', 'node/a', 100, { endSecond: 700 }), found('node.not-ready', 'node/a', 145, { endSecond: 720 })]
/** A proxy's own log: what stands behind it is not known. */
const errors = (start: number): Found => found('service.errors', 'service/-/nginx', start, { endSecond: start + 300 })

test('an impact that begins with a lost node, and of whose place nothing is known, is told with it at no more than even odds', () => {
  const [one, ...more] = incidents(...lost, errors(150))
  assert.equal(more.length, 0)
  const link = one?.links.find(({ faint }) => faint)
  assert.ok(link !== undefined && link.confidence <= 0.5)
  assert.ok(one?.told.some((words) => words.endsWith('service.errors service/-/nginx')))
})

test('long before or long after it is nobody’s, and so is one whose place is known to be elsewhere', () => {
  for (const start of [20, 4000]) assert.ok(incidents(...lost, errors(start)).every(({ told }) => told.every((words) => !words.includes('nginx'))))
  const elsewhere = found('loadbalancer.backends-down', 'loadbalancer/lb', 150, {
    endSecond: 400,
    attributes: { backend: '10.0.0.2:30080', reason: 'timeout' },
  })
  assert.ok(incidents(...lost, elsewhere).every(({ told }) => told.every((words) => !words.includes('loadbalancer'))))
})

test('a balancer that names the lost machine as its backend was surely hurt by it', () => {
  const down = found('node.network-lost', 'node/b', 100, { endSecond: 700 })
  const backends = found('loadbalancer.backends-down', 'loadbalancer/lb', 110, { endSecond: 400, attributes: { backend: '10.0.0.2:30080', reason: 'timeout' } })
  const [one] = incidents(down, backends)
  assert.ok(one?.links.some(({ faint, confidence }) => !faint && confidence > 0.6))
})

test('no incident is made of faint links alone: an error and a busy machine are two things', () => {
  assert.equal(incidents(found('node.cpu-saturated', 'node/a', 100, { endSecond: 700 }), errors(150)).length, 0)
  const planned = [found('action.drain', 'node/a', 100, { endSecond: 160 }), found('node.not-ready', 'node/a', 170, { endSecond: 300 })]
  assert.equal(incidents(...planned, errors(180)).length, 0)
})

test('a pod is no client of its own workload', () => {
  const loops = found('pod.crash-looping', 'pod/shop/cart-7d9c5b8f6d-x2x4z', 100, { endSecond: 700 })
  const [one] = incidents(loops, found('workload.unavailable', 'workload/shop/cart', 100, { endSecond: 700 }))
  assert.deepEqual(one?.told, ['pod.crash-looping pod/shop/cart-7d9c5b8f6d-x2x4z → workload.unavailable workload/shop/cart'])
})

test('what was over long before, and what a server logs of the statements of others, ask for no cause', () => {
  const busy = found('node.cpu-saturated', 'node/c', 0, { endSecond: 60 })
  assert.ok(incidents(...lost, busy, errors(400)).every(({ told }) => told.every((words) => !words.startsWith('node.cpu-saturated'))))
  const ofServer = found('app.errors', 'postgres/main', 152, { endSecond: 400 })
  assert.ok(incidents(...lost, errors(150), ofServer).every(({ told }) => told.every((words) => !words.endsWith('app.errors postgres/main'))))
})
