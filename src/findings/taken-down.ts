/** Somebody takes away what makes trouble: a workload that is scaled to nothing after its pods were in trouble was not changed, that was the answer to it. */
import type { Entity } from '../model/entity.js'
import type { FindingKind } from '../model/vocabulary.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { ofKind } from './lookup.js'

const TROUBLES: readonly FindingKind[] = [
  'pod.memory-growing',
  'pod.cpu-hungry',
  'pod.crash-looping',
  'pod.oom-killed',
  'pod.evicted',
  'pod.image-pull-failed',
  'pod.stuck',
]
/** Trouble of long before is not what somebody answers now. */
const ANSWERED_MS = 30 * 60_000

export const takenDown = (found: readonly Found[], timeline: Timeline): readonly Found[] =>
  found.map((one) =>
    one.kind === 'change.scaled' && one.role === undefined && one.attributes['to'] === 0 && wasInTrouble(one.entity, one.start, found, timeline)
      ? { ...one, role: 'response' }
      : one,
  )

const wasInTrouble = (workload: Entity, at: number, found: readonly Found[], { topology }: Timeline): boolean =>
  TROUBLES.some((kind) => ofKind(found, kind).some(({ entity, start }) => start < at && at - start <= ANSWERED_MS && topology.workloadOf(entity) === workload))
