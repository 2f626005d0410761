/**
 * CPU-hungry pods share one node. As the morning's traffic grows the node runs out of CPU, locks up and crashes; after five
 * minutes its pods are moved together to the next node, where the same happens, and again. Redis sits among them: first the API
 * fails now and then, at last every page does. Anti-affinity ends it. The story is the one a small hiring platform told of its January.
 */
import { panicUnderLoad } from '../model/machine.js'
import { manyErrors, nodeNotReady, runMonitoring } from '../model/monitoring.js'
import { autovacuum, runPostgres, type Postgres } from '../model/postgres.js'
import { rollOut, rollOutTag } from '../model/operations.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { GIB, livePods, MIB, MINUTE, SECOND, workload, type Workload, type World } from '../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../truth.js'
import { minutesIn, morning, newWorld, seeded, settle, start, whenSeen, type Scenario } from './scenario.js'

const NAMESPACE = 'prod'
const ROUNDS = 3

export const cascade: Scenario = (seed) => {
  const random = seeded('cascade', seed)
  const pool = random.pick(['pool-a', 'general', 'workers', 'np-main'] as const)
  const names = ['a', 'b', 'c', 'd'].map(() => `${pool}-${random.suffix(5)}`)
  const world = newWorld(
    random,
    morning(random),
    70,
    names.map((name, i) => ({ name, ip: `10.20.0.${21 + i}`, cores: 4, memoryBytes: 16 * GIB })),
  )
  const [first, second, third, infra] = world.nodes
  if (!first || !second || !third || !infra) throw new Error('four nodes')
  const { startMs } = world

  const traffic: Traffic = {
    host: 'app.example.com',
    // The morning: from two requests in five seconds to one a second.
    rate: (now) => 0.4 + 0.65 * Math.min(1, (now - startMs) / (45 * MINUTE)),
    counts: new Map(),
    get routes() {
      return routes
    },
  }
  const small = (namespace: string, name: string, cores: number, mib: number, cpuRequest: number): Workload =>
    workload(random, {
      namespace,
      name,
      image: `registry.example.com/${namespace}/${name}:${random.int(1, 4)}.${random.int(0, 20)}.${random.int(0, 9)}`,
      requests: { cpu: cpuRequest, memory: mib * MIB },
      cpu: () => cores,
      memory: () => mib * MIB * 0.8,
    })
  const agent = workload(random, { ...small('kube-system', 'node-agent', 0.03, 64, 0.05), kind: 'DaemonSet' })
  const running = (owner: Workload): number => Math.max(1, livePods(world).filter((pod) => pod.workload === owner && pod.startedMs !== null).length)
  const web = {
    ...small(NAMESPACE, 'web', 0, 420, 0.1),
    // A page costs three seconds of CPU, most of it after the answer: it renders the pages that are likely to come next.
    cpu: (_: unknown, now: number): number => (traffic.rate(now) * 0.75 * 3.2) / running(web),
    startupMs: 6 * SECOND,
  }
  const prerender = small(NAMESPACE, 'prerender', 0.95, 610, 0.1)
  const redis = { ...small(NAMESPACE, 'redis', 0.12, 240, 0.1), port: 6379 }
  const api = small(NAMESPACE, 'api', 0.22, 260, 0.5)
  const docs = small('marketing', 'docs', 0.05, 90, 0.4)
  const ingress = small('ingress-nginx', 'ingress-nginx-controller', 0.15, 180, 0.3)
  const prometheus = small('monitoring', 'prometheus', 0.35, 1900, 0.8)
  const heavy = small('analytics', 'warehouse', 0.3, 2200, 1.1)
  const routes: Traffic['routes'] = [
    { service: web, weight: 75, paths: ['/', '/developers/#', '/projects/#', '/jobs/#/apply', '/blog/#'], typicalMs: 1100 },
    { service: api, weight: 25, paths: ['/api/session', '/api/projects/#', '/api/messages?page=#'], typicalMs: 45, needs: redis },
  ]

  web.replicas = 3
  prerender.replicas = 2
  api.replicas = 2
  docs.replicas = 2
  heavy.replicas = 2
  settle(world, agent, world.nodes)
  settle(world, web, [first, first, first])
  settle(world, prerender, [first, first])
  settle(world, redis, [first])
  settle(world, api, [infra, third])
  settle(world, docs, [second, infra])
  settle(world, ingress, [infra])
  settle(world, prometheus, [infra])
  settle(world, heavy, [third, infra])

  const postgres: Postgres = { name: 'pg-main', database: 'app', maxConnections: 200, sessions: { active: 4, idle: 38 } }
  runPostgres(world, postgres, () => ({ active: random.int(2, 7), idle: random.int(34, 42) }))
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    postgres,
    redis,
    rules: [manyErrors(traffic, 10, 'IngressHighErrorRate'), nodeNotReady()],
  })
  start(world)
  for (const node of [first, second, third]) panicUnderLoad(world, node, 'node', random.between(150, 210) * SECOND, 20 * MINUTE)

  const at = minutesIn(world)
  decoys(world, at, postgres, docs, api)
  // Someone understands, three rounds in: no two of a kind on a node.
  const fix = (): void => world.agenda.after(5 * MINUTE, () => [web, prerender].forEach((owner) => rollOut(world, owner, { antiAffinity: true })))
  at(20, () => whenSeen(world, MINUTE / 2, () => world.record.notes.filter(({ what }) => what === 'crash')[ROUNDS - 1], fix))
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: { nodeLogs: 'journal', metrics: 'query_range', files: ['ingress/', 'postgres/'], podLogs: ['api', 'docs'] },
    truth: truth(world),
  }
}

/** What happened, or was said, at the same time and has nothing to do with it. */
const decoys = (world: World, at: (minutes: number, act: () => void) => void, postgres: Postgres, docs: Workload, api: Workload): void => {
  at(12, () => rollOutTag(world, docs, '5.0.0'))
  at(17, () => autovacuum(world, postgres, 'sessions', 48))
  for (const minute of [19, 33])
    at(minute, () => {
      for (const pod of livePods(world).filter((one) => one.workload === api && one.ready))
        world.record.pod(
          pod,
          world.agenda.now,
          JSON.stringify({
            level: 'warn',
            message: 'status feed: provider announces networking maintenance, elevated packet loss between zones possible',
            timestamp: new Date(world.agenda.now).toISOString(),
          }),
        )
    })
}

const truth = (world: World): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  let before: string | undefined
  const rounds = notes.filter(({ what }) => what === 'crash').slice(0, ROUNDS)
  rounds.forEach(({ on: name, ms }, i) => {
    const node = `^node/${literally(name)}$`
    const round = i + 1
    // The first round creeps up with the morning's traffic, and logs show it only at its end; the others come with the pods.
    const fromMs = i === 0 ? 0 : (rounds[i - 1]?.ms ?? 0)
    const saturatedMs = firstNote(notes, 'saturated', name, fromMs)
    const next = (what: string): number | undefined => firstNote(notes, what, name, ms)
    const hungry = `^(node/${literally(name)}|(pod|workload)/${NAMESPACE}/(web|prerender)(-.*)?)$`
    const saturated = step(
      `saturated-${round}`,
      ['node.cpu-saturated', 'pod.cpu-hungry'],
      hungry,
      saturatedMs,
      i === 0 ? Math.max(420, Math.ceil((ms - (saturatedMs ?? ms)) / SECOND)) : 120,
    )
    const lockupMs = notes.find((note) => note.what === 'lockup' && note.on === name && note.ms > ms - 2 * MINUTE)?.ms
    const crashed = step(`crashed-${round}`, ['node.kernel-panic', 'node.kernel-hang'], node, lockupMs, 90)
    const notReady = step(`not-ready-${round}`, ['node.not-ready'], node, next('notready'), 45)
    const evicted = step(`evicted-${round}`, ['pod.evicted', 'pod.rescheduled'], `^((pod|workload)/${NAMESPACE}/|node/)`, next('evicted'), 60)
    link(before, saturated)
    link(saturated, crashed)
    link(crashed, notReady)
    link(notReady, evicted)
    before = evicted
  })
  const down = step(
    'web-down',
    ['service.errors', 'workload.unavailable', 'loadbalancer.backends-down', 'service.unreachable'],
    ofWorkload(NAMESPACE, 'web'),
    firstNote(notes, 'errors', 'web'),
    180,
  )
  const sessions = step('api-errors', ['service.errors', 'app.errors'], ofWorkload(NAMESPACE, 'api'), firstNote(notes, 'errors', 'api'), 180)
  link('crashed-1', down)
  link('crashed-1', sessions)
  step('alert', ['alert.fired'], '.', firstNote(notes, 'alert', 'IngressHighErrorRate'), 60)
  const unrelated = '^(workload|pod|service)/(marketing|analytics)/'
  return {
    case: 'cascade',
    expect: 'incident',
    steps,
    edges,
    roots: ['saturated-1'],
    decoys: [
      { kinds: ['postgres.autovacuum'], entity: '.' },
      { kinds: ['change.deployed', 'change.scaled'], entity: unrelated },
      { kinds: ['network.pod-to-pod-lost', 'network.dns-failure'], entity: '.' },
      { kinds: ['node.network-lost', 'node.memory-exhausted', 'node.disk-full', 'node.identity-conflict', 'node.certificate-expired'], entity: '.' },
    ],
    related: [
      {
        kinds: [
          'workload.colocated',
          'workload.no-limits',
          'workload.unavailable',
          'workload.degraded',
          'pod.unready',
          'pod.rescheduled',
          'pod.evicted',
          'pod.stuck',
          'pod.unschedulable',
        ],
        entity: '.',
      },
      {
        kinds: ['pod.cpu-hungry', 'node.cpu-saturated', 'node.not-ready', 'node.rebooted', 'node.kernel-hang', 'node.kernel-panic', 'node.heartbeat-missed'],
        entity: '.',
      },
      {
        kinds: [
          'service.errors',
          'service.slow',
          'service.unreachable',
          'loadbalancer.backends-down',
          'redis.down',
          'app.errors',
          'alert.fired',
          'metric.anomalous',
        ],
        entity: '.',
      },
      { kinds: ['change.deployed', 'change.scaled', 'action.restart'], entity: `^(workload|pod)/${NAMESPACE}/` },
    ],
    allowedExtraIncidents: 0,
    options: [],
    narrative:
      `All web, prerender and redis pods run on ${rounds[0]?.on ?? ''}. It is out of CPU from ${steps[0]?.start ?? ''} on and crashes; 300 s after it is NotReady its pods move together to the next node, ` +
      `which goes the same way, and so does a third (${rounds.map(({ on, ms }) => `${on} ${iso(ms)}`).join(', ')}). Anti-affinity, rolled out after the third crash, ends it. The vacuum, the rollout of docs and the announced network maintenance are coincidences.`,
  }
}
