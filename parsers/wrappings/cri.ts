/**
 * A container's log as containerd and CRI-O keep it: time, stream, tag, line. A long line comes in pieces, all but the last tagged P.
 *
 *     2026-11-21T08:05:09.988056712Z stdout F level=info msg="ready"
 *
 * https://github.com/kubernetes/kubernetes/blob/v1.31.0/pkg/kubelet/kuberuntime/logs/logs.go
 */
import type { Unwrapper, Wrapping } from '../../src/model/format.js'
import { isWord } from '../../src/read/names.js'
import { MAX_LINE_BYTES } from '../../src/read/line-cutter.js'
import { shareOf } from '../../src/read/envelope.js'
import { found, readIso } from '../../src/read/stamps.js'

/** The pieces of one stream's unfinished line; what does not fit is left out. */
interface Pieces {
  bytes: Buffer[]
  size: number
  ms: number
}

const PARTIAL = 80
const FULL = 70

const open = (): Unwrapper => {
  const out: Pieces = { bytes: [], size: 0, ms: NaN }
  const errors: Pieces = { bytes: [], size: 0, ms: NaN }
  return {
    unwrap(bytes, start, end, envelope) {
      const stampEnd = bytes[start + 10] === 84 ? readIso(bytes, start, end) : -1
      if (stampEnd < 0 || found.basis !== 'utc' || bytes[stampEnd] !== 32) return 'no'
      const stream = stampEnd + 1
      const streamEnd = stream + 6
      const pieces = isWord('stdout', bytes, stream, streamEnd) ? out : isWord('stderr', bytes, stream, streamEnd) ? errors : null
      if (pieces === null || bytes[streamEnd] !== 32) return 'no'
      const tag = bytes[streamEnd + 1]
      if (tag !== PARTIAL && tag !== FULL) return 'no'
      // Tags are separated by colons; only the first is in use.
      let message = streamEnd + 2
      if (bytes[message] === 58) while (message < end && bytes[message] !== 32) message++
      if (message < end && bytes[message] !== 32) return 'no'
      message = Math.min(message + 1, end)
      if (tag === PARTIAL || pieces.size > 0) {
        if (pieces.size === 0) pieces.ms = found.ms
        const room = Math.min(end, message + MAX_LINE_BYTES - pieces.size)
        if (room > message) pieces.bytes.push(Buffer.from(bytes.subarray(message, room)))
        pieces.size += Math.max(0, room - message)
        if (tag === PARTIAL) return 'held'
      }
      envelope.basis = 'utc'
      if (pieces.bytes.length > 0) {
        envelope.bytes = Buffer.concat(pieces.bytes)
        envelope.start = 0
        envelope.end = envelope.bytes.length
        envelope.ms = pieces.ms
        pieces.bytes = []
        pieces.size = 0
      } else {
        envelope.bytes = bytes
        envelope.start = message
        envelope.end = end
        envelope.ms = found.ms
      }
      return 'line'
    },
  }
}

export const cri: Wrapping = {
  id: 'cri',
  reads: 'container logs of containerd and CRI-O, as in /var/log/pods',
  reference: 'https://github.com/kubernetes/kubernetes/blob/v1.31.0/pkg/kubelet/kuberuntime/logs/logs.go',
  example: '2026-11-21T08:05:09.988056712Z stdout F level=info msg="ready"',
  sniff: (lines) => shareOf(lines, open()),
  open,
}
