/**
 * Log records as collectors and clouds export them: one JSON object a record, with the line in one of its members and the time, machine and
 * pod in others. Which member holds what is data (records.ts); here is how it is found, in the bytes, without building the object.
 */
import { pod as podOf, type Entity } from '../../src/model/entity.js'
import type { Unwrapper, Wrapping } from '../../src/model/format.js'
import { shareOf } from '../../src/read/envelope.js'
import { eachMember, stringReader } from '../../src/read/json-members.js'
import { cachedNames, isWord, unitOf } from '../../src/read/names.js'
import { readRecordTime } from '../../src/read/record-times.js'
import { found } from '../../src/read/stamps.js'
import { levelOfValue } from '../levels.js'

/** A record's kind. Paths are members inside each other, joined by dots; of several the first that is there counts. */
export interface RecordKind {
  readonly id: string
  readonly reads: string
  readonly reference: string
  readonly example: string
  /** Less than 1 where another kind's records hold the same members and more. */
  readonly sure?: number
  /** One of these has to be there, else the object is something else. */
  readonly marks: readonly string[]
  /** The line: a string, or an object that is a line of JSON itself. */
  readonly message: readonly string[]
  readonly time: readonly string[]
  /** How a time without a zone is meant. */
  readonly zoneless: 'utc' | 'local'
  readonly host?: readonly string[]
  /** systemd unit or syslog identifier. */
  readonly unit?: readonly string[]
  readonly namespace?: readonly string[]
  readonly pod?: readonly string[]
  readonly container?: readonly string[]
  /** How severe it is: a name, or a number of syslog's. */
  readonly level?: readonly string[]
  /** The stream it was written to: where the value ends so and the line is plain text, the level is only the stream's. */
  readonly stream?: readonly string[]
  /** What the log is called, where neither unit nor container tells whose it is: several kinds of logs may share an export. */
  readonly log?: readonly string[]
  /** Where one of these is there, the record is no line of a log but a table's row, which a format reads whole. */
  readonly rows?: readonly string[]
}

const SLOTS = ['message', 'time', 'host', 'unit', 'namespace', 'pod', 'container', 'marks', 'level', 'stream', 'log', 'rows'] as const
type Slot = (typeof SLOTS)[number]

interface Step {
  readonly key: Buffer
  /** What a value here is for, with its rank among those for the same. */
  readonly uses: { readonly slot: number; readonly rank: number }[]
  readonly inside: Step[]
}

const stepOf = (steps: Step[], key: string): Step => {
  const bytes = Buffer.from(key)
  const known = steps.find((step) => step.key.equals(bytes))
  if (known !== undefined) return known
  const step: Step = { key: bytes, uses: [], inside: [] }
  steps.push(step)
  return step
}

/** Members may be nested or have dots in their names ('kubernetes.pod_name', 'compute.googleapis.com/resource_name'): every cut of a path is a way. */
const addPath = (steps: Step[], path: string, use: Step['uses'][number]): void => {
  stepOf(steps, path).uses.push(use)
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) addPath(stepOf(steps, path.slice(0, dot)).inside, path.slice(dot + 1), use)
}

const stepsOf = (kind: RecordKind): readonly Step[] => {
  const steps: Step[] = []
  SLOTS.forEach((slot: Slot, index) => (kind[slot] ?? []).forEach((path, rank) => addPath(steps, path, { slot: index, rank })))
  return steps
}

const isKey = (key: Buffer, bytes: Buffer, start: number, end: number): boolean => {
  if (key.length !== end - start) return false
  for (let at = 0; at < key.length; at++) if (key[at] !== bytes[start + at]) return false
  return true
}

const QUOTE = 34
const BRACE = 123
const NEWLINE = 10
const RETURN = 13
const NULL = 110
const NONE = 255
/** Records of one kind are alike: so many tell. */
const SNIFFED = 50
const MESSAGE = 0
const TIME = 1
const HOST = 2
const UNIT = 3
const NAMESPACE = 4
const POD = 5
const CONTAINER = 6
const MARKS = 7
const LEVEL = 8
const STREAM = 9
const LOG = 10
const ROWS = 11
/** Collectors call what was written to stderr an error, and what was written to stdout none, whatever it says. */
const STREAMS = ['stderr"', 'stdout"'] as const

const open = (kind: RecordKind, steps: readonly Step[]): Unwrapper => {
  const text = stringReader()
  const hosts = cachedNames((raw) => raw.replace(/^.*\//u, ''))
  const units = cachedNames(unitOf)
  const logs = cachedNames((raw) => raw.replace(/^.*(?:\/|%2F)/u, ''))
  const namespaces = cachedNames()
  const pods = cachedNames()
  const containers = cachedNames()
  const ranks = new Uint8Array(SLOTS.length)
  const starts = new Int32Array(SLOTS.length)
  const ends = new Int32Array(SLOTS.length)
  let line: Buffer = Buffer.alloc(0)
  let lastNamespace = ''
  let lastPod = ''
  let pod: Entity | null = null

  const visitorOf =
    (inside: readonly Step[]) =>
    (key: number, keyEnd: number, value: number, valueEnd: number): void => {
      for (const step of inside) {
        if (!isKey(step.key, line, key, keyEnd)) continue
        const first = line[value]
        if (first === NULL || (first === QUOTE && valueEnd - value === 2 && step.uses.every(({ slot }) => slot !== MESSAGE && slot !== MARKS))) return
        for (const { slot, rank } of step.uses) {
          if (rank >= (ranks[slot] ?? NONE)) continue
          if (first === BRACE ? slot !== MESSAGE && slot !== MARKS : first !== QUOTE && slot !== TIME && slot !== MARKS && slot !== LEVEL) continue
          ranks[slot] = rank
          starts[slot] = value
          ends[slot] = valueEnd
        }
        if (first === BRACE && step.inside.length > 0) eachMember(line, value, valueEnd, visitors.get(step.inside) ?? ignore)
        return
      }
    }
  const visitors = new Map<readonly Step[], ReturnType<typeof visitorOf>>()
  const prepare = (inside: readonly Step[]): void => {
    visitors.set(inside, visitorOf(inside))
    for (const step of inside) if (step.inside.length > 0) prepare(step.inside)
  }
  prepare(steps)
  const top = visitors.get(steps) ?? ignore

  const has = (slot: number): boolean => ranks[slot] !== NONE
  const name = (names: ReturnType<typeof cachedNames>, slot: number): string => names(line, (starts[slot] ?? 0) + 1, (ends[slot] ?? 0) - 1)

  const isOfStream = (): boolean =>
    line[starts[MESSAGE] ?? 0] === QUOTE && STREAMS.some((word) => isWord(word, line, (ends[STREAM] ?? 0) - word.length, ends[STREAM] ?? 0))
  const level = (): number => {
    const quoted = line[starts[LEVEL] ?? 0] === QUOTE ? 1 : 0
    return levelOfValue(line, (starts[LEVEL] ?? 0) + quoted, (ends[LEVEL] ?? 0) - quoted, true)
  }

  return {
    unwrap(bytes, start, end, envelope) {
      ranks.fill(NONE)
      line = bytes
      if (!eachMember(bytes, start, end, top) || !has(MESSAGE) || !has(MARKS)) return 'no'
      const quoted = bytes[starts[TIME] ?? 0] === QUOTE ? 1 : 0
      const timed = has(TIME) && readRecordTime(bytes, (starts[TIME] ?? 0) + quoted, (ends[TIME] ?? 0) - quoted, kind.zoneless)
      if (kind.time.length > 0 && !timed) return 'no'
      if (timed) {
        envelope.ms = found.ms
        envelope.basis = found.basis
      }
      if (has(HOST)) envelope.host = name(hosts, HOST)
      if (has(CONTAINER)) envelope.container = name(containers, CONTAINER)
      if (has(POD)) {
        const itsNamespace = has(NAMESPACE) ? name(namespaces, NAMESPACE) : '-'
        const itsPod = name(pods, POD)
        if (itsPod !== lastPod || itsNamespace !== lastNamespace) {
          lastPod = itsPod
          lastNamespace = itsNamespace
          pod = podOf(itsNamespace, itsPod)
        }
        envelope.pod = pod
      } else if (has(NAMESPACE)) envelope.namespace = name(namespaces, NAMESPACE)
      const unit = has(UNIT) ? name(units, UNIT) : (envelope.container ?? (has(LOG) ? name(logs, LOG) : null))
      if (unit !== null && unit !== '') envelope.unit = unit
      if (has(LEVEL) && !(has(STREAM) && isOfStream())) envelope.level = level()
      if (has(ROWS)) {
        envelope.bytes = bytes
        envelope.start = start
        envelope.end = end
        return 'line'
      }
      if (bytes[starts[MESSAGE] ?? 0] === BRACE) {
        envelope.bytes = bytes
        envelope.start = starts[MESSAGE] ?? 0
        envelope.end = ends[MESSAGE] ?? 0
        return 'line'
      }
      const said = text(bytes, starts[MESSAGE] ?? 0, ends[MESSAGE] ?? 0)
      let stop = said.end
      while (stop > said.start && (said.bytes[stop - 1] === NEWLINE || said.bytes[stop - 1] === RETURN)) stop--
      envelope.bytes = said.bytes
      envelope.start = said.start
      envelope.end = stop
      return 'line'
    },
  }
}

const ignore = (): void => undefined

export const recordWrapping = (kind: RecordKind): Wrapping => {
  const steps = stepsOf(kind)
  const opened = (): Unwrapper => open(kind, steps)
  const { id, reads, reference, example, sure = 1 } = kind
  const sniff = (lines: readonly string[]): number => {
    const looked = lines.slice(0, SNIFFED)
    return looked.some((line) => /^\s*\{/u.test(line)) ? shareOf(looked, opened()) * sure : 0
  }
  return { id, reads, reference, example, sniff, open: opened }
}
