/** Whose name it is where the namespace, or all but the file's name, is missing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, input, series, signal, timelineOf } from '../../test/timeline-builder.js'
import type { Entity } from '../model/entity.js'
import type { Fact, InputExtract } from '../model/extract.js'

const placed = (pod: Entity): Fact => ({ fact: 'pod-on-node', pod, node: 'node/a', at: null })
const known = (...facts: readonly Fact[]): InputExtract => input('dump/pods.json', { format: 'kubernetes-objects', facts })
const whose = (entity: Entity, ...inputs: readonly InputExtract[]): Entity | undefined =>
  timelineOf([input('dump/table.txt', { signals: [signal('log.error', entity, 0)] }), ...inputs]).signals.find((one) => one.input === 'dump/table.txt')?.entity

test('what is told without its namespace is the only one of its name', () => {
  const web = known(placed('pod/shop/web-7d9c5b8f6d-x2x4z'), { fact: 'runs-as', of: 'service/shop/front', by: 'workload/shop/web' })
  assert.equal(whose('pod/-/web-7d9c5b8f6d-x2x4z', web), 'pod/shop/web-7d9c5b8f6d-x2x4z')
  assert.equal(whose('workload/-/web', web), 'workload/shop/web')
  assert.equal(whose('service/-/front', web), 'service/shop/front')
  assert.equal(whose('workload/-/other', web), 'workload/-/other')
})

test('a pod that nothing else names has the namespace of its ReplicaSet', () => {
  const web = known(placed('pod/shop/web-7d9c5b8f6d-x2x4z'))
  assert.equal(whose('pod/-/web-7d9c5b8f6d-q8q9w', web), 'pod/shop/web-7d9c5b8f6d-q8q9w')
  assert.equal(whose('pod/-/web-68bdff9d4-q8q9w', web), 'pod/-/web-68bdff9d4-q8q9w')
  const scaled = input('dump/events.json', { signals: [signal('change.scaled', 'workload/shop/web', 0, { replicaSet: 'web-68bdff9d4' })] })
  assert.equal(whose('pod/-/web-68bdff9d4-q8q9w', scaled), 'pod/shop/web-68bdff9d4-q8q9w')
})

test('of two namespaces that have the name neither is meant, also where only a metric knows the second', () => {
  const shop = known(placed('pod/shop/web-7d9c5b8f6d-x2x4z'))
  const other = known(placed('pod/stage/web-7d9c5b8f6d-q8q9w'))
  for (const entity of ['workload/-/web', 'pod/-/web-7d9c5b8f6d-zzzzz'] as const) assert.equal(whose(entity, shop, { ...other, path: 'dump/b.json' }), entity)
  const counted = input('dump/m.json', { series: [series('kube_deployment_status_replicas', { namespace: 'stage', deployment: 'web' }, () => 1)] })
  assert.equal(whose('workload/-/web', shop, counted), 'workload/-/web')
})

test('facts that are told without a namespace are of the same', () => {
  const wanted: Fact = { fact: 'replicas', workload: 'workload/-/web', at: at(0), wanted: 3, ready: null }
  const { topology } = timelineOf([input('dump/table.txt', { facts: [wanted] }), known(placed('pod/shop/web-7d9c5b8f6d-x2x4z'))])
  assert.equal(topology.replicas('workload/shop/web')[0]?.wanted, 3)
})

test('a log that is called after a pod or a ReplicaSet, and perhaps its container, is its', () => {
  const web = known(placed('pod/shop/web-7d9c5b8f6d-x2x4z'), {
    fact: 'pod-resources',
    pod: 'pod/shop/web-7d9c5b8f6d-x2x4z',
    container: 'app',
    memoryLimitBytes: null,
    cpuLimitCores: null,
  })
  const pod = 'pod/shop/web-7d9c5b8f6d-x2x4z'
  for (const [stem, entity] of [
    ['web-7d9c5b8f6d-x2x4z', pod],
    ['web-7d9c5b8f6d-x2x4z-app', pod],
    ['web-7d9c5b8f6d-x2x4z_proxy', pod],
    ['shop_web-7d9c5b8f6d-x2x4z_app', pod],
    ['web-7d9c5b8f6d_app', 'workload/shop/web'],
    ['stage_web-7d9c5b8f6d-x2x4z', null],
    ['web-7d9c5b8f6d-x2x4z-mail', null],
    ['web', null],
    ['web-68bdff9d4', null],
  ] as const)
    assert.equal(whose(`process/-/${stem}`, web), entity ?? `process/-/${stem}`, stem)
  assert.equal(whose('process/host-1/web-7d9c5b8f6d', web), 'process/host-1/web-7d9c5b8f6d') // a machine's own
})
