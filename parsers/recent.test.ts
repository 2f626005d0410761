import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recent } from './recent.js'

test('the last half of what may be remembered is known, what is asked for stays, and the rest is forgotten', () => {
  const seen = recent<number>(100)
  seen.set('kept', -1)
  for (let at = 0; at < 1_000; at++) {
    seen.set(`${at}`, at)
    if (at % 20 === 0) assert.equal(seen.get('kept'), -1)
  }
  assert.equal(seen.get('800'), undefined)
  for (let at = 960; at < 1_000; at++) assert.equal(seen.get(`${at}`), at)
})
