/**
 * Metrics under one name, whatever they were called when they were recorded; also within an expression: that of an exporter today, and of exporters that count the
 * same that of the one that most people have.
 */
import type { Labels } from '../model/extract.js'

/** node_exporter before 0.16 had no units in its names: https://github.com/prometheus/node_exporter/blob/v0.16.0/docs/V0_16_UPGRADE_GUIDE.md */
const BEFORE_UNITS = /\bnode_(?:cpu|boot_time|memory_(?:MemAvailable|MemFree|MemTotal|Buffers|Cached|SwapFree|SwapTotal)|filesystem_(?:avail|free|size))\b/gu

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^node_cpu$/u, '_seconds_total'],
  [/^node_boot_time$/u, '_seconds'],
  [/./u, '_bytes'],
]

/**
 * CloudNativePG's own exporter (EDB's before it was given away: cnp_) says what postgres_exporter says, its prefix before it:
 * https://github.com/cloudnative-pg/cloudnative-pg/blob/v1.25.0/config/manager/default-monitoring.yaml. Backends are counted by database, user, application and state.
 */
const OPERATORS = /\bcnpg?_(?:(?=pg_)|backends_total\b|collector_up\b)/gu
const plainName = (prefixed: string): string =>
  prefixed.endsWith('backends_total') ? 'pg_stat_activity_count' : prefixed.endsWith('collector_up') ? 'pg_up' : ''
/** It names the setting in a label, postgres_exporter in the metric's name. */
const SETTING = 'pg_settings_setting'

const ofOperator = /\bcnpg?_/u

export const todaysName = (name: string, labels: Labels = {}): string => {
  const today = name.replace(BEFORE_UNITS, (old) => `${old}${UNITS.find(([pattern]) => pattern.test(old))?.[1] ?? ''}`)
  if (!ofOperator.test(today)) return today
  const plain = today.replace(OPERATORS, plainName)
  return plain === SETTING && labels['name'] === 'max_connections' ? 'pg_settings_max_connections' : plain
}

/** That exporter runs beside each server: the pod that its series carry is the server's own, which no other exporter's need be. */
export const todaysLabels = (name: string, labels: Labels): Labels =>
  ofOperator.test(name) && labels['server'] === undefined && labels['pod'] !== undefined && labels['pod'] !== '' ? { ...labels, server: labels['pod'] } : labels
