/**
 * What the lines of the controller manager, the scheduler and the API server mean, old and new wordings.
 * https://github.com/kubernetes/kubernetes/tree/v1.30.0/pkg/controller and pkg/scheduler
 */
import type { Entity } from '../src/model/entity.js'
import { node, process, volume, workload } from '../src/model/entity.js'
import { meansNothing } from './klog-anchors.js'
import { fieldsOf, messageOf, timeOf, type KlogLine, type Meaning, type Mention, type Saying } from './klog.js'
import { sayCondition } from './klog-events.js'
import { podOfReference } from './klog-fields.js'
import { goDuration, isConflict, schedulingFailure, withoutNumbers } from './klog-reasons.js'
import { creationFailure, webhookFailure } from './kubernetes-messages.js'

const NAME = '([A-Za-z0-9][A-Za-z0-9._-]{0,252})'
const OLD_NOT_UPDATED = new RegExp(`^node ${NAME} hasn't been updated for ([^ ]{1,40}) Last Ready is`, 'iu')
const OLD_HEALTHY = new RegExp(`^Node ${NAME} is (?:healthy|ready) again`, 'u')
const OLD_REGISTERED = new RegExp(`^Node ${NAME} was previously registered`, 'u')
const OLD_STATUS_CHANGE = new RegExp(`^Recording status change (\\w{1,40}) event message for node ${NAME}`, 'u')

const nodeOf = (line: KlogLine, old: RegExp, group = 1): Entity | null => {
  const name = fieldsOf(line).get('node') ?? old.exec(messageOf(line))?.[group]
  return name === undefined || name === '' ? null : node(name)
}

// Before 1.19 a name comes first: 'Node worker-3 is unresponsive as of 2019-05-06 10:00:05.1 +0000 UTC m=+1. Adding it to the Taint queue.'
const OLD_QUEUED = new RegExp(`^Node ${NAME} is (unresponsive|NotReady) as of `, 'u')
// Where taints did not evict yet (off by default before 1.13): said once the pods' patience is over, with the time at which the condition changed.
const QUEUED_PODS = new RegExp(`^Node is (unresponsive|NotReady)\\. Adding Pods on Node ${NAME} to eviction queue`, 'u')
const CHANGED_AT = /is later than (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,9})? ([+-]\d\d)(\d\d) /u

/** A kubelet renews its lease after a quarter of the 40 s that it is valid for: pkg/kubelet/util/nodelease.go, apis/config/v1beta1/defaults.go. */
const NEXT_HEARTBEAT_MS = 10_000

/**
 * One line per condition type of a silent node, every five seconds: the one about Ready stands for all. The first comes when the grace period is over and
 * tells how long ago the last heartbeat was: the next one is the first that was missed.
 */
const sayNotUpdated = (line: KlogLine, said: Saying): void => {
  if (fieldsOf(line).has('nodeConditionType') && fieldsOf(line).get('nodeConditionType') !== 'Ready') return
  const entity = nodeOf(line, OLD_NOT_UPDATED)
  if (entity === null) return
  const silent = goDuration(fieldsOf(line).get('duration') ?? OLD_NOT_UPDATED.exec(messageOf(line))?.[2] ?? '')
  const { ms, basis } = timeOf(line)
  const emission = silent > NEXT_HEARTBEAT_MS ? { at: { ms: Math.round(ms - silent) + NEXT_HEARTBEAT_MS, basis } } : {}
  said.emit(line, 'node.heartbeat-missed', entity, { reason: 'other', source: 'control-plane' }, emission)
}

const sayStatusChange = (line: KlogLine, said: Saying): void => {
  const entity = nodeOf(line, OLD_STATUS_CHANGE, 2)
  const status = fieldsOf(line).get('status') ?? OLD_STATUS_CHANGE.exec(messageOf(line))?.[1]
  if (entity === null) return
  if (status === 'NodeNotReady') sayCondition(line, said, entity, 'node.not-ready', 'begin', 'NodeStatusUnknown')
  else if (status === 'NodeReady') sayCondition(line, said, entity, 'node.not-ready', 'end')
}

/**
 * "Node is unresponsive. Adding it to the Taint queue": the control plane holds it Unknown (what stands for False is "NotReady"), said once, in the
 * round after the one that changed the condition, whose own words may not be logged at all.
 * https://github.com/kubernetes/kubernetes/blob/v1.30.0/pkg/controller/nodelifecycle/node_lifecycle_controller.go (processTaintBaseEviction)
 */
const sayQueued = (line: KlogLine, said: Saying): void => {
  const message = messageOf(line)
  const pods = QUEUED_PODS.exec(message)
  const old = OLD_QUEUED.exec(message)
  const name = fieldsOf(line).get('node') ?? pods?.[2] ?? old?.[1]
  if (name === undefined || name === '') return
  const unknown = pods?.[1] === 'unresponsive' || old?.[2] === 'unresponsive' || message.startsWith('Node is unresponsive')
  const reason = unknown ? 'NodeStatusUnknown' : undefined
  const changed = pods === null ? null : CHANGED_AT.exec(message)
  const ms = changed === null ? NaN : Date.parse(`${changed[1] ?? ''}T${changed[2] ?? ''}${changed[3] ?? ''}:${changed[4] ?? ''}`)
  // An offset tells the moment, whatever zone the line's own stamp is in.
  if (Number.isNaN(ms)) sayCondition(line, said, node(name), 'node.not-ready', 'begin', reason)
  else sayCondition(line, said, node(name), 'node.not-ready', 'begin', reason, { ms, basis: 'utc' })
}

const sayHealthy = (line: KlogLine, said: Saying): void => {
  if (!messageOf(line).includes(' again')) return
  const entity = nodeOf(line, OLD_HEALTHY)
  if (entity !== null) sayCondition(line, said, entity, 'node.not-ready', 'end')
}

const OLD_UNREADY = /^Updating ready status of pod ([^ ]{1,320}) to false/u
const sayUnready = (line: KlogLine, said: Saying): void => {
  const reference = fieldsOf(line).get('pod') ?? OLD_UNREADY.exec(messageOf(line))?.[1]
  if (reference !== undefined) said.emit(line, 'pod.unready', podOfReference(reference), { reason: 'node' }, { phase: 'begin' })
}

const OLD_TAINT = /deleting pod:? ([a-z0-9][a-z0-9-]{0,62}\/[a-z0-9][a-z0-9.-]{0,252})/iu
const sayTaintEviction = (line: KlogLine, said: Saying): void => {
  const reference = fieldsOf(line).get('pod') ?? OLD_TAINT.exec(messageOf(line))?.[1]
  if (reference !== undefined) said.emit(line, 'pod.evicted', podOfReference(reference), { reason: 'taint' })
}

/** "Deleting pod" is said by the taint eviction and by every controller that scales down. */
const sayDeleting = (line: KlogLine, said: Saying): void => {
  const reference = fieldsOf(line).get('pod')
  if (reference === undefined) return
  if (line.source.startsWith('taint_') || fieldsOf(line).get('controller') === 'taint-eviction-controller') sayTaintEviction(line, said)
  else said.emit(line, 'pod.deleted', podOfReference(reference))
}

/** The Deployment of a ReplicaSet: its name without the hash of its template, which uses only these letters. */
const deploymentOf = (replicaSet: string): string => replicaSet.replace(/-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/u, '')

const OLD_REPLICAS = /^Too (?:few|many) replicas for ReplicaSet ([^ ,]{1,320}), need (\d{1,6}), (?:creating|deleting) (\d{1,6})/u
/**
 * "Too many" is said when a ReplicaSet is scaled down; "too few" also when a pod is replaced, so only another `need` than before
 * tells that somebody scaled it up.
 */
const sayReplicas = (line: KlogLine, said: Saying): void => {
  const old = OLD_REPLICAS.exec(messageOf(line))
  const reference = fieldsOf(line).get('replicaSet') ?? old?.[1]
  const need = Number(fieldsOf(line).get('need') ?? old?.[2])
  const slash = reference?.indexOf('/') ?? -1
  if (reference === undefined || slash < 0 || !Number.isFinite(need)) return
  const before = said.memory.get(`need ${reference}`)
  said.memory.put(`need ${reference}`, String(need))
  const many = messageOf(line).startsWith('Too many')
  const from = many ? need + Number(fieldsOf(line).get('deleting') ?? old?.[3] ?? NaN) : Number(before ?? NaN)
  if (!Number.isFinite(from) || from === need) return
  const replicaSet = reference.slice(slash + 1)
  said.emit(line, 'change.scaled', workload(reference.slice(0, slash), deploymentOf(replicaSet)), { replicaSet, from, to: need })
}

const OLD_BOUND = /^pod ([^ ]{1,320}) is bound successfully on node "?([A-Za-z0-9._-]{1,253})/u
const sayBound = (line: KlogLine, said: Saying): void => {
  const old = OLD_BOUND.exec(messageOf(line))
  const reference = fieldsOf(line).get('pod') ?? old?.[1]
  const name = fieldsOf(line).get('node') ?? old?.[2]
  if (reference === undefined || name === undefined) return
  const entity = podOfReference(reference)
  said.emit(line, 'pod.scheduled', entity, { node: name })
  said.sink.fact({ fact: 'pod-on-node', pod: entity, node: node(name), at: timeOf(line) })
}

const OLD_NO_FIT = /^Unable to schedule ([^ :;]{1,320})[:;] no fit/u
const sayNoFit = (line: KlogLine, said: Saying): void => {
  const reference = fieldsOf(line).get('pod') ?? OLD_NO_FIT.exec(messageOf(line))?.[1]
  if (reference !== undefined)
    said.emit(line, 'pod.unschedulable', podOfReference(reference), { reason: schedulingFailure(fieldsOf(line).get('err') ?? messageOf(line)) })
}

const sayPreempted = (line: KlogLine, said: Saying): void => {
  const victim = fieldsOf(line).get('victim')
  const by = fieldsOf(line).get('preemptor')
  if (victim !== undefined)
    said.emit(line, 'pod.evicted', podOfReference(victim), { reason: 'preemption', ...(by === undefined ? {} : { by: podOfReference(by) }) })
}

/** The scheduler keeps nodes by zone: a node that comes back in another zone has changed its labels. */
const sayTree = (line: KlogLine, said: Saying): void => {
  const name = fieldsOf(line).get('node')
  const zone = fieldsOf(line).get('zone')
  if (name === undefined || zone === undefined) return
  const before = said.memory.get(`zone ${name}`)
  said.memory.put(`zone ${name}`, zone)
  if (messageOf(line).startsWith('Added') && before !== undefined && before !== zone)
    said.emit(line, 'node.identity', node(name), { zone: zone.slice(zone.lastIndexOf(':') + 1) })
}

const SAYS_VOLUME = /volume "([^"]{1,253})"/u
const sayAttach = (line: KlogLine, said: Saying): void => {
  const name = SAYS_VOLUME.exec(messageOf(line).replaceAll('\\"', '"'))?.[1]
  if (name !== undefined) said.emit(line, 'pod.volume-mount-failed', volume(name), { reason: 'attach' })
}

/** The program that wrote a line that is no kubelet's: a process on its host, or its pod. */
const program = (line: KlogLine, said: Saying): Entity => line.pod ?? process(line.host ?? '-', said.component)

const sayTrouble =
  (what: string) =>
  (line: KlogLine, said: Saying): void => {
    if (line.severity === 'I') return
    said.emit(line, 'log.error', program(line, said), { app: said.component }, { burst: what })
  }

/** An API server does not say whose certificate it was. https://github.com/kubernetes/kubernetes/blob/v1.30.0/staging/src/k8s.io/apiserver/pkg/endpoints/filters/authentication.go */
const sayUnauthenticated = (line: KlogLine, said: Saying): void => {
  if (line.text.includes('certificate has expired')) said.emit(line, 'node.certificate-expired', 'cluster', { reason: 'expired' })
  else sayTrouble('authentication')(line, said)
}

/** A webhook that fails closed refuses every object that it should look at: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
const SYNC_FAILED = /sync "([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})" failed with /u
const sayWebhook = (line: KlogLine, said: Saying): void => {
  const text = line.text.replaceAll('\\"', '"')
  const failure = webhookFailure(text)
  const open = line.text.includes('failing open')
  const burst = `webhook ${failure?.webhook ?? ''}`
  const certificate = open ? null : (failure?.certificate ?? null)
  if (certificate !== null) {
    said.emit(line, 'node.certificate-expired', certificate.entity, { ...certificate.attributes, lateMs: certificate.lateMs }, { burst, at: timeOf(line) })
  }
  // The controller that could not make a pod: pkg/controller/replicaset/replica_set.go
  const synced = open ? null : SYNC_FAILED.exec(text)
  const [, namespace, replicaSet] = synced ?? []
  if (namespace !== undefined && replicaSet !== undefined && said.component === 'kube-controller-manager') {
    said.emit(line, 'pod.unschedulable', workload(namespace, deploymentOf(replicaSet)), creationFailure(text), { burst: `${burst} ${replicaSet}` })
    return
  }
  said.emit(line, open ? 'log.warning' : 'log.error', program(line, said), { app: said.component, reason: 'refused' }, { burst })
}

const GONE = /provider:? "?([A-Za-z0-9][A-Za-z0-9._-]{0,252})/u
/** The cloud's own node controller: its node is no machine any more. */
const sayGone = (line: KlogLine, said: Saying): void => {
  const name = fieldsOf(line).get('node') ?? GONE.exec(messageOf(line))?.[1]
  if (name !== undefined) said.emit(line, 'change.node-removed', node(name))
}

const sayZone = (line: KlogLine, said: Saying): void => {
  const state = fieldsOf(line).get('newState') ?? messageOf(line).slice(-24)
  if (!state.includes('Disruption')) return
  said.emit(line, 'log.warning', program(line, said), { app: said.component, code: state.includes('Full') ? 'zone-lost' : 'zone' }, { burst: 'zone state' })
}

/** Nobody but a person, systemd or its kubelet sends SIGTERM. pkg: cmd/kube-scheduler/app/server.go; apiserver/pkg/server/genericapiserver.go, lifecycle_signals.go */
const sayAskedToStop = (line: KlogLine, said: Saying): void => said.emit(line, 'action.restart', program(line, said), { asked: 'yes' })
const sayShutdown = (line: KlogLine, said: Saying): void => {
  if (fieldsOf(line).get('name') === 'ShutdownInitiated') sayAskedToStop(line, said)
}

export const controlPlaneMeanings: readonly Meaning[] = [
  { starts: "Node hasn't been updated", say: sayNotUpdated },
  { starts: 'Recording status change', say: sayStatusChange },
  { starts: 'Node is healthy again', say: sayHealthy },
  { starts: 'Node is unresponsive', say: sayQueued },
  { starts: 'Node is NotReady', say: sayQueued },
  { starts: 'Updating ready status of pod', say: sayUnready },
  { starts: 'NoExecuteTaintManager is deleting pod', say: sayTaintEviction },
  { starts: 'Deleting pod', say: sayDeleting },
  { starts: 'Too few replicas', say: sayReplicas },
  { starts: 'Too many replicas', say: sayReplicas },
  { starts: 'deleting node since it is no longer present in cloud provider', say: sayGone },
  { starts: 'Controller detected that zone', say: sayZone },

  { starts: 'Successfully bound pod to node', say: sayBound },
  { starts: 'Unable to schedule', say: sayNoFit },
  { starts: 'Preemptor Pod preempted victim', say: sayPreempted },
  { starts: 'Added node to NodeTree', say: sayTree },
  { starts: 'Removed node from NodeTree', say: sayTree },

  { starts: 'Failed to update lock', say: sayTrouble('leader lock') },
  { starts: 'error retrieving resource lock', say: sayTrouble('leader lock') },
  { starts: 'failed to renew lease', say: sayTrouble('leader lock') },
  { starts: 'Error retrieving lease lock', say: sayTrouble('leader lock') },
  { starts: 'Timeout or abort while handling', say: sayTrouble('request timeout') },
  { starts: '[graceful-termination] shutdown event', say: sayShutdown },
  { starts: 'Requested to terminate, exiting', say: sayAskedToStop },
  { starts: 'leaderelection lost', say: sayTrouble('leader lost') },
  { starts: 'Leaderelection lost', say: sayTrouble('leader lost') },
  // component-base/cli/run.go, of whatever component: the kubelet's own log is read by another format.
  { starts: 'command failed', say: sayTrouble('not started') },
]

/** Old wordings that begin with a name ('node worker-1 hasn't been updated'): found by their first word. */
const sayOldNode = (line: KlogLine, said: Saying): void => {
  const registered = OLD_REGISTERED.exec(messageOf(line))?.[1]
  if (registered !== undefined) said.memory.put(`registered ${node(registered)}`, String(timeOf(line).ms))
  if (OLD_NOT_UPDATED.test(messageOf(line))) sayNotUpdated(line, said)
  else if (OLD_HEALTHY.test(messageOf(line))) sayHealthy(line, said)
  else if (OLD_QUEUED.test(messageOf(line))) sayQueued(line, said)
}
const sayOldPod = (line: KlogLine, said: Saying): void => {
  if (OLD_BOUND.test(messageOf(line))) sayBound(line, said)
}

export const oldControlPlaneMeanings: readonly Meaning[] = [
  { starts: 'node ', say: sayOldNode },
  { starts: 'pod ', say: sayOldPod },
  { starts: 'Pod status updated', say: meansNothing }, // a kubelet's, for every pod all day
]

export const controlPlaneMentions: readonly Mention[] = [
  { contains: 'etcdserver: request timed out', say: sayTrouble('etcd timeout') },
  { contains: 'Timeout: request did not complete within requested timeout', say: sayTrouble('request timeout') },
  // One of the three lines that it writes of each.
  { contains: 'unable to write a JSON response: http: Handler timeout', say: sayTrouble('request timeout') },
  { contains: 'etcdserver: leader changed', say: sayTrouble('etcd leader changed') },
  { contains: 'mvcc: database space exceeded', say: sayTrouble('etcd space exceeded') },
  { contains: 'ailed calling webhook', say: sayWebhook },
  { contains: 'Unable to authenticate the request', say: sayUnauthenticated },
  { contains: 'AttachVolume.Attach failed', say: sayAttach },
  { contains: 'Multi-Attach error', say: sayAttach },
]

/** Components whose warnings and errors are mostly their ordinary retries. */
const CONTROL_PLANE = /^(?:kube-|cloud-controller|openshift-kube)/u

/** Any other program that logs with klog is an application: its errors count. */
export const sayApplication = (line: KlogLine, said: Saying): void => {
  if (CONTROL_PLANE.test(said.component) || said.component === 'kubelet' || isConflict(line.text)) return
  const kind = line.severity === 'W' ? 'log.warning' : 'log.error'
  said.emit(line, kind, program(line, said), { app: said.component }, { burst: withoutNumbers(messageOf(line)) })
}
