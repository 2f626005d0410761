/**
 * Access logs as JSON lines, whose keys everyone chooses: nginx's and ingress-nginx's variables, Envoy and Istio, Traefik, Caddy.
 * https://doc.traefik.io/traefik/observe/logs-and-access-logs/ · https://istio.io/latest/docs/tasks/observability/logs/access-log/
 * https://caddyserver.com/docs/caddyfile/directives/log
 */
import { found } from '../src/read/stamps.js'
import { hit, type ServiceForm } from './access-log-lines.js'
import { hashOf } from './levels.js'
import { walkJson } from './logfmt.js'
import { readStamp } from './text-stamps.js'

const TIME = 1
const STATUS = 2
const SECONDS = 3
const MILLIS = 4
const NANOS = 5
const REQUEST = 6
const FLAGS = 7
const UPSTREAM = 8
const INGRESS = 9
const HOST = 10
const CLUSTER = 11
const ROUTER = 12

const ROLES: ReadonlyMap<number, number> = new Map(
  (
    [
      [TIME, 'time timestamp @timestamp ts time_local time_iso8601 start_time startutc startlocal msec date datetime'],
      [STATUS, 'status response_code downstreamstatus http_status status_code response.status'],
      [SECONDS, 'request_time request_duration_s'],
      [MILLIS, 'duration_ms response_time_ms latency_ms'],
      [NANOS, 'duration'],
      [REQUEST, 'request request_uri uri path method request_method requestpath requestmethod request.uri request.method'],
      [FLAGS, 'response_flags'],
      [UPSTREAM, 'upstream_host upstream_addr serviceaddr'],
      [INGRESS, 'proxy_upstream_name servicename'],
      [HOST, 'host http_host authority vhost server_name request.host requesthost'],
      [CLUSTER, 'upstream_cluster'],
      [ROUTER, 'routername'],
    ] as const
  ).flatMap(([role, keys]) => keys.split(' ').map((key): [number, number] => [hashOf(key), role])),
)

const starts = new Int32Array(13)
const ends = new Int32Array(13)

const give = (key: number, start: number, end: number): void => {
  const role = ROLES.get(key)
  if (role === undefined || (starts[role] ?? 0) >= 0 || end <= start) return
  starts[role] = start
  ends[role] = end
}

const numberOf = (bytes: Buffer, role: number): number => {
  const start = starts[role] ?? -1
  const end = ends[role] ?? -1
  return start < 0 || end - start > 20 ? NaN : Number(bytes.toString('latin1', start, end))
}

/** How a name counts, most telling first. Envoy's own clusters say more than the host that the client asked for. */
const NAMED: readonly (readonly [role: number, form: ServiceForm])[] = [
  [INGRESS, 'ingress'],
  [CLUSTER, 'cluster'],
  [ROUTER, 'router'],
  [HOST, 'host'],
]

/** Reads a JSON line into `hit`; false where it is no request with a status. */
export const readAccessJson = (bytes: Buffer, start: number, end: number): boolean => {
  starts.fill(-1)
  walkJson(bytes, start, end, give)
  if ((starts[STATUS] ?? -1) < 0 || (starts[REQUEST] ?? -1) < 0) return false
  const status = numberOf(bytes, STATUS)
  const cut = status === 0 && (starts[FLAGS] ?? -1) >= 0 // Envoy: the client went away
  if (!cut && !(status >= 100 && status < 600)) return false
  hit.status = cut ? 499 : status
  hit.ms = NaN
  const time = starts[TIME] ?? -1
  if (time >= 0 && readStamp(bytes, time, ends[TIME] ?? time) >= 0) {
    hit.ms = found.ms
    hit.basis = found.basis
  }
  const duration = numberOf(bytes, NANOS)
  const millis = numberOf(bytes, MILLIS)
  // 'duration' is milliseconds in Envoy, nanoseconds in Traefik, seconds with a fraction in Caddy.
  const fromDuration =
    (starts[FLAGS] ?? -1) >= 0
      ? duration / 1e3
      : Number.isInteger(duration) && duration >= 1e5
        ? duration / 1e9
        : Number.isInteger(duration)
          ? duration / 1e3
          : duration
  const seconds = numberOf(bytes, SECONDS)
  hit.seconds = Number.isNaN(seconds) ? (Number.isNaN(millis) ? fromDuration : millis / 1e3) : seconds
  hit.form = 'none'
  for (const [role, form] of NAMED) {
    const from = starts[role] ?? -1
    const to = ends[role] ?? -1
    if (from < 0 || (to - from === 1 && bytes[from] === 45)) continue
    hit.form = form
    hit.serviceStart = from
    hit.serviceEnd = to
    break
  }
  const flagged = (starts[FLAGS] ?? -1) >= 0 && !((ends[FLAGS] ?? 0) - (starts[FLAGS] ?? 0) === 1)
  hit.flagsStart = flagged ? (starts[FLAGS] ?? -1) : -1
  hit.flagsEnd = ends[FLAGS] ?? -1
  hit.upstreamStart = starts[UPSTREAM] ?? -1
  hit.upstreamEnd = ends[UPSTREAM] ?? -1
  return true
}
