/** A saved extract is read back as it was written; a damaged or hostile one is refused with a reason, never half believed. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { gather } from '../gather.js'
import type { InputExtract } from '../model/extract.js'
import { canonical, encodeArtifact, type Gathered } from './artifact.js'
import { decodeArtifact } from './decode-artifact.js'
import { encodeBlock } from './block.js'
import { decodeBlock } from './decode-block.js'
import { decodeColumn, encodeColumn } from './columns.js'
import { shardOf } from './shard.js'
import { isMine } from './share.js'

const input = (path: string, more: Partial<InputExtract> = {}): InputExtract => ({
  path,
  format: 'text',
  wrapping: ['gzip'],
  bytes: 10,
  lines: 2,
  records: 2,
  skipped: 0,
  warnings: ['line 1: odd'],
  spans: [{ basis: 'utc', first: 1, last: 2 }],
  silences: [
    { basis: 'utc', from: 1, to: 60_001, line: 2 },
    { basis: 'utc', from: 2, to: 60_002, line: 3, host: 'b' },
  ],
  yearHint: null,
  changedMs: 1.5,
  signals: [
    {
      kind: 'node.oom-kill',
      entity: 'node/a',
      phase: 'point',
      at: { ms: 1_795_249_081_000, basis: 'utc' },
      until: { ms: 1_795_249_081_000, basis: 'zone:CET' },
      count: 1,
      attributes: { pid: 7, process: 'çay \ud800' },
      places: [{ line: 2, at: { ms: NaN, basis: 'yearless' }, text: 'Killed process 7' }],
    },
  ],
  facts: [{ fact: 'replicas', workload: 'workload/shop/web', at: null, wanted: 3, ready: null }],
  series: [{ name: 'up', labels: { job: 'node' }, line: null, times: Float64Array.of(1, 2, 3), values: Float64Array.of(1, NaN, -0) }],
  ...more,
})

const gathered = (...extracts: readonly InputExtract[]): Gathered => ({ extracts, unreadable: [{ path: 'gone', reason: 'there is no such file' }] })

test('any column of numbers comes back with its bits', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fc.double()),
        fc.array(fc.integer()),
        fc.array(fc.maxSafeInteger()),
        fc.array(fc.constantFrom(0, -0, NaN, Infinity, 2 ** 50, -(2 ** 50), 2 ** 53, 0.1)),
      ),
      (numbers) => {
        const column = Float64Array.from(numbers)
        const bytes = encodeColumn(column)
        const read = decodeColumn(bytes, 0, 1_000)
        assert.deepEqual([read.column, read.end], [column, bytes.length])
      },
    ),
  )
})

test('an extract comes back as it was', () => {
  const one = input('a.log')
  assert.deepEqual(decodeArtifact(encodeArtifact(gathered(one)).bytes), gathered(one))
})

const SAMPLE = fileURLToPath(new URL('../../samples/cascade/dump', import.meta.url))

test('what is read of a real dump comes back as it was, smaller than the dump', { skip: existsSync(SAMPLE) ? false : 'samples/ is absent' }, async () => {
  const read = await gather([SAMPLE], {})
  const { bytes } = encodeArtifact(read)
  assert.deepEqual(decodeArtifact(bytes), { extracts: read.extracts, unreadable: [] })
  assert.ok(bytes.length * 10 < read.extracts.reduce((sum, { bytes: size }) => sum + size, 0), `${bytes.length}`)
})

test('the bytes and the name do not depend on the order, and what comes twice is kept once', () => {
  const [a, b, other] = [input('a.log'), input('b.log'), input('a.log', { lines: 3 })]
  const once = encodeArtifact(gathered(a, b, other))
  for (const order of [
    [other, a, b],
    [b, b, other, a, input('a.log')],
  ])
    assert.deepEqual(encodeArtifact(gathered(...order)), once)
  assert.notEqual(encodeArtifact(gathered(a, b)).address, once.address)
  assert.deepEqual(canonical(gathered(b, a, b)).extracts, [a, b])
})

test('a damaged file is refused, wherever it was damaged', () => {
  const { bytes } = encodeArtifact(gathered(input('a.log'), input('b.log')))
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x41
    assert.throws(() => decodeArtifact(damaged), /saved extract|an input/u, `byte ${at}`)
    assert.throws(() => decodeArtifact(bytes.subarray(0, at)), /saved extract/u, `cut at ${at}`)
  }
})

test('another version is named', () =>
  assert.throws(() => decodeArtifact(Buffer.from('faultline/extract@2\n…')), /version 2; this faultline reads faultline\/extract@1/u))

test('a part that claims more than any honest one is not unpacked', () => {
  const { bytes } = encodeArtifact({ extracts: [input('a.log')], unreadable: [] })
  const bomb = Buffer.from(bytes)
  bomb.writeUInt32LE(0xffff_ffff, 'faultline/extract@1\n'.length + 33)
  assert.throws(() => decodeArtifact(bomb), /larger than any honest one/u)
  bomb.writeUInt32LE(5, 'faultline/extract@1\n'.length + 33)
  assert.throws(() => decodeArtifact(bomb), /does not unpack to its size/u)
})

/** The block of an input whose JSON was changed by hand: sums do not protect from those who make them. */
const forged = (change: (json: string) => string): Buffer => {
  const bytes = encodeBlock(input('a.log'))
  const size = bytes.readUInt32LE(0)
  const json = Buffer.from(change(bytes.toString('utf8', 8, 8 + size)))
  const header = Buffer.from(bytes.subarray(0, 8))
  header.writeUInt32LE(json.length, 0)
  return Buffer.concat([header, json, bytes.subarray(8 + size)])
}

for (const [what, change, message] of [
  ['a kind of signal that does not exist', (json: string) => json.replace('node.oom-kill', 'constructor'), /signals\.0\.kind/u],
  ['an entity that is none', (json: string) => json.replace('node/a', 'toString'), /signals\.0\.entity: expected an entity such as/u],
  ['a signal without evidence', (json: string) => json.replace(/"places":\[.*?\]/u, '"places":[]'), /signals\.0\.places/u],
  ['a field that does not exist', (json: string) => json.replace('"format"', '"__proto__":{"polluted":1},"format"'), /an input that is none/u],
  ['columns that do not exist', (json: string) => json.replace('"times":0', '"times":7'), /series up: its times and values do not go together/u],
  ['no JSON', () => '{', /no JSON/u],
  ['another document', () => '[]', /an input that is none/u],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => decodeBlock(forged(change)), message)
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  })
}

test('a column that claims more samples than it has bytes, or than anybody may have, makes none', () => {
  const column = encodeColumn(Float64Array.of(1, 2, 3))
  column.writeUInt32LE(1 << 30, 1)
  assert.throws(() => decodeColumn(column, 0, 1 << 27), /more samples than/u)
  assert.throws(() => decodeColumn(column, 0, 2 ** 31), /fewer bytes than samples/u)
})

test('every file belongs to one shard, counted from 0 or from 1', () => {
  const paths = Array.from({ length: 200 }, (_, index) => `logs/${index}.log`)
  for (const first of [0, 1]) {
    const owners = paths.map((path) => Array.from({ length: 7 }, (_, i) => isMine(path, { number: i + first, of: 7 })).filter(Boolean).length)
    assert.deepEqual(new Set(owners), new Set([1]))
  }
  assert.deepEqual(
    ['3/10', '0/1', '10/10', '11/10', '1/0', 'x', '1/2/3'].map((text) => shardOf(text) !== null),
    [true, true, true, false, false, false, false],
  )
})
