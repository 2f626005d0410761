/** Every name that the data give to a machine, a pod, a workload or whoever it is run for: what `--redact` has to find in texts. */
import type { Entity } from '../model/entity.js'
import { namesIn, type KnownName } from '../model/known-name.js'
import type { Timeline } from '../timeline/timeline.js'

/** Names beyond this many are not looked for by name; patterns still find addresses. */
const MOST = 50_000

const OF_LABEL: ReadonlyMap<string, KnownName['kind']> = new Map([
  ...['node', 'nodename', 'host', 'hostname', 'kubernetes_io_hostname', 'kubernetes_node'].map((label) => [label, 'node'] as const),
  ...['namespace', 'exported_namespace', 'kubernetes_namespace'].map((label) => [label, 'namespace'] as const),
  ...['pod', 'pod_name', 'exported_pod'].map((label) => [label, 'pod'] as const),
  ...['deployment', 'statefulset', 'daemonset', 'replicaset', 'service', 'exported_service', 'created_by_name', 'owner_name', 'app'].map(
    (label) => [label, 'app'] as const,
  ),
  ...['datname', 'database', 'usename', 'user'].map((label) => [label, 'database'] as const),
  ...['customer', 'tenant', 'client', 'account', 'org', 'organization', 'organisation', 'team', 'cluster', 'project'].map(
    (label) => [label, 'customer'] as const,
  ),
  ...['persistentvolumeclaim', 'volumename', 'persistentvolume'].map((label) => [label, 'volume'] as const),
])

/** In a fixed order: by kind and name. */
export const knownNames = (timeline: Timeline): readonly KnownName[] => {
  const names = new Map<string, KnownName>()
  const add = (kind: KnownName['kind'], name: string | undefined): void => {
    if (name !== undefined && name !== '' && name !== '-' && name !== '?' && names.size < MOST && !names.has(`${kind} ${name}`))
      names.set(`${kind} ${name}`, { kind, name })
  }
  const addEntity = (entity: Entity): void => {
    for (const { kind, name } of namesIn(entity)) add(kind, name)
  }
  const { topology } = timeline
  for (const node of timeline.names.nodes) addEntity(node)
  for (const { entity } of timeline.signals) addEntity(entity)
  for (const pod of topology.pods) {
    addEntity(pod)
    const workload = topology.workloadOf(pod)
    if (workload !== null) addEntity(workload)
    for (const { node } of topology.placements(pod)) addEntity(node)
  }
  for (const { labels } of timeline.series)
    for (const [label, value] of Object.entries(labels)) {
      const kind = OF_LABEL.get(label)
      if (kind !== undefined) add(kind, value)
    }
  return [...names.values()].sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
