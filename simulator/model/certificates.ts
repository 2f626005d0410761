/**
 * An API server whose certificate nobody accepts any more. Words of Go's crypto/x509 and crypto/tls as client-go passes them on; the
 * controller manager's of pkg/controller/nodelifecycle. What lies weeks back is written thinly, as an archive keeps it.
 */
import { klogStamp, secondStamp } from '../core/stamps.js'
import type { Random } from '../core/random.js'
import { queryRange } from '../emit/metrics.js'
import { klog } from './kubelet.js'
import { HOUR, MINUTE, SECOND, type Machine, type World } from './world.js'

export const expired =
  (validToMs: number) =>
  (nowMs: number): string =>
    `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time ${secondStamp(nowMs)} is after ${secondStamp(validToMs)}`

/** The certificate is new, and so is the authority that signed it: its name is the old one's, its key is not. */
export const unknownAuthority = (): string =>
  'tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of \\"crypto/rsa: verification error\\" while trying to verify candidate authority certificate \\"kubernetes\\")'

const WATCHED = ['Service', 'Node', 'Pod', 'CSIDriver'] as const

/** A line of an informer of the kubelet's or kube-proxy's (client-go, reflector.go). */
export const failedWatch = (apiServer: string, type: string, why: string): string => {
  const path =
    type === 'CSIDriver'
      ? 'apis/storage.k8s.io/v1/csidrivers'
      : type === 'EndpointSlice'
        ? 'apis/discovery.k8s.io/v1/endpointslices'
        : `api/v1/${type.toLowerCase()}s`
  const error = `failed to list *v1.${type}: Get \\"https://${apiServer}:6443/${path}?limit=500&resourceVersion=0\\": ${why}`
  return `reflector.go:205] "Failed to watch" err="${error}" logger="UnhandledError" reflector="k8s.io/client-go/informers/factory.go:160" type="*v1.${type}"`
}

export const watchersComplain = (world: World, node: Machine): void =>
  world.agenda.every(
    world.random.between(40, 75) * SECOND,
    () => {
      if (!node.up || node.refused === undefined) return true
      const [source = '', message = ''] = failedWatch(world.apiServer, world.random.pick(WATCHED), node.refused(world.agenda.now)).split(/\] (.*)/su)
      klog(world, node, 'E', source, message)
      return true
    },
    world.random.between(0, 60) * SECOND,
  )

/** From the certificate's last second to the beginning of what is simulated: densely at first, then a few lines a day. */
export const pastRefusals = (world: World, node: Machine, validToMs: number, chance: Random): void => {
  const why = expired(validToMs)
  const lease = `https://${world.apiServer}:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node.name}?timeout=10s`
  const write = (ms: number, message: string): void =>
    world.record.node(node, 'kubelet', node.kubeletPid, ms, `E${klogStamp(ms)} ${String(node.kubeletPid).padStart(7)} ${message}`)
  const fail = (ms: number): void => {
    if (chance.chance(0.25)) write(ms, failedWatch(world.apiServer, chance.pick(WATCHED), why(ms)))
    else if (chance.chance(0.3))
      write(
        ms,
        `kubelet_node_status.go:529] "Error updating node status, will retry" err="error getting node \\"${node.name}\\": Get \\"https://${world.apiServer}:6443/api/v1/nodes/${node.name}?timeout=10s\\": ${why(ms)}"`,
      )
    else write(ms, `controller.go:251] "Failed to update lease" err="Put \\"${lease}\\": ${why(ms)}"`)
  }
  let ms = validToMs + chance.between(0.5, 9) * SECOND
  write(ms, `controller.go:251] "Failed to update lease" err="Put \\"${lease}\\": ${why(ms)}"`)
  for (ms += 10 * SECOND; ms < validToMs + 12 * MINUTE; ms += chance.between(9.6, 10.4) * SECOND) fail(ms)
  for (; ms < world.startMs - 2 * MINUTE; ms += chance.between(2, 7) * HOUR) fail(ms)
}

/** All nodes fall silent together: NotReady, but the controller takes that for its own trouble and evicts nothing. */
export const pastDisruption = (world: World, validToMs: number, chance: Random): number => {
  const ms = validToMs + chance.between(41, 49) * SECOND
  const write = (at: number, message: string): void =>
    world.record.file('control-plane/kube-controller-manager.log', at, `I${klogStamp(at)} ${'1'.padStart(7)} ${message}`)
  world.nodes.forEach((node, i) => {
    const beat = new Date(Math.floor((validToMs - 4 * SECOND) / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')
    const condition = `&NodeCondition{Type:Ready,Status:True,LastHeartbeatTime:${beat} +0000 UTC,Reason:KubeletReady,Message:kubelet is posting ready status,}`
    const at = ms + i * 31
    write(
      at,
      `node_lifecycle_controller.go:948] "Node hasn't been updated" node="${node.name}" duration="${((at - validToMs) / 1000 + 4).toFixed(9)}s" nodeConditionType="Ready" currentCondition="${condition}"`,
    )
    write(at + 4, `controller_utils.go:186] "Recording status change event message for node" status="NodeNotReady" node="${node.name}"`)
    Object.assign(node, { ready: 'Unknown', readySinceMs: at, leaseMs: validToMs - 4 * SECOND })
  })
  write(ms + 140, 'node_lifecycle_controller.go:1038] "Controller detected that all Nodes are not-Ready. Entering master disruption mode"')
  return ms
}

/** Two months of a metric at a sample an hour. */
export const longRange = (world: World, fromMs: number, sinceMs: number): void => {
  const points = (before: number, after: number): [number, number][] => {
    const all: [number, number][] = []
    for (let ms = Math.ceil(fromMs / HOUR) * HOUR; ms < world.startMs; ms += HOUR) all.push([ms, ms < sinceMs ? before : after])
    return all
  }
  const series = world.nodes.map((node) => ({
    name: 'kube_node_status_condition',
    labels: { condition: 'Ready', instance: 'kube-state-metrics:8080', job: 'kube-state-metrics', node: node.name, status: 'true' },
    points: points(1, 0),
  }))
  world.record.file('prometheus/weeks/kube_node_status_condition.json', world.startMs, queryRange(series))
}
