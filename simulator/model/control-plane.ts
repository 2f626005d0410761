/**
 * Scheduler, node lifecycle controller, taint manager, Deployment and ReplicaSet controllers.
 * Periods and wordings as in Kubernetes v1.36; the times are its defaults: nodes are looked at every 5 s,
 * are NotReady 40 s (here: --node-monitor-grace-period=40s) after their last lease, their pods go 300 s later.
 */
import { random } from '../core/random.js'
import { klogStamp } from '../core/stamps.js'
import { aboutPod, nodeEvent, postEvent } from './events.js'
import { path, startPod, stopPod } from './kubelet.js'
import { instant, nodeOf, podsOf, podsOn, SECOND, type Machine, type Pod, type Workload, type World } from './world.js'

const GRACE_MS = 40 * SECOND
const TOLERATION_MS = 300 * SECOND
const MANAGER_PID = 1

const manager = (world: World, source: string, message: string): void => {
  const ms = instant(world)
  world.record.file('control-plane/kube-controller-manager.log', ms, `I${klogStamp(ms)} ${String(MANAGER_PID).padStart(7)} ${source}] ${message}`)
}

export const replicaSet = (owner: Workload, hash: string): string => `${owner.name}-${hash}`

/** An owner's uid: made from its name, since owners live longer than what is simulated. */
export const uidOf = (name: string): string => random(name).uuid()

export const createPod = (world: World, owner: Workload): Pod => {
  const { random: chance } = world
  const pod: Pod = {
    uid: chance.uuid(),
    name: owner.kind === 'Deployment' ? `${replicaSet(owner, owner.hash)}-${chance.suffix(5)}` : `${owner.name}-${chance.suffix(5)}`,
    workload: owner,
    hash: owner.hash,
    createdMs: world.agenda.now,
    template: { image: owner.image, antiAffinity: owner.antiAffinity },
    containerId: '',
    node: null,
    ip: '',
    startedMs: null,
    ready: false,
    restarts: 0,
    deletedMs: null,
    gone: false,
    cpuSeconds: 0,
    memoryBytes: 0,
    probeFailures: 0,
  }
  world.pods.push(pod)
  return pod
}

export const bind = (world: World, pod: Pod, node: Machine): void => {
  pod.node = node.name
  pod.ip = `10.244.${world.nodes.indexOf(node)}.${2 + (world.nextPodIp++ % 250)}`
}

const requested = (world: World, node: Machine, what: 'cpu' | 'memory'): number =>
  podsOn(world, node).reduce((sum, pod) => sum + pod.workload.requests[what], 0)

/** pkg/scheduler/framework/types.go: the reasons with their counts, sorted as text. */
const withoutRoom = (all: number, tainted: number, short: number): string => {
  const others = all - tainted - short
  const reasons = [
    `${short} Insufficient cpu`,
    `${tainted} node(s) had untolerated taint {node.kubernetes.io/unreachable: }`,
    ...(others > 0 ? [`${others} node(s) didn't match pod anti-affinity rules`] : []),
  ].sort()
  const hints = [`${short} No preemption victims found for incoming pod`, `${all - short} Preemption is not helpful for scheduling`].sort()
  return `0/${all} nodes are available: ${reasons.join(', ')}. preemption: 0/${all} nodes are available: ${hints.join(', ')}.`
}

/** The scheduler's own default, LeastAllocated: by requests, not by use. Spreading over hosts is a soft wish that this cluster does not have. */
export const schedule = (world: World, pod: Pod): void => {
  if (pod.gone || pod.node !== null) return
  const { requests } = pod.workload
  const fits = world.nodes.filter(
    (node) =>
      node.ready === 'True' &&
      !node.cordoned &&
      requested(world, node, 'cpu') + requests.cpu <= node.cores &&
      requested(world, node, 'memory') + requests.memory <= node.memoryBytes &&
      !(pod.template.antiAffinity && podsOn(world, node).some((other) => other.workload === pod.workload && other.hash === pod.hash)),
  )
  const free = (node: Machine): number => 2 - requested(world, node, 'cpu') / node.cores - requested(world, node, 'memory') / node.memoryBytes
  const best = fits.reduce<Machine | undefined>((chosen, node) => (!chosen || free(node) > free(chosen) ? node : chosen), undefined)
  const byScheduler = { ...aboutPod(pod), component: 'default-scheduler', newApi: true }
  if (!best) {
    const tainted = world.nodes.filter((node) => node.ready !== 'True' || node.cordoned).length
    const short = world.nodes.filter((node) => node.ready === 'True' && !node.cordoned && requested(world, node, 'cpu') + requests.cpu > node.cores).length
    postEvent(world, {
      ...byScheduler,
      type: 'Warning',
      reason: 'FailedScheduling',
      message:
        tainted > 0 && short > 0
          ? withoutRoom(world.nodes.length, tainted, short)
          : tainted > 0
            ? `0/${world.nodes.length} nodes are available: ${tainted} node(s) had untolerated taint {node.kubernetes.io/unreachable: }, ${world.nodes.length - tainted} node(s) didn't match pod anti-affinity rules. preemption: 0/${world.nodes.length} nodes are available: ${world.nodes.length} Preemption is not helpful for scheduling.`
            : `0/${world.nodes.length} nodes are available: ${world.nodes.length} Insufficient cpu. preemption: 0/${world.nodes.length} nodes are available: ${world.nodes.length} No preemption victims found for incoming pod.`,
    })
    world.agenda.after(20 * SECOND, () => schedule(world, pod))
    return
  }
  bind(world, pod, best)
  postEvent(world, { ...byScheduler, type: 'Normal', reason: 'Scheduled', message: `Successfully assigned ${path(pod)} to ${best.name}` }, 2)
  world.record.note('scheduled', path(pod), world.agenda.now)
  world.agenda.after(world.random.between(30, 120), () => startPod(world, pod))
}

/** Creates what is missing, as the ReplicaSet controller does. */
export const reconcile = (world: World, owner: Workload): void => {
  const active = podsOf(world, owner).filter((pod) => pod.deletedMs === null && pod.hash === owner.hash)
  for (let missing = owner.replicas - active.length; missing > 0; missing--) createOne(world, owner)
}

export const createOne = (world: World, owner: Workload): void => {
  const pod = createPod(world, owner)
  const name = replicaSet(owner, owner.hash)
  const object = { kind: 'ReplicaSet' as const, namespace: owner.namespace, name, uid: uidOf(name) }
  postEvent(world, { reason: 'SuccessfulCreate', type: 'Normal', message: `Created pod: ${pod.name}`, ...object, component: 'replicaset-controller' })
  world.agenda.after(world.random.between(20, 80), () => schedule(world, pod))
}

export const deletePod = (world: World, pod: Pod, thenReconcile = true): void => {
  if (pod.deletedMs !== null) return
  pod.deletedMs = world.agenda.now
  if (nodeOf(world, pod)?.up) world.agenda.after(world.random.between(20, 90), () => stopPod(world, pod))
  if (thenReconcile) world.agenda.after(world.random.between(20, 60), () => reconcile(world, pod.workload))
}

const markUnreachable = (world: World, node: Machine): void => {
  const now = world.agenda.now
  node.ready = 'Unknown'
  node.readySinceMs = now
  world.record.note('notready', node.name, now)
  const condition = `&NodeCondition{Type:Ready,Status:True,LastHeartbeatTime:${new Date(Math.floor(node.leaseMs / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC,Reason:KubeletReady,Message:kubelet is posting ready status,}`
  manager(
    world,
    'node_lifecycle_controller.go:948',
    `"Node hasn't been updated" node="${node.name}" duration="${((now - node.leaseMs) / 1000).toFixed(9)}s" nodeConditionType="Ready" currentCondition="${condition}"`,
  )
  manager(world, 'controller_utils.go:186', `"Recording status change event message for node" status="NodeNotReady" node="${node.name}"`)
  postEvent(world, {
    reason: 'NodeNotReady',
    type: 'Normal',
    message: `Node ${node.name} status is now: NodeNotReady`,
    kind: 'Node',
    namespace: 'default',
    name: node.name,
    uid: node.uid,
    component: 'node-controller',
  })
  manager(world, 'controller_utils.go:123', `"Update ready status of pods on node" node="${node.name}"`)
  for (const pod of podsOn(world, node)) {
    if (pod.ready) manager(world, 'controller_utils.go:144', `"Updating ready status of pod to false" pod="${path(pod)}"`)
    pod.ready = false
    postEvent(world, { reason: 'NodeNotReady', type: 'Warning', message: 'Node is not ready', ...aboutPod(pod), component: 'node-controller' })
    if (pod.workload.kind === 'Deployment' && pod.deletedMs === null)
      world.agenda.after(TOLERATION_MS + world.random.between(0, 300), () => evict(world, node, pod, now))
  }
}

const evict = (world: World, node: Machine, pod: Pod, sinceMs: number): void => {
  // A node that came back in between took the taint with it.
  if (node.ready === 'True' || node.readySinceMs !== sinceMs || pod.deletedMs !== null || pod.gone) return
  manager(world, 'taint_eviction.go:111', `"Deleting pod" controller="taint-eviction-controller" pod="${path(pod)}"`)
  postEvent(world, {
    reason: 'TaintManagerEviction',
    type: 'Normal',
    message: `Marking for deletion Pod ${path(pod)}`,
    ...aboutPod(pod),
    component: 'taint-eviction-controller',
  })
  world.record.note('evicted', node.name, world.agenda.now)
  deletePod(world, pod)
}

const markReady = (world: World, node: Machine): void => {
  node.ready = 'True'
  node.readySinceMs = world.agenda.now
  world.record.note('ready', node.name, world.agenda.now)
  manager(world, 'node_lifecycle_controller.go:795', `"Node is healthy again, removed all taints" node="${node.name}"`)
  nodeEvent(world, node, 'Normal', 'NodeReady', `Node ${node.name} status is now: NodeReady`)
  for (const pod of podsOn(world, node)) {
    if (pod.deletedMs === null && pod.startedMs !== null && pod.probeFailures === 0) pod.ready = true
    if (pod.workload.kind === 'Deployment' && pod.deletedMs === null)
      postEvent(world, {
        reason: 'TaintManagerEviction',
        type: 'Normal',
        message: `Cancelling deletion of Pod ${path(pod)}`,
        ...aboutPod(pod),
        component: 'taint-eviction-controller',
      })
  }
}

export const runControlPlane = (world: World): void => {
  const look = (): boolean => {
    for (const node of world.nodes) {
      const silentMs = world.agenda.now - node.leaseMs
      if (node.ready === 'True' && silentMs > GRACE_MS) markUnreachable(world, node)
      else if (node.ready !== 'True' && node.up && !node.stalled && silentMs <= 10 * SECOND) markReady(world, node)
    }
    return true
  }
  world.agenda.every(5 * SECOND, look, world.random.between(0, 5) * SECOND)
}
