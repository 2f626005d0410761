/**
 * node.heartbeat-missed as others see it: the kubelet's own port does not answer, and then the control plane holds its node NotReady.
 * A kubelet that was stopped or killed writes no line about it; what is scraped from it tells when it fell silent.
 */
import type { Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, overlaps, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { called } from '../words.js'

/** The kubelet's API: its own metrics, cAdvisor and probes are scraped there. https://kubernetes.io/docs/reference/networking/ports-and-protocols/ */
const KUBELET_PORT = ':10250'
/** node-monitor-grace-period is 40 s (50 s since 1.32), and clusters stretch it. */
const GRACE_MS = 5 * 60_000

export const kubeletSilent: Detector = {
  id: 'kubelet-silent',
  finds: ['node.heartbeat-missed'],
  detect: (_: Timeline, found) =>
    ofKind(found, 'node.not-ready').flatMap((lost): Found[] => {
      // A kubelet that still writes says more, and better, by itself.
      const speaks = ofKind(found, 'node.heartbeat-missed', lost.entity).some((one) => one.attributes['source'] === undefined && overlaps(one, lost, GRACE_MS))
      const silent = ofKind(found, 'service.unreachable').filter(
        (one) =>
          one.entity.endsWith(KUBELET_PORT) &&
          `node/${String(one.attributes['node'] ?? '')}` === lost.entity &&
          one.start <= lost.start &&
          lost.start - one.start <= GRACE_MS,
      )
      const [first] = silent
      if (speaks || first === undefined) return []
      return [
        {
          kind: 'node.heartbeat-missed',
          entity: lost.entity,
          start: Math.min(...silent.map((one) => one.start)),
          end: lost.end,
          confidence: 0.85,
          summary: `The kubelet of ${called(lost.entity)} fell silent: its port did not answer, and the control plane heard nothing from it.`,
          evidence: chooseEvidence(silent.flatMap((one) => one.evidence)),
          attributes: { reason: 'silent' },
          slackMs: first.slackMs,
          dose: 5,
        },
      ]
    }),
}
