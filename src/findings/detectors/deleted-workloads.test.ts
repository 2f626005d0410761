import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, series, signal } from '../../../test/timeline-builder.js'
import type { Series } from '../../model/extract.js'

const wanted = (deployment: string, there: (second: number) => boolean, instance = 'ksm'): Series =>
  series('kube_deployment_spec_replicas', { namespace: 'shop', deployment, instance }, (second) => (there(second) ? 2 : null))
const deleted = (...given: readonly Series[]): readonly unknown[] =>
  findings('change.scaled', { series: given, signals: killed }).map(({ entity, start, found }) => [entity, start, found.attributes['does']])
const killed = ['bbbbb', 'ccccc'].map((suffix, index) => signal('pod.killed', `pod/shop/web-66946f6897-${suffix}`, 592 + index))
const always = (): boolean => true
const until600 = (second: number): boolean => second < 600

test('a Deployment of which kube-state-metrics tells no more while it tells of others was deleted, when its pods were told to go', () => {
  assert.deepEqual(deleted(wanted('web', until600), wanted('db', always)), [['workload/shop/web', 592, 'was deleted']])
  // Nobody told its pods to go: it was there at the last scrape.
  assert.deepEqual(deleted(wanted('cart', until600), wanted('db', always)), [['workload/shop/cart', 585, 'was deleted']])
})

test('an exporter that is gone, or stands aside for another one, takes nothing with it', () => {
  assert.deepEqual(deleted(wanted('web', until600), wanted('db', until600)), [])
  assert.deepEqual(
    deleted(
      wanted('web', until600, 'ksm-1'),
      wanted('db', until600, 'ksm-1'),
      wanted('web', (second) => second >= 600, 'ksm-2'),
      wanted('db', (second) => second >= 600, 'ksm-2'),
    ),
    [],
  )
  // Three that take turns: between two scrapes of one there are those of the others.
  const shard = (deployment: string, instance: string, turn: number): Series => wanted(deployment, (second) => second % 45 === 15 * turn, instance)
  assert.deepEqual(deleted(...[0, 1, 2].flatMap((turn) => ['web', 'db'].map((name) => shard(`${name}-${turn}`, `ksm-${turn}`, turn)))), [])
  // A scrape or two that failed.
  assert.deepEqual(
    deleted(
      wanted('web', (second) => second < 600 || second >= 630),
      wanted('db', always),
    ),
    [],
  )
})
