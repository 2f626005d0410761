/**
 * Records of the API server's audit log, audit.k8s.io/v1, and of Google's Cloud Audit Logs about Kubernetes: who did what.
 * https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ · https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
 * What people and their tools did is an action or a change; what controllers and kubelets do all day is told by events and objects.
 */
import { node, pod, service, workload, type Entity } from '../src/model/entity.js'
import type { Attributes } from '../src/model/extract.js'
import type { SignalDraft, Sink } from '../src/model/format.js'
import { entityOf, isObject, listOf, numberOf, objectOf, stamp, textOf, timeOf, type JsonObject } from './kubernetes-fields.js'
import { counter, type Counter } from './text-counts.js'

/** Whether this is a record of the API server's audit log, or of Google's about it. */
export const isAudit = (object: JsonObject): boolean =>
  textOf(object, 'apiVersion').startsWith('audit.') || textOf(objectOf(object, 'protoPayload'), 'methodName').startsWith('io.k8s.')

/** One request, whoever logged it. */
interface Request {
  readonly ms: number
  readonly verb: string
  readonly user: string
  readonly agent: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly uri: string
  readonly code: number
  readonly body: JsonObject | undefined
}

/** The API server as a service, by the name that every pod knows it by. */
const API_SERVER: Entity = service('default', 'kubernetes')

/** The cluster's own parts and its provider's: not people. Service accounts are told apart by what they are called and run. */
const MACHINES =
  /^(?:system:(?!admin$|serviceaccount:|masters$)|eks:|aks|azure:|acsService|gke-|kubelet|kube-|cloud-controller|cluster-autoscaler|karpenter|nodeclient|masterclient|apiserver)/u
const TOOL_ACCOUNT =
  /(?:^|[-_.:])(?:ci|cd|cicd|deploy(?:er|bot)?|argo(?:cd)?|flux|fluxcd|jenkins|gitlab|github|tekton|spinnaker|helm|terraform|pulumi|ansible|runner|pipelines?|admin)(?:$|[-_.:])/u
const TOOL_AGENT = /^(?:kubectl|oc|helm|k9s|lens|argocd|flux|kustomize|terraform|pulumi|ansible|openapi-generator|rancher|headlamp|skaffold|werf|stern)\b/iu

const isActor = ({ user, agent }: Request): boolean => {
  if (user === '' || MACHINES.test(user)) return false
  if (!user.startsWith('system:serviceaccount:')) return true
  return !user.startsWith('system:serviceaccount:kube-system:') && (TOOL_ACCOUNT.test(user.slice('system:serviceaccount:'.length)) || TOOL_AGENT.test(agent))
}

/** Null where this is no record of a request that was answered. */
const requestOf = (object: JsonObject): Request | null => {
  const payload = objectOf(object, 'protoPayload')
  if (payload !== undefined) return googleRequestOf(object, payload)
  const user = objectOf(object, 'impersonatedUser') ?? objectOf(object, 'user')
  const about = objectOf(object, 'objectRef')
  const body = objectOf(object, 'requestObject')
  const received = timeOf(object, 'requestReceivedTimestamp')
  return {
    ms: Number.isNaN(received) ? timeOf(object, 'timestamp') : received,
    verb: textOf(object, 'verb'),
    user: textOf(user, 'username'),
    agent: textOf(object, 'userAgent'),
    resource: textOf(about, 'resource'),
    subresource: textOf(about, 'subresource'),
    namespace: textOf(about, 'namespace'),
    // A create names its object only in its body.
    name: textOf(about, 'name') || textOf(objectOf(body, 'metadata'), 'name'),
    uri: textOf(object, 'requestURI'),
    code: numberOf(objectOf(object, 'responseStatus'), 'code'),
    body,
  }
}

const RESOURCE_NAME = /^[a-z0-9.]{1,80}\/v[a-z0-9]{1,20}\/(?:namespaces\/([^/]{1,253})\/)?([a-z]{1,60})\/([^/]{1,253})/u

/** 'io.k8s.core.v1.pods.eviction.create' on 'core/v1/namespaces/shop/pods/web-1/eviction' */
const googleRequestOf = (entry: JsonObject, payload: JsonObject): Request | null => {
  const method = /^io\.k8s\.(?:[a-z0-9]{1,60}\.){1,6}v[a-z0-9]{1,20}\.([a-z]{1,60})\.(?:([a-z]{1,60})\.)?([a-z]{1,20})$/u.exec(textOf(payload, 'methodName'))
  if (method === null) return null
  const [, resource = '', subresource = '', verb = ''] = method
  const [, namespace = '', , name = ''] = RESOURCE_NAME.exec(textOf(payload, 'resourceName')) ?? []
  const status = numberOf(objectOf(payload, 'status'), 'code')
  const metadata = objectOf(payload, 'requestMetadata')
  return {
    ms: timeOf(entry, 'timestamp'),
    verb,
    user: textOf(objectOf(payload, 'authenticationInfo'), 'principalEmail'),
    agent: textOf(metadata, 'callerSuppliedUserAgent'),
    resource,
    subresource,
    namespace,
    name,
    uri: '',
    // google.rpc.Code: 0 is well, or a status of HTTP.
    code: Number.isNaN(status) || status === 0 ? 200 : status < 100 ? 400 : status,
    body: objectOf(payload, 'request'),
  }
}

/** Kinds of workload by the name of their resource. */
const WORKLOADS: ReadonlySet<string> = new Set(['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'deploymentconfigs', 'rollouts'])
const PATCHES: ReadonlySet<string> = new Set(['patch', 'update'])
/** A drain evicts the pods of the node that its user has just cordoned. */
const DRAIN_MS = 15 * 60_000
const MAX_REMEMBERED = 20_000

export interface AuditReader {
  /** False: no record of a request to the Kubernetes API. */
  read(object: JsonObject): boolean
  /** A request whose record need not be parsed, since it only reads or is a machine's: its answer counts. */
  answered(ms: number, code: number, uri: string, text: string): void
  end(): void
}

export const auditReader = (sink: Sink): AuditReader => {
  const counters = new Map<string, Counter>()
  /** The node that a user last changed, and when: what the evictions that follow are about. */
  const touched = new Map<string, { readonly node: Entity; readonly ms: number }>()
  const placed = new Map<string, string>()

  const answered = (ms: number, code: number, uri: string, text: string): void => {
    sink.record(ms, 'utc')
    if (Number.isNaN(ms) || !(code >= 100 && code < 600) || uri.includes('metrics.k8s.io')) return
    const kind = `${Math.floor(code / 100)}xx`
    let count = counters.get(kind)
    if (count === undefined) counters.set(kind, (count = counter(sink, 'faultline_http_requests', { service: 'default/kubernetes', class: kind })))
    count.add(ms)
    if (code >= 500 || code === 429)
      sink.signal({
        kind: 'http.error',
        entity: API_SERVER,
        at: stamp(ms),
        text,
        burst: String(code),
        attributes: { status: code, service: 'default/kubernetes' },
      })
    else if (code === 401 || code === 403)
      sink.signal({ kind: 'log.warning', entity: API_SERVER, at: stamp(ms), text, burst: String(code), attributes: { app: 'kube-apiserver', reason: 'other' } })
  }

  const say = (request: Request, kind: SignalDraft['kind'], entity: Entity, more: Attributes = {}, phase: SignalDraft['phase'] = 'point'): void => {
    const { ms, user, agent, verb, resource, subresource, namespace, name } = request
    const tool = agent.split(' ')[0] ?? ''
    const object = `${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace === '' ? '' : `${namespace}/`}${name}`
    const told = Object.entries(more).map(([key, value]) => `${key}=${value}`)
    sink.signal({
      kind,
      entity,
      phase,
      at: stamp(ms),
      attributes: { user, ...(tool === '' ? {} : { agent: tool }), ...more },
      text: `${user}${tool === '' ? '' : ` (${tool})`}: ${verb} ${object}${told.length === 0 ? '' : ` ${told.join(' ')}`}`,
      burst: `${user} ${JSON.stringify(more)}`,
    })
  }

  const onNode = (request: Request): void => {
    const entity = node(request.name)
    if (request.verb === 'delete') {
      say(request, 'change.node-removed', entity)
      return
    }
    if (!PATCHES.has(request.verb) || request.subresource !== '') return
    touched.set(request.user, { node: entity, ms: request.ms })
    const spec = objectOf(request.body, 'spec')
    if (spec === undefined || !Object.hasOwn(spec, 'unschedulable')) return
    // A merge patch takes the field away with null; an update writes all of it.
    say(request, 'action.cordon', entity, {}, spec['unschedulable'] === true ? 'begin' : 'end')
  }

  const onPod = (request: Request): void => {
    const { verb, subresource, namespace, name, user, ms } = request
    const evicts = subresource === 'eviction' && verb === 'create'
    if (!evicts && !(subresource === '' && (verb === 'delete' || verb === 'deletecollection'))) return
    const entity = pod(namespace, verb === 'deletecollection' ? '*' : name)
    const near = touched.get(user)
    const on =
      near !== undefined && ms - near.ms >= 0 && ms - near.ms <= DRAIN_MS ? near.node : evicts && placed.has(entity) ? node(placed.get(entity) ?? '') : null
    if (verb !== 'deletecollection') say(request, 'pod.deleted', entity, { how: evicts ? 'eviction' : 'delete' })
    if (evicts && on !== null) say(request, 'action.drain', on)
    else if (!evicts) say(request, 'action.pod-deleted', verb === 'deletecollection' ? workload(namespace, '*') : entity)
  }

  const onWorkload = (request: Request): void => {
    const { verb, subresource, namespace, name, body, uri, resource } = request
    const entity = resource === 'replicasets' ? (entityOf('ReplicaSet', namespace, name) ?? workload(namespace, name)) : workload(namespace, name)
    const spec = objectOf(body, 'spec')
    const to = numberOf(spec, 'replicas')
    if (verb === 'delete') {
      say(request, 'change.scaled', entity, { to: 0, reason: 'deleted' })
      return
    }
    if (subresource === 'scale' && PATCHES.has(verb)) {
      say(request, 'change.scaled', entity, Number.isNaN(to) ? {} : { to })
      return
    }
    if (subresource !== '' || !(PATCHES.has(verb) || verb === 'create') || resource === 'replicasets') return
    const template = objectOf(spec, 'template')
    const annotations = objectOf(objectOf(template, 'metadata'), 'annotations')
    const restarted = verb === 'patch' && (textOf(annotations, 'kubectl.kubernetes.io/restartedAt') !== '' || uri.includes('fieldManager=kubectl-rollout'))
    if (restarted) say(request, 'action.restart', entity)
    else if (body === undefined || template !== undefined) {
      const image = listOf(objectOf(template, 'spec'), 'containers')
        .filter(isObject)
        .map((container) => textOf(container, 'image'))
        .find((name) => name !== '')
      say(request, 'change.deployed', entity, image === undefined ? {} : { image })
    } else if (!Number.isNaN(to)) say(request, 'change.scaled', entity, { to })
  }

  return {
    answered,
    read(object) {
      const request = requestOf(object)
      if (request === null) return false
      const stage = textOf(object, 'stage')
      if (stage !== '' && stage !== 'ResponseComplete') {
        sink.part()
        return true
      }
      const { ms, verb, resource, subresource, namespace, name, code, body, uri, user } = request
      answered(ms, code, uri, `${user}: ${verb} ${uri || `${resource} ${namespace}/${name}`}: ${code}`)
      if (Number.isNaN(ms) || code >= 300 || name === '' || uri.includes('dryRun=All')) {
        if (verb !== 'deletecollection' || code >= 300 || Number.isNaN(ms)) return true
      }
      if (resource === 'pods' && subresource === 'binding') {
        const on = textOf(objectOf(body, 'target'), 'name')
        if (on === '') return true
        sink.fact({ fact: 'pod-on-node', pod: pod(namespace, name), node: node(on), at: stamp(ms) })
        if (placed.size < MAX_REMEMBERED) placed.set(pod(namespace, name), on)
        return true
      }
      if (!isActor(request)) return true
      if (resource === 'nodes') onNode(request)
      else if (resource === 'pods') onPod(request)
      else if (WORKLOADS.has(resource)) onWorkload(request)
      return true
    },
    end() {
      for (const count of counters.values()) count.end()
    },
  }
}
