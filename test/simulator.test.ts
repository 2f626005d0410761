import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { dump, storedAs } from '../simulator/emit/dump.js'
import { scenarios } from '../simulator/scenarios/index.js'
import type { Truth } from '../simulator/truth.js'

const samples = new URL('../samples/', import.meta.url)

/** Text of every file below a sample's dump; compressed ones are unpacked, since each zlib packs in its own way. */
const stored = (name: string): Map<string, string> => {
  const root = fileURLToPath(new URL(`${name}/dump/`, samples))
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(root, path)).isFile())
  return new Map(
    paths.map((path) => {
      const bytes = readFileSync(join(root, path))
      return [path.replaceAll('\\', '/'), (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')]
    }),
  )
}

// As written by the simulator.
const truthOf = (name: string): Truth => JSON.parse(readFileSync(new URL(`${name}/truth.json`, samples), 'utf8')) as Truth

for (const [name, scenario] of scenarios) {
  test(`samples/${name} is what the simulator makes of seed 1, byte for byte`, () => {
    const { world, layout, truth } = scenario(1)
    const made = new Map(dump(world, layout).map(([path, content]) => [storedAs(path, content), content]))
    const kept = stored(name)
    assert.deepEqual([...kept.keys()].sort(), [...made.keys()].sort())
    for (const [path, content] of made)
      assert.ok(kept.get(path) === content, `${path} differs: npx tsx simulator/cli.ts ${name} --seed 1 --out samples/${name}`)
    assert.deepEqual(truthOf(name), truth)
  })

  test(`${name} tells the same story with other names and times for another seed`, () => {
    const one = truthOf(name)
    const { truth: other, world } = scenario(2)
    assert.ok(world.nodes.every((node) => !JSON.stringify(one).includes(node.name)))
    assert.deepEqual(
      other.steps.map(({ id, kinds }) => ({ id, kinds })),
      one.steps.map(({ id, kinds }) => ({ id, kinds })),
    )
    assert.deepEqual(other.edges, one.edges)
  })
}
