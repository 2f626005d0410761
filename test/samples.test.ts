/** The samples are told as they happened, and nothing is told of quiet days; score.ts says the same of them as the scorer that others use. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { analyzeDump, runCase } from '../evaluation/run-case.js'
import { score, type Score } from '../evaluation/score.js'
import { quietScenarios } from '../simulator/scenarios/quiet.js'
import type { Truth } from '../simulator/truth.js'
import type { Analysis } from '../src/model/analysis.js'
import { folderWith } from './files.js'

const SAMPLES = fileURLToPath(new URL('../samples/', import.meta.url))
const SCORER = fileURLToPath(new URL('../../shared/score/score.mjs', import.meta.url))

/** The same analysis with faults of all kinds, so that both scorers have something to find. */
const spoilt = (analysis: Analysis): Analysis[] => [
  analysis,
  { ...analysis, incidents: analysis.incidents.map((one) => ({ ...one, rootCauses: one.rootCauses.toReversed(), links: one.links.slice(1) })) },
  { ...analysis, incidents: analysis.incidents.map((one) => ({ ...one, chains: [], findings: one.findings.filter((_, i) => i % 3 > 0) })) },
  { ...analysis, incidents: [...analysis.incidents, ...structuredClone(analysis.incidents)] },
  { ...analysis, incidents: [] },
]

for (const name of readdirSync(SAMPLES).filter((one) => existsSync(join(SAMPLES, one, 'truth.json')))) {
  test(`samples/${name} is told as it happened`, async (t) => {
    // As written by the simulator.
    const truth = JSON.parse(readFileSync(join(SAMPLES, name, 'truth.json'), 'utf8')) as Truth
    const analysis = await analyzeDump(join(SAMPLES, name, 'dump'), truth.options)
    const result = score(truth, analysis)
    assert.ok(result.pass, JSON.stringify(result, null, 2))

    await t.test('and both scorers agree, also on spoilt analyses', { skip: existsSync(SCORER) ? false : 'shared/ is absent' }, async () => {
      const folder = await folderWith(t, Object.fromEntries(spoilt(analysis).map((one, i) => [`${i}.json`, JSON.stringify(one)])))
      for (const [i, one] of spoilt(analysis).entries()) {
        const { stdout } = spawnSync(process.execPath, [SCORER, join(SAMPLES, name), join(folder, `${i}.json`)], { encoding: 'utf8' })
        // A Score with fields left out where they say nothing.
        const theirs = JSON.parse(stdout) as Partial<Score>
        const ours = score(truth, one)
        for (const key of ['pass', 'root1', 'root3', 'steps', 'edges', 'chainPrecision', 'decoys', 'extraIncidents', 'falseIncidents', 'firstRoot'] as const)
          if (theirs[key] !== undefined) assert.equal(round(ours[key]), round(theirs[key]), `${key} of ${name}, analysis ${i}`)
        assert.deepEqual(ours.faults, theirs.faults)
      }
    })
  })
}

const round = (value: string | number | boolean): string | number | boolean => (typeof value === 'number' ? Number(value.toFixed(9)) : value)

for (const name of quietScenarios.keys())
  test(`nothing is invented on ${name}`, async () => {
    const [row] = await runCase({ scenario: name, seed: 1, variants: [], keep: null })
    assert.equal(row?.score.falseIncidents, 0, `invented: ${row?.score.firstRoot ?? ''}`)
  })
