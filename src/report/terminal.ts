/** What happened and why in five lines, and the chain as a tree: for a terminal, so nothing from a log may steer it. */
import type { Link } from '../model/analysis.js'
import { inOrder, type FindingView, type LinkView } from './finding-view.js'
import type { IncidentView } from './incident-view.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { frameOf, incidentAt, reportView, type ReportView } from './view.js'
import { clock, cut } from './words.js'

export interface TerminalOptions {
  readonly color: boolean
}

type Paint = (code: 'bold' | 'dim' | 'red' | 'yellow' | 'green', text: string) => string

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], green: [32, 39] } as const

const painter =
  (color: boolean): Paint =>
  (code, text) =>
    color ? `\u001b[${CODES[code][0]}m${text}\u001b[${CODES[code][1]}m` : text

const LABEL = 10
const LONGEST = 180

/** Always five lines, each of one line of text, so that a script may cut them off. */
export const fiveLines = (postMortem: PostMortem, { color }: TerminalOptions): string => {
  const view = frameOf(postMortem)
  const paint = painter(color)
  const first = incidentAt(postMortem, 0)
  const lines = first === undefined ? nothingFound(view) : found(first, postMortem.analysis.incidents.length - 1)
  const heading = first === undefined ? (view.verdict.outcome === 'no-incident' ? 'green' : 'yellow') : 'red'
  return `${lines
    .map(([label, text], index) => {
      const value = cut(oneLine(text), LONGEST)
      return `${paint('dim', label.padEnd(LABEL))}${index === 0 ? paint('bold', paint(heading, value)) : value}`
    })
    .join('\n')}\n`
}

const oneLine = (text: string): string => text.replace(/\s+/gu, ' ').trim()

const found = (incident: IncidentView, others: number): [string, string][] => [
  ['What', `${incident.title}${others > 0 ? ` (the most severe of ${others + 1} incidents)` : ''}`],
  ['When', whenLine(incident)],
  ['Why', incident.root === null ? 'no root cause could be named from these data' : `${incident.root.summary} (${incident.rootSureness})`],
  ['Chain', chainLine(incident)],
  ['Noticed', `${incident.noticed}; ${recovered(incident)}`],
]

/** Names fewer rather than cut names in two. */
const whenLine = (incident: IncidentView): string => {
  const line = (broke: string): string =>
    `${incident.when}${incident.end === null ? '' : ` (${incident.lasted})`}; ${incident.severity.word.toLowerCase()}: ${broke}`
  const whole = line(incident.broke)
  return oneLine(whole).length > LONGEST ? line(incident.brokeFirst) : whole
}

const recovered = (incident: IncidentView): string =>
  incident.end === null ? 'not recovered when the data end' : `recovered ${incident.lasted} after the onset`

const chainLine = (incident: IncidentView): string => {
  const names = incident.chain.map(({ finding }) => `${finding.entityName} ${finding.kindWords}`)
  if (names.length === 0) return 'none could be drawn from these data'
  const shown = names.length <= 5 ? names : [...names.slice(0, 3), `… ${names.length - 4} more`, ...names.slice(-1)]
  return shown.map((name) => cut(name, 40)).join(' → ')
}

const nothingFound = (view: Pick<ReportView, 'verdict' | 'inputsLine'>): [string, string][] => {
  const { outcome, heading, lines, unread } = view.verdict
  return [
    ['What', `${heading}.`],
    ['When', outcome === 'nothing-read' ? 'no time is known' : (lines[0] ?? '')],
    ['Why', outcome === 'nothing-read' ? (lines[0] ?? '') : (lines[1] ?? '')],
    ['Unread', unread.length === 0 ? 'nothing: every input was understood at least in part' : unread.map((input) => input.path).join(', ')],
    ['Inputs', `${view.inputsLine}.`],
  ]
}

/** More lines than this are no picture any more: the report has them all. */
const MOST_LINES = 40
const NAMES_SHOWN = 3

/** What became of several things in the same way, by the same mechanism, under the same cause, is one line. */
interface Branch {
  readonly findings: readonly FindingView[]
  readonly how: string
}

/** Each incident's causes as a small tree from its root causes down: every finding once, under the cause that explains it best. */
export const tree = (postMortem: PostMortem, { color }: TerminalOptions): string => {
  const paint = painter(color)
  const view = reportView(postMortem)
  return view.incidents
    .map(
      (incident, index) =>
        [paint('bold', oneLine(incident.title)), ...branches(incident, postMortem.analysis.incidents[index]?.links ?? [], paint)].join('\n') + '\n',
    )
    .join('\n')
}

const branches = (incident: IncidentView, links: readonly Link[], paint: Paint): string[] => {
  const children = childrenOf(incident, links)
  const told = new Set<string>()
  const lines: string[] = []
  let leftOut = 0
  const tell = (findings: readonly FindingView[], indent: string): void => {
    const grown = grouped(findings.flatMap((finding) => children.get(finding.id) ?? []).filter(({ finding }) => !told.has(finding.id)))
    for (const { findings: same } of grown) for (const { id } of same) told.add(id)
    grown.forEach((branch, index) => {
      const last = index === grown.length - 1
      if (lines.length < MOST_LINES) lines.push(`${indent}${last ? '└─ ' : '├─ '}${words(branch.findings)} ${paint('dim', `(${branch.how})`)}`)
      else leftOut += branch.findings.length
      tell(branch.findings, `${indent}${last ? '   ' : '│  '}`)
    })
  }
  for (const finding of [incident.root, ...[...incident.otherRoots, ...incident.laterRoots].map((other) => other.finding)]) {
    if (finding === null || told.has(finding.id)) continue
    told.add(finding.id)
    lines.push(words([finding]))
    tell([finding], '')
  }
  if (leftOut > 0) lines.push(paint('dim', `and ${leftOut} more findings: the report has them all`))
  return lines
}

interface Child {
  readonly finding: FindingView
  readonly link: LinkView
}

/** By cause, what it explains best, in order of time. The first root cause has nothing above it. */
const childrenOf = (incident: IncidentView, links: readonly Link[]): ReadonlyMap<string, readonly Child[]> => {
  const best = new Map<string, Link>()
  for (const link of links) {
    const known = best.get(link.effect)
    if (link.effect !== incident.root?.id && (known === undefined || link.confidence > known.confidence)) best.set(link.effect, link)
  }
  const known = new Map(incident.findings.map((finding) => [finding.id, finding]))
  const children = new Map<string, Child[]>()
  for (const finding of incident.findings.toSorted(inOrder)) {
    const link = best.get(finding.id)
    const view = link === undefined ? undefined : finding.causes.find((cause) => cause.anchor === known.get(link.cause)?.anchor)
    if (link === undefined || view === undefined) continue
    const siblings = children.get(link.cause)
    if (siblings === undefined) children.set(link.cause, [{ finding, link: view }])
    else siblings.push({ finding, link: view })
  }
  return children
}

const grouped = (children: readonly Child[]): readonly Branch[] => {
  const groups = new Map<string, Child[]>()
  for (const child of children) {
    const key = `${child.finding.kind} ${child.link.mechanism}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [child])
    else group.push(child)
  }
  return [...groups.values()].map((group) => {
    const [first, ...others] = group.map(({ link }) => `${link.lag}, ${link.mechanismWords}, ${link.sureness}`)
    const same = others.every((how) => how === first)
    const how = same ? (first ?? '') : (group[0]?.link.mechanismWords ?? '')
    return { findings: group.map(({ finding }) => finding), how: oneLine(how) }
  })
}

const words = (findings: readonly FindingView[]): string => {
  const [first] = findings
  if (first === undefined) return ''
  const kind = oneLine(first.kindWords)
  if (findings.length === 1) return `${named(first)} ${kind} at ${clock(first.start)}`
  const last = findings.at(-1) ?? first
  const shown = findings.slice(0, NAMES_SHOWN).map(named).join(', ')
  const more = findings.length > NAMES_SHOWN ? ` and ${findings.length - NAMES_SHOWN} more` : ''
  return `${findings.length} × ${kind} at ${clock(first.start)}${clock(last.start) === clock(first.start) ? '' : ` to ${clock(last.start)}`}: ${shown}${more}`
}

const named = (finding: FindingView): string => cut(oneLine(finding.entityName), 48)
