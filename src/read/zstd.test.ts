import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstd } from '../../test/packed.js'
import { unzstd } from './zstd.js'

const FRAME = Buffer.from(zstd)
const SKIPPED = Buffer.from('532a4d1805000000', 'hex')

/** What comes out, and why it ended early if it did, however the packed bytes are cut. */
const unpack = async (packed: Buffer, size: number): Promise<{ plain: string; broken: string | null }> => {
  const cut = async function* (): AsyncGenerator<Buffer> {
    await Promise.resolve()
    for (let at = 0; at < packed.length; at += size) yield packed.subarray(at, at + size)
  }
  const plain: Buffer[] = []
  try {
    for await (const chunk of unzstd(cut())) plain.push(Buffer.from(chunk))
    return { plain: Buffer.concat(plain).toString(), broken: null }
  } catch (error) {
    return { plain: Buffer.concat(plain).toString(), broken: error instanceof Error ? error.message : String(error) }
  }
}

test('frames one after the other, and what lies between them, cut anywhere', async () => {
  const { plain: once } = await unpack(FRAME, FRAME.length)
  assert.ok(once.length > 0)
  const packed = Buffer.concat([FRAME, SKIPPED, Buffer.from('hello'), FRAME])
  for (const size of [1, 7, packed.length]) assert.deepEqual(await unpack(packed, size), { plain: once + once, broken: null })
})

test('a run of one byte is a block of its own', async () => {
  // Magic number, no content size, 1 KiB window; one block, the last, of 1000 times 'a'.
  const head = (1000 << 3) | (1 << 1) | 1
  const packed = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, head & 255, (head >> 8) & 255, head >> 16, 97])
  assert.deepEqual(await unpack(packed, 3), { plain: 'a'.repeat(1000), broken: null })
})

test('what ends early, goes on as something else or is damaged is told, after all that came before', async () => {
  const { plain: once } = await unpack(FRAME, FRAME.length)
  assert.match((await unpack(FRAME.subarray(0, -3), 64)).broken ?? '', /unexpected end/u)
  assert.deepEqual(await unpack(Buffer.concat([FRAME, Buffer.from('garbage!')]), 64), { plain: once, broken: 'no frame where one belongs' })
  const damaged = Buffer.from(FRAME)
  damaged.fill(0xff, FRAME.length >> 1, (FRAME.length >> 1) + 6)
  assert.notEqual((await unpack(damaged, 64)).broken, null)
})
