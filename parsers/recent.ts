/** What was seen lately, in bounded memory: two generations, of which the older one is forgotten as a whole. Deleting the oldest entry of a Map one by one walks over all that were deleted before. */
export interface Recent<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

/** At least half as many as `most` are remembered, and never more; what is asked for stays. */
export const recent = <V>(most: number): Recent<V> => {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  const set = (key: string, value: V): void => {
    young.set(key, value)
    if (young.size < most / 2) return
    old = young
    young = new Map()
  }
  return {
    set,
    get(key) {
      const known = young.get(key)
      if (known !== undefined) return known
      const before = old.get(key)
      if (before !== undefined) set(key, before)
      return before
    },
  }
}
