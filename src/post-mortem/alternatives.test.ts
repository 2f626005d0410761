import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, timeline } from '../../test/timeline-builder.js'
import { explain } from '../causes/explain.js'
import { tellIncidents } from '../causes/incidents.js'
import { linkCauses } from '../causes/link.js'
import { loadMechanisms } from '../causes/load-mechanisms.js'
import { byStart, type Found } from '../findings/finding.js'
import { describe } from './describe.js'

const reasons = (...beside: readonly Found[]): readonly string[] => {
  const over = timeline({ facts: [{ fact: 'client-of', client: 'process/-/web', server: 'postgres/main' }] })
  const findings = [
    found('postgres.crashed', 'postgres/main', 300, { endSecond: 330 }),
    found('app.errors', 'process/-/web', 302, { endSecond: 340, attributes: { reason: 'postgres-unreachable' } }),
    ...beside,
  ].toSorted(byStart)
  const told = explain(over, findings, tellIncidents(findings, linkCauses(findings, loadMechanisms([]), over), over))
  return describe(told, findings, over, { version: '0', command: '', unreadable: [] }).incidents.flatMap(({ alternatives }) =>
    alternatives.map(({ why }) => why),
  )
}
const rollout = (name: string, second: number): Found => found('change.deployed', `workload/shop/${name}`, second)

test('what has nothing to do with it for one reason is told together, and what was seen without it is counted by who it was', () => {
  const [reason, ...others] = reasons(rollout('cart', 200), rollout('till', 210), rollout('search', 220))
  assert.match(reason ?? '', /a coincidence, as far as the data tell\. The same holds of: change\.deployed of workload\/shop\/till/u)
  assert.deepEqual(others, [])
  const twice = reasons(rollout('cart', 20), rollout('cart', 90), rollout('cart', 200))
  assert.match(twice[0] ?? '', /^The same was seen 2 more times in this data without this effect/u)
})
