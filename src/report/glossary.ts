/** Words of the trade that a report uses, for the reader who is not on call: what each means and where it is described. */

export interface Term {
  readonly term: string
  readonly means: string
  readonly reference: string
}

interface Entry extends Term {
  /** Kinds, or beginnings of them, whose findings use the word. */
  readonly kinds: readonly string[]
}

const KUBERNETES = 'https://kubernetes.io/docs'
const POSTGRES = 'https://www.postgresql.org/docs/current'

const GLOSSARY: readonly Entry[] = [
  {
    term: 'Node, pod, workload',
    means: 'A machine of the cluster; a group of containers that runs on one; what keeps a number of alike pods running (a Deployment, for one).',
    kinds: ['node.', 'pod.', 'workload.', 'change.'],
    reference: `${KUBERNETES}/concepts/workloads/`,
  },
  {
    term: 'kubelet',
    means: 'The agent on every node: it starts containers, probes them, and reports to the control plane.',
    kinds: ['node.heartbeat-missed', 'node.not-ready', 'node.runtime-down'],
    reference: `${KUBERNETES}/concepts/architecture/#kubelet`,
  },
  {
    term: 'NotReady',
    means: 'The control plane has not heard from a node for its grace period, or the node said itself that it cannot run pods.',
    kinds: ['node.not-ready'],
    reference: `${KUBERNETES}/concepts/architecture/nodes/#node-status`,
  },
  {
    term: 'Lease, heartbeat',
    means: 'What a kubelet renews every few seconds to say that it is alive.',
    kinds: ['node.heartbeat-missed'],
    reference: `${KUBERNETES}/concepts/architecture/leases/#node-heart-beats`,
  },
  {
    term: 'Eviction',
    means: 'Pods are ended to be placed elsewhere: because their node is lost, or because it runs out of memory or disk.',
    kinds: ['pod.evicted', 'pod.rescheduled'],
    reference: `${KUBERNETES}/concepts/scheduling-eviction/`,
  },
  {
    term: 'OOM kill',
    means: 'The kernel ends a process because memory ran out: that of the machine, or what its container may use.',
    kinds: ['node.oom-kill', 'pod.oom-killed', 'node.memory-exhausted', 'pod.memory-growing'],
    reference: `${KUBERNETES}/concepts/configuration/manage-resources-containers/`,
  },
  {
    term: 'Requests and limits',
    means: 'What the scheduler sets aside for a container, and what it may use at most.',
    kinds: ['workload.no-limits', 'pod.cpu-hungry', 'pod.cpu-throttled', 'node.cpu-saturated'],
    reference: `${KUBERNETES}/concepts/configuration/manage-resources-containers/`,
  },
  {
    term: 'Probe, readiness',
    means: 'How the kubelet asks a container whether it works; a pod that is not ready is sent no requests.',
    kinds: ['pod.unready'],
    reference: `${KUBERNETES}/concepts/configuration/liveness-readiness-startup-probes/`,
  },
  {
    term: 'Crash loop, back-off',
    means: 'A container that keeps dying is started again after longer and longer waits.',
    kinds: ['pod.crash-looping'],
    reference: `${KUBERNETES}/concepts/workloads/pods/pod-lifecycle/#restart-policy`,
  },
  {
    term: 'Drain, cordon',
    means: 'To take the pods off a node, and to keep new ones away from it.',
    kinds: ['action.drain', 'action.cordon'],
    reference: `${KUBERNETES}/tasks/administer-cluster/safely-drain-node/`,
  },
  {
    term: 'Soft lockup, hung task',
    means: 'The kernel’s word for a processor that did not let go for seconds, and for a process that waited for minutes.',
    kinds: ['node.kernel-hang', 'node.kernel-panic'],
    reference: 'https://docs.kernel.org/admin-guide/lockup-watchdogs.html',
  },
  {
    term: 'Clock step',
    means: 'A machine whose clock is far off is put right at once; leases, tokens and certificates are judged by that clock.',
    kinds: ['node.clock-stepped'],
    reference: 'https://chrony-project.org/doc/4.5/chrony.conf.html#makestep',
  },
  {
    term: 'Sandbox, CNI',
    means: 'The empty pod with its network into which containers are put, and the plugin that makes the network.',
    kinds: ['pod.sandbox-failed', 'network.'],
    reference: `${KUBERNETES}/concepts/extend-kubernetes/compute-storage-net/network-plugins/`,
  },
  {
    term: 'max_connections',
    means: 'How many clients a Postgres server takes at once; one more is refused with SQLSTATE 53300.',
    kinds: ['postgres.connections-'],
    reference: `${POSTGRES}/runtime-config-connection.html`,
  },
  {
    term: 'Crash recovery',
    means: 'After a crash a Postgres server replays its log (WAL) before it takes clients again.',
    kinds: ['postgres.crashed', 'postgres.recovering', 'postgres.backend-killed'],
    reference: `${POSTGRES}/wal-intro.html`,
  },
  {
    term: 'Autovacuum',
    means: 'Postgres clears away dead rows by itself; on a large table that takes time, disk and CPU.',
    kinds: ['postgres.autovacuum'],
    reference: `${POSTGRES}/routine-vacuuming.html`,
  },
  {
    term: 'Lock queue',
    means: 'Statements wait behind one that holds a lock on the same rows or table, and others wait behind them.',
    kinds: ['postgres.lock-pileup', 'postgres.deadlock', 'postgres.timeouts'],
    reference: `${POSTGRES}/explicit-locking.html`,
  },
  {
    term: 'Sentinel, quorum',
    means: 'The watchers of a Redis server, and how many of them have to agree before another takes its place.',
    kinds: ['redis.'],
    reference: 'https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/',
  },
  {
    term: 'Scrape target, up',
    means: 'What Prometheus asks for numbers; up is 1 when it answered and 0 when it did not.',
    kinds: ['service.unreachable'],
    reference: 'https://prometheus.io/docs/concepts/jobs_instances/',
  },
]

/** The terms that findings of these kinds use, in the glossary's order. */
export const glossaryOf = (kinds: Iterable<string>): readonly Term[] => {
  const used = [...new Set(kinds)]
  return GLOSSARY.filter((entry) => used.some((kind) => entry.kinds.some((one) => kind.startsWith(one)))).map(({ term, means, reference }) => ({
    term,
    means,
    reference,
  }))
}
