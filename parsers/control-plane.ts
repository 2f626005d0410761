/**
 * The controller manager's, the scheduler's and the API server's logs, and those of other programs that log with klog. The API server mixes
 * JSON lines of its etcd client and plain lines of Go's HTTP server into its log: they are counted, they mean nothing by themselves.
 */
import type { InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readIso } from '../src/read/stamps.js'
import { controlPlaneMeanings, controlPlaneMentions, oldControlPlaneMeanings, sayApplication } from './control-plane-messages.js'
import { klogSources, openKlog, placeOf, type KlogTable } from './klog.js'
import { eventMeanings } from './klog-events.js'
import { kubeletMeanings } from './kubelet-messages.js'

const TABLE: KlogTable = {
  meanings: [...controlPlaneMeanings, ...oldControlPlaneMeanings, ...kubeletMeanings, ...eventMeanings],
  mentions: controlPlaneMentions,
  otherwise: sayApplication,
}

const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'cloud-controller-manager', 'kube-proxy']

/** What files are called for short. */
const SHORT_NAMES: readonly (readonly [string, string])[] = [
  ['cloud-controller', 'cloud-controller-manager'],
  ['apiserver', 'kube-apiserver'],
  ['controller-manager', 'kube-controller-manager'],
  ['scheduler.log', 'kube-scheduler'],
]

/** Source files that only these components have. */
const SOURCES =
  /^(?:node_lifecycle_controller|schedule_one|scheduler|replica_set|apf_controller|endpoints_controller|endpointslice_controller|deployment_controller|garbagecollector|node_authorizer|node_tree|taint_manager|taint_eviction|cidrallocator|available_controller|leaderelection|controllermanager|job_controller|horizontal|resource_quota_controller|cronjob_controllerv2|stateful_set|daemon_controller|httplog|wrap|handler_proxy|proxier)\.go$/u
export const isControlPlaneSource = (source: string): boolean => SOURCES.test(source)

/** The program's name, from the file's place or name, else from what only it logs. */
const componentOf = (context: InputContext): string => {
  const known = COMPONENTS.find((component) => placeOf(context.path).includes(component) || context.container === component)
  if (known !== undefined) return known
  const file = context.path.slice(context.path.lastIndexOf('/') + 1)
  const short = SHORT_NAMES.find(([name]) => file.startsWith(name))
  if (short !== undefined && context.container === null) return short[1]
  return context.container ?? (file.replace(/\.(?:log|txt|out)$/u, '') || 'klog')
}

/** 2026/11/21 08:18:09 http: TLS handshake error … · {"level":"warn","ts":"2026-11-21T08:18:09.8Z",…} */
const withForeignLines = (reader: LineReader, sink: Sink): LineReader => {
  let own = false
  return {
    line(bytes, start, end, envelope) {
      own = reader.line(bytes, start, end, envelope)
      if (own) return true
      let at = -1
      if (bytes[start] === 123) {
        const stamp = bytes.subarray(start, Math.min(end, start + 200)).indexOf('"ts":"')
        at = stamp < 0 ? -1 : readIso(bytes, start + stamp + 6, end)
      } else if (bytes[start + 4] === 47) at = readIso(bytes, start, end)
      else if (bytes.toString('latin1', start, Math.min(end, start + 6)) === 'http: ') {
        sink.part()
        return true
      }
      if (at < 0) return false
      preferEnvelope(envelope)
      sink.record(found.ms, found.basis)
      return true
    },
    pass: (bytes, view, start, limit, most, prefix) => (own ? (reader.pass?.(bytes, view, start, limit, most, prefix) ?? start) : start),
    end: () => reader.end(),
  }
}

export const controlPlane: LineFormat = {
  id: 'control-plane',
  takes: 'lines',
  reads: "the Kubernetes control plane's logs, and other programs that log with klog",
  reference: 'https://github.com/kubernetes/klog/blob/v2.130.1/README.md',
  example: 'I1121 08:19:14.821198   12859 controller_utils.go:186] "Recording status change event message for node" status="NodeNotReady" node="worker-3"',
  units: [...COMPONENTS, 'kube-controller', 'k8s-controller-manager'],
  sniff: ({ lines, path }) => {
    const sources = klogSources(lines)
    if (sources.length === 0) return 0
    const own = sources.filter(isControlPlaneSource).length
    const named = COMPONENTS.some((component) => placeOf(path).includes(component))
    const share = Math.min(1, (sources.length * 1.25) / lines.length)
    return (named ? 0.54 : own > 0 ? 0.4 : 0.3) + 0.4 * share
  },
  open: (sink, context) => withForeignLines(openKlog(sink, context, componentOf(context), TABLE), sink),
}
