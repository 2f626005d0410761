/** The same report in the Markdown of GitHub or GitLab or in Jira's wiki markup, for a ticket or a wiki. */
import { amount, chartTable } from './chart-data.js'
import type { EvidenceView, FindingView, QuotedLine } from './finding-view.js'
import { DIALECTS, type Dialect, type Flavor } from './flavors.js'
import type { IncidentView, Step } from './incident-view.js'
import type { Chart, PostMortem } from '../post-mortem/post-mortem.js'
import { reportView, type InputView, type ReportView } from './view.js'
import { entityWords, hyphenated, ROLE_WORDS } from './words.js'

export interface MarkdownOptions {
  readonly flavor?: Flavor
  /** Pictures that lie beside the report; none by themselves. */
  readonly pictures?: readonly Beside[]
}

/** A picture file and its address, as seen from the report. */
export interface Beside {
  /** The incident's anchor. */
  readonly incident: string
  readonly kind: 'chain' | 'timeline' | 'chart'
  /** The chart's place among its incident's charts; -1 for the others. */
  readonly chart: number
  readonly address: string
}

export const renderMarkdown = (postMortem: PostMortem, { flavor = 'github', pictures = [] }: MarkdownOptions = {}): string => {
  const d = DIALECTS[flavor]
  const view = reportView(postMortem)
  const parts = [
    d.heading(1, d.say(view.title)),
    d.emphasis(`Post-mortem draft, made by faultline ${d.say(view.version)}. Times are UTC; confidence is an estimate for people to check.`),
    ...(view.several ? [overview(d, view)] : []),
    ...(view.incidents.length === 0 ? [verdict(d, view)] : view.incidents.map((incident) => incidentMarkdown(d, incident, view.several, pictures))),
    d.heading(2, 'What the data cannot tell'),
    view.missing.length === 0
      ? 'Nothing is known to be missing from the inputs. That is not the same as everything being there.'
      : d.bullets(view.missing.map((missing) => `${d.bold(d.say(missing.what))}: ${d.say(missing.hides)}`)),
    d.heading(2, 'Inputs and clocks'),
    `${d.say(view.inputsLine)}.`,
    ...(view.clockNotes.length === 0 ? [] : [d.bullets(view.clockNotes.map(d.say))]),
    ...(view.inputs.length === 0 ? [] : [inputsTable(d, view.inputs)]),
    d.heading(2, 'How to make this report again'),
    `faultline ${d.say(view.version)} on the same inputs gives the same analysis, byte for byte.`,
    d.block(view.command),
    ...(view.inputs.length === 0 ? [] : [d.folded('What it read, by SHA-256 of the bytes with compressions taken off', d.block(hashes(view.inputs)))]),
    ...(view.quoteNotes.length === 0 ? [] : [d.bullets(view.quoteNotes.map(d.say))]),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

const hashes = (inputs: readonly InputView[]): string =>
  inputs.map(({ sha256, path }) => `${sha256 === '' ? 'not hashed (over 64 MiB)'.padEnd(64) : sha256}  ${path.replace(/\s/gu, ' ')}`).join('\n')

// ---- pieces

const line = (d: Dialect, finding: FindingView): string =>
  `${finding.when}: ${d.say(finding.summary)} (${finding.roleWords.toLowerCase()}, ${finding.sureness}) ${d.ref(finding)}`

const overview = (d: Dialect, view: ReportView): string =>
  d.table(
    ['Incident', 'Severity', 'When', 'Lasted', 'Root cause'],
    view.incidents.map((incident) => [
      d.ref({ anchor: incident.anchor, label: d.say(incident.title) }),
      incident.severity.word,
      incident.when,
      incident.lasted,
      incident.root === null ? 'none could be named' : `${d.say(incident.root.summary)} (${incident.rootSureness})`,
    ]),
  )

const verdict = (d: Dialect, view: ReportView): string =>
  [
    ...view.verdict.lines.map((text) => (view.verdict.outcome === 'nothing-read' ? d.bold(d.say(text)) : d.say(text))),
    ...(view.verdict.unread.length === 0
      ? []
      : [
          '## What could not be read',
          d.bullets(view.verdict.unread.map((input) => `${d.code(input.path)}: ${d.say(input.format)}, ${input.size}, no record understood`)),
        ]),
  ].join('\n\n')

const inputsTable = (d: Dialect, inputs: readonly InputView[]): string =>
  d.table(
    ['Input', 'Format', 'From and to', 'Clock', 'Size', 'Lines', 'Records', 'Not understood'],
    inputs.map((input) => [
      [`${d.anchor(input.anchor)}${d.code(input.path)}`, ...input.warnings.map(d.say)].join(d.lineBreak),
      `${d.say(input.format)}${input.wrapping === '' ? '' : ` in ${d.say(input.wrapping)}`}${input.unread ? ` ${d.bold('nothing understood')}` : ''}`,
      input.range,
      input.clock,
      input.size,
      input.lines,
      input.records,
      input.skipped,
    ]),
  )

const incidentMarkdown = (d: Dialect, incident: IncidentView, several: boolean, pictures: readonly Beside[]): string => {
  const section = (title: string, ...body: readonly string[]): string => [d.heading(several ? 3 : 2, title), ...body.filter((part) => part !== '')].join('\n\n')
  const picture = (kind: Beside['kind'], words: string): string => {
    const address = addressOf(pictures, incident, kind)
    return address === undefined ? '' : d.image(address, words)
  }
  const list = (findings: readonly FindingView[]): string => d.bullets(findings.map((one) => line(d, one)))
  return [
    d.anchor(incident.anchor),
    ...(several ? [d.heading(2, d.say(incident.title))] : []),
    d.say(incident.summary),
    d.table(
      ['', ''],
      [
        ...incident.facts.map((fact) => [d.bold(fact.label), `${d.say(fact.value)}${fact.note === '' ? '' : `; ${d.say(fact.note)}`}`]),
        [d.bold('Root cause'), rootWords(d, incident)],
      ],
    ),
    incident.chain.length === 0
      ? ''
      : `${d.bold('How it came about:')} ${incident.chain.map(({ finding }) => `${d.say(finding.entityName)} ${d.say(finding.kindWords)}`).join(' → ')}`,
    picture('chain', 'The chain of causes'),
    section('Timeline', picture('timeline', 'The timeline by node, workload and service'), ...timeline(d, incident)),
    ...(incident.charts.length === 0
      ? []
      : [section('The series that matter', ...incident.charts.map((one, index) => chart(d, one, addressOf(pictures, incident, 'chart', index))))]),
    section('Impact', d.say(incident.impactLine), list(incident.impact), d.prompt('Which users or customers noticed, how many, and what could they not do?')),
    section(
      'Lead-up',
      list(incident.leadUp) || 'No change or early sign before the onset appears in the data.',
      d.prompt('Was anything released, configured, migrated or announced before that leaves no trace in these data?'),
    ),
    section(
      'Detection',
      d.say(incident.detectionLine),
      list(incident.detection),
      d.prompt('Who noticed first, and by what? What would have told them sooner?'),
    ),
    section(
      'Response',
      d.say(incident.responseLine),
      list(incident.response),
      incident.changes.length === 0
        ? ''
        : `Changes made while it lasted; whether they were part of the response is for people to say:\n\n${list(incident.changes)}`,
      d.prompt('Who took part, what was tried that did not help, what was hard to find out?'),
    ),
    section(
      'Recovery',
      d.say(incident.recoveryLine),
      list(incident.recovery),
      d.bullets(incident.ended.map(({ finding, at }) => `${at}: end of “${d.say(finding.kindWords)}”, ${d.say(finding.shortWords)} ${d.ref(finding)}`)),
      d.prompt('How was it confirmed that users were served again?'),
    ),
    section(
      'Five whys',
      d.numbered(incident.whys.map((why) => `${d.bold(d.say(why.question))} ${d.say(why.answer)}${why.finding === null ? '' : ` ${d.ref(why.finding)}`}`)) ||
        'There is no chain of causes to read them off.',
      d.prompt('The data end at the technical cause. Why was that possible, and why did nothing stop it?'),
    ),
    section(
      'Root cause',
      rootWords(d, incident),
      chainWords(d, incident.chain),
      ...incident.otherChains.map((chain) => `Another way it spread:\n\n${chainWords(d, chain)}`),
      rounds(d, incident),
    ),
    section(
      'Contributing factors',
      list(incident.conditions) || 'No standing condition that widened the damage appears in the data.',
      d.prompt('What in the way of working, the tools or the design made this easier to happen or harder to end?'),
    ),
    section(
      'What else was considered',
      d.bullets(
        incident.alternatives.map(
          (other) =>
            `${other.finding === null ? 'Another explanation' : `${d.say(other.finding.summary)} ${d.ref(other.finding)}`} Less likely: ${d.say(other.why)}`,
        ),
      ) || 'No other finding competes as an explanation.',
    ),
    section(
      'Follow-ups',
      d.numbered(
        incident.followUps.map(
          (one) =>
            `${d.bold(d.say(one.title))} ${d.say(one.detail)} (from ${d.say(hyphenated(one.mechanism))}${one.reference === '' ? '' : `: ${d.code(one.reference)}`})`,
        ),
      ) || 'The mechanisms seen here suggest none.',
      d.prompt('For each: is it wanted, who owns it, and by when?'),
    ),
    section('Lessons', d.prompt('What went well? What went badly? Where was there luck?')),
    section('Findings and evidence', ...incident.findings.map((finding) => evidence(d, finding))),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const addressOf = (pictures: readonly Beside[], { anchor }: IncidentView, kind: Beside['kind'], chart = -1): string | undefined =>
  pictures.find((one) => one.incident === anchor && one.kind === kind && one.chart === chart)?.address

const rootWords = (d: Dialect, incident: IncidentView): string =>
  incident.root === null
    ? 'None could be named from these data.'
    : [
        `${d.say(incident.root.summary)} (${incident.rootSureness}) ${d.ref(incident.root)}`,
        ...incident.otherRoots.map((other) => `Perhaps also: ${d.say(other.finding.summary)} (${other.sureness}) ${d.ref(other.finding)}`),
      ].join(' ')

const timeline = (d: Dialect, incident: IncidentView): string[] => {
  let day = ''
  const rows = incident.rows.map((row) => {
    day = row.day ?? day
    return [
      row.day === null ? row.clock : `${day} ${row.clock}`,
      `${ROLE_WORDS[row.finding.role]}: ${d.say(row.finding.summary)} ${d.ref(row.finding)}`,
      [...row.evidence.map(d.ref), ...(row.moreEvidence > 0 ? [`+${row.moreEvidence}`] : [])].join(' '),
    ]
  })
  return [
    ...(incident.phases.length === 0 ? [] : [d.bullets(incident.phases.map((phase) => `${d.bold(phase.name)}: ${phase.when} (${phase.lasted})`))]),
    d.table(['Time (UTC)', 'What happened', 'Evidence'], rows),
    ...(incident.rowsLeftOut > 0 ? [`${incident.rowsLeftOut} more findings are under “Findings and evidence”.`] : []),
  ]
}

const chart = (d: Dialect, one: Chart, address: string | undefined): string => {
  const { columns, rows, note } = chartTable(one)
  const limits = one.limits.map((limit) => `${d.say(limit.label)} ${amount(one.unit, limit.value)}`).join(', ')
  const numbers = d.table(
    ['Time (UTC)', ...columns.map(d.say)],
    rows.map((row) => [row.time, ...row.values]),
  )
  return [
    `${d.bold(d.say(one.title))} (${d.say(entityWords(one.entity))}): ${d.say(one.description)}${limits === '' ? '' : ` Limits: ${limits}.`}`,
    ...(address === undefined ? [] : [d.image(address, `Chart: ${d.say(one.title)}`)]),
    d.folded('The numbers', `${numbers}\n\n${d.say(note)}`),
  ].join('\n\n')
}

/** An arrow a step, indented under what caused it. */
const chainWords = (d: Dialect, steps: readonly Step[]): string =>
  d.nested(
    steps.map(({ finding, link, round }, depth) => {
      const how = link === null ? '' : `↳ ${d.say(link.because)} (${d.say(link.mechanismWords)}: ${link.lag}, ${link.expected}; ${link.sureness}) `
      return { depth, text: `${round === null ? '' : `${d.bold(`Round ${round}.`)} `}${how}${finding.began}: ${d.say(finding.summary)} ${d.ref(finding)}` }
    }),
  )

const rounds = (d: Dialect, incident: IncidentView): string =>
  incident.rounds.length < 2
    ? ''
    : incident.rounds.map((round, index) => `${d.bold(`Round ${index + 1}`)}\n\n${d.bullets(round.map((one) => line(d, one)))}`).join('\n\n')

const evidence = (d: Dialect, finding: FindingView): string =>
  [
    `${d.anchor(finding.anchor)}${d.bold(finding.label)} ${finding.roleWords}: ${d.bold(d.say(finding.kindWords))}, ${d.say(finding.entityWords)}. ${d.say(finding.summary)} ${finding.when}${finding.lasted === '' ? '' : `, ${finding.lasted}`}, ${finding.sureness}.`,
    ...(finding.causes.length === 0
      ? []
      : [`Caused by: ${finding.causes.map((link) => `${d.ref(link)} (${d.say(link.mechanismWords)}, ${link.lag}, ${link.sureness})`).join('; ')}`]),
    ...(finding.effects.length === 0
      ? []
      : [`Led to: ${finding.effects.map((link) => `${d.ref(link)} (${d.say(link.mechanismWords)}, ${link.lag}, ${link.sureness})`).join('; ')}`]),
    finding.evidence.map((item) => cited(d, item)).join('\n'),
    ...(finding.shared.length === 0 ? [] : [`Also rests on ${finding.shared.map(d.ref).join(' ')}`]),
  ].join('\n\n')

/** A line of evidence, with those around it where they are known. */
const cited = (d: Dialect, item: EvidenceView): string => {
  const head = `${d.anchor(item.anchor)}${d.bold(item.label)} ${d.code(item.place)} ${item.time}, supports ${item.claims.map(d.ref).join(' ')}:`
  if (item.quote === null) return d.bullets([`${head} ${d.code(item.text)}`])
  const { before, cited: line, after } = item.quote
  const width = String(line.line + after.length).length
  const row = (mark: string, { line: at, text }: QuotedLine): string => `${mark} ${String(at).padStart(width)}  ${text}`
  return d.itemWithBlock(head, d.block([...before.map((one) => row(' ', one)), row('>', line), ...after.map((one) => row(' ', one))].join('\n')))
}
