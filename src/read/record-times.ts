/**
 * The time of a log record as exporters write it: ISO 8601, seconds to nanoseconds since the epoch as number or text, and what the web pages
 * of Azure ('11/21/2026, 8:18:01.123 AM', month first) and Kibana ('Nov 21, 2026 @ 08:18:01.123') put into their files.
 */
import { found, readIso } from './stamps.js'

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

/** By its size: seconds until the year 5138, then milliseconds, microseconds, nanoseconds. */
const SECONDS_BELOW = 1e11
const MILLIS_BELOW = 1e14
const MICROS_BELOW = 1e17
/** Smaller figures are no time since the epoch: 26 April 1980. */
const OLDEST_SECONDS = 325_555_200

/** Milliseconds since the epoch of a plain number; NaN where it is none. Nanoseconds are more than a number holds: the figures are read apart. */
const readEpoch = (bytes: Buffer, start: number, end: number): number => {
  let whole = 0
  let figures = 0
  let at = start
  for (; at < end && isDigit(bytes[at]); at++) {
    // 16 figures (microseconds) fit; what comes after them only scales.
    if (figures < 16) whole = whole * 10 + (bytes[at] ?? 0) - 48
    figures++
  }
  if (figures < 9 || figures > 20) return NaN
  let fraction = 0
  if (bytes[at] === 46 && at < end) {
    let scale = 0.1
    for (at++; at < end && isDigit(bytes[at]); at++, scale /= 10) fraction += ((bytes[at] ?? 0) - 48) * scale
  }
  if (at !== end) return NaN
  const value = (whole + fraction) * 10 ** Math.max(0, figures - 16)
  if (value < OLDEST_SECONDS) return NaN
  const ms = value < SECONDS_BELOW ? value * 1000 : value < MILLIS_BELOW ? value : value < MICROS_BELOW ? value / 1e3 : value / 1e6
  return Math.round(ms * 1000) / 1000
}

const PORTAL = /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? (\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?: ([AP])M)?$/u
const KIBANA = /^([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) @ (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/u
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

const wall = (year: string, month: number, day: string, hours: number, minutes: string, seconds: string, fraction: string): number =>
  Date.UTC(Number(year), month - 1, Number(day), hours, Number(minutes), Number(seconds)) + Number(`0.${fraction === '' ? '0' : fraction}`) * 1000

/** Reads bytes[start, end), a value without quotes, into `found`; false where it is no time. A time without a zone is `zoneless`. */
export const readRecordTime = (bytes: Buffer, start: number, end: number, zoneless: 'utc' | 'local'): boolean => {
  if (end - start < 9 || end - start > 40) return false
  if (bytes[start + 4] === 45) {
    if (readIso(bytes, start, end) < 0) return false
    if (found.basis === 'local') found.basis = zoneless
    return true
  }
  const epoch = readEpoch(bytes, start, end)
  if (!Number.isNaN(epoch)) {
    found.ms = epoch
    found.basis = 'utc'
    return true
  }
  const text = bytes.toString('latin1', start, end)
  const portal = PORTAL.exec(text)
  if (portal !== null) {
    const [, month = '', day = '', year = '', hour = '', minutes = '', seconds = '', fraction = '', half] = portal
    const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === 'P' ? 12 : 0)
    found.ms = wall(year, Number(month), day, hours, minutes, seconds, fraction)
    found.basis = zoneless
    return true
  }
  const kibana = KIBANA.exec(text)
  if (kibana === null) return false
  const [, name = '', day = '', year = '', hour = '', minutes = '', seconds = '', fraction = ''] = kibana
  const month = MONTHS.indexOf(name)
  if (month < 0 || month % 3 !== 0) return false
  found.ms = wall(year, month / 3 + 1, day, Number(hour), minutes, seconds, fraction)
  found.basis = 'local'
  return true
}
