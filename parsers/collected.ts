/**
 * A file that holds nothing but when the dump was collected: the output of `date`, must-gather's `timestamp`
 * (https://github.com/openshift/must-gather, collection-scripts/gather), a line such as 'collected: 2026-11-21T09:00:00Z'.
 */
import type { Stamp } from '../src/model/extract.js'
import type { LineFormat } from '../src/model/format.js'
import { decode } from '../src/read/text.js'
import { stampOf, utc } from '../src/read/stamps.js'

const MAX_LINES = 4
/** Words before a date that say what it is. */
const LABEL =
  /^[#$> ]{0,4}(?:(?:collected(?:[ _-]?(?:at|on))?|collection|captured(?: at)?|generated(?: at)?|taken(?: at)?|created(?: at)?|date|time|timestamp|now|start(?:ed)?|end(?:ed)?)(?: time)? ?[:=]? ?"?)?/iu
/** Sat Nov 21 12:54:53 [PM] UTC 2026 · Sat 21 Nov 2026 12:54:53 [PM] UTC · Sat, 21 Nov 2026 12:54:53 +0000 */
const DATE =
  /^[A-Z][a-z]{2},? (?:([A-Z][a-z]{2}) {1,2}([0-9]{1,2})|([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4})),? ([0-9]{1,2}):([0-9]{2}):([0-9]{2})( [AP]M)? ([A-Z]{2,5}|[-+][0-9]{2}(?:[0-9]{2})?)(?: ([0-9]{4}))?$/u
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** The time that a line tells, if that is all it tells; null otherwise. */
export const dateLine = (line: string): Stamp | null => {
  if (line.length > 80) return null
  const text = line.trim().replace(LABEL, '').replace(/"$/u, '')
  if (/^[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9:.,]{8,24} ?(?:Z|UTC|GMT|[-+][0-9]{2}:?[0-9]{2})?(?: UTC)?(?: m=[-+][0-9.]{1,20})?$/u.test(text))
    return stampOf(text)
  const match = DATE.exec(text)
  if (match === null) return null
  const [, firstMonth, firstDay, day, month, year, hour, minute, second, half, zone = '', lastYear] = match
  const monthIndex = MONTHS.indexOf(firstMonth ?? month ?? '?') / 3
  const written = year ?? lastYear
  if (!Number.isInteger(monthIndex) || monthIndex < 0 || written === undefined) return null
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === ' PM' ? 12 : 0)
  const ms = Date.UTC(Number(written), monthIndex, Number(firstDay ?? day), hours, Number(minute), Number(second))
  if (/^[-+]/u.test(zone)) return utc(ms - (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3) || 0)) * 60_000)
  return zone === 'UTC' || zone === 'GMT' || zone === 'Z' ? utc(ms) : { ms, basis: `zone:${zone}` }
}

export const collected: LineFormat = {
  id: 'collected',
  takes: 'lines',
  reads: 'a file that says when the dump was collected',
  reference: 'https://www.gnu.org/software/coreutils/manual/html_node/date-invocation.html',
  example: 'Sat Nov 21 12:54:53 UTC 2026',
  units: [],
  sniff: ({ lines, units }) => (lines.length <= MAX_LINES && units.length === 0 && lines.every((line) => dateLine(line) !== null) ? 0.9 : 0),
  open: (sink) => ({
    line(bytes, start, end) {
      const stamp = end - start > 100 ? null : dateLine(decode(bytes, start, end))
      if (stamp === null) return false
      sink.record(stamp.ms, stamp.basis)
      sink.fact({ fact: 'collected', at: stamp })
      return true
    },
    end: () => undefined,
  }),
}
