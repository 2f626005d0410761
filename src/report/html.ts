/** The report as one HTML file: no request, complete where scripts, styles and pictures are refused, and better where they are not. */
import { readFileSync } from 'node:fs'
import { join as path } from 'node:path'
import type { Role } from '../model/vocabulary.js'
import { amount, chartTable } from './chart-data.js'
import { chainSvg } from './chain-svg.js'
import { digestOf } from './digest.js'
import { glossaryOf } from './glossary.js'
import type { FindingView } from './finding-view.js'
import type { IncidentView, Step } from './incident-view.js'
import { lanesSvg } from './lanes-svg.js'
import type { Chart, PostMortem } from '../post-mortem/post-mortem.js'
import { pageView, type PageIncident } from './page-cut.js'
import { webAddress } from './safe.js'
import { scriptsOf } from './scripts.js'
import { directory, pageTemplate, raw } from './templates.js'
import { plainOf } from './view.js'
import { becauseOf, entityWords, hyphenated, plural, ROLE_WORDS } from './words.js'

export const renderHtml = async (postMortem: PostMortem): Promise<string> => {
  const view = pageView(postMortem)
  const { inputs } = plainOf(postMortem).analysis
  const incidents: object[] = []
  for (const incident of view.incidents) incidents.push({ ...incident, several: view.several, ...(await pictures(incident, inputs)) })
  const scripts = scriptsOf(view, directory())
  const glossary = glossaryOf(view.incidents.flatMap((incident) => incident.findings.map((finding) => finding.kind)))
  const fill = await pageTemplate()
  const html = fill({
    ...view,
    incidents,
    digest: JSON.stringify(digestOf({ ...view, incidents: [...view.incidents, ...view.listed] })),
    glossary,
    wide: view.incidents.reduce((sum, incident) => sum + incident.findings.length, 0) > WIDE,
    verdict: { ...view.verdict, mark: MARKS[view.verdict.outcome] },
    css: raw({ markup: read('report.css') }),
    policy: scripts.policy,
  })
  // A page is often shown inside another that has templates of its own: text that looks like one must not be filled in there.
  const page = html.replaceAll('{{', '&#123;&#123;')
  const end = page.lastIndexOf('</body>')
  return page.slice(0, end) + scripts.elements + page.slice(end)
}

/** Findings on a page from which on it is laid out piece by piece. */
const WIDE = 300

const MARKS = {
  incidents: '',
  unexplained: 'Read, and not explained',
  'no-incident': 'Read, and nothing found',
  'no-incident-partly-read': 'Read in part, and nothing found',
  'nothing-read': 'Not judged',
} as const

const read = (name: string): string => readFileSync(path(directory(), name), 'utf8')

// ---- what the template cannot compute

const SECTIONS = [
  { id: 'timeline', title: 'Timeline' },
  { id: 'series', title: 'Series' },
  { id: 'impact', title: 'Impact' },
  { id: 'lead-up', title: 'Lead-up' },
  { id: 'detection', title: 'Detection' },
  { id: 'response', title: 'Response' },
  { id: 'recovery', title: 'Recovery' },
  { id: 'whys', title: 'Five whys' },
  { id: 'cause', title: 'Root cause' },
  { id: 'factors', title: 'Contributing factors' },
  { id: 'alternatives', title: 'What else was considered' },
  { id: 'follow-ups', title: 'Follow-ups' },
  { id: 'lessons', title: 'Lessons' },
  { id: 'evidence', title: 'Findings and evidence' },
] as const

const pictures = async (incident: PageIncident, inputs: PostMortem['analysis']['inputs']): Promise<object> => {
  const roles = new Set(incident.findings.map((finding) => finding.role))
  const formats = new Map(inputs.map((input, index): [string, string] => [`input-${index + 1}`, input.format]))
  return {
    chainSvg: raw(chainSvg(incident.chain)),
    lanesSvg: raw(lanesSvg({ incident, inputs })),
    findings: incident.findings.map((finding) => ({ ...finding, sources: sourcesOf(finding, formats) })),
    legend: (Object.keys(ROLE_WORDS) as Role[]).filter((role) => roles.has(role)).map((role) => ({ role, words: ROLE_WORDS[role] })), // the keys of a record over roles
    rowsCaption:
      incident.rowsLeftOut > 0
        ? `What is needed to follow it; ${plural(incident.rowsLeftOut, 'more finding is', 'more findings are')} under “Findings and evidence”`
        : 'What happened, in order',
    sections: SECTIONS.filter((section) => section.id !== 'series' || incident.charts.length > 0),
    charts: await Promise.all(incident.charts.map((chart, index) => chartView(chart, index, incident))),
    otherChains: incident.otherChains.map((steps, index, all) => ({ steps, to: waysTo(steps, [incident.chain, ...all.slice(0, index)]) })),
    cascade: incident.rounds.length > 1 ? incident.rounds : [],
    followUps: incident.followUps.map((one) => ({ ...one, because: becauseOf(one.mechanism), href: webAddress(one.reference) })),
    checks: incident.checks.map((one) => ({ ...one, mechanism: hyphenated(one.mechanism), href: webAddress(one.reference) })),
  }
}

/** 'workload shop/web (unavailable), through node-3 (not ready)': several ways may lead to one place, so each is told by what no way before it went through. */
const waysTo = (steps: readonly Step[], before: readonly (readonly Step[])[]): string => {
  const named = (step: Step | undefined): string => (step === undefined ? '' : `${step.finding.shortWords} (${step.finding.kindWords})`)
  const known = new Set(before.flat().map(({ finding }) => finding.anchor))
  const between = steps.slice(1, -1)
  const own = between.find(({ finding }) => !known.has(finding.anchor)) ?? between.at(-1)
  return `${named(steps.at(-1))}${own === undefined ? '' : `, through ${named(own)}`}`
}

/** The formats of what a finding rests on. */
const sourcesOf = (finding: FindingView, formats: ReadonlyMap<string, string>): string =>
  [...new Set([...finding.evidence, ...finding.shared].flatMap((item) => formats.get(item.inputAnchor ?? '') ?? []))].toSorted().join(' ')

const chartView = async (chart: Chart, index: number, incident: IncidentView): Promise<object> => {
  const known = new Map(incident.findings.map((finding): [string, FindingView] => [finding.id, finding]))
  const { drawChart } = await import('./chart-png.js')
  const png = await drawChart(chart, incident.phases, incident.window).catch(() => null) // hostile numbers cost a picture, never the report
  return {
    anchor: `${incident.anchor}-chart-${index + 1}`,
    title: chart.title,
    description: chart.description,
    alt: `Chart: ${chart.title}. ${chart.description}`,
    entityWords: entityWords(chart.entity),
    src: png === null ? '' : `data:image/png;base64,${png.toString('base64')}`,
    limits: chart.limits.map((limit) => `${limit.label} ${amount(chart.unit, limit.value)}`).join(', '),
    findings: chart.findings.flatMap((id) => known.get(id) ?? []),
    table: chartTable(chart),
  }
}
