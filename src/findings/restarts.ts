/** Servers that were stopped more than once: what each time led to is told by itself. */
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'

export interface Stop {
  readonly at: number
  /** The stop before it, of the same server, which had come back in between. */
  readonly before: number
}

/** Requests to stop a server that was back since the one before: a second word to a server that is still going down is none. */
export const stopsAgain = once(({ signals }: Timeline): readonly Stop[] => {
  const told = groupBy(signals, ({ kind, entity }) => (kind === 'postgres.shutdown' || kind === 'postgres.ready' ? entity : null))
  return [...told.values()].flatMap((ofOne) => {
    const stops: Stop[] = []
    let before = NaN
    let isBack = false
    for (const { kind, phase, at } of ofOne) {
      if (kind === 'postgres.ready') isBack = true
      else if (phase !== 'end') {
        if (isBack && !Number.isNaN(before)) stops.push({ at, before })
        before = at
        isBack = false
      }
    }
    return stops
  })
})

/** When servers were there again for everybody. */
export const readyAt = once(({ signals }: Timeline): readonly number[] => signals.flatMap(({ kind, at }) => (kind === 'postgres.ready' ? at : [])))

/** How long nothing failed before a stop, for what fails from then on to be its doing alone. */
export const CALM_BEFORE_STOP_MS = 20_000
