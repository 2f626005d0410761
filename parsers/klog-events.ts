/**
 * Events as their senders echo them into their own log:
 *   Event(v1.ObjectReference{Kind:"Node", Namespace:"", Name:"worker-1", …}): type: 'Normal' reason: 'NodeReady' Node worker-1 status is now: NodeReady
 *   "Event occurred" object="shop/web" fieldPath="" kind="Deployment" apiVersion="apps/v1" type="Normal" reason="ScalingReplicaSet" message="…"
 * https://github.com/kubernetes/client-go/blob/v0.30.0/tools/record/event.go (StartLogging, StartStructuredLogging)
 */
import type { Entity } from '../src/model/entity.js'
import { node, pod, workload } from '../src/model/entity.js'
import type { Attributes, Phase, SignalKind, Stamp } from '../src/model/extract.js'
import { fieldsOf, messageOf, type KlogLine, type Meaning, type Saying } from './klog.js'
import { imageFailure, isUnwatched, missingObject, mountFailure, probeFailure, sandboxFailure, scalingIn, schedulingFailure } from './klog-reasons.js'
import { isOverOwnLimit } from './kubernetes-messages.js'

interface EchoedEvent {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly reason: string
  readonly message: string
  readonly container: string | null
}

const OLD = /^Event\(v1\.ObjectReference\{Kind:"(\w{1,40})", Namespace:"([^"]{0,63})", Name:"([^"]{1,253})"/u
const OLD_REASON = /\}\): type: '\w{1,20}' reason: '(\w{1,60})' ?/u
const CONTAINER = /containers\{([a-z0-9-]{1,63})\}/u

const echoedEvent = (line: KlogLine): EchoedEvent | null => {
  const object = fieldsOf(line).get('object')
  if (object !== undefined) {
    const slash = object.indexOf('/')
    const container = CONTAINER.exec(fieldsOf(line).get('fieldPath') ?? '')?.[1] ?? null
    const [namespace, name] = slash < 0 ? ['', object] : [object.slice(0, slash), object.slice(slash + 1)]
    return {
      kind: fieldsOf(line).get('kind') ?? '',
      namespace,
      name,
      reason: fieldsOf(line).get('reason') ?? '',
      message: fieldsOf(line).get('message') ?? '',
      container,
    }
  }
  const reference = OLD.exec(messageOf(line))
  const reason = OLD_REASON.exec(messageOf(line))
  if (reference === null || reason === null) return null
  const [, kind = '', namespace = '', name = ''] = reference
  const container = CONTAINER.exec(messageOf(line).slice(0, reason.index))?.[1] ?? null
  return { kind, namespace, name, reason: reason[1] ?? '', message: messageOf(line).slice(reason.index + reason[0].length), container }
}

interface Echo {
  readonly kind: SignalKind
  readonly phase?: Phase
  readonly attributes?: Attributes
}
type NodeEcho = (message: string) => Echo
type PodEcho = (message: string, container: Attributes) => Echo | null

export type Condition = 'node.not-ready' | 'node.memory-exhausted' | 'node.disk-full'
const CONDITIONS: readonly Condition[] = ['node.not-ready', 'node.memory-exhausted', 'node.disk-full']

/** A kubelet says each condition several times at its start, and each event is echoed: only changes count. */
export const sayCondition = (line: KlogLine, said: Saying, entity: Entity, kind: Condition, phase: 'begin' | 'end', reason?: string, at?: Stamp): void => {
  const key = `${kind} ${entity}`
  if (said.memory.get(key) === phase) return
  said.memory.put(key, phase)
  const why = reason ?? (kind === 'node.not-ready' || phase === 'end' ? undefined : 'pressure')
  said.emit(line, kind, entity, why === undefined ? {} : { reason: why }, { phase, ...(at === undefined ? {} : { at }) })
}

/** A kubelet that starts says all its conditions again. */
export const forgetConditions = (line: KlogLine, said: Saying): void => {
  for (const kind of CONDITIONS) said.memory.put(`${kind} ${said.thisNode(line)}`, '')
}

const isCondition = (kind: SignalKind): kind is Condition => kind === 'node.not-ready' || kind === 'node.memory-exhausted' || kind === 'node.disk-full'

const NODE_EVENTS: ReadonlyMap<string, NodeEcho> = new Map<string, NodeEcho>([
  ['NodeNotReady', () => ({ kind: 'node.not-ready', phase: 'begin' })],
  ['NodeReady', () => ({ kind: 'node.not-ready', phase: 'end' })],
  ['NodeHasInsufficientMemory', () => ({ kind: 'node.memory-exhausted', phase: 'begin' })],
  ['NodeHasSufficientMemory', () => ({ kind: 'node.memory-exhausted', phase: 'end' })],
  ['NodeHasDiskPressure', () => ({ kind: 'node.disk-full', phase: 'begin' })],
  ['NodeHasNoDiskPressure', () => ({ kind: 'node.disk-full', phase: 'end' })],
  ['Rebooted', () => ({ kind: 'node.rebooted' })],
  ['SystemOOM', (message) => ({ kind: 'node.oom-kill', attributes: victimOf(message) })],
  ['NodeNotSchedulable', () => ({ kind: 'action.cordon' })],
  ['RemovingNode', () => ({ kind: 'change.node-removed' })],
  ['DeletingNode', () => ({ kind: 'change.node-removed' })],
])

const POD_EVENTS: ReadonlyMap<string, PodEcho> = new Map<string, PodEcho>([
  ['TaintManagerEviction', (message) => (message.startsWith('Cancel') ? null : { kind: 'pod.evicted', attributes: { reason: 'taint' } })],
  ['Preempted', () => ({ kind: 'pod.evicted', attributes: { reason: 'preemption' } })],
  [
    'Evicted',
    (message) => ({ kind: 'pod.evicted', attributes: { reason: isOverOwnLimit(message) ? 'disk-limit' : message.includes('memory') ? 'memory' : 'disk' } }),
  ],
  ['FailedScheduling', (message) => ({ kind: 'pod.unschedulable', attributes: { reason: schedulingFailure(message) } })],
  ['FailedMount', (message) => (isUnwatched(message) ? null : { kind: 'pod.volume-mount-failed', attributes: mountAttributes(message) })],
  ['FailedAttachVolume', () => ({ kind: 'pod.volume-mount-failed', attributes: { reason: 'attach' } })],
  ['FailedCreatePodSandBox', (message) => ({ kind: 'pod.sandbox-failed', attributes: { reason: sandboxFailure(message) } })],
  ['Unhealthy', unhealthy],
  ['BackOff', backOff],
  ['Failed', failed],
  ['Killing', (_, container) => ({ kind: 'pod.killed', attributes: container })],
])

const victimOf = (message: string): Attributes => {
  const victim = /victim process: ([^,]{1,64}), pid: (\d{1,10})/u.exec(message)
  return victim === null ? {} : { process: victim[1] ?? '', pid: Number(victim[2]) }
}

export const mountAttributes = (message: string): Attributes => {
  const object = missingObject(message)
  return { reason: mountFailure(message), ...(object === null ? {} : { object }) }
}

function unhealthy(message: string, container: Attributes): Echo {
  const probe = /^(Readiness|Liveness|Startup)/u.exec(message)?.[1] ?? 'Readiness'
  return { kind: 'pod.unready', attributes: { probe, ...probeFailure(message), ...container } }
}

function backOff(message: string, container: Attributes): Echo | null {
  if (message.includes('restarting failed container')) return { kind: 'pod.crash-looping', attributes: container }
  return message.includes('pulling image') ? { kind: 'pod.image-pull-failed', attributes: { reason: imageFailure(message) } } : null
}

function failed(message: string): Echo | null {
  return message.startsWith('Failed to pull image') ? { kind: 'pod.image-pull-failed', attributes: { reason: imageFailure(message) } } : null
}

const RESCALED = /^New size: (\d{1,6});/u

const sayScaled = (line: KlogLine, said: Saying, event: EchoedEvent): void => {
  const scaled = scalingIn(event.message)
  if (scaled !== null) {
    said.emit(line, 'change.scaled', workload(event.namespace, event.name), scaled)
    return
  }
  const size = event.reason === 'SuccessfulRescale' ? RESCALED.exec(event.message)?.[1] : undefined
  if (size !== undefined) said.emit(line, 'change.scaled', workload(event.namespace, event.name), { reason: 'hpa', to: Number(size) })
}

const sayEvent = (line: KlogLine, said: Saying): void => {
  const event = echoedEvent(line)
  if (event === null) return
  if (event.kind === 'Node') {
    const entity: Entity = said.component === 'kubelet' ? said.learnNode(line, event.name) : node(event.name)
    if (event.reason === 'Starting' && event.message.startsWith('Starting kubelet')) {
      said.emit(line, 'kubelet.started', entity, { pid: line.pid }, { burst: String(line.pid) })
      return
    }
    const echo = NODE_EVENTS.get(event.reason)?.(event.message)
    if (echo === undefined) return
    if (isCondition(echo.kind) && (echo.phase === 'begin' || echo.phase === 'end')) sayCondition(line, said, entity, echo.kind, echo.phase)
    else said.emit(line, echo.kind, entity, echo.attributes)
  } else if (event.kind === 'Pod') {
    const echo = POD_EVENTS.get(event.reason)?.(event.message, event.container === null ? {} : { container: event.container })
    if (echo) said.emit(line, echo.kind, pod(event.namespace, event.name), echo.attributes)
  } else sayScaled(line, said, event)
}

export const eventMeanings: readonly Meaning[] = [
  { starts: 'Event occurred', say: sayEvent },
  { starts: 'Event(v1.ObjectReference{', say: sayEvent },
]
