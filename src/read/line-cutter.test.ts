import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutLines, MAX_LINE_BYTES } from './line-cutter.js'

/** The fast cutter over chunks of these sizes, used in turn. */
const cut = (bytes: Buffer, sizes: readonly number[]) => {
  const lines: string[] = []
  let overlong = 0
  const cutter = cutLines({ line: (part, start, end) => lines.push(part.toString('latin1', start, end)), overlong: () => overlong++ })
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    // A copy that is spoilt afterwards: the cutter must not keep the chunk.
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    cutter.chunk(chunk)
    chunk.fill(0x21)
    at += size
  }
  cutter.end()
  return { lines, overlong }
}

/** The slow twin: the whole at once. */
const naive = (bytes: Buffer): readonly string[] => {
  const text = bytes.toString('latin1').replace(/^\u00ef\u00bb\u00bf/u, '')
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => line.replace(/\r$/u, ''))
}

const line = fc.oneof(
  fc.constantFrom('I1121 08:18:01.887391    2296 kubelet.go:2448] "SyncLoop ADD"', '\tSELECT 1', '', '\r', 'naïve – 日本語 🚀', '{"log":"x\\n"}'),
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ' ')),
)
const document = fc.tuple(fc.boolean(), fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n')), { maxLength: 30 }), fc.boolean()).map(([bom, lines, ended]) => {
  const text = (bom ? '\ufeff' : '') + lines.map(([content, end]) => content + end).join('')
  return Buffer.from(ended ? text : text.replace(/\r?\n$/u, ''))
})

test('any cut of the bytes gives the lines that splitting the whole gives', () => {
  fc.assert(
    fc.property(document, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }), (bytes, sizes) => {
      assert.deepEqual(cut(bytes, sizes).lines, naive(bytes))
    }),
  )
})

test('a line longer than the limit is cut and told, at any chunk size, and the next line is whole', () => {
  const bytes = Buffer.from(`before\n${'x'.repeat(MAX_LINE_BYTES + 500)}\nafter\n`)
  for (const size of [bytes.length, 1 << 20, 65_536, 4_099]) {
    const { lines, overlong } = cut(bytes, [size])
    assert.deepEqual(
      lines.map((text) => text.length),
      ['before'.length, MAX_LINE_BYTES, 'after'.length],
    )
    assert.equal(overlong, 1, `chunks of ${size}`)
  }
})
