/**
 * JSON records of shapes that come again and again, a payload and a stamp in each, unwrapped many at once (json-records-kernel.ts). What else is around a
 * payload (its host, its unit) is the same in very many of them: it is asked for once for each origin, and found again by a hash.
 *
 *     {"_HOSTNAME":"worker-1","__REALTIME_TIMESTAMP":"1795249081887962",…,"MESSAGE":"E1121 … err=\"node …\""}   →   18:01.887962 E1121 … err="node …"
 */
import type { Envelope, SteadyPrefix, Unwrapped } from '../model/format.js'
import { wholeNumber } from './json-members.js'
import { AT, ORIGIN, RECORD, recordsKernel, STAMP_BYTES, WHY } from './json-records-kernel.js'
import type { Shapes } from './json-shapes.js'
import { patience } from './patience.js'
import { SIZES, wasmMemory, wasmWindow, type WasmMemory } from './wasm-memory.js'

/** All that is around a payload but for its time. */
export type Origin = Pick<Envelope, 'host' | 'unit' | 'pod' | 'namespace' | 'container' | 'level'>

export interface RecordsOf {
  readonly shapes: Shapes
  /** The slots of the payload, of its stamp (microseconds since the epoch), and of all that the origin follows from: from `first` up to `last`. */
  readonly payload: number
  readonly stamp: number
  readonly first: number
  readonly last: number
  /** The origin of the record whose values the shapes have found. */
  originOf: (bytes: Buffer) => Origin
}

export interface Records {
  /** As Unwrapper's. */
  many: (bytes: Buffer, start: number, limit: number) => Unwrapped | null
  end(): void
}

/** Shorter inputs are over before it would pay. */
const WORTH_BYTES = 16_384
const HOUR_MICROS = 3_600_000_000
/** Lines are written in a piece for a chunk, to this place at most: what is written goes a few bytes beyond. */
const ROOM_BYTES = 1 << 20

type Kernel = Readonly<Record<'undress', (...args: readonly number[]) => number>>

interface Tables {
  readonly memory: WasmMemory
  readonly kernel: Kernel
  readonly at: number
  readonly words: Int32Array
  readonly view: DataView
  /** Where lines are written to. */
  readonly lines: number
}

const open = (): Tables | null => {
  const memory = wasmMemory()
  const at = memory?.take('tables') ?? null
  const lines = memory?.take('chunk') ?? null
  if (memory === null || at === null || lines === null) {
    if (at !== null) memory?.giveBack('tables', at)
    if (lines !== null) memory?.giveBack('chunk', lines)
    return null
  }
  const words = new Int32Array(memory.buffer, at, SIZES.tables / 4)
  words.fill(0, 0, AT.records / 4)
  return { memory, kernel: memory.compile(recordsKernel), at, words, view: new DataView(memory.buffer, at, SIZES.tables), lines }
}

export const jsonRecords = ({ shapes, payload, stamp, first, last, originOf }: RecordsOf): Records => {
  let tables: Tables | null | undefined
  const window = wasmWindow()
  const origins: Origin[] = []
  let words: Int32Array = new Int32Array(0)
  let hour = 0
  /** Where every record is unusual, it is tried less and less often. */
  const trying = patience()

  const prefix = {
    length: STAMP_BYTES,
    bytes: Buffer.from('00:00.000000 '),
    minutes: 0,
    digits: 6,
    perMicro: 1,
    hourMs: NaN,
    basis: 'utc',
    forget: () => undefined,
  } satisfies SteadyPrefix

  const unwrapped = {
    count: 0,
    next: 0,
    bytes: Buffer.alloc(0),
    view: new DataView(new ArrayBuffer(0)),
    prefix,
    lineAt: (index: number): number => words[(AT.records + index * RECORD.size + RECORD.line) >> 2] ?? 0,
    originOf(index: number): number {
      const origin = words[(AT.records + index * RECORD.size + RECORD.origin) >> 2] ?? 0
      return origin > RECORD.index ? -1 : origin
    },
    fill(index: number, envelope: Envelope): void {
      const at = (AT.records + index * RECORD.size) >> 2
      const origin = origins[(words[at + (RECORD.origin >> 2)] ?? 0) & RECORD.index]
      Object.assign(envelope, origin)
      envelope.ms = (hour + ((words[at + (RECORD.micros >> 2)] ?? 0) >>> 0)) / 1000
      envelope.basis = 'utc'
      envelope.bytes = unwrapped.bytes
      envelope.start = unwrapped.lineAt(index) + STAMP_BYTES
      envelope.end = (index + 1 < unwrapped.count ? unwrapped.lineAt(index + 1) : unwrapped.bytes.length) - 1
    },
  }

  /** The hour of the record whose values the shapes have found. */
  const setHour = (bytes: Buffer, { view }: Tables): boolean => {
    const micros = wholeNumber(bytes, shapes.starts[stamp] ?? 0, shapes.ends[stamp] ?? 0)
    if (!Number.isSafeInteger(micros)) return false
    hour = micros - (micros % HOUR_MICROS)
    prefix.hourMs = hour / 1000
    view.setBigInt64(AT.hour, BigInt(hour), true)
    return true
  }
  const learnOrigin = (bytes: Buffer, { view }: Tables): boolean => {
    const hash = view.getBigUint64(AT.origin, true)
    if (hash === 0n || origins.length >= ORIGIN.most) return false
    let place = Number((hash >> 40n) & BigInt(ORIGIN.places - 1))
    while (view.getBigUint64(AT.origins + place * ORIGIN.size + ORIGIN.hash, true) !== 0n) place = (place + 1) % ORIGIN.places
    view.setBigUint64(AT.origins + place * ORIGIN.size + ORIGIN.hash, hash, true)
    view.setInt32(AT.origins + place * ORIGIN.size + ORIGIN.index, origins.push(originOf(bytes)) - 1, true)
    return true
  }

  return {
    many(bytes, start, limit) {
      if (trying.rests()) return null
      if (tables === undefined) {
        if (limit - start < WORTH_BYTES) return null
        tables = open()
        words = tables?.words ?? words
      }
      const room = tables
      const known = room === null ? null : shapes.inMemory()
      if (room === null || known === null || !window.load(room.memory, bytes, bytes, start, limit)) return null
      words[AT.limit >> 2] = window.base + window.to
      words[AT.base >> 2] = window.base
      words[AT.room >> 2] = room.lines + ROOM_BYTES
      words[AT.written >> 2] = words[AT.lines >> 2] = room.lines
      words[AT.count >> 2] = 0
      words[AT.payload >> 2] = payload
      words[AT.stamp >> 2] = stamp
      words[AT.first >> 2] = first
      words[AT.last >> 2] = last
      let at = window.base + start
      let hours = 0
      for (;;) {
        at = room.kernel.undress(room.at, known.at, at)
        const why = words[AT.why >> 2]
        if (why !== WHY.unknown && why !== WHY.hour) break
        shapes.takeOver()
        if (why === WHY.unknown ? !learnOrigin(bytes, room) : words[AT.count >> 2] !== 0 || hours++ > 0 || !setHour(bytes, room)) break
      }
      unwrapped.count = words[AT.count >> 2] ?? 0
      if (unwrapped.count === 0) {
        trying.failed()
        return null
      }
      trying.worked()
      unwrapped.next = at - window.base
      unwrapped.bytes = Buffer.from(room.memory.buffer, room.lines, (words[AT.written >> 2] ?? 0) - room.lines)
      unwrapped.view = new DataView(room.memory.buffer, room.lines, unwrapped.bytes.length)
      return unwrapped
    },
    end() {
      if (tables !== null && tables !== undefined) {
        tables.memory.giveBack('tables', tables.at)
        tables.memory.giveBack('chunk', tables.lines)
      }
      window.end()
      shapes.end()
      tables = null
    },
  }
}
