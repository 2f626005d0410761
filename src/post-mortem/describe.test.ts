/** What the post-mortem says of what no incident tells. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, signal, timeline } from '../../test/timeline-builder.js'
import { explain } from '../causes/explain.js'
import { tellIncidents } from '../causes/incidents.js'
import { linkCauses } from '../causes/link.js'
import { loadMechanisms } from '../causes/load-mechanisms.js'
import { byStart, type Found } from '../findings/finding.js'
import { describe } from './describe.js'

const observed = (...findings: readonly Found[]): readonly string[] => {
  const over = timeline({ facts: [{ fact: 'pod-on-node', pod: 'pod/shop/web-1', node: 'node/a', at: null }] })
  const sorted = findings.toSorted(byStart)
  const options = { version: '0', command: '', unreadable: [] }
  return describe(explain(over, sorted, []), sorted, over, options).observed.map(({ told }) => told.replace(/^.* UTC: | \(dump.*$/gu, ''))
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

test('statements that were cut off and a server that was down for seconds are told, a restart of a moment is not', () => {
  const cut = found('postgres.timeouts', 'postgres/main', 100, { endSecond: 140, dose: 8 })
  assert.deepEqual(observed(cut, found('postgres.shutdown', 'postgres/main', 200, { endSecond: 212 })), [
    'postgres.timeouts of postgres/main',
    'postgres.shutdown of postgres/main',
  ])
  assert.deepEqual(observed(found('postgres.shutdown', 'postgres/main', 200, { endSecond: 200.2 })), [])
  assert.deepEqual(observed(found('postgres.slow-queries', 'postgres/main', 200, { endSecond: 260 })), ['postgres.slow-queries of postgres/main'])
})

test('an alert that fired is named where no incident is told, for whoever was paged; one that had fired before is not', () => {
  const alert = (alertname: string, onset?: string): Found =>
    found('alert.fired', 'target/postgres/db-2:9187', 100, { attributes: { alertname, ...(onset === undefined ? {} : { onset }) } })
  assert.deepEqual(observed(alert('SlotLag'), alert('SlotLag'), alert('DiskAlmostFull', 'before')), [
    'alert.fired of target/postgres/db-2:9187 1 more like it is seen.',
  ])
})

test('a service that failed most of its requests for long is listed first, and also beside an incident that does not tell of it', () => {
  const failed = found('service.errors', 'service/shop/search', 3_000, { endSecond: 3_090, attributes: { failed: 'most' } })
  const few = found('service.errors', 'service/shop/till', 2_000, { endSecond: 2_090 })
  const over = timeline({ facts: [{ fact: 'client-of', client: 'process/-/web', server: 'postgres/main' }] })
  const options = { version: '0', command: '', unreadable: [] }
  const observedWith = (...findings: readonly Found[]): unknown => {
    const sorted = [...findings, few, failed].toSorted(byStart)
    const { analysis, observed: all } = describe(
      explain(over, sorted, tellIncidents(sorted, linkCauses(sorted, loadMechanisms([]), over), over)),
      sorted,
      over,
      options,
    )
    return [analysis.incidents.length, all.map(({ told, felt }) => [told.replace(/^.* UTC: | \(dump.*$/gu, ''), felt])]
  }
  assert.deepEqual(observedWith(), [
    0,
    [
      ['service.errors of service/shop/search', true],
      ['service.errors of service/shop/till', false],
    ],
  ])
  const full = [
    found('postgres.connections-saturated', 'postgres/main', 100, { endSecond: 200 }),
    found('app.errors', 'process/-/web', 101, { endSecond: 200 }),
  ]
  assert.deepEqual(observedWith(...full), [1, [['service.errors of service/shop/search', true]]])
  // Nobody asks the controller manager for anything; but what fails while it is gone is not mended.
  const unmanaged = found('service.unreachable', 'target/kube-controller-manager/10.0.0.1:10257', 90, { endSecond: 165 })
  const unscraped = found('service.unreachable', 'target/shop/10.0.0.7:8080', 90, { endSecond: 165 })
  assert.deepEqual(observedWith(...full, unmanaged, unscraped), [
    1,
    [
      ['service.unreachable of target/kube-controller-manager/10.0.0.1:10257', false],
      ['service.errors of service/shop/search', true],
    ],
  ])
})

test('where a service failed and only metrics were given, logs are what is missing; where only the database tells, its clients are; where nothing was found, what was not looked at', () => {
  const missingOf = (format: string, ...findings: readonly Found[]): readonly string[] => {
    const over = timeline({ format, signals: [signal('log.warning', 'postgres/main', 0), signal('log.warning', 'postgres/main', 300)] })
    const links = linkCauses(findings, loadMechanisms([]), over)
    return describe(explain(over, findings, tellIncidents(findings, links, over)), findings, over, { version: '0', command: '', unreadable: [] }).missing.map(
      ({ what }) => what,
    )
  }
  const failed = found('service.errors', 'service/shop/search', 60, { endSecond: 150, attributes: { failed: 'most' } })
  assert.deepEqual(missingOf('prometheus', failed), ['No logs', 'No records of alerts'])
  assert.deepEqual(missingOf('prometheus', { ...failed, attributes: {} }), ['Not among the inputs: logs, records of alerts'])
  assert.deepEqual(missingOf('postgres'), ['Not among the inputs: metrics, records of alerts'])
  const cut = [
    found('postgres.lock-pileup', 'postgres/main', 100, { endSecond: 160 }),
    found('postgres.timeouts', 'postgres/main', 104, { endSecond: 160, dose: 60, attributes: { reason: 'statement' } }),
  ]
  assert.deepEqual(missingOf('postgres', ...cut), ['Nothing of the clients of the database', 'No metrics', 'No records of alerts'])
})
