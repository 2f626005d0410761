/** One input's extract as bytes: its words as JSON, then the columns of its series. The same extract gives the same bytes. */
import { createHash } from 'node:crypto'
import type { InputExtract } from '../model/extract.js'
import { mostBytes, writeColumn } from './columns.js'

export const EXTRACT_SCHEMA = 'faultline/extract@1'

/** Of one input, unpacked. What a log says is a few MB; a metrics export of this size has gone through a recording rule that is missing. */
export const MAX_RAW_BYTES = 1 << 30

/** The lengths of the words and how many columns there are. */
const HEADER_BYTES = 8
/** So many bytes of words at first: there are a few MB where a log says much. */
const FIRST_BYTES = 1 << 18

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
  const json = growingText()
  // As one JSON.stringify would write it, but never all of it in one string.
  json.add(`{"schema":${JSON.stringify(EXTRACT_SCHEMA)}`)
  for (const [name, value] of Object.entries(words)) {
    if (value === undefined) continue
    json.add(`,${JSON.stringify(name)}:`)
    if (name === 'series')
      json.list(extract.series, ({ name: called, labels, line }, index) => {
        const [times, values] = series[index] ?? [0, 0]
        return JSON.stringify({ name: called, labels, line, times, values })
      })
    else if (Array.isArray(value)) json.list(value, (one) => JSON.stringify(one))
    else json.add(JSON.stringify(value))
  }
  json.add('}')

  // As much room as the columns may take: what is not written costs no memory.
  const from = HEADER_BYTES + json.size()
  const bytes = Buffer.allocUnsafeSlow(columns.reduce((sum, { length }) => sum + mostBytes(length), from))
  bytes.writeUInt32LE(json.size(), 0)
  bytes.writeUInt32LE(columns.length, 4)
  json.copyTo(bytes, HEADER_BYTES)
  return bytes.subarray(
    0,
    columns.reduce((at, column) => writeColumn(bytes, at, column), from),
  )
}

/** Series of one export share their times: such a column is kept once. */
const distinctColumns = (): { readonly columns: readonly Float64Array[]; placeOf(column: Float64Array): number } => {
  const columns: Float64Array[] = []
  const places = new Map<string, number>()
  const seen = new Map<Float64Array, number>()
  return {
    columns,
    placeOf(column) {
      const before = seen.get(column)
      if (before !== undefined) return before
      const key = createHash('sha256')
        .update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength))
        .digest('base64')
      const known = places.get(key)
      const place = known ?? columns.length
      if (known === undefined) {
        places.set(key, place)
        columns.push(column)
      }
      seen.set(column, place)
      return place
    },
  }
}

const growingText = () => {
  let bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  let size = 0
  const add = (text: string): void => {
    const most = size + 3 * text.length // no character has more bytes in UTF-8
    if (most > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(most, 2 * bytes.length))
      bytes.copy(larger, 0, 0, size)
      bytes = larger
    }
    size += bytes.write(text, size)
  }
  return {
    add,
    list<Item>(items: readonly Item[], write: (item: Item, index: number) => string): void {
      add('[')
      items.forEach((item, index) => add(index === 0 ? write(item, index) : `,${write(item, index)}`))
      add(']')
    },
    size: () => size,
    copyTo: (target: Buffer, at: number): number => bytes.copy(target, at, 0, size),
  }
}
