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

test('paths made to be slow come to an end', () => {
  for (const part of ['a-', 'a_', 'a/', 'pods/', 'sosreport-', '0123456789abcdef-', 'namespaces/a/pods/', 'bcdfghjk-'])
    for (const end of ['', '.log', '/logs.txt', '.tar']) toldBy(`${part.repeat(5_000)}${end}`)
  assert.equal(toldBy('a-'.repeat(5_000)).pod, null)
})
