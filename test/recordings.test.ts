/** The real recordings: each told as its truth says, and nothing of them left unread. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { program } from './program.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const recordings = fileURLToPath(new URL('../../shared/recordings', import.meta.url))
const skip = existsSync(recordings) ? false : 'shared/ is absent: the recordings cannot be scored'

/** Of an input's lines: what may be left over where a file was cut in the middle of a line. */
const LEFT_OVER = 0.01

test('every recording is told as its truth says', { skip }, () => {
  const command = [process.execPath, program(), 'analyze', '--quiet']
  const { stdout, status } = spawnSync(process.execPath, ['../shared/score/score.mjs', '--all', '../shared/recordings', '--', ...command], {
    cwd: root,
    encoding: 'utf8',
  })
  const rows = stdout.split('\n').filter((row) => /^(?:pass|FAIL) {2}/u.test(row))
  assert.deepEqual(
    rows.filter((row) => !row.startsWith('pass')),
    [],
  )
  assert.equal(rows.length, readdirSync(recordings, { withFileTypes: true }).filter((entry) => entry.isDirectory()).length)
  assert.equal(status, 0)
})

test('every input of the recordings is of a known format and read to its end', { skip }, async () => {
  const { sources, unreadable } = await findInputs([recordings])
  const odd: string[] = []
  for (const source of sources.filter(({ path }) => path.includes('/dump/'))) {
    const { path, format, lines, records, skipped, warnings } = await extractInput(source)
    const name = path.slice(recordings.length + 1)
    if (format === 'unknown') odd.push(`${name}: unknown`)
    if (skipped > LEFT_OVER * Math.max(lines, records)) odd.push(`${name}: ${skipped} of ${lines} lines skipped`)
    for (const warning of warnings) if (warning.includes('reading stopped')) odd.push(`${name}: ${warning}`)
  }
  assert.deepEqual(odd, [])
  assert.deepEqual(unreadable, [])
})
