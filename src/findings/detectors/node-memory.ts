/** node.memory-exhausted: little is left of a node's memory. From MemAvailable, used ratios, or cAdvisor's root cgroup. */
import type { Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { fullest, overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { memoryLeft } from '../expression/shares.js'
import { asMetric, formOf, inShares, labelsOf, nodeOfLabels, nodeUseOf, readingOf, rest, shareOf, undone } from '../measures.js'
import { greatest, lower, median, stepOf, stretches, type Column, onsetOfRise } from '../statistics.js'
import { bytes, opening, percent } from '../words.js'

/** Of the node's memory: below this a kubelet's default evictionHard (100 MiB) is near on small nodes and reclaim stalls on large ones. */
const LEFT = 0.1
/** A node that always runs this low is sized so; only a fall is a finding. */
const FALLEN_TO = 0.6

export const nodeMemory: Detector = {
  id: 'node-memory',
  finds: ['node.memory-exhausted'],
  detect(timeline, found) {
    const measured = memoryNodes(timeline)
    return [...measured.flatMap(({ node, left, source, total }) => exhausted(node, left, source, total)), ...provenByKills(found, measured)]
  },
}

/** Reclaim comes before the kill, and a machine that reclaims answers nobody: kernels have been seen to thrash for minutes. */
const THRASHING_MS = 3 * 60_000

/** Where nobody measured it: a kernel that kills for the whole machine, not for the limit of one container or service, had no memory left to give. */
const provenByKills = (found: readonly Found[], measured: readonly MemoryNode[]): readonly Found[] =>
  ofKind(found, 'node.oom-kill')
    .filter((kill) => kill.attributes['limit'] !== 'cgroup' && !isMeasured(kill, measured))
    .filter((kill) => !ofKind(found, 'node.memory-exhausted', kill.entity).some((other) => overlaps(other, kill, THRASHING_MS)))
    .map((kill) => ({
      kind: 'node.memory-exhausted',
      entity: kill.entity,
      start: kill.start,
      end: kill.end,
      confidence: 0.85 * kill.confidence,
      summary: `${opening(kill.entity)} had no memory left to give: its kernel killed for the whole machine.`,
      evidence: kill.evidence,
      attributes: {},
      slackMs: THRASHING_MS,
      dose: kill.dose,
    }))

const isMeasured = (kill: Found, measured: readonly MemoryNode[]): boolean =>
  measured.some(({ node, left }) => node === kill.entity && (left.times[0] ?? Infinity) <= kill.start && (left.times.at(-1) ?? -Infinity) >= kill.start)

interface MemoryNode {
  readonly node: Entity
  /** Share of the memory that is available, 0..1. */
  readonly left: Column
  readonly source: TimedSeries
  readonly total: number | null
}

export const memoryNodes = (timeline: Timeline): readonly MemoryNode[] => {
  const nodeOf = (series: TimedSeries): Entity | null => nodeOfLabels(series.labels, timeline)
  const totals = groupBy(
    timeline.series.filter((series) => series.name === 'node_memory_MemTotal_bytes'),
    nodeOf,
  )
  const found = new Map<Entity, MemoryNode>()
  for (const [node, group] of groupBy(
    timeline.series.filter((series) => series.name === 'node_memory_MemAvailable_bytes'),
    nodeOf,
  )) {
    const source = fullest(group)
    const total =
      totals.get(node)?.[0]?.values[0] ?? timeline.topology.nodeFacts(node).memoryBytes ?? (source === undefined ? null : greatest(source.values) * 1.05)
    if (source === undefined || total === null || total <= 0) continue
    found.set(node, { node, left: { times: source.times, values: source.values.map((value) => value / total) }, source, total })
  }
  for (const source of timeline.series) {
    const left = leftByName(source)
    const node = left === null ? null : nodeOfLabels(labelsOf(source), timeline)
    if (left !== null && node !== null && !found.has(node)) found.set(node, { node, left, source, total: null })
  }
  // Panels, files and other collectors' metrics that say in words that they are of a node's memory.
  for (const source of timeline.series) {
    const use = nodeUseOf(source)
    const node = use?.of === 'memory' ? nodeOf(source) : null
    if (use === null || node === null || found.has(node)) continue
    const total = timeline.topology.nodeFacts(node).memoryBytes ?? null
    const share = shareOf(use.column)
    const part = inShares(share ?? undone(use.column, { by: total ?? NaN, plus: 0 }))
    if (part === null) continue
    found.set(node, {
      node,
      left: use.free ? part : rest(part),
      source,
      total: share === null ? total : null,
    })
  }
  return [...found.values()]
}

/** What an expression or a rule's name says is left of a machine's memory. */
const leftByName = (series: TimedSeries): Column | null => {
  const form = formOf(series)
  const shown = form === null ? null : memoryLeft(form)
  if (shown !== null) return inShares(undone(series, shown))
  // https://github.com/prometheus/node_exporter/blob/v1.8.2/docs/node-mixin/rules/rules.libsonnet: of what is in use
  const used = /^(?:instance|node):node_memory_utili[sz]ation:(?:ratio)?$/u.test(readingOf(series).metric) ? inShares(asMetric(series)) : null
  return used === null ? null : rest(used)
}

/** When a third of what was used up had gone: whatever came later did not begin it. Milliseconds since the epoch. */
const underWayBy = (left: Column, exhaustedAt: number): number => {
  const { at, usual, peak } = onsetOfRise(rest(left), exhaustedAt)
  const third = 1 - (usual + (peak - usual) / 3)
  const index = left.times.findIndex((time, sample) => time >= at && (left.values[sample] ?? 1) <= third)
  return left.times[index] ?? exhaustedAt
}

const exhausted = (node: Entity, left: Column, source: TimedSeries, total: number | null): readonly Found[] => {
  const usual = median(left.values)
  const best = greatest(left.values)
  const step = stepOf(left.times)
  return stretches(left, (value) => value <= LEFT && value <= best * FALLEN_TO, Math.max(60_000, 3 * step), lower).map((stretch) => ({
    kind: 'node.memory-exhausted',
    entity: node,
    start: stretch.start,
    end: stretch.end,
    confidence: stretch.samples > 1 ? 0.9 : 0.75,
    summary: `${opening(node)} ran out of memory: ${percent(stretch.peak)}${total === null ? '' : ` (${bytes(stretch.peak * total)})`} left, usually ${percent(usual)}.`,
    evidence: [
      sampleEvidence(source, stretch.start, `→ ${percent(LEFT)} of the memory left or less from here`),
      sampleEvidence(source, stretch.peakAt, `→ ${percent(stretch.peak)} left, the least`),
    ],
    attributes: { left: Math.round(stretch.peak * 1000) / 1000, underWay: underWayBy(left, stretch.start) },
    slackMs: step,
    dose: 1 - stretch.peak,
  }))
}
