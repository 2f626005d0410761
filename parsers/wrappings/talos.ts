/**
 * `talosctl logs` and `talosctl dmesg`: the address of the machine before each line, and before the kernel's messages facility, priority and time.
 * `talosctl support` writes what the machine sends, without the address (it is the folder's name).
 *
 *     10.0.40.12: I1121 08:18:01.887391    2296 kubelet.go:2448] "SyncLoop ADD" source="api" pods=["shop/web-1"]
 *     10.0.40.12: kern:     err: [2026-11-21T08:18:05.353Z]: Out of memory: Killed process 16439 (worker) …
 *     kern:    info: [2026-11-21T08:18:05.353081623Z]: igb 0000:03:00.0 enp3s0: igb: enp3s0 NIC Link is Down
 *
 * https://www.talos.dev/latest/reference/cli/#talosctl-dmesg; the head is made by Dmesg in
 * https://github.com/siderolabs/talos/blob/v1.9.0/internal/app/machined/internal/server/v1alpha1/v1alpha1_server.go ("%s: %7s: [%s]: %s")
 */
import type { Envelope, Unwrapper, Wrapping } from '../../src/model/format.js'
import { shareOf } from '../../src/read/envelope.js'
import { cachedNames } from '../../src/read/names.js'
import { found, readIso } from '../../src/read/stamps.js'
import { hashed, levelOfHash } from '../levels.js'

const BLANK = 32
const COLON = 58
const DOT = 46
const OPEN = 91
const CLOSE = 93

/** Longest address: an IPv6 one in full. */
const MAX_ADDRESS = 45

/** Where an address and the colon and blank after it end; -1 where there is none. Names are not taken: 'error: …' would be one. */
const afterAddress = (bytes: Buffer, start: number, end: number): number => {
  const limit = Math.min(end - 1, start + MAX_ADDRESS)
  let dots = 0
  let colons = 0
  for (let at = start; at < limit; at++) {
    const byte = bytes[at] ?? 0
    if (byte === COLON && bytes[at + 1] === BLANK) return (dots === 3 && colons === 0) || (dots === 0 && colons >= 2) ? at + 2 : -1
    if (byte === DOT) dots++
    else if (byte === COLON) colons++
    else if (!(byte >= 48 && byte <= 57) && !(byte >= 97 && byte <= 102)) return -1
  }
  return -1
}

// https://github.com/siderolabs/go-kmsg/blob/2edcd3a913508e2d922776f729bfc4bcab031a8b/message.go
const FACILITIES = new Set(['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv'])
for (let local = 0; local < 8; local++) FACILITIES.add(`local${local}`)

/** The end of a word of small letters and digits at `at`; -1 where no colon follows. */
const wordEnd = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  while (next < end && isWordByte(bytes[next] ?? 0)) next++
  return next > at && bytes[next] === COLON ? next : -1
}
const isWordByte = (byte: number): boolean => (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57)

const open = (): Unwrapper => {
  const hosts = cachedNames()
  const facilities = cachedNames((name) => (name === 'kern' ? 'kernel' : FACILITIES.has(name) ? name : ''))

  /** kern: info: [2026-11-21T08:18:05.353Z]: at `start`, into the envelope; where the message begins, -1 where there is no such head. */
  const readHead = (bytes: Buffer, start: number, end: number, envelope: Envelope): number => {
    const facilityEnd = wordEnd(bytes, start, end)
    if (facilityEnd < 0) return -1
    let level = facilityEnd + 1
    while (bytes[level] === BLANK && level < end) level++
    const levelEnd = wordEnd(bytes, level, end)
    const stampEnd = levelEnd > 0 && bytes[levelEnd + 1] === BLANK && bytes[levelEnd + 2] === OPEN ? readIso(bytes, levelEnd + 3, end) : -1
    if (stampEnd < 0 || bytes[stampEnd] !== CLOSE || bytes[stampEnd + 1] !== COLON || stampEnd + 1 >= end) return -1
    const facility = facilities(bytes, start, facilityEnd)
    if (facility === '') return -1
    let hash = 0
    for (let at = level; at < levelEnd; at++) hash = hashed(hash, bytes[at] ?? 0)
    envelope.level = levelOfHash(hash)
    envelope.unit = facility
    envelope.ms = found.ms
    envelope.basis = found.basis
    return Math.min(stampEnd + 3, end)
  }

  return {
    unwrap(bytes, start, end, envelope) {
      const afterHost = afterAddress(bytes, start, end)
      if (afterHost >= 0) envelope.host = hosts(bytes, start, afterHost - 2)
      const message = readHead(bytes, Math.max(start, afterHost), end, envelope)
      if (afterHost < 0 && message < 0) return 'no'
      envelope.bytes = bytes
      envelope.start = message < 0 ? afterHost : message
      envelope.end = end
      return 'line'
    },
  }
}

export const talos: Wrapping = {
  id: 'talosctl',
  reads: 'talosctl logs, talosctl dmesg and dmesg.log of talosctl support',
  reference: 'https://www.talos.dev/latest/reference/cli/#talosctl-dmesg',
  example: '10.0.40.12: I1121 08:18:01.887391    2296 kubelet.go:2448] "SyncLoop ADD" source="api" pods=["shop/web-1"]',
  sniff: (lines) => shareOf(lines, open()),
  open,
}
