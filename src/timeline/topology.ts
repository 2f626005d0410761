/** What runs where and who owns what, as a function of time. */
import { nameOf, process, shortName, typeOf, type Entity } from '../model/entity.js'
import type { Fact } from '../model/extract.js'
import { addTo, addToSet } from '../model/lists.js'
import { isAddress } from './names.js'
import { workloadFromName } from './pod-names.js'
import type { TimedSignal } from './timed.js'

type Timed<F> = F extends { readonly at: unknown } ? Omit<F, 'at'> & { readonly at: number | null } : F
export type TimedFact = Timed<Exclude<Fact, { fact: 'missing' | 'collected' | 'kept-from' | 'zone' | 'clock-stepped' }>>

export interface Placement {
  readonly node: Entity
  /** Milliseconds since the epoch; -Infinity where the pod was there before the data begins. */
  readonly from: number
}

export interface ReplicaCount {
  readonly at: number | null
  readonly wanted: number
  readonly ready: number | null
}

export interface Topology {
  readonly pods: readonly Entity[]
  /** Where the pod was at that moment; null where nothing tells. */
  nodeOf(pod: Entity, at: number): Entity | null
  /** False where it was placed later for the first time, or taken away before. */
  existedAt(pod: Entity, at: number): boolean
  placements(pod: Entity): readonly Placement[]
  /** The workload of a pod: from its owner, else from its name. */
  workloadOf(pod: Entity): Entity | null
  /** Its pods run to their end, and serve nobody. */
  isJob(workload: Entity): boolean
  podsOf(workload: Entity): readonly Entity[]
  /** The pods of all workloads of this name, whatever their namespace. */
  podsCalled(name: string): readonly Entity[]
  replicas(workload: Entity): readonly ReplicaCount[]
  limit(of: Entity, name: string): number | null
  nodeFacts(node: Entity): { readonly cores: number | null; readonly memoryBytes: number | null }
  /** The node that has this address (10.0.0.3, 10.0.0.3:9100) or name. */
  nodeAt(address: string): Entity | null
  clientsOf(server: Entity): readonly Entity[]
  serversOf(client: Entity): readonly Entity[]
  /** Whether it was seen to talk to somebody: what is only configured is rarely all that it needs. */
  isSeenToAsk(client: Entity): boolean
  /** What the entity runs as: a Postgres server's pod, a service's workload. */
  runsAs(entity: Entity): readonly Entity[]
  memoryLimit(pod: Entity): number | null | undefined
  cpuLimit(pod: Entity): number | null | undefined
}

export const makeTopology = (facts: readonly TimedFact[], signals: readonly TimedSignal[], canonical: (node: Entity) => Entity): Topology => {
  const placements = new Map<Entity, Placement[]>()
  const owners = new Map<Entity, Entity>()
  const jobs = new Set<Entity>()
  const pods = new Set<Entity>()
  const members = new Map<Entity, Entity[]>()
  const called = new Map<string, Entity[]>()
  const replicas = new Map<Entity, ReplicaCount[]>()
  const limits = new Map<string, number>()
  const nodes = new Map<Entity, { cores: number | null; memoryBytes: number | null }>()
  const addresses = new Map<string, Entity>()
  /** Addresses of pods are used again; each node has its own of them. */
  const podsAt = new Map<string, Set<Entity>>()
  const clients = new Map<Entity, Set<Entity>>()
  const servers = new Map<Entity, Set<Entity>>()
  const runs = new Map<Entity, Set<Entity>>()
  const asking = new Set<Entity>()
  const memory = new Map<Entity, number | null>()
  const cpu = new Map<Entity, number | null>()

  const place = (pod: Entity, node: Entity, at: number | null): void => {
    pods.add(pod)
    addTo(placements, pod, { node, from: at ?? -Infinity })
  }
  for (const fact of facts) {
    switch (fact.fact) {
      case 'pod-on-node':
        place(fact.pod, fact.node, fact.at)
        break
      case 'pod-owner':
        owners.set(fact.pod, fact.workload)
        if (fact.isJob === true) jobs.add(fact.workload)
        pods.add(fact.pod)
        break
      case 'replicas':
        addTo(replicas, fact.workload, { at: fact.at, wanted: fact.wanted, ready: fact.ready })
        break
      case 'limit':
        limits.set(`${fact.of} ${fact.name}`, fact.value)
        break
      case 'node': {
        const known = nodes.get(fact.node) ?? { cores: null, memoryBytes: null }
        nodes.set(fact.node, { cores: fact.cores ?? known.cores, memoryBytes: fact.memoryBytes ?? known.memoryBytes })
        addresses.set(nameOf(fact.node), fact.node)
        break
      }
      case 'alias':
        if (typeOf(fact.of) === 'node') addresses.set(fact.name, fact.of)
        else if (typeOf(fact.of) === 'pod') addToSet(podsAt, fact.name, fact.of)
        break
      case 'client-of':
        // An address that nobody is known to have.
        if (typeOf(fact.server) === 'service' && isAddress(shortName(fact.server))) break
        addToSet(clients, fact.server, fact.client)
        if (fact.configured === undefined) asking.add(fact.client)
        addToSet(servers, fact.client, fact.server)
        break
      case 'runs-as':
        addToSet(runs, fact.of, fact.by)
        break
      case 'pod-resources':
        memory.set(fact.pod, smaller(memory.get(fact.pod), fact.memoryLimitBytes))
        cpu.set(fact.pod, smaller(cpu.get(fact.pod), fact.cpuLimitCores))
        break
      case 'input-node':
        break
    }
  }
  for (const signal of signals) {
    const on = signal.attributes['node']
    if (signal.kind === 'pod.scheduled' && typeof on === 'string') place(signal.entity, canonical(`node/${on}`), signal.at)
    if (typeOf(signal.entity) === 'pod') pods.add(signal.entity)
  }
  for (const list of placements.values()) list.sort((a, b) => a.from - b.from || (a.node < b.node ? -1 : 1))
  const born = bornAt(signals, placements)
  const left = leftAt(signals)
  const gone = goneBefore(signals, placements, born)
  // In one second it was taken away and then placed.
  for (const [pod, at] of gone)
    placements.set(
      pod,
      (placements.get(pod) ?? []).map((one) => (one.from === at ? { ...one, from: at + 1 } : one)),
    )
  for (const [pod, node] of lostWithNode(signals, placements, gone)) placements.set(pod, [{ node, from: -Infinity }, ...(placements.get(pod) ?? [])])
  for (const list of replicas.values()) list.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))

  const machines = new Set([...nodes.keys(), ...[...placements.values()].flatMap((list) => list.map(({ node }) => node))].map(nameOf))
  /** A node's own pod, which no workload owns: etcd-cp-2 on cp-2. https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/ */
  const isStatic = (pod: Entity): boolean => {
    const name = shortName(pod)
    const places = placements.get(pod)
    for (let dash = name.indexOf('-'); dash > 0; dash = name.indexOf('-', dash + 1)) {
      const machine = name.slice(dash + 1)
      if (places === undefined ? machines.has(machine) : places.some(({ node }) => nameOf(node) === machine)) return true
    }
    return false
  }

  /** What the names of pods were found to say: it is asked for often. */
  const byName = new Map<Entity, Entity | null>()
  const workloadOf = (pod: Entity): Entity | null => {
    if (typeOf(pod) === 'workload') return pod
    if (typeOf(pod) !== 'pod') return null
    const known = owners.get(pod)
    if (known !== undefined) return known
    let named = byName.get(pod)
    if (named === undefined) byName.set(pod, (named = isStatic(pod) ? null : workloadFromName(pod)))
    return named
  }
  for (const pod of [...pods].sort()) {
    const owner = workloadOf(pod)
    if (owner === null) continue
    addTo(members, owner, pod)
    addTo(called, shortName(owner), pod)
  }
  const [clientsOf, serversOf, runsAs] = [clients, servers, runs].map(sorted) as [Sorted, Sorted, Sorted] // of three, three
  return {
    pods: [...pods].sort(),
    nodeOf(pod, at) {
      const list = placements.get(pod)
      if (list === undefined) return null
      const [first] = list
      // A pod never moves: before its first sighting it was there too, or not at all. Only another pod of its name was elsewhere.
      let node = first === undefined || (first.from > at && at <= (gone.get(pod) ?? -Infinity)) ? null : first.node
      for (const placement of list) if (placement.from <= at) node = placement.node
      return node
    },
    existedAt: (pod, at) => at < (gone.get(pod) ?? -Infinity) || (at >= (born.get(pod) ?? -Infinity) - PLACED_IN_MS && at < (left.get(pod) ?? Infinity)),
    placements: (pod) => placements.get(pod) ?? [],
    workloadOf,
    isJob: (of) => jobs.has(of),
    podsOf: (of) => members.get(of) ?? [],
    podsCalled: (name) => called.get(name) ?? [],
    replicas: (of) => replicas.get(of) ?? [],
    limit: (of, name) => limits.get(`${of} ${name}`) ?? null,
    nodeFacts: (node) => nodes.get(node) ?? { cores: null, memoryBytes: null },
    nodeAt(address) {
      const host = address.replace(/:\d+$/u, '')
      const known = addresses.get(address) ?? addresses.get(host)
      if (known !== undefined || host === '') return known ?? null
      const homes = new Set([...(podsAt.get(host) ?? [])].flatMap((pod) => (placements.get(pod) ?? []).map((place) => place.node)))
      const [home] = homes
      if (homes.size === 1 && home !== undefined) return home
      const other = canonical(`node/${host}`)
      return nameOf(other) === host ? null : other
    },
    clientsOf: (server) => clientsOf.get(server) ?? [],
    serversOf: (client) => [client, ...asProcess(client)].map((one) => serversOf.get(one)).find((known) => known !== undefined) ?? [],
    isSeenToAsk: (client) => [client, ...asProcess(client)].some((one) => asking.has(one)),
    runsAs: (entity) => runsAs.get(entity) ?? [],
    memoryLimit: (pod) => memory.get(pod),
    cpuLimit: (pod) => cpu.get(pod),
  }
}

/** What is a process in its own log is a service in what it counts. */
const asProcess = (client: Entity): readonly Entity[] => (client.startsWith('service/-/') ? [process('-', shortName(client))] : [])

/** Times of several sources differ by so much. */
const PLACED_IN_MS = 2_000

/** Pods of which nothing is known before they were scheduled. */
const bornAt = (signals: readonly TimedSignal[], placements: ReadonlyMap<Entity, readonly Placement[]>): ReadonlyMap<Entity, number> =>
  new Map(signals.flatMap(({ kind, entity, at }) => (kind === 'pod.scheduled' && placements.get(entity)?.[0]?.from === at ? [[entity, at] as const] : [])))

/** Since when a pod is deleted, or told to go: that of a node which is not there any more stays until it is. */
const leftAt = (signals: readonly TimedSignal[]): ReadonlyMap<Entity, number> => {
  const left = new Map<Entity, number>()
  for (const { kind, entity, at } of signals)
    if (kind === 'pod.scheduled') left.delete(entity)
    else if ((kind === 'pod.deleted' || kind === 'pod.evicted') && !left.has(entity)) left.set(entity, at)
  return left
}

/**
 * When a pod was taken away of whose name another was scheduled later: that of a StatefulSet comes back under its name, on whichever node. What a kubelet
 * evicts stays listed, and is the same pod.
 */
const goneBefore = (
  signals: readonly TimedSignal[],
  placements: ReadonlyMap<Entity, readonly Placement[]>,
  born: ReadonlyMap<Entity, number>,
): ReadonlyMap<Entity, number> => {
  const gone = new Map<Entity, number>()
  for (const { kind, entity, attributes, at } of signals) {
    const taken = kind === 'pod.deleted' || (kind === 'pod.evicted' && attributes['reason'] === 'taint')
    if (taken && born.has(entity) && at <= (placements.get(entity)?.[0]?.from ?? NaN)) gone.set(entity, Math.max(at, gone.get(entity) ?? -Infinity))
  }
  return gone
}

/** The controller tells a node's pods that it is not ready in the moment in which it says so of the node; events tell whole seconds. */
const AT_ONCE_MS = 1_000

/**
 * Pods of which nothing tells where they were, but that they were told 'Node is not ready' as exactly one node became that.
 * https://github.com/kubernetes/kubernetes/blob/v1.31.0/pkg/controller/util/node/controller_utils.go, MarkPodsNotReady
 */
const lostWithNode = (
  signals: readonly TimedSignal[],
  placements: ReadonlyMap<Entity, readonly Placement[]>,
  gone: ReadonlyMap<Entity, number>,
): ReadonlyMap<Entity, Entity> => {
  const lost = signals.filter(({ kind, phase, entity }) => kind === 'node.not-ready' && phase !== 'end' && typeOf(entity) === 'node')
  const found = new Map<Entity, Entity>()
  for (const { kind, entity, attributes, at } of signals) {
    if (kind !== 'pod.unready' || attributes['reason'] !== 'node-not-ready' || typeOf(entity) !== 'pod' || found.has(entity)) continue
    const first = placements.get(entity)?.[0]
    if (first !== undefined && at > (gone.get(entity) ?? -Infinity)) continue
    const nodes = new Set(lost.filter((one) => Math.abs(one.at - at) <= AT_ONCE_MS).map((one) => one.entity))
    const [only] = nodes
    if (nodes.size === 1 && only !== undefined) found.set(entity, only)
  }
  return found
}

type Sorted = ReadonlyMap<Entity, readonly Entity[]>
const sorted = (sets: ReadonlyMap<Entity, ReadonlySet<Entity>>): Sorted => new Map([...sets].map(([of, set]) => [of, [...set].sort()]))

/** A pod is as unlimited as its least limited container. */
const smaller = (known: number | null | undefined, next: number | null): number | null =>
  known === undefined ? next : known === null || next === null ? null : known + next
