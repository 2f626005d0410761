/** What the meaning of a klog line may depend on: earlier lines of the same input, in bounded maps. */
import type { Entity } from '../src/model/entity.js'
import { namespaceOf, pod, shortName } from '../src/model/entity.js'

const MAX_KEPT = 20_000

import type { Starts } from './klog-starts.js'

/** A pod and its uid, as many lines name them. `kept` is the memory's own. */
export interface PodRun {
  readonly pod: Entity
  uid: string
  kept: { readonly of: object; readonly run: Run; readonly place: PlaceOf } | null
}

interface Run {
  /** When a container last started, where no place is taken for it. */
  since: number
  place: number
  died: boolean
}
interface PlaceOf {
  on: Entity
  uid: string | undefined
}

export interface KlogMemory {
  /** Changes with everything that becomes known but for when containers started. */
  readonly version: number
  /** Counts whatever depends on when containers started, or changes it. */
  readonly timed: number
  /** Something became known that is kept elsewhere. */
  changed(): void
  /** True the first time; forgets everything when it holds too much. */
  first(key: string): boolean
  put(key: string, value: string): void
  get(key: string): string | undefined
  /** True where the pod's place is news: the first time, or with another uid or node. */
  newPlace(known: Entity, on: Entity, uid: string | undefined): boolean
  /** A further container of a pod that runs: remembered, and true, where its place is as told and the start is no news. */
  startedAgain(known: PodRun, on: Entity, ms: number): boolean
  /** From now on starts that are no news may be told there. */
  startsAt(starts: Starts): void
  /** The place of a pod whose start was no news; -1 where it has none. */
  placeOf(known: PodRun): number
  /** Lines are of another machine or container now, or its name became known: nothing that was so is sure. */
  elsewhere(): void
  /** A container of the pod started. True for the first one, and for the first one after a death. */
  startedAt(pod: Entity, ms: number): boolean
  died(pod: Entity): void
  /** NaN where no start is known. */
  lastStart(pod: Entity): number
  /** A pod of this node, from a line that names its namespace. */
  knowPod(known: Entity, uid?: string): void
  /** The pod of a line that names it without its namespace. */
  podNamed(name: string, uid?: string): Entity
}

export const klogMemory = (): KlogMemory => {
  let firsts = new Set<string>()
  let values = new Map<string, string>()
  let byUid = new Map<string, Entity>()
  /** null: pods of that name in two namespaces. */
  let byName = new Map<string, Entity | null>()
  let places = new Map<Entity, PlaceOf>()
  let runs = new Map<Entity, Run>()
  /** What PodRuns keep is of these maps: another object when a map is begun anew. */
  let era = {}
  let starts: Starts | null = null
  const anew = (): void => {
    era = {}
    starts?.letAllGo()
  }
  const sinceOf = ({ since, place }: Run): number => (starts === null || place < 0 ? since : starts.at(place))
  const start = (run: Run, ms: number): void => {
    if (starts === null || run.place < 0) run.since = ms
    else starts.set(run.place, ms)
  }
  const letGo = (run: Run | undefined): void => {
    if (run !== undefined && run.place >= 0) starts?.letGo(run.place)
  }
  const keptOf = (known: PodRun): PodRun['kept'] => {
    if (known.kept?.of === era) return known.kept
    const run = runs.get(known.pod)
    const place = places.get(known.pod)
    return (known.kept = run === undefined || place === undefined ? null : { of: era, run, place })
  }
  const memory = {
    version: 0,
    timed: 0,
    changed() {
      memory.version++
    },
    startedAgain(known, on, ms) {
      const kept = keptOf(known)
      if (kept === null || kept.run.died || kept.place.on !== on || kept.place.uid !== known.uid) return false
      known.uid = kept.place.uid // one string from now on: comparing it with itself is no work
      memory.timed++
      start(kept.run, ms)
      return true
    },
    startsAt(next) {
      starts = next
    },
    placeOf(known) {
      const run = keptOf(known)?.run
      if (run === undefined || starts === null) return -1
      if (run.place < 0) {
        run.place = starts.take()
        if (run.place >= 0) starts.set(run.place, run.since)
      }
      return run.place
    },
    elsewhere() {
      starts?.letAllGo()
    },
    startedAt(of, ms) {
      memory.timed++
      const run = runs.get(of)
      if (run === undefined) {
        if (runs.size >= MAX_KEPT) {
          runs = new Map()
          anew()
        }
        runs.set(of, { since: ms, place: -1, died: false })
        return true
      }
      const news = run.died
      start(run, ms)
      run.died = false
      return news
    },
    died(of) {
      memory.timed++
      const run = runs.get(of)
      if (run === undefined) runs.set(of, { since: NaN, place: -1, died: true })
      else run.died = true
      letGo(run)
    },
    lastStart(of) {
      memory.timed++
      const run = runs.get(of)
      return run === undefined ? NaN : sinceOf(run)
    },
    newPlace(known, on, uid) {
      const before = places.get(known)
      if (before !== undefined && before.on === on && (uid === undefined || before.uid === uid)) return false
      memory.version++
      letGo(runs.get(known))
      if (before !== undefined) {
        before.on = on
        before.uid = uid
        return true
      }
      if (places.size >= MAX_KEPT) {
        places = new Map()
        anew()
      }
      places.set(known, { on, uid })
      return true
    },
    first(key) {
      if (firsts.has(key)) return false
      memory.version++
      if (firsts.size >= MAX_KEPT) firsts = new Set()
      firsts.add(key)
      return true
    },
    put(key, value) {
      if (values.get(key) === value) return
      memory.version++
      if (values.size >= MAX_KEPT) values = new Map()
      values.set(key, value)
    },
    get: (key) => values.get(key),
    knowPod(known, uid) {
      if (uid !== undefined && byUid.get(uid) !== known) {
        memory.version++
        if (byUid.size >= MAX_KEPT) byUid = new Map()
        byUid.set(uid, known)
      }
      if (namespaceOf(known) === '-') return
      const name = shortName(known)
      const before = byName.get(name)
      if (before === known || before === null) return
      memory.version++
      if (byName.size >= MAX_KEPT) byName = new Map()
      byName.set(name, before === undefined ? known : null)
    },
    podNamed: (name, uid) => (uid === undefined ? undefined : byUid.get(uid)) ?? byName.get(name) ?? pod('-', name),
  } satisfies KlogMemory & { version: number; timed: number }
  return memory
}
