/**
 * The lines between those that matter: a kubelet's log is nine tenths and more of them. As long as a line is of the same minute, process and wrapping as
 * the one before and no anchor knows its message, it is counted and no more; three words of four bytes tell the minute.
 *
 *     I1121 08:18:09.874226    2296 kubelet.go:2426] "SyncLoop UPDATE" source="api" pods=["shop/web-1"]
 *      ^^^^ ^^^^ ^^           ^^^^^                  ^ the minute, the process, the message
 */
import type { Sink, SteadyPrefix } from '../src/model/format.js'
import { meaningAt, wordAt, type Anchors } from './klog-anchors.js'
import type { Meaning } from './klog.js'

/** Where klog's header has its parts, counted from the severity: glog's fixed columns, as every klog writes them for pids of up to 7 digits. */
const SECONDS = 12
const PID = 21
const SOURCE = 30
/** A longer source is none. */
const MAX_SOURCE = 200
/** Longer lines are read one by one. */
const MAX_LINE = 65_536
/** Longer steps may be a silence, which somebody wants to know of. */
const MAX_STEP_MS = 29_000
/** Minutes that no seconds bring together: the stamps are of two clocks. */
const SURELY_APART_MS = 120_000

const INFO = 73
const BLANK = 32
const DOT = 46
const NEWLINE = 10
const RETURN = 13
const QUOTE = 34

const ONES = 0x01010101
const HIGHS = 0x80808080 | 0
const BRACKETS = 0x5d5d5d5d
const BLANKS = 0x20202020

export interface Steady {
  /** A line that says nothing was read: its header begins at bytes[start], its source at bytes[source], it was written at `ownMs`. Those after it may be as it is. */
  learn(bytes: Buffer, start: number, source: number, ownMs: number): void
  /** The last record's time. */
  at(ms: number): void
  /** As LineReader's. The last of the lines is given back to be read as any other, so that it leaves its time and what is around it to those that follow. */
  pass(bytes: Buffer, view: DataView, start: number, limit: number, most: number, prefix: SteadyPrefix): number
}

/** Whose seconds say when the line was written: its own, those of its wrapping, or its own as long as the wrapping's are about the same. See preferEnvelope. */
type Whose = 'own' | 'wrapping' | 'own if near' | 'nobody'
const whoseTime = (ownMinute: number, { length, minuteMs, basis }: SteadyPrefix): Whose => {
  if (length === 0) return 'own'
  if (Number.isNaN(minuteMs)) return 'nobody'
  if (basis !== 'yearless') return 'wrapping'
  return minuteMs === ownMinute ? 'own if near' : Math.abs(minuteMs - ownMinute) >= SURELY_APART_MS ? 'wrapping' : 'nobody'
}

/** `skim`: whether a meaning is content with the bytes; see Meaning. */
export const steadyLines = (
  sink: Sink,
  anchors: Anchors,
  skim: (meaning: Meaning, bytes: Buffer, message: number, end: number, ms: number) => boolean,
): Steady => {
  /** The minute's bytes from 1, 5 and 7 on, the process' from PID on. */
  const words = new Int32Array(5)
  /** When the minute begins by the lines' own stamps, and when the last record was written. */
  const times = new Float64Array(2)
  let known = false

  return {
    learn(bytes, start, source, ownMs) {
      // :60 is a leap second, which counts into the next minute.
      if (known || source !== start + SOURCE || bytes[start + SECONDS] === 54) return
      known = true
      words[0] = wordAt(bytes, start + 1)
      words[1] = wordAt(bytes, start + 5)
      words[2] = wordAt(bytes, start + 7)
      words[3] = wordAt(bytes, start + PID)
      words[4] = wordAt(bytes, start + PID + 4)
      times[0] = Math.floor(ownMs / 60_000) * 60_000
    },
    at(ms) {
      times[1] = ms
    },
    pass(bytes, view, start, limit, most, prefix) {
      if (!known) return start
      const own = times[0] ?? 0
      const whose = whoseTime(own, prefix)
      if (whose === 'nobody') return start
      const base = whose === 'wrapping' ? prefix.minuteMs : own
      const { length } = prefix
      const [minute0 = 0, minute1 = 0, minute2 = 0, pid0 = 0, pid1 = 0] = words
      let last = (times[1] ?? 0) - base + 0.001 // what is no later than the last record is not passed over
      let count = 0
      let here = start
      let next = start
      while (count <= most) {
        const line = next + length
        if (line + SOURCE + 8 > limit || bytes[line] !== INFO) break
        if (
          view.getInt32(line + 1, true) !== minute0 ||
          view.getInt32(line + 5, true) !== minute1 ||
          view.getInt32(line + 7, true) !== minute2 ||
          view.getInt32(line + PID, true) !== pid0 ||
          view.getInt32(line + PID + 4, true) !== pid1 ||
          bytes[line + SOURCE - 1] !== BLANK
        ) {
          known = false
          break
        }
        const micros = secondsAt(bytes, line + SECONDS)
        if (micros < 0) break
        let ms = micros / 1000
        if (length > 0) {
          const around = prefix.milliseconds(bytes, view, next)
          if (around < 0) break
          if (whose === 'wrapping') ms = around
          else if (Math.abs(Math.floor(around / 1000) - Math.floor(ms / 1000)) > 1) break
        }
        if (!(ms >= last) || ms - last >= MAX_STEP_MS) break
        const newline = bytes.indexOf(NEWLINE, line + SOURCE)
        if (newline < 0 || newline >= limit || newline - next > MAX_LINE) break
        const bracket = bracketAt(bytes, view, line + SOURCE, Math.min(newline, line + SOURCE + MAX_SOURCE))
        if (bracket < 0) break
        let message = bytes[bracket + 1] === BLANK ? bracket + 2 : bracket + 1
        if (bytes[message] === QUOTE) message++
        const end = bytes[newline - 1] === RETURN ? newline - 1 : newline
        const meaning = meaningAt(anchors, bytes, message, end)
        if (meaning !== null && !skim(meaning, bytes, message, end, base + ms)) break
        last = ms
        count++
        here = next
        next = newline + 1
      }
      if (count > 1) sink.passed(count - 1, count - 1)
      return here
    },
  }
}

/** Microseconds of 'ss.uuuuuu' at `at`; -1 where it is written otherwise. */
const secondsAt = (bytes: Buffer, at: number): number => {
  const tens = (bytes[at] ?? 0) - 48
  if (tens < 0 || tens > 5 || bytes[at + 2] !== DOT) return -1
  let value = tens
  // Bit 4 and up of a digit less 48 are 0; adding 6 carries into them where it is more than 9.
  let odd = 0
  for (let next = at + 1; next < at + 9; next++) {
    if (next === at + 2) continue
    const digit = (bytes[next] ?? 0) - 48
    odd |= digit | (digit + 6)
    value = value * 10 + digit
  }
  return (odd & ~15) !== 0 || isDigit(bytes[at + 9]) ? -1 : value
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

/** Where the source's bracket stands in bytes[start, end); -1 where a blank comes first, none comes, or the source is Go's runtime (asm_amd64.s:1337). */
const bracketAt = (bytes: Buffer, view: DataView, start: number, end: number): number => {
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true)
    const bracket = word ^ BRACKETS
    const blank = word ^ BLANKS
    if (((((bracket - ONES) & ~bracket) | ((blank - ONES) & ~blank)) & HIGHS) !== 0) break
  }
  while (at < end && bytes[at] !== 93) if (bytes[at++] === BLANK) return -1
  if (at >= end) return -1
  let colon = at - 1
  while (colon > start && isDigit(bytes[colon])) colon--
  return bytes[colon - 1] === 115 && bytes[colon - 2] === DOT ? -1 : at
}
