/** Kubernetes events as the components post them. */
import type { EventDraft } from '../emit/recorder.js'
import { nodeOf, type Machine, type Pod, type World } from './world.js'

export const postEvent = (world: World, draft: EventDraft, delayMs = 0): void =>
  world.record.event(
    world.agenda.now + delayMs,
    draft,
    () => world.random.uuid(),
    () => world.random.hex(14),
  )

export const aboutPod = (pod: Pod): Pick<EventDraft, 'kind' | 'namespace' | 'name' | 'uid'> => ({
  kind: 'Pod',
  namespace: pod.workload.namespace,
  name: pod.name,
  uid: pod.uid,
})

/** What a kubelet says of a pod; most of it is about a container. */
export const podEvent = (world: World, pod: Pod, type: EventDraft['type'], reason: string, message: string, inContainer = true, delayMs = 0): void => {
  if (nodeOf(world, pod)?.refused !== undefined) return
  postEvent(
    world,
    { reason, type, message, ...aboutPod(pod), ...(inContainer ? { container: pod.workload.name } : {}), component: 'kubelet', host: pod.node ?? '' },
    delayMs,
  )
}

/** What a kubelet says of its node, whose name it gives as the uid. */
export const nodeEvent = (world: World, node: Machine, type: EventDraft['type'], reason: string, message: string, delayMs = 0): void =>
  postEvent(
    world,
    { reason, type, message, kind: 'Node', namespace: 'default', name: node.name, uid: node.name, component: 'kubelet', host: node.name },
    delayMs,
  )
