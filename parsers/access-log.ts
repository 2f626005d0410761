/**
 * Access logs of web servers and proxies, and what these say about their backends. Statuses are found in the bytes; only requests that failed
 * are decoded. The lines: access-log-lines.ts and access-log-json.ts; errors and health checks: access-log-errors.ts.
 */
import { loadbalancer } from '../src/model/entity.js'
import type { Basis, Stamp } from '../src/model/extract.js'
import type { InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { foundStamp, healthChecks, readErrorHead, sayNginxError } from './access-log-errors.js'
import { readFields, readStarted } from './access-log-fields.js'
import { readAccessJson } from './access-log-json.js'
import { hit, readAccess } from './access-log-lines.js'
import { servicesOf, trafficOf } from './access-log-services.js'
import { causeOf } from './text-causes.js'
import { composePrefix } from './text-shapes.js'
import { findStamp, readHeadStamp } from './text-stamps.js'

const HEALTH = Buffer.from('Server ')
const NO_SERVER = Buffer.from('has no server available')

const isAccess = (bytes: Buffer, start: number, end: number): boolean =>
  bytes[start] === 123 ? readAccessJson(bytes, start, end) : readAccess(bytes, start, end) || readFields(bytes, start, end)

const mentions = (bytes: Buffer, start: number, end: number, words: Buffer): boolean => bytes.subarray(start, Math.min(end, start + 400)).includes(words)

/** Envoy: no healthy upstream, upstream connection failure, retries of those used up, failed health check; an overflow (UO) is its own limit. HAProxy: no server. */
const BACKENDS_FLAG = /^(?:<NOSRV>|.*\b(?:UH|UF|URX|LH)\b)/

const ERROR_FIELD = /\s(?:error|err|exception|exception_message|msg)=|"(?:error|err|exception|message|msg)" ?: ?"/u
/** 'worker-2' of HAProxy's nodeports/worker-2, 10.244.1.5:8080 of Envoy; '' where nobody was asked. */
const serverOf = (upstream: string): string =>
  upstream === '-' || upstream === 'null' || upstream.endsWith('>') ? '' : upstream.slice(upstream.lastIndexOf('/') + 1)

/** What a kubelet asks of a pod, which is no request of anybody: a pod that has just started answers it with 503 by design, and gets no others. */
const PROBE = /kube-probe\/|["\s=](?:\/[\w.-]{1,40}){0,2}\/(?:healthz?|healthcheck|readyz?|readiness|livez?|liveness)["\s?]/u
const isProbe = (bytes: Buffer, start: number, end: number): boolean => PROBE.test(bytes.toString('latin1', start, Math.min(end, start + 1_024)))

export const accessLog: LineFormat = {
  id: 'access-log',
  takes: 'lines',
  reads: 'access logs of nginx, ingress-nginx, Apache, Envoy, Traefik, HAProxy, AWS load balancers; requests in logfmt and of Rails; error logs of nginx',
  reference: 'https://nginx.org/en/docs/http/ngx_http_log_module.html',
  example:
    '10.9.0.7 - - [21/Nov/2026:08:18:01 +0000] "GET /cart HTTP/1.1" 502 150 "-" "curl/8.5.0" 345 2.003 [shop-web-80] [] 10.244.1.5:8080 0 2.000 502 3f1c',
  units: ['nginx', 'haproxy', 'apache2', 'httpd', 'envoy', 'traefik', 'caddy'],
  sniff({ lines }) {
    if (lines.length === 0) return 0
    let ours = 0
    for (const line of lines) {
      const bytes = Buffer.from(line.slice(0, 8_192))
      if (isAccess(bytes, 0, bytes.length) || readStarted(bytes, 0, bytes.length) || readErrorHead(bytes, 0, bytes.length) >= 0) ours++
      else if (bytes.includes(HEALTH) && /Server \S{1,200}\/\S{1,200} is (?:UP|DOWN)/.test(line)) ours++
      else {
        const behind = composePrefix(bytes, 0, bytes.length)
        if (behind > 0 && isAccess(bytes, behind, bytes.length)) ours++
      }
    }
    const share = ours / lines.length
    return ours === 0 ? 0 : share < 0.1 ? 0.05 : 0.35 + 0.6 * share
  },
  open: (sink, context) => reader(sink, context),
}

const reader = (sink: Sink, context: InputContext): LineReader => {
  const services = servicesOf(sink, context)
  const traffic = trafficOf(sink)
  const health = healthChecks(sink)
  /** When Rails began the last request: its end tells no time of its own. */
  const begun = { ms: NaN, basis: 'utc' as Basis } // widened: any basis may follow

  const failed = (bytes: Buffer, start: number, end: number, host: string | null, at: Stamp, service: ReturnType<typeof services.of>): void => {
    const text = decode(bytes, start, Math.min(end, start + 4_096))
    const upstream = hit.upstreamStart < 0 ? '-' : bytes.toString('latin1', hit.upstreamStart, Math.min(hit.upstreamEnd, hit.upstreamStart + 120))
    const server = serverOf(upstream)
    sink.signal({
      kind: 'http.error',
      entity: service.entity,
      at,
      text,
      burst: `${hit.status} ${server}`,
      attributes: { status: hit.status, service: service.label, ...(server === '' ? {} : { server }) },
    })
    sayCause(text, service, at)
    if (hit.flagsStart < 0) return
    const flags = bytes.toString('latin1', hit.flagsStart, Math.min(hit.flagsEnd, hit.flagsStart + 64))
    if (!BACKENDS_FLAG.test(flags) && !flags.includes('<NOSRV>')) return
    const backend = upstream === '-' || upstream === 'null' ? service.label : upstream.replace(/\/<NOSRV>$/, '')
    const proxy = hit.form === 'backend' ? 'haproxy' : 'envoy'
    sink.signal({
      kind: 'loadbalancer.backends-down',
      entity: loadbalancer(host ?? proxy),
      at,
      text,
      burst: backend,
      attributes: { backend, reason: flags.replace(/^.*\/</, '<') },
    })
  }

  /** An application's own line names the error behind the status. */
  const sayCause = (text: string, service: ReturnType<typeof services.of>, at: Stamp): void => {
    if (hit.form !== 'none' || !ERROR_FIELD.test(text)) return
    const { reason, server, name } = causeOf(text)
    if (reason === 'other' || reason === 'upstream-error') return
    if (reason === 'dns')
      sink.signal({ kind: 'network.dns-failure', entity: service.entity, at, text, burst: name ?? '', attributes: name === null ? {} : { name } })
    sink.signal({ kind: 'log.error', entity: service.entity, at, text, burst: reason, attributes: { app: service.label, reason } })
    if (server !== null) sink.fact({ fact: 'client-of', client: service.entity, server })
  }

  return {
    line(bytes, from, end, envelope) {
      let start = from
      let ours = isAccess(bytes, start, end)
      if (!ours) {
        const body = readErrorHead(bytes, start, end)
        if (body >= 0) {
          preferEnvelope(envelope)
          sink.record(found.ms, found.basis)
          sayNginxError(sink, bytes, start, body, end, envelope?.host ?? null, foundStamp())
          return true
        }
        const behind = composePrefix(bytes, start, end)
        if (behind > 0 && isAccess(bytes, behind, end)) {
          ours = true
          start = behind
        }
      }
      if (ours) {
        found.ms = hit.ms
        found.basis = hit.basis
        if (Number.isNaN(hit.ms)) {
          const around = envelope === null || Number.isNaN(envelope.ms) ? begun : envelope
          if (Number.isNaN(around.ms)) {
            sink.record(NaN, 'local')
            return true
          }
          found.ms = around.ms
          found.basis = around.basis
        } else preferEnvelope(envelope)
        const { ms, basis } = found
        sink.record(ms, basis)
        const service = services.of(bytes, envelope)
        const isFailed = hit.status >= 499
        if (isFailed && hit.form === 'none' && context.pod !== null && isProbe(bytes, start, end)) return true
        traffic.add(service, ms, basis)
        if (isFailed) failed(bytes, start, end, envelope?.host ?? null, { ms, basis }, service)
        return true
      }
      if (readStarted(bytes, start, end)) {
        begun.ms = found.ms
        begun.basis = found.basis
        sink.record(found.ms, found.basis)
        return true
      }
      if (!mentions(bytes, start, end, HEALTH) && !mentions(bytes, start, end, NO_SERVER)) return false
      if (readHeadStamp(bytes, start, end) >= 0 || findStamp(bytes, start, end) >= 0) preferEnvelope(envelope)
      else if (envelope !== null && !Number.isNaN(envelope.ms)) {
        found.ms = envelope.ms
        found.basis = envelope.basis
      } else return false
      const { ms, basis } = found
      if (!health.line(bytes, start, end, envelope, ms, basis)) return false
      sink.record(ms, basis)
      return true
    },
    end() {
      traffic.end()
    },
  }
}
