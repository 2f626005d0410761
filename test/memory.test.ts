/** The sources of a dump stay to be looked at again; what was read of them must not stay with them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readAll } from '../src/gather.js'
import { collect } from '../src/launch/flags.js'
import type { Inputs } from '../src/read/inputs.js'
import { folderWith } from './files.js'

const DUMP = fileURLToPath(new URL('../samples/cascade/dump', import.meta.url))

/** In a function of its own, so that nothing here holds what was read. */
const signalsOf = async (path: string): Promise<{ readonly inputs: Inputs; readonly signals: WeakRef<object> }> => {
  const { inputs, extracts } = await readAll([path], { jobs: 1 })
  const some = extracts.find(({ signals }) => signals.length > 0)
  assert.ok(some !== undefined)
  return { inputs, signals: new WeakRef(some.signals) }
}

for (const packed of [false, true])
  test(`what was read of ${packed ? 'an archive' : 'a folder'} is not held by its sources`, async (t) => {
    const archive = join(await folderWith(t, {}), 'dump.tar.gz')
    if (packed) assert.equal(spawnSync('tar', ['-czf', archive, '-C', DUMP, '.']).status, 0)
    const { inputs, signals } = await signalsOf(packed ? archive : DUMP)
    await setImmediate()
    collect()
    assert.equal(signals.deref(), undefined)
    assert.ok(inputs.sources.length > 0)
  })
