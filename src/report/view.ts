/**
 * What a report says, in order and in words, before it is HTML, Markdown or a terminal's lines. Plain text only: each renderer escapes for itself.
 */
import type { Input } from '../model/analysis.js'
import { once } from '../model/once.js'
import { incidentHead, type IncidentHead } from './incident-head.js'
import { incidentView, type IncidentView } from './incident-view.js'
import type { Missing, Observed, PostMortem } from '../post-mortem/post-mortem.js'
import { plainDeep } from './safe.js'
import { bytes, duration, grouped, moment, plural, range } from './words.js'

export interface ReportView {
  readonly title: string
  readonly version: string
  readonly command: string
  readonly verdict: Verdict
  /** What was felt beside the incidents, and nothing joins to them. */
  readonly unexplained: readonly string[]
  readonly incidents: readonly IncidentView[]
  readonly several: boolean
  readonly missing: readonly Missing[]
  readonly clockNotes: readonly string[]
  /** Which inputs are not shown with the lines around their evidence, and why. */
  readonly quoteNotes: readonly string[]
  readonly inputs: readonly InputView[]
  /** '12 inputs, 34,567 lines, 12.3 MiB; 2 inputs could not be read'. */
  readonly inputsLine: string
}

/** "Nothing was wrong" and "nothing could be read" are different outcomes and must never look alike. */
export interface Verdict {
  readonly outcome: 'incidents' | 'unexplained' | 'no-incident' | 'no-incident-partly-read' | 'nothing-read'
  readonly heading: string
  readonly lines: readonly string[]
  readonly unread: readonly InputView[]
}

export interface InputView {
  readonly anchor: string
  readonly path: string
  readonly format: string
  readonly wrapping: string
  readonly size: string
  /** In hexadecimal digits; '' where the input was too large to be hashed on the way. */
  readonly sha256: string
  readonly lines: string
  readonly records: string
  readonly skipped: string
  readonly range: string
  readonly clock: string
  readonly warnings: readonly string[]
  /** Not understood: something may be hidden there. */
  readonly unread: boolean
  /** Understood, and nothing in it: an answer without results, a list of queries. */
  readonly bare: boolean
}

/** What the report is made from, once for whatever is written of it. Names for redaction are shown nowhere. */
export const plainOf = once((raw: PostMortem): PostMortem => plainDeep({ ...raw, known: [] }))

/** All that a report says besides its incidents. */
export const frameOf = once((raw: PostMortem): Omit<ReportView, 'incidents'> => {
  const postMortem = plainOf(raw)
  const { analysis } = postMortem
  const { length } = analysis.incidents
  const inputs = analysis.inputs.map(inputView)
  const verdict = verdictOf(analysis.inputs, inputs, length, postMortem.observed)
  const [first] = headsOf(raw)
  return {
    title: first !== undefined && length === 1 ? first.title : verdict.heading,
    version: postMortem.version,
    command: postMortem.command,
    verdict,
    unexplained: length === 0 ? [] : postMortem.observed.map((one) => one.told),
    several: length > 1,
    missing: postMortem.missing,
    clockNotes: postMortem.clockNotes,
    quoteNotes: postMortem.surroundings.notes,
    inputs,
    inputsLine: inputsLine(analysis.inputs),
  }
})

/** A row for each incident. */
export const headsOf = once((raw: PostMortem): readonly IncidentHead[] => {
  const { analysis, alertsCollected } = plainOf(raw)
  return analysis.incidents.map((incident, index) => incidentHead(incident, index, alertsCollected))
})

const told = once((_: PostMortem) => new Map<number, IncidentView>())

/** One incident in full; of hundreds a page tells a few. */
export const incidentAt = (raw: PostMortem, index: number): IncidentView | undefined => {
  const known = told(raw).get(index)
  if (known !== undefined) return known
  const postMortem = plainOf(raw)
  const incident = postMortem.analysis.incidents[index]
  if (incident === undefined) return undefined
  const view = incidentView(postMortem, incident, index)
  told(raw).set(index, view)
  return view
}

export const reportView = once((raw: PostMortem): ReportView => ({
  ...frameOf(raw),
  incidents: headsOf(raw).flatMap((_, index) => incidentAt(raw, index) ?? []),
}))

const inputView = (input: Input, index: number): InputView => ({
  anchor: `input-${index + 1}`,
  path: input.path,
  format: input.format,
  wrapping: input.wrapping.join(' › '),
  size: bytes(input.bytes),
  sha256: input.sha256 ?? '',
  lines: input.lines === 0 && input.records > 0 ? '–' : grouped(input.lines),
  records: grouped(input.records),
  skipped: grouped(input.skipped),
  range: input.from === null ? 'no times' : range(input.from, input.to ?? input.from),
  clock: input.clockOffsetMs === 0 ? 'as written' : `${input.clockOffsetMs > 0 ? '+' : '−'}${offset(Math.abs(input.clockOffsetMs) / 1_000)}`,
  warnings: input.warnings,
  unread: input.records === 0 && !isBare(input),
  bare: isBare(input),
})

const isBare = ({ format, records, skipped, warnings }: Input): boolean => records === 0 && skipped === 0 && warnings.length === 0 && format !== 'unknown'

const offset = (seconds: number): string => (seconds < 60 ? `${Number(seconds.toFixed(3))} s` : duration(seconds))

const inputsLine = (inputs: readonly Input[]): string => {
  const sum = (of: (input: Input) => number): number => inputs.reduce((total, input) => total + of(input), 0)
  const unread = inputs.filter((input) => input.records === 0 && !isBare(input)).length
  const bare = inputs.filter(isBare).length
  const skipped = sum((input) => input.skipped)
  return [
    `${plural(inputs.length, 'input')}, ${bytes(sum((input) => input.bytes))}, ${plural(
      sum((input) => input.lines),
      'line',
    )}, ${plural(
      sum((input) => input.records),
      'record',
    )} understood`,
    ...(skipped > 0 ? [`${plural(skipped, 'line')} not understood`] : []),
    ...(unread > 0
      ? [`${unread === inputs.length ? 'none' : plural(unread, 'input')} ${unread === inputs.length ? 'could be' : 'without anything that could be'} read`]
      : []),
    ...(bare > 0 ? [`${plural(bare, 'input')} with nothing in ${bare === 1 ? 'it' : 'them'}`] : []),
  ].join('; ')
}

/** What was seen though it is no incident: silence about it would be taken for calm. */
const seen = (read: string, observed: readonly Observed[]): readonly string[] =>
  observed.length === 0
    ? [`${read} Nothing in them is seen to have had an impact.`]
    : [
        observed.some(({ felt }) => felt)
          ? `${read} ${observed.length === 1 ? 'One trouble was' : 'Troubles were'} seen in them, and nothing in the data explains or joins ${observed.length === 1 ? 'it' : 'them'}:`
          : `${read} ${observed.length === 1 ? 'One trouble was' : 'Troubles were'} seen in them, of which no harm to anybody is known:`,
        ...observed.map((one) => one.told),
      ]

const verdictOf = (inputs: readonly Input[], views: readonly InputView[], incidents: number, observed: readonly Observed[]): Verdict => {
  const unread = views.filter((input) => input.unread)
  const readRange = rangeOf(inputs)
  if (incidents > 0)
    return { outcome: 'incidents', heading: incidents === 1 ? 'One incident found' : `${plural(incidents, 'incident')} found`, lines: [], unread }
  const read = views.filter((input) => !input.unread && !input.bare).length
  if (read === 0)
    return {
      outcome: 'nothing-read',
      heading: 'Nothing could be read',
      lines: [
        inputs.length === 0
          ? 'No input was given or found, so nothing is known about whether anything was wrong.'
          : `${inputs.length === 1 ? 'The one input did not hold' : `None of the ${grouped(inputs.length)} inputs held`} anything that could be understood. This says nothing about whether anything was wrong.`,
        'What each input is and why it could not be used is listed below.',
      ],
      unread,
    }
  const wasRead = `${plural(read, 'input')} ${read === 1 ? 'was' : 'were'} read${readRange === null ? '' : `, from ${readRange}`}.`
  const part = unread.length > 0
  const felt = observed.some((one) => one.felt)
  return {
    outcome: felt ? 'unexplained' : part ? 'no-incident-partly-read' : 'no-incident',
    heading: felt ? 'Failures were felt; no chain of causes can be told' : `No incident found${part ? ' in what could be read' : ''}`,
    lines: [
      ...seen(wasRead, observed),
      part
        ? `${plural(unread.length, 'input')} could not be read at all: something may be hidden there.`
        : 'This is a statement about these inputs only: what was not collected cannot be judged.',
    ],
    unread,
  }
}

const rangeOf = (inputs: readonly Input[]): string | null => {
  const times = inputs.flatMap(({ from, to }) => [from, to]).filter((time) => time !== null)
  const [first, last] = [times.toSorted()[0], times.toSorted().at(-1)]
  return first === undefined || last === undefined ? null : `${moment(first)} to ${moment(last)} UTC`
}
