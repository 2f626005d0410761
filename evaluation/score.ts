/**
 * Scores an analysis against the truth. The rules are those by which others score this project (score.mjs beside the contract),
 * kept here too since that file is not part of the project; score.test.ts compares both where it is present.
 */
import type { Truth } from '../simulator/truth.js'
import type { Analysis, Finding, Incident, Link } from '../src/model/analysis.js'

export interface Score {
  readonly pass: boolean
  /** Causal incidents where nothing was wrong. */
  readonly falseIncidents: number
  readonly root1: boolean
  readonly root3: boolean
  readonly steps: number
  readonly edges: number
  readonly chainPrecision: number
  readonly decoys: number
  readonly extraIncidents: number
  /** What the analysis itself gets wrong: a link that closes a circle, a finding without evidence. */
  readonly faults: readonly string[]
  readonly missing: readonly string[]
  readonly missingEdges: readonly string[]
  /** What was ranked first instead. */
  readonly firstRoot: string
}

export interface Spec {
  readonly kinds?: readonly string[]
  readonly entity?: string
  readonly start?: string
  readonly tolerance?: number
}

export const matches = (finding: Finding, { kinds, entity, start, tolerance = 120 }: Spec): boolean =>
  (kinds === undefined || kinds.includes(finding.kind)) &&
  (entity === undefined || new RegExp(entity).test(finding.entity)) &&
  (start === undefined || Math.abs(Date.parse(finding.start) - Date.parse(start)) <= tolerance * 1000)

/** What can be reached from these along the arrows, themselves included. */
export const reachable = <T>(arrows: Iterable<readonly [T, T]>, from: readonly T[]): ReadonlySet<T> => {
  const next = new Map<T, T[]>()
  for (const [cause, effect] of arrows) next.set(cause, [...(next.get(cause) ?? []), effect])
  const seen = new Set(from)
  for (const one of seen) for (const effect of next.get(one) ?? []) seen.add(effect)
  return seen
}

const arrowsOf = (links: readonly Link[]): (readonly [string, string])[] => links.map(({ cause, effect }) => [cause, effect])

const faultsOf = ({ findings, links, chains }: Incident): string[] => {
  const faults: string[] = []
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  for (const { id, evidence } of findings) if (evidence.length === 0) faults.push(`${id} has no evidence`)
  for (const { cause, effect } of links) {
    const name = `link ${cause} -> ${effect}`
    const [from, to] = [byId.get(cause), byId.get(effect)]
    if (!from || !to) faults.push(`${name} names a finding that is not there`)
    else if (Date.parse(from.start) > Date.parse(to.start) + 1000) faults.push(`${name}: the cause starts after its effect`)
    if (reachable(arrowsOf(links), [effect]).has(cause)) faults.push(`${name} closes a circle`)
  }
  for (const chain of chains)
    for (const [i, effect] of chain.slice(1).entries())
      if (!links.some((link) => link.cause === chain[i] && link.effect === effect)) faults.push(`chain step ${chain[i] ?? ''} -> ${effect} is no link`)
  return faults
}

const NOTHING = {
  falseIncidents: 0,
  root1: false,
  root3: false,
  steps: 0,
  edges: 0,
  chainPrecision: 0,
  decoys: 0,
  extraIncidents: 0,
  missingEdges: [],
  firstRoot: '',
}

interface Best {
  readonly incident: Incident
  /** Findings by the step that they match. */
  readonly hits: ReadonlyMap<string, readonly string[]>
  readonly found: number
}

/** The incident that tells most of the truth. */
const bestOf = (truth: Truth, incidents: readonly Incident[]): Best | undefined =>
  incidents
    .map((incident) => {
      const hits = new Map(truth.steps.map((step) => [step.id, incident.findings.filter((finding) => matches(finding, step)).map(({ id }) => id)]))
      return { incident, hits, found: [...hits.values()].filter((ids) => ids.length > 0).length }
    })
    .sort((a, b) => b.found - a.found)[0]

/**
 * Whether the root cause that is ranked first is a true one, or else the earliest that the data shows: a step of the truth of which
 * no step that led to it was found. Where the source is missing that would tell of the root, nobody can name it.
 */
export const namesEarliest = (truth: Truth, { incidents }: Pick<Analysis, 'incidents'>): boolean => {
  const best = bestOf(truth, incidents)
  const first = best?.incident.rootCauses[0]?.finding
  if (!best || first === undefined) return false
  const backwards = truth.edges.map(([cause, effect]) => [effect, cause] as const)
  const found = new Set(truth.steps.filter((step) => incidents.some(({ findings }) => findings.some((finding) => matches(finding, step)))).map(({ id }) => id))
  return [...best.hits].some(
    ([step, ids]) =>
      ids.includes(first) && (truth.roots.includes(step) || ![...reachable(backwards, [step])].some((other) => other !== step && found.has(other))),
  )
}

export const score = (truth: Truth, { incidents }: Pick<Analysis, 'incidents'>): Score => {
  const faults = incidents.flatMap(faultsOf)
  const causal = incidents.filter(({ links }) => links.length > 0)
  if (truth.expect === 'none')
    return {
      ...NOTHING,
      pass: causal.length === 0 && faults.length === 0,
      falseIncidents: causal.length,
      faults,
      missing: [],
      firstRoot: roots(causal[0])[0] ?? '',
    }

  const best = bestOf(truth, incidents)
  if (!best) return { ...NOTHING, pass: false, faults, missing: truth.steps.map(({ id }) => id) }

  const { incident, hits } = best
  const of = (step: string): readonly string[] => hits.get(step) ?? []
  const arrows = arrowsOf(incident.links)
  const leadsTo = (from: string, to: readonly string[]): boolean => {
    const seen = reachable(arrows, [from])
    return to.some((id) => id !== from && seen.has(id))
  }
  const missed = truth.edges.filter(([cause, effect]) => !of(cause).some((from) => leadsTo(from, of(effect))))
  const ranked = incident.rootCauses.map(({ finding }) => finding)
  const rootIds = truth.roots.flatMap(of)
  const stepIds = new Set([...hits.values()].flat())
  const decoys = incident.findings.filter((finding) => !stepIds.has(finding.id) && truth.decoys.some((decoy) => matches(finding, decoy)))
  const blamed = decoys.filter(({ id }) => ranked.slice(0, 3).includes(id) || leadsTo(id, [...stepIds]))
  const chain = (incident.chains[0] ?? []).flatMap((id) => incident.findings.find((finding) => finding.id === id) ?? [])
  const good = chain.filter((finding) => stepIds.has(finding.id) || truth.related.some((spec) => matches(finding, spec)))
  const result = {
    falseIncidents: 0,
    root1: ranked[0] !== undefined && rootIds.includes(ranked[0]),
    root3: ranked.slice(0, 3).some((id) => rootIds.includes(id)),
    steps: best.found / truth.steps.length,
    edges: truth.edges.length > 0 ? 1 - missed.length / truth.edges.length : 1,
    chainPrecision: chain.length > 0 ? good.length / chain.length : 0,
    decoys: blamed.length,
    extraIncidents: causal.filter((other) => other !== incident).length,
    faults,
    missing: truth.steps.filter(({ id }) => of(id).length === 0).map(({ id }) => id),
    missingEdges: missed.map((edge) => edge.join(' -> ')),
    firstRoot: roots(incident)[0] ?? '',
  }
  const pass =
    result.root1 &&
    result.edges >= 0.8 &&
    result.chainPrecision >= 0.75 &&
    result.decoys === 0 &&
    result.extraIncidents <= truth.allowedExtraIncidents &&
    faults.length === 0
  return { pass, ...result }
}

const roots = (incident: Incident | undefined): string[] =>
  (incident?.rootCauses ?? [])
    .flatMap(({ finding }) => incident?.findings.find(({ id }) => id === finding) ?? [])
    .map(({ kind, entity }) => `${kind} ${entity}`)
