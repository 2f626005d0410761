/**
 * Which series count requests, whose, and which of them failed: by the names and labels that client libraries, proxies and meshes give them.
 * Spring: https://docs.spring.io/spring-boot/reference/actuator/metrics.html · OpenTelemetry: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 * Istio: https://istio.io/latest/docs/reference/config/metrics/ · Linkerd: https://linkerd.io/2/reference/proxy-metrics/
 * Envoy: https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
 * gRPC: https://github.com/grpc-ecosystem/go-grpc-middleware/tree/main/providers/prometheus
 */
import { service, type Entity } from './entity.js'
import type { Labels } from './extract.js'

/** AWS's load balancers count each class of status by itself, and all requests. */
export const OF_BALANCER = /^(?:HTTPCode_(?:ELB|Target|Backend)_[2-5]XX(?:_Count)?|RequestCount)$/u

/** ingress-nginx and Envoy leave the '_total' of their counters out; a histogram of how long they took counts requests, too. */
const COUNTERS = /(?:^|_)(?:(?:requests?|responses?)(?:_received|_total_by_status)?(?:_total)?|upstream_rq(?:_xx)?|grpc_(?:server|client)_handled_total)$/u
const HISTOGRAMS = /(?:^|_)(?:requests?|responses?|http_server|http_client)(?:_(?:duration|latency|time|processing)){0,2}_(?:milliseconds|seconds|ms)_count$/u
export const countsRequests = (metric: string): boolean => COUNTERS.test(metric) || HISTOGRAMS.test(metric)

/** The API server and other components count their requests too; what they refuse is their daily work. */
const COMPONENTS = /^(?:apiserver|rest_client|prometheus|scheduler|workqueue|etcd|grpc|go|promhttp|net_conntrack|coredns|kubelet)_/u
const COMPONENT_JOBS = /etcd|apiserver|kube-|kubelet|containerd|csi-|prometheus|thanos/iu
export const isComponents = (metric: string, { job, app }: Labels): boolean =>
  COMPONENTS.test(metric) && (!metric.includes('grpc_') || COMPONENT_JOBS.test(app ?? job ?? ''))

/** What a program asks of others, as Spring, OpenTelemetry, gRPC and Linkerd's proxy call it. */
export const isAskedOfOthers = (metric: string, { direction }: Labels): boolean => /(?:^|_)client_/u.test(metric) || direction === 'outbound'

/** Whom it asked, where the client's own series say that: OpenTelemetry's server.address, Spring's client.name, Linkerd's dst_*. */
export const askedIn = (labels: Labels): string | null =>
  labels['server_address'] ??
  labels['client_name'] ??
  labels['clientName'] ??
  labels['dst_service'] ??
  labels['dst_deployment'] ??
  labels['peer_service'] ??
  labels['target'] ??
  labels['upstream'] ??
  null

/** The labels that say how a request came out, the surest first. */
const STATUS_LABELS = [
  'status',
  'code',
  'status_code',
  'response_code',
  'http_status',
  'http_status_code',
  'http_response_status_code',
  'envoy_response_code_class',
  'envoy_response_code',
  'grpc_code',
  'class',
  'classification',
  'result',
  'outcome',
] as const
export const isStatusLabel = (label: string): boolean => STATUS_LABELS.some((known) => known === label.toLowerCase())

const statusOf = (labels: Labels): string | undefined => STATUS_LABELS.map((label) => labels[label]).find((status) => status !== undefined && status !== '')
export const hasStatus = (labels: Labels): boolean => statusOf(labels) !== undefined

/** Codes of gRPC that are no fault of whoever asked: https://github.com/grpc/grpc/blob/v1.66.0/doc/statuscodes.md */
const FAILED_CALLS: ReadonlySet<string> = new Set(['Unknown', 'DeadlineExceeded', 'ResourceExhausted', 'Internal', 'Unavailable', 'DataLoss'])
export const isFailed = (labels: Labels): boolean => {
  const status = statusOf(labels) ?? ''
  return /^5|^(?:error|fail|failed|failure|server_error|io_error)$/iu.test(status) || (labels['grpc_code'] === status && FAILED_CALLS.has(status))
}

/** 'outbound|8080||shop.web.svc.cluster.local', as Istio names Envoy's clusters. */
const CLUSTER_OF_SERVICE = /^(?:in|out)bound\|\d{1,5}\|[^|]{0,100}\|([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc\b/u
/** What a mesh's own plumbing asks, and what it could not tell. */
const OF_MESH = /^(?:unknown|xds|sds|agent|prometheus_stats|zipkin|(?:Inbound)?Pass[tT]hrough|BlackHole)/u

/** The service that a mesh's proxy asked, which counts for it. */
const toldByMesh = (labels: Labels): Entity | null => {
  const name = labels['destination_service_name'] ?? labels['destination_workload'] ?? labels['envoy_cluster_name']
  if (name === undefined || name === '' || OF_MESH.test(name)) return null
  const cluster = CLUSTER_OF_SERVICE.exec(name)
  if (cluster?.[1] !== undefined && cluster[2] !== undefined) return service(cluster[2], cluster[1])
  return service(labels['destination_service_namespace'] ?? labels['destination_workload_namespace'] ?? '-', name)
}

export const serviceOf = (labels: Labels): Entity | null => {
  // What an exporter says of others is kept apart from what it is itself: https://prometheus.io/docs/prometheus/latest/configuration/configuration/ honor_labels
  const told = labels['exported_service'] ?? labels['ingress'] ?? labels['loadbalancer']
  if (told === undefined) {
    const asked = toldByMesh(labels)
    if (asked !== null) return asked
  }
  const own = labels['service'] ?? labels['app'] ?? labels['application'] ?? labels['service_name'] ?? labels['deployment'] ?? labels['handler_service']
  // A backend of HAProxy. Traefik says where it has a service from: https://doc.traefik.io/traefik/providers/overview/
  const name = (told ?? own ?? labels['proxy'] ?? labels['job'])?.replace(/@[a-z]{1,30}$/u, '')
  if (name === undefined || name === '') return null
  const [namespace, short] = name.includes('/') ? name.split('/', 2) : [labels['exported_namespace'] ?? labels['namespace'] ?? '-', name]
  return service(namespace ?? '-', short ?? name)
}
