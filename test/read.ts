/** Reads text or bytes as one input, the way the tests of every format do. */
import { extractInput, type Source } from '../src/read/extract-input.js'
import type { InputExtract } from '../src/model/extract.js'
import type { InputContext } from '../src/model/format.js'

export interface ReadOptions {
  readonly path?: string
  /** Size of the chunks the input is cut into; the whole at once unless given. */
  readonly chunkBytes?: number
  readonly context?: Partial<InputContext>
}

/** The bytes in chunks of that size, each of them written over as soon as the next one is asked for. */
export const writtenOver = async function* (bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  const room = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    yield room.subarray(0, bytes.copy(room, 0, at, at + size))
    room.fill(0xee)
  }
}

export const read = (content: string | Buffer, options: ReadOptions = {}): Promise<InputExtract> => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const path = options.path ?? 'unknown'
  const source: Source = {
    path,
    wrapping: [],
    changedMs: null,
    context: { path, pod: null, container: null, expression: null, ...options.context },
    async *chunks() {
      const step = options.chunkBytes ?? Math.max(bytes.length, 1)
      yield* writtenOver(bytes, step)
    },
  }
  return extractInput(source)
}
