/**
 * Long logs are read in parts where they are read again and again while they grow: what was read of a whole part need not be read once more. Very long ones
 * always are, so that threads can share them. Where a part ends follows from the bytes alone, not from when somebody looked nor from how many threads there
 * are, so whoever reads the log reads the same parts.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { choose, HEAD_BYTES } from './choose.js'
import type { Source } from './extract-input.js'
import { fileChunks } from './plain-file.js'
import type { InputExtract } from '../model/extract.js'

export const PART_BYTES = 16 << 20
/** From twice so many bytes on a log is shared by threads: fewer have to learn its lines anew for each part. */
export const SHARED_BYTES = 1 << 30
/** So much is looked at before others have their turn. */
const COUNTED_BYTES = 8 << 20
/** A part ends before the first line that begins a record within so many bytes of its place; where none does, it goes on to the next place. */
const LOOKED_BYTES = 65_536
const NEWLINE = 10

/** What counts from a log's beginning on: open sessions, requests answered. */
const COUNTS_ON = /^(?:postgres|pgbouncer|access-log)/u

/** A part of a log without the lines before it, which are counted as the parts are read. */
interface Range {
  readonly from: number
  readonly to: number
}

export interface Parts {
  readonly head: Uint8Array
  readonly ranges: readonly Range[]
}

/** Null: the source is read as a whole, since it is short, no plain file, no log of lines, or one that has to be known from its beginning. */
export const partsOf = ({ path, plain, wrapping }: Source, partBytes: number): Parts | null => {
  if (plain === undefined || wrapping.length > 0 || plain.size < partBytes + LOOKED_BYTES) return null
  const file = openSync(plain.file, 'r')
  try {
    const read = (at: number, most: number): Buffer => {
      const bytes = Buffer.alloc(most)
      return bytes.subarray(0, readSync(file, bytes, 0, most, at))
    }
    const head = read(0, HEAD_BYTES)
    if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return null // UTF-16
    const choice = choose(path, head, false)
    if (choice.kind !== 'lines' || choice.framing !== null || choice.newestFirst || COUNTS_ON.test(choice.format?.id ?? '')) return null
    const ranges: Range[] = []
    let from = 0
    for (let place = partBytes; place + LOOKED_BYTES <= plain.size; place += partBytes) {
      const to = recordAfter(read(place - 1, LOOKED_BYTES + 1))
      if (to === null) continue
      ranges.push({ from, to: place - 1 + to })
      from = place - 1 + to
    }
    return ranges.length === 0 ? null : { head, ranges: [...ranges, { from, to: plain.size }] }
  } finally {
    closeSync(file)
  }
}

/** Where the first line begins after a line end that is no continuation of the one before it. */
const recordAfter = (bytes: Buffer): number | null => {
  for (let newline = bytes.indexOf(NEWLINE); newline >= 0; newline = bytes.indexOf(NEWLINE, newline + 1)) {
    const next = bytes[newline + 1]
    if (next !== undefined && next > 32) return newline + 1
  }
  return null
}

/** The parts in their order, those that are known already as they are. */
export const readParts = async (
  source: Source,
  { head, ranges }: Parts,
  known: readonly InputExtract[],
  read: (source: Source) => Promise<InputExtract | undefined>,
): Promise<{ readonly extracts: readonly InputExtract[]; readonly bytes: number }> => {
  const extracts: InputExtract[] = []
  let line = 0
  let bytes = 0
  for (const { from, to } of ranges) {
    const before = known.find(({ part }) => part?.from === from && part.to === to && part.line === line)
    // The time of change is the file's, as it is today.
    let extract: InputExtract | undefined = before === undefined ? undefined : { ...before, changedMs: source.changedMs }
    if (extract === undefined) {
      const { plain } = source
      extract = await read({
        ...source,
        part: { from, to, line: () => line, head },
        chunks: () => (plain === undefined ? source.chunks() : fileChunks(plain.file, from, to)),
      })
      bytes += to - from
    }
    if (extract === undefined) continue
    extracts.push(extract)
    line += extract.lines
  }
  return { extracts, bytes }
}

/** A very long log as parts of about the same size, each a source of its own, to be read in any order; anything else as it is. */
export const shared = (source: Source, sharedBytes: number): readonly Source[] => {
  const { plain } = source
  const many = plain === undefined ? 0 : Math.floor(plain.size / sharedBytes)
  const parts = plain === undefined || many < 2 ? null : partsOf(source, Math.ceil(plain.size / many))
  if (plain === undefined || parts === null) return [source]
  const { head, ranges } = parts
  const lines = new Map<Range, Promise<number>>()
  const linesOf = (range: Range): Promise<number> => {
    const known = lines.get(range) ?? countLines(plain.file, range)
    lines.set(range, known)
    return known
  }
  return ranges.map((range, index) => ({
    ...source,
    part: {
      ...range,
      head,
      line: async () => (await Promise.all(ranges.slice(0, index).map(linesOf))).reduce((sum, count) => sum + count, 0),
      read: (count) => void lines.set(range, Promise.resolve(count)),
    },
    chunks: () => fileChunks(plain.file, range.from, range.to),
  }))
}

/** Of bytes that end with a line. */
const countLines = async (file: string, { from, to }: Range): Promise<number> => {
  let lines = 0
  let uncounted = COUNTED_BYTES
  for await (const chunk of fileChunks(file, from, to)) {
    for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, newline + 1)) lines++
    uncounted -= chunk.length
    if (uncounted > 0) continue
    uncounted = COUNTED_BYTES
    await setImmediate()
  }
  return lines
}
