/** action.drain: a node was cordoned and its pods were told to go within minutes, as kubectl drain does. */
import type { Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { called } from '../words.js'

const WITHIN_MS = 15 * 60_000

export const drains: Detector = {
  id: 'drains',
  finds: ['action.drain'],
  detect: (timeline: Timeline, found) =>
    found.flatMap((cordon): Found[] => {
      if (cordon.kind !== 'action.cordon') return []
      const gone = timeline.signals.filter(
        (signal) =>
          (signal.kind === 'pod.deleted' || signal.kind === 'pod.killed' || signal.kind === 'pod.evicted') &&
          signal.at >= cordon.start - 1_000 &&
          signal.at <= cordon.start + WITHIN_MS &&
          timeline.topology.nodeOf(signal.entity, signal.at) === cordon.entity,
      )
      const [first] = gone
      if (first === undefined) return []
      return [
        {
          kind: 'action.drain',
          entity: cordon.entity,
          start: cordon.start,
          end: Math.max(...gone.map((signal) => signal.until)),
          confidence: 0.9,
          summary: `${called(cordon.entity).replace(/^n/u, 'N')} was drained: it was cordoned and ${new Set(gone.map((signal) => signal.entity)).size} of its pods were told to go.`,
          evidence: chooseEvidence([...cordon.evidence, ...evidenceOf(gone.slice(0, 3))]),
          attributes: {},
          slackMs: 1_000,
          dose: gone.length,
        },
      ]
    }),
}
