/** The lines of one input, each handed to the parser that knows it: by its unit, by what its unit's lines look like, else by what the file is. */
import { text } from '../../parsers/index.js'
import { node, type Entity } from '../model/entity.js'
import type { Recognised } from '../model/extract.js'
import type { Envelope, Head, InputContext, LineFormat, LineReader, Unwrapped } from '../model/format.js'
import { lineFormatOf, lineFormats, type LinesChoice } from './choose.js'
import { emptyEnvelope, reset, undress } from './envelope.js'
import type { Signature } from '../model/signature.js'
import { shownLayers } from './framing.js'
import { cutLines } from './line-cutter.js'
import { turnAround } from './newest-first.js'
import { watchFor } from './signatures.js'
import type { GatheringSink } from './sink.js'
import { learntPrefix, noPrefix } from './steady-prefix.js'
import { clean, decode } from './text.js'
import { twoStamps } from './two-stamps.js'

/** An input being read. */
export interface Reading {
  readonly format: string
  readonly takes: 'lines' | 'bytes' | 'nothing'
  readonly wrapping: readonly string[]
  /** How sure the format is, 0..1. */
  readonly sure: number
  /** Of a line that nobody took; asked for when the input has ended. */
  readonly firstSkipped?: () => Recognised['firstSkipped']
  chunk(bytes: Buffer): void
  end(): void
}

/** How telling the host of a journal is for the machine that wrote it; a kubelet's own words (5) weigh more, a file's name (1) less. */
const HOST_WEIGHT = 3
/** A unit that no format claims by name is sniffed again at 1, 2, 4 … lines, until this many. */
const MAX_UNIT_SAMPLE = 64
/** Pods and machines whose meeting is told once each. */
const MAX_PLACES = 5_000
const FROM_BOOT = 'the journal counts from the boot here: a line without a stamp of its own has no time'
/** As much of a line as is shown where it was not understood. */
const MAX_SHOWN = 800
const NEWLINE = 10
const RETURN = 13

/** journalctl writes the further lines of a message below its first one, also when it goes backwards. */
const isIndented = (bytes: Buffer, start: number, end: number): boolean => end > start && (bytes[start] === 32 || bytes[start] === 9)

/** Who reads a unit's lines. Settled: the unit is one of a format's own, or its lines said which format they have. */
interface UnitReader {
  reader: LineReader
  settled: boolean
  seen: number
  readonly sample: string[]
}

export const readLines = (choice: LinesChoice, sink: GatheringSink, context: InputContext, signatures: readonly Signature[] = []): Reading => {
  const { format, framing, layers, head } = choice
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
  const watch = signatures.length === 0 ? null : watchFor(signatures, first.id, context, sink)

  /** The format whose unit it is; of those that read the same program's log in other forms (Postgres' JSON) the one whose line this is. */
  const claimedBy = (unit: string, line: string): LineFormat | null => {
    const claimed = lineFormats.find((candidate) => candidate.units.includes(unit)) ?? null
    if (claimed === null) return null
    const sample: Head = { path: head.path, bytes: Buffer.from(line), lines: [line], units: [unit] }
    let winner = claimed
    let most = claimed.sniff(sample)
    for (const form of lineFormats) {
      const sure = form !== claimed && form.id === claimed.id ? form.sniff(sample) : 0
      if (sure > most) [winner, most] = [form, sure]
    }
    return winner
  }

  const units = new Map<string, UnitReader>()
  const readerOfUnit = (unit: string, bytes: Buffer, start: number, end: number): UnitReader => {
    let known = units.get(unit)
    if (known === undefined) {
      const claimed = claimedBy(unit, decode(bytes, start, Math.min(end, start + 4_096)))
      units.set(unit, (known = { reader: claimed ? readerOf(claimed) : rest, settled: claimed !== null, seen: 0, sample: [] }))
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

  let skipped: Recognised['firstSkipped'] = null
  /** Who read the last line, if it can go on by itself. */
  let steady: LineReader | null = null
  const route = (bytes: Buffer, start: number, end: number, around: Envelope | null): void => {
    if (end <= start) {
      sink.part()
      return
    }
    const unit = around?.unit ? readerOfUnit(around.unit, bytes, start, end) : null
    const reader = unit?.reader ?? primary
    steady = null
    if (reader.line(bytes, start, end, around)) {
      // A unit that is still being sniffed wants to see its lines.
      if (reader.pass !== undefined && unit?.settled !== false) steady = reader
      return
    }
    // What another format's own unit says is not for these.
    if (unit?.settled !== true) for (const other of others) if (other !== reader && other.line(bytes, start, end, around)) return
    if (reader !== rest && rest.line(bytes, start, end, around)) return
    skipped ??= { line: sink.line, text: clean(decode(bytes, start, Math.min(end, start + MAX_SHOWN))) }
    sink.skip('no time and no known form')
  }

  const unwrappers = layers.map((layer) => layer.open())
  const stamps = twoStamps()
  /** What these wrappings put before a payload is the same from line to line. */
  const prefix = layers.length === 1 && layers.every(({ id }) => id === 'journald-short' || id === 'cri') ? learntPrefix() : null
  const countsFromBoot = layers.some(({ id }) => id === 'journald-short')
  const envelope = emptyEnvelope()
  const hosts = new Map<string, number>()
  let host: string | null = null
  let ofHost = 0
  /** Containers' logs that name their machine: where their pods ran. */
  const places = new Set<string>()
  const place = (pod: Entity, machine: string): void => {
    const key = `${pod} ${machine}`
    if (places.has(key) || places.size >= MAX_PLACES) return
    places.add(key)
    sink.fact({ fact: 'pod-on-node', pod, node: node(machine), at: Number.isNaN(envelope.ms) ? null : { ms: envelope.ms, basis: envelope.basis } })
  }
  const count = (next: string | null): void => {
    if (host !== null) hosts.set(host, (hosts.get(host) ?? 0) + ofHost)
    host = next
    ofHost = 0
  }

  /** A message of several lines (a trace, a statement) is read line by line, each with what is around the whole. */
  const routeParts = (around: Envelope): void => {
    const { bytes, end } = around
    let at = around.start
    const part = (stop: number): void => {
      route(bytes, at, stop, around)
      watch?.line(bytes, at, stop, around, at)
    }
    for (let newline = bytes.indexOf(NEWLINE, at); newline >= 0 && newline < end; newline = bytes.indexOf(NEWLINE, at)) {
      part(newline > at && bytes[newline - 1] === RETURN ? newline - 1 : newline)
      around.level = 0 // how severe the whole is, its first line says: the others are not as many errors
      at = newline + 1
    }
    if (at < end || at === around.start) part(end)
  }

  /** Takes note of what is around the next payload. */
  const arrive = (): void => {
    if (envelope.host !== host) {
      count(envelope.host)
      sink.from(envelope.host)
    }
    ofHost++
    stamps.line(envelope.bytes, envelope.start, envelope.end, envelope)
    if (countsFromBoot && Number.isNaN(envelope.ms) && envelope.unit !== null) sink.warn(FROM_BOOT)
    if (envelope.pod !== null && envelope.host !== null) place(envelope.pod, envelope.host)
  }

  const read = (bytes: Buffer, start: number, end: number): void => {
    if (unwrappers.length === 0) {
      stamps.line(bytes, start, end, null)
      route(bytes, start, end, null)
      watch?.line(bytes, start, end, null, start)
      return
    }
    reset(envelope, bytes, start, end)
    if (!undress(unwrappers, envelope)) {
      steady = null
      sink.part()
      return
    }
    arrive()
    // In the line as it stands there is no line end; in a value of JSON there may be.
    const before = steady
    if (envelope.bytes === bytes) {
      route(bytes, envelope.start, envelope.end, envelope)
      watch?.line(bytes, start, end, envelope, envelope.start)
      // Where processes take turns nothing is steady.
      if (steady !== null && steady === before) prefix?.learn(bytes, start, envelope)
    } else {
      routeParts(envelope)
      steady = null
    }
  }

  /** Where each line stands that was read in another order. */
  const order: number[] = []
  const turner = choice.newestFirst
    ? turnAround(
        (bytes, start, end, line) => {
          order.push(line)
          sink.nextLine()
          read(bytes, start, end)
        },
        layers[0]?.id === 'journald-short' ? isIndented : () => false,
      )
    : null
  let view = new DataView<ArrayBufferLike>(new ArrayBuffer(0))
  let viewed: Buffer | null = null
  const pass = (bytes: Buffer, start: number, most: number): number => {
    if (steady?.pass === undefined || (prefix !== null && prefix.host !== host)) return start
    // Not over a line that a signature may mean.
    const meant = watch?.next(start) ?? Infinity
    const limit = meant < most ? bytes.lastIndexOf(NEWLINE, meant) + 1 : most
    if (limit <= start) return start
    if (viewed !== bytes) {
      viewed = bytes
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    const before = sink.line
    const next = steady.pass(bytes, view, start, limit, stamps.unlooked(), prefix ?? noPrefix)
    const passed = sink.line - before
    stamps.passed(passed)
    ofHost += passed
    return next
  }

  const steadyReader = (): LineReader | null => steady
  /** Lines that were unwrapped at once: those of one origin that follow each other may be gone over in strides. */
  const readMany = (many: Unwrapped): void => {
    const { bytes, view } = many
    for (let index = 0; index < many.count;) {
      const origin = many.originOf(index)
      let until = index + 1
      if (origin >= 0) while (until < many.count && many.originOf(until) === origin) until++
      for (steady = null; index < until; index++) {
        const reader = steadyReader()
        if (reader?.pass !== undefined) {
          const before = sink.line
          reader.pass(bytes, view, many.lineAt(index), bytes.length, Math.min(until - index, stamps.unlooked()), many.prefix)
          const passed = sink.line - before
          stamps.passed(passed)
          ofHost += passed
          index += passed
          if (index === until) break
        }
        sink.nextLine()
        reset(envelope, bytes, 0, 0)
        many.fill(index, envelope)
        arrive()
        if (origin < 0) routeParts(envelope)
        else route(bytes, envelope.start, envelope.end, envelope)
      }
    }
    steady = null
  }
  const [outermost] = unwrappers
  const unwrapMany = outermost?.many !== undefined && unwrappers.length === 1 && watch === null ? outermost.many.bind(outermost) : null
  const passMany = (bytes: Buffer, start: number, most: number): number => {
    let next = start
    while (next < most) {
      const many = unwrapMany?.(bytes, next, most) ?? null
      if (many === null) break
      next = many.next
      readMany(many)
    }
    return next
  }
  const passOf = turner !== null ? null : layers.length === 0 || prefix !== null ? pass : unwrapMany !== null ? passMany : null

  let lines = 0
  const cutter =
    framing === null
      ? cutLines({
          ...(passOf === null ? {} : { pass: passOf }),
          line(bytes, start, end) {
            if (turner !== null) turner.add(bytes, start, end, ++lines)
            else {
              sink.nextLine()
              read(bytes, start, end)
            }
          },
          overlong() {
            sink.warn('a line longer than 1 MiB was cut')
          },
        })
      : framing.open({
          record(bytes, start, end, line) {
            if (turner !== null) turner.add(bytes, start, end, line)
            else {
              sink.at(line)
              read(bytes, start, end)
            }
          },
          warn: (message) => sink.warn(message),
        })

  return {
    format: first.id,
    takes: 'lines',
    sure: choice.sure,
    firstSkipped: () => skipped && { ...skipped, line: order[skipped.line - 1] ?? skipped.line },
    wrapping: shownLayers(
      framing,
      layers.map((layer) => layer.id),
    ),
    chunk(bytes) {
      watch?.chunk(bytes)
      cutter.chunk(bytes)
    },
    end() {
      cutter.end()
      turner?.end()
      if (turner !== null) sink.renumber(order)
      for (const reader of opened.values()) reader.end()
      for (const unwrapper of unwrappers) unwrapper.end?.()
      count(null)
      for (const fact of stamps.facts((message) => sink.warn(message))) sink.fact(fact)
      const main = [...hosts].sort(([a, linesA], [b, linesB]) => linesB - linesA || (a < b ? -1 : 1))[0]?.[0]
      if (main !== undefined && !main.startsWith('localhost')) sink.fact({ fact: 'input-node', node: node(main), weight: HOST_WEIGHT })
    },
  }
}
