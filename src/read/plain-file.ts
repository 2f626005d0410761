/** The bytes of a plain file, read into one buffer again and again: a fresh one per chunk costs more than reading it. */
import { closeSync, openSync, readSync } from 'node:fs'
import { wasmMemory } from './wasm-memory.js'

/** What is copied out of the system's cache should still lie in the processor's when it is read: with a megabyte copying takes four times as long. */
const CHUNK_BYTES = 128 << 10

const NEWLINE = 10

/**
 * Bytes [start, end) of the file, cut after a line where there is one: a line that two chunks share would be put together and read by itself. Each chunk is
 * good until the next one is asked for. Throws what the file system throws.
 */
export const fileChunks = async function* (path: string, start = 0, end = Infinity): AsyncGenerator<Buffer> {
  const file = openSync(path, 'r')
  // Where there is room, in the memory of the loops that go over it: it need not be copied there.
  const memory = wasmMemory()
  const piece = memory?.take('chunk') ?? null
  const bytes = memory === null || piece === null ? Buffer.allocUnsafeSlow(2 * CHUNK_BYTES) : Buffer.from(memory.buffer, piece, 2 * CHUNK_BYTES)
  try {
    /** So much was read already, of a line that goes on. */
    let begun = 0
    for (let at = start; at < end;) {
      const size = readSync(file, bytes, begun, Math.min(CHUNK_BYTES, end - at), at)
      if (size === 0) break
      at += size
      const read = begun + size
      const line = bytes.subarray(begun, read).lastIndexOf(NEWLINE)
      const whole = line < 0 ? read : begun + line + 1
      yield bytes.subarray(0, whole)
      bytes.copyWithin(0, whole, read)
      begun = read - whole
    }
    if (begun > 0) yield bytes.subarray(0, begun)
  } finally {
    if (piece !== null) memory?.giveBack('chunk', piece)
    closeSync(file)
  }
}
