/**
 * node.network-lost: a kubelet cannot reach the API server while its machine lives, and what is scraped from it is gone too.
 * When most kubelets fail at once, the API server is the one in trouble, not each node's network.
 */
import { typeOf, type Entity } from '../../model/entity.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, overlaps, type Detector, type Found } from '../finding.js'
import { ofKind, signalsOf } from '../lookup.js'
import { opening, times } from '../words.js'

const NETWORK_REASONS: ReadonlySet<string> = new Set(['timeout', 'no-route', 'refused', 'reset'])
const MINUTE = 60_000
const AROUND_MS = 45_000
const RESET_MS = 5 * MINUTE
/** Less sure is what is said of processors that are nearly full all day. */
const SURELY_FULL = 0.6
const SILENCING: ReadonlySet<string> = new Set([
  'node.rebooted',
  'node.kernel-panic',
  'node.kernel-hang',
  'node.memory-exhausted',
  'node.oom-kill',
  'node.identity-conflict',
])
/** Of the time without heartbeats, the node's targets must have been silent too: a network that is gone is gone for all. */
const MOSTLY = 0.6
/** One failed renewal is a hiccup: a lease outlives three. */
const MIN_FAILURES = 3

export const nodeNetwork: Detector = {
  id: 'node-network',
  finds: ['node.network-lost'],
  detect(timeline, found) {
    const heartbeats = ofKind(found, 'node.heartbeat-missed')
    const unreachable = ofKind(found, 'service.unreachable').filter((one) => one.attributes['node'] !== undefined)
    const heard = heartbeats.filter((one) => one.attributes['source'] === undefined)
    // Without the kubelet's own log, the control plane's word that it heard nothing.
    const unheard = ofKind(found, 'node.not-ready').filter((one) => !heard.some((other) => other.entity === one.entity && overlaps(one, other, AROUND_MS)))
    return [
      ...cutOff(timeline, found),
      ...[...heard, ...unheard].flatMap((missed): Found[] => {
        const told = missed.kind === 'node.heartbeat-missed'
        if (told && (missed.dose < MIN_FAILURES || !NETWORK_REASONS.has(String(missed.attributes['reason'] ?? '')))) return []
        if (mostNodesFail(missed, heartbeats, timeline)) return []
        const around = { start: missed.start - AROUND_MS, end: missed.end === null ? null : missed.end + AROUND_MS }
        const mine = unreachable.filter((one) => `node/${String(one.attributes['node'])}` === missed.entity && overlaps(one, around))
        const answered = targetsOn(missed.entity, timeline) - mine.length
        // Something on the node still answers from outside: then its network is not gone.
        if (mine.length === 0 || answered > 0) return []
        // A machine that crashed or has no memory left is silent for that reason, and answers in between.
        if (found.some((one) => one.entity === missed.entity && SILENCING.has(one.kind) && overlaps(one, around))) return []
        // Its last try may be minutes before somebody resets a machine that hangs.
        if (ofKind(found, 'node.rebooted', missed.entity).some(({ start }) => missed.end !== null && start > missed.start && start <= missed.end + RESET_MS))
          return []
        if (covered(missed, mine, timeline) < MOSTLY || (!told && !cameBack(missed, found, timeline))) return []
        // From outside a machine that is out of CPU looks the same.
        if (!told && ofKind(found, 'node.cpu-saturated', missed.entity).some((full) => full.confidence >= SURELY_FULL && overlaps(full, missed, AROUND_MS)))
          return []
        // One program that is gone may have died; what listens on several ports died together only with the machine or its network.
        if (!told && new Set(mine.map((one) => one.entity.slice(one.entity.lastIndexOf(':')))).size < 2) return []
        const start = Math.min(missed.start, ...mine.map((one) => one.start))
        return [
          {
            kind: 'node.network-lost',
            entity: missed.entity,
            start,
            end: missed.end,
            confidence: told ? 0.88 : 0.7,
            summary: told
              ? `${opening(missed.entity)} lost its network: its kubelet could not reach the API server and none of its ${mine.length} scrape targets answered, while the machine went on.`
              : `${opening(missed.entity)} lost its network, as it seems from outside: the control plane heard nothing of it, none of its ${mine.length} scrape targets answered, and it came back without a reboot.`,
            evidence: chooseEvidence([...missed.evidence, ...mine.flatMap((one) => one.evidence)]),
            attributes: {},
            slackMs: 10_000,
            dose: missed.dose,
          },
        ]
      }),
    ]
  },
}

/** A status is retried within seconds, and posted every 10 s to 5 min: failures this far apart are one loss. */
const RETRIED_MS = 3 * MINUTE
/** A loss that began between two attempts began at most this much before the second is known. */
const MOST_SLACK_MS = 3 * MINUTE

/**
 * Where nothing is scraped: the kernel gives a kubelet no route to the API server (ENETUNREACH, EHOSTUNREACH) while other kubelets get an answer, be it an error.
 * A firewall or a dead server gives time-outs and refusals; no route is the machine's own trouble.
 */
const cutOff = (timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const attempts = timeline.signals.filter(({ kind, attributes }) => kind === 'node.heartbeat-missed' && attributes['source'] === undefined)
  const noRoute = new Map<Entity, TimedSignal[][]>()
  const reached = new Map<Entity, number>()
  const slack = new Map<TimedSignal, number>()
  for (const attempt of attempts) {
    if (attempt.attributes['reason'] !== 'no-route') {
      reached.set(attempt.entity, attempt.until)
      continue
    }
    const stretches = noRoute.get(attempt.entity) ?? []
    const open = stretches.at(-1)
    const last = open?.at(-1)
    const before = reached.get(attempt.entity)
    if (open !== undefined && last !== undefined && attempt.at - last.until <= RETRIED_MS && (before === undefined || before < last.at)) open.push(attempt)
    else {
      stretches.push([attempt])
      slack.set(attempt, before === undefined ? 10_000 : Math.min(MOST_SLACK_MS, Math.max(10_000, attempt.at - before)))
    }
    noRoute.set(attempt.entity, stretches)
  }
  return [...noRoute].flatMap(([node, stretches]) =>
    stretches.flatMap((stretch): Found[] => {
      const [first] = stretch
      const count = stretch.reduce((sum, { count }) => sum + count, 0)
      if (first === undefined || count < MIN_FAILURES) return []
      const during = { start: first.at, end: Math.max(...stretch.map(({ until }) => until)) }
      const others = [...noRoute].filter(
        ([other, theirs]) => other !== node && theirs.some((one) => one.some(({ at, until }) => overlaps({ start: at, end: until }, during, AROUND_MS))),
      ).length
      if (others * 2 >= timeline.names.nodes.size - 1 && others > 0) return []
      if (targetsOn(node, timeline) > 0) return [] // what is scraped tells more
      if (found.some((one) => one.entity === node && SILENCING.has(one.kind) && overlaps(one, during, AROUND_MS))) return []
      const alone = timeline.names.nodes.size < 2
      return [
        {
          kind: 'node.network-lost',
          entity: node,
          ...during,
          confidence: alone ? 0.6 : 0.85,
          summary: `${opening(node)} lost its network: its kubelet had no route to the API server, ${times(count)}${alone ? '' : ', while other nodes got through'}.`,
          evidence: chooseEvidence(evidenceOf(stretch)),
          attributes: { reason: 'no-route' },
          slackMs: slack.get(first) ?? 10_000,
          dose: count,
        },
      ]
    }),
  )
}

/** A node that was taken out of the cluster never showed whether its machine lived; one whose kubelet started anew before it was heard again did not live. */
const cameBack = ({ entity, start, end }: Found, found: readonly Found[], timeline: Timeline): boolean =>
  end !== null &&
  !ofKind(found, 'change.node-removed', entity).some((gone) => Math.abs(gone.start - end) < AROUND_MS) &&
  !signalsOf(timeline, entity).some(({ kind, at }) => kind === 'kubelet.started' && at > start && at < end + AROUND_MS)

/** The share of the time without heartbeats in which at least one of the node's targets did not answer either. */
const covered = (missed: Found, silent: readonly Found[], timeline: Timeline): number => {
  const end = missed.end ?? timeline.to
  let reached = missed.start
  let sum = 0
  for (const one of [...silent].sort((a, b) => a.start - b.start)) {
    const from = Math.max(one.start, reached)
    const to = Math.min(one.end ?? end, end)
    if (to > from) sum += to - from
    reached = Math.max(reached, to)
  }
  return end > missed.start ? sum / (end - missed.start) : 1
}

const mostNodesFail = (missed: Found, heartbeats: readonly Found[], timeline: Timeline): boolean => {
  const nodes = [...timeline.names.nodes].filter((entity) => typeOf(entity) === 'node').length
  const failing = new Set<Entity>(heartbeats.filter((one) => overlaps(one, missed)).map((one) => one.entity))
  return nodes > 1 && failing.size > nodes / 2
}

const targetsOn = (node: Entity, timeline: Timeline): number =>
  timeline.series.filter(
    (series) =>
      series.name === 'up' && (timeline.topology.nodeAt(series.labels['node'] ?? '') ?? timeline.topology.nodeAt(series.labels['instance'] ?? '')) === node,
  ).length
