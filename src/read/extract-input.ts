/** One input, from bytes to its extract: sniff, undress, hand each line to the parser that knows it. */
import { createHash } from 'node:crypto'
import { text } from '../../parsers/index.js'
import { node } from '../model/entity.js'
import type { InputExtract } from '../model/extract.js'
import type { InputContext } from '../model/format.js'
import type { Signature } from '../model/signature.js'
import { choose, HEAD_BYTES } from './choose.js'
import { nodeOfPath } from './context.js'
import { readLines, type Reading } from './read-lines.js'
import { hashOfSignatures } from './signatures.js'
import { gatheringSink, type GatheringSink } from './sink.js'
import { fromUtf16 } from './utf16.js'

/** How telling a path is for the machine that wrote the input: only a hint. */
const PATH_WEIGHT = 1

/** Larger inputs are not hashed on the way: SHA-256 runs at about 1.5 GB/s, reading should not wait for it. */
const HASHED_BYTES = 64 << 20
/** Lines that a client or the control plane wrote, about any machine. */
const NOT_OF_A_MACHINE: ReadonlySet<string> = new Set(['kubectl', 'collected', 'client-error', 'kubernetes-events', 'kubernetes-audit', 'goldpinger'])

export interface SourcePart {
  readonly from: number
  readonly to: number
  readonly head: Uint8Array
  /** How many lines stand before it: asked for when it is read. */
  readonly line: () => number | Promise<number>
  /** Told how many lines it has, where it is read in this thread. */
  readonly read?: (lines: number) => void
}

/** One file, archive member or stream. */
export interface Source {
  readonly path: string
  /** What was taken off the bytes already, outermost first: 'gzip' … */
  readonly wrapping: readonly string[]
  readonly changedMs: number | null
  readonly context: InputContext
  /** What was odd on the way to its bytes. */
  readonly warnings?: readonly string[]
  /** A stream: its bytes come once and cannot be read again. */
  readonly once?: true
  /** A file whose bytes these are, just as they are: it can be read from anywhere in it. */
  readonly plain?: { readonly file: string; readonly size: number }
  /** Only this part is read; what the whole begins with tells what it is. */
  readonly part?: SourcePart
  /** The bytes, from the beginning (of the part). A chunk is good until the next one is asked for. */
  readonly chunks: () => AsyncIterable<Buffer>
}

export const extractInput = async (
  source: Source,
  onBytes: (count: number) => void = () => undefined,
  signatures: readonly Signature[] = [],
): Promise<InputExtract> => {
  const part = source.part === undefined ? undefined : { from: source.part.from, to: source.part.to, line: await source.part.line() }
  const sink = gatheringSink(part?.line)
  let reading = null as Reading | null // changed in a closure, which narrowing does not see
  let bytes = 0
  // What is surely too large to be compared is not hashed in vain.
  const hash = (part === undefined ? (source.plain?.size ?? 0) : part.to - part.from) > HASHED_BYTES ? null : createHash('sha256')
  let head: Buffer[] = []
  let headBytes = 0
  let broken: string | null = null
  const utf16 = fromUtf16()
  const take = (chunk: Buffer): void => {
    if (reading !== null) {
      reading.chunk(chunk)
      return
    }
    head.push(Buffer.from(chunk))
    headBytes += chunk.length
    if (headBytes < HEAD_BYTES) return
    reading = startReading(Buffer.concat(head), source, sink, signatures)
    head = []
  }
  try {
    for await (const chunk of source.chunks()) {
      bytes += chunk.length
      if (bytes <= HASHED_BYTES) hash?.update(chunk)
      onBytes(chunk.length)
      take(utf16.chunk(chunk))
    }
  } catch (error) {
    broken = messageOf(error)
  }
  try {
    take(utf16.end())
    reading ??= startReading(Buffer.concat(head), source, sink, signatures)
    reading.end()
  } catch (error) {
    broken ??= messageOf(error)
  }
  const { takes = 'nothing', format = 'unknown', wrapping = [], sure = 0 } = reading ?? {}
  const firstSkipped = reading?.firstSkipped?.() ?? null
  // What parsers remember is let go of before what they said is told.
  reading = null
  // A document (a list of events, an export of metrics) is not written by the machine it may be named after.
  const hint = takes === 'lines' && !NOT_OF_A_MACHINE.has(format) ? nodeOfPath(source.path) : null
  if (hint !== null) sink.fact({ fact: 'input-node', node: node(hint), weight: PATH_WEIGHT })
  const gathered = sink.gathered()
  source.part?.read?.(gathered.lines)
  const stopped = broken === null ? [] : [`line ${gathered.lines}: reading stopped: ${broken}; what came before is used`]
  return {
    path: source.path,
    ...(part === undefined ? {} : { part }),
    format: format === text.id && gathered.records === 0 ? 'unknown' : format,
    wrapping: [...source.wrapping, ...(utf16.found ? ['utf-16'] : []), ...wrapping],
    bytes,
    ...(hash !== null && bytes <= HASHED_BYTES && broken === null ? { sha256: hash.digest('hex') } : {}),
    ...gathered,
    ...(signatures.length > 0 ? { signatures: hashOfSignatures(signatures) } : {}),
    recognised: { sure, firstSkipped },
    warnings: [...(source.warnings ?? []), ...stopped, ...gathered.warnings],
    changedMs: source.changedMs,
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const startReading = (head: Buffer, source: Source, sink: GatheringSink, signatures: readonly Signature[]): Reading => {
  // Not more than HEAD_BYTES, however large the chunks are: the choice must not depend on how the input was cut.
  const choice =
    source.part === undefined
      ? choose(source.path, head.subarray(0, HEAD_BYTES), head.length < HEAD_BYTES)
      : choose(source.path, Buffer.from(source.part.head), false)
  const reading = open(choice, source.context, sink, signatures)
  reading.chunk(head)
  return reading
}

const open = (choice: ReturnType<typeof choose>, context: InputContext, sink: GatheringSink, signatures: readonly Signature[]): Reading => {
  if (choice.kind === 'nothing') {
    if (choice.reason !== null) sink.warn(choice.reason)
    return { format: choice.format, takes: 'nothing', sure: 0, wrapping: [], chunk: () => undefined, end: () => undefined }
  }
  if (choice.kind === 'document') {
    const reader = choice.format.open(sink, context)
    return { format: choice.format.id, takes: 'bytes', sure: choice.sure, wrapping: [], chunk: (bytes) => reader.chunk(bytes), end: () => reader.end() }
  }
  if (choice.year !== null) sink.year(choice.year)
  return readLines(choice, sink, context, signatures)
}
