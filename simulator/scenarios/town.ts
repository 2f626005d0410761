/** An ordinary small town of a cluster, on which the quiet days happen: a page and an API on several nodes, a cache, a database beside it. */
import { manyErrors, nodeNotReady, runMonitoring, type AlertRule } from '../model/monitoring.js'
import { runPostgres, type Postgres } from '../model/postgres.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { GIB, MIB, MINUTE, workload, type Machine, type Workload, type World } from '../model/world.js'
import type { Random } from '../core/random.js'
import { anyForm, minutesIn, newWorld, seeded, settle, start, type Told } from './scenario.js'

export interface Wishes {
  readonly nodes?: number
  readonly minutes?: number
  /** Requests a second, by minutes since the start. */
  readonly rate?: (minute: number) => number
  /** Cores of one pod of web, by minutes since the start. */
  readonly webCores?: (minute: number) => number
  readonly sessions?: (minute: number, random: Random) => { active: number; idle: number }
  readonly rules?: readonly AlertRule[]
}

export interface Town {
  readonly name: string
  readonly world: World
  readonly random: Random
  readonly team: string
  /** In order; the last carries what exists once: ingress, Prometheus, the cache. */
  readonly nodes: readonly Machine[]
  readonly web: Workload
  readonly api: Workload
  readonly postgres: Postgres
  readonly plain: (name: string, cores: number, mib: number, request: number) => Parameters<typeof workload>[1]
  readonly at: (minutes: number, act: () => void) => void
}

export const town = (name: string, seed: number, wishes: Wishes = {}): Town => {
  const random = seeded(name, seed)
  const { nodes: count = 4, minutes = 60, rate = () => 0.7, webCores = () => 0.3, rules = [] } = wishes
  const team = random.pick(['orders', 'billing', 'learn', 'maps', 'tickets', 'clinic', 'atlas'] as const)
  const pool = random.pick([`${team}-w`, 'ip-10-3-7-', 'k8s-node-', `gke-${team}-default-`] as const)
  const startMs = Date.UTC(2026, random.int(1, 9), random.int(3, 26), random.int(5, 21), random.int(0, 11) * 5)
  const subnet = random.int(2, 200)
  const cores = random.pick([4, 8] as const)
  const world = newWorld(
    random,
    startMs,
    minutes,
    Array.from({ length: count }, (_, i) => ({ name: `${pool}${i + 11}`, ip: `10.3.${subnet}.${30 + i}`, cores, memoryBytes: 16 * GIB })),
  )
  const minute = (nowMs: number): number => (nowMs - startMs) / MINUTE
  const plain: Town['plain'] = (called, used, mib, request) => ({
    namespace: team,
    name: called,
    image: `registry.example.org/${team}/${called}:${random.int(1, 9)}.${random.int(0, 30)}.0`,
    requests: { cpu: request, memory: mib * MIB },
    limits: { memory: 3 * mib * MIB },
    cpu: () => used,
    memory: () => mib * MIB * 0.85,
  })
  const webName = random.pick(['web', 'frontend', 'site'] as const)
  const agent = workload(random, { ...plain('node-agent', 0.03, 64, 0.05), namespace: 'kube-system', kind: 'DaemonSet' })
  const web = workload(random, { ...plain(webName, 0, 220, 0.3), cpu: (_, now) => webCores(minute(now)), replicas: 3, antiAffinity: true })
  const api = workload(random, { ...plain('api', 0.4, 300, 0.4), replicas: 3, antiAffinity: true })
  const cache = workload(random, { ...plain('redis', 0.1, 200, 0.1), port: 6379 })
  const ingress = workload(random, { ...plain('ingress-nginx-controller', 0.15, 180, 0.3), namespace: 'ingress-nginx' })
  const prometheus = workload(random, { ...plain('prometheus', 0.3, 1700, 0.6), namespace: 'monitoring' })
  const last = world.nodes.slice(-1)
  settle(world, agent, world.nodes)
  settle(world, web, world.nodes.slice(0, 3))
  settle(world, api, [...world.nodes.slice(0, 2), ...last])
  for (const single of [cache, ingress, prometheus]) settle(world, single, last)

  const traffic: Traffic = {
    host: `${team}.example.org`,
    rate: (now) => rate(minute(now)),
    counts: new Map(),
    routes: [
      { service: web, weight: 60, paths: ['/', '/list', '/item/#'], typicalMs: 70 },
      { service: api, weight: 40, paths: ['/v2/items/#', '/v2/search?q=#'], typicalMs: 35, needs: cache },
    ],
  }
  const postgres: Postgres = {
    name: random.pick(['pg-main', 'db-1', 'postgres'] as const),
    database: team,
    maxConnections: 150,
    sessions: { active: 3, idle: 30 },
  }
  const { sessions = () => ({ active: random.int(1, 6), idle: random.int(27, 36) }) } = wishes
  runPostgres(world, postgres, (now) => sessions(minute(now), random))
  runTraffic(world, traffic)
  runMonitoring(world, {
    traffic,
    postgres,
    redis: cache,
    rules: [manyErrors(traffic, 5), nodeNotReady(), ...rules],
  })
  start(world)
  return { name, world, random, team, nodes: [...world.nodes], web, api, postgres, plain, at: minutesIn(world) }
}

/** Lets the day pass. */
export const quiet = ({ name, world, random, web }: Town, narrative: string): Told => {
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: {
      ...anyForm(random.fork('layout')),
      files: ['ingress/', 'postgres/', 'control-plane/'],
      podLogs: [web.name, 'api'],
    },
    truth: { case: name, expect: 'none', steps: [], edges: [], roots: [], decoys: [], related: [], allowedExtraIncidents: 0, options: [], narrative },
  }
}
