import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { read } from '../test/read.js'

const result = (ok: boolean, host: string): object => ({
  HostIP: host,
  OK: ok,
  PingTime: '2026-03-02T10:00:00.000Z',
  PodIP: '198.51.100.7',
  ...(ok ? {} : { error: 'context deadline exceeded', 'status-code': 504 }),
})
const check = JSON.stringify({
  hosts: [],
  responses: {
    'gold-a': {
      HostIP: '10.0.0.1',
      OK: true,
      PodIP: '198.51.100.1',
      response: { podResults: { 'gold-a': result(true, '10.0.0.1'), 'gold-b': result(false, '10.0.0.2') } },
    },
  },
})

test('a node that another cannot reach is lost to it; a call to itself and a good one say nothing', async () => {
  const extract = await read(check)
  assert.equal(extract.format, 'goldpinger')
  assert.deepEqual(
    extract.signals.map(({ kind, entity, attributes, at }) => [kind, entity, attributes['peer'], at.ms]),
    [['network.pod-to-pod-lost', 'node/10.0.0.2', '10.0.0.1', Date.UTC(2026, 2, 2, 10)]],
  )
})

test('any cut of the bytes gives the same; what is no such check says nothing', async () => {
  const whole = await read(check)
  for (const chunkBytes of [1, 7, 64]) assert.deepEqual(await read(check, { chunkBytes }), whole)
  for (const hostile of [
    '{"podResults": {"podIP"',
    '{"responses": {"__proto__": 7, "a": {"response": {"podResults": {"podIP": []}}}}}',
    '{"responses":[],"podResults": {"PodIP":1}}',
  ])
    assert.deepEqual((await read(hostile)).signals, [])
})

const real = new URL('../../shared/corpus/events/replicatedhq+troubleshoot/testdata/goldpinger/checkall-with-error.json', import.meta.url)
test('the real check with errors: three nodes, each lost to both others', { skip: existsSync(real) ? false : '../shared is not here' }, async () => {
  const extract = await read(readFileSync(real))
  assert.equal(extract.records, 9)
  assert.equal(
    extract.signals.reduce((sum, { count }) => sum + count, 0),
    6,
  )
})
