// The built-in mechanisms as JSON and the report's templates as functions, into dist/: a run then needs no parser of YAML, no schemas and no compiler of templates.
// Each says what it was made of; where that has changed since, the program reads the sources as it does when it runs from TypeScript.
import { writeFileSync } from 'node:fs'
import Handlebars from 'handlebars'
import { builtInFiles, hashOf } from '../src/causes/built-in.ts'
import { loadMechanisms } from '../src/causes/load-mechanisms.ts'
import { COMPILER_OPTIONS, templateFiles, templatesHash } from '../src/report/templates.ts'

const dist = new URL('../dist/', import.meta.url)

writeFileSync(new URL('mechanisms.json', dist), `${JSON.stringify({ madeOf: hashOf(builtInFiles()), mechanisms: loadMechanisms([]) })}\n`)

const files = templateFiles()
const functions = [...files].map(([name, text]) => `${JSON.stringify(name)}: ${Handlebars.precompile(text, { ...COMPILER_OPTIONS })}`)
writeFileSync(
  new URL('templates.js', dist),
  `export const madeOf = ${JSON.stringify(templatesHash(files))}\nexport const templates = {${functions.join(',\n')}}\n`,
)
