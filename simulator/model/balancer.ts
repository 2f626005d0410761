/** A load balancer outside of the cluster, whose health checks fail for reasons of its own. Lines as HAProxy writes them to syslog (management guide, 8). */
import { journalStamp } from '../core/stamps.js'
import { SECOND, type World } from './world.js'

export interface Balancer {
  /** Whether it has a server left for this port. */
  serves(port: 80 | 443): boolean
}

interface Server {
  readonly backend: string
  readonly name: string
  up: boolean
}

/** syslog's own stamp: whole seconds, the day padded with a blank. */
const syslogStamp = (ms: number): string =>
  journalStamp(ms)
    .slice(0, 15)
    .replace(/ 0(\d) /u, '  $1 ')

export const flappingBalancer = (world: World, host: string, nodes: readonly string[], fromMs: number, untilMs: number): Balancer => {
  const random = world.random.fork('balancer')
  const pid = random.int(300, 9000)
  const servers: Server[] = (['80', '443'] as const).flatMap((port) => nodes.map((name) => ({ backend: `nodeport-${port}`, name, up: true })))
  const say = (text: string): void =>
    world.record.file(
      'loadbalancer/haproxy.log',
      world.agenda.now + random.between(0, 900),
      `${syslogStamp(world.agenda.now)} ${host} haproxy[${pid}]: ${text}`,
    )
  const left = (backend: string): number => servers.filter((server) => server.backend === backend && server.up).length
  const turn = (server: Server, up: boolean): void => {
    if (server.up === up) return
    server.up = up
    const n = left(server.backend)
    if (up)
      say(
        `Server ${server.backend}/${server.name} is UP, reason: Layer4 check passed, check duration: ${random.int(0, 3)}ms. ${n} active and 0 backup servers online. 0 sessions requeued, 0 total in queue.`,
      )
    else {
      world.record.note('server-down', server.backend, world.agenda.now)
      say(
        `Server ${server.backend}/${server.name} is DOWN, reason: Layer4 timeout, check duration: 500${random.int(0, 2)}ms. ${n} active and 0 backup servers left. ${random.int(0, 4)} sessions active, 0 requeued, 0 remaining in queue.`,
      )
      if (n === 0) say(`backend ${server.backend} has no server available!`)
    }
  }
  const flap = (server: Server): void => {
    if (world.agenda.now >= untilMs) {
      turn(server, true)
      return
    }
    turn(server, !server.up)
    world.agenda.after((server.up ? random.between(9, 35) : random.between(70, 260)) * SECOND, () => flap(server))
  }
  for (const server of servers) world.agenda.at(fromMs + random.between(0, 25) * SECOND, () => flap(server))
  return { serves: (port) => left(`nodeport-${port}`) > 0 }
}
