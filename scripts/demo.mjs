// npm run demo: builds when needed and analyses the sample; the last lines are faultline's own: what happened, why, and where the report is.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'

if (!build()) process.exit(1)

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const { status } = spawnSync(process.execPath, [path('dist/src/cli.js'), 'analyze', path('samples/cascade/dump'), '-o', path('faultline-report.html')], {
  stdio: 'inherit',
})
process.exit(status ?? 1)
