/**
 * Lines of `journalctl` (short, short-precise, short-iso, short-iso-precise, short-full, short-unix, short-monotonic, short-delta, with-unit)
 * and of syslog files (RFC 3164, with or without the priority, with a year or ISO stamps): a stamp, the host, the identifier with its pid, the message.
 *
 *     Nov 21 08:18:01.887962 worker-1 kubelet[2296]: E1121 08:18:01.887391    2296 kubelet.go:2448] "Error getting node"
 *     2026-11-21T08:18:01+0000 worker-1 kernel: [12345.678901] eth0: link down
 *     [12345.678901] worker-1 kubelet[2296]: …        counts from the boot: there is no wall clock
 *
 * journald writes the lines of a message after its first one indented, below the message. `-- Boot … --` and the like stand for themselves.
 * https://www.freedesktop.org/software/systemd/man/latest/journalctl.html#-o, https://www.rfc-editor.org/rfc/rfc3164
 */
import type { Envelope, Unwrapper, Wrapping } from '../../src/model/format.js'
import { cachedNames, isWord, unitOf } from '../../src/read/names.js'
import { found, readIso, readMonthDay } from '../../src/read/stamps.js'
import { shareOf } from '../../src/read/envelope.js'

const NOTHING = Buffer.alloc(0)
const BLANK = 32
/** Longer ones are read anew each time. */
const MAX_PREFIX = 256
const COLON = 58
const COMMA = 44
const DASH = 45

/** After an optional priority: <165>. */
const afterPriority = (bytes: Buffer, start: number, end: number): number => {
  if (bytes[start] !== 60) return start
  let at = start + 1
  while (at < end && at < start + 4 && isDigit(bytes[at])) at++
  return at > start + 1 && bytes[at] === 62 ? at + 1 : start
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

/** 1795249081.887962: seconds since the epoch, as short-unix writes them. */
const readUnix = (bytes: Buffer, at: number, end: number): number => {
  if (bytes[at + 10] !== 46 || end - at < 17) return -1
  let micros = 0
  for (let next = at; next < at + 17; next++) {
    if (next === at + 10) continue
    if (!isDigit(bytes[next])) return -1
    micros = micros * 10 + (bytes[next] ?? 0) - 48
  }
  found.ms = micros / 1000
  found.basis = 'utc'
  return at + 17
}

/** [12345.678901] or [12345.678901 <    0.000012 >]: seconds since the boot, and since the line before. No moment of a calendar. */
const readMonotonic = (bytes: Buffer, start: number, end: number): number => {
  let at = start + 1
  while (at < end && bytes[at] === BLANK) at++
  if (!isDigit(bytes[at])) return -1
  while (at < end && isDigit(bytes[at])) at++
  if (bytes[at] !== 46) return -1
  for (at++; at < end && isDigit(bytes[at]);) at++
  if (bytes[at] === BLANK && bytes[at + 1] === 60) at = bytes.indexOf(93, at)
  if (at < 0 || at >= end || at > start + 48 || bytes[at] !== 93) return -1
  found.ms = NaN
  found.basis = 'utc'
  return at + 1
}

const fourDigits = (bytes: Buffer, at: number): number => {
  let value = 0
  for (let next = at; next < at + 4; next++) {
    if (!isDigit(bytes[next])) return -1
    value = value * 10 + (bytes[next] ?? 0) - 48
  }
  return value
}

const scratch = Buffer.alloc(64, BLANK)

/** 'Nov 21 2026 08:18:01' and '2026 Nov 21 08:18:01', as network gear and some daemons write RFC 3164. The zone is not told. */
const readWithYear = (bytes: Buffer, at: number, end: number): number => {
  const leads = isDigit(bytes[at])
  const yearAt = leads ? at : at + 7
  const year = fourDigits(bytes, yearAt)
  if (end - at < 20 || year < 1970 || year > 2999 || bytes[yearAt + 4] !== BLANK || (!leads && bytes[at + 6] !== BLANK)) return -1
  // As it would stand without the year.
  const date = leads ? at + 5 : at
  const clock = at + 12
  scratch.fill(BLANK)
  bytes.copy(scratch, 0, date, date + 7)
  bytes.copy(scratch, 7, clock, Math.min(end, clock + 20))
  const stop = readMonthDay(scratch, 0, 7 + Math.min(20, end - clock))
  if (stop < 0) return -1
  const day = new Date(found.ms)
  found.ms = Date.UTC(year, day.getUTCMonth(), day.getUTCDate()) + (found.ms % 86_400_000)
  found.basis = 'local'
  const after = clock + stop - 7
  return bytes[after] === COLON ? after + 1 : after
}

/** The blank after the stamp; -1 where the line does not begin with one. An ISO stamp with a blank inside is another format's. */
const readStamp = (bytes: Buffer, at: number, end: number): number => {
  const first = bytes[at] ?? 0
  if (first >= 65 && first <= 90) {
    const month = readMonthDay(bytes, at, end)
    if (month >= 0) return month
    // Thu 2026-11-21 08:18:01 UTC: short-full
    if (bytes[at + 3] !== BLANK || bytes[at + 14] !== BLANK) return readWithYear(bytes, at, end)
    return readIso(bytes, at + 4, end)
  }
  if (first === 91) return readMonotonic(bytes, at, end)
  if (!isDigit(first)) return -1
  const unix = readUnix(bytes, at, end)
  if (unix >= 0) return unix
  if (bytes[at + 4] === BLANK) return readWithYear(bytes, at, end)
  // A comma before the fraction is util-linux' (dmesg --time-format iso), which names no host: 'EXT4-fs (vda1): …' would be taken for one.
  if (bytes[at + 10] !== 84 || bytes[at + 19] === COMMA) return -1
  return readIso(bytes, at, end)
}

/** Stamps that other logs begin with, too: dmesg's, an application's ISO stamp without a zone. Then only a process with its pid, or the kernel, is believed. */
const isCommon = (basis: Envelope['basis'], ms: number): boolean => basis === 'local' || Number.isNaN(ms)

/** Where the next word ends; -1 if it holds what no host name holds. */
const hostEnd = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  for (; next < end; next++) {
    const byte = bytes[next] ?? 0
    if (byte === BLANK) break
    // letters, digits, - . _ : % / (addresses, and what relays add), bytes of UTF-8
    if (!((byte >= 45 && byte <= 58) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 95 || byte === 37 || byte >= 128)) return -1
  }
  return next > at && next < end ? next : -1
}

let messageStart = 0
/** Where the identifier ends ('kubelet' of 'kubelet[2296]: '); sets messageStart; -1 where there is none. */
const identifierEnd = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  for (; next < end; next++) {
    const byte = bytes[next] ?? 0
    if (byte === BLANK || byte < 32) return -1
    if (byte === 91 || (byte === COLON && (next + 1 === end || bytes[next + 1] === BLANK))) break
  }
  if (next === at || next >= end) return -1
  const stop = next
  if (bytes[next] === 91) {
    while (next < end && bytes[next] !== 93 && bytes[next] !== BLANK) next++
    next++
    if (bytes[next] !== COLON || next >= end) return -1
  }
  messageStart = bytes[next + 1] === BLANK && next + 1 < end ? next + 2 : next + 1
  return stop
}

/** A level where a host would stand: '2026-11-21T08:18:01Z INFO web: started' is an application's own line. */
const LEVELS = [
  'INFO',
  'WARN',
  'WARNING',
  'ERROR',
  'DEBUG',
  'TRACE',
  'FATAL',
  'NOTICE',
  'CRITICAL',
  'LOG',
  'info',
  'warn',
  'warning',
  'error',
  'debug',
  'trace',
  'fatal',
]
const isLevel = (bytes: Buffer, start: number, end: number): boolean => {
  if (end - start > 8) return false
  for (const level of LEVELS) if (isWord(level, bytes, start, end)) return true
  return false
}

const open = (): Unwrapper => {
  const hosts = cachedNames()
  const units = cachedNames(unitOf)
  let host: string | null = null
  let unit: string | null = null
  let ms = NaN
  let basis: Envelope['basis'] = 'utc'

  /** ' worker-1 kubelet[2296]: ' of the line before: mostly this line's, too. */
  let prefix: Buffer = NOTHING
  const sameAgain = (bytes: Buffer, at: number, end: number): boolean => {
    const length = prefix.length
    if (length === 0 || at + length > end) return false
    // From its end on: the pids differ before the hosts do.
    for (let next = length - 1; next >= 0; next--) if (prefix[next] !== bytes[at + next]) return false
    return true
  }

  const fill = (envelope: Envelope, bytes: Buffer, start: number, end: number): 'line' => {
    envelope.ms = ms
    envelope.basis = basis
    if (host !== null) envelope.host = host
    if (unit !== null) envelope.unit = unit
    envelope.bytes = bytes
    envelope.start = start
    envelope.end = end
    return 'line'
  }

  return {
    unwrap(bytes, start, end, envelope) {
      const first = bytes[start]
      if (first === DASH && bytes[start + 1] === DASH && bytes[start + 2] === BLANK) return 'held' // -- Logs begin at … --, -- Boot … --
      if ((first === BLANK || first === 9) && unit !== null) return fill(envelope, bytes, start, end)
      const at = afterPriority(bytes, start, end)
      const stampEnd = readStamp(bytes, at, end)
      if (stampEnd < 0 || bytes[stampEnd] !== BLANK) return 'no'
      const stampMs = found.ms
      const stampBasis = found.basis
      if (sameAgain(bytes, stampEnd, end)) {
        ms = stampMs
        basis = stampBasis
        return fill(envelope, bytes, stampEnd + prefix.length, end)
      }
      let hostStart = stampEnd + 1
      while (bytes[hostStart] === BLANK && hostStart < end) hostStart++
      const afterHost = hostEnd(bytes, hostStart, end)
      const named = afterHost > 0 && bytes[afterHost - 1] !== COLON && !isLevel(bytes, hostStart, afterHost)
      // Heroku's logplex and some relays leave the host out: 'app[postgres.4882]: …'
      const identifier = named ? afterHost + 1 : hostStart
      const identifierStop = identifierEnd(bytes, identifier, end)
      if (identifierStop < 0 || (!named && bytes[identifierStop] !== 91)) return 'no'
      if (isCommon(stampBasis, stampMs) && bytes[identifierStop] !== 91 && !isWord('kernel', bytes, identifier, identifierStop)) return 'no'
      ms = stampMs
      basis = stampBasis
      host = named ? hosts(bytes, hostStart, afterHost) : null
      unit = units(bytes, identifier, identifierStop)
      const again = messageStart <= end && bytes[messageStart - 1] === BLANK && messageStart - stampEnd < MAX_PREFIX
      prefix = again ? Buffer.from(bytes.subarray(stampEnd, messageStart)) : NOTHING
      return fill(envelope, bytes, Math.min(messageStart, end), end)
    },
  }
}

export const journaldShort: Wrapping = {
  id: 'journald-short',
  reads: 'journalctl -o short and its kin; syslog files',
  reference: 'https://www.freedesktop.org/software/systemd/man/latest/journalctl.html#-o',
  example:
    'Nov 21 08:18:01.887962 worker-1 kubelet[2296]: E1121 08:18:01.887391    2296 kubelet.go:2448] "Error getting node" err="node \\"worker-1\\" not found"',
  sniff: (lines) => shareOf(lines, open()),
  open,
}
