/** Every mechanism, on two findings made from its own data: fires where all fits, and not where order or place say otherwise. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { at, found, signal, timeline } from '../../test/timeline-builder.js'
import { byStart, type Found } from '../findings/finding.js'
import { process, shortName, typeOf, type Entity } from '../model/entity.js'
import type { Attributes, Fact, Signal } from '../model/extract.js'
import { isFindingKind, type FindingKind } from '../model/vocabulary.js'
import { howOftenRight, linkCauses } from './link.js'
import { loadMechanisms } from './load-mechanisms.js'
import { nearness } from './relations.js'
import type { Mechanism, Relation } from './mechanism.js'

const mechanisms = loadMechanisms([])

/** Two of everything: what is 'near' stands on node a and belongs together, what is 'far' does so on node b. */
interface Place {
  readonly node: Entity
  readonly pod: Entity
  readonly set: string
  readonly workload: Entity
  /** Another workload, of which this one's pods are clients. */
  readonly backend: Entity
  readonly service: Entity
  readonly target: Entity
  readonly postgres: Entity
  readonly database: Entity
  readonly redis: Entity
  readonly cache: Entity
  readonly app: Entity
  readonly balancer: Entity
}

const place = (node: string, name: string): Place => ({
  node: `node/${node}`,
  pod: `pod/shop/${name}-7d9c5b8f6d-x2x4z`,
  set: `${name}-7d9c5b8f6d`,
  workload: `workload/shop/${name}`,
  backend: `workload/shop/${name}-backend`,
  service: `service/shop/${name}`,
  target: `target/node/${node}:9100`,
  postgres: `postgres/${name}`,
  database: `pod/shop/${name}-db-0`,
  redis: `redis/${name}`,
  cache: `pod/shop/${name}-cache-0`,
  app: `process/-/${name}-app`,
  balancer: `loadbalancer/${name}`,
})

const near = place('a', 'web')
const far = place('b', 'cart')

const factsOf = (here: Place): readonly Fact[] => [
  { fact: 'node', node: here.node, at: null },
  ...[here.pod, here.database, here.cache].map((pod): Fact => ({ fact: 'pod-on-node', pod, node: here.node, at: null })),
  { fact: 'alias', of: here.node, name: here.node.slice('node/'.length), at: null },
  { fact: 'runs-as', of: here.postgres, by: here.database },
  { fact: 'runs-as', of: here.redis, by: here.cache },
  { fact: 'runs-as', of: here.service, by: here.workload },
  { fact: 'runs-as', of: `service/shop/${shortName(here.backend)}`, by: here.backend },
  { fact: 'runs-as', of: here.service, by: here.pod },
  { fact: 'runs-as', of: here.postgres, by: here.pod },
  ...[here.app, here.service, here.pod, here.workload].flatMap((client) =>
    [here.postgres, here.redis, here.workload, here.backend, here.service].map((server): Fact => ({ fact: 'client-of', client, server })),
  ),
]

/** Pods that came with the cause, all to one node. */
const crowdOf = ({ set, node }: Place): readonly Fact[] =>
  ['bbbbb', 'ccccc', 'ddddd', 'fffff'].map((suffix) => ({ fact: 'pod-on-node', pod: `pod/shop/${set}-${suffix}`, node, at: at(0) }))

/** The first of them that its node had no room for. */
const firstOut = ({ set }: Place): Signal => signal('pod.evicted', `pod/shop/${set}-bbbbb`, 125, { reason: 'disk' })

const world = timeline({
  format: 'kubernetes-objects',
  facts: [...factsOf(near), ...factsOf(far), ...crowdOf(near), ...crowdOf(far)],
  signals: [firstOut(near), firstOut(far)],
})

const entityOf = (kind: FindingKind, here: Place, where: Relation): Entity => {
  if (kind === 'metric.anomalous' && (where === 'client-of-node' || where === 'loads-node')) return here.node
  if (/^node\.|^change\.node|^action\.(?:drain|cordon|node)/u.test(kind)) return here.node
  if (/^(?:pod|network)\.|^action\.pod/u.test(kind)) return here.pod
  if (kind === 'action.session-ended') return here.postgres
  if (/^(?:workload|change|action)\./u.test(kind)) return here.workload
  if (kind === 'service.unreachable' && where === 'same-node') return here.target
  if (where === 'asks-further') return kind.startsWith('app.') ? here.database : `service/shop/${shortName(here.backend)}`
  if (kind.startsWith('service.')) return here.service
  if (kind.startsWith('loadbalancer.')) return here.balancer
  if (kind.startsWith('redis.')) return here.redis
  if (kind.startsWith('app.') && where === 'serves') return process('-', shortName(here.service))
  if (kind.startsWith('app.')) return /^same-(?:workload|entity|node)$/u.test(where) ? here.pod : here.app
  return here.postgres
}

/** The attributes that the rule asks for; of several values the one that says least of where. */
const asked = (rule: Readonly<Record<string, readonly string[]>> | undefined): Attributes =>
  Object.fromEntries(
    Object.entries(rule ?? {}).map(([name, values]) => [
      name,
      values.find((value) => value === '') ?? values.find((value) => !/^(?:postgres|redis)/u.test(value)) ?? values[0] ?? '',
    ]),
  )

/** Causes whose name says what they are. */
const AT: Partial<Readonly<Record<Relation, Entity>>> = {
  'of-control-plane': 'process/-/etcd',
  'within-control-plane': 'process/-/etcd',
  'of-dns': 'workload/kube-system/coredns',
  'of-scheduler': 'process/-/kube-scheduler',
  'pulls-from': 'service/-/https://registry.example/v2/',
  'named-server': 'service/mesh/injector',
}

const causeOf = (mechanism: Mechanism, kind: FindingKind): Found => {
  const attributes: Attributes = {
    ...asked(mechanism.if?.cause),
    ...(mechanism.where === 'moved-to' ? { to: 'a' } : {}),
    ...(mechanism.where === 'held-by' ? { pid: 44 } : {}),
  }
  // A workload is no client of itself.
  const isBackend = mechanism.where === 'client-of' && (kind.startsWith('workload.') || mechanism.effect.some((effect) => effect.startsWith('pod.')))
  // What a server's own log says of those that it refuses.
  const refuses =
    ['authentication', 'query_wait_timeout', 'no-server', 'read-only', 'memory', 'damaged', 'sessions'].includes(String(attributes['reason'])) ||
    attributes['of'] === 'server'
  const isNodes = attributes['metric'] === 'read-only-filesystem'
  const entity = AT[mechanism.where] ?? (isNodes ? near.node : isBackend ? near.backend : refuses ? near.postgres : entityOf(kind, near, mechanism.where))
  return found(kind, entity, 0, { attributes })
}

const effectOf = (mechanism: Mechanism, kind: FindingKind, cause: Found, here: Place, seconds: number): Found => {
  // An alert is about what it watches.
  const watched = here === near ? cause.entity : here.node
  const asks: Entity = here === near ? 'process/-/kube-apiserver' : 'process/-/web'
  const entity = kind === 'alert.fired' ? watched : mechanism.where === 'within-control-plane' ? asks : entityOf(kind, here, mechanism.where)
  return found(kind, entity, seconds, {
    attributes: {
      ...asked(mechanism.if?.effect),
      ...(mechanism.where === 'room-of-node' ? { taint: 'node.kubernetes.io/unreachable' } : {}),
      ...(mechanism.where === 'named-server' ? { server: `service/mesh/${here === near ? 'injector' : 'policy'}` } : {}),
      ...(mechanism.where === 'preempted-for' ? { by: here.pod } : {}),
      ...(mechanism.where === 'held-by' ? { holder: here === near ? 44 : 45 } : {}),
      ...(mechanism.where === 'pulls-from' ? { image: `${here === near ? 'registry.example:443' : 'docker.io'}/shop/web:1` } : {}),
    },
  })
}

const pairsOf = (mechanism: Mechanism): readonly (readonly [FindingKind, FindingKind])[] =>
  mechanism.cause.flatMap((cause) =>
    mechanism.effect.flatMap((effect) => (isFindingKind(cause) && isFindingKind(effect) && cause !== effect ? [[cause, effect] as const] : [])),
  )

const linksOf = (mechanism: Mechanism, ...findings: readonly Found[]): number => linkCauses([...findings].sort(byStart), [mechanism], world).length

const typicalOf = (mechanism: Mechanism): number => Math.max(1, mechanism.lag.min, mechanism.lag.typical)

test('every kind that a built-in mechanism names is in the vocabulary', () => {
  for (const { id, cause, effect } of mechanisms)
    assert.deepEqual(
      [...cause, ...effect].filter((kind) => !isFindingKind(kind)),
      [],
      id,
    )
})

test('no two built-in mechanisms have one name: the later would take the place of the earlier', () => {
  const ids = readdirSync(new URL('../../mechanisms/', import.meta.url))
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => [...readFileSync(new URL(`../../mechanisms/${file}`, import.meta.url), 'utf8').matchAll(/^- id: (\S+)$/gmu)].map(([, id]) => id))
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  )
  assert.equal(ids.length, mechanisms.length)
})

test('every lag is in order, and an alert is never a cause', () => {
  for (const { id, lag, cause } of mechanisms) {
    assert.ok(lag.min <= lag.typical && lag.typical <= lag.max, id)
    assert.ok(!cause.includes('alert.fired'), id)
  }
})

for (const mechanism of mechanisms) {
  test(`${mechanism.id} fires once at its typical lag`, () => {
    for (const [causeKind, effectKind] of pairsOf(mechanism)) {
      const cause = causeOf(mechanism, causeKind)
      assert.equal(linksOf(mechanism, cause, effectOf(mechanism, effectKind, cause, near, typicalOf(mechanism))), 1, `${causeKind} → ${effectKind}`)
    }
  })

  test(`${mechanism.id} does not fire backwards in time, nor long after a cause that was over`, () => {
    for (const [causeKind, effectKind] of pairsOf(mechanism)) {
      const cause = causeOf(mechanism, causeKind)
      assert.equal(linksOf(mechanism, cause, effectOf(mechanism, effectKind, cause, near, -90)), 0, `${causeKind} → ${effectKind}, 90 s before it`)
      const over = { ...cause, end: cause.start + 1_000 }
      assert.equal(
        linksOf(mechanism, over, effectOf(mechanism, effectKind, cause, near, mechanism.lag.max * 2 + 3600)),
        0,
        `${causeKind} → ${effectKind}, long after it`,
      )
    }
  })
}

/** Relations that a topology can deny. The others say how near two things are, never that they have nothing to do with each other. */
const DENIABLE: ReadonlySet<Relation> = new Set([
  'same-entity',
  'same-node',
  'same-place',
  'same-workload',
  'same-container',
  'pod-on-node',
  'pod-on-place',
  'node-of-pod',
  'moved-to',
  'evicted-first',
  'loads-node',
  'crowds-node',
  'came-from-node',
  'preempted-for',
  'serves',
  'client-of',
  'client-of-node',
  'client-of-reversed',
  'asks-further',
  'runs-in',
  'pulls-from',
  'held-by',
  'named-server',
  'tells-of',
])

for (const mechanism of mechanisms.filter(({ where }) => DENIABLE.has(where))) {
  test(`${mechanism.id} does not fire on what is known to stand elsewhere`, () => {
    for (const [causeKind, effectKind] of pairsOf(mechanism)) {
      const cause = causeOf(mechanism, causeKind)
      if (effectKind.startsWith('loadbalancer.')) continue // what stands behind it is not known
      const effect = effectOf(mechanism, effectKind, cause, far, typicalOf(mechanism))
      if (/^(?:postgres|redis)/u.test(String(effect.attributes['reason'] ?? ''))) continue // its reason names its server
      assert.equal(linksOf(mechanism, cause, effect), 0, `${causeKind} of ${cause.entity} → ${effectKind} of ${effect.entity}`)
    }
  })
}

test('a node is crowded by a change that put most of its pods there, several of them; not by one that spread them, or only took the place of the old ones', () => {
  const rule = mechanisms.filter(({ id }) => id === 'new-pods-overwhelm-node')
  const on = (suffix: string, node: string, second: number | null, set = 'web-7d9c5b8f6d'): Fact => ({
    fact: 'pod-on-node',
    pod: `pod/shop/${set}-${suffix}`,
    node: `node/${node}`,
    at: second === null ? null : at(second),
  })
  const links = (kind: 'change.scaled' | 'change.deployed', ...facts: readonly Fact[]): number => {
    const cause = found(kind, 'workload/shop/web', 0, { attributes: { replicaSet: 'web-7d9c5b8f6d' }, endSecond: 1 })
    return linkCauses([cause, found('node.cpu-saturated', 'node/a', 180)], rule, timeline({ facts })).length
  }
  const three = ['bbbbb', 'ccccc', 'ddddd']
  const crowd = three.map((suffix) => on(suffix, 'a', 1))
  assert.equal(links('change.scaled', ...crowd), 1)
  assert.equal(links('change.scaled', ...crowd.slice(0, 2)), 0)
  assert.equal(links('change.scaled', ...crowd, ...three.map((suffix) => on(`${suffix}2`.slice(1), 'b', 1))), 0)
  assert.equal(links('change.scaled', ...three.map((suffix) => on(suffix, 'a', null))), 0)
  assert.equal(links('change.scaled', ...three.map((suffix) => on(suffix, 'a', 300))), 0)
  assert.equal(links('change.deployed', ...crowd), 1)
  assert.equal(links('change.deployed', ...crowd, ...three.map((suffix) => on(suffix, 'a', null, 'web-5bb955977f'))), 0)
})

test('two pods crowd a node where its trouble went with them to the next one; a single one may have been moved with the others', () => {
  const rule = mechanisms.filter(({ id }) => id === 'new-pods-starve-kubelet')
  const links = (count: number, missed: number | null): number => {
    const pods = ['bbbbb', 'ccccc'].slice(0, count).map((suffix): Entity => `pod/shop/web-5bb955977f-${suffix}`)
    const moved = ['fffff', 'ggggg'].slice(0, count).map((suffix): Entity => `pod/shop/web-5bb955977f-${suffix}`)
    const facts: readonly Fact[] = [
      ...pods.map((pod): Fact => ({ fact: 'pod-on-node', pod, node: 'node/a', at: at(2) })),
      ...moved.map((pod): Fact => ({ fact: 'pod-on-node', pod, node: 'node/b', at: at(100) })),
    ]
    return linkCauses(
      [found('change.deployed', near.workload, 0, {}), found('node.heartbeat-missed', 'node/a', 20, { dose: 5, attributes: { reason: 'timeout' } })],
      rule,
      timeline({ facts, signals: missed === null ? [] : [signal('node.heartbeat-missed', 'node/b', missed, { reason: 'timeout' })] }),
    ).length
  }
  assert.deepEqual([links(2, 130), links(2, null), links(2, 50), links(1, 130)], [1, 0, 0, 0])
})

test('of one machine an alert tells what it is named after, not what else was wrong there', () => {
  const rule = mechanisms.filter(({ id }) => id === 'alert-on-finding')
  const links = (alertname: string): number =>
    linkCauses(
      [
        found('node.cpu-saturated', 'node/a', 0, { endSecond: 60 }),
        found('alert.fired', 'target/postgres/10.0.0.9:9187', 30, { attributes: { alertname, node: 'a' } }),
      ],
      rule,
      world,
    ).length
  assert.deepEqual(['HighCPU', 'InstanceDown', 'FilesystemAlmostFull', 'SomethingIsWrong'].map(links), [1, 0, 0, 1])
  const away = (alertname: string): number =>
    linkCauses(
      [found('workload.unavailable', 'workload/shop/web', 0, { endSecond: 60 }), found('alert.fired', 'workload/shop/web', 30, { attributes: { alertname } })],
      rule,
      world,
    ).length
  assert.deepEqual(['WorkloadUnavailable', 'LoadBalancerDown', 'MembersMissing', 'NodeLoadHigh'].map(away), [1, 1, 1, 0])
})

test('a container that meets the limit of its cgroup is known by it, whatever the machine is called in another source', () => {
  const rule = mechanisms.filter(({ id }) => id === 'growing-container-meets-its-limit')
  const grown = found('pod.memory-growing', 'pod/-/postgres-main', 0, { attributes: { node: 'a', cgroup: '/docker/59cc0a' } })
  const links = (cgroup: string): number =>
    linkCauses([grown, found('node.oom-kill', 'node/b', 60, { attributes: { limit: 'cgroup', cgroup } })], rule, world).length
  assert.deepEqual(['/postgres-main', '/docker/59cc0a', '/system.slice/postgres-main.service', '/system.slice/redis.service'].map(links), [1, 1, 1, 0])
})

test("a service has the servers of the process of its name: a machine that one of them stands on is none of the others'", () => {
  const rule = mechanisms.filter(({ id }) => id === 'full-disk-takes-server-down')
  const facts: readonly Fact[] = [
    { fact: 'node', node: 'node/a', at: null },
    { fact: 'runs-as', of: 'postgres/main', by: 'pod/shop/db-0' },
    { fact: 'pod-on-node', pod: 'pod/shop/db-0', node: 'node/a', at: null },
    { fact: 'client-of', client: 'process/-/checkout-api', server: 'postgres/main' },
    { fact: 'client-of', client: 'process/-/mailer', server: 'redis/cache' },
  ]
  const links = (service: Entity): number =>
    linkCauses([found('node.disk-full', 'node/a', 0), found('service.errors', service, 5)], rule, timeline({ facts })).filter(({ faint }) => !faint).length
  assert.deepEqual([links('service/-/checkout-api'), links('service/-/mailer')], [1, 0])
})

test('what happens to the pods of a rollout once they stand is not its doing: they go with their node, and their successors are refused', () => {
  const rules = mechanisms.filter(({ id }) => id === 'rollout-leaves-pods-stuck' || id === 'rollout-breaks-pods')
  const fresh: Entity = 'pod/shop/web-5bb955977f-ccccc'
  const placed = (second: number): ReturnType<typeof signal> => signal('pod.scheduled', fresh, second, { node: 'a' })
  const links = (kind: FindingKind, entity: Entity, reason: string, ...signals: readonly ReturnType<typeof signal>[]): number =>
    linkCauses(
      [found('change.deployed', near.workload, 0, { endSecond: 1 }), found(kind, entity, 100, { attributes: { reason } })],
      rules,
      timeline({ facts: [{ fact: 'replicas', workload: near.workload, at: null, wanted: 1, ready: null }], signals }),
    ).length
  assert.deepEqual([links('pod.stuck', fresh, 'terminating', placed(1)), links('pod.stuck', fresh, 'terminating', placed(-600))], [0, 1])
  assert.deepEqual([links('pod.unschedulable', near.workload, 'webhook', placed(1)), links('pod.unschedulable', near.workload, 'webhook')], [0, 1])
})

test('a rollout put out the pods whose place its own took, where the event names only a uid; not its neighbours', () => {
  const rule = mechanisms.filter(({ id }) => id === 'preemption-makes-room')
  const [taker, victim]: readonly [Entity, Entity] = ['pod/shop/analytics-84cc75df84-qdcvk', 'pod/shop/cart-6894d8b6ff-8g7kv']
  const links = (second: number, node: string): number =>
    linkCauses(
      [
        found('change.deployed', 'workload/shop/analytics', 0, { endSecond: 0, attributes: { replicaSet: 'analytics-84cc75df84' } }),
        found('pod.evicted', victim, 1, { attributes: { reason: 'preemption' } }),
      ],
      rule,
      timeline({ facts: [{ fact: 'pod-on-node', pod: victim, node: 'node/a', at: at(-600) }], signals: [signal('pod.scheduled', taker, second, { node })] }),
    ).length
  assert.deepEqual([links(6, 'a'), links(6, 'b'), links(300, 'a')], [1, 0, 0])
})

test('what began and ended with a workload is its client, though nobody says whom it asks; what only began with it may be', () => {
  const rule = mechanisms.filter(({ id }) => id === 'scaled-to-nothing-breaks-clients')
  const orders: Entity = 'workload/shop/orders'
  const scaled = (second: number, from: number, to: number): ReturnType<typeof signal> => signal('change.scaled', orders, second, { from, to })
  const links = (endSecond: number, reason: string): number =>
    linkCauses(
      [
        found('change.scaled', orders, 0, { endSecond: 0, attributes: { from: 1, to: 0 } }),
        found('app.errors', 'pod/shop/cart-859ff5cd6c-wzhf9', 1, { endSecond, attributes: { reason } }),
      ],
      rule,
      timeline({ signals: [scaled(0, 1, 0), scaled(70, 0, 1)] }),
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links(71, 'refused'), links(30, 'refused'), links(71, 'postgres-too-many')], [1, 0, 0])
})

test("a node's own container runtime is nobody's client: it does not fail for want of a workload", () => {
  const rule = mechanisms.filter(({ id }) => id === 'backend-down-breaks-clients')
  const links = (client: Entity): number =>
    linkCauses([found('workload.unavailable', 'workload/shop/cart', 0), found('app.errors', client, 1)], rule, timeline({})).length
  assert.deepEqual([links('process/-/checkout'), links('process/-/containerd'), links('process/worker-1/containerd')], [1, 0, 0])
})

test('a rollout is not why no node takes the pod that stands in for an evicted one of the same version', () => {
  const rule = mechanisms.filter(({ id }) => id === 'rollout-breaks-pods')
  const [old, fresh]: readonly [Entity, Entity] = ['pod/shop/web-5bb955977f-bbbbb', 'pod/shop/web-5bb955977f-ccccc']
  const links = (...signals: readonly ReturnType<typeof signal>[]): number =>
    linkCauses(
      [
        found('change.deployed', near.workload, 0, { endSecond: 0 }),
        found('pod.unschedulable', fresh, 57, { endSecond: 127, attributes: { reason: 'node-selector' } }),
      ],
      rule,
      timeline({ signals: [signal('pod.unschedulable', fresh, 57, { reason: 'node-selector' }), signal('pod.killed', old, 56), ...signals] }),
    ).length
  assert.deepEqual([links(signal('pod.evicted', old, 56, { reason: 'taint' })), links()], [0, 1])
})

test('a rollout is not why a pod that ran well loses another server, nor why one that stands in for a lost pod does', () => {
  const rule = mechanisms.filter(({ id }) => id === 'rollout-logs-errors' || id === 'rollout-breaks-pods')
  const pod = (suffix: string): Entity => `pod/shop/web-5bb955977f-${suffix}`
  const rollout = found('change.deployed', near.workload, 0, { endSecond: 1, attributes: { replicaSet: 'web-5bb955977f' } })
  const links = (suffix: string, second: number, reason: string, kind: FindingKind = 'app.errors'): number =>
    linkCauses(
      [rollout, found(kind, pod(suffix), second, { attributes: { reason } })],
      rule,
      timeline({
        facts: [{ fact: 'replicas', workload: near.workload, at: null, wanted: 1, ready: null }],
        signals: [signal('pod.scheduled', pod('bbbbb'), 1, { node: 'a' }), signal('pod.scheduled', pod('ccccc'), 100, { node: 'b' })],
      }),
    ).length
  assert.deepEqual([links('bbbbb', 5, 'refused'), links('bbbbb', 100, 'refused'), links('bbbbb', 100, 'other'), links('ccccc', 105, 'other')], [1, 0, 1, 0])
  assert.deepEqual([links('bbbbb', 5, 'timeout', 'pod.image-pull-failed'), links('ccccc', 105, 'timeout', 'pod.image-pull-failed')], [1, 0])
})

test('pods that find no room when more are asked for are for the scaling, not for the rollout whose pods had found theirs', () => {
  const rules = mechanisms.filter(({ id }) => id === 'rollout-breaks-pods' || id === 'scaling-finds-no-room')
  const set = 'web-5bb955977f'
  const more: Entity = `pod/shop/${set}-ccccc`
  const asked = signal('change.scaled', near.workload, 86, { replicaSet: set, from: 2, to: 6 })
  const causes = (to: number, ...signals: readonly ReturnType<typeof signal>[]): readonly string[] => {
    const all = [
      found('change.deployed', near.workload, 0, { endSecond: 0, attributes: { replicaSet: set } }),
      found('change.scaled', near.workload, 86, { attributes: { replicaSet: set, from: 2, to } }),
      found('pod.unschedulable', more, 87, { endSecond: 170, attributes: { reason: 'cpu' } }),
    ]
    return linkCauses(all, rules, timeline({ signals: [...signals, signal('pod.unschedulable', more, 87, { reason: 'cpu' })] }))
      .filter(({ confidence }) => confidence > 0.5)
      .map(({ cause }) => String(all[cause]?.kind))
  }
  assert.deepEqual(causes(6, asked), ['change.scaled'])
  // Fewer bring no pods; and what found no room before is the version's own trouble.
  assert.ok(!causes(1).includes('change.scaled'))
  assert.ok(causes(6, asked, signal('pod.unschedulable', `pod/shop/${set}-bbbbb`, 5, { reason: 'cpu' })).includes('change.deployed'))
})

test('a rollout whose pod had been ready is not why the pod that stands in for it does not start', () => {
  const rule = mechanisms.filter(({ id }) => id === 'rollout-breaks-pods')
  const [first, fresh]: readonly Entity[] = ['pod/shop/web-5bb955977f-bbbbb', 'pod/shop/web-5bb955977f-ccccc']
  const links = (undone: string, ...ready: readonly ReturnType<typeof signal>[]): number =>
    linkCauses(
      [
        found('change.deployed', near.workload, 0, { endSecond: 0, attributes: undone === '' ? {} : { undone } }),
        found('pod.crash-looping', fresh as Entity, 93, { endSecond: 170 }),
      ],
      rule,
      timeline({
        facts: [{ fact: 'replicas', workload: near.workload, at: null, wanted: 1, ready: null }],
        signals: [signal('pod.scheduled', first as Entity, 1, { node: 'a' }), signal('pod.scheduled', fresh as Entity, 92, { node: 'b' }), ...ready],
      }),
    ).filter(({ confidence }) => confidence > 0.5).length
  const ready = signal('pod.unready', first as Entity, 6, {}, { phase: 'end' })
  assert.deepEqual([links(''), links('', ready), links('yes', ready)], [1, 0, 1])
})

test('a rollout is not why the image of a pod that had been ready is pulled anew, unless it is one that came again under its name', () => {
  const rule = mechanisms.filter(({ id }) => id === 'rollout-breaks-pods')
  const links = (...signals: readonly ReturnType<typeof signal>[]): number =>
    linkCauses(
      [found('change.deployed', near.workload, 0, { endSecond: 11 }), found('pod.image-pull-failed', near.pod, 84, { endSecond: 85 })],
      rule,
      timeline({ signals: [signal('pod.scheduled', near.pod, 11, { node: 'a' }), ...signals] }),
    ).filter(({ confidence }) => confidence > 0.5).length
  const ready = signal('pod.unready', near.pod, 22, {}, { phase: 'end' })
  assert.deepEqual([links(), links(ready), links(ready, signal('pod.scheduled', near.pod, 80, { node: 'a' }))], [1, 0, 1])
})

test('a rollout is not why its ready pods miss an address that pods of other workloads begin to miss in the same moment', () => {
  const rule = mechanisms.filter(({ id }) => id === 'rollout-logs-errors')
  const pod: Entity = 'pod/shop/web-5bb955977f-bbbbb'
  const missing = (entity: Entity, second: number, address: string): ReturnType<typeof signal> =>
    signal('log.error', entity, second, { reason: 'refused' }, { text: `Get "http://${address}/": dial tcp ${address}: connect: connection refused` })
  const links = (address: string, ready: boolean): number =>
    linkCauses(
      [
        found('change.deployed', near.workload, 0, { endSecond: 6, attributes: { replicaSet: 'web-5bb955977f' } }),
        found('app.errors', pod, 43, { endSecond: 130, attributes: { reason: 'refused' } }),
      ],
      rule,
      timeline({
        signals: [
          signal('pod.scheduled', pod, 1, { node: 'a' }),
          ...(ready ? [signal('pod.unready', pod, 2, {}, { phase: 'end' })] : []),
          missing(pod, 43, '10.96.62.1:8086'),
          missing('pod/shop/cart-84b5c9d7f6-bbbbb', 44, address),
          missing('pod/shop/search-6c4dd8f7b9-bbbbb', 45, address),
        ],
      }),
    ).filter(({ confidence }) => confidence > 0.5).length
  assert.deepEqual([links('10.96.62.1:8086', true), links('10.96.70.9:8086', true), links('10.96.62.1:8086', false)], [0, 1, 1])
})

test('a pod that became ready after its start is not why its workload is short of replicas later', () => {
  const rule = mechanisms.filter(({ id }) => id === 'troubled-pods-shorten-workload')
  const links = (endSecond: number): number =>
    linkCauses(
      [
        found('pod.unready', near.pod, 0, { endSecond, slackMs: 10_000, attributes: { reason: 'starting' } }),
        found('workload.degraded', near.workload, 45, { endSecond: 130 }),
      ],
      rule,
      world,
    ).length
  assert.deepEqual([links(5), links(60)], [0, 1])
})

test('a rollout that another one followed, or whose pods were all there, is not why a quota refuses pods now', () => {
  const rule = mechanisms.filter(({ id }) => id === 'quota-keeps-pods-out')
  const refused = found('pod.unschedulable', near.workload, 900, { attributes: { reason: 'quota' } })
  const links = (...signals: readonly ReturnType<typeof signal>[]): number =>
    linkCauses(
      [found('change.deployed', near.workload, 0, { endSecond: 1, attributes: { replicaSet: 'web-5bb955977f' } }), refused],
      rule,
      timeline({ facts: [{ fact: 'replicas', workload: near.workload, at: null, wanted: 1, ready: null }], signals }),
    ).length
  assert.equal(links(), 1)
  assert.equal(links(signal('change.deployed', near.workload, 400, { replicaSet: 'web-6c4dd8f7b9' })), 0)
  assert.equal(links(signal('pod.killed', 'pod/shop/web-5bb955977f-bbbbb', 899)), 0)
})

test('a pod of a rollout that had been ready for a minute stops for whatever else explains it, and for the rollout where nothing does', () => {
  const rules = mechanisms.filter(({ id }) => id === 'rollout-unready-pods' || id === 'missing-backend-fails-readiness')
  const pod: Entity = 'pod/shop/web-5bb955977f-bbbbb'
  const placed = signal('pod.scheduled', pod, 1, { node: 'a' })
  let signals = [placed, signal('pod.unready', pod, 5, {}, { phase: 'end' })]
  let confidence = 0
  const causes = (...others: readonly Found[]): readonly string[] => {
    const all = [
      found('change.deployed', near.workload, 0, { endSecond: 1, attributes: { replicaSet: 'web-5bb955977f' } }),
      ...others,
      found('pod.unready', pod, 90, { endSecond: 180, attributes: { probe: 'Readiness', reason: 'status' } }),
    ]
    const links = linkCauses(all, rules, timeline({ signals }))
    confidence = links[0]?.confidence ?? 0
    return links.map(({ cause }) => String(all[cause]?.kind))
  }
  assert.deepEqual(causes(), ['change.deployed'])
  assert.deepEqual(causes(found('app.errors', pod, 85, { attributes: { reason: 'dns' } })), ['app.errors'])
  // So it is with one that nobody calls ready, but whose probes fail a minute after its container started, and not before.
  const sure = (...more: readonly ReturnType<typeof signal>[]): number => {
    signals = [placed, ...more]
    return causes().length === 0 ? 0 : confidence
  }
  const started = signal('container.started', pod, 2, {})
  assert.ok(sure(started) < sure())
  assert.equal(sure(started, signal('pod.unready', pod, 50, { probe: 'Readiness', reason: 'status' })), sure())
})

test('the server that an effect names is its service, or the workload behind that', () => {
  const rule = mechanisms.filter(({ id }) => id === 'unavailable-webhook-keeps-pods-out')
  const refused = found('pod.unschedulable', 'workload/shop/web', 30, { attributes: { reason: 'webhook', server: 'service/kube-system/policy' } })
  const links = (by: Entity, ...facts: readonly Fact[]): number =>
    linkCauses([found('workload.unavailable', by, 0, { endSecond: 600 }), refused], rule, timeline({ facts })).filter(({ faint }) => !faint).length
  assert.equal(links('workload/kube-system/policy'), 1)
  assert.equal(links('workload/kube-system/gatekeeper'), 0)
  assert.equal(links('workload/kube-system/gatekeeper', { fact: 'runs-as', of: 'service/kube-system/policy', by: 'workload/kube-system/gatekeeper' }), 1)
})

test('a busy machine makes requests late, and refuses nobody', () => {
  const rule = mechanisms.filter(({ id }) => id === 'starved-node-fails-requests')
  const links = (reason?: string): number =>
    linkCauses(
      [found('node.cpu-saturated', 'node/a', 0), found('service.errors', near.service, 60, { attributes: reason === undefined ? {} : { reason } })],
      rule,
      world,
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links(), links('postgres-timeout'), links('postgres-login'), links('postgres-unreachable')], [1, 1, 0, 0])
  const alone = found('service.slow', near.service, 60, { attributes: { others: 'as usual' } })
  assert.deepEqual(linkCauses([found('node.cpu-saturated', 'node/a', 0), alone], rule, world), [])
  // Nor when it has had room again for a while, nor much longer than it had none.
  const over = (second: number, endSecond: number): number =>
    linkCauses([found('node.cpu-saturated', 'node/a', 0, { endSecond: 56 }), found('service.errors', near.service, second, { endSecond })], rule, world).filter(
      ({ faint }) => !faint,
    ).length
  assert.deepEqual([over(20, 80), over(20, 200), over(120, 150)], [1, 0, 0])
  // A target that is asked every few seconds answers at once when there is room.
  const target = (endSecond: number): number =>
    linkCauses(
      [found('node.cpu-saturated', 'node/a', 0, { endSecond: 26 }), found('service.unreachable', near.target, 8, { endSecond })],
      mechanisms.filter(({ id }) => id === 'saturation-slows-targets'),
      world,
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([target(30), target(50)], [1, 0])
})

test('a server that was down is why its exporter did not answer, however busy the processors were', () => {
  const rules = mechanisms.filter(({ id }) => id === 'saturation-slows-targets' || id === 'down-server-fails-clients')
  const causes = (...others: readonly Found[]): readonly string[] => {
    const target: Entity = 'target/postgres/a:9187'
    const all = [found('node.cpu-saturated', 'node/a', 0, { endSecond: 36 }), ...others, found('service.unreachable', target, 10, { endSecond: 38 })]
    return linkCauses(all, rules, timeline({ facts: [{ fact: 'alias', of: 'node/a', name: 'a', at: null }] })).map(({ cause }) => String(all[cause]?.kind))
  }
  assert.deepEqual(causes(), ['node.cpu-saturated'])
  assert.deepEqual(causes(found('postgres.crashed', 'postgres/main', 6, { endSecond: 35 })), ['postgres.crashed'])
})

test('clients that are refused as an exporter falls silent tell that it was the server, and not the processors', () => {
  const target: Entity = 'target/postgres/a:9187'
  const facts: readonly Fact[] = [{ fact: 'alias', of: 'node/a', name: 'a', at: null }]
  const links = (of: Entity, ...others: readonly Found[]): number => {
    const all = [found('node.cpu-saturated', 'node/a', 0, { endSecond: 36 }), ...others, found('service.unreachable', of, 10, { endSecond: 38 })]
    return linkCauses(
      all,
      mechanisms.filter(({ id }) => id === 'saturation-slows-targets'),
      timeline({ facts }),
    ).filter(({ faint }) => !faint).length
  }
  const failing = (reason: string): Found => found('app.errors', 'process/-/report-api', 6, { endSecond: 35, attributes: { reason } })
  assert.deepEqual([links(target), links(target, failing('postgres-unreachable')), links(target, failing('postgres-timeout'))], [1, 0, 1])
  assert.equal(links('target/node/a:9100', failing('postgres-unreachable')), 1)
})

test("a program's new version is blamed for what it does slowly or wrongly, not for a server that nobody reaches", () => {
  const rules = mechanisms.filter(({ cause }) => cause.includes('change.deployed'))
  const program: Entity = 'process/-/report-api'
  const version = found('change.deployed', program, 0, { endSecond: 0, attributes: { of: 'version', version: '2.0.0', from: '1.9.0' } })
  const links = (kind: FindingKind, of: Entity, reason?: string): readonly string[] =>
    linkCauses([version, found(kind, of, 5, { endSecond: 60, attributes: reason === undefined ? {} : { reason } })], rules, timeline({}))
      .filter(({ faint }) => !faint)
      .map(({ mechanism }) => mechanism.id)
  assert.deepEqual(links('service.slow', 'service/-/report-api'), ['new-version-troubles-service'])
  assert.deepEqual(links('service.slow', 'service/-/checkout-api'), [])
  assert.deepEqual(links('app.errors', program, 'schema'), ['new-version-troubles-service'])
  assert.deepEqual(links('app.errors', program, 'postgres-unreachable'), [])
})

test('what comes and goes while the processors are full all along hardly came from them', () => {
  const links = (from: number, to: number): number =>
    linkCauses(
      [found('node.cpu-saturated', 'node/a', 0, { endSecond: 195 }), found('service.slow', near.service, from, { endSecond: to })],
      mechanisms.filter(({ id }) => id === 'starved-node-fails-requests'),
      world,
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links(10, 80), links(60, 90), links(60, 190)], [1, 0, 1])
})

test('a server that was up again for a minute and a half is not why it logs errors now', () => {
  const links = (second: number): number =>
    linkCauses(
      [found('postgres.shutdown', 'postgres/main', 0, { endSecond: 1 }), found('app.errors', 'postgres/main', second, { endSecond: 160 })],
      mechanisms.filter(({ id }) => id === 'down-server-fails-clients'),
      world,
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links(2), links(98)], [1, 0])
})

test('who waited for a lock goes on when it is given back: what fails a minute later is no work of it', () => {
  const links = (second: number): number =>
    linkCauses(
      [found('postgres.lock-pileup', 'postgres/main', 0, { endSecond: 36 }), found('service.errors', 'service/-/postgres-client', second, { endSecond: 130 })],
      mechanisms.filter(({ id }) => id === 'locks-hold-requests'),
      world,
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links(10), links(95)], [1, 0])
})

test('a pool that is used up is the trouble of its users, who are programs of that name, and of those that were told so', () => {
  const rule = mechanisms.filter(({ id }) => id === 'used-up-pool-keeps-clients-waiting')
  const pooler: Entity = 'process/-/pgbouncer'
  const facts: readonly Fact[] = [
    { fact: 'client-of', client: 'process/-/report_api', server: pooler },
    ...(['report-api', 'checkout-api', 'export'] as const).map((name): Fact => ({ fact: 'client-of', client: `process/-/${name}`, server: 'postgres/main' })),
  ]
  const links = (effect: Found): number =>
    linkCauses([found('app.errors', pooler, 0, { attributes: { reason: 'query_wait_timeout' } }), effect], rule, timeline({ facts })).filter(
      ({ faint }) => !faint,
    ).length
  assert.equal(links(found('service.slow', 'service/-/report-api', 2)), 1)
  assert.equal(links(found('service.slow', 'service/-/checkout-api', 2)), 0)
  assert.equal(links(found('app.errors', 'process/-/export', 2, { attributes: { reason: 'postgres-pool' } })), 1)
  assert.equal(links(found('app.errors', 'process/-/report-api', 2, { attributes: { reason: 'schema' } })), 0)
})

test('a pile-up that grows by one session a minute takes up all slots within the hour, as long as it stands', () => {
  const rule = mechanisms.filter(({ id }) => id === 'locks-raise-connections')
  const links = (end: number | null): number =>
    linkCauses(
      [
        found('postgres.lock-pileup', 'postgres/main', 0, end === null ? {} : { endSecond: end }),
        found('postgres.connections-saturated', 'postgres/main', 37 * 60),
      ],
      rule,
      world,
    ).length
  assert.equal(links(null), 1)
  assert.equal(links(600), 0)
})

test('a rule that requires an attribute is silent without it; one that only prefers it is quieter with another', () => {
  for (const mechanism of mechanisms) {
    const [pair] = pairsOf(mechanism)
    if (pair === undefined || mechanism.if === undefined) continue
    const cause = causeOf(mechanism, pair[0])
    const other = (rule: object | undefined): Attributes => Object.fromEntries(Object.keys(rule ?? {}).map((name) => [name, 'something else']))
    const otherCause = mechanism.if.cause === undefined ? cause : { ...cause, attributes: { ...cause.attributes, ...other(mechanism.if.cause) } }
    const effect = effectOf(mechanism, pair[1], cause, near, typicalOf(mechanism))
    const links = linkCauses([otherCause, { ...effect, attributes: other(mechanism.if.effect) }].sort(byStart), [mechanism], world)
    assert.equal(links.length, 0, `${mechanism.id}: ${typeOf(cause.entity)} → ${typeOf(effect.entity)}`)
  }
})

test('what a program logs is what its own requests fail with; of a file of several programs the lines tell whose they are', () => {
  const rule = mechanisms.filter(({ id }) => id === 'logged-errors-fail-requests')
  const links = (of: Entity, text: string, failed: Attributes = { failed: 'most' }): number =>
    linkCauses(
      [
        { ...found('app.errors', of, 0), evidence: [{ input: 'app.log', line: 1, time: new Date(at(0).ms).toISOString(), text }] },
        found('service.errors', 'service/-/billing-sync', 2, { attributes: failed }),
      ],
      rule,
      timeline({}),
    ).length
  const text = '2026-11-22 14:25:45,263 ERROR   [billing-sync] job failed: connection timeout expired'
  assert.deepEqual(
    [
      links('process/-/billing-sync', 'job failed'),
      links('process/-/app', text),
      links('process/-/app', text.replace('billing-sync', 'orders-billing-sync')),
      links('process/-/billing-sync', 'job failed', {}),
    ],
    [1, 1, 0, 0],
  )
})

test('whoever cannot reach the database suffers what its probe sees, and whoever fails for another reason does not', () => {
  const rule = mechanisms.filter(({ id }) => id === 'unanswering-server-fails-clients')
  const links = (probed: Attributes, reason: string): number =>
    linkCauses(
      [
        found('service.unreachable', 'service/-/postgres-primary', 0, { attributes: probed }),
        found('app.errors', 'process/-/checkout-api', 4, { attributes: { reason } }),
      ],
      rule,
      timeline({}),
    ).length
  assert.deepEqual(
    [links({ probed: 'postgres' }, 'postgres-unreachable'), links({ probed: 'postgres' }, 'postgres-login'), links({}, 'postgres-unreachable')],
    [1, 0, 0],
  )
})

test('a rollout brings the pods without a limit that are of its own ReplicaSet', () => {
  const rollout = (replicaSet: string): number =>
    linkCauses(
      [
        found('change.deployed', 'workload/shop/web', 0, { attributes: { replicaSet } }),
        found('workload.no-limits', 'workload/shop/web', 10, { attributes: { replicaSet: 'web-5bb955977f' } }),
      ],
      mechanisms.filter(({ id }) => id === 'rollout-brings-no-limits'),
      timeline({}),
    ).length
  assert.deepEqual([rollout('web-5bb955977f'), rollout('web-7d9c5b8f6d')], [1, 0])
})

test('a disk on which there is room stops no server, and a server that lost a process keeps nobody out a minute later', () => {
  const links = (...findings: readonly Found[]): number =>
    linkCauses(findings, mechanisms, timeline({ facts: [{ fact: 'node', node: 'node/a', at: null }] })).length
  const disk = (left: string): number =>
    links(found('node.disk-full', 'node/a', 0, { endSecond: 90, attributes: { left } }), found('postgres.crashed', 'postgres/main', 20, { endSecond: 50 }))
  assert.deepEqual([disk('none'), disk('some')], [1, 0])
  const killed = (second: number): number =>
    links(
      found('postgres.backend-killed', 'postgres/main', 0, { endSecond: 0 }),
      found('app.errors', 'process/-/checkout-api', second, { endSecond: second + 30, attributes: { reason: 'postgres-unreachable' } }),
    )
  assert.deepEqual([killed(1), killed(71)], [1, 0])
})

test('errors whose last line is older than the first of what should have caused them did not come from it', () => {
  const links = (endSecond: number): number =>
    linkCauses(
      [
        found('app.errors', 'process/-/checkout-api', 10, { endSecond, attributes: { reason: 'postgres-too-many' } }),
        { ...found('postgres.connections-saturated', 'postgres/main', 10.6, { endSecond: 40 }), slackMs: 5_000 },
      ],
      mechanisms.filter(({ id }) => id === 'saturated-connections-refuse-clients'),
      timeline({}),
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links(10.25), links(20.25)], [0, 1])
  // Of whole seconds nobody knows.
  assert.equal(links(10), 1)
})

test("a container's crash loop comes from the kernel's kills where it was the one that was killed", () => {
  const uid = '763085c8-ba8a-4a40-b17a-7ac384b830ab'
  const [killed, other]: readonly Entity[] = ['pod/shop/export-1', 'pod/shop/cart-1']
  const facts: readonly Fact[] = [
    { fact: 'pod-on-node', pod: 'pod/shop/export-1', node: 'node/a', at: null, uid },
    { fact: 'pod-on-node', pod: 'pod/shop/cart-1', node: 'node/a', at: null },
  ]
  const links = (pod: Entity | undefined, attributes: Attributes): number =>
    linkCauses(
      [found('node.oom-kill', 'node/a', 10, { endSecond: 60, attributes }), found('pod.crash-looping', pod ?? 'cluster', 30, { endSecond: 100 })],
      mechanisms.filter(({ id }) => id === 'oom-kill-crash-loops'),
      timeline({ facts, signals: [signal('node.oom-kill', 'node/a', 10, attributes), signal('node.oom-kill', 'node/a', 60, attributes)] }),
    ).filter(({ faint, confidence }) => !faint && confidence > 0.8).length
  assert.deepEqual([links(killed, { podUid: uid }), links(other, { podUid: uid })], [1, 0])
})

test('a pod that has started is not why its workload is short of replicas later', () => {
  const links = (attributes: Attributes): number =>
    linkCauses(
      [found('pod.unready', 'pod/shop/web-1', 0, { endSecond: 10, attributes }), found('workload.degraded', 'workload/shop/web', 33, { endSecond: 90 })],
      mechanisms.filter(({ id }) => id === 'troubled-pods-shorten-workload'),
      timeline({ facts: [{ fact: 'pod-owner', pod: 'pod/shop/web-1', workload: 'workload/shop/web' }] }),
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links({}), links({ during: 'start' })], [1, 0])
})

test('who filled a disk is the first that its node put out, not who was put on it when it was full, nor who had been there before', () => {
  const rule = mechanisms.filter(({ id }) => id === 'new-pods-fill-disk')
  const pods = { old: 'pod/shop/cart-7d9c5b8f6d-x2x4z', new: 'pod/shop/pdf-6cc4ff75d7-bbbbb', late: 'pod/shop/pdf-6cc4ff75d7-ccccc' } as const
  const facts: readonly Fact[] = [
    { fact: 'pod-on-node', pod: pods.old, node: 'node/a', at: null },
    { fact: 'pod-on-node', pod: pods.new, node: 'node/a', at: at(5) },
    { fact: 'pod-on-node', pod: pods.late, node: 'node/a', at: at(121) },
  ]
  const links = (...evicted: readonly (readonly [keyof typeof pods, number])[]): number =>
    linkCauses(
      [found('change.deployed', 'workload/shop/pdf', 4), found('node.disk-full', 'node/a', 120, { endSecond: 180 })],
      rule,
      timeline({ facts, signals: evicted.map(([name, second]) => signal('pod.evicted', pods[name], second, { reason: 'disk' })) }),
    ).filter(({ faint }) => !faint).length
  assert.deepEqual([links(['new', 121]), links(['old', 121], ['new', 125]), links(['late', 122]), links()], [1, 0, 0, 0])
})

test('requests that took as long as statements did were slow for those, and not for processors that were full only afterwards', () => {
  const rules = mechanisms.filter(({ id }) => id === 'slow-statements-slow-clients' || id === 'starved-node-fails-requests')
  const slow = found('service.slow', near.service, 12, { endSecond: 72 })
  const causes = (statements: number, attributes: Attributes): readonly string[] =>
    linkCauses(
      [
        found('postgres.slow-queries', near.postgres, statements, { endSecond: 70, attributes }),
        found('node.cpu-saturated', near.node, 7, { endSecond: 70 }),
        slow,
      ].sort(byStart),
      rules,
      world,
    )
      .filter(({ faint }) => !faint)
      .map(({ mechanism }) => mechanism.id)
      .sort()
  const waiting = { waiting: near.service }
  assert.deepEqual(causes(0, waiting), ['slow-statements-slow-clients'])
  assert.deepEqual(causes(0, {}), ['slow-statements-slow-clients', 'starved-node-fails-requests'])
  assert.deepEqual(causes(9, waiting), ['slow-statements-slow-clients', 'starved-node-fails-requests'])
})

test("a backend's death that a server tells some tenths of a second before the kernel tells of the kill came from that", () => {
  const backend = found('postgres.backend-killed', 'postgres/main', 10.1, { endSecond: 10.1 })
  const links = linkCauses(
    [backend, { ...found('node.oom-kill', 'node/a', 10.5, { endSecond: 10.5 }), slackMs: 1_000 }],
    mechanisms.filter(({ id }) => id === 'oom-kill-takes-backend'),
    timeline({
      facts: [
        { fact: 'runs-as', of: 'postgres/main', by: 'pod/shop/db-0' },
        { fact: 'pod-on-node', pod: 'pod/shop/db-0', node: 'node/a', at: null },
      ],
    }),
  )
  assert.equal(links.filter(({ faint }) => !faint).length, 1)
})

test('a queue is the doing of the vacuum whose process held the lock, and of no other', () => {
  const links = (holder?: number): number =>
    linkCauses(
      [
        found('postgres.autovacuum', 'postgres/main', 0, { endSecond: 68, attributes: { pid: 31_589 } }),
        found('postgres.lock-pileup', 'postgres/main', 12, { endSecond: 56, attributes: holder === undefined ? {} : { holder } }),
      ],
      mechanisms,
      timeline({}),
    ).length
  assert.deepEqual([links(31_589), links(4_711), links()], [1, 0, 0])
})

test('an alert on deadlocks is not for connections, and one that fired before the alert that tells of a trouble did not fire for that', () => {
  const links = (cause: Found, alertname: string): number =>
    linkCauses(
      [cause, found('alert.fired', 'target/postgres/10.0.0.9:9187', 30, { attributes: { alertname } })].sort(byStart),
      mechanisms.filter(({ id }) => id === 'alert-on-finding'),
      timeline({}),
    ).length
  const server = (kind: FindingKind): Found => found(kind, 'postgres/main', 20, { endSecond: 60 })
  assert.deepEqual([links(server('postgres.deadlock'), 'PostgresDeadlocks'), links(server('postgres.connections-saturated'), 'PostgresDeadlocks')], [1, 0])
  const long = 'PostgresLongTransaction'
  assert.deepEqual([links(server('postgres.lock-pileup'), long), links(server('postgres.timeouts'), long)], [1, 0])
  assert.equal(links(server('postgres.timeouts'), 'PostgresStatementTimeouts'), 1)
  const late = (attributes: Attributes): Found => ({
    ...found('service.unreachable', 'target/postgres/10.0.0.9:9187', 40, { endSecond: 60, attributes }),
    slackMs: 120_000,
  })
  assert.deepEqual([links(late({}), 'TargetSlow'), links(late({ told: 'alert' }), 'TargetSlow')], [1, 0])
})

test('a database server that answers nobody is why its exporter does not, and processors that were full before are why neither does', () => {
  const full = found('node.cpu-saturated', 'node/db-node-1', 0, { endSecond: 60 })
  const server = found('service.unreachable', 'service/-/postgres-primary', 8, { endSecond: 38, attributes: { probed: 'postgres' } })
  const exporter = found('service.unreachable', 'target/postgres/127.0.0.1:9187', 10, { endSecond: 38, attributes: { exporter: 'postgres' } })
  const links = (...findings: readonly Found[]): readonly string[] => linkCauses(findings, mechanisms, timeline({})).map(({ mechanism }) => mechanism.id)
  assert.deepEqual(links(full, server, exporter), ['unanswering-server-stalls-exporter'])
  assert.deepEqual(links(full, exporter), ['saturation-slows-targets'])
})

test('a probe that is asked every other second sees a server gone after its clients do, and is enough to tell of an incident all the same', () => {
  const [link] = linkCauses(
    [
      found('app.errors', 'process/-/checkout-api', 0, { attributes: { reason: 'postgres-unreachable' } }),
      { ...found('service.unreachable', 'service/-/postgres-primary', 0.7, { attributes: { probed: 'postgres' } }), slackMs: 2_000 },
    ],
    mechanisms.filter(({ id }) => id === 'unanswering-server-fails-clients'),
    timeline({}),
  )
  assert.ok((link?.confidence ?? 0) >= howOftenRight(0.42))
})

test('how near a client is to a server is not remembered from a finding of the same server that tells less', () => {
  const world = timeline({})
  const near = (attributes: Attributes): number =>
    nearness(
      'client-of',
      found('service.unreachable', 'service/-/postgres-primary', 0, { attributes }),
      found('app.errors', 'process/-/checkout-api', 4, { attributes: { reason: 'postgres-unreachable' } }),
      world,
    )
  assert.ok(near({}) < near({ probed: 'postgres' }))
})
