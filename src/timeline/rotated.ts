/**
 * One log in several files: kubelet.log, kubelet.log.1, kubelet.log.2.gz; messages-20261121.gz; postgresql-2026-11-21_000000.log. Each stays an
 * input of its own; what one of them tells (its machine, its year) holds for the others, and where one stops and the next goes on late,
 * the log was silent.
 */
import type { Fact, InputExtract, Silence, Span } from '../model/extract.js'
import { addTo } from '../model/lists.js'

/** Older first. Numbers count backwards, dates forwards; what has neither is being written. */
interface Place {
  readonly set: string
  readonly order: number
  /** Its number, where it has one: neighbours differ by one. */
  readonly number: number | null
}

const PACKED = /\.(?:gz|bz2|zst|xz|zip|lz4)$/u
/** Of a file's name: log.1, log.old; log-20261121, log.20261121-081801; log-2026-11-21_000000.log, audit-2026-11-21T08-18-01.123.log */
const NUMBERED = /^(.{1,200}\.[a-z]{1,12})\.(\d{1,4}|old)$/u
const DATED = /^(.{1,200}?)[-._](\d{4})-?(\d{2})-?(\d{2})(?:[-_T.]?(\d{2})[-:]?(\d{2})[-:]?(\d{0,2})(?:\.\d{3})?)?(\.[a-z]{1,8})?$/u
const DAY_MS = 86_400_000
const NOW = Number.MAX_SAFE_INTEGER
/** The longest file name there is; what is longer is no log's. */
const MAX_NAME = 255

const SILENCE_MS = 30_000
/** Between dated files a whole one may be missing, which is no silence of the log. */
const MOST_SILENCE_MS = 6 * 60 * 60_000
/** From one leap year to the next: how far yearless stamps are moved over New Year (src/model/extract.ts). */
const ROLL_MS = 1_461 * DAY_MS
const FIRST_LEAP_YEAR = 1_972
/** Stamps of two files may overlap by what lies in a buffer. */
const OVERLAP_MS = DAY_MS

/** Which log's part a file is by its name. Exported for its tests. */
export const placeOf = (path: string): Place => {
  const cut = path.lastIndexOf('/') + 1
  const name = path.slice(cut)
  const bare = name.length > MAX_NAME ? name : name.replace(PACKED, '')
  const folder = path.slice(0, cut)
  if (bare.length <= MAX_NAME) {
    const numbered = NUMBERED.exec(bare)
    if (numbered !== null) {
      const number = numbered[2] === 'old' ? 1 : Number(numbered[2])
      // Dates come before numbers: where both are, the dated ones are older.
      return { set: `${folder}${numbered[1]}`, order: NOW - 1 - number, number }
    }
    const dated = DATED.exec(bare)
    if (dated !== null) {
      const [, base = '', year, month, day, hour, minute, second, ending = ''] = dated
      const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second === '' ? 0 : (second ?? 0)))
      // 'messages' beside 'messages-20261121', 'app.log' beside 'app-2026-11-21.log'
      if (Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31)
        return { set: `${folder}${base}${ending}`, order: at, number: null }
    }
  }
  return { set: `${folder}${bare}`, order: NOW, number: 0 }
}

/** The same inputs in the same order, with what their neighbours tell. */
export const joinRotated = (extracts: readonly InputExtract[]): readonly InputExtract[] => {
  const sets = new Map<string, { readonly place: Place; readonly index: number }[]>()
  extracts.forEach(({ path }, index) => {
    const place = placeOf(path)
    addTo(sets, place.set, { place, index })
  })
  const joined = [...extracts]
  for (const set of sets.values()) {
    if (set.length < 2) continue
    set.sort((a, b) => a.place.order - b.place.order)
    const parts = set.flatMap(({ place, index }) => {
      const extract = extracts[index]
      return extract === undefined ? [] : [{ place, index, extract }]
    })
    const years = yearsOf(parts.map(({ extract }) => extract))
    const writer = writerOf(parts.map(({ extract }) => extract))
    parts.forEach(({ place, index, extract }, at) => {
      const before = parts[at - 1]
      const silence = before !== undefined && follows(before.place, place) ? silenceBetween(before.extract, extract) : null
      const told = extract.facts.some((fact) => fact.fact === 'input-node' && fact.weight >= TELLS)
      joined[index] = {
        ...extract,
        yearHint: years[at] ?? extract.yearHint,
        facts: [...extract.facts, ...(told || writer === null ? [] : [writer]), ...zoneOf(parts, at)],
        silences: silence === null ? extract.silences : [...extract.silences, silence],
      }
    })
  }
  return joined
}

/** What the nearest part that shows its zone shows, where this one does not. */
const zoneOf = (parts: readonly { readonly extract: InputExtract }[], at: number): readonly Fact[] => {
  const zonesOf = (part: InputExtract | undefined): readonly Fact[] => part?.facts.filter(({ fact }) => fact === 'zone') ?? []
  if (zonesOf(parts[at]?.extract).length > 0) return []
  for (let away = 1; away < parts.length; away++)
    for (const near of [at - away, at + away]) {
      const zones = zonesOf(parts[near]?.extract)
      if (zones.length > 0) return zones
    }
  return []
}

/** Hosts of a journal and a component's own words tell the machine; a path only hints at it (src/read/extract-input.ts). */
const TELLS = 3

/** The machine that the others of the set name, where they name one. */
const writerOf = (parts: readonly InputExtract[]): Fact | null => {
  let writer: (Fact & { readonly fact: 'input-node' }) | null = null
  for (const { facts } of parts)
    for (const fact of facts) {
      if (fact.fact !== 'input-node' || fact.weight < TELLS) continue
      if (writer !== null && writer.node !== fact.node) return null
      writer = writer === null || fact.weight > writer.weight ? fact : writer
    }
  return writer
}

const follows = (before: Place, after: Place): boolean => before.number === null || after.number === null || before.number - after.number === 1

const spanOf = ({ spans }: InputExtract): Span | null => (spans.length === 1 ? (spans[0] ?? null) : null)

const silenceBetween = (before: InputExtract, after: InputExtract): Silence | null => {
  const [earlier, later] = [spanOf(before), spanOf(after)]
  if (earlier === null || later === null || earlier.basis !== later.basis || earlier.basis === 'ago') return null
  // Each part counts its own rolls over New Year from its own beginning.
  const from = earlier.basis === 'yearless' ? withinYear(earlier.last, later.first) : earlier.last
  const silent = later.first - from
  return silent >= SILENCE_MS && silent <= MOST_SILENCE_MS ? { basis: later.basis, from, to: later.first, line: 1 } : null
}

const rollsOf = (ms: number): number => Math.round((new Date(ms).getUTCFullYear() - FIRST_LEAP_YEAR) / 4)

/** The end of the part before, on the calendar of the one that begins at `first`: in its year, or in the one before. */
const withinYear = (last: number, first: number): number => {
  const same = last - rollsOf(last) * ROLL_MS
  return same > first + OVERLAP_MS ? same - ROLL_MS : same
}

/** The years of yearless parts, from the one whose year is told; null where none is, or they disagree with a log that goes on. */
const yearsOf = (parts: readonly InputExtract[]): readonly (number | null)[] => {
  const years = parts.map(({ yearHint }) => yearHint)
  const yearless = parts.map((part) => part.spans.find(({ basis }) => basis === 'yearless') ?? null)
  // Forwards from each part that knows, then backwards for those before the first that does.
  for (let at = 1; at < parts.length; at++) {
    const [before, after, year] = [yearless[at - 1], yearless[at], years[at - 1]]
    if (years[at] !== null || !before || !after || year === null || year === undefined) continue
    years[at] = year + rollsOf(before.last) + (passesNewYear(before, after) ? 1 : 0)
  }
  for (let at = parts.length - 2; at >= 0; at--) {
    const [before, after, year] = [yearless[at], yearless[at + 1], years[at + 1]]
    if (years[at] !== null || !before || !after || year === null || year === undefined) continue
    years[at] = year - rollsOf(before.last) - (passesNewYear(before, after) ? 1 : 0)
  }
  return years
}

/** Later in its year than the next part begins in its own: between them lies New Year. */
const passesNewYear = (before: Span, after: Span): boolean => withinYear(before.last, after.first) < before.last - rollsOf(before.last) * ROLL_MS
