/** What people do to a cluster on purpose: roll out, drain, uncordon. */
import { createOne, deletePod, replicaSet, uidOf } from './control-plane.js'
import { nodeEvent, postEvent } from './events.js'
import { livePods, podsOf, SECOND, type Machine, type Pod, type Workload, type World } from './world.js'

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
