/** Many events at once, and their slow twin: a field that no event has makes JSON.parse read each by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'

/** Numbers from 0 to below `limit`, the same every time. */
const numbers = (seed: number): ((limit: number) => number) => {
  let state = seed
  return (limit) => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) % limit
}

const REASONS = ['FailedMount', 'Started', 'Unhealthy', 'Killing', 'BackOff', 'FailedScheduling', 'Scheduled', 'Pulled', 'RegisteredNode', 'NodeNotReady']
const ODD_TIMES = ['2026-11-21T23:59:60Z', '2026-02-30T00:00:00Z', '0001-01-01T00:00:00Z', '', '2026-11-21T10:18:00+02:00', '2026-11-21T08:18:00.12Z', null]

type Event = Readonly<Record<string, unknown>>

/** Events of a few things over some days, now and then the same once more with a higher count, odd ones among them. */
const eventsOf = (seed: number, many: number): readonly Event[] => {
  const below = numbers(seed)
  let ms = Date.UTC(2026, 10, 20, 23, 30)
  const time = (at: number): string | null => (below(60) === 0 ? (ODD_TIMES[below(ODD_TIMES.length)] ?? null) : `${new Date(at).toISOString().slice(0, 19)}Z`)
  return Array.from({ length: many }, (_, index): Event => {
    ms += below(40) === 0 ? 90_000 : below(200) === 0 ? -60_000 : below(4_000)
    const uid = below(5) === 0 ? below(index + 1) : index
    const reason = REASONS[below(REASONS.length)] ?? ''
    const name = `web-${below(12)}`
    const isNew = below(6) === 0
    return {
      apiVersion: isNew ? 'events.k8s.io/v1' : 'v1',
      kind: below(80) === 0 ? 'Pod' : 'Event',
      metadata: {
        name: `${name}.${uid}`,
        namespace: 'shop',
        uid: below(90) === 0 ? 'x'.repeat(60) : below(90) === 0 ? 'shop/' : `uid-${uid}`,
        creationTimestamp: time(ms),
      },
      involvedObject:
        reason.startsWith('Node') || reason === 'RegisteredNode' ? { kind: 'Node', name: `worker-${below(3)}` } : { kind: 'Pod', namespace: 'shop', name },
      reason,
      message: below(4) === 0 ? `it said \"no\" ${reason}\n` : `Readiness probe failed: dial tcp: connection refused ${below(9) === 0 ? index : ''}`,
      source: { component: 'kubelet', host: `worker-${below(2)}` },
      ...(isNew
        ? {
            eventTime: `${new Date(ms).toISOString().slice(0, 23)}${100 + below(900)}Z`,
            series: { count: 2 + below(5), lastObservedTime: `${new Date(ms + 5_000).toISOString().slice(0, 23)}000Z` },
          }
        : { firstTimestamp: time(ms - below(4) * 400_000), lastTimestamp: time(ms), count: below(50) === 0 ? 2_000_000_000 : below(30) }),
      type: below(2) === 0 ? 'Warning' : 'Normal',
    }
  })
}

const said = async (text: string, chunkBytes?: number) => ({
  ...(await read(text, { path: 'events.json', ...(chunkBytes === undefined ? {} : { chunkBytes }) })),
  bytes: 0,
  sha256: '',
})

const asLines = (events: readonly Event[], end = '\n'): string => events.map((event) => `${JSON.stringify(event)}${end}`).join('')

test('lines of events: many at once as one by one, however they are cut', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const events = eventsOf(seed, 2_500)
    const one = await said(asLines(events.map((event) => ({ ...event, unheardOf: null }))))
    assert.ok(one.signals.length > 20 && one.records > 2_000)
    assert.deepEqual(await said(asLines(events)), one, `seed ${seed}`)
    assert.deepEqual(await said(asLines(events, '\r\n')), one, `seed ${seed}, carriage returns`)
    assert.deepEqual(await said(asLines(events), 5_003), one, `seed ${seed}, in pieces`)
  }
})

test('a List of events: many at once as one by one, however it is cut', async () => {
  const listOf = (items: readonly Event[], indent: number): string => JSON.stringify({ apiVersion: 'v1', items, kind: 'List' }, null, indent)
  for (let seed = 5; seed <= 7; seed++) {
    const events = eventsOf(seed, 1_500)
    const compact = await said(
      listOf(
        events.map((event) => ({ ...event, unheardOf: null })),
        0,
      ),
    )
    assert.deepEqual(await said(listOf(events, 0)), compact, `seed ${seed}`)
    const indented = listOf(events, 4)
    const known = await said(indented)
    assert.deepEqual(await said(indented, 4_001), known, `seed ${seed}, in pieces`)
    // Where lines end is the only difference.
    assert.deepEqual(
      known.signals.map(({ places: _, ...signal }) => signal),
      compact.signals.map(({ places: _, ...signal }) => signal),
    )
    const lines = indented.split('\n')
    for (const { places } of known.signals) for (const { line } of places) assert.equal(lines[(line ?? 0) - 1], `${' '.repeat(8)}{`)
  }
})

test('more subjects than are kept in mind', async () => {
  const event = (index: number): Event => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { uid: `uid-${index}` },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: `web-${index % 17_000}` },
    reason: 'BackOff',
    message: 'Back-off restarting failed container',
    firstTimestamp: '2026-11-21T08:00:00Z',
    lastTimestamp: '2026-11-21T08:00:01Z',
    count: 1,
  })
  const events = Array.from({ length: 34_500 }, (_, index) => event(index))
  const extract = await said(asLines(events))
  assert.equal(extract.records, 34_500)
  assert.equal(
    extract.signals.reduce((sum, { count }) => sum + count, 0),
    34_500,
  )
  assert.equal(extract.signals.length, 17_000)
  assert.deepEqual(
    extract.signals.map(({ count }) => count).filter((count) => count < 2 || count > 3),
    [],
  )
})
