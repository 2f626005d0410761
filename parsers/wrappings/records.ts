/**
 * Which member holds what in the records of clouds and collectors: a table, read by record.ts. One row is one writer; a new one is a new row.
 * The line itself may be wrapped again (a CRI line inside Fluent Bit's `log`, Docker's JSON inside CloudWatch's `message`).
 */
import type { Wrapping } from '../../src/model/format.js'
import { recordWrapping, type RecordKind } from './record.js'

/** What collectors that ask the API server call a pod: Fluentd, Fluent Bit, OpenShift; Vector; Elastic's; Datadog and Promtail flat. */
const KUBERNETES = {
  namespace: ['kubernetes.namespace_name', 'kubernetes.pod_namespace', 'kubernetes.namespace'],
  pod: ['kubernetes.pod_name', 'kubernetes.pod.name', 'kubernetes.pod'],
  container: ['kubernetes.container_name', 'kubernetes.container.name', 'kubernetes.container'],
} as const
const NODE = ['kubernetes.host', 'kubernetes.pod_node_name', 'kubernetes.node_name', 'kubernetes.node.name'] as const

const kinds: readonly RecordKind[] = [
  {
    id: 'google-logging',
    reads: 'entries of Google Cloud Logging: gcloud logging read (JSON, YAML), sinks, downloads',
    reference: 'https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry',
    example:
      '{"insertId":"1zo6twtfyor903hi","jsonPayload":{"MESSAGE":"E1121 08:18:01.887391    2296 kubelet.go:2448] \\"Error getting node\\"","_HOSTNAME":"worker-1",' +
      '"SYSLOG_IDENTIFIER":"kubelet"},"logName":"projects/shop/logs/kubelet","resource":{"labels":{"node_name":"worker-1"},"type":"k8s_node"},"timestamp":"2026-11-21T08:18:01.887962Z"}',
    marks: ['logName', 'insertId', 'resource.type'],
    // Entries of the audit log (protoPayload) are read as they are: who asked stands beside what was asked for.
    message: ['textPayload', 'jsonPayload.MESSAGE', 'jsonPayload'],
    time: ['timestamp', 'receiveTimestamp'],
    zoneless: 'utc',
    host: ['jsonPayload._HOSTNAME', 'resource.labels.node_name', 'labels.compute.googleapis.com/resource_name'],
    unit: ['jsonPayload.SYSLOG_IDENTIFIER', 'jsonPayload._SYSTEMD_UNIT'],
    namespace: ['resource.labels.namespace_name'],
    pod: ['resource.labels.pod_name'],
    container: ['resource.labels.container_name'],
    // Of containers' text it is ERROR for stderr: https://cloud.google.com/kubernetes-engine/docs/concepts/about-logs
    level: ['severity'],
    stream: ['logName'],
    log: ['logName'],
  },
  {
    id: 'cloudwatch',
    reads: 'events of AWS CloudWatch Logs: filter-log-events, get-log-events, Insights as JSON and CSV, subscriptions',
    reference: 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilteredLogEvent.html',
    example:
      '{"logStreamName":"ip-10-0-1-17.ec2.internal-kubelet","timestamp":1795249081887,"message":"E1121 08:18:01.887391    2296 kubelet.go:2448] \\"Error getting node\\"",' +
      '"ingestionTime":1795249082417,"eventId":"37957510267006724342200454931664427310462681533819518976"}',
    marks: ['ingestionTime', 'logStreamName', 'eventId', '@logStream', '@ptr', '@message'],
    message: ['message', '@message'],
    time: ['timestamp', '@timestamp'],
    zoneless: 'utc',
  },
  {
    id: 'azure-monitor',
    reads: "rows of Azure Monitor's tables (ContainerLogV2, ContainerLog, Syslog, AzureDiagnostics, KubeEvents …) as JSON and CSV; diagnostic settings",
    reference: 'https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerlogv2',
    example:
      '{"TimeGenerated":"2026-11-21T08:18:01.887962Z","Computer":"aks-pool-1-vmss000000","PodNamespace":"shop","PodName":"web-1","ContainerName":"web","LogSource":"stderr",' +
      '"LogMessage":"level=error msg=\\"no route to host\\""}',
    marks: ['TimeGenerated', 'TimeGenerated [UTC]', 'TimeGenerated [Local Time]', 'resourceId'],
    message: ['LogMessage', 'LogEntry', 'SyslogMessage', 'Message', 'log_s', 'properties.message', 'properties.log'],
    time: ['TimeGenerated', 'TimeGenerated [UTC]', 'TimeGenerated [Local Time]', 'time'],
    zoneless: 'utc',
    host: ['Computer', 'HostName'],
    unit: ['ProcessName'],
    namespace: ['PodNamespace'],
    pod: ['PodName', 'properties.pod'],
    container: ['ContainerName'],
    level: ['LogLevel', 'SeverityLevel'],
    rows: ['KubeEventType'], // kubernetes-lines.ts
  },
  {
    id: 'loki',
    reads: "Loki's lines: logcli -o jsonl, query_range answers, Grafana's download",
    reference: 'https://grafana.com/docs/loki/latest/query/logcli/',
    example:
      '{"labels":{"app":"web","container":"web","namespace":"shop","node_name":"worker-1","pod":"web-1"},"line":"level=error msg=\\"no route to host\\"","timestamp":"2026-11-21T08:18:01.887962Z"}',
    marks: ['labels', 'fields', 'tsNs'],
    message: ['line'],
    time: ['tsNs', 'timestamp', 'date'],
    zoneless: 'local',
    host: [
      'labels.node_name',
      'labels.nodename',
      'labels.node',
      'labels.hostname',
      'labels.host',
      'labels.k8s_node_name',
      'fields.node_name',
      'fields.nodename',
      'fields.hostname',
    ],
    unit: ['labels.syslog_identifier', 'labels.unit', 'labels.systemd_unit', 'fields.syslog_identifier', 'fields.unit'],
    namespace: ['labels.namespace', 'labels.k8s_namespace_name', 'fields.namespace'],
    pod: ['labels.pod', 'labels.pod_name', 'labels.k8s_pod_name', 'fields.pod'],
    container: ['labels.container', 'labels.container_name', 'labels.k8s_container_name', 'fields.container'],
  },
  {
    id: 'vector',
    reads: "events of Vector's kubernetes_logs, journald and file sources",
    reference: 'https://vector.dev/docs/reference/configuration/sources/kubernetes_logs/#output-data',
    example:
      '{"file":"/var/log/pods/shop_web-1_5f3c/web/0.log","kubernetes":{"container_name":"web","pod_name":"web-1","pod_namespace":"shop","pod_node_name":"worker-1"},' +
      '"message":"level=error msg=\\"no route to host\\"","source_type":"kubernetes_logs","stream":"stderr","timestamp":"2026-11-21T08:18:01.887962Z"}',
    marks: ['source_type'],
    message: ['message'],
    time: ['timestamp'],
    zoneless: 'utc',
    host: [...NODE, '_HOSTNAME', 'host'],
    unit: ['SYSLOG_IDENTIFIER', '_SYSTEMD_UNIT', 'appname'],
    ...KUBERNETES,
  },
  {
    id: 'elastic-beat',
    reads: 'events of Filebeat and the Elastic Agent',
    reference: 'https://www.elastic.co/docs/reference/beats/filebeat/exported-fields-kubernetes-processor',
    example:
      '{"@timestamp":"2026-11-21T08:18:01.887Z","agent":{"type":"filebeat"},"host":{"name":"worker-1"},"kubernetes":{"container":{"name":"web"},"namespace":"shop",' +
      '"node":{"name":"worker-1"},"pod":{"name":"web-1"}},"message":"level=error msg=\\"no route to host\\""}',
    marks: ['agent.type', 'agent.name', 'agent.id', 'beat.name'],
    message: ['message', 'event.original'],
    time: ['@timestamp'],
    zoneless: 'utc',
    host: ['kubernetes.node.name', 'host.hostname', 'host.name', 'agent.hostname', 'beat.hostname'],
    unit: ['syslog.identifier', 'log.syslog.appname', 'systemd.unit', 'process.name'],
    ...KUBERNETES,
  },
  {
    id: 'fluent',
    reads: 'records of Fluentd, Fluent Bit and OpenShift logging',
    reference: 'https://docs.fluentbit.io/manual/data-pipeline/filters/kubernetes',
    example:
      '{"date":1795249081.887962,"log":"level=error msg=\\"no route to host\\"\\n","stream":"stderr","kubernetes":{"pod_name":"web-1","namespace_name":"shop","host":"worker-1","container_name":"web"}}',
    sure: 0.95,
    marks: ['kubernetes.pod_name', 'kubernetes.namespace_name', 'kubernetes.host', 'docker.container_id', '_HOSTNAME', 'fluentbit_tag'],
    message: ['log', 'message', 'MESSAGE'],
    time: ['time', '@timestamp', 'timestamp', 'date'],
    zoneless: 'utc',
    host: [...NODE, '_HOSTNAME', 'hostname'],
    unit: ['SYSLOG_IDENTIFIER', '_SYSTEMD_UNIT', 'systemd.u.SYSLOG_IDENTIFIER', 'ident'],
    ...KUBERNETES,
  },
  {
    id: 'elasticsearch',
    reads: 'documents of Elasticsearch and OpenSearch: search answers, Discover, elasticdump',
    reference: 'https://www.elastic.co/docs/solutions/search/the-search-api',
    example:
      '{"_index":"logs-2026.11.21","_id":"Vx1","_source":{"@timestamp":"2026-11-21T08:18:01.887Z","log.level":"error","message":"no route to host","service.name":"web"}}',
    marks: ['_index', '_id'],
    message: ['_source'],
    time: [],
    zoneless: 'utc',
  },
  {
    id: 'datadog',
    reads: "logs of Datadog's search API",
    reference: 'https://docs.datadoghq.com/api/latest/logs/#search-logs-get',
    example:
      '{"id":"AwAAAZ","type":"log","attributes":{"timestamp":"2026-11-21T08:18:01.887Z","status":"error","service":"web","host":"worker-1","message":"level=error msg=\\"no route to host\\""}}',
    marks: ['attributes.service', 'attributes.host', 'attributes.status'],
    message: ['attributes.message'],
    time: ['attributes.timestamp'],
    zoneless: 'utc',
    host: ['attributes.host'],
    unit: ['attributes.service'],
  },
  {
    id: 'stern-json',
    reads: 'stern --output json',
    reference: 'https://github.com/stern/stern#output',
    example: '{"message":"level=error msg=\\"no route to host\\"","nodeName":"worker-1","namespace":"shop","podName":"web-1","containerName":"web"}',
    marks: ['podName'],
    message: ['message'],
    time: [],
    zoneless: 'utc',
    host: ['nodeName'],
    namespace: ['namespace'],
    pod: ['podName'],
    container: ['containerName'],
  },
]

export const records: readonly Wrapping[] = kinds.map(recordWrapping)
