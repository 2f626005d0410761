/** Which events a kubelet sent, and from where: their times are read off its machine's clock, not the API server's. */
import { typeOf, type Entity } from '../model/entity.js'
import type { InputExtract, Signal, SignalKind } from '../model/extract.js'
import type { Names } from './names.js'

/** https://github.com/kubernetes/kubernetes/blob/v1.31.0/pkg/kubelet/events/event.go; an attach is the attach-detach controller's to tell, an eviction by a taint the node lifecycle controller's. */
const OF_KUBELET: ReadonlySet<SignalKind> = new Set([
  'container.started',
  'container.exited',
  'pod.started',
  'pod.killed',
  'pod.crash-looping',
  'pod.image-pull-failed',
  'pod.sandbox-failed',
  'kubelet.started',
  'node.rebooted',
])

const sentByKubelet = ({ kind, phase, attributes }: Signal): boolean =>
  OF_KUBELET.has(kind) ||
  (kind === 'pod.unready' && attributes['probe'] !== undefined) ||
  (kind === 'pod.volume-mount-failed' && attributes['reason'] !== 'attach') ||
  (kind === 'node.not-ready' && phase === 'end')

/** The node whose kubelet sent what this signal was made from; null where that was not a kubelet, or its pod was on more than one node. */
export const senderOf = (extracts: readonly InputExtract[], names: Names): ((signal: Signal, entity: Entity) => Entity | null) => {
  const places = new Map<Entity, Entity | null>()
  const place = (pod: Entity, node: Entity): void => {
    const other = places.get(pod)
    places.set(pod, other === undefined || other === node ? node : null)
  }
  extracts.forEach(({ facts, signals }, index) => {
    const resolve = names.resolver(index)
    for (const fact of facts) if (fact.fact === 'pod-on-node') place(resolve(fact.pod), resolve(fact.node))
    for (const { kind, entity, attributes } of signals) {
      const on = attributes['node']
      if (kind === 'pod.scheduled' && typeof on === 'string') place(resolve(entity), names.canonical(`node/${on}`))
    }
  })
  return (signal, entity) => {
    if (!sentByKubelet(signal)) return null
    return typeOf(entity) === 'node' ? entity : (places.get(entity) ?? null)
  }
}
