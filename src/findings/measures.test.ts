/** What a panel's title, its legends and other collectors' names measure, where no metric's name tells. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, series, timelineOf } from '../../test/timeline-builder.js'
import type { Series } from '../model/extract.js'
import { findWrong } from './find.js'
import { nodeUseOf, shareOf } from './measures.js'

const found = (all: readonly Series[]): string[] => [
  ...new Set(findWrong(timelineOf([input('grafana/panel.csv', { format: 'metric-csv', series: all })])).map(({ kind, entity }) => `${kind} ${entity}`)),
]
/** Calm, but full for ten minutes. */
const full = (calm: number, most: number) => (second: number) => (second >= 1_200 && second < 1_800 ? most : calm)

test('a panel called CPU usage is of the nodes in its legends, whether it counts percent or shares', () => {
  assert.deepEqual(found([series('CPU usage', { legend: 'node-a' }, full(20, 99)), series('CPU usage', { legend: 'node-b' }, full(20, 30))]), [
    'node.cpu-saturated node/node-a',
  ])
  assert.deepEqual(found([series('CPU Usage', { legend: 'worker-1' }, full(0.2, 0.99))]), ['node.cpu-saturated node/worker-1'])
  assert.deepEqual(found([series('cpu_usage_idle', { host: 'w1', cpu: 'cpu-total' }, full(80, 1))]), ['node.cpu-saturated node/w1'])
  assert.deepEqual(found([series('cpu_percent', { host: 'w1' }, full(20, 98))]), ['node.cpu-saturated node/w1'])
})

test('memory in percent, used or available', () => {
  assert.deepEqual(found([series('Memory used', { legend: 'node-a' }, full(40, 97))]), ['node.memory-exhausted node/node-a'])
  assert.deepEqual(found([series('mem_available_percent', { host: 'w1' }, full(60, 3))]), ['node.memory-exhausted node/w1'])
})

test('a panel of what pods use, by their labels', () => {
  const mib = 2 ** 20
  assert.deepEqual(
    found([
      series('Memory Usage', { namespace: 'shop', pod: 'web-1' }, (second) => (second < 1_800 ? 200 : Math.min(3_000, 200 + (second - 1_800) * 3)) * mib),
    ]),
    ['pod.memory-growing pod/shop/web-1'],
  )
})

test('cores, bytes, pods, quotas and words of other things are no share of a node', () => {
  const use = (name: string, labels = {}) => nodeUseOf({ name, labels, input: '', line: null, times: new Float64Array(0), values: new Float64Array(0) })
  for (const name of [
    'CPU quota',
    'CPU by pod',
    'CPU throttling',
    'Load',
    'Disk usage',
    'process_cpu_seconds_total',
    'go_memstats_alloc_bytes',
    'memory_limit',
    'sum(rate(cpu_usage[5m]))',
  ])
    assert.equal(use(name), null, name)
  assert.equal(use('CPU usage', { pod: 'web-1' }), null)
  assert.equal(shareOf({ times: Float64Array.of(1), values: Float64Array.of(8e9) }), null)
  assert.deepEqual([...(shareOf({ times: Float64Array.of(1, 2), values: Float64Array.of(50, 100) })?.values ?? [])], [0.5, 1])
})
