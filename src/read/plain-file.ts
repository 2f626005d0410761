/** The bytes of a plain file, read into one buffer again and again: a fresh megabyte per chunk costs more than reading it. */
import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 1 << 20

/** Bytes [start, end) of the file; each chunk is good until the next one is asked for. Throws what the file system throws. */
export const fileChunks = async function* (path: string, start = 0, end = Infinity): AsyncGenerator<Buffer> {
  const file = openSync(path, 'r')
  const bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  try {
    for (let at = start; at < end;) {
      const size = readSync(file, bytes, 0, Math.min(CHUNK_BYTES, end - at), at)
      if (size === 0) return
      at += size
      yield bytes.subarray(0, size)
    }
  } finally {
    closeSync(file)
  }
}
