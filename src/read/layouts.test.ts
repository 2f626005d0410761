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

test('files that somebody named after pods tell as much as their names do', () => {
  const told = (path: string): readonly unknown[] => {
    const { namespace, pod, container } = toldBy(path)
    return [namespace, pod, container]
  }
  const pod = 'web-7d9c5b8f6d-x2x4z'
  assert.deepEqual(told(`logs/${pod}.log`), [null, pod, null])
  assert.deepEqual(told(`logs/${pod}-previous.txt`), [null, pod, null])
  assert.deepEqual(told(`logs/${pod}_app_previous.log.gz`), [null, pod, 'app'])
  assert.deepEqual(told(`logs/shop_${pod}_app.log`), ['shop', pod, 'app'])
  assert.deepEqual(told(`pods/shop_${pod}/app.log`), ['shop', pod, 'app'])
  assert.deepEqual(told('node-1/pods/shop_db-0/pg/0.log'), ['shop', 'db-0', 'pg'])
  assert.deepEqual(told('pods/kube-system/calico-node-759nf.log'), ['kube-system', 'calico-node-759nf', null])
  assert.deepEqual(told('pods/db-0.log'), [null, 'db-0', null])
  // A machine, a day, a part.
  for (const other of ['logs/db-0.log', 'nodes/wk-02.log', 'postgresql-2026-11-21.log', 'logs/app-2.log', 'app-7d9c5b8f6d.log'])
    assert.equal(toldBy(other).pod, null, other)
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
