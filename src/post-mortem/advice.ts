/** Remedies by kind of finding: the manifest lines and alert rules that people would write next. */
import type { Found } from '../findings/finding.js'
import { shortName, typeOf } from '../model/entity.js'
import type { FindingKind } from '../model/vocabulary.js'

export interface Advice {
  readonly kinds: readonly FindingKind[]
  /** Only where one of these kinds is a step of the chain: much of it happens on any day. */
  readonly onChain?: true
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

const some = (all: readonly Found[], ...kinds: readonly FindingKind[]): boolean => all.some(({ kind }) => kinds.some((one) => one === kind))

/** Who puts pods out without asking a disruption budget: the eviction API alone does. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ */
const UNASKED: ReadonlySet<unknown> = new Set(['taint', 'memory', 'disk', 'disk-limit', 'node', 'preemption'])
const isPutOut = ({ kind, attributes }: Found): boolean => kind === 'pod.evicted' && UNASKED.has(attributes['reason'])
const isPreempted = ({ kind, attributes }: Found): boolean => kind === 'pod.evicted' && attributes['reason'] === 'preemption'
const isDrained = (all: readonly Found[]): boolean =>
  some(all, 'action.drain', 'action.cordon', 'action.node-restarted') || all.some((one) => one.kind === 'pod.evicted' && !isPutOut(one))

const workload = (found: Found): boolean => typeOf(found.entity) === 'workload'

/** A workload's label is not known from its name alone. */
const LABEL = '# the label that its pods carry'

const spreadOverNodes = (found: Found): string =>
  lines(
    'topologySpreadConstraints:',
    '  - maxSkew: 1',
    '    topologyKey: kubernetes.io/hostname',
    '    whenUnsatisfiable: ScheduleAnyway',
    `    labelSelector: {matchLabels: {app: ${name(found)}}}`,
  )

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
        spreadOverNodes(found),
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
    fits: (found, all) => workload(found) && isDrained(all),
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
    kinds: ['workload.unavailable'],
    fits: (found, all) => workload(found) && !isDrained(all) && all.some(isPutOut),
    title: (found) => `Keep another replica of ${shortName(found.entity)} on another node`,
    detail: () =>
      'A taint, a node that is lost or short of something, and a pod of higher priority put pods out without asking a disruption budget. What serves meanwhile is a replica elsewhere:',
    manifest: (found) => lines('replicas: 2', '# in the pod template', `${spreadOverNodes(found)}  ${LABEL}`),
    reference: 'https://kubernetes.io/docs/concepts/workloads/pods/disruptions/',
  },
  {
    kinds: ['pod.evicted'],
    fits: isPreempted,
    title: () => 'Let new pods wait for room instead of making it',
    detail: () => 'For whatever need not run at once; what has to keep its place wants a class of a higher value:',
    manifest: () =>
      lines(
        'apiVersion: scheduling.k8s.io/v1',
        'kind: PriorityClass',
        'metadata: {name: waits-for-room}  # spec.priorityClassName of its pods',
        'value: 1000',
        'preemptionPolicy: Never',
        'description: Goes before others in the queue, and puts nobody out.',
      ),
    reference: 'https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#non-preempting-priority-class',
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
    fits: ({ entity }) => typeOf(entity) === 'postgres',
    title: () => 'Alert on the certificate of the server weeks before it expires',
    detail: () => 'With a TCP module of the Blackbox exporter that speaks as far as STARTTLS:',
    manifest: () => rule('ServerCertificateExpires', 'probe_ssl_earliest_cert_expiry - time() < 14 * 86400', '1h'),
    reference: 'https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md#tcp_probe',
  },
  {
    kinds: ['node.certificate-expired'],
    fits: ({ entity }) => typeOf(entity) !== 'postgres',
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
    kinds: ['postgres.deadlock'],
    title: () => 'Take locks in one order, and try again what a deadlock ended',
    detail: () => 'In every transaction that changes several rows, the same order; SQLSTATE 40P01 is there to be tried again:',
    manifest: () => lines('SELECT id FROM inventory WHERE id = ANY ($1) ORDER BY id FOR UPDATE;  -- then change them'),
    reference: 'https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS',
  },
  {
    kinds: ['postgres.lock-pileup'],
    // Who waits for the other in a circle is let go after deadlock_timeout, a second where nobody set anything else.
    fits: (_, all) => !some(all, 'postgres.deadlock'),
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
  {
    kinds: ['change.deployed'],
    onChain: true,
    // Its pods were well, and others had to go for them.
    // Only a Deployment has these settings.
    fits: ({ entity, attributes }, all) => typeOf(entity) === 'workload' && attributes['round'] === undefined && !all.some(isPreempted),
    title: (found) => `Let a rollout of ${shortName(found.entity)} stop before all of it is replaced`,
    detail: () => 'In its Deployment: few pods at a time, each watched for a while before the next, and a deadline after which it counts as failed:',
    manifest: () =>
      lines('minReadySeconds: 60', 'progressDeadlineSeconds: 600', 'strategy:', '  type: RollingUpdate', '  rollingUpdate: {maxSurge: 1, maxUnavailable: 0}'),
    reference: 'https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds',
  },
  {
    kinds: ['node.identity-conflict'],
    title: () => 'Give every machine an identity of its own',
    detail: () => 'In whatever clones or restores machines, before the copy starts for the first time (cloud-init):',
    manifest: () =>
      lines(
        '#cloud-config',
        'bootcmd:',
        '  - [cloud-init-per, instance, machine-id, sh, -c, "rm -f /etc/machine-id && systemd-machine-id-setup"]',
        '  - [cloud-init-per, instance, kubelet, sh, -c, "rm -rf /var/lib/kubelet/pki /etc/kubernetes/kubelet.conf"]',
        'preserve_hostname: false  # a name of its own, too',
      ),
    reference: 'https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/#verify-mac-address',
  },
  {
    kinds: ['node.heartbeat-missed', 'node.not-ready'],
    fits: (_, all) => some(all, 'node.cpu-saturated', 'node.memory-exhausted'),
    title: () => 'Keep some of every node for its kubelet',
    detail: () => 'In the kubelet’s configuration, so that pods cannot starve what reports for the node:',
    manifest: () =>
      lines(
        'apiVersion: kubelet.config.k8s.io/v1beta1',
        'kind: KubeletConfiguration',
        'kubeReserved: {cpu: 200m, memory: 512Mi}',
        'systemReserved: {cpu: 200m, memory: 512Mi}',
        'evictionHard: {memory.available: 500Mi}',
      ),
    reference: 'https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/',
  },
  {
    kinds: ['pod.rescheduled'],
    onChain: true,
    fits: (_, all) => some(all, 'node.cpu-saturated', 'node.memory-exhausted'),
    title: () => 'Leave room for the pods of one node on the others',
    detail: () => 'Requests that tell what a pod really uses, so that the scheduler puts no more on a node than it can carry:',
    manifest: () => lines('resources:', '  requests: {cpu: 500m, memory: 512Mi}  # what it uses under load'),
    reference: 'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
  },
  {
    kinds: ['node.kernel-panic', 'node.kernel-hang'],
    title: () => 'Let a machine that hangs start again by itself, and keep its last words',
    detail: () => 'On every node, in /etc/sysctl.d; with a crash dump (kdump) the next time tells why:',
    manifest: () => lines('kernel.softlockup_panic = 1', 'kernel.panic = 10'),
    reference: 'https://docs.kernel.org/admin-guide/sysctl/kernel.html',
  },
  {
    kinds: ['pod.stuck', 'pod.volume-mount-failed'],
    fits: (_, all) => some(all, 'node.kernel-panic', 'node.not-ready', 'node.network-lost', 'change.node-removed'),
    title: () => 'Free the pods and volumes of a node that is surely gone',
    detail: () => 'Only once the machine is known to be off, as a step of the runbook; its volumes are then attached elsewhere at once:',
    manifest: () => lines('kubectl taint nodes <node> node.kubernetes.io/out-of-service=nodeshutdown:NoExecute'),
    reference: 'https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown',
  },
  {
    kinds: ['node.runtime-down'],
    title: () => 'Alert on a container runtime that answers slowly',
    detail: () => 'The kubelet asks it for all containers every second; ten seconds for that is far too long:',
    manifest: () =>
      rule('KubeletPlegSlow', 'histogram_quantile(0.99, sum by (instance, le) (rate(kubelet_pleg_relist_duration_seconds_bucket[5m]))) >= 10', '5m'),
    reference: ALERTING,
  },
  {
    kinds: ['pod.unschedulable'],
    fits: ({ attributes }) => attributes['reason'] === 'untried',
    title: () => 'Alert on a scheduler that is gone',
    detail: () => 'What runs goes on without it, so nobody misses it before the next pod is wanted:',
    manifest: () => rule('SchedulerGone', 'absent(up{job=~".*scheduler.*"} == 1)', '1m'),
    reference: 'https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/',
  },
  {
    kinds: ['pod.unschedulable'],
    fits: ({ attributes }) => attributes['reason'] === 'webhook',
    title: () => 'Keep an admission webhook from standing in its own way',
    detail: () => 'Several replicas on several nodes, and in its configuration the namespaces that it must not need to come back:',
    manifest: () =>
      lines(
        'timeoutSeconds: 5',
        'namespaceSelector:',
        '  matchExpressions:',
        '    - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}  # and where its own pods run',
      ),
    reference: 'https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/',
  },
  {
    kinds: ['pod.unschedulable'],
    onChain: true,
    fits: ({ attributes }) => attributes['reason'] === 'quota',
    title: () => 'Alert on a quota that is nearly used up',
    detail: () => 'Pods that go still count until they are gone, so a drain or a rollout needs some room:',
    manifest: () => rule('QuotaNearlyFull', 'kube_resourcequota{type="used"} / ignoring (type) (kube_resourcequota{type="hard"} > 0) > 0.9', '15m'),
    reference: 'https://kubernetes.io/docs/concepts/policy/resource-quotas/',
  },
  {
    kinds: ['pod.unschedulable'],
    onChain: true,
    fits: ({ entity, attributes }) => typeOf(entity) === 'pod' && attributes['reason'] !== 'untried',
    title: () => 'Alert on pods that find no node',
    detail: () => 'Room ran out, or a rule of placement leaves none:',
    manifest: () => rule('PodFindsNoNode', 'sum by (namespace, pod) (kube_pod_status_unschedulable) > 0', '5m'),
    reference: 'https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/',
  },
  {
    kinds: ['network.dns-failure'],
    onChain: true,
    title: () => 'Alert on names that do not resolve',
    detail: () => 'And run DNS on several nodes, with a cache on each:',
    manifest: () =>
      rule('DnsAnswersWithErrors', 'sum(rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m])) / sum(rate(coredns_dns_responses_total[5m])) > 0.01', '5m'),
    reference: 'https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/',
  },
  {
    kinds: ['loadbalancer.backends-down'],
    title: () => 'Ask the backends directly as well as through the load balancer',
    detail: () => 'A probe of each backend tells whether they or the balancer failed (Prometheus, blackbox exporter; the addresses are yours to fill in):',
    manifest: () =>
      lines(
        '- job_name: backends',
        '  metrics_path: /probe',
        '  params: {module: [http_2xx]}',
        '  static_configs: [{targets: ["http://10.0.0.1:30080/healthz"]}]',
        '  relabel_configs:',
        '    - {source_labels: [__address__], target_label: __param_target}',
        '    - {source_labels: [__param_target], target_label: instance}',
        '    - {target_label: __address__, replacement: "blackbox-exporter:9115"}',
      ),
    reference: 'https://prometheus.io/docs/guides/multi-target-exporter/',
  },
  {
    kinds: ['postgres.autovacuum'],
    onChain: true,
    title: () => 'Vacuum more often and less at a time',
    detail: () => 'So that one run does not take the disk and processors of everybody else:',
    manifest: () =>
      lines("ALTER SYSTEM SET autovacuum_vacuum_scale_factor = '0.05';", "ALTER SYSTEM SET autovacuum_vacuum_cost_delay = '10ms';", 'SELECT pg_reload_conf();'),
    reference: 'https://www.postgresql.org/docs/current/routine-vacuuming.html',
  },
  {
    kinds: ['postgres.backend-killed'],
    fits: (_, all) => some(all, 'node.oom-kill', 'pod.oom-killed', 'node.memory-exhausted'),
    title: () => 'Keep the database out of its node’s memory shortages',
    detail: () => 'In its container: as much requested as allowed (the class Guaranteed is killed last), or a machine of its own:',
    manifest: () => lines('resources:', '  requests: {cpu: "1", memory: 2Gi}', '  limits: {cpu: "1", memory: 2Gi}  # the same'),
    reference: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/',
  },
  {
    kinds: ['metric.anomalous', 'postgres.disk-full', 'node.disk-full'],
    onChain: true,
    fits: (_, all) => all.some(({ kind, summary }) => kind === 'metric.anomalous' && /\bWAL\b/u.test(summary)),
    title: () => 'Bound how much WAL a replication slot may keep',
    detail: () => 'A standby that is gone then loses its slot, not the server its disk:',
    manifest: () => lines("ALTER SYSTEM SET max_slot_wal_keep_size = '20GB';", 'SELECT pg_reload_conf();'),
    reference: 'https://www.postgresql.org/docs/current/runtime-config-replication.html',
  },
]

/** An alert on what was felt, in the words of the metric that shows it where the evidence names one. */
export const impactAlert = (found: Found): string => {
  const said = found.evidence.map((one) => one.text).join(' ')
  const short = shortName(found.entity)
  if (found.kind === 'service.unreachable') return rule('TargetDoesNotAnswer', said.includes('probe_success') ? 'probe_success == 0' : 'up == 0', '1m')
  if (found.kind === 'workload.degraded')
    return rule('WorkloadShortOfReplicas', `kube_deployment_status_replicas_unavailable{deployment=${quoted(short)}} > 0`, '5m')
  if (workload(found)) return rule('WorkloadUnavailable', `kube_deployment_status_replicas_available{deployment=${quoted(short)}} == 0`, '1m')
  if (found.kind !== 'service.errors' && found.kind !== 'service.slow') return ''
  if (said.includes('nginx_ingress_controller')) {
    const requests = (more: string): string => `sum(rate(nginx_ingress_controller_requests{exported_service=${quoted(short)}${more}}[2m]))`
    return rule('ServiceAnswersWithErrors', `${requests(',status=~"5.."')} / ${requests('')} > 0.05`, '1m')
  }
  const requests = (more: string): string => `sum(rate(http_requests_total{job=${quoted(short)}${more}}[2m]))`
  return rule('ServiceAnswersWithErrors', `${requests(',code=~"5.."')} / ${requests('')} > 0.05`, '1m')
}
