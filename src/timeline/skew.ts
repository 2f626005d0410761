/**
 * Clock offsets between inputs, from facts that two of them record: a container started, a probe failed, a pod was placed and the
 * kubelet took it up. One such pair says little; many that differ by the same amount are a clock that is off.
 */
import { THIS_NODE, type Entity } from '../model/entity.js'
import type { InputExtract, SignalKind } from '../model/extract.js'
import type { InputClock } from './clock.js'
import type { Names } from './names.js'

export interface Skew {
  /** Added to the input's times to put them on the API server's clock. */
  readonly offsetMs: number
  readonly pairs: number
  /** The pairs agree within this. */
  readonly spreadMs: number
}

/** Below this a difference is the way from one program to the other. */
const NOTABLE_MS = 8_000
/** Beyond this two occurrences are two facts. */
const FARTHEST_MS = 30 * 60_000
const WINDOW_MS = 4_000
const MIN_PAIRS = 4
/** Of the things that both inputs speak of, at least this share must agree on the offset. */
const MIN_SHARE = 0.6

/** What one fact is called on both sides; a placement is followed by the kubelet's taking up of the pod within a second. */
const SAME: Partial<Readonly<Record<SignalKind, string>>> = {
  'pod.scheduled': 'pod-begins',
  'pod.started': 'pod-begins',
  'container.started': 'container-started',
  'pod.killed': 'pod-killed',
  'pod.deleted': 'pod-killed',
  'pod.unready': 'pod-unready',
  'pod.volume-mount-failed': 'mount-failed',
  'pod.crash-looping': 'crash-loop',
  'kubelet.started': 'kubelet-started',
  'node.rebooted': 'rebooted',
  'node.oom-kill': 'process-killed',
}

/** A process that the kernel killed is told with its number, which is nobody else's: one such fact is as good as several. */
const weightOf = (fact: string): number => (fact.startsWith('process-killed') ? MIN_PAIRS : 1)
const weigh = (facts: Iterable<string>): number => [...facts].reduce((sum, fact) => sum + weightOf(fact), 0)

/** By the input's position; inputs whose clocks agree with the API server's, or that share too little with it, are left out. */
export const estimateSkews = (extracts: readonly InputExtract[], clocks: readonly InputClock[], names: Names): ReadonlyMap<number, Skew> => {
  const reference = new Map<string, number[]>()
  extracts.forEach((extract, index) => {
    if (extract.format.startsWith('kubernetes-')) collect(extract, clocks[index], names.resolver(index), reference)
  })
  if (reference.size === 0) return new Map()
  const skews = new Map<number, Skew>()
  const machines = new Map<Entity, { facts: Map<string, number[]>; unsure: number[] }>()
  extracts.forEach((extract, index) => {
    if (extract.format.startsWith('kubernetes-')) return
    const mine = new Map<string, number[]>()
    collect(extract, clocks[index], names.resolver(index), mine)
    const skew = compareTimes(mine, reference)
    if (skew !== null) skews.set(index, skew)
    if (!extract.facts.some(({ fact }) => fact === 'input-node')) return
    const writer = names.resolver(index)(THIS_NODE)
    const machine = machines.get(writer) ?? { facts: new Map<string, number[]>(), unsure: [] }
    machines.set(writer, machine)
    for (const [fact, times] of mine) machine.facts.set(fact, [...(machine.facts.get(fact) ?? []), ...times])
    if (skew === null && !agrees(mine, reference)) machine.unsure.push(index)
  })
  // The programs of one machine write by one clock: what its kubelet has in common with the API server tells of its kernel's log, too.
  for (const { facts, unsure } of machines.values()) {
    const skew = unsure.length === 0 ? null : compareTimes(facts, reference)
    if (skew !== null) for (const index of unsure) skews.set(index, skew)
  }
  return skews
}

const sharedBy = (mine: ReadonlyMap<string, unknown>, reference: ReadonlyMap<string, unknown>): readonly string[] =>
  [...mine.keys()].filter((fact) => reference.has(fact))

const collect = (extract: InputExtract, clock: InputClock | undefined, resolve: (entity: Entity) => Entity, into: Map<string, number[]>): void => {
  if (clock === undefined) return
  for (const signal of extract.signals) {
    const fact = SAME[signal.kind]
    const { pid } = signal.attributes
    if (fact === undefined || signal.phase === 'end' || (signal.kind === 'node.oom-kill' && pid === undefined)) continue
    const key = `${fact} ${resolve(signal.entity)}${pid === undefined ? '' : ` ${pid}`}`
    const times = into.get(key)
    if (times === undefined) into.set(key, [clock.at(signal.at)])
    else times.push(clock.at(signal.at))
  }
}

/** Enough of what both speak of happened at once by both clocks. */
const agrees = (mine: ReadonlyMap<string, readonly number[]>, reference: ReadonlyMap<string, readonly number[]>): boolean => {
  const shared = sharedBy(mine, reference)
  const atOnce = shared.filter((fact) => mine.get(fact)?.some((at) => reference.get(fact)?.some((other) => Math.abs(other - at) < NOTABLE_MS)))
  return weigh(atOnce) >= Math.max(MIN_PAIRS, weigh(shared) * MIN_SHARE)
}

const compareTimes = (mine: ReadonlyMap<string, readonly number[]>, reference: ReadonlyMap<string, readonly number[]>): Skew | null => {
  const differences: { value: number; fact: string }[] = []
  const shared = weigh(sharedBy(mine, reference))
  for (const [fact, times] of mine) {
    const theirs = reference.get(fact) ?? []
    for (const at of times.slice(0, 20)) {
      for (const other of theirs.slice(0, 20)) if (Math.abs(other - at) <= FARTHEST_MS) differences.push({ value: other - at, fact })
    }
  }
  if (shared < MIN_PAIRS) return null
  const best = densest(differences)
  // Where clocks agree, most facts agree at once; another offset has to explain clearly more of them.
  const atOnce = weigh(new Set(differences.filter(({ value }) => Math.abs(value) < NOTABLE_MS).map(({ fact }) => fact)))
  if (best === null || Math.abs(best.middle) < NOTABLE_MS || best.weight < MIN_PAIRS || best.weight < shared * MIN_SHARE || best.weight < atOnce * 1.5)
    return null
  return { offsetMs: Math.round(best.middle), pairs: best.facts, spreadMs: Math.round(best.spread) }
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
