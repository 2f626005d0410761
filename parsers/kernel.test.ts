import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { podUidOf } from './kernel-oom.js'
import { kernel } from './kernel.js'

const said = (extract: InputExtract): readonly string[] => extract.signals.map(({ kind, phase, entity }) => `${kind} ${phase} ${entity}`)
const at = (seconds: string, message: string): string => `2026-11-21T08:24:${seconds}+00:00 ${message}`
const UID = '12efc148-f00a-46e1-86fd-cd5cf2d735cb'
const UNDERSCORED = UID.replaceAll('-', '_')

const oomKill = (limit: string, task: string, constraint = 'CONSTRAINT_MEMCG'): string =>
  [
    at('05,352687', 'celery invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=975'),
    at(
      '05,353173',
      `oom-kill:constraint=${constraint},nodemask=(null),cpuset=59cc,mems_allowed=0${constraint === 'CONSTRAINT_MEMCG' ? `,oom_memcg=${limit}` : ',global_oom'},task_memcg=${task},task=celery,pid=1234,uid=0`,
    ),
    at(
      '05,353189',
      `${constraint === 'CONSTRAINT_MEMCG' ? 'Memory cgroup out' : 'Out'} of memory: Killed process 1234 (celery) total-vm:100100kB, anon-rss:97392kB, file-rss:1268kB, shmem-rss:0kB, UID:0 pgtables:336kB oom_score_adj:975`,
    ),
    at('05,360000', 'oom_reaper: reaped process 1234 (celery), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB'),
  ].join('\n')

test("the example, alone: a process that the kernel killed for somebody's limit, of which no more is known", async () => {
  const extract = await read(`${kernel.example}\n`)
  assert.equal(extract.format, 'kernel')
  assert.deepEqual(
    extract.signals.map(({ kind, attributes }) => [kind, attributes]),
    [['node.oom-kill', { process: 'worker', pid: 16439, rssKb: 97392, limit: 'cgroup' }]],
  )
})

test('a full table of connections is said of the node; other words about conntrack are not', async () => {
  const full = await read(`${at('05,100000', 'nf_conntrack: nf_conntrack: table full, dropping packet')}\n`)
  assert.deepEqual(
    full.signals.map(({ kind, entity, attributes }) => [kind, entity, attributes['metric']]),
    [['metric.anomalous', 'node/?', 'nf_conntrack']],
  )
  assert.deepEqual(said(await read(`${at('05,100000', 'nf_conntrack: default automatic helper assignment has been turned off, table fully loaded')}\n`)), [])
})

test('one kill is one signal: of the pod whose limit it was, in both spellings of its cgroup', async () => {
  for (const cgroup of [`/kubepods/burstable/pod${UID}`, `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UNDERSCORED}.slice`]) {
    const extract = await read(oomKill(cgroup, `${cgroup}/59cc`))
    assert.deepEqual(said(extract), [`pod.oom-killed point pod/-/uid:${UID}`])
    assert.deepEqual(extract.signals[0]?.attributes, { process: 'celery', pid: 1234, cgroup, podUid: UID, rssKb: 97392, limit: 'cgroup' })
  }
})

test("a limit above the pods, and no limit at all, are the node's own memory; the path may name the node", async () => {
  const task = `/lab/node-b/kubepods/burstable/pod${UID}/59cc`
  assert.deepEqual(said(await read(oomKill('/lab/node-b/kubepods', task))), ['node.oom-kill point node/node-b'])
  assert.deepEqual(said(await read(oomKill('/kubepods', `/kubepods/burstable/pod${UID}/59cc`))), ['node.oom-kill point node/?'])
  const global = await read(oomKill('', `/kubepods/burstable/pod${UID}/59cc`, 'CONSTRAINT_NONE'))
  assert.deepEqual(said(global), ['node.oom-kill point node/?'])
  assert.equal(global.signals[0]?.attributes['podUid'], UID)
  assert.equal(global.signals[0]?.attributes['limit'], undefined)
})

test("a service's own limit is not the node's memory", async () => {
  const lines = [
    '2026-11-22T11:25:01,809639+00:00 oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/postgresql.service,task_memcg=/system.slice/postgresql.service,task=postgres,pid=21862,uid=101',
    '2026-11-22T11:25:01,809661+00:00 Memory cgroup out of memory: Killed process 21862 (postgres) total-vm:409936kB, anon-rss:264212kB, file-rss:11796kB, shmem-rss:3688kB, UID:101 pgtables:680kB oom_score_adj:0',
  ]
  const { signals } = await read(lines.join('\n'))
  assert.deepEqual([signals[0]?.kind, signals[0]?.attributes['limit']], ['node.oom-kill', 'cgroup'])
})

test('kernels before 5.0 tell a kill in other words', async () => {
  const memcg = [
    at('05,352687', 'celery invoked oom-killer: gfp_mask=0x50, order=0, oom_score_adj=975'),
    at('05,352700', `Task in /kubepods/burstable/pod${UID}/59cc killed as a result of limit of /kubepods/burstable/pod${UID}`),
    at('05,352800', 'Memory cgroup out of memory: Kill process 1234 (celery) score 900 or sacrifice child'),
    at('05,352900', 'Killed process 1234 (celery) total-vm:100100kB, anon-rss:97392kB, file-rss:0kB'),
  ]
  assert.deepEqual(said(await read(memcg.join('\n'))), [`pod.oom-killed point pod/-/uid:${UID}`])
  const global = [
    at('07,100000', 'Out of memory: Kill process 77 (java) score 400 or sacrifice child'),
    at('07,200000', 'Killed process 77 (java) total-vm:1kB, anon-rss:1kB, file-rss:0kB'),
  ]
  assert.deepEqual(said(await read([...memcg, ...global].join('\n'))), [`pod.oom-killed point pod/-/uid:${UID}`, 'node.oom-kill point node/?'])
})

test('a pod is found in its cgroup, a container id is no pod', () => {
  assert.equal(podUidOf(`/kubepods.slice/kubepods-pod${UNDERSCORED}.slice/cri-containerd-59cc41e250586dcef0cb92ecfa97de4e.scope`), UID)
  assert.equal(podUidOf('/kubepods/burstable/pod59cc41e250586dcef0cb92ecfa97de4e/a'), '59cc41e250586dcef0cb92ecfa97de4e')
  assert.equal(podUidOf('/system.slice/podman-59cc41e250586dcef0cb92ecfa97de4e02e830b02bc177f7b.scope'), null)
})

const MEANINGS: readonly (readonly [string, string])[] = [
  ['Kernel panic - not syncing: Fatal exception in interrupt', 'node.kernel-panic point node/?'],
  ['watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:123]', 'node.kernel-hang point node/?'],
  ['INFO: task jbd2/sda1-8:255 blocked for more than 120 seconds.', 'node.kernel-hang point node/?'],
  ['rcu: INFO: rcu_sched self-detected stall on CPU', 'node.kernel-hang point node/?'],
  ['rcu: INFO: rcu_sched detected stalls on CPUs/tasks:', 'node.kernel-hang point node/?'],
  ['Linux version 6.8.0-45-generic (buildd@x) #45-Ubuntu SMP', 'node.rebooted point node/?'],
  ['e1000e 0000:00:1f.6 eno1: NIC Link is Down', 'node.network-lost begin node/?'],
  ['igb 0000:56:00.0 eth0: igb: eth0 NIC Link is Down', 'node.network-lost begin node/?'],
  ['mlx5_core 0000:03:00.0 enp3s0f0: Link up', 'node.network-lost end node/?'],
  ['IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready', ''],
  ['cni0: port 1(veth77953d76) entered disabled state', ''],
  ['veth1a2b: Link is Down', ''],
  ['bond0: (slave eth0): link status definitely down, disabling slave', ''],
  ['bond0: now running without any active interface!', 'node.network-lost begin node/?'],
  ['EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0', 'log.error point process/-/kernel'],
  ['systemd[1]: Started Kill Switch link error panic', ''],
]

test('each message says what it means, and its look-alike nothing', async () => {
  for (const [message, meaning] of MEANINGS) {
    assert.equal(said(await read(`${at('05,352687', message)}\n${at('05,352688', 'usb 1-1: new device')}\n`)).join(' + '), meaning, message)
  }
})

test('a lockup began before it was noticed', async () => {
  const extract = await read(`${at('30,000000', 'watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [x:1]')}\n${at('31,000000', 'usb 1-1: y')}`)
  assert.equal(new Date(extract.signals[0]?.at.ms ?? NaN).toISOString(), '2026-11-21T08:24:08.000Z')
})

test('dmesg -T is local time; seconds since boot alone cannot be placed, and that is said', async () => {
  const human = await read('[Sat Nov 21 08:18:01 2026] Kernel panic - not syncing: x\n')
  assert.deepEqual(human.signals[0]?.at, { ms: Date.UTC(2026, 10, 21, 8, 18, 1), basis: 'local' })
  const boot = await read('[12345.678901] usb 1-1: new device\n[12346.678901] Kernel panic - not syncing: x\n')
  assert.deepEqual([boot.format, boot.records, boot.skipped, boot.signals.length], ['kernel', 2, 0, 0])
  assert.deepEqual(
    boot.facts.map(({ fact }) => fact),
    ['missing'],
  )
})

test('however the bytes are cut, the extract is the same', async () => {
  const sample = [oomKill('/kubepods', `/kubepods/burstable/pod${UID}/59cc`), ...MEANINGS.map(([message]) => at('09,000001', message))].join('\n')
  const whole = await read(sample)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(sample, { chunkBytes }), whole)
})

test('hostile lines neither throw nor take long', async () => {
  const hostile = [
    'oom-kill:constraint=' + ',task='.repeat(100_000),
    'Killed process ' + '1'.repeat(300_000),
    'eth: link '.repeat(50_000),
    'INFO: task ' + ':1'.repeat(100_000),
  ]
  const before = performance.now()
  await read(hostile.map((message) => at('05,352687', message)).join('\n'))
  assert.ok(performance.now() - before < 3_000)
})

const RECORDING = new URL('../../shared/recordings/k8s-oom-two/dump/logs/kernel-dmesg.log', import.meta.url)
test(
  'one kernel under several nodes: six kills at a limit, one for lack of memory',
  { skip: existsSync(RECORDING) ? false : 'shared/ is absent' },
  async () => {
    const kinds = said(await read(readFileSync(RECORDING)))
    assert.equal(kinds.filter((kind) => kind.startsWith('pod.oom-killed')).length, 6)
    assert.deepEqual(
      kinds.filter((kind) => kind.startsWith('node.')),
      ['node.oom-kill point node/worker-2'],
    )
  },
)
