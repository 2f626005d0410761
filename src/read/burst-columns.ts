/**
 * Bursts side by side, as columns: of what begins and ends again and again no object is made until it is told, and what changes is written over where it stands.
 * A burst is called by its number, which it keeps until others before it go.
 */
import type { Attributes, Basis, Signal, Stamp } from '../model/extract.js'
import type { LateText } from '../model/format.js'

const PLACES_AT_START = 3
/** The first few places, and the last one after them. */
const PLACES = PLACES_AT_START + 1
/** Where the numbers of a burst stand: those of its places one after the other, from FIRST_PLACE on. */
const NUMBER = { at: 0, until: 1, count: 2, places: 3, firstPlace: 4, all: 4 + PLACES * 4 } as const
/** Those of a place. A line that is none is NaN. */
const PLACE = { line: 0, ms: 1, one: 2, other: 3, all: 4 } as const
/** So many bursts, a power of two, have their numbers in one piece of memory. */
const PIECE = 6
const IN_PIECE = 1 << PIECE

type Text = string | LateText

/** What a burst is of. */
type About = Pick<Signal, 'kind' | 'entity' | 'phase'>

export interface BurstColumns<Of extends About> {
  readonly size: number
  of(burst: number): Of
  /** Begins one with its first place; its number. */
  begin(of: Of, at: Stamp, until: Stamp, count: number, attributes: Attributes, line: number | null, text: Text): number
  atMs(burst: number): number
  atBasis(burst: number): Basis
  untilMs(burst: number): number
  count(burst: number): number
  /** Whether it has places enough that another one takes the last one's. */
  full(burst: number): boolean
  /** Of the last place; 0 where there is none, or it stands on none. */
  lastLine(burst: number): number
  /** So many occurrences more, from then to then. */
  widen(burst: number, at: Stamp, until: Stamp, count: number): void
  addPlace(burst: number, line: number | null, at: Stamp, text: Text): void
  /** All of `other` is in `burst`, too. */
  merge(burst: number, other: number): void
  /** It takes the place of one that goes, before it or its own, as one of `of`. */
  move(burst: number, to: number, of: Of): void
  /** All from that one on go. */
  cut(size: number): void
  /** What it says; it must not be asked for it again. */
  take(burst: number, made: (text: string) => string): Signal
}

export const burstColumns = <Of extends About>(): BurstColumns<Of> => {
  /** In pieces: none is copied when there are more. Not typed arrays, which lie outside the heap: a thread's memory there is not given back. */
  const pieces: number[][] = []
  const ofs: Of[] = []
  const attributesOf: Attributes[] = []
  /** Of when it began, of when it ended, of each place. */
  const bases: Basis[] = []
  /** Texts of the places, or what makes them. */
  const texts: (string | LateText['of'])[] = []

  const ofOf = (burst: number): Of => {
    const of = ofs[burst]
    if (of === undefined) throw new RangeError(`no burst has the number ${burst}`)
    return of
  }
  const number = (burst: number, which: number): number => pieces[burst >> PIECE]?.[(burst & (IN_PIECE - 1)) * NUMBER.all + which] ?? NaN
  const setNumber = (burst: number, which: number, value: number): void => {
    const piece = pieces[burst >> PIECE]
    if (piece !== undefined) piece[(burst & (IN_PIECE - 1)) * NUMBER.all + which] = value
  }
  const basis = (burst: number, which: number): Basis => bases[burst * (2 + PLACES) + which] ?? 'utc'
  const numberOfPlace = (burst: number, place: number, which: number): number => number(burst, NUMBER.firstPlace + place * PLACE.all + which)

  const writePlace = (burst: number, place: number, line: number, ms: number, on: Basis, text: string | LateText['of'], one: number, other: number): void => {
    const from = NUMBER.firstPlace + place * PLACE.all
    setNumber(burst, from + PLACE.line, line)
    setNumber(burst, from + PLACE.ms, ms)
    setNumber(burst, from + PLACE.one, one)
    setNumber(burst, from + PLACE.other, other)
    bases[burst * (2 + PLACES) + 2 + place] = on
    texts[burst * PLACES + place] = text
  }
  const nextPlace = (burst: number): number => {
    const place = Math.min(number(burst, NUMBER.places), PLACES_AT_START)
    setNumber(burst, NUMBER.places, place + 1)
    return place
  }
  const addPlace = (burst: number, line: number | null, { ms, basis: on }: Stamp, text: Text): void => {
    const place = nextPlace(burst)
    if (typeof text === 'string') writePlace(burst, place, line ?? NaN, ms, on, text, 0, 0)
    else writePlace(burst, place, line ?? NaN, ms, on, text.of, text.one, text.other)
  }
  const widen = (burst: number, atMs: number, atBasis: Basis, untilMs: number, untilBasis: Basis, count: number): void => {
    setNumber(burst, NUMBER.count, number(burst, NUMBER.count) + count)
    if (atMs < number(burst, NUMBER.at)) {
      setNumber(burst, NUMBER.at, atMs)
      bases[burst * (2 + PLACES)] = atBasis
    }
    if (untilMs > number(burst, NUMBER.until)) {
      setNumber(burst, NUMBER.until, untilMs)
      bases[burst * (2 + PLACES) + 1] = untilBasis
    }
  }
  const textOf = (burst: number, place: number): string => {
    const text = texts[burst * PLACES + place] ?? ''
    return typeof text === 'string' ? text : text(numberOfPlace(burst, place, PLACE.one), numberOfPlace(burst, place, PLACE.other))
  }

  return {
    get size() {
      return ofs.length
    },
    of: ofOf,
    begin(of, at, until, count, attributes, line, text) {
      const burst = ofs.length
      if (burst === pieces.length * IN_PIECE) pieces.push(new Array<number>(IN_PIECE * NUMBER.all).fill(NaN))
      ofs.push(of)
      attributesOf.push(attributes)
      bases.push(at.basis, until.basis)
      for (let place = 0; place < PLACES; place++) {
        bases.push('utc')
        texts.push('')
      }
      setNumber(burst, NUMBER.at, at.ms)
      setNumber(burst, NUMBER.until, until.ms)
      setNumber(burst, NUMBER.count, count)
      setNumber(burst, NUMBER.places, 0)
      addPlace(burst, line, at, text)
      return burst
    },
    atMs: (burst) => number(burst, NUMBER.at),
    atBasis: (burst) => basis(burst, 0),
    untilMs: (burst) => number(burst, NUMBER.until),
    count: (burst) => number(burst, NUMBER.count),
    full: (burst) => number(burst, NUMBER.places) === PLACES,
    lastLine: (burst) => (number(burst, NUMBER.places) === PLACES ? numberOfPlace(burst, PLACES_AT_START, PLACE.line) || 0 : 0),
    widen(burst, at, until, count) {
      widen(burst, at.ms, at.basis, until.ms, until.basis, count)
    },
    addPlace,
    merge(burst, other) {
      widen(burst, number(other, NUMBER.at), basis(other, 0), number(other, NUMBER.until), basis(other, 1), number(other, NUMBER.count))
      const places = number(other, NUMBER.places)
      for (let place = 0; place < places; place++) {
        const [line, ms] = [numberOfPlace(other, place, PLACE.line), numberOfPlace(other, place, PLACE.ms)]
        const [one, two] = [numberOfPlace(other, place, PLACE.one), numberOfPlace(other, place, PLACE.other)]
        writePlace(burst, nextPlace(burst), line, ms, basis(other, 2 + place), texts[other * PLACES + place] ?? '', one, two)
      }
    },
    move(burst, to, of) {
      ofs[to] = of
      if (burst === to) return
      for (let which = 0; which < NUMBER.all; which++) setNumber(to, which, number(burst, which))
      attributesOf[to] = attributesOf[burst] ?? {}
      for (let which = 0; which < 2 + PLACES; which++) bases[to * (2 + PLACES) + which] = basis(burst, which)
      for (let place = 0; place < PLACES; place++) texts[to * PLACES + place] = texts[burst * PLACES + place] ?? ''
    },
    cut(size) {
      pieces.length = Math.ceil(size / IN_PIECE)
      ofs.length = size
      attributesOf.length = size
      bases.length = size * (2 + PLACES)
      texts.length = size * PLACES
    },
    take(burst, made) {
      const { kind, entity, phase } = ofOf(burst)
      const places = Array.from({ length: number(burst, NUMBER.places) }, (_, place) => {
        const line = numberOfPlace(burst, place, PLACE.line)
        const at = { ms: numberOfPlace(burst, place, PLACE.ms), basis: basis(burst, 2 + place) }
        return { line: Number.isNaN(line) ? null : line, at, text: made(textOf(burst, place)) }
      })
      texts.fill('', burst * PLACES, (burst + 1) * PLACES)
      return {
        kind,
        entity,
        phase,
        at: { ms: number(burst, NUMBER.at), basis: basis(burst, 0) },
        until: { ms: number(burst, NUMBER.until), basis: basis(burst, 1) },
        count: number(burst, NUMBER.count),
        attributes: attributesOf[burst] ?? {},
        places,
      }
    },
  }
}
