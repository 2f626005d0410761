/**
 * npm run evaluate: simulates incidents and quiet days, analyses all of them, compares with what truly happened.
 *
 *   --seeds N       dumps of each scenario (default: so many that there are 200 incidents and 60 quiet dumps)
 *   --from N        the first seed (default 1)
 *   --only NAME     scenarios whose name holds this
 *   --variants N    varied dumps beside each (default 3, in turn; 0: none)
 *   --quick         two seeds, one variant
 *   --jobs N        processes (default: the machine's cores)
 *   --json FILE     every row
 *   --keep DIR      keeps each dump with its truth.json and analysis.json
 *   --failures      one line for each dump that is not told as it should be
 */
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { quietScenarios } from '../simulator/scenarios/quiet.js'
import { scenarios } from '../simulator/scenarios/index.js'
import { calibration } from './calibration.js'
import type { Case, Row } from './run-case.js'
import { failures, report, targets } from './table.js'
import { variantNames } from './variants.js'
import type { Reply } from './worker.js'

const INCIDENTS = 200
const QUIET = 60

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    variants: { type: 'string' },
    quick: { type: 'boolean', default: false },
    jobs: { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'string' },
    failures: { type: 'boolean', default: false },
  },
})
const numberOf = (text: string | undefined, fallback: number): number => (text === undefined ? fallback : Number.parseInt(text, 10))

const isQuiet = (name: string): boolean => name.startsWith('quiet-')

const casesOf = (): Case[] => {
  const names = [...scenarios.keys(), ...quietScenarios.keys()].filter((name) => name.includes(values.only))
  const perDump = numberOf(values.variants, values.quick ? 1 : 3)
  const from = numberOf(values.from, 1)
  const cases: Case[] = []
  for (const quiet of [false, true]) {
    const group = names.filter((name) => isQuiet(name) === quiet)
    const seeds = numberOf(values.seeds, values.quick ? 2 : Math.ceil((quiet ? QUIET : INCIDENTS) / Math.max(1, group.length)))
    // The variants go round: each scenario meets all of them, and each seed others.
    for (const [at, scenario] of group.entries())
      for (let i = 0; i < seeds; i++) {
        const variants = Array.from(
          { length: Math.min(perDump, variantNames.length) },
          (_, k) => variantNames[((at + i) * perDump + k) % variantNames.length] ?? '',
        )
        cases.push({ scenario, seed: from + i, variants, keep: values.keep ?? null })
      }
  }
  return cases
}

/** Every process takes the next case when it is done with one. */
const runAll = async (cases: readonly Case[], jobs: number): Promise<{ rows: Row[]; errors: string[] }> => {
  const rows: Row[] = []
  const errors: string[] = []
  const waiting = [...cases]
  let done = 0
  const progress = (): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${++done} of ${cases.length} dumps${done === cases.length ? '\n' : ''}`)
  }
  const work = (): Promise<void> =>
    new Promise((resolve) => {
      const child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)))
      let current: Case | undefined
      const next = (): void => {
        current = waiting.shift()
        if (current === undefined) child.disconnect()
        else child.send(current)
      }
      // Sent by worker.ts.
      child.on('message', (message) => {
        const reply = message as Reply
        rows.push(...reply.rows)
        if (reply.error !== null) errors.push(`${reply.of.scenario} ${reply.of.seed}: ${reply.error}`)
        progress()
        next()
      })
      child.on('exit', (status) => {
        if (current !== undefined) errors.push(`${current.scenario} ${current.seed}: the process ended with ${status ?? 'a signal'}`)
        resolve()
      })
      next()
    })
  await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, work))
  const key = ({ scenario, seed, variant }: Row): string => `${scenario}/${String(seed).padStart(9, '0')}/${variant ?? ''}`
  return { rows: rows.sort((a, b) => (key(a) < key(b) ? -1 : 1)), errors: errors.sort() }
}

const cases = casesOf()
if (cases.length === 0) {
  console.error(`no scenario has ${values.only} in its name: ${[...scenarios.keys(), ...quietScenarios.keys()].join(', ')}`)
  process.exit(2)
}
const started = performance.now()
const { rows, errors } = await runAll(cases, numberOf(values.jobs, availableParallelism()))
if (values.failures) for (const line of failures(rows)) console.log(line)
console.log(report(rows))
for (const error of errors) console.error(`failed: ${error}`)
console.error(`${rows.length} dumps in ${((performance.now() - started) / 1000).toFixed(0)} s`)
if (values.json !== undefined) {
  const links = rows.filter(({ variant }) => variant === null).flatMap((row) => row.links)
  writeFileSync(values.json, `${JSON.stringify({ targets: targets(rows), calibration: calibration(links), rows }, null, 2)}\n`)
}
process.exitCode = errors.length > 0 || targets(rows).some(({ met }) => !met) ? 1 : 0
