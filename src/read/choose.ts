/** Which format an input has and what its lines are wrapped in: decided from its first bytes, never from its name. */
import { formats, wrappings } from '../../parsers/index.js'
import type { BytesFormat, Format, Head, LineFormat, Unwrapper, Wrapping } from '../model/format.js'
import { emptyEnvelope, reset, undress } from './envelope.js'
import type { Framing } from './framing.js'
import { journalExport, journalVerbose } from './journal-framings.js'
import { glimpse, runsBackwards } from './newest-first.js'
import { documentFramings, firstRecords } from './record-framings.js'

export const HEAD_BYTES = 65_536
const HEAD_LINES = 200
const MAX_WRAPPINGS = 6
/** Below this a parser is not sure enough to be asked first. */
const SURE = 0.3
/** Records of a document have to be wrapped for sure. */
const SURE_RECORDS = 0.5
/** How a journal's own file begins: https://systemd.io/JOURNAL_FILE_FORMAT/#header */
const JOURNAL_FILE = 'LPKSHHRH'
/** From here on a document (JSON, YAML) is believed over any line format. */
const SURE_DOCUMENT = 0.8

export const lineFormats: readonly LineFormat[] = formats.filter((format): format is LineFormat => format.takes === 'lines')
const bytesFormats: readonly BytesFormat[] = formats.filter((format): format is BytesFormat => format.takes === 'bytes')

export type Choice =
  | { readonly kind: 'nothing'; readonly format: string; readonly reason: string | null }
  | { readonly kind: 'document'; readonly format: BytesFormat; readonly sure: number }
  | LinesChoice

export interface LinesChoice {
  readonly kind: 'lines'
  readonly format: LineFormat | null
  /** How sure that is, 0..1. */
  readonly sure: number
  /** How the records are cut out of the bytes; null: lines. */
  readonly framing: Framing | null
  readonly layers: readonly Wrapping[]
  readonly head: Head
  readonly year: number | null
  readonly newestFirst: boolean
}

/** `bytes` is the input's beginning; `whole`: all there is of it. */
export const choose = (path: string, bytes: Buffer, whole: boolean): Choice => {
  if (bytes.length === 0) return { kind: 'nothing', format: 'empty', reason: 'the file is empty' }
  if (isQueryIndex(bytes)) return { kind: 'nothing', format: 'prometheus-queries', reason: null }
  if (whole && isEmptyAnswer(bytes)) return { kind: 'nothing', format: 'empty-answer', reason: null }
  const lines = linesOf(bytes, whole)
  const bare: Head = { path, bytes, lines, units: [] }
  const document = isPrefixed(bytes) ? null : surest(bytesFormats, bare)
  if (document !== null && document.sure >= SURE_DOCUMENT) return { kind: 'document', ...document }
  const journal = journalOf(bytes)
  if (journal === null && bytes.toString('latin1', 0, 8) === JOURNAL_FILE)
    return { kind: 'nothing', format: 'unknown', reason: "a systemd journal in its own binary form: 'journalctl --file … -o export' makes a log of it" }
  if (journal === null && isBinary(bytes)) return { kind: 'nothing', format: 'unknown', reason: 'binary data of a kind that is not known' }
  if (lines.length === 0) return { kind: 'nothing', format: 'empty', reason: 'there is nothing in the file but blank lines' }

  const wrapped = unwrapHead(path, bytes, lines)
  const framed = journal !== null ? frame(journal, path, bytes) : wrapped.layers.length === 0 ? frameOf(path, bytes) : null
  const { framing, head, layers, times } = framed ?? { framing: null, ...wrapped }
  const line = surest(lineFormats, head)
  if (document !== null && document.sure > (line?.sure ?? 0) && layers.length === 0) return { kind: 'document', ...document }
  return { kind: 'lines', format: line?.format ?? null, sure: line?.sure ?? 0, framing, layers, head, year: yearOf(lines), newestFirst: runsBackwards(times) }
}

/** An API that was asked and had nothing to tell: no alert, no silence, no object. */
const isEmptyAnswer = (bytes: Buffer): boolean => bytes.length <= EMPTY_BYTES && /^\s*(?:\[\s*\]|\{\s*\})\s*$/u.test(bytes.toString('latin1'))
const EMPTY_BYTES = 64

interface Undressed {
  readonly layers: readonly Wrapping[]
  readonly head: Head
  /** When each record was written, as far as a first look tells; only for the direction. */
  readonly times: readonly number[]
}
interface Framed extends Undressed {
  readonly framing: Framing
}

const frame = (framing: Framing, path: string, bytes: Buffer): Framed => ({
  framing,
  ...unwrapHead(path, bytes, firstRecords(framing, bytes, HEAD_LINES)),
})

/** The journal's own exports, which may hold bytes of any kind. */
const journalOf = (bytes: Buffer): Framing | null => {
  const start = bytes.toString('latin1', 0, 500)
  if (/^(?:__CURSOR|__REALTIME_TIMESTAMP|__SEQNUM)=/u.test(start)) return journalExport
  return /^(?:-- [^\n]{1,200}\n)?[A-Z][a-z]{2} \d{4}-\d\d-\d\d [^\n[]{8,30} \[s=[0-9a-f]{32};/u.test(start) ? journalVerbose : null
}

/** Records in one large document: of those framings that could be, the one whose records are surely wrapped, or of a known format. */
const frameOf = (path: string, bytes: Buffer): Framed | null => {
  const text = bytes.toString('utf8').replace(/^\ufeff/u, '')
  for (const candidate of documentFramings) {
    if (!candidate.fits(text)) continue
    const { framing, plain } = candidate
    const framed = frame(framing, path, bytes)
    const records = framed.head.lines
    if (records.length === 0) continue
    if (framed.layers[0] !== undefined && framed.layers[0].sniff(firstRecords(framing, bytes, HEAD_LINES)) >= SURE_RECORDS) return framed
    if (plain === true && framed.layers.length === 0 && surest(lineFormats, framed.head) !== null) return framed
  }
  return null
}

/** The format that is surest of the head, of those that are sure enough. */
const surest = <F extends Format>(candidates: readonly F[], head: Head): { format: F; sure: number } | null => {
  let winner: { format: F; sure: number } | null = null
  for (const format of candidates) {
    const sure = format.sniff(head)
    if (sure >= SURE && sure > (winner?.sure ?? 0)) winner = { format, sure }
  }
  return winner
}

/** The line format that these lines have, if one is sure. */
export const lineFormatOf = (head: Head): LineFormat | null => surest(lineFormats, head)?.format ?? null

const surestWrapping = (lines: readonly string[]): Wrapping | null => {
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

const linesOf = (bytes: Buffer, whole: boolean): readonly string[] => {
  const lines = bytes
    .toString('utf8')
    .replace(/^\ufeff/u, '')
    .split(/\r?\n/u)
  if (lines.length > 1 && !whole) lines.pop() // it may be cut off
  return lines.filter((line) => line !== '').slice(0, HEAD_LINES)
}

/** Takes off what the lines are wrapped in, one layer after the other. */
const unwrapHead = (path: string, bytes: Buffer, lines: readonly string[]): Undressed => {
  const layers: Wrapping[] = []
  let undressed = undressHead(path, bytes, lines, layers)
  while (layers.length < MAX_WRAPPINGS) {
    const layer = surestWrapping(undressed.head.lines)
    if (layer === null || layers.includes(layer)) break
    layers.push(layer)
    undressed = undressHead(path, bytes, lines, layers)
  }
  return { layers, ...undressed }
}

const undressHead = (path: string, bytes: Buffer, lines: readonly string[], layers: readonly Wrapping[]): Omit<Undressed, 'layers'> => {
  if (layers.length === 0) return { head: { path, bytes, lines, units: [] }, times: lines.map(glimpse) }
  const unwrappers: readonly Unwrapper[] = layers.map((layer) => layer.open())
  const envelope = emptyEnvelope()
  const inner: string[] = []
  const units: string[] = []
  const times: number[] = []
  for (const line of lines) {
    const raw = Buffer.from(line)
    reset(envelope, raw, 0, raw.length)
    if (!undress(unwrappers, envelope)) continue
    const said = envelope.bytes.toString('utf8', envelope.start, envelope.end)
    times.push(Number.isNaN(envelope.ms) ? glimpse(said) : envelope.ms)
    // As it is read: a value of JSON may have several lines, an object over several lines is one.
    for (const part of envelope.bytes === raw ? [said] : said.split('\n')) {
      inner.push(part)
      units.push(envelope.unit ?? '')
    }
  }
  return { head: { path, bytes, lines: inner, units }, times }
}

/** NUL and other control bytes do not occur in logs; a tsdb chunk, an image or a core dump is full of them. */
const isBinary = (bytes: Buffer): boolean => {
  let odd = 0
  const looked = Math.min(bytes.length, 8_192)
  for (let at = 0; at < looked; at++) {
    const byte = bytes[at] ?? 0
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27) odd++
  }
  return odd > looked * 0.02
}

/** '[pod/web-1/web] {…}', '[12345.678901] worker-1 …': a bracket that begins no document of JSON. */
const isPrefixed = (bytes: Buffer): boolean => /^\ufeff?\s*\[\s*[^\s{[\]"]/u.test(bytes.toString('utf8', 0, 400))

/** The index beside saved answers, [{"file": …, "query": …}]: read with the answers (context.ts), it has no records of its own. */
const isQueryIndex = (bytes: Buffer): boolean => {
  const start = bytes.toString('utf8', 0, 2_048)
  return /^\ufeff?\s*\[\s*\{/u.test(start) && /"file"\s*:\s*"/u.test(start) && /"query"\s*:\s*"/u.test(start)
}

/** `-- Logs begin at Thu 2026-11-19 08:00:00 UTC, end at Sat 2026-11-21 09:00:00 UTC. --`: the export's own time. */
const yearOf = (lines: readonly string[]): number | null => {
  for (const line of lines.slice(0, 3)) {
    if (!line.startsWith('-- Logs begin at ') && !line.startsWith('-- Journal begins at ')) continue
    const year = /,? ends? at \w{3} (\d{4})-/u.exec(line.slice(0, 200))?.[1]
    if (year !== undefined) return Number(year)
  }
  return null
}
