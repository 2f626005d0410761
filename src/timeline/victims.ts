/**
 * Whose container was killed at its memory limit, where the source names no more than the machine and the process (node-problem-detector,
 * a kernel's log without the cgroup): the one pod of that machine whose container came and went with each kill. Of two that fit, neither.
 */
import { typeOf, type Entity } from '../model/entity.js'
import { addTo } from '../model/lists.js'
import type { TimedSignal } from './timed.js'
import type { Topology } from './topology.js'

/** What a container that was killed leaves: it ends, starts again, or waits for its back-off. */
const SIGNS: ReadonlySet<string> = new Set(['container.exited', 'container.started', 'pod.started', 'pod.crash-looping'])
const BEFORE_MS = 2_000
const AFTER_MS = 90_000
/** As many kills of one process tell whose it is as more would. */
const ENOUGH_KILLS = 50

export const nameVictims = (signals: readonly TimedSignal[], topology: Topology): readonly TimedSignal[] => {
  const kills = new Map<string, TimedSignal[]>()
  for (const signal of signals)
    if (signal.kind === 'pod.oom-killed' && typeOf(signal.entity) === 'node')
      addTo(kills, `${signal.entity}\n${String(signal.attributes['process'] ?? '')}`, signal)
  if (kills.size === 0) return signals
  const signs = new Map<Entity, TimedSignal[]>()
  for (const signal of signals) {
    if (!SIGNS.has(signal.kind) || typeOf(signal.entity) !== 'pod') continue
    for (const machine of new Set(topology.placements(signal.entity).map(({ node }) => node))) addTo(signs, machine, signal)
  }
  const named = new Map<TimedSignal, Entity>()
  for (const group of kills.values()) {
    const victim = onlyVictim(group, signs, topology)
    if (victim !== null) for (const kill of group) named.set(kill, victim)
  }
  return signals.map((signal) => {
    const entity = named.get(signal)
    return entity === undefined ? signal : { ...signal, entity, attributes: { ...signal.attributes, node: signal.entity.slice('node/'.length) } }
  })
}

const onlyVictim = (all: readonly TimedSignal[], signs: ReadonlyMap<Entity, readonly TimedSignal[]>, topology: Topology): Entity | null => {
  const kills = all.slice(0, ENOUGH_KILLS)
  const seen = new Map<Entity, number>()
  for (const { entity: machine, at } of kills) {
    const there = new Set<Entity>()
    for (const sign of signs.get(machine) ?? [])
      if (sign.at <= at + AFTER_MS && sign.until >= at - BEFORE_MS && topology.nodeOf(sign.entity, at) === machine) there.add(sign.entity)
    for (const pod of there) seen.set(pod, (seen.get(pod) ?? 0) + 1)
  }
  const fitting = [...seen].filter(([, times]) => times === kills.length)
  const [only] = fitting
  return fitting.length === 1 && only !== undefined ? only[0] : null
}
