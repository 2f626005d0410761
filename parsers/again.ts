/**
 * Lines that say the same again and again, but for the time: what such a line said the last time, it says again, if nothing has become known since that it depends on.
 * And lines that are all different from each other, when there are more of them than can be kept: those are told by their form.
 */
import type { Entity } from '../src/model/entity.js'
import type { GatheredRepeat } from '../src/model/format.js'
import { wordAt } from './klog-anchors.js'

/** What a line said, to be said again. */
export interface Outcome {
  /** Of the memory: it depends on nothing newer. */
  readonly version: number
  readonly host: string | null
  readonly pod: Entity | null
  readonly repeats: readonly GatheredRepeat[]
  /** The evidence from the process id on: what stands before is the time. */
  readonly tail: string
  /** False once another one has taken its place. */
  kept: boolean
}

export interface SameWords {
  /** What bytes[from, end) said before; null where that is not kept. `seen` tells then whether they came before at all. */
  look(bytes: Buffer, from: number, end: number, severity: number): Outcome | null
  readonly seen: boolean
  /** What the bytes that were looked at last have said. */
  keep(outcome: Outcome): void
}

/**
 * What is remembered of lines, as numbers: `seen`, the second hash of a line that came before, by its first one; `ones` and `twos`, the hashes of what is kept; `lines`, how
 * many lines that were seen the first time said something, by their form; `forms`, how many forms, by their source; `sources`, how many of those.
 */
export interface WordTables {
  readonly seen: Int32Array
  readonly ones: Int32Array
  readonly twos: Int32Array
  readonly lines: Uint16Array
  readonly forms: Uint16Array
  readonly sources: Int32Array
}

export const SEEN = 1 << 16
export const KEPT = 1 << 13
/** So many places are looked at for one text. */
export const WAYS = 4
/** Forms of lines, and sources of lines, that can be told apart; others share their count. */
export const FORMS = 1 << 16
export const SOURCES = 1 << 12
/** So many different lines of one form, so many forms of one source's lines and so many sources are read before they are too many. */
export const MANY = 2_000

/** Of a reader's own, where they are nobody else's. */
export interface Words {
  readonly tables: WordTables | null
  /** Opens them, the first time. */
  open(): WordTables
  /** From now on they lie there, with all that is in them. */
  lieIn(place: WordTables): void
}

export const wordTables = (): Words => {
  const words = {
    tables: null as WordTables | null, // opened when they are needed
    open: (): WordTables =>
      (words.tables ??= {
        seen: new Int32Array(SEEN),
        ones: new Int32Array(KEPT),
        twos: new Int32Array(KEPT),
        lines: new Uint16Array(FORMS),
        forms: new Uint16Array(SOURCES),
        sources: new Int32Array(1),
      }),
    lieIn(place: WordTables): void {
      const before = words.open()
      place.seen.set(before.seen)
      place.ones.set(before.ones)
      place.twos.set(before.twos)
      place.lines.set(before.lines)
      place.forms.set(before.forms)
      place.sources.set(before.sources)
      words.tables = place
    },
  }
  return words
}

const firstOf = (hash: number): number => (hash >>> 3) & (KEPT - WAYS)

/** Two texts of one input do not meet: they would have to agree in two hashes of 32 bits. */
export const sameWords = (tables: Words = wordTables()): SameWords => {
  let kept: (Outcome | undefined)[] = []
  let one = 0
  let two = 0
  const words = {
    seen: false,
    look(bytes: Buffer, from: number, end: number, severity: number): Outcome | null {
      const { seen, ones, twos } = tables.tables ?? tables.open()
      if (kept.length === 0) kept = new Array<Outcome | undefined>(KEPT).fill(undefined)
      one = severity
      two = end - from
      let at = from
      for (; at + 4 <= end; at += 4) {
        const word = wordAt(bytes, at)
        one = Math.imul(one ^ word, 0x9e3779b1)
        one ^= one >>> 15
        two = (Math.imul(two, 0x85ebca6b) + word) | 0
        two ^= two >>> 13
      }
      for (; at < end; at++) {
        one = Math.imul(one ^ (bytes[at] ?? 0), 0x01000193)
        two = (Math.imul(two, 31) + (bytes[at] ?? 0)) | 0
      }
      two |= 1 // 0 is an empty place
      const first = firstOf(one)
      for (let there = first; there < first + WAYS; there++) {
        if (ones[there] === one && twos[there] === two) {
          words.seen = true
          return kept[there] ?? null
        }
      }
      const place = one & (SEEN - 1)
      words.seen = seen[place] === two
      seen[place] = two
      return null
    },
    keep(outcome: Outcome): void {
      const { ones, twos } = tables.tables ?? tables.open()
      const first = firstOf(one)
      let place = first
      while (place < first + WAYS && twos[place] !== 0 && (ones[place] !== one || twos[place] !== two)) place++
      if (place === first + WAYS) place = first + (two >>> 30) // all are others': one of them goes
      const before = kept[place]
      if (before !== undefined) before.kept = false
      kept[place] = outcome
      ones[place] = one
      twos[place] = two
    },
  }
  return words
}

/**
 * How many lines that were seen the first time have said something, by their form: their words without names. Where even the forms are all different,
 * made of random words, by where they come from.
 */
export interface Forms {
  /** Whether more than enough lines like this one have been read. It stands in bytes[from, end), and names its source in bytes[from, words). */
  tooMany(bytes: Buffer, from: number, words: number, end: number): boolean
  /** A line that was seen the first time said something. */
  said(bytes: Buffer, from: number, words: number, end: number): void
}

export const lineForms = (tables: Words = wordTables()): Forms => ({
  tooMany(bytes, from, words, end) {
    if (tables.tables === null) return false
    const { lines, forms, sources } = tables.tables
    const ofForm = lines[formOf(bytes, words, end)] ?? 0
    if (ofForm >= MANY) return true
    const ofSource = forms[sourceOf(bytes, from, words)] ?? 0
    return (ofForm === 0 && ofSource >= MANY) || (ofSource === 0 && (sources[0] ?? 0) >= MANY)
  },
  said(bytes, from, words, end) {
    const { lines, forms, sources } = tables.open()
    const form = formOf(bytes, words, end)
    const ofForm = lines[form] ?? 0
    if (ofForm < MANY) lines[form] = ofForm + 1
    if (ofForm > 0) return
    const source = sourceOf(bytes, from, words)
    const ofSource = forms[source] ?? 0
    if (ofSource < MANY) forms[source] = ofSource + 1
    if (ofSource === 0) sources[0] = (sources[0] ?? 0) + 1
  },
})

const sourceOf = (bytes: Buffer, from: number, end: number): number => {
  let source = 0
  for (let at = from; at < end; at++) source = Math.imul(source ^ (bytes[at] ?? 0), 0x01000193)
  return (source ^ (source >>> 16)) & (SOURCES - 1)
}

/** Of each byte: 0 no part of a word, 1 a letter, and with it 2 a digit, 4 a vowel, 8 no digit of a hexadecimal number. */
export const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte)
  if (/[0-9]/u.test(letter)) return 1 | 2
  if (!/[A-Za-z]/u.test(letter)) return byte >= 128 ? 1 | 4 | 8 : 0
  return 1 | (/[aeiouy]/iu.test(letter) ? 4 : 0) | (/[a-f]/u.test(letter) ? 0 : 8)
})

/** A number of the line's words, without those that are names: with a digit, without a vowel (the letters of generated names), or hexadecimal throughout. */
const formOf = (bytes: Buffer, from: number, end: number): number => {
  let form = 0
  let word = 0
  let kinds = 0
  for (let at = from; at <= end; at++) {
    const byte = at < end ? (bytes[at] ?? 0) : 0
    const kind = KINDS[byte] ?? 0
    if (kind !== 0) {
      word = Math.imul(word ^ byte, 0x01000193)
      kinds |= kind
    } else if (kinds !== 0) {
      if ((kinds & 14) === 12) form = Math.imul(form ^ word, 0x9e3779b1) ^ (form >>> 11)
      word = 0
      kinds = 0
    }
  }
  return (form ^ (form >>> 16)) & (FORMS - 1)
}
