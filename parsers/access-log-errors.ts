/**
 * What proxies say about their backends: nginx's error log, HAProxy's health checks.
 * https://nginx.org/en/docs/ngx_core_module.html#error_log · https://docs.haproxy.org/2.8/management.html
 */
import { loadbalancer } from '../src/model/entity.js'
import type { Basis, Stamp } from '../src/model/extract.js'
import type { Envelope, Sink } from '../src/model/format.js'
import { found, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { causeOf } from './text-causes.js'

/** 2026/11/21 08:18:01 [error] 12#12: *3 …: behind the level; -1 where the line is none. Sets `found`. */
export const readErrorHead = (bytes: Buffer, start: number, end: number): number => {
  if (bytes[start + 4] !== 47 || bytes[start + 20] !== 91) return -1
  const stop = readIso(bytes, start, end)
  if (stop !== start + 19) return -1
  const close = bytes.indexOf(93, stop)
  if (close < 0 || close - stop > 9 || close >= end) return -1
  // pid#tid: tells nginx from others that write so.
  const hash = bytes.indexOf(35, close)
  return hash < 0 || hash - close > 12 || hash >= end ? -1 : close + 1
}

type Reason = 'refused' | 'timeout' | 'reset' | 'no-route' | 'no-live-upstreams' | 'closed'

const REASONS: readonly (readonly [says: string, reason: Reason])[] = [
  ['no live upstreams', 'no-live-upstreams'],
  ['Connection refused', 'refused'],
  ['upstream timed out', 'timeout'],
  ['Connection timed out', 'timeout'],
  ['No route to host', 'no-route'],
  ['Host is unreachable', 'no-route'],
  ['Network is unreachable', 'no-route'],
  ['upstream prematurely closed connection', 'closed'],
  ['Connection reset by peer) while', 'reset'],
]

const BACKEND = /upstream: "(?:\w{1,10}:\/\/)?([^/"]{1,253})/
const UNRESOLVED = /([\w.-]{1,253}) could not be resolved|host not found in upstream "([\w.-]{1,253})/

/** Errors of the client's own making, a missing file, a closed connection are no signal; a backend that fails is. */
export const sayNginxError = (sink: Sink, bytes: Buffer, start: number, body: number, end: number, host: string | null, at: Stamp): void => {
  const level = bytes[start + 21]
  if (level !== 101 && level !== 99 && level !== 97) return // error and emerg, crit, alert
  const text = decode(bytes, start, Math.min(end, start + 4_096))
  const message = text.slice(body - start)
  const entity = loadbalancer(host ?? 'nginx')
  const unresolved = UNRESOLVED.exec(message)
  if (unresolved !== null) {
    const name = unresolved[1] ?? unresolved[2] ?? '-'
    return sink.signal({ kind: 'network.dns-failure', entity, at, text, burst: name, attributes: { name } })
  }
  if (message.includes('upstream')) {
    const reason = REASONS.find(([says]) => message.includes(says))?.[1]
    if (reason === undefined) return
    const backend = BACKEND.exec(message)?.[1] ?? '-'
    // It was connected, and asked: a backend that takes too long is there.
    if (reason === 'timeout' && !message.includes('while connecting to upstream'))
      return sink.signal({ kind: 'log.error', entity, at, text, burst: `${backend} slow`, attributes: { app: 'nginx', reason, backend } })
    return sink.signal({ kind: 'loadbalancer.backends-down', entity, at, text, burst: `${backend} ${reason}`, attributes: { backend, reason } })
  }
  const { reason } = causeOf(message)
  if (level !== 101 || bytes[start + 22] === 109 || reason === 'disk-full' || reason === 'oom')
    sink.signal({ kind: 'log.error', entity, at, text, burst: reason, attributes: { app: 'nginx', reason } })
}

const SERVER = /(?:^|[\s:])(?:\[[A-Z]+\] +\([^)]{0,20}\) ?: ?)?(?:Backup )?Server ([\w.:-]{1,120}\/[\w.:-]{1,120}) is (DOWN|UP)\b/
const EMPTY = /(?:backend|proxy) '?([\w.:-]{1,120})'? has no server available/

export interface HealthChecks {
  /** A line about a server's state; false where it is none. */
  line(bytes: Buffer, start: number, end: number, envelope: Envelope | null, ms: number, basis: Basis): boolean
}

/** Several servers may be down: the condition opens with the first and closes with the last. */
export const healthChecks = (sink: Sink): HealthChecks => {
  const down = new Set<string>()
  return {
    line(bytes, start, end, envelope, ms, basis) {
      const text = decode(bytes, start, Math.min(end, start + 1_024))
      const at: Stamp = { ms, basis }
      const entity = loadbalancer(envelope?.host ?? 'haproxy')
      const empty = EMPTY.exec(text)
      if (empty !== null) {
        const backend = empty[1] ?? '-'
        sink.signal({ kind: 'loadbalancer.backends-down', entity, at, text, burst: backend, attributes: { backend, reason: 'no-live-upstreams' } })
        return true
      }
      const match = SERVER.exec(text)
      if (match === null) return false
      const backend = match[1] ?? '-'
      if (match[2] === 'DOWN') {
        const first = down.size === 0
        if (down.size < 1_000) down.add(backend)
        sink.signal({
          kind: 'loadbalancer.backends-down',
          entity,
          phase: first ? 'begin' : 'point',
          at,
          text,
          burst: backend,
          attributes: { backend, reason: 'health-check' },
        })
      } else if (down.delete(backend) && down.size === 0) {
        sink.signal({ kind: 'loadbalancer.backends-down', entity, phase: 'end', at, text, burst: backend, attributes: { backend } })
      }
      return true
    },
  }
}

export const foundStamp = (): Stamp => ({ ms: found.ms, basis: found.basis })
