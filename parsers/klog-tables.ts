/** What the stride over klog lines (klog-steady.ts) and its WebAssembly (klog-kernel.ts) share: where things stand in a reader's piece of the memory, in bytes. */
import { FORMS, KEPT, SEEN, SOURCES } from './again.js'

/** Where klog's header has its parts, counted from the severity: glog's fixed columns, as every klog writes them for pids of up to 7 digits. */
export const HEAD = { minutes: 9, micros: 15, pid: 21, source: 30 } as const
/** Longer lines are read one by one. */
export const MAX_LINE = 65_536
/** What stands where in a reader's tables, in bytes. */
export const AT = {
  limit: 0,
  most: 4,
  /** Of what stands before the payload. */
  length: 8,
  /** Of the pattern: with the payload's header. */
  pattern: 12,
  /** Where mm:ss of the wrapping begins, how many digits of a second follow, and how many of their last one are a microsecond. */
  minutes: 16,
  digits: 20,
  perMicro: 24,
  /** Whose stamp counts, see WHOSE; and what is to be added to the wrapping's to compare it with the line's own. */
  whose: 32,
  apart: 40,
  /** The last record's time, from the beginning of the hour. */
  last: 48,
  version: 56,
  /** Out: lines passed, events among them; whose the last one's time is, which stands in `last`. */
  count: 60,
  events: 64,
  lastWhose: 72,
  /** Out: 1 where it stopped because a line begins otherwise. */
  differs: 76,
  /** Where the digits of the process id begin in a line. */
  pid: 80,
  /** 1 where so much was kept that lines may be left out; out: how many were, and how many lines came before the first of them. */
  crowded: 84,
  leftOut: 88,
  firstLeftOut: 92,
  /** Out: 1 where it stopped for no more than to have told what it found. */
  goesOn: 96,
  /** Of the first line, in the input. */
  line: 100,
  /** When the hour begins. */
  hour: 104,
  /** How long after another one a line may be gathered, and what NOTE.sure is for those that still may be. */
  gap: 112,
  era: 120,
  /** What lines begin with, and which bits of it count. */
  bytes: 128,
  mask: 512,
  /** The anchors of the table of meanings: by a hash of their first four bytes a number of a group; the groups. */
  slots: 1_024,
  groups: 1_024 + 8_192,
  known: 65_536,
  happened: 65_536 + 131_072,
  /** For a line that does not lie in the memory. */
  scratch: 65_536 + 131_072 + 16_384,
  /** What again.ts remembers of lines: WORDS. */
  words: 5 * 65_536,
  /** When containers last started (klog-starts.ts): RUN. */
  runs: 5 * 65_536 + 467_968,
  /** What was gathered of each line that is known: NOTE. */
  notes: 13 * 65_536,
} as const
export const GROUPS_BYTES = AT.known - AT.groups
export const MAX_PREFIX = 256

/** In bytes, from AT.words on: WordTables, and the kinds of bytes. */
export const WORDS = {
  seen: 0,
  ones: SEEN * 4,
  twos: SEEN * 4 + KEPT * 4,
  lines: SEEN * 4 + KEPT * 8,
  forms: SEEN * 4 + KEPT * 8 + FORMS * 2,
  sources: SEEN * 4 + KEPT * 8 + FORMS * 2 + SOURCES * 2,
  kinds: SEEN * 4 + KEPT * 8 + FORMS * 2 + SOURCES * 2 + 16,
} as const

export const WHOSE = { own: 0, wrapping: 1, nearer: 2 } as const

/** An anchor: its length, what it is (ANCHOR), the length of `unlessEnds`; its bytes, which of them count, and `unlessEnds`. A group begins with their number. */
export const ANCHOR = { bytes: 16, mask: 80, ends: 144, size: 160, most: 64, mostEnds: 16, nothing: 1, skimmed: 2, unsure: 4 } as const

/** A line known from before: the hash of its words (8), of which version of what is known (-1: of any), and which of the RUNs it starts (0: none). */
export const KNOWN = { places: 8_192, version: 8, run: 12, size: 16 } as const
/** When a container of a pod last started (8), and the hash of the lines (the lower half, never 0) that may say so without being asked. */
export const RUN = { heldBy: 8, size: 16, most: 3_500 } as const
/**
 * Lines like a known one that came, and need not be told one by one: when the last one was written (8), how many there are, whether more may be gathered
 * (the era's number), where the last one stands, whose its time is, and what it begins with.
 */
export const NOTE = { count: 8, sure: 12, line: 16, whose: 20, head: 32, mostHead: 32, size: 64 } as const
/**
 * A line known from before that came again: where it begins, how many lines came before it, as what it is known, whose its time is, and when: in
 * milliseconds of the hour. The same of the line before it, in `before` and in the second bit of `whose`.
 */
export const EVENT = { line: 0, count: 4, place: 8, whose: 12, ms: 16, before: 24, size: 32, most: 510 } as const
