/** Which Postgres server a log, a line of somebody's about "the server", or a metric means: logs and metrics have no name in common for one server. */
import { nameOf, postgres, shortName, THIS_POSTGRES, typeOf, type Entity } from '../model/entity.js'
import type { InputExtract, Labels, Series } from '../model/extract.js'
import { addToSet, groupBy } from '../model/lists.js'
import { todaysLabels, todaysName } from './metric-names.js'
import type { Namespaces } from './namespaces.js'

export interface Servers {
  /** Whom the input at this position means by "the server". */
  of(index: number): Entity
  /** The server's name where a metric's own one is given. */
  canonical(server: Entity): Entity
  /** The server that a series is about. */
  ofLabels(labels: Labels): Entity
  /** The server in whose log a series was counted, where several have logs here. */
  ofLog(labels: Labels): Entity | null
  /** In which pods servers run, as far as names tell. */
  readonly runs: readonly { readonly of: Entity; readonly by: Entity }[]
}

export const serversOf = (extracts: readonly InputExtract[], namespaces: Namespaces, isNode: (name: string) => boolean): Servers => {
  const { logs, written, runs } = serversInLogs(extracts, namespaces)
  const metrics = serversInMetrics(extracts)
  const inLogs = [...logs].sort()
  const joined = new Map(joinedNames(inLogs, metrics, isNode))
  const [sole] = metrics.names.size <= 1 ? [joined.get([...metrics.names][0] ?? '') ?? (metrics.names.size === 0 ? soleOf(inLogs) : null) ?? MAIN] : []
  const named = (name: string): Entity => joined.get(name) ?? sole ?? postgres(name)
  const ofLabels = (labels: Labels): Entity => named(nameIn(labels, metrics))
  const home = (of: Entity, name: string): void => {
    const by = runs.some((one) => one.of === of) ? null : podCalled(name, namespaces)
    if (by !== null) runs.push({ of, by })
  }
  for (const of of inLogs) if (of !== MAIN) home(of, nameOf(of))
  for (const name of [...metrics.names].sort()) for (const word of hostsOf(name, isNode)) home(named(name), word)
  const meant = extracts.map(({ series }, index): Entity => {
    const mine = written[index]
    if (mine !== null && mine !== undefined) return mine
    const names = new Set(postgresLabels(series).map((labels) => nameIn(labels, metrics)))
    const [name] = names
    return names.size === 1 && name !== undefined ? named(name) : (soleOf(inLogs) ?? MAIN)
  })
  return {
    of: (index) => meant[index] ?? MAIN,
    canonical: (server) => (metrics.names.has(nameOf(server)) ? named(nameOf(server)) : server),
    ofLabels,
    ofLog: ({ [OF_LOG]: name }) => (name === undefined ? null : postgres(name)),
    runs,
  }
}

/** Counts of two servers' logs would be one series: whose they are stands in a label of ours. */
const OF_LOG = 'faultline_server'
export const countedIn = (series: Series, server: Entity, serverOf: (labels: Labels) => Entity): Series =>
  series.name.startsWith('faultline_postgres_') && serverOf(series.labels) !== server
    ? { ...series, labels: { ...series.labels, [OF_LOG]: nameOf(server) } }
    : series

const MAIN = postgres('main')

const soleOf = (servers: readonly Entity[]): Entity | null => (servers.length === 1 ? (servers[0] ?? null) : null)

interface InLogs {
  /** All servers whose logs are here, what is calm included: two of them cannot be told apart by being the only one. */
  readonly logs: ReadonlySet<Entity>
  /** By position: the server that wrote this input, where it does not name itself; null: no server did. */
  readonly written: readonly (Entity | null)[]
  readonly runs: { of: Entity; by: Entity }[]
}

/**
 * A log whose file is called after a pod is of the server in it. Else there is one server per directory of logs; the formats of one server lie side
 * by side. What directories of logs and data are called everywhere names no server: the one above does, and logs for which none does are of the same.
 */
const serversInLogs = (extracts: readonly InputExtract[], namespaces: Namespaces): InLogs => {
  const ofFile = new Map<string, Entity>()
  for (const { path, format } of extracts) {
    const found = format.startsWith('postgres') ? namespaces.calledIn(stemOf(path)) : null
    if (found !== null && typeOf(found) === 'pod') ofFile.set(path, found)
  }
  const speaks = (extract: InputExtract): boolean =>
    extract.signals.some((signal) => signal.entity === THIS_POSTGRES) && extract.format.startsWith('postgres') && !ofFile.has(extract.path)
  const folders = new Set(extracts.filter(speaks).map((extract) => folderOf(extract.path)))
  const parts = [...folders].sort().map((folder) => ({ folder, above: folder.split(/[/\\]|!/u).filter((part) => part !== '' && part !== '.') }))
  // What all folders lie in names none of them.
  const [shortest] = parts.map(({ above }) => above).sort((a, b) => a.length - b.length)
  let shared = 0
  while (shared < (shortest?.length ?? 0) && parts.every(({ above }) => above[shared] === shortest?.[shared])) shared++
  const servers = new Map(parts.map(({ folder, above }) => [folder, above.slice(shared).findLast((part) => !NO_SERVER.test(part)) ?? null]))
  const beside = namesBeside(extracts.filter(speaks))
  const named = (path: string): string | null => beside.get(path) ?? RDS.exec(path)?.[1] ?? servers.get(folderOf(path)) ?? null
  const alone = new Set(extracts.filter(speaks).map(({ path }) => named(path))).size < 2
  const written = extracts.map((extract): Entity | null => {
    const of = ofFile.get(extract.path)
    if (of !== undefined) return postgres(shortName(of))
    const name = alone ? null : named(extract.path)
    return name !== null ? postgres(name) : speaks(extract) ? MAIN : null
  })
  const logs = new Set<Entity>()
  extracts.forEach((extract, index) => {
    const mine = written[index] ?? null
    if (mine !== null && (speaks(extract) || ofFile.has(extract.path))) logs.add(mine)
    if (!extract.format.startsWith('postgres') && extract.format !== 'patroni') return
    for (const { entity } of extract.signals) if (typeOf(entity) === 'postgres' && entity !== THIS_POSTGRES) logs.add(entity)
    for (const fact of extract.facts) if (fact.fact === 'runs-as' && typeOf(fact.of) === 'postgres') logs.add(fact.of)
  })
  return { logs, written, runs: [...ofFile.values()].sort().map((by) => ({ of: postgres(shortName(by)), by })) }
}

/**
 * Logs in one folder whose servers listen on different ports: a primary and its standby, or two clusters of one machine. Those are called after what their
 * files' names have beside that of the program; what names no more than that is of the folder's server. The formats of one server have its port in common.
 */
const namesBeside = (logs: readonly InputExtract[]): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  for (const group of groupBy(logs, ({ path }) => folderOf(path)).values()) {
    const ports = new Map(group.map(({ path, facts }) => [path, portsIn(facts)]))
    const told = [...ports.values()].filter((of) => of.size > 0)
    if (told.some((of) => of.size > 1) || new Set(told.flatMap((of) => [...of])).size < 2) continue
    for (const { path } of group) {
      const own = ownWords(stemOf(path))
      const [port] = ports.get(path) ?? []
      const shared = group.some((other) => ownWords(stemOf(other.path)) === own && !(ports.get(other.path)?.has(port ?? NaN) ?? false))
      if (own !== '' && port !== undefined && !shared) names.set(path, own)
    }
  }
  return names
}

const portsIn = (facts: InputExtract['facts']): ReadonlySet<number> =>
  new Set(facts.flatMap((fact) => (fact.fact === 'limit' && fact.name === 'port' ? [fact.value] : [])))

/** What log_filename puts into names: dates, times and days of the week. */
const ROTATED = /^\d+$|^(?:mon|tue|wed|thu|fri|sat|sun)$/iu

/** 'standby' of 'postgresql-standby' and 'standby-2026-11-22_140000'. */
const ownWords = (stem: string): string =>
  stem
    .split(/[-_.]/u)
    .filter((word) => word !== '' && !NO_SERVER.test(word) && !ROTATED.test(word))
    .join('-')

/** The log group of a server that AWS runs, /aws/rds/instance/<name>/postgresql, as a path or in a file's name. */
const RDS = /rds[-_./](?:instance|cluster)[-_./]([a-z0-9][a-z0-9-]{0,62}?)[-_./]postgresql(?:[-_./]|$)/iu

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** 'maindb-0' of 'dump.tar!/pods/maindb-0.log.1.gz'. */
const stemOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/(?:\.(?:log|txt|json|jsonl|csv|out|\d{1,10}|gz|xz|zst|bz2))+$/iu, '')

/** Where Debian, Red Hat, the images and people keep a server's log and data: /var/log/postgresql, /var/lib/pgsql/16/data/log, pg_log, pgdata … */
const NO_SERVER =
  /^(?:(?:pg_?|postgres(?:ql)?[-_]?|db)?(?:logs?|data|dump|archive)|pg|pgsql|postgres(?:ql)?|var|lib|srv|opt|home|tmp|mnt|root|files?|out(?:put)?|main|current|old|docker|containers?|\d+(?:\.\d+)?|csv|json|text|stderr)$/iu

interface InMetrics {
  /** By exporter instance the server it speaks of: some of an exporter's series name it, others only carry the instance. */
  readonly byInstance: ReadonlyMap<string, string>
  readonly names: ReadonlySet<string>
  /** Pods that the exporter of a server is said to run in: that of CloudNativePG is the server's own. */
  readonly pods: ReadonlyMap<string, ReadonlySet<string>>
}

/** The labels, as exporters give them today, of the series of Postgres exporters and of expressions over such. */
const postgresLabels = (series: readonly Series[]): readonly Labels[] =>
  series
    .filter(({ name, labels }) => name === 'DatabaseConnections' || POSTGRES_METRIC.test(todaysName(name, labels)))
    .map(({ name, labels }) => todaysLabels(name, labels))

const POSTGRES_METRIC = /\bpg_(?:up\b|(?:stat|settings|database|locks|replication)_)/u

const serversInMetrics = (extracts: readonly InputExtract[]): InMetrics => {
  const mine = extracts.flatMap(({ series }) => postgresLabels(series))
  const byInstance = new Map(mine.map(({ instance = '' }) => [instance, instance]))
  const told = mine.flatMap(({ server, instance = '' }) => (server === undefined ? [] : [{ server, instance }]))
  for (const { server, instance } of told.sort((a, b) => (a.server < b.server ? -1 : a.server > b.server ? 1 : 0))) byInstance.set(instance, server)
  const pods = new Map<string, Set<string>>()
  for (const { instance = '', pod: of } of mine) if (of !== undefined && of !== '') addToSet(pods, byInstance.get(instance) ?? instance, of)
  const names = new Set(byInstance.values())
  // A sum over all instances names none: it is of the one that others name.
  if (names.size > 1) names.delete('')
  return { byInstance, names, pods }
}

const nameIn = ({ server, instance = '' }: Labels, { byInstance, names }: InMetrics): string => {
  const name = server ?? byInstance.get(instance) ?? instance
  if (name !== '') return name
  const [only] = names
  return names.size === 1 && only !== undefined ? only : 'main'
}

/**
 * Names in metrics of servers whose logs are here. A name that both share joins them: the exporter's pod, or a host called like the server (maindb:9187 and
 * the pod maindb-0). Where either side has but one server, and nothing says that they are two, it is the same.
 */
const joinedNames = (inLogs: readonly Entity[], metrics: InMetrics, isNode: (name: string) => boolean): readonly (readonly [string, Entity])[] => {
  const names = [...metrics.names].sort()
  const called = names.flatMap((name) => {
    const hosts = hostsOf(name, isNode)
    const fits = inLogs.filter((server) => hosts.includes(nameOf(server)) || hosts.includes(withoutOrdinal(nameOf(server))))
    const ofPod = inLogs.filter((server) => metrics.pods.get(name)?.has(nameOf(server)) === true)
    const [only] = ofPod.length > 0 ? ofPod : fits
    return only !== undefined && (ofPod.length > 0 ? ofPod : fits).length === 1 ? [[name, only] as const] : []
  })
  const [server, name] = [soleOf(inLogs), names.length === 1 ? names[0] : undefined]
  if (called.length > 0 || server === null || name === undefined) return called.filter(([, to]) => called.filter(([, other]) => other === to).length === 1)
  return contradict(server, hostsOf(name, isNode)) ? [] : [[name, server]]
}

/** The host of 'maindb:9187' and 'maindb.data.svc:9187'; none where it is an address, a machine or what only an exporter is called. */
const hostsOf = (name: string, isNode: (name: string) => boolean): readonly string[] => {
  const host = name.replace(/:\d+(?:\/.*)?$/u, '')
  const [first = ''] = host.split('.')
  if (/^[\d.:[\]]*$/u.test(host) || isNode(host) || isNode(first) || EXPORTER.test(first) || GENERIC.test(first)) return []
  return [...new Set([host, first])]
}

const EXPORTER = /exporter|prometheus|metrics|monitor/iu
const GENERIC = /^(?:localhost|main|(?:local[-_])?(?:postgres(?:ql)?|pg|pgsql|psql|db|database|server|primary|master)\d*)$/iu

const withoutOrdinal = (name: string): string => name.replace(/-\d{1,3}$/u, '')

/** Two names that each say something, and nothing in common. */
const contradict = (server: Entity, [host]: readonly string[]): boolean => {
  const [a, b] = [wordsOf(nameOf(server)), wordsOf(host?.split('.')[0] ?? '')]
  return a.length > 0 && b.length > 0 && !a.some((word) => b.includes(word))
}

const wordsOf = (name: string): readonly string[] => name.split(/[^a-z0-9]+/iu).filter((word) => word !== '' && !/^\d+$/u.test(word) && !GENERIC.test(word))

/** The pod of a server called so: its own name, or that of the only pod of a workload or behind a service of this name. */
const podCalled = (name: string, namespaces: Namespaces): Entity | null => {
  const own = namespaces.only('pod', name)
  if (own !== null) return own
  const set = namespaces.only('workload', name)
  if (set === null) return namespaces.only('service', name)
  const pods = namespaces.podsOf(set)
  return pods.length === 1 ? (pods[0] ?? null) : set
}
