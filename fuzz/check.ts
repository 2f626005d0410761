/** What must hold of any input, however damaged: read the way a run reads it, then by each parser that was not chosen. */
import { formats } from '../parsers/index.js'
import type { InputContext } from '../src/model/format.js'
import { extractInput } from '../src/read/extract-input.js'
import { cutLines } from '../src/read/line-cutter.js'
import { gatheringSink, type Gathered } from '../src/read/sink.js'
import type { Made as Whole } from './mutate.js'

/** Work allowed for one input of at most some hundred kilobytes, in milliseconds of this process's own time (not of the clock). */
export const BUDGET_MS = 5_000

type Made = Pick<Whole, 'bytes' | 'chunkBytes'>

const context: InputContext = { path: 'fuzz', pod: null, container: null, expression: null }
// eslint-disable-next-line no-control-regex -- their absence is what is checked
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

const pieces = async function* ({ bytes, chunkBytes }: Made): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield Buffer.from(bytes.subarray(at, at + chunkBytes))
}

/** What was broken; null where all holds. An input that took too long is asked again: compiling and collecting count, too. */
export const check = async (made: Made, others: number): Promise<string | null> => {
  const wrong = await once(made, others)
  return wrong?.startsWith('took ') === true ? once(made, others) : wrong
}

const once = async (made: Made, others: number): Promise<string | null> => {
  const before = process.cpuUsage()
  const source = { path: 'fuzz', wrapping: [], changedMs: null, context, chunks: () => pieces(made) }
  try {
    const extract = await extractInput(source)
    const stopped = extract.warnings.find((warning) => warning.includes('reading stopped'))
    if (stopped !== undefined) return `threw: ${stopped}`
    const wrong = grown(extract, made) ?? unsafe(extract)
    if (wrong !== null) return wrong
    const again = format(formats[others % formats.length]?.id ?? '', made)
    if (again !== null) return again
  } catch (error) {
    return `threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  const { user, system } = process.cpuUsage(before)
  const ms = (user + system) / 1_000
  return ms > BUDGET_MS ? `took ${Math.round(ms)} ms for ${made.bytes.length} bytes` : null
}

/** One parser on bytes that are not its own: it may be asked when another format was mistaken for it. Throws what the parser throws. */
const format = (id: string, made: Made): string | null => {
  const parser = formats.find((one) => one.id === id)
  if (parser === undefined) return null
  const sink = gatheringSink()
  if (parser.takes === 'bytes') {
    const reader = parser.open(sink, context)
    for (let at = 0; at < made.bytes.length; at += made.chunkBytes) reader.chunk(Buffer.from(made.bytes.subarray(at, at + made.chunkBytes)))
    reader.end()
  } else {
    const reader = parser.open(sink, context)
    const cutter = cutLines({
      line(bytes, start, end) {
        sink.nextLine()
        reader.line(bytes, start, end, null)
      },
      overlong: () => undefined,
    })
    for (let at = 0; at < made.bytes.length; at += made.chunkBytes) cutter.chunk(Buffer.from(made.bytes.subarray(at, at + made.chunkBytes)))
    cutter.end()
    reader.end()
  }
  const gathered = sink.gathered()
  const wrong = grown(gathered, made) ?? unsafe(gathered)
  return wrong === null ? null : `${id}: ${wrong}`
}

/** What is said of an input may not be much more than the input. */
const grown = ({ signals, facts, series, warnings }: Pick<Gathered, 'signals' | 'facts' | 'series' | 'warnings'>, { bytes }: Made): string | null => {
  const points = series.reduce((sum, { times }) => sum + times.length, 0)
  const said = signals.length + facts.length + points + warnings.length
  return said > 100 + bytes.length ? `said ${said} things of ${bytes.length} bytes` : null
}

const unsafe = ({ signals, warnings }: Pick<Gathered, 'signals' | 'warnings'>): string | null => {
  for (const { places, at, entity } of signals) {
    if (!Number.isFinite(at.ms)) return `a signal at no time, on ${entity}`
    for (const { text } of places) if (UNSAFE.test(text)) return `unsafe evidence: ${JSON.stringify(text)}`
  }
  const warning = warnings.find((text) => text.length > 2_000)
  return warning === undefined ? null : `a warning of ${warning.length} letters`
}
