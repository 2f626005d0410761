/** One Postgres server under the names of its log, its exporter and its pod; two that are not one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, series, signal, timelineOf } from '../../test/timeline-builder.js'
import { postgresOfLabels } from '../findings/measures.js'
import { THIS_POSTGRES, type Entity } from '../model/entity.js'
import type { Fact, InputExtract, Labels } from '../model/extract.js'

const inPod = (name: string, namespace = 'data'): InputExtract =>
  input(`dump/${namespace}_${name}/postgres/0.log`, {
    format: 'postgres',
    facts: [{ fact: 'runs-as', of: `postgres/${name}`, by: `pod/${namespace}/${name}` }],
    signals: [signal('postgres.timeouts', `postgres/${name}`, 0)],
  })
const nameless = (path = 'dump/pg.log'): InputExtract => input(path, { format: 'postgres', signals: [signal('postgres.timeouts', THIS_POSTGRES, 0)] })
const exporter = (...labels: readonly Labels[]): InputExtract =>
  input('dump/metrics.json', { series: labels.map((one) => series('pg_stat_activity_count', one, () => 1)) })
const placed = (pod: Entity, node: Entity = 'node/a'): Fact => ({ fact: 'pod-on-node', pod, node, at: null })
const pods = (...facts: readonly Fact[]): InputExtract => input('dump/pods.json', { format: 'kubernetes-objects', facts })

/** Whom the series with these labels are about, beside these inputs. */
const about = (labels: Labels, ...inputs: readonly InputExtract[]): Entity => postgresOfLabels(labels, timelineOf([...inputs, exporter(labels)]))

test('the only server in logs and the only one in metrics are one, whatever either is called', () => {
  assert.equal(about({}, inPod('postgres-0')), 'postgres/postgres-0')
  assert.equal(about({ instance: '10.0.0.7:9187' }, inPod('orders-db-0')), 'postgres/orders-db-0')
  assert.equal(about({ instance: 'postgres-exporter:9187' }, inPod('orders-db-0')), 'postgres/orders-db-0')
  assert.equal(about({ instance: 'orders:9187' }, inPod('orders-db-0')), 'postgres/orders-db-0')
  assert.equal(about({ instance: '10.0.0.7:9187' }, nameless()), 'postgres/main')
})

test('an expression over its metrics that names no instance is about the one that others name', () => {
  const sum = input('dump/sum.json', { series: [series('sum(pg_stat_activity_count)', {}, () => 1)] })
  assert.equal(postgresOfLabels({}, timelineOf([inPod('postgres-0'), sum])), 'postgres/postgres-0')
  assert.equal(postgresOfLabels({}, timelineOf([inPod('postgres-0'), sum, exporter({ instance: 'a:9187' })])), 'postgres/postgres-0')
})

test('two names that each say something and share nothing are two servers; so are those where either side has two', () => {
  assert.equal(about({ instance: 'stock-db:9187' }, inPod('orders-db-0')), 'postgres/main')
  assert.equal(about({ instance: '10.0.0.7:9187' }, inPod('orders-0'), inPod('stock-0')), 'postgres/main')
  const two = timelineOf([inPod('orders-0'), exporter({ instance: '10.0.0.7:9187' }, { instance: '10.0.0.8:9187' })])
  assert.equal(postgresOfLabels({ instance: '10.0.0.7:9187' }, two), 'postgres/10.0.0.7:9187')
})

test('of several, those are one whose names say so: the host without the ordinal, or the pod of the exporter', () => {
  const timeline = timelineOf([
    inPod('orders-0'),
    inPod('stock-1'),
    inPod('users-1'),
    inPod('users-2'),
    exporter({ instance: 'orders.data:9187' }, { instance: '10.0.0.7:9187', pod: 'stock-1' }, { instance: 'users:9187' }),
  ])
  assert.equal(postgresOfLabels({ instance: 'orders.data:9187' }, timeline), 'postgres/orders-0')
  assert.equal(postgresOfLabels({ instance: '10.0.0.7:9187' }, timeline), 'postgres/stock-1')
  assert.equal(postgresOfLabels({ instance: 'users:9187' }, timeline), 'postgres/users:9187') // which of two?
})

test('a ceiling that metrics tell is that of the server they are about', () => {
  const limits = input('dump/metrics.json', {
    facts: [{ fact: 'limit', of: THIS_POSTGRES, name: 'max_connections', value: 60 }],
    series: [series('pg_settings_max_connections', { instance: 'maindb:9187' }, () => 60)],
  })
  assert.equal(timelineOf([limits, inPod('maindb-0')]).topology.limit('postgres/maindb-0', 'max_connections'), 60)
})

test('whoever speaks of the server means the only one whose log is here', () => {
  const client: InputExtract = input('dump/app.log', { facts: [{ fact: 'client-of', client: 'process/-/app', server: THIS_POSTGRES }] })
  assert.deepEqual(timelineOf([client, inPod('maindb-0')]).topology.serversOf('process/-/app'), ['postgres/maindb-0'])
  assert.deepEqual(timelineOf([client, inPod('maindb-0'), inPod('stock-0')]).topology.serversOf('process/-/app'), ['postgres/main'])
})

test('a log that is called after a pod is of the server in it; one that only resembles it is not', () => {
  const of = (path: string, ...facts: readonly Fact[]): readonly Entity[] => {
    const { signals, topology } = timelineOf([nameless(path), pods(...facts)])
    return signals.flatMap(({ entity }) => [entity, ...topology.runsAs(entity)])
  }
  const known = placed('pod/data/maindb-0')
  assert.deepEqual(of('dump/pods/maindb-0.log', known), ['postgres/maindb-0', 'pod/data/maindb-0'])
  assert.deepEqual(of('dump/maindb-0-postgres.log.1.gz', known), ['postgres/maindb-0', 'pod/data/maindb-0'])
  assert.deepEqual(of('dump/data_maindb-0.log', known), ['postgres/maindb-0', 'pod/data/maindb-0'])
  for (const path of ['dump/stage_maindb-0.log', 'dump/maindb-0-1.log', 'dump/maindb.log']) assert.deepEqual(of(path, known), ['postgres/main'])
  assert.deepEqual(of('dump/maindb-0.log', known, placed('pod/stage/maindb-0')), ['postgres/main']) // one of two
})

test('a server runs in the pod that is called like it, or like the host of its exporter; not in one of two', () => {
  const runs = (...facts: readonly Fact[]): readonly Entity[] => {
    const { topology } = timelineOf([exporter({ instance: 'maindb:9187' }), pods(...facts)])
    return topology.runsAs('postgres/main')
  }
  assert.deepEqual(runs(placed('pod/data/maindb-0')), ['pod/data/maindb-0'])
  assert.deepEqual(runs(placed('pod/data/maindb-0'), placed('pod/data/maindb-1')), ['workload/data/maindb'])
  assert.deepEqual(runs(placed('pod/data/maindb-0'), placed('pod/stage/maindb-0')), [])
  assert.deepEqual(runs(placed('pod/data/maindb')), ['pod/data/maindb'])
})

test('the address of a member of a cluster is that of its machine where it is known as one, of its pod where it is one', () => {
  const member: InputExtract = input('dump/patroni.log', { format: 'patroni', facts: [{ fact: 'runs-as', of: 'postgres/pg-1', by: 'node/10.0.0.1' }] })
  const runs = (...inputs: readonly InputExtract[]): readonly Entity[] => timelineOf([member, ...inputs]).topology.runsAs('postgres/pg-1')
  const node = input('dump/node.json', { series: [series('node_load1', { instance: '10.0.0.1:9100' }, () => 1)] })
  assert.deepEqual(runs(node), ['node/10.0.0.1'])
  assert.deepEqual(runs(pods({ fact: 'alias', of: 'node/worker-1', name: '10.0.0.1', at: null })), ['node/worker-1'])
  assert.deepEqual(runs(pods({ fact: 'alias', of: 'pod/data/pg-1', name: '10.0.0.1', at: null })), ['pod/data/pg-1'])
  assert.deepEqual(runs(), [])
})

test('a machine that is known by its address only is the host that a member of a cluster on it, and a folder of the dump, are called by', () => {
  const member = (path: string, ...homes: readonly (readonly [Entity, Entity])[]): InputExtract =>
    input(path, { format: 'patroni', facts: homes.map(([of, by]) => ({ fact: 'runs-as', of, by })) })
  const node = input('dump/node.json', { series: [series('node_load1', { instance: '10.0.0.1:9100' }, () => 1)] })
  const called = (...inputs: readonly InputExtract[]): Entity => timelineOf([node, ...inputs]).names.canonical('node/10.0.0.1')
  assert.equal(called(member('dump/pg-1/patroni.log', ['postgres/pg-1', 'node/10.0.0.1'])), 'node/pg-1')
  assert.equal(called(member('dump/logs/patroni.log', ['postgres/pg-1', 'node/10.0.0.1'])), 'node/10.0.0.1')
  assert.equal(called(member('dump/pg-1/patroni.log', ['postgres/pg-1', 'node/10.0.0.1'], ['postgres/pg-1', 'node/10.0.0.9'])), 'node/10.0.0.1')
  const known = pods({ fact: 'alias', of: 'node/worker-1', name: '10.0.0.1', at: null })
  assert.equal(called(member('dump/pg-1/patroni.log', ['postgres/pg-1', 'node/10.0.0.1']), known), 'node/worker-1')
})

test('logs of one folder are of two servers where these listen on different ports, and the formats of one server are one', () => {
  let second = 0
  const log = (path: string, port: number | null): InputExtract =>
    input(`dump/logs/${path}`, {
      format: 'postgres',
      facts: port === null ? [] : [{ fact: 'limit', of: THIS_POSTGRES, name: 'port', value: port }],
      // What two logs of one server say of the same moment is said once.
      signals: [signal('postgres.timeouts', THIS_POSTGRES, second++)],
    })
  const servers = (...logs: readonly InputExtract[]): readonly Entity[] =>
    timelineOf(logs)
      .signals.map(({ entity }) => entity)
      .sort()
  assert.deepEqual(servers(log('postgresql.log', 5432), log('postgresql-standby.log', 5433)), ['postgres/main', 'postgres/standby'])
  assert.deepEqual(servers(log('primary.log', 5432), log('standby.log', 5433)), ['postgres/primary', 'postgres/standby'])
  assert.deepEqual(servers(log('postgresql.log', 5432), log('postgresql.csv', 5432), log('postgresql-2026-11-22.log', null)), [
    'postgres/main',
    'postgres/main',
    'postgres/main',
  ])
  assert.deepEqual(servers(log('postgresql.log', 5432), log('postgresql-Sun.log', 5433), log('postgresql-Mon.log', null)), [
    'postgres/main',
    'postgres/main',
    'postgres/main',
  ])
})

test('what is counted in the logs of two servers stays two series, each of its server', () => {
  const log = (host: string): InputExtract =>
    input(`dump/logs/${host}/postgresql.log`, {
      format: 'postgres',
      signals: [signal('postgres.timeouts', THIS_POSTGRES, 0)],
      series: [series('faultline_postgres_statement_seconds', { database: 'shop' }, () => 1)],
    })
  const counted = (...logs: readonly InputExtract[]): readonly Entity[] => {
    const timeline = timelineOf(logs)
    return timeline.series.map(({ labels }) => postgresOfLabels(labels, timeline)).sort()
  }
  assert.deepEqual(counted(log('db-node-1'), log('db-node-2')), ['postgres/db-node-1', 'postgres/db-node-2'])
  assert.deepEqual(counted(log('db-node-1')), ['postgres/main'])
})
