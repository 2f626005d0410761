/** One input's extract as bytes: its words as JSON, then the columns of its series. The same extract gives the same bytes. */
import { createHash } from 'node:crypto'
import type { ZodError } from 'zod'
import type { Fact, InputExtract, Series } from '../model/extract.js'
import { decodeColumn, encodeColumn } from './columns.js'
import { documentSchema, EXTRACT_SCHEMA } from './document.js'

/** Of one input, unpacked. What a log says is a few MB; a metrics export of this size has gone through a recording rule that is missing. */
export const MAX_RAW_BYTES = 1 << 30
/** Eight bytes each in memory, twice. */
const MAX_SAMPLES = 1 << 27

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

/** Throws an Error that says what is wrong with the bytes. */
export const decodeBlock = (bytes: Buffer): InputExtract => {
  if (bytes.length < 8) throw new Error('an input is cut off')
  const start = 8 + bytes.readUInt32LE(0)
  if (start > bytes.length) throw new Error('an input is cut off')
  const { schema, series, silences, sha256, recognised, facts, ...words } = parsed(bytes.toString('utf8', 8, start))
  const columns = columnsOf(bytes, start, bytes.readUInt32LE(4))
  return {
    ...words,
    silences: silences.map(({ host, ...silence }) => (host === undefined ? silence : { ...silence, host })),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(recognised === undefined ? {} : { recognised }),
    facts: facts as readonly Fact[], // the schema says what the type does, but for optional fields, which JSON leaves out
    series: series.map(({ times, values, ...rest }): Series => {
      const [at, value] = [columns[times], columns[values]]
      if (at === undefined || value === undefined || at.length !== value.length) throw new Error(`series ${rest.name}: its times and values do not go together`)
      return { ...rest, times: at, values: value }
    }),
  }
}

const parsed = (json: string): ReturnType<typeof documentSchema.parse> => {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new Error('an input whose words are no JSON')
  }
  const result = documentSchema.safeParse(value)
  if (!result.success) throw new Error(`an input that is none: ${problem(result.error)}`)
  return result.data
}

export const problem = (error: ZodError): string => {
  const [issue] = error.issues
  return issue === undefined ? 'not what the schema says' : `${issue.path.join('.') || 'document'}: ${issue.message}`
}

const columnsOf = (bytes: Buffer, start: number, count: number): readonly Float64Array[] => {
  const columns: Float64Array[] = []
  let at = start
  let left = MAX_SAMPLES
  while (columns.length < count) {
    const { column, end } = decodeColumn(bytes, at, left)
    columns.push(column)
    left -= column.length
    at = end
  }
  if (at !== bytes.length) throw new Error('an input with more bytes than it tells')
  return columns
}
