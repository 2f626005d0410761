/**
 * Times read from bytes, without a string or an object per line: the readers set `found` and return where the stamp ends,
 * or -1 where there is none.
 */
import type { Basis, Stamp } from '../model/extract.js'
import type { Envelope } from '../model/format.js'

/** What the last successful reader found. Copy it before reading the next stamp. */
export const found: { ms: number; basis: Basis } = { ms: 0, basis: 'utc' }

const ZERO = 48
const DAY = 86_400_000
/** Stamps without a year are taken in this leap year, so that 29 February exists. */
export const PLACEHOLDER_YEAR = 1972

const digit = (bytes: Buffer, at: number): number => {
  const value = (bytes[at] ?? 0) - ZERO
  return value >= 0 && value <= 9 ? value : -1
}

const twoDigits = (bytes: Buffer, at: number): number => {
  const tens = digit(bytes, at)
  const ones = digit(bytes, at + 1)
  return tens < 0 || ones < 0 ? -1 : tens * 10 + ones
}

let cachedKey = -1
let cachedDay = 0
/** Milliseconds at the start of a day; consecutive lines share their day, so the last one is kept. */
const dayStart = (year: number, month: number, day: number): number => {
  const key = (year * 16 + month) * 32 + day
  if (key !== cachedKey) {
    cachedKey = key
    cachedDay = Date.UTC(year, month - 1, day)
  }
  return cachedDay
}

let fractionEnd = 0
/** A fraction of a second after '.' or ',' at `at`, in milliseconds; sets fractionEnd. */
export const fraction = (bytes: Buffer, at: number, end: number): number => {
  fractionEnd = at
  if (at >= end || (bytes[at] !== 46 && bytes[at] !== 44)) return 0
  let scale = 100
  let ms = 0
  let next = at + 1
  for (let value = digit(bytes, next); value >= 0 && next < end; value = digit(bytes, ++next)) {
    ms += value * scale
    scale /= 10
  }
  if (next === at + 1) return 0
  fractionEnd = next
  return Math.round(ms * 1000) / 1000
}

/** hh:mm:ss at `at`, in milliseconds; -1 where there is none. A leap second counts as the next. */
const clock = (bytes: Buffer, at: number): number => {
  if (bytes[at + 2] !== 58 || bytes[at + 5] !== 58) return -1
  const hours = twoDigits(bytes, at)
  const minutes = twoDigits(bytes, at + 3)
  const seconds = twoDigits(bytes, at + 6)
  if (hours < 0 || hours > 24 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return -1
  return ((hours * 60 + minutes) * 60 + seconds) * 1000
}

/**
 * 2026-11-21T08:18:01.887Z · 2026-11-21 08:18:01,887962+00:00 · 2026-11-21 09:23:19 CET · 2026/11/21 08:18:01
 * Without a zone the basis is local; with an abbreviation other than UTC, GMT and Z it is zone:<abbreviation>.
 */
export const readIso = (bytes: Buffer, at: number, end: number): number => {
  if (end - at < 19) return -1
  const separator = bytes[at + 4]
  if ((separator !== 45 && separator !== 47) || bytes[at + 7] !== separator) return -1
  const century = twoDigits(bytes, at)
  const years = twoDigits(bytes, at + 2)
  const month = twoDigits(bytes, at + 5)
  const day = twoDigits(bytes, at + 8)
  if (century < 0 || years < 0 || month < 1 || month > 12 || day < 1 || day > 31) return -1
  const between = bytes[at + 10]
  if (between !== 84 && between !== 32 && between !== 116) return -1
  const time = clock(bytes, at + 11)
  if (time < 0) return -1
  found.ms = dayStart(century * 100 + years, month, day) + time + fraction(bytes, at + 19, end)
  return readZone(bytes, fractionEnd, end)
}

/** The zone after a wall-clock stamp: Z, ±hh[[:]mm], or an abbreviation after one blank. Changes `found`. */
const readZone = (bytes: Buffer, at: number, end: number): number => {
  found.basis = 'local'
  if (at >= end) return at
  const first = bytes[at]
  if (first === 90 || first === 122) {
    found.basis = 'utc'
    return at + 1
  }
  const sign = first === 32 && at + 1 < end ? bytes[at + 1] : first
  const from = sign === first ? at : at + 1
  if (sign === 43 || sign === 45) {
    const hours = twoDigits(bytes, from + 1)
    if (hours < 0 || hours > 15) return at
    let next = from + 3
    let minutes = 0
    if (bytes[next] === 58) {
      // '-03:10.0.0.7(51234):' is RDS's '%t:%r:' in a zone of whole hours: offsets have quarters of an hour, and no dot or digit follows.
      const quarter = twoDigits(bytes, next + 1)
      if (quarter >= 0 && quarter % 15 === 0 && bytes[next + 3] !== 46 && digit(bytes, next + 3) < 0) {
        minutes = quarter
        next += 3
      }
    } else if (twoDigits(bytes, next) >= 0) {
      minutes = twoDigits(bytes, next)
      next += 2
    }
    if (digit(bytes, next) >= 0) return at // a number that goes on is no offset: '… -1234567'
    found.ms -= (sign === 43 ? 1 : -1) * (hours * 60 + minutes) * 60_000
    found.basis = 'utc'
    return next
  }
  if (first !== 32) return at
  let next = at + 1
  while (next < end && next - at < 7 && isUpper(bytes[next])) next++
  const length = next - at - 1
  const after = next < end ? bytes[next] : 32
  if (length < 2 || length > 5 || isWord(after)) return at
  const zone = bytes.toString('latin1', at + 1, next)
  if (!ZONE_NAMES.has(zone)) return at
  found.basis = zone === 'UTC' || zone === 'GMT' || zone === 'UCT' ? 'utc' : `zone:${zone}`
  return next
}

const isUpper = (byte: number | undefined): boolean => byte !== undefined && byte >= 65 && byte <= 90
const isWord = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte === 95)

/** Abbreviations that logs carry after a stamp; 'LOG', 'INFO' and 'ERROR' are words of the line, not zones. */
const ZONE_NAMES: ReadonlySet<string> = new Set(
  (
    'UTC GMT UCT WET WEST CET CEST EET EEST MSK MSD BST IST IDT EST EDT CST CDT MST MDT PST PDT AKST AKDT HST ' +
    'JST KST SGT HKT PHT WIB WITA WIT ICT PKT NPT AEST AEDT ACST ACDT AWST NZST NZDT SAST EAT WAT CAT GST TRT ' +
    'BRT BRST ART CLT CLST COT PET UYT VET NST NDT AST ADT'
  ).split(' '),
)

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH_OF_BYTES: ReadonlyMap<number, number> = new Map(
  MONTHS.map((name, index) => [(name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2), index + 1]),
)

/** Nov 21 08:18:01[.887962] (syslog, journald short): yearless, in the zone of whoever wrote it. */
export const readMonthDay = (bytes: Buffer, at: number, end: number): number => {
  if (end - at < 15 || bytes[at + 3] !== 32 || bytes[at + 6] !== 32) return -1
  const month = MONTH_OF_BYTES.get(((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0))
  if (month === undefined) return -1
  const day = bytes[at + 4] === 32 ? digit(bytes, at + 5) : twoDigits(bytes, at + 4)
  const time = clock(bytes, at + 7)
  if (day < 1 || day > 31 || time < 0) return -1
  found.ms = dayStart(PLACEHOLDER_YEAR, month, day) + time + fraction(bytes, at + 15, end)
  found.basis = 'yearless'
  return fractionEnd
}

/** 1121 08:18:09.874226 (klog, after its severity letter): yearless. */
export const readKlogTime = (bytes: Buffer, at: number, end: number): number => {
  if (end - at < 20 || bytes[at + 4] !== 32) return -1
  const month = twoDigits(bytes, at)
  const day = twoDigits(bytes, at + 2)
  const time = clock(bytes, at + 5)
  if (month < 1 || month > 12 || day < 1 || day > 31 || time < 0 || bytes[at + 13] !== 46) return -1
  found.ms = dayStart(PLACEHOLDER_YEAR, month, day) + time + fraction(bytes, at + 13, end)
  found.basis = 'yearless'
  return fractionEnd
}

/** A stamp in a string, for records that are decoded anyway; null where there is none. */
export const stampOf = (text: string): Stamp | null => {
  const bytes = Buffer.from(text, 'latin1')
  return readIso(bytes, 0, bytes.length) < 0 ? null : { ms: found.ms, basis: found.basis }
}

export const utc = (ms: number): Stamp => ({ ms, basis: 'utc' })

const told = (basis: Basis): number => (basis === 'utc' ? 3 : basis.startsWith('zone:') ? 2 : basis === 'local' ? 1 : 0)

/**
 * Of the line's own stamp (in `found`) and its envelope's, leaves in `found` the one that tells more; of two equal ones the
 * envelope's, which all lines of the input share, unless both show the same clock: then the line's, which is finer.
 */
export const preferEnvelope = (envelope: Envelope | null): void => {
  if (envelope === null || Number.isNaN(envelope.ms)) return
  const inner = told(found.basis)
  const outer = told(envelope.basis)
  if (outer < inner || (outer === inner && Math.abs(envelope.ms - found.ms) < 2_000)) return
  found.ms = envelope.ms
  found.basis = envelope.basis
}

/** A whole number of days, for the roll over New Year of yearless stamps: from one leap year to the next. */
export const ROLL_MS = 1461 * DAY
