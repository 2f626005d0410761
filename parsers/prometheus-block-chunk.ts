/**
 * Samples in a chunk of Prometheus' storage: times as differences of differences, values as what changed in their bits.
 * https://github.com/prometheus/prometheus/blob/v3.5.0/tsdb/docs/format/chunks.md · tsdb/chunkenc/xor.go
 */
import { readUvarint, readVarint, varintEnd } from './prometheus-block-index.js'

const float = new Float64Array(1)
const halves = new Uint32Array(float.buffer)
/** Which half is the higher one depends on the machine. */
float[0] = 1
const HIGH = halves[1] === 0 ? 0 : 1
const LOW = 1 - HIGH
/** Widths of a difference of differences after 10, 110 and 1110. */
const WIDTHS = [14, 17, 20] as const

/** Prometheus marks the end of a series with a NaN of its own (value.StaleNaN); every NaN is no number here. */
export const readXorChunk = (bytes: Buffer, from: number, end: number, sample: (ms: number, value: number) => void): void => {
  const count = bytes.readUInt16BE(from)
  if (count === 0) return
  let ms = readVarint(bytes, from + 2)
  let at = varintEnd()
  let high = bytes.readUInt32BE(at)
  let low = bytes.readUInt32BE(at + 4)
  halves[HIGH] = high
  halves[LOW] = low
  sample(ms, float[0] ?? NaN)
  if (count === 1) return
  let delta = readUvarint(bytes, at + 8)
  at = varintEnd()
  const last = end * 8
  let position = at * 8

  /** The next `width` bits (1 … 32) as an unsigned number. */
  const bits = (width: number): number => {
    if (position + width > last) throw new Error('the chunk ends before its samples do')
    let value = 0
    let left = width
    while (left > 0) {
      const offset = position & 7
      const take = Math.min(8 - offset, left)
      const part = ((bytes[position >> 3] ?? 0) >> (8 - offset - take)) & ((1 << take) - 1)
      value = value * (1 << take) + part
      position += take
      left -= take
    }
    return value
  }

  let leading = 0
  let trailing = 0
  const changed = (): void => {
    if (bits(1) === 0) return
    if (bits(1) === 1) {
      leading = bits(5)
      const width = bits(6) || 64
      trailing = 64 - leading - width
      if (trailing < 0) throw new Error('a value of more than 64 bits')
    }
    const width = 64 - leading - trailing
    // The changed bits lie `trailing` from the right of the 64.
    const upper = width > 32 ? bits(width - 32) : 0
    const lower = bits(Math.min(width, 32))
    if (trailing === 0) {
      high ^= upper
      low ^= lower
    } else if (trailing >= 32) high ^= trailing === 32 ? lower : lower << (trailing - 32)
    else {
      high ^= (upper << trailing) | (lower >>> (32 - trailing))
      low ^= lower << trailing
    }
  }

  const give = (): void => {
    halves[HIGH] = high >>> 0
    halves[LOW] = low >>> 0
    sample(ms, float[0] ?? NaN)
  }

  ms += delta
  changed()
  give()
  for (let read = 2; read < count; read++) {
    let step = 0
    if (bits(1) === 1) {
      let more = 0
      while (more < 3 && bits(1) === 1) more++
      const width = WIDTHS[more]
      if (width === undefined) {
        const top = bits(32) | 0
        step = top * 2 ** 32 + bits(32)
      } else {
        step = bits(width)
        if (step > 1 << (width - 1)) step -= 1 << width
      }
    }
    delta += step
    ms += delta
    changed()
    give()
  }
}
