import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain, plainDeep } from './safe.js'
import { bytes, cut, duration, entityWords, kindWords, moment, range, sureness } from './words.js'

test('durations are told in the two largest units that matter', () => {
  const told = [0, 0.01, 0.4, 1, 59.6, 60, 252, 3_600, 3_900, 90_061, 252.4, -5, Number.NaN].map(duration)
  assert.deepEqual(told, [
    '0 s',
    'less than 0.1 s',
    '0.4 s',
    '1 s',
    '1 min',
    '1 min',
    '4 min 12 s',
    '1 h',
    '1 h 5 min',
    '1 d 1 h',
    '4 min 12 s',
    '−5 s',
    'an unknown time',
  ])
})

test('confidence is a word and a number, and never certainty', () => {
  assert.deepEqual([1, 0.95, 0.86, 0.78, 0.5, 0.1, 0].map(sureness), [
    'almost certain, 99 %',
    'almost certain, 95 %',
    'very likely, 86 %',
    'likely, 78 %',
    'possible, 50 %',
    'weak, 10 %',
    'weak, 1 %',
  ])
})

test('a date is told where it changes', () => {
  const [evening, night] = ['2024-12-31T23:59:58.000Z', '2025-01-01T00:00:04.000Z']
  assert.equal(moment(evening, '2024-12-31T10:00:00.000Z'), '23:59:58')
  assert.equal(range(evening, night), '2024-12-31 23:59:58 to 2025-01-01 00:00:04 UTC')
  assert.equal(range(evening, null), '2024-12-31 23:59:58 UTC, not over when the data end')
})

test('kinds and entities read as a person says them', () => {
  assert.deepEqual(['node.cpu-saturated', 'pod.oom-killed', 'network.dns-failure', 'mine.own_kind', 'plain'].map(kindWords), [
    'CPU saturated',
    'OOM-killed',
    'DNS failure',
    'own kind',
    'plain',
  ])
  assert.deepEqual((['node/node-3', 'node/worker', 'pod/-/web', 'cluster', 'postgres/main', 'service/-/https://shop.example/'] as const).map(entityWords), [
    'node-3',
    'node worker',
    'pod web',
    'the cluster',
    'Postgres server main',
    'service https://shop.example/',
  ])
})

test('sizes keep three digits, long names their ends', () => {
  assert.deepEqual([0, 980, 1_536, 2 ** 30 * 1.5].map(bytes), ['0 B', '980 B', '1.5 KiB', '1.5 GiB'])
  assert.equal(cut('abcdefghij', 5), 'ab…ij')
})

test('what hides in text or steers a terminal is taken out, and its neighbours stay', () => {
  assert.equal(plain('a\u001b[31mb\u202ec\u0007d\u2028e\ud800f\ttab\nline'), 'abcde\ufffdf\ttab\nline')
  assert.deepEqual(plainDeep({ a: ['\u202ex', { b: '\u0000y' }], n: 1, none: null }), { a: ['x', { b: 'y' }], n: 1, none: null })
})
