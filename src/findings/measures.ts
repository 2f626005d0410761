/**
 * What a series measures. Names come from the metric, from the expression behind an answer, or, last, from the name of the
 * file that holds it. Nothing here judges a value.
 */
import { node, postgres, type Entity } from '../model/entity.js'
import type { Labels } from '../model/extract.js'
import type { TimedSeries, Timeline } from '../timeline/timeline.js'
import { rateOf, type Column } from './statistics.js'

export interface Reading {
  readonly metric: string
  /** counter: only ever rises; rate: per second already; gauge: as it is. */
  readonly form: 'counter' | 'rate' | 'gauge'
  /** A quotient of metrics, such as 1 - available / total. */
  readonly ratio: boolean
}

const IDENTIFIER = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u
const METRIC_IN_EXPRESSION = /[a-zA-Z_:][a-zA-Z0-9_:]*_[a-zA-Z0-9_:]+/gu

export const readingOf = (series: TimedSeries): Reading => {
  const { name } = series
  if (IDENTIFIER.test(name)) {
    const form = name.endsWith('_total') || /_(?:sum|count|bucket)$/u.test(name) ? 'counter' : /(?:^|:)i?rate\d*[smh]?$|:i?rate/u.test(name) ? 'rate' : 'gauge'
    return { metric: name, form, ratio: /ratio|utili[sz]ation|percent/u.test(name) }
  }
  const metrics = (name.slice(0, 2_000).match(METRIC_IN_EXPRESSION) ?? []).filter(
    (word) =>
      !/^(?:label_replace|histogram_quantile|count_values|quantile_over_time|avg_over_time|max_over_time|min_over_time|sum_over_time|on|by)$/u.test(word),
  )
  return {
    metric: metrics[0] ?? name,
    form: /\b(?:i?rate|increase|deriv|i?delta)\s*\(/u.test(name) ? 'rate' : (metrics[0]?.endsWith('_total') ?? false) ? 'counter' : 'gauge',
    ratio: metrics.length > 1 && name.includes('/'),
  }
}

/** The series as values per second where it counts, as it is otherwise. */
export const asGauge = (series: TimedSeries, reading: Reading): Column => (reading.form === 'counter' ? rateOf(series) : series)

/** The node a series is about: its `node` label, else whoever has the address of its `instance`. */
export const nodeOfLabels = (labels: Labels, timeline: Timeline): Entity | null => {
  const named = labels['node'] ?? labels['kubernetes_node'] ?? labels['nodename'] ?? labels['kubernetes_io_hostname']
  if (named !== undefined && named !== '') return timeline.topology.nodeAt(named) ?? node(named)
  const { instance } = labels
  if (instance === undefined || instance === '') return null
  const known = nodesByInstance(timeline).get(instance)
  if (known !== undefined) return timeline.topology.nodeAt(known) ?? node(known)
  const host = instance.replace(/:\d+$/u, '')
  return timeline.topology.nodeAt(host) ?? (timeline.names.nodes.has(node(host)) ? node(host) : node(host))
}

const instances = new WeakMap<Timeline, ReadonlyMap<string, string>>()
/** Which node an instance is, as other series of the same instance say. */
const nodesByInstance = (timeline: Timeline): ReadonlyMap<string, string> => {
  let known = instances.get(timeline)
  if (known === undefined) {
    known = new Map(
      timeline.series.flatMap(({ labels: { instance, node: name } }) =>
        instance === undefined || name === undefined || name === '' ? [] : [[instance, name] as const],
      ),
    )
    instances.set(timeline, known)
  }
  return known
}

/** The Postgres server that a pg_* series is about. One server in the dump is the one its logs speak of. */
export const postgresOfLabels = (labels: Labels, timeline: Timeline): Entity => {
  const servers = serversOf(timeline)
  return postgres(new Set(servers.values()).size <= 1 ? 'main' : serverName(labels, servers))
}

const serverName = (labels: Labels, servers: ReadonlyMap<string, string>): string =>
  labels['server'] ?? servers.get(labels['instance'] ?? '') ?? labels['instance'] ?? 'main'

const cache = new WeakMap<Timeline, ReadonlyMap<string, string>>()
/** By exporter instance the server it speaks of: some of an exporter's series name it, others only carry the instance. */
const serversOf = (timeline: Timeline): ReadonlyMap<string, string> => {
  let servers = cache.get(timeline)
  if (servers === undefined) {
    const mine = timeline.series.filter((series) => series.name === 'pg_up' || /^pg_(?:stat|settings|database|locks|replication)_/u.test(series.name))
    const found = new Map(mine.map((series) => [series.labels['instance'] ?? '', series.labels['instance'] ?? '']))
    for (const { labels } of mine) if (labels['server'] !== undefined) found.set(labels['instance'] ?? '', labels['server'])
    cache.set(timeline, (servers = found))
  }
  return servers
}

/** Series grouped by what a function says they are about; those it does not know (null) are left out. */
export const groupBy = <K extends string>(series: readonly TimedSeries[], key: (series: TimedSeries) => K | null): ReadonlyMap<K, readonly TimedSeries[]> => {
  const groups = new Map<K, TimedSeries[]>()
  for (const one of series) {
    const name = key(one)
    if (name === null) continue
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [one])
    else group.push(one)
  }
  return groups
}

/** The node whose label the server's own series carry. */
export const nodeOfPostgres = (server: Entity, timeline: Timeline): Entity | null => {
  const series = timeline.series.find(
    (one) => one.name.startsWith('pg_') && one.labels['node'] !== undefined && postgresOfLabels(one.labels, timeline) === server,
  )
  return series === undefined ? null : nodeOfLabels(series.labels, timeline)
}
