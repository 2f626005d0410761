/** What an incident's sections say in a sentence or a line. */
import type { Finding, Incident } from '../model/analysis.js'
import { linkedIn } from '../model/linked-in.js'
import { isOfCluster } from '../model/entity.js'
import { inOrder, type FindingView } from './finding-view.js'
import type { Phase } from '../post-mortem/post-mortem.js'
import { foldRows } from './repeats.js'
import { dayTold, duration, moment, plural, range, secondsBetween } from './words.js'

export interface Fact {
  readonly label: string
  readonly value: string
  readonly note: string
}

export interface Severity {
  readonly word: string
  readonly why: string
}

/** Something that ended, and when. */
export interface Ended {
  readonly finding: FindingView
  readonly at: string
}

export interface DetectionWords {
  readonly line: string
  readonly delay: string
  /** The same as a sentence goes on: '5 min 30 s after the first symptom'. */
  readonly noticed: string
  readonly note: string
  /** When the first symptom showed. */
  readonly symptom: string | null
}

const OUTAGES = new Set(['workload.unavailable', 'service.unreachable', 'postgres.crashed', 'redis.down'])

/** A scrape target that does not answer is what monitoring feels; people may have been served all the same. */
const isOutage = ({ kind, entity }: Pick<Finding, 'kind' | 'entity'>): boolean => OUTAGES.has(kind) && !entity.startsWith('target/')

/** What a server's own log says that it did to its clients, who may not be in the data. */
const TURNED_AWAY = new Set(['postgres.connections-saturated', 'postgres.timeouts'])

export const severityWord = (findings: readonly Pick<Finding, 'kind' | 'entity' | 'role'>[]): string => {
  const impact = findings.filter(({ role }) => role === 'impact')
  return impact.some(isOutage) ? 'Outage' : impact.length > 0 || findings.some(({ kind }) => TURNED_AWAY.has(kind)) ? 'Degradation' : 'No known impact'
}

/** What was felt at its time is not denied because nothing joins it to the incident. */
const unjoined = (beside: readonly string[]): string => `nothing in the data joins it to what was felt at that time: ${beside.join(' ')}`

export const severityOf = (impact: readonly FindingView[], incident: Incident, beside: readonly string[]): Severity => {
  const out = asFelt(impact, incident).filter(isOutage)
  const open = incident.end === null ? '; not over when the data end' : ''
  const word = severityWord(incident.findings)
  if (out.length > 0) return { word, why: `${list(out.map((finding) => finding.shortWords))} did not answer${open}` }
  if (impact.length > 0) {
    const suffered = `${list(asFelt(impact, incident).map((finding) => finding.shortWords))} suffered`
    // Who fails requests may fail all of them.
    return { word, why: `${suffered}${impact.some(({ kind }) => kind === 'service.errors') ? '' : '; nothing is seen to be wholly gone'}${open}` }
  }
  const away = incident.findings.some(({ kind }) => TURNED_AWAY.has(kind)) ? 'the server says itself that clients were turned away or cut off; ' : ''
  return { word, why: `${away}${beside.length > 0 ? unjoined(beside) : 'no service or workload is seen to suffer in the data'}${open}` }
}

/** 'a, b and 3 more'. */
const list = (names: readonly string[], most = 3): string => {
  const distinct = [...new Set(names)]
  if (distinct.length <= most) return distinct.length < 2 ? (distinct[0] ?? '') : `${distinct.slice(0, -1).join(', ')} and ${distinct.at(-1) ?? ''}`
  return `${distinct.slice(0, most).join(', ')} and ${distinct.length - most} more`
}

/** What people use comes before what only the monitoring asks. */
const FELT = ['service/', 'workload/', 'postgres/', 'redis/', 'loadbalancer/', 'process/', 'external/', 'pod/', 'node/', 'volume/', 'cluster', 'target/']

/** What is gone hurts more than what is slow; what only the cluster itself uses comes last. */
const MILD = ['service.errors', 'app.errors', 'workload.degraded', 'service.slow']

/** The end of the chain first. */
export const asFelt = (findings: readonly FindingView[], incident: Incident): readonly FindingView[] => {
  const rank = (finding: FindingView): number =>
    incident.chains[0]?.at(-1) === finding.id ? -1 : FELT.findIndex((prefix) => finding.entity.startsWith(prefix))
  const own = (finding: FindingView): number => Number(isOfCluster(finding.entity))
  return findings.toSorted((a, b) => own(a) - own(b) || rank(a) - rank(b) || MILD.indexOf(a.kind) - MILD.indexOf(b.kind) || inOrder(a, b))
}

/** An entity is named once, with the worst that is said of it. */
export const brokeLine = (impact: readonly FindingView[], findings: readonly FindingView[], incident: Incident, most = 3): string => {
  const linked = linkedIn(incident)
  const what = asFelt(impact.length > 0 ? impact : findings.filter((finding) => finding.role === 'fault' && linked.has(finding.id)), incident)
  const worst = new Map<string, FindingView>()
  for (const finding of what) {
    const known = worst.get(finding.entity)
    if (known === undefined || (OUTAGES.has(finding.kind) && !OUTAGES.has(known.kind))) worst.set(finding.entity, finding)
  }
  return list(
    [...worst.values()].map((finding) => `${finding.shortWords} (${finding.kindWords})`),
    most,
  )
}

export const detectionOf = (incident: Incident, byId: ReadonlyMap<string, { readonly start: string }>, alertsCollected: boolean): DetectionWords => {
  const { firstSymptom, firstAlert, delaySeconds } = incident.detection
  // Either a time or a finding's id.
  const at = (value: string | null): string | null => (value === null ? null : (byId.get(value)?.start ?? (Number.isNaN(Date.parse(value)) ? null : value)))
  const [symptom, alert] = [at(firstSymptom), at(firstAlert)]
  const symptomWords = symptom === null ? 'No first symptom could be told.' : `The first symptom shows at ${moment(symptom, dayTold(incident))} UTC.`
  if (alert === null)
    return {
      line: `${symptomWords} ${alertsCollected ? 'The data hold alerts, and none of them tells of this.' : 'The data hold no records of alerts, so they cannot tell whether any fired.'}`,
      delay: alertsCollected ? 'no alert tells of it' : 'unknown: no alerts in the data',
      noticed: alertsCollected ? 'no alert tells of it' : 'unknown: the data hold no alerts',
      note: symptom === null ? '' : `first symptom ${moment(symptom, dayTold(incident))} UTC`,
      symptom,
    }
  const seconds = delaySeconds ?? (symptom === null ? null : secondsBetween(symptom, alert))
  const delay = seconds === null ? 'unknown' : duration(Math.max(0, seconds))
  return {
    line: `${symptomWords} The first alert fired at ${moment(alert, dayTold(incident))} UTC${seconds === null ? '' : seconds < 0 ? `, ${duration(-seconds)} before it` : `, ${delay} later`}.`,
    delay,
    noticed:
      seconds === null
        ? 'unknown: no first symptom could be told'
        : seconds < 0
          ? `${duration(-seconds)} before the first symptom`
          : `${delay} after the first symptom`,
    note: `first alert ${moment(alert, dayTold(incident))} UTC`,
    symptom,
  }
}

export interface Told {
  readonly severity: Severity
  readonly broke: string
  readonly affected: string
  readonly lasted: string
  readonly detection: DetectionWords
  readonly responded: Fact
}

export const factsOf = (incident: Incident, { severity, broke, affected, lasted, detection, responded }: Told): Fact[] => [
  { label: 'What broke', value: broke || 'Nothing that is known to belong to it', note: broke === '' ? '' : affected },
  { label: 'When', value: range(incident.start, incident.end), note: '' },
  { label: 'Severity', value: severity.word, note: severity.why },
  { label: 'Time to detect', value: detection.delay, note: detection.note },
  responded,
  {
    label: 'Time to recover',
    value: incident.end === null ? 'Not recovered' : lasted,
    note: incident.end === null ? 'not over when the data end' : `from the onset to ${moment(incident.end, dayTold(incident))} UTC`,
  },
]

/** From the first symptom to the first thing that somebody did. */
export const respondedOf = (response: readonly FindingView[], symptom: string | null, incident: Incident): Fact => {
  const since = symptom ?? incident.start
  const ordered = response.toSorted(inOrder)
  const first = ordered.find((finding) => finding.start >= since)
  const label = 'Time to respond'
  const noteOf = (one: FindingView): string => `${one.kindWords}, ${one.shortWords}, at ${moment(one.start, dayTold(incident))} UTC`
  if (first !== undefined) return { label, value: duration(secondsBetween(since, first.start)), note: noteOf(first) }
  const before = ordered.at(-1)
  return before === undefined
    ? { label, value: 'no intervention in the data', note: '' }
    : { label, value: 'no intervention after the first symptom', note: `before it: ${noteOf(before)}` }
}

interface LessonFacts {
  readonly detection: DetectionWords
  readonly lasted: string
  readonly conditions: number
  readonly rounds: number
  readonly response: number
  readonly alertsCollected: boolean
}

/** What the data have to say to the three questions of a review; people judge. */
export const lessonsOf = (
  incident: Incident,
  { detection, lasted, conditions, rounds, response, alertsCollected }: LessonFacts,
): { readonly well: readonly string[]; readonly badly: readonly string[]; readonly luck: readonly string[] } => {
  const { delaySeconds, firstAlert } = incident.detection
  const prompt = firstAlert !== null && delaySeconds !== null && delaySeconds <= PROMPT_SECONDS
  return {
    well: [
      ...(prompt ? [`An alert fired ${detection.delay} after the first symptom.`] : []),
      ...(incident.end !== null ? [`It was over ${lasted} after the onset.`] : []),
    ],
    badly: [
      ...(firstAlert === null
        ? alertsCollected
          ? ['No alert in the data tells of it.']
          : []
        : prompt || delaySeconds === null
          ? []
          : [`The first alert came ${detection.delay} after the first symptom.`]),
      ...(rounds > 1 ? [`It spread: the same failure went through ${rounds} rounds.`] : []),
      ...(conditions > 0 ? [`${plural(conditions, 'standing condition')} made it worse: see Contributing factors.`] : []),
    ],
    luck: incident.end !== null && response === 0 ? ['It ended without an intervention that shows in the data: would it again?'] : [],
  }
}

/** An alert within this after the first symptom came in time. */
const PROMPT_SECONDS = 120

export const impactLine = (impact: readonly FindingView[], beside: readonly string[]): string => {
  if (impact.length === 0 && beside.length > 0) return `It is not known what it did to anybody: ${unjoined(beside)}`
  if (impact.length === 0) return 'No service or workload is seen to suffer in the data. Whether users noticed has to come from elsewhere.'
  const count = (type: string, one: string, many?: string): string[] => {
    const names = new Set(impact.filter((finding) => finding.entity.startsWith(`${type}/`)).map((finding) => finding.entity))
    return names.size === 0 ? [] : [plural(names.size, one, many)]
  }
  const kinds = [
    ...count('service', 'service'),
    ...count('workload', 'workload'),
    ...count('pod', 'pod'),
    ...count('postgres', 'database server'),
    ...count('redis', 'Redis server'),
    ...count('loadbalancer', 'load balancer'),
    ...count('process', 'process', 'processes'),
    ...count('external', 'external system'),
    ...count('volume', 'volume'),
    ...count('node', 'node'),
    ...count('target', 'scrape target'),
  ]
  // How long it was in all is not known of what was not over.
  const open = impact.some((finding) => finding.end === null)
  const minutes = open ? 0 : coveredSeconds(impact)
  return `${list(kinds, 5) || plural(new Set(impact.map((finding) => finding.entity)).size, 'part')} affected${minutes > 0 ? `, for ${duration(minutes)} in all` : ''}${open ? '; not over when the data end' : ''}.`
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

export const isLeadUp = (finding: FindingView, incident: Incident, phases: readonly Phase[]): boolean => {
  if (finding.role === 'detection' || finding.role === 'response' || finding.role === 'recovery' || finding.role === 'impact') return false
  const phase = phases.find((one) => one.name === 'lead-up')
  if (phase !== undefined) return finding.start < phase.end
  return finding.role === 'change' && finding.start <= incident.start
}

export const responseLine = (response: readonly FindingView[]): string =>
  response.length === 0
    ? 'No intervention appears in the data once it had begun: no drain, cordon, deletion, restart, rollback, ended session or requested shutdown. People may have acted in ways that leave no trace here.'
    : `${plural(response.length, 'intervention')} ${response.length === 1 ? 'appears' : 'appear'} in the data.`

export const recoveryLine = (incident: Incident, lasted: string, findings: readonly FindingView[]): string => {
  if (incident.end === null) return 'The data end before the incident does: no recovery is seen.'
  const over = `The last of it was over at ${moment(incident.end, dayTold(incident))} UTC, ${lasted} after the onset.`
  const left = stillUnwell(findings, incident)
  return left === ''
    ? over
    : `Nobody is seen to suffer after ${moment(incident.end, dayTold(incident))} UTC, ${lasted} after the onset. Not seen to be well again: ${left}.`
}

/** What was at fault, or fell ill on the way, and has no end in the data; each thing once, with what came first. */
const stillUnwell = (findings: readonly FindingView[], incident: Incident): string => {
  const linked = linkedIn(incident)
  const left = new Map<string, FindingView>()
  for (const finding of findings.toSorted(inOrder))
    if (finding.end === null && (finding.role === 'fault' || finding.role === 'symptom') && linked.has(finding.id) && !left.has(finding.entity))
      left.set(finding.entity, finding)
  return list([...left.values()].map((finding) => `${finding.shortWords} (${finding.kindWords})`))
}

const ENDED = 8
/** Seconds from which on something is a state that ends. */
const STATE = 30
const MOMENTS = new Set(['pod.evicted', 'pod.rescheduled', 'node.oom-kill', 'node.rebooted', 'pod.oom-killed', 'postgres.backend-killed'])

/** Impact and what the chain passed through, as it ended; a moment has no end to tell. */
export const endedOf = (findings: readonly FindingView[], incident: Incident): readonly Ended[] => {
  const chain = new Set(incident.chains[0])
  return findings
    .flatMap((finding) => {
      const lasted = finding.end === null ? 0 : secondsBetween(finding.start, finding.end)
      return finding.end !== null && lasted >= STATE && !MOMENTS.has(finding.kind) && (finding.role === 'impact' || chain.has(finding.id))
        ? [{ finding, end: finding.end }]
        : []
    })
    .toSorted((a, b) => (a.end < b.end ? -1 : a.end > b.end ? 1 : inOrder(a.finding, b.finding)))
    .slice(-ENDED)
    .map(({ finding, end }) => ({ finding, at: `${moment(end, dayTold(incident))} UTC` }))
}

/** Rows of the table; what is more is among the findings. */
const IMPACT_ROWS = 24

export interface ImpactTable {
  readonly rows: readonly FindingView[]
  readonly leftOut: number
}

/** What people use first, an entity's rows together; that a workload is short of replicas goes without saying where it had none in all that time. */
export const impactTable = (impact: readonly FindingView[], incident: Incident): ImpactTable => {
  const last = (finding: FindingView): string => finding.end ?? '9999'
  const said = (finding: FindingView): boolean =>
    finding.kind === 'workload.degraded' &&
    impact.some(
      (other) => other.kind === 'workload.unavailable' && other.entity === finding.entity && other.start <= finding.start && last(other) >= last(finding),
    )
  const felt = asFelt(
    impact.filter((finding) => !said(finding)),
    incident,
  )
  const place = new Map<string, number>()
  for (const { entity } of felt) if (!place.has(entity)) place.set(entity, place.size)
  const rows = foldRows(felt).toSorted(({ finding: a }, { finding: b }) => (place.get(a.entity) ?? 0) - (place.get(b.entity) ?? 0) || inOrder(a, b))
  return {
    rows: rows.slice(0, IMPACT_ROWS).map(({ finding }) => finding),
    leftOut: rows.slice(IMPACT_ROWS).reduce((sum, { all }) => sum + all.length, 0),
  }
}

/** Findings that tell a round of a cascade. */
const ROUND_ROWS = 8

export interface Round {
  readonly number: number
  /** When the first of it began. */
  readonly start: string | null
  readonly told: readonly FindingView[]
  /** '12 × evicted, 9 × unready': what it held besides; '' where nothing. */
  readonly besides: string
}

/** What failed and what was felt of a round; the dozens of pods that came with it by number. */
export const roundsOf = (rounds: readonly (readonly FindingView[])[], incident: Incident): readonly Round[] => {
  const chain = new Set(incident.chains[0])
  const rank = (finding: FindingView): number => (chain.has(finding.id) ? 0 : finding.role === 'fault' ? 1 : finding.role === 'impact' ? 2 : 3)
  return rounds.map((round, index) => {
    const told = new Set(
      round
        .filter((finding) => rank(finding) < 3)
        .toSorted((a, b) => rank(a) - rank(b) || inOrder(a, b))
        .slice(0, ROUND_ROWS),
    )
    const counts = new Map<string, number>()
    for (const finding of round) if (!told.has(finding)) counts.set(finding.kindWords, (counts.get(finding.kindWords) ?? 0) + 1)
    const besides = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([kind, count]) => `${count} × ${kind}`)
    return {
      number: index + 1,
      start: round.toSorted(inOrder)[0]?.start ?? null,
      told: round.filter((finding) => told.has(finding)),
      besides: besides.join(', '),
    }
  })
}
