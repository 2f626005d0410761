/** What each input is, as a table for a terminal: the first thing to run when a report surprises. */
import type { Input } from '../model/analysis.js'
import { plain } from './safe.js'

const COLUMNS = ['what', 'wrapped in', 'records', 'skipped', 'from (UTC)', 'to (UTC)', 'clock', 'path'] as const

export const inspectionTable = (inputs: readonly Input[]): string => {
  const rows = inputs.map((input) => [
    input.format,
    input.wrapping.join(' ') || '-',
    String(input.records),
    String(input.skipped),
    input.from?.slice(0, 19).replace('T', ' ') ?? '-',
    input.to?.slice(0, 19).replace('T', ' ') ?? '-',
    input.clockOffsetMs === 0 ? '-' : `${input.clockOffsetMs > 0 ? '+' : ''}${(input.clockOffsetMs / 1000).toFixed(1)} s`,
    plain(input.path),
  ])
  const widths = COLUMNS.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const lines = [COLUMNS, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 2 || column === 3 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  const said = inputs.flatMap((input) => input.warnings.map((warning) => `${plain(input.path)}: ${plain(warning)}`))
  return [...lines, ...(said.length === 0 ? [] : ['', ...said])].join('\n')
}
