import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringReader } from './json-members.js'

test('a JSON string is read as JSON.parse reads it, wherever its escapes stand', () => {
  const read = stringReader()
  const piece = fc.constantFrom('a', 'né', '"', '\\', '\n', '\t', '🚀', '\u0001', 'a longer piece of text', '/', ' ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(5), (pieces, before) => {
      const text = pieces.join('')
      const bytes = Buffer.from(`${'x'.repeat(before)}${JSON.stringify(text)}`)
      const { bytes: on, start, end } = read(bytes, before, bytes.length)
      assert.equal(on.toString('utf8', start, end), text)
    }),
    { numRuns: 500 },
  )
})
