/** Pod objects: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
import { node, pod as podEntity, workload, type Entity } from '../src/model/entity.js'
import type { Attributes } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import type { WatchType } from './kubernetes-event.js'
import {
  conditionOf,
  isObject,
  latest,
  listOf,
  numberOf,
  objectOf,
  ofJob,
  observedAt,
  quantity,
  stamp,
  textOf,
  timeOf,
  withoutHash,
  type Json,
  type JsonObject,
} from './kubernetes-fields.js'
import { evictionReason, imageFailure, missingObject, unschedulable } from './kubernetes-messages.js'
import { sayNeeds, sayProbed } from './kubernetes-needs.js'
import type { ObjectReader } from './kubernetes-node.js'
import type { Once } from './kubernetes-once.js'

/** The Ready condition of a new pod is False until its containers listen. */
const STARTING_MS = 2_000
/** A pod that is still there this long after its grace period is stuck. */
const STUCK_MS = 60_000
const MAX_TERMINATING = 50_000
/** A scheduler that runs tries a new pod within a second, and writes into the pod what came of it. */
const UNTRIED_MS = 15_000

const IMAGE_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
])
const CREATING_REASONS: ReadonlySet<string> = new Set(['CreateContainerError', 'RunContainerError', 'StartError'])

/** Reasons of the DisruptionTarget condition: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
const DISRUPTIONS: ReadonlyMap<string, string> = new Map([
  ['PreemptionByScheduler', 'preemption'],
  ['DeletionByTaintManager', 'taint'],
  ['EvictionByEvictionAPI', 'node'],
  ['DeletionByPodGC', 'node'],
])

export interface PodReader extends ObjectReader {
  /** The input ends; `now` is the latest time it tells. */
  end(now: number): void
}

interface Pod {
  readonly object: JsonObject
  readonly metadata: JsonObject
  readonly status: JsonObject | undefined
  readonly entity: Entity
  readonly label: string
  readonly ms: number
}

/**
 * A container that ended in good order as the kubelet put its pod out for want of memory is called OOMKilled where anything in its cgroup was killed: that was no kill at its limit.
 * pkg/kubelet/eviction/eviction_manager.go (evictPod)
 */
const isPutOut = ({ object }: Pod): boolean => textOf(conditionOf(object, 'DisruptionTarget'), 'reason') === 'TerminationByKubelet'

export const podReader = (sink: Sink, once: Once): PodReader => {
  const waiting = new Map<string, string>()
  const unscheduled = new Set<Entity>()
  /** Pods that nobody has tried to place, and since when. */
  const untried = new Map<Entity, { since: number; line: number }>()
  const terminating = new Map<Entity, { deadline: number; line: number; text: string }>()

  const addFacts = ({ object, metadata, status, entity, ms }: Pod): void => {
    const spec = objectOf(object, 'spec')
    const at = Number.isNaN(ms) ? null : stamp(ms)
    const nodeName = textOf(spec, 'nodeName')
    const uid = textOf(metadata, 'uid')
    const since = timeOf(conditionOf(object, 'PodScheduled'), 'lastTransitionTime')
    const placed = Number.isNaN(since) ? timeOf(status, 'startTime') : since
    if (nodeName !== '' && once.said(`on ${entity} ${nodeName} ${uid}`)) {
      sink.fact({ fact: 'pod-on-node', pod: entity, node: node(nodeName), at: Number.isNaN(placed) ? at : stamp(placed), ...(uid === '' ? {} : { uid }) })
    }
    const owner = ownerOf(metadata)
    if (owner !== null && once.said(`owner ${entity} ${owner}`))
      sink.fact({ fact: 'pod-owner', pod: entity, workload: owner, ...ofJob(textOf(controllerOf(metadata), 'kind')) })
    sayNeeds(sink, once, owner ?? entity, textOf(metadata, 'namespace'), spec)
    sayProbed(sink, once, owner ?? entity, spec)
    const hostIp = textOf(status, 'hostIP')
    if (hostIp !== '' && nodeName !== '' && once.said(`host ${nodeName} ${hostIp}`)) sink.fact({ fact: 'alias', of: node(nodeName), name: hostIp, at })
    const ips = [textOf(status, 'podIP'), ...listOf(status, 'podIPs').map((entry) => textOf(entry, 'ip'))]
    // A pod on the host's network has the node's address: that is no name of the pod.
    if (objectOf(object, 'spec')?.['hostNetwork'] !== true) {
      for (const ip of ips) if (ip !== '' && ip !== hostIp && once.said(`ip ${entity} ${ip}`)) sink.fact({ fact: 'alias', of: entity, name: ip, at })
    }
    for (const container of listOf(spec, 'containers')) {
      const limits = objectOf(objectOf(container, 'resources'), 'limits')
      const name = textOf(container, 'name')
      const memoryLimitBytes = quantity(textOf(limits, 'memory'))
      const cpuLimitCores = quantity(textOf(limits, 'cpu'))
      if (name !== '' && once.said(`limits ${entity} ${name} ${memoryLimitBytes ?? ''} ${cpuLimitCores ?? ''}`)) {
        sink.fact({ fact: 'pod-resources', pod: entity, container: name, memoryLimitBytes, cpuLimitCores })
      }
    }
  }

  const noteUntried = ({ object, metadata, status, entity }: Pod): void => {
    const since = timeOf(metadata, 'creationTimestamp')
    const placed = textOf(objectOf(object, 'spec'), 'nodeName') !== '' || textOf(metadata, 'deletionTimestamp') !== ''
    if (placed || textOf(status, 'phase') !== 'Pending') untried.delete(entity)
    else if (!Number.isNaN(since) && !untried.has(entity) && untried.size < MAX_TERMINATING) untried.set(entity, { since, line: sink.line })
  }

  const sayScheduled = (pod: Pod): void => {
    const { object, entity, label } = pod
    const condition = conditionOf(object, 'PodScheduled')
    const at = timeOf(condition, 'lastTransitionTime')
    if (condition === undefined || Number.isNaN(at)) {
      noteUntried(pod)
      return
    }
    const waited = untried.get(entity)
    untried.delete(entity)
    if (waited !== undefined && at - waited.since >= UNTRIED_MS)
      once.signal({
        kind: 'pod.unschedulable',
        entity,
        phase: 'span',
        at: stamp(waited.since),
        until: stamp(at),
        attributes: { reason: 'untried' },
        text: `${label} created ${textOf(objectOf(object, 'metadata'), 'creationTimestamp')}, PodScheduled for the first time at ${textOf(condition, 'lastTransitionTime')}`,
      })
    if (textOf(condition, 'status') === 'False') {
      if (textOf(condition, 'reason') === 'SchedulingGated') return
      unscheduled.add(entity)
      const message = textOf(condition, 'message')
      once.signal({
        kind: 'pod.unschedulable',
        entity,
        phase: 'begin',
        at: stamp(at),
        attributes: unschedulable(message),
        text: `${label} PodScheduled=False since ${textOf(condition, 'lastTransitionTime')}: ${textOf(condition, 'reason')}: ${message}`,
      })
      return
    }
    const nodeName = textOf(objectOf(object, 'spec'), 'nodeName')
    if (nodeName === '') return
    once.signal({
      kind: 'pod.scheduled',
      entity,
      at: stamp(at),
      attributes: { node: nodeName },
      text: `${label} PodScheduled=True on ${nodeName} since ${textOf(condition, 'lastTransitionTime')}`,
    })
    if (unscheduled.delete(entity))
      once.signal({ kind: 'pod.unschedulable', entity, phase: 'end', at: stamp(at), text: `${label} was scheduled to ${nodeName}` })
  }

  const sayReady = ({ object, metadata, status, entity, label }: Pod): void => {
    const ready = conditionOf(object, 'Ready')
    const at = timeOf(ready, 'lastTransitionTime')
    if (ready === undefined || Number.isNaN(at)) return
    const isReady = textOf(ready, 'status') === 'True'
    const told = textOf(ready, 'reason')
    if (!isReady && (told === 'PodCompleted' || textOf(status, 'phase') === 'Succeeded')) return
    const begun = latest(timeOf(status, 'startTime'), timeOf(metadata, 'creationTimestamp'))
    const deleted = !Number.isNaN(timeOf(metadata, 'deletionTimestamp'))
    const reason = isReady ? told : deleted ? 'terminating' : at - begun <= STARTING_MS ? 'starting' : told || 'node'
    once.signal({
      kind: 'pod.unready',
      entity,
      // A pod that failed for good does not become ready again.
      phase: isReady ? 'end' : textOf(status, 'phase') === 'Failed' ? 'point' : 'begin',
      at: stamp(at),
      attributes: isReady || reason === '' ? {} : { reason },
      text: `${label} Ready=${textOf(ready, 'status')} since ${textOf(ready, 'lastTransitionTime')}${told === '' ? '' : `: ${told}: ${textOf(ready, 'message')}`}`,
    })
  }

  const sayEvicted = ({ object, status, entity, label, ms }: Pod): void => {
    const disruption = conditionOf(object, 'DisruptionTarget')
    const isTarget = textOf(disruption, 'status') === 'True'
    const isEvicted = textOf(status, 'reason') === 'Evicted'
    if (!isTarget && !isEvicted) return
    const message = textOf(isTarget && !isEvicted ? disruption : status, 'message')
    const ready = timeOf(conditionOf(object, 'Ready'), 'lastTransitionTime')
    const target = isTarget ? timeOf(disruption, 'lastTransitionTime') : NaN
    const at = [target, ready, ms].find((time) => !Number.isNaN(time)) ?? NaN
    if (Number.isNaN(at)) return
    const reason = (isTarget ? DISRUPTIONS.get(textOf(disruption, 'reason')) : undefined) ?? evictionReason(message)
    once.signal({
      kind: 'pod.evicted',
      entity,
      at: stamp(at),
      attributes: { reason },
      text: `${label} ${isEvicted ? 'Evicted' : textOf(disruption, 'reason')}: ${message}`,
    })
  }

  const sayDeleted = ({ metadata, entity, label }: Pod, watch: WatchType): void => {
    const deadline = timeOf(metadata, 'deletionTimestamp')
    if (watch === 'DELETED') terminating.delete(entity)
    if (Number.isNaN(deadline)) return
    // The timestamp says when the grace period ends, not when somebody asked.
    const grace = numberOf(metadata, 'deletionGracePeriodSeconds')
    const at = deadline - (grace > 0 && grace < 1e7 ? grace * 1000 : 0)
    once.signal({ kind: 'pod.deleted', entity, at: stamp(at), text: `${label} deletionTimestamp ${textOf(metadata, 'deletionTimestamp')}` })
    if (watch !== 'DELETED' && terminating.size < MAX_TERMINATING)
      terminating.set(entity, { deadline, line: sink.line, text: `${label} still there after deletionTimestamp ${textOf(metadata, 'deletionTimestamp')}` })
  }

  const sayTerminated = (pod: Pod, container: string, terminated: JsonObject | undefined, restarts: number): void => {
    const at = timeOf(terminated, 'finishedAt')
    if (terminated === undefined || Number.isNaN(at)) return
    const reason = textOf(terminated, 'reason')
    const exitCode = numberOf(terminated, 'exitCode')
    const attributes: Attributes = { container, ...(Number.isNaN(exitCode) ? {} : { exitCode }), ...(reason === '' ? {} : { reason }) }
    const text = `${pod.label} container ${container} terminated ${textOf(terminated, 'finishedAt')}: ${reason} (exit code ${textOf(terminated, 'exitCode')}, restarts ${restarts})`
    once.signal({ kind: 'container.exited', entity: pod.entity, at: stamp(at), attributes, text, burst: `${container} ${reason} ${exitCode}` })
    if (reason === 'OOMKilled' && !(exitCode === 0 && isPutOut(pod)))
      once.signal({ kind: 'pod.oom-killed', entity: pod.entity, at: stamp(at), attributes: { container, limit: 'cgroup', restarts }, text, burst: container })
    sayStarted(pod, container, timeOf(terminated, 'startedAt'))
  }

  const sayStarted = ({ entity, label }: Pod, container: string, at: number): void => {
    if (Number.isNaN(at)) return
    const text = `${label} container ${container} started ${new Date(at).toISOString()}`
    once.signal({ kind: 'container.started', entity, at: stamp(at), attributes: { container }, text, burst: container })
  }

  /** Waiting has no time of its own: it began when the containers were last seen to be not ready, or a version before this one. */
  const sayWaiting = (pod: Pod, container: string, state: JsonObject, lastExit: number): void => {
    const { entity, label, ms } = pod
    const reason = textOf(state, 'reason')
    const key = `${entity} ${container}`
    const before = waiting.get(key) ?? ''
    if (reason === before) return
    if (reason === '') waiting.delete(key)
    else waiting.set(key, reason)
    const message = textOf(state, 'message')
    const text = `${label} container ${container} waiting: ${reason}: ${message}`
    const at = reason === 'CrashLoopBackOff' && !Number.isNaN(lastExit) ? lastExit : ms
    if (Number.isNaN(at)) return
    if (before === 'CreateContainerConfigError')
      once.signal({
        kind: 'pod.stuck',
        entity,
        phase: 'end',
        at: stamp(ms),
        attributes: { reason: 'config', container },
        text: `${label} container ${container} no longer waits`,
        burst: container,
      })
    if (reason === 'CrashLoopBackOff') once.signal({ kind: 'pod.crash-looping', entity, at: stamp(at), attributes: { container }, text, burst: container })
    else if (IMAGE_REASONS.has(reason))
      once.signal({ kind: 'pod.image-pull-failed', entity, at: stamp(at), attributes: { ...imageFailure(message), container }, text })
    else if (reason === 'CreateContainerConfigError') {
      const object = missingObject(message)
      once.signal({
        kind: 'pod.stuck',
        entity,
        phase: 'begin',
        at: stamp(at),
        attributes: { reason: 'config', container, ...(object === null ? {} : { object }) },
        text,
        burst: container,
      })
    } else if (CREATING_REASONS.has(reason))
      once.signal({ kind: 'pod.stuck', entity, at: stamp(at), attributes: { reason: 'creating', container }, text, burst: container })
  }

  const sayContainer = (pod: Pod, status: Json): void => {
    const container = textOf(status, 'name')
    const restarts = numberOf(status, 'restartCount') || 0
    const state = objectOf(status, 'state')
    const lastState = objectOf(objectOf(status, 'lastState'), 'terminated')
    sayTerminated(pod, container, lastState, restarts)
    sayTerminated(pod, container, objectOf(state, 'terminated'), restarts)
    sayStarted(pod, container, timeOf(objectOf(state, 'running'), 'startedAt'))
    sayWaiting(pod, container, objectOf(state, 'waiting') ?? {}, timeOf(lastState, 'finishedAt'))
  }

  return {
    read(object, watch) {
      const metadata = objectOf(object, 'metadata') ?? object
      const status = objectOf(object, 'status')
      const ms = latest(observedAt(object), lastChange(status))
      sink.record(latest(ms, timeOf(metadata, 'creationTimestamp')), 'utc')
      const name = textOf(metadata, 'name')
      if (name === '') return
      const namespace = textOf(metadata, 'namespace')
      const pod: Pod = { object, metadata, status, entity: podEntity(namespace, name), label: `pod/${namespace}/${name}`, ms }
      addFacts(pod)
      sayScheduled(pod)
      sayReady(pod)
      sayEvicted(pod)
      sayDeleted(pod, watch)
      for (const list of ['initContainerStatuses', 'containerStatuses'])
        for (const container of listOf(status, list)) if (isObject(container)) sayContainer(pod, container)
    },
    end(now) {
      for (const [entity, { since, line }] of untried) {
        if (now - since >= UNTRIED_MS)
          sink.signal({
            kind: 'pod.unschedulable',
            entity,
            phase: 'begin',
            at: stamp(since),
            attributes: { reason: 'untried' },
            text: `${entity} created ${new Date(since).toISOString()}, without a node and without PodScheduled`,
            line,
          })
      }
      for (const [entity, { deadline, line, text }] of terminating) {
        if (now - deadline > STUCK_MS)
          sink.signal({ kind: 'pod.stuck', entity, phase: 'begin', at: stamp(deadline), attributes: { reason: 'terminating' }, text, line })
      }
    },
  }
}

/** When a pod's containers last started or ended: all that a description tells of its time. */
const lastChange = (status: JsonObject | undefined): number => {
  let last = NaN
  for (const container of listOf(status, 'containerStatuses')) {
    const state = objectOf(container, 'state')
    last = latest(last, latest(timeOf(objectOf(state, 'running'), 'startedAt'), timeOf(objectOf(state, 'terminated'), 'finishedAt')))
  }
  return last
}

const controllerOf = (metadata: JsonObject): JsonObject | undefined => {
  const owners = listOf(metadata, 'ownerReferences').filter(isObject)
  return owners.find((reference) => reference['controller'] === true) ?? owners[0]
}

/** The workload a pod belongs to: the Deployment above its ReplicaSet, known by the hash in the name. */
const ownerOf = (metadata: JsonObject): Entity | null => {
  const owner = controllerOf(metadata)
  const kind = textOf(owner, 'kind')
  const name = textOf(owner, 'name')
  // A static pod's owner is its node.
  if (name === '' || kind === 'Node') return null
  const hash = textOf(objectOf(metadata, 'labels'), 'pod-template-hash')
  return workload(textOf(metadata, 'namespace'), kind === 'ReplicaSet' ? withoutHash(name, hash) : name)
}
