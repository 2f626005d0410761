import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { kubectl } from './kubectl.js'

const said = (extract: InputExtract): readonly string[] =>
  extract.signals.map((signal) => `${new Date(signal.at.ms).toISOString().slice(0, 19)} ${signal.kind} ${signal.phase} ${signal.entity}`)

const TABLES = `NAME     STATUS     ROLES    AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION   CONTAINER-RUNTIME
rack-1   Ready      <none>   53m   v1.34.1   192.0.2.1     <none>        Flatcar Linux 4081   6.6.0            containerd://2.1.0
rack-4   NotReady   <none>   53m   v1.34.1   192.0.2.4     <none>        Flatcar Linux 4081   6.6.0            containerd://2.1.0

NAMESPACE   NAME                        READY   STATUS    RESTARTS        AGE     IP             NODE     NOMINATED NODE   READINESS GATES
sales       pod/till-7d9f8b6c5d-x2x4z   1/1     Running   1 (2m21s ago)   26m     198.51.100.9   rack-4   <none>           <none>
sales       pod/till-7d9f8b6c5d-lk8wz   0/1     Pending   0               3m42s   <none>         <none>   <none>           <none>
`

const NODE = `Name:               rack-4
Roles:              <none>
Labels:             kubernetes.io/os=linux
CreationTimestamp:  Mon, 02 Mar 2026 08:00:00 +0000
Taints:             node.kubernetes.io/unreachable:NoExecute
                    node.kubernetes.io/unreachable:NoSchedule
Unschedulable:      false
Conditions:
  Type             Status    LastHeartbeatTime                 LastTransitionTime                Reason              Message
  ----             ------    -----------------                 ------------------                ------              -------
  MemoryPressure   Unknown   Mon, 02 Mar 2026 10:00:00 +0000   Mon, 02 Mar 2026 10:00:45 +0000   NodeStatusUnknown   Kubelet stopped posting node status.
  Ready            Unknown   Mon, 02 Mar 2026 10:00:00 +0000   Mon, 02 Mar 2026 10:00:45 +0000   NodeStatusUnknown   Kubelet stopped posting node status.
Addresses:
  InternalIP:  192.0.2.4
  Hostname:    rack-4
Capacity:
  cpu:                8
  memory:             16Gi
System Info:
  Machine ID:                 aaaa
  Boot ID:                    bbbb
Events:
  Type    Reason        Age    From             Message
  ----    ------        ----   ----             -------
  Normal  NodeNotReady  9m32s  node-controller  Node rack-4 status is now: NodeNotReady
`

const POD = `Name:             till-7d9f8b6c5d-x2x4z
Namespace:        sales
Priority:         0
Node:             rack-4/192.0.2.4
Start Time:       Mon, 02 Mar 2026 09:00:00 +0000
Labels:           app=till
Status:           Running
IP:               198.51.100.9
Controlled By:  ReplicaSet/till-7d9f8b6c5d
Containers:
  till:
    Container ID:   containerd://1
    Image:          r.example/till:2
    State:          Running
      Started:      Mon, 02 Mar 2026 10:05:00 +0000
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Mon, 02 Mar 2026 09:00:01 +0000
      Finished:     Mon, 02 Mar 2026 10:04:58 +0000
    Ready:          True
    Restart Count:  1
    Limits:
      memory:  64Mi
    Requests:
      memory:     32Mi
    Environment:  <none>
Conditions:
  Type              Status
  Ready             True 
Events:             <none>
`

test('the example is a line of this format', async () => {
  const extract = await read(kubectl.example)
  assert.equal(extract.format, 'kubectl')
  assert.equal(extract.records, 1)
})

test('tables tell what runs where and who is called what, and never a time', async () => {
  const extract = await read(TABLES)
  assert.equal(extract.format, 'kubectl')
  assert.equal(extract.records, 4)
  assert.equal(extract.skipped, 0)
  assert.deepEqual(extract.signals, [])
  assert.deepEqual(
    extract.facts.filter((fact) => fact.fact === 'alias' || fact.fact === 'pod-on-node'),
    [
      { fact: 'alias', of: 'node/rack-1', name: '192.0.2.1', at: null },
      { fact: 'alias', of: 'node/rack-4', name: '192.0.2.4', at: null },
      { fact: 'pod-on-node', pod: 'pod/sales/till-7d9f8b6c5d-x2x4z', node: 'node/rack-4', at: null },
      { fact: 'alias', of: 'pod/sales/till-7d9f8b6c5d-x2x4z', name: '198.51.100.9', at: null },
    ],
  )
})

test('a described node tells its conditions with their times; its events table, which has ages, tells nothing', async () => {
  const extract = await read(NODE)
  assert.equal(extract.format, 'kubectl')
  assert.deepEqual(said(extract), ['2026-03-02T08:00:00 change.node-added point node/rack-4', '2026-03-02T10:00:45 node.not-ready begin node/rack-4'])
  assert.deepEqual(extract.facts[0], {
    fact: 'node',
    node: 'node/rack-4',
    at: { ms: Date.UTC(2026, 2, 2, 10, 0, 45), basis: 'utc' },
    cores: 8,
    memoryBytes: 16 * 2 ** 30,
  })
})

test('a described pod tells how its container died, its owner and its limits', async () => {
  const extract = await read(`${POD}\n\n${POD.replaceAll('x2x4z', 'lk8wz').replace('OOMKilled', 'Error')}`)
  assert.equal(extract.records, 2)
  assert.deepEqual(
    extract.signals.filter((signal) => signal.kind === 'pod.oom-killed').map((signal) => [signal.entity, signal.places[0]?.line]),
    [['pod/sales/till-7d9f8b6c5d-x2x4z', 1]],
  )
  assert.deepEqual(
    extract.facts.map((fact) => fact.fact),
    ['pod-on-node', 'pod-owner', 'alias', 'alias', 'pod-resources', 'pod-on-node', 'pod-owner', 'alias', 'pod-resources'],
  )
})

test('a table of events is understood, and the user is told that ages need the time of collection', async () => {
  const extract = await read(
    'LAST SEEN   TYPE      REASON        OBJECT       MESSAGE\n2m45s       Warning   FailedMount   pod/till-0   MountVolume.SetUp failed\n',
  )
  assert.equal(extract.format, 'kubectl')
  assert.deepEqual(extract.signals, [])
  assert.match(extract.warnings[0] ?? '', /ages/u)
})

for (const [name, text] of [
  ['tables', TABLES],
  ['descriptions', `${NODE}\n\n${POD}`],
] as const) {
  test(`reads ${name} the same wherever their bytes are cut`, async () => {
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole)
  })
}

test('other text with names and capitals is not taken', async () => {
  for (const other of ['Name: web\nVersion: 1\n', 'NAME VALUE\n', 'USER         PID %CPU\nroot           1  0.0\n', 'ERROR: NAME NOT FOUND\n']) {
    assert.notEqual((await read(other)).format, 'kubectl', other)
  }
})

test('hostile lines are read past', async () => {
  const extract = await read(`${NODE}${'  '.repeat(50_000)}\n  Ready${'  x'.repeat(50_000)}\n${':'.repeat(10_000)}\n`)
  assert.equal(extract.format, 'kubectl')
})
