import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { InputExtract, Signal } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { kubelet } from './kubelet.js'
import { klogSeverity } from './klog-head.js'

const said = (extract: InputExtract): readonly string[] =>
  extract.signals.map(({ kind, phase, entity, attributes }) => [kind, phase, entity, attributes['reason'] ?? ''].join(' ').trim())
const one = async (line: string, path = 'node/kubelet.log'): Promise<readonly Signal[]> => (await read(`${line}\n`, { path })).signals
const head = (severity: string, source: string, time = '08:18:09.874226'): string => `${severity}1121 ${time}     101 ${source}] `

const SAMPLE = [
  'Log file created at: 2026/11/21 08:18:00',
  'Running on machine: node-a',
  'Binary: Built with gc go1.22 for linux/amd64',
  'Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg',
  head('I', 'flags.go:64', '08:18:00.000001') + 'FLAG: --hostname-override=""',
  head('I', 'server.go:1262', '08:18:02.100000') + '"Started kubelet"',
  head('I', 'kubelet.go:2330', '08:18:02.200000') + '"Starting kubelet main sync loop"',
  head('I', 'kubelet.go:2421', '08:18:02.300000') + '"SyncLoop ADD" source="api" pods=["shop/web-1","shop/web-2"]',
  head('E', 'controller.go:251') +
    '"Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-a?timeout=10s\\": context deadline exceeded"',
  head('E', 'pod_workers.go:1300', '08:19:01.000000') + '"Error syncing pod, skipping" err=<',
  '\tfailed to "StartContainer" for "web" with CrashLoopBackOff: "back-off 5m0s restarting failed container=web pod=web-1_shop(0ac7a38c-74bc-4d23-ae50-2576492537e0) – häuft sich"',
  ' > pod="shop/web-1" podUID="0ac7a38c-74bc-4d23-ae50-2576492537e0"',
  head('I', 'trace.go:236', '08:19:02.000000') + 'Trace[135]: "Reflector WatchList" name:x (total time: 67144ms):',
  'Trace[135]: [1m7.1s] [1m7.1s] END',
  head('I', 'kubelet.go:2421', '08:20:00.000000') + '"SyncLoop ADD" source="api" pods=["shop/web-3"]',
].join('\n')

test('the example is a missed heartbeat of the node that its lease names', async () => {
  const [signal] = await one(kubelet.example, 'some.log')
  assert.equal(signal?.kind, 'node.heartbeat-missed')
  assert.equal(signal.entity, 'node/worker-1')
  assert.deepEqual(signal.attributes, { reason: 'timeout' })
})

test('a log says its starts, its failures, and its pods; pods listed at the start are no new pods', async () => {
  const extract = await read(SAMPLE, { path: 'x.log' })
  assert.equal(extract.format, 'kubelet')
  assert.deepEqual(said(extract), [
    'kubelet.started point node/?',
    'node.heartbeat-missed point node/node-a timeout',
    'pod.crash-looping point pod/shop/web-1',
    'pod.started point pod/shop/web-3',
  ])
  assert.equal(extract.records, 8)
  assert.equal(extract.skipped, 0)
  assert.equal(extract.yearHint, 2026)
  assert.equal(extract.signals[2]?.places[0]?.line, 10, 'a record over several lines stands where it begins')
  assert.ok(extract.facts.some((fact) => fact.fact === 'input-node' && fact.node === 'node/node-a' && fact.weight === 5))
  assert.ok(extract.facts.some((fact) => fact.fact === 'pod-on-node' && fact.pod === 'pod/shop/web-1'))
})

test('however the bytes are cut, the extract is the same', async () => {
  const whole = await read(SAMPLE)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(SAMPLE, { chunkBytes }), whole)
  assert.deepEqual((await read(SAMPLE.replaceAll('\n', '\r\n'))).signals.length, whole.signals.length)
})

/** Line → what it says; '' where it says nothing. Accept and reject stand in pairs. */
const MEANINGS: readonly (readonly [string, string])[] = [
  [
    head('E', 'controller.go:187') +
      'failed to update lease, error: Put "https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-a?timeout=10s": dial tcp 10.0.0.1:6443: connect: connection refused',
    'node.heartbeat-missed point node/node-a refused',
  ],
  [
    head('E', 'controller.go:115') +
      'failed to ensure node lease exists, will retry in 7s, error: Get https://10.0.0.1:6443/apis/coordination.k8s.io/v1beta1/namespaces/kube-node-lease/leases/node-a?timeout=10s: dial tcp 10.0.0.1:6443: connect: no route to host',
    'node.heartbeat-missed point node/node-a no-route',
  ],
  [
    head('E', 'controller.go:251') +
      '"Failed to update lease" err="Operation cannot be fulfilled on leases.coordination.k8s.io \\"node-a\\": the object has been modified; please apply your changes to the latest version and try again"',
    'lease.conflict point node/node-a',
  ],
  [
    head('E', 'status_manager.go:10') +
      '"Failed to update status for pod" err="Operation cannot be fulfilled on pods \\"web-1\\": the object has been modified" pod="shop/web-1"',
    '',
  ],
  [
    head('E', 'kubelet_node_status.go:385') +
      'Error updating node status, will retry: error getting node "node-a": Get https://10.0.0.1:6443/api/v1/nodes/node-a?timeout=10s: net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    'node.heartbeat-missed point node/node-a timeout',
  ],
  [
    head('E', 'kubelet_node_status.go:540') +
      '"Error updating node status, will retry" err="error getting node \\"node-a\\": Get \\"https://api.example.com/api/v1/nodes/node-a\\": dial tcp: lookup api.example.com on 10.0.0.2:53: no such host"',
    'node.heartbeat-missed point node/node-a dns + network.dns-failure point node/node-a',
  ],
  [
    head('E', 'reflector.go:147') +
      '"Unhandled Error" err="k8s.io/client-go/informers/factory.go:160: Failed to watch *v1.Node: Get \\"https://10.0.0.1:6443/api/v1/nodes?limit=500\\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid"',
    'node.certificate-expired point node/? expired',
  ],
  [
    head('E', 'reflector.go:147') +
      '"Unhandled Error" err="k8s.io/client-go/informers/factory.go:160: Failed to watch *v1.Node: Get \\"https://10.0.0.1:6443/api/v1/nodes?limit=500\\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-21T06:18:01Z is before 2026-11-21T07:00:00Z"',
    'node.certificate-expired point node/? not-yet-valid',
  ],
  [
    head('E', 'kuberuntime_manager.go:10') +
      '"Unhandled Error" err="container web start failed in pod web-1_shop(0ac7a38c): ErrImagePull: failed to do request: Head \\"https://registry.local/v2/web/manifests/1\\": x509: certificate signed by unknown authority"',
    '',
  ],
  [
    head('I', 'kubelet.go:1838') + 'skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m7s ago; threshold is 3m0s]',
    'node.runtime-down point node/? pleg',
  ],
  [
    head('I', 'kubelet.go:1838') +
      'skipping pod synchronization - [container runtime status check may not have completed yet, PLEG is not healthy: pleg has yet to be successful]',
    '',
  ],
  [
    head('I', 'setters.go:600') +
      '"Node became not ready" node="node-a" condition={"type":"Ready","status":"False","reason":"KubeletNotReady","message":"container runtime is down"}',
    'node.not-ready begin node/node-a runtime + node.runtime-down point node/node-a runtime',
  ],
  [head('I', 'kubelet_node_status.go:472') + 'Recording NodeReady event message for node node-a', 'node.not-ready end node/node-a'],
  [head('W', 'eviction_manager.go:343') + 'eviction manager: attempting to reclaim memory', 'node.memory-exhausted point node/? pressure'],
  [head('I', 'eviction_manager.go:381') + '"Eviction manager: attempting to reclaim" resourceName="ephemeral-storage"', 'node.disk-full point node/? pressure'],
  [head('I', 'eviction_manager.go:200') + 'eviction manager: no resources are starved', ''],
  [head('I', 'helpers.go:1') + '"eviction manager: observations" signal="memory.available" available="1Gi"', ''],
  [
    head('W', 'eviction_manager.go:168') + 'Failed to admit pod "web-1_shop(0ac7a38c-74bc-4d23-ae50-2576492537e0)" - node has conditions: [DiskPressure]',
    'pod.evicted point pod/shop/web-1 disk',
  ],
  [
    head('W', 'prober.go:112') +
      'Readiness probe for "web-1_shop(0ac7a38c-74bc-4d23-ae50-2576492537e0):web" failed (failure): HTTP probe failed with statuscode: 503',
    'pod.unready point pod/shop/web-1 status',
  ],
  [
    head('E', 'run.go:72') +
      '"command failed" err="failed to validate kubelet configuration, error: invalid configuration: imageGCHighThresholdPercent (--image-gc-high-threshold) 120 must be between 0 and 100, inclusive, path: &TypeMeta{Kind:,APIVersion:,}"',
    'node.heartbeat-missed point node/? not-started',
  ],
  [
    head('E', 'run.go:72') +
      '"command failed" err="failed to run Kubelet: validate service connection: validate CRI v1 runtime API for endpoint \\"unix:///run/containerd/containerd.sock\\": rpc error: code = Unavailable desc = connection error"',
    'node.runtime-down point node/? runtime',
  ],
  [head('I', 'prober.go:117') + '"Probe succeeded" probeType="Readiness" pod="shop/web-1" containerName="web"', ''],
  [
    head('E', 'pod_workers.go:191') +
      'Error syncing pod 0ac7a38c-74bc-4d23-ae50-2576492537e0 ("web-1_shop(0ac7a38c-74bc-4d23-ae50-2576492537e0)"), skipping: failed to "StartContainer" for "web" with ImagePullBackOff: "Back-off pulling image \\"registry.local/web:2\\""',
    'pod.image-pull-failed point pod/shop/web-1 other',
  ],
  [
    head('E', 'pod_workers.go:1300') +
      '"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with ErrImagePull: \\"failed to resolve reference \\\\\\"registry.local/web:2\\\\\\": not found\\"" pod="shop/web-1"',
    'pod.image-pull-failed point pod/shop/web-1 not-found',
  ],
  [
    head('E', 'pod_workers.go:1324') +
      '"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with ErrImagePull: \\"failed to do request: Head \\\\\\"https://registry.local/v2/web/manifests/2\\\\\\": dial tcp: lookup registry.local on 10.0.0.53:53: read udp 10.0.0.13:48910->10.0.0.53:53: i/o timeout\\"" pod="shop/web-1"',
    'pod.image-pull-failed point pod/shop/web-1 dns + network.dns-failure point node/?',
  ],
  [
    head('E', 'pod_workers.go:1300') +
      '"Error syncing pod, skipping" err="failed to \\"CreatePodSandbox\\" for \\"web-1_shop(0ac7a38c)\\" with CreatePodSandboxError: \\"plugin type=\\\\\\"bridge\\\\\\" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.2.200-10.244.2.202\\"" pod="shop/web-1"',
    'pod.sandbox-failed point pod/shop/web-1 addresses',
  ],
  [
    head('E', 'pod_workers.go:1300') +
      '"Error syncing pod, skipping" err="failed to \\"CreatePodSandbox\\" for \\"web-1_shop(0ac7a38c)\\" with CreatePodSandboxError: \\"plugin type=\\\\\\"bridge\\\\\\" failed (add): failed to set bridge addr\\"" pod="shop/web-1"',
    'pod.sandbox-failed point pod/shop/web-1 cni',
  ],
  [
    head('E', 'nestedpendingoperations.go:348') +
      'Operation for "{volumeName:kubernetes.io/secret/0ac7-tls podName:0ac7 nodeName:}" failed. No retries permitted until 2026-11-21 08:53:36 +0000 UTC (durationBeforeRetry 500ms). Error: MountVolume.SetUp failed for volume "tls" (UniqueName: "kubernetes.io/secret/0ac7-tls") pod "web-1" (UID: "0ac7a38c-74bc-4d23-ae50-2576492537e0") : secret "web-tls" not found',
    'pod.volume-mount-failed point pod/-/web-1 not-found',
  ],
  [
    head('E', 'nestedpendingoperations.go:348') +
      'Operation for "{volumeName:kubernetes.io/projected/0ac7-api podName:0ac7 nodeName:}" failed. No retries permitted until 2026-11-21 08:53:36 +0000 UTC (durationBeforeRetry 500ms). Error: MountVolume.SetUp failed for volume "api" (UniqueName: "kubernetes.io/projected/0ac7-api") pod "web-1" (UID: "0ac7a38c-74bc-4d23-ae50-2576492537e0") : [object "shop"/"kube-root-ca.crt" not registered, object "shop"/"web-config" not registered]',
    '', // the kubelet started a second ago
  ],
  [
    head('E', 'kubelet.go:1662') +
      'Unable to attach or mount volumes for pod "web-1_shop(0ac7a38c-74bc-4d23-ae50-2576492537e0)": unmounted volumes=[data], unattached volumes=[data]: timed out waiting for the condition; skipping pod',
    'pod.volume-mount-failed point pod/shop/web-1 timeout',
  ],
  [head('E', 'conn.go:353') + '"Error on socket receive" err="read tcp 10.0.0.3:10250->10.0.0.1:44772: use of closed network connection"', ''],
  [
    head('I', 'event.go:255') +
      `Event(v1.ObjectReference{Kind:"Node", Namespace:"", Name:"node-a", UID:"node-a", APIVersion:"", ResourceVersion:"", FieldPath:""}): type: 'Warning' reason: 'Rebooted' Node node-a has been rebooted, boot id: 1`,
    'node.rebooted point node/node-a',
  ],
  [head('I', 'kubelet_node_status.go:75') + 'Successfully registered node node-a', 'change.node-added point node/node-a'],
  [head('I', 'reconciler.go:1') + '"operationExecutor.MountVolume started for volume \\"evicted\\"" pod="shop/web-1"', ''],
]

test('each wording says what it means, and its look-alike nothing', async () => {
  for (const [line, meaning] of MEANINGS) {
    const extract = await read(`${line}\n`, { path: 'a/kubelet.log' })
    assert.equal(said(extract).join(' + '), meaning, line)
    assert.equal(extract.records, 1)
  }
})

test('a PLEG report puts the onset before its line', async () => {
  const [signal] = await one(
    head('I', 'kubelet.go:1838', '12:00:00.000000') +
      '"Skipping pod synchronization" err="PLEG is not healthy: pleg was last seen active 2h33m0.5s ago; threshold is 3m0s"',
  )
  assert.equal(new Date(signal?.at.ms ?? NaN).toISOString().slice(11), '09:26:59.500Z')
  // And it was still so when the line was written.
  assert.equal(new Date(signal?.until.ms ?? NaN).toISOString().slice(11), '12:00:00.000Z')
})

test('a certificate has expired when its first rejection says it had, unless that was long before; later rejections stand where they are', async () => {
  const rejected = (time: string, after: string): string =>
    head('E', 'controller.go:251', time) +
    `"Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-a?timeout=10s\\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-21T${time.slice(0, 8)}Z is after 2026-11-21T${after}Z"`
  const expired = async (...lines: readonly string[]): Promise<readonly string[]> =>
    (await read(`${lines.join('\n')}\n`, { path: 'node/kubelet.log' })).signals
      .filter(({ kind }) => kind === 'node.certificate-expired')
      .map(
        ({ at, until, count, attributes }) =>
          [new Date(at.ms), new Date(until.ms)].map((time) => time.toISOString().slice(11, 21)).join(' ') + ` ${count} ${attributes['lateMs'] ?? ''}`,
      )
  assert.deepEqual(await expired(rejected('08:18:09.500000', '08:18:02'), rejected('08:18:19.500000', '08:18:02')), ['08:18:09.5 08:18:19.5 2 7000'])
  assert.deepEqual(await expired(rejected('08:18:09.500000', '05:00:00'), rejected('08:18:19.500000', '05:00:00')), ['08:18:09.5 08:18:19.5 2 '])
})

test('a container that has just started may refuse its first probes; later refusals count', async () => {
  const started =
    head('I', 'kubelet.go:2453', '08:00:00.000000') +
    '"SyncLoop (PLEG): event for pod" pod="shop/web-1" event={"ID":"0ac7a38c-74bc-4d23-ae50-2576492537e0","Type":"ContainerStarted","Data":"aaaaaaaaaaaaaaaa"}'
  const probe = (time: string): string =>
    head('I', 'prober.go:122', time) +
    '"Probe failed" probeType="Readiness" pod="shop/web-1" containerName="web" probeResult="failure" output="Get \\"http://10.1.1.9:8080/ready\\": dial tcp 10.1.1.9:8080: connect: connection refused"'
  const extract = await read([started, probe('08:00:01.000000'), probe('08:01:00.000000')].join('\n'))
  assert.deepEqual(said(extract), ['container.started point pod/shop/web-1', 'pod.unready point pod/shop/web-1 refused'])
})

test('a container dies with the exit code that the line before told; an exit nobody logged is a sandbox', async () => {
  const pleg = (time: string, data: string): string =>
    head('I', 'kubelet.go:2453', time) +
    `"SyncLoop (PLEG): event for pod" pod="shop/web-1" event={"ID":"0ac7a38c-74bc-4d23-ae50-2576492537e0","Type":"ContainerDied","Data":"${data}"}`
  const finished =
    head('I', 'generic.go:413', '08:00:00.000000') +
    '"Generic (PLEG): container finished" podID="0ac7a38c-74bc-4d23-ae50-2576492537e0" containerID="aaaaaaaaaaaaaaaa" exitCode=137'
  const extract = await read([finished, pleg('08:00:00.100000', 'aaaaaaaaaaaaaaaa'), pleg('08:00:00.200000', 'bbbbbbbbbbbbbbbb')].join('\n'))
  assert.deepEqual(
    extract.signals.map(({ kind, attributes, count }) => [kind, attributes['exitCode'], count]),
    [['container.exited', 137, 1]],
  )
})

test('JSON lines mean the same, with times in fractional milliseconds', async () => {
  const lines = [
    '{"ts":1795249138637.524,"caller":"lease/controller.go:251","msg":"Failed to update lease","err":"Put \\"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-a\\": context deadline exceeded","v":0}',
    '{"ts":1795249139000.5,"caller":"kubelet/kubelet.go:2421","msg":"SyncLoop ADD","v":2,"source":"api","pods":[{"name":"web-1","namespace":"shop"}]}',
    '{"ts":1795249140000.5,"caller":"kubelet/kubelet.go:1","msg":"SyncLoop UPDATE","v":2,"pods":[]}',
  ]
  const extract = await read(lines.join('\n'), { path: 'kubelet.log' })
  assert.deepEqual(said(extract), ['node.heartbeat-missed point node/node-a timeout', 'pod.started point pod/shop/web-1'])
  assert.deepEqual(extract.signals[0]?.at, { ms: 1795249138637.524, basis: 'utc' })
  assert.equal(extract.records, 3)
})

test('hostile lines neither throw nor take long', async () => {
  const hostile = [
    'a'.repeat(200_000),
    '"' + '\\"'.repeat(100_000),
    '{'.repeat(100_000),
    '"x" ' + 'a='.repeat(50_000),
    'Operation for "' + '(UID: "'.repeat(20_000),
    '"Error syncing pod" err="' + 'failed to '.repeat(20_000),
  ]
  const text = hostile
    .flatMap((rest) => [head('E', 'x.go:1') + rest, head('I', 'x.go:1') + `SyncLoop (PLEG): ${rest}`, `{"ts":1795249138637.5,"caller":"x","msg":"${rest}"}`])
    .join('\n')
  const before = performance.now()
  const extract = await read(text)
  assert.ok(performance.now() - before < 5_000)
  assert.equal(extract.lines, hostile.length * 3)
})

const CORPUS = new URL('../../shared/corpus/kubelet/', import.meta.url)
const absent = existsSync(CORPUS) ? false : 'shared/ is absent'

test('a Windows kubelet over midnight and two lives', { skip: absent }, async () => {
  const bytes = readFileSync(new URL('pjh+gcp-filestore-csi-driver/kubelet.log', CORPUS))
  const extract = await read(bytes)
  assert.deepEqual([extract.format, extract.lines, extract.records, extract.skipped, extract.yearHint], ['kubelet', 25_521, 25_507, 0, 2019])
  const [span] = extract.spans
  assert.equal(new Date(span?.first ?? NaN).toISOString().slice(5), '08-20T20:28:26.508Z')
  assert.equal(new Date(span?.last ?? NaN).toISOString().slice(5), '08-21T00:00:15.282Z')
  const starts = extract.signals.filter(({ kind }) => kind === 'kubelet.started')
  assert.deepEqual(
    starts.map(({ attributes }) => attributes['pid']),
    [3312, 3880],
  )
  const ready = extract.signals.find(({ kind, phase }) => kind === 'node.not-ready' && phase === 'end')
  assert.equal(new Date(ready?.at.ms ?? NaN).toISOString().slice(11, 22), '23:40:05.52')
  const counts = new Map<string, number>()
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(10, start)
    const end = newline < 0 ? bytes.length : newline
    const severity = klogSeverity(bytes, start, end) ?? 'other'
    counts.set(severity, (counts.get(severity) ?? 0) + 1)
    start = end + 1
  }
  assert.deepEqual(Object.fromEntries(counts), { other: 14, I: 24_255, W: 1_228, E: 24 })
})

test('a kubelet inside a journal', { skip: absent }, async () => {
  const folder = 'openshift+insights-operator/docs/insights-archive-sample/config/node/logs/'
  const extract = await read(readFileSync(new URL(`${folder}ip-10-0-135-228.us-east-2.compute.internal.log`, CORPUS)))
  assert.deepEqual([extract.format, extract.records, extract.skipped], ['kubelet', 50, 0])
  assert.deepEqual(
    extract.signals.map(({ kind, count }) => [kind, count]),
    [
      ['pod.crash-looping', 18],
      ['pod.unready', 4],
    ],
  )
})
