/** How near two findings are: 1 where the topology says they stand as the rule asks, less where it cannot tell, 0 where it says otherwise. */
import { isControlPlane, nameOf, namespaceOf, process, service, shortName, typeOf, type Entity } from '../model/entity.js'
import { nodeOfPostgres } from '../findings/measures.js'
import { replicasAt } from '../findings/replicas.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Found } from '../findings/finding.js'
import { signalsOf } from '../findings/lookup.js'
import type { Relation } from './mechanism.js'

/** What is not known is neither near nor far. */
const UNKNOWN = 0.4
const FAR = 0
/** One pod more or two come to a node all day: two are told only where the trouble went with them. */
const PAIR = 2
const CROWD = 3
/** Less than this: something that is known speaks against it. */
export const NOT_CONTRADICTED = 0.25

type Judge = (cause: Found, effect: Found, timeline: Timeline) => number

/** What the name of an alert says it watches, and the kinds that this is about. */
const WATCHED: readonly (readonly [RegExp, RegExp])[] = [
  [/cpu|(?<![a-z])load(?!balancer)|(?:high|node|system)load(?!balancer)/iu, /cpu-/u],
  [/memory|(?<![a-z])(?:mem|oom)(?![a-z])|oomkill/iu, /memory|oom-kill/u],
  [/disk|file ?system|volume|inode|storage/iu, /disk-full/u],
  [
    /down|unreachable|probe\w{0,12}fail|not[-_ ]?(?:responding|answering|reachable|ready)/iu,
    /unreachable|crash|recovering|shutdown|down|not-ready|unready|network|panic|hang|reboot|heartbeat|unavailable|degraded|removed/u,
  ],
]
/** Of one machine at one time, a full disk is no reason for an alert on the CPU. */
const watchesAnother = (alert: string, kind: string): boolean => {
  const watched = WATCHED.filter(([name]) => name.test(alert))
  return watched.length > 0 && !watched.some(([, kinds]) => kinds.test(kind)) && WATCHED.some(([, kinds]) => kinds.test(kind))
}

export const nearness = (relation: Relation, cause: Found, effect: Found, timeline: Timeline): number => JUDGES[relation](cause, effect, timeline)

/** The node on which an entity lives at a moment; null where nothing tells. */
export const placeOf = (entity: Entity, at: number, timeline: Timeline): Entity | null => {
  const { topology } = timeline
  switch (typeOf(entity)) {
    case 'node':
      return entity
    case 'pod':
      return topology.nodeOf(entity, at)
    case 'target':
      return topology.nodeAt(shortName(entity))
    case 'process': {
      const host = nameOf(entity).split('/')[0] ?? '-'
      return host === '-' ? null : topology.nodeAt(host)
    }
    case 'postgres':
    case 'redis':
    case 'service': {
      const scraped = typeOf(entity) === 'postgres' ? nodeOfPostgres(entity, timeline) : null
      if (scraped !== null) return scraped
      for (const by of topology.runsAs(entity)) {
        const place = placeOf(by, at, timeline)
        if (place !== null) return place
      }
      return typeOf(entity) === 'service' ? null : placeByName(typeOf(entity), at, timeline)
    }
    default:
      return null
  }
}

/** Called after a server, and not the server. */
const SATELLITE = /exporter|operator|backup|bouncer|pool|proxy|admin|sentinel/u

/** Logs that tell whole seconds tell of a moment up to a second early. */
const WHOLE_SECOND_MS = 1_000

/** A server that nobody calls by its pod is the pod that is called after it: the one that was placed last, where they were not in two places at once. */
const placeByName = (type: string, at: number, timeline: Timeline): Entity | null => {
  const { topology } = timeline
  let latest = -Infinity
  const places = new Set<Entity>()
  const later = new Set<Entity>()
  for (const pod of podsNamedAfter(type, timeline)) {
    const placements = topology.placements(pod)
    for (const { node, from } of placements) {
      if (from > at || from < latest) continue
      if (from > latest) places.clear()
      latest = from
      places.add(node)
    }
    // First seen later, and not because it was placed then: it was there before.
    const [first] = placements
    if (first !== undefined && first.from > at && !((placedFirst(timeline).get(pod) ?? NaN) < first.from + WHOLE_SECOND_MS)) later.add(first.node)
  }
  const found = places.size > 0 ? places : later
  const [only] = found
  return found.size === 1 && only !== undefined ? only : null
}

const podsNamedAfter = (type: string, timeline: Timeline): readonly Entity[] => serverPods(timeline).get(type) ?? []
const serverPods = once(
  ({ topology }: Timeline) =>
    new Map(
      Object.entries(WORDS).map(([type, words]) => [
        type,
        topology.pods.filter((pod) => {
          const owner = topology.workloadOf(pod)
          const name = owner === null ? '' : shortName(owner)
          return words.test(name) && !SATELLITE.test(name)
        }),
      ]),
    ),
)

/** When pods were first said to be placed. An object that was read says it of the time of reading. */
const placedFirst = once(
  ({ signals }: Timeline) => new Map([...signals].reverse().flatMap(({ kind, entity, at }) => (kind === 'pod.scheduled' ? [[entity, at] as const] : []))),
)

/** The machine a finding is about or stands on. */
export const nodeHinted = (found: Found, timeline: Timeline): Entity | null => {
  const hint = found.attributes['node']
  if (typeof hint === 'string') return timeline.topology.nodeAt(hint) ?? `node/${hint}`
  return placeOf(found.entity, found.start, timeline)
}

const sameNode: Judge = (cause, effect, timeline) => {
  // What the control plane refuses to all who come may have been refused to this one.
  if (cause.entity === 'cluster') return 0.85
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  if (a === null || b === null) return timeline.names.nodes.size <= 1 ? 0.6 : 0.25
  return a === b ? 1 : elsewhere(a, b, timeline)
}

/** Two names are two machines where one source names both; otherwise they may be one. */
const elsewhere = (a: Entity, b: Entity, timeline: Timeline): number => (timeline.names.comparable(a, b) ? FAR : UNKNOWN)

/** Node and pod, node and server: the same machine where it is known; a single server in the dump stands on the machine that is in trouble, perhaps. */
const samePlace: Judge = (cause, effect, timeline) => {
  if (cause.entity === effect.entity) return 1
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  if (a !== null && b !== null) return a === b ? 1 : Math.min(elsewhere(a, b, timeline) * 2, 0.75)
  // The kernel names the process that it killed.
  if (WORDS[typeOf(effect.entity)]?.test(String(cause.attributes['process'] ?? '')) === true) return 0.75
  return timeline.names.nodes.size <= 2 ? 0.75 : UNKNOWN
}

const workloadOf = (entity: Entity, timeline: Timeline): Entity | null => (typeOf(entity) === 'workload' ? entity : timeline.topology.workloadOf(entity))

const sameWorkload: Judge = (cause, effect, timeline) => {
  const [a, b] = [workloadOf(cause.entity, timeline), workloadOf(effect.entity, timeline)]
  if (a === null || b === null) return cause.entity === effect.entity ? 1 : FAR
  if (a !== b) return FAR
  if (cause.kind !== 'change.deployed') return 1
  // Whoever asked for a pod: nobody looked for a place.
  if (effect.kind === 'pod.unschedulable' && effect.attributes['reason'] === 'untried') return FAR
  if (typeOf(effect.entity) !== 'pod')
    return effect.kind === 'pod.unschedulable' && (wasThrough(a, cause, effect.start, timeline) || isSuperseded(a, cause, effect.start, timeline)) ? LATER : 1
  const set = cause.attributes['replicaSet']
  // Of one rollout's pods: those of the same ReplicaSet.
  if (typeof set === 'string' && set !== '' && !shortName(effect.entity).startsWith(`${set}-`)) return FAR
  // What a rollout takes away are the others' pods.
  if (effect.kind === 'pod.stuck' && effect.attributes['reason'] === 'terminating' && cameWith(effect.entity, cause, timeline)) return FAR
  if (effect.kind === 'app.errors' && isOfAnother(effect, cause, timeline)) return LATER
  if (MET_AT_START.has(effect.kind) && standsIn(effect.entity, a, cause, timeline)) return LATER
  if (typeof set === 'string' && set !== '' && cameLater(effect.entity, cause, timeline)) return LATER
  return effect.kind === 'pod.unready' && wasReady(effect, cause, timeline) ? READY_BEFORE : 1
}

/** A version that served for a minute may still be at fault; whatever else explains why it stopped explains it better. */
const READY_BEFORE = 0.7
const wasReady = ({ entity, start, end }: Found, rollout: Found, timeline: Timeline): boolean => {
  const came = placedFirst(timeline).get(entity) ?? rollout.end ?? rollout.start
  if (rollout.attributes['undone'] === 'yes' || start - came <= RAN_WELL_MS) return false
  return signalsOf(timeline, entity).some(({ kind, phase, at, attributes }) => {
    if (kind !== 'pod.unready') return false
    if (phase === 'end') return at >= came && at < start
    // Its object says since when it has not been ready: of one that never was, since its start, which carries another reason here.
    return phase === 'begin' && attributes['reason'] === 'ContainersNotReady' && at >= start - WHOLE_SECOND_MS && at <= (end ?? timeline.to)
  })
}

/** An error that names another server as its reason, from a pod that had run without it: that server failed, not the version, unless people took that back. */
const isOfAnother = ({ entity, start, attributes }: Found, rollout: Found, timeline: Timeline): boolean =>
  rollout.attributes['undone'] !== 'yes' &&
  NEEDS_ANOTHER.test(String(attributes['reason'] ?? '')) &&
  start - (placedFirst(timeline).get(entity) ?? rollout.end ?? rollout.start) > RAN_WELL_MS
const NEEDS_ANOTHER = /^(?:refused|timeout|dns|upstream-error|postgres-.*|redis-.*)$/u
/** By then a new version has made its first requests. */
const RAN_WELL_MS = 60_000

/** What a version that is at fault shows in its first pods already, and not only in those that come after them. */
const MET_AT_START: ReadonlySet<string> = new Set([
  'app.errors',
  'pod.image-pull-failed',
  'pod.volume-mount-failed',
  'pod.unready',
  'pod.stuck',
  'pod.unschedulable',
])

/** A pod that was placed when all of the rollout's pods had been. */
const standsIn = (pod: Entity, workload: Entity, rollout: Found, timeline: Timeline): boolean => {
  const placed = placedFirst(timeline).get(pod)
  return placed !== undefined && wasThrough(workload, rollout, placed - 1, timeline, -Infinity)
}

/** Another rollout of the workload came after it: what is refused now are that one's pods. */
const isSuperseded = (workload: Entity, rollout: Found, at: number, timeline: Timeline): boolean =>
  signalsOf(timeline, workload).some(
    (signal) =>
      signal.kind === 'change.deployed' &&
      signal.at > (rollout.end ?? rollout.start) + WHOLE_SECOND_MS &&
      signal.at <= at &&
      signal.attributes['replicaSet'] !== rollout.attributes['replicaSet'],
  )

/** Where the rollout's ReplicaSet is not known: placed since. */
const cameWith = (pod: Entity, { start, attributes: { replicaSet: set } }: Found, timeline: Timeline): boolean =>
  typeof set === 'string' && set !== '' ? shortName(pod).startsWith(`${set}-`) : (placedFirst(timeline).get(pod) ?? -Infinity) >= start - WHOLE_SECOND_MS

/** A rollout all of whose pods had found their place was let through: a pod that is refused after that was to stand in for one of them. `unknown`: when pods came that nobody saw placed, if not when they are first heard of. */
const wasThrough = (workload: Entity, rollout: Found, at: number, timeline: Timeline, unknown = Infinity): boolean => {
  const said = timeline.topology.replicas(workload).map(({ wanted }) => wanted)
  const wanted = replicasAt(workload, Math.max(at, rollout.end ?? rollout.start), timeline)?.wanted ?? (said.length > 0 ? Math.max(...said) : NaN)
  const since = (pod: Entity): number => placedFirst(timeline).get(pod) ?? Math.min(unknown, signalsOf(timeline, pod)[0]?.at ?? Infinity)
  const placed = timeline.topology.podsOf(workload).filter((pod) => cameWith(pod, rollout, timeline) && since(pod) <= at)
  return placed.length >= Math.max(1, wanted)
}

/** A pod that came minutes after a rollout was through stands in for one of its pods: what is wrong with it now was not wrong with that. */
const cameLater = (pod: Entity, rollout: Found, { topology }: Timeline): boolean => {
  const placed = topology.placements(pod)[0]?.from ?? -Infinity
  return Number.isFinite(placed) && placed - (rollout.end ?? rollout.start) > LATER_MS
}
const LATER_MS = 3 * 60_000
const LATER = 0.2

const SCHEDULER = /(?:^|\/)kube-scheduler/u
const CLUSTER_DNS = /(?:^|\/)(?:rke2-)?(?:coredns|kube-dns|node-local-dns|nodelocaldns)/u
/** Who asks whom: the API server asks etcd, everybody else of the control plane asks the API server. */
const TIERS = [/(?:^|\/)etcd/u, /(?:^|\/)(?:kube-)?apiserver/u, /(?:^|\/)(?:kube-(?:controller-manager|scheduler)|cloud-controller)/u]
const tierOf = (entity: Entity): number => TIERS.findIndex((tier) => tier.test(nameOf(entity)))

const WORDS: Readonly<Record<string, RegExp>> = { postgres: /postgres|pgsql|(?:^|[^a-z])pg(?:[^a-z]|$)|psql/iu, redis: /redis|sentinel|valkey/iu }

/** A service is a client of what the pods of the workload of its name are clients of. */
const backedByClient = (service: Entity, server: Entity, { topology }: Timeline): boolean => {
  const namespace = namespaceOf(service)
  return topology.clientsOf(server).some((client) => {
    const by = topology.workloadOf(client)
    return by !== null && shortName(by) === shortName(service) && (namespace === '-' || namespace === namespaceOf(by))
  })
}

/** A workload called redis is the Redis that a client speaks of. */
const isKindOf = (server: Entity, by: Entity): boolean => WORDS[typeOf(server)]?.test(shortName(by)) === true

/** Clients name a service; what serves it is the workload of its name, in one of its pods. */
const isCalledBy = (callee: Entity, client: Entity, timeline: Timeline): boolean => {
  const by = workloadOf(callee, timeline)
  const of = workloadOf(client, timeline)
  if (by === null || of === null) return false
  const called = service(namespaceOf(by), shortName(by))
  // Where an application's log tells only its name, that is the workload's.
  return [of, ...timeline.topology.podsOf(of), process('-', shortName(of))].some((one) =>
    timeline.topology.serversOf(one).some((server) => server === called || server === by || isKindOf(server, by)),
  )
}

/** A client that is no pod names the service that it asked; what serves it is the workload of that name. */
const isNamedBy = (server: Entity, named: readonly Entity[], timeline: Timeline): boolean => {
  const by = workloadOf(server, timeline)
  if (by === null) return false
  return named.some((one) => typeOf(one) === 'service' && shortName(one) === shortName(by) && ['-', namespaceOf(by)].includes(namespaceOf(one)))
}

/** By whose trouble it is, and who suffers for what reason. */
type Dependences = Map<Entity, Map<string, number>>
const dependences = once((_: Timeline) => ({ some: new Map() as Dependences, all: new Map() as Dependences, size: 0 }))

/** Pairs of thousands of pods would fill the memory; those that are asked about again are asked soon. */
const MOST_KEPT = 200_000

/** The same pair is asked about again and again where both were in trouble for hours. */
const clientOf: Judge = (cause, effect, timeline) => {
  const known = dependences(timeline)
  if (known.size >= MOST_KEPT) {
    for (const causes of [known.some, known.all]) causes.clear()
    known.size = 0
  }
  const causes = REFUSES_ALL.has(cause.kind) ? known.all : known.some
  let effects = causes.get(cause.entity)
  if (effects === undefined) causes.set(cause.entity, (effects = new Map<string, number>()))
  const { reason } = effect.attributes
  const key = reason === undefined ? effect.entity : `${effect.entity} ${String(reason)}`
  let near = effects.get(key)
  if (near === undefined) {
    effects.set(key, (near = dependence(cause, effect, timeline)))
    known.size++
  }
  return near
}

/** '/postgres-main', or '/system.slice/postgresql@15-main.service' of a container that is called 'postgresql'. */
const isItsCgroup = (cgroup: string, container: Found): boolean => {
  const name = shortName(container.entity)
  return (
    cgroup === container.attributes['cgroup'] ||
    cgroup.split('/').some((part) => part === name || (part.startsWith(name) && /^[@.:-]/u.test(part.slice(name.length))))
  )
}

const POOLER = /pgbouncer|pgpool|odyssey|pgcat/iu
/** A database's user is written with '_' where the program has '-', as neither may be written the other way there. */
const asProgram = (entity: Entity): string => shortName(entity).replaceAll('_', '-')

/** The effect is on somebody who depends on the cause's entity. */
const dependence: Judge = (cause, effect, timeline) => {
  const { topology } = timeline
  const server = cause.entity
  if (server === effect.entity) return 1
  const workload = workloadOf(effect.entity, timeline)
  // A workload is no client of itself: its pods are what it is.
  if (workload !== null && typeOf(effect.entity) === 'pod' && workload === workloadOf(server, timeline)) return FAR
  const serverType = typeOf(server)
  const reason = String(effect.attributes['reason'] ?? '')
  if (reason.startsWith(serverType)) return 1
  const { probed } = cause.attributes
  if (probed !== undefined && (reason.startsWith(String(probed)) || (reason === 'no-server' && POOLER.test(effect.entity)))) return 0.9
  if (reason === 'postgres-pool' && POOLER.test(server)) return 0.95
  if (reason === 'stale-replica' && serverType === 'postgres') return 0.9
  const servers = topology.serversOf(effect.entity)
  if (servers.includes(server)) return 1
  if (isCalledBy(server, effect.entity, timeline) || isNamedBy(server, servers, timeline)) return 1
  // The same application under another type: its process in a log, its service in a metric.
  if (
    topology.clientsOf(server).some((client) => {
      const workload = workloadOf(client, timeline)
      return asProgram(client) === asProgram(effect.entity) || (workload !== null && shortName(workload) === shortName(effect.entity))
    })
  )
    return 0.95
  const words = WORDS[serverType]
  if (words?.test(nameOf(effect.entity)) === true) return 0.95
  if (workload !== null && topology.podsOf(workload).some((pod) => topology.serversOf(pod).includes(server))) return 1
  if (typeOf(effect.entity) === 'service' && backedByClient(effect.entity, server, timeline)) return 1
  if (serverType === 'workload') return servers.length > 0 ? 0.15 : shortName(effect.entity).includes(shortName(server)) ? 0.8 : 0.25
  if (typeOf(effect.entity) === 'target' || servers.length > 0) return 0.15
  // A server that refused everybody, and the only one there is: whoever fails now most likely needs it.
  return REFUSES_ALL.has(cause.kind) && isOnly(server, timeline) ? 0.55 : UNKNOWN
}

const REFUSES_ALL: ReadonlySet<string> = new Set(['postgres.connections-saturated', 'postgres.crashed', 'postgres.recovering', 'postgres.shutdown'])

const postgresServers = once(({ signals }: Timeline) => new Set(signals.map(({ entity }) => entity).filter((entity) => typeOf(entity) === 'postgres')))
const isOnly = (server: Entity, timeline: Timeline): boolean => {
  const servers = postgresServers(timeline)
  return servers.size === 1 && servers.has(server)
}

/** Whether the entity, or a pod of the workload that goes by its name, was on the cause's node when that began. */
const livesOn = (entity: Entity, cause: Found, timeline: Timeline): boolean =>
  (!runsInPods(entity, timeline) && placeOf(entity, cause.start, timeline) === cause.entity) ||
  timeline.topology.runsAs(entity).some((by) => podsNear(by, cause, timeline)) ||
  anyNamed(shortName(entity), cause, timeline, namespaceOf(entity))

/** Its pods are known, so they tell where it was, and since when. */
const runsInPods = (entity: Entity, { topology }: Timeline): boolean => topology.runsAs(entity).some((by) => typeOf(by) === 'pod')

const podsNear = (by: Entity, cause: Found, timeline: Timeline): boolean => {
  const pods = typeOf(by) === 'workload' ? timeline.topology.podsOf(by) : [by]
  return pods.some((pod) => isThere(pod, cause, timeline.topology))
}

const isThere = (pod: Entity, { entity, start }: Found, topology: Timeline['topology']): boolean =>
  topology.nodeOf(pod, start) === entity && topology.existedAt(pod, start)

const anyNamed = (name: string, cause: Found, { topology }: Timeline, namespace = '-'): boolean =>
  topology.podsCalled(name).some((pod) => isThere(pod, cause, topology) && (namespace === '-' || namespace === namespaceOf(topology.workloadOf(pod) ?? pod)))

const serves: Judge = (cause, effect, timeline) => {
  const workload = workloadOf(cause.entity, timeline)
  const name = workload === null ? shortName(cause.entity) : shortName(workload)
  if (timeline.topology.runsAs(effect.entity).some((by) => by === workload || by === cause.entity)) return 1
  if (workload !== null && workloadOf(effect.entity, timeline) === workload) return 1
  const theirs = nameOf(effect.entity)
  const sameSpace = namespaceOf(effect.entity) === '-' || namespaceOf(cause.entity) === '-' || namespaceOf(effect.entity) === namespaceOf(cause.entity)
  if (!sameSpace) return FAR
  if (shortName(effect.entity) === name) return 1
  // Of a file in which several programs write: whose name stands in the lines.
  if (cause.kind === 'app.errors' && cause.evidence.length > 0 && cause.evidence.every(({ text }) => hasWord(text, shortName(effect.entity)))) return 0.9
  // A service may be called after its workload (shop-api, checkoutservice); a node's name in it is chance.
  if (typeOf(cause.entity) !== 'node' && beginsWord(theirs, name)) return 0.8
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  if (typeOf(effect.entity) === 'loadbalancer') return 0.5
  return a !== null && a === b && typeOf(cause.entity) === 'node' ? 1 : FAR
}

const hasWord = (text: string, word: string): boolean => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!/[\w-]/u.test(text[at - 1] ?? ' ') && !/[\w-]/u.test(text[at + word.length] ?? ' ')) return true
  return false
}

const beginsWord = (text: string, word: string): boolean => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) if (at === 0 || !/[a-z0-9]/iu.test(text[at - 1] ?? '')) return true
  return false
}

/** The one container, as two sources name it: by pod, or by no more than the machine it ran on. */
const sameContainer: Judge = (cause, effect, timeline) => {
  if (cause.entity === effect.entity) return 1
  const unnamed = (entity: Entity): boolean => typeOf(entity) !== 'pod' || namespaceOf(entity) === '-'
  if (!unnamed(cause.entity) && !unnamed(effect.entity)) return FAR
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  return a !== null && b !== null && a !== b ? elsewhere(a, b, timeline) : 0.7
}

/** The host of what was probed: of service/-/https://registry.example/v2/ and target/blackbox/registry.example:443 'registry.example'. */
const hostOf = (entity: Entity): string => {
  const name = nameOf(entity)
  const scheme = name.indexOf('://')
  const from = scheme >= 0 ? scheme + 3 : name.lastIndexOf('/') + 1
  return name.slice(from).split(/[/:]/u, 1)[0] ?? ''
}

/** The first part of an image's name is a host where it has a dot or a port. https://github.com/distribution/reference */
const registryOf = (image: string): string | null => {
  const host = image.slice(0, Math.max(0, image.indexOf('/')))
  return /[.:]/u.test(host) ? (host.split(':', 1)[0] ?? null) : null
}

/** Of the ReplicaSet that a change names, if it names one. */
const isOfChange = (pod: Entity, { attributes: { replicaSet: set } }: Found): boolean =>
  typeof set !== 'string' || set === '' || shortName(pod).startsWith(`${set}-`)

/** Whether the trouble went with the pods: the next node that they came to, which had been well, missed its heartbeats soon after. */
const goesWith = (pods: readonly Entity[], { entity, start }: Found, timeline: Timeline): boolean =>
  pods.some((pod) =>
    timeline.topology.placements(pod).some(({ node, from }) => {
      if (node === entity || from <= start || from - start > MOVES_ON_MS) return false
      const first = signalsOf(timeline, node).find((signal) => MISSED.has(signal.kind) && signal.phase !== 'end' && signal.until > start)
      return first !== undefined && first.at > from && first.at - from <= SOON_MS
    }),
  )
const MISSED: ReadonlySet<string> = new Set(['node.heartbeat-missed', 'node.not-ready'])
/** Tolerations of five minutes, and the grace period before them. */
const MOVES_ON_MS = 10 * 60_000
const SOON_MS = 90_000

const JUDGES: Readonly<Record<Relation, Judge>> = {
  'same-entity': (cause, effect) => (cause.entity === effect.entity ? 1 : FAR),
  'same-node': sameNode,
  'same-place': samePlace,
  'same-workload': sameWorkload,
  'same-container': sameContainer,
  'same-cluster': () => 0.8,
  'pod-on-node'(cause, effect, timeline) {
    if (cause.entity === effect.entity) return 1
    const place = nodeHinted(effect, timeline)
    // Of a pod that nobody saw placed: the one node that was held NotReady is the likelier place.
    if (place === null) return cause.kind === 'node.not-ready' ? 0.5 : UNKNOWN / 2
    return place === cause.entity ? 1 : FAR
  },
  'pod-on-place'(cause, effect, timeline) {
    if (cause.entity === effect.entity) return 1
    if (typeOf(cause.entity) !== 'node') return FAR
    return placeOf(effect.entity, effect.start, timeline) === cause.entity ? 0.5 : FAR
  },
  'node-of-pod'(cause, effect, timeline) {
    if (typeOf(cause.entity) === 'workload')
      return timeline.topology.podsOf(cause.entity).some((pod) => timeline.topology.nodeOf(pod, effect.start) === effect.entity) ? 1 : FAR
    if (effect.attributes['limit'] === 'cgroup' && isItsCgroup(String(effect.attributes['cgroup'] ?? ''), cause)) return 1
    const place = nodeHinted(cause, timeline)
    // A kill in a place that no node is known for (one kernel's log for all) may still be that pod's.
    if (place === null) return UNKNOWN
    return place === effect.entity || nameOf(effect.entity) === 'unknown' ? 1 : FAR
  },
  'came-from-node'(cause, effect, timeline) {
    const said = effect.attributes['from']
    if (typeof said === 'string') return (timeline.topology.nodeAt(said) ?? `node/${said}`) === cause.entity ? 1 : FAR
    const workload = workloadOf(effect.entity, timeline)
    if (workload === null) return FAR
    const { topology } = timeline
    // Where the pod was placed since tells nothing of where the one stood that it replaces.
    const before = topology.podsOf(workload).flatMap((pod) => topology.placements(pod).filter(({ from }) => pod !== effect.entity || from <= cause.start))
    // Of a workload whose pods nobody saw placed: a node that was lost just before may well have had them.
    // A machine that was recycled under its old name most likely has its old pods again.
    if (before.length === 0 && topology.placements(effect.entity).some(({ node }) => node === cause.entity)) return 0.9
    if (before.length === 0) return typeOf(effect.entity) === 'pod' ? 0.65 : cause.kind === 'node.not-ready' ? 0.5 : FAR
    return before.some(({ node, from }) => node === cause.entity && from <= effect.start) ? 1 : FAR
  },
  // A pod that comes from another node than the one that went stands in for somebody else.
  'replaced-by'(cause, effect, timeline) {
    const from = effect.attributes['from']
    const place = typeOf(cause.entity) === 'pod' ? timeline.topology.nodeOf(cause.entity, cause.start) : null
    return typeof from === 'string' && place !== null && nameOf(place) !== from ? FAR : sameWorkload(cause, effect, timeline)
  },
  'loads-node'(cause, effect, timeline) {
    const { topology } = timeline
    const workload = workloadOf(cause.entity, timeline)
    if (workload === null) return FAR
    const brought = topology.podsOf(workload).filter((pod) => isOfChange(pod, cause))
    const isOn = (pods: readonly Entity[]): boolean => pods.some((pod) => topology.nodeOf(pod, effect.start) === effect.entity)
    if (isOn(brought)) return 1
    const servers = [workload, ...topology.podsOf(workload), process('-', shortName(workload))].flatMap((client) => topology.serversOf(client))
    const called = servers.flatMap((server) => [...topology.podsCalled(shortName(server)), ...topology.runsAs(server)])
    if (isOn(called)) return 0.8
    return [...brought, ...called].every((pod) => topology.nodeOf(pod, effect.start) === null) ? UNKNOWN : FAR
  },
  'crowds-node'(cause, effect, timeline) {
    const { topology } = timeline
    const pods = topology.podsOf(topology.workloadOf(cause.entity) ?? cause.entity)
    const placed = pods.flatMap((pod) => {
      const at = topology.placements(pod).find(({ from }) => from <= effect.start)
      return at === undefined ? [] : [{ ...at, pod }]
    })
    const brought = placed.filter(({ pod, from }) => from >= cause.start - WHOLE_SECOND_MS && isOfChange(pod, cause))
    const here = brought.filter(({ node }) => node === effect.entity).length
    // What a rollout takes the place of was there as well.
    const before =
      cause.kind === 'change.deployed' ? placed.filter(({ node, from }) => node === effect.entity && from < cause.start - WHOLE_SECOND_MS).length : 0
    const enough = here - before >= (goesWith(pods, effect, timeline) ? PAIR : CROWD)
    return enough && here * 2 > brought.length ? 1 : FAR
  },
  'moved-to': (cause, effect) => (cause.attributes['to'] === nameOf(effect.entity) ? 1 : FAR),
  serves,
  'client-of': clientOf,
  'client-of-node'(cause, effect, timeline) {
    // A proxy that names the machine whose answer it missed.
    const { backend, node: machine } = effect.attributes
    const named = backend === undefined ? null : typeof machine === 'string' ? (`node/${machine}` as const) : timeline.topology.nodeAt(String(backend))
    if (named !== null) return cause.entity === 'cluster' ? 0.85 : named === cause.entity ? 1 : 0.2
    const needs = [effect.entity, ...timeline.topology.serversOf(effect.entity)]
    const reason = /^(postgres|redis)/u.exec(String(effect.attributes['reason'] ?? ''))?.[1]
    if (needs.some((entity) => livesOn(entity, cause, timeline)) || (reason !== undefined && anyNamed(reason, cause, timeline))) return 1
    const mine = placeOf(effect.entity, effect.start, timeline)
    if (mine !== null) return mine === cause.entity && !runsInPods(effect.entity, timeline) ? 1 : 0.2
    return needs.length > 1 ? 0.15 : 0.25
  },
  // What the scheduler says of the nodes it left out.
  'room-of-node': (_, effect) => (/unreachable|not-ready/u.test(String(effect.attributes['taint'] ?? '')) ? 1 : UNKNOWN),
  'of-control-plane': (cause) => (isControlPlane(cause.entity) ? 0.9 : FAR),
  'within-control-plane': (cause, effect) => (tierOf(cause.entity) >= 0 && tierOf(cause.entity) < tierOf(effect.entity) ? 0.9 : FAR),
  'of-dns': (cause) => (CLUSTER_DNS.test(nameOf(cause.entity)) ? 0.95 : FAR),
  'of-scheduler': (cause) => (SCHEDULER.test(nameOf(cause.entity)) ? 0.95 : isControlPlane(cause.entity) ? 0.6 : FAR),
  // The pod that the server is.
  'runs-in'(cause, effect, timeline) {
    const workload = workloadOf(effect.entity, timeline)
    if (timeline.topology.runsAs(cause.entity).some((by) => by === effect.entity || by === workload)) return 1
    const name = shortName(workload ?? effect.entity)
    return WORDS[typeOf(cause.entity)]?.test(name) === true && !SATELLITE.test(name) ? 0.9 : FAR
  },
  'client-of-reversed': (cause, effect, timeline) => clientOf(effect, cause, timeline),
  'pulls-from'(cause, effect) {
    const host = hostOf(cause.entity)
    return host !== '' && (host === registryOf(String(effect.attributes['image'] ?? '')) || host === effect.attributes['address']) ? 1 : FAR
  },
  'named-server'(cause, effect, timeline) {
    const { server } = effect.attributes
    if (server === cause.entity) return 1
    const by = workloadOf(cause.entity, timeline)
    if (typeof server !== 'string') return FAR
    const named = server as Entity
    return isNamedBy(cause.entity, [named], timeline) || timeline.topology.runsAs(named).some((one) => one === by || one === cause.entity) ? 1 : FAR
  },
  'tells-of'(cause, effect, timeline) {
    if (watchesAnother(String(effect.attributes['alertname'] ?? ''), cause.kind)) return FAR
    if (cause.entity === effect.entity) return 1
    const name = nameOf(effect.entity)
    if (effect.entity === 'cluster') return 0.5
    // A prober's alert names what it probes as its target: service/-/https://… is target/blackbox/https://…
    if (typeOf(effect.entity) === 'target' && cause.entity.startsWith('service/-/') && effect.entity.endsWith(cause.entity.slice('service/-'.length))) return 1
    const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
    if (typeOf(effect.entity) === 'node' && a === effect.entity) return 1
    if (workloadOf(cause.entity, timeline) !== null && workloadOf(cause.entity, timeline) === workloadOf(effect.entity, timeline)) return 1
    const said = Object.values(effect.attributes).map(String)
    const mine = shortName(cause.entity)
    if (mine.length > 2 && said.includes(mine)) return 1
    const words = WORDS[typeOf(cause.entity)]
    if (words?.test(`${String(effect.attributes['alertname'] ?? '')} ${name}`) === true) return 0.9
    if (a !== null && a === b) return 0.7
    return FAR
  },
}
