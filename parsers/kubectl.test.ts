import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { kubectl } from './kubectl.js'

const said = (extract: InputExtract): readonly string[] =>
  extract.signals.map(
    ({ at, kind, phase, entity }) => `${at.basis === 'ago' ? `${at.ms / 1000} s` : new Date(at.ms).toISOString().slice(0, 19)} ${kind} ${phase} ${entity}`,
  )

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

test('tables tell what runs where, who is called what, and how it was when they were made', async () => {
  const extract = await read(TABLES)
  assert.equal(extract.format, 'kubectl')
  assert.equal(extract.records, 4)
  assert.equal(extract.skipped, 0)
  assert.deepEqual(said(extract), ['0 s node.not-ready point node/rack-4'])
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

test('a described node tells its conditions with their times, its events by their ages', async () => {
  const extract = await read(NODE)
  assert.equal(extract.format, 'kubectl')
  assert.deepEqual(said(extract), [
    '2026-03-02T08:00:00 change.node-added point node/rack-4',
    '2026-03-02T10:00:45 node.not-ready begin node/rack-4',
    '-572 s node.not-ready begin node/rack-4',
  ])
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

const HEAD = 'NAMESPACE   LAST SEEN   TYPE      REASON         OBJECT        MESSAGE\n'
const HEADLESS = `sales       7m9s        Warning   FailedMount    pod/till-0    MountVolume.SetUp failed for volume "cfg" : configmap "rates" not found
default     <unknown>   Normal    NodeReady      node/rack-4   Node rack-4 status is now: NodeReady
default     46m         Normal    NodeNotReady   node/rack-4   Node rack-4 status is now: NodeNotReady
`

for (const [name, table] of [
  ['with its head', HEAD + HEADLESS],
  ['without', HEADLESS],
] as const) {
  test(`a table of events ${name} tells them by their ages, which count back from when it was made`, async () => {
    const extract = await read(table)
    assert.equal(extract.format, 'kubectl')
    assert.equal(extract.records, 3)
    assert.equal(extract.skipped, 0)
    // 46m: of the 47th minute the middle. An age that is not known tells nothing.
    assert.deepEqual(said(extract).toSorted(), ['-2790 s node.not-ready begin node/rack-4', '-429 s pod.volume-mount-failed point pod/sales/till-0'])
    assert.match(extract.warnings[0] ?? '', /ages/u)
  })
}

test('a watch tells no times: what it saw happen is missing evidence, what it listed at its start is not', async () => {
  const row = (age: string, pod: number): string => `${age.padEnd(12)}Warning   BackOff   pod/web-${pod}   Back-off restarting failed container`
  const head = 'LAST SEEN   TYPE      REASON    OBJECT      MESSAGE'
  const watch = await read([head, row('5m', 0), ...Array.from({ length: 30 }, (_, index) => row('0s', index))].join('\n'))
  assert.deepEqual(said(watch), ['-300 s pod.crash-looping point pod/-/web-0'])
  assert.equal(watch.records, 31)
  assert.ok(watch.facts.some(({ fact }) => fact === 'missing'))
  const list = await read([head, row('5m', 0), row('1s', 1)].join('\n'))
  assert.deepEqual(said(list), ['-300 s pod.crash-looping point pod/-/web-0', '-1 s pod.crash-looping point pod/-/web-1'])
})

test('what keeps a pod from starting has done so since it was scheduled, though its row tells the last time only; not where it had started', async () => {
  const rows = (between: string): string => `LAST SEEN   TYPE      REASON        OBJECT       MESSAGE
4m0s        Normal    Scheduled     pod/till-0   Successfully assigned sales/till-0 to rack-1
${between}30s         Warning   FailedMount   pod/till-0   MountVolume.SetUp failed for volume "cfg" : configmap "rates" not found
`
  const onsetOf = async (text: string): Promise<number | undefined> => (await read(text)).signals.find(({ kind }) => kind === 'pod.volume-mount-failed')?.at.ms
  assert.equal(await onsetOf(rows('')), -240_000)
  assert.equal(await onsetOf(rows('3m50s       Normal    Started       pod/till-0   Started container till\n')), -30_000)
})

test('the wide form tells the first time, the count, the container and the machine', async () => {
  const wide = `LAST SEEN   TYPE      REASON      OBJECT      SUBOBJECT              SOURCE            MESSAGE                                 FIRST SEEN   COUNT   NAME
12m         Warning   Unhealthy   pod/web-0   spec.containers{web}   kubelet, rack-1   Readiness probe failed: HTTP probe failed with statuscode: 503   22m   33   web-0.17f5d0a1b2c3d4e5
`
  for (const table of [wide, wide.slice(wide.indexOf('\n') + 1)]) {
    const extract = await read(table)
    const [signal] = extract.signals
    assert.deepEqual([signal?.count, signal?.at.ms, signal?.until.ms], [33, -1_350_000, -750_000])
    assert.deepEqual(signal?.attributes, { probe: 'Readiness', reason: 'status', status: 503, container: 'web' })
    assert.equal(extract.facts[0]?.fact === 'pod-on-node' && extract.facts[0].node, 'node/rack-1')
  }
})

test('a table of kubectl 1.9 names kind and event apart', async () => {
  const extract = await read(
    `LASTSEEN   FIRSTSEEN   COUNT     NAME                      KIND      SUBOBJECT                TYPE      REASON    SOURCE            MESSAGE
2m         10m         4         redis-0.15b1f4b5b8e6b4e1  Pod       spec.containers{redis}   Warning   BackOff   kubelet, rack-1   Back-off restarting failed container
`,
  )
  assert.deepEqual(said(extract), ['-630 s pod.crash-looping point pod/-/redis-0'])
})

test("columns of a user's own: times are taken as they are, a kind that is left out is told by the reason", async () => {
  const extract = await read(`Time                   Ns        Name     Reason         Msg
2026-03-02T10:00:45Z   default   rack-4   NodeNotReady   Node rack-4 status is now: NodeNotReady
2026-03-02T10:00:50Z   sales     till-0   Evicted        The node was low on resource: memory.
`)
  assert.deepEqual(said(extract), ['2026-03-02T10:00:45 node.not-ready begin node/rack-4', '2026-03-02T10:00:50 pod.evicted point pod/sales/till-0'])
})

test('the events of a description are those of what it describes, also as kubectl 1.5 wrote them', async () => {
  const now = POD.replace(
    'Events:             <none>',
    `Events:
  Type     Reason   Age                  From     Message
  ----     ------   ----                 ----     -------
  Warning  BackOff  2m9s (x25 over 7m)   kubelet  Back-off restarting failed container`,
  )
  const then = POD.replace(
    'Events:             <none>',
    'Events:\n  FirstSeen\tLastSeen\tCount\tFrom\t\t\tSubObjectPath\tType\t\tReason\tMessage\n  7m\t\t2m9s\t25\tkubelet, rack-4\tspec.containers{till}\tWarning\t\tBackOff\tBack-off restarting failed container',
  )
  for (const text of [now, then]) {
    const extract = await read(text)
    assert.deepEqual(
      extract.signals.filter(({ kind }) => kind === 'pod.crash-looping').map(({ entity, count, at }) => [entity, count, at]),
      [['pod/sales/till-7d9f8b6c5d-x2x4z', 25, { ms: -420_000, basis: 'ago' }]],
    )
  }
})

test('a pod that is looping when its table is made last ended when its restarts say', async () => {
  const extract = await read(`NAME     READY   STATUS             RESTARTS        AGE
till-0   0/1     CrashLoopBackOff   7 (2m21s ago)   26m
till-1   0/1     ImagePullBackOff   0               26m
`)
  assert.deepEqual(said(extract), ['-141 s pod.crash-looping point pod/-/till-0', '0 s pod.image-pull-failed point pod/-/till-1'])
})

test('the output of date between two tables says when they were made; the commands are no lines of a log', async () => {
  const extract = await read(`$ date\nMon Mar  2 10:10:00 UTC 2026\n$ kubectl get events -A\n${HEAD}${HEADLESS}`)
  assert.deepEqual(
    extract.facts.filter(({ fact }) => fact === 'collected'),
    [{ fact: 'collected', at: { ms: Date.UTC(2026, 2, 2, 10, 10), basis: 'utc' } }],
  )
  assert.equal(extract.skipped, 0)
})

for (const [name, text] of [
  ['tables', TABLES],
  ['tables of events', `${HEAD}${HEADLESS}`],
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

test('the first of January of the year 1 is no time: it is what Go writes where there is none', async () => {
  const pod = (started: string): string => `Name:             till-7d9f8b6c5d-x2x4z
Namespace:        sales
Node:             rack-4/192.0.2.4
Status:           Failed
Containers:
  till:
    State:          Terminated
      Reason:       ContainerStatusUnknown
      Exit Code:    137
      Started:      ${started}
      Finished:     ${started}
    Ready:          False
    Restart Count:  1
`
  const years = async (started: string): Promise<readonly number[]> => (await read(pod(started))).signals.map(({ at }) => new Date(at.ms).getUTCFullYear())
  assert.deepEqual(await years('Mon, 01 Jan 0001 00:00:00 +0000'), [])
  assert.ok((await years('Mon, 02 Mar 2026 10:00:00 +0000')).every((year) => year === 2026))
})

test('services of tables and descriptions are told with their addresses, and pods with whom they are configured to talk to', async () => {
  const table = `NAMESPACE   NAME             TYPE        CLUSTER-IP    EXTERNAL-IP   PORT(S)    AGE
sales       service/orders   ClusterIP   10.96.60.1    <none>        8085/TCP   26m
sales       cache            ClusterIP   None          <none>        6379/TCP   26m
`
  const block = `Name:                     stock
Namespace:                sales
Labels:                   <none>
Annotations:              <none>
Selector:                 app=stock
Type:                     ClusterIP
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       10.96.60.2
IPs:                      10.96.60.2
Port:                     http  80/TCP
TargetPort:               8080/TCP
Endpoints:                10.244.1.5:8080
Session Affinity:         None
Events:                   <none>
`
  const pod = `Name:             till-7d9f8b6c5d-x2x4z
Namespace:        sales
Node:             rack-4/192.0.2.4
Status:           Running
IP:               10.244.1.9
Controlled By:    ReplicaSet/till-7d9f8b6c5d
Containers:
  till:
    Image:          r.example/till:2
    State:          Running
      Started:      Mon, 02 Mar 2026 10:00:00 +0000
    Ready:          True
    Restart Count:  0
    Liveness:       http-get http://:8080/healthz delay=0s timeout=1s period=20s #success=1 #failure=3
    Readiness:      http-get http://:8080/ready delay=0s timeout=1s period=5s #success=1 #failure=3
    Environment:
      STOCK_URL:  http://stock:80/
      TOKEN:      <set to the key 'token' in secret 'till'>  Optional: false
    Mounts:       <none>
`
  const facts = async (text: string): Promise<readonly string[]> =>
    (await read(text)).facts.flatMap((fact) =>
      fact.fact === 'alias' && fact.of.startsWith('service/')
        ? [`${fact.of} ${fact.name}`]
        : fact.fact === 'client-of'
          ? [`${fact.client} ${fact.server}`]
          : fact.fact === 'limit'
            ? [`${fact.of} ${fact.name} ${fact.value}`]
            : [],
    )
  assert.deepEqual(await facts(table), ['service/sales/orders 10.96.60.1'])
  assert.deepEqual(await facts(block), ['service/sales/stock 10.96.60.2'])
  assert.deepEqual(await facts(pod), ['workload/sales/till service/sales/stock', 'workload/sales/till probe-period 5'])
})
