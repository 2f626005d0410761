/** Metrics under the names that their exporters give them today, whatever they were called when they were recorded; also within an expression. */

/** node_exporter before 0.16 had no units in its names: https://github.com/prometheus/node_exporter/blob/v0.16.0/docs/V0_16_UPGRADE_GUIDE.md */
const BEFORE_UNITS = /\bnode_(?:cpu|boot_time|memory_(?:MemAvailable|MemFree|MemTotal|Buffers|Cached|SwapFree|SwapTotal)|filesystem_(?:avail|free|size))\b/gu

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^node_cpu$/u, '_seconds_total'],
  [/^node_boot_time$/u, '_seconds'],
  [/./u, '_bytes'],
]

export const todaysName = (name: string): string => name.replace(BEFORE_UNITS, (old) => `${old}${UNITS.find(([pattern]) => pattern.test(old))?.[1] ?? ''}`)
