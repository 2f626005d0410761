/**
 * Clock offsets between inputs, from facts that two of them record: a container started, a probe failed, a pod was placed and the
 * kubelet took it up. One such pair says little; many that differ by the same amount are a clock that is off.
 */
import { THIS_NODE, type Entity } from '../model/entity.js'
import type { Basis, InputExtract, Signal, SignalKind } from '../model/extract.js'
import { addTo } from '../model/lists.js'
import type { InputClock } from './clock.js'
import type { Names } from './names.js'

export interface Skew {
  /** Added to the input's times to put them on the API server's clock. */
  readonly offsetMs: number
  readonly pairs: number
  /** The true offset lies within this of offsetMs, as far as the facts agree. */
  readonly uncertaintyMs: number
}

/** Below this a difference is the way from one program to the other. */
export const NOTABLE_MS = 8_000
/** Beyond this two occurrences are two facts. */
export const FARTHEST_MS = 30 * 60_000
/** What the ways from program to program, and stamps of whole seconds, make of one offset: facts this near each other agree on it. */
const WINDOW_MS = 8_000
const MIN_PAIRS = 4
/** Of a fact that comes again and again, so many occurrences are compared. */
const MOST_TIMES = 20
/** Events and conditions are stamped in whole seconds. */
const STAMP_MS = 1_000
/** Of the things that both inputs speak of, at least this share must agree on the offset. */
const MIN_SHARE = 0.6

/**
 * What one fact is called on both sides; a placement is followed by the kubelet's taking up of the pod within a second, a restarted
 * kubelet by its registration. Only facts that both sides stamp when they happen: a NotReady is said 40 s late by one and never by the other.
 */
const SAME: Partial<Readonly<Record<SignalKind, string>>> = {
  'pod.scheduled': 'pod-begins',
  'pod.started': 'pod-begins',
  'container.started': 'container-started',
  'container.exited': 'container-exited',
  'pod.killed': 'pod-killed',
  'pod.deleted': 'pod-killed',
  'pod.evicted': 'pod-evicted',
  'pod.unready': 'pod-unready',
  'pod.volume-mount-failed': 'mount-failed',
  'pod.image-pull-failed': 'pull-failed',
  'pod.sandbox-failed': 'sandbox-failed',
  'pod.crash-looping': 'crash-loop',
  'kubelet.started': 'kubelet-started',
  'change.node-added': 'node-added',
  'node.rebooted': 'rebooted',
  'node.oom-kill': 'process-killed',
}
/** Ends that both sides tell: a pod that is ready, a node that is. */
const SAME_END: Partial<Readonly<Record<SignalKind, string>>> = {
  'pod.unready': 'pod-ready',
  'node.not-ready': 'node-ready',
}

/**
 * What a kubelet says itself, in its log and in the events that it sends: an event's first and last time are read off its sender's clock
 * (client-go, tools/record/event.go, makeEvent). Both agree however wrong that clock is.
 */
const OF_KUBELET: ReadonlySet<string> = new Set([
  'container-started',
  'container-exited',
  'pod-unready',
  'mount-failed',
  'pull-failed',
  'sandbox-failed',
  'crash-loop',
  'kubelet-started',
  'rebooted',
  'pod-ready',
  'node-ready',
])
/** What only the control plane stamps: the scheduler and the node controller send these events. */
const OF_CONTROL_PLANE: ReadonlySet<SignalKind> = new Set(['pod.scheduled', 'change.node-added'])
/** A kubelet that starts again takes all its pods up at once, long after they were placed; a clock that is off puts each as late, at different times. */
const MIN_MOMENTS = 3

/** Offsets of zones, in minutes: whole hours, and the others that are in use (IANA time zone database, 2025). */
const ZONE_MINUTES: readonly number[] = [
  ...Array.from({ length: 27 }, (_, hour) => (hour - 12) * 60),
  ...[-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765],
]
/** A clock in a zone may be off by this besides. */
const OFF_MS = 7 * 60_000
/** Beyond this no zone lies from UTC. */
const FARTHEST_ZONE_MS = 14.5 * 3_600_000

const factOf = ({ kind, phase, attributes }: Signal): string | null => {
  if (phase === 'end') return SAME_END[kind] ?? null
  // Without its number a killed process is any process.
  if (kind === 'node.oom-kill') return attributes['pid'] === undefined ? null : 'process-killed'
  // The event Started speaks of a container, the kubelet's SyncLoop ADD of a pod.
  if (kind === 'pod.started' && attributes['container'] !== undefined) return 'container-started'
  return SAME[kind] ?? null
}

/** A process that the kernel killed is told with its number, which is nobody else's: one such fact is as good as several. */
const weightOf = (fact: string): number => (fact.startsWith('process-killed') ? MIN_PAIRS : 1)
const weigh = (facts: Iterable<string>): number => [...facts].reduce((sum, fact) => sum + weightOf(fact), 0)

/** A zone, in minutes east of UTC; 0 where facts show that UTC was right. */
export interface EstimatedZone {
  readonly minutes: number
  readonly pairs: number
}

/**
 * Zones of inputs whose stamps tell none and were taken for UTC: where many of the facts that they share with the API server lie the same whole
 * quarters of an hour apart, and hardly any at once. By the input's position. What is left besides is a clock that is off.
 */
export const estimateZones = (extracts: readonly InputExtract[], clocks: readonly InputClock[], names: Names): ReadonlyMap<number, EstimatedZone> => {
  const zones = new Map<number, EstimatedZone>()
  if (!clocks.some(({ assumed }) => assumed === true)) return zones
  const { formats, reference } = referenceOf(extracts, clocks, names)
  if (reference.size === 0) return zones
  extracts.forEach((extract, index) => {
    if (clocks[index]?.assumed !== true || extract.format.startsWith(formats)) return
    const mine = new Map<string, number[]>()
    collect(extract, clocks[index], names.resolver(index), mine, ZONELESS)
    const apart = compareTimes(mine, reference, FARTHEST_ZONE_MS)
    const atOnce = factsOf(differencesOf(mine, reference), NOTABLE_MS).size
    if (apart === null && atOnce > 0) zones.set(index, { minutes: 0, pairs: atOnce })
    if (apart === null) return
    const left = (minutes: number): number => Math.abs(apart.offsetMs + minutes * 60_000)
    const nearest = [...ZONE_MINUTES].sort((a, b) => left(a) - left(b))[0] ?? 0
    if (nearest !== 0 && left(nearest) < OFF_MS) zones.set(index, { minutes: nearest, pairs: apart.pairs })
  })
  return zones
}

const ZONELESS: ReadonlySet<Basis> = new Set(['local', 'local-again', 'yearless', 'yearless-again'])

interface Reference {
  /** How the formats of the inputs it is made of begin. */
  readonly formats: string
  readonly reference: ReadonlyMap<string, readonly number[]>
  /** Of these, what the control plane's own clock tells. */
  readonly ofControlPlane: ReadonlyMap<string, readonly number[]>
}

const referenceOf = (extracts: readonly InputExtract[], clocks: readonly InputClock[], names: Names): Reference => {
  // The API server's objects and events; where there are none, the logs of what runs beside it.
  const formats = extracts.some(({ format, signals }) => format.startsWith('kubernetes-') && signals.length > 0) ? 'kubernetes-' : 'control-plane'
  const reference = new Map<string, number[]>()
  const ofControlPlane = new Map<string, number[]>()
  extracts.forEach((extract, index) => {
    if (!extract.format.startsWith(formats)) return
    collect(extract, clocks[index], names.resolver(index), reference)
    const told = extract.signals.filter(({ kind }) => OF_CONTROL_PLANE.has(kind))
    collect({ ...extract, signals: told }, clocks[index], names.resolver(index), ofControlPlane)
  })
  return { formats, reference, ofControlPlane }
}

export interface Skews {
  /** By the input's position; inputs whose clocks agree with the API server's, or that share too little with it, are left out. */
  readonly inputs: ReadonlyMap<number, Skew>
  /** Nodes whose kubelets' events were found to carry their own clock's times. */
  readonly senders: ReadonlyMap<Entity, Skew>
}

export const estimateSkews = (extracts: readonly InputExtract[], clocks: readonly InputClock[], names: Names): Skews => {
  const all = referenceOf(extracts, clocks, names)
  const { formats, reference } = all
  const senders = new Map<Entity, Skew>()
  if (reference.size === 0) return { inputs: new Map(), senders }
  const skews = new Map<number, Skew>()
  const machines = new Map<Entity, { facts: Map<string, number[]>; unsure: number[] }>()
  extracts.forEach((extract, index) => {
    if (extract.format.startsWith(formats)) return
    const mine = new Map<string, number[]>()
    collect(extract, clocks[index], names.resolver(index), mine)
    const own = ownClock(mine, all)
    const skew = compareTimes(mine, reference) ?? own
    if (skew !== null) skews.set(index, skew)
    if (!extract.facts.some(({ fact }) => fact === 'input-node')) return
    const writer = names.resolver(index)(THIS_NODE)
    const machine = machines.get(writer) ?? { facts: new Map<string, number[]>(), unsure: [] }
    machines.set(writer, machine)
    for (const [fact, times] of mine) machine.facts.set(fact, [...(machine.facts.get(fact) ?? []), ...times])
    if (skew === null && !agrees(mine, reference)) machine.unsure.push(index)
  })
  // The programs of one machine write by one clock: what its kubelet has in common with the API server tells of its kernel's log, too.
  for (const [writer, { facts, unsure }] of machines) {
    const together = compareTimes(facts, reference)
    const own = together === null ? ownClock(facts, all) : null
    if (own !== null) senders.set(writer, own)
    const skew = together ?? own
    if (skew !== null) for (const index of unsure) skews.set(index, skew)
  }
  return { inputs: skews, senders }
}

/**
 * How far the clock is off by which a kubelet writes its log and stamps its events: the two agree, and what the control plane stamped of the same pods
 * lies as far apart from both each time.
 */
const ownClock = (mine: ReadonlyMap<string, readonly number[]>, { reference, ofControlPlane }: Reference): Skew | null => {
  const skew = compareTimes(mine, ofControlPlane)
  if (skew === null) return null
  const ownFacts = new Map([...mine].filter(([fact]) => OF_KUBELET.has(fact.slice(0, fact.indexOf(' ')))))
  const differences = differencesOf(ownFacts, reference)
  const shared = factsOf(differences).size
  if (shared === 0 || factsOf(differences, NOTABLE_MS).size < shared * MIN_SHARE) return null
  const moments: number[] = []
  for (const [fact, others] of ofControlPlane)
    for (const at of mine.get(fact) ?? []) if (others.some((other) => Math.abs(other - at - skew.offsetMs) < WINDOW_MS)) moments.push(at)
  moments.sort((a, b) => a - b)
  const apart = moments.filter((at, index) => index === 0 || at - (moments[index - 1] ?? 0) > WINDOW_MS).length
  return apart < MIN_MOMENTS ? null : skew
}

/** The times of what `extract` tells and others may tell, too; of stamps of all bases unless some are named. */
const collect = (
  extract: InputExtract,
  clock: InputClock | undefined,
  resolve: (entity: Entity) => Entity,
  into: Map<string, number[]>,
  bases: ReadonlySet<Basis> | null = null,
): void => {
  if (clock === undefined) return
  for (const signal of extract.signals) {
    const fact = factOf(signal)
    if (fact === null || bases?.has(signal.at.basis) === false) continue
    const key = `${fact} ${resolve(signal.entity)}${fact === 'process-killed' ? ` ${signal.attributes['pid'] ?? ''}` : ''}`
    addTo(into, key, clock.at(signal.at))
  }
}

interface Difference {
  readonly value: number
  readonly fact: string
}

/** How far apart the two sides put what both speak of, as far as it can be the same occurrence. */
const differencesOf = (
  mine: ReadonlyMap<string, readonly number[]>,
  reference: ReadonlyMap<string, readonly number[]>,
  farthest = FARTHEST_MS,
): Difference[] => {
  const differences: Difference[] = []
  for (const [fact, times] of mine) {
    const theirs = reference.get(fact) ?? []
    for (const at of times.slice(0, MOST_TIMES)) {
      for (const other of theirs.slice(0, MOST_TIMES)) if (Math.abs(other - at) <= farthest) differences.push({ value: other - at, fact })
    }
  }
  return differences
}

const factsOf = (differences: readonly Difference[], within = Infinity): ReadonlySet<string> =>
  new Set(differences.filter(({ value }) => Math.abs(value) < within).map(({ fact }) => fact))

/** Enough of what both speak of happened at once by both clocks. */
const agrees = (mine: ReadonlyMap<string, readonly number[]>, reference: ReadonlyMap<string, readonly number[]>): boolean => {
  const differences = differencesOf(mine, reference)
  return weigh(factsOf(differences, NOTABLE_MS)) >= Math.max(MIN_PAIRS, weigh(factsOf(differences)) * MIN_SHARE)
}

const compareTimes = (mine: ReadonlyMap<string, readonly number[]>, reference: ReadonlyMap<string, readonly number[]>, farthest = FARTHEST_MS): Skew | null => {
  const differences = differencesOf(mine, reference, farthest)
  const shared = weigh(factsOf(differences))
  if (shared < MIN_PAIRS) return null
  const best = densest(differences)
  // Where clocks agree, most facts agree at once; another offset has to explain clearly more of them.
  const atOnce = weigh(factsOf(differences, NOTABLE_MS))
  if (best === null || Math.abs(best.middle) < NOTABLE_MS || best.weight < MIN_PAIRS || best.weight < shared * MIN_SHARE || best.weight < atOnce * 1.5)
    return null
  return { offsetMs: Math.round(best.middle), pairs: best.facts, uncertaintyMs: Math.round(Math.max(STAMP_MS, best.spread / 2)) }
}

interface Window {
  readonly middle: number
  readonly facts: number
  readonly weight: number
  readonly spread: number
}

/** The window of differences that the most facts fall into. */
const densest = (differences: { value: number; fact: string }[]): Window | null => {
  differences.sort((a, b) => a.value - b.value)
  const counts = new Map<string, number>()
  let weight = 0
  let best: Window | null = null
  let from = 0
  differences.forEach(({ value, fact }, to) => {
    const known = counts.get(fact) ?? 0
    if (known === 0) weight += weightOf(fact)
    counts.set(fact, known + 1)
    for (let first = differences[from]; first !== undefined && value - first.value > WINDOW_MS; first = differences[++from]) {
      const left = (counts.get(first.fact) ?? 1) - 1
      if (left === 0) {
        counts.delete(first.fact)
        weight -= weightOf(first.fact)
      } else counts.set(first.fact, left)
    }
    if (best === null || weight > best.weight) {
      const inside = differences.slice(from, to + 1).map((one) => one.value)
      best = { middle: inside[Math.floor(inside.length / 2)] ?? 0, facts: counts.size, weight, spread: (inside.at(-1) ?? 0) - (inside[0] ?? 0) }
    }
  })
  return best
}
