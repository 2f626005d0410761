/** Gathers what the parsers of one input say into an InputExtract, folding bursts at the source. */
import type { Attributes, Basis, Fact, Series, Signal, Silence, Span, Stamp } from '../model/extract.js'
import type { SignalDraft, Sink } from '../model/format.js'
import { burstKey, bursts, type Occurrence, type Said } from './bursts.js'
import { seriesStore } from './columns.js'
import { ROLL_MS } from './stamps.js'

/** More facts of one sort than this in one input are left out: the first ones are told. */
const MAX_FACTS = 50_000
const MAX_WARNINGS = 20
/** Shorter silences are the rhythm of any log. */
const SILENCE_MS = 30_000
const MAX_SILENCES = 20
/** Machines in one input whose silences are kept apart; those after the first ones keep none. */
const MAX_HOSTS = 200
const NOTHING: Attributes = {}
const DAY_MS = 86_400_000
/** Clocks that are put back at the end of summer time go back by an hour (Lord Howe Island by half of one), and the next line comes a while later. */
const LEAST_BACK_MS = 20 * 60_000
const MOST_BACK_MS = 61 * 60_000
/** A log that goes back more often has no order. */
const MAX_BACKS = 8
const HALF_YEAR_MS = 183 * DAY_MS

/** Where one machine's records stand. */
interface Track {
  readonly host: string | null
  readonly kept: boolean
  at: number
  basis: Basis | null
  silences: Silence[]
  /** Where the log went back by most of an hour: the first line after that, and the stamp before it. */
  readonly backs: { readonly line: number; readonly until: number }[]
}

const trackOf = (host: string | null, kept = true): Track => ({ host, kept, at: NaN, basis: null, silences: [], backs: [] })

interface OpenSpan {
  first: number
  last: number
}

export interface Gathered {
  readonly lines: number
  readonly records: number
  readonly skipped: number
  readonly warnings: readonly string[]
  readonly spans: readonly Span[]
  readonly silences: readonly Silence[]
  readonly yearHint: number | null
  readonly signals: readonly Signal[]
  readonly series: readonly Series[]
  readonly facts: readonly Fact[]
}

export interface GatheringSink extends Sink {
  nextLine(): void
  /** The machine that wrote the records to come, where what is around them names one: a machine's silence is not broken by what others say. */
  from(host: string | null): void
  /** The lines were read in another order: where the first, second … that was read stands in the input. */
  renumber(order: readonly number[]): void
  gathered(): Gathered
}

/** `before`: so many lines of the input stand before what is read. */
export const gatheringSink = (before = 0): GatheringSink => {
  let line = before
  let lines = before
  let records = 0
  let skipped = 0
  let overlooked = 0
  let overlookedAt = 0
  let firstSkip: string | null = null
  let skippedAt = 0
  let yearHint: number | null = null
  let order: readonly number[] | null = null
  /** Where a line stands in the input. */
  const trueLine = (read: number): number => order?.[read - 1] ?? read
  const warnings = new Map<string, { line: number; count: number }>()
  const spans = new Map<Basis, OpenSpan>()
  /** Nobody's until a machine is named; with the first one it becomes that machine's, which is all there is in most inputs. */
  let track = trackOf(null)
  const tracks = new Map<string, Track>()
  /** Of several machines' records those that name none, and of too many those after the first ones. */
  const others = trackOf(null, false)
  /** Where the last record stood. An object of numbers is written in place; variables that a closure shares would be boxed at every record. */
  const last = { yearless: NaN, rolls: 0 }
  let lastBasis: Basis | null = null
  let span: OpenSpan = { first: NaN, last: NaN }
  const facts: Fact[] = []
  const factKeys = new Set<string>()
  const factCounts = new Map<Fact['fact'], number>()
  const series = seriesStore()
  const folded = bursts()

  /** A yearless stamp half a year before its neighbour has passed New Year; half a year after it, the file runs backwards. */
  const rolled = (ms: number): number => {
    const on = ms + last.rolls * ROLL_MS
    const ahead = on - last.yearless
    if (ahead < -HALF_YEAR_MS && ahead > -366 * DAY_MS) return ms + (last.rolls + 1) * ROLL_MS
    if (ahead > HALF_YEAR_MS && ahead < 366 * DAY_MS) return ms + (last.rolls - 1) * ROLL_MS
    return on
  }

  /** Parsers hold what they say until its last line is read, so the line it stands on tells on which side of a step back it is. */
  const onCalendar = (stamp: Stamp, stands: number): Stamp => {
    const { basis } = stamp
    if (basis !== 'yearless' && basis !== 'local') return stamp
    const ms = basis === 'yearless' ? rolled(stamp.ms) : stamp.ms
    if (track.backs.length === 0 || basis !== track.basis) return { ms, basis }
    const until = track.backs.findLast((back) => back.line <= stands)?.until ?? NaN
    return Math.abs(ms - until) < MOST_BACK_MS ? { ms, basis: `${basis}-again` } : { ms, basis }
  }

  const occurrenceOf = (draft: SignalDraft): Occurrence => {
    const at = onCalendar(draft.at, draft.line ?? line)
    return {
      kind: draft.kind,
      entity: draft.entity,
      phase: draft.phase ?? 'point',
      at,
      until: draft.until === undefined ? at : onCalendar(draft.until, draft.line ?? line),
      count: draft.count ?? 1,
      attributes: draft.attributes ?? NOTHING,
      burst: draft.burst,
      line: draft.line === undefined ? line : draft.line,
      text: draft.text,
    }
  }

  const spanOf = (basis: Basis): OpenSpan => {
    let known = spans.get(basis)
    if (known === undefined) spans.set(basis, (known = { first: Infinity, last: -Infinity }))
    return known
  }

  const widen = (open: OpenSpan, at: number): void => {
    if (at < open.first) open.first = at
    if (at > open.last) open.last = at
  }

  /** Newest-first logs are silent backwards. */
  const silent = (at: number, basis: Basis): void => {
    const back = track.at - at
    if (back >= LEAST_BACK_MS && back <= MOST_BACK_MS && track.backs.length < MAX_BACKS) {
      folded.settle()
      track.backs.push({ line, until: track.at })
    }
    if (basis === 'ago' || !track.kept) return // a table, which is no log
    track.silences.push({ basis, from: Math.min(at, track.at), to: Math.max(at, track.at), line })
    if (track.silences.length > 4 * MAX_SILENCES) track.silences = longest(track.silences)
  }

  /** A record was written then; `steady`: it came shortly after the one before it, which was not told of. */
  const reach = (ms: number, basis: Basis, steady: boolean): void => {
    let at = ms
    if (basis === 'yearless') {
      at = rolled(ms)
      const rolls = at === ms ? 0 : Math.round((at - ms) / ROLL_MS)
      if (rolls !== last.rolls) folded.settle() // what was gathered is of the year before
      last.rolls = rolls
      last.yearless = at
    }
    if (basis !== lastBasis) {
      lastBasis = basis
      span = spanOf(basis)
    }
    if (basis !== track.basis) {
      folded.settle()
      track.basis = basis
    } else if (!steady && (at - track.at >= SILENCE_MS || track.at - at >= SILENCE_MS)) silent(at, basis)
    track.at = at
    widen(span, at)
  }

  const sink: GatheringSink = {
    get line() {
      return line
    },
    get latest() {
      const { at, basis } = track
      return { ms: basis === 'yearless' ? at - last.rolls * ROLL_MS : at, basis: basis ?? 'utc' }
    },
    nextLine() {
      line++
    },
    from(host) {
      folded.settle() // as what was gathered was written: on this machine's calendar
      // A machine is called localhost until its name is set: a while after each boot.
      if (host?.startsWith('localhost') !== false) {
        if (tracks.size > 1) track = others
        return
      }
      let next = tracks.get(host)
      if (next === undefined) {
        if (tracks.size >= MAX_HOSTS) next = others
        else {
          next = tracks.size === 0 ? { ...track, host } : trackOf(host)
          tracks.set(host, next)
        }
      }
      track = next
    },
    renumber(read) {
      order = read
    },
    at(next) {
      if (line > lines) lines = line
      line = next
    },
    record(ms, basis) {
      records++
      if (!Number.isNaN(ms)) reach(ms, basis, false)
    },
    records(count) {
      records += count
    },
    passed(count, recorded, ms, basis) {
      line += count
      records += recorded
      if (ms !== undefined && basis !== undefined) reach(ms, basis, true)
    },
    reaches(ms, basis) {
      if (!Number.isNaN(ms)) widen(spanOf(basis), basis === 'yearless' ? rolled(ms) : ms)
    },
    part() {
      // Understood; nothing to count.
    },
    skip(reason) {
      skipped++
      if (firstSkip !== null) return
      firstSkip = reason
      skippedAt = line
    },
    warn(message) {
      const known = warnings.get(message)
      if (known) known.count++
      else if (warnings.size < MAX_WARNINGS) warnings.set(message, { line, count: 1 })
    },
    year(year) {
      yearHint ??= year
    },
    signal(draft: SignalDraft) {
      const said = occurrenceOf(draft)
      folded.add(said, burstKey(said))
    },
    repeat: (draft) => sink.repeats(draft).say,
    repeats(draft) {
      const said = occurrenceOf(draft)
      const key = burstKey(said)
      let open: Said | null = null
      return {
        say(stamp, text, last, times = said.count, stands = line, attributes) {
          const at = onCalendar(stamp, stands)
          open = folded.again(open, said, key, at, last === undefined ? at : onCalendar(last, stands), times, stands, text, attributes)
        },
        gathers: (stamp, gathering) => open !== null && folded.gathers(open, onCalendar(stamp, line), gathering),
        gathered(count, stamp, text, stands) {
          if (open !== null) folded.gathered(open, count * said.count, onCalendar(stamp, stands), stands, text)
        },
      }
    },
    get gap() {
      return folded.gap()
    },
    get crowded() {
      return folded.crowded()
    },
    leaveOut(many = 1, first = line) {
      if (overlooked === 0) overlookedAt = first
      overlooked += many
    },
    series: (name, labels, at) => series.of(name, labels, at === undefined ? line : at),
    fact(fact) {
      const count = factCounts.get(fact.fact) ?? 0
      if (count > MAX_FACTS) return
      const key = factKey(fact)
      if (factKeys.has(key)) return
      factCounts.set(fact.fact, count + 1)
      if (count === MAX_FACTS) {
        sink.warn(`more than ${MAX_FACTS} facts of the sort '${fact.fact}': those after the first ones were left out`)
        return
      }
      factKeys.add(key)
      facts.push(fact)
    },
    gathered() {
      const said = [...warnings].map(
        ([message, { line: at, count }]) => `${at > 0 ? `line ${trueLine(at)}: ` : ''}${message}${count > 1 ? ` (${count} times)` : ''}`,
      )
      if (skipped > 0 && firstSkip !== null)
        said.push(`${skipped} ${skipped === 1 ? 'line was' : 'lines were'} not understood, first line ${trueLine(skippedAt)}: ${firstSkip}`)
      said.push(...folded.leftOut())
      if (overlooked > 0)
        said.push(
          `too much is distinct to keep it all: ${overlooked} lines that came once each, and are like many others but for their names, were left out, the first of them line ${trueLine(overlookedAt)}`,
        )
      const columns = series.take()
      if (series.leftOut !== null) said.push(series.leftOut)
      return {
        lines: order === null ? Math.max(line, lines) - before : order.reduce((most, at) => Math.max(most, at), 0),
        records,
        skipped,
        warnings: said,
        silences: (tracks.size > 0 ? [...tracks.values()] : [track]).flatMap(({ host, silences }) =>
          longest(silences).map((silence) => ({ ...silence, line: trueLine(silence.line), ...(host === null || tracks.size < 2 ? {} : { host }) })),
        ),
        spans: [...spans].map(([basis, { first, last }]) => ({ basis, first, last })),
        yearHint,
        signals:
          order === null
            ? folded.take()
            : folded.take().map((signal) => ({
                ...signal,
                places: signal.places.map((place) => ({ ...place, line: place.line === null ? null : trueLine(place.line) })),
              })),
        series: columns,
        facts,
      }
    },
  }
  return sink
}

/** Two facts with one key say the same. */
const factKey = (fact: Fact): string => {
  let key = ''
  for (const [name, value] of Object.entries<unknown>(fact))
    key += `${name}:${typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)}\u0000`
  return key
}

const longest = (silences: readonly Silence[]): Silence[] =>
  [...silences].sort((a, b) => b.to - b.from - (a.to - a.from) || a.from - b.from).slice(0, MAX_SILENCES)
