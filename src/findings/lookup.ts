/** Findings and signals by what they are about: detectors ask for them per node, pod and workload, and a large dump has many of each. */
import { typeOf, type Entity } from '../model/entity.js'
import { addTo, groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { FindingKind } from '../model/vocabulary.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'

const NONE: readonly never[] = []

const byKindAndEntity = once((found: readonly Found[]) => {
  const map = new Map<string, Found[]>()
  for (const one of found) {
    addTo(map, one.kind, one)
    addTo(map, `${one.kind} ${one.entity}`, one)
  }
  return map
})

/** Findings of one kind, of one entity if it is given, in their order. */
export const ofKind = (found: readonly Found[], kind: FindingKind, entity?: Entity): readonly Found[] =>
  byKindAndEntity(found).get(entity === undefined ? kind : `${kind} ${entity}`) ?? NONE

const byEntity = once(({ signals }: Timeline) => groupBy(signals, (signal) => signal.entity))

export const countNodes = ({ names }: Pick<Timeline, 'names'>): number => [...names.nodes].filter((entity) => typeOf(entity) === 'node').length

/** All signals of one entity, by time. */
export const signalsOf = (timeline: Timeline, entity: Entity): readonly TimedSignal[] => byEntity(timeline).get(entity) ?? NONE

const byNode = once(({ topology }: Timeline) => {
  const map = new Map<Entity, Entity[]>()
  for (const pod of topology.pods) for (const node of new Set(topology.placements(pod).map((place) => place.node))) addTo(map, node, pod)
  return map
})

/** Pods that were ever placed on a node. */
export const podsEverOn = (timeline: Timeline, node: Entity): readonly Entity[] => byNode(timeline).get(node) ?? NONE
