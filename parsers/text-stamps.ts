/**
 * Times as applications write them, found at a line's beginning or, where a format puts words before it, a little later.
 * https://docs.oracle.com/javase/8/docs/api/java/text/SimpleDateFormat.html · https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
 */
import { found, PLACEHOLDER_YEAR, readIso, readKlogTime, readMonthDay } from '../src/read/stamps.js'
import type { Basis } from '../src/model/extract.js'

const digit = (bytes: Buffer, at: number): number => {
  const value = (bytes[at] ?? 0) - 48
  return value >= 0 && value <= 9 ? value : -1
}

const two = (bytes: Buffer, at: number): number => {
  const tens = digit(bytes, at)
  const ones = digit(bytes, at + 1)
  return tens < 0 || ones < 0 ? -1 : tens * 10 + ones
}

const four = (bytes: Buffer, at: number): number => {
  const high = two(bytes, at)
  const low = two(bytes, at + 2)
  return high < 0 || low < 0 ? -1 : high * 100 + low
}

/** A stamp in the order of readIso's, so that one place reads clock, fraction and zone. */
const scratch = Buffer.alloc(64, 32)
const DATE_BYTES = 11
let scratchDate = -1

/** Reads yyyy-mm-dd with the clock, fraction and zone that stand at `clock`. Returns where they end. */
const readWith = (year: number, month: number, day: number, bytes: Buffer, clock: number, end: number): number => {
  if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return -1
  const take = Math.min(40, end - clock)
  if (take < 8 || bytes[clock + 2] !== 58) return -1
  const date = (year * 16 + month) * 32 + day
  if (date !== scratchDate) {
    scratchDate = date
    scratch.write(`${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}T`, 0, 'latin1')
  }
  for (let at = 0; at < take; at++) scratch[DATE_BYTES + at] = bytes[clock + at] ?? 32
  // readIso may look a few bytes beyond the end; they must not be the last stamp's.
  for (let at = take; at < take + 8; at++) scratch[DATE_BYTES + at] = 32
  const stop = readIso(scratch, 0, DATE_BYTES + take)
  return stop < 0 ? -1 : clock + stop - DATE_BYTES
}

const MONTHS: ReadonlyMap<number, number> = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, index) => [
    (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2),
    index + 1,
  ]),
)

const monthAt = (bytes: Buffer, at: number): number =>
  MONTHS.get((((bytes[at] ?? 0) | 32) << 16) | (((bytes[at + 1] ?? 0) | 32) << 8) | ((bytes[at + 2] ?? 0) | 32)) ?? -1

/** 21/Nov/2026:08:18:01 +0000 (CLF) · 21 Nov 2026 08:18:01.123 (Redis) · 21-Nov-2026 08:18:01.123 (Tomcat, BIND) */
const readDayMonth = (bytes: Buffer, at: number, end: number): number => {
  const short = digit(bytes, at + 1) < 0
  const day = short ? digit(bytes, at) : two(bytes, at)
  const next = short ? at + 1 : at + 2
  const separator = bytes[next]
  if ((separator !== 47 && separator !== 32 && separator !== 45) || bytes[next + 4] !== separator) return -1
  const month = monthAt(bytes, next + 1)
  const year = four(bytes, next + 5)
  const between = bytes[next + 9]
  if (month < 0 || year < 0 || (between !== 58 && between !== 32 && between !== 84)) return -1
  return readWith(year, month, day, bytes, next + 10, end)
}

/** Nov 21, 2026 8:18:01 AM (java.util.logging). The hour may have one figure. */
const readAmPm = (bytes: Buffer, year: number, month: number, day: number, at: number, end: number): number => {
  const short = bytes[at + 1] === 58
  const hours = short ? digit(bytes, at) : two(bytes, at)
  const minutes = two(bytes, short ? at + 2 : at + 3)
  const seconds = two(bytes, short ? at + 5 : at + 6)
  const stop = short ? at + 7 : at + 8
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60 || stop > end) return -1
  const half = bytes[stop] === 32 && ((bytes[stop + 2] ?? 0) | 32) === 109 ? (bytes[stop + 1] ?? 0) | 32 : 0
  const past = half === 97 || half === 112
  found.ms = Date.UTC(year, month - 1, day, past ? (hours % 12) + (half === 112 ? 12 : 0) : hours, minutes, seconds)
  found.basis = 'local'
  return past ? stop + 3 : stop
}

/**
 * 11/21/2026 8:18:01 AM · 11/21/2026, 08:18:01.123 · 21/11/2026 08:18:01: with AM or PM the month is first, else a number above twelve tells which is
 * the day. Where none does, the stamp is left: a log read a month off is worse than one that is not placed.
 */
const readSlashed = (bytes: Buffer, at: number, end: number): number => {
  const short = bytes[at + 1] === 47
  const first = short ? digit(bytes, at) : two(bytes, at)
  const second = short ? at + 2 : at + 3
  const shorter = bytes[second + 1] === 47
  const other = shorter ? digit(bytes, second) : two(bytes, second)
  const slash = shorter ? second + 1 : second + 2
  const year = bytes[slash] === 47 ? four(bytes, slash + 1) : -1
  let clock = slash + 5
  if (bytes[clock] === 44) clock++
  if (first < 1 || other < 1 || year < 1970 || bytes[clock] !== 32 || clock + 8 > end) return -1
  clock++
  const stop = first <= 12 && other <= 31 ? readAmPm(bytes, year, first, other, clock, end) : -1
  if (stop >= 0 && ((bytes[stop - 1] ?? 0) | 32) === 109) return stop
  if (first > 12 && other <= 12) return readWith(year, other, first, bytes, clock, end)
  return first <= 12 && other > 12 ? readWith(year, first, other, bytes, clock, end) : -1
}

const isBreak = (byte: number | undefined): boolean =>
  byte === undefined || !((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte === 95)

/** Sat Nov 21 08:18:01.123 2026 · Wed May 19 08:00:01 EST 2021 · Nov 21 2026 08:18:01 · Nov 21, 2026 8:18:01 AM · Nov 21 08:18:01 */
const readMonthName = (bytes: Buffer, start: number, end: number): number => {
  let at = start
  if (bytes[at + 3] === 32 && monthAt(bytes, at) < 0 && monthAt(bytes, at + 4) > 0) at += 4
  const month = monthAt(bytes, at)
  if (month < 0 || bytes[at + 3] !== 32) return -1
  const stop = readMonthDay(bytes, at, end)
  if (stop >= 0) {
    let next = stop
    let zone: Basis = 'local'
    const ms = found.ms
    if (bytes[next] === 32 && four(bytes, next + 1) < 0) {
      // A zone may stand between clock and year.
      let word = next + 1
      while (word < end && word - next < 6 && (bytes[word] ?? 0) >= 65 && (bytes[word] ?? 0) <= 90) word++
      if (word > next + 2 && bytes[word] === 32 && four(bytes, word + 1) > 1969) {
        const name = bytes.toString('latin1', next + 1, word)
        zone = name === 'UTC' || name === 'GMT' ? 'utc' : `zone:${name}`
        next = word
      }
    }
    const year = bytes[next] === 32 && next + 5 <= end ? four(bytes, next + 1) : -1
    if (year > 1969 && year < 2200 && (next + 5 >= end || isBreak(bytes[next + 5]))) {
      const date = new Date(ms)
      found.ms = Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) + (ms - Date.UTC(PLACEHOLDER_YEAR, date.getUTCMonth(), date.getUTCDate()))
      found.basis = zone
      return next + 5
    }
    found.ms = ms
    found.basis = 'yearless'
    return stop
  }
  const short = digit(bytes, at + 5) < 0
  const day = bytes[at + 4] === 32 ? digit(bytes, at + 5) : short ? digit(bytes, at + 4) : two(bytes, at + 4)
  let next = bytes[at + 4] !== 32 && short ? at + 5 : at + 6
  if (bytes[next] === 44) next++
  const year = bytes[next] === 32 ? four(bytes, next + 1) : -1
  if (day < 1 || day > 31 || year < 1970 || bytes[next + 5] !== 32) return -1
  return readAmPm(bytes, year, month, day, next + 6, end)
}

const MIN_SECONDS = 631_152_000 // 1990
const MAX_SECONDS = 7_258_118_400 // 2200

/** Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their size, with or without a fraction. */
export const readEpoch = (bytes: Buffer, at: number, end: number): number => {
  let whole = 0
  let next = at
  for (let figure = digit(bytes, next); figure >= 0 && next < end && next - at < 20; figure = digit(bytes, ++next)) whole = whole * 10 + figure
  const figures = next - at
  if (figures < 9 || figures > 19) return -1
  let fraction = 0
  if (next < end && bytes[next] === 46 && digit(bytes, next + 1) >= 0) {
    let scale = 0.1
    next++
    for (let figure = digit(bytes, next); figure >= 0 && next < end; figure = digit(bytes, ++next)) {
      fraction += figure * scale
      scale /= 10
    }
  }
  const perSecond = figures <= 10 ? 1 : figures <= 13 ? 1e3 : figures <= 16 ? 1e6 : 1e9
  const seconds = whole / perSecond
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return -1
  found.ms = Math.round(((whole + fraction) * 1e6) / perSecond) / 1e3
  found.basis = 'utc'
  return next
}

const CLOCK_AT: readonly number[] = [2, 5]

/** 2026-11-21 08:18, 2026-11-21T08:18Z, 2026-11-21 08:18+01:00: a date and a clock without seconds. */
const readMinute = (bytes: Buffer, at: number, end: number): number => {
  const stop = at + 16
  const between = bytes[at + 10]
  if (stop > end || bytes[at + 7] !== bytes[at + 4] || bytes[at + 13] !== 58 || (between !== 32 && between !== 84)) return -1
  if (two(bytes, at + 11) < 0 || two(bytes, at + 14) < 0 || (stop < end && (bytes[stop] === 58 || digit(bytes, stop) >= 0))) return -1
  bytes.copy(minutes, 0, at, stop)
  minutes.write(':00', 16, 'latin1')
  const zone = Math.min(end, stop + 8)
  bytes.copy(minutes, 19, stop, zone)
  minutes.fill(32, 19 + zone - stop, 19 + zone - stop + 8)
  const read = readIso(minutes, 0, 19 + zone - stop)
  return read < 0 ? -1 : at + read - 3
}
const minutes = Buffer.alloc(64, 32)

/** The stamps that begin with a figure. */
const readFigures = (bytes: Buffer, at: number, end: number): number => {
  const fifth = bytes[at + 4]
  if (fifth === 45 || fifth === 47) {
    const iso = readIso(bytes, at, end)
    if (iso >= 0) return iso
    const minute = readMinute(bytes, at, end)
    if (minute >= 0) return minute
    // 2026-325T08:18:01 (day of the year, ISO 8601)
    const ofYear =
      fifth === 45 && bytes[at + 8] === 84 && two(bytes, at + 5) >= 0 && digit(bytes, at + 7) >= 0 ? two(bytes, at + 5) * 10 + digit(bytes, at + 7) : -1
    if (ofYear > 0 && ofYear <= 366) {
      const date = new Date(Date.UTC(four(bytes, at), 0, ofYear))
      return readWith(four(bytes, at), date.getUTCMonth() + 1, date.getUTCDate(), bytes, at + 9, end)
    }
    return -1
  }
  const third = bytes[at + 2]
  if (third === 47 && bytes[at + 5] === 47 && bytes[at + 8] === 32 && bytes[at + 11] === 58) {
    // 26/11/21 08:18:01 (Spark's log4j.properties)
    return readWith(2000 + two(bytes, at), two(bytes, at + 3), two(bytes, at + 6), bytes, at + 9, end)
  }
  if (third === 47 || bytes[at + 1] === 47) {
    const slashed = readSlashed(bytes, at, end)
    if (slashed >= 0) return slashed
  }
  if (third === 46 && bytes[at + 5] === 46 && bytes[at + 10] === 32)
    return readWith(four(bytes, at + 6), two(bytes, at + 3), two(bytes, at), bytes, at + 11, end)
  if (third === 32 || third === 47 || third === 45 || bytes[at + 1] === 32 || bytes[at + 1] === 47) {
    const named = readDayMonth(bytes, at, end)
    if (named >= 0) return named
  }
  const ninth = bytes[at + 8]
  if ((ninth === 32 || ninth === 84 || ninth === 45) && CLOCK_AT.every((colon) => bytes[at + 9 + colon] === 58)) {
    const joined = four(bytes, at) // 20261121 08:18:01
    const rest = four(bytes, at + 4)
    if (joined >= 0 && rest >= 0) return readWith(joined, Math.floor(rest / 100), rest % 100, bytes, at + 9, end)
  }
  const epoch = readEpoch(bytes, at, end)
  return epoch >= 0 && (epoch >= end || isBreak(bytes[epoch])) ? epoch : -1
}

/** The stamp that begins at `at`; -1 where none does. Sets `found`. */
export const readStamp = (bytes: Buffer, at: number, end: number): number => {
  const first = bytes[at] ?? 0
  if (first >= 48 && first <= 57) return readFigures(bytes, at, end)
  if (first < 65 || first > 122) return -1
  const second = bytes[at + 1] ?? 0
  if (second >= 48 && second <= 57) return readKlogTime(bytes, at + 1, end)
  return readMonthName(bytes, at, end)
}

/** The stamp at a line's beginning, behind blanks, brackets, a syslog priority: `[2026-11-21 …`, `<34>Nov 21 …`, `"2026-…`. */
export const readHeadStamp = (bytes: Buffer, start: number, end: number): number => {
  let at = start
  for (let step = 0; step < 3; step++) {
    const byte = bytes[at]
    if (byte === 60) {
      const close = bytes.indexOf(62, at)
      if (close < 0 || close - at > 4) return -1
      at = close + 1
      continue
    }
    if (byte !== 91 && byte !== 40 && byte !== 34) break
    at++
  }
  return readStamp(bytes, at, end)
}

const SEARCHED = 160

/** Where in a line a stamp begins that words stand before: `INFO 2026-11-21 …`, `10.0.0.1 - - [21/Nov/2026:…`; -1 for none. Sets `found`. */
export const findStamp = (bytes: Buffer, start: number, lineEnd: number): number => {
  const last = Math.min(lineEnd - 15, start + SEARCHED)
  for (let at = start + 1; at <= last; at++) {
    const before = bytes[at - 1]
    if (before !== 32 && before !== 91 && before !== 40 && before !== 9 && before !== 124 && before !== 34 && before !== 61) continue
    const first = bytes[at] ?? 0
    const figures = first >= 48 && first <= 57
    // An epoch in the middle of a line is a number like any other.
    if (
      figures
        ? (bytes[at + 4] === 45 || bytes[at + 4] === 47 || bytes[at + 2] === 47 || bytes[at + 2] === 32) && readFigures(bytes, at, lineEnd) >= 0
        : first >= 65 && first <= 90 && readMonthName(bytes, at, lineEnd) >= 0
    )
      return at
  }
  return -1
}
