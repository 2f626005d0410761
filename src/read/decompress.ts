/** Takes compressions off a stream of bytes. The first bytes say which; names are not asked. */
import { createGunzip } from 'node:zlib'
import { Decompress as ZstdDecompress } from 'fzstd'
import unbzip2 from 'unbzip2-stream'

export type Bytes = AsyncIterable<Buffer>

export const CHUNK_BYTES = 1 << 20
/** What is given to a decoder at once: even at gzip's highest ratio (1032) one piece unpacks to less than 68 MB. */
const PIECE_BYTES = 1 << 16
/** A compressed log may be compressed again by whoever collects it; more than this is no accident. */
const MAX_COMPRESSIONS = 3
/** Below this size nothing is suspected. */
const FREE_BYTES = 1 << 30
/** Logs compress to a tenth or a fiftieth; what unpacks to more than this many times its size is a bomb. */
const MAX_RATIO = 250
/** Enough for every magic number, and for a tar header. */
const HEAD_BYTES = 512

const UNREADABLE = 'Unreadable'
/** An input that is known for what it is but cannot be read; the message says why. */
export const unreadable = (reason: string): Error => Object.assign(new Error(reason), { name: UNREADABLE })

const UTF16 = 'utf-16'
type Compression = 'gzip' | 'bzip2' | 'zstd' | typeof UTF16
export type Kind = Compression | 'tar' | 'extract' | 'xz' | 'zip' | '7-zip' | 'rar' | 'lz4' | 'plain'

const MAGIC: readonly (readonly [Kind, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
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

const isCompression = (kind: Kind): kind is Compression => kind === 'gzip' || kind === 'bzip2' || kind === 'zstd' || kind === UTF16

/** How many bytes were read below all compressions: what the unpacked size is compared with. */
export interface Gauge {
  raw: number
}

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
      taken.push(next.value)
      size += next.value.length
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
  let size = 0
  try {
    for await (const chunk of decoders[kind](source)) {
      size += chunk.length
      if (size > FREE_BYTES && size > MAX_RATIO * gauge.raw) {
        throw unreadable(`it unpacks to more than ${MAX_RATIO} times its size (${Math.round(size / 1e6)} MB so far)`)
      }
      yield chunk
    }
  } catch (error) {
    throw error instanceof Error && error.name === UNREADABLE ? error : unreadable(reasonOf(kind, error))
  }
}

/** Decoders speak of buffers and codes; a user wants to know what is wrong with the file. */
const reasonOf = (kind: Compression, error: unknown): string => {
  const said = error instanceof Error ? error.message : String(error)
  if (/unexpected end|unexpected EOF|premature|reading 'length'/iu.test(said)) return `the ${kind} data end too early: the file was cut off`
  return `the ${kind} data are broken (${said})`
}

/** In pieces, so that no decoder unpacks much at once. */
const pieces = async function* (source: Bytes): Bytes {
  for await (const chunk of source) for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES)
}

/** What a decoder pushes while it is fed, given out in between; all that came before an error is given out before the error. */
const gunzip = async function* (source: Bytes): Bytes {
  const plain = createGunzip({ chunkSize: CHUNK_BYTES })
  const out: Buffer[] = []
  const failure: { error: Error | null } = { error: null }
  plain.on('data', (chunk: Buffer) => out.push(chunk))
  plain.on('error', (error) => (failure.error = error))
  try {
    for await (const piece of pieces(source)) {
      await new Promise<void>((resolve) => plain.write(piece, () => resolve()))
      yield* out.splice(0)
      if (failure.error !== null) throw failure.error
    }
    await new Promise<void>((resolve) => {
      plain.once('close', resolve)
      plain.end()
    })
    yield* out.splice(0)
    if (failure.error !== null) throw failure.error
  } finally {
    plain.destroy()
  }
}

const bunzip2 = async function* (source: Bytes): Bytes {
  const plain = unbzip2()
  const out: Buffer[] = []
  const failure: { error: Error | null } = { error: null }
  plain.on('data', (chunk: Buffer) => out.push(chunk))
  plain.on('error', (error: Error) => (failure.error ??= error))
  for await (const piece of pieces(source)) {
    plain.write(piece)
    yield* out.splice(0)
    if (failure.error !== null) throw failure.error
  }
  plain.end()
  yield* out.splice(0)
  if (failure.error !== null) throw failure.error
}

const unzstd = async function* (source: Bytes): Bytes {
  const out: Buffer[] = []
  // Copied: the decoder goes on using its window.
  const plain = new ZstdDecompress((chunk) => out.push(Buffer.from(chunk)))
  for await (const piece of pieces(source)) {
    plain.push(piece)
    yield* out.splice(0)
  }
  plain.push(new Uint8Array(0), true)
  yield* out.splice(0)
}

/** What `kubectl … > file` writes in older PowerShells. */
const fromUtf16 = async function* (source: Bytes): Bytes {
  const decoder = new TextDecoder('utf-16le')
  for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

const decoders: Readonly<Record<Compression, (source: Bytes) => Bytes>> = { gzip: gunzip, bzip2: bunzip2, zstd: unzstd, [UTF16]: fromUtf16 }
