/** Real events and objects of public projects and of recorded outages: what a correct reader finds in them. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'

const CORPUS = new URL('../../shared/corpus/events/', import.meta.url)
const RECORDINGS = new URL('../../shared/recordings/', import.meta.url)
const skip = existsSync(CORPUS) && existsSync(RECORDINGS) ? false : 'shared/ is absent'

const corpus = (path: string): Promise<InputExtract> => read(readFileSync(new URL(path, CORPUS)), { path })
const recording = (path: string): Promise<InputExtract> => read(readFileSync(new URL(path, RECORDINGS)), { path })
const span = (extract: InputExtract): readonly string[] =>
  extract.spans.flatMap(({ first, last }) => [new Date(first).toISOString(), new Date(last).toISOString()])
const has = (extract: InputExtract, kind: string, entity: string, at: string): boolean =>
  extract.signals.some((signal) => signal.kind === kind && signal.entity === entity && Math.abs(signal.at.ms - Date.parse(at)) < 2_000)

const FILES = 'replicatedhq+troubleshoot/pkg/analyze/files/events/'

test('76 events, some with null times, one that happened 1464 times', { skip }, async () => {
  const extract = await corpus(`${FILES}message-container-creating-failed-mount.json`)
  assert.equal(extract.format, 'kubernetes-events')
  assert.equal(extract.records, 76)
  assert.deepEqual(extract.warnings, [])
  assert.deepEqual(span(extract), ['2023-07-09T23:53:09.000Z', '2023-07-10T05:43:47.000Z'])
  assert.equal(Math.max(...extract.signals.map((signal) => signal.count)), 1464)
})

test('a series without a count counts', { skip }, async () => {
  const extract = await corpus(`${FILES}message-image-pull-fail.json`)
  assert.equal(extract.records, 17)
  const unscheduled = extract.signals.filter((signal) => signal.kind === 'pod.unschedulable')
  assert.deepEqual(
    unscheduled.map((signal) => new Date(signal.until.ms).toISOString().slice(11, 19)),
    ['04:25:44', '04:40:44'],
  )
})

test('the root of an init crash loop is told apart from its consequence', { skip }, async () => {
  const extract = await corpus(`${FILES}message-pod-init-crashloop-backoff.json`)
  assert.equal(extract.records, 17)
  const mounts = extract.signals.filter((signal) => signal.kind === 'pod.volume-mount-failed')
  assert.deepEqual(
    mounts.map((signal) => [signal.attributes['reason'], signal.count]).sort((a, b) => Number(b[1]) - Number(a[1])),
    [
      ['other', 490],
      ['timeout', 324],
    ],
  )
})

test('compact events of an archive keep their offsets', { skip }, async () => {
  const extract = await corpus('openshift+insights-operator/docs/insights-archive-sample/events/openshift-machine-api.json')
  assert.equal(extract.format, 'kubernetes-events')
  assert.equal(extract.records, 2)
  assert.deepEqual(span(extract), ['2022-08-24T09:40:44.000Z', '2022-08-24T09:41:05.000Z'])
})

test('every Kubernetes file of a real support bundle is read without a warning but that of empty event lists', { skip }, async () => {
  const members = tarMembers(gunzipSync(readFileSync(new URL('replicatedhq+troubleshoot/testdata/supportbundle/support-bundle.tar.gz', CORPUS))))
  let events = 0
  for (const [path, bytes] of members) {
    if (!/cluster-resources\/(?:events|pods|deployments|nodes|services|replicasets)[/.][^/]*json$/u.test(path)) continue
    const extract = await read(bytes, { path })
    assert.match(extract.format, /^kubernetes-/u, path)
    assert.deepEqual(
      extract.warnings.filter((warning) => !warning.includes('list of events is empty')),
      [],
      path,
    )
    if (extract.format === 'kubernetes-events') events += extract.records
  }
  assert.equal(events, 5)
})

test('the recorded network cut: NotReady, evictions by taint, replacements, Ready', { skip }, async () => {
  const extract = await recording('k8s-network-cut/dump/after/events.json')
  assert.ok(has(extract, 'node.not-ready', 'node/worker-3', '2026-11-21T08:19:14Z'))
  assert.ok(has(extract, 'pod.evicted', 'pod/shop/web-669fc94c59-8gxkj', '2026-11-21T08:19:44Z'))
  assert.ok(has(extract, 'pod.scheduled', 'pod/shop/cart-6f445cd66-lw26q', '2026-11-21T08:19:44.9Z'))
  assert.equal(extract.signals.filter((signal) => signal.kind === 'node.not-ready' && signal.phase === 'begin').length, 1)
})

test('the recorded eviction: one pressure that began then, and the earlier one opens nothing', { skip }, async () => {
  const extract = await recording('k8s-oom-two/dump/after/events.json')
  assert.ok(has(extract, 'pod.evicted', 'pod/shop/recommender-5bb955977f-t97f2', '2026-11-21T08:26:49Z'))
  assert.deepEqual(
    extract.signals
      .filter((signal) => signal.kind === 'node.memory-exhausted' && signal.phase === 'begin')
      .map((signal) => new Date(signal.at.ms).toISOString()),
    ['2026-11-21T08:26:53.000Z'],
  )
  const objects = await recording('k8s-oom-two/dump/after/nodes-pods.yaml')
  assert.equal(objects.format, 'kubernetes-objects')
  assert.ok(has(objects, 'pod.evicted', 'pod/shop/recommender-5bb955977f-t97f2', '2026-11-21T08:26:51Z'))
  assert.ok(objects.facts.some((fact) => fact.fact === 'pod-resources' && fact.pod.includes('recommender') && fact.memoryLimitBytes === null))
})

test('the recorded wrong configurations: what is missing is named', { skip }, async () => {
  const extract = await recording('k8s-mixed-config/dump/watch/events.jsonl')
  assert.equal(extract.format, 'kubernetes-events')
  const objects = new Set(extract.signals.filter((signal) => signal.entity.includes('billing')).map((signal) => signal.attributes['object']))
  assert.ok(objects.has('configmap billing-config') && objects.has('secret billing-tls'))
  const workloads = await recording('k8s-mixed-config/dump/after/workloads-leases.json')
  assert.ok(has(workloads, 'change.deployed', 'workload/shop/billing', '2026-11-21T08:53:35Z'))
  assert.ok(!workloads.signals.some((signal) => signal.kind === 'node.heartbeat-missed'))
})

test('the recorded second machine: the identity of one node changes back and forth', { skip }, async () => {
  const extract = await recording('k8s-duplicate-identity/dump/watch/nodes.jsonl')
  const identity = extract.signals.filter((signal) => signal.kind === 'node.identity')
  assert.deepEqual([...new Set(identity.map((signal) => signal.entity))], ['node/worker-2'])
  const machines = identity.filter((signal) => signal.attributes['machineId'] !== undefined)
  assert.deepEqual(
    machines.map((signal) => signal.count),
    [96],
  )
  assert.ok(!extract.signals.some((signal) => signal.kind === 'node.rebooted'))
})

/** Files of a ustar archive: name at 0, size in octal at 124, content from 512. */
const tarMembers = (archive: Buffer): readonly (readonly [string, Buffer])[] => {
  const members: (readonly [string, Buffer])[] = []
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const name = archive.toString('latin1', at, at + 100).replace(/\0.*$/su, '')
    const size = parseInt(archive.toString('latin1', at + 124, at + 136), 8) || 0
    members.push([name, archive.subarray(at + 512, at + 512 + size)])
    at += 512 + Math.ceil(size / 512) * 512
  }
  return members
}
