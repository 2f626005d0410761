/** Users, the ingress in front of the services, and what the services log of it. Access lines in ingress-nginx' own format (upstreaminfo). */
import { nginxStamp } from '../core/stamps.js'
import { answers, endpoints, instant, nodeOf, SECOND, type Pod, type Workload, type World } from './world.js'

export interface Route {
  readonly service: Workload
  readonly weight: number
  readonly paths: readonly [string, ...string[]]
  readonly typicalMs: number
  /** A backend that every request needs; without it the service answers 500. */
  readonly needs?: Workload
  /** A service that logs by itself: what a request comes to, where it is not 200 after its usual time. */
  readonly answer?: (pod: Pod) => { readonly status: number; readonly seconds: number } | undefined
}

export interface Traffic {
  readonly host: string
  readonly routes: readonly [Route, ...Route[]]
  /** Requests a second. */
  rate(nowMs: number): number
  /** What the proxy takes for its backends, where it does not hear of changes any more. */
  readonly backends?: (service: Workload) => readonly Pod[]
  /** Backends that are tried for one request, where they are not three (proxy_next_upstream off: one). */
  readonly tries?: number
  /** Its program runs, but no request gets there. */
  readonly cutOff?: (pod: Pod) => boolean
  /** Answers by service and status, since the start; monitoring reads them. */
  readonly counts: Map<string, { service: string; status: number; total: number }>
}

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
] as const

/** A few offices' and providers' addresses (RFC 5737). */
const CLIENTS = [
  '192.0.2.17',
  '192.0.2.44',
  '192.0.2.203',
  '198.51.100.9',
  '198.51.100.61',
  '198.51.100.190',
  '203.0.113.5',
  '203.0.113.77',
  '203.0.113.142',
] as const

/** nginx' own pages: 503 and 502 have 190 and 150 bytes, 504 has 160. */
const ERROR_PAGE: Readonly<Record<number, number>> = { 502: 150, 503: 190, 504: 160, 500: 67 }

const TRIES = 3
const CONNECT_TIMEOUT_S = 5

interface Answer {
  readonly status: number
  readonly seconds: number
  readonly upstreams: readonly { readonly addr: string; readonly seconds: number; readonly status: string; readonly length: number }[]
}

const appLog = (world: World, pod: Pod, level: string, message: string): void =>
  world.record.pod(pod, instant(world), JSON.stringify({ level, message, timestamp: new Date(Math.floor(world.agenda.now)).toISOString() }))

const ask = (world: World, route: Route, { backends: believed, cutOff, tries: allowed = TRIES }: Traffic): Answer => {
  const { random } = world
  const backends = believed?.(route.service) ?? endpoints(world, route.service)
  if (backends.length === 0) return { status: 503, seconds: 0, upstreams: [] }
  const upstreams: { addr: string; seconds: number; status: string; length: number }[] = []
  const tries = backends.map((pod) => ({ pod, order: random.next() })).sort((a, b) => a.order - b.order)
  for (const { pod } of tries.slice(0, allowed)) {
    const addr = `${pod.ip}:${pod.workload.port}`
    if (!answers(world, pod) || cutOff?.(pod) === true) {
      upstreams.push({ addr, seconds: CONNECT_TIMEOUT_S + random.between(0, 0.002), status: '504', length: 0 })
      continue
    }
    const demand = nodeOf(world, pod)?.meters.demand ?? 0
    const busy = demand > 0.9 ? 1 + (demand - 0.9) * 7 : 1
    const seconds = (route.typicalMs / 1000) * random.between(0.5, 1.7) * busy
    if (route.needs && !endpoints(world, route.needs).some((need) => answers(world, need))) {
      const address = endpoints(world, route.needs)[0]?.ip ?? '10.96.41.7'
      appLog(world, pod, 'error', `session lookup failed: connect ETIMEDOUT ${address}:${route.needs.port}`)
      return { status: 500, seconds: 3 + seconds, upstreams: [...upstreams, { addr, seconds: 3 + seconds, status: '500', length: 67 }] }
    }
    const own = route.answer?.(pod)
    if (own) return { ...own, upstreams: [...upstreams, { addr, seconds: own.seconds, status: String(own.status), length: ERROR_PAGE[own.status] ?? 200 }] }
    if (random.chance(0.02) && !route.answer) appLog(world, pod, 'info', `slowest handler of the last minute took ${Math.round(seconds * 1000)} ms`)
    return { status: 200, seconds, upstreams: [...upstreams, { addr, seconds, status: '200', length: random.int(900, 48_000) }] }
  }
  return { status: 504, seconds: upstreams.reduce((sum, { seconds }) => sum + seconds, 0), upstreams }
}

const accessLine = (world: World, traffic: Traffic, route: Route, answer: Answer): string => {
  const { random } = world
  const { upstreams, status } = answer
  const list = (of: (u: Answer['upstreams'][number]) => string): string => (upstreams.length === 0 ? '-' : upstreams.map(of).join(', '))
  const client = random.pick(CLIENTS)
  const bytes = ERROR_PAGE[status] ?? upstreams.at(-1)?.length ?? 0
  const took = answer.seconds.toFixed(3)
  const request = `GET ${random.pick(route.paths).replace('#', String(random.int(1, 4000)))} HTTP/2.0`
  return (
    `${client} - - [${nginxStamp(world.agenda.now + answer.seconds * 1000)}] "${request}" ${status} ${bytes} "https://${traffic.host}/" "${random.pick(AGENTS)}" ` +
    `${random.int(300, 900)} ${took} [${route.service.namespace}-${route.service.name}-http] [] ${list((u) => u.addr)} ${list((u) => String(u.length))} ` +
    `${list((u) => u.seconds.toFixed(3))} ${list((u) => u.status)} ${random.hex(32)}`
  )
}

/** A tenth of a second at a time; every request is one line. */
export const runTraffic = (world: World, traffic: Traffic): void => {
  const total = traffic.routes.reduce((sum, { weight }) => sum + weight, 0)
  const tenth = (): boolean => {
    if (!world.random.chance(traffic.rate(world.agenda.now) / 10)) return true
    let drawn = world.random.next() * total
    const route = traffic.routes.find(({ weight }) => (drawn -= weight) < 0) ?? traffic.routes[0]
    const answer = ask(world, route, traffic)
    const { name } = route.service
    world.record.file('ingress/access.log', world.agenda.now + answer.seconds * SECOND, accessLine(world, traffic, route, answer))
    if (answer.status >= 500) world.record.note('errors', name, world.agenda.now)
    if (answer.status === 503) world.record.note('unavailable', name, world.agenda.now)
    const key = `${name} ${answer.status}`
    const count = traffic.counts.get(key) ?? { service: name, status: answer.status, total: 0 }
    count.total++
    traffic.counts.set(key, count)
    return true
  }
  world.agenda.every(100, tenth, world.random.between(0, 100))
}
