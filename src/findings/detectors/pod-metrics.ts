/** pod.memory-growing, pod.cpu-hungry, pod.cpu-throttled: what containers use, against their own past, their limits and their node. */
import { pod, shortName, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { fullest, isAtQuota, overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind, signalsOf } from '../lookup.js'
import { asGauge, formOf, inShares, nodeOfLabels, readingOf, saysPodUse, undone } from '../measures.js'
import { combine, greatest, higher, least, median, onsetOfRise, stepOf, stretches, valueAt, type Column } from '../statistics.js'
import { bytes, called, opening, percent } from '../words.js'
import { busyNodes } from './node-cpu.js'
import { mostUsedByNode } from './node-throttled.js'

const MIB = 1 << 20

export const podMetrics: Detector = {
  id: 'pod-metrics',
  finds: ['pod.memory-growing', 'pod.cpu-hungry', 'pod.cpu-throttled'],
  detect: (timeline, found) => [...growing(timeline), ...hungry(timeline, found), ...throttled(timeline)],
}

/** cAdvisor's labels were pod_name and container_name before Kubernetes 1.16. */
const containerOf = ({ labels }: TimedSeries): string => labels['container'] ?? labels['container_name'] ?? ''

/** A metric of cAdvisor's, or an expression over one. */
const OF_CONTAINER = /(?:^|\()container_/u

const podOf = (series: TimedSeries): Entity | null => {
  const { labels } = series
  // cAdvisor outside Kubernetes names containers only; id="/" is the whole machine.
  const name =
    labels['pod'] ?? labels['pod_name'] ?? (labels['id'] !== '/' && OF_CONTAINER.test(series.name) ? (labels['name'] ?? labels['container']) : undefined)
  if (name === undefined || name === '' || containerOf(series) === 'POD') return null
  return pod(labels['namespace'] ?? labels['exported_namespace'] ?? '-', name)
}

/** Per container series where they exist; the pod's own cgroup (no container label) would count them twice. */
const withoutTotals = (series: readonly TimedSeries[]): readonly TimedSeries[] => {
  const containers = series.filter((one) => containerOf(one) !== '')
  return containers.length > 0 ? containers : series
}

/** Most telling first: cAdvisor measures a container's memory in several ways at once, which are not to be added up. */
const MEASURES = ['container_memory_working_set_bytes', 'container_memory_rss', 'container_memory_usage_bytes']
const oneMeasure = (group: readonly TimedSeries[]): readonly TimedSeries[] => {
  const name = MEASURES.find((measure) => group.some((series) => readingOf(series).metric === measure))
  return name === undefined ? group : group.filter((series) => readingOf(series).metric === name)
}

const usage = (
  timeline: Timeline,
  metric: RegExp,
  fileWords: RegExp,
  of: 'cpu' | 'memory' | null,
): ReadonlyMap<Entity, { column: Column; source: TimedSeries }> => {
  const fit = timeline.series.filter(
    (series) =>
      podOf(series) !== null &&
      readingOf(series).metric !== '' &&
      (metric.test(readingOf(series).metric) || fileWords.test(series.name) || (of !== null && saysPodUse(series, of))),
  )
  const result = new Map<Entity, { column: Column; source: TimedSeries }>()
  for (const [entity, group] of groupBy(fit, podOf)) {
    const parts = withoutTotals(oneMeasure(group))
    const source = fullest(parts)
    if (source !== undefined)
      result.set(entity, {
        column: combine(
          parts.map((one) => asGauge(one, readingOf(one))),
          'sum',
        ),
        source,
      })
  }
  return result
}

export const podMemory = (timeline: Timeline): ReadonlyMap<Entity, { column: Column; source: TimedSeries }> =>
  usage(timeline, /^container_memory_(?:working_set|rss|usage)_?(?:bytes)?$/u, /^pod_mem/u, 'memory')

export const podCpu = (timeline: Timeline): ReadonlyMap<Entity, { column: Column; source: TimedSeries }> =>
  usage(timeline, /^container_cpu_usage_seconds_total$/u, /^pod_cpu/u, 'cpu')

/** Grown by this much and to a multiple of what it was: a leak or an outsized job, not warm-up. */
const GROWN_BYTES = 128 * MIB
const GROWN_TIMES = 2.5

/** A container that has just started always grows from nothing; that is warm-up until it takes a good part of its node. */
const WARM_UP_BYTES = 512 * MIB
const WARM_UP_SHARE = 0.3

/** Of the way from the lowest to the highest: this much of it is the rise, the rest may be another. */
const RISEN = 0.7

/** Logs may reach back before anything was measured: a container is new where something else was measured before it. */
const measuredSince = ({ series, from }: Timeline): ((entity: Entity) => number) => {
  let [first, of, next]: [number, Entity | null, number] = [Infinity, null, Infinity]
  for (const one of series) {
    const time = one.name.startsWith('faultline_') ? Infinity : (one.times[0] ?? Infinity)
    if (time >= next) continue
    const entity = podOf(one)
    if (entity !== null && entity === of) first = Math.min(first, time)
    else if (time < first) [first, of, next] = [time, entity, first]
    else next = time
  }
  return (entity) => {
    const earliest = of !== null && entity === of ? next : first
    return Number.isFinite(earliest) ? Math.max(from, earliest) : from
  }
}

/** cAdvisor says 0, or nearly all that can be addressed, where there is no limit. */
const UNLIMITED_BYTES = 2 ** 60
const limitsOf = (timeline: Timeline): ReadonlyMap<Entity, number> => {
  const limits = new Map<Entity, number>()
  for (const series of timeline.series) {
    const entity = series.name === 'container_spec_memory_limit_bytes' && series.labels['container'] === undefined ? podOf(series) : null
    const value = series.values.at(-1) ?? 0
    if (entity !== null && value > 0 && value < UNLIMITED_BYTES) limits.set(entity, value)
  }
  return limits
}

const growing = (timeline: Timeline): readonly Found[] => {
  const limits = limitsOf(timeline)
  const since = measuredSince(timeline)
  return [...podMemory(timeline)].flatMap(([entity, { column: all, source }]): Found[] => {
    const column = measured(all)
    if (column.times.length < 4) return []
    const peak = greatest(column.values)
    // A leak that is killed begins anew: the first rise to most of the peak is the onset, not the highest.
    const low = least(column.values)
    const peakAt = column.times.find((_, index) => (column.values[index] ?? 0) >= low + (peak - low) * RISEN) ?? NaN
    const { at, usual } = onsetOfRise(column, peakAt)
    const mostAt = column.times[column.values.indexOf(peak)] ?? peakAt
    const floor = Math.max(usual, least(column.values))
    const node = timeline.topology.nodeOf(entity, peakAt)
    const memory = node === null ? null : timeline.topology.nodeFacts(node).memoryBytes
    const limit = timeline.topology.memoryLimit(entity) ?? limits.get(entity) ?? memory
    const nearLimit = limit !== null && peak > limit * 0.85
    const fresh = (column.times[0] ?? 0) > since(entity) + 3 * stepOf(column.times)
    if (fresh && !nearLimit && peak < Math.max(WARM_UP_BYTES, (memory ?? 0) * WARM_UP_SHARE)) return []
    if (peak - floor < (nearLimit ? GROWN_BYTES / 4 : GROWN_BYTES) || peak < floor * (nearLimit ? 1.5 : GROWN_TIMES)) return []
    const last = column.times.findLastIndex((_, index) => (column.values[index] ?? 0) >= floor + (peak - floor) / 2)
    const after = column.times[last + 1]
    return [
      {
        kind: 'pod.memory-growing',
        entity,
        start: at,
        end: untilGone(entity, at, after ?? endOf(column, timeline), timeline),
        confidence: nearLimit ? 0.93 : 0.8,
        summary: `The memory of ${called(entity)} grew from ${bytes(floor)} to ${bytes(peak)}.`,
        evidence: [sampleEvidence(source, at, `→ ${bytes(valueAt(column, at))}`), sampleEvidence(source, mostAt, `→ ${bytes(peak)}, the most`)],
        attributes: {
          bytes: Math.round(peak),
          grownBytes: Math.round(peak - floor),
          ...(source.labels['node'] === undefined ? {} : { node: source.labels['node'] }),
          // The kernel names a container by its cgroup.
          ...(source.labels['id']?.startsWith('/') === true ? { cgroup: source.labels['id'] } : {}),
        },
        slackMs: stepOf(column.times),
        dose: peak - floor,
      },
    ]
  })
}

/** A container without a byte has not been read yet: it grows from what it takes when it is. */
const measured = ({ times, values }: Column): Column => {
  const first = values.findIndex((value) => value > 0)
  return first <= 0 ? { times, values } : { times: times.slice(first), values: values.slice(first) }
}

/** cAdvisor goes on for minutes with the last value of a container that is gone. */
const untilGone = (entity: Entity, start: number, end: number | null, timeline: Timeline): number | null => {
  const gone = signalsOf(timeline, entity).find(({ kind, at }) => (kind === 'pod.deleted' || kind === 'pod.evicted') && at > start)
  return gone === undefined ? end : Math.min(gone.at, end ?? Infinity)
}

/** A container whose series stops before the data does is gone; null where it goes on to the end. */
const endOf = (column: Column, timeline: Timeline): number | null => {
  const last = column.times.at(-1) ?? timeline.to
  return timeline.to - last > 3 * stepOf(column.times) ? last : null
}

/** Of the node's cores: less more than usual is no rise. */
const RISEN_SHARE = 0.1

/** Pods that took a large part of their node's cores while the node was saturated, and clearly more than before. */
const hungry = (timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const saturations = ofKind(found, 'node.cpu-saturated')
  if (saturations.length === 0) return []
  const cpu = podCpu(timeline)
  const cores = coresOf(timeline)
  return saturations.flatMap((saturation) =>
    [...cpu].flatMap(([entity, { column, source }]): Found[] => {
      // Where nobody saw it placed, the machine whose cAdvisor tells of it.
      const place = timeline.topology.nodeOf(entity, saturation.start) ?? nodeOfLabels(source.labels, timeline)
      if (place !== saturation.entity) return []
      const during = column.values.filter((_, index) => overlaps({ start: column.times[index] ?? 0, end: column.times[index] ?? 0 }, saturation, 30_000))
      if (during.length === 0) return []
      const peak = greatest(during)
      const peakAt = column.times.find((at, index) => (column.values[index] ?? 0) === peak && at >= saturation.start - 60_000) ?? saturation.start
      // One that the data know only since then rose when it began: what is usual in it are its own waverings.
      const first = column.times[0] ?? saturation.start
      const isNew = first >= saturation.start - Math.max(60_000, 2 * stepOf(column.times))
      const { at, usual } = isNew ? { at: first, usual: 0 } : onsetOfRise(column, peakAt)
      const quota = isAtQuota(saturation) ? mostUsedByNode(saturation.entity, timeline) : null
      const all = quota ?? cores.get(saturation.entity) ?? timeline.topology.nodeFacts(saturation.entity).cores ?? Infinity
      const share = peak / all
      if (share < 0.25 || at > saturation.start + 60_000 + (isNew ? saturation.slackMs : 0)) return []
      // A pod that took as much before did not fill the node now.
      if ((peak - usual) / all < RISEN_SHARE) return []
      return [
        {
          kind: 'pod.cpu-hungry',
          entity,
          start: Math.min(at, saturation.start),
          end: saturation.end,
          confidence: Math.min(0.95, 0.6 + share / 2),
          summary: `${opening(entity)} used ${peak.toFixed(1)} cores, ${percent(share)} of ${called(saturation.entity)} (${isNew ? 'from its first sample on' : `usually ${usual.toFixed(1)}`}).`,
          evidence: [
            sampleEvidence(source, at, `→ ${valueAt(column, at).toFixed(2)} cores`),
            sampleEvidence(source, peakAt, `→ ${peak.toFixed(2)} cores, the most`),
          ],
          attributes: { cores: Math.round(peak * 10) / 10, node: shortName(place) },
          slackMs: stepOf(column.times),
          dose: share,
        },
      ]
    }),
  )
}

/** A node's cores, from how many idle counters it has. */
const coresOf = (timeline: Timeline): ReadonlyMap<Entity, number> => {
  const cores = new Map<Entity, number>()
  for (const series of timeline.series) {
    if (series.name !== 'node_cpu_seconds_total' || series.labels['mode'] !== 'idle' || series.labels['cpu'] === undefined) continue
    const node = nodeOfLabels(series.labels, timeline)
    if (node !== null) cores.set(node, (cores.get(node) ?? 0) + 1)
  }
  for (const { node } of busyNodes(timeline)) {
    const facts = timeline.topology.nodeFacts(node)
    if (facts.cores !== null) cores.set(node, facts.cores)
  }
  return cores
}

interface Throttling {
  readonly entity: Entity
  readonly column: Column
  readonly source: TimedSeries
  readonly say: (value: number) => string
  readonly lateMs: number
}
/** A rate over some time, which is not known any more where it is divided, rises that much later. */
const RATE_LATE_MS = 30_000

/** Seconds per second, as the counters have it; else the share of its periods, as most dashboards ask for it. */
const throttlings = (timeline: Timeline): readonly Throttling[] => {
  const seconds = usage(timeline, /^container_cpu_cfs_throttled_(?:seconds|periods)_total$/u, /^pod_throttled/u, null)
  const shares = timeline.series.flatMap((source): Throttling[] => {
    const form = formOf(source)
    const [term, ...others] = form?.terms ?? []
    const entity = term?.of.metric === 'container_cpu_cfs_throttled_periods_total' ? podOf(source) : null
    if (form?.over?.metric !== 'container_cpu_cfs_periods_total' || term === undefined || others.length > 0 || entity === null || seconds.has(entity)) return []
    const column = inShares(undone(source, { by: term.by, plus: form.plus }))
    return column === null ? [] : [{ entity, column, source, say: (value) => `in ${percent(value)} of its periods`, lateMs: RATE_LATE_MS }]
  })
  return [...[...seconds].map(([entity, one]): Throttling => ({ entity, ...one, say: (value) => `${value.toFixed(1)} s per second`, lateMs: 0 })), ...shares]
}

const throttled = (timeline: Timeline): readonly Found[] =>
  throttlings(timeline).flatMap(({ entity, column, source, say, lateMs }) => {
    // A container that came while the data were taken has no usual of its own.
    const isNew = (column.times[0] ?? 0) > timeline.from + Math.max(60_000, 3 * stepOf(column.times))
    const usual = isNew ? 0 : median(column.values)
    return stretches(column, (value) => value > 0.5 && value > usual * 4, 60_000, higher)
      .filter((stretch) => stretch.samples >= 3)
      .map((stretch): Found => ({
        kind: 'pod.cpu-throttled',
        entity,
        start: stretch.start,
        end: stretch.end,
        confidence: 0.85,
        summary: `${opening(entity)} ran into its CPU limit: throttled ${say(stretch.peak)}.`,
        evidence: [sampleEvidence(source, stretch.start, `→ throttled ${say(valueAt(column, stretch.start))}`)],
        attributes: {},
        slackMs: Math.max(stepOf(column.times), lateMs),
        dose: stretch.peak,
      }))
  })
