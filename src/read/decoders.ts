/** The decoders: a stream of packed bytes to a stream of plain ones, all that came before an error given out before it. Libraries are loaded by who needs them. */
import { createRequire } from 'node:module'
import { createGunzip } from 'node:zlib'
import type * as xzDecompress from 'xz-decompress'
import type { Bytes } from './decompress.js'
import { unzstd } from './zstd.js'

export const CHUNK_BYTES = 1 << 20
/** What is given to a decoder at once: even at gzip's highest ratio (1032) one piece unpacks to less than 68 MB. */
const PIECE_BYTES = 1 << 16

export const UTF16 = 'utf-16'
export type Compression = 'gzip' | 'bzip2' | 'zstd' | 'xz' | typeof UTF16

/** In pieces, so that no decoder unpacks much at once. */
export const pieces = async function* (source: Bytes): Bytes {
  for await (const chunk of source) for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES)
}

/**
 * What a decoder pushes while it is fed, given out in between; all that came before an error is given out before the error. While what one piece made is read, the
 * next one is unpacked, in a thread of Node's own.
 */
const gunzip = async function* (source: Bytes): Bytes {
  const plain = createGunzip({ chunkSize: CHUNK_BYTES })
  // What zlib.js writes to, and where next. Left alone it fills a fresh megabyte each time, and collecting those costs a third of what unpacking does. Should they be called
  // otherwise one day, buffers are fresh again.
  const inner = plain as unknown as { _outBuffer: Buffer; _outOffset: number }
  let other: Buffer | null = null
  let fed = false
  let out: Buffer[] = []
  const failure: { error: Error | null } = { error: null }
  const check = (): void => {
    if (failure.error !== null) throw failure.error
  }
  plain.on('data', (chunk: Buffer) => out.push(chunk))
  plain.on('error', (error) => (failure.error = error))
  try {
    for await (const piece of pieces(source)) {
      if (fed) {
        // What is being read is not written over.
        const filled = inner._outBuffer
        inner._outBuffer = other ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)
        inner._outOffset = 0
        other = filled
      }
      fed = true
      const before = out
      out = []
      const written = new Promise<void>((resolve) => plain.write(piece, () => resolve()))
      yield* before
      await written
      if (failure.error !== null) break
    }
    yield* out.splice(0)
    check()
    await new Promise<void>((resolve) => {
      plain.once('close', resolve)
      plain.end()
    })
    yield* out.splice(0)
    check()
  } finally {
    plain.destroy()
  }
}

const bunzip2 = async function* (source: Bytes): Bytes {
  const { default: unbzip2 } = await import('unbzip2-stream')
  const plain = unbzip2()
  const out: Buffer[] = []
  const failure: { error: Error | null } = { error: null }
  plain.on('data', (chunk: Buffer) => out.push(chunk))
  plain.on('error', (error: Error) => (failure.error ??= error))
  for await (const piece of pieces(source)) {
    plain.write(Buffer.from(piece)) // kept until a block is whole
    yield* out.splice(0)
    if (failure.error !== null) throw failure.error
  }
  plain.end()
  yield* out.splice(0)
  if (failure.error !== null) throw failure.error
}

/** What `kubectl … > file` writes in older PowerShells. */
const fromUtf16 = async function* (source: Bytes): Bytes {
  const decoder = new TextDecoder('utf-16le')
  for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

/** What xz-decompress's WebAssembly (xz-embedded) exports; a context begins with the six words that XzWord names. */
interface XzDecoder {
  readonly memory: { readonly buffer: ArrayBuffer }
  create_context(): number
  supply_input(context: number, size: number): void
  /** An xz_ret: 0 goes on, 1 has ended, all others are errors. */
  get_next_output(context: number): number
}
const XzWord = { bufferSize: 0, input: 1, inputAt: 2, inputSize: 3, output: 4, outputSize: 5 } as const
const XZ_OK = 0
const XZ_STREAM_END = 1

/**
 * The package lets only one stream of the process be open at a time, so a packed log in a packed archive would wait for ever. So each
 * stream has an instance of the decoder of its own here, whose memory goes with it; that is why the package's version is pinned.
 */
const xzDecoder = async (): Promise<XzDecoder> => {
  // Required, as it is CommonJS: what an import of it looks like depends on who loads it.
  const { XzReadableStream } = createRequire(import.meta.url)('xz-decompress') as typeof xzDecompress // its own types
  // Not in the package's types: it makes an instance and keeps it in the other.
  const maker = XzReadableStream as unknown as { _getModuleInstance(): Promise<void>; _moduleInstance: { readonly exports: XzDecoder } }
  await maker._getModuleInstance()
  return maker._moduleInstance.exports
}

/** Several streams in one file and paddings between them are read; filters for machine code are not. */
const unxz = async function* (source: Bytes): Bytes {
  const decoder = await xzDecoder()
  const context = decoder.create_context()
  // The memory moves when it grows: looked up each time.
  const words = (): Uint32Array => new Uint32Array(decoder.memory.buffer, context, 6)
  const word = (index: number): number => words()[index] ?? 0
  let code: number = XZ_OK
  const outputs = function* (): Generator<Buffer> {
    do {
      code = decoder.get_next_output(context)
      const size = word(XzWord.outputSize)
      if (size > 0) yield Buffer.from(Buffer.from(decoder.memory.buffer, word(XzWord.output), size)) // copied: the place is used again
      words()[XzWord.outputSize] = 0
      if (size === 0 && word(XzWord.inputAt) === word(XzWord.inputSize)) return
    } while (code === XZ_OK)
  }
  const most = word(XzWord.bufferSize)
  for await (const piece of pieces(source))
    for (let at = 0; at < piece.length && code === XZ_OK; at += most) {
      const part = piece.subarray(at, at + most)
      new Uint8Array(decoder.memory.buffer, word(XzWord.input), part.length).set(part)
      decoder.supply_input(context, part.length)
      yield* outputs()
    }
  // No more input: what is still missing is told as an error.
  if (code === XZ_OK) {
    decoder.supply_input(context, 0)
    yield* outputs()
  }
  if (code !== XZ_STREAM_END) throw new Error(xzReason(code))
}

/** Why, by xz-embedded's number: https://github.com/tukaani-project/xz-embedded/blob/master/linux/include/linux/xz.h (enum xz_ret). */
const xzReason = (code: number): string => {
  if (code === XZ_OK || code === 8) return 'unexpected end'
  if (code === 3 || code === 4) return 'it needs more memory than there is'
  return code === 6 ? 'a filter or check that is not supported; xz -dc unpacks it' : 'the data do not fit their checks'
}

export const decoders: Readonly<Record<Compression, (source: Bytes) => Bytes>> = { gzip: gunzip, bzip2: bunzip2, zstd: unzstd, xz: unxz, [UTF16]: fromUtf16 }
