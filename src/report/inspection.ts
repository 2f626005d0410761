/** What each input is and how it was read: the first thing to look at when a report surprises. As data, and as a table for a terminal. */
import type { Input } from '../model/analysis.js'
import type { Basis, InputExtract, Recognised } from '../model/extract.js'
import { plain } from './safe.js'

export interface Inspected extends Input, Recognised {
  readonly clock: {
    /** How its stamps are written: with an offset (utc), without zone (local), without year and zone (yearless), with an abbreviation (zone:CET), as an age (ago). */
    readonly stamps: readonly Basis[]
    /** What had to be assumed or corrected, and why. */
    readonly because: readonly string[]
  }
  /** What it says that means something: signals by kind, bursts counted in full. */
  readonly kinds: Readonly<Record<string, number>>
  readonly series: number
  readonly facts: number
}

/** `inputs` as the timeline describes them; both in any order. */
export const inspected = (extracts: readonly InputExtract[], inputs: readonly Input[]): readonly Inspected[] => {
  const byPath = new Map<string, InputExtract[]>()
  for (const extract of extracts) byPath.set(extract.path, [...(byPath.get(extract.path) ?? []), extract])
  return inputs.map((input) => {
    const extract = byPath.get(input.path)?.shift()
    const own = new Set(extract?.warnings)
    return {
      ...input,
      warnings: input.warnings.filter((warning) => own.has(warning)),
      sure: extract?.recognised?.sure ?? 0,
      clock: { stamps: extract?.spans.map(({ basis }) => basis) ?? [], because: input.warnings.filter((warning) => !own.has(warning)) },
      kinds: kindsOf(extract),
      series: extract?.series.length ?? 0,
      facts: extract?.facts.length ?? 0,
      firstSkipped: extract?.recognised?.firstSkipped ?? null,
    }
  })
}

const kindsOf = (extract: InputExtract | undefined): Readonly<Record<string, number>> => {
  const kinds = new Map<string, number>()
  for (const { kind, count } of extract?.signals ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + count)
  return Object.fromEntries([...kinds].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)))
}

const WIDTH = 100
const COLUMNS = ['what', 'sure', 'wrapped in', 'records', 'skipped', 'from (UTC)', 'to (UTC)'] as const
/** No name in the first columns takes more room; what is cut stands in full below. */
const MOST = [18, 4, 17, 9, 7, 19, 11] as const
const RIGHT: ReadonlySet<number> = new Set([1, 3, 4])

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
const time = (iso: string | null): string => iso?.slice(0, 19).replace('T', ' ') ?? '-'

/** The end of the same day as its clock alone, of another as month, day and clock. */
const until = ({ from, to }: Input): string => (to === null ? '-' : from?.slice(0, 10) === to.slice(0, 10) ? to.slice(11, 19) : time(to).slice(5, 16))

const cells = (input: Inspected): readonly string[] => [
  input.format,
  input.sure === 0 ? '-' : `${Math.round(input.sure * 100)} %`,
  input.wrapping.join(' ') || '-',
  String(input.records),
  String(input.skipped),
  time(input.from),
  until(input),
]

const STAMPS: Readonly<Record<string, string>> = {
  utc: 'with their offset',
  local: 'without a zone',
  yearless: 'without year and zone',
  ago: 'as ages',
}
const stampsOf = ({ clock }: Inspected): string => clock.stamps.map((basis) => STAMPS[basis] ?? `with ${basis.slice('zone:'.length)}`).join(' and ')

const offsetOf = ({ clockOffsetMs: ms }: Inspected): string => (ms === 0 ? '' : `, ${ms > 0 ? '+' : ''}${(ms / 1000).toFixed(1)} s added`)

/** What stands below an input's row, each with the word it begins with. */
const details = (input: Inspected): readonly (readonly [string, string])[] => {
  const said = Object.entries(input.kinds).map(([kind, count]) => `${kind} ${count}`)
  if (input.series > 0) said.push(`${input.series} series`)
  const { stamps, because } = input.clock
  const unsure = stamps.some((basis) => basis !== 'utc') || input.clockOffsetMs !== 0 || because.length > 0
  return [
    ...(input.format.length > MOST[0] ? [['what', input.format] as const] : []),
    ...(input.wrapping.join(' ').length > MOST[2] ? [['in', input.wrapping.join(', ')] as const] : []),
    ...(unsure ? [['clock', [`stamps ${stampsOf(input) || 'none'}${offsetOf(input)}`, ...because].join('; ')] as const] : []),
    ...(said.length > 0 ? [['says', said.join(', ')] as const] : []),
    ...input.warnings.map((warning) => ['note', warning] as const),
    ...(input.firstSkipped === null ? [] : [['line', `${input.firstSkipped.line}: ${input.firstSkipped.text}`] as const]),
  ]
}

const INDENT = 2
const LABEL = 7

/** Words over several lines, none wider than the table; a longer word is cut. */
const wrapped = (label: string, text: string): readonly string[] => {
  const room = WIDTH - INDENT - LABEL
  const lines: string[] = []
  let line = ''
  for (const word of plain(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = ''
    }
    line += `${line === '' ? '' : ' '}${cut(word, room)}`
  }
  lines.push(line)
  const shown = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), `${cut(lines[MOST_LINES - 1] ?? '', room - 1)}…`] : lines
  return shown.map((one, index) => `${' '.repeat(INDENT)}${(index === 0 ? label : '').padEnd(LABEL)}${one}`)
}
const MOST_LINES = 6

/** Two lines an input and what is to be said of it, at most 100 columns wide but for long paths. */
export const inspectionTable = (inputs: readonly Inspected[]): string => {
  const rows = inputs.map((input) => cells(input).map((cell, column) => cut(cell, MOST[column] ?? cell.length)))
  const widths = COLUMNS.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const rowOf = (row: readonly string[]): string =>
    row
      .map((cell, column) => (RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [
    rowOf(COLUMNS),
    ...inputs.flatMap((input, index) => [plain(input.path), rowOf(rows[index] ?? []), ...details(input).flatMap(([label, text]) => wrapped(label, text))]),
  ].join('\n')
}
