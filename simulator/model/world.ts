/** The simulated cluster: machines, what should run, what runs. Plain data; what happens to it is in the other files of model/. */
import type { Agenda } from '../core/agenda.js'
import type { Random } from '../core/random.js'
import type { Recorder } from '../emit/recorder.js'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const MIB = 1024 * 1024
export const GIB = 1024 * MIB

export interface Machine {
  readonly name: string
  readonly ip: string
  readonly cores: number
  readonly memoryBytes: number
  readonly uid: string
  readonly machineId: string
  readonly createdMs: number
  /** The machine runs; false from a crash until the next boot. */
  up: boolean
  bootId: string
  bootedMs: number
  kubeletPid: number
  /** User space gets no time: the kubelet misses its heartbeats, probes time out. */
  stalled: boolean
  /** Stalled since others take all of its CPU: what runs in containers goes on. */
  starved?: boolean
  /** Why its kubelet cannot talk to the API server now, as it logs it; nothing it says arrives. */
  refused?: ((nowMs: number) => string) | undefined
  /** Prometheus does not reach it, though its own way to the API is open. */
  unscraped?: boolean
  /** What the control plane holds; Unknown = NotReady. */
  ready: 'True' | 'Unknown'
  readySinceMs: number
  leaseMs: number
  cordoned: boolean
  meters: Meters
}

/** What node_exporter counts. */
export interface Meters {
  user: number
  system: number
  idle: number
  iowait: number
  load1: number
  cpuWaiting: number
  memoryAvailable: number
  oomKills: number
  /** Demand over cores in the last tick. */
  demand: number
  saturatedSinceMs: number | null
}

export interface Workload {
  readonly namespace: string
  readonly name: string
  readonly kind: 'Deployment' | 'DaemonSet' | 'Job'
  replicas: number
  image: string
  /** Pod template hash; changes with a rollout. */
  hash: string
  readonly port: number
  readonly requests: { readonly cpu: number; readonly memory: number }
  readonly limits: { readonly cpu?: number; readonly memory?: number }
  /** At most one pod on a node. */
  antiAffinity: boolean
  readonly startupMs: number
  /** false: it has no HTTP probe, as a database. */
  readonly probed?: boolean
  /** Whether the pod's volumes are there; if not, it is started when they are. */
  mounts?: (pod: Pod) => boolean
  /** Cores and bytes a ready pod wants now. */
  cpu(pod: Pod, nowMs: number): number
  memory(pod: Pod, nowMs: number): number
}

export interface Pod {
  readonly uid: string
  readonly name: string
  readonly workload: Workload
  readonly hash: string
  readonly createdMs: number
  readonly template: { readonly image: string; readonly antiAffinity: boolean }
  containerId: string
  node: string | null
  ip: string
  startedMs: number | null
  ready: boolean
  /** Since when it is not ready any more; null while it is, undefined as long as it never was. */
  lostReadyMs?: number | null
  restarts: number
  /** Marked for deletion; it stays in the API until its kubelet confirms. */
  deletedMs: number | null
  gone: boolean
  cpuSeconds: number
  memoryBytes: number
  probeFailures: number
}

export interface World {
  readonly agenda: Agenda
  readonly random: Random
  readonly record: Recorder
  readonly startMs: number
  readonly endMs: number
  readonly apiServer: string
  readonly kubernetesVersion: string
  readonly kernelVersion: string
  readonly nodes: Machine[]
  readonly workloads: Workload[]
  readonly pods: Pod[]
  nextPodIp: number
  /** --event-ttl of the API server, where it is not the usual hour. */
  eventTtlMs?: number
  /** The last moment at which something was written, and how far into it. */
  moment: { ms: number; passed: number }
}

/** Now, and a little later with every call: lines written at one moment keep their order, and no stamp is round. */
export const instant = (world: World, delayMs = 0): number => {
  const { moment, agenda, random } = world
  if (moment.ms !== agenda.now) world.moment = { ms: agenda.now, passed: random.next() }
  else moment.passed += random.between(0.004, 0.03)
  return agenda.now + delayMs + world.moment.passed
}

export const nodeOf = (world: World, pod: Pod): Machine | undefined => world.nodes.find((node) => node.name === pod.node)
export const livePods = (world: World): Pod[] => world.pods.filter((pod) => !pod.gone)
export const podsOn = (world: World, node: Machine): Pod[] => world.pods.filter((pod) => !pod.gone && pod.node === node.name)
export const podsOf = (world: World, workload: Workload): Pod[] => world.pods.filter((pod) => !pod.gone && pod.workload === workload)

/** The pod's program runs and its machine gives it time. */
export const answers = (world: World, pod: Pod): boolean => {
  const node = nodeOf(world, pod)
  return pod.startedMs !== null && !pod.gone && node !== undefined && node.up && !node.stalled
}

/** A service's backends as the control plane sees them. */
export const endpoints = (world: World, workload: Workload): Pod[] =>
  podsOf(world, workload).filter((pod) => pod.ready && pod.deletedMs === null && nodeOf(world, pod)?.ready === 'True')

export const machine = (random: Random, spec: Pick<Machine, 'name' | 'ip' | 'cores' | 'memoryBytes'>, startMs: number): Machine => {
  const bootedMs = startMs - random.between(2, 30) * 24 * HOUR
  return {
    ...spec,
    uid: random.uuid(),
    machineId: random.hex(32),
    createdMs: bootedMs - HOUR,
    up: true,
    bootId: random.uuid(),
    bootedMs,
    kubeletPid: random.int(900, 2400),
    stalled: false,
    ready: 'True',
    readySinceMs: bootedMs + MINUTE,
    leaseMs: startMs,
    cordoned: false,
    meters: {
      user: (startMs - bootedMs) / 4000,
      system: (startMs - bootedMs) / 16000,
      idle: ((startMs - bootedMs) / 1000) * spec.cores * 0.7,
      iowait: (startMs - bootedMs) / 90_000,
      load1: 0.6,
      cpuWaiting: 1200,
      memoryAvailable: spec.memoryBytes * 0.7,
      oomKills: 0,
      demand: 0,
      saturatedSinceMs: null,
    },
  }
}

type Wanted = Pick<Workload, 'namespace' | 'name' | 'image' | 'cpu' | 'memory'> & Partial<Workload>

export const workload = (random: Random, wanted: Wanted): Workload => ({
  kind: 'Deployment',
  replicas: 1,
  hash: wanted.kind === 'DaemonSet' ? '' : random.suffix(10),
  port: 8080,
  requests: { cpu: 0.1, memory: 128 * MIB },
  limits: {},
  antiAffinity: false,
  startupMs: 4 * SECOND,
  ...wanted,
})
