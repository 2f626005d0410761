/**
 * A container's log as Docker's json-file driver keeps it. A long line comes in pieces, all but the last without a line end.
 *
 *     {"log":"level=info msg=\"ready\"\n","stream":"stdout","time":"2026-11-21T08:05:09.988056712Z"}
 *
 * https://docs.docker.com/engine/logging/drivers/json-file/
 */
import type { Unwrapper, Wrapping } from '../../src/model/format.js'
import { eachMember, stringReader } from '../../src/read/json-members.js'
import { MAX_LINE_BYTES } from '../../src/read/line-cutter.js'
import { isWord } from '../../src/read/names.js'
import { shareOf } from '../../src/read/envelope.js'
import { found, readIso } from '../../src/read/stamps.js'

const NOTHING = Buffer.alloc(0)
const NEWLINE = 10
const RETURN = 13

/** Where a line's members stand. */
interface Seen {
  log: number
  logEnd: number
  ms: number
}
const NOTHING_SEEN: Readonly<Seen> = { log: -1, logEnd: -1, ms: NaN }

const open = (): Unwrapper => {
  const text = stringReader()
  const seen: Seen = { ...NOTHING_SEEN }
  let line: Buffer = NOTHING
  let held: Buffer[] = []
  let heldBytes = 0

  const visit = (key: number, keyEnd: number, value: number, valueEnd: number): void => {
    if (line[value] !== 34) return
    if (isWord('log', line, key, keyEnd)) {
      seen.log = value
      seen.logEnd = valueEnd
    } else if (isWord('time', line, key, keyEnd) && readIso(line, value + 1, valueEnd - 1) >= 0 && found.basis === 'utc') seen.ms = found.ms
  }

  return {
    unwrap(bytes, start, end, envelope) {
      Object.assign(seen, NOTHING_SEEN)
      line = bytes
      const whole = eachMember(bytes, start, end, visit)
      line = NOTHING
      if (!whole || seen.log < 0 || Number.isNaN(seen.ms)) return 'no'
      const log = text(bytes, seen.log, seen.logEnd)
      let stop = log.end
      const ended = stop > log.start && log.bytes[stop - 1] === NEWLINE
      if (ended && --stop > log.start && log.bytes[stop - 1] === RETURN) stop--
      envelope.ms = seen.ms
      envelope.basis = 'utc'
      if (ended && heldBytes === 0) {
        envelope.bytes = log.bytes
        envelope.start = log.start
        envelope.end = stop
        return 'line'
      }
      const room = Math.min(stop, log.start + MAX_LINE_BYTES - heldBytes)
      if (room > log.start) held.push(Buffer.from(log.bytes.subarray(log.start, room)))
      heldBytes += Math.max(0, room - log.start)
      if (!ended) return 'held'
      envelope.bytes = Buffer.concat(held)
      envelope.start = 0
      envelope.end = envelope.bytes.length
      held = []
      heldBytes = 0
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
