/**
 * node.cpu-saturated where nobody measured the processors: everything on the machine is late at once, and neither memory nor disk nor network says why.
 * A kubelet that is late with its own work, its pods' probes that time out (they never leave the machine), its lease, a processor that the kernel finds stuck:
 * each alone has other causes; two kinds of it together are a machine that gets nothing done. So are probes of several workloads that time out for a while before
 * the control plane, too, hears nothing from it: a machine that was cut off or stopped would have been missed first.
 */
import { typeOf, type Entity } from '../../model/entity.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, overlaps, type Detector, type Found } from '../finding.js'
import { opening } from '../words.js'
import { busyNodes } from './node-cpu.js'

type Lateness = 'probes' | 'kubelet' | 'lease' | 'kernel' | 'silent'

const MINUTE = 60_000
/** What is late within so much of each other is one trouble. */
const GAP_MS = 2 * MINUTE
/** A pod whose probes time out may be slow by itself; several are not. */
const MIN_PODS = 2
/** Of these two, or one application was slow in all of its pods. */
const MIN_WORKLOADS = 2
/** Probes that time out only as the machine is given up may do so with it. */
const LATE_BEFORE_MS = 30_000
/** One time-out is a hiccup. */
const MIN_COUNT = 3
/** Other reasons why a machine gets nothing done, or is not heard. */
const ELSE: ReadonlySet<string> = new Set([
  'node.memory-exhausted',
  'node.oom-kill',
  'node.disk-full',
  'node.network-lost',
  'node.identity-conflict',
  'action.node-restarted',
  'action.drain',
])
const AROUND_MS = 5 * MINUTE
/** Work piles up before the first time-out. */
const BEFORE_MS = 90_000

export const nodeStarved: Detector = {
  id: 'node-starved',
  finds: ['node.cpu-saturated'],
  detect(timeline, found) {
    const measured = new Set(busyNodes(timeline).map(({ node }) => node))
    return [...lateOn(timeline)].flatMap(([node, late]) =>
      measured.has(node) ? [] : stretchesOf(late).flatMap((stretch) => starved(node, stretch, found, timeline)),
    )
  },
}

interface Late {
  readonly how: Lateness
  readonly signal: TimedSignal
}

const lateOn = (timeline: Timeline): ReadonlyMap<Entity, readonly Late[]> => {
  const late = new Map<Entity, Late[]>()
  for (const signal of timeline.signals) {
    const how = latenessOf(signal)
    const node = how === null ? null : typeOf(signal.entity) === 'pod' ? timeline.topology.nodeOf(signal.entity, signal.at) : signal.entity
    if (how === null || node === null) continue
    const list = late.get(node)
    if (list === undefined) late.set(node, [{ how, signal }])
    else list.push({ how, signal })
  }
  return late
}

/** What a kubelet says of itself when it is not well: it is heard. */
const OWN_REASON = /^(?:starting|pleg|runtime|cni|shutdown|KubeletNotReady)$/u

const latenessOf = ({ kind, phase, attributes: { reason, probe, source } }: TimedSignal): Lateness | null => {
  switch (kind) {
    case 'node.not-ready':
      return phase === 'begin' && !OWN_REASON.test(String(reason ?? '')) ? 'silent' : null
    case 'pod.unready':
      return reason === 'timeout' && probe !== undefined ? 'probes' : null
    case 'kubelet.slow':
      return 'kubelet'
    case 'node.runtime-down':
      return reason === 'pleg' ? 'kubelet' : null
    case 'node.heartbeat-missed':
      return reason === 'timeout' && source === undefined ? 'lease' : null
    case 'node.kernel-hang':
      return reason === 'soft-lockup' || reason === 'rcu-stall' ? 'kernel' : null
    default:
      return null
  }
}

const stretchesOf = (late: readonly Late[]): readonly (readonly Late[])[] => {
  const stretches: Late[][] = []
  let until = -Infinity
  for (const one of late) {
    if (one.signal.at - until > GAP_MS) stretches.push([])
    stretches.at(-1)?.push(one)
    until = Math.max(until, one.signal.until)
  }
  return stretches
}

const starved = (node: Entity, stretch: readonly Late[], found: readonly Found[], { topology }: Timeline): readonly Found[] => {
  const of = (how: Lateness): readonly TimedSignal[] => stretch.flatMap((one) => (one.how === how ? [one.signal] : []))
  const count = (signals: readonly TimedSignal[]): number => signals.reduce((sum, signal) => sum + signal.count, 0)
  const pods = new Set(of('probes').map(({ entity }) => entity))
  const workloads = new Set([...pods].map((pod) => topology.workloadOf(pod) ?? pod)).size
  const probes = pods.size >= MIN_PODS && count(of('probes')) >= MIN_COUNT
  const lease = count(of('lease')) >= MIN_COUNT
  const kubelet = of('kubelet').length > 0
  const kernel = of('kernel').length > 0
  const silentFrom = of('silent')[0]?.at ?? -Infinity
  // Said where nothing else tells of it: a machine that is late in other ways may fall silent for other reasons.
  const silent = !lease && !kubelet && !kernel && workloads >= MIN_WORKLOADS && (of('probes')[0]?.at ?? Infinity) <= silentFrom - LATE_BEFORE_MS
  const kinds = [probes, lease, kubelet, kernel, silent].filter(Boolean).length
  const counted = stretch
    .filter(({ how }) => (how !== 'probes' || probes) && (how !== 'lease' || lease) && (how !== 'silent' || silent))
    .map(({ signal }) => signal)
  const [first] = counted
  if (kinds < 2 || first === undefined) return []
  const during = { start: first.at, end: Math.max(...counted.map(({ until }) => until)) }
  if (found.some((one) => one.entity === node && (ELSE.has(one.kind) || one.kind === 'node.cpu-saturated') && overlaps(one, during, AROUND_MS))) return []
  const words = [
    probes ? `probes of ${pods.size} of its pods timed out` : '',
    kubelet ? 'its kubelet was late with its own work' : '',
    lease ? 'its lease was not renewed in time' : '',
    kernel ? 'its kernel found a processor stuck' : '',
    silent ? 'then the control plane heard nothing from it' : '',
  ].filter((one) => one !== '')
  return [
    {
      kind: 'node.cpu-saturated',
      entity: node,
      ...during,
      confidence: 0.55 + 0.05 * kinds,
      summary: `${opening(node)} got too little done, most likely for want of CPU, which nobody measured: ${words.join(', ')}.`,
      evidence: chooseEvidence(evidenceOf(counted.slice(0, 8))),
      attributes: { inferred: 'yes' },
      slackMs: BEFORE_MS,
      dose: kinds,
    },
  ]
}
