/**
 * Outages that nothing in the data explains: an alert tells that people suffered, plainly, or a program's log tells of nothing but failures all of a sudden, and no
 * finding leads there. That is told, with the impact itself as what is known to have come first; what led to it is a gap.
 */
import { nameOf, shortName, typeOf } from '../model/entity.js'
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import { roleOf } from '../model/vocabulary.js'
import type { Found } from '../findings/finding.js'
import { signalsOf } from '../findings/lookup.js'
import { between, combine, type Column } from '../findings/statistics.js'
import type { TimedSeries, Timeline } from '../timeline/timeline.js'
import { isClustersOwn } from './client-of.js'
import type { Part } from './fragments.js'
import { graphOf } from './graph.js'
import { harmIn } from './harm.js'
import type { CausalLink } from './link.js'

/** Nobody takes this for a bad minute. */
const SLOW_SECONDS = 1
const TIMES_SLOWER = 20
const LEAST_MS = 15_000
/** Of all requests, for so long: no passing trouble of a few. */
const MANY = 0.2
const LONG_MS = 45_000
/** What goes wrong around another incident may belong to it. */
const APART_MS = 5 * 60_000
/** What is known of the cause is that it shows here first. */
const SURE = 0.3

const isPlain = ({ kind, entity, attributes, dose, start, end }: Found, { to }: Timeline): boolean => {
  if (typeOf(entity) !== 'service' || (end ?? to) - start < LEAST_MS) return false
  return kind === 'service.slow'
    ? Number(attributes['seconds'] ?? 0) >= SLOW_SECONDS && dose >= TIMES_SLOWER
    : kind === 'service.errors' && (attributes['failed'] === 'most' || (dose >= MANY && (end ?? to) - start >= LONG_MS))
}

/** Fewer errors, or for a shorter time, are a bad moment. */
const FLOOD = 50
const FLOOD_MS = 20_000
/** Of the lines that the program wrote meanwhile, and of those before. */
const MOSTLY = 0.6
const HARDLY = 0.05
const BEFORE_MS = 5 * 60_000
/** It was there before, and wrote of something else, or of nothing. */
const LEAST_BEFORE_MS = 20_000
/** Of lines, as they are counted. */
const BIN_MS = 10_000

const linesOf = once(({ series }: Timeline) => groupBy(series, ({ name }) => (name.startsWith('faultline_') ? name : null)))
/** Whose requests are counted is told by those, and whom nobody asks by what it does. */
const countsRequests = once(
  ({ series }: Timeline) =>
    new Set(series.flatMap(({ name, labels }) => (/requests?(?:_|$)/u.test(name) && !name.startsWith('faultline_') ? Object.values(labels) : []))),
)

/** Of which lines a finding tells, and which of them are failures. */
interface Lines {
  readonly of: readonly TimedSeries[]
  readonly isFailure: (series: TimedSeries) => boolean
}
const linesTelling = ({ kind, entity, start }: Found, timeline: Timeline): Lines | null => {
  const name = shortName(entity)
  const app = String(signalsOf(timeline, entity).find((one) => one.kind === 'log.error' && one.at >= start)?.attributes['app'] ?? name)
  if (countsRequests(timeline).has(app) || countsRequests(timeline).has(name)) return null
  if (kind === 'app.errors')
    return {
      of: (linesOf(timeline).get('faultline_log_lines') ?? []).filter(({ labels }) => labels['app'] === app),
      isFailure: ({ labels: { level } }) => level === 'error' || level === 'fatal',
    }
  return kind !== 'service.errors'
    ? null
    : {
        of: (linesOf(timeline).get('faultline_http_requests') ?? []).filter(({ labels: { service } }) => service === name || service === nameOf(entity)),
        isFailure: ({ labels }) => labels['class'] === '5xx',
      }
}

/** A program that wrote of its work, or of nothing, and then of hardly anything but failures: whom it works for got those. */
const isFlood = (one: Found, timeline: Timeline): boolean => {
  const { entity, start, dose } = one
  const end = one.end ?? timeline.to
  const lines = dose < FLOOD || end - start < FLOOD_MS || isClustersOwn(entity) ? null : linesTelling(one, timeline)
  if (lines === null) return false
  const [all, failures] = [lines.of, lines.of.filter(lines.isFailure)].map((of) => combine(of, 'sum')) as [Column, Column] // of two, two
  const count = (column: Column, from: number, to: number): number => between(column, from, to).values.reduce((sum, value) => sum + value, 0)
  const input = timeline.inputs.find(({ path }) => path === one.evidence[0]?.input)
  const wasThere = input?.from !== null && input?.from !== undefined && Date.parse(input.from) <= start - LEAST_BEFORE_MS
  return (
    wasThere &&
    count(failures, start - BIN_MS, end) >= MOSTLY * Math.max(FLOOD, count(all, start - BIN_MS, end)) &&
    count(failures, start - BEFORE_MS, start - BIN_MS) <= HARDLY * count(all, start - BEFORE_MS, start - BIN_MS)
  )
}

/** `told`: the incidents that are explained; `links`: all of them, those to alerts too. */
export const unexplainedOutages = (
  told: readonly Part[],
  links: readonly CausalLink[],
  found: readonly Found[],
  harms: readonly number[],
  timeline: Timeline,
): readonly Part[] => {
  const taken = new Set(told.flatMap(({ members }) => members))
  const alarming = new Set(links.flatMap(({ cause, effect, faint }) => (!faint && found[effect]?.kind === 'alert.fired' ? [cause] : [])))
  const spans = told.map(({ members }) => spanOf(members, found, timeline))
  const alone = found.flatMap((one, at) => {
    if (taken.has(at) || roleOf(one) !== 'impact' || !((alarming.has(at) && isPlain(one, timeline)) || isFlood(one, timeline))) return []
    const until = one.end ?? timeline.to
    return spans.every(({ start, end }) => one.start > end + APART_MS || until < start - APART_MS) ? [at] : []
  })
  const groups: number[][] = []
  let over = -Infinity
  for (const at of alone) {
    const one = found[at]
    if (one === undefined) continue
    if (one.start > over) groups.push([])
    groups.at(-1)?.push(at)
    over = Math.max(over, one.end ?? timeline.to)
  }
  return groups.map((members) => ({
    members,
    links: [],
    graph: graphOf([]),
    roots: members.slice(0, 1).map((finding) => ({ finding, confidence: SURE })),
    harm: harmIn(members, harms),
  }))
}

const spanOf = (members: readonly number[], found: readonly Found[], { to }: Timeline): { readonly start: number; readonly end: number } => ({
  start: Math.min(...members.map((at) => found[at]?.start ?? Infinity)),
  end: Math.max(...members.map((at) => found[at]?.end ?? to)),
})
