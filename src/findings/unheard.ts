/**
 * What a kubelet says of its node while the API server takes nothing from it: it believes the node Ready, and the control plane goes on holding it NotReady.
 * The kubelet logs "NodeReady" when it prepares its next status, before it is refused; the event of it is not accepted either.
 */
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { signalsOf } from './lookup.js'

/** Where every request fails. A time-out may take the lease and let the status through. */
const CUT_OFF: ReadonlySet<unknown> = new Set(['unauthorized', 'certificate', 'refused', 'no-route', 'dns'])
/** A kubelet tries its lease every 10 s, and logs are thinned. */
const NEXT_TRY_MS = 30_000
/** Lines of one moment have no order between files. */
const SAME_MOMENT_MS = 5_000

export const isUnheard = ({ kind, phase, entity, at }: TimedSignal, timeline: Timeline): boolean => {
  if (kind !== 'node.not-ready' || phase !== 'end') return false
  const failed = signalsOf(timeline, entity).filter((one) => one.kind === 'node.heartbeat-missed' && CUT_OFF.has(one.attributes['reason']))
  return (
    failed.some((one) => one.at <= at && one.until > at - NEXT_TRY_MS) && failed.some((one) => one.until > at + SAME_MOMENT_MS && one.at < at + NEXT_TRY_MS)
  )
}
