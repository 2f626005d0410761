/** Each kind in a few words, for titles: 'node worker-3 lost its network'. A new kind without words does not compile. */
import { isFindingKind, type FindingKind } from '../model/vocabulary.js'
import type { Found } from './finding.js'
import { called } from './words.js'

const VERBS: Readonly<Record<FindingKind, string>> = {
  'change.deployed': 'was rolled out',
  'change.node-added': 'joined the cluster',
  'change.node-removed': 'left the cluster',
  'change.scaled': 'was scaled',
  'workload.colocated': 'had all replicas on one node',
  'workload.no-limits': 'ran without a memory limit',
  'node.cpu-saturated': 'ran out of CPU',
  'node.memory-exhausted': 'ran out of memory',
  'node.disk-full': 'ran out of disk',
  'node.oom-kill': 'killed a process for lack of memory',
  'node.kernel-panic': 'crashed',
  'node.kernel-hang': 'hung in its kernel',
  'node.rebooted': 'rebooted',
  'node.heartbeat-missed': 'missed heartbeats',
  'node.not-ready': 'went NotReady',
  'node.certificate-expired': 'had a certificate rejected',
  'node.clock-stepped': 'had its clock put forward or back',
  'node.runtime-down': 'lost its container runtime',
  'node.identity-conflict': 'was two machines at once',
  'node.network-lost': 'lost its network',
  'pod.evicted': 'was evicted',
  'pod.rescheduled': 'was placed elsewhere',
  'pod.oom-killed': 'was killed at its memory limit',
  'pod.memory-growing': 'grew in memory',
  'pod.cpu-throttled': 'was throttled at its CPU limit',
  'pod.cpu-hungry': 'took the CPU of its node',
  'pod.crash-looping': 'kept crashing',
  'pod.unready': 'was not ready',
  'pod.unschedulable': 'found no node',
  'pod.stuck': 'was stuck',
  'pod.volume-mount-failed': 'could not mount a volume',
  'pod.image-pull-failed': 'could not pull its image',
  'pod.sandbox-failed': 'got no sandbox',
  'workload.unavailable': 'was unavailable',
  'workload.degraded': 'was short of replicas',
  'service.errors': 'answered with errors',
  'service.unreachable': 'did not answer',
  'service.slow': 'was slow',
  'network.dns-failure': 'could not resolve names',
  'network.pod-to-pod-lost': 'could not reach other pods',
  'loadbalancer.backends-down': 'saw its backends down',
  'postgres.connections-near-max': 'was near its max_connections all along',
  'postgres.connections-rising': 'was flooded with connections',
  'postgres.connections-saturated': 'ran out of connections',
  'postgres.backend-killed': 'had a backend killed',
  'postgres.crashed': 'crashed',
  'postgres.recovering': 'was in crash recovery',
  'postgres.shutdown': 'was shut down',
  'postgres.autovacuum': 'ran a heavy vacuum',
  'postgres.lock-pileup': 'piled up sessions behind a lock',
  'postgres.deadlock': 'broke a deadlock',
  'postgres.slow-queries': 'had slow statements',
  'postgres.timeouts': 'cancelled statements by time-out',
  'postgres.disk-full': 'could not write to its disk',
  'redis.down': 'was down',
  'redis.quorum-lost': 'lost its Sentinel quorum',
  'app.errors': 'logged errors',
  'alert.fired': 'was alerted on',
  'action.drain': 'was drained',
  'action.cordon': 'was cordoned',
  'action.pod-deleted': 'was deleted by hand',
  'action.node-restarted': 'was restarted by hand',
  'action.restart': 'was restarted',
  'metric.anomalous': 'left its usual range',
}

/** An anomaly says itself what it does, as does a kind of somebody's own (attribute `does`). */
export const phrase = ({ kind, entity, attributes }: Found): string => {
  // No node was asked for pods that could not be created.
  if (kind === 'pod.unschedulable' && !entity.startsWith('pod/')) return `${called(entity)} got no new pods`
  const does = kind === 'metric.anomalous' || !isFindingKind(kind) ? attributes['does'] : undefined
  return `${called(entity)} ${does === undefined ? (isFindingKind(kind) ? VERBS[kind] : kind) : String(does)}`
}
