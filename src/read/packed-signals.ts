/** An input's signals as few bytes, for as long as nobody asks for them: as they are they take ten times as much. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { Signal, Stamp } from '../model/extract.js'
import { kindsOf, type Kinds } from './signals-budget.js'

/** So many at a time, so that neither their text nor their bytes are large. */
const BATCH = 1_000
/** Fewer are no burden. */
const FEW = 2_000
const QUALITY = 1
const WINDOW_BITS = 18

/** In their order, so many at a time. */
export interface PackedSignals {
  readonly batches: readonly Uint8Array[]
  readonly kinds: Kinds
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
  return { batches, kinds: kindsOf(signals) }
}

export const unpackSignals = (signals: readonly Signal[] | PackedSignals): readonly Signal[] => {
  if (!('batches' in signals)) return signals
  const one = oneOfEach()
  return signals.batches.flatMap((batch) => (JSON.parse(brotliDecompressSync(batch).toString()) as Signal[]).map(one)) // packed above
}

/** What many signals say alike is there once, as it was before it was packed. */
const oneOfEach = (): ((signal: Signal) => Signal) => {
  const texts = new Map<string, string>()
  const same = <T extends string>(text: T): T => {
    const known = texts.get(text)
    if (known !== undefined) return known as T // what it was found by
    texts.set(text, text)
    return text
  }
  const isSame = (a: Stamp, b: Stamp): boolean => a.ms === b.ms && a.basis === b.basis
  return ({ kind, entity, phase, at, until, count, attributes, places }) => {
    const last = isSame(at, until) ? at : until
    return {
      kind: same(kind),
      entity: same(entity),
      phase,
      at,
      until: last,
      count,
      attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? same(value) : value])),
      places: places.map((place) => ({ line: place.line, at: isSame(place.at, at) ? at : isSame(place.at, last) ? last : place.at, text: place.text })),
    }
  }
}

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
