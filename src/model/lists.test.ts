import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countWhile, groupBy } from './lists.js'

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
