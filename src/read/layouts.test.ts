/** Well-known layouts of dumps, each by the path that stands beside it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layouts, toldBy } from './layouts.js'

for (const { of, pattern, example } of layouts)
  test(`${of}: its example tells the pod or the machine`, () => {
    assert.match(example, pattern)
    const { pod, container, node } = toldBy(example)
    assert.ok(pod !== null || node !== null)
    if (pod !== null && pod.startsWith('web')) assert.ok(container === null || container === 'web')
  })

test('what the API server was asked for names no machine, whoever kept it; what a machine kept of its own does', () => {
  const kept = 'sosreport-worker-3-2026-11-21-abcdefg'
  assert.equal(toldBy(`${kept}/sos_commands/kubernetes/cluster-info/shop/podlogs/web-1/kubectl_--namespace_shop_logs_web-1`).node, null)
  assert.deepEqual(toldBy(`${kept}/var/log/pods/shop_web-1_0123abcd-4567/web/0.log`).node, 'worker-3')
  const { namespace, pod, node } = toldBy('worker-3-2026-11-21_08_18_01/k3s/podlogs/cattle-fleet-local-system-fleet-agent-0')
  assert.deepEqual([namespace, pod, node], ['cattle-fleet-local-system', 'fleet-agent-0', null])
})

test('paths made to be slow come to an end', () => {
  for (const part of [
    'a-',
    'a_',
    'a/',
    'pods/',
    'sosreport-',
    '0123456789abcdef-',
    'namespaces/a/pods/',
    'bcdfghjk-',
    'kubectl',
    '_--namespace_a',
    'podlogs/cattle-',
    '-2026-11-21_08',
    '/pods/a_b_',
  ])
    for (const end of ['', '.log', '/logs.txt', '.tar']) toldBy(`${part.repeat(5_000)}${end}`)
  assert.equal(toldBy('a-'.repeat(5_000)).pod, null)
})
