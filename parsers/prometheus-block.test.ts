/** A block of Prometheus' storage, written by promtool 2.42 (create-blocks-from openmetrics), gives back the samples that went into it. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { folderWith, tarOf } from '../test/files.js'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'

const FIXTURE = fileURLToPath(new URL('../test/fixtures/prometheus-block', import.meta.url))
const FILES = ['index', 'meta.json', 'tombstones', 'chunks/000001'] as const
const START = 1_795_248_000_000

const readAll = async (path: string) => {
  const { sources } = await findInputs([path])
  return Promise.all(sources.map((source) => extractInput(source)))
}

/** The block with a file of it changed. */
const changed = async (context: Parameters<typeof folderWith>[0], file: string, change: (bytes: Buffer) => Buffer) => {
  const folder = await folderWith(context, { 'snapshot/readme.txt': '' })
  const block = join(folder, 'snapshot', '01M7Z4AAESM6YPDZRB2JZQQJSR')
  cpSync(FIXTURE, block, { recursive: true })
  writeFileSync(join(block, file), change(readFileSync(join(block, file))))
  return readAll(block)
}

test('its files are one input, named by the folder; every sample comes back as it was written, without the NaN', async () => {
  const extracts = await readAll(FIXTURE)
  assert.deepEqual(
    extracts.map(({ path, format, records, skipped, warnings }) => [path, format, records, skipped, warnings]),
    [[FIXTURE, 'prometheus', 210, 0, []]],
  )
  const [{ series }] = extracts as [(typeof extracts)[0]]
  const [load, odd, up] = ['node_load1', 'odd', 'up'].map((name) => series.find((one) => one.name === name))
  assert.deepEqual(up?.labels, { instance: '10.0.0.7:9100', job: 'node' })
  assert.deepEqual(
    [...up.times],
    Array.from({ length: 40 }, (_, index) => START + index * 15_000),
  )
  assert.deepEqual(
    [...up.values],
    Array.from({ length: 40 }, (_, index) => (index >= 10 && index < 14 ? 0 : 1)),
  )
  assert.deepEqual(odd?.labels, { node: 'wörker-1' })
  const values = [0.1, 1e-300, -3.25e17, Infinity, -Infinity, -0, 12345678.9]
  assert.deepEqual(
    [...odd.values],
    Array.from({ length: 35 }, (_, index) => values[index % 7]),
  )
  assert.equal(odd.times[1], START + 15_007)
  // Times ever farther apart, in two chunks.
  assert.deepEqual(
    [...(load?.times ?? [])],
    Array.from({ length: 130 }, (_, index) => START + Math.round(index * index * 400)),
  )
  assert.deepEqual(
    [...(load?.values ?? [])],
    Array.from({ length: 130 }, (_, index) => Math.round(Math.sin(index) * 400) / 100),
  )
})

test('in an archive, between other files, it is the same', async (context) => {
  const entries = FILES.map((name) => ({ name: `data/01M7Z4AAESM6YPDZRB2JZQQJSR/${name}`, content: readFileSync(join(FIXTURE, name)) }))
  const folder = await folderWith(context, {
    'prom.tar': tarOf([...entries.reverse(), { name: 'data/lock', content: 'x' }, { name: 'data/wal/00000001', content: Buffer.alloc(64) }]),
  })
  const extracts = await readAll(join(folder, 'prom.tar'))
  const block = extracts.find(({ path }) => path.endsWith('!/data/01M7Z4AAESM6YPDZRB2JZQQJSR'))
  assert.equal(block?.records, 210)
  const wal = extracts.find(({ path }) => path.endsWith('/wal'))
  assert.match(wal?.warnings.join() ?? '', /write-ahead log .* is not read/u)
  assert.equal(wal?.facts[0]?.fact, 'missing')
  assert.equal(extracts.length, 3)
})

test('native histograms are left out and counted; the others are read', async (context) => {
  const [extract] = await changed(context, 'chunks/000001', (bytes) => {
    bytes[8 + ((bytes[8] ?? 0) < 128 ? 1 : 2)] = 2 // the first chunk's encoding; a segment is longer than its header
    return bytes
  })
  assert.match(extract?.warnings.join() ?? '', /1 chunks of native histograms were left out/u)
  assert.ok((extract?.records ?? 0) > 80)
})

test('a cut segment keeps what came before, a broken index is said, flipped bytes never throw', async (context) => {
  const [cut] = await changed(context, 'chunks/000001', (bytes) => bytes.subarray(0, bytes.length - 100))
  assert.ok((cut?.records ?? 0) > 0 && cut?.skipped === 1)
  const [broken] = await changed(context, 'index', (bytes) => bytes.subarray(0, 100))
  assert.match(broken?.warnings.join() ?? '', /index is not readable/u)
  let seed = 7
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let round = 0; round < 60; round++) {
    const [extract] = await changed(context, round % 2 === 0 ? 'index' : 'chunks/000001', (bytes) => {
      for (let flips = 0; flips < 3; flips++) bytes[random(bytes.length)] = random(256)
      return bytes
    })
    assert.ok(!extract?.warnings.join().includes('reading stopped'), extract?.warnings.join())
  }
})
