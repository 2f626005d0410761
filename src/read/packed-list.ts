/** A long list as few bytes, for as long as nobody asks for it. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'

/** So many at a time, so that neither their text nor their bytes are large. */
const BATCH = 1_000
const QUALITY = 1
const WINDOW_BITS = 18

/** In their order, so many at a time. */
export type Batches = readonly Uint8Array[]

/** What it holds must be plain: `isPlainNumber` tells of its numbers. */
export const packList = (list: readonly unknown[]): Batches => {
  const batches: Uint8Array[] = []
  for (let at = 0; at < list.length; at += BATCH) {
    const text = Buffer.from(JSON.stringify(list.slice(at, at + BATCH)))
    const packed = brotliCompressSync(text, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
      },
    })
    batches.push(new Uint8Array(packed)) // a copy: what was compressed into is larger, and would go over as a whole
  }
  return batches
}

/** Batch after batch, as it was packed: whoever keeps little of it never holds all of it. */
export function* unpackList(batches: Batches): Generator {
  for (const batch of batches) yield* JSON.parse(brotliDecompressSync(batch).toString()) as unknown[] // packed above
}

/** JSON has neither NaN nor the infinite, and its zero no sign. */
export const isPlainNumber = (value: unknown): boolean => Number.isFinite(value) && !Object.is(value, -0)
