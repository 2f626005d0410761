/** Takes compressions off a stream of bytes. The first bytes say which; names are not asked. */
import { decoders, UTF16, type Compression } from './decoders.js'
import { tooMuch, type Gauge } from './limits.js'

export type Bytes = AsyncIterable<Buffer>

/** A compressed log may be compressed again by whoever collects it; more than this is no accident. */
const MAX_COMPRESSIONS = 3
/** Enough for every magic number, and for a tar header. */
const HEAD_BYTES = 512

const UNREADABLE = 'Unreadable'
/** An input that is known for what it is but cannot be read; the message says why. */
export const unreadable = (reason: string): Error => Object.assign(new Error(reason), { name: UNREADABLE })

export type Kind = Compression | 'tar' | 'zip' | 'extract' | '7-zip' | 'rar' | 'lz4' | 'plain'

const MAGIC: readonly (readonly [Kind, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['zip', [0x50, 0x4b, 0x05, 0x06]], // an empty one
  ['zip', [0x50, 0x4b, 0x07, 0x08, 0x50, 0x4b]], // one of several parts that became one
  ['7-zip', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  [UTF16, [0xff, 0xfe]],
  // Our own (src/artifact/artifact.ts).
  ['extract', [...Buffer.from('faultline/extract@')]],
]

export const kindOf = (head: Buffer): Kind => {
  for (const [kind, magic] of MAGIC) {
    if (!magic.every((byte, at) => head[at] === byte)) continue
    if (kind === 'bzip2' && !(head[3] !== undefined && head[3] >= 0x31 && head[3] <= 0x39 && head[4] === 0x31)) continue // 'BZh' begins ordinary text, too
    return kind
  }
  return isTar(head) ? 'tar' : 'plain'
}

/** The header's checksum: the sum of its bytes with the field itself taken as blanks. Holds for every kind of tar, also those before ustar. */
export const isTar = (header: Buffer): boolean => {
  if (header.length < 512 || header[0] === 0) return false
  const told = Number.parseInt(
    header
      .toString('latin1', 148, 156)
      .replace(/[^0-7]/gu, ' ')
      .trim(),
    8,
  )
  let sum = 8 * 32
  for (let at = 0; at < 512; at++) if (at < 148 || at >= 156) sum += header[at] ?? 0
  return sum === told
}

/** All the bytes; null where they are more than that. */
export const wholeOf = async (bytes: Bytes, most: number): Promise<Buffer | null> => {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of bytes) {
    size += part.length
    if (size > most) return null
    parts.push(Buffer.from(part))
  }
  return Buffer.concat(parts)
}

/** Bytes that were kept, as often as they are asked for. */
export const replay = async function* (kept: readonly Buffer[]): Bytes {
  yield* kept
}

const isCompression = (kind: Kind): kind is Compression => Object.hasOwn(decoders, kind)

export const gauged = async function* (source: Bytes, gauge: Gauge): Bytes {
  for await (const chunk of source) {
    gauge.raw += chunk.length
    yield chunk
  }
}

export interface Peeled {
  /** The compressions that were taken off, outermost first. */
  readonly layers: readonly Compression[]
  readonly kind: Kind
  /** What is inside, from its beginning. Read it or close it. */
  readonly bytes: AsyncIterableIterator<Buffer>
}

/** Takes off what the bytes are compressed with, as often as they are. */
export const peel = async (source: Bytes, gauge: Gauge): Promise<Peeled> => {
  const layers: Compression[] = []
  let peeked = await peek(source)
  for (;;) {
    const kind = kindOf(peeked.head)
    if (!isCompression(kind)) return { layers, kind, bytes: peeked.bytes }
    if (layers.length === MAX_COMPRESSIONS) {
      await close(peeked.bytes)
      throw unreadable(`compressed more than ${MAX_COMPRESSIONS} times over`)
    }
    layers.push(kind)
    peeked = await peek(decompress(peeked.bytes, kind, gauge))
  }
}

/** The same compressions taken off again. */
export const unpacked = (source: Bytes, layers: Peeled['layers'], gauge: Gauge): Bytes =>
  layers.reduce((bytes, layer) => decompress(bytes, layer, gauge), source)

export const close = async (bytes: AsyncIterableIterator<Buffer>): Promise<void> => {
  await bytes.return?.()
}

/** The first bytes, and the whole from its beginning. An error after the first bytes is kept for whoever reads on. */
const peek = async (source: Bytes): Promise<{ head: Buffer; bytes: AsyncIterableIterator<Buffer> }> => {
  const iterator = source[Symbol.asyncIterator]()
  const taken: Buffer[] = []
  let size = 0
  let failed: { readonly error: unknown } | null = null
  try {
    while (size < HEAD_BYTES) {
      const next = await iterator.next()
      if (next.done) break
      size += next.value.length
      // A chunk is good until the next one is asked for.
      taken.push(size < HEAD_BYTES ? Buffer.from(next.value) : next.value)
    }
  } catch (error) {
    if (size === 0) throw error
    failed = { error }
  }
  const bytes: AsyncIterableIterator<Buffer> = {
    [Symbol.asyncIterator]: () => bytes,
    next: () => {
      const value = taken.shift()
      if (value !== undefined) return Promise.resolve({ done: false, value })
      if (failed !== null) return Promise.reject(failed.error instanceof Error ? failed.error : new Error(String(failed.error)))
      return iterator.next()
    },
    return: async () => {
      await iterator.return?.()
      return { done: true, value: undefined }
    },
  }
  return { head: taken.length === 1 && taken[0] ? taken[0].subarray(0, HEAD_BYTES) : Buffer.concat(taken), bytes }
}

const decompress = async function* (source: Bytes, kind: Compression, gauge: Gauge): Bytes {
  try {
    yield* bounded(decoders[kind](source), gauge)
  } catch (error) {
    throw error instanceof Error && error.name === UNREADABLE ? error : unreadable(reasonOf(kind, error))
  }
}

/** Stops where more comes out than the packed bytes may become. */
export const bounded = async function* (unpackedBytes: Bytes, gauge: Gauge): Bytes {
  let size = 0
  for await (const chunk of unpackedBytes) {
    size += chunk.length
    const reason = tooMuch(size, gauge)
    if (reason !== null) throw unreadable(reason)
    yield chunk
  }
}

/** Decoders speak of buffers and codes; a user wants to know what is wrong with the file. */
export const reasonOf = (kind: Compression | 'zip', error: unknown): string => {
  const said = error instanceof Error ? error.message : String(error)
  if (/unexpected end|unexpected EOF|premature|reading 'length'/iu.test(said)) return `the ${kind} data end too early: the file was cut off`
  return `the ${kind} data are broken (${said})`
}
