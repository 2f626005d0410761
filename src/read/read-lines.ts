/** The lines of one input, each handed to the parser that knows it: by its unit, by what its unit's lines look like, else by what the file is. */
import { text } from '../../parsers/index.js'
import { node } from '../model/entity.js'
import type { Envelope, Head, InputContext, LineFormat, LineReader, Wrapping } from '../model/format.js'
import { lineFormatOf, lineFormats } from './choose.js'
import { emptyEnvelope, reset, undress } from './envelope.js'
import { cutLines } from './line-cutter.js'
import type { GatheringSink } from './sink.js'
import { decode } from './text.js'

/** An input being read. */
export interface Reading {
  readonly format: string
  readonly takes: 'lines' | 'bytes' | 'nothing'
  readonly wrapping: readonly string[]
  chunk(bytes: Buffer): void
  end(): void
}

/** How telling the host of a journal is for the machine that wrote it; a kubelet's own words (5) weigh more, a file's name (1) less. */
const HOST_WEIGHT = 3
/** A unit that no format claims by name is sniffed again at 1, 2, 4 … lines, until this many. */
const MAX_UNIT_SAMPLE = 64

/** Who reads a unit's lines. Settled: the unit is one of a format's own, or its lines said which format they have. */
interface UnitReader {
  reader: LineReader
  settled: boolean
  seen: number
  readonly sample: string[]
}

export const readLines = (format: LineFormat | null, layers: readonly Wrapping[], head: Head, sink: GatheringSink, context: InputContext): Reading => {
  const opened = new Map<LineFormat, LineReader>()
  const readerOf = (wanted: LineFormat): LineReader => {
    let reader = opened.get(wanted)
    if (reader === undefined) opened.set(wanted, (reader = wanted.open(sink, context)))
    return reader
  }
  const first = format ?? text
  const primary = readerOf(first)
  // Others that recognised something in the head: two formats in one file.
  const others = lineFormats.filter((other) => other !== first && other !== text && other.sniff(head) > 0).map(readerOf)
  const rest = readerOf(text)

  const units = new Map<string, UnitReader>()
  const readerOfUnit = (unit: string, bytes: Buffer, start: number, end: number): UnitReader => {
    let known = units.get(unit)
    if (known === undefined) {
      const claimed = lineFormats.find((candidate) => candidate.units.includes(unit))
      units.set(unit, (known = { reader: claimed ? readerOf(claimed) : rest, settled: claimed !== undefined, seen: 0, sample: [] }))
    }
    if (!known.settled && known.seen < MAX_UNIT_SAMPLE) {
      known.seen++
      known.sample.push(decode(bytes, start, Math.min(end, start + 4_096)))
      if ((known.seen & (known.seen - 1)) === 0) {
        const sample: Head = { path: head.path, bytes: Buffer.from(known.sample.join('\n')), lines: known.sample, units: known.sample.map(() => unit) }
        const looks = lineFormatOf(sample)
        known.settled = looks !== null && looks !== text
        known.reader = looks !== null ? readerOf(looks) : first.sniff(sample) > 0 ? primary : rest
      }
      if (known.seen === MAX_UNIT_SAMPLE || known.settled) known.sample.length = 0
    }
    return known
  }

  const route = (bytes: Buffer, start: number, end: number, around: Envelope | null): void => {
    if (end <= start) {
      sink.part()
      return
    }
    const unit = around?.unit ? readerOfUnit(around.unit, bytes, start, end) : null
    const reader = unit?.reader ?? primary
    if (reader.line(bytes, start, end, around)) return
    // What another format's own unit says is not for these.
    if (unit?.settled !== true) for (const other of others) if (other !== reader && other.line(bytes, start, end, around)) return
    if (reader !== rest && rest.line(bytes, start, end, around)) return
    sink.skip('no time and no known form')
  }

  const unwrappers = layers.map((layer) => layer.open())
  const envelope = emptyEnvelope()
  const hosts = new Map<string, number>()
  let host: string | null = null
  let ofHost = 0
  const count = (next: string | null): void => {
    if (host !== null) hosts.set(host, (hosts.get(host) ?? 0) + ofHost)
    host = next
    ofHost = 0
  }

  const cutter = cutLines({
    line(bytes, start, end) {
      sink.nextLine()
      if (unwrappers.length === 0) {
        route(bytes, start, end, null)
        return
      }
      reset(envelope, bytes, start, end)
      if (undress(unwrappers, envelope)) {
        if (envelope.host !== host) count(envelope.host)
        ofHost++
        route(envelope.bytes, envelope.start, envelope.end, envelope)
      } else sink.part()
    },
    overlong() {
      sink.warn('a line longer than 1 MiB was cut')
    },
  })

  return {
    format: first.id,
    takes: 'lines',
    wrapping: layers.map((layer) => layer.id),
    chunk: (bytes) => cutter.chunk(bytes),
    end() {
      cutter.end()
      for (const reader of opened.values()) reader.end()
      count(null)
      const main = [...hosts].sort(([a, linesA], [b, linesB]) => linesB - linesA || (a < b ? -1 : 1))[0]?.[0]
      if (main !== undefined && !main.startsWith('localhost')) sink.fact({ fact: 'input-node', node: node(main), weight: HOST_WEIGHT })
    },
  }
}
