/** Where an entity stands, and whether two findings are of one machine. */
import { nameOf, namespaceOf, shortName, typeOf, type Entity } from '../model/entity.js'
import { once } from '../model/once.js'
import { WHOLE_SECOND_MS, type Found } from '../findings/finding.js'
import { nodeOfLabels, nodeOfPostgres } from '../findings/measures.js'
import type { Timeline } from '../timeline/timeline.js'
import { FAR, UNKNOWN, WORDS, type Judge } from './judge.js'

/** The node on which an entity lives at a moment; null where nothing tells. */
export const placeOf = (entity: Entity, at: number, timeline: Timeline): Entity | null => {
  const { topology } = timeline
  switch (typeOf(entity)) {
    case 'node':
      return entity
    case 'pod':
      return topology.nodeOf(entity, at)
    case 'target':
      return topology.nodeAt(shortName(entity))
    case 'process': {
      const host = nameOf(entity).split('/')[0] ?? '-'
      return host === '-' ? null : topology.nodeAt(host)
    }
    case 'postgres':
    case 'redis':
    case 'service': {
      const scraped = typeOf(entity) === 'postgres' ? nodeOfPostgres(entity, timeline) : null
      if (scraped !== null) return scraped
      for (const by of topology.runsAs(entity)) {
        const place = placeOf(by, at, timeline)
        if (place !== null) return place
      }
      return typeOf(entity) === 'service' ? null : placeByName(typeOf(entity), at, timeline)
    }
    default:
      return null
  }
}

/** Called after a server, and not the server. */
export const SATELLITE = /exporter|operator|backup|bouncer|pool|proxy|admin|sentinel/u

/** A server that nobody calls by its pod is the pod that is called after it: the one that was placed last, where they were not in two places at once. */
const placeByName = (type: string, at: number, timeline: Timeline): Entity | null => {
  const { topology } = timeline
  let latest = -Infinity
  const places = new Set<Entity>()
  const later = new Set<Entity>()
  for (const pod of podsNamedAfter(type, timeline)) {
    const placements = topology.placements(pod)
    for (const { node, from } of placements) {
      if (from > at || from < latest) continue
      if (from > latest) places.clear()
      latest = from
      places.add(node)
    }
    // First seen later, and not because it was placed then: it was there before.
    const [first] = placements
    if (first !== undefined && first.from > at && !((placedFirst(timeline).get(pod) ?? NaN) < first.from + WHOLE_SECOND_MS)) later.add(first.node)
  }
  const found = places.size > 0 ? places : later
  const [only] = found
  return found.size === 1 && only !== undefined ? only : null
}

const podsNamedAfter = (type: string, timeline: Timeline): readonly Entity[] => serverPods(timeline).get(type) ?? []
const serverPods = once(
  ({ topology }: Timeline) =>
    new Map(
      Object.entries(WORDS).map(([type, words]) => [
        type,
        topology.pods.filter((pod) => {
          const owner = topology.workloadOf(pod)
          const name = owner === null ? '' : shortName(owner)
          return words.test(name) && !SATELLITE.test(name)
        }),
      ]),
    ),
)

/** When pods were first said to be placed. An object that was read says it of the time of reading. */
export const placedFirst = once(
  ({ signals }: Timeline) => new Map([...signals].reverse().flatMap(({ kind, entity, at }) => (kind === 'pod.scheduled' ? [[entity, at] as const] : []))),
)

/** The machine a finding is about or stands on. */
export const nodeHinted = (found: Found, timeline: Timeline): Entity | null => {
  const hint = found.attributes['node']
  if (typeof hint === 'string') return timeline.topology.nodeAt(hint) ?? `node/${hint}`
  return placeOf(found.entity, found.start, timeline) ?? (found.attributes['probed'] === 'postgres' ? onlyPostgresOn(timeline) : null)
}

/** What was probed is a Postgres server, by whatever name: the machine on which the only ones are that are scraped. */
const onlyPostgresOn = once((timeline: Timeline): Entity | null => {
  const on = new Set(timeline.series.flatMap(({ name, labels }) => (name.startsWith('pg_') ? (nodeOfLabels(labels, timeline) ?? []) : [])))
  const [only] = on
  return on.size === 1 && only !== undefined ? only : null
})

export const sameNode: Judge = (cause, effect, timeline) => {
  // What the control plane refuses to all who come may have been refused to this one.
  if (cause.entity === 'cluster') return 0.85
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  if (a === null || b === null) return timeline.names.nodes.size <= 1 ? 0.6 : 0.25
  return a === b ? 1 : elsewhere(a, b, timeline)
}

/** Two names are two machines where one source names both; otherwise they may be one. */
const elsewhere = (a: Entity, b: Entity, timeline: Timeline): number => (timeline.names.comparable(a, b) ? FAR : UNKNOWN)

/** Node and pod, node and server: the same machine where it is known; a single server in the dump stands on the machine that is in trouble, perhaps. */
export const samePlace: Judge = (cause, effect, timeline) => {
  if (cause.entity === effect.entity) return 1
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  if (a !== null && b !== null) return a === b ? 1 : Math.min(elsewhere(a, b, timeline) * 2, 0.75)
  // The kernel names the process that it killed.
  if (WORDS[typeOf(effect.entity)]?.test(String(cause.attributes['process'] ?? '')) === true) return 0.75
  return timeline.names.nodes.size <= 2 ? 0.75 : UNKNOWN
}

/** The one container, as two sources name it: by pod, or by no more than the machine it ran on. */
export const sameContainer: Judge = (cause, effect, timeline) => {
  if (cause.entity === effect.entity) return 1
  const unnamed = (entity: Entity): boolean => typeOf(entity) !== 'pod' || namespaceOf(entity) === '-'
  if (!unnamed(cause.entity) && !unnamed(effect.entity)) return FAR
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  return a !== null && b !== null && a !== b ? elsewhere(a, b, timeline) : 0.7
}
