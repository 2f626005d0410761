/** Which findings may have led to one in time, and stand where a mechanism asks for: found without looking at each pair, as a bad day has tens of thousands. */
import type { Entity } from '../model/entity.js'
import { countWhile, groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Mechanism, Relation } from './mechanism.js'
import { nodeHinted } from './places.js'

/** What is seen late may have begun this much before. */
export const MAX_SLACK_MS = 3 * 60_000
const LONGEST_MS = 120 * 86_400_000
const SHORT_MS = 3_600_000
/** Of more causes of a kind that might have been it in time, the last of all are looked at, and the last of those that stand near. */
const MOST_LOOKED_AT = 200
const MOST_NEAR = 60
/** Among a hundred thousand findings fewer for each, so that all of them are weighed within minutes. */
const MOST_LOOKED_AT_IN_ALL = 2_000_000
const LEAST_LOOKED_AT = 30

/** Relations that hold within one place and nowhere else: only what is there is looked at. */
const PLACES: ReadonlyMap<Relation, (entity: Entity, timeline: Timeline) => Entity> = new Map([
  ['same-entity', (entity: Entity) => entity],
  ['same-workload', (entity: Entity, { topology }: Timeline) => topology.workloadOf(entity) ?? entity],
])
/** The findings of one kind as causes, by start. Those that last are few and kept apart, so that the others can be looked up by time. */
interface CausesByTime {
  readonly short: readonly number[]
  readonly lasting: readonly number[]
}

/** By kind and place. */
type ByPlace = ReadonlyMap<string, ReadonlyMap<string, CausesByTime>>

/** For a finding's position and a mechanism the positions of its possible causes. Findings must be ordered by start. */
export const indexCauses = (found: readonly Found[], timeline: Timeline): ((effect: number, mechanism: Mechanism) => readonly number[]) => {
  const most = Math.max(LEAST_LOOKED_AT, Math.min(MOST_LOOKED_AT, Math.floor(MOST_LOOKED_AT_IN_ALL / Math.max(1, found.length))))
  const mostNear = Math.min(MOST_NEAR, most)
  const ofKind = groupBy<string, number>(found.keys(), (at) => found[at]?.kind ?? null)
  const by = (keyOf: (one: Found) => string | null): ByPlace =>
    new Map(
      [...ofKind].map(([kind, all]) => {
        const groups = groupBy(all, (at) => {
          const one = found[at]
          return one === undefined ? null : keyOf(one)
        })
        return [kind, new Map([...groups].map(([key, list]) => [key, causesByTime(list, found)]))]
      }),
    )
  const byKind = new Map([...ofKind].map(([kind, all]) => [kind, causesByTime(all, found)]))
  /** Of the hundred kinds that mechanisms speak of, an outage has some twenty. */
  const causeKinds = once(({ cause }: Mechanism) => cause.filter((kind) => ofKind.has(kind)))
  const byPlace = new Map([...PLACES].map(([where, placed]) => [where, by(({ entity }) => placed(entity, timeline))]))
  const byEntity = byPlace.get('same-entity')
  // Looked up only where there are too many to look at all of them.
  const byNode = once(() => by((one) => nodeHinted(one, timeline)))

  const nearOnes = (kind: string, one: Found, effect: number, mechanism: Mechanism): readonly number[] => {
    const node = nodeHinted(one, timeline)
    const workload = timeline.topology.workloadOf(one.entity) ?? one.entity
    const entities = [one.entity, ...timeline.topology.serversOf(one.entity), ...(node === null ? [] : [node])]
    return [
      ...entities.flatMap((entity) => within(byEntity?.get(kind)?.get(entity), found, effect, mechanism, mostNear)),
      ...within(byPlace.get('same-workload')?.get(kind)?.get(workload), found, effect, mechanism, mostNear),
      ...(node === null ? [] : within(byNode(timeline).get(kind)?.get(node), found, effect, mechanism, mostNear)),
    ]
  }

  return (effect, mechanism) => {
    const one = found[effect]
    if (one === undefined) return []
    const placed = PLACES.get(mechanism.where)
    return causeKinds(mechanism).flatMap((kind) => {
      if (placed !== undefined) return within(byPlace.get(mechanism.where)?.get(kind)?.get(placed(one.entity, timeline)), found, effect, mechanism, most)
      const latest = within(byKind.get(kind), found, effect, mechanism, most)
      return latest.length < most ? latest : [...new Set([...latest, ...nearOnes(kind, one, effect, mechanism)])]
    })
  }
}

const causesByTime = (list: readonly number[], found: readonly Found[]): CausesByTime => {
  const isShort = (at: number): boolean => {
    const one = found[at]
    return one !== undefined && one.end !== null && one.end - one.start <= SHORT_MS
  }
  return { short: list.filter(isShort), lasting: list.filter((at) => !isShort(at)) }
}

/** Causes that can have led to the effect in time, of each list the latest. */
const within = (causes: CausesByTime | undefined, found: readonly Found[], effect: number, mechanism: Mechanism, most: number): readonly number[] => {
  const at = found[effect]?.start ?? 0
  const result: number[] = []
  if (causes === undefined) return result
  const maxMs = mechanism.lag.max * 1000
  for (const [list, reach] of [
    [causes.short, maxMs + SHORT_MS],
    [causes.lasting, LONGEST_MS],
  ] as const) {
    const latest = countWhile(list.length, (index) => (found[list[index] ?? 0]?.start ?? 0) <= at + MAX_SLACK_MS) - 1
    for (let index = latest; index >= 0 && index > latest - most; index--) {
      const cause = list[index] ?? 0
      const one = found[cause]
      if (one === undefined || cause === effect) continue
      if (at - one.start > reach) break
      // An ongoing cause can have its effect late; one that is over cannot.
      if (one.end === null || at - one.end <= maxMs || at - one.start <= maxMs) result.push(cause)
    }
  }
  return result
}
