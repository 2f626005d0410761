/** Every format and wrapping that faultline reads. To add one: its file, its test, its sample, and a line here. */
import type { Format, Wrapping } from '../src/model/format.js'
import { accessLog } from './access-log.js'
import { alertmanager } from './alertmanager.js'
import { clientError } from './client-error.js'
import { cloudwatchMetrics } from './cloudwatch-metrics.js'
import { collected } from './collected.js'
import { containerd } from './containerd.js'
import { controlPlane } from './control-plane.js'
import { coredns } from './coredns.js'
import { etcd } from './etcd.js'
import { exposition } from './exposition.js'
import { goldpinger } from './goldpinger.js'
import { grafanaJson } from './grafana-json.js'
import { influxLines } from './influx-lines.js'
import { kernel } from './kernel.js'
import { kubectl } from './kubectl.js'
import { kubelet } from './kubelet.js'
import { kubernetesEventFields } from './kubernetes-event-fields.js'
import { kubernetesAudit, kubernetesEventLines } from './kubernetes-lines.js'
import { kubernetesEvents, kubernetesObjects } from './kubernetes.js'
import { metricCsv } from './metric-csv.js'
import { networkAgent } from './network-agent.js'
import { patroni } from './patroni.js'
import { pgbouncer } from './pgbouncer.js'
import { postgresCsv } from './postgres-csv.js'
import { postgresJson } from './postgres-json.js'
import { postgresStderr } from './postgres-stderr.js'
import { prometheusBlock } from './prometheus-block.js'
import { prometheusJson } from './prometheus-json.js'
import { promtool } from './promtool.js'
import { redis } from './redis.js'
import { systemd } from './systemd.js'
import { text } from './text.js'
import { timeSync } from './time-sync.js'
import { ansi } from './wrappings/ansi.js'
import { cri } from './wrappings/cri.js'
import { dockerJson } from './wrappings/docker-json.js'
import { journaldJson } from './wrappings/journald-json.js'
import { journaldShort } from './wrappings/journald-short.js'
import { kubectlTimestamps } from './wrappings/kubectl-timestamps.js'
import { prefixes } from './wrappings/prefixes.js'
import { records } from './wrappings/records.js'
import { syslog5424 } from './wrappings/syslog-5424.js'
import { talos } from './wrappings/talos.js'

export { text }

export const formats: readonly Format[] = [
  accessLog,
  alertmanager,
  clientError,
  cloudwatchMetrics,
  collected,
  containerd,
  controlPlane,
  coredns,
  etcd,
  exposition,
  grafanaJson,
  influxLines,
  goldpinger,
  kernel,
  kubectl,
  kubelet,
  kubernetesAudit,
  kubernetesEventLines,
  kubernetesEventFields,
  kubernetesEvents,
  kubernetesObjects,
  metricCsv,
  networkAgent,
  patroni,
  pgbouncer,
  postgresCsv,
  postgresJson,
  postgresStderr,
  prometheusBlock,
  prometheusJson,
  promtool,
  redis,
  systemd,
  text,
  timeSync,
]

/** Of two that are equally sure of a line the one that stands first takes it. */
export const wrappings: readonly Wrapping[] = [
  ansi,
  cri,
  dockerJson,
  journaldJson,
  ...prefixes,
  journaldShort,
  kubectlTimestamps,
  syslog5424,
  talos,
  ...records,
]
