/**
 * A saved extract: what was read, so that others can reason about it elsewhere or later.
 *
 *   faultline/extract@1 \n                             then, for each input, by path and content:
 *   kind (1) sha-256 (32) size (4) stored size (4)     sha-256 and size are those of the bytes before Brotli
 *   … Brotli …
 *   0 (1) sha-256 of the sha-256s (32)                 without it the file is cut off
 *
 * The name under which it is kept is that last sum: the same inputs have the same name, on every machine and with every version of Brotli.
 */
import { createHash } from 'node:crypto'
import { brotliCompressSync, constants } from 'node:zlib'
import type { InputExtract } from '../model/extract.js'
import { encodeBlock, EXTRACT_SCHEMA, MAX_RAW_BYTES } from './block.js'

/** An input that could not be read at all. */
export interface UnreadInput {
  readonly path: string
  readonly reason: string
}

/** What reading gives and reasoning takes. */
export interface Gathered {
  readonly extracts: readonly InputExtract[]
  readonly unreadable: readonly UnreadInput[]
}

export interface Artifact {
  /** Sixty-four hexadecimal digits that stand for the content. */
  readonly address: string
  readonly bytes: Buffer
  /** The same in pieces, for whoever writes them one after the other. */
  readonly parts: readonly Buffer[]
}

export const MAGIC = Buffer.from(`${EXTRACT_SCHEMA}\n`)
export const END = 0
export const INPUT = 1
export const UNREADABLE = 2
export const SUM_BYTES = 32
export const HEADER_BYTES = 1 + SUM_BYTES + 8
const QUALITY = 2

/** An input as it stands in the file. */
export interface Packed {
  readonly kind: number
  readonly path: string
  readonly sum: Buffer
  readonly size: number
  readonly stored: Buffer
}

export const sumOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
/** Packed at once: an export's columns are large, and those of all inputs are not to lie in memory together. */
const blockOf = (kind: number, path: string, raw: Buffer): Packed => {
  if (raw.length > MAX_RAW_BYTES) throw new Error(`${path}: more than ${MAX_RAW_BYTES >> 20} MiB are left of it: split it`)
  const stored = brotliCompressSync(raw, {
    chunkSize: Math.max(65_536, raw.length), // in one piece: memory that nothing is written to costs nothing
    params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
  })
  return { kind, path, sum: sumOf(raw), size: raw.length, stored: Buffer.from(stored) } // a copy: what was compressed into is as large as what was compressed
}
const byPath = (a: Pick<Packed, 'path' | 'sum'>, b: Pick<Packed, 'path' | 'sum'>): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : Buffer.compare(a.sum, b.sum)

/** One order whatever came first, and everything once: an input read twice, by two machines or from two files, is the same input. */
export const canonical = ({ extracts, unreadable }: Gathered): Gathered => {
  const byName = new Map<string, InputExtract[]>()
  for (const extract of extracts) {
    const same = byName.get(extract.path)
    if (same === undefined) byName.set(extract.path, [extract])
    else same.push(extract)
  }
  const paths = [...byName.keys()].sort(byText)
  return {
    // Only inputs of one path have to be told apart by their content.
    extracts: paths.flatMap((path) => {
      const same = byName.get(path) ?? []
      return same.length < 2 ? same : distinct(same)
    }),
    unreadable: [...new Map(unreadable.map((one) => [JSON.stringify([one.path, one.reason]), { path: one.path, reason: one.reason }]))]
      .sort(([a], [b]) => byText(a, b))
      .map(([, one]) => one),
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const distinct = (extracts: readonly InputExtract[]): readonly InputExtract[] => {
  const bySum = new Map(extracts.map((extract) => [sumOf(encodeBlock(extract)).toString('hex'), extract]))
  return [...bySum].sort(([a], [b]) => byText(a, b)).map(([, extract]) => extract)
}

export const encodeArtifact = ({ extracts, unreadable }: Gathered): Artifact => artifactOf(extracts.map(packed), unreadable)

export const packed = (extract: InputExtract): Packed => blockOf(INPUT, extract.path, encodeBlock(extract))

/** In one order, and everything once, as `canonical` has it. */
export const artifactOf = (inputs: readonly Packed[], unread: Gathered['unreadable']): Artifact => {
  const sorted = [...inputs].sort(byPath)
  const blocks = sorted.filter((block, index) => index === 0 || byPath(block, sorted[index - 1] ?? block) !== 0)
  const { unreadable } = canonical({ extracts: [], unreadable: unread })
  if (unreadable.length > 0) blocks.push(blockOf(UNREADABLE, '', Buffer.from(JSON.stringify({ schema: EXTRACT_SCHEMA, unreadable }))))
  const parts: Buffer[] = [MAGIC]
  for (const { kind, sum, size, stored } of blocks) {
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt8(kind, 0)
    sum.copy(header, 1)
    header.writeUInt32LE(size, 1 + SUM_BYTES)
    header.writeUInt32LE(stored.length, 5 + SUM_BYTES)
    parts.push(header, stored)
  }
  const address = sumOf(Buffer.concat(blocks.map(({ sum }) => sum)))
  parts.push(Buffer.from([END]), address)
  return {
    address: address.toString('hex'),
    parts,
    get bytes() {
      return Buffer.concat(parts)
    },
  }
}
