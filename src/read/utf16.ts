/** UTF-16, which PowerShell's `>` writes: told by its byte order mark and turned into UTF-8 on the way. */
import { TextDecoder } from 'node:util'

/** 'le', 'be' or null, from an input's first bytes. */
const orderOf = (bytes: Buffer): 'le' | 'be' | null => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes[2] === 0 && bytes[3] === 0 ? null : 'le' // with two more zeros it is UTF-32
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'be' : null
}

export interface Utf16 {
  /** Known after the first four bytes. */
  readonly found: boolean
  chunk(bytes: Buffer): Buffer
  end(): Buffer
}

/** Gives UTF-8 for each chunk of UTF-16; a character may be cut between two. What is not UTF-16 passes through. */
export const fromUtf16 = (): Utf16 => {
  let decoder: TextDecoder | null = null
  let begun = false
  let held: Buffer = Buffer.alloc(0)
  return {
    get found() {
      return decoder !== null
    },
    chunk(bytes) {
      if (!begun) {
        const head = held.length > 0 ? Buffer.concat([held, bytes]) : bytes
        if (head.length < 4) {
          held = Buffer.from(head)
          return Buffer.alloc(0)
        }
        begun = true
        held = Buffer.alloc(0)
        const order = orderOf(head)
        decoder = order === null ? null : new TextDecoder(`utf-16${order}`)
        return decoder === null ? head : Buffer.from(decoder.decode(head, { stream: true }))
      }
      return decoder === null ? bytes : Buffer.from(decoder.decode(bytes, { stream: true }))
    },
    end() {
      if (!begun) {
        const order = orderOf(held)
        return order === null ? held : Buffer.from(new TextDecoder(`utf-16${order}`).decode(held))
      }
      return decoder === null ? Buffer.alloc(0) : Buffer.from(decoder.decode())
    },
  }
}

/** The same for a stream of chunks. */
export const asUtf8 = async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const decoder = fromUtf16()
  for await (const chunk of chunks) {
    const text = decoder.chunk(chunk)
    if (text.length > 0) yield text
  }
  const rest = decoder.end()
  if (rest.length > 0) yield rest
}
