// npx tsx scripts/schemas.ts: writes schemas/ anew; a test sees to it that this was not forgotten.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { schemas } from '../src/schemas/all.js'

const folder = fileURLToPath(new URL('../schemas/', import.meta.url))
mkdirSync(folder, { recursive: true })
for (const [name, content] of schemas()) writeFileSync(`${folder}${name}`, content)
