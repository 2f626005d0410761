/** One incident in the words of a post-mortem: facts, chain, timeline, sections. */
import type { Evidence, Finding, Incident, Link } from '../model/analysis.js'
import { isFindingKind, VOCABULARY, type Role } from '../model/vocabulary.js'
import type { Chart, ExpectedLag, FollowUp, IncidentDetail, Phase, PostMortem } from './post-mortem.js'
import { clock, date, duration, entityName, entityType, entityWords, hyphenated, kindWords, moment, plural, range, ROLE_WORDS, secondsBetween, sentence, sureness } from './words.js'

/** Rows of the timeline in words: a person reads no more. */
const ROWS = 30

export interface IncidentView {
  readonly anchor: string
  readonly id: string
  readonly number: number
  readonly title: string
  readonly summary: string
  readonly severity: { readonly word: string; readonly why: string }
  readonly when: string
  readonly start: string
  readonly end: string | null
  readonly lasted: string
  readonly broke: string
  readonly facts: readonly Fact[]
  readonly root: FindingView | null
  readonly rootSureness: string
  readonly otherRoots: readonly { readonly finding: FindingView; readonly sureness: string }[]
  readonly chain: readonly Step[]
  readonly otherChains: readonly (readonly Step[])[]
  readonly phases: readonly PhaseView[]
  readonly rows: readonly Row[]
  readonly rowsLeftOut: number
  readonly charts: readonly Chart[]
  readonly impact: readonly FindingView[]
  readonly impactLine: string
  readonly leadUp: readonly FindingView[]
  readonly detection: readonly FindingView[]
  readonly detectionLine: string
  readonly response: readonly FindingView[]
  readonly responseLine: string
  readonly recovery: readonly FindingView[]
  readonly recoveryLine: string
  readonly whys: readonly WhyView[]
  readonly rounds: readonly (readonly FindingView[])[]
  readonly conditions: readonly FindingView[]
  readonly alternatives: readonly { readonly finding: FindingView | null; readonly why: string }[]
  readonly followUps: readonly FollowUp[]
  readonly findings: readonly FindingView[]
  /** Where the drawn time begins and ends, in milliseconds. */
  readonly window: Window
}

export interface Window {
  readonly from: number
  readonly to: number
}

export interface Fact {
  readonly label: string
  readonly value: string
  readonly note: string
}

export interface FindingView {
  readonly anchor: string
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
  readonly role: Role
  readonly roleWords: string
  readonly start: string
  readonly end: string | null
  readonly when: string
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
  readonly claims: readonly { readonly anchor: string; readonly label: string }[]
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

export interface Step {
  readonly finding: FindingView
  /** How the step before led here; null on the first step. */
  readonly link: LinkView | null
  /** 2 where a second round of a cascade begins. */
  readonly round: number | null
}

export interface Row {
  readonly finding: FindingView
  readonly day: string | null
  readonly clock: string
  readonly evidence: readonly EvidenceView[]
  readonly moreEvidence: number
}

export interface PhaseView {
  readonly name: Phase['name']
  readonly start: string
  readonly end: string
  readonly when: string
  readonly lasted: string
}

export interface WhyView {
  readonly question: string
  readonly answer: string
  readonly finding: FindingView | null
}

export const incidentView = (postMortem: PostMortem, incident: Incident, index: number): IncidentView => {
  const detail = postMortem.incidents.find((one) => one.incident === incident.id) ?? emptyDetail(incident)
  const anchor = `incident-${index + 1}`
  const findings = findingViews(postMortem, incident, detail, `i${index + 1}`)
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  const of = (...roles: readonly Role[]): FindingView[] => findings.filter((finding) => roles.includes(finding.role))
  const [best, ...others] = incident.rootCauses
  const root = best === undefined ? undefined : byId.get(best.finding)
  const chains = incident.chains.map((chain) => steps(chain, byId, detail))
  const impact = of('impact')
  const leadUp = findings.filter((finding) => isLeadUp(finding, incident, detail.phases))
  const picked = curated(findings, incident)
  const lasted = incident.end === null ? 'not over when the data ends' : duration(secondsBetween(incident.start, incident.end))
  const broke = brokeLine(impact, findings)
  const severity = severityOf(impact, incident)
  const detection = detectionOf(incident, byId)
  return {
    anchor,
    id: incident.id,
    number: index + 1,
    title: incident.title || `Incident ${index + 1}`,
    summary: detail.summary,
    severity,
    when: range(incident.start, incident.end),
    start: incident.start,
    end: incident.end,
    lasted,
    broke,
    facts: factsOf(incident, severity, broke, lasted, detection),
    root: root ?? null,
    rootSureness: best === undefined ? '' : sureness(best.confidence),
    otherRoots: others.flatMap((other) => {
      const finding = byId.get(other.finding)
      return finding === undefined ? [] : [{ finding, sureness: sureness(other.confidence) }]
    }),
    chain: chains[0] ?? (root === undefined ? [] : [{ finding: root, link: null, round: null }]),
    otherChains: chains.slice(1),
    phases: detail.phases.map((phase) => ({
      ...phase,
      when: range(phase.start, phase.end, incident.start),
      lasted: duration(secondsBetween(phase.start, phase.end)),
    })),
    rows: rowsOf(picked),
    rowsLeftOut: findings.length - picked.length,
    charts: detail.charts,
    impact,
    impactLine: impactLine(impact),
    leadUp,
    detection: of('detection'),
    detectionLine: detection.line,
    response: of('response'),
    responseLine: responseLine(of('response')),
    recovery: of('recovery'),
    recoveryLine: recoveryLine(incident, lasted),
    whys: detail.fiveWhys.map((why) => ({ question: why.question, answer: why.answer, finding: byId.get(why.finding) ?? null })),
    rounds: detail.rounds.map((round) => round.flatMap((id) => byId.get(id) ?? [])),
    conditions: of('condition'),
    alternatives: detail.alternatives.map((other) => ({ finding: byId.get(other.finding) ?? null, why: other.why })),
    followUps: detail.followUps,
    findings,
    window: windowOf(incident, detail.phases, postMortem),
  }
}

const emptyDetail = (incident: Incident): IncidentDetail => ({
  incident: incident.id,
  summary: '',
  phases: [],
  charts: [],
  expectedLags: [],
  alternatives: [],
  followUps: [],
  rounds: [],
  fiveWhys: [],
})

// ---- findings and their evidence

const findingViews = (postMortem: PostMortem, incident: Incident, detail: IncidentDetail, prefix: string): FindingView[] => {
  const name = new Map(incident.findings.map((finding, index) => [finding.id, { anchor: `${prefix}-f${index + 1}`, label: `F${index + 1}`, finding }]))
  const inputs = new Map(postMortem.analysis.inputs.map((input, index) => [input.path, `input-${index + 1}`]))
  const evidence = evidenceViews(incident.findings, (id) => name.get(id), inputs, prefix)
  const linkTo = (link: Link, index: number, other: string): LinkView[] => {
    const target = name.get(other)
    return target === undefined ? [] : [linkView(link, expectedFor(detail, link, index), target)]
  }
  return incident.findings.map((finding, index) => {
    const mine = evidence.get(finding.id) ?? []
    return {
      anchor: `${prefix}-f${index + 1}`,
      label: `F${index + 1}`,
      id: finding.id,
      kind: finding.kind,
      kindWords: kindWords(finding.kind),
      means: isFindingKind(finding.kind) ? VOCABULARY[finding.kind].means : '',
      entity: finding.entity,
      entityName: entityName(finding.entity),
      entityType: entityType(finding.entity),
      entityWords: entityWords(finding.entity),
      role: finding.role,
      roleWords: ROLE_WORDS[finding.role],
      start: finding.start,
      end: finding.end,
      when: range(finding.start, finding.end, incident.start),
      lasted: finding.end === null ? 'still so when the data ends' : finding.end === finding.start ? 'a moment' : duration(secondsBetween(finding.start, finding.end)),
      sureness: sureness(finding.confidence),
      summary: sentence(finding.summary || `${kindWords(finding.kind)} on ${entityWords(finding.entity)}`),
      evidence: mine.filter((item) => item.first).map((item) => item.view),
      shared: mine.filter((item) => !item.first).map((item) => item.view),
      causes: incident.links.flatMap((link, at) => (link.effect === finding.id ? linkTo(link, at, link.cause) : [])),
      effects: incident.links.flatMap((link, at) => (link.cause === finding.id ? linkTo(link, at, link.effect) : [])),
    }
  })
}

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
  prefix: string,
): ReadonlyMap<string, readonly { view: EvidenceView; first: boolean }[]> => {
  const key = (item: Evidence): string => JSON.stringify([item.input, item.line, item.time, item.text])
  const claims = new Map<string, string[]>()
  for (const finding of findings)
    for (const item of finding.evidence) {
      const ids = claims.get(key(item)) ?? []
      if (!ids.includes(finding.id)) ids.push(finding.id)
      claims.set(key(item), ids)
    }
  const views = new Map<string, EvidenceView>()
  return new Map(
    findings.map((finding) => {
      const seen = new Set<string>()
      const items = finding.evidence.flatMap((item) => {
        if (seen.has(key(item))) return []
        seen.add(key(item))
        const known = views.get(key(item))
        if (known !== undefined) return [{ view: known, first: false }]
        const number = views.size + 1
        const view: EvidenceView = {
          anchor: `${prefix}-e${number}`,
          label: `E${number}`,
          place: item.line === null ? item.input : `${item.input}:${item.line}`,
          inputAnchor: inputs.get(item.input) ?? null,
          time: moment(item.time),
          text: item.text,
          claims: (claims.get(key(item)) ?? []).flatMap((id) => name(id) ?? []),
        }
        views.set(key(item), view)
        return [{ view, first: true }]
      })
      return [finding.id, items]
    }),
  )
}

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
  expected: expected === undefined ? 'no lag to expect is known' : expectedWords(expected),
  unusual: expected !== undefined && (link.lagSeconds < expected.minSeconds || link.lagSeconds > expected.maxSeconds),
})

const expectedWords = ({ minSeconds, typicalSeconds, maxSeconds }: ExpectedLag): string =>
  minSeconds === maxSeconds ? `expected ${duration(typicalSeconds)}` : `expected ${duration(typicalSeconds)}, between ${duration(minSeconds)} and ${duration(maxSeconds)}`

const steps = (chain: readonly string[], byId: ReadonlyMap<string, FindingView>, detail: IncidentDetail): Step[] => {
  const roundOf = (id: string): number => detail.rounds.findIndex((round) => round.includes(id)) + 1
  let round = 1
  let before: FindingView | undefined
  return chain.flatMap((id): Step[] => {
    const finding = byId.get(id)
    if (finding === undefined) return []
    const link = before?.effects.find((effect) => effect.anchor === finding.anchor) ?? null
    before = finding
    const now = roundOf(id)
    if (now <= round) return [{ finding, link, round: null }]
    round = now
    return [{ finding, link, round }]
  })
}

// ---- the sections' words

const OUTAGES = new Set(['workload.unavailable', 'service.unreachable', 'postgres.crashed', 'redis.down'])

const severityOf = (impact: readonly FindingView[], incident: Incident): IncidentView['severity'] => {
  const out = impact.filter((finding) => OUTAGES.has(finding.kind))
  const open = incident.end === null ? ', and not over when the data ends' : ''
  if (out.length > 0) return { word: 'Outage', why: `${list(out.map((finding) => finding.entityWords))} did not answer${open}` }
  if (impact.length > 0) return { word: 'Degradation', why: `${list(impact.map((finding) => finding.entityWords))} suffered, none was wholly gone${open}` }
  return { word: 'No impact seen', why: `no service or workload is seen to suffer in the data${open}` }
}

/** 'a, b and 3 more'. */
const list = (names: readonly string[], most = 3): string => {
  const distinct = [...new Set(names)]
  if (distinct.length <= most) return distinct.length < 2 ? (distinct[0] ?? '') : `${distinct.slice(0, -1).join(', ')} and ${distinct.at(-1) ?? ''}`
  return `${distinct.slice(0, most).join(', ')} and ${distinct.length - most} more`
}

const brokeLine = (impact: readonly FindingView[], findings: readonly FindingView[]): string => {
  const what = impact.length > 0 ? impact : findings.filter((finding) => finding.role === 'fault')
  return list(what.map((finding) => `${finding.entityWords} (${finding.kindWords})`))
}

const detectionOf = (incident: Incident, byId: ReadonlyMap<string, FindingView>): { line: string; delay: string; note: string } => {
  const { firstSymptom, firstAlert, delaySeconds } = incident.detection
  // Either a time or a finding's id.
  const at = (value: string | null): string | null => (value === null ? null : (byId.get(value)?.start ?? (Number.isNaN(Date.parse(value)) ? null : value)))
  const [symptom, alert] = [at(firstSymptom), at(firstAlert)]
  const symptomWords = symptom === null ? 'No first symptom could be told.' : `The first symptom shows at ${moment(symptom, incident.start)} UTC.`
  if (alert === null)
    return {
      line: `${symptomWords} No alert appears in the data: none fired, or its records were not collected.`,
      delay: 'no alert in the data',
      note: symptom === null ? '' : `first symptom ${moment(symptom, incident.start)} UTC`,
    }
  const seconds = delaySeconds ?? (symptom === null ? null : secondsBetween(symptom, alert))
  const delay = seconds === null ? 'unknown' : duration(Math.max(0, seconds))
  return {
    line: `${symptomWords} The first alert fired at ${moment(alert, incident.start)} UTC${seconds === null ? '' : seconds < 0 ? `, ${duration(-seconds)} before it` : `, ${delay} later`}.`,
    delay,
    note: `first alert ${moment(alert, incident.start)} UTC`,
  }
}

const factsOf = (incident: Incident, severity: IncidentView['severity'], broke: string, lasted: string, detection: { delay: string; note: string }): Fact[] => [
  { label: 'What broke', value: broke || 'Nothing is seen to break', note: '' },
  { label: 'When', value: range(incident.start, incident.end), note: '' },
  { label: 'Severity', value: severity.word, note: severity.why },
  { label: 'Time to detect', value: detection.delay, note: detection.note },
  {
    label: 'Time to recover',
    value: incident.end === null ? 'Not recovered' : lasted,
    note: incident.end === null ? 'not over when the data ends' : `from the onset to ${moment(incident.end, incident.start)} UTC`,
  },
]

const impactLine = (impact: readonly FindingView[]): string => {
  if (impact.length === 0) return 'No service or workload is seen to suffer in the data. Whether users noticed has to come from elsewhere.'
  const count = (type: string, one: string): string[] => {
    const names = new Set(impact.filter((finding) => finding.entity.startsWith(`${type}/`)).map((finding) => finding.entity))
    return names.size === 0 ? [] : [plural(names.size, one)]
  }
  const kinds = [...count('service', 'service'), ...count('workload', 'workload'), ...count('pod', 'pod'), ...count('postgres', 'database server'), ...count('target', 'scrape target')]
  const minutes = coveredSeconds(impact)
  return `${list(kinds, 5) || plural(new Set(impact.map((finding) => finding.entity)).size, 'part')} affected${minutes > 0 ? `, for ${duration(minutes)} in all` : ''}${impact.some((finding) => finding.end === null) ? '; not over when the data ends' : ''}.`
}

/** Overlapping intervals count once. */
const coveredSeconds = (findings: readonly FindingView[]): number => {
  let total = 0
  let until = -Infinity
  for (const finding of findings.filter((one) => one.end !== null).toSorted((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    const [from, to] = [Math.max(until, Date.parse(finding.start)), Date.parse(finding.end ?? finding.start)]
    if (to > from) total += to - from
    until = Math.max(until, to)
  }
  return total / 1_000
}

const isLeadUp = (finding: FindingView, incident: Incident, phases: readonly Phase[]): boolean => {
  if (finding.role === 'detection' || finding.role === 'response' || finding.role === 'recovery' || finding.role === 'impact') return false
  const phase = phases.find((one) => one.name === 'lead-up')
  if (phase !== undefined) return finding.start < phase.end
  return finding.role === 'change' && finding.start <= incident.start
}

const responseLine = (response: readonly FindingView[]): string =>
  response.length === 0
    ? 'No intervention appears in the data: no drain, cordon, deletion, restart or requested shutdown. People may have acted in ways that leave no trace here.'
    : `${plural(response.length, 'intervention')} ${response.length === 1 ? 'appears' : 'appear'} in the data.`

const recoveryLine = (incident: Incident, lasted: string): string =>
  incident.end === null
    ? 'The data ends before the incident does: no recovery is seen.'
    : `The last of it was over at ${moment(incident.end, incident.start)} UTC, ${lasted} after the onset.`

// ---- the timeline in words

const ALWAYS: ReadonlySet<Role> = new Set(['detection', 'response', 'recovery', 'change'])

/** What a person needs to follow it: the chains first, then what people saw and did, the impact, and the surest of the rest. */
const curated = (findings: readonly FindingView[], incident: Incident): FindingView[] => {
  const [main, ...others] = incident.chains
  const rank = (finding: FindingView): number => {
    if (main?.includes(finding.id) === true || incident.rootCauses.some((cause) => cause.finding === finding.id)) return 0
    if (ALWAYS.has(finding.role)) return 1
    if (finding.role === 'impact') return 2
    return others.some((chain) => chain.includes(finding.id)) ? 3 : 4
  }
  const confidence = new Map(incident.findings.map((finding) => [finding.id, finding.confidence]))
  return findings
    .toSorted((a, b) => rank(a) - rank(b) || (confidence.get(b.id) ?? 0) - (confidence.get(a.id) ?? 0) || order(a, b))
    .slice(0, ROWS)
    .toSorted(order)
}

const order = (a: FindingView, b: FindingView): number => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.anchor < b.anchor ? -1 : 1)

const rowsOf = (findings: readonly FindingView[]): Row[] =>
  findings.map((finding, index) => {
    const before = findings[index - 1]
    const all = [...finding.evidence, ...finding.shared]
    return {
      finding,
      day: before !== undefined && date(before.start) === date(finding.start) ? null : date(finding.start),
      clock: clock(finding.start),
      evidence: all.slice(0, 3),
      moreEvidence: Math.max(0, all.length - 3),
    }
  })

/** The incident with some time around it; a condition that has held for days does not squeeze the minutes that matter. */
const windowOf = (incident: Incident, phases: readonly Phase[], postMortem: PostMortem): Window => {
  const times = (values: readonly (string | null)[]): number[] => values.flatMap((value) => (value === null ? [] : [Date.parse(value)])).filter(Number.isFinite)
  const dataEnd = Math.max(...times(postMortem.analysis.inputs.map((input) => input.to)), ...times(incident.findings.map((finding) => finding.end ?? finding.start)))
  const start = Date.parse(incident.start)
  const end = incident.end === null ? dataEnd : Date.parse(incident.end)
  const length = Math.max(end - start, 60_000)
  const first = Math.min(start, ...times(incident.findings.map((finding) => finding.start)), ...times(phases.map((phase) => phase.start)))
  const last = Math.max(end, ...times(incident.findings.map((finding) => finding.end ?? finding.start)), ...times(phases.map((phase) => phase.end)))
  const from = Math.max(first, start - length)
  const to = Math.max(Math.min(last, start + length * 1.5), start + length)
  const margin = (to - from) * 0.03
  return { from: Math.floor(from - margin), to: Math.ceil(to + margin) }
}
