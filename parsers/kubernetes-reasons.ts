/**
 * What the reasons of events mean. Sources: pkg/kubelet/events/event.go, pkg/controller/nodelifecycle, pkg/controller/tainteviction,
 * pkg/scheduler, pkg/controller/deployment, and node-problem-detector's config/ (kubernetes/node-problem-detector).
 * A reason that is not listed is read and says nothing: FailedGetResourceMetric, DNSConfigForming, InvalidDiskCapacity, LeaderElection …
 */
import { pod, type Entity } from '../src/model/entity.js'
import type { Attributes, Phase, SignalKind } from '../src/model/extract.js'
import { isUnwatched, scalingIn } from './klog-reasons.js'
import {
  creationFailure,
  evictionReason,
  imageFailure,
  isAboutImages,
  missingObject,
  mountFailure,
  pressureOf,
  probeFailure,
  sandboxFailure,
  unschedulable,
  webhookFailure,
  type WebhookCertificate,
} from './kubernetes-messages.js'

/** The parts of an event that its meaning depends on. */
export interface Told {
  readonly reason: string
  readonly message: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly entity: Entity
  /** Who wrote it: kubelet, default-scheduler, node-controller. */
  readonly component: string
  /** The container, from the field path: 'web' of spec.containers{web}. */
  readonly container: string
}

export interface Saying {
  readonly kind: SignalKind
  readonly entity?: Entity // the event's own unless said
  readonly phase?: Phase
  readonly attributes?: Attributes
}

type Meaning = (told: Told) => Saying | null

const withContainer = (told: Told, attributes: Attributes): Attributes => (told.container === '' ? attributes : { ...attributes, container: told.container })

const onPod =
  (kind: SignalKind, attributes: Attributes = {}): Meaning =>
  (told) =>
    told.kind === 'Pod' ? { kind, attributes: withContainer(told, attributes) } : null

const onNode =
  (kind: SignalKind, phase: Phase = 'point', attributes: Attributes = {}): Meaning =>
  (told) =>
    told.kind === 'Node' ? { kind, phase, attributes } : null

const imagePull: Meaning = (told) => ({ kind: 'pod.image-pull-failed', attributes: withContainer(told, imageFailure(told.message)) })

const failed: Meaning = (told) => {
  if (told.kind !== 'Pod') return null
  if (isAboutImages(told.message)) return imagePull(told)
  const object = missingObject(told.message)
  if (object !== null) return { kind: 'pod.stuck', attributes: withContainer(told, { reason: 'config', object }) }
  if (/couldn't find key|CreateContainerConfigError|runAsNonRoot|container has runAs/u.test(told.message)) {
    return { kind: 'pod.stuck', attributes: withContainer(told, { reason: 'config' }) }
  }
  return { kind: 'pod.stuck', attributes: withContainer(told, { reason: 'creating' }) }
}

const backOff: Meaning = (told) => {
  if (isAboutImages(told.message)) return imagePull(told)
  return told.message.includes('restarting failed') ? { kind: 'pod.crash-looping', attributes: withContainer(told, {}) } : null
}

/** The readiness of a Calico agent: its node has no routes to those peers. https://github.com/projectcalico/calico, node/pkg/health */
const UNESTABLISHED = /BGP not established with ([0-9a-fA-F.:,]{3,400})/u

const unhealthy: Meaning = (told) => {
  const peers = told.message.includes('BGP not established') ? UNESTABLISHED.exec(told.message)?.[1] : undefined
  if (peers !== undefined && told.kind === 'Pod') return { kind: 'network.pod-to-pod-lost', attributes: { reason: 'bgp', peer: peers } }
  return told.kind === 'Pod' ? { kind: 'pod.unready', attributes: withContainer(told, probeFailure(told.message)) } : null
}

const mount: Meaning = (told) => (isUnwatched(told.message) ? null : { kind: 'pod.volume-mount-failed', attributes: mountFailure(told.message) })
const attach: Meaning = (told) => ({ kind: 'pod.volume-mount-failed', attributes: { ...mountFailure(told.message), reason: 'attach' } })
const provisioning: Meaning = () => ({ kind: 'pod.volume-mount-failed', attributes: { reason: 'provisioning' } })

const sandbox: Meaning = (told) => ({ kind: 'pod.sandbox-failed', attributes: { reason: sandboxFailure(told.message) } })

const scheduling: Meaning = (told) => {
  // The pod is going away: nobody waits for a node.
  if (told.message.startsWith('skip schedule deleting pod')) return null
  return { kind: 'pod.unschedulable', attributes: unschedulable(told.message) }
}

const scheduled: Meaning = (told) => {
  const on = / to ([^ ]{1,253})$/u.exec(told.message.trimEnd())?.[1]
  return on === undefined ? { kind: 'pod.scheduled' } : { kind: 'pod.scheduled', attributes: { node: on } }
}

/** 'Marking for deletion Pod shop/web-1'; 'Cancelling deletion of Pod shop/web-1' takes it back. */
const taintEviction: Meaning = (told) => {
  const match = /^Marking for deletion (?:Pod )?([^/ ]{1,253})\/([^/ ]{1,253})/u.exec(told.message)
  return match === null ? null : { kind: 'pod.evicted', entity: pod(match[1] ?? '', match[2] ?? ''), attributes: { reason: 'taint' } }
}

const pressure =
  (phase: Phase): Meaning =>
  (told) => {
    const of = pressureOf(told.reason === 'EvictionThresholdMet' ? told.message : told.reason)
    if (of === null || told.kind !== 'Node') return null
    return { kind: of === 'memory' ? 'node.memory-exhausted' : 'node.disk-full', phase, attributes: { reason: 'pressure' } }
  }

/** A node problem detector's copy of a kernel line; the pod of a cgroup kill is not in it. */
const oomKilling: Meaning = (told) => {
  const killed = /Kill(?:ed)? process ([0-9]{1,10}) \(([^)]{1,64})\)/u.exec(told.message)
  const attributes: Attributes = killed === null ? {} : { process: killed[2] ?? '', pid: Number(killed[1]) }
  const cgroup = /[Mm]emory cgroup/u.test(told.message) || told.kind === 'Pod'
  return cgroup ? { kind: 'pod.oom-killed', attributes: { ...attributes, limit: 'cgroup' } } : { kind: 'node.oom-kill', attributes }
}

const systemOom: Meaning = (told) => {
  const victim = /victim process: ([^,]{1,64}), pid: ([0-9]{1,10})/u.exec(told.message)
  return { kind: 'node.oom-kill', attributes: victim === null ? {} : { process: victim[1] ?? '', pid: Number(victim[2]) } }
}

const rebooted: Meaning = (told) => {
  const bootId = /boot id: ([0-9a-f-]{8,64})/u.exec(told.message)?.[1]
  return { kind: 'node.rebooted', attributes: bootId === undefined ? {} : { bootId } }
}

const scaling: Meaning = (told) => {
  const attributes = scalingIn(told.message)
  return attributes === null ? null : { kind: 'change.scaled', attributes }
}

const rescaled: Meaning = (told) => {
  const to = /^New size: ([0-9]{1,9})/u.exec(told.message)?.[1]
  return to === undefined ? null : { kind: 'change.scaled', attributes: { reason: 'hpa', to: Number(to) } }
}

const failedCreate: Meaning = (told) => (told.kind === 'Pod' ? null : { kind: 'pod.unschedulable', attributes: creationFailure(told.message) })

/** What an event tells of somebody else's certificate: pods could not be created because a webhook's had expired. */
export const certificateOf = ({ reason, message }: Pick<Told, 'reason' | 'message'>): WebhookCertificate | null =>
  reason === 'FailedCreate' && message.includes('x509: ') ? (webhookFailure(message)?.certificate ?? null) : null

const killing: Meaning = (told) => {
  const probe = /failed (liveness|startup) probe/u.exec(told.message)?.[1]
  return told.kind === 'Pod' ? { kind: 'pod.killed', attributes: withContainer(told, probe === undefined ? {} : { reason: probe }) } : null
}

/** Of a ReplicaSet, a DaemonSet or a Job; of a StatefulSet: pkg/controller/controller_utils.go, pkg/controller/statefulset/stateful_pod_control.go */
const DELETED_POD = /^(?:Deleted pod: |[Dd]elete Pod )([a-z0-9.-]{1,253})/u
/** Without ReplicaSets: of these it is a step of a rollout. */
const REPLACES_PODS: ReadonlySet<string> = new Set(['StatefulSet', 'DaemonSet'])
const deleting: Meaning = (told) => {
  const name = DELETED_POD.exec(told.message)?.[1]
  return name === undefined
    ? null
    : { kind: 'pod.deleted', entity: pod(told.namespace, name), attributes: REPLACES_PODS.has(told.kind) ? { by: 'owner', of: told.kind } : { by: 'owner' } }
}

const draining: Meaning = (told) => (/fail|abort/iu.test(told.reason) ? null : { kind: 'action.drain' })

const runtimeDown: Meaning = (told) =>
  told.kind === 'Node' && /rpc error|deadline exceeded|connection refused|no such file|runtime/iu.test(told.message)
    ? { kind: 'node.runtime-down', attributes: { reason: 'no answer' } }
    : null

const noCidr = onNode('pod.sandbox-failed', 'point', { reason: 'cni' })
const admission: Meaning = (told) => ({
  kind: 'pod.unschedulable',
  attributes: { reason: told.reason === 'OutOfmemory' ? 'memory' : told.reason === 'OutOfcpu' ? 'cpu' : 'other' },
})

const MEANINGS: readonly (readonly [string, Meaning])[] = [
  ['Scheduled', scheduled],
  ['FailedScheduling', scheduling],
  ['Started', onPod('pod.started')],
  ['Killing', killing],
  ['SuccessfulDelete', deleting],
  ['BackOff', backOff],
  ['Failed', failed],
  ['InspectFailed', imagePull],
  ['ErrImageNeverPull', imagePull],
  ['Unhealthy', unhealthy],
  ['ProbeError', unhealthy], // OpenShift
  ['FailedMount', mount],
  ['FailedMapVolume', mount],
  ['FailedAttachVolume', attach],
  ['ProvisioningFailed', provisioning],
  ['FailedBinding', provisioning],
  ['VolumeResizeFailed', provisioning],
  ['FileSystemResizeFailed', provisioning],
  ['FailedCreatePodSandBox', sandbox],
  ['FailedCreatePodSandbox', sandbox],
  ['NetworkNotReady', () => ({ kind: 'pod.sandbox-failed', attributes: { reason: 'cni' } })],
  ['SandboxChanged', onPod('pod.killed', { reason: 'sandbox' })],
  ['FailedKillPod', onPod('pod.stuck', { reason: 'terminating' })],
  ['ExceededGracePeriod', onPod('pod.stuck', { reason: 'terminating' })],
  ['Evicted', (told) => ({ kind: 'pod.evicted', attributes: { reason: evictionReason(told.message) } })],
  ['TaintManagerEviction', taintEviction],
  ['Preempted', () => ({ kind: 'pod.evicted', attributes: { reason: 'preemption' } })],
  ['DeletingAllPods', onNode('pod.evicted', 'point', { reason: 'node' })],
  ['OutOfmemory', admission],
  ['OutOfcpu', admission],
  ['OutOfpods', admission],
  ['UnexpectedAdmissionError', admission],
  ['FailedCreate', failedCreate],
  ['ScalingReplicaSet', scaling],
  ['SuccessfulRescale', rescaled],
  // pkg/controller/job/job_controller.go
  ['Completed', (told) => (told.kind === 'Job' ? { kind: 'job.completed' } : null)],
  ['UnAvailableLoadBalancer', () => ({ kind: 'loadbalancer.backends-down' })],
  [
    'NodeNotReady', // on the node, and on each of its pods
    (told) =>
      told.kind === 'Pod'
        ? { kind: 'pod.unready', phase: 'begin', attributes: { reason: 'node-not-ready' } }
        : { kind: 'node.not-ready', phase: 'begin', attributes: { reason: 'NodeNotReady' } },
  ],
  ['NodeReady', onNode('node.not-ready', 'end')],
  ['NodeHasInsufficientMemory', pressure('begin')],
  ['NodeHasSufficientMemory', pressure('end')],
  ['NodeHasDiskPressure', pressure('begin')],
  ['NodeOutOfDisk', pressure('begin')],
  ['NodeHasNoDiskPressure', pressure('end')],
  ['NodeHasSufficientDisk', pressure('end')],
  ['EvictionThresholdMet', pressure('point')],
  ['Rebooted', rebooted],
  ['Starting', (told) => (told.component === 'kubelet' || /^Starting kubelet/u.test(told.message) ? { kind: 'kubelet.started' } : null)],
  ['RegisteredNode', onNode('change.node-added')],
  ['RemovingNode', onNode('change.node-removed')],
  ['DeletingNode', onNode('change.node-removed')],
  ['NodeNotSchedulable', onNode('action.cordon', 'begin')],
  ['NodeSchedulable', onNode('action.cordon', 'end')],
  ['Cordon', onNode('action.cordon', 'begin')],
  ['Uncordon', onNode('action.cordon', 'end')],
  ['Drain', draining],
  ['DrainStarting', draining],
  ['DrainScheduled', draining],
  ['Draining', draining],
  ['NodeDrain', draining],
  ['Shutdown', onNode('action.node-restarted')],
  ['SystemOOM', systemOom],
  ['OOMKilling', oomKilling],
  ['TaskHung', onNode('node.kernel-hang')],
  ['KernelDeadlock', onNode('node.kernel-hang')],
  ['SoftLockup', onNode('node.kernel-hang')],
  ['KernelOops', onNode('node.kernel-panic')],
  ['KernelPanic', onNode('node.kernel-panic')],
  ['ContainerdUnhealthy', onNode('node.runtime-down', 'point', { reason: 'no answer' })],
  ['ContainerRuntimeUnhealthy', onNode('node.runtime-down', 'point', { reason: 'no answer' })],
  ['DockerHung', onNode('node.runtime-down', 'point', { reason: 'no answer' })],
  ['ContainerGCFailed', runtimeDown],
  ['CIDRNotAvailable', noCidr],
  ['CIDRAssignmentFailed', noCidr],
]

const MEANING_OF: ReadonlyMap<string, Meaning> = new Map(MEANINGS)

export const meaningOf = (told: Told): Saying | null => MEANING_OF.get(told.reason)?.(told) ?? null

/** Events that lost the object they are about (Insights archives) may name it in their message. */
export const entityInMessage = (reason: string, message: string): { readonly kind: string; readonly namespace: string; readonly name: string } | null => {
  const onNodes = /^Node ([a-z0-9.-]{1,253}) (?:status is now|event|has been rebooted)/u.exec(message)?.[1]
  if (onNodes !== undefined) return { kind: 'Node', namespace: '', name: onNodes }
  const assigned = reason === 'Scheduled' ? /assigned ([a-z0-9.-]{1,253})\/([a-z0-9.-]{1,253}) to/u.exec(message) : null
  if (assigned !== null) return { kind: 'Pod', namespace: assigned[1] ?? '', name: assigned[2] ?? '' }
  const inPod = /in pod ([a-z0-9.-]{1,253})_([a-z0-9-]{1,63})\(/u.exec(message)
  return inPod === null ? null : { kind: 'Pod', namespace: inPod[2] ?? '', name: inPod[1] ?? '' }
}
