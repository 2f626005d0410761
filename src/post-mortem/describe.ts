/** From the explanation to the post-mortem model: what the renderers need beside the analysis. Pure. */
import type { Explanation, ExplainedIncident } from '../causes/explain.js'
import type { Mechanism } from '../causes/mechanism.js'
import type { Incident } from '../model/analysis.js'
import type { Surroundings } from '../model/surroundings.js'
import { isControlPlane, typeOf } from '../model/entity.js'
import { roleOf } from '../model/vocabulary.js'
import { overlaps, type Found } from '../findings/finding.js'
import { areClientsUnseen, harmToClients } from '../causes/harm.js'
import { roundsOf } from '../causes/rounds.js'
import { iso, type Timeline } from '../timeline/timeline.js'
import { isUnexplained } from '../model/is-unexplained.js'
import { alternativesOf } from './alternatives.js'
import { chartsOf } from './charts.js'
import { knownNames } from './known-names.js'
import { maskSecretsDeep } from '../model/mask-secrets.js'
import { alertsIn, factorsOf, firstFelt, isFelt } from './factors.js'
import { checksOf, followUpsOf } from './follow-ups.js'
import { gapsOf } from './gaps.js'
import { missingIn } from './missing.js'
import type { IncidentDetail, Observed, Phase, PostMortem } from './post-mortem.js'
import { ofKind } from '../findings/lookup.js'
import { duration } from '../findings/words.js'
import { linkedIn } from '../model/linked-in.js'
import { groupBy } from '../model/lists.js'

export interface DescribeOptions {
  readonly version: string
  readonly command: string
  /** Inputs that could not be read at all. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[]
  /** Where the inputs are at hand to be read again. */
  readonly surroundings?: Surroundings
}

/** Secrets are masked here, once, for whatever is made of it. */
export const describe = (explanation: Explanation, found: readonly Found[], timeline: Timeline, options: DescribeOptions): PostMortem => {
  const taken = new Set(explanation.incidents.flatMap(({ causal }) => causal.findings))
  const alone = found.filter((one, at) => roleOf(one) === 'impact' && !taken.has(at))
  const beside = explanation.incidents.length > 0 ? feltAlone(alone, timeline) : observedIn(found, timeline)
  const isAnyFelt = beside.some(({ felt }) => felt)
  return maskSecretsDeep({
    alertsCollected: alertsIn(timeline),
    analysis: explanation.analysis,
    version: options.version,
    command: options.command,
    incidents: explanation.incidents.map((one) => detail(one, found, alone, timeline)),
    observed: beside,
    missing: [
      ...options.unreadable.map(({ path, reason }) => ({ what: `${path} could not be read (${reason})`, hides: 'whatever it says' })),
      ...missingIn(explanation, isAnyFelt, timeline),
    ],
    clockNotes: [...timeline.clockNotes, ...undecided(explanation, found)],
    surroundings: options.surroundings ?? { quotes: [], notes: [] },
    known: knownNames(timeline),
  })
}

const MOST_OBSERVED = 8
const MOST_BESIDE = 4
const MOST_OF_NODES = 4
const MOST_ALERTS = 4
/** Fewer missed heartbeats than this happen on any busy day. */
const MANY_HEARTBEATS = 5
/** Nobody asked for these evictions. */
const FORCED: ReadonlySet<unknown> = new Set(['taint', 'memory', 'disk', 'disk-limit', 'node'])
/** Who takes a node down has it silent, and its pods moved. */
const PLANNED = ['action.drain', 'action.cordon', 'action.node-restarted', 'change.node-removed'] as const
const PLAN_MS = 30 * 60_000

/** The worst first: what people felt, then what broke, then nodes that were not heard and pods that had to go. */
const observedIn = (found: readonly Found[], timeline: Timeline): readonly Observed[] => {
  const { topology } = timeline
  const of = (role: string): readonly Found[] => found.filter((one) => roleOf(one) === role)
  const isPlanned = ({ entity, start }: Found): boolean =>
    PLANNED.some((kind) => ofKind(found, kind, topology.nodeOf(entity, start) ?? entity).some((plan) => Math.abs(plan.start - start) <= PLAN_MS))
  const ofNodes = [
    ...ofKind(found, 'node.not-ready'),
    ...ofKind(found, 'node.heartbeat-missed').filter(({ dose }) => dose >= MANY_HEARTBEATS),
    ...ofKind(found, 'pod.evicted').filter(({ attributes }) => FORCED.has(attributes['reason'])),
  ].filter((one) => !isPlanned(one))
  return [
    ...[...of('impact'), ...of('fault'), ...found.filter(isOtherTrouble)]
      .map((one) => ({ one, felt: wasFelt(one, timeline) }))
      .sort((a, b) => Number(b.felt) - Number(a.felt))
      .slice(0, MOST_OBSERVED)
      .map(({ one, felt }) => observed(one, 0, felt)),
    ...[...groupBy(ofNodes, ({ kind, entity }) => (kind === 'pod.evicted' ? kind : `${kind} ${entity}`)).values()]
      .slice(0, MOST_OF_NODES)
      .flatMap(([first, ...more]) => (first === undefined ? [] : [observed(first, more.length, false)])),
    // Who was paged looks for the page.
    ...[...groupBy(alertsSince(found), ({ attributes }) => String(attributes['alertname'] ?? '')).values()]
      .slice(0, MOST_ALERTS)
      .flatMap(([first, ...more]) => (first === undefined ? [] : [observed(first, more.length, false)])),
  ]
}

/** Those that began within the data: what has fired for days pages nobody now. */
const alertsSince = (found: readonly Found[]): readonly Found[] => ofKind(found, 'alert.fired').filter(({ attributes }) => attributes['onset'] !== 'before')

/** A service that fails requests may fail a few; one that is gone, or fails most for so long, is missed. What a probe alone asks may be missed by nobody. */
const FELT: ReadonlySet<string> = new Set(['workload.unavailable', 'service.unreachable', 'service.errors'])
const FELT_MS = 30_000

const wasFelt = (one: Found, timeline: Timeline): boolean => {
  const { kind, entity, start, end, attributes } = one
  if (harmToClients(one) > 0 && areClientsUnseen(timeline)) return true
  const isGone = FELT.has(kind) && typeOf(entity) !== 'target' && attributes['probed'] === undefined
  return isGone && (kind !== 'service.errors' || attributes['failed'] === 'most') && (end ?? timeline.to) - start >= FELT_MS
}

/** Symptoms, and what somebody did, that cost clients something. */
const TROUBLES: ReadonlySet<string> = new Set([
  'postgres.timeouts',
  'postgres.slow-queries',
  'postgres.shutdown',
  'pod.crash-looping',
  'loadbalancer.backends-down',
])
/** A server that is back at once was hardly missed. */
const BRIEFLY_MS = 5_000

const isOtherTrouble = ({ kind, start, end }: Found): boolean =>
  TROUBLES.has(kind) && (kind !== 'postgres.shutdown' || end === null || end - start >= BRIEFLY_MS)

/** A part of the control plane that is gone for a while: nobody's requests fail for it, but nothing that fails meanwhile is mended. */
const MANAGES = /\/(?:kube-(?:controller-manager|scheduler)|cloud-controller)/u
const isUnmanaged = ({ kind, entity, start, end }: Found, { to }: Timeline): boolean =>
  kind === 'service.unreachable' && (isControlPlane(entity) || MANAGES.test(entity)) && (end ?? to) - start >= FELT_MS

/** What no incident tells of must not be hidden by those that are told. */
const feltAlone = (alone: readonly Found[], timeline: Timeline): readonly Observed[] =>
  alone
    .map((one) => ({ one, felt: wasFelt(one, timeline) }))
    .filter(({ one, felt }) => felt || isUnmanaged(one, timeline))
    .slice(0, MOST_OBSERVED)
    .map(({ one, felt }) => observed(one, 0, felt))

const observed = (one: Found, more: number, felt: boolean): Observed => ({ start: iso(one.start), summary: one.summary, told: toldOf(one, more), felt })

const toldOf = ({ summary, start, evidence }: Found, more: number): string => {
  const [first] = evidence
  const place = first === undefined ? '' : ` (${first.input}${first.line === null ? '' : `:${first.line}`})`
  const others = more === 0 ? '' : ` ${more} more like it ${more === 1 ? 'is' : 'are'} seen.`
  return `${iso(start).slice(0, 19).replace('T', ' ')} UTC: ${summary}${others}${place}`
}

/** Where a cause was seen after its effect and only its source's resolution lets it be the cause: the order is the mechanism's word. */
const undecided = (explanation: Explanation, found: readonly Found[]): readonly string[] => {
  const notes = new Set<string>()
  for (const { causal } of explanation.incidents) {
    for (const { cause, effect, mechanism } of causal.links) {
      const [a, b] = [found[cause], found[effect]]
      if (a === undefined || b === undefined || a.start <= b.start) continue
      notes.add(
        `The order of these two lies within what their sources can tell (${duration(a.start - b.start)}): “${a.summary}” and “${b.summary}” The mechanism ${mechanism.id} puts the first before the second.`,
      )
    }
  }
  return [...notes].slice(0, MOST_NOTES)
}

const MOST_NOTES = 10

/** What was felt moments before or after it may be its doing. */
const BESIDE_MS = 2 * 60_000

const detail = (explained: ExplainedIncident, found: readonly Found[], alone: readonly Found[], timeline: Timeline): IncidentDetail => {
  const { incident, causal } = explained
  const ids = new Map([...explained.positions].map(([id, at]) => [at, id]))
  return {
    incident: incident.id,
    summary: summaryOf(incident, roundsOf(causal).length, alertsIn(timeline)),
    phases: phasesOf(incident, timeline),
    charts: chartsOf(explained, found, timeline),
    expectedLags: [...new Map(causal.links.map((link) => [link.mechanism.id, link.mechanism])).values()].map(expectedLag),
    alternatives: alternativesOf(explained, found),
    followUps: followUpsOf(explained, found, alertsIn(timeline)),
    checks: checksOf(explained),
    factors: factorsOf(incident),
    rounds: roundsOf(causal).map((round) => round.flatMap((at) => ids.get(at) ?? [])),
    fiveWhys: whysOf(incident),
    beside: alone
      .filter((one) => overlaps(one, causal, BESIDE_MS))
      .slice(0, MOST_BESIDE)
      .map((one) => toldOf(one, 0)),
    gaps: gapsOf(explained, timeline),
  }
}

const expectedLag = ({ id, lag }: Mechanism): IncidentDetail['expectedLags'][number] => ({
  mechanism: id,
  minSeconds: lag.min,
  typicalSeconds: lag.typical,
  maxSeconds: lag.max,
  why: lag.why,
})

/** Three sentences: where it began, what it did to whom, how it was noticed and ended. */
const summaryOf = (incident: Incident, rounds: number, alerts: boolean): string => {
  const of = new Map(incident.findings.map((finding) => [finding.id, finding]))
  const chain = (incident.chains[0] ?? []).flatMap((id) => of.get(id) ?? [])
  const [root] = chain
  const impact = chain.at(-1)
  const felt = firstFelt(incident)
  const earlier = felt !== undefined && impact !== undefined && Date.parse(impact.start) - Date.parse(felt.start) >= EARLIER_MS ? felt : undefined
  const sentences: string[] = []
  const day = incident.start.slice(0, 10)
  const at = (time: string): string => (time.startsWith(day) ? clock(time) : `${time.slice(0, 10)} ${clock(time)}`)
  const longer = incident.end !== null && !incident.end.startsWith(day)
  if (root !== undefined)
    sentences.push(
      `At ${longer ? `${root.start.slice(0, 10)} ` : ''}${clock(root.start)} UTC it began: ${lowered(root.summary)}${isUnexplained(incident) ? ' What caused it, the data do not tell.' : ''}`,
    )
  if (impact !== undefined && impact !== root) {
    const steps = chain.length - 2
    sentences.push(
      `${steps > 0 ? `Through ${steps === 1 ? 'one step' : `${steps} steps`} in between, this led` : 'This led'} to ${isFelt(impact) && earlier === undefined ? 'what people felt' : impact.role === 'impact' ? 'the impact' : 'the last effect that the data show'} at ${at(impact.start)}: ${lowered(impact.summary)}`,
    )
  }
  if (earlier !== undefined) sentences.push(`People could notice from ${at(earlier.start)} on: ${lowered(earlier.summary)}`)
  if (rounds > 1) sentences.push(`It went through ${rounds} rounds: what ran on the failed node moved to the next one and brought its load with it.`)
  const { firstAlert, delaySeconds } = incident.detection
  const noticed =
    firstAlert === null
      ? alerts
        ? 'No alert in the data tells of it'
        : 'The data hold no records of alerts'
      : `The first alert fired at ${at(firstAlert)}${delaySeconds === null || delaySeconds < 1 ? '' : `, ${duration(delaySeconds * 1000)} after the first symptom`}`
  const ended =
    incident.end === null
      ? 'it had not ended when the data end.'
      : `it was over at ${at(incident.end)}, ${duration(Date.parse(incident.end) - Date.parse(incident.start))} after ${root === undefined || root.start === incident.start ? 'it began' : `the first sign of it at ${at(incident.start)}`}.`
  sentences.push(`${noticed}; ${ended}`)
  return sentences.join(' ')
}

/** What was felt so long before the end of the chain has to be said: the chain is one way through an incident, and need not lead to what came first. */
const EARLIER_MS = 60_000

const clock = (iso: string): string => iso.slice(11, 19)

const PROPER = /^(?:Postgres|Redis|Sentinel|Prometheus|Kubernetes|Patroni)\b/u

/** A sentence within a sentence; names and what is written in capitals keep them. */
const lowered = (text: string): string => (/^[A-Z](?:[a-z]+|)(?=[ ,:])/u.test(text) && !PROPER.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text)

const phasesOf = (incident: Incident, timeline: Timeline): readonly Phase[] => {
  const linked = linkedIn(incident)
  const mine = incident.findings.filter((finding) => linked.has(finding.id))
  const end = incident.end ?? iso(timeline.to)
  const impacts = mine.filter((finding) => finding.role === 'impact')
  const impact =
    least(impacts.map((finding) => finding.start)) ??
    least(mine.filter((finding) => finding.role === 'symptom').map((finding) => finding.start)) ??
    incident.start
  const responses = incident.findings
    .filter((finding) => finding.role === 'response' && finding.start >= impact && finding.start <= end)
    .map((finding) => finding.start)
  const phases: Phase[] = []
  const add = (name: Phase['name'], from: string, to: string): void => {
    if (to > from) phases.push({ name, start: from, end: to })
  }
  add('lead-up', incident.start, impact)
  const lasting = impacts.length === 0 || impacts.some((finding) => finding.end === null)
  add('impact', impact, lasting ? end : (greatest(impacts.flatMap((finding) => finding.end ?? [])) ?? end))
  const { firstSymptom, firstAlert } = incident.detection
  if (firstAlert !== null) add('detection', firstSymptom !== null && firstSymptom < firstAlert ? firstSymptom : incident.start, firstAlert)
  const response = least(responses)
  if (response !== null) add('response', response, greatest(responses) ?? response)
  // From when the last that was at fault, or on the way from the root to the impact, was over.
  const chain = new Set(incident.chains[0])
  const healed = mine.flatMap((finding) =>
    (finding.role === 'fault' || chain.has(finding.id)) && finding.role !== 'impact' && finding.end !== null && finding.end > impact ? [finding.end] : [],
  )
  const turned = greatest(healed)
  if (turned !== null && incident.end !== null) add('recovery', turned, end)
  return phases
}

const least = (times: readonly string[]): string | null => [...times].sort()[0] ?? null
const greatest = (times: readonly string[]): string | null => [...times].sort().at(-1) ?? null

const whysOf = (incident: Incident): IncidentDetail['fiveWhys'] => {
  const of = new Map(incident.findings.map((finding) => [finding.id, finding]))
  const chain = incident.chains[0] ?? []
  return chain
    .slice(0, -1)
    .map((cause, index) => {
      const effect = of.get(chain[index + 1] ?? '')
      const link = incident.links.find((one) => one.cause === cause && one.effect === effect?.id)
      const because = of.get(cause)
      return { question: effect?.summary ?? '', answer: `${because?.summary ?? ''} ${link?.because ?? ''}`.trim(), finding: cause }
    })
    .reverse()
}
