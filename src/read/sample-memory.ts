/**
 * Memory for samples that goes back to the machine as a whole. Small arrays that come and go lie among others that stay, in what the C library holds: with two threads that was a
 * third of all memory, and hardly any of it was in use.
 */

/** So many samples lie together: their times, then their values. */
export const BLOCK = 32
const BLOCK_NUMBERS = 2 * BLOCK

/**
 * From 32 MB on the C library has each piece from the kernel, and gives it back when it is freed, whatever was freed before (mallopt(3), M_MMAP_THRESHOLD). What is never
 * written to is no memory.
 */
const OWN_BYTES = (32 << 20) + 4_096
/** Less than this is not worth a piece of its own. */
const WORTH_BYTES = 1 << 20

/** Room for so many numbers at least. */
export const roomFor = (numbers: number): Float64Array<ArrayBuffer> =>
  numbers * 8 < WORTH_BYTES ? new Float64Array(numbers) : new Float64Array(new ArrayBuffer(Math.max(numbers * 8, OWN_BYTES)))

/** Where a block begins: `start` numbers into `memory`. */
export interface Place {
  readonly memory: Float64Array
  readonly start: number
}

export interface Blocks {
  /** One that nobody has. What is in it is anything. */
  take(): Place
  giveBack(place: Place): void
}

/** Those of one input. A few lie in small pieces: most inputs have no more. */
export const sampleBlocks = (): Blocks => {
  const free: Place[] = []
  let memory = new Float64Array(0)
  let start = 0
  let next = 4 * BLOCK_NUMBERS
  return {
    take() {
      const old = free.pop()
      if (old !== undefined) return old
      if (start === memory.length) {
        memory = roomFor(next)
        start = 0
        next *= 4
      }
      const place = { memory, start }
      start += BLOCK_NUMBERS
      return place
    },
    giveBack: (place) => void free.push(place),
  }
}

/** Columns one after the other that stay together, of no more than so many numbers. */
export const packedColumns = (most: number): { put(column: Float64Array): Float64Array<ArrayBuffer> } => {
  // Of few it is not known who goes when, and each is as long as it is.
  if (most * 8 < WORTH_BYTES) return { put: (column) => new Float64Array(column) }
  const room = roomFor(most)
  let at = 0
  return {
    put(column) {
      const placed = room.subarray(at, at + column.length)
      placed.set(column)
      at += column.length
      return placed
    },
  }
}
