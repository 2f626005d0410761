/** One input, from bytes to its extract: sniff, undress, hand each line to the parser that knows it. */
import { formats, text, wrappings } from '../../parsers/index.js'
import type { InputExtract } from '../model/extract.js'
import type { BytesFormat, Envelope, Format, Head, InputContext, LineFormat, LineReader, Unwrapper, Wrapping } from '../model/format.js'
import { cutLines } from './line-cutter.js'
import { gatheringSink, type GatheringSink } from './sink.js'

const HEAD_BYTES = 65_536
const HEAD_LINES = 200
const MAX_WRAPPINGS = 4
/** Below this a parser is not sure enough to be asked first. */
const SURE = 0.3

/** One file, archive member or stream. Its bytes come once. */
export interface Source {
  readonly path: string
  /** What was taken off the bytes already, outermost first: 'gzip' … */
  readonly wrapping: readonly string[]
  readonly changedMs: number | null
  readonly context: InputContext
  chunks(): AsyncIterable<Buffer>
}

export const extractInput = async (source: Source, onBytes: (count: number) => void = () => undefined): Promise<InputExtract> => {
  const sink = gatheringSink()
  let reading: Reading | null = null
  let bytes = 0
  let head: Buffer[] = []
  let headBytes = 0
  let broken: string | null = null
  try {
    for await (const chunk of source.chunks()) {
      bytes += chunk.length
      onBytes(chunk.length)
      if (reading !== null) {
        reading.chunk(chunk)
        continue
      }
      head.push(Buffer.from(chunk))
      headBytes += chunk.length
      if (headBytes < HEAD_BYTES) continue
      reading = startReading(Buffer.concat(head), source, sink)
      head = []
    }
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error)
  }
  reading ??= startReading(Buffer.concat(head), source, sink)
  reading.end()
  const gathered = sink.gathered()
  return {
    path: source.path,
    format: reading.format,
    wrapping: [...source.wrapping, ...reading.wrapping],
    bytes,
    ...gathered,
    warnings: broken === null ? gathered.warnings : [`line ${gathered.lines}: reading stopped: ${broken}; what came before is used`, ...gathered.warnings],
    changedMs: source.changedMs,
  }
}

interface Reading {
  readonly format: string
  readonly wrapping: readonly string[]
  chunk(bytes: Buffer): void
  end(): void
}

const startReading = (head: Buffer, source: Source, sink: GatheringSink): Reading => {
  const reading = choose(head, source, sink)
  reading.chunk(head)
  return reading
}

const choose = (head: Buffer, source: Source, sink: GatheringSink): Reading => {
  const { context, path } = source
  if (head.length === 0) return unread('empty', 'the file is empty', sink)
  const lines = linesOf(head)
  const asIs: Head = { path, bytes: head, lines, units: [] }
  const document = best(formats.filter((format): format is BytesFormat => format.takes === 'bytes'), asIs)
  if (document !== null && document.sure >= 0.8) return readBytes(document.format, sink, context)
  if (isBinary(head)) return unread('unknown', 'binary data of a kind that is not known', sink)

  const layers: Wrapping[] = []
  let inner = asIs
  while (layers.length < MAX_WRAPPINGS) {
    const layer = bestWrapping(inner.lines)
    if (layer === null || layers.includes(layer)) break
    layers.push(layer)
    inner = unwrapHead(path, head, lines, layers)
  }
  const line = best(formats.filter((format): format is LineFormat => format.takes === 'lines'), inner)
  if (document !== null && document.sure > (line?.sure ?? 0) && layers.length === 0) return readBytes(document.format, sink, context)
  return readLines(line?.format ?? text, layers, inner, sink, context)
}

const best = <F extends Format>(candidates: readonly F[], head: Head): { format: F; sure: number } | null => {
  let winner: { format: F; sure: number } | null = null
  for (const format of candidates) {
    const sure = format.sniff(head)
    if (sure >= SURE && sure > (winner?.sure ?? 0)) winner = { format, sure }
  }
  return winner
}

const bestWrapping = (lines: readonly string[]): Wrapping | null => {
  let winner: Wrapping | null = null
  let most = SURE
  for (const wrapping of wrappings) {
    const sure = wrapping.sniff(lines)
    if (sure > most) {
      winner = wrapping
      most = sure
    }
  }
  return winner
}

const linesOf = (head: Buffer): readonly string[] => {
  const lines = head.toString('utf8').replace(/^\ufeff/u, '').split(/\r?\n/u)
  if (lines.length > 1) lines.pop() // the last one may be cut off
  return lines.filter((line) => line !== '').slice(0, HEAD_LINES)
}

/** NUL bytes do not occur in logs; a tsdb chunk, an image or a core dump is full of them. */
const isBinary = (head: Buffer): boolean => {
  let odd = 0
  const looked = Math.min(head.length, 8_192)
  for (let at = 0; at < looked; at++) {
    const byte = head[at] ?? 0
    if (byte === 0 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27)) odd++
  }
  return odd > looked * 0.02
}

const unread = (format: string, reason: string, sink: GatheringSink): Reading => {
  sink.warn(reason)
  return { format, wrapping: [], chunk: () => undefined, end: () => undefined }
}

const readBytes = (format: BytesFormat, sink: GatheringSink, context: InputContext): Reading => {
  const reader = format.open(sink, context)
  return { format: format.id, wrapping: [], chunk: (bytes) => reader.chunk(bytes), end: () => reader.end() }
}

export const emptyEnvelope = (): Envelope => ({
  ms: NaN,
  basis: 'utc',
  host: null,
  unit: null,
  pod: null,
  container: null,
  bytes: Buffer.alloc(0),
  start: 0,
  end: 0,
})

const reset = (envelope: Envelope, bytes: Buffer, start: number, end: number): void => {
  envelope.ms = NaN
  envelope.basis = 'utc'
  envelope.host = null
  envelope.unit = null
  envelope.pod = null
  envelope.container = null
  envelope.bytes = bytes
  envelope.start = start
  envelope.end = end
}

/** Takes the wrappings off one line, outermost first. A line that is not wrapped goes on as it is. */
const undress = (unwrappers: readonly Unwrapper[], envelope: Envelope): boolean => {
  for (const unwrapper of unwrappers) {
    if (unwrapper.unwrap(envelope.bytes, envelope.start, envelope.end, envelope) === 'held') return false
  }
  return true
}

const unwrapHead = (path: string, bytes: Buffer, lines: readonly string[], layers: readonly Wrapping[]): Head => {
  const unwrappers = layers.map((layer) => layer.open())
  const envelope = emptyEnvelope()
  const inner: string[] = []
  const units: string[] = []
  for (const line of lines) {
    const raw = Buffer.from(line)
    reset(envelope, raw, 0, raw.length)
    if (!undress(unwrappers, envelope)) continue
    inner.push(envelope.bytes.toString('utf8', envelope.start, envelope.end))
    units.push(envelope.unit ?? '')
  }
  return { path, bytes, lines: inner, units }
}

const readLines = (first: LineFormat, layers: readonly Wrapping[], head: Head, sink: GatheringSink, context: InputContext): Reading => {
  const opened = new Map<LineFormat, LineReader>()
  const readerOf = (format: LineFormat): LineReader => {
    let reader = opened.get(format)
    if (reader === undefined) opened.set(format, (reader = format.open(sink, context)))
    return reader
  }
  const lineFormats = formats.filter((format): format is LineFormat => format.takes === 'lines')
  // Others that recognised something in the head: two formats in one file.
  const others = lineFormats.filter((format) => format !== first && format !== text && format.sniff(head) > 0).map(readerOf)
  const byUnit = new Map<string, LineReader>()
  const readerOfUnit = (unit: string): LineReader => {
    let reader = byUnit.get(unit)
    if (reader === undefined) {
      const format = lineFormats.find((candidate) => candidate.units.includes(unit)) ?? (first.units.length > 0 && unit !== '' ? text : first)
      byUnit.set(unit, (reader = readerOf(format)))
    }
    return reader
  }
  const primary = readerOf(first)
  const rest = readerOf(text)
  const unwrappers = layers.map((layer) => layer.open())
  const envelope = emptyEnvelope()

  const route = (bytes: Buffer, start: number, end: number, wrapped: Envelope | null): void => {
    if (end <= start) {
      sink.part()
      return
    }
    const reader = wrapped?.unit ? readerOfUnit(wrapped.unit) : primary
    if (reader.line(bytes, start, end, wrapped)) return
    for (const other of others) if (other !== reader && other.line(bytes, start, end, wrapped)) return
    if (reader !== rest && rest.line(bytes, start, end, wrapped)) return
    sink.skip('no time and no known form')
  }

  const cutter = cutLines({
    line(bytes, start, end) {
      sink.nextLine()
      if (unwrappers.length === 0) {
        route(bytes, start, end, null)
        return
      }
      reset(envelope, bytes, start, end)
      if (undress(unwrappers, envelope)) route(envelope.bytes, envelope.start, envelope.end, envelope)
      else sink.part()
    },
    overlong() {
      sink.warn('a line longer than 1 MiB was cut')
    },
  })
  return {
    format: first.id,
    wrapping: layers.map((layer) => layer.id),
    chunk: (bytes) => cutter.chunk(bytes),
    end() {
      cutter.end()
      for (const reader of opened.values()) reader.end()
    },
  }
}
