/** The program as it is shipped, for tests of what a process of it does: it starts in a tenth of the time that its sources take, which every process would compile again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'

const file = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** As new as the sources: scripts/test.mjs has built it for all test files that import this, so that no two of them do; here that is seen, or made good. */
export const program = (): string => {
  const { status, stderr } = spawnSync(process.execPath, [file('scripts/build.mjs')], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return file('dist/src/cli.js')
}

/** What runs in each of its threads, which of the sources would need their loader in every one. */
export const builtWorker = (): URL => new URL('extract-worker.js', pathToFileURL(program()))
