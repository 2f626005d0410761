/**
 * zstd, unpacked by the reference implementation as WebAssembly. Its wrapper does not tell how much of its input it took, so it is given one block at a time:
 * a block unpacks to 128 KiB at most. https://github.com/facebook/zstd/blob/v1.5.7/doc/zstd_compression_format.md (Frames, Blocks)
 */
import type { Bytes } from './decompress.js'

const MAGIC = 0xfd2fb528
/** Sixteen magic numbers of frames that hold no data: 0x184D2A50 to 0x184D2A5F. */
const SKIPPABLE = 0x184d2a5
const FRAME_HEAD = 18
const BLOCK_HEAD = 3
const MAX_BLOCK = 1 << 17
const CHECKSUM = 4
const RLE = 1
const COMPRESSED = 2

/** What the package keeps to itself: its class and the memory it works in. The version is pinned. */
interface Decoder {
  readonly _mainModule: { readonly _module: { readonly HEAPU8: Uint8Array; _malloc(size: number): number; _free(place: number): void } }
  readonly _zstdClass: {
    new (): { reset(): void; decompressChunk(to: number, toSize: number, from: number, fromSize: number): number; delete(): void }
  }
}

const PACKAGE: string = '@hpcc-js/wasm-zstd'
let loaded: Promise<Decoder | null> | null = null
/** null where WebAssembly cannot run. */
const decoder = (): Promise<Decoder | null> =>
  (loaded ??= import(PACKAGE).then(
    ({ Zstd }: { Zstd: { load(): Promise<unknown> } }) => Zstd.load() as Promise<Decoder>, // what is private in its types
    () => null,
  ))

/** How long the header of a frame is, by its fifth byte. */
const frameHead = (descriptor: number): number => {
  const single = (descriptor >> 5) & 1
  const contentSize = [single, 2, 4, 8][descriptor >> 6] ?? 0
  return 5 + (1 - single) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + contentSize
}

/** All that comes before an error is given out before it. A chunk is good until the next one is asked for. */
export const unzstd = async function* (source: Bytes): Bytes {
  const zstd = await decoder()
  if (zstd === null) {
    yield* slowly(source)
    return
  }
  const { _module: wasm } = zstd._mainModule
  const stream = new zstd._zstdClass()
  const input = wasm._malloc(FRAME_HEAD + BLOCK_HEAD + MAX_BLOCK + CHECKSUM)
  const output = wasm._malloc(MAX_BLOCK)
  const plain = Buffer.allocUnsafeSlow(MAX_BLOCK)
  /** Gives the decoder bytes that make no more than a block; what they unpack to. */
  const decode = (bytes: Buffer): Buffer => {
    wasm.HEAPU8.set(bytes, input)
    const size = stream.decompressChunk(output, MAX_BLOCK, input, bytes.length)
    const made = wasm.HEAPU8.subarray(output, output + size)
    plain.set(made)
    return plain.subarray(0, size)
  }

  let rest = Buffer.alloc(0)
  let inFrame = false
  let checked = false
  let skip = 0
  try {
    stream.reset()
    for await (const chunk of source) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let at = 0
      for (;;) {
        const left = bytes.length - at
        if (skip > 0) {
          const passed = Math.min(skip, left)
          skip -= passed
          at += passed
          if (skip > 0) break
        } else if (inFrame) {
          if (left < BLOCK_HEAD) break
          const head = bytes.readUIntLE(at, BLOCK_HEAD)
          const kind = (head >> 1) & 3
          if (kind > COMPRESSED || head >> 3 > MAX_BLOCK) throw new Error('no block where one belongs')
          const last = (head & 1) === 1
          const length = BLOCK_HEAD + (kind === RLE ? 1 : head >> 3) + (last && checked ? CHECKSUM : 0)
          if (left < length) break
          const unpacked = decode(bytes.subarray(at, at + length))
          at += length
          inFrame = !last
          if (unpacked.length > 0) yield unpacked
          // That is how the wrapper tells an error. Only an empty block, which some writers end with, is nothing.
          else if (head >> 3 > 0) throw new Error('a block does not unpack, or its frame has another checksum')
        } else {
          if (left < 8) break
          const magic = bytes.readUInt32LE(at)
          if (magic >>> 4 === SKIPPABLE) {
            skip = 8 + bytes.readUInt32LE(at + 4)
            continue
          }
          if (magic !== MAGIC) throw new Error('no frame where one belongs')
          const descriptor = bytes[at + 4] ?? 0
          const length = frameHead(descriptor)
          if (left < length) break
          decode(bytes.subarray(at, at + length))
          at += length
          inFrame = true
          checked = (descriptor & 4) !== 0
        }
      }
      rest = Buffer.from(bytes.subarray(at))
    }
    if (inFrame || rest.length > 0 || skip > 0) throw new Error('unexpected end')
  } finally {
    stream.delete()
    wasm._free(input)
    wasm._free(output)
  }
}

/** The same in JavaScript, at a third of the speed. */
const slowly = async function* (source: Bytes): Bytes {
  const { Decompress } = await import('fzstd')
  const out: Buffer[] = []
  // Copied: the decoder goes on using its window.
  const plain = new Decompress((chunk) => out.push(Buffer.from(chunk)))
  const piece = 1 << 16
  for await (const chunk of source)
    for (let at = 0; at < chunk.length; at += piece) {
      plain.push(Buffer.from(chunk.subarray(at, at + piece))) // kept until a block is whole
      yield* out.splice(0)
    }
  plain.push(new Uint8Array(0), true)
  yield* out.splice(0)
}
