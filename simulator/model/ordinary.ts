/** What happens on days on which nothing is wrong, beyond operations.ts: fewer replicas, nodes that come and go, targets that flap, a container at its own limit. */
import { bind, createPod, deletePod, replicaSet, uidOf } from './control-plane.js'
import { podEvent, postEvent } from './events.js'
import { kernel, klog, path, runKubelet, startPod } from './kubelet.js'
import { boot } from './machine.js'
import { SCRAPE_MS } from './monitoring.js'
import { drain } from './operations.js'
import { machine, nodeOf, podsOf, SECOND, type Machine, type Pod, type Workload, type World } from './world.js'

/** The autoscaler takes replicas away again, the youngest first. */
export const scaleDown = (world: World, owner: Workload, replicas: number): void => {
  const object = { kind: 'Deployment' as const, namespace: owner.namespace, name: owner.name }
  postEvent(world, {
    reason: 'SuccessfulRescale',
    type: 'Normal',
    message: `New size: ${replicas}; reason: All metrics below target`,
    ...object,
    uid: uidOf(`hpa/${owner.name}`),
    component: 'horizontal-pod-autoscaler',
  })
  const set = replicaSet(owner, owner.hash)
  const message = `Scaled down replica set ${set} from ${owner.replicas} to ${replicas}`
  postEvent(world, { reason: 'ScalingReplicaSet', type: 'Normal', message, ...object, uid: uidOf(owner.name), component: 'deployment-controller' })
  owner.replicas = replicas
  const surplus = podsOf(world, owner)
    .filter((pod) => pod.deletedMs === null)
    .slice(replicas)
  for (const pod of surplus) {
    const about = { kind: 'ReplicaSet' as const, namespace: owner.namespace, name: set, uid: uidOf(set) }
    postEvent(world, { reason: 'SuccessfulDelete', type: 'Normal', message: `Deleted pod: ${pod.name}`, ...about, component: 'replicaset-controller' }, 12)
    deletePod(world, pod, false)
  }
}

const controllerSays = (world: World, node: Machine, reason: string, message: string, component: string): void =>
  postEvent(world, { reason, type: 'Normal', message, kind: 'Node', namespace: 'default', name: node.name, uid: node.uid, component })

/** A new machine boots, its kubelet registers it, and it is Ready half a minute later. */
export const addNode = (world: World, spec: Pick<Machine, 'name' | 'ip' | 'cores' | 'memoryBytes'>): Machine => {
  const node = machine(world.random, spec, world.agenda.now)
  Object.assign(node, { createdMs: world.agenda.now, up: false, ready: 'Unknown', readySinceMs: world.agenda.now })
  Object.assign(node.meters, { user: 0, system: 0, idle: 0, iowait: 0, load1: 0, cpuWaiting: 0 })
  boot(world, node, false)
  world.agenda.after(9 * SECOND, () => {
    world.nodes.push(node)
    runKubelet(world, node)
    controllerSays(world, node, 'RegisteredNode', `Node ${node.name} event: Registered Node ${node.name} in Controller`, 'node-controller')
    for (const owner of world.workloads.filter(({ kind }) => kind === 'DaemonSet')) {
      const pod = createPod(world, owner)
      bind(world, pod, node)
      world.agenda.after(3 * SECOND, () => startPod(world, pod))
    }
  })
  return node
}

/** cluster-autoscaler empties a node that nobody needs, and its machine goes. */
export const removeNode = (world: World, node: Machine): void => {
  const scaler = { type: 'Normal' as const, component: 'cluster-autoscaler' }
  drain(world, node)
  world.agenda.after(90 * SECOND, () => {
    postEvent(world, {
      ...scaler,
      reason: 'ScaleDown',
      message: 'node removed by cluster autoscaler',
      kind: 'Node',
      namespace: 'default',
      name: node.name,
      uid: node.uid,
    })
    node.up = false
    // The cloud's controller takes the Node object away before anybody could find it unready.
    world.agenda.after(20 * SECOND, () => {
      controllerSays(
        world,
        node,
        'DeletingNode',
        `Deleting node ${node.name} because it does not exist in the cloud provider`,
        'cloud-node-lifecycle-controller',
      )
      world.nodes.splice(world.nodes.indexOf(node), 1)
      for (const pod of world.pods) if (pod.node === node.name) pod.gone = true
      world.agenda.after(4 * SECOND, () =>
        controllerSays(world, node, 'RemovingNode', `Node ${node.name} event: Removing Node ${node.name} from Controller`, 'node-controller'),
      )
    })
  })
}

/** A scrape target of whatever kind: 1 where it answered. */
export const scrapeTarget = (world: World, labels: Readonly<Record<string, string>>, isUp: () => boolean): void =>
  world.agenda.every(
    SCRAPE_MS,
    () => {
      world.record.sample('up', labels, world.agenda.now, isUp() ? 1 : 0)
      return true
    },
    0,
  )

/** A container reaches its own memory limit; the kubelet starts it again. mm/memcontrol.c and oom_kill.c, kubelet v1.36. */
export const limitOom = (world: World, pod: Pod, process: string): void => {
  const node = nodeOf(world, pod)
  if (!node?.up) return
  const { random } = world
  const pid = random.int(20_000, 400_000)
  const limitKb = Math.round((pod.workload.limits.memory ?? 0) / 1024)
  const slice = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${pod.uid.replaceAll('-', '_')}.slice`
  const scope = `${slice}/cri-containerd-${pod.containerId}.scope`
  kernel(world, node, `${process} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=970`)
  kernel(world, node, `memory: usage ${limitKb}kB, limit ${limitKb}kB, failcnt ${random.int(30, 900)}`, 3)
  const task = `task=${process},pid=${pid},uid=1000`
  kernel(
    world,
    node,
    `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-${pod.containerId}.scope,mems_allowed=0,oom_memcg=${scope},task_memcg=${scope},${task}`,
    5,
  )
  const sizes = `total-vm:${limitKb + random.int(90_000, 400_000)}kB, anon-rss:${limitKb - random.int(900, 4000)}kB, file-rss:0kB, shmem-rss:0kB`
  kernel(
    world,
    node,
    `Memory cgroup out of memory: Killed process ${pid} (${process}) ${sizes}, UID:1000 pgtables:${Math.round(limitKb / 480)}kB oom_score_adj:970`,
    6,
  )
  klog(world, node, 'I', 'generic.go:413', `"Generic (PLEG): container finished" podID="${pod.uid}" containerID="${pod.containerId}" exitCode=137`, 900)
  pod.restarts++
  pod.startedMs = null
  world.agenda.after(2 * SECOND, () => startPod(world, pod))
}

/** A new pod's program is not up yet when the first probe asks: nothing but the start. */
export const slowStart = (world: World, owner: Workload): void => {
  const told = new Set<Pod>()
  world.agenda.every(2 * SECOND, () => {
    for (const pod of podsOf(world, owner)) {
      const node = nodeOf(world, pod)
      if (told.has(pod) || !node?.up || pod.ready || pod.startedMs === null || pod.deletedMs !== null) continue
      told.add(pod)
      const said = `Get "http://${pod.ip}:${owner.port}/healthz": dial tcp ${pod.ip}:${owner.port}: connect: connection refused`
      const output = said.replaceAll('"', '\\"')
      const about = `probeType="Readiness" pod="${path(pod)}" podUID="${pod.uid}" containerName="${owner.name}" probeResult="failure"`
      klog(world, node, 'I', 'prober.go:122', `"Probe failed" ${about} output="${output}"`)
      podEvent(world, pod, 'Warning', 'Unhealthy', `Readiness probe failed: ${said}`)
    }
    return true
  })
}

/** cluster-autoscaler sees a pod that no node has room for. */
export const triggerScaleUp = (world: World, pod: Pod, group: string, size: number): void => {
  const about = { kind: 'Pod' as const, namespace: pod.workload.namespace, name: pod.name, uid: pod.uid }
  const message = `pod triggered scale-up: [{${group} ${size}->${size + 1} (max: ${size + 4})}]`
  postEvent(world, { reason: 'TriggeredScaleUp', type: 'Normal', message, ...about, component: 'cluster-autoscaler' })
}
