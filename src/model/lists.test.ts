import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countWhile, groupBy, timeOrder } from './lists.js'

test('how many of an ordered list come before a moment is right at both ends, among equals and in nothing', () => {
  const times = [1, 3, 3, 3, 8]
  const counts = [0, 1, 2, 3, 7, 8, 9].map((moment) => countWhile(times.length, (index) => (times[index] ?? NaN) <= moment))
  assert.deepEqual(counts, [0, 1, 1, 4, 4, 5, 5])
  assert.equal(
    countWhile(0, () => true),
    0,
  )
})

test('groups keep the order of their members and of their first ones; what has no key is left out', () => {
  const groups = groupBy(['pod/b', 'pod/a', '', 'node/b'], (entity) => (entity === '' ? null : entity.split('/')[1]))
  assert.deepEqual(
    [...groups],
    [
      ['b', ['pod/b', 'node/b']],
      ['a', ['pod/a']],
    ],
  )
})

test('times that are nearly in order, or in none at all, are put in order; those of one moment stay as they stand', () => {
  const numbers = Array.from({ length: 500 }, (_, index) => index)
  const lists = {
    'a few late ones': numbers.map((index) => (index % 50 === 49 ? index - 3 : index)),
    'newest first': numbers.map((index) => -index),
    'one that belongs to the very beginning': [...numbers, -1],
    'several of one moment': numbers.map((index) => Math.floor(index / 7) * (index % 2 === 0 ? 1 : -1)),
    none: [],
    one: [3],
  }
  for (const [name, list] of Object.entries(lists)) {
    const times = Float64Array.from([...list, 7]) // what is behind the size does not count
    const expected = list.map((ms, place) => ({ ms, place })).sort((a, b) => a.ms - b.ms || a.place - b.place)
    assert.deepEqual(
      [...timeOrder(times, list.length)],
      expected.map(({ place }) => place),
      name,
    )
  }
})
