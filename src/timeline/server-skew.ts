/**
 * Clocks of database servers that are off, from what a server and its clients both write of the same trouble: clients quote what it refused them, and fail
 * while it is gone. A stretch that begins and ends on both sides as far apart is a clock; one moment says nothing.
 */
import { THIS_POSTGRES, type Entity } from '../model/entity.js'
import type { InputExtract, Signal } from '../model/extract.js'
import { addTo } from '../model/lists.js'
import type { InputClock } from './clock.js'
import type { Names } from './names.js'
import { FARTHEST_MS, NOTABLE_MS, type Skew } from './skew.js'

/** What the server says it did, and what its clients say of it. */
const SAID: ReadonlyMap<string, string> = new Map([
  ['postgres.connections-saturated', 'full'],
  ['postgres.timeouts', 'timeout'],
  ['postgres.deadlock', 'deadlock'],
])
const FELT: ReadonlyMap<unknown, string> = new Map([
  ['postgres-too-many', 'full'],
  ['postgres-timeout', 'timeout'],
  ['postgres-deadlock', 'deadlock'],
  ['postgres-unreachable', 'gone'],
  ['postgres-recovering', 'gone'],
])

interface Stretch {
  readonly from: number
  to: number
  count: number
}

/** A pause after which it is another trouble. */
const PAUSE_MS = 20_000
/** Shorter ones have no two ends. */
const SHORTEST_MS = 10_000
/** Clients see it begin and end as soon as they try. */
const AGREE_MS = 4_000
/** But those who open a connection to a server that is gone may wait half a minute before they say so, from its first moment to its last. */
const LONGEST_TIME_OUT_MS = 35_000
/** What is told of as often on both sides, by this factor. */
const AS_OFTEN = 2

/** By the input's position, for the logs of the one server that there is. */
export const estimateServerSkews = (extracts: readonly InputExtract[], clocks: readonly InputClock[], names: Names): ReadonlyMap<number, Skew> => {
  const logs = extracts.flatMap(({ format }, index) => (format === 'postgres' && clocks[index]?.offsetMs === 0 ? [index] : []))
  const servers = new Set<Entity>(logs.map((index) => names.resolver(index)(THIS_POSTGRES)))
  if (servers.size !== 1) return new Map()
  /** By log: a server may write several of the same. */
  const said: ReadonlyMap<string, readonly Stretch[]>[] = []
  const felt = new Map<string, Stretch[]>()
  extracts.forEach((extract, index) => {
    const clock = clocks[index]
    if (clock === undefined) return
    const at = (signal: Signal): Stretch => ({ from: clock.at(signal.at), to: clock.at(signal.until), count: signal.count })
    if (!logs.includes(index)) {
      for (const signal of extract.signals) {
        const fact = signal.kind === 'log.error' ? FELT.get(signal.attributes['reason']) : undefined
        if (fact !== undefined) addTo(felt, fact, at(signal))
      }
      return
    }
    const mine = new Map<string, Stretch[]>([['gone', absences(extract, clock)]])
    for (const signal of extract.signals) {
      const fact = SAID.get(signal.kind)
      if (fact !== undefined) addTo(mine, fact, at(signal))
    }
    said.push(mine)
  })
  const offsets: number[] = []
  let compared = 0
  for (const [fact, stretches] of said.flatMap((mine) => [...mine])) {
    const others = merged(felt.get(fact) ?? [])
    if (others.length === 0) continue
    for (const one of merged(stretches)) {
      compared++
      const apart = others.flatMap((other) => distance(one, other, fact) ?? [])
      // Where both lie at once, nothing else that is alike matters.
      const nearest = apart.sort((a, b) => Math.abs(a) - Math.abs(b))[0]
      if (nearest !== undefined) offsets.push(nearest)
    }
  }
  offsets.sort((a, b) => a - b)
  const offsetMs = offsets[offsets.length >> 1] ?? 0
  const agreeing = offsets.filter((offset) => Math.abs(offset - offsetMs) <= AGREE_MS).length
  if (Math.abs(offsetMs) < NOTABLE_MS || agreeing * 2 <= compared) return new Map()
  return new Map(logs.map((index) => [index, { offsetMs: Math.round(offsetMs), pairs: 2 * agreeing, uncertaintyMs: AGREE_MS }]))
}

/** How far the clients' stretch lies from the server's, if it can be the same. */
const distance = (mine: Stretch, other: Stretch, fact: string): number | null => {
  const [begins, ends] = [other.from - mine.from, other.to - mine.to]
  const isLong = mine.to - mine.from >= SHORTEST_MS && other.to - other.from >= SHORTEST_MS
  // A server that is gone is gone once, however often it is asked for.
  const isAsOften = fact === 'gone' || (mine.count <= other.count * AS_OFTEN && other.count <= mine.count * AS_OFTEN)
  const isOwnTimeOut = fact === 'gone' && Math.abs(begins) >= NOTABLE_MS && Math.abs(begins) < LONGEST_TIME_OUT_MS
  return isLong && isAsOften && !isOwnTimeOut && Math.abs(begins - ends) <= AGREE_MS && Math.abs(begins) <= FARTHEST_MS ? (begins + ends) / 2 : null
}

/** From when a server stopped or crashed until it was ready again. */
const absences = ({ signals }: InputExtract, clock: InputClock): Stretch[] => {
  const found: Stretch[] = []
  let gone: number | null = null
  const told = signals
    .filter(({ kind, phase }) => kind === 'postgres.ready' || ((kind === 'postgres.shutdown' || kind === 'postgres.crashed') && phase !== 'end'))
    .map(({ kind, at }) => ({ kind, ms: clock.at(at) }))
    .sort((a, b) => a.ms - b.ms)
  for (const { kind, ms } of told) {
    if (kind !== 'postgres.ready') gone ??= ms
    else if (gone !== null) {
      found.push({ from: gone, to: ms, count: 1 })
      gone = null
    }
  }
  return found
}

const merged = (stretches: readonly Stretch[]): readonly Stretch[] => {
  const found: Stretch[] = []
  for (const one of [...stretches].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last !== undefined && one.from - last.to <= PAUSE_MS) {
      last.to = Math.max(last.to, one.to)
      last.count += one.count
    } else found.push({ ...one })
  }
  return found
}
