/** The signals of one input: repeats folded where they are said, and bounded however much is distinct. */
import type { Attributes, Basis, Phase, Signal, Stamp } from '../model/extract.js'
import type { Gathering, LateText } from '../model/format.js'
import type { Entity } from '../model/entity.js'
import { cleaner } from './text.js'

/** Occurrences of the same within this time of the last one are one burst. */
const BURST_GAP_MS = 30_000
const LONGEST_GAP_MS = 1e12
/** More bursts than this in one input are folded over ever longer gaps; what still is distinct then is thinned out. */
const MAX_SIGNALS = 20_000
/** Where more than this share is distinct, it is not repeats that are too many. */
const WORTH_FOLDING = 0.75
const PLACES_AT_START = 3
/** As much of a line as can be left when it is cleaned. */
const RAW_LENGTH = 1_600

export interface Occurrence {
  readonly kind: Signal['kind']
  readonly entity: Entity
  readonly phase: Phase
  readonly at: Stamp
  readonly until: Stamp
  readonly count: number
  readonly attributes: Attributes
  readonly burst: string | undefined
  readonly line: number | null
  readonly text: string | LateText
}

/** Times and texts are written over in place: of what is said again and again nothing is allocated. What is handed in may be written over by whoever did it. */
interface OpenStamp {
  ms: number
  basis: Basis
}

/** A place of a burst; the last one is another one again and again. */
interface OpenPlace {
  line: number | null
  readonly at: OpenStamp
  text: string | OpenText
}

/** A burst that may go on. */
export interface OpenSignal {
  readonly kind: Signal['kind']
  readonly entity: Entity
  readonly phase: Phase
  readonly key: string
  readonly at: OpenStamp
  readonly until: OpenStamp
  count: number
  readonly attributes: Attributes
  readonly places: OpenPlace[]
  /** Another one has taken its place, or it had to go. */
  closed: boolean
  /** Where more of it may have been gathered that is not in it yet. */
  gatherings: Gathering[] | null
}

/** What is said of what: occurrences with one key are one burst. */
export const burstKey = ({ kind, entity, phase, burst, attributes }: Pick<Occurrence, 'kind' | 'entity' | 'phase' | 'burst' | 'attributes'>): string =>
  `${kind}\n${entity}\n${phase}\n${burst ?? keyOf(attributes)}`

export interface Bursts {
  /** `key` is its burstKey. */
  add(occurrence: Occurrence, key: string): OpenSignal
  /** As add of what is like `said` but for these; `open` is what was returned the last time. */
  again(open: OpenSignal | null, said: Occurrence, key: string, at: Stamp, until: Stamp, count: number, line: number, text: string | LateText): OpenSignal
  /** Whether what comes after that one may be gathered elsewhere, to be told with `gathered`. */
  gathers(open: OpenSignal, at: Stamp, gathering: Gathering): boolean
  gathered(open: OpenSignal, count: number, at: Stamp, line: number, text: string): void
  /** What was gathered is told, and no more is. */
  settle(): void
  gap(): number
  /** Something had to go. */
  crowded(): boolean
  signals(): readonly Signal[]
  /** What had to go, one sentence a kind. */
  leftOut(): readonly string[]
}

export const bursts = (most = MAX_SIGNALS): Bursts => {
  let gap = BURST_GAP_MS
  let signals: OpenSignal[] = []
  let latest = new Map<string, OpenSignal>()
  const gone = new Map<Signal['kind'], number>()
  /** Those that are gathered elsewhere. */
  let gathered: OpenSignal[] = []

  /** What was gathered is in it then. */
  const settle = ({ gatherings }: OpenSignal): void => {
    if (gatherings !== null) for (const gathering of gatherings) gathering.settle()
  }
  const settleAll = (): void => {
    for (const open of gathered) endGathering(open)
    gathered = []
  }

  const joins = (open: OpenSignal, at: Stamp, phase: Phase): boolean =>
    phase === 'point' && open.phase === 'point' && open.at.basis === at.basis && at.ms - open.until.ms <= gap && open.at.ms - at.ms <= gap

  /** Joins what is further apart. */
  const fold = (): void => {
    settleAll()
    gap *= 4
    const kept: OpenSignal[] = []
    latest = new Map()
    for (const signal of signals) {
      const open = latest.get(signal.key)
      if (open && joins(open, signal.at, signal.phase)) {
        widen(open, signal.at, signal.until, signal.count)
        for (const { line, at, text } of signal.places) addPlace(open.places, line, at, text)
        signal.closed = true
      } else {
        if (open !== undefined) open.closed = true
        signal.closed = false
        latest.set(signal.key, signal)
        kept.push(signal)
      }
    }
    signals = kept
  }

  /** Of the kind that says most, half of what it says goes: what it said least, the latest first. So the first of everything stays, and what stands out. */
  const thin = (): void => {
    settleAll()
    const kind = mostOf(signals)
    const said = new Map<string, number>()
    for (const signal of signals) if (signal.kind === kind) said.set(groupOf(signal), (said.get(groupOf(signal)) ?? 0) + signal.count)
    const keep = mostSaid(said, said.size - (said.size >> 1))
    let room = said.size === 1 ? signals.length >> 1 : Infinity // one thing, begun and ended again and again
    const kept: OpenSignal[] = []
    let lost = 0
    for (const signal of signals) {
      if (signal.kind !== kind || (keep.has(groupOf(signal)) && room-- > 0)) kept.push(signal)
      else {
        lost += signal.count
        signal.closed = true
        if (latest.get(signal.key) === signal) latest.delete(signal.key)
      }
    }
    signals = kept
    gone.set(kind, (gone.get(kind) ?? 0) + lost)
  }

  const shrink = (): void => {
    if (gap < LONGEST_GAP_MS && latest.size <= signals.length * WORTH_FOLDING) fold()
    if (signals.length > most * WORTH_FOLDING) thin()
  }

  const add: Bursts['add'] = ({ kind, entity, phase, at, until, count, attributes, line, text }, key) => {
    const open = latest.get(key)
    const said = kept(text)
    if (open !== undefined) settle(open)
    if (open !== undefined && joins(open, at, phase)) {
      widen(open, at, until, count)
      addPlace(open.places, line, at, said)
      return open
    }
    if (open !== undefined) {
      endGathering(open)
      open.closed = true
    }
    const places = [{ line, at: copied(at), text: ownText(said) }]
    const next: OpenSignal = { kind, entity, phase, key, at: copied(at), until: copied(until), count, attributes, places, closed: false, gatherings: null }
    latest.set(key, next)
    signals.push(next)
    if (signals.length > most) shrink()
    return next
  }

  return {
    add,
    again(open, said, key, at, until, count, line, text) {
      if (open !== null) settle(open)
      if (open === null || open.closed || !joins(open, at, said.phase)) return add({ ...said, at, until, count, line, text }, key)
      widen(open, at, until, count)
      addPlace(open.places, line, at, kept(text))
      return open
    },
    gathers(open, at, gathering) {
      if (open.closed || open.phase !== 'point' || open.places.length <= PLACES_AT_START || open.at.basis !== at.basis || open.at.ms > at.ms) return false
      if (open.gatherings === null) {
        open.gatherings = [gathering]
        gathered.push(open)
      } else if (!open.gatherings.includes(gathering)) open.gatherings.push(gathering)
      return true
    },
    gathered(open, count, at, line, text) {
      widen(open, at, at, count)
      // Who else says the same may have said it later.
      if ((open.places[PLACES_AT_START]?.line ?? 0) <= line) addPlace(open.places, line, at, kept(text))
    },
    settle: settleAll,
    gap: () => gap,
    crowded: () => gone.size > 0,
    signals: () => {
      settleAll()
      const clean = cleaner()
      return signals.map(({ key: _, closed: __, gatherings: ___, ...signal }) => ({
        ...signal,
        places: signal.places.map(({ line, at, text }) => ({ line, at, text: clean(typeof text === 'string' ? text : text.of(text.one, text.other)) })),
      }))
    },
    leftOut: () => [...gone].map(([kind, count]) => `too much is distinct to keep it all: ${count} signals of ${kind} were left out, of what was said least`),
  }
}

const endGathering = (open: OpenSignal): void => {
  if (open.gatherings === null) return
  for (const gathering of open.gatherings) gathering.end()
  open.gatherings = null
}

const widen = (open: OpenSignal, at: Stamp, until: Stamp, count: number): void => {
  open.count += count
  if (at.ms < open.at.ms) copyTo(open.at, at)
  if (until.ms > open.until.ms) copyTo(open.until, until)
}

const copied = ({ ms, basis }: Stamp): OpenStamp => ({ ms, basis })
const copyTo = (to: OpenStamp, { ms, basis }: Stamp): void => {
  to.ms = ms
  to.basis = basis
}

type OpenText = { -readonly [Member in keyof LateText]: LateText[Member] }
const ownText = (text: string | LateText): string | OpenText => (typeof text === 'string' ? text : { of: text.of, one: text.one, other: text.other })

/** The first few places of a burst, and its last one. */
const addPlace = (places: OpenPlace[], line: number | null, at: Stamp, text: string | LateText): void => {
  const last = places[PLACES_AT_START]
  if (last === undefined) {
    places.push({ line, at: copied(at), text: ownText(text) })
    return
  }
  last.line = line
  copyTo(last.at, at)
  if (typeof text === 'string' || typeof last.text === 'string') last.text = ownText(text)
  else {
    last.text.of = text.of
    last.text.one = text.one
    last.text.other = text.other
  }
}

/** Cut now, cleaned when the input ends: of a burst only a few places are kept. */
const kept = (text: string | LateText): string | LateText => (typeof text === 'string' && text.length > RAW_LENGTH ? cut(text) : text)

/** A string of its own: a slice would keep the whole line. */
const cut = (text: string): string => Buffer.from(text.slice(0, RAW_LENGTH), 'utf16le').toString('utf16le')

/** What makes two occurrences one burst where nothing else is said; a number is not the text that shows it. */
const keyOf = (attributes: Attributes): string => {
  let key = ''
  for (const name in attributes) {
    const value = attributes[name]
    key += typeof value === 'number' ? `${name}=${value}\u0000` : `${name}:${value}\u0000`
  }
  return key
}

/** The kind of most signals. */
const mostOf = (signals: readonly OpenSignal[]): Signal['kind'] => {
  const numbers = new Map<Signal['kind'], number>()
  for (const { kind } of signals) numbers.set(kind, (numbers.get(kind) ?? 0) + 1)
  return [...numbers].reduce((most, next) => (next[1] > most[1] ? next : most))[0]
}

/** What stays or goes together: the occurrences of one thing, the beginnings and ends of one entity's condition. */
const groupOf = ({ phase, key, entity }: OpenSignal): string => (phase === 'point' ? key : entity)

/** So many of these, those with the highest numbers; of equals the first. */
const mostSaid = (said: ReadonlyMap<string, number>, room: number): ReadonlySet<string> => {
  const sorted = [...said].sort((a, b) => b[1] - a[1]) // stable: equals stay in their order
  return new Set(sorted.slice(0, room).map(([group]) => group))
}
