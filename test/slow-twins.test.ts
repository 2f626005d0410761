/** Our fast readers against well-kept libraries that do the same slowly: they must see the same lines and the same elements. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import split2 from 'split2'
import { chain } from 'stream-chain'
import { parser } from 'stream-json'
import { pick } from 'stream-json/filters/pick.js'
import { streamArray } from 'stream-json/streamers/stream-array.js'
import { sliceJson } from '../parsers/json-elements.js'
import { cutLines } from '../src/read/line-cutter.js'

const cuts = (bytes: Buffer, size: number): Buffer[] => {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
  return chunks
}

test('lines: the cutter sees what split2 sees, however the bytes are cut', async () => {
  const line = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '€', '😀', '"', '\t'), maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.integer({ min: 1, max: 64 }), fc.constantFrom('\n', '\r\n'), async (lines, size, end) => {
      const bytes = Buffer.from(lines.join(end))
      const ours: string[] = []
      const cutter = cutLines({ line: (from, start, end) => void ours.push(from.toString('utf8', start, end)), overlong: () => undefined })
      for (const chunk of cuts(bytes, size)) cutter.chunk(chunk)
      cutter.end()
      const theirs: string[] = []
      for await (const one of Readable.from(cuts(bytes, size)).pipe(split2(/\r?\n/u))) theirs.push(String(one))
      assert.deepEqual(
        ours.filter((one) => one !== ''),
        theirs.filter((one) => one !== ''),
      )
    }),
    { numRuns: 60 },
  )
})

test('elements: the slicer sees what stream-json sees in a List', async () => {
  const item = fc.record({
    metadata: fc.record({ name: fc.string({ maxLength: 12 }) }),
    note: fc.string({ maxLength: 20 }),
    nested: fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown),
  }) // what JSON.parse gives
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 6 }), fc.integer({ min: 1, max: 80 }), fc.constantFrom(0, 4), async (items, size, indent) => {
      const bytes = Buffer.from(JSON.stringify({ apiVersion: 'v1', items, kind: 'List' }, null, indent))
      const ours: unknown[] = []
      const slicer = sliceJson({
        opens: () => undefined,
        element: (from, start, end) => void ours.push(JSON.parse(from.toString('utf8', start, end))),
        list: () => undefined,
        other: () => assert.fail('nothing lies between documents here'),
        broken: (_, what) => assert.fail(what),
      })
      for (const chunk of cuts(bytes, size)) slicer.chunk(chunk)
      slicer.end()
      const theirs: unknown[] = []
      const pipeline = chain([Readable.from(cuts(bytes, size)), parser(), pick({ filter: 'items' }), streamArray()])
      for await (const { value } of pipeline as AsyncIterable<{ value: unknown }>) theirs.push(value) // what streamArray gives
      assert.deepEqual(ours, theirs)
    }),
    { numRuns: 40 },
  )
})
