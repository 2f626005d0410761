/**
 * One request of a Django site holds a lock and does not let go; all that come after it wait, each in a session of its own, until
 * Postgres is full and its node has no CPU left. The node is recycled by hand. The cloud keeps its volumes attached to the machine
 * that is gone: Postgres is back after half an hour, Redis is not, and five hours later, when the bot starts anew, it cannot. What was
 * done against a short outage made the long one. The story is one of July 2021 of a large community's bot and site.
 */
import { zoneOn } from '../core/stamps.js'
import { deletePod } from '../model/control-plane.js'
import { crashLoop } from '../model/crash-loop.js'
import { awaitLock, borrow, connect, database, poolsOf, PREFIXES, runDatabase, scrapeDatabase, startUp, type Client, type Session } from '../model/database.js'
import { botSays, libpq, siteError } from '../model/django.js'
import { postEvent } from '../model/events.js'
import { nodeNotReady, runMonitoring } from '../model/monitoring.js'
import { rollOutTag } from '../model/operations.js'
import { addNode } from '../model/ordinary.js'
import { starveOfCpu } from '../model/starvation.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { mounts, release, volume } from '../model/volumes.js'
import { GIB, HOUR, MIB, MINUTE, podsOf, SECOND, workload, type Machine, type Pod, type Workload, type World } from '../model/world.js'
import { firstNote } from '../truth.js'
import { lockAndVolumeTruth } from './truths/lock-and-volume.js'
import { anyForm, evening, minutesIn, newWorld, seeded, settle, start, whenSeen, type Scenario } from './scenario.js'

export const lockAndVolume: Scenario = (seed) => {
  const random = seeded('lock-and-volume', seed)
  const namespace = random.pick(['default', 'discord', 'prod'] as const)
  const site = random.pick(['site', 'django', 'portal'] as const)
  const bot = random.pick(['bot', 'python-bot', 'sir-bot'] as const)
  const prefix = `${random.pick(['lke', 'np', 'k8s-pool'] as const)}${random.int(1000, 29_999)}`
  const driver = random.pick(['linodebs.csi.linode.com', 'csi.hetzner.cloud', 'dobs.csi.digitalocean.com'] as const)
  const name = (): string => `${prefix}-${random.hex(12)}`
  const spec = (n: number): Pick<Machine, 'name' | 'ip' | 'cores' | 'memoryBytes'> => ({
    name: name(),
    ip: `10.77.4.${30 + n}`,
    cores: 4,
    memoryBytes: 8 * GIB,
  })
  const world = newWorld(random, evening(random) + 3 * HOUR, 395, [1, 2, 3].map(spec))
  world.eventTtlMs = 24 * HOUR
  const [primary, second, third] = world.nodes
  if (!primary || !second || !third) throw new Error('three nodes')
  const at = minutesIn(world)
  const plain = (called: string, cores: number, mib: number): Parameters<typeof workload>[1] => ({
    namespace,
    name: called,
    image: `ghcr.io/example/${called}:${random.hex(7)}`,
    requests: { cpu: 0.2, memory: mib * MIB },
    limits: { memory: 4 * mib * MIB },
    cpu: () => cores,
    memory: () => mib * MIB * 0.8,
  })
  const sites = workload(random, { ...plain(site, 0.25, 350), replicas: 2 })
  const bots = workload(random, plain(bot, 0.2, 400))
  const data = volume(world, 'postgres-data', driver, primary.name)
  const cache = volume(world, 'redis-data-volume', driver, primary.name)
  const redis: Workload = {
    ...workload(random, { ...plain('redis', 0.05, 200), image: 'redis:6', port: 6379, probed: false }),
    mounts: (pod) => mounts(world, cache, pod),
  }
  const postgres: Workload = {
    ...workload(random, { ...plain('postgres', 0.3, 900), image: 'postgres:15', port: 5432, probed: false }),
    mounts: (pod) => mounts(world, data, pod),
    // Those that wait look again and again whether they may go on.
    cpu: () => 0.3 + db.sessions.filter(({ waitsMs }) => waitsMs !== null).length * 0.075,
  }
  const docs = workload(random, { ...plain('docs', 0.03, 60), replicas: 2 })
  const ingress = workload(random, { ...plain('ingress-nginx-controller', 0.15, 180), namespace: 'ingress-nginx' })
  settle(world, workload(random, { ...plain('node-agent', 0.03, 60), namespace: 'kube-system', kind: 'DaemonSet' }), world.nodes)
  for (const owner of [postgres, redis]) settle(world, owner, [primary])
  settle(world, sites, [second, third])
  settle(world, docs, [second, third])
  settle(world, bots, [second])
  settle(world, ingress, [third])

  const db = database(world, {
    workload: postgres,
    database: site,
    maxConnections: 115,
    prefix: random.pick(PREFIXES),
    zone: zoneOn(random.pick(['UTC', 'Europe/Berlin', 'America/Sao_Paulo'] as const), world.startMs),
    logsSessions: false,
    byUser: random.chance(0.5),
  })
  const address = `10.128.${random.int(2, 200)}.${random.int(2, 250)}`
  const client = (pod: Pod): Client => ({ user: site, application: '', host: pod.ip })
  const others = random.int(24, 34)
  const back = (): void => {
    for (let i = db.sessions.length; i < others; i++)
      connect(world, db, { user: i % 3 === 0 ? 'metricity' : 'grafana', application: '', host: `10.2.1.${20 + i}` })
  }
  back()
  const poolOf = poolsOf(5)
  const lock: { holder: Session | null } = { holder: null }
  const statement = `UPDATE "api_offensivemessage" SET "delete_date" = '2026-07-11T00:27:00+00:00'::timestamptz WHERE "api_offensivemessage"."id" = ${random.int(1000, 90_000)}`
  const answer = (pod: Pod): { status: number; seconds: number } | undefined => {
    const locked = lock.holder !== null && db.sessions.includes(lock.holder) && random.chance(0.8)
    // A thread that waits is lost to the others: the next request gets a new one, with a connection of its own.
    const session = locked ? connect(world, db, client(pod)) : borrow(world, db, poolOf(pod), client(pod), 30 * MINUTE)
    if (typeof session === 'string') {
      siteError(world, pod, random.pick(['/bot/infractions', '/', '/bot/users'] as const), libpq(db, address, session))
      return { status: 500, seconds: random.between(0.02, 0.1) }
    }
    if (!locked || lock.holder === null) return undefined
    awaitLock(world, db, session, lock.holder, 'api_offensivemessage', statement)
    return { status: 504, seconds: 60 }
  }
  const traffic: Traffic = {
    host: 'www.example.org',
    rate: (now) => (now - world.startMs < 70 * MINUTE ? 0.4 : 0.07),
    counts: new Map(),
    routes: [
      { service: sites, weight: 85, paths: ['/', '/pages/guides/#', '/events/#'], typicalMs: 70, answer },
      { service: docs, weight: 15, paths: ['/docs/', '/docs/page/#'], typicalMs: 6, answer: () => undefined },
    ],
  }
  for (const pod of podsOf(world, sites)) for (let i = 0; i < 30; i++) answer(pod)
  runDatabase(world, db)
  runTraffic(world, traffic)
  const full = (): boolean => db.state === 'up' && db.sessions.length >= db.maxConnections - 3
  runMonitoring(world, {
    traffic,
    redis,
    everyMs: 30 * SECOND,
    exporters: [() => scrapeDatabase(world, db)],
    rules: [
      {
        alertname: 'PostgresConnectionsSaturated',
        severity: 'critical',
        forMs: MINUTE,
        summary: 'Postgres is out of connections',
        active: () => (full() ? [{ service: 'postgres' }] : []),
      },
      nodeNotReady(5),
      {
        alertname: 'BotOffline',
        severity: 'critical',
        forMs: 2 * MINUTE,
        summary: 'The bot is offline',
        active: () => (podsOf(world, bots).some((pod) => pod.ready) ? [] : [{ deployment: bot, namespace }]),
      },
    ],
  })
  start(world)
  starveOfCpu(world, primary, random.between(3, 5) * MINUTE)

  at(random.between(9, 14), () => rollOutTag(world, docs, random.hex(7)))
  at(random.between(25, 28), () => {
    const [pod] = podsOf(world, sites)
    const made = pod ? connect(world, db, client(pod)) : ''
    if (typeof made !== 'string') lock.holder = Object.assign(made, { state: 'idle in transaction' as const })
  })
  const recycle = (): void =>
    world.agenda.after(random.between(150, 230) * SECOND, () => {
      takeAway(world, primary)
      world.agenda.after(random.between(9, 13) * MINUTE, () => addNode(world, spec(7)))
    })
  at(30, () => whenSeen(world, 20 * SECOND, () => firstNote(world.record.notes, 'notready', primary.name), recycle))
  // The server is gone with its machine; it recovers where its volume is attached at last.
  const watch = (): boolean => {
    const pod = podsOf(world, postgres).find((one) => one.startedMs !== null && one.deletedMs === null)
    if (!primary.up && db.state === 'up' && !pod) Object.assign(db, { state: 'down', sessions: [] })
    if (db.state === 'down' && pod) {
      startUp(world, db, false, random.between(4, 14) * SECOND)
      world.agenda.after(MINUTE, back)
    }
    return true
  }
  world.agenda.every(2 * SECOND, watch)
  at(random.between(72, 85), () => release(world, data, postgres))
  at(random.between(375, 382), () => release(world, cache, redis))
  // The bot keeps in memory what it needs of Redis, until it starts anew.
  at(random.between(330, 345), () => {
    const [pod] = podsOf(world, bots)
    if (!pod) return
    botSays(world, pod, 'WARNING', 'discord.gateway', 'Shard ID None session has been invalidated.')
    crashLoop(world, pod, 22 * SECOND, () => {
      if (podsOf(world, redis).some((one) => one.ready)) return true
      world.record.note('bot-fails', bot, world.agenda.now)
      botSays(
        world,
        pod,
        'ERROR',
        'bot',
        `redis.exceptions.ConnectionError: Error 110 connecting to redis.${namespace}.svc.cluster.local:6379. Connection timed out.`,
      )
      botSays(world, pod, 'CRITICAL', 'bot', 'Failed to start the redis session, exiting.')
      return false
    })
  })
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random),
      files: ['ingress/', 'postgres/'],
      podLogs: [site, bot, 'docs'],
    },
    truth: lockAndVolumeTruth(world, namespace, site, bot, primary.name),
  }
}

/** The machine is deleted: its Node object goes, and the pods that were bound to it with it. */
const takeAway = (world: World, node: Machine): void => {
  node.up = false
  world.record.note('removed', node.name, world.agenda.now)
  const about = { type: 'Normal' as const, kind: 'Node' as const, namespace: 'default', name: node.name, uid: node.uid }
  postEvent(
    world,
    {
      ...about,
      reason: 'DeletingNode',
      message: `Deleting node ${node.name} because it does not exist in the cloud provider`,
      component: 'cloud-node-lifecycle-controller',
    },
    20 * SECOND,
  )
  postEvent(
    world,
    { ...about, reason: 'RemovingNode', message: `Node ${node.name} event: Removing Node ${node.name} from Controller`, component: 'node-controller' },
    25 * SECOND,
  )
  world.agenda.after(20 * SECOND, () => {
    world.nodes.splice(world.nodes.indexOf(node), 1)
    for (const pod of world.pods.filter((one) => one.node === node.name && !one.gone)) {
      if (pod.workload.kind === 'Deployment') deletePod(world, pod)
      pod.gone = true
    }
  })
}
