/**
 * Answers of Prometheus' HTTP API saved to files: query_range (matrix), query (vector, scalar, range selectors), targets, alerts, rules,
 * series, status; also of Thanos, Mimir and VictoriaMetrics (whose /api/v1/export has values and timestamps apart).
 * {"status":"success","data":{"resultType":"matrix","result":[{"metric":{…},"values":[[1795249607.271,"1"],…]}]}}
 * https://prometheus.io/docs/prometheus/latest/querying/api/ · https://docs.victoriametrics.com/#how-to-export-data-in-json-line-format
 */
import type { BytesFormat, Head } from '../src/model/format.js'
import { openPrometheusJson } from './prometheus-json-reader.js'

const RESULT = /"resultType"\s*:\s*"(matrix|vector|scalar|string)"/u
const ANSWER = /^\s*\{\s*"status"\s*:\s*"(?:success|error)"/u
const PARTS = /"(?:activeTargets|droppedTargets|activeAt|groups|errorType)"\s*:/u
const DATA_SOON = /^[\s\S]{0,80}"data"\s*:/u
/** A service's own log line or answer may begin alike; /api/v1/alerts of an old Alertmanager does. */
const LOG_OR_ALERTS = /"(?:startsAt|time|timestamp|ts|level|msg|message)"\s*:/u
/** The same with its keys in order, as jq -S leaves it. */
const SORTED = /^\s*\{\s*"data"\s*:\s*\{\s*"(?:activeTargets|alerts|groups)"\s*:/u
/** A result cut out of its answer, a line of an export, a set of labels. */
const SERIES = /^\s*\[?\s*\{\s*"metric"\s*:\s*\{[^{}]*\}\s*,\s*"values?"\s*:\s*\[|^\s*\{\s*"__name__"\s*:\s*"/u

const sniff = ({ bytes }: Head): number => {
  const start = bytes[0] === 0xef ? 3 : 0
  if (bytes[start] !== 123 && bytes[start] !== 91 && (bytes[start] ?? 0) > 32) return 0
  const text = bytes.toString('latin1', start, Math.min(bytes.length, 16_384))
  if (/"resultType"\s*:\s*"streams"/u.test(text)) return 0 // Loki's log lines
  if (RESULT.test(text) && /^\s*\{/u.test(text)) return 0.95
  if (ANSWER.test(text)) {
    if (PARTS.test(text)) return 0.9
    return DATA_SOON.test(text) && !LOG_OR_ALERTS.test(text) ? 0.8 : 0
  }
  return SERIES.test(text) || (SORTED.test(text) && PARTS.test(text)) ? 0.85 : 0
}

export const prometheusJson: BytesFormat = {
  id: 'prometheus',
  takes: 'bytes',
  reads: "answers of Prometheus' HTTP API: query_range, query, targets, alerts, rules",
  reference: 'https://prometheus.io/docs/prometheus/latest/querying/api/',
  sniff,
  open: openPrometheusJson,
}
