/** What people do to a cluster on purpose: roll out, drain, uncordon. */
import { createOne, createPod, deletePod, reconcile, replicaSet, schedule, uidOf } from './control-plane.js'
import { nodeEvent, postEvent } from './events.js'
import { klog } from './kubelet.js'
import { boot } from './machine.js'
import { livePods, MINUTE, nodeOf, podsOf, SECOND, type Machine, type Pod, type Workload, type World } from './world.js'

const scaling = (world: World, owner: Workload, message: string): void =>
  postEvent(world, {
    reason: 'ScalingReplicaSet',
    type: 'Normal',
    message,
    kind: 'Deployment',
    namespace: owner.namespace,
    name: owner.name,
    uid: uidOf(owner.name),
    component: 'deployment-controller',
  })

/** A rolling update: one new pod more than wanted, an old one goes for each new one that is ready (maxSurge 1, maxUnavailable 0 for three replicas). */
export const rollOut = (world: World, owner: Workload, change: Partial<Pick<Workload, 'image' | 'antiAffinity'>>): void => {
  const before = owner.hash
  Object.assign(owner, change)
  owner.hash = world.random.suffix(10)
  world.record.note('rollout', owner.name, world.agenda.now)
  const [from, to] = [replicaSet(owner, before), replicaSet(owner, owner.hash)]
  const old = (): Pod[] => podsOf(world, owner).filter((pod) => pod.hash !== owner.hash && pod.deletedMs === null)
  const fresh = (): Pod[] => podsOf(world, owner).filter((pod) => pod.hash === owner.hash && pod.deletedMs === null)
  const step = (): boolean => {
    const made = fresh()
    const waiting = made.filter((pod) => !pod.ready).length
    if (waiting === 0 && made.length > 0 && old().length > owner.replicas - made.length) {
      const oldest = old()[0]
      const left = old().length
      if (oldest) {
        scaling(world, owner, `Scaled down replica set ${from} from ${left} to ${left - 1}`)
        postEvent(
          world,
          {
            reason: 'SuccessfulDelete',
            type: 'Normal',
            message: `Deleted pod: ${oldest.name}`,
            kind: 'ReplicaSet',
            namespace: owner.namespace,
            name: from,
            uid: uidOf(from),
            component: 'replicaset-controller',
          },
          12,
        )
        deletePod(world, oldest, false)
      }
    }
    if (waiting === 0 && made.length < owner.replicas) {
      scaling(world, owner, `Scaled up replica set ${to} from ${made.length} to ${made.length + 1}`)
      createOne(world, owner)
    }
    return fresh().length < owner.replicas || old().length > 0
  }
  step()
  world.agenda.every(2 * SECOND, step)
}

/** A new version of the image, nothing else. */
export const rollOutTag = (world: World, owner: Workload, tag: string): void => rollOut(world, owner, { image: owner.image.replace(/:.*/, `:${tag}`) })

/** kubectl drain: cordons, then evicts pod by pod through the API. */
export const drain = (world: World, node: Machine): void => {
  node.cordoned = true
  world.record.note('drain', node.name, world.agenda.now)
  nodeEvent(world, node, 'Normal', 'NodeNotSchedulable', `Node ${node.name} status is now: NodeNotSchedulable`, 3 * SECOND)
  const leaving = livePods(world).filter((pod) => pod.node === node.name && pod.workload.kind !== 'DaemonSet')
  leaving.forEach((pod, i) => world.agenda.after((2 + i * 9) * SECOND, () => deletePod(world, pod)))
}

export const uncordon = (world: World, node: Machine): void => {
  node.cordoned = false
  nodeEvent(world, node, 'Normal', 'NodeSchedulable', `Node ${node.name} status is now: NodeSchedulable`, 3 * SECOND)
}

/** The horizontal pod autoscaler asks for more replicas. */
export const scaleUp = (world: World, owner: Workload, replicas: number): void => {
  const message = `New size: ${replicas}; reason: cpu resource utilization (percentage of request) above target`
  const object = { namespace: owner.namespace, name: owner.name }
  postEvent(world, {
    reason: 'SuccessfulRescale',
    type: 'Normal',
    message,
    kind: 'Deployment',
    ...object,
    uid: uidOf(`hpa/${owner.name}`),
    component: 'horizontal-pod-autoscaler',
  })
  scaling(world, owner, `Scaled up replica set ${replicaSet(owner, owner.hash)} from ${owner.replicas} to ${replicas}`)
  owner.replicas = replicas
  reconcile(world, owner)
}

/** Pods that work for a while, side by side, and are done. */
export const runJob = (world: World, job: Workload, pods: number, forMs: number): void => {
  const about = { kind: 'Job' as const, namespace: job.namespace, name: job.name, uid: uidOf(job.name), component: 'job-controller' }
  let left = pods
  const finish = (pod: Pod): void => {
    const node = nodeOf(world, pod)
    if (node?.up)
      klog(world, node, 'I', 'generic.go:413', `"Generic (PLEG): container finished" podID="${pod.uid}" containerID="${pod.containerId}" exitCode=0`)
    pod.gone = true
    if (--left === 0) postEvent(world, { reason: 'Completed', type: 'Normal', message: 'Job completed', ...about }, SECOND)
  }
  for (let i = 0; i < pods; i++) {
    const pod = createPod(world, job)
    postEvent(world, { reason: 'SuccessfulCreate', type: 'Normal', message: `Created pod: ${pod.name}`, ...about })
    world.agenda.after(world.random.between(20, 80), () => schedule(world, pod))
    world.agenda.after(forMs * world.random.between(0.6, 1), () => finish(pod))
  }
}

/** An orderly restart, as after a kernel update: units stop one by one, the machine is back in a minute and a half. */
export const restartMachine = (world: World, node: Machine): void => {
  const say = (delayMs: number, text: string): void => world.record.node(node, 'systemd', 1, world.agenda.now + delayMs, text)
  say(1, 'Stopping kubelet.service - kubelet: The Kubernetes Node Agent...')
  say(90, 'kubelet.service: Deactivated successfully.')
  say(92, 'Stopped kubelet.service - kubelet: The Kubernetes Node Agent.')
  say(2400, 'Reached target reboot.target - System Reboot.')
  say(2410, 'Shutting down.')
  world.agenda.after(3 * SECOND, () => {
    node.up = false
  })
  world.agenda.after(world.random.between(70, 110) * SECOND, () => boot(world, node))
}

/** Some minutes in which nobody reaches the node's exporters, and the kubelet misses a beat or two. */
export const metricsGap = (world: World, node: Machine): void => {
  node.unscraped = true
  world.record.note('gap', node.name, world.agenda.now)
  const lease = `https://${world.apiServer}:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node.name}?timeout=10s`
  for (const ms of [9_000, 20_500])
    world.agenda.after(ms, () =>
      klog(world, node, 'E', 'controller.go:251', `"Failed to update lease" err="Put \\"${lease}\\": dial tcp ${world.apiServer}:6443: i/o timeout"`),
    )
  world.agenda.after(world.random.between(5, 7) * MINUTE, () => {
    node.unscraped = false
  })
}
