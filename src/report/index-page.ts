/** Several reports on one page, the latest first: one file, no script, no request. */
import type { Digest } from './digest.js'
import { element, join, text, type Markup } from './markup.js'
import { plainDeep } from './safe.js'
import { date, plural } from './words.js'

export interface Indexed {
  /** The report's address, as seen from the index. */
  readonly address: string
  readonly digest: Digest
}

const CSS = `:root{color-scheme:light dark;--paper:#fff;--ink:#1d2125;--quiet:#545d66;--rule:#d5dade;--link:#174f8f}
@media (prefers-color-scheme:dark){:root{--paper:#15181b;--ink:#e4e7ea;--quiet:#a3acb5;--rule:#343b42;--link:#8fbdf0}}
body{margin:2rem auto;max-width:72rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;overflow-wrap:break-word}
a{color:var(--link)}h1{line-height:1.2}.quiet{color:var(--quiet)}
table{border-collapse:collapse;width:100%}th,td{padding:.5rem 1rem .5rem 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}th[scope=row]{font-weight:600;white-space:nowrap}
@media (max-width:40rem){thead{position:absolute;clip-path:inset(50%)}table,tbody,tr,th,td{display:block}tr{padding:.5rem 0;border-bottom:1px solid var(--rule)}th,td{border:0;padding:.1rem 0}}
@media print{a{color:inherit}}`

export const renderIndexPage = (reports: readonly Indexed[], version: string): string => {
  const rows = plainDeep(reports)
    .flatMap(({ address, digest }) => digest.incidents.map((incident) => ({ address: `${address}#${incident.anchor}`, incident })))
    .sort((a, b) => (a.incident.start < b.incident.start ? 1 : a.incident.start > b.incident.start ? -1 : a.address < b.address ? -1 : 1))
  const quiet = plainDeep(reports).filter(({ digest }) => digest.incidents.length === 0)
  const title = rows.length === 0 ? 'No incidents' : plural(rows.length, 'incident')
  const body = join([
    element('h1', {}, text(title)),
    element('p', { class: 'quiet' }, text(`From ${plural(reports.length, 'report')}; times are UTC. faultline ${version}`)),
    ...(rows.length === 0
      ? []
      : [
          table(
            ['Date', 'What happened', 'Severity', 'Root cause', 'When', 'Told by an alert after'],
            rows.map(({ address, incident }) =>
              element(
                'tr',
                {},
                element('th', { scope: 'row' }, text(date(incident.start))),
                cell(element('a', { href: address }, text(incident.title))),
                cell(text(incident.severity)),
                cell(text(incident.root === '' ? 'none could be named' : incident.root)),
                cell(text(`${incident.when}${incident.end === null ? '' : ` (${incident.lasted})`}`)),
                cell(text(incident.detected === '' ? 'no alert in the data' : incident.detected)),
              ),
            ),
          ),
        ]),
    ...(quiet.length === 0
      ? []
      : [
          element('h2', {}, text('Reports without an incident')),
          element(
            'ul',
            {},
            ...quiet.map(({ address, digest }) => element('li', {}, element('a', { href: address }, text(digest.title)), text(`: ${digest.inputs}`))),
          ),
        ]),
  ])
  const head = join([
    { markup: `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` },
    { markup: '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">' },
    element('title', {}, text(`${title} – faultline`)),
    { markup: `<style>${CSS}</style>` },
  ])
  return `<!doctype html>\n<html lang="en"><head>${head.markup}</head>\n<body><main>${body.markup}</main></body></html>\n`.replaceAll('{{', '&#123;&#123;')
}

const cell = (content: Markup): Markup => element('td', {}, content)

const table = (heads: readonly string[], rows: readonly Markup[]): Markup =>
  element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads.map((name) => element('th', { scope: 'col' }, text(name))))),
    element('tbody', {}, ...rows),
  )
