/** What runs pods and what finds them: Deployment, ReplicaSet, StatefulSet, DaemonSet, Service, EndpointSlice, Lease, PersistentVolumeClaim. */
import { node, pod, service, typeOf, workload, type Entity } from '../src/model/entity.js'
import type { Attributes } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { groupBy } from '../src/model/lists.js'
import type { WatchType } from './kubernetes-event.js'
import {
  conditionOf,
  isObject,
  latest,
  listOf,
  numberOf,
  objectOf,
  observedAt,
  stamp,
  textOf,
  timeOf,
  withoutHash,
  type Json,
  type JsonObject,
} from './kubernetes-fields.js'
import { creationFailure } from './kubernetes-messages.js'
import { sayNeeds, sayProbed } from './kubernetes-needs.js'
import type { Once } from './kubernetes-once.js'

const MAX_SERVICES = 20_000
const MAX_SELECTED = 200
/** A lease this many durations behind the others was not renewed for a reason. */
const STALE_DURATIONS = 2

export interface WorkloadReader {
  /** False: no kind that this reader knows. */
  read(kind: string, object: JsonObject, watch: WatchType): boolean
  /** Labels of a pod, for the services that select it. */
  pod(object: JsonObject): void
  /** The input ends; `now` is the latest time it tells. */
  end(now: number): void
}

interface Labelled {
  readonly entity: Entity
  readonly namespace: string
  readonly labels: JsonObject
}

interface Counted {
  readonly entity: Entity
  readonly wanted: number
  readonly ready: number | null
}

interface NodeLease {
  readonly renewed: number
  readonly duration: number
  readonly line: number
}

interface Revision {
  readonly entity: Entity
  readonly name: string
  readonly number: number
  readonly created: number
  readonly text: string
  readonly line: number
}

/** Whoever made an object and keeps it. */
const controllerOf = (metadata: JsonObject): Json | undefined =>
  listOf(metadata, 'ownerReferences').find((reference) => isObject(reference) && reference['controller'] === true)

export const workloadReader = (sink: Sink, once: Once): WorkloadReader => {
  const versions = new Map<Entity, { wanted: number; image: string }>()
  const leases = new Map<string, NodeLease>()
  const counted: Counted[] = []
  const selecting: Labelled[] = []
  const labelled = new Map<Entity, Labelled>()
  const revisions = new Map<string, Revision>()

  const imagesOf = (template: Json | undefined): string =>
    listOf(objectOf(template, 'spec'), 'containers')
      .map((container) => textOf(container, 'image'))
      .filter((image) => image !== '')
      .join(' ')

  const sayDeployed = (entity: Entity, ms: number, text: string, image: string, more: Attributes = {}): void => {
    if (Number.isNaN(ms)) return
    const attributes = { ...more, ...(image === '' ? {} : { image }) }
    once.signal({ kind: 'change.deployed', entity, at: stamp(ms), attributes, text, burst: 'deployed' })
  }

  const replicas = (kind: string, object: JsonObject, watch: WatchType): void => {
    const metadata = objectOf(object, 'metadata') ?? object
    const spec = objectOf(object, 'spec')
    const status = objectOf(object, 'status')
    const namespace = textOf(metadata, 'namespace')
    const name = textOf(metadata, 'name')
    const ms = observedAt(object)
    const created = timeOf(metadata, 'creationTimestamp')
    sink.record(latest(ms, created), 'utc')
    if (name === '' || watch === 'DELETED') return
    const entity = workload(namespace, name)
    const label = `${kind.toLowerCase()}/${namespace}/${name}`
    const isDaemon = kind === 'DaemonSet'
    const wanted = isDaemon ? numberOf(status, 'desiredNumberScheduled') : numberOf(spec, 'replicas')
    const ready = numberOf(status, isDaemon ? 'numberReady' : 'readyReplicas') || 0
    const seen = { entity, wanted, ready: status === undefined ? null : ready }
    // The numbers hold when the object was read: in a watch at its version's time, in a snapshot at the end of what it tells.
    if (watch !== '' && !Number.isNaN(ms)) sayReplicas(seen, ms)
    else if (counted.length < MAX_SERVICES) counted.push(seen)
    const template = objectOf(spec, 'template')
    const image = imagesOf(template)
    remember(entity, namespace, objectOf(objectOf(template, 'metadata'), 'labels'))
    sayNeeds(sink, once, entity, namespace, objectOf(template, 'spec'))
    sayProbed(sink, once, entity, objectOf(template, 'spec'))
    sayDeployed(entity, created, `${label} created ${textOf(metadata, 'creationTimestamp')} with ${image}`, image, { created: 'yes' })
    const before = versions.get(entity)
    versions.set(entity, { wanted, image })
    if (before !== undefined && !Number.isNaN(ms)) {
      if (before.image !== image) sayDeployed(entity, ms, `${label} image ${before.image} -> ${image}`, image)
      if (before.wanted !== wanted && !isDaemon)
        once.signal({
          kind: 'change.scaled',
          entity,
          at: stamp(ms),
          attributes: { from: before.wanted, to: wanted },
          text: `${label} replicas ${before.wanted} -> ${wanted}`,
        })
    }
    sayAvailable(object, entity, label, wanted, ready)
  }

  const sayReplicas = ({ entity, wanted, ready }: Counted, ms: number): void => {
    if (!Number.isNaN(wanted)) sink.fact({ fact: 'replicas', workload: entity, at: Number.isNaN(ms) ? null : stamp(ms), wanted, ready })
  }

  const sayAvailable = (object: JsonObject, entity: Entity, label: string, wanted: number, ready: number): void => {
    const told = (condition: JsonObject | undefined): string =>
      `${label} ${textOf(condition, 'type')}=${textOf(condition, 'status')} since ${textOf(condition, 'lastTransitionTime')}: ${textOf(condition, 'reason')}: ${textOf(condition, 'message')} (${ready} of ${wanted} ready)`
    const available = conditionOf(object, 'Available')
    const at = timeOf(available, 'lastTransitionTime')
    if (!Number.isNaN(at) && textOf(available, 'status') === 'False' && wanted > 0) {
      // Available=False says that fewer than the rollout strategy allows are ready, which may be some.
      once.signal({
        kind: ready > 0 ? 'workload.degraded' : 'workload.unavailable',
        entity,
        phase: 'begin',
        at: stamp(at),
        attributes: { ready, wanted },
        text: told(available),
      })
    } else if (!Number.isNaN(at) && textOf(available, 'status') === 'True') {
      for (const kind of ['workload.unavailable', 'workload.degraded'] as const)
        once.signal({ kind, entity, phase: 'end', at: stamp(at), text: told(available) })
    }
    const progressing = conditionOf(object, 'Progressing')
    const stopped = timeOf(progressing, 'lastTransitionTime')
    if (textOf(progressing, 'reason') === 'ProgressDeadlineExceeded' && !Number.isNaN(stopped)) {
      once.signal({
        kind: ready > 0 ? 'workload.degraded' : 'workload.unavailable',
        entity,
        at: stamp(stopped),
        attributes: { reason: 'progress-deadline' },
        text: told(progressing),
      })
    }
    const failure = conditionOf(object, 'ReplicaFailure')
    const failedAt = timeOf(failure, 'lastTransitionTime')
    if (textOf(failure, 'status') === 'True' && !Number.isNaN(failedAt)) {
      once.signal({ kind: 'pod.unschedulable', entity, at: stamp(failedAt), attributes: creationFailure(textOf(failure, 'message')), text: told(failure) })
    }
  }

  /** A ReplicaSet is one revision of its Deployment. */
  const replicaSet = (object: JsonObject, watch: WatchType): void => {
    const metadata = objectOf(object, 'metadata') ?? object
    const owner = controllerOf(metadata)
    const created = timeOf(metadata, 'creationTimestamp')
    if (owner === undefined) {
      replicas('ReplicaSet', object, watch)
      return
    }
    sink.record(latest(observedAt(object), created), 'utc')
    const name = textOf(metadata, 'name')
    const namespace = textOf(metadata, 'namespace')
    if (name === '' || watch === 'DELETED') return
    const hash = textOf(objectOf(metadata, 'labels'), 'pod-template-hash')
    const entity = workload(namespace, textOf(owner, 'name') || withoutHash(name, hash))
    const image = imagesOf(objectOf(objectOf(object, 'spec'), 'template'))
    sayDeployed(entity, created, `replicaset/${namespace}/${name} created ${textOf(metadata, 'creationTimestamp')} with ${image}`, image, { replicaSet: name })
    sayAvailable(
      object,
      entity,
      `replicaset/${namespace}/${name}`,
      numberOf(objectOf(object, 'spec'), 'replicas'),
      numberOf(objectOf(object, 'status'), 'readyReplicas') || 0,
    )
  }

  /** What a StatefulSet or a DaemonSet was told to be: a way back gives an older one the highest number. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/ */
  const revision = (object: JsonObject): void => {
    const metadata = objectOf(object, 'metadata') ?? object
    const owner = controllerOf(metadata)
    const created = timeOf(metadata, 'creationTimestamp')
    sink.record(created, 'utc')
    const number = numberOf(object, 'revision')
    if (owner === undefined || Number.isNaN(created) || Number.isNaN(number) || revisions.size >= MAX_SERVICES) return
    const namespace = textOf(metadata, 'namespace')
    const [kind, name, own] = [textOf(owner, 'kind'), textOf(owner, 'name'), textOf(metadata, 'name')]
    const text = `controllerrevision/${namespace}/${own} of ${kind} ${name} created ${textOf(metadata, 'creationTimestamp')}`
    revisions.set(`${namespace}/${own}`, { entity: workload(namespace, name), name: own, number, created, text, line: sink.line })
  }

  const sayRevisions = (): void => {
    for (const [entity, all] of groupBy([...revisions.values()], (one) => one.entity)) {
      const latest = all.reduce((a, b) => (b.number > a.number ? b : a))
      const oldest = Math.min(...all.map(({ created }) => created))
      for (const { name, created, text, line } of all) {
        const attributes = { revision: name, ...(latest.created < created ? { undone: 'yes' } : {}) }
        if (created > oldest) once.signal({ kind: 'change.deployed', entity, at: stamp(created), attributes, text, line, burst: name })
      }
    }
  }

  const remember = (entity: Entity, namespace: string, labels: JsonObject | undefined): void => {
    if (labels !== undefined && labelled.size < MAX_SERVICES) labelled.set(entity, { entity, namespace, labels })
  }

  const endpoints = (kind: string, object: JsonObject): void => {
    const metadata = objectOf(object, 'metadata') ?? object
    sink.record(observedAt(object), 'utc')
    const namespace = textOf(metadata, 'namespace')
    const name = textOf(objectOf(metadata, 'labels'), 'kubernetes.io/service-name') || textOf(metadata, 'name')
    const addresses =
      kind === 'EndpointSlice'
        ? listOf(object, 'endpoints')
        : listOf(object, 'subsets').flatMap((subset) => [...listOf(subset, 'addresses'), ...listOf(subset, 'notReadyAddresses')])
    for (const address of addresses) {
      const target = objectOf(address, 'targetRef')
      if (name === '' || textOf(target, 'kind') !== 'Pod') continue
      const by = pod(textOf(target, 'namespace') || namespace, textOf(target, 'name'))
      if (once.said(`endpoint ${namespace}/${name} ${by}`)) sink.fact({ fact: 'runs-as', of: service(namespace, name), by })
    }
  }

  const lease = (object: JsonObject): void => {
    const spec = objectOf(object, 'spec')
    const metadata = objectOf(object, 'metadata') ?? object
    const renewed = timeOf(spec, 'renewTime')
    sink.record(renewed, 'utc')
    if (textOf(metadata, 'namespace') !== 'kube-node-lease' || Number.isNaN(renewed)) return
    const duration = numberOf(spec, 'leaseDurationSeconds')
    leases.set(textOf(metadata, 'name'), { renewed, duration: (duration > 0 ? duration : 40) * 1000, line: sink.line })
  }

  /** One lease far behind the others, at the end of the data, is a hint that its kubelet could not renew it. */
  const sayStale = (): void => {
    let newest = NaN
    for (const known of leases.values()) newest = latest(newest, known.renewed)
    for (const [name, { renewed, duration, line }] of leases) {
      if (newest - renewed < duration * STALE_DURATIONS) continue
      const text = `lease/kube-node-lease/${name} renewed last ${new Date(renewed).toISOString()}, another one ${new Date(newest).toISOString()}`
      sink.signal({ kind: 'node.heartbeat-missed', entity: node(name), at: stamp(renewed), attributes: { reason: 'other', source: 'lease' }, text, line })
    }
  }

  const select = (object: JsonObject): void => {
    const metadata = objectOf(object, 'metadata') ?? object
    const labels = objectOf(objectOf(object, 'spec'), 'selector')
    const namespace = textOf(metadata, 'namespace')
    sink.record(observedAt(object), 'utc')
    const address = textOf(objectOf(object, 'spec'), 'clusterIP')
    const entity = service(namespace, textOf(metadata, 'name'))
    if (/^[0-9a-f.:]+$/u.test(address) && once.said(`ip ${entity} ${address}`)) sink.fact({ fact: 'alias', of: entity, name: address, at: null })
    if (labels !== undefined && Object.keys(labels).length > 0 && selecting.length < MAX_SERVICES) selecting.push({ entity, namespace, labels })
  }

  /** Services and the workloads or pods with the labels they select; pods only where no workload is known. */
  const saySelected = (): void => {
    const byLabel = new Map<string, Labelled[]>()
    for (const one of labelled.values()) {
      for (const key of Object.keys(one.labels)) {
        const place = `${one.namespace}\n${key}\n${textOf(one.labels, key)}`
        const list = byLabel.get(place)
        if (list === undefined) byLabel.set(place, [one])
        else list.push(one)
      }
    }
    for (const { entity, namespace, labels } of selecting) {
      const keys = Object.keys(labels)
      const candidates = (byLabel.get(`${namespace}\n${keys[0] ?? ''}\n${textOf(labels, keys[0] ?? '')}`) ?? []).slice(0, MAX_SELECTED)
      const selected = candidates.filter((one) => keys.every((key) => textOf(one.labels, key) === textOf(labels, key)))
      const workloads = selected.filter((one) => typeOf(one.entity) === 'workload')
      for (const one of workloads.length > 0 ? workloads : selected) sink.fact({ fact: 'runs-as', of: entity, by: one.entity })
    }
  }

  return {
    read(kind, object, watch) {
      switch (kind) {
        case 'Deployment':
        case 'StatefulSet':
        case 'DaemonSet':
        case 'ReplicationController':
        case 'DeploymentConfig':
          replicas(kind, object, watch)
          return true
        case 'ReplicaSet':
          replicaSet(object, watch)
          return true
        case 'ControllerRevision':
          revision(object)
          return true
        case 'Service':
          select(object)
          return true
        case 'Endpoints':
        case 'EndpointSlice':
          endpoints(kind, object)
          return true
        case 'Lease':
          lease(object)
          return true
        default:
          return false
      }
    },
    pod(object) {
      const metadata = objectOf(object, 'metadata') ?? object
      const namespace = textOf(metadata, 'namespace')
      const name = textOf(metadata, 'name')
      if (name !== '') remember(pod(namespace, name), namespace, objectOf(metadata, 'labels'))
    },
    end(now) {
      for (const seen of counted) sayReplicas(seen, now)
      sayStale()
      sayRevisions()
      saySelected()
    },
  }
}
