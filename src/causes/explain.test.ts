/** From any findings to an analysis that keeps its promises: acyclic, in order of time, evidence everywhere, the same for any order of inputs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { found, input, signal, T0, timeline, timelineOf } from '../../test/timeline-builder.js'
import { findWrong } from '../findings/find.js'
import { byStart, type Found } from '../findings/finding.js'
import type { Analysis, Incident } from '../model/analysis.js'
import type { Entity } from '../model/entity.js'
import type { Fact, InputExtract, Signal } from '../model/extract.js'
import { FINDING_KINDS, roleOf, type FindingKind } from '../model/vocabulary.js'
import { renderJson } from '../report/json.js'
import type { Timeline } from '../timeline/timeline.js'
import { explain } from './explain.js'
import { tellIncidents } from './incidents.js'
import { linkCauses } from './link.js'
import { loadMechanisms, parseMechanisms } from './load-mechanisms.js'
import { roundsOf } from './rounds.js'

const mechanisms = loadMechanisms([])

const ENTITIES: readonly Entity[] = [
  'node/a',
  'node/b',
  'pod/shop/web-7d9c5b8f6d-x2x4z',
  'pod/shop/web-7d9c5b8f6d-z4x2x',
  'pod/shop/db-0',
  'workload/shop/web',
  'service/shop/web',
  'postgres/main',
  'redis/cache',
  'process/-/orders',
  'target/node/a:9100',
  'cluster',
]

const world: Timeline = timeline({
  format: 'kubernetes-objects',
  signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
  facts: [
    { fact: 'pod-on-node', pod: 'pod/shop/web-7d9c5b8f6d-x2x4z', node: 'node/a', at: null },
    { fact: 'pod-on-node', pod: 'pod/shop/web-7d9c5b8f6d-z4x2x', node: 'node/b', at: null },
    { fact: 'pod-on-node', pod: 'pod/shop/db-0', node: 'node/a', at: null },
    { fact: 'runs-as', of: 'postgres/main', by: 'pod/shop/db-0' },
    { fact: 'client-of', client: 'process/-/orders', server: 'postgres/main' },
  ],
})

const analyse = (findings: readonly Found[], over: Timeline = world, rules = mechanisms): Analysis => {
  const sorted = [...findings].sort(byStart)
  return explain(over, sorted, tellIncidents(sorted, linkCauses(sorted, rules, over), over)).analysis
}

const aFinding = fc
  .record({
    kind: fc.constantFrom(...FINDING_KINDS),
    entity: fc.constantFrom(...ENTITIES),
    start: fc.nat({ max: 900 }),
    lasts: fc.option(fc.nat({ max: 900 })),
    slackMs: fc.constantFrom(0, 5_000, 15_000, 60_000, 300_000),
    confidence: fc.double({ min: 0.3, max: 0.99, noNaN: true }),
    dose: fc.nat({ max: 20 }),
    reason: fc.constantFrom('', 'timeout', 'memory', 'node', 'postgres-too-many', 'other'),
    node: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
  })
  .map(({ kind, entity, start, lasts, slackMs, confidence, dose, reason, node }) =>
    found(kind, entity, start, {
      ...(lasts === null ? {} : { endSecond: start + lasts }),
      slackMs,
      confidence,
      dose,
      attributes: { reason, to: 'a', metric: 'held-wal', ...(node === undefined ? {} : { node }) },
    }),
  )

const someFindings = fc.array(aFinding, { minLength: 2, maxLength: 120, size: 'max' })

const closesCircle = ({ links }: Incident): boolean => {
  const next = new Map<string, Incident['links']>()
  for (const link of links) next.set(link.cause, [...(next.get(link.cause) ?? []), link])
  const state = new Map<string, 'open' | 'done'>()
  const visit = (at: string): boolean => {
    if (state.get(at) === 'open') return true
    if (state.has(at)) return false
    state.set(at, 'open')
    const circle = (next.get(at) ?? []).some((link) => visit(link.effect))
    state.set(at, 'done')
    return circle
  }
  return links.some((link) => visit(link.cause))
}

const checkIncident = (incident: Incident): void => {
  const of = new Map(incident.findings.map((one) => [one.id, one]))
  assert.equal(of.size, incident.findings.length, 'ids are unique')
  assert.equal(closesCircle(incident), false, 'links close a circle')
  for (const one of incident.findings) {
    assert.ok(one.evidence.length > 0, `${one.id} has no evidence`)
    assert.ok(one.end === null || one.end >= one.start, `${one.id} ends before it starts`)
    assert.ok(one.confidence >= 0 && one.confidence <= 1)
  }
  for (const link of incident.links) {
    const [cause, effect] = [of.get(link.cause), of.get(link.effect)]
    assert.ok(cause !== undefined && effect !== undefined, 'a link names a finding that is not there')
    assert.ok(cause.start <= effect.start, `${cause.kind} starts after its effect ${effect.kind}`)
    assert.notEqual(cause.kind, 'alert.fired')
    assert.ok(link.lagSeconds >= 0 && link.confidence > 0 && link.confidence < 1)
  }
  assert.equal(new Set(incident.links.map((link) => `${link.cause} ${link.effect}`)).size, incident.links.length, 'one link for each pair')
  for (const { finding } of incident.rootCauses) assert.ok(of.has(finding))
  const confidences = incident.rootCauses.map((root) => root.confidence)
  assert.deepEqual(
    confidences,
    confidences.toSorted((a, b) => b - a),
    'root causes are best first',
  )
  for (const chain of incident.chains) {
    assert.ok(chain.length > 1)
    chain.slice(1).forEach((id, index) =>
      assert.ok(
        incident.links.some((link) => link.cause === chain[index] && link.effect === id),
        'a step of the chain is no link',
      ),
    )
  }
  assert.ok(incident.links.length === 0 || incident.chains[0]?.[0] === incident.rootCauses[0]?.finding, 'the first chain begins at the first root cause')
  const starts = incident.findings.map((one) => one.start)
  assert.deepEqual(starts, starts.toSorted(), 'findings stand by their start')
}

test('whatever the findings: no circle, no cause after its effect, no link to nowhere, evidence everywhere', () => {
  fc.assert(
    fc.property(someFindings, (findings) => {
      const { incidents } = analyse(findings)
      incidents.forEach(checkIncident)
      assert.equal(new Set(incidents.map((incident) => incident.id)).size, incidents.length)
    }),
    { numRuns: 150 },
  )
})

test('also where rules lead back and forth between the same kinds', () => {
  const rule = (id: string, cause: string, effect: string): string =>
    `- { id: ${id}, cause: ${cause}, effect: ${effect}, where: same-cluster, lag: { min: 0s, typical: 1s, max: 1h, why: 'made up for a test' }, holds: 0.95, because: Made up for a test., check: Nothing., reference: 'https://example.com' }\n`
  const kinds = ['service.errors', 'pod.unready', 'node.not-ready'] as const
  const rules = parseMechanisms(kinds.flatMap((a, x) => kinds.flatMap((b, y) => rule(`r${x}-${y}`, a, b))).join(''), 'test.yaml')
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          kind: fc.constantFrom(...kinds),
          entity: fc.constantFrom(...ENTITIES),
          start: fc.nat({ max: 40 }),
          slackMs: fc.constantFrom(0, 20_000, 60_000),
        }),
        { minLength: 2, maxLength: 40, size: 'max' },
      ),
      (drafts) =>
        analyse(
          drafts.map(({ kind, entity, start, slackMs }) => found(kind, entity, start, { slackMs })),
          world,
          rules,
        ).incidents.forEach(checkIncident),
    ),
    { numRuns: 100 },
  )
})

test('a chain of thousands of causes neither overflows nor hangs', () => {
  const pods = Array.from({ length: 1_000 }, (_, index) =>
    found(index % 2 === 0 ? 'pod.evicted' : 'pod.rescheduled', `pod/shop/web-7d9c5b8f6d-${String(index)}`, index),
  )
  const started = process.cpuUsage().user
  analyse(pods)
  const rule = `- { id: on-and-on, cause: node.rebooted, effect: node.rebooted, where: same-entity, lag: { min: 0s, typical: 1s, max: 2s, why: 'made up for a test' }, holds: 0.95, because: Made up for a test., check: Nothing., reference: 'https://example.com' }`
  analyse(
    Array.from({ length: 1_000 }, (_, index) => found('node.rebooted', 'node/a', index, { endSecond: index })),
    world,
    parseMechanisms(rule, 'test.yaml'),
  )
  assert.ok(process.cpuUsage().user - started < 10_000_000, 'more than 10 s')
})

/** A node that dies and takes a pod with it, as an inexact timeline would tell it. */
const story: readonly Found[] = [
  found('node.network-lost', 'node/a', 0),
  found('node.heartbeat-missed', 'node/a', 10, { dose: 12, attributes: { reason: 'timeout' } }),
  found('node.not-ready', 'node/a', 45),
  found('pod.evicted', 'pod/shop/web-7d9c5b8f6d-x2x4z', 345, { attributes: { reason: 'taint' } }),
  found('workload.degraded', 'workload/shop/web', 346),
  found('service.errors', 'service/shop/web', 350),
  found('alert.fired', 'node/a', 105, { attributes: { alertname: 'NodeDown' } }),
]

test('a story is told from its root cause to its impact, and alerts tell when it was noticed', () => {
  const [incident, ...rest] = analyse(story).incidents
  assert.equal(rest.length, 0)
  assert.ok(incident !== undefined)
  const kindOf = new Map(incident.findings.map((one) => [one.id, one.kind]))
  assert.equal(kindOf.get(incident.rootCauses[0]?.finding ?? ''), 'node.network-lost')
  assert.deepEqual(incident.chains[0]?.map((id) => kindOf.get(id)).at(-1), 'service.errors')
  assert.equal(incident.detection.firstAlert, new Date(T0 + 105_000).toISOString())
  assert.equal(incident.detection.delaySeconds, 95)
  assert.equal(incident.start, new Date(T0).toISOString())
  assert.equal(incident.end, null)
})

test('an incident ends when the last harm does; what is still so at the end keeps it open', () => {
  const ended = story.map((one): Found => ({ ...one, end: one.start + 600_000 }))
  assert.equal(analyse(ended).incidents[0]?.end, new Date(T0 + 950_000).toISOString())
  const open = ended.map((one): Found => (one.kind === 'service.errors' ? { ...one, end: null } : one))
  assert.equal(analyse(open).incidents[0]?.end, null)
})

/** Of somebody whose log ends when the finding does. */
const asLongAs = (second: number): Timeline => timeline({ signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', second)] })

test('it is over when nobody suffers any more, as those tell who did, though a server stay down; where their logs end, nobody knows', () => {
  const endAt = (over: Timeline, ...more: readonly Found[]): string | null | undefined =>
    analyse(
      [
        found('postgres.crashed', 'postgres/main', 0),
        found('app.errors', 'pod/shop/web-1', 2, { attributes: { reason: 'postgres-unreachable' }, endSecond: 50 }),
        ...more,
      ],
      over,
    ).incidents[0]?.end
  assert.equal(endAt(asLongAs(600)), new Date(T0 + 50_000).toISOString())
  assert.equal(endAt(asLongAs(60)), null)
  const open = found('app.errors', 'pod/shop/cart-1', 2, { attributes: { reason: 'postgres-unreachable' } })
  assert.equal(endAt(asLongAs(600), open), null)
})

test('a replica of Redis that no Sentinel saw again does not keep an incident open; a master does', () => {
  const endWith = (reason: string): string | null | undefined =>
    analyse(
      [
        found('node.identity-conflict', 'node/a', 0, { endSecond: 300 }),
        found('redis.down', 'redis/10.0.0.7', 30, { attributes: { reason } }),
        found('service.errors', 'service/shop/web', 40, { endSecond: 200 }),
      ],
      asLongAs(210),
    ).incidents[0]?.end
  assert.equal(endWith('replica'), new Date(T0 + 200_000).toISOString())
  assert.equal(endWith('odown'), null)
})

test('a cause seen a little later than its effect, within what its source resolves, is taken back to it', () => {
  const late = (slackMs: number): Incident | undefined =>
    analyse([
      found('node.heartbeat-missed', 'node/a', 40, { dose: 9, attributes: { reason: 'timeout' } }),
      found('node.cpu-saturated', 'node/a', 50, { slackMs }),
      found('node.not-ready', 'node/a', 80),
    ]).incidents[0]
  const saturated = late(15_000)?.findings.find((one) => one.kind === 'node.cpu-saturated')
  assert.equal(saturated?.start, new Date(T0 + 40_000).toISOString())
  assert.equal(late(15_000)?.rootCauses[0]?.finding, saturated?.id)
  assert.equal(
    late(5_000)?.links.some(
      (link) =>
        link.cause === late(5_000)?.findings.find((one) => one.kind === 'node.cpu-saturated')?.id && link.mechanism === 'cpu-saturation-starves-kubelet',
    ),
    false,
  )
})

test('no harm, no incident; harm without a cause, no incident', () => {
  assert.deepEqual(analyse([found('pod.cpu-hungry', 'pod/shop/db-0', 0), found('node.cpu-saturated', 'node/a', 10)]).incidents, [])
  assert.deepEqual(analyse([found('service.errors', 'service/shop/web', 0)]).incidents, [])
  assert.deepEqual(analyse([]).incidents, [])
})

test('a rollout that costs a replica for a minute is a plan; one that breaks its pods is an incident', () => {
  const rollout = found('change.deployed', 'workload/shop/web', 0, { endSecond: 60 })
  const [pod] = ['pod/shop/web-7d9c5b8f6d-x2x4z'] as const
  const unready = found('pod.unready', pod, 20, { endSecond: 60 })
  assert.deepEqual(analyse([rollout, unready, found('workload.degraded', 'workload/shop/web', 21, { endSecond: 60 })]).incidents, [])
  const [broken] = analyse([rollout, found('pod.crash-looping', pod, 20), found('workload.degraded', 'workload/shop/web', 21)]).incidents
  assert.equal(broken?.findings.find((one) => one.id === broken.rootCauses[0]?.finding)?.kind, 'change.deployed')
})

test('pods that a rollout costs their node are an incident, those that a drain puts out are not', () => {
  const pod = 'pod/shop/web-7d9c5b8f6d-x2x4z' as const
  const incidents = (...all: readonly Found[]): number => analyse(all).incidents.length
  const rollout = found('change.deployed', 'workload/shop/web', 0)
  const exhausted = [found('pod.memory-growing', pod, 20), found('node.memory-exhausted', 'node/a', 60, { endSecond: 150 })]
  const out = (reason: string): Found => found('pod.evicted', pod, 62, { endSecond: 64, attributes: { reason } })
  assert.equal(incidents(rollout, ...exhausted, out('memory')), 1)
  assert.equal(incidents(found('action.drain', 'node/a', 30, { endSecond: 90 }), out('node')), 0)
})

test('what a rollout costs another workload, or the node that its pods land on, is no plan', () => {
  const incidents = (...all: readonly Found[]): number => analyse([found('change.deployed', 'workload/shop/web', 0), ...all]).incidents.length
  const hungry = found('pod.cpu-hungry', 'pod/shop/web-7d9c5b8f6d-x2x4z', 10, { attributes: { node: 'a' } })
  const full = found('node.cpu-saturated', 'node/a', 12, { endSecond: 100 })
  assert.equal(incidents(hungry, full, found('node.heartbeat-missed', 'node/a', 30, { endSecond: 90, dose: 9, attributes: { reason: 'timeout' } })), 1)
  assert.equal(incidents(hungry, full, found('pod.unready', 'pod/shop/db-0', 30, { endSecond: 90, attributes: { reason: 'timeout' } })), 1)
  assert.equal(incidents(hungry, full, found('pod.unready', 'pod/shop/web-7d9c5b8f6d-x2x4z', 30, { endSecond: 90, attributes: { reason: 'timeout' } })), 0)
})

test('requests that wait for a lock wait for that, however full the processors are since; a lock that came after those may be their doing', () => {
  const causes = (lockedAt: number): readonly string[] => {
    const all = [
      found('postgres.lock-pileup', 'postgres/main', lockedAt, { endSecond: 130 }),
      found('node.cpu-saturated', 'node/db-1', 100, { endSecond: 130, confidence: 0.9 }),
      found('service.slow', 'service/-/orders', 105, {
        endSecond: 130,
        attributes: { reason: 'postgres-timeout', seconds: 4, backend: '10.0.0.7:5432', node: 'db-1' },
      }),
    ].toSorted(byStart)
    const world = timeline({ facts: [{ fact: 'client-of', client: 'service/-/orders', server: 'postgres/main' }] })
    return linkCauses(all, mechanisms, world).flatMap(({ cause, effect, faint }) =>
      all[effect]?.kind === 'service.slow' && !faint ? (all[cause]?.kind ?? '') : [],
    )
  }
  assert.deepEqual(causes(96), ['postgres.lock-pileup'])
  assert.ok(causes(103).includes('node.cpu-saturated'), causes(103).join())
})

test('a pod that is not ready any more as it begins to miss a server is not what its rollout broke', () => {
  const pod = 'pod/shop/web-7d9c5b8f6d-x2x4z' as const
  const blamed = (second: number, reason: string): boolean => {
    const world = timeline({ signals: [signal('log.error', pod, second, { reason })] })
    const all = [
      found('change.deployed', 'workload/shop/web', 0, { endSecond: 5 }),
      found('pod.unready', pod, 120, { endSecond: 500 }),
      found('workload.unavailable', 'workload/shop/web', 121, { endSecond: 500 }),
    ]
    return linkCauses(all, mechanisms, world).some(({ cause, effect, faint }) => cause === 0 && effect === 1 && !faint)
  }
  assert.deepEqual([blamed(118, 'dns'), blamed(118, 'other'), blamed(20, 'dns')], [false, true, true])
})

test('a server that was told to restart and did is no incident; one that stayed away is', () => {
  const restart = (end: number, mode = 'fast'): readonly Found[] => [
    found('postgres.shutdown', 'postgres/main', 100, { endSecond: end, attributes: { mode } }),
    found('app.errors', 'process/-/web', 101, { endSecond: end, attributes: { reason: 'postgres-unreachable' } }),
  ]
  assert.equal(analyse(restart(104)).incidents.length, 0)
  assert.equal(analyse(restart(160)).incidents.length, 1)
  assert.equal(analyse(restart(104, 'immediate')).incidents.length, 1)
})

test('a restart that failed most of the requests of a service, and woke somebody, is an incident however short it was', () => {
  const restart = (failed: string, alerted: Entity): number =>
    analyse([
      found('postgres.shutdown', 'postgres/main', 100, { endSecond: 110, attributes: { mode: 'fast' } }),
      found('service.errors', 'service/-/web', 102, { endSecond: 111, attributes: { reason: 'postgres-unreachable', failed } }),
      found('alert.fired', alerted, 107, { endSecond: 115, attributes: { alertname: 'ErrorRateHigh' } }),
    ]).incidents.length
  assert.deepEqual([restart('most', 'service/-/web'), restart('few', 'service/-/web'), restart('most', 'service/-/mail')], [1, 0, 0])
})

test('a server that was shut down as another took over from it is missed by nobody but its exporter and its probe', () => {
  const over = (others: readonly Found[], promoted = 102): number => {
    const world = timeline({
      signals: [signal('log.warning', 'postgres/b', promoted, { app: 'postgres', code: 'promoted' })],
      facts: [{ fact: 'client-of', client: 'process/-/web', server: 'postgres/a' }],
    })
    return analyse(
      [
        found('postgres.shutdown', 'postgres/a', 100, { attributes: { mode: 'fast' } }),
        found('service.unreachable', 'service/-/postgres-primary', 103),
        found('service.unreachable', 'target/postgres/10.0.0.7:9187', 104),
        ...others,
      ],
      world,
    ).incidents.length
  }
  assert.equal(over([]), 0)
  assert.equal(over([], 900), 1)
  assert.equal(over([found('app.errors', 'process/-/web', 101, { endSecond: 160, attributes: { reason: 'postgres-unreachable' } })]), 1)
})

test('two stories of two nodes that share nothing are two incidents', () => {
  const other = (one: Found): Found => ({
    ...one,
    entity:
      one.entity === 'node/a'
        ? 'node/b'
        : one.entity === 'workload/shop/web'
          ? 'workload/bank/desk'
          : one.entity === 'service/shop/web'
            ? 'service/bank/desk'
            : 'pod/bank/desk-0',
    start: one.start + 1_800_000,
  })
  const facts = [
    { fact: 'pod-on-node', pod: 'pod/shop/web-7d9c5b8f6d-x2x4z', node: 'node/a', at: null },
    { fact: 'pod-on-node', pod: 'pod/bank/desk-0', node: 'node/b', at: null },
  ] as const
  const over = timeline({ format: 'kubernetes-objects', facts })
  const ended = story.map((one): Found => ({ ...one, end: one.start + 600_000 }))
  assert.equal(analyse([...ended, ...ended.map((one) => other({ ...one, end: one.start + 2_400_000 }))], over).incidents.length, 2)
})

test('what somebody felt comes before what only the cluster did, however much of that there is', () => {
  const pods = Array.from({ length: 60 }, (_, index): Entity => `pod/batch/job-${index}`)
  const over = timeline({
    format: 'kubernetes-objects',
    facts: [
      { fact: 'pod-on-node', pod: 'pod/shop/web-7d9c5b8f6d-x2x4z', node: 'node/a', at: null },
      ...pods.map((pod) => ({ fact: 'pod-on-node', pod, node: 'node/b', at: null }) as const),
    ],
  })
  const unfelt = [
    ...story.slice(0, 3).map((one): Found => ({ ...one, entity: 'node/b' })),
    ...pods.map((pod) => found('pod.evicted', pod, 345, { attributes: { reason: 'taint' } })),
  ].map((one): Found => ({ ...one, start: one.start - 7_200_000, end: one.start - 3_600_000 }))
  const felt = story.map((one): Found => ({ ...one, end: one.start + 60_000 }))
  const { incidents } = analyse([...unfelt, ...felt], over)
  assert.deepEqual(
    incidents.map(({ findings }) => findings.some(({ kind }) => kind === 'service.errors')),
    [true, false],
  )
})

test('roles are those of the vocabulary; an alert is detection', () => {
  for (const one of analyse(story).incidents[0]?.findings ?? []) assert.equal(one.role, roleOf(one.kind))
})

test('a cascade over two nodes is told in rounds', () => {
  const moved = found('pod.rescheduled', 'pod/shop/web-7d9c5b8f6d-z4x2x', 350, { attributes: { to: 'b' } })
  const sorted = [...story, moved, found('node.memory-exhausted', 'node/b', 400), found('node.not-ready', 'node/b', 500)].sort(byStart)
  const [incident] = tellIncidents(sorted, linkCauses(sorted, mechanisms, world), world)
  assert.ok(incident !== undefined)
  const rounds = roundsOf(incident).map((round) => round.map((at) => `${sorted[at]?.kind} ${sorted[at]?.entity}`))
  assert.equal(rounds.length, 2)
  assert.ok(rounds[1]?.includes('node.memory-exhausted node/b') && rounds[0]?.includes('node.not-ready node/a'))
})

const aSignal = fc
  .record({
    kind: fc.constantFrom(...FINDING_KINDS),
    entity: fc.constantFrom(...ENTITIES),
    start: fc.nat({ max: 900 }),
    lasts: fc.nat({ max: 300 }),
    count: fc.integer({ min: 1, max: 9 }),
    phase: fc.constantFrom('point', 'begin', 'end', 'span'),
  })
  .map(({ kind, entity, start, lasts, count, phase }): Signal =>
    signal(kind, entity, start, { reason: 'timeout', node: 'a' }, { until: start + lasts, count, phase: phase }),
  )

test('the same extracts in any order give the same bytes', () => {
  const lower = (extracts: readonly InputExtract[]): string => {
    const one = timelineOf(extracts)
    return renderJson(analyse(findWrong(one), one))
  }
  fc.assert(
    fc.property(fc.array(fc.array(aSignal, { maxLength: 25 }), { minLength: 2, maxLength: 4 }), (parts) => {
      const extracts = parts.map((signals, index) => input(`dump/${index}.log`, { signals }))
      assert.equal(lower(extracts.toReversed()), lower(extracts))
      assert.equal(lower([...extracts.slice(1), ...extracts.slice(0, 1)]), lower(extracts))
    }),
    { numRuns: 60 },
  )
})

test('what nothing explains but was there too is considered, without a link', () => {
  const [incident] = analyse([...story, found('postgres.autovacuum', 'postgres/main', 60, { endSecond: 90 })]).incidents
  const vacuum = incident?.findings.find((one) => one.kind === 'postgres.autovacuum')
  assert.ok(vacuum !== undefined)
  assert.equal(
    incident?.links.some((link) => link.cause === vacuum.id || link.effect === vacuum.id),
    false,
  )
})

test('a workload that has been broken since long before the logs begin is no incident; the same since today is', () => {
  const watched = timeline({ format: 'klog', signals: [signal('log.warning', 'cluster', 90_000), signal('log.warning', 'cluster', 93_600)], facts: [] })
  const broken = (second: number): readonly Found[] => [
    found('pod.crash-looping', 'pod/dev/scratch-7d9c5b8f6d-x2x4z', second, {}),
    found('workload.degraded', 'workload/dev/scratch', second, {}),
  ]
  assert.deepEqual(analyse(broken(60), watched).incidents, [])
  assert.equal(analyse(broken(90_060), watched).incidents.length, 1)
})

test('a workload that is broken from the first minute of a long day to its last is how things were; one that broke within it is an incident', () => {
  const day = timeline({ format: 'klog', signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 4 * 3600)], facts: [] })
  const broken = (second: number): readonly Found[] => [
    found('pod.crash-looping', 'pod/dev/scratch-7d9c5b8f6d-x2x4z', second, {}),
    found('workload.degraded', 'workload/dev/scratch', second, {}),
  ]
  assert.deepEqual(analyse(broken(120), day).incidents, [])
  assert.equal(analyse(broken(3600), day).incidents.length, 1)
})

test('a workload does not crash its own pods by being unavailable', () => {
  const links = analyse([
    found('workload.unavailable', 'workload/shop/web', 60, {}),
    found('pod.crash-looping', 'pod/shop/web-7d9c5b8f6d-x2x4z', 61, {}),
    found('workload.degraded', 'workload/shop/web', 62, {}),
  ]).incidents.flatMap((incident) => incident.links)
  assert.ok(links.every(({ mechanism }) => mechanism !== 'missing-backend-stops-start'))
})

test('certificates that the API server refuses are what kubelets were refused for, and the backend that a proxy names is the node that was lost', () => {
  const incident = analyse([
    found('node.certificate-expired', 'cluster', 0, { attributes: { reason: 'expired' } }),
    found('node.heartbeat-missed', 'node/a', 8, { attributes: { reason: 'unauthorized' } }),
    found('node.not-ready', 'node/a', 45, {}),
    found('node.network-lost', 'node/b', 600, {}),
    found('service.errors', 'service/-/site', 610, { attributes: { backend: 'b', node: 'b' } }),
    found('service.errors', 'service/-/blog', 611, { attributes: { backend: 'a', node: 'a' } }),
  ]).incidents[0]
  const kinds = new Map(incident?.findings.map(({ id, kind, entity }) => [id, `${kind} ${entity}`]))
  const links = (incident?.links ?? []).map(({ cause, effect }) => `${kinds.get(cause)} > ${kinds.get(effect)}`)
  assert.ok(links.includes('node.certificate-expired cluster > node.heartbeat-missed node/a'))
  assert.ok(links.includes('node.network-lost node/b > service.errors service/-/site'))
  assert.ok(!links.includes('node.network-lost node/b > service.errors service/-/blog'))
})

test("heartbeats that all nodes miss at once are the control plane's trouble, not that of what keeps each node busy", () => {
  const nodes = ['a', 'b', 'c'].flatMap((name, at): Found[] => [
    found('node.cpu-saturated', `node/${name}`, 10 + at, { endSecond: 40 }),
    found('node.heartbeat-missed', `node/${name}`, 14 + at, { endSecond: 70, dose: 9, attributes: { reason: 'timeout', together: 'yes' } }),
  ])
  const etcd = found('service.unreachable', 'target/etcd/127.0.0.1:2379', 5, { endSecond: 70 })
  const api = found('service.unreachable', 'target/kube-apiserver/10.0.0.1:6443', 8, { endSecond: 70 })
  const [incident, ...others] = analyse([etcd, api, ...nodes]).incidents
  const kinds = new Map(incident?.findings.map(({ id, kind, entity }) => [id, `${kind} ${entity}`]))
  assert.equal(others.length, 0)
  assert.equal(kinds.get(incident?.rootCauses[0]?.finding ?? ''), 'service.unreachable target/etcd/127.0.0.1:2379')
  assert.ok(incident?.links.every(({ mechanism }) => mechanism !== 'cpu-saturation-starves-kubelet'))
})

test('errors of requests that ended on a node that fell silent are its doing, not that of the last rollout of who sent them', () => {
  const errors = (attributes: Record<string, string>): readonly string[] =>
    analyse([
      found('change.deployed', 'workload/shop/web', 0, { endSecond: 45 }),
      found('node.heartbeat-missed', 'node/b', 85, { dose: 9, attributes: { reason: 'other', silent: 'yes' } }),
      found('app.errors', 'pod/shop/web-7d9c5b8f6d-x2x4z', 90, { endSecond: 200, attributes }),
    ]).incidents.flatMap(({ rootCauses, findings }) => findings.filter(({ id }) => id === rootCauses[0]?.finding).map(({ kind }) => kind))
  assert.deepEqual(errors({ reason: 'timeout', backend: '10.244.3.12', node: 'b' }), ['node.heartbeat-missed'])
  assert.deepEqual(errors({ reason: 'timeout' }), ['change.deployed'])
})

test('a pod that came minutes after a rollout, in place of one that was evicted, is not what the rollout broke', () => {
  const pod: Entity = 'pod/shop/web-7d9c5b8f6d-zzzzz'
  const over = (second: number): Timeline =>
    timeline({ signals: [signal('pod.scheduled', pod, second, { node: 'b' })], facts: [{ fact: 'node', node: 'node/a', at: null }] })
  const mechanisms = (placed: number): readonly string[] =>
    analyse(
      [
        found('change.deployed', 'workload/shop/web', 0, { endSecond: 20, attributes: { replicaSet: 'web-7d9c5b8f6d', undone: 'yes' } }),
        found('pod.unready', pod, 330, { endSecond: 500 }),
        found('workload.degraded', 'workload/shop/web', 331, { endSecond: 500 }),
      ],
      over(placed),
    ).incidents.flatMap(({ links }) => links.map(({ mechanism }) => mechanism))
  assert.ok(mechanisms(10).includes('rollout-unready-pods'))
  assert.ok(!mechanisms(320).includes('rollout-unready-pods'))
})

test('a pod that stops, or is killed, minutes after its rollout together with the pods of others on its machine is not what the rollout broke', () => {
  const pod: Entity = 'pod/shop/web-7d9c5b8f6d-x2x4z'
  const others: readonly Entity[] = ['pod/shop/cart-66bc4f48ff-l2586', 'pod/shop/till-559f6b99d4-6rrlm']
  for (const [kind, phase, rule] of [
    ['pod.unready', 'begin', 'rollout-unready-pods'],
    ['pod.oom-killed', 'point', 'rollout-breaks-pods'],
  ] as const) {
    const sureness = (...also: readonly Entity[]): number => {
      const over = timeline({
        signals: also.map((one) => signal(kind, one, 305, {}, { phase })),
        facts: [pod, ...others].map((one) => ({ fact: 'pod-on-node', pod: one, node: 'node/a', at: null })),
      })
      const sorted = [found('change.deployed', 'workload/shop/web', 0, { endSecond: 20 }), found(kind, pod, 300, { endSecond: 900 })]
      return linkCauses(sorted, mechanisms, over).find(({ mechanism }) => mechanism.id === rule)?.confidence ?? 0
    }
    assert.ok(sureness() > 0.6)
    assert.equal(sureness(...others.slice(0, 1)), sureness())
    assert.ok(sureness(...others) < 0.4)
  }
})

test('a pod that had been ready and stops within a minute of its rollout, with the pods of others on its machine, is not what the rollout broke', () => {
  const pod: Entity = 'pod/shop/web-7d9c5b8f6d-x2x4z'
  const others: readonly Entity[] = ['pod/shop/cart-66bc4f48ff-l2586', 'pod/shop/till-559f6b99d4-6rrlm']
  const sureness = (...ready: readonly number[]): number => {
    const over = timeline({
      signals: [
        ...ready.map((second) => signal('pod.unready', pod, second, {}, { phase: 'end' })),
        ...others.map((one) => signal('pod.unready', one, 35, {}, { phase: 'begin' })),
      ],
      facts: [pod, ...others].map((one) => ({ fact: 'pod-on-node', pod: one, node: 'node/a', at: null })),
    })
    const sorted = [found('change.deployed', 'workload/shop/web', 0, { endSecond: 2 }), found('pod.unready', pod, 37, { endSecond: 90 })]
    return linkCauses(sorted, mechanisms, over).find(({ mechanism }) => mechanism.id === 'rollout-unready-pods')?.confidence ?? 0
  }
  assert.ok(sureness() > 0.6)
  assert.ok(sureness(4) < 0.4)
})

test('pods that a quota refused for some seconds, until old ones were gone, are no incident', () => {
  const incidents = (endSecond: number): number =>
    analyse([
      found('change.scaled', 'workload/shop/web', 0, {}),
      found('pod.unschedulable', 'workload/shop/web', 5, { endSecond, attributes: { reason: 'quota' } }),
    ]).incidents.length
  assert.deepEqual([incidents(10), incidents(1800)], [0, 1])
})

test('what a rollout costs for a while is its plan, unless somebody rolled it back', () => {
  const incidents = (undone: object): number =>
    analyse([
      found('change.deployed', 'workload/shop/web', 0, { attributes: { ...undone } }),
      found('pod.unready', 'pod/shop/web-7d9c5b8f6d-x2x4z', 5, { endSecond: 120 }),
      found('workload.degraded', 'workload/shop/web', 6, { endSecond: 120 }),
    ]).incidents.length
  assert.equal(incidents({}), 0)
  assert.equal(incidents({ undone: 'yes' }), 1)
})

test('a machine that falls silent is not what a rollout of minutes before overwhelmed; a kubelet that is late may be', () => {
  const mechanisms = (reason: string): readonly string[] =>
    analyse([
      found('change.deployed', 'workload/shop/web', 0, {}),
      found('node.heartbeat-missed', 'node/a', 60, { dose: 9, attributes: { reason } }),
      found('node.not-ready', 'node/a', 90, {}),
      found('workload.unavailable', 'workload/shop/web', 92, {}),
    ]).incidents.flatMap((incident) => incident.links.map(({ mechanism }) => mechanism))
  assert.ok(!mechanisms('silent').some((mechanism) => mechanism.startsWith('new-pods-')))
})

test('a pod that stays bound to a lost node is not what its rollout broke', () => {
  const links = analyse([
    found('change.deployed', 'workload/shop/web', 0, {}),
    found('node.not-ready', 'node/a', 300, {}),
    found('pod.stuck', 'pod/shop/web-7d9c5b8f6d-x2x4z', 301, { attributes: { reason: 'node', node: 'a' } }),
    found('workload.degraded', 'workload/shop/web', 302, {}),
  ]).incidents.flatMap((incident) => incident.links.map(({ mechanism }) => mechanism))
  assert.ok(links.length > 0)
  assert.ok(links.every((mechanism) => !mechanism.startsWith('rollout-')))
})

test('the registry that an image comes from, by its name or its address, is why it could not be pulled; another one is not', () => {
  const linksTo = (attributes: Found['attributes']): readonly string[] =>
    analyse([
      found('service.unreachable', 'service/-/https://registry.example/v2/', 0, {}),
      found('service.unreachable', 'target/harbor/10.2.0.5:8001', 0, {}),
      found('pod.image-pull-failed', 'pod/shop/web-7d9c5b8f6d-x2x4z', 300, { attributes: { reason: 'other', ...attributes } }),
      found('workload.degraded', 'workload/shop/web', 301, {}),
    ]).incidents.flatMap(({ links }) => links.map(({ mechanism }) => mechanism).filter((id) => id === 'unreachable-registry-fails-pulls'))
  assert.equal(linksTo({ image: 'registry.example:443/shop/web:2' }).length, 1)
  assert.equal(linksTo({ image: 'mirror.example/shop/web:2', address: '10.2.0.5' }).length, 1)
  assert.equal(linksTo({ image: 'shop/web:2' }).length, 0)
})

test('a gateway that names the service it asked is a client of the workload of that name', () => {
  const over = timeline({
    format: 'text',
    signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
    facts: [{ fact: 'client-of', client: 'process/-/gateway', server: 'service/-/pricing' }],
  })
  const between = (workload: Entity): number =>
    analyse(
      [found('workload.degraded', workload, 60, {}), found('app.errors', 'process/-/gateway', 75, { attributes: { reason: 'upstream-error' } })],
      over,
    ).incidents.flatMap(({ links }) => links).length
  assert.equal(between('workload/core/pricing'), 1)
  assert.equal(between('workload/core/stock'), 0)
})

test('who asked a Service is a client of the workload that it selects, whatever it is called, and of no other', () => {
  const over = timeline({
    format: 'kubernetes-objects',
    signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
    facts: [
      { fact: 'alias', of: 'service/core/prices-internal', name: '10.96.0.17', at: null },
      { fact: 'runs-as', of: 'service/core/prices-internal', by: 'workload/core/pricing' },
      { fact: 'client-of', client: 'pod/web/gateway-7d9c5b8f6d-x2x4z', server: 'service/-/10.96.0.17' },
    ],
  })
  const links = (workload: Entity): readonly number[] =>
    analyse(
      [found('workload.degraded', workload, 60, {}), found('app.errors', 'pod/web/gateway-7d9c5b8f6d-x2x4z', 75, { attributes: { reason: 'refused' } })],
      over,
    ).incidents.flatMap((one) => one.links.map(({ confidence }) => confidence))
  assert.equal(links('workload/core/pricing').length, 1)
  assert.deepEqual(links('workload/core/stock'), [])
})

test('whom a workload is configured to talk to it needs, and nobody else of that kind', () => {
  const over = timeline({
    format: 'kubernetes-objects',
    signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
    facts: [{ fact: 'client-of', client: 'workload/web/gateway', server: 'service/core/pricing', configured: 'yes' }],
  })
  const links = (cause: Entity): number =>
    analyse(
      [found('workload.unavailable', cause, 60, {}), found('app.errors', 'pod/web/gateway-7d9c5b8f6d-x2x4z', 62, { attributes: { reason: 'refused' } })],
      over,
    ).incidents.flatMap((one) => one.links).length
  assert.deepEqual([links('workload/core/pricing'), links('workload/core/stock')], [1, 0])
})

test('whom a workload is configured to talk to is not all that it needs; whom it was seen to talk to tells more', () => {
  const links = (seen: boolean): number =>
    analyse(
      [found('postgres.recovering', 'postgres/main', 60, { endSecond: 120 }), found('workload.unavailable', 'workload/web/gateway', 62, { endSecond: 122 })],
      timeline({
        signals: [signal('log.warning', 'cluster', 0), signal('postgres.recovering', 'postgres/main', 60), signal('log.warning', 'cluster', 3600)],
        facts: [{ fact: 'client-of', client: 'workload/web/gateway', server: 'service/core/pricing', ...(seen ? {} : { configured: 'yes' }) }],
      }),
    ).incidents.flatMap((one) => one.links).length
  assert.deepEqual([links(false), links(true)], [1, 0])
})

test('what runs the cluster is no client of what runs in it', () => {
  const links = (client: Entity): number =>
    analyse([
      found('service.errors', 'service/shop/checkout', 60, { endSecond: 120 }),
      found('app.errors', client, 62, { endSecond: 122, attributes: { reason: 'timeout', why: 'x' } }),
      found('workload.unavailable', 'workload/shop/checkout', 60, { endSecond: 120 }),
    ]).incidents.flatMap((one) => one.links.filter(({ mechanism }) => /callers|clients/u.test(mechanism))).length
  for (const client of ['process/-/containerd', 'process/-/kube-apiserver', 'process/-/ipamd'] as const) assert.equal(links(client), 0, client)
})

test('pods whose images one registry refuses from the same moment on have one trouble; those of two registries, or for two reasons, do not', () => {
  const incidents = (image: string, reason = 'rate-limit'): number =>
    analyse([
      found('pod.image-pull-failed', 'pod/shop/web-7d9c5b8f6d-x2x4z', 60, {
        endSecond: 600,
        attributes: { reason: 'rate-limit', image: 'docker.io/shop/web:2' },
      }),
      found('workload.degraded', 'workload/shop/web', 60, { endSecond: 600 }),
      found('pod.image-pull-failed', 'pod/pay/card-6d9c5b8f6d-x2x4z', 65, { endSecond: 600, attributes: { reason, image } }),
      found('workload.degraded', 'workload/pay/card', 65, { endSecond: 600 }),
    ]).incidents.length
  assert.deepEqual([incidents('docker.io/pay/card:1'), incidents('quay.io/pay/card:1'), incidents('docker.io/pay/card:1', 'not-found')], [1, 2, 2])
})

test('who ran out of connections to a database of its own pool waits for the one server that is known, and its pods with it', () => {
  const pod = 'pod/pay/payments-7d9c5b8f6d-x2x4z'
  const links = (reason: string, ...more: readonly Entity[]): number =>
    analyse(
      [
        found('postgres.lock-pileup', 'postgres/main', 60, { endSecond: 300 }),
        found('app.errors', pod, 92, { endSecond: 300, attributes: { reason } }),
        found('pod.unready', pod, 75, { endSecond: 300, attributes: { reason: 'timeout' } }),
      ],
      timeline({
        signals: [
          signal('log.warning', 'cluster', 0),
          signal('log.error', pod, 92, { reason }),
          ...['postgres/main' as const, ...more].map((server) => signal('postgres.lock-pileup', server, 60)),
          signal('log.warning', 'cluster', 3600),
        ],
      }),
    ).incidents.flatMap((one) => one.links.filter(({ mechanism, confidence }) => mechanism.startsWith('locks-') && confidence > 0.5)).length
  assert.deepEqual([links('pool'), links('other'), links('pool', 'postgres/stock')], [2, 0, 0])
})

test('who made a workload is not to blame for what it did well before; what keeps it from running may be its own', () => {
  const linksOf = (kind: FindingKind, second: number, created: boolean): number =>
    analyse([
      found('change.deployed', 'workload/shop/web', 60, { endSecond: 60, ...(created ? { attributes: { created: 'yes' } } : {}) }),
      found(kind, 'pod/shop/web-7d9c5b8f6d-x2x4z', second, { endSecond: second + 120 }),
      found('workload.unavailable', 'workload/shop/web', second, { endSecond: second + 120 }),
    ]).incidents.flatMap(({ links, findings }) => links.filter(({ cause }) => findings.find(({ id }) => id === cause)?.kind === 'change.deployed')).length
  assert.deepEqual([linksOf('pod.unready', 110, true), linksOf('pod.unready', 110, false), linksOf('pod.unready', 70, true)], [0, 1, 1])
  assert.equal(linksOf('pod.crash-looping', 110, true), 1)
})

test('what some pods of a caller complain of, and others do not, is nothing that the rollout of its server did', () => {
  const [one, other] = ['pod/web/gateway-7d9c5b8f6d-x2x4z', 'pod/web/gateway-7d9c5b8f6d-z4x2x'] as const
  const blamed = (...erring: readonly Entity[]): boolean =>
    analyse(
      [
        found('change.deployed', 'workload/core/pricing', 58, { endSecond: 62 }),
        ...erring.map((pod) => found('app.errors', pod, 65, { endSecond: 200, attributes: { reason: 'refused' } })),
      ],
      timeline({
        format: 'kubernetes-objects',
        signals: [
          signal('log.warning', 'cluster', 0),
          ...erring.map((pod) => signal('log.error', pod, 65, { reason: 'refused' }, { count: 100, until: 200 })),
          signal('log.warning', 'cluster', 3600),
        ],
        facts: [
          ...[one, other].map((pod): Fact => ({ fact: 'pod-on-node', pod, node: 'node/a', at: null })),
          ...[one, other].map((pod): Fact => ({ fact: 'client-of', client: pod, server: 'service/core/pricing' })),
        ],
      }),
    ).incidents.some(({ links }) => links.some(({ mechanism }) => mechanism === 'rollout-fails-callers'))
  assert.deepEqual([blamed(one, other), blamed(one)], [true, false])
})

test('the story ends with what people use, not with what the cluster runs for itself', () => {
  const [agent, web] = ['pod/kube-system/agent-x2x4z', 'pod/shop/web-7d9c5b8f6d-x2x4z'] as const
  const over = timeline({
    format: 'kubernetes-objects',
    signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
    facts: [agent, web].map((pod) => ({ fact: 'pod-on-node', pod, node: 'node/a', at: null })),
  })
  const gone = (namespace: string, name: string, pod: Entity): readonly Found[] => [
    found('pod.unready', pod, 400, { endSecond: 600, attributes: { reason: 'node-not-ready' } }),
    found('workload.degraded', `workload/${namespace}/${name}`, 400, { endSecond: 600 }),
  ]
  const told = analyse([found('node.not-ready', 'node/a', 400, { endSecond: 600 }), ...gone('kube-system', 'agent', agent), ...gone('shop', 'web', web)], over)
  assert.match(told.incidents[0]?.title ?? '', /shop\/web/u)
})

test('where nobody is seen to suffer, an incident lasts as long as what went wrong', () => {
  const [incident] = analyse([
    found('node.disk-full', 'node/a', 300, { endSecond: 900 }),
    found('pod.evicted', 'pod/shop/web-7d9c5b8f6d-x2x4z', 301, { endSecond: 301, attributes: { reason: 'disk' } }),
  ]).incidents
  assert.equal(incident?.end, new Date(T0 + 900_000).toISOString())
})

test('a node is blamed for what ran on it then, not for pods that came later or had been told to go', () => {
  const [old, later] = ['pod/shop/web-7d9c5b8f6d-x2x4z', 'pod/shop/web-7d9c5b8f6d-z4x2x'] as const
  const told = (...signals: readonly Signal[]): number =>
    analyse(
      [found('node.kernel-panic', 'node/a', 500), found('node.rebooted', 'node/a', 560), found('service.errors', 'service/shop/web', 620, { endSecond: 700 })],
      timeline({ format: 'kubernetes-events', signals: [signal('log.warning', 'cluster', 0), ...signals, signal('log.warning', 'cluster', 3600)] }),
    ).incidents.length
  const placed = (pod: Entity, second: number): Signal => signal('pod.scheduled', pod, second, { node: 'a' })
  assert.equal(told(placed(old, 100)), 1)
  assert.equal(told(placed(old, 100), signal('pod.evicted', old, 300, { reason: 'taint' }), signal('pod.deleted', old, 570), placed(later, 610)), 0)
})

test('what somebody did before anything was wrong was a change; what they did while it was is an answer', () => {
  const roleOfDrain = (second: number): string | undefined => {
    const [incident] = analyse([
      found('action.drain', 'node/a', second, { endSecond: second + 20 }),
      found('pod.unschedulable', 'pod/shop/db-0', 24, { endSecond: 300, attributes: { reason: 'volume' } }),
      found('workload.unavailable', 'workload/shop/db', 24, { endSecond: 300 }),
    ]).incidents
    return incident?.findings.find(({ kind }) => kind === 'action.drain')?.role
  }
  assert.deepEqual([roleOfDrain(20), roleOfDrain(60)], ['change', 'response'])
})

test('errors of a control plane whose store was asked to stop, and was back within a minute, are its plan', () => {
  const incidents = (endSecond: number): number =>
    analyse([
      found('action.restart', 'process/-/etcd', 0, { attributes: { asked: 'yes' } }),
      found('app.errors', 'process/-/kube-apiserver', 5, { endSecond }),
      found('app.errors', 'process/-/kube-scheduler', 10, { endSecond }),
      found('node.heartbeat-missed', 'node/a', 7, { endSecond, dose: 8 }),
    ]).incidents.length
  assert.deepEqual([incidents(20), incidents(300)], [0, 1])
})

test('who is scaled to twice as much overloads whom it asks, also through another, and nobody else', () => {
  const links = (effect: Entity, grew: Readonly<Record<string, string>> = { grew: 'twice' }): readonly string[] =>
    analyse(
      [
        found('change.scaled', 'workload/shop/gateway', 60, { endSecond: 60, attributes: { from: 1, to: 6, ...grew } }),
        found('app.errors', effect, 63, { endSecond: 200, attributes: { reason: 'upstream-error' } }),
      ],
      timeline({
        signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
        facts: [
          { fact: 'client-of', client: 'workload/shop/gateway', server: 'service/shop/web' },
          { fact: 'client-of', client: 'workload/shop/web', server: 'service/shop/catalog' },
          { fact: 'runs-as', of: 'service/shop/catalog', by: 'workload/shop/catalog' },
          { fact: 'runs-as', of: 'service/shop/web', by: 'workload/shop/web' },
        ],
      }),
    ).incidents.flatMap((one) => one.links.map(({ mechanism }) => mechanism))
  for (const asked of ['pod/shop/web-7d9c5b8f6d-x2x4z', 'pod/shop/catalog-7d9c5b8f6d-x2x4z'] as const)
    assert.deepEqual(links(asked), ['more-clients-overload-their-server'], asked)
  assert.deepEqual(links('pod/shop/search-7d9c5b8f6d-x2x4z'), [])
  assert.deepEqual(links('pod/shop/web-7d9c5b8f6d-x2x4z', {}), [])
})

test('a service is no client of the program of its own name', () => {
  const links = (service: Entity): readonly string[] =>
    analyse(
      [
        found('service.errors', service, 60, { endSecond: 120, attributes: { reason: 'upstream-error' } }),
        found('app.errors', 'process/-/web', 61, { endSecond: 120, attributes: { reason: 'upstream-error' } }),
      ],
      timeline({
        signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 3600)],
        facts: [{ fact: 'client-of', client: 'process/-/web', server: service }],
      }),
    ).incidents.flatMap((one) => one.links.map(({ cause, effect }) => `${cause} ${effect}`))
  assert.deepEqual(links('service/shop/web'), [])
  assert.equal(links('service/shop/catalog').length, 1)
})

test('a program whose own log complains of its database is a client of the only server there is, by whatever number of it logs', () => {
  const links = (program: Entity): readonly string[] =>
    analyse(
      [found('postgres.slow-queries', 'postgres/main', 600, { endSecond: 1_200 }), found('service.slow', 'service/-/web', 610, { endSecond: 1_200 })],
      timeline({
        signals: [
          signal('log.error', program, 100, { app: 'web', reason: 'postgres-unreachable' }),
          signal('postgres.shutdown', 'postgres/main', 90),
          signal('log.warning', 'cluster', 3600),
        ],
      }),
    ).incidents.flatMap((one) => one.links.flatMap(({ mechanism, confidence }) => (confidence > 0.6 ? [mechanism] : [])))
  assert.deepEqual(links('process/-/web-0'), ['slow-statements-slow-clients'])
  assert.deepEqual(links('process/-/mail-0'), [])
})

test('pods that a rollout starts into an outage do not find what was gone before; what goes with the rollout is no excuse for it', () => {
  const web: Entity = 'pod/shop/web-7d9c5b8f6d-x2x4z'
  const asks: Fact = { fact: 'client-of', client: web, server: 'workload/shop/pricing' }
  const day = timeline({ format: 'klog', signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 900)], facts: [asks] })
  const causes = (goneAt: number): readonly string[] =>
    analyse(
      [
        found('workload.unavailable', 'workload/shop/pricing', goneAt, {}),
        found('change.deployed', 'workload/shop/web', 90, {}),
        found('pod.crash-looping', web, 120, {}),
      ].sort((a, b) => a.start - b.start),
      day,
    ).incidents.flatMap(({ findings: all, links }) => links.map(({ cause }) => all.find(({ id }) => id === cause)?.kind ?? ''))
  assert.deepEqual(causes(60), ['workload.unavailable'])
  assert.deepEqual([...causes(100)].sort(), ['change.deployed', 'workload.unavailable'])
})

test('a rollout did not take the memory that was going before it; it may have taken what went after it', () => {
  const placed = signal('pod.scheduled', 'pod/shop/web-7d9c5b8f6d-x2x4z', 301, { node: 'a' })
  const day = timeline({ format: 'klog', signals: [signal('log.warning', 'cluster', 0), placed, signal('log.warning', 'cluster', 900)], facts: [] })
  const linked = (underWay: number): number =>
    analyse(
      [
        found('change.deployed', 'workload/shop/web', 300, {}),
        found('node.memory-exhausted', 'node/a', 500, { endSecond: 700, attributes: { underWay: T0 + underWay * 1000 } }),
        found('node.oom-kill', 'node/a', 510, { endSecond: 510 }),
        found('pod.evicted', 'pod/shop/db-7d9c5b8f6d-x2x4z', 520, { endSecond: 520, attributes: { reason: 'memory' } }),
      ],
      day,
    ).incidents.flatMap(({ links }) => links.filter(({ mechanism }) => mechanism === 'rollout-uses-up-memory')).length
  assert.deepEqual([linked(100), linked(400)], [0, 1])
})

test('a kubelet whom the API server turns away is there, and so are its pods: who calls them is not hurt by that', () => {
  const api: Entity = 'pod/shop/api-7d9c5b8f6d-x2x4z'
  const facts: readonly Fact[] = [
    { fact: 'client-of', client: api, server: 'pod/shop/db-0' },
    { fact: 'pod-on-node', pod: 'pod/shop/db-0', node: 'node/a', at: null },
  ]
  const day = timeline({ format: 'klog', signals: [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', 900)], facts })
  const linked = (reason: string): number =>
    analyse(
      [
        found('node.heartbeat-missed', 'node/a', 300, { endSecond: 400, attributes: { reason } }),
        found('app.errors', api, 305, { endSecond: 400, attributes: { reason: 'refused' } }),
      ],
      day,
    ).incidents.flatMap(({ links }) => links).length
  assert.deepEqual([linked('refused'), linked('timeout')], [0, 1])
})
