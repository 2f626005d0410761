/**
 * The kubelet of a node: starts and stops pods, probes them, renews its lease.
 * Wordings and source places as kubelet v1.36 and containerd 2.1 print them.
 */
import { random as chance } from '../core/random.js'
import { klogStamp, nanoStamp } from '../core/stamps.js'
import { podEvent } from './events.js'
import { answers, instant, MINUTE, nodeOf, podsOn, SECOND, type Machine, type Pod, type World } from './world.js'

export const klog = (world: World, node: Machine, severity: 'I' | 'W' | 'E', source: string, message: string, delayMs = 0): void => {
  const ms = instant(world, delayMs)
  world.record.node(node, 'kubelet', node.kubeletPid, ms, `${severity}${klogStamp(ms)} ${String(node.kubeletPid).padStart(7)} ${source}] ${message}`)
}

const containerd = (world: World, node: Machine, message: string, delayMs: number): void => {
  const ms = instant(world, delayMs)
  world.record.node(node, 'containerd', node.kubeletPid - 41, ms, `time="${nanoStamp(ms)}" level=info msg="${message.replaceAll('"', '\\"')}"`)
}

export const kernel = (world: World, node: Machine, message: string, delayMs = 0): void =>
  world.record.node(node, 'kernel', 0, instant(world, delayMs), message)

export const path = (pod: Pod): string => `${pod.workload.namespace}/${pod.name}`

export const startPod = (world: World, pod: Pod): void => {
  const node = nodeOf(world, pod)
  if (!node?.up) return
  const { random } = world
  const { workload: owner, name, uid } = pod
  if (owner.mounts?.(pod) === false) return
  const token = `kube-api-access-${random.suffix(5)}`
  const sandbox = random.hex(64)
  pod.containerId = random.hex(64)
  const pull = 180 * random.between(0.6, 1.6)
  const slow = Math.max(1, node.meters.demand)
  const t = (ms: number): number => ms * slow
  const volume = `(UniqueName: \\"kubernetes.io/projected/${uid}-${token}\\") pod \\"${name}\\" (UID: \\"${uid}\\") " pod="${path(pod)}"`
  klog(world, node, 'I', 'kubelet.go:2724', `"SyncLoop ADD" source="api" pods=["${path(pod)}"]`)
  klog(world, node, 'I', 'reconciler_common.go:251', `"operationExecutor.VerifyControllerAttachedVolume started for volume \\"${token}\\" ${volume}`, t(60))
  klog(world, node, 'I', 'reconciler_common.go:225', `"operationExecutor.MountVolume started for volume \\"${token}\\" ${volume}`, t(160))
  klog(world, node, 'I', 'operation_generator.go:617', `"MountVolume.SetUp succeeded for volume \\"${token}\\" ${volume}`, t(190))
  klog(world, node, 'I', 'util.go:34', `"No sandbox for pod can be found. Need to start a new one" pod="${path(pod)}"`, t(300))
  const sandboxOf = `&PodSandboxMetadata{Name:${name},Uid:${uid},Namespace:${owner.namespace},Attempt:${pod.restarts},}`
  containerd(world, node, `RunPodSandbox for ${sandboxOf}`, t(305))
  const port = random.int(3, 19)
  const veth = `veth${random.hex(8)}`
  for (const [line, ms] of [
    ['entered blocking state', 380],
    ['entered disabled state', 380],
    ['entered forwarding state', 390],
  ] as const)
    kernel(world, node, `cni0: port ${port}(${veth}) ${line}`, t(ms))
  containerd(world, node, `RunPodSandbox for ${sandboxOf} returns sandbox id "${sandbox}"`, t(560))
  podEvent(world, pod, 'Normal', 'Pulled', `Container image "${pod.template.image}" already present on machine and can be accessed by the pod`, true, t(600))
  podEvent(world, pod, 'Normal', 'Created', 'Container created', true, t(600 + pull))
  podEvent(world, pod, 'Normal', 'Started', 'Container started', true, t(700 + pull))
  const pleg = (id: string, ms: number): void =>
    klog(
      world,
      node,
      'I',
      'kubelet.go:2752',
      `"SyncLoop (PLEG): event for pod" pod="${path(pod)}" event={"ID":"${uid}","Type":"ContainerStarted","Data":"${id}"}`,
      t(ms),
    )
  pleg(pod.containerId, 1300 + pull)
  pleg(sandbox, 1302 + pull)
  const incarnation = pod.containerId
  world.agenda.after(t(700 + pull), () => {
    if (!pod.gone && node.up && pod.containerId === incarnation) pod.startedMs = world.agenda.now
  })
  world.agenda.after(t(owner.startupMs + 1500 + pull), () => {
    if (!answers(world, pod) || pod.deletedMs !== null || pod.containerId !== incarnation) return
    pod.ready = true
    klog(world, node, 'I', 'kubelet.go:2841', `"SyncLoop (probe)" probe="readiness" status="ready" pod="${path(pod)}"`)
  })
}

/** A deleted pod's end on a living node. */
export const stopPod = (world: World, pod: Pod): void => {
  const node = nodeOf(world, pod)
  if (!node?.up) return
  if (node.stalled) {
    world.agenda.after(5 * SECOND, () => stopPod(world, pod))
    return
  }
  const graceMs = world.random.between(0.4, 3) * SECOND
  klog(world, node, 'I', 'kubelet.go:2740', `"SyncLoop DELETE" source="api" pods=["${path(pod)}"]`)
  podEvent(world, pod, 'Normal', 'Killing', `Stopping container ${pod.workload.name}`)
  klog(
    world,
    node,
    'I',
    'kuberuntime_container.go:915',
    `"Killing container with a grace period" pod="${path(pod)}" podUID="${pod.uid}" containerName="${pod.workload.name}" containerID="containerd://${pod.containerId}" gracePeriod=30`,
    2,
  )
  klog(world, node, 'I', 'generic.go:413', `"Generic (PLEG): container finished" podID="${pod.uid}" containerID="${pod.containerId}" exitCode=0`, graceMs)
  klog(world, node, 'I', 'kubelet.go:2734', `"SyncLoop REMOVE" source="api" pods=["${path(pod)}"]`, graceMs + 400)
  pod.ready = false
  world.agenda.after(graceMs, () => {
    pod.gone = true
  })
}

const probe = (world: World, node: Machine, pod: Pod): void => {
  // A saturated node answers late: the busier, the likelier a probe runs into its second.
  const lost = node.stalled || (node.meters.demand > 1.02 && world.random.chance(Math.min(0.5, (node.meters.demand - 1.02) * 1.5)))
  if (!lost) {
    if (pod.probeFailures >= 3 && pod.startedMs !== null && !pod.ready) {
      pod.ready = true
      klog(world, node, 'I', 'kubelet.go:2841', `"SyncLoop (probe)" probe="readiness" status="ready" pod="${path(pod)}"`)
    }
    pod.probeFailures = 0
    return
  }
  pod.probeFailures++
  const said = `Get "http://${pod.ip}:${pod.workload.port}/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
  const quoted = said.replaceAll('"', '\\"')
  klog(
    world,
    node,
    'I',
    'prober.go:122',
    `"Probe failed" probeType="Readiness" pod="${path(pod)}" podUID="${pod.uid}" containerName="${pod.workload.name}" probeResult="failure" output="${quoted}"`,
    SECOND,
  )
  if (!node.stalled) podEvent(world, pod, 'Warning', 'Unhealthy', `Readiness probe failed: ${said}`, true, SECOND)
  if (pod.probeFailures === 3 && pod.ready) {
    pod.ready = false
    klog(world, node, 'I', 'kubelet.go:2841', `"SyncLoop (probe)" probe="readiness" status="not ready" pod="${path(pod)}"`, SECOND)
  }
}

/** The node's status is sent less often than its lease is renewed: every third failure is one of both. */
const statusNotSent = (world: World, node: Machine, failures: number, why: string): void => {
  if (failures % 3 === 0)
    klog(
      world,
      node,
      'E',
      'kubelet_node_status.go:529',
      `"Error updating node status, will retry" err="error getting node \\"${node.name}\\": Get \\"https://${world.apiServer}:6443/api/v1/nodes/${node.name}?timeout=10s\\": ${why}"`,
      700,
    )
}

const refusedHeartbeat = (world: World, node: Machine, lease: string, failures: number, why: string): void => {
  world.record.note('refused', node.name, world.agenda.now)
  klog(world, node, 'E', 'controller.go:251', `"Failed to update lease" err="Put \\"${lease}\\": ${why}"`)
  statusNotSent(world, node, failures, why)
}

/**
 * pkg/kubelet/kubelet.go looks after its pods every 2 s, asks the runtime for them, and complains when that took more than a second: most of the time where the runtime
 * waits for a processor. Of a kubelet that stands still nothing is heard. Its chances and stamps are its own, so that nothing else is shifted by them.
 */
const complainOfHousekeeping = (world: World, node: Machine): void => {
  const random = chance(`housekeeping/${node.uid}`)
  world.agenda.every(2 * SECOND, () => {
    const { demand } = node.meters
    if (!node.up || node.stalled || demand < 1.02 || !random.chance(0.35 * Math.min(1, (demand - 1) * 4))) return true
    const ms = world.agenda.now + random.next()
    const took = (1 + random.next() * Math.min(6, demand * 2)).toFixed(3)
    const words = `"Housekeeping took longer than expected" err="housekeeping took too long" expected="1s" actual="${took}s"`
    world.record.node(node, 'kubelet', node.kubeletPid, ms, `E${klogStamp(ms)} ${String(node.kubeletPid).padStart(7)} kubelet.go:2618] ${words}`)
    return true
  })
}

/** Leases every 10 s (a quarter of their 40 s), probes every 10 s. */
export const runKubelet = (world: World, node: Machine): void => {
  const lease = `https://${world.apiServer}:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node.name}?timeout=10s`
  complainOfHousekeeping(world, node)
  let failures = 0
  const renew = (): boolean => {
    if (!node.up) return true
    if (node.refused !== undefined) {
      failures++
      refusedHeartbeat(world, node, lease, failures, node.refused(world.agenda.now))
      return true
    }
    if (!node.stalled) {
      node.leaseMs = world.agenda.now
      failures = 0
      return true
    }
    const why = world.random.chance(0.5) ? 'context deadline exceeded' : 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)'
    failures++
    if (failures % 6 === 0)
      klog(
        world,
        node,
        'I',
        'controller.go:171',
        '"failed to update lease using latest lease, fallback to ensure lease" err="failed 5 attempts to update lease"',
      )
    else klog(world, node, 'E', 'controller.go:251', `"Failed to update lease" err="Put \\"${lease}\\": ${why}"`)
    world.record.note('heartbeat', node.name, world.agenda.now)
    statusNotSent(world, node, failures, why)
    return true
  }
  world.agenda.every(10 * SECOND, renew, world.random.between(0, 10) * SECOND)
  world.agenda.every(
    10 * SECOND,
    () => {
      if (node.up)
        for (const pod of podsOn(world, node))
          if (pod.startedMs !== null && pod.workload.kind === 'Deployment' && pod.workload.probed !== false) probe(world, node, pod)
      return true
    },
    world.random.between(0, 10) * SECOND,
  )
  world.agenda.every(
    5 * MINUTE,
    () => {
      if (node.up && !node.stalled) klog(world, node, 'I', 'kubelet.go:1753', '"Image garbage collection succeeded"')
      return true
    },
    world.random.between(0, 5) * MINUTE,
  )
}
