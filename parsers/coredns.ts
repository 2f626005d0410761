/**
 * CoreDNS: what it could not resolve, and what kept it from knowing the cluster's names. Its lines carry no time of their own; the wrapping's counts.
 * https://coredns.io/plugins/errors/ · https://coredns.io/plugins/log/ · https://coredns.io/plugins/kubernetes/
 */
import { process, type Entity } from '../src/model/entity.js'
import type { Attributes, SignalKind, Stamp } from '../src/model/extract.js'
import type { Envelope, InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'

const OPEN = 91
const LEVEL = /^\[(INFO|WARNING|ERROR|FATAL|PANIC|DEBUG)\] /u
/** [ERROR] plugin/errors: 2 db.example.com. A: read udp 10.244.1.3:53452->192.0.2.53:53: i/o timeout */
const FAILED = /^plugin\/errors: \d{1,5} ([^ ]{1,255}) ([A-Z0-9]{1,12}): (.{1,400})/u
/** [INFO] 10.244.1.9:41234 - 12345 "A IN db.shop.svc.cluster.local. udp 52 false 512" SERVFAIL qr,rd,ra 40 2.003s */
const QUERY = /^(?:\[[0-9a-fA-F:.]{2,45}\]|[0-9a-fA-F:.]{2,45}):\d{1,5} - \d{1,5} "[A-Z0-9]{1,12} IN ([^ ]{1,255}) [^"]{0,60}" SERVFAIL /u
const SERVFAIL = Buffer.from('" SERVFAIL ')
/** 3155298427198321.8437294.: CoreDNS asks itself for such a name, to find loops. */
const OWN_PROBE = /^\d{1,20}\.\d{1,20}\.$/u
const BANNER = /^(?:CoreDNS-\d|\.:\d{1,5}$|[a-z0-9.-]{1,253}\.:\d{1,5}|linux\/\w{1,12}, go\d|[a-z]{1,20}:\/\/\S{1,253}:\d{1,5}$)/u

const reasonOf = (error: string): string =>
  error.includes('timeout')
    ? 'timeout'
    : error.includes('connection refused')
      ? 'refused'
      : /no route|unreachable/u.test(error)
        ? 'no-route'
        : error.includes('no such host') || error.includes('no healthy')
          ? 'upstream'
          : 'other'

const open = (sink: Sink, context: InputContext): LineReader => {
  let untimed = false
  const whoOf = (envelope: Envelope | null): Entity => envelope?.pod ?? context.pod ?? process(envelope?.host ?? '-', 'coredns')

  const mean = (level: string, said: string, text: string, at: Stamp, entity: Entity): void => {
    const emit = (kind: SignalKind, attributes: Attributes, burst?: string): void =>
      sink.signal({ kind, entity, at, attributes, text, ...(burst === undefined ? {} : { burst }) })
    const failed = FAILED.exec(said)
    if (failed !== null) {
      const [, name = '', , error = ''] = failed
      if (!OWN_PROBE.test(name)) emit('network.dns-failure', { name: name.replace(/\.$/u, ''), reason: reasonOf(error) })
      return
    }
    const refused = level === 'INFO' ? QUERY.exec(said) : null
    if (refused !== null) emit('network.dns-failure', { name: (refused[1] ?? '').replace(/\.$/u, ''), reason: 'servfail' })
    else if (level === 'FATAL' || level === 'PANIC') emit('log.error', { app: 'coredns', reason: 'dns' }, said.slice(0, 60))
    else if (level === 'ERROR' || /API connection failure|Failed to watch/u.test(said))
      emit('log.error', { app: 'coredns', reason: reasonOf(said) }, said.replace(/\d+/gu, '#').slice(0, 100))
  }

  return {
    line(bytes, start, end, envelope) {
      let body = start
      let stamped = false
      if (bytes[start] !== OPEN) {
        // 1.3 and older put Go's stamp before the level: 2019/02/19 10:00:00 [INFO] …
        const after = readIso(bytes, start, end)
        if (after > 0 && bytes[after] === 32 && bytes[after + 1] === OPEN) {
          body = after + 1
          stamped = true
        }
      }
      const level = bytes[body] === OPEN ? (LEVEL.exec(bytes.toString('latin1', body, Math.min(end, body + 12)))?.[1] ?? null) : null
      if (level === null) {
        if (end - start > 300 || !BANNER.test(bytes.toString('latin1', start, end))) return false
        sink.part()
        return true
      }
      if (!stamped) {
        found.ms = NaN
        found.basis = 'utc'
        if (envelope !== null && !Number.isNaN(envelope.ms)) {
          found.ms = envelope.ms
          found.basis = envelope.basis
        }
      } else preferEnvelope(envelope)
      sink.record(found.ms, found.basis)
      if ((level === 'INFO' || level === 'DEBUG') && !bytes.subarray(body, end).includes(SERVFAIL)) return true
      if (Number.isNaN(found.ms)) {
        untimed = true
        return true
      }
      const at = { ms: found.ms, basis: found.basis }
      mean(level, decode(bytes, body + level.length + 3, end), decode(bytes, start, end), at, whoOf(envelope))
      return true
    },
    end() {
      if (!untimed) return
      sink.warn('its lines carry no time: `kubectl logs --timestamps` gives them one')
      sink.fact({
        fact: 'missing',
        what: `the times of ${context.path}`,
        hides: "when CoreDNS could not resolve names: its lines carry no time, and no one's around them does",
      })
    },
  }
}

const MARK =
  /^(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?\[(?:INFO|WARNING|ERROR|FATAL)\] (?:plugin\/[a-z0-9]{2,20}: |[0-9a-f.:[\]]{2,47}:\d{1,5} - \d{1,5} "[A-Z]|Reloading)|^CoreDNS-\d/u

export const coredns: LineFormat = {
  id: 'coredns',
  takes: 'lines',
  reads: "CoreDNS's log",
  reference: 'https://coredns.io/plugins/errors/',
  example: '[ERROR] plugin/errors: 2 orders-db.example.com. A: read udp 10.244.1.3:53452->192.0.2.53:53: i/o timeout',
  units: ['coredns'],
  sniff: ({ lines }) => {
    const marked = lines.filter((line) => MARK.test(line)).length
    return marked === 0 ? 0 : 0.45 + 0.5 * Math.min(1, (marked * 1.5) / lines.length)
  },
  open,
}
