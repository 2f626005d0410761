/**
 * What a container's status does not tell of its kills. OOMKilled is said of a kill at its own memory limit and of one for want of memory on its node alike; only the
 * kernel's log, or the kubelet's event about the node, tells them apart. And it remembers the last one only.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior
 */
import type { Entity } from '../model/entity.js'
import { addTo } from '../model/lists.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { ofKind, signalsOf } from './lookup.js'
import { AT_ITS_LIMIT } from './policies.js'

export const tellKills = (found: readonly Found[], timeline: Timeline): readonly Found[] => {
  const kills = new Map<Entity, Found[]>()
  for (const kill of ofKind(found, 'node.oom-kill')) addTo(kills, kill.entity, kill)
  const loops = new Map(ofKind(found, 'pod.crash-looping').map((loop) => [loop.entity, loop]))
  return found.map((one) => (one.kind === 'pod.oom-killed' ? killedBefore(killedWithNode(one, kills, timeline), loops.get(one.entity), timeline) : one))
}

/** The status has whole seconds, and the kubelet's event comes some seconds after the kill. */
const BESIDE_MS = 10_000

const killedWithNode = (one: Found, kills: ReadonlyMap<Entity, readonly Found[]>, { topology }: Timeline): Found => {
  // Whose limit it was, the kernel has said itself.
  if (kills.size === 0 || one.attributes['cgroup'] !== undefined) return one
  const machine = topology.nodeOf(one.entity, one.start)
  const isBeside = machine !== null && kills.get(machine)?.some(({ start, end }) => one.start >= start - BESIDE_MS && one.start <= (end ?? start) + BESIDE_MS)
  return isBeside === true ? { ...one, summary: one.summary.replace(AT_ITS_LIMIT, `was killed as ${machine.replace('/', ' ')} had no memory left`) } : one
}

/** A container that had been restarted before its first known kill, and was in a crash loop by then, may well have died of the same each time. */
const killedBefore = (one: Found, loop: Found | undefined, timeline: Timeline): Found => {
  const restarts = Number(one.attributes['restarts'] ?? 0)
  if (loop === undefined || restarts < 2 || loop.start >= one.start) return one
  const { container } = one.attributes
  const diedOtherwise = signalsOf(timeline, one.entity).some(
    ({ kind, at, attributes }) =>
      kind === 'container.exited' && at < one.start && attributes['container'] === container && attributes['reason'] !== 'OOMKilled',
  )
  return diedOtherwise ? one : { ...one, slackMs: Math.max(one.slackMs, one.start - loop.start + BESIDE_MS) }
}
