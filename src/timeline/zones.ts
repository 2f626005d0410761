/** Zones: what an abbreviation can mean, and the offset of an IANA zone at a moment. */
import { tzOffset } from '@date-fns/tz'

const HOUR = 60
/**
 * Offsets in minutes east of UTC that an abbreviation stands for; several where it is ambiguous.
 * From the IANA time zone database (northamerica, europe, asia, australasia).
 */
const ABBREVIATIONS: Readonly<Record<string, readonly number[]>> = {
  WET: [0],
  WEST: [HOUR],
  CET: [HOUR],
  CEST: [2 * HOUR],
  EET: [2 * HOUR],
  EEST: [3 * HOUR],
  MSK: [3 * HOUR],
  MSD: [4 * HOUR],
  BST: [HOUR, 6 * HOUR],
  IST: [330, 2 * HOUR, HOUR],
  IDT: [3 * HOUR],
  EST: [-5 * HOUR, 10 * HOUR],
  EDT: [-4 * HOUR],
  CST: [-6 * HOUR, 8 * HOUR, -5 * HOUR],
  CDT: [-5 * HOUR, -4 * HOUR],
  MST: [-7 * HOUR, 8 * HOUR],
  MDT: [-6 * HOUR],
  PST: [-8 * HOUR, 8 * HOUR],
  PDT: [-7 * HOUR],
  AKST: [-9 * HOUR],
  AKDT: [-8 * HOUR],
  HST: [-10 * HOUR],
  JST: [9 * HOUR],
  KST: [9 * HOUR],
  SGT: [8 * HOUR],
  HKT: [8 * HOUR],
  PHT: [8 * HOUR],
  WIB: [7 * HOUR],
  WITA: [8 * HOUR],
  WIT: [9 * HOUR],
  ICT: [7 * HOUR],
  PKT: [5 * HOUR],
  NPT: [345],
  AEST: [10 * HOUR],
  AEDT: [11 * HOUR],
  ACST: [570],
  ACDT: [630],
  AWST: [8 * HOUR],
  NZST: [12 * HOUR],
  NZDT: [13 * HOUR],
  SAST: [2 * HOUR],
  EAT: [3 * HOUR],
  WAT: [HOUR],
  CAT: [2 * HOUR],
  GST: [4 * HOUR],
  TRT: [3 * HOUR],
  BRT: [-3 * HOUR],
  BRST: [-2 * HOUR],
  ART: [-3 * HOUR],
  CLT: [-4 * HOUR],
  CLST: [-3 * HOUR],
  COT: [-5 * HOUR],
  PET: [-5 * HOUR],
  UYT: [-3 * HOUR],
  VET: [-4 * HOUR],
  NST: [-210],
  NDT: [-150],
  AST: [-4 * HOUR, 3 * HOUR],
  ADT: [-3 * HOUR],
}

/** Offsets in minutes that the abbreviation can stand for; empty where it is not known. */
export const offsetsOf = (abbreviation: string): readonly number[] => (Object.hasOwn(ABBREVIATIONS, abbreviation) ? (ABBREVIATIONS[abbreviation] ?? []) : [])

export const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) instanceof Intl.DateTimeFormat
  } catch {
    return false
  }
}

const DAY_MS = 86_400_000

/**
 * Wall-clock milliseconds (fields as if UTC) in an IANA zone, as milliseconds since the epoch. In a fold the first of the two
 * moments; in a gap as if the clock had not been put forward yet.
 */
export const fromZone = (wallMs: number, zone: string): number => {
  if (zone === 'UTC') return wallMs
  // A guess from the wall time itself falls on either side of a change, depending on the zone's sign: so ask well before and after it.
  const before = offsetAt(zone, wallMs - DAY_MS)
  const after = offsetAt(zone, wallMs + DAY_MS)
  const early = wallMs - before * 60_000
  if (before === after || offsetAt(zone, early) === before) return early
  const late = wallMs - after * 60_000
  return offsetAt(zone, late) === after ? late : early
}

/** The same, in a fold the second of the two moments. */
export const fromZoneAgain = (wallMs: number, zone: string): number => {
  if (zone === 'UTC') return wallMs
  const after = offsetAt(zone, wallMs + DAY_MS)
  const late = wallMs - after * 60_000
  return offsetAt(zone, late) === after ? late : fromZone(wallMs, zone)
}

/** Minutes east of UTC of an IANA zone at a moment. */
export const offsetAt = (zone: string, ms: number): number => tzOffset(zone, new Date(ms))

/** +05:30 of 330 minutes. */
export const signed = (minutes: number): string =>
  `${minutes < 0 ? '-' : '+'}${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`

/** What to say of wall-clock times between these two that the zone has twice or never; null where its clocks were not changed then. */
export const changeWithin = (zone: string, firstWallMs: number, lastWallMs: number): string | null => {
  if (lastWallMs - firstWallMs > 400 * DAY_MS) return null
  let before = offsetAt(zone, firstWallMs - HALF_DAY_MS)
  for (let at = firstWallMs - HALF_DAY_MS; at < lastWallMs + HALF_DAY_MS; at += HALF_DAY_MS) {
    const after = offsetAt(zone, at + HALF_DAY_MS)
    if (after === before) continue
    const change = changeBetween(zone, at, at + HALF_DAY_MS)
    const [low, high] = [change + Math.min(before, after) * 60_000, change + Math.max(before, after) * 60_000]
    if (low <= lastWallMs && high > firstWallMs) {
      const [from, to] = [new Date(low).toISOString(), new Date(high).toISOString()]
      const hours = `${from.slice(0, 16).replace('T', ' ')} to ${to.slice(11, 16)}`
      return after < before
        ? `the clocks of ${zone} were put back: times from ${hours} happened twice; they are read as the first of the two, and as the second where the log goes back`
        : `the clocks of ${zone} were put forward: there were no times from ${hours}; any are read as if they had not been yet`
    }
    before = after
  }
  return null
}
const HALF_DAY_MS = DAY_MS / 2

/** The moment between these two at which the zone's offset changes, to the second. */
const changeBetween = (zone: string, from: number, to: number): number => {
  const before = offsetAt(zone, from)
  let [low, high] = [from, to]
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(zone, middle) === before) low = middle
    else high = middle
  }
  return Math.round(high / 1_000) * 1_000
}
