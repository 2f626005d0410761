/** The files in an archive, and in archives in it, as inputs: read in place, in their order, never unpacked to disk. */
import { posix } from 'node:path'
import { contextOf } from './context.js'
import { close, gauged, peel, replay, unreadable, unpacked, wholeOf, type Bytes, type Kind } from './decompress.js'
import { dependsOnOthers, strictly, type InPlace } from './in-place.js'
import { gaugeOf, type Allowance } from './limits.js'
import { INDEX_NAME, MAX_INDEX_BYTES, type QueryIndexes } from './query-index.js'
import { walkTar } from './tar.js'
import { clean } from './text.js'
import type { Walk, Walked } from './walk.js'
import { walkZip } from './zip.js'

/** An archive in an archive in an archive in an archive is read; one more is not. */
const MAX_DEPTH = 4
const MAX_NAME = 1_024

/** A file in an archive. */
export interface Member {
  /** 'dump.tar.gz!/node-1/kubelet.log' */
  readonly path: string
  readonly wrapping: readonly string[]
  readonly changedMs: number | null
  readonly size: number
  readonly warnings: string[]
  readonly chunks: () => Bytes
}

export interface Listing {
  readonly members: Member[]
  readonly unreadable: { readonly path: string; readonly reason: string }[]
}

/** Begins a walk through the archive, from its beginning. */
export type Open = () => Promise<Walk>

/** How the bytes of this kind of archive are walked through; null where it is none that is read. */
export const walkOf = (kind: Kind, open: () => Bytes, allowance: Allowance): Open | null =>
  kind === 'tar' ? () => Promise.resolve(walkTar(open())) : kind === 'zip' ? () => Promise.resolve(walkZip(open(), allowance)) : null

/** A walk that nobody is on, and where it stands. */
interface Idle {
  readonly open: Open
  readonly walk: Walk
  at: number
}

/** Where the last walk waits for whoever wants to go on with it: of all archives only one does, since each holds its file and what it unpacks with. */
export interface Parking {
  idle: Idle | null
}

/**
 * Members read one after the other, whole or only their beginnings, share one pass over the archive; one that is asked for out of order begins a pass of its own.
 */
const shelf = (open: Open, allowance: Allowance, parking: Parking): ((index: number) => Bytes) =>
  async function* (index) {
    const { idle } = parking
    const mine = idle !== null && idle.open === open && idle.at <= index ? idle : { open, walk: await open(), at: 0 }
    if (mine === parking.idle) parking.idle = null
    let broke = false
    try {
      for (; mine.at <= index; mine.at++) if ((await mine.walk.next()) === null) throw unreadable('the archive changed while it was read')
      yield* mine.walk.body(gaugeOf(allowance))
    } catch (error) {
      broke = true
      throw error
    } finally {
      const outdated = broke ? mine : parking.idle
      if (!broke) parking.idle = mine
      await outdated?.walk.close()
    }
  }

interface Archive {
  readonly path: string
  /** The walk that lists it; members are read on walks of their own. */
  readonly walk: Walk
  readonly open: Open
  readonly kind: Kind
  readonly wrapping: readonly string[]
  readonly depth: number
}

/** What all archives of a run share. */
export interface Run {
  readonly indexes: QueryIndexes
  readonly allowance: Allowance
  /** Reads members as they come; null where they are read later. */
  readonly inPlace: InPlace | null
  readonly parking: Parking
}

interface Found extends Run {
  readonly listing: Listing
  /** How many more files may be taken. */
  readonly room: () => number
  /** The first members of archives whose end was not reached: something may yet be said with them. */
  readonly firsts: Set<number>
}

/** Everything in the archive. `room`: how many more files may be taken. Never throws for what is in it. */
export const listArchive = async (archive: Omit<Archive, 'depth'>, run: Run, room: number): Promise<Listing> => {
  const listing: Listing = { members: [], unreadable: [] }
  const left = (): number => room - listing.members.length - listing.unreadable.length
  await list({ ...archive, depth: 1 }, { ...run, listing, room: left, firsts: new Set() })
  return listing
}

/** With all but the last member, and the first ones of archives that go on, nothing more is said. */
const settle = ({ listing: { members }, inPlace, firsts }: Found, index = members.length - 2): void => {
  const member = members[index]
  if (member !== undefined && index < members.length - 1 && !firsts.has(index)) inPlace?.settle(member)
}

const list = async (archive: Archive, found: Found): Promise<void> => {
  const { path, walk } = archive
  const { listing } = found
  const memberBytes = shelf(archive.open, found.allowance, found.parking)
  const taken = new Map<string, number>()
  const before = listing.members.length
  found.firsts.add(before)
  const unreadableBefore = listing.unreadable.length
  let links = 0
  let others = 0
  let stopped: string | null = null
  try {
    for (let index = 0; ; index++) {
      const entry = await walk.next()
      if (entry === null) break
      if (entry.type === 'link') links++
      else if (entry.type === 'other') others++
      if (entry.type !== 'file' || isClutter(entry.name)) continue
      if (found.room() <= 0) {
        stopped = tooMany(found.allowance)
        break
      }
      const { name, warning } = cleanName(entry.name)
      const count = (taken.get(name) ?? 0) + 1
      taken.set(name, count)
      const at = `${path}!/${name}${count > 1 ? ` (${count})` : ''}`
      if (entry.problem !== null) listing.unreadable.push({ path: at, reason: entry.problem })
      else await look(entry, at, warning, archive, () => memberBytes(index), found)
    }
  } catch (error) {
    stopped = error instanceof Error ? error.message : String(error)
  } finally {
    await walk.close()
  }
  // What concerns the archive is said with the last of its files: where it ends, something may be missing.
  const last = listing.members.at(-1)
  if (stopped !== null) {
    if (listing.members.length > before && last !== undefined) last.warnings.push(`${path}: ${stopped}; the files before are used`)
    else listing.unreadable.push({ path, reason: stopped })
  } else if (listing.members.length === before && listing.unreadable.length === unreadableBefore) {
    listing.unreadable.push({ path, reason: links > 0 ? 'no files in the archive, only links, which are not followed' : 'no files in the archive' })
  }
  const first = listing.members[before]
  if (first !== undefined && links > 0) first.warnings.push(`${path}: ${links} ${links === 1 ? 'link was' : 'links were'} not followed`)
  if (first !== undefined && others > 0) first.warnings.push(`${path}: ${others} special or sparse ${others === 1 ? 'member was' : 'members were'} not read`)
  found.firsts.delete(before)
  settle(found, before)
}

export const tooMany = ({ limits }: Allowance): string => `more than ${limits.maxMembers} files: the rest is not read (--max-members allows more)`

/** One file of an archive: an input, or an archive again. */
const look = async (
  entry: Walked,
  path: string,
  warning: string | null,
  { walk, kind: around, wrapping, depth }: Archive,
  open: () => Bytes,
  found: Found,
): Promise<void> => {
  const { listing, indexes, allowance } = found
  // The packed size is the member's own, or that of the whole archive around it: the smaller bound, so bombs inside are found too.
  const known = gaugeOf(allowance)
  let peeled
  try {
    peeled = await peel(gauged(walk.body(gaugeOf(allowance)), known), known)
  } catch (error) {
    listing.unreadable.push({ path, reason: error instanceof Error ? error.message : String(error) })
    return
  }
  const { layers, kind } = peeled
  const inner = (): Bytes => {
    const own = gaugeOf(allowance)
    return unpacked(gauged(open(), own), layers, own)
  }
  try {
    const reason = kind === 'extract' ? 'a saved extract within an archive: unpack it and give the extract' : notRead(kind)
    const walkInner = walkOf(kind, inner, allowance)
    if (reason !== null) listing.unreadable.push({ path, reason })
    else if (walkInner !== null) {
      if (depth >= MAX_DEPTH) listing.unreadable.push({ path, reason: `archives within archives more than ${MAX_DEPTH} deep` })
      else {
        const bytes = peeled.bytes
        const listed = await walkOf(kind, () => bytes, allowance)?.()
        if (listed !== undefined) await list({ path, walk: listed, open: walkInner, kind, wrapping: [...wrapping, ...layers, kind], depth: depth + 1 }, found)
      }
    } else {
      if (layers.length > 0) allowance.packed++
      // Members of a zip are found without those before them.
      const inPlace = around === 'tar' ? found.inPlace : null
      const small = inPlace !== null && dependsOnOthers(path) ? await inPlace.keep(peeled.bytes, entry.size) : null
      if (posix.basename(path) === INDEX_NAME && entry.size <= MAX_INDEX_BYTES)
        indexes.learn(path, small?.toString('utf8') ?? (await textOf(inPlace === null ? peeled.bytes : inner())))
      const member: Member = {
        path,
        wrapping: [...wrapping, ...layers],
        changedMs: entry.changedMs,
        size: entry.size,
        warnings: warning === null ? [] : [warning],
        chunks: small === null ? inner : () => replay([small]),
      }
      listing.members.push(member)
      settle(found)
      if (inPlace !== null && !dependsOnOthers(path))
        await inPlace.read({ ...member, context: contextOf(path) }, layers.length === 0 ? peeled.bytes : strictly(peeled.bytes, known))
    }
  } finally {
    await close(peeled.bytes)
  }
}

/** Why this kind of archive is not read; null where it is. */
export const notRead = (kind: Kind): string | null =>
  kind === '7-zip' || kind === 'rar' || kind === 'lz4' ? `${kind} is not supported: unpack it and give what is in it` : null

const textOf = async (bytes: Bytes): Promise<string> => (await wholeOf(bytes, MAX_INDEX_BYTES))?.toString('utf8') ?? ''

/** What macOS adds to archives, and desktops to folders. */
export const isClutter = (name: string): boolean => {
  const base = posix.basename(name)
  return base.startsWith('._') || base === '.DS_Store' || base === 'Thumbs.db' || base === 'desktop.ini'
}

/** A name that stays in its place: nothing is ever written to it, but it is shown. */
const cleanName = (name: string): { readonly name: string; readonly warning: string | null } => {
  const parts = name.slice(-MAX_NAME).replaceAll('\\', '/').split('/')
  const kept = parts.filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[A-Za-z]:$/u.test(part)).map(clean)
  const odd = parts.includes('..') ? 'climbs out of the archive' : name.startsWith('/') || /^[A-Za-z]:/u.test(name) ? 'is absolute' : null
  return {
    name: kept.join('/') || '(no name)',
    warning: odd === null ? null : `its name in the archive ${odd} (${clean(name)}); nothing was written anywhere`,
  }
}
