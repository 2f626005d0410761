/** One input's extract as bytes: its words as JSON, then the columns of its series. The same extract gives the same bytes. */
import type { InputExtract } from '../model/extract.js'
import { mostBytes, writeColumn } from './columns.js'

export const EXTRACT_SCHEMA = 'faultline/extract@1'

/** Of one input, unpacked. What a log says is a few MB; a metrics export of this size has gone through a recording rule that is missing. */
export const MAX_RAW_BYTES = 1 << 30

/** The lengths of the words and how many columns there are. */
const HEADER_BYTES = 8
/** Room at first, and for each signal more than most take: what is not written costs no memory, what has to be moved lies there twice for a while. */
const FIRST_BYTES = 1 << 18
const SIGNAL_BYTES = 1_500

export const encodeBlock = (extract: InputExtract): Buffer => {
  // Named one by one: the bytes must not depend on the order in which fields were set, nor carry what the schema does not know.
  // A record over the type, so that a field forgotten here does not compile.
  const words: Readonly<Record<keyof InputExtract, unknown>> = {
    path: extract.path,
    part: extract.part,
    format: extract.format,
    wrapping: extract.wrapping,
    bytes: extract.bytes,
    lines: extract.lines,
    records: extract.records,
    skipped: extract.skipped,
    warnings: extract.warnings,
    spans: extract.spans,
    silences: extract.silences,
    yearHint: extract.yearHint,
    changedMs: extract.changedMs,
    sha256: extract.sha256,
    signatures: extract.signatures,
    recognised: extract.recognised,
    signals: extract.signals,
    facts: extract.facts,
    series: [],
  }
  const distinct = distinctColumns()
  const { columns } = distinct
  const series = extract.series.map(({ times, values }): readonly [number, number] => [distinct.placeOf(times), distinct.placeOf(values)])
  const json = growingText(FIRST_BYTES + SIGNAL_BYTES * extract.signals.length)
  // As one JSON.stringify would write it, but never all of it in one string.
  json.add(`{"schema":${JSON.stringify(EXTRACT_SCHEMA)}`)
  for (const [name, value] of Object.entries(words)) {
    if (value === undefined) continue
    json.add(`,${JSON.stringify(name)}:`)
    if (name === 'series')
      json.list(extract.series, ({ name: called, labels, line, lines }, index) => {
        const [times, values] = series[index] ?? [0, 0]
        return JSON.stringify({ name: called, labels, line, ...(lines === undefined ? {} : { lines }), times, values })
      })
    else if (Array.isArray(value)) json.list(value, (one) => JSON.stringify(one))
    else json.add(JSON.stringify(value))
  }
  json.add('}')

  // As much room as the columns may take: what is not written costs no memory. Behind the words, so that those are not there twice.
  const from = json.size()
  const bytes = json.withRoom(columns.reduce((sum, { length }) => sum + mostBytes(length), 0))
  bytes.writeUInt32LE(from - HEADER_BYTES, 0)
  bytes.writeUInt32LE(columns.length, 4)
  return bytes.subarray(
    0,
    columns.reduce((at, column) => writeColumn(bytes, at, column), from),
  )
}

/** Series of one export share their times: such a column is kept once. */
const distinctColumns = (): { readonly columns: readonly Float64Array[]; placeOf(column: Float64Array): number } => {
  const columns: Float64Array[] = []
  /** Places of columns by their hash: a digest of each would take longer than writing it. */
  const places = new Map<number, number[]>()
  const seen = new Map<Float64Array, number>()
  const find = (column: Float64Array): number => {
    const words = wordsOf(column)
    const hash = hashOf(words)
    const alike = places.get(hash) ?? []
    for (const place of alike) if (isEqual(wordsOf(columns[place] ?? column), words)) return place
    if (alike.push(columns.length) === 1) places.set(hash, alike)
    return columns.push(column) - 1
  }
  return {
    columns,
    placeOf(column) {
      const before = seen.get(column)
      if (before !== undefined) return before
      const place = find(column)
      seen.set(column, place)
      return place
    },
  }
}

/** By their bits: 0 and -0 are not the same, a NaN is itself. */
const wordsOf = (column: Float64Array): Int32Array => new Int32Array(column.buffer, column.byteOffset, 2 * column.length)

/** FNV's way, with a rotation so that high bits count for low ones. */
const hashOf = (words: Int32Array): number => {
  let hash = words.length
  for (let index = 0; index < words.length; index++) {
    hash = Math.imul(hash ^ (words[index] ?? 0), 0x01000193)
    hash = (hash << 13) | (hash >>> 19)
  }
  return hash
}

const isEqual = (one: Int32Array, other: Int32Array): boolean => {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false
  return true
}

/** Begins behind a header, which is not written. */
const growingText = (room: number) => {
  let bytes = Buffer.allocUnsafeSlow(room)
  let size = HEADER_BYTES
  const withRoom = (more: number): Buffer => {
    const most = size + more
    if (most > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(most, 2 * bytes.length))
      bytes.copy(larger, 0, 0, size)
      bytes = larger
    }
    return bytes
  }
  const add = (text: string): void => {
    size += withRoom(3 * text.length).write(text, size) // no character has more bytes in UTF-8
  }
  return {
    add,
    withRoom,
    list<Item>(items: readonly Item[], write: (item: Item, index: number) => string): void {
      add('[')
      items.forEach((item, index) => add(index === 0 ? write(item, index) : `,${write(item, index)}`))
      add(']')
    },
    size: () => size,
  }
}
