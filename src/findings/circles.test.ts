import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found } from '../../test/timeline-builder.js'
import { asCircles } from './circles.js'

test('sessions that wait as a deadlock is found are its circle, which began when they did; a queue of many, or of another time, is none', () => {
  const told = (queueAt: number, waits: number): readonly unknown[] => {
    const all = asCircles([
      found('postgres.deadlock', 'postgres/main', 101.2, { dose: 5 }),
      found('postgres.lock-pileup', 'postgres/main', queueAt, { dose: waits }),
    ])
    const [deadlock, queue] = (['postgres.deadlock', 'postgres.lock-pileup'] as const).map((kind) => all.find((one) => one.kind === kind))
    return [deadlock?.start === queue?.start, queue?.attributes['circle']]
  }
  assert.deepEqual(told(100.2, 12), [true, 'yes'])
  assert.deepEqual(told(100.2, 60), [false, undefined])
  assert.deepEqual(told(40, 12), [false, undefined])
})
