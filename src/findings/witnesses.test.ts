import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found } from '../../test/timeline-builder.js'
import { roleOf } from '../model/vocabulary.js'
import { asWitnesses } from './witnesses.js'

test('a server that refuses logins is a witness where its clients tell of that, and broke nothing itself', () => {
  const server = found('app.errors', 'postgres/main', 10, { endSecond: 40, attributes: { reason: 'authentication' } })
  const client = (reason: string, start = 11) => found('app.errors', 'process/-/report-api', start, { endSecond: start + 30, attributes: { reason } })
  const roleWith = (...others: ReturnType<typeof client>[]) => asWitnesses([server, ...others]).map(roleOf)[0]
  assert.deepEqual(
    [roleWith(client('postgres-login')), roleWith(client('postgres-login', 400)), roleWith(client('timeout')), roleWith()],
    ['symptom', 'impact', 'impact', 'impact'],
  )
})
