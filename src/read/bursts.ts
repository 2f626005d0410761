/** The signals of one input: repeats folded where they are said, and bounded however much is distinct. */
import type { Attributes, Basis, Phase, Signal, Stamp } from '../model/extract.js'
import type { Gathering, LateText } from '../model/format.js'
import type { Entity } from '../model/entity.js'
import { burstColumns, type BurstColumns } from './burst-columns.js'
import { cleaner } from './text.js'

/** Occurrences of the same within this time of the last one are one burst. */
const BURST_GAP_MS = 30_000
const LONGEST_GAP_MS = 1e12
/** More bursts than this in one input are folded over ever longer gaps; what still is distinct then is thinned out. */
const MAX_SIGNALS = 20_000
/** Where more than this share is distinct, it is not repeats that are too many. */
const WORTH_FOLDING = 0.75
/** As much of a line as can be left when it is cleaned. */
const RAW_LENGTH = 1_600
/** Instead of a burst's number. */
const NONE = -1

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

/**
 * What is said of what, again and again; its last burst may go on. What changes is written over where it stands: of what is said again nothing is allocated, and as
 * little as may be is fetched. What is handed in may be written over by whoever did it.
 */
export interface Said {
  readonly kind: Signal['kind']
  readonly entity: Entity
  readonly phase: Phase
  readonly key: string
  /** The number of its last burst; NONE where that had to go. */
  burst: number
  /** Where more of it may have been gathered that is not in it yet. */
  gatherings: Gathering[] | null
}

/** What is said of what: occurrences with one key are one burst. */
export const burstKey = ({ kind, entity, phase, burst, attributes }: Pick<Occurrence, 'kind' | 'entity' | 'phase' | 'burst' | 'attributes'>): string =>
  `${kind}\n${entity}\n${phase}\n${burst ?? keyOf(attributes)}`

export interface Bursts {
  /** `key` is its burstKey. */
  add(occurrence: Occurrence, key: string): Said
  /** As add of what is like `said` but for these; `before` is what was returned the last time. */
  again(
    before: Said | null,
    said: Occurrence,
    key: string,
    at: Stamp,
    until: Stamp,
    count: number,
    line: number,
    text: string | LateText,
    attributes?: () => Attributes,
  ): Said
  /** Whether what comes after that one may be gathered elsewhere, to be told with `gathered`. */
  gathers(said: Said, at: Stamp, gathering: Gathering): boolean
  gathered(said: Said, count: number, at: Stamp, line: number, text: string): void
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
  const columns = burstColumns<Said>()
  let latest = new Map<string, Said>()
  const gone = new Map<Signal['kind'], number>()
  /** Those that are gathered elsewhere. */
  let gathered = new Set<Said>()

  /** What was gathered is in it then. */
  const settle = ({ gatherings }: Said): void => {
    if (gatherings !== null) for (const gathering of gatherings) gathering.settle()
  }
  const settleAll = (): void => {
    for (const said of gathered) endGathering(said)
    gathered = new Set()
  }

  const joins = (burst: number, atMs: number, atBasis: Basis, phase: Phase): boolean =>
    phase === 'point' && columns.atBasis(burst) === atBasis && atMs - columns.untilMs(burst) <= gap && columns.atMs(burst) - atMs <= gap

  /** Joins what is further apart. */
  const fold = (): void => {
    settleAll()
    gap *= 4
    let kept = 0
    for (const said of latest.values()) said.burst = NONE
    latest = new Map()
    for (let burst = 0; burst < columns.size; burst++) {
      const said = columns.of(burst)
      const open = latest.get(said.key)
      if (open !== undefined && joins(open.burst, columns.atMs(burst), columns.atBasis(burst), said.phase)) {
        columns.merge(open.burst, burst)
        continue
      }
      if (open === undefined) latest.set(said.key, said)
      const last = open ?? said
      columns.move(burst, kept, last)
      last.burst = kept++
    }
    columns.cut(kept)
  }

  /** Of the kind that says most, half of what it says goes: what it said least, the latest first. So the first of everything stays, and what stands out. */
  const thin = (): void => {
    settleAll()
    const kind = mostOf(columns)
    const said = new Map<string, number>()
    for (let burst = 0; burst < columns.size; burst++) {
      const of = columns.of(burst)
      if (of.kind === kind) said.set(groupOf(of), (said.get(groupOf(of)) ?? 0) + columns.count(burst))
    }
    const keep = mostSaid(said, said.size - (said.size >> 1))
    let room = said.size === 1 ? columns.size >> 1 : Infinity // one thing, begun and ended again and again
    let kept = 0
    let lost = 0
    for (let burst = 0; burst < columns.size; burst++) {
      const of = columns.of(burst)
      const last = of.burst === burst
      if (of.kind !== kind || (keep.has(groupOf(of)) && room-- > 0)) {
        if (last) of.burst = kept
        columns.move(burst, kept++, of)
        continue
      }
      lost += columns.count(burst)
      if (!last) continue
      of.burst = NONE
      if (latest.get(of.key) === of) latest.delete(of.key)
    }
    columns.cut(kept)
    gone.set(kind, (gone.get(kind) ?? 0) + lost)
  }

  const shrink = (): void => {
    if (gap < LONGEST_GAP_MS && latest.size <= columns.size * WORTH_FOLDING) fold()
    if (columns.size > most * WORTH_FOLDING) thin()
  }

  const goOn = (said: Said, at: Stamp, until: Stamp, count: number, line: number | null, text: string | LateText): void => {
    columns.widen(said.burst, at, until, count)
    columns.addPlace(said.burst, line, at, kept(text))
  }
  const begin = (said: Said, at: Stamp, until: Stamp, count: number, attributes: Attributes, line: number | null, text: string | LateText): void => {
    endGathering(said)
    said.burst = columns.begin(said, at, until, count, attributes, line, kept(text))
    if (columns.size > most) shrink()
  }
  /** As it may go on; null where nothing was said of it, or that had to go. */
  const openOf = (key: string): Said | null => {
    const said = latest.get(key)
    return said === undefined || said.burst === NONE ? null : said
  }
  const first = (kind: Signal['kind'], entity: Entity, phase: Phase, key: string): Said => {
    const said: Said = { kind, entity, phase, key, burst: NONE, gatherings: null }
    latest.set(key, said)
    return said
  }

  return {
    add({ kind, entity, phase, at, until, count, attributes, line, text }, key) {
      const open = openOf(key)
      if (open !== null) settle(open)
      const said = open ?? first(kind, entity, phase, key)
      if (open !== null && joins(open.burst, at.ms, at.basis, phase)) goOn(open, at, until, count, line, text)
      else begin(said, at, until, count, attributes, line, text)
      return said
    },
    again(before, { kind, entity, phase, attributes }, key, at, until, count, line, text, own) {
      const open = before !== null && before.burst !== NONE ? before : openOf(key)
      if (open !== null) settle(open)
      const said = open ?? first(kind, entity, phase, key)
      if (open !== null && joins(open.burst, at.ms, at.basis, phase)) goOn(open, at, until, count, line, text)
      else begin(said, at, until, count, own === undefined ? attributes : own(), line, text)
      return said
    },
    gathers(said, at, gathering) {
      const { burst } = said
      if (burst === NONE || said.phase !== 'point' || !columns.full(burst) || columns.atBasis(burst) !== at.basis || columns.atMs(burst) > at.ms) return false
      if (said.gatherings === null) {
        said.gatherings = [gathering]
        gathered.add(said)
      } else if (!said.gatherings.includes(gathering)) said.gatherings.push(gathering)
      return true
    },
    gathered({ burst }, count, at, line, text) {
      columns.widen(burst, at, at, count)
      // Who else says the same may have said it later.
      if (columns.lastLine(burst) <= line) columns.addPlace(burst, line, at, kept(text))
    },
    settle: settleAll,
    gap: () => gap,
    crowded: () => gone.size > 0,
    take: () => {
      settleAll()
      latest = new Map()
      const clean = cleaner()
      const made: Signal[] = []
      for (let burst = 0; burst < columns.size; burst++) made.push(columns.take(burst, clean))
      columns.cut(0)
      return made
    },
    leftOut: () => [...gone].map(([kind, count]) => `too much is distinct to keep it all: ${count} signals of ${kind} were left out, of what was said least`),
  }
}

const endGathering = (said: Said): void => {
  if (said.gatherings === null) return
  for (const gathering of said.gatherings) gathering.end()
  said.gatherings = null
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
const mostOf = (columns: BurstColumns<Said>): Signal['kind'] => {
  const numbers = new Map<Signal['kind'], number>()
  for (let burst = 0; burst < columns.size; burst++) {
    const { kind } = columns.of(burst)
    numbers.set(kind, (numbers.get(kind) ?? 0) + 1)
  }
  return [...numbers].reduce((most, next) => (next[1] > most[1] ? next : most))[0]
}

/** What stays or goes together: the occurrences of one thing, the beginnings and ends of one entity's condition. */
const groupOf = ({ phase, key, entity }: Said): string => (phase === 'point' ? key : entity)

/** So many of these, those with the highest numbers; of equals the first. */
const mostSaid = (said: ReadonlyMap<string, number>, room: number): ReadonlySet<string> => {
  const sorted = [...said].sort((a, b) => b[1] - a[1]) // stable: equals stay in their order
  return new Set(sorted.slice(0, room).map(([group]) => group))
}
