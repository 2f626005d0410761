/**
 * A container's log as Docker's json-file driver keeps it. A long line comes in pieces, all but the last without a line end. With log-opts, `attrs`
 * has the container's labels and its tag.
 *
 *     {"log":"level=info msg=\"ready\"\n","stream":"stdout","time":"2026-11-21T08:05:09.988056712Z"}
 *
 * https://docs.docker.com/engine/logging/drivers/json-file/
 */
import { pod } from '../../src/model/entity.js'
import type { Unwrapper, Wrapping } from '../../src/model/format.js'
import { eachMember, stringReader } from '../../src/read/json-members.js'
import { MAX_LINE_BYTES } from '../../src/read/line-cutter.js'
import { cachedNames, dockerName, isWord } from '../../src/read/names.js'
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

  const names = cachedNames()
  let container: string | null = null
  let podName: string | null = null
  let namespace: string | null = null
  const nameOf = (value: number, valueEnd: number): string => names(line, value + 1, valueEnd - 1)
  const visitAttribute = (key: number, keyEnd: number, value: number, valueEnd: number): void => {
    if (line[value] !== 34) return
    if (isWord('io.kubernetes.container.name', line, key, keyEnd)) container = nameOf(value, valueEnd)
    else if (isWord('io.kubernetes.pod.name', line, key, keyEnd)) podName = nameOf(value, valueEnd)
    else if (isWord('io.kubernetes.pod.namespace', line, key, keyEnd)) namespace = nameOf(value, valueEnd)
    else if (isWord('com.docker.compose.service', line, key, keyEnd)) container ??= nameOf(value, valueEnd)
    else if (isWord('tag', line, key, keyEnd)) {
      const docker = dockerName(nameOf(value, valueEnd))
      if (docker === null) return
      container ??= docker.container
      podName ??= docker.pod
      namespace ??= docker.namespace
    }
  }

  const visit = (key: number, keyEnd: number, value: number, valueEnd: number): void => {
    if (line[value] === 123 && isWord('attrs', line, key, keyEnd)) eachMember(line, value, valueEnd, visitAttribute)
    if (line[value] !== 34) return
    if (isWord('log', line, key, keyEnd)) {
      seen.log = value
      seen.logEnd = valueEnd
    } else if (isWord('time', line, key, keyEnd) && readIso(line, value + 1, valueEnd - 1) >= 0 && found.basis === 'utc') seen.ms = found.ms
  }

  return {
    unwrap(bytes, start, end, envelope) {
      Object.assign(seen, NOTHING_SEEN)
      container = null
      podName = null
      namespace = null
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
      if (container !== null) {
        envelope.container = container
        envelope.unit = container
      }
      if (podName !== null && podName !== '') envelope.pod = pod(namespace ?? '-', podName)
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
