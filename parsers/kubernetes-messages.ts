/** What the message of an event or condition says beyond its reason: the words of kubelet, scheduler, attach-detach controller and drivers. */
import { external, service, type Entity } from '../src/model/entity.js'
import type { Attributes } from '../src/model/extract.js'
import { expiredFor, isDns, isUncached, NO_ADDRESS } from './klog-reasons.js'

/** Messages can carry a whole response body; what tells stands at the beginning. */
const head = (message: string): string => (message.length > 4096 ? message.slice(0, 4096) : message)

/** pkg/scheduler/framework/types.go, FitError: '0/5 nodes are available: 2 Insufficient memory, 3 node(s) had untolerated taint {…}.' */
export const unschedulable = (message: string): Attributes => {
  const text = head(message)
  // Taints of other pools stand in most of these messages; what the pod itself lacks tells more.
  const reason = /persistentvolume|volume node affinity|volume count|unbound|storage class/iu.test(text)
    ? 'volume'
    : text.includes('Insufficient memory')
      ? 'memory'
      : text.includes('Insufficient cpu')
        ? 'cpu'
        : text.includes('Insufficient ') || text.includes('Too many pods')
          ? 'other'
          : text.includes('node(s) were unschedulable')
            ? 'taint'
            : /anti-affinity|pod affinity|topology spread/u.test(text)
              ? 'affinity'
              : /node selector|node affinity|affinity\/selector/u.test(text)
                ? 'node-selector'
                : text.includes(' taint')
                  ? 'taint'
                  : 'other'
  const taint = /taints? \{([^:}]{1,100})/u.exec(text)?.[1]
  return taint === undefined ? { reason } : { reason, taint }
}

export interface WebhookFailure {
  readonly webhook: string
  /** Who should have answered; null where its address is not told. */
  readonly server: Entity | null
  /** Where that is why; null otherwise. */
  readonly certificate: WebhookCertificate | null
}

/** What is wrong with a webhook's certificate, and whose it is. */
export interface WebhookCertificate {
  readonly webhook: string
  readonly entity: Entity
  readonly attributes: Attributes
  /** How long before the failure it had expired, milliseconds: 0 where that is not told, or so long ago that nobody had noticed until then. */
  readonly lateMs: number
}

const CALLED_WEBHOOK = /[Ff]ailed calling (?:admission )?webhook,? ?(?:failing (?:closed|open) )?"?([a-z0-9.-]{3,253})/u
const WEBHOOK_ADDRESS = /Post "?https:\/\/([A-Za-z0-9.-]{1,253})[:/?"]/u
const IN_CLUSTER = /^([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc(?:\.|$)/u
const LATELY_MS = 86_400_000

/**
 * A webhook that the API server could not ask: 'failed calling webhook "x": failed to call webhook: Post "https://x.shop.svc:443/?timeout=10s": tls: …
 * x509: certificate has expired or is not yet valid: current time … is after …'. What it refuses itself reads otherwise ('denied the request').
 * https://github.com/kubernetes/kubernetes/blob/v1.30.0/staging/src/k8s.io/apiserver/pkg/util/webhook/error.go; crypto/x509/verify.go (CertificateInvalidError)
 */
export const webhookFailure = (message: string): WebhookFailure | null => {
  const text = head(message)
  const webhook = text.includes('ailed calling ') ? CALLED_WEBHOOK.exec(text)?.[1] : undefined
  if (webhook === undefined) return null
  const host = WEBHOOK_ADDRESS.exec(text)?.[1]?.toLowerCase()
  const [, name = '', namespace = ''] = IN_CLUSTER.exec(host ?? '') ?? []
  const server = host === undefined ? null : name === '' ? external(host) : service(namespace, name)
  const reason = text.includes('x509: certificate has expired')
    ? 'expired'
    : text.includes('x509: certificate signed by unknown authority')
      ? 'unknown-authority'
      : null
  if (reason === null) return { webhook, server, certificate: null }
  const late = expiredFor(text)
  const attributes = { reason, of: 'webhook', webhook }
  return { webhook, server, certificate: { webhook, entity: server ?? 'cluster', attributes, lateMs: late < LATELY_MS ? late : 0 } }
}

/** Why a controller could not create a pod: what the API server answered. pkg/controller/controller_utils.go ('Error creating: …') */
export const creationFailure = (message: string): Attributes => {
  const text = head(message)
  if (/exceeded quota|LimitRange|maximum .{1,40} usage per/u.test(text)) return { reason: 'quota' }
  const failure = webhookFailure(text)
  if (failure !== null) return { reason: 'webhook', webhook: failure.webhook, ...(failure.server === null ? {} : { server: failure.server }) }
  return { reason: text.includes('forbidden') || text.includes('denied the request') ? 'forbidden' : 'other' }
}

/** 'MountVolume.SetUp failed for volume "cfg" : configmap "billing-config" not found' */
export const mountFailure = (message: string): Attributes => {
  const text = head(message)
  const object = missingObject(text)
  const named = /for volume "([^"]{1,253})"/u.exec(text)?.[1]
  const reason =
    object !== null || text.includes('references non-existent') || text.includes('does not exist')
      ? 'not-found'
      : /Multi-Attach|AttachVolume|failed to attach/u.test(text)
        ? 'attach'
        : /permission denied|access denied|forbidden|Unauthorized/iu.test(text)
          ? 'permission'
          : /timed out|deadline exceeded|timeout/iu.test(text) && !isUncached(text)
            ? 'timeout'
            : 'other'
  return object !== null ? { reason, object } : named !== undefined ? { reason, object: `volume ${named}` } : { reason }
}

/** 'secret billing-tls' of 'secret "billing-tls" not found'; null where nothing is said to be missing. */
export const missingObject = (message: string): string | null => {
  const match = /(configmap|secret|persistentvolumeclaim) "([^"]{1,253})" (?:is )?(?:not found|not registered|missing|being deleted)/iu.exec(head(message))
  return match === null ? null : `${(match[1] ?? '').toLowerCase()} ${match[2] ?? ''}`
}

export const imageFailure = (message: string): Attributes => {
  const text = head(message)
  const image = /(?:image|reference) "([^"]{1,300})"/u.exec(text)?.[1]
  const reason = /toomanyrequests|rate limit|429/iu.test(text)
    ? 'rate-limit'
    : /unauthorized|authentication required|denied|forbidden|no basic auth/iu.test(text)
      ? 'unauthorized'
      : isDns(text)
        ? 'dns'
        : /not found|manifest unknown|does not exist|NotFound|name unknown/u.test(text)
          ? 'not-found'
          : /timeout|deadline exceeded|timed out/iu.test(text)
            ? 'timeout'
            : 'other'
  const address = /dial tcp (\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]{2,45}\]):/u.exec(text)?.[1]
  return { reason, ...(image === undefined ? {} : { image }), ...(address === undefined ? {} : { address }) }
}

export const isAboutImages = (message: string): boolean =>
  /pulling image|pull image|ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|inspect image|image name|unpack image/iu.test(head(message))

/** Why a sandbox could not be made: the network plugin, which may have no address left, or the runtime. */
export const sandboxFailure = (message: string): string => {
  const text = head(message)
  if (NO_ADDRESS.test(text)) return 'addresses'
  if (/cni|network plugin|networkPlugin|setup network|IPAM|failed to set up sandbox container|no IP addresses|range set/iu.test(text)) return 'cni'
  return /rpc error|runtime|containerd|shim|cgroup|deadline/iu.test(text) ? 'runtime' : 'other'
}

/** pkg/kubelet/prober/prober.go: 'Readiness probe failed: Get "http://…": dial tcp …: connect: connection refused' */
export const probeFailure = (message: string): Attributes => {
  const text = head(message)
  const probe = /^(Readiness|Liveness|Startup)/u.exec(text)?.[1] ?? 'other'
  const status = /statuscode: ([0-9]{3})/iu.exec(text)?.[1]
  if (status !== undefined) return { probe, reason: 'status', status: Number(status) }
  const reason = text.includes('connection refused')
    ? 'refused'
    : /no route to host|network is unreachable|host is down/u.test(text)
      ? 'no-route'
      : /deadline exceeded|Client\.Timeout|i\/o timeout|timed out|timeout/u.test(text)
        ? 'timeout'
        : text.includes('connection reset') || text.includes(': EOF')
          ? 'reset'
          : 'other'
  return { probe, reason }
}

/** What a node was low on, or what made the kubelet or a controller evict: memory, disk, preemption, node, taint. */
const OWN_LIMIT =
  /Usage of EmptyDir volume .{1,260} exceeds the limit|ephemeral local storage usage exceeds the total limit|exceeded its local ephemeral storage limit/u
/** The pod's own limit, whatever room the node has: pkg/kubelet/eviction/eviction_manager.go */
export const isOverOwnLimit = (message: string): boolean => OWN_LIMIT.test(message)

export const evictionReason = (message: string): string => {
  const text = head(message)
  if (/resource: \[?memory|memory pressure|MemoryPressure|allocatableMemory/iu.test(text)) return 'memory'
  if (isOverOwnLimit(text)) return 'disk-limit'
  if (/ephemeral|inodes|DiskPressure|imagefs|nodefs|EmptyDir|local storage|disk/iu.test(text)) return 'disk'
  if (/[Pp]reempt/u.test(text)) return 'preemption'
  if (/taint/iu.test(text)) return 'taint'
  return 'node'
}

/** Whether a threshold or pressure is about memory or about disk; null for process ids and the like. */
export const pressureOf = (message: string): 'memory' | 'disk' | null =>
  /memory/iu.test(message) ? 'memory' : /ephemeral|inodes|disk|imagefs|nodefs|filesystem/iu.test(message) ? 'disk' : null
