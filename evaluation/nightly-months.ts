/**
 * npx tsx evaluation/nightly-months.ts [seed …]: months of thirty nights and eight simulated outages, of which two kinds come twice and one goes over
 * midnight. What `faultline nightly` finds must be those eight, the two kinds recognised. Prints a line for each month; exits 1 where one is not as it should be.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nightly } from '../src/nightly/nightly.js'
import { random } from '../simulator/core/random.js'
import { day, quiet, simulated, writeNight } from './month.js'
import type { Summary } from '../src/nightly/summary.js'

const KINDS = 'bulk-sync cascade cloned-node connection-surge ingress-lost lock-and-volume memory-leak prometheus-query vacuum-host-down'.split(' ')
const TWELVE_HOURS_MS = 12 * 3_600_000

interface Outage {
  readonly kind: string
  readonly seed: number
  readonly startMs: number
}

const monthOf = (seed: number): ReadonlyMap<number, Outage> => {
  const dice = random(`month/${seed}`)
  const days: number[] = []
  while (days.length < 8) {
    const one = dice.int(1, 29)
    if (days.every((other) => Math.abs(other - one) >= 2)) days.push(one)
  }
  const order = KINDS.map((kind) => ({ kind, at: dice.next() })).sort((a, b) => a.at - b.at)
  const kinds = [...order.slice(0, 6), ...order.slice(0, 2)].map(({ kind }) => kind)
  const late = dice.int(0, 7)
  return new Map(
    days.map((number, index) => {
      const startMs = index === late ? day(number, 23, 30) : day(number, dice.int(0, 20), dice.int(0, 59))
      return [number, { kind: kinds[index] ?? '', seed: dice.int(1, 1000), startMs }]
    }),
  )
}

const judge = async (seed: number): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-month-'))
  const [archive, out] = [join(folder, 'archive'), join(folder, 'out')]
  const outages = monthOf(seed)
  for (let number = 1; number <= 30; number++) {
    const outage = outages.get(number)
    if (outage === undefined) writeNight(archive, day(number, 8, 0), quiet(day(number, 8, 0)))
    else writeNight(archive, outage.startMs, simulated(outage.kind, outage.seed, outage.startMs))
  }
  const hooks = { command: null, url: null }
  const options = { archive, out, zones: [], year: null, mechanisms: [], version: 'month', keepExtractsDays: null, keepReportsDays: null, hooks }
  await nightly({ ...options, log: () => undefined })
  const again = await nightly({ ...options, log: () => undefined })
  const { incidents } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as Summary // as nightly wrote it
  const wrong: string[] = again?.filesRead === 0 && again.fresh.length === 0 ? [] : ['the second run did work']
  const families = new Map<string, Set<string>>()
  for (const [number, { kind, seed: own, startMs }] of outages) {
    const mine = incidents.filter(({ start }) => Date.parse(start) >= startMs - TWELVE_HOURS_MS / 12 && Date.parse(start) < startMs + TWELVE_HOURS_MS)
    if (mine.length !== 1) wrong.push(`${mine.length} of ${kind}/${own} on day ${number} (${mine.map(({ title }) => title).join(' | ')})`)
    for (const { family } of mine) families.set(kind, (families.get(kind) ?? new Set()).add(family))
  }
  if (incidents.length !== outages.size) wrong.push(`${incidents.length} incidents of ${outages.size} outages`)
  for (const [kind, some] of families) if (some.size > 1) wrong.push(`${kind} came twice and was not recognised`)
  rmSync(folder, { recursive: true })
  return wrong.join('; ')
}

const seeds = process.argv.slice(2).map(Number)
let failed = 0
for (const seed of seeds.length > 0 ? seeds : [1, 2, 3, 4, 5]) {
  const wrong = await judge(seed)
  if (wrong !== '') failed++
  console.log(`month ${seed}: ${wrong === '' ? 'exactly its eight outages; a second run did nothing' : wrong}`)
}
process.exit(failed === 0 ? 0 : 1)
