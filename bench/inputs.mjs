// The bench's inputs: log lines and exports in the words of the programs themselves, the same bytes for the same size.
//   node bench/inputs.mjs --fmt klog --size 256M --out FILE
import { closeSync, openSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { random } from './random.mjs'

const START_MS = Date.UTC(2026, 10, 21)
const DAY_MS = 86_400_000
const MONTH = 'Nov'

const r = random(1)
const below = (limit) => Math.floor(r() * limit)
const pick = (all) => all[below(all.length)]
const hex = (length) => Array.from({ length }, () => '0123456789abcdef'[below(16)]).join('')
const pad = (value, width) => String(value).padStart(width, '0')
const iso = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`

const pods = Array.from({ length: 300 }, () => {
  const app = pick(['web', 'cart', 'billing', 'search', 'mailer', 'coredns', 'ingress'])
  const suffix = Array.from({ length: 5 }, () => 'bcdfghjklmnpqrstvwxz2456789'[below(27)]).join('')
  return { app, namespace: pick(['shop', 'kube-system', 'ops']), name: `${app}-${hex(9)}-${suffix}`, uid: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}` }
})
const reference = ({ namespace, name }) => `${namespace}/${name}`

const USUAL = [
  (pod) => `I|kubelet.go:2453|"SyncLoop (PLEG): event for pod" pod="${reference(pod)}" event={"ID":"${pod.uid}","Type":"ContainerStarted","Data":"${hex(64)}"}`,
  (pod) => `I|kubelet.go:2426|"SyncLoop UPDATE" source="api" pods=["${reference(pod)}"]`,
  (pod) => `I|prober.go:117|"Probe succeeded" probeType="Readiness" pod="${reference(pod)}" podUID="${pod.uid}" containerName="${pod.app}"`,
  (pod) =>
    `I|reconciler_common.go:220|"operationExecutor.MountVolume started for volume \\"kube-api-access-${hex(5)}\\" (UniqueName: \\"kubernetes.io/projected/${pod.uid}\\") pod \\"${pod.name}\\" (UID: \\"${pod.uid}\\") " pod="${reference(pod)}"`,
  (pod) =>
    `I|operation_generator.go:722|"MountVolume.SetUp succeeded for volume \\"config\\" (UniqueName: \\"kubernetes.io/configmap/${pod.uid}\\")" pod="${reference(pod)}"`,
  (pod) => `I|kuberuntime_manager.go:1082|"Processing pod" pod="${reference(pod)}" podUID="${pod.uid}" actions={"createSandbox":false,"killPod":false}`,
  () => `I|scope.go:117|"RemoveContainer" containerID="${hex(64)}"`,
  (pod) => `I|kubelet_getters.go:187|"Pod status updated" pod="${reference(pod)}" status="Running"`,
  (pod) => `I|generic.go:334|"Generic (PLEG): container finished" podID="${pod.uid}" containerID="${hex(64)}" exitCode=0`,
]
const UNUSUAL = [
  (pod) =>
    `E|pod_workers.go:1298|"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"${pod.app}\\" with CrashLoopBackOff: \\"back-off 5m0s restarting failed container=${pod.app} pod=${pod.name}_${pod.namespace}(${pod.uid})\\"" pod="${reference(pod)}" podUID="${pod.uid}"`,
  (pod) => `W|eviction_manager.go:344|"Eviction manager: attempting to reclaim" resourceName="memory" pod="${reference(pod)}"`,
  () =>
    'E|controller.go:195|"Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1?timeout=10s\\": context deadline exceeded"',
  (pod) =>
    `I|prober.go:107|"Probe failed" probeType="Liveness" pod="${reference(pod)}" podUID="${pod.uid}" containerName="${pod.app}" probeResult="failure" output="HTTP probe failed with statuscode: 503"`,
]

/** What every klog line is made of: [severity and time, the rest]. */
const klogParts = (ms, text) => {
  const [severity, source, message] = text.split('|', 3)
  const at = new Date(ms)
  const clock = `${pad(at.getUTCHours(), 2)}:${pad(at.getUTCMinutes(), 2)}:${pad(at.getUTCSeconds(), 2)}.${pad(Math.floor((ms % 1000) * 1000), 6)}`
  return {
    stamp: `${MONTH} ${pad(at.getUTCDate(), 2)} ${clock}`,
    line: `${severity}${pad(at.getUTCMonth() + 1, 2)}${pad(at.getUTCDate(), 2)} ${clock}    2296 ${source}] ${message}`,
  }
}
const klogText = () => (r() < 0.035 ? pick(UNUSUAL) : pick(USUAL))(pick(pods))
const klog = (ms) => klogParts(ms, klogText()).line

const journald = (ms) => {
  const { stamp, line } = klogParts(ms, klogText())
  return `${stamp} worker-1 kubelet[2296]: ${line}`
}

const journaldJson = (ms) =>
  JSON.stringify({
    _HOSTNAME: 'worker-1',
    __REALTIME_TIMESTAMP: String(Math.floor(ms * 1000)),
    _BOOT_ID: '5c1d2e3f4a5b6c7d8e9fa0b1c2d3e4f5',
    _PID: '2296',
    PRIORITY: '6',
    SYSLOG_IDENTIFIER: 'kubelet',
    _SYSTEMD_UNIT: 'kubelet.service',
    _TRANSPORT: 'stdout',
    MESSAGE: klogParts(ms, klogText()).line,
    __MONOTONIC_TIMESTAMP: String(Math.floor(ms % 1e9)),
  })

/** The worst case for memory and speed: every line is an error, and no two are alike. */
const distinct = (ms) => {
  const name = `job-${hex(9)}`
  return klogParts(
    ms,
    `E|pod_workers.go:1298|"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"${name}\\" with CrashLoopBackOff: back-off" pod="batch/${name}-${hex(5)}" podUID="${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}"`,
  ).line
}

const USERS = [
  ['web', 'shop'],
  ['billing_sync', 'billing'],
  ['report', 'analytics'],
]
const STATEMENTS = [
  () => 'UPDATE inventory SET quantity = quantity - 1 WHERE sku = $1',
  () => `SELECT id, total FROM orders WHERE status = 'pending' AND id > ${below(1e6)} ORDER BY id LIMIT 100`,
  () => `SELECT name\n\tFROM products\n\tWHERE category = ${below(500)}\n\tORDER BY name\n\tLIMIT 50`,
]

/** [severity, sqlstate, message, detail or null] of one record. */
const postgresRecord = () => {
  const chance = r()
  const [user, database] = pick(USERS)
  if (chance < 0.62) return ['LOG', '00000', `duration: ${(Math.exp(r() * 9) / 3).toFixed(3)} ms  statement: ${pick(STATEMENTS)()}`, null, user, database]
  if (chance < 0.76) return ['LOG', '00000', `connection received: host=10.42.1.${below(250)} port=${40_000 + below(20_000)}`, null, '', '']
  if (chance < 0.87) return ['LOG', '00000', `connection authorized: user=${user} database=${database} application_name=${user}`, null, user, database]
  if (chance < 0.96)
    return [
      'LOG',
      '00000',
      `disconnection: session time: 0:00:${pad(below(60), 2)}.${pad(below(1000), 3)} user=${user} database=${database} host=10.42.1.${below(250)}`,
      null,
      user,
      database,
    ]
  if (chance < 0.97)
    return ['LOG', '00000', `checkpoint complete: wrote ${below(9000)} buffers (3.1%); 0 WAL file(s) added, 0 removed, 3 recycled`, null, '', '']
  if (chance < 0.98)
    return [
      'LOG',
      '00000',
      `process ${2000 + below(6000)} still waiting for ShareLock on transaction ${below(1e7)} after 1000.117 ms`,
      'Process holding the lock: 2201. Wait queue: 2202.',
      user,
      database,
    ]
  if (chance < 0.99)
    return ['ERROR', '23505', 'duplicate key value violates unique constraint "orders_pkey"', `Key (id)=(${below(1e6)}) already exists.`, user, database]
  return ['FATAL', '53300', 'sorry, too many clients already', null, user, database]
}
const postgresStamp = (ms) => `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')} UTC`

const postgresStderr = (ms) => {
  const [severity, , message, detail, user, database] = postgresRecord()
  const prefix = `${postgresStamp(ms)} [${2000 + below(6000)}] ${user === '' ? '' : `${user}@${database} `}`
  return `${prefix}${severity}:  ${message}${detail === null ? '' : `\n${prefix}DETAIL:  ${detail}`}`
}

const quoted = (text) => `"${text.replaceAll('"', '""')}"`
let record = 0
const postgresCsv = (ms) => {
  const [severity, state, message, detail, user, database] = postgresRecord()
  const pid = 2000 + below(6000)
  record++
  return [
    postgresStamp(ms),
    user === '' ? '' : quoted(user),
    database === '' ? '' : quoted(database),
    pid,
    '"10.42.1.7:40000"',
    `6b015626.${pid.toString(16)}`,
    record % 997,
    '"SELECT"',
    '2026-11-21 00:00:00 UTC',
    '',
    0,
    severity,
    state,
    quoted(message.replaceAll('\n\t', '\n')),
    detail === null ? '' : quoted(detail),
    ',,,,,,',
    quoted(user),
    '"client backend"',
    '',
    0,
  ].join(',')
}

const REASONS = [
  ['Scheduled', 'Normal', 'default-scheduler', (pod) => `Successfully assigned ${reference(pod)} to worker-1`],
  ['Pulled', 'Normal', 'kubelet', (pod) => `Container image "registry.local/${pod.app}:v1" already present on machine`],
  ['Created', 'Normal', 'kubelet', (pod) => `Created container ${pod.app}`],
  ['Started', 'Normal', 'kubelet', (pod) => `Started container ${pod.app}`],
  ['Killing', 'Normal', 'kubelet', (pod) => `Stopping container ${pod.app}`],
  ['Unhealthy', 'Warning', 'kubelet', () => 'Readiness probe failed: Get "http://10.42.0.9:8080/healthz": context deadline exceeded'],
  ['BackOff', 'Warning', 'kubelet', (pod) => `Back-off restarting failed container ${pod.app} in pod ${pod.name}_${pod.namespace}(${pod.uid})`],
  [
    'FailedScheduling',
    'Warning',
    'default-scheduler',
    () => "0/5 nodes are available: 2 Insufficient memory, 3 node(s) had taint {node.kubernetes.io/not-ready: }, that the pod didn't tolerate.",
  ],
]
const event = (ms) => {
  const pod = pick(pods)
  const [reason, type, component, message] = pick(REASONS)
  return {
    apiVersion: 'v1',
    count: 1 + below(40),
    eventTime: null,
    firstTimestamp: iso(ms - below(300_000)),
    involvedObject: {
      apiVersion: 'v1',
      fieldPath: `spec.containers{${pod.app}}`,
      kind: 'Pod',
      name: pod.name,
      namespace: pod.namespace,
      resourceVersion: String(below(1e8)),
      uid: pod.uid,
    },
    kind: 'Event',
    lastTimestamp: iso(ms),
    message: message(pod),
    metadata: {
      creationTimestamp: iso(ms),
      name: `${pod.name}.${hex(16)}`,
      namespace: pod.namespace,
      resourceVersion: String(below(1e8)),
      uid: `${hex(8)}-${hex(4)}-${hex(12)}`,
    },
    reason,
    reportingComponent: component,
    reportingInstance: 'worker-1',
    source: { component, host: 'worker-1' },
    type,
  }
}
const eventLine = (ms) => JSON.stringify(event(ms))
const eventElement = (ms, first) => `${first ? '' : ',\n'}${JSON.stringify(event(ms), null, 4).replaceAll(/^/gmu, '        ')}`

const METRICS = ['node_cpu_seconds_total', 'container_memory_working_set_bytes', 'pg_stat_activity_count', 'http_requests_total', 'node_load1']
const labels = () => ({
  __name__: pick(METRICS),
  instance: `10.0.0.${below(250)}:9100`,
  job: pick(['node', 'kubelet']),
  namespace: 'shop',
  pod: `web-${hex(9)}-${hex(5)}`,
})
let value = 0
const sample = () => String(Math.round((value += r() * 10) * 100) / 100)
const rangeSeries = (_, first) =>
  `${first ? '' : ','}{"metric":${JSON.stringify(labels())},"values":[${Array.from({ length: 5760 }, (__, index) => `[${START_MS / 1000 + index * 15},"${sample()}"]`).join(',')}]}`
const dumpSeries = () => {
  const set = `{${Object.entries(labels())
    .map(([name, text]) => `${name}="${text}"`)
    .join(', ')}}`
  return Array.from({ length: 1440 }, (_, index) => `${set} ${sample()} ${START_MS + index * 60_000 + below(1000)}`).join('\n')
}

const LIST_START = '{\n    "apiVersion": "v1",\n    "items": [\n'
const LIST_END = '\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'

/** Per format: one piece (`ms`: its time, `first`: no piece came before), how long a piece is about, and what stands around them all. */
const formats = {
  klog: { piece: klog, bytes: 190 },
  journald: { piece: journald, bytes: 230 },
  'journald-json': { piece: journaldJson, bytes: 480 },
  distinct: { piece: distinct, bytes: 250 },
  'postgres-stderr': { piece: postgresStderr, bytes: 150 },
  'postgres-csv': { piece: postgresCsv, bytes: 240 },
  'events-list': { piece: eventElement, bytes: 1300, before: LIST_START, between: '', after: LIST_END },
  'events-lines': { piece: eventLine, bytes: 900 },
  'query-range': { piece: rangeSeries, bytes: 120_000, before: '{"status":"success","data":{"resultType":"matrix","result":[', between: '', after: ']}}' },
  'tsdb-dump': { piece: dumpSeries, bytes: 160_000 },
}

const bytesOf = (size) => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([KMG]?)$/u.exec(size) ?? []
  if (number === undefined) throw new Error(`--size ${size}: expected a size such as 256M`)
  return Number(number) * { '': 1, K: 1e3, M: 1e6, G: 1e9 }[unit]
}

const { values } = parseArgs({ options: { fmt: { type: 'string' }, size: { type: 'string', default: '64M' }, out: { type: 'string' } } })
const format = Object.hasOwn(formats, values.fmt ?? '') ? formats[values.fmt] : null
if (format === null || values.out === undefined) throw new Error(`--fmt is one of ${Object.keys(formats).join(', ')}; --out names the file to write`)
const total = bytesOf(values.size)
const { piece, bytes: pieceBytes, before = '', between = '\n', after = '' } = format
const stepMs = DAY_MS / (total / pieceBytes)
const out = openSync(values.out, 'w')
let ms = START_MS
let written = writeSync(out, before)
let block = []
let blockBytes = 0
for (let first = true; written + blockBytes < total; first = false) {
  ms += stepMs * 2 * r()
  const text = piece(ms, first) + between
  block.push(text)
  blockBytes += text.length
  if (blockBytes > 4e6) {
    written += writeSync(out, block.join(''))
    block = []
    blockBytes = 0
  }
}
writeSync(out, block.join('') + after)
closeSync(out)
