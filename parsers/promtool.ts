/**
 * What promtool prints: `promtool tsdb dump` (milliseconds) and the text answers of `promtool query instant|range` (seconds).
 * `promtool tsdb dump-openmetrics` is OpenMetrics: parsers/exposition.ts.
 * https://github.com/prometheus/prometheus/blob/v3.5.0/cmd/promtool/tsdb.go (formatSeriesSet),
 * https://github.com/prometheus/common/blob/main/model/value.go (Sample.String, SampleStream.String)
 */
import type { LineFormat } from '../src/model/format.js'
import { openMetricLines } from './metric-lines.js'

const DUMPED = /^\{__name__="[^"]+"[^\n]*\} (?:[-+0-9.e]+|[+-]Inf|NaN|\{[^\n]*\}) -?\d+$/u
const ANSWERED =
  /^(?:[a-zA-Z_:][\w:]*)?\{[^\n]*\} => [-+0-9.eINan]* ?@\[[0-9.]+\]$|^(?:[a-zA-Z_:][\w:]*)?(?:\{[^\n]*\})? =>\s*$|^[-+0-9.eINanf]+ @\[[0-9.]+\]$/u

export const promtool: LineFormat = {
  id: 'prometheus',
  takes: 'lines',
  reads: 'samples printed by promtool: tsdb dump, query instant, query range',
  reference: 'https://prometheus.io/docs/prometheus/latest/command-line/promtool/',
  example: '{__name__="up", instance="10.3.0.7:9100", job="node", node="storage-2"} 1 1795249035613',
  units: [],
  sniff({ lines }) {
    const some = lines.slice(0, 50)
    if (some.length === 0) return 0
    const mine = some.filter((line) => line.length < 10_000 && (DUMPED.test(line) || ANSWERED.test(line))).length
    return mine === some.length ? 0.95 : mine >= some.length * 0.6 ? 0.7 : mine > 2 ? 0.2 : 0
  },
  open: (sink, context) => openMetricLines(sink, context, 'ms'),
}
