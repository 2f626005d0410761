// npm run demo: builds when needed, analyses the sample and says where the report is.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'

if (!build()) process.exit(1)

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const report = path('faultline-report.html')
const started = performance.now()
const { status } = spawnSync(process.execPath, [path('dist/src/cli.js'), 'analyze', path('samples/cascade/dump'), '-o', report], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
console.error(`Analysed samples/cascade/dump in ${((performance.now() - started) / 1000).toFixed(1)} s`)
console.log(`Report: ${report}`)
