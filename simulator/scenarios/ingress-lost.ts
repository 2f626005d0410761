/**
 * A managed load balancer marks its backends down and up again, all four of them, for the better part of an hour: hardly a request reaches the
 * cluster, in which everything is well, but for one node that is short of memory and CPU at the time. Names outside fail to resolve for half a
 * minute at the beginning. Nothing that anybody does in the cluster helps; the provider moves the load balancer to another machine. January 2021.
 */
import { flappingBalancer } from '../model/balancer.js'
import { runMonitoring, type AlertRule } from '../model/monitoring.js'
import { rollOutTag } from '../model/operations.js'
import { autovacuum, runPostgres, type Postgres } from '../model/postgres.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { GIB, instant, MIB, MINUTE, podsOf, SECOND, workload, type Workload, type World } from '../model/world.js'
import { firstNote, iso, literally, story, type Truth } from '../truth.js'
import { afternoon, anyForm, minutesIn, newWorld, seeded, settle, start, type Scenario } from './scenario.js'

export const ingressLost: Scenario = (seed) => {
  const random = seeded('ingress-lost', seed)
  const namespace = random.pick(['default', 'community', 'prod'] as const)
  const domain = random.pick(['example.org', 'example.com', 'example.net'] as const)
  const [site, bot] = [random.pick(['site', 'portal', 'forum'] as const), random.pick(['bot', 'modbot', 'helper'] as const)]
  const world = newWorld(
    random,
    afternoon(random),
    78,
    [1, 2].map((n) => ({
      name: `lke${random.int(10_000, 99_999)}-${random.int(10_000, 99_999)}-${random.hex(12)}`,
      ip: `192.168.${130 + n}.${random.int(2, 250)}`,
      cores: 4,
      memoryBytes: 8 * GIB,
    })),
  )
  const [pressed, calm] = world.nodes
  if (!pressed || !calm) throw new Error('two nodes')
  const at = minutesIn(world)
  const plain = (name: string, used: number, mib: number, request: number): Parameters<typeof workload>[1] => ({
    namespace,
    name,
    image: `ghcr.io/example/${name}:${random.hex(7)}`,
    requests: { cpu: request, memory: mib * MIB },
    limits: { memory: 3 * mib * MIB },
    cpu: () => used,
    memory: () => mib * MIB * 0.9,
  })
  // From one moment to another, before the load balancer's trouble until after it: busy, and nothing worse.
  const [busyFrom, busyUntil] = [random.between(11, 14), random.between(66, 70)]
  const busy = (now: number): number => {
    const minute = (now - world.startMs) / MINUTE
    return minute < busyFrom || minute > busyUntil ? 0 : Math.min(1, (minute - busyFrom) / 4)
  }
  const search = workload(random, {
    ...plain('elasticsearch', 0.4, 1500, 0.6),
    namespace: 'logging',
    cpu: (_, now) => 0.4 + 2.25 * busy(now),
    memory: (_, now) => (1500 + 3300 * busy(now)) * MIB,
  })
  const sites = workload(random, { ...plain(site, 0.25, 380, 0.3), replicas: 2 })
  const bots = workload(random, plain(bot, 0.2, 420, 0.2))
  const grafana = workload(random, { ...plain('grafana', 0.1, 160, 0.1), namespace: 'monitoring', port: 3000 })
  const vault = workload(random, { ...plain('bitwarden', 0.05, 120, 0.1), namespace: 'tools' })
  settle(world, workload(random, { ...plain('node-agent', 0.03, 60, 0.05), namespace: 'kube-system', kind: 'DaemonSet' }), world.nodes)
  settle(world, search, [pressed])
  settle(world, sites, [pressed, calm])
  settle(world, bots, [calm])
  settle(world, grafana, [pressed])
  settle(world, vault, [calm])
  settle(world, workload(random, { ...plain('ingress-nginx-controller', 0.15, 180, 0.2), namespace: 'ingress-nginx', replicas: 2 }), [pressed, calm])
  settle(world, workload(random, { ...plain('prometheus', 0.3, 1300, 0.3), namespace: 'monitoring' }), [pressed])

  const [from, until] = [random.between(22, 26), random.between(58, 63)]
  const host = `nodebalancer-${random.int(1000, 9999)}`
  const balancer = flappingBalancer(
    world,
    host,
    world.nodes.map(({ name }) => name),
    world.startMs + from * MINUTE,
    world.startMs + until * MINUTE,
  )
  const traffic: Traffic = {
    host: `www.${domain}`,
    // What is not let through never shows in the cluster.
    rate: () => (balancer.serves(443) ? 0.8 : 0),
    counts: new Map(),
    routes: [
      { service: sites, weight: 70, paths: ['/', '/pages/guides/#', '/events/#'], typicalMs: 60 },
      { service: grafana, weight: 20, paths: ['/d/nodes/nodes', '/api/search?limit=#'], typicalMs: 35 },
      { service: vault, weight: 10, paths: ['/api/sync', '/identity/connect/token'], typicalMs: 25 },
    ],
  }
  const probed = [`https://www.${domain}/`, `https://grafana.${domain}/`, `https://vault.${domain}/`]
  const unanswered = new Set<string>()
  const probe = (): void => {
    for (const instance of probed) {
      const went = balancer.serves(443)
      if (went) unanswered.delete(instance)
      else {
        unanswered.add(instance)
        world.record.note('probe-failed', instance, world.agenda.now)
      }
      world.record.sample('probe_success', { instance, job: 'blackbox' }, world.agenda.now, went ? 1 : 0)
    }
  }
  const down: AlertRule['active'] = () => [...unanswered].map((instance) => ({ instance, job: 'blackbox' }))
  const postgres: Postgres = {
    name: random.pick(['pg-main', 'db-1', 'postgres'] as const),
    database: site,
    maxConnections: 100,
    sessions: { active: 3, idle: 30 },
  }
  runPostgres(world, postgres)
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    postgres,
    exporters: [probe],
    rules: [{ alertname: 'SiteUnreachable', severity: 'critical', forMs: MINUTE, summary: 'The page cannot be reached from outside', active: down }],
  })
  start(world)

  at(6, () => autovacuum(world, postgres, 'messages', 33))
  at(16, () => rollOutTag(world, bots, random.hex(7)))
  at(from, () => namesFail(world, bots))
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random),
      files: ['ingress/', 'postgres/', 'loadbalancer/'],
      podLogs: [site, bot],
    },
    truth: truth(world, { pressed: pressed.name, fromMs: world.startMs + from * MINUTE }),
  }
}

/** Half a minute in which names outside do not resolve (aiohttp's words). */
const namesFail = (world: World, bots: Workload): void => {
  for (const second of [4, 9, 16, 24, 31])
    world.agenda.after(second * SECOND, () => {
      const [pod] = podsOf(world, bots).filter(({ startedMs }) => startedMs !== null)
      const stamp = new Date(Math.floor(world.agenda.now)).toISOString().slice(0, 19).replace('T', ' ')
      if (pod)
        world.record.pod(
          pod,
          instant(world),
          `${stamp} | bot.api | ERROR | ClientConnectorError: Cannot connect to host discord.com:443 ssl:default [Temporary failure in name resolution]`,
        )
    })
}

const truth = (world: World, told: { pressed: string; fromMs: number }): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const backends = step('backends', ['loadbalancer.backends-down'], '^(loadbalancer|external)/', firstNote(notes, 'server-down'), 45)
  const unreachable = step(
    'unreachable',
    ['service.unreachable'],
    '^(service|target)/.*(www|grafana|vault)',
    notes.find(({ what }) => what === 'probe-failed')?.ms,
    120,
  )
  step('alert', ['alert.fired'], '.', firstNote(notes, 'alert', 'SiteUnreachable'), 60)
  link(backends, unreachable)
  const pressed = `^node/${literally(told.pressed)}$`
  return {
    case: 'ingress-lost',
    expect: 'incident',
    steps,
    edges,
    roots: ['backends'],
    decoys: [
      { kinds: ['change.deployed', 'change.scaled'], entity: '.' },
      { kinds: ['postgres.autovacuum', 'postgres.slow-queries'], entity: '.' },
      {
        kinds: [
          'node.not-ready',
          'node.network-lost',
          'node.kernel-panic',
          'node.oom-kill',
          'node.disk-full',
          'node.certificate-expired',
          'node.identity-conflict',
        ],
        entity: '.',
      },
      { kinds: ['network.pod-to-pod-lost', 'workload.unavailable', 'pod.evicted'], entity: '.' },
    ],
    related: [
      // Whether the pressure had to do with it nobody ever found out.
      { kinds: ['node.memory-exhausted', 'node.cpu-saturated'], entity: pressed },
      { kinds: ['pod.memory-growing', 'pod.cpu-hungry'], entity: '/elasticsearch' },
      {
        kinds: [
          'network.dns-failure',
          'app.errors',
          'service.slow',
          'service.errors',
          'service.unreachable',
          'loadbalancer.backends-down',
          'alert.fired',
          'metric.anomalous',
        ],
        entity: '.',
      },
      { kinds: ['workload.colocated', 'workload.no-limits'], entity: '.' },
    ],
    allowedExtraIncidents: 1,
    options: [],
    narrative:
      `The load balancer in front of the cluster calls its backends down and up again from ${iso(told.fromMs)} on; requests and probes from outside fail while it has none. ${told.pressed} is short of memory and CPU before and during it, which should not matter to a load balancer; what was wrong there is known to its provider alone. ` +
      'The cluster itself is well. The rollout of the bot and the vacuum are coincidences.',
  }
}
