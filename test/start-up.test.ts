/** What a command loads before it does anything: by its imports, those of what it imports and so on, up to those that are made when they are needed. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** The packages that are loaded together with these files. */
const packagesOf = (...entries: readonly string[]): ReadonlySet<string> => {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const walk = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, types, from = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (type )?[^;'"]*?from '([^']+)'/gmu)) {
      if (types !== undefined || from.startsWith('node:')) continue
      if (from.startsWith('.')) walk(join(dirname(file), from.replace(/\.js$/u, '.ts')))
      else packages.add(from.split('/', from.startsWith('@') ? 2 : 1).join('/'))
    }
  }
  for (const entry of entries) {
    assert.ok(existsSync(join(root, entry)), entry)
    walk(join(root, entry))
  }
  return packages
}

test('the command line itself loads what reads a command line', () => {
  assert.deepEqual([...packagesOf('src/cli.ts')].sort(), ['commander'])
})

test('what reads, reasons and writes a page loads no library that only foreign rules, saved extracts, YAML or pictures need', () => {
  const packages = packagesOf(
    'src/cli.ts',
    'src/commands/extract.ts',
    'src/commands/analyze.ts',
    'src/commands/outputs.ts',
    'src/gather.ts',
    'src/analyze.ts',
    'src/artifact/artifact.ts',
    'src/report/html.ts',
  )
  for (const heavy of [
    'zod',
    'yaml',
    'yauzl',
    'xz-decompress',
    'unbzip2-stream',
    'fzstd',
    'handlebars',
    'libsql',
    '@aws-sdk/client-s3',
    '@napi-rs/canvas',
    'chartjs-node-canvas',
    'chart.js',
  ])
    assert.ok(!packages.has(heavy), `${heavy} is loaded before it is needed`)
})
