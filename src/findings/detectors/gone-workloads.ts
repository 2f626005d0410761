/**
 * workload.unavailable: all pods of a Deployment were deleted and nobody made others, as when the Deployment itself is. What its own ReplicaSet takes away was scaled, and
 * is told as that, and so is one of which none is wanted any more; who is evicted has a successor.
 */
import type { Entity } from '../../model/entity.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { ofKind, signalsOf } from '../lookup.js'
import { isOfDeployment, lifeOf } from '../steps.js'
import { duration, opening } from '../words.js'
import { podsAreListed } from './workloads.js'

/** A pod that is made at once is there within this. */
const REPLACED_MS = 15_000
const SCALED_MS = 30_000
/** The old pods may take their time to end before the new ones are asked for. */
const REFUSED_MS = 2 * 60_000

export const goneWorkloads: Detector = {
  id: 'gone-workloads',
  finds: ['workload.unavailable', 'change.scaled'],
  detect(timeline, found) {
    // Where nobody listed the pods, there may be others of which no line speaks.
    if (!podsAreListed(timeline)) return []
    const told = ofKind(found, 'workload.unavailable')
    const workloads = new Set(timeline.signals.flatMap(({ kind, entity }) => (kind === 'pod.deleted' ? (timeline.topology.workloadOf(entity) ?? []) : [])))
    return [...workloads].flatMap((workload): Found[] => {
      const gone = goneOf(workload, timeline)
      if (gone === null || gone.last.some(({ attributes }) => attributes['by'] === 'owner')) return []
      const { at, until, last } = gone
      const isKnown = told.some((one) => one.entity === workload && one.start <= (until ?? Infinity) && (one.end ?? Infinity) >= at)
      const isScaled = ofKind(found, 'change.scaled', workload).some(({ start }) => Math.abs(start - at) <= SCALED_MS)
      if (isKnown || isScaled) return []
      // A rollout with the strategy Recreate takes the old pods first, and what is asked for then may be refused.
      const refused = signalsOf(timeline, workload).find(
        (signal) => signal.kind === 'pod.unschedulable' && signal.until >= at && signal.at <= Math.min(until ?? Infinity, at + REFUSED_MS),
      )
      if (refused === undefined && ofKind(found, 'change.deployed', workload).some(({ start, end }) => start <= at + SCALED_MS && (end ?? start) >= at))
        return []
      const common = { entity: workload, start: at, evidence: chooseEvidence(evidenceOf(last)), slackMs: 1_000 }
      // Its object says that none is wanted.
      if (until === null && timeline.topology.replicas(workload).at(-1)?.wanted === 0)
        return [
          {
            ...common,
            kind: 'change.scaled',
            end: at,
            confidence: 0.9,
            summary: `${opening(workload)} was scaled to 0 replicas.`,
            attributes: { to: 0 },
            dose: 1,
          },
        ]
      const start = Math.max(at, refused?.at ?? at)
      return [
        {
          ...common,
          start,
          evidence: chooseEvidence(evidenceOf(refused === undefined ? last : [...last, refused])),
          kind: 'workload.unavailable',
          end: until,
          confidence: 0.85,
          summary: `${opening(workload)} had no pod${until === null ? '' : ` for ${duration(until - start)}`}: all of them were deleted, and ${refused === undefined ? 'none was made in their place' : 'new ones could not be made'}.`,
          attributes: {},
          dose: last.length,
        },
      ]
    })
  },
}

interface Gone {
  readonly at: number
  /** When the next one was started; null where none was. */
  readonly until: number | null
  readonly last: readonly TimedSignal[]
}

/** The first moment from which on there was none for a while. */
const goneOf = (workload: Entity, timeline: Timeline): Gone | null => {
  const pods = timeline.topology.podsOf(workload).filter(isOfDeployment)
  const lives = pods.map((pod) => ({ pod, ...lifeOf(pod, timeline) })).sort((a, b) => a.from - b.from)
  let end = -Infinity
  for (const [index, { to }] of lives.entries()) {
    end = Math.max(end, to)
    const next = lives[index + 1]
    if (!Number.isFinite(end) || end < timeline.watchedFrom || (next !== undefined && next.from - end < REPLACED_MS)) continue
    const last = lives.slice(0, index + 1).flatMap(({ pod, to: left }) => (left > end - REPLACED_MS ? (deletionOf(pod, timeline) ?? []) : []))
    if (last.length === 0 || last.some(({ entity }) => signalsOf(timeline, entity).some(({ kind }) => kind === 'pod.evicted'))) return null
    const started = next === undefined ? undefined : signalsOf(timeline, next.pod).find(({ kind }) => kind === 'container.started' || kind === 'pod.started')
    return { at: end, until: next === undefined ? null : (started?.at ?? next.from), last }
  }
  return null
}

const deletionOf = (pod: Entity, timeline: Timeline): TimedSignal | undefined => signalsOf(timeline, pod).find(({ kind }) => kind === 'pod.deleted')
