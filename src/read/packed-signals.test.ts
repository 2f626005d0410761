/** Signals that were packed are the same when they are asked for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signal } from '../model/extract.js'
import { packSignals, unpackSignals } from './packed-signals.js'

const signal = (at: number): Signal => ({
  kind: 'log.error',
  entity: 'node/a',
  phase: 'point',
  at: { ms: at, basis: 'utc' },
  until: { ms: at + 0.5, basis: 'utc' },
  count: 2,
  attributes: { number: at, text: `ä${at}` },
  places: [
    { line: at, at: { ms: at, basis: 'utc' }, text: `… ${at}` },
    { line: null, at: { ms: at, basis: 'utc' }, text: '' },
  ],
})

test('many are packed, and come out as they were', () => {
  const many = Array.from({ length: 5_500 }, (_, at) => signal(at))
  const packed = packSignals(many)
  assert.ok('batches' in packed)
  assert.deepEqual(unpackSignals(structuredClone(packed)), many)
})

test('what JSON cannot tell is not packed', () => {
  const many = Array.from({ length: 5_500 }, (_, at) => signal(at))
  for (const odd of [NaN, -Infinity, -0]) {
    const with1 = [...many, { ...signal(1), attributes: { odd } }]
    assert.equal(unpackSignals(packSignals(with1)), with1)
    const with2 = [...many, { ...signal(1), at: { ms: odd, basis: 'ago' as const } }]
    assert.equal(unpackSignals(packSignals(with2)), with2)
  }
})
