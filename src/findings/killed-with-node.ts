/**
 * A container's status says OOMKilled of a kill at its own memory limit and of one for want of memory on its node alike; only the kernel's log, or the kubelet's event
 * about the node, tells them apart: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior
 */
import { addTo } from '../model/lists.js'
import type { Entity } from '../model/entity.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { ofKind } from './lookup.js'
import { AT_ITS_LIMIT } from './policies.js'

/** The status has whole seconds, and the kubelet's event comes some seconds after the kill. */
const BESIDE_MS = 10_000

export const killedWithNode = (found: readonly Found[], { topology }: Timeline): readonly Found[] => {
  const kills = new Map<Entity, Found[]>()
  for (const kill of ofKind(found, 'node.oom-kill')) addTo(kills, kill.entity, kill)
  if (kills.size === 0) return found
  return found.map((one) => {
    // Whose limit it was, the kernel has said itself.
    if (one.kind !== 'pod.oom-killed' || one.attributes['cgroup'] !== undefined) return one
    const machine = topology.nodeOf(one.entity, one.start)
    const isBeside =
      machine !== null && kills.get(machine)?.some((kill) => one.start >= kill.start - BESIDE_MS && one.start <= (kill.end ?? kill.start) + BESIDE_MS)
    return isBeside === true ? { ...one, summary: one.summary.replace(AT_ITS_LIMIT, `was killed as ${machine.replace('/', ' ')} had no memory left`) } : one
  })
}
