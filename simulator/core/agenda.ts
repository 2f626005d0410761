/** What happens when: a queue of things to do, worked off in the order of time. */

export interface Agenda {
  readonly now: number
  at(ms: number, act: () => void): void
  after(delayMs: number, act: () => void): void
  /** Again and again, until it returns false. */
  every(periodMs: number, act: () => boolean | undefined, firstInMs?: number): void
  runUntil(ms: number): void
}

export const agenda = (startMs: number): Agenda => {
  // A binary heap by time, then by order of entry: equal times keep their order.
  const heap: { ms: number; order: number; act: () => void }[] = []
  let entered = 0
  let now = startMs

  const before = (a: number, b: number): boolean => {
    const x = heap[a]
    const y = heap[b]
    return x !== undefined && y !== undefined && (x.ms < y.ms || (x.ms === y.ms && x.order < y.order))
  }
  const swap = (a: number, b: number): void => {
    const x = heap[a]
    const y = heap[b]
    if (x && y) [heap[a], heap[b]] = [y, x]
  }
  const at = (ms: number, act: () => void): void => {
    let i = heap.push({ ms: Math.max(ms, now), order: entered++, act }) - 1
    for (let parent = (i - 1) >> 1; i > 0 && before(i, parent); i = parent, parent = (i - 1) >> 1) swap(i, parent)
  }
  const take = (): (() => void) | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last) return undefined
    if (heap.length > 0) {
      heap[0] = last
      for (let i = 0; ;) {
        let least = i
        if (before(2 * i + 1, least)) least = 2 * i + 1
        if (before(2 * i + 2, least)) least = 2 * i + 2
        if (least === i) break
        swap(i, least)
        i = least
      }
    }
    now = first.ms
    return first.act
  }

  return {
    get now() {
      return now
    },
    at,
    after: (delayMs, act) => at(now + delayMs, act),
    every(periodMs, act, firstInMs = periodMs) {
      const again = (): void => {
        if (act() !== false) at(now + periodMs, again)
      }
      at(now + firstInMs, again)
    },
    runUntil(ms) {
      for (let next = heap[0]; next && next.ms <= ms; next = heap[0]) take()?.()
      now = ms
    },
  }
}
