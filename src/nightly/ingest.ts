/**
 * What is new in the archive is read and kept. By content: a file that grew is read as what it has become, one that was renamed or rotated is
 * recognised and not read again, one that was written anew leaves what it said before. Each file is a step of its own, done or not done.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeArtifact, type Gathered } from '../artifact/artifact.js'
import { decodeArtifact } from '../artifact/decode-artifact.js'
import type { InputExtract } from '../model/extract.js'
import type { Signature } from '../model/signature.js'
import { contextOf, nodeOfPath } from '../read/context.js'
import { asItIs } from '../makers.js'
import { startReader, type Reader } from '../read/extract-all.js'
import type { Source } from '../read/extract-input.js'
import { findInputs, type Unreadable } from '../read/inputs.js'
import { partsOf, readParts } from '../read/parts.js'
import type { Limits } from '../read/limits.js'
import { hashOfSignatures } from '../read/signatures.js'
import { buildTimeline, type TimelineOptions } from '../timeline/timeline.js'
import { within, type Database } from './database.js'
import { listArchive, printOf, writeWhole, type Found, type Print } from './files.js'
import { addFile, addInput, fileStates, markGone, removeFile, type FileState, type InputState } from './state.js'

export interface Ingested {
  readonly files: number
  readonly read: number
  readonly moved: number
  readonly bytes: number
}

const DAY_MS = 86_400_000
/** Of one input; more days than these are stamps that run wild, and the latest matter. */
const MAX_DAYS = 400

export const extractFile = (out: string, address: string): string => join(out, 'extracts', `${address}.extract`)

export const loadExtract = async (out: string, address: string): Promise<Gathered> => decodeArtifact(await readFile(extractFile(out, address)))

export interface IngestOptions {
  readonly clock: TimelineOptions
  /** Threads that read at the same time (default: the machine's cores). */
  readonly jobs: number | null
  readonly limits: Limits
  /** Lines of a user's own that mean something. */
  readonly signatures: readonly Signature[]
  /** A log longer than this is read in parts, so that it is picked up where its last one begins. */
  readonly partBytes: number
  readonly note: (event: string, path: string, more?: Readonly<Record<string, number>>) => void
}

export const ingest = async (
  archive: string,
  out: string,
  database: Database,
  { clock, jobs, limits, signatures, partBytes, note }: IngestOptions,
): Promise<Ingested> => {
  const found = await listArchive(archive)
  const known = fileStates(database)
  const taught = signatures.length === 0 ? null : hashOfSignatures(signatures)
  const { fresh, gone } = await compare(found, known, taught)
  if (gone.length > 0) within(database, () => gone.forEach(({ id }) => markGone(database, id)))
  const lost = new Map([...gone, ...known.filter(({ present }) => !present)].map((state) => [state.id, state]))
  let read = 0
  let moved = 0
  let bytes = 0
  const totalBytes = fresh.reduce((sum, { size }) => sum + size, 0)
  const reader = startReader(totalBytes, { signatures, ...(jobs === null ? {} : { jobs }) })

  /** Moved, not copied: a copy is read as what it is, whichever of the two comes first. */
  const twinOf = async ({ path, size, before, printAt }: Fresh) => {
    const print = before === null && lost.size > 0 ? await printAt(size).catch(() => null) : null
    const state = print === null ? undefined : [...lost.values()].find((one) => one.signatures === taught && samePrint(one, print) && samePlace(one.path, path))
    return print === null || state === undefined ? null : { print, state }
  }

  const readOne = async ({ path, size, before, near }: Fresh) => {
    const { file, done } = await near()
    try {
      const candidates = before === null ? [...lost.values()].filter((state) => samePlace(state.path, path)) : []
      const parts = before === null || before.signatures !== taught ? [] : await knownParts(out, before.address)
      const told = await readFileOf(file, path, { candidates, parts }, reader, limits, partBytes)
      // What was read is what counts: the file may have grown while it was.
      return { ...told, now: await printOf(file, size).catch(() => null) }
    } finally {
      await done()
    }
  }

  // Files are read ahead, as many as there are threads, and kept in their order: the result does not depend on who is first.
  const ahead = new Map<Fresh, ReturnType<typeof readOne>>()
  const readAhead = async (from: number): Promise<void> => {
    for (const one of fresh.slice(from, from + reader.threads)) {
      if (ahead.has(one) || (await twinOf(one)) !== null) continue
      const reading = readOne(one)
      reading.catch(() => undefined) // told when it is its turn
      ahead.set(one, reading)
    }
  }

  try {
    for (const [index, one] of fresh.entries()) {
      await readAhead(index)
      const { path, before, tag } = one
      const twin = ahead.has(one) ? null : await twinOf(one)
      if (twin !== null) {
        const again = relabelled(await loadExtract(out, twin.state.address), twin.state.path, path)
        await keep(out, database, { path, ...twin.print, tag, signatures: taught, bytes: twin.state.bytes, problems: again.unreadable }, again, clock, [
          twin.state,
        ])
        lost.delete(twin.state.id)
        moved++
        note('moved', path)
        continue
      }
      const { gathered, now, bytes: size, bytesRead, ...told } = await (ahead.get(one) ?? readOne(one))
      ahead.delete(one)
      if (now === null) continue // it shrank or went while it was read: the next run sees what it has become
      const continued = told.continued.filter(({ id }) => lost.has(id))
      const replaced = before === null ? continued : [before, ...continued]
      await keep(out, database, { path, ...now, tag, signatures: taught, bytes: size, problems: gathered.unreadable }, gathered, clock, replaced)
      for (const { id } of continued) lost.delete(id)
      read++
      bytes += bytesRead
      note('read', path, { bytes: bytesRead })
    }
  } finally {
    await Promise.allSettled(ahead.values())
    await reader.stop()
  }
  return { files: found.length, read, moved, bytes }
}

/** Read again where they are not to be had. */
const knownParts = (out: string, address: string): Promise<readonly InputExtract[]> =>
  loadExtract(out, address).then(
    ({ extracts }) => extracts,
    () => [],
  )

interface Fresh extends Found {
  /** What is known of the file's beginning; null: nothing. */
  readonly before: FileState | null
}

/** Which files have something new, and which known ones are no longer there as they were. */
const compare = async (
  found: readonly Found[],
  known: readonly FileState[],
  taught: string | null,
): Promise<{ readonly fresh: readonly Fresh[]; readonly gone: readonly FileState[] }> => {
  const byPath = new Map(known.filter(({ present }) => present).map((state) => [state.path, state]))
  const fresh: Fresh[] = []
  const gone: FileState[] = []
  for (const one of found) {
    const state = byPath.get(one.path)
    byPath.delete(one.path)
    const asTaught = state?.signatures === taught // other signatures may mean lines that were passed over
    if (asTaught && state !== undefined && state.tag !== null && state.tag === one.tag && one.size === state.size) continue
    const print = state === undefined || one.size < state.size ? null : await one.printAt(state.size).catch(() => null)
    const goesOn = state !== undefined && print !== null && samePrint(state, print)
    if (goesOn && asTaught && one.size === state.size) continue
    if (state !== undefined && !goesOn) gone.push(state)
    fresh.push({ ...one, before: goesOn ? state : null })
  }
  return { fresh, gone: [...gone, ...byPath.values()] }
}

const samePrint = (a: Print, b: Print): boolean => a.size === b.size && a.head === b.head && a.tail === b.tail

/** What a path says of an input besides its name: the pod, the container, the machine. */
const placeOf = (path: string): string => {
  const { pod, container } = contextOf(path)
  return JSON.stringify([pod, container, nodeOfPath(path)])
}

const samePlace = (a: string, b: string): boolean => placeOf(a) === placeOf(b)

const relabelled = ({ extracts, unreadable }: Gathered, from: string, to: string): Gathered => {
  const renamed = (path: string): string => (path.startsWith(from) ? to + path.slice(from.length) : path)
  return {
    extracts: extracts.map((extract): InputExtract => ({ ...extract, path: renamed(extract.path) })),
    unreadable: unreadable.map(({ path, reason }) => ({ path: renamed(path), reason })),
  }
}

interface ReadFile {
  readonly gathered: Gathered
  readonly bytes: number
  /** Without those of parts that were known already. */
  readonly bytesRead: number
  /** Of those that were asked about: the ones whose content this file begins with. */
  readonly continued: readonly FileState[]
}

/** One file, an archive with its members; never throws. Paths are those below the archive, whatever folder it lies in today. */
const readFileOf = async (
  file: string,
  path: string,
  /** Files whose content this one may begin with; what is known of its own beginning. */
  { candidates, parts }: { readonly candidates: readonly FileState[]; readonly parts: readonly InputExtract[] },
  reader: Reader,
  limits: Limits,
  partBytes: number,
): Promise<ReadFile> => {
  const { sources, saved, unreadable } = await findInputs([file], () => true, limits)
  const below = (name: string): string => (name.startsWith(file) ? path + name.slice(file.length) : name)
  const problems: Unreadable[] = unreadable.map(({ path: name, reason }) => ({ path: below(name), reason }))
  const [only] = sources
  const inParts = sources.length === 1 && only !== undefined ? partsOf(only, partBytes) : null
  // A plain file can be looked at anywhere; what is unpacked is watched as it comes.
  const beginnings = sources.length === 1 && inParts === null ? beginningsOf(candidates) : null
  const own = sources.map((source) => {
    const name = below(source.path)
    return { ...tapped(source, beginnings), path: name, context: { ...contextOf(name, source.context.expression) } }
  })
  const [whole] = own
  const read =
    inParts === null || whole === undefined
      ? null
      : await readParts(whole, inParts, parts, async (part) => (await reader.extract([part], asItIs, (extract) => extract))[0])
  const extracts = [...(read === null ? await reader.extract(own, asItIs, (extract) => extract) : read.extracts)]
  const bytes = extracts.reduce((sum, extract) => sum + extract.bytes, 0)
  const continued = inParts === null ? (beginnings?.met() ?? []) : await begunBy(file, candidates)
  for (const one of saved) {
    try {
      const parts: Buffer[] = []
      for await (const part of one.chunks()) parts.push(Buffer.from(part))
      const gathered = decodeArtifact(Buffer.concat(parts))
      for (const extract of gathered.extracts) extracts.push(extract)
      problems.push(...gathered.unreadable)
    } catch (error) {
      problems.push({ path, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { gathered: { extracts, unreadable: problems }, bytes, bytesRead: read?.bytes ?? bytes, continued }
}

/** Those whose content the file begins with. */
const begunBy = async (file: string, candidates: readonly FileState[]): Promise<readonly FileState[]> => {
  const begun: FileState[] = []
  for (const state of candidates) {
    const print = state.size === 0 ? null : await printOf(file, state.size).catch(() => null)
    if (print !== null && samePrint(state, print)) begun.push(state)
  }
  return begun
}

interface Beginnings {
  feed(chunk: Buffer): void
  met(): readonly FileState[]
}

/** Without `plain`: who reads the file by itself would not be watched. */
const tapped = ({ plain, ...source }: Source, beginnings: Beginnings | null): Source =>
  beginnings === null
    ? { ...source, ...(plain === undefined ? {} : { plain }) }
    : {
        ...source,
        async *chunks() {
          for await (const chunk of source.chunks()) {
            beginnings.feed(chunk)
            yield chunk
          }
        },
      }

/** Watches a stream for the prints of known files: a log that was rotated and compressed begins with what was read of it. */
const beginningsOf = (candidates: readonly FileState[]): Beginnings => {
  const watched = candidates
    .filter(({ size }) => size > 0)
    .map((state) => ({
      state,
      head: { from: 0, to: Math.min(state.size, 65_536), hash: createHash('sha256') },
      tail: { from: Math.max(0, state.size - 65_536), to: state.size, hash: createHash('sha256') },
    }))
  let at = 0
  return {
    feed(chunk) {
      for (const { head, tail } of watched)
        for (const { from, to, hash } of [head, tail]) {
          const [first, last] = [Math.max(from - at, 0), Math.min(to - at, chunk.length)]
          if (last > first) hash.update(chunk.subarray(first, last))
        }
      at += chunk.length
    },
    met: () =>
      watched
        .filter(({ state, head, tail }) => state.size <= at && head.hash.digest('hex') === state.head && tail.hash.digest('hex') === state.tail)
        .map(({ state }) => state),
  }
}

const keep = async (
  out: string,
  database: Database,
  file: Omit<FileState, 'id' | 'present' | 'address'>,
  gathered: Gathered,
  clock: TimelineOptions,
  replaced: readonly FileState[],
): Promise<void> => {
  const { address, bytes } = encodeArtifact(gathered)
  await writeWhole(extractFile(out, address), bytes)
  const inputs = inputsOf(address, decodeArtifact(bytes).extracts, clock) // in the order in which they will be read back
  within(database, () => {
    for (const { id } of replaced) removeFile(database, id)
    addFile(database, { ...file, address })
    for (const input of inputs) addInput(database, input)
  })
}

/** When each input speaks, and on which days something happens in it. By itself: it must not depend on what else there is by now. */
export const inputsOf = (address: string, extracts: readonly InputExtract[], clock: TimelineOptions): readonly InputState[] =>
  extracts.map((extract, position) => {
    const { signals, series, from, to } = buildTimeline([extract], clock)
    const days = new Set<number>()
    for (const { at, until } of signals) {
      days.add(Math.floor(at / DAY_MS))
      days.add(Math.floor(until / DAY_MS))
    }
    for (const { times } of series) for (const at of times) days.add(Math.floor(at / DAY_MS))
    const known = Number.isFinite(from) && Number.isFinite(to)
    const changed = extract.changedMs ?? 0
    return {
      address,
      position,
      // Objects tell of their whole past; that of long ago was told by the objects of then.
      firstMs: known ? (extract.format === 'kubernetes-objects' ? Math.max(from, to - 2 * DAY_MS) : from) : changed,
      lastMs: known ? to : changed,
      days: [...days]
        .filter(Number.isFinite)
        .sort((a, b) => a - b)
        .slice(-MAX_DAYS),
      content:
        extract.sha256 === undefined || extract.bytes === 0
          ? `${address}/${position}`
          : `${extract.sha256} ${extract.bytes}${extract.part === undefined ? '' : ` from ${extract.part.from}`} ${placeOf(extract.path)}`,
    }
  })
