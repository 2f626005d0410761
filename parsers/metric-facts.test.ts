import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entity } from '../src/model/entity.js'
import type { Fact } from '../src/model/extract.js'
import { read } from '../test/read.js'

const MS = 1795249502000
const facts = async (lines: readonly string[]): Promise<readonly Fact[]> => (await read(lines.map((line) => `${line} ${MS}`).join('\n'))).facts

test('a node is called by the address its agents are scraped at; an address of several nodes, of a pod or of this machine is no name', async () => {
  assert.deepEqual(
    await facts([
      'up{instance="10.3.0.7:10250",job="kubelet",node="storage-2"} 1',
      'up{instance="10.3.0.8:9999",job="mesh",node="storage-2"} 1',
      'up{instance="10.3.0.8:9999",job="mesh",node="storage-3"} 1',
      'up{instance="10.244.1.5:8080",job="web",node="storage-3",pod="web-1",namespace="shop"} 1',
      'up{instance="127.0.0.1:9100",job="node",node="db-1"} 1',
      'kube_pod_status_ready{instance="10.3.0.9:8080",job="kube-state-metrics",node="storage-2"} 1',
    ]),
    [{ fact: 'alias', of: 'node/storage-2', name: '10.3.0.7', at: null }],
  )
})

test('a node exporter tells cores and memory of its node, named by label, by host name or by its instance', async () => {
  assert.deepEqual(
    await facts([
      'node_cpu_seconds_total{cpu="0",instance="10.3.0.7:9100",mode="idle",node="n1"} 1',
      'node_cpu_seconds_total{cpu="1",instance="10.3.0.7:9100",mode="idle",node="n1"} 1',
      'node_cpu_seconds_total{cpu="1",instance="10.3.0.7:9100",mode="user",node="n1"} 1',
      'node_memory_MemTotal_bytes{instance="10.3.0.8:9100",job="node-exporter"} 4e+09',
      'node_cpu_seconds_total{cpu="0",instance="10.3.0.8:9100",mode="idle"} 1',
      'node_uname_info{instance="10.3.0.8:9100",nodename="n2"} 1',
      'node_memory_MemTotal_bytes{instance="n3",job="node-exporter"} 5e+09',
    ]),
    [
      { fact: 'alias', of: 'node/n1', name: '10.3.0.7', at: null },
      { fact: 'alias', of: 'node/n2', name: '10.3.0.8', at: null },
      { fact: 'node', node: 'node/n3', at: null, memoryBytes: 5e9 },
      { fact: 'node', node: 'node/n2', at: null, cores: 1, memoryBytes: 4e9 },
      { fact: 'node', node: 'node/n1', at: null, cores: 2 },
    ],
  )
})

test('kube-state-metrics tells where a pod runs, who owns it, what it may use and how many are wanted', async () => {
  const at = { ms: MS, basis: 'utc' }
  assert.deepEqual(
    await facts([
      'kube_pod_info{namespace="shop",pod="web-7d9c5b8f6-x2x9z",node="n1",uid="u-1",pod_ip="10.244.1.5",host_ip="10.3.0.7",created_by_kind="ReplicaSet",created_by_name="web-7d9c5b8f6"} 1',
      'kube_pod_owner{namespace="shop",pod="db-0",owner_kind="StatefulSet",owner_name="db"} 1',
      'kube_pod_owner{namespace="shop",pod="bare",owner_kind="<none>",owner_name="<none>"} 1',
      'kube_pod_container_resource_limits{namespace="shop",pod="db-0",container="pg",resource="memory",unit="byte"} 1.073741824e+09',
      'kube_deployment_spec_replicas{namespace="shop",deployment="web"} 3',
      'kube_node_status_capacity{node="n1",resource="cpu",unit="core"} 4',
    ]),
    [
      { fact: 'pod-owner', pod: 'pod/shop/web-7d9c5b8f6-x2x9z', workload: 'workload/shop/web' },
      { fact: 'alias', of: 'node/n1', name: '10.3.0.7', at: null },
      { fact: 'pod-on-node', pod: 'pod/shop/web-7d9c5b8f6-x2x9z', node: 'node/n1', at, uid: 'u-1' },
      { fact: 'alias', of: 'pod/shop/web-7d9c5b8f6-x2x9z', name: '10.244.1.5', at },
      { fact: 'pod-owner', pod: 'pod/shop/db-0', workload: 'workload/shop/db' },
      { fact: 'replicas', workload: 'workload/shop/web', at, wanted: 3, ready: null },
      { fact: 'node', node: 'node/n1', at: null, cores: 4 },
      { fact: 'pod-resources', pod: 'pod/shop/db-0', container: 'pg', memoryLimitBytes: 1073741824, cpuLimitCores: null },
    ],
  )
})

test('who has sessions is a client of the server, by the application if somebody named it, else by the user', async () => {
  const of = (labels: string, value: number): string => `cnpg_backends_total{instance="10.3.0.1:9187",pod="store-1",state="idle",${labels}} ${value}`
  const said = await facts([
    of('usename="shop",application_name="checkout"', 4),
    of('usename="shop",application_name="psql"', 1),
    of('usename="billing",application_name="PostgreSQL JDBC Driver"', 2),
    of('usename="streaming_replica",application_name="store-2"', 1),
    of('usename="gone",application_name="gone"', 0),
  ])
  assert.deepEqual(said, [
    { fact: 'client-of', client: 'process/-/checkout', server: 'postgres/?' },
    { fact: 'client-of', client: 'process/-/billing', server: 'postgres/?' },
  ])
  assert.deepEqual(await facts(['pg_stat_activity_count{datname="shop",state="idle"} 7']), [])
})

test('whom a program asks is told by what its HTTP client or its mesh counts, and is not all that it needs', async () => {
  const needs = (client: Entity, server: Entity): Fact => ({ fact: 'client-of', client, server, configured: 'yes' })
  const asked = async (line: string): Promise<readonly Fact[]> => (await facts([line])).filter(({ fact }) => fact === 'client-of')
  const pod = 'namespace="shop",pod="web-7d9c5b8f6d-bbbbb"'
  assert.deepEqual(await asked(`http_client_requests_seconds_count{${pod},client_name="catalog",status="200"} 4`), [
    needs('pod/shop/web-7d9c5b8f6d-bbbbb', 'service/shop/catalog'),
  ])
  assert.deepEqual(await asked('http_client_request_duration_seconds_count{job="shop/web",server_address="catalog.core.svc.cluster.local"} 4'), [
    needs('service/shop/web', 'service/core/catalog'),
  ])
  assert.deepEqual(await asked('http_client_requests_total{app="web",namespace="shop",target="10.96.0.17:8080"} 4'), [
    needs('service/shop/web', 'service/-/10.96.0.17'),
  ])
  assert.deepEqual(
    await asked(
      'istio_requests_total{reporter="source",source_workload="web",source_workload_namespace="shop",destination_service_name="catalog",destination_service_namespace="core",response_code="200"} 4',
    ),
    [needs('workload/shop/web', 'service/core/catalog')],
  )
  assert.deepEqual(await asked('istio_requests_total{source_workload="unknown",destination_service_name="catalog",response_code="200"} 4'), [])
  assert.deepEqual(await asked(`http_requests_total{${pod},target="catalog"} 4`), [])
})

test("CloudNativePG's exporter tells the ceiling as one setting of many, and of each instance by its pod", async () => {
  const of = (instance: string, name: string, value: number): string =>
    `cnpg_pg_settings_setting{instance="${instance}:9187",name="${name}",pod="store-${instance.at(-1) ?? ''}"} ${value}`
  assert.deepEqual(await facts([of('10.3.0.1', 'max_connections', 120), of('10.3.0.1', 'max_wal_size', 1024)]), [
    { fact: 'limit', of: 'postgres/?', name: 'max_connections', value: 120 },
  ])
  assert.deepEqual(await facts([of('10.3.0.1', 'max_connections', 120), of('10.3.0.2', 'max_connections', 90)]), [
    { fact: 'limit', of: 'postgres/store-1', name: 'max_connections', value: 120 },
    { fact: 'limit', of: 'postgres/store-2', name: 'max_connections', value: 90 },
  ])
})

test("cAdvisor's cgroup tells a pod's uid, written in either way", async () => {
  const uid = '0014eae3-ef52-495f-8791-a659745f6fb9'
  const of = (id: string): string => `container_memory_working_set_bytes{id="${id}",namespace="shop",pod="web-1",container="app"} 1`
  const told = [{ fact: 'alias', of: 'pod/shop/web-1', name: `uid:${uid}`, at: null }]
  assert.deepEqual(await facts([of(`/kubepods/burstable/pod${uid}/4f5a`)]), told)
  assert.deepEqual(
    await facts([of(`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-4f5a.scope`)]),
    told,
  )
  assert.deepEqual(await facts([of('/system.slice/docker.service')]), [])
})

test('max_connections of one server is a ceiling of the Postgres in question; of several, each of its own', async () => {
  const one = 'pg_settings_max_connections{instance="10.3.0.7:9187",server="10.3.0.7:5432"} 60'
  assert.deepEqual(await facts([one]), [{ fact: 'limit', of: 'postgres/?', name: 'max_connections', value: 60 }])
  assert.deepEqual(await facts([one, 'pg_settings_max_connections{instance="10.3.0.8:9187",server="10.3.0.8:5432"} 90']), [
    { fact: 'limit', of: 'postgres/10.3.0.7:5432', name: 'max_connections', value: 60 },
    { fact: 'limit', of: 'postgres/10.3.0.8:5432', name: 'max_connections', value: 90 },
  ])
})
