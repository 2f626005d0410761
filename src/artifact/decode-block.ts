/** One input's extract out of the bytes that block.ts made of it. */
import type { ZodError } from 'zod'
import type { Fact, InputExtract, Series } from '../model/extract.js'
import { decodeColumn } from './columns.js'
import { documentSchema } from './document.js'

/** Eight bytes each in memory, twice. */
const MAX_SAMPLES = 1 << 27

/** Throws an Error that says what is wrong with the bytes. */
export const decodeBlock = (bytes: Buffer): InputExtract => {
  if (bytes.length < 8) throw new Error('an input is cut off')
  const start = 8 + bytes.readUInt32LE(0)
  if (start > bytes.length) throw new Error('an input is cut off')
  const { schema, series, silences, part, sha256, signatures, recognised, facts, ...words } = parsed(bytes.toString('utf8', 8, start))
  const columns = columnsOf(bytes, start, bytes.readUInt32LE(4))
  return {
    ...words,
    silences: silences.map(({ host, ...silence }) => (host === undefined ? silence : { ...silence, host })),
    ...(part === undefined ? {} : { part }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(signatures === undefined ? {} : { signatures }),
    ...(recognised === undefined ? {} : { recognised }),
    facts: facts as readonly Fact[], // the schema says what the type does, but for optional fields, which JSON leaves out
    series: series.map(({ times, values, lines, ...rest }): Series => {
      const [at, value] = [columns[times], columns[values]]
      if (at === undefined || value === undefined || at.length !== value.length) throw new Error(`series ${rest.name}: its times and values do not go together`)
      return { ...rest, ...(lines === undefined ? {} : { lines }), times: at, values: value }
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
