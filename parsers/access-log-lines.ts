/**
 * One line of an access log, taken apart in its bytes: common and combined (Apache, nginx, Traefik), ingress-nginx, Envoy, HAProxy, AWS ALB.
 * https://nginx.org/en/docs/http/ngx_http_log_module.html · https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string
 * https://docs.haproxy.org/2.8/configuration.html#8.2.3 · https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
 */
import type { Basis } from '../src/model/extract.js'
import { found, readIso } from '../src/read/stamps.js'
import { readStamp } from './text-stamps.js'

/** What a name in the line is the name of. */
export type ServiceForm = 'none' | 'ingress' | 'host' | 'cluster' | 'router' | 'backend' | 'target-group'

/** The request that the last line tells of; one object for all lines. */
export const hit = {
  ms: NaN,
  basis: 'utc' as Basis,
  status: 0,
  /** How long it took; NaN where the line does not say. */
  seconds: NaN,
  form: 'none' as ServiceForm,
  serviceStart: 0,
  serviceEnd: 0,
  /** Why the proxy itself answered: Envoy's response flags, HAProxy's <NOSRV>. */
  flagsStart: -1,
  flagsEnd: -1,
  upstreamStart: -1,
  upstreamEnd: -1,
}

const BLANK = 32
const QUOTE = 34

let tokenStart = 0
let tokenEnd = 0
let quoted = false

/** Sets the token that begins at or after `at`, its quotes taken off; returns where the search goes on, -1 at the end. */
const nextToken = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  while (next < end && bytes[next] === BLANK) next++
  if (next >= end) return -1
  quoted = bytes[next] === QUOTE
  if (quoted) {
    const close = closing(bytes, next, end)
    tokenStart = next + 1
    tokenEnd = close < 0 ? end : close
    return close < 0 ? end : close + 1
  }
  tokenStart = next
  while (next < end && bytes[next] !== BLANK) next++
  tokenEnd = next
  return next
}

/** The quote that closes the one at `at`; -1 where none does. */
const closing = (bytes: Buffer, at: number, end: number): number => {
  for (let next = at + 1; next < end; next++) {
    const byte = bytes[next]
    if (byte === 92) next++
    else if (byte === QUOTE) return next
  }
  return -1
}

/** A decimal number, or NaN: '0.012' is 0.012, '12' is 12, '-' is NaN, '12ms' is NaN. */
const decimal = (bytes: Buffer, start: number, end: number): number => {
  let whole = 0
  let scale = 0
  if (end <= start || end - start > 18) return NaN
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte === 46 && scale === 0) scale = 1
    else if (byte >= 48 && byte <= 57) {
      whole = whole * 10 + byte - 48
      scale *= 10
    } else return NaN
  }
  return scale === 0 ? whole : whole / scale
}

const hasPoint = (bytes: Buffer, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (bytes[at] === 46) return true
  return false
}

const statusAt = (bytes: Buffer, at: number, end: number): number => {
  if (end - at < 3) return -1
  const status = decimal(bytes, at, at + 3)
  const after = at + 3 < end ? bytes[at + 3] : BLANK
  return status >= 100 && status < 600 && after === BLANK ? status : -1
}

const name = (form: ServiceForm, start: number, end: number): void => {
  if (end <= start) return
  hit.form = form
  hit.serviceStart = start
  hit.serviceEnd = end
}

const clear = (): void => {
  hit.ms = hit.seconds = NaN
  hit.form = 'none'
  hit.flagsStart = hit.upstreamStart = -1
}

const stamped = (): void => {
  hit.ms = found.ms
  hit.basis = found.basis
}

/** Lines longer than this in front of their stamp are no access logs. */
const STAMP_WITHIN = 512

/** Reads bytes[start, end) into `hit`; false where it is no access log's line. `hit.ms` stays NaN where the line has no time. */
export const readAccess = (bytes: Buffer, start: number, end: number): boolean => {
  clear()
  if (bytes[start] === 91) {
    const stop = readStamp(bytes, start + 1, end)
    if (stop >= 0 && bytes[stop] === 93 && bytes[stop + 1] === BLANK && bytes[stop + 2] === QUOTE) {
      stamped()
      return readEnvoy(bytes, stop + 2, end)
    }
  }
  if (bytes[start] === 104 || bytes[start] === 119 || bytes[start] === 103) {
    if (readBalancer(bytes, start, end)) return true
  }
  const limit = Math.min(end, start + STAMP_WITHIN)
  for (let at = start; at < limit; at++) {
    const byte = bytes[at]
    if (byte === 91) {
      const digit = bytes[at + 1] ?? 0
      if (digit < 48 || digit > 57) continue
      const stop = readStamp(bytes, at + 1, end)
      if (stop < 0) continue
      stamped()
      // The zone may be cut off by the bracket: '[21/Nov/2026:08:18:01 +0000]'.
      const close = bytes[stop] === 93 ? stop : -1
      if (close < 0 || bytes[close + 1] !== BLANK) return false
      return bytes[close + 2] === QUOTE ? readCommon(bytes, start, at, close + 2, end) : readHaproxy(bytes, close + 2, end)
    }
    if (byte === QUOTE) return isRequest(bytes, at, end) && readCommon(bytes, start, at, at, end)
  }
  return false
}

/** A method and a blank behind a quote: uvicorn, gunicorn and the like write no time of their own. */
const isRequest = (bytes: Buffer, at: number, end: number): boolean => {
  let next = at + 1
  while (next < end && next - at < 9 && (bytes[next] ?? 0) >= 65 && (bytes[next] ?? 0) <= 90) next++
  return next - at > 3 && bytes[next] === BLANK && bytes[next + 1] === 47
}

/** … "GET / HTTP/1.1" 502 157 "-" "curl/8" …, from its quote on. */
const readCommon = (bytes: Buffer, start: number, bracket: number, quote: number, end: number): boolean => {
  const close = closing(bytes, quote, end)
  if (close < 0 || bytes[close + 1] !== BLANK) return false
  hit.status = statusAt(bytes, close + 2, end)
  if (hit.status < 0) return false
  let at = nextToken(bytes, close + 5, end) // the size
  if (bracket !== quote) virtualHost(bytes, start, bracket)
  let quotes = 0
  let sinceAgent = 0
  for (at = at < 0 ? -1 : nextToken(bytes, at, end); at >= 0; at = nextToken(bytes, at, end)) {
    const first = bytes[tokenStart]
    if (quoted && quotes < 2) {
      quotes++
      continue
    }
    sinceAgent++
    if (!quoted && first === 91) {
      // ingress-nginx: request length, request time, [namespace-service-port]
      if (sinceAgent === 3 && bytes[tokenEnd - 1] === 93) {
        if (tokenEnd - tokenStart > 3) name('ingress', tokenStart + 1, tokenEnd - 1)
        return true
      }
      continue
    }
    if (quoted) {
      if (sinceAgent === 2 && tokenEnd > tokenStart + 1) name('router', tokenStart, tokenEnd) // Traefik
      continue
    }
    if (bytes[tokenEnd - 1] === 115 && bytes[tokenEnd - 2] === 109) {
      const ms = decimal(bytes, tokenStart, tokenEnd - 2)
      if (!Number.isNaN(ms)) hit.seconds = ms / 1e3
      continue
    }
    if (!Number.isNaN(hit.seconds)) continue
    if (first === 114 && bytes[tokenStart + 1] === 116 && bytes[tokenStart + 2] === 61) hit.seconds = decimal(bytes, tokenStart + 3, tokenEnd)
    else if (hasPoint(bytes, tokenStart, tokenEnd)) hit.seconds = decimal(bytes, tokenStart, tokenEnd)
  }
  return true
}

/** shop.example:443 10.0.0.1 - - [… (Apache's vhost_combined): four words before the time, the third a dash. */
const virtualHost = (bytes: Buffer, start: number, bracket: number): void => {
  let words = 0
  let firstEnd = start
  let third = 0
  for (let at = nextToken(bytes, start, bracket); at >= 0 && words < 6; at = nextToken(bytes, at, bracket)) {
    words++
    if (words === 1) firstEnd = tokenEnd
    if (words === 3) third = tokenEnd - tokenStart === 1 ? (bytes[tokenStart] ?? 0) : 0
  }
  if (words === 4 && third === 45 && bytes[firstEnd - 1] !== 44) name('host', start, firstEnd)
}

/** "GET / HTTP/1.1" 503 UF,URX - - "-" 0 91 12 - "xff" "agent" "id" "authority" "10.1.2.3:80" outbound|80||web.shop.svc.cluster.local … */
const readEnvoy = (bytes: Buffer, quote: number, end: number): boolean => {
  const close = closing(bytes, quote, end)
  if (close < 0 || bytes[close + 1] !== BLANK) return false
  // 0: the client went away before an answer.
  hit.status = bytes[close + 2] === 48 && bytes[close + 3] === BLANK ? 499 : statusAt(bytes, close + 2, end)
  if (hit.status < 0) return false
  let at = nextToken(bytes, close + 2, end)
  at = nextToken(bytes, at < 0 ? end : at, end)
  if (at < 0) return true
  if (!quoted && !(tokenEnd - tokenStart === 1 && bytes[tokenStart] === 45)) {
    hit.flagsStart = tokenStart
    hit.flagsEnd = tokenEnd
  }
  let numbers = 0
  let quotes = 0
  for (at = nextToken(bytes, at, end); at >= 0; at = nextToken(bytes, at, end)) {
    if (!quoted && numbers < 3) {
      const value = decimal(bytes, tokenStart, tokenEnd)
      if (Number.isNaN(value)) numbers = 0
      else if (++numbers === 3) hit.seconds = value / 1e3
    } else if (quoted && numbers >= 3) {
      quotes++
      if (quotes === 4 && tokenEnd - tokenStart > 1) name('host', tokenStart, tokenEnd)
      if (quotes === 5 && tokenEnd - tokenStart > 1) {
        hit.upstreamStart = tokenStart
        hit.upstreamEnd = tokenEnd
      }
    } else if (quotes >= 5) {
      if (tokenEnd - tokenStart > 4 && bytes.subarray(tokenStart, tokenEnd).includes('|')) name('cluster', tokenStart, tokenEnd)
      return true
    }
  }
  return true
}

/** frontend backend/server Tq/Tw/Tc/Tr/Tt status bytes …, behind the time. */
const readHaproxy = (bytes: Buffer, from: number, end: number): boolean => {
  let at = nextToken(bytes, from, end)
  if (at < 0) return false
  at = nextToken(bytes, at, end)
  if (at < 0) return false
  const backend = tokenStart
  const backendEnd = tokenEnd
  const slash = bytes.indexOf(47, backend)
  if (slash < 0 || slash >= backendEnd) return false
  at = nextToken(bytes, at, end)
  if (at < 0) return false
  let slashes = 0
  let last = tokenStart
  for (let next = tokenStart; next < tokenEnd; next++) {
    if (bytes[next] !== 47) continue
    slashes++
    last = next + 1
  }
  if (slashes < 3) return false
  const total = decimal(bytes, bytes[last] === 43 ? last + 1 : last, tokenEnd)
  at = nextToken(bytes, at, end)
  if (at < 0) return false
  // -1: no answer was sent at all.
  hit.status = bytes[tokenStart] === 45 && bytes[tokenStart + 1] === 49 ? 499 : statusAt(bytes, tokenStart, end)
  if (hit.status < 0) return false
  hit.seconds = total / 1e3
  name('backend', backend, slash)
  if (bytes[slash + 1] === 60) {
    hit.flagsStart = slash + 1
    hit.flagsEnd = backendEnd
  }
  hit.upstreamStart = backend
  hit.upstreamEnd = backendEnd
  return true
}

/** https 2026-11-21T08:18:01.123456Z app/shop/50dc 10.9.0.1:2817 10.0.0.1:80 0.000 0.001 0.000 502 502 34 366 "GET …" "agent" … arn:…:targetgroup/web/73e2 … */
const readBalancer = (bytes: Buffer, start: number, end: number): boolean => {
  let at = nextToken(bytes, start, end)
  if (at < 0 || tokenEnd - tokenStart > 5) return false
  if (readIso(bytes, at + 1, end) < 0) return false
  stamped()
  let seconds = 0
  for (let field = 1; field <= 8; field++) {
    at = nextToken(bytes, at, end)
    if (at < 0) return false
    if (field === 2 && bytes.indexOf(47, tokenStart) < tokenEnd) name('host', tokenStart, tokenEnd)
    if (field >= 5 && field <= 7) {
      const time = decimal(bytes, tokenStart, tokenEnd) // -1 where there was no answer
      if (!Number.isNaN(time)) seconds += time
    }
    if (field === 8) hit.status = statusAt(bytes, tokenStart, end)
  }
  if (hit.status < 0) return false
  hit.seconds = seconds
  for (let field = 9; field <= 16 && at >= 0; field++) {
    at = nextToken(bytes, at, end)
    if (at < 0 || bytes[tokenStart] !== 97 || bytes[tokenStart + 1] !== 114) continue
    const arn = bytes.toString('latin1', tokenStart, Math.min(tokenEnd, tokenStart + 300))
    const group = arn.indexOf('targetgroup/')
    if (group < 0) continue
    const close = arn.indexOf('/', group + 12)
    name('target-group', tokenStart + group + 12, close < 0 ? tokenEnd : tokenStart + close)
    break
  }
  return true
}
