/** Which of the windows' incidents are one and the same, which were known before and under what name, and which keep coming back. Pure. */
import type { Incident } from '../model/analysis.js'
import { linkedIn } from '../model/linked-in.js'
import { nameOf, typeOf } from '../model/entity.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'

const MINUTE_MS = 60_000
/** Two views of one incident may differ by this at their edges. */
const SLACK_MS = 10 * MINUTE_MS
/** An incident of which no end is known is taken to go on for so long after its last finding. */
const HOUR_MS = 3_600_000
const OPEN_MS = 6 * HOUR_MS
/** A view is cut off when it comes this near to its window's edge. */
const EDGE_MS = 60 * MINUTE_MS
/** Of its window: what takes more of it than this may have begun before it or go on after it. */
const MUCH = 0.5

/** One incident as one window shows it. */
export interface View {
  readonly postMortem: PostMortem
  readonly incident: Incident
  readonly sinceMs: number
  readonly untilMs: number
  /** The stretch that is this window's own; in the rest its neighbours see more. */
  readonly ownFromMs: number
  readonly ownToMs: number
  /** Not a day's window, but one made to hold what several days show pieces of. */
  readonly wide: boolean
}

export const startOf = (incident: Incident): number => Date.parse(incident.start)

/** Where its end is not known: some time after the last that is known of it. */
export const endOf = (incident: Incident): number =>
  incident.end === null
    ? Math.max(startOf(incident), ...incident.findings.map(({ start, end }) => Date.parse(end ?? start))) + OPEN_MS
    : Math.max(Date.parse(incident.end), startOf(incident))

const rootOf = (incident: Incident): { readonly kind: string; readonly entity: string } | null => {
  const root = incident.findings.find(({ id }) => id === incident.rootCauses[0]?.finding)
  return root === undefined ? null : { kind: root.kind, entity: root.entity }
}

/** What of it belongs to the causal graph: what is only near it in time is near others, too. */
const partsOf = (incident: Incident): ReadonlySet<string> => {
  const linked = linkedIn(incident)
  return new Set(incident.findings.filter(({ id }) => linked.has(id)).map(({ kind, entity }) => `${kind} ${entity}`))
}

/** At the same time, and either from the same root or made of the same for the half of it. */
export const isSame = (a: Incident, b: Incident): boolean => {
  if (startOf(a) - SLACK_MS > endOf(b) || startOf(b) - SLACK_MS > endOf(a)) return false
  const [rootA, rootB] = [rootOf(a), rootOf(b)]
  if (rootA !== null && rootB !== null && rootA.kind === rootB.kind && rootA.entity === rootB.entity) return true
  const [partsA, partsB] = [partsOf(a), partsOf(b)]
  let shared = 0
  for (const part of partsA) if (partsB.has(part)) shared++
  return shared * 2 >= Math.min(partsA.size, partsB.size) && shared > 0
}

/** Views of the same incident together, by time; the best one first. */
export const grouped = (views: readonly View[]): readonly (readonly View[])[] => {
  const sorted = [...views].sort(
    (a, b) => widthOf(b) - widthOf(a) || startOf(a.incident) - startOf(b.incident) || a.sinceMs - b.sinceMs || compare(a.incident.id, b.incident.id),
  )
  const groups: View[][] = []
  for (const view of sorted) {
    // A wider window sees what joins the pieces that this one tells apart.
    const wider = groups.find((group) => group.some((other) => isWithin(view, other) && isSame(other.incident, view.incident)))
    if (wider !== undefined) {
      wider.push(view)
      continue
    }
    // Of its own incidents a window knows best that they are several.
    const mine = groups.filter(
      (group) => group.some((other) => !sameWindow(other, view) && isSame(other.incident, view.incident)) && !group.some((other) => sameWindow(other, view)),
    )
    const [first, ...rest] = mine
    if (first === undefined) {
      groups.push([view])
      continue
    }
    first.push(view)
    for (const group of rest) {
      if (group.some((other) => first.some((one) => sameWindow(one, other)))) continue
      first.push(...group)
      groups.splice(groups.indexOf(group), 1)
    }
  }
  return groups
    .filter((group) => group.some(isOwn))
    .map((group) => [...group].sort(better))
    .sort(([a], [b]) => (a === undefined || b === undefined ? 0 : startOf(a.incident) - startOf(b.incident) || compare(a.incident.id, b.incident.id)))
}

const widthOf = ({ sinceMs, untilMs }: View): number => untilMs - sinceMs
const isWithin = (inner: View, outer: View): boolean => !sameWindow(inner, outer) && outer.sinceMs <= inner.sinceMs && outer.untilMs >= inner.untilMs
const sameWindow = (a: View, b: View): boolean => a.sinceMs === b.sinceMs && a.untilMs === b.untilMs
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const isOwn = ({ incident, ownFromMs, ownToMs }: View): boolean => startOf(incident) >= ownFromMs - SLACK_MS && startOf(incident) < ownToMs + SLACK_MS

const isAtEdge = ({ incident, sinceMs, untilMs }: View): boolean =>
  startOf(incident) <= sinceMs + EDGE_MS || (incident.end === null ? endOf(incident) : Date.parse(incident.end)) >= untilMs - EDGE_MS

/**
 * What comes near its window's edge goes on beyond it. So does what fills much of the window: a certificate that is rejected once in two hours
 * is silent at any edge, and still is one trouble for as long as it takes.
 */
export const isCut = (view: View): boolean => isAtEdge(view) || endOf(view.incident) - startOf(view.incident) >= MUCH * widthOf(view)

const hoursOf = ({ incident }: View): number => Math.round((endOf(incident) - startOf(incident)) / HOUR_MS)

/** Wide windows are there because the days' own saw pieces. Then whole before cut, more before less, earlier before later. */
const better = (a: View, b: View): number =>
  Number(!isOwn(a)) - Number(!isOwn(b)) ||
  Number(b.wide) - Number(a.wide) ||
  Number(isAtEdge(a)) - Number(isAtEdge(b)) ||
  widthOf(b) - widthOf(a) ||
  Number(isCut(a)) - Number(isCut(b)) ||
  b.incident.findings.length - a.incident.findings.length ||
  hoursOf(b) - hoursOf(a) ||
  a.sinceMs - b.sinceMs

/** What an incident is recognised by, in lists and the next time. */
export interface Facts {
  readonly id: string
  readonly title: string
  readonly start: string
  readonly end: string | null
  readonly root: { readonly kind: string; readonly entity: string; readonly confidence: number } | null
  readonly impact: { readonly kind: string; readonly entity: string } | null
  /** Along the best chain, from the root to the impact. */
  readonly mechanisms: readonly string[]
  readonly nodes: readonly string[]
  readonly workloads: readonly string[]
  readonly detection: Incident['detection']
  readonly followUp: string | null
}

export const factsOf = (id: string, { analysis, incidents }: PostMortem): Facts | null => {
  const [incident] = analysis.incidents
  if (incident === undefined) return null
  const of = new Map(incident.findings.map((finding) => [finding.id, finding]))
  const chain = incident.chains[0] ?? []
  const root = rootOf(incident)
  const impact = of.get(chain.at(-1) ?? '')
  const mechanisms = chain
    .slice(1)
    .flatMap((effect, index) => incident.links.find((link) => link.cause === chain[index] && link.effect === effect)?.mechanism ?? [])
  const linked = linkedIn(incident)
  const entities = [...new Set(incident.findings.filter((finding) => linked.has(finding.id)).map(({ entity }) => entity))].sort()
  return {
    id,
    title: incident.title,
    start: incident.start,
    end: incident.end,
    root: root === null ? null : { ...root, confidence: incident.rootCauses[0]?.confidence ?? 0 },
    impact: impact === undefined || impact.id === chain[0] ? null : { kind: impact.kind, entity: impact.entity },
    mechanisms,
    nodes: entities.filter((entity) => typeOf(entity) === 'node').map(nameOf),
    workloads: entities.filter((entity) => typeOf(entity) === 'workload').map(nameOf),
    detection: incident.detection,
    followUp: incidents[0]?.followUps[0]?.title ?? null,
  }
}

/** How often this has happened up to now, this time included. */
export interface Recurrence {
  /** The first of its kind. */
  readonly family: string
  readonly times: number
  readonly first: Facts
  readonly last: Facts | null
}

/** By start: the first of a kind founds a family, and what resembles it belongs to it. */
export const recurrencesOf = (all: readonly Facts[]): ReadonlyMap<string, Recurrence> => {
  const families: { readonly founder: Facts; last: Facts; times: number }[] = []
  const result = new Map<string, Recurrence>()
  for (const one of [...all].sort((a, b) => compare(a.start, b.start) || compare(a.id, b.id))) {
    const family = families.find(({ founder }) => resembles(founder, one))
    if (family === undefined) {
      families.push({ founder: one, last: one, times: 1 })
      result.set(one.id, { family: one.id, times: 1, first: one, last: null })
      continue
    }
    family.times++
    result.set(one.id, { family: family.founder.id, times: family.times, first: family.founder, last: family.last })
    family.last = one
  }
  return result
}

/** The same kind of root on the same kind of entity, and half of the shorter chain's mechanisms: how much of a chain is seen depends on what was collected. */
const resembles = (a: Facts, b: Facts): boolean => {
  if (a.root === null || b.root === null || a.root.kind !== b.root.kind || typeOfText(a.root.entity) !== typeOfText(b.root.entity)) return false
  const [of, those] = [new Set(a.mechanisms), new Set(b.mechanisms)]
  const both = [...of].filter((mechanism) => those.has(mechanism)).length
  const fewer = Math.min(of.size, those.size)
  return fewer === 0 ? a.impact?.kind === b.impact?.kind : both * 2 >= fewer
}

const typeOfText = (entity: string): string => entity.split('/')[0] ?? ''

const ORDINALS = ['', 'First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth', 'Seventh', 'Eighth', 'Ninth', 'Tenth'] as const

/** 'Third time since 2026-11-03 …'; null for the first time. */
export const recurrenceSentence = ({ times, first, last }: Recurrence): string | null => {
  if (times < 2 || last === null) return null
  const ordinal = ORDINALS[times] ?? `${times}th`
  const before = last.id === first.id ? `the one before was ${last.id}` : `the first was ${first.id}, the last one ${last.id} on ${last.start.slice(0, 10)}`
  const asked = last.followUp === null ? '' : ` Last follow-up: ${last.followUp.replace(/[.\s]+$/u, '')}.`
  return `${ordinal} time since ${first.start.slice(0, 10)} that this happened (${before}).${asked}`
}
