/** As recent.ts, for whole numbers remembered under short runs of bytes (uids): no string and no object for each of them. */
import { viewOf } from '../src/read/json-shapes.js'
import { SIZES, wasmMemory, type WasmMemory } from '../src/read/wasm-memory.js'
import { MAX_KEY, RECENT, recentKernel } from './recent-bytes-kernel.js'
import { recent } from './recent.js'

/** Longer ones are remembered as strings. */
const WORDS = MAX_KEY / 4
const FIRST_SIZE = 1_024

export interface RecentBytes {
  /** Remembers `value` (from 0 on) under bytes[start, end), and returns what was remembered before: -1 where nothing was. */
  swap(bytes: Buffer, start: number, end: number, value: number): number
  /** Where it is remembered from now on, for loops in WebAssembly that swap by themselves; null where there is no room. */
  inMemory(): number | null
  /** Gives back what was taken for that. */
  end(): void
}

/** What is remembered in the memory, and not here. */
interface Moved {
  readonly memory: WasmMemory
  readonly swap: (...args: readonly number[]) => number
  readonly at: number
  readonly bytes: Uint8Array
}

const openMoved = (most: number): Moved | null => {
  const memory = wasmMemory()
  const swap = memory?.compile(recentKernel)['swap']
  const at = memory?.take('chunk') ?? null
  if (memory === null || swap === undefined || at === null) return null
  const bytes = new Uint8Array(memory.buffer, at, SIZES.chunk)
  bytes.fill(0, 0, RECENT.key)
  const words = new Int32Array(memory.buffer, at, RECENT.generations / 4)
  words[RECENT.young >> 2] = at + RECENT.generations
  words[RECENT.most >> 2] = most
  return { memory, swap, at, bytes }
}

interface Generation {
  size: number
  /** One more than an entry's number, by the hash of its key; 0: free. Twice as many places as entries. */
  places: Int32Array
  /** Twelve words each, the last ones 0. */
  keys: Int32Array
  lengths: Uint8Array
  values: Float64Array
}

const generation = (size: number): Generation => ({
  size: 0,
  places: new Int32Array(size * 2),
  keys: new Int32Array(size * WORDS),
  lengths: new Uint8Array(size),
  values: new Float64Array(size),
})

/** The key at hand. */
const key = new Int32Array(WORDS)
const takeKey = (bytes: Buffer, start: number, end: number): void => {
  const view = viewOf(bytes)
  let word = 0
  let at = start
  for (; at + 4 <= end; at += 4) key[word++] = view.getInt32(at, true)
  if (at < end) {
    let rest = 0
    for (let shift = 0; at < end; at++, shift += 8) rest |= (bytes[at] ?? 0) << shift
    key[word++] = rest
  }
  for (; word < WORDS; word++) key[word] = 0
}

/** Of the key of so many bytes in `words`, from `from` on. */
const hashOf = (words: Int32Array, from: number, length: number): number => {
  let hash = length
  for (let word = from; word < from + ((length + 3) >> 2); word++) {
    hash = Math.imul(hash ^ (words[word] ?? 0), 0x5bd1e995)
    hash ^= hash >>> 15
  }
  return (hash ^ (hash >>> 13)) >>> 0
}

/** The place of the key, or the free one where it belongs. */
const placeOf = ({ places, keys, lengths }: Generation, hash: number, words: Int32Array, from: number, length: number): number => {
  const mask = places.length - 1
  const last = (length + 3) >> 2
  for (let place = hash & mask; ; place = (place + 1) & mask) {
    const entry = (places[place] ?? 0) - 1
    if (entry < 0) return place
    if (lengths[entry] !== length) continue
    let word = 0
    while (word < last && keys[entry * WORDS + word] === words[from + word]) word++
    if (word === last) return place
  }
}

const grown = (small: Generation): Generation => {
  const large = generation(small.lengths.length * 2)
  large.keys.set(small.keys)
  large.lengths.set(small.lengths)
  large.values.set(small.values)
  large.size = small.size
  for (let entry = 0; entry < small.size; entry++) {
    const length = small.lengths[entry] ?? 0
    large.places[placeOf(large, hashOf(small.keys, entry * WORDS, length), small.keys, entry * WORDS, length)] = entry + 1
  }
  return large
}

/** At least half as many as `most` are remembered, and never more; what is asked for stays. */
export const recentBytes = (most: number): RecentBytes => {
  const longer = recent<number>(most)
  let young = generation(FIRST_SIZE)
  let old: Generation | null = null
  let moved: Moved | null | undefined

  const swapMoved = ({ swap, at, bytes: memory }: Moved, bytes: Uint8Array, start: number, end: number, value: number): number => {
    memory.set(bytes.subarray(start, end), RECENT.key)
    return swap(at, at + RECENT.key, at + RECENT.key + end - start, value)
  }

  /** Of the key at hand. */
  const set = (hash: number, length: number, value: number): void => {
    let place = placeOf(young, hash, key, 0, length)
    let entry = (young.places[place] ?? 0) - 1
    if (entry < 0) {
      if (young.size === young.lengths.length) {
        young = grown(young)
        place = placeOf(young, hash, key, 0, length)
      }
      entry = young.size++
      young.places[place] = entry + 1
      young.lengths[entry] = length
      young.keys.set(key, entry * WORDS)
    }
    young.values[entry] = value
    if (young.size < most / 2) return
    old = young
    young = generation(FIRST_SIZE)
  }

  return {
    swap(bytes, start, end, value) {
      if (end - start > MAX_KEY) {
        const text = bytes.toString('latin1', start, end)
        const before = longer.get(text) ?? -1
        if (before !== value) longer.set(text, value)
        return before
      }
      if (moved !== undefined && moved !== null) return swapMoved(moved, bytes, start, end, value)
      const length = end - start
      takeKey(bytes, start, end)
      const hash = hashOf(key, 0, length)
      const entry = (young.places[placeOf(young, hash, key, 0, length)] ?? 0) - 1
      let before = entry < 0 ? -1 : (young.values[entry] ?? -1)
      if (before < 0 && old !== null) {
        const older = (old.places[placeOf(old, hash, key, 0, length)] ?? 0) - 1
        before = older < 0 ? -1 : (old.values[older] ?? -1)
        if (before >= 0) set(hash, length, before)
      }
      if (before !== value) set(hash, length, value)
      return before
    },
    inMemory() {
      if (moved === undefined) {
        moved = old !== null || most / 2 > RECENT.places * 0.8 ? null : openMoved(most / 2)
        if (moved !== null) {
          const keys = new Uint8Array(young.keys.buffer)
          for (let entry = 0; entry < young.size; entry++) {
            const from = entry * MAX_KEY
            swapMoved(moved, keys, from, from + (young.lengths[entry] ?? 0), young.values[entry] ?? 0)
          }
          young = generation(0)
        }
      }
      return moved?.at ?? null
    },
    end() {
      moved?.memory.giveBack('chunk', moved.at)
      moved = null
    },
  }
}
