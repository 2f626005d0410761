/**
 * Somebody asks Prometheus for everything it holds. The query takes all cores of the largest node, whose kubelet misses its heartbeats: NotReady,
 * and after five minutes its pods go to the smaller node, which has not got room for all of them and no CPU for those it takes. The first node is
 * restarted by hand, the second drained. An alert fired within a minute. The story is one of January 2021 of a large community's bot and site.
 */
import { crash, boot } from '../model/machine.js'
import { manyErrors, nodeNotReady, runMonitoring, type AlertRule } from '../model/monitoring.js'
import { drain, rollOutTag, runJob, uncordon } from '../model/operations.js'
import { autovacuum, runPostgres, type Postgres } from '../model/postgres.js'
import { starveOfCpu } from '../model/starvation.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { answers, GIB, MIB, MINUTE, podsOf, SECOND, workload, type Machine, type Pod, type Workload, type World } from '../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../truth.js'
import { anyForm, evening, minutesIn, newWorld, seeded, settle, start, whenSeen, type Scenario } from './scenario.js'

const cpuHigh: AlertRule['active'] = (world) =>
  world.nodes.filter(({ meters }) => meters.saturatedSinceMs !== null).map((node) => ({ instance: `${node.ip}:9100`, job: 'node-exporter', node: node.name }))

export const prometheusQuery: Scenario = (seed) => {
  const random = seeded('prometheus-query', seed)
  const namespace = random.pick(['default', 'community', 'prod', 'apps'] as const)
  const [site, bot] = [random.pick(['site', 'portal', 'forum'] as const), random.pick(['bot', 'modbot', 'helper'] as const)]
  const pool = random.pick(['lke', 'gke-main', 'doks'] as const)
  const cores = random.pick([6, 8] as const)
  const sizes = [
    { cores, memoryBytes: 16 * GIB },
    { cores: cores / 2, memoryBytes: 8 * GIB },
  ]
  const names = sizes.map(() => `${pool}${random.int(10_000, 99_999)}-${random.int(10_000, 99_999)}-${random.hex(12)}`)
  const world = newWorld(
    random,
    evening(random),
    64,
    names.map((name, i) => ({ name, ip: `192.168.${random.int(130, 220)}.${random.int(2, 250)}`, ...(sizes[i] ?? { cores, memoryBytes: GIB }) })),
  )
  const [primary, secondary] = world.nodes
  if (!primary || !secondary) throw new Error('two nodes')
  const at = minutesIn(world)
  const plain = (name: string, used: number, mib: number, request: number): Parameters<typeof workload>[1] => ({
    namespace,
    name,
    image: `ghcr.io/example/${name}:${random.hex(7)}`,
    requests: { cpu: request, memory: mib * MIB },
    cpu: () => used,
    memory: () => mib * MIB * 0.9,
  })
  let asked: number | null = null
  const scale = cores / 8
  const prometheus = {
    ...workload(random, { ...plain('prometheus', 0.3, 1800, 0.2), namespace: 'monitoring', image: 'prom/prometheus:v2.55.1', port: 9090 }),
    // The pod that was asked goes on until it is stopped; its successor was not asked.
    cpu: (pod: Pod, now: number): number => (asked !== null && pod.createdMs < asked && now >= asked ? cores * 1.7 : 0.3),
    memory: (pod: Pod, now: number): number => (asked !== null && pod.createdMs < asked ? 1600 + Math.min(1500, (now - asked) / 60) : 1600) * MIB,
  }
  const settled = (owner: Workload, on: readonly Machine[]): Workload => (settle(world, owner, on), owner)
  settled(workload(random, { ...plain('node-agent', 0.03, 60, 0.05), namespace: 'kube-system', kind: 'DaemonSet' }), world.nodes)
  settled(prometheus, [primary])
  const sites = settled(workload(random, { ...plain(site, 0.55 * scale, 420, 0.5 * scale), replicas: 2 }), [primary, primary])
  settled(workload(random, plain(bot, 0.5 * scale, 420, 0.4 * scale)), [primary])
  const grafana = settled(workload(random, { ...plain('grafana', 0.25 * scale, 220, 0.3 * scale), namespace: 'monitoring', port: 3000 }), [primary])
  settled(workload(random, plain('search', 0.8 * scale, 900, 0.9 * scale)), [primary])
  settled(workload(random, plain('metricity', 0.3 * scale, 200, 0.5 * scale)), [primary])
  settled(workload(random, plain('mongodb', 0.5 * scale, 900, 0.7 * scale)), [secondary])
  settled(workload(random, plain('modmail', 0.3 * scale, 260, 0.3 * scale)), [secondary])
  const docs = settled(workload(random, { ...plain('docs', 0.05, 80, 0.1), replicas: 2 }), [secondary, secondary])
  settled(workload(random, { ...plain('ingress-nginx-controller', 0.15, 180, 0.2), namespace: 'ingress-nginx' }), [secondary])

  const traffic: Traffic = {
    host: 'www.example.org',
    rate: () => 0.7,
    counts: new Map(),
    routes: [
      { service: sites, weight: 60, paths: ['/', '/pages/guides/#', '/events/#'], typicalMs: 70 },
      { service: docs, weight: 25, paths: ['/docs/', '/docs/page/#'], typicalMs: 8 },
      { service: grafana, weight: 15, paths: ['/d/nodes/nodes', '/api/search?limit=#', '/login'], typicalMs: 30 },
    ],
  }
  const postgres: Postgres = {
    name: random.pick(['pg-main', 'db-1', 'postgres'] as const),
    database: site,
    maxConnections: 150,
    sessions: { active: 3, idle: 30 },
  }
  runPostgres(world, postgres)
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    postgres,
    paused: () => !podsOf(world, prometheus).some((pod) => answers(world, pod)),
    rules: [
      { alertname: 'NodeHighCPU', severity: 'critical', forMs: 30 * SECOND, summary: 'No idle CPU is left on the node', active: cpuHigh },
      manyErrors(traffic, 10),
      nodeNotReady(),
    ],
  })
  start(world)
  starveOfCpu(world, primary, random.between(60, 90) * SECOND)

  at(8, () => rollOutTag(world, docs, random.hex(7)))
  at(13, () => runJob(world, workload(random, { ...plain('backup-mongo', 0.8 * scale, 300, 0.2), kind: 'Job' }), 1, 5 * MINUTE))
  at(19, () => autovacuum(world, postgres, 'messages', 37))
  at(20 + random.between(0, 2), () => {
    asked = world.agenda.now
    world.record.note('query', 'prometheus', asked)
  })
  lastRun(world, prometheus, () => asked)
  // Two minutes after the pods have moved: kubectl get nodes, and the restart in the provider's console.
  const byHand = (movedMs: number): void =>
    world.agenda.at(movedMs + random.between(5, 7) * MINUTE, () => {
      crash(world, primary)
      world.agenda.after(random.between(50, 80) * SECOND, () => boot(world, primary))
      world.agenda.after(random.between(2.2, 2.8) * MINUTE, () => drain(world, secondary))
      world.agenda.after(random.between(12, 14) * MINUTE, () => uncordon(world, secondary))
    })
  at(21, () => whenSeen(world, 20 * SECOND, () => firstNote(world.record.notes, 'evicted', primary.name), byHand))
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random),
      files: ['ingress/', 'postgres/', 'control-plane/'],
      podLogs: [site, bot, 'prometheus'],
    },
    truth: truth(world, { namespace, site, primary: primary.name, secondary: secondary.name }),
  }
}

/** A Prometheus that starts tells which queries its predecessor did not finish (promql/query_logger.go). */
const lastRun = (world: World, prometheus: Workload, asked: () => number | null): void => {
  const told = new Set<Pod>()
  const say = (pod: Pod, delayMs: number, caller: string, text: string): void => {
    const ms = world.agenda.now + delayMs
    world.record.pod(pod, ms, `ts=${new Date(Math.floor(ms)).toISOString()} caller=${caller} level=info ${text}`)
  }
  world.agenda.every(SECOND, () => {
    const since = asked()
    for (const pod of podsOf(world, prometheus)) {
      if (since === null || told.has(pod) || pod.startedMs === null || pod.createdMs < since) continue
      told.add(pod)
      say(pod, 0, 'main.go:601', 'msg="No time or size retention was set so using the default time retention" duration=15d')
      if (told.size === 1) {
        const queries = JSON.stringify([{ query: 'count by (__name__) ({__name__=~".+"}[30d:1m])', timestamp_sec: Math.floor(since / SECOND) }])
        say(
          pod,
          2,
          'query_logger.go:93',
          `component=activeQueryTracker msg="These queries didn't finish in prometheus' last run:" queries=${JSON.stringify(queries)}`,
        )
      }
      say(pod, 800, 'main.go:1197', 'fs_type=EXT4_SUPER_MAGIC')
      say(pod, 900, 'main.go:1041', 'msg="Server is ready to receive web requests."')
    }
    return true
  })
}

const truth = (world: World, told: { namespace: string; site: string; primary: string; secondary: string }): Truth => {
  const { namespace, site } = told
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const [node, other] = [`^node/${literally(told.primary)}$`, `^node/${literally(told.secondary)}$`]
  const queryMs = firstNote(notes, 'query') ?? 0
  const after = (what: string, on = told.primary): number | undefined => firstNote(notes, what, on, queryMs)
  const movedMs = after('evicted')
  const hungry = step('query', ['pod.cpu-hungry'], ofWorkload('monitoring', 'prometheus'), queryMs, 90)
  const saturated = step('saturated', ['node.cpu-saturated'], node, after('saturated'), 90)
  const missed = step('missed', ['node.heartbeat-missed'], node, after('heartbeat'), 60)
  const notReady = step('not-ready', ['node.not-ready'], node, after('notready'), 45)
  const moved = step('moved', ['pod.evicted', 'pod.rescheduled'], '^((pod|workload)/|node/)', movedMs, 60)
  const noRoom = `^((pod|workload)/|cluster$|node/${literally(told.secondary)}$)`
  const crowded = step('no-room', ['pod.unschedulable', 'node.cpu-saturated'], noRoom, movedMs, 120)
  const down = step(
    'site-down',
    ['service.errors', 'workload.unavailable', 'loadbalancer.backends-down', 'service.unreachable'],
    ofWorkload(namespace, site),
    firstNote(notes, 'errors', site, queryMs),
    120,
  )
  step('alert', ['alert.fired'], '.', firstNote(notes, 'alert', 'NodeHighCPU'), 45)
  step('restarted', ['node.rebooted', 'action.node-restarted'], node, after('boot'), 90)
  step('drained', ['action.drain', 'action.cordon'], other, firstNote(notes, 'drain', told.secondary), 60)
  link(hungry, saturated)
  link(saturated, missed)
  link(missed, notReady)
  link(notReady, moved)
  link(moved, crowded)
  link(saturated, down)
  return {
    case: 'prometheus-query',
    expect: 'incident',
    steps,
    edges,
    roots: ['query', 'saturated'],
    decoys: [
      { kinds: ['postgres.autovacuum', 'postgres.slow-queries'], entity: '.' },
      { kinds: ['change.deployed', 'change.scaled'], entity: '/docs(-|$)' },
      { kinds: ['pod.cpu-hungry'], entity: '/backup-mongo' },
      {
        kinds: ['node.network-lost', 'node.memory-exhausted', 'node.oom-kill', 'node.disk-full', 'node.identity-conflict', 'node.certificate-expired'],
        entity: '.',
      },
      { kinds: ['network.pod-to-pod-lost', 'network.dns-failure'], entity: '.' },
    ],
    related: [
      { kinds: ['workload.colocated', 'workload.no-limits', 'workload.unavailable', 'workload.degraded'], entity: '.' },
      { kinds: ['pod.unready', 'pod.rescheduled', 'pod.evicted', 'pod.stuck', 'pod.unschedulable', 'pod.memory-growing'], entity: '.' },
      { kinds: ['node.cpu-saturated', 'node.heartbeat-missed', 'node.not-ready', 'node.runtime-down', 'node.rebooted', 'node.kernel-panic'], entity: '.' },
      { kinds: ['action.drain', 'action.cordon', 'action.node-restarted', 'action.restart', 'action.pod-deleted'], entity: '.' },
      {
        kinds: ['service.errors', 'service.slow', 'service.unreachable', 'loadbalancer.backends-down', 'app.errors', 'alert.fired', 'metric.anomalous'],
        entity: '.',
      },
      { kinds: ['pod.cpu-hungry'], entity: '^(pod|workload)/(?!.*backup-mongo)' },
    ],
    allowedExtraIncidents: 0,
    options: [],
    narrative:
      `A query over everything takes all cores of ${told.primary} from ${iso(queryMs)} on; an alert fires at ${iso(firstNote(notes, 'alert', 'NodeHighCPU') ?? 0)}. The kubelet misses its heartbeats, the node is NotReady at ${iso(after('notready') ?? 0)}, ` +
      `its pods move to ${told.secondary} at ${iso(movedMs ?? 0)}, which has neither room nor CPU for all of them. ${told.primary} is restarted by hand (up at ${iso(after('boot') ?? 0)}), ${told.secondary} drained. The vacuum, the backup and the rollout of docs are coincidences; the metrics have a gap, since Prometheus itself stood still.`,
  }
}
