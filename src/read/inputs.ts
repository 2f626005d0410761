/** Finds what to read: files, directories, stdin; takes gzip off. The content decides, never the name. */
import { createReadStream, type Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { InputContext } from '../model/format.js'
import { pod } from '../model/entity.js'
import type { Source } from './extract-input.js'

export const CHUNK_BYTES = 1 << 20

/** An input that could not be read at all. */
export interface Unreadable {
  readonly path: string
  readonly reason: string
}

export interface Inputs {
  readonly sources: readonly Source[]
  readonly unreadable: readonly Unreadable[]
  /** Bytes on disk of all sources; for the progress bar. */
  readonly totalBytes: number
}

export const findInputs = async (paths: readonly string[]): Promise<Inputs> => {
  const sources: Source[] = []
  const unreadable: Unreadable[] = []
  let totalBytes = 0
  const visit = async (path: string, name: string): Promise<void> => {
    try {
      if (path === '-') {
        sources.push(fromStream(name))
        return
      }
      const found = await stat(path)
      if (found.isDirectory()) {
        const entries = (await readdir(path, { withFileTypes: true })).sort(byName)
        if (entries.length === 0) unreadable.push({ path: name, reason: 'the directory is empty' })
        for (const entry of entries) if (!entry.isSymbolicLink()) await visit(join(path, entry.name), `${name.replace(/\/+$/u, '')}/${entry.name}`)
      } else if (found.isFile()) {
        totalBytes += found.size
        sources.push(await fromFile(path, name, found.mtimeMs))
      } else unreadable.push({ path: name, reason: 'neither a file nor a directory' })
    } catch (error) {
      unreadable.push({ path: name, reason: reasonOf(error) })
    }
  }
  for (const path of paths) await visit(path, path)
  return { sources, unreadable, totalBytes }
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return 'there is no such file or directory'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it'
  return error instanceof Error ? error.message : String(error)
}

const fromStream = (name: string): Source => ({
  path: name,
  wrapping: [],
  changedMs: null,
  context: { path: name, pod: null, container: null, expression: null },
  chunks: () => process.stdin as AsyncIterable<Buffer>, // no encoding is set on stdin, so its chunks are buffers
})

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

const fromFile = async (path: string, name: string, changedMs: number): Promise<Source> => {
  const gzip = (await firstBytes(path, 2)).equals(GZIP_MAGIC)
  return {
    path: name,
    wrapping: gzip ? ['gzip'] : [],
    changedMs,
    context: await contextOf(path),
    chunks() {
      const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES })
      if (!gzip) return raw as AsyncIterable<Buffer> // no encoding is set, so the chunks are buffers
      const plain = createGunzip({ chunkSize: CHUNK_BYTES })
      raw.on('error', (error) => plain.destroy(error))
      return raw.pipe(plain) as AsyncIterable<Buffer>
    },
  }
}

const firstBytes = async (path: string, count: number): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path, { end: count - 1 }) as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** …/pods/<namespace>_<pod>_<uid>/<container>/0.log: the layout of /var/log/pods. */
const POD_LOG = /(?:^|\/)([a-z0-9-]+)_([a-z0-9.-]+)_[0-9a-f-]{8,36}\/([^/]+)\/\d+\.log[^/]*$/u

const contextOf = async (path: string): Promise<InputContext> => {
  const match = POD_LOG.exec(path)
  return {
    path,
    pod: match ? pod(match[1] ?? '-', match[2] ?? '-') : null,
    container: match?.[3] ?? null,
    expression: await expressionOf(path),
  }
}

/** The query behind a saved answer, from the QUERIES.json beside it or one folder up. */
const expressionOf = async (path: string): Promise<string | null> => {
  if (!path.endsWith('.json')) return null
  for (const folder of [dirname(path), dirname(dirname(path))]) {
    try {
      const index: unknown = JSON.parse(await readFile(join(folder, 'QUERIES.json'), 'utf8'))
      if (!Array.isArray(index)) continue
      for (const entry of index as unknown[]) {
        if (typeof entry !== 'object' || entry === null || !('file' in entry) || !('query' in entry)) continue
        if (basename(String(entry.file)) === basename(path)) return String(entry.query)
      }
    } catch {
      // No index here: the answers stand for themselves.
    }
  }
  return null
}
