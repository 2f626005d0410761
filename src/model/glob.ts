/** Globs over paths, as users write them for time zones and signatures. */

/** '*' stands for any characters, also slashes; '?' for one. A glob without a slash is matched against the end of the path. Linear in path × glob. */
export const matchesGlob = (path: string, glob: string): boolean => {
  const pattern = glob.startsWith('*') || glob.startsWith('/') ? glob : `*${glob}`
  let row = new Set([0])
  for (let g = 0; g < pattern.length; g++) {
    const next = new Set<number>()
    // Places are kept in ascending order. From the first on '*' reaches every other: looking from each of them would be quadratic.
    const [first] = row
    if (pattern[g] === '*' && first !== undefined) for (let to = first; to <= path.length; to++) next.add(to)
    else for (const at of row) if (at < path.length && (pattern[g] === '?' || pattern[g] === path[at])) next.add(at + 1)
    row = next
  }
  return row.has(path.length)
}
