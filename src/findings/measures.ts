/**
 * What a series measures. Names come from the metric, from the expression behind an answer, or, last, from the name of the
 * file that holds it. Nothing here judges a value.
 */
import { node, type Entity } from '../model/entity.js'
import type { Labels } from '../model/extract.js'
import { once } from '../model/once.js'
import type { TimedSeries, Timeline } from '../timeline/timeline.js'
import { single, type Form } from './expression/form.js'
import { readExpression } from './expression/read.js'
import { labelsIn, type Shown } from './expression/shares.js'
import { greatest, least, rateOf, type Column } from './statistics.js'

export interface Reading {
  /** Empty where an expression shows something else than multiples of one metric, or something that nobody here understands. */
  readonly metric: string
  /** counter: only ever rises; rate: per second already; gauge: as it is. */
  readonly form: 'counter' | 'rate' | 'gauge'
  /** A quotient of metrics, such as 1 - available / total. */
  readonly ratio: boolean
  /** How many times the metric is shown: 1000 of one in thousandths. */
  readonly by: number
}

const IDENTIFIER = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u
const WORD_LIKE_A_METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*_[a-zA-Z0-9_:]+/u

/** What the expression that a series is named by computes; null for a metric's name, for words, and for what nobody here understands. */
export const formOf = once(({ name }: TimedSeries): Form | null => {
  // A name of a file may look like a difference: 01-node_cpu.
  if (IDENTIFIER.test(name) || /^[\w:.-]+$/u.test(name)) return null
  const form = readExpression(name)
  const isMetrics = form?.terms.every(({ of }) => /[_:]/u.test(of.metric) || of.metric === 'up') ?? false
  return isMetrics && form !== null && form.terms.length > 0 ? form : null
})

/** A panel's title, a file's name: no operators, so that none of them was missed. */
const isWords = (name: string): boolean => !/[(){}[\]*+/^<>=]/u.test(name)

export const readingOf = (series: TimedSeries): Reading => {
  const { name } = series
  if (IDENTIFIER.test(name)) {
    const form = name.endsWith('_total') || /_(?:sum|count|bucket)$/u.test(name) ? 'counter' : /(?:^|:)i?rate\d*[smh]?$|:i?rate/u.test(name) ? 'rate' : 'gauge'
    return { metric: name, form, ratio: /(?:^|[_:])ratio|utili[sz]ation|percent/u.test(name), by: 1 }
  }
  const form = formOf(series)
  if (form === null) return { metric: isWords(name) ? (WORD_LIKE_A_METRIC.exec(name)?.[0] ?? name) : '', form: 'gauge', ratio: false, by: 1 }
  const one = single(form)
  // How many series there are says nothing of what they measure.
  if (one === null || one.of.how === 'change' || one.of.through.some(({ does }) => does === 'count'))
    return { metric: '', form: 'gauge', ratio: form.over !== null, by: 1 }
  const { metric, how } = one.of
  const counts = how === 'value' && metric.endsWith('_total')
  return { metric, form: how === 'rate' || how === 'increase' ? 'rate' : counts ? 'counter' : 'gauge', ratio: false, by: one.by }
}

/** The series as values per second where it counts, as it is otherwise; of an expression as the metric in it. */
export const asGauge = (series: TimedSeries, reading: Reading): Column =>
  undone(reading.form === 'counter' ? rateOf(series) : series, { by: reading.by, plus: 0 })

/** As the metric in its expression, whether that counts or not. */
export const asMetric = (series: TimedSeries): Column => undone(series, { by: readingOf(series).by, plus: 0 })

/** What is shown as so many times it, and so much more. */
export const undone = (column: Column, { by, plus }: Shown): Column =>
  by === 1 && plus === 0 ? column : { times: column.times, values: column.values.map((value) => (value - plus) / by) }

/** What is left over when time is measured by one clock and used time by another; what caches count twice. */
const BEYOND = 0.1
/** Of the samples: more beyond, and it is not what it was taken for. */
const MOST_BEYOND = 0.05

/** A column as shares of 1; null where it has others: then it was not understood. */
export const inShares = ({ times, values }: Column): Column | null => {
  const fits = (value: number): boolean => value >= -BEYOND && value <= 1 + BEYOND
  const within = values.filter(fits).length
  if (within === 0 || values.length - within > MOST_BEYOND * values.length) return null
  return {
    times: within === values.length ? times : times.filter((_, index) => fits(values[index] ?? NaN)),
    values: values.filter(fits).map((value) => Math.min(1, Math.max(0, value))),
  }
}

/** What of it remains. */
export const rest = ({ times, values }: Column): Column => ({ times, values: values.map((value) => 1 - value) })

/** Its own labels, and what its expression's matchers say of all that is aggregated in it. */
export const labelsOf = (series: TimedSeries): Labels => {
  const form = formOf(series)
  return form === null ? series.labels : { ...labelsIn(form), ...series.labels }
}

/** The node a series is about: its `node` label, else whoever has the address of its `instance`. */
export const nodeOfLabels = (labels: Labels, timeline: Timeline): Entity | null => {
  const named = labels['node'] ?? labels['kubernetes_node'] ?? labels['nodename'] ?? labels['kubernetes_io_hostname']
  if (named !== undefined && named !== '') return timeline.topology.nodeAt(named) ?? node(named)
  const { instance } = labels
  if (instance === undefined || instance === '') return nodeOfLegend(labels, timeline)
  const known = nodesByInstance(timeline).get(instance)
  if (known !== undefined) return timeline.topology.nodeAt(known) ?? node(known)
  const host = instance.replace(/:\d+$/u, '')
  return timeline.topology.nodeAt(host) ?? (timeline.names.nodes.has(node(host)) ? node(host) : node(host))
}

/** Legends that say what, not whose. */
const NO_NAME = /^(?:cpu|mem|total|used|free|avail|idle|user|system|busy|max|min|avg|mean|sum|value|[a-z]-series|all)\b/iu

/** A legend or a host that names a machine: one that the dump knows, else what looks like a machine's name. */
const nodeOfLegend = ({ legend, host, hostname }: Labels, timeline: Timeline): Entity | null => {
  const name = (host ?? hostname ?? legend ?? '').trim().replace(/:\d+$/u, '')
  if (name === '' || name.length > 253) return null
  const known = timeline.topology.nodeAt(name)
  if (known !== null) return known
  if (timeline.names.nodes.has(node(name))) return node(name)
  const told = (host ?? hostname) !== undefined || (/[-.\d]/u.test(name) && !NO_NAME.test(name))
  return told && /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/iu.test(name) ? node(name) : null
}

const isMetric = (name: string): boolean => IDENTIFIER.test(name)
const OF_NODES = /cpu|processor|mem|ram/iu
const OF_PODS = /pod|container|namespace|workload|deployment|process|quota|throttl|limit|request|steal|iowait|load|pressure|stall|temperature/iu

interface NodeUse {
  readonly of: 'cpu' | 'memory'
  readonly free: boolean
  readonly column: Column
}

/**
 * What a panel's title (where a legend is all that an export gives), a file's name or another collector's metric says is measured of a node:
 * how much of its processors or memory is used, or free. Units are read from the values: see `shareOf`.
 */
export const nodeUseOf = (series: TimedSeries): NodeUse | null => {
  const { name, labels } = series
  if (!OF_NODES.test(name)) return null // most series, told by one look
  const form = formOf(series)
  if (form === null) {
    // An expression that nobody understands may say the contrary of its words.
    const use = WORD_LIKE_A_METRIC.test(name) && !isMetric(name) && !isWords(name) ? null : useInWords(name, labels)
    return use === null ? null : { ...use, column: series }
  }
  // 100 - cpu_usage_idle
  const [term, ...others] = form.terms
  if (term === undefined || others.length > 0 || form.over !== null || term.of.how !== 'value' || term.of.through.some(({ does }) => does === 'count'))
    return null
  const use = useInWords(term.of.metric, labels)
  return use === null ? null : { ...use, column: undone(series, { by: term.by, plus: form.plus }) }
}

const useInWords = (name: string, labels: Labels): Pick<NodeUse, 'of' | 'free'> | null => {
  if (labels['pod'] !== undefined || labels['container'] !== undefined || labels['namespace'] !== undefined) return null
  // Telegraf's inputs: https://github.com/influxdata/telegraf/tree/master/plugins/inputs/{cpu,mem}
  if (name === 'cpu_usage_idle') return (labels['cpu'] ?? 'cpu-total') === 'cpu-total' ? { of: 'cpu', free: true } : null
  if (name === 'mem_used_percent') return { of: 'memory', free: false }
  if (name === 'mem_available_percent') return { of: 'memory', free: true }
  if (
    isMetric(name) &&
    !/^(?:host_|system_|node_?)?(?:cpu|mem(?:ory)?)_?(?:usage|used|util\w*|busy|percent|pct|idle|free|avail\w*)?(?:_?(?:percent|pct|ratio))?$/iu.test(name)
  )
    return null
  const words = `${name} ${labels['legend'] ?? ''}`.slice(0, 500)
  if (OF_PODS.test(words) || /[({]/u.test(name)) return null // an expression says more than its words
  const free = /idle|free|avail|left|remaining/iu.test(words)
  if (/\bcpu|cpu\b|cpu_|processor/iu.test(name)) return /usage|used|util|busy|idle|percent|pct|%|cpu$/iu.test(words) ? { of: 'cpu', free } : null
  return /\bmem(?:ory)?\b|mem_|memory_|\bram\b/iu.test(name) && !/swap|cache|buffer/iu.test(words) ? { of: 'memory', free } : null
}

/** A share of 1 from a share or from percent; null where the values are neither (cores, bytes). */
export const shareOf = (column: Column): Column | null => {
  const most = greatest(column.values)
  if (!(most <= 105) || least(column.values) < (most <= 1.5 ? -0.05 : -5)) return null
  // A share may be a little above 1; percent that never go beyond 1.5 are an idle machine either way.
  return most <= 1.5 ? column : { times: column.times, values: column.values.map((value) => value / 100) }
}

/** A panel or file named for what pods use, whose series name their pods in labels. */
export const saysPodUse = ({ name, labels, values }: TimedSeries, of: 'cpu' | 'memory'): boolean =>
  labels['pod'] !== undefined &&
  !isMetric(name) &&
  !/[({]|quota|throttl|limit|request|percent|%|utili[sz]ation|swap|cache/iu.test(name) &&
  (of === 'cpu' ? /\bcpu\b/iu : /\bmem(?:ory)?\b/iu).test(name) &&
  (of === 'memory' || values.every((value) => value <= MOST_CORES))

/** No pod uses more; what does is in percent or millicores. */
const MOST_CORES = 64

/** Which node an instance is, as other series of the same instance say. */
const nodesByInstance = once(
  (timeline: Timeline): ReadonlyMap<string, string> =>
    new Map(
      timeline.series.flatMap(({ labels: { instance, node: name } }) =>
        instance === undefined || name === undefined || name === '' ? [] : [[instance, name] as const],
      ),
    ),
)

/** The Postgres server that a pg_* series is about. */
export const postgresOfLabels = (labels: Labels, timeline: Timeline): Entity => timeline.names.serverOf(labels)

/** The node whose label the server's own series carry. */
export const nodeOfPostgres = (server: Entity, timeline: Timeline): Entity | null => {
  const series = timeline.series.find(
    (one) => one.name.startsWith('pg_') && one.labels['node'] !== undefined && postgresOfLabels(one.labels, timeline) === server,
  )
  return series === undefined ? null : nodeOfLabels(series.labels, timeline)
}
