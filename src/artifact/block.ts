/** One input's extract as bytes: its words as JSON, then the columns of its series. The same extract gives the same bytes. */
import { createHash } from 'node:crypto'
import type { InputExtract } from '../model/extract.js'
import { encodeColumn } from './columns.js'

export const EXTRACT_SCHEMA = 'faultline/extract@1'

/** Of one input, unpacked. What a log says is a few MB; a metrics export of this size has gone through a recording rule that is missing. */
export const MAX_RAW_BYTES = 1 << 30

export const encodeBlock = (extract: InputExtract): Buffer => {
  const columns: Buffer[] = []
  const known = new Map<string, number>()
  /** Series of one export share their times: such a column is kept once. */
  const columnOf = (column: Float64Array): number => {
    const bytes = encodeColumn(column)
    const key = createHash('sha256').update(bytes).digest('hex')
    const at = known.get(key)
    if (at !== undefined) return at
    known.set(key, columns.length)
    return columns.push(bytes) - 1
  }
  const series = extract.series.map(({ name, labels, line, times, values }) => ({ name, labels, line, times: columnOf(times), values: columnOf(values) }))
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
    series,
  }
  const json = Buffer.from(JSON.stringify({ schema: EXTRACT_SCHEMA, ...words }))
  const header = Buffer.alloc(8)
  header.writeUInt32LE(json.length, 0)
  header.writeUInt32LE(columns.length, 4)
  return Buffer.concat([header, json, ...columns])
}
