/**
 * Somebody takes away what makes trouble: a workload that is scaled to nothing after its pods were in trouble was not changed, that was the answer to it; and so
 * is a rollout in the place of one whose pods were in trouble before it was through.
 */
import type { Entity } from '../model/entity.js'
import { addTo } from '../model/lists.js'
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
  'pod.unready',
]
/** Trouble of long before is not what somebody answers now. */
const ANSWERED_MS = 30 * 60_000

export const takenDown = (found: readonly Found[], { topology }: Timeline): readonly Found[] => {
  const isTakenDown = ({ kind, role, attributes }: Found): boolean =>
    role === undefined &&
    ((kind === 'change.scaled' && attributes['to'] === 0) ||
      (kind === 'change.deployed' && (attributes['replaces'] === 'yes' || Number(attributes['round'] ?? 1) > 1)))
  if (!found.some(isTakenDown)) return found
  const troubles = new Map<Entity, number[]>()
  for (const { entity, start } of TROUBLES.flatMap((kind) => ofKind(found, kind))) {
    const workload = topology.workloadOf(entity)
    if (workload !== null) addTo(troubles, workload, start)
  }
  const wasInTrouble = (workload: Entity, at: number): boolean => troubles.get(workload)?.some((start) => start < at && at - start <= ANSWERED_MS) === true
  return found.map((one) => (isTakenDown(one) && wasInTrouble(one.entity, one.start) ? { ...one, role: 'response' } : one))
}
