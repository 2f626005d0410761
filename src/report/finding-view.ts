/** A finding as the report tells it, with its evidence and its links: every claim names its lines, every line its claims. */
import type { Evidence, Finding, Incident, Link } from '../model/analysis.js'
import type { Quote } from '../model/surroundings.js'
import { shortName } from '../model/entity.js'
import { addTo, groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import { isFindingKind, VOCABULARY, type Role } from '../model/vocabulary.js'
import type { ExpectedLag, IncidentDetail, PostMortem } from '../post-mortem/post-mortem.js'
import {
  cut,
  dayTold,
  duration,
  entityName,
  entityType,
  entityWords,
  hyphenated,
  kindWords,
  moment,
  range,
  ROLE_WORDS,
  secondsBetween,
  sentence,
  sureness,
} from './words.js'

export interface FindingView {
  readonly anchor: string
  /** 3: its place in the analysis. */
  readonly number: number
  /** 'F3': how the text refers to it. */
  readonly label: string
  readonly id: string
  readonly kind: string
  readonly kindWords: string
  readonly means: string
  readonly entity: Finding['entity']
  readonly entityName: string
  readonly entityType: string
  readonly entityWords: string
  /** The same, cut where it is too long for a line. */
  readonly shortWords: string
  /** The same, or nothing where the summary names it already. */
  readonly aside: string
  readonly role: Role
  readonly roleWords: string
  readonly start: string
  readonly end: string | null
  readonly when: string
  /** The same for where all times are said to be UTC. */
  readonly between: string
  /** When it began, alone. */
  readonly began: string
  readonly lasted: string
  readonly sureness: string
  readonly summary: string
  readonly evidence: readonly EvidenceView[]
  /** Evidence that stands under an earlier finding. */
  readonly shared: readonly EvidenceView[]
  readonly causes: readonly LinkView[]
  readonly effects: readonly LinkView[]
}

export interface EvidenceView {
  readonly anchor: string
  /** 'E7'. */
  readonly label: string
  readonly place: string
  readonly inputAnchor: string | null
  readonly time: string
  readonly text: string
  /** The line as it stands in its input, with those around it; null where it is not quoted from a line, or could not be read again. */
  readonly quote: QuoteView | null
  readonly claims: readonly { readonly anchor: string; readonly label: string }[]
}

export interface QuoteView {
  readonly before: readonly QuotedLine[]
  readonly cited: QuotedLine
  readonly after: readonly QuotedLine[]
}

export interface QuotedLine {
  readonly line: number
  readonly text: string
}

export interface LinkView {
  readonly anchor: string
  readonly label: string
  readonly entityWords: string
  readonly kindWords: string
  readonly mechanism: string
  readonly mechanismWords: string
  readonly because: string
  readonly sureness: string
  readonly lag: string
  readonly expected: string
  readonly unusual: boolean
}

interface Places {
  /** Anchors of inputs, by path. */
  readonly inputs: ReadonlyMap<string, string>
  /** By line and path. */
  readonly quotes: ReadonlyMap<string, QuoteView>
}

/** The same for all of hundreds of incidents. */
const places = once(({ analysis, surroundings }: PostMortem): Places => ({
  inputs: new Map(analysis.inputs.map((input, index) => [input.path, `input-${index + 1}`])),
  quotes: new Map(surroundings.quotes.map((quote) => [`${quote.line} ${quote.input}`, quoteView(quote)])),
}))

export const findingViews = (postMortem: PostMortem, incident: Incident, detail: IncidentDetail, prefix: string): FindingView[] => {
  const name = new Map(incident.findings.map((finding, index) => [finding.id, { anchor: `${prefix}-f${index + 1}`, label: `F${index + 1}`, finding }]))
  const { inputs, quotes } = places(postMortem)
  const day = dayTold(incident)
  const evidence = evidenceViews(incident.findings, (id) => name.get(id), inputs, quotes, prefix)
  const linkTo = (link: Link, index: number, other: string): LinkView[] => {
    const target = name.get(other)
    return target === undefined ? [] : [linkView(link, expectedFor(detail, link, index), target)]
  }
  const byEffect = groupBy(incident.links.entries(), ([, { effect }]) => effect)
  const byCause = groupBy(incident.links.entries(), ([, { cause }]) => cause)
  return incident.findings.map((finding, index) => {
    const mine = evidence.get(finding.id) ?? []
    return {
      anchor: `${prefix}-f${index + 1}`,
      number: index + 1,
      label: `F${index + 1}`,
      id: finding.id,
      kind: finding.kind,
      kindWords: kindWords(finding.kind),
      means: isFindingKind(finding.kind) ? VOCABULARY[finding.kind].means : '',
      entity: finding.entity,
      entityName: entityName(finding.entity),
      entityType: entityType(finding.entity),
      entityWords: entityWords(finding.entity),
      aside: [shortName(finding.entity), entityName(finding.entity)].some((name) => finding.summary.includes(name)) ? '' : cut(entityWords(finding.entity), 64),
      shortWords: cut(entityWords(finding.entity), 64),
      role: finding.role,
      roleWords: ROLE_WORDS[finding.role],
      start: finding.start,
      end: finding.end,
      when: range(finding.start, finding.end, day),
      between: range(finding.start, finding.end, day).replace(' UTC', ''),
      began: `${moment(finding.start, day)} UTC`,
      lasted: finding.end === null ? '' : finding.end === finding.start ? 'a moment' : duration(secondsBetween(finding.start, finding.end)),
      sureness: sureness(finding.confidence),
      summary: summaryOf(finding),
      evidence: mine.filter((item) => item.first).map((item) => item.view),
      shared: mine.filter((item) => !item.first).map((item) => item.view),
      causes: (byEffect.get(finding.id) ?? []).flatMap(([at, link]) => linkTo(link, at, link.cause)),
      effects: (byCause.get(finding.id) ?? []).flatMap(([at, link]) => linkTo(link, at, link.effect)),
    }
  })
}

export const summaryOf = ({ summary, kind, entity }: Finding): string => sentence(summary || `${kindWords(kind)} on ${entityWords(entity)}`)

interface Named {
  readonly anchor: string
  readonly label: string
  readonly finding: Finding
}

/** One line that several findings rest on is shown once, under the first of them, and names them all. */
const evidenceViews = (
  findings: readonly Finding[],
  name: (id: string) => Named | undefined,
  inputs: ReadonlyMap<string, string>,
  quotes: ReadonlyMap<string, QuoteView>,
  prefix: string,
): ReadonlyMap<string, readonly { view: EvidenceView; first: boolean }[]> => {
  const cited = findings.map((finding) => ({ id: finding.id, items: new Map(finding.evidence.map((item) => [keyOf(item), item])) }))
  const claims = new Map<string, string[]>()
  for (const { id, items } of cited) for (const key of items.keys()) addTo(claims, key, id)
  const views = new Map<string, EvidenceView>()
  return new Map(
    cited.map(({ id, items }) => [
      id,
      [...items].map(([key, item]) => {
        const known = views.get(key)
        if (known !== undefined) return { view: known, first: false }
        const number = views.size + 1
        const view: EvidenceView = {
          anchor: `${prefix}-e${number}`,
          label: `E${number}`,
          place: item.line === null ? item.input : `${item.input}:${item.line}`,
          inputAnchor: inputs.get(item.input) ?? null,
          time: moment(item.time),
          text: item.text,
          quote: item.line === null ? null : (quotes.get(`${item.line} ${item.input}`) ?? null),
          claims: (claims.get(key) ?? []).flatMap((of) => name(of) ?? []),
        }
        views.set(key, view)
        return { view, first: true }
      }),
    ]),
  )
}

/** The same for the same line. */
const keyOf = ({ input, line, time, text }: Evidence): string => `${line} ${time.length} ${time} ${input.length} ${input} ${text}`

/** Lines that are missing at the beginning are missing before the file begins. */
const quoteView = ({ line, before, text, after }: Quote): QuoteView => ({
  before: before.map((around, index) => ({ line: line - before.length + index, text: around })),
  cited: { line, text },
  after: after.map((around, index) => ({ line: line + 1 + index, text: around })),
})

// ---- links

const expectedFor = (detail: IncidentDetail, link: Link, index: number): ExpectedLag | undefined => {
  const here = detail.expectedLags[index]
  return here?.mechanism === link.mechanism ? here : detail.expectedLags.find((lag) => lag.mechanism === link.mechanism)
}

const linkView = (link: Link, expected: ExpectedLag | undefined, target: Named): LinkView => ({
  anchor: target.anchor,
  label: target.label,
  entityWords: entityWords(target.finding.entity),
  kindWords: kindWords(target.finding.kind),
  mechanism: link.mechanism,
  mechanismWords: link.mechanism === 'statistical' ? 'together in time; no mechanism known' : hyphenated(link.mechanism),
  because: sentence(link.because),
  sureness: sureness(link.confidence),
  lag: link.lagSeconds === 0 ? 'at once' : `after ${duration(link.lagSeconds)}`,
  expected: expected === undefined ? 'no expected lag is known' : expectedWords(expected),
  unusual: expected !== undefined && (link.lagSeconds < expected.minSeconds || link.lagSeconds > expected.maxSeconds),
})

const expectedWords = ({ minSeconds, typicalSeconds, maxSeconds }: ExpectedLag): string =>
  minSeconds === maxSeconds
    ? `expected ${duration(typicalSeconds)}`
    : `expected ${duration(typicalSeconds)} (${duration(minSeconds)} to ${duration(maxSeconds)})`

/** By onset; what began at the same moment in the analysis' order. */
export const inOrder = (a: FindingView, b: FindingView): number => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.number - b.number)
