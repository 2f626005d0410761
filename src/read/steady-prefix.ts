/**
 * What stands before the payload in line after line of one process: 'Nov 21 08:18:01.887962 worker-1 kubelet[2296]: '. Learnt from a line that was
 * unwrapped, then compared four bytes at a time; only the seconds may differ, so host, unit and the minute are those of that line.
 */
import type { Envelope, SteadyPrefix } from '../model/format.js'

/** Longer ones are unwrapped each time. */
const MAX_PREFIX = 256
/** A stamp's seconds begin before this. */
const MAX_STAMP = 40
const COLON = 58

export interface LearntPrefix extends SteadyPrefix {
  /** Whose lines they are. */
  readonly host: string | null
  /** Takes bytes[start, envelope.start) for what the lines to come begin with, if the last ones began with something else. */
  learn(bytes: Buffer, start: number, envelope: Envelope): void
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

const DIGITS = [0, 1, 3, 4, 6, 7]
/** Where ss of the first hh:mm:ss begins; -1 where there is none. */
const secondsIn = (bytes: Buffer, start: number, end: number): number => {
  for (let at = start; at + 8 <= end; at++)
    if (bytes[at + 2] === COLON && bytes[at + 5] === COLON && DIGITS.every((digit) => isDigit(bytes[at + digit]))) return at + 6
  return -1
}

/** Nothing stands before the lines. */
export const noPrefix: SteadyPrefix = { length: 0, minuteMs: NaN, basis: 'utc', milliseconds: () => -1 }

export const learntPrefix = (): LearntPrefix => {
  let known = Buffer.alloc(0)
  let words = new Int32Array(0)
  /** Where the seconds begin, where their digits end, and where the words of what follows them begin: each word of `words` stands at one of `places`. */
  let places = new Int32Array(0)
  let seconds = 0
  let digitsEnd = 0
  let scale = 1
  let stale = true

  const prefix = {
    length: 1, // not 0, which would be a prefix of its own
    minuteMs: NaN,
    basis: 'utc' as SteadyPrefix['basis'], // widened: any basis may follow
    host: null as string | null, // widened likewise
    milliseconds(bytes: Buffer, view: DataView, start: number): number {
      for (let index = 0; index < words.length; index++) {
        if (view.getInt32(start + (places[index] ?? 0), true) !== words[index]) {
          stale = true
          return -1
        }
      }
      const at = start + seconds
      let value = (bytes[at] ?? 0) - 48
      if (value < 0 || value > 5) return -1
      for (let next = at + 1; next < start + digitsEnd; next++) {
        if (next === at + 2) continue // the point
        const digit = (bytes[next] ?? 0) - 48
        if (digit < 0 || digit > 9) return -1
        value = value * 10 + digit
      }
      return value * scale
    },
    learn(bytes: Buffer, start: number, envelope: Envelope): void {
      if (!stale && envelope.ms >= prefix.minuteMs && envelope.ms < prefix.minuteMs + 60_000) return
      const length = envelope.start - start
      prefix.minuteMs = NaN
      const at = envelope.bytes === bytes && length <= MAX_PREFIX ? secondsIn(bytes, start, Math.min(envelope.start, start + MAX_STAMP)) : -1
      if (at < start + 4 || Number.isNaN(envelope.ms)) return
      const minuteMs = Math.floor(envelope.ms / 60_000) * 60_000
      // A leap second is told apart here, too.
      if (Math.floor((envelope.ms - minuteMs) / 1000) !== Number(bytes.toString('latin1', at, at + 2))) return
      let stop = at + 2
      if (bytes[stop] === 46 || bytes[stop] === 44) while (isDigit(bytes[stop + 1])) stop++
      if (stop > at + 2) stop++
      if (stop > at + 12 || envelope.start - stop < 4) return
      known = Buffer.from(bytes.subarray(start, envelope.start))
      seconds = at - start
      digitsEnd = stop - start
      scale = 1000 / 10 ** Math.max(0, stop - at - 3)
      places = Int32Array.from([...wordPlaces(0, seconds), ...wordPlaces(digitsEnd, length)])
      words = places.map((place) => known.readInt32LE(place))
      prefix.length = length
      prefix.minuteMs = minuteMs
      prefix.basis = envelope.basis
      prefix.host = envelope.host
      stale = false
    },
  }
  return prefix
}

/** Words that cover [start, end), which is no shorter than one; the last one may overlap. From the end on: pids differ before hosts do. */
const wordPlaces = (start: number, end: number): readonly number[] => {
  const places: number[] = []
  for (let at = end - 4; at > start; at -= 4) places.push(at)
  return [...places, start]
}
