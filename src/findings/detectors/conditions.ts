/** workload.colocated and workload.no-limits: conditions that widen the damage. They are said only of workloads that something else is wrong with. */
import { typeOf, type Entity } from '../../model/entity.js'
import type { Timeline } from '../../timeline/timeline.js'
import { iso } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { called } from '../words.js'

export const conditions: Detector = {
  id: 'conditions',
  finds: ['workload.colocated', 'workload.no-limits'],
  detect(timeline, found) {
    const troubled = new Map<Entity, Found>()
    for (const one of found) {
      const workload = timeline.topology.workloadOf(one.entity)
      if (workload !== null && one.kind !== 'change.deployed' && one.kind !== 'change.scaled' && !troubled.has(workload)) troubled.set(workload, one)
    }
    return [...troubled].flatMap(([workload, trouble]) => [...colocated(workload, trouble, timeline), ...unlimited(workload, found, timeline)])
  },
}

const colocated = (workload: Entity, trouble: Found, timeline: Timeline): readonly Found[] => {
  const { topology } = timeline
  const placed = topology.podsOf(workload).flatMap((pod) => {
    const placement = topology.placements(pod)[0]
    return placement !== undefined && placement.from <= trouble.start ? [{ pod, node: placement.node, from: placement.from }] : []
  })
  const wanted = Math.max(0, ...topology.replicas(workload).map((count) => count.wanted))
  const nodes = new Set(placed.map((one) => one.node))
  const [only] = nodes
  if (only === undefined || nodes.size !== 1 || placed.length < 2 || placed.length < wanted || timeline.names.nodes.size < 2) return []
  const pods = new Set(placed.map((one) => one.pod))
  const signals = timeline.signals.filter((signal) => signal.kind === 'pod.scheduled' && pods.has(signal.entity) && signal.at <= trouble.start)
  const start = Math.max(timeline.from, ...placed.map((one) => one.from).filter((at) => Number.isFinite(at)))
  const evidence = signals.length > 0 ? evidenceOf(signals) : trouble.evidence
  return [
    {
      kind: 'workload.colocated',
      entity: workload,
      start: Math.min(start, trouble.start),
      end: null,
      confidence: 0.85,
      summary: `All ${placed.length} replicas of ${called(workload)} ran on ${called(only)}.`,
      evidence: chooseEvidence(evidence),
      attributes: { node: only.slice('node/'.length) },
      slackMs: 0,
      dose: placed.length,
    },
  ]
}

/** Without a memory limit nothing stops a leak but the node's end: said where a pod's memory grew, or where it was what the node had to get rid of. */
const unlimited = (workload: Entity, found: readonly Found[], timeline: Timeline): readonly Found[] => {
  const { topology } = timeline
  const mine = found.filter((one) => typeOf(one.entity) === 'pod' && topology.workloadOf(one.entity) === workload)
  const telling =
    mine.find((one) => one.kind === 'pod.memory-growing') ?? mine.find((one) => one.kind === 'pod.evicted' && one.attributes['reason'] === 'memory')
  const [first] = telling?.evidence ?? []
  if (telling === undefined || first === undefined || topology.memoryLimit(telling.entity) !== null) return []
  // The pod had no limit from its first moment on.
  const began = topology.placements(telling.entity)[0]?.from ?? -Infinity
  const start = telling.kind === 'pod.memory-growing' ? telling.start : Math.max(timeline.from, Math.min(began, telling.start))
  return [
    {
      kind: 'workload.no-limits',
      entity: workload,
      start,
      end: null,
      confidence: 0.9,
      summary: `${called(workload).replace(/^w/u, 'W')} runs without a memory limit.`,
      evidence: [{ ...first, time: iso(start) }],
      attributes: {},
      slackMs: 0,
      dose: 1,
    },
  ]
}
