/** The members of one JSON object, found in its bytes without building it: for envelopes, where one member of twenty matters. */

import { viewOf } from './json-shapes.js'

export type MemberVisitor = (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void

const QUOTE = 34
const BACKSLASH = 92

const skipBlanks = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  while (next < end && (bytes[next] === 32 || bytes[next] === 9 || bytes[next] === 13 || bytes[next] === 10)) next++
  return next
}

/** After the string that begins at `at` (its opening quote); -1 where it does not end. */
const afterString = (bytes: Buffer, at: number, end: number): number => {
  for (let next = at + 1; next < end; next++) {
    const byte = bytes[next]
    if (byte === BACKSLASH) next++
    else if (byte === QUOTE) return next + 1
  }
  return -1
}

const afterValue = (bytes: Buffer, at: number, end: number): number => {
  const first = bytes[at]
  if (first === QUOTE) return afterString(bytes, at, end)
  let depth = 0
  for (let next = at; next < end; next++) {
    const byte = bytes[next]
    if (byte === QUOTE) {
      next = afterString(bytes, next, end) - 1
      if (next < 0) return -1
    } else if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) {
      if (depth === 0) return next
      depth--
      if (depth === 0) return next + 1
    } else if (depth === 0 && (byte === 44 || byte === 32)) return next
  }
  return -1
}

/** Visits each member of the object in bytes[start, end). A string's value includes its quotes. False: no whole object. */
export const eachMember = (bytes: Buffer, start: number, end: number, visit: MemberVisitor): boolean => {
  let at = skipBlanks(bytes, start, end)
  if (bytes[at] !== 123 || at >= end) return false
  at = skipBlanks(bytes, at + 1, end)
  while (at < end && bytes[at] === QUOTE) {
    const keyEnd = afterString(bytes, at, end)
    if (keyEnd < 0) return false
    const colon = skipBlanks(bytes, keyEnd, end)
    if (bytes[colon] !== 58 || colon >= end) return false
    const value = skipBlanks(bytes, colon + 1, end)
    const valueEnd = value < end ? afterValue(bytes, value, end) : -1
    if (valueEnd < 0) return false
    visit(at + 1, keyEnd - 1, value, valueEnd)
    at = skipBlanks(bytes, valueEnd, end)
    if (bytes[at] === 44) at = skipBlanks(bytes, at + 1, end)
  }
  return at < end && bytes[at] === 125
}

/** A string's bytes: where nothing is escaped the line's own, else the scratch, good until the next call. */
export interface StringBytes {
  bytes: Buffer
  start: number
  end: number
}

/** Reads JSON strings (given with their quotes) into one view and one scratch buffer, both used again and again. */
export const stringReader = (): ((bytes: Buffer, start: number, end: number) => StringBytes) => {
  let scratch = Buffer.alloc(4_096)
  const view: StringBytes = { bytes: scratch, start: 0, end: 0 }
  let written = { bytes: scratch, view: new DataView(scratch.buffer, scratch.byteOffset, scratch.length) }
  return (bytes, start, end) => {
    let at = start + 1
    const stop = end - 1
    const on = viewOf(bytes)
    while (at + 4 <= stop && !hasBackslash(on.getInt32(at, true))) at += 4
    while (at < stop && bytes[at] !== BACKSLASH) at++
    view.bytes = bytes
    view.start = start + 1
    view.end = stop
    if (at >= stop) return view
    if (scratch.length < end - start) scratch = Buffer.alloc((end - start) * 2) // escapes are never shorter than what they mean
    let to = bytes.copy(scratch, 0, start + 1, at)
    if (scratch !== written.bytes) written = { bytes: scratch, view: new DataView(scratch.buffer, scratch.byteOffset, scratch.length) }
    while (at < stop) {
      while (at + 4 <= stop) {
        const four = on.getInt32(at, true)
        if (hasBackslash(four)) break
        written.view.setInt32(to, four, true)
        at += 4
        to += 4
      }
      if (at >= stop) break
      const byte = bytes[at++] ?? 0
      if (byte !== BACKSLASH) {
        scratch[to++] = byte
        continue
      }
      const escaped = bytes[at++] ?? 0
      if (escaped !== 117) {
        scratch[to++] = escaped === QUOTE ? QUOTE : (PLAIN.get(escaped) ?? escaped)
        continue
      }
      let code = hex(bytes, at, stop)
      at += 4
      if (code >= 0xd800 && code < 0xdc00 && bytes[at] === BACKSLASH && bytes[at + 1] === 117) {
        const low = hex(bytes, at + 2, stop)
        if (low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
          at += 6
        }
      }
      // A lone half of a pair means nothing; neither does what is not four hexadecimal digits.
      const lone = code < 0 || (code >= 0xd800 && code < 0xe000)
      to += code >= 0 && code < 0x80 ? ((scratch[to] = code), 1) : scratch.write(String.fromCodePoint(lone ? 0xfffd : code), to)
    }
    view.bytes = scratch
    view.start = 0
    view.end = to
    return view
  }
}

/** Whether one of these four bytes is a backslash. */
const hasBackslash = (four: number): boolean => {
  const other = four ^ 0x5c5c5c5c // it is 0 here
  return ((other - 0x01010101) & ~other & 0x80808080) !== 0
}

const PLAIN: ReadonlyMap<number, number> = new Map([
  [110, 10],
  [116, 9],
  [114, 13],
  [98, 8],
  [102, 12],
])

/** Four hexadecimal digits; -1 where they are not. */
const hex = (bytes: Buffer, at: number, end: number): number => {
  if (at + 4 > end) return -1
  let value = 0
  for (let next = at; next < at + 4; next++) {
    const byte = bytes[next] ?? 0
    const digit = byte >= 48 && byte <= 57 ? byte - 48 : (byte | 32) >= 97 && (byte | 32) <= 102 ? (byte | 32) - 87 : -1
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

export const parsed = (bytes: Buffer, start: number, end: number): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8', start, end))
  } catch {
    return undefined
  }
}

/** A whole number, written as such or in quotes; NaN where there is none. */
export const wholeNumber = (bytes: Buffer, start: number, end: number): number => {
  const quoted = bytes[start] === QUOTE ? 1 : 0
  let value = 0
  if (end - start - 2 * quoted < 1 || end - start > 20) return NaN
  for (let at = start + quoted; at < end - quoted; at++) {
    const digit = (bytes[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return value
}
