/** Words that name no one: left as they are, so that a redacted report still says what kind of thing failed. */

const WORDS = new Set(
  (
    'admin adapter agent ai alert alertmanager alloy analytics apache api apiserver app apps argocd audit auth authn authz autoscaler aws azure backend backends backup base batch beat blackbox ' +
    'bucket build builder bus cache cadvisor calico canary cd cdn celery cert certs certmanager ci cilium client cloud cluster cm cni collector config configmap connect consumer container ' +
    'containerd containers control controller core coredns cp cpu cri cron cronjob csi dashboard data database datadog db dbs default demo deploy deployment dev disk dns docker driver edge elastic ' +
    'elasticsearch email envoy error errors etcd event events example export exporter exporters external federation fluent fluentbit fluentd frontend gateway gcp git github gitlab grafana grpc haproxy health ' +
    'host hosts http https image images import info infra ingress init instance internal io istio java jaeger job jobs kafka keepalived kernel keycloak kube kubelet kubernetes kubenswrapper lb lease ' +
    'linkerd lint linux list load loadbalancer local localhost log logger logging login logs loki machine mail mailer main manager master mcp memcached memory mesh metric metrics metallb migrate migration mimir minio ' +
    ' mongo mongodb monitor monitoring mysql nat net network nginx node nodejs nodes notifications null openssl ops otel other pg pgbouncer php ping pipeline platform plugin pod pods policy ' +
    'pool postgres postgresql primary prober processor prod producer production prometheus promtail proxy pub public push pushgateway python queue rabbitmq rails read redis registry relay release replica replicas ' +
    '  rest router rpc ruby run runner runtime scheduler scraper scripts secret secrets security self sentinel server servers service services session sidecar smtp snapshot socket sql ' +
    'ssh staging standby state static statefulset stats storage sub sync syslog system systemd target targets task tasks telemetry tempo temporal terminal test tests thanos time tls token tool tools traefik ui ' +
    'unknown upload user users vault victoria volume volumes vm web webhook webhooks worker workers write www xds zipkin zone zookeeper'
  ).split(' '),
)

/** Of such words and numbers alone: 'kube-system', 'postgres-exporter', 'web-2'. */
export const isGeneric = (name: string): boolean => {
  const parts = name.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  return parts.length <= 6 && parts.every((part) => part === '' || /^\d{1,5}$/u.test(part) || WORDS.has(part))
}

export const isGenericWord = (name: string): boolean => WORDS.has(name.toLowerCase())

/** Hosts of the projects themselves, which log lines and objects name everywhere. */
const PUBLIC = [
  'k8s.io',
  'kubernetes.io',
  'docker.io',
  'docker.com',
  'gcr.io',
  'ghcr.io',
  'quay.io',
  'github.com',
  'gitlab.com',
  'prometheus.io',
  'grafana.com',
  'postgresql.org',
  'nginx.org',
  'redis.io',
  'golang.org',
  'kernel.org',
  'debian.org',
  'python.org',
  'wikipedia.org',
  'localhost.localdomain',
  'cluster.local',
]

export const isPublicHost = (host: string): boolean => PUBLIC.some((one) => host === one || host.endsWith(`.${one}`))

/** Endings of host names that are no endings of files or of names in programs; the second list also where there is but one dot. */
const ENDINGS = new Set(
  'io app me tv ai co info biz tech online site store shop local localdomain internal intranet lan corp home private arpa test invalid example gov edu mil int us ca br mx ar au nz jp cn in kr sg hk za uk fr it es nl be dk se no fi cz hu ro pt gr ru ua ie lu li tr il'.split(
    ' ',
  ),
)
const SURE_ENDINGS = new Set('com net org de at ch eu cloud dev'.split(' '))

/** Whether a word with dots in it is a host's name. */
export const looksLikeHost = (word: string): boolean => {
  const labels = word.toLowerCase().split('.')
  const last = labels.at(-1) ?? ''
  if (labels.length < 2 || labels.length > 10 || !labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u.test(label))) return false
  return SURE_ENDINGS.has(last) || (labels.length > 2 && ENDINGS.has(last))
}
