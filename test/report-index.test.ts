import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runIndex } from '../src/commands/report-index.js'
import { renderHtml } from '../src/report/html.js'
import { renderJson } from '../src/report/json.js'
import { folderWith } from './files.js'
import { CASCADE, HEALTHY } from './fixtures/post-mortem.js'

test('an index is made of pages and of analysis.json; a report given as both is in it once, and its page is what is linked', async (t) => {
  const json = renderJson(CASCADE.analysis)
  const folder = await folderWith(t, {
    'both.html': await renderHtml(CASCADE),
    'both.json': json,
    'beside.html': 'the page that lies beside',
    'beside.json': json,
    'quiet.json': renderJson(HEALTHY.analysis),
    'other.json': '{"schema": "something else"}',
    'broken.json': '{"schema": ',
  })
  const at = (...names: readonly string[]): string[] => names.map((name) => join(folder, name))
  const output = join(folder, 'index.html')
  assert.equal(await runIndex(at('both.json', 'both.html', 'beside.json', 'quiet.json'), { output, quiet: true }), 0)
  const page = readFileSync(output, 'utf8')
  assert.deepEqual([...page.matchAll(/href="([^"]*)"/gu)].map((match) => match[1]).toSorted(), ['beside.html#incident-1', 'both.html#incident-1', 'quiet.json'])
  assert.equal(await runIndex(at('quiet.json', 'other.json', 'broken.json', 'gone.json'), { output, quiet: true }), 3)
})
