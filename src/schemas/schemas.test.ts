/** What is shipped in schemas/ is what the program checks with, and what it really writes fits it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as faultline from '../index.js'
import { folderWith } from '../../test/files.js'
import { killedPod } from '../../evaluation/month.js'
import { schemas } from './all.js'
import { agrees, analysisSchema } from './analysis.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

for (const [name, content] of schemas())
  test(`schemas/${name} is up to date (npx tsx scripts/schemas.ts writes it anew)`, () =>
    assert.equal(readFileSync(join(root, 'schemas', name), 'utf8'), content))

const SAMPLE = join(root, 'samples/cascade/dump')

test('the analysis of a real dump fits its schema', { skip: existsSync(SAMPLE) ? false : 'samples/ is absent' }, async () => {
  const { analysis } = await faultline.analyze(SAMPLE)
  assert.ok(analysis.incidents.length > 0)
  // As others read it: from its bytes.
  const read: unknown = JSON.parse(faultline.renderJson(analysis))
  assert.deepEqual(analysisSchema.safeParse(read).error?.issues ?? [], [])
  assert.ok(agrees)
})

test('as a library: read here, merged there, the same analysis; renderers take the result', async (t) => {
  const folder = await folderWith(t, Object.fromEntries(killedPod(Date.UTC(2026, 3, 3, 8), 'web').map(([path, content]) => [`dump/${path}`, content])))
  const dump = join(folder, 'dump')
  const whole = await faultline.analyze([dump], { timezones: ['Europe/Berlin'], jobs: 1 })
  assert.equal(whole.analysis.incidents.length, 1)
  const halves = [await faultline.extract(dump, { shard: '2/2' }), await faultline.extract(dump, { shard: '1/2' })]
  const merged = await faultline.merge(
    halves.map(({ bytes }) => bytes),
    { timezones: ['Europe/Berlin'] },
  )
  assert.deepEqual(merged.analysis, whole.analysis)
  assert.match(await faultline.renderHtml(merged.postMortem), /<\/html>/u)
  assert.match(faultline.renderMarkdown(merged.postMortem), /^# /mu)
  const later = await faultline.analyze(dump, { since: new Date('2027-01-01T00:00:00Z') })
  assert.deepEqual(later.analysis.incidents, [])
})

test('options that cannot be used are told', async () => {
  await assert.rejects(faultline.analyze('x', { timezones: ['Mars/Olympus'] }), faultline.UserError)
  await assert.rejects(faultline.extract('x', { shard: '3/2' }), /expected one of so many/u)
})

test('package.json tells Node and the compiler where the library is', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> } // a file of ours
  assert.deepEqual(exports['.'], { types: './dist/src/index.d.ts', default: './dist/src/index.js' })
})
