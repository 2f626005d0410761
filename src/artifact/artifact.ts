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
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { InputExtract } from '../model/extract.js'
import { decodeBlock, encodeBlock, MAX_RAW_BYTES, problem } from './block.js'
import { EXTRACT_SCHEMA, unreadableSchema } from './document.js'

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
}

const MAGIC = Buffer.from(`${EXTRACT_SCHEMA}\n`)
const END = 0
const INPUT = 1
const UNREADABLE = 2
const SUM_BYTES = 32
const HEADER_BYTES = 1 + SUM_BYTES + 8
const QUALITY = 2
/** All inputs of one file together, unpacked; several files may be merged. */
const MAX_FILE_RAW_BYTES = 2 ** 33
const MAX_INPUTS = 1_000_000

interface Block {
  readonly kind: number
  readonly path: string
  readonly sum: Buffer
  readonly raw: Buffer
}

const sumOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
const blockOf = (kind: number, path: string, raw: Buffer): Block => ({ kind, path, sum: sumOf(raw), raw })
const byPath = (a: Pick<Block, 'path' | 'sum'>, b: Pick<Block, 'path' | 'sum'>): number =>
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

export const encodeArtifact = (gathered: Gathered): Artifact => {
  const { extracts, unreadable } = canonical(gathered)
  const blocks = extracts.map((extract) => blockOf(INPUT, extract.path, encodeBlock(extract))).sort(byPath)
  if (unreadable.length > 0) blocks.push(blockOf(UNREADABLE, '', Buffer.from(JSON.stringify({ schema: EXTRACT_SCHEMA, unreadable }))))
  const parts: Buffer[] = [MAGIC]
  for (const { kind, path, sum, raw } of blocks) {
    if (raw.length > MAX_RAW_BYTES) throw new Error(`${path}: more than ${MAX_RAW_BYTES >> 20} MiB are left of it: split it`)
    const stored = brotliCompressSync(raw, {
      params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
    })
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt8(kind, 0)
    sum.copy(header, 1)
    header.writeUInt32LE(raw.length, 1 + SUM_BYTES)
    header.writeUInt32LE(stored.length, 5 + SUM_BYTES)
    parts.push(header, stored)
  }
  const address = sumOf(Buffer.concat(blocks.map(({ sum }) => sum)))
  parts.push(Buffer.from([END]), address)
  return { address: address.toString('hex'), bytes: Buffer.concat(parts) }
}

/** Throws an Error that says what is wrong: other people's files are data like any other. */
export const decodeArtifact = (bytes: Buffer): Gathered => {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error(notMagic(bytes))
  const extracts: InputExtract[] = []
  const unreadable: UnreadInput[] = []
  const sums: Buffer[] = []
  let at = MAGIC.length
  let total = 0
  for (;;) {
    const kind = bytes[at]
    if (kind === END) break
    if (kind === undefined || at + HEADER_BYTES > bytes.length) throw new Error('a saved extract that is cut off: make it again')
    const sum = bytes.subarray(at + 1, at + 1 + SUM_BYTES)
    const size = bytes.readUInt32LE(at + 1 + SUM_BYTES)
    const from = at + HEADER_BYTES
    at = from + bytes.readUInt32LE(at + 5 + SUM_BYTES)
    if (at > bytes.length) throw new Error('a saved extract that is cut off: make it again')
    total += size
    if (size > MAX_RAW_BYTES || total > MAX_FILE_RAW_BYTES || sums.length === MAX_INPUTS) throw new Error('a saved extract larger than any honest one')
    const raw = unpacked(bytes.subarray(from, at), size)
    if (!sumOf(raw).equals(sum)) throw new Error('a saved extract that was damaged: its content does not add up to its sum')
    sums.push(sum)
    if (kind === INPUT) extracts.push(decodeBlock(raw))
    else if (kind === UNREADABLE) unreadable.push(...unreadableOf(raw))
    else throw new Error(`a saved extract with a part that is not known (${kind}): it may come from a later faultline`)
  }
  if (!bytes.subarray(at + 1).equals(sumOf(Buffer.concat(sums)))) throw new Error('a saved extract that was damaged: its parts do not add up to its sum')
  return { extracts, unreadable }
}

const notMagic = (bytes: Buffer): string => {
  const version = /^faultline\/extract@(\d{1,6})\n/u.exec(bytes.toString('latin1', 0, 32))?.[1]
  return version === undefined ? 'not a saved extract' : `a saved extract of version ${version}; this faultline reads ${EXTRACT_SCHEMA}`
}

const unpacked = (stored: Buffer, size: number): Buffer => {
  try {
    const raw = brotliDecompressSync(stored, { maxOutputLength: Math.max(1, size) })
    if (raw.length === size) return raw
  } catch {
    // Too much, or no Brotli: said below.
  }
  throw new Error('a saved extract that was damaged: a part does not unpack to its size')
}

const unreadableOf = (raw: Buffer): readonly UnreadInput[] => {
  let value: unknown
  try {
    value = JSON.parse(raw.toString('utf8'))
  } catch {
    throw new Error('a saved extract whose words are no JSON')
  }
  const result = unreadableSchema.safeParse(value)
  if (!result.success) throw new Error(`a saved extract that is none: ${problem(result.error)}`)
  return result.data.unreadable
}
