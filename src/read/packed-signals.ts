/** An input's signals as few bytes, for as long as nobody asks for them: as they are they take ten times as much. */
import type { Signal, Stamp } from '../model/extract.js'
import { isPlainNumber, packList, unpackList, type Batches } from './packed-list.js'
import { kindsOf, type Kinds } from './signals-budget.js'

/** Fewer are no burden. */
const FEW = 2_000

export interface PackedSignals {
  readonly batches: Batches
  readonly kinds: Kinds
}

/** As they are where they are few, or hold a number that JSON does not know. */
export const packSignals = (signals: readonly Signal[]): readonly Signal[] | PackedSignals => {
  if (signals.length < FEW || !signals.every(isPlain)) return signals
  return { batches: packList(signals), kinds: kindsOf(signals) }
}

export const unpackSignals = (signals: readonly Signal[] | PackedSignals): readonly Signal[] => {
  if (!('batches' in signals)) return signals
  const one = oneOfEach()
  return Array.from(unpackList(signals.batches) as Iterable<Signal>, one) // packed above
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
  if (!isPlainNumber(at.ms) || !isPlainNumber(until.ms) || !isPlainNumber(count) || !places.every((place) => isPlainNumber(place.at.ms))) return false
  for (const name in attributes) {
    const value = attributes[name]
    if (typeof value !== 'string' && !isPlainNumber(value)) return false
  }
  return true
}
