/** What recent-bytes.ts remembers, as WebAssembly: for loops that ask it themselves. Keys are told apart by 64 bits of their bytes, which no two of one input share. */
import { at, block, call, either, func, i32, i64, jump, jumpIf, loop, mix, mixBytes, raise, when, type Code, type Func, type Local } from '../src/read/wasm.js'

/** What stands where in the piece, in bytes: addresses of the younger and the older generation (0: none), keys of the younger one, and how many make it the older. */
export const RECENT = { young: 0, old: 4, size: 8, most: 12, generations: 64, places: 32_768, key: 64 + 2 * 32_768 * 16 } as const
/** Longer keys are none of these. */
export const MAX_KEY = 48

/** A place: the key's hash (0: empty), its value. */
const PLACE = { value: 8, size: 16 } as const

/** hashOfKey(start, end) */
const hashOfKey = func('hashOfKey', { start: 'i32', end: 'i32' }, ['i64'], ({ start, end }, local) => {
  const hash = local('i64')
  return [
    mix(hash, i64.extend(at(i32.sub(end.get, start.get), 1))),
    mixBytes(hash, start, end),
    // 0 is an empty place.
    either(i64.eq(hash.get, i64.const(0n)), i64.const(1n), hash.get),
  ]
})

/** find(generation, hash): the hash's place, or the empty one where it belongs. */
const find = func('find', { generation: 'i32', hash: 'i64' }, ['i32'], ({ generation, hash }, local) => {
  const [place, address, there] = [local('i32'), local('i32'), local('i64')]
  const [places, found] = [Symbol('places'), Symbol('found')]
  return [
    place.set(i32.low(i64.shiftRight(hash.get, i64.const(40n)))),
    block(
      found,
      loop(
        places,
        place.set(i32.and(place.get, i32.const(RECENT.places - 1))),
        address.set(i32.add(generation.get, i32.shl(place.get, i32.const(4)))),
        there.set(i64.load(address.get)),
        jumpIf(found, i64.eq(there.get, hash.get)),
        jumpIf(found, i64.eq(there.get, i64.const(0n))),
        raise(place, 1),
        jump(places),
      ),
    ),
    address.get,
  ]
})

/** remember(recent, hash, value). Where the younger generation is full it becomes the older one, which is forgotten. */
const remember = func('remember', { recent: 'i32', hash: 'i64', value: 'i32' }, [], ({ recent, hash, value }, local) => {
  const [place, end] = [local('i32'), local('i32')]
  const [full, clear] = [Symbol('full'), Symbol('clear')]
  const young = i32.load(recent.get, RECENT.young)
  return [
    place.set(call(find, young, hash.get)),
    when(
      i64.eq(i64.load(place.get), i64.const(0n)),
      i64.store(place.get, hash.get),
      i32.store(recent.get, at(i32.load(recent.get, RECENT.size), 1), RECENT.size),
    ),
    i32.store(place.get, value.get, PLACE.value),
    block(
      full,
      jumpIf(full, i32.less(i32.load(recent.get, RECENT.size), i32.load(recent.get, RECENT.most))),
      // The two of them lie side by side.
      place.set(at(recent, RECENT.generations)),
      when(i32.eq(young, place.get), raise(place, RECENT.places * PLACE.size)),
      i32.store(recent.get, young, RECENT.old),
      i32.store(recent.get, place.get, RECENT.young),
      i32.store(recent.get, i32.const(0), RECENT.size),
      end.set(at(place, RECENT.places * PLACE.size)),
      loop(clear, i64.store(place.get, i64.const(0n)), raise(place, PLACE.size), jumpIf(clear, i32.less(place.get, end.get))),
    ),
  ]
})

/** swap(recent, start, end, value): remembers it under bytes[start, end), and returns what was remembered before; -1 where nothing was. */
export const swap = func('swap', { recent: 'i32', start: 'i32', end: 'i32', value: 'i32' }, ['i32'], ({ recent, start, end, value }, local) => {
  const [place, before] = [local('i32'), local('i32')]
  const hash = local('i64')
  const look = (generation: number): Code => [
    place.set(call(find, i32.load(recent.get, generation), hash.get)),
    when(i64.eq(i64.load(place.get), hash.get), before.set(i32.load(place.get, PLACE.value))),
  ]
  const put = (what: Local): Code => call(remember, recent.get, hash.get, what.get)
  return [
    hash.set(call(hashOfKey, start.get, end.get)),
    before.set(i32.const(-1)),
    look(RECENT.young),
    when(
      i32.and(i32.less(before.get, i32.const(0)), i32.ne(i32.load(recent.get, RECENT.old), i32.const(0))),
      look(RECENT.old),
      when(i32.notLess(before.get, i32.const(0)), put(before)),
    ),
    when(i32.ne(before.get, value.get), put(value)),
    before.get,
  ]
})

export const recentKernel: readonly Func[] = [hashOfKey, find, remember, swap]
