/** Prometheus: scrapes every 15 s, evaluates its alerts, tells Alertmanager. Metric names are those of the real exporters. */
import type { Postgres } from './postgres.js'
import type { Traffic } from './traffic.js'
import { answers, endpoints, livePods, MINUTE, nodeOf, podsOf, SECOND, type Workload, type World } from './world.js'

export const SCRAPE_MS = 15 * SECOND

export interface AlertRule {
  readonly alertname: string
  readonly severity: 'warning' | 'critical'
  readonly forMs: number
  readonly summary: string
  /** The label sets the expression gives now. */
  active(world: World): readonly Readonly<Record<string, string>>[]
}

export interface Monitored {
  readonly traffic?: Traffic
  readonly postgres?: Postgres
  /** Its exporter runs beside Prometheus and asks it over the network. */
  readonly redis?: Workload
  readonly rules: readonly AlertRule[]
  /** Further exporters, asked at every scrape. */
  readonly exporters?: readonly (() => void)[]
  /** Prometheus itself runs on one of the nodes: nothing is scraped or evaluated while it has no time. */
  readonly paused?: () => boolean
  /** Seconds between scrapes, where they are not 15. */
  readonly everyMs?: number
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

const scrape = (world: World, { traffic, postgres, redis, exporters }: Monitored): void => {
  for (const ask of exporters ?? []) ask()
  const now = world.agenda.now
  const sample = (name: string, labels: Record<string, string>, value: number): void => world.record.sample(name, labels, now, value)
  for (const node of world.nodes) {
    const { meters } = node
    const alive = node.up && node.unscraped !== true && !(node.stalled && world.random.chance(0.7))
    const exporter = { instance: `${node.ip}:9100`, job: 'node-exporter', node: node.name }
    sample('up', exporter, alive ? 1 : 0)
    sample('up', { instance: `${node.ip}:10250`, job: 'kubelet', node: node.name }, alive ? 1 : 0)
    sample(
      'kube_node_status_condition',
      { condition: 'Ready', instance: 'kube-state-metrics:8080', job: 'kube-state-metrics', node: node.name, status: 'true' },
      node.ready === 'True' ? 1 : 0,
    )
    if (!alive) continue
    for (const mode of ['idle', 'iowait', 'system', 'user'] as const) sample('node_cpu_seconds_total', { ...exporter, mode }, round(meters[mode]))
    sample('node_load1', exporter, round(meters.load1))
    sample('node_pressure_cpu_waiting_seconds_total', exporter, round(meters.cpuWaiting, 3))
    sample('node_memory_MemAvailable_bytes', exporter, meters.memoryAvailable)
    sample('node_memory_MemTotal_bytes', exporter, node.memoryBytes)
    sample('node_vmstat_oom_kill', exporter, meters.oomKills)
    sample('node_boot_time_seconds', exporter, Math.floor(node.bootedMs / 1000))
  }
  for (const pod of livePods(world)) {
    const node = nodeOf(world, pod)
    if (!node?.up || node.stalled || node.unscraped === true || pod.startedMs === null) continue
    const labels = { container: pod.workload.name, namespace: pod.workload.namespace, node: node.name, pod: pod.name }
    sample('container_cpu_usage_seconds_total', labels, round(pod.cpuSeconds))
    sample('container_memory_working_set_bytes', labels, pod.memoryBytes)
  }
  for (const owner of world.workloads) {
    if (owner.kind !== 'Deployment') continue
    const labels = { deployment: owner.name, instance: 'kube-state-metrics:8080', job: 'kube-state-metrics', namespace: owner.namespace }
    sample('kube_deployment_spec_replicas', labels, owner.replicas)
    sample('kube_deployment_status_replicas_available', labels, endpoints(world, owner).length)
  }
  for (const { service, status, total } of traffic?.counts.values() ?? [])
    sample(
      'nginx_ingress_controller_requests',
      { exported_service: service, ingress: 'public', instance: 'ingress-nginx:10254', job: 'ingress-nginx', status: String(status) },
      total,
    )
  if (redis)
    sample(
      'redis_up',
      { instance: `redis://${redis.name}:${redis.port}`, job: 'redis-exporter' },
      podsOf(world, redis).some((pod) => pod.ready && answers(world, pod)) ? 1 : 0,
    )
  if (postgres) {
    const labels = { instance: `${postgres.name}:9187`, job: 'postgres-exporter' }
    const down = postgres.down?.() === true
    sample('pg_up', labels, down ? 0 : 1)
    if (!down) sample('pg_settings_max_connections', labels, postgres.maxConnections)
    for (const state of down ? [] : (['active', 'idle'] as const))
      sample('pg_stat_activity_count', { ...labels, datname: postgres.database, state }, postgres.sessions[state])
  }
}

interface Pending {
  readonly labels: Readonly<Record<string, string>>
  readonly sinceMs: number
  firedMs: number | null
}

const evaluate = (world: World, rules: readonly AlertRule[], pending: Map<string, Pending>): void => {
  const now = world.agenda.now
  for (const rule of rules) {
    const active = new Map(rule.active(world).map((labels) => [`${rule.alertname}${JSON.stringify(labels)}`, labels]))
    for (const [key, labels] of active) {
      const known = pending.get(key) ?? { labels: { alertname: rule.alertname, ...labels, severity: rule.severity }, sinceMs: now, firedMs: null }
      pending.set(key, known)
      if (known.firedMs === null && now - known.sinceMs >= rule.forMs) {
        known.firedMs = now
        world.record.note('alert', rule.alertname, now)
        // Alertmanager waits group_wait (30 s) before it tells the first of a group.
        world.record.notifications.push({ ms: now + 30 * SECOND, labels: known.labels, summary: rule.summary, startsMs: now, endsMs: null })
      }
      world.record.sample('ALERTS', { ...known.labels, alertstate: known.firedMs === null ? 'pending' : 'firing' }, now, 1)
    }
    for (const [key, known] of pending)
      if (key.startsWith(`${rule.alertname}{`) && !active.has(key)) {
        pending.delete(key)
        if (known.firedMs !== null)
          world.record.notifications.push({ ms: now + 60 * SECOND, labels: known.labels, summary: rule.summary, startsMs: known.firedMs, endsMs: now })
      }
  }
}

export const runMonitoring = (world: World, monitored: Monitored): void => {
  const pending = new Map<string, Pending>()
  world.agenda.every(
    monitored.everyMs ?? SCRAPE_MS,
    () => {
      if (monitored.paused?.() === true) return true
      scrape(world, monitored)
      evaluate(world, monitored.rules, pending)
      return true
    },
    0,
  )
}

/** The share of 5xx among a service's answers of the last five minutes. */
export const errorRatio = (traffic: Traffic, windowMs: number, threshold: number): AlertRule['active'] => {
  const history: { ms: number; counts: Map<string, [all: number, bad: number]> }[] = []
  return (world) => {
    const now = world.agenda.now
    const counts = new Map<string, [number, number]>()
    for (const { service, status, total } of traffic.counts.values()) {
      const [all, bad] = counts.get(service) ?? [0, 0]
      counts.set(service, [all + total, bad + (status >= 500 ? total : 0)])
    }
    history.push({ ms: now, counts })
    while (history[0] && history[0].ms < now - windowMs) history.shift()
    const then = history[0]?.counts
    return [...counts].flatMap(([service, [all, bad]]) => {
      const [allThen, badThen] = then?.get(service) ?? [0, 0]
      return all > allThen && (bad - badThen) / (all - allThen) > threshold ? [{ exported_service: service, ingress: 'public' }] : []
    })
  }
}

/** Of kube-prometheus' rules for Kubernetes, there after 15 minutes. */
export const nodeNotReady = (minutes = 15): AlertRule => ({
  alertname: 'KubeNodeNotReady',
  severity: 'warning',
  forMs: minutes * MINUTE,
  summary: `Node has been unready for more than ${minutes} minutes.`,
  active: (world) => world.nodes.filter((node) => node.ready !== 'True').map((node) => ({ condition: 'Ready', node: node.name, status: 'true' })),
})

export const manyErrors = (traffic: Traffic, percent: number, alertname = 'HighErrorRate'): AlertRule => ({
  alertname,
  severity: 'critical',
  forMs: 5 * MINUTE,
  summary: `More than ${percent} % of requests fail`,
  active: errorRatio(traffic, 5 * MINUTE, percent / 100),
})
