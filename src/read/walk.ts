/** What a walk through an archive gives, and the bytes under it, taken piece by piece. */
import type { Bytes } from './decompress.js'
import type { Gauge } from './limits.js'

export interface Walked {
  readonly name: string
  readonly type: 'file' | 'folder' | 'link' | 'other'
  /** Unpacked bytes as the archive tells them; 0 where it does not say beforehand. */
  readonly size: number
  readonly changedMs: number | null
  /** Why this member cannot be read; null where it can. */
  readonly problem: string | null
}

export interface Walk {
  /** The next member; null at the end. What was not read of the one before is skipped. */
  next(): Promise<Walked | null>
  /** The bytes of the member that next() gave last, once; the gauge counts what they take in the archive. */
  body(gauge: Gauge): Bytes
  close(): Promise<void>
}

export interface Pieces {
  /** Up to `most` bytes, as they come; null at the end. What it gives is good until more is asked for. */
  pull(most: number): Promise<Buffer | null>
  /** As many bytes, fewer at the end; a copy. */
  take(count: number): Promise<Buffer>
  /** False: the end came before. */
  skip(count: number): Promise<boolean>
  /** Gives back what was pulled too much. */
  unread(bytes: Buffer): void
  close(): Promise<void>
}

export const piecesOf = (source: Bytes): Pieces => {
  const iterator = source[Symbol.asyncIterator]()
  let chunk: Buffer = Buffer.alloc(0)
  /** Whoever asks again is told again: an iterator would say that it is at its end. */
  let failed: { readonly error: unknown } | null = null
  const pull = async (most: number): Promise<Buffer | null> => {
    while (chunk.length === 0) {
      if (failed !== null) throw failed.error
      try {
        const next = await iterator.next()
        if (next.done) return null
        chunk = next.value
      } catch (error) {
        failed = { error }
      }
    }
    const piece = chunk.subarray(0, most)
    chunk = chunk.subarray(piece.length)
    return piece
  }
  return {
    pull,
    async take(count) {
      const parts: Buffer[] = []
      let missing = count
      while (missing > 0) {
        const piece = await pull(missing)
        if (piece === null) break
        parts.push(Buffer.from(piece))
        missing -= piece.length
      }
      return Buffer.concat(parts)
    },
    async skip(count) {
      for (let missing = count; missing > 0;) {
        const piece = await pull(missing)
        if (piece === null) return false
        missing -= piece.length
      }
      return true
    },
    unread(bytes) {
      if (bytes.length > 0) chunk = chunk.length === 0 ? bytes : Buffer.concat([bytes, chunk])
    },
    async close() {
      await iterator.return?.()
    },
  }
}
