/** The same input gives the same bytes: in any order of the paths, cut anywhere, in any zone and language, and again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { explain } from '../src/causes/explain.js'
import { tellIncidents } from '../src/causes/incidents.js'
import { linkCauses } from '../src/causes/link.js'
import { loadMechanisms } from '../src/causes/load-mechanisms.js'
import { findWrong } from '../src/findings/find.js'
import type { InputExtract } from '../src/model/extract.js'
import { extractInput, type Source } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { renderJson } from '../src/report/json.js'
import { buildTimeline } from '../src/timeline/timeline.js'
import { folderWith } from './files.js'
import { program } from './program.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const sample = join(root, 'samples/cascade/dump')
const mechanisms = loadMechanisms([])

/** 10:00:00 and so many seconds, as each format writes it. */
const clock = (seconds: number): string => new Date(Date.UTC(2026, 2, 4, 10, 0, seconds)).toISOString()
const klog = (seconds: number): string => `0304 ${clock(seconds).slice(11, 19)}.000000`

const kubelet = [
  ...Array.from({ length: 8 }, (_, index) => `I${klog(index * 10)}    1042 kubelet.go:2419] "SyncLoop (PLEG): event for pod" pod="shop/web-7d9c5b8f6d-x2x4z"`),
  ...Array.from(
    { length: 12 },
    (_, index) =>
      `E${klog(100 + index * 10)}    1042 controller.go:195] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/istanbul-1?timeout=10s\\": dial tcp 10.0.0.1:6443: i/o timeout"`,
  ),
].join('\n')

const event = (reason: string, seconds: number, kind: string, name: string, message: string): object => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `${name}.${reason}.${seconds}`, namespace: kind === 'Node' ? 'default' : 'shop' },
  involvedObject: { kind, name, ...(kind === 'Node' ? {} : { namespace: 'shop' }) },
  reason,
  message,
  type: 'Warning',
  count: 1,
  firstTimestamp: clock(seconds).replace('.000', ''),
  lastTimestamp: clock(seconds).replace('.000', ''),
})

const events = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    event('Scheduled', 1, 'Pod', 'web-7d9c5b8f6d-x2x4z', 'Successfully assigned shop/web-7d9c5b8f6d-x2x4z to istanbul-1'),
    event('NodeNotReady', 145, 'Node', 'istanbul-1', 'Node istanbul-1 status is now: NodeNotReady'),
    event('TaintManagerEviction', 445, 'Pod', 'web-7d9c5b8f6d-x2x4z', 'Marking for deletion Pod shop/web-7d9c5b8f6d-x2x4z'),
    event('Scheduled', 447, 'Pod', 'web-7d9c5b8f6d-z4x2x', 'Successfully assigned shop/web-7d9c5b8f6d-z4x2x to izmir-1'),
    event('NodeReady', 600, 'Node', 'istanbul-1', 'Node istanbul-1 status is now: NodeReady'),
  ],
})

const metrics = JSON.stringify({
  status: 'success',
  data: {
    resultType: 'matrix',
    result: ['istanbul-1', 'izmir-1'].map((node) => ({
      metric: { __name__: 'up', job: 'node', instance: `${node}:9100`, node },
      values: Array.from({ length: 60 }, (_, index) => [Date.parse(clock(index * 15)) / 1000, node === 'istanbul-1' && index > 6 && index < 40 ? '0' : '1']),
    })),
  },
})

const app = Array.from(
  { length: 60 },
  (_, index) =>
    `${clock(index * 10)} ${index > 15 && index < 40 ? 'ERROR' : 'INFO'} [İşlem] ödeme ${index > 15 && index < 40 ? 'failed: dial tcp: i/o timeout' : 'done'}`,
).join('\n')

/** A node of a Turkish shop that loses its network: a kubelet's log, events, metrics and an application's log. */
const dump = { 'nodes/istanbul-1/kubelet.log': `${kubelet}\n`, 'events.json': events, 'metrics.json': metrics, 'İstanbul/app.log': app }

const lowerHalf = (extracts: readonly InputExtract[]): string => {
  const timeline = buildTimeline(extracts, { zones: [], year: null, since: null, until: null })
  const found = findWrong(timeline)
  return renderJson(explain(timeline, found, tellIncidents(found, linkCauses(found, mechanisms, timeline), timeline)).analysis)
}

const recut = (source: Source, size: number): Source => ({
  ...source,
  async *chunks() {
    for await (const chunk of source.chunks()) for (let from = 0; from < chunk.length; from += size) yield chunk.subarray(from, from + size)
  },
})

const extractAll = async (paths: readonly string[], chunkBytes = Infinity): Promise<readonly InputExtract[]> => {
  const { sources } = await findInputs(paths)
  const extracts: InputExtract[] = []
  for (const source of sources) extracts.push(await extractInput(Number.isFinite(chunkBytes) ? recut(source, chunkBytes) : source))
  return extracts
}

const analyse = async (paths: readonly string[], chunkBytes = Infinity): Promise<string> => lowerHalf(await extractAll(paths, chunkBytes))

const places: readonly [string, boolean][] = [
  ['a small dump', true],
  ['the sample', existsSync(sample)],
]

for (const [name, there] of places) {
  const folderOf = async (test: Parameters<typeof folderWith>[0]): Promise<string> => (name === 'the sample' ? sample : folderWith(test, dump))
  const skip = there ? false : 'samples/ is absent'

  test(`${name}: an incident is found, so that there is something to compare`, { skip }, async (t) => {
    assert.match(await analyse([await folderOf(t)]), /"chains": \[\n\s+\[/u)
  })

  test(`${name}: any order of the paths gives the same bytes`, { skip }, async (t) => {
    const folder = await folderOf(t)
    const paths = readdirSync(folder).map((file) => join(folder, file))
    const once = await analyse(paths)
    assert.equal(await analyse(paths.toReversed()), once)
    assert.equal(await analyse([...paths.slice(2), ...paths.slice(0, 2)]), once)
    assert.equal(await analyse([folder]), once)
    assert.equal(await analyse([paths[1] ?? '', folder]), once)
  })

  test(`${name}: cut anywhere it gives the same bytes`, { skip }, async (t) => {
    const folder = await folderOf(t)
    const whole = await extractAll([folder])
    for (const size of name === 'the sample' ? [97] : [1, 2, 3, 7, 61, 4096]) {
      const pieces = await extractAll([folder], size)
      pieces.forEach((piece, index) => assert.deepEqual(piece, whole[index], `${piece.path} in pieces of ${size}`))
      assert.equal(lowerHalf(pieces), lowerHalf(whole))
    }
  })
}

test('in another zone and language, and again, the same bytes', async (t) => {
  const folder = await folderWith(t, dump)
  const env = { ...process.env, TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }
  const { stdout, stderr, status } = spawnSync(process.execPath, [program(), 'analyze', '--quiet', '--json', '-', folder], {
    env,
    encoding: 'utf8',
  })
  assert.deepEqual([stderr, status], ['', 0])
  const here = await analyse([folder])
  assert.equal(stdout, here)
  assert.equal(await analyse([folder]), here)
})
