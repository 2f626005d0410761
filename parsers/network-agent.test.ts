import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { networkAgent } from './network-agent.js'

const lost = (extract: InputExtract): readonly unknown[] =>
  extract.signals
    .filter(({ kind }) => kind === 'network.pod-to-pod-lost')
    .map(({ entity, attributes, at, count }) => [new Date(at.ms).toISOString().slice(11, 19), entity, attributes['reason'], attributes['peer'], count])

test('the example is a line of this format', async () => {
  const extract = await read(`${networkAgent.example}\n`)
  assert.equal(extract.format, 'network-agent')
  assert.deepEqual(lost(extract), [['10:01:00', 'node/?', 'peer', '10.0.0.2', 1]])
})

test('Weave: a peer that went away is lost, one that was refused for its settings or shut down is not', async () => {
  const extract = await read(
    [
      'INFO: 2026/03/02 10:00:00.123456 ->[10.0.0.2:6783|be:cc:0f:5b:ff:be(node-2)]: connection fully established',
      'INFO: 2026/03/02 10:00:01.123456 ->[10.0.0.3:6783|ae:af:a6:36:18:37(node-3)]: connection shutting down due to error: Incompatible IP allocation ranges',
      'INFO: 2026/03/02 10:00:02.123456 ->[10.0.0.1:41223|ea:93:cb:06:2f:a8(node-1)]: connection shutting down due to error: cannot connect to ourself',
      'INFO: 2026/03/02 10:00:10.223456 ->[10.0.0.2:6783] error during connection attempt: dial tcp4 :0->10.0.0.2:6783: connect: no route to host',
    ].join('\n'),
  )
  assert.deepEqual(lost(extract), [['10:00:10', 'node/?', 'peer', '10.0.0.2', 1]])
})

test("Calico: BIRD's lines have the time of the line before; its readiness names the peers; Felix is an application", async () => {
  const extract = await read(
    [
      '2026-03-02 10:00:00.119 [INFO][64] felix/summary.go 100: Summarising 12 dataplane reconciliation loops over 1m2.6s',
      'bird: Mesh_10_0_0_2: Error: Hold timer expired',
      'bird: Mesh_10_0_0_2: State changed to start',
      'bird: Mesh_10_0_0_3: Socket error: Connection refused',
      '2026-03-02 10:00:05.119 [WARNING][64] felix/health.go 211: Reporter is not ready. name="int_dataplane"',
      '2026-03-02 10:00:06.119 [INFO][1063] confd/health.go 180: calico/node is not ready: BIRD is not ready: BGP not established with 10.0.3.142,10.0.3.78',
    ].join('\n'),
  )
  assert.equal(extract.format, 'network-agent')
  assert.deepEqual(lost(extract), [
    ['10:00:00', 'node/?', 'bgp', '10.0.0.2', 1],
    ['10:00:06', 'node/?', 'bgp', '10.0.3.142,10.0.3.78', 1],
  ])
  assert.equal(extract.signals.filter(({ kind }) => kind === 'log.warning').length, 1)
})

test('cilium status: the nodes that its health probes do not reach, at the time it says', async () => {
  const extract = await read(`KVStore:                 Ok   Disabled
Cluster health:          1/3 reachable   (2026-03-02T10:30:27Z)
  Name            IP              Node          Endpoints
  worker-1        172.28.0.5      reachable     reachable
  worker-2        172.28.0.17     unreachable   unreachable
`)
  assert.deepEqual(lost(extract), [['10:30:27', 'node/worker-2', 'health-probe', 'worker-2', 2]])
})

test("an event of a Calico agent's readiness says which nodes it lost", async () => {
  const extract = await read(
    JSON.stringify({
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name: 'a', uid: 'u' },
      reason: 'Unhealthy',
      type: 'Warning',
      message: 'Readiness probe failed: calico/node is not ready: BIRD is not ready: BGP not established with 10.0.0.5',
      lastTimestamp: '2026-03-02T10:00:00Z',
      involvedObject: { kind: 'Pod', namespace: 'kube-system', name: 'calico-node-x' },
    }),
  )
  assert.deepEqual(lost(extract), [['10:00:00', 'pod/kube-system/calico-node-x', 'bgp', '10.0.0.5', 1]])
})

test('hostile lines are read past', async () => {
  const extract = await read(`${networkAgent.example}\nbird: ${'A_'.repeat(9_000)}\nCluster health: ${' '.repeat(9_000)}1/3\n  ${'a.'.repeat(9_000)}\n`)
  assert.equal(extract.format, 'network-agent')
})
