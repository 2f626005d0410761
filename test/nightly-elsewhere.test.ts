/** Nightly where its folders are not what one would wish: in a bucket, or on a disk that is full. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { version } from '../src/commands/common.js'
import { runNightly } from '../src/commands/nightly.js'
import { nightly, type NightlyOptions } from '../src/nightly/nightly.js'
import { day, killedPod, quiet, writeNight } from '../evaluation/month.js'
import { folderWith } from './files.js'
import { storage } from './s3-server.js'

const optionsOf = (archive: string, out: string, said: string[] = []): NightlyOptions => ({
  archive,
  out,
  ...{ zones: [], year: null, mechanisms: [], version: 'test', keepExtractsDays: null, keepReportsDays: null, hooks: { command: null, url: null } },
  log: (event, fields) => said.push([event, fields['path'] ?? ''].join(' ').trim()),
})

/** Three nights, an outage in the second. */
const threeNights = (archive: string): void => {
  for (const number of [1, 2, 3]) writeNight(archive, day(number, 8, 0), number === 2 ? killedPod(day(number, 8, 0), 'web') : quiet(day(number, 8, 0)))
}

const filesIn = (folder: string): readonly (readonly [name: string, content: Buffer])[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.db'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file.slice(folder.length + 1), readFileSync(file)])

test('an archive in a bucket gives what one in a folder gives; the next night only asks for what is new or has grown', async (t) => {
  const folder = await folderWith(t, {})
  threeNights(join(folder, 'archive'))
  const objects = new Map(filesIn(join(folder, 'archive')).map(([name, content]) => [`archive/${name}`, content]))
  const asked = await storage(t, objects)
  const said: string[] = []
  const options = optionsOf('s3://logs/archive/', join(folder, 'out'), said)
  const first = await nightly(options)
  assert.equal(first?.filesRead, objects.size)
  await nightly(optionsOf(join(folder, 'archive'), join(folder, 'beside')))
  const idOf = (out: string): readonly string[] => readdirSync(join(folder, out, 'incidents')).sort()
  assert.ok(idOf('out').length > 0)
  assert.deepEqual(idOf('out'), idOf('beside'))
  const before = asked.length
  assert.equal((await nightly(options))?.filesRead, 0)
  assert.equal(asked.length, before, 'nothing has changed: the list says so')
  const log = objects.get('archive/2026-04-03/app.log') ?? Buffer.alloc(0)
  objects.set('archive/2026-04-03/app.log', Buffer.concat([log, Buffer.from('2026-04-03T09:00:00Z level=info app=orders msg="one more"\n')]))
  objects.set('archive/moved/app.log', objects.get('archive/2026-04-01/app.log') ?? Buffer.alloc(0))
  objects.delete('archive/2026-04-01/app.log')
  said.length = 0
  await nightly(options)
  assert.deepEqual(said.slice(0, 2), ['read 2026-04-03/app.log', 'moved moved/app.log'])
})

test('an out folder in a bucket is what one on a disk is; one run at a time has it, and what has gone from it goes there', async (t) => {
  const folder = await folderWith(t, {})
  const archive = join(folder, 'archive')
  threeNights(archive)
  await nightly({ ...optionsOf(archive, join(folder, 'whole')), version: version() })
  const objects = new Map<string, Buffer>()
  const asked = await storage(t, objects)
  const run = () => runNightly(archive, { out: 's3://logs/out', timezone: [], mechanisms: [], logFormat: 'text', quiet: true })
  const shown = () => [...objects].filter(([name]) => !name.includes('.db')).sort(([a], [b]) => (a < b ? -1 : 1))
  assert.equal(await run(), 0)
  assert.deepEqual(
    shown(),
    filesIn(join(folder, 'whole')).map(([name, content]) => [`out/${name}`, content]),
  )
  assert.deepEqual(asked.slice(-2), ['PUT out/state.db', 'DELETE out/faultline.lock'], 'what names all else comes last')
  asked.length = 0
  assert.equal(await run(), 0)
  assert.deepEqual(
    asked.filter((line) => !line.startsWith('GET')),
    ['PUT out/faultline.lock', 'DELETE out/faultline.lock'],
    'nothing is new: nothing is written',
  )
  rmSync(join(archive, '2026-04-02/events.json'))
  writeNight(archive, day(2, 8, 0), killedPod(day(2, 8, 0), 'cart'))
  assert.equal(await run(), 0)
  objects.set('out/faultline.lock', Buffer.from('{}'))
  const before = shown()
  assert.equal(await run(), 0, 'the lock of one who has said nothing for long is void')
  assert.deepEqual(
    shown(),
    before.filter(([name]) => !name.endsWith('.lock')),
  )
})

test('on a disk that is full it loses nothing, leaves no half report, and goes on when there is room again', async (t) => {
  const folder = await folderWith(t, {})
  const [archive, whole] = [join(folder, 'archive'), join(folder, 'whole')]
  threeNights(archive)
  await nightly(optionsOf(archive, whole))
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status !== 0) return t.skip('only root may make a small disk')
  try {
    const out = join(disk, 'out')
    for (const room of [100, 170, 240]) {
      rmSync(out, { recursive: true, force: true })
      writeFileSync(join(disk, 'ballast'), Buffer.alloc((4096 - room) * 1024))
      await assert.rejects(nightly(optionsOf(archive, out)), /ENOSPC|disk is full/u, `${room} kB`)
      for (const [name, content] of filesIn(out)) {
        assert.ok(!name.endsWith('.partial'), name)
        if (name.endsWith('.html')) assert.match(content.toString(), /<\/html>\s*$/u)
      }
      rmSync(join(disk, 'ballast'))
      await nightly(optionsOf(archive, out))
      assert.deepEqual(filesIn(out), filesIn(whole), `${room} kB`)
    }
  } finally {
    spawnSync('umount', ['-l', disk])
  }
})
