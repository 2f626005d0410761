/** The page's templates as a function: compiled by the build (scripts/precompile.mjs), or here where there was none or the templates are others by now. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join as path } from 'node:path'
import { fileURLToPath } from 'node:url'
import type Handlebars from 'handlebars'
import type { Role } from '../model/vocabulary.js'
import { inlineGlyph } from './glyphs.js'
import type { Markup } from './markup.js'

const require = createRequire(import.meta.url)
// The same library without its compiler, which costs as much again; it has no types of its own under this name.
const runtime = require('handlebars/runtime') as typeof Handlebars

export const COMPILER_OPTIONS = { strict: true, preventIndent: true } as const

/** templates/ stands beside src/ and, built, beside dist/. */
export const directory = (): string => {
  let at = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(path(at, 'templates', 'report.hbs'))) {
    const up = dirname(at)
    if (up === at) throw new Error('templates/report.hbs is missing beside the program')
    at = up
  }
  return path(at, 'templates')
}

const PAGE = 'report'
const PARTIALS = ['overview', 'verdict', 'incident', 'inputs', 'prompt', 'finding-list', 'finding-line', 'chain-words', 'quoted-lines', 'hashes'] as const

export const templateFiles = (): ReadonlyMap<string, string> => {
  const folder = directory()
  return new Map([PAGE, ...PARTIALS].map((name) => [name, readFileSync(path(folder, `${name}.hbs`), 'utf8')]))
}

export const templatesHash = (files: ReadonlyMap<string, string>): string =>
  createHash('sha256')
    .update(JSON.stringify([...files]))
    .digest('hex')

/** Only markup of our own making gets past the escaping. */
export const raw = (markup: Markup): Handlebars.SafeString => new runtime.SafeString(markup.markup)

let page: Handlebars.TemplateDelegate | undefined

export const pageTemplate = async (): Promise<Handlebars.TemplateDelegate> => (page ??= await compiled())

const compiled = async (): Promise<Handlebars.TemplateDelegate> => {
  const files = templateFiles()
  const prepared = await preparedTemplates(templatesHash(files))
  const handlebars = prepared === null ? (await import('handlebars')).default.create() : runtime.create()
  handlebars.registerHelper('glyph', (role: Role) => raw(inlineGlyph(role)))
  const compile = (name: string): Handlebars.TemplateDelegate => {
    const made = prepared?.[name]
    return made === undefined ? handlebars.compile(files.get(name) ?? '', COMPILER_OPTIONS) : handlebars.template(made)
  }
  for (const name of PARTIALS) handlebars.registerPartial(name, compile(name))
  return compile(PAGE)
}

interface Prepared {
  readonly madeOf: string
  readonly templates: Readonly<Record<string, TemplateSpecification>>
}

/** What the build made, as long as it is of the templates that are here now. */
const preparedTemplates = async (hash: string): Promise<Prepared['templates'] | null> => {
  const file = new URL('../templates.js', import.meta.url)
  if (!existsSync(file)) return null
  const prepared = (await import(file.href)) as Prepared // written by scripts/precompile.mjs
  return prepared.madeOf === hash ? prepared.templates : null
}
