/**
 * Whose name it is, where a line tells no namespace or a file has nothing but its name: 'Updating ready status of pod web-7d9c5b8f6d-x2x4z',
 * a table of one namespace, web-7d9c5b8f6d.log. It is the only one of that name that the dump knows with a namespace; of two, neither.
 */
import { namespaceOf, pod, shortName, typeOf, workload, type Entity } from '../model/entity.js'
import type { Fact, InputExtract, Labels } from '../model/extract.js'
import { addToSet } from '../model/lists.js'
import { replicaSetFromName, workloadFromName } from './pod-names.js'

export interface Namespaces {
  /** The entity with its namespace, where the dump knows one and only one of its name. */
  full(entity: Entity): Entity
  /** The pod or the workload (by its ReplicaSet) whose name a file is called by; null where it is nobody's or two could be meant. */
  calledIn(stem: string): Entity | null
  /** Pods that the dump knows of a workload. */
  podsOf(workload: Entity): readonly Entity[]
  /** The only entity of this type and name; null where there is none, or another in a second namespace. */
  only(type: 'pod' | 'workload' | 'service', name: string): Entity | null
}

const NAMESPACED: ReadonlySet<string> = new Set(['pod', 'workload', 'service'])

export const namespacesOf = (extracts: readonly InputExtract[]): Namespaces => {
  const called = new Map<string, Set<Entity>>()
  const sets = new Map<string, Set<Entity>>()
  const members = new Map<Entity, Set<Entity>>()
  const containers = new Map<Entity, Set<string>>()
  const seen = new Set<Entity>()
  const add = (entity: Entity): void => {
    if (seen.has(entity)) return
    seen.add(entity)
    const type = typeOf(entity)
    if (!NAMESPACED.has(type) || namespaceOf(entity) === '-') return
    addToSet(called, `${type} ${shortName(entity)}`, entity)
    if (type !== 'pod') return
    const set = replicaSetFromName(shortName(entity))
    const owner = workloadFromName(entity)
    if (owner === null) return
    add(owner)
    addToSet(members, owner, entity)
    if (set !== null) addToSet(sets, set, owner)
  }
  for (const { facts, signals, series } of extracts) {
    for (const fact of facts) {
      for (const entity of entitiesOf(fact)) add(entity)
      if (fact.fact === 'pod-resources') addToSet(containers, fact.pod, fact.container)
    }
    for (const { entity, attributes } of signals) {
      add(entity)
      const { replicaSet: set, container } = attributes
      if (typeof set === 'string' && set !== '' && typeOf(entity) === 'workload' && namespaceOf(entity) !== '-') addToSet(sets, set, entity)
      if (typeof container === 'string' && typeOf(entity) === 'pod') addToSet(containers, entity, container)
    }
    for (const { labels } of series) for (const entity of entitiesIn(labels)) add(entity)
  }
  const only = (type: 'pod' | 'workload' | 'service', name: string): Entity | null => sole(called.get(`${type} ${name}`))
  const setCalled = (name: string): Entity | null => sole(sets.get(name))
  const isContainerOf = (of: Entity, name: string): boolean =>
    FILE_WORDS.test(name) || (typeOf(of) === 'pod' ? [of] : [...(members.get(of) ?? [])]).some((one) => containers.get(one)?.has(name) === true)
  const knownAs = (name: string): Entity | null => only('pod', name) ?? setCalled(name)

  const calledIn = (stem: string): Entity | null => {
    // <pod>_<container>, <namespace>_<pod>_…: what stands before the name must be its own namespace.
    const found = new Set<Entity>()
    let before = ''
    for (const part of stem.split('_')) {
      const of = knownAs(part) ?? beforeContainer(part, knownAs, isContainerOf)
      if (of !== null && (before === '' || before === namespaceOf(of))) found.add(of)
      before = before === '' ? part : `${before}_${part}`
    }
    return sole(found)
  }
  return {
    full(entity) {
      const type = typeOf(entity)
      if (namespaceOf(entity) !== '-' || (type !== 'pod' && type !== 'workload' && type !== 'service')) return entity
      const name = shortName(entity)
      const known = only(type, name)
      if (known !== null || type !== 'pod') return known ?? entity
      // Its ReplicaSet's other pods tell its namespace.
      const set = replicaSetFromName(name)
      const owner = set === null ? null : setCalled(set)
      return owner === null || called.has(`pod ${name}`) ? entity : pod(namespaceOf(owner), name)
    },
    calledIn,
    podsOf: (of) => [...(members.get(of) ?? [])].sort(),
    only,
  }
}

const sole = (entities: ReadonlySet<Entity> | undefined): Entity | null => {
  if (entities?.size !== 1) return null
  const [one] = entities
  return one ?? null
}

/** What people add to the name of a pod when they save its log. */
const FILE_WORDS = /^(?:previous|current|logs?|postgres(?:ql)?|database)$/u

/** 'web-7d9c5b8f6d-x2x4z-app': a pod or ReplicaSet and one of its containers. */
const beforeContainer = (part: string, knownAs: (name: string) => Entity | null, isContainerOf: (of: Entity, name: string) => boolean): Entity | null => {
  for (let dash = part.lastIndexOf('-'); dash > 0; dash = part.lastIndexOf('-', dash - 1)) {
    const of = knownAs(part.slice(0, dash))
    if (of !== null) return isContainerOf(of, part.slice(dash + 1)) ? of : null
  }
  return null
}

const entitiesOf = (fact: Fact): readonly Entity[] => {
  switch (fact.fact) {
    case 'pod-on-node':
    case 'pod-resources':
      return [fact.pod]
    case 'pod-owner':
      return [fact.pod, fact.workload]
    case 'replicas':
      return [fact.workload]
    case 'runs-as':
      return [fact.of, fact.by]
    case 'alias':
    case 'limit':
      return [fact.of]
    case 'client-of':
      return [fact.client, fact.server]
    default:
      return []
  }
}

const WORKLOAD_LABELS = ['deployment', 'statefulset', 'daemonset'] as const

/** Whom a series names: it may know a namesake that nothing else speaks of. */
const entitiesIn = (labels: Labels): readonly Entity[] => {
  const namespace = labels['exported_namespace'] ?? labels['namespace']
  if (namespace === undefined || namespace === '') return []
  const name = labels['exported_pod'] ?? labels['pod']
  const found: Entity[] = name === undefined || name === '' ? [] : [pod(namespace, name)]
  for (const label of WORKLOAD_LABELS) {
    const of = labels[`exported_${label}`] ?? labels[label]
    if (of !== undefined && of !== '') found.push(workload(namespace, of))
  }
  return found
}
