/**
 * Which finding produced which. A candidate is a mechanism that fits two findings; its strength weighs the mechanism, the lag,
 * how near the entities are, how sure both findings are, and counter-evidence. Competing causes share the explanation of an
 * effect, with some of it left unexplained.
 */
import { isAtQuota, WHOLE_SECOND_MS, type Found } from '../findings/finding.js'
import { compare, type Timeline } from '../timeline/timeline.js'
import { typeOf } from '../model/entity.js'
import { addTo, addToSet, countWhile, groupBy } from '../model/lists.js'
import { roleOf } from '../model/vocabulary.js'
import { indexCauses, MAX_SLACK_MS } from './candidates.js'
import { isWaiting } from './client-of.js'
import type { Mechanism } from './mechanism.js'
import { nearness, NOT_CONTRADICTED } from './relations.js'

export interface CausalLink {
  readonly cause: number
  readonly effect: number
  readonly mechanism: Mechanism
  readonly confidence: number
  readonly lagMs: number
  /** What a finding that nothing explains may come from: the rule and the time fit, and whether the place does is not known. No incident rests on it. */
  readonly faint: boolean
}

interface Candidate {
  readonly cause: number
  readonly effect: number
  readonly mechanism: Mechanism
  readonly lagMs: number
  /** Nothing that is known speaks against it: neither place nor time nor attributes. */
  readonly open: boolean
  strength: number
}

/** A weaker link is not said. */
const SAYABLE = 0.35
/** What no known cause explains: nothing is ever certain. */
const LEAK = 0.08
/** A rival much weaker than the best is noise beside it. */
const RIVAL = 0.8
/** As many possible causes of one effect are weighed against each other. */
const MOST_CANDIDATES = 400
/** On a day with a hundred thousand findings fewer for each: what is kept of all of them has to fit into memory. */
const MOST_IN_ALL = 4_000_000
/** Of hundreds of possible causes the weakest are never told. */
const MOST_RIVALS = 40
/** Evidence that the rule asks for and finds otherwise. */
const CONTRADICTED = 0.25
/** Attributes that are not said cost a little; those that say otherwise cost more than this. */
const NOT_SAID = 0.7
/** A link of which only rule and time are known: no more than even odds. */
const FAINT = 0.45
/** Of what may explain an effect faintly, the likeliest few. */
const MOST_FAINT = 5

/** Findings must be ordered by start. Links point forward in time, so the graph has no circle. */
export const linkCauses = (found: readonly Found[], mechanisms: readonly Mechanism[], timeline: Timeline): readonly CausalLink[] => {
  const candidates = candidatesOf(found, mechanisms, timeline)
  weighCounterEvidence(candidates, found)
  const links = compete(candidates, found)
  return [...links, ...faintly(candidates, links, found)]
}

/** Who was hurt by something, whatever it was. What a database's log says went wrong are the statements of others. */
const asksForCause = (one: Found | undefined): boolean =>
  one !== undefined &&
  !(one.kind === 'app.errors' && typeOf(one.entity) === 'postgres') &&
  (one.kind === 'loadbalancer.backends-down' || (roleOf(one) === 'impact' && !(one.kind === 'service.unreachable' && typeOf(one.entity) === 'target')))

/** Of impacts that no link explains: what may have led to them, the likeliest first. */
const faintly = (candidates: readonly Candidate[], links: readonly CausalLink[], found: readonly Found[]): readonly CausalLink[] => {
  const explained = new Set(links.map(({ effect }) => effect))
  const byEffect = groupBy(candidates, ({ effect, open }) => (open && !explained.has(effect) && asksForCause(found[effect]) ? effect : null))
  return [...byEffect].flatMap(([effect, list]) =>
    list
      .toSorted(byStrength)
      .slice(0, MOST_FAINT)
      .map(({ cause, mechanism, lagMs }) => ({ cause, effect, mechanism, confidence: FAINT, lagMs, faint: true })),
  )
}

const byStrength = (a: Candidate, b: Candidate): number => b.strength - a.strength || compare(a.mechanism.id, b.mechanism.id) || a.cause - b.cause

const candidatesOf = (found: readonly Found[], mechanisms: readonly Mechanism[], timeline: Timeline): Candidate[] => {
  const causesOf = indexCauses(found, timeline)
  const byEffect = new Map<string, Mechanism[]>()
  for (const mechanism of mechanisms) for (const kind of mechanism.effect) addTo(byEffect, kind, mechanism)
  const most = Math.max(MOST_RIVALS, Math.min(MOST_CANDIDATES, Math.floor(MOST_IN_ALL / found.length)))
  return found.flatMap((one, effect) => {
    const best = new Map<number, Candidate>()
    for (const mechanism of byEffect.get(one.kind) ?? []) {
      for (const cause of causesOf(effect, mechanism)) {
        const candidate = judge(cause, effect, mechanism, found, timeline)
        if (candidate === null) continue
        const known = best.get(cause)
        if (known === undefined || candidate.strength > known.strength) best.set(cause, candidate)
      }
    }
    return best.size <= most ? [...best.values()] : [...best.values()].sort(byStrength).slice(0, most)
  })
}

/** Weaker ones are no candidates. */
const WEAKEST = 0.1

const judge = (causeIndex: number, effectIndex: number, mechanism: Mechanism, found: readonly Found[], timeline: Timeline): Candidate | null => {
  const cause = found[causeIndex]
  const effect = found[effectIndex]
  if (cause === undefined || effect === undefined || cause.kind === 'alert.fired') return null
  const order = orderOf(cause, effect, causeIndex, effectIndex)
  if (order === 0 || wasUnderWay(cause, effect)) return null
  const fits = fitOf(mechanism, cause, effect)
  if (fits === 0) return null
  const lagMs = Math.max(0, effect.start - cause.start)
  const inTime = outlasts(cause, effect, timeline.to) ? OVER : lagFit(lagMs, mechanism, cause, effect)
  const steady = comesAndGoes(cause, effect, timeline.to) ? UNTOUCHED : 1
  const atBest = mechanism.holds * inTime * steady * fits * order * Math.sqrt(cause.confidence * effect.confidence)
  // How near they are is asked last, as it costs the most.
  if (atBest < WEAKEST) return null
  const near = nearness(mechanism.where, cause, effect, timeline)
  const strength = atBest * near
  const open = near >= NOT_CONTRADICTED && fits >= NOT_SAID && inTime > OVER
  return strength < WEAKEST ? null : { cause: causeIndex, effect: effectIndex, mechanism, lagMs, open, strength }
}

/**
 * 1 where the cause was seen first. Where it was seen later, but may have begun before (a scrape sees a rise one interval late),
 * less; 0 where it came after its effect.
 */
const orderOf = (cause: Found, effect: Found, causeIndex: number, effectIndex: number): number => {
  const ahead = effect.start - cause.start
  if (ahead > 0) return 1
  if (ahead === 0) return causeIndex === effectIndex ? 0 : 1
  if (wasOver(effect, cause)) return 0
  const slack = effect.kind === 'alert.fired' && isTimed(cause) ? 0 : cause.slackMs
  return -ahead < WHOLE_SECOND_MS || -ahead <= Math.min(slack, MAX_SLACK_MS) ? 0.8 : 0
}

/** Memory that was going before anybody did what is held to have taken it. */
const wasUnderWay = ({ start, slackMs }: Found, { attributes: { underWay } }: Found): boolean => typeof underWay === 'number' && underWay < start - slackMs

/** The last of a program's errors is older than the first line of the other: no slack makes up for that, where stamps are finer than a second. */
const wasOver = ({ kind, end }: Found, cause: Found): boolean =>
  kind === 'app.errors' && end !== null && end < cause.start && end % 1000 !== 0 && cause.slackMs <= LINES_SLACK_MS
const LINES_SLACK_MS = 5_000

/**
 * What only an alert tells of may have begun minutes before, but an alert that fired before that one did not ring for it; nor did it for lines that a log has
 * with their times.
 */
const isTimed = ({ kind, attributes }: Found): boolean => attributes['told'] === 'alert' || TIMED.has(kind)
const TIMED: ReadonlySet<string> = new Set([
  'app.errors',
  'postgres.crashed',
  'postgres.recovering',
  'postgres.backend-killed',
  'postgres.disk-full',
  'postgres.deadlock',
  'postgres.timeouts',
  'postgres.lock-pileup',
])

const lagFit = (lagMs: number, mechanism: Mechanism, cause: Found, effect: Found): number => {
  const { min, typical, max } = mechanism.lag
  const slack = (cause.slackMs + effect.slackMs) / 1000
  const lag = lagMs / 1000
  if (lag + slack < min) return 0.4
  if (isCondition(cause) && effect.start - (cause.end ?? Infinity) > lingerMs(mechanism, cause, effect)) return OVER
  if (lag <= Math.max(typical, slack)) return 1
  if (lag <= max) return 1 - 0.4 * ((lag - typical) / Math.max(1, max - typical))
  // The cause lasted: its effect may come late, while it goes on.
  return 0.45
}

/** A condition acts while it lasts, and a little longer; an occurrence acts once and its effect takes its time. */
const isCondition = (one: Found): boolean =>
  one.end !== null &&
  !/^(?:change|action|alert)\.|\.(?:evicted|rescheduled|rebooted|oom-kill|oom-killed|kernel-panic|kernel-hang|clock-stepped|backend-killed|deadlock)$/u.test(
    one.kind,
  )

const lingerMs = (mechanism: Mechanism, cause: Found, effect: Found): number => {
  // A pod that has started is ready, and as good as any other.
  if (cause.attributes['during'] === 'start') return WHOLE_SECOND_MS
  // Nobody answers what is over already; who waited for a lock goes on as soon as it is given back.
  const atOnce = roleOf(effect) === 'response' || (cause.kind === 'postgres.lock-pileup' && HEALS_AT_ONCE.has(effect.kind))
  const acts = atOnce ? 15_000 : Math.max(30_000, mechanism.lag.typical * 1000)
  return acts + cause.slackMs + effect.slackMs
}

const OVER = 0.25

/** What is there again as soon as there is room on the processors. */
const HEALS_AT_ONCE: ReadonlySet<string> = new Set(['service.unreachable', 'service.slow', 'service.errors', 'postgres.timeouts', 'postgres.slow-queries'])
/** Either may be seen some seconds longer than it was: a rate is that of an interval. */
const SEEN_LONGER_MS = 5_000

/** Processors that were full for ten seconds are not why something failed for a minute. */
const outlasts = (cause: Found, effect: Found, to: number): boolean => {
  if (cause.kind !== FULL || cause.end === null || isAtQuota(cause) || !HEALS_AT_ONCE.has(effect.kind)) return false
  const end = effect.end ?? to
  // What is asked every few seconds answers as soon as there is room.
  if (effect.kind === 'service.unreachable' && end - cause.end > cause.slackMs + effect.slackMs + SEEN_LONGER_MS) return true
  return Math.min(cause.end, end) - Math.max(cause.start, effect.start) + SEEN_LONGER_MS < (end - effect.start) / 2
}

/** Of processors that were as full before and after: some of the effects of that end only with it. */
const WITHOUT_IT_MS = 30_000
const UNTOUCHED = 0.5

/** What came and went while processors were full from long before until long after hardly came from them. */
const comesAndGoes = (cause: Found, effect: Found, to: number): boolean => {
  if (cause.kind !== FULL || isAtQuota(cause) || !HEALS_AT_ONCE.has(effect.kind) || effect.end === null) return false
  const until = cause.end ?? to
  const before = effect.start - cause.start - effect.slackMs - cause.slackMs
  const after = until - effect.end - effect.slackMs - cause.slackMs
  return before > WITHOUT_IT_MS && after > WITHOUT_IT_MS && before + after > effect.end - effect.start
}

const fitOf = (mechanism: Mechanism, cause: Found, effect: Found): number => {
  const rule = mechanism.if
  if (rule === undefined) return 1
  let fit = 1
  for (const [wanted, one] of [
    [rule.cause, cause],
    [rule.effect, effect],
  ] as const) {
    for (const [name, values] of Object.entries(wanted ?? {})) {
      const value = String(one.attributes[name] ?? '')
      if (values.includes(value)) continue
      if (mechanism.required) return 0
      // Not said at all is no contradiction.
      fit *= value === '' || value === 'other' ? 0.85 : CONTRADICTED
    }
  }
  return fit
}

/** A node at its own quota and a machine whose processors are full are two sorts of one kind. */
const sortOf = (one: Found | undefined): string => (one === undefined ? '' : isAtQuota(one) ? `${one.kind} quota` : one.kind)

/** The same cause elsewhere without the effect speaks against the rule here: how often did it hold in this very dump? */
const weighCounterEvidence = (candidates: Candidate[], found: readonly Found[]): void => {
  const causes = new Map<string, Set<number>>()
  const ofNodes = candidates.filter(({ cause }) => found[cause]?.kind.startsWith('node.') === true)
  for (const candidate of ofNodes)
    addToSet(causes, `${candidate.mechanism.id} ${sortOf(found[candidate.cause])} ${found[candidate.effect]?.kind ?? ''}`, candidate.cause)
  const totals = new Map<string, number>()
  for (const one of found) totals.set(sortOf(one), (totals.get(sortOf(one)) ?? 0) + 1)
  for (const candidate of ofNodes) {
    const kind = sortOf(found[candidate.cause])
    const hits = causes.get(`${candidate.mechanism.id} ${kind} ${found[candidate.effect]?.kind ?? ''}`)?.size ?? 1
    const trials = totals.get(kind) ?? 1
    candidate.strength *= 0.5 + 0.5 * ((hits + 1) / (trials + 1))
  }
  weighSharedLoad(ofNodes, found)
  weighRefusals(ofNodes, found)
}

const REFUSED_MS = 15_000
const OF_POSTGRES = /postgres|(?<![a-z])pg(?![a-z])/iu

/** A busy machine answers late, and refuses nobody: where clients of a server were refused as its probe or exporter fell silent, that was the server. */
const weighRefusals = (candidates: readonly Candidate[], found: readonly Found[]): void => {
  const refused = found.filter(({ kind, attributes: { reason } }) => kind === 'app.errors' && reason === 'postgres-unreachable')
  if (refused.length === 0) return
  for (const candidate of candidates) {
    const effect = found[candidate.effect]
    if (effect?.kind !== 'service.unreachable' || sortOf(found[candidate.cause]) !== FULL || !OF_POSTGRES.test(effect.entity)) continue
    if (refused.some(({ start, end }) => Math.abs(start - effect.start) <= REFUSED_MS && (end ?? Infinity) >= effect.start)) candidate.strength *= CONTRADICTED
  }
}

/**
 * Nodes that were as busy at that very moment, and to which nothing of the kind happened: nodes that share a machine, or a load that all of them had.
 * It is another matter where a pod of this node took its processors.
 */
const weighSharedLoad = (candidates: readonly Candidate[], found: readonly Found[]): void => {
  const busy = found.flatMap((one, at) => (sortOf(one) === FULL ? [at] : []))
  if (busy.length < 2) return
  const hit = new Set(candidates.flatMap(({ cause, effect, strength }) => (strength >= LIKELY ? [`${cause} ${found[effect]?.kind ?? ''}`] : [])))
  const startOf = (at: number | undefined): number => found[at ?? -1]?.start ?? Infinity
  const hungry = new Set(found.flatMap(({ kind, attributes }) => (kind === 'pod.cpu-hungry' ? [`node/${String(attributes['node'] ?? '')}`] : [])))
  for (const candidate of candidates) {
    const [cause, effect] = [found[candidate.cause], found[candidate.effect]]
    if (cause === undefined || sortOf(cause) !== FULL || effect === undefined || hungry.has(cause.entity)) continue
    let untouched = 0
    for (let next = countWhile(busy.length, (index) => startOf(busy[index]) < cause.start - AS_ONE_MS); next < busy.length; next++) {
      const at = busy[next] ?? -1
      const other = found[at]
      if (other === undefined || other.start > cause.start + AS_ONE_MS) break
      if (other.entity === cause.entity) continue
      if (other.start <= effect.start && !hit.has(`${at} ${effect.kind}`) && ++untouched === MOST_UNTOUCHED) break
    }
    candidate.strength /= 1 + untouched
  }
}
const FULL = 'node.cpu-saturated'
const AS_ONE_MS = 60_000
/** Of a link: an effect that is hardly this node's is none of it. */
const LIKELY = 0.25
const MOST_UNTOUCHED = 2

const GONE: ReadonlySet<string> = new Set(['postgres.crashed', 'postgres.recovering', 'postgres.shutdown'])
/** What a program that starts asks for in vain. */
const MISSED: ReadonlySet<string> = new Set([...GONE, 'workload.unavailable', 'redis.down'])

/** Nothing is said to be certain. */
const SUREST = 0.97

/**
 * Strengths multiply doubts that are not independent, so they come out lower than links of that strength turn out right: links of strength 0.4 to 0.5
 * were right 96 times in a hundred and more, over the evaluation's dumps and over 31 that were written by somebody who knew neither rules nor simulator.
 * This says them somewhat more cautiously than that. See the calibration in docs/evaluation.md.
 */
export const howOftenRight = (strength: number): number => Math.min(SUREST, 1 - (1 - Math.min(1, strength)) ** 3)

const compete = (candidates: readonly Candidate[], found: readonly Found[]): readonly CausalLink[] => {
  const byEffect = groupBy(candidates, (candidate) => candidate.effect)
  const parents = new Map<number, Set<number>>()
  const isAncestor = (older: number, younger: number): boolean => {
    // Links point forward, but for what clocks leave open: nothing that began long before can come after.
    const earliest = (found[older]?.start ?? 0) - 4 * MAX_SLACK_MS
    const seen = new Set<number>([younger])
    for (const one of seen) {
      for (const parent of parents.get(one) ?? []) {
        if (parent === older) return true
        if ((found[parent]?.start ?? 0) >= earliest) seen.add(parent)
      }
    }
    return false
  }
  const leadsOn = new Set<number>()
  const links: CausalLink[] = []
  // In the order of the effects, so that what leads to a cause is known before the cause is weighed.
  for (const effect of [...byEffect.keys()].sort((a, b) => a - b)) {
    const rivals = (byEffect.get(effect) ?? []).toSorted(byStrength).slice(0, MOST_RIVALS)
    const kept: Candidate[] = []
    for (const candidate of rivals) {
      if (candidate.cause === effect || (leadsOn.has(effect) && isAncestor(effect, candidate.cause))) continue // would close a circle
      kept.push(candidate)
    }
    // Who asks a server that is not there gets no answer, whatever else the processors had to do; so does who waits for a lock, or a statement, that was there before they were full.
    const isBeside = ({ cause, strength }: Candidate): boolean =>
      found[cause]?.kind === FULL &&
      kept.some((other) => {
        const [full, one, felt] = [found[cause], found[other.cause], found[effect]]
        if (full === undefined || one === undefined || felt === undefined || strength * RIVAL > other.strength) return false
        return (
          GONE.has(one.kind) ||
          one.attributes['probed'] !== undefined ||
          (one.start <= full.start && (one.kind === 'postgres.lock-pileup' || isWaiting(one, felt)))
        )
      })
    // A rollout brings pods that start into an outage: what they miss was gone before it.
    const comesInto = ({ cause, strength }: Candidate): boolean =>
      found[cause]?.kind === 'change.deployed' &&
      kept.some((other) => {
        const [rollout, one] = [found[cause], found[other.cause]]
        return (
          rollout !== undefined &&
          one !== undefined &&
          MISSED.has(one.kind) &&
          other.mechanism.where === 'client-of' &&
          one.start < rollout.start &&
          strength * RIVAL <= other.strength
        )
      })
    const possible = kept.filter((candidate) => !isBeside(candidate) && !comesInto(candidate))
    // The detailed path tells more than the short cut: of two causes of which one leads to the other, the nearer one is the cause.
    const direct = possible.filter(
      (candidate) => !possible.some((other) => other !== candidate && other.strength >= candidate.strength * 0.6 && isAncestor(candidate.cause, other.cause)),
    )
    const strongest = direct[0]?.strength ?? 0
    const near = direct.filter((candidate) => candidate.strength >= Math.max(strongest * RIVAL, SAYABLE))
    // Where the detailed path is too weak to be told, the short cut is what is left of it.
    const instead = possible.filter(
      (candidate) => !direct.includes(candidate) && candidate.strength >= strongest * RIVAL && !near.some((other) => isAncestor(candidate.cause, other.cause)),
    )
    const serious = [...near, ...instead]
    const mass = serious.reduce((sum, candidate) => sum + groupShare(candidate, serious, found), 0) + LEAK
    for (const candidate of serious) {
      const share = groupShare(candidate, serious, found) / mass
      const group = serious.filter((other) => found[other.cause]?.kind === found[candidate.cause]?.kind).length
      const confidence = candidate.strength * (0.55 + 0.45 * Math.min(1, share * group))
      if (confidence < SAYABLE) continue
      links.push({
        cause: candidate.cause,
        effect,
        mechanism: candidate.mechanism,
        confidence: howOftenRight(confidence),
        lagMs: candidate.lagMs,
        faint: false,
      })
      leadsOn.add(candidate.cause)
      addToSet(parents, effect, candidate.cause)
    }
  }
  return links
}

/** Several causes of one kind (three evicted pods) act together rather than against each other. */
const groupShare = (candidate: Candidate, rivals: readonly Candidate[], found: readonly Found[]): number => {
  const kind = found[candidate.cause]?.kind
  const group = rivals.filter((other) => found[other.cause]?.kind === kind)
  return candidate.strength / group.length
}
