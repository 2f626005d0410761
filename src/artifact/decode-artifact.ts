/** A saved extract read back, checked as any foreign file is. Apart from writing one (artifact.ts): what checks it takes longer to load than a small dump to read. */
import { brotliDecompressSync } from 'node:zlib'
import type { InputExtract } from '../model/extract.js'
import { END, HEADER_BYTES, INPUT, MAGIC, SUM_BYTES, sumOf, UNREADABLE, type Gathered, type UnreadInput } from './artifact.js'
import { EXTRACT_SCHEMA, MAX_RAW_BYTES } from './block.js'
import { decodeBlock, problem } from './decode-block.js'
import { unreadableSchema } from './document.js'

/** All inputs of one file together, unpacked; several files may be merged. */
const MAX_FILE_RAW_BYTES = 2 ** 33
const MAX_INPUTS = 1_000_000

/** Throws an Error that says what is wrong: other people's files are data like any other. */
export const decodeArtifact = (bytes: Buffer): Gathered => {
  const { kept, unreadable } = decodeEach(bytes, (extract) => extract)
  return { extracts: kept, unreadable }
}

/** The same, each extract as `keep` makes it: all of them at once may be large. */
export const decodeEach = <Kept>(bytes: Buffer, keep: (extract: InputExtract) => Kept): Pick<Gathered, 'unreadable'> & { readonly kept: readonly Kept[] } => {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error(notMagic(bytes))
  const kept: Kept[] = []
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
    if (kind === INPUT) kept.push(keep(decodeBlock(raw)))
    else if (kind === UNREADABLE) unreadable.push(...unreadableOf(raw))
    else throw new Error(`a saved extract with a part that is not known (${kind}): it may come from a later faultline`)
  }
  if (!bytes.subarray(at + 1).equals(sumOf(Buffer.concat(sums)))) throw new Error('a saved extract that was damaged: its parts do not add up to its sum')
  return { kept, unreadable }
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
