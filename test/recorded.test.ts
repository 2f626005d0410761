/** Recordings of real programs, made for these tests (recorded/README.md): each is told as it happened. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { analyzeDump } from '../evaluation/run-case.js'
import { score } from '../evaluation/score.js'
import type { Truth } from '../simulator/truth.js'

const RECORDED = fileURLToPath(new URL('./recorded/', import.meta.url))
const ARCHIVE = '.tar.xz'

for (const name of readdirSync(RECORDED).flatMap((file) => (file.endsWith(ARCHIVE) ? [file.slice(0, -ARCHIVE.length)] : [])))
  test(`recorded/${name} is told as it happened`, async () => {
    // Written by hand in the form of the simulator's.
    const truth = JSON.parse(readFileSync(join(RECORDED, `${name}.json`), 'utf8')) as Truth
    const result = score(truth, await analyzeDump(join(RECORDED, name + ARCHIVE), truth.options))
    assert.ok(result.pass, JSON.stringify(result, null, 2))
  })
