/** What truly happened in lock-and-volume, from the model's own notes. */
import { MINUTE, type World } from '../../model/world.js'
import { firstNote, iso, literally, ofWorkload, story, type Truth } from '../../truth.js'

export const lockAndVolumeTruth = (world: World, namespace: string, site: string, bot: string, name: string): Truth => {
  const { notes } = world.record
  const { steps, edges, step, link } = story()
  const node = `^node/${literally(name)}$`
  const of = (what: string): string => `^(${what}/|(pod|workload|service)/(${namespace}|-)/${what}(-|$))`
  const note = (what: string, on?: string): number | undefined => firstNote(notes, what, on)
  const locks = step('locks', ['postgres.lock-pileup'], of('postgres'), note('lock-wait'), 60)
  const rising = step('rising', ['postgres.connections-rising'], of('postgres'), note('lock-wait'), 150)
  const full = step('saturated', ['postgres.connections-saturated'], of('postgres'), note('refused'), 75)
  const waitedMs = note('lock-wait')
  const down = step('site-hangs', ['service.errors', 'service.slow'], ofWorkload(namespace, site), waitedMs === undefined ? undefined : waitedMs + MINUTE, 90)
  const refused = step('site-refused', ['app.errors', 'service.errors'], ofWorkload(namespace, site), note('refused'), 90)
  const busy = step(
    'cpu',
    ['node.cpu-saturated', 'pod.cpu-hungry'],
    `^(node/${literally(name)}|(pod|workload)/${namespace}/postgres(-.*)?)$`,
    note('saturated', name),
    180,
  )
  const lost = step('not-ready', ['node.not-ready'], node, note('notready', name), 60)
  const recycled = step('recycled', ['action.drain', 'action.cordon', 'change.node-removed'], node, note('removed', name), 90)
  const stuck = step('volumes', ['pod.volume-mount-failed'], `^((pod|workload)/${namespace}/redis|volume/)`, note('volume', 'redis'), 240)
  // Redis is lost with its node; that it stays away is the volume's doing.
  const cache = step('redis-down', ['workload.unavailable', 'redis.down', 'workload.degraded'], of('redis'), note('notready', name), 60)
  const deaf = step('bot-down', ['pod.crash-looping', 'workload.unavailable', 'app.errors', 'pod.unready'], ofWorkload(namespace, bot), note('bot-fails'), 120)
  step('alert', ['alert.fired'], '.', note('alert', 'PostgresConnectionsSaturated'), 60)
  const chain = [locks, rising, full]
  chain.forEach((one, i) => link(one, chain[i + 1]))
  link(locks, down)
  link(full, refused)
  link(locks, busy)
  link(busy, lost)
  link(lost, recycled)
  link(recycled, stuck)
  link(lost, cache)
  link(stuck, deaf)
  return {
    case: 'lock-and-volume',
    expect: 'incident',
    steps,
    edges,
    roots: ['locks', 'rising'],
    decoys: [
      { kinds: ['change.deployed', 'change.scaled'], entity: '/docs(-|$)' },
      {
        kinds: [
          'node.memory-exhausted',
          'node.disk-full',
          'node.network-lost',
          'node.kernel-panic',
          'network.dns-failure',
          'postgres.autovacuum',
          'postgres.disk-full',
        ],
        entity: '.',
      },
    ],
    related: [
      {
        kinds: [
          'postgres.lock-pileup',
          'postgres.connections-rising',
          'postgres.connections-saturated',
          'postgres.crashed',
          'postgres.recovering',
          'postgres.slow-queries',
        ],
        entity: '.',
      },
      {
        kinds: [
          'node.cpu-saturated',
          'node.heartbeat-missed',
          'node.not-ready',
          'node.runtime-down',
          'node.kernel-panic',
          'action.cordon',
          'action.drain',
          'change.node-removed',
          'change.node-added',
        ],
        entity: '.',
      },
      {
        kinds: [
          'pod.evicted',
          'pod.rescheduled',
          'pod.stuck',
          'pod.unready',
          'pod.volume-mount-failed',
          'pod.cpu-hungry',
          'pod.crash-looping',
          'action.pod-deleted',
        ],
        entity: '.',
      },
      { kinds: ['workload.unavailable', 'workload.degraded', 'workload.colocated', 'workload.no-limits', 'redis.down'], entity: '.' },
      { kinds: ['service.errors', 'service.slow', 'service.unreachable', 'app.errors', 'alert.fired', 'metric.anomalous'], entity: '.' },
    ],
    allowedExtraIncidents: 1,
    options: [],
    narrative:
      `From ${iso(note('lock-wait') ?? 0)} on requests of ${site} wait for a lock that one of them holds, each in a session of its own; at ${iso(note('refused') ?? 0)} all 115 are taken and ${name} is out of CPU. NotReady at ${iso(note('notready', name) ?? 0)}, its machine is deleted at ${iso(note('removed', name) ?? 0)} and replaced. ` +
      `Its volumes stay attached to the machine that is gone: Postgres waits until ${iso(note('accepting') ?? 0)}, Redis until ${iso(note('released', 'redis') ?? 0)}; ${bot}, which starts anew at ${iso(note('bot-fails') ?? 0)}, cannot without Redis.`,
  }
}
