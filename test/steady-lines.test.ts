/** Lines that say nothing are passed over in strides; read one by one (a chunk a line) they must leave the same behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { extractInput, type Source } from '../src/read/extract-input.js'
import type { InputExtract } from '../src/model/extract.js'
import { controlPlaneMeanings, oldControlPlaneMeanings } from '../parsers/control-plane-messages.js'
import { eventMeanings } from '../parsers/klog-events.js'
import { kubeletMeanings } from '../parsers/kubelet-messages.js'
import { random } from '../simulator/core/random.js'

const pad = (value: number, width: number): string => String(value).padStart(width, '0')
const HEX = 'b7d6f4c2-aa11-4c3d-9e8f-0123456789'

/** Of the kubelet: what it says all day, what matters, and what is no klog line or only looks like one. */
const MESSAGES: readonly ((pick: (below: number) => number) => readonly [string, string])[] = [
  (pick) => ['I', `kubelet.go:2426] "SyncLoop UPDATE" source="api" pods=["shop/web-${pick(3)}"]`],
  (pick) => ['I', `prober.go:117] "Probe succeeded" probeType="Readiness" pod="shop/web-${pick(3)}" containerName="web"`],
  () => ['I', `scope.go:117] "RemoveContainer" containerID="${HEX}"`],
  () => ['I', 'generic.go:334] "Generic (PLEG): container finished" podID="b7d6" containerID="c0ffee00c0ffee00" exitCode=0'],
  (pick) => [
    'I',
    `kubelet.go:2453] "SyncLoop (PLEG): event for pod" pod="shop/web-${pick(3)}" event={"ID":"${HEX}0${pick(2)}","Type":"Container${['Started', 'Died'][pick(8)] ?? 'Started'}","Data":"0123456789abcdef"}`,
  ],
  () => ['I', 'generic.go:334] "Generic (PLEG): container finished" podID="b7d6" containerID="0123456789abcdef" exitCode=137'],
  (pick) => [
    'I',
    `prober.go:107] "Probe failed" probeType="Liveness" pod="shop/web-${pick(3)}" containerName="web" output="HTTP probe failed with statuscode: 503"`,
  ],
  (pick) => [
    'I',
    `prober.go:107] "Probe failed" probeType="Readiness" pod="shop/web-${pick(3)}" containerName="web" output="dial tcp: connect: connection refused"`,
  ],
  () => ['E', 'controller.go:195] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/x?timeout=10s\\": context deadline exceeded"'],
  (pick) => [
    'E',
    `pod_workers.go:1298] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff: \\"back-off\\"" pod="shop/web-${pick(40)}"`,
  ],
  () => ['W', 'reflector.go:456] object-"shop"/"web": watch ended with: very short watch'],
  () => ['E', 'kubelet.go:1] "Multi-line" err=<'],
  () => ['I', 'asm_amd64.s:1337] goexit'],
  () => ['I', 'odd source.go:12] a blank where none belongs'],
  () => ['I', 'unfinished'],
]

/** `rhythm`: the usual time between two lines is up to so many milliseconds. */
const logOf = (seed: number, dress: (ms: number, klog: string) => string, rhythm = 100, messages = MESSAGES): string[] => {
  const chances = random(seed)
  const next = (): number => chances.next()
  const pick = (below: number): number => Math.floor(next() * below)
  let ms = Date.UTC(2025, 11, 31, 23, 50)
  const lines: string[] = []
  for (let index = 0; index < 600; index++) {
    const step = next()
    // Few are silences: of those only the longest are kept.
    ms += step < 0.95 ? next() * rhythm : step < 0.955 ? 29_000 + next() * 3_000 : step < 0.975 ? -next() * 2_000 : step < 0.9755 ? 70_000 : 0
    const at = new Date(ms)
    // Now and then the clock in the line is not the one around it.
    const own = new Date(ms - (next() < 0.02 ? 2_500 : next() * 3))
    const [severity, message] = messages[next() < 0.7 ? pick(4) : pick(messages.length)]?.(pick) ?? ['I', '']
    const micros = pad(own.getUTCMilliseconds() * 1000 + pick(1000), 6)
    const pid = next() < 0.01 ? '12345678' : String(next() < 0.02 ? 77 : 2296).padStart(7)
    const klog = `${severity}${pad(own.getUTCMonth() + 1, 2)}${pad(own.getUTCDate(), 2)} ${own.toISOString().slice(11, 19)}.${micros} ${pid} ${message}`
    const odd = next()
    lines.push(
      odd < 0.01 ? '' : odd < 0.02 ? '\tat a continuation' : odd < 0.025 ? 'something else' : odd < 0.03 ? klog.replace(/\d/u, 'x') : dress(at.getTime(), klog),
    )
  }
  return lines
}

const DRESSES: Readonly<Record<string, (ms: number, klog: string) => string>> = {
  bare: (_, klog) => klog,
  'journal, short': (ms, klog) =>
    `${['Dec', 'Jan'][new Date(ms).getUTCMonth() === 11 ? 0 : 1]} ${pad(new Date(ms).getUTCDate(), 2)} ${new Date(ms).toISOString().slice(11, 19)} worker-1 kubelet[2296]: ${klog}`,
  'journal of a machine in another zone': (ms, klog) =>
    `Jan 01 ${new Date(ms + 28_800_000).toISOString().slice(11, 19)}.${pad(Math.floor((ms % 1000) * 1000), 6)} worker-1 kubelet[2296]: ${klog}`,
  'journal, ISO stamps, two machines': (ms, klog) =>
    `${new Date(ms).toISOString().slice(0, 19)}+0000 worker-${Math.floor(ms / 60_000) % 2} kubelet[2296]: ${klog}`,
  CRI: (ms, klog) => `${new Date(ms).toISOString().slice(0, 23)}456789Z stderr F ${klog}`,
}

/** `size`: in chunks of so many bytes. */
const read = (lines: readonly string[], end: string, apart: boolean, path = 'kubelet.log', size = Infinity): Promise<InputExtract> => {
  const bytes = lines.map((line) => Buffer.from(`${line}${end}`))
  const source: Source = {
    path,
    wrapping: [],
    changedMs: null,
    context: { path, pod: null, container: null, expression: null },
    async *chunks() {
      await Promise.resolve()
      // The head is read as one chunk; what comes after it is cut as it is given.
      if (apart) yield* bytes
      else {
        const whole = Buffer.concat(bytes)
        for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + Math.min(size, whole.length))
      }
    },
  }
  return extractInput(source)
}

/** Part by part, and signal by signal: of extracts that differ assert would show all there is, which takes minutes. */
const same = (one: InputExtract, other: InputExtract, message: string): void => {
  for (const [index, signal] of one.signals.entries()) assert.deepEqual(signal, other.signals[index], `${message}: signal ${index}`)
  for (const part of ['records', 'warnings', 'spans', 'silences', 'facts'] as const) assert.deepEqual(one[part], other[part], `${message}: ${part}`)
  assert.equal(isDeepStrictEqual(one, other), true, message)
}

for (const [name, dress] of Object.entries(DRESSES)) {
  test(`${name}: in strides as line by line`, async () => {
    for (let seed = 1; seed <= 2; seed++) {
      // Longer than a head, which is one chunk however the bytes come.
      const lines = [1, 2, 3, 4].flatMap((part) => logOf(seed * 10 + part, dress, part === 3 ? 5_000 : 100))
      for (const end of ['\n', '\r\n']) {
        const whole = await read(lines, end, false)
        const apart = await read(lines, end, true)
        same(whole, apart, `seed ${seed}`)
        assert.ok(whole.signals.length > 5 && whole.records > 1_000)
      }
    }
  })
}

/** The same few things all the time, in several wordings of one burst, with steps about as long as a burst lasts. */
const STORM: typeof MESSAGES = [
  (pick) => [
    'E',
    `pod_workers.go:1298] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff: \\"back-off ${['10s', '20s'][pick(2)] ?? ''} restarting\\"" pod="shop/web-${pick(3)}"`,
  ],
  (pick) => [
    'I',
    `prober.go:107] "Probe failed" probeType="Liveness" pod="shop/web-${pick(2)}" containerName="web" output="HTTP probe failed with statuscode: ${['500', '503'][pick(2)] ?? ''}"`,
  ],
  () => ['E', 'controller.go:195] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/x?timeout=10s\\": context deadline exceeded"'],
  (pick) => ['I', `kubelet.go:2426] "SyncLoop UPDATE" source="api" pods=["shop/web-${pick(3)}"]`],
]

for (const [name, dress] of Object.entries({
  ...DRESSES,
  'journal, two machines': (ms: number, klog: string): string =>
    `Nov 21 ${new Date(ms).toISOString().slice(11, 19)} worker-${Math.floor(ms / 20_000) % 2} kubelet[2296]: ${klog}`,
})) {
  test(`${name}: a storm in strides as line by line`, async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const lines = [1, 2, 3, 4].flatMap((part) => logOf(seed * 10 + part, dress, [200, 3_000, 9_000, 9_000][part - 1], STORM))
      same(await read(lines, '\n', false), await read(lines, '\n', true), `seed ${seed}`)
    }
  })
}

test('whatever message a table knows, in strides as line by line', async () => {
  const starts = [...kubeletMeanings, ...controlPlaneMeanings, ...oldControlPlaneMeanings, ...eventMeanings].map((meaning) => meaning.starts)
  const known: typeof MESSAGES = starts.flatMap((start) => [
    () => ['I', `kubelet.go:7] "${start}" pod="shop/web-1" exitCode=0`],
    (pick) => ['IWE'[pick(3)] ?? 'I', `kubelet.go:7] ${start.toUpperCase()} for node worker-${pick(2)}`],
    () => ['I', `kubelet.go:7] ${start.slice(0, -1)}`],
    (pick) => ['I', `kubelet.go:7] "${start}`.slice(0, -pick(5))],
  ])
  const dress = DRESSES['bare']
  assert.ok(dress !== undefined)
  for (let seed = 1; seed <= 2; seed++) {
    const lines: string[] = [1, 2, 3, 4, 5, 6].flatMap((part) => logOf(seed * 100 + part, dress, 100, [...MESSAGES.slice(0, 4), ...known]))
    const whole = await read(lines, '\n', false)
    same(whole, await read(lines, '\n', true), `seed ${seed}`)
    assert.ok(whole.signals.length > 50)
  }
})

test('where more is distinct than can be kept, in strides as line by line', async () => {
  const chances = random(7)
  const pick = (below: number): number => Math.floor(chances.next() * below)
  const names: string[] = []
  const name = (): string => names[names.push(`job-${pick(1e9).toString(16)}-${pick(1e6).toString(16)}`) - 1] ?? ''
  const word = (): string => Array.from({ length: 6 }, () => 'abcdefghij'.charAt(pick(10))).join('')
  const failed = (pod: string): string =>
    `pod_workers.go:1298] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"main\\" with CrashLoopBackOff: back-off" pod="batch/${pod}"`
  const messages: readonly (() => string)[] = [
    ...Array.from({ length: 30 }, () => () => `E${failed(name())}`),
    () => `E${failed(names.at(-9) ?? '')}`,
    () => `E${failed(`web-${pick(30)}`)}`,
    () => `W${failed(name())}=<`,
    // Where even the words are all different, and where the sources are.
    () => `W${word()}.go:${pick(9)}] "${word()} ${word()} failed" err="${word()} was ${word()}"`,
    () =>
      `Ikubelet.go:2453] "SyncLoop (PLEG): event for pod" pod="batch/web-${pick(30)}" event={"ID":"${HEX}0${pick(2)}","Type":"ContainerStarted","Data":"${name()}"}`,
    () => `Ikubelet.go:2426] "SyncLoop UPDATE" source="api" pods=["batch/${name()}"]`,
  ]
  const lines = Array.from({ length: 33_000 }, (_, index) => {
    const message = messages[pick(messages.length)]?.() ?? ''
    const at = new Date(Date.UTC(2026, 10, 21) + index * 500).toISOString()
    return `${message.charAt(0)}1121 ${at.slice(11, 23)}000    2296 ${message.slice(1)}`
  })
  const whole = await read(lines, '\n', false)
  same(whole, await read(lines, '\n', true), 'line by line')
  assert.match(whole.warnings.join('\n'), /too much is distinct to keep it all: \d{4,} lines that came once each/u)
})

test('a log of few lines a minute is not silent between those that matter', async () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => {
    const at = new Date(Date.UTC(2026, 10, 21) + index * 7_000).toISOString().slice(11, 19)
    return `I1121 ${at}.000000    2296 kubelet.go:2426] "SyncLoop UPDATE" source="api" pods=["shop/web-1"]`
  })
  assert.deepEqual((await read(lines, '\n', false)).silences, [])
})

/** An entry of a journal as journalctl -o json writes it: several orders of its members, members of other sorts, other units, and messages that are no plain string. */
const entryOf = (seed: number): ((ms: number, klog: string) => string) => {
  const chances = random(seed)
  const next = (): number => chances.next()
  const pick = (below: number): number => Math.floor(next() * below)
  const hosts = ['worker-1', 'wörker-2', 'localhost']
  return (ms, klog) => {
    const micros = Math.round(ms * 1000)
    const unit = next() < 0.9 ? 'kubelet' : (['kernel', 'containerd', 'web', 'kubelet'][pick(4)] ?? '')
    const odd = next()
    const message =
      unit === 'kernel'
        ? 'Out of memory: Killed process 77 (java) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0'
        : unit === 'containerd'
          ? `time="${new Date(ms).toISOString()}" level=error msg="StopContainer for \\"x\\" failed"`
          : odd < 0.02
            ? `${klog}\n\tgoroutine 1\n${klog}`
            : odd < 0.03
              ? `${klog} \u0001€ \u0007`
              : odd < 0.04
                ? `${klog}\t/\\ "é"\n`
                : klog
    const members: [string, unknown][] = [
      ['_HOSTNAME', next() < 0.99 ? hosts[0] : hosts[pick(3)]],
      ['__REALTIME_TIMESTAMP', next() < 0.99 ? String(micros) : next() < 0.5 ? micros : 'never'],
      ['_PID', String(2000 + pick(3))],
      ['PRIORITY', next() < 0.98 ? '6' : '3'],
      ['MESSAGE', odd < 0.99 ? message : odd < 0.993 ? [...Buffer.from(message)] : odd < 0.996 ? ['first', message] : odd < 0.998 ? null : ''],
      ['SYSLOG_IDENTIFIER', unit],
    ]
    if (unit === 'kernel') members.push(['_TRANSPORT', 'kernel'])
    if (unit === 'web') members.push(['CONTAINER_NAME', 'k8s_web_web-1_shop_0123_0'])
    if (next() < 0.3) members.push(['_SYSTEMD_UNIT', `${unit}.service`], ['__MONOTONIC_TIMESTAMP', String(micros % 1e9)])
    if (next() < 0.02) members.push([`_FIELD_${pick(1000)}`, 'x'], ['_nested', { MESSAGE: 'no', list: [1, null, true] }])
    if (next() < 0.002) members.push(['SYSLOG_IDENTIFIER', 'kubelet'])
    const turned = next() < 0.2 ? [...members.slice(3), ...members.slice(0, 3)] : members
    const text = `{${turned.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
    const written = next() < 0.05 ? text.replaceAll('/', String.raw`\/`) : text
    return next() < 0.01 ? `${written} ` : next() < 0.005 ? written.slice(0, -3) : written
  }
}

test('a journal as JSON: many entries at once as entry by entry, however it is cut', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const dress = entryOf(seed)
    const lines = [1, 2, 3, 4].flatMap((part) => logOf(seed * 10 + part, dress, part === 3 ? 5_000 : 100))
    for (const end of ['\n', '\r\n']) {
      const apart = await read(lines, end, true, 'journal.json')
      assert.deepEqual(apart.wrapping, ['journald-json'])
      assert.ok(apart.signals.length > 5 && apart.records > 1_000)
      same(await read(lines, end, false, 'journal.json'), apart, `seed ${seed}`)
      same(await read(lines, end, false, 'journal.json', 30_011), apart, `seed ${seed}, in pieces`)
    }
  }
})

test('a journal as JSON over a change of the hour, and of more units and hosts than are kept in mind', async () => {
  const lines = Array.from({ length: 6_000 }, (_, index) => {
    const ms = Date.UTC(2026, 10, 21, 8) + index * 2_000
    const klog = `I1121 ${new Date(ms).toISOString().slice(11, 23)}000    2296 kubelet.go:2426] "SyncLoop UPDATE" pods=["shop/web-1"]`
    const members = {
      MESSAGE: index % 50 === 0 ? klog.replace('I1121', 'E1121').replace('UPDATE', 'FAILED') : klog,
      __REALTIME_TIMESTAMP: String(ms * 1000),
      _HOSTNAME: `worker-${index < 3_000 ? 1 : index % 400}`,
      SYSLOG_IDENTIFIER: 'kubelet',
    }
    return JSON.stringify(members)
  })
  const apart = await read(lines, '\n', true, 'journal.json')
  same(await read(lines, '\n', false, 'journal.json'), apart, 'hosts')
  assert.equal(apart.records, 6_000)
  assert.deepEqual(apart.spans, [{ basis: 'utc', first: Date.UTC(2026, 10, 21, 8), last: Date.UTC(2026, 10, 21, 8) + 5_999 * 2_000 }])
})

/** A Postgres log in one of the prefixes that servers have: what is counted, what is told, and what only looks like a record. */
const postgresOf = (seed: number, prefix: (stamp: string, pid: number, names: string) => string, zone: string): string[] => {
  const chances = random(seed)
  const next = (): number => chances.next()
  const pick = (below: number): number => Math.floor(next() * below)
  let ms = Date.UTC(2026, 10, 21, 8, 50)
  const lines: string[] = []
  // What belongs to a record, below records of others.
  const late: string[] = []
  for (let index = 0; index < 700; index++) {
    if (next() < 0.2) lines.push(...late.splice(pick(2), 1))
    ms += next() < 0.97 ? next() * 200 : next() < 0.5 ? 40_000 : -next() * 1_500
    const stamp = `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')} ${next() < 0.01 ? 'CET' : zone}`
    const pid = 2000 + pick(12)
    const names =
      next() < 0.3
        ? ''
        : `${next() < 0.1 ? `user_${pick(200)}` : (['web', 'report'][pick(2)] ?? '')}@${['shop', 'analytics', 'a:b'][next() < 0.02 ? 2 : pick(2)]} `
    const head = prefix(stamp, pid, names)
    const chance = next()
    if (chance < 0.4) lines.push(`${head}LOG:  duration: ${(next() * 900).toFixed(3)} ms  statement: SELECT ${next() < 0.1 ? 'pg_sleep(1)' : pick(50)}`)
    else if (chance < 0.5)
      lines.push(
        `${head}LOG:  duration: ${(next() * 900).toFixed(3)} ms  statement: SELECT 1`,
        '\tFROM orders',
        `\tWHERE ${next() < 0.1 ? 'pg_sleep(2)' : 'true'}`,
      )
    else if (chance < 0.6) lines.push(`${head}LOG:  connection received: host=10.0.0.1 port=40000`)
    else if (chance < 0.72) lines.push(`${head}LOG:  connection authorized: user=web database=${['shop', 'analytics'][pick(2)]} application_name=web`)
    else if (chance < 0.82) lines.push(`${head}LOG:  disconnection: session time: 0:00:01.000 user=web database=shop host=10.0.0.1`)
    else if (chance < 0.88)
      lines.push(
        `${head}ERROR:  duplicate key value violates unique constraint "orders_pkey"`,
        `${head}DETAIL:  Key (id)=(${pick(9)}) already exists.`,
        `${head}STATEMENT:  INSERT`,
        '\tINTO orders',
      )
    else if (chance < 0.93) {
      lines.push(`${head}LOG:  process ${pid} still waiting for ShareLock on transaction 7 after 1000.117 ms`)
      ;(next() < 0.5 ? lines : late).push(`${head}DETAIL:  Process holding the lock: 2201. Wait queue: 2202${', 2203'.repeat(pick(5))}.`)
    } else if (chance < 0.935)
      lines.push(`${head}LOG:  ${['database system was interrupted; last known up at', 'starting PostgreSQL 15.2 on'][pick(2)]} x86_64`)
    else if (chance < 0.95) lines.push(`${head}FATAL:  sorry, too many clients already`)
    else if (chance < 0.97)
      lines.push(
        `${head}LOG:  automatic vacuum of table "shop.public.orders": index scans: 1`,
        '\tpages: 0 removed',
        '\tsystem usage: CPU: user: 1.2 s, elapsed: 3.4 s',
      )
    else
      lines.push(
        ['', '\ta continuation', 'a line without a prefix', `${head}LOG: `, `${stamp} [x] LOG:  odd`, `${stamp} [7] "quoted" LOG:  odd`][pick(6)] ?? '',
      )
  }
  return lines
}

const PREFIXES: Readonly<Record<string, (stamp: string, pid: number, names: string) => string>> = {
  '%m [%p] %q%u@%d ': (stamp, pid, names) => `${stamp} [${pid}] ${names}`,
  '%t [%p]: %q%u@%d ': (stamp, pid, names) => `${stamp.replace(/\.\d{3}/u, '')} [${pid}]: ${names}`,
  '%t:%r:%u@%d:[%p]:': (stamp, pid, names) => `${stamp.replace(/\.\d{3}/u, '')}:10.0.0.7(51234):${names.trim()}:[${pid}]:`,
}

for (const [name, prefix] of Object.entries(PREFIXES)) {
  test(`Postgres with ${name}: in strides as line by line`, async () => {
    for (const zone of ['UTC', '+03', 'EST']) {
      const lines = [1, 2].flatMap((part) => postgresOf(zone.length * 10 + part, prefix, zone))
      const whole = await read(lines, zone === 'EST' ? '\r\n' : '\n', false, 'postgresql.log')
      assert.deepEqual(whole, await read(lines, zone === 'EST' ? '\r\n' : '\n', true, 'postgresql.log'))
      assert.ok(whole.signals.length > 5 && whole.series.length > 3 && whole.records > 900)
    }
  })
}

/** A csvlog: what is counted and what is told, texts of several lines, quotes in texts, records that were cut off, columns as nobody writes them. */
const csvOf = (seed: number): string[] => {
  const chances = random(seed)
  const next = (): number => chances.next()
  const pick = (below: number): number => Math.floor(next() * below)
  let ms = Date.UTC(2026, 10, 21, 8, 50)
  return Array.from({ length: 1_500 }, (_, index) => {
    ms += next() < 0.98 ? next() * 400 : next() < 0.5 ? 40_000 : -next() * 1_500
    const stamp = `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')} ${next() < 0.01 ? 'CET' : 'UTC'}`
    const pid = 2000 + pick(12)
    const record = (severity: string, state: string, message: string, rest = ',,,,,,,,"web","client backend"'): string =>
      `${next() < 0.01 ? `"${stamp}"` : stamp},"web",${next() < 0.9 ? `"${['shop', 'analytics', 'a,b'][next() < 0.02 ? 2 : pick(2)]}"` : ''},${pid},"10.0.0.1:40000",6b015626.7d0,${index},"SELECT",2026-11-21 00:00:00 UTC,3/1,0,${severity},${state},${message},${rest}`
    const chance = next()
    if (chance < 0.4) return record('LOG', '00000', `"duration: ${(next() * 900).toFixed(3)} ms  statement: SELECT ${next() < 0.1 ? 'pg_sleep(1)' : pick(50)}"`)
    if (chance < 0.5)
      return record(
        'LOG',
        '00000',
        `"duration: ${(next() * 900).toFixed(3)} ms  statement: SELECT ""x""\n  FROM orders\n  WHERE ${next() < 0.1 ? 'pg_sleep(2)' : 'true'}"`,
      )
    if (chance < 0.6) return record('LOG', '00000', '"connection authorized: user=web database=shop application_name=web"')
    if (chance < 0.7) return record('LOG', '00000', '"disconnection: session time: 0:00:01.000 user=web database=shop host=10.0.0.1"')
    if (chance < 0.8) return record('LOG', '00000', '"connection received: host=10.0.0.1 port=40000"')
    if (chance < 0.86)
      return record(
        'ERROR',
        '23505',
        '"duplicate key value violates unique constraint ""orders_pkey"""',
        `"Key (id)=(${pick(9)}) already exists.",,,,,"INSERT",,,"web","client backend"`,
      )
    if (chance < 0.92)
      return record(
        'LOG',
        '00000',
        `"process ${pid} still waiting for ShareLock on transaction 7 after 1000.117 ms"`,
        '"Process holding the lock: 2201. Wait queue: 2202.",,,,,"SELECT",,,"web","client backend"',
      )
    if (chance < 0.95) return record('FATAL', '53300', '"sorry, too many clients already"')
    if (chance < 0.96) return record('LOG', '00000', `"statement: INSERT\n2026-11-21 is no record"`)
    if (chance < 0.97) return record('LOG', '00000', 'statement: unquoted')
    if (chance < 0.98) return record('LOG', '00000', '"cut off in the middle').slice(0, -30)
    return chance < 0.99 ? '' : 'something else'
  })
}

test('csvlog: in strides as record by record', async () => {
  for (let seed = 1; seed <= 3; seed++)
    for (const end of ['\n', '\r\n']) {
      const whole = await read(csvOf(seed), end, false, 'postgresql.csv')
      const apart = await read(csvOf(seed), end, true, 'postgresql.csv')
      assert.equal(whole.format, 'postgres')
      assert.deepEqual(whole, apart, `seed ${seed}`)
      assert.ok(whole.signals.length > 5 && whole.series.length > 1)
    }
})
