/** Which views are one incident. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident } from '../model/analysis.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { grouped, isCut, type View } from './incidents.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const iso = (ms: number): string => new Date(ms).toISOString()

/** A certificate that is rejected on a node, and what follows from it there; hours since the epoch. */
const incident = (node: string, fromHour: number, toHour: number | null): Incident => {
  const [start, end] = [iso(fromHour * HOUR), toHour === null ? null : iso(toHour * HOUR)]
  const evidence = [{ input: 'a.log', line: 1, time: start, text: 'x509: certificate has expired' }]
  const finding = { start, end, confidence: 0.9, summary: 'A certificate was rejected.', evidence }
  return {
    id: `incident-${node}-${fromHour}`,
    title: `Node ${node} had a certificate rejected`,
    start,
    end,
    rootCauses: [{ finding: 'a', confidence: 0.7 }],
    chains: [['a', 'b']],
    findings: [
      { ...finding, id: 'a', kind: 'node.certificate-expired', entity: `node/${node}`, role: 'fault' },
      { ...finding, id: 'b', kind: 'node.heartbeat-missed', entity: `node/${node}`, role: 'symptom' },
    ],
    links: [
      { cause: 'a', effect: 'b', mechanism: 'expired-certificate-misses-heartbeats', confidence: 0.9, lagSeconds: 0, because: 'It cannot authenticate.' },
    ],
    detection: { firstSymptom: null, firstAlert: null, delaySeconds: null },
  }
}

const postMortem = {} as PostMortem // grouping looks at the incident alone

const ofDay = (day: number, one: Incident): View => {
  const [from, to] = [day * DAY, (day + 1) * DAY]
  return { postMortem, incident: one, sinceMs: from - 3 * HOUR, untilMs: to + 6 * HOUR, ownFromMs: from, ownToMs: to, wide: false }
}

const ofStretch = (fromDay: number, toDay: number, one: Incident): View => {
  const [sinceMs, untilMs] = [fromDay * DAY, toDay * DAY]
  return { postMortem, incident: one, sinceMs, untilMs, ownFromMs: sinceMs, ownToMs: untilMs, wide: true }
}

test('pieces that days tell apart are the one incident that a wider window sees, and that one is told', () => {
  const both = incident('a', 26, 26 + 20 * 24)
  const whole: Incident = { ...both, findings: [...both.findings, ...incident('b', 30, 26 + 19 * 24).findings.map((one) => ({ ...one, id: `b${one.id}` }))] }
  const linked: Incident = { ...whole, links: [...whole.links, ...whole.links.map((link) => ({ ...link, cause: 'ba', effect: 'bb' }))] }
  const pieces = [ofDay(3, incident('a', 74, 90)), ofDay(3, incident('b', 75, 80)), ofDay(9, incident('b', 220, 233))]
  const groups = grouped([...pieces, ofStretch(0, 40, linked)])
  assert.deepEqual(
    groups.map(([best, ...rest]) => [best?.incident.end, rest.length]),
    [[whole.end, 3]],
  )
})

test('what happens on the same day without a wider window that joins it stays two incidents', () => {
  const views = [ofDay(3, incident('a', 74, 78)), ofDay(3, incident('b', 75, 79)), ofDay(2, incident('a', 74, 77))]
  assert.deepEqual(
    grouped(views).map((group) => group.map(({ incident: { id } }) => id)),
    [['incident-a-74', 'incident-a-74'], ['incident-b-75']],
  )
})

test('what fills the half of its window, or comes near its edge, may go on beyond it', () => {
  assert.equal(isCut(ofDay(3, incident('a', 74, 79))), false)
  assert.equal(isCut(ofDay(3, incident('a', 74, 92))), true, 'long')
  assert.equal(isCut(ofDay(3, incident('a', 98, 101.5))), true, 'near its end')
  assert.equal(isCut(ofDay(3, incident('a', 69.5, 71))), true, 'near its beginning')
})
