/**
 * Parts of the causal graph that begin with a mere symptom, in the time and place of an incident, or with what somebody did while it went on. Where
 * a source is missing from the dump, the link between them is, too. They are told with that incident, and what led to them is said to be unknown; no cause is claimed.
 * So is what begins with the same fault again, minutes after it was over.
 */
import { namespaceOf, shortName, typeOf, type Entity } from '../model/entity.js'
import { addTo, countWhile } from '../model/lists.js'
import { roleOf } from '../model/vocabulary.js'
import { WHOLE_SECOND_MS, type Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'
import { graphOf, type Graph, type RankedRoot } from './graph.js'
import type { CausalLink } from './link.js'
import { placeOf } from './places.js'
import { nearness } from './relations.js'

export interface Part {
  /** Positions in the list of findings. */
  readonly members: readonly number[]
  /** None of an impact that nothing is linked to: it is told as part of another, or not at all. */
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
const RELAPSE_MS = 10 * 60_000
const MUCH_MORE = 2
/** What clients, balancers and machines see of one network, within the time-outs of all of them. */
const NETWORK: ReadonlySet<string> = new Set(['network.dns-failure', 'network.pod-to-pod-lost', 'node.network-lost', 'loadbalancer.backends-down'])
const NETWORK_AT_ONCE_MS = 90_000

/** `ranked`: the roots of so many findings and how they are linked. */
export const joinFragments = (
  parts: readonly Part[],
  found: readonly Found[],
  timeline: Timeline,
  ranked: (members: readonly number[], graph: Graph) => readonly RankedRoot[],
): readonly JoinedPart[] => {
  // The least harmful first: each goes to a greater one, or to one whose beginning is explained.
  const sorted = [...parts].sort((a, b) => a.harm - b.harm || (b.members[0] ?? 0) - (a.members[0] ?? 0))
  const neighbours = indexOf(sorted, found, timeline)
  const groups = sorted.map((part) => {
    const fragment = isFragment(part, found)
    const done = sourcesOf(part).some((at) => roleOf(found[at] ?? '') === 'response')
    return { ...spanOf(part, found), part, fragment, done, relapse: !fragment && isAllRelapse(part, found, neighbours), into: -1 }
  })
  const hostOf = (at: number): number => {
    let host = at
    for (let next = groups[host]?.into ?? -1; next >= 0; next = groups[next]?.into ?? -1) host = next
    return host
  }
  groups.forEach((group, at) => {
    if (!group.fragment && !group.relapse) return
    let best = -1
    const consider = (index: number): void => {
      const host = hostOf(index)
      if (host === at || groups[host]?.part.links.length === 0) return
      if (groups[host] !== undefined && (isWider(group, groups[host]) || isOver(group, groups[host]))) return
      // What somebody did, were it an answer to something else, began what it led to.
      if (host > at || groups[host]?.fragment === false || (groups[host]?.done === true && !group.done)) best = Math.max(best, host)
    }
    for (const source of sourcesOf(group.part)) {
      const one = found[source]
      if (one === undefined) continue
      if (roleOf(one) === 'response')
        groups.forEach((other, index) => (other.start < one.start && other.harmedUntil >= one.start ? consider(index) : undefined))
      else for (const index of neighbours(one, group.relapse ? isRelapse : belongs)) consider(index)
    }
    group.into = best
  })
  const joined = new Map<number, (typeof groups)[number][]>()
  groups.forEach((group, at) => {
    if (group.into >= 0) addTo(joined, hostOf(at), group)
  })
  return groups.flatMap(({ part, into }, at): JoinedPart[] => {
    if (into >= 0 || part.links.length === 0) return []
    const others = joined.get(at) ?? []
    const all = [part, ...others.map((other) => other.part)]
    const members = all.flatMap((one) => one.members).sort((a, b) => a - b)
    const links = all.flatMap((one) => one.links)
    const graph = graphOf(links)
    // A change that explains the lesser harm is not the root of all of it.
    const isLesser = roleOf(found[part.roots[0]?.finding ?? -1] ?? '') === 'change' && others.some((other) => other.part.harm > MUCH_MORE * part.harm)
    return [
      {
        ...part,
        members,
        links,
        ...(isLesser ? { graph, roots: ranked(members, graph) } : {}),
        unexplained: others.flatMap((other) => (other.fragment ? sourcesOf(other.part) : [])).sort((a, b) => a - b),
      },
    ]
  })
}

/** What hurt people well before it and well after it is no part of it. */
const isWider = (group: Span, host: Span): boolean =>
  host.start - group.start > AT_ONCE_MS && group.harmedUntil - host.harmedUntil > AT_ONCE_MS && Number.isFinite(host.harmedUntil)

/** What a fault of its own did to people, and was over before the other began, is no lead-up of it. */
const isOver = (group: Span, host: Span): boolean => group.faulty && host.start - group.harmedUntil > AT_ONCE_MS && Number.isFinite(group.harmedUntil)

interface Span {
  readonly start: number
  readonly harmedUntil: number
  /** Whether a fault is part of it. */
  readonly faulty: boolean
}

/** From when on somebody could answer the part's trouble, and until when there was an impact to answer. */
const spanOf = ({ members }: Part, found: readonly Found[]): Span => {
  let start = Infinity
  let harmedUntil = -Infinity
  let faulty = false
  for (const at of members) {
    const one = found[at]
    if (one === undefined) continue
    start = Math.min(start, one.start)
    faulty ||= roleOf(one) === 'fault'
    if (roleOf(one) === 'impact') harmedUntil = Math.max(harmedUntil, one.end ?? Infinity)
  }
  return { start, harmedUntil, faulty }
}

/** How far back is looked for what a symptom may belong to, in findings of one entity, workload or kind. */
const LOOKED_AT = 64

type Belongs = (source: Found, other: Found, timeline: Timeline) => boolean
/** The parts, by position, that have a finding to which one belongs. */
type Neighbours = (source: Found, belongsTo: Belongs) => readonly number[]

const indexOf = (parts: readonly Part[], found: readonly Found[], timeline: Timeline): Neighbours => {
  const members = new Map<string, { readonly at: number; readonly part: number }[]>()
  const named = (entity: Entity): string => {
    const workload = timeline.topology.workloadOf(entity)
    return `called ${shortName(workload ?? entity)}`
  }
  parts.forEach((part, index) => {
    for (const at of part.members) {
      const one = found[at]
      if (one === undefined) continue
      for (const key of new Set([one.entity, named(one.entity)])) addTo(members, key, { at, part: index })
      if (typeOf(one.entity) === 'node') addTo(members, `kind ${one.kind}`, { at, part: index })
      if (NETWORK.has(one.kind)) addTo(members, 'network', { at, part: index })
      const reason = serverReasonOf(one)
      if (reason !== null) addTo(members, reason, { at, part: index })
      if (one.kind === 'workload.unavailable') addTo(members, `gone from ${namespaceOf(one.entity)}`, { at, part: index })
      const on = typeOf(one.entity) === 'pod' ? placeOf(one.entity, one.start, timeline) : null
      if (on !== null) addTo(members, `on ${on}`, { at, part: index })
    }
  })
  for (const list of members.values()) list.sort((a, b) => a.at - b.at)
  return (source, belongsTo) => {
    const place = placeOf(source.entity, source.start, timeline)
    const keys = [
      source.entity,
      named(source.entity),
      ...timeline.topology.runsAs(source.entity).map(named),
      `kind ${source.kind}`,
      `on ${source.entity}`,
      ...(NETWORK.has(source.kind) ? ['network'] : []),
      ...(serverReasonOf(source) === null ? [] : [String(serverReasonOf(source))]),
      ...(place === null ? [] : [place]),
      ...(saysUnwell(source) ? [`gone from ${namespaceOf(source.entity)}`] : []),
    ]
    const result = new Set<number>()
    for (const key of keys) {
      const list = members.get(key) ?? []
      const latest = source.start + (key.startsWith('kind ') || key.startsWith('reason ') ? AT_ONCE_MS : LEAD_UP_MS)
      const end = countWhile(list.length, (index) => (found[list[index]?.at ?? 0]?.start ?? 0) <= latest)
      for (const { at, part } of list.slice(Math.max(0, end - LOOKED_AT), end)) {
        const other = found[at]
        if (other !== undefined && other !== source && belongsTo(source, other, timeline)) result.add(part)
      }
    }
    return [...result]
  }
}

/** Programs that fail for what one server says to them: a reason that has a name, or the same words. */
const serverReasonOf = (one: Found): string | null => {
  const {
    kind,
    attributes: { reason, why },
  } = one
  if (isRegistrys(one)) return `reason pull ${String(reason)} ${registryOf(one)}`
  if (kind !== 'app.errors') return null
  if (typeof reason === 'string' && /^(?:(?:postgres|redis)-|tls$)/u.test(reason)) return `reason ${reason}`
  return typeof why === 'string' ? `reason ${why}` : null
}

/** What a registry says to whoever asks it: no image is at fault, nor a workload. */
const isRegistrys = ({ kind, attributes: { reason } }: Found): boolean =>
  kind === 'pod.image-pull-failed' && (reason === 'rate-limit' || reason === 'unauthorized' || reason === 'dns' || reason === 'timeout')
/** https://github.com/distribution/reference (a name without a host is Docker Hub's) */
const registryOf = ({ attributes: { image } }: Found): string => {
  const [host = '', ...rest] = String(image ?? '').split('/')
  return rest.length > 0 && /[.:]/u.test(host) ? host : ''
}

/** A program that answers its probe, and says that it cannot serve: as one does that misses another. */
const saysUnwell = ({ kind, attributes: { reason } }: Found): boolean => kind === 'pod.unready' && reason === 'status'

/** From the moment on in which another one of its namespace had no pod left, and until that was there again. */
const isUnwellWith = (source: Found, other: Found): boolean =>
  other.kind === 'workload.unavailable' &&
  saysUnwell(source) &&
  namespaceOf(source.entity) === namespaceOf(other.entity) &&
  source.start >= other.start - WHOLE_SECOND_MS &&
  source.start - other.start <= PROBED_WITHIN_MS &&
  source.end !== null &&
  other.end !== null &&
  Math.abs(source.end - other.end) <= PROBED_WITHIN_MS
/** The probe's period is 10 s where nobody set another. */
const PROBED_WITHIN_MS = 11_000

const sourcesOf = ({ members, graph }: Pick<Part, 'members' | 'graph'>): readonly number[] =>
  members.filter((at) => (graph.incoming.get(at) ?? []).length === 0)

/** A part that begins with nothing but symptoms and answers to them. */
export const isFragment = (part: Pick<Part, 'members' | 'graph'>, found: readonly Found[]): boolean =>
  sourcesOf(part).every((at) => {
    const one = found[at]
    if (one === undefined || one.kind === 'network.dns-failure' || isRegistrys(one)) return true
    return ['symptom', 'impact', 'response'].includes(roleOf(one)) && !saysItsCause(one)
  })

/** A server that refuses logins says why itself: a password, a role, an entry of pg_hba.conf. */
const saysItsCause = ({ kind, entity, attributes }: Found): boolean =>
  kind === 'app.errors' && typeOf(entity) === 'postgres' && attributes['reason'] === 'authentication'

/** What ailed it a few minutes ago ails it again: nothing had been cured. */
const isRelapse: Belongs = (source, other) =>
  source.kind === other.kind &&
  source.entity === other.entity &&
  ['fault', 'condition'].includes(roleOf(source)) &&
  other.end !== null &&
  source.start > other.end &&
  source.start <= other.end + RELAPSE_MS

const isAllRelapse = (part: Part, found: readonly Found[], neighbours: Neighbours): boolean =>
  sourcesOf(part).every((at) => found[at] !== undefined && neighbours(found[at], isRelapse).length > 0)

const belongs: Belongs = (source, other, timeline) => {
  const during = source.start >= other.start - BEFORE_MS || (source.start >= other.start - LEAD_UP_MS && (source.end ?? Infinity) >= other.start)
  if (!during || source.start > (other.end ?? Infinity) + AFTER_MS) return false
  // Its words are others than before a pause: what was over by then is another trouble.
  if (source.attributes['matter'] !== undefined && other.end !== null && other.end < source.start) return false
  if (source.entity === other.entity || isUnwellWith(source, other)) return true
  // Machines that fall ill in the same moment have one illness, whatever it is.
  if (source.kind === other.kind && typeOf(other.entity) === 'node' && Math.abs(source.start - other.start) <= AT_ONCE_MS) return true
  if (typeOf(other.entity) === 'node') return placeOf(source.entity, source.start, timeline) === other.entity
  // Programs to which a server says the same from the same moment on have one trouble with it.
  if (serverReasonOf(source) !== null && serverReasonOf(source) === serverReasonOf(other) && Math.abs(source.start - other.start) <= AT_ONCE_MS) return true
  // Names that do not resolve while a balancer loses its backends: one network.
  if (NETWORK.has(source.kind) && NETWORK.has(other.kind) && Math.abs(source.start - other.start) <= NETWORK_AT_ONCE_MS) return true
  // A machine falls ill again while what ran on it is not well yet.
  if (typeOf(source.entity) === 'node' && typeOf(other.entity) === 'pod')
    return source.start >= other.start && source.start <= (other.end ?? Infinity) && placeOf(other.entity, other.start, timeline) === source.entity
  return nearness('same-workload', other, source, timeline) === 1 || nearness('serves', other, source, timeline) >= 0.8
}
