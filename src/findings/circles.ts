/**
 * A deadlock is found deadlock_timeout (1 s) after its sessions began to wait for each other; with log_lock_waits each of them says in that moment that it waits. That
 * queue is the circle itself: https://www.postgresql.org/docs/current/runtime-config-locks.html#GUC-DEADLOCK-TIMEOUT
 */
import { byStart, WHOLE_SECOND_MS, type Found } from './finding.js'
import { ofKind } from './lookup.js'

const DEADLOCK_TIMEOUT_MS = 1_000
/** Two sessions are in most circles, and each says that it waits and that it was served; behind something else that holds a lock there are many more. */
const LINES_OF_EACH = 4

export const asCircles = (found: readonly Found[]): readonly Found[] => {
  const deadlocks = ofKind(found, 'postgres.deadlock')
  if (deadlocks.length === 0) return found
  const began = new Map<Found, number>()
  const queues = new Set<Found>()
  for (const queue of ofKind(found, 'postgres.lock-pileup')) {
    const circle = deadlocks.find(
      ({ entity, start, dose }) =>
        entity === queue.entity && Math.abs(start - queue.start) <= DEADLOCK_TIMEOUT_MS + 2 * WHOLE_SECOND_MS && queue.dose <= LINES_OF_EACH * dose,
    )
    if (circle === undefined) continue
    queues.add(queue)
    began.set(circle, Math.min(circle.start, Math.max(queue.start, circle.start - DEADLOCK_TIMEOUT_MS - WHOLE_SECOND_MS)))
  }
  if (queues.size === 0) return found
  const told = found.map((one) => {
    if (queues.has(one)) return { ...one, attributes: { ...one.attributes, circle: 'yes' } }
    const start = began.get(one)
    return start === undefined ? one : { ...one, start, slackMs: Math.max(one.slackMs, WHOLE_SECOND_MS) }
  })
  return told.sort(byStart)
}
