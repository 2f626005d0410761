/**
 * The index of a block of Prometheus' storage: which series there are, and where their chunks lie.
 * https://github.com/prometheus/prometheus/blob/v3.5.0/tsdb/docs/format/index.md
 */
import type { Labels } from '../src/model/extract.js'

const MAGIC = 0xbaaad700
const TOC_BYTES = 52
const ALIGNMENT = 16
/** No series has more labels or chunks than these; what says so is broken. */
const MAX_LABELS = 1_024
const MAX_CHUNKS = 1 << 20

export interface BlockIndex {
  /** Where chunks lie, ascending: the segment's number × 2³² + the place in it. */
  readonly refs: Float64Array
  /** Of each chunk in `refs`, whose it is. */
  readonly owners: Int32Array
  readonly size: number
  labelsOf(series: number): Labels
}

/** Go's binary.Uvarint; sets `varint.at`. Exact below 2⁵³; throws where the bytes end. */
const varint = { at: 0 }
export const readUvarint = (bytes: Buffer, at: number): number => {
  let value = 0
  let scale = 1
  for (let next = at; next < at + 10; next++) {
    const byte = bytes[next]
    if (byte === undefined) throw new Error('the bytes end within a number')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      varint.at = next + 1
      return value
    }
    scale *= 128
  }
  throw new Error('a number of more than ten bytes')
}

/** Go's binary.Varint: the sign is the lowest bit. */
export const readVarint = (bytes: Buffer, at: number): number => {
  const value = readUvarint(bytes, at)
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

/** Where the last number ended. */
export const varintEnd = (): number => varint.at

/** Throws, with words for a user, where the bytes are no index or a broken one. */
export const readIndex = (bytes: Buffer): BlockIndex => {
  if (bytes.length < TOC_BYTES + 5 || bytes.readUInt32BE(0) !== MAGIC) throw new Error('it does not begin as an index does')
  const version = bytes[4] ?? 0
  if (version < 1 || version > 3) throw new Error(`version ${version} of the format is not known`)
  const toc = bytes.length - TOC_BYTES
  const section = (at: number): number => bytes.readUInt32BE(toc + at * 8) * 2 ** 32 + bytes.readUInt32BE(toc + at * 8 + 4)
  const sections = [0, 1, 2, 3, 4, 5].map(section)
  const [symbolsAt = 0, seriesAt = 0] = sections
  if (seriesAt === 0) return { refs: new Float64Array(0), owners: new Int32Array(0), size: 0, labelsOf: () => ({}) }
  const symbolOf = symbols(bytes, symbolsAt, version)
  const seriesEnd = sections.filter((at) => at > seriesAt).sort((a, b) => a - b)[0] ?? toc
  const entries: number[] = []
  let refs = new Float64Array(1_024)
  let owners = new Int32Array(1_024)
  let chunks = 0
  for (let at = seriesAt; at < Math.min(seriesEnd, toc);) {
    if (version >= 2) at += (ALIGNMENT - (at % ALIGNMENT)) % ALIGNMENT
    if (at >= seriesEnd) break
    const length = readUvarint(bytes, at)
    const body = varint.at
    // A series has labels, a count of chunks and a checksum: nothing shorter is one, but padding.
    if (length === 0) {
      at = body
      continue
    }
    entries.push(body)
    const labels = readUvarint(bytes, body)
    if (labels > MAX_LABELS) throw new Error('a series with too many labels')
    for (let label = 0; label < 2 * labels; label++) readUvarint(bytes, varint.at)
    const count = readUvarint(bytes, varint.at)
    if (count > MAX_CHUNKS) throw new Error('a series with too many chunks')
    let ref = 0
    for (let chunk = 0; chunk < count; chunk++) {
      readUvarint(bytes, varint.at) // the times of its first and last sample: the chunk has them, too
      readUvarint(bytes, varint.at)
      ref = chunk === 0 ? readUvarint(bytes, varint.at) : ref + readVarint(bytes, varint.at)
      if (chunks === refs.length) {
        const [moreRefs, moreOwners] = [new Float64Array(chunks * 2), new Int32Array(chunks * 2)]
        moreRefs.set(refs)
        moreOwners.set(owners)
        refs = moreRefs
        owners = moreOwners
      }
      refs[chunks] = ref
      owners[chunks++] = entries.length - 1
    }
    at = body + length + 4
  }
  const sorted = byRef(refs.subarray(0, chunks), owners.subarray(0, chunks))
  const labelsOf = (series: number): Labels => {
    const at = entries[series]
    if (at === undefined) return {}
    const pairs: [string, string][] = []
    const count = readUvarint(bytes, at)
    for (let label = 0; label < count; label++) {
      const name = readUvarint(bytes, varint.at)
      const value = readUvarint(bytes, varint.at)
      pairs.push([symbolOf(name), symbolOf(value)])
    }
    return Object.fromEntries(pairs)
  }
  return { ...sorted, size: entries.length, labelsOf }
}

/** In version 1 a reference is a place in the file, since version 2 the number of the symbol. */
const symbols = (bytes: Buffer, from: number, version: number): ((ref: number) => string) => {
  const count = bytes.readUInt32BE(from + 4)
  const text = (at: number): string => {
    const length = readUvarint(bytes, at)
    const start = varint.at
    varint.at = start + length
    return bytes.toString('utf8', start, Math.min(start + length, start + 65_536))
  }
  // Reading a symbol moves varint.at, which the caller still needs.
  const kept = (read: () => string): string => {
    const { at } = varint
    const found = read()
    varint.at = at
    return found
  }
  if (version === 1) return (ref) => kept(() => text(ref))
  if (count > bytes.length) throw new Error('more symbols than bytes')
  const places = new Float64Array(count)
  let at = from + 8
  for (let symbol = 0; symbol < count; symbol++) {
    places[symbol] = at
    const length = readUvarint(bytes, at)
    at = varint.at + length
  }
  return (ref) => kept(() => (ref < count ? text(places[ref] ?? 0) : ''))
}

/** Compaction writes chunks in the order of their series: mostly there is nothing to sort. */
const byRef = (refs: Float64Array, owners: Int32Array): { refs: Float64Array; owners: Int32Array } => {
  if (refs.every((ref, index) => index === 0 || ref > (refs[index - 1] ?? 0))) return { refs, owners }
  const order = Array.from(refs, (_, index) => index).sort((a, b) => (refs[a] ?? 0) - (refs[b] ?? 0))
  return { refs: Float64Array.from(order, (index) => refs[index] ?? 0), owners: Int32Array.from(order, (index) => owners[index] ?? 0) }
}
