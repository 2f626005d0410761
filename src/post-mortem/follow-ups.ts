/** Follow-ups that come from the mechanisms and conditions of the incident, concrete enough to paste. */
import type { ExplainedIncident } from '../causes/explain.js'
import type { Found } from '../findings/finding.js'
import type { FindingKind } from '../model/vocabulary.js'
import { shortName } from '../model/entity.js'
import type { FollowUp } from './post-mortem.js'

interface Advice {
  readonly kinds: readonly FindingKind[]
  readonly title: (found: Found) => string
  readonly detail: (found: Found) => string
  readonly reference: string
}

/** Conditions and faults with a well-known remedy. */
const ADVICE: readonly Advice[] = [
  {
    kinds: ['workload.colocated'],
    title: (found) => `Spread the replicas of ${shortName(found.entity)} over nodes`,
    detail: (found) =>
      `In the pod template: topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: ${shortName(found.entity)}}}}]`,
    reference: 'https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/',
  },
  {
    kinds: ['workload.no-limits'],
    title: (found) => `Give ${shortName(found.entity)} a memory limit`,
    detail: () => 'In each container: resources: {requests: {memory: …}, limits: {memory: …}}, from what it uses on a good day plus headroom.',
    reference: 'https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/',
  },
  {
    kinds: ['node.memory-exhausted'],
    title: () => 'Alert on node memory before the kubelet evicts',
    detail: () => 'expr: node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.15, for: 2m',
    reference: 'https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/',
  },
  {
    kinds: ['node.cpu-saturated'],
    title: () => 'Alert on saturated nodes',
    detail: () => 'expr: 1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[2m])) > 0.95, for: 5m',
    reference: 'https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/',
  },
  {
    kinds: ['postgres.connections-rising', 'postgres.connections-saturated'],
    title: () => 'Alert before max_connections is reached',
    detail: () => 'expr: sum by (instance) (pg_stat_activity_count) / on (instance) pg_settings_max_connections > 0.8, for: 1m',
    reference: 'https://www.postgresql.org/docs/current/runtime-config-connection.html',
  },
  {
    kinds: ['node.disk-full', 'postgres.disk-full'],
    title: () => 'Alert on the trend of free space, not only on its end',
    detail: () => 'expr: predict_linear(node_filesystem_avail_bytes[1h], 4 * 3600) < 0, for: 10m',
    reference: 'https://prometheus.io/docs/prometheus/latest/querying/functions/#predict_linear',
  },
]

/** An alert later than this after the first symptom is worth a follow-up. */
const LATE_SECONDS = 300

export const followUpsOf = ({ incident, causal }: ExplainedIncident, found: readonly Found[]): readonly FollowUp[] => {
  const followUps = new Map<string, FollowUp>()
  const mine = causal.findings.flatMap((at) => found[at] ?? [])
  for (const advice of ADVICE) {
    const about = mine.find((one) => advice.kinds.includes(one.kind))
    if (about !== undefined)
      followUps.set(advice.title(about), { title: advice.title(about), detail: advice.detail(about), mechanism: about.kind, reference: advice.reference })
  }
  const chain = causal.chains[0] ?? []
  for (const [index, cause] of chain.entries()) {
    const link = causal.links.find((one) => one.cause === cause && one.effect === chain[index + 1])
    if (link === undefined) continue
    const { id, check, reference } = link.mechanism
    followUps.set(id, { title: check, detail: link.mechanism.because, mechanism: id, reference })
  }
  const { delaySeconds, firstAlert } = incident.detection
  if (firstAlert === null || (delaySeconds ?? 0) > LATE_SECONDS) {
    followUps.set('detection', {
      title: firstAlert === null ? 'Add an alert that would have told of this' : 'Let the alert come sooner',
      detail:
        firstAlert === null
          ? 'No alert fired in the data. Alert on what users felt first: see Impact.'
          : `The first alert came ${Math.round((delaySeconds ?? 0) / 60)} min after the first symptom.`,
      mechanism: 'detection',
      reference: 'https://prometheus.io/docs/practices/alerting/',
    })
  }
  return [...followUps.values()]
}
