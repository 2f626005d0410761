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
import { jsonRecords, type Origin } from '../../src/read/json-records.js'
import { jsonShapes } from '../../src/read/json-shapes.js'
import { pod } from '../../src/model/entity.js'
import { cachedNames, dockerName, isWord, unitOf, type Names } from '../../src/read/names.js'
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

/** What is read of an entry: its members are many, and the same in most entries of one unit. */
const MEMBERS = ['MESSAGE', '__REALTIME_TIMESTAMP', '_HOSTNAME', 'SYSLOG_IDENTIFIER', '_SYSTEMD_UNIT', 'CONTAINER_NAME', 'PRIORITY', '_TRANSPORT']
const [MESSAGE, TIME, HOST, IDENTIFIER, UNIT, CONTAINER, PRIORITY, TRANSPORT] = [0, 1, 2, 3, 4, 5, 6, 7]

const open = (): Unwrapper => {
  const shapes = jsonShapes({ slots: MEMBERS.map((name) => [name]), numbers: [TIME], escapes: 'any' })
  const { starts, ends, last } = shapes
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

  const has = (slot: number): boolean => (starts[slot] ?? -1) >= 0
  const name = (names: Names, bytes: Buffer, slot: number): string => names(bytes, starts[slot] ?? 0, ends[slot] ?? 0)

  /** All that is around the message of the entry that was matched, but for its time. */
  const fillAround = (bytes: Buffer, around: Origin): void => {
    if (has(HOST)) around.host = name(hosts, bytes, HOST)
    if (has(CONTAINER)) fillContainer(name(containers, bytes, CONTAINER), around)
    else if (has(PRIORITY)) around.level = levelOfValue(bytes, starts[PRIORITY] ?? 0, ends[PRIORITY] ?? 0, true)
    if (has(TRANSPORT) && isWord('kernel', bytes, starts[TRANSPORT] ?? 0, ends[TRANSPORT] ?? 0)) around.unit = 'kernel'
    else if (around.container !== null) around.unit = around.container
    else around.unit = has(IDENTIFIER) ? name(units, bytes, IDENTIFIER) : has(UNIT) ? name(units, bytes, UNIT) : null
  }
  const records = jsonRecords({
    shapes,
    payload: MESSAGE,
    stamp: TIME,
    first: HOST,
    last: TRANSPORT + 1,
    originOf(bytes) {
      const origin: Origin = { ...NO_ORIGIN }
      fillAround(bytes, origin)
      return origin
    },
  })

  /** An entry with the members of an earlier one; false where something is unusual about it. */
  const unwrapKnown = (bytes: Buffer, start: number, end: number, envelope: Envelope): boolean => {
    if (!shapes.match(bytes, start, end) || !has(MESSAGE)) return false
    const micros = wholeNumber(bytes, starts[TIME] ?? 0, ends[TIME] ?? 0)
    if (Number.isNaN(micros)) return false
    envelope.ms = micros / 1000
    envelope.basis = 'utc'
    fillAround(bytes, envelope)
    envelope.bytes = bytes
    envelope.start = starts[MESSAGE] ?? 0
    envelope.end = ends[MESSAGE] ?? 0
    if ((last.escaped & (1 << MESSAGE)) !== 0) {
      const message = text(bytes, envelope.start - 1, envelope.end + 1)
      envelope.bytes = message.bytes
      envelope.start = message.start
      envelope.end = message.end
    }
    return true
  }

  return {
    unwrap(bytes, start, end, envelope) {
      if (unwrapKnown(bytes, start, end, envelope)) return 'line'
      Object.assign(entry, NO_ENTRY)
      line = bytes
      const whole = eachMember(bytes, start, end, visit)
      line = NOTHING
      if (!whole || entry.message < 0 || Number.isNaN(entry.micros)) return 'no'
      shapes.learn(bytes, start, end)
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
    many: (bytes, start, limit) => records.many(bytes, start, limit),
    end() {
      records.end()
    },
  }
}

const NO_ORIGIN: Readonly<Origin> = { host: null, unit: null, pod: null, namespace: null, container: null, level: 0 }

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

const fillContainer = (name: string, envelope: Origin): void => {
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
