/** What made an incident worse or longer without being a finding of its own; and whether the data could tell. */
import { duration } from '../findings/words.js'
import type { Finding, Incident } from '../model/analysis.js'
import { isOfCluster } from '../model/entity.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Factor } from './post-mortem.js'

/** Records of alerts, be it of others than this incident's: an export that holds none of them says nothing about whether any fired. */
export const alertsIn = once(
  ({ inputs, signals, series }: Timeline): boolean =>
    signals.some(({ kind }) => kind === 'alert.fired') ||
    inputs.some(({ format, records }) => format === 'alertmanager' && records > 0) ||
    series.some(({ name }) => name === 'ALERTS' || name === 'ALERTS_FOR_STATE'),
)

/** What people outside notice, as against what only the monitoring or the cluster itself feels. */
const FELT = new Set(['service.errors', 'service.unreachable', 'service.slow', 'workload.unavailable', 'app.errors', 'loadbalancer.backends-down'])

export const isFelt = ({ kind, entity, role }: Finding): boolean =>
  role === 'impact' && FELT.has(kind) && !entity.startsWith('target/') && !isOfCluster(entity) && !entity.startsWith('process/kube-')

const firstOf = ({ findings }: Incident, of: (finding: Finding) => boolean): Finding | undefined =>
  findings.filter(of).reduce<Finding | undefined>((least, one) => (least === undefined || one.start < least.start ? one : least), undefined)

/** The first that people could notice of what is linked to a cause. */
export const firstFelt = (incident: Incident): Finding | undefined => {
  const linked = new Set(incident.links.flatMap((link) => [link.cause, link.effect]))
  return firstOf(incident, (finding) => linked.has(finding.id) && isFelt(finding))
}

/**
 * That nobody was told before it was felt: only where alerts are in the data and one of them belongs to the incident, for an alert that does not appear may
 * have fired all the same. What could not be told is said among what the data cannot tell.
 */
export const factorsOf = (incident: Incident): readonly Factor[] => {
  const alert = firstOf(incident, ({ kind }) => kind === 'alert.fired')
  const felt = firstFelt(incident)
  if (alert === undefined || felt === undefined || alert.start <= felt.start) return []
  const after = duration(Date.parse(alert.start) - Date.parse(felt.start))
  return [
    {
      what: `No alert came before users could notice: the first one fired ${after} after the first that they felt. ${felt.summary} ${alert.summary}`,
      findings: [felt.id, alert.id],
    },
  ]
}
