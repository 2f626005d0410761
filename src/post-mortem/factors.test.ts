import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding, Incident } from '../model/analysis.js'
import type { Timeline } from '../timeline/timeline.js'
import { alertsIn, factorsOf } from './factors.js'

const finding = (id: string, kind: string, entity: Finding['entity'], clock: string, role: Finding['role']): Finding => ({
  id,
  kind,
  entity,
  role,
  start: `2026-03-04T${clock}.000Z`,
  end: null,
  confidence: 0.9,
  summary: `${id} happened.`,
  evidence: [{ input: 'a.log', line: 1, time: `2026-03-04T${clock}.000Z`, text: id }],
})

const CAUSE = finding('cause', 'node.not-ready', 'node/n1', '10:00:00', 'symptom')
const FELT = finding('felt', 'service.errors', 'service/shop/web', '10:01:00', 'impact')
const TARGET = finding('target', 'service.unreachable', 'target/node/n1', '10:00:10', 'impact')
const alert = (clock: string): Finding => finding('alert', 'alert.fired', 'node/n1', clock, 'detection')

const incident = (...findings: readonly Finding[]): Incident =>
  ({
    findings: [CAUSE, ...findings],
    links: findings.filter(({ role }) => role === 'impact').map(({ id }) => ({ cause: 'cause', effect: id })),
  }) as unknown as Incident // nothing else of it is looked at

test('an alert that fires after users could notice is a factor, told by the two findings and the time between them', () => {
  const [factor] = factorsOf(incident(TARGET, FELT, alert('10:05:30')))
  assert.match(factor?.what ?? '', /4 min 30 s after.* felt happened\. alert happened\.$/u)
  assert.deepEqual(factor?.findings, ['felt', 'alert'])
})

test('an alert that comes first is none, and neither is one that does not appear: it may have fired all the same', () => {
  assert.deepEqual(factorsOf(incident(FELT, alert('10:00:30'))), [])
  assert.deepEqual(factorsOf(incident(FELT)), [])
  assert.deepEqual(factorsOf(incident(TARGET, alert('10:05:30'))), [], 'a scrape target is felt by the monitoring alone')
})

test('data hold alerts where one fired, was sent or is exported as a series', () => {
  const timeline = (given: object): Timeline => ({ inputs: [], signals: [], series: [], ...given }) as unknown as Timeline // as above
  assert.equal(alertsIn(timeline({})), false)
  assert.equal(alertsIn(timeline({ signals: [{ kind: 'alert.fired' }] })), true)
  assert.equal(alertsIn(timeline({ inputs: [{ format: 'alertmanager', records: 2 }] })), true)
  assert.equal(alertsIn(timeline({ inputs: [{ format: 'alertmanager', records: 0 }] })), false)
  assert.equal(alertsIn(timeline({ series: [{ name: 'ALERTS' }] })), true)
})

test('pods that no node took are told together, in the words of the scheduler, with the node that somebody had closed', () => {
  const said =
    'Warning FailedScheduling pod/shop/web-1: 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: 0/3 nodes are available: 3 …'
  const waiting = ['a', 'b', 'c'].map((id) => ({
    ...finding(id, 'pod.unschedulable', `pod/shop/web-${id}`, '10:01:00', 'impact'),
    end: '2026-03-04T10:01:31.000Z',
    evidence: [{ input: 'events.json', line: 1, time: '2026-03-04T10:01:00.000Z', text: said }],
  }))
  const cordon = finding('cordon', 'action.cordon', 'node/n3', '09:58:00', 'change')
  const [factor] = factorsOf(incident(...waiting, cordon))
  assert.equal(
    factor?.what,
    'No node could take 3 pods for up to 31 s: 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. cordon happened.',
  )
  assert.deepEqual(factor?.findings, ['a', 'b', 'c', 'cordon'])
  assert.deepEqual(factorsOf(incident(...waiting.slice(1), cordon)), [])
})
