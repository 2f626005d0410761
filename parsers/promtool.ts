/**
 * What promtool prints: `promtool tsdb dump` (milliseconds) and the text answers of `promtool query instant|range` (seconds).
 * `promtool tsdb dump-openmetrics` is OpenMetrics: parsers/exposition.ts.
 * https://github.com/prometheus/prometheus/blob/v3.5.0/cmd/promtool/tsdb.go (formatSeriesSet),
 * https://github.com/prometheus/common/blob/main/model/value.go (Sample.String, SampleStream.String)
 */
import type { LineFormat } from '../src/model/format.js'
import { seriesEnd } from './metric-bytes.js'
import { openMetricLines } from './metric-lines.js'

/** {__name__="up", …} 1 1795249035613 */
const isDumped = (line: string): boolean => {
  if (!line.startsWith('{__name__="')) return false
  const bytes = Buffer.from(line)
  const name = seriesEnd(bytes, 0, bytes.length)
  return name > 0 && bytes[name] === 32 && /^-?\d{1,16}$/u.test(line.slice(line.lastIndexOf(' ') + 1))
}

/** up{…} => 1 @[1795249415] · up{…} => · 1 @[1795249415] */
const isAnswered = (line: string): boolean => {
  if (/^[-+0-9.eINanf]{1,40} @\[[0-9.]{1,20}\]$/u.test(line)) return true
  const bytes = Buffer.from(line)
  const name = seriesEnd(bytes, 0, bytes.length)
  return name > 0 && / =>\s?(?:$|[-+0-9.eINanf]{1,40} @\[[0-9.]{1,20}\]$)/u.test(line.slice(-80)) && /^ ?=>/u.test(bytes.toString('latin1', name, name + 4))
}

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
    const mine = some.filter((line) => isDumped(line) || isAnswered(line)).length
    return mine === some.length ? 0.95 : mine >= some.length * 0.6 ? 0.7 : mine > 2 ? 0.2 : 0
  },
  open: (sink, context) => openMetricLines(sink, context, 'ms'),
}
