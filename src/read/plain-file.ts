/** The bytes of a file, read into one buffer again and again: a fresh one per chunk costs more than reading it. */
import { closeSync, openSync, readSync } from 'node:fs'
import { wasmMemory } from './wasm-memory.js'

/** What is copied out of the system's cache should still lie in the processor's when it is read. */
const CHUNK_BYTES = 128 << 10

/** Copying from the beginning of a page to 1 to 63 bytes after one's, where memory for a large buffer begins, takes four times as long as to anywhere else. */
const OFF_PAGE = 2_048
/** Before it lies what the chunk before left of a line. */
const READ_AT = CHUNK_BYTES + OFF_PAGE

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
  const bytes = memory === null || piece === null ? Buffer.allocUnsafeSlow(READ_AT + CHUNK_BYTES) : Buffer.from(memory.buffer, piece, READ_AT + CHUNK_BYTES)
  try {
    /** So much was read already, of a line that goes on. */
    let begun = 0
    for (let at = start; at < end;) {
      const size = readSync(file, bytes, READ_AT, Math.min(CHUNK_BYTES - (at % CHUNK_BYTES), end - at), at)
      if (size === 0) break
      at += size
      const read = READ_AT + size
      const line = bytes.subarray(READ_AT, read).lastIndexOf(NEWLINE)
      const whole = line < 0 ? read : READ_AT + line + 1
      yield bytes.subarray(READ_AT - begun, whole)
      begun = read - whole
      bytes.copyWithin(READ_AT - begun, whole, read)
    }
    if (begun > 0) yield bytes.subarray(READ_AT - begun, READ_AT)
  } finally {
    if (piece !== null) memory?.giveBack('chunk', piece)
    closeSync(file)
  }
}

/** The file as it is, packed or not, at most so many bytes at once. Each chunk is good until the next one is asked for. Throws what the file system throws. */
export const fileBytes = async function* (path: string, most: number): AsyncGenerator<Buffer> {
  const file = openSync(path, 'r')
  const bytes = Buffer.allocUnsafeSlow(OFF_PAGE + most).subarray(OFF_PAGE)
  try {
    for (let at = 0; ;) {
      const size = readSync(file, bytes, 0, most, at)
      if (size === 0) return
      at += size
      yield bytes.subarray(0, size)
    }
  } finally {
    closeSync(file)
  }
}
