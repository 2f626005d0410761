import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { kubernetesAudit, kubernetesEventLines } from './kubernetes-lines.js'

const said = (extract: InputExtract): readonly string[] =>
  extract.signals.map(({ at, kind, phase, entity }) => `${new Date(at.ms).toISOString().slice(11, 19)} ${kind} ${phase} ${entity}`)

const EVENT = kubernetesEventLines.example
const ROUTED = `{"verb":"ADDED","event":${EVENT}}`

for (const [name, lines] of [
  ['an exporter in a container log', `2026-03-02T10:06:01.123456789Z stdout F ${EVENT}`],
  ['eventrouter behind its head of klog', `I0302 10:06:01.123456       1 glogsink.go:42] ${ROUTED}`],
  ['a document of Elasticsearch', `{"_index":"kube-events","_source":${EVENT}}`],
  ['Docker', JSON.stringify({ log: `${ROUTED}\n`, stream: 'stdout', time: '2026-03-02T10:06:01.123456789Z' })],
] as const) {
  test(`events as lines: ${name}`, async () => {
    const extract = await read(`${lines}\n`)
    assert.equal(extract.format, 'kubernetes-events')
    assert.deepEqual(said(extract), ['10:00:00 pod.crash-looping point pod/shop/web-1'])
    assert.equal(extract.signals[0]?.count, 12)
  })
}

const COLUMNS = 'TimeGenerated,Computer,ObjectKind,Namespace,Name,Reason,Message,KubeEventType,SourceComponent,FirstSeen,LastSeen,Count,Type'.split(',')
const row = (time: (second: number) => string, second: number, count: number): readonly string[] => [
  time(second + 20),
  'aks-np1-vmss000000',
  'Pod',
  'shop',
  'web-1',
  'BackOff',
  'Back-off restarting failed container web in pod web-1_shop(9c1)',
  'Warning',
  'kubelet',
  time(0),
  time(second),
  String(count),
  'KubeEvents',
]
const iso = (second: number): string => new Date(Date.UTC(2026, 2, 2, 10, 0, second)).toISOString()
/** The portal's: month first, hours to twelve. */
const portal = (second: number): string => `"3/2/2026, 10:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.000 AM"`
const objects = [row(iso, 300, 12), row(iso, 0, 1)].map((cells) => Object.fromEntries(cells.map((cell, index) => [COLUMNS[index] ?? '', cell])))

for (const [name, text] of [
  [
    "the portal's CSV",
    `\ufeff${COLUMNS.map((column) => (/Time|Seen/u.test(column) ? `${column} [UTC]` : column)).join(',')}\n${row(portal, 300, 12).join(',')}\n${row(portal, 0, 1).join(',')}\n`,
  ],
  ['az monitor log-analytics query', JSON.stringify(objects, null, 2)],
  ['lines', objects.map((object) => JSON.stringify(object)).join('\n')],
  [
    'tables and rows',
    JSON.stringify({
      tables: [{ name: 'PrimaryResult', columns: COLUMNS.map((column) => ({ name: column, type: 'string' })), rows: [row(iso, 300, 12), row(iso, 0, 1)] }],
    }),
  ],
] as const) {
  test(`Azure Monitor's KubeEvents are events: ${name}`, async () => {
    const extract = await read(text)
    assert.equal(extract.format, 'kubernetes-events')
    assert.deepEqual([extract.records, extract.skipped], [2, 0])
    assert.deepEqual([...new Set(said(extract))].sort()[0], '10:00:00 pod.crash-looping point pod/shop/web-1')
    // Each row tells how often it was until then: it is one event.
    assert.equal(
      extract.signals.reduce((sum, { count }) => sum + count, 0),
      12,
    )
    assert.equal(Math.max(...extract.signals.map(({ until }) => until.ms)), Date.UTC(2026, 2, 2, 10, 5))
    const placed = extract.facts.find((fact) => fact.fact === 'pod-on-node')
    assert.deepEqual([placed?.pod, placed?.node], ['pod/shop/web-1', 'node/aks-np1-vmss000000'])
  })
}

interface Given {
  readonly verb: string
  readonly user?: string
  readonly agent?: string
  readonly resource: string
  readonly sub?: string
  readonly name: string
  readonly body?: unknown
  readonly code?: number
  readonly second?: number
  readonly uri?: string
}
const audit = ({
  verb,
  user = 'alice@example.com',
  agent = 'kubectl/v1.33.1 (linux/amd64)',
  resource,
  sub,
  name,
  body,
  code = 200,
  second = 0,
  uri,
}: Given): string =>
  JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: body === undefined ? 'Metadata' : 'Request',
    auditID: '0f1e',
    stage: 'ResponseComplete',
    requestURI: uri ?? `/api/v1/${resource}/${name}`,
    verb,
    user: { username: user, groups: ['system:authenticated'] },
    sourceIPs: ['192.0.2.7'],
    userAgent: agent,
    objectRef: { resource, ...(resource === 'nodes' ? {} : { namespace: 'shop' }), name, apiVersion: 'v1', ...(sub === undefined ? {} : { subresource: sub }) },
    responseStatus: { metadata: {}, code },
    ...(body === undefined ? {} : { requestObject: body }),
    requestReceivedTimestamp: `2026-03-02T10:00:${String(second).padStart(2, '0')}.123456Z`,
    stageTimestamp: '2026-03-02T10:00:59.140961Z',
  })

test('the example of the audit log is a deletion by a person, with who and what with', async () => {
  const extract = await read(`${kubernetesAudit.example}\n`)
  assert.equal(extract.format, 'kubernetes-audit')
  assert.deepEqual(said(extract), ['10:00:00 pod.deleted point pod/shop/web-1', '10:00:00 action.pod-deleted point pod/shop/web-1'])
  assert.deepEqual(extract.signals[1]?.attributes, { user: 'alice@example.com', agent: 'kubectl/v1.33.1' })
})

test('who drained: a cordon, then evictions by the same user are a drain of that node', async () => {
  const extract = await read(
    [
      audit({ verb: 'patch', resource: 'nodes', name: 'rack-4', body: { spec: { unschedulable: true } } }),
      audit({ verb: 'create', resource: 'pods', sub: 'eviction', name: 'web-1', code: 201, second: 5 }),
      audit({ verb: 'patch', resource: 'nodes', name: 'rack-4', body: { spec: { unschedulable: null } }, second: 50 }),
    ].join('\n'),
  )
  assert.deepEqual(said(extract), [
    '10:00:00 action.cordon begin node/rack-4',
    '10:00:05 pod.deleted point pod/shop/web-1',
    '10:00:05 action.drain point node/rack-4',
    '10:00:50 action.cordon end node/rack-4',
  ])
})

test('who scaled, rolled out, restarted, and removed a node', async () => {
  const restart = { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-03-02T10:00:02Z' } } } } }
  const extract = await read(
    [
      audit({ verb: 'patch', resource: 'deployments', sub: 'scale', name: 'web', body: { spec: { replicas: 2 } } }),
      audit({
        verb: 'update',
        agent: 'Helm/3.14',
        resource: 'deployments',
        name: 'web',
        second: 1,
        body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'r/web:2' }] } } } },
      }),
      audit({ verb: 'patch', resource: 'deployments', name: 'web', second: 2, body: restart }),
      audit({ verb: 'patch', resource: 'statefulsets', name: 'db', second: 3, uri: '/apis/apps/v1/x?fieldManager=kubectl-rollout' }),
      audit({ verb: 'delete', resource: 'nodes', name: 'rack-4', second: 4 }),
    ].join('\n'),
  )
  assert.deepEqual(said(extract), [
    '10:00:00 change.scaled point workload/shop/web',
    '10:00:01 change.deployed point workload/shop/web',
    '10:00:02 action.restart point workload/shop/web',
    '10:00:03 action.restart point workload/shop/db',
    '10:00:04 change.node-removed point node/rack-4',
  ])
  assert.equal(extract.signals[1]?.attributes['image'], 'r/web:2')
})

test("what controllers and kubelets do is no action; a pipeline's service account is one", async () => {
  const machines = [
    'system:node:rack-4',
    'system:kube-controller-manager',
    'system:serviceaccount:kube-system:generic-garbage-collector',
    'system:serviceaccount:kured:kured',
    'eks:node-manager',
  ]
  const extract = await read(
    [
      ...machines.map((user) => audit({ verb: 'delete', user, agent: 'Go-http-client/2.0', resource: 'pods', name: 'web-1' })),
      ...machines.map((user) => audit({ verb: 'patch', user, agent: 'x', resource: 'nodes', name: 'rack-4', body: { spec: { unschedulable: true } } })),
      audit({ verb: 'delete', user: 'system:serviceaccount:ci:deployer', agent: 'kubectl/v1.33.1', resource: 'pods', name: 'web-2' }),
    ].join('\n'),
  )
  assert.deepEqual(said(extract), ['10:00:00 pod.deleted point pod/shop/web-2', '10:00:00 action.pod-deleted point pod/shop/web-2'])
  assert.equal(extract.records, 11)
})

test('refused, failed and dry requests changed nothing', async () => {
  const extract = await read(
    [
      audit({ verb: 'delete', resource: 'pods', name: 'a', code: 404 }),
      audit({ verb: 'create', resource: 'pods', sub: 'eviction', name: 'a', code: 429 }),
      audit({ verb: 'delete', resource: 'pods', name: 'a', uri: '/api/v1/x?dryRun=All' }),
    ].join('\n'),
  )
  assert.deepEqual(said(extract), ['10:00:00 http.error point service/default/kubernetes'])
})

test('a storm of errors of the API server is told, whoever asked, and counted beside its other answers', async () => {
  const lines = Array.from({ length: 30 }, (_, second) =>
    audit({ verb: 'list', user: 'system:node:rack-4', resource: 'pods', name: '', code: second > 9 ? 503 : 200, second }),
  )
  const extract = await read(lines.join('\n'))
  assert.deepEqual(said(extract), ['10:00:10 http.error point service/default/kubernetes'])
  assert.equal(extract.signals[0]?.count, 20)
  assert.deepEqual(
    extract.series.map(({ name, labels, values }) => [name, labels['class'], values[0]]),
    [
      ['faultline_http_requests', '2xx', 10],
      ['faultline_http_requests', '5xx', 10],
    ],
  )
})

test('a list of audit records, and lines of Google Cloud, tell the same', async () => {
  const record = JSON.parse(audit({ verb: 'delete', resource: 'pods', name: 'web-1' })) as unknown
  const list = await read(JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [record] }))
  assert.deepEqual(said(list), ['10:00:00 pod.deleted point pod/shop/web-1', '10:00:00 action.pod-deleted point pod/shop/web-1'])
  const entry = {
    insertId: 'a',
    logName: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      authenticationInfo: { principalEmail: 'alice@example.com' },
      methodName: 'io.k8s.core.v1.pods.delete',
      resourceName: 'core/v1/namespaces/shop/pods/web-1',
      requestMetadata: { callerSuppliedUserAgent: 'kubectl/v1.33.1' },
      status: { code: 0 },
    },
    timestamp: '2026-03-02T10:00:00.5Z',
  }
  for (const text of [`${JSON.stringify(entry)}\n${JSON.stringify(entry)}\n`, JSON.stringify([entry])])
    assert.deepEqual(said(await read(text)), ['10:00:00 pod.deleted point pod/shop/web-1', '10:00:00 action.pod-deleted point pod/shop/web-1'])
})

test('hostile lines are read past', async () => {
  const extract = await read(
    [
      kubernetesAudit.example,
      '{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","verb":"get","requestReceivedTimestamp":"',
      '{"apiVersion":"audit.k8s.io/v1","__proto__":{"verb":"delete"},"verb":{"a":1},"user":[],"objectRef":7}',
      `{"apiVersion":"audit.k8s.io/v1"${'{'.repeat(5_000)}`,
    ].join('\n'),
  )
  assert.equal(extract.format, 'kubernetes-audit')
  assert.equal(extract.signals.length, 2)
})

test('events among the logs of containers in one export of Google Cloud Logging are events', async () => {
  const entry = (log: string, resource: object, payload: object): string =>
    JSON.stringify({
      insertId: 'a1',
      logName: `projects/shop/logs/${log}`,
      resource,
      severity: 'INFO',
      timestamp: '2026-03-02T10:05:00Z',
      jsonPayload: payload,
    })
  const container = { type: 'k8s_container', labels: { container_name: 'edge', namespace_name: 'shop', pod_name: 'edge-1' } }
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'web-1.17f5', namespace: 'shop', uid: '5d0a' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
    reason: 'BackOff',
    message: 'Back-off restarting failed container web in pod web-1_shop(9c1)',
    count: 3,
    firstTimestamp: '2026-03-02T10:00:00Z',
    lastTimestamp: '2026-03-02T10:05:00Z',
    type: 'Warning',
  }
  const lines = [
    ...Array.from({ length: 12 }, () => entry('stdout', container, { message: 'POST /graphql', status: 200 })),
    entry('events', { type: 'k8s_cluster', labels: { cluster_name: 'prod' } }, event),
  ]
  const extract = await read(`${lines.join('\n')}\n`, { path: 'downloaded-logs.json' })
  assert.deepEqual(
    extract.signals.map(({ kind, entity }) => `${kind} ${entity}`),
    ['pod.crash-looping pod/shop/web-1'],
  )
})
