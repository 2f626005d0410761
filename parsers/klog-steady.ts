/**
 * The lines between those that matter: a kubelet's log is nine tenths and more of them. As long as a line is of the same hour, process and wrapping as
 * the one before, and no anchor knows its message or the same words came before, it is gone over where it stands (klog-kernel.ts).
 *
 *     I1121 08:18:09.874226    2296 kubelet.go:2426] "SyncLoop UPDATE" source="api" pods=["shop/web-1"]
 *      ^^^^ ^^              ^^^^^^^^                  ^ the hour, the process, the message
 */
import type { Stamp } from '../src/model/extract.js'
import type { Gathering, Sink, SteadyPrefix } from '../src/model/format.js'
import { patience } from '../src/read/patience.js'
import { SIZES, wasmMemory, wasmWindow, type WasmMemory } from '../src/read/wasm-memory.js'
import { FORMS, KEPT, KINDS, SEEN, SOURCES, type Outcome, type Words } from './again.js'
import { meansNothing, type Anchors } from './klog-anchors.js'
import type { Skim, Skimmed } from './klog.js'
import { klogKernel } from './klog-kernel.js'
import { startsIn, type Starts } from './klog-starts.js'
import { ANCHOR, AT, EVENT, GROUPS_BYTES, HEAD, KNOWN, MAX_LINE, MAX_PREFIX, NOTE, RUN, WHOSE, WORDS } from './klog-tables.js'

/** Shorter inputs are over before it would pay. */
const WORTH_BYTES = 16_384
const BLANK = 32
const COMMA = 44
const ANY_VERSION = -1

/** What a line said that may come again: what it said in the end, or that it said nothing, which a meaning sees from its bytes. */
export interface Known {
  readonly said: Outcome | null
  /** From the beginning of the line to its process id. */
  readonly pidAt: number
  readonly skim: Skim | null
  /** Where it is gathered, and the basis of its times there. */
  gathering: Gathering | null
  basis: Stamp['basis']
}

/** Whose lines they are: where what is known comes again. */
export interface Owner {
  /** What a meaning is told that looks at the bytes only. */
  readonly line: Skimmed
  /** Whether that still holds. */
  holds(outcome: Outcome): boolean
  /** It is said again, of the line that begins at bytes[start]. */
  again(outcome: Outcome, at: Stamp, bytes: Buffer, start: number, pid: number): void
  /** Where the pod's start is kept that this says; -1 where it has to be asked each time. */
  placeOf(skim: Skim): number
  /** From now on starts may be told there. */
  startsAt(starts: Starts): void
}

export interface Steady {
  /** A line was read: its header begins at bytes[start], its source at bytes[source], it was written at `ownMs` by its own stamp. Those after it may be as it is. */
  learn(bytes: Buffer, start: number, source: number, ownMs: number): void
  /** The last record's time. */
  at(ms: number): void
  /** What bytes[start, end) say is known, a line like that one, or, where it was skimmed, all of one but for its last word. */
  keep(bytes: Buffer, start: number, end: number, known: Known): void
  /** Where the last word of a message begins; -1 where nobody wants to know. */
  lastWord(bytes: Buffer, message: number, end: number): number
  /** As LineReader's. `version` is that of what is known. */
  pass(bytes: Buffer, view: DataView, start: number, limit: number, most: number, prefix: SteadyPrefix, version: number): number
  /** Lines are another machine's or container's now. */
  elsewhere(): void
  end(): void
}

type Kernel = Readonly<Record<'hashOf' | 'lastWord' | 'put' | 'meaning' | 'pass', (...args: readonly number[]) => number>>
/** A reader's piece of the memory, and its views. */
interface Tables {
  readonly memory: WasmMemory
  readonly kernel: Kernel
  readonly at: number
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly times: Float64Array
  readonly view: DataView
  readonly known: (Known | undefined)[]
  readonly starts: Starts
}

/** Anchors as the kernel reads them; null where there are more than it has room for. */
const imageOf = ({ groups, slots }: Anchors): Uint8Array | null => {
  const image = new Uint8Array(AT.known - AT.slots)
  const view = new DataView(image.buffer)
  const places: number[] = [0]
  let at = 16
  for (const group of groups.slice(1)) {
    const bytes = 16 + group.length * ANCHOR.size
    if (at + bytes > Math.min(GROUPS_BYTES, 65_536)) return null
    places.push(at)
    let next = AT.groups - AT.slots + at
    view.setInt32(next, group.length, true)
    next += 16
    for (const { bytes: starts, unlessEnds, meaning } of group) {
      const ends = unlessEnds === null || unlessEnds.length > ANCHOR.mostEnds ? Buffer.alloc(0) : unlessEnds
      view.setInt32(next, starts.length, true)
      view.setInt32(next + 4, meaning.say === meansNothing ? ANCHOR.nothing : meaning.skim === undefined ? 0 : ANCHOR.skimmed, true)
      view.setInt32(next + 8, ends.length, true)
      image.set(starts.subarray(0, ANCHOR.most), next + ANCHOR.bytes)
      image.fill(255, next + ANCHOR.mask, next + ANCHOR.mask + Math.min(starts.length, ANCHOR.most))
      image.set(ends, next + ANCHOR.ends)
      next += ANCHOR.size
    }
    at += bytes
  }
  for (const [slot, group] of slots.entries()) view.setUint16(slot * 2, places[group] ?? 0, true)
  return image
}

const open = (anchors: Anchors, remembered: Words): Tables | null => {
  const memory = wasmMemory()
  const image = imageOf(anchors)
  const at = image === null ? null : (memory?.take('tables') ?? null)
  if (memory === null || image === null || at === null) return null
  const bytes = new Uint8Array(memory.buffer, at, SIZES.tables)
  bytes.fill(0, 0, AT.scratch)
  bytes.fill(0, AT.runs)
  bytes.set(image, AT.slots)
  bytes.set(KINDS, AT.words + WORDS.kinds)
  const from = at + AT.words
  remembered.lieIn({
    seen: new Int32Array(memory.buffer, from + WORDS.seen, SEEN),
    ones: new Int32Array(memory.buffer, from + WORDS.ones, KEPT),
    twos: new Int32Array(memory.buffer, from + WORDS.twos, KEPT),
    lines: new Uint16Array(memory.buffer, from + WORDS.lines, FORMS),
    forms: new Uint16Array(memory.buffer, from + WORDS.forms, SOURCES),
    sources: new Int32Array(memory.buffer, from + WORDS.sources, 1),
  })
  return {
    memory,
    kernel: memory.compile(klogKernel),
    at,
    bytes,
    words: new Int32Array(memory.buffer, at, SIZES.tables / 4),
    times: new Float64Array(memory.buffer, at, SIZES.tables / 8),
    view: new DataView(memory.buffer, at, SIZES.tables),
    known: new Array<Known | undefined>(KNOWN.places).fill(undefined),
    starts: startsIn(
      new Float64Array(memory.buffer, at + AT.runs, (RUN.most * RUN.size) / 8),
      new Int32Array(memory.buffer, at + AT.runs, (RUN.most * RUN.size) / 4),
    ),
  }
}

export const steadyLines = (sink: Sink, anchors: Anchors, remembered: Words, owner: Owner): Steady => {
  /** What the lines' header is but for the digits below the hour. */
  const header = Buffer.alloc(HEAD.source)
  /** When the hour begins by the lines' own stamps, and when the last record was written. */
  const times = new Float64Array(2)
  let known = false
  let renewed = true
  /** Where the process id begins in a line. */
  let pidAt = 0
  /** What was gathered before something changed that it relied on is no longer sure. */
  let era = 1
  /** Where all lines are different, passing over them is tried less and less often. */
  const trying = patience()
  let tables: Tables | null | undefined
  /** Which prefix the tables have. */
  let written: SteadyPrefix['bytes'] | null = null
  const window = wasmWindow()

  /** What lines begin with, for the kernel to compare. */
  const writePattern = ({ bytes, words }: Tables, { length, bytes: before, minutes, digits, perMicro }: SteadyPrefix, view: DataView): void => {
    bytes.fill(0, AT.bytes, AT.slots)
    bytes.set(before, AT.bytes)
    bytes.set(header, AT.bytes + length)
    bytes.fill(255, AT.mask, AT.mask + length + HEAD.source)
    const free = (at: number, count: number): Uint8Array => bytes.fill(0, AT.mask + at, AT.mask + at + count)
    if (length > 0) {
      free(minutes, 2)
      free(minutes + 3, 2)
      if (digits > 0) free(minutes + 6, digits)
    }
    free(length, 1)
    free(length + HEAD.minutes, 2)
    free(length + HEAD.minutes + 3, 2)
    free(length + HEAD.micros, 6)
    words[AT.pid >> 2] = pidAt
    words[AT.length >> 2] = length
    words[AT.pattern >> 2] = length + HEAD.source
    words[AT.minutes >> 2] = minutes
    words[AT.digits >> 2] = digits
    view.setFloat64(AT.perMicro, perMicro, true)
    written = before
    renewed = false
  }

  const reached = (lines: number, ms: number, basis: Stamp['basis']): void => {
    sink.passed(lines, lines, ms, basis)
    times[1] = ms
  }

  /** Such lines are no news as long as nothing changes: they are not told any more. */
  const hold = ({ words, starts }: Tables, known: number, run: number): void => {
    if (run < 0) return
    const at = (AT.known + known * KNOWN.size) >> 2
    words[at + (KNOWN.run >> 2)] = run
    starts.hold(run, (words[at] ?? 0) | 1)
  }
  /** Lines like that one may be gathered where nothing but their number, the last one's time and its place is to be told of them. */
  const gather = (room: Tables, place: number, known: Known, outcome: Outcome, at: Stamp, whose: number): void => {
    const { words, times: moments, bytes } = room
    const from = AT.notes + place * NOTE.size
    const note = from >> 2
    known.basis = at.basis
    const gathering = (known.gathering ??= {
      settle() {
        const count = words[note + (NOTE.count >> 2)] ?? 0
        // The place may be another line's by now.
        if (count === 0 || room.known[place] !== known) return
        words[note + (NOTE.count >> 2)] = 0
        const text = Buffer.from(bytes.buffer, bytes.byteOffset + from + NOTE.head, known.pidAt).toString('latin1') + outcome.tail
        const last = { ms: moments[from >> 3] ?? 0, basis: known.basis }
        for (const repeat of outcome.repeats) repeat.gathered(count, last, text, words[note + (NOTE.line >> 2)] ?? 0)
      },
      end() {
        if (room.known[place] !== known) return
        gathering.settle()
        words[note + (NOTE.sure >> 2)] = 0
      },
    })
    for (const repeat of outcome.repeats) if (!repeat.gathers(at, gathering)) return
    moments[from >> 3] = at.ms
    words[note + (NOTE.sure >> 2)] = era
    words[note + (NOTE.whose >> 2)] = whose
  }

  /** Tells what happened on the stride over so many lines; where the line begins that has to be read before those after it, or -1. */
  const tell = (room: Tables, prefix: SteadyPrefix, hour: number, bytes: Buffer, count: number): number => {
    const basisOf = (by: number): Stamp['basis'] => (by === WHOSE.wrapping ? prefix.basis : 'yearless')
    const { words, times: happenedAt, known: knowns } = room
    let passed = 0
    const happened = words[AT.events >> 2] ?? 0
    for (let event = 0, at = AT.happened >> 2; event < happened; event++, at += EVENT.size >> 2) {
      const what = knowns[words[at + 2] ?? 0]
      const ms = hour + (happenedAt[(at >> 1) + 2] ?? 0)
      // A further container of a pod that runs, mostly.
      if (what !== undefined && what.skim !== null) {
        owner.line.ms = ms
        if (what.skim.again(owner.line)) {
          hold(room, words[at + 2] ?? 0, owner.placeOf(what.skim))
          continue
        }
      }
      const line = (words[at] ?? 0) - window.base
      const before = words[at + 1] ?? 0
      const by = words[at + 3] ?? 0
      const outcome = what?.said ?? null
      if (what === undefined || outcome === null || !owner.holds(outcome)) {
        if (before > passed) reached(before - passed, hour + (happenedAt[(at >> 1) + 3] ?? 0), basisOf(by >> 1))
        return line
      }
      reached(before + 1 - passed, ms, basisOf(by & 1))
      passed = before + 1
      const from = line + prefix.length
      const stamp: Stamp = { ms, basis: basisOf(by & 1) }
      owner.again(outcome, stamp, bytes, from, from + what.pidAt)
      if (what.pidAt <= NOTE.mostHead) gather(room, words[at + 2] ?? 0, what, outcome, stamp, by & 1)
    }
    if (passed < count) reached(count - passed, hour + (happenedAt[AT.last >> 3] ?? 0), basisOf(words[AT.lastWhose >> 2] ?? 0))
    return -1
  }

  return {
    learn(bytes, start, source, ownMs) {
      // :60 is a leap second, which counts into the next minute.
      if (known || source !== start + HEAD.source || bytes[start + HEAD.pid] !== BLANK || bytes[start + HEAD.minutes + 3] === 54) return
      known = true
      renewed = true
      bytes.copy(header, 0, start, source)
      pidAt = HEAD.pid
      while (header[pidAt] === BLANK) pidAt++
      times[0] = Math.floor(ownMs / 3_600_000) * 3_600_000
    },
    at(ms) {
      times[1] = ms
    },
    lastWord(bytes, message, end) {
      if (!known || tables === undefined || tables === null) return -1
      let at = end
      while (at > message && bytes[at - 1] !== BLANK && bytes[at - 1] !== COMMA) at--
      return at
    },
    keep(bytes, start, end, said) {
      const room = tables
      if (!known || room === undefined || room === null || end - start > MAX_LINE || end - start < HEAD.pid + 8) return
      const at = room.at + AT.scratch
      bytes.copy(room.bytes, AT.scratch, start, end)
      const place = room.kernel.put(room.at, at + HEAD.pid, at + end - start, bytes[start] ?? 0, said.said?.version ?? ANY_VERSION)
      room.known[place]?.gathering?.end()
      room.known[place] = said
    },
    elsewhere() {
      era++
    },
    pass(bytes, view, start, limit, most, prefix, version) {
      if (trying.rests()) return start
      const { length, hourMs } = prefix
      if (!known || most === 0 || (length > 0 && Number.isNaN(hourMs)) || length > MAX_PREFIX) return start
      if (tables === undefined) {
        if (limit - start < WORTH_BYTES) return start
        tables = open(anchors, remembered)
        if (tables !== null) owner.startsAt(tables.starts)
      }
      const room = tables
      if (room === null || !window.load(room.memory, view, bytes, start, limit)) return start
      if (renewed || written !== prefix.bytes) writePattern(room, prefix, room.view)
      const { words } = room
      const own = times[0] ?? 0
      const whose = length === 0 ? WHOSE.own : prefix.basis === 'yearless' ? WHOSE.nearer : WHOSE.wrapping
      const hour = whose === WHOSE.wrapping ? hourMs : own
      words[AT.limit >> 2] = window.base + window.to
      words[AT.whose >> 2] = whose
      words[AT.version >> 2] = version
      words[AT.era >> 2] = era
      room.view.setFloat64(AT.hour, hour, true)
      room.view.setFloat64(AT.apart, whose === WHOSE.nearer ? hourMs - own : 0, true)
      let next = start
      let left = most
      do {
        words[AT.most >> 2] = left
        words[AT.differs >> 2] = 0
        words[AT.crowded >> 2] = sink.crowded ? 1 : 0
        words[AT.leftOut >> 2] = 0
        words[AT.goesOn >> 2] = 0
        words[AT.line >> 2] = sink.line + 1
        room.view.setFloat64(AT.gap, sink.gap, true)
        room.view.setFloat64(AT.last, (times[1] ?? 0) - hour + 0.001, true) // what is no later than the last record is not passed over
        next = room.kernel.pass(room.at, window.base + next) - window.base
        if (words[AT.differs >> 2] === 1) {
          known = false
          prefix.forget()
        }
        const count = words[AT.count >> 2] ?? 0
        if (count === 0) {
          trying.failed()
          return next
        }
        trying.worked()
        left -= count
        const leftOut = words[AT.leftOut >> 2] ?? 0
        if (leftOut > 0) sink.leaveOut(leftOut, sink.line + (words[AT.firstLeftOut >> 2] ?? 0) + 1)
        const stopped = tell(room, prefix, hour, bytes, count)
        if (stopped >= 0) return stopped
      } while (words[AT.goesOn >> 2] === 1 && left > 0)
      return next
    },
    end() {
      for (const known of tables?.known ?? []) known?.gathering?.end()
      if (tables !== null && tables !== undefined) tables.memory.giveBack('tables', tables.at)
      window.end()
      tables = null
    },
  }
}
