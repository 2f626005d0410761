/** A node has many names (IP, FQDN, short name, provider id); this decides which one is its own, and who wrote an input that does not say. */
import { nameOf, node, pod, postgres, THIS_NODE, THIS_POSTGRES, typeOf, type Entity, shortName } from '../model/entity.js'
import type { InputExtract } from '../model/extract.js'
import { addTo } from '../model/lists.js'

export interface Names {
  /** Resolves entities as the input at this position means them. */
  resolver(index: number): (entity: Entity) => Entity
  /** The node's own name, where it is given by an address, in full or in short. */
  readonly canonical: (node: Entity) => Entity
  /** The entity that has this address or other name; null where nobody is known under it. */
  byAddress(name: string): Entity | null
  readonly nodes: ReadonlySet<Entity>
  /**
   * Whether two different names can be told to be two machines: the cluster's own names can, and so can two labels of one
   * Prometheus; a host name in a journal beside a node label cannot.
   */
  comparable(a: Entity, b: Entity): boolean
}

export const makeNames = (extracts: readonly InputExtract[]): Names => {
  const known = knownNodes(extracts)
  const addresses = new Map<string, Entity>()
  const inFull = fullNames(known, extracts)
  const canonicalNode = (entity: Entity): Entity => {
    const aliased = addresses.get(nameOf(entity))
    return inFull(aliased !== undefined && typeOf(aliased) === 'node' ? aliased : entity)
  }
  for (const extract of extracts) {
    for (const fact of extract.facts) {
      if (fact.fact !== 'alias' || fact.of === THIS_NODE || fact.of === THIS_POSTGRES) continue
      if (typeOf(fact.of) === 'node' || !addresses.has(fact.name)) addresses.set(fact.name, fact.of)
    }
  }
  const podOfUid = new Map<string, Entity>()
  for (const extract of extracts) {
    for (const fact of extract.facts) if (fact.fact === 'pod-on-node' && fact.uid !== undefined) podOfUid.set(fact.uid, fact.pod)
  }
  const podOfName = podsByName(extracts)
  const nodes = new Set([...known].map(canonicalNode))
  const servers = postgresOf(extracts)
  const nodeOfVictim = victims(extracts)
  const writers = extracts.map((extract) => canonicalNode(writerOf(extract, nodes, canonicalNode, nodeOfVictim)))
  return {
    nodes,
    canonical: canonicalNode,
    comparable: comparing(extracts, canonicalNode),
    byAddress: (name) => addresses.get(name) ?? null,
    resolver: (index) => (entity) => {
      if (entity === THIS_NODE) return writers[index] ?? entity
      if (entity === THIS_POSTGRES) return servers[index] ?? postgres('main')
      if (typeOf(entity) === 'node') return canonicalNode(entity)
      if (entity.startsWith('pod/-/uid:')) {
        const uid = entity.slice('pod/-/uid:'.length)
        return podOfUid.get(uid) ?? pod('-', `uid:${uid}`)
      }
      if (entity.startsWith('pod/-/')) return podOfName.get(shortName(entity)) ?? entity
      return entity
    },
  }
}

/** Pods by their name alone, where only one namespace has a pod of that name: `kubectl logs --prefix` and CloudNativePG tell no namespace. */
const podsByName = (extracts: readonly InputExtract[]): ReadonlyMap<string, Entity> => {
  const pods = new Map<string, Entity | null>()
  const add = (entity: Entity): void => {
    if (typeOf(entity) !== 'pod' || entity.startsWith('pod/-/')) return
    const name = shortName(entity)
    const other = pods.get(name)
    pods.set(name, other === undefined || other === entity ? entity : null)
  }
  for (const { facts, signals } of extracts) {
    for (const fact of facts) if ('pod' in fact) add(fact.pod)
    for (const { entity } of signals) add(entity)
  }
  return new Map([...pods].flatMap(([name, entity]) => (entity === null ? [] : [[name, entity] as const])))
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
  return (entity) => {
    const short = shortOf(entity) ?? entity
    const [only, ...others] = full.get(short) ?? []
    if (only === undefined) return known.has(short) ? short : entity
    if (others.length > 0 || (short !== entity && only !== entity)) return entity
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
  return only ?? ofSameKill(extract, nodeOfVictim) ?? nodeOfFile(extract.path, nodes) ?? hint ?? node('unknown')
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

/**
 * One Postgres server per directory of logs; the formats of one server lie side by side. What directories of logs and data are called everywhere
 * names no server: the one above does, and logs for which none does are of the same.
 */
const postgresOf = (extracts: readonly InputExtract[]): readonly Entity[] => {
  const speaks = (extract: InputExtract): boolean => extract.signals.some((signal) => signal.entity === THIS_POSTGRES) && extract.format.startsWith('postgres')
  const folders = new Set(extracts.filter(speaks).map((extract) => folderOf(extract.path)))
  const parts = [...folders].sort().map((folder) => ({ folder, above: folder.split(/[/\\]|!/u).filter((part) => part !== '' && part !== '.') }))
  // What all folders lie in names none of them.
  const [shortest] = parts.map(({ above }) => above).sort((a, b) => a.length - b.length)
  let shared = 0
  while (shared < (shortest?.length ?? 0) && parts.every(({ above }) => above[shared] === shortest?.[shared])) shared++
  const servers = new Map(parts.map(({ folder, above }) => [folder, above.slice(shared).findLast((part) => !NO_SERVER.test(part)) ?? null]))
  const named = (path: string): string | null => RDS.exec(path)?.[1] ?? servers.get(folderOf(path)) ?? null
  const alone = new Set(extracts.filter(speaks).map(({ path }) => named(path))).size < 2
  const only = onlyServer(extracts)
  return extracts.map(({ path }) => (alone ? only : null) ?? postgres((alone ? null : named(path)) ?? 'main'))
}

/** The one server that signals name, where none speaks of a server without a name: what is measured of a server without a name is of it. */
const onlyServer = (extracts: readonly InputExtract[]): Entity | null => {
  const servers = new Set<Entity>()
  for (const { signals } of extracts) for (const { entity } of signals) if (typeOf(entity) === 'postgres') servers.add(entity)
  const [only] = servers
  return servers.size === 1 && only !== undefined && only !== THIS_POSTGRES ? only : null
}

/** The log group of a server that AWS runs, /aws/rds/instance/<name>/postgresql, as a path or in a file's name. */
const RDS = /rds[-_./](?:instance|cluster)[-_./]([a-z0-9][a-z0-9-]{0,62}?)[-_./]postgresql(?:[-_./]|$)/iu

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** Where Debian, Red Hat, the images and people keep a server's log and data: /var/log/postgresql, /var/lib/pgsql/16/data/log, pg_log, pgdata … */
const NO_SERVER =
  /^(?:(?:pg_?|postgres(?:ql)?[-_]?|db)?(?:logs?|data|dump|archive)|pg|pgsql|postgres(?:ql)?|var|lib|srv|opt|home|tmp|mnt|root|files?|out(?:put)?|main|current|old|docker|containers?|\d+(?:\.\d+)?|csv|json|text|stderr)$/iu

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
