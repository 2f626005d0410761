/**
 * A worker's memory leak takes a whole node: the kernel kills, the worker grows again, and in between nothing on the node gets time. Its kubelet
 * misses heartbeats, so the node is NotReady, but never long enough for its pods to be moved. Both replicas of the web page are on it:
 * 503 for most of half an hour, while the API on other nodes is well. Somebody deletes the two pods by hand, and they start elsewhere.
 * The story is the one a media company told of a September night.
 */
import { deletePod } from '../model/control-plane.js'
import { globalOom, starve } from '../model/machine.js'
import { errorRatio, nodeNotReady, runMonitoring } from '../model/monitoring.js'
import { rollOutTag, runJob } from '../model/operations.js'
import { autovacuum, runPostgres, type Postgres } from '../model/postgres.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { GIB, MIB, MINUTE, podsOf, SECOND, workload, type Pod, type World } from '../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../truth.js'
import { evening, minutesIn, newWorld, seeded, settle, start, whenSeen, type Scenario } from './scenario.js'

const NAMESPACE = 'media'
const LEAKS_FROM_MIN = 9

export const memoryLeak: Scenario = (seed) => {
  const random = seeded('memory-leak', seed)
  const place = random.pick(['us', 'ams', 'fra', 'syd'] as const)
  const world = newWorld(
    random,
    evening(random),
    75,
    [1, 2, 3].map((n) => ({ name: `${place}-node-${n}`, ip: `10.40.1.${10 + n}`, cores: 4, memoryBytes: 8 * GIB })),
  )
  const [crowded, second, third] = world.nodes
  if (!crowded || !second || !third) throw new Error('three nodes')
  const at = minutesIn(world)

  // What the leaking task holds, beside the worker's ordinary memory.
  let leaked = 0
  let mibPerSecond = 0
  world.agenda.every(2 * SECOND, () => {
    if (!crowded.stalled) leaked += 2 * mibPerSecond * MIB
    return true
  })
  at(LEAKS_FROM_MIN, () => {
    mibPerSecond = random.between(5.2, 6.4)
    world.record.note('leaks', 'worker', world.agenda.now)
  })

  const plain = (name: string, cores: number, mib: number, request: number): Parameters<typeof workload>[1] => ({
    namespace: NAMESPACE,
    name,
    image: `registry.example.com/${NAMESPACE}/${name}:2026.${random.int(1, 9)}.${random.int(0, 30)}`,
    requests: { cpu: request, memory: 100 * MIB },
    cpu: () => cores,
    memory: () => mib * MIB,
  })
  const agent = workload(random, { ...plain('node-agent', 0.03, 60, 0.05), namespace: 'kube-system', kind: 'DaemonSet' })
  const web = workload(random, { ...plain('web', 0.06, 90, 0.1), replicas: 2 })
  const api = workload(random, { ...plain('api', 0.3, 420, 0.2), replicas: 2 })
  // No limits at all; the worker asks for a lot of CPU, so that nothing new is put beside it.
  const worker = workload(random, { ...plain('worker', 0.7, 0, 1.6), memory: () => 700 * MIB + leaked })
  const search = workload(random, { ...plain('search', 0.4, 1500, 0.4), limits: { memory: 3 * GIB } })
  const ingress = workload(random, { ...plain('ingress-nginx-controller', 0.15, 180, 0.3), namespace: 'ingress-nginx' })
  const prometheus = workload(random, { ...plain('prometheus', 0.3, 1700, 0.4), namespace: 'monitoring' })
  settle(world, agent, world.nodes)
  settle(world, web, [crowded, crowded])
  settle(world, worker, [crowded])
  settle(world, api, [second, third])
  settle(world, search, [second])
  settle(world, ingress, [third])
  settle(world, prometheus, [third])

  starve(world, crowded, () => {
    const victim = podsOf(world, worker)[0]
    if (!victim) return
    globalOom(world, crowded, victim, 'celery', random.pick(['kubelet', 'containerd', 'celery', 'node_exporter'] as const))
    celeryLost(world, victim)
    // The task is taken up again at once, and faster: its input is in the page cache by now.
    leaked *= 0.94
    mibPerSecond = random.between(22, 30)
  })

  const traffic: Traffic = {
    host: 'app.example.net',
    rate: () => 0.8,
    counts: new Map(),
    routes: [
      { service: web, weight: 45, paths: ['/', '/search', '/asset/#', '/login'], typicalMs: 12 },
      { service: api, weight: 55, paths: ['/API/assets/v1/assets/#/', '/API/search/v1/search/', '/API/files/v1/assets/#/files/'], typicalMs: 90 },
    ],
  }
  const postgres: Postgres = { name: 'pg-media', database: 'assets', maxConnections: 300, sessions: { active: 5, idle: 61 } }
  runPostgres(world, postgres, () => ({ active: random.int(3, 8), idle: random.int(57, 66) }))
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    postgres,
    rules: [
      {
        alertname: 'FrontPageUnreachable',
        severity: 'critical',
        forMs: 14 * MINUTE,
        summary: 'The front page answers with errors',
        active: errorRatio(traffic, 5 * MINUTE, 0.25),
      },
      nodeNotReady(),
    ],
  })
  start(world)

  at(16, () => autovacuum(world, postgres, 'assets', 33))
  at(18, () => rollOutTag(world, search, '2026.9.99'))
  at(21, () => runJob(world, workload(random, { ...plain('nightly-export', 1.1, 600, 0.3), kind: 'Job' }), 1, 11 * MINUTE))
  // Eight minutes after the first page somebody finds both pods on one node.
  const byHand = (firedMs: number): void =>
    world.agenda.at(firedMs + 8 * MINUTE, () => {
      for (const pod of podsOf(world, web)) deletePod(world, pod)
    })
  at(20, () => whenSeen(world, MINUTE, () => firstNote(world.record.notes, 'alert', 'FrontPageUnreachable'), byHand))
  // Later the task is taken off the queue, and the node is itself again.
  at(64, () => {
    mibPerSecond = 0
    leaked = 0
  })
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: { nodeLogs: 'bare', metrics: 'tsdb', files: ['ingress/', 'postgres/', 'control-plane/'], podLogs: ['api', 'worker'] },
    truth: truth(world, crowded.name),
  }
}

/** Celery's master tells of a pool process that was killed (celery/concurrency/asynpool.py, billiard). */
const celeryLost = (world: World, pod: Pod): void => {
  const ms = world.agenda.now + 800
  const stamp = new Date(Math.floor(ms)).toISOString().slice(0, 23).replace('T', ' ').replace('.', ',')
  const number = world.random.int(1, 8)
  world.record.pod(
    pod,
    ms,
    `[${stamp}: ERROR/MainProcess] Process 'ForkPoolWorker-${number}' pid:${world.random.int(20, 900)} exited with 'signal 9 (SIGKILL)'`,
  )
  world.record.pod(
    pod,
    ms + 3,
    `[${stamp}: ERROR/MainProcess] Task handler raised error: WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: ${world.random.int(100, 9000)}.')`,
  )
}

const truth = (world: World, name: string): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const node = `^node/${literally(name)}$`
  const grows = step('grows', ['pod.memory-growing'], ofWorkload(NAMESPACE, 'worker'), firstNote(notes, 'leaks'), 420)
  const exhausted = step('exhausted', ['node.memory-exhausted'], node, firstNote(notes, 'exhausted', name), 240)
  const killed = step('killed', ['node.oom-kill'], node, firstNote(notes, 'oom', name), 60)
  const missed = step('missed', ['node.heartbeat-missed'], node, firstNote(notes, 'heartbeat', name), 60)
  const notReady = step('not-ready', ['node.not-ready'], node, firstNote(notes, 'notready', name), 60)
  const down = step(
    'web-down',
    ['service.errors', 'workload.unavailable', 'loadbalancer.backends-down', 'service.unreachable'],
    ofWorkload(NAMESPACE, 'web'),
    firstNote(notes, 'errors', 'web'),
    180,
  )
  step('alert', ['alert.fired'], '.', firstNote(notes, 'alert', 'FrontPageUnreachable'), 60)
  link(grows, exhausted)
  link(exhausted, killed)
  link(exhausted, missed)
  link(missed, notReady)
  // Requests hang on the starving node before anybody calls it NotReady; the 503 come after that.
  link(exhausted, down)
  return {
    case: 'memory-leak',
    expect: 'incident',
    steps,
    edges,
    roots: ['grows', 'exhausted'],
    decoys: [
      { kinds: ['postgres.autovacuum', 'postgres.slow-queries'], entity: '.' },
      { kinds: ['change.deployed', 'change.scaled'], entity: '/search(-|$)' },
      { kinds: ['service.errors', 'workload.unavailable'], entity: ofWorkload(NAMESPACE, 'api') },
      { kinds: ['pod.cpu-hungry'], entity: '/nightly-export' },
      {
        kinds: [
          'node.network-lost',
          'node.kernel-panic',
          'node.rebooted',
          'node.disk-full',
          'node.identity-conflict',
          'node.certificate-expired',
          'pod.evicted',
        ],
        entity: '.',
      },
    ],
    related: [
      {
        kinds: [
          'workload.colocated',
          'workload.no-limits',
          'workload.unavailable',
          'workload.degraded',
          'pod.unready',
          'pod.stuck',
          'pod.oom-killed',
          'pod.evicted',
          'pod.rescheduled',
        ],
        entity: '.',
      },
      {
        kinds: [
          'pod.memory-growing',
          'node.memory-exhausted',
          'node.oom-kill',
          'node.heartbeat-missed',
          'node.not-ready',
          'node.cpu-saturated',
          'node.runtime-down',
        ],
        entity: '.',
      },
      {
        kinds: ['service.errors', 'service.slow', 'service.unreachable', 'loadbalancer.backends-down', 'app.errors', 'alert.fired', 'metric.anomalous'],
        entity: '.',
      },
      { kinds: ['action.pod-deleted', 'action.cordon', 'action.restart'], entity: '.' },
    ],
    allowedExtraIncidents: 0,
    options: [],
    narrative:
      `A task of worker on ${name} leaks from ${iso(firstNote(notes, 'leaks') ?? 0)} on. The node is out of memory from ${iso(firstNote(notes, 'exhausted') ?? 0)}; the kernel kills the task, which is taken up again, over and over. ` +
      'In between the kubelet misses its heartbeats: the node is NotReady again and again, but comes back within five minutes, so nothing is evicted, and both web pods stay on it. The API is well. The web pods are deleted by hand after the late alert.',
  }
}
