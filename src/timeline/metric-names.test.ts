import assert from 'node:assert/strict'
import { test } from 'node:test'
import { todaysLabels, todaysName } from './metric-names.js'

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

test("CloudNativePG's own metrics are those of postgres_exporter, and its pod is the server", () => {
  for (const [own, same] of [
    ['cnpg_backends_total', 'pg_stat_activity_count'],
    ['cnp_backends_total', 'pg_stat_activity_count'],
    ['sum by (pod) (cnpg_backends_total{state!="idle"})', 'sum by (pod) (pg_stat_activity_count{state!="idle"})'],
    ['cnpg_collector_up', 'pg_up'],
    ['cnpg_pg_replication_lag', 'pg_replication_lag'],
    ['cnpg_pg_replication_slots_pg_wal_lsn_diff', 'pg_replication_slots_pg_wal_lsn_diff'],
    ['cnpg_pg_stat_replication_replay_lag_seconds', 'pg_stat_replication_replay_lag_seconds'],
  ] as const)
    assert.equal(todaysName(own), same)
  assert.equal(todaysName('cnpg_pg_settings_setting', { name: 'max_connections' }), 'pg_settings_max_connections')
  assert.equal(todaysName('cnpg_pg_settings_setting', { name: 'max_wal_size' }), 'pg_settings_setting')
  for (const name of ['cnpg_collector_pg_wal', 'cnpg_backends_waiting_total', 'my_cnpg_backends_total', 'backends_total']) assert.equal(todaysName(name), name)
  assert.deepEqual(todaysLabels('cnpg_backends_total', { pod: 'db-1', instance: '10.0.0.1:9187' }), { pod: 'db-1', instance: '10.0.0.1:9187', server: 'db-1' })
  for (const labels of [{ pod: 'db-1', server: 'db' }, { instance: '10.0.0.1:9187' }]) assert.deepEqual(todaysLabels('cnpg_backends_total', labels), labels)
  assert.deepEqual(todaysLabels('pg_stat_activity_count', { pod: 'exporter-1' }), { pod: 'exporter-1' })
})
