/** `kubectl get nodes,pods,events -A -o json`: a List, keys sorted, four spaces. */
import { microStamp, secondStamp } from '../core/stamps.js'
import { HOUR, livePods, MIB, nodeOf, type Machine, type Pod, type World } from '../model/world.js'
import type { KubernetesEvent } from './recorder.js'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

const sorted = (value: Json): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => sorted(item))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, inner]) => (inner === undefined ? [] : [[key, sorted(inner)]])),
  )
}

export const list = (items: readonly Json[]): string =>
  `${JSON.stringify(sorted({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }), null, 4)}\n`

const API_VERSION = { Pod: 'v1', Node: 'v1', ReplicaSet: 'apps/v1', Deployment: 'apps/v1', Job: 'batch/v1', CronJob: 'batch/v1' } as const

const eventObject = (event: KubernetesEvent): Json => {
  const { component, host } = event
  return {
    action: event.newApi ? 'Binding' : undefined,
    apiVersion: 'v1',
    count: event.newApi ? undefined : event.count,
    eventTime: event.newApi ? microStamp(event.firstMs + 0.121) : null,
    firstTimestamp: event.newApi ? null : secondStamp(event.firstMs),
    lastTimestamp: event.newApi ? null : secondStamp(event.lastMs),
    involvedObject: {
      apiVersion: API_VERSION[event.kind],
      fieldPath: event.container ? `spec.containers{${event.container}}` : undefined,
      kind: event.kind,
      name: event.name,
      namespace: event.kind === 'Node' ? undefined : event.namespace,
      uid: event.uid,
    },
    kind: 'Event',
    message: event.message,
    metadata: {
      creationTimestamp: secondStamp(event.firstMs),
      name: `${event.name}.18${event.suffix}`,
      namespace: event.namespace,
      resourceVersion: String(event.resourceVersion),
      uid: event.uniqueUid,
    },
    reason: event.reason,
    reportingComponent: component,
    reportingInstance: event.newApi ? `${component}-control-plane-1` : (host ?? ''),
    source: event.newApi ? {} : { component, host },
    type: event.type,
  }
}

/** Events live for an hour (or what --event-ttl says) after their last occurrence; the API lists them by name, not by time. */
export const events = (world: World): string =>
  list(
    [...world.record.events.values()]
      .filter((event) => event.lastMs > world.endMs - (world.eventTtlMs ?? HOUR) && event.lastMs <= world.endMs)
      .sort((a, b) => (`${a.namespace}/${a.name}.${a.suffix}` < `${b.namespace}/${b.name}.${b.suffix}` ? -1 : 1))
      .map(eventObject),
  )

const CONDITIONS = [
  ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
] as const

export const nodeObject = (world: World, node: Machine): Json => {
  const lost = node.ready !== 'True'
  const since = secondStamp(node.readySinceMs)
  const unknown = { message: 'Kubelet stopped posting node status.', reason: 'NodeStatusUnknown', status: 'Unknown' }
  const beat = secondStamp(node.leaseMs)
  const memory = `${Math.round(node.memoryBytes / 1024)}Ki`
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      creationTimestamp: secondStamp(node.createdMs),
      labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': node.name, 'kubernetes.io/os': 'linux' },
      name: node.name,
      uid: node.uid,
    },
    spec:
      node.cordoned || lost
        ? {
            taints: [{ effect: 'NoSchedule', key: node.cordoned ? 'node.kubernetes.io/unschedulable' : 'node.kubernetes.io/unreachable', timeAdded: since }],
            unschedulable: node.cordoned || undefined,
          }
        : {},
    status: {
      addresses: [
        { address: node.ip, type: 'InternalIP' },
        { address: node.name, type: 'Hostname' },
      ],
      allocatable: { cpu: String(node.cores), memory, pods: '110' },
      capacity: { cpu: String(node.cores), memory, pods: '110' },
      conditions: [
        ...CONDITIONS.map(([type, reason, message]) => ({
          lastHeartbeatTime: beat,
          lastTransitionTime: since,
          type,
          ...(lost ? unknown : { message, reason, status: 'False' }),
        })),
        {
          lastHeartbeatTime: beat,
          lastTransitionTime: since,
          type: 'Ready',
          ...(lost ? unknown : { message: 'kubelet is posting ready status', reason: 'KubeletReady', status: 'True' }),
        },
      ],
      nodeInfo: {
        architecture: 'amd64',
        bootID: node.bootId,
        containerRuntimeVersion: 'containerd://2.1.9',
        kernelVersion: world.kernelVersion,
        kubeletVersion: world.kubernetesVersion,
        machineID: node.machineId,
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        systemUUID: node.machineId,
      },
    },
  }
}

const quantity = (memory: number): string => `${Math.round(memory / MIB)}Mi`

const podObject = (world: World, pod: Pod): Json => {
  const { workload: owner } = pod
  const node = nodeOf(world, pod)
  const ready = pod.ready && node?.ready === 'True' ? 'True' : 'False'
  const { cpu, memory } = owner.limits
  const limits = { cpu: cpu === undefined ? undefined : `${cpu * 1000}m`, memory: memory === undefined ? undefined : quantity(memory) }
  // A pod on a NotReady node is unready since its node is.
  const changedMs =
    ready === 'False' &&
    node !== undefined &&
    node !== null &&
    (node.ready !== 'True' || (pod.lostReadyMs === null && node.readySinceMs > (pod.startedMs ?? 0)))
      ? node.readySinceMs
      : (pod.lostReadyMs ?? pod.startedMs ?? pod.createdMs)
  const condition = (type: string, status: string): Json => ({
    lastProbeTime: null,
    lastTransitionTime: secondStamp(type === 'Ready' || type === 'ContainersReady' ? changedMs : (pod.startedMs ?? pod.createdMs)),
    status,
    type,
  })
  const set = owner.kind === 'Deployment' ? { kind: 'ReplicaSet', name: `${owner.name}-${pod.hash}` } : { kind: owner.kind, name: owner.name }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      creationTimestamp: secondStamp(pod.createdMs),
      deletionTimestamp: pod.deletedMs === null ? undefined : secondStamp(pod.deletedMs + 30_000),
      generateName: pod.name.slice(0, -5),
      labels: { app: owner.name, 'pod-template-hash': pod.hash || undefined },
      name: pod.name,
      namespace: owner.namespace,
      ownerReferences: [
        {
          apiVersion: owner.kind === 'Job' ? 'batch/v1' : 'apps/v1',
          blockOwnerDeletion: true,
          controller: true,
          ...set,
          uid: `${pod.hash || owner.name}-owner`,
        },
      ],
      uid: pod.uid,
    },
    spec: {
      affinity: pod.template.antiAffinity
        ? {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app: owner.name } }, topologyKey: 'kubernetes.io/hostname' }],
            },
          }
        : undefined,
      containers: [
        {
          image: pod.template.image,
          name: owner.name,
          ports: [{ containerPort: owner.port, name: 'http', protocol: 'TCP' }],
          resources: {
            limits: cpu === undefined && memory === undefined ? undefined : limits,
            requests: { cpu: `${Math.round(owner.requests.cpu * 1000)}m`, memory: quantity(owner.requests.memory) },
          },
        },
      ],
      nodeName: pod.node ?? undefined,
      restartPolicy: 'Always',
    },
    status: {
      conditions: [
        condition('Initialized', 'True'),
        condition('Ready', ready),
        condition('ContainersReady', ready),
        condition('PodScheduled', pod.node === null ? 'False' : 'True'),
      ],
      containerStatuses:
        pod.startedMs === null
          ? undefined
          : [
              {
                containerID: `containerd://${pod.containerId}`,
                image: pod.template.image,
                name: owner.name,
                ready: ready === 'True',
                restartCount: pod.restarts,
                started: true,
                state: { running: { startedAt: secondStamp(pod.startedMs) } },
              },
            ],
      hostIP: node?.ip,
      phase: pod.startedMs === null ? 'Pending' : 'Running',
      podIP: pod.ip || undefined,
      qosClass: 'Burstable',
      startTime: secondStamp(pod.createdMs),
    },
  }
}

export const nodes = (world: World): string => list(world.nodes.map((node) => nodeObject(world, node)))
export const pods = (world: World): string =>
  list(
    livePods(world)
      .sort((a, b) => (`${a.workload.namespace}/${a.name}` < `${b.workload.namespace}/${b.name}` ? -1 : 1))
      .map((pod) => podObject(world, pod)),
  )
