/**
 * The records that are most of a log, line after line: durations, connections, what says nothing, and errors. As long as they are of the same hour and zone
 * as the one before, with the pid in the first brackets behind the time ('%m [%p] …', what most servers use), their parts are found by postgres-kernel.ts.
 *
 *     2026-11-21 08:28:22.058 UTC [28565] billing_sync@shop LOG:  duration: 804.741 ms  statement: SELECT …
 *     ^ the hour   ^ the rest   ^ zone   ^ pid   ^ names    ^ the first word before ': '
 */
import type { Basis } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { SIZES, wasmMemory, wasmWindow, type WasmMemory } from '../src/read/wasm-memory.js'
import { AUTHORIZED, DISCONNECTION, LOOKS } from './postgres-bytes.js'
import { passCsv } from './postgres-kernel-csv.js'
import { passLines } from './postgres-kernel-lines.js'
import { AT, CHANGE, DATABASE, EVENT, KIND, NAMES_VALUE, PIDS, SHARED, TEXT } from './postgres-kernel.js'
import type { Counter } from './postgres-series.js'
import type { Severity } from './postgres-record.js'
import type { PostgresServer } from './postgres-server.js'
import type { Changed } from './postgres-sessions.js'

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

/** A record, or a DETAIL, that was gone over and is more than counted; one object for all. Places are in the bytes at hand. */
export interface Steady {
  ms: number
  basis: Basis
  /** Of postgres-bytes.ts' meanings, or of postgres-kernel.ts' kinds. */
  kind: number
  /** Of a statement, in milliseconds. */
  took: number
  pid: number
  /** Whether something may be held of its pid. */
  held: boolean
  line: number
  /** Where what may name somebody begins, where the severity does, and the message. */
  from: number
  word: number
  message: number
  end: number
  /** Where the last line ends that goes on with it, and whether more of them may come. */
  until: number
  open: boolean
  /** Which names stand before it, which words it has: a number of those that are remembered, -1 if none, and whether others had it before. */
  known: number
  renamed: boolean
}

/** What lines have in common for an hour: what a stamp is made of. Another object each time it is another hour. */
export interface Hour {
  /** When it begins, and how. */
  readonly ms: number
  readonly text: string
  readonly zone: string
  readonly fraction: boolean
}

const two = (value: number): string => String(value).padStart(2, '0')
/** The stamp of a record of the hour, as it was written. */
export const stampOf = (hour: Hour, at: number): string => {
  const ms = at - hour.ms
  const seconds = Math.floor(ms / 1000)
  const fraction = hour.fraction ? `.${String(ms % 1000).padStart(3, '0')}` : ''
  return `${hour.text}${two(Math.floor(seconds / 60))}:${two(seconds % 60)}${fraction}${hour.zone}`
}

export interface SteadyRecords {
  /** A record was read whose line begins with its time, and at bytes[stampEnd] ends it. */
  learn(bytes: Buffer, start: number, stampEnd: number, ms: number, basis: Basis): void
  /**
   * As LineReader's. `free`: lines that begin with a tab go on with what nobody waits for; `freed` tells the same of what comes next. Each
   * record that is more than counted is told, the lines up to its own having been counted.
   */
  pass(bytes: Buffer, start: number, limit: number, most: number, free: boolean): number
  readonly freed: boolean
  readonly hour: Hour
  /** From now on the statements with the names just told are counted where they stand: whose they are. null: each is told. */
  counts(names: number, database: string | null): void
  end(): void
}

/** Who reads what is gone over. */
export interface Owner {
  readonly sink: Pick<Sink, 'passed' | 'record' | 'reaches' | 'latest'>
  readonly server: Pick<PostgresServer, 'counter' | 'knowsSessions'>
  /** So many lines on; and so many more, in which no record begins. */
  readonly count: (lines: number, more: number) => void
  readonly tell: (bytes: Buffer, record: Steady) => void
  /** Sessions began or ended, of those greeted so. */
  readonly changed: (changed: Changed, basis: Basis) => void
  /** The longest statement so far, if its further lines do not call pg_sleep: it stands in bytes[from, until) as yet. */
  readonly slow: (bytes: Buffer, from: number, until: number, ms: number, basis: Basis, took: number, database: string) => void
  /** Pids of whom something is held that more may come of, and others. */
  readonly held: Iterable<number>
}

/** Of the kinds that may say something; of all others that do, LOG. */
export const SEVERITIES: ReadonlyMap<number, Severity> = new Map([
  [KIND.warning, 'WARNING'],
  [KIND.error, 'ERROR'],
  [KIND.fatal, 'FATAL'],
  [KIND.panic, 'PANIC'],
])

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

const NO_HOUR: Hour = { ms: NaN, text: '', zone: '', fraction: false }
const wordAt = (words: Int32Array, at: number): number => words[at >> 2] ?? 0
const numberAt = (numbers: Float64Array, at: number): number => numbers[at >> 3] ?? NaN

export const steadyRecords = (loop: keyof Kernel, { sink, server, count, tell, changed, slow, held }: Owner): SteadyRecords => {
  const hourBytes = Buffer.alloc(HOUR_BYTES)
  const zone = Buffer.alloc(MAX_ZONE)
  let zoneLength = 0
  let fraction = 0
  let hourMs = NaN
  let hour = NO_HOUR
  let basis: Basis = 'utc'
  let known = false
  let renewed = false
  let inVain = 0
  let tables: Tables | null | undefined
  /** Of the databases whose statements are counted, by their numbers. */
  let counters: (Counter | undefined)[] = []
  let counted = new Map<string, number>()
  let nextNumber: number = DATABASE.unnamed + 1
  const window = wasmWindow()
  const record: Steady = {
    ms: NaN,
    basis: 'utc',
    kind: 0,
    took: NaN,
    pid: 0,
    held: false,
    line: 0,
    from: 0,
    word: 0,
    message: 0,
    end: 0,
    until: 0,
    open: false,
    known: 0,
    renamed: false,
  }

  /** What lines begin with, for the kernel to compare. */
  const writePattern = ({ bytes, words, numbers }: Tables): void => {
    bytes.fill(0, AT.hourBytes, AT.letters)
    bytes.set(hourBytes, AT.hourBytes)
    bytes.fill(255, AT.hourMask, AT.hourMask + HOUR_BYTES)
    bytes.set(zone.subarray(0, zoneLength), AT.zoneBytes)
    bytes.fill(255, AT.zoneMask, AT.zoneMask + zoneLength)
    words[AT.fraction >> 2] = fraction
    words[AT.zone >> 2] = zoneLength
    numbers[AT.hour >> 3] = hourMs
    renewed = false
  }

  /** Statements on another clock are others. */
  const forget = ({ bytes, numbers }: Tables): void => {
    counters = []
    counted = new Map()
    nextNumber = DATABASE.unnamed + 1
    bytes.fill(0, AT.names, AT.words)
    for (let number = 0; number < DATABASE.most; number++) numbers[(AT.databases + number * DATABASE.size + DATABASE.start) >> 3] = NaN
  }

  const numberOf = (database: string): number => {
    let number = counted.get(database)
    if (number === undefined) {
      if (database !== '' && nextNumber >= DATABASE.most) return DATABASE.ask
      number = database === '' ? DATABASE.unnamed : nextNumber++
      counted.set(database, number)
      counters[number] = server.counter(database, basis)
    }
    return number
  }

  /** Tells what was counted of each database since it was told the last time. */
  const tellCounts = ({ words, numbers }: Tables): void => {
    for (let number = DATABASE.unnamed; number < nextNumber; number++) {
      const at = AT.databases + number * DATABASE.size
      const many = wordAt(words, at + DATABASE.count)
      if (many === 0) continue
      counters[number]?.add(many, numberAt(numbers, at + DATABASE.longest))
      words[(at + DATABASE.count) >> 2] = 0
    }
  }

  /** So many of the sessions that changed are told. */
  let changesTold = 0
  /** Tells those that changed before an event. */
  const tellChanges = ({ numbers, words }: Tables, to: number): void => {
    if (to === changesTold) return
    changed({ times: numbers, words, from: AT.changes + changesTold * CHANGE.size, to: AT.changes + to * CHANGE.size }, basis)
    changesTold = to
  }

  /** What was gone over up to the event at hand: its sink is told when somebody asks where that stands, and at the end. */
  const since = { lines: 0, records: 0, ms: NaN }
  const reached = (): void => {
    count(since.lines, 0)
    if (since.records > 0) sink.passed(0, since.records, since.ms, basis)
    since.lines = since.records = 0
  }
  const tellEvent = (bytes: Buffer, room: Tables, at: number, isLast: boolean): void => {
    const { words, numbers, at: tablesAt } = room
    const what = wordAt(words, at + EVENT.kind)
    if (what === KIND.turn) {
      const counter = counters[(wordAt(words, at + EVENT.names) - tablesAt - AT.databases) / DATABASE.size]
      counter?.add(wordAt(words, at + EVENT.records), numberAt(numbers, at + EVENT.value))
      counter?.turn(numberAt(numbers, at + EVENT.ms))
      return
    }
    tellChanges(room, wordAt(words, at + EVENT.changed))
    const kind = what & ~(KIND.far | KIND.held)
    const names = wordAt(words, at + EVENT.names)
    record.ms = numberAt(numbers, at + EVENT.ms)
    record.kind = kind
    record.pid = wordAt(words, at + EVENT.pid)
    record.held = (what & KIND.held) !== 0
    record.renamed = names < 0
    record.known = names < 0 ? ~names : names
    record.message = wordAt(words, at + EVENT.message) - window.base
    record.end = wordAt(words, at + EVENT.end) - window.base
    since.lines += wordAt(words, at + EVENT.lines)
    since.records += wordAt(words, at + EVENT.records)
    if ((what & KIND.far) !== 0) {
      since.ms = numberAt(numbers, at + EVENT.before)
      reached()
      sink.record(record.ms, basis)
    } else if (kind === KIND.detail) since.ms = numberAt(numbers, at + EVENT.before)
    else {
      since.records++
      since.ms = record.ms
    }
    // What is held may have to be warned of, where the log stands when it is given out.
    if (record.held) reached()
    // Who is known to come or go is all that these say.
    if (kind !== DISCONNECTION && kind < KIND.seen && (kind !== AUTHORIZED || names < 0)) {
      reached()
      record.took = numberAt(numbers, at + EVENT.value)
      record.line = wordAt(words, at + EVENT.line) - window.base
      record.from = record.line + SECONDS + 2 + (fraction === 1 ? 4 : 0) + zoneLength
      record.word = wordAt(words, at + EVENT.word) - window.base
      record.until = wordAt(words, at + EVENT.until) - window.base
      record.open = isLast && wordAt(words, AT.goesOn) !== 0
    }
    tell(bytes, record)
  }

  const tellAll = (bytes: Buffer, room: Tables): void => {
    const { words, numbers } = room
    const happened = wordAt(words, AT.events)
    record.basis = basis
    changesTold = 0
    for (let event = 0; event < happened; event++) tellEvent(bytes, room, AT.happened + event * EVENT.size, event === happened - 1)
    tellChanges(room, wordAt(words, AT.changed))
    const rest = wordAt(words, AT.rest)
    const last = numberAt(numbers, AT.last)
    since.records += wordAt(words, AT.records)
    count(since.lines + wordAt(words, AT.trailing) - rest, rest)
    since.lines = 0
    // One after the other, since what was not told of was written soon after the one before.
    const first = numberAt(numbers, AT.first)
    if (first <= last) {
      sink.passed(0, since.records, last, basis)
      sink.reaches(first, basis)
      sink.reaches(numberAt(numbers, AT.latest), basis)
    }
    since.records = 0
    tellCounts(room)
    const slowOf = wordAt(words, AT.slow)
    if (slowOf === 0) return
    const counter = counters[(slowOf - room.at - AT.databases) / DATABASE.size]
    const [from, until] = [wordAt(words, AT.slowFrom) - window.base, wordAt(words, AT.slowUntil) - window.base]
    if (counter !== undefined) slow(bytes, from, until, numberAt(numbers, AT.slowMs), basis, numberAt(numbers, AT.slowTook), counter.database)
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
      bytes.copy(hourBytes, 0, start, start + HOUR_BYTES)
      bytes.copy(zone, 0, at, stampEnd)
      hourMs = ms - (Number(clock[1]) * 60 + Number(clock[2])) * 1000 - milliseconds
      hour = { ms: hourMs, text: hourBytes.toString('latin1'), zone: bytes.toString('utf8', at, stampEnd), fraction: fraction === 1 }
      if (on !== basis && tables !== undefined && tables !== null) forget(tables)
      basis = on
      known = renewed = true
    },
    pass(bytes, start, limit, most, free) {
      if (!known || most === 0) return start
      if (inVain >= IN_VAIN && ++inVain % IN_VAIN !== 0) return start
      if (tables === undefined) {
        if (limit - start < WORTH_BYTES) return start
        tables = open()
        if (tables !== null) forget(tables)
      }
      const room = tables
      if (room === null || !window.load(room.memory, bytes, bytes, start, limit)) return start
      if (renewed) writePattern(room)
      const { words, numbers } = room
      words[AT.limit >> 2] = window.base + window.to
      words[AT.most >> 2] = most
      words[AT.free >> 2] = free ? 1 : 0
      words[AT.differs >> 2] = 0
      words[AT.sessions >> 2] = server.knowsSessions ? 1 : 0
      const latest = sink.latest
      numbers[AT.last >> 3] = latest.basis === basis ? latest.ms : NaN
      words.fill(0, AT.held >> 2, (AT.held >> 2) + PIDS)
      for (const pid of held) {
        const at = (AT.held >> 2) + (pid & (PIDS - 1))
        words[at] = words[at] === 0 || words[at] === pid ? pid : SHARED
      }
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
    get hour() {
      return hour
    },
    counts(names, database) {
      if (tables === null || tables === undefined) return
      tables.words[(AT.names + names * 16 + NAMES_VALUE) >> 2] = database === null ? DATABASE.ask : numberOf(database)
    },
    end() {
      if (tables !== null && tables !== undefined) tables.memory.giveBack('tables', tables.at)
      window.end()
      tables = null
    },
  }
}
