/** Outages that nothing explains: told where an alert and their size leave no doubt that people suffered, and never with a cause. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, series, signal, timeline } from '../../test/timeline-builder.js'
import { byStart, type Found } from '../findings/finding.js'
import type { Attributes, Series } from '../model/extract.js'
import { tellIncidents } from './incidents.js'
import { linkCauses } from './link.js'
import { loadMechanisms } from './load-mechanisms.js'

const mechanisms = loadMechanisms([])
const told = (...all: readonly Found[]): readonly unknown[] => {
  const sorted = [...all].sort(byStart)
  const world = timeline({})
  return tellIncidents(sorted, linkCauses(sorted, mechanisms, world), world).map(({ findings, roots, links, chains }) => [
    findings.map((at) => `${sorted[at]?.kind ?? ''} ${sorted[at]?.entity ?? ''}`),
    roots.map(({ finding }) => sorted[finding]?.entity),
    links.map(({ effect }) => sorted[effect]?.kind),
    chains.length,
  ])
}
const slow = (name: string, second: number, attributes: Attributes = { seconds: 12 }, endSecond = second + 50): Found => ({
  ...found('service.slow', `service/-/${name}`, second, { endSecond, attributes }),
  dose: 800,
})
const alert = (name: string, second: number): Found => found('alert.fired', `service/-/${name}`, second, { attributes: { alertname: 'AppLatencyHigh' } })

test('services that all became hundreds of times slower, with an alert on one of them, are one outage that begins with them', () => {
  assert.deepEqual(told(slow('checkout', 600), slow('orders', 602), alert('checkout', 606), alert('orders', 608)), [
    [
      ['service.slow service/-/checkout', 'service.slow service/-/orders', 'alert.fired service/-/checkout', 'alert.fired service/-/orders'],
      ['service/-/checkout'],
      ['alert.fired', 'alert.fired'],
      1,
    ],
  ])
})

test('without an alert, for a moment, or by some tenths of a second it is no outage', () => {
  assert.deepEqual(told(slow('checkout', 600)), [])
  assert.deepEqual(told(slow('checkout', 600, { seconds: 12 }, 610), alert('checkout', 606)), [])
  assert.deepEqual(told(slow('checkout', 600, { seconds: 0.4 }), alert('checkout', 606)), [])
  assert.deepEqual(told({ ...slow('checkout', 600), dose: 5 }, alert('checkout', 606)), [])
})

test('beside an incident that is explained it is none of its own', () => {
  const down = [
    found('postgres.crashed', 'postgres/main', 560, { endSecond: 590 }),
    found('app.errors', 'process/-/report', 561, { endSecond: 590, attributes: { reason: 'postgres-unreachable' } }),
  ]
  assert.equal(told(...down, slow('checkout', 640), alert('checkout', 646)).length, 1)
})

/** What a program writes in ten seconds: lines of its work, and of errors. */
const flooded = (usual: number, meanwhile: number, before: number, more: readonly Series[] = [], name = 'orders-api'): number => {
  const during = (second: number): boolean => second >= 600 && second < 660
  const lines = (level: string, count: (second: number) => number): Series => series('faultline_log_lines', { app: name, level }, count, { step: 10 })
  const world = timeline({
    signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
    series: [lines('info', (second) => (during(second) ? meanwhile : usual)), lines('error', (second) => (during(second) ? 60 : before)), ...more],
  })
  const one = found('app.errors', `process/-/${name}`, 600, { endSecond: 659, dose: 360 })
  return tellIncidents([one], linkCauses([one], mechanisms, world), world).length
}

test('a program that wrote of its work and then of hardly anything but errors is an outage, also where nobody watched it', () => {
  assert.equal(flooded(10, 1, 0), 1)
  // It goes on with its work; it writes of errors all day; its requests are counted, and none of them failed; it is no program that anybody asks.
  assert.equal(flooded(100, 100, 0), 0)
  assert.equal(flooded(10, 1, 4), 0)
  assert.equal(flooded(10, 1, 0, [series('http_requests_total', { app: 'orders-api', code: '200' }, (second) => second)]), 0)
  assert.equal(flooded(10, 1, 0, [], 'containerd'), 0)
})

test('a third of the requests for more than a minute is an outage where an alert says so; for a moment, or a tenth of them, it is a bad minute', () => {
  const failing = (share: number, endSecond: number): Found => ({ ...found('service.errors', 'service/-/checkout', 600, { endSecond }), dose: share })
  assert.equal(told(failing(0.33, 680), alert('checkout', 606)).length, 1)
  assert.deepEqual(told(failing(0.33, 680)), [])
  assert.deepEqual(told(failing(0.33, 620), alert('checkout', 606)), [])
  assert.deepEqual(told(failing(0.1, 680), alert('checkout', 606)), [])
})
