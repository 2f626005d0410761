/** All detectors in their order: each sees what the ones before it found. */
import type { Timeline } from '../timeline/timeline.js'
import { missedTogether } from './at-once.js'
import { asCircles } from './circles.js'
import { apiServer } from './detectors/api-server.js'
import { changes } from './detectors/changes.js'
import { conditions } from './detectors/conditions.js'
import { conntrack } from './detectors/conntrack.js'
import { deletions } from './detectors/deletions.js'
import { drains } from './detectors/drains.js'
import { errors } from './detectors/errors.js'
import { fromSignals } from './detectors/from-signals.js'
import { aspectOf, gapOf } from './policies.js'
import { goneWorkloads } from './detectors/gone-workloads.js'
import { deletedWorkloads } from './detectors/deleted-workloads.js'
import { kubeState } from './detectors/kube-state.js'
import { kubeletSilent } from './detectors/kubelet-silent.js'
import { nodeCpu } from './detectors/node-cpu.js'
import { nodeCrash } from './detectors/node-crash.js'
import { nodeDisk } from './detectors/node-disk.js'
import { nodeIdentity } from './detectors/node-identity.js'
import { nodeLoad } from './detectors/node-load.js'
import { nodeMemory } from './detectors/node-memory.js'
import { nodeNetwork } from './detectors/node-network.js'
import { nodeTainted } from './detectors/node-tainted.js'
import { nodeThrottled } from './detectors/node-throttled.js'
import { podMetrics } from './detectors/pod-metrics.js'
import { nodeStarved } from './detectors/node-starved.js'
import { pods } from './detectors/pods.js'
import { postgresParameters } from './detectors/postgres-parameters.js'
import { postgresCancelled } from './detectors/postgres-cancelled.js'
import { postgresMetrics } from './detectors/postgres-metrics.js'
import { postgresSlower } from './detectors/postgres-slower.js'
import { postgresWaits } from './detectors/postgres-waits.js'
import { postgresStanding } from './detectors/postgres-standing.js'
import { serviceLatency } from './detectors/service-latency.js'
import { serviceMetrics } from './detectors/service-metrics.js'
import { serviceStalls } from './detectors/service-stalls.js'
import { signatures } from './detectors/signatures.js'
import { targets } from './detectors/targets.js'
import { versions } from './detectors/versions.js'
import { workloads } from './detectors/workloads.js'
import { takenDown } from './taken-down.js'
import { toldByExporters } from './exporters.js'
import { ofKind } from './lookup.js'
import { tellKills } from './kills.js'
import { asWitnesses } from './witnesses.js'
import { withoutNeedless } from './needless.js'
import { sinceSettings } from './since-settings.js'
import { nodesOfRejection } from './whose-certificate.js'
import { join, mergeSame, type Detector, type Found } from './finding.js'

/** What is seen by itself first, then what follows from several sightings. */
export const detectors: readonly Detector[] = [
  fromSignals,
  signatures,
  changes,
  drains,
  kubeState,
  nodeCpu,
  nodeThrottled,
  nodeMemory,
  nodeCrash,
  nodeLoad,
  nodeDisk,
  conntrack,
  targets,
  podMetrics,
  postgresMetrics,
  postgresParameters,
  postgresStanding,
  errors,
  serviceMetrics,
  serviceLatency,
  serviceStalls,
  postgresWaits,
  postgresSlower,
  postgresCancelled,
  nodeIdentity,
  nodeTainted,
  nodeNetwork,
  kubeletSilent,
  apiServer,
  nodeStarved,
  pods,
  workloads,
  deletedWorkloads,
  goneWorkloads,
  deletions,
  versions,
  conditions,
]

export const findWrong = (timeline: Timeline): readonly Found[] => {
  let found: readonly Found[] = []
  for (const detector of detectors) {
    const next = detector.detect(timeline, found)
    if (next.length > 0) found = settled(unseenBetween(mergeSame(nodesOfRejection([...found, ...next], timeline), gapOf, aspectOf)), timeline)
  }
  found = missedTogether(withoutNeedless(found, timeline), timeline)
  found = takenDown(tellKills(asCircles(asWitnesses(sinceSettings(toldByExporters(found)))), timeline), timeline)
  return timeline.clockUncertainty.size === 0 ? found : found.map((one) => asSureAsItsClock(one, timeline))
}

/** What an input with a corrected clock shows may have been earlier or later by as much as the correction is unsure. */
const asSureAsItsClock = (found: Found, timeline: Timeline): Found => {
  const unsure = Math.max(0, ...found.evidence.slice(0, 3).map(({ input }) => timeline.clockUncertainty.get(input) ?? 0))
  return unsure > found.slackMs ? { ...found, slackMs: unsure } : found
}

/** A node that cannot be reached is not scraped either: at its limits before the silence and again after it, it was so all the time, as far as anybody knows. */
const UNSEEN_MS = 3 * 60_000
const unseenBetween = (found: readonly Found[]): readonly Found[] => {
  const gone = new Set<Found>()
  const longer = new Map<Found, Found>()
  for (const kind of ['node.cpu-saturated', 'node.memory-exhausted'] as const) {
    const last = new Map<string, Found>()
    for (const next of ofKind(found, kind)) {
      const name = `${next.entity} ${aspectOf(kind, next.attributes)}`
      const first = last.get(name)
      const until = first === undefined ? null : (longer.get(first) ?? first).end
      const silent =
        first !== undefined &&
        until !== null &&
        ofKind(found, 'node.not-ready', next.entity).some((lost) => lost.start <= until + UNSEEN_MS && (lost.end ?? Infinity) >= next.start)
      if (silent) {
        longer.set(first, join(longer.get(first) ?? first, next))
        gone.add(next)
      } else last.set(name, next)
    }
  }
  return gone.size === 0 ? found : found.filter((one) => !gone.has(one)).map((one) => longer.get(one) ?? one)
}

/** What a node that has left the cluster no longer is. */
const UNTIL_REMOVED: ReadonlySet<string> = new Set([
  'node.not-ready',
  'node.heartbeat-missed',
  'node.cpu-saturated',
  'node.memory-exhausted',
  'node.disk-full',
  'node.runtime-down',
  'action.cordon',
])

/** The node controller marks a node's pods in the pass that finds the node NotReady. */
const MARKED_MS = 1_000

/** A pod that was called unready because of its node is ready again with its node, where nothing says otherwise. */
const settled = (found: readonly Found[], timeline: Timeline): readonly Found[] =>
  found.map((one) => {
    if (one.end === null && UNTIL_REMOVED.has(one.kind)) {
      const gone = ofKind(found, 'change.node-removed', one.entity).find((other) => other.start >= one.start)
      return gone === undefined ? one : { ...one, end: gone.start }
    }
    if (one.end === null && (one.kind === 'pod.unready' || one.kind === 'pod.stuck')) {
      // A pod that was evicted is no pod any more, nor is one whose node was taken out of the cluster; what its workload lacks is said of the workload.
      const evicted = ofKind(found, 'pod.evicted', one.entity).find((other) => other.start >= one.start)
      if (evicted !== undefined) return { ...one, end: evicted.start }
      const home = timeline.topology.nodeOf(one.entity, one.start)
      const gone = home === null ? undefined : ofKind(found, 'change.node-removed', home).find((other) => other.start >= one.start)
      if (gone !== undefined) return { ...one, end: gone.start }
    }
    if (one.kind !== 'pod.unready' || one.end !== null || !String(one.attributes['reason'] ?? '').startsWith('node')) return one
    const node = timeline.topology.nodeOf(one.entity, one.start)
    const lost = ofKind(found, 'node.not-ready', node ?? undefined).filter(
      (other) => other.start <= one.start + MARKED_MS && (other.end ?? Infinity) >= one.start,
    )
    // Where nobody tells the pod's node, it is the one that was lost when the pod was marked; of several in that moment, nobody knows which.
    const latest = Math.max(...lost.map(({ start }) => start))
    const ends = lost.flatMap(({ start, end }) => (latest - start <= MARKED_MS ? [end ?? Infinity] : []))
    const end = Math.max(...ends)
    return Number.isFinite(end) ? { ...one, end } : one
  })
