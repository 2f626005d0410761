/** What several inputs say in the same words of the same moment was said once: a server that writes its log in three forms, a journal beside the files it was made of. */
import type { Attributes } from '../model/extract.js'
import type { TimedSignal } from './timed.js'

/** Where thousands stand in one moment, nobody looks which of them are the same. */
const MOST_COMPARED = 64

/** Signals, in their order, without those that another input has too: as many are kept as any one input has. */
export const withoutCopies = (signals: readonly TimedSignal[]): readonly TimedSignal[] => {
  const kept: TimedSignal[] = []
  /** Where those of one moment, kind and entity begin. */
  let from = 0
  /** Whose the signal before was, and which of the others' are its copies already. */
  let input = ''
  const taken = new Set<number>()
  for (const signal of signals) {
    const first = kept[from]
    if (first === undefined || first.at !== signal.at || first.kind !== signal.kind || first.entity !== signal.entity) from = kept.length
    if (signal.input !== input || from === kept.length) taken.clear()
    input = signal.input
    let same = from
    const end = Math.min(kept.length, from + MOST_COMPARED)
    while (same < end && (taken.has(same) || !isOriginal(kept[same], signal))) same++
    const original = same < end ? kept[same] : undefined
    if (original === undefined) {
      kept.push(signal)
      continue
    }
    taken.add(same)
    // Both are evidence, and one of them may name more than the other.
    kept[same] = { ...original, attributes: { ...signal.attributes, ...original.attributes }, evidence: [...original.evidence, ...signal.evidence] }
  }
  return kept
}

const isOriginal = (one: TimedSignal | undefined, copy: TimedSignal): boolean => one !== undefined && one.input !== copy.input && isCopy(one, copy)

const isCopy = (a: TimedSignal, b: TimedSignal): boolean =>
  a.phase === b.phase && a.until === b.until && a.count === b.count && isCompatible(a.attributes, b.attributes)

const isCompatible = (a: Attributes, b: Attributes): boolean => Object.keys(a).every((key) => !(key in b) || a[key] === b[key])
