/** An input's signals as few bytes, for as long as nobody asks for them: as they are they take ten times as much. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { Signal } from '../model/extract.js'

/** So many at a time, so that neither their text nor their bytes are large. */
const BATCH = 1_000
/** Fewer are no burden. */
const FEW = 2_000
const QUALITY = 1
const WINDOW_BITS = 18

/** In their order, so many at a time. */
export interface PackedSignals {
  readonly batches: readonly Uint8Array[]
}

/** As they are where they are few, or hold a number that JSON does not know. */
export const packSignals = (signals: readonly Signal[]): readonly Signal[] | PackedSignals => {
  if (signals.length < FEW || !signals.every(isPlain)) return signals
  const batches: Uint8Array[] = []
  for (let at = 0; at < signals.length; at += BATCH) {
    const text = Buffer.from(JSON.stringify(signals.slice(at, at + BATCH)))
    const packed = brotliCompressSync(text, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
      },
    })
    batches.push(new Uint8Array(packed)) // a copy: what was compressed into is larger, and would go over as a whole
  }
  return { batches }
}

export const unpackSignals = (signals: readonly Signal[] | PackedSignals): readonly Signal[] =>
  'batches' in signals ? signals.batches.flatMap((batch) => JSON.parse(brotliDecompressSync(batch).toString()) as Signal[]) : signals // packed above

const isPlain = ({ at, until, count, attributes, places }: Signal): boolean => {
  if (!isNumber(at.ms) || !isNumber(until.ms) || !isNumber(count) || !places.every((place) => isNumber(place.at.ms))) return false
  for (const name in attributes) {
    const value = attributes[name]
    if (typeof value !== 'string' && !isNumber(value)) return false
  }
  return true
}

/** JSON has neither NaN nor the infinite, and its zero no sign. */
const isNumber = (value: unknown): boolean => Number.isFinite(value) && !Object.is(value, -0)
