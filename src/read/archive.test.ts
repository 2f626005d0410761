/** How often an archive is walked through for its members. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tarOf } from '../../test/files.js'
import { writtenOver } from '../../test/read.js'
import { listArchive, type Run } from './archive.js'
import { allow } from './limits.js'
import { queryIndexes } from './query-index.js'
import { walkTar } from './tar.js'

test('members that are asked for in their order share one walk, also where only their beginnings are read; one before those begins another', async () => {
  const names = ['a', 'b', 'c', 'd']
  const bytes = tarOf(names.map((name) => ({ name, content: name.repeat(5_000) })))
  let walks = 0
  const open = () => {
    walks++
    return Promise.resolve(walkTar(writtenOver(bytes, 700)))
  }
  const run: Run = { indexes: queryIndexes(), allowance: allow(), inPlace: null, parking: { idle: null } }
  const { members } = await listArchive({ path: 'x', walk: await open(), open, kind: 'tar', wrapping: ['tar'] }, run, 10)
  assert.equal(walks, 1)
  const beginning = async (index: number): Promise<string> => {
    for await (const chunk of members[index]?.chunks() ?? []) return chunk.toString('latin1', 0, 1)
    return ''
  }
  const whole = async (index: number): Promise<number> => {
    let size = 0
    for await (const chunk of members[index]?.chunks() ?? []) size += chunk.length
    return size
  }
  assert.deepEqual([await beginning(0), await whole(1), await beginning(2), await beginning(3)], ['a', 5_000, 'c', 'd'])
  assert.equal(walks, 2)
  assert.deepEqual([await beginning(2), await whole(3)], ['c', 5_000])
  assert.equal(walks, 3)
})
