/** How much of very wide data one page tells: below 5 MB, so that it opens at once and mail and trackers take it. An ordinary incident is told in full. */
import type { EvidenceView, FindingView, LinkView } from './finding-view.js'
import type { IncidentHead } from './incident-head.js'
import type { IncidentView } from './incident-view.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { frameOf, headsOf, incidentAt, type InputView, type ReportView } from './view.js'

/** Bytes for the incidents; scripts, styles, inputs and the rest come to less than a megabyte more. */
const ROOM = 3_600_000
/** An incident's pictures and sections without its findings and charts; a chart with its picture, its table and its numbers. */
const SECTIONS_COST = 150_000
const CHART_COST = 70_000
/** What is left for an incident to be told rather than named in the list at the top. */
const LEAST_ROOM = 300_000
const MOST_IN_LIST = 40
const MOST_CHAINS = 6
const MOST_ROUNDS = 12
const MOST_LINKS = 12
const MOST_INPUTS = 600
const MOST_NOTES = 60
const MOST_LISTED = 200

export interface PageFinding extends FindingView {
  readonly moreCauses: number
  readonly moreEffects: number
}

export interface PageIncident extends IncidentView {
  readonly findings: readonly PageFinding[]
  /** Findings that are not on the page. */
  readonly findingsLeftOut: number
}

export interface PageView extends ReportView {
  readonly incidents: readonly PageIncident[]
  /** Incidents of which the page tells only what its list says. */
  readonly listed: readonly IncidentHead[]
  /** Incidents that are not even in it. */
  readonly listedLeftOut: number
  readonly inputsLeftOut: number
  readonly missingLeftOut: number
  readonly notesLeftOut: number
}

export const pageView = (postMortem: PostMortem): PageView => {
  const view = frameOf(postMortem)
  const incidents: PageIncident[] = []
  const listed: IncidentHead[] = []
  let room = ROOM
  for (const [index, head] of headsOf(postMortem).entries()) {
    const incident = incidents.length > 0 && room < LEAST_ROOM ? undefined : incidentAt(postMortem, index)
    if (incident === undefined) {
      listed.push(head)
      continue
    }
    room -= SECTIONS_COST + incident.charts.length * CHART_COST
    const told = cutIncident(incident, room)
    room -= told.findings.reduce((sum, finding) => sum + costOf(finding), 0)
    incidents.push(told)
  }
  const inputs = inputsFor(view, incidents)
  return {
    ...view,
    incidents,
    listed: listed.slice(0, MOST_LISTED),
    listedLeftOut: Math.max(0, listed.length - MOST_LISTED),
    inputs,
    inputsLeftOut: view.inputs.length - inputs.length,
    missing: view.missing.slice(0, MOST_NOTES),
    missingLeftOut: Math.max(0, view.missing.length - MOST_NOTES),
    clockNotes: view.clockNotes.slice(0, MOST_NOTES),
    notesLeftOut: Math.max(0, view.clockNotes.length - MOST_NOTES),
  }
}

/** About what a finding costs in bytes, its links and quoted lines with it. */
const costOf = (finding: FindingView): number => {
  const quoted = (item: EvidenceView): number =>
    item.quote === null ? item.text.length : [...item.quote.before, item.quote.cited, ...item.quote.after].reduce((sum, { text }) => sum + text.length + 60, 0)
  const links = Math.min(finding.causes.length, MOST_LINKS) + Math.min(finding.effects.length, MOST_LINKS)
  return 1_200 + links * 250 + finding.evidence.reduce((sum, item) => sum + 500 + item.claims.length * 40 + quoted(item) * 1.25, 0)
}

const cutIncident = (incident: IncidentView, room: number): PageIncident => {
  const few = <T>(list: readonly T[]): readonly T[] => list.slice(0, MOST_IN_LIST)
  const lists = {
    leadUp: few(incident.leadUp),
    detection: few(incident.detection),
    response: few(incident.response),
    changes: few(incident.changes),
    recovery: few(incident.recovery),
    conditions: few(incident.conditions),
  }
  const otherChains = incident.otherChains.slice(0, MOST_CHAINS)
  const rounds = incident.rounds.slice(0, MOST_ROUNDS)
  const named = [
    ...Object.values(lists).flat(),
    ...[incident.chain, ...otherChains].flat().map(({ finding }) => finding),
    ...[incident.rows, incident.otherRoots, incident.laterRoots, incident.ended].flat().map(({ finding }) => finding),
    ...rounds.flatMap(({ told }) => told),
    ...incident.impactTable.rows,
    ...incident.factors.flatMap(({ findings }) => findings),
    ...[...incident.whys, ...incident.alternatives].flatMap(({ finding }) => finding ?? []),
    ...(incident.root === null ? [] : [incident.root]),
  ]
  const kept = new Set(named.map(({ anchor }) => anchor))
  let left = room - incident.findings.reduce((sum, finding) => sum + (kept.has(finding.anchor) ? costOf(finding) : 0), 0)
  for (const finding of incident.findings.toSorted((a, b) => rank(a) - rank(b) || a.number - b.number)) {
    if (kept.has(finding.anchor)) continue
    left -= costOf(finding)
    if (left < 0) break
    kept.add(finding.anchor)
  }
  const findings = onPage(incident.findings, kept)
  return { ...incident, ...lists, otherChains, rounds, findings, findingsLeftOut: incident.findings.length - findings.length }
}

/** What is part of a chain of causes comes before what only lies beside it. */
const rank = (finding: FindingView): number => (finding.causes.length + finding.effects.length > 0 ? 0 : 1)

/** Those kept, with links to one another only; a line that stood under one that is not kept moves to the next that rests on it. */
const onPage = (all: readonly FindingView[], kept: ReadonlySet<string>): readonly PageFinding[] => {
  const placed = new Set<string>()
  return all
    .filter(({ anchor }) => kept.has(anchor))
    .map((finding) => {
      const evidence: EvidenceView[] = []
      const shared: EvidenceView[] = []
      for (const item of [...finding.evidence, ...finding.shared]) {
        const here = !placed.has(item.anchor)
        placed.add(item.anchor)
        ;(here ? evidence : shared).push(here ? { ...item, claims: item.claims.filter(({ anchor }) => kept.has(anchor)).slice(0, MOST_IN_LIST) } : item)
      }
      const here = (links: readonly LinkView[]): readonly LinkView[] => links.filter(({ anchor }) => kept.has(anchor)).slice(0, MOST_LINKS)
      const [causes, effects] = [here(finding.causes), here(finding.effects)]
      return {
        ...finding,
        evidence,
        shared: shared.slice(0, MOST_IN_LIST),
        causes,
        effects,
        moreCauses: finding.causes.length - causes.length,
        moreEffects: finding.effects.length - effects.length,
      }
    })
}

/** All of them, or those that are cited, then those of which something is to be said, then the first. */
const inputsFor = (view: Pick<ReportView, 'inputs'>, incidents: readonly PageIncident[]): readonly InputView[] => {
  if (view.inputs.length <= MOST_INPUTS) return view.inputs
  const cited = new Set(incidents.flatMap(({ findings }) => findings.flatMap(({ evidence }) => evidence.map(({ inputAnchor }) => inputAnchor))))
  const rankOf = (input: InputView): number => (cited.has(input.anchor) ? 0 : input.unread || input.warnings.length > 0 ? 1 : 2)
  const order = view.inputs.toSorted((a, b) => rankOf(a) - rankOf(b))
  const most = Math.max(MOST_INPUTS, order.filter((input) => rankOf(input) === 0).length)
  const kept = new Set(order.slice(0, most).map(({ anchor }) => anchor))
  return view.inputs.filter(({ anchor }) => kept.has(anchor))
}
