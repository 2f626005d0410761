import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import type { Found } from '../findings/finding.js'
import type { Entity } from '../model/entity.js'
import type { ExplainedIncident } from '../causes/explain.js'
import { ADVICE, impactAlert } from './advice.js'
import { followUpsOf } from './follow-ups.js'

const about = (kind: Found['kind'], entity: Entity, text = ''): Found => ({
  kind,
  entity,
  start: 0,
  end: null,
  confidence: 0.9,
  summary: 'It happened.',
  evidence: [{ input: 'a.log', line: 1, time: '2024-03-05T10:00:00.000Z', text }],
  attributes: {},
  slackMs: 0,
  dose: 1,
})

/** What is advised for findings of one incident, all of them on its chain. */
const titlesFor = (...all: readonly Found[]): string[] =>
  ADVICE.flatMap(({ kinds, fits, title }) => all.flatMap((one) => (kinds.some((kind) => kind === one.kind) && fits?.(one, all) !== false ? title(one) : [])))

describe('lines to paste', () => {
  for (const name of ['web', 'we"b\n- evil: {x', '- a: b #c'])
    test(`stay YAML whatever a workload is called: ${JSON.stringify(name)}`, () => {
      for (const advice of ADVICE) {
        const [kind] = advice.kinds
        if (kind === undefined || kind.startsWith('postgres.lock')) continue
        assert.doesNotThrow(() => void parse(advice.manifest(about(kind, `workload/shop/${name}`))), advice.manifest(about(kind, `workload/shop/${name}`)))
      }
      const [rule] = parse(impactAlert(about('workload.unavailable', `workload/shop/${name}`))) as { expr: string; for: string }[] // as our own rule is written
      assert.equal(rule?.for, '1m')
    })

  test('name the workload that is to be spread', () => {
    const spread = ADVICE.find((advice) => advice.kinds.includes('workload.colocated'))
    assert.match(spread?.manifest(about('workload.colocated', 'workload/shop/web')) ?? '', /podAntiAffinity[^]*matchLabels: \{app: web\}/u)
  })

  test('are about the certificate of whom it was', () => {
    const advised = (entity: Entity): string =>
      ADVICE.flatMap(({ kinds, fits, manifest }) => {
        const one = about('node.certificate-expired', entity)
        return kinds.includes('node.certificate-expired') && fits?.(one, [one]) !== false ? manifest(one) : []
      }).join()
    assert.match(advised('postgres/main'), /^- alert: ServerCertificateExpires/u)
    assert.match(advised('node/a'), /^- alert: KubeletClientCertificateExpires/u)
  })

  test('are about what kept the pods out: no room, a quota, a webhook, or nobody to place them', () => {
    const advised = (entity: Entity, reason: string): string =>
      ADVICE.flatMap(({ kinds, fits, title }) => {
        const one = { ...about('pod.unschedulable', entity), attributes: { reason } }
        return kinds.includes('pod.unschedulable') && fits?.(one, [one]) !== false ? title(one) : []
      }).join()
    assert.equal(advised('pod/shop/web-1', 'cpu'), 'Alert on pods that find no node')
    assert.equal(advised('pod/shop/web-1', 'untried'), 'Alert on a scheduler that is gone')
    assert.equal(advised('workload/shop/web', 'quota'), 'Alert on a quota that is nearly used up')
    assert.equal(advised('workload/shop/web', 'webhook'), 'Keep an admission webhook from standing in its own way')
  })

  test('a disruption budget is advised where somebody asks for it, and a replica elsewhere where nobody does', () => {
    const advised = (...others: readonly Found[]): string[] => titlesFor(about('workload.unavailable', 'workload/shop/web'), ...others)
    const evicted = (reason: string): Found => ({ ...about('pod.evicted', 'pod/shop/web-1'), attributes: { reason } })
    assert.deepEqual(advised(evicted('taint')), ['Keep another replica of web on another node'])
    assert.deepEqual(advised(evicted('drain')), ['Keep a replica of web when nodes are emptied'])
    assert.deepEqual(advised(about('action.drain', 'node/a'), evicted('taint')), ['Keep a replica of web when nodes are emptied'])
    assert.deepEqual(advised(about('change.deployed', 'workload/shop/batch'), evicted('preemption')), [
      'Keep another replica of web on another node',
      'Let new pods wait for room instead of making it',
    ])
    assert.deepEqual(advised(), [])
  })

  test("a Deployment's settings are for Deployments, and a deadlock is no queue", () => {
    assert.deepEqual(titlesFor(about('change.deployed', 'process/-/report-api')), [])
    assert.deepEqual(titlesFor({ ...about('change.deployed', 'workload/kube-system/agent'), attributes: { round: 1 } }), [])
    const queue = about('postgres.lock-pileup', 'postgres/main')
    assert.deepEqual(titlesFor(queue), ['Let a statement give up before its queue stops the service'])
    assert.deepEqual(titlesFor(about('postgres.deadlock', 'postgres/main'), queue), ['Take locks in one order, and try again what a deadlock ended'])
  })

  test('alert in the words of the metric that showed the impact', () => {
    assert.match(impactAlert(about('service.errors', 'service/shop/web', 'nginx_ingress_controller_requests{status="502"} 12')), /exported_service="web"/u)
    assert.match(impactAlert(about('service.errors', 'service/shop/web', '"GET / HTTP/1.1" 502')), /http_requests_total\{job="web",code=~"5\.\."\}/u)
  })
})

describe('follow-ups', () => {
  const found = [about('change.deployed', 'workload/shop/web'), about('pod.memory-growing', 'pod/shop/db-1'), about('workload.no-limits', 'workload/shop/db')]
  const explained = (chain: readonly number[]): ExplainedIncident =>
    ({
      incident: { detection: { firstSymptom: null, firstAlert: '2024-03-05T10:00:00.000Z', delaySeconds: 1 } },
      causal: { findings: [0, 1], chains: [chain] },
      positions: new Map([
        ['a', 0],
        ['b', 1],
        ['c', 2],
      ]),
    }) as unknown as ExplainedIncident // nothing else of it is looked at
  const titles = (chain: readonly number[]): readonly string[] => followUpsOf(explained(chain), found, true).map(({ title }) => title)

  test('come in the order of the chain, from its root; then what a standing condition asks for', () => {
    assert.deepEqual(titles([0, 1]), [
      'Let a rollout of web stop before all of it is replaced',
      'Alert on memory that goes on growing',
      'Give db a memory limit',
    ])
  })

  test('are not asked for by a fault beside it that no link joins to it, whatever else it would ask for', () => {
    const beside = [...found, about('node.cpu-saturated', 'node/a')]
    const given = { ...explained([0, 1]), positions: new Map([...explained([0, 1]).positions, ['d', 3]]) }
    const told = (one: ExplainedIncident): readonly string[] => followUpsOf(one, beside, true).map(({ title }) => title)
    assert.ok(!told(given).some((title) => title.includes('saturated')))
    assert.ok(told({ ...given, causal: { ...given.causal, findings: [0, 1, 3] } }).some((title) => title.includes('saturated')))
  })

  test('are not asked for by what happens on any day and led to nothing', () => {
    assert.ok(!titles([1]).some((title) => title.includes('rollout')))
  })
})
