// Keeps what V8 made of the bundle's chunks (dist/code), so that a run need not make it again: those that the way from a dump to a report loads, as they are after
// having gone that way, with every function that was needed; all others as they are when they were only compiled.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { chunksIn, CODE_OF } from '../src/launch/load-chunk.ts'

const chunks = new URL('../dist/src/', import.meta.url)
const code = fileURLToPath(new URL(`../dist/code/${CODE_OF}/`, import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'faultline-build-'))
const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const loaded = new Map()
const load = chunksIn(chunks, (name, script) => loaded.set(name, script))
const kept = new Map()
// V8 takes its code only under the flags it was made under: what is loaded before a command starts and sets its own (src/launch/flags.ts) is kept before that.
const v8 = createRequire(import.meta.url)('node:v8')
const setFlags = v8.setFlagsFromString
// Left alone, V8 forgets the code of functions that did not run for a while: of all that only run once, as every chunk itself.
setFlags('--no-flush-bytecode')
const keep = () => {
  setFlags('--flush-bytecode')
  for (const [name, script] of loaded) if (!kept.has(name)) kept.set(name, script.createCachedData())
  setFlags('--no-flush-bytecode')
}
v8.setFlagsFromString = (flag) => {
  if (kept.size === 0) keep()
  setFlags(flag)
}

process.on('exit', (status) => {
  rmSync(scratch, { recursive: true, force: true })
  if (status !== 0) return
  // The sample has none, others do.
  for (const name of readdirSync(file('mechanisms'))) load('package-yaml').default.parseAllDocuments(readFileSync(file(`mechanisms/${name}`), 'utf8'))
  for (const chunk of readdirSync(chunks).filter((entry) => entry.endsWith('.chunk'))) {
    const name = chunk.slice(0, -'.chunk'.length)
    if (!loaded.has(name)) loaded.set(name, new Script(readFileSync(new URL(chunk, chunks), 'latin1'), { filename: chunk }))
  }
  keep()
  mkdirSync(code, { recursive: true })
  for (const [name, data] of kept) writeFileSync(join(code, name), data)
})

process.argv = [
  process.execPath,
  file('dist/src/cli.js'),
  'analyze',
  '--quiet',
  '--jobs',
  '1',
  '-o',
  join(scratch, 'report.html'),
  file('samples/cascade/dump'),
]
await load('cli')
