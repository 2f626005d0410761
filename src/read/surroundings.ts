/**
 * The lines around those that evidence cites: a second, bounded look at the few inputs that are cited at all, up to their last cited line.
 * For people only; nothing is concluded from it.
 */
import type { Analysis } from '../model/analysis.js'
import type { Quote, Surroundings } from '../model/surroundings.js'
import type { Source } from './extract-input.js'
import { cutLines } from './line-cutter.js'
import { clean, decode } from './text.js'
import { asUtf8 } from './utf16.js'

/** Lines shown before and after a cited one. */
const AROUND = 2
/** Longest line shown around a cited one; that one itself is as long as evidence may be. */
const WIDTH = 200
/** Plain bytes read of one input, and of all of them together. */
const MOST_BYTES = 64 << 20
const MOST_BYTES_IN_ALL = 512 << 20

export interface Limits {
  readonly perInput: number
  readonly inAll: number
}

/** Never throws: an input that cannot be read again is told in the notes. */
export const readSurroundings = async (
  analysis: Analysis,
  sources: readonly Source[],
  limits: Limits = { perInput: MOST_BYTES, inAll: MOST_BYTES_IN_ALL },
): Promise<Surroundings> => {
  const cited = citedLines(analysis)
  const quotes: Quote[] = []
  const streams: string[] = []
  const tooFar: string[] = []
  const gone: string[] = []
  let left = limits.inAll
  // In the order of the sources: the members of an archive are read forwards.
  for (const source of sources) {
    const wanted = cited.get(source.path)
    if (wanted === undefined) continue
    if (source.once === true) {
      streams.push(source.path)
      continue
    }
    const look = await lookAt(source, [...wanted.keys()], Math.min(left, limits.perInput))
    left -= look.bytes
    for (const [line, texts] of wanted) quotes.push(...quoteOf(source.path, line, texts, look.lines))
    if (look.ended === 'limit') tooFar.push(source.path)
    if (look.ended === 'error') gone.push(source.path)
  }
  return {
    quotes,
    notes: [
      ...note(streams, 'came as a stream and cannot be read again'),
      ...note(tooFar, `are cited further in than the ${Math.round(limits.perInput / 2 ** 20)} MiB that are read again`),
      ...note(gone, 'could not be read again'),
    ],
  }
}

const note = (paths: readonly string[], reason: string): readonly string[] =>
  paths.length === 0
    ? []
    : [
        `Not shown with the lines around their evidence, because they ${reason}: ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`,
      ]

/** By input and line, the texts that evidence quotes from there. */
const citedLines = (analysis: Analysis): ReadonlyMap<string, Map<number, Set<string>>> => {
  const cited = new Map<string, Map<number, Set<string>>>()
  for (const incident of analysis.incidents)
    for (const finding of incident.findings)
      for (const { input, line, text } of finding.evidence) {
        if (line === null || line < 1) continue
        const lines = cited.get(input) ?? new Map<number, Set<string>>()
        cited.set(input, lines)
        lines.set(line, (lines.get(line) ?? new Set()).add(text))
      }
  return cited
}

interface Look {
  readonly lines: ReadonlyMap<number, string>
  readonly bytes: number
  readonly ended: 'done' | 'limit' | 'error'
}

const lookAt = async (source: Source, cited: readonly number[], mostBytes: number): Promise<Look> => {
  const wanted = [...new Set(cited.flatMap((line) => Array.from({ length: 2 * AROUND + 1 }, (_, index) => line - AROUND + index)))]
    .filter((line) => line > 0)
    .sort((a, b) => a - b)
  const lastCited = cited.reduce((last, line) => Math.max(last, line), 0)
  const lines = new Map<number, string>()
  let next = 0
  let line = 0
  let bytes = 0
  const cutter = cutLines({
    line(chunk, start, end) {
      line++
      if (line !== wanted[next]) return
      next++
      lines.set(line, decode(chunk, start, end))
    },
    overlong: () => undefined,
  })
  try {
    for await (const chunk of asUtf8(source.chunks())) {
      bytes += chunk.length
      cutter.chunk(chunk)
      if (next >= wanted.length) return { lines, bytes, ended: 'done' }
      if (bytes >= mostBytes) return { lines, bytes, ended: line >= lastCited ? 'done' : 'limit' }
    }
    cutter.end()
    return { lines, bytes, ended: 'done' }
  } catch {
    return { lines, bytes, ended: line >= lastCited ? 'done' : 'error' }
  }
}

/** Only where the line itself is quoted: around an element of a JSON document stand its brackets. */
const quoteOf = (input: string, line: number, texts: ReadonlySet<string>, lines: ReadonlyMap<number, string>): readonly Quote[] => {
  const own = lines.get(line)
  if (own === undefined || ![...texts].some((text) => says(own, text))) return []
  const around = (from: number, to: number): string[] => {
    const kept: string[] = []
    for (let at = from; at <= to; at++) {
      const text = lines.get(at)
      if (text !== undefined) kept.push(narrow(clean(text)))
    }
    return kept
  }
  return [{ input, line, before: around(line - AROUND, line - 1), text: clean(own), after: around(line + 1, line + AROUND) }]
}

/** Compared without blanks and quoting: a wrapping may have escaped the line. */
const says = (line: string, text: string): boolean => bare(line).includes(bare(text).slice(0, 40))

const bare = (text: string): string => clean(text).replace(/[\s\\"]+/gu, '')

const narrow = (text: string): string => (text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text)
