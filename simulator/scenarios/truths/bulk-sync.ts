/** What truly happened in bulk-sync, from the model's own notes. */
import type { World } from '../../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../../truth.js'

export const bulkSyncTruth = (world: World, { namespace, site, bot, node: name }: { namespace: string; site: string; bot: string; node: string }): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const node = `^node/${literally(name)}$`
  const server = `^(postgres/|(pod|workload|service)/(${namespace}|-)/postgres(-|$))`
  const gapMs = firstNote(notes, 'gap') ?? 0
  const killedMs = firstNote(notes, 'oom', name)
  const deployed = step('deployed', ['change.deployed'], ofWorkload(namespace, bot), firstNote(notes, 'rollout', bot), 60)
  const grows = step('grows', ['pod.memory-growing'], ofWorkload(namespace, site), firstNote(notes, 'sync'), 180)
  const throttled = step('throttled', ['pod.cpu-throttled', 'pod.cpu-hungry'], ofWorkload(namespace, site), firstNote(notes, 'sync'), 120)
  const killed = step('killed', ['node.oom-kill'], node, killedMs, 30)
  const backend = step('backend-killed', ['postgres.backend-killed', 'postgres.crashed'], server, firstNote(notes, 'backend-killed'), 30)
  const recovering = step('recovering', ['postgres.recovering'], server, firstNote(notes, 'recovering'), 30)
  const down = step('site-fails', ['service.errors', 'app.errors'], ofWorkload(namespace, site), killedMs, 90)
  const deaf = step('bot-fails', ['app.errors'], ofWorkload(namespace, bot), killedMs, 90)
  step('alert', ['alert.fired'], '.', firstNote(notes, 'alert', 'PostgresDown'), 45)
  link(deployed, grows)
  link(deployed, throttled)
  link(grows, killed)
  link(killed, backend)
  link(backend, recovering)
  link(backend, down)
  link(backend, deaf)
  return {
    case: 'bulk-sync',
    expect: 'incident',
    steps,
    edges,
    roots: ['deployed', 'grows'],
    decoys: [
      { kinds: ['change.deployed', 'change.scaled'], entity: '/docs(-|$)' },
      {
        kinds: [
          'node.network-lost',
          'node.heartbeat-missed',
          'node.not-ready',
          'service.unreachable',
          'metric.anomalous',
          'node.rebooted',
          'node.kernel-panic',
        ],
        entity: '.',
        start: iso(gapMs),
        tolerance: 480,
      },
      { kinds: ['postgres.autovacuum', 'postgres.lock-pileup', 'postgres.connections-saturated', 'node.cpu-saturated', 'node.disk-full'], entity: '.' },
    ],
    related: [
      { kinds: ['change.deployed', 'change.scaled', 'pod.unready', 'pod.rescheduled'], entity: `/${namespace}/(${site}|${bot})` },
      { kinds: ['pod.memory-growing', 'pod.cpu-throttled', 'pod.cpu-hungry', 'pod.oom-killed', 'workload.no-limits', 'workload.colocated'], entity: '.' },
      { kinds: ['node.memory-exhausted', 'node.oom-kill'], entity: node },
      { kinds: ['postgres.crashed', 'postgres.backend-killed', 'postgres.recovering', 'postgres.slow-queries'], entity: '.' },
      { kinds: ['service.errors', 'service.slow', 'service.unreachable', 'app.errors', 'alert.fired', 'metric.anomalous'], entity: '.' },
    ],
    // The gap in the node's metrics may be told as an incident of its own.
    allowedExtraIncidents: 1,
    options: [],
    narrative:
      `${bot} is rolled out at ${iso(firstNote(notes, 'rollout', bot) ?? 0)} and sends ${site} all users in one request from ${iso(firstNote(notes, 'sync') ?? 0)} on. ${site} grows to 1.5 GB, at its CPU limit; ${name} runs out of memory and the kernel kills a Postgres backend at ${iso(killedMs ?? 0)}. ` +
      `Postgres ends all sessions, recovers and lets clients in again at ${iso(firstNote(notes, 'accepting') ?? 0)}. The missing metrics of ${name} from ${iso(gapMs)} on are another matter.`,
  }
}
