/**
 * The records that are counted and not told, line after line: durations, connections, and what says nothing. As long as they have the minute and the
 * prefix of the one before, with the pid in brackets behind the time ('%m [%p] …', what most servers use), they are read from a few bytes each.
 *
 *     2026-11-21 08:28:22.058 UTC [28565] billing_sync@shop LOG:  duration: 804.741 ms  statement: SELECT …
 *     ^ the minute      ^ seconds    ^ pid   ^ names         ^ the first colon behind them
 */
import type { Basis } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { AUTHORIZED, DISCONNECTION, DURATION, lookAt, NOTHING, readDuration } from './postgres-bytes.js'
import { namesIn } from './postgres-prefix.js'
import type { PostgresServer } from './postgres-server.js'

const TAB = 9
const NEWLINE = 10
const RETURN = 13
const BLANK = 32
const QUOTE = 34
const POINT = 46
const COLON = 58
const OPEN = 91
const CLOSE = 93
/** Where seconds stand in a stamp. */
const SECONDS = 17
/** The zone and what stands around it: ' +03:30 ['. */
const MAX_ZONE = 12
const MAX_NAMES = 200
/** Longer lines are read one by one. */
const MAX_LINE = 65_536
/** A line has to be longer than the head that is looked at without asking for its end. */
const MIN_LINE = 64

export interface SteadyRecords {
  /** A record whose time stands at bytes[start] was read. */
  learn(bytes: Buffer, start: number, ms: number, basis: Basis, pid: number): void
  /** As LineReader's; `continued`: lines that begin with a tab go on with what nobody waits for. */
  pass(bytes: Buffer, view: DataView, start: number, limit: number, most: number, continued: boolean): number
}

interface Waiting {
  /** A record of this process waits for what belongs to it. */
  has(pid: number): boolean
}

/** `longest` is told of the statement that may be the longest so far: bytes[at, end) is its first line. */
export const steadyRecords = (
  sink: Sink,
  server: PostgresServer,
  held: Waiting,
  longest: (bytes: Buffer, at: number, end: number, ms: number, basis: Basis, milliseconds: number, database: string) => void,
): SteadyRecords => {
  const words = new Int32Array(4)
  const zone = new Uint8Array(MAX_ZONE)
  let zoneLength = 0
  let fraction = 0
  const minute = new Float64Array(1)
  let basis: Basis = 'utc'
  let known = false

  const isZone = (bytes: Buffer, at: number): boolean => {
    for (let index = 0; index < zoneLength; index++) if (bytes[at + index] !== zone[index]) return false
    return true
  }

  return {
    learn(bytes, start, ms, on, pid) {
      if (known || bytes[start + 13] !== COLON || bytes[start + 16] !== COLON || bytes[start + SECONDS] === 54) return
      const seconds = twoDigits(bytes, start + SECONDS)
      let at = start + SECONDS + 2
      let milliseconds = 0
      if (bytes[at] === POINT) {
        milliseconds = threeDigits(bytes, at + 1)
        at += 4
      }
      if (seconds < 0 || milliseconds < 0 || isDigit(bytes[at])) return
      fraction = at - start - SECONDS - 2
      zoneLength = 0
      while (zoneLength < MAX_ZONE && bytes[at] !== OPEN) zone[zoneLength++] = bytes[at++] ?? 0
      if (zoneLength === 0 || zoneLength === MAX_ZONE || Number.parseInt(bytes.toString('latin1', at + 1, at + 12), 10) !== pid) return
      zone[zoneLength++] = OPEN
      for (let word = 0; word < 4; word++) words[word] = bytes.readInt32LE(start + 4 * word)
      minute[0] = ms - seconds * 1000 - milliseconds
      basis = on
      known = true
    },
    pass(bytes, view, start, limit, most, continued) {
      if (!known) return start
      const [word0 = 0, word1 = 0, word2 = 0, word3 = 0] = words
      const base = minute[0] ?? 0
      let free = continued
      let uncounted = 0
      let next = start
      for (let line = 0; line < most && next < limit; line++) {
        if (bytes[next] === TAB) {
          if (!free) break
          next = bytes.indexOf(NEWLINE, next) + 1 // there is one before the limit
          uncounted++
          continue
        }
        if (next + MIN_LINE > limit) break
        if (
          view.getInt32(next, true) !== word0 ||
          view.getInt32(next + 4, true) !== word1 ||
          view.getInt32(next + 8, true) !== word2 ||
          view.getInt32(next + 12, true) !== word3 ||
          bytes[next + 16] !== COLON
        ) {
          known = false
          break
        }
        const seconds = twoDigits(bytes, next + SECONDS)
        let at = next + SECONDS + 2
        let ms = base + seconds * 1000
        if (fraction > 0) {
          const milliseconds = bytes[at] === POINT ? threeDigits(bytes, at + 1) : -1
          if (milliseconds < 0) break
          ms += milliseconds
          at += 4
        }
        if (seconds < 0 || seconds > 59 || !isZone(bytes, at)) break
        at += zoneLength
        let pid = 0
        const digits = at
        for (let digit = (bytes[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (bytes[++at] ?? 0) - 48) pid = pid * 10 + digit
        if (at === digits || at > digits + 9 || bytes[at] !== CLOSE || bytes[at + 1] !== BLANK) break
        const close = at
        const colon = colonAt(bytes, close + 2)
        if (colon < 0 || !isLog(bytes, colon)) break
        const message = colon + 3
        const newline = bytes.indexOf(NEWLINE, message)
        if (newline < 0 || newline >= limit || newline - next > MAX_LINE) break
        const end = bytes[newline - 1] === RETURN ? newline - 1 : newline
        const meaning = lookAt(bytes, message, end)
        if ((meaning !== NOTHING && meaning !== DURATION && meaning !== DISCONNECTION && meaning !== AUTHORIZED) || held.has(pid)) break
        sink.passed(uncounted + 1, 0)
        uncounted = 0
        next = newline + 1
        free = true
        sink.record(ms, basis)
        if (meaning === DISCONNECTION) server.disconnected(ms, pid)
        else if (meaning === AUTHORIZED) server.authorized(ms, basis, pid, bytes, message, end)
        else if (meaning === DURATION) {
          const milliseconds = readDuration(bytes, message, end)
          if (Number.isNaN(milliseconds)) continue
          // 'LOG' alone behind the pid: nobody is named.
          const database = (colon - close < 7 ? '' : namesIn(bytes, close + 1, colon - 3).database) || server.sessionOf(pid).database
          if (!server.statement(ms, basis, milliseconds, database)) continue
          longest(bytes, message, end, ms, basis, milliseconds, database)
          break // the lines that go on with it may say that it was told to sleep
        }
      }
      if (uncounted > 0) sink.passed(uncounted, 0)
      return next
    },
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

const twoDigits = (bytes: Buffer, at: number): number =>
  isDigit(bytes[at]) && isDigit(bytes[at + 1]) ? (bytes[at] ?? 0) * 10 + (bytes[at + 1] ?? 0) - 528 : -1

const threeDigits = (bytes: Buffer, at: number): number => {
  const tens = twoDigits(bytes, at)
  return tens >= 0 && isDigit(bytes[at + 2]) ? tens * 10 + (bytes[at + 2] ?? 0) - 48 : -1
}

/** The first colon; -1 where something comes before it that no name holds. */
const colonAt = (bytes: Buffer, start: number): number => {
  for (let at = start; at < start + MAX_NAMES; at++) {
    const byte = bytes[at]
    if (byte === COLON) return at
    if (byte === QUOTE || byte === OPEN || byte === NEWLINE || byte === undefined) return -1
  }
  return -1
}

/** ' LOG:  ' */
const isLog = (bytes: Buffer, colon: number): boolean =>
  bytes[colon + 1] === BLANK &&
  bytes[colon + 2] === BLANK &&
  bytes[colon - 1] === 71 &&
  bytes[colon - 2] === 79 &&
  bytes[colon - 3] === 76 &&
  bytes[colon - 4] === BLANK
