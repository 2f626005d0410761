/** QUERIES.json: which expression each saved answer belongs to. Read once for each folder. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'

export const INDEX_NAME = 'QUERIES.json'
/** A larger file of that name is no index. */
export const MAX_INDEX_BYTES = 16 << 20

type Index = ReadonlyMap<string, string>

/** Only answers in a file of such a name are looked up. */
export const mayBeAnswer = (path: string): boolean => path.endsWith('.json')

export interface QueryIndexes {
  /** The expression behind a saved answer, from the index beside it or up to two folders above. */
  expressionOf(path: string): Promise<string | null>
  /** An index found on the way (in an archive). */
  learn(path: string, text: string): void
}

export const queryIndexes = (): QueryIndexes => {
  const known = new Map<string, Promise<Index | null>>()
  const indexOf = (folder: string): Promise<Index | null> => {
    let index = known.get(folder)
    if (index === undefined) known.set(folder, (index = read(join(folder, INDEX_NAME))))
    return index
  }
  return {
    async expressionOf(path) {
      if (!mayBeAnswer(path) || basename(path) === INDEX_NAME) return null
      let folder = dirname(path)
      for (let up = 0; up < 3; up++) {
        const index = await indexOf(folder)
        const query = index?.get(relative(folder, path)) ?? index?.get(basename(path))
        if (query !== undefined) return query
        const parent = dirname(folder)
        if (parent === folder) break
        folder = parent
      }
      return null
    },
    learn(path, text) {
      known.set(dirname(path), Promise.resolve(parse(text)))
    },
  }
}

const read = async (path: string): Promise<Index | null> => {
  try {
    if ((await stat(path)).size > MAX_INDEX_BYTES) return null
    return parse(await readFile(path, 'utf8'))
  } catch {
    return null // No index here: the answers stand for themselves.
  }
}

/** By path below the index's folder, and by file name. */
const parse = (text: string): Index | null => {
  let entries: unknown
  try {
    entries = JSON.parse(text.replace(/^\ufeff/u, ''))
  } catch {
    return null
  }
  if (!Array.isArray(entries)) return null
  const index = new Map<string, string>()
  for (const entry of entries as unknown[]) {
    if (typeof entry !== 'object' || entry === null || !('file' in entry) || !('query' in entry)) continue
    if (typeof entry.file !== 'string' || typeof entry.query !== 'string') continue
    const file = entry.file.replaceAll('\\', '/').replace(/^(?:\.\/)+/u, '')
    index.set(file, entry.query)
    if (!index.has(basename(file))) index.set(basename(file), entry.query)
  }
  return index
}
