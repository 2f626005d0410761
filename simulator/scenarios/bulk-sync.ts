/**
 * A bot is deployed and sends a site all its users in one request. The site's memory grows to five times what is usual, its CPU is
 * throttled, and with the statement it builds the machine runs out of memory: the kernel kills a Postgres backend, the server ends
 * all sessions and recovers. Half an hour later the node's metrics are missing for some minutes, which is another matter. The story is
 * one of January 2021 of a large community's bot and site.
 */
import { zoneOn } from '../core/stamps.js'
import { borrow, connect, database, killBackend, poolsOf, PREFIXES, runDatabase, scrapeDatabase, type Client } from '../model/database.js'
import { botSays, libpq, runBot, siteError } from '../model/django.js'
import { globalOom } from '../model/machine.js'
import { runMonitoring } from '../model/monitoring.js'
import { metricsGap, rollOutTag, scaleUp } from '../model/operations.js'
import { throttling } from '../model/throttling.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { endpoints, GIB, MIB, MINUTE, podsOf, SECOND, workload, type Pod } from '../model/world.js'
import { firstNote } from '../truth.js'
import { bulkSyncTruth } from './truths/bulk-sync.js'
import { anyForm, evening, minutesIn, newWorld, seeded, settle, start, whenSeen, type Scenario } from './scenario.js'

const CPU_LIMIT = 1

export const bulkSync: Scenario = (seed) => {
  const random = seeded('bulk-sync', seed)
  const namespace = random.pick(['default', 'guild', 'apps'] as const)
  const site = random.pick(['site', 'backend', 'web-api'] as const)
  const bot = random.pick(['bot', 'gateway-bot', 'assistant'] as const)
  const prefix = random.pick(['lke13311', 'pool', 'k8s-worker'] as const)
  const world = newWorld(
    random,
    evening(random),
    75,
    [1, 2, 3].map((n) => ({ name: `${prefix}-${random.suffix(6)}`, ip: `10.12.0.${40 + n}`, cores: 4, memoryBytes: 4 * GIB })),
  )
  const [primary, second, third] = world.nodes
  if (!primary || !second || !third) throw new Error('three nodes')
  const at = minutesIn(world)
  const tag = (): string => random.hex(7)
  const plain = (name: string, cores: number, mib: number): Parameters<typeof workload>[1] => ({
    namespace,
    name,
    image: `ghcr.io/example/${name}:${tag()}`,
    requests: { cpu: 0.1, memory: mib * MIB },
    cpu: () => cores,
    memory: () => mib * MIB,
  })

  // The sync: what it adds to the site, and to the backend that gets its one statement.
  const sync = { on: false, siteMib: 0, backendMib: 0 }
  const usual = random.int(300, 400)
  const sites = {
    ...workload(random, { ...plain(site, 0.15, usual), limits: { cpu: CPU_LIMIT } }),
    cpu: (): number => (sync.on ? CPU_LIMIT * 0.99 : 0.15),
    memory: (): number => (usual + sync.siteMib) * MIB,
  }
  const postgres = {
    ...workload(random, { ...plain('postgres', 0.3, 600), image: 'postgres:15', port: 5432, probed: false }),
    memory: (): number => (600 + sync.backendMib) * MIB,
  }
  const bots = workload(random, plain(bot, 0.12, 330))
  const growth = 1500 - usual
  const backendGrowth = random.int(280, 380)
  // What else lives there leaves just not enough for both.
  const redis = workload(random, {
    ...plain('redis', 0.05, Math.round(4096 - 922 - 60 - usual - 600 - growth - backendGrowth + random.int(-20, 20))),
    image: 'redis:7',
    port: 6379,
    probed: false,
  })
  const docs = workload(random, { ...plain('docs', 0.04, 70), replicas: 2 })
  const ingress = workload(random, { ...plain('ingress-nginx-controller', 0.15, 180), namespace: 'ingress-nginx' })
  settle(world, workload(random, { ...plain('node-agent', 0.03, 60), namespace: 'kube-system', kind: 'DaemonSet' }), world.nodes)
  for (const owner of [sites, postgres, redis]) settle(world, owner, [primary])
  settle(world, bots, [second])
  settle(world, docs, [second, third])
  settle(world, ingress, [third])

  const db = database(world, {
    workload: postgres,
    database: site,
    maxConnections: 100,
    prefix: random.pick(PREFIXES),
    zone: zoneOn(random.pick(['UTC', 'Europe/Berlin', 'America/Sao_Paulo'] as const), world.startMs),
    logsSessions: random.chance(0.4),
    byUser: random.chance(0.5),
  })
  const address = `10.128.${random.int(2, 200)}.${random.int(2, 250)}`
  const client = (pod: Pod): Client => ({ user: site, application: '', host: pod.ip })
  const poolOf = poolsOf(8)
  const answer = (pod: Pod): { status: number; seconds: number } | undefined => {
    const session = borrow(world, db, poolOf(pod), client(pod), 10 * MINUTE)
    // While it works on the sync the other threads get little of the processor.
    if (typeof session !== 'string') return sync.on && random.chance(0.7) ? { status: 200, seconds: random.between(0.4, 1.9) } : undefined
    siteError(world, pod, random.pick(['/bot/users', '/bot/infractions', '/', '/pages/guides/'] as const), libpq(db, address, detailed(session)))
    return { status: 500, seconds: random.between(0.01, 0.06) }
  }
  for (let i = 0; i < 12; i++) connect(world, db, { user: i % 3 === 0 ? 'grafana' : 'metricity', application: '', host: `10.244.1.${20 + i}` })
  for (const pod of podsOf(world, sites)) for (let i = 0; i < 40; i++) answer(pod)
  runBot(
    world,
    () => podsOf(world, bots).find((pod) => pod.deletedMs === null),
    sites,
    () => {
      const [backend] = endpoints(world, sites)
      return backend ? (answer(backend)?.status ?? 200) : 503
    },
  )
  const traffic: Traffic = {
    host: 'www.example.org',
    rate: () => 0.6,
    counts: new Map(),
    routes: [
      { service: sites, weight: 75, paths: ['/', '/pages/guides/#', '/events/#', '/pages/resources/'], typicalMs: 70, answer },
      { service: docs, weight: 25, paths: ['/docs/', '/docs/start', '/docs/page/#'], typicalMs: 6, answer: () => undefined },
    ],
  }
  runDatabase(world, db)
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    exporters: [() => scrapeDatabase(world, db), throttling(world, sites, () => sync.on)],
    rules: [
      {
        alertname: 'PostgresDown',
        severity: 'critical',
        forMs: 0,
        summary: 'Postgres lets nobody in',
        active: () => (db.state === 'up' ? [] : [{ service: 'postgres' }]),
      },
    ],
  })
  start(world)

  at(random.between(9, 12), () => rollOutTag(world, docs, tag()))
  at(random.between(21, 24), () => rollOutTag(world, bots, tag()))
  const statement = `UPDATE "api_user" SET "roles" = CASE ${[1, 2, 3].map(() => `WHEN ("api_user"."id" = ${random.int(10_000_000, 99_999_999)}) THEN ARRAY[${random.int(1000, 9999)}]::bigint[]`).join(' ')} ...`
  /** The bot is connected, reads its members, finds the difference, and sends it. */
  const newBot = (): Pod | undefined =>
    firstNote(world.record.notes, 'rollout', bot) === undefined ? undefined : podsOf(world, bots).find((pod) => pod.hash === bots.hash && pod.ready)
  const begin = (caller: Pod): void => {
    botSays(world, caller, 'INFO', 'bot.exts.backend.sync', 'Starting user syncer.')
    world.agenda.after(random.between(20, 45) * SECOND, () => {
      const [worker] = podsOf(world, sites)
      if (!worker) return
      sync.on = true
      world.record.note('sync', site, world.agenda.now)
      const overMs = random.between(200, 290) * SECOND
      const fromMs = world.agenda.now
      world.agenda.every(2 * SECOND, () => {
        if (!sync.on) return false
        const share = (world.agenda.now - fromMs) / overMs
        sync.siteMib = growth * share
        sync.backendMib = Math.max(0, backendGrowth * (share - 0.2) * 1.25)
        if (primary.meters.memoryAvailable > 62 * MIB) return true
        world.record.note('exhausted', primary.name, world.agenda.now)
        world.agenda.after(random.between(3, 9) * SECOND, () => end(worker, caller))
        return false
      })
    })
  }
  const end = (worker: Pod, caller: Pod): void => {
    const [server] = podsOf(world, postgres)
    const victim = db.sessions.find(({ host }) => host === worker.ip) ?? db.sessions[0]
    if (!server || !victim) return
    globalOom(world, primary, server, 'postgres', random.pick(['python', 'gunicorn', 'containerd', 'postgres'] as const))
    killBackend(world, db, victim, statement, random.between(45, 95) * SECOND)
    sync.on = false
    sync.backendMib = 0
    siteError(
      world,
      worker,
      '/bot/users/bulk_patch',
      'server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.',
    )
    botSays(
      world,
      caller,
      'ERROR',
      'bot.exts.backend.sync',
      `User syncer failed: ResponseCodeError: Status: 500 Response: Server Error (500) for http://${site}.${namespace}.svc.cluster.local/bot/users/bulk_patch`,
    )
    world.agenda.every(4 * SECOND, () => {
      sync.siteMib *= 0.55
      return sync.siteMib > 60
    })
  }
  at(21, () => whenSeen(world, 5 * SECOND, newBot, begin))
  at(51, () => metricsGap(world, primary))
  at(60, () => scaleUp(world, docs, 3))
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random),
      files: ['ingress/', 'postgres/'],
      podLogs: [site, bot, 'docs'],
    },
    truth: bulkSyncTruth(world, { namespace, site, bot, node: primary.name }),
  }
}

/** What the server adds for those it does not let in while it recovers. */
const detailed = (why: string): string => (why.includes('not yet accepting') ? `${why}\nDETAIL:  Consistent recovery state has not been yet reached.` : why)
