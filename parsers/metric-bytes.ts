/**
 * Numbers and series names read from the bytes of a metrics export, without a string or an object per sample. Numbers are those of
 * Go's strconv.ParseFloat as Prometheus writes them: 12, 0.5, 1.5e+09, NaN, +Inf. Label values are escaped as in the exposition
 * format (\\ \" \n) or, in promtool's dumps, as Go's %q does (\x00, \u00e9 …).
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { decode } from '../src/read/text.js'

/** Where the last number or name read ends; -1 where there was none. */
export const scanned = { end: -1 }

const BLANK = 32
const TAB = 9
const QUOTE = 34
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125
const POINT = 46
const MINUS = 45
const PLUS = 43
/** No number is written with more characters. */
const MAX_NUMBER = 64
/** Integers below this are exact as doubles, and so are the powers of ten up to 10^22: their quotient is rounded once, as it should be. */
const EXACT = 2 ** 53
export const POWERS: readonly number[] = Array.from({ length: 23 }, (_, power) => 10 ** power)
const WRITTEN_OUT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u
const INFINITE = /^([+-]?)inf(?:inity)?$/iu

/** The number at `at`, up to a blank, quote, comma, bracket or the end. Sets scanned.end: -1 where it is no number. */
export const readNumber = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  const sign = bytes[next]
  if (sign === MINUS || sign === PLUS) next++
  const first = next
  let mantissa = 0
  let point = -1
  for (; next < end; next++) {
    const byte = bytes[next] ?? 0
    const digit = byte - 48
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit
    else if (byte === POINT && point < 0) point = next
    else break
  }
  const decimals = point < 0 ? 0 : next - point - 1
  if (next === first || (point >= 0 && next === first + 1) || mantissa >= EXACT || decimals > 22 || (next < end && !ends(bytes[next] ?? 0))) {
    return readOtherNumber(bytes, at, end)
  }
  scanned.end = next
  const value = decimals === 0 ? mantissa : mantissa / (POWERS[decimals] ?? 1)
  return sign === MINUS ? -value : value
}

/** A byte after which a number is over: blank, quote, comma, bracket. */
const ends = (byte: number): boolean => byte <= BLANK || byte === QUOTE || byte === 44 || byte === 93 || byte === CLOSE

const readOtherNumber = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  while (next < end && next - at <= MAX_NUMBER && !ends(bytes[next] ?? 0)) next++
  scanned.end = -1
  if (next === at || next - at > MAX_NUMBER) return NaN
  const written = bytes.toString('latin1', at, next)
  if (WRITTEN_OUT.test(written)) {
    scanned.end = next
    return Number(written)
  }
  const infinite = INFINITE.exec(written)
  if (infinite === null && !/^[+-]?nan$/iu.test(written)) return NaN
  scanned.end = next
  return infinite === null ? NaN : infinite[1] === '-' ? -Infinity : Infinity
}

const isNameStart = (byte: number): boolean => (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte === 95 || byte === 58
const isName = (byte: number): boolean => isNameStart(byte) || (byte >= 48 && byte <= 57)

/** Where `name`, `name{…}` or `{…}` at `at` ends; -1 where there is none. */
export const seriesEnd = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  if (isNameStart(bytes[next] ?? 0)) {
    while (next < end && isName(bytes[next] ?? 0)) next++
    let brace = next
    while (bytes[brace] === BLANK && brace < end) brace++
    if (brace >= end || bytes[brace] !== OPEN) return next
    next = brace
  } else if (bytes[next] !== OPEN) return -1
  let quoted = false
  for (next++; next < end; next++) {
    const byte = bytes[next]
    if (quoted) {
      if (byte === BACKSLASH) next++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === CLOSE) return next + 1
  }
  return -1
}

export const skipBlanks = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  while (next < end && (bytes[next] === BLANK || bytes[next] === TAB)) next++
  return next
}

export interface Selector {
  /** null where the series has no name, as an expression's result has none. */
  readonly name: string | null
  readonly labels: Readonly<Record<string, string>>
}

// A label: name="value", or a name in quotes; UTF-8 names stand alone in quotes: {"http.status", "a.b"="c"}.
const LABEL = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"=,{}]+))(?:\s*=\s*"((?:[^"\\]|\\.)*)"\s*|\s*)(,|$)/suy

/** name{label="value", …} as name and labels; null where the braces hold something else. */
export const parseSelector = (bytes: Buffer, start: number, end: number): Selector | null => {
  const text = decode(bytes, start, end)
  const brace = text.indexOf('{')
  if (brace < 0) return { name: text, labels: {} }
  if (!text.endsWith('}')) return null // cut by the limit of decode
  let name = brace > 0 ? text.slice(0, brace).trimEnd() : null
  const inside = text.slice(brace + 1, -1)
  const labels = new Map<string, string>()
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < inside.length) {
    const from = LABEL.lastIndex
    const label = LABEL.exec(inside)
    if (label === null) return inside.slice(from).trim() === '' ? selector(name, labels) : null
    const key = label[1] === undefined ? (label[2] ?? '') : unescape(label[1])
    if (label[3] !== undefined) labels.set(key, unescape(label[3]))
    else if (label[1] !== undefined && name === null) name = key
    else return null
  }
  return selector(name, labels)
}

const selector = (name: string | null, labels: Map<string, string>): Selector => {
  const named = name ?? labels.get('__name__') ?? null
  labels.delete('__name__')
  return { name: named, labels: Object.fromEntries(labels) } // fromEntries makes own properties, also of '__proto__'
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
])

const unescape = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gsu, (_, x?: string, u?: string, long?: string, other?: string) => {
        const code = x ?? u ?? long
        if (code === undefined) return ESCAPES.get(other ?? '') ?? other ?? ''
        const point = parseInt(code, 16)
        return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
      })
    : text
