/** A node has many names (IP, FQDN, short name, provider id); this decides which one is its own, and who wrote an input that does not say. */
import { nameOf, node, shortName, THIS_NODE, THIS_POSTGRES, typeOf, type Entity } from '../model/entity.js'
import type { InputExtract, Labels } from '../model/extract.js'
import { addTo, addToSet } from '../model/lists.js'
import { namespacesOf } from './namespaces.js'
import { workloadFromName } from './pod-names.js'
import { serversOf, type Servers } from './servers.js'

export interface Names {
  /** Resolves entities as the input at this position means them. */
  resolver(index: number): (entity: Entity) => Entity
  /** The node's own name, where it is given by an address, in full or in short. */
  readonly canonical: (node: Entity) => Entity
  /** The entity that has this address or other name; null where nobody is known under it. */
  byAddress(name: string): Entity | null
  /** The pod or machine that has this address or name; null where nothing tells which of the two it is. */
  machineOrPod(host: string): Entity | null
  podOfUid(uid: string): Entity | null
  readonly nodes: ReadonlySet<Entity>
  /** The Postgres server that a series is about. */
  serverOf(labels: Labels): Entity
  /** In which pods Postgres servers run, as far as names tell. */
  readonly serverPods: Servers['runs']
  /**
   * Whether two different names can be told to be two machines: the cluster's own names can, and so can two labels of one
   * Prometheus; a host name in a journal beside a node label cannot.
   */
  comparable(a: Entity, b: Entity): boolean
}

/** How a pod is called that a line names by its uid only. */
const UID = 'uid:'

export const makeNames = (extracts: readonly InputExtract[]): Names => {
  const known = knownNodes(extracts)
  const addresses = new Map<string, Entity>()
  const podOfUid = new Map<string, Entity>()
  const namespaces = namespacesOf(extracts)
  const inFull = fullNames(known, extracts)
  const canonicalNode = (entity: Entity): Entity => {
    const aliased = addresses.get(nameOf(entity))
    return inFull(aliased !== undefined && typeOf(aliased) === 'node' ? aliased : entity)
  }
  for (const extract of extracts) {
    for (const fact of extract.facts) {
      if (fact.fact !== 'alias' || fact.of === THIS_NODE || fact.of === THIS_POSTGRES) continue
      if (fact.name.startsWith(UID)) podOfUid.set(fact.name.slice(UID.length), namespaces.full(fact.of))
      else if (typeOf(fact.of) === 'node' || !addresses.has(fact.name)) addresses.set(fact.name, fact.of)
    }
  }
  for (const extract of extracts) {
    for (const fact of extract.facts)
      if (fact.fact === 'pod-on-node' && fact.uid !== undefined && !fact.pod.startsWith(`pod/-/${UID}`)) podOfUid.set(fact.uid, namespaces.full(fact.pod))
  }
  const dialled = ownersOfAddresses(extracts)
  const scraped = scrapedHosts(extracts)
  for (const [address, host] of hostsOfMembers(extracts)) if (scraped.has(address) && !addresses.has(address)) addresses.set(address, host)
  const nodes = new Set([...known].map(canonicalNode))
  const servers = serversOf(extracts, namespaces, (name) => nodes.has(canonicalNode(node(name))))
  const nodeOfVictim = victims(extracts)
  const writers = extracts.map((extract) => canonicalNode(writerOf(extract, nodes, canonicalNode, nodeOfVictim)))
  return {
    nodes,
    canonical: canonicalNode,
    serverOf: (labels) => servers.ofLog(labels) ?? servers.ofLabels(labels),
    serverPods: servers.runs,
    comparable: comparing(extracts, canonicalNode),
    byAddress: (name) => addresses.get(name) ?? null,
    podOfUid: (uid) => podOfUid.get(uid) ?? null,
    machineOrPod: (host) => {
      const known = addresses.get(host)
      if (known !== undefined && (typeOf(known) === 'pod' || typeOf(known) === 'node')) return typeOf(known) === 'pod' ? known : canonicalNode(known)
      const named = canonicalNode(node(host))
      return nodes.has(named) || scraped.has(host) ? named : null
    },
    resolver: (index) => (entity) => {
      if (entity === THIS_NODE) return writers[index] ?? entity
      if (entity === THIS_POSTGRES) return servers.of(index)
      const type = typeOf(entity)
      if (type === 'node') return canonicalNode(entity)
      if (type === 'postgres') return servers.canonical(entity)
      if (entity.startsWith(`pod/-/${UID}`)) return podOfUid.get(entity.slice(`pod/-/${UID}`.length)) ?? entity
      // A log that knows no more of itself than what its file is called.
      if (entity.startsWith('process/-/')) return namespaces.calledIn(shortName(entity)) ?? entity
      if (type === 'service' && isAddress(shortName(entity))) return dialled(shortName(entity)) ?? entity
      return namespaces.full(entity)
    },
  }
}

/**
 * Machines by the addresses of the cluster members on them: Patroni calls a member after its host (docs/yaml_configuration.rst, `name`). Only where a
 * folder of the dump is called so, too, and where one name has one address.
 */
const hostsOfMembers = (extracts: readonly InputExtract[]): readonly (readonly [string, Entity])[] => {
  const folders = new Set(extracts.flatMap(({ path }) => path.split(/[/\\]|!/u).slice(0, -1)))
  const pairs = new Set<string>()
  for (const { format, facts } of extracts)
    for (const fact of facts)
      if (format === 'patroni' && fact.fact === 'runs-as' && typeOf(fact.by) === 'node' && isAddress(nameOf(fact.by)) && folders.has(nameOf(fact.of)))
        pairs.add(`${nameOf(fact.by)} ${nameOf(fact.of)}`)
  const all = [...pairs].sort().map((pair) => pair.split(' ') as [string, string]) // as joined above
  return all
    .filter(([address, host]) => all.every((other) => (other[0] === address) === (other[1] === host)))
    .map(([address, host]) => [address, node(host)] as const)
}

/** The Service, or the pod, that clients reach by an address. Pods follow each other at one: of those of two workloads, neither is told. */
const ownersOfAddresses = (extracts: readonly InputExtract[]): ((address: string) => Entity | null) => {
  const [services, pods] = [new Map<string, Set<Entity>>(), new Map<string, Set<Entity>>()]
  for (const { facts } of extracts)
    for (const fact of facts) {
      if (fact.fact !== 'alias') continue
      if (typeOf(fact.of) === 'service') addToSet(services, fact.name, fact.of)
      else if (typeOf(fact.of) === 'pod') addToSet(pods, fact.name, fact.of)
    }
  return (address) => {
    const [found, ...others] = [...(services.get(address) ?? pods.get(address) ?? [])].sort()
    if (found === undefined) return null
    const workload = workloadFromName(found)
    return others.every((other) => workload !== null && workloadFromName(other) === workload) ? found : null
  }
}

/** Hosts on which a node exporter was scraped: machines, whatever they are called. */
const scrapedHosts = (extracts: readonly InputExtract[]): ReadonlySet<string> => {
  const hosts = new Set<string>()
  for (const { series } of extracts)
    for (const { name, labels } of series) {
      const { instance } = labels
      if (instance !== undefined && name.startsWith('node_')) hosts.add(instance.replace(/:\d+$/u, '').replace(/^\[(.*)\]$/u, '$1'))
    }
  return hosts
}

export const isAddress = (name: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/u.test(name) || (name.includes(':') && /^[0-9a-f:.]+$/iu.test(name))

/** Nodes that the cluster itself speaks of. Names seen only in a path or a journal are hints, not nodes. */
const knownNodes = (extracts: readonly InputExtract[]): ReadonlySet<Entity> => {
  const nodes = new Set<Entity>()
  for (const extract of extracts) {
    for (const fact of extract.facts) {
      if (fact.fact === 'node' || fact.fact === 'pod-on-node') nodes.add(fact.node)
      if (fact.fact === 'input-node' && fact.weight >= 3) nodes.add(fact.node)
      if (fact.fact === 'alias' && typeOf(fact.of) === 'node') nodes.add(fact.of)
    }
    for (const signal of extract.signals) if (typeOf(signal.entity) === 'node') nodes.add(signal.entity)
  }
  nodes.delete(THIS_NODE)
  return nodes
}

const HOST_OF_DOMAIN = /^([^.]+)\.[a-z]/iu

/**
 * A machine calls itself 'ip-10-0-0-1', its cluster calls it 'ip-10-0-0-1.ec2.internal', or the other way round. One short and
 * one full name are one machine, under the name that the cluster uses; two machines of two domains are not.
 */
const fullNames = (known: ReadonlySet<Entity>, extracts: readonly InputExtract[]): ((entity: Entity) => Entity) => {
  const shortOf = (entity: Entity): Entity | null => {
    const name = nameOf(entity)
    const short = isAddress(name) ? undefined : HOST_OF_DOMAIN.exec(name)?.[1]
    return short === undefined ? null : node(short)
  }
  const full = new Map<Entity, Entity[]>()
  for (const entity of known) {
    const short = shortOf(entity)
    if (short !== null) addTo(full, short, entity)
  }
  const cluster = clusterNames(extracts)
  const told = clusterNames(extracts.filter(({ format }) => format.startsWith('kubernetes')))
  return (entity) => {
    const short = shortOf(entity) ?? entity
    const [only, ...others] = full.get(short) ?? []
    if (only === undefined) return known.has(short) ? short : entity
    if (others.length > 0 || (short !== entity && only !== entity)) return entity
    // A machine's journal has its short name; the API's objects and events have the name that the cluster uses.
    if (told.has(only) !== told.has(short)) return told.has(only) ? only : short
    return known.has(short) && (cluster.has(short) || !cluster.has(only)) ? short : only
  }
}

/** Nodes by the names that the cluster itself gives them. */
const clusterNames = (extracts: readonly InputExtract[]): ReadonlySet<Entity> => {
  const names = new Set<Entity>()
  for (const { format, facts, signals } of extracts) {
    const speaks = format.startsWith('kubernetes')
    for (const fact of facts)
      if (fact.fact === 'pod-on-node' || (fact.fact === 'node' && speaks) || (fact.fact === 'input-node' && fact.weight >= 3)) names.add(fact.node)
    if (speaks) for (const signal of signals) names.add(signal.entity)
  }
  return names
}

const writerOf = (
  extract: InputExtract,
  nodes: ReadonlySet<Entity>,
  canonical: (entity: Entity) => Entity,
  nodeOfVictim: ReadonlyMap<string, Entity>,
): Entity => {
  const votes = new Map<Entity, number>()
  let hint: Entity | null = null
  for (const fact of extract.facts) {
    if (fact.fact !== 'input-node' || fact.node === THIS_NODE) continue
    const candidate = canonical(fact.node)
    hint ??= candidate
    if (fact.weight >= 3 || nodes.has(candidate)) votes.set(candidate, (votes.get(candidate) ?? 0) + fact.weight)
  }
  const best = [...votes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]
  if (best !== undefined) return best[0]
  const only = nodes.size === 1 ? [...nodes][0] : undefined
  return only ?? ofSameKill(extract, nodeOfVictim) ?? nodeOfFile(extract.path, nodes) ?? nodeOfFolder(extract.path, nodes, canonical) ?? hint ?? node('unknown')
}

/** 'rke2-logs/worker-1/var/lib/rancher/rke2/agent/logs/kubelet.log': the only node that a folder around the file is called by. */
const nodeOfFolder = (path: string, nodes: ReadonlySet<Entity>, canonical: (entity: Entity) => Entity): Entity | null => {
  const folders = path.slice(0, Math.max(0, path.lastIndexOf('/'))).split(/[/\\]|!/u)
  const found = new Set(folders.flatMap((folder) => (folder !== '' && nodes.has(canonical(node(folder))) ? [canonical(node(folder))] : [])))
  const [only] = found
  return found.size === 1 && only !== undefined ? only : null
}

const victimOf = ({ kind, attributes: { process: name, pid } }: InputExtract['signals'][number]): string | null =>
  /\.oom-kill/u.test(kind) && name !== undefined && pid !== undefined ? `${String(name)} ${String(pid)}` : null

/** Whom the kernel killed, by name and pid, on the node that an event names; two nodes of one such pair tell nothing. */
const victims = (extracts: readonly InputExtract[]): ReadonlyMap<string, Entity> => {
  const found = new Map<string, Entity | null>()
  for (const { signals } of extracts)
    for (const signal of signals) {
      const victim = typeOf(signal.entity) === 'node' && signal.entity !== THIS_NODE ? victimOf(signal) : null
      if (victim !== null) found.set(victim, (found.get(victim) ?? signal.entity) === signal.entity ? signal.entity : null)
    }
  return new Map([...found].flatMap(([victim, entity]) => (entity === null ? [] : [[victim, entity] as const])))
}

/** A kernel's log without a host tells of the kill that somebody else saw on a node. */
const ofSameKill = ({ signals }: InputExtract, nodeOfVictim: ReadonlyMap<string, Entity>): Entity | null => {
  const found = new Set(
    signals.flatMap((signal) => {
      const victim = signal.entity === THIS_NODE ? victimOf(signal) : null
      const seen = victim === null ? undefined : nodeOfVictim.get(victim)
      return seen === undefined ? [] : [seen]
    }),
  )
  const [only] = found
  return found.size === 1 && only !== undefined ? only : null
}

/** 'worker-1.dmesg-T.txt', 'worker-1_kernel.log': the node with whose name the file's begins; of several the longest. */
const nodeOfFile = (path: string, nodes: ReadonlySet<Entity>): Entity | null => {
  const file = path.slice(path.lastIndexOf('/') + 1)
  let longest: Entity | null = null
  for (const one of nodes) {
    const name = nameOf(one)
    if (file.startsWith(name) && !/[a-z0-9]/iu.test(file.charAt(name.length)) && name.length > nameOf(longest ?? 'node/').length) longest = one
  }
  return longest
}

const comparing = (extracts: readonly InputExtract[], canonical: Names['canonical']): Names['comparable'] => {
  const inCluster = new Set<Entity>()
  const inLabels = new Set<Entity>()
  for (const extract of extracts) {
    for (const fact of extract.facts)
      if (fact.fact === 'pod-on-node' || (fact.fact === 'node' && extract.format.startsWith('kubernetes'))) inCluster.add(canonical(fact.node))
    for (const series of extract.series) {
      const { node: label } = series.labels
      if (label !== undefined && label !== '') inLabels.add(canonical(node(label)))
    }
  }
  return (a, b) => (inCluster.has(a) && inCluster.has(b)) || (inLabels.has(a) && inLabels.has(b))
}
