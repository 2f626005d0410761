/** Lines that a user's signatures mean: found in every log, at the line's own time, however it is wrapped, cut and read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract, Signal } from '../model/extract.js'
import type { Signature } from '../model/signature.js'
import { extractInput, type Source } from './extract-input.js'
import { contextOf } from './context.js'

const QUORUM: Signature = {
  id: 'quorum',
  line: 'lost quorum: {members} of {total}',
  ends: null,
  formats: [],
  units: [],
  paths: [],
  kind: 'custom.quorum-lost',
  entity: null,
  role: 'fault',
  says: 'lost its quorum: {members} of {total}',
  confidence: 0.9,
  times: 1,
  gapSeconds: 60,
}

const read = (lines: readonly string[], signatures: readonly Signature[], { path = 'ledger.log', size = 1 << 20 } = {}): Promise<InputExtract> => {
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  const chunks: Source['chunks'] = async function* () {
    // One buffer again and again, as files are read.
    const buffer = Buffer.alloc(size)
    for (let at = 0; at < bytes.length; at += size) yield buffer.subarray(0, bytes.copy(buffer, 0, at, at + size))
  }
  return extractInput({ path, wrapping: [], changedMs: null, context: contextOf(path), chunks }, undefined, signatures)
}

const meant = ({ signals }: InputExtract): readonly Signal[] => signals.filter(({ kind }) => kind === 'log.signature')
const said = (extract: InputExtract): readonly unknown[] =>
  meant(extract).map(({ entity, at, count, places }) => [entity, new Date(at.ms).toISOString().slice(5, 19), count, places[0]?.line])

const klog = (second: number, message: string): string => `I1121 08:18:${String(second).padStart(2, '0')}.123456    2296 kubelet.go:2426] ${message}`
const SECOND = '11-21T08:18:05'

for (const [what, path, lines, entity] of [
  ['a log that nobody knows', 'ledger.log', ['2026-11-21 08:18:01 ok', '2026-11-21 08:18:05 lost quorum: 1 of 3'], 'process/-/ledger'],
  ['logfmt', 'ledger.log', ['ts=2026-11-21T08:18:01Z msg=ok', 'ts=2026-11-21T08:18:05Z msg="lost quorum: 1 of 3"'], 'process/-/ledger'],
  ['JSON lines', 'ledger.log', ['{"ts":"2026-11-21T08:18:01Z","msg":"ok"}', '{"ts":"2026-11-21T08:18:05Z","msg":"lost quorum: 1 of 3"}'], 'process/-/ledger'],
  ['a line below a stamped one', 'ledger.log', ['2026-11-21 08:18:01 ok', '2026-11-21 08:18:05 trouble:', '  lost quorum: 1 of 3'], 'process/-/ledger'],
  ["the kubelet's log", 'worker-1/kubelet.log', [klog(1, '"SyncLoop UPDATE"'), klog(5, 'lost quorum: 1 of 3')], 'process/-/kubelet'],
  [
    "a container's log by its path",
    'pods/shop_ledger-0_0123abcd-4567/app/0.log',
    ['2026-11-21T08:18:01.0Z stdout F ok', '2026-11-21T08:18:05.0Z stdout F lost quorum: 1 of 3'],
    'pod/shop/ledger-0',
  ],
  [
    "Docker's JSON",
    'x-json.log',
    ['{"log":"ok\\n","stream":"stdout","time":"2026-11-21T08:18:01Z"}', '{"log":"lost quorum: 1 of 3\\n","stream":"stdout","time":"2026-11-21T08:18:05Z"}'],
    'process/-/x-json',
  ],
  ['a journal', 'journal.log', ['Nov 21 08:18:01 host-1 ledger[7]: ok', 'Nov 21 08:18:05 host-1 ledger[7]: lost quorum: 1 of 3'], 'process/host-1/ledger'],
  [
    'a journal backwards',
    'journal.log',
    [
      'Nov 21 08:18:09 host-1 ledger[7]: ok',
      'Nov 21 08:18:05 host-1 ledger[7]: lost quorum: 1 of 3',
      'Nov 21 08:18:01 host-1 ledger[7]: ok',
      'Nov 21 08:18:00 host-1 ledger[7]: ok',
    ],
    'process/host-1/ledger',
  ],
  [
    "Postgres' log",
    'postgresql.log',
    ['2026-11-21 08:18:01.000 UTC [1] LOG:  ok', '2026-11-21 08:18:05.000 UTC [1] LOG:  lost quorum: 1 of 3'],
    'process/-/postgresql',
  ],
  [
    "the kernel's log",
    'kern.log',
    ['2026-11-21T08:18:01+00:00 host-1 kernel: [ 1.0] ok', '2026-11-21T08:18:05+00:00 host-1 kernel: [ 5.0] lost quorum: 1 of 3'],
    'process/host-1/kernel',
  ],
  [
    'RFC 5424',
    'syslog',
    ['<14>1 2026-11-21T08:18:01Z host-1 ledger 7 - - ok', '<14>1 2026-11-21T08:18:05Z host-1 ledger 7 - - lost quorum: 1 of 3'],
    'process/host-1/ledger',
  ],
] as const)
  test(`${what}: at its time, by its writer, with its line`, async () => {
    const found = await read(lines, [QUORUM], { path })
    assert.deepEqual(said(found), [[entity, SECOND, 1, lines.findIndex((line) => line.includes('quorum')) + 1]])
    assert.equal(meant(found)[0]?.attributes['members'], '1')
    for (const size of [7, 64]) assert.deepEqual(await read(lines, [QUORUM], { path, size }), found, `cut after every ${size} bytes`)
  })

test('what is written all day is passed over in strides, and a line among it that is meant is seen', async () => {
  const steady = '"SyncLoop UPDATE" source="api" pods=["shop/web-1"]'
  const lines = Array.from({ length: 3_000 }, (_, index) => {
    const at = new Date(Date.UTC(2026, 10, 21, 8) + index * 100).toISOString()
    return `I1121 ${at.slice(11, 23)}000    2296 kubelet.go:2426] ${steady.replace('web-1', index % 501 === 500 ? 'lost' : 'web-1')}`
  })
  const rule = { ...QUORUM, line: 'pods=["shop/lost"]', says: 'was lost', gapSeconds: 1 }
  const found = await read(lines, [rule], { path: 'kubelet.log' })
  assert.deepEqual(
    meant(found).map(({ places }) => places[0]?.line),
    [501, 1002, 1503, 2004, 2505].flatMap((line) => [line]),
  )
  const { signatures: _, signals, ...rest } = found
  const { signals: others, ...without } = await read(lines, [], { path: 'kubelet.log' })
  assert.deepEqual({ ...rest, signals: signals.filter(({ kind }) => kind !== 'log.signature') }, { ...without, signals: others }, 'all else is as it was')
  for (const size of [61, 4_096]) assert.deepEqual(await read(lines, [rule], { path: 'kubelet.log', size }), found)
})

const LINES = ['2026-11-21T08:18:01Z INFO one', '2026-11-21T08:18:05Z WARN lost quorum: 1 of 3', '2026-11-21T08:18:06Z INFO two']
for (const [what, change, count] of [
  ['its format', { formats: ['text'] }, 1],
  ['another format', { formats: ['kubelet'] }, 0],
  ['its path', { paths: ['*/ledger*'] }, 1],
  ['another path', { paths: ['orders*'] }, 0],
  ['a unit, where none is told', { units: ['ledger'] }, 0],
] as const)
  test(`a signature for ${what} finds ${count}`, async () => {
    assert.equal(meant(await read(LINES, [{ ...QUORUM, ...change }], { path: 'dump/ledger.log' })).length, count)
  })

test('a signature for a unit means its lines alone; the entity is what its template says', async () => {
  const lines = ['ledger', 'orders', 'ledger'].map((unit, index) => `Nov 21 08:18:0${index + 1} host-1 ${unit}[7]: lost quorum: ${index} of peer-${index}`)
  const found = await read(lines, [{ ...QUORUM, units: ['ledger.service'], entity: 'service/{host}/{total}' }])
  assert.deepEqual(
    meant(found).map(({ entity }) => entity),
    ['service/host-1/peer-0', 'service/host-1/peer-2'],
  )
})

test("what a hole took cannot make an entity that is none: the line's writer stands for it", async () => {
  const found = await read(['2026-11-21T08:18:05Z WARN lost quorum: 1 of /'], [{ ...QUORUM, entity: 'node/{total}' }])
  assert.deepEqual(said(found), [['process/-/ledger', SECOND, 1, 1]])
})

test('words that look like what a line is wrapped in are still its words', async () => {
  // A host called lost and a unit called quorum, as a journal would have them.
  const lines = ['2026-11-21T08:18:05Z lost quorum: 1 of 3', '2026-11-21T08:18:06Z kept quorum: 2 of 3', '2026-11-21T08:18:07Z host-1 app: ok']
  assert.deepEqual(
    meant(await read(lines, [QUORUM])).map(({ places }) => places[0]?.line),
    [1],
  )
})

test('an extract says what it was looked at for; without signatures it says nothing of them', async () => {
  const hash = async (signatures: readonly Signature[]): Promise<string | undefined> => (await read(LINES, signatures)).signatures
  assert.equal(await hash([]), undefined)
  assert.match((await hash([QUORUM])) ?? '', /^[0-9a-f]{64}$/u)
  assert.notEqual(await hash([QUORUM]), await hash([{ ...QUORUM, times: 2 }]))
})
