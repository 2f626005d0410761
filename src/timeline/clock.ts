/** One clock: turns every input's stamps into milliseconds since the epoch, and says what had to be assumed. */
import type { Entity } from '../model/entity.js'
import type { Basis, InputExtract, Span, Stamp } from '../model/extract.js'
import { matchesGlob } from '../model/glob.js'
import { collectedAt, type Collected } from './collected.js'
import { zonesSeen, type SeenZone } from './seen-zones.js'
import { changeWithin, fromZone, fromZoneAgain, offsetAt, offsetsOf, signed } from './zones.js'

export interface ZoneRule {
  /** Inputs whose path matches; null: all. */
  readonly glob: string | null
  readonly zone: string
}

export interface ClockOptions {
  readonly zones: readonly ZoneRule[]
  readonly year: number | null
}

export interface InputClock {
  at(stamp: Stamp): number
  /** Added to the input's times to put it on the common clock. */
  readonly offsetMs: number
  /** Where an offset was estimated: the true one lies within this of it. */
  readonly uncertaintyMs?: number
  readonly notes: readonly string[]
  /** Its ages are counted back from a moment that was guessed: the input was made then or somewhat later. */
  readonly guessed?: boolean
  /** Of a list of events: what is added to the times that these nodes' kubelets stamped. */
  readonly senders?: ReadonlyMap<Entity, number>
  /** Nothing told the zone of its stamps, or of those that carry none: UTC was assumed. */
  readonly assumed?: boolean
}

export const READ_AS_UTC = 'its times carry no zone: read as UTC (--timezone says otherwise)'

const DAY = 86_400_000
const PLACEHOLDER_YEAR = 1972

/**
 * Clocks for all inputs, by their position. Years and ambiguous zones are chosen so that the input lies nearest to what is certain in the dump.
 * `machines`: by position, who wrote the input; null where that is not known. What one log of a machine tells of its zone holds for the others.
 */
export const readClocks = (extracts: readonly InputExtract[], options: ClockOptions, machines: readonly (string | null)[] = []): readonly InputClock[] => {
  const certain = middleOfCertain(extracts)
  const seen = zonesSeen(extracts, machines)
  return extracts.map((extract, index) => clockOf(extract, options, certain, seen[index] ?? []))
}

/** The clocks, those of tables of ages counting back from when the tables were made. Before that they read no age. */
export const countingBack = (extracts: readonly InputExtract[], clocks: readonly InputClock[]): readonly InputClock[] =>
  clocks.map((clock, index) =>
    extracts[index]?.spans.some(({ basis }) => basis === 'ago') === true ? withAges(clock, collectedAt(extracts, clocks, index)) : clock,
  )

/** A clock that also reads ages, counted back from when the input was made; NaN where that is not known. */
const withAges = (clock: InputClock, collected: Collected | null): InputClock => {
  const note =
    collected === null
      ? 'nothing tells when it was made: what it tells by ages is not used'
      : `its ages are counted back from ${new Date(collected.at).toISOString()} (${collected.why})`
  return {
    at: (stamp) => (stamp.basis === 'ago' ? stamp.ms + (collected?.at ?? NaN) : clock.at(stamp)),
    offsetMs: clock.offsetMs,
    ...(clock.uncertaintyMs === undefined ? {} : { uncertaintyMs: clock.uncertaintyMs }),
    notes: [...clock.notes, note],
    guessed: collected?.guessed === true,
  }
}

/** The median middle of all inputs that carry an offset; null where none does. */
const middleOfCertain = (extracts: readonly InputExtract[]): number | null => {
  const middles: number[] = []
  for (const extract of extracts) {
    for (const span of extract.spans) {
      if (span.basis === 'utc') middles.push((span.first + span.last) / 2)
      else if (span.basis === 'local') middles.push((span.first + span.last) / 2) // at most a day off: good enough to choose a year
    }
    // A log's own counts are as sure as its stamps: those of an ambiguous zone would speak for the one that is nearest to UTC.
    const series = extract.series.find(({ labels }) => labels['faultline_basis'] === undefined)
    const [first, last] = [series?.times[0], series?.times.at(-1)]
    if (first !== undefined && last !== undefined) middles.push((first + last) / 2)
  }
  middles.sort((a, b) => a - b)
  return middles[Math.floor(middles.length / 2)] ?? null
}

const clockOf = (extract: InputExtract, options: ClockOptions, certain: number | null, seen: readonly SeenZone[]): InputClock => {
  const notes: string[] = []
  const rule = ruleFor(extract.path, options.zones)
  const zone = rule?.zone ?? null
  let assumed = false
  const spans = new Map(extract.spans.map((span) => [span.basis, span]))
  const readers = new Map<Basis, (ms: number) => number>()
  const readerOf = (basis: Basis): ((ms: number) => number) => {
    let reader = readers.get(basis)
    if (reader === undefined) readers.set(basis, (reader = makeReader(basis, spans.get(basis))))
    return reader
  }
  /** From wall-clock fields in a year to moments, by what is told of the zone: a rule for this very input, what its lines show, a rule for all, UTC. */
  const byZone = (basis: Basis, span: Span | undefined, yeared: (ms: number) => number): ((ms: number) => number) => {
    const shown = seen.filter((one) => one.basis === basis)
    const first = shown[0]
    const middle = span === undefined ? 0 : yeared((span.first + span.last) / 2)
    if (first !== undefined) {
      const said = zone === null || shown.some(({ minutes }) => minutes === offsetAt(zone, middle)) ? null : `, although --timezone says ${zone}`
      if (rule === null || (rule.glob === null && said !== null)) {
        notes.push(`its times carry no zone: read as ${shown.map(({ minutes }) => `UTC${signed(minutes)}`).join(' and ')}, ${first.why}${said ?? ''}`)
        return (ms) => moment(ms, yeared(ms), shown)
      }
      if (said !== null) notes.push(`read as --timezone says (${zone ?? ''}), although UTC${signed(first.minutes)} would be right: ${first.why}`)
    } else if (zone === null) {
      assumed = true
      notes.push(READ_AS_UTC)
    }
    const change = zone === null || span === undefined ? null : changeWithin(zone, yeared(span.first), yeared(span.last))
    if (change !== null) notes.push(change)
    return (ms) => fromZone(yeared(ms), zone ?? 'UTC')
  }
  /** Only the rule of a zone knows an hour that came twice; what lines show of their zone is two stretches already. */
  const byZoneAgain = (basis: 'local' | 'yearless'): ((ms: number) => number) => {
    const once = readerOf(basis)
    if (zone === null || seen.some((one) => one.basis === basis)) return once
    // What is read first gives the year: a moment at the end of summer time and its second occurrence lie less than a day apart.
    return (ms) => {
      const first = once(ms)
      return Math.max(first, fromZoneAgain(first + offsetAt(zone, first) * 60_000, zone))
    }
  }
  const makeReader = (basis: Basis, span: Span | undefined): ((ms: number) => number) => {
    if (basis === 'utc') return (ms) => ms
    if (basis === 'ago') return () => NaN // countingBack
    if (basis === 'local') return byZone(basis, span, (ms) => ms)
    if (basis === 'yearless') {
      const { year, why } = yearOf(extract, span, options.year, zone ?? 'UTC', certain)
      notes.push(`its times carry no year: read as ${year} (${why})`)
      return byZone(basis, span, (ms) => inYear(ms, year))
    }
    const shown = seen.filter((one) => one.basis === basis)
    if (basis === 'local-again' || basis === 'yearless-again') return byZoneAgain(basis === 'local-again' ? 'local' : 'yearless')
    return abbreviated(basis.slice('zone:'.length), span, shown[0] ?? null, zone, certain, notes)
  }
  for (const span of extract.spans) readerOf(span.basis)
  return { at: (stamp) => readerOf(stamp.basis)(stamp.ms), offsetMs: 0, notes, ...(assumed ? { assumed } : {}) }
}

/** By the stretch that the stamp lies in, or nearest to: there are two where the clocks were changed on the way. */
const moment = (ms: number, yearedMs: number, shown: readonly SeenZone[]): number => {
  let minutes = shown[0]?.minutes ?? 0
  let nearest = Infinity
  for (const { first, last, minutes: offset } of shown) {
    const distance = Math.max(first - ms, ms - last, 0)
    if (distance >= nearest) continue
    nearest = distance
    minutes = offset
  }
  return yearedMs - minutes * 60_000
}

/** Fields taken in the placeholder year (or, after rolls over New Year, in later leap years) moved into the real year. */
const inYear = (ms: number, year: number): number => {
  const date = new Date(ms)
  const rolls = (date.getUTCFullYear() - PLACEHOLDER_YEAR) / 4
  const real = Date.UTC(year + rolls, date.getUTCMonth(), date.getUTCDate())
  return real + (((ms % DAY) + DAY) % DAY)
}

const yearOf = (
  extract: InputExtract,
  span: Span | undefined,
  given: number | null,
  zone: string,
  certain: number | null,
): { readonly year: number; readonly why: string } => {
  if (given !== null) return { year: given, why: '--year' }
  if (extract.yearHint !== null) return { year: extract.yearHint, why: 'its header line' }
  const anchor = certain ?? extract.changedMs
  if (anchor === null) return { year: 2000, why: 'nothing in the dump tells; --year says otherwise' }
  const around = new Date(anchor).getUTCFullYear()
  // Of the real ends: between placeholder years that are four years apart lies no moment of the log.
  const { first, last } = span ?? { first: 0, last: 0 }
  const distance = (year: number): number => Math.abs(fromZone((inYear(first, year) + inYear(last, year)) / 2, zone) - anchor)
  // A file was not changed before its last line: where that is all that is known, the year is the last one that leaves it so.
  const written = (year: number): boolean => certain !== null || fromZone(inYear(last, year), zone) <= anchor + DAY
  const year = [around, around - 1, around + 1].sort((a, b) => Number(written(b)) - Number(written(a)) || distance(a) - distance(b))[0] ?? around
  return { year, why: certain === null ? "the file's own date; --year says otherwise" : 'the rest of the dump' }
}

const abbreviated = (
  abbreviation: string,
  span: Span | undefined,
  shown: SeenZone | null,
  zone: string | null,
  certain: number | null,
  notes: string[],
): ((ms: number) => number) => {
  const offsets = offsetsOf(abbreviation)
  const middle = span === undefined ? 0 : (span.first + span.last) / 2
  const ofOption = zone === null ? null : offsetAt(zone, middle)
  const shift = (minutes: number) => (ms: number) => ms - minutes * 60_000
  if (ofOption !== null && (offsets.length === 0 || offsets.includes(ofOption))) return (ms) => fromZone(ms, zone ?? 'UTC')
  const only = offsets[0]
  if (shown !== null && !(offsets.length === 1 && only === shown.minutes)) {
    notes.push(`the zone ${abbreviation} is read as UTC${signed(shown.minutes)}, ${shown.why}`)
    return shift(shown.minutes)
  }
  if (only === undefined) {
    notes.push(`the zone ${abbreviation} is not known: read as UTC (--timezone says otherwise)`)
    return (ms) => ms
  }
  if (offsets.length === 1) return shift(only)
  if (certain === null) {
    notes.push(
      `the zone ${abbreviation} is ambiguous and nothing else in the dump decides: read as UTC${signed(only)} (--timezone says otherwise)${others(offsets, only)}`,
    )
    return shift(only)
  }
  const nearest = [...offsets].sort((a, b) => Math.abs(shift(a)(middle) - certain) - Math.abs(shift(b)(middle) - certain))[0] ?? only
  notes.push(`the zone ${abbreviation} is ambiguous: read as UTC${signed(nearest)}, which fits the rest of the dump${others(offsets, nearest)}`)
  return shift(nearest)
}

const others = (offsets: readonly number[], taken: number): string =>
  `; it can also mean ${offsets
    .filter((one) => one !== taken)
    .map((one) => `UTC${signed(one)}`)
    .join(' or ')}`

/** The last of the rules that match. */
const ruleFor = (path: string, rules: readonly ZoneRule[]): ZoneRule | null => rules.findLast(({ glob }) => glob === null || matchesGlob(path, glob)) ?? null
