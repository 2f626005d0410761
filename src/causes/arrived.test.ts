/** A node that is full after pods of another came to it is full of them only where they use its processors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, counting, found, series, timeline } from '../../test/timeline-builder.js'
import type { Entity } from '../model/entity.js'
import type { Fact } from '../model/extract.js'
import { broughtLittle } from './arrived.js'

const NAMES = ['web-7d9c5b8f6d-x2x4z', 'cart-7d9c5b8f6d-aaaaa']
const pods = NAMES.map((name): Entity => `pod/shop/${name}`)

test('pods that came and are known to use next to nothing did not fill the node; unmeasured ones may have', () => {
  const world = (cores: readonly (number | null)[]) =>
    timeline({
      facts: [{ fact: 'node', node: 'node/b', at: null, cores: 4 }, ...pods.map((pod): Fact => ({ fact: 'pod-on-node', pod, node: 'node/b', at: at(600) }))],
      series: cores.flatMap((used, index) =>
        used === null
          ? []
          : [
              series(
                'container_cpu_usage_seconds_total',
                { namespace: 'shop', pod: NAMES[index] ?? '', container: 'app' },
                counting(() => used),
                { from: 600 },
              ),
            ],
      ),
    })
  const moved = found('pod.rescheduled', pods[0] ?? 'cluster', 600, { attributes: { to: 'b' } })
  const full = found('node.cpu-saturated', 'node/b', 660, { endSecond: 900 })
  const little = (...cores: readonly (number | null)[]): boolean => broughtLittle(moved, full, world(cores))
  assert.equal(little(0.01, 0.02), true)
  assert.equal(little(0.01, 3), false, 'the other one that came fills it')
  assert.equal(little(3, 0.01), false)
  assert.equal(little(null, 0.01), false, 'nobody measured it')
  assert.equal(broughtLittle(moved, found('node.memory-exhausted', 'node/b', 660), world([0.01, 0.02])), false, 'memory is another matter')
})
