/** Node objects: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/ */
import { node as nodeEntity, type Entity } from '../src/model/entity.js'
import type { Attributes } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import type { WatchType } from './kubernetes-event.js'
import { conditionOf, isObject, latest, listOf, objectOf, observedAt, quantity, stamp, textOf, timeOf, type JsonObject } from './kubernetes-fields.js'
import type { Once } from './kubernetes-once.js'

const PRESSURES = [
  ['MemoryPressure', 'node.memory-exhausted'],
  ['DiskPressure', 'node.disk-full'],
] as const

interface Identity {
  readonly machineId: string
  readonly systemUUID: string
  readonly bootId: string
  readonly address: string
  readonly zone: string
}
const IDENTITY = ['machineId', 'systemUUID', 'bootId', 'address', 'zone'] as const

export interface ObjectReader {
  read(object: JsonObject, watch: WatchType): void
}

export const nodeReader = (sink: Sink, once: Once): ObjectReader => {
  const identities = new Map<string, Identity>()
  const cordoned = new Set<string>()

  const addFacts = (object: JsonObject, entity: Entity, name: string, ms: number): void => {
    const status = objectOf(object, 'status')
    const cores = quantity(textOf(objectOf(status, 'capacity'), 'cpu'))
    const memoryBytes = quantity(textOf(objectOf(status, 'capacity'), 'memory'))
    const at = Number.isNaN(ms) ? null : stamp(ms)
    if (once.said(`facts ${name} ${cores ?? ''} ${memoryBytes ?? ''}`)) {
      sink.fact({ fact: 'node', node: entity, at, ...(cores === null ? {} : { cores }), ...(memoryBytes === null ? {} : { memoryBytes }) })
    }
    const names = listOf(status, 'addresses').map((address) => textOf(address, 'address'))
    const provider = textOf(objectOf(object, 'spec'), 'providerID')
    names.push(provider, provider.slice(provider.lastIndexOf('/') + 1), textOf(objectOf(status, 'nodeInfo'), 'machineID'))
    for (const alias of names) {
      if (alias !== '' && alias !== name && once.said(`alias ${name} ${alias}`)) sink.fact({ fact: 'alias', of: entity, name: alias, at })
    }
  }

  const sayReady = (object: JsonObject, entity: Entity, name: string): void => {
    const ready = conditionOf(object, 'Ready')
    const at = timeOf(ready, 'lastTransitionTime')
    if (ready === undefined || Number.isNaN(at)) {
      sayTaints(object, entity, name)
      return
    }
    const isReady = textOf(ready, 'status') === 'True'
    const reason = textOf(ready, 'reason')
    once.signal({
      kind: 'node.not-ready',
      entity,
      phase: isReady ? 'end' : 'begin',
      at: stamp(at),
      attributes: { reason },
      text: `node/${name} Ready=${textOf(ready, 'status')} since ${textOf(ready, 'lastTransitionTime')}: ${reason}: ${textOf(ready, 'message')}`,
    })
  }

  /** Without conditions the node controller's taints tell the same. */
  const sayTaints = (object: JsonObject, entity: Entity, name: string): void => {
    for (const taint of listOf(objectOf(object, 'spec'), 'taints')) {
      const key = textOf(taint, 'key')
      const at = timeOf(taint, 'timeAdded')
      if (Number.isNaN(at) || (key !== 'node.kubernetes.io/unreachable' && key !== 'node.kubernetes.io/not-ready')) continue
      once.signal({
        kind: 'node.not-ready',
        entity,
        phase: 'begin',
        at: stamp(at),
        attributes: { reason: key },
        text: `node/${name} taint ${key}:${textOf(taint, 'effect')}`,
      })
    }
  }

  const sayPressure = (object: JsonObject, entity: Entity, name: string): void => {
    const times = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => timeOf(conditionOf(object, type), 'lastTransitionTime'))
    for (const [type, kind] of PRESSURES) {
      const condition = conditionOf(object, type)
      const at = timeOf(condition, 'lastTransitionTime')
      const status = textOf(condition, 'status')
      if (condition === undefined || Number.isNaN(at) || status === 'Unknown') continue
      // All conditions change together when the node comes up or reports again: then there was no pressure that ended.
      if (status !== 'True' && times.filter((time) => time === at).length > 1) continue
      once.signal({
        kind,
        entity,
        phase: status === 'True' ? 'begin' : 'end',
        at: stamp(at),
        attributes: { reason: 'pressure' },
        text: `node/${name} ${type}=${status} since ${textOf(condition, 'lastTransitionTime')}: ${textOf(condition, 'reason')}: ${textOf(condition, 'message')}`,
      })
    }
  }

  /** One node, two machines: their kubelets overwrite each other's status. A new boot id alone is a reboot. */
  const sayIdentity = (object: JsonObject, entity: Entity, name: string, ms: number): void => {
    const status = objectOf(object, 'status')
    const info = objectOf(status, 'nodeInfo')
    if (info === undefined) return
    const internal = listOf(status, 'addresses').find((address) => textOf(address, 'type') === 'InternalIP')
    const now: Identity = {
      machineId: textOf(info, 'machineID'),
      systemUUID: textOf(info, 'systemUUID'),
      bootId: textOf(info, 'bootID'),
      address: textOf(internal, 'address'),
      zone: textOf(objectOf(objectOf(object, 'metadata'), 'labels'), 'topology.kubernetes.io/zone'),
    }
    const before = identities.get(name)
    identities.set(name, now)
    if (before === undefined || Number.isNaN(ms)) return
    const changed = IDENTITY.filter((key) => now[key] !== before[key] && now[key] !== '' && before[key] !== '')
    if (changed.length === 0) return
    const attributes = Object.fromEntries(changed.map((key) => [key, now[key]]))
    const text = `node/${name} ${changed.map((key) => `${key} ${before[key]} -> ${now[key]}`).join(', ')}`
    sink.signal({ kind: 'node.identity', entity, at: stamp(ms), attributes, text, burst: changed.join(' ') })
  }

  const sayCordon = (object: JsonObject, entity: Entity, name: string, ms: number): void => {
    const unschedulable = objectOf(object, 'spec')?.['unschedulable'] === true
    const taint = listOf(objectOf(object, 'spec'), 'taints').find((item) => isObject(item) && textOf(item, 'key') === 'node.kubernetes.io/unschedulable')
    const since = timeOf(taint, 'timeAdded')
    if (unschedulable === cordoned.has(name)) return
    if (unschedulable) cordoned.add(name)
    else cordoned.delete(name)
    const at = unschedulable && !Number.isNaN(since) ? since : ms
    if (Number.isNaN(at)) return
    const phase = unschedulable ? 'begin' : 'end'
    once.signal({ kind: 'action.cordon', entity, phase, at: stamp(at), text: `node/${name} spec.unschedulable=${unschedulable}` })
  }

  return {
    read(object, watch) {
      const metadata = objectOf(object, 'metadata') ?? object
      const name = textOf(metadata, 'name')
      const ms = observedAt(object)
      sink.record(ms, 'utc')
      if (name === '') return
      const entity = nodeEntity(name)
      const created = timeOf(metadata, 'creationTimestamp')
      if (watch === 'DELETED') {
        const asked = timeOf(metadata, 'deletionTimestamp')
        const at = latest(asked, ms)
        // A watch does not tell when: what it shows last may be minutes old.
        const attributes: Attributes = Number.isNaN(asked) ? { source: 'watch' } : {}
        if (!Number.isNaN(at)) once.signal({ kind: 'change.node-removed', entity, at: stamp(at), attributes, text: `node/${name} was deleted` })
        return
      }
      addFacts(object, entity, name, ms)
      if (!Number.isNaN(created))
        once.signal({ kind: 'change.node-added', entity, at: stamp(created), text: `node/${name} created ${textOf(metadata, 'creationTimestamp')}` })
      sayReady(object, entity, name)
      sayPressure(object, entity, name)
      sayIdentity(object, entity, name, ms)
      sayCordon(object, entity, name, ms)
    },
  }
}
