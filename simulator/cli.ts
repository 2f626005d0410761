/** npx tsx simulator/cli.ts <scenario> --seed 1 --out <dir>: writes <dir>/dump/ and <dir>/truth.json. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { dump, storedAs } from './emit/dump.js'
import { scenarios as stories } from './scenarios/index.js'
import { quietScenarios } from './scenarios/quiet.js'

const scenarios = new Map([...stories, ...quietScenarios])
const { values, positionals } = parseArgs({ options: { seed: { type: 'string', default: '1' }, out: { type: 'string' } }, allowPositionals: true })
const scenario = scenarios.get(positionals[0] ?? '')
if (!scenario || values.out === undefined || !/^\d+$/.test(values.seed)) {
  console.error(`usage: simulator/cli.ts <${[...scenarios.keys()].join('|')}> [--seed <number>] --out <directory>`)
  process.exit(2)
}

const { world, layout, truth } = scenario(Number(values.seed))
const write = (path: string, content: string | Buffer): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}
rmSync(join(values.out, 'dump'), { recursive: true, force: true })
for (const [path, content] of dump(world, layout)) {
  const stored = storedAs(path, content)
  write(join(values.out, 'dump', stored), stored === path ? content : gzipSync(content, { level: 9 }))
}
write(join(values.out, 'truth.json'), `${JSON.stringify(truth, null, 2)}\n`)
