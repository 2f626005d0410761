// Keeps what V8 made of the bundle's chunks (dist/code), so that a run need not make it again: those that the way from a dump to a report loads, as they are after
// having gone that way, with every function that was needed; all others as they are when they were only compiled.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'
import { chunksIn, CODE_OF } from '../src/launch/load-chunk.ts'

const chunks = new URL('../dist/src/', import.meta.url)
const code = fileURLToPath(new URL(`../dist/code/${CODE_OF}/`, import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'faultline-build-'))
const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** Before a command starts, the heap is as Node sets it; then it grows in small steps (src/cli.ts). V8 takes its code only under the flags it was made under. */
let started = false
const loaded = new Map()
const load = chunksIn(chunks, (name, script) => loaded.set(name, { script, started }))

process.on('exit', (status) => {
  rmSync(scratch, { recursive: true, force: true })
  if (status !== 0) return
  mkdirSync(code, { recursive: true })
  for (const name of readdirSync(chunks).filter((entry) => entry.endsWith('.chunk'))) {
    const script = new Script(readFileSync(new URL(name, chunks), 'latin1'))
    const id = name.replace(/\.chunk$/u, '')
    if (!loaded.has(id)) loaded.set(id, { script, started: true })
  }
  for (const early of [false, true]) {
    if (!early) setFlagsFromString('--heap-growing-percent=30')
    else setFlagsFromString('--heap-growing-percent=0')
    for (const [name, { script, started: late }] of loaded) if (late !== early) writeFileSync(join(code, name), script.createCachedData())
  }
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
void load('cli')
started = true
