// The built-in mechanisms as JSON and the report's templates as functions, into dist/: a run then needs no parser of YAML, no schemas and no compiler of templates.
// Each says what it was made of; where that has changed since, the program reads the sources as it does when it runs from TypeScript.
import { writeFileSync } from 'node:fs'
import Handlebars from 'handlebars'

const dist = new URL('../dist/', import.meta.url)
const load = (name) => import(new URL(`src/${name}.js`, dist).href)

const { loadMechanisms } = await load('causes/load-mechanisms')
const { builtInFiles, hashOf } = await load('causes/built-in')
writeFileSync(new URL('mechanisms.json', dist), `${JSON.stringify({ madeOf: hashOf(builtInFiles()), mechanisms: loadMechanisms([]) })}\n`)

const { COMPILER_OPTIONS, templateFiles, templatesHash } = await load('report/templates')
const files = templateFiles()
const functions = [...files].map(([name, text]) => `${JSON.stringify(name)}: ${Handlebars.precompile(text, { ...COMPILER_OPTIONS })}`)
writeFileSync(
  new URL('templates.js', dist),
  `export const madeOf = ${JSON.stringify(templatesHash(files))}\nexport const templates = {${functions.join(',\n')}}\n`,
)
