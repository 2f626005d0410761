import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { UserError } from '../model/user-error.js'
import { builtInFiles, hashOf } from './built-in.js'
import { mechanismsWith } from './choose-mechanisms.js'
import { loadMechanisms } from './load-mechanisms.js'

test('however they are had, the built-in mechanisms are those of the files', async () => {
  assert.deepEqual(await mechanismsWith([]), loadMechanisms([]))
})

test('an edited, renamed-away or added file is other content than what the build prepared', () => {
  const files = builtInFiles()
  const [first, ...others] = files
  assert.ok(first !== undefined && others.length > 0)
  const was = hashOf(files)
  assert.notEqual(hashOf([{ ...first, text: `${first.text}# edited` }, ...others]), was)
  assert.notEqual(hashOf(others), was)
  assert.equal(hashOf(files.map((file) => ({ ...file, path: `elsewhere/${file.path}` }))), was)
})

test("a user's file that cannot be used is told, not passed over for what was prepared", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-'))
  try {
    const file = join(folder, 'mine.yaml')
    writeFileSync(file, '- id: Not An Id\n')
    await assert.rejects(mechanismsWith([file]), UserError)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
