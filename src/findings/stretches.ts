/** Signals as intervals: begin and end open and close, points within the kind's gap are one stretch. */
import { isFindingKind, type FindingKind } from '../model/vocabulary.js'
import type { TimedSignal } from '../timeline/timeline.js'

/** From when to when something was so, as its signals tell it. */
export interface Stretch {
  readonly start: number
  readonly end: number | null
  readonly last: number
  readonly count: number
  readonly signals: readonly TimedSignal[]
}

const MINUTE = 60_000
/** A rejected certificate stays rejected until somebody replaces it: silence between two such lines is a thinned or rotated log, not a recovery. */
const UNTIL_REPLACED_MS = 8 * 24 * 60 * MINUTE
/** Credentials that are refused stay refused until somebody renews them or the kubelet does, which takes more than the next try. */
const UNTIL_RENEWED_MS = 20 * MINUTE

/** Who sets a number of replicas, and sets it back, may well do the same again some minutes later. */
const SET_AGAIN_MS = 30_000

/** Processors that were free for longer were full twice. */
export const BUSY_AGAIN_MS = 30_000

/** What stays so however long nobody says it again; null where the kind has no such gap of its own. */
export const lastingGap = (kind: FindingKind, reason: unknown): number | null => {
  if (kind === 'node.certificate-expired') return UNTIL_REPLACED_MS
  if (kind === 'change.scaled') return SET_AGAIN_MS
  if (kind === 'node.cpu-saturated') return BUSY_AGAIN_MS
  if (kind !== 'node.heartbeat-missed') return null
  return reason === 'certificate' ? UNTIL_REPLACED_MS : reason === 'unauthorized' ? UNTIL_RENEWED_MS : null
}
const gapBefore = ({ kind, attributes }: TimedSignal, policy: { readonly gapMs: number }): number =>
  (isFindingKind(kind) ? lastingGap(kind, attributes['reason']) : null) ?? policy.gapMs

interface Open {
  start: number
  last: number
  count: number
  signals: TimedSignal[]
  held: boolean
}

/** A probe that failed every five seconds and then for half a minute not once went well, also where the pod is taken away then. */
const untilGone = ({ start, last, count, signals, held }: Open, goneAt: number): number => {
  if (held) return goneAt
  const isProbed = signals.every(({ kind }) => kind === 'pod.unready') && count > 1
  return isProbed && goneAt - last > MISSED_PROBES * ((last - start) / (count - 1)) + PROBED_MS ? last : goneAt
}
const MISSED_PROBES = 3
const PROBED_MS = 10_000

export const stretchesOf = (signals: readonly TimedSignal[], policy: { readonly gapMs: number }, gone: readonly number[]): Stretch[] => {
  const found: Stretch[] = []
  let open: Open | null = null
  let ended = -Infinity
  const close = (end: number | null): void => {
    if (open !== null) found.push({ start: open.start, end, last: open.last, count: open.count, signals: open.signals })
    open = null
  }
  const extend = (signal: TimedSignal, held: boolean): void => {
    if (open !== null && !open.held && signal.at - open.last > gapBefore(signal, policy)) close(open.last)
    open ??= { start: signal.at, last: signal.at, count: 0, signals: [], held: false }
    open.count += signal.count
    open.last = Math.max(open.last, signal.until)
    open.signals.push(signal)
    open.held ||= held
  }
  for (const signal of signals) {
    const start = open === null ? Infinity : (open as Open).start
    const goneAt = gone.find((at) => at >= start && at < signal.at)
    if (goneAt !== undefined && open !== null) close(untilGone(open, goneAt))
    // Times of whole seconds: what began with the pod and was over in the same second is told in either order.
    if (signal.phase === 'begin' && signal.attributes['reason'] === 'starting' && ended === signal.at) continue
    if (signal.phase === 'begin') extend(signal, true)
    else if (signal.phase === 'end') {
      ended = signal.at
      if (open !== null) {
        const { signals: mine } = open as Open
        mine.push(signal)
        close(signal.at)
      }
    } else extend(signal, false)
  }
  if (open !== null) {
    const { start, held, last } = open as Open
    const goneAt = gone.find((at) => at >= start)
    close(goneAt === undefined ? (held ? null : last) : untilGone(open, goneAt))
  }
  return found
}
