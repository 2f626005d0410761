/** How signals of each kind become a finding: how far apart they may lie, how sure they are, and what is said of them. */
import { shortName, typeOf, type Entity } from '../model/entity.js'
import { isFindingKind, type AnyKind, type FindingKind } from '../model/vocabulary.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { isAtQuota, type Found } from './finding.js'
import { signalsOf } from './lookup.js'
import { areSeldom, kills, timesSeen } from './occurrences.js'
import { hasGivenUp, queueOf, refusals, session, startsRefused, takenBy } from './postgres-sayings.js'
import { lastingGap, type Stretch } from './stretches.js'
import { called, duration, opening, times } from './words.js'

export interface Policy {
  /** Points at most this far apart are one stretch. */
  readonly gapMs: number
  /** Fewer occurrences than this are no finding. */
  readonly minCount?: number
  /** … but for those of which one says it all. */
  readonly isEnough?: (stretch: Stretch) => boolean
  /** Fewer moments than this, with no begin among them, are no finding. */
  readonly minPoints?: number
  /** Signals that count at all; all where nothing is said. */
  readonly counts?: (signal: TimedSignal) => boolean
  /** A condition that lasted shorter is no finding. */
  readonly minMs?: number
  /** That one occurrence means what it says. More occurrences add to it. */
  readonly sure: number
  /** The onset may lie this much before the first sign. */
  readonly slackMs?: number
  /** How many occurrences so many signals tell of, where that is not their sum. */
  readonly times?: (signals: readonly TimedSignal[], timeline: Timeline) => number
  readonly say: (entity: Entity, stretch: Stretch, timeline: Timeline) => string
  /** What else is evidence of what is said. */
  readonly also?: (entity: Entity, stretch: Stretch, timeline: Timeline) => readonly TimedSignal[]
}
const MINUTE = 60_000
/** Small tables are vacuumed all day. */
const HEAVY_VACUUM_MS = 10_000
const text = (stretch: Stretch, name: string): string => {
  for (const signal of stretch.signals) {
    const value = signal.attributes[name]
    if (value !== undefined && value !== '') return String(value)
  }
  return ''
}
const because = (stretch: Stretch): string => {
  // That it is starting says less than what its probes say.
  const [reason = text(stretch, 'reason')] = stretch.signals.flatMap(({ attributes }) => {
    const value = String(attributes['reason'] ?? '')
    return value === '' || value === 'starting' ? [] : [value]
  })
  const status = text(stretch, 'status')
  if (reason === 'status' && status !== '') return ` (HTTP ${status})`
  return reason === '' || reason === 'other' ? '' : ` (${reason})`
}
/** Of a workload: the API server did not take the pods that its controller asked for. */
const refusedBecause = (stretch: Stretch): string => {
  const reason = text(stretch, 'reason')
  if (reason === 'webhook') return `: the admission webhook ${text(stretch, 'webhook')} could not be called`
  return reason === 'quota' ? ': the quota had no room' : reason === 'forbidden' ? ': they were refused' : ''
}
const forHowLong = ({ start, end }: Stretch): string => (end === null ? '' : end - start < 500 ? ' for a moment' : ` for ${duration(end - start)}`)

/**
 * One event of many failures tells when the first and the last of them was, and their number. Probes come every 10 s, where nobody set anything else: so few
 * of them were no single stretch. Of more than 25 the recorder leaves most out, and their number tells nothing.
 * https://github.com/kubernetes/client-go/blob/v0.30.0/tools/record/events_cache.go (defaultSpamBurst)
 */
export const isSeldom = (pod: Entity, { start, last, count, signals }: Stretch, timeline: Timeline): boolean =>
  count <= MOST_COUNTED && areSeldom(pod, count, last - start, timeline) && signals.every(({ phase }) => phase === 'point')
const MOST_COUNTED = 25

/** Whom the kubelet kills for it may serve all the while: only the readiness probe says who is not ready. */
const lethalProbe = ({ signals }: Stretch): string | null => {
  const [probe, ...others] = new Set(signals.map(({ attributes }) => String(attributes['probe'] ?? '')))
  return others.length === 0 && (probe === 'Liveness' || probe === 'Startup') ? probe.toLowerCase() : null
}

/** The kubelet's restarts of containers that failed their liveness or startup probe. */
const killsForProbes = (entity: Entity, { start, end }: Stretch, timeline: Timeline): readonly TimedSignal[] =>
  signalsOf(timeline, entity).filter(
    ({ kind, at, attributes: { reason } }) =>
      kind === 'pod.killed' && (reason === 'liveness' || reason === 'startup') && at >= start && at <= (end ?? timeline.to),
  )

const restartedFor = (entity: Entity, stretch: Stretch, timeline: Timeline): string => {
  const killed = killsForProbes(entity, stretch, timeline)
  const [first] = killed
  if (first === undefined) return ''
  const why = lethalProbe(stretch) === null ? `failing its ${String(first.attributes['reason'])} probe` : 'that'
  return `; its container was restarted ${times(timesSeen(killed, timeline))} for ${why}`
}

const MAX_STATEMENT = 160

export const AT_ITS_LIMIT = 'was killed at its memory limit'

export const POLICIES: Partial<Readonly<Record<FindingKind, Policy>>> = {
  'change.node-added': { gapMs: MINUTE, sure: 0.95, say: (entity) => `${called(entity)} joined the cluster.` },
  'change.node-removed': { gapMs: MINUTE, sure: 0.95, say: (entity) => `${called(entity)} left the cluster.` },
  'node.memory-exhausted': {
    gapMs: 2 * MINUTE,
    sure: 0.9,
    slackMs: 15_000,
    say: (entity) => `${called(entity)} ran short of memory: the kubelet reported memory pressure.`,
  },
  'node.disk-full': { gapMs: 5 * MINUTE, sure: 0.85, slackMs: 15_000, say: (entity) => `${called(entity)} ran out of disk space.` },
  'node.oom-kill': {
    gapMs: 5 * MINUTE,
    times: kills,
    sure: 0.97,
    // Where the kernel's log is missing, the kubelet's event is what tells of it, some seconds later.
    slackMs: 5_000,
    say: (entity, stretch) =>
      `The kernel killed ${text(stretch, 'process') || 'a process'} on ${called(entity)} ${text(stretch, 'limit') === 'cgroup' ? `at the memory limit of ${text(stretch, 'cgroup')}` : 'for lack of memory'}${stretch.count > 1 ? `, ${times(stretch.count)}` : ''}.`,
  },
  'node.kernel-panic': { gapMs: MINUTE, sure: 0.98, say: (entity) => `The kernel of ${called(entity)} panicked.` },
  'node.kernel-hang': {
    gapMs: 3 * MINUTE,
    sure: 0.93,
    slackMs: 22_000,
    say: (entity, stretch) => `The kernel of ${called(entity)} reported soft lockups or hung tasks, ${times(stretch.count)}.`,
  },
  'node.rebooted': { gapMs: MINUTE, sure: 0.95, say: (entity) => `${called(entity)} started again.` },
  'node.heartbeat-missed': {
    gapMs: 1.6 * MINUTE,
    sure: 0.7,
    slackMs: 10_000,
    say: (entity, stretch) =>
      text(stretch, 'reason') === 'not-started'
        ? `The kubelet of ${called(entity)} could not start, ${times(stretch.count)}: ${text(stretch, 'said')}.`
        : `The kubelet of ${called(entity)} could not renew its lease or post its status, ${times(stretch.count)}${because(stretch)}.`,
  },
  'node.not-ready': { gapMs: 3 * MINUTE, sure: 0.97, say: (entity, stretch) => `${called(entity)} was NotReady${forHowLong(stretch)}${because(stretch)}.` },
  'node.certificate-expired': {
    gapMs: 10 * MINUTE,
    sure: 0.93,
    say: (entity, stretch) =>
      typeOf(entity) === 'cluster'
        ? `The API server rejected client certificates${because(stretch)}, ${times(stretch.count)}.`
        : text(stretch, 'of') === 'webhook'
          ? `The certificate of ${called(entity)} was rejected${because(stretch)}, ${times(stretch.count)}: the API server could not call the admission webhook ${text(stretch, 'webhook')}.`
          : text(stretch, 'of') === 'server'
            ? `Clients of ${called(entity)} rejected its certificate${because(stretch)}, ${times(stretch.count)}.`
            : `A certificate on ${called(entity)} was rejected${because(stretch)}, ${times(stretch.count)}.`,
  },
  'node.clock-stepped': {
    gapMs: 1_000,
    sure: 0.95,
    say: (entity, stretch) => `The clock of ${called(entity)} was put ${text(stretch, 'reason')} by ${duration(Number(text(stretch, 'seconds')) * 1000)}.`,
  },
  'node.runtime-down': {
    gapMs: 2 * MINUTE,
    sure: 0.9,
    say: (entity, stretch) => `The container runtime of ${called(entity)} did not answer${because(stretch)}.`,
  },
  'node.network-lost': { gapMs: 2 * MINUTE, minMs: 5_000, sure: 0.85, say: (entity) => `${called(entity)} lost its network link.` },
  // Said of what no other kind fits: a kernel's full tables.
  'metric.anomalous': {
    gapMs: 3 * MINUTE,
    sure: 0.9,
    minCount: 3,
    isEnough: (stretch) => text(stretch, 'metric') === 'read-only-filesystem',
    slackMs: 5_000,
    say: (entity, stretch) =>
      `${called(entity)} ${text(stretch, 'does') || 'said what it does not usually say'}${stretch.count > 1 ? `, ${times(stretch.count)}` : ''}.`,
  },
  'pod.evicted': { gapMs: 30_000, sure: 0.95, say: (entity, stretch) => `${called(entity)} was evicted${because(stretch)}.` },
  'pod.oom-killed': {
    gapMs: 2 * MINUTE,
    times: kills,
    sure: 0.97,
    say: (entity, stretch) => `A container of ${called(entity)} ${AT_ITS_LIMIT}${stretch.count > 1 ? `, ${times(stretch.count)}` : ''}.`,
  },
  'pod.crash-looping': {
    gapMs: 6 * MINUTE,
    sure: 0.9,
    say: (entity, stretch) => `A container of ${called(entity)} kept dying (back-off seen ${times(stretch.count)}).`,
  },
  'pod.unready': {
    gapMs: MINUTE,
    minMs: 3_000,
    // A probe that fails makes a pod unready when it has done so failureThreshold times: 3, where nobody set another.
    minPoints: 3,
    sure: 0.85,
    slackMs: 10_000,
    say: (entity, stretch, timeline) =>
      isSeldom(entity, stretch, timeline)
        ? `${called(entity)} failed its probe ${times(stretch.count)} in ${duration(stretch.last - stretch.start)}${because(stretch)}.`
        : `${called(entity)} ${lethalProbe(stretch) === null ? 'was not ready' : `failed its ${lethalProbe(stretch) ?? ''} probe`}${forHowLong(stretch)}${because(stretch)}${restartedFor(entity, stretch, timeline)}.`,
    also: killsForProbes,
  },
  'pod.unschedulable': {
    gapMs: 6 * MINUTE,
    minMs: 2_000,
    sure: 0.95,
    say: (entity, stretch) =>
      typeOf(entity) === 'pod'
        ? text(stretch, 'reason') === 'untried'
          ? `No scheduler tried to place ${called(entity)}${forHowLong(stretch)}.`
          : `No node could take ${called(entity)}${because(stretch)}.`
        : `Pods of ${called(entity)} could not be created${refusedBecause(stretch)}.`,
  },
  'pod.stuck': {
    gapMs: 2 * MINUTE,
    minMs: 5_000,
    sure: 0.85,
    say: (entity, stretch) => `${called(entity)} was stuck${because(stretch)}${forHowLong(stretch)}.`,
  },
  'pod.volume-mount-failed': {
    gapMs: 3 * MINUTE,
    sure: 0.95,
    say: (entity, stretch) =>
      text(stretch, 'reason') === 'provisioning' && typeOf(entity) === 'volume'
        ? `No volume could be provisioned for claim ${shortName(entity)}, ${times(stretch.count)}.`
        : `A volume of ${called(entity)} could not be mounted${text(stretch, 'object') === '' ? because(stretch) : ` (${text(stretch, 'object')}${text(stretch, 'reason') === 'not-found' ? ' not found' : ''})`}, ${times(stretch.count)}.`,
  },
  'pod.image-pull-failed': {
    gapMs: 6 * MINUTE,
    sure: 0.95,
    say: (entity, stretch) =>
      `An image of ${called(entity)} could not be pulled${text(stretch, 'reason') === 'dns' ? ": its registry's name was not resolved" : because(stretch)}.`,
  },
  'pod.sandbox-failed': {
    gapMs: 3 * MINUTE,
    sure: 0.9,
    say: (entity, stretch) =>
      `The sandbox of ${called(entity)} could not be set up${text(stretch, 'reason') === 'addresses' ? ': the pod network of its node had no address left' : because(stretch)}.`,
  },
  'workload.unavailable': {
    gapMs: MINUTE,
    sure: 0.9,
    minMs: 5_000,
    say: (entity, stretch) => `${called(entity)} had no available replica${forHowLong(stretch)}.`,
  },
  'workload.degraded': {
    gapMs: MINUTE,
    sure: 0.85,
    minMs: 5_000,
    say: (entity, stretch) => `${called(entity)} had fewer ready replicas than wanted${forHowLong(stretch)}.`,
  },
  'service.unreachable': {
    gapMs: 5 * MINUTE,
    sure: 0.85,
    minPoints: 2,
    say: (entity, stretch) => {
      const reason = text(stretch, 'reason')
      if (reason === 'gone') return `${called(entity)} was not there${forHowLong(stretch)}: its log stops in the middle and goes on with a start.`
      if (reason === 'silent') return `${called(entity)} did nothing${forHowLong(stretch)}: its log stops, statistics and all, and goes on without a start.`
      return reason === 'stopped'
        ? `${called(entity)} was stopped, and started again${forHowLong(stretch).replace(' for ', ' after ')}.`
        : `${called(entity)} did not answer.`
    },
  },
  'network.dns-failure': {
    gapMs: 3 * MINUTE,
    minCount: 3,
    sure: 0.85,
    say: (entity, stretch) => `${called(entity)} could not resolve names, ${times(stretch.count)}.`,
  },
  'network.pod-to-pod-lost': { gapMs: 3 * MINUTE, minCount: 2, sure: 0.8, say: (entity) => `${called(entity)} could not reach pods on other nodes.` },
  'loadbalancer.backends-down': {
    gapMs: 8 * MINUTE,
    minCount: 2,
    sure: 0.85,
    say: (entity, stretch) => `${called(entity)} saw backends down, ${times(stretch.count)}.`,
  },
  'postgres.connections-saturated': {
    gapMs: 2 * MINUTE,
    sure: 0.97,
    slackMs: 1_000,
    say: (entity, stretch) => `${called(entity)} refused clients, ${times(stretch.count)}: ${takenBy(stretch)} (SQLSTATE 53300).`,
  },
  'postgres.backend-killed': {
    gapMs: MINUTE,
    sure: 0.97,
    say: (entity, stretch) => {
      const statement = text(stretch, 'statement').replace(/\s+/gu, ' ')
      const ran =
        statement === ''
          ? ''
          : `; ${stretch.count > 1 ? 'the first ran' : 'it ran'}: ${statement.slice(0, MAX_STATEMENT)}${statement.length > MAX_STATEMENT ? '…' : ''}`
      return `A backend of ${called(entity)} was terminated by signal ${text(stretch, 'signal') || '?'}${stretch.count > 1 ? `, ${times(stretch.count)}` : ''}${ran}.`
    },
  },
  'postgres.crashed': {
    gapMs: 30_000,
    sure: 0.97,
    slackMs: 1_000,
    say: (entity, stretch, timeline) => `${called(entity)} stopped unexpectedly${forHowLong(stretch)}${startsRefused(entity, stretch, timeline)}.`,
    also: refusals,
  },
  'postgres.recovering': {
    gapMs: MINUTE,
    sure: 0.95,
    slackMs: 1_000,
    say: (entity, stretch, timeline) =>
      hasGivenUp(entity, stretch, timeline)
        ? `${called(entity)} gave up its crash recovery, and let nobody in${forHowLong(stretch)}.`
        : `${called(entity)} was in crash recovery and rejected connections${forHowLong(stretch)}.`,
  },
  'postgres.shutdown': {
    gapMs: 30_000,
    sure: 0.97,
    say: (entity, stretch, timeline) => `${called(entity)} was asked to shut down${startsRefused(entity, stretch, timeline)}.`,
    also: refusals,
  },
  'postgres.lock-pileup': {
    gapMs: MINUTE,
    minCount: 2,
    sure: 0.85,
    slackMs: 1_000,
    say: (entity, stretch, timeline) =>
      `Sessions of ${called(entity)} queued behind a lock, as ${stretch.count} lines of its log tell${queueOf(entity, stretch, timeline)}.`,
  },
  'postgres.deadlock': { gapMs: 2 * MINUTE, sure: 0.97, say: (entity, stretch) => `${called(entity)} broke a deadlock, ${times(stretch.count)}.` },
  'postgres.timeouts': {
    gapMs: 2 * MINUTE,
    minCount: 3,
    sure: 0.9,
    say: (entity, stretch) => `${called(entity)} cancelled statements by time-out, ${times(stretch.count)}.`,
  },
  'postgres.autovacuum': {
    gapMs: 1_000,
    counts: (signal) => signal.until - signal.at >= HEAVY_VACUUM_MS,
    sure: 0.9,
    say: (entity, stretch) =>
      `${called(entity)} vacuumed ${text(stretch, 'table') || 'a table'} by itself${text(stretch, 'wraparound') === '' ? '' : ' to prevent wraparound'}${forHowLong(stretch)}.`,
  },
  'postgres.disk-full': { gapMs: 2 * MINUTE, sure: 0.98, slackMs: 1_000, say: (entity) => `${called(entity)} could not write: no space left on device.` },
  'redis.down': { gapMs: MINUTE, sure: 0.9, slackMs: 5_000, say: (entity, stretch) => `${called(entity)} did not answer${forHowLong(stretch)}.` },
  'redis.quorum-lost': { gapMs: 3 * MINUTE, sure: 0.9, say: (entity) => `The Sentinels of ${called(entity)} lost their quorum.` },
  'alert.fired': { gapMs: 30_000, sure: 0.99, say: (entity, stretch) => `Alert ${text(stretch, 'alertname') || '(unnamed)'} fired for ${called(entity)}.` },
  'action.drain': { gapMs: 5 * MINUTE, sure: 0.95, say: (entity) => `${called(entity)} was drained.` },
  'action.cordon': { gapMs: 5 * MINUTE, sure: 0.95, say: (entity) => `${called(entity)} was cordoned.` },
  'action.pod-deleted': { gapMs: 30_000, sure: 0.9, say: (entity) => `${called(entity)} was deleted by hand.` },
  'action.node-restarted': { gapMs: MINUTE, sure: 0.9, say: (entity) => `${called(entity)} was restarted by hand.` },
  'action.session-ended': {
    gapMs: MINUTE,
    sure: 0.9,
    say: (entity, stretch) => {
      const ended = new Set(stretch.signals.map(({ attributes }) => attributes['pid'])).size
      return ended > 1
        ? `${ended} sessions of ${called(entity)} were ended by an administrator's command.`
        : `A session of ${called(entity)} was ended by an administrator's command: ${session(stretch.signals[0]?.attributes ?? {})}.`
    },
  },
  'action.restart': {
    gapMs: 10_000,
    sure: 0.9,
    say: (entity, { signals }) => `${opening(entity)} was ${signals.some(({ attributes }) => attributes['asked'] === 'yes') ? 'asked to stop' : 'restarted'}.`,
  },
}
/** How far apart two findings of a kind may lie and still be one. */
export const gapOf = (kind: AnyKind, reason?: unknown): number => (isFindingKind(kind) ? (lastingGap(kind, reason) ?? POLICIES[kind]?.gapMs ?? 3 * MINUTE) : 0) // its signature says how far apart its lines may be
/** What tells apart two findings of one kind on one entity. */
export const aspectOf = (kind: AnyKind, attributes: Found['attributes']): string => {
  if (kind === 'alert.fired') return String(attributes['alertname'] ?? '')
  // A change and the next one, or the way back, are two.
  if (kind === 'change.deployed' || kind === 'change.scaled')
    return ['replicaSet', 'image', 'version', 'round', 'from', 'to', 'back'].map((name) => String(attributes[name] ?? '')).join(' ')
  if (kind === 'pod.unready') return String(attributes['during'] ?? '')
  if (kind === 'metric.anomalous') return String(attributes['alertname'] ?? attributes['metric'] ?? '')
  // A node's own quota and its machine's processors are two limits.
  if (kind === 'node.cpu-saturated') return isAtQuota({ kind, attributes }) ? 'quota' : ''
  if (kind === 'app.errors' || kind === 'service.errors') return `${String(attributes['matter'] ?? '')} ${String(attributes['does'] ?? '')}`
  // An expired certificate and one of an unknown authority are two mistakes.
  return kind === 'node.certificate-expired' ? String(attributes['reason'] ?? '') : ''
}
