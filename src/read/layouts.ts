/**
 * Well-known layouts of dumps: what a path in them tells of the pod, the container and the machine behind a file. Patterns look at the path with
 * '/' between folders and archives alike; the first that fits decides. All are linear.
 */

interface Layout {
  /** Who writes it so, and where that is described. */
  readonly of: string
  /** Groups: namespace, pod, container, node; only those that the path tells. */
  readonly pattern: RegExp
  /** A real path of it; the tests read it. */
  readonly example: string
  /** The API server was asked for it: the machine that the rest of the path names only kept it. */
  readonly fromApi?: true
}

/** Letters that Kubernetes makes random names of: no vowels, nothing that looks like another (apimachinery/pkg/util/rand). */
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]'
/** The name of a Deployment's pod, which nothing else is called like. */
const OF_DEPLOYMENT = `[a-z0-9][a-z0-9.-]{0,200}-${RANDOM}{8,10}-${RANDOM}{5}`

export const layouts: readonly Layout[] = [
  {
    of: "the kubelet's /var/log/pods (kubelet/kuberuntime/helpers.go)",
    pattern: /(?:^|\/)(?<namespace>[a-z0-9-]+)_(?<pod>[a-z0-9.-]+)_[0-9a-f-]{8,36}\/(?<container>[^/]+)\/\d+\.log[^/]*$/u,
    example: 'node-1/pods/shop_web-1_0123abcd-4567/web/0.log',
  },
  {
    of: 'the same, as people shorten it',
    pattern: /(?:^|\/)pods\/(?:[^/]+\/)?(?<namespace>[a-z0-9-]+)_(?<pod>[a-z0-9.-]+)\/(?<container>[^/]+)\/\d+\.log[^/]*$/u,
    example: 'var/log/pods/shop_web-1/web/0.log',
  },
  {
    of: 'the same, with a file per container',
    pattern: /(?:^|\/)pods\/(?:[^/]+\/)?(?<namespace>[a-z0-9-]+)_(?<pod>[a-z0-9.-]+)\/(?<container>[^/]+?)(?:[-_.]previous)?\.log[^/]*$/u,
    example: 'pods/shop_web-1/web.log',
  },
  {
    of: "the kubelet's /var/log/containers (kubelet/kuberuntime/legacy.go)",
    pattern: /(?:^|\/)(?<pod>[a-z0-9.-]+)_(?<namespace>[a-z0-9-]+)_(?<container>[a-z0-9-]+)-[0-9a-f]{12,64}\.log[^/]*$/u,
    example: 'var/log/containers/web-1_shop_web-0123456789abcdef.log',
  },
  {
    of: 'OpenShift must-gather and oc adm inspect; insights-operator with a containers folder (oc: pkg/cli/admin/inspect/pod.go)',
    pattern: /(?:^|\/)namespaces\/(?<namespace>[^/]+)\/pods\/(?<pod>[^/]+)\/(?:containers\/)?(?<container>[^/]+)\/(?:[^/]+\/)?logs\/(?:rotated\/)?[^/]+$/u,
    example: 'must-gather.local.1/quay-io-x/namespaces/shop/pods/web-1/web/web/logs/previous.log',
  },
  {
    of: 'the same, without the folder of its logs, as people copy it',
    pattern: /(?:^|\/)namespaces\/(?<namespace>[^/]+)\/pods\/(?<pod>[^/]+)\/(?<container>[^/]+)\/(?:current|previous)\.log[^/]*$/u,
    example: 'must-gather/namespaces/shop/pods/web-1/web/current.log',
  },
  {
    of: 'troubleshoot.sh support bundles, clusterResources (troubleshoot: pkg/collect/cluster_resources.go)',
    pattern: /(?:^|\/)pods\/logs\/(?<namespace>[^/]+)\/(?<pod>[^/]+)\/(?<container>[^/]+?)(?:-previous)?\.log[^/]*$/u,
    example: 'support-bundle/cluster-resources/pods/logs/shop/web-1/web-previous.log',
  },
  {
    of: 'Sonobuoy snapshots (https://sonobuoy.io/docs/main/snapshot/)',
    pattern: /(?:^|\/)podlogs\/(?<namespace>[^/]+)\/(?<pod>[^/]+)\/logs\/(?<container>[^/]+)\.txt$/u,
    example: 'podlogs/shop/web-1/logs/web.txt',
  },
  {
    of: "insights-operator's archive",
    pattern: /(?:^|\/)pod\/(?<namespace>[^/]+)\/logs\/(?<pod>[^/]+)\/[^/]+$/u,
    example: 'config/pod/shop/logs/web-1/errors.log',
  },
  {
    of: 'kubectl cluster-info dump --output-directory (kubectl: pkg/cmd/clusterinfo/clusterinfo_dump.go)',
    pattern: /(?:^|\/)(?<namespace>[^/]+)\/(?<pod>[^/]+)\/logs\.txt$/u,
    example: 'cluster-dump/shop/web-1/logs.txt',
  },
  {
    of: 'kubectl logs, into folders of namespaces and pods',
    pattern: new RegExp(
      `(?:^|/)pods/(?<namespace>[a-z0-9-]+)/(?<pod>[a-z0-9][a-z0-9.-]{0,200}-(?:\\d{1,3}|${RANDOM}{5}))/(?<container>[a-z0-9-]+?)(?:[-_.]previous)?\\.log[^/]*$`,
      'u',
    ),
    example: 'pods/shop/web-7d9c5b8f6d-x2x4z/web.log',
  },
  {
    // <collector's name>/<pod>/<container>.log: the namespace is not told. Only of a Deployment's pods, since other names may be machines'.
    of: 'troubleshoot.sh support bundles, logs (troubleshoot: pkg/collect/logs.go)',
    pattern: new RegExp(`(?:^|/)(?<pod>${OF_DEPLOYMENT})/(?<container>[a-z0-9-]+?)(?:-previous)?\\.log[^/]*$`, 'u'),
    example: 'support-bundle/all-logs/nginx-deployment-7986654d4-ztx2g/nginx.log',
  },
  {
    of: "OpenShift's CI, gather-extra (openshift/release: ci-operator/step-registry/gather/extra)",
    pattern: /(?:^|\/)pods\/(?<namespace>[a-z0-9-]+)_(?<pod>[a-z0-9.-]+)_(?<container>[a-z0-9-]+?)(?:_previous)?\.log[^/]*$/u,
    example: 'artifacts/e2e/gather-extra/artifacts/pods/shop_web-1_web_previous.log.gz',
    fromApi: true,
  },
  {
    of: 'sos report, what kubectl said of pods: files named after the command (sos: sos/report/plugins/kubernetes.py)',
    pattern: /kubectl[^/]*_--namespace[_=](?<namespace>[a-z0-9-]+)_logs_(?<pod>[a-z0-9.-]+)(?:_-c_(?<container>[a-z0-9-]+))?[^/]*$/u,
    example: 'sosreport-a-2026-11-21-abcdefg/sos_commands/kubernetes/cluster-info/shop/podlogs/web-1/kubectl_--namespace_shop_logs_web-1_-c_web',
    fromApi: true,
  },
  {
    // Namespace and pod are joined by a hyphen: only the namespaces that it asks for are told apart.
    of: "Rancher's logs collector, pods (rancherlabs/support-tools: collection/rancher/v2.x/logs-collector)",
    pattern:
      /(?:^|\/)podlogs\/(?<namespace>kube-system|kube-public|cattle-[a-z]{1,20}(?:-[a-z]{1,20}){0,3}?-system|cattle-system|cattle-[a-z]{1,20}|fleet-default|fleet-system|longhorn-system|istio-system|ingress-nginx|calico-system|tigera-operator|cis-operator-system)-(?<pod>[a-z0-9.-]+?)(?:-previous)?$/u,
    example: 'worker-3-2026-11-21_08_18_01/rke2/podlogs/kube-system-rke2-coredns-rke2-coredns-6dbc8f9cf8-abcde-previous',
    fromApi: true,
  },
  {
    of: 'kubectl logs, into a file named after the pod and its namespace',
    pattern: new RegExp(
      `(?:^|/)(?<namespace>[a-z0-9-]+)_(?<pod>${OF_DEPLOYMENT})(?:_(?!previous)(?<container>[a-z0-9-]+))?(?:[-_.]previous)?\\.(?:log|txt)[^/]*$`,
      'u',
    ),
    example: 'logs/shop_web-7d9c5b8f6d-x2x4z.log',
  },
  {
    of: 'kubectl logs, into a file named after the pod',
    pattern: new RegExp(`(?:^|/)(?<pod>${OF_DEPLOYMENT})(?:[-_.](?!previous)(?<container>[a-z0-9-]+))??(?:[-_.]previous)?\\.(?:log|txt)[^/]*$`, 'u'),
    example: 'logs/web-7d9c5b8f6d-x2x4z.log',
  },
  {
    // Names of a StatefulSet's or a DaemonSet's pods may be those of other things anywhere else.
    of: 'the same, in a folder of pods',
    pattern: new RegExp(
      `(?:^|/)pods?/(?:(?<namespace>[a-z0-9-]+)/)?(?<pod>[a-z0-9][a-z0-9.-]{0,200}-(?:\\d{1,3}|${RANDOM}{5}))(?:[-_.]previous)?\\.(?:log|txt)[^/]*$`,
      'u',
    ),
    example: 'pods/db-0.log',
  },
  {
    of: "Rancher's logs collector: its folder and archive are named after the host and the time",
    pattern: /(?:^|\/)(?<node>[a-z0-9](?:[a-z0-9.-]{0,200}?[a-z0-9])?)-\d{4}-\d{2}-\d{2}_\d{2}_\d{2}_\d{2}(?:\/|\.tar)/u,
    example: 'worker-3-2026-11-21_08_18_01.tar.gz/worker-3-2026-11-21_08_18_01/journald/rke2-agent',
  },
  {
    of: 'sos report: its folder and archive are named after the host, a case and the day (sos: sos/policies/__init__.py)',
    pattern: /(?:^|\/)sosreport-(?<node>[a-z0-9](?:[a-z0-9.-]{0,200}?[a-z0-9])?)(?:-\d{5,12})?-\d{4}-\d{2}-\d{2}-[a-z]{7}(?:\/|\.tar)/u,
    example: 'sosreport-worker-3-01234567-2026-11-21-abcdefg/sos_commands/logs/journalctl_--no-pager',
  },
  {
    of: 'log collector of EKS: named after the instance (awslabs/amazon-eks-ami: log-collector-script)',
    pattern: /(?:^|\/)eks_(?<node>i-[0-9a-f]{8,17})_[^/]*(?:\/|\.tar)/u,
    example: 'eks_i-0123456789abcdef0_2026-11-21_0818-UTC_0.7.8.tar.gz/kubelet/kubelet.log',
  },
]

/** What a path tells: the first layout's pod and container, and the first machine that is named. */
export interface Told {
  readonly namespace: string | null
  readonly pod: string | null
  readonly container: string | null
  readonly node: string | null
  /** The API server was asked for it: no machine in the path wrote it. */
  readonly fromApi: boolean
}

/** Longer paths are an attack, not a layout. */
const MAX_PATH = 4_096

export const plainPath = (path: string): string => path.slice(-MAX_PATH).replaceAll('!/', '/').replaceAll('\\', '/')

export const toldBy = (path: string): Told => {
  const plain = plainPath(path)
  let inPod: Readonly<Record<string, string | undefined>> | null = null
  let node: string | null = null
  let fromApi = false
  for (const { pattern, fromApi: asked } of layouts) {
    const groups = pattern.exec(plain)?.groups
    if (groups === undefined) continue
    if (groups['pod'] !== undefined && inPod === null) {
      inPod = groups
      fromApi = asked === true
    }
    node ??= groups['node'] ?? null
  }
  return { namespace: inPod?.['namespace'] ?? null, pod: inPod?.['pod'] ?? null, container: inPod?.['container'] ?? null, node: fromApi ? null : node, fromApi }
}
