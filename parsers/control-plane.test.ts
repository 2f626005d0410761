import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { controlPlane } from './control-plane.js'

const said = (extract: InputExtract): string =>
  extract.signals
    .map(({ kind, phase, entity, attributes }) => [kind, phase, entity, attributes['reason'] ?? attributes['node'] ?? ''].join(' ').trim())
    .join(' + ')
const head = (severity: string, source: string, time = '08:19:14.821198'): string => `${severity}1121 ${time}   12859 ${source}] `
const MANAGER = 'logs/kube-controller-manager.log'

test('the example is the begin of NotReady', async () => {
  const extract = await read(`${controlPlane.example}\n`, { path: 'x.log' })
  assert.equal(extract.format, 'control-plane')
  assert.equal(said(extract), 'node.not-ready begin node/worker-3 NodeStatusUnknown')
})

const MEANINGS: readonly (readonly [string, string])[] = [
  [
    head('I', 'node_lifecycle_controller.go:948') +
      `"Node hasn't been updated" node="node-b" duration="45s" nodeConditionType="Ready" currentCondition="&NodeCondition{Type:Ready,Status:True,}"`,
    'node.heartbeat-missed point node/node-b other',
  ],
  [
    head('I', 'node_lifecycle_controller.go:948') +
      `"Node hasn't been updated" node="node-b" duration="45s" nodeConditionType="DiskPressure" currentCondition="&NodeCondition{}"`,
    '',
  ],
  [
    head('I', 'node_lifecycle_controller.go:1052') +
      `node node-b hasn't been updated for 40.007173281s. Last Ready is: &NodeCondition{Type:Ready,Status:True,}`,
    'node.heartbeat-missed point node/node-b other',
  ],
  [
    head('E', 'authentication.go:62') +
      'Unable to authenticate the request due to an error: [x509: certificate has expired or is not yet valid, x509: certificate has expired or is not yet valid]',
    'node.certificate-expired point cluster expired',
  ],
  [
    head('E', 'authentication.go:73') + '"Unable to authenticate the request" err="[invalid bearer token, service account token has expired]"',
    'log.error point process/-/kube-controller-manager',
  ],
  ...[
    '"Timeout or abort while handling" logger="UnhandledError" method="GET" URI="/api/v1/nodes/node-b?timeout=5s" auditID="50f4b75a-303b-47a4-9351-0b8fe2b0b23e"',
    '"Unhandled Error" err="apiserver was unable to write a JSON response: http: Handler timeout" logger="UnhandledError"',
    '"Error retrieving lease lock" err="Get \\"https://10.0.0.1:6443/apis\\": context deadline exceeded" lock="kube-system/kube-controller-manager"',
  ].map((message): readonly [string, string] => [head('E', 'wrap.go:53') + message, 'log.error point process/-/kube-controller-manager']),
  [
    head('I', 'genericapiserver.go:586') + '"[graceful-termination] shutdown event" name="ShutdownInitiated"',
    'action.restart point process/-/kube-controller-manager',
  ],
  [head('I', 'genericapiserver.go:656') + '"[graceful-termination] shutdown event" name="HTTPServerStoppedListening"', ''],
  [head('I', 'server.go:334') + '"Requested to terminate, exiting"', 'action.restart point process/-/kube-controller-manager'],
  [head('E', 'status.go:71') + '"Unhandled Error" err="apiserver received an error that is not an metav1.Status: http: Handler timeout"', ''],
  [
    head('I', 'controller_utils.go:172') + 'Recording status change NodeNotReady event message for node node-b',
    'node.not-ready begin node/node-b NodeStatusUnknown',
  ],
  [head('I', 'node_lifecycle_controller.go:795') + '"Node is healthy again, removed all taints" node="node-b"', 'node.not-ready end node/node-b'],
  [head('I', 'node_lifecycle_controller.go:843') + 'Node node-b is healthy again, removing all taints', 'node.not-ready end node/node-b'],
  [
    head('I', 'node_lifecycle_controller.go:787') +
      '"Node is unresponsive. Adding it to the Taint queue" logger="node-lifecycle-controller" node="node-b" timeStamp="2026-11-21 08:19:14.821171368 +0000 UTC m=+895.226273354"',
    'node.not-ready begin node/node-b NodeStatusUnknown',
  ],
  [
    head('I', 'node_lifecycle_controller.go:775') +
      '"Node is NotReady. Adding it to the Taint queue" node="node-b" timeStamp="2026-11-21 08:19:14.8 +0000 UTC"',
    'node.not-ready begin node/node-b',
  ],
  [
    head('I', 'node_lifecycle_controller.go:716') +
      'Node node-b is unresponsive as of 2026-11-21 08:19:14.821171368 +0000 UTC m=+895.226273354. Adding it to the Taint queue.',
    'node.not-ready begin node/node-b NodeStatusUnknown',
  ],
  [
    head('I', 'node_lifecycle_controller.go:700') + 'Node node-b is NotReady as of 2026-11-21 08:19:14.8 +0000 UTC m=+895.2. Adding it to the Taint queue.',
    'node.not-ready begin node/node-b',
  ],
  [head('I', 'node_lifecycle_controller.go:806') + 'Node node-b is ready again, cancelled pod eviction', 'node.not-ready end node/node-b'],
  [head('I', 'scheduler.go:700') + 'Node node-b is NotReady to be drained', ''],
  [head('I', 'controller_utils.go:144') + '"Updating ready status of pod to false" pod="shop/web-1"', 'pod.unready begin pod/shop/web-1 node'],
  [head('I', 'taint_manager.go:106') + 'NoExecuteTaintManager is deleting Pod: shop/web-1', 'pod.evicted point pod/shop/web-1 taint'],
  [head('I', 'taint_eviction.go:111') + '"Deleting pod" controller="taint-eviction-controller" pod="shop/web-1"', 'pod.evicted point pod/shop/web-1 taint'],
  [head('I', 'controller_utils.go:625') + '"Deleting pod" controller="web-5bb955977f" pod="shop/web-1"', 'pod.deleted point pod/shop/web-1'],
  [head('I', 'replica_set.go:704') + '"Too many replicas" replicaSet="shop/web-5bb955977f" need=0 deleting=1', 'change.scaled point workload/shop/web'],
  [head('I', 'replica_set.go:668') + '"Too few replicas" replicaSet="shop/web-5bb955977f" need=2 creating=1', ''],
  [
    head('I', 'event.go:307') +
      '"Event occurred" object="shop/web" fieldPath="" kind="Deployment" apiVersion="apps/v1" type="Normal" reason="ScalingReplicaSet" message="Scaled up replica set web-5bb955977f to 5 from 3"',
    'change.scaled point workload/shop/web',
  ],
  [
    head('I', 'event.go:307') +
      '"Event occurred" object="shop/web-1" kind="Pod" apiVersion="v1" type="Normal" reason="TaintManagerEviction" message="Cancelling deletion of Pod shop/web-1"',
    '',
  ],
  [
    head('I', 'schedule_one.go:481') + '"Successfully bound pod to node" pod="shop/web-1" node="node-b" evaluatedNodes=3 feasibleNodes=2',
    'pod.scheduled point pod/shop/web-1 node-b',
  ],
  [
    head('I', 'scheduler.go:667') + 'pod shop/web-1 is bound successfully on node "node-b", 3 nodes evaluated, 3 nodes were found feasible.',
    'pod.scheduled point pod/shop/web-1 node-b',
  ],
  [
    head('I', 'schedule_one.go:1239') +
      '"Unable to schedule pod; no fit; waiting" pod="shop/web-1" err="0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient memory."',
    'pod.unschedulable point pod/shop/web-1 memory',
  ],
  [
    head('E', 'controller.go:251') +
      '"Failed to update lease" err="Put \\"https://localhost:6443/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/apiserver-x\\": context deadline exceeded"',
    '',
  ],
  [
    head('E', 'leaderelection.go:330') +
      'error retrieving resource lock kube-system/kube-controller-manager: Get "https://10.0.0.1:6443/x": context deadline exceeded',
    'log.error point process/-/kube-controller-manager',
  ],
  [head('E', 'server.go:338') + '"Leaderelection lost"', 'log.error point process/-/kube-controller-manager'],
  [
    head('E', 'run.go:72') + '"command failed" err="unable to load configmap based request-header-client-ca-file: connect: connection refused"',
    'log.error point process/-/kube-controller-manager', // and nothing of a kubelet
  ],
  [
    head('E', 'replica_set.go:640') +
      '"Unhandled Error" err="sync \\"shop/web-5bb955977f\\" failed with read version: 3976 is not as new as written version: 4036" logger="UnhandledError"',
    '',
  ],
]

test('each wording says what it means, and its look-alike nothing', async () => {
  for (const [line, meaning] of MEANINGS) assert.equal(said(await read(`${line}\n`, { path: MANAGER })), meaning, line)
})

test('a zone whose nodes are all gone is told apart from one that has lost some', async () => {
  const zone = async (state: string): Promise<unknown> =>
    (
      await read(
        `${head('I', 'node_lifecycle_controller.go:1063')}"Controller detected that zone is now in new state" zone="eu:\\x00:eu-3" newState="${state}"\n`,
        { path: MANAGER },
      )
    ).signals.map(({ attributes }) => attributes['code'])
  assert.deepEqual([await zone('FullDisruption'), await zone('PartialDisruption'), await zone('Normal')], [['zone-lost'], ['zone'], []])
})

test('where pods lost their patience before taints did it, the node was lost when its condition changed, not when its pods go', async () => {
  const line =
    head('I', 'node_lifecycle_controller.go:719', '08:24:54.821198') +
    'Node is unresponsive. Adding Pods on Node node-b to eviction queues: 2026-11-21 08:24:54.8 +0000 UTC m=+1235.2 is later than 2026-11-21 10:19:14 +0200 CEST + 4m20s'
  const [lost] = (await read(`${line}\n`, { path: MANAGER })).signals
  assert.deepEqual([lost?.kind, lost?.phase, lost?.entity, lost?.at.ms], ['node.not-ready', 'begin', 'node/node-b', Date.UTC(2026, 10, 21, 8, 19, 14)])
})

test('a node that was not heard of for so long missed the heartbeat that was due after the last one', async () => {
  const of = (time: string, duration: string): string =>
    head('I', 'node_lifecycle_controller.go:948', time) +
    `"Node hasn't been updated" node="node-b" duration="${duration}" nodeConditionType="Ready" currentCondition="x"`
  const old = head('I', 'node_lifecycle_controller.go:1052', '08:21:00.000000') + `node node-c hasn't been updated for 1m5.5s. Last Ready is: &NodeCondition{}`
  const { signals } = await read([of('08:19:14.000000', '45.5s'), of('08:19:19.000000', '50.5s'), old].join('\n'), { path: MANAGER })
  assert.deepEqual(
    signals.map(({ entity, at, until, count }) => [entity, new Date(at.ms).toISOString().slice(11, 23), new Date(until.ms).toISOString().slice(11, 19), count]),
    [
      ['node/node-b', '08:18:38.500', '08:19:19', 2],
      ['node/node-c', '08:20:04.500', '08:21:00', 1],
    ],
  )
})

test("a webhook's certificate that the API server rejected is its service's, from when it expired; where it fails open nothing is refused", async () => {
  const line = (how: string, why: string): string =>
    head('W', 'dispatcher.go:214') +
    `Failed calling webhook, failing ${how} inject.mesh.io: failed calling webhook "inject.mesh.io": failed to call webhook: Post "https://injector.mesh.svc:443/?timeout=10s": ${why}`
  const expired =
    'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-21T08:19:14Z is after 2026-11-21T08:09:14Z'
  const of = async (how: string, why: string) =>
    (await read(`${line(how, why)}\n`, { path: 'kube-apiserver.log' })).signals.map(({ kind, entity, at, attributes }) => [
      kind,
      entity,
      new Date(at.ms).toISOString().slice(11, 19),
      ...(attributes['lateMs'] === undefined ? [] : [attributes['lateMs']]),
    ])
  const failed = ['log.error', 'process/-/kube-apiserver', '08:19:14']
  assert.deepEqual(await of('closed', expired), [['node.certificate-expired', 'service/mesh/injector', '08:19:14', 600_000], failed])
  assert.deepEqual(await of('closed', 'context deadline exceeded'), [failed])
  assert.deepEqual(await of('open', expired), [['log.warning', 'process/-/kube-apiserver', '08:19:14']])
})

test('another number of wanted replicas is a scaling, a replaced pod is none', async () => {
  const few = (need: number, creating: number): string =>
    head('I', 'replica_set.go:668') + `"Too few replicas" replicaSet="shop/web-5bb955977f" need=${need} creating=${creating}`
  const extract = await read([few(3, 1), few(3, 2), few(5, 2)].join('\n'), { path: MANAGER })
  assert.deepEqual(
    extract.signals.map(({ kind, attributes }) => [kind, attributes]),
    [['change.scaled', { replicaSet: 'web-5bb955977f', from: 3, to: 5 }]],
  )
})

test("the API server's foreign lines are records without meaning", async () => {
  const lines = [
    head('I', 'apf_controller.go:493') + '"Update CurrentCL" plName="exempt"',
    '{"level":"warn","ts":"2026-11-21T08:19:31.123456Z","logger":"etcd-client","caller":"v3@v3.5.30/retry_interceptor.go:63","msg":"retrying of unary invoker failed","error":"rpc error: code = DeadlineExceeded"}',
    '2026/11/21 08:19:32 http: TLS handshake error from 10.0.0.2:3456: remote error: tls: bad certificate',
  ]
  const extract = await read(lines.join('\n'), { path: 'kube-apiserver.log' })
  assert.deepEqual([extract.format, extract.records, extract.skipped, extract.signals.length], ['control-plane', 3, 0, 0])
})

test('errors of other programs that log with klog are errors of an application', async () => {
  const line = `E1121 08:19:14.821198       1 reconciler.go:22] "Reconciler error" err="boom 17" controller="shop"\n`
  const extract = await read(line, { path: 'operator.log' })
  assert.deepEqual(
    extract.signals.map(({ kind, attributes }) => [kind, attributes]),
    [['log.error', { app: 'operator' }]],
  )
})

test('whom the scheduler puts out, and for which pod', async () => {
  const line = `${head('I', 'executor.go:152')}"Preemptor Pod preempted victim Pod" preemptor="shop/analytics-84cc75df84-qdcvk" victim="shop/cart-6894d8b6ff-8g7kv" node="worker-3"`
  const extract = await read(line, { path: 'logs/kube-scheduler.log' })
  assert.deepEqual(
    extract.signals.map(({ kind, entity, attributes }) => [kind, entity, attributes]),
    [['pod.evicted', 'pod/shop/cart-6894d8b6ff-8g7kv', { reason: 'preemption', by: 'pod/shop/analytics-84cc75df84-qdcvk' }]],
  )
})

test('however the bytes are cut, the extract is the same', async () => {
  const sample = MEANINGS.map(([line]) => line).join('\n')
  const whole = await read(sample, { path: MANAGER })
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(sample, { path: MANAGER, chunkBytes }), whole)
})

const RECORDING = new URL('../../shared/recordings/k8s-network-cut/dump/logs/kube-controller-manager.log', import.meta.url)
test('a lost node: missed, not ready, its pods evicted by taint, ready again', { skip: existsSync(RECORDING) ? false : 'shared/ is absent' }, async () => {
  const extract = await read(readFileSync(RECORDING), { path: MANAGER })
  const about = extract.signals.filter(({ entity }) => entity === 'node/worker-3').map(({ kind, phase }) => `${kind} ${phase}`)
  assert.deepEqual([...new Set(about)], ['node.heartbeat-missed point', 'node.not-ready begin', 'node.not-ready end'])
  assert.equal(extract.signals.filter(({ kind, attributes }) => kind === 'pod.evicted' && attributes['reason'] === 'taint').length, 4)
})

test('a controller that could not make a pod since a webhook did not answer tells whose pod, and which Service it asked', async () => {
  const line =
    head('E', 'replica_set.go:640') +
    String.raw`"Unhandled Error" err="sync \"shop/web-5bb955977f\" failed with Internal error occurred: failed calling webhook \"pods.policy.example.net\": failed to call webhook: Post \"https://policy.platform.svc:443/validate?timeout=5s\": no endpoints available for service \"policy\"" logger="UnhandledError"`
  const { signals } = await read(`${line}\n`, { path: 'kube-controller-manager.log' })
  assert.deepEqual(
    signals.map(({ kind, entity, attributes }) => [kind, entity, attributes['reason'], attributes['server']]),
    [['pod.unschedulable', 'workload/shop/web', 'webhook', 'service/platform/policy']],
  )
})
