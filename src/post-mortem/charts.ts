/** The series that matter to an incident, cut to its time and thinned so that peaks stay. */
import type { ExplainedIncident } from '../causes/explain.js'
import { typeOf, type Entity } from '../model/entity.js'
import { memoryNodes } from '../findings/detectors/node-memory.js'
import { busyNodes } from '../findings/detectors/node-cpu.js'
import { podCpu, podMemory } from '../findings/detectors/pod-metrics.js'
import { connectionCounts } from '../findings/detectors/postgres-metrics.js'
import { stepOf, type Column } from '../findings/statistics.js'
import { linkedIn } from '../model/linked-in.js'
import { once } from '../model/once.js'
import { called } from '../findings/words.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Chart, ChartLine } from './post-mortem.js'

const MOST_CHARTS = 8
const MOST_LINES = 5
const MOST_POINTS = 300

interface Subject {
  readonly found: Found
  readonly id: string
}

type Draw = (subjects: readonly Subject[], timeline: Timeline, window: { from: number; to: number }) => Chart | null

export const chartsOf = ({ incident, causal, positions }: ExplainedIncident, found: readonly Found[], timeline: Timeline): readonly Chart[] => {
  const linked = linkedIn(incident)
  const subjects = [...positions].flatMap(([id, at]): Subject[] => {
    const one = found[at]
    return one === undefined || !linked.has(id) ? [] : [{ found: one, id }]
  })
  const end = causal.end ?? timeline.to
  const margin = Math.max(120_000, (end - causal.start) * 0.25)
  const window = { from: Math.max(timeline.from, causal.start - margin), to: Math.min(timeline.to, end + margin) }
  return DRAWINGS.flatMap((draw) => draw(subjects, timeline, window) ?? []).slice(0, MOST_CHARTS)
}

const about = (subjects: readonly Subject[], kinds: readonly string[]): readonly Subject[] => subjects.filter(({ found }) => kinds.includes(found.kind))

const entitiesOf = (subjects: readonly Subject[]): readonly Entity[] => [...new Set(subjects.map(({ found }) => found.entity))].slice(0, MOST_LINES)

const chart = (
  id: string,
  title: string,
  unit: Chart['unit'],
  subjects: readonly Subject[],
  lines: readonly ChartLine[],
  limits: Chart['limits'] = [],
): Chart | null => {
  const [first] = subjects
  // The same series scraped and federated is drawn once, as the one that tells more.
  const fullest = new Map<string, ChartLine>()
  for (const line of lines) if (line.points.length > (fullest.get(line.label)?.points.length ?? 1)) fullest.set(line.label, line)
  const drawn = [...fullest.values()]
  if (first === undefined || drawn.length === 0) return null
  return {
    id,
    title,
    description: subjects
      .slice(0, 3)
      .map(({ found }) => found.summary)
      .join(' '),
    unit,
    entity: first.found.entity,
    lines: drawn,
    limits,
    findings: subjects.map((subject) => subject.id),
  }
}

// A dump may hold hundreds of incidents, and each asks.
const busy = once(busyNodes)
const memoryLeft = once(memoryNodes)
const cpuOf = once(podCpu)
const memoryOf = once(podMemory)
const connections = once(connectionCounts)

const DRAWINGS: readonly Draw[] = [
  (subjects, timeline, window) => {
    const mine = about(subjects, ['node.cpu-saturated'])
    if (mine.length === 0) return null
    const drawn = busy(timeline).filter(({ node }) => entitiesOf(mine).includes(node))
    return chart(
      'node-cpu',
      'CPU in use by node',
      'percent',
      mine,
      drawn.map(({ node, busy: column }) => line(called(node), scaled(column, 100), window)),
      [{ label: 'all cores', value: 100 }],
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['pod.cpu-hungry'])
    if (mine.length === 0) return null
    const cpu = cpuOf(timeline)
    return chart(
      'pod-cpu',
      'CPU used by pod',
      'cores',
      mine,
      entitiesOf(mine).flatMap((entity) => of(cpu, entity, window)),
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['node.memory-exhausted', 'node.oom-kill'])
    if (mine.length === 0) return null
    const left = memoryLeft(timeline).filter(({ node }) => entitiesOf(mine).includes(node))
    return chart(
      'node-memory',
      'Memory left by node',
      'percent',
      mine,
      left.map(({ node, left: column }) => line(called(node), scaled(column, 100), window)),
      [{ label: 'nothing left', value: 0 }],
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['pod.memory-growing', 'pod.oom-killed'])
    if (mine.length === 0) return null
    const memory = memoryOf(timeline)
    const limits = [...new Set(entitiesOf(mine).flatMap((entity) => timeline.topology.memoryLimit(entity) ?? []))].slice(0, 2)
    return chart(
      'pod-memory',
      'Memory used by pod',
      'bytes',
      mine,
      entitiesOf(mine).flatMap((entity) => of(memory, entity, window)),
      limits.map((value) => ({ label: 'memory limit', value })),
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['postgres.connections-rising', 'postgres.connections-saturated'])
    if (mine.length === 0) return null
    const servers = entitiesOf(mine)
    const all = [...connections(timeline)].filter(([server]) => servers.includes(server))
    // Percent of a ceiling and numbers have no axis in common.
    const inPercent = all.every(([, count]) => count.inPercent)
    const counts = all.filter(([, count]) => count.inPercent === inPercent)
    const limits = counts.flatMap(([, { max }]) => (max === null ? [] : [{ label: 'max_connections', value: max }]))
    return chart(
      'postgres-connections',
      'Postgres connections',
      inPercent ? 'percent' : 'count',
      mine,
      counts.map(([server, { column }]) => line(called(server), column, window)),
      limits,
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['node.disk-full', 'postgres.disk-full'])
    if (mine.length === 0) return null
    const nodes = new Set(mine.flatMap(({ found }) => (typeof found.attributes['mount'] === 'string' ? [found.attributes['mount']] : [])))
    const series = timeline.series.filter((one) => one.name === 'node_filesystem_avail_bytes' && nodes.has(one.labels['mountpoint'] ?? ''))
    return chart(
      'disk',
      'Space left on the volume',
      'bytes',
      mine,
      series.slice(0, MOST_LINES).map((one) => line(one.labels['mountpoint'] ?? '', one, window)),
      [{ label: 'full', value: 0 }],
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['metric.anomalous'])
    if (mine.length === 0) return null
    const series = timeline.series.filter(
      (one) =>
        /replication_slots?_.*(?:lsn_diff|lag|retained)|wal_slot_lag/u.test(one.name) &&
        mine.some(({ found }) => found.attributes['slot'] === one.labels['slot_name']),
    )
    return chart(
      'held-wal',
      'WAL kept by replication slots',
      'bytes',
      mine,
      series.slice(0, MOST_LINES).map((one) => line(one.labels['slot_name'] ?? one.name, one, window)),
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['service.unreachable'])
    if (mine.length === 0) return null
    const names = new Set(mine.map(({ found }) => found.entity))
    const series = timeline.series.filter(
      (one) =>
        (one.name === 'up' && names.has(`target/${one.labels['job'] ?? '-'}/${one.labels['instance'] ?? '-'}`)) ||
        (one.name === 'probe_success' && names.has(`service/-/${one.labels['target'] ?? ''}`)),
    )
    return chart(
      'up',
      'Answered (1) or not (0)',
      'state',
      mine,
      series.slice(0, MOST_LINES).map((one) => line(`${one.labels['job'] ?? ''} ${one.labels['instance'] ?? one.labels['target'] ?? ''}`, one, window)),
    )
  },
  (subjects, timeline, window) => {
    const mine = about(subjects, ['app.errors', 'service.errors'])
    if (mine.length === 0) return null
    const names = new Set(mine.map(({ found }) => found.entity.slice(found.entity.lastIndexOf('/') + 1)))
    const series = timeline.series.filter(
      (one) =>
        (one.name === 'faultline_log_lines' && one.labels['level'] === 'error' && names.has(one.labels['app'] ?? '')) ||
        (one.name === 'faultline_http_requests' && one.labels['class'] === '5xx' && names.has((one.labels['service'] ?? '').split('/').at(-1) ?? '')),
    )
    return chart(
      'errors',
      'Errors per 10 s',
      'count',
      mine,
      series.slice(0, MOST_LINES).map((one) => line(one.labels['app'] ?? one.labels['service'] ?? '', counted(one), window)),
    )
  },
]

const of = (columns: ReadonlyMap<Entity, { readonly column: Column }>, entity: Entity, window: { from: number; to: number }): readonly ChartLine[] => {
  const known = columns.get(entity)
  return known === undefined || typeOf(entity) !== 'pod' ? [] : [line(entity.slice('pod/'.length), known.column, window)]
}

const scaled = (column: Column, by: number): Column => ({ times: column.times, values: column.values.map((value) => value * by) })

/** Counts of lines are kept only where there were any: between them it was nought. */
const counted = (column: Column): Column => {
  const step = stepOf(column.times)
  if (step <= 0) return column
  const times: number[] = []
  const values: number[] = []
  column.times.forEach((at, index) => {
    const before = times.at(-1)
    if (before !== undefined && at - before > 1.5 * step) {
      times.push(before + step)
      values.push(0)
      // Along the whole stretch, so that it is not taken for missing.
      for (let on = Math.max(before + 2 * step, at - MOST_NOUGHTS * step); on < at - step / 2; on += step) {
        times.push(on)
        values.push(0)
      }
    }
    times.push(at)
    values.push(column.values[index] ?? 0)
  })
  return { times: Float64Array.from(times), values: Float64Array.from(values) }
}

const MOST_NOUGHTS = 500

/** A column cut to the window; where samples are missing for three steps the line is broken, not drawn through. */
const line = (label: string, column: Column, window: { from: number; to: number }): ChartLine => {
  const step = stepOf(column.times)
  const points: [number, number | null][] = []
  for (let index = 0; index < column.times.length; index++) {
    const at = column.times[index] ?? 0
    if (at < window.from || at > window.to) continue
    const last = points.at(-1)
    if (last !== undefined && step > 0 && at - last[0] > 3 * step) points.push([last[0] + step, null])
    const value = column.values[index]
    points.push([at, value === undefined || !Number.isFinite(value) ? null : value])
  }
  return { label, points: thinned(points) }
}

/** Of each bucket the lowest and the highest, in their order: peaks and gaps stay. */
const thinned = (points: readonly (readonly [number, number | null])[]): readonly (readonly [number, number | null])[] => {
  if (points.length <= MOST_POINTS) return points
  const size = Math.ceil(points.length / (MOST_POINTS / 2))
  const kept: (readonly [number, number | null])[] = []
  for (let from = 0; from < points.length; from += size) {
    const bucket = points.slice(from, from + size)
    const gap = bucket.find((point) => point[1] === null)
    const sorted = bucket.filter((point) => point[1] !== null).sort((a, b) => (a[1] ?? 0) - (b[1] ?? 0))
    const pair = [sorted[0], sorted.at(-1), gap].filter((point): point is readonly [number, number | null] => point !== undefined)
    kept.push(...[...new Set(pair)].sort((a, b) => a[0] - b[0]))
  }
  return kept
}
