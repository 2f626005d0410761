/**
 * A second machine that boots with a node's own name and credentials: two kubelets renew one lease and write one status, each over the
 * other's. Wordings as kubelet v1.36 prints them; what a watch on the nodes shows of it.
 */
import { nodeObject } from '../emit/objects.js'
import { nodeEvent, podEvent } from './events.js'
import { klog } from './kubelet.js'
import { MINUTE, podsOn, SECOND, type Machine, type World } from './world.js'

const WATCH = 'kubernetes/watch-nodes.jsonl'

const seen = (world: World, node: Machine, type: 'ADDED' | 'MODIFIED', delayMs = 0): void => {
  const object = nodeObject(world, node)
  world.record.file(WATCH, world.agenda.now + delayMs, JSON.stringify({ type, object }))
}

/** `kubectl get --raw '/api/v1/nodes?watch=1'`: what is there, then every change; an unchanged status is written every five minutes. */
export const watchNodes = (world: World): void => {
  world.agenda.after(0, () => world.nodes.forEach((node) => seen(world, node, 'ADDED')))
  for (const node of world.nodes) {
    world.agenda.every(
      5 * MINUTE,
      () => {
        if (node.up && !node.stalled) seen(world, node, 'MODIFIED')
        return true
      },
      world.random.between(1, 5) * MINUTE,
    )
  }
}

/** From now until it is switched off. */
export const runTwin = (world: World, node: Machine, ip: string, forMs: number): void => {
  const { random } = world
  const untilMs = world.agenda.now + forMs
  const twin: Machine = { ...node, ip, machineId: random.hex(32), bootId: random.uuid(), bootedMs: world.agenda.now - 30 * SECOND }
  world.record.note('twin', node.name, world.agenda.now)
  nodeEvent(world, node, 'Normal', 'Starting', 'Starting kubelet.')
  for (const reason of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID'])
    nodeEvent(world, node, 'Normal', reason, `Node ${node.name} status is now: ${reason}`, 300)
  // The twin finds the node's pods bound to itself, and starts what is running elsewhere.
  for (const pod of podsOn(world, node)) {
    podEvent(world, pod, 'Normal', 'Created', 'Container created', true, random.between(2000, 6000))
    podEvent(world, pod, 'Normal', 'Started', 'Container started', true, random.between(6000, 9000))
  }
  const conflict = `"Failed to update lease" err="Operation cannot be fulfilled on leases.coordination.k8s.io \\"${node.name}\\": the object has been modified; please apply your changes to the latest version and try again"`
  world.agenda.every(
    10 * SECOND,
    () => {
      if (world.agenda.now > untilMs) return false
      seen(world, { ...twin, leaseMs: world.agenda.now }, 'MODIFIED')
      seen(world, { ...node, leaseMs: world.agenda.now + SECOND }, 'MODIFIED', random.between(400, 2600))
      klog(world, node, 'E', 'controller.go:251', conflict, random.between(100, 900))
      return true
    },
    random.between(1, 3) * SECOND,
  )
}
