/** Samples of Prometheus' JSON, read from bytes as they stand: [1795249607.271,"1.5"]. No string, no object per sample. */
import { POWERS, readNumber, scanned } from './metric-bytes.js'
import { metricSamples, type Columns } from './metric-samples.js'

const QUOTE = 34
const COMMA = 44
const OPEN_LIST = 91
const CLOSE_LIST = 93
/** The bytes end within what is being read. */
export const MORE = -1
/** A sample is two numbers; what is longer is none. */
const MAX_SAMPLE_BYTES = 4_096

/** Room for a plain sample: eleven digits, a point, three digits, fifteen more, and what is between. */
const MAX_PLAIN_SAMPLE = 64
/** A number of so many characters is below 2^53: exact as a double. */
const MAX_EXACT_DIGITS = 15

export const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9

export const skipSpace = (bytes: Buffer, at: number): number => {
  let next = at
  while (next < bytes.length && isBlank(bytes[next])) next++
  return next
}

export interface SampleReader {
  /** Reads plain samples one after another from `from`; returns where it stopped. */
  plain(bytes: Buffer, from: number): number
  /** Reads the sample at `at`; returns where it ends, MORE where the bytes end before, NaN where it is none. */
  one(bytes: Buffer, at: number): number
  end(): void
}

/** So many samples are handed on together. */
const AT_ONCE = 1_024

export const sampleReader = (sample: (ms: number, value: number) => void, samples: (read: Columns) => void): SampleReader => {
  const kernel = metricSamples()
  const own: Columns = { times: new Float64Array(AT_ONCE), values: new Float64Array(AT_ONCE), count: 0, first: NaN, last: NaN, next: 0 }

  /**
   * Samples as Prometheus writes them, [1795249607.271,"1.5"], or with a blank after a comma as Python does: most of every answer. It stops at
   * whatever is different, and early enough before the end never to look beyond it; `one` is its slow twin. Most are read by metric-kernel.ts.
   */
  const plain = (bytes: Buffer, from: number): number => {
    let at = from
    for (let read = kernel.samples(bytes, at); read !== null; read = kernel.samples(bytes, at)) {
      samples(read)
      at = read.next
    }
    for (;;) {
      const next = some(bytes, at)
      if (own.count > 0) samples(own)
      if (own.count < AT_ONCE) return next
      at = next
    }
  }

  const some = (bytes: Buffer, from: number): number => {
    const { times, values } = own
    own.count = 0
    own.first = Infinity
    own.last = -Infinity
    const safe = bytes.length - MAX_PLAIN_SAMPLE
    let at = from
    let read = 0
    while (at < safe && bytes[at] === OPEN_LIST && read < AT_ONCE) {
      let next = at + 1
      let digit = (bytes[next] ?? 0) - 48
      // Nine digits are a small integer, which is much cheaper than a float.
      let whole = 0
      while (digit >= 0 && digit <= 9 && next - at <= 9) {
        whole = (whole * 10 + digit) | 0
        digit = (bytes[++next] ?? 0) - 48
      }
      let ms = whole
      while (digit >= 0 && digit <= 9) {
        ms = ms * 10 + digit
        digit = (bytes[++next] ?? 0) - 48
      }
      if (next === at + 1 || next - at > 12) return at
      ms *= 1000
      if (digit === -2) {
        let scale = 100
        digit = (bytes[++next] ?? 0) - 48
        while (digit >= 0 && digit <= 9 && scale >= 1) {
          ms += digit * scale
          scale /= 10
          digit = (bytes[++next] ?? 0) - 48
        }
      }
      if (bytes[next] !== COMMA) return at
      if (bytes[++next] === 32) next++
      if (bytes[next] !== QUOTE) return at
      const first = ++next
      whole = 0
      digit = (bytes[next] ?? 0) - 48
      while (digit >= 0 && digit <= 9 && next - first < 9) {
        whole = (whole * 10 + digit) | 0
        digit = (bytes[++next] ?? 0) - 48
      }
      let value = whole
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit
        digit = (bytes[++next] ?? 0) - 48
      }
      if (digit === -2 && next > first) {
        const point = next
        digit = (bytes[++next] ?? 0) - 48
        while (digit >= 0 && digit <= 9) {
          value = value * 10 + digit
          digit = (bytes[++next] ?? 0) - 48
        }
        if (next - first > MAX_EXACT_DIGITS) return at
        value /= POWERS[next - point - 1] ?? 1
      }
      // Fewer digits than these are an exact double, and their quotient by a power of ten is the nearest one to what is written.
      if (next === first || next - first > MAX_EXACT_DIGITS || bytes[next] !== QUOTE || bytes[next + 1] !== CLOSE_LIST) return at
      times[read] = ms
      values[read] = value
      own.count = ++read
      if (ms < own.first) own.first = ms
      if (ms > own.last) own.last = ms
      at = next + 2
      if (bytes[at] === COMMA && bytes[++at] === 32) at++
    }
    return at
  }

  /** [1795249607.271,"1"] at `at`; returns where it ends. NaN where it is no sample. */
  const one = (bytes: Buffer, at: number): number => {
    const end = bytes.length
    let next = skipSpace(bytes, at + 1)
    const seconds = readNumber(bytes, next, end)
    if (scanned.end < 0) return cut(bytes, at)
    next = skipSpace(bytes, scanned.end)
    if (next >= end) return cut(bytes, at)
    if (bytes[next] !== COMMA) return NaN
    next = skipSpace(bytes, next + 1)
    const quoted = bytes[next] === QUOTE
    const value = readNumber(bytes, quoted ? next + 1 : next, end)
    if (scanned.end < 0) return cut(bytes, at)
    next = scanned.end
    if (quoted) {
      if (next < end && bytes[next] !== QUOTE) return NaN
      next++
    }
    next = skipSpace(bytes, next)
    if (next >= end) return cut(bytes, at)
    if (bytes[next] !== CLOSE_LIST || !Number.isFinite(seconds)) return NaN
    sample(Math.round(seconds * 1000), value)
    return next + 1
  }

  /** A sample that does not read: cut by the end of the bytes, or none at all. */
  const cut = (bytes: Buffer, at: number): number => {
    const close = bytes.indexOf(CLOSE_LIST, at)
    return close < 0 && bytes.length - at < MAX_SAMPLE_BYTES ? MORE : NaN
  }

  return { plain, one, end: () => kernel.end() }
}

/** A number, null, or a quoted NaN or Infinity in a list of bare values. */
export const bare = { value: NaN }

/** A number, null, or a quoted NaN or Infinity; sets bare.value. */
export const readBare = (bytes: Buffer, at: number): number => {
  const quoted = bytes[at] === QUOTE ? 1 : 0
  bare.value = readNumber(bytes, at + quoted, bytes.length)
  let end = scanned.end < 0 ? -1 : scanned.end + quoted
  if (end < 0 && bytes.toString('latin1', at, at + 4) === 'null') {
    bare.value = NaN
    end = at + 4
  }
  if (end >= bytes.length || (end < 0 && bytes.length - at < 64)) return MORE
  return end < 0 ? NaN : end
}
