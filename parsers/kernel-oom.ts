/**
 * One kill by the OOM killer, joined from the lines that tell it:
 *   celery invoked oom-killer: gfp_mask=…
 *   Task in /kubepods/burstable/pod…/… killed as a result of limit of /kubepods/burstable/pod…                      (before 4.19)
 *   Memory cgroup out of memory: Kill process 1234 (celery) score 900 or sacrifice child                            (before 5.0)
 *   oom-kill:constraint=CONSTRAINT_MEMCG,…,oom_memcg=/kubepods/…,task_memcg=/kubepods/…,task=celery,pid=1234,uid=0   (from 4.19)
 *   Memory cgroup out of memory: Killed process 1234 (celery) total-vm:100100kB, anon-rss:97392kB, …
 * https://github.com/torvalds/linux/blob/v6.6/mm/oom_kill.c
 */
import { node, type Entity } from '../src/model/entity.js'
import type { Attributes, SignalKind, Stamp } from '../src/model/extract.js'

export interface Told {
  readonly at: Stamp
  readonly text: string
  readonly line: number
  readonly host: string | null
}

export interface Kill extends Told {
  readonly kind: SignalKind
  readonly entity?: Entity
  readonly attributes: Attributes
  readonly burst: string
  /** The node that the cgroup's path names. */
  readonly node: string | null
  readonly podUid: string | null
}

interface Pending extends Told {
  memcg: boolean | null
  /** The cgroup that hit its limit, and the victim's. */
  limitCgroup: string | null
  taskCgroup: string | null
  process: string | null
  pid: number | null
  said: boolean
}

const CONSTRAINT = /^oom-kill:constraint=(\w{1,40}),/u
const OOM_MEMCG = /,oom_memcg=([^,]{1,1000}),/u
const TASK_MEMCG = /,task_memcg=([^,]{1,1000}),/u
const TASK = /,task=(.{1,64}),pid=(\d{1,10}),uid=\d{1,10}$/u
const TASK_IN = /^Task in (\/\S{0,1000}) killed as a result of limit of (\/\S{0,1000})/u
const KILL = /^(Memory cgroup out of memory|Out of memory[^:]{0,60}): Kill process (\d{1,10}) \((.{1,64})\) score /u
const KILLED = /^(?:(Memory cgroup out of memory|Out of memory[^:]{0,60}): )?Killed process (\d{1,10}) \((.{1,64})\),?(?: UID \d{1,10},?)? total-vm:/u
const RSS = /anon-rss:(\d{1,15})kB/u

/** The kernel writes the lines of one kill at once; its table of tasks may take a moment on a slow console. */
const SAME_KILL_MS = 10_000

export const oomReader = () => {
  let pending: Pending | null = null

  /** A kill whose last line never came. */
  const left = (): readonly Kill[] => {
    const kill = pending !== null && !pending.said && pending.pid !== null ? [killOf(pending, pending, null)] : []
    pending = null
    return kill
  }
  const begin = (told: Told): Pending => (pending = { ...told, memcg: null, limitCgroup: null, taskCgroup: null, process: null, pid: null, said: false })

  return {
    read(message: string, told: Told): readonly Kill[] {
      if (message.includes(' invoked oom-killer:')) {
        const before = left()
        begin(told)
        return before
      }
      const constraint = CONSTRAINT.exec(message)
      if (constraint !== null) {
        const before = pending !== null && pending.pid !== null ? left() : []
        const kill = begin(told)
        kill.memcg = constraint[1] === 'CONSTRAINT_MEMCG'
        kill.limitCgroup = OOM_MEMCG.exec(message)?.[1] ?? null
        kill.taskCgroup = TASK_MEMCG.exec(message)?.[1] ?? null
        const task = TASK.exec(message)
        kill.process = task?.[1] ?? null
        kill.pid = task === null ? null : Number(task[2])
        return before
      }
      const taskIn = TASK_IN.exec(message)
      if (taskIn !== null) {
        const kill = pending ?? begin(told)
        kill.memcg = true
        kill.taskCgroup = taskIn[1] ?? null
        kill.limitCgroup = taskIn[2] ?? null
        return []
      }
      const chosen = KILL.exec(message)
      if (chosen !== null) {
        const kill = pending ?? begin(told)
        kill.memcg = chosen[1]?.startsWith('Memory') ?? false
        kill.pid = Number(chosen[2])
        kill.process = chosen[3] ?? null
        return []
      }
      const killed = KILLED.exec(message)
      if (killed === null) return []
      const [, scope, pid, process] = killed
      // The victim may be a child of the chosen process: the same kill. With oom_group each further process has a line of its own.
      const known = pending !== null && !(Math.abs(told.at.ms - pending.at.ms) > SAME_KILL_MS) ? pending : begin(told)
      const kill: Pending = known.said ? { ...known, ...told } : known
      kill.said = true
      kill.pid = Number(pid)
      kill.process = process ?? null
      if (scope !== undefined) {
        const memcg = scope.startsWith('Memory')
        if (kill.memcg !== null && kill.memcg !== memcg) kill.limitCgroup = kill.taskCgroup = null
        kill.memcg = memcg
      }
      return [killOf(kill, told, RSS.exec(message)?.[1] ?? null)]
    },
    end: left,
  }
}

const killOf = (kill: Pending, told: Told, rss: string | null): Kill => {
  const limit = kill.limitCgroup ?? kill.taskCgroup
  const limitUid = kill.memcg === true && limit !== null ? podUidOf(limit) : null
  const podUid = limitUid ?? (kill.taskCgroup === null ? null : podUidOf(kill.taskCgroup))
  const named = nodeOfCgroup(kill.taskCgroup ?? kill.limitCgroup ?? '')
  const attributes: Attributes = {
    ...(kill.process === null ? {} : { process: kill.process }),
    ...(kill.pid === null ? {} : { pid: kill.pid }),
    ...(limit === null ? {} : { cgroup: limit }),
    ...(podUid === null ? {} : { podUid }),
    ...(rss === null ? {} : { rssKb: Number(rss) }),
  }
  const shared = { at: told.at, text: told.text, line: told.line, host: told.host, node: named, podUid, burst: `${kill.process ?? ''} ${kill.pid ?? ''}` }
  // A limit above the pods (/kubepods) is the node's memory for pods: the node ran out, not one pod. Any other limit is a service's own.
  // Where the line that names it is left out it is somebody's limit all the same.
  const ofService = kill.memcg === true && !`${limit ?? ''} ${kill.taskCgroup ?? ''}`.includes('kubepods')
  if (limitUid === null)
    return {
      ...shared,
      kind: 'node.oom-kill',
      attributes: { ...attributes, ...(ofService ? { limit: 'cgroup' } : {}) },
      ...(named === null ? {} : { entity: node(named) }),
    }
  return { ...shared, kind: 'pod.oom-killed', attributes: { ...attributes, limit: 'cgroup' }, entity: `pod/-/uid:${limitUid}` }
}

const POD_UID = /pod([0-9a-f]{8})[-_]([0-9a-f]{4})[-_]([0-9a-f]{4})[-_]([0-9a-f]{4})[-_]([0-9a-f]{12})/u
/** A static pod's uid is a hash. */
const POD_HASH = /pod([0-9a-f]{32})(?:[/.]|$)/u
/** /kubepods/burstable/pod<uid>/… (cgroupfs) and /kubepods.slice/…-pod<uid with _>.slice/… (systemd). */
export const podUidOf = (cgroup: string): string | null => {
  const parts = POD_UID.exec(cgroup)
  return parts === null ? (POD_HASH.exec(cgroup)?.[1] ?? null) : parts.slice(1).join('-')
}

const NODE_SEGMENT = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u
const NO_NODE =
  /\.(?:slice|scope|service|mount)$|^(?:docker|podman|libpod|lxc|machine|system|user|init|kubelet|kubernetes|cri|containerd|k8s|k3s)$|^[0-9a-f]{12,64}$/u
/** Nodes that are containers or namespaces of one machine carry their name before /kubepods: /lxc/worker-2/kubepods/… */
const nodeOfCgroup = (cgroup: string): string | null => {
  const segments = cgroup.split('/', 40)
  const at = segments.findIndex((segment) => segment === 'kubepods' || segment === 'kubepods.slice')
  const payload = segments[at - 1]?.startsWith('lxc.payload.') ?? false
  // One segment alone may be any cgroup root; a node's name stands below one.
  if (at < (payload ? 2 : 3)) return null
  const before = segments[at - 1]?.replace(/^lxc\.payload\./u, '')
  return before === undefined || !NODE_SEGMENT.test(before) || NO_NODE.test(before) ? null : before
}
