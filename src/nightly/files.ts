/** Files of the out folder, whole or not at all, also when the power goes; and what the archive holds. */
import { createHash } from 'node:crypto'
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isS3, listObjects, objectPart, fetchObject } from '../storage/s3.js'
import { isClutter } from '../read/archive.js'

/** Writes through to the disk before the name changes hands. */
export const writeWhole = async (file: string, content: string | Uint8Array, mode?: number): Promise<void> => {
  const partial = `${file}.partial`
  if (mode !== undefined) await rm(partial, { force: true }) // one that is there already keeps its mode
  const handle = await open(partial, 'w', mode)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } catch (error) {
    await handle.close()
    await rm(partial, { force: true })
    throw error
  }
  await handle.close()
  await rename(partial, file)
}

/** The same, where it says something else than before: a run without news touches nothing. */
export const writeChanged = async (file: string, content: string, mode?: number): Promise<boolean> => {
  const before = await readFile(file, 'utf8').catch(() => null)
  if (before === content) return false
  await writeWhole(file, content, mode)
  return true
}

/** What tells one content from another without reading all of it. */
export interface Print {
  readonly size: number
  readonly head: string
  readonly tail: string
}

/** At either end of a file. */
const PRINT_BYTES = 65_536

/** Of the first `size` bytes; null where there are fewer. `part` gives the bytes from one place to another, null where there are none. */
const printWith = async (size: number, part: (from: number, to: number) => Promise<Buffer | null>): Promise<Print | null> => {
  const hashOf = async (from: number, to: number): Promise<string | null> => {
    const bytes = to === from ? Buffer.alloc(0) : await part(from, to)
    return bytes?.length === to - from ? createHash('sha256').update(bytes).digest('hex') : null
  }
  const head = await hashOf(0, Math.min(size, PRINT_BYTES))
  const tail = await hashOf(Math.max(0, size - PRINT_BYTES), size)
  return head === null || tail === null ? null : { size, head, tail }
}

/** Of the file's first `size` bytes; null where it has fewer. */
export const printOf = async (file: string, size: number): Promise<Print | null> => {
  const handle = await open(file, 'r')
  try {
    return await printWith(size, async (from, to) => {
      const bytes = Buffer.alloc(to - from)
      let at = 0
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, from + at)
        if (bytesRead === 0) return null
        at += bytesRead
      }
      return bytes
    })
  } finally {
    await handle.close()
  }
}

export interface Found {
  /** Below the archive, with '/'. */
  readonly path: string
  readonly size: number
  /** Object storage says by it that nothing has changed; null: one has to look. */
  readonly tag: string | null
  /** Of the first `size` bytes, which it still has or has not. */
  readonly printAt: (size: number) => Promise<Print | null>
  /** To be read from here; `done` when that is over. */
  readonly near: () => Promise<{ readonly file: string; readonly done: () => Promise<void> }>
}

const found = (path: string, file: string, size: number): Found => ({
  path,
  size,
  tag: null,
  printAt: (upTo) => printOf(file, upTo),
  near: () => Promise.resolve({ file, done: () => Promise.resolve() }),
})

/** The archive's files by path, as analyze would take them: no links, nothing that desktops leave. A file alone is an archive of one. */
export const listArchive = async (archive: string): Promise<readonly Found[]> => {
  if (isS3(archive)) return listBucket(archive)
  const root = await stat(archive)
  if (root.isFile()) return [found(archive.slice(archive.lastIndexOf('/') + 1), archive, root.size)]
  const all: Found[] = []
  const visit = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isSymbolicLink() || isClutter(entry.name)) continue
      const file = join(folder, entry.name)
      if (entry.isDirectory()) await visit(file, `${prefix}${entry.name}/`)
      else if (entry.isFile()) {
        // A file may go while we look.
        const size = await stat(file).then(
          (known) => known.size,
          () => null,
        )
        if (size !== null) all.push(found(`${prefix}${entry.name}`, file, size))
      }
    }
  }
  await visit(archive, '')
  return all.sort(byPath)
}

const listBucket = async (archive: string): Promise<readonly Found[]> => {
  const all = (await listObjects(archive)).filter(({ name }) => !name.split('/').some(isClutter))
  return all
    .map(({ name, size, tag, changed, url }): Found => ({
      path: name,
      size,
      tag,
      printAt: (upTo) => (upTo > size ? Promise.resolve(null) : printWith(upTo, (from, to) => objectPart(url, from, to))),
      near: () => fetchObject(url, changed),
    }))
    .sort(byPath)
}

const byPath = (a: Found, b: Found): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
