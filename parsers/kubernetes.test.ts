import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract, Signal } from '../src/model/extract.js'
import { read } from '../test/read.js'

interface EventParts {
  readonly reason: string
  readonly message: string
  readonly kind?: string
  readonly name?: string
  readonly first?: string | null
  readonly last?: string | null
  readonly eventTime?: string | null
  readonly count?: number
  readonly uid?: string
  readonly container?: string
}

const eventOf = (parts: EventParts): object => ({
  apiVersion: 'v1',
  count: parts.count ?? 1,
  eventTime: parts.eventTime ?? null,
  firstTimestamp: parts.first === undefined ? '2026-03-02T10:00:00Z' : parts.first,
  involvedObject: {
    kind: parts.kind ?? 'Pod',
    name: parts.name ?? 'till-7d9f8b6c5d-x2x4z',
    ...(parts.kind === 'Node' ? {} : { namespace: 'sales' }),
    ...(parts.container === undefined ? {} : { fieldPath: `spec.containers{${parts.container}}` }),
  },
  kind: 'Event',
  lastTimestamp: parts.last === undefined ? (parts.first === undefined ? '2026-03-02T10:00:00Z' : parts.first) : parts.last,
  message: parts.message,
  metadata: { name: 'till.1', namespace: 'sales', uid: parts.uid ?? `${parts.reason}-${parts.name ?? ''}` },
  reason: parts.reason,
  reportingComponent: 'kubelet',
  source: { component: 'kubelet', host: 'rack-4' },
  type: 'Warning',
})

const listOf = (items: readonly object[], indent = 4): string =>
  `${JSON.stringify({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }, null, indent)}\n`
const watchOf = (lines: readonly (readonly [string, object])[]): string => lines.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join('')

const said = (extract: InputExtract): readonly string[] =>
  extract.signals.map((signal) => `${at(signal)} ${signal.kind} ${signal.phase} ${signal.entity}${signal.count > 1 ? ` x${signal.count}` : ''}`)
const at = (signal: Signal): string => new Date(signal.at.ms).toISOString().slice(11, 19)

const mount = eventOf({
  reason: 'FailedMount',
  message: 'MountVolume.SetUp failed for volume "keys" : secret "till-keys" not found',
  count: 9,
  last: '2026-03-02T10:03:00Z',
})

test('a list of events is kubernetes-events, and its lines tell what a person wants to see', async () => {
  const extract = await read(listOf([mount]))
  assert.equal(extract.format, 'kubernetes-events')
  assert.equal(extract.records, 1)
  assert.deepEqual(extract.warnings, [])
  const [signal] = extract.signals
  assert.equal(signal?.kind, 'pod.volume-mount-failed')
  assert.deepEqual(signal?.attributes, { reason: 'not-found', object: 'secret till-keys' })
  assert.equal(signal?.places[0]?.line, 4)
  assert.equal(
    signal?.places[0]?.text,
    'Warning FailedMount pod/sales/till-7d9f8b6c5d-x2x4z: MountVolume.SetUp failed for volume "keys" : secret "till-keys" not found (x9 over 3m)',
  )
})

test('what a kubelet that has just started does not watch yet is not missing', async () => {
  const message = 'MountVolume.SetUp failed for volume "api" : [object "sales"/"kube-root-ca.crt" not registered, object "sales"/"till-config" not registered]'
  assert.deepEqual((await read(listOf([eventOf({ reason: 'FailedMount', message, count: 2, last: '2026-03-02T10:03:00Z' })]))).signals, [])
})

test('a copy that the kubelet does not have in that moment is no volume that is late', async () => {
  const message = 'MountVolume.SetUp failed for volume "cfg" : failed to sync configmap cache: timed out waiting for the condition'
  const { signals } = await read(listOf([eventOf({ reason: 'FailedMount', message, count: 1, last: '2026-03-02T10:03:00Z' })]))
  assert.equal(signals[0]?.attributes['reason'], 'other')
})

test('an event that repeats closely is one interval with its count', async () => {
  const extract = await read(listOf([mount]))
  const [signal] = extract.signals
  assert.equal(signal?.count, 9)
  assert.equal((signal?.until.ms ?? 0) - (signal?.at.ms ?? 0), 180_000)
  assert.deepEqual(
    extract.spans.map((span) => [new Date(span.first).toISOString(), new Date(span.last).toISOString()]),
    [['2026-03-02T10:00:00.000Z', '2026-03-02T10:03:00.000Z']],
  )
})

test('an event that repeats rarely is two occurrences: the first belongs to another story', async () => {
  const event = eventOf({ reason: 'FailedMount', message: 'no', count: 3, first: '2026-03-02T08:00:00Z', last: '2026-03-02T10:00:00Z' })
  assert.deepEqual(said(await read(listOf([event]))), [
    '08:00:00 pod.volume-mount-failed point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:00:00 pod.volume-mount-failed point pod/sales/till-7d9f8b6c5d-x2x4z',
  ])
})

test('an earlier NotReady of a repeated event opens nothing, the last one does', async () => {
  const event = eventOf({
    reason: 'NodeNotReady',
    kind: 'Node',
    name: 'rack-4',
    message: 'Node rack-4 status is now: NodeNotReady',
    count: 2,
    first: '2026-03-02T08:00:00Z',
    last: '2026-03-02T10:00:00Z',
  })
  assert.deepEqual(said(await read(listOf([event]))), ['08:00:00 node.not-ready point node/rack-4', '10:00:00 node.not-ready begin node/rack-4'])
})

const CALL =
  'Error creating: Internal error occurred: failed calling webhook "inject.mesh.io": failed to call webhook: Post "https://injector.mesh.svc:443/?timeout=10s"'
const EXPIRED = `${CALL}: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-02T12:00:00+02:00 is after 2026-03-02T09:40:30Z`
const notCreated = (message: string, last = '2026-03-02T10:00:00Z'): object =>
  eventOf({ reason: 'FailedCreate', kind: 'ReplicaSet', name: 'till-7d9f8b6c5d', message, last })

test('pods that could not be created tell why: a quota, a policy, or a webhook that could not be called and whose certificate that was', async () => {
  const of = async (message: string) =>
    (await read(listOf([notCreated(message)]))).signals.map(({ kind, entity, at, attributes }) => [
      new Date(at.ms).toISOString().slice(11, 19),
      kind,
      entity,
      attributes,
    ])
  const failed = (attributes: object) => ['10:00:00', 'pod.unschedulable', 'workload/sales/till', attributes]
  const webhook = { reason: 'webhook', webhook: 'inject.mesh.io', server: 'service/mesh/injector' }
  assert.deepEqual(await of(EXPIRED), [
    ['10:00:00', 'node.certificate-expired', 'service/mesh/injector', { reason: 'expired', of: 'webhook', webhook: 'inject.mesh.io', lateMs: 1_170_000 }],
    failed(webhook),
  ])
  assert.deepEqual(await of(`${CALL}: context deadline exceeded`), [failed(webhook)])
  // A server outside, an older wording, and an end so long ago that it is no news.
  const outside = 'Error creating: Internal error occurred: failed calling webhook "x.example.com": Post https://hooks.example.com/mutate?timeout=30s'
  const [old] = await of(`${outside}: x509: certificate has expired or is not yet valid: current time 2026-03-02T10:00:00Z is after 2025-03-02T10:00:00Z`)
  assert.deepEqual(old?.slice(0, 3), ['10:00:00', 'node.certificate-expired', 'external/hooks.example.com'])
  assert.equal((await of(`${outside}: x509: certificate signed by unknown authority`))[0]?.[1], 'node.certificate-expired')
  assert.deepEqual(await of('Error creating: admission webhook "validate.example.com" denied the request: x509: certificate has expired, says the policy'), [
    failed({ reason: 'forbidden' }),
  ])
  assert.deepEqual(await of('Error creating: pods "till-1" is forbidden: exceeded quota: compute'), [failed({ reason: 'quota' })])
  assert.deepEqual(await of('Error creating: context deadline exceeded'), [failed({ reason: 'other' })])
})

test('a watch says the newest occurrence of an event once, never the whole interval again', async () => {
  const seen = (count: number, last: string): object =>
    eventOf({ reason: 'BackOff', message: 'Back-off restarting failed container web', container: 'web', count, last, uid: 'u1' })
  const extract = await read(
    watchOf([
      ['ADDED', seen(1, '2026-03-02T10:00:00Z')],
      ['MODIFIED', seen(2, '2026-03-02T10:01:00Z')],
      ['MODIFIED', seen(2, '2026-03-02T10:01:00Z')],
      ['MODIFIED', seen(5, '2026-03-02T10:04:00Z')],
      ['DELETED', seen(5, '2026-03-02T10:04:00Z')],
    ]),
  )
  assert.equal(extract.format, 'kubernetes-events')
  assert.deepEqual(said(extract), [
    '10:00:00 pod.crash-looping point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:01:00 pod.crash-looping point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:04:00 pod.crash-looping point pod/sales/till-7d9f8b6c5d-x2x4z x3',
  ])
})

test('a watch that begins late says only the last occurrence of an event it sees changed', async () => {
  const event = eventOf({ reason: 'FailedMount', message: 'no', count: 40, first: '2026-03-02T09:00:00Z', last: '2026-03-02T10:00:00Z' })
  assert.deepEqual(said(await read(watchOf([['MODIFIED', event]]))), ['10:00:00 pod.volume-mount-failed point pod/sales/till-7d9f8b6c5d-x2x4z'])
})

test('events.k8s.io/v1 tells the same in other fields, and an event without times has its eventTime', async () => {
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'a', namespace: 'sales' },
    regarding: { kind: 'Pod', namespace: 'sales', name: 'till-0' },
    note: '0/4 nodes are available: 1 Insufficient memory, 3 node(s) had untolerated taint {pool: batch}.',
    reason: 'FailedScheduling',
    reportingController: 'default-scheduler',
    eventTime: '2026-03-02T10:00:00.123456Z',
    series: { count: 3, lastObservedTime: '2026-03-02T10:02:00.000000Z' },
    deprecatedFirstTimestamp: null,
    deprecatedLastTimestamp: null,
    type: 'Warning',
  }
  const extract = await read(listOf([event]))
  assert.deepEqual(said(extract), ['10:00:00 pod.unschedulable point pod/sales/till-0 x3'])
  assert.deepEqual(extract.signals[0]?.attributes, { reason: 'memory', taint: 'pool' })
})

test('whoever owns pods says of each that it deletes it; a CronJob that tidies up its Jobs deletes none', async () => {
  const deleting = (kind: string, name: string, message: string): object => eventOf({ reason: 'SuccessfulDelete', kind, name, message })
  const extract = await read(
    listOf([
      deleting('ReplicaSet', 'till-7d9f8b6c5d', 'Deleted pod: till-7d9f8b6c5d-x2x4z'),
      deleting('StatefulSet', 'ledger', 'delete Pod ledger-0 in StatefulSet ledger successful'),
      // Newer controllers begin with a capital letter.
      deleting('StatefulSet', 'vault', 'Delete Pod vault-0 in StatefulSet vault successful'),
      deleting('CronJob', 'price-import', 'Deleted job price-import-29922629'),
    ]),
  )
  assert.deepEqual(said(extract), [
    '10:00:00 pod.deleted point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:00:00 pod.deleted point pod/sales/ledger-0',
    '10:00:00 pod.deleted point pod/sales/vault-0',
  ])
  assert.deepEqual(
    extract.signals.map(({ attributes }) => [attributes['by'], attributes['of']]),
    [
      ['owner', undefined],
      ['owner', 'StatefulSet'],
      ['owner', 'StatefulSet'],
    ],
  )
})

test('words of the reason decide, not the reason alone', async () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['TaintManagerEviction', 'Marking for deletion Pod sales/till-0', 'pod.evicted'],
    ['TaintManagerEviction', 'Cancelling deletion of Pod sales/till-0', null],
    ['Failed', 'Error: ErrImagePull', 'pod.image-pull-failed'],
    ['Failed', 'Error: secret "smtp" not found', 'pod.stuck'],
    ['BackOff', 'Back-off pulling image "r.example/till:9"', 'pod.image-pull-failed'],
    ['BackOff', 'Back-off restarting failed container till in pod till-0_sales(1)', 'pod.crash-looping'],
    ['FailedScheduling', 'skip schedule deleting pod: sales/till-0', null],
    ['FailedGetResourceMetric', 'failed to get cpu utilization', null],
    ['DNSConfigForming', 'Nameserver limits were exceeded', null],
    ['__proto__', 'x', null],
    ['constructor', 'x', null],
  ]
  for (const [reason, message, kind] of cases) {
    const extract = await read(listOf([eventOf({ reason, message })]))
    assert.deepEqual(
      extract.signals.map((signal) => signal.kind),
      kind === null ? [] : [kind],
      `${reason}: ${message}`,
    )
    assert.equal(extract.records, 1)
  }
})

test('why an image could not be pulled is told from what the runtime says', async () => {
  const why = (failure: string): Promise<unknown> =>
    read(listOf([eventOf({ reason: 'Failed', message: `Failed to pull image "r.example/till:9": failed to resolve image: ${failure}` })])).then(
      ({ signals }) => signals[0]?.attributes['reason'],
    )
  const head = 'failed to do request: Head "https://r.example/v2/till/manifests/9": dial tcp'
  assert.equal(await why(`${head}: lookup r.example on 10.0.0.53:53: read udp 10.0.0.13:48910->10.0.0.53:53: i/o timeout`), 'dns')
  assert.equal(await why(`${head}: lookup r.example: no such host`), 'dns')
  assert.equal(await why(`${head} 10.0.0.9:443: i/o timeout`), 'timeout')
  assert.equal(await why('r.example/till:9: not found'), 'not-found')
})

test('a refused connection right after a start is marked as ordinary, a later one is not', async () => {
  const message = 'Readiness probe failed: Get "http://10.0.0.9:80/": dial tcp 10.0.0.9:80: connect: connection refused'
  const extract = await read(
    listOf([
      eventOf({ reason: 'Started', message: 'Started container web', container: 'web' }),
      eventOf({ reason: 'Unhealthy', message, container: 'web', first: '2026-03-02T10:00:01Z', uid: 'a' }),
      eventOf({ reason: 'Unhealthy', message, container: 'web', first: '2026-03-02T10:30:00Z', uid: 'b' }),
    ]),
  )
  assert.deepEqual(
    extract.signals.filter((signal) => signal.kind === 'pod.unready').map((signal) => signal.attributes['starting'] ?? 'no'),
    ['yes', 'no'],
  )
  // From the first second on, and still so minutes after its only start.
  const never = await read(
    listOf([
      eventOf({ reason: 'Started', message: 'Started container web', container: 'web' }),
      eventOf({ reason: 'Unhealthy', message, container: 'web', first: '2026-03-02T10:00:01Z', last: '2026-03-02T10:01:40Z', count: 22, uid: 'a' }),
    ]),
  )
  assert.deepEqual(
    never.signals.filter((signal) => signal.kind === 'pod.unready').map((signal) => signal.attributes['starting'] ?? 'no'),
    ['no'],
  )
})

test('a controller that restarts registers all nodes at once: none of them has joined', async () => {
  const registered = (name: string): object =>
    eventOf({ reason: 'RegisteredNode', kind: 'Node', name, message: `Node ${name} event: Registered Node ${name} in Controller` })
  assert.deepEqual(said(await read(listOf([registered('rack-1'), registered('rack-2')]))), [])
  assert.deepEqual(said(await read(listOf([registered('rack-1')]))), ['10:00:00 change.node-added point node/rack-1'])
})

test('the dumps of old clients have the field names of Go and no kind', async () => {
  const text = JSON.stringify(
    {
      selfLink: '/api/v1/namespaces/sales/events',
      Items: [
        {
          metadata: { name: 'till.1', namespace: 'sales' },
          InvolvedObject: { Kind: 'Pod', Namespace: 'sales', Name: 'till-0', FieldPath: 'spec.containers{till}' },
          Reason: 'BackOff',
          Message: 'Back-off restarting failed docker container',
          Source: { Component: 'kubelet', Host: 'rack-1' },
          FirstTimestamp: '2026-03-02T10:00:00Z',
          LastTimestamp: '2026-03-02T10:00:00Z',
          Count: 1,
          Type: 'Warning',
        },
      ],
    },
    null,
    4,
  )
  const extract = await read(text)
  assert.equal(extract.format, 'kubernetes-events')
  assert.deepEqual(said(extract), ['10:00:00 pod.crash-looping point pod/sales/till-0'])
})

test('an empty list of events and an answer that is an error are missing evidence, not health', async () => {
  const empty = await read(JSON.stringify({ kind: 'EventList', apiVersion: 'v1', metadata: {}, items: [] }), { path: 'dump/events/sales.json' })
  assert.equal(empty.format, 'kubernetes-events')
  assert.equal(empty.facts[0]?.fact, 'missing')
  const failed = await read(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'Unauthorized', code: 401 }))
  assert.equal(failed.facts[0]?.fact, 'missing')
  assert.match(failed.warnings[0] ?? '', /Unauthorized/u)
})

const node = (changes: {
  readonly machine?: string
  readonly ready?: string
  readonly at?: string
  readonly heartbeat?: string
  readonly boot?: string
}): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'rack-4', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {},
  status: {
    addresses: [{ type: 'InternalIP', address: '192.0.2.4' }],
    capacity: { cpu: '4', memory: '8Gi' },
    conditions: [
      {
        type: 'Ready',
        status: changes.ready ?? 'True',
        reason: 'KubeletReady',
        message: '',
        lastHeartbeatTime: changes.heartbeat ?? '2026-03-02T10:00:00Z',
        lastTransitionTime: changes.at ?? '2026-03-02T09:00:00Z',
      },
    ],
    nodeInfo: { machineID: changes.machine ?? 'aaaa', bootID: changes.boot ?? 'b1', systemUUID: 's' },
  },
})

test('a node says its conditions when they change, and its identity only when it does', async () => {
  const extract = await read(
    watchOf([
      ['ADDED', node({})],
      ['MODIFIED', node({ heartbeat: '2026-03-02T10:01:00Z' })],
      ['MODIFIED', node({ ready: 'Unknown', at: '2026-03-02T10:02:00Z' })],
      ['MODIFIED', node({ machine: 'cccc', at: '2026-03-02T10:05:00Z', heartbeat: '2026-03-02T10:05:00Z' })],
      ['BOOKMARK', { kind: 'Node', apiVersion: 'v1', metadata: { resourceVersion: '9' } }],
    ]),
  )
  assert.equal(extract.format, 'kubernetes-objects')
  assert.equal(extract.records, 4)
  assert.deepEqual(said(extract), [
    '00:00:00 change.node-added point node/rack-4',
    '09:00:00 node.not-ready end node/rack-4',
    '10:02:00 node.not-ready begin node/rack-4',
    '10:05:00 node.not-ready end node/rack-4',
    '10:05:00 node.identity point node/rack-4',
  ])
  assert.deepEqual(extract.signals.at(-1)?.attributes, { machineId: 'cccc' })
})

test('a new boot id is told as part of who the node is: when it booted, the object does not say', async () => {
  const extract = await read(
    watchOf([
      ['ADDED', node({})],
      ['MODIFIED', node({ boot: 'b2', heartbeat: '2026-03-02T10:09:00Z' })],
    ]),
  )
  assert.deepEqual(
    extract.signals.map((signal) => signal.kind).filter((kind) => kind.startsWith('node.')),
    ['node.not-ready', 'node.identity'],
  )
})

const pod = (status: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'till-7d9f8b6c5d-x2x4z',
    namespace: 'sales',
    uid: 'p-1',
    creationTimestamp: '2026-03-02T09:59:00Z',
    labels: { 'pod-template-hash': '7d9f8b6c5d' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'till-7d9f8b6c5d', controller: true }],
    ...metadata,
  },
  spec: { nodeName: 'rack-4', containers: [{ name: 'till', resources: { limits: { memory: '64Mi' } } }] },
  status: { hostIP: '192.0.2.4', podIP: '198.51.100.9', startTime: '2026-03-02T09:59:00Z', ...status },
})

test('a pod that no scheduler has tried has no word of it in its conditions, until one does', async () => {
  const born = { ...pod({ phase: 'Pending' }), spec: { containers: [] } }
  const tried = (status: string, at: string): object => ({
    ...pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status, lastTransitionTime: at }] }),
    spec: { containers: [], ...(status === 'True' ? { nodeName: 'rack-4' } : {}) },
  })
  const of = async (...objects: readonly object[]): Promise<readonly unknown[]> =>
    (await read(watchOf(objects.map((object, index) => [index === 0 ? 'ADDED' : 'MODIFIED', object])))).signals
      .filter(({ kind }) => kind === 'pod.unschedulable')
      .map(({ phase, at, attributes }) => [phase, new Date(at.ms).toISOString().slice(11, 19), attributes['reason']])
  assert.deepEqual(await of(born, tried('True', '2026-03-02T10:00:40Z')), [['span', '09:59:00', 'untried']])
  assert.deepEqual(await of(born, tried('True', '2026-03-02T09:59:01Z')), [])
  assert.deepEqual(await of(born, tried('False', '2026-03-02T09:59:01Z')), [['begin', '09:59:01', 'other']])
  // One that nobody has tried by the end of the watch.
  assert.deepEqual(await of(born, node({ heartbeat: '2026-03-02T10:05:00Z' })), [['begin', '09:59:00', 'untried']])
})

test('a pod tells where it runs, who owns it, what it may use, and how its container died', async () => {
  const extract = await read(
    JSON.stringify(
      pod({
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady', lastTransitionTime: '2026-03-02T10:10:00Z' }],
        containerStatuses: [
          {
            name: 'till',
            restartCount: 2,
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
            lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, startedAt: '2026-03-02T10:09:00Z', finishedAt: '2026-03-02T10:10:00Z' } },
          },
        ],
      }),
      null,
      2,
    ),
  )
  assert.deepEqual(said(extract), [
    '10:10:00 pod.unready begin pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:10:00 container.exited point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:10:00 pod.oom-killed point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:09:00 container.started point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:10:00 pod.crash-looping point pod/sales/till-7d9f8b6c5d-x2x4z',
  ])
  const facts = extract.facts.map((fact) => fact.fact)
  assert.deepEqual(facts, ['pod-on-node', 'pod-owner', 'alias', 'alias', 'pod-resources'])
  assert.deepEqual(extract.facts[1], { fact: 'pod-owner', pod: 'pod/sales/till-7d9f8b6c5d-x2x4z', workload: 'workload/sales/till' })
})

test('a container that ended in good order as its pod was put out was not killed at its limit, whatever else in it was', async () => {
  const ended = (exitCode: number, reason: string): Promise<InputExtract> =>
    read(
      JSON.stringify(
        pod({
          phase: 'Succeeded',
          conditions: [{ type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime: '2026-03-02T10:10:00Z' }],
          containerStatuses: [{ name: 'till', restartCount: 0, state: { terminated: { reason: 'OOMKilled', exitCode, finishedAt: '2026-03-02T10:10:00Z' } } }],
        }),
      ),
    )
  const isKill = async (exitCode: number, reason = 'TerminationByKubelet'): Promise<boolean> =>
    (await ended(exitCode, reason)).signals.some(({ kind }) => kind === 'pod.oom-killed')
  assert.deepEqual([await isKill(0), await isKill(137), await isKill(0, 'PreemptionByScheduler')], [false, true, true])
})

test('a deleted pod was deleted when its grace period began, and is stuck if it is still there long after', async () => {
  const gone = pod({ phase: 'Running' }, { deletionTimestamp: '2026-03-02T10:00:30Z', deletionGracePeriodSeconds: 30 })
  const later = eventOf({ reason: 'Pulled', message: 'x', first: '2026-03-02T10:20:00Z' })
  assert.deepEqual(said(await read(listOf([gone, later]))), [
    '10:00:00 pod.deleted point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:00:30 pod.stuck begin pod/sales/till-7d9f8b6c5d-x2x4z',
  ])
  assert.deepEqual(said(await read(listOf([gone]))), ['10:00:00 pod.deleted point pod/sales/till-7d9f8b6c5d-x2x4z'])
})

const deployment = (available: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'till', namespace: 'sales', creationTimestamp: '2026-03-02T10:00:00Z' },
  spec: { replicas: 2, template: { metadata: { labels: { app: 'till' } }, spec: { containers: [{ name: 'till', image: 'r.example/till:2' }] } } },
  status: { conditions: [{ type: 'Available', status: available, reason: 'MinimumReplicasUnavailable', lastTransitionTime: '2026-03-02T10:00:05Z' }] },
})

test('a new deployment is a change, one without ready replicas is unavailable, and a service runs as what it selects', async () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'tills', namespace: 'sales' }, spec: { selector: { app: 'till' } } }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'sales' }, data: { password: 'aHVudGVyMg==' } }
  const extract = await read(listOf([deployment('False'), service, secret]))
  assert.deepEqual(said(extract), ['10:00:00 change.deployed point workload/sales/till', '10:00:05 workload.unavailable begin workload/sales/till'])
  assert.deepEqual(
    extract.facts.filter((fact) => fact.fact === 'runs-as'),
    [{ fact: 'runs-as', of: 'service/sales/tills', by: 'workload/sales/till' }],
  )
  assert.ok(!JSON.stringify(extract).includes('aHVudGVyMg'))
})

test('a workload is configured to talk to what the environment and the arguments of its containers name', async () => {
  const env = [
    { name: 'ORDERS_URL', value: 'http://orders:8085/' },
    { name: 'DATABASE_URL', value: 'postgres://app:hunter2@db.core.svc.cluster.local:5432/till' },
    { name: 'CACHE_ADDR', value: 'cache:6379' },
    { name: 'PEER', value: 'http://10.96.60.1:8085/' },
    { name: 'MAIL', value: 'https://mail.example.com/' },
    { name: 'SELF', value: 'http://localhost:8080/' },
    { name: 'VERSION', value: '5.4.0' },
    { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'till', key: 'token' } } },
  ]
  const spec = { containers: [{ name: 'till', image: 'r.example/till:2', env, args: ['--stock-url=http://stock.core.svc:80', '--verbose'] }] }
  const deployed = { ...deployment('True'), spec: { replicas: 1, template: { spec } } }
  const ownerReferences = [{ kind: 'ReplicaSet', name: 'till-7d9f8b6c5d', controller: true }]
  const pods = ['x2x4z', 'z4x2x'].map((end) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `till-7d9f8b6c5d-${end}`, namespace: 'sales', ownerReferences },
    spec,
  }))
  for (const objects of [[deployed], pods, [deployed, ...pods]]) {
    const extract = await read(listOf(objects))
    assert.deepEqual(
      extract.facts.flatMap((fact) => (fact.fact === 'client-of' ? [`${fact.client} ${fact.server} ${fact.configured ?? ''}`] : [])),
      ['service/sales/orders', 'service/core/db', 'service/sales/cache', 'service/-/10.96.60.1', 'service/core/stock'].map(
        (server) => `workload/sales/till ${server} yes`,
      ),
    )
    assert.ok(!JSON.stringify(extract).includes('hunter2'))
  }
})

test('a later revision of a StatefulSet is a change; that an older one has the highest number again tells that it was taken back', async () => {
  const revision = (name: string, number: number, creationTimestamp: string): object => ({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name, namespace: 'sales', creationTimestamp, ownerReferences: [{ kind: 'StatefulSet', name: 'till', controller: true }] },
    revision: number,
  })
  const told = async (...all: readonly object[]): Promise<readonly unknown[]> =>
    (await read(listOf(all))).signals.map(({ kind, entity, attributes }) => [kind, entity, attributes['revision'], attributes['undone'] ?? 'no'])
  const second = revision('till-b', 2, '2026-03-02T10:05:00Z')
  assert.deepEqual(await told(revision('till-a', 1, '2026-03-02T09:00:00Z'), second), [['change.deployed', 'workload/sales/till', 'till-b', 'no']])
  assert.deepEqual(await told(revision('till-a', 3, '2026-03-02T09:00:00Z'), second), [['change.deployed', 'workload/sales/till', 'till-b', 'yes']])
})

test('a lease far behind the others hints at a kubelet that cannot renew it', async () => {
  const lease = (name: string, renewTime: string): object => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime },
  })
  const fresh = lease('rack-1', '2026-03-02T10:05:00.000000Z')
  assert.deepEqual(said(await read(listOf([fresh, lease('rack-4', '2026-03-02T10:00:00.000000Z')]))), ['10:00:00 node.heartbeat-missed point node/rack-4'])
  assert.deepEqual(said(await read(listOf([fresh, lease('rack-4', '2026-03-02T10:04:30.000000Z')]))), [])
})

const YAML = `apiVersion: v1
items:
- apiVersion: v1
  count: 4
  eventTime: null
  firstTimestamp: "2026-03-02T10:00:00Z"
  involvedObject:
    kind: Pod
    name: till-0
    namespace: sales
  kind: Event
  lastTimestamp: "2026-03-02T10:01:00Z"
  message: |
    MountVolume.SetUp failed for volume "cfg" : configmap "till" not found
  metadata:
    name: till-0.1
    namespace: sales
  reason: FailedMount
  type: Warning
- apiVersion: v1
  data:
    password: aHVudGVyMg==
  kind: Secret
  metadata:
    name: s
kind: List
metadata:
  resourceVersion: ""
`

test('YAML tells the same as JSON, list or documents, with the line of each object', async () => {
  const list = await read(YAML)
  assert.equal(list.format, 'kubernetes-objects')
  assert.deepEqual(said(list), ['10:00:00 pod.volume-mount-failed point pod/sales/till-0 x4'])
  assert.equal(list.signals[0]?.places[0]?.line, 3)
  assert.equal(list.records, 2)
  assert.equal(list.lines, 28)
  const event = YAML.split('\n')
    .slice(2, 19)
    .map((line) => line.slice(2))
    .join('\n')
  const documents = await read(`${event}\n---\n${event.replaceAll('till-0', 'till-1')}\n`)
  assert.equal(documents.format, 'kubernetes-events')
  assert.deepEqual(
    documents.signals.map((signal) => signal.entity),
    ['pod/sales/till-0', 'pod/sales/till-1'],
  )
})

test('the status of a condition is the same without its quotes; what is no status is no word', async () => {
  const conditions = (status: (value: string) => string): string => `apiVersion: v1
kind: Node
metadata:
  name: rack-4
status:
  conditions:
  - lastTransitionTime: "2026-03-02T09:30:00Z"
    status: ${status('True')}
    type: MemoryPressure
  - lastTransitionTime: "2026-03-02T09:00:00Z"
    status: ${status('True')}
    type: Ready
---
apiVersion: v1
kind: Node
metadata:
  name: rack-5
status:
  conditions:
  - lastTransitionTime: "2026-03-02T09:10:00Z"
    status: ${status('False')}
    type: Ready
`
  const expected = ['09:30:00 node.memory-exhausted begin node/rack-4', '09:00:00 node.not-ready end node/rack-4', '09:10:00 node.not-ready begin node/rack-5']
  for (const write of [(value: string) => `"${value}"`, (value: string) => value, (value: string) => value.toLowerCase()])
    assert.deepEqual(said(await read(conditions(write))).toSorted(), expected.toSorted())
  assert.deepEqual(said(await read(conditions(() => '""'))), [])
})

test('YAML whose keys and text are quoted, and that quotes JSON, tells the same', async () => {
  const quoted = YAML.replace(/^([ -]*)(\w+): ?(.*)$/gmu, (_, before: string, key: string, value: string) =>
    /^(?:|\||\d+|null|".*")$/u.test(value) ? `${before}"${key}": ${value}` : `${before}"${key}": '${value}'`,
  ).replaceAll(/: $/gmu, ':')
  assert.match(quoted, /^- "apiVersion": 'v1'$/mu)
  assert.deepEqual(said(await read(quoted)), said(await read(YAML)))
  const applied = YAML.replace(
    '  metadata:\n    name: till-0.1',
    '  metadata:\n    annotations:\n      last-applied: |\n        {"apiVersion":"v1"}\n    name: till-0.1',
  )
  assert.deepEqual(said(await read(applied)), said(await read(YAML)))
})

test('YAML aliases that multiply are refused, and cost their object only', async () => {
  const bomb = ['apiVersion: v1', 'kind: Pod', 'a: &a [x,x,x,x,x,x,x,x,x]']
  for (const [index, letter] of ['b', 'c', 'd', 'e', 'f', 'g', 'h'].entries())
    bomb.push(`${letter}: &${letter} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index] ?? 'a'}`).join(',')}]`)
  const extract = await read(`${bomb.join('\n')}\n---\n${YAML}`)
  assert.equal(extract.signals.length, 1)
  assert.match(extract.warnings.join(), /not understood/u)
})

const several = listOf([mount, eventOf({ reason: 'Évicté', message: 'ünïcödé' }), eventOf({ reason: 'NodeReady', kind: 'Node', name: 'rack-4', message: 'x' })])
for (const [name, text] of [
  ['a list', several],
  [
    'a watch',
    watchOf([
      ['ADDED', node({})],
      ['MODIFIED', node({ ready: 'False', at: '2026-03-02T10:02:00Z' })],
    ]),
  ],
  ['YAML', YAML],
] as const) {
  test(`reads ${name} the same wherever its bytes are cut`, async () => {
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole)
    const repeated = text.repeat(Math.ceil(70_000 / text.length)) // beyond the head, which is always whole
    const long = await read(repeated)
    for (const chunkBytes of [1, 7, 1000]) assert.deepEqual(await read(repeated, { chunkBytes }), long)
  })
}

test('a broken list keeps its whole elements and says at which line it broke', async () => {
  const text = listOf([mount, mount, mount])
  const extract = await read(text.slice(0, text.length - 900))
  assert.equal(extract.records, 2)
  assert.match(extract.warnings.join(), /line [0-9]+: the document ends before it is complete/u)
})

test('JSON and YAML of others are not taken for objects of the API', async () => {
  const others = [
    '{"status":"success","data":{"resultType":"matrix","result":[]}}',
    '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1","stage":"ResponseComplete","verb":"get"}',
    '{"level":"info","ts":1772445600.1,"msg":"started"}\n{"level":"error","ts":1772445601.1,"msg":"failed"}',
    '[{"labels":{"alertname":"X"},"startsAt":"2026-03-02T10:00:00Z"}]',
    'groups:\n- name: a\n  rules: []\n',
    'I0302 10:00:00.000000       1 server.go:1] "Started" kind="Event"',
  ]
  for (const other of others) assert.doesNotMatch((await read(other)).format, /^kubernetes-(?:events|objects)/u, other)
})

test('hostile shapes are read past', async () => {
  const shapes = [
    null,
    1,
    'x',
    [],
    {},
    { kind: 'Pod' },
    { kind: 'Node', metadata: [] },
    { kind: 'Event', involvedObject: 7 },
    JSON.parse('{"__proto__":{"kind":"Pod"}}') as object,
  ]
  const extract = await read(
    `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...Array.from({ length: 10 }, () => mount), ...shapes] })}\n${'[['.repeat(1000)}\n`,
  )
  assert.equal(extract.signals.length, 1)
})

test('objects nested without end cost themselves only', async () => {
  const deep = `${'{"type":"ADDED","object":'.repeat(20_000)}{}${'}'.repeat(20_000)}`
  const extract = await read(`${watchOf([['ADDED', mount]])}${deep}\n${watchOf([['ADDED', node({})]])}`)
  assert.equal(extract.records, 2)
  assert.equal(extract.skipped, 1)
})

test('how many replicas there were and are, in the words of every release', async () => {
  const scaled = (message: string): object => eventOf({ kind: 'Deployment', name: 'till', reason: 'ScalingReplicaSet', message })
  for (const [message, from, to] of [
    ['Scaled up replica set till-7d9f8b6c5d from 1 to 9', 1, 9],
    ['Scaled up replica set till-7d9f8b6c5d to 9 from 1', 1, 9],
    ['Scaled down replica set till-7d9f8b6c5d to 0', undefined, 0],
  ] as const) {
    const [signal] = (await read(listOf([scaled(message)]))).signals
    assert.deepEqual(
      [signal?.kind, signal?.attributes['replicaSet'], signal?.attributes['from'], signal?.attributes['to']],
      ['change.scaled', 'till-7d9f8b6c5d', from, to],
    )
  }
})

test('of events that were combined only the last one is what the message says', async () => {
  const combined = (reason: string, kind: string, message: string): object =>
    eventOf({
      kind,
      name: 'till',
      reason,
      message: `(combined from similar events): ${message}`,
      count: 3,
      first: '2026-03-02T10:00:00Z',
      last: '2026-03-02T10:01:15Z',
    })
  const scaled = (await read(listOf([combined('ScalingReplicaSet', 'Deployment', 'Scaled up replica set till-7d9f8b6c5d from 0 to 1')]))).signals
  assert.deepEqual(
    scaled.map(({ at, count }) => [new Date(at.ms).toISOString().slice(11, 19), count]),
    [['10:01:15', 1]],
  )
})

test("who made a pod tells whether it is a Job's", async () => {
  const created = (kind: string): object => eventOf({ kind, name: 'till-x', reason: 'SuccessfulCreate', message: 'Created pod: till-x-bbbbb' })
  const owners = async (kind: string) => (await read(listOf([created(kind)]))).facts.flatMap((fact) => (fact.fact === 'pod-owner' ? [fact.isJob ?? false] : []))
  assert.deepEqual([await owners('Job'), await owners('StatefulSet')], [[true], [false]])
})
