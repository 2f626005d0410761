/**
 * The signals of all inputs within one budget, however many inputs there are. Of the kind that says most half has to go, as often as it takes: of each input that has more of
 * it than others, what it said least. That follows from what the inputs have together, so it does not matter which of them comes first.
 */
import type { Signal, SignalKind } from '../model/extract.js'
import { addTo, groupBy } from '../model/lists.js'

/** What is reasoned about takes about 1 kB a signal. */
const MOST_SIGNALS = 150_000

/** How many signals of each kind. */
export type Kinds = ReadonlyMap<SignalKind, number>

export const kindsOf = (signals: readonly Signal[]): Kinds => {
  const kinds = new Map<SignalKind, number>()
  for (const { kind } of signals) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return kinds
}

/** How many of a kind each input may keep; a kind that is not named as many as it has. */
export const mostOfEach = (inputs: readonly Kinds[], most = MOST_SIGNALS): Kinds => {
  const ofKind = new Map<SignalKind, number[]>()
  for (const kinds of inputs) for (const [kind, count] of kinds) addTo(ofKind, kind, count)
  const left = new Map([...ofKind].map(([kind, counts]) => [kind, sumOf(counts)]))
  const caps = new Map<SignalKind, number>()
  for (let sum = sumOf([...left.values()]); sum > most;) {
    const [kind, count] = [...left].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a))
    const counts = ofKind.get(kind) ?? []
    const cap = capFor(counts, count >> 1)
    const kept = sumUpTo(counts, cap)
    if (kept === count) break // one of each kind in each input
    caps.set(kind, cap)
    left.set(kind, kept)
    sum -= count - kept
  }
  return caps
}

const sumOf = (counts: readonly number[]): number => sumUpTo(counts, Infinity)
const sumUpTo = (counts: readonly number[], cap: number): number => counts.reduce((sum, count) => sum + Math.min(count, cap), 0)

/** The most that each may keep so that all keep no more than `room`; the first of everything stays. */
const capFor = (counts: readonly number[], room: number): number => {
  let [low, high] = [1, counts.reduce((most, count) => Math.max(most, count), 1)] // too many to be arguments
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (sumUpTo(counts, middle) <= room) low = middle
    else high = middle - 1
  }
  return low
}

/** What an input keeps, in its order, and in words what had to go. */
export const keepMost = (signals: readonly Signal[], caps: Kinds): { readonly kept: readonly Signal[]; readonly said: readonly string[] } => {
  const tooMany = [...kindsOf(signals)].filter(([kind, count]) => count > (caps.get(kind) ?? Infinity))
  if (tooMany.length === 0) return { kept: signals, said: [] }
  const gone = new Set<Signal>()
  const said = tooMany.map(([kind, count]) => {
    const cap = caps.get(kind) ?? count
    let room = cap
    for (const group of groupsOf(signals.filter((signal) => signal.kind === kind))) {
      // What belongs together stays or goes together, but for what is too much by itself.
      const stay = group.length <= room ? group.length : room === cap ? cap : 0
      for (const signal of group.slice(stay)) gone.add(signal)
      room -= stay
    }
    return `all inputs together say too much to keep it all: of ${count} signals of ${kind} those said most are kept, ${cap} at the most`
  })
  return { kept: signals.filter((signal) => !gone.has(signal)), said }
}

/** The occurrences of one thing, the beginnings and ends of one entity's condition; what was said most first. */
const groupsOf = (signals: readonly Signal[]): readonly (readonly Signal[])[] =>
  [...groupBy(signals, ({ phase, entity, attributes }) => (phase === 'point' ? `${entity}\n${JSON.stringify(attributes)}` : entity)).values()]
    .map((group) => ({ group, count: sumOf(group.map(({ count }) => count)) }))
    .sort((a, b) => b.count - a.count) // stable: of equals the first
    .map(({ group }) => group)
