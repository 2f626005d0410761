/**
 * node.network-lost: a kubelet cannot reach the API server while its machine lives, and what is scraped from it is gone too.
 * When most kubelets fail at once, the API server is the one in trouble, not each node's network.
 */
import { typeOf, type Entity } from '../../model/entity.js'
import type { Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, overlaps, type Detector, type Found } from '../finding.js'
import { called } from '../words.js'

const NETWORK_REASONS: ReadonlySet<string> = new Set(['timeout', 'no-route', 'refused', 'reset'])
const AROUND_MS = 45_000
/** One failed renewal is a hiccup: a lease outlives three. */
const MIN_FAILURES = 3

export const nodeNetwork: Detector = {
  id: 'node-network',
  finds: ['node.network-lost'],
  detect(timeline, found) {
    const heartbeats = found.filter((one) => one.kind === 'node.heartbeat-missed')
    const unreachable = found.filter((one) => one.kind === 'service.unreachable' && one.attributes['node'] !== undefined)
    return heartbeats.flatMap((missed): Found[] => {
      if (missed.dose < MIN_FAILURES || !NETWORK_REASONS.has(String(missed.attributes['reason'] ?? ''))) return []
      if (mostNodesFail(missed, heartbeats, timeline)) return []
      const around = { start: missed.start - AROUND_MS, end: missed.end === null ? null : missed.end + AROUND_MS }
      const mine = unreachable.filter((one) => `node/${String(one.attributes['node'])}` === missed.entity && overlaps(one, around))
      const answered = targetsOn(missed.entity, timeline) - mine.length
      // Something on the node still answers from outside: then its network is not gone.
      if (mine.length === 0 || answered > 0) return []
      if (found.some((one) => one.entity === missed.entity && (one.kind === 'node.rebooted' || one.kind === 'node.kernel-panic') && overlaps(one, around))) return []
      const start = Math.min(missed.start, ...mine.map((one) => one.start))
      return [
        {
          kind: 'node.network-lost',
          entity: missed.entity,
          start,
          end: missed.end,
          confidence: 0.88,
          summary: `${called(missed.entity).replace(/^n/u, 'N')} lost its network: its kubelet could not reach the API server and none of its ${mine.length} scrape targets answered, while the machine went on.`,
          evidence: chooseEvidence([...missed.evidence, ...mine.flatMap((one) => one.evidence)]),
          attributes: {},
          slackMs: 10_000,
          dose: missed.dose,
        },
      ]
    })
  },
}

const mostNodesFail = (missed: Found, heartbeats: readonly Found[], timeline: Timeline): boolean => {
  const nodes = [...timeline.names.nodes].filter((entity) => typeOf(entity) === 'node').length
  const failing = new Set<Entity>(heartbeats.filter((one) => overlaps(one, missed)).map((one) => one.entity))
  return nodes > 1 && failing.size > nodes / 2
}

const targetsOn = (node: Entity, timeline: Timeline): number =>
  timeline.series.filter((series) => series.name === 'up' && (timeline.topology.nodeAt(series.labels['node'] ?? '') ?? timeline.topology.nodeAt(series.labels['instance'] ?? '')) === node).length
