import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CASCADE } from '../../test/fixtures/post-mortem.js'
import type { Finding, Incident, Input, Link } from '../model/analysis.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { renderHtml } from './html.js'
import { pageView } from './page-cut.js'
import { reportView } from './view.js'

const [INCIDENT] = CASCADE.analysis.incidents
const [DETAIL] = CASCADE.incidents
const [INPUT] = CASCADE.analysis.inputs

/** Hundreds of nodes in a dozen incidents: thousands of findings, of links between them and of inputs, each line with its neighbours. */
const wide = (incidents: number, findings: number, inputs: number): PostMortem => {
  assert.ok(INCIDENT !== undefined && DETAIL !== undefined && INPUT !== undefined)
  const paths = Array.from({ length: inputs }, (_, index) => `dump/node-${index}/kubelet.log`)
  const more = Array.from({ length: findings }, (_, index): Finding => {
    const time = new Date(Date.parse(INCIDENT.start) + index * 100).toISOString()
    const input = paths[index % paths.length] ?? ''
    const line = 'E0305 10:00:00.000000 1 kubelet.go:1 "It failed" err="' + 'why '.repeat(60)
    return {
      id: `more-${index}`,
      kind: 'pod.unready',
      entity: `pod/shop/web-${index}`,
      role: 'symptom',
      start: time,
      end: INCIDENT.end,
      confidence: 0.9,
      summary: `Pod shop/web-${index} was not ready.`,
      evidence: [1, 2, 3].map((row) => ({ input, line: index * 10 + row, time, text: line })),
    }
  })
  const root = INCIDENT.findings[0]?.id ?? ''
  const links = more.map(({ id }): Link => ({
    cause: root,
    effect: id,
    mechanism: 'saturation-slows-probes',
    confidence: 0.7,
    lagSeconds: 1,
    because: 'It does.',
  }))
  const ids = Array.from({ length: incidents }, (_, index) => `wide-${index}`)
  const around = Array.from({ length: 2 }, () => 'I0305 10:00:00.000000 1 kubelet.go:2 "All is well" '.repeat(6))
  return {
    ...CASCADE,
    analysis: {
      ...CASCADE.analysis,
      inputs: [...CASCADE.analysis.inputs, ...paths.map((path): Input => ({ ...INPUT, path }))],
      incidents: ids.map((id): Incident => ({ ...INCIDENT, id, findings: [...INCIDENT.findings, ...more], links: [...INCIDENT.links, ...links] })),
    },
    incidents: ids.map((id) => ({ ...DETAIL, incident: id })),
    surroundings: {
      quotes: more.flatMap(({ evidence }) => evidence.map(({ input, line, text }) => ({ input, line: line ?? 0, before: around, text, after: around }))),
      notes: [],
    },
  }
}

test('the widest data give a page below 5 MB on which every link lands, and it says what is not on it', async () => {
  const html = await renderHtml(wide(9, 1_500, 3_000))
  assert.ok(Buffer.byteLength(html) < 5_000_000, `${Buffer.byteLength(html)} bytes`)
  const page = html.replace(/<script.*?<\/script>/gsu, '')
  const ids = [...page.matchAll(/\sid="([^"]+)"/gu)].map((match) => match[1])
  assert.deepEqual(
    [...ids].filter((id, index) => ids.indexOf(id) !== index),
    [],
  )
  const known = new Set(ids)
  for (const [, target] of page.matchAll(/href="#([^"]*)"/gu)) assert.ok(known.has(target), target)
  for (let number = 1; number <= 9; number++) assert.ok(known.has(`incident-${number}`), 'an incident is not even listed')
  assert.match(html, /more are too many for one page/u)
  assert.match(html, /more inputs are too many for one page/u)
  assert.match(html, /Caused by:|Led to:/u)
  assert.match(html, /<ol class="findings wide">/u)
})

test('hundreds of incidents are listed to a bound, and how many more there are is said', async () => {
  const html = await renderHtml(wide(600, 0, 10))
  assert.ok(Buffer.byteLength(html) < 5_000_000, `${Buffer.byteLength(html)} bytes`)
  const [, more] = /And (\d+) more, less severe than these\./u.exec(html) ?? []
  assert.equal(Number(more) + [...html.matchAll(/ id="incident-\d+"/gu)].length, 600)
})

test('what is said of all of it counts all of it, whatever is on the page', () => {
  const postMortem = wide(1, 2_500, 10)
  const [full, [page]] = [reportView(postMortem).incidents[0], pageView(postMortem).incidents]
  assert.ok(full !== undefined && page !== undefined)
  assert.deepEqual([page.facts, page.impactLine, page.rowsLeftOut], [full.facts, full.impactLine, full.rowsLeftOut])
  assert.equal(page.findings.length + page.findingsLeftOut, full.findings.length)
})

test('an ordinary incident is on its page in full', () => {
  const view = reportView(CASCADE)
  const page = pageView(CASCADE)
  assert.deepEqual([page.listed, page.inputsLeftOut, page.incidents[0]?.findingsLeftOut], [[], 0, 0])
  assert.deepEqual(
    page.incidents[0]?.findings.map(({ anchor, evidence, causes }) => [anchor, evidence.length, causes.length]),
    view.incidents[0]?.findings.map(({ anchor, evidence, causes }) => [anchor, evidence.length, causes.length]),
  )
})
