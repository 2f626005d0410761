/** The same lines as every collector, cloud and shell writes them down. What a dress leaves out (the time, the machine, the pod) is told with it. */
import { journalStamp, microStamp, nanoStamp, secondStamp } from '../core/stamps.js'

/** A line with everything that may be written around it. */
export interface Spoken {
  readonly ms: number
  readonly host: string
  /** systemd unit, syslog identifier, the container's name. */
  readonly unit: string
  readonly pid: number
  readonly namespace: string
  readonly pod: string
  readonly text: string
}

export interface Dress {
  /** What a reader should find around the lines, outermost first. */
  readonly wrapping: readonly string[]
  readonly name: string
  /** What it writes down beside the line. */
  readonly tells: { readonly time: boolean; readonly host: boolean; readonly pod: boolean; /** unit, identifier or container */ readonly unit: boolean }
  write(lines: readonly Spoken[]): string | Buffer
}

const micros = (ms: number): string => String(Math.round(ms * 1000))
const nanos = (ms: number): string => `${micros(ms)}000`
const millis = (ms: number): string => new Date(Math.floor(ms)).toISOString()
const plainMillis = (ms: number): string => millis(ms).slice(0, 23)
const noFraction = (ms: number): string => journalStamp(ms).slice(0, 15)
const csvField = (text: string): string => `"${text.replaceAll('"', '""')}"`
const rows = (lines: readonly Spoken[], write: (line: Spoken, index: number) => string): string =>
  lines.map((line, index) => `${write(line, index)}\n`).join('')
const documents = (lines: readonly Spoken[], make: (line: Spoken, index: number) => unknown): string =>
  rows(lines, (line, index) => JSON.stringify(make(line, index)))

const MACHINE = { time: true, host: true, pod: false, unit: true } as const
const POD = { time: true, host: false, pod: true, unit: true } as const
const BOTH = { time: true, host: true, pod: true, unit: true } as const
const TIME = { time: true, host: false, pod: false, unit: false } as const
const NOTHING = { time: false, host: false, pod: false, unit: false } as const

const weekday = (ms: number): string => ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(ms).getUTCDay()] ?? ''
const full = (ms: number): string => `${weekday(ms)} ${secondStamp(ms).replace('T', ' ').replace('Z', '')}`
/** As journalctl -o short-precise writes it: what else may be wrapped again. */
export const inJournal = (line: Spoken): string => `${journalStamp(line.ms)} ${said(line)}`
const said = ({ host, unit, pid, text }: Spoken): string => `${host} ${unit}${unit === 'kernel' ? '' : `[${pid}]`}: ${text}`

const journalFields = ({ ms, host, unit, pid, text }: Spoken): Record<string, string> => ({
  __CURSOR: `s=a4e36fd29d8545e3aef2b7163cf53485;i=1dbcc;b=85f82a56dac248e3a65a14f508238942;m=2147d16607;t=${Math.round(ms * 1000).toString(16)};x=5e80158e9fa557ac`,
  __REALTIME_TIMESTAMP: micros(ms),
  _BOOT_ID: '85f82a56dac248e3a65a14f508238942',
  _TRANSPORT: unit === 'kernel' ? 'kernel' : 'stdout',
  _HOSTNAME: host,
  SYSLOG_IDENTIFIER: unit,
  ...(unit === 'kernel' ? {} : { _PID: String(pid), _SYSTEMD_UNIT: `${unit}.service` }),
  PRIORITY: '6',
  MESSAGE: text,
})

/** Plain text as NAME=value; what has control characters with its length in bytes before it. */
const exported = (line: Spoken): Buffer =>
  Buffer.concat([
    ...Object.entries(journalFields(line)).map(([name, value]) => {
      // eslint-disable-next-line no-control-regex -- those are what the binary form is for
      if (!/[\u0000-\u001f]/u.test(value)) return Buffer.from(`${name}=${value}\n`)
      const bytes = Buffer.from(value)
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(bytes.length))
      return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')])
    }),
    Buffer.from('\n'),
  ])

const googleEntry = (line: Spoken, index: number): unknown => ({
  insertId: `1zo6twtfyor903h${index}`,
  jsonPayload: { MESSAGE: line.text, SYSLOG_IDENTIFIER: line.unit, _HOSTNAME: line.host, _PID: String(line.pid) },
  logName: `projects/shop/logs/${line.unit}`,
  receiveTimestamp: nanoStamp(line.ms + 900),
  resource: { labels: { cluster_name: 'shop', node_name: line.host }, type: 'k8s_node' },
  timestamp: microStamp(line.ms),
})

const googleContainer = (line: Spoken, index: number): unknown => ({
  insertId: `1zo6twtfyor903h${index}`,
  labels: { 'compute.googleapis.com/resource_name': line.host },
  logName: 'projects/shop/logs/stderr',
  resource: { labels: { container_name: line.unit, namespace_name: line.namespace, pod_name: line.pod }, type: 'k8s_container' },
  severity: 'ERROR',
  textPayload: line.text,
  timestamp: nanoStamp(line.ms),
})

const kubernetes = (line: Spoken): unknown => ({ pod_name: line.pod, namespace_name: line.namespace, host: line.host, container_name: line.unit })
const lokiLabels = (line: Spoken): Record<string, string> => ({ container: line.unit, namespace: line.namespace, node_name: line.host, pod: line.pod })
const lokiLabelText = (line: Spoken): string =>
  `{${Object.entries(lokiLabels(line))
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`
const beat = (line: Spoken): unknown => ({
  '@timestamp': millis(line.ms),
  agent: { type: 'filebeat', version: '9.2.0' },
  host: { name: line.host },
  kubernetes: { container: { name: line.unit }, namespace: line.namespace, node: { name: line.host }, pod: { name: line.pod } },
  message: line.text,
})
const cloudwatchEvent = (line: Spoken, index: number): unknown => ({
  logStreamName: `${line.host}-${line.unit}`,
  timestamp: Math.floor(line.ms),
  message: line.text,
  ingestionTime: Math.floor(line.ms) + 530,
  eventId: `37957510267006724342200454931664427310462681533819${index}`,
})

const yamlEntry = (line: Spoken, index: number): string =>
  [
    '---',
    `insertId: 1zo6twtfyor903h${index}`,
    'jsonPayload:',
    `  MESSAGE: ${JSON.stringify(line.text)}`,
    `  SYSLOG_IDENTIFIER: ${line.unit}`,
    `  _HOSTNAME: ${line.host}`,
    `logName: projects/shop/logs/${line.unit}`,
    'resource:',
    '  labels:',
    `    node_name: ${line.host}`,
    '  type: k8s_node',
    `timestamp: '${microStamp(line.ms)}'`,
  ].join('\n')

export const dresses: readonly Dress[] = [
  { name: 'none', wrapping: [], tells: NOTHING, write: (lines) => rows(lines, ({ text }) => text) },
  {
    name: 'journalctl -o short',
    wrapping: ['journald-short'],
    tells: MACHINE,
    write: (lines) => rows(lines, (line) => `${noFraction(line.ms)} ${said(line)}`),
  },
  { name: '… short-precise', wrapping: ['journald-short'], tells: MACHINE, write: (lines) => rows(lines, (line) => `${journalStamp(line.ms)} ${said(line)}`) },
  {
    name: '… short-iso-precise',
    wrapping: ['journald-short'],
    tells: MACHINE,
    write: (lines) => rows(lines, (line) => `${microStamp(line.ms).replace('Z', '+00:00')} ${said(line)}`),
  },
  {
    name: '… short-unix',
    wrapping: ['journald-short'],
    tells: MACHINE,
    write: (lines) => rows(lines, (line) => `${(line.ms / 1000).toFixed(6)} ${said(line)}`),
  },
  {
    name: '… with-unit',
    wrapping: ['journald-short'],
    tells: MACHINE,
    write: (lines) => rows(lines, (line) => `${full(line.ms)} UTC ${said(line.unit === 'kernel' ? line : { ...line, unit: `${line.unit}.service` })}`),
  },
  {
    name: '… short-monotonic',
    wrapping: ['journald-short'],
    tells: { ...MACHINE, time: false },
    write: (lines) => rows(lines, (line, index) => `[${(12345.678901 + index).toFixed(6).padStart(12)}] ${said(line)}`),
  },
  { name: '… json', wrapping: ['journald-json'], tells: MACHINE, write: (lines) => documents(lines, journalFields) },
  {
    name: '… json-pretty',
    wrapping: ['journald-json'],
    tells: MACHINE,
    write: (lines) =>
      rows(
        lines,
        (line) =>
          `{\n${Object.entries(journalFields(line))
            .map(([name, value]) => `\t"${name}" : ${JSON.stringify(value)}`)
            .join(',\n')}\n}`,
      ),
  },
  {
    name: '… json-sse',
    wrapping: ['json-stream', 'journald-json'],
    tells: MACHINE,
    write: (lines) => rows(lines, (line) => `data: ${JSON.stringify(journalFields(line))}\n`),
  },
  { name: '… export', wrapping: ['journald-export'], tells: MACHINE, write: (lines) => Buffer.concat(lines.map(exported)) },
  {
    name: '… verbose',
    wrapping: ['journald-verbose'],
    tells: MACHINE,
    write: (lines) =>
      rows(lines, (line) => {
        const fields = journalFields(line)
        const listed = Object.entries(fields)
          .filter(([name]) => !name.startsWith('__'))
          .map(([name, value]) => `\n    ${name}=${value}`)
        return `${full(line.ms)}.000000 UTC [${fields['__CURSOR'] ?? ''}]${listed.join('')}`
      }),
  },
  {
    name: 'syslog RFC 3164',
    wrapping: ['journald-short'],
    tells: MACHINE,
    write: (lines) => rows(lines, (line) => `<30>${noFraction(line.ms)} ${said(line)}`),
  },
  {
    name: '… with a year',
    wrapping: ['journald-short'],
    tells: MACHINE,
    write: (lines) =>
      rows(lines, (line) => `<30>${noFraction(line.ms).slice(0, 7)}${new Date(line.ms).getUTCFullYear()} ${noFraction(line.ms).slice(7)} ${said(line)}`),
  },
  {
    name: 'syslog RFC 5424',
    wrapping: ['syslog-5424'],
    tells: MACHINE,
    write: (lines) => rows(lines, (line) => `<30>1 ${microStamp(line.ms)} ${line.host} ${line.unit} ${line.pid} - - ${line.text}`),
  },
  { name: 'CRI', wrapping: ['cri'], tells: TIME, write: (lines) => rows(lines, (line) => `${nanoStamp(line.ms)} stderr F ${line.text}`) },
  {
    name: 'Docker json-file',
    wrapping: ['docker-json'],
    tells: TIME,
    write: (lines) => documents(lines, (line) => ({ log: `${line.text}\n`, stream: 'stderr', time: nanoStamp(line.ms) })),
  },
  {
    name: '… with attrs',
    wrapping: ['docker-json'],
    tells: POD,
    write: (lines) =>
      documents(lines, (line) => ({
        log: `${line.text}\n`,
        stream: 'stderr',
        attrs: { tag: `k8s_${line.unit}_${line.pod}_${line.namespace}_5f3c2a1e-0000-4000-8000-3f1c3f1c3f1c_0` },
        time: nanoStamp(line.ms),
      })),
  },
  {
    name: 'kubectl logs --timestamps',
    wrapping: ['kubectl-timestamps'],
    tells: TIME,
    write: (lines) => rows(lines, (line) => `${nanoStamp(line.ms)} ${line.text}`),
  },
  {
    name: '… --prefix',
    wrapping: ['kubectl-prefix'],
    tells: { ...NOTHING, pod: true },
    write: (lines) => rows(lines, (line) => `[pod/${line.pod}/${line.unit}] ${line.text}`),
  },
  {
    name: '… --prefix --timestamps',
    wrapping: ['kubectl-prefix', 'kubectl-timestamps'],
    tells: POD,
    write: (lines) => rows(lines, (line) => `[pod/${line.pod}/${line.unit}] ${nanoStamp(line.ms)} ${line.text}`),
  },
  { name: 'docker compose logs', wrapping: ['docker-compose'], tells: NOTHING, write: (lines) => rows(lines, (line) => `${line.unit}-1  | ${line.text}`) },
  {
    name: '… --timestamps, in colour',
    wrapping: ['ansi', 'docker-compose', 'kubectl-timestamps'],
    tells: TIME,
    write: (lines) => rows(lines, (line) => `\u001b[36m${line.unit}-1  | \u001b[0m${nanoStamp(line.ms)} ${line.text}`),
  },
  { name: 'talosctl logs', wrapping: ['talosctl'], tells: NOTHING, write: (lines) => rows(lines, ({ text }) => `10.0.40.12: ${text}`) },
  {
    name: '… dmesg',
    wrapping: ['talosctl'],
    tells: { time: true, host: true, pod: false, unit: false },
    write: (lines) => rows(lines, (line) => `10.0.40.12: ${line.unit === 'kernel' ? 'kern' : 'user'}:    info: [${nanoStamp(line.ms)}]: ${line.text}`),
  },
  {
    name: 'stern',
    wrapping: ['stern'],
    tells: { ...NOTHING, pod: true },
    write: (lines) => rows(lines, (line) => `${line.namespace} ${line.pod} ${line.unit} ${line.text}`),
  },
  {
    name: '… --output json',
    wrapping: ['stern-json'],
    tells: { ...BOTH, time: false },
    write: (lines) =>
      documents(lines, (line) => ({ message: line.text, nodeName: line.host, namespace: line.namespace, podName: line.pod, containerName: line.unit })),
  },
  {
    name: 'kail',
    wrapping: ['kail'],
    tells: { ...NOTHING, pod: true },
    write: (lines) => rows(lines, (line) => `${line.namespace}/${line.pod}[${line.unit}]: ${line.text}`),
  },
  { name: 'gcloud logging read (YAML)', wrapping: ['yaml', 'google-logging'], tells: MACHINE, write: (lines) => rows(lines, yamlEntry) },
  { name: '… --format json', wrapping: ['google-logging'], tells: MACHINE, write: (lines) => `${JSON.stringify(lines.map(googleEntry), null, 2)}\n` },
  { name: '… of containers, JSON lines', wrapping: ['google-logging'], tells: BOTH, write: (lines) => documents(lines, googleContainer) },
  {
    name: 'aws logs filter-log-events',
    wrapping: ['cloudwatch'],
    tells: TIME,
    write: (lines) => `${JSON.stringify({ events: lines.map(cloudwatchEvent), searchedLogStreams: [] }, null, 4)}\n`,
  },
  {
    name: 'aws logs tail',
    wrapping: ['cloudwatch-tail'],
    tells: TIME,
    write: (lines) => rows(lines, (line) => `${microStamp(line.ms).replace('Z', '+00:00')} web/web/4f5e387f6fd94ab29c762b85594b7c38 ${line.text}`),
  },
  {
    name: 'CloudWatch Insights as CSV',
    wrapping: ['csv', 'cloudwatch'],
    tells: TIME,
    write: (lines) => `@timestamp,@message\n${rows(lines, (line) => `${plainMillis(line.ms).replace('T', ' ')},${csvField(line.text)}`)}`,
  },
  {
    name: '… as JSON',
    wrapping: ['cloudwatch'],
    tells: TIME,
    write: (lines) =>
      `${JSON.stringify(
        {
          results: lines.map((line) => [
            { field: '@timestamp', value: plainMillis(line.ms).replace('T', ' ') },
            { field: '@message', value: line.text },
            { field: '@ptr', value: 'CmEKJgoi' },
          ]),
          status: 'Complete',
        },
        null,
        4,
      )}\n`,
  },
  {
    name: 'Azure ContainerLogV2',
    wrapping: ['azure-monitor'],
    tells: BOTH,
    write: (lines) =>
      `${JSON.stringify(
        lines.map((line) => ({
          Computer: line.host,
          ContainerName: line.unit,
          LogMessage: line.text,
          LogSource: 'stderr',
          PodName: line.pod,
          PodNamespace: line.namespace,
          TableName: 'PrimaryResult',
          TimeGenerated: millis(line.ms),
        })),
        null,
        2,
      )}\n`,
  },
  {
    name: '… Syslog, tables and rows',
    wrapping: ['azure-monitor'],
    tells: MACHINE,
    write: (lines) =>
      JSON.stringify({
        tables: [
          {
            name: 'PrimaryResult',
            columns: ['TimeGenerated', 'Computer', 'ProcessName', 'SyslogMessage'].map((name) => ({ name, type: 'string' })),
            rows: lines.map((line) => [millis(line.ms), line.host, line.unit, line.text]),
          },
        ],
      }),
  },
  {
    name: "… the portal's CSV",
    wrapping: ['csv', 'azure-monitor'],
    tells: BOTH,
    write: (lines) =>
      `\ufeff"TimeGenerated [UTC]",Computer,PodNamespace,PodName,ContainerName,LogMessage\n${rows(lines, (line) => {
        const at = new Date(line.ms)
        const hour = at.getUTCHours()
        const time = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}, ${hour % 12 === 0 ? 12 : hour % 12}:${millis(line.ms).slice(14, 23)} ${hour < 12 ? 'AM' : 'PM'}`
        return [csvField(time), line.host, line.namespace, line.pod, line.unit, csvField(line.text)].join(',')
      })}`,
  },
  { name: 'logcli', wrapping: ['logcli'], tells: BOTH, write: (lines) => rows(lines, (line) => `${secondStamp(line.ms)} ${lokiLabelText(line)} ${line.text}`) },
  {
    name: '… -o jsonl',
    wrapping: ['loki'],
    tells: BOTH,
    write: (lines) => documents(lines, (line) => ({ labels: lokiLabels(line), line: line.text, timestamp: nanoStamp(line.ms) })),
  },
  {
    name: 'Loki query_range, backward',
    wrapping: ['loki'],
    tells: BOTH,
    write: (lines) => {
      const streams = new Map<string, Spoken[]>()
      for (const line of lines) streams.set(lokiLabelText(line), [...(streams.get(lokiLabelText(line)) ?? []), line])
      const result = [...streams.values()].map((of) => ({
        stream: of[0] && lokiLabels(of[0]),
        values: of.map((line) => [nanos(line.ms), line.text]).reverse(),
      }))
      return JSON.stringify({ status: 'success', data: { resultType: 'streams', result, stats: {} } })
    },
  },
  {
    name: 'Fluent Bit',
    wrapping: ['fluent'],
    tells: BOTH,
    write: (lines) => documents(lines, (line) => ({ date: line.ms / 1000, log: `${line.text}\n`, stream: 'stderr', kubernetes: kubernetes(line) })),
  },
  {
    name: '… around CRI',
    wrapping: ['fluent', 'cri'],
    tells: BOTH,
    write: (lines) =>
      documents(lines, (line) => ({ date: line.ms / 1000, log: `${nanoStamp(line.ms)} stderr F ${line.text}\n`, kubernetes: kubernetes(line) })),
  },
  {
    name: "Fluentd's files",
    wrapping: ['fluentd-file', 'fluent'],
    tells: BOTH,
    write: (lines) =>
      rows(
        lines,
        (line) =>
          `${secondStamp(line.ms).replace('Z', '+00:00')}\tkubernetes.var.log.${line.pod}\t${JSON.stringify({ time: nanoStamp(line.ms), log: line.text, kubernetes: kubernetes(line) })}`,
      ),
  },
  {
    name: 'Vector',
    wrapping: ['vector'],
    tells: BOTH,
    write: (lines) =>
      documents(lines, (line) => ({
        file: '/var/log/pods/x/0.log',
        kubernetes: { container_name: line.unit, pod_name: line.pod, pod_namespace: line.namespace, pod_node_name: line.host },
        message: line.text,
        source_type: 'kubernetes_logs',
        stream: 'stderr',
        timestamp: nanoStamp(line.ms),
      })),
  },
  { name: 'Filebeat', wrapping: ['elastic-beat'], tells: BOTH, write: (lines) => documents(lines, beat) },
  {
    name: 'Elasticsearch, newest first',
    wrapping: ['elasticsearch', 'elastic-beat'],
    tells: BOTH,
    write: (lines) =>
      JSON.stringify(
        {
          took: 3,
          timed_out: false,
          hits: {
            total: { value: lines.length },
            hits: lines.map((line, index) => ({ _index: 'logs', _id: `Vx${index}`, _source: beat(line), sort: [Math.floor(line.ms)] })).reverse(),
          },
        },
        null,
        2,
      ),
  },
  {
    name: 'Datadog',
    wrapping: ['datadog'],
    tells: MACHINE,
    write: (lines) =>
      JSON.stringify({
        data: lines.map((line, index) => ({
          id: `AwAAAZ${index}`,
          type: 'log',
          attributes: { timestamp: millis(line.ms), status: 'error', service: line.unit, host: line.host, message: line.text },
        })),
      }),
  },
  {
    name: 'journalctl -r',
    wrapping: ['journald-short'],
    tells: MACHINE,
    write: (lines) => rows(lines.toReversed(), (line) => `${journalStamp(line.ms)} ${said(line)}`),
  },
  { name: 'CRI, CRLF', wrapping: ['cri'], tells: TIME, write: (lines) => rows(lines, (line) => `${nanoStamp(line.ms)} stderr F ${line.text}\r`) },
  {
    name: 'UTF-16 (PowerShell)',
    wrapping: ['utf-16', 'kubectl-timestamps'],
    tells: TIME,
    write: (lines) => Buffer.from(`\ufeff${rows(lines, (line) => `${nanoStamp(line.ms)} ${line.text}\r`)}`, 'utf16le'),
  },
]
