/** A node that is full after pods of another came to it is full of them only where they use its processors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, counting, found, series, timeline } from '../../test/timeline-builder.js'
import type { Entity } from '../model/entity.js'
import type { Fact } from '../model/extract.js'
import { arrivedWith, takeLittle } from './use.js'

const NAMES = ['web-7d9c5b8f6d-x2x4z', 'cart-7d9c5b8f6d-aaaaa']
const pods = NAMES.map((name): Entity => `pod/shop/${name}`)

test('pods that came and are known to use next to nothing did not fill the node; unmeasured ones may have', () => {
  const world = (metric: 'cpu' | 'memory', used: readonly (number | null)[]) =>
    timeline({
      facts: [
        { fact: 'node', node: 'node/b', at: null, cores: 4, memoryBytes: 4 << 30 },
        ...pods.map((pod): Fact => ({ fact: 'pod-on-node', pod, node: 'node/b', at: at(600) })),
      ],
      series: used.flatMap((value, index) => {
        const labels = { namespace: 'shop', pod: NAMES[index] ?? '', container: 'app' }
        if (value === null) return []
        return metric === 'cpu'
          ? [
              series(
                'container_cpu_usage_seconds_total',
                labels,
                counting(() => value),
                { from: 600 },
              ),
            ]
          : [series('container_memory_working_set_bytes', labels, () => value, { from: 600 })]
      }),
    })
  const [first = 'cluster'] = pods
  const moved = found('pod.rescheduled', first, 600, { attributes: { to: 'b' } })
  const busy = found('node.cpu-saturated', 'node/b', 660, { endSecond: 900 })
  const full = found('node.memory-exhausted', 'node/b', 660, { endSecond: 900 })
  const little = (...cores: readonly (number | null)[]): boolean => {
    const over = world('cpu', cores)
    return takeLittle(arrivedWith(moved, 'node/b', over), moved.start, busy, over)
  }
  assert.equal(little(0.01, 0.02), true)
  assert.equal(little(0.01, 3), false, 'the other one that came fills it')
  assert.equal(little(3, 0.01), false)
  assert.equal(little(null, 0.01), false, 'nobody measured it')
  const MIB = 1 << 20
  assert.equal(takeLittle(pods, moved.start, full, world('memory', [8 * MIB, 8 * MIB])), true)
  assert.equal(takeLittle(pods, moved.start, full, world('memory', [8 * MIB, 900 * MIB])), false)
  assert.equal(takeLittle(pods, moved.start, full, world('cpu', [0.01, 0.01])), false, 'nobody measured their memory')
})
