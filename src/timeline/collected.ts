/**
 * When an input was made: what the ages in its tables count back from. A time that it, its name or a file beside it gives, else the newest time in its
 * folder or in one above, made sharper by the file's own date where that fits; else the file's own date alone.
 */
import type { InputExtract } from '../model/extract.js'
import { once } from '../model/once.js'
import type { InputClock } from './clock.js'
import { timeInName } from './name-time.js'

export interface Collected {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly why: string
  /** No more than the newest time nearby. */
  readonly guessed?: boolean
}

/** Logs end a while before they are collected; a file's date that lies farther from them is that of a copy. */
const FITS_MS = 60 * 60_000
const CLOCKS_DIFFER_MS = 60_000
const HOUR_MS = 60 * 60_000
/** A name without a zone is believed where it lies so near to the rest, or whole hours beside it: zones that are not whole hours away lie farther off. */
const BESIDE_MS = 10 * 60_000

/** Of the input at `index`; null where nothing tells. `clocks` are those of the inputs, and need not know ages yet. */
export const collectedAt = (extracts: readonly InputExtract[], clocks: readonly InputClock[], index: number): Collected | null => {
  const mine = extracts[index]
  if (mine === undefined) return null
  const said = saidBy(mine, clocks[index])
  if (said !== null) return { at: said, why: 'as it says itself' }
  const named = namedTime(extracts, clocks, index)
  if (named !== null) return named
  let newest: Collected | null = null
  for (const folder of foldersOf(mine.path)) {
    let beside: Collected | null = null
    extracts.forEach((other, position) => {
      if (folderOf(other) !== folder) return
      const at = saidBy(other, clocks[position])
      if (at !== null && (beside === null || at > beside.at)) beside = { at, why: `as ${other.path} says` }
    })
    if (beside !== null) return beside
    newest ??= newestIn(extracts, clocks, folder)
  }
  const changed = mine.changedMs
  if (newest === null) return changed === null ? null : { at: changed, why: "the file's own date, which may be that of a copy" }
  if (changed !== null && changed >= newest.at - CLOCKS_DIFFER_MS && changed <= newest.at + FITS_MS)
    return { at: changed, why: "the file's own date, which fits the times beside it" }
  return newest
}

/** The time in the file's own name; null where there is none, or nothing tells its zone. */
const namedTime = (extracts: readonly InputExtract[], clocks: readonly InputClock[], index: number): Collected | null => {
  const { path = '', changedMs = null } = extracts[index] ?? {}
  const named = timeInName(path)
  if (named === null) return null
  const made = (at: number, why: string): Collected => ({ at, why, ...(named.fine ? {} : { guessed: true }) })
  if (named.zoned) return made(named.ms, 'as its name says')
  const local = clocks[index]?.at({ ms: named.ms, basis: 'local' }) ?? named.ms
  if (changedMs !== null && Math.abs(changedMs - local) <= CLOCKS_DIFFER_MS) return made(local, 'as its name says')
  const newest = foldersOf(path).reduce<Collected | null>((found, folder) => found ?? newestIn(extracts, clocks, folder), null)
  if (newest === null) return made(local, 'as its name says')
  const hours = Math.round((newest.at - local) / HOUR_MS)
  const at = local + hours * HOUR_MS
  if (Math.abs(hours) > 14 || Math.abs(at - newest.at) > BESIDE_MS) return null
  return made(at, hours === 0 ? 'as its name says' : `as its name says, in the zone that fits ${newest.why}`)
}

const saidBy = (extract: InputExtract, clock: InputClock | undefined): number | null => {
  let last: number | null = null
  for (const fact of extract.facts) {
    const at = fact.fact === 'collected' && clock !== undefined ? clock.at(fact.at) : NaN
    if (Number.isFinite(at) && (last === null || at > last)) last = at
  }
  return last
}

const newestIn = (extracts: readonly InputExtract[], clocks: readonly InputClock[], folder: string): Collected | null => {
  let at = -Infinity
  let path = ''
  const seen = (time: number, of: string): void => {
    if (!Number.isFinite(time) || time <= at) return
    at = time
    path = of
  }
  extracts.forEach((extract, index) => {
    if (!within(extract.path, folder)) return
    for (const { basis, last } of extract.spans) if (basis !== 'ago') seen(clocks[index]?.at({ ms: last, basis }) ?? NaN, extract.path)
    for (const series of extract.series) if (series.labels['faultline_basis'] === undefined) seen(series.times.at(-1) ?? NaN, extract.path)
  })
  return path === '' ? null : { at, why: `the newest time nearby, in ${path}`, guessed: true }
}

/** The folders around a path, the nearest first; an archive is a folder. '' is the outermost. */
const foldersOf = (path: string): readonly string[] => {
  const parts = path.replaceAll('!/', '/').split('/')
  return parts.map((_, depth) => parts.slice(0, parts.length - 1 - depth).join('/'))
}

const folderOf = once((extract: InputExtract): string => foldersOf(extract.path)[0] ?? '')

const within = (path: string, folder: string): boolean => folder === '' || path.replaceAll('!/', '/').startsWith(`${folder}/`)
