/**
 * service.unreachable of the API server, as its clients see it: the kubelets of all nodes that get no answer at once. Where its own scrape target or log
 * tells of it, that says it better.
 */
import { isControlPlane, process } from '../../model/entity.js'
import type { Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, overlaps, type Detector, type Found } from '../finding.js'
import { missedByAll } from '../at-once.js'
import { countNodes, ofKind } from '../lookup.js'

/** What a server that is not there, or does not get on, answers. */
const NO_ANSWER: ReadonlySet<unknown> = new Set(['refused', 'timeout', 'reset', 'server-error', 'no-route'])

export const apiServer: Detector = {
  id: 'api-server',
  finds: ['service.unreachable'],
  detect(timeline: Timeline, found) {
    const missed = missedByAll(found, timeline).filter(({ attributes }) => NO_ANSWER.has(attributes['reason']))
    const nodes = new Set(missed.map(({ entity }) => entity))
    const [first] = missed
    if (first === undefined || nodes.size < countNodes(timeline)) return []
    const known = [...ofKind(found, 'service.unreachable'), ...ofKind(found, 'app.errors')].some(
      (one) => isControlPlane(one.entity) && overlaps(one, first, 60_000),
    )
    if (known) return []
    const ends = missed.map(({ end }) => end)
    return [
      {
        kind: 'service.unreachable',
        entity: process('-', 'kube-apiserver'),
        start: Math.min(...missed.map(({ start }) => start)),
        end: ends.includes(null) ? null : Math.max(...ends.map((end) => end ?? 0)),
        confidence: 0.85,
        summary: `kube-apiserver did not answer the kubelets of all ${nodes.size} nodes.`,
        evidence: chooseEvidence(missed.flatMap(({ evidence }) => evidence.slice(0, 2))),
        attributes: { told: 'kubelets' },
        slackMs: 10_000,
        dose: missed.length,
      } satisfies Found,
    ]
  },
}
