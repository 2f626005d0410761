/** The assembler: what the functions it puts together compute, by Node's own WebAssembly. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { block, either, f64, func, i32, jump, jumpIf, loop, v128, when } from './wasm.js'
import { wasmMemory } from './wasm-memory.js'

const memory = wasmMemory()
const skip = memory === null ? 'no WebAssembly here' : false

test('a loop, a jump out of it and a condition', { skip }, () => {
  const sumTo = func('sumTo', { last: 'i32' }, ['i32'], ({ last }, local) => {
    const sum = local('i32')
    const [done, again] = [Symbol('done'), Symbol('again')]
    return [
      block(
        done,
        loop(
          again,
          jumpIf(done, i32.eqz(last.get)),
          when(i32.ne(last.get, i32.const(5)), sum.set(i32.add(sum.get, last.get))),
          last.set(i32.sub(last.get, i32.const(1))),
          jump(again),
        ),
      ),
      sum.get,
    ]
  })
  const { sumTo: run } = memory?.compile([sumTo]) ?? {}
  assert.equal(run?.(4), 10)
  assert.equal(run?.(300), 45_150 - 5)
})

test('constants of every size, and sixteen bytes at once', { skip }, () => {
  const constants = [0, 63, 64, -64, -65, 8_191, 1_000_000, -2_147_483_648, 2_147_483_647]
  const functions = constants.map((value, index) => func(`c${index}`, {}, ['i32'], () => [i32.const(value)]))
  const half = func('half', { value: 'i32' }, ['f64'], ({ value }) => [f64.mul(f64.ofSigned(value.get), f64.const(0.5))])
  const places = func('places', { at: 'i32', most: 'i32' }, ['i32'], ({ at, most }) => [
    either(i32.more(most.get, i32.const(0)), v128.bits(v128.eq(v128.load(at.get, 1), v128.each(10))), i32.const(-1)),
  ])
  const exports = memory?.compile([...functions, half, places]) ?? {}
  assert.deepEqual(
    constants.map((_, index) => exports[`c${index}`]?.()),
    constants,
  )
  assert.equal(exports['half']?.(-7), -3.5)
  const at = memory?.take('chunk') ?? 0
  Buffer.from(memory?.buffer ?? new ArrayBuffer(0), at, 20).write('?a\nbc\n.............\n')
  assert.equal(exports['places']?.(at, 1), 0b1000_0000_0001_0010 & 0b0001_0010)
  assert.equal(exports['places']?.(at, 0), -1)
  memory?.giveBack('chunk', at)
})

test('pieces of the memory are given out once, and again when they are back', { skip }, () => {
  const taken: number[] = []
  for (let at = memory?.take('tables') ?? null; at !== null; at = memory?.take('tables') ?? null) taken.push(at)
  assert.equal(new Set(taken).size, taken.length)
  assert.ok(taken.length > 3)
  for (const at of taken) memory?.giveBack('tables', at)
  assert.equal(memory?.take('tables'), taken.at(-1))
  memory?.giveBack('tables', taken.at(-1) ?? 0)
})
