/**
 * A container's log as Docker's json-file driver keeps it. A long line comes in pieces, all but the last without a line end.
 *
 *     {"log":"level=info msg=\"ready\"\n","stream":"stdout","time":"2026-11-21T08:05:09.988056712Z"}
 *
 * https://docs.docker.com/engine/logging/drivers/json-file/
 */
import type { Unwrapper, Wrapping } from '../../src/model/format.js'
import { eachMember, stringBytes } from '../../src/read/json-members.js'
import { MAX_LINE_BYTES } from '../../src/read/line-cutter.js'
import { isWord } from '../../src/read/names.js'
import { shareOf } from '../../src/read/envelope.js'
import { found, readIso } from '../../src/read/stamps.js'

const NOTHING = Buffer.alloc(0)

interface Seen {
  log: Buffer | null
  ms: number
}
const NOTHING_SEEN: Readonly<Seen> = { log: null, ms: NaN }

const open = (): Unwrapper => {
  let line: Buffer = NOTHING
  const seen: Seen = { ...NOTHING_SEEN }
  let held: Buffer[] = []
  let heldBytes = 0

  const visit = (key: number, keyEnd: number, value: number, valueEnd: number): void => {
    if (line[value] !== 34) return
    if (isWord('log', line, key, keyEnd)) seen.log = stringBytes(line, value, valueEnd)
    else if (isWord('time', line, key, keyEnd) && readIso(line, value + 1, valueEnd - 1) >= 0 && found.basis === 'utc') seen.ms = found.ms
  }

  return {
    unwrap(bytes, start, end, envelope) {
      Object.assign(seen, NOTHING_SEEN)
      line = bytes
      const whole = eachMember(bytes, start, end, visit)
      line = NOTHING
      let payload = seen.log
      if (!whole || payload === null || Number.isNaN(seen.ms)) return 'no'
      let size = payload.length
      const ended = payload[size - 1] === 10
      if (ended && payload[--size - 1] === 13) size--
      if (!ended || heldBytes > 0) {
        const room = Math.min(size, MAX_LINE_BYTES - heldBytes)
        if (room > 0) held.push(Buffer.from(payload.subarray(0, room)))
        heldBytes += room
        if (!ended) return 'held'
        payload = Buffer.concat(held)
        size = payload.length
        held = []
        heldBytes = 0
      }
      envelope.ms = seen.ms
      envelope.basis = 'utc'
      envelope.bytes = payload
      envelope.start = 0
      envelope.end = size
      return 'line'
    },
  }
}

export const dockerJson: Wrapping = {
  id: 'docker-json',
  reads: 'container logs of Docker (json-file)',
  reference: 'https://docs.docker.com/engine/logging/drivers/json-file/',
  example: '{"log":"level=info msg=\\"ready\\"\\n","stream":"stdout","time":"2026-11-21T08:05:09.988056712Z"}',
  sniff: (lines) => shareOf(lines, open()),
  open,
}
