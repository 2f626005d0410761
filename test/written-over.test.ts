/** Whoever gives bytes may write over a chunk once the next one is asked for: nobody may look at it then. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import fc from 'fast-check'
import { peel, unpacked, type Bytes } from '../src/read/decompress.js'
import { findInputs } from '../src/read/inputs.js'
import { extractInput } from '../src/read/extract-input.js'
import { allow, gaugeOf, usualLimits } from '../src/read/limits.js'
import { walkTar } from '../src/read/tar.js'
import type { Walk } from '../src/read/walk.js'
import { walkZip } from '../src/read/zip.js'
import { folderWith, tarOf, zipOf } from './files.js'
import { bzip2, xz, zstd } from './packed.js'
import { writtenOver } from './read.js'

const gauge = (): ReturnType<typeof gaugeOf> => gaugeOf(allow(usualLimits))
const all = async (bytes: Bytes): Promise<string> => {
  const parts: Buffer[] = []
  for await (const part of bytes) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('latin1')
}
const sizes = fc.integer({ min: 1, max: 3_000 })
const FILES = Array.from({ length: 9 }, (_, file) => ({ name: `node-${file}/kubelet.log`, content: `line of ${file}\n`.repeat(file * file * 7) }))

const walked = async (walk: Walk): Promise<readonly (readonly [string, string])[]> => {
  const found: (readonly [string, string])[] = []
  for (let entry = await walk.next(); entry !== null; entry = await walk.next()) found.push([entry.name, await all(walk.body(gauge()))])
  return found
}

for (const [kind, archive, walk] of [
  ['tar', tarOf(FILES), (bytes: Bytes) => walkTar(bytes)],
  ['zip', zipOf(FILES), (bytes: Bytes) => walkZip(bytes, allow(usualLimits))],
  ['zip with sizes after its members', zipOf(FILES.map((file) => ({ ...file, streamed: true }))), (bytes: Bytes) => walkZip(bytes, allow(usualLimits))],
  [
    'zip with sizes after what is stored',
    zipOf(FILES.map((file) => ({ ...file, streamed: true, stored: true }))),
    (bytes: Bytes) => walkZip(bytes, allow(usualLimits)),
  ],
] as const)
  test(`${kind}: however its bytes come, its files are what was packed`, async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        assert.deepEqual(
          await walked(walk(writtenOver(archive, size))),
          FILES.map(({ name, content }) => [name, content]),
        )
      }),
      { numRuns: 25 },
    )
  })

for (const [kind, packed] of Object.entries({
  gzip: gzipSync(FILES.map(({ content }) => content).join('')),
  bzip2,
  zstd,
  xz,
  'a tar in a gzip': gzipSync(tarOf(FILES)),
}))
  test(`${kind}: however its bytes come, what is told of it and what comes out are the same`, async () => {
    const whole = await peel(writtenOver(packed, packed.length), gauge())
    const expected = [whole.layers, whole.kind, await all(whole.bytes)]
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        const { layers, kind: inside, bytes } = await peel(writtenOver(packed, size), gauge())
        assert.deepEqual([layers, inside, await all(bytes)], expected)
        assert.equal(await all(unpacked(writtenOver(packed, size), layers, gauge())), expected[2])
      }),
      { numRuns: 25 },
    )
  })

test('a packed archive of hundreds of small files gives each of them, from a file and from a pipe', async (t) => {
  // Lines that do not pack well, so that the archive is unpacked in many pieces.
  let seed = 1
  const random = (): string => (seed = (seed * 48_271) % 2_147_483_647).toString(36)
  const files = Array.from({ length: 900 }, (_, file) => ({
    name: `pods/${file}.log`,
    content: Array.from(
      { length: 1 + (file % 12) },
      (_line, at) => `I1121 08:18:${10 + at}.000001    2296 kubelet.go:2448] "SyncLoop ADD" pods=["${Array.from({ length: 40 }, random).join('')}"]\n`,
    ).join(''),
  }))
  const archive = gzipSync(tarOf(files))
  assert.ok(archive.length > 8 << 16)
  const folder = await folderWith(t, { 'd.tgz': archive })
  const { sources, unreadable } = await findInputs([`${folder}/d.tgz`])
  assert.deepEqual(unreadable, [])
  assert.deepEqual(
    sources.flatMap(({ warnings }) => warnings ?? []),
    [],
  )
  const records: number[] = []
  for (const source of sources) records.push((await extractInput(source)).records)
  assert.deepEqual(
    records,
    files.map((_, file) => 1 + (file % 12)),
  )
  const pipe = `${folder}/pipe`
  execFileSync('mkfifo', [pipe])
  const writing = createWriteStream(pipe)
  writing.end(archive)
  const streamed = await findInputs([pipe])
  assert.deepEqual(streamed.unreadable, [])
  assert.equal(streamed.sources.length, files.length)
  const [, second] = streamed.sources
  assert.equal(second === undefined ? 0 : (await extractInput(second)).records, 2)
})
