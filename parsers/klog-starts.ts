/** When containers of a pod last started, by places that the stride over a log's lines (klog-kernel.ts) writes to itself, as long as what it relies on holds. */
import { RUN } from './klog-tables.js'

export interface Starts {
  /** A place of its own; -1 where there is none left. */
  take(): number
  at(place: number): number
  set(place: number, ms: number): void
  /** From now on the lines of that hash may set it. */
  hold(place: number, hash: number): void
  /** Something has changed: such lines have to be looked at again. */
  letGo(place: number): void
  letAllGo(): void
}

/** Both are of the same bytes. */
export const startsIn = (times: Float64Array, words: Int32Array): Starts => {
  const perTime = RUN.size / 8
  const perWord = RUN.size / 4
  let taken = 1 // 0 stands for none
  const wordOf = (place: number): number => place * perWord + RUN.heldBy / 4
  return {
    take: () => (taken < RUN.most ? taken++ : -1),
    at: (place) => times[place * perTime] ?? NaN,
    set(place, ms) {
      times[place * perTime] = ms
    },
    hold(place, hash) {
      words[wordOf(place)] = hash
    },
    letGo(place) {
      words[wordOf(place)] = 0
    },
    letAllGo() {
      for (let place = 1; place < taken; place++) words[wordOf(place)] = 0
    },
  }
}
