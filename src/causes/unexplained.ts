/**
 * Outages that nothing in the data explains: an alert tells that people suffered, plainly, and no finding leads there. That is told, with the impact itself as what is
 * known to have come first; what led to it is a gap.
 */
import { typeOf } from '../model/entity.js'
import { roleOf } from '../model/vocabulary.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Part } from './fragments.js'
import { graphOf } from './graph.js'
import { harmIn } from './harm.js'
import type { CausalLink } from './link.js'

/** Nobody takes this for a bad minute. */
const SLOW_SECONDS = 1
const TIMES_SLOWER = 20
const LEAST_MS = 15_000
/** What goes wrong around another incident may belong to it. */
const APART_MS = 5 * 60_000
/** What is known of the cause is that it shows here first. */
const SURE = 0.3

const isPlain = ({ kind, entity, attributes, dose, start, end }: Found, { to }: Timeline): boolean => {
  if (typeOf(entity) !== 'service' || (end ?? to) - start < LEAST_MS) return false
  return kind === 'service.slow'
    ? Number(attributes['seconds'] ?? 0) >= SLOW_SECONDS && dose >= TIMES_SLOWER
    : kind === 'service.errors' && attributes['failed'] === 'most'
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
    if (!alarming.has(at) || taken.has(at) || roleOf(one) !== 'impact' || !isPlain(one, timeline)) return []
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
