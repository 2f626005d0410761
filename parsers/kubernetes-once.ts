/** An object is listed again and again, in watches and snapshots: what it says is said once. */
import type { SignalDraft, Sink } from '../src/model/format.js'
import { recent } from './recent.js'

/** More than this is forgotten, oldest first; what is said twice then folds in the sink or later. */
const REMEMBERED = 200_000

export interface Once {
  /** True the first time. */
  said(what: string): boolean
  /** Gives the signal unless one of this kind, entity, phase, time and burst was given. */
  signal(draft: SignalDraft): void
}

export const onceOn = (sink: Sink): Once => {
  const known = recent<true>(REMEMBERED)
  const said = (what: string): boolean => {
    if (known.get(what) === true) return false
    known.set(what, true)
    return true
  }
  return {
    said,
    signal(draft) {
      if (said(`${draft.kind}\n${draft.entity}\n${draft.phase ?? 'point'}\n${draft.at.ms}\n${draft.burst ?? ''}`)) sink.signal(draft)
    },
  }
}
