/** One run of the fuzzing, in a process of its own: `fuzz.ts` starts it, watches it, and names the input that it hangs on. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { check } from './check.js'
import { startCoverage } from './coverage.js'
import { LARGE, makeInput, randomOf, SMALL, type Made } from './mutate.js'
import { seedLines } from './seeds.js'

/** Inputs between two looks at the coverage. */
const ROUND = 50
/** Of so many rounds one is counted; the others read large inputs, and fast. */
const COUNTED = 4
/** Lists of lines kept because they reached something new. */
const MOST_KEPT = 4_000

const [, , seedText = '1', secondsText = '60', currentFile = '', ...folders] = process.argv
const seed = Number(seedText)
const random = randomOf(seed)
const pool = seedLines(folders.length > 0 ? folders : undefined)
const coverage = await startCoverage()
const seeds = pool.length
const current = openSync(currentFile, 'w')
const until = performance.now() + Number(secondsText) * 1_000
let inputs = 0
let lines = 0
let damaged = 0
let bytes = 0
const known = new Set<string>()

const tryOne = async (made: Made): Promise<void> => {
  // Written first: where this process hangs, that is what it hangs on.
  ftruncateSync(current)
  writeSync(current, made.bytes, 0, made.bytes.length, 0)
  const wrong = await check(made, inputs)
  inputs++
  bytes += made.bytes.length
  lines += made.lines
  damaged += made.damaged
  // Where it was seen before (the same message, without its numbers) it is not told again.
  const key = wrong?.replace(/\d+/gu, '#').slice(0, 300) ?? ''
  if (wrong === null || known.has(key)) return
  known.add(key)
  process.stdout.write(`${JSON.stringify({ wrong, chunkBytes: made.chunkBytes, input: made.bytes.toString('base64') })}\n`)
}

const linesOf = ({ bytes: all }: Made): Buffer[] =>
  all
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'latin1'))

for (let round = 0; performance.now() < until; round++) {
  if (round % COUNTED === 0) {
    const kept: Buffer[][] = []
    await coverage.goOn()
    for (let at = 0; at < ROUND; at++) {
      const made = makeInput(pool, random, SMALL)
      await tryOne(made)
      // Which of them reached something new is not known: a quarter is kept.
      if (at % 4 === 0) kept.push(linesOf(made))
    }
    if ((await coverage.fresh()) > 0) pool.push(...kept)
    if (pool.length > seeds + MOST_KEPT) pool.splice(seeds, pool.length - seeds - MOST_KEPT)
    await coverage.pause()
  } else for (let at = 0; at < ROUND && performance.now() < until; at++) await tryOne(makeInput(pool, random, LARGE))
  process.stdout.write(`${JSON.stringify({ inputs, lines, damaged, bytes, blocks: coverage.blocks(), heap: process.memoryUsage().heapUsed })}\n`)
}
closeSync(current)
