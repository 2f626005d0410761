/** Events as Grafana's Agent and Alloy write them mean what they mean elsewhere; namespace and time come from the stream around them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { kubernetesEventFields } from './kubernetes-event-fields.js'

const AT = Date.parse('2026-11-21T08:18:00Z')
const stream = (namespace: string, ...lines: readonly string[]): string =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'streams',
      result: [{ stream: { job: 'loki.source.kubernetes_events', namespace }, values: lines.map((line, index) => [`${AT + index * 1000}000000`, line]) }],
    },
  })
const BACK_OFF =
  'name=web-7d9c5b8f6d-x2x4z kind=Pod objectAPIversion=v1 objectRV=18 eventRV=49 reportinginstance=worker-3 reportingcontroller=kubelet sourcecomponent=kubelet sourcehost=worker-3 reason=BackOff type=Warning count=7 msg="Back-off restarting failed container \\"web\\" in pod web"'

test('an event of a pod, in its namespace and at the time of its entry; the example, of a node', async () => {
  const extract = await read(stream('shop', BACK_OFF, kubernetesEventFields.example))
  assert.equal(extract.format, 'kubernetes-events')
  assert.deepEqual(
    extract.signals.map(({ kind, entity, at, count }) => [kind, entity, at.ms - AT, count]),
    [
      ['pod.crash-looping', 'pod/shop/web-7d9c5b8f6d-x2x4z', 0, 1],
      ['node.rebooted', 'node/worker-2', 1000, 1],
    ],
  )
  assert.equal(extract.signals[1]?.attributes['bootId'], '71ea7e47-7f0f-4fe8-b7b0-1cb97525df8d')
})

test('the same as JSON, where it is set to write that', async () => {
  const line = JSON.stringify({
    name: 'web-0',
    kind: 'Pod',
    objectAPIversion: 'v1',
    sourcecomponent: 'kubelet',
    reason: 'BackOff',
    type: 'Warning',
    count: '2',
    msg: 'Back-off restarting failed container web in pod web-0',
  })
  const extract = await read(stream('shop', line))
  assert.deepEqual(
    [extract.format, extract.signals.map(({ kind, entity }) => `${kind} ${entity}`)],
    ['kubernetes-events', ['pod.crash-looping pod/shop/web-0']],
  )
})

test("an application's logfmt is none, whatever it calls its fields", async () => {
  const extract = await read(stream('shop', 'level=error name=job kind=retry reason=BackOff msg="gave up"', 'level=info name=job kind=retry msg="done"'))
  assert.notEqual(extract.format, 'kubernetes-events')
})
