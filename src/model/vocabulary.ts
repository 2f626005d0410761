/** The contract's vocabulary: every kind of finding, its role in a post-mortem, and what it means in words. */
export type Role = 'condition' | 'change' | 'fault' | 'symptom' | 'impact' | 'detection' | 'response' | 'recovery'

interface Meaning {
  readonly role: Role
  readonly means: string
}

export const VOCABULARY = {
  'change.deployed': { role: 'change', means: 'a rollout started' },
  'change.node-added': { role: 'change', means: 'a node joined' },
  'change.node-removed': { role: 'change', means: 'a node left or was recycled' },
  'change.scaled': { role: 'change', means: 'replicas were changed by someone' },
  'workload.colocated': { role: 'condition', means: 'all replicas of a workload sit on one node' },
  'workload.no-limits': { role: 'condition', means: 'pods of a workload run without memory or CPU limits' },
  'node.cpu-saturated': { role: 'fault', means: "a node's CPU is exhausted" },
  'node.memory-exhausted': { role: 'fault', means: 'a node is out of memory' },
  'node.disk-full': { role: 'fault', means: "a node's disk is full" },
  'node.oom-kill': { role: 'fault', means: 'the kernel killed a process on a node for lack of memory' },
  'node.kernel-panic': { role: 'fault', means: 'a node crashed' },
  'node.kernel-hang': { role: 'fault', means: 'a soft lockup or hung task' },
  'node.rebooted': { role: 'fault', means: 'a node started again' },
  'node.heartbeat-missed': { role: 'symptom', means: 'a kubelet could not renew its lease or post its status' },
  'node.not-ready': { role: 'symptom', means: 'the control plane holds the node NotReady or Unknown' },
  'node.certificate-expired': { role: 'fault', means: 'a client or CA certificate is expired or untrusted' },
  'node.clock-stepped': { role: 'fault', means: "a machine's clock was put forward or back" },
  'node.runtime-down': { role: 'fault', means: 'the container runtime does not answer' },
  'node.identity-conflict': { role: 'fault', means: 'two machines act as one node' },
  'node.network-lost': { role: 'fault', means: 'a node lost its network' },
  'pod.evicted': { role: 'symptom', means: 'a pod was evicted' },
  'pod.rescheduled': { role: 'symptom', means: "a pod's replacement was placed on another node" },
  'pod.oom-killed': { role: 'fault', means: 'a container died at its memory limit' },
  'pod.memory-growing': { role: 'fault', means: "a container's memory grew far beyond its usual level" },
  'pod.cpu-throttled': { role: 'symptom', means: 'a container ran into its CPU limit' },
  'pod.cpu-hungry': { role: 'fault', means: "a container's CPU use drives its node's saturation" },
  'pod.crash-looping': { role: 'symptom', means: 'a container keeps dying' },
  'pod.unready': { role: 'symptom', means: 'probes fail' },
  'pod.unschedulable': { role: 'symptom', means: 'no node can take the pod' },
  'pod.stuck': { role: 'symptom', means: 'a pod is bound to a dead node and not replaced, or never starts or terminates' },
  'pod.volume-mount-failed': { role: 'fault', means: 'a volume does not attach or mount' },
  'pod.image-pull-failed': { role: 'fault', means: 'an image cannot be pulled' },
  'pod.sandbox-failed': { role: 'fault', means: 'the pod network or sandbox cannot be set up' },
  'workload.unavailable': { role: 'impact', means: 'no replica of a workload is ready' },
  'workload.degraded': { role: 'impact', means: 'fewer replicas are ready than wanted' },
  'service.errors': { role: 'impact', means: 'a service answers with errors' },
  'service.unreachable': { role: 'impact', means: 'a service or scrape target does not answer' },
  'service.slow': { role: 'impact', means: 'latency far above its usual level' },
  'network.dns-failure': { role: 'fault', means: 'names do not resolve' },
  'network.pod-to-pod-lost': { role: 'fault', means: 'pods on different nodes cannot reach each other' },
  'loadbalancer.backends-down': { role: 'symptom', means: 'a load balancer sees its backends down or flapping' },
  'postgres.connections-near-max': { role: 'condition', means: 'connections were near max_connections before anything was wrong' },
  'postgres.connections-rising': { role: 'symptom', means: 'connections climb far above their usual level' },
  'postgres.connections-saturated': { role: 'fault', means: 'connections are at max_connections' },
  'postgres.backend-killed': { role: 'fault', means: 'a backend died by a signal' },
  'postgres.crashed': { role: 'fault', means: 'the server stopped unexpectedly' },
  'postgres.recovering': { role: 'symptom', means: 'crash recovery; connections are rejected' },
  'postgres.shutdown': { role: 'response', means: 'a requested shutdown' },
  'postgres.autovacuum': { role: 'change', means: 'a heavy vacuum ran' },
  'postgres.lock-pileup': { role: 'fault', means: 'sessions queue behind a lock' },
  'postgres.deadlock': { role: 'fault', means: 'a deadlock' },
  'postgres.slow-queries': { role: 'symptom', means: 'statements far slower than usual' },
  'postgres.timeouts': { role: 'symptom', means: 'statements cancelled by a timeout' },
  'postgres.disk-full': { role: 'fault', means: 'the server cannot write' },
  'redis.down': { role: 'fault', means: 'Redis does not answer' },
  'redis.quorum-lost': { role: 'fault', means: 'Sentinel has no quorum' },
  'app.errors': { role: 'impact', means: 'an application log bursts with errors' },
  'alert.fired': { role: 'detection', means: 'an alert told somebody' },
  'action.drain': { role: 'response', means: 'somebody drained a node' },
  'action.cordon': { role: 'response', means: 'somebody cordoned a node' },
  'action.pod-deleted': { role: 'response', means: 'somebody deleted a pod' },
  'action.node-restarted': { role: 'response', means: 'somebody restarted a node' },
  'action.restart': { role: 'response', means: 'somebody restarted a process or workload' },
  'action.session-ended': { role: 'response', means: 'somebody ended a session of a database server' },
  'metric.anomalous': { role: 'symptom', means: 'a series left its usual range, and no other kind fits' },
} as const satisfies Readonly<Record<string, Meaning>>

export type FindingKind = keyof typeof VOCABULARY

export const FINDING_KINDS = Object.keys(VOCABULARY) as readonly FindingKind[] // the keys of a const object are its type

export const isFindingKind = (kind: string): kind is FindingKind => Object.hasOwn(VOCABULARY, kind)

/** A kind of somebody's own: their signatures say what it means, and which role it has. */
export type CustomKind = `custom.${string}`
export type AnyKind = FindingKind | CustomKind

export const isCustomKind = (kind: string): kind is CustomKind => /^custom\.[a-z0-9]+(?:-[a-z0-9]+)*$/u.test(kind)

/** A finding's role: what it carries itself, else that of its kind; of a kind of somebody's own it is a symptom. */
export const roleOf = (of: string | { readonly kind: string; readonly role?: Role }): Role => {
  const { kind, role } = typeof of === 'string' ? { kind: of } : of
  return role ?? (isFindingKind(kind) ? VOCABULARY[kind].role : 'symptom')
}
