/**
 * etcd's log: zap JSON (from 3.4), and before that capnslog text.
 *   {"level":"warn","ts":"2026-11-21T08:19:31.123Z","caller":"etcdserver/util.go:170","msg":"apply request took too long","took":"320ms",…}
 *   2019-09-05 20:51:11.123456 W | etcdserver: read-only range request "key:…" with result "…" took too long (320ms) to execute
 * https://etcd.io/docs/v3.5/op-guide/configuration/#logging
 */
import { process, type Entity } from '../src/model/entity.js'
import type { Envelope, InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { withoutNumbers } from './klog-reasons.js'

/** What a message says by itself, whatever its level; warnings of slow requests are told by level. */
const GRAVE = [
  'lost leader',
  'database space exceeded',
  'alarm raised',
  'NOSPACE',
  'failed to reach the peer',
  'no leader',
  'leader failed to send out heartbeat',
]
const SLOW = [
  'took too long',
  'slow fdatasync',
  'slow disk',
  'request stats',
  'overloaded',
  'heartbeat',
  'prober detected unhealthy status',
  'health check for peer',
  'lost the TCP streaming connection',
  'dropped internal Raft message',
]

/** Of etcd 3.4 on (server/storage/wal/wal.go, server/etcdserver/raft.go), and of the text before: 'sync duration of 7.1s, expected less than 1s'. */
const SLOW_DISK = ['slow fdatasync', 'likely from slow disk', 'sync duration of ']

/** Nobody but a person, systemd or its kubelet sends SIGTERM: pkg/osutil/interrupt_unix.go, of 3.3 'received terminated signal, shutting down...' */
const ASKED = ['received signal; shutting down', 'signal, shutting down']
const isAsked = (text: string): boolean => ASKED.some((words) => text.includes(words))

const reasonOf = (text: string): string =>
  /space exceeded|NOSPACE|no space left/u.test(text)
    ? 'disk-full'
    : /fdatasync|slow disk/u.test(text)
      ? 'disk-slow'
      : /timed? ?out|took too long|deadline exceeded/u.test(text)
        ? 'timeout'
        : text.includes('connection refused')
          ? 'refused'
          : 'other'

/** Whether it says anything that is not of its level. */
const isTelling = (text: string): boolean => GRAVE.some((words) => text.includes(words)) || isAsked(text)

const TS = Buffer.from('"ts":')
const LEVEL = Buffer.from('"level":')

/** Index after the time in `found`, or -1: ISO, or float seconds. */
const readTs = (bytes: Buffer, start: number, end: number): number => {
  const before = bytes.subarray(start, Math.min(end, start + 200)).indexOf(TS)
  if (before < 0) return -1
  // Collectors that write the object anew put a blank behind the colon.
  const at = start + before + TS.length + (bytes[start + before + TS.length] === 32 ? 1 : 0)
  if (bytes[at] === 34) return readIso(bytes, at + 1, end)
  const seconds = /^\d{9,10}(?:\.\d{1,12})?/u.exec(bytes.toString('latin1', at, Math.min(end, at + 30)))?.[0]
  if (seconds === undefined) return -1
  found.ms = Number(seconds) * 1000
  found.basis = 'utc'
  return at + seconds.length
}

const levelOf = (bytes: Buffer, start: number, end: number): string => {
  const before = bytes.subarray(start, Math.min(end, start + 200)).indexOf(LEVEL)
  if (before < 0) return 'info'
  const at = start + before + LEVEL.length + (bytes[start + before + LEVEL.length] === 32 ? 2 : 1)
  return bytes.toString('latin1', at, Math.min(end, at + 5))
}

const open = (sink: Sink, context: InputContext): LineReader => {
  const say = (level: string, message: string, text: string, envelope: Envelope | null): void => {
    const asked = isAsked(message)
    const grave = GRAVE.some((words) => message.includes(words))
    const bad = level.startsWith('error') || level.startsWith('fatal') || level.startsWith('panic') || level.startsWith('dpani')
    const slow = level.startsWith('warn') && SLOW.some((words) => message.includes(words))
    if (!asked && !grave && !bad && !slow) return
    const entity: Entity = envelope?.pod ?? context.pod ?? process(envelope?.host ?? '-', 'etcd')
    const at = { ms: found.ms, basis: found.basis }
    if (asked) {
      sink.signal({ kind: 'action.restart', entity, at, attributes: { asked: 'yes' }, text })
      return
    }
    // etcd waits for its disk at every write: this is what makes all that needs it slow. A second is what it expects at most.
    if (SLOW_DISK.some((words) => message.includes(words)))
      sink.signal({ kind: 'metric.anomalous', entity, at, attributes: { metric: 'slow-disk', does: 'waited for its disk' }, burst: 'slow disk', text })
    const burst = withoutNumbers(message.replace(/[0-9a-f]{12,16}/gu, 'ID'))
    sink.signal({ kind: grave || bad ? 'log.error' : 'log.warning', entity, at, attributes: { app: 'etcd', reason: reasonOf(text) }, burst, text })
  }

  const readJson = (bytes: Buffer, start: number, end: number, envelope: Envelope | null): boolean => {
    if (readTs(bytes, start, end) < 0) return false
    preferEnvelope(envelope)
    sink.record(found.ms, found.basis)
    const level = levelOf(bytes, start, end)
    const text = decode(bytes, start, end)
    if ((level === 'info"' || level === 'debug') && !isTelling(text)) return true
    say(level, messageOf(text), text, envelope)
    return true
  }

  const readText = (bytes: Buffer, start: number, end: number, envelope: Envelope | null): boolean => {
    const at = readIso(bytes, start, end)
    if (at < 0 || bytes[at] !== 32) return false
    // The Go standard library's own lines ("2026/11/21 08:18:09 …") stand among etcd's.
    const level = OLD_LEVELS.get(bytes[at + 2] === 32 && bytes[at + 3] === 124 ? (bytes[at + 1] ?? 0) : 0)
    if (level === undefined && bytes[start + 4] !== 47) return false
    preferEnvelope(envelope)
    sink.record(found.ms, found.basis)
    const text = decode(bytes, start, end)
    const message = decode(bytes, at + 5, end)
    if (level !== undefined && (level !== 'info' || isTelling(message))) say(level, message.slice(0, 400), text, envelope)
    return true
  }

  return {
    line: (bytes, start, end, envelope) => (bytes[start] === 123 ? readJson(bytes, start, end, envelope) : readText(bytes, start, end, envelope)),
    end: () => undefined,
  }
}

const OLD_LEVELS: ReadonlyMap<number, string> = new Map([
  [73, 'info'],
  [68, 'debug'],
  [78, 'info'],
  [87, 'warn'],
  [69, 'error'],
  [67, 'fatal'],
])

const messageOf = (text: string): string => {
  try {
    const record: unknown = JSON.parse(text)
    if (typeof record === 'object' && record !== null && 'msg' in record && typeof record.msg === 'string') return record.msg
  } catch {
    // A line that was cut: its text will do.
  }
  return text.slice(0, 400)
}

const JSON_LINE =
  /^\{"level": ?"\w{4,6}", ?"ts": ?(?:"\d{4}-|\d{9}).{0,80}"caller": ?"(?:etcdserver|etcdmain|embed|membership|rafthttp|mvcc|wal|raft|auth|v3rpc|backend|schema|snap|fileutil|transport|lease|api|cindex|version|flags|etcdutl|verify|logutil|zapgrpc|traceutil|osutil|v3compactor|compactor|hostwhitelist|concurrency|contention|\w{0,20}etcd)\b/u
const OLD_LINE =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} [DNIWEC] \| (?:etcdserver|etcdmain|embed|raft|rafthttp|mvcc|wal|auth|pkg|snap|lease|compactor|store|version|api|mvcc\/backend)\b/u

export const etcd: LineFormat = {
  id: 'etcd',
  takes: 'lines',
  reads: "etcd's log, JSON or text",
  reference: 'https://etcd.io/docs/v3.5/op-guide/configuration/#logging',
  example:
    '{"level":"warn","ts":"2026-11-21T08:19:31.123456Z","caller":"etcdserver/util.go:170","msg":"apply request took too long","took":"320.123456ms","expected-duration":"100ms","prefix":"read-only range "}',
  units: ['etcd'],
  sniff: ({ lines }) => {
    const marked = lines.filter((line) => JSON_LINE.test(line) || OLD_LINE.test(line)).length
    return marked === 0 ? 0 : 0.4 + 0.52 * Math.min(1, (marked * 1.2) / lines.length)
  },
  open,
}
