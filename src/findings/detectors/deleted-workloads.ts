/**
 * change.scaled, to nothing: a workload whose object was deleted. kube-state-metrics tells of what there is: where the series of one Deployment end while those of
 * others go on, it is no more.
 */
import { workload, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind, signalsOf } from '../lookup.js'
import { stepOf } from '../statistics.js'
import { opening } from '../words.js'

/** One that is scraped in vain is missed once or twice. */
const MISSED_STEPS = 3
/** Its pods are told to go in the same moment; a sample is as old as its scrape. */
const BEFORE_MS = 60_000
const OBJECTS: ReadonlyMap<string, string> = new Map([
  ['kube_deployment_spec_replicas', 'deployment'],
  ['kube_statefulset_replicas', 'statefulset'],
])
const TAKEN: ReadonlySet<string> = new Set(['pod.killed', 'pod.deleted'])

export const deletedWorkloads: Detector = {
  id: 'deleted-workloads',
  finds: ['change.scaled'],
  detect(timeline, found) {
    // As one exporter tells it: one that is sharded or replaced takes all of its series with it, and others are scraped at other moments.
    const byExporter = groupBy(timeline.series, ({ name, labels }) => {
      const label = OBJECTS.get(name)
      return label !== undefined && labels[label] !== undefined ? `${name} ${labels['instance'] ?? ''}` : null
    })
    return [...byExporter.values()].flatMap((all) => {
      const scrapes = [...new Set(all.flatMap(({ times }) => [...times]))].sort((a, b) => a - b)
      return all.flatMap((series): readonly Found[] => {
        const last = lastBeforeGap(series, scrapes)
        if (last === null) return []
        const { name, labels } = series
        const entity = workload(labels['exported_namespace'] ?? labels['namespace'] ?? '-', labels[OBJECTS.get(name) ?? ''] ?? '')
        if (!all.some((other) => other !== series && isThere(other, last.at, last.by))) return []
        const taken = takenWith(entity, last, timeline)
        const at = taken[0]?.at ?? last.at
        if (ofKind(found, 'change.scaled', entity).some(({ start, attributes }) => attributes['to'] === 0 && start >= at - BEFORE_MS && start <= last.by))
          return []
        return [
          {
            kind: 'change.scaled',
            entity,
            start: at,
            end: at,
            confidence: 0.9,
            summary: `${opening(entity)} was deleted: it vanished from kube-state-metrics while others stayed${taken.length > 0 ? ', and its pods were told to go' : ''}.`,
            evidence: chooseEvidence([...evidenceOf(taken), sampleEvidence(series, last.at, `${name} ${last.value}, the last for now`)]),
            attributes: { to: 0, does: 'was deleted' },
            slackMs: taken.length > 0 ? 1_000 : last.by - last.at,
            dose: 1,
          },
        ]
      })
    })
  },
}

interface Last {
  /** The last sample of it, and the first scrape without it. */
  readonly at: number
  readonly by: number
  readonly value: number
}

const lastBeforeGap = ({ times, values }: TimedSeries, scrapes: readonly number[]): Last | null => {
  const step = Math.max(stepOf(scrapes), stepOf(times))
  for (const [index, at] of times.entries()) {
    const next = times[index + 1] ?? scrapes.at(-1) ?? at
    const value = values[index] ?? 0
    if (next - at <= MISSED_STEPS * step || !(value > 0)) continue
    const missed = scrapes.filter((scrape) => scrape > at && scrape < next)
    const [by] = missed
    if (by !== undefined && missed.length >= MISSED_STEPS - 1) return { at, by, value }
  }
  return null
}

const isThere = ({ times }: TimedSeries, from: number, by: number): boolean => times.some((time) => time <= from) && times.some((time) => time >= by)

/** The pods that were told to go as it went, in the order of time. */
const takenWith = (of: Entity, { at, by }: Last, timeline: Timeline): readonly TimedSignal[] =>
  timeline.topology
    .podsOf(of)
    .flatMap((pod) => signalsOf(timeline, pod).find((signal) => TAKEN.has(signal.kind) && signal.at >= at - BEFORE_MS && signal.at <= by) ?? [])
    .sort((a, b) => a.at - b.at)
