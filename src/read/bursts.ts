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

/** A place of a burst. */
interface OpenPlace {
  readonly line: number | null
  readonly at: Stamp
  readonly text: string | LateText
}

/** The last place of a burst, which is another one again and again: it is written over, with what its text is made of. */
interface LastPlace {
  line: number | null
  ms: number
  basis: Basis
  text: string
  /** Null: the text is made. */
  of: LateText['of'] | null
  one: number
  other: number
}

/**
 * A burst that may go on. What changes is written over where it stands: of what is said again and again nothing is allocated, and as little as may be is fetched.
 * What is handed in may be written over by whoever did it.
 */
export interface OpenSignal {
  readonly kind: Signal['kind']
  readonly entity: Entity
  readonly phase: Phase
  readonly key: string
  atMs: number
  atBasis: Basis
  untilMs: number
  untilBasis: Basis
  count: number
  readonly attributes: Attributes
  /** The first few places, and the last one after them. */
  readonly places: OpenPlace[]
  last: LastPlace | null
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
  again(
    open: OpenSignal | null,
    said: Occurrence,
    key: string,
    at: Stamp,
    until: Stamp,
    count: number,
    line: number,
    text: string | LateText,
    attributes?: () => Attributes,
  ): OpenSignal
  /** Whether what comes after that one may be gathered elsewhere, to be told with `gathered`. */
  gathers(open: OpenSignal, at: Stamp, gathering: Gathering): boolean
  gathered(open: OpenSignal, count: number, at: Stamp, line: number, text: string): void
  /** What was gathered is told, and no more is. */
  settle(): void
  gap(): number
  /** Something had to go. */
  crowded(): boolean
  /** Once, at the end: each is let go of as soon as it is told. */
  take(): readonly Signal[]
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
    phase === 'point' && open.phase === 'point' && open.atBasis === at.basis && at.ms - open.untilMs <= gap && open.atMs - at.ms <= gap

  /** Joins what is further apart. */
  const fold = (): void => {
    settleAll()
    gap *= 4
    const kept: OpenSignal[] = []
    latest = new Map()
    for (const signal of signals) {
      const open = latest.get(signal.key)
      const at = atOf(signal)
      if (open && joins(open, at, signal.phase)) {
        widen(open, at, untilOf(signal), signal.count)
        for (const place of placesOf(signal)) addPlace(open, place.line, place.at, place.text)
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
      addPlace(open, line, at, said)
      return open
    }
    if (open !== undefined) {
      endGathering(open)
      open.closed = true
    }
    // By itself: what holds literals of its own is made from a pattern, more slowly.
    const place: OpenPlace = { line, at: copied(at), text: ownText(said) }
    const places = [place]
    const next: OpenSignal = {
      kind,
      entity,
      phase,
      key,
      atMs: at.ms,
      atBasis: at.basis,
      untilMs: until.ms,
      untilBasis: until.basis,
      count,
      attributes,
      places,
      last: null,
      closed: false,
      gatherings: null,
    }
    latest.set(key, next)
    signals.push(next)
    if (signals.length > most) shrink()
    return next
  }

  return {
    add,
    again(open, said, key, at, until, count, line, text, attributes) {
      if (open !== null) settle(open)
      if (open === null || open.closed || !joins(open, at, said.phase)) {
        const { kind, entity, phase, burst } = said
        return add({ kind, entity, phase, burst, attributes: attributes === undefined ? said.attributes : attributes(), at, until, count, line, text }, key)
      }
      widen(open, at, until, count)
      addPlace(open, line, at, kept(text))
      return open
    },
    gathers(open, at, gathering) {
      if (open.closed || open.phase !== 'point' || open.last === null || open.atBasis !== at.basis || open.atMs > at.ms) return false
      if (open.gatherings === null) {
        open.gatherings = [gathering]
        gathered.push(open)
      } else if (!open.gatherings.includes(gathering)) open.gatherings.push(gathering)
      return true
    },
    gathered(open, count, at, line, text) {
      widen(open, at, at, count)
      // Who else says the same may have said it later.
      if ((open.last?.line ?? 0) <= line) addPlace(open, line, at, kept(text))
    },
    settle: settleAll,
    gap: () => gap,
    crowded: () => gone.size > 0,
    take: () => {
      settleAll()
      latest = new Map()
      const clean = cleaner()
      const made: Signal[] = []
      signals.reverse()
      for (let signal = signals.pop(); signal !== undefined; signal = signals.pop())
        made.push({
          kind: signal.kind,
          entity: signal.entity,
          phase: signal.phase,
          at: atOf(signal),
          until: untilOf(signal),
          count: signal.count,
          attributes: signal.attributes,
          places: placesOf(signal).map(({ line, at, text }) => ({ line, at, text: clean(typeof text === 'string' ? text : text.of(text.one, text.other)) })),
        })
      return made
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
  if (at.ms < open.atMs) {
    open.atMs = at.ms
    open.atBasis = at.basis
  }
  if (until.ms > open.untilMs) {
    open.untilMs = until.ms
    open.untilBasis = until.basis
  }
}

const copied = ({ ms, basis }: Stamp): Stamp => ({ ms, basis })
const atOf = ({ atMs, atBasis }: OpenSignal): Stamp => ({ ms: atMs, basis: atBasis })
const untilOf = ({ untilMs, untilBasis }: OpenSignal): Stamp => ({ ms: untilMs, basis: untilBasis })
const ownText = (text: string | LateText): string | LateText => (typeof text === 'string' ? text : { of: text.of, one: text.one, other: text.other })

const addPlace = (open: OpenSignal, line: number | null, at: Stamp, text: string | LateText): void => {
  if (open.last === null && open.places.length < PLACES_AT_START) {
    open.places.push({ line, at: copied(at), text: ownText(text) })
    return
  }
  const last = (open.last ??= { line, ms: at.ms, basis: at.basis, text: '', of: null, one: 0, other: 0 })
  last.line = line
  last.ms = at.ms
  last.basis = at.basis
  if (typeof text === 'string') {
    last.text = text
    last.of = null
  } else {
    last.of = text.of
    last.one = text.one
    last.other = text.other
  }
}

const placesOf = ({ places, last }: OpenSignal): readonly OpenPlace[] => {
  if (last === null) return places
  const { line, ms, basis, text, of, one, other } = last
  return [...places, { line, at: { ms, basis }, text: of === null ? text : { of, one, other } }]
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
