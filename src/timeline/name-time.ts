/**
 * The time of day in a file's own name, as whoever collects puts it there: events_2026-03-04T10-30-00Z.txt, pods-20260304-103000.txt,
 * 2026-03-04_10.30.00+0100_events.txt (`date` in many forms; what names must not hold is replaced). A day without a time says too little to count ages back from.
 */

export interface NameTime {
  /** The fields read as UTC where `zoned` is false. */
  readonly ms: number
  readonly zoned: boolean
  /** It tells seconds. */
  readonly fine: boolean
}

const YEAR = '((?:19|20)[0-9]{2})'
const TWO = '([0-9]{2})'
const ZONE = '(?:[ _]?(Z|UTC|GMT|[+-][0-9]{2}[:_-]?[0-9]{2}))?'
/** Nothing that goes on after it: an identifier may hold fourteen digits, a name with words around a date does not. */
const EDGE = '(?![0-9A-Za-z])'
const PARTED = new RegExp(
  `(?<![0-9A-Za-z])${YEAR}([-_.])${TWO}\\2${TWO}[T_. -]{1,3}${TWO}[-_.:hH]?${TWO}(?:[-_.:mM]?${TWO}(?:[.,][0-9]{1,9})?)?${ZONE}${EDGE}`,
  'u',
)
const COMPACT = new RegExp(`(?<![0-9A-Za-z])${YEAR}()${TWO}${TWO}[T_-]?${TWO}${TWO}(?:${TWO})?${ZONE}${EDGE}`, 'u')

/** Names are short; only so much of one is looked at. */
const MAX_NAME = 255
/** Kubernetes is no older. */
const FIRST_YEAR = 2014

export const timeInName = (path: string): NameTime | null => {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).slice(0, MAX_NAME)
  const match = PARTED.exec(name) ?? COMPACT.exec(name)
  if (match === null) return null
  const [, year, , month, day, hour, minute, second, zone] = match
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second ?? 0))
  // A month 13 or a minute 71 would roll over: then it was no date.
  const same = new Date(ms).toISOString().slice(0, 16) === `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}`
  if (!same || Number(second ?? 0) > 59 || Number(year) < FIRST_YEAR) return null
  const minutes = minutesOf(zone)
  return { ms: ms - (minutes ?? 0) * 60_000, zoned: minutes !== null, fine: second !== undefined }
}

/** Minutes east of Greenwich; null where none is told, or no zone is so far away (then it is something else, such as a number). */
const minutesOf = (zone: string | undefined): number | null => {
  if (zone === undefined) return null
  if (!/^[+-]/u.test(zone)) return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  return hours > 14 || minutes % 15 !== 0 || minutes > 45 ? null : (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
