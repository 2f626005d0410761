/**
 * What the labels and first values of well-known series tell of the topology: names of nodes and pods, sizes, owners, ceilings.
 * Names: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics, node_exporter, postgres_exporter, cAdvisor.
 * It is asked once per series, never per sample.
 */
import { ofJob } from './kubernetes-fields.js'
import { node, pod, postgres, process, THIS_NODE, THIS_POSTGRES, workload, type Entity } from '../src/model/entity.js'
import type { Labels } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { utc } from '../src/read/stamps.js'
import { clientOf, isTool } from './postgres-server.js'
import { podUidOf } from './kernel-oom.js'
import { clientFacts } from './metric-clients.js'

/** The samples of one series; `ms` is NaN in a scrape without times. */
export type Watch = (ms: number, value: number) => void

export interface MetricFacts {
  /** Looks at a new series. What is returned wants its samples; null: they tell nothing. */
  of(name: string, labels: Labels): Watch | null
  end(): void
}

interface Limits {
  memory: number | null
  cpu: number | null
}

/** Ports and jobs of agents that run on the node whose name their series carry: node_exporter, kubelet, kube-proxy. */
const AGENT_PORTS = /:(?:9100|9182|10250|10255|10248|10249|10256)$/u
const AGENT_JOBS = /node|kubelet|cadvisor|kube-proxy/iu
const STATE_METRICS = /kube-?state-?metrics/iu
const LOOPBACK = /^(?:127\.|localhost$|::1$|0\.0\.0\.0$)/u
/** A ReplicaSet is named after its Deployment and a hash of letters that cannot form words. */
const REPLICA_SET = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/u

/** The server of CloudNativePG's exporter, which runs in its pod (src/timeline/metric-names.ts). */
const ofOperator = ({ server, pod: own, instance }: Labels): string => server ?? own ?? instance ?? ''

/** Clients of one server that are kept. */
const MAX_CLIENTS = 500
const hostOf = (instance: string): string => instance.replace(/:\d+$/u, '').replace(/^\[(.*)\]$/u, '$1')

export const metricFacts = (sink: Sink): MetricFacts => {
  /** Nodes that each host was seen with: more than one, and the host is none of them. */
  const nodesOfHost = new Map<string, Set<string>>()
  const hostsOfUname = new Map<string, Set<string>>()
  const cpus = new Map<Entity, Set<string>>()
  /** CPUs and memory of an instance whose node is not in its labels. */
  const unnamed = new Map<string, { cpus: Set<string>; memory: number | null }>()
  const sizes = new Map<Entity, { cores?: number; memoryBytes?: number }>()
  const maxConnections = new Map<string, number>()
  const clients = new Map<string, Set<string>>()
  const asks = clientFacts(sink)
  const placed = new Set<Entity>()
  const limits = new Map<string, { pod: Entity; container: string; limits: Limits }>()

  const add = <K>(sets: Map<K, Set<string>>, key: K, value: string): void => {
    const set = sets.get(key)
    if (set === undefined) sets.set(key, new Set([value]))
    else set.add(value)
  }

  const instanceOf = (instance: string): { cpus: Set<string>; memory: number | null } => {
    let known = unnamed.get(instance)
    if (known === undefined) unnamed.set(instance, (known = { cpus: new Set(), memory: null }))
    return known
  }

  /** The node a node exporter's series is about; null where only an address is known. */
  const nodeOf = (labels: Labels): Entity | null => {
    if (labels['node']) return node(labels['node'])
    const instance = labels['instance']
    if (!instance) return THIS_NODE
    return /:\d+$/u.test(instance) ? null : node(instance)
  }

  const size = (of: Entity, part: { cores?: number; memoryBytes?: number }): void => {
    sizes.set(of, { ...sizes.get(of), ...part })
  }

  const readers: ReadonlyMap<string, (labels: Labels) => Watch | null> = new Map<string, (labels: Labels) => Watch | null>([
    [
      'node_cpu_seconds_total',
      (labels) => {
        const of = nodeOf(labels)
        const cpu = labels['cpu']
        if (cpu === undefined) return null
        if (of !== null) add(cpus, of, cpu)
        else instanceOf(labels['instance'] ?? '').cpus.add(cpu)
        return null
      },
    ],
    [
      'node_memory_MemTotal_bytes',
      (labels) => {
        const of = nodeOf(labels)
        return (_, value) => {
          if (of !== null) size(of, { memoryBytes: value })
          else instanceOf(labels['instance'] ?? '').memory = value
        }
      },
    ],
    ['machine_cpu_cores', ({ node: name }) => (name ? (_, value) => size(node(name), { cores: value }) : null)],
    ['machine_memory_bytes', ({ node: name }) => (name ? (_, value) => size(node(name), { memoryBytes: value }) : null)],
    [
      'kube_node_status_capacity',
      (labels) => {
        const { node: name, resource } = labels
        if (!name || (resource !== 'cpu' && resource !== 'memory')) return null
        return (_, value) => size(node(name), resource === 'cpu' ? { cores: value } : { memoryBytes: value })
      },
    ],
    [
      'node_uname_info',
      (labels) => {
        const { nodename, instance } = labels
        if (nodename && instance && !labels['node']) add(hostsOfUname, nodename, instance)
        else if (nodename && !instance) sink.fact({ fact: 'input-node', node: node(nodename), weight: 1 })
        return null
      },
    ],
    [
      'kube_node_info',
      (labels) => {
        const { node: name, internal_ip: address, provider_id: provider } = labels
        if (name && address) sink.fact({ fact: 'alias', of: node(name), name: address, at: null })
        if (name && provider) sink.fact({ fact: 'alias', of: node(name), name: provider, at: null })
        return null
      },
    ],
    [
      'kube_pod_info',
      (labels) => {
        const name = labels['exported_pod'] ?? labels['pod']
        const namespace = labels['exported_namespace'] ?? labels['namespace'] ?? '-'
        if (!name) return null
        const of = pod(namespace, name)
        const on = labels['exported_node'] ?? labels['node']
        const owner = ownerOf(namespace, labels['created_by_kind'], labels['created_by_name'])
        if (owner !== null) sink.fact({ fact: 'pod-owner', pod: of, workload: owner, ...ofJob(labels['created_by_kind']) })
        if (labels['host_ip'] && on) sink.fact({ fact: 'alias', of: node(on), name: labels['host_ip'], at: null })
        if (!on) return null
        const said = once((ms) => {
          const at = Number.isNaN(ms) ? null : utc(ms)
          sink.fact({ fact: 'pod-on-node', pod: of, node: node(on), at, ...(labels['uid'] ? { uid: labels['uid'] } : {}) })
          if (labels['pod_ip'] && labels['pod_ip'] !== labels['host_ip']) sink.fact({ fact: 'alias', of, name: labels['pod_ip'], at })
        })
        return said
      },
    ],
    ['container_memory_working_set_bytes', (labels) => container(labels)],
    ['container_cpu_usage_seconds_total', (labels) => container(labels)],
    [
      'kube_pod_owner',
      (labels) => {
        const name = labels['exported_pod'] ?? labels['pod']
        const namespace = labels['exported_namespace'] ?? labels['namespace'] ?? '-'
        const owner = ownerOf(namespace, labels['owner_kind'], labels['owner_name'])
        if (name && owner !== null) sink.fact({ fact: 'pod-owner', pod: pod(namespace, name), workload: owner, ...ofJob(labels['owner_kind']) })
        return null
      },
    ],
    ['kube_deployment_spec_replicas', (labels) => replicas(labels, 'deployment')],
    ['kube_statefulset_replicas', (labels) => replicas(labels, 'statefulset')],
    ['kube_daemonset_status_desired_number_scheduled', (labels) => replicas(labels, 'daemonset')],
    ['kube_pod_container_resource_limits', (labels) => limit(labels, labels['resource'])],
    ['kube_pod_container_resource_limits_memory_bytes', (labels) => limit(labels, 'memory')], // kube-state-metrics 1.x
    ['kube_pod_container_resource_limits_cpu_cores', (labels) => limit(labels, 'cpu')],
    ['pg_settings_max_connections', (labels) => ceiling(labels['server'] ?? labels['instance'] ?? '')],
    ['pg_stat_activity_count', (labels) => sessions(labels, labels['server'] ?? labels['instance'] ?? '')],
    ['cnpg_backends_total', (labels) => sessions(labels, ofOperator(labels))],
    ['cnp_backends_total', (labels) => sessions(labels, ofOperator(labels))],
    ['cnpg_pg_settings_setting', (labels) => setting(labels)],
    ['cnp_pg_settings_setting', (labels) => setting(labels)],
  ])

  const ceiling =
    (server: string): Watch =>
    (_, value) =>
      void maxConnections.set(server, value)
  /** CloudNativePG's exporter has all settings in one metric. */
  const setting = (labels: Labels): Watch | null => (labels['name'] === 'max_connections' ? ceiling(ofOperator(labels)) : null)

  /** Who has sessions, where an exporter counts them by user or application. */
  const sessions = ({ usename: user = '', application_name: application = '' }: Labels, server: string): Watch | null => {
    if (user === '' && application === '') return null
    let known = clients.get(server)
    if (known === undefined) clients.set(server, (known = new Set()))
    const name = clientOf({ user, database: '', application })
    if (name === '' || isTool(application) || user === 'streaming_replica') return null // CloudNativePG's standbys, named after themselves
    const names = known
    return (_, value) => (value > 0 && names.size < MAX_CLIENTS ? void names.add(name) : undefined)
  }

  /** cAdvisor counts what runs on its own node: a pod that is long gone from the API was there. */
  const container = ({ node: on, namespace, pod: plain, exported_pod: exported, exported_namespace: space }: Labels): Watch | null => {
    const name = exported ?? plain
    if (!on || !name) return null
    const of = pod(space ?? namespace ?? '-', name)
    if (placed.has(of)) return null
    placed.add(of)
    return once((ms) => sink.fact({ fact: 'pod-on-node', pod: of, node: node(on), at: Number.isNaN(ms) ? null : utc(ms) }))
  }

  /** cAdvisor's label `id` is the container's cgroup: it holds the uid by which a kernel's log names the pod. */
  const told = new Set<string>()
  const uid = ({ id, namespace, pod: plain, exported_pod: exported, exported_namespace: space }: Labels): void => {
    const name = exported ?? plain
    const found = id === undefined || !name ? null : podUidOf(id)
    if (found === null || !name || told.has(found)) return
    told.add(found)
    sink.fact({ fact: 'alias', of: pod(space ?? namespace ?? '-', name), name: `uid:${found}`, at: null })
  }

  const replicas = (labels: Labels, kind: string): Watch | null => {
    const name = labels[`exported_${kind}`] ?? labels[kind]
    if (!name) return null
    const of = workload(labels['exported_namespace'] ?? labels['namespace'] ?? '-', name)
    let wanted = NaN
    return (ms, value) => {
      if (value === wanted) return
      wanted = value
      sink.fact({ fact: 'replicas', workload: of, at: Number.isNaN(ms) ? null : utc(ms), wanted, ready: null })
    }
  }

  const limit = (labels: Labels, resource: string | undefined): Watch | null => {
    const name = labels['exported_pod'] ?? labels['pod']
    const container = labels['exported_container'] ?? labels['container']
    if (!name || !container || (resource !== 'memory' && resource !== 'cpu')) return null
    const of = pod(labels['exported_namespace'] ?? labels['namespace'] ?? '-', name)
    const key = `${of} ${container}`
    let known = limits.get(key)
    if (known === undefined) limits.set(key, (known = { pod: of, container, limits: { memory: null, cpu: null } }))
    const { limits: held } = known
    return (_, value) => void (held[resource] = value)
  }

  const addresses = (name: string, labels: Labels): void => {
    const { instance, node: on } = labels
    if (!instance || !on || name.startsWith('kube_') || STATE_METRICS.test(labels['job'] ?? '')) return
    const host = hostOf(instance)
    if (host === on || LOOPBACK.test(host)) return
    // The instance of an application's series may be its pod's address.
    if (AGENT_PORTS.test(instance) || AGENT_JOBS.test(labels['job'] ?? '') || !labels['pod']) add(nodesOfHost, host, on)
  }

  return {
    of(name, labels) {
      addresses(name, labels)
      asks(name, labels)
      if (name.startsWith('container_')) uid(labels)
      return readers.get(name)?.(labels) ?? null
    },
    end() {
      for (const [host, nodes] of nodesOfHost) {
        const [only] = nodes
        if (nodes.size === 1 && only !== undefined) sink.fact({ fact: 'alias', of: node(only), name: host, at: null })
      }
      for (const [nodename, instances] of hostsOfUname) {
        const [instance] = instances
        if (instances.size !== 1 || instance === undefined) continue // one machine that plays several nodes
        const host = hostOf(instance)
        if (host !== nodename && !LOOPBACK.test(host)) sink.fact({ fact: 'alias', of: node(nodename), name: host, at: null })
        const seen = unnamed.get(instance)
        if (seen === undefined) continue
        if (seen.cpus.size > 0) size(node(nodename), { cores: seen.cpus.size })
        if (seen.memory !== null) size(node(nodename), { memoryBytes: seen.memory })
      }
      for (const [of, seen] of cpus) size(of, { cores: seen.size })
      for (const [of, known] of sizes) sink.fact({ fact: 'node', node: of, at: null, ...known })
      for (const { pod: of, container, limits: known } of limits.values()) {
        sink.fact({ fact: 'pod-resources', pod: of, container, memoryLimitBytes: known.memory, cpuLimitCores: known.cpu })
      }
      for (const [server, names] of clients)
        for (const name of names) sink.fact({ fact: 'client-of', client: process('-', name), server: clients.size === 1 ? THIS_POSTGRES : postgres(server) })
      for (const [server, value] of maxConnections) {
        // One server in the export: the one everything else is about. Of several, each by its address.
        sink.fact({ fact: 'limit', of: maxConnections.size === 1 ? THIS_POSTGRES : postgres(server), name: 'max_connections', value })
      }
    },
  }
}

const once = (say: (ms: number) => void): Watch => {
  let said = false
  return (ms) => {
    if (said) return
    said = true
    say(ms)
  }
}

const ownerOf = (namespace: string, kind: string | undefined, name: string | undefined): Entity | null => {
  if (!name || name.startsWith('<')) return null // '<none>': a pod of nobody
  if (kind === 'ReplicaSet') return workload(namespace, REPLICA_SET.exec(name)?.[1] ?? name)
  return kind === 'StatefulSet' || kind === 'DaemonSet' || kind === 'Job' || kind === 'Deployment' ? workload(namespace, name) : null
}
