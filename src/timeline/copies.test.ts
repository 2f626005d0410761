import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, signal, timelineOf } from '../../test/timeline-builder.js'
import type { Attributes } from '../model/extract.js'

const refused = (second: number, attributes: Attributes = {}): ReturnType<typeof signal> =>
  signal('postgres.connections-saturated', 'postgres/main', second, { sqlstate: '53300', ...attributes }, { count: 153, until: second + 60 })

test('what a server writes to two logs was said once, with all that either of them tells', () => {
  const { signals } = timelineOf([
    input('postgresql.csv', { format: 'postgres', signals: [refused(10, { application: 'web' }), refused(300)] }),
    input('postgresql.log', { format: 'postgres', signals: [refused(10), refused(500)] }),
  ])
  assert.deepEqual(
    signals.map(({ count, input: from, attributes }) => [count, from, attributes['application']]),
    [
      [153, 'postgresql.csv', 'web'],
      [153, 'postgresql.csv', undefined],
      [153, 'postgresql.log', undefined],
    ],
  )
})

test('what one log says twice, or two of something else, was said twice', () => {
  const twice = [refused(10), refused(10)]
  assert.equal(timelineOf([input('a.log', { format: 'postgres', signals: twice }), input('b.log', { format: 'postgres', signals: twice })]).signals.length, 2)
  const [one, other] = [
    input('a.log', { format: 'postgres', signals: [refused(10, { scope: 'server' })] }),
    input('b.log', { format: 'postgres', signals: [refused(10, { scope: 'role' })] }),
  ]
  assert.equal(timelineOf([one, other]).signals.length, 2)
})
