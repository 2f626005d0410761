/** s3:// as input and output, against a small server that speaks as much of it as we use. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { gather, gatherSaved } from '../gather.js'
import { encodeArtifact } from '../artifact/artifact.js'
import { shardName } from '../artifact/shard.js'
import { runExtract } from '../commands/extract.js'
import { storage } from '../../test/s3-server.js'
import { fetchFrom, putTo } from './s3.js'

const LOG = '2026-11-21T08:18:00Z level=info app=a msg="done"\n'
const leftOver = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('faultline-s3-'))

test('a prefix is read like a folder: under its own name, page after page, without its neighbours and without what leads out of it', async (t) => {
  const kept = leftOver()
  const objects = new Map(
    ['archive/a.log', 'archive/b/c.log', 'archive/b/d.log', 'archive-of-others/e.log', 'archive/../f.log', 'archive/g/'].map((key) => [key, Buffer.from(LOG)]),
  )
  await storage(t, objects)
  const { extracts, unreadable } = await gather(['s3://logs/archive'], {})
  assert.deepEqual(
    extracts.map(({ path, records, changedMs }) => [path, records, changedMs]),
    ['a.log', 'b/c.log', 'b/d.log'].map((name) => [`s3://logs/archive/${name}`, 1, Date.parse('2024-11-21T09:00:00Z')]),
  )
  assert.deepEqual(unreadable, [])
  assert.deepEqual(leftOver(), kept, 'what was copied is gone')
})

test('shards written to a bucket and merged from there say what one process says', async (t) => {
  const objects = new Map(Array.from({ length: 5 }, (_, index) => [`archive/${index}.log`, Buffer.from(LOG.repeat(index + 1))]))
  await storage(t, objects)
  const whole = await gather(['s3://logs/archive/'], {})
  for (const number of [2, 0]) assert.equal(await runExtract(['s3://logs/archive/'], { output: 's3://logs/shards/', shard: { number, of: 3 }, quiet: true }), 0)
  await assert.rejects(gatherSaved(['s3://logs/shards/'], 3), /of 3 shards 1 is not there/u)
  const { address, bytes } = encodeArtifact(await gather(['s3://logs/archive/'], { shard: { number: 1, of: 3 } }))
  await putTo(`s3://logs/shards/${shardName(address, { number: 1, of: 3 })}`, bytes)
  assert.deepEqual(await gatherSaved(['s3://logs/shards/'], 3), whole)
})

test('what cannot be had is told with its address', async (t) => {
  await storage(t, new Map())
  await assert.rejects(fetchFrom('s3://nothing/here'), /^UserError: s3:\/\/nothing\/here: /u)
  await assert.rejects(putTo('s3://logs/', 'x'), /expected s3:\/\/bucket\/key/u)
  await assert.rejects(fetchFrom('s3://'), /expected s3:\/\/bucket\/prefix/u)
})
