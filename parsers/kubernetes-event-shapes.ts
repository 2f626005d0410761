/**
 * Events of known shapes: of one that is alike in all but its times, count and uid to one that was read before, nothing is decoded.
 * Which event says what is kubernetes-event.ts'; what is unusual is kubernetes-event-bytes.ts' and in the end JSON.parse's.
 */
import type { Entity } from '../src/model/entity.js'
import { jsonShapes, viewOf, type Hash } from '../src/read/json-shapes.js'
import { scanned } from './kubernetes-event-bytes.js'
import { judge, type EventReader, type Judged } from './kubernetes-event.js'
import { latest, timeOfText } from './kubernetes-fields.js'
import { recent } from './recent.js'

const PATHS = [
  ['reason'],
  ['message'],
  ['note'],
  ['type'],
  ['metadata', 'namespace'],
  ['source', 'component'],
  ['source', 'host'],
  ['reportingComponent'],
  ['reportingController'],
  ['reportingInstance'],
  ['involvedObject', 'kind'],
  ['involvedObject', 'namespace'],
  ['involvedObject', 'name'],
  ['involvedObject', 'uid'],
  ['involvedObject', 'fieldPath'],
  ['metadata', 'uid'],
  ['metadata', 'creationTimestamp'],
  ['firstTimestamp'],
  ['lastTimestamp'],
  ['eventTime'],
  ['series', 'lastObservedTime'],
  ['count'],
  ['series', 'count'],
] as const
const [REASON, MESSAGE, NOTE, TYPE, NAMESPACE, COMPONENT, HOST, REPORTING, CONTROLLER, INSTANCE] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const [ABOUT_KIND, ABOUT_NAMESPACE, ABOUT_NAME, ABOUT_UID, ABOUT_PATH] = [10, 11, 12, 13, 14]
const [UID, CREATED, FIRST, LAST, EVENT_TIME, LAST_OBSERVED, COUNT, SERIES_COUNT] = [15, 16, 17, 18, 19, 20, 21, 22]
/** The slots before this one make the subject. */
const SUBJECT_SLOTS = 15

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
  /** Reads the event that begins at `start`, if its shape is known: what it is and when it was last seen goes to `to`, where it ended to `scanned`. */
  read(bytes: Buffer, start: number, to: EventReader): boolean
  /** When the last event was seen; NaN where it does not tell. */
  readonly seenAt: number
  /** What the event in bytes[start, end) looks like: it was read by other means. */
  learn(bytes: Buffer, start: number, end: number): void
  end(): void
}

export const eventShapes = (): EventShapes => {
  const shapes = jsonShapes({ slots: PATHS, numbers: [COUNT, SERIES_COUNT], fixed: [['kind'], ['apiVersion']], escapes: [MESSAGE, NOTE] }, true)
  const { starts, ends, last } = shapes
  const subjects = new Array<Remembered | undefined>(SUBJECTS + NEIGHBOURS).fill(undefined)
  /** Those whose hash WebAssembly made: 64 bits, which no two of one input share. */
  const hashes = new Int32Array(2 * (SUBJECTS + NEIGHBOURS))
  const hashed = new Array<Judged | null | undefined>(SUBJECTS + NEIGHBOURS).fill(undefined)
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
    const judged = judge({
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
    })
    if (judged === null) return null
    // One string for all that is said of it: to find what is known of an entity, its letters need not be compared.
    const entity = entities.get(judged.entity) ?? judged.entity
    entities.set(entity, entity)
    return { ...judged, entity, repeat: null }
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

  const hashedSubject = (bytes: Buffer, { low, high }: Hash): Judged | null | undefined => {
    const place = low & (SUBJECTS - 1)
    let free = -1
    for (let next = place; next < place + NEIGHBOURS; next++) {
      const known = hashed[next]
      if (known === undefined) free = free < 0 ? next : free
      else if (hashes[2 * next] === low && hashes[2 * next + 1] === high) return known
    }
    const judged = judgeNew(bytes)
    if (judged === undefined) return undefined
    const to = free < 0 ? place + (turn++ % NEIGHBOURS) : free
    hashes[2 * to] = low
    hashes[2 * to + 1] = high
    hashed[to] = judged
    return judged
  }

  /** undefined: what is said cannot be read. */
  const subjectOf = (bytes: Buffer): Judged | null | undefined => {
    const key = shapes.hashOf(bytes, 0, SUBJECT_SLOTS)
    if (key !== null) return hashedSubject(bytes, key)
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

  return {
    get seenAt() {
      return seenAt
    },
    read(bytes, start, to) {
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
    },
    learn: (bytes, start, end) => shapes.learn(bytes, start, end),
    end: () => shapes.end(),
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
