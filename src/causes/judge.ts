/** How a relation is judged, and what all judges share. */
import { typeOf, type Entity } from '../model/entity.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'

/** 1 where two findings stand as a relation asks, 0 where they do not. */
export type Judge = (cause: Found, effect: Found, timeline: Timeline) => number

/** What is not known is neither near nor far. */
export const UNKNOWN = 0.4
export const FAR = 0

/** What servers of a type are called. */
export const WORDS: Readonly<Record<string, RegExp>> = { postgres: /postgres|pgsql|(?:^|[^a-z])pg(?:[^a-z]|$)|psql/iu, redis: /redis|sentinel|valkey/iu }

export const workloadOf = (entity: Entity, timeline: Timeline): Entity | null => (typeOf(entity) === 'workload' ? entity : timeline.topology.workloadOf(entity))
