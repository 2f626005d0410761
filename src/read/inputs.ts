/** Finds what to read: files, folders, archives, a stream. The content decides, never the name. */
import { createReadStream, type Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isClutter, listArchive, notRead, tooMany, walkOf, type Listing, type Open, type Run } from './archive.js'
import { contextOf } from './context.js'
import { CHUNK_BYTES } from './decoders.js'
import { close, gauged, peel, replay, unpacked, type Bytes, type Kind } from './decompress.js'
import type { Source } from './extract-input.js'
import type { InPlace } from './in-place.js'
import { allow, gaugeOf, usualLimits, type Gauge, type Limits } from './limits.js'
import { fileBytes, fileChunks } from './plain-file.js'
import { queryIndexes } from './query-index.js'
import { joinBlocks } from './tsdb-block.js'

/** An archive that comes as a stream is kept in memory, since it is read twice; a larger one has to come as a file. */
const MAX_STREAMED_ARCHIVE = 512 << 20
/** What a log is compressed to, roughly: only for the progress bar. */
const USUAL_RATIO = 12
const PEEK_BYTES = 65_536

/** An input that could not be read at all. */
export interface Unreadable {
  readonly path: string
  readonly reason: string
}

/** What `faultline extract` wrote: bytes that were read already. */
export interface Saved {
  readonly path: string
  chunks(): Bytes
}

export interface Inputs {
  readonly sources: readonly Source[]
  readonly saved: readonly Saved[]
  readonly unreadable: readonly Unreadable[]
  /** How many bytes the sources will give, roughly; for the progress bar. */
  readonly totalBytes: number
}

/** Where to look, and under what name to tell of it. */
export interface Named {
  readonly path: string
  readonly name: string
}

/**
 * Everything under these paths. `wanted` leaves out files (archives as a whole) by their name, unopened; `inPlace` reads what is found in archives as it is found.
 * Never throws: what cannot be read is told.
 */
export const findInputs = async (
  paths: readonly (string | Named)[],
  wanted: (name: string) => boolean = () => true,
  limits: Limits = usualLimits,
  inPlace: InPlace | null = null,
): Promise<Inputs> => {
  const allowance = allow(limits)
  const sources: Source[] = []
  const saved: Saved[] = []
  const unreadable: Unreadable[] = []
  const indexes = queryIndexes()
  const run: Run = { indexes, allowance, inPlace, parking: { idle: null } }
  const seen = new Set<string>()
  let totalBytes = 0
  let full = false

  const room = (): number => limits.maxMembers - sources.length

  const addMembers = async ({ members, unreadable: unread }: Listing): Promise<void> => {
    unreadable.push(...unread)
    for (const { path, size, ...member } of members) {
      totalBytes += isArchive(member.wrapping.at(-1)) ? size : size * USUAL_RATIO
      sources.push({ ...member, path, context: contextOf(path, await indexes.expressionOf(path)) })
    }
  }

  const addFile = async (path: string, name: string, size: number, changedMs: number): Promise<void> => {
    if (room() <= 0) {
      // Said once.
      if (!full) unreadable.push({ path: name, reason: tooMany(allowance) })
      full = true
      return
    }
    const read = (gauge: Gauge, most: number): Bytes => gauged(fileBytes(path, most), gauge)
    const known = gaugeOf(allowance)
    const { layers, kind, bytes } = await peel(read(known, PEEK_BYTES), known)
    try {
      const reason = notRead(kind)
      if (reason !== null) {
        unreadable.push({ path: name, reason })
        return
      }
      const chunks = (): Bytes => {
        const gauge = gaugeOf(allowance)
        return unpacked(read(gauge, CHUNK_BYTES), layers, gauge)
      }
      if (kind === 'extract') {
        saved.push({ path: name, chunks })
        return
      }
      const open = await opener(path, kind, layers, chunks)
      if (open !== null) {
        inPlace?.expect(totalBytes + (layers.length > 0 ? size * USUAL_RATIO : size))
        await addMembers(await listArchive({ path: name, walk: await open(), open, kind, wrapping: [...layers, kind] }, run, room()))
        return
      }
      if (layers.length > 0) allowance.packed++
      totalBytes += layers.length > 0 ? size * USUAL_RATIO : size
      const context = contextOf(name, await indexes.expressionOf(path))
      if (layers.length > 0) sources.push({ path: name, wrapping: layers, changedMs, context, chunks })
      else sources.push({ path: name, wrapping: layers, changedMs, context, plain: { file: path, size }, chunks: () => fileChunks(path) })
    } finally {
      await close(bytes)
    }
  }

  /** How to walk through the archive; null where it is none. A zip that is not packed itself is read by its table of contents. */
  const opener = async (path: string, kind: Kind, layers: readonly string[], chunks: () => Bytes): Promise<Open | null> => {
    if (kind === 'zip' && layers.length === 0) {
      const { hasContents, walkZipFile } = await import('./zip-file.js') // loaded where there is a zip archive
      if (await hasContents(path, allowance)) return () => walkZipFile(path, allowance)
    }
    return walkOf(kind, chunks, allowance)
  }

  const addStream = async (stream: Bytes, name: string): Promise<void> => {
    const gauge = gaugeOf(allowance)
    const { layers, kind, bytes } = await peel(gauged(stream, gauge), gauge)
    const reason = notRead(kind)
    if (reason !== null) {
      await close(bytes)
      unreadable.push({ path: name, reason })
    } else if (isArchive(kind)) {
      const kept = await keep(bytes)
      const open = kept === null ? null : walkOf(kind, () => replay(kept), allowance)
      if (open === null) {
        unreadable.push({ path: name, reason: `an archive of more than ${MAX_STREAMED_ARCHIVE >> 20} MiB in a stream: save it to a file and give that` })
        return
      }
      await addMembers(await listArchive({ path: name, walk: await open(), open, kind, wrapping: [...layers, kind] }, { ...run, inPlace: null }, room()))
    } else if (kind === 'extract') saved.push({ path: name, chunks: () => bytes })
    else sources.push({ path: name, wrapping: layers, changedMs: null, context: contextOf(name), once: true, chunks: () => bytes })
  }

  /** True where something was found to read, or to complain about. */
  const visit = async (path: string, name: string, given: boolean): Promise<boolean> => {
    try {
      if (given && path === '-') {
        await addStream(process.stdin as Bytes, name) // no encoding is set on stdin, so its chunks are buffers
        return true
      }
      const real = resolve(path)
      if (seen.has(real)) return true
      seen.add(real)
      const found = await stat(path)
      if (found.isDirectory()) {
        const some = await visitFolder(path, name)
        if (given && !some) unreadable.push({ path: name, reason: 'no file in the folder (links in it are not followed)' })
        return some
      }
      if (found.isFile()) {
        if (wanted(name)) await addFile(path, name, found.size, found.mtimeMs)
      } else if (given && (found.isFIFO() || found.isCharacterDevice()))
        await addStream(createReadStream(path) as AsyncIterable<Buffer>, name) // no encoding is set: buffers
      else if (given) unreadable.push({ path: name, reason: 'neither a file nor a folder' })
      else return false
    } catch (error) {
      unreadable.push({ path: name, reason: reasonOf(error) })
    }
    return true
  }

  const visitFolder = async (path: string, name: string): Promise<boolean> => {
    const entries = (await readdir(path, { withFileTypes: true })).sort(byName)
    let some = false
    for (const entry of entries) {
      if (entry.isSymbolicLink() || isClutter(entry.name)) continue
      if (await visit(join(path, entry.name), `${name.replace(/\/+$/u, '')}/${entry.name}`, false)) some = true
    }
    return some
  }

  for (const given of paths) await (typeof given === 'string' ? visit(given, given, true) : visit(given.path, given.name, true))
  return { sources: joinBlocks(sources), saved, unreadable, totalBytes }
}

const isArchive = (kind: string | undefined): boolean => kind === 'tar' || kind === 'zip'

const byName = (a: Dirent, b: Dirent): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))

/** The whole stream; null where it is too large. */
const keep = async (bytes: Bytes): Promise<readonly Buffer[] | null> => {
  const kept: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > MAX_STREAMED_ARCHIVE) return null
    kept.push(Buffer.from(chunk))
  }
  return kept
}

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return 'there is no such file or folder'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it'
  return error instanceof Error ? error.message : String(error)
}
