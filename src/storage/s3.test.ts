/** s3:// as input and output, against a small server that speaks as much of it as we use. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gather, gatherSaved } from '../gather.js'
import { encodeArtifact } from '../artifact/artifact.js'
import { shardName } from '../artifact/shard.js'
import { runExtract } from '../commands/extract.js'
import { UserError } from '../model/user-error.js'
import { folderWith } from '../../test/files.js'
import { program } from '../../test/program.js'
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

test('an address that is none is wrong usage; storage that fails is not', async (t) => {
  await storage(t, new Map())
  const rejects = (act: Promise<unknown>, message: RegExp, failed: boolean): Promise<void> =>
    assert.rejects(act, (error) => error instanceof UserError && message.test(error.message) && error.failed === failed)
  await rejects(fetchFrom('s3://nothing/here'), /^s3:\/\/nothing\/here: cannot be read: NoSuchBucket, HTTP status 404$/u, true)
  await rejects(putTo('s3://nothing/here', 'x'), /^s3:\/\/nothing\/here: cannot be written: NoSuchBucket, HTTP status 404$/u, true)
  await rejects(putTo('s3://logs/', 'x'), /expected s3:\/\/bucket\/key/u, false)
  await rejects(fetchFrom('s3://'), /expected s3:\/\/bucket\/prefix/u, false)
})

const faultline = program()

/** Exit code and messages of a command as a process. */
const run = async (args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<readonly [status: unknown, stderr: string]> => {
  const child = spawn(process.execPath, [faultline, ...args], { cwd, env: { ...process.env, ...env } })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [status] = (await once(child, 'close')) as unknown[] // the code, and the signal
  return [status, stderr.trimEnd()]
}

test('storage that refuses, is not there or breaks off ends a run with 5 and one line; in analyze it is an input that cannot be read', async (t) => {
  await storage(
    t,
    new Map([
      ['archive/a.log', Buffer.from(LOG)],
      ['broken/b.log.cut', Buffer.from(LOG.repeat(5_000))],
    ]),
  )
  const folder = await folderWith(t, { 'near.log': LOG })
  const forbidden = 'AccessDenied, HTTP status 403'
  const runs = await Promise.all([
    run(['extract', 's3://logs/broken/', '-o', 'x.extract', '--quiet'], folder),
    run(['nightly', 's3://logs/archive', '--out', 's3://secret/out', '--quiet'], folder),
    run(['nightly', 's3://logs/archive', '--out', 'out', '--log-format', 'json'], folder, { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }),
    run(['analyze', 's3://gone/dump', 'near.log', '--json', 'a.json', '--quiet'], folder),
  ])
  const told = [
    [5, /^faultline: s3:\/\/logs\/broken\/: cannot be read: [^\n]*cut off while it was read[^\n]*$/u],
    [5, new RegExp(`^faultline: failed: reason s3://secret/out/faultline\\.lock: cannot be written: ${forbidden}$`, 'u')],
    [5, /^\{"time":"[^"]+","event":"failed","reason":"s3:\/\/logs\/archive: cannot be read: [^"]*ECONNREFUSED[^"]*"\}$/u],
    [3, /^faultline: s3:\/\/gone\/dump: cannot be read: NoSuchBucket, HTTP status 404$/u],
  ] as const
  for (const [index, [status, words]] of told.entries()) {
    assert.equal(runs[index]?.[0], status, runs[index]?.[1])
    assert.match(runs[index][1], words)
  }
  assert.match(readFileSync(join(folder, 'a.json'), 'utf8'), /"path": "near\.log"/u, 'all else was analysed')
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.extract')),
    [],
    'no half of a shard',
  )
})
