/** As recent.ts, for whole numbers remembered under short runs of bytes (uids): no string and no object for each of them. */
import { recent } from './recent.js'

/** Longer ones are remembered as strings. */
const MAX_KEY = 48
const FIRST_SIZE = 1_024

export interface RecentBytes {
  /** Remembers `value` (from 0 on) under bytes[start, end), and returns what was remembered before: -1 where nothing was. */
  swap(bytes: Buffer, start: number, end: number, value: number): number
}

interface Generation {
  size: number
  /** One more than an entry's number, by the hash of its key; 0: free. Twice as many places as entries. */
  places: Int32Array
  keys: Uint8Array
  lengths: Uint8Array
  values: Float64Array
}

const generation = (size: number): Generation => ({
  size: 0,
  places: new Int32Array(size * 2),
  keys: new Uint8Array(size * MAX_KEY),
  lengths: new Uint8Array(size),
  values: new Float64Array(size),
})

const hashOf = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = end - start
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x5bd1e995)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** The place of the key, or the free one where it belongs. */
const placeOf = ({ places, keys, lengths }: Generation, hash: number, bytes: Uint8Array, start: number, end: number): number => {
  const mask = places.length - 1
  for (let place = hash & mask; ; place = (place + 1) & mask) {
    const entry = (places[place] ?? 0) - 1
    if (entry < 0) return place
    if (lengths[entry] !== end - start) continue
    let index = 0
    while (index < end - start && keys[entry * MAX_KEY + index] === bytes[start + index]) index++
    if (index === end - start) return place
  }
}

const grown = (small: Generation): Generation => {
  const large = generation(small.lengths.length * 2)
  large.keys.set(small.keys)
  large.lengths.set(small.lengths)
  large.values.set(small.values)
  large.size = small.size
  for (let entry = 0; entry < small.size; entry++) {
    const [start, end] = [entry * MAX_KEY, entry * MAX_KEY + (small.lengths[entry] ?? 0)]
    large.places[placeOf(large, hashOf(small.keys, start, end), small.keys, start, end)] = entry + 1
  }
  return large
}

/** At least half as many as `most` are remembered, and never more; what is asked for stays. */
export const recentBytes = (most: number): RecentBytes => {
  const longer = recent<number>(most)
  let young = generation(FIRST_SIZE)
  let old: Generation | null = null

  const set = (hash: number, bytes: Buffer, start: number, end: number, value: number): void => {
    let place = placeOf(young, hash, bytes, start, end)
    let entry = (young.places[place] ?? 0) - 1
    if (entry < 0) {
      if (young.size === young.lengths.length) {
        young = grown(young)
        place = placeOf(young, hash, bytes, start, end)
      }
      entry = young.size++
      young.places[place] = entry + 1
      young.lengths[entry] = end - start
      for (let index = 0; index < end - start; index++) young.keys[entry * MAX_KEY + index] = bytes[start + index] ?? 0
    }
    young.values[entry] = value
    if (young.size < most / 2) return
    old = young
    young = generation(FIRST_SIZE)
  }

  return {
    swap(bytes, start, end, value) {
      if (end - start > MAX_KEY) {
        const key = bytes.toString('latin1', start, end)
        const before = longer.get(key) ?? -1
        if (before !== value) longer.set(key, value)
        return before
      }
      const hash = hashOf(bytes, start, end)
      const entry = (young.places[placeOf(young, hash, bytes, start, end)] ?? 0) - 1
      let before = entry < 0 ? -1 : (young.values[entry] ?? -1)
      if (before < 0 && old !== null) {
        const older = (old.places[placeOf(old, hash, bytes, start, end)] ?? 0) - 1
        before = older < 0 ? -1 : (old.values[older] ?? -1)
        if (before >= 0) set(hash, bytes, start, end, before)
      }
      if (before !== value) set(hash, bytes, start, end, value)
      return before
    },
  }
}
