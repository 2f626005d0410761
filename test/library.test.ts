/** What a stranger gets who installs the package: everything it needs comes with it or from the registry. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly bundleDependencies?: readonly string[]
  readonly exports?: Readonly<Record<string, unknown>>
  readonly files?: readonly string[]
}

const packageOf = (folder: string): Package => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package // npm wrote it, or checks it

test('what comes from a folder of ours, or needs what does, is in the package: elsewhere npm would look for it in the registry', () => {
  const { dependencies = {}, bundleDependencies = [] } = packageOf(root)
  const ours = Object.keys(dependencies).filter((name) => dependencies[name]?.startsWith('file:'))
  assert.ok(ours.length > 0)
  const need = Object.keys(dependencies).filter((name) => {
    const needs = packageOf(join(root, 'node_modules', name)).dependencies ?? {}
    return ours.some((one) => one in needs)
  })
  for (const name of [...ours, ...need]) assert.ok(bundleDependencies.includes(name), `${name} is not bundled`)
  // A bundled one brings its own needs, or they would be missing below it.
  for (const name of bundleDependencies)
    for (const needed of Object.keys(packageOf(join(root, 'node_modules', name)).dependencies ?? {}))
      assert.ok(bundleDependencies.includes(needed), `${name} needs ${needed}, which is not bundled`)
})

test('the package has its schemas, its manuals and what to deploy', () => {
  const { files = [], exports = {} } = packageOf(root)
  for (const folder of ['dist', 'schemas', 'deploy', 'docs/*.md', 'mechanisms', 'templates']) assert.ok(files.includes(folder), folder)
  for (const file of ['analysis', 'extract', 'mechanisms', 'mechanism-tests']) assert.ok(existsSync(join(root, `schemas/${file}.schema.json`)), file)
  assert.ok(exports['./schemas/*'] !== undefined)
})

test('what the manual says is exported is', async () => {
  const manual = readFileSync(join(root, 'docs/library.md'), 'utf8')
  const told = [...manual.matchAll(/^\| (`.*?`) \|/gmu)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)/gu)].map(([, name = '']) => name))
  assert.ok(told.length >= 7)
  const library: Readonly<Record<string, unknown>> = await import('../src/index.js')
  for (const name of told) assert.equal(typeof library[name], 'function', name)
})
