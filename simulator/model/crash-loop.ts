/** A container whose program ends soon after its start, over and over: the kubelet waits 10 s, 20 s, 40 s … five minutes (kubelet v1.36). */
import { podEvent } from './events.js'
import { klog, path } from './kubelet.js'
import { MINUTE, nodeOf, SECOND, type Pod, type World } from './world.js'

/** `attempt` says its last words and is asked whether it came up this time. */
export const crashLoop = (world: World, pod: Pod, livesForMs: number, attempt: () => boolean): void => {
  let backOffMs = 10 * SECOND
  const die = (): void => {
    const node = nodeOf(world, pod)
    if (!node?.up || pod.gone) return
    if (attempt()) {
      pod.ready = true
      return
    }
    const { name } = pod.workload
    pod.startedMs = null
    pod.ready = false
    world.record.note('container-exited', name, world.agenda.now)
    klog(world, node, 'I', 'generic.go:413', `"Generic (PLEG): container finished" podID="${pod.uid}" containerID="${pod.containerId}" exitCode=1`)
    const back = backOffMs >= 60_000 ? `${Math.floor(backOffMs / 60_000)}m${(backOffMs % 60_000) / 1000}s` : `${backOffMs / 1000}s`
    klog(
      world,
      node,
      'E',
      'pod_workers.go:1324',
      `"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"${name}\\" with CrashLoopBackOff: \\"back-off ${back} restarting failed container=${name} pod=${pod.name}_${pod.workload.namespace}(${pod.uid})\\"" pod="${path(pod)}" podUID="${pod.uid}"`,
      2 * SECOND,
    )
    podEvent(
      world,
      pod,
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${name} in pod ${pod.name}_${pod.workload.namespace}(${pod.uid})`,
      true,
      2 * SECOND,
    )
    world.agenda.after(backOffMs, () => {
      pod.restarts++
      pod.containerId = world.random.hex(64)
      pod.startedMs = world.agenda.now
      podEvent(world, pod, 'Normal', 'Started', 'Container started')
      world.agenda.after(livesForMs * world.random.between(0.9, 1.1), die)
    })
    backOffMs = Math.min(backOffMs * 2, 5 * MINUTE)
  }
  die()
}
