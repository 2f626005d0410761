/** A name that the data give to a machine, a pod, a workload or whoever it is run for. */
import { nameOf, typeOf, type Entity, type EntityType } from './entity.js'

export interface KnownName {
  readonly kind: 'node' | 'namespace' | 'app' | 'pod' | 'volume' | 'database' | 'customer' | 'host'
  readonly name: string
}

/** What the parts of an entity's name are names of; the last takes what is left. */
const OF_ENTITY: Readonly<Record<EntityType, readonly KnownName['kind'][]>> = {
  cluster: [],
  node: ['node'],
  pod: ['namespace', 'pod'],
  workload: ['namespace', 'app'],
  service: ['namespace', 'app'],
  volume: ['volume'],
  postgres: ['database'],
  redis: ['database'],
  target: ['app', 'host'],
  loadbalancer: ['host'],
  process: ['node', 'app'],
  external: ['host'],
}

export const namesIn = (entity: Entity): readonly KnownName[] => {
  const type = typeOf(entity)
  const kinds = Object.hasOwn(OF_ENTITY, type) ? OF_ENTITY[type] : []
  const parts = nameOf(entity).split('/')
  return kinds.map((kind, index) => ({ kind, name: (index === kinds.length - 1 ? parts.slice(index).join('/') : parts[index]) ?? '' }))
}
