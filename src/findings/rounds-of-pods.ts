/**
 * Rollouts of StatefulSets and DaemonSets, which have no ReplicaSets: their controller takes one pod after the other away and makes another in its place.
 * A pod that such a rollout made is taken away by the next one. pkg/controller/statefulset/stateful_set_control.go, pkg/controller/daemon/update.go
 */
import type { Entity } from '../model/entity.js'
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { signalsOf } from './lookup.js'
import { STEP_MS } from './steps.js'

/** A pod is given 30 s to end, where nobody set anything else; its successor is made when it is gone. */
const REPLACED_MS = 90_000
/** Who was put out, or finds no place, is made anew without any rollout; a pod whose container fails again and again has not failed itself: pkg/controller/daemon/daemon_controller.go */
const FAILED: ReadonlySet<string> = new Set(['pod.evicted', 'pod.unschedulable'])
const FAILED_MS = 2 * 60_000

interface Step {
  readonly taken: TimedSignal
  readonly made: TimedSignal
  /** When the pod that was taken away had come; long ago where nobody saw it. */
  readonly came: number
}

/** One change.deployed for each rollout, from the first pod that is taken away to the last that is made; `round` counts a workload's. */
export const roundsOfPods = once((timeline: Timeline): readonly TimedSignal[] => {
  // Whose pod it was is told of a StatefulSet's and a DaemonSet's only.
  const taken = timeline.signals.filter(({ kind, attributes }) => kind === 'pod.deleted' && attributes['of'] !== undefined)
  const steps = groupBy(
    taken.flatMap((signal) => stepOf(signal, timeline)),
    ({ taken: { entity } }) => timeline.topology.workloadOf(entity),
  )
  return [...steps].flatMap(([workload, all]) => roundsIn(all).map((round, index) => told(workload, round, index + 1)))
})

const stepOf = (taken: TimedSignal, timeline: Timeline): readonly Step[] => {
  const { topology } = timeline
  const { entity, at } = taken
  const before = signalsOf(timeline, entity)
  if (before.some((one) => FAILED.has(one.kind) && one.phase !== 'end' && one.until <= at && at - one.until <= FAILED_MS)) return []
  const workload = topology.workloadOf(entity)
  if (workload === null) return []
  const node = topology.nodeOf(entity, at)
  const others = topology.podsOf(workload).filter((pod) => pod === entity || (node !== null && topology.placements(pod).some((place) => place.node === node)))
  const made = others
    .flatMap((pod) => signalsOf(timeline, pod).find((one) => isMade(one) && one.at >= at && one.at - at <= REPLACED_MS) ?? [])
    .sort((a, b) => a.at - b.at)[0]
  const came = before.findLast((one) => isMade(one) && one.at < at)?.at ?? -Infinity
  return made === undefined ? [] : [{ taken, made, came }]
}
const isMade = ({ kind }: TimedSignal): boolean => kind === 'pod.scheduled'

const roundsIn = (steps: readonly Step[]): readonly (readonly Step[])[] => {
  const rounds: Step[][] = []
  for (const step of [...steps].sort((a, b) => a.taken.at - b.taken.at)) {
    const round = rounds.at(-1)
    const [first] = round ?? []
    const last = round?.at(-1)
    const goesOn = first !== undefined && last !== undefined && step.taken.at - last.made.at <= STEP_MS && step.came < first.taken.at
    if (goesOn) round?.push(step)
    else rounds.push([step])
  }
  return rounds
}

const told = (workload: Entity, round: readonly Step[], number: number): TimedSignal => {
  const [{ taken }] = round as [Step] // made of one at least
  return {
    ...taken,
    kind: 'change.deployed',
    entity: workload,
    until: Math.max(...round.map(({ made }) => made.at)),
    count: 1,
    attributes: { round: number, ...(taken.attributes['of'] === 'DaemonSet' ? { daemon: 'yes' } : {}) },
    evidence: round.flatMap((step) => [...step.taken.evidence, ...step.made.evidence]),
  }
}
