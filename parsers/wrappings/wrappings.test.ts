/** Every wrapping: its example, what it must not claim, and that a wrapped log says the same as a bare one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wrappings } from '../index.js'
import { emptyEnvelope } from '../../src/read/envelope.js'
import { stringReader } from '../../src/read/json-members.js'
import type { Wrapping } from '../../src/model/format.js'

const unwrap = (wrapping: Wrapping, lines: readonly string[]) => {
  const unwrapper = wrapping.open()
  return lines.map((line) => {
    const envelope = emptyEnvelope()
    const bytes = Buffer.from(line)
    const took = unwrapper.unwrap(bytes, 0, bytes.length, envelope)
    return {
      took,
      message: took === 'line' ? envelope.bytes.toString('utf8', envelope.start, envelope.end) : null,
      at: Number.isNaN(envelope.ms) ? null : new Date(envelope.ms).toISOString(),
      basis: envelope.basis,
      host: envelope.host,
      unit: envelope.unit,
      pod: envelope.pod,
      container: envelope.container,
    }
  })
}

const byId = (id: string): Wrapping => {
  const wrapping = wrappings.find((candidate) => candidate.id === id)
  assert.ok(wrapping, id)
  return wrapping
}
const one = (id: string, line: string) => {
  const [result] = unwrap(byId(id), [line])
  assert.ok(result)
  return result
}

for (const wrapping of wrappings) {
  test(`${wrapping.id}: its example is its own, and no other wrapping is surer of it`, () => {
    const sure = wrapping.sniff([wrapping.example])
    assert.ok(sure >= 0.9, `sniffed ${sure}`)
    assert.equal(unwrap(wrapping, [wrapping.example])[0]?.took, 'line')
    for (const other of wrappings) if (other !== wrapping) assert.ok(other.sniff([wrapping.example]) < sure, other.id)
  })

  test(`${wrapping.id}: a line cut off at any byte does not throw and never reads past its end`, () => {
    const whole = Buffer.from(`${wrapping.example}\n${wrapping.example}`)
    for (let end = 0; end <= wrapping.example.length; end++) {
      const envelope = emptyEnvelope()
      const took = wrapping.open().unwrap(whole, 0, end, envelope)
      if (took === 'line' && envelope.bytes === whole) assert.ok(envelope.start <= envelope.end && envelope.end <= end, `cut at ${end}`)
    }
  })
}

const bare: Readonly<Record<string, readonly string[]>> = {
  klog: [
    'I1121 08:18:01.887391    2296 kubelet.go:2448] "SyncLoop ADD" source="api" pods=["shop/web-1"]',
    'E1121 08:18:02.887391    2296 kubelet.go:2448] "Error getting node" err="node \\"worker-1\\" not found"',
  ],
  'Postgres stderr': [
    '2026-11-21 08:18:01.887 UTC [2296] LOG:  database system is ready to accept connections',
    '\tSELECT 1',
    '2026-11-21 08:18:02.887 UTC [2296] shop@shop FATAL:  sorry',
  ],
  'Postgres JSON': ['{"timestamp":"2026-11-21 08:18:01.887 UTC","pid":2296,"error_severity":"LOG","message":"checkpoint starting: time"}'],
  logfmt: ['time="2026-11-21T08:18:01.887391Z" level=info msg="StartContainer returns successfully"'],
  'an application that writes ISO stamps and levels': [
    '2026-11-21T08:18:01Z INFO web: started',
    '2026-11-21T08:18:01.887Z ERROR db: pool exhausted',
    '2026-11-21T08:18:01+00:00 WARN web starting version=1',
  ],
  'klog as JSON': ['{"ts":1795249081887.9,"caller":"kubelet/kubelet.go:2448","msg":"Error getting node","err":"not found"}'],
  dmesg: [
    '[12345.678901] Out of memory: Killed process 4242 (stress)',
    '2026-11-21T08:18:01,887962+00:00 Memory cgroup out of memory: Killed process 4242 (stress)',
  ],
  'an access log': ['10.0.0.1 - - [21/Nov/2026:08:18:01 +0000] "GET / HTTP/1.1" 200 12'],
}
for (const [what, lines] of Object.entries(bare)) {
  test(`${what} without any wrapping is not taken for wrapped`, () => {
    for (const wrapping of wrappings) assert.ok(wrapping.sniff(lines) < 0.3, wrapping.id)
  })
}

test('journald short: every kind of stamp gives host, unit and message', () => {
  const wanted = { message: 'ready', host: 'worker-1', unit: 'kubelet' }
  const stamps: readonly (readonly [string, string, string])[] = [
    ['Nov 21 08:18:01', '1972-11-21T08:18:01.000Z', 'yearless'],
    ['Nov  1 08:18:01', '1972-11-01T08:18:01.000Z', 'yearless'],
    ['Nov 21 08:18:01.887962', '1972-11-21T08:18:01.887Z', 'yearless'],
    ['2026-11-21T08:18:01+0000', '2026-11-21T08:18:01.000Z', 'utc'],
    ['2026-11-21T09:18:01.887962+01:00', '2026-11-21T08:18:01.887Z', 'utc'],
    ['Sat 2026-11-21 09:18:01 CET', '2026-11-21T09:18:01.000Z', 'zone:CET'],
    ['1795249081.887962', '2026-11-21T08:18:01.887Z', 'utc'],
    ['<30>Nov 21 08:18:01', '1972-11-21T08:18:01.000Z', 'yearless'],
  ]
  for (const [stamp, at, basis] of stamps) {
    for (const name of ['kubelet[2296]', 'kubelet', 'kubelet.service[1]']) {
      const { message, host, unit, ...rest } = one('journald-short', `${stamp} worker-1 ${name}: ready`)
      assert.deepEqual({ message, host, unit }, wanted, stamp)
      assert.deepEqual({ at: rest.at, basis: rest.basis }, { at, basis }, stamp)
    }
  }
})

test('journald short: a kernel line keeps its own stamp in the message', () => {
  const { unit, message } = one('journald-short', 'Nov 21 08:18:01 worker-1 kernel: [12345.678901] eth0: link down')
  assert.deepEqual({ unit, message }, { unit: 'kernel', message: '[12345.678901] eth0: link down' })
})

test('journald short: headers stand for themselves, indented lines go with the line above, a line without identifier is not wrapped', () => {
  const lines = [
    '-- Logs begin at Thu 2026-11-19 08:00:00 UTC, end at Sat 2026-11-21 09:00:00 UTC. --',
    'Nov 21 08:18:01 worker-1 app[7]: Traceback:',
    '                                 File "main.py"',
    '-- Boot 5c1d2e3f --',
    'Nov 21 08:18:02 worker-1 lookup for opt failed',
  ]
  assert.deepEqual(
    unwrap(byId('journald-short'), lines).map(({ took, unit }) => `${took} ${unit ?? ''}`.trim()),
    ['held', 'line app', 'line app', 'held', 'no'],
  )
})

test("journald short: dmesg with ISO stamps names no host: what follows its comma is the kernel's message", () => {
  assert.equal(one('journald-short', '2026-04-26T10:24:22,479237+00:00 EXT4-fs (vda1): mounted filesystem').took, 'no')
  assert.equal(one('journald-short', '2026-04-26T10:24:22.479237+00:00 worker-1 kernel: EXT4-fs (vda1): mounted filesystem').host, 'worker-1')
})

test('journald short: several units in turn keep their own names', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `Nov 21 08:18:01 worker-${index % 3} unit-${index % 7}[${index}]: message ${index}`)
  unwrap(byId('journald-short'), lines).forEach(({ host, unit, message }, index) => {
    assert.deepEqual({ host, unit, message }, { host: `worker-${index % 3}`, unit: `unit-${index % 7}`, message: `message ${index}` })
  })
})

test('journald short: reading on gives what reading each line by itself gives', () => {
  const part = fc.constantFrom('worker-1', 'worker-2', 'INFO', 'db:', '')
  const name = fc.constantFrom('kubelet[2296]:', 'kubelet[2297]:', 'kubelet:', 'kernel:', 'app[7]', 'a b:', '')
  const line = fc.tuple(fc.constantFrom('Nov 21 08:18:01', '2026-11-21T08:18:01.5Z', 'Nov 21'), part, name, fc.constantFrom('', ' ', ' x', 'x: y'))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const texts = lines.map(([stamp, host, unit, message]) => `${stamp} ${host} ${unit}${message}`)
      const alone = texts.map((text) => one('journald-short', text))
      assert.deepEqual(unwrap(byId('journald-short'), texts), alone)
    }),
    { numRuns: 500 },
  )
})

test('strings of JSON are read as JSON.parse reads them', () => {
  const text = stringReader()
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\\', '"', '\n', '\t', 'é', '🚀', '\ud83d', '\u0001', 'a') }))
  fc.assert(
    fc.property(value, fc.boolean(), (string, ascii) => {
      const json = JSON.stringify(string)
      const written = ascii ? json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : json
      const bytes = Buffer.from(written)
      const read = text(bytes, 0, bytes.length)
      const expected: unknown = JSON.parse(bytes.toString())
      assert.equal(read.bytes.toString('utf8', read.start, read.end), Buffer.from(String(expected)).toString())
    }),
  )
})

test('journald JSON: strings, arrays of bytes, null, several values, and the kernel', () => {
  const line = (fields: object): string => JSON.stringify({ __REALTIME_TIMESTAMP: '1795249081887962', _HOSTNAME: 'worker-1', ...fields })
  const read = (fields: object) => one('journald-json', line(fields))
  assert.equal(read({ MESSAGE: 'né "quoted" \\ \n' }).message, 'né "quoted" \\ \n')
  assert.equal(read({ MESSAGE: [...Buffer.from('\u001b[31mred')] }).message, '\u001b[31mred')
  assert.equal(read({ MESSAGE: null }).message, '')
  assert.equal(read({ MESSAGE: ['first', 'second'] }).message, 'first')
  assert.equal(read({ MESSAGE: 'x' }).at, '2026-11-21T08:18:01.887Z')
  assert.equal(read({ MESSAGE: 'x', _SYSTEMD_UNIT: 'kubelet.service' }).unit, 'kubelet')
  assert.equal(read({ MESSAGE: 'x', _SYSTEMD_UNIT: 'kubelet.service', SYSLOG_IDENTIFIER: 'kubenswrapper' }).unit, 'kubenswrapper')
  assert.equal(read({ MESSAGE: 'x', _TRANSPORT: 'kernel', SYSLOG_IDENTIFIER: 'whatever' }).unit, 'kernel')
  const docker = read({ MESSAGE: 'x', SYSLOG_IDENTIFIER: '0123456789ab', CONTAINER_NAME: 'k8s_web_web-1_shop_1234-5678_0' })
  assert.deepEqual({ pod: docker.pod, container: docker.container, unit: docker.unit }, { pod: 'pod/shop/web-1', container: 'web', unit: 'web' })
  assert.equal(one('journald-json', '{"MESSAGE":"x","__REALTIME_TIMESTAMP":"1795').took, 'no')
  assert.equal(one('journald-json', line({ MESSAGE: 'x', __proto__: 'y', OTHER: { MESSAGE: 'inner', deep: [1, { a: '}' }] } })).message, 'x')
})

test('CRI: pieces of one line are joined, each stream for itself', () => {
  const at = '2026-11-21T08:05:09.988056712Z'
  const lines = [`${at} stdout P one `, `${at} stderr F other`, `${at} stdout P two `, `${at} stdout F three`, `${at} stdout F `, `${at} stdout X no`]
  assert.deepEqual(
    unwrap(byId('cri'), lines).map(({ took, message }) => message ?? took),
    ['held', 'other', 'held', 'one two three', '', 'no'],
  )
})

test('CRI: a line of endless pieces stays bounded', () => {
  const unwrapper = byId('cri').open()
  const piece = Buffer.from(`2026-11-21T08:05:09.988056712Z stdout P ${'x'.repeat(16_384)}`)
  const envelope = emptyEnvelope()
  for (let count = 0; count < 200; count++) assert.equal(unwrapper.unwrap(piece, 0, piece.length, envelope), 'held')
  const last = Buffer.from('2026-11-21T08:05:09.988056712Z stdout F end')
  assert.equal(unwrapper.unwrap(last, 0, last.length, envelope), 'line')
  assert.equal(envelope.end - envelope.start, 1 << 20)
})

test('Docker JSON: escapes are undone, pieces without a line end are joined', () => {
  const line = (log: string): string => JSON.stringify({ log, stream: 'stdout', time: '2026-11-21T08:05:09.988056712Z' })
  assert.deepEqual(
    unwrap(byId('docker-json'), [line('say "hi"\n'), line('one '), line('two\r\n'), line('\n')]).map(({ took, message }) => message ?? took),
    ['say "hi"', 'held', 'one two', ''],
  )
})

test('RFC 5424: structured data with escaped quotes and brackets, nil values, a BOM', () => {
  const read = (rest: string) => one('syslog-5424', `<165>1 2026-11-21T08:18:01.003Z ${rest}`)
  const full = read('db-1 postgres 7 - [a@1 k="x\\"]y"][b@1] message')
  assert.deepEqual({ host: full.host, unit: full.unit, message: full.message }, { host: 'db-1', unit: 'postgres', message: 'message' })
  assert.equal(read('- - - - - \ufeffmessage').message, 'message')
  assert.equal(read('- - - - -').message, '')
  assert.equal(read('db-1 postgres 7 - [a@1 k="x').took, 'no')
  assert.equal(one('syslog-5424', '<165>1 - db-1 postgres - - - message').at, null)
})

test('talosctl tells the machine, and of the kernel the time; an address inside a sentence is none', () => {
  const kernel = one('talosctl', '10.0.40.12: kern:     err: [2026-11-21T08:18:05.353Z]: Out of memory: Killed process 16439 (worker)')
  assert.deepEqual(
    [kernel.host, kernel.unit, kernel.at, kernel.message],
    ['10.0.40.12', 'kernel', '2026-11-21T08:18:05.353Z', 'Out of memory: Killed process 16439 (worker)'],
  )
  const plain = one('talosctl', 'fd00::12: {"ts":1795249081887.391,"msg":"x"}')
  assert.deepEqual([plain.host, plain.at, plain.message], ['fd00::12', null, '{"ts":1795249081887.391,"msg":"x"}'])
  const bundled = one('talosctl', 'kern: warning: [2026-11-21T08:18:05.353081623Z]: igb 0000:03:00.0 enp3s0: igb: enp3s0 NIC Link is Down')
  assert.deepEqual(
    [bundled.host, bundled.unit, bundled.at, bundled.message],
    [null, 'kernel', '2026-11-21T08:18:05.353Z', 'igb 0000:03:00.0 enp3s0: igb: enp3s0 NIC Link is Down'],
  )
  const user = one('talosctl', 'user: warning: [2026-11-21T08:18:05.353Z]: [talos] service[kubelet](Running): Health check failed')
  assert.deepEqual([user.unit, user.message], ['user', '[talos] service[kubelet](Running): Health check failed'])
  for (const other of ['shop: info: [2026-11-21T08:18:05.353Z]: paid', 'kern: info: no time', 'kern: [2026-11-21T08:18:05.353Z]: x'])
    assert.equal(one('talosctl', other).took, 'no', other)
  for (const other of ['error: 10.0.0.1: refused', '1.5: text', 'deadbeef: 12', '10.0.0.1:80: x']) assert.equal(one('talosctl', other).took, 'no', other)
})
