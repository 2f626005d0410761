/** An archive that is read while it is listed says what it says when it is listed first, and is unpacked once. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { folderWith, tarOf, zipOf } from '../../test/files.js'
import { asItIs } from '../makers.js'
import type { InputExtract } from '../model/extract.js'
import { startReading } from './extract-all.js'
import { findInputs } from './inputs.js'
import { usualLimits, type Limits } from './limits.js'

const klog = (node: number, lines = 300): string =>
  Array.from({ length: lines }, (_, index) => {
    const at = `1121 08:${String(10 + (index >> 4)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}.000000`
    return index % 7 === 0
      ? `E${at}    22${node} controller.go:251] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/leases/worker-${node}?timeout=10s\\": context deadline exceeded"`
      : `I${at}    22${node} prober.go:117] "Probe succeeded" pod="shop/web-${index}"`
  }).join('\n')
const answer = JSON.stringify({
  status: 'success',
  data: { resultType: 'matrix', result: [{ metric: { instance: 'a:9100' }, values: Array.from({ length: 50 }, (_, at) => [1_795_249_081 + at * 15, '1']) }] },
})
const queries = JSON.stringify([{ file: 'answer.json', query: 'up{job="node"}' }])
const files = (...nodes: readonly number[]) => nodes.map((node) => ({ name: `node-${node}/kubelet.log`, content: klog(node) }))
const large = { name: 'events/all.json', content: `${answer}${' '.repeat(2 << 20)}` }
const bomb = gzipSync(Buffer.alloc(100 << 20, `${'a'.repeat(999_999)}\n`), { level: 9 })
const whole = gzipSync(tarOf(files(1, 2, 3)))

const ARCHIVES: Readonly<Record<string, Buffer>> = {
  'files, packed ones among them': gzipSync(tarOf([...files(1, 2), { name: 'node-3/kubelet.log.gz', content: gzipSync(klog(3)) }])),
  'archives in it': gzipSync(
    tarOf([{ name: 'a.tgz', content: whole }, ...files(4), { name: 'b.zip', content: zipOf(files(5, 6)) }, { name: 'c.tar', content: tarOf(files(7)) }]),
  ),
  'an index of queries after the answers': gzipSync(
    tarOf([{ name: 'q/answer.json', content: answer }, ...files(1), { name: 'q/QUERIES.json', content: queries }]),
  ),
  'an index of queries before a large answer': gzipSync(
    tarOf([{ name: 'events/QUERIES.json', content: JSON.stringify([{ file: 'all.json', query: 'up' }]) }, ...files(1), large, ...files(2)]),
  ),
  'a block of metrics': gzipSync(
    tarOf([{ name: 'b/chunks/000001', content: 'no chunks' }, { name: 'b/index', content: 'no index' }, { name: 'b/meta.json', content: '{}' }, ...files(1)]),
  ),
  'links, special files and names that climb': gzipSync(
    tarOf([{ name: '../../a.log', content: klog(1) }, { name: 'b', type: '2', link: '/etc/passwd' }, ...files(2), { name: 'c', type: '3' }, ...files(3)]),
  ),
  'an end in the middle of a file': tarOf(files(1, 2, 3)).subarray(0, 70_000),
  'an end in the middle of what is packed': whole.subarray(0, whole.length - 200),
  'an end in the middle of a packed file': gzipSync(tarOf([...files(1), { name: 'b.log.gz', content: gzipSync(klog(2)).subarray(0, 900) }, ...files(3)])),
  'a bomb': gzipSync(tarOf([...files(1), { name: 'bomb.gz', content: bomb }, ...files(2)])),
  'nothing but empty files': gzipSync(tarOf([{ name: 'a.log' }, { name: 'b.json' }])),
}

const byPath = (extracts: readonly InputExtract[]): readonly InputExtract[] => [...extracts].sort((a, b) => (a.path < b.path ? -1 : 1))
const readLater = async (path: string, limits: Limits) => {
  const inputs = await findInputs([path], undefined, limits)
  return { extracts: byPath(await startReading({ jobs: 1 }, asItIs, (extract) => extract).all(inputs)), unreadable: inputs.unreadable }
}
const readInPlace = async (path: string, limits: Limits) => {
  const kept: string[] = []
  const reading = startReading({ jobs: 1 }, asItIs, (extract) => {
    kept.push(extract.path)
    return extract
  })
  const inputs = await findInputs([path], undefined, limits, reading)
  const extracts = byPath(await reading.all(inputs))
  assert.deepEqual(kept.sort(), extracts.map((extract) => extract.path).sort(), 'each is kept once')
  return { extracts, unreadable: inputs.unreadable }
}

describe('an archive with', () => {
  for (const [what, archive] of Object.entries(ARCHIVES))
    for (const [how, limits] of Object.entries({ 'the usual limits': usualLimits, 'two files at most': { ...usualLimits, maxMembers: 2 } }))
      test(`${what}, ${how}: read in place or later, it says the same`, async (t) => {
        const path = `${await folderWith(t, { d: archive })}/d`
        const later = await readLater(path, limits)
        assert.ok(later.extracts.length > 0)
        assert.deepEqual(await readInPlace(path, limits), later)
      })
})

test('an archive is unpacked once: its logs are read while it is listed, small answers are kept until it is known what they answer', async (t) => {
  const folder = await folderWith(t, {
    'd.tgz': gzipSync(tarOf([...files(1, 2), { name: 'q/answer.json', content: answer }, { name: 'q/QUERIES.json', content: queries }, ...files(3)])),
  })
  const reading = startReading({ jobs: 1 }, asItIs, (extract) => extract)
  const inputs = await findInputs([`${folder}/d.tgz`], undefined, usualLimits, reading)
  await rm(`${folder}/d.tgz`)
  const extracts = byPath(await reading.all(inputs))
  assert.deepEqual(
    extracts.map(({ path, records, series, warnings }) => [path.slice(path.indexOf('!/') + 2), records > 0 || series.length > 0, warnings]),
    [...files(1, 2, 3).map(({ name }) => [name, true, []]), ['q/QUERIES.json', false, []], ['q/answer.json', true, []]],
  )
  assert.match(JSON.stringify(extracts.at(-1)?.series[0]?.name), /up/u)
})

test('where a thread that reads dies, it is told and nobody waits for it', async (t) => {
  const folder = await folderWith(t, { 'd.tgz': whole, 'a.log.gz': gzipSync(klog(8)) })
  const worker = new URL(`data:text/javascript,${encodeURIComponent("throw new Error('out of memory')")}`)
  for (const path of [`${folder}/d.tgz`, `${folder}/a.log.gz`]) {
    const reading = startReading({ jobs: 2, worthBytes: 0, worker }, asItIs, (extract) => extract)
    await assert.rejects(async () => reading.all(await findInputs([path, folder], undefined, usualLimits, reading)), /out of memory/u)
  }
})

test('where one thread dies while another is still busy, it is told at once', async (t) => {
  const folder = await folderWith(t, { 'a.log': klog(1), 'b.log.gz': gzipSync(klog(2, 60_000)) })
  // The one that is fed never gives a buffer back.
  const script =
    "import { parentPort } from 'node:worker_threads'; parentPort.on('message', ({ say, unit }) => { if (say === 'begin' && unit.plain) throw new Error('out of memory') })"
  const worker = new URL(`data:text/javascript,${encodeURIComponent(script)}`)
  const reading = startReading({ jobs: 2, worthBytes: 0, worker }, asItIs, (extract) => extract)
  await assert.rejects(async () => reading.all(await findInputs([folder], undefined, usualLimits, reading)), /out of memory/u)
})
