/**
 * Two rollouts of a Django site on one morning. The old pods are gone, but their connections are not: Postgres keeps them, and each
 * generation of pods opens its own. With the second one max_connections is reached, and site and bot fail until somebody takes the
 * server down, remounts its volume and starts it again. The story is one of December 2020 of a large community's bot and site.
 */
import { zoneOn } from '../core/stamps.js'
import { deletePod, reconcile } from '../model/control-plane.js'
import {
  borrow,
  connect,
  database,
  poolsOf,
  PREFIXES,
  runDatabase,
  say,
  scrapeDatabase,
  shutDown,
  startUp,
  type Client,
  type Session,
} from '../model/database.js'
import { libpq, runBot, siteError, siteSays } from '../model/django.js'
import { podEvent } from '../model/events.js'
import { errorRatio, runMonitoring } from '../model/monitoring.js'
import { rollOutTag, runJob } from '../model/operations.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { endpoints, GIB, MIB, MINUTE, podsOf, SECOND, workload, type Pod, type World } from '../model/world.js'
import { firstNote, iso, ofWorkload, story, type Truth } from '../truth.js'
import { anyForm, minutesIn, morning, newWorld, seeded, settle, start, whenSeen, type Scenario } from './scenario.js'

export const connectionSurge: Scenario = (seed) => {
  const random = seeded('connection-surge', seed)
  const namespace = random.pick(['default', 'community', 'prod', 'web'] as const)
  const site = random.pick(['site', 'portal', 'forum', 'www'] as const)
  const bot = random.pick(['bot', 'modbot', 'helper'] as const)
  const pool4 = `${random.pick(['lke', 'node', 'gk'] as const)}${random.int(10_000, 99_999)}`
  const world = newWorld(
    random,
    morning(random),
    75,
    [1, 2, 3].map((n) => ({ name: `${pool4}-${random.hex(12)}`, ip: `192.168.13${n}.${random.int(10, 240)}`, cores: 4, memoryBytes: 8 * GIB })),
  )
  const [first, second, third] = world.nodes
  if (!first || !second || !third) throw new Error('three nodes')
  const at = minutesIn(world)
  const tag = (): string => random.hex(7)
  const plain = (name: string, cores: number, mib: number): Parameters<typeof workload>[1] => ({
    namespace,
    name,
    image: `ghcr.io/example/${name}:${tag()}`,
    requests: { cpu: 0.15, memory: mib * MIB },
    limits: { memory: 4 * mib * MIB },
    cpu: () => cores,
    memory: () => mib * MIB * 0.8,
  })
  const sites = workload(random, { ...plain(site, 0.2, 320), replicas: random.int(2, 3) })
  const bots = workload(random, plain(bot, 0.15, 400))
  const metrics = workload(random, plain('metricity', 0.06, 150))
  const docs = workload(random, { ...plain('docs', 0.03, 60), replicas: 2 })
  const postgres = workload(random, { ...plain('postgres', 0.25, 600), image: 'postgres:15', port: 5432, probed: false })
  const ingress = workload(random, { ...plain('ingress-nginx-controller', 0.15, 180), namespace: 'ingress-nginx' })
  settle(world, workload(random, { ...plain('node-agent', 0.03, 60), namespace: 'kube-system', kind: 'DaemonSet' }), world.nodes)
  settle(world, sites, [first, second, third].slice(0, sites.replicas))
  settle(world, bots, [second])
  settle(world, metrics, [third])
  settle(world, docs, [first, second])
  settle(world, postgres, [first])
  settle(world, ingress, [third])

  const db = database(world, {
    workload: postgres,
    database: site,
    maxConnections: 100,
    prefix: random.pick(PREFIXES),
    zone: zoneOn(random.pick(['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Asia/Tokyo'] as const), world.startMs),
    logsSessions: random.chance(0.5),
    byUser: random.chance(0.5),
  })
  const address = `10.96.${random.int(2, 200)}.${random.int(2, 250)}`
  const threads = Math.round(random.int(26, 33) / sites.replicas)
  const others = Math.round(db.maxConnections - 2.4 * threads * sites.replicas)
  const client = (user: string, application: string, pod: Pod | undefined): Client => ({ user, application, host: pod?.ip ?? '10.244.0.9' })

  // What else is connected, day and night; one of them renews a connection every half minute.
  const metricity = podsOf(world, metrics)[0]
  const static_: Session[] = []
  const other = (i: number): Client =>
    i === 0
      ? client('postgres', 'postgres_exporter', undefined)
      : i % 3 === 0
        ? client('grafana', '', podsOf(world, bots)[0])
        : client('metricity', '', metricity)
  for (let i = 0; i < others; i++) {
    const made = connect(world, db, other(i))
    if (typeof made !== 'string') static_.push(made)
  }
  world.agenda.every(30 * SECOND, () => {
    // After a restart of the server they all come back, one by one.
    const missing = static_.findIndex((session) => !db.sessions.includes(session))
    const index = missing >= 0 ? missing : random.int(1, static_.length - 1)
    for (let i = missing >= 0 ? 8 : 1, k = index; i > 0 && k < static_.length; i--, k++) {
      const old = static_[k]
      if (old && db.sessions.includes(old)) db.sessions.splice(db.sessions.indexOf(old), 1)
      const made = connect(world, db, other(k))
      if (typeof made !== 'string') static_[k] = made
      else if (metricity && i === 1) siteSays(world, metricity, 'ERROR', `asyncpg.exceptions: ${libpq(db, address, made).replace(/\n\t/, ' ')}`)
    }
    return true
  })

  const poolOf = poolsOf(threads)
  const answer = (pod: Pod): { status: number; seconds: number } | undefined => {
    const session = borrow(world, db, poolOf(pod), client(site, '', pod), 40 * MINUTE)
    if (typeof session !== 'string') return undefined
    siteError(world, pod, random.pick(['/bot/infractions', '/bot/users', '/', '/pages/resources/', '/api/bot/reminders'] as const), libpq(db, address, session))
    return { status: 500, seconds: random.between(0.01, 0.06) }
  }
  for (const pod of podsOf(world, sites)) for (let i = 0; i < threads * 5; i++) answer(pod)
  runBot(
    world,
    () => podsOf(world, bots)[0],
    sites,
    () => {
      const backends = endpoints(world, sites)
      const backend = backends[random.int(0, backends.length - 1)]
      return backend ? (answer(backend)?.status ?? 200) : 503
    },
  )
  const traffic: Traffic = {
    host: 'www.example.org',
    rate: () => 0.8,
    counts: new Map(),
    routes: [
      { service: sites, weight: 85, paths: ['/', '/pages/guides/#', '/pages/resources/', '/events/#'], typicalMs: 60, answer },
      { service: docs, weight: 15, paths: ['/docs/', '/docs/start', '/docs/page/#'], typicalMs: 6, answer: () => undefined },
    ],
  }
  runDatabase(world, db)
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    exporters: [() => scrapeDatabase(world, db)],
    rules: [
      {
        alertname: 'SiteErrorRate',
        severity: 'critical',
        forMs: 3 * MINUTE,
        summary: 'More than a fifth of the requests fail',
        active: errorRatio(traffic, 3 * MINUTE, 0.2),
      },
    ],
  })
  start(world)

  at(random.between(8, 11), () => rollOutTag(world, docs, tag()))
  at(random.between(15, 19), () => rollOutTag(world, sites, tag()))
  at(random.between(24, 27), () => slowReport(world, db))
  at(random.between(33, 37), () => rollOutTag(world, sites, tag()))
  at(30, () => runJob(world, workload(random, { ...plain(`backup-${Math.floor(world.startMs / MINUTE) + 30}`, 0.8, 200), kind: 'Job' }), 1, 9 * MINUTE))

  // Somebody connects, reads the refusal, and takes the server down; the volume is detached and attached again by hand.
  const byHand = (firedMs: number): void =>
    world.agenda.at(firedMs + random.between(6, 9) * MINUTE, () => {
      for (const pod of podsOf(world, postgres)) deletePod(world, pod, false)
      shutDown(world, db)
      world.agenda.after(random.between(140, 220) * SECOND, () => reconcile(world, postgres))
      const server = (): Pod | undefined => podsOf(world, postgres).find((one) => one.startedMs !== null && one.deletedMs === null)
      world.agenda.after(30 * SECOND, () =>
        whenSeen(world, SECOND, server, (pod) => {
          podEvent(world, pod, 'Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "pvc-${random.hex(16)}"`, false, -700)
          startUp(world, db, true)
        }),
      )
    })
  at(30, () => whenSeen(world, MINUTE, () => firstNote(world.record.notes, 'alert'), byHand))
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random),
      files: ['ingress/', 'postgres/'],
      podLogs: [site, bot, 'metricity', 'docs'],
    },
    truth: truth(world, namespace, site, bot),
  }
}

const slowReport = (world: World, db: Parameters<typeof say>[1]): void => {
  const [session] = db.sessions.filter(({ user }) => user === 'grafana')
  if (session)
    say(
      world,
      db,
      session,
      `LOG:  duration: ${world.random.between(5200, 9800).toFixed(3)} ms  statement: SELECT date_trunc('day', created_at), count(*) FROM messages GROUP BY 1`,
    )
}

const truth = (world: World, namespace: string, site: string, bot: string): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const server = `^(postgres/|(pod|workload|service)/(${namespace}|-)/postgres(-|$))`
  const deployedMs = firstNote(notes, 'rollout', site)
  const deployed = step('deployed', ['change.deployed'], ofWorkload(namespace, site), deployedMs, 120)
  const rising = step('rising', ['postgres.connections-rising'], server, deployedMs, 420)
  const full = step('saturated', ['postgres.connections-saturated'], server, firstNote(notes, 'refused'), 60)
  const failing = ['service.errors', 'app.errors', 'workload.unavailable', 'service.unreachable']
  const down = step('site-fails', failing, ofWorkload(namespace, site), firstNote(notes, 'refused'), 120)
  const deaf = step('bot-fails', ['app.errors', 'service.errors'], ofWorkload(namespace, bot), firstNote(notes, 'bot-errors'), 120)
  step('alert', ['alert.fired'], '.', firstNote(notes, 'alert'), 60)
  link(deployed, rising)
  link(rising, full)
  link(full, down)
  link(full, deaf)
  return {
    case: 'connection-surge',
    expect: 'incident',
    steps,
    edges,
    roots: ['deployed', 'rising'],
    decoys: [
      { kinds: ['change.deployed', 'change.scaled'], entity: '/docs(-|$)' },
      { kinds: ['postgres.slow-queries', 'postgres.autovacuum', 'postgres.lock-pileup', 'postgres.crashed', 'postgres.backend-killed'], entity: '.' },
      {
        kinds: ['pod.cpu-hungry', 'node.cpu-saturated', 'node.memory-exhausted', 'node.not-ready', 'node.network-lost', 'pod.volume-mount-failed'],
        entity: '.',
      },
    ],
    related: [
      { kinds: ['change.deployed', 'change.scaled', 'pod.unready', 'workload.degraded', 'workload.unavailable'], entity: `/${namespace}/(${site}|postgres)` },
      {
        kinds: ['postgres.connections-rising', 'postgres.connections-saturated', 'postgres.shutdown', 'postgres.timeouts', 'postgres.recovering'],
        entity: '.',
      },
      { kinds: ['app.errors', 'service.errors', 'service.slow', 'service.unreachable', 'alert.fired', 'metric.anomalous'], entity: '.' },
      { kinds: ['action.pod-deleted', 'action.restart', 'workload.colocated', 'workload.no-limits', 'pod.rescheduled'], entity: '.' },
    ],
    allowedExtraIncidents: 0,
    options: [],
    narrative:
      `${site} is rolled out at ${iso(deployedMs ?? 0)} and once more; each time the old pods' connections stay open at the server beside those of the new pods. ` +
      `At ${iso(firstNote(notes, 'refused') ?? 0)} all 100 are taken: ${site} answers 500, ${bot} fails with it. The server is taken down at ${iso(firstNote(notes, 'shutdown') ?? 0)}, its volume remounted, and it lets clients in again at ${iso(firstNote(notes, 'accepting') ?? 0)}.`,
  }
}
