/**
 * Metrics of AWS CloudWatch as its command line answers: 'aws cloudwatch get-metric-statistics' (one metric; its points come in no order) and
 * 'get-metric-data' (many). Neither says of what the metric is: the answer's label, else the file's name and directory do.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
import type { BytesFormat, BytesReader, InputContext, Sink } from '../src/model/format.js'
import { isObject, own, ownText } from './json-values.js'
import { metricSeries, type MetricSeries } from './metric-series.js'
import { wholeJson } from './whole-json.js'

const MAX_DEPTH = 6

export const cloudwatchMetrics: BytesFormat = {
  id: 'cloudwatch-metrics',
  takes: 'bytes',
  reads: 'metrics of AWS CloudWatch: get-metric-statistics, get-metric-data',
  reference: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html',
  sniff({ bytes }) {
    const text = bytes.toString('latin1', 0, 65_536)
    if (!/^(?:\xef\xbb\xbf)?\s*[[{]/u.test(text)) return 0
    if (/"Datapoints"\s*:\s*\[\s*(?:\]|\{)/u.test(text)) return /"Label"\s*:|"Timestamp"\s*:/u.test(text) ? 0.95 : 0.3
    return /"MetricDataResults"\s*:\s*\[/u.test(text) ? 0.95 : 0
  },
  open: (sink, context) => openAnswer(sink, context),
}

const openAnswer = (sink: Sink, context: InputContext): BytesReader =>
  wholeJson(sink, "CloudWatch's metrics", (root) => {
    const series = metricSeries(sink, context, () => null)
    const reach = { first: Infinity, last: -Infinity }
    walk(root, 0, (answer) => give(answer, sink, series, context, reach))
    series.end(reach.first, reach.last)
  })

/** One metric over time, as either answer gives it. */
interface Answer {
  readonly label: string
  readonly points: readonly (readonly [ms: number, value: number])[]
}

const walk = (value: unknown, depth: number, answer: (one: Answer) => void): void => {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return
  const [points, times, values] = [own(value, 'Datapoints'), own(value, 'Timestamps'), own(value, 'Values')]
  if (Array.isArray(points)) answer({ label: ownText(value, 'Label'), points: pointsOf(ownText(value, 'Label'), points) })
  else if (Array.isArray(times) && Array.isArray(values)) {
    const read = times.map((time: unknown, index) => [msOf(time), values[index]] as const)
    answer({
      label: ownText(value, 'Label') || ownText(value, 'Id'),
      points: read.flatMap(([ms, one]) => (Number.isNaN(ms) || typeof one !== 'number' ? [] : [[ms, one] as const])),
    })
  } else for (const inner of Array.isArray(value) ? value : Object.values(value)) walk(inner, depth + 1, answer)
}

/** Version 1 of the command line may be set to write seconds since 1970. */
const msOf = (time: unknown): number => (typeof time === 'number' ? time * 1000 : typeof time === 'string' ? Date.parse(time) : NaN)

/** Of what is counted, the sum of a period; of what is measured, its average. One of them: together they would be added up. */
const STATISTICS = ['Average', 'Maximum', 'Minimum', 'Sum', 'SampleCount'] as const
const COUNTED = ['Sum', 'SampleCount', 'Average', 'Maximum', 'Minimum'] as const
const isCounted = (metric: string): boolean =>
  /Count$|^HTTPCode_|Requests?$|Errors?$|^Throttles$|^Invocations$/u.test(metric) && !/HostCount$|Queue|Connections/u.test(metric)

const pointsOf = (metric: string, points: readonly unknown[]): Answer['points'] => {
  const statistic = (isCounted(metric) ? COUNTED : STATISTICS).find((name) => points.some((point) => typeof own(point, name) === 'number'))
  return points.flatMap((point) => {
    const ms = msOf(own(point, 'Timestamp'))
    const percentiles = own(point, 'ExtendedStatistics')
    const told: unknown = statistic !== undefined ? own(point, statistic) : isObject(percentiles) ? Object.values(percentiles)[0] : undefined
    return Number.isNaN(ms) || typeof told !== 'number' ? [] : [[ms, told] as const]
  })
}

const METRIC = /^(?:[A-Z][a-zA-Z0-9]{3,60}|HTTPCode_[A-Za-z0-9_]{1,40})$/u
/** Directories that say where the data are from, not of what they are. */
const NO_NAME =
  /^(?:aws|cloudwatch|cw|metrics?|monitoring|rds|aurora|alb|elb|elbv2|ec2|ecs|eks|lambda|elasticache|dump|data|export|json|out(?:put)?|stat(?:istic)?s|prod(?:uction)?|db|tmp|\d+|[a-z]{2}-[a-z]+-\d)$/iu

/** The metric, and whose it is where the label, the file's name or its directory says so: 'roster-prod DatabaseConnections', 'rds/roster-prod/CPUUtilization.json'. */
const nameOf = (label: string, path: string): { readonly metric: string; readonly of: string } => {
  const parts = path.split(/[/\\]|!\//u).filter((part) => part !== '')
  const file = (parts.at(-1) ?? '').replace(/(?:\.(?:json|gz|zst|xz|bz2|txt))+$/u, '')
  const words = label.split(/[\s,]+/u).filter((word) => word !== '' && !/^AWS\//u.test(word))
  const inLabel = words.findLast((word) => METRIC.test(word))
  const inFile = file.split(/[-.~@+ ]/u).find((word) => METRIC.test(word))
  const metric = inLabel ?? inFile ?? (label === '' ? file : label)
  const others = words.filter((word) => word !== metric).join(' ')
  const rest = file
    .split(metric)
    .join(' ')
    .replace(/^[\s._-]+|[\s._-]+$/gu, '')
  const named = [others, rest, parts.at(-2) ?? ''].find((name) => name !== '' && !NO_NAME.test(name) && !METRIC.test(name))
  return { metric, of: named ?? '' }
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html */
const OF_BALANCER = /^(?:HTTPCode_|RequestCount$|TargetResponseTime$|TargetConnectionErrorCount$)/u

const give = ({ label, points }: Answer, sink: Sink, series: MetricSeries, context: InputContext, reach: { first: number; last: number }): void => {
  const { metric, of } = nameOf(label, context.path)
  const writer = series.of(metric, OF_BALANCER.test(metric) ? { loadbalancer: of === '' ? '-' : of } : of === '' ? {} : { instance: of })
  const sorted = [...points].sort((a, b) => a[0] - b[0])
  let period = Infinity
  for (let index = 1; index < sorted.length; index++) period = Math.min(period, (sorted[index]?.[0] ?? 0) - (sorted[index - 1]?.[0] ?? 0) || Infinity)
  let last = NaN
  for (const [ms, value] of sorted) {
    sink.record(NaN, 'utc')
    reach.first = Math.min(reach.first, ms)
    reach.last = Math.max(reach.last, ms)
    // Of what did not happen there is no point: the edges of the gap are zeros.
    if (isCounted(metric) && ms - last > period) {
      writer.push(last + period, 0)
      if (ms - last > 2 * period) writer.push(ms - period, 0)
    }
    writer.push(ms, value)
    last = ms
  }
}
