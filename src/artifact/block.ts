/** One input's extract as bytes: its words as JSON, then the columns of its series. The same extract gives the same bytes. */
import { createHash } from 'node:crypto'
import type { InputExtract } from '../model/extract.js'
import { mostBytes, writeColumn } from './columns.js'

export const EXTRACT_SCHEMA = 'faultline/extract@1'

/** Of one input, unpacked. What a log says is a few MB; a metrics export of this size has gone through a recording rule that is missing. */
export const MAX_RAW_BYTES = 1 << 30

/** The lengths of the words and how many columns there are. */
const HEADER_BYTES = 8
/** The series come last of all words. */
const END_OF_SERIES = ']}'
/** ',"times":4294967295,"values":4294967295},' */
const PLACES_BYTES = 48

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
  // The columns are written where they stay, behind as much room as the words before them may take: what is not written costs no memory.
  const others = JSON.stringify({ schema: EXTRACT_SCHEMA, ...words }).slice(0, -END_OF_SERIES.length)
  const named = extract.series.map(({ name, labels, line }) => JSON.stringify({ name, labels, line }).slice(0, -1))
  const from = HEADER_BYTES + Buffer.byteLength(others) + END_OF_SERIES.length + named.reduce((sum, one) => sum + Buffer.byteLength(one) + PLACES_BYTES, 0)
  const bytes = Buffer.allocUnsafeSlow(extract.series.reduce((sum, { times, values }) => sum + mostBytes(times.length) + mostBytes(values.length), from))
  let end = from
  const known = new Map<string, number>()
  /** Series of one export share their times: such a column is kept once. */
  const placeOf = (column: Float64Array): number => {
    const next = writeColumn(bytes, end, column)
    const key = createHash('sha256').update(bytes.subarray(end, next)).digest('hex')
    const place = known.get(key) ?? known.size
    if (place === known.size) {
      known.set(key, place)
      end = next
    }
    return place
  }
  const series = extract.series.map(({ times, values }, index) => `${named[index] ?? ''},"times":${placeOf(times)},"values":${placeOf(values)}}`)
  const json = `${others}${series.join(',')}${END_OF_SERIES}`
  const jsonBytes = Buffer.byteLength(json)
  const start = from - jsonBytes - HEADER_BYTES
  bytes.writeUInt32LE(jsonBytes, start)
  bytes.writeUInt32LE(known.size, start + 4)
  bytes.write(json, start + HEADER_BYTES)
  return bytes.subarray(start, end)
}
