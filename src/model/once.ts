/** What is made out of something is made once, and gone with it. */
export const once = <Source extends object, Made>(make: (source: Source) => Made): ((source: Source) => Made) => {
  const made = new WeakMap<Source, Made>()
  return (source) => {
    const known = made.get(source)
    if (known !== undefined) return known
    const fresh = make(source)
    made.set(source, fresh)
    return fresh
  }
}
