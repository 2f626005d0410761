/** What detectors find about nodes, each beside its near miss. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, condition, counting, findings, HOUR, input, MINUTE, series, signal, T0, timelineOf, type InputParts } from '../../../test/timeline-builder.js'
import type { Entity } from '../../model/entity.js'
import type { Fact, InputExtract, Series, Signal } from '../../model/extract.js'
import { findWrong } from '../find.js'

const near = (actual: number | null | undefined, expected: number, tolerance: number): void =>
  assert.ok(
    actual !== null && actual !== undefined && Math.abs(actual - expected) <= tolerance,
    `${String(actual)} is not within ${tolerance} s of ${expected}`,
  )

const none = (kind: Parameters<typeof findings>[0], parts: InputParts): void =>
  assert.deepEqual(
    findings(kind, parts).map(({ entity, start }) => `${entity} ${start}`),
    [],
  )

const GIB = 2 ** 30
const between = (second: number, from: number, to: number): boolean => second >= from && second < to

/** Two cores' idle time, at this share of busy. */
const cores = (busy: (second: number) => number, labels = { node: 'a' }): readonly Series[] =>
  ['0', '1'].map((cpu) =>
    series(
      'node_cpu_seconds_total',
      { ...labels, cpu, mode: 'idle' },
      counting((second) => 1 - busy(second)),
    ),
  )

test('a node whose idle time falls to nothing for minutes is saturated from then on', () => {
  const [first, ...rest] = findings('node.cpu-saturated', { series: cores((second) => (between(second, 1800, 2400) ? 0.99 : 0.3)) })
  assert.equal(rest.length, 0)
  assert.equal(first?.entity, 'node/a')
  near(first.start, 1800, 30)
  near(first.end, 2400, 45)
  assert.ok(first.confidence >= 0.85)
})

test('processors that were free for a minute were full twice', () => {
  const twice = (pause: number): number =>
    findings('node.cpu-saturated', { series: cores((second) => (between(second, 1800, 1980) || between(second, 1980 + pause, 2400) ? 0.99 : 0.3)) }).length
  assert.deepEqual([twice(120), twice(0)], [2, 1])
})

test('one busy scrape is no saturation, nor is a node at four fifths', () => {
  none('node.cpu-saturated', { series: cores((second) => (second === 1800 ? 1 : 0.3)) })
  none('node.cpu-saturated', { series: cores((second) => (between(second, 1800, 2400) ? 0.8 : 0.3)) })
})

test('a node that is mostly full is saturated with little confidence; of one that is full from first to last nothing can be said to have changed', () => {
  const [mostly] = findings('node.cpu-saturated', { series: cores((second) => (second < 900 ? 0.3 : 0.99)) })
  assert.ok((mostly?.confidence ?? 1) <= 0.5)
  const sure = (usual: number) =>
    findings('node.cpu-saturated', { series: cores((second) => (between(second, 1800, 2400) ? 0.99 : usual)) })[0]?.found.confidence ?? 0
  assert.ok(sure(0.86) < 0.5 && sure(0.8) < 0.7 && sure(0.5) > 0.89)
  none('node.cpu-saturated', { series: cores(() => 0.99) })
  // Nor of one that is, wherever it was asked.
  const full = (second: number): number | null => (between(second, 1800, 1900) ? null : second * 0.001)
  none('node.cpu-saturated', { series: [series('node_cpu_seconds_total', { node: 'a', cpu: '0', mode: 'idle' }, full)] })
})

test('where nobody measured how busy it was, a load far beyond the cores or the usual is saturation, and so is a processor that always is waited for', () => {
  const load = (name: string, value: (second: number) => number): InputParts => ({ series: [series(name, { node: 'a' }, value)] })
  const rises = (most: number) => (second: number) => (between(second, 1800, 2400) ? most : 1)
  const [first] = findings('node.cpu-saturated', load('node_load1', rises(40)))
  near(first?.start, 1800, 30)
  none('node.cpu-saturated', load('node_load1', rises(7)))
  none(
    'node.cpu-saturated',
    load('node_load5', () => 30),
  ) // always so: a large machine at work
  const sized: Fact = { fact: 'node', node: 'node/a', at: null, cores: 4 }
  assert.equal(findings('node.cpu-saturated', { ...load('node_load5', rises(9)), facts: [sized] }).length, 1)
  none('node.cpu-saturated', { ...load('node_load5', rises(40)), facts: [{ ...sized, cores: 64 }] })
  const waits = (share: number) =>
    series(
      'node_pressure_cpu_waiting_seconds_total',
      { node: 'a' },
      counting((second) => (between(second, 1800, 2400) ? share : 0.05)),
    )
  assert.equal(findings('node.cpu-saturated', { series: [waits(0.9)] }).length, 1)
  none('node.cpu-saturated', { series: [waits(0.3)] })
  // On a machine out of memory everybody waits for pages.
  const exhausted = condition('node.memory-exhausted', 'node/a', 1830, 2300, { reason: 'pressure' })
  none('node.cpu-saturated', { ...load('node_load1', rises(40)), signals: [exhausted] })
  // Who measured it knows better.
  none('node.cpu-saturated', { series: [...cores(() => 0.4), series('node_load1', { node: 'a' }, rises(40))] })
})

test('one full core of two is half a node', () => none('node.cpu-saturated', { series: [cores(() => 1)[0]!, cores(() => 0, { node: 'a' })[1]!] }))

test('a computed utilisation is read as a share or as percent', () => {
  for (const scale of [1, 100]) {
    const busy = series(
      'instance:node_cpu_utilisation:rate5m',
      { instance: 'a:9100', node: 'a' },
      (second) => scale * (between(second, 1800, 2400) ? 0.98 : 0.2),
    )
    near(findings('node.cpu-saturated', { series: [busy] })[0]?.start, 1800, 30)
  }
})

const memory = (left: (second: number) => number): InputParts => ({
  series: [
    series('node_memory_MemTotal_bytes', { node: 'a' }, () => 8 * GIB),
    series('node_memory_MemAvailable_bytes', { node: 'a' }, (second) => left(second) * 8 * GIB),
  ],
})

test('a node whose available memory falls to a few percent has run out of it', () => {
  const [first, ...rest] = findings(
    'node.memory-exhausted',
    memory((second) => (between(second, 1800, 2400) ? 0.03 : 0.5)),
  )
  assert.deepEqual([first?.entity, first?.start, first?.end, rest.length], ['node/a', 1800, 2400, 0])
})

test('a node that always runs at a tenth of its memory is sized so', () =>
  none(
    'node.memory-exhausted',
    memory((second) => 0.095 + 0.02 * Math.sin(second)),
  ))

test('memory pressure said by the kubelet lasts until it says that it is over', () => {
  const [first] = findings('node.memory-exhausted', { signals: [condition('node.memory-exhausted', 'node/a', 100, 400, { reason: 'pressure' })] })
  assert.deepEqual([first?.start, first?.end], [100, 400])
})

const disk = (left: (second: number) => number, labels: Readonly<Record<string, string>> = {}): InputParts => ({
  series: ['node_filesystem_size_bytes', 'node_filesystem_avail_bytes'].map((name) =>
    series(
      name,
      { node: 'a', device: '/dev/sda1', mountpoint: '/var', fstype: 'ext4', ...labels },
      (second) => (name.endsWith('size_bytes') ? 1 : left(second)) * 100 * GIB,
    ),
  ),
})

test('a file system that fills up is full from where six percent are left', () => {
  const [first] = findings(
    'node.disk-full',
    disk((second) => Math.max(0, 0.5 - second / HOUR)),
  )
  assert.equal(first?.entity, 'node/a')
  near(first.start, 0.44 * HOUR, 30)
  assert.match(first.found.summary, /\/var on node a filled up/)
})

test('what was left of a file system is told by its size of that time, and that somebody enlarged it', () => {
  const MIB = 1024 * 1024
  const labels = { instance: 'a:9100', node: 'a', device: 'pgwal', mountpoint: '/mnt/pgwal', fstype: 'tmpfs' }
  const isFull = (second: number): boolean => second >= 600 && second < 630
  const found = (size: (second: number) => number) =>
    findings('node.disk-full', {
      series: [
        series('node_filesystem_avail_bytes', labels, (second) => (isFull(second) ? 8 : 120) * MIB, { step: 5 }),
        series('node_filesystem_size_bytes', labels, (second) => size(second) * MIB, { step: 5 }),
      ],
    }).map(({ found: { summary, attributes } }) => [summary, attributes['left']])
  assert.deepEqual(
    found((second) => (second < 630 ? 200 : 700)),
    [['/mnt/pgwal on node a filled up: 4.0 % left, until it was enlarged from 200 MiB to 700 MiB.', 'none']],
  )
  assert.deepEqual(
    found(() => 200),
    [['/mnt/pgwal on node a filled up: 4.0 % left.', 'none']],
  )
})

test('an image that is full by design, and a disk that is full all day, are no event', () => {
  none(
    'node.disk-full',
    disk((second) => Math.max(0, 0.5 - second / HOUR), { fstype: 'squashfs' }),
  )
  none(
    'node.disk-full',
    disk(() => 0.03),
  )
})

test('two machines under one name: its identity flips to and fro', () => {
  const flips = [0, 20, 40, 60].map((second) => signal('node.identity', 'node/a', 600 + second, { address: second % 40 === 0 ? '10.0.0.2' : '10.0.0.1' }))
  const [first] = findings('node.identity-conflict', { signals: flips })
  assert.deepEqual([first?.entity, first?.start, first?.end], ['node/a', 600, 660])
})

test('two machines under one name call each other a reboot; one that is alone was rebooted', () => {
  const rebooted = signal('node.rebooted', 'node/a', 330, { bootId: 'b' })
  const flips = [300, 310, 320, 330, 340].map((second, index) => signal('node.identity', 'node/a', second, { machineId: index % 2 === 0 ? 'x' : 'y' }))
  none('node.rebooted', { signals: [...flips, rebooted] })
  assert.equal(findings('node.rebooted', { signals: [rebooted] }).length, 1)
})

test('a second kubelet that starts while leases collide is a twin, from its start on', () => {
  const signals = [signal('kubelet.started', 'node/a', 590), signal('lease.conflict', 'node/a', 600, {}, { count: 12, until: 900 })]
  const [first] = findings('node.identity-conflict', { signals })
  assert.deepEqual([first?.start, first?.end], [590, 900])
  near(findings('node.heartbeat-missed', { signals })[0]?.start, 600, 0)
})

test('a lease that collides at every renewal, for minutes, has a second kubelet that writes it; one that collides at times has none', () => {
  const collides = (until: number): Parameters<typeof findings>[1] => ({ signals: [signal('lease.conflict', 'node/a', 600, {}, { count: 12, until })] })
  assert.deepEqual(
    findings('node.identity-conflict', collides(760)).map(({ start, end }) => [start, end]),
    [[600, 760]],
  )
  none('node.identity-conflict', collides(610))
  none('node.identity-conflict', collides(3_000))
})

test('a node that was reinstalled once, and leases that collide now and then, are no twins', () => {
  none('node.identity-conflict', { signals: [signal('node.identity', 'node/a', 600, { machineId: 'x' })] })
  none('node.identity-conflict', { signals: [signal('lease.conflict', 'node/a', 600), signal('lease.conflict', 'node/a', 900)] })
})

const missed = (node: Entity, reason = 'timeout'): ReturnType<typeof signal> =>
  signal('node.heartbeat-missed', node, 610, { reason }, { count: 12, until: 900 })
const up = (instance: string, node: string, value: (second: number) => number | null): Series => series('up', { job: 'node', instance, node }, value)
const cluster: readonly Fact[] = ['a', 'b', 'c'].map((name): Fact => ({ fact: 'node', node: `node/${name}`, at: null }))

test('a node whose kubelet reaches nobody and that nobody reaches has lost its network', () => {
  const [first] = findings('node.network-lost', {
    facts: cluster,
    signals: [missed('node/a')],
    series: [up('a:9100', 'a', (second) => (between(second, 600, 910) ? 0 : 1)), up('b:9100', 'b', () => 1)],
  })
  assert.equal(first?.entity, 'node/a')
  near(first.start, 600, 15)
})

test('its network is not lost where a target on it still answers, where all kubelets fail at once, or where it crashed', () => {
  const gone = (second: number): number => (between(second, 600, 910) ? 0 : 1)
  none('node.network-lost', { facts: cluster, signals: [missed('node/a')], series: [up('a:9100', 'a', gone), up('a:10250', 'a', () => 1)] })
  none('node.network-lost', { facts: cluster, signals: [missed('node/a'), missed('node/b'), missed('node/c')], series: [up('a:9100', 'a', gone)] })
  none('node.network-lost', { facts: cluster, signals: [missed('node/a'), signal('node.rebooted', 'node/a', 900)], series: [up('a:9100', 'a', gone)] })
  none('node.network-lost', { facts: cluster, signals: [missed('node/a'), signal('node.rebooted', 'node/a', 1_150)], series: [up('a:9100', 'a', gone)] })
  none('node.network-lost', { facts: cluster, signals: [missed('node/a', 'unauthorized')], series: [up('a:9100', 'a', gone)] })
})

test('one or two failed renewals are a hiccup: a lease outlives three', () => {
  const hiccup = signal('node.heartbeat-missed', 'node/a', 610, { reason: 'timeout' }, { count: 2, until: 620 })
  none('node.network-lost', { facts: cluster, signals: [hiccup], series: [up('a:9100', 'a', (second) => (between(second, 600, 700) ? 0 : 1))] })
})

test('a kubelet without a route to the API server, while others get an answer, has lost its network; the onset lies after its last answer', () => {
  const noRoute = (node: Entity) => signal('node.heartbeat-missed', node, 670, { reason: 'no-route' }, { count: 5, until: 910 })
  const rejected = (node: Entity) => signal('node.heartbeat-missed', node, 610, { reason: 'certificate' }, { count: 5, until: 620 })
  const [first, ...more] = findings('node.network-lost', { facts: cluster, signals: [rejected('node/a'), noRoute('node/a'), rejected('node/b')] })
  assert.deepEqual([first?.entity, first?.start, first?.end, first?.found.slackMs, more.length], ['node/a', 670, 910, 50_000, 0])
  // All of them at once: it is the API server that is gone.
  none('node.network-lost', { facts: cluster, signals: [noRoute('node/a'), noRoute('node/b'), noRoute('node/c')] })
  none('node.network-lost', { facts: cluster, signals: [missed('node/a', 'timeout')] })
  // What is scraped from the machine says that it is there.
  none('node.network-lost', { facts: cluster, signals: [noRoute('node/a')], series: [up('a:9100', 'a', () => 1)] })
})

/** The control plane holds node a NotReady from one second to another. */
const notReady = (from: number, to: number) => [
  signal('node.not-ready', 'node/a', from, {}, { phase: 'begin' }),
  signal('node.not-ready', 'node/a', to, {}, { phase: 'end' }),
]

test("without the kubelet's log: a kubelet whose port falls silent before its node is NotReady missed its heartbeats since then", () => {
  const gone = (second: number): number => (between(second, 600, 910) ? 0 : 1)
  const [first, ...rest] = findings('node.heartbeat-missed', {
    facts: cluster,
    signals: notReady(650, 915),
    series: [up('a:10250', 'a', gone), up('a:9100', 'a', () => 1)],
  })
  assert.deepEqual([first?.entity, rest.length], ['node/a', 0])
  near(first?.start, 600, 15)
  // The exporter beside it went on: the machine and its network were there.
  none('node.network-lost', { facts: cluster, signals: notReady(650, 915), series: [up('a:10250', 'a', gone), up('a:9100', 'a', () => 1)] })
})

test('a kubelet that waits for its runtime, or answers another job on the same port, has not fallen silent', () => {
  const gone = (second: number): number => (between(second, 600, 910) ? 0 : 1)
  const port = up('a:10250', 'a', gone)
  const waits = signal('node.runtime-down', 'node/a', 590, { reason: 'pleg' }, { count: 20, until: 900 })
  none('node.heartbeat-missed', { facts: cluster, signals: [...notReady(650, 915), waits], series: [port, up('a:9100', 'a', () => 1)] })
  // What it says of its runtime when it wakes up tells nothing of the time before.
  const wakes = signal('node.runtime-down', 'node/a', 912, { reason: 'runtime' })
  assert.equal(
    findings('node.heartbeat-missed', { facts: cluster, signals: [...notReady(650, 915), wakes], series: [port, up('a:9100', 'a', () => 1)] }).length,
    1,
  )
  // Nor does the lease that it misses once more before it is heard again.
  const late = signal('node.heartbeat-missed', 'node/a', 913, { reason: 'timeout' }, { count: 2, until: 918 })
  near(
    findings('node.heartbeat-missed', { facts: cluster, signals: [...notReady(650, 915), late], series: [port, up('a:9100', 'a', () => 1)] })[0]?.start,
    600,
    15,
  )
  const probes: Series = { ...up('a:10250', 'a', () => 1), labels: { ...port.labels, job: 'probes' } }
  none('node.heartbeat-missed', { facts: cluster, signals: notReady(650, 915), series: [port, probes] })
})

test('a kubelet that fell silent twice answered in between, on all of its jobs', () => {
  const gone = (second: number): number => (between(second, 600, 700) || between(second, 760, 910) ? 0 : 1)
  const jobs = ['kubelet', 'probes'].map((job): Series => ({ ...up('a:10250', 'a', gone), labels: { job, instance: 'a:10250', node: 'a' } }))
  const [first] = findings('node.heartbeat-missed', { facts: cluster, signals: notReady(650, 915), series: [...jobs, up('a:9100', 'a', () => 1)] })
  near(first?.start, 600, 15)
})

test("without the kubelet's log: a node all of whose ports fall silent, and that comes back without a boot, lost its network", () => {
  const gone = (second: number): number => (between(second, 600, 910) ? 0 : 1)
  const ports = [up('a:10250', 'a', gone), up('a:9100', 'a', gone)]
  const [first] = findings('node.network-lost', { facts: cluster, signals: notReady(650, 915), series: ports })
  near(first?.start, 600, 15)
  assert.ok((first?.confidence ?? 1) < 0.8, "less sure than with the kubelet's own word")
  none('node.network-lost', { facts: cluster, signals: [...notReady(650, 915), signal('node.rebooted', 'node/a', 905)], series: ports })
  // A machine that is out of CPU when it falls silent may answer nobody for that.
  const full = cores((second) => (between(second, 300, 700) ? 1 : 0.2))
  none('node.network-lost', { facts: cluster, signals: notReady(650, 915), series: [...ports, ...full] })
  // A network that is gone restarts no kubelet.
  none('node.network-lost', { facts: cluster, signals: [...notReady(650, 915), signal('kubelet.started', 'node/a', 905)], series: ports })
  // One that was taken out of the cluster did not come back.
  none('node.network-lost', { facts: cluster, signals: [...notReady(650, 915), signal('change.node-removed', 'node/a', 915)], series: ports })
})

test('a node of which nothing answers any more fell silent as a whole; one whose exporter goes on did not', () => {
  const gone = (second: number): number => (second >= 600 ? 0 : 1)
  const lost = signal('node.not-ready', 'node/a', 650, {}, { phase: 'begin' })
  const whole = (exporter: (second: number) => number): unknown =>
    findings('node.heartbeat-missed', { facts: cluster, signals: [lost], series: [up('a:10250', 'a', gone), up('a:9100', 'a', exporter)] }).map(
      ({ found }) => found.attributes['whole'],
    )
  assert.deepEqual([whole(gone), whole(() => 1)], [['yes'], [undefined]])
  // Where nobody scrapes kubelets, all that is scraped of the node tells it; a part of that does not, nor what was gone long before.
  const unscraped = (...targets: readonly Series[]): readonly number[] =>
    findings('node.heartbeat-missed', { facts: cluster, signals: [lost], series: targets }).map(({ start }) => start)
  assert.deepEqual(unscraped(up('a:9100', 'a', gone)), [600])
  assert.deepEqual(
    unscraped(
      up('a:9100', 'a', gone),
      up('a:10249', 'a', () => 1),
    ),
    [],
  )
  assert.deepEqual(unscraped(up('a:9100', 'a', (second) => (second >= 60 ? 0 : 1))), [])
})

test("without the control plane's word: a node whose pods are evicted for a taint while its kubelet answers nobody was NotReady", () => {
  const gone = (second: number): number => (between(second, 600, 1_000) ? 0 : 1)
  const pod = 'pod/shop/web-7d9c5b8f6d-x2x4z' as const
  const facts: readonly Fact[] = [...cluster, { fact: 'pod-on-node', pod, node: 'node/a', at: null }]
  const evicted = signal('pod.evicted', pod, 950, { reason: 'taint' })
  const found = (signals: readonly Signal[], kubelet = gone): readonly (number | null)[] =>
    findings('node.not-ready', { facts, signals, series: [up('a:10250', 'a', kubelet)] }).flatMap(({ entity, start, end }) => {
      assert.equal(entity, 'node/a')
      return [start, end]
    })
  near(found([evicted])[0], 640, 15)
  near(found([evicted])[1], 1_000, 15)
  // A zone that the node is alone in is gone in the moment in which the node is.
  assert.equal(found([evicted, signal('log.warning', 'process/-/kube-controller-manager', 652, { app: 'kube-controller-manager', code: 'zone-lost' })])[0], 652)
  // Somebody may set a taint by hand, or empty the node; and pods are evicted for other reasons.
  assert.deepEqual(
    found([evicted], () => 1),
    [],
  )
  assert.deepEqual(found([evicted, signal('action.drain', 'node/a', 900)]), [])
  assert.deepEqual(found([signal('pod.evicted', pod, 950, { reason: 'memory' })]), [])
  // Without metrics its own log tells that it was not there.
  const log = (signals: readonly Signal[]): readonly string[] =>
    findings('node.not-ready', { facts: [...facts, writtenOn('a')], silences: [silence(610, 1_010)], signals: [evicted, ...signals] }).map(
      ({ entity, start }) => `${entity} ${start}`,
    )
  assert.deepEqual([log([signal('kubelet.started', 'node/a', 1_012)]), log([])], [['node/a 650'], []])
  // Who said it himself is believed.
  assert.deepEqual(found([evicted, ...notReady(650, 1_005)]), [650, 1_005])
})

const silence = (from: number, to: number): NonNullable<InputParts['silences']>[number] => ({ basis: 'utc', from: at(from).ms, to: at(to).ms, line: 812 })
const writtenOn = (name: string): Fact => ({ fact: 'input-node', node: `node/${name}`, weight: 5 })

test('without metrics: a kubelet that wrote nothing while its node became NotReady, and then started, had stopped', () => {
  const started = signal('kubelet.started', 'node/a', 700)
  const parts = { facts: [writtenOn('a'), ...cluster], silences: [silence(585, 700)] }
  const [first] = findings('node.heartbeat-missed', { ...parts, signals: [...notReady(620, 705), started] })
  assert.deepEqual([first?.entity, first?.start], ['node/a', 585])
  // One that was restarted while it complained, or because its runtime hung, had not.
  const refused = signal('node.heartbeat-missed', 'node/a', 600, { reason: 'refused' }, { count: 20, until: 690 })
  assert.equal(
    findings('node.heartbeat-missed', { facts: parts.facts, signals: [refused, ...notReady(620, 705), started] })[0]?.found.attributes['reason'],
    'refused',
  )
  const hung = signal('node.runtime-down', 'node/a', 590, { reason: 'pleg' }, { count: 9, until: 690 })
  none('node.heartbeat-missed', { ...parts, signals: [hung, ...notReady(620, 705), started] })
  none('node.heartbeat-missed', { ...parts, signals: notReady(620, 705) })
})

test('a log that stops in the middle and goes on with a boot is a crash, at its last line', () => {
  const [first] = findings('node.kernel-panic', { facts: [writtenOn('a')], silences: [silence(600, 780)], signals: [signal('node.rebooted', 'node/a', 770)] })
  assert.deepEqual([first?.entity, first?.start], ['node/a', 600])
  assert.ok(first?.found.evidence.some((one) => one.line === 812))
})

test('a silence without a boot, a boot without a silence, and a restart by hand are no crash', () => {
  none('node.kernel-panic', { facts: [writtenOn('a')], silences: [silence(600, 780)] })
  none('node.kernel-panic', { facts: [writtenOn('a')], signals: [signal('node.rebooted', 'node/a', 770)] })
  none('node.kernel-panic', { facts: [writtenOn('a')], silences: [silence(600, 780)], signals: [signal('node.rebooted', 'node/a', 3000)] })
  none('node.kernel-panic', {
    facts: [writtenOn('a')],
    silences: [silence(600, 780)],
    signals: [signal('action.node-restarted', 'node/a', 595), signal('node.rebooted', 'node/a', 770)],
  })
  // A quiet machine that went on in the middle of its work, near a boot that another source dates wrongly, or dates by a clock that is off.
  const quiet = input('dump/a/journal.log', {
    facts: [writtenOn('a')],
    silences: [silence(600, 780)],
    signals: [signal('node.heartbeat-missed', 'node/a', 790)],
  })
  const boot = input('dump/events.json', { signals: [signal('node.rebooted', 'node/a', 770)] })
  assert.deepEqual(
    findWrong(timelineOf([quiet, boot])).filter(({ kind }) => kind === 'node.kernel-panic'),
    [],
  )
})

test('what a machine wrote or was measured after one of its logs fell silent is its last word; one that hung or had no memory and was reset did not crash', () => {
  const boot = signal('node.rebooted', 'node/a', 770)
  const kubelet = input('dump/a/kubelet.log', { facts: [writtenOn('a')], silences: [silence(600, 780)], signals: [boot] })
  const crashes = (...others: InputExtract[]): unknown =>
    findWrong(timelineOf([kubelet, ...others])).flatMap(({ kind, start }) => (kind === 'node.kernel-panic' ? [(start - T0) / 1000] : []))
  const journal = (...signals: Signal[]): InputExtract => input('dump/a/journal.log', { facts: [writtenOn('a')], signals })
  assert.deepEqual(crashes(), [600])
  assert.deepEqual(crashes(journal(signal('app.errors', 'pod/shop/web-0', 700))), [700])
  assert.deepEqual(crashes(journal(signal('app.errors', 'pod/shop/web-0', 620, {}, { until: 720, count: 32 }))), [720])
  // Another machine's words say nothing of this one, and those of the next boot nothing of the one before.
  assert.deepEqual(crashes(input('dump/b/journal.log', { facts: [writtenOn('b')], signals: [signal('app.errors', 'pod/shop/web-0', 700)] })), [600])
  assert.deepEqual(crashes(journal(signal('app.errors', 'pod/shop/web-0', 765))), [600])
  const measured = series('node_load1', { node: 'a' }, (second) => (between(second, 691, 800) ? null : 1))
  assert.deepEqual(crashes(input('dump/metrics.json', { series: [measured] })), [690])
  assert.deepEqual(crashes(journal(signal('node.oom-kill', 'node/a', 650, { process: 'celery' }))), [])
  assert.deepEqual(crashes(journal(signal('node.kernel-hang', 'node/a', 650, { reason: 'soft-lockup' }))), [])
  // So does one that is reset because its node was lost; a crash is what the node is lost by.
  assert.deepEqual(crashes(input('dump/events.json', { signals: notReady(530, 800) })), [])
  assert.deepEqual(crashes(input('dump/events.json', { signals: notReady(640, 800) })), [600])
  assert.deepEqual(crashes(input('dump/events.json', { signals: notReady(400, 500) })), [600])
})

test('a node that was told to let go of all its pods before its log stops was emptied, not lost; one that still had a pod of its own crashed', () => {
  const on = (pod: Entity): Fact => ({ fact: 'pod-on-node', pod, node: 'node/a', at: null })
  const web = ['pod/shop/web-7d4f9c5b8-bcdfg', 'pod/shop/api-6c8f7d9b5-fghjk'] as const
  const told = [...web.map((pod, at) => signal('pod.deleted', pod, 540 + at)), signal('node.rebooted', 'node/a', 770)]
  const parts = { facts: [writtenOn('a'), ...web.map(on), on('pod/kube-system/kube-proxy-a')], silences: [silence(600, 780)], signals: told }
  none('node.kernel-panic', parts)
  assert.equal(findings('action.drain', parts)[0]?.entity, 'node/a')
  const kept = { ...parts, facts: [...parts.facts, on('pod/shop/redis-0')] }
  none('action.drain', kept)
  assert.equal(findings('node.kernel-panic', kept)[0]?.start, 600)
})

test('a boot time that jumps to the present is a reboot; one that is corrected by seconds is a clock', () => {
  const booted = (value: (second: number) => number): InputParts => ({
    series: [series('node_boot_time_seconds', { node: 'a' }, (second) => at(value(second)).ms / 1000)],
  })
  const [first] = findings(
    'node.rebooted',
    booted((second) => (second < 1800 ? -90_000 : 1750)),
  )
  assert.deepEqual([first?.entity, first?.start], ['node/a', 1750])
  none(
    'node.rebooted',
    booted((second) => (second < 1800 ? -90_000 : -89_995)),
  )
})

test('a node that left the cluster is no longer NotReady', () => {
  const [first] = findings('node.not-ready', { signals: [...condition('node.not-ready', 'node/a', 100, null), signal('change.node-removed', 'node/a', 130)] })
  assert.deepEqual([first?.start, first?.end], [100, 130])
})

test('a node that has just joined is NotReady for a while, as every node is; for minutes it is told, and so is one that was there', () => {
  const notReady = (end: number, ...signals: readonly Signal[]): number =>
    findings('node.not-ready', { signals: [...signals, ...condition('node.not-ready', 'node/a', 300, end), signal('log.warning', 'node/b', 900)] }).length
  const joined = signal('change.node-added', 'node/a', 301)
  assert.deepEqual([notReady(360, joined), notReady(600, joined), notReady(360), notReady(360, signal('change.node-added', 'node/a', 100))], [0, 1, 1, 1])
})

test('a node was removed when the control plane says so, not when the watch last saw it written', () => {
  const watched = signal('change.node-removed', 'node/a', 100, { source: 'watch' })
  const starts = (...signals: readonly Signal[]): readonly number[] => findings('change.node-removed', { signals }).map(({ start }) => start)
  assert.deepEqual(starts(watched, signal('change.node-removed', 'node/a', 130)), [130])
  assert.deepEqual(starts(watched), [100])
})

test('a drain begins when the pods are told to go, seconds before the kubelet tells of the cordon, and what goes after it is lifted is not its doing', () => {
  const pod = (name: string): Entity => `pod/shop/web-7d9c5b8f6d-${name}`
  const names = ['bbbbb', 'ccccc', 'ddddd']
  const parts: InputParts = {
    facts: names.map((name): Fact => ({ fact: 'pod-on-node', pod: pod(name), node: 'node/a', at: null })),
    signals: [
      ...condition('action.cordon', 'node/a', 104, 140),
      signal('pod.deleted', pod('bbbbb'), 100),
      signal('pod.deleted', pod('ccccc'), 106),
      signal('pod.deleted', pod('ddddd'), 300),
    ],
  }
  const [drained] = findings('action.drain', parts)
  assert.deepEqual([drained?.start, drained?.end], [100, 106])
  // The cordon is part of it, and that it was lifted is told with it.
  assert.match(drained?.found.summary ?? '', /it was cordoned and 2 of its pods were told to go; it took pods again after 36 s\.$/u)
  none('action.cordon', parts)
  // One that leaves the cluster takes no pods again.
  const [gone] = findings('action.drain', {
    ...parts,
    signals: [signal('action.cordon', 'node/a', 104, {}, { phase: 'begin' }), ...(parts.signals ?? []).slice(2), signal('change.node-removed', 'node/a', 140)],
  })
  assert.match(gone?.found.summary ?? '', /2 of its pods were told to go\.$/u)
})

test('a new boot id that the node object shows minutes later is the boot that is known, or the trace of one that is not', () => {
  const shown = signal('node.identity', 'node/a', 860, { bootId: 'b2' })
  assert.equal(findings('node.rebooted', { facts: [writtenOn('a')], signals: [signal('node.rebooted', 'node/a', 770), shown] }).length, 1)
  assert.equal(findings('node.rebooted', { facts: [writtenOn('a')], signals: [shown] })[0]?.start, 860)
  none('node.rebooted', { facts: [writtenOn('a')], signals: [signal('node.identity', 'node/a', 860, { bootId: 'b2', machineId: 'm2' })] })
})

test('a kernel that kills for the whole machine proves that its memory was used up; where memory was measured, the measure says so', () => {
  const killed = signal('node.oom-kill', 'node/a', 600, { process: 'celery' })
  const [proven] = findings('node.memory-exhausted', { facts: cluster, signals: [killed] })
  assert.deepEqual([proven?.entity, proven?.start], ['node/a', 600])
  none('node.memory-exhausted', { facts: cluster, signals: [signal('pod.oom-killed', 'pod/shop/web-0', 600)] })
  const atItsLimit = signal('node.oom-kill', 'node/a', 600, { process: 'postgres', cgroup: '/postgres-main', limit: 'cgroup' })
  none('node.memory-exhausted', { facts: cluster, signals: [atItsLimit] })
  assert.equal(
    findings('node.oom-kill', { facts: cluster, signals: [atItsLimit] })[0]?.found.summary,
    'The kernel killed postgres on node a at the memory limit of /postgres-main.',
  )
  const plenty = series('node_memory_MemAvailable_bytes', { node: 'a' }, () => 4e9)
  const total = series('node_memory_MemTotal_bytes', { node: 'a' }, () => 8e9)
  none('node.memory-exhausted', { facts: cluster, signals: [killed], series: [plenty, total] })
})

test('a node is NotReady from the event that says so to the one that takes it back', () => {
  const [first, ...rest] = findings('node.not-ready', { signals: [condition('node.not-ready', 'node/a', 100, 400)] })
  assert.deepEqual([first?.start, first?.end, rest.length], [100, 400, 0])
  assert.equal(findings('node.not-ready', { signals: [condition('node.not-ready', 'node/a', 100, null)] })[0]?.end, null)
})

test('a kubelet that calls its node ready while the API server refuses it is not heard', () => {
  const refused = (reason: string): Signal => signal('node.heartbeat-missed', 'node/a', 100, { reason }, { count: 90, until: 300 })
  const told = [...notReady(125, 130), signal('node.not-ready', 'node/a', 305, {}, { phase: 'end' })]
  assert.equal(findings('node.not-ready', { signals: [refused('unauthorized'), ...told] })[0]?.end, 305)
  // The status may have got through where the lease did not.
  assert.equal(findings('node.not-ready', { signals: [refused('timeout'), ...told] })[0]?.end, 130)
})

test('a node that is held back at its own quota is saturated, though its machine is not; since when, is not known where it answered nobody', () => {
  const root = { id: '/', instance: 'a:10250', job: 'cadvisor', node: 'a' }
  // Its cAdvisor answered nobody for 80 s.
  const held = (second: number): number | null => (between(second, 605, 680) ? null : second < 605 ? 0.9 : 0.9 + 60)
  const [first, ...rest] = findings('node.cpu-saturated', { facts: cluster, series: [series('container_cpu_cfs_throttled_seconds_total', root, held)] })
  assert.deepEqual([first?.entity, first?.found.attributes['reason'], rest.length], ['node/a', 'quota', 0])
  near(first?.start, 610, 15)
  assert.ok((first?.found.slackMs ?? 0) >= 60_000)
  const rate = (second: number): number => (between(second, 600, 700) ? 0.7 : 0.01)
  near(findings('node.cpu-saturated', { facts: cluster, series: [series('node_cfs_throttled_root', { id: '/', node: 'a' }, rate)] })[0]?.start, 600, 15)
  // What its machine always is says nothing of it then.
  const busy = cores((second) => (second < 600 ? 0.5 : 0.97))
  assert.equal(findings('node.cpu-saturated', { facts: cluster, series: busy }).length, 1)
  const both = [...busy, series('node_cfs_throttled_root', { id: '/', node: 'a' }, rate)]
  assert.deepEqual(
    findings('node.cpu-saturated', { facts: cluster, series: both }).map(({ found: { attributes } }) => attributes['reason']),
    ['quota'],
  )
  // A container that is held back at its limit is no node.
  const container = { id: '/kubepods/burstable/pod1/c1', node: 'a', namespace: 'shop', pod: 'web-1', container: 'web' }
  none('node.cpu-saturated', { facts: cluster, series: [series('container_cpu_cfs_throttled_seconds_total', container, (second) => second * 0.7)] })
})

test('heartbeats that all nodes miss at once say so; those of one node after the other do not', () => {
  const together = (...seconds: readonly number[]): readonly unknown[] =>
    findings('node.heartbeat-missed', {
      facts: cluster,
      signals: (['node/a', 'node/b', 'node/c'] as const).map((node, at) =>
        signal('node.heartbeat-missed', node, seconds[at] ?? 0, { reason: 'timeout' }, { count: 9 }),
      ),
    }).map(({ found: { attributes } }) => attributes['together'])
  assert.deepEqual(together(600, 603, 604), ['yes', 'yes', 'yes'])
  assert.deepEqual(together(600, 603, 700), [undefined, undefined, undefined])
})

test('a runtime that does not answer is told of again; once, it is what a kubelet finds when it wakes up', () => {
  const down = (count: number, until: number, reason = 'runtime'): Signal => signal('node.runtime-down', 'node/a', 600, { reason }, { count, until })
  none('node.runtime-down', { signals: [down(1, 600)] })
  assert.equal(findings('node.runtime-down', { signals: [down(9, 640)] }).length, 1)
  // The threshold of the other is three minutes.
  assert.equal(findings('node.runtime-down', { signals: [down(1, 600, 'pleg')] }).length, 1)
})

test('a kubelet that stood still, twice, finds each time that it has not looked at its runtime: that was its own silence', () => {
  const wakes = (second: number): Signal => signal('node.runtime-down', 'node/a', second, { reason: 'runtime' })
  const signals = [wakes(635), wakes(739)]
  const both = [silence(600, 635), silence(666, 739)]
  none('node.runtime-down', { facts: [...cluster, writtenOn('a')], signals, silences: both })
  assert.equal(findings('node.runtime-down', { facts: [...cluster, writtenOn('a')], signals, silences: both.slice(1) }).length, 1)
})

test('a client certificate that the API server rejects is that of the node whose kubelet is refused from then on', () => {
  const rejected = signal('node.certificate-expired', 'cluster', 600, { reason: 'expired' }, { count: 30, until: 700 })
  const refused = (node: Entity): Signal => signal('node.heartbeat-missed', node, 601, { reason: 'unauthorized' }, { count: 30, until: 700 })
  const of = (...nodes: Entity[]): readonly string[] =>
    findings('node.certificate-expired', { facts: cluster, signals: [rejected, ...nodes.map(refused)] }).map(({ entity }) => entity)
  assert.deepEqual(of('node/a'), ['node/a'])
  assert.deepEqual(of(), ['cluster'])
  assert.deepEqual(of('node/a', 'node/b', 'node/c'), ['cluster'])
})

test('what several sources say of one condition is one finding, surer than each', () => {
  const ready = series('kube_node_status_condition', { node: 'a', condition: 'Ready', status: 'true' }, (second) => (between(second, 120, 420) ? 0 : 1))
  const both = findings('node.not-ready', { signals: [condition('node.not-ready', 'node/a', 100, 400)], series: [ready] })
  assert.deepEqual(
    both.map(({ start, end }) => [start, end]),
    [[100, 420]],
  )
})

test('one lost sample of a state is a scrape in between, not a state', () => {
  none('node.not-ready', {
    series: [series('kube_node_status_condition', { node: 'a', condition: 'Ready', status: 'true' }, (second) => (second === 600 ? 0 : 1))],
  })
})

test('the kernel, the runtime and certificates speak for themselves', () => {
  for (const kind of [
    'node.kernel-panic',
    'node.kernel-hang',
    'node.oom-kill',
    'node.rebooted',
    'node.runtime-down',
    'node.certificate-expired',
    'node.disk-full',
  ] as const)
    assert.deepEqual(
      findings(kind, { signals: [signal(kind, 'node/a', 5 * MINUTE)] }).map(({ start }) => start),
      [300],
      kind,
    )
})

test('a line of half a million samples is judged like any other', () => {
  const long = { from: 0, to: 500_000, step: 1 }
  const parts = { series: [series('node_memory_MemAvailable_bytes', { node: 'a' }, (second) => (between(second, 1800, 2400) ? 0.01 : 1) * GIB, long)] }
  assert.deepEqual(
    findings('node.memory-exhausted', parts).map(({ start, end }) => [start, end]),
    [[1800, 2400]],
  )
})

test('a kubelet that is refused stays refused between two tries that a log has kept; one that times out may have come back', () => {
  const tries = (reason: string): Signal[] => [600, 610, 1200, 1700].map((second) => signal('node.heartbeat-missed', 'node/a', second, { reason }))
  assert.deepEqual(
    findings('node.heartbeat-missed', { signals: tries('unauthorized') }).map(({ start, end }) => [start, end]),
    [[600, 1700]],
  )
  assert.equal(findings('node.heartbeat-missed', { signals: tries('timeout') }).length, 3)
})

test('where nobody measured it, a machine on which everything is late at once is out of CPU; what has another reason, or is late alone, is not', () => {
  const pod = (name: string): Entity => `pod/shop/${name}-7d9c5b8f6d-x2x4z`
  const on: readonly Fact[] = ['web', 'cart'].map((name): Fact => ({ fact: 'pod-on-node', pod: pod(name), node: 'node/a', at: null }))
  const late = (name: string, from = 600) => signal('pod.unready', pod(name), from, { probe: 'Readiness', reason: 'timeout' }, { count: 4, until: from + 60 })
  const housekeeping = signal('kubelet.slow', 'node/a', 590, {}, { count: 5, until: 660 })
  const [first, ...more] = findings('node.cpu-saturated', { facts: [...cluster, ...on], signals: [housekeeping, late('web'), late('cart')] })
  assert.deepEqual([first?.entity, first?.start, first?.end, more.length], ['node/a', 590, 660, 0])
  assert.ok((first?.confidence ?? 1) < 0.8)
  const facts = [...cluster, ...on]
  none('node.cpu-saturated', { facts, signals: [late('web'), late('cart')] })
  none('node.cpu-saturated', { facts, signals: [housekeeping, late('web')] })
  none('node.cpu-saturated', { facts, signals: [housekeeping, late('web', 1200), late('cart', 1200)] })
  none('node.cpu-saturated', { facts, signals: [housekeeping, late('web'), late('cart'), signal('node.oom-kill', 'node/a', 640)] })
  // Somebody measured it, and it was not so.
  none('node.cpu-saturated', { facts, signals: [housekeeping, late('web'), late('cart')], series: cores(() => 0.4) })
})

test('a machine on which the probes of several workloads time out until the control plane misses it is out of CPU; one that is missed first is not', () => {
  const pod = (name: string): Entity => `pod/shop/${name}-7d9c5b8f6d-x2x4z`
  const on: readonly Fact[] = ['web', 'cart'].map((name): Fact => ({ fact: 'pod-on-node', pod: pod(name), node: 'node/a', at: null }))
  const facts = [...cluster, ...on]
  const late = (name: string, from = 600) => signal('pod.unready', pod(name), from, { probe: 'Readiness', reason: 'timeout' }, { count: 20, until: from + 230 })
  const lost = (second: number, reason = 'NodeNotReady') => condition('node.not-ready', 'node/a', second, 2400, { reason })
  const [first, ...more] = findings('node.cpu-saturated', { facts, signals: [late('web'), late('cart'), lost(840)] })
  assert.deepEqual([first?.entity, first?.start, first?.end, more.length], ['node/a', 600, 840, 0])
  assert.match(first?.found.summary ?? '', /probes of 2 of its pods timed out, then the control plane heard nothing from it/u)
  none('node.cpu-saturated', { facts, signals: [late('web'), lost(840)] })
  none('node.cpu-saturated', { facts, signals: [late('web'), late('cart'), lost(590)] })
  none('node.cpu-saturated', { facts, signals: [late('web'), late('cart'), lost(1200)] })
  none('node.cpu-saturated', { facts, signals: [late('web'), late('cart'), lost(840, 'cni')] })
})

test('a kill that the kernel and an event tell of is one kill', () => {
  const kill = (second: number, pid?: number): Signal => signal('node.oom-kill', 'node/a', second, { process: 'celery', ...(pid === undefined ? {} : { pid }) })
  const summary = (...signals: readonly Signal[]): string | undefined => findings('node.oom-kill', { signals })[0]?.found.summary
  assert.equal(summary(kill(600, 41), kill(602, 41)), 'The kernel killed celery on node a for lack of memory.')
  assert.match(summary(kill(600, 41), kill(602, 41), kill(700, 42), kill(703, 42)) ?? '', /, twice|2 times/u)
  assert.match(summary(kill(600), kill(700)) ?? '', /, twice|2 times/u)
})

test('a node whose table of connections is full drops what is new, as soon as the metrics or the kernel show it; one that is well filled does not', () => {
  const entries = (most: number): InputParts => ({
    series: [
      series('node_nf_conntrack_entries', { node: 'a' }, (second) => (between(second, 1800, 2400) ? most : 20_000)),
      series('node_nf_conntrack_entries_limit', { node: 'a' }, () => 65_536),
    ],
  })
  const [first, ...rest] = findings('metric.anomalous', entries(65_536))
  assert.deepEqual([first?.entity, first?.start, first?.found.attributes['metric'], rest.length], ['node/a', 1800, 'nf_conntrack', 0])
  none('metric.anomalous', entries(55_000))
  const dropped = (count: number): InputParts => ({ signals: [signal('metric.anomalous', 'node/a', 600, { metric: 'nf_conntrack' }, { count, until: 660 })] })
  assert.equal(findings('metric.anomalous', dropped(40)).length, 1)
  none('metric.anomalous', dropped(2))
})

test('a node at its limits before and after it could not be reached was so between, for all that anybody knows; a reachable one was not', () => {
  const scraped = cores((second) => (between(second, 1200, 1500) || between(second, 2100, 2400) ? 0.99 : 0.3)).map((one) => {
    const seen = [...one.times.keys()].filter((index) => !between(((one.times[index] ?? 0) - (one.times[0] ?? 0)) / 1000, 1500, 2100))
    return { ...one, times: one.times.filter((_, index) => seen.includes(index)), values: one.values.filter((_, index) => seen.includes(index)) }
  })
  const [all, ...rest] = findings('node.cpu-saturated', { series: scraped, signals: condition('node.not-ready', 'node/a', 1520, 2430) })
  assert.equal(rest.length, 0)
  near(all?.start, 1200, 30)
  near(all?.end, 2400, 45)
  assert.equal(findings('node.cpu-saturated', { series: scraped }).length, 2)
})

test('a kubelet that ends as it starts, again and again, says why', () => {
  const words = 'failed to validate kubelet configuration, error: invalid configuration: imageGCHighThresholdPercent 120 must be between 0 and 100, inclusive'
  const [told] = findings('node.heartbeat-missed', {
    signals: [signal('node.heartbeat-missed', 'node/a', 600, { reason: 'not-started', said: words }, { count: 41, until: 682 })],
  })
  assert.match(told?.found.summary ?? '', /could not start, 41 times: failed to validate kubelet configuration.* inclusive\.$/u)
})

test('a certificate had expired before the first rejection, by as much as that says; what is cited stands when it was written', () => {
  const rejected = (second: number, lateMs: number): Signal =>
    signal('node.certificate-expired', 'service/mesh/injector', second, { reason: 'expired', of: 'webhook', webhook: 'x', lateMs })
  const [told, ...others] = findings('node.certificate-expired', { signals: [rejected(720, 120_000), rejected(900, 300_000)] })
  assert.deepEqual([told?.start, others.length], [600, 0])
  assert.deepEqual(
    told?.found.evidence.map(({ time }) => (Date.parse(time) - T0) / 1000),
    [720, 900],
  )
})

test('a machine that started again had been gone since none of its targets answered; one target alone is a process, and one that hung was reset', () => {
  const boot = signal('node.rebooted', 'node/a', 770)
  const target = (port: number, from: number): Series =>
    series('up', { job: `job-${port}`, instance: `a:${port}`, node: 'a' }, (second) => (between(second, from, 780) ? 0 : 1), { step: 5 })
  const starts = (parts: Parameters<typeof findings>[1]): readonly number[] => findings('node.rebooted', parts).map(({ start }) => start)
  assert.deepEqual(starts({ signals: [boot], series: [target(9100, 760), target(10249, 760)] }), [760])
  assert.deepEqual(starts({ signals: [boot], series: [target(9100, 760)] }), [770])
  assert.deepEqual(starts({ signals: [boot], series: [target(9100, 760), target(10249, 775)] }), [770])
  assert.deepEqual(starts({ signals: [boot], series: [target(9100, 760), target(10249, 690)] }), [770])
  assert.deepEqual(
    starts({ signals: [boot, signal('node.kernel-hang', 'node/a', 740, { reason: 'soft-lockup' })], series: [target(9100, 760), target(10249, 760)] }),
    [770],
  )
})
