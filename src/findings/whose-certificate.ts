/**
 * Whose client certificate the API server rejects. It does not say so itself; the kubelet that is Unauthorized from that moment on does.
 */
import type { Timeline } from '../timeline/timeline.js'
import { chooseEvidence, type Found } from './finding.js'
import { countNodes, ofKind } from './lookup.js'
import { called } from './words.js'

/** A kubelet asks the API server every few seconds; both write when it is refused. */
const SAME_REFUSAL_MS = 15_000
/** Where most nodes are refused at once it is what they share, the API server's list of authorities, not a certificate of each. */
const FEW = 0.5

export const nodesOfRejection = (found: readonly Found[], timeline: Timeline): readonly Found[] => {
  if (!found.some(({ kind, entity }) => kind === 'node.certificate-expired' && entity === 'cluster')) return found
  const nodes = countNodes(timeline)
  return found.flatMap((one) => {
    if (one.kind !== 'node.certificate-expired' || one.entity !== 'cluster') return [one]
    const refused = ofKind(found, 'node.heartbeat-missed').filter(
      ({ attributes, start }) => attributes['reason'] === 'unauthorized' && Math.abs(start - one.start) <= SAME_REFUSAL_MS,
    )
    if (refused.length === 0 || refused.length > nodes * FEW) return [one]
    return refused.map((kubelet) => ({
      ...one,
      entity: kubelet.entity,
      start: Math.min(one.start, kubelet.start),
      summary: `The API server rejected the client certificate of ${called(kubelet.entity)}${typeof one.attributes['reason'] === 'string' ? ` (${one.attributes['reason']})` : ''}.`,
      evidence: chooseEvidence([...one.evidence, ...kubelet.evidence]),
    }))
  })
}
