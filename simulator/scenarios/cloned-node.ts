/**
 * A worker is cloned to make another one, and the clone boots under the same name. It is switched off within minutes, but what the nodes
 * know of one another is wrong by then: pods do not reach pods on other nodes, names do not resolve, no Sentinel has a majority, and the
 * application is down until every node was started anew. The story is one of April 2024 of a small Mastodon server.
 */
import { klog } from '../model/kubelet.js'
import { errorRatio, runMonitoring } from '../model/monitoring.js'
import { restartMachine, rollOutTag, runJob } from '../model/operations.js'
import { scaleDown } from '../model/ordinary.js'
import { runSentinels } from '../model/sentinel.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { runTwin, watchNodes } from '../model/twin.js'
import { answers, endpoints, GIB, instant, MIB, MINUTE, podsOf, SECOND, workload, type Pod, type World } from '../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../truth.js'
import { anyForm, evening, minutesIn, newWorld, seeded, settle, start, type Scenario } from './scenario.js'

export const clonedNode: Scenario = (seed) => {
  const random = seeded('cloned-node', seed)
  const namespace = random.pick(['mastodon', 'social', 'fedi'] as const)
  const prefix = random.pick(['talos', 'wk', 'floof', 'k8s-w'] as const)
  const world = newWorld(
    random,
    evening(random),
    85,
    [1, 2, 3].map((n) => ({ name: `${prefix}-${random.suffix(3)}-${n}`, ip: `10.0.30.${60 + n}`, cores: 4, memoryBytes: 16 * GIB })),
  )
  const [origin, second, third] = world.nodes
  if (!origin || !second || !third) throw new Error('three nodes')
  const at = minutesIn(world)
  const plain = (name: string, cores: number, mib: number): Parameters<typeof workload>[1] => ({
    namespace,
    name,
    image: `ghcr.io/example/${name}:v4.${random.int(1, 3)}.${random.int(0, 20)}`,
    requests: { cpu: 0.15, memory: mib * MIB },
    limits: { memory: 3 * mib * MIB },
    cpu: () => cores,
    memory: () => mib * MIB * 0.8,
  })
  const system = (name: string, cores: number, mib: number): Parameters<typeof workload>[1] => ({ ...plain(name, cores, mib), namespace: 'kube-system' })
  const web = workload(random, { ...plain('web', 0.3, 700), replicas: 3 })
  const streaming = workload(random, { ...plain('streaming', 0.1, 150), replicas: 2 })
  const pgbouncer = workload(random, { ...plain('pgbouncer', 0.05, 40), port: 5432, probed: false })
  const redis = workload(random, { ...plain('redis', 0.1, 300), port: 6379, probed: false, replicas: 3 })
  const sentinels = workload(random, { ...plain('redis-sentinel', 0.02, 30), port: 26379, probed: false, replicas: 3 })
  const coredns = workload(random, { ...system('coredns', 0.03, 60), replicas: 2, probed: false })
  const media = workload(random, { ...plain('media-proxy', 0.08, 120), replicas: 2 })
  const ingress = workload(random, { ...plain('ingress-nginx-controller', 0.15, 180), namespace: 'ingress-nginx' })
  settle(world, workload(random, { ...system('node-agent', 0.03, 60), kind: 'DaemonSet' }), world.nodes)
  for (const owner of [web, redis, sentinels]) settle(world, owner, world.nodes)
  settle(world, coredns, [origin, second])
  settle(world, pgbouncer, [origin])
  settle(world, streaming, [second, third])
  settle(world, media, [second, third])
  settle(world, ingress, [third])

  // Nodes whose idea of the others is wrong; a boot sets it right.
  const confused = new Set<string>()
  const reaches = (from: Pod, to: Pod): boolean => from.node === to.node || (!confused.has(from.node ?? '') && !confused.has(to.node ?? ''))
  const resolver = `10.96.0.10`
  /** kube-proxy picks one of CoreDNS' pods for each query; a client asks twice at most. */
  const resolves = (pod: Pod): boolean => {
    const backends = endpoints(world, coredns)
    return [0, 1].some(() => {
      const backend = backends[random.int(0, backends.length - 1)]
      return backend !== undefined && reaches(pod, backend)
    })
  }
  const say = (pod: Pod, text: string): void => world.record.pod(pod, instant(world), text)
  const clock = (): string => new Date(Math.floor(world.agenda.now)).toISOString()
  const cluster = (name: string): string => `${name}.${namespace}.svc.cluster.local`
  const rails = (pod: Pod, error: string): void => {
    const id = random.uuid()
    const stamp = clock().slice(0, 23)
    say(
      pod,
      `E, [${stamp}000 #7] ERROR -- : [${id}] method=GET path=/api/v1/timelines/home format=json controller=Api::V1::Timelines::HomeController action=show status=500 error='${error}'`,
    )
    world.record.note('app-errors', 'web', world.agenda.now)
  }
  const answer = (pod: Pod): { status: number; seconds: number } | undefined => {
    const [door] = podsOf(world, ingress)
    if (door && !reaches(door, pod)) return { status: 504, seconds: 5 }
    if (!resolves(pod)) {
      world.record.note('dns', pod.name, world.agenda.now)
      rails(
        pod,
        `ActiveRecord::ConnectionNotEstablished: could not translate host name "${cluster('pgbouncer')}" to address: Temporary failure in name resolution`,
      )
      return { status: 500, seconds: random.between(9, 11) }
    }
    const [pool] = podsOf(world, pgbouncer)
    if (!pool || !reaches(pod, pool) || !answers(world, pool)) {
      rails(
        pod,
        `ActiveRecord::ConnectionNotEstablished: connection to server at "${cluster('pgbouncer')}" (10.110.4.18), port 5432 failed: Connection timed out`,
      )
      return { status: 500, seconds: random.between(4, 6) }
    }
    const head = podsOf(world, redis)[0]
    if (!head || !reaches(pod, head) || !answers(world, head)) {
      rails(pod, `Redis::CannotConnectError: Error connecting to Redis on ${cluster('redis')}:6379 (Errno::ETIMEDOUT)`)
      return { status: 500, seconds: random.between(1, 3) }
    }
    return undefined
  }
  // Background clients: the stream server in Node, the proxy in Go.
  world.agenda.every(6 * SECOND, () => {
    for (const pod of podsOf(world, streaming).filter((one) => answers(world, one)))
      if (!resolves(pod)) {
        world.record.note('dns', pod.name, world.agenda.now)
        say(
          pod,
          JSON.stringify({
            level: 50,
            time: Math.floor(world.agenda.now),
            pid: 1,
            msg: `Redis Client Error! Error: getaddrinfo EAI_AGAIN ${cluster('redis')}`,
          }),
        )
      }
    for (const pod of podsOf(world, media).filter((one) => answers(world, one))) {
      const [head] = podsOf(world, redis)
      if (!resolves(pod)) {
        world.record.note('dns', pod.name, world.agenda.now)
        const port = random.int(32_768, 60_999)
        say(
          pod,
          `time="${clock().slice(0, 19)}Z" level=error msg="cache: dial tcp: lookup ${cluster('redis')} on ${resolver}:53: read udp ${pod.ip}:${port}->${resolver}:53: i/o timeout"`,
        )
      } else if (head && !reaches(pod, head)) say(pod, `time="${clock().slice(0, 19)}Z" level=error msg="cache: dial tcp ${head.ip}:6379: i/o timeout"`)
    }
    return true
  })
  const traffic: Traffic = {
    host: 'social.example.org',
    rate: () => 0.7,
    counts: new Map(),
    routes: [
      { service: web, weight: 85, paths: ['/api/v1/timelines/home', '/@user/#', '/about', '/api/v1/statuses/#'], typicalMs: 120, answer },
      { service: media, weight: 15, paths: ['/media/#.png', '/media/#.webp'], typicalMs: 15, answer: () => undefined },
    ],
  }
  runSentinels(world, { master: 'mymaster', servers: redis, sentinels, reaches })
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    rules: [
      {
        alertname: 'InstanceUnreachable',
        severity: 'critical',
        forMs: 3 * MINUTE,
        summary: 'The instance answers with errors',
        active: errorRatio(traffic, 3 * MINUTE, 0.3),
      },
    ],
  })
  watchNodes(world)
  start(world)

  at(random.between(7, 10), () => rollOutTag(world, media, 'v4.9.9'))
  at(15, () =>
    runJob(world, workload(random, { ...plain(`tootctl-media-remove-${Math.floor(world.startMs / MINUTE) + 15}`, 0.9, 300), kind: 'Job' }), 1, 9 * MINUTE),
  )
  at(random.between(21, 25), () => {
    runTwin(world, origin, `10.0.30.${60 + random.int(11, 80)}`, random.between(150, 260) * SECOND)
    world.agenda.after(random.between(25, 50) * SECOND, () => {
      for (const node of world.nodes) confused.add(node.name)
      world.record.note('cut', origin.name, world.agenda.now)
    })
  })
  at(random.between(44, 47), () => scaleDown(world, redis, 1))
  const order = [origin, second, third]
  order.forEach((node, i) =>
    at(50 + i * 5 + random.between(0, 1.5), () => {
      world.record.note('restart', node.name, world.agenda.now)
      klog(world, node, 'I', 'nodeshutdown_manager_linux.go:265', '"Shutdown manager detected new shutdown event, isNodeShuttingDownNow" event=true')
      klog(world, node, 'I', 'nodeshutdown_manager_linux.go:273', '"Shutdown manager detected new shutdown event" event="shutdown"')
      restartMachine(world, node)
      world.agenda.after(5 * SECOND, () => confused.delete(node.name))
    }),
  )
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random),
      files: ['ingress/', 'kubernetes/'],
      podLogs: ['web', 'streaming', 'media-proxy', 'redis', 'redis-sentinel'],
    },
    truth: truth(world, namespace, origin.name),
  }
}

const truth = (world: World, namespace: string, name: string): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const node = `^node/${literally(name)}$`
  const note = (what: string): number | undefined => firstNote(notes, what)
  const twin = step('identity', ['node.identity-conflict'], node, note('twin'), 40)
  const missed = step('lease', ['node.heartbeat-missed'], node, note('twin'), 60)
  const dns = step('dns', ['network.dns-failure', 'network.pod-to-pod-lost'], '.', note('dns'), 90)
  const quorum = step('quorum', ['redis.quorum-lost', 'redis.down'], '^(redis/|(pod|workload)/)', note('sdown'), 60)
  const down = step('web-down', ['app.errors', 'service.errors', 'service.unreachable'], ofWorkload(namespace, 'web'), note('errors'), 90)
  step('alert', ['alert.fired'], '.', note('alert'), 60)
  link(twin, missed)
  link(twin, dns)
  link(twin, quorum)
  link(twin, down)
  link(dns, down)
  return {
    case: 'cloned-node',
    expect: 'incident',
    steps,
    edges,
    roots: ['identity'],
    decoys: [
      { kinds: ['change.deployed', 'change.scaled'], entity: '/media-proxy(-|$)' },
      {
        kinds: [
          'pod.cpu-hungry',
          'node.cpu-saturated',
          'node.memory-exhausted',
          'node.disk-full',
          'node.certificate-expired',
          'node.kernel-panic',
          'postgres.connections-saturated',
        ],
        entity: '.',
      },
    ],
    related: [
      {
        kinds: ['node.identity-conflict', 'node.heartbeat-missed', 'node.not-ready', 'node.rebooted', 'change.node-added', 'action.node-restarted'],
        entity: '.',
      },
      { kinds: ['network.dns-failure', 'network.pod-to-pod-lost', 'redis.quorum-lost', 'redis.down', 'loadbalancer.backends-down'], entity: '.' },
      { kinds: ['app.errors', 'service.errors', 'service.slow', 'service.unreachable', 'alert.fired', 'metric.anomalous'], entity: '.' },
      { kinds: ['workload.unavailable', 'workload.degraded', 'pod.unready', 'pod.stuck', 'pod.rescheduled'], entity: '.' },
      { kinds: ['change.scaled', 'action.restart', 'action.pod-deleted'], entity: `/${namespace}/redis` },
    ],
    // The restart of each node, half an hour on, may be told as an incident of its own.
    allowedExtraIncidents: 3,
    options: [],
    narrative:
      `A clone of ${name} boots under its name at ${iso(note('twin') ?? 0)} and is switched off within minutes. From ${iso(note('cut') ?? 0)} on pods do not reach pods on other nodes: names do not resolve, each Sentinel is alone, the application answers with errors. ` +
      `Redis is scaled down to one, and all nodes are started anew from ${iso(note('restart') ?? 0)} on.`,
  }
}
