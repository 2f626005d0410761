/** What a finding is about. The grammar is the contract's: `node/<name>`, `pod/<namespace>/<name>` … */
export type Entity =
  | 'cluster'
  | `node/${string}`
  | `pod/${string}/${string}`
  | `workload/${string}/${string}`
  | `service/${string}/${string}`
  | `volume/${string}`
  | `postgres/${string}`
  | `redis/${string}`
  | `target/${string}/${string}`
  | `loadbalancer/${string}`
  | `process/${string}/${string}`
  | `external/${string}`

export type EntityType =
  'cluster' | 'node' | 'pod' | 'workload' | 'service' | 'volume' | 'postgres' | 'redis' | 'target' | 'loadbalancer' | 'process' | 'external'

/** The machine an input was written on, where its lines do not name it: the timeline finds out which node that is. */
export const THIS_NODE = 'node/?' satisfies Entity
/** The Postgres server an input was written by: the timeline finds its name. */
export const THIS_POSTGRES = 'postgres/?' satisfies Entity

const clean = (name: string): string => (name === '' ? '-' : name)

export const node = (name: string): Entity => `node/${clean(name)}`
/** `namespace` is '-' where it is not known. */
export const pod = (namespace: string, name: string): Entity => `pod/${clean(namespace)}/${clean(name)}`
export const workload = (namespace: string, name: string): Entity => `workload/${clean(namespace)}/${clean(name)}`
export const service = (namespace: string, name: string): Entity => `service/${clean(namespace)}/${clean(name)}`
export const postgres = (name: string): Entity => `postgres/${clean(name)}`
export const redis = (name: string): Entity => `redis/${clean(name)}`
export const volume = (name: string): Entity => `volume/${clean(name)}`
export const target = (job: string, instance: string): Entity => `target/${clean(job)}/${clean(instance)}`
/** `host` is '-' where it is not known. */
export const process = (host: string, name: string): Entity => `process/${clean(host)}/${clean(name)}`
export const loadbalancer = (name: string): Entity => `loadbalancer/${clean(name)}`
export const external = (name: string): Entity => `external/${clean(name)}`

const ENTITY =
  /^(?:cluster|(?:node|volume|postgres|redis|loadbalancer|external)\/[^\s/][^\s]{0,250}|(?:pod|workload|service|target|process)\/[^\s/]{1,250}\/[^\s]{1,250})$/u

/** Whether a text of somebody's own has the grammar of an entity. */
export const isEntity = (name: string): name is Entity => ENTITY.test(name)

export const typeOf = (entity: Entity): EntityType => {
  const slash = entity.indexOf('/')
  return (slash < 0 ? entity : entity.slice(0, slash)) as EntityType // the template type guarantees the prefix
}

/** The part after the type: 'shop/web-1' of 'pod/shop/web-1'; '' for the cluster. */
export const nameOf = (entity: Entity): string => {
  const slash = entity.indexOf('/')
  return slash < 0 ? '' : entity.slice(slash + 1)
}

/** A pod's name but for its last part: those of one ReplicaSet share it, as do those of one StatefulSet. */
export const replicaSetOf = (pod: Entity): string => pod.slice(0, pod.lastIndexOf('-'))

/** Its name alone: 'web-7d9c5b8f6d' of 'pod/shop/web-7d9c5b8f6d-x2x4z'. */
export const replicaSetName = (pod: Entity): string => {
  const name = shortName(pod)
  return name.slice(0, name.lastIndexOf('-'))
}

/** The last part of the name: 'web-1' of 'pod/shop/web-1'. */
export const shortName = (entity: Entity): string => {
  const name = nameOf(entity)
  return name.slice(name.lastIndexOf('/') + 1) || entity
}

/** What only the cluster itself uses. */
export const isOfCluster = (entity: string): boolean => entity.includes('/kube-system/')

const CONTROL_PLANE = /\/(?:etcd|kube-apiserver|apiserver)/u
/** What every other part of the cluster asks. */
export const isControlPlane = (entity: Entity): boolean => CONTROL_PLANE.test(entity)

/** 'shop' of 'pod/shop/web-1'; '-' where the entity has none or it is not known. */
export const namespaceOf = (entity: Entity): string => {
  const type = typeOf(entity)
  if (type !== 'pod' && type !== 'workload' && type !== 'service') return '-'
  const name = nameOf(entity)
  return name.slice(0, name.indexOf('/'))
}
