/**
 * JSON objects of a few shapes that come again and again: records of a journal, events of a cluster. What stands between the values of one
 * object (names, punctuation, blanks) stands between those of the next as well, so it is compared, four bytes at a time, and not parsed:
 *
 *     {"count":3,"reason":"BackOff","type":"Warning"}
 *     ~~~~~~~~~ ~~~~~~~~~~~       ~~~~~~~~~~       ~~     a shape: what lies between the values
 *
 * Shapes are learnt from objects that somebody else has read and found to be in order, and kept as a tree, since most of them begin alike.
 * An object of no known shape, or with a value that is unusual in any way, is not taken: whoever parses JSON properly has to read it.
 */

import { AT, FOLLOWS, PIECE, shapesKernel } from './json-shapes-kernel.js'
import { SIZES, wasmMemory, type WasmMemory } from './wasm-memory.js'

/** How the values of one sort of objects are found; a path is the names from the outside to the inside. */
export interface ShapeOf {
  /** Strings and whole numbers whose places are wanted: slot 0, 1 …, 31 at the most. */
  readonly slots: readonly (readonly string[])[]
  /** Of these, the slots that may hold numbers. */
  readonly numbers: readonly number[]
  /** Strings that are part of the shape. */
  readonly fixed?: readonly (readonly string[])[]
  /** The slots whose strings may hold escapes; 'any': so may all other strings, and nobody asks what they say. */
  readonly escapes: readonly number[] | 'any'
}

export interface Shapes {
  /** Where the last object's values stand: a string's without its quotes; -1 where there is none. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Where the last object ended, the newlines in it, the last of them (-1: none), and the slots with escapes as bits. */
  readonly last: { readonly end: number; readonly lines: number; readonly lastNewline: number; readonly escaped: number }
  /** Takes the object that begins at `start`, if its shape is known and it ends before `end`. */
  match(bytes: Buffer, start: number, end: number): boolean
  /** Remembers the shape of the object at `start`, which is known to be whole and valid. */
  learn(bytes: Buffer, start: number, end: number): void
  /** For loops that follow many objects at once, and call the kernel's `match`: the shapes as they lie in the memory, from now on; null where they cannot. */
  inMemory(): { readonly memory: WasmMemory; readonly at: number } | null
  /** Takes over where the values stand of the object that such a loop took last. */
  takeOver(): void
  /** Gives back what was taken to be quicker. */
  end(): void
}

const QUOTE = 34
const BACKSLASH = 92
/** Objects whose names are data (labels, managed fields) have ever new shapes: so many pieces of so many bytes are remembered. */
const MAX_PIECES = 4_096
const MAX_BYTES = 1 << 20
const MAX_DEPTH = 40
/** After so many more objects that were not taken than were, it is not tried any longer. */
const TRIED_IN_VAIN = 256
/** Fewer digits than this are an exact number. */
const MAX_DIGITS = 15

type Follows = 'string' | 'number' | 'end'

/** What stands before a value, and how it goes on after it. */
interface Piece {
  readonly bytes: Uint8Array
  readonly length: number
  /** Its bytes by fours, and the last four of them, which may overlap those. */
  readonly words: Int32Array
  readonly tail: number
  readonly follows: Follows
  readonly slot: number
  readonly escapes: boolean
  readonly newlines: number
  readonly lastNewline: number
  readonly next: Piece[]
  /** Where it lies in the memory; 0: nowhere. */
  place: number
  /** At the end: the slots that objects of this shape do not fill. */
  readonly absent: readonly number[]
}

interface Draft {
  readonly from: number
  readonly to: number
  readonly follows: Follows
  readonly slot: number
}

interface Known {
  readonly slotOf: ReadonlyMap<string, number>
  readonly numbers: ReadonlySet<number>
  readonly fixed: ReadonlySet<string>
}

/** No name holds a line end: in JSON it is escaped. */
const pathOf = (names: readonly string[]): string => names.map((name) => `\n${name}`).join('')

let viewed: Buffer = Buffer.alloc(0)
let view = new DataView(viewed.buffer, 0, 0)
/** For reading four bytes at a time; made once for each buffer, since many objects lie in one. */
export const viewOf = (bytes: Buffer): DataView => {
  if (bytes !== viewed) {
    viewed = bytes
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  return view
}

const isSame = (on: DataView, at: number, { words, tail, bytes, length }: Piece): boolean => {
  if (length < 4) {
    for (let index = 0; index < length; index++) if (on.getUint8(at + index) !== bytes[index]) return false
    return true
  }
  for (let index = 0; index < words.length; index++) if (on.getInt32(at + 4 * index, true) !== words[index]) return false
  return on.getInt32(at + length - 4, true) === tail
}

/** Not 0 where one of these four bytes is a quote, a backslash or a control character. Those above 127 are part of a letter. */
const special = (four: number): number => ((four - 0x20202020) | ((four ^ 0x22222222) - 0x01010101) | ((four ^ 0x5c5c5c5c) - 0x01010101)) & ~four & 0x80808080

type Kernel = Readonly<Record<'match', (...args: readonly number[]) => number>>

/** The shapes as they lie in the memory. */
interface Mirror {
  readonly memory: WasmMemory
  readonly kernel: Kernel
  readonly at: number
  readonly words: Int32Array
  readonly bytes: Uint8Array
  /** Where the next piece goes. */
  free: number
  /** There is no room for all of them: they are followed without. */
  full: boolean
}

const openMirror = (): Mirror | null => {
  const memory = wasmMemory()
  const at = memory?.take('tables') ?? null
  if (memory === null || at === null) return null
  const kernel = memory.compile(shapesKernel)
  const words = new Int32Array(memory.buffer, at, SIZES.tables / 4)
  words.fill(0)
  return { memory, kernel, at, words, bytes: new Uint8Array(memory.buffer, at, SIZES.tables), free: AT.pieces, full: false }
}

/** Writes a piece below the one that comes before it (null: it begins an object), beside those that may stand in its place. */
const mirrorPiece = (mirror: Mirror, piece: Piece, before: Piece | null, beside: Piece | undefined): void => {
  const { bytes, length, follows, slot, escapes, newlines, lastNewline } = piece
  const size = PIECE.bytes + ((length + 15) & ~15)
  if (mirror.free + size > SIZES.tables || (before !== null && before.place === 0)) {
    mirror.full = true
    return
  }
  const at = mirror.free
  mirror.free += size
  piece.place = mirror.at + at
  const { words } = mirror
  words.set([length, FOLLOWS[follows], slot, escapes ? 1 : 0, newlines, lastNewline, 0, 0], at >> 2)
  mirror.bytes.fill(255, at + PIECE.mask, at + PIECE.mask + (length & 15))
  mirror.bytes.set(bytes, at + PIECE.bytes)
  const link = beside !== undefined ? beside.place - mirror.at + PIECE.sibling : before !== null ? before.place - mirror.at + PIECE.child : AT.first
  words[link >> 2] = piece.place
}

/** Pieces that were known before there was a mirror, and all that may come after them. */
const mirrorAll = (mirror: Mirror, pieces: readonly Piece[], before: Piece | null): void => {
  let beside: Piece | undefined
  for (const piece of pieces) {
    if (mirror.full) return
    mirrorPiece(mirror, piece, before, beside)
    mirrorAll(mirror, piece.next, piece)
    beside = piece
  }
}

/** `quick`: its `end` will be called, so memory for it may be taken. */
export const jsonShapes = ({ slots, numbers, fixed = [], escapes }: ShapeOf, quick = false): Shapes => {
  const known: Known = { slotOf: new Map(slots.map((path, slot) => [pathOf(path), slot])), numbers: new Set(numbers), fixed: new Set(fixed.map(pathOf)) }
  const starts = new Int32Array(slots.length).fill(-1)
  const ends = new Int32Array(slots.length).fill(-1)
  const last = { end: 0, lines: 0, lastNewline: -1, escaped: 0 }
  const first: Piece[] = []
  let pieces = 0
  let pieceBytes = 0
  let inVain = 0
  let mirror: Mirror | null = null
  let hadMirror = false

  /** As walk, in WebAssembly. */
  const follow = ({ kernel: { match }, at, words, memory }: Mirror, bytes: Buffer, start: number, end: number): boolean => {
    const base = bytes.byteOffset
    if (bytes.buffer !== memory.buffer || match(at, base + start, base + end, base) === 0) return false
    takeOver(words)
    return true
  }

  const takeOver = (words: Int32Array): void => {
    for (let slot = 0; slot < starts.length; slot++) {
      starts[slot] = words[slot + (AT.starts >> 2)] ?? -1
      ends[slot] = words[slot + (AT.ends >> 2)] ?? -1
    }
    last.end = words[AT.end >> 2] ?? 0
    last.lines = words[AT.lines >> 2] ?? 0
    last.lastNewline = words[AT.lastNewline >> 2] ?? -1
    last.escaped = words[AT.escaped >> 2] ?? 0
  }

  const walk = (bytes: Buffer, start: number, end: number): boolean => {
    const on = viewOf(bytes)
    let at = start
    let next = first
    let escaped = 0
    let lines = 0
    let lastNewline = -1
    for (;;) {
      let piece: Piece | undefined
      for (let index = 0; index < next.length; index++) {
        const one = next[index]
        if (one === undefined || at + one.length > end || !isSame(on, at, one)) continue
        piece = one
        // What comes more often is looked at first.
        const before = index > 0 ? next[index - 1] : undefined
        if (before !== undefined) {
          next[index - 1] = one
          next[index] = before
        }
        break
      }
      if (piece === undefined) return false
      if (piece.newlines > 0) {
        lines += piece.newlines
        lastNewline = at + piece.lastNewline
      }
      at += piece.length
      const { slot } = piece
      if (slot >= 0) starts[slot] = at
      if (piece.follows === 'string') {
        for (;;) {
          while (at + 4 <= end && special(on.getInt32(at, true)) === 0) at += 4
          while (at < end && (bytes[at] ?? 0) >= 32 && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++
          if (at >= end || bytes[at] === QUOTE) break
          if (bytes[at] !== BACKSLASH || !piece.escapes) return false
          if (slot >= 0) escaped |= 1 << slot
          at += 2
        }
        if (at >= end) return false
      } else if (piece.follows === 'number') {
        const from = at
        while (at < end && (bytes[at] ?? 0) >= 48 && (bytes[at] ?? 0) <= 57) at++
        if (at === from || at - from > MAX_DIGITS || (bytes[from] === 48 && at - from > 1)) return false
      } else {
        for (const absent of piece.absent) starts[absent] = ends[absent] = -1
        last.end = at
        last.lines = lines
        last.lastNewline = lastNewline
        last.escaped = escaped
        return true
      }
      if (slot >= 0) ends[slot] = at
      next = piece.next
    }
  }

  const pieceOf = (bytes: Buffer, { from, to, follows, slot }: Draft, absent: readonly number[]): Piece => {
    const length = to - from
    const copy = Uint8Array.prototype.slice.call(bytes, from, to)
    const at = new DataView(copy.buffer)
    return {
      bytes: copy,
      length,
      words: Int32Array.from({ length: length >> 2 }, (_, index) => at.getInt32(4 * index, true)),
      tail: length < 4 ? 0 : at.getInt32(length - 4, true),
      follows,
      slot,
      escapes: escapes === 'any' || escapes.includes(slot),
      newlines: copy.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0),
      lastNewline: copy.lastIndexOf(10),
      next: [],
      place: 0,
      absent,
    }
  }

  const remember = (bytes: Buffer, drafts: readonly Draft[]): void => {
    const filled = drafts.map(({ slot }) => slot).filter((slot) => slot >= 0)
    // Twice: which of them counts, a parser knows.
    if (new Set(filled).size < filled.length) return
    const absent = slots.map((_, slot) => slot).filter((slot) => !filled.includes(slot))
    let next = first
    let before: Piece | null = null
    for (const draft of drafts) {
      let piece = next.find((one) => one.follows === draft.follows && one.slot === draft.slot && isPiece(one, bytes, draft))
      if (piece === undefined) {
        const size = draft.to - draft.from
        if (pieces >= MAX_PIECES || pieceBytes + size > MAX_BYTES) return
        pieces++
        pieceBytes += size
        piece = pieceOf(bytes, draft, draft.follows === 'end' ? absent : [])
        if (mirror !== null && !mirror.full) mirrorPiece(mirror, piece, before, newest(next))
        next.push(piece)
      }
      before = piece
      next = piece.next
    }
  }

  return {
    starts,
    ends,
    last,
    match(bytes, start, end) {
      if (inVain >= TRIED_IN_VAIN) return false
      const quickly = mirror !== null && !mirror.full && bytes.buffer === mirror.memory.buffer
      const matched = quickly && mirror !== null ? follow(mirror, bytes, start, end) : walk(bytes, start, end)
      if (!matched) inVain++
      else if (inVain > 0) inVain--
      return matched
    },
    learn(bytes, start, end) {
      if (pieces >= MAX_PIECES) return
      if (quick && !hadMirror) {
        hadMirror = true
        mirror = openMirror()
      }
      const drafts = draftsOf(bytes, start, end, known)
      if (drafts !== null) remember(bytes, drafts)
    },
    inMemory() {
      if (mirror === null && !hadMirror) {
        hadMirror = true
        mirror = openMirror()
        if (mirror !== null) mirrorAll(mirror, first, null)
      }
      return mirror === null || mirror.full ? null : mirror
    },
    takeOver() {
      if (mirror !== null) takeOver(mirror.words)
    },
    end() {
      if (mirror !== null) mirror.memory.giveBack('tables', mirror.at)
      mirror = null
    },
  }
}

/** The one that was added last, however they were moved since. */
const newest = (pieces: readonly Piece[]): Piece | undefined =>
  pieces.reduce<Piece | undefined>((late, piece) => (late === undefined || piece.place > late.place ? piece : late), undefined)

const isPiece = (piece: Piece, bytes: Buffer, { from, to }: Draft): boolean => piece.length === to - from && isSame(viewOf(bytes), from, piece)

/** The object at `start` cut at its values; null where it holds what no shape can. */
const draftsOf = (bytes: Buffer, start: number, end: number, { slotOf, numbers, fixed }: Known): readonly Draft[] | null => {
  const drafts: Draft[] = []
  let at = start
  let from = start

  const blanks = (): void => {
    while (at < end && (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 10 || bytes[at] === 13)) at++
  }

  /** After the string that begins at `at`. */
  const string = (): boolean => {
    for (at++; at < end; at++) {
      const byte = bytes[at] ?? 0
      if (byte < 32) return false
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) {
        at++
        return true
      }
    }
    return false
  }

  const cut = (to: number, follows: Follows, path: string): void => {
    drafts.push({ from, to, follows, slot: slotOf.get(path) ?? -1 })
    from = at
  }

  const value = (path: string, depth: number): boolean => {
    const first = bytes[at] ?? 0
    const begin = at
    if (first === QUOTE) {
      if (!string()) return false
      if (fixed.has(path)) return !bytes.subarray(begin + 1, at - 1).includes(BACKSLASH)
      at--
      cut(begin + 1, 'string', path)
      at++
      return true
    }
    if (first === 123 || first === 91) return depth < MAX_DEPTH && members(path, first, depth + 1)
    if (first >= 48 && first <= 57) {
      while (at < end && (bytes[at] ?? 0) >= 48 && (bytes[at] ?? 0) <= 57) at++
      cut(begin, 'number', path)
      const slot = slotOf.get(path)
      if (slot !== undefined && !numbers.has(slot)) return false
      return at < end && bytes[at] !== 46 && (bytes[at] ?? 0) < 58
    }
    for (const word of ['null', 'true', 'false'])
      if (bytes.toString('latin1', at, at + word.length) === word) {
        at += word.length
        // A slot that is no string: whatever it means, it is nothing to be found by its place.
        return word === 'null' || !slotOf.has(path)
      }
    return false
  }

  const members = (path: string, opening: number, depth: number): boolean => {
    const closing = opening + 2
    at++
    blanks()
    if (bytes[at] === closing) {
      at++
      return at <= end
    }
    for (;;) {
      let inside = `${path}\n` // in a list there are no names
      if (opening === 123) {
        const begin = at
        if (bytes[at] !== QUOTE || !string()) return false
        const name = bytes.toString('utf8', begin + 1, at - 1)
        if (name.includes('\\')) return false
        inside = `${path}\n${name}`
        blanks()
        if (bytes[at++] !== 58) return false
        blanks()
      }
      if (!value(inside, depth)) return false
      blanks()
      const byte = bytes[at++]
      if (byte === closing) return at <= end
      if (byte !== 44) return false
      blanks()
    }
  }

  if (bytes[start] !== 123 || !members('', 123, 0)) return null
  cut(at, 'end', '')
  return drafts
}
