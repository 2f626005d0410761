/** The same report in the Markdown of GitHub or GitLab or in Jira's wiki markup, for a ticket or a wiki. */
import type { Chart, Check, Gap, PostMortem } from '../post-mortem/post-mortem.js'
import { amount, chartTable } from './chart-data.js'
import type { FindingView } from './finding-view.js'
import { DIALECTS, type Dialect, type Flavor } from './flavors.js'
import { glossaryOf } from './glossary.js'
import type { IncidentView, Step } from './incident-view.js'
import { CUTS, LONGEST_MARKDOWN, neededOf, shortened, toldOf, type Told } from './markdown-cut.js'
import { glance, hashes, inputsTable } from './markdown-evidence.js'
import { webAddress } from './safe.js'
import { reportView, type ReportView } from './view.js'
import { becauseOf, duration, entityWords, hyphenated, plural, range, ROLE_WORDS, secondsBetween, sentence } from './words.js'

export interface MarkdownOptions {
  readonly flavor?: Flavor
  /** Pictures that lie beside the report; none by themselves. */
  readonly pictures?: readonly Beside[]
  /** The address of the file that `renderEvidence` gives, as seen from the report; none by itself. */
  readonly evidence?: string
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

/** What every piece needs to know. */
interface Sheet {
  readonly d: Dialect
  readonly view: ReportView
  readonly told: Told
  readonly pictures: readonly Beside[]
  readonly evidence: string | null
}

/** Never longer than the flavor's tracker takes (`LONGEST_MARKDOWN`); what is left out for that is said, and stands in the evidence file. */
export const renderMarkdown = (postMortem: PostMortem, { flavor = 'github', pictures = [], evidence }: MarkdownOptions = {}): string => {
  const view = reportView(postMortem)
  const most = LONGEST_MARKDOWN[flavor]
  let parts: readonly string[] = []
  let rest = ''
  for (const cut of CUTS) {
    const told = toldOf(view, cut)
    const sheet = { d: landing(DIALECTS[flavor], told, evidence), view, told, pictures, evidence: evidence ?? null }
    parts = [...until(most, whole(sheet))]
    rest = `The rest is too long for one text of this tracker: ${elsewhere(sheet)}.`
    if (lengthOf(parts) <= most) return `${parts.join('\n\n')}\n`
  }
  // Whole sections only: half of one could leave a block open.
  while (parts.length > 1 && lengthOf([...parts, rest]) > most) parts = parts.slice(0, -1)
  return `${[...parts, rest].join('\n\n').slice(0, most - 1)}\n`
}

/** As many as there are, or the first that are too long together: of hundreds of incidents a few are written to see that. */
const until = function* (most: number, parts: Iterable<string>): Generator<string> {
  let length = 0
  for (const part of parts) {
    if (part === '') continue
    yield part
    length += lengthOf([part])
    if (length > most) return
  }
}

const lengthOf = (parts: readonly string[]): number => parts.reduce((sum, part) => sum + part.length + 2, 0)

/** What is not told here is linked in the file beside, or named only. */
const landing = (d: Dialect, { anchors }: Told, evidence: string | undefined): Dialect => ({
  ...d,
  ref: (target) => (anchors.has(target.anchor) ? d.ref(target) : evidence === undefined ? target.label : d.refBeside(evidence, target)),
})

const whole = function* (sheet: Sheet): Generator<string> {
  const { d, view, told } = sheet
  yield d.heading(1, d.say(view.title))
  yield d.emphasis(`Post-mortem draft, made by faultline ${d.say(view.version)}. Times are UTC; confidence is an estimate for people to check.`)
  if (view.several) yield overview(sheet)
  if (view.incidents.length === 0) yield verdict(d, view)
  for (const incident of told.incidents) yield* incidentMarkdown(sheet, incident)
  const glossary = glossaryOf(told.incidents.flatMap((incident) => incident.findings.map((finding) => finding.kind)))
  yield* [
    ...(told.incidents.length < view.incidents.length
      ? [`${plural(view.incidents.length - told.incidents.length, 'more incident')}: ${elsewhere(sheet)}.`]
      : []),
    d.heading(2, 'What the data cannot tell'),
    ...(view.unexplained.length === 0
      ? []
      : ['Also seen, and nothing in the data explains it or joins it to an incident:', d.bullets(view.unexplained.map(d.say))]),
    view.missing.length === 0
      ? 'Nothing is known to be missing from the inputs. That is not the same as everything being there.'
      : d.bullets(view.missing.map((missing) => `${d.bold(d.say(missing.what))}${missing.hides === '' ? '' : `. Hidden by it: ${d.say(missing.hides)}`}`)),
    d.heading(2, 'Inputs and clocks'),
    `${d.say(view.inputsLine)}.`,
    ...(view.clockNotes.length === 0 ? [] : [d.bullets(clockNotes(sheet))]),
    ...(told.inputs.length === 0 ? [] : [inputsTable(d, told.inputs)]),
    ...(told.inputs.length === view.inputs.length ? [] : [`${plural(view.inputs.length - told.inputs.length, 'more input')}: ${elsewhere(sheet)}.`]),
    d.heading(2, 'How to make this report again'),
    `faultline ${d.say(view.version)} on the same inputs gives the same analysis, byte for byte.`,
    d.block(view.command),
    ...(view.inputs.length === 0 || !told.cut.everyInput ? [] : [hashes(d, view.inputs)]),
    ...(view.quoteNotes.length === 0 ? [] : [d.bullets(view.quoteNotes.map(d.say))]),
    ...(glossary.length === 0
      ? []
      : [d.heading(2, 'Glossary'), d.bullets(glossary.map(({ term, means, reference }) => `${d.link(reference, d.say(term))}: ${d.say(means)}`))]),
  ]
}

/** Those that bound what can be told about the order are many in a wide incident, and alike. */
const clockNotes = ({ d, view: { clockNotes: notes }, told: { cut } }: Sheet): readonly string[] => [
  ...notes.slice(0, cut.list).map(d.say),
  ...(notes.length > cut.list ? [`${plural(notes.length - cut.list, 'more note')} in the HTML report`] : []),
]

/** Where what is left out can be read. */
const elsewhere = ({ d, evidence }: Sheet): string =>
  evidence === null ? 'in the HTML report, and in the evidence file that is written beside a Markdown file' : `in ${d.file(evidence, 'the evidence file')}`

// ---- pieces

const line = (d: Dialect, finding: FindingView): string =>
  `${finding.when}: ${d.say(finding.summary)} (${finding.roleWords.toLowerCase()}, ${finding.sureness}) ${d.ref(finding)}`

const overview = (sheet: Sheet): string => {
  const { d, view, told } = sheet
  const table = d.table(
    ['Incident', 'Severity', 'When', 'Lasted', 'Root cause'],
    view.incidents
      .slice(0, told.cut.listed)
      .map((incident) => [
        d.ref({ anchor: incident.anchor, label: d.say(incident.title) }),
        incident.severity.word,
        incident.when,
        incident.lasted,
        incident.root === null ? 'none could be named' : `${d.say(incident.root.summary)} (${incident.rootSureness})`,
      ]),
  )
  const more = view.incidents.length - told.cut.listed
  return more <= 0 ? table : `${table}\n\n${plural(more, 'more incident')}, less severe than these: ${elsewhere(sheet)}.`
}

const verdict = (d: Dialect, view: ReportView): string =>
  [
    ...view.verdict.lines.map((text) => (view.verdict.outcome === 'nothing-read' ? d.bold(d.say(text)) : d.say(text))),
    ...(view.verdict.unread.length === 0
      ? []
      : [
          d.heading(2, 'What could not be read'),
          d.bullets(
            view.verdict.unread.map((input) =>
              [`${d.code(input.path)}: ${d.say(input.format)}, ${input.size}, ${input.lines} lines, no record understood`, ...input.warnings.map(d.say)].join(
                '; ',
              ),
            ),
          ),
        ]),
  ].join('\n\n')

const incidentMarkdown = (sheet: Sheet, incident: IncidentView): readonly string[] => {
  const { d, told, pictures } = sheet
  const { several } = sheet.view
  const needed = neededOf(incident)
  const section = (title: string, ...body: readonly string[]): string => [d.heading(several ? 3 : 2, title), ...body.filter((part) => part !== '')].join('\n\n')
  const picture = (kind: Beside['kind'], words: string): string => {
    const address = addressOf(pictures, incident, kind)
    return address === undefined ? '' : d.image(address, words)
  }
  const list = (findings: readonly FindingView[]): string => {
    const shown = shortened(findings, told.cut.list, needed)
    return d.bullets([
      ...shown.map((one) => line(d, one)),
      ...(shown.length < findings.length ? [`${findings.length - shown.length} more: ${elsewhere(sheet)}`] : []),
    ])
  }
  const paragraphs = told.findings.get(incident) ?? []
  return [
    d.anchor(incident.anchor),
    ...(several ? [d.heading(2, d.say(incident.title))] : []),
    d.say(incident.summary),
    d.table(
      ['', ''],
      [
        ...incident.facts.map((fact) => [d.bold(fact.label), `${d.say(fact.value)}${fact.note === '' ? '' : `; ${d.say(fact.note)}`}`]),
        [d.bold('Root cause'), incident.root === null ? NO_ROOT : `${d.say(incident.root.summary)} (${incident.rootSureness}) ${d.ref(incident.root)}`],
      ],
    ),
    incident.chain.length === 0
      ? ''
      : `${d.bold('How it came about:')} ${incident.chain.map(({ finding }) => `${d.say(finding.entityName)} ${d.say(finding.kindWords)}`).join(' → ')}`,
    picture('chain', 'The chain of causes'),
    section('Timeline', picture('timeline', 'The timeline by node, workload and service'), ...timeline(sheet, incident)),
    ...(incident.charts.length === 0
      ? []
      : [
          section('The series that matter', ...incident.charts.map((one, index) => chart(sheet, incident, one, addressOf(pictures, incident, 'chart', index)))),
        ]),
    section(
      'Impact',
      d.say(incident.impactLine),
      list(incident.impact),
      d.prompt('Which users or customers noticed, how many, and what could they not do? Support tickets, lost orders, promises broken?'),
    ),
    section(
      'Lead-up',
      list(incident.leadUp) || 'No change or early sign before the onset appears in the data.',
      d.prompt('Was anything released, configured, migrated or announced in the days before that leaves no trace in these data?'),
    ),
    section(
      'Detection',
      d.say(incident.detectionLine),
      list(incident.detection),
      d.prompt('Who noticed first, and by what: a page, a dashboard, a customer? What would have told them sooner?'),
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
      d.prompt('How was it confirmed that users were served again? Was anything left to clean up?'),
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
      incident.chain.length === 0 ? '' : `${d.bold('The chain in words:')}\n\n${chainWords(d, incident.chain)}`,
      ...otherWays(sheet, incident),
      ...(incident.rounds.length < 2
        ? []
        : incident.rounds.map(
            (round) =>
              `${d.bold(`Round ${round.number} of the cascade`)}${round.besides === '' ? '' : `, besides ${d.say(round.besides)}`}\n\n${list(round.told)}`,
          )),
    ),
    section(
      'Contributing factors',
      incident.conditions.length > 0
        ? `Standing conditions: they made it worse, and none of them alone caused it.\n\n${list(incident.conditions)}`
        : 'No standing condition that made it worse appears in the data.',
      d.bullets(incident.factors.map((factor) => `${d.say(factor.what)} ${factor.findings.map(d.ref).join(' ')}`)),
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
      d.steps(
        incident.followUps.map((one) => ({
          text: `${d.bold(d.say(sentence(one.title)))} ${d.say(one.detail)} (from ${d.say(becauseOf(one.mechanism))}${one.reference === '' ? '' : `: ${d.link(one.reference, d.say(hostOf(one.reference)))}`})`,
          paste: one.manifest,
        })),
      ) || 'The findings suggest none.',
      incident.checks.length === 0 ? '' : `${d.bold('To confirm the chain:')}\n\n${d.bullets(incident.checks.map((one) => checkWords(d, one)))}`,
      d.prompt('For each: is it wanted, who owns it, and by when?'),
    ),
    section(
      'Lessons',
      d.bullets(incident.lessons.well.map(d.say)),
      d.prompt('What went well?'),
      d.bullets(incident.lessons.badly.map(d.say)),
      d.prompt('What went badly, or slower than it should?'),
      d.bullets(incident.lessons.luck.map(d.say)),
      d.prompt('Where was there luck? What could have made it worse?'),
    ),
    section('Findings and evidence', evidenceLine(sheet, incident, paragraphs.length), ...paragraphs.map((one) => glance(d, one, told.anchors))),
  ]
}

const evidenceLine = (sheet: Sheet, { findings }: IncidentView, told: number): string =>
  told === 0
    ? `${plural(findings.length, 'finding')} with the lines that each rests on: ${elsewhere(sheet)}.`
    : `${told === findings.length ? 'Every finding' : `The ${told} of ${findings.length} findings that the timeline and the chain name`} with the first of the lines that it rests on. All of them, with the lines around: ${elsewhere(sheet)}. E-numbers are evidence, F-numbers findings.`

const checkWords = (d: Dialect, { what, mechanism, reference }: Check): string =>
  `${d.say(what)} (${d.say(hyphenated(mechanism))}${reference === '' ? '' : `: ${d.link(reference, d.say(hostOf(reference)))}`})`

const addressOf = (pictures: readonly Beside[], { anchor }: IncidentView, kind: Beside['kind'], chart = -1): string | undefined =>
  pictures.find((one) => one.incident === anchor && one.kind === kind && one.chart === chart)?.address

/** A page is named by where it is; what is no address stays as it is. */
const hostOf = (reference: string): string => /^https?:\/\/([\w.-]+)/u.exec(webAddress(reference))?.[1] ?? reference

const NO_ROOT = 'None could be named from these data.'

const rootWords = (d: Dialect, incident: IncidentView): string =>
  incident.root === null
    ? 'No finding explains the impact well enough to be named.'
    : [
        `${d.say(incident.root.summary)} ${incident.rootStanding} ${d.ref(incident.root)}`,
        ...(incident.laterRoots.length === 0
          ? []
          : [
              `If the first step is not what happened, the chain began at a later one:\n\n${d.bullets(incident.laterRoots.map((other) => `${d.say(other.finding.summary)} (${other.sureness}; ${other.finding.began}) ${d.ref(other.finding)}`))}`,
            ]),
        ...(incident.otherRoots.length === 0
          ? []
          : [
              `It may not have been alone:\n\n${d.bullets(incident.otherRoots.map((other) => `${d.say(other.finding.summary)} (${other.sureness}; ${other.finding.began}) ${d.ref(other.finding)}`))}`,
            ]),
      ].join('\n\n')

/** Ways it spread besides the first; where space is short, where each led. */
const otherWays = ({ d, told }: Sheet, { otherChains }: IncidentView): readonly string[] =>
  told.cut.paragraphs === 'all'
    ? otherChains.map((chain) => `Another way it spread:\n\n${chainWords(d, chain)}`)
    : otherChains.length === 0
      ? []
      : [`Other ways it spread:\n\n${d.bullets(otherChains.map((chain) => path(d, chain)))}`]

const path = (d: Dialect, chain: readonly Step[]): string =>
  chain.map(({ finding }) => `${d.say(finding.entityName)} ${d.say(finding.kindWords)} ${finding.label}`).join(' → ')

const timeline = (sheet: Sheet, incident: IncidentView): string[] => {
  const { d, told } = sheet
  let day = ''
  const rows = incident.rows.map((row) => {
    day = row.day ?? day
    const shown = row.evidence.filter(({ anchor }) => told.anchors.has(anchor))
    const rest = row.evidence.length - shown.length + row.moreEvidence
    return [
      row.day === null ? row.clock : `${day} ${row.clock}`,
      `${ROLE_WORDS[row.finding.role]}: ${d.say(row.finding.summary)} ${d.ref(row.finding)}`,
      [...shown.map(d.ref), ...(rest > 0 ? [`+${rest}`] : [])].join(' '),
    ]
  })
  return [
    ...(incident.phases.length === 0 ? [] : [d.bullets(incident.phases.map((phase) => `${d.bold(phase.name)}: ${phase.when} (${phase.lasted})`))]),
    d.table(['Time (UTC)', 'What happened', 'Evidence'], rows),
    ...(incident.rowsLeftOut > 0
      ? [`${plural(incident.rowsLeftOut, 'more finding')}: ${told.cut.paragraphs === 'all' ? 'under “Findings and evidence”' : elsewhere(sheet)}.`]
      : []),
    ...(incident.gaps.length === 0 ? [] : [`${d.bold('No data here:')} what happened then cannot be seen.\n\n${gaps(sheet, incident)}`]),
  ]
}

const gaps = ({ d, told }: Sheet, incident: IncidentView): string => {
  const shown = incident.gaps.slice(0, told.cut.list)
  return d.bullets([
    ...shown.map(
      (gap) =>
        `${d.say(entityWords(gap.entity))}: ${GAP_WORDS[gap.what]}, ${range(gap.start, gap.end, incident.start)} (${duration(secondsBetween(gap.start, gap.end))})`,
    ),
    ...(shown.length < incident.gaps.length ? [`${plural(incident.gaps.length - shown.length, 'more gap')}: hatched in the timeline of the HTML report`] : []),
  ])
}

const GAP_WORDS: Readonly<Record<Gap['what'], string>> = { samples: 'no samples', log: 'no lines of its log' }

const chart = ({ d, told }: Sheet, incident: IncidentView, one: Chart, address: string | undefined): string => {
  const shows = incident.findings.filter((finding) => one.findings.includes(finding.id) && told.anchors.has(finding.anchor))
  const { columns, rows, note } = chartTable(one)
  const limits = one.limits.map((limit) => `${d.say(limit.label)} ${amount(one.unit, limit.value)}`).join(', ')
  const numbers = d.table(
    ['Time (UTC)', ...columns.map(d.say)],
    rows.map((row) => [row.time, ...row.values]),
  )
  return [
    `${d.bold(d.say(one.title))} (${d.say(entityWords(one.entity))}): ${d.say(one.description)}${limits === '' ? '' : ` Limits: ${limits}.`}${shows.length === 0 ? '' : ` Shows ${shows.map(d.ref).join(' ')}.`}`,
    ...(address === undefined ? [] : [d.image(address, `Chart: ${d.say(one.title)}`)]),
    ...(told.cut.numbers ? [d.folded('The numbers', `${numbers}\n\n${d.say(note)}`)] : []),
  ].join('\n\n')
}

/** An arrow a step, indented under what caused it. */
const chainWords = (d: Dialect, steps: readonly Step[]): string =>
  d.nested(
    steps.map(({ finding, link, round }, depth) => {
      const how =
        link === null
          ? ''
          : `↳ ${d.say(link.because)} (${d.say(link.mechanismWords)}: ${link.lag}, ${link.expected}; ${link.sureness})${link.unusual ? ' The lag lies outside what is expected.' : ''} `
      return { depth, text: `${round === null ? '' : `${d.bold(`Round ${round}.`)} `}${how}${finding.began}: ${d.say(finding.summary)} ${d.ref(finding)}` }
    }),
  )
