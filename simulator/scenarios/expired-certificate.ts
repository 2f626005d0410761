/**
 * The API server's certificate expires. From that second no kubelet gets through: all nodes are NotReady, and since it is all of them nothing is
 * evicted; what runs goes on running for two months, and nobody notices. Then one node loses its network and comes back with the firewall rules of
 * long ago, which nothing can bring up to date. The proxy, which hears of no change either, keeps sending it a share of the requests; the rest is
 * too much for the smallest node. The certificates are renewed with a new authority by mistake, which nobody trusts. A community's great outage of 2019.
 */
import { expired, failedWatch, longRange, pastDisruption, pastRefusals, unknownAuthority, watchersComplain } from '../model/certificates.js'
import { klog, kernel } from '../model/kubelet.js'
import { runMonitoring } from '../model/monitoring.js'
import { autovacuum, runPostgres, type Postgres } from '../model/postgres.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { klogStamp } from '../core/stamps.js'
import {
  GIB,
  HOUR,
  instant,
  livePods,
  MIB,
  MINUTE,
  nodeOf,
  podsOf,
  SECOND,
  workload,
  type Machine,
  type Pod,
  type Workload,
  type World,
} from '../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../truth.js'
import { evening, minutesIn, newWorld, seeded, settle, start, type Scenario } from './scenario.js'

const DAY = 24 * HOUR
const NAMESPACE = 'community'

export const expiredCertificate: Scenario = (seed) => {
  const random = seeded('expired-certificate', seed)
  const people = random.pick<readonly string[]>([
    ['masato', 'kengo', 'riki'],
    ['ada', 'grace', 'edsger'],
    ['oslo', 'turku', 'riga'],
    ['heron', 'stork', 'crane'],
  ])
  const suffix = random.hex(3)
  const world: World = {
    ...newWorld(
      random,
      evening(random),
      76,
      people.map((name, i) => ({ name: `${name}-${suffix}`, ip: `10.8.0.${11 + i}`, cores: i === 2 ? 2 : 4, memoryBytes: (i === 2 ? 4 : 16) * GIB })),
    ),
    apiServer: random.pick(['api.k8s.example.org', 'kube.example.net', 'master.cluster.example.org'] as const),
  }
  const [first, lost, small] = world.nodes
  if (!first || !lost || !small) throw new Error('three nodes')
  const at = minutesIn(world)
  const validToMs = Math.floor((world.startMs - random.between(52, 68) * DAY) / 1000) * 1000
  // The cluster is as old as its certificates, a year; its machines and what runs on them were started before they expired.
  for (const node of world.nodes)
    Object.assign(node, { createdMs: validToMs - 365 * DAY + random.int(60, 900) * SECOND, bootedMs: validToMs - random.between(50, 190) * DAY })

  const plain = (name: string, used: number, mib: number, request: number): Parameters<typeof workload>[1] => ({
    namespace: NAMESPACE,
    name,
    image: `registry.example.org/${name}:${random.int(1, 4)}.${random.int(0, 20)}.${random.int(0, 9)}`,
    requests: { cpu: request, memory: mib * MIB },
    cpu: () => used,
    memory: () => mib * MIB * 0.9,
  })
  let stale = false
  const cutOff = (pod: Pod): boolean => pod.node === lost.name && (stale || lost.unscraped === true)
  const serving = (): number => Math.max(1, podsOf(world, pages).filter((pod) => !cutOff(pod)).length)
  const pages: Workload = workload(random, {
    ...plain(random.pick(['site', 'reader', 'pages'] as const), 0, 500, 0.5),
    replicas: 3,
    cpu: () => 3.7 / serving(),
  })
  const forum = workload(random, { ...plain('discourse', 0.4, 1300, 0.5), replicas: 2 })
  const proxy = workload(random, { ...plain('kube-proxy', 0.02, 40, 0.05), namespace: 'kube-system', kind: 'DaemonSet' })
  settle(world, proxy, world.nodes)
  settle(world, pages, world.nodes)
  settle(world, forum, [first, lost])
  settle(world, workload(random, { ...plain('gluster-mount', 0.05, 90, 0.05), namespace: 'kube-system', kind: 'DaemonSet' }), world.nodes)
  settle(world, workload(random, { ...plain('ingress-nginx-controller', 0.2, 180, 0.2), namespace: 'ingress-nginx' }), [first])
  for (const pod of livePods(world)) {
    const startedMs = validToMs - random.between(2, 40) * DAY
    Object.assign(pod, { createdMs: startedMs - 4000, startedMs })
  }

  const past = random.fork('past')
  longRange(world, validToMs - 9 * DAY, pastDisruption(world, validToMs, past))
  for (const node of world.nodes) {
    pastRefusals(world, node, validToMs, past.fork(node.name))
    node.refused = expired(validToMs)
    watchersComplain(world, node)
  }

  const believed = new Map([pages, forum].map((owner) => [owner, podsOf(world, owner)]))
  let synced = false
  const traffic: Traffic = {
    host: 'forum.example.org',
    rate: () => 0.8,
    counts: new Map(),
    tries: 1,
    cutOff,
    backends: (service) => (believed.get(service) ?? []).filter((pod) => !pod.gone && (!synced || pod.ready)),
    routes: [
      { service: pages, weight: 65, paths: ['/', '/read/#', '/read/#/page/2', '/about'], typicalMs: 140 },
      { service: forum, weight: 35, paths: ['/latest', '/t/#', '/categories'], typicalMs: 210 },
    ],
  }
  const postgres: Postgres = {
    name: random.pick(['mio', 'db', 'pg-main'] as const),
    database: 'discourse',
    maxConnections: 120,
    sessions: { active: 3, idle: 24 },
  }
  runPostgres(world, postgres, () => ({ active: random.int(1, 5), idle: random.int(20, 28) }))
  runTraffic(world, traffic)
  runMonitoring(world, { traffic, postgres, rules: [] })
  start(world)
  proxiesComplain(world, proxy)
  avatarsFail(world, forum)

  at(7, () => autovacuum(world, postgres, 'post_timings', 52))
  const device = random.pick(['eno1', 'enp3s0', 'eth0'] as const)
  const driver = random.pick(['e1000e 0000:00:1f.6', 'igb 0000:03:00.0'] as const)
  const byName = driver.startsWith('igb') ? `${device}: igb: ${device}` : `${device}:`
  at(14 + random.between(0, 3), () => {
    lost.unscraped = true
    lost.refused = () => `dial tcp 10.8.0.5:6443: connect: network is unreachable`
    kernel(world, lost, `${driver} ${byName} NIC Link is Down`)
    world.record.note('link-down', lost.name, world.agenda.now)
    world.agenda.after(random.between(170, 280) * SECOND, () => {
      lost.unscraped = false
      lost.refused = expired(validToMs)
      stale = true
      kernel(world, lost, `${driver} ${byName} NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX/TX`)
      world.record.note('link-up', lost.name, world.agenda.now)
    })
  })
  firewallBlocks(
    world,
    first,
    lost,
    device,
    () => stale,
    () => livePods(world).filter((pod) => pod.node === lost.name && pod.workload.namespace === NAMESPACE),
  )
  at(45, () => {
    world.record.note('wrong-authority', 'cluster', world.agenda.now)
    for (const node of world.nodes) node.refused = unknownAuthority
  })
  // Everything that was signed is signed again, node by node.
  world.nodes.forEach((node, i) => at(60 + 1.5 * i, () => reissue(world, node)))
  at(64.5, () => {
    stale = false
    synced = true
  })
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      nodeLogs: 'journal',
      metrics: random.pick(['query_range', 'tsdb'] as const),
      files: ['ingress/', 'postgres/', 'control-plane/', 'prometheus/'],
      podLogs: ['kube-proxy', 'discourse'],
    },
    truth: truth(world, { validToMs, pages: pages.name, lost: lost.name }),
  }
}

const proxiesComplain = (world: World, proxy: Workload): void =>
  world.agenda.every(50 * SECOND, () => {
    for (const pod of podsOf(world, proxy)) {
      const refused = nodeOf(world, pod)?.refused
      if (refused === undefined) continue
      const ms = instant(world)
      const type = world.random.pick(['Service', 'EndpointSlice', 'Node'] as const)
      world.record.pod(pod, ms, `E${klogStamp(ms)} ${'1'.padStart(7)} ${failedWatch(world.apiServer, type, refused(ms))}`)
    }
    return true
  })

/** Somebody else's certificate, of which the forum complains every now and then: no node's. */
const avatarsFail = (world: World, forum: Workload): void =>
  world.agenda.every(11 * MINUTE, () => {
    const [pod] = podsOf(world, forum)
    const error = 'SSL_connect returned=1 errno=0 peeraddr=203.0.113.80:443 state=error: certificate verify failed (certificate has expired)'
    if (pod)
      world.record.pod(pod, instant(world), `Job exception: OpenSSL::SSL::SSLError: ${error} (https://avatars.example.com/u/${world.random.int(1, 4000)}.png)`)
    return true
  })

/** Rules of long ago know other addresses: the kernel writes down what it drops, a few a minute (ufw's limit). */
const firewallBlocks = (world: World, from: Machine, on: Machine, device: string, stale: () => boolean, pods: () => Pod[]): void =>
  world.agenda.every(23 * SECOND, () => {
    const [target] = pods().filter(() => world.random.chance(0.5))
    if (!stale() || !target) return true
    const id = world.random.int(1000, 65_000)
    kernel(
      world,
      on,
      `[UFW BLOCK] IN=${device} OUT=cni0 MAC=52:54:00:8a:11:0b:52:54:00:3c:90:01:08:00 SRC=${from.ip} DST=${target.ip} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${id} DF PROTO=TCP SPT=${world.random.int(32_768, 60_999)} DPT=${target.workload.port} WINDOW=64240 RES=0x00 SYN URGP=0`,
    )
    return true
  })

/** kubeadm's new files are there; the kubelet is started again and is let in. */
const reissue = (world: World, node: Machine): void => {
  const say = (delayMs: number, text: string): void => world.record.node(node, 'systemd', 1, world.agenda.now + delayMs, text)
  say(1, 'Stopping kubelet.service - kubelet: The Kubernetes Node Agent...')
  say(90, 'kubelet.service: Deactivated successfully.')
  say(92, 'Stopped kubelet.service - kubelet: The Kubernetes Node Agent.')
  say(140, 'Started kubelet.service - kubelet: The Kubernetes Node Agent.')
  world.agenda.after(2 * SECOND, () => {
    node.kubeletPid += world.random.int(20_000, 40_000)
    node.refused = undefined
    node.leaseMs = world.agenda.now
    klog(world, node, 'I', 'server.go:530', `"Kubelet version" kubeletVersion="${world.kubernetesVersion}"`)
    klog(world, node, 'I', 'kubelet.go:2500', '"Starting kubelet main sync loop"', 900)
    klog(world, node, 'I', 'kubelet_node_status.go:75', `"Attempting to register node" node="${node.name}"`, 1400)
    klog(world, node, 'I', 'kubelet_node_status.go:118', `"Node was previously registered" node="${node.name}"`, 1600)
    klog(world, node, 'I', 'kubelet_node_status.go:78', `"Successfully registered node" node="${node.name}"`, 1620)
    world.record.note('renewed', node.name, world.agenda.now)
  })
}

const truth = (world: World, told: { validToMs: number; pages: string; lost: string }): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const any = `^node/(${world.nodes.map(({ name }) => literally(name)).join('|')})$`
  const lost = `^node/${literally(told.lost)}$`
  const downMs = firstNote(notes, 'link-down') ?? 0
  const certificate = step('expired', ['node.certificate-expired'], any, told.validToMs, 60)
  const missed = step('missed', ['node.heartbeat-missed'], any, told.validToMs, 60)
  const notReady = step('not-ready', ['node.not-ready'], any, told.validToMs + 45 * SECOND, 60)
  const gone = step('network-lost', ['node.network-lost'], lost, downMs, 45)
  const errors = step(
    'pages-fail',
    ['service.errors', 'loadbalancer.backends-down', 'network.pod-to-pod-lost'],
    ofWorkload(NAMESPACE, told.pages),
    firstNote(notes, 'errors', told.pages, downMs),
    180,
  )
  step('wrong-authority', ['node.certificate-expired', 'node.heartbeat-missed', 'metric.anomalous'], any, firstNote(notes, 'wrong-authority'), 90)
  link(certificate, missed)
  link(certificate, notReady)
  link(certificate, errors)
  link(gone, errors)
  return {
    case: 'expired-certificate',
    expect: 'incident',
    steps,
    edges,
    roots: ['expired'],
    decoys: [
      { kinds: ['postgres.autovacuum', 'postgres.slow-queries'], entity: '.' },
      { kinds: ['node.certificate-expired'], entity: '^(?!node/)' },
      { kinds: ['app.errors'], entity: '/discourse' },
      { kinds: ['node.rebooted', 'node.kernel-panic', 'node.identity-conflict', 'node.disk-full', 'node.memory-exhausted', 'node.oom-kill'], entity: '.' },
      { kinds: ['change.deployed', 'change.scaled', 'pod.evicted', 'network.dns-failure'], entity: '.' },
    ],
    related: [
      { kinds: ['node.certificate-expired', 'node.heartbeat-missed', 'node.not-ready', 'node.network-lost', 'node.cpu-saturated'], entity: '^node/' },
      {
        kinds: ['pod.unready', 'pod.stuck', 'workload.unavailable', 'workload.degraded', 'workload.no-limits', 'workload.colocated', 'pod.cpu-hungry'],
        entity: '.',
      },
      { kinds: ['service.errors', 'service.slow', 'service.unreachable', 'loadbalancer.backends-down', 'network.pod-to-pod-lost'], entity: '.' },
      { kinds: ['action.restart', 'metric.anomalous', 'change.node-added'], entity: '.' },
    ],
    // The last hour may be told apart from the two months before it.
    allowedExtraIncidents: 1,
    options: [],
    narrative:
      `The API server's certificate expires at ${iso(told.validToMs)}; every node is NotReady and goes on working. At ${iso(downMs)} ${told.lost} loses its network, and comes back with old firewall rules: its pods cannot be reached, and the proxy, whose own watch fails for the same reason, keeps sending requests there. ` +
      `At ${iso(firstNote(notes, 'wrong-authority') ?? 0)} the certificates are renewed with a new authority, which nobody trusts; from ${iso(firstNote(notes, 'renewed') ?? 0)} on everything is signed again. No alert existed. The forum's complaints about somebody else's certificate and the vacuum are coincidences.`,
  }
}
