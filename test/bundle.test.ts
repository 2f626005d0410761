/** What is shipped: the built program says what the sources say, from few files, and V8 takes the code that the build kept of them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'
import { FLAGS } from '../src/launch/flags.js'
import { CODE_OF } from '../src/launch/load-chunk.js'
import { asItIs } from '../src/makers.js'
import { startReading, type ExtractOptions } from '../src/read/extract-all.js'
import { findInputs } from '../src/read/inputs.js'
import { folderWith } from './files.js'
import { builtWorker, program } from './program.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const dist = join(root, 'dist')
const dump = join(root, 'samples/cascade/dump')

before(program)

const run = (args: readonly string[], program = dist): string => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(program, 'src/cli.js'), ...args], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, '']) // V8, too, says there what it does not understand
  return stdout
}

test('the built program extracts what the sources extract, byte for byte', async (t) => {
  const folder = await folderWith(t, {})
  const library = await import('../src/index.js')
  run(['extract', '--quiet', '-o', join(folder, 'built'), dump])
  const { bytes } = await library.extract(dump)
  assert.deepEqual(readFileSync(join(folder, 'built')), Buffer.from(bytes))
})

test('the built library exports what the sources export', async () => {
  const built = (await import(pathToFileURL(join(dist, 'src/index.js')).href)) as Readonly<Record<string, unknown>> // the names are compared
  assert.deepEqual(Object.keys(built).sort(), Object.keys(await import('../src/index.js')).sort())
})

test('the built worker extracts what is extracted here', async () => {
  const worker = builtWorker()
  const all = (options: ExtractOptions) => findInputs([dump]).then((inputs) => startReading(options, asItIs, (extract) => extract).all(inputs))
  const [here, there] = await Promise.all([all({}), all({ jobs: 2, worthBytes: 0, worker })])
  assert.deepEqual(there, here)
})

test('V8 takes the code that was kept of every chunk, under the flags it will be loaded under', () => {
  const chunks = readdirSync(join(dist, 'src')).filter((name) => name.endsWith('.chunk'))
  const refused = (some: readonly string[]): readonly string[] =>
    some.filter((name) => {
      const cachedData = readFileSync(join(dist, 'code', CODE_OF, name.replace('.chunk', '')))
      return new Script(readFileSync(join(dist, 'src', name), 'latin1'), { cachedData }).cachedDataRejected !== false
    })
  assert.ok(chunks.length > 20)
  const early = chunks.filter((name) => !refused([name]).includes(name))
  for (const flag of FLAGS) setFlagsFromString(flag)
  const late = refused(chunks)
  assert.ok(early.includes('cli.chunk'))
  // Not all versions of V8 tell flags apart: then all are taken at once.
  assert.deepEqual(
    late.filter((name) => !early.includes(name)),
    [],
  )
})

test('where the kept code is spoilt, or of another V8, the program does the same without', (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'faultline-test-'))
  t.after(() => rmSync(elsewhere, { recursive: true }))
  cpSync(dist, join(elsewhere, 'dist'), { recursive: true })
  for (const part of ['node_modules', 'mechanisms', 'templates', 'package.json']) symlinkSync(join(root, part), join(elsewhere, part))
  const code = join(elsewhere, 'dist/code', CODE_OF)
  // Cut off halfway, or something else altogether.
  for (const [at, name] of readdirSync(code).entries())
    writeFileSync(join(code, name), at % 2 === 0 ? 'no code of any V8' : readFileSync(join(code, name)).subarray(0, -40))
  const whole = run(['analyze', dump, '--quiet', '--json', '-'])
  const told = (text: string): string => text.replaceAll(elsewhere, root)
  assert.equal(told(run(['analyze', dump, '--quiet', '--json', '-'], join(elsewhere, 'dist'))), whole)
  rmSync(code, { recursive: true })
  assert.equal(told(run(['analyze', dump, '--quiet', '--json', '-'], join(elsewhere, 'dist'))), whole)
})
