/** The fast path and its slow twin: an event read from its bytes says what JSON.parse makes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { read } from '../test/read.js'
import { eventAt } from './kubernetes-event-bytes.js'

const name = fc.constantFrom('web-7d9c5b8f6d-x2x4z', 'worker-1', 'né', 'a"b', 'tab\tin it', '🚀')
const time = fc.constantFrom(
  '2026-11-21T08:18:00Z',
  '2026-11-21T08:25:30Z',
  '2026-11-21T08:18:00.123456Z',
  '2026-11-21T10:18:00+02:00',
  '0001-01-01T00:00:00Z',
  null,
  '',
)
const anything = fc.constantFrom<unknown>(null, 1, 'x', { a: [{ b: '}]' }, 'c\\"'] }, [], {}, -1, 1.5, true)
const event = fc.record(
  {
    apiVersion: fc.constantFrom('v1', 'events.k8s.io/v1', 'audit.k8s.io/v1'),
    kind: fc.constantFrom('Event', 'Event', 'Event', 'Pod', ''),
    metadata: fc.record(
      { name, namespace: fc.constantFrom('shop', ''), uid: fc.uuid(), managedFields: anything, creationTimestamp: time },
      { requiredKeys: ['name'] },
    ),
    involvedObject: fc.record(
      { kind: fc.constantFrom('Pod', 'Node'), name, namespace: fc.constant('shop'), uid: fc.uuid(), fieldPath: fc.constant('spec.containers{web}') },
      { requiredKeys: ['kind'] },
    ),
    reason: fc.constantFrom('BackOff', 'Unhealthy', 'NodeNotReady', 'Scheduled', 'Pulled'),
    message: fc.constantFrom(
      'Back-off restarting failed container',
      'Readiness probe failed: Get "http://10.0.0.1": refused',
      'Successfully assigned shop/web to worker-1',
      'a\nb',
    ),
    source: fc.record({ component: fc.constant('kubelet'), host: name }, { requiredKeys: [] }),
    firstTimestamp: time,
    lastTimestamp: time,
    eventTime: time,
    series: fc.constantFrom(null, { count: 7, lastObservedTime: '2026-11-21T08:30:00.000000Z' }),
    count: fc.constantFrom<unknown>(1, 40, 0, '3', null, 1.5, -2),
    type: fc.constantFrom('Warning', 'Normal'),
    action: anything,
    related: anything,
    reportingComponent: fc.constantFrom('kubelet', ''),
    reportingInstance: name,
  },
  { requiredKeys: ['kind', 'involvedObject'] },
)

/** What the input says, without how long it was. */
const said = async (text: string, chunkBytes = 1 << 20) => {
  const extract = await read(text, { path: 'events.json', chunkBytes })
  return { ...extract, bytes: 0, sha256: '' }
}

test('events in lines and in lists say the same read at sight and parsed, cut anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      fc.constantFrom(0, 4),
      fc.integer({ min: 20, max: 4_000 }),
      async (events, list, indent, chunkBytes) => {
        // A field that no event has: the same object, but never read at sight.
        const [sight, parsed] = [events, events.map((one) => ({ ...one, unheardOf: null }))].map((all) =>
          list ? JSON.stringify({ apiVersion: 'v1', kind: 'List', items: all }, null, indent) : all.map((one) => JSON.stringify(one)).join('\n'),
        )
        if (indent === 0) assert.deepEqual(await said(sight ?? ''), await said(parsed ?? ''))
        assert.deepEqual(await said(sight ?? '', chunkBytes), await said(sight ?? ''))
      },
    ),
    { numRuns: 60 },
  )
})

test('what is cut off, or is no JSON, is not read at sight', () => {
  const whole = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { uid: '1', labels: { a: ['b', 1, null] } },
    involvedObject: { kind: 'Pod', name: 'web' },
    lastTimestamp: '2026-11-21T08:18:00Z',
    count: 2,
  })
  const bytes = Buffer.from(whole)
  assert.deepEqual(eventAt(bytes, 0, bytes.length), {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { uid: '1' },
    involvedObject: { kind: 'Pod', name: 'web' },
    lastTimestamp: '2026-11-21T08:18:00Z',
    count: 2,
  })
  for (let end = 0; end < bytes.length; end++) assert.equal(eventAt(bytes, 0, end), null, whole.slice(0, end))
  for (let at = 0; at < bytes.length; at++) {
    const broken = Buffer.from(bytes)
    broken[at] = 1 // a control character is allowed nowhere in JSON
    assert.equal(eventAt(broken, 0, broken.length), null, `at ${at}`)
  }
  for (const odd of ['{"a":1,}', '{,}', '{"a" 1}', '{"a":01}', '{"a":"\\x"}', '[1 2]', '[1,]', 'nul', '"']) {
    const text = Buffer.from(whole.replace('["b",1,null]', odd))
    assert.throws(() => JSON.parse(text.toString()) as unknown, odd)
    assert.equal(eventAt(text, 0, text.length), null, odd)
  }
})
