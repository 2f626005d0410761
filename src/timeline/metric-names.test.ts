import assert from 'node:assert/strict'
import { test } from 'node:test'
import { todaysName } from './metric-names.js'

test('metrics of an old node_exporter are those of a new one, alone and in an expression', () => {
  for (const [old, today] of [
    ['node_cpu', 'node_cpu_seconds_total'],
    ['node_boot_time', 'node_boot_time_seconds'],
    ['node_memory_MemAvailable', 'node_memory_MemAvailable_bytes'],
    ['sum by (instance) (rate(node_cpu{mode="idle"}[5m]))', 'sum by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'],
    ['node_filesystem_avail / node_filesystem_size', 'node_filesystem_avail_bytes / node_filesystem_size_bytes'],
  ] as const)
    assert.equal(todaysName(old), today)
  for (const name of ['node_cpu_seconds_total', 'node_memory_MemAvailable_bytes', 'node_load1', 'my_node_cpu', 'node_cpu_core_throttles_total'])
    assert.equal(todaysName(name), name)
})
