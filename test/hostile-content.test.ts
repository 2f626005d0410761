/** What a line or a document may say: it is data, and neither costs more than its size nor reaches what it is printed to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectionTable } from '../src/report/inspection.js'
import { gatheringSink } from '../src/read/sink.js'
import { read } from './read.js'

const kubernetesEvent = (name: string, extra: string): string =>
  `{"apiVersion":"v1","kind":"Event","metadata":{"name":"${name}","namespace":"shop"${extra}},"involvedObject":{"kind":"Pod","namespace":"shop","name":"web-1"},` +
  `"reason":"BackOff","message":"Back-off restarting failed container","type":"Warning","count":3,"firstTimestamp":"2026-11-21T08:18:00Z","lastTimestamp":"2026-11-21T08:19:00Z"}`

test('prototype keys in JSON do nothing: not to us, not to what is read after them', async () => {
  const evil = ',"__proto__":{"polluted":"yes","name":"x"},"constructor":{"prototype":{"polluted":"yes"}},"toString":1,"hasOwnProperty":1'
  const list = `{"apiVersion":"v1","kind":"List","__proto__":{"items":[]},"items":[${kubernetesEvent('a', evil)},${kubernetesEvent('b', '')}]}`
  const { records, signals } = await read(list, { path: 'events.json' })
  assert.deepEqual([records, signals.map(({ entity }) => entity)], [2, ['pod/shop/web-1']])
  const lines = [
    '{"time":"2026-11-21T08:18:00Z","level":"error","msg":"refused","__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":1}}}',
    '{"metric":{"__name__":"up","__proto__":"x","constructor":"y"},"values":[1],"timestamps":[1795249081000]}',
    '{"__proto__":null,"MESSAGE":"x","__REALTIME_TIMESTAMP":"1795249080000000"}',
    '{"log":"2026-11-21T08:18:00Z error\\n","stream":"stdout","time":"2026-11-21T08:18:00Z","__proto__":{"time":1}}',
  ]
  for (const line of lines) await read(`${line}\n`.repeat(3))
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined) // as any reader of any object would look it up
})

test('metric names and labels like prototype keys are ordinary names', async () => {
  const { series } = await read('constructor{__proto__="a",toString="b"} 1 1795249081000\n__proto__{job="x"} 2 1795249081000\n', { path: 'federate.txt' })
  assert.ok(series.every(({ name }) => typeof name === 'string'))
})

const ALIASES = [
  'a: &a ["x","x","x","x","x","x","x","x","x"]',
  ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${`*${'abcdefghi'[i] ?? ''},`.repeat(9)}]`),
].join('\n')

test('YAML whose aliases stand for gigabytes, or for themselves, is told and left out', async () => {
  const object = (extra: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-1\n  namespace: shop\n${extra}\nstatus:\n  phase: Running\n`
  for (const extra of [ALIASES, 'cyclic: &a\n  again: *a', 'cyclic: &a [*a, *a, *a]', '<<: &m\n  <<: *m']) {
    const { warnings, format } = await read(`${object(extra)}---\n${object('')}`, { path: 'pods.yaml' })
    assert.ok(format.startsWith('kubernetes'), format)
    assert.equal(warnings.join().includes('reading stopped'), false, warnings.join())
  }
})

const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth)

test('brackets as deep as a file is long do not exhaust the stack', async () => {
  const deep = 200_000
  const documents = [
    nested('[', ']', deep),
    nested('{"a":', '}', deep).replace('}', '1}'),
    `{"kind":"List","items":[{"kind":"Event","metadata":${nested('{"a":', '}', deep).replace('}', '1}')}}]}`,
    `{"status":"success","data":{"resultType":"matrix","result":[${nested('[', ']', deep)}]}}`,
    `apiVersion: v1\nkind: Pod\nmetadata: ${nested('[', ']', 5_000)}\n`,
    `apiVersion: v1\nkind: Pod\nmetadata: ${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}\n`,
    // The library needs minutes for four hundred of these.
    `apiVersion: v1\nkind: Pod\nmetadata: ${'{'.repeat(5_000)}\n`,
    `apiVersion: v1\nkind: Pod\nmetadata: ${'? '.repeat(5_000)}\n`,
    `apiVersion: v1\nkind: Pod\nmetadata: ${'{? '.repeat(5_000)}\n`,
    `apiVersion: v1\nkind: Pod\nmetadata: ${'&a '.repeat(5_000)}\n`,
    `apiVersion: v1\nkind: Pod\nmetadata: ${'!a '.repeat(5_000)}\n`,
    `apiVersion: v1\nkind: Pod\nmetadata:\n${Array.from({ length: 400 }, (_, index) => `${' '.repeat(index + 1)}?\n`).join('')}`,
  ]
  for (const document of documents) {
    const { warnings } = await read(document, { path: 'x', chunkBytes: 1 << 16 })
    assert.equal(warnings.join().includes('reading stopped'), false, `${document.slice(0, 30)}: ${warnings.join()}`)
  }
})

test('a line of 100 MB in any wrapping or document is bounded', async () => {
  const huge = Buffer.alloc(100e6, 'x')
  const around: readonly (readonly [string, string])[] = [
    ['{"log":"', '","stream":"stdout","time":"2026-11-21T08:18:00Z"}\n'],
    ['2026-11-21T08:18:00.123456789Z stdout P ', '\n'],
    ['{"apiVersion":"v1","kind":"List","items":[{"kind":"Event","message":"', '"}]}'],
    ['apiVersion: v1\nkind: Pod\nmetadata:\n  name: "', '"\n'],
  ]
  for (const [before, after] of around) {
    const { lines, records } = await read(
      Buffer.concat([Buffer.from(before), before.startsWith('{"log') ? huge : huge.subarray(0, 10e6), Buffer.from(after)]),
      { chunkBytes: 1 << 20 },
    )
    assert.ok(lines <= 5 && records <= 2, before)
  }
})

test('pieces of one line that never ends are held up to a bound', async () => {
  const piece = `2026-11-21T08:18:00.123456789Z stdout P ${'x'.repeat(16_000)}\n`
  const { signals } = await read(piece.repeat(2_000))
  assert.ok(signals.every(({ places }) => places.every(({ text }) => text.length < 1_000)))
})

const ODD = '\u0000\u001b[31mred\u001b]0;title\u0007\u0008\u009b2J\u202egnp.\u2066x\u2069\u200f\r'

test('NUL bytes, terminal escapes and marks that turn text around are in no evidence and on no terminal', async () => {
  const lines = ['one', 'two', 'three'].map(
    (word) => `2026-11-21T08:18:01Z level=error app=orders msg="${'every word is harmless but one '.repeat(30)}${word} ${ODD} connection refused"`,
  )
  const { signals } = await read(lines.join('\n'))
  assert.ok(signals.length > 0)
  // eslint-disable-next-line no-control-regex -- their absence is the point
  const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
  for (const { places } of signals) for (const { text } of places) assert.doesNotMatch(text, unsafe)
  const input = { path: ODD, format: 'text', wrapping: [], bytes: 0, lines: 0, records: 0, skipped: 1, from: null, to: null, clockOffsetMs: 0, warnings: [ODD] }
  const told = { sure: 0.5, clock: { stamps: [], because: [ODD] }, kinds: {}, series: 0, facts: 0, firstSkipped: { line: 1, text: ODD } }
  const table = inspectionTable([{ ...input, ...told }])
  assert.doesNotMatch(table, unsafe)
})

test('an input with ever new complaints keeps twenty kinds of them', () => {
  const sink = gatheringSink()
  for (let i = 0; i < 10_000; i++) sink.warn(`complaint ${i}`)
  assert.ok(sink.gathered().warnings.length <= 22)
})

test('an answer that drips in costs what it costs at once: nothing held is looked at again for each drop', async () => {
  // 300,000 bytes that are held until the value ends. Looked at for each of 30,000 drops they were gigabytes, and minutes.
  const answer = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","x":"${'y'.repeat(300_000)}"},"values":[[1795249081,"1"]]}]}}`
  const dripped = await read(answer, { path: 'up.json', chunkBytes: 10 })
  assert.deepEqual(dripped, await read(answer, { path: 'up.json' }))
})
