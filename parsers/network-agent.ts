/**
 * Agents of pod networks that say that another node cannot be reached: Calico (BIRD's lines among Felix', and its readiness), Weave Net, and the
 * health that `cilium status` prints. Their other lines are any application's.
 *   bird: Mesh_10_0_0_2: Error: Hold timer expired       https://gitlab.nic.cz/labs/bird, proto/bgp/bgp.c (bgp_log_error, "Socket error")
 *   … BIRD is not ready: BGP not established with 10.0.0.5   https://github.com/projectcalico/calico, node/pkg/health
 *   INFO: 2026/03/02 10:01:00.1 ->[10.0.0.2:6783|be:cc:0f:5b:ff:be(node-2)]: connection shutting down due to error: …   https://github.com/weaveworks/mesh, local_peer.go
 *   Cluster health:  1/3 reachable  (2026-03-02T10:30:27Z)   https://github.com/cilium/cilium, pkg/health/client
 */
import { node, THIS_NODE, type Entity } from '../src/model/entity.js'
import type { Basis, Stamp } from '../src/model/extract.js'
import type { Envelope, InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readIso, stampOf } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'

const BIRD =
  /^bird6?: ([A-Za-z]{1,10}_[0-9A-Fa-f_]{3,45}|[A-Za-z]\w{0,60}): (?:Error: Hold timer expired|Received: Hold timer expired|Socket error: (?:No route to host|Connection timed out|Network is unreachable|Host is unreachable))/u
const IS_BIRD = /^bird6?: /u
const UNESTABLISHED = /BGP not established with ([0-9a-fA-F.:,]{3,400})/u
const WEAVE = /^(?:INFO|WARN|ERRO): \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{1,9} ->\[([0-9a-fA-F.:[\]]{3,60})(?:\|[^\]]{0,300})?\]:? (.{1,400})/u
const CUT_OFF = /timed out|i\/o timeout|no route to host|unreachable|connection reset|host is down|no response|UDP heartbeat/u
const HEALTH = /^ {0,4}Cluster health: {1,40}(\d{1,5})\/(\d{1,5}) reachable {1,10}\(([0-9T:.Z+-]{20,40})\)/u
const HEALTH_ROW =
  /^ {1,8}(?:[a-z0-9-]{1,63}\/)?([a-z0-9][a-z0-9.-]{0,252}) {1,80}[0-9a-fA-F.:]{2,45} {1,60}(reachable|unreachable|true|false|\d\/\d) {1,40}(reachable|unreachable|true|false|\d\/\d)\s*$/u
const isUp = (cell: string | undefined): boolean => cell === 'reachable' || cell === 'true' || (cell !== undefined && /^(\d)\/\1$/u.test(cell))

const isB = (byte: number | undefined): boolean => byte === 98

const open = (sink: Sink, context: InputContext): LineReader => {
  /** BIRD's lines carry no time: that of the line before. */
  const last: { ms: number; basis: Basis } = { ms: NaN, basis: 'utc' }
  let health: Stamp | null = null
  const whoOf = (envelope: Envelope | null): Entity => envelope?.pod ?? context.pod ?? (envelope?.host ? node(envelope.host) : THIS_NODE)
  const say = (entity: Entity, at: Stamp, reason: string, peer: string, text: string, count = 1): void => {
    sink.signal({ kind: 'network.pod-to-pod-lost', entity, at, attributes: { reason, peer }, burst: `${reason} ${peer}`, text, count })
  }
  const timed = (envelope: Envelope | null): Stamp | null => {
    if (envelope !== null && !Number.isNaN(envelope.ms)) return { ms: envelope.ms, basis: envelope.basis }
    return Number.isNaN(last.ms) ? null : { ms: last.ms, basis: last.basis }
  }

  return {
    line(bytes, start, end, envelope) {
      if (isB(bytes[start])) {
        const text = decode(bytes, start, Math.min(end, start + 600))
        if (!IS_BIRD.test(text)) return false
        const at = timed(envelope)
        sink.record(at?.ms ?? NaN, at?.basis ?? 'utc')
        const lost = BIRD.exec(text)
        if (lost !== null && at !== null)
          say(whoOf(envelope), at, 'bgp', (lost[1] ?? '').replace(/^[A-Za-z]{1,10}_(?=[0-9A-Fa-f_]+$)/u, '').replaceAll('_', '.'), text)
        return true
      }
      const first = bytes[start] ?? 0
      if (first === 73 || first === 87 || first === 69) {
        const weave = end - start < 20 ? null : WEAVE.exec(decode(bytes, start, Math.min(end, start + 1_000)))
        if (weave === null || readIso(bytes, start + 6, end) < 0) return false
        preferEnvelope(envelope)
        const at = { ms: found.ms, basis: found.basis }
        sink.record(at.ms, at.basis)
        const said = weave[2] ?? ''
        if (/^(?:connection shutting down due to error|error during connection attempt)/u.test(said) && CUT_OFF.test(said))
          say(whoOf(envelope), at, 'peer', (weave[1] ?? '').replace(/:\d{1,5}$/u, ''), decode(bytes, start, end))
        return true
      }
      if (first === 32 || first === 67) {
        const text = decode(bytes, start, Math.min(end, start + 400))
        const head = HEALTH.exec(text)
        if (head !== null) {
          health = stampOf(head[3] ?? '')
          if (health !== null) sink.record(health.ms, health.basis)
          else sink.part()
          return true
        }
        const row = health === null ? null : HEALTH_ROW.exec(text)
        if (row === null || health === null) return false
        sink.part()
        const down = [row[2], row[3]].filter((cell) => !isUp(cell)).length
        if (down > 0) say(node(row[1] ?? ''), health, 'health-probe', row[1] ?? '', text.trim(), down)
        return true
      }
      if (readIso(bytes, start, end) > 0) {
        last.ms = found.ms
        last.basis = found.basis
      }
      const peers = bytes.subarray(start, end).includes('BGP not established with') ? UNESTABLISHED.exec(decode(bytes, start, end)) : null
      const at = peers === null ? null : timed(envelope)
      if (peers === null || at === null) return false
      sink.record(at.ms, at.basis)
      say(whoOf(envelope), at, 'bgp', peers[1] ?? '', decode(bytes, start, end))
      return true
    },
    end: () => undefined,
  }
}

const FELIX =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[[A-Z]+\]\[\d{1,8}\] (?:felix|confd|node|monitor-addresses|status-reporter|tunnel-ip-allocator|cni-config-monitor|startup|client)\//u

export const networkAgent: LineFormat = {
  id: 'network-agent',
  takes: 'lines',
  reads: 'logs of Calico and Weave Net agents, the health that cilium status prints',
  reference: 'https://docs.tigera.io/calico/latest/operations/troubleshoot/component-logs',
  example:
    'INFO: 2026/03/02 10:01:00.123456 ->[10.0.0.2:6783|be:cc:0f:5b:ff:be(node-2)]: connection shutting down due to error: read tcp4 10.0.0.1:40000->10.0.0.2:6783: read: connection timed out',
  units: ['calico-node', 'bird', 'weave'],
  sniff: ({ lines }) => {
    const marked = lines.filter((line) => line.length < 4_096 && (IS_BIRD.test(line) || WEAVE.test(line) || FELIX.test(line))).length
    if (lines.some((line) => HEALTH.test(line))) return 0.8
    return marked === 0 ? 0 : 0.35 + 0.5 * Math.min(1, (marked * 1.5) / lines.length)
  },
  open,
}
