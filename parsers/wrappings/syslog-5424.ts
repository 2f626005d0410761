/**
 * Syslog of RFC 5424: priority and version, time, host, application, process id, message id, structured data, message.
 *
 *     <165>1 2026-11-21T08:18:01.003Z worker-1 kubelet 2296 - - E1121 08:18:01.002391    2296 kubelet.go:2448] "Error getting node"
 *
 * https://www.rfc-editor.org/rfc/rfc5424#section-6
 */
import type { Unwrapper, Wrapping } from '../../src/model/format.js'
import { cachedNames, unitOf } from '../../src/read/names.js'
import { shareOf } from '../../src/read/envelope.js'
import { found, readIso } from '../../src/read/stamps.js'

const BLANK = 32
const NIL = 45

const wordEnd = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  while (next < end && bytes[next] !== BLANK) next++
  return next
}

/** After the structured data: '-' or [id name="value" …]…, where \ escapes inside quotes. -1 where it is broken. */
const afterData = (bytes: Buffer, at: number, end: number): number => {
  if (bytes[at] === NIL) return at + 1
  let next = at
  while (next < end && bytes[next] === 91) {
    let quoted = false
    for (next++; next < end && (quoted || bytes[next] !== 93); next++) {
      if (bytes[next] === 92) next++
      else if (bytes[next] === 34) quoted = !quoted
    }
    next++
  }
  return next > at && next <= end ? next : -1
}

const isNil = (bytes: Buffer, start: number, end: number): boolean => end - start === 1 && bytes[start] === NIL

const open = (): Unwrapper => {
  const hosts = cachedNames()
  const units = cachedNames(unitOf)
  return {
    unwrap(bytes, start, end, envelope) {
      if (bytes[start] !== 60) return 'no'
      let at = start + 1
      while (at < end && at < start + 4 && bytes[at] !== 62) at++
      if (bytes[at] !== 62 || bytes[at + 1] !== 49 || bytes[at + 2] !== BLANK) return 'no'
      at += 3
      let ms = NaN
      if (bytes[at] !== NIL) {
        const stampEnd = readIso(bytes, at, end)
        if (stampEnd < 0 || found.basis !== 'utc') return 'no'
        ms = found.ms
      }
      const host = wordEnd(bytes, at, end) + 1
      const hostStop = wordEnd(bytes, host, end)
      const app = hostStop + 1
      const appStop = wordEnd(bytes, app, end)
      const messageId = wordEnd(bytes, appStop + 1, end) + 1
      const data = wordEnd(bytes, messageId, end) + 1
      const message = data < end ? afterData(bytes, data, end) : -1
      if (message < 0 || (message < end && bytes[message] !== BLANK)) return 'no'
      let from = Math.min(message + 1, end)
      if (bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf && from + 3 <= end) from += 3 // the RFC's BOM before UTF-8
      envelope.ms = ms
      envelope.basis = 'utc'
      if (!isNil(bytes, host, hostStop)) envelope.host = hosts(bytes, host, hostStop)
      if (!isNil(bytes, app, appStop)) envelope.unit = units(bytes, app, appStop)
      envelope.bytes = bytes
      envelope.start = from
      envelope.end = end
      return 'line'
    },
  }
}

export const syslog5424: Wrapping = {
  id: 'syslog-5424',
  reads: 'syslog lines of RFC 5424',
  reference: 'https://www.rfc-editor.org/rfc/rfc5424#section-6',
  example: '<165>1 2026-11-21T08:18:01.003Z worker-1 kubelet 2296 - - E1121 08:18:01.002391    2296 kubelet.go:2448] "Error getting node"',
  sniff: (lines) => shareOf(lines, open()),
  open,
}
