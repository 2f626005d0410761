/** What a machine does under load: shares its cores, runs out of memory, locks up, crashes, boots again. */
import { nodeEvent, podEvent } from './events.js'
import { klog, kernel, startPod, stopPod } from './kubelet.js'
import { answers, GIB, MIB, MINUTE, podsOn, SECOND, type Machine, type Pod, type World } from './world.js'

const TICK_S = 5

/** Shares cores and memory among the pods of each machine, every five seconds. */
export const runLoad = (world: World): void => {
  const tick = (): boolean => {
    const now = world.agenda.now
    for (const pod of world.pods) {
      if (pod.ready) pod.lostReadyMs = null
      else if (pod.lostReadyMs === null) pod.lostReadyMs = now
    }
    for (const node of world.nodes) {
      if (!node.up) continue
      const { meters } = node
      const wants = podsOn(world, node).map((pod) => ({
        pod,
        cores:
          answers(world, pod) || (node.starved === true && pod.startedMs !== null)
            ? Math.max(0, pod.workload.cpu(pod, now) * world.random.between(0.94, 1.06))
            : 0.002,
      }))
      const system = 0.12 + 0.02 * wants.length
      const demand = wants.reduce((sum, { cores }) => sum + cores, system)
      const share = Math.min(1, node.cores / demand)
      for (const { pod, cores } of wants) pod.cpuSeconds += cores * share * TICK_S
      const used = demand * share
      meters.system += (system * share + used * 0.08) * TICK_S
      meters.user += (used - system * share - used * 0.08) * TICK_S
      meters.idle += Math.max(0, node.cores - used) * TICK_S
      if (node.stalled && node.starved !== true) thrash(node)
      meters.demand = demand / node.cores
      meters.cpuWaiting += Math.max(0, Math.min(1, 1.2 * (meters.demand - 0.75))) * TICK_S
      // The kernel's load average: a twelfth of the way to the run queue in five seconds.
      meters.load1 += (demand * (meters.demand > 1 ? meters.demand : 1) - meters.load1) / 12
      meters.saturatedSinceMs = meters.demand >= 0.98 ? (meters.saturatedSinceMs ?? now) : null
      if (meters.saturatedSinceMs === now) world.record.note('saturated', node.name, now)
      let free = node.memoryBytes - 0.9 * GIB
      for (const pod of podsOn(world, node)) {
        pod.memoryBytes = pod.startedMs === null ? 0 : Math.round(pod.workload.memory(pod, now) * world.random.between(0.985, 1.015))
        free -= pod.memoryBytes
      }
      meters.memoryAvailable = Math.max(40 * MIB, Math.round(free / 4096) * 4096)
    }
    return true
  }
  world.agenda.every(TICK_S * SECOND, tick, world.random.between(0, TICK_S) * SECOND)
}

/** Out of memory: the kernel looks for pages, the rest waits for the disk, the run queue fills with the blocked. */
const thrash = ({ meters, cores }: Machine): void => {
  const busy = cores * TICK_S * 0.9
  meters.idle -= busy
  meters.system += busy * 0.45
  meters.iowait += busy * 0.55
  meters.load1 += (cores * 9 - meters.load1) / 12
}

/** While memory is out, user space stands still; the kernel takes its time before it kills, and then all goes on for a moment. */
export const starve = (world: World, node: Machine, kill: () => void): void => {
  world.agenda.every(2 * SECOND, () => {
    if (!node.up || node.stalled || node.meters.memoryAvailable > 110 * MIB) return true
    node.stalled = true
    world.record.note('exhausted', node.name, world.agenda.now)
    world.agenda.after(world.random.between(65, 150) * SECOND, () => {
      kill()
      world.agenda.after(world.random.between(1, 4) * SECOND, () => {
        node.stalled = false
      })
    })
    return true
  })
}

const CALLS = [
  ' <IRQ>',
  ' watchdog_timer_fn+0x1a4/0x210',
  ' __hrtimer_run_queues+0x10f/0x2b0',
  ' hrtimer_interrupt+0xf4/0x210',
  ' __sysvec_apic_timer_interrupt+0x5e/0x110',
  ' sysvec_apic_timer_interrupt+0x6d/0x90',
  ' </IRQ>',
] as const

/** kernel/watchdog.c: a CPU that did not schedule for twice watchdog_thresh (10 s) is reported every 20-odd seconds. */
export const softLockup = (world: World, node: Machine, process: string, cpu: number, stuckS: number): void => {
  const pid = world.random.int(4000, 90_000)
  kernel(world, node, `watchdog: BUG: soft lockup - CPU#${cpu} stuck for ${stuckS}s! [${process}:${pid}]`)
  kernel(world, node, 'Modules linked in: xt_comment xt_conntrack nf_conntrack veth overlay br_netfilter bridge stp llc virtio_net')
  kernel(world, node, `CPU: ${cpu} PID: ${pid} Comm: ${process} Not tainted ${world.kernelVersion} #1`)
  kernel(world, node, 'Call Trace:')
  for (const call of CALLS) kernel(world, node, call)
  world.record.note('lockup', node.name, world.agenda.now)
}

/** The machine stops between two lines: a panic's own words reach no disk. */
export const crash = (world: World, node: Machine): void => {
  node.up = false
  world.record.note('crash', node.name, world.agenda.now)
  for (const pod of podsOn(world, node)) {
    pod.startedMs = null
    // Nobody tells the API: Ready stays as it was until the control plane misses the heartbeats.
    pod.probeFailures = 0
  }
}

const BOOT_LINES = [
  'BIOS-provided physical RAM map:',
  'DMI: QEMU Standard PC (i440FX + PIIX, 1996), BIOS rel-1.16.3-0-ga6ed6b701f0a-prebuilt.qemu.org 04/01/2014',
  'Hypervisor detected: KVM',
  'tsc: Detected 2250.000 MHz processor',
  'EXT4-fs (vda1): recovery complete',
  'EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.',
] as const

/** A machine that the cluster does not know yet registers; one that it knows tells that it was rebooted. */
export const boot = (world: World, node: Machine, known = true): void => {
  const { random, record } = world
  node.up = true
  node.stalled = false
  node.starved = false
  node.bootId = random.uuid()
  node.bootedMs = world.agenda.now
  node.kubeletPid = random.int(900, 1400)
  Object.assign(node.meters, { user: 9, system: 6, idle: 4, iowait: 3, load1: 0.4, cpuWaiting: 0.5, demand: 0.1, saturatedSinceMs: null, oomKills: 0 })
  record.note('boot', node.name, world.agenda.now)
  record.node(node, 'boot', 0, world.agenda.now, node.bootId.replaceAll('-', ''))
  kernel(
    world,
    node,
    `Linux version ${world.kernelVersion} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC`,
  )
  kernel(world, node, `Command line: BOOT_IMAGE=/boot/vmlinuz-${world.kernelVersion} root=UUID=${random.uuid()} ro console=ttyS0,115200`, 1)
  BOOT_LINES.forEach((line, i) => kernel(world, node, line, 2 + i * 300))
  record.node(node, 'systemd', 1, world.agenda.now + 7000, 'Started kubelet.service - kubelet: The Kubernetes Node Agent.')
  world.agenda.after(8 * SECOND, () => startKubelet(world, node, known))
}

const startKubelet = (world: World, node: Machine, known: boolean): void => {
  klog(world, node, 'I', 'server.go:530', `"Kubelet version" kubeletVersion="${world.kubernetesVersion}"`)
  klog(world, node, 'I', 'kubelet.go:2500', '"Starting kubelet main sync loop"', 900)
  klog(
    world,
    node,
    'E',
    'kubelet.go:2524',
    '"Skipping pod synchronization" err="[container runtime status check may not have completed yet, PLEG is not healthy: pleg has yet to be successful]"',
    901,
  )
  klog(world, node, 'I', 'kubelet_node_status.go:75', `"Attempting to register node" node="${node.name}"`, 1400)
  if (known) klog(world, node, 'I', 'kubelet_node_status.go:118', `"Node was previously registered" node="${node.name}"`, 1600)
  klog(world, node, 'I', 'kubelet_node_status.go:78', `"Successfully registered node" node="${node.name}"`, 1620)
  const say = (type: 'Normal' | 'Warning', reason: string, message: string, ms: number): void => nodeEvent(world, node, type, reason, message, ms)
  say('Normal', 'Starting', 'Starting kubelet.', 800)
  for (const reason of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID'])
    say('Normal', reason, `Node ${node.name} status is now: ${reason}`, 1400)
  if (known) say('Warning', 'Rebooted', `Node ${node.name} has been rebooted, boot id: ${node.bootId}`, 1500)
  say('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods', 1700)
  world.agenda.after(11 * SECOND, () => {
    node.leaseMs = world.agenda.now
    for (const pod of podsOn(world, node)) {
      if (pod.deletedMs !== null) stopPod(world, pod)
      else restartPod(world, pod)
    }
  })
}

/** After a boot a pod that is still bound here gets a new sandbox. */
const restartPod = (world: World, pod: Pod): void => {
  pod.restarts++
  pod.ready = false
  podEvent(world, pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.', false, 300)
  startPod(world, pod)
}

/** mm/oom_kill.c: the machine itself is out of memory; the largest process by score goes. */
export const globalOom = (world: World, node: Machine, victim: Pod, process: string, asker: string): void => {
  const { random } = world
  const pid = random.int(20_000, 400_000)
  const rssKb = Math.round(random.between(0.75, 0.95) * (victim.memoryBytes / 1024))
  const slice = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${victim.uid.replaceAll('-', '_')}.slice`
  kernel(world, node, `${asker} invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=-997`)
  kernel(world, node, `Mem-Info:`, 2)
  kernel(
    world,
    node,
    `active_anon:${random.int(2000, 9000)} inactive_anon:${Math.round(node.memoryBytes / 4096) - random.int(90_000, 140_000)} isolated_anon:0`,
    2.2,
  )
  kernel(world, node, 'Tasks state (memory values in pages):', 6)
  kernel(
    world,
    node,
    `oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=${slice}/cri-containerd-${victim.containerId}.scope,task=${process},pid=${pid},uid=1000`,
    40,
  )
  kernel(
    world,
    node,
    `Out of memory: Killed process ${pid} (${process}) total-vm:${rssKb + random.int(300_000, 900_000)}kB, anon-rss:${rssKb}kB, file-rss:${random.int(0, 900)}kB, shmem-rss:0kB, UID:1000 pgtables:${Math.round(rssKb / 480)}kB oom_score_adj:987`,
    41,
  )
  kernel(world, node, `oom_reaper: reaped process ${pid} (${process}), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB`, 260)
  node.meters.oomKills++
  world.record.note('oom', node.name, world.agenda.now)
  nodeEvent(world, node, 'Warning', 'SystemOOM', `System OOM encountered, victim process: ${process}, pid: ${pid}`, 2 * SECOND)
}

/** Crash after the soft lockups that a long saturation brings on this kernel. */
export const panicUnderLoad = (world: World, node: Machine, process: string, saturatedForMs: number, downForMs: number): void => {
  let pending = false
  world.agenda.every(
    SECOND * 5,
    () => {
      const since = node.meters.saturatedSinceMs
      if (pending || !node.up || since === null || world.agenda.now - since < saturatedForMs) return true
      pending = true
      softLockup(world, node, process, world.random.int(0, node.cores - 1), 22)
      world.agenda.after(28 * SECOND, () => softLockup(world, node, process, world.random.int(0, node.cores - 1), 48))
      world.agenda.after(world.random.between(41, 55) * SECOND, () => {
        crash(world, node)
        world.agenda.after(downForMs * world.random.between(0.85, 1.15), () => {
          boot(world, node)
          pending = false
        })
      })
      return true
    },
    MINUTE / 12,
  )
}
