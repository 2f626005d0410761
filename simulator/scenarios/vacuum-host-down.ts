/**
 * Postgres vacuums its largest tables by itself, three at a time, and takes every core of the machine it shares with nearly everything else. The
 * machine stops answering and is restarted from outside. It comes back without its network plugin, its DNS and its storage driver: no pod gets a
 * sandbox, no volume is mounted, no name resolves. Everything is down until somebody restarts the core services one by one. December 2020, all services.
 */
import { postgresStamp } from '../core/stamps.js'
import { deletePod } from '../model/control-plane.js'
import { coreServices, type Claim, type CoreServices } from '../model/core-services.js'
import { boot, crash } from '../model/machine.js'
import { manyErrors, nodeNotReady, runMonitoring } from '../model/monitoring.js'
import { rollOutTag } from '../model/operations.js'
import { autovacuum, postgresSays, runPostgres, type Postgres } from '../model/postgres.js'
import { starveOfCpu } from '../model/starvation.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { answers, GIB, instant, MIB, MINUTE, podsOf, SECOND, workload, type Pod, type Workload, type World } from '../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../truth.js'
import { anyForm, evening, minutesIn, newWorld, seeded, settle, start, whenSeen, type Scenario } from './scenario.js'

export const vacuumHostDown: Scenario = (seed) => {
  const random = seeded('vacuum-host-down', seed)
  const namespace = random.pick(['default', 'community', 'prod'] as const)
  const [site, bot] = [random.pick(['site', 'portal', 'forum'] as const), random.pick(['bot', 'modbot', 'helper'] as const)]
  const pool = random.pick(['lke', 'node-', 'linode'] as const)
  const world = newWorld(
    random,
    evening(random),
    62,
    [1, 2, 3].map((n) => ({
      name: `${pool}${random.int(10_000, 99_999)}-${random.hex(8)}`,
      ip: `192.168.${130 + n}.${random.int(2, 250)}`,
      cores: 4,
      memoryBytes: (n === 1 ? 16 : 8) * GIB,
    })),
  )
  const [host, second, third] = world.nodes
  if (!host || !second || !third) throw new Error('three nodes')
  const at = minutesIn(world)
  const late: { core?: CoreServices } = {}
  const plain = (name: string, used: number, mib: number, request: number): Parameters<typeof workload>[1] => ({
    namespace,
    name,
    image: `ghcr.io/example/${name}:${random.hex(7)}`,
    requests: { cpu: request, memory: mib * MIB },
    cpu: () => used,
    memory: () => mib * MIB * 0.9,
    mounts: (pod) => late.core?.admits(pod) ?? true,
  })
  const system = (name: string): Workload => workload(random, { ...plain(name, 0.05, 90, 0.1), namespace: 'kube-system', kind: 'DaemonSet' })
  let workers = 0
  const postgresPods: Workload = workload(random, {
    ...plain('postgres', 0, 1200, 0.5),
    image: 'postgres:15',
    port: 5432,
    // Three workers, each with processes of its own for the indexes; and the sessions that wait for them, spinning.
    cpu: (pod: Pod) => (pod.createdMs < world.startMs && workers > 0 && pod.restarts === 0 ? workers * 1.9 : 0.45),
  })
  const [calico, csi] = [system('calico-node'), system('csi-linode-node')]
  const sites = workload(random, { ...plain(site, 0.25, 380, 0.3), replicas: 2 })
  const bots = workload(random, plain(bot, 0.2, 420, 0.2))
  const redis = workload(random, { ...plain('redis', 0.05, 120, 0.1), port: 6379, image: 'redis:7' })
  const dns = workload(random, { ...plain('coredns', 0.05, 70, 0.1), namespace: 'kube-system', replicas: 2, port: 8080 })
  const docs = workload(random, { ...plain('docs', 0.05, 80, 0.1), replicas: 2 })
  const metricity = workload(random, plain('metricity', 0.1, 200, 0.1))
  for (const everywhere of [calico, csi]) settle(world, everywhere, world.nodes)
  for (const here of [postgresPods, bots, redis]) settle(world, here, [host])
  settle(world, sites, [host, host])
  settle(world, dns, [host, host])
  settle(world, docs, [second, third])
  settle(world, metricity, [second])
  settle(world, workload(random, { ...plain('ingress-nginx-controller', 0.15, 180, 0.2), namespace: 'ingress-nginx' }), [third])
  settle(world, workload(random, { ...plain('prometheus', 0.3, 1500, 0.4), namespace: 'monitoring' }), [third])
  const claims = new Map<Workload, Claim>([postgresPods, redis].map((owner) => [owner, { volume: `pvc-${random.hex(16)}`, driver: 'linodebs.csi.linode.com' }]))
  const core = coreServices(world, host, calico, csi, claims)
  late.core = core

  const up = (owner: Workload): boolean => podsOf(world, owner).some((pod) => pod.ready && answers(world, pod))
  const postgres: Postgres = { name: 'postgres', database: site, maxConnections: 100, sessions: { active: 3, idle: 30 }, down: () => !up(postgresPods) }
  const usable = (): boolean => up(postgresPods) && up(dns)
  const traffic: Traffic = {
    host: 'www.example.org',
    rate: () => 0.7,
    counts: new Map(),
    routes: [
      {
        service: sites,
        weight: 70,
        paths: ['/', '/pages/guides/#', '/events/#'],
        typicalMs: 70,
        answer: () => (usable() ? undefined : { status: 500, seconds: random.between(2, 5) }),
      },
      { service: docs, weight: 30, paths: ['/docs/', '/docs/page/#'], typicalMs: 8 },
    ],
  }
  runPostgres(world, postgres)
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    postgres,
    redis,
    rules: [manyErrors(traffic, 10), nodeNotReady()],
  })
  start(world)
  starveOfCpu(world, host, random.between(70, 100) * SECOND)
  namesFail(world, metricity, () => up(dns))

  at(9, () => rollOutTag(world, docs, random.hex(7)))
  at(17 + random.between(0, 3), () => {
    world.record.note('vacuum', 'postgres', world.agenda.now)
    // Two are reported before the machine stops; the largest never is.
    for (const [i, table] of (['messages', 'user_activity'] as const).entries())
      world.agenda.after(i * 3 * SECOND, () => autovacuum(world, postgres, table, random.int(48, 62), { user: 0.74, system: 0.19 }))
    workers = 2
    world.agenda.after(11 * SECOND, () => (workers = 3))
  })
  const outside = (): void => {
    world.agenda.after(random.between(150, 200) * SECOND, () => {
      crash(world, host)
      workers = 0
      world.agenda.after(random.between(45, 75) * SECOND, () => {
        core.fail()
        boot(world, host)
      })
    })
    world.agenda.after(random.between(10, 12) * MINUTE, () => {
      core.restart('network')
      world.agenda.after(2.5 * MINUTE, () => podsOf(world, dns).forEach((pod) => deletePod(world, pod)))
      world.agenda.after(random.between(4, 5) * MINUTE, () => core.restart('storage'))
      world.agenda.after(random.between(9, 10) * MINUTE, () => [...podsOf(world, sites), ...podsOf(world, bots)].forEach((pod) => deletePod(world, pod)))
    })
  }
  at(17, () => whenSeen(world, 10 * SECOND, () => firstNote(world.record.notes, 'starved', host.name), outside))
  recovers(world, postgresPods)
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random),
      files: ['ingress/', 'postgres/', 'control-plane/'],
      podLogs: [site, 'metricity', 'docs'],
    },
    truth: truth(world, { namespace, site, host: host.name }),
  }
}

/** A client on another machine: names are resolved on the one that is gone (Go's net.DNSError). */
const namesFail = (world: World, client: Workload, resolves: () => boolean): void =>
  world.agenda.every(7 * SECOND, () => {
    const [pod] = podsOf(world, client)
    if (!pod || resolves() || !answers(world, pod)) return true
    const name = world.random.pick(['postgres', 'redis'] as const)
    world.record.note('dns', client.name, world.agenda.now)
    const error = `dial tcp: lookup ${name}.${client.namespace}.svc.cluster.local on 10.96.0.10:53: read udp ${pod.ip}:${world.random.int(32_768, 60_999)}->10.96.0.10:53: i/o timeout`
    world.record.pod(
      pod,
      instant(world),
      JSON.stringify({ level: 'error', message: `cannot store message counts: ${error}`, timestamp: new Date(Math.floor(world.agenda.now)).toISOString() }),
    )
    return true
  })

/** The server starts on the files of a machine that was switched off. */
const recovers = (world: World, postgresPods: Workload): void => {
  const told = new Set<string>()
  let lastMs = world.startMs
  world.agenda.every(SECOND, () => {
    const [pod] = podsOf(world, postgresPods)
    if (pod === undefined || pod.startedMs === null || pod.restarts === 0 || told.has(pod.uid)) {
      if (pod !== undefined && pod.restarts === 0 && answers(world, pod)) lastMs = world.agenda.now
      return true
    }
    told.add(pod.uid)
    world.record.note('recovering', 'postgres', world.agenda.now)
    const [at, end] = [`${world.random.int(1, 9)}/${world.random.hex(8).toUpperCase()}`, `${world.random.int(10, 19)}/${world.random.hex(8).toUpperCase()}`]
    const seconds = world.random.between(1.1, 2.4)
    const say = (delayMs: number, process: number, text: string): void => postgresSays(world, process, text, '', delayMs)
    say(0, 1, 'LOG:  starting PostgreSQL 15.14 (Debian 15.14-1.pgdg120+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit')
    say(3, 1, 'LOG:  listening on IPv4 address "0.0.0.0", port 5432')
    say(60, 29, `LOG:  database system was interrupted; last known up at ${postgresStamp(lastMs).replace(/\.\d+/, '')}`)
    say(900, 29, 'LOG:  database system was not properly shut down; automatic recovery in progress')
    say(910, 29, `LOG:  redo starts at ${at}`)
    say(
      910 + seconds * SECOND,
      29,
      `LOG:  redo done at ${end} system usage: CPU: user: ${(seconds * 0.6).toFixed(2)} s, system: ${(seconds * 0.2).toFixed(2)} s, elapsed: ${seconds.toFixed(2)} s`,
    )
    say(930 + seconds * SECOND, 27, 'LOG:  checkpoint starting: end-of-recovery immediate wait')
    say(1200 + seconds * SECOND, 1, 'LOG:  database system is ready to accept connections')
    return true
  })
}

const truth = (world: World, told: { namespace: string; site: string; host: string }): Truth => {
  const { namespace, site } = told
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const node = `^node/${literally(told.host)}$`
  const vacuumMs = firstNote(notes, 'vacuum') ?? 0
  const after = (what: string): number | undefined => firstNote(notes, what, told.host, vacuumMs)
  const server = `^(postgres/|(pod|workload|service)/(${namespace}|-)/postgres(-|$))`
  const vacuum = step('vacuum', ['postgres.autovacuum'], server, vacuumMs, 60)
  const saturated = step('saturated', ['node.cpu-saturated'], node, after('saturated'), 60)
  const missed = step('missed', ['node.heartbeat-missed', 'node.runtime-down'], node, after('heartbeat'), 60)
  const notReady = step('not-ready', ['node.not-ready'], node, after('notready'), 45)
  const restarted = step('restarted', ['node.rebooted', 'node.kernel-panic'], node, after('boot'), 90)
  const sandboxes = step('no-sandbox', ['pod.sandbox-failed'], '.', notes.find(({ what }) => what === 'sandbox')?.ms, 60)
  const volumes = step('no-volume', ['pod.volume-mount-failed'], '.', notes.find(({ what }) => what === 'mount')?.ms, 60)
  step('no-names', ['network.dns-failure'], '.', firstNote(notes, 'dns'), 60)
  const down = step('site-down', ['service.errors', 'workload.unavailable'], ofWorkload(namespace, site), firstNote(notes, 'errors', site, vacuumMs), 120)
  step('alert', ['alert.fired'], '.', firstNote(notes, 'alert', 'HighErrorRate'), 60)
  link(vacuum, saturated)
  link(saturated, missed)
  link(missed, notReady)
  link(saturated, restarted)
  link(restarted, sandboxes)
  link(restarted, volumes)
  link(saturated, down)
  return {
    case: 'vacuum-host-down',
    expect: 'incident',
    steps,
    edges,
    roots: ['vacuum'],
    decoys: [
      { kinds: ['change.deployed', 'change.scaled'], entity: '/docs(-|$)' },
      {
        kinds: ['node.network-lost', 'node.memory-exhausted', 'node.oom-kill', 'node.disk-full', 'node.identity-conflict', 'node.certificate-expired'],
        entity: '.',
      },
      { kinds: ['postgres.connections-saturated', 'postgres.lock-pileup', 'postgres.disk-full'], entity: '.' },
    ],
    related: [
      { kinds: ['postgres.autovacuum', 'pod.cpu-hungry', 'node.cpu-saturated', 'node.heartbeat-missed', 'node.not-ready', 'node.runtime-down'], entity: '.' },
      { kinds: ['node.rebooted', 'node.kernel-panic', 'action.node-restarted', 'action.restart', 'action.pod-deleted'], entity: '.' },
      {
        kinds: ['pod.sandbox-failed', 'pod.volume-mount-failed', 'pod.unready', 'pod.stuck', 'pod.rescheduled', 'pod.evicted', 'pod.unschedulable'],
        entity: '.',
      },
      {
        kinds: ['workload.colocated', 'workload.no-limits', 'workload.unavailable', 'workload.degraded', 'network.dns-failure', 'network.pod-to-pod-lost'],
        entity: '.',
      },
      {
        kinds: [
          'service.errors',
          'service.slow',
          'service.unreachable',
          'loadbalancer.backends-down',
          'app.errors',
          'redis.down',
          'alert.fired',
          'metric.anomalous',
        ],
        entity: '.',
      },
      { kinds: ['postgres.crashed', 'postgres.recovering', 'postgres.slow-queries'], entity: '.' },
    ],
    allowedExtraIncidents: 0,
    options: [],
    narrative:
      `Autovacuum workers take all cores of ${told.host} from ${iso(vacuumMs)} on; its kubelet falls silent, and the machine is restarted from outside (up at ${iso(after('boot') ?? 0)}). Calico, CoreDNS and the CSI driver do not come back: no sandbox, no volume, no name. ` +
      `They are restarted by hand from ${iso(firstNote(notes, 'restart', 'network') ?? 0)} on, Postgres recovers at ${iso(firstNote(notes, 'recovering') ?? 0)}, and then site and bot are restarted. The rollout of docs has nothing to do with it.`,
  }
}
