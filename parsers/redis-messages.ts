/** What lines of Redis and Sentinel mean. The words are those of server.c, rdb.c, aof.c, replication.c, cluster.c and sentinel.c. */
import type { SignalKind } from '../src/model/extract.js'

type Edge = 'begin' | 'end' | 'point'

interface ServerLine {
  readonly says: string
  readonly kind: SignalKind
  readonly phase: Edge
  readonly reason: string
}

const line = (says: string, kind: SignalKind, phase: Edge, reason: string): ServerLine => ({ says, kind, phase, reason })

/** The first that a line contains counts. */
export const SERVER_LINES: readonly ServerLine[] = [
  line('Redis is starting', 'redis.down', 'begin', 'starting'),
  line('Valkey is starting', 'redis.down', 'begin', 'starting'),
  line('eady to accept connections', 'redis.down', 'end', 'ready'), // since 4.0 'Ready …', before 'The server is now ready …'
  line('User requested shutdown', 'redis.down', 'begin', 'shutdown'),
  line('scheduling shutdown', 'redis.down', 'begin', 'shutdown'),
  line('crashed by signal', 'redis.down', 'begin', 'crashed'),
  line('Out Of Memory allocating', 'redis.down', 'begin', 'oom'),
  line('Cluster state changed: fail', 'redis.down', 'begin', 'cluster-fail'),
  line('Cluster state changed: ok', 'redis.down', 'end', 'cluster-fail'),
  line('Currently unable to failover', 'redis.quorum-lost', 'point', 'no-failover'),
  line('Failover auth denied', 'redis.quorum-lost', 'point', 'no-failover'),
  line('NOQUORUM', 'redis.quorum-lost', 'point', 'no-quorum'),
  line('NOGOODSLAVE', 'redis.quorum-lost', 'point', 'no-good-slave'),
  line('NOGOODREPLICA', 'redis.quorum-lost', 'point', 'no-good-slave'),
  line('No space left on device', 'log.error', 'point', 'disk-full'),
  line('Cannot allocate memory', 'log.error', 'point', 'oom'),
  line('OOM command not allowed', 'log.error', 'point', 'oom'),
  line('MISCONF', 'log.error', 'point', 'persistence'),
  line('Background saving error', 'log.error', 'point', 'persistence'),
  line('Background AOF rewrite terminated', 'log.error', 'point', 'persistence'),
  line('Error writing to the AOF file', 'log.error', 'point', 'persistence'),
  line('Connection with master lost', 'log.error', 'point', 'master-lost'),
  line('Connection with master client', 'log.error', 'point', 'master-lost'),
  line('MASTER timeout', 'log.error', 'point', 'master-lost'),
  line('Timeout connecting to the MASTER', 'log.error', 'point', 'master-lost'),
  line('Error condition on socket for SYNC', 'log.error', 'point', 'master-lost'),
  line('Unable to connect to MASTER', 'log.error', 'point', 'master-lost'),
  line('Failed to resolve hostname', 'network.dns-failure', 'point', 'dns'),
  line('Asynchronous AOF fsync is taking too long', 'log.warning', 'point', 'disk-slow'),
]

interface SentinelEvent {
  readonly event: string
  readonly kind: SignalKind
  readonly phase: Edge
  /** null: what stands in the event's own name. */
  readonly reason: string | null
}

/** A failover that is aborted leaves the master down; the vote needs a majority of all Sentinels, whatever the quorum. */
export const SENTINEL_EVENTS: readonly SentinelEvent[] = [
  { event: '+sdown', kind: 'redis.down', phase: 'begin', reason: 'sdown' },
  { event: '-sdown', kind: 'redis.down', phase: 'end', reason: 'sdown' },
  { event: '+odown', kind: 'redis.down', phase: 'begin', reason: 'odown' },
  { event: '-odown', kind: 'redis.down', phase: 'end', reason: 'odown' },
  { event: '-failover-abort', kind: 'redis.quorum-lost', phase: 'point', reason: null },
]
