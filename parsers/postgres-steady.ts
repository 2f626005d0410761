/**
 * The records that are most of a log, line after line: durations, connections, what says nothing, and errors. As long as they are of the same hour and zone
 * as the one before, with the pid in the first brackets behind the time ('%m [%p] …', what most servers use), their parts are found by postgres-kernel.ts.
 *
 *     2026-11-21 08:28:22.058 UTC [28565] billing_sync@shop LOG:  duration: 804.741 ms  statement: SELECT …
 *     ^ the hour   ^ the rest   ^ zone   ^ pid   ^ names    ^ the first word before ': '
 */
import type { Basis } from '../src/model/extract.js'
import { SIZES, wasmMemory, wasmWindow, type WasmMemory } from '../src/read/wasm-memory.js'
import { LOOKS } from './postgres-bytes.js'
import { passCsv } from './postgres-kernel-csv.js'
import { passLines } from './postgres-kernel-lines.js'
import { AT, EVENT, NAMES, TEXT } from './postgres-kernel.js'

/** Shorter inputs are over before it would pay. */
const WORTH_BYTES = 16_384
const MAX_ZONE = 16
/** Where the seconds stand in a stamp. */
const SECONDS = 17
const HOUR_BYTES = 14
/** After so many lines in a row that could not be gone over, it is tried at every so many lines only. */
const IN_VAIN = 64

const POINT = 46
const COLON = 58

/** A record, or a DETAIL, that was gone over; one object for all. Places are in the bytes at hand. */
export interface Steady {
  ms: number
  basis: Basis
  /** Of postgres-bytes.ts' meanings, or of postgres-kernel.ts' kinds. */
  kind: number
  /** Of a statement, in milliseconds. */
  took: number
  pid: number
  line: number
  /** Where what may name somebody begins, where the severity does, and the message. */
  from: number
  word: number
  message: number
  end: number
  /** Where the last line ends that goes on with it, and whether more of them may come. */
  until: number
  open: boolean
  /** Which names stand before it: a number of those that are remembered, and whether others had it before. */
  names: number
  renamed: boolean
}

export interface SteadyRecords {
  /** A record was read whose line begins with its time, and at bytes[stampEnd] ends it. */
  learn(bytes: Buffer, start: number, stampEnd: number, ms: number, basis: Basis): void
  /**
   * As LineReader's. `free`: lines that begin with a tab go on with what nobody waits for; `freed` tells the same of what comes next. Each
   * record is told, the lines up to its own having been counted.
   */
  pass(bytes: Buffer, start: number, limit: number, most: number, free: boolean): number
  readonly freed: boolean
  end(): void
}

export const STEADY_NAMES = NAMES

const KERNEL = [passLines, passCsv]
type Kernel = Readonly<Record<'passLines' | 'passCsv', (...args: readonly number[]) => number>>

/** A reader's piece of the memory, and its views. */
interface Tables {
  readonly memory: WasmMemory
  readonly kernel: Kernel
  readonly at: number
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly numbers: Float64Array
}

const open = (): Tables | null => {
  const memory = wasmMemory()
  const at = memory?.take('tables') ?? null
  if (memory === null || at === null) return null
  const bytes = new Uint8Array(memory.buffer, at, SIZES.tables)
  bytes.fill(0)
  writeTexts(bytes)
  return {
    memory,
    kernel: memory.compile(KERNEL),
    at,
    bytes,
    words: new Int32Array(memory.buffer, at, SIZES.tables / 4),
    numbers: new Float64Array(memory.buffer, at, SIZES.tables / 8),
  }
}

/** What messages begin with, in groups by their first letters. */
const writeTexts = (bytes: Uint8Array): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at: number = AT.texts
  for (const letter of new Set(LOOKS.map(([text]) => text.charCodeAt(0)))) {
    const group = LOOKS.filter(([text]) => text.charCodeAt(0) === letter)
    view.setUint16(AT.letters + 2 * letter, at, true)
    view.setInt32(at, group.length, true)
    at += 16
    for (const [text, meaning] of group) {
      view.setInt32(at + TEXT.length, text.length, true)
      view.setInt32(at + TEXT.meaning, meaning, true)
      bytes.set(Buffer.from(text.slice(0, TEXT.most)), at + TEXT.bytes)
      bytes.fill(255, at + TEXT.mask, at + TEXT.mask + Math.min(text.length, TEXT.most))
      at += TEXT.size
    }
  }
}

export const steadyRecords = (loop: keyof Kernel, count: (lines: number) => void, tell: (bytes: Buffer, record: Steady) => void): SteadyRecords => {
  const hour = Buffer.alloc(HOUR_BYTES)
  const zone = Buffer.alloc(MAX_ZONE)
  let zoneLength = 0
  let fraction = 0
  let hourMs = NaN
  let basis: Basis = 'utc'
  let known = false
  let renewed = false
  let inVain = 0
  let tables: Tables | null | undefined
  const window = wasmWindow()
  const record: Steady = {
    ms: NaN,
    basis: 'utc',
    kind: 0,
    took: NaN,
    pid: 0,
    line: 0,
    from: 0,
    word: 0,
    message: 0,
    end: 0,
    until: 0,
    open: false,
    names: 0,
    renamed: false,
  }

  /** What lines begin with, for the kernel to compare. */
  const writePattern = ({ bytes, words, numbers }: Tables): void => {
    bytes.fill(0, AT.hourBytes, AT.letters)
    bytes.set(hour, AT.hourBytes)
    bytes.fill(255, AT.hourMask, AT.hourMask + HOUR_BYTES)
    bytes.set(zone.subarray(0, zoneLength), AT.zoneBytes)
    bytes.fill(255, AT.zoneMask, AT.zoneMask + zoneLength)
    words[AT.fraction >> 2] = fraction
    words[AT.zone >> 2] = zoneLength
    numbers[AT.hour >> 3] = hourMs
    renewed = false
  }

  const tellAll = (bytes: Buffer, { words, numbers }: Tables): void => {
    const happened = words[AT.events >> 2] ?? 0
    const own = words[AT.own >> 2] === 1
    record.basis = basis
    for (let event = 0; event < happened; event++) {
      const at = (AT.happened + event * EVENT.size) >> 2
      record.ms = numbers[(at + (EVENT.ms >> 2)) >> 1] ?? NaN
      record.took = numbers[(at + (EVENT.value >> 2)) >> 1] ?? NaN
      record.kind = words[at + (EVENT.kind >> 2)] ?? 0
      record.pid = words[at + (EVENT.pid >> 2)] ?? 0
      record.line = (words[at + (EVENT.line >> 2)] ?? 0) - window.base
      record.from = record.line + SECONDS + 2 + (fraction === 1 ? 4 : 0) + zoneLength
      record.word = (words[at + (EVENT.word >> 2)] ?? 0) - window.base
      record.message = (words[at + (EVENT.message >> 2)] ?? 0) - window.base
      record.end = (words[at + (EVENT.end >> 2)] ?? 0) - window.base
      record.until = (words[at + (EVENT.until >> 2)] ?? 0) - window.base
      record.open = own && event === happened - 1
      const names = words[at + (EVENT.names >> 2)] ?? 0
      record.renamed = names < 0
      record.names = names < 0 ? ~names : names
      count(words[at + (EVENT.lines >> 2)] ?? 0)
      tell(bytes, record)
    }
    const trailing = words[AT.trailing >> 2] ?? 0
    if (trailing > 0) count(trailing)
  }

  return {
    learn(bytes, start, stampEnd, ms, on) {
      if (known || bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return
      let at = start + SECONDS + 2
      let milliseconds = 0
      fraction = 0
      if (bytes[at] === POINT) {
        milliseconds = Number(bytes.toString('latin1', at + 1, at + 4))
        fraction = 1
        at += 4
      }
      const clock = /^([0-5]\d):([0-5]\d)$/u.exec(bytes.toString('latin1', start + HOUR_BYTES, start + SECONDS + 2))
      zoneLength = stampEnd - at
      if (clock === null || Number.isNaN(milliseconds) || zoneLength < 2 || zoneLength >= MAX_ZONE || ((bytes[at] ?? 0) <= 57 && (bytes[at] ?? 0) >= 48)) return
      bytes.copy(hour, 0, start, start + HOUR_BYTES)
      bytes.copy(zone, 0, at, stampEnd)
      hourMs = ms - (Number(clock[1]) * 60 + Number(clock[2])) * 1000 - milliseconds
      basis = on
      known = renewed = true
    },
    pass(bytes, start, limit, most, free) {
      if (!known || most === 0) return start
      if (inVain >= IN_VAIN && ++inVain % IN_VAIN !== 0) return start
      if (tables === undefined) {
        if (limit - start < WORTH_BYTES) return start
        tables = open()
      }
      const room = tables
      if (room === null || !window.load(room.memory, bytes, bytes, start, limit)) return start
      if (renewed) writePattern(room)
      const { words } = room
      words[AT.limit >> 2] = window.base + window.to
      words[AT.most >> 2] = most
      words[AT.free >> 2] = free ? 1 : 0
      words[AT.differs >> 2] = 0
      const next = room.kernel[loop](room.at, window.base + start) - window.base
      if (words[AT.differs >> 2] === 1) known = false
      if (next === start) {
        inVain++
        return start
      }
      inVain = 0
      tellAll(bytes, room)
      return next
    },
    get freed() {
      return tables?.words[AT.free >> 2] === 1
    },
    end() {
      if (tables !== null && tables !== undefined) tables.memory.giveBack('tables', tables.at)
      window.end()
      tables = null
    },
  }
}
