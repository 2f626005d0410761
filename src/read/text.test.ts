/** Text that is kept is clean, however much of it is like what came before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clean, cleaner } from './text.js'

const TAIL = 'kubelet.go:12] "Failed" pod="shop/web-1" err="no route"'
const SECRET = 'login with password=correct-horse-7 was refused'
const TOKEN = `dop_v1_${'0a'.repeat(30)} was refused`

test('one text after another as each by itself', () => {
  const texts = [
    `I1121 08:18:01.000001    2296 ${TAIL}`,
    `I1121 08:18:02.000002    2296 ${TAIL}`,
    `I1121 08:18:02.000002    2296 ${SECRET}`,
    `I1121 08:18:03.000002    2296 ${SECRET}`,
    `I1121 08:18:04.000002    2296 ${TAIL} \u001b[31mred\u001b[0m`,
    `I1121 08:18:05.000002    2296 ${TAIL} \u001b[31mred\u001b[0m`,
    `2026-11-21 ${TOKEN.replace('v1', 'v2')}`,
    `2026-11-21 ${TOKEN}`,
    `2026-11-22 ${TOKEN}`,
    TOKEN.replace('v1', 'v3'),
    TOKEN,
    `I1121 08:18:05.000002    2296 ${TAIL.repeat(12)}`,
    `I1121 08:18:06.000002    2296 ${TAIL.repeat(12)}`,
    'short',
    '',
  ]
  const one = cleaner()
  for (const text of [...texts, ...texts.toReversed()]) assert.equal(one(text), clean(text))
  assert.ok(texts.some((text) => clean(text) === text) && texts.some((text) => clean(text) !== text))
})
