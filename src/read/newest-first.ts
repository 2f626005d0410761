/**
 * Logs that run backwards (journalctl -r, Loki, web consoles): told by their first stamps, and turned around before anybody reads them, so that
 * pairs, traces and states come in the order in which they happened.
 */
import { readHeadStamp } from '../../parsers/text-stamps.js'
import { readRecordTime } from './record-times.js'
import { found } from './stamps.js'

/** Turned around in blocks of this size: memory stays bounded, and only where two blocks meet the order is broken. */
const BLOCK_BYTES = 64 << 20
const PAGE_BYTES = 1 << 20

/** A first look at a time anywhere at the beginning of a line; only for the direction. NaN where there is none. */
export const glimpse = (line: string): number => {
  const bytes = Buffer.from(line.slice(0, 2_000))
  if (bytes[0] === 123) {
    const value = /"(?:ts|time|timestamp|@timestamp|log_time|date)":\s*"?([^",}]{9,40})/u.exec(line.slice(0, 2_000))?.[1]
    if (value === undefined) return NaN
    const stamp = Buffer.from(value)
    return readRecordTime(stamp, 0, stamp.length, 'utc') ? found.ms : NaN
  }
  return readHeadStamp(bytes, 0, bytes.length) >= 0 ? found.ms : NaN
}

/** More than this is no step between two lines but another clock, or New Year. */
const MAX_STEP_MS = 40 * 86_400_000

export const runsBackwards = (times: readonly number[]): boolean => {
  let back = 0
  let forth = 0
  let last = NaN
  for (const time of times) {
    if (Number.isNaN(time)) continue
    if (time < last && last - time < MAX_STEP_MS) back++
    else if (time > last && time - last < MAX_STEP_MS) forth++
    last = time
  }
  return back >= 2 && forth * 10 <= back
}

export interface Turner {
  add(bytes: Buffer, start: number, end: number, line: number): void
  end(): void
}

/**
 * Keeps records and gives them in the opposite order. `belongs`: a line that goes with the one above it stays below it.
 * `line` of what is given is where it stands in the input.
 */
export const turnAround = (
  give: (bytes: Buffer, start: number, end: number, line: number) => void,
  belongs: (bytes: Buffer, start: number, end: number) => boolean,
  blockBytes = BLOCK_BYTES,
): Turner => {
  let pages: Buffer[] = []
  let page = Buffer.alloc(0)
  let used = 0
  let total = 0
  let places: number[] = [] // page, start, end, line, and 1 where it belongs to the one above

  const flush = (): void => {
    let last = places.length
    for (let at = places.length - 5; at >= 0; at -= 5) {
      if (places[at + 4] === 1 && at > 0) continue
      for (let one = at; one < last; one += 5) give(pages[places[one] ?? 0] ?? page, places[one + 1] ?? 0, places[one + 2] ?? 0, places[one + 3] ?? 0)
      last = at
    }
    pages = []
    page = Buffer.alloc(0)
    used = 0
    total = 0
    places = []
  }

  return {
    add(bytes, start, end, line) {
      const length = end - start
      const attached = belongs(bytes, start, end)
      if (total + length > blockBytes && !attached) flush()
      if (used + length > page.length) {
        page = Buffer.allocUnsafe(Math.max(PAGE_BYTES, length))
        pages.push(page)
        used = 0
      }
      bytes.copy(page, used, start, end)
      places.push(pages.length - 1, used, used + length, line, attached ? 1 : 0)
      used += length
      total += length
    },
    end: flush,
  }
}
