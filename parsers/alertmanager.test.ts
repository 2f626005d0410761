import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { jsonValues, MAX_VALUE_BYTES } from './json-values.js'

const alert = (status: string, endsAt: string, labels: Record<string, string> = {}): object => ({
  status,
  labels: { alertname: 'PodCrashLooping', namespace: 'shop', pod: 'cart-7d9c5b8f6-x2x9z', severity: 'critical', ...labels },
  annotations: { summary: 'cart keeps dying' },
  startsAt: '2026-11-21T08:28:04.047Z',
  endsAt,
  generatorURL: 'http://prometheus:9090/graph',
  fingerprint: `f${JSON.stringify(labels).length}`,
})

const OPEN = '0001-01-01T00:00:00Z'
const notification = (alerts: readonly object[], status = 'firing'): object => ({ receiver: 'hook', status, alerts, groupLabels: {}, version: '4' })
const line = (receivedAt: string, payload: object): string => `${JSON.stringify({ received_at: receivedAt, payload })}\n`

const WEBHOOKS =
  line('2026-11-21T08:28:34.051Z', notification([alert('firing', OPEN)])) +
  line('2026-11-21T08:33:34.051Z', notification([alert('firing', OPEN), alert('firing', OPEN, { alertname: 'Watchdog', severity: 'none' })])) +
  line('2026-11-21T08:38:34.051Z', notification([alert('resolved', '2026-11-21T08:36:04.047Z')], 'resolved'))

const said = async (text: string): Promise<unknown> =>
  (await read(text)).signals.map(({ kind, phase, entity, at, places }) => [kind, phase, entity, new Date(at.ms).toISOString(), places[0]?.line])

test('an alert told in several notifications began once, and ended where it is resolved; the watchdog tells nothing', async () => {
  const extract = await read(WEBHOOKS)
  assert.equal(extract.format, 'alertmanager')
  assert.equal(extract.records, 3)
  assert.deepEqual(extract.spans, [{ basis: 'utc', first: Date.parse('2026-11-21T08:28:34.051Z'), last: Date.parse('2026-11-21T08:38:34.051Z') }])
  assert.deepEqual(await said(WEBHOOKS), [
    ['alert.fired', 'begin', 'pod/shop/cart-7d9c5b8f6-x2x9z', '2026-11-21T08:28:04.047Z', 1],
    ['alert.fired', 'end', 'pod/shop/cart-7d9c5b8f6-x2x9z', '2026-11-21T08:36:04.047Z', 3],
  ])
})

test('bare notifications, one or pretty-printed, are read alike', async () => {
  const bare = notification([alert('resolved', '2026-11-21T08:36:04.047Z')], 'resolved')
  for (const text of [JSON.stringify(bare), JSON.stringify(bare, null, 2)]) {
    assert.deepEqual(await said(text), [
      ['alert.fired', 'begin', 'pod/shop/cart-7d9c5b8f6-x2x9z', '2026-11-21T08:28:04.047Z', 1],
      ['alert.fired', 'end', 'pod/shop/cart-7d9c5b8f6-x2x9z', '2026-11-21T08:36:04.047Z', 1],
    ])
  }
})

const API = JSON.stringify([
  { ...alert('', '2026-11-21T08:32:58.047Z'), status: { state: 'active' }, updatedAt: '2026-11-21T08:28:58.050Z' },
  { ...alert('', '2026-11-21T08:28:40Z', { pod: 'web-1' }), status: { state: 'suppressed' }, updatedAt: '2026-11-21T08:28:58.050Z' },
])

test('endsAt of an active alert lies in the future and ends nothing; a silenced one says so', async () => {
  assert.deepEqual(await said(API), [
    ['alert.fired', 'begin', 'pod/shop/cart-7d9c5b8f6-x2x9z', '2026-11-21T08:28:04.047Z', 1],
    ['alert.fired', 'begin', 'pod/shop/web-1', '2026-11-21T08:28:04.047Z', 1],
    ['alert.fired', 'end', 'pod/shop/web-1', '2026-11-21T08:28:40.000Z', 1],
  ])
  assert.equal((await read(API)).signals[1]?.attributes['silenced'], 'yes')
})

test('any cut of the bytes gives the same', async () => {
  for (const text of [WEBHOOKS, API]) {
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole)
  }
})

test('a value that never ends costs each of its bytes one look, and what is too long is passed over wherever the bytes are cut', () => {
  const found = (text: string, step: number): unknown => {
    const bytes = Buffer.from(text)
    const told: unknown[] = []
    const values = jsonValues(
      (value, line) => told.push([value, line]),
      (line) => told.push(line),
    )
    for (let at = 0; at < bytes.length; at += step) values.chunk(bytes.subarray(at, at + step))
    values.end()
    return told
  }
  // Were it read again with every byte, this would take minutes.
  assert.deepEqual(found(`{"a":1}\n{"b":"${'x'.repeat(200_000)}`, 1), [[{ a: 1 }, 1], 2])
  const long = `{"long":"${'\n'.repeat(3)}${'x'.repeat(MAX_VALUE_BYTES)}"} {"lost":1}\n{"kept":"\\"}"}`
  for (const step of [1_000, 1 << 20, 1 << 24]) assert.deepEqual(found(long, step), [1, [{ kept: '"}' }, 5]])
})

test('broken, hostile and other JSON does not throw and is no alert', async () => {
  const broken = await read(`${WEBHOOKS}{"payload":{"alerts":[{"labels":{"__proto__":"x"},"startsAt":"soon"},7,null]}}\n{"a":\n`)
  assert.equal(broken.signals.length, 2)
  assert.ok(broken.skipped > 0)
  assert.notEqual((await read('[{"title":"standup","labels":{"a":"b"},"startsAt":"2026-11-21T08:28:04Z"}]')).format, 'alertmanager')
})

const archive = new URL('../../shared/corpus/events/openshift+insights-operator/docs/insights-archive-sample/config/', import.meta.url)

test(
  'the alerts of an OpenShift archive are about what their labels name, never about the Prometheus that says them',
  {
    skip: existsSync(archive) ? false : 'shared/ is absent',
  },
  async () => {
    const extract = await read(readFileSync(new URL('alerts.json', archive)))
    assert.deepEqual([extract.format, extract.records, extract.skipped, extract.signals.length], ['alertmanager', 9, 0, 8])
    assert.equal(extract.signals[0]?.entity, 'service/openshift-monitoring/telemeter-client')
    assert.ok(extract.signals.every(({ attributes }) => attributes['prometheus'] === undefined))
  },
)
