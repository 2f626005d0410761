/**
 * npx tsx evaluation/kill-nightly.ts [kills] [seed]: `faultline nightly` over a month, killed at random moments and started again until it has come to its
 * end often enough; what it leaves must be what one undisturbed run leaves. Prints one line; exits 1 where they differ.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { random } from '../simulator/core/random.js'
import { day, killedPod, nightOf, writeNight } from './month.js'

const [kills = 100, seed = 1] = process.argv.slice(2).map(Number)
const root = fileURLToPath(new URL('../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'faultline-kills-'))
const archive = join(folder, 'archive')
/** Small nights, and one simulated outage among them: most of the time goes into what is being tested, the steps. */
for (let number = 1; number <= 30; number++) {
  const { startMs, files } =
    number === 6 ? nightOf(6) : { startMs: day(number, 8, 0), files: number % 5 === 0 ? killedPod(day(number, 8, 0), 'web') : nightOf(1).files }
  writeNight(archive, startMs, files)
}

const args = (out: string): string[] => [join(root, 'dist/src/cli.js'), 'nightly', archive, '--out', out, '--quiet']

const contentOf = (out: string): string =>
  JSON.stringify(
    readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.includes('.db'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(out.length), readFileSync(file, 'base64')]),
  )

const whole = join(folder, 'whole')
const started = performance.now()
const { status, stderr } = spawnSync(process.execPath, args(whole), { encoding: 'utf8' })
if (status !== 0) throw new Error(stderr)
const runMs = performance.now() - started
const expected = contentOf(whole)

const dice = random(`kill-nightly/${seed}`)
let killed = 0
let ended = 0
let different = 0
while (killed < kills || ended === 0) {
  const out = join(folder, `out-${ended}`)
  for (;;) {
    const child = spawn(process.execPath, args(out), { stdio: 'ignore' })
    const done = once(child, 'close')
    if (killed < kills) await Promise.race([done, sleep(dice.between(0.02, 0.7) * runMs)])
    else await done
    if (child.exitCode !== null) break
    child.kill('SIGKILL')
    await done
    killed++
  }
  ended++
  if (contentOf(out) !== expected) {
    different++
    cpSync(out, join(tmpdir(), `faultline-kills-different-${ended}`), { recursive: true })
  }
  rmSync(out, { recursive: true })
}
rmSync(folder, { recursive: true })
console.log(`${killed} kills, ${ended} runs that came to their end, ${different} of them different from the undisturbed one (${(runMs / 1000).toFixed(1)} s)`)
process.exit(different === 0 ? 0 : 1)
