/**
 * Formats × wrappings: real lines of each format, dressed in each wrapping, say the same as bare, at the same times. The README's table is made
 * from what is seen here; `FAULTLINE_RENEW=1 node --import tsx --test test/matrix.test.ts` writes it anew.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { wrappings } from '../parsers/index.js'
import { dresses, type Dress, type Spoken } from '../simulator/emit/dresses.js'
import type { InputExtract } from '../src/model/extract.js'
import { lineFormats } from '../src/read/choose.js'
import { read } from './read.js'

const README = fileURLToPath(new URL('../README.md', import.meta.url))
const BEGIN = '<!-- matrix: made by test/matrix.test.ts -->'
const END = '<!-- /matrix -->'

interface Sample {
  readonly name: string
  readonly format: string
  readonly unit: string
  /** Second of 08:18 on 21 November 2026 (UTC) and the line. */
  readonly lines: readonly (readonly [second: number, text: string])[]
}

const START = Date.UTC(2026, 10, 21, 8, 18)

/** On a basis without a year or zone the fields are the same: those of 1972, or UTC's. */
const moment = (ms: number, basis: string): number => (basis === 'yearless' ? ms - Date.UTC(1972, 0) + Date.UTC(2026, 0) - 86_400_000 : ms)

const chosen: readonly Sample[] = [
  {
    name: 'kubelet',
    format: 'kubelet',
    unit: 'kubelet',
    lines: [
      [1.887391, 'I1121 08:18:01.887391    2296 kubelet.go:2448] "SyncLoop ADD" source="api" pods=["shop/web-1"]'],
      [2.5, 'E1121 08:18:02.500000    2296 controller.go:251] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis\\": context deadline exceeded"'],
      [3.000001, 'W1121 08:18:03.000001    2296 eviction_manager.go:343] "Eviction manager: attempting to reclaim" resourceName="memory"'],
      [9.25, 'E1121 08:18:09.250000    2296 kubelet.go:2448] "Error getting node" err="node \\"worker-1\\" not found"'],
    ],
  },
  {
    name: 'kubelet JSON',
    format: 'kubelet',
    unit: 'kubelet',
    lines: [1.5, 2.5, 33.5].map((second) => [
      second,
      `{"ts":${1_795_249_080_000 + second * 1000}.1,"caller":"kubelet/kubelet_node_status.go:540","msg":"Error updating node status, will retry","err":"Put \\"https://10.0.0.1:6443/api/v1/nodes/worker-1/status\\": context deadline exceeded"}`,
    ]),
  },
  {
    name: 'control plane',
    format: 'control-plane',
    unit: 'kube-controller-manager',
    lines: [
      [
        4.821198,
        'I1121 08:18:04.821198   12859 controller_utils.go:186] "Recording status change event message for node" status="NodeNotReady" node="worker-3"',
      ],
      [5.1, 'I1121 08:18:05.100000   12859 node_lifecycle_controller.go:1044] "Controller detected that zone is now in new state" zone="" newState="Normal"'],
      [44.9, 'I1121 08:18:44.900000   12859 controller_utils.go:186] "Recording status change event message for node" status="NodeNotReady" node="worker-4"'],
    ],
  },
  {
    name: 'kernel',
    format: 'kernel',
    unit: 'kernel',
    lines: [
      [4.1, '2026-11-21T08:18:04,100000+00:00 EXT4-fs (vda1): mounted filesystem with ordered data mode'],
      [
        5.353,
        '2026-11-21T08:18:05,353000+00:00 Out of memory: Killed process 16439 (worker) total-vm:100100kB, anon-rss:97392kB, file-rss:1268kB, shmem-rss:0kB, UID:0 pgtables:336kB oom_score_adj:975',
      ],
      [35.1, '2026-11-21T08:18:35,100000+00:00 watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [java:4711]'],
    ],
  },
  {
    name: 'containerd',
    format: 'containerd',
    unit: 'containerd',
    lines: [
      [
        4.986123,
        'time="2026-11-21T08:18:04.986123456Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:web-669fc94c59-qrjmv,Uid:94f3e729-a31a-4529-97d0-6a167d86fb74,Namespace:shop,Attempt:0,}"',
      ],
      [
        6,
        'time="2026-11-21T08:18:06.000000000Z" level=error msg="RunPodSandbox for &PodSandboxMetadata{Name:web-669fc94c59-qrjmv,Uid:94f3e729-a31a-4529-97d0-6a167d86fb74,Namespace:shop,Attempt:0,} failed, error" error="failed to setup network for sandbox: plugin type=\\"calico\\" failed (add): dial tcp 10.96.0.1:443: i/o timeout"',
      ],
    ],
  },
  {
    name: 'etcd',
    format: 'etcd',
    unit: 'etcd',
    lines: [
      [
        31.123,
        '{"level":"warn","ts":"2026-11-21T08:18:31.123000Z","caller":"etcdserver/util.go:170","msg":"apply request took too long","took":"320.123456ms","expected-duration":"100ms","prefix":"read-only range "}',
      ],
      [33, '{"level":"info","ts":"2026-11-21T08:18:33.000000Z","caller":"raft/raft.go:771","msg":"lost leader"}'],
    ],
  },
  {
    name: 'Postgres',
    format: 'postgres',
    unit: 'postgres',
    lines: [
      [2.058, '2026-11-21 08:18:02.058 UTC [28565] billing_sync@shop FATAL:  sorry, too many clients already'],
      [3, '2026-11-21 08:18:03.000 UTC [28566] shop@shop ERROR:  canceling statement due to statement timeout'],
      [3, '2026-11-21 08:18:03.000 UTC [28566] shop@shop STATEMENT:  SELECT 1'],
      [3, '\tFROM orders'],
      [39, '2026-11-21 08:18:39.000 UTC [1] LOG:  server process (PID 28570) was terminated by signal 9: Killed'],
    ],
  },
  {
    name: 'Postgres JSON',
    format: 'postgres',
    unit: 'postgres',
    lines: [
      [
        2.058,
        '{"timestamp":"2026-11-21 08:18:02.058 UTC","user":"billing_sync","dbname":"shop","pid":28565,"error_severity":"FATAL","state_code":"53300","message":"sorry, too many clients already"}',
      ],
      [
        39,
        '{"timestamp":"2026-11-21 08:18:39.000 UTC","pid":1,"error_severity":"LOG","state_code":"00000","message":"server process (PID 28570) was terminated by signal 9: Killed"}',
      ],
    ],
  },
  {
    name: 'PgBouncer',
    format: 'pgbouncer',
    unit: 'pgbouncer',
    lines: [
      [1.4, '2026-11-21 08:18:01.400 UTC [22123] LOG C-0x558c381478f0: shop/report_api@127.0.0.1:45734 login attempt: db=shop user=report_api tls=no'],
      [4.455, '2026-11-21 08:18:04.455 UTC [22123] WARNING C-0x558c381478f0: shop/report_api@127.0.0.1:45734 pooler error: query_wait_timeout'],
    ],
  },
  {
    name: 'Redis',
    format: 'redis',
    unit: 'redis',
    lines: [
      [1.123, "1:M 21 Nov 2026 08:18:01.123 # Can't save in background: fork: Cannot allocate memory"],
      [2, '1:M 21 Nov 2026 08:18:02.000 * Background saving started by pid 77'],
      [9.5, '1:M 21 Nov 2026 08:18:09.500 # User requested shutdown...'],
    ],
  },
  {
    name: 'access log',
    format: 'access-log',
    unit: 'nginx',
    lines: [1, 2, 35].map((second) => [
      second,
      `10.9.0.7 - - [21/Nov/2026:08:18:${String(second).padStart(2, '0')} +0000] "GET /cart HTTP/1.1" 502 150 "-" "curl/8.5.0" 345 2.003 [shop-web-80] [] 10.244.1.5:8080 0 2.000 502 3f1c`,
    ]),
  },
  {
    name: 'network agents',
    format: 'network-agent',
    unit: 'weave',
    lines: [
      [
        1.5,
        'INFO: 2026/11/21 08:18:01.500000 ->[10.0.0.2:6783|be:cc:0f:5b:ff:be(node-2)]: connection shutting down due to error: read tcp4 10.0.0.1:40000->10.0.0.2:6783: read: connection timed out',
      ],
      [35, 'INFO: 2026/11/21 08:18:35.000000 ->[10.0.0.2:6783] attempting connection'],
    ],
  },
  {
    name: 'audit log',
    format: 'kubernetes-audit',
    unit: 'kube-apiserver-audit',
    lines: [1, 45].map((second) => [
      second,
      `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"0f1${second}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/cart-1","verb":"delete","user":{"username":"alice@example.com"},"userAgent":"kubectl/v1.33.1 (linux/amd64) kubernetes/8adc0f0","objectRef":{"resource":"pods","namespace":"shop","name":"cart-${second}","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-21T08:18:${String(second).padStart(2, '0')}.000000Z","stageTimestamp":"2026-11-21T08:18:${String(second).padStart(2, '0')}.000000Z"}`,
    ]),
  },
  {
    name: 'event exporter',
    format: 'kubernetes-events',
    unit: 'event-exporter',
    lines: [1, 45].map((second) => [
      second,
      `{"metadata":{"name":"cart-1.17f5d0a1b2c3d4e${second}","namespace":"shop","uid":"5d0a${second}"},"reason":"BackOff","message":"Back-off restarting failed container cart in pod cart-${second}_shop(9c1)","source":{"component":"kubelet","host":"worker-1"},"firstTimestamp":"2026-11-21T08:18:${String(second).padStart(2, '0')}Z","lastTimestamp":"2026-11-21T08:18:${String(second).padStart(2, '0')}Z","count":12,"type":"Warning","involvedObject":{"kind":"Pod","namespace":"shop","name":"cart-${second}"}}`,
    ]),
  },
  {
    name: 'any text',
    format: 'text',
    unit: 'orders',
    lines: [
      [1.1, '2026-11-21T08:18:01.100Z level=info app=orders-worker msg="job done"'],
      [3.469, '2026-11-21T08:18:03.469Z level=error app=orders-worker msg="cannot reach the database: dial tcp 10.0.0.9:5432: connect: connection refused"'],
      [35.2, '2026-11-21T08:18:35.200Z level=warning app=orders-worker msg="retrying in 4s"'],
    ],
  },
]

/** systemd and what sets the clock speak in a journal only; CoreDNS tells no time unless something around it does. */
const others: ReadonlySet<string> = new Set(['systemd', 'time-sync', 'coredns'])

/** Of a program's format without a sample above: its example. Tables, metrics and messages of tools are no lines that a collector wraps. */
const examples: readonly Sample[] = await Promise.all(
  lineFormats
    .filter(({ units }) => units.length > 0)
    .filter(({ id }) => !others.has(id) && !chosen.some(({ format }) => format === id))
    .map(async ({ id, units, example }): Promise<Sample> => {
      const { spans } = await read(example)
      const { first, basis } = spans[0] ?? { first: START, basis: 'utc' }
      return { name: id, format: id, unit: units[0] ?? 'app', lines: [[(moment(first, basis) - START) / 1000, example]] }
    }),
)
const samples: readonly Sample[] = [...chosen, ...examples]

const spoken = ({ unit, lines }: Sample): Spoken[] =>
  lines.map(([second, text]) => ({
    ms: START + second * 1000,
    host: 'worker-1',
    unit,
    pid: 2296,
    namespace: 'shop',
    pod: 'web-7d4b9c5f6-x2x9k',
    text,
  }))

/** The machine, pod or process that speaks is named by what is around the line; what it says is not. */
const SELF = /^(?:node\/(?:\?|worker-1|10\.0\.40\.12)|pod\/(?:shop|-)\/web-7d4b9c5f6-x2x9k|process\/.*|postgres\/.*|redis\/.*)$/u

const saying = ({ records, skipped, signals }: InputExtract) => ({
  records,
  skipped,
  signals: signals
    .map(({ kind, entity, phase, at, count, attributes: { app: _, ...attributes } }) => ({
      kind,
      entity: SELF.test(entity) ? 'self' : entity,
      phase,
      // A wrapping may tell whole seconds only.
      second: Math.floor(moment(at.ms, at.basis) / 1000),
      count,
      attributes,
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
})

const bare = new Map<Sample, ReturnType<typeof saying>>()

const sameAsBare = async (sample: Sample, dress: Dress): Promise<void> => {
  const known = bare.get(sample) ?? saying(await read(sample.lines.map(([, text]) => text).join('\n')))
  bare.set(sample, known)
  const dressed = await read(dress.write(spoken(sample)))
  assert.deepEqual(dressed.wrapping, dress.wrapping)
  assert.equal(dressed.format, sample.format)
  assert.deepEqual(saying(dressed), known)
}

test('the samples say something, and every wrapping is among the dresses', async () => {
  for (const sample of chosen) {
    const { format, signals, skipped } = await read(sample.lines.map(([, text]) => text).join('\n'))
    assert.deepEqual({ format, skipped }, { format: sample.format, skipped: 0 }, sample.name)
    assert.ok(signals.length > 0, sample.name)
  }
  const worn = new Set(dresses.flatMap(({ wrapping }) => wrapping))
  assert.deepEqual(
    wrappings.map(({ id }) => id).filter((id) => !worn.has(id)),
    [],
  )
})

const cells = new Map<string, boolean>()
for (const dress of dresses) {
  test(`${dress.name}: what is in it says the same as bare`, async (t) => {
    for (const sample of samples)
      await t.test(sample.name, async () => {
        await sameAsBare(sample, dress)
        cells.set(`${dress.name}\n${sample.name}`, true)
      })
    await t.test('cut anywhere', async () => {
      const bytes = dress.write(samples.slice(0, 1).flatMap(spoken))
      for (const chunkBytes of [1, 61]) assert.deepEqual(await read(bytes, { chunkBytes }), await read(bytes))
    })
  })
}

const cellOf = (dress: string, sample: string): string => (cells.get(`${dress}\n${sample}`) === true ? '✓' : '–')
const fieldsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((field) => field.trim())

test("the README's table of formats and wrappings is what was seen here", () => {
  const head = `| | ${samples.map(({ name }) => name).join(' | ')} |\n|---|${samples.map(() => ':-:|').join('')}`
  const rows = dresses.map(({ name }) => `| ${name} | ${samples.map((sample) => cellOf(name, sample.name)).join(' | ')} |`)
  const readme = readFileSync(README, 'utf8')
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  assert.ok(begin >= 0 && end > begin, 'the README has no place for the table')
  if (process.env['FAULTLINE_RENEW'] === '1') {
    writeFileSync(README, `${readme.slice(0, begin)}${BEGIN}\n\n${[head, ...rows].join('\n')}\n\n${readme.slice(end)}`)
    return
  }
  const [header = [], , ...shown] = readme
    .slice(begin + BEGIN.length, end)
    .split('\n')
    .filter((row) => row.startsWith('|'))
    .map(fieldsOf)
  const names = header.slice(1)
  // A format that is new may be missing until the table is renewed; nothing may be claimed that was not seen.
  assert.deepEqual(
    chosen.map(({ name }) => name).filter((name) => !names.includes(name)),
    [],
  )
  assert.deepEqual(
    shown,
    dresses.map(({ name }) => [name, ...names.map((sample) => cellOf(name, sample))]),
  )
})
