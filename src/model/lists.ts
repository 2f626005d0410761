/** Lists by what they are about, and places in ordered ones. */

export const addTo = <Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void => {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

export const addToSet = <Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void => {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}

/** In the order in which each key comes first; those without a key (null) are left out. */
export const groupBy = <Key, Value>(values: Iterable<Value>, keyOf: (value: Value) => Key | null): ReadonlyMap<Key, readonly Value[]> => {
  const groups = new Map<Key, Value[]>()
  for (const value of values) {
    const key = keyOf(value)
    if (key !== null) addTo(groups, key, value)
  }
  return groups
}

/** How many of the first indices hold, by halving: those that hold must all come before those that do not. */
export const countWhile = (length: number, holds: (index: number) => boolean): number => {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/** Moves, for each entry, that are cheaper than sorting them all. */
const MOVES_EACH = 8

/**
 * The places of the first `size` times in the order of their times; of one moment, as they stand. Lines are written nearly in order: each is carried to its place
 * past the few that are later, and only where those are many all of them are sorted.
 */
export const timeOrder = (times: Float64Array, size: number): Int32Array => {
  const order = new Int32Array(size)
  let moves = MOVES_EACH * size
  for (let place = 0; place < size && moves >= 0; place++) {
    const ms = times[place] ?? NaN
    let at = place
    for (let before = order[at - 1] ?? 0; at > 0 && (times[before] ?? NaN) > ms && moves-- > 0; before = order[at - 1] ?? 0) order[at--] = before
    order[at] = place
  }
  return moves >= 0 ? order : order.map((_, place) => place).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
}
