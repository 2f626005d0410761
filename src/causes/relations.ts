/** How near two findings are: 1 where the topology says they stand as the rule asks, less where it cannot tell, 0 where it says otherwise. */
import { isControlPlane, nameOf, namespaceOf, process, service, shortName, typeOf, type Entity } from '../model/entity.js'
import { WHOLE_SECOND_MS, type Found } from '../findings/finding.js'
import { signalsOf } from '../findings/lookup.js'
import type { Timeline } from '../timeline/timeline.js'
import { asksFurther, clientOf, clientOfNode, isNamedBy } from './client-of.js'
import { FAR, UNKNOWN, WORDS, workloadOf, type Judge } from './judge.js'
import type { Relation } from './mechanism.js'
import { nodeHinted, placedFirst, placeOf, sameContainer, sameNode, samePlace, SATELLITE } from './places.js'
import { isOfChange, sameWorkload } from './same-workload.js'
import { arrivedWith, takeLittle } from './use.js'
import { evictedFirst, victimsOf } from './victims.js'

/** One pod more or two come to a node all day: two are told only where the trouble went with them. */
const PAIR = 2
const CROWD = 3
/** Less than this: something that is known speaks against it. */
export const NOT_CONTRADICTED = 0.25

/** What the name of an alert says it watches, and the kinds that this is about. */
const WATCHED: readonly (readonly [RegExp, RegExp])[] = [
  [/cpu|(?<![a-z])load(?!balancer)|(?:high|node|system)load(?!balancer)/iu, /cpu-/u],
  [/memory|(?<![a-z])(?:mem|oom)(?![a-z])|oomkill/iu, /memory|oom-kill/u],
  [/disk|file ?system|volume|inode|storage/iu, /disk-full/u],
  [/deadlock/iu, /deadlock/u],
  [/time[-_ ]?out|cancel/iu, /timeouts/u],
  [/long[-_ ]?(?:running[-_ ]?)?(?:transaction|tx)|idle[-_ ]?in[-_ ]?trans/iu, /lock-pileup|slow-queries|connections/u],
  [/replication|slot ?lag|standby|replica ?lag/iu, /replication|standby|slot|disk-full/u],
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

/** A dump seldom says who asks a database; of what is slow or grows, whoever is not known to ask it is as good a guess as any other. */
const mayBeAsked = (server: Entity): boolean => typeOf(server) === 'postgres'
const askedBy: Judge = (cause, effect, timeline) => {
  const near = clientOf(effect, cause, timeline)
  if (near <= UNKNOWN && !mayBeAsked(effect.entity)) return FAR
  return near < clientOf(cause, effect, timeline) ? FAR : near
}

export const nearness = (relation: Relation, cause: Found, effect: Found, timeline: Timeline): number =>
  isOfNewOne(cause, effect, timeline) || isOfSome(relation, cause, effect, timeline) ? FAR : JUDGES[relation](cause, effect, timeline)

/** What a rollout does to those who call it, it does to all pods of a caller: where some of them go on well, it is something between those and the others. */
const isOfSome = (relation: Relation, { kind, start }: Found, effect: Found, timeline: Timeline): boolean => {
  if (relation !== 'client-of' || kind !== 'change.deployed' || effect.kind !== 'app.errors' || typeOf(effect.entity) !== 'pod') return false
  const workload = workloadOf(effect.entity, timeline)
  const { topology } = timeline
  const others = workload === null ? [] : topology.podsOf(workload).filter((pod) => pod !== effect.entity && topology.existedAt(pod, effect.start))
  const until = effect.end ?? timeline.to
  return others.some((pod) => !signalsOf(timeline, pod).some((one) => one.kind === 'log.error' && one.until >= start && one.at <= until))
}

/**
 * Whoever made a workload changed nothing that had been: what it does well for half a minute and then no more has another cause. Memory that grows, and a container that
 * cannot start, may still be its own.
 */
const isOfNewOne = (cause: Found, effect: Found, timeline: Timeline): boolean =>
  cause.kind === 'change.deployed' &&
  cause.attributes['created'] === 'yes' &&
  SERVING.has(effect.kind) &&
  effect.start - cause.start >
    (workloadOf(effect.entity, timeline) === cause.entity || shortName(effect.entity) === shortName(cause.entity) ? WELL_MS : ASKED_MS)
const SERVING: ReadonlySet<string> = new Set([
  'pod.unready',
  'app.errors',
  'service.errors',
  'service.slow',
  'service.unreachable',
  'workload.degraded',
  'workload.unavailable',
])
const WELL_MS = 30_000
/** Whom it asks has served it for so long. */
const ASKED_MS = 60_000

const SCHEDULER = /(?:^|\/)kube-scheduler/u
/** A Service's name as the cluster's DNS knows it: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
const SERVICE_NAME = /^([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})(?:\.svc(?:\.|$)|$)/u
/** The Services that it did not find. */
const unresolved = ({ entity, start, end }: Found, timeline: Timeline): readonly Entity[] =>
  signalsOf(timeline, entity).flatMap(({ kind, at, attributes }) => {
    if (kind !== 'network.dns-failure' || at < start || at > (end ?? Infinity)) return []
    const [, name, namespace] = SERVICE_NAME.exec(String(attributes['name'] ?? '')) ?? []
    return name === undefined || namespace === undefined ? [] : [service(namespace, name)]
  })

const CLUSTER_DNS = /(?:^|\/)(?:rke2-)?(?:coredns|kube-dns|node-local-dns|nodelocaldns)/u
/** Who asks whom: the API server asks etcd, everybody else of the control plane asks the API server. */
const TIERS = [/(?:^|\/)etcd/u, /(?:^|\/)(?:kube-)?apiserver/u, /(?:^|\/)(?:kube-(?:controller-manager|scheduler)|cloud-controller)/u]
export const tierOf = (entity: Entity): number => TIERS.findIndex((tier) => tier.test(nameOf(entity)))

/** '/postgres-main', or '/system.slice/postgresql@15-main.service' of a container that is called 'postgresql'. */
const isItsCgroup = (cgroup: string, container: Found): boolean => {
  const name = shortName(container.entity)
  return (
    cgroup === container.attributes['cgroup'] ||
    cgroup.split('/').some((part) => part === name || (part.startsWith(name) && /^[@.:-]/u.test(part.slice(name.length))))
  )
}

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
  if (isSharedLog(cause, effect.entity, timeline)) return 0.9
  // A service may be called after its workload (shop-api, checkoutservice); a node's name in it is chance.
  if (typeOf(cause.entity) !== 'node' && beginsWord(theirs, name)) return 0.8
  const [a, b] = [nodeHinted(cause, timeline), nodeHinted(effect, timeline)]
  if (typeOf(effect.entity) === 'loadbalancer') return 0.5
  return a !== null && a === b && typeOf(cause.entity) === 'node' ? 1 : FAR
}

/** A program that names the one that it asks is its client. */
const isSharedLog = ({ kind, entity, evidence }: Found, service: Entity, { topology }: Timeline): boolean =>
  kind === 'app.errors' &&
  typeOf(entity) === 'process' &&
  evidence.length > 0 &&
  evidence.every(({ text }) => hasWord(text, shortName(service))) &&
  !topology.serversOf(entity).some((server) => shortName(server) === shortName(service))

const cameSince = (pod: Entity, { start }: Found, { topology }: Timeline): boolean =>
  topology.placements(pod).some(({ from }) => from >= start - WHOLE_SECOND_MS)

const hasWord = (text: string, word: string): boolean => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!/[\w-]/u.test(text[at - 1] ?? ' ') && !/[\w-]/u.test(text[at + word.length] ?? ' ')) return true
  return false
}

const beginsWord = (text: string, word: string): boolean => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) if (at === 0 || !/[a-z0-9]/iu.test(text[at - 1] ?? '')) return true
  return false
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

/** Whether the trouble went with the pods: the next node that they came to, which had been well, missed its heartbeats soon after. */
const goesWith = (pods: readonly Entity[], { entity, start }: Found, timeline: Timeline): boolean =>
  pods.some((pod) =>
    timeline.topology.placements(pod).some(({ node, from }) => {
      if (node === entity || from <= start || from - start > MOVES_ON_MS) return false
      const first = signalsOf(timeline, node).find((signal) => MISSED.has(signal.kind) && signal.phase !== 'end' && signal.until > start)
      return first !== undefined && first.at > from && first.at - from <= SOON_MS
    }),
  )
/** Two grace periods of 30 s, which is what a pod has where nobody set anything else. */
const MAKES_ROOM_MS = 60_000
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
    if (typeOf(cause.entity) !== 'node' || placeOf(effect.entity, effect.start, timeline) !== cause.entity) return FAR
    const victims = victimsOf(cause, timeline)
    const its = typeOf(effect.entity) === 'pod' ? [effect.entity] : timeline.topology.runsAs(effect.entity).filter((by) => typeOf(by) === 'pod')
    if (its.some((pod) => victims.includes(pod))) return 1
    return its.length === 0 || victims.length === 0 || victims.includes(null) ? 0.5 : FAR
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
    const { from, replaces } = effect.attributes
    if (typeOf(cause.entity) === 'pod' && replaces !== undefined) return replaces === cause.entity ? 1 : FAR
    const place = typeOf(cause.entity) === 'pod' ? timeline.topology.nodeOf(cause.entity, cause.start) : null
    return typeof from === 'string' && place !== null && nameOf(place) !== from ? FAR : sameWorkload(cause, effect, timeline)
  },
  'preempted-for'(cause, effect, timeline) {
    const workload = workloadOf(cause.entity, timeline)
    const { by } = effect.attributes
    if (typeof by === 'string') return isOfChange(by as Entity, cause) && workloadOf(by as Entity, timeline) === workload ? 1 : FAR
    // An event names the pod by its uid, which nobody else may tell: whose pod came to the node as soon as there was room.
    const { topology } = timeline
    const node = topology.nodeOf(effect.entity, effect.start)
    if (workload === null || node === null || workloadOf(effect.entity, timeline) === workload) return FAR
    const placed = placedFirst(timeline)
    return topology.podsOf(workload).some((pod) => {
      const at = placed.get(pod) ?? NaN
      return isOfChange(pod, cause) && at >= effect.start - WHOLE_SECOND_MS && at <= effect.start + MAKES_ROOM_MS && topology.nodeOf(pod, at) === node
    })
      ? 0.9
      : FAR
  },
  'loads-node'(cause, effect, timeline) {
    const { topology } = timeline
    const workload = workloadOf(cause.entity, timeline)
    if (workload === null) return FAR
    const brought = topology.podsOf(workload).filter((pod) => isOfChange(pod, cause))
    const isOn = (pods: readonly Entity[]): boolean => {
      const here = pods.filter((pod) => topology.nodeOf(pod, effect.start) === effect.entity)
      return here.length > 0 && !takeLittle(here, cause.start, effect, timeline)
    }
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
    const onIt = brought.flatMap(({ node, pod }) => (node === effect.entity ? [pod] : []))
    const here = onIt.length
    // What a rollout takes the place of was there as well.
    const before =
      cause.kind === 'change.deployed' ? placed.filter(({ node, from }) => node === effect.entity && from < cause.start - WHOLE_SECOND_MS).length : 0
    const enough = here - before >= (goesWith(pods, effect, timeline) ? PAIR : CROWD)
    return enough && here * 2 > brought.length && !takeLittle(onIt, cause.start, effect, timeline) ? 1 : FAR
  },
  'evicted-first'(cause, effect, timeline) {
    const first = evictedFirst(effect, timeline)
    return first !== null && workloadOf(first, timeline) === cause.entity && isOfChange(first, cause) && cameSince(first, cause, timeline) ? 1 : FAR
  },
  'moved-to': (cause, effect, timeline) =>
    cause.attributes['to'] === nameOf(effect.entity) && !takeLittle(arrivedWith(cause, effect.entity, timeline), cause.start, effect, timeline) ? 1 : FAR,
  serves,
  'client-of': clientOf,
  'client-of-node': clientOfNode,
  // What the scheduler says of the nodes it left out.
  'room-of-node': (_, effect) => (/unreachable|not-ready/u.test(String(effect.attributes['taint'] ?? '')) ? 1 : UNKNOWN),
  'of-control-plane': (cause) => (isControlPlane(cause.entity) ? 0.9 : FAR),
  'within-control-plane': (cause, effect) => (tierOf(cause.entity) >= 0 && tierOf(cause.entity) < tierOf(effect.entity) ? 0.9 : FAR),
  'of-dns': (cause, effect) => (CLUSTER_DNS.test(nameOf(cause.entity)) && !CLUSTER_DNS.test(nameOf(effect.entity)) ? 0.95 : FAR),
  'of-scheduler': (cause) => (SCHEDULER.test(nameOf(cause.entity)) ? 0.95 : isControlPlane(cause.entity) ? 0.6 : FAR),
  // The pod that the server is.
  'runs-in'(cause, effect, timeline) {
    const workload = workloadOf(effect.entity, timeline)
    if (timeline.topology.runsAs(cause.entity).some((by) => by === effect.entity || by === workload)) return 1
    const name = shortName(workload ?? effect.entity)
    return WORDS[typeOf(cause.entity)]?.test(name) === true && !SATELLITE.test(name) ? 0.9 : FAR
  },
  'client-of-reversed': askedBy,
  'asks-further': asksFurther,
  'pulls-from'(cause, effect) {
    const host = hostOf(cause.entity)
    return host !== '' && (host === registryOf(String(effect.attributes['image'] ?? '')) || host === effect.attributes['address']) ? 1 : FAR
  },
  'held-by': (cause, effect) =>
    cause.entity === effect.entity && cause.attributes['pid'] !== undefined && cause.attributes['pid'] === effect.attributes['holder'] ? 1 : FAR,
  'named-server'(cause, effect, timeline) {
    const { server } = effect.attributes
    if (server === cause.entity) return 1
    const by = workloadOf(cause.entity, timeline)
    if (by !== null && effect.kind === 'network.dns-failure' && unresolved(effect, timeline).some((one) => isNamedBy(by, [one], timeline))) return 1
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
