/**
 * npm run fuzz -- [--seconds 600] [--seed 1] [folder …]: damages real lines without end and reads them. Each thing found is written to
 * fuzz/found/ and named; exit 1 where there is any. What it looks for is in check.ts, what was found before in docs/robustness.md.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** A round of inputs takes some seconds; a process that says nothing for so long hangs. */
const SILENCE_MS = 300_000

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const found = fileURLToPath(new URL('found/', import.meta.url))
const current = join(tmpdir(), `faultline-fuzz-${process.pid}`)
let problems = 0
const totals = { inputs: 0, lines: 0, damaged: 0, bytes: 0, blocks: 0, heap: 0 }

const keep = (what: string, input: Buffer): void => {
  problems++
  mkdirSync(found, { recursive: true })
  const file = join(found, `${values.seed}-${problems}`)
  writeFileSync(file, input)
  console.log(`${file}: ${what}`)
}

/** One process until the time is over or it hangs; true where it hung. */
const run = (seed: number, seconds: number): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('run.ts', import.meta.url)), String(seed), String(seconds), current, ...positionals],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let hung = false
    const watch = setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, SILENCE_MS)
    const base = { ...totals }
    createInterface({ input: child.stdout }).on('line', (line) => {
      watch.refresh()
      if (!line.endsWith('}')) return // cut off with the process
      const said = JSON.parse(line) as Partial<typeof totals> & { wrong?: string; input?: string } // what run.ts writes
      if (said.wrong !== undefined) keep(said.wrong, Buffer.from(said.input ?? '', 'base64'))
      else {
        for (const key of ['inputs', 'lines', 'damaged', 'bytes'] as const) totals[key] = base[key] + (said[key] ?? 0)
        totals.blocks = said.blocks ?? 0
        totals.heap = said.heap ?? 0
      }
    })
    child.on('close', (code) => {
      clearTimeout(watch)
      if (hung) keep(`hangs: nothing for ${SILENCE_MS / 1_000} s`, readFileSync(current))
      else if (code !== 0) keep(`the process died (${code})`, readFileSync(current))
      resolve(hung || code !== 0)
    })
  })

const end = performance.now() + Number(values.seconds) * 1_000
for (let seed = Number(values.seed); performance.now() < end; seed += 1_000_003) if (!(await run(seed, Math.max(1, (end - performance.now()) / 1_000)))) break
rmSync(current, { force: true })
console.log(
  `${totals.inputs} inputs, ${totals.lines} lines (${totals.damaged} damaged), ${Math.round(totals.bytes / 1e6)} MB; ${totals.blocks} blocks of code reached, heap ${Math.round(totals.heap / 1e6)} MB at the end; ${problems} found`,
)
process.exitCode = problems > 0 ? 1 : 0
