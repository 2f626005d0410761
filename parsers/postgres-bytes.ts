/** Decisions about Postgres records from their bytes, so that most lines are never decoded. */
import type { Basis } from '../src/model/extract.js'
import { found, readIso } from '../src/read/stamps.js'

/** What a LOG message can mean, from its first bytes. Other severities are always looked at. */
export const NOTHING = 0
export const DURATION = 1
export const AUTHORIZED = 2
export const DISCONNECTION = 3
export const SOMETHING = 4
/** A lock that is waited for, in words that come once. */
export const WAIT = 5

const nothing = (text: string): readonly [string, number] => [text, NOTHING]
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

export const startsWith = (bytes: Buffer, at: number, end: number, needle: Uint8Array): boolean => {
  if (end - at < needle.length) return false
  for (let index = 0; index < needle.length; index++) if (bytes[at + index] !== needle[index]) return false
  return true
}

const DURATION_IS = ascii('duration: ')
const SLEEP = ascii('sleep')
/** What LOG messages begin with, and mean; the first that fits: what is written all day and says nothing about an outage, logged statements and audits first of all. */
export const LOOKS: readonly (readonly [string, number])[] = [
  ['duration: ', DURATION],
  ['disconnection: ', DISCONNECTION],
  ['connection authorized', AUTHORIZED],
  ['replication connection authorized', AUTHORIZED],
  ...['automatic analyze', 'bind ', 'checkpoint ', 'connection ', 'configuration ', 'execute ', 'ending log output', 'fastpath '].map(nothing),
  ...['incomplete startup packet', 'parse ', 'restored log file', 'redo ', 'recovery restart', 'restartpoint', 'recovering prepared', 'redirecting log'].map(
    nothing,
  ),
  // Of roles and databases: what a client may do changes with their settings, limits and passwords.
  ['statement: ALTER', SOMETHING],
  ['statement: alter', SOMETHING],
  ...['statement: ', 'skipping ', 'AUDIT: '].map(nothing),
  ['process ', WAIT],
]
/** By their first letter. */
const BY_LETTER: readonly (readonly { readonly bytes: Uint8Array; readonly meaning: number }[])[] = Array.from({ length: 256 }, (_, letter) =>
  LOOKS.filter(([text]) => text.charCodeAt(0) === letter).map(([text, meaning]) => ({ bytes: ascii(text), meaning })),
)

/** What the message of a LOG record at `at` can mean. */
export const lookAt = (bytes: Buffer, at: number, end: number): number => {
  const texts = BY_LETTER[bytes[at] ?? 0]
  if (texts !== undefined) for (const text of texts) if (startsWith(bytes, at, end, text.bytes)) return text.meaning
  return SOMETHING
}

/** The milliseconds of 'duration: 804.741 ms' at `at`; NaN where there is no number. */
export const readDuration = (bytes: Buffer, at: number, end: number): number => {
  let value = 0
  let scale = 0
  let next = at + DURATION_IS.length
  const from = next
  for (; next < end; next++) {
    const byte = bytes[next] ?? 0
    if (byte >= 48 && byte <= 57) {
      value = value * 10 + byte - 48
      scale *= 10
    } else if (byte === 46 && scale === 0) scale = 1
    else break
  }
  if (next === from) return NaN
  return scale > 1 ? value / scale : value
}

/** Whether bytes[start, end) calls pg_sleep: a statement that sleeps is as slow as it was told to be. */
export const sleeps = (bytes: Buffer, start: number, end: number): boolean => {
  for (let at = start + 2; at < end; at++)
    if (bytes[at] === 95 && bytes[at - 1] === 103 && bytes[at - 2] === 112 && startsWith(bytes, at + 1, end, SLEEP)) return true
  return false
}

/** A whole number at `at`, ending where the digits end; -1 where there is none. */
export const readNumber = (bytes: Buffer, at: number, end: number): number => {
  let value = -1
  for (let next = at; next < end; next++) {
    const digit = (bytes[next] ?? 0) - 48
    if (digit < 0 || digit > 9 || value > 1e14) break
    value = (value < 0 ? 0 : value) * 10 + digit
  }
  return value
}

// The minute and the zone of the last stamp: consecutive lines share them, and reading a zone's name costs more than the rest of the line.
const minute = new Uint8Array(17)
let minuteMs = NaN
const zone = new Uint8Array(8)
let zoneLength = 0
let zoneBasis: Basis = 'utc'

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57
const isWord = (byte: number): boolean => isDigit(byte) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)

/** As readIso, faster where the minute and zone are the last stamp's. */
export const readStamp = (bytes: Buffer, at: number, end: number): number => {
  if (end - at < 19) return -1
  let same = !Number.isNaN(minuteMs)
  for (let index = 16; same && index >= 0; index--) same = bytes[at + index] === minute[index]
  if (!same) return remember(bytes, at, end)
  const tens = (bytes[at + 17] ?? 0) - 48
  const ones = (bytes[at + 18] ?? 0) - 48
  if (tens < 0 || tens > 5 || ones < 0 || ones > 9) return remember(bytes, at, end)
  let ms = (tens * 10 + ones) * 1000
  let next = at + 19
  if (bytes[next] === 46) {
    const a = (bytes[next + 1] ?? 0) - 48
    const b = (bytes[next + 2] ?? 0) - 48
    const c = (bytes[next + 3] ?? 0) - 48
    if (next + 4 >= end || a < 0 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9) return remember(bytes, at, end)
    ms += a * 100 + b * 10 + c
    next += 4
  }
  const stampEnd = next + zoneLength
  if (stampEnd > end) return remember(bytes, at, end)
  for (let index = 0; index < zoneLength; index++) if (bytes[next + index] !== zone[index]) return remember(bytes, at, end)
  // What follows must not go on as a zone or an offset would: '-03' is not '-03:30', 'CET:' of RDS is still CET.
  if (stampEnd < end) {
    const after = bytes[stampEnd] ?? 0
    if (isWord(after) || (after === 58 && isDigit(bytes[stampEnd - 1] ?? 0))) return remember(bytes, at, end)
  }
  found.ms = minuteMs + ms
  found.basis = zoneBasis
  return stampEnd
}

const remember = (bytes: Buffer, at: number, end: number): number => {
  minuteMs = NaN
  const stampEnd = readIso(bytes, at, end)
  if (stampEnd < 0) return -1
  let zoneAt = at + 19
  if (bytes[zoneAt] === 46 || bytes[zoneAt] === 44) {
    zoneAt++
    while (zoneAt < stampEnd && isDigit(bytes[zoneAt] ?? 0)) zoneAt++
  }
  zoneLength = stampEnd - zoneAt
  // Without a zone each line is asked anew: the next one might have one.
  if (zoneLength < 2 || zoneLength > zone.length || bytes[at + 13] !== 58) return stampEnd
  for (let index = 0; index < minute.length; index++) minute[index] = bytes[at + index] ?? 0
  for (let index = 0; index < zoneLength; index++) zone[index] = bytes[zoneAt + index] ?? 0
  const seconds = ((bytes[at + 17] ?? 0) - 48) * 10 + (bytes[at + 18] ?? 0) - 48
  minuteMs = Math.floor((found.ms - seconds * 1000) / 60_000) * 60_000 // a zone's offset is in whole minutes
  zoneBasis = found.basis
  return stampEnd
}

const SLOTS = 4096

/**
 * What bytes mean, made once for the many lines that have the same bytes: names in a prefix, sessions, databases. A fixed number of slots,
 * found by two hashes (64 bits together: two different texts of one input do not meet); a newer text takes an older one's slot.
 */
export const remembering = <T>(make: (bytes: Buffer, start: number, end: number) => T): ((bytes: Buffer, start: number, end: number) => T) => {
  const ones = new Int32Array(SLOTS)
  const twos = new Int32Array(SLOTS)
  const values = new Array<T | undefined>(SLOTS).fill(undefined)
  return (bytes, start, end) => {
    let one = 0x811c9dc5 | 0
    let two = end - start
    let at = start
    for (; at + 4 <= end; at += 4) {
      const word = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
      one = Math.imul(one ^ word, 0x9e3779b1)
      one ^= one >>> 15
      two = (Math.imul(two, 0x85ebca6b) + word) | 0
      two ^= two >>> 13
    }
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0
      one = Math.imul(one ^ byte, 0x01000193)
      two = (Math.imul(two, 31) + byte) | 0
    }
    const slot = (one ^ (one >>> 15)) & (SLOTS - 1)
    const known = values[slot]
    if (known !== undefined && ones[slot] === one && twos[slot] === two) return known
    ones[slot] = one
    twos[slot] = two
    return (values[slot] = make(bytes, start, end))
  }
}

/** The text of bytes[start, end), decoded once for many lines: for short fields with few values, a database's name. */
export const shared = remembering((bytes, start, end) => bytes.toString('utf8', start, end))
