/** As many texts are remembered with what became of them: times, kinds and names come again and again. */
const MOST_KNOWN = 20_000

/**
 * The same value with `change` made to every string in it, but for those under a key of `kept`. What holds nothing that changes is not copied: a post-mortem of
 * hundreds of incidents is large, and hardly a string of it changes.
 */
export const changeStrings = <T>(value: T, change: (text: string) => string, kept?: string): T => {
  const known = new Map<string, string>()
  const changed = (text: string): string => {
    let other = known.get(text)
    if (other === undefined) {
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(text, (other = change(text)))
    }
    return other
  }
  const list = (from: readonly unknown[]): readonly unknown[] => {
    let copy: unknown[] | null = null
    for (let at = 0; at < from.length; at++) {
      const item = from[at]
      if (typeof item === 'number') continue
      const other = deep(item)
      if (other !== item) (copy ??= [...from])[at] = other
    }
    return copy ?? from
  }
  const deep = (from: unknown): unknown => {
    if (typeof from === 'string') return changed(from)
    if (typeof from !== 'object' || from === null || ArrayBuffer.isView(from)) return from
    if (Array.isArray(from)) return list(from)
    const entries: [string, unknown][] = Object.entries(from)
    let same = true
    for (const entry of entries) {
      const [key, item] = entry
      if (typeof item === 'number' || key === kept) continue
      const other = deep(item)
      if (other === item) continue
      entry[1] = other
      same = false
    }
    return same ? from : Object.fromEntries(entries)
  }
  return deep(value) as T // the shape is kept: only strings are replaced, by strings
}
