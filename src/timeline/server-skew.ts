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

/** Of inputs, by their positions. */
export interface ServerSkews {
  /** The server's logs, on its clients' clock. */
  readonly servers: ReadonlyMap<number, Skew>
  /** Its clients' logs, on the server's clock. */
  readonly clients: ReadonlyMap<number, Skew>
}
const NONE: ServerSkews = { servers: new Map(), clients: new Map() }

/** Of the one server that there is. Where alerts tell that its clients' clock is off, it is theirs; else the server's, which is one, and theirs are several. */
export const estimateServerSkews = (extracts: readonly InputExtract[], clocks: readonly InputClock[], names: Names): ServerSkews => {
  const logs = extracts.flatMap(({ format }, index) => (format === 'postgres' && clocks[index]?.offsetMs === 0 ? [index] : []))
  if (new Set<Entity>(logs.map((index) => names.resolver(index)(THIS_POSTGRES))).size !== 1) return NONE
  /** By log: a server may write several of the same. */
  const said = logs.flatMap((index) => [...saidBy(extracts[index], clocks[index])])
  const clients = new Map<number, ReadonlyMap<string, readonly Stretch[]>>()
  extracts.forEach(({ signals }, index) => {
    const clock = clocks[index]
    const theirs = signals.filter(({ kind, attributes }) => kind === 'log.error' && FELT.has(attributes['reason']))
    if (clock === undefined || logs.includes(index) || theirs.length === 0) return
    const felt = new Map<string, Stretch[]>()
    for (const signal of theirs) addTo(felt, FELT.get(signal.attributes['reason']) ?? '', stretchOf(signal, clock))
    clients.set(index, felt)
  })
  const together = pairsOf(said, (fact) => [...clients.values()].flatMap((felt) => felt.get(fact) ?? []))
  const pairs = together.flatMap((pair) => pair ?? [])
  pairs.sort((a, b) => a.apart - b.apart)
  const offsetMs = Math.round(pairs[pairs.length >> 1]?.apart ?? 0)
  const agreeing = pairs.filter(({ apart }) => Math.abs(apart - offsetMs) <= AGREE_MS)
  if (Math.abs(offsetMs) < NOTABLE_MS || agreeing.length * 2 <= together.length) return NONE
  const all = (inputs: readonly number[], ms: number): ReadonlyMap<number, Skew> =>
    new Map(inputs.map((index) => [index, { offsetMs: ms, pairs: 2 * agreeing.length, uncertaintyMs: AGREE_MS }]))
  const seen = [...clients].map(([index, felt]) => ({
    index,
    aparts: pairsOf(said, (fact) => felt.get(fact) ?? []).flatMap((pair) => (pair === null ? [] : [pair.apart])),
  }))
  // Whoever has it at the server's time speaks for that.
  const isServers = !seen.some(({ aparts }) => aparts.some((apart) => Math.abs(apart) < NOTABLE_MS)) && !areClientsOff(agreeing, alertsIn(extracts, clocks))
  if (isServers) return { ...NONE, servers: all(logs, offsetMs) }
  const off = seen.filter(({ index, aparts }) => clocks[index]?.offsetMs === 0 && aparts.some((apart) => Math.abs(apart - offsetMs) <= AGREE_MS))
  const moved = off.map(({ index }) => index)
  return { ...NONE, clients: all(moved, -offsetMs) }
}

/** For each stretch of what clients tell of, too, what they tell that can be the same; null where nothing can. */
const pairsOf = (said: readonly (readonly [string, readonly Stretch[]])[], felt: (fact: string) => readonly Stretch[]): readonly (Pair | null)[] =>
  said.flatMap(([fact, stretches]) => {
    const others = merged(felt(fact))
    return others.length === 0 ? [] : stretches.map((server) => nearest(fact, server, others))
  })

/** Where both lie at once, nothing else that is alike matters. */
const nearest = (fact: string, server: Stretch, others: readonly Stretch[]): Pair | null => {
  const alike = others.flatMap((client): readonly Pair[] => {
    const apart = distance(server, client, fact)
    return apart === null ? [] : [{ apart, server, client }]
  })
  return alike.sort((a, b) => Math.abs(a.apart) - Math.abs(b.apart))[0] ?? null
}

/** The same trouble by both clocks. */
interface Pair {
  readonly apart: number
  readonly server: Stretch
  readonly client: Stretch
}

const stretchOf = ({ at, until, count }: Signal, clock: InputClock): Stretch => ({ from: clock.at(at), to: clock.at(until), count })

const saidBy = (extract: InputExtract | undefined, clock: InputClock | undefined): ReadonlyMap<string, readonly Stretch[]> => {
  if (extract === undefined || clock === undefined) return new Map()
  const mine = new Map<string, Stretch[]>([['gone', absences(extract, clock)]])
  for (const signal of extract.signals) {
    const fact = SAID.get(signal.kind)
    if (fact !== undefined) addTo(mine, fact, stretchOf(signal, clock))
  }
  return new Map([...mine].map(([fact, stretches]) => [fact, merged(stretches)]))
}

const alertsIn = (extracts: readonly InputExtract[], clocks: readonly InputClock[]): readonly number[] =>
  extracts.flatMap(({ signals }, index) =>
    signals.flatMap(({ kind, phase, at }) => (kind === 'alert.fired' && phase === 'begin' ? [clocks[index]?.at(at) ?? NaN] : [])),
  )

/** Alerts fire once a trouble has begun, and soon: by whose clock they do. */
const areClientsOff = (pairs: readonly Pair[], alerts: readonly number[]): boolean => {
  let ofServer = 0
  let ofClients = 0
  for (const { server, client } of pairs) {
    for (const at of alerts) {
      const [afterServer, afterClient] = [at - server.from, at - client.from].map((ms) => (ms >= -ALERT_SLACK_MS && ms <= SOON_MS ? ms : Infinity))
      if (afterServer !== undefined && afterClient !== undefined && afterServer !== afterClient) {
        if (afterServer < afterClient) ofServer++
        else ofClients++
      }
    }
  }
  return ofServer > ofClients
}
/** Scrapes and rules are evaluated by a clock of their own. */
const ALERT_SLACK_MS = 2_000
const SOON_MS = 2 * 60_000

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
