/**
 * Kubernetes events as Grafana's Agent and Alloy write them to Loki: fields of logfmt or JSON; the time is the entry's, the namespace its stream's.
 *   name=worker-2 kind=Node objectAPIversion=v1 … sourcecomponent=kubelet sourcehost=worker-2 reason=Rebooted type=Warning count=1 msg="Node …"
 * https://grafana.com/docs/alloy/latest/reference/components/loki/loki.source.kubernetes_events/
 */
import type { LineFormat } from '../src/model/format.js'
import { decode } from '../src/read/text.js'
import { eventReader } from './kubernetes-event.js'
import { isObject, parseJson } from './json-values.js'

const FIELD = /([A-Za-z]{2,40})=("(?:[^"\\]|\\.)*"|[^\s"]*)/gu
const NAMED = /\bname=\S{1,253} kind=[A-Z][A-Za-z]{1,60} /u
/** An event's message has at most 1 KiB. */
const MAX_LINE = 8_192

const isEvent = (line: string): boolean =>
  line.startsWith('{')
    ? line.includes('"objectAPIversion":') && line.includes('"kind":') && line.includes('"reason":')
    : line.includes(' reason=') && line.includes(' msg=') && NAMED.test(line)

const unquoted = (value: string): string => {
  if (!value.startsWith('"')) return value
  const bytes = Buffer.from(value)
  const read = parseJson(bytes, 0, bytes.length)
  return typeof read === 'string' ? read : value.slice(1, -1)
}

const fieldsOf = (line: string): ReadonlyMap<string, string> => {
  if (!line.startsWith('{')) return new Map([...line.matchAll(FIELD)].map(([, key = '', value = '']) => [key, unquoted(value)]))
  const bytes = Buffer.from(line)
  const object = parseJson(bytes, 0, bytes.length)
  return new Map(isObject(object) ? Object.entries(object).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : [])) : [])
}

export const kubernetesEventFields: LineFormat = {
  id: 'kubernetes-events',
  takes: 'lines',
  reads: 'Kubernetes events as fields: Grafana Agent and Alloy',
  reference: 'https://grafana.com/docs/alloy/latest/reference/components/loki/loki.source.kubernetes_events/',
  example:
    'name=worker-2 kind=Node objectAPIversion=v1 objectRV=239573 eventRV=717902 reportinginstance=worker-2 reportingcontroller=kubelet sourcecomponent=kubelet sourcehost=worker-2 reason=Rebooted type=Warning count=1 msg="Node worker-2 has been rebooted, boot id: 71ea7e47-7f0f-4fe8-b7b0-1cb97525df8d"',
  units: [],
  sniff({ lines }) {
    const own = lines.filter((line) => line.length < MAX_LINE && isEvent(line)).length
    return own === 0 ? 0 : own > lines.length / 2 ? 0.95 : 0.3
  },
  open(sink) {
    const events = eventReader(sink, 'utc', false)
    return {
      line(bytes, start, end, envelope) {
        if (end - start > MAX_LINE) return false
        const line = decode(bytes, start, end)
        if (!isEvent(line)) return false
        const fields = fieldsOf(line)
        const text = (key: string): string => fields.get(key) ?? ''
        const ms = envelope !== null && envelope.basis === 'utc' ? envelope.ms : NaN
        const kind = text('kind')
        const component = text('reportingcontroller') || text('sourcecomponent')
        // Every update is a line of its own: what it counts was told before.
        events.tell(
          {
            type: text('type'),
            reason: text('reason'),
            message: text('msg'),
            kind,
            namespace: kind === 'Node' ? '' : (envelope?.namespace ?? '-'),
            name: text('name'),
            container: '',
            component,
            host: text('sourcehost') || (component === 'kubelet' ? text('reportinginstance') : ''),
            first: ms,
            last: ms,
            count: 1,
            uid: '/',
            objectUid: '',
          },
          'MODIFIED',
        )
        return true
      },
      end: () => events.end(),
    }
  },
}
