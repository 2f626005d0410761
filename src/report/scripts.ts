/** What runs in a report: our own script, Chart.js where there is a chart, and the data they need. Nothing else may run, says the page's own policy. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Chart } from '../post-mortem/post-mortem.js'
import type { IncidentView } from './incident-view.js'
import { LINE_STYLES } from './line-styles.js'
import type { ReportView } from './view.js'
import { date } from './words.js'

export interface Scripts {
  /** For a meta element: only scripts of these very bytes run, and nothing is asked of the network. */
  readonly policy: string
  /** The elements at the end of the body. */
  readonly elements: string
}

/** In their order: they share one scope. */
const FILES = ['core', 'times', 'lanes', 'charts', 'filter', 'markdown', 'edit', 'start'] as const

export const scriptsOf = (view: ReportView, templates: string): Scripts => {
  const own = `(() => {\n'use strict'\n${FILES.map((name) => readFileSync(join(templates, 'client', `${name}.js`), 'utf8')).join('')}})()\n`
  const charts = view.incidents.some((incident) => incident.charts.length > 0) ? chartLibrary() : ''
  const scripts = [charts, own].filter((script) => script !== '')
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  return {
    policy: `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'`,
    elements: [
      `<script type="application/json" id="report-data">${inScript(JSON.stringify(dataOf(view)))}</script>`,
      ...scripts.map((script) => `<script>${script}</script>`),
      '',
    ].join('\n'),
  }
}

/** JSON that stays data wherever the page is read: it ends no script, opens no comment, no element and no other system's template. */
export const inScript = (json: string): string =>
  json.replaceAll('{{', '{\\u007b').replace(/[<>&\u2028\u2029]/gu, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)

let cached: string | undefined

/** The bundle as its package ships it; without its map, which would be a request. */
const chartLibrary = (): string => {
  if (cached !== undefined) return cached
  const bundle = join(dirname(createRequire(import.meta.url).resolve('chart.js')), 'chart.umd.min.js')
  const source = existsSync(bundle) ? readFileSync(bundle, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/u, '\n') : ''
  // A later release might hold what would end the element, or look like another system's template: pictures do then.
  cached = /<\/script|<!--|\{\{/iu.test(source) ? '' : source
  return cached
}

const dataOf = (view: ReportView): object => ({
  day: view.incidents[0] === undefined ? undefined : date(view.incidents[0].start),
  zones: [...view.command.matchAll(/--timezone[= ]'?(?:[^\s'=]*=)?([A-Za-z]+(?:\/[\w+-]+)*)/gu)].map((match) => match[1]),
  styles: LINE_STYLES.map(({ dash }) => dash),
  phases: Object.fromEntries(view.incidents.map((incident) => [incident.anchor, phasesOf(incident)])),
  charts: Object.fromEntries(
    view.incidents.flatMap((incident) => incident.charts.map((chart, index): [string, object] => [`${incident.anchor}-chart-${index + 1}`, chartOf(chart)])),
  ),
})

const phasesOf = (incident: IncidentView): object[] =>
  incident.phases.map(({ name, start, end }) => ({ name, from: Date.parse(start), to: Date.parse(end) })).filter(({ from, to }) => to > from)

/** Seconds from the first sample, and four digits: what a chart can show. */
const chartOf = (chart: Chart): object => ({
  title: chart.title,
  unit: chart.unit,
  limits: chart.limits.filter(({ value }) => Number.isFinite(value)),
  lines: chart.lines.map(({ label, points }) => {
    const known = points.filter(([time]) => Number.isFinite(time))
    const from = known[0]?.[0] ?? 0
    return {
      label,
      from,
      times: known.map(([time]) => Math.round(time - from) / 1_000),
      values: known.map(([, value]) => (value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4)))),
    }
  }),
})
