/**
 * Cells of a table of metrics: where they are cut, and what times and values they hold. Tables come from Grafana ("Download CSV"), InfluxDB,
 * spreadsheets and scripts, so times and numbers are written in many ways; values are returned in base units (bytes, seconds, a share of 1).
 */
import type { Stamp } from '../src/model/extract.js'
import { stampOf, utc } from '../src/read/stamps.js'

/** The cells of a line; doubled quotes within quotes stand for one. Linear. */
export const cellsOf = (line: string, delimiter: string): string[] => {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim())
  const cells: string[] = []
  let at = 0
  for (;;) {
    while (line[at] === ' ') at++
    if (line[at] === '"') {
      let text = ''
      at++
      for (;;) {
        const quote = line.indexOf('"', at)
        if (quote < 0) return [...cells, text + line.slice(at)]
        text += line.slice(at, quote)
        at = quote + 1
        if (line[at] !== '"') break
        text += '"'
        at++
      }
      cells.push(text.trim())
      at = line.indexOf(delimiter, at)
    } else {
      const end = line.indexOf(delimiter, at)
      cells.push(line.slice(at, end < 0 ? undefined : end).trim())
      at = end
    }
    if (at < 0) return cells
    at++
  }
}

/** Of the characters that may part cells, the one that stands most often outside of quotes; null where none does. */
export const delimiterOf = (line: string): string | null => {
  let best: string | null = null
  let most = 0
  for (const delimiter of ['\t', ';', ',', '|']) {
    let count = 0
    let quoted = false
    for (const char of line.slice(0, 65_536)) {
      if (char === '"') quoted = !quoted
      else if (char === delimiter && !quoted) count++
    }
    if (count > most) {
      most = count
      best = delimiter
    }
  }
  return best
}

const EPOCH = /^\d{9,19}(?:\.\d{1,9})?$/u
const ISO_MINUTES = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d$/u
const SLASHES = /^(\d{1,2})([/.])(\d{1,2})[/.](\d{4}),? +(\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp][Mm])?)$/u
const WORDS = /^[A-Za-z]{3,9} \d{1,2},? \d{4},? \d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp][Mm])?$/u
const SECONDS_BELOW = 1e11
const MS_BELOW = 1e14
const US_BELOW = 1e17

export interface TimeStyle {
  /** 21/11/2026: seen once, it holds for all of the table. */
  dayFirst: boolean
  /** 3/4/2026 was read without knowing. */
  guessed: boolean
}

/** An epoch in s, ms, µs or ns by its magnitude, ISO 8601, or a local date as spreadsheets write it; null where the cell is no time. */
export const timeOf = (cell: string, style: TimeStyle): Stamp | null => {
  if (EPOCH.test(cell)) {
    const value = Number(cell)
    return utc(Math.round(value < SECONDS_BELOW ? value * 1000 : value < MS_BELOW ? value : value < US_BELOW ? value / 1e3 : value / 1e6))
  }
  if (cell.length < 12 || cell.length > 40) return null
  const iso = stampOf(ISO_MINUTES.test(cell) ? `${cell}:00` : cell)
  if (iso !== null) return iso
  const slashes = SLASHES.exec(cell)
  if (slashes !== null) {
    const [, first = '', separator, second = '', year = '', clock = ''] = slashes
    // 21.11.2026 is always day first.
    if (Number(first) > 12 || separator === '.') style.dayFirst = true
    else if (Number(second) <= 12 && !style.dayFirst && !/m$/iu.test(clock)) style.guessed = true
    const [day, month] = style.dayFirst ? [first, second] : [second, first]
    return local(`${month}/${day}/${year} ${clock.replace(/(\d)([AaPp])/u, '$1 $2')}`)
  }
  return WORDS.test(cell) ? local(cell) : null
}

const local = (text: string): Stamp | null => {
  const ms = Date.parse(`${text} UTC`)
  return Number.isNaN(ms) ? null : { ms, basis: 'local' }
}

const NUMBER = /^([-+]?[\d.,]{1,40}(?:[eE][-+]?\d{1,3})?) ?([^\d\s].{0,20})?$/u
const NOTHING = /^(?:|-|n\/?a|nan|null|nil|none|undefined|no data)$/iu

const KIB = 1024
/** As Grafana and others write units, and what they are of the base unit; lower case where the case does not matter. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['%', 0.01],
  ['percent', 0.01],
  ['b', 1],
  ['bytes', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
  ['kib', KIB],
  ['mib', KIB ** 2],
  ['gib', KIB ** 3],
  ['tib', KIB ** 4],
  ['ki', KIB],
  ['mi', KIB ** 2],
  ['gi', KIB ** 3],
  ['ti', KIB ** 4],
  ['ns', 1e-9],
  ['us', 1e-6],
  ['µs', 1e-6],
  ['μs', 1e-6],
  ['ms', 1e-3],
  ['s', 1],
  ['sec', 1],
  ['secs', 1],
  ['seconds', 1],
  ['min', 60],
  ['mins', 60],
  ['minutes', 60],
  ['hour', 3_600],
  ['hours', 3_600],
  ['day', 86_400],
  ['days', 86_400],
  ['week', 604_800],
  ['weeks', 604_800],
  ['k', 1e3],
  ['mil', 1e6],
  ['bil', 1e9],
  ['tri', 1e12],
])

/** The number in a cell, in its base unit; NaN where the cell is empty or says that there is none; null where it is something else. */
export const valueOf = (cell: string, delimiter: string): number | null => {
  if (NOTHING.test(cell)) return NaN
  const match = NUMBER.exec(cell)
  if (match === null) {
    if (/^[-+]?inf(?:inity)?$|^[-+]?∞$/iu.test(cell)) return cell.startsWith('-') ? -Infinity : Infinity
    return cell === 'true' ? 1 : cell === 'false' ? 0 : null
  }
  const [, digits = '', unit] = match
  const value = Number(plain(digits, delimiter))
  if (Number.isNaN(value)) return null
  if (unit === undefined) return value
  const factor = factorOf(unit.trim())
  return factor === null ? null : Number((value * factor).toPrecision(15)) // 35 % is 0.35
}

/** 1,234.5 and, where cells are parted by semicolons, 35,2: the comma of a decimal. */
const plain = (digits: string, delimiter: string): string => {
  if (!digits.includes(',')) return digits
  if (/^[-+]?\d+,\d+$/u.test(digits) && (delimiter === ';' || !/^[-+]?\d{1,3},\d{3}$/u.test(digits))) return digits.replace(',', '.')
  return /^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/u.test(digits) ? digits.replaceAll(',', '') : digits
}

const factorOf = (unit: string): number | null => {
  // A bare M is a million, m a thousandth of a core.
  if (unit === 'M') return 1e6
  if (unit === 'G') return 1e9
  if (unit === 'm') return 1e-3
  const known = UNITS.get(unit.toLowerCase())
  if (known !== undefined) return known
  const perSecond = /^(.{0,8}?) ?(?:\/s|ps|\/sec)$/u.exec(unit)
  if (perSecond !== null) {
    const of = perSecond[1] ?? ''
    const bits = /^([kMGT]?)b$/u.exec(of) // bits: a lower-case b before "ps"
    if (bits !== null && unit.endsWith('ps')) return ({ '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }[bits[1] ?? ''] ?? 1) / 8
    return UNITS.get(of.toLowerCase()) ?? 1 // 'req/s', 'ops/s'
  }
  return /^(?:rps|ops|iops|reqps|cps|wps|rpm|req|cores?|cpus?|conns?|connections|°c|w|v)$/iu.test(unit) ? 1 : null
}
