/** One machine, many names; who wrote an input that does not say; what runs where. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, condition, input, series, signal, T0, timeline, timelineOf } from '../../test/timeline-builder.js'
import { THIS_NODE, THIS_POSTGRES, type Entity } from '../model/entity.js'
import type { Fact, InputExtract, Signal } from '../model/extract.js'

const onNode = (pod: Entity, node: Entity, second: number | null = null, uid?: string): Fact => ({
  fact: 'pod-on-node',
  pod,
  node,
  at: second === null ? null : at(second),
  ...(uid === undefined ? {} : { uid }),
})

/** The entity of the first signal of the input with this path. */
const entityIn = (inputs: readonly InputExtract[], path: string): Entity | undefined => timelineOf(inputs).signals.find((one) => one.input === path)?.entity

const panic = (entity: Entity): InputExtract => input('dump/kernel.log', { signals: [signal('node.kernel-panic', entity, 0)] })

test("an address in a signal is its node's name", () => {
  const objects = input('dump/nodes.json', { format: 'kubernetes-objects', facts: [{ fact: 'alias', of: 'node/worker-1', name: '10.0.0.11', at: null }] })
  assert.equal(entityIn([objects, panic('node/10.0.0.11')], 'dump/kernel.log'), 'node/worker-1')
  assert.equal(entityIn([objects, panic('node/10.0.0.12')], 'dump/kernel.log'), 'node/10.0.0.12')
})

test('a short and a full host name are one node, under the name that the cluster uses', () => {
  const cluster = (name: Entity): InputExtract => input('dump/pods.json', { format: 'kubernetes-objects', facts: [onNode('pod/shop/web-1', name)] })
  for (const [cluster_, host] of [
    ['node/ip-10-0-0-1.ec2.internal', 'node/ip-10-0-0-1'],
    ['node/worker-1', 'node/worker-1.example.com'],
  ] as const) {
    const { signals, names } = timelineOf([cluster(cluster_), panic(host)])
    assert.deepEqual([signals[0]?.entity, [...names.nodes]], [cluster_, [cluster_]])
  }
})

test("the name that the cluster's objects use is a node's, whatever its machine's journal and kubelet call it", () => {
  const objects = input('dump/nodes.yaml', { format: 'kubernetes-objects', facts: [{ fact: 'node', node: 'node/m1.lab.example.com', at: null }] })
  const kubelet = input('dump/kubelet.log', {
    format: 'kubelet',
    facts: [{ fact: 'input-node', node: 'node/m1', weight: 3 }, onNode('pod/shop/web-1', 'node/m1')],
    signals: [signal('node.runtime-down', THIS_NODE, 0)],
  })
  const { signals, names } = timelineOf([objects, kubelet])
  assert.deepEqual([signals[0]?.entity, [...names.nodes]], ['node/m1.lab.example.com', ['node/m1.lab.example.com']])
  const other = input('dump/b.yaml', { format: 'kubernetes-objects', facts: [{ fact: 'node', node: 'node/m1.other.example', at: null }] })
  assert.equal(entityIn([objects, kubelet, other], 'dump/kubelet.log'), 'node/m1') // of which of the two?
})

test('a host name is also shortened or completed where only a path or a label has it', () => {
  const facts: Fact[] = [onNode('pod/shop/web-1', 'node/worker-1.example.com')]
  const { topology, names } = timelineOf([input('dump/pods.json', { format: 'kubernetes-objects', facts })])
  assert.equal(names.canonical('node/worker-1'), 'node/worker-1.example.com')
  assert.equal(topology.nodeAt('worker-1:9100'), 'node/worker-1.example.com')
  assert.equal(topology.nodeAt('worker-2:9100'), null)
})

test('two machines with one short name in two domains stay two', () => {
  const facts = [onNode('pod/a/x', 'node/web.east.example'), onNode('pod/a/y', 'node/web.west.example')]
  const objects = input('dump/pods.json', { format: 'kubernetes-objects', facts })
  assert.equal(entityIn([objects, panic('node/web.west.example')], 'dump/kernel.log'), 'node/web.west.example')
  assert.equal(entityIn([objects, panic('node/web')], 'dump/kernel.log'), 'node/web')
})

test('a number after a dot is part of the name, not a domain; an address has no short name', () => {
  const facts = [onNode('pod/a/x', 'node/rack.1'), onNode('pod/a/y', 'node/10.0.0.1')]
  const { names } = timelineOf([input('dump/pods.json', { facts }), panic('node/rack')])
  assert.deepEqual([...names.nodes].sort(), ['node/10.0.0.1', 'node/rack', 'node/rack.1'])
})

test('this machine is the node with the most telling hint: its own lines before its path', () => {
  const log = (facts: readonly Fact[]): InputExtract =>
    input('dump/b/kubelet.log', { format: 'kubelet', signals: [signal('node.runtime-down', THIS_NODE, 0)], facts })
  const others = input('dump/pods.json', { facts: [onNode('pod/a/x', 'node/a'), onNode('pod/a/y', 'node/b')] })
  const hint = (node: Entity, weight: number): Fact => ({ fact: 'input-node', node, weight })
  const whose = (facts: readonly Fact[]): Entity | undefined => entityIn([others, log(facts)], 'dump/b/kubelet.log')
  assert.equal(whose([hint('node/b', 1), hint('node/a', 5)]), 'node/a')
  assert.equal(whose([hint('node/b', 1)]), 'node/b')
  assert.equal(whose([hint('node/elsewhere', 3)]), 'node/elsewhere')
  // A path may be named after anything: it counts only where the cluster knows the name, or where nothing else is said.
  assert.equal(whose([hint('node/backup', 1), hint('node/b', 1)]), 'node/b')
  assert.equal(whose([]), 'node/b')
})

test('a log is of the node that a folder around it is called by, where nothing else is known; not of one of two, nor of a folder of any name', () => {
  const others = input('dump/pods.json', { facts: [onNode('pod/a/x', 'node/worker-1.example.com'), onNode('pod/a/y', 'node/worker-2')] })
  const whose = (path: string, facts: readonly Fact[] = []): Entity | undefined =>
    entityIn([others, input(path, { format: 'kubelet', signals: [signal('node.runtime-down', THIS_NODE, 0)], facts })], path)
  const agent: Fact = { fact: 'input-node', node: 'node/agent', weight: 1 }
  assert.equal(whose('dump/rke2/worker-1/var/lib/rancher/rke2/agent/logs/kubelet.log', [agent]), 'node/worker-1.example.com')
  assert.equal(whose('dump/worker-2/logs/kubelet.log'), 'node/worker-2')
  assert.equal(whose('dump/worker-1/worker-2/kubelet.log'), 'node/unknown')
  assert.equal(whose('dump/backup/kubelet.log'), 'node/unknown')
})

test("a kernel's log that names no host is of the node where an event tells of the same kill, or with whose name its file's begins", () => {
  const facts = [onNode('pod/a/x', 'node/rack-1'), onNode('pod/a/y', 'node/rack-10')]
  const kill = (entity: Entity, pid: number) => signal('node.oom-kill', entity, 0, { process: 'postgres', pid })
  const whose = (path: string, pid: number): Entity | undefined =>
    entityIn(
      [input(path, { format: 'kernel', signals: [kill(THIS_NODE, pid)] }), input('dump/events.json', { facts, signals: [kill('node/rack-10', 77)] })],
      path,
    )
  assert.equal(whose('dump/dmesg.txt', 77), 'node/rack-10')
  assert.equal(whose('dump/dmesg.txt', 78), 'node/unknown')
  assert.equal(whose('dump/rack-1.dmesg-T.txt', 78), 'node/rack-1')
  assert.equal(whose('dump/rack-10_kernel.log', 78), 'node/rack-10')
  assert.equal(whose('dump/rack-100.log', 78), 'node/unknown')
})

test('in a dump of one node this machine is that node', () => {
  const log = input('dump/kernel.log', { signals: [signal('node.kernel-panic', THIS_NODE, 0)] })
  assert.equal(entityIn([log, input('dump/pods.json', { facts: [onNode('pod/a/x', 'node/only')] })], 'dump/kernel.log'), 'node/only')
})

test('a pod that a line names by its uid is the pod that the cluster gave it to', () => {
  const kernel = input('dump/kernel.log', { signals: [signal('pod.oom-killed', 'pod/-/uid:1234', 0), signal('pod.oom-killed', 'pod/-/uid:9999', 1)] })
  const { signals } = timelineOf([kernel, input('dump/pods.json', { facts: [onNode('pod/shop/web-1', 'node/a', null, '1234')] })])
  assert.deepEqual(
    signals.map((one) => one.entity),
    ['pod/shop/web-1', 'pod/-/uid:9999'],
  )
})

test("a pod's uid is also known from another's name of it; what a kernel says of the uid does not hide it", () => {
  const kernel = input('dump/z-kernel.log', {
    signals: [signal('pod.oom-killed', 'pod/-/uid:1234', 0), signal('pod.oom-killed', 'pod/-/uid:9999', 1)],
    facts: [onNode('pod/-/uid:1234', 'node/a', 0, '1234')],
  })
  const metrics = input('dump/metrics.json', { facts: [{ fact: 'alias', of: 'pod/shop/web-1', name: 'uid:1234', at: null }] })
  assert.deepEqual(
    timelineOf([kernel, metrics]).signals.map((one) => one.entity),
    ['pod/shop/web-1', 'pod/-/uid:9999'],
  )
})

test('Postgres logs in one folder are one server, in two folders two, named after them', () => {
  const log = (path: string, at: number): InputExtract => input(path, { format: 'postgres-csv', signals: [signal('postgres.crashed', THIS_POSTGRES, at)] })
  const servers = (...paths: string[]): readonly Entity[] =>
    timelineOf(paths.map(log))
      .signals.map((one) => one.entity)
      .toSorted()
  assert.deepEqual(servers('dump/logs/pg.csv', 'dump/logs/pg.json'), ['postgres/main', 'postgres/main'])
  assert.deepEqual(servers('dump/orders/pg.csv', 'dump/stock/pg.csv'), ['postgres/orders', 'postgres/stock'])
})

test('what is measured of a server without a name is of the one server that logs name, if they name one and no other', () => {
  const limit: Fact = { fact: 'limit', of: THIS_POSTGRES, name: 'max_connections', value: 120 }
  const of = (...entities: readonly Entity[]): number | null =>
    timelineOf([
      input('dump/prom/scrape.prom', { format: 'prometheus', facts: [limit] }),
      input('dump/db.log', { format: 'postgres', signals: entities.map((entity) => signal('postgres.crashed', entity, 0)) }),
    ]).topology.limit('postgres/store-1', 'max_connections')
  assert.equal(of('postgres/store-1'), 120)
  assert.equal(of('postgres/store-1', 'postgres/store-2'), null)
  assert.equal(of('postgres/store-1', THIS_POSTGRES), null)
})

test('a directory that is called log, data or var everywhere names no server: the one above it does, else they are one', () => {
  const log = (path: string, at: number): InputExtract => input(path, { format: 'postgres', signals: [signal('postgres.crashed', THIS_POSTGRES, at)] })
  const servers = (...paths: string[]): readonly Entity[] =>
    timelineOf(paths.map(log))
      .signals.map((one) => one.entity)
      .toSorted()
  assert.deepEqual(servers('dump/postgres/log/pg.csv', 'dump/logs/pg.log', 'dump/var/log/postgresql/pg.log'), [
    'postgres/main',
    'postgres/main',
    'postgres/main',
  ])
  assert.deepEqual(servers('dump/orders/pg_log/pg.csv', 'dump/stock/16/data/log/pg.csv', 'dump/orders/log/pg.log'), [
    'postgres/orders',
    'postgres/orders',
    'postgres/stock',
  ])
})

test('servers that AWS runs have the names of their log groups, in one directory, too', () => {
  const log = (path: string, at: number): InputExtract => input(path, { format: 'postgres', signals: [signal('postgres.crashed', THIS_POSTGRES, at)] })
  const servers = (...paths: string[]): readonly Entity[] =>
    timelineOf(paths.map(log))
      .signals.map((one) => one.entity)
      .toSorted()
  assert.deepEqual(servers('dump/cw/aws-rds-instance-orders-db-postgresql.json', 'dump/cw/aws-rds-instance-stock-postgresql.json.gz'), [
    'postgres/orders-db',
    'postgres/stock',
  ])
  assert.deepEqual(servers('dump/cw/aws-rds-instance-orders-db-postgresql.json', 'dump/cw/aws-rds-instance-orders-db-postgresql.1.json'), [
    'postgres/main',
    'postgres/main',
  ])
})

test("names are two machines only where one source names both: the cluster, or one Prometheus' labels", () => {
  const { names } = timelineOf([
    input('dump/pods.json', { facts: [onNode('pod/a/x', 'node/a'), onNode('pod/a/y', 'node/b')] }),
    input('dump/metrics.json', { series: [series('up', { node: 'c' }, () => 1), series('up', { node: 'd' }, () => 1)] }),
  ])
  assert.deepEqual([names.comparable('node/a', 'node/b'), names.comparable('node/c', 'node/d'), names.comparable('node/a', 'node/c')], [true, true, false])
})

test('where a pod is, is a function of time; before its first sighting it was there too', () => {
  const scheduled = (second: number, node: string) => signal('pod.scheduled', 'pod/shop/db-0', second, { node })
  const { topology } = timeline({ signals: [scheduled(60, 'a'), scheduled(600, 'b')] })
  const where = (second: number): Entity | null => topology.nodeOf('pod/shop/db-0', T0 + second * 1000)
  assert.deepEqual([where(0), where(60), where(599), where(600), where(9_000)], ['node/a', 'node/a', 'node/a', 'node/b', 'node/b'])
  assert.equal(topology.nodeOf('pod/shop/db-1', T0), null)
})

test('a pod that comes back under its name was somewhere else before: on the node with which it was told to be not ready, else nobody knows', () => {
  const pod = 'pod/shop/queue-0'
  const back = [
    signal('pod.evicted', pod, 400, { reason: 'taint' }),
    signal('pod.scheduled', pod, 400, { node: 'c' }),
    signal('pod.unready', pod, 100, { reason: 'node-not-ready' }),
  ]
  const lost = (name: string, second: number) => signal('node.not-ready', `node/${name}`, second, {}, { phase: 'begin' })
  const where = (signals: readonly Signal[], second: number): Entity | null => timeline({ signals: [signals] }).topology.nodeOf(pod, T0 + second * 1000)
  assert.deepEqual(
    [100, 400, 401].map((second) => where([...back, lost('b', 100)], second)),
    ['node/b', 'node/b', 'node/c'],
  )
  // The one of that name existed there, until it was taken away.
  const { topology } = timeline({ signals: [[...back, lost('b', 100)]] })
  assert.deepEqual(
    [90, 399, 500].map((second) => topology.existedAt(pod, T0 + second * 1000)),
    [true, true, true],
  )
  assert.equal(where(back, 100), null)
  assert.equal(where([...back, lost('b', 100), lost('a', 101)], 100), null) // two nodes at once
  assert.equal(where([...back, lost('b', 90)], 100), null) // another moment
  // Nothing but that event tells of a Deployment's pod.
  assert.equal(where([signal('pod.unready', pod, 100, { reason: 'node-not-ready' }), lost('b', 99)], 100), 'node/b')
  // What a kubelet evicts stays listed: an object that is read later speaks of the same pod.
  assert.equal(where([signal('pod.evicted', pod, 400, { reason: 'memory' }), signal('pod.scheduled', pod, 900, { node: 'c' })], 100), 'node/c')
  // Where it was is known: the event adds nothing.
  assert.equal(where([signal('pod.scheduled', pod, 0, { node: 'a' }), ...back, lost('b', 100)], 100), 'node/a')
})

test("a node's own pod is of no workload: its name ends with the node's", () => {
  const { topology } = timeline({
    facts: [onNode('pod/kube-system/etcd-cp-2', 'node/cp-2'), onNode('pod/shop/web-2', 'node/cp-2'), onNode('pod/shop/db-cp-2', 'node/wk-1')],
  })
  const owner = (pod: Entity): Entity | null => topology.workloadOf(pod)
  assert.deepEqual([owner('pod/kube-system/etcd-cp-2'), owner('pod/kube-system/kube-proxy-cp-2')], [null, null])
  assert.deepEqual([owner('pod/shop/web-2'), owner('pod/shop/db-cp-2')], ['workload/shop/web', 'workload/shop/db-cp'])
})

test('the workload of a pod: from its owner, else from its name', () => {
  const { topology } = timeline({ facts: [{ fact: 'pod-owner', pod: 'pod/shop/oddly-named', workload: 'workload/shop/web' }] })
  for (const [pod, workload] of [
    ['pod/shop/oddly-named', 'workload/shop/web'],
    ['pod/shop/web-7d9c5b8f6d-x2x4z', 'workload/shop/web'], // Deployment
    ['pod/shop/sync-stock-29922629-xw8tj', 'workload/shop/sync-stock-29922629'], // a Job that a CronJob started
    ['pod/shop/web-api-68bdff9d4-zk8wq', 'workload/shop/web-api'],
    ['pod/kube-system/node-agent-b8x9k', 'workload/kube-system/node-agent'], // DaemonSet
    ['pod/shop/db-0', 'workload/shop/db'], // StatefulSet
    ['pod/shop/redis-ha-server-12', 'workload/shop/redis-ha-server'],
    ['pod/shop/debug', null],
    ['node/worker-1', null],
    ['workload/shop/web', 'workload/shop/web'],
  ] as const)
    assert.equal(topology.workloadOf(pod), workload, pod)
})

test('a pod is as unlimited as its least limited container; limits add up', () => {
  const resources = (pod: Entity, container: string, memoryLimitBytes: number | null): Fact => ({
    fact: 'pod-resources',
    pod,
    container,
    memoryLimitBytes,
    cpuLimitCores: 1,
  })
  const { topology } = timeline({
    facts: [resources('pod/a/x', 'app', 100), resources('pod/a/x', 'proxy', 50), resources('pod/a/y', 'app', 100), resources('pod/a/y', 'proxy', null)],
  })
  assert.deepEqual(
    [topology.memoryLimit('pod/a/x'), topology.memoryLimit('pod/a/y'), topology.memoryLimit('pod/a/z'), topology.cpuLimit('pod/a/x')],
    [150, null, undefined, 2],
  )
})

test('a window leaves out what ended before it or began after it, and keeps what reaches into it', () => {
  const signals = [
    signal('node.rebooted', 'node/a', 0),
    signal('postgres.autovacuum', 'postgres/main', 0, {}, { phase: 'span', until: 200 }),
    condition('node.not-ready', 'node/a', 400, 500),
  ]
  const { signals: seen } = timelineOf([input('dump/a.log', { signals })], { since: T0 + 100_000, until: T0 + 450_000 })
  assert.deepEqual(
    seen.map((one) => `${one.kind} ${one.phase}`),
    ['postgres.autovacuum span', 'node.not-ready begin'],
  )
})

test('one series in two exports is one: the denser tells it, the other what lies outside', () => {
  const dense = series('up', { job: 'x' }, () => 1, { from: 0, to: 600, step: 15 })
  const sparse = series('up', { job: 'x' }, () => 0, { from: 0, to: 1200, step: 60 })
  const { series: all } = timelineOf([input('dump/a.json', { series: [sparse] }), input('dump/b.json', { series: [dense] })])
  assert.equal(all.length, 1)
  const values = [...(all[0]?.values ?? [])]
  assert.deepEqual([values.length, values.filter((value) => value === 0).length], [51, 10])
})

test('an extract with very many signals, series and samples is read like any other', () => {
  const signals = Array.from({ length: 150_000 }, (_, index) => signal('log.error', 'process/-/app', index))
  const { signals: all, to } = timeline({ signals, series: [series('up', {}, () => 1, { to: 150_000, step: 1 })] })
  assert.deepEqual([all.length, to], [150_000, T0 + 150_000_000])
})

test('an address that a program dialled is the Service that has it, or the pods that had it, if all of them were of one workload', () => {
  const alias = (of: Entity, name: string): Fact => ({ fact: 'alias', of, name, at: null })
  const serversOf = (...aliases: readonly Fact[]): readonly Entity[] =>
    timelineOf([
      input('dump/objects.json', { format: 'kubernetes-objects', facts: aliases }),
      input('dump/app.log', { facts: [{ fact: 'client-of', client: 'process/-/app', server: 'service/-/10.96.0.17' }] }),
    ]).topology.serversOf('process/-/app')
  assert.deepEqual(serversOf(alias('service/shop/catalog', '10.96.0.17'), alias('service/shop/cart', '10.96.0.18')), ['service/shop/catalog'])
  const pods = [alias('pod/shop/cart-7d9c5b8f6d-x2x4z', '10.96.0.17'), alias('pod/shop/cart-7d9c5b8f6d-z4x2x', '10.96.0.17')]
  assert.deepEqual(serversOf(...pods), ['pod/shop/cart-7d9c5b8f6d-x2x4z'])
  assert.deepEqual(serversOf(...pods, alias('pod/shop/web-5d9c5b8f6d-x2x4z', '10.96.0.17')), [])
  assert.deepEqual(serversOf(), [])
})
