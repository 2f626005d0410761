/** The bytes of a plain file, read into one buffer again and again: a fresh one per chunk costs more than reading it. */
import { closeSync, openSync, readSync } from 'node:fs'
import { wasmMemory } from './wasm-memory.js'

/** What is copied out of the system's cache should still lie in the processor's when it is read: with a megabyte copying takes four times as long. */
const CHUNK_BYTES = 128 << 10

/** Bytes [start, end) of the file; each chunk is good until the next one is asked for. Throws what the file system throws. */
export const fileChunks = async function* (path: string, start = 0, end = Infinity): AsyncGenerator<Buffer> {
  const file = openSync(path, 'r')
  // Where there is room, in the memory of the loops that go over it: it need not be copied there.
  const memory = wasmMemory()
  const piece = memory?.take('chunk') ?? null
  const bytes = memory === null || piece === null ? Buffer.allocUnsafeSlow(CHUNK_BYTES) : Buffer.from(memory.buffer, piece, CHUNK_BYTES)
  try {
    for (let at = start; at < end;) {
      const size = readSync(file, bytes, 0, Math.min(CHUNK_BYTES, end - at), at)
      if (size === 0) return
      at += size
      yield bytes.subarray(0, size)
    }
  } finally {
    if (piece !== null) memory?.giveBack('chunk', piece)
    closeSync(file)
  }
}
