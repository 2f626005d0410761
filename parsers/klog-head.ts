/**
 * The header of a klog line, read from its bytes: severity, time, process id and source.
 * https://github.com/kubernetes/klog/blob/v2.130.1/internal/buffer/buffer.go (FormatHeader)
 */
import { found, readKlogTime } from '../src/read/stamps.js'

export type Severity = 'I' | 'W' | 'E' | 'F'

export const isSeverity = (byte: number | undefined): boolean => byte === 73 || byte === 87 || byte === 69 || byte === 70

/** Where the parts of one header are; set by readKlogHead, to be used at once. */
export const head = { pidStart: 0, sourceStart: 0, sourceEnd: 0, messageStart: 0, ofRuntime: false }

/** Up to the minute, consecutive lines share their stamps: 1121 08:18 */
const MINUTE_BYTES = 10
const minute = new Uint8Array(MINUTE_BYTES)
const minuteStart = { ms: NaN }

const isMinute = (bytes: Buffer, at: number): boolean => {
  for (let index = MINUTE_BYTES - 1; index >= 0; index--) if (bytes[at + index] !== minute[index]) return false
  return true
}

/** readKlogTime, which reads eight digits where the minute is that of the line before. */
const readTime = (bytes: Buffer, at: number, end: number): number => {
  if (end - at > 20 && isMinute(bytes, at) && bytes[at + 10] === 58 && bytes[at + 13] === 46 && !isDigit(bytes[at + 20])) {
    let fraction = 0
    let digits = true
    for (let index = at + 14; index < at + 20; index++) {
      const value = (bytes[index] ?? 0) - 48
      digits &&= value >= 0 && value <= 9
      fraction = fraction * 10 + value
    }
    const tens = (bytes[at + 11] ?? 0) - 48
    const ones = (bytes[at + 12] ?? 0) - 48
    if (digits && tens >= 0 && tens <= 5 && ones >= 0 && ones <= 9) {
      found.ms = minuteStart.ms + (tens * 10 + ones) * 1000 + fraction / 1000
      found.basis = 'yearless'
      return at + 20
    }
  }
  const after = readKlogTime(bytes, at, end)
  if (after < 0 || bytes[at + 11] === 54) return after // :60 is a leap second, which counts into the next minute
  for (let index = 0; index < MINUTE_BYTES; index++) minute[index] = bytes[at + index] ?? 0
  minuteStart.ms = Math.floor(found.ms / 60_000) * 60_000
  return after
}

/** I1121 08:18:09.874226     101 controller.go:251] …: true leaves the time in `found` and the places in `head`. */
export const readKlogHead = (bytes: Buffer, start: number, end: number): boolean => {
  let at = readTime(bytes, start + 1, end)
  if (at < 0) return false
  while (at < end && bytes[at] === 32) at++
  const pidStart = at
  while (at < end && isDigit(bytes[at])) at++
  if (bytes[at] !== 32) return false
  const sourceStart = ++at
  const limit = Math.min(end, at + 200)
  for (let byte = bytes[at]; at < limit && byte !== 93; byte = bytes[++at]) if (byte === 32) return false
  if (at >= limit) return false
  // Such a line belongs to the one before it.
  head.ofRuntime = isAssembler(bytes, sourceStart, at)
  head.pidStart = pidStart
  head.sourceStart = sourceStart
  head.sourceEnd = at
  head.messageStart = bytes[at + 1] === 32 ? at + 2 : at + 1
  return true
}

/** The digits before a line's source. */
export const readPid = (bytes: Buffer): number => {
  let pid = 0
  for (let at = head.pidStart; at < head.sourceStart - 1 && pid < 1e12; at++) pid = pid * 10 + (bytes[at] ?? 0) - 48
  return pid
}

/** asm_amd64.s:1337: the caller got lost in Go's runtime. */
const isAssembler = (bytes: Buffer, start: number, end: number): boolean => {
  let at = end - 1
  while (at > start && isDigit(bytes[at])) at--
  return bytes[at] === 58 && bytes[at - 1] === 115 && bytes[at - 2] === 46
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

/** Severity of a klog line, or null: what the reader sees, for counting. */
export const klogSeverity = (bytes: Buffer, start: number, end: number): Severity | null =>
  isSeverity(bytes[start]) && readKlogHead(bytes, start, end) && !head.ofRuntime ? severityOf(bytes[start] ?? 0) : null

export const severityOf = (byte: number): Severity => (byte === 73 ? 'I' : byte === 87 ? 'W' : byte === 69 ? 'E' : 'F')
