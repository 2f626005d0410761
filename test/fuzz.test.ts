/** A bounded part of `npm run fuzz` (docs/robustness.md): the same damages to the same lines, from seeds that do not change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formats } from '../parsers/index.js'
import { check } from '../fuzz/check.js'
import { makeInput, randomOf, SMALL } from '../fuzz/mutate.js'
import { seedLines } from '../fuzz/seeds.js'
import { read } from './read.js'

const pool = seedLines(undefined, 60)
/** Inputs are small here, so that there are many. */
const LINES = 8

test('no damaged line makes a parser throw, say more than it read, or leave what a terminal obeys in its evidence', async () => {
  const random = randomOf(20_261_121)
  for (let at = 0; at < 6 * formats.length; at++) {
    const made = makeInput(pool, random, SMALL, LINES)
    const wrong = await check(made, at)
    // How long it takes is for `npm run fuzz` to say, on a machine that does nothing else.
    assert.ok(wrong === null || wrong.startsWith('took '), `${wrong}: ${JSON.stringify(made.bytes.toString('latin1').slice(0, 2_000))}`)
  }
})

test('damaged lines say the same however they are cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 200 }), async (seed, chunkBytes) => {
      const { bytes } = makeInput(pool, randomOf(seed), SMALL, LINES)
      assert.deepEqual(await read(bytes, { chunkBytes }), await read(bytes))
    }),
    { numRuns: 60, seed: 7 },
  )
})
