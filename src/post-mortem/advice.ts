/** Remedies by kind of finding: the manifest lines and alert rules that people would write next. */
import type { Found } from '../findings/finding.js'
import { shortName, typeOf } from '../model/entity.js'
import type { FindingKind } from '../model/vocabulary.js'

export interface Advice {
  readonly kinds: readonly FindingKind[]
  /** Whether it is for this one, given all that is part of the incident. */
  readonly fits?: (found: Found, all: readonly Found[]) => boolean
  readonly title: (found: Found) => string
  readonly detail: (found: Found) => string
  /** Lines to paste; YAML. */
  readonly manifest: (found: Found) => string
  readonly reference: string
}

const ALERTING = 'https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/'

/** A name as YAML and PromQL take it: what is not plainly a name is quoted, so that a hostile one stays one. */
const name = (found: Found): string => {
  const short = shortName(found.entity)
  return /^[A-Za-z][\w.-]{0,252}$/u.test(short) ? short : JSON.stringify(short)
}

/** In a PromQL string; the same for any name. */
const quoted = (text: string): string => JSON.stringify(text)

const lines = (...all: readonly string[]): string => all.join('\n')

const rule = (alert: string, expr: string, wait: string): string =>
  lines(`- alert: ${alert}`, `  expr: ${/: | #|:$/u.test(expr) ? `|-\n    ${expr}` : expr}`, `  for: ${wait}`, '  labels: {severity: page}')

const workload = (found: Found): boolean => typeOf(found.entity) === 'workload'

/** A workload's label is not known from its name alone. */
const LABEL = '# the label that its pods carry'

export const ADVICE: readonly Advice[] = [
  {
    kinds: ['workload.colocated'],
    title: (found) => `Spread the replicas of ${shortName(found.entity)} over nodes`,
    detail: () => 'In the pod template, so that one node cannot take all of them:',
    manifest: (found) =>
      lines(
        'affinity:',
        '  podAntiAffinity:',
        '    preferredDuringSchedulingIgnoredDuringExecution:',
        '      - weight: 100',
        '        podAffinityTerm:',
        '          topologyKey: kubernetes.io/hostname',
        `          labelSelector: {matchLabels: {app: ${name(found)}}}  ${LABEL}`,
        'topologySpreadConstraints:',
        '  - maxSkew: 1',
        '    topologyKey: kubernetes.io/hostname',
        '    whenUnsatisfiable: ScheduleAnyway',
        `    labelSelector: {matchLabels: {app: ${name(found)}}}`,
      ),
    reference: 'https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/',
  },
  {
    kinds: ['workload.no-limits'],
    title: (found) => `Give ${shortName(found.entity)} a memory limit`,
    detail: () => 'In each container; the figures from what it uses on a good day, plus headroom:',
    manifest: () => lines('resources:', '  requests: {cpu: 250m, memory: 512Mi}  # what it uses on a good day', '  limits: {memory: 768Mi}  # with headroom'),
    reference: 'https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/',
  },
  {
    kinds: ['pod.cpu-hungry'],
    title: (found) => `Bound the CPU that ${shortName(found.entity)} can take from its node`,
    detail: () => 'In its container: a request that the scheduler counts with, and a limit that protects its neighbours:',
    manifest: () => lines('resources:', '  requests: {cpu: 500m}  # what it uses on a good day', '  limits: {cpu: "2"}'),
    reference: 'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
  },
  {
    kinds: ['workload.unavailable'],
    fits: (found, all) =>
      workload(found) &&
      all.some(
        (one) =>
          one.kind === 'action.drain' ||
          one.kind === 'action.cordon' ||
          one.kind === 'action.node-restarted' ||
          one.kind === 'pod.evicted' ||
          one.kind === 'workload.colocated',
      ),
    title: (found) => `Keep a replica of ${shortName(found.entity)} when nodes are emptied`,
    detail: () =>
      'A disruption budget holds drains and evictions through the API back. It does not help when a node crashes: that takes more replicas, on more nodes.',
    manifest: (found) =>
      lines(
        'apiVersion: policy/v1',
        'kind: PodDisruptionBudget',
        `metadata: {name: ${name(found)}}`,
        'spec:',
        '  minAvailable: 1',
        `  selector: {matchLabels: {app: ${name(found)}}}  ${LABEL}`,
      ),
    reference: 'https://kubernetes.io/docs/tasks/run-application/configure-pdb/',
  },
  {
    kinds: ['node.memory-exhausted'],
    title: () => 'Alert on node memory before the kubelet evicts',
    detail: () => 'While there is time to act:',
    manifest: () => rule('NodeMemoryRunningOut', 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.15', '2m'),
    reference: ALERTING,
  },
  {
    kinds: ['pod.memory-growing', 'pod.oom-killed'],
    title: () => 'Alert on memory that goes on growing',
    detail: () => 'A container that would reach its limit within the hour:',
    manifest: () =>
      rule(
        'ContainerMemoryGrowing',
        'predict_linear(container_memory_working_set_bytes[30m], 3600) > on (namespace, pod, container) container_spec_memory_limit_bytes > 0',
        '5m',
      ),
    reference: 'https://prometheus.io/docs/prometheus/latest/querying/functions/#predict_linear',
  },
  {
    kinds: ['node.cpu-saturated'],
    title: () => 'Alert on saturated nodes',
    detail: () => 'Before probes and heartbeats starve:',
    manifest: () => rule('NodeCpuSaturated', '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[2m])) > 0.95', '5m'),
    reference: ALERTING,
  },
  {
    kinds: ['node.not-ready', 'node.heartbeat-missed'],
    title: () => 'Alert on a node that stops reporting',
    detail: () => 'Pods are moved off it only after five minutes by default, so two minutes leave time to act:',
    manifest: () => rule('NodeNotReady', 'kube_node_status_condition{condition="Ready",status="true"} == 0', '2m'),
    reference: 'https://kubernetes.io/docs/concepts/architecture/nodes/#node-status',
  },
  {
    kinds: ['node.certificate-expired'],
    title: () => 'Alert on certificates weeks before they expire',
    detail: () => 'And let the kubelet renew its own (rotateCertificates: true):',
    manifest: () => rule('KubeletClientCertificateExpires', 'kubelet_certificate_manager_client_ttl_seconds < 14 * 86400', '1h'),
    reference: 'https://kubernetes.io/docs/tasks/tls/certificate-rotation/',
  },
  {
    kinds: ['postgres.connections-rising', 'postgres.connections-saturated'],
    title: () => 'Alert before max_connections is reached',
    detail: () => 'And bound the pools of the clients, so that their sum stays below it:',
    manifest: () => rule('PostgresConnectionsRunningOut', 'sum by (instance) (pg_stat_activity_count) / on (instance) pg_settings_max_connections > 0.8', '1m'),
    reference: 'https://www.postgresql.org/docs/current/runtime-config-connection.html',
  },
  {
    kinds: ['postgres.lock-pileup', 'postgres.deadlock'],
    title: () => 'Let a statement give up before its queue stops the service',
    detail: () => 'In the session of a migration, and less strictly for the application’s role; then try again:',
    manifest: () => lines("SET lock_timeout = '3s';", "SET statement_timeout = '60s';"),
    reference: 'https://www.postgresql.org/docs/current/runtime-config-client.html',
  },
  {
    kinds: ['node.disk-full', 'postgres.disk-full'],
    title: () => 'Alert on the trend of free space, not only on its end',
    detail: () => 'Full within four hours at the pace of the last one:',
    manifest: () => rule('VolumeFillingUp', 'predict_linear(node_filesystem_avail_bytes[1h], 4 * 3600) < 0', '10m'),
    reference: 'https://prometheus.io/docs/prometheus/latest/querying/functions/#predict_linear',
  },
  {
    kinds: ['pod.crash-looping'],
    title: () => 'Alert on containers that keep dying',
    detail: () => 'Whatever the reason they give:',
    manifest: () => rule('ContainerKeepsDying', 'increase(kube_pod_container_status_restarts_total[10m]) > 3', '0m'),
    reference: ALERTING,
  },
  {
    kinds: ['redis.down', 'redis.quorum-lost'],
    title: () => 'Alert on a Redis that does not answer',
    detail: () => 'Each server by itself, since Sentinel can only act while a majority sees the same:',
    manifest: () => rule('RedisDown', 'redis_up == 0', '30s'),
    reference: 'https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/',
  },
]

/** An alert on what was felt, in the words of the metric that shows it where the evidence names one. */
export const impactAlert = (found: Found): string => {
  const said = found.evidence.map((one) => one.text).join(' ')
  const short = shortName(found.entity)
  if (found.kind === 'service.unreachable') return rule('TargetDoesNotAnswer', said.includes('probe_success') ? 'probe_success == 0' : 'up == 0', '1m')
  if (workload(found)) return rule('WorkloadUnavailable', `kube_deployment_status_replicas_available{deployment=${quoted(short)}} == 0`, '1m')
  if (found.kind !== 'service.errors' && found.kind !== 'service.slow') return ''
  if (said.includes('nginx_ingress_controller')) {
    const requests = (more: string): string => `sum(rate(nginx_ingress_controller_requests{exported_service=${quoted(short)}${more}}[2m]))`
    return rule('ServiceAnswersWithErrors', `${requests(',status=~"5.."')} / ${requests('')} > 0.05`, '1m')
  }
  const requests = (more: string): string => `sum(rate(http_requests_total{job=${quoted(short)}${more}}[2m]))`
  return rule('ServiceAnswersWithErrors', `${requests(',code=~"5.."')} / ${requests('')} > 0.05`, '1m')
}
