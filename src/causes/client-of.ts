/** Whether one depends on the other: as its client, or on what runs on a node. */
import { nameOf, namespaceOf, process, service, shortName, typeOf, workload, type Entity } from '../model/entity.js'
import { once } from '../model/once.js'
import type { Found } from '../findings/finding.js'
import { signalsOf } from '../findings/lookup.js'
import type { Timeline } from '../timeline/timeline.js'
import { FAR, UNKNOWN, WORDS, workloadOf, type Judge } from './judge.js'
import { placeOf } from './places.js'

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
  const by = [callee, ...timeline.topology.runsAs(callee)].map((one) => workloadOf(one, timeline)).find((one) => one !== null)
  const of = workloadOf(client, timeline)
  if (by === undefined || of === null) return false
  const called = service(namespaceOf(by), shortName(by))
  // Where an application's log tells only its name, that is the workload's.
  return [client, of, ...timeline.topology.podsOf(of), process('-', shortName(of))].some((one) =>
    timeline.topology.serversOf(one).some((server) => server === called || isServedBy(server, by, timeline) || isKindOf(server, by)),
  )
}

/** What it named is the workload, one of its pods, or a Service that selects them, whatever that is called. */
const isServedBy = (server: Entity, by: Entity, timeline: Timeline): boolean =>
  [server, ...timeline.topology.runsAs(server)].some((one) => workloadOf(one, timeline) === by)

/** A client that is no pod names the service that it asked; what serves it is the workload of that name. */
export const isNamedBy = (server: Entity, named: readonly Entity[], timeline: Timeline): boolean => {
  const by = workloadOf(server, timeline)
  if (by === null) return false
  return named.some(
    (one) =>
      typeOf(one) === 'service' && (isServedBy(one, by, timeline) || (shortName(one) === shortName(by) && ['-', namespaceOf(by)].includes(namespaceOf(one)))),
  )
}

/** By whose trouble it is, and who suffers for what reason. */
type Dependences = Map<Entity, Map<string, number>>
const dependences = once((_: Timeline) => ({ some: new Map() as Dependences, all: new Map() as Dependences, size: 0 }))

/** Pairs of thousands of pods would fill the memory; those that are asked about again are asked soon. */
const MOST_KEPT = 200_000

/** The same pair is asked about again and again where both were in trouble for hours. */
export const clientOf: Judge = (cause, effect, timeline) => {
  const known = dependences(timeline)
  if (known.size >= MOST_KEPT) {
    for (const causes of [known.some, known.all]) causes.clear()
    known.size = 0
  }
  const causes = REFUSES_ALL.has(cause.kind) ? known.all : known.some
  let effects = causes.get(cause.entity)
  if (effects === undefined) causes.set(cause.entity, (effects = new Map<string, number>()))
  const key = `${effect.entity} ${String(effect.attributes['reason'] ?? '')} ${String(cause.attributes['probed'] ?? '')} ${String(effect.attributes['exporter'] ?? '')}`
  let near = effects.get(key)
  if (near === undefined) {
    effects.set(key, (near = dependence(cause, effect, timeline)))
    known.size++
  }
  if (near === UNKNOWN && isWaiting(cause, effect)) return WAITED
  return near === NOT_NAMED && goTogether(cause, effect, timeline) ? TOGETHER : near
}

/** Nobody says whom the client asks, or none of what is known is a server's name. */
const NOT_NAMED = 0.25
const TOGETHER = 0.62
const WAITED = 0.9

/** Whose requests took as long as something in the server did and came to an end with it (findings/detectors/postgres-waits.ts) most likely asked that server. */
export const isWaiting = ({ attributes: { waiting } }: Found, { entity }: Found): boolean =>
  String(waiting ?? '')
    .split(' ')
    .includes(entity)

/** Who misses a server from the moment on in which a workload goes, and misses none any more in the moment in which it is back, needs that one most likely, whatever the address is called. */
const goTogether: (...of: Parameters<Judge>) => boolean = (cause, effect, timeline) => {
  const back = cause.kind === 'change.scaled' ? scaledUpAfter(cause, timeline) : cause.end
  if (typeOf(cause.entity) !== 'workload' || !MISSES.test(String(effect.attributes['reason'] ?? '')) || back === null || effect.end === null) return false
  const [from, to] = [Math.abs(effect.start - cause.start), Math.abs(effect.end - back)]
  return from <= TOGETHER_MS && to <= TOGETHER_MS && back - cause.start >= LONG_ENOUGH_MS
}
const MISSES = /^(?:refused|timeout|no-route|reset|upstream-error)$/u
/** A client asks every second or so, and may wait for its time-out. */
const TOGETHER_MS = 5_000
/** Of what lasts for moments, both ends fall together by chance. */
const LONG_ENOUGH_MS = 20_000

const scaledUpAfter = ({ entity, start }: Found, timeline: Timeline): number | null =>
  signalsOf(timeline, entity).find(({ kind, at, attributes: { from, to } }) => kind === 'change.scaled' && at > start && Number(to) > Number(from ?? to))?.at ??
  null

/** What runs the pods of a node, or the cluster, asks none of them for anything: webhooks, which it does ask, are told by name (named-server). */
const CLUSTERS_OWN =
  /^(?:kernel|kubelet|containerd|dockerd|cri-?o|kube-(?:apiserver|controller-manager|scheduler|proxy)|cloud-controller-manager|etcd|cluster-autoscaler|ipamd|aws-node|aws-k8s-agent|calico-node|cilium-agent|flanneld|systemd)$/u
export const isClustersOwn = (entity: Entity): boolean => typeOf(entity) === 'process' && CLUSTERS_OWN.test(shortName(entity))
const POOLER = /pgbouncer|pgpool|odyssey|pgcat/iu
/** A database's user is written with '_' where the program has '-', as neither may be written the other way there. */
const asProgram = (entity: Entity): string => shortName(entity).replaceAll('_', '-')

/** Whom a workload asks, as itself, by one of its pods, or by the name that its log has. */
const askedOf = (asking: Entity, { topology }: Timeline): readonly Entity[] =>
  [asking, ...topology.podsOf(asking), process('-', shortName(asking))].flatMap((one) => topology.serversOf(one))

/** The cause is on somebody who depends on the effect's entity: known as its client, or as a client of its client. */
export const asksFurther: Judge = (cause, effect, timeline) => {
  const direct = clientOf(effect, cause, timeline)
  if (direct > UNKNOWN) return direct
  const { topology } = timeline
  const asked = new Set(askedOf(cause.entity, timeline).flatMap((one) => [one, ...topology.runsAs(one), ...namesake(one)]))
  return [...asked].some((entity) => clientOf(effect, { ...cause, entity }, timeline) > UNKNOWN) ? THROUGH_ANOTHER : FAR
}
const THROUGH_ANOTHER = 0.9
/** Most often a service is called what the workload behind it is. */
const namesake = (entity: Entity): readonly Entity[] => (typeOf(entity) === 'service' ? [workload(namespaceOf(entity), shortName(entity))] : [])

/** A service, and the program or workload of its name. */
const isItself = (service: Entity, other: Entity, { topology }: Timeline): boolean => {
  const by = topology.workloadOf(other)
  const namespace = namespaceOf(by ?? other)
  return shortName(by ?? other) === shortName(service) && (namespace === '-' || namespaceOf(service) === '-' || namespace === namespaceOf(service))
}

/** The effect is on somebody who depends on the cause's entity. */
const dependence: Judge = (cause, effect, timeline) => {
  const { topology } = timeline
  const server = cause.entity
  if (server === effect.entity) return 1
  if (/^(?:workload|service)$/u.test(typeOf(server)) && isClustersOwn(effect.entity)) return FAR
  if (typeOf(server) === 'service' && /^(?:process|pod)$/u.test(typeOf(effect.entity)) && isItself(server, effect.entity, timeline)) return FAR
  const owner = workloadOf(effect.entity, timeline)
  // A workload is no client of itself: its pods are what it is.
  if (owner !== null && typeOf(effect.entity) === 'pod' && owner === workloadOf(server, timeline)) return FAR
  const serverType = typeOf(server)
  const reason = String(effect.attributes['reason'] ?? '')
  if (reason.startsWith(serverType)) return 1
  const { probed } = cause.attributes
  if (probed !== undefined && probed === effect.attributes['exporter']) return 0.9
  if (probed !== undefined && (reason.startsWith(String(probed)) || (reason === 'no-server' && POOLER.test(effect.entity)))) return 0.9
  if (reason === 'postgres-pool' && POOLER.test(server)) return 0.95
  if (reason === 'stale-replica' && serverType === 'postgres') return 0.9
  const servers = topology.serversOf(effect.entity)
  if (servers.includes(server)) return 1
  if (isCalledBy(server, effect.entity, timeline) || isNamedBy(server, servers, timeline)) return 1
  // The same application under another type: its process in a log, its service in a metric.
  if (
    topology.clientsOf(server).some((client) => {
      const by = workloadOf(client, timeline)
      return asProgram(client) === asProgram(effect.entity) || (by !== null && shortName(by) === shortName(effect.entity))
    })
  )
    return 0.95
  const words = WORDS[serverType]
  if (words?.test(nameOf(effect.entity)) === true) return 0.95
  if (owner !== null && topology.podsOf(owner).some((pod) => topology.serversOf(pod).includes(server))) return 1
  if (typeOf(effect.entity) === 'service' && backedByClient(effect.entity, server, timeline)) return 1
  // The one database server that is known, for want of whose connections a program came to a stop.
  if (serverType === 'postgres' && ranDry(effect.entity, timeline) && isOnly(server, timeline)) return 0.75
  if (serverType === 'postgres' && complainers(timeline).has(unnumbered(shortName(owner ?? effect.entity))) && isOnly(server, timeline)) return 0.75
  const isSeenToAsk = topology.isSeenToAsk(effect.entity)
  if (serverType === 'workload') return isSeenToAsk ? 0.15 : shortName(effect.entity).includes(shortName(server)) ? 0.8 : NOT_NAMED
  if (typeOf(effect.entity) === 'target' || isSeenToAsk) return 0.15
  // A server that refused everybody, and the only one there is: whoever fails now most likely needs it.
  return REFUSES_ALL.has(cause.kind) && isOnly(server, timeline) ? 0.55 : UNKNOWN
}

/** Programs, their pods, workloads and services, whose own pool of connections to a database had none free. */
const dry = once(({ signals, topology }: Timeline) => {
  const all = new Set<string>()
  for (const { kind, entity, attributes } of signals) {
    if (kind !== 'log.error' || attributes['reason'] !== 'pool') continue
    all.add(entity)
    const owner = topology.workloadOf(entity)
    if (owner !== null) all.add(owner).add(service(namespaceOf(owner), shortName(owner)))
  }
  return all
})
const ranDry = (entity: Entity, timeline: Timeline): boolean =>
  [entity, timeline.topology.workloadOf(entity)].some((one) => one !== null && dry(timeline).has(one))

/** Programs whose own logs complain of a database, by their names, of which 'web-0' and 'web-1' are one. */
const complainers = once(({ signals, topology }: Timeline) => {
  const names = new Set<string>()
  for (const { kind, entity, attributes } of signals)
    if (kind === 'log.error' && String(attributes['reason']).startsWith('postgres-')) names.add(unnumbered(shortName(topology.workloadOf(entity) ?? entity)))
  return names
})
const unnumbered = (name: string): string => name.replace(/-\d{1,3}$/u, '')

const REFUSES_ALL: ReadonlySet<string> = new Set(['postgres.connections-saturated', 'postgres.crashed', 'postgres.recovering', 'postgres.shutdown'])

const postgresServers = once(({ signals }: Timeline) => new Set(signals.map(({ entity }) => entity).filter((entity) => typeOf(entity) === 'postgres')))
const isOnly = (server: Entity, timeline: Timeline): boolean => {
  const servers = postgresServers(timeline)
  return servers.size === 1 && servers.has(server)
}

const TURNED_AWAY: ReadonlySet<unknown> = new Set(['refused', 'certificate', 'unauthorized', 'forbidden', 'server-error'])

/** The effect is on somebody who depends on what was on that node. */
export const clientOfNode: Judge = (cause, effect, timeline) => {
  // A kubelet that the API server turns away is there, and so are its pods.
  if (cause.kind === 'node.heartbeat-missed' && TURNED_AWAY.has(cause.attributes['reason'])) return FAR
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
