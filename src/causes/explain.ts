/** From findings and links to the analysis: the promise to users, in words and numbers. Everything here is deterministic. */
import type { Analysis, Evidence, Finding, Incident, Link } from '../model/analysis.js'
import { shortName } from '../model/entity.js'
import { roleOf, type Role } from '../model/vocabulary.js'
import type { Found } from '../findings/finding.js'
import { phrase } from '../findings/phrases.js'
import { iso, type Timeline } from '../timeline/timeline.js'
import type { CausalIncident } from './incidents.js'

/** An incident with what the report needs beside the contract: the findings' positions and what each link expects. */
export interface ExplainedIncident {
  readonly incident: Incident
  readonly causal: CausalIncident
  /** Position in the list of findings of each finding id. */
  readonly positions: ReadonlyMap<string, number>
}

export interface Explanation {
  readonly analysis: Analysis
  readonly incidents: readonly ExplainedIncident[]
}

export const explain = (timeline: Timeline, unaligned: readonly Found[], causal: readonly CausalIncident[]): Explanation => {
  const incidents = causal.map((one) => explainOne(one, aligned(unaligned, one)))
  const ids = new Map<string, number>()
  const unique = incidents.map(({ incident, ...rest }) => {
    const count = (ids.get(incident.id) ?? 0) + 1
    ids.set(incident.id, count)
    return { ...rest, incident: count === 1 ? incident : { ...incident, id: `${incident.id}-${count}` } }
  })
  return {
    analysis: { schema: 'faultline/analysis@1', inputs: timeline.inputs, incidents: unique.map((one) => one.incident) },
    incidents: unique,
  }
}

/**
 * A cause that was seen later than its effect, within what its source can resolve, had begun by then: its onset is taken back
 * to its effect's, so that no cause starts after its effect.
 */
const aligned = (found: readonly Found[], incident: CausalIncident): ReadonlyMap<number, Found> => {
  const all = new Map([...incident.findings, ...incident.considered].flatMap((at) => (found[at] === undefined ? [] : [[at, found[at]] as const])))
  for (let changed = true, rounds = 0; changed && rounds < 100; rounds++) {
    changed = false
    for (const { cause, effect } of incident.links) {
      const [one, other] = [all.get(cause), all.get(effect)]
      if (one === undefined || other === undefined || one.start <= other.start) continue
      all.set(cause, { ...one, start: other.start })
      changed = true
    }
  }
  return all
}

const explainOne = (causal: CausalIncident, found: ReadonlyMap<number, Found>): ExplainedIncident => {
  const members = [...causal.findings, ...causal.considered].sort((a, b) => (found.get(a)?.start ?? 0) - (found.get(b)?.start ?? 0) || a - b)
  const idOf = new Map(members.map((at, index) => [at, `f${index + 1}`]))
  const id = (at: number): string => idOf.get(at) ?? ''
  const isAnswer = answersOf(causal, found)
  const findings = members.flatMap((at): Finding[] => {
    const one = found.get(at)
    return one === undefined ? [] : [describe(one, id(at), roleOf(one) === 'response' && !isAnswer(at) ? 'change' : roleOf(one))]
  })
  const links = causal.links
    .map((link): Link => ({
      cause: id(link.cause),
      effect: id(link.effect),
      mechanism: link.mechanism.id,
      confidence: round(link.confidence),
      lagSeconds: round(Math.max(0, (found.get(link.effect)?.start ?? 0) - (found.get(link.cause)?.start ?? 0)) / 1000),
      because: link.mechanism.because,
    }))
    .sort((a, b) => Number(a.cause.slice(1)) - Number(b.cause.slice(1)) || Number(a.effect.slice(1)) - Number(b.effect.slice(1)))
  const incident: Incident = {
    id: incidentId(causal, found),
    title: titleOf(causal, found),
    start: iso(Math.min(causal.start, ...causal.findings.map((at) => found.get(at)?.start ?? Infinity))),
    end: causal.end === null ? null : iso(causal.end),
    rootCauses: causal.roots.map((root) => ({ finding: id(root.finding), confidence: round(root.confidence) })),
    chains: causal.chains.map((chain) => chain.map(id)),
    findings,
    links,
    detection: detectionOf(causal, found),
  }
  return { incident, causal, positions: new Map([...idOf].map(([at, name]) => [name, at])) }
}

/** What somebody did before anything was wrong, and nothing led to, is no answer to it: it is what was changed. */
const answersOf = (causal: CausalIncident, found: ReadonlyMap<number, Found>): ((at: number) => boolean) => {
  const led = new Set(causal.links.map(({ effect }) => effect))
  const starts = causal.findings.flatMap((at) => {
    const one = found.get(at)
    return one !== undefined && TROUBLE.has(roleOf(one)) ? [one.start] : []
  })
  const begun = Math.min(...starts)
  return (at) => led.has(at) || (found.get(at)?.start ?? Infinity) >= begun
}
const TROUBLE: ReadonlySet<Role> = new Set<Role>(['fault', 'symptom', 'impact'])

const round = (value: number): number => Math.round(value * 1000) / 1000

const describe = (one: Found, id: string, role: Role): Finding => ({
  id,
  kind: one.kind,
  entity: one.entity,
  role,
  start: iso(one.start),
  end: one.end === null ? null : iso(Math.max(one.start, one.end)),
  confidence: round(one.confidence),
  summary: one.summary,
  evidence: one.evidence.length > 0 ? one.evidence : [noEvidence(one)],
})

/** No detector gives a finding without evidence; this names the one that did, rather than hiding it. */
const noEvidence = (one: Found): Evidence => ({ input: '-', line: null, time: iso(one.start), text: one.summary })

const incidentId = (causal: CausalIncident, found: ReadonlyMap<number, Found>): string => {
  const root = found.get(causal.roots[0]?.finding ?? -1)
  const time = iso(causal.start).slice(0, 19).replace(/[-:]/gu, '').replace('T', '-')
  const name = root === undefined ? '' : `-${root.kind}-${shortName(root.entity)}`.replace(/[^a-z0-9]+/giu, '-').toLowerCase()
  return `incident-${time}${name}`
}

const titleOf = (causal: CausalIncident, found: ReadonlyMap<number, Found>): string => {
  const root = found.get(causal.roots[0]?.finding ?? -1)
  const impact = found.get(causal.chains[0]?.at(-1) ?? -1)
  if (root === undefined) return 'An incident'
  const first = phrase(root)
  const title = impact === undefined || impact === root ? first : `${first}; ${phrase(impact)}`
  return title.charAt(0).toUpperCase() + title.slice(1)
}

const detectionOf = (causal: CausalIncident, found: ReadonlyMap<number, Found>): Incident['detection'] => {
  const of = causal.findings.flatMap((at) => found.get(at) ?? [])
  const symptoms = of.filter((one) => ['symptom', 'impact'].includes(roleOf(one))).map((one) => one.start)
  const alerts = of.filter((one) => one.kind === 'alert.fired').map((one) => one.start)
  const firstSymptom = symptoms.length === 0 ? null : Math.min(...symptoms)
  const firstAlert = alerts.length === 0 ? null : Math.min(...alerts)
  return {
    firstSymptom: firstSymptom === null ? null : iso(firstSymptom),
    firstAlert: firstAlert === null ? null : iso(firstAlert),
    delaySeconds: firstSymptom === null || firstAlert === null ? null : round(Math.max(0, (firstAlert - firstSymptom) / 1000)),
  }
}
