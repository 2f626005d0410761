/** What detectors find about pods and workloads, each beside its near miss. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { condition, counting, findings, HOUR, input, MINUTE, series, signal, T0, timelineOf, type InputParts } from '../../../test/timeline-builder.js'
import type { Entity } from '../../model/entity.js'
import type { Fact, Series, Signal } from '../../model/extract.js'
import { findWrong } from '../find.js'

const none = (kind: Parameters<typeof findings>[0], parts: InputParts): void =>
  assert.deepEqual(
    findings(kind, parts).map(({ entity, start }) => `${entity} ${start}`),
    [],
  )
const near = (actual: number | undefined, expected: number, tolerance: number): void =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${String(actual)} is not within ${tolerance} s of ${expected}`)

const MIB = 2 ** 20
const day: readonly Signal[] = [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', HOUR)]
const WEB: Entity = 'workload/shop/web'
const web = (suffix: string): Entity => `pod/shop/web-7d9c5b8f6d-${suffix}`
const [one, two, three] = [web('aaaaa'.replaceAll('a', 'b')), web('ccccc'), web('ddddd')]

const on = (pod: Entity, name: string): Fact => ({ fact: 'pod-on-node', pod, node: `node/${name}`, at: null })
const wanted = (count: number, workload: Entity = WEB): Fact => ({ fact: 'replicas', workload, at: null, wanted: count, ready: null })
const limited = (pod: Entity, memoryLimitBytes: number | null): Fact => ({
  fact: 'pod-resources',
  pod,
  container: 'app',
  memoryLimitBytes,
  cpuLimitCores: null,
})
const scheduled = (pod: Entity, second: number, name: string): Signal => signal('pod.scheduled', pod, second, { node: name })
const labelsOf = (pod: Entity): Readonly<Record<string, string>> => ({ namespace: 'shop', pod: pod.split('/')[2] ?? '', container: 'app' })

const memory = (pod: Entity, bytes: (second: number) => number | null, labels = labelsOf(pod)): Series =>
  series('container_memory_working_set_bytes', labels, bytes)
const leak = (second: number): number => (100 + Math.max(0, second - 1200) * 0.5) * MIB

test('a container that grows to many times its usual level grows from where it left that level', () => {
  const [first, ...rest] = findings('pod.memory-growing', { series: [memory(one, leak)] })
  assert.deepEqual([first?.entity, first?.end, rest.length], [one, null, 0])
  near(first?.start, 1200, 400)
})

test('a container that grew stops with its pod, however long its last value is shown', () => {
  const ends = (...signals: readonly Signal[]): readonly (number | null)[] =>
    findings('pod.memory-growing', { series: [memory(one, leak)], signals }).map(({ end }) => end)
  assert.deepEqual(ends(signal('pod.evicted', one, 3000)), [3000])
  assert.deepEqual(ends(signal('pod.deleted', one, 600)), [null]) // an earlier pod of that name
})

test('a container that grows to its limit is surer, and does not have to grow by much', () => {
  const small = (second: number): number => (60 + Math.max(0, Math.min(second, 2400) - 1200) * 0.05) * MIB
  const [first] = findings('pod.memory-growing', { facts: [limited(one, 128 * MIB)], series: [memory(one, small)] })
  assert.ok((first?.confidence ?? 0) > 0.9)
  none('pod.memory-growing', { series: [memory(one, small)] })
})

test('a container that has just started warms up; one that goes up and down is no leak', () => {
  const other = memory(two, () => 100 * MIB)
  none('pod.memory-growing', { series: [other, memory(one, (second) => (second < 1200 ? null : Math.min(300, 5 + (second - 1200) * 2) * MIB))] })
  none('pod.memory-growing', { series: [memory(one, (second) => (200 + 60 * Math.sin(second / 300)) * MIB)] })
})

test('a container that nobody has read yet shows 0 B and did not grow from there', () => {
  none('pod.memory-growing', { series: [memory(one, (second) => (second < 30 ? 0 : 400 * MIB))] })
})

test("a pod's own cgroup beside its containers' is not counted twice", () => {
  const total = { ...labelsOf(one), container: '', id: '/kubepods' }
  const [first] = findings('pod.memory-growing', { series: [memory(one, leak), memory(one, leak, total)] })
  assert.equal(first?.found.attributes['bytes'], leak(HOUR))
})

test('what cAdvisor measures of one container in several ways is not added up, and its limit is one that it grew to', () => {
  const labels = { id: '/postgres-main', name: 'postgres-main', node: 'db-node-1' }
  const grown = (second: number): number => (60 + Math.max(0, Math.min(second, 2400) - 1200) * 0.05) * MIB
  const measures = ['container_memory_usage_bytes', 'container_memory_rss', 'container_memory_working_set_bytes'].map((name, index) =>
    series(name, labels, (second) => grown(second) + (index === 0 ? 2 * MIB : 0)),
  )
  none('pod.memory-growing', { series: measures })
  const [first] = findings('pod.memory-growing', { series: [...measures, series('container_spec_memory_limit_bytes', labels, () => 128 * MIB)] })
  assert.deepEqual([first?.entity, first?.found.attributes['bytes'], first?.found.attributes['cgroup']], ['pod/-/postgres-main', 120 * MIB, '/postgres-main'])
  none('pod.memory-growing', { series: [...measures, series('container_spec_memory_limit_bytes', labels, () => 2 ** 63)] })
})

test('a log that reaches back further than what was measured makes no container new', () => {
  const grows = (second: number): number | null => (second < 600 ? null : (80 + Math.max(0, Math.min(second, 1500) - 1200)) * MIB)
  const log = { signals: [signal('log.warning', 'process/-/db', 0)] }
  const busy = (from: number): Series => series('node_load1', { node: 'a' }, (second) => (second < from ? null : 1))
  assert.equal(findings('pod.memory-growing', { ...log, series: [busy(600), memory(one, grows)] }).length, 1)
  none('pod.memory-growing', { ...log, series: [busy(0), memory(one, grows)] })
})

/** Node a of four cores, full between 1800 and 2400. */
const fullNode: readonly Series[] = [
  series(
    'node_cpu_seconds_total',
    { node: 'a', cpu: '0', mode: 'idle' },
    counting((second) => (second > 1800 && second <= 2400 ? 0.01 : 0.6)),
  ),
]
const fourCores: Fact = { fact: 'node', node: 'node/a', at: null, cores: 4 }
const cpu = (pod: Entity, used: (second: number) => number): Series => series('container_cpu_usage_seconds_total', labelsOf(pod), counting(used))

test('of the pods on a saturated node the one that took its cores is hungry', () => {
  const [first, ...rest] = findings('pod.cpu-hungry', {
    facts: [fourCores, on(one, 'a'), on(two, 'a'), on(three, 'b')],
    series: [
      ...fullNode,
      cpu(one, (second) => (second > 1785 && second <= 2400 ? 3 : 0.2)),
      cpu(two, () => 0.5),
      cpu(three, (second) => (second > 1785 ? 3 : 0.2)),
    ],
  })
  assert.deepEqual([first?.entity, rest.length], [one, 0])
  near(first?.start, 1800, 30)
})

test('a pod that is born hungry is hungry from its first sample on, however it wavers', () => {
  const wavering = (second: number): number | null => (second >= 1785 && second < 2400 ? 3 + 0.4 * Math.sin(second / 50) : null)
  const born = series('pod_cpu_cores', { namespace: 'shop', pod: 'export-all', node: 'a' }, wavering)
  const [first, ...rest] = findings('pod.cpu-hungry', { facts: [fourCores], series: [...fullNode, born] })
  assert.deepEqual([first?.entity, first?.start, rest.length], ['pod/shop/export-all', 1785, 0])
  assert.match(first?.found.summary ?? '', /from its first sample on/)
  // One that came when the node had been full for minutes did not fill it.
  const late = series('pod_cpu_cores', { namespace: 'shop', pod: 'export-all', node: 'a' }, (second) => (second < 1980 ? null : wavering(second)))
  none('pod.cpu-hungry', { facts: [fourCores], series: [...fullNode, late] })
})

test('a pod that always takes as much did not saturate its node now', () =>
  none('pod.cpu-hungry', { facts: [fourCores, on(one, 'a')], series: [...fullNode, cpu(one, () => 1.4)] }))

test('a pod is hungry only while its node is saturated', () =>
  none('pod.cpu-hungry', { facts: [fourCores, on(one, 'a')], series: [cpu(one, (second) => (second > 1800 ? 3 : 0.2))] }))

test('a container that is throttled for minutes, far beyond its usual, ran into its CPU limit', () => {
  const throttled = (rate: (second: number) => number): InputParts => ({
    series: [series('container_cpu_cfs_throttled_seconds_total', labelsOf(one), counting(rate))],
  })
  const [first] = findings(
    'pod.cpu-throttled',
    throttled((second) => (second > 1800 && second <= 2100 ? 2 : 0.01)),
  )
  assert.equal(first?.entity, one)
  near(first.start, 1815, 15)
  none(
    'pod.cpu-throttled',
    throttled((second) => (second === 1815 ? 2 : 0.01)),
  )
  none(
    'pod.cpu-throttled',
    throttled(() => 2),
  )
})

test('dashboards ask for the share of periods in which a container was throttled, of containers outside Kubernetes, too', () => {
  const shares = (value: (second: number) => number, by = ''): InputParts => ({
    series: [
      series(
        `${by}rate(container_cpu_cfs_throttled_periods_total[1m]) / rate(container_cpu_cfs_periods_total[1m])`,
        { id: '/system.slice/postgres', name: 'postgres', node: 'db-node-1' },
        value,
      ),
    ],
  })
  const [first] = findings(
    'pod.cpu-throttled',
    shares((second) => (second >= 1800 && second <= 2100 ? 1 : 0.01)),
  )
  assert.deepEqual([first?.entity, first?.start], ['pod/-/postgres', 1800])
  assert.match(first?.found.summary ?? '', /throttled in 100 % of its periods/u)
  const [percent] = findings(
    'pod.cpu-throttled',
    shares((second) => (second >= 1800 && second <= 2100 ? 90 : 1), '100 * '),
  )
  assert.match(percent?.found.summary ?? '', /throttled in 90 % of its periods/u)
  none(
    'pod.cpu-throttled',
    shares(() => 0.8),
  )
})

test('a container that came while the data were taken and is throttled since has no usual that excuses it', () => {
  const later = (second: number): number | null => (second < 1800 ? null : (second - 1800) * 0.8)
  const watched = series('up', { job: 'node', instance: 'a:9100' }, () => 1)
  const [first] = findings('pod.cpu-throttled', { series: [watched, series('container_cpu_cfs_throttled_seconds_total', labelsOf(one), later)] })
  near(first?.start, 1800, 60)
})

const bound: readonly Fact[] = [on(one, 'a'), on(two, 'a'), on(three, 'b'), wanted(3)]

test("an evicted pod's replacement on another node is its rescheduling", () => {
  const [first, ...rest] = findings('pod.rescheduled', {
    facts: [on(one, 'a')],
    signals: [signal('pod.evicted', one, 300, { reason: 'taint' }), scheduled(two, 302, 'b')],
  })
  assert.deepEqual([first?.entity, first?.start, first?.found.attributes['from'], first?.found.attributes['to'], rest.length], [two, 302, 'a', 'b', 0])
})

test('a pod whose predecessor could not pull its image either does not lack it for having been moved', () => {
  const moved = (...signals: readonly Signal[]): unknown =>
    findings('pod.rescheduled', { facts: bound, signals: [...signals, signal('pod.evicted', one, 300), scheduled(web('fffff'), 302, 'b')] }).map(
      ({ found }) => found.attributes['ran'],
    )
  assert.deepEqual([moved(), moved(signal('pod.image-pull-failed', one, 200))], [[undefined], ['no']])
})

test('a pod that comes back to its own node, one of another workload, and one much later are no replacement', () => {
  const evicted = signal('pod.evicted', one, 300)
  none('pod.rescheduled', { facts: [on(one, 'a')], signals: [evicted, scheduled(two, 302, 'a')] })
  none('pod.rescheduled', { facts: [on(one, 'a')], signals: [evicted, scheduled('pod/shop/cart-5c5f8d9b7c-zzzzz', 302, 'b')] })
  none('pod.rescheduled', { facts: [on(one, 'a')], signals: [evicted, scheduled(two, 300 + 20 * MINUTE, 'b')] })
  none('pod.rescheduled', { facts: [on(one, 'a')], signals: [scheduled(two, 302, 'b')] })
  // Nor is one replaced elsewhere that has its successor on its own node, or that its own ReplicaSet took away.
  none('pod.rescheduled', { facts: [on(one, 'a')], signals: [evicted, scheduled(two, 301, 'a'), scheduled(three, 400, 'b')] })
  none('pod.rescheduled', { facts: [on(one, 'a')], signals: [signal('pod.deleted', one, 300, { by: 'owner' }), scheduled(two, 302, 'b')] })
  // A pod is replaced once: the next one is more of its workload.
  assert.deepEqual(
    findings('pod.rescheduled', { facts: [on(one, 'a')], signals: [evicted, scheduled(two, 302, 'b'), scheduled(three, 400, 'b')] }).map(
      ({ entity }) => entity,
    ),
    [two],
  )
})

test('a pod that stays bound to a NotReady node and is not replaced is stuck from then on', () => {
  const [first] = findings('pod.stuck', {
    facts: bound,
    signals: [condition('node.not-ready', 'node/a', 300, 1200), condition('pod.unready', one, 301, 1200, { reason: 'node' })],
  })
  assert.deepEqual([first?.entity, first?.start, first?.end], [one, 300, 1200])
})

test('a pod of a node that was gone for a moment, or that was evicted from it, is not stuck', () => {
  none('pod.stuck', { facts: bound, signals: [condition('node.not-ready', 'node/a', 300, 330), condition('pod.unready', one, 301, 330, { reason: 'node' })] })
  none('pod.stuck', {
    facts: bound,
    signals: [condition('node.not-ready', 'node/a', 300, 1200), condition('pod.unready', one, 301, 600, { reason: 'node' }), signal('pod.evicted', one, 600)],
  })
  // A node that comes back in between calls the eviction off.
  const blinks = [300, 340, 380].flatMap((from) => [
    signal('node.not-ready', 'node/a', from, {}, { phase: 'begin' }),
    signal('node.not-ready', 'node/a', from + 15, {}, { phase: 'end' }),
  ])
  none('pod.stuck', { facts: bound, signals: [...blinks, condition('pod.unready', one, 301, 395, { reason: 'node' })] })
})

test('a pod unready because of its node is ready with it again, where nothing says otherwise', () => {
  const [first] = findings('pod.unready', {
    facts: bound,
    signals: [condition('node.not-ready', 'node/a', 300, 1200), condition('pod.unready', one, 301, null, { reason: 'node-not-ready' })],
  })
  assert.deepEqual([first?.start, first?.end], [301, 1200])
})

test('a workload is degraded while some of its pods do not serve and unavailable while none does', () => {
  const signals = [condition('pod.unready', one, 300, 900), condition('pod.unready', two, 400, 900), condition('pod.unready', three, 500, 700)]
  assert.deepEqual(
    findings('workload.degraded', { facts: bound, signals }).map(({ entity, start, end }) => [entity, start, end]),
    [[WEB, 300, 900]],
  )
  assert.deepEqual(
    findings('workload.unavailable', { facts: bound, signals }).map(({ entity, start, end }) => [entity, start, end]),
    [[WEB, 500, 700]],
  )
})

test('a workload that was scaled to nothing is not missed any more', () => {
  const scaled = signal('change.scaled', WEB, 700, { replicaSet: 'web-7d9c5b8f6d', from: 1, to: 0 })
  const [gone] = findings('workload.unavailable', {
    facts: [on(one, 'a')],
    signals: [scaled, signal('pod.unready', one, 300, { reason: 'node-not-ready' }, { phase: 'begin' })],
  })
  assert.deepEqual([gone?.start, gone?.end], [300, 700])
})

test('where nobody lists the pods, one that fails is not known to be the only one: its workload is short of it, not gone', () => {
  const signals = [condition('pod.unready', one, 300, 900)]
  none('workload.unavailable', { signals })
  const [short] = findings('workload.degraded', { signals })
  assert.match(short?.found.summary ?? '', /up to 1 of its pods did not serve, and nothing tells how many it has/u)
  assert.deepEqual(
    findings('workload.unavailable', { format: 'kubernetes-objects', signals }).map(({ start, end }) => [start, end]),
    [[300, 900]],
  )
})

test('a pod that was unready for a few seconds leaves its workload whole; one of three is not all', () => {
  none('workload.degraded', { facts: bound, signals: [condition('pod.unready', one, 300, 306)] })
  none('workload.unavailable', { facts: bound, signals: [condition('pod.unready', one, 300, 900), condition('pod.unready', two, 300, 900)] })
})

test('a pod that its kubelet just heard of is starting, unless the kubelet is starting itself', () => {
  const signals = [signal('pod.started', one, 299), signal('container.started', one, 300), condition('pod.unready', one, 301, 330)]
  none('workload.degraded', { facts: bound, signals })
  const [short] = findings('workload.degraded', { facts: bound, signals: [signal('kubelet.started', 'node/a', 290), ...signals] })
  assert.deepEqual([short?.start, short?.end], [301, 330])
  // It ran before.
  assert.equal(findings('workload.degraded', { facts: bound, signals: [signal('container.exited', one, 100), ...signals] }).length, 1)
})

test('a pod that is unready, crash-looping and evicted at once is one pod', () => {
  none('workload.unavailable', {
    facts: [...bound.slice(0, 2), wanted(2)],
    signals: [
      condition('pod.unready', one, 300, 900),
      signal('pod.crash-looping', one, 400, {}, { count: 5, until: 800 }),
      signal('pod.volume-mount-failed', one, 350, {}, { count: 5, until: 800 }),
    ],
  })
})

test('a crash loop is over when its pod is ready again or gone, and open where the data end before the next back-off would be said', () => {
  const ends = (...more: readonly Signal[]): readonly (number | null | undefined)[] =>
    findings('pod.crash-looping', { facts: bound, signals: [signal('pod.crash-looping', one, 300, {}, { count: 3, until: 400 }), ...more] }).map(
      ({ end }) => end,
    )
  assert.deepEqual(ends(signal('pod.unready', one, 330, {}, { phase: 'end' }), signal('pod.unready', one, 450, {}, { phase: 'end' })), [450])
  assert.deepEqual(ends(signal('pod.deleted', one, 470)), [470])
  assert.deepEqual(ends(signal('pod.unready', two, 600)), [null])
  assert.deepEqual(ends(signal('pod.unready', two, 2000)), [400])
})

test('a new pod that is taken away after a minute without ever being ready was not starting; one that is taken away sooner was', () => {
  const rollout = (gone: number): InputParts => ({
    facts: [on(two, 'a'), on(three, 'b'), wanted(3)],
    signals: [
      scheduled(one, 300, 'b'),
      signal('pod.unready', one, 301, { reason: 'refused' }, { count: 20, until: gone - 2 }),
      signal('pod.deleted', one, gone),
    ],
  })
  assert.equal(findings('workload.degraded', rollout(390)).length, 1)
  none('workload.degraded', rollout(340))
})

test('a new pod that has no sandbox is not ready for that, and not besides', () => {
  const failed = signal('pod.sandbox-failed', one, 302, { reason: 'cni' }, { count: 9, until: 350 })
  const waiting = condition('pod.unready', one, 300, 368, { reason: 'starting' })
  none('pod.unready', { facts: bound, signals: [failed, ...waiting] })
  assert.equal(findings('pod.unready', { facts: bound, signals: waiting }).length, 1)
})

test('a pod that is ready in the second it was made is ready, in whichever order the files tell it', () => {
  const end = signal('pod.unready', one, 300, {}, { phase: 'end' })
  none('pod.unready', {
    facts: bound,
    signals: [end, signal('pod.unready', one, 300, { reason: 'starting' }, { phase: 'begin' }), signal('log.warning', 'cluster', 900)],
  })
})

test('an evicted pod is missing until its replacement has started', () => {
  const [first] = findings('workload.degraded', {
    facts: bound,
    signals: [signal('pod.evicted', one, 300), scheduled(web('fffff'), 302, 'b'), signal('container.started', web('fffff'), 340)],
  })
  assert.deepEqual([first?.start, first?.end], [300, 340])
  // That it is deleted at last gives nobody its place.
  const signals = [signal('pod.evicted', one, 300), signal('pod.deleted', one, 335), signal('log.warning', 'cluster', 900)]
  const ends = (format: string): readonly unknown[] => findings('workload.degraded', { format, facts: bound, signals }).map(({ end }) => end)
  assert.deepEqual(ends('kubernetes-objects'), [null])
})

test('a job that a schedule started serves nobody: its container that fails leaves no workload short', () => {
  const crashing = (pod: Entity, owner: Entity): InputParts => ({
    facts: [on(pod, 'a'), wanted(1, owner), { fact: 'pod-owner', pod, workload: owner }],
    signals: [signal('pod.crash-looping', pod, 300, {}, { count: 3, until: 400 })],
  })
  none('workload.unavailable', crashing('pod/shop/sync-stock-29922629-xw8tj', 'workload/shop/sync-stock-29922629'))
  assert.equal(findings('workload.unavailable', crashing('pod/shop/sync-stock-xw8tj', 'workload/shop/sync-stock')).length, 1)
})

test('pods that a node under pressure turns away at once are all of them in place of one', () => {
  const turned = ['fffff', 'ggggg', 'hhhhh'].map((suffix, index): readonly Signal[] => [
    signal('pod.evicted', web(suffix), 301 + index, { reason: 'memory' }),
    scheduled(web(suffix), 301.4 + index, 'a'),
    signal('pod.started', web(suffix), 301.5 + index),
  ])
  const [short, ...rest] = findings('workload.degraded', {
    facts: [on(one, 'a'), on(two, 'a')],
    signals: [
      signal('pod.evicted', one, 300, { reason: 'memory' }),
      ...turned.flat(),
      scheduled(web('jjjjj'), 340, 'a'),
      signal('pod.started', web('jjjjj'), 341),
    ],
    format: 'kubernetes-objects',
  })
  assert.deepEqual([short?.start, short?.end, rest.length], [300, 341, 0])
  assert.match(short?.found.summary ?? '', /up to 1 of 2 did not serve/u)
  const [both] = findings('workload.colocated', {
    facts: [on(one, 'a'), on(two, 'a'), { fact: 'node', node: 'node/b', at: null }],
    signals: [signal('pod.evicted', one, 300, { reason: 'memory' }), ...turned.flat()],
  })
  assert.match(both?.found.summary ?? '', /All 2 replicas/u)
})

test('a pod that hangs while it has to go is missed no longer than until its replacement has started', () => {
  const hangs = signal('pod.stuck', one, 330, { reason: 'terminating' }, { phase: 'begin' })
  const [first] = findings('workload.degraded', {
    facts: bound,
    signals: [signal('pod.evicted', one, 300), hangs, scheduled(web('fffff'), 380, 'b'), signal('container.started', web('fffff'), 390)],
  })
  assert.deepEqual([first?.start, first?.end], [300, 390])
})

test('an evicted pod is no more missed because its node calls it unready until that is back', () => {
  const [first] = findings('workload.degraded', {
    facts: bound,
    signals: [
      ...condition('pod.unready', one, 270, 420, { reason: 'node-not-ready' }),
      signal('pod.evicted', one, 300),
      scheduled(web('fffff'), 300, 'b'),
      signal('container.started', web('fffff'), 310),
    ],
  })
  assert.deepEqual([first?.start, first?.end], [270, 310])
})

test('an evicted pod and its replacement that cannot be created are one pod that is missing', () => {
  const refused = signal('pod.unschedulable', WEB, 305, { reason: 'webhook', webhook: 'policy.example.com' }, { count: 12, until: 365 })
  const gone = signal('pod.evicted', one, 300, { reason: 'taint' })
  const facts = [on(one, 'a'), on(two, 'b'), wanted(2)]
  none('workload.unavailable', { facts, signals: [gone, refused] })
  const [short] = findings('workload.degraded', { facts, signals: [gone, refused] })
  assert.match(short?.found.summary ?? '', /up to 1 of 2 did not serve/u)
  // Another pod that is there and does not serve is missing as well.
  const both = findings('workload.unavailable', { facts, signals: [gone, refused, condition('pod.unready', two, 320, 900)].flat() })
  assert.deepEqual(
    both.map(({ start }) => start),
    [320],
  )
})

test('in a rollout there are more pods than are wanted: old ones that still serve are counted, those that are gone are not', () => {
  const scaled = (second: number, set: string, from: number, to: number): Signal => signal('change.scaled', WEB, second, { replicaSet: set, from, to })
  const [old, fresh] = ['web-7d9c5b8f6d', 'web-5bb955977f']
  const ofNew = ['bbbbb', 'ccccc', 'ddddd'].map((suffix): Entity => `pod/shop/${fresh}-${suffix}`)
  const unready = (count: number): readonly Signal[] => ofNew.slice(0, count).flatMap((pod) => condition('pod.unready', pod, 660, 1500, { reason: 'timeout' }))
  const told = (...signals: readonly Signal[]): readonly string[] =>
    (['workload.degraded', 'workload.unavailable'] as const).flatMap((kind) =>
      findings(kind, {
        facts: signals.some(({ attributes }) => attributes['replicaSet'] === old) ? [on(one, 'a')] : [],
        signals: [signal('log.warning', 'cluster', 0), ...signals],
      }).map(({ start, found }) => `${start} ${found.summary}`),
    )
  // The one beyond the three, and all three beyond the three.
  assert.deepEqual(told(scaled(600, fresh, 0, 1), scaled(1600, old, 3, 2), ...unready(1)), [])
  assert.deepEqual(told(scaled(600, fresh, 0, 3), scaled(1600, old, 3, 2), ...unready(3)), [])
  assert.deepEqual(told(scaled(600, fresh, 0, 2), scaled(601, old, 3, 2), ...unready(2)), [
    '660 Workload shop/web was short of replicas for 14 min: up to 1 of 3 did not serve.',
  ])
  assert.deepEqual(told(scaled(600, fresh, 0, 3), scaled(620, old, 3, 0), ...unready(3)), [
    '660 Workload shop/web was short of replicas for 14 min: up to 3 of 3 did not serve.',
    '660 Workload shop/web had no serving replica for 14 min.',
  ])
  // Scaled before: the numbers of that moment.
  assert.deepEqual(told(scaled(600, fresh, 1, 5), ...unready(1)), ['660 Workload shop/web was short of replicas for 14 min: up to 1 of 5 did not serve.'])
  const beside = (...signals: readonly Signal[]): InputParts => ({ facts: [one, two, three].map((pod) => on(pod, 'a')), signals: [...signals, ...unready(1)] })
  // It is one more than the old ones, which nobody took away.
  none('workload.degraded', beside(scaled(600, fresh, 0, 1)))
  // Older releases do not say from how many: nobody knows how many there were to be.
  const [unknown] = findings('workload.degraded', beside(signal('change.scaled', WEB, 600, { replicaSet: fresh, to: 1 })))
  assert.deepEqual(unknown?.found.attributes, { down: 1 })
})

test('replicas counted by kube-state-metrics tell the same, and a rollout step of one sample does not', () => {
  const available = (count: (second: number) => number): InputParts => ({
    series: [
      series('kube_deployment_status_replicas_available', { namespace: 'shop', deployment: 'web' }, count),
      series('kube_deployment_spec_replicas', { namespace: 'shop', deployment: 'web' }, () => 3),
    ],
  })
  const down = available((second) => (second >= 600 && second < 900 ? 0 : 3))
  assert.deepEqual(
    findings('workload.unavailable', down).map(({ entity, start, end }) => [entity, start, end]),
    [[WEB, 600, 900]],
  )
  none(
    'workload.unavailable',
    available((second) => (second >= 600 ? 2 : 3)),
  )
  assert.equal(
    findings(
      'workload.degraded',
      available((second) => (second >= 600 ? 2 : 3)),
    )[0]?.start,
    600,
  )
  none(
    'workload.degraded',
    available((second) => (second === 600 ? 2 : 3)),
  )
})

test('where nobody counts how many replicas are wanted, those are that it was scaled to last', () => {
  const available = series('kube_deployment_status_replicas_available', { namespace: 'shop', deployment: 'web' }, (second) =>
    second < 600 ? 6 : second < 900 ? 0 : 4,
  )
  const set = (second: number, to: number): Signal => signal('change.scaled', WEB, second, { replicaSet: 'web-7d9c5b8f6d', from: 6, to })
  const ends = (...signals: readonly Signal[]): readonly unknown[] =>
    findings('workload.degraded', { signals: [...day, ...signals], series: [available] }).map(({ end }) => end)
  assert.deepEqual(ends(set(800, 4)), [900])
  assert.deepEqual(ends(set(800, 5)), [null])
  assert.deepEqual(ends(), [null])
})

test('new pods that are not ready yet are starting, but not those whose node was lost', () => {
  const pods = ['aaaaa', 'bbbbb'].map((name): Entity => `pod/shop/web-7d9c5b8f6d-${name}`)
  const facts = pods.map((pod) => on(pod, 'a'))
  const unready = (reason: string): readonly Signal[] =>
    pods.flatMap((pod) => [scheduled(pod, 500, 'a'), condition('pod.unready', pod, 560, 590, { reason })].flat())
  none('workload.degraded', { facts: [...facts, wanted(2)], signals: unready('refused') })
  assert.equal(findings('workload.degraded', { facts: [...facts, wanted(2)], signals: unready('node-not-ready') })[0]?.start, 560)
  // They had been ready.
  const ready = pods.map((pod) => signal('pod.unready', pod, 520, {}, { phase: 'end' }))
  assert.equal(findings('workload.degraded', { facts: [...facts, wanted(2)], signals: [...ready, ...unready('timeout')] })[0]?.start, 560)
})

test('all replicas on one node is said of a workload in trouble, not of one spread or at peace', () => {
  const together: readonly Fact[] = [on(one, 'a'), on(two, 'a'), wanted(2), { fact: 'node', node: 'node/b', at: null }]
  const trouble = condition('pod.unready', one, 300, 900)
  assert.deepEqual(
    findings('workload.colocated', { facts: together, signals: [trouble] }).map(({ entity }) => entity),
    [WEB],
  )
  none('workload.colocated', { facts: together })
  // One replica that was replaced on the spot.
  none('workload.colocated', { facts: [...together.slice(0, 2), wanted(1), { fact: 'node', node: 'node/b', at: null }], signals: [trouble] })
  // Another of its pods was in trouble, and nothing tells where that was.
  none('workload.colocated', { facts: together, signals: [trouble, signal('pod.unready', 'pod/shop/web-3', 0)] })
  none('workload.colocated', { facts: [on(one, 'a'), on(two, 'b'), wanted(2)], signals: [trouble] })
  none('workload.colocated', { facts: [on(one, 'a'), on(two, 'a'), wanted(2)], signals: [trouble] }) // the only node there is
  // Those that were told to go before are replicas no more.
  const gone = ['eeeee', 'fffff'].map((name) => web(name))
  const [all] = findings('workload.colocated', {
    facts: [...together, ...gone.map((pod) => on(pod, 'a'))],
    signals: [trouble, ...gone.map((pod) => signal('pod.deleted', pod, 1))],
  })
  assert.match(all?.found.summary ?? '', /All 2 replicas/u)
})

test('a pod that nobody saw placed is on the machine whose cAdvisor tells of it, under labels old or new', () => {
  const busy = ['0', '1'].map((cpu) =>
    series(
      'node_cpu_seconds_total',
      { mode: 'idle', cpu, node: 'a' },
      counting((second) => (second >= 1800 && second < 2700 ? 0.01 : 0.9)),
    ),
  )
  const use = counting((second) => (second >= 1800 && second < 2700 ? 1.7 : 0.1))
  for (const labels of [
    { pod_name: 'prometheus-0', container_name: 'prometheus', namespace: 'monitoring', instance: 'a' },
    { pod: 'prometheus-0', container: 'prometheus', namespace: 'monitoring', node: 'a' },
  ] as const) {
    const facts: readonly Fact[] = [{ fact: 'node', node: 'node/a', at: null }]
    const [first] = findings('pod.cpu-hungry', { facts, series: [...busy, series('container_cpu_usage_seconds_total', labels, use)] })
    assert.equal(first?.entity, 'pod/monitoring/prometheus-0')
  }
})

test('a missing limit is said where memory grew, not where a limit was or nothing is known', () => {
  const grown = (facts: readonly Fact[]): InputParts => ({ facts, series: [memory(one, leak)] })
  assert.deepEqual(
    findings('workload.no-limits', grown([limited(one, null)])).map(({ entity }) => entity),
    [WEB],
  )
  none('workload.no-limits', grown([limited(one, 512 * MIB)]))
  none('workload.no-limits', grown([]))
  none('workload.no-limits', { facts: [limited(one, null)], series: [memory(one, () => 100 * MIB)] })
})

test('what a pod says by itself: each kind once, a burst once', () => {
  for (const kind of ['pod.evicted', 'pod.oom-killed', 'pod.sandbox-failed'] as const)
    assert.deepEqual(
      findings(kind, { signals: [signal(kind, one, 300), signal(kind, one, 320)] }).map(({ start, end }) => [start, end]),
      [[300, 320]],
      kind,
    )
})

test('what is tried again with longer and longer waits is over when its container starts or its pod is ready, and not because no other failure was said', () => {
  const started = signal('container.started', one, 500, { container: 'web' })
  const ready = signal('pod.unready', one, 520, { probe: 'Readiness' }, { phase: 'end' })
  for (const kind of ['pod.volume-mount-failed', 'pod.image-pull-failed'] as const) {
    const ends = (...signals: readonly Signal[]) =>
      findings(kind, { signals: [signal(kind, one, 300, { container: 'web' }), signal(kind, one, 320, { container: 'web' }), ...signals] }).map(
        ({ end }) => end,
      )
    assert.deepEqual([ends(started, ready), ends(ready), ends()], [[500], [520], [null]], kind)
    assert.deepEqual(ends(...day), [320], kind)
  }
})

test('a condition ends when its pod is deleted; what comes after is another', () => {
  const signals = [condition('pod.unready', one, 300, null), signal('pod.deleted', one, 500), condition('pod.unready', one, 800, 900)]
  assert.deepEqual(
    findings('pod.unready', { signals }).map(({ start, end }) => [start, end]),
    [
      [300, 500],
      [800, 900],
    ],
  )
})

test('a probe that failed once for a second is no unready pod; three times it is', () => {
  none('pod.unready', { signals: [signal('pod.unready', one, 300, { probe: 'Readiness' })] })
  assert.equal(findings('pod.unready', { signals: [signal('pod.unready', one, 300, { probe: 'Readiness' }, { count: 3, until: 320 })] }).length, 1)
})

test('after a rollout the pods of the new ReplicaSet are where its workload is', () => {
  const old = [one, two].map((pod, index) => scheduled(pod, 10, `n${index}`))
  const fresh = (suffix: string): Entity => `pod/shop/web-5bb955977f-${suffix}`
  const together = [scheduled(fresh('bbbbb'), 100, 'n1'), scheduled(fresh('ccccc'), 101, 'n1')]
  const facts = [wanted(2), ...['n0', 'n1', 'n2'].map((name): Fact => ({ fact: 'node', node: `node/${name}`, at: null }))]
  const trouble = condition('pod.unready', fresh('bbbbb'), 600, 900)
  assert.deepEqual(
    findings('workload.colocated', { facts, signals: [...old, ...together, ...trouble] }).map(({ entity, found }) => [entity, found.attributes['node']]),
    [[WEB, 'n1']],
  )
  none('workload.colocated', { facts, signals: [...old, scheduled(fresh('bbbbb'), 100, 'n1'), scheduled(fresh('ccccc'), 101, 'n2'), ...trouble] })
})

test('a pod whose series ends while others go on is gone, and not unready for ever; at the end of the data it is', () => {
  const ready = (pod: Entity, value: (second: number) => number | null): Series =>
    series('kube_pod_status_ready', { namespace: 'shop', pod: pod.split('/')[2] ?? '', condition: 'true' }, value)
  const lost = ready(one, (second) => (second < 600 ? 1 : second <= 900 ? 0 : null))
  const [gone] = findings('pod.unready', { series: [lost, ready(two, () => 1)] })
  assert.deepEqual([gone?.start, gone?.end], [600, 915])
  const [last] = findings('pod.unready', { series: [lost] })
  assert.deepEqual([last?.start, last?.end], [600, null])
})

test('one or two failed probes make no pod unready; three do', () => {
  const probes = (...seconds: readonly number[]): Signal[] => seconds.map((second) => signal('pod.unready', one, second, { reason: 'timeout' }))
  none('pod.unready', { signals: probes(600, 620) })
  assert.deepEqual(
    findings('pod.unready', { signals: probes(600, 610, 620) }).map(({ start, end }) => [start, end]),
    [[600, 620]],
  )
})

test('a new pod whose first probes fail is starting; one that stays unready leaves its workload short', () => {
  const fresh = (until: number): readonly Signal[] => [scheduled(three, 595, 'n1'), ...condition('pod.unready', three, 610, until, { reason: 'status' })]
  none('workload.degraded', { facts: [wanted(2)], signals: fresh(640) })
  assert.deepEqual(
    findings('workload.degraded', { facts: [wanted(2)], signals: fresh(1200) }).map(({ entity, start, end }) => [entity, start, end]),
    [[WEB, 610, 1200]],
  )
})

test('a pod placed a minute ago whose object tells that it was ready until now is not starting', () => {
  const fell = (reason: string): readonly Signal[] => [scheduled(one, 530, 'n1'), ...condition('pod.unready', one, 610, 660, { reason })]
  none('workload.unavailable', { facts: [on(one, 'n1'), wanted(1)], signals: fell('starting') })
  assert.deepEqual(
    findings('workload.unavailable', { facts: [on(one, 'n1'), wanted(1)], signals: fell('ContainersNotReady') }).map(({ start, end }) => [start, end]),
    [[610, 660]],
  )
})

test('a probe that begins to fail more than a minute after its pod came had gone well: it is not starting', () => {
  const failing = (from: number): readonly Signal[] => [
    scheduled(one, 530, 'n1'),
    ...condition('pod.unready', one, from, from + 60, { probe: 'Readiness', reason: 'status', status: 503 }),
  ]
  const told = (from: number) => findings('workload.unavailable', { facts: [on(one, 'n1'), wanted(1)], signals: failing(from) }).map(({ start }) => start)
  assert.deepEqual([told(545), told(605)], [[], [605]])
})

test('a pod that the control plane called unready with its node is so until the node is back, or until it is evicted', () => {
  const lost = condition('node.not-ready', 'node/n1', 600, 900)
  const called = [one, two].map((pod) => signal('pod.unready', pod, 600, { reason: 'node-not-ready' }, { phase: 'begin' }))
  const parts: InputParts = { facts: [on(one, 'n1'), on(two, 'n1')], signals: [...lost, ...called, signal('pod.evicted', two, 700, { reason: 'taint' })] }
  assert.deepEqual(
    findings('pod.unready', parts).map(({ entity, start, end }) => [entity, start, end]),
    [
      [one, 600, 900],
      [two, 600, 700],
    ],
  )
})

test('a pod whose node nobody tells was marked with the node that was lost in that moment, and is ready with that one', () => {
  const lost = [...condition('node.not-ready', 'node/n1', 600, 1500), ...condition('node.not-ready', 'node/n2', 900, 1800)]
  const marked = (pod: Entity, second: number): Signal => signal('pod.unready', pod, second, { reason: 'node-not-ready' }, { phase: 'begin' })
  assert.deepEqual(
    findings('pod.unready', { signals: [...lost, marked(one, 600), marked(two, 900)] }).map(({ entity, end }) => [entity, end]),
    [
      [one, 1500],
      [two, 1800],
    ],
  )
})

test('a claim for which no volume could be made is said as that: nothing was mounted', () => {
  const failed = (entity: 'volume/data-0' | 'pod/shop/db-0', reason: string): string | undefined =>
    findings('pod.volume-mount-failed', { signals: [signal('pod.volume-mount-failed', entity, 600, { reason }, { count: 5, until: 700 })] })[0]?.found.summary
  assert.equal(failed('volume/data-0', 'provisioning'), 'No volume could be provisioned for claim data-0, 5 times.')
  assert.match(failed('pod/shop/db-0', 'timeout') ?? '', /^A volume of pod shop\/db-0 could not be mounted/u)
})

const info = (pod: Entity, node: string, from: number, to: number, kind = 'ReplicaSet'): Series =>
  series('kube_pod_info', { namespace: 'shop', pod: pod.split('/')[2] ?? '', node, created_by_kind: kind, created_by_name: 'web-7d9c5b8f6d' }, (second) =>
    second >= from && second <= to ? 1 : null,
  )

test('without events, a pod that appears when a sibling has left another node, or while that node is NotReady, stands in for it', () => {
  const lost = condition('node.not-ready', 'node/a', 600, 2400)
  const moves = (parts: InputParts): readonly string[] =>
    findings('pod.rescheduled', parts).map(({ entity, found }) => `${entity} ${String(found.attributes['from'])}>${String(found.attributes['to'])}`)
  const always = info(three, 'b', 0, HOUR)
  assert.deepEqual(moves({ series: [always, info(one, 'a', 0, 890), info(two, 'b', 930, HOUR)] }), [`${two} a>b`])
  assert.deepEqual(moves({ signals: [lost], series: [always, info(one, 'a', 0, HOUR), info(two, 'b', 930, HOUR)] }), [`${two} a>b`])
  // A scale-up, one that comes back to its own node, one of a DaemonSet, and one that came long after.
  assert.deepEqual(moves({ series: [always, info(one, 'a', 0, HOUR), info(two, 'b', 930, HOUR)] }), [])
  assert.deepEqual(moves({ series: [always, info(one, 'b', 0, 890), info(two, 'b', 930, HOUR)] }), [])
  assert.deepEqual(moves({ series: [always, info(one, 'a', 0, 890, 'DaemonSet'), info(two, 'b', 930, HOUR, 'DaemonSet')] }), [])
  assert.deepEqual(moves({ series: [always, info(one, 'a', 0, 890), info(two, 'b', 2000, HOUR)] }), [])
})

test('where nobody but the nodes themselves counts, a pod that is counted elsewhere after its node was lost was moved', () => {
  const counted = (pod: Entity, node: string, from: number, to: number): Series =>
    series('container_memory_working_set_bytes', { ...labelsOf(pod), node }, (second) => (second >= from && second <= to ? 2 ** 27 : null))
  const agents = [counted('pod/shop/agent-bbbbb', 'a', 0, 590), counted('pod/shop/agent-ccccc', 'b', 930, HOUR), counted(three, 'b', 0, HOUR)]
  const [first, ...rest] = findings('pod.rescheduled', {
    signals: [condition('node.not-ready', 'node/a', 620, 2400)],
    series: [...agents, counted(one, 'a', 0, 590), counted(two, 'b', 930, HOUR)],
  })
  assert.deepEqual([first?.entity, first?.start, rest.length], [two, 930, 0])
})

test('a pod that was replaced, as its successor shows, was not stuck until its node came back', () => {
  const signals = [condition('node.not-ready', 'node/a', 600, 2400), condition('pod.unready', one, 601, 2400, { reason: 'node' })]
  const parts: InputParts = { facts: bound, signals, series: [info(three, 'b', 0, HOUR), info(one, 'a', 0, HOUR), info(two, 'b', 930, HOUR)] }
  none('pod.stuck', parts)
})

test('a pod that was unready on a node that has left the cluster is no pod any more', () => {
  const unready = condition('pod.unready', one, 300, null, { reason: 'timeout' })
  const [open] = findings('pod.unready', { facts: [on(one, 'a')], signals: [unready] })
  assert.equal(open?.end, null)
  const [gone] = findings('pod.unready', { facts: [on(one, 'a')], signals: [unready, signal('change.node-removed', 'node/a', 900, {})] })
  assert.equal(gone?.end, 900)
  const [other] = findings('pod.unready', { facts: [on(one, 'a')], signals: [unready, signal('change.node-removed', 'node/b', 900, {})] })
  assert.equal(other?.end, null)
})

test('a few failed probes over minutes are told as what they are; where they follow each other the pod was not ready', () => {
  const told = (count: number, until: number): string | undefined =>
    findings('pod.unready', {
      signals: [signal('pod.unready', 'pod/shop/web-7d4f9c5b8-bcdfg', 600, { probe: 'Readiness', reason: 'status' }, { count, until })],
    })[0]?.found.summary
  assert.match(told(6, 840) ?? '', /failed its probe 6 times in 4 min/u)
  assert.match(told(24, 840) ?? '', /was not ready for 4 min/u)
  // The recorder of events leaves out most of those after the first 25.
  assert.match(told(30, 3_600) ?? '', /was not ready for 50 min/u)
  const short = (count: number): number =>
    findings('workload.degraded', {
      facts: [...bound.slice(0, 2), wanted(2)],
      signals: [signal('pod.unready', one, 600, { probe: 'Readiness', reason: 'status' }, { count, until: 840 })],
    }).length
  assert.deepEqual([short(6), short(24)], [0, 1])
})

test('how often a pod is probed tells how many failures in a row a time can have', () => {
  const told = (count: number, facts: readonly Fact[]): string | undefined =>
    findings('pod.unready', {
      signals: [...day, signal('pod.unready', 'pod/shop/web-7d4f9c5b8-bcdfg', 600, { probe: 'Readiness', reason: 'status' }, { count, until: 900 })],
      facts,
    })[0]?.found.summary
  const every = (value: number): readonly Fact[] => [{ fact: 'limit', of: 'workload/shop/web', name: 'probe-period', value }]
  assert.match(told(22, []) ?? '', /was not ready/u)
  assert.match(told(22, every(5)) ?? '', /failed its probe 22 times in 5 min/u)
  assert.match(told(10, every(20)) ?? '', /was not ready/u)
})

test('a pod that the scheduler tells of once found no node until it is bound', () => {
  const refused = signal('pod.unschedulable', one, 600, { reason: 'node-selector' })
  const [told, ...others] = findings('pod.unschedulable', { signals: [refused, scheduled(one, 670, 'n1')] })
  assert.deepEqual([told?.start, told?.end, others.length], [600, 670, 0])
  none('pod.unschedulable', { signals: [refused, scheduled(one, 601, 'n1')] })
})

test('a sandbox that failed is over when the container starts, and nobody misses a new pod that is through with it at once', () => {
  const failed = signal('pod.sandbox-failed', one, 600, { reason: 'runtime' })
  const parts = (started: number): InputParts => ({
    facts: [{ fact: 'replicas', workload: WEB, at: null, wanted: 2, ready: null }],
    signals: [scheduled(one, 599, 'n1'), failed, signal('container.started', one, started, { container: 'web' }), signal('pod.deleted', one, 700)],
  })
  assert.equal(findings('pod.sandbox-failed', parts(623))[0]?.end, 623)
  none('workload.degraded', parts(623))
  assert.equal(findings('workload.degraded', parts(690))[0]?.end, 690)
})

test('a pod that was put out and the one that finds no node in its place are one that is missing', () => {
  const parts: InputParts = {
    facts: [{ fact: 'replicas', workload: WEB, at: null, wanted: 3, ready: null }],
    signals: [
      signal('pod.evicted', one, 600, { reason: 'preemption' }),
      signal('pod.unschedulable', two, 600, { reason: 'memory' }),
      scheduled(two, 670, 'n1'),
      signal('container.started', two, 671, { container: 'web' }),
    ],
  }
  const [short, ...others] = findings('workload.degraded', parts)
  assert.match(short?.found.summary ?? '', /up to 1 of 3 did not serve/u)
  assert.deepEqual([short?.start, short?.end, others.length], [600, 671, 0])
})

test('a sandbox without an address is told as what it is: the range of its node is used up', () => {
  const [told] = findings('pod.sandbox-failed', { signals: [signal('pod.sandbox-failed', one, 600, { reason: 'addresses' })] })
  assert.match(told?.found.summary ?? '', /could not be set up: the pod network of its node had no address left\.$/u)
})

test('what events and the log of the runtime tell of the same kills is not added up', () => {
  const kill = (second: number, count: number, more: Readonly<Record<string, string | number>> = {}): Signal =>
    signal('pod.oom-killed', one, second, { container: 'migrate', ...more }, { count, until: second + 45 })
  const parts = (format: string, signals: readonly Signal[]): Parameters<typeof input>[1] => ({ format, signals })
  const told = findWrong(
    timelineOf([
      input('watch/pods.jsonl', parts('kubernetes-objects', [kill(600, 4)])),
      input('logs/containerd.log', parts('containerd', [kill(601, 4)])),
      input(
        'logs/kernel.log',
        parts(
          'kernel',
          [14152, 14278].map((pid) => kill(600, 1, { pid })),
        ),
      ),
    ]),
  )
  assert.match(told.find(({ kind }) => kind === 'pod.oom-killed')?.summary ?? '', /, 4 times/u)
})

test('an event of many failed probes, the first of them minutes ago, is no unready pod from then on where the kubelet says since when it is', () => {
  const pod = 'pod/shop/cart-859ff5cd6c-wzhf9'
  const probe = { probe: 'Readiness', reason: 'status', status: 503 }
  const event: Signal = signal('pod.unready', pod, 600, probe, { count: 42, until: 952 })
  const log: readonly Signal[] = [
    signal('pod.unready', pod, 952, probe, { count: 17, until: 1027 }),
    signal('pod.unready', pod, 962, { probe: 'Readiness' }, { phase: 'begin' }),
    signal('pod.unready', pod, 1032, { probe: 'Readiness' }, { phase: 'end' }),
  ]
  const told = (signals: readonly Signal[]): readonly (readonly number[])[] =>
    findWrong(timelineOf([input('events.json', { signals: [event] }), input('kubelet.log', { signals })])).flatMap(({ kind, start, end }) =>
      kind === 'pod.unready' ? [[start - T0, (end ?? NaN) - T0].map((ms) => ms / 1000)] : [],
    )
  assert.deepEqual(told(log), [[952, 1032]])
  assert.deepEqual(told([]), [[600, 952]])
})

test('a pod that fails its liveness probe only is not said to be unready: it may serve until it is killed for that', () => {
  const told = (...probes: readonly string[]): string | undefined =>
    findings('pod.unready', {
      signals: probes.map((probe) =>
        signal('pod.unready', 'pod/shop/web-7d4f9c5b8-bcdfg', 600, { probe, reason: 'status', status: 404 }, { count: 10, until: 648 }),
      ),
    })[0]?.found.summary
  assert.match(told('Liveness') ?? '', /failed its liveness probe for 48 s \(HTTP 404\)/u)
  assert.match(told('Liveness', 'Readiness') ?? '', /was not ready for 48 s/u)
})

test('a container that its kubelet restarts for failing a probe is told with the pod that was not ready, however many sources tell of it', () => {
  const killed = (second: number): Signal => signal('pod.killed', one, second, { reason: 'liveness', container: 'web' })
  const failed = (probe: string): Signal => signal('pod.unready', one, 600, { probe, reason: 'timeout' }, { count: 10, until: 648 })
  const told = (...signals: readonly Signal[]): string | undefined => findings('pod.unready', { signals: [...day, ...signals] })[0]?.found.summary
  assert.match(
    told(failed('Readiness'), killed(605), killed(635)) ?? '',
    /was not ready for 48 s \(timeout\); its container was restarted twice for failing its liveness probe\.$/u,
  )
  assert.match(told(failed('Liveness'), killed(605)) ?? '', /failed its liveness probe for 48 s \(timeout\); its container was restarted once for that\.$/u)
  assert.doesNotMatch(told(failed('Readiness'), killed(900)) ?? '', /restarted/u)
})

test('an event of two failed probes five minutes apart is two moments; one of thirty is as long as it says', () => {
  const probed = (second: number, until: number, count: number): Signal =>
    signal('pod.unready', one, second, { probe: 'Readiness', reason: 'refused', container: 'web' }, { count, until })
  const spans = (...signals: readonly Signal[]) => findings('pod.unready', { signals: [...day, ...signals] }).map(({ start, end }) => [start, end])
  assert.deepEqual(spans(probed(600, 920, 2)), [])
  assert.deepEqual(spans(probed(600, 920, 2), probed(850, 910, 8)), [[850, 920]])
  assert.deepEqual(spans(probed(600, 920, 30)), [[600, 920]])
})

test('a pod that was not ready as it started, and not ready again when something befell it, was not ready twice', () => {
  const started = signal('pod.started', one, 600, { container: 'web' })
  const probed = (second: number, until: number, reason: string): Signal =>
    signal('pod.unready', one, second, { probe: 'Readiness', reason, container: 'web' }, { count: 3, until })
  const ready = (second: number): Signal => signal('pod.unready', one, second, { probe: 'Readiness' }, { phase: 'end' })
  const later = [probed(625, 645, 'timeout'), ready(650)]
  const spans = (...signals: readonly Signal[]) => findings('pod.unready', { signals: [...day, ...signals] }).map(({ start, end }) => [start, end])
  assert.deepEqual(spans(started, probed(601, 606, 'status'), ready(611), ...later), [
    [601, 611],
    [625, 650],
  ])
  // One that flaps is told once.
  assert.deepEqual(spans(probed(601, 606, 'status'), ready(611), ...later), [[601, 650]])
})

test('a probe that failed every five seconds and then no more went well, also where the pod is taken away half a minute later', () => {
  const probed = (until: number): Signal => signal('pod.unready', one, 600, { probe: 'Readiness', reason: 'status', container: 'web' }, { count: 3, until })
  const ends = (until: number) => findings('pod.unready', { signals: [...day, probed(until), signal('pod.deleted', one, 640)] }).map(({ end }) => end)
  assert.deepEqual(ends(605), [605])
  assert.deepEqual(ends(630), [640])
})

test('a program that ends as soon as it is started is in a loop from its first start on; one that was killed ran until then', () => {
  const loop = (exitCode: number, died: number): readonly (number | undefined)[] =>
    findings('pod.crash-looping', {
      signals: [
        ...day,
        signal('container.started', one, 600, { container: 'web' }),
        signal('container.exited', one, died, { exitCode }),
        signal('pod.crash-looping', one, 612, { container: 'web' }, { count: 5, until: 700 }),
      ],
    }).map(({ start }) => start)
  assert.deepEqual(loop(1, 601), [600])
  assert.deepEqual(loop(137, 601), [612])
  assert.deepEqual(loop(1, 610), [612])
})

test('a pod in trouble that is taken away is missed until the one in its place is ready', () => {
  const placed = scheduled(two, 901, 'n1')
  const starting = condition('pod.unready', two, 902, 940, { reason: 'starting' })
  const trouble = condition('pod.unready', one, 600, 900, { reason: 'ContainersNotReady' })
  const short = (...signals: readonly Signal[]) =>
    findings('workload.unavailable', { facts: [on(one, 'n1'), on(two, 'n1'), wanted(1)], signals: [...trouble, ...signals] }).map(({ start, end }) => [
      start,
      end,
    ])
  assert.deepEqual(short(signal('pod.deleted', one, 900), placed, ...starting), [[600, 940]])
  assert.deepEqual(short(signal('pod.deleted', one, 900)), [[600, 900]])
})

test('a new pod that is ready within a minute did what every pod does: that is no finding, unless something else is wrong with it', () => {
  const starting = (until: number): readonly Signal[] => [scheduled(three, 595, 'n1'), ...condition('pod.unready', three, 597, until, { reason: 'status' })]
  const told = (...signals: readonly Signal[]) => findings('pod.unready', { facts: [wanted(2)], signals }).map(({ end }) => end)
  assert.deepEqual(told(...starting(607)), [])
  assert.deepEqual(told(...starting(680)), [680])
  assert.deepEqual(told(...starting(607), signal('pod.oom-killed', three, 600)), [607])
})

test('a pod that its own ReplicaSet had taken away leaves its workload short of nothing when its node puts it out', () => {
  const evicted = signal('pod.evicted', one, 700, { reason: 'taint' })
  const next = [scheduled(three, 710, 'n2'), signal('container.started', three, 760)]
  const short = (...before: readonly Signal[]) =>
    findings('workload.degraded', { facts: [on(one, 'n1'), on(two, 'n2'), wanted(2)], signals: [...before, evicted, ...next] }).map(({ start }) => start)
  assert.deepEqual(short(), [700])
  assert.deepEqual(short(signal('pod.deleted', one, 680, { by: 'owner' })), [])
})

test('an evicted pod is missed until the one in its place is ready, and where nobody tells that until it is started', () => {
  const next = [scheduled(three, 705, 'n2'), signal('container.started', three, 712)]
  const ready = signal('pod.unready', three, 745, { probe: 'Readiness' }, { phase: 'end' })
  const short = (...signals: readonly Signal[]) =>
    findings('workload.degraded', {
      facts: [on(one, 'n1'), on(two, 'n2'), wanted(2)],
      signals: [signal('pod.evicted', one, 700, { reason: 'memory' }), ...next, ...signals],
    }).map(({ start, end }) => [start, end])
  assert.deepEqual([short(), short(ready)], [[[700, 712]], [[700, 745]]])
})

test('that a pod is starting says less than what its probes say, and an object that is not there is said not to be', () => {
  const starting = condition('pod.unready', one, 600, 720, { reason: 'starting' })
  const probes = signal('pod.unready', one, 602, { probe: 'Readiness', reason: 'status', status: 404 }, { count: 15, until: 690 })
  const told = (...signals: readonly Signal[]): string | undefined => findings('pod.unready', { signals: [...day, ...signals] })[0]?.found.summary
  assert.match(told(...starting) ?? '', /\(starting\)/u)
  assert.match(told(...starting, probes) ?? '', /\(HTTP 404\)/u)
  const [volume] = findings('pod.volume-mount-failed', {
    signals: [signal('pod.volume-mount-failed', one, 600, { reason: 'not-found', object: 'configmap cart' })],
  })
  assert.match(volume?.found.summary ?? '', /\(configmap cart not found\)/u)
})

test("a StatefulSet's pod that was evicted is missed until it is there again under its name", () => {
  const ledger: Entity = 'pod/shop/ledger-0'
  const again = [
    scheduled(ledger, 749, 'n1'),
    signal('container.started', ledger, 750),
    signal('pod.unready', ledger, 752, { probe: 'Readiness' }, { phase: 'end' }),
  ]
  const facts = [on(ledger, 'n1'), wanted(1, 'workload/shop/ledger'), { fact: 'pod-owner', pod: ledger, workload: 'workload/shop/ledger' } as const]
  const gone = (...signals: readonly Signal[]) =>
    findings('workload.unavailable', {
      format: 'kubernetes-objects',
      facts,
      signals: [...day, signal('pod.evicted', ledger, 700, { reason: 'taint' }), ...signals],
    }).map(({ start, end }) => [start, end])
  assert.deepEqual([gone(), gone(...again)], [[[700, null]], [[700, 752]]])
})

test('a pod that was told to go answers its probe with that, and that is no fault; one that goes on failing, or whose node is lost, is another matter', () => {
  const pod: Entity = 'pod/shop/web-7d4f9c5b8-bcdfg'
  const unready = (from: number, to: number, attributes: Signal['attributes'] = { reason: 'status' }): readonly Signal[] =>
    condition('pod.unready', pod, from, to, attributes)
  const count = (...signals: readonly (readonly Signal[])[]): number => findings('pod.unready', { signals: [...day, ...signals.flat()] }).length
  assert.equal(count([signal('pod.deleted', pod, 600)], unready(604, 616)), 0)
  assert.equal(count(unready(604, 616)), 1)
  assert.equal(count([signal('pod.deleted', pod, 600)], unready(604, 900)), 1)
})

test('what an event counts from the start of a pod on is not one stretch from there to when it was seen last', () => {
  const pod: Entity = 'pod/shop/web-7d4f9c5b8-bcdfg'
  const starts = (placed: number): readonly number[] =>
    findings('pod.unready', {
      signals: [
        ...day,
        signal('pod.scheduled', pod, placed, { node: 'a' }),
        signal('pod.unready', pod, 600, { probe: 'Readiness', reason: 'refused' }, { count: 4, until: 780 }),
      ],
    }).map(({ start }) => start)
  assert.deepEqual(starts(598), [780])
  assert.deepEqual(starts(100), [600])
})

test('an event counts a probe that failed as the pod started and fails again now: where another says that it was ready in between, it was', () => {
  const counted = signal('pod.unready', one, 600, { probe: 'Readiness', reason: 'status' }, { count: 25, until: 720 })
  const probed = signal('pod.unready', one, 653, { probe: 'Readiness', reason: 'status' }, { count: 28, until: 731 })
  const ready = signal('pod.unready', one, 602, { probe: 'Readiness' }, { phase: 'end' })
  const spans = (...kubelet: readonly Signal[]): readonly (readonly (number | null)[])[] =>
    findWrong(timelineOf([input('events.json', { signals: [...day, counted] }), input('kubelet.log', { signals: kubelet })]))
      .filter(({ kind }) => kind === 'pod.unready')
      .map(({ start, end }) => [(start - T0) / 1000, end === null ? null : (end - T0) / 1000])
  assert.deepEqual(spans(ready, probed), [[653, 731]])
  assert.deepEqual(spans(probed), [[600, 731]])
})

test('an image that could not be pulled was missed since its pod was placed, unless the pod had something else to wait for first', () => {
  const starts = (...before: readonly Signal[]): readonly number[] =>
    findings('pod.image-pull-failed', { signals: [...day, ...before, signal('pod.image-pull-failed', one, 610, { reason: 'timeout' })] }).map(
      ({ start }) => start,
    )
  const placed = scheduled(one, 600, 'a')
  const sandbox = signal('container.started', one, 601)
  assert.deepEqual(starts(placed), [600])
  assert.deepEqual(starts(placed, sandbox), [600])
  assert.deepEqual(starts(placed, sandbox, signal('container.started', one, 605, { container: 'init' })), [610])
  assert.deepEqual(starts(placed, signal('pod.volume-mount-failed', one, 605, { reason: 'timeout' })), [610])
  assert.deepEqual(starts(scheduled(one, 500, 'a')), [610])
})

test('pods that are placed in the second of a drain are in the place of others, and not more of them', () => {
  const gone = (pod: Entity): Signal => signal('pod.deleted', pod, 599.9)
  const fails = (pod: Entity): readonly Signal[] => [
    scheduled(pod, 600, 'b'),
    signal('pod.image-pull-failed', pod, 610, { reason: 'timeout' }, { count: 9, until: 900 }),
  ]
  const [first] = findings('workload.degraded', {
    format: 'kubernetes-objects',
    signals: [
      ...day,
      signal('pod.killed', three, 599.5),
      gone(three),
      ...fails(one),
      signal('pod.unready', two, 100, { reason: 'starting' }, { phase: 'end' }),
    ],
  })
  assert.equal(first?.found.summary, 'Workload shop/web was short of replicas for 5 min: up to 1 of 2 did not serve.')
})

test("a Job's pod that is through is not unready, and its Job is short of nothing", () => {
  const ended = series('kube_pod_status_ready', { namespace: 'shop', pod: 'web-1', condition: 'true' }, (second) => (second < 600 ? 1 : 0))
  const owned = (isJob: boolean): Fact => ({ fact: 'pod-owner', pod: one, workload: WEB, ...(isJob ? { isJob: true } : {}) })
  for (const kind of ['pod.unready', 'workload.degraded'] as const) {
    none(kind, { facts: [owned(true)], series: [ended] })
    assert.equal(findings(kind, { facts: [owned(false)], series: [ended] }).length, 1, kind)
  }
})
