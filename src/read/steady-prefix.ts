/**
 * What stands before the payload in line after line of one process: 'Nov 21 08:18:01.887962 worker-1 kubelet[2296]: '. Learnt from a line that was
 * unwrapped, then compared byte by byte; only the minutes and what is below them may differ, so host, unit and the hour are those of that line.
 */
import type { Envelope, SteadyPrefix } from '../model/format.js'
import { fraction } from './stamps.js'

/** Longer ones are unwrapped each time. */
const MAX_PREFIX = 256
/** A stamp's minutes begin before this. */
const MAX_STAMP = 40
const COLON = 58
const HOUR_MS = 3_600_000
const NOTHING = Buffer.alloc(0)

export interface LearntPrefix extends SteadyPrefix {
  /** Whose lines they are. */
  readonly host: string | null
  /** Takes bytes[start, envelope.start) for what the lines to come begin with, if the last ones began with something else. */
  learn(bytes: Buffer, start: number, envelope: Envelope): void
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

const DIGITS = [0, 1, 3, 4, 6, 7]
/** Where mm:ss of the first hh:mm:ss begins; -1 where there is none. */
const minutesIn = (bytes: Buffer, start: number, end: number): number => {
  for (let at = start; at + 8 <= end; at++)
    if (bytes[at + 2] === COLON && bytes[at + 5] === COLON && DIGITS.every((digit) => isDigit(bytes[at + digit]))) return at + 3
  return -1
}

/** Seconds of the hour, of mm:ss at `at`. */
const secondsAt = (bytes: Buffer, at: number): number => {
  const [a = 0, b = 0, , c = 0, d = 0] = bytes.subarray(at, at + 5)
  return (a - 48) * 600 + (b - 48) * 60 + (c - 48) * 10 + d - 48
}

/** Nothing stands before the lines. */
export const noPrefix: SteadyPrefix = {
  length: 0,
  bytes: NOTHING,
  minutes: 0,
  digits: 0,
  perMicro: 1,
  hourMs: NaN,
  basis: 'utc',
  forget: () => undefined,
}

export const learntPrefix = (): LearntPrefix => {
  let stale = true
  const prefix = {
    length: 1, // not 0, which would be a prefix of its own
    bytes: NOTHING,
    minutes: 0,
    digits: 0,
    perMicro: 1,
    hourMs: NaN,
    basis: 'utc' as SteadyPrefix['basis'], // widened: any basis may follow
    host: null as string | null, // widened likewise
    forget(): void {
      stale = true
    },
    learn(bytes: Buffer, start: number, envelope: Envelope): void {
      if (!stale && envelope.ms >= prefix.hourMs && envelope.ms < prefix.hourMs + HOUR_MS) return
      const length = envelope.start - start
      prefix.hourMs = NaN
      const at = envelope.bytes === bytes && length <= MAX_PREFIX ? minutesIn(bytes, start, Math.min(envelope.start, start + MAX_STAMP)) : -1
      if (at < 0 || Number.isNaN(envelope.ms)) return
      let stop = at + 5
      if (bytes[stop] === 46 || bytes[stop] === 44) while (isDigit(bytes[stop + 1])) stop++
      const digits = stop - at - 5
      // Sixty seconds are a leap second, which counts into the next minute.
      if (digits > 9 || bytes[at + 3] === 54 || bytes[at] === 54) return
      // A copy of its own: whoever keeps it sees by it that nothing has changed.
      prefix.bytes = Buffer.from(bytes.subarray(start, envelope.start))
      prefix.minutes = at - start
      prefix.digits = digits
      prefix.perMicro = 10 ** (digits - 6)
      prefix.length = length
      prefix.hourMs = Math.round(envelope.ms - fraction(bytes, at + 5, envelope.start) - secondsAt(bytes, at) * 1000)
      prefix.basis = envelope.basis
      prefix.host = envelope.host
      stale = false
    },
  }
  return prefix
}
