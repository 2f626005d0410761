/** What a scenario gives, and what most of them begin with. */
import { agenda } from '../core/agenda.js'
import { random, type Random } from '../core/random.js'
import { recorder } from '../emit/recorder.js'
import { bind, createPod, runControlPlane } from '../model/control-plane.js'
import { runKubelet } from '../model/kubelet.js'
import { runLoad } from '../model/machine.js'
import type { Layout } from '../emit/dump.js'
import type { Truth } from '../truth.js'
import { HOUR, machine, MINUTE, type Machine, type Workload, type World } from '../model/world.js'

export interface Told {
  readonly world: World
  readonly layout: Layout
  readonly truth: Truth
}

export type Scenario = (seed: number) => Told

export const newWorld = (
  random: Random,
  startMs: number,
  minutes: number,
  nodes: readonly Pick<Machine, 'name' | 'ip' | 'cores' | 'memoryBytes'>[],
): World => ({
  agenda: agenda(startMs),
  random,
  record: recorder(),
  startMs,
  endMs: startMs + minutes * MINUTE,
  apiServer: (nodes[0]?.ip ?? '10.0.0.1').replace(/\d+$/, '5'),
  kubernetesVersion: 'v1.36.2',
  kernelVersion: '6.1.0-32-cloud-amd64',
  nodes: nodes.map((spec) => machine(random, spec, startMs)),
  workloads: [],
  pods: [],
  nextPodIp: random.int(3, 60),
  moment: { ms: 0, passed: 0 },
})

/** Pods that ran long before the dump begins, each on the node given for it. */
export const settle = (world: World, owner: Workload, on: readonly Machine[]): void => {
  world.workloads.push(owner)
  for (const node of on) {
    const pod = createPod(world, owner)
    const startedMs = Math.max(node.bootedMs + 2 * MINUTE, world.startMs - world.random.between(5, 90) * HOUR)
    Object.assign(pod, { createdMs: startedMs - 4000, startedMs, ready: true, containerId: world.random.hex(64), cpuSeconds: world.random.between(200, 9000) })
    bind(world, pod, node)
  }
}

/** The cluster's own machinery runs. */
export const start = (world: World): void => {
  for (const node of world.nodes) runKubelet(world, node)
  runLoad(world)
  runControlPlane(world)
}

/** A weekday morning between 09:00 and 11:00, on a date and with names that the seed picks. */
export const morning = (seedRandom: Random): number => Date.UTC(2026, seedRandom.int(1, 9), seedRandom.int(3, 26), 9, seedRandom.int(0, 11) * 5)

/** An afternoon between 14:00 and 16:00. */
export const afternoon = (seedRandom: Random): number => Date.UTC(2026, seedRandom.int(1, 9), seedRandom.int(3, 26), 14, seedRandom.int(0, 11) * 5)

/** An evening, for those who are called at night. */
export const evening = (seedRandom: Random): number => Date.UTC(2026, seedRandom.int(1, 9), seedRandom.int(3, 26), 20, seedRandom.int(0, 11) * 5)

export const seeded = (name: string, seed: number): Random => random(`${name}/${seed}`)

/** Something is to happen so many minutes after the beginning. */
export const minutesIn =
  ({ agenda, startMs }: World) =>
  (minutes: number, act: () => void): void =>
    agenda.at(startMs + minutes * MINUTE, act)

/** Looks, now and every so often, until there is what is waited for, and acts on it once. */
export const whenSeen = <T>(world: World, everyMs: number, look: () => T | undefined, act: (seen: T) => void): void => {
  const seen = look()
  if (seen === undefined) world.agenda.after(everyMs, () => whenSeen(world, everyMs, look, act))
  else act(seen)
}

/** The forms in which a dump may hold what nodes logged and what was scraped. */
export const anyForm = (seedRandom: Random): Pick<Layout, 'nodeLogs' | 'metrics'> => ({
  nodeLogs: seedRandom.pick(['journal', 'bare'] as const),
  metrics: seedRandom.pick(['query_range', 'tsdb'] as const),
})
