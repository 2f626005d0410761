/** Many machines, any of which may be killed or run twice, say what one says: the same bytes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { reason } from '../src/analyze.js'
import { gather, gatherSaved } from '../src/gather.js'
import { analyze, extract, merge } from '../src/index.js'
import { encodeArtifact } from '../src/artifact/artifact.js'
import { renderJson } from '../src/report/json.js'
import { folderWith } from './files.js'
import { program } from './program.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const SAMPLE = join(root, 'samples/cascade/dump')
const skip = existsSync(SAMPLE) ? false : 'samples/ is absent'
const options = { zones: [], year: null, since: null, until: null, mechanisms: [], version: 'test', command: 'test' }

const built = program()

const faultline = (args: readonly string[], cwd: string): ReturnType<typeof spawn> => spawn(process.execPath, [built, ...args], { cwd, stdio: 'ignore' })

const status = async (child: ReturnType<typeof spawn>): Promise<unknown> => ((await once(child, 'close')) as unknown[])[0]

test('ten shards in any order, two run twice, one killed and retried: the bytes of one process', { skip }, async (t) => {
  const folder = await folderWith(t, {})
  cpSync(SAMPLE, join(folder, 'dump'), { recursive: true })
  mkdirSync(join(folder, 'shards'))
  const before = process.cwd()
  process.chdir(folder)
  t.after(() => process.chdir(before))
  // Three of them are real processes; one of these is killed while it runs, with a part of its file written.
  const killed = faultline(['extract', 'dump', 'gone.log', '--shard', '3/10', '-o', 'shards/'], folder)
  await once(killed, 'spawn')
  killed.kill('SIGKILL')
  await status(killed)
  const runs = await Promise.all(
    [3, 7, 7].map((number, index) =>
      status(faultline(['extract', 'dump', 'gone.log', '--shard', `${number}/10`, '-o', index === 2 ? 'shards/again.extract' : 'shards/'], folder)),
    ),
  )
  assert.deepEqual(runs, [3, 3, 3], 'a path that is not there is exit 3')
  for (const number of [9, 1, 2, 10, 5, 5, 8, 4, 6]) {
    const { address, bytes } = encodeArtifact(await gather(['dump', 'gone.log'], { shard: { number, of: 10 } }))
    writeFileSync(`shards/${address}.extract`, bytes)
    writeFileSync(`shards/${address}.extract.77.partial`, bytes.subarray(0, bytes.length / 2))
  }
  const whole = await reason(await gather(['dump', 'gone.log'], {}), options)
  const files = readdirSync('shards').filter((name) => name.endsWith('.extract'))
  const orders = [['shards'], files.map((name) => `shards/${name}`).toReversed()]
  for (const order of orders) assert.deepEqual(await reason(await gatherSaved(order), options), whole)
  assert.equal(await status(faultline(['merge', 'shards', '--json', 'merged.json', '--quiet'], folder)), 3)
  assert.equal(readFileSync('merged.json', 'utf8'), renderJson(whole.postMortem.analysis))
})

test('analyze takes saved extracts beside logs; merge takes nothing else and says so', { skip }, async (t) => {
  const folder = await folderWith(t, { 'plain.log': '2026-11-21T08:18:00Z level=info app=a msg="done"\n', 'broken.extract': 'faultline/extract@1\nxyz' })
  const saved = join(folder, 'half.extract')
  writeFileSync(saved, encodeArtifact(await gather([SAMPLE], { shard: { number: 1, of: 2 } })).bytes)
  const both = await gather([saved, join(folder, 'plain.log')], {})
  assert.ok(both.extracts.length > 1)
  assert.ok(both.extracts.some(({ path }) => path === join(folder, 'plain.log')))
  const { extracts, unreadable } = await gatherSaved([folder])
  assert.equal(extracts.length, both.extracts.length - 1)
  assert.deepEqual(
    unreadable.map(({ path, reason: why }) => [path.slice(folder.length + 1), why.split(':')[0]]),
    [
      ['broken.extract', 'a saved extract that is cut off'],
      ['plain.log', 'not a saved extract'],
    ],
  )
})

test('signatures of log lines are read with: in shards, in what they are merged to, and told where a shard was read without', async (t) => {
  const [rules = ''] = /^- id: ledger-lost-quorum\n[\s\S]*?^```$/mu.exec(readFileSync(join(root, 'docs/writing-a-mechanism.md'), 'utf8')) ?? []
  const line = (second: string, words: string): string => `2026-11-21T08:18:${second}.000Z INFO ${words}\n`
  const folder = await folderWith(t, {
    'mine.yaml': rules.replace('```', ''),
    'dump/a.log': line('01', 'lost quorum: 1 of 3 members left'),
    'dump/b.log': line('05', 'order 1 refused: no quorum').repeat(4),
  })
  const mine = [join(folder, 'mine.yaml')]
  const whole = await analyze([join(folder, 'dump')], { mechanisms: mine })
  assert.equal(whole.analysis.incidents.length, 1)
  const shards = async (mechanisms: readonly string[]) =>
    Promise.all([2, 1].map(async (shard) => (await extract([join(folder, 'dump')], { shard: `${shard}/2`, mechanisms })).bytes))
  const taught = await shards(mine)
  assert.deepEqual((await merge(taught, { mechanisms: mine })).analysis, whole.analysis)
  // A saved extract beside the rules; read without them, it says that it was.
  const warningsOf = async (bytes: readonly Uint8Array[]): Promise<readonly string[]> => {
    const files = await folderWith(t, Object.fromEntries(bytes.map((one, index) => [`${index}.extract`, Buffer.from(one)])))
    return (await analyze([files], { mechanisms: mine })).analysis.inputs.flatMap(({ warnings }) => warnings)
  }
  assert.deepEqual(await warningsOf(taught), [])
  assert.match((await warningsOf(await shards([]))).join(), /without the signatures that are given now/u)
})
