/** However many threads read, the extracts are the same. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { folderWith, tarOf } from '../../test/files.js'
import { asItIs, asPacked } from '../makers.js'
import { extractAll } from './extract-all.js'
import { findInputs } from './inputs.js'

/** In a worker the sources need their loader. */
const worker = new URL(
  `data:text/javascript,${encodeURIComponent(`import { register } from '${import.meta.resolve('tsx/esm/api')}'; register(); await import('${new URL('../extract-worker.ts', import.meta.url).href}')`)}`,
)

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
