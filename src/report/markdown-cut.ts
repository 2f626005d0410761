/** How much of an incident the Markdown itself tells, so that a tracker takes it; the evidence file has the rest. */
import type { EvidenceView, FindingView } from './finding-view.js'
import type { Flavor } from './flavors.js'
import type { IncidentView } from './incident-view.js'
import type { InputView, ReportView } from './view.js'

/**
 * Characters, with room for what people add to a draft: GitHub takes 65,536 in the body of an issue; Jira 32,767 in a description or a comment, unless its
 * administrator allows more (jira.text.field.character.limit). GitLab takes a million.
 */
export const LONGEST_MARKDOWN: Readonly<Record<Flavor, number>> = { github: 60_000, gitlab: 60_000, jira: 30_000 }

export interface Cut {
  /** Lines of evidence under a finding. */
  readonly lines: number
  /** Whether every finding has its paragraph, or only those that the timeline and the chain tell of, or none. */
  readonly paragraphs: 'all' | 'needed' | 'none'
  /** Findings in a list. */
  readonly list: number
  /** The tables behind the charts. */
  readonly numbers: boolean
  /** Whether every input has its row, or only those that something is to be said of. */
  readonly everyInput: boolean
  /** Incidents that are told; of the others the list at the top has a line each. */
  readonly incidents: number
  /** Lines of that list. */
  readonly listed: number
}

/** From the fullest on; the first that is short enough is taken. */
export const CUTS: readonly [Cut, ...Cut[]] = [
  { lines: 2, paragraphs: 'all', list: Infinity, numbers: true, everyInput: true, incidents: Infinity, listed: Infinity },
  { lines: 2, paragraphs: 'all', list: 40, numbers: true, everyInput: false, incidents: Infinity, listed: Infinity },
  { lines: 1, paragraphs: 'all', list: 40, numbers: true, everyInput: false, incidents: Infinity, listed: Infinity },
  { lines: 2, paragraphs: 'needed', list: 20, numbers: true, everyInput: false, incidents: Infinity, listed: Infinity },
  { lines: 2, paragraphs: 'needed', list: 12, numbers: false, everyInput: false, incidents: Infinity, listed: Infinity },
  { lines: 1, paragraphs: 'needed', list: 12, numbers: false, everyInput: false, incidents: Infinity, listed: Infinity },
  { lines: 1, paragraphs: 'needed', list: 5, numbers: false, everyInput: false, incidents: Infinity, listed: Infinity },
  { lines: 0, paragraphs: 'none', list: 5, numbers: false, everyInput: false, incidents: Infinity, listed: Infinity },
  { lines: 0, paragraphs: 'none', list: 5, numbers: false, everyInput: false, incidents: 3, listed: Infinity },
  { lines: 0, paragraphs: 'none', list: 5, numbers: false, everyInput: false, incidents: 1, listed: Infinity },
  { lines: 1, paragraphs: 'needed', list: 5, numbers: false, everyInput: false, incidents: 3, listed: 60 },
  { lines: 0, paragraphs: 'none', list: 5, numbers: false, everyInput: false, incidents: 3, listed: 20 },
  { lines: 0, paragraphs: 'none', list: 5, numbers: false, everyInput: false, incidents: 1, listed: 20 },
]

/** What is told, and so can be linked to. */
export interface Told {
  readonly cut: Cut
  readonly incidents: readonly IncidentView[]
  /** Findings with a paragraph, by incident, and the lines under each. */
  readonly findings: ReadonlyMap<IncidentView, readonly ToldFinding[]>
  readonly inputs: readonly InputView[]
  readonly anchors: ReadonlySet<string>
}

export interface ToldFinding {
  readonly finding: FindingView
  readonly lines: readonly EvidenceView[]
  /** Evidence that stands elsewhere: under another finding, or in the other file. */
  readonly others: readonly EvidenceView[]
}

export const toldOf = (view: ReportView, cut: Cut): Told => {
  const inputs = cut.everyInput ? view.inputs : view.inputs.filter((input) => input.unread || input.warnings.length > 0).slice(0, cut.list)
  const incidents = view.incidents.slice(0, cut.incidents)
  const anchors = new Set([...incidents, ...inputs].map(({ anchor }) => anchor))
  const findings = new Map(
    incidents.map((incident): [IncidentView, readonly ToldFinding[]] => {
      const needed = neededOf(incident)
      const told = incident.findings.filter((finding) => cut.paragraphs === 'all' || (cut.paragraphs === 'needed' && needed.has(finding.anchor)))
      return [
        incident,
        told.map((finding) => {
          anchors.add(finding.anchor)
          const all = [...finding.evidence, ...finding.shared]
          const lines = all.filter((item) => !anchors.has(item.anchor)).slice(0, cut.lines)
          for (const { anchor } of lines) anchors.add(anchor)
          return { finding, lines, others: all.filter((item) => !lines.includes(item)) }
        }),
      ]
    }),
  )
  return { cut, incidents, findings, inputs, anchors }
}

/** Those that the timeline and the chain name. */
export const neededOf = (incident: IncidentView): ReadonlySet<string> =>
  new Set([...incident.rows, ...incident.chain, ...incident.otherRoots, ...incident.laterRoots].map(({ finding }) => finding.anchor))

/** Of a list that is too long, what the timeline names too comes first; the order stays. */
export const shortened = (findings: readonly FindingView[], most: number, needed: ReadonlySet<string>): readonly FindingView[] => {
  if (findings.length <= most) return findings
  const kept = new Set([...findings.filter((one) => needed.has(one.anchor)), ...findings.filter((one) => !needed.has(one.anchor))].slice(0, most))
  return findings.filter((one) => kept.has(one))
}
