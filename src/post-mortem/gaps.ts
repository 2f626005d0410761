/** Where an entity of the incident is not seen: exactly when its samples stop and come back, and when its log says nothing. */
import type { ExplainedIncident } from '../causes/explain.js'
import { busyNodes } from '../findings/detectors/node-cpu.js'
import { memoryNodes } from '../findings/detectors/node-memory.js'
import { podCpu, podMemory } from '../findings/detectors/pod-metrics.js'
import { connectionCounts } from '../findings/detectors/postgres-metrics.js'
import { stepOf, type Column } from '../findings/statistics.js'
import type { Incident } from '../model/analysis.js'
import type { Entity } from '../model/entity.js'
import { addTo } from '../model/lists.js'
import { once } from '../model/once.js'
import { iso, type Timeline } from '../timeline/timeline.js'
import type { Gap } from './post-mortem.js'

/** Steps without a sample from which on it is a gap, as in the charts. */
const STEPS = 3
const MOST = 60

export const gapsOf = ({ incident, causal }: ExplainedIncident, timeline: Timeline): readonly Gap[] => {
  const mine = new Set(incident.findings.map((finding) => finding.entity))
  const gaps = [...sampleGaps(mine, timeline), ...logGaps(mine, incident, timeline)]
  const end = causal.end ?? timeline.to
  const margin = Math.max(120_000, (end - causal.start) * 0.4)
  return gaps
    .filter((gap) => gap.to >= causal.start - margin && gap.from <= end + margin)
    .sort((a, b) => a.from - b.from || (a.entity < b.entity ? -1 : a.entity > b.entity ? 1 : 0) || a.to - b.to)
    .slice(0, MOST)
    .map(({ entity, what, from, to }) => ({ entity, what, start: iso(from), end: iso(to) }))
}

interface Silent {
  readonly entity: Entity
  readonly what: Gap['what']
  readonly from: number
  readonly to: number
}

/** Every entity's samples, for whichever incident asks. */
const timesByEntity = once((timeline: Timeline): ReadonlyMap<Entity, readonly Float64Array[]> => {
  const columns: (readonly [Entity, Column])[] = [
    ...busyNodes(timeline).map(({ node, busy }) => [node, busy] as const),
    ...memoryNodes(timeline).map(({ node, left }) => [node, left] as const),
    ...[...podMemory(timeline)].map(([pod, { column }]) => [pod, column] as const),
    ...[...podCpu(timeline)].map(([pod, { column }]) => [pod, column] as const),
    ...[...connectionCounts(timeline)].map(([server, { column }]) => [server, column] as const),
  ]
  const times = new Map<Entity, Float64Array[]>()
  for (const [entity, { times: own }] of columns) addTo(times, entity, own)
  return times
})

/** One column of an entity is enough to see it: a moment counts as seen where any of them has a sample. */
const sampleGaps = (mine: ReadonlySet<Entity>, timeline: Timeline): readonly Silent[] => {
  const known = holesByEntity(timeline)
  const times = timesByEntity(timeline)
  return [...mine].flatMap((entity) => {
    let found = known.get(entity)
    const all = times.get(entity)
    if (all === undefined) return []
    if (found === undefined) known.set(entity, (found = holes(entity, Float64Array.from(all.flatMap((one) => [...one])).sort(), Math.max(...all.map(stepOf)))))
    return found
  })
}

const holesByEntity = once((_: Timeline) => new Map<Entity, readonly Silent[]>())

/** Between samples only: before the first and after the last nobody may have asked. */
const holes = (entity: Entity, times: Float64Array, step: number): readonly Silent[] => {
  const found: Silent[] = []
  for (let index = 1; step > 0 && index < times.length; index++) {
    const [from, to] = [times[index - 1] ?? 0, times[index] ?? 0]
    if (to - from > STEPS * step) found.push({ entity, what: 'samples', from, to })
  }
  return found
}

/** Any log is silent at times; around a crash or a boot its silence is that of the machine. */
const logGaps = (mine: ReadonlySet<Entity>, incident: Incident, timeline: Timeline): readonly Silent[] => {
  const moments = incident.findings.filter(({ kind }) => kind === 'node.kernel-panic' || kind === 'node.rebooted')
  return timeline.silences.flatMap(({ node, from, to }) => {
    const about = moments.some(({ entity, start }) => entity === node && Date.parse(start) >= from - 1_000 && Date.parse(start) <= to + 1_000)
    return mine.has(node) && to - from >= 60_000 && about ? [{ entity: node, what: 'log' as const, from, to }] : []
  })
}
