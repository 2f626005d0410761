import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CASCADE } from '../../test/fixtures/post-mortem.js'
import { renderHtml } from './html.js'

test('a cited line stands highlighted between the lines around it, numbered, and the inputs with their hashes', async () => {
  const html = await renderHtml(CASCADE)
  const [block] = /<code class="lines">[\s\S]*?<\/code>/u.exec(html) ?? ['']
  assert.match(block, /<mark class="row"><span class="at">9902<\/span> E0305 10:06:58\.730441/u)
  assert.deepEqual(
    [...block.matchAll(/class="at">(\d+)</gu)].map((match) => match[1]),
    ['9900', '9901', '9902', '9903', '9904'],
  )
  const [input] = CASCADE.analysis.inputs
  assert.ok(html.includes(`<code>${input?.sha256 ?? 'none'}  ${input?.path ?? 'none'}</code>`))
  assert.match(html, /they came as a stream and cannot be read again: -/u)
})
