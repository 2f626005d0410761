/**
 * Columns of numbers as bytes, without loss. Counters and times on a grid become short runs of small steps; everything else keeps
 * its bits, byte by byte of the same rank together, which is what a compressor finds repetition in.
 */

/** How a column's bytes are to be read. */
const STEPS = 1
const BITS = 2

/** Encoding, samples, bytes. */
const HEADER_BYTES = 9
/** Steps are summed up in doubles: beyond this they would lose bits. */
const MAX_STEPPED = 2 ** 50

/** No column of so many samples has more bytes. */
export const mostBytes = (samples: number): number => HEADER_BYTES + 8 * samples

/** Writes the column to `bytes` from `at` on, where there is room for `mostBytes`; returns where it ends. */
export const writeColumn = (bytes: Buffer, at: number, column: Float64Array): number => {
  const body = at + HEADER_BYTES
  const stepped = writeSteps(bytes, body, column)
  const end = stepped < 0 ? writeBits(bytes.subarray(body), body, column) : stepped
  bytes.writeUInt8(stepped < 0 ? BITS : STEPS, at)
  bytes.writeUInt32LE(column.length, at + 1)
  bytes.writeUInt32LE(end - body, at + 5)
  return end
}

export const encodeColumn = (column: Float64Array): Buffer => {
  const bytes = Buffer.alloc(mostBytes(column.length))
  return bytes.subarray(0, writeColumn(bytes, 0, column))
}

export interface DecodedColumn {
  readonly column: Float64Array
  /** Where the next one begins. */
  readonly end: number
}

/** Throws an Error that says what is wrong; never reads or makes more than `maxSamples` numbers. */
export const decodeColumn = (bytes: Buffer, start: number, maxSamples: number): DecodedColumn => {
  if (start + HEADER_BYTES > bytes.length) throw new Error('a column is cut off')
  const encoding = bytes.readUInt8(start)
  const samples = bytes.readUInt32LE(start + 1)
  const from = start + HEADER_BYTES
  const end = from + bytes.readUInt32LE(start + 5)
  if (end > bytes.length) throw new Error('a column is cut off')
  if (samples > maxSamples) throw new Error('more samples than one input may have')
  if (encoding === STEPS) return { column: fromSteps(bytes.subarray(from, end), samples), end }
  if (encoding === BITS) return { column: fromBits(bytes.subarray(from, end), samples), end }
  throw new Error(`a column in an encoding that is not known (${encoding})`)
}

/** Differences of differences as variable-length integers; -1 where a number is no integer, too large, or the zero with a sign. */
const writeSteps = (bytes: Buffer, start: number, column: Float64Array): number => {
  for (const value of column) if (!Number.isInteger(value) || Math.abs(value) > MAX_STEPPED || Object.is(value, -0)) return -1
  let at = start
  let last = 0
  let lastStep = 0
  for (const value of column) {
    const step = value - last
    at = writeVarint(bytes, at, zigzag(step - lastStep))
    last = value
    lastStep = step
  }
  return at
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
const unzigzag = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2)

/** Seven bits a byte, the lowest first. Numbers reach 2^53, so no 32-bit operators. */
const writeVarint = (bytes: Buffer, start: number, value: number): number => {
  let at = start
  let rest = value
  while (rest >= 128) {
    bytes[at++] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

const fromSteps = (bytes: Buffer, samples: number): Float64Array => {
  if (samples > bytes.length) throw new Error('a column has fewer bytes than samples')
  const column = new Float64Array(samples)
  let at = 0
  let last = 0
  let step = 0
  for (let index = 0; index < samples; index++) {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 49) throw new Error('a column is cut off')
      value += (byte % 128) * scale
      if (byte < 128) break
      scale *= 128
    }
    step += unzigzag(value)
    last += step
    if (!Number.isFinite(last)) throw new Error('a column runs out of numbers')
    column[index] = last
  }
  if (at !== bytes.length) throw new Error('a column has more bytes than samples')
  return column
}

/** Each number XOR the one before; then all first bytes, all second bytes … The bytes begin at `start` of what they are part of; where they end there. */
const writeBits = (bytes: Buffer, start: number, column: Float64Array): number => {
  const words = new BigUint64Array(1)
  const number = new Float64Array(words.buffer)
  const size = column.length
  const word = new Uint32Array(words.buffer)
  let lastLow = 0
  let lastHigh = 0
  for (let index = 0; index < size; index++) {
    number[0] = column[index] ?? 0
    const low = (word[LOW] ?? 0) >>> 0
    const high = (word[HIGH] ?? 0) >>> 0
    putByRank(bytes, index, size, (low ^ lastLow) >>> 0, (high ^ lastHigh) >>> 0)
    lastLow = low
    lastHigh = high
  }
  return start + size * 8
}

/** Which half of a double's words is the lower one on this machine. */
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

const putByRank = (bytes: Buffer, index: number, size: number, low: number, high: number): void => {
  for (let rank = 0; rank < 4; rank++) {
    bytes[rank * size + index] = (low >>> (8 * rank)) & 0xff
    bytes[(rank + 4) * size + index] = (high >>> (8 * rank)) & 0xff
  }
}

const fromBits = (bytes: Buffer, samples: number): Float64Array => {
  if (bytes.length !== samples * 8) throw new Error('a column has not the bytes of its samples')
  const column = new Float64Array(samples)
  const word = new Uint32Array(column.buffer)
  let low = 0
  let high = 0
  for (let index = 0; index < samples; index++) {
    for (let rank = 0; rank < 4; rank++) {
      low ^= (bytes[rank * samples + index] ?? 0) << (8 * rank)
      high ^= (bytes[(rank + 4) * samples + index] ?? 0) << (8 * rank)
    }
    word[2 * index + LOW] = low >>> 0
    word[2 * index + HIGH] = high >>> 0
  }
  return column
}
