/**
 * The text that exporters serve and /federate gives out: Prometheus' exposition format (milliseconds), OpenMetrics (seconds,
 * `# EOF`, exemplars) and `promtool tsdb dump-openmetrics`. A scrape mostly has no times: it tells of sizes, not of moments.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ · https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
import type { LineFormat } from '../src/model/format.js'
import { parseSelector, readNumber, scanned, seriesEnd, skipBlanks } from './metric-bytes.js'
import { openMetricLines } from './metric-lines.js'

const META = /^# (?:HELP|TYPE|UNIT) \S|^# EOF$/u

export const exposition: LineFormat = {
  id: 'prometheus',
  takes: 'lines',
  reads: 'metrics as exporters serve them: the exposition format, OpenMetrics, /federate',
  reference: 'https://prometheus.io/docs/instrumenting/exposition_formats/',
  example: 'http_requests_total{method="post",code="500",path="C:\\\\dir"} 1027 1795249503718',
  units: [],
  sniff({ lines }) {
    const some = lines.slice(0, 100)
    const meta = some.filter((line) => META.test(line)).length
    const others = some.filter((line) => !line.startsWith('#'))
    const samples = others.filter(isSample)
    if (meta > 0 && samples.length >= others.length * 0.9) return 0.95
    if (samples.length === 0 || samples.length < others.length * 0.9) return meta > 2 || (meta > 0 && samples.length >= others.length * 0.4) ? 0.4 : 0
    const labelled = samples.filter((line) => line.includes('{')).length
    return labelled > 0 ? 0.85 : samples.length > 2 ? 0.5 : 0
  },
  open: (sink, context) => openMetricLines(sink, context, 'magnitude'),
}

/** A name, a value, perhaps a time: nothing else but a comment. */
const isSample = (line: string): boolean => {
  const bytes = Buffer.from(line)
  const name = seriesEnd(bytes, 0, bytes.length)
  const at = skipBlanks(bytes, name, bytes.length)
  if (name < 0 || (at === name && bytes[name - 1] !== 125) || parseSelector(bytes, 0, name) === null) return false
  readNumber(bytes, at, bytes.length)
  if (scanned.end < 0) return false
  const next = skipBlanks(bytes, scanned.end, bytes.length)
  if (next >= bytes.length || bytes[next] === 35) return true
  readNumber(bytes, next, bytes.length)
  if (scanned.end < 0) return false
  const rest = skipBlanks(bytes, scanned.end, bytes.length)
  return rest >= bytes.length || bytes[rest] === 35 || bytes[rest] === 115
}
