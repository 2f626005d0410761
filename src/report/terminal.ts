/** What happened and why in five lines, and the chain as a tree: for a terminal, so nothing from a log may steer it. */
import type { FindingView } from './finding-view.js'
import type { IncidentView } from './incident-view.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { reportView, type ReportView } from './view.js'
import { cut } from './words.js'

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
  const view = reportView(postMortem)
  const paint = painter(color)
  const [first] = view.incidents
  const lines = first === undefined ? nothingFound(view) : found(first, view.incidents.length - 1)
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
  ['When', `${incident.when}${incident.end === null ? '' : ` (${incident.lasted})`}; ${incident.severity.word.toLowerCase()}: ${incident.broke}`],
  ['Why', incident.root === null ? 'no root cause could be named from these data' : `${incident.root.summary} (${incident.rootSureness})`],
  ['Chain', chainLine(incident)],
  ['Noticed', `${detected(incident)}; ${recovered(incident)}`],
]

const detected = (incident: IncidentView): string => {
  const fact = incident.facts.find((one) => one.label === 'Time to detect')
  return fact === undefined || fact.value === 'no alert in the data' ? 'no alert in the data' : `${fact.value} after the first symptom`
}

const recovered = (incident: IncidentView): string =>
  incident.end === null ? 'not recovered when the data ends' : `recovered ${incident.lasted} after the onset`

const chainLine = (incident: IncidentView): string => {
  const names = incident.chain.map(({ finding }) => `${finding.entityName} ${finding.kindWords}`)
  if (names.length === 0) return 'none could be drawn from these data'
  const shown = names.length <= 5 ? names : [...names.slice(0, 3), `… ${names.length - 4} more`, ...names.slice(-1)]
  return shown.map((name) => cut(name, 40)).join(' → ')
}

const nothingFound = (view: ReportView): [string, string][] => {
  const { outcome, heading, lines, unread } = view.verdict
  return [
    ['What', `${heading}.`],
    ['When', outcome === 'nothing-read' ? 'no time is known' : (lines[0] ?? '')],
    ['Why', outcome === 'nothing-read' ? (lines[0] ?? '') : (lines[1] ?? '')],
    ['Unread', unread.length === 0 ? 'nothing: every input was understood at least in part' : unread.map((input) => input.path).join(', ')],
    ['Inputs', `${view.inputsLine}.`],
  ]
}

/** Each incident's causes as a tree, from its root causes down; what stands above already is not told twice. */
export const tree = (postMortem: PostMortem, { color }: TerminalOptions): string => {
  const paint = painter(color)
  const view = reportView(postMortem)
  return view.incidents.map((incident) => [paint('bold', oneLine(incident.title)), ...roots(incident, paint)].join('\n') + '\n').join('\n')
}

const roots = (incident: IncidentView, paint: Paint): string[] => {
  const known = new Map(incident.findings.map((finding) => [finding.anchor, finding]))
  const told = new Set<string>()
  const below = (finding: FindingView, indent: string): string[] =>
    finding.effects.flatMap((link, index) => {
      const last = index === finding.effects.length - 1
      const target = known.get(link.anchor)
      if (target === undefined) return []
      const again = told.has(target.anchor)
      told.add(target.anchor)
      const how = paint('dim', `${link.lag}, ${link.mechanismWords}, ${link.sureness}`)
      const line = `${indent}${last ? '└─ ' : '├─ '}${words(target)} ${how}${again ? paint('dim', ' (above)') : ''}`
      return [line, ...(again ? [] : below(target, `${indent}${last ? '   ' : '│  '}`))]
    })
  const starts = [incident.root, ...incident.otherRoots.map((other) => other.finding)].filter((finding) => finding !== null)
  return starts.flatMap((finding) => {
    if (told.has(finding.anchor)) return []
    told.add(finding.anchor)
    return [words(finding), ...below(finding, '')]
  })
}

const words = (finding: FindingView): string => `${oneLine(finding.entityName)} ${oneLine(finding.kindWords)} at ${finding.start.slice(11, 19)}`
