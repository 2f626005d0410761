import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recent } from './recent.js'
import { recentBytes } from './recent-bytes.js'

test('what is remembered under bytes is what is remembered under the same strings, and as long', () => {
  for (const filling of ['', 'x'.repeat(50)]) {
    const bytes = recentBytes(3_000)
    const strings = recent<number>(3_000)
    let state = 7
    const below = (limit: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) % limit
    for (let turn = 0; turn < 20_000; turn++) {
      const key = `${filling}${below(5_000)}`
      const value = below(9)
      const before = strings.get(key)
      if (before !== value) strings.set(key, value)
      assert.equal(bytes.swap(Buffer.from(`"${key}"`), 1, key.length + 1, value), before ?? -1, key)
    }
  }
})

test('in the memory of WebAssembly the same is remembered, and as long', (t) => {
  const [here, there] = [recentBytes(3_000), recentBytes(3_000)]
  let state = 7
  const below = (limit: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) % limit
  for (let turn = 0; turn < 30_000; turn++) {
    // It moves when something is remembered already.
    if (turn === 700 && there.inMemory() === null) {
      t.skip('no memory for WebAssembly')
      return
    }
    const key = Buffer.from(`"${'x'.repeat(below(3) * below(20))}${below(5_000)}`)
    const value = below(4)
    assert.equal(there.swap(key, 1, key.length, value), here.swap(key, 1, key.length, value), String(key))
  }
  there.end()
})

test('a key is remembered by all of its bytes, and forgotten after many others', () => {
  const remembered = recentBytes(4_000)
  const swap = (key: string, value: number): number => remembered.swap(Buffer.from(key), 0, key.length, value)
  assert.equal(swap('a', 1), -1)
  assert.equal(swap('b', 2), -1)
  assert.equal(swap('ab', 3), -1)
  assert.equal(swap('a', 4), 1)
  assert.equal(swap('a', 4), 4)
  assert.equal(swap('b', 0), 2)
  assert.equal(swap('b', 5), 0)
  for (let other = 0; other < 1_900; other++) assert.equal(swap(`other ${other}`, 1), -1)
  assert.equal(swap('ab', 3), 3)
  for (let other = 0; other < 4_000; other++) swap(`more ${other}`, 1)
  assert.equal(swap('ab', 3), -1)
})
