// Fails where reading has become several times as expensive as it was: faultline's CPU time per byte over that of a plain loop over the same
// bytes, both in this process and in turn, the best of some rounds each. No clock on the wall, no absolute times.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sources } from './sources.mjs'

const ROUNDS = 4
const SIZE = '6M'

/** How many plain loops an input may cost: two to four times what it costs today, as one machine differs from itself by half. */
const MOST = {
  klog: 35,
  journald: 28,
  'journald-json': 18,
  'postgres-stderr': 38,
  'postgres-csv': 20,
  'events-list': 40,
  'events-lines': 25,
  distinct: 180,
}

const root = new URL('../', import.meta.url)
const data = fileURLToPath(new URL('tmp/bench/', root))
mkdirSync(data, { recursive: true })
const { extractInput } = await sources(['src/read/extract-input.ts'])

const cpuOf = async (work) => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

let lines = 0
const walk = (bytes) => {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 10) lines++
}

const chunksOf = async function* (bytes) {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20))
}

const sourceOf = (name, bytes) => ({
  path: name,
  wrapping: [],
  changedMs: null,
  context: { path: name, pod: null, container: null, expression: null },
  chunks: () => chunksOf(bytes),
})

let failed = false
for (const [name, most] of Object.entries(MOST)) {
  const file = `${data}guard-${name}`
  const made = spawnSync(process.execPath, [fileURLToPath(new URL('bench/inputs.mjs', root)), '--fmt', name, '--size', SIZE, '--out', file], {
    stdio: 'inherit',
  })
  if (made.status !== 0) process.exit(1)
  const bytes = readFileSync(file)
  const best = { walk: Infinity, extract: Infinity }
  for (let round = 0; round < ROUNDS; round++) {
    best.walk = Math.min(best.walk, await cpuOf(() => walk(bytes)))
    best.extract = Math.min(best.extract, await cpuOf(() => extractInput(sourceOf(name, bytes))))
  }
  const ratio = best.extract / best.walk
  failed ||= ratio > most
  console.log(`${ratio > most ? 'FAIL' : 'ok  '}  ${name.padEnd(16)} ${ratio.toFixed(1).padStart(6)} plain loops, at most ${most}`)
}
if (lines === 0) throw new Error('nothing was read')

// Reasoning: four times the findings may cost so many times as much. What grows with their square shows late.
const MOST_CURVE = 4.5
const correlator = spawnSync(process.execPath, [fileURLToPath(new URL('bench/correlator.mjs', root)), '25600,102400'], { encoding: 'utf8' })
const curve = Number(/(\d+\.\d) times the size before/u.exec(correlator.stdout)?.[1])
if (Number.isNaN(curve)) throw new Error(`the correlator's curve cannot be read: ${correlator.stdout}${correlator.stderr}`)
failed ||= curve > MOST_CURVE
console.log(
  `${curve > MOST_CURVE ? 'FAIL' : 'ok  '}  ${'correlator'.padEnd(16)} ${curve.toFixed(1).padStart(6)} times for four times the findings, at most ${MOST_CURVE}`,
)
process.exitCode = failed ? 1 : 0
