/**
 * Lines of JSON that hold one event or one record of an audit log each, as they come out of a log: exporters of events
 * (https://github.com/resmoio/kubernetes-event-exporter, https://github.com/heptiolabs/eventrouter, whose lines klog may head), rows of Azure Monitor's
 * table KubeEvents (https://learn.microsoft.com/azure/azure-monitor/reference/tables/kubeevents) and audit logs.
 * Files of nothing but such objects, lists among them, are kubernetes.ts'.
 */
import type { Basis, Stamp } from '../src/model/extract.js'
import type { LineFormat, LineReader, Sink } from '../src/model/format.js'
import { readRecordTime } from '../src/read/record-times.js'
import { found, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { auditReader } from './kubernetes-audit.js'
import { eventReader, type EventReader, type Happening } from './kubernetes-event.js'
import { isObject, objectOf, parseJson, textOf, type JsonObject } from './kubernetes-fields.js'

const OPEN_OBJECT = 123
/** Before an object stands at most the head of a log line. */
const MAX_HEAD = 120
const MAX_LINE = 1 << 20

/** Where the object begins; -1 where there is none. A space, or nothing, stands before it. */
const objectStart = (bytes: Buffer, start: number, end: number): number => {
  if (bytes[start] === OPEN_OBJECT) return start
  if (bytes[end - 1] !== 125) return -1
  const at = bytes.subarray(start, Math.min(end, start + MAX_HEAD)).indexOf(OPEN_OBJECT)
  return at > 0 && bytes[start + at - 1] === 32 && bytes[start + at + 1] === 34 ? start + at : -1
}

const parsed = (bytes: Buffer, start: number, end: number): JsonObject | null => {
  const value = end - start > MAX_LINE ? undefined : parseJson(decode(bytes, start, end))
  if (!isObject(value)) return null
  // Elasticsearch's hits.
  return objectOf(value, '_source') ?? value
}

const EVENT = /"(?:involvedObject|regarding)":\s?\{/u
const AZURE_EVENT = /"KubeEventType":\s?"/u
const AUDIT = /"apiVersion":\s?"audit\.k8s\.io\/|"methodName":\s?"io\.k8s\./u

const share = (lines: readonly string[], is: (line: string) => boolean): number => (lines.length === 0 ? 0 : lines.filter(is).length / lines.length)
const inObject = (line: string): boolean => {
  const at = line.indexOf('{')
  return at >= 0 && at < MAX_HEAD
}
const surely = (part: number): number => (part > 0.5 ? 0.92 : part > 0 ? 0.3 : 0)

/** A time of a row, in whatever zone it was exported; null where there is none: what the portal exports says the zone in the column's name. */
const azureTime = (row: JsonObject, column: string): Stamp | null => {
  for (const [name, zoneless] of [
    [column, 'utc'],
    [`${column} [UTC]`, 'utc'],
    [`${column} [Local Time]`, 'local'],
  ] as const) {
    const bytes = Buffer.from(textOf(row, name))
    if (bytes.length > 0 && readRecordTime(bytes, 0, bytes.length, zoneless)) return { ms: found.ms, basis: found.basis }
  }
  return null
}

/** Each minute a row is written of what happened again: it is the same event, as far as its object and its first time tell. */
const azureEvent = (row: JsonObject): { readonly happening: Happening; readonly basis: Basis } | null => {
  const last = azureTime(row, 'LastSeen') ?? azureTime(row, 'FirstSeen') ?? azureTime(row, 'TimeGenerated')
  if (last === null) return null
  const first = azureTime(row, 'FirstSeen') ?? last
  const reason = textOf(row, 'Reason')
  if (reason === '') return null
  const kind = textOf(row, 'ObjectKind')
  const namespace = textOf(row, 'Namespace')
  const name = textOf(row, 'Name')
  const count = Number(row['Count'] ?? 1)
  const happening: Happening = {
    type: textOf(row, 'KubeEventType'),
    reason,
    message: textOf(row, 'Message'),
    kind,
    namespace: kind === 'Node' ? '' : namespace,
    name,
    container: '',
    component: textOf(row, 'SourceComponent'),
    host: textOf(row, 'Computer'),
    first: Math.min(first.ms, last.ms),
    last: last.ms,
    count: count >= 1 && count < 1e9 ? Math.floor(count) : 1,
    uid: `${kind}/${namespace}/${name} ${reason} ${first.ms}`,
    objectUid: '',
  }
  return { happening, basis: last.basis }
}

const readEvents = (sink: Sink): LineReader => {
  const events = eventReader(sink, 'utc', false)
  const rows = new Map<Basis, EventReader>()
  const rowReader = (basis: Basis): EventReader => {
    const reader = rows.get(basis) ?? eventReader(sink, basis, false)
    rows.set(basis, reader)
    return reader
  }
  return {
    line(bytes, from, end) {
      const start = objectStart(bytes, from, end)
      if (start < 0) return false
      const object = parsed(bytes, start, end)
      if (object === null) return false
      if (textOf(object, 'KubeEventType') !== '') {
        const row = azureEvent(object)
        if (row === null) return false
        rowReader(row.basis).tell(row.happening, '')
        return true
      }
      const routed = objectOf(object, 'event') ?? objectOf(object, 'object')
      const event = routed !== undefined && isEvent(routed) ? routed : object
      if (!isEvent(event)) return false
      const verb = textOf(object, 'verb') || textOf(object, 'type')
      events.read(event, verb === 'UPDATED' || verb === 'MODIFIED' ? 'MODIFIED' : verb === 'DELETED' ? 'DELETED' : '')
      return true
    },
    end() {
      events.end()
      for (const reader of rows.values()) reader.end()
    },
  }
}

const isEvent = (object: JsonObject): boolean =>
  textOf(object, 'reason') !== '' && (objectOf(object, 'involvedObject') !== undefined || objectOf(object, 'regarding') !== undefined)

export const kubernetesEventLines: LineFormat = {
  id: 'kubernetes-events',
  takes: 'lines',
  reads: "Kubernetes events as lines of a log: event exporters, eventrouter; Azure Monitor's KubeEvents",
  reference: 'https://github.com/resmoio/kubernetes-event-exporter',
  example:
    '{"metadata":{"name":"web-1.17f5d0a1b2c3d4e5","namespace":"shop","uid":"5d0a"},"reason":"BackOff","message":"Back-off restarting failed container web in pod web-1_shop(9c1)","source":{"component":"kubelet","host":"worker-1"},"firstTimestamp":"2026-03-02T10:00:00Z","lastTimestamp":"2026-03-02T10:05:00Z","count":12,"type":"Warning","involvedObject":{"kind":"Pod","namespace":"shop","name":"web-1"}}',
  units: [],
  sniff: ({ lines }) =>
    surely(
      share(
        lines,
        (line) =>
          (line.startsWith('{') && AZURE_EVENT.test(line.slice(0, 16_384))) ||
          (inObject(line) && EVENT.test(line.slice(0, 16_384)) && line.slice(0, 16_384).includes('"reason":') && !AUDIT.test(line.slice(0, 2_048))),
      ),
    ),
  open: (sink) => readEvents(sink),
}

const STAGE_COMPLETE = Buffer.from('"stage":"ResponseComplete"')
const STAGE = Buffer.from('"stage":"')
const VERB = Buffer.from('"verb":"')
const USERNAME = Buffer.from('"username":"system:')
const ANY_USERNAME = Buffer.from('"username":"')
const NODE_OR_KUBE: readonly Buffer[] = [Buffer.from('node:'), Buffer.from('kube-'), Buffer.from('apiserver'), Buffer.from('serviceaccount:kube-system:')]
const IMPERSONATED = Buffer.from('"impersonatedUser"')
const BINDING = Buffer.from('"subresource":"binding"')
const CODE = Buffer.from('"code":')
const RESPONSE = Buffer.from('"responseStatus":')
const RECEIVED = Buffer.from('"requestReceivedTimestamp":"')
const URI = Buffer.from('"requestURI":"')
const READING: ReadonlySet<number> = new Set(Buffer.from('glwo')) // get, list, watch, options
const AUDIT_MARK = Buffer.from('audit.k8s.io/')

/** The keys of an audit record come in the order of its Go type: what only reads, or is a machine's, need not be parsed. */
const isRoutine = (line: Buffer): boolean => {
  const verb = line.indexOf(VERB)
  if (verb < 0) return false
  if (READING.has(line[verb + VERB.length] ?? 0)) return true
  const user = line.indexOf(ANY_USERNAME, verb)
  if (user < 0 || line.compare(USERNAME, 0, USERNAME.length, user, user + USERNAME.length) !== 0) return false
  const name = user + USERNAME.length
  if (!NODE_OR_KUBE.some((mark) => line.compare(mark, 0, mark.length, name, name + mark.length) === 0)) return false
  return !line.includes(IMPERSONATED) && !line.includes(BINDING)
}

const readAudit = (sink: Sink): LineReader => {
  const audit = auditReader(sink)
  return {
    line(bytes, from, end, envelope) {
      const start = objectStart(bytes, from, end)
      if (start < 0) return false
      const line = bytes.subarray(start, end)
      if (line.includes(AUDIT_MARK)) {
        if (line.includes(STAGE) && !line.includes(STAGE_COMPLETE)) {
          sink.part()
          return true
        }
        if (isRoutine(line)) {
          const at = line.lastIndexOf(RECEIVED)
          if (at >= 0 && readIso(line, at + RECEIVED.length, line.length) > 0) {
            const { ms } = found
            const status = line.indexOf(RESPONSE)
            const code = status < 0 ? -1 : line.indexOf(CODE, status)
            const uri = line.indexOf(URI) + URI.length
            const path = line.toString('latin1', uri, Math.min(uri + 200, line.indexOf(34, uri)))
            const answer = code < 0 ? NaN : Number(line.toString('latin1', code + CODE.length, code + CODE.length + 3))
            audit.answered(ms, answer, path, answer >= 400 ? decode(line, 0, Math.min(line.length, 1_200)) : '')
            return true
          }
        }
      }
      const object = parsed(bytes, start, end)
      if (object === null) return false
      // Cloud Logging's entry has been taken off: its time is the envelope's.
      if (textOf(object, 'methodName').startsWith('io.k8s.') && envelope !== null && envelope.basis === 'utc' && !Number.isNaN(envelope.ms))
        return audit.read({ protoPayload: object, timestamp: new Date(envelope.ms).toISOString() })
      if (!textOf(object, 'apiVersion').startsWith('audit.') && objectOf(object, 'protoPayload') === undefined) return false
      return audit.read(object)
    },
    end: () => audit.end(),
  }
}

export const kubernetesAudit: LineFormat = {
  id: 'kubernetes-audit',
  takes: 'lines',
  reads: "the API server's audit log, Google's Cloud Audit Logs about Kubernetes",
  reference: 'https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/',
  example:
    '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"0f1e","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/web-1","verb":"delete","user":{"username":"alice@example.com","groups":["system:authenticated"]},"sourceIPs":["192.0.2.7"],"userAgent":"kubectl/v1.33.1 (linux/amd64) kubernetes/8adc0f0","objectRef":{"resource":"pods","namespace":"shop","name":"web-1","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-03-02T10:00:00.123456Z","stageTimestamp":"2026-03-02T10:00:00.140961Z"}',
  units: [],
  sniff: ({ lines }) => surely(share(lines, (line) => inObject(line) && AUDIT.test(line.slice(0, 8_192)))),
  open: (sink) => readAudit(sink),
}
