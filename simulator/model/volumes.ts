/**
 * Volumes that one node at a time may have: the attach-detach controller, the CSI attacher behind it, and the kubelet that waits.
 * Wordings of pkg/controller/volume/attachdetach, pkg/volume/csi/csi_attacher.go and pkg/kubelet/kubelet.go, v1.36.
 */
import { aboutPod, podEvent, postEvent } from './events.js'
import { klog, path, startPod } from './kubelet.js'
import { MINUTE, nodeOf, podsOf, SECOND, type Pod, type Workload, type World } from './world.js'

export interface Volume {
  readonly name: string
  readonly claim: string
  readonly driver: string
  /** The node it is attached to, as the cloud sees it; a node that is gone does not let go. */
  attachedTo: string | null
}

export const volume = (world: World, claim: string, driver: string, attachedTo: string): Volume => ({
  name: `pvc-${world.random.uuid()}`,
  claim,
  driver,
  attachedTo,
})

/** Since when a pod waits, for each that does. */
const waiting = new WeakMap<Pod, number>()

/** Whether the pod has its volume here; else it waits, and is started when it has. */
export const mounts = (world: World, held: Volume, pod: Pod): boolean => {
  if (held.attachedTo === pod.node) return true
  if (waiting.has(pod)) return false
  waiting.set(pod, world.agenda.now)
  if (held.attachedTo === null) attach(world, held, pod)
  else refuse(world, held, pod)
  return false
}

const attach = (world: World, held: Volume, pod: Pod): void => {
  held.attachedTo = pod.node
  world.agenda.after(world.random.between(4, 9) * SECOND, () => {
    if (pod.gone || pod.deletedMs !== null) return
    controllerEvent(world, pod, 'Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${held.name}"`)
    startPod(world, pod)
  })
}

const controllerEvent = (world: World, pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void =>
  postEvent(world, { reason, type, message, ...aboutPod(pod), component: 'attachdetach-controller' })

const refuse = (world: World, held: Volume, pod: Pod): void => {
  const { random } = world
  const sinceMs = world.agenda.now
  const over = (): boolean => pod.gone || pod.deletedMs !== null || held.attachedTo === null || held.attachedTo === pod.node
  world.record.note('volume', pod.workload.name, sinceMs)
  controllerEvent(
    world,
    pod,
    'Warning',
    'FailedAttachVolume',
    `Multi-Attach error for volume "${held.name}" Volume is already exclusively attached to one node and can't be attached to another`,
  )
  // After six minutes (maxWaitForUnmountDuration) it is detached by force, as far as Kubernetes goes; the cloud still says no.
  world.agenda.every(
    2 * MINUTE + random.between(2, 9) * SECOND,
    () => {
      if (over()) return false
      controllerEvent(
        world,
        pod,
        'Warning',
        'FailedAttachVolume',
        `AttachVolume.Attach failed for volume "${held.name}" : timed out waiting for external-attacher of ${held.driver} CSI driver to attach volume ${held.name}`,
      )
      return true
    },
    6 * MINUTE + random.between(20, 60) * SECOND,
  )
  const said = `unmounted volumes=[${held.claim}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded`
  world.agenda.every(2 * MINUTE + 3 * SECOND, () => {
    const node = nodeOf(world, pod)
    if (over() || !node) {
      if (!pod.gone && pod.deletedMs === null && held.attachedTo === null) attach(world, held, pod)
      return false
    }
    podEvent(world, pod, 'Warning', 'FailedMount', `Unable to attach or mount volumes: ${said}`, false)
    klog(world, node, 'E', 'kubelet.go:2142', `"Unable to attach or mount volumes for pod; skipping pod" err="${said}" pod="${path(pod)}"`)
    klog(world, node, 'E', 'pod_workers.go:1324', `"Error syncing pod, skipping" err="${said}" pod="${path(pod)}" podUID="${pod.uid}"`)
    return true
  })
}

/** The cloud gives it free; the next pod of its workload gets it. */
export const release = (world: World, held: Volume, owner: Workload): void => {
  held.attachedTo = null
  world.record.note('released', owner.name, world.agenda.now)
  for (const pod of podsOf(world, owner)) if (pod.node === null) waiting.delete(pod)
}
