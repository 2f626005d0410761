/**
 * Parts of the causal graph that begin with a mere symptom, in the time and place of an incident, or with what somebody did while it went on. Where
 * a source is missing from the dump, the link between them is, too. They are told with that incident, and what led to them is said to be unknown; no cause is claimed.
 */
import { typeOf } from '../model/entity.js'
import { roleOf } from '../model/vocabulary.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Graph, RankedRoot } from './graph.js'
import type { CausalLink } from './link.js'
import { nearness, placeOf } from './relations.js'

export interface Part {
  /** Positions in the list of findings. */
  readonly members: readonly number[]
  readonly links: readonly CausalLink[]
  readonly roots: readonly RankedRoot[]
  readonly graph: Graph
  readonly harm: number
}

export interface JoinedPart extends Part {
  /** Where the parts begin that no link joins to the rest. */
  readonly unexplained: readonly number[]
}

const BEFORE_MS = 2 * 60_000
/** A symptom that lasts into what it belongs to may have begun this much before. */
const LEAD_UP_MS = 15 * 60_000
const AT_ONCE_MS = 30_000
const AFTER_MS = 5 * 60_000

export const joinFragments = (parts: readonly Part[], found: readonly Found[], timeline: Timeline): readonly JoinedPart[] => {
  // The least harmful first: each goes to a greater one, or to one whose beginning is explained.
  const waiting = parts.map((part): JoinedPart & { fragment: boolean } => ({ ...part, unexplained: [], fragment: isFragment(part, found) }))
  waiting.sort((a, b) => a.harm - b.harm || (b.members[0] ?? 0) - (a.members[0] ?? 0))
  const settled: JoinedPart[] = []
  for (let at = 0; at < waiting.length; at++) {
    const part = waiting[at]
    if (part === undefined) continue
    const hosts = part.fragment ? waiting.map((_, index) => index).filter((index) => index > at || (index < at && !waiting[index]?.fragment)) : []
    const host = hosts.reverse().find((index) => isNear(part, waiting[index], found, timeline))
    const into = host === undefined ? undefined : waiting[host]
    if (host === undefined || into === undefined) {
      settled.push(part)
      continue
    }
    const joined = {
      ...into,
      members: [...into.members, ...part.members].sort((a, b) => a - b),
      links: [...into.links, ...part.links],
      unexplained: [...into.unexplained, ...part.unexplained, ...sourcesOf(part)].sort((a, b) => a - b),
    }
    const already = settled.indexOf(into)
    if (already >= 0) settled[already] = joined
    waiting[host] = joined
  }
  return settled
}

const sourcesOf = ({ members, graph }: Part): readonly number[] => members.filter((at) => (graph.incoming.get(at) ?? []).length === 0)

const isFragment = (part: Part, found: readonly Found[]): boolean =>
  sourcesOf(part).every((at) => ['symptom', 'impact', 'response'].includes(roleOf(found[at]?.kind ?? '')))

const isNear = (part: Part, host: Part | undefined, found: readonly Found[], timeline: Timeline): boolean =>
  host !== undefined &&
  sourcesOf(part).some((at) => {
    const source = found[at]
    if (source === undefined) return false
    const others = host.members.flatMap((other) => found[other] ?? [])
    if (roleOf(source.kind) === 'response') return isUnderWay(others, source.start)
    return others.some((other) => belongs(source, other, timeline))
  })

/** What people do while an incident goes on answers it, wherever they do it. */
const isUnderWay = (members: readonly Found[], at: number): boolean =>
  members.some((one) => one.start < at) && members.some((one) => roleOf(one.kind) === 'impact' && (one.end ?? Infinity) >= at)

const belongs = (source: Found, other: Found, timeline: Timeline): boolean => {
  const during = source.start >= other.start - BEFORE_MS || (source.start >= other.start - LEAD_UP_MS && (source.end ?? Infinity) >= other.start)
  if (!during || source.start > (other.end ?? Infinity) + AFTER_MS) return false
  if (source.entity === other.entity) return true
  // Machines that fall ill in the same moment have one illness, whatever it is.
  if (source.kind === other.kind && typeOf(other.entity) === 'node' && Math.abs(source.start - other.start) <= AT_ONCE_MS) return true
  if (typeOf(other.entity) === 'node') return placeOf(source.entity, source.start, timeline) === other.entity
  return nearness('same-workload', other, source, timeline) === 1 || nearness('serves', other, source, timeline) >= 0.8
}
