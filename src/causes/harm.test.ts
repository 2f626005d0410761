import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { found, input, signal, timelineOf } from '../../test/timeline-builder.js'
import type { InputExtract } from '../model/extract.js'
import { tellIncidents } from './incidents.js'
import { linkCauses } from './link.js'
import { loadMechanisms } from './load-mechanisms.js'

const mechanisms = loadMechanisms([])
const own = input('postgresql.log', { format: 'postgres', signals: [signal('log.warning', 'postgres/main', 0), signal('log.warning', 'postgres/main', 300)] })
const client = input('app.log', { format: 'logfmt', signals: [signal('log.warning', 'process/-/web', 0), signal('log.warning', 'process/-/web', 300)] })

/** The roots of each incident that is told where sessions queue behind a lock and so many statements are cut off for so long. */
const roots = (cutOff: number, seconds: number, ...inputs: readonly InputExtract[]): readonly (string | undefined)[] => {
  const sorted = [
    found('postgres.lock-pileup', 'postgres/main', 60, { endSecond: 150 }),
    found('postgres.timeouts', 'postgres/main', 64, { endSecond: 64 + seconds, dose: cutOff, attributes: { reason: 'statement' } }),
  ]
  const over = timelineOf(inputs)
  return tellIncidents(sorted, linkCauses(sorted, mechanisms, over), over).map((incident) => sorted[incident.roots[0]?.finding ?? -1]?.kind)
}

describe('a server that cuts off its clients', () => {
  test('is an incident where its own log is all there is: nobody else could tell', () => {
    assert.deepEqual(roots(60, 55, own), ['postgres.lock-pileup'])
  })

  test('is none where the clients are in the data and say nothing of it', () => {
    assert.deepEqual(roots(60, 55, own, client), [])
  })

  test('is none where it cuts off a few, or for moments only', () => {
    assert.deepEqual(roots(3, 55, own), [])
    assert.deepEqual(roots(60, 5, own), [])
  })
})
