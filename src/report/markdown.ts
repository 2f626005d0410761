/** The same report in GitHub-flavoured Markdown, for a ticket or a wiki. Every word from a log is shown as it was written and does nothing. */
import { amount, chartTable } from './chart-data.js'
import type { FindingView } from './finding-view.js'
import type { IncidentView, Step } from './incident-view.js'
import type { Chart, PostMortem } from '../post-mortem/post-mortem.js'
import { reportView, type InputView, type ReportView } from './view.js'
import { entityWords, hyphenated, ROLE_WORDS } from './words.js'

export const renderMarkdown = (postMortem: PostMortem): string => {
  const view = reportView(postMortem)
  const parts = [
    `# ${say(view.title)}`,
    `_Post-mortem draft, made by faultline ${say(view.version)}. Times are UTC; confidence is an estimate for people to check._`,
    ...(view.several ? [overview(view)] : []),
    ...(view.incidents.length === 0 ? [verdict(view)] : view.incidents.map((incident) => incidentMarkdown(incident, view.several))),
    `## What the data cannot tell`,
    view.missing.length === 0
      ? 'Nothing is known to be missing from the inputs. That is not the same as everything being there.'
      : bullets(view.missing.map((missing) => `**${say(missing.what)}**: ${say(missing.hides)}`)),
    `## Inputs and clocks`,
    `${say(view.inputsLine)}.`,
    ...(view.clockNotes.length === 0 ? [] : [bullets(view.clockNotes.map(say))]),
    ...(view.inputs.length === 0 ? [] : [inputsTable(view.inputs)]),
    `## How to make this report again`,
    fenced(view.command),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

// ---- escaping

/**
 * Plain text inside a paragraph, a table or a list. Punctuation that Markdown or HTML would read is escaped; what a forge would turn into a mention, an issue
 * or a link of its own accord is broken by an empty comment, the only thing that all of them leave alone.
 */
export const say = (value: string): string =>
  value
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(/&/gu, '&amp;')
    .replace(/</gu, '&lt;')
    .replace(/>/gu, '&gt;')
    .replace(/[\\`*_[\]|~!{}$]/gu, (mark) => `\\${mark}`)
    .replace(/^(?:[-+=#]|\d+(?=[.)]))/u, (start) => (/^\d/u.test(start) ? `${start}\\` : `\\${start}`))
    .replace(/@(?=[\w-])|#(?=\d)|(?<=\w)-(?=\d+\b)(?<=GH-)|:(?=\/\/)|(?<=www)\./giu, (mark) => `${mark}<!-- -->`)

/** A code span that its own content cannot end; in a table a pipe is escaped inside it too. */
export const code = (value: string): string => {
  const text = value.replace(/\s+/gu, ' ').trim()
  if (text === '') return ''
  const fence = '`'.repeat(longest(text) + 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${text.replace(/\|/gu, '\\|')}${pad}${fence}`
}

const fenced = (value: string): string => {
  const fence = '`'.repeat(Math.max(3, longest(value) + 1))
  return `${fence}text\n${value}\n${fence}`
}

const longest = (text: string): number => (text.match(/`+/gu) ?? []).reduce((most, run) => Math.max(most, run.length), 0)

// ---- pieces

const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n')
const numbered = (lines: readonly string[]): string => lines.map((line, index) => `${index + 1}. ${line}`).join('\n')
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map((cell) => (cell === '' ? ' ' : cell)).join(' | ')} |`).join('\n')
const prompt = (ask: string): string => `> **For people to fill in:** ${ask}`
const ref = (target: { readonly anchor: string; readonly label: string }): string => `[${target.label}](#${target.anchor})`
const anchor = (id: string): string => `<a id="${id}"></a>`

const line = (finding: FindingView): string =>
  `${finding.when}: ${say(finding.summary)} (${finding.roleWords.toLowerCase()}, ${finding.sureness}) ${ref(finding)}`

const overview = (view: ReportView): string =>
  table(
    ['Incident', 'Severity', 'When', 'Lasted', 'Root cause'],
    view.incidents.map((incident) => [
      `[${say(incident.title)}](#${incident.anchor})`,
      incident.severity.word,
      incident.when,
      incident.lasted,
      incident.root === null ? 'none could be named' : `${say(incident.root.summary)} (${incident.rootSureness})`,
    ]),
  )

const verdict = (view: ReportView): string =>
  [
    ...view.verdict.lines.map((text) => (view.verdict.outcome === 'nothing-read' ? `**${say(text)}**` : say(text))),
    ...(view.verdict.unread.length === 0
      ? []
      : [
          '## What could not be read',
          bullets(view.verdict.unread.map((input) => `${code(input.path)}: ${say(input.format)}, ${input.size}, no record understood`)),
        ]),
  ].join('\n\n')

const inputsTable = (inputs: readonly InputView[]): string =>
  table(
    ['Input', 'Format', 'From and to', 'Clock', 'Size', 'Lines', 'Records', 'Not understood'],
    inputs.map((input) => [
      [`${anchor(input.anchor)}${code(input.path)}`, ...input.warnings.map(say)].join('<br>'),
      `${say(input.format)}${input.wrapping === '' ? '' : ` in ${say(input.wrapping)}`}${input.unread ? ' **nothing understood**' : ''}`,
      input.range,
      input.clock,
      input.size,
      input.lines,
      input.records,
      input.skipped,
    ]),
  )

const incidentMarkdown = (incident: IncidentView, several: boolean): string => {
  const h = several ? '###' : '##'
  const section = (title: string, ...body: readonly string[]): string => [`${h} ${title}`, ...body.filter((part) => part !== '')].join('\n\n')
  const list = (findings: readonly FindingView[]): string => bullets(findings.map(line))
  return [
    anchor(incident.anchor),
    ...(several ? [`## ${say(incident.title)}`] : []),
    say(incident.summary),
    table(
      ['', ''],
      [
        ...incident.facts.map((fact) => [`**${fact.label}**`, `${say(fact.value)}${fact.note === '' ? '' : `; ${say(fact.note)}`}`]),
        ['**Root cause**', rootWords(incident)],
      ],
    ),
    incident.chain.length === 0
      ? ''
      : `**How it came about:** ${incident.chain.map(({ finding }) => `${say(finding.entityName)} ${say(finding.kindWords)}`).join(' → ')}`,
    section('Timeline', ...timeline(incident)),
    ...(incident.charts.length === 0 ? [] : [section('The series that matter', ...incident.charts.map(chart))]),
    section('Impact', say(incident.impactLine), list(incident.impact), prompt('Which users or customers noticed, how many, and what could they not do?')),
    section(
      'Lead-up',
      list(incident.leadUp) || 'No change or early sign before the onset appears in the data.',
      prompt('Was anything released, configured, migrated or announced before that leaves no trace in these data?'),
    ),
    section('Detection', say(incident.detectionLine), list(incident.detection), prompt('Who noticed first, and by what? What would have told them sooner?')),
    section(
      'Response',
      say(incident.responseLine),
      list(incident.response),
      incident.changes.length === 0
        ? ''
        : `Changes made while it lasted; whether they were part of the response is for people to say:\n\n${list(incident.changes)}`,
      prompt('Who took part, what was tried that did not help, what was hard to find out?'),
    ),
    section(
      'Recovery',
      say(incident.recoveryLine),
      list(incident.recovery),
      bullets(incident.ended.map(({ finding, at }) => `${at}: end of “${say(finding.kindWords)}”, ${say(finding.shortWords)} ${ref(finding)}`)),
      prompt('How was it confirmed that users were served again?'),
    ),
    section(
      'Five whys',
      numbered(incident.whys.map((why) => `**${say(why.question)}** ${say(why.answer)}${why.finding === null ? '' : ` ${ref(why.finding)}`}`)) ||
        'There is no chain of causes to read them off.',
      prompt('The data end at the technical cause. Why was that possible, and why did nothing stop it?'),
    ),
    section(
      'Root cause',
      rootWords(incident),
      chainWords(incident.chain),
      ...incident.otherChains.map((chain) => `Another way it spread:\n\n${chainWords(chain)}`),
      rounds(incident),
    ),
    section(
      'Contributing factors',
      list(incident.conditions) || 'No standing condition that widened the damage appears in the data.',
      prompt('What in the way of working, the tools or the design made this easier to happen or harder to end?'),
    ),
    section(
      'What else was considered',
      bullets(
        incident.alternatives.map(
          (other) => `${other.finding === null ? 'Another explanation' : `${say(other.finding.summary)} ${ref(other.finding)}`} Less likely: ${say(other.why)}`,
        ),
      ) || 'No other finding competes as an explanation.',
    ),
    section(
      'Follow-ups',
      numbered(
        incident.followUps.map(
          (one) => `**${say(one.title)}** ${say(one.detail)} (from ${say(hyphenated(one.mechanism))}${one.reference === '' ? '' : `: ${code(one.reference)}`})`,
        ),
      ) || 'The mechanisms seen here suggest none.',
      prompt('For each: is it wanted, who owns it, and by when?'),
    ),
    section('Lessons', prompt('What went well? What went badly? Where was there luck?')),
    section('Findings and evidence', ...incident.findings.map(evidence)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const rootWords = (incident: IncidentView): string =>
  incident.root === null
    ? 'None could be named from these data.'
    : [
        `${say(incident.root.summary)} (${incident.rootSureness}) ${ref(incident.root)}`,
        ...incident.otherRoots.map((other) => `Perhaps also: ${say(other.finding.summary)} (${other.sureness}) ${ref(other.finding)}`),
      ].join(' ')

const timeline = (incident: IncidentView): string[] => {
  let day = ''
  const rows = incident.rows.map((row) => {
    day = row.day ?? day
    return [
      row.day === null ? row.clock : `${day} ${row.clock}`,
      `${ROLE_WORDS[row.finding.role]}: ${say(row.finding.summary)} ${ref(row.finding)}`,
      [...row.evidence.map(ref), ...(row.moreEvidence > 0 ? [`+${row.moreEvidence}`] : [])].join(' '),
    ]
  })
  return [
    ...(incident.phases.length === 0 ? [] : [bullets(incident.phases.map((phase) => `**${phase.name}**: ${phase.when} (${phase.lasted})`))]),
    table(['Time (UTC)', 'What happened', 'Evidence'], rows),
    ...(incident.rowsLeftOut > 0 ? [`${incident.rowsLeftOut} more findings are under “Findings and evidence”.`] : []),
  ]
}

const chart = (one: Chart): string => {
  const { columns, rows, note } = chartTable(one)
  const limits = one.limits.map((limit) => `${say(limit.label)} ${amount(one.unit, limit.value)}`).join(', ')
  return [
    `**${say(one.title)}** (${say(entityWords(one.entity))}): ${say(one.description)}${limits === '' ? '' : ` Limits: ${limits}.`}`,
    `<details><summary>The numbers</summary>\n\n${table(
      ['Time (UTC)', ...columns.map(say)],
      rows.map((row) => [row.time, ...row.values]),
    )}\n\n${note}\n\n</details>`,
  ].join('\n\n')
}

/** An arrow a step, indented under what caused it. */
const chainWords = (steps: readonly Step[]): string =>
  steps
    .map(({ finding, link, round }, depth) => {
      const indent = '  '.repeat(Math.min(depth, 8))
      const how = link === null ? '' : `↳ ${say(link.because)} (${say(link.mechanismWords)}: ${link.lag}, ${link.expected}; ${link.sureness}) `
      return `${indent}- ${round === null ? '' : `**Round ${round}.** `}${how}${finding.began}: ${say(finding.summary)} ${ref(finding)}`
    })
    .join('\n')

const rounds = (incident: IncidentView): string =>
  incident.rounds.length < 2 ? '' : incident.rounds.map((round, index) => `**Round ${index + 1}**\n\n${bullets(round.map(line))}`).join('\n\n')

const evidence = (finding: FindingView): string =>
  [
    `${anchor(finding.anchor)}**${finding.label}** ${finding.roleWords}: **${say(finding.kindWords)}**, ${say(finding.entityWords)}. ${say(finding.summary)} ${finding.when}${finding.lasted === '' ? '' : `, ${finding.lasted}`}, ${finding.sureness}.`,
    ...(finding.causes.length === 0
      ? []
      : [`Caused by: ${finding.causes.map((link) => `${ref(link)} (${say(link.mechanismWords)}, ${link.lag}, ${link.sureness})`).join('; ')}`]),
    ...(finding.effects.length === 0
      ? []
      : [`Led to: ${finding.effects.map((link) => `${ref(link)} (${say(link.mechanismWords)}, ${link.lag}, ${link.sureness})`).join('; ')}`]),
    bullets([
      ...finding.evidence.map(
        (item) => `${anchor(item.anchor)}**${item.label}** ${code(item.place)} ${item.time}, supports ${item.claims.map(ref).join(' ')}: ${code(item.text)}`,
      ),
      ...(finding.shared.length === 0 ? [] : [`Also rests on ${finding.shared.map(ref).join(' ')}`]),
    ]),
  ].join('\n\n')
