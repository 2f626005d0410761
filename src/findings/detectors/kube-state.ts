/** What kube-state-metrics and exporters say as numbers: nodes not ready, workloads without replicas, Redis down. */
import { pod, redis, workload, type Entity } from '../../model/entity.js'
import type { Labels } from '../../model/extract.js'
import { once } from '../../model/once.js'
import type { FindingKind } from '../../model/vocabulary.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { sampleEvidence, type Detector, type Found } from '../finding.js'
import { nodeOfLabels } from '../measures.js'
import { greatest, lower, stepOf, stretches, valueAt, type Column } from '../statistics.js'
import { called, duration, opening } from '../words.js'

export const kubeState: Detector = {
  id: 'kube-state',
  finds: ['node.not-ready', 'workload.degraded', 'workload.unavailable', 'redis.down', 'pod.unready'],
  detect: (timeline) => timeline.series.flatMap((series) => stateOf(series, timeline)),
}

const namespaceIn = (labels: Labels): string => labels['namespace'] ?? labels['exported_namespace'] ?? '-'

const stateOf = (series: TimedSeries, timeline: Timeline): readonly Found[] => {
  const { name, labels } = series
  if (name === 'kube_node_status_condition' && labels['condition'] === 'Ready' && labels['status'] === 'true') {
    const node = nodeOfLabels(labels, timeline)
    return node === null
      ? []
      : bad(
          'node.not-ready',
          node,
          series,
          timeline,
          (value) => value === 0,
          (long) => `${opening(node)} was NotReady${long}.`,
        )
  }
  if (name === 'redis_up') {
    const server = redis(labels['redis'] ?? labels['service'] ?? labels['pod'] ?? labels['instance'] ?? '-')
    return bad(
      'redis.down',
      server,
      series,
      timeline,
      (value) => value === 0,
      (long) => `${called(server)} did not answer its exporter${long}.`,
    )
  }
  if (name === 'kube_pod_status_ready' && labels['condition'] === 'true' && labels['pod'] !== undefined) {
    const entity = pod(namespaceIn(labels), labels['pod'])
    // A pod that was never ready in this series has just started, or is told of by others.
    const ready = series.values.indexOf(1)
    if (ready < 0 || timeline.topology.isJob(timeline.topology.workloadOf(entity) ?? entity)) return []
    return bad(
      'pod.unready',
      entity,
      series,
      timeline,
      (value, index) => value === 0 && index > ready,
      (long) => `${opening(entity)} was not ready${long}.`,
    )
  }
  // What is missing is said outright: some exports have no more than this.
  if (name === 'kube_deployment_status_replicas_unavailable' && labels['deployment'] !== undefined && !hasAvailable(labels, timeline))
    return missingReplicas(series, timeline)
  const replicas = /^kube_(deployment_status_replicas_available|statefulset_status_replicas_ready|daemonset_status_number_available)$/u.exec(name)
  return replicas === null ? [] : shortages(series, timeline)
}

const shortages = (series: TimedSeries, timeline: Timeline): readonly Found[] => {
  const { labels } = series
  const own = labels['deployment'] ?? labels['statefulset'] ?? labels['daemonset']
  if (own === undefined) return []
  const entity = workload(namespaceIn(labels), own)
  const spec = specOf(labels, timeline)
  const most = greatest(series.values)
  const set = lastSets(timeline).get(entity)
  const wanted = (at: number): number => (spec !== undefined ? valueAt(spec, at) : set !== undefined && at >= set.at ? Math.min(set.to, most) : most)
  const name = opening(entity)
  return [
    ...bad(
      'workload.unavailable',
      entity,
      series,
      timeline,
      (value, index) => value === 0 && wanted(series.times[index] ?? 0) > 0,
      (long) => `${name} had no available replica${long}.`,
    ),
    ...bad(
      'workload.degraded',
      entity,
      series,
      timeline,
      (value, index) => value < wanted(series.times[index] ?? 0),
      (long) => `${name} had fewer available replicas than wanted${long}.`,
    ),
  ]
}

/** The number that a workload's ReplicaSet was given last: fewer than before is no shortage. None where that was nothing. */
const lastSets = once(({ signals, topology }: Timeline) => {
  const sets = new Map<Entity, { readonly at: number; readonly to: number }>()
  for (const { kind, entity, until, attributes } of signals) {
    if (kind !== 'change.scaled') continue
    const [of, to] = [topology.workloadOf(entity) ?? entity, Number(attributes['to'] ?? NaN)]
    if (to > 0) sets.set(of, { at: until, to })
    else sets.delete(of)
  }
  return sets
})

const keyOf = (labels: Labels): string => `${namespaceIn(labels)}/${labels['deployment'] ?? labels['statefulset'] ?? labels['daemonset'] ?? ''}`

const deploymentsWithAvailable = once(
  ({ series }: Timeline) => new Set(series.flatMap(({ name, labels }) => (name === 'kube_deployment_status_replicas_available' ? [keyOf(labels)] : []))),
)
const hasAvailable = (labels: Labels, timeline: Timeline): boolean => deploymentsWithAvailable(timeline).has(keyOf(labels))

const missingReplicas = (series: TimedSeries, timeline: Timeline): readonly Found[] => {
  const entity = workload(namespaceIn(series.labels), series.labels['deployment'] ?? '')
  const name = opening(entity)
  const wanted = Math.max(
    0,
    ...timeline.topology.replicas(entity).map((count) => count.wanted),
    greatest(specOf(series.labels, timeline)?.values ?? new Float64Array()),
  )
  const degraded = bad(
    'workload.degraded',
    entity,
    series,
    timeline,
    (value) => value > 0,
    (long) => `${name} had fewer available replicas than wanted${long}.`,
  )
  const dark =
    wanted > 0
      ? bad(
          'workload.unavailable',
          entity,
          series,
          timeline,
          (value) => value >= wanted,
          (long) => `${name} had no available replica${long}.`,
        )
      : []
  return [...degraded, ...dark]
}

/** Of several with one name the first. */
const specs = once(({ series }: Timeline) => new Map(series.flatMap((one) => (SPECS.has(one.name) ? [[keyOf(one.labels), one] as const] : [])).reverse()))
const specOf = (labels: Labels, timeline: Timeline): TimedSeries | undefined => specs(timeline).get(keyOf(labels))

const SPECS: ReadonlySet<string> = new Set(['kube_deployment_spec_replicas', 'kube_statefulset_replicas', 'kube_daemonset_status_desired_number_scheduled'])

/** A single sample is a rollout's step or a scrape in between. */
const MIN_SAMPLES = 2

const lastSamples = once(({ series }: Timeline) => {
  const latest = new Map<string, number>()
  for (const { name, times } of series) latest.set(name, Math.max(latest.get(name) ?? -Infinity, times.at(-1) ?? -Infinity))
  return latest
})
/** When the object that a series tells of went away, while the same exporter still told of others; null where the data ends with it. */
const goneAt = (series: TimedSeries, step: number, timeline: Timeline): number | null => {
  const last = series.times.at(-1) ?? NaN
  // Five minutes is how long a series that is not scraped any more is still answered with.
  return (lastSamples(timeline).get(series.name) ?? last) - last > Math.max(5 * step, FORGOTTEN_MS) ? last + step : null
}
const FORGOTTEN_MS = 5 * 60_000

const bad = (
  kind: FindingKind,
  entity: Entity,
  series: TimedSeries,
  timeline: Timeline,
  is: (value: number, index: number) => boolean,
  say: (long: string) => string,
): readonly Found[] => {
  const step = stepOf(series.times)
  return stretches(series satisfies Column, is, step * 2.5, lower)
    .filter((stretch) => stretch.samples >= MIN_SAMPLES)
    .map((stretch) => ({ ...stretch, end: stretch.end ?? goneAt(series, step, timeline) }))
    .map((stretch) => ({
      kind,
      entity,
      start: stretch.start,
      end: stretch.end,
      confidence: 0.9,
      summary: say(stretch.end === null ? '' : ` for ${duration(stretch.end - stretch.start)}`),
      evidence: [
        sampleEvidence(series, stretch.start, String(valueAt(series, stretch.start))),
        sampleEvidence(series, stretch.last, String(valueAt(series, stretch.last))),
      ],
      attributes: {},
      slackMs: step,
      dose: stretch.samples,
    }))
}
