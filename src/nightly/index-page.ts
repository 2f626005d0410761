/** The page over all nights: a calendar, the incidents, what keeps coming back, and trends. One file, no script, no request. */
import { element, join, text, type Markup } from '../report/markup.js'
import { duration, range } from '../report/words.js'
import { reportPath, type Count, type Summary } from './summary.js'

const DAY_MS = 86_400_000
/** Older months are in the list, not in the calendar. */
const MAX_MONTHS = 36
const MOST_ROWS = 20

const CSS = `:root{color-scheme:light dark;--paper:#fff;--ink:#1d2125;--quiet:#545d66;--rule:#d5dade;--tint:#f4f5f6;--link:#174f8f;--mark:#8c1d5b;--on-mark:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#15181b;--ink:#e4e7ea;--quiet:#a3acb5;--rule:#343b42;--tint:#1f2429;--link:#8fbdf0;--mark:#e58fbb;--on-mark:#15181b}}
body{margin:2rem auto;max-width:70rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif}
a{color:var(--link)}h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem}.quiet{color:var(--quiet)}
table{border-collapse:collapse;width:100%}th,td{padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}td.number,th.number{text-align:right}
.months{display:flex;flex-wrap:wrap;gap:1.5rem}.month{width:auto}.month caption{text-align:left;font-weight:600}.month th,.month td{width:2rem;height:2rem;padding:0;text-align:center;border:1px solid var(--rule)}
.month th{border:0;font-weight:400;color:var(--quiet)}.month .none{border:0}.month .some{background:var(--mark)}.month .felt{outline:2px solid var(--mark);outline-offset:-2px}.month a{display:block;color:inherit;font-weight:700;line-height:2rem;text-decoration:none}.month .some a{color:var(--on-mark)}
.month .seen{background:var(--tint)}@media print{a{color:inherit}}`

export const renderIndex = (summary: Summary, version: string): string => {
  const { incidents, unexplained } = summary
  const found = incidents.length === 0 ? 'No incidents' : incidents.length === 1 ? 'One incident' : `${incidents.length} incidents`
  const title =
    unexplained.length === 0 ? found : `${found}, ${unexplained.length === 1 ? 'one failure' : `${unexplained.length} failures`} that nothing explains`
  const body = join([
    element('h1', {}, text(title)),
    element(
      'p',
      { class: 'quiet' },
      text(
        summary.from === null || summary.to === null
          ? 'Nothing with a time has been read yet.'
          : `${summary.from.slice(0, 10)} to ${summary.to.slice(0, 10)}, ${summary.files} files. Times are UTC. faultline ${version}; the same as data: `,
      ),
      element('a', { href: 'summary.json' }, text('summary.json')),
    ),
    section('Calendar', calendar(summary)),
    section('Incidents', incidentTable(summary)),
    ...(unexplained.length === 0 ? [] : [failureList(unexplained)]),
    ...(summary.recurrences.length === 0 ? [] : [section('What keeps coming back', recurrences(summary))]),
    ...(incidents.length === 0 ? [] : [section('Time to detect', detection(summary))]),
    ...trend('By mechanism', summary.trends.mechanisms),
    ...trend('By node', summary.trends.nodes),
    ...trend('By workload', summary.trends.workloads),
    ...(summary.unreadable.length === 0 ? [] : [section('What could not be read', unreadable(summary))]),
  ])
  const head = join([
    { markup: '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">' },
    element('title', {}, text(`${title} – faultline nightly`)),
    { markup: `<style>${CSS}</style>` },
  ])
  return `<!doctype html>\n<html lang="en"><head>${head.markup}</head>\n<body>${body.markup}</body></html>\n`.replaceAll('{{', '&#123;&#123;')
}

const section = (title: string, ...content: readonly Markup[]): Markup => element('section', {}, element('h2', {}, text(title)), ...content)
const cell = (content: Markup, name?: string): Markup => element('td', { class: name }, content.markup === '' ? text(' ') : content)
const row = (...cells: readonly Markup[]): Markup => element('tr', {}, ...cells)
const heads = (...names: readonly string[]): Markup => element('thead', {}, row(...names.map((name) => element('th', { scope: 'col' }, text(name)))))
const table = (head: Markup, rows: readonly Markup[]): Markup => element('table', {}, head, element('tbody', {}, ...rows, text('')))

const calendar = ({ incidents, unexplained, from, to }: Summary): Markup => {
  const byDay = new Map<string, typeof incidents>()
  for (const incident of incidents) byDay.set(incident.start.slice(0, 10), [...(byDay.get(incident.start.slice(0, 10)) ?? []), incident])
  const bounds = [from, to, ...[...incidents, ...unexplained].map(({ start }) => start)].flatMap((moment) => moment?.slice(0, 7) ?? []).sort()
  const [first, last] = [bounds[0], bounds.at(-1)]
  if (first === undefined || last === undefined) return element('p', {}, text('Nothing yet.'))
  const months: string[] = []
  for (let month = last; month >= first && months.length < MAX_MONTHS; month = before(month)) months.unshift(month)
  const seen = (day: string): boolean => from !== null && to !== null && day >= from.slice(0, 10) && day <= to.slice(0, 10)
  const failed = new Set(unexplained.map(({ start }) => start.slice(0, 10)))
  return element('div', { class: 'months' }, ...months.map((month) => monthTable(month, byDay, failed, seen)))
}

const before = (month: string): string => new Date(Date.parse(`${month}-01`) - DAY_MS).toISOString().slice(0, 7)

const monthTable = (month: string, byDay: ReadonlyMap<string, Summary['incidents']>, failed: ReadonlySet<string>, seen: (day: string) => boolean): Markup => {
  const startMs = Date.parse(`${month}-01`)
  const weeks: Markup[] = []
  // Weeks begin on Monday.
  for (let at = startMs - ((new Date(startMs).getUTCDay() + 6) % 7) * DAY_MS; new Date(at).toISOString().slice(0, 7) <= month; at += 7 * DAY_MS) {
    weeks.push(
      row(
        ...Array.from({ length: 7 }, (_, index) => {
          const day = new Date(at + index * DAY_MS).toISOString().slice(0, 10)
          if (!day.startsWith(month)) return cell(text(''), 'none')
          const incidents = byDay.get(day) ?? []
          const [one] = incidents
          const number = text(String(Number(day.slice(8))))
          const marked = (href: string, what: string, name: string): Markup =>
            cell(element('a', { href, title: `${day}: ${what}`, 'aria-label': `${day}: ${what}` }, number), name)
          if (one !== undefined)
            return marked(
              incidents.length === 1 ? reportPath(one.id) : `#${one.id}`,
              incidents.length === 1 ? one.title : `${incidents.length} incidents`,
              'some',
            )
          return failed.has(day) ? marked(`#${FAILURES}`, 'failures that nothing explains', 'felt') : cell(number, seen(day) ? 'seen' : undefined)
        }),
      ),
    )
  }
  return element(
    'table',
    { class: 'month' },
    element('caption', {}, text(month)),
    heads('Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'),
    element('tbody', {}, ...weeks),
  )
}

const link = (id: string, words: string): Markup => element('a', { href: reportPath(id) }, text(words))

const incidentTable = ({ incidents, unexplained }: Summary): Markup =>
  incidents.length === 0
    ? element('p', {}, text(unexplained.length === 0 ? 'Nothing was wrong in what was read.' : 'No chain of causes can be told.'))
    : table(
        heads('When', 'What', 'Told by an alert after', 'How often'),
        incidents
          .toReversed()
          .map((one) =>
            element(
              'tr',
              { id: one.id },
              cell(text(range(one.start, one.end))),
              cell(link(one.id, one.title)),
              cell(text(one.detection.firstAlert === null ? 'no alert' : one.detection.delaySeconds === null ? '–' : duration(one.detection.delaySeconds))),
              cell(
                one.previous === null
                  ? text('first time')
                  : join([
                      text(`${one.occurrence} times since `),
                      link(one.family, one.family.replace(/^incident-(\d{4})(\d\d)(\d\d).*$/u, '$1-$2-$3')),
                      text(', before: '),
                      link(one.previous, one.previous.replace(/^incident-(\d{4})(\d\d)(\d\d).*$/u, '$1-$2-$3')),
                    ]),
              ),
            ),
          ),
      )

/** Where a day of the calendar leads that has failures but no incident. */
const FAILURES = 'unexplained'

const failureList = (unexplained: Summary['unexplained']): Markup => {
  const shown = unexplained.toReversed().slice(0, 5 * MOST_ROWS)
  return element(
    'section',
    { id: FAILURES },
    element('h2', {}, text('Failures that nothing explains')),
    element(
      'p',
      {},
      text('They were felt; nothing in the data tells why, or joins them to an incident. analyze tells more of such a day, and what is missing.'),
    ),
    element('ul', {}, ...shown.map(({ told }) => element('li', {}, text(told)))),
    ...(shown.length < unexplained.length
      ? [element('p', { class: 'quiet' }, text(`${unexplained.length - shown.length} older ones are in summary.json.`))]
      : []),
  )
}

const recurrences = ({ recurrences: families, incidents }: Summary): Markup => {
  const of = new Map(incidents.map((incident) => [incident.id, incident]))
  return table(
    heads('What', 'Times', 'When', 'Last follow-up'),
    families.map(({ title, incidents: ids }) =>
      row(
        cell(text(title)),
        cell(text(String(ids.length))),
        cell(join(ids.flatMap((id, index) => [...(index > 0 ? [text(', ')] : []), link(id, of.get(id)?.start.slice(0, 10) ?? id)]))),
        cell(text(of.get(ids.at(-1) ?? '')?.followUp ?? '–')),
      ),
    ),
  )
}

const detection = ({ timeToDetect: { incidents, medianSeconds, longestSeconds, untold } }: Summary): Markup =>
  element(
    'p',
    {},
    text(
      `${incidents === 0 || medianSeconds === null || longestSeconds === null ? 'No alert told of any incident.' : `Where an alert told of it, it did so after ${duration(medianSeconds)} in the middle and ${duration(longestSeconds)} at the longest, counted from the first symptom (${incidents} incidents).`}${untold > 0 && incidents > 0 ? ` ${untold === 1 ? 'One incident was' : `${untold} were`} told by no alert.` : ''}`,
    ),
  )

const trend = (title: string, counts: readonly Count[]): readonly Markup[] =>
  counts.length === 0
    ? []
    : [
        section(
          title,
          table(
            heads(
              title.slice(3).replace(/^./u, (letter) => letter.toUpperCase()),
              'Incidents',
              'By month',
            ),
            counts
              .slice(0, MOST_ROWS)
              .map(({ name, incidents, months }) =>
                row(cell(text(name)), cell(text(String(incidents))), cell(text(months.map(({ month, incidents: count }) => `${month}: ${count}`).join(', ')))),
              ),
          ),
          ...(counts.length > MOST_ROWS ? [element('p', { class: 'quiet' }, text(`${counts.length - MOST_ROWS} more are in summary.json.`))] : []),
        ),
      ]

const unreadable = ({ unreadable: files }: Summary): Markup =>
  table(
    heads('File', 'Why'),
    files.slice(0, 5 * MOST_ROWS).map(({ path, reason }) => row(cell(text(path)), cell(text(reason)))),
  )
