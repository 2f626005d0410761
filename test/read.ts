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
      for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
    },
  }
  return extractInput(source)
}
