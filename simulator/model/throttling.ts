/** CFS bandwidth control of one workload's pod, as cAdvisor counts it: periods of 100 ms, and those in which the container was stopped. */
import { nodeOf, podsOf, type Workload, type World } from './world.js'

/** An exporter of the counters; `atLimit` says whether the container wants more than it may have. */
export const throttling = (world: World, owner: Workload, atLimit: () => boolean): (() => void) => {
  const random = world.random.fork(`cfs/${owner.name}`)
  let periods = random.int(900_000, 2_000_000)
  let throttled = random.int(900, 4000)
  let seconds = random.between(90, 300)
  return () => {
    const hit = atLimit() ? random.int(120, 146) : random.int(0, 2)
    periods += 150
    throttled += hit
    seconds += hit * 0.14
    const [pod] = podsOf(world, owner)
    const node = pod && nodeOf(world, pod)
    if (!pod || !node?.up || node.unscraped === true) return
    const labels = { container: owner.name, namespace: owner.namespace, node: node.name, pod: pod.name }
    const sample = (name: string, value: number): void => world.record.sample(name, labels, world.agenda.now, value)
    sample('container_cpu_cfs_periods_total', periods)
    sample('container_cpu_cfs_throttled_periods_total', throttled)
    sample('container_cpu_cfs_throttled_seconds_total', Number(seconds.toFixed(3)))
  }
}
