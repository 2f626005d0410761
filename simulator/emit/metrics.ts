/** Prometheus' two usual exports, and what Alertmanager sends to a webhook (its version 4). */
import type { Notification, SeriesData } from './recorder.js'

const sortedLabels = (series: SeriesData): [string, string][] => Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1))

/** /api/v1/query_range of a plain selector: times in seconds, values as strings. */
export const queryRange = (all: readonly SeriesData[]): string => {
  const result = all.map((series) => ({
    metric: { __name__: series.name, ...Object.fromEntries(sortedLabels(series)) },
    values: series.points.map(([ms, value]) => [ms / 1000, String(value)]),
  }))
  return `{"status":"success","data":{"resultType":"matrix","result":${JSON.stringify(result)}}}`
}

/** promtool tsdb dump: every sample a line, times in milliseconds. */
export const tsdbDump = (all: readonly SeriesData[]): string =>
  all
    .map((series) => {
      const labels = [['__name__', series.name] as const, ...sortedLabels(series)].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')
      return series.points.map(([ms, value]) => `{${labels}} ${String(value)} ${ms}\n`).join('')
    })
    .join('')

const NEVER = '0001-01-01T00:00:00Z'
const fingerprint = (labels: Readonly<Record<string, string>>): string => {
  let h = 0xcbf29ce484222325n
  for (const char of JSON.stringify(labels)) h = BigInt.asUintN(64, (h ^ BigInt(char.codePointAt(0) ?? 0)) * 0x100000001b3n)
  return h.toString(16).padStart(16, '0')
}

/** One line a notification, with the time it was received. */
export const webhooks = (notifications: readonly Notification[]): string =>
  [...notifications]
    .sort((a, b) => a.ms - b.ms)
    .map(({ ms, labels, summary, startsMs, endsMs }) => {
      const status = endsMs === null ? 'firing' : 'resolved'
      const { alertname = '' } = labels
      const alert = {
        status,
        labels,
        annotations: { summary },
        startsAt: new Date(startsMs).toISOString(),
        endsAt: endsMs === null ? NEVER : new Date(endsMs).toISOString(),
        generatorURL: 'http://prometheus:9090/graph?g0.expr=up&g0.tab=1',
        fingerprint: fingerprint(labels),
      }
      const payload = {
        receiver: 'on-call',
        status,
        alerts: [alert],
        groupLabels: { alertname },
        commonLabels: labels,
        commonAnnotations: { summary },
        externalURL: 'http://alertmanager:9093',
        version: '4',
        groupKey: `{}:{alertname="${alertname}"}`,
        truncatedAlerts: 0,
      }
      return `${JSON.stringify({ received_at: new Date(ms).toISOString(), payload })}\n`
    })
    .join('')
