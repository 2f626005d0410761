/**
 * How many pods a ReplicaSet has, step by step. The Deployment's controller says so, but of a busy Deployment's events those that are alike are combined into one
 * (client-go, tools/record/events_cache.go: ten within ten minutes), and what its ReplicaSets made and took away is all there is.
 */
import { replicaSetName, typeOf, type Entity } from '../model/entity.js'
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { signalsOf } from './lookup.js'

/** One occurrence that is told with two times. */
const APART_MS = 2_000
/** What a ReplicaSet does at once is told within this: ages are cut to seconds. */
const AT_ONCE_MS = 3_000
/** The Deployment's own word of the same step. */
const SAID_MS = 10_000
/** The next step of a rollout comes when the new pods of the last one are ready. */
export const STEP_MS = 5 * 60_000

/** An event that came again says when it was so first and last: a number of replicas that somebody set twice. */
export const eachTime = (signal: TimedSignal): readonly TimedSignal[] =>
  signal.count > 1 && signal.until - signal.at > APART_MS
    ? [
        { ...signal, until: signal.at, count: 1 },
        { ...signal, at: signal.until, count: signal.count - 1 },
      ]
    : [signal]

/** change.scaled as it was said, and as it is seen where nobody says it. */
export const scalings = once((timeline: Timeline): readonly TimedSignal[] => {
  const said = timeline.signals.filter(({ kind }) => kind === 'change.scaled')
  const deleted = groupBy(timeline.signals, ({ kind, entity, attributes }) =>
    kind === 'pod.deleted' && attributes['by'] === 'owner' && typeOf(entity) === 'pod' ? workloadOf(entity, timeline) : null,
  )
  const saidOf = groupBy(said.flatMap(eachTime), ({ entity }) => workloadOf(entity, timeline) ?? entity)
  const unsaid = [...new Set([...deleted.keys(), ...saidOf.keys()])].flatMap((workload) =>
    unsaidOf(workload, deleted.get(workload) ?? [], saidOf.get(workload) ?? [], timeline),
  )
  return unsaid.length === 0 ? said : [...said, ...unsaid].sort((a, b) => a.at - b.at)
})

const workloadOf = (entity: Entity, { topology }: Timeline): Entity | null => topology.workloadOf(entity)

/** A template's hash and five letters more, of those that rand.SafeEncodeString uses (apimachinery, pkg/util/rand): what a Deployment's pods are called. */
const OF_DEPLOYMENT = /-[bcdfghjklmnpqrstvwxz2456789]{5,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/u

export const isOfDeployment = (pod: Entity): boolean => OF_DEPLOYMENT.test(pod)

const unsaidOf = (workload: Entity, deleted: readonly TimedSignal[], said: readonly TimedSignal[], timeline: Timeline): readonly TimedSignal[] => {
  const isSaid = (set: string, at: number): boolean =>
    said.some(({ attributes, at: when }) => attributes['replicaSet'] === set && Math.abs(when - at) <= SAID_MS)
  const lives = timeline.topology
    .podsOf(workload)
    .filter(isOfDeployment)
    .map((pod) => lifeOf(pod, timeline))
  const alive = (set: string, at: number): number => lives.filter((one) => one.set === set && one.from < at && one.to >= at).length
  const step = (signals: readonly TimedSignal[], set: string, from: number, to: number): TimedSignal[] => {
    const [first] = signals
    if (first === undefined || isSaid(set, first.at)) return []
    const evidence = signals.flatMap((signal) => signal.evidence)
    return [{ ...first, kind: 'change.scaled', entity: workload, attributes: { replicaSet: set, from, to }, evidence }]
  }
  const fewer = atOnce(deleted.filter(({ entity }) => isOfDeployment(entity))).flatMap((signals) => {
    const [first] = signals
    const set = first === undefined ? '' : replicaSetName(first.entity)
    const had = Math.max(signals.length, alive(set, first?.at ?? 0))
    return step(signals, set, had, had - signals.length)
  })
  // A ReplicaSet of which there was nothing before, as another gives way, is a rollout's.
  const born = [...groupBy(lives, ({ set }) => set)].flatMap(([set, all]) => {
    const placed = all.flatMap(({ placed: signal }) => signal ?? []).sort((a, b) => a.at - b.at)
    const [first] = placed
    if (first === undefined || placed.length < all.length) return []
    const yields = [...fewer, ...said].some(
      ({ attributes: { replicaSet, from, to }, at }) =>
        replicaSet !== set &&
        Number(to) < Number(from) &&
        ((at >= first.at - SAID_MS && at <= first.at + STEP_MS && alive(String(replicaSet), first.at - AT_ONCE_MS) > 0) ||
          // With the strategy Recreate the old pods are gone before the new ones come.
          (Number(to) === 0 && at < first.at && at >= first.at - STEP_MS)),
    )
    const together = placed.filter(({ at }) => at - first.at <= AT_ONCE_MS)
    // Its pods may come long after its Deployment asked for them, where something forbids to make them.
    const asked = said.findLast(({ attributes, at }) => attributes['replicaSet'] === set && at <= first.at)
    return yields && Number(asked?.attributes['to'] ?? 0) === 0 ? step(together, set, 0, together.length) : []
  })
  return [...fewer, ...born]
}

export interface Life {
  readonly set: string
  readonly from: number
  readonly to: number
  /** Where nothing is known of it before. */
  readonly placed: TimedSignal | null
}

const livesIn = once((_: Timeline) => new Map<Entity, Life>())

/** Since when and until when there was a pod, as far as it is seen. */
export const lifeOf = (pod: Entity, timeline: Timeline): Life => {
  const known = livesIn(timeline)
  const before = known.get(pod)
  if (before !== undefined) return before
  const life = seenOf(pod, timeline)
  known.set(pod, life)
  return life
}

const seenOf = (pod: Entity, timeline: Timeline): Life => {
  const signals = signalsOf(timeline, pod)
  const placed = signals.find(({ kind }) => kind === 'pod.scheduled')
  const isFirst = placed !== undefined && placed.at <= (signals[0]?.at ?? 0) + AT_ONCE_MS
  const gone = signals.find(({ kind }) => kind === 'pod.deleted' || kind === 'pod.evicted')
  return { set: replicaSetName(pod), from: isFirst ? placed.at : -Infinity, to: gone?.at ?? Infinity, placed: isFirst ? placed : null }
}

/** One ReplicaSet's, in their order, those of one moment together. */
const atOnce = (signals: readonly TimedSignal[]): readonly (readonly TimedSignal[])[] =>
  [...groupBy(signals, ({ entity }) => replicaSetName(entity)).values()].flatMap((all) => {
    const groups: TimedSignal[][] = []
    for (const signal of all) {
      const last = groups.at(-1)
      if (last !== undefined && signal.at - (last[0]?.at ?? 0) <= AT_ONCE_MS) last.push(signal)
      else groups.push([signal])
    }
    return groups
  })
