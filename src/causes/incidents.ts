/** Incidents: the connected parts of the causal graph that reach somebody. No impact or no link: no incident, however noisy the day; outages that are plain are told all the same. */
import { isOfCluster, typeOf } from '../model/entity.js'
import { countWhile } from '../model/lists.js'
import { roleOf } from '../model/vocabulary.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'
import { joinFaintly } from './faint.js'
import { joinFragments, type Part } from './fragments.js'
import { HARM_TO_CLIENTS, harmIn, harmsOf } from './harm.js'
import { components, explained, graphOf, pathsFrom, type Graph, type Path, type RankedRoot } from './graph.js'
import { howOftenRight, type CausalLink } from './link.js'
import { withoutMeetings } from './meetings.js'
import { tierOf } from './relations.js'
import { unexplainedOutages } from './unexplained.js'

export interface CausalIncident {
  /** Positions in the list of findings. */
  readonly findings: readonly number[]
  readonly links: readonly CausalLink[]
  readonly roots: readonly RankedRoot[]
  readonly chains: readonly (readonly number[])[]
  /** Symptoms of the same time and place that no known cause leads to. */
  readonly unexplained: readonly number[]
  /** Findings of the same time and place that no link joins: what else was considered. */
  readonly considered: readonly number[]
  readonly start: number
  readonly end: number | null
  /** Whether people are seen to suffer, who use services and workloads. */
  readonly felt: boolean
  readonly severity: number
}

/** A planned change may cost replicas for a while: that is its plan, not an incident. */
const PLANNED: ReadonlySet<string> = new Set([
  'action.node-restarted',
  'action.drain',
  'action.cordon',
  'change.scaled',
  'change.deployed',
  'change.node-added',
  'change.node-removed',
])
/** What a rolling change costs by design, while it goes on. */
const PLAN_COSTS: ReadonlySet<string> = new Set(['workload.degraded', 'pod.unready', 'pod.evicted', 'pod.stuck', 'node.not-ready', 'node.heartbeat-missed'])
/** A node that runs out of something is nobody's plan, whose pods it puts out for it. */
const WANTS: ReadonlySet<unknown> = new Set(['memory', 'disk'])
const PLAN_MS = 5 * 60_000
const RESTART_MS = 15_000
const CONTROL_PLANE_MS = 60_000
/** A cause so weak that nobody should be told, but where what it led to was felt for minutes: that has to be told, however unsure what led to it is. */
const WEAKEST_CAUSE = howOftenRight(0.42)
const WEAKEST_OF_OUTAGE = howOftenRight(0.3)
const LONG_FELT_MS = 2 * 60_000
const MUCH_HARM = 0.8

export const tellIncidents = (found: readonly Found[], links: readonly CausalLink[], timeline: Timeline): readonly CausalIncident[] => {
  const isAlert = (at: number): boolean => found[at]?.kind === 'alert.fired'
  const harms = harmsOf(found, timeline)
  const ranked = (members: readonly number[], graph: Graph): readonly RankedRoot[] => rankRoots(members, found, harms, graph)
  const causal = withoutMeetings(
    links.filter((link) => !link.faint && !isAlert(link.effect)),
    found,
  )
  const alarming = new Set(links.flatMap((link) => (!link.faint && isAlert(link.effect) ? (found[link.cause] ?? []) : [])))
  const told: Part[] = []
  for (const { members, links: mine } of components(causal)) {
    const graph = graphOf(mine)
    const weakest = members.some((at) => isFeltLong(found[at], harms[at] ?? 0, timeline)) ? WEAKEST_OF_OUTAGE : WEAKEST_CAUSE
    if (!mine.some((link) => link.confidence >= weakest)) continue
    const roots = ranked(members, graph)
    const [first] = roots
    if (first === undefined) continue
    const paths = pathsFrom(first.finding, graph)
    if (isPlan(first.finding, paths, found, harms, timeline, alarming) || isStanding(members, found, timeline)) continue
    told.push({ members, links: mine, roots, graph, harm: harmIn(members, harms) })
  }
  const harming = joinFaintly(
    told,
    links.filter(({ faint }) => faint),
    found,
    (members, graph) => ({ roots: ranked(members, graph), harm: harmIn(members, harms) }),
  )
  const bare = unexplainedOutages(harming, links, found, harms, timeline)
  const alerts = alertsOf(links, new Set([...harming, ...bare].flatMap(({ members }) => members)), isAlert)
  const tellers = graphOf(alerts)
  const linked = new Set(links.flatMap((link) => (link.faint ? [] : [link.cause, link.effect])))
  for (const { members } of harming) for (const at of members) linked.add(at)
  const joined = joinFragments([...harming, ...loneImpacts(linked, found, harms)], found, timeline, ranked)
  const incidents = [...joined, ...bare.map((part) => ({ ...part, unexplained: [] }))].map((part) => {
    const ofMine = part.members.flatMap((at) => tellers.outgoing.get(at) ?? [])
    return { ...complete(part, ofMine, found, harms, timeline), unexplained: part.unexplained }
  })
  // What somebody felt comes before what only the cluster did, however much of that there is.
  return withConsidered(incidents, found, timeline).sort((a, b) => Number(b.felt) - Number(a.felt) || b.severity - a.severity || a.start - b.start)
}

const isFeltLong = (one: Found | undefined, harm: number, { to }: Timeline): boolean =>
  one !== undefined && roleOf(one) === 'impact' && harm >= MUCH_HARM && (one.end ?? to) - one.start >= LONG_FELT_MS

/** Impacts that nothing is linked to: they are told with what went wrong in their time and place, or not at all. What another rule made of the same lines is told by that. */
const loneImpacts = (linked: ReadonlySet<number>, found: readonly Found[], harms: readonly number[]): readonly Part[] => {
  const placesOf = ({ evidence }: Found): readonly string[] => evidence.map(({ input, line, time }) => `${input}:${line ?? time}`)
  const told = new Set([...linked].flatMap((at) => placesOf(found[at] as Found))) // positions in the list
  return found.flatMap((one, at): Part[] => {
    const harm = harms[at] ?? 0
    return linked.has(at) || roleOf(one) !== 'impact' || harm < LEAST_LONE_HARM || (one.evidence.length > 0 && placesOf(one).every((place) => told.has(place)))
      ? []
      : [{ members: [at], links: [], roots: [], graph: graphOf([]), harm }]
  })
}
const LEAST_LONE_HARM = 0.6

/** What belongs to another incident was not a candidate here; what belongs to none may have been. */
const withConsidered = (incidents: readonly CausalIncident[], found: readonly Found[], timeline: Timeline): CausalIncident[] => {
  const taken = new Set(incidents.flatMap((incident) => incident.findings))
  return incidents.map((incident) => ({ ...incident, considered: consideredFor(taken, incident.start, incident.end ?? timeline.to, found) }))
}

const rankRoots = (members: readonly number[], found: readonly Found[], all: readonly number[], graph: Graph): readonly RankedRoot[] => {
  // What fails in a dozen stretches is one thing that fails.
  const times = new Map<string, number>()
  const nameOf = (at: number): string => `${found[at]?.kind ?? ''} ${found[at]?.entity ?? ''}`
  for (const at of members) times.set(nameOf(at), (times.get(nameOf(at)) ?? 0) + 1)
  const harms = new Map(members.map((at) => [at, (all[at] ?? 0) / (times.get(nameOf(at)) ?? 1)]))
  const total = [...harms.values()].reduce((sum, harm) => sum + harm, 0)
  if (total === 0) return []
  const candidates = members
    .flatMap((at) => {
      const one = found[at]
      const role = roleOf(one ?? '')
      if (one === undefined || (graph.outgoing.get(at) ?? []).length === 0 || role === 'detection' || role === 'recovery') return []
      const own = 1 - 0.92 * explained(at, graph)
      // A condition widens the damage; it is rarely what set it off.
      const weight = role === 'condition' ? 0.35 : role === 'impact' ? 0.6 : 1
      return [{ at, most: one.confidence * own * weight }]
    })
    .sort((a, b) => b.most - a.most || a.at - b.at)
  const ranked: RankedRoot[] = []
  for (const { at, most } of candidates) {
    // What it leads to can only take from this: nobody who comes after can be among the first any more.
    if (most < (ranked[MOST_ROOTS - 1]?.confidence ?? 0)) break
    let reached = 0
    let surest = 0
    for (const [to, path] of pathsFrom(at, graph)) {
      const harm = harms.get(to) ?? 0
      if (to === at || harm === 0) continue
      reached += harm
      surest = Math.max(surest, path.product ** (1 / Math.max(1, path.steps.length - 1)))
    }
    if (reached === 0) continue
    // Impacts it does not lead to speak against it; its own harm is not asked of it.
    const share = Math.min(1, reached / Math.max(total - (harms.get(at) ?? 0), 0.01))
    ranked.push({ finding: at, confidence: most * surest * (0.3 + 0.7 * share) })
    ranked.sort((a, b) => b.confidence - a.confidence || a.finding - b.finding)
  }
  return earlierFirst(ranked).slice(0, MOST_ROOTS)
}

const MOST_ROOTS = 5
const AS_SURE = 0.88

/** Of two about as likely causes of the same harm the earlier one comes first: what followed met a system that it had already weakened. */
const earlierFirst = (ranked: readonly RankedRoot[]): readonly RankedRoot[] => {
  const [first, second, ...rest] = ranked
  if (first === undefined || second === undefined || second.finding > first.finding || second.confidence < first.confidence * AS_SURE) return ranked
  return [{ ...second, confidence: first.confidence }, first, ...rest]
}

/** A pod that waits while a node is added starts later; nobody missed it before it was wanted. */
const waitedForRoom = ({ kind, start, end }: Found): boolean => kind === 'pod.unschedulable' && end !== null && end - start < PLAN_MS

/** Another server took over from the one that was shut down, and only those who go on asking that one miss it: its exporter and its probe. */
const isHandedOver = (shutdown: Found, impacts: readonly Found[], { signals }: Timeline): boolean =>
  impacts.every(({ kind }) => kind === 'service.unreachable') &&
  signals.some(
    ({ kind, at, attributes }) =>
      (attributes['code'] === 'promoted' || (kind === 'postgres.ready' && attributes['reason'] === 'promoted')) &&
      at >= shutdown.start - HANDED_OVER_MS &&
      at <= shutdown.start + HANDED_OVER_MS,
  )
const HANDED_OVER_MS = 60_000

/** Most of the requests failed, and somebody was told so: that much is in nobody's plan, however short. */
const isAlarm = (one: Found, alarming: ReadonlySet<Found>): boolean => one.attributes['failed'] === 'most' && alarming.has(one)

const isPlan = (
  root: number,
  paths: ReadonlyMap<number, Path>,
  found: readonly Found[],
  harms: readonly number[],
  timeline: Timeline,
  alarming: ReadonlySet<Found>,
): boolean => {
  const one = found[root]
  if (one === undefined) return false
  const impacts = [...paths.keys()].flatMap((at) => (at === root || (harms[at] ?? 0) === 0 ? [] : (found[at] ?? [])))
  // A server that was told to restart, and did: its clients' failed requests of those seconds are no incident.
  if (one.kind === 'postgres.shutdown' && one.attributes['mode'] !== 'immediate')
    return (
      isHandedOver(one, impacts, timeline) ||
      impacts.every((impact) => impact.end !== null && impact.end - one.start < RESTART_MS && !isAlarm(impact, alarming))
    )
  // So with a part of the control plane: what runs goes on without it.
  if (one.kind === 'action.restart' && tierOf(one.entity) >= 0)
    return impacts.every(
      ({ kind, entity, end }) => (tierOf(entity) >= 0 || kind === 'node.heartbeat-missed') && end !== null && end - one.start < CONTROL_PLANE_MS,
    )
  if (!(PLANNED.has(one.kind) || waitedForRoom(one))) return false
  // Nobody rolls back what went as planned.
  if (one.kind === 'change.deployed' && one.attributes['undone'] === 'yes') return false
  return impacts.every(
    (impact) =>
      ((PLAN_COSTS.has(impact.kind) && !WANTS.has(impact.attributes['reason']) && isOwn(impact, one, timeline)) ||
        (impact.kind === 'service.unreachable' && typeOf(impact.entity) === 'target')) &&
      impact.end !== null &&
      impact.end - impact.start < PLAN_MS,
  )
}

/** What a rollout costs others, or the nodes that its pods land on, is in no plan; a node's pods are its own. */
const isOwn = ({ entity }: Found, plan: Found, { topology }: Timeline): boolean =>
  typeOf(plan.entity) !== 'workload' || entity === plan.entity || topology.workloadOf(entity) === plan.entity

/** What one workload's pods do to it. */
const OF_ONE_WORKLOAD: ReadonlySet<string> = new Set([
  'pod.crash-looping',
  'pod.oom-killed',
  'pod.unready',
  'pod.stuck',
  'pod.image-pull-failed',
  'pod.volume-mount-failed',
  'pod.sandbox-failed',
  'pod.unschedulable',
  'workload.degraded',
  'workload.unavailable',
  'workload.colocated',
  'workload.no-limits',
])
const LONG_BEFORE_MS = 6 * 3_600_000
const LONG_WATCHED_MS = 2 * 3_600_000
/** A crash loop shows itself at every back-off, which is 5 min at most. */
const BACK_OFF_MS = 6 * 60_000

/** A workload that was broken long before anybody took these logs, or from their first minutes to their last, is how things were, not what happened. */
const isStanding = (members: readonly number[], found: readonly Found[], { watchedFrom, to }: Timeline): boolean =>
  members.every((at) => {
    const one = found[at]
    if (one === undefined || !OF_ONE_WORKLOAD.has(one.kind)) return false
    const throughout = to - watchedFrom >= LONG_WATCHED_MS && one.start <= watchedFrom + BACK_OFF_MS && (one.end ?? to) >= to - BACK_OFF_MS
    return throughout || one.start < watchedFrom - LONG_BEFORE_MS
  })

/** Alerts tell of the findings they are linked to; of several that are part of an incident, the surest. */
const alertsOf = (links: readonly CausalLink[], inIncidents: ReadonlySet<number>, isAlert: (at: number) => boolean): readonly CausalLink[] => {
  const best = new Map<number, CausalLink>()
  for (const link of links) {
    if (!isAlert(link.effect) || !inIncidents.has(link.cause)) continue
    const known = best.get(link.effect)
    if (known === undefined || link.confidence > known.confidence) best.set(link.effect, link)
  }
  return [...best.values()]
}

/** A Sentinel speaks for ever of a replica that was taken away: as long as the rest is well, nobody is hurt by it any more. */
const isForgotten = ({ kind, end, attributes }: Found): boolean => kind === 'redis.down' && end === null && attributes['reason'] === 'replica'

/** A source that goes on for so long without a word of it has seen it end. */
const QUIET_MS = 2 * 60_000

const sawItsEnd = (one: Found, { inputs }: Timeline): boolean => {
  const sources = new Set(one.evidence.map(({ input }) => input))
  return one.end !== null && inputs.some(({ path, to }) => sources.has(path) && to !== null && Date.parse(to) >= (one.end ?? Infinity) + QUIET_MS)
}

/** It is over when nobody suffers from it any more, as those tell who did: a server that nobody needs since another took over may stay down. */
const endOf = (harmed: readonly Found[], timeline: Timeline): number | null => {
  const ends = harmed.flatMap(({ end }) => end ?? [])
  if (ends.length < harmed.length) {
    const impacts = harmed.filter((one) => roleOf(one) === 'impact' && typeOf(one.entity) !== 'target')
    if (impacts.length === 0 || !impacts.every((one) => sawItsEnd(one, timeline))) return null
  }
  return Math.max(...ends)
}

const complete = (
  { members, links, roots, graph }: Part,
  alerts: readonly CausalLink[],
  found: readonly Found[],
  harms: readonly number[],
  timeline: Timeline,
): Omit<CausalIncident, 'unexplained'> => {
  const all = [...new Set([...members, ...alerts.map((link) => link.effect)])].sort((a, b) => a - b)
  const of = (at: number): Found => found[at] as Found // positions come from the list itself
  const harmed = members.filter((at) => (harms[at] ?? 0) > 0)
  const start = Math.min(...members.map((at) => of(at).start))
  const felt = harmed.filter((at) => !isForgotten(of(at)))
  const suffered = (felt.length > 0 ? felt : harmed).map(of)
  // Where nobody is seen to suffer, it lasts as long as what went wrong.
  const end = endOf(
    suffered.some((one) => roleOf(one) === 'impact' || one.kind in HARM_TO_CLIENTS)
      ? suffered
      : members.map(of).filter((one) => ['fault', 'symptom'].includes(roleOf(one))),
    timeline,
  )
  const severity = harmed.reduce((sum, at) => sum + (harms[at] ?? 0) * Math.log2(2 + ((of(at).end ?? timeline.to) - of(at).start) / 60_000), 0)
  return {
    findings: all,
    links: [...links, ...alerts],
    roots,
    chains: links.length === 0 ? roots.map(({ finding }) => [finding]) : chainsOf(roots, graph, found, harms),
    considered: [],
    start,
    end,
    felt: members.some((at) => roleOf(of(at)) === 'impact' && typeOf(of(at).entity) !== 'target'),
    severity,
  }
}

/** A chain longer than this is not better for its length. */
const MOST_TOLD = 6

/** What only the cluster itself uses is not what people suffer from, as long as anything else is. */
const OF_CLUSTER = 0.75

/** From each root to the impact it reaches most surely and that hurts most. */
const chainsOf = (roots: readonly RankedRoot[], graph: Graph, found: readonly Found[], harms: readonly number[]): readonly (readonly number[])[] => {
  const chains: { steps: readonly number[]; worth: number; root: number }[] = []
  roots.forEach((root, rank) => {
    let best: { steps: readonly number[]; worth: number } | null = null
    for (const [to, path] of pathsFrom(root.finding, graph)) {
      const one = found[to]
      if (one === undefined || to === root.finding) continue
      const harm = harms[to] ?? 0
      if (harm === 0) continue
      const impact = (roleOf(one) === 'impact' ? 1 : 0.5) * (isOfCluster(one.entity) ? OF_CLUSTER : 1)
      const worth = path.product ** (1 / (path.steps.length - 1)) * harm * impact * (1 + 0.08 * Math.min(MOST_TOLD, path.steps.length))
      // Of impacts that are about as bad, the first that was felt.
      if (best === null || worth > best.worth * 1.15 || (worth > best.worth * 0.87 && to < (best.steps.at(-1) ?? 0))) best = { steps: path.steps, worth }
    }
    if (best !== null) chains.push({ ...best, root: rank })
  })
  return chains.sort((a, b) => a.root - b.root).map((chain) => chain.steps)
}

const AROUND_MS = 5 * 60_000
const MOST_CONSIDERED = 12

const consideredFor = (taken: ReadonlySet<number>, start: number, end: number, found: readonly Found[]): readonly number[] => {
  const result: number[] = []
  for (let at = firstFrom(start - AROUND_MS, found); at < found.length && result.length < MOST_CONSIDERED; at++) {
    const one = found[at]
    if (one === undefined || one.start > end) break
    const role = roleOf(one)
    if (!taken.has(at) && role !== 'impact' && role !== 'detection' && typeOf(one.entity) !== 'cluster') result.push(at)
  }
  return result
}

/** The first of the findings, which are ordered by start, that began then or later. */
const firstFrom = (start: number, found: readonly Found[]): number => countWhile(found.length, (at) => (found[at]?.start ?? 0) < start)
