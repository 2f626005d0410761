/**
 * What every pod of a machine needs before it can start: the network plugin (Calico) and the storage driver (CSI). After a hard restart
 * neither comes back by itself. Wordings of containerd 2.1, Calico 3 and pkg/volume/csi, as kubelet v1.36 passes them on.
 */
import { bind, createPod, deletePod } from './control-plane.js'
import { podEvent } from './events.js'
import { klog, path, startPod } from './kubelet.js'
import { nodeOf, podsOf, SECOND, type Machine, type Pod, type Workload, type World } from './world.js'

export interface Claim {
  readonly volume: string
  readonly driver: string
}

export interface CoreServices {
  /** For the workloads of this machine: whether a pod can start now; else it waits and is tried again. */
  admits(pod: Pod): boolean
  /** The machine is up again, and they are not. */
  fail(): void
  /** kubectl delete pod: a new one of its kind, which works. */
  restart(which: 'network' | 'storage'): void
}

const NODENAME = 'stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/'

export const coreServices = (world: World, node: Machine, network: Workload, storage: Workload, claims: ReadonlyMap<Workload, Claim>): CoreServices => {
  const { random } = world
  const broken = { network: false, storage: false }
  const waiting = new Set<Pod>()

  const noSandbox = (pod: Pod): void => {
    const id = random.hex(64)
    const why = `rpc error: code = Unknown desc = failed to setup network for sandbox \\"${id}\\": plugin type=\\"calico\\" failed (add): ${NODENAME}`
    const about = `pod="${path(pod)}" podUID="${pod.uid}"`
    world.record.note('sandbox', path(pod), world.agenda.now)
    klog(
      world,
      node,
      'E',
      'pod_workers.go:1324',
      `"Error syncing pod, skipping" err="failed to \\"CreatePodSandbox\\" for \\"${pod.name}_${pod.workload.namespace}(${pod.uid})\\" with CreatePodSandboxError: \\"Failed to create sandbox for pod \\\\\\"${pod.name}_${pod.workload.namespace}(${pod.uid})\\\\\\": ${why.replaceAll('\\"', '\\\\\\"')}\\"" ${about}`,
    )
    podEvent(world, pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${why.replaceAll('\\"', '"')}`, false, 20)
  }
  const noMount = (pod: Pod, { volume, driver }: Claim): void => {
    const why = `kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ${driver} not found in the list of registered CSI drivers`
    world.record.note('mount', path(pod), world.agenda.now)
    klog(
      world,
      node,
      'E',
      'nestedpendingoperations.go:348',
      `Operation for "{volumeName:kubernetes.io/csi/${driver}^${volume} podName: nodeName:}" failed. No retries permitted until ${new Date(world.agenda.now + 122_000).toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC (durationBeforeRetry 2m2s). Error: MountVolume.MountDevice failed for volume "${volume}" (UniqueName: "kubernetes.io/csi/${driver}^${volume}") pod "${pod.name}" (UID: "${pod.uid}") : ${why}`,
    )
    podEvent(world, pod, 'Warning', 'FailedMount', `MountVolume.MountDevice failed for volume "${volume}" : ${why}`, false, 20)
  }
  const over = (pod: Pod): boolean => pod.gone || pod.deletedMs !== null || !node.up
  const tryAgain = (pod: Pod): void => {
    const claim = claims.get(pod.workload)
    if (over(pod)) waiting.delete(pod)
    else if (claim && broken.storage) {
      // Volumes come before the sandbox.
      noMount(pod, claim)
      world.agenda.after(random.between(60, 124) * SECOND, () => tryAgain(pod))
    } else if (broken.network) {
      noSandbox(pod)
      world.agenda.after(random.between(11, 17) * SECOND, () => tryAgain(pod))
    } else {
      waiting.delete(pod)
      startPod(world, pod)
    }
  }
  const notReady = (pod: Pod): void =>
    world.agenda.every(10 * SECOND, () => {
      if (over(pod) || !broken.network) return false
      podEvent(
        world,
        pod,
        'Warning',
        'Unhealthy',
        'Readiness probe failed: calico/node is not ready: BIRD is not ready: Failed to stat() nodename file: stat /var/lib/calico/nodename: no such file or directory',
      )
      return true
    })
  const networkMissing = (): boolean => {
    if (!node.up || !broken.network) return false
    klog(
      world,
      node,
      'E',
      'kubelet.go:3117',
      '"Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"',
    )
    return true
  }
  return {
    admits(pod) {
      if (pod.node !== node.name) return true
      const { workload: owner } = pod
      // These two use the machine's own network.
      if (owner === network || owner === storage) {
        if (!broken[owner === network ? 'network' : 'storage']) return true
        if (!waiting.has(pod) && owner === network) notReady(pod)
        waiting.add(pod)
        return false
      }
      if (!broken.network && !(broken.storage && claims.has(owner))) return true
      if (!waiting.has(pod)) {
        waiting.add(pod)
        world.agenda.after(random.between(1, 6) * SECOND, () => tryAgain(pod))
      }
      return false
    },
    fail() {
      broken.network = true
      broken.storage = true
      let said = 0
      world.agenda.every(5 * SECOND, () => networkMissing() && ++said < 7, 2 * SECOND)
    },
    restart(which) {
      const owner = which === 'network' ? network : storage
      const [old] = podsOf(world, owner).filter((pod) => nodeOf(world, pod) === node)
      if (old) deletePod(world, old, false)
      world.record.note('restart', which, world.agenda.now)
      world.agenda.after(4 * SECOND, () => {
        broken[which] = false
        // A DaemonSet's pod is meant for its node from the start.
        const pod = createPod(world, owner)
        bind(world, pod, node)
        world.agenda.after(random.between(80, 300), () => startPod(world, pod))
      })
    },
  }
}
