/**
 * Lines that tell one moment twice: `Nov 21 17:18:01 worker-1 containerd[812]: time="2026-11-21T08:18:01.887Z" …`. Where one of the two stamps has
 * an offset and the other none, their difference is the zone of the other, and of all the lines of the input that have only that one.
 */
import type { Basis, Fact } from '../model/extract.js'
import type { Envelope } from '../model/format.js'
import { fields, scanJson, scanPlain } from '../../parsers/logfmt.js'
import { findStamp, readHeadStamp, readStamp } from '../../parsers/text-stamps.js'
import { found, PLACEHOLDER_YEAR } from './stamps.js'

/** Every line is looked at until so many, then one in as many; in a log of so many lines, which has been what it is for long, one in more of them. */
const EACH = 256
const LONG = 65_536
const SELDOM = 2_048
/** Offsets are quarters of an hour; a line is passed on within seconds, and a stamp of whole seconds is up to one early. */
const QUARTER_MS = 900_000
const LATE_MS = 5_000
/** From UTC-12 to UTC+14. */
const WEST = -12 * 60
const EAST = 14 * 60
/** So many lines have to agree, and so many of those that differ by whole quarters of an hour. */
const MIN_LINES = 3
const MIN_SHARE = 0.8
/** Around a change of the clock the two stretches of wall time may overlap by an hour. */
const HOUR_MS = 3_600_000
/** A line's beginning is enough to find its stamps. */
const MOST_BYTES = 2_048

interface Seen {
  lines: number
  first: number
  last: number
}

export interface TwoStamps {
  /** Call it for each line, with what is around it. */
  line(bytes: Buffer, start: number, end: number, envelope: Envelope | null): void
  /** How many lines come before the next one that is looked at … */
  unlooked(): number
  /** … and that so many of them came. */
  passed(count: number): void
  /** What was seen, as facts; `warn` is told where two clocks without a zone run beside each other. */
  facts(warn: (message: string) => void): readonly Fact[]
}

interface Moment {
  ms: number
  basis: Basis | null
}

/** The stamp of an application's own fields (time=, "ts":), in `found`. */
const readField = (bytes: Buffer, start: number, end: number): boolean => {
  if (bytes[start] === 123) scanJson(bytes, start, end)
  else scanPlain(bytes, start, end)
  const { time } = fields
  return time.start >= 0 && readStamp(bytes, time.start, time.end) >= 0
}

/** Wall-clock milliseconds minus the moment, in the calendar of the year that yearless stamps are taken in. */
const difference = (wall: number, basis: Basis, utc: number): number => {
  if (basis !== 'yearless') return wall - utc
  const at = new Date(utc)
  const apart = wall - at.setUTCFullYear(PLACEHOLDER_YEAR)
  const year = 366 * 86_400_000
  return apart > year / 2 ? apart - year : apart < -year / 2 ? apart + year : apart
}

/** Minutes that two clocks are apart, where that is whole quarters of an hour; NaN else. */
const quarters = (apart: number): number => {
  const minutes = Math.round(apart / QUARTER_MS) * 15
  return Math.abs(apart - minutes * 60_000) <= LATE_MS && minutes >= WEST && minutes <= EAST ? minutes : NaN
}

export const twoStamps = (): TwoStamps => {
  let lines = 0
  const byBasis = new Map<Basis, Map<number, Seen>>()
  /** Of two stamps that both tell no zone. */
  const beside = new Map<number, number>()
  const outer: Moment = { ms: NaN, basis: null }
  const inner: Moment = { ms: NaN, basis: null }

  const pair = (wall: Moment, sure: Moment): void => {
    if (wall.basis === null) return
    const minutes = quarters(difference(wall.ms, wall.basis, sure.ms))
    if (Number.isNaN(minutes)) return
    let known = byBasis.get(wall.basis)
    if (known === undefined) byBasis.set(wall.basis, (known = new Map<number, Seen>()))
    const seen = known.get(minutes)
    if (seen === undefined) known.set(minutes, { lines: 1, first: wall.ms, last: wall.ms })
    else {
      seen.lines++
      if (wall.ms < seen.first) seen.first = wall.ms
      if (wall.ms > seen.last) seen.last = wall.ms
    }
  }

  const compare = (): void => {
    if (outer.basis === null || inner.basis === null) return
    if (inner.basis === 'utc') {
      if (outer.basis !== 'utc') pair(outer, inner)
    } else if (outer.basis === 'utc') pair(inner, outer)
    else if (outer.basis === inner.basis) {
      const minutes = quarters(inner.ms - outer.ms)
      if (!Number.isNaN(minutes)) beside.set(minutes, (beside.get(minutes) ?? 0) + 1)
    }
  }

  const step = (): number => (lines < LONG ? EACH : SELDOM)

  return {
    line(bytes, start, whole, envelope) {
      if (++lines > EACH && lines % step() !== 0) return
      const end = Math.min(whole, start + MOST_BYTES)
      let from = start
      let stop = bytes[start] === 123 ? -1 : readHeadStamp(bytes, start, end)
      if (envelope !== null && !Number.isNaN(envelope.ms)) {
        outer.ms = envelope.ms
        outer.basis = envelope.basis
      } else {
        // Nothing around the line: its first stamp is the outer one.
        if (stop < 0) return
        outer.ms = found.ms
        outer.basis = found.basis
        from = stop
        while (from < end && (bytes[from] === 32 || bytes[from] === 93 || bytes[from] === 124)) from++
        stop = readHeadStamp(bytes, from, end)
      }
      if (stop < 0 && !readField(bytes, from, end) && (bytes[from] === 123 || findStamp(bytes, from, end) < 0)) return
      inner.ms = found.ms
      inner.basis = found.basis
      compare()
    },
    unlooked: () => (lines < EACH ? 0 : step() - 1 - (lines % step())),
    passed(count) {
      lines += count
    },
    facts(warn) {
      const facts: Fact[] = []
      for (const [basis, offsets] of byBasis) {
        let all = 0
        for (const { lines: agreeing } of offsets.values()) all += agreeing
        // Two where the clock was changed on the way: each has a stretch of its own.
        const [most, other] = [...offsets].sort(([a, x], [b, y]) => y.lines - x.lines || a - b)
        const taken = [most, other].filter((one): one is [number, Seen] => one !== undefined && one[1].lines >= MIN_LINES)
        const told = taken.reduce((sum, [, seen]) => sum + seen.lines, 0)
        if (told < all * MIN_SHARE) continue
        const [a, b] = taken
        const apart = a === undefined || b === undefined || a[1].last <= b[1].first + HOUR_MS || b[1].last <= a[1].first + HOUR_MS
        const sure = apart ? taken : taken.filter((one) => one[1].lines >= all * MIN_SHARE)
        for (const [minutes, { lines: seen, first, last }] of sure.sort(([, x], [, y]) => x.first - y.first))
          facts.push({ fact: 'zone', basis, minutes, lines: seen, first, last })
      }
      const [apart, agreeing] = [...beside].sort(([a, x], [b, y]) => y - x || a - b)[0] ?? [0, 0]
      if (apart !== 0 && agreeing >= MIN_LINES)
        warn(
          `its lines have two stamps without a zone, the inner one ${Math.abs(apart) / 60} h ${apart < 0 ? 'behind' : 'ahead of'} the outer one, which is used: at least one of them is not UTC (--timezone says which zone the outer one is in)`,
        )
      return facts
    },
  }
}
