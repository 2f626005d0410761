/**
 * A day on which much happens and nothing is wrong: a rollout, a drained node that is restarted and comes back, a wave of batch jobs
 * that uses the idle cores, an autoscaler at work, vacuums, a slow statement now and then. Whoever finds an incident here invents it.
 */
import { runMonitoring } from '../model/monitoring.js'
import { drain, restartMachine, rollOut, runJob, scaleUp, uncordon } from '../model/operations.js'
import { autovacuum, runPostgres, type Postgres } from '../model/postgres.js'
import { runTraffic, type Traffic } from '../model/traffic.js'
import { GIB, MIB, MINUTE, workload } from '../model/world.js'
import { minutesIn, morning, newWorld, seeded, settle, start, type Scenario } from './scenario.js'

export const quietDay: Scenario = (seed) => {
  const random = seeded('quiet-day', seed)
  const team = random.pick(['orders', 'billing', 'learn', 'maps'] as const)
  const world = newWorld(
    random,
    morning(random),
    70,
    [1, 2, 3, 4].map((n) => ({ name: `${team}-w${n}`, ip: `172.18.4.${30 + n}`, cores: 4, memoryBytes: 16 * GIB })),
  )
  const [one, two, three, four] = world.nodes
  if (!one || !two || !three || !four) throw new Error('four nodes')
  const at = minutesIn(world)

  const plain = (name: string, cores: number, mib: number, request: number): Parameters<typeof workload>[1] => ({
    namespace: team,
    name,
    image: `registry.example.org/${team}/${name}:${random.int(1, 9)}.${random.int(0, 30)}.0`,
    requests: { cpu: request, memory: mib * MIB },
    limits: { memory: 3 * mib * MIB },
    cpu: () => cores,
    memory: () => mib * MIB * 0.85,
  })
  const agent = workload(random, { ...plain('node-agent', 0.03, 64, 0.05), namespace: 'kube-system', kind: 'DaemonSet' })
  const web = workload(random, { ...plain('web', 0.3, 220, 0.3), replicas: 3, antiAffinity: true })
  const api = workload(random, { ...plain('api', 0.4, 300, 0.4), replicas: 3, antiAffinity: true })
  const cache = workload(random, { ...plain('redis', 0.1, 200, 0.1), port: 6379 })
  const ingress = workload(random, { ...plain('ingress-nginx-controller', 0.15, 180, 0.3), namespace: 'ingress-nginx' })
  const prometheus = workload(random, { ...plain('prometheus', 0.3, 1700, 0.6), namespace: 'monitoring' })
  settle(world, agent, world.nodes)
  settle(world, web, [one, two, three])
  settle(world, api, [one, two, four])
  settle(world, cache, [four])
  settle(world, ingress, [four])
  settle(world, prometheus, [four])

  const traffic: Traffic = {
    host: `${team}.example.org`,
    rate: () => 0.7,
    counts: new Map(),
    routes: [
      { service: web, weight: 60, paths: ['/', '/list', '/item/#'], typicalMs: 70 },
      { service: api, weight: 40, paths: ['/v2/items/#', '/v2/search?q=#'], typicalMs: 35, needs: cache },
    ],
  }
  const postgres: Postgres = { name: 'pg-main', database: team, maxConnections: 150, sessions: { active: 3, idle: 30 } }
  runPostgres(world, postgres)
  runTraffic(world, traffic)
  runMonitoring(world, { traffic, postgres, redis: cache, rules: [] })
  start(world)

  at(11, () => rollOut(world, api, { image: api.image.replace(/0$/, '1') }))
  at(20, () => drain(world, three))
  at(23, () => restartMachine(world, three))
  at(29, () => uncordon(world, three))
  at(33, () => autovacuum(world, postgres, 'events', 71))
  at(36, () => scaleUp(world, web, 4))
  // A CronJob's Job is named after its minute since the epoch.
  const report = { ...plain(`report-${Math.floor(world.startMs / MINUTE) + 42}`, 1.4, 500, 0.5), kind: 'Job' as const }
  at(42, () => runJob(world, workload(random, report), 6, 10 * MINUTE))
  world.agenda.runUntil(world.endMs)
  return {
    world,
    layout: { nodeLogs: 'journal', metrics: 'query_range', files: ['ingress/', 'postgres/'], podLogs: ['web', 'api'] },
    truth: {
      case: 'quiet-day',
      expect: 'none',
      steps: [],
      edges: [],
      roots: [],
      decoys: [],
      related: [],
      allowedExtraIncidents: 0,
      options: [],
      narrative: 'A rollout, a planned drain and restart, a wave of batch jobs, an autoscaler, vacuums. Nobody noticed anything, since nothing was wrong.',
    },
  }
}
