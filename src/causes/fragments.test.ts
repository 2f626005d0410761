/** Parts of an incident that no link joins: told together by time and place, and never as a cause. */
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
  { fact: 'node', node: 'node/a', at: null },
  { fact: 'node', node: 'node/b', at: null },
  { fact: 'pod-on-node', pod: 'pod/shop/web-7d9c5b8f6d-x2x4z', node: 'node/a', at: null },
  { fact: 'pod-on-node', pod: 'pod/shop/cart-7d9c5b8f6d-x2x4z', node: 'node/b', at: null },
  { fact: 'pod-on-node', pod: 'pod/shop/desk-7d9c5b8f6d-x2x4z', node: 'node/a', at: null },
]
const incidents = (...all: readonly Found[]): readonly (CausalIncident & { kinds: readonly string[] })[] => {
  const sorted = [...all].sort(byStart)
  const world = timeline({ format: 'kubernetes-objects', facts })
  return tellIncidents(sorted, linkCauses(sorted, mechanisms, world), world).map((one) => ({
    ...one,
    kinds: one.findings.map((at) => `${sorted[at]?.kind ?? ''} ${sorted[at]?.entity ?? ''}`),
  }))
}
/** A node that crashed and takes its time to come back. */
const lost = [
  found('node.kernel-panic', 'node/a', 100, { endSecond: 700 }),
  found('node.not-ready', 'node/a', 145, { endSecond: 720, attributes: { reason: 'NodeStatusUnknown' } }),
]
/** A pod that was unready and left its workload short, for a reason that no line tells. */
const unready = (name: string, start: number): readonly Found[] => [
  found('pod.unready', `pod/shop/${name}-7d9c5b8f6d-x2x4z`, start, { endSecond: start + 300, attributes: { reason: 'status' } }),
  found('workload.degraded', `workload/shop/${name}`, start, { endSecond: start + 300 }),
]

test('a symptom on a machine that is in trouble belongs to that incident, is listed as unexplained, and causes nothing', () => {
  const [one, ...more] = incidents(...lost, ...unready('web', 60))
  assert.equal(more.length, 0)
  assert.ok(one)
  assert.ok(one.kinds.includes('workload.degraded workload/shop/web'))
  assert.equal(one.unexplained.length, 1)
  assert.equal(
    one.roots[0]?.finding,
    one.findings.find((at) => one.kinds[one.findings.indexOf(at)] === 'node.kernel-panic node/a'),
  )
  for (const at of one.unexplained) assert.ok(!one.roots.some((root) => root.finding === at))
})

test('the same symptom on another machine, or long after, is an incident of its own', () => {
  assert.equal(incidents(...lost, ...unready('cart', 60)).length, 2)
  assert.equal(incidents(...lost, ...unready('web', 4000)).length, 2)
})

test('an impact that nothing is linked to is told with what went wrong in its place, and is no incident alone', () => {
  const errors = (pod: string, start: number): Found =>
    found('app.errors', `pod/shop/${pod}-7d9c5b8f6d-x2x4z`, start, {
      endSecond: start + 200,
      attributes: { reason: 'timeout' },
      evidence: [{ input: `dump/${pod}.log`, line: 7, time: '', text: 'timed out' }],
    })
  const [one, ...more] = incidents(...lost, errors('web', 60))
  assert.equal(more.length, 0)
  assert.ok(one)
  assert.ok(one.kinds.includes('app.errors pod/shop/web-7d9c5b8f6d-x2x4z'))
  assert.equal(one.unexplained.length, 1)
  // On another machine it is not joined, nor an incident of its own.
  assert.deepEqual(
    incidents(...lost, errors('cart', 60)).map(({ kinds }) => kinds.some((kind) => kind.startsWith('app.errors'))),
    [false],
  )
  assert.deepEqual(incidents(errors('web', 160)), [])
})

test('an outage of minutes is told however unsure its cause is; one of seconds, or a shortage, is not told of a mere likelihood', () => {
  const gone = found('node.not-ready', 'node/a', 100, { endSecond: 700 })
  const out = (kind: 'workload.unavailable' | 'workload.degraded', seconds: number): Found =>
    found(kind, 'workload/shop/api', 100, { endSecond: 100 + seconds })
  const [told] = incidents(gone, out('workload.unavailable', 360))
  assert.deepEqual(told?.kinds, ['node.not-ready node/a', 'workload.unavailable workload/shop/api'])
  assert.ok((told.roots[0]?.confidence ?? 1) < 0.75, 'and how unsure is said')
  assert.deepEqual(incidents(gone, out('workload.unavailable', 60)), [])
  assert.deepEqual(incidents(gone, out('workload.degraded', 360)), [])
})

test('machines that fall ill in the same moment are one incident', () => {
  const silent = (node: string, start: number): readonly Found[] => [
    found('node.heartbeat-missed', `node/${node}`, start, { endSecond: start + 600, dose: 9, attributes: { reason: 'silent' } }),
    found('node.not-ready', `node/${node}`, start + 40, { endSecond: start + 600 }),
  ]
  assert.equal(incidents(...silent('a', 100), ...silent('b', 103)).length, 1)
  assert.equal(incidents(...silent('a', 100), ...silent('b', 400)).length, 2)
})

test('what somebody does while an incident goes on is an answer to it; what they do on a quiet day is not', () => {
  const restart = [
    found('action.node-restarted', 'node/b', 400, { endSecond: 405 }),
    found('node.not-ready', 'node/b', 440, { endSecond: 2000, attributes: { reason: 'NodeStatusUnknown' } }),
    found('workload.unavailable', 'workload/shop/cart', 441, { endSecond: 2000 }),
  ]
  const impact = found('workload.unavailable', 'workload/shop/web', 146, { endSecond: 1500 })
  assert.equal(incidents(...lost, impact, ...restart).length, 1)
  assert.equal(incidents(...restart).length, 1)
})

test('a machine that falls ill again while its pods are not well yet is the same incident; one whose pods had recovered is another', () => {
  const again = (start: number): readonly Found[] => [
    found('node.heartbeat-missed', 'node/a', start, { endSecond: start + 300, dose: 9, attributes: { reason: 'timeout' } }),
    found('node.not-ready', 'node/a', start + 40, { endSecond: start + 300 }),
  ]
  const ailing = (end: number): readonly Found[] => [
    found('pod.unready', 'pod/shop/web-7d9c5b8f6d-x2x4z', 150, { endSecond: end, attributes: { reason: 'node-not-ready' } }),
    found('workload.degraded', 'workload/shop/web', 150, { endSecond: end }),
  ]
  assert.equal(incidents(...lost, ...ailing(3000), ...again(2000)).length, 1)
  assert.equal(incidents(...lost, ...ailing(900), ...again(2000)).length, 2)
})

test('names that one client cannot resolve in the minute in which a balancer loses its backends are part of that; hours before, they are not', () => {
  const names = (start: number): readonly Found[] => [
    found('network.dns-failure', 'pod/shop/cart-7d9c5b8f6d-x2x4z', start, { endSecond: start + 27 }),
    found('app.errors', 'pod/shop/cart-7d9c5b8f6d-x2x4z', start, { endSecond: start + 27, attributes: { reason: 'dns' } }),
  ]
  const balancer = [
    found('loadbalancer.backends-down', 'loadbalancer/lb', 500, { endSecond: 900 }),
    found('service.unreachable', 'service/-/https://shop.example', 520, { endSecond: 900 }),
  ]
  assert.equal(incidents(...names(450), ...balancer).length, 1)
  assert.equal(incidents(...names(450), ...balancer.map((one) => ({ ...one, start: one.start + 7_200_000, end: (one.end ?? 0) + 7_200_000 }))).length, 2)
})

test('what was felt well before a busy minute and well after it is an incident of its own', () => {
  const desk = 'pod/shop/desk-7d9c5b8f6d-x2x4z'
  const busy = [
    found('node.cpu-saturated', 'node/a', 100, { endSecond: 160 }),
    found('pod.unready', desk, 110, { endSecond: 170, attributes: { reason: 'timeout' } }),
    found('workload.unavailable', 'workload/shop/desk', 110, { endSecond: 170 }),
  ]
  const errors = (end: number): readonly Found[] => [
    found('pod.unready', 'pod/shop/web-7d9c5b8f6d-x2x4z', 40, { endSecond: end, attributes: { reason: 'status' } }),
    found('workload.unavailable', 'workload/shop/web', 40, { endSecond: end }),
  ]
  assert.equal(incidents(...busy, ...errors(180)).length, 1)
  assert.equal(incidents(...busy, ...errors(340)).length, 2)
})

test('the same fault on the same machine again, within minutes, is the same incident; later, or elsewhere, it is another', () => {
  const exhausted = (node: 'a' | 'b', start: number): readonly Found[] => [
    found('node.memory-exhausted', `node/${node}`, start, { endSecond: start + 400 }),
    found('node.oom-kill', `node/${node}`, start + 60, { endSecond: start + 390, attributes: { process: 'worker' } }),
    found('node.not-ready', `node/${node}`, start + 50, { endSecond: start + 420, attributes: { reason: 'NodeStatusUnknown' } }),
  ]
  const [one, ...more] = incidents(...exhausted('a', 100), ...exhausted('a', 1000))
  assert.equal(more.length, 0)
  assert.deepEqual(one?.unexplained, [])
  assert.equal(one.roots.length > 0 && one.findings.length, 6)
  assert.equal(incidents(...exhausted('a', 100), ...exhausted('a', 1300)).length, 2)
  assert.equal(incidents(...exhausted('a', 100), ...exhausted('b', 1000)).length, 2)
})

test('programs to which a server says the same from one moment on have one trouble; to which it says another thing, or later, two', () => {
  const failing = (name: string, start: number, reason: string, why?: string): readonly Found[] => [
    found('app.errors', `process/-/${name}`, start, { endSecond: start + 40, attributes: { reason, ...(why === undefined ? {} : { why }) } }),
    found('service.errors', `service/-/${name}`, start + 2, { endSecond: start + 50, attributes: { reason, failed: 'most' } }),
  ]
  const told = (...all: readonly (readonly Found[])[]): number => incidents(...all.flat()).length
  assert.equal(told(failing('checkout-api', 100, 'postgres-login'), failing('orders-worker', 101, 'postgres-login')), 1)
  assert.equal(told(failing('checkout-api', 100, 'postgres-login'), failing('orders-worker', 101, 'redis-unreachable')), 2)
  assert.equal(told(failing('checkout-api', 100, 'postgres-login'), failing('orders-worker', 900, 'postgres-login')), 2)
  assert.equal(told(failing('checkout-api', 100, 'schema'), failing('orders-worker', 101, 'schema')), 2)
  // A reason without a server's name: the words tell whether it is one.
  const words = 'no partition of relation "events" found for row'
  assert.equal(told(failing('checkout-api', 100, 'schema', words), failing('orders-worker', 101, 'schema', words)), 1)
  assert.equal(told(failing('checkout-api', 100, 'schema', words), failing('orders-worker', 101, 'schema', words.replace('events', 'orders'))), 2)
})

test('a change that explains a pod of an incident is not told as the root of what a machine did to all the others', () => {
  const pods = ['web', 'desk', 'till', 'search'].map((name): Found => found('pod.unready', `pod/shop/${name}-7d9c5b8f6d-x2x4z`, 505, { endSecond: 800 }))
  const cart = found('pod.unready', 'pod/shop/cart-7d9c5b8f6d-x2x4z', 500, { endSecond: 900 })
  const world = timeline({
    format: 'kubernetes-objects',
    facts: [
      { fact: 'node', node: 'node/a', at: null },
      ...[...pods, cart].map(({ entity }): Fact => ({ fact: 'pod-on-node', pod: entity, node: 'node/a', at: null })),
    ],
  })
  const sorted = [
    found('change.deployed', 'workload/shop/cart', 470),
    cart,
    found('workload.degraded', 'workload/shop/cart', 500, { endSecond: 900 }),
    found('node.not-ready', 'node/a', 504, { endSecond: 800, attributes: { reason: 'NodeStatusUnknown' } }),
    ...pods,
    ...['web', 'desk', 'till', 'search'].map((name) => found('workload.unavailable', `workload/shop/${name}`, 505, { endSecond: 800 })),
  ].toSorted(byStart)
  const told = tellIncidents(sorted, linkCauses(sorted, mechanisms, world), world)
  const firsts = told.map(({ roots }) => sorted[roots[0]?.finding ?? -1]?.kind)
  assert.equal(firsts[0], 'node.not-ready', JSON.stringify(firsts))
})

test('what a program says in other words after a pause is no part of what was over by then', () => {
  const failing = (start: number, attributes: Found['attributes'], name = 'orders-worker'): readonly Found[] => [
    found('app.errors', `process/-/${name}`, start, { endSecond: start + 30, attributes }),
    found('service.errors', `service/-/${name}`, start + 4, { endSecond: start + 36, attributes: { failed: 'most', ...attributes } }),
  ]
  const first = [
    found('postgres.timeouts', 'postgres/main', 99, { endSecond: 130, attributes: { reason: 'statement' } }),
    ...failing(100, { reason: 'postgres-timeout' }),
  ]
  assert.equal(incidents(...first, ...failing(190, { reason: 'postgres-denied', matter: 1 })).length, 2)
  assert.equal(incidents(...first, ...failing(190, { reason: 'postgres-denied' })).length, 1)
})

test('a trouble with a fault of its own that was over before another began is another trouble; one that still lasts may be its lead-up', () => {
  const slots = (end: number): readonly Found[] => [
    found('postgres.connections-rising', 'postgres/main', 10, { endSecond: end }),
    found('postgres.connections-saturated', 'postgres/main', 15, { endSecond: end }),
    found('app.errors', 'process/-/report-api', 16, { endSecond: end, attributes: { reason: 'postgres-too-many' } }),
  ]
  const deadlocks = [
    found('postgres.deadlock', 'postgres/main', 100, { endSecond: 140 }),
    found('app.errors', 'process/-/price-sync', 101, { endSecond: 140, attributes: { reason: 'postgres-deadlock' } }),
  ]
  assert.deepEqual([incidents(...slots(50), ...deadlocks).length, incidents(...slots(90), ...deadlocks).length], [2, 1])
})

test('pods that say they are unwell from the moment on in which another workload is gone until it is back belong to that incident', () => {
  const drained = [
    found('action.drain', 'node/b', 97, { endSecond: 104 }),
    found('pod.unschedulable', 'pod/shop/ledger-0', 100, { endSecond: 160, attributes: { reason: 'volume', from: 'b' } }),
    found('workload.unavailable', 'workload/shop/ledger', 100, { endSecond: 160 }),
  ]
  const unwell = (start: number, endSecond: number, space = 'shop', reason = 'status'): readonly Found[] => [
    found('pod.unready', `pod/${space}/till-7d9c5b8f6d-x2x4z`, start, { endSecond, attributes: { reason } }),
    found('workload.degraded', `workload/${space}/till`, start, { endSecond }),
  ]
  const count = (...others: readonly Found[]): number => incidents(...drained, ...others).length
  assert.equal(count(...unwell(101, 165)), 1)
  assert.equal(count(...unwell(101, 400)), 2)
  assert.equal(count(...unwell(140, 165)), 2)
  assert.equal(count(...unwell(101, 165, 'bank')), 2)
  assert.equal(count(...unwell(101, 165, 'shop', 'timeout')), 2)
})
