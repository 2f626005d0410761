/**
 * `journalctl -o json`: one object a line. Values are strings, null where they were too long, an array of bytes where they are not UTF-8, or an
 * array of such values where a field occurs several times.
 *
 *     {"__REALTIME_TIMESTAMP":"1795249081887962","_HOSTNAME":"worker-1","SYSLOG_IDENTIFIER":"kubelet","_SYSTEMD_UNIT":"kubelet.service","MESSAGE":"E1121 …"}
 *
 * https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format
 */
import type { Envelope, Unwrapper, Wrapping } from '../../src/model/format.js'
import { levelOfValue } from '../levels.js'
import { eachMember, parsed, stringReader, wholeNumber } from '../../src/read/json-members.js'
import { pod } from '../../src/model/entity.js'
import { cachedNames, dockerName, isWord, unitOf } from '../../src/read/names.js'
import { shareOf } from '../../src/read/envelope.js'

const NOTHING = Buffer.alloc(0)

/** A message that is no string: null, an array of bytes, or the first of several values. Null: something else. */
const oddMessage = (bytes: Buffer, start: number, end: number): Buffer | null => {
  const value = parsed(bytes, start, end)
  if (value === null) return NOTHING
  if (!Array.isArray(value)) return null
  const first: unknown = value[0]
  if (typeof first === 'string') return Buffer.from(first)
  const raw: readonly unknown[] = Array.isArray(first) ? first : value
  return Buffer.from(raw.map((byte) => (typeof byte === 'number' ? byte & 255 : 63)))
}

const open = (): Unwrapper => {
  const hosts = cachedNames()
  const units = cachedNames(unitOf)
  const containers = cachedNames()
  const text = stringReader()
  const entry: Entry = { ...NO_ENTRY }
  let line: Buffer = NOTHING

  const visit = (key: number, keyEnd: number, value: number, valueEnd: number): void => {
    const first = line[key]
    const quoted = line[value] === 34
    if (first === 77 && isWord('MESSAGE', line, key, keyEnd)) {
      entry.message = value
      entry.messageEnd = valueEnd
    } else if (first === 83 && quoted && isWord('SYSLOG_IDENTIFIER', line, key, keyEnd)) entry.identifier = units(line, value + 1, valueEnd - 1)
    else if (first === 67 && quoted && isWord('CONTAINER_NAME', line, key, keyEnd)) entry.container = containers(line, value + 1, valueEnd - 1)
    else if (first === 80 && quoted && isWord('PRIORITY', line, key, keyEnd)) entry.level = levelOfValue(line, value + 1, valueEnd - 1, true)
    else if (first !== 95) return
    else if (isWord('__REALTIME_TIMESTAMP', line, key, keyEnd)) entry.micros = wholeNumber(line, value, valueEnd)
    else if (!quoted) return
    else if (isWord('_HOSTNAME', line, key, keyEnd)) entry.host = hosts(line, value + 1, valueEnd - 1)
    else if (isWord('_SYSTEMD_UNIT', line, key, keyEnd)) entry.unit = units(line, value + 1, valueEnd - 1)
    else if (isWord('_TRANSPORT', line, key, keyEnd)) entry.kernel = isWord('"kernel"', line, value, valueEnd)
  }

  return {
    unwrap(bytes, start, end, envelope) {
      Object.assign(entry, NO_ENTRY)
      line = bytes
      const whole = eachMember(bytes, start, end, visit)
      line = NOTHING
      if (!whole || entry.message < 0 || Number.isNaN(entry.micros)) return 'no'
      const quoted = bytes[entry.message] === 34
      const odd = quoted ? null : oddMessage(bytes, entry.message, entry.messageEnd)
      if (!quoted && odd === null) return 'no'
      envelope.ms = entry.micros / 1000
      envelope.basis = 'utc'
      if (entry.host !== null) envelope.host = entry.host
      if (entry.container !== null) fillContainer(entry.container, envelope)
      // Docker's driver calls all that a container writes to stderr an error.
      else envelope.level = entry.level
      envelope.unit = entry.kernel ? 'kernel' : (envelope.container ?? entry.identifier ?? entry.unit)
      const message = odd === null ? text(bytes, entry.message, entry.messageEnd) : { bytes: odd, start: 0, end: odd.length }
      envelope.bytes = message.bytes
      envelope.start = message.start
      envelope.end = message.end
      return 'line'
    },
  }
}

interface Entry {
  micros: number
  /** Where MESSAGE's value stands. */
  message: number
  messageEnd: number
  host: string | null
  identifier: string | null
  unit: string | null
  container: string | null
  kernel: boolean
  level: number
}

const NO_ENTRY: Readonly<Entry> = {
  micros: NaN,
  message: -1,
  messageEnd: -1,
  host: null,
  identifier: null,
  unit: null,
  container: null,
  kernel: false,
  level: 0,
}

const fillContainer = (name: string, envelope: Envelope): void => {
  const docker = dockerName(name)
  envelope.container = docker?.container ?? name
  if (docker !== null) envelope.pod = pod(docker.namespace, docker.pod)
}

export const journaldJson: Wrapping = {
  id: 'journald-json',
  reads: 'journalctl -o json',
  reference: 'https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format',
  example:
    '{"__REALTIME_TIMESTAMP":"1795249081887962","_HOSTNAME":"worker-1","SYSLOG_IDENTIFIER":"kubelet","_SYSTEMD_UNIT":"kubelet.service","_TRANSPORT":"stdout",' +
    '"MESSAGE":"E1121 08:18:01.887391    2296 kubelet.go:2448] \\"Error getting node\\" err=\\"node \\\\\\"worker-1\\\\\\" not found\\""}',
  sniff: (lines) => shareOf(lines, open()),
  open,
}
