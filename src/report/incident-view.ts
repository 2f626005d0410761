/** One incident in the words of a post-mortem: facts, chain, timeline, sections. */
import type { Incident } from '../model/analysis.js'
import { groupBy } from '../model/lists.js'
import type { Role } from '../model/vocabulary.js'
import { findingViews, inOrder, type EvidenceView, type FindingView, type LinkView } from './finding-view.js'
import { incidentHead, type IncidentHead } from './incident-head.js'
import {
  brokeLine,
  detectionOf,
  endedOf,
  factsOf,
  impactLine,
  impactTable,
  lessonsOf,
  isLeadUp,
  recoveryLine,
  respondedOf,
  responseLine,
  roundsOf,
  severityOf,
  type Ended,
  type Fact,
  type ImpactTable,
  type Round,
  type Severity,
} from './incident-words.js'
import type { Chart, Check, FollowUp, Gap, IncidentDetail, Phase, PostMortem } from '../post-mortem/post-mortem.js'
import type { Window } from './time-axis.js'
import { foldRepeats, type Told } from './repeats.js'
import { clock, date, dayTold, duration, moment, range, secondsBetween, sureness } from './words.js'

/** Rows of the timeline in words: a person reads no more. */
const ROWS = 30

export interface IncidentView extends IncidentHead {
  readonly id: string
  readonly number: number
  readonly summary: string
  readonly severity: Severity
  readonly broke: string
  /** The same with the first of it only. */
  readonly brokeFirst: string
  /** '5 min 30 s after the first symptom', or why that is not known. */
  readonly noticed: string
  readonly facts: readonly Fact[]
  readonly root: FindingView | null
  /** 'from 10:00:00 to 10:05:00 UTC', or 'at' where it was a moment. */
  readonly rootWhen: string
  /** Other roots; those that the first one led to would mean that it began later than told. */
  readonly otherRoots: readonly OtherRoot[]
  readonly laterRoots: readonly OtherRoot[]
  readonly chain: readonly Step[]
  readonly otherChains: readonly (readonly Step[])[]
  readonly phases: readonly PhaseView[]
  readonly rows: readonly Row[]
  readonly rowsLeftOut: number
  readonly charts: readonly Chart[]
  readonly impact: readonly FindingView[]
  readonly impactLine: string
  /** The same impact for a table: what people use first. */
  readonly impactTable: ImpactTable
  readonly leadUp: readonly FindingView[]
  readonly detection: readonly FindingView[]
  readonly detectionLine: string
  readonly response: readonly FindingView[]
  readonly responseLine: string
  /** Changes made while it lasted: part of the response, or not. */
  readonly changes: readonly FindingView[]
  readonly recovery: readonly FindingView[]
  readonly recoveryLine: string
  /** What ended, in the order in which it ended. */
  readonly ended: readonly Ended[]
  readonly whys: readonly WhyView[]
  readonly rounds: readonly Round[]
  readonly conditions: readonly FindingView[]
  readonly factors: readonly { readonly what: string; readonly findings: readonly FindingView[] }[]
  readonly alternatives: readonly { readonly finding: FindingView | null; readonly why: string }[]
  readonly followUps: readonly FollowUp[]
  readonly checks: readonly Check[]
  readonly lessons: ReturnType<typeof lessonsOf>
  readonly gaps: readonly Gap[]
  readonly findings: readonly FindingView[]
  /** Where the drawn time begins and ends, in milliseconds. */
  readonly window: Window
  /** How much began before it; '' where nothing did. */
  readonly earlier: string
}

export interface OtherRoot {
  readonly finding: FindingView
  readonly sureness: string
}

export interface Step {
  readonly finding: FindingView
  /** How the step before led here; null on the first step. */
  readonly link: LinkView | null
  /** 2 where a second round of a cascade begins. */
  readonly round: number | null
}

export interface Row {
  readonly finding: FindingView
  readonly day: string | null
  readonly clock: string
  readonly evidence: readonly EvidenceView[]
  readonly moreEvidence: number
}

export interface PhaseView {
  readonly name: Phase['name']
  readonly start: string
  readonly end: string
  readonly when: string
  readonly lasted: string
}

export interface WhyView {
  readonly question: string
  readonly answer: string
  readonly finding: FindingView | null
}

export const incidentView = (postMortem: PostMortem, incident: Incident, index: number): IncidentView => {
  const detail = postMortem.incidents.find((one) => one.incident === incident.id) ?? emptyDetail(incident)
  const head = incidentHead(incident, index, postMortem.alertsCollected)
  const { lasted } = head
  const findings = findingViews(postMortem, incident, detail, `i${index + 1}`)
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  const of = (...roles: readonly Role[]): FindingView[] => findings.filter((finding) => roles.includes(finding.role))
  const [best, ...others] = incident.rootCauses
  const root = best === undefined ? undefined : byId.get(best.finding)
  const chains = told(incident.chains).map((chain) => steps(chain, byId, detail))
  const otherRoots = others.flatMap((other): OtherRoot[] => {
    const finding = byId.get(other.finding)
    return finding === undefined ? [] : [{ finding, sureness: sureness(other.confidence) }]
  })
  const later = new Set([...(incident.chains[0] ?? []), ...(best === undefined ? [] : followingFrom(best.finding, incident))])
  const impact = of('impact')
  const leadUp = findings.filter((finding) => isLeadUp(finding, incident, detail.phases))
  const picked = curated(findings, incident)
  const broke = brokeLine(impact, findings, incident)
  const severity = severityOf(impact, incident, detail.beside)
  const felt = impactLine(impact, detail.beside)
  const window = windowOf(incident, detail.phases, postMortem)
  const detection = detectionOf(incident, byId, postMortem.alertsCollected)
  return {
    ...head,
    id: incident.id,
    number: index + 1,
    summary: detail.summary,
    severity,
    broke,
    brokeFirst: brokeLine(impact, findings, incident, 1),
    noticed: detection.noticed,
    facts: factsOf(incident, {
      severity,
      broke,
      affected: impact.length === 0 ? '' : felt.replace(/\.$/u, ''),
      lasted,
      detection,
      responded: respondedOf(of('response'), detection.symptom, incident),
    }),
    root: root ?? null,
    rootWhen: root === undefined ? '' : `${root.end === root.start ? 'at' : 'from'} ${root.when}`,
    otherRoots: otherRoots.filter(({ finding }) => !later.has(finding.id)),
    laterRoots: otherRoots.filter(({ finding }) => later.has(finding.id)),
    chain: chains[0] ?? (root === undefined ? [] : [{ finding: root, link: null, round: null }]),
    otherChains: chains.slice(1),
    phases: detail.phases.map((phase) => ({
      ...phase,
      when: range(phase.start, phase.end, dayTold(incident)),
      lasted: duration(secondsBetween(phase.start, phase.end)),
    })),
    rows: rowsOf(picked),
    rowsLeftOut: findings.length - picked.reduce((sum, { all }) => sum + all.length, 0),
    charts: detail.charts,
    impact,
    impactLine: felt,
    impactTable: impactTable(impact, incident),
    leadUp,
    detection: foldRepeats(of('detection')).map(({ finding }) => finding),
    detectionLine: detection.line,
    response: of('response'),
    responseLine: responseLine(of('response')),
    changes: of('change').filter((finding) => finding.start > (detection.symptom ?? incident.start)),
    recovery: of('recovery'),
    recoveryLine: recoveryLine(incident, lasted, findings),
    ended: endedOf(findings, incident),
    whys: detail.fiveWhys.map((why) => ({ question: why.question, answer: why.answer, finding: byId.get(why.finding) ?? null })),
    rounds: roundsOf(
      detail.rounds.map((round) => round.flatMap((id) => byId.get(id) ?? [])),
      incident,
    ),
    conditions: of('condition'),
    factors: detail.factors.map(({ what, findings: ids }) => ({ what, findings: ids.flatMap((id) => byId.get(id) ?? []) })),
    alternatives: detail.alternatives.map((other) => ({ finding: byId.get(other.finding) ?? null, why: other.why })),
    followUps: detail.followUps,
    checks: detail.checks,
    lessons: lessonsOf(incident, {
      detection,
      lasted,
      conditions: of('condition').length,
      rounds: detail.rounds.length,
      response: of('response').length,
      alertsCollected: postMortem.alertsCollected,
    }),
    gaps: detail.gaps,
    findings,
    window,
    earlier: earlierOf(findings, window),
  }
}

const emptyDetail = (incident: Incident): IncidentDetail => ({
  incident: incident.id,
  summary: '',
  phases: [],
  charts: [],
  expectedLags: [],
  alternatives: [],
  followUps: [],
  checks: [],
  factors: [],
  rounds: [],
  fiveWhys: [],
  beside: [],
  gaps: [],
})

/** Whatever a finding led to, through however many others. */
const followingFrom = (cause: string, { links }: Incident): ReadonlySet<string> => {
  const effects = groupBy(links, (link) => link.cause)
  const reached = new Set<string>()
  const open = [cause]
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const { effect } of effects.get(at) ?? [])
      if (!reached.has(effect)) {
        reached.add(effect)
        open.push(effect)
      }
  return reached
}

/** A chain that is the end of one before it tells nothing new. */
const told = (chains: readonly (readonly string[])[]): readonly (readonly string[])[] => {
  const key = (chain: readonly string[]): string => `\n${chain.join('\n')}`
  return chains.filter((chain, index) => !chains.slice(0, index).some((before) => key(before).endsWith(key(chain))))
}

const steps = (chain: readonly string[], byId: ReadonlyMap<string, FindingView>, detail: IncidentDetail): Step[] => {
  const roundOf = (id: string): number => detail.rounds.findIndex((round) => round.includes(id)) + 1
  let round = 1
  let before: FindingView | undefined
  return chain.flatMap((id): Step[] => {
    const finding = byId.get(id)
    if (finding === undefined) return []
    const link = before?.effects.find((effect) => effect.anchor === finding.anchor) ?? null
    before = finding
    const now = roundOf(id)
    if (now <= round) return [{ finding, link, round: null }]
    round = now
    return [{ finding, link, round }]
  })
}

// ---- the timeline in words

const ALWAYS: ReadonlySet<Role> = new Set(['detection', 'response', 'recovery', 'change'])

/** What a person needs to follow it: the chains first, then what people saw and did, the impact, and the surest of the rest. */
const curated = (findings: readonly FindingView[], incident: Incident): readonly Told[] => {
  const [main, ...others] = incident.chains
  const central = (finding: FindingView): boolean => main?.includes(finding.id) === true || incident.rootCauses.some((cause) => cause.finding === finding.id)
  const rank = (finding: FindingView): number => {
    if (central(finding)) return 0
    if (ALWAYS.has(finding.role)) return 1
    if (finding.role === 'impact') return 2
    return others.some((chain) => chain.includes(finding.id)) ? 3 : 4
  }
  const confidence = new Map(incident.findings.map((finding) => [finding.id, finding.confidence]))
  return foldRepeats(findings, central)
    .toSorted(({ finding: a }, { finding: b }) => rank(a) - rank(b) || (confidence.get(b.id) ?? 0) - (confidence.get(a.id) ?? 0) || inOrder(a, b))
    .slice(0, ROWS)
    .toSorted(({ finding: a }, { finding: b }) => inOrder(a, b))
}

const rowsOf = (told: readonly Told[]): Row[] =>
  told.map(({ finding }, index) => {
    const before = told[index - 1]?.finding
    const all = [...finding.evidence, ...finding.shared]
    return {
      finding,
      day: before !== undefined && date(before.start) === date(finding.start) ? null : date(finding.start),
      clock: clock(finding.start),
      evidence: all.slice(0, 3),
      moreEvidence: Math.max(0, all.length - 3),
    }
  })

/** The incident with some time around it; a condition that has held for days does not squeeze the minutes that matter. */
const windowOf = (incident: Incident, phases: readonly Phase[], postMortem: PostMortem): Window => {
  const times = (values: readonly (string | null)[]): number[] => values.flatMap((value) => (value === null ? [] : [Date.parse(value)])).filter(Number.isFinite)
  const dataEnd = Math.max(
    ...times(postMortem.analysis.inputs.map((input) => input.to)),
    ...times(incident.findings.map((finding) => finding.end ?? finding.start)),
  )
  const start = Date.parse(incident.start)
  const end = incident.end === null ? dataEnd : Date.parse(incident.end)
  const length = Math.max(end - start, 60_000)
  const first = Math.min(start, ...times(incident.findings.map((finding) => finding.start)), ...times(phases.map((phase) => phase.start)))
  const last = Math.max(end, ...times(incident.findings.map((finding) => finding.end ?? finding.start)), ...times(phases.map((phase) => phase.end)))
  const to = Math.max(Math.min(last, start + length * 1.4), start + length)
  const from = lateOnset(incident, Math.max(first, start - length * 0.4), to)
  const margin = (to - from) * 0.03
  return { from: Math.floor(from - margin), to: Math.ceil(to + margin) }
}

/** Where most of it happened at the end of a long calm, as weeks after a certificate expired, the minutes that matter are drawn, not the weeks. */
const CALM = 0.75

const lateOnset = (incident: Incident, from: number, to: number): number => {
  const onsets = incident.findings
    .map((finding) => Date.parse(finding.start))
    .filter((time) => time >= from && time <= to)
    .sort((a, b) => a - b)
  const at = onsets.findIndex((time, index) => time - (onsets[index - 1] ?? from) > CALM * (to - from))
  const late = onsets[at]
  return late === undefined || at > onsets.length / 2 ? from : Math.max(from, late - (to - late) * 0.15)
}

/** What is drawn at the left edge though it began before. */
const earlierOf = (findings: readonly FindingView[], window: Window): string => {
  const early = findings.filter((finding) => Date.parse(finding.start) < window.from).toSorted(inOrder)
  const [first] = early
  if (first === undefined) return ''
  const began = `${moment(first.start)} UTC`
  return early.length === 1
    ? `One finding began before this time, at ${began}; it is drawn at the left edge.`
    : `${early.length} findings began before this time, the first at ${began}; they are drawn at the left edge.`
}
