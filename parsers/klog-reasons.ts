/** Why something failed, in the words of docs/signals.md, from the error texts of Go programs around Kubernetes. */
import type { Attributes } from '../src/model/extract.js'

/** Long errors quote what was to be sent; what went wrong stands at the end. */
const tail = (error: string): string => {
  const about = Math.max(error.lastIndexOf('" for node "'), error.length - 1_500, 0)
  return error.slice(about)
}

const has = (text: string, ...words: readonly string[]): boolean => words.some((word) => text.includes(word))

export const isConflict = (error: string): boolean => error.includes('the object has been modified')

export const isDns = (error: string): boolean =>
  has(error, 'no such host', 'server misbehaving', 'Temporary failure in name resolution') ||
  (error.includes(':53: ') && has(error, 'i/o timeout', 'connection refused'))

/** Why a request to the API server failed. */
export const requestFailure = (error: string): string => {
  const end = tail(error)
  if (has(end, 'x509:', 'certificate has expired', 'tls: ')) return 'certificate'
  if (isDns(end)) return 'dns'
  if (has(end, 'no route to host', 'network is unreachable', 'host is down')) return 'no-route'
  if (has(end, 'connection refused')) return 'refused'
  if (has(end, 'connection reset', 'connection lost', 'broken pipe', 'closed network connection', 'unexpected EOF', ': EOF', 'GOAWAY')) return 'reset'
  if (has(end, 'Unauthorized', 'forbidden', 'provide credentials')) return 'unauthorized'
  if (has(end, 'etcdserver', 'nternal error', 'internal server error', 'currently unable', 'too many requests', 'not yet ready', 'not ready'))
    return 'server-error'
  // 'the server was unable to return a response in the time allotted' is StatusReasonTimeout: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go
  if (has(end, 'unable to return a response', 'deadline exceeded', 'Client.Timeout', 'timeout', 'timed out', 'request canceled')) return 'timeout'
  return 'other'
}

const LOOKUP = /lookup ([A-Za-z0-9][A-Za-z0-9._-]{0,252})(?: on [0-9a-fA-F.:[\]]{2,60})?: /u
/** The name that was looked up. */
export const lookedUp = (error: string): string => LOOKUP.exec(error)?.[1] ?? 'unknown'

export const imageFailure = (text: string): string => {
  if (has(text, 'toomanyrequests', 'rate limit', 'Too Many Requests')) return 'rate-limit'
  if (has(text, 'nauthorized', 'authorization failed', 'denied', 'orbidden', 'no basic auth', 'authentication required')) return 'unauthorized'
  if (isDns(text)) return 'dns'
  if (has(text, 'not found', 'manifest unknown', 'does not exist', 'NotFound')) return 'not-found'
  if (has(text, 'timeout', 'deadline exceeded', 'timed out')) return 'timeout'
  return 'other'
}

/**
 * 'object "shop"/"web-config" not registered': the kubelet has just started, or the pod is on its way out, and it does not watch the pod's objects (yet, or any more).
 * An object that is not there is "not found".
 */
export const isUnwatched = (text: string): boolean => text.includes(' not registered') && !has(text, 'not found', 'timed out', 'denied', 'orbidden')

/** 'failed to sync configmap cache: timed out waiting for the condition': the kubelet's own copy was not there in the moment the pod came; no volume is late. */
export const isUncached = (text: string): boolean => /failed to sync (?:configmap|secret) cache/u.test(text)

export const mountFailure = (text: string): string => {
  if (isUncached(text)) return 'other'
  if (has(text, 'not found', 'non-existent', 'does not exist', 'no such file')) return 'not-found'
  if (has(text, 'ermission denied', 'access denied', 'forbidden', 'not permitted', 'nauthorized')) return 'permission'
  if (has(text, 'AttachVolume', 'Multi-Attach', 'not attached', 'WaitForAttach', 'volume attachment')) return 'attach'
  if (has(text, 'timed out', 'timeout', 'deadline exceeded')) return 'timeout'
  return 'other'
}

const MISSING = /(configmap|secret|persistentvolumeclaim)s? \\*"([a-z0-9][a-z0-9.-]{0,252})\\*" not found/u
/** configmap/web-config of 'configmap "web-config" not found' (old: configmaps). */
export const missingObject = (text: string): string | null => {
  const found = MISSING.exec(text)
  return found === null ? null : `${found[1]}/${found[2]}`
}

/** In the words of host-local ('no IP addresses available in range set: 10.244.2.200-10.244.2.202') and of cloud providers' plugins. */
export const NO_ADDRESS = /no IP addresses available|no available IPs?\b|failed to assign an IP address to container|InsufficientFreeAddresses/u

export const sandboxFailure = (text: string): string => {
  if (NO_ADDRESS.test(text)) return 'addresses'
  if (has(text, 'cni', 'CNI', 'network', 'plugin type=', 'IPAM', 'ipam')) return 'cni'
  return has(text, 'runtime', 'runc', 'containerd', 'OCI', 'cgroup', 'context deadline exceeded') ? 'runtime' : 'other'
}

/** The scarce resource before the rest: taints of control-plane nodes appear in almost every such message. */
export const schedulingFailure = (text: string): string => {
  if (text.includes('Insufficient memory')) return 'memory'
  if (text.includes('Insufficient cpu')) return 'cpu'
  if (has(text, 'persistentvolumeclaim', 'volume', 'PersistentVolume')) return 'volume'
  if (has(text, 'anti-affinity', 'pod affinity', 'topology spread')) return 'affinity'
  if (has(text, 'selector', 'node affinity')) return 'node-selector'
  return text.includes('taint') ? 'taint' : 'other'
}

const STATUS_CODE = /statuscode: (\d{3})/u
/** In the words that the kubelet's event of it is read in. */
export const probeFailure = (output: string): Attributes => {
  const status = STATUS_CODE.exec(output)?.[1]
  if (status !== undefined) return { reason: 'status', status: Number(status) }
  if (output.includes('connection refused')) return { reason: 'refused' }
  if (has(output, 'no route to host', 'network is unreachable')) return { reason: 'no-route' }
  if (has(output, 'connection reset', 'EOF')) return { reason: 'reset' }
  return { reason: has(output, 'deadline exceeded', 'Client.Timeout', 'timeout', 'timed out') ? 'timeout' : 'failure' }
}

const GO_UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000_001 }
/** 2h33m7.5s in milliseconds; NaN where it is no Go duration. */
export const goDuration = (text: string): number => {
  let sum = NaN
  for (const [, value = '', unit = ''] of text.slice(0, 60).matchAll(/(\d{1,12}(?:\.\d{1,9})?)(ms|us|µs|ns|h|m|s)/gu)) {
    sum = (Number.isNaN(sum) ? 0 : sum) + Number(value) * (GO_UNITS[unit] ?? NaN)
  }
  return sum
}

const RFC3339 = '(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:Z|[+-]\\d\\d:\\d\\d))'
const IS_AFTER = new RegExp(`current time ${RFC3339} is after ${RFC3339}`, 'u')

/** How long ago a certificate had expired when it was rejected, milliseconds: 0 where the message does not tell. Go's crypto/x509/verify.go (CertificateInvalidError). */
export const expiredFor = (message: string): number => {
  const [, now = '', end = ''] = IS_AFTER.exec(message) ?? []
  const late = Date.parse(now) - Date.parse(end)
  return late > 0 ? late : 0
}

/** A message without what changes from line to line, as the key of a burst. */
export const withoutNumbers = (message: string): string => message.slice(0, 160).replace(/\d+/gu, 'N')

/**
 * 'Scaled up replica set web-669fc94c59 from 3 to 5'; releases around 1.26 say 'to 5 from 3', older ones, and those when they create the set, only 'to 5'.
 * https://github.com/kubernetes/kubernetes/blob/v1.27.0/pkg/controller/deployment/sync.go (scaleReplicaSet)
 */
const SCALED = /^Scaled (?:up|down) replica set ([^ ]{1,253}) (?:to ([0-9]{1,9}) from ([0-9]{1,9})|from ([0-9]{1,9}) to ([0-9]{1,9})|to ([0-9]{1,9}))/u

export const scalingIn = (message: string): Attributes | null => {
  const match = SCALED.exec(message)
  if (match === null) return null
  const to = Number(match[2] ?? match[5] ?? match[6])
  const from = match[3] ?? match[4]
  return { replicaSet: match[1] ?? '', ...(from === undefined ? {} : { from: Number(from) }), to }
}
