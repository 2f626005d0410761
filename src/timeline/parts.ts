/** A log that was read in parts (src/read/parts.ts), put together again: one input, as if it had been read at once. */
import type { Basis, Fact, InputExtract, Series, Signal, Silence, Span, Stamp } from '../model/extract.js'
import { groupBy } from '../model/lists.js'

/** From one leap year to the next: how far yearless stamps are moved over New Year (src/model/extract.ts). */
const ROLL_MS = 1_461 * 86_400_000
const HALF_YEAR_MS = 183 * 86_400_000
const SILENCE_MS = 30_000
const MAX_SILENCES = 20
/** As in src/read/bursts.ts. */
const BURST_GAP_MS = 30_000
const MOST_PLACES = 4
/** As in parsers/text-counts.ts: between bins with lines a gap begins and ends with a zero. */
const BIN_MS = 10_000
/** Counted in bins, of which the one at the seam has a share in both parts. */
const COUNTED: ReadonlySet<string> = new Set(['faultline_log_lines', 'faultline_http_requests'])

export const joinParts = (extracts: readonly InputExtract[]): readonly InputExtract[] => {
  if (extracts.every(({ part }) => part === undefined)) return extracts
  const whole = extracts.filter(({ part }) => part === undefined)
  const parts = extracts.filter(({ part }) => part !== undefined)
  return [...whole, ...[...groupBy(parts, ({ path }) => path).values()].map(joined)]
}

const joined = (unordered: readonly InputExtract[]): InputExtract => {
  const ordered = [...unordered].sort((a, b) => (a.part?.from ?? 0) - (b.part?.from ?? 0))
  const parts = onOneCalendar(ordered)
  const [first, last] = [parts[0], parts.at(-1)]
  if (first === undefined || last === undefined) throw new Error('a group is never empty')
  const { part: _part, sha256: _sha256, ...rest } = first
  const sum = (of: (extract: InputExtract) => number): number => parts.reduce((total, extract) => total + of(extract), 0)
  return {
    ...rest,
    bytes: sum(({ bytes }) => bytes),
    lines: sum(({ lines }) => lines),
    records: sum(({ records }) => records),
    skipped: sum(({ skipped }) => skipped),
    warnings: [...new Set(parts.flatMap(({ warnings }) => warnings))],
    spans: spansOf(parts),
    silences: silencesOf(parts),
    yearHint: parts.find(({ yearHint }) => yearHint !== null)?.yearHint ?? null,
    changedMs: last.changedMs,
    signals: signalsOf(parts),
    series: seriesOf(parts),
    facts: distinct(parts.flatMap(({ facts }) => facts)),
  }
}

const isYearless = (basis: Basis): boolean => basis === 'yearless' || basis === 'yearless-again'

/** Each part counts its rolls over New Year from its own beginning. */
const onOneCalendar = (parts: readonly InputExtract[]): readonly InputExtract[] => {
  let latest = NaN
  return parts.map((extract) => {
    const span = extract.spans.find(({ basis }) => basis === 'yearless')
    if (span === undefined) return extract
    const behind = latest - span.first
    const shift = behind > HALF_YEAR_MS ? Math.ceil((behind - HALF_YEAR_MS) / ROLL_MS) * ROLL_MS : 0
    latest = Math.max(Number.isNaN(latest) ? -Infinity : latest, span.last + shift)
    return shift === 0 ? extract : shifted(extract, shift)
  })
}

const shifted = (extract: InputExtract, by: number): InputExtract => {
  const moved = (basis: Basis, ms: number): number => (isYearless(basis) ? ms + by : ms)
  const stamp = ({ ms, basis }: Stamp): Stamp => ({ ms: moved(basis, ms), basis })
  return {
    ...extract,
    spans: extract.spans.map(({ basis, first, last }) => ({ basis, first: moved(basis, first), last: moved(basis, last) })),
    silences: extract.silences.map((silence) => ({ ...silence, from: moved(silence.basis, silence.from), to: moved(silence.basis, silence.to) })),
    signals: extract.signals.map((signal): Signal => ({
      ...signal,
      at: stamp(signal.at),
      until: stamp(signal.until),
      places: signal.places.map((place) => ({ ...place, at: stamp(place.at) })),
    })),
  }
}

const spansOf = (parts: readonly InputExtract[]): readonly Span[] => {
  const spans = new Map<Basis, Span>()
  for (const { spans: some } of parts)
    for (const { basis, first, last } of some) {
      const known = spans.get(basis)
      spans.set(basis, known === undefined ? { basis, first, last } : { basis, first: Math.min(known.first, first), last: Math.max(known.last, last) })
    }
  return [...spans.values()]
}

/** Those of each machine, and what lies between two parts where one machine wrote both. */
const silencesOf = (parts: readonly InputExtract[]): readonly Silence[] => {
  const all = parts.flatMap(({ silences, spans, part }, at): readonly Silence[] => {
    const [before, mine] = [parts[at - 1]?.spans, spans]
    const [earlier, later] = [before?.length === 1 ? before[0] : undefined, mine.length === 1 ? mine[0] : undefined]
    const between = earlier !== undefined && later?.basis === earlier.basis && later.first - earlier.last >= SILENCE_MS
    return between ? [{ basis: later.basis, from: earlier.last, to: later.first, line: (part?.line ?? 0) + 1 }, ...silences] : silences
  })
  return [...groupBy(all, ({ host }) => host ?? '').values()].flatMap((some) =>
    [...some].sort((a, b) => b.to - b.from - (a.to - a.from) || a.from - b.from).slice(0, MAX_SILENCES),
  )
}

const seriesOf = (parts: readonly InputExtract[]): readonly Series[] => {
  const all = parts.flatMap(({ series }) => series)
  return [...groupBy(all, ({ name, labels }) => JSON.stringify([name, labels])).values()].flatMap((same): readonly Series[] => {
    const [first] = same
    if (first === undefined || same.length === 1) return same
    const samples = new Map<number, number>()
    const add = (at: number, value: number): void => void samples.set(at, COUNTED.has(first.name) ? (samples.get(at) ?? 0) + value : value)
    let before = NaN
    for (const { times, values } of same) {
      const next = times[0] ?? NaN
      if (COUNTED.has(first.name) && next - before > BIN_MS) {
        add(before + BIN_MS, 0)
        add(next - BIN_MS, 0)
      }
      times.forEach((at, index) => {
        add(at, values[index] ?? NaN)
      })
      before = times.at(-1) ?? before
    }
    const times = Float64Array.from(samples.keys()).sort()
    const { lines: _lines, ...rest } = first
    return [{ ...rest, ...linesOf(same, times.length), times, values: times.map((at) => samples.get(at) ?? NaN) }]
  })
}

/** Where the samples of all parts stand, where each has its own and all are known. */
const linesOf = (parts: readonly Series[], samples: number): Pick<Series, 'lines'> => {
  const lines: number[] = []
  let before = 0
  for (const part of parts) {
    if (part.lines === undefined) return {}
    for (const [index, number] of part.lines.entries()) lines.push(index % 3 === 0 ? number + before : number)
    before += part.times.length
  }
  return before === samples ? { lines } : {}
}

/** A burst that goes on over the seam is one burst: the same said of the same, in the same words but for numbers, as soon as repeats are folded in reading (src/read/bursts.ts). */
const signalsOf = (parts: readonly InputExtract[]): readonly Signal[] => {
  const all: Signal[] = []
  let latest = new Map<string, number>()
  for (const { signals } of parts) {
    const begun = new Set<string>()
    const mine = new Map<string, number>()
    for (const signal of signals) {
      const key = burstOf(signal)
      const open = begun.has(key) ? undefined : latest.get(key)
      begun.add(key)
      const before = open === undefined ? undefined : all[open]
      if (open !== undefined && before !== undefined && goesOn(before, signal)) {
        all[open] = {
          ...before,
          until: signal.until.ms > before.until.ms ? signal.until : before.until,
          count: before.count + signal.count,
          places: placesOf(before, signal),
        }
        mine.set(key, open)
      } else mine.set(key, all.push(signal) - 1)
    }
    latest = mine
  }
  return all
}

const burstOf = ({ kind, entity, phase, attributes, places }: Signal): string =>
  JSON.stringify([kind, entity, phase, attributes, places[0]?.text.replace(/\d+/gu, '#') ?? ''])

const goesOn = (before: Signal, after: Signal): boolean =>
  before.phase === 'point' && before.at.basis === after.at.basis && after.at.ms - before.until.ms <= BURST_GAP_MS && before.at.ms - after.at.ms <= BURST_GAP_MS

/** The first few, and the last one. */
const placesOf = (before: Signal, after: Signal): Signal['places'] => {
  const all = [...before.places, ...after.places]
  return all.length <= MOST_PLACES ? all : [...all.slice(0, MOST_PLACES - 1), ...all.slice(-1)]
}

const distinct = (facts: readonly Fact[]): readonly Fact[] => [...new Map(facts.map((fact) => [JSON.stringify(fact), fact])).values()]
