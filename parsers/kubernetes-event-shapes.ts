/**
 * Events of known shapes: of one that is alike in all but its times, count and uid to one that was read before, nothing is decoded.
 * Which event says what is kubernetes-event.ts'; what is unusual is kubernetes-event-bytes.ts' and in the end JSON.parse's.
 */
import type { Entity } from '../src/model/entity.js'
import { jsonShapes, viewOf } from '../src/read/json-shapes.js'
import { patience } from '../src/read/patience.js'
import { SIZES, wasmMemory, wasmWindow, type WasmMemory } from '../src/read/wasm-memory.js'
import { scanned } from './kubernetes-event-bytes.js'
import { AT, DAY, eventKernel, NONE, RECORD, SUBJECT, WHY } from './kubernetes-event-kernel.js'
import {
  ABOUT_KIND,
  ABOUT_NAME,
  ABOUT_NAMESPACE,
  ABOUT_PATH,
  ABOUT_UID,
  COMPONENT,
  CONTROLLER,
  COUNT,
  CREATED,
  EVENT_TIME,
  FIRST,
  HOST,
  INSTANCE,
  LAST,
  LAST_OBSERVED,
  MESSAGE,
  NAMESPACE,
  NOTE,
  PATHS,
  REASON,
  REPORTING,
  SERIES_COUNT,
  SUBJECT_SLOTS,
  TYPE,
  UID,
} from './kubernetes-event-slots.js'
import { judge, type EventReader, type Judged } from './kubernetes-event.js'
import { latest, timeOfText } from './kubernetes-fields.js'
import { recent } from './recent.js'

/** Subjects remembered: a power of two. */
const SUBJECTS = 16_384
/** Where one may lie beside its own place. */
const NEIGHBOURS = 4
/** Longer ones are read anew each time. */
const MAX_SUBJECT_BYTES = 4_096

interface Remembered {
  readonly hash: number
  readonly lengths: Uint16Array
  readonly view: DataView
  readonly judged: Judged | null
}

export interface EventShapes {
  /**
   * Reads the event that begins at `start`, on `line`, if its shape is known, and as many as may be of those after it: what they are and when they were last
   * seen goes to `to`, where the last one ended to `scanned`. How many they are; 0: its shape is not known.
   */
  read(bytes: Buffer, start: number, line: number, to: EventReader): number
  /** When the latest of them was seen; NaN where none tells. */
  readonly seenAt: number
  /** What the event in bytes[start, end) looks like: it was read by other means. */
  learn(bytes: Buffer, start: number, end: number): void
  end(): void
}

type Kernel = Readonly<Record<'events', (...args: readonly number[]) => number>>

/** A reader's pieces of the memory, and its views. */
interface Tables {
  readonly memory: WasmMemory
  readonly kernel: Kernel
  readonly at: number
  readonly words: Int32Array
  readonly numbers: Float64Array
  readonly view: DataView
  /** The known subjects, by their hash. */
  readonly subjectsAt: number
  readonly subjects: DataView
}

const open = (): Tables | null => {
  const memory = wasmMemory()
  const at = memory?.take('tables') ?? null
  const subjectsAt = memory?.take('chunk') ?? null
  if (memory === null || at === null || subjectsAt === null) {
    if (at !== null) memory?.giveBack('tables', at)
    if (subjectsAt !== null) memory?.giveBack('chunk', subjectsAt)
    return null
  }
  const words = new Int32Array(memory.buffer, at, SIZES.tables / 4)
  words.fill(0, 0, AT.records / 4)
  const subjects = new DataView(memory.buffer, subjectsAt, SUBJECT.places * SUBJECT.size)
  clear(subjects)
  const numbers = new Float64Array(memory.buffer, at, SIZES.tables / 8)
  return { memory, kernel: memory.compile(eventKernel), at, words, numbers, view: new DataView(memory.buffer, at, SIZES.tables), subjectsAt, subjects }
}
const clear = ({ buffer, byteOffset, byteLength }: DataView): void => {
  new Uint8Array(buffer, byteOffset, byteLength).fill(0)
}

export const eventShapes = (): EventShapes => {
  const shapes = jsonShapes({ slots: PATHS, numbers: [COUNT, SERIES_COUNT], fixed: [['kind'], ['apiVersion']], escapes: [MESSAGE, NOTE] }, true)
  const { starts, ends, last } = shapes
  const subjects = new Array<Remembered | undefined>(SUBJECTS + NEIGHBOURS).fill(undefined)
  let tables: Tables | null | undefined
  const window = wasmWindow()
  /** By their number in the tables. */
  let judgements: (Judged | null)[] = []
  /** Where every event is unusual, many at once are tried less and less often. */
  const trying = patience()
  const entities = recent<Entity>(SUBJECTS)
  let turn = 0
  let seenAt = NaN

  const hashOf = (view: DataView): number => {
    let hash = 0
    for (let slot = 0; slot < SUBJECT_SLOTS; slot++) {
      const start = starts[slot] ?? 0
      const end = ends[slot] ?? 0
      let at = start
      hash = Math.imul(hash ^ (end - start), 0x9e3779b1)
      for (; at + 4 <= end; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), 0x85ebca6b)
      for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x85ebca6b)
      hash ^= hash >>> 15
    }
    return hash
  }

  const isSame = (view: DataView, known: Remembered): boolean => {
    let from = 0
    for (let slot = 0; slot < SUBJECT_SLOTS; slot++) {
      const start = starts[slot] ?? 0
      const length = (ends[slot] ?? 0) - start
      if (known.lengths[slot] !== length) return false
      let index = 0
      for (; index + 4 <= length; index += 4) if (view.getInt32(start + index, true) !== known.view.getInt32(from + index, true)) return false
      for (; index < length; index++) if (view.getUint8(start + index) !== known.view.getUint8(from + index)) return false
      from += length
    }
    return true
  }

  const textOf = (bytes: Buffer, slot: number): string => bytes.toString('utf8', starts[slot], ends[slot])

  /** A text that may hold escapes; null where they are none of JSON's. */
  const unescaped = (bytes: Buffer, slot: number): string | null => {
    if ((last.escaped & (1 << slot)) === 0) return textOf(bytes, slot)
    try {
      return JSON.parse(`"${textOf(bytes, slot)}"`) as string // it is one string
    } catch {
      return null
    }
  }

  const judgeNew = (bytes: Buffer): Judged | null | undefined => {
    const message = unescaped(bytes, MESSAGE)
    const note = unescaped(bytes, NOTE)
    if (message === null || note === null) return undefined
    const component = textOf(bytes, REPORTING) || textOf(bytes, CONTROLLER) || textOf(bytes, COMPONENT)
    const kind = textOf(bytes, ABOUT_KIND)
    return judge(
      {
        type: textOf(bytes, TYPE),
        reason: textOf(bytes, REASON),
        message: message || note,
        kind,
        namespace: kind === 'Node' ? '' : textOf(bytes, ABOUT_NAMESPACE) || textOf(bytes, NAMESPACE),
        name: textOf(bytes, ABOUT_NAME),
        container: containerOf(textOf(bytes, ABOUT_PATH)),
        component,
        host: textOf(bytes, HOST) || (component === 'kubelet' ? textOf(bytes, INSTANCE) : ''),
        objectUid: textOf(bytes, ABOUT_UID),
      },
      entities,
    )
  }

  const remember = (bytes: Buffer, hash: number, judged: Judged | null): void => {
    const parts: Buffer[] = []
    for (let slot = 0; slot < SUBJECT_SLOTS; slot++) parts.push(bytes.subarray(starts[slot] ?? 0, ends[slot] ?? 0))
    const lengths = Uint16Array.from(parts, ({ length }) => Math.min(length, 65_535))
    if (parts.reduce((sum, { length }) => sum + length, 0) > MAX_SUBJECT_BYTES) return
    const copy = Uint8Array.from(Buffer.concat(parts)) // not a piece of the pool that small buffers share
    const place = hash & (SUBJECTS - 1)
    let free = -1
    for (let next = 0; next < NEIGHBOURS && free < 0; next++) if (subjects[place + next] === undefined) free = next
    subjects[place + (free < 0 ? turn++ % NEIGHBOURS : free)] = { hash, lengths, view: new DataView(copy.buffer), judged }
  }

  /** undefined: what is said cannot be read. */
  const subjectOf = (bytes: Buffer): Judged | null | undefined => {
    const view = viewOf(bytes)
    const hash = hashOf(view)
    const place = hash & (SUBJECTS - 1)
    for (let next = place; next < place + NEIGHBOURS; next++) {
      const known = subjects[next]
      if (known !== undefined && known.hash === hash && isSame(view, known)) return known.judged
    }
    const judged = judgeNew(bytes)
    if (judged !== undefined) remember(bytes, hash, judged)
    return judged
  }

  /** The day of the last time that was read, as it is written. */
  const day = new DataView(new ArrayBuffer(12))
  let dayMs = NaN
  const timeOf = (bytes: Buffer, slot: number): number => {
    const at = starts[slot] ?? -1
    if (at < 0) return NaN
    const end = ends[slot] ?? 0
    if (end - at !== 20) return timeOfText(bytes.toString('latin1', at, end))
    const view = viewOf(bytes)
    if (view.getInt32(at, true) === day.getInt32(0, true) && view.getInt32(at + 4, true) === day.getInt32(4, true) && isDayEnd(view, at)) {
      const seconds = secondsOf(bytes, at + 11)
      if (seconds >= 0) return dayMs + seconds * 1000
    }
    const ms = timeOfText(bytes.toString('latin1', at, end))
    if (secondsOf(bytes, at + 11) >= 0 && !Number.isNaN(ms)) {
      for (let index = 0; index < 12; index++) day.setUint8(index, bytes[at + index] ?? 0)
      dayMs = ms - secondsOf(bytes, at + 11) * 1000
    }
    return ms
  }
  /** '21T' of the day, and what is before it in the word. */
  const isDayEnd = (view: DataView, at: number): boolean => view.getInt32(at + 7, true) === day.getInt32(7, true)

  const countOf = (bytes: Buffer, slot: number): number => {
    let count = 0
    for (let at = starts[slot] ?? 0; at < (ends[slot] ?? 0); at++) count = count * 10 + (bytes[at] ?? 0) - 48
    return count >= 1 && count < 1e9 ? count : 1
  }

  const readOne = (bytes: Buffer, start: number, to: EventReader): boolean => {
    if (!shapes.match(bytes, start, bytes.length) || starts[UID] === ends[UID]) return false
    const judged = subjectOf(bytes)
    if (judged === undefined) return false
    const eventTime = timeOf(bytes, EVENT_TIME)
    const lastTime = timeOf(bytes, LAST)
    let latestTime = latest(timeOf(bytes, LAST_OBSERVED), lastTime)
    let first = timeOf(bytes, FIRST)
    if (Number.isNaN(first)) first = eventTime
    if (Number.isNaN(first)) first = latestTime
    if (Number.isNaN(latestTime)) latestTime = first
    if (Number.isNaN(latestTime)) first = latestTime = timeOf(bytes, CREATED)
    if (first > latestTime) first = latestTime
    seenAt = latest(lastTime, eventTime)
    scanned.end = last.end
    scanned.lines = last.lines
    scanned.lastNewline = last.lastNewline
    const count = Math.max(countOf(bytes, COUNT), countOf(bytes, SERIES_COUNT))
    to.happened(judged, first, latestTime, count, bytes, starts[UID] ?? 0, ends[UID] ?? 0, '', NaN)
    return true
  }

  /** The subject at hand gets a number; false where it cannot be read, or there is no room as long as others' numbers are needed. */
  const learnSubject = (bytes: Buffer, { words, view, subjects: places }: Tables): boolean => {
    if (judgements.length >= SUBJECT.most) {
      if ((words[AT.count >> 2] ?? 0) > 0) return false
      judgements = []
      clear(places)
    }
    const judged = judgeNew(bytes)
    if (judged === undefined) return false
    const hash = view.getBigUint64(AT.subject, true)
    let place = Number((hash >> 40n) & BigInt(SUBJECT.places - 1))
    while (places.getBigUint64(place * SUBJECT.size, true) !== 0n) place = (place + 1) % SUBJECT.places
    places.setBigUint64(place * SUBJECT.size, hash, true)
    places.setInt32(place * SUBJECT.size + SUBJECT.number, judgements.push(judged) - 1, true)
    places.setInt32(place * SUBJECT.size + SUBJECT.says, judged === null || judged.saying === null ? 0 : 1, true)
    return hash !== 0n
  }
  const learnDay = (bytes: Buffer, { words, view, numbers }: Tables): boolean => {
    const at = starts[words[AT.slot >> 2] ?? 0] ?? 0
    const ms = timeOfText(`${bytes.toString('latin1', at, at + DAY.length)}00:00:00Z`)
    const days = words[AT.days >> 2] ?? 0
    if (Number.isNaN(ms) || days >= DAY.most) return false
    const day = AT.day + days * DAY.size
    view.setBigInt64(day, bytes.readBigInt64LE(at), true)
    view.setInt32(day + DAY.last, bytes.readInt32LE(at + DAY.lastAt), true)
    numbers[(day + DAY.ms) >> 3] = ms
    words[AT.days >> 2] = days + 1
    return true
  }

  /** As many as may be of the events from `start` on, where one begins. */
  const readMany = (bytes: Buffer, start: number, line: number, to: EventReader): number => {
    if (trying.rests()) return 0
    if (tables === undefined) tables = open()
    const room = tables
    const known = room === null ? null : shapes.inMemory()
    const seenBefore = known === null ? null : to.seen.inMemory()
    if (room === null || known === null || seenBefore === null || !window.load(room.memory, bytes, bytes, start, bytes.length)) return 0
    const { words, numbers } = room
    words[AT.limit >> 2] = window.base + window.to
    words[AT.base >> 2] = window.base
    words[AT.subjects >> 2] = room.subjectsAt
    words[AT.recent >> 2] = seenBefore
    words[AT.count >> 2] = words[AT.lines >> 2] = 0
    words[AT.lastNewline >> 2] = -1
    words[AT.end >> 2] = start
    numbers[AT.seen >> 3] = NONE
    for (;;) {
      room.kernel.events(room.at, known.at, window.base + (words[AT.end >> 2] ?? 0))
      const why = words[AT.why >> 2]
      if (why !== WHY.subject && why !== WHY.day) break
      shapes.takeOver()
      if (!(why === WHY.subject ? learnSubject(bytes, room) : learnDay(bytes, room))) break
    }
    const count = words[AT.count >> 2] ?? 0
    if (count === 0) {
      trying.failed()
      return 0
    }
    trying.worked()
    for (let event = 0, at = AT.records >> 2; event < count; event++, at += RECORD.size >> 2) {
      const judged = judgements[words[at + (RECORD.subject >> 2)] ?? 0] ?? null
      const first = numbers[(at + (RECORD.first >> 2)) >> 1] ?? NaN
      const latestTime = numbers[(at + (RECORD.last >> 2)) >> 1] ?? NaN
      const before = words[at + (RECORD.before >> 2)] ?? -1
      to.known(judged, first, latestTime, words[at + (RECORD.count >> 2)] ?? 1, before, line + (words[at + (RECORD.line >> 2)] ?? 0))
    }
    const seen = numbers[AT.seen >> 3] ?? NONE
    seenAt = seen === NONE ? NaN : seen
    scanned.end = words[AT.end >> 2] ?? 0
    scanned.lines = words[AT.lines >> 2] ?? 0
    scanned.lastNewline = words[AT.lastNewline >> 2] ?? -1
    return count
  }

  return {
    get seenAt() {
      return seenAt
    },
    read(bytes, start, line, to) {
      const many = readMany(bytes, start, line, to)
      return many > 0 ? many : readOne(bytes, start, to) ? 1 : 0
    },
    learn: (bytes, start, end) => shapes.learn(bytes, start, end),
    end() {
      if (tables !== null && tables !== undefined) {
        tables.memory.giveBack('tables', tables.at)
        tables.memory.giveBack('chunk', tables.subjectsAt)
      }
      tables = null
      window.end()
      shapes.end()
    },
  }
}

const containerOf = (path: string): string => /\{([^}]{1,253})\}$/u.exec(path)?.[1] ?? ''

/** Of 'HH:MM:SSZ' at `at`: seconds of the day; -1 where it is written otherwise. */
const secondsOf = (bytes: Buffer, at: number): number => {
  const hours = two(bytes, at)
  const minutes = two(bytes, at + 3)
  const seconds = two(bytes, at + 6)
  if (bytes[at + 2] !== 58 || bytes[at + 5] !== 58 || bytes[at + 8] !== 90 || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1
  return seconds < 0 || seconds > 59 ? -1 : (hours * 60 + minutes) * 60 + seconds
}

/** Two digits; -1 where they are none. */
const two = (bytes: Buffer, at: number): number => {
  const tens = (bytes[at] ?? 0) - 48
  const ones = (bytes[at + 1] ?? 0) - 48
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones
}
