/** From bytes to an extract: cut anywhere, wrapped in anything, routed line by line, told by its path. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { InputExtract } from '../src/model/extract.js'
import { contextOf, nodeOfPath } from '../src/read/context.js'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { folderWith, tarOf } from './files.js'
import { read } from './read.js'

const at = (second: number): string => `08:18:${String(second % 60).padStart(2, '0')}`

const KLOG = [
  'I1121 08:18:01.887391    2296 kubelet.go:2448] "SyncLoop ADD" source="api" pods=["shop/web-1"]',
  'E1121 08:18:02.887391    2296 controller.go:145] "Failed to ensure lease exists, will retry" err="Get \\"https://10.0.0.1:6443/lease\\": dial tcp 10.0.0.1:6443: i/o timeout"',
  'W1121 08:18:03.000001    2296 eviction_manager.go:343] "Eviction manager: attempting to reclaim" resourceName="memory"',
]
const MESSAGES: readonly string[] = [
  ...KLOG,
  'level=error app=naïve-日本 msg="größer 🚀"',
  'panic: runtime error',
  '\tgoroutine 1 [running]:',
  '[12345.678901] eth0: link down',
]

/** The same messages as each wrapping writes them, in pieces where it does so; matrix.test.ts has all wrappings. */
const wrapped: Readonly<Record<string, (message: string, second: number) => string>> = {
  none: (message) => message,
  cri: (message, second) => `2026-11-21T${at(second)}.123456789Z std${second % 3 === 0 ? 'err' : 'out'} ${second % 4 === 1 ? 'P' : 'F'} ${message}`,
  'docker-json': (message, second) =>
    JSON.stringify({ log: `${message}${second % 4 === 1 ? '' : '\n'}`, stream: 'stdout', time: `2026-11-21T${at(second)}.123456789Z` }),
  'journald-json': (message, second) =>
    JSON.stringify({
      __REALTIME_TIMESTAMP: String(1_795_249_080_000_000 + second * 1e6),
      _HOSTNAME: 'worker-1',
      SYSLOG_IDENTIFIER: unitOf(message),
      MESSAGE: message,
    }),
  'journald-short': (message, second) => `Nov 21 ${at(second)}.123456 worker-1 ${unitOf(message)}[77]: ${message}`,
  'kubectl-timestamps': (message, second) => `2026-11-21T${at(second)}.123456789Z ${message}`,
  'syslog-5424': (message, second) => `<165>1 2026-11-21T${at(second)}.123Z worker-1 ${unitOf(message)} 77 - - ${message}`,
}
const unitOf = (message: string): string => (/^[IWE]\d{4} /u.test(message) ? 'kubelet' : message.startsWith('[') ? 'kernel' : 'orders')

const messages = fc.array(fc.constantFrom(...MESSAGES), { minLength: 1, maxLength: 25 })
const lineEnd = fc.constantFrom('\n', '\r\n')

for (const [id, wrap] of Object.entries(wrapped)) {
  test(`${id}: any cut of the bytes gives the same extract`, async () => {
    await fc.assert(
      fc.asyncProperty(messages, lineEnd, fc.boolean(), fc.integer({ min: 1, max: 90 }), async (lines, end, ended, chunkBytes) => {
        const log = lines.map(wrap).join(end) + (ended ? end : '')
        assert.deepEqual(await read(log, { chunkBytes }), await read(log))
      }),
      { numRuns: 40 },
    )
  })
}

for (const [id, wrap] of Object.entries(wrapped)) {
  if (id === 'none') continue
  test(`${id}: a kubelet's lines say the same as without it, and the input says what it was wrapped in`, async () => {
    const lines = Array.from({ length: 24 }, (_, index) => KLOG[index % KLOG.length] ?? '')
    // No pieces here: second 0 of each wrapping writes a whole line.
    const inside = await read(lines.map((line) => wrap(line, 0)).join('\n'))
    const bare = await read(lines.join('\n'))
    assert.deepEqual(inside.wrapping, [id])
    const said = ({ format, records, signals }: InputExtract) => ({ format, records, kinds: [...new Set(signals.map(({ kind }) => kind))].sort() })
    assert.deepEqual(said(inside), said(bare))
  })
}

test('gzip and plain give the same extract, but for the wrapping', async (t) => {
  const log = `${MESSAGES.join('\n')}\n`.repeat(300)
  const folder = await folderWith(t, { 'a.log': log, 'a.log.gz': gzipSync(log) })
  const { sources } = await findInputs([folder])
  const [plain, packed] = await Promise.all(sources.map((source) => extractInput(source)))
  assert.ok(plain && packed)
  assert.deepEqual({ ...packed, path: '', wrapping: [], changedMs: null }, { ...plain, path: '', wrapping: [], changedMs: null })
  assert.deepEqual(packed.wrapping, ['gzip'])
})

test("a journal's own file is named for what it is, with the command that makes a log of it", async () => {
  const { format, warnings } = await read(Buffer.concat([Buffer.from('LPKSHHRH'), Buffer.alloc(400)]))
  assert.equal(format, 'unknown')
  assert.match(warnings.join(), /journalctl --file/u)
})

test('what format an input has does not depend on the size of its chunks, also beyond the part that is looked at', async () => {
  const log = `${'2026-11-21T08:18:01Z level=info app=orders msg="job done"\n'.repeat(1_100)}${`${KLOG[1] ?? ''}\n`.repeat(3_000)}`
  const [whole, inPieces] = await Promise.all([read(log), read(log, { chunkBytes: 40_000 })])
  assert.deepEqual(inPieces, whole)
})

test('in a journal each line goes to the parser of its unit, unknown units to what their lines look like', async () => {
  const units: readonly (readonly [string, string])[] = [
    ['kubelet', KLOG[1] ?? ''],
    ['postgresql@15-main', '2026-11-21 08:18:03.000 UTC [99] FATAL:  sorry, too many clients already'],
    ['my-database', '2026-11-21 08:18:04.000 UTC [99] FATAL:  sorry, too many clients already'],
    ['orders', 'level=error msg="cannot reach the database"'],
    ['sshd', 'Accepted publickey for root'],
  ]
  const lines = Array.from({ length: 40 }, (_, index) => {
    const [unit, message] = units[index % units.length] ?? ['', '']
    return `Nov 21 ${at(index)} worker-1 ${unit}[7]: ${message}`
  })
  const { signals, skipped, records } = await read(lines.join('\n'))
  assert.deepEqual({ skipped, records }, { skipped: 0, records: 40 })
  const kinds = new Set(signals.map(({ kind }) => kind))
  for (const kind of ['node.heartbeat-missed', 'postgres.connections-saturated'] as const) assert.ok(kinds.has(kind), kind)
})

test('the journal that names when it was exported names the year of its stamps', async () => {
  const header = '-- Logs begin at Thu 2024-12-19 08:00:00 UTC, end at Sat 2026-11-21 09:00:00 UTC. --'
  assert.equal((await read(`${header}\nNov 21 08:18:01 worker-1 kubelet[1]: ${KLOG[0] ?? ''}\n`)).yearHint, 2026)
  assert.equal((await read(`Nov 21 08:18:01 worker-1 kubelet[1]: ${KLOG[0] ?? ''}\n`)).yearHint, null)
})

test('the machine of an input: the host that most of its journal names, more telling than its path', async () => {
  const journal = ['worker-1', 'worker-2', 'worker-1', 'worker-1'].map((host) => `Nov 21 08:18:01 ${host} sshd[1]: hello`).join('\n')
  const { facts } = await read(journal, { path: 'dump/worker-9-journal.log' })
  assert.deepEqual(
    facts.filter(({ fact }) => fact === 'input-node'),
    [
      { fact: 'input-node', node: 'node/worker-1', weight: 3 },
      { fact: 'input-node', node: 'node/worker-9', weight: 1 },
    ],
  )
})

test('a path hints at a machine only where it has a name for one', () => {
  const hints: Readonly<Record<string, string | null>> = {
    'worker-3-kubelet.log': 'worker-3',
    'logs/kubelet-worker-3.log.1': 'worker-3',
    'worker-3_kubelet-2026-11-21.log.gz': 'worker-3',
    'all/kubelet.worker-2.txt': 'worker-2',
    'dump/node-1/kubelet.log': 'node-1',
    'd.tar.gz!/node-1/var/log/messages-20261121': 'node-1',
    'kube-apiserver-master-1.log': 'master-1',
    'journal-node7.json.gz': 'node7',
    'ip-10-0-1-2.ec2.internal-kubelet.log': 'ip-10-0-1-2.ec2.internal',
    'worker-1.log': 'worker-1',
    'config/node/logs/ip-10-0-135-228.us-east-2.compute.internal.log': 'ip-10-0-135-228.us-east-2.compute.internal',
    'nodes/w1/w1_logs_kubelet.gz': 'w1',
    'must-gather/host_service_logs/masters/kubelet_service.log': null,
    'sosreport-worker-3-2026-11-21-abcdefg.tar.xz!/sosreport-worker-3-2026-11-21-abcdefg/var/log/messages': 'worker-3',
    'sosreport-ip-10-0-1-2-01234567-2026-11-21-abcdefg/sos_commands/logs/journalctl_--no-pager_--boot': 'ip-10-0-1-2',
    'eks_i-0123456789abcdef0_2026-11-21_0818-UTC_0.7.8.tar.gz!/kubelet/kubelet.log': 'i-0123456789abcdef0',
    'support-bundle/all-logs/nginx-deployment-7986654d4-ztx2g/lb-tcp-80.log': null,
    'logs/pods/worker-3/shop_web-1_0123abcd-12/web/0.log': 'worker-3',
    '/var/log/pods/shop_web-1_0123abcd-12/web/0.log': null,
    'dump/logs/kernel-dmesg.log': null,
    'kube-controller-manager.log': null,
    'app.log': null,
    'audit-2026-11-21.log': null,
    '-': null,
  }
  for (const [path, node] of Object.entries(hints)) assert.equal(nodeOfPath(path), node, path)
})

test('a path names the pod and the container in each layout that collectors use', () => {
  const layouts: Readonly<Record<string, readonly [string | null, string | null]>> = {
    '/var/log/pods/shop_web-1_0123abcd-4567/web/0.log': ['pod/shop/web-1', 'web'],
    'pods/kube-system_etcd-m1_0123456789abcdef0123456789abcdef/etcd/3.log.20261121-081801.gz': ['pod/kube-system/etcd-m1', 'etcd'],
    '/var/log/containers/web-1_shop_web-0123456789abcdef.log': ['pod/shop/web-1', 'web'],
    'mg/namespaces/shop/pods/web-1/web/web/logs/current.log': ['pod/shop/web-1', 'web'],
    'namespaces/shop/pods/web-1/containers/web/logs/last-50-lines.log': ['pod/shop/web-1', 'web'],
    'b.tar.gz!/cluster-resources/pods/logs/shop/web-1/web-previous.log': ['pod/shop/web-1', 'web'],
    'config/pod/shop/logs/web-1/errors.log': ['pod/shop/web-1', null],
    'cluster-dump/shop/web-1/logs.txt': ['pod/shop/web-1', null],
    'mg/namespaces/shop/pods/web-1/web/web/logs/rotated/0.log.20261121-081801.gz': ['pod/shop/web-1', 'web'],
    'support-bundle/all-logs/nginx-deployment-7986654d4-ztx2g/nginx-previous.log': ['pod/-/nginx-deployment-7986654d4-ztx2g', 'nginx'],
    'podlogs/shop/web-1/logs/web.txt': ['pod/shop/web-1', 'web'],
    'gke-prod-default-pool-1a2b3c4d-x1yz/kubelet.log': [null, null],
    'logs/web-1.log': [null, null],
  }
  for (const [path, [pod, container]] of Object.entries(layouts)) {
    const context = contextOf(path)
    assert.deepEqual([context.pod, context.container], [pod, container], path)
  }
})

const INDEX = JSON.stringify([
  { file: 'query_range/load1.json', query: 'node_load1' },
  { file: 'other/load1.json', query: 'node_load1{instance="b"}' },
])
const ANSWER = '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1795249081,"1"],[1795249086,"2"]]}]}}'

test('saved answers get their expressions from QUERIES.json, in folders and archives; the index is an input of its own kind', async (t) => {
  const files = { 'prom/query_range/load1.json': ANSWER, 'prom/other/load1.json': ANSWER, 'prom/QUERIES.json': INDEX }
  const archive = tarOf(Object.entries(files).map(([name, content]) => ({ name, content })))
  const folder = await folderWith(t, { ...files, 'd.tgz': gzipSync(archive) })
  const expected = ['QUERIES.json: null', 'other/load1.json: node_load1{instance="b"}', 'query_range/load1.json: node_load1']
  for (const path of [join(folder, 'prom'), join(folder, 'd.tgz')]) {
    const { sources } = await findInputs([path])
    assert.deepEqual(sources.map((source) => `${source.path.replace(/^.*prom\//u, '')}: ${source.context.expression}`).sort(), expected)
    const index = sources.find((source) => source.path.endsWith('QUERIES.json'))
    assert.ok(index)
    const { format, warnings, skipped } = await extractInput(index)
    assert.deepEqual({ format, warnings: warnings.length, skipped }, { format: 'prometheus-queries', warnings: 0, skipped: 0 })
  }
})

test('inputs come in the order of their names, whatever order the disk gives', async (t) => {
  const folder = await folderWith(t, { 'b/2': 'x', 'a-1': 'x', ä: 'x', B: 'x', 'a/1': 'x' })
  const { sources } = await findInputs([folder])
  assert.deepEqual(
    sources.map(({ path }) => path.slice(folder.length + 1)),
    ['B', 'a/1', 'a-1', 'b/2', 'ä'],
  )
})
