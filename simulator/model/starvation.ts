/** A machine whose containers leave nothing of the CPU to the rest: the kubelet runs late, then not at all. */
import { klog } from './kubelet.js'
import { MINUTE, SECOND, type Machine, type World } from './world.js'

/** From so long a saturation on until it is started anew. */
export const starveOfCpu = (world: World, node: Machine, afterMs: number): void => {
  world.agenda.every(SECOND, () => {
    const { saturatedSinceMs } = node.meters
    if (!node.up || node.stalled || saturatedSinceMs === null || world.agenda.now - saturatedSinceMs < afterMs) return true
    node.stalled = true
    node.starved = true
    world.record.note('starved', node.name, world.agenda.now)
    plegIsLate(world, node)
    return false
  })
}

/** pkg/kubelet/pleg/generic.go: a relist that is more than three minutes old. */
const plegIsLate = (world: World, node: Machine): void => {
  const sinceMs = world.agenda.now
  world.agenda.every(
    world.random.between(40, 70) * SECOND,
    () => {
      if (!node.up || node.starved !== true) return false
      const ago = (world.agenda.now - sinceMs) / SECOND
      const text = `${Math.floor(ago / 60)}m${(ago % 60).toFixed(6)}s`
      klog(
        world,
        node,
        'E',
        'kubelet.go:2524',
        `"Skipping pod synchronization" err="PLEG is not healthy: pleg was last seen active ${text} ago; threshold is 3m0s"`,
      )
      return true
    },
    3 * MINUTE + world.random.between(2, 12) * SECOND,
  )
}
