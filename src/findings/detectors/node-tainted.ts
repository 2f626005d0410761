/**
 * node.not-ready where nobody says so: events are kept for an hour, and a controller manager that is not asked for more logs of a lost node only that it evicts
 * its pods, and when a whole zone of one node is gone. That a node's pods are evicted for a taint, while its kubelet is not heard, is what
 * the control plane does to a node that it holds NotReady. Without the latter somebody may have set the taint by hand.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
 */
import type { Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, overlaps, type Detector, type Found } from '../finding.js'
import { KUBELET_START_MS, kubeletUnreachable, SHORTEST_GRACE_MS } from '../kubelet.js'
import { ofKind, signalsOf } from '../lookup.js'
import { opening } from '../words.js'

/** A pod tolerates the taint for 300 s, where nobody set anything else, and the taint comes after node-monitor-grace-period. */
const PATIENCE_MS = 10 * 60_000

export const nodeTainted: Detector = {
  id: 'node-tainted',
  finds: ['node.not-ready'],
  detect(timeline, found) {
    const evicted = ofKind(found, 'pod.evicted').filter(({ attributes }) => attributes['reason'] === 'taint')
    return [...groupBy(evicted, ({ entity, start }) => timeline.topology.nodeOf(entity, start - 1))].flatMap(([node, pods]) => {
      const first = pods[0]
      const silent = first === undefined ? undefined : (silence(node, first.start, found) ?? stoppedIn(node, first.start, timeline))
      if (first === undefined || silent === undefined || isKnown(node, first.start, found)) return []
      const zone = zoneLost(silent.start, first.start, timeline)
      return [
        {
          kind: 'node.not-ready',
          entity: node,
          start: zone?.at ?? Math.min(silent.start + SHORTEST_GRACE_MS, first.start),
          end: silent.end,
          confidence: 0.85,
          summary: `${opening(node)} was held NotReady: the control plane evicted ${pods.length === 1 ? 'a pod' : `${pods.length} pods`} from it for a taint while its kubelet ${silent.how}.`,
          evidence: chooseEvidence([...silent.evidence, ...(zone?.evidence ?? []), ...pods.flatMap(({ evidence }) => evidence)]),
          attributes: { reason: 'taint' },
          slackMs: zone === undefined ? SHORTEST_GRACE_MS : 5_000,
          dose: pods.length,
        } satisfies Found,
      ]
    })
  },
}

/** From when to when a kubelet was not heard, and how that showed. */
interface Silence extends Pick<Found, 'start' | 'end' | 'evidence'> {
  readonly how: string
}

const silence = (node: Entity, evictedAt: number, found: readonly Found[]): Silence | undefined =>
  [
    ...ofKind(found, 'node.heartbeat-missed', node).map((one) => ({ ...one, how: 'got no word through' })),
    ...kubeletUnreachable(node, found).map((one) => ({ ...one, how: 'answered nobody' })),
  ].find(({ start, end }) => start < evictedAt && start >= evictedAt - PATIENCE_MS && (end ?? Infinity) >= start + SHORTEST_GRACE_MS / 2)

/** Its own log that stops, and goes on with a start once its pods are gone. */
const stoppedIn = (node: Entity, evictedAt: number, timeline: Timeline): Silence | undefined => {
  const starts = signalsOf(timeline, node).filter(({ kind }) => kind === 'kubelet.started')
  return timeline.silences
    .filter(({ node: of, from, to }) => of === node && from < evictedAt - SHORTEST_GRACE_MS / 2 && from >= evictedAt - PATIENCE_MS && to > evictedAt)
    .flatMap(({ input, from, to }) => {
      const started = starts.find(({ at, evidence }) => Math.abs(at - to) <= KUBELET_START_MS && evidence.some((one) => one.input === input))
      return started === undefined ? [] : [{ start: from, end: to, evidence: started.evidence, how: 'wrote nothing until it started anew' }]
    })[0]
}

const isKnown = (node: Entity, evictedAt: number, found: readonly Found[]): boolean =>
  (['node.not-ready', 'action.drain', 'action.cordon', 'change.node-removed'] as const).some((kind) =>
    ofKind(found, kind, node).some((one) => overlaps(one, { start: evictedAt - PATIENCE_MS, end: evictedAt })),
  )

/** A zone whose nodes are all gone, which is said in the moment in which the last of them is: of a zone that one node is alone in, the moment that it is. */
const zoneLost = (from: number, to: number, { signals }: Timeline): Timeline['signals'][number] | undefined => {
  const lost = signals.filter(({ kind, attributes, at }) => kind === 'log.warning' && attributes['code'] === 'zone-lost' && at >= from && at <= to)
  return lost.length === 1 && lost[0]?.count === 1 ? lost[0] : undefined
}
