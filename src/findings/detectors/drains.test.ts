import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, signal } from '../../../test/timeline-builder.js'
import type { Signal } from '../../model/extract.js'

const placed = (pod: string, node: string): Signal => signal('pod.scheduled', `pod/shop/${pod}`, 10, { node })
const killed = (pod: string, second: number): Signal => signal('pod.killed', `pod/shop/${pod}`, second)
const cordon = signal('action.cordon', 'node/a', 300, {}, { phase: 'begin' })
const [here, there] = ['web-66946f6897-bbbbb', 'web-66946f6897-ccccc']

test('pods that go together with their sisters on other nodes are not drained from the one that was cordoned; one that goes alone is', () => {
  const drained = (...signals: readonly Signal[]): number =>
    findings('action.drain', { signals: [placed(here, 'a'), placed(there, 'b'), cordon, signal('log.warning', 'cluster', 900), ...signals] }).length
  assert.equal(drained(killed(here, 500)), 1)
  assert.equal(drained(killed(here, 500), killed(there, 501)), 0)
  assert.equal(drained(killed(here, 500), killed(there, 560)), 1)
})
