/**
 * What the kubelet's lines mean, in the wordings of 1.10 to 1.36: `starts` is how a message begins (old wordings are unstructured).
 * https://github.com/kubernetes/kubernetes/tree/v1.30.0/pkg/kubelet
 */
import { THIS_NODE, type Entity } from '../src/model/entity.js'
import { fieldsOf, messageOf, timeOf, type KlogLine, type Meaning, type Mention, type Saying } from './klog.js'
import { formattedPods, podOfReference, podsOfList } from './klog-fields.js'
import { expiredFor, goDuration, isConflict, isDns, lookedUp, probeFailure, requestFailure } from './klog-reasons.js'
import type { PodRun } from './klog-memory.js'
import { forgetConditions, sayCondition, type Condition } from './klog-events.js'
import { remembering, startsWith } from './postgres-bytes.js'
import { sayMountFailed, saySyncError, sayVolumesMissing } from './kubelet-pod-errors.js'

/** After its start a container's server is not up yet, and a kubelet lists the pods that were there before. */
const STARTING_MS = 15_000

/** The error of a line: the field, or what an unstructured message carries. */
const errorOf = (line: KlogLine): string => fieldsOf(line).get('err') ?? messageOf(line)

/** The pod a line is about, and that it is on this node. */
const podOf = (line: KlogLine, said: Saying): Entity | null => {
  const reference = fieldsOf(line).get('pod')
  const formatted = reference === undefined ? formattedPods(messageOf(line))[0] : undefined
  const uid = fieldsOf(line).get('podUID') ?? formatted?.uid
  const entity = reference === undefined ? formatted?.pod : podOfReference(reference)
  if (entity === undefined) return null
  place(line, said, entity, uid)
  return entity
}

/** The kubelet syncs only pods of its own node. */
const place = (line: KlogLine, said: Saying, entity: Entity, uid?: string): void => {
  const on = said.thisNode(line)
  if (!said.memory.newPlace(entity, on, uid)) return
  said.memory.knowPod(entity, uid)
  said.sink.fact({ fact: 'pod-on-node', pod: entity, node: on, at: timeOf(line), ...(uid === undefined ? {} : { uid }) })
}

const LEASE_URL = /\/namespaces\/kube-node-lease\/leases\/([A-Za-z0-9._-]{1,253})/u
const LEASE_NAME = /leases\.coordination\.k8s\.io \\?"([A-Za-z0-9._-]{1,253})\\?"/u
const NODE_URL = /\/api\/v1\/nodes\/([A-Za-z0-9._-]{1,253})/u
const NODE_NAME = /\bnodes? \\?"([A-Za-z0-9._-]{1,253})\\?"/u

const sayHeartbeat = (line: KlogLine, said: Saying): void => {
  if (line.severity === 'I') return
  const error = errorOf(line)
  // Other components renew leases with the same code and words: theirs live in other namespaces.
  if (said.component !== 'kubelet' && !LEASE_URL.test(error)) return
  const named =
    fieldsOf(line).get('node') ??
    (LEASE_URL.exec(error) ?? LEASE_NAME.exec(error) ?? NODE_URL.exec(error.slice(-1_500)) ?? NODE_NAME.exec(error.slice(-1_500)))?.[1]
  const entity = named === undefined ? said.thisNode(line) : said.learnNode(line, named)
  if (isConflict(error)) {
    said.emit(line, 'lease.conflict', entity)
    return
  }
  let reason = requestFailure(error)
  // "update node status exceeds retry count" sums up failures that were said before.
  if (reason === 'other') reason = said.memory.get('heartbeat reason') ?? reason
  else said.memory.put('heartbeat reason', reason)
  said.emit(line, 'node.heartbeat-missed', entity, { reason })
  if (reason === 'certificate') sayCertificate(line, said)
  if (isDns(error)) said.emit(line, 'network.dns-failure', entity, { name: lookedUp(error) })
}

const sayCertificate = (line: KlogLine, said: Saying): void => {
  const unknown = line.text.includes('signed by unknown authority')
  if (!unknown && !line.text.includes('has expired') && !line.text.includes('is expired') && !line.text.includes('not yet valid')) return
  // Go says both in one: "certificate has expired or is not yet valid: current time … is before …" (crypto/x509/verify.go).
  const early = line.text.includes('not yet valid') && / is before \d/u.test(line.text)
  const reason = unknown ? 'unknown-authority' : early ? 'not-yet-valid' : 'expired'
  const entity = said.thisNode(line)
  const late = reason === 'expired' ? expiredFor(line.text) : 0
  // The first rejection tells when it began.
  const isFirst = late > 0 && late < NOTICED_MS && said.memory.first(`certificate expired ${entity}`)
  said.emit(line, 'node.certificate-expired', entity, isFirst ? { reason, lateMs: late } : { reason }, { burst: reason })
}

/** A kubelet renews its lease every 10 s, over a connection that may outlive the certificate for a while. */
const NOTICED_MS = 5 * 60_000

const API_URL = /\/apis?\/[a-z0-9]/u
/** Only a certificate between this kubelet and its API server: registries, webhooks and probes have certificates too. */
const sayRequestCertificate = (line: KlogLine, said: Saying): void => {
  const at = line.text.indexOf('x509:')
  if (API_URL.test(line.text.slice(Math.max(0, at - 600), at)) && !line.text.includes('ImagePull')) sayCertificate(line, said)
}

const sayDns = (line: KlogLine, said: Saying): void => {
  if (isDns(line.text)) said.emit(line, 'network.dns-failure', said.thisNode(line), { name: lookedUp(line.text) })
}

const sayStarted = (line: KlogLine, said: Saying): void => {
  forgetConditions(line, said)
  said.memory.put('started', String(timeOf(line).ms))
  said.emit(line, 'kubelet.started', said.thisNode(line), { pid: line.pid }, { burst: String(line.pid) })
}

const NODE_IN_MESSAGE = /(?:[Nn]ode(?: name to be)?|for node) "?([A-Za-z0-9][A-Za-z0-9._-]{0,252})"?(?: was previously registered)?$/u
const namedNode = (line: KlogLine, said: Saying): Entity => {
  const name = fieldsOf(line).get('node') ?? fieldsOf(line).get('nodeName') ?? NODE_IN_MESSAGE.exec(messageOf(line).slice(-300))?.[1]
  return name === undefined || name === '' ? said.thisNode(line) : said.learnNode(line, name)
}

const NODE_EVENTS: ReadonlyMap<string, { readonly kind: Condition; readonly phase: 'begin' | 'end' }> = new Map([
  ['NodeNotReady', { kind: 'node.not-ready', phase: 'begin' }],
  ['NodeReady', { kind: 'node.not-ready', phase: 'end' }],
  ['NodeHasInsufficientMemory', { kind: 'node.memory-exhausted', phase: 'begin' }],
  ['NodeHasSufficientMemory', { kind: 'node.memory-exhausted', phase: 'end' }],
  ['NodeHasDiskPressure', { kind: 'node.disk-full', phase: 'begin' }],
  ['NodeHasNoDiskPressure', { kind: 'node.disk-full', phase: 'end' }],
])

const NODE_EVENT_IN_MESSAGE = /^Recording (\w{1,60}) event message/u
const sayNodeEvent = (line: KlogLine, said: Saying): void => {
  const event = fieldsOf(line).get('event') ?? NODE_EVENT_IN_MESSAGE.exec(messageOf(line))?.[1]
  const entity = namedNode(line, said)
  const change = event === undefined ? undefined : NODE_EVENTS.get(event)
  if (change !== undefined) sayCondition(line, said, entity, change.kind, change.phase)
  else if (event === 'NodeNotSchedulable') said.emit(line, 'action.cordon', entity)
}

const sayRegistered = (line: KlogLine, said: Saying): void => {
  const entity = namedNode(line, said)
  if (messageOf(line).includes('previously registered')) said.memory.put(`registered ${entity}`, String(timeOf(line).ms))
  // A kubelet that starts again says "successfully registered" too, right after "was previously registered".
  else if (!(Math.abs(timeOf(line).ms - Number(said.memory.get(`registered ${entity}`) ?? NaN)) < 60_000)) said.emit(line, 'change.node-added', entity)
}

const LAST_ACTIVE = /pleg was last seen active ([0-9hmsuµn.]{2,30}) ago/u
/** "PLEG is not healthy: pleg was last seen active 3m7s ago" began three minutes before the line. */
const sayRuntime = (line: KlogLine, said: Saying): void => {
  const silent = goDuration(LAST_ACTIVE.exec(line.text)?.[1] ?? '')
  if (!Number.isNaN(silent)) {
    const at = { ms: timeOf(line).ms - silent, basis: timeOf(line).basis }
    said.emit(line, 'node.runtime-down', said.thisNode(line), { reason: 'pleg' }, { at, burst: 'pleg' })
  } else if (line.text.includes('container runtime is down') || line.text.includes('RuntimeReady=false')) {
    said.emit(line, 'node.runtime-down', said.thisNode(line), { reason: 'runtime' }, { burst: 'runtime' })
  }
}

const sayRuntimeDown = (line: KlogLine, said: Saying): void =>
  said.emit(line, 'node.runtime-down', said.thisNode(line), { reason: 'runtime' }, { burst: 'runtime' })

const notReadyReason = (text: string): string => {
  if (text.includes('has yet to be successful') || text.includes('may not have completed yet')) return 'starting'
  if (text.includes('pleg was last seen')) return 'pleg'
  if (text.includes('container runtime is down') || text.includes('RuntimeReady=false')) return 'runtime'
  if (text.includes('NetworkPluginNotReady') || text.includes('cni')) return 'cni'
  return text.includes('shutting down') || text.includes('shutdown') ? 'shutdown' : 'KubeletNotReady'
}

const sayBecameNotReady = (line: KlogLine, said: Saying): void => {
  const entity = namedNode(line, said)
  const reason = notReadyReason(line.text)
  sayCondition(line, said, entity, 'node.not-ready', 'begin', reason)
  sayRuntime(line, said)
}

const sayNetworkNotReady = (line: KlogLine, said: Saying): void => said.emit(line, 'node.not-ready', said.thisNode(line), { reason: 'cni' }, { burst: 'cni' })

const RESOURCE_IN_MESSAGE = /reclaim (\S{1,40})/u
const sayReclaim = (line: KlogLine, said: Saying): void => {
  const resource = fieldsOf(line).get('resourceName') ?? RESOURCE_IN_MESSAGE.exec(messageOf(line))?.[1] ?? ''
  const memory = resource.includes('memory')
  if (!memory && !/storage|fs|inodes|disk/u.test(resource)) return
  said.memory.put('eviction reason', memory ? 'memory' : 'disk')
  said.emit(line, memory ? 'node.memory-exhausted' : 'node.disk-full', said.thisNode(line), { reason: 'pressure', resource })
}

const sayEvicted = (line: KlogLine, said: Saying): void => {
  if (!messageOf(line).includes('is evicted successfully')) return
  const entity = podOf(line, said)
  if (entity !== null) said.emit(line, 'pod.evicted', entity, { reason: said.memory.get('eviction reason') ?? 'node' })
}

const sayPreempted = (line: KlogLine, said: Saying): void => {
  const entity = messageOf(line).includes('evicted successfully') ? podOf(line, said) : null
  if (entity !== null) said.emit(line, 'pod.evicted', entity, { reason: 'preemption' })
}

/** A pod turned away at the door: by pressure it counts as evicted, for lack of room as unschedulable. */
const sayAdmission = (line: KlogLine, said: Saying): void => {
  const entity = podOf(line, said)
  if (entity === null) return
  const { text } = line
  if (text.includes('MemoryPressure')) said.emit(line, 'pod.evicted', entity, { reason: 'memory' })
  else if (text.includes('DiskPressure')) said.emit(line, 'pod.evicted', entity, { reason: 'disk' })
  else {
    const reason = fieldsOf(line).get('reason') ?? ''
    const known = reason === 'OutOfmemory' ? 'memory' : reason === 'OutOfcpu' ? 'cpu' : reason === 'NodeAffinity' ? 'node-selector' : null
    if (known !== null) said.emit(line, 'pod.unschedulable', entity, { reason: known })
  }
}

const OLD_PROBE = /^(Readiness|Liveness|Startup) probe for "([^"]{1,400}):([a-z0-9-]{1,63})" (?:failed|errored)/u
const sayProbe = (line: KlogLine, said: Saying): void => {
  const entity = podOf(line, said)
  if (entity === null) return
  const old = OLD_PROBE.exec(messageOf(line))
  const probe = fieldsOf(line).get('probeType') ?? old?.[1] ?? 'Readiness'
  const container = fieldsOf(line).get('containerName') ?? old?.[3] ?? ''
  const failure = probeFailure(fieldsOf(line).get('output') ?? errorOf(line))
  // A server that is still starting refuses connections: no fault in a container's first seconds.
  if (failure['reason'] === 'refused' && timeOf(line).ms - said.memory.lastStart(entity) < STARTING_MS) return
  said.emit(line, 'pod.unready', entity, { probe, container, ...failure })
}

/** "SyncLoop (probe)" probe="readiness" status="ready": the probe's answer changed. */
const sayProbeStatus = (line: KlogLine, said: Saying): void => {
  const entity = fieldsOf(line).get('probe') === 'readiness' ? podOf(line, said) : null
  if (entity === null) return
  const status = fieldsOf(line).get('status')
  if (status === 'ready') {
    said.memory.put(`ready ${entity}`, 'yes')
    said.emit(line, 'pod.unready', entity, { probe: 'Readiness' }, { phase: 'end' })
  } else if (said.memory.get(`ready ${entity}`) !== 'no') {
    // "not ready" is also said of a pod that has just been added and never was ready.
    said.memory.put(`ready ${entity}`, 'no')
    said.emit(line, 'pod.unready', entity, { probe: 'Readiness' }, { phase: 'begin' })
  }
}

const podsOfSync = (line: KlogLine, said: Saying): readonly Entity[] => {
  const list = fieldsOf(line).get('pods')
  if (list === undefined) {
    const pods = formattedPods(messageOf(line))
    for (const { pod, uid } of pods) place(line, said, pod, uid)
    return pods.map(({ pod }) => pod)
  }
  const pods = podsOfList(list)
  for (const entity of pods) place(line, said, entity)
  return pods
}

const saySyncAdd = (line: KlogLine, said: Saying): void => {
  const pods = podsOfSync(line, said)
  if (timeOf(line).ms - Number(said.memory.get('started') ?? NaN) < STARTING_MS) return
  for (const entity of pods) {
    said.memory.put(`ready ${entity}`, 'no')
    said.emit(line, 'pod.started', entity)
  }
}

const saySyncGone = (line: KlogLine, said: Saying): void => {
  for (const entity of podsOfSync(line, said)) if (said.memory.first(`deleted ${entity}`)) said.emit(line, 'pod.deleted', entity)
}

const PLEG_ID = /"?ID"?: ?"?([0-9a-f-]{8,64})/u
const PLEG_DATA = /"?Data"?: ?"?([0-9a-f]{12,64})/u
const PLEG_POD = 'event for pod" pod="'
/** The pod and its uid. Kubelets say little as often as this, so the line is not taken apart for it. */
const lifecyclePod = (line: KlogLine, said: Saying): Entity | null => {
  const before = line.text.indexOf(PLEG_POD)
  const start = before + PLEG_POD.length
  const close = before < 0 ? -1 : line.text.indexOf('"', start)
  if (close < 0) return podOf(line, said)
  const entity = podOfReference(line.text.slice(start, close))
  place(line, said, entity, PLEG_ID.exec(line.text.slice(close, close + 100))?.[1])
  return entity
}

const sayLifecycle = (line: KlogLine, said: Saying): void => {
  const died = line.text.includes('ContainerDied')
  if (!died && !line.text.includes('ContainerStarted')) return
  const entity = lifecyclePod(line, said)
  if (entity === null) return
  if (!died) {
    // A sandbox and each of its containers start; what matters is the first start, and one after a death.
    if (said.memory.startedAt(entity, timeOf(line).ms)) said.emit(line, 'container.started', entity, undefined, { burst: '' })
    return
  }
  const ran = !Number.isNaN(said.memory.lastStart(entity))
  said.memory.died(entity)
  const exitCode = said.memory.get(`exit ${PLEG_DATA.exec(line.text)?.[1] ?? ''}`)
  if (exitCode !== undefined) said.emit(line, 'container.exited', entity, { exitCode: Number(exitCode) })
  // Where exits are logged, a death without one is the sandbox's, or an end without error; a pod's first death is its sandbox in the making.
  else if (said.memory.get('exits are logged') === undefined && ran) said.emit(line, 'container.exited', entity)
}

const PLEG_ANCHOR = 'SyncLoop (PLEG): '
const PLEG_EVENT = Buffer.from(PLEG_POD)
const PLEG_STARTED = Buffer.from('ContainerStarted')
/** 'shop/web-1" event={"ID":"0ac7a38c-…': the same pods come all day. */
const runOf = remembering((bytes, start, end): PodRun | null => {
  const text = bytes.toString('utf8', start, end)
  const uid = PLEG_ID.exec(text)?.[1]
  return uid === undefined ? null : { pod: podOfReference(text.slice(0, text.indexOf('"'))), uid, kept: null }
})
const UID_LENGTH = 36

/** A quote, a blank or a comma. */
const endsUid = (byte: number | undefined): boolean => byte === 34 || byte === 32 || byte === 44

/** Of a line that says a container started: its pod. */
const startedRun = (bytes: Buffer, at: number, end: number): PodRun | null => {
  if (!startsWith(bytes, at + PLEG_ANCHOR.length, end, PLEG_EVENT)) return null
  const start = at + PLEG_ANCHOR.length + PLEG_EVENT.length
  let quote = start
  while (quote < end && bytes[quote] !== 34) quote++
  // event={"ID":"…" and, before 1.26, event=&{ID:… Type:
  let uid = quote + 8
  while (uid < end && bytes[uid] !== 58) uid++
  if (bytes[++uid] === 34) uid++
  let uidEnd = uid + UID_LENGTH
  if (!endsUid(bytes[uidEnd]) || bytes[uid + 8] !== 45) for (uidEnd = uid; uidEnd < end && !endsUid(bytes[uidEnd]);) uidEnd++
  if (uidEnd >= end || uidEnd - start > 400) return null
  let type = uidEnd
  while (type < end && type < uidEnd + 12 && bytes[type] !== 58) type++
  if (bytes[++type] === 34) type++
  return startsWith(bytes, type, end, PLEG_STARTED) ? runOf(bytes, start, uidEnd) : null
}

/** A further container of a pod that runs: nothing that would be said. */
const skimLifecycle: Meaning['skim'] = (bytes, at, end, line, said) => {
  const run = startedRun(bytes, at, end)
  return run !== null && said.memory.startedAgain(run, said.thisNode(line), line.ms)
}
/** Only the container's own id stands in the last word. */
const skimLifecycleAgain: Meaning['skimAgain'] = (bytes, at, end, said) => {
  const run = startedRun(bytes, at, end)
  return run && { again: (line) => said.memory.startedAgain(run, said.thisNode(line), line.ms), run }
}

const rememberExit = (line: KlogLine, said: Saying): void => {
  const container = fieldsOf(line).get('containerID')
  const exitCode = fieldsOf(line).get('exitCode')
  if (container === undefined || exitCode === undefined || !/^-?\d{1,10}$/u.test(exitCode)) return
  said.memory.put('exits are logged', 'yes')
  said.memory.put(`exit ${container}`, exitCode)
}

const KILLED_CONTAINER = /^Killing unwanted container "([a-z0-9-]{1,63})"/u
const sayKilling = (line: KlogLine, said: Saying): void => {
  const entity = podOf(line, said)
  if (entity === null) return
  const container = fieldsOf(line).get('containerName') ?? KILLED_CONTAINER.exec(messageOf(line))?.[1] ?? ''
  const why = fieldsOf(line).get('containerMessage') ?? ''
  if (fieldsOf(line).has('containerMessage') && !why.includes('will be restarted')) return
  const reason = why.includes('liveness') ? 'liveness' : why.includes('startup') ? 'startup' : ''
  said.emit(line, 'pod.killed', entity, { ...(container === '' ? {} : { container }), ...(reason === '' ? {} : { reason }) }, { burst: container })
}

const sayImageCollection = (line: KlogLine, said: Saying): void => {
  if (line.text.includes('failed to garbage collect required amount'))
    said.emit(line, 'node.disk-full', said.thisNode(line), { reason: 'pressure', resource: 'images' })
}

const SYSTEM_OOM = /Pid:(\d{1,10}) ProcessName:([^ ,}]{1,64})/u
const saySystemOom = (line: KlogLine, said: Saying): void => {
  const victim = SYSTEM_OOM.exec(line.text)
  said.emit(line, 'node.oom-kill', said.thisNode(line), victim === null ? {} : { process: victim[2] ?? '', pid: Number(victim[1]) })
}

const sayShutdown = (line: KlogLine, said: Saying): void => {
  if (fieldsOf(line).get('event') === 'true' || fieldsOf(line).get('event') === undefined) said.emit(line, 'action.node-restarted', said.thisNode(line))
}

const learnFlag = (line: KlogLine, said: Saying): void => {
  const value = /="([^"]{1,253})"/u.exec(messageOf(line))?.[1]
  if (value === undefined || said.component !== 'kubelet') return
  if (messageOf(line).startsWith('FLAG: --hostname-override=')) said.learnNode(line, value)
  else
    for (const address of value.split(','))
      if (!/^[0.:]+$/u.test(address)) said.sink.fact({ fact: 'alias', of: said.thisNode(line), name: address, at: timeOf(line) })
}

const ADDRESS = /([0-9a-fA-F.:]{4,45})$/u
const learnAddress = (line: KlogLine, said: Saying): void => {
  const address = fieldsOf(line).get('ip') ?? ADDRESS.exec(messageOf(line))?.[1]
  const of = said.thisNode(line)
  if (address !== undefined && of !== THIS_NODE) said.sink.fact({ fact: 'alias', of, name: address, at: timeOf(line) })
}

export const sayFatal = (line: KlogLine, said: Saying): void =>
  said.emit(line, 'log.error', said.thisNode(line), { app: 'kubelet' }, { burst: 'kubelet could not start' })

/** A kubelet that finds no runtime as it starts: pkg/kubelet/kubelet.go (PreInitRuntimeService) */
const NO_RUNTIME = 'validate service connection'

/** cmd/kubelet/app, component-base/cli/run.go: the process ends here, and is started again by whatever looks after it, with the same end. */
const sayNotStarted = (line: KlogLine, said: Saying): void => {
  if (line.text.includes(NO_RUNTIME)) {
    said.emit(line, 'node.runtime-down', said.thisNode(line), { reason: 'runtime' }, { burst: 'runtime' })
    return
  }
  said.emit(
    line,
    'node.heartbeat-missed',
    said.thisNode(line),
    {
      reason: 'not-started',
      said: errorOf(line)
        .replace(/, path: &TypeMeta\{[^]*$/u, '')
        .slice(0, MOST_SAID),
    },
    { burst: 'not-started' },
  )
}
const MOST_SAID = 200

export const kubeletMeanings: readonly Meaning[] = [
  { starts: 'command failed', say: sayNotStarted },
  { starts: 'Failed to update lease', say: sayHeartbeat },
  { starts: 'Failed to update node lease', say: sayHeartbeat },
  { starts: 'Failed to ensure lease exists', say: sayHeartbeat },
  { starts: 'Failed to ensure node lease exists', say: sayHeartbeat },
  { starts: 'Error updating node status', say: sayHeartbeat },
  { starts: 'Unable to update node status', say: sayHeartbeat },
  { starts: 'Unable to register node with API server', say: sayHeartbeat },
  { starts: 'Part of the existing bootstrap client certificate', say: sayCertificate },

  { starts: 'Kubelet version', say: sayStarted },
  { starts: 'Started kubelet', say: sayStarted },
  { starts: 'Starting kubelet main sync loop', say: sayStarted },
  { starts: 'Node was previously registered', say: sayRegistered },
  { starts: 'Successfully registered node', say: sayRegistered },
  { starts: 'Attempting to register node', say: (line, said) => void namedNode(line, said) },
  { starts: 'cloud provider determined current node name', say: (line, said) => void namedNode(line, said) },
  { starts: 'FLAG: --hostname-override=', say: learnFlag },
  { starts: 'FLAG: --node-ip=', say: learnFlag },
  { starts: 'Using node IP', say: learnAddress },
  { starts: 'Failed to start ContainerManager', say: sayFatal },
  { starts: 'Failed to run kubelet', say: sayFatal },

  { starts: 'Recording event message for node', say: sayNodeEvent },
  { starts: 'Recording Node', say: sayNodeEvent },
  { starts: 'Node became not ready', say: sayBecameNotReady },
  { starts: 'Skipping pod synchronization', say: sayRuntime },
  { starts: 'Container runtime not ready', say: sayRuntime },
  { starts: 'Container runtime sanity check failed', say: sayRuntimeDown },
  { starts: 'Container runtime status is not ready', say: sayRuntime },
  { starts: 'Container runtime network not ready', say: sayNetworkNotReady },
  { starts: 'Shutdown manager detected new shutdown event', say: sayShutdown },
  { starts: 'Got sys oom event', say: saySystemOom },

  { starts: 'Eviction manager: attempting to reclaim', say: sayReclaim },
  { starts: 'Eviction manager: must evict pod(s) to reclaim', say: sayReclaim },
  { starts: 'Eviction manager: pod ', say: sayEvicted },
  { starts: 'Preemption: Pod ', say: sayPreempted },
  { starts: 'Failed to admit pod', say: sayAdmission },
  { starts: 'Pod admission denied', say: sayAdmission },
  { starts: 'Housekeeping took longer than', say: (line, said) => said.emit(line, 'kubelet.slow', said.thisNode(line), undefined, { burst: '' }) },
  { starts: 'Image garbage collection failed', say: sayImageCollection },
  { starts: 'Failed to garbage collect required amount', say: sayImageCollection },

  { starts: 'Probe failed', say: sayProbe },
  { starts: 'Probe errored', say: sayProbe },
  { starts: 'Readiness probe for "', say: sayProbe },
  { starts: 'Liveness probe for "', say: sayProbe },
  { starts: 'Startup probe for "', say: sayProbe },

  { starts: 'SyncLoop ADD', say: saySyncAdd },
  { starts: 'SyncLoop (ADD, ', say: saySyncAdd },
  { starts: 'SyncLoop DELETE', say: saySyncGone },
  { starts: 'SyncLoop (DELETE, ', say: saySyncGone },
  { starts: 'SyncLoop REMOVE', say: saySyncGone },
  { starts: 'SyncLoop (REMOVE, ', say: saySyncGone },
  { starts: PLEG_ANCHOR, say: sayLifecycle, skim: skimLifecycle, skimAgain: skimLifecycleAgain },
  { starts: 'SyncLoop (probe)', say: sayProbeStatus },
  { starts: 'Generic (PLEG): container finished', say: rememberExit, unlessEnds: 'exitCode=0' },
  { starts: 'Killing container with a grace period', say: sayKilling },
  { starts: 'Killing unwanted container', say: sayKilling },
  { starts: 'Message for Container of pod', say: sayKilling },

  { starts: 'Error syncing pod', say: (line, said) => saySyncError(line, said, podOf(line, said)) },
  { starts: 'Operation for "', say: sayMountFailed },
  { starts: 'Unable to attach or mount volumes', say: (line, said) => sayVolumesMissing(line, said, podOf(line, said)) },
  { starts: 'Unable to mount volumes for pod', say: (line, said) => sayVolumesMissing(line, said, podOf(line, said)) },
]

export const kubeletMentions: readonly Mention[] = [
  { contains: 'x509:', say: sayRequestCertificate },
  { contains: 'no such host', say: sayDns },
  { contains: 'server misbehaving', say: sayDns },
]
