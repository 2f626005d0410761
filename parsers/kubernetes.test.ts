import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { InputExtract, Signal } from '../src/model/extract.js'
import { read } from '../test/read.js'

interface EventParts {
  readonly reason: string
  readonly message: string
  readonly kind?: string
  readonly name?: string
  readonly first?: string | null
  readonly last?: string | null
  readonly eventTime?: string | null
  readonly count?: number
  readonly uid?: string
  readonly container?: string
}

const eventOf = (parts: EventParts): object => ({
  apiVersion: 'v1',
  count: parts.count ?? 1,
  eventTime: parts.eventTime ?? null,
  firstTimestamp: parts.first === undefined ? '2026-03-02T10:00:00Z' : parts.first,
  involvedObject: {
    kind: parts.kind ?? 'Pod',
    name: parts.name ?? 'till-7d9f8b6c5d-x2x4z',
    ...(parts.kind === 'Node' ? {} : { namespace: 'sales' }),
    ...(parts.container === undefined ? {} : { fieldPath: `spec.containers{${parts.container}}` }),
  },
  kind: 'Event',
  lastTimestamp: parts.last === undefined ? (parts.first === undefined ? '2026-03-02T10:00:00Z' : parts.first) : parts.last,
  message: parts.message,
  metadata: { name: 'till.1', namespace: 'sales', uid: parts.uid ?? `${parts.reason}-${parts.name ?? ''}` },
  reason: parts.reason,
  reportingComponent: 'kubelet',
  source: { component: 'kubelet', host: 'rack-4' },
  type: 'Warning',
})

const listOf = (items: readonly object[], indent = 4): string =>
  `${JSON.stringify({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }, null, indent)}\n`
const watchOf = (lines: readonly (readonly [string, object])[]): string => lines.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join('')

const said = (extract: InputExtract): readonly string[] =>
  extract.signals.map((signal) => `${at(signal)} ${signal.kind} ${signal.phase} ${signal.entity}${signal.count > 1 ? ` x${signal.count}` : ''}`)
const at = (signal: Signal): string => new Date(signal.at.ms).toISOString().slice(11, 19)

const mount = eventOf({
  reason: 'FailedMount',
  message: 'MountVolume.SetUp failed for volume "keys" : secret "till-keys" not found',
  count: 9,
  last: '2026-03-02T10:03:00Z',
})

test('a list of events is kubernetes-events, and its lines tell what a person wants to see', async () => {
  const extract = await read(listOf([mount]))
  assert.equal(extract.format, 'kubernetes-events')
  assert.equal(extract.records, 1)
  assert.deepEqual(extract.warnings, [])
  const [signal] = extract.signals
  assert.equal(signal?.kind, 'pod.volume-mount-failed')
  assert.deepEqual(signal?.attributes, { reason: 'not-found', object: 'secret till-keys' })
  assert.equal(signal?.places[0]?.line, 4)
  assert.equal(
    signal?.places[0]?.text,
    'Warning FailedMount pod/sales/till-7d9f8b6c5d-x2x4z: MountVolume.SetUp failed for volume "keys" : secret "till-keys" not found (x9 over 3m)',
  )
})

test('an event that repeats closely is one interval with its count', async () => {
  const extract = await read(listOf([mount]))
  const [signal] = extract.signals
  assert.equal(signal?.count, 9)
  assert.equal((signal?.until.ms ?? 0) - (signal?.at.ms ?? 0), 180_000)
  assert.deepEqual(
    extract.spans.map((span) => [new Date(span.first).toISOString(), new Date(span.last).toISOString()]),
    [['2026-03-02T10:00:00.000Z', '2026-03-02T10:03:00.000Z']],
  )
})

test('an event that repeats rarely is two occurrences: the first belongs to another story', async () => {
  const event = eventOf({ reason: 'FailedMount', message: 'no', count: 3, first: '2026-03-02T08:00:00Z', last: '2026-03-02T10:00:00Z' })
  assert.deepEqual(said(await read(listOf([event]))), [
    '08:00:00 pod.volume-mount-failed point pod/sales/till-7d9f8b6c5d-x2x4z',
    '10:00:00 pod.volume-mount-failed point pod/sales/till-7d9f8b6c5d-x2x4z',
  ])
})

test('an earlier NotReady of a repeated event opens nothing, the last one does', async () => {
  const event = eventOf({
    reason: 'NodeNotReady',
    kind: 'Node',
    name: 'rack-4',
    message: 'Node rack-4 status is now: NodeNotReady',
    count: 2,
    first: '2026-03-02T08:00:00Z',
    last: '2026-03-02T10:00:00Z',
  })
  assert.deepEqual(said(await read(listOf([event]))), ['08:00:00 node.not-ready point node/rack-4', '10:00:00 node.not-ready begin node/rack-4'])
})
