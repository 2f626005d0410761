/** What the meaning of a klog line may depend on: earlier lines of the same input, in bounded maps. */
import type { Entity } from '../src/model/entity.js'
import { namespaceOf, pod, shortName } from '../src/model/entity.js'

const MAX_KEPT = 20_000

export interface KlogMemory {
  /** True the first time; forgets everything when it holds too much. */
  first(key: string): boolean
  put(key: string, value: string): void
  get(key: string): string | undefined
  /** True where the pod's place is news: the first time, or with another uid or node. */
  newPlace(known: Entity, on: Entity, uid: string | undefined): boolean
  /** The pod's place is as told, and a start of one of its containers would be no news. */
  isRunning(known: Entity, on: Entity, uid: string): boolean
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
  let places = new Map<Entity, { on: Entity; uid: string | undefined }>()
  let runs = new Map<Entity, { since: number; died: boolean }>()
  return {
    isRunning(known, on, uid) {
      const run = runs.get(known)
      const before = places.get(known)
      return run !== undefined && !run.died && before !== undefined && before.on === on && before.uid === uid
    },
    startedAt(of, ms) {
      const run = runs.get(of)
      if (run === undefined) {
        if (runs.size >= MAX_KEPT) runs = new Map()
        runs.set(of, { since: ms, died: false })
        return true
      }
      const news = run.died
      run.since = ms
      run.died = false
      return news
    },
    died(of) {
      const run = runs.get(of)
      if (run === undefined) runs.set(of, { since: NaN, died: true })
      else run.died = true
    },
    lastStart: (of) => runs.get(of)?.since ?? NaN,
    newPlace(known, on, uid) {
      const before = places.get(known)
      if (before !== undefined && before.on === on && (uid === undefined || before.uid === uid)) return false
      if (places.size >= MAX_KEPT) places = new Map()
      places.set(known, { on, uid })
      return true
    },
    first(key) {
      if (firsts.has(key)) return false
      if (firsts.size >= MAX_KEPT) firsts = new Set()
      firsts.add(key)
      return true
    },
    put(key, value) {
      if (values.size >= MAX_KEPT) values = new Map()
      values.set(key, value)
    },
    get: (key) => values.get(key),
    knowPod(known, uid) {
      if (uid !== undefined && byUid.get(uid) !== known) {
        if (byUid.size >= MAX_KEPT) byUid = new Map()
        byUid.set(uid, known)
      }
      if (namespaceOf(known) === '-') return
      const name = shortName(known)
      const before = byName.get(name)
      if (before === known || before === null) return
      if (byName.size >= MAX_KEPT) byName = new Map()
      byName.set(name, before === undefined ? known : null)
    },
    podNamed: (name, uid) => (uid === undefined ? undefined : byUid.get(uid)) ?? byName.get(name) ?? pod('-', name),
  }
}
