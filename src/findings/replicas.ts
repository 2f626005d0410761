/** How many pods of a workload there were to be, and how many there were: what its ReplicaSets' changes tell, moment by moment. */
import { replicaSetName, type Entity } from '../model/entity.js'
import { addTo } from '../model/lists.js'
import { once } from '../model/once.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { signalsOf } from './lookup.js'
import { eachTime, lifeOf, scalings, STEP_MS } from './steps.js'

interface Step {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly set: string
  readonly from: number | null
  readonly to: number
}

export interface Replicas {
  readonly wanted: number
  /** Of all ReplicaSets: while a rollout goes on there may be more of them than are wanted. */
  readonly there: number
}

const stepsIn = once((timeline: Timeline) => {
  const steps = new Map<Entity, Step[]>()
  for (const { entity, at, attributes } of scalings(timeline)
    .flatMap(eachTime)
    .sort((a, b) => a.at - b.at)) {
    const { replicaSet, from, to } = attributes
    if (typeof replicaSet !== 'string' || replicaSet === '' || to === undefined) continue
    addTo(steps, entity, { at, set: replicaSet, from: from === undefined ? null : Number(from), to: Number(to) })
  }
  return steps
})

/** When the numbers changed. */
export const replicaChanges = (workload: Entity, timeline: Timeline): readonly number[] => (stepsIn(timeline).get(workload) ?? []).map(({ at }) => at)

const setsIn = once((_: Timeline) => new Map<Entity, ReadonlySet<string> | null>())

/** The ReplicaSets whose changes are told; null where there are pods of another one, of which it is not known how many there are. */
const setsOf = (workload: Entity, steps: readonly Step[], timeline: Timeline): ReadonlySet<string> | null => {
  const known = setsIn(timeline)
  const before = known.get(workload)
  if (before !== undefined) return before
  const all = new Set(steps.map((step) => step.set))
  const sets = timeline.topology.podsOf(workload).some((pod) => !all.has(replicaSetName(pod))) ? null : all
  known.set(workload, sets)
  return sets
}

/** null where nobody tells. */
export const replicasAt = (workload: Entity, at: number, timeline: Timeline): Replicas | null => {
  const steps = stepsIn(timeline).get(workload) ?? []
  if (steps.length === 0) return null
  const sets = setsOf(workload, steps, timeline)
  if (sets === null) return null
  const counts: number[] = []
  for (const set of sets) {
    const mine = steps.filter((step) => step.set === set)
    const count = mine.findLast((step) => step.at <= at)?.to ?? mine[0]?.from ?? null
    if (count === null) return null
    counts.push(count)
  }
  const there = counts.reduce((sum, count) => sum + count, 0)
  const going = goingOn(steps, at)
  // Several sets at once, or in turns, are a rollout: each of them has at most as many as are wanted, the old one at its beginning, the new one at its end.
  const isRollout = counts.filter((count) => count > 0).length > 1 || new Set(going.map((step) => step.set)).size > 1
  return { wanted: isRollout ? Math.max(...counts, ...going.flatMap(({ from, to }) => [from ?? 0, to])) : there, there }
}

/** The steps that follow each other up to this moment and after it. */
const goingOn = (steps: readonly Step[], at: number): readonly Step[] => {
  const next = steps.findIndex((step) => step.at > at)
  let end = next < 0 ? steps.length : next
  let start = end
  for (let last = at; start > 0 && last - (steps[start - 1]?.at ?? 0) <= STEP_MS; start--) last = steps[start - 1]?.at ?? last
  for (let last = at; end < steps.length && (steps[end]?.at ?? Infinity) - last <= STEP_MS; end++) last = steps[end]?.at ?? last
  return steps.slice(start, end)
}

/** Whether a ReplicaSet of the workload other than this had pods then. */
export const hasOthers = (workload: Entity, set: string, at: number, timeline: Timeline): boolean =>
  timeline.topology.podsOf(workload).some((pod) => {
    const life = lifeOf(pod, timeline)
    return life.set !== set && life.from < at && life.to > at
  })

/** One that a rollout made before it took any of the old ones away: it is one too many as long as it is not ready, and nobody misses it. */
export const isSurge = (pod: Entity, workload: Entity, from: number, until: number, timeline: Timeline): boolean => {
  const steps = stepsIn(timeline).get(workload) ?? []
  const set = replicaSetName(pod)
  const first = steps.find((step) => step.set === set)
  if (first?.from !== 0 || !hasOthers(workload, set, from, timeline)) return false
  return !steps.some((step) => step.set !== set && step.from !== null && step.to < step.from && step.at >= first.at - AT_ONCE_MS && step.at <= until)
}

/** A node under pressure evicts at once what is placed on it, and its workload makes another, dozens of times in seconds: all of them stand in for one pod. */
export const wasTurnedAway = (pod: Entity, since: number, timeline: Timeline): boolean => {
  const signals = signalsOf(timeline, pod)
  const placed = signals.find(({ kind }) => kind === 'pod.scheduled')
  return placed !== undefined && placed.at >= since && signals.some((one) => isEvictedAt(one, placed.at))
}

export const isEvictedAt = ({ kind, at }: TimedSignal, moment: number): boolean => kind === 'pod.evicted' && Math.abs(at - moment) <= AT_ONCE_MS
const AT_ONCE_MS = 2_000
