/** However many threads read, the extracts are the same. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { folderWith, tarOf } from '../../test/files.js'
import { builtWorker } from '../../test/program.js'
import { asItIs, asPacked } from '../makers.js'
import type { InputExtract } from '../model/extract.js'
import { startReading, type Maker, type ReadingOptions } from './extract-all.js'
import { findInputs, type Inputs } from './inputs.js'

const worker = builtWorker()

const extractAll = <Made, Kept>(inputs: Inputs, options: ReadingOptions, maker: Maker<Made>, keep: (made: Made) => Kept): Promise<readonly Kept[]> =>
  startReading(options, maker, keep).all(inputs)

const klog = (node: number): string =>
  Array.from({ length: 400 }, (_, index) => {
    const at = `1121 08:${String(10 + (index >> 4)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}.000000`
    return index % 7 === 0
      ? `E${at}    22${node} controller.go:251] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-${node}?timeout=10s\\": context deadline exceeded"`
      : `I${at}    22${node} prober.go:117] "Probe succeeded" pod="shop/web-${index}"`
  }).join('\n')

const metrics = JSON.stringify({
  status: 'success',
  data: {
    resultType: 'matrix',
    result: [{ metric: { __name__: 'up', instance: 'a:9100' }, values: Array.from({ length: 50 }, (_, at) => [1_795_249_081 + at * 15, '1']) }],
  },
})

test('with workers and without, the extracts are the same, in the same order: plain, compressed, in an archive, cut off', async (t) => {
  const folder = await folderWith(t, {
    'a.log': klog(1),
    'b.log': `${klog(2)}\nwhat is this\n`,
    'c.log.gz': gzipSync(klog(3)),
    'cut-off.log.gz': gzipSync(klog(4)).subarray(0, 1_200),
    'd.tar': tarOf([
      { name: 'node-5/kubelet.log', content: klog(5) },
      { name: 'up.json', content: metrics },
    ]),
    'empty.log': '',
    'up.json': metrics,
  })
  const paths = [folder, join(folder, 'a.log')]
  const alone = await extractAll(await findInputs(paths), { jobs: 1 }, asItIs, (extract) => extract)
  assert.ok(alone.some(({ signals }) => signals.length > 0) && alone.some(({ series }) => series.length > 0))
  assert.ok(alone.some(({ warnings }) => warnings.some((warning) => warning.includes('reading stopped'))))
  let bytes = 0
  const together = await extractAll(
    await findInputs(paths),
    { jobs: 3, worthBytes: 0, worker, onBytes: (count) => (bytes += count) },
    asItIs,
    (extract) => extract,
  )
  assert.deepEqual(together, alone)
  const packed = async (jobs: number): Promise<unknown> =>
    extractAll(await findInputs(paths), { jobs, worthBytes: 0, worker }, asPacked, ({ packed: input, about }) => [about, input])
  assert.deepEqual(await packed(3), await packed(1))
  assert.equal(
    bytes,
    alone.reduce((sum, input) => sum + input.bytes, 0),
  )
})

test('a very long log is read in parts, the same ones by however many threads, and its lines keep their numbers', async (t) => {
  const lines = Array.from({ length: 6_000 }, (_, index) => {
    const at = `1121 08:${String(10 + Math.floor(index / 200)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}.000000`
    return index % 600 === 599
      ? `E${at}    2211 pod_workers.go:1298] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff: \\"back-off 40s\\"" pod="shop/web-${index}" podUID="u"\n\tat a line of its own`
      : `I${at}    2211 prober.go:117] "Probe succeeded" probeType="Liveness" pod="shop/web-${index}" containerName="web"`
  })
  const content = lines.join('\n')
  const folder = await folderWith(t, { 'kubelet.log': content })
  const read = async (jobs: number): Promise<readonly InputExtract[]> =>
    extractAll(await findInputs([folder]), { jobs, worthBytes: 0, sharedBytes: 200_000, worker }, asItIs, (extract) => extract)
  const extracts = await read(1)
  assert.ok(extracts.length > 2)
  assert.deepEqual(await read(3), extracts)
  assert.equal(
    extracts.reduce((sum, extract) => sum + extract.bytes, 0),
    content.length,
  )
  const places = extracts.flatMap(({ signals }) => signals.flatMap((signal) => signal.places))
  assert.ok(places.length > 8)
  const physical = content.split('\n')
  for (const { line, text } of places) assert.ok(line !== null && physical[line - 1]?.startsWith(text.slice(0, 60)), `line ${line ?? 0}: ${text}`)
})
