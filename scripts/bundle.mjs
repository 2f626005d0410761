// Bundles what tsc would compile file by file into a few chunks of plain script, which src/launch/load-chunk.ts loads: modules cannot be given V8's code on Node 20.
// dist/src/{cli,index,extract-worker}.js are modules that load their chunk; everything else is loaded when it is needed first.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'

const root = fileURLToPath(new URL('../', import.meta.url))
const outdir = `${root}dist/src/`

const ENTRIES = { cli: 'src/cli.ts', index: 'src/index.ts', 'extract-worker': 'src/extract-worker.ts' }

/** Packages that start-up or the way from a dump to a report waits for. All others stay where they are installed. */
const BUNDLED = new Set(['commander', 'zod', 'yaml', '@date-fns/tz', 'chartjs-node-canvas', 'chart.js', 'chartjs-plugin-annotation'])

/** chartjs-node-canvas loads by name what it needs, anew for each of its makers of charts, of which we have one. The canvas is machine code and stays where it is. */
const charts = {
  name: 'charts',
  setup: ({ onLoad }) => {
    // The filter is read as one of Go, which has no 'u'.
    onLoad({ filter: /freshRequire\.js$/ }, () => ({
      contents: `const needed = { canvas: () => require('canvas'), 'chartjs-plugin-annotation': () => require('chartjs-plugin-annotation') }
exports.freshRequire = (name) => needed[name]()`,
    }))
  },
}

/** Packages that the sources require where they first need them: a chunk each. */
const REQUIRED = new Map([
  ['yaml', 'yaml'],
  ['handlebars/runtime', 'node_modules/handlebars/runtime.js'],
])
const chunkOf = (name) => `package-${name.replace(/\W/gu, '-')}`

const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

const NOT_ASCII = /[^\0-\x7f]/g

/** esbuild's module as an expression that V8 takes as a script: a function of the loader, which returns what is exported. */
const asScript = (path, text) => {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const edits = []
  const replace = (node, by) => edits.push({ from: node.getStart(file), to: node.end, by })
  const exported = []
  let waits = false
  const from = (specifier) => {
    const own = /^\.\/(.+)\.js$/u.exec(specifier)
    return own === null ? `require(${JSON.stringify(specifier)})` : `$load(${JSON.stringify(own[1])})`
  }
  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) {
      const { importClause, moduleSpecifier } = statement
      const value = from(moduleSpecifier.text)
      const { name, namedBindings } = importClause ?? {}
      const names = [
        ...(namedBindings !== undefined && ts.isNamespaceImport(namedBindings) ? [namedBindings.name.text] : []),
        // A default import is of CommonJS, whose whole export it is: the packages' own modules are bundled.
        ...(name === undefined ? [] : [name.text]),
        ...(namedBindings !== undefined && ts.isNamedImports(namedBindings)
          ? [`{ ${namedBindings.elements.map((one) => `${(one.propertyName ?? one.name).text}: ${one.name.text}`).join(', ')} }`]
          : []),
      ]
      replace(statement, names.length === 0 ? value : `const ${names.map((one) => `${one} = ${value}`).join(', ')}`)
    } else if (ts.isExportDeclaration(statement)) {
      for (const one of statement.exportClause.elements) exported.push(`${one.name.text}: ${(one.propertyName ?? one.name).text}`)
      replace(statement, '')
    } else if (ts.isExportAssignment(statement)) {
      exported.push('default: $default')
      edits.push({ from: statement.getStart(file), to: statement.expression.getStart(file), by: 'const $default = ' })
    }
  }
  const look = (node, inFunction) => {
    const [asked] = ts.isCallExpression(node) ? node.arguments : []
    // What createRequire(import.meta.url) gave, at once or by a name; esbuild's own __require is for what Node has.
    if (asked !== undefined && ts.isStringLiteral(asked) && REQUIRED.has(asked.text) && /^(?:createRequire|require\d*$)/u.test(node.expression.getText(file)))
      replace(node, `$load(${JSON.stringify(chunkOf(asked.text))}).default`)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [what] = node.arguments
      const own = ts.isStringLiteral(what) ? /^\.\/(.+)\.js$/u.exec(what.text) : null
      if (own === null) replace(node.expression, '$importLater')
      else replace(node, `$loadLater(${JSON.stringify(own[1])})`)
    }
    if (ts.isTaggedTemplateExpression(node) && node.getText(file).search(NOT_ASCII) >= 0)
      throw new Error(`${path}: ${node.getText(file)}: cannot be said in ASCII`)
    if (!inFunction && (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined))) waits = true
    ts.forEachChild(node, (child) => look(child, inFunction || ts.isFunctionLike(node)))
  }
  look(file, false)
  edits.sort((a, b) => b.from - a.from)
  let script = text.replace(/^#!.*/u, (line) => ' '.repeat(line.length))
  for (const { from: start, to, by } of edits) script = script.slice(0, start) + by + script.slice(to)
  // What esbuild leaves as it is stands in patterns and comments. ASCII alone can be read byte by byte, and takes a byte a letter in memory.
  script = script.replace(NOT_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `(${waits ? 'async ' : ''}function ($load, $loadLater, require, $importLater, $url) { 'use strict'\n${script}\nreturn { ${exported.join(', ')} }\n})\n`
}

const common = { absWorkingDir: root, bundle: true, format: 'esm', platform: 'node', target: 'node20', write: false, logLevel: 'warning' }

const { outputFiles, metafile } = await build({
  ...common,
  entryPoints: { ...ENTRIES, ...Object.fromEntries([...REQUIRED].map(([name, file]) => [chunkOf(name), file])) },
  splitting: true,
  plugins: [charts],
  outdir,
  metafile: true,
  external: Object.keys(dependencies).filter((name) => !BUNDLED.has(name)),
  define: { 'import.meta.url': '$url' },
})
for (const { path, text } of outputFiles) {
  const script = asScript(path, text)
  writeFileSync(path.replace(/\.js$/u, '.chunk'), script)
}

for (const name of Object.keys(ENTRIES)) {
  const { exports } = metafile.outputs[`dist/src/${name}.js`]
  const given = exports.length === 0 ? '' : `export const { ${exports.join(', ')} } = `
  const [stub] = (
    await build({
      ...common,
      stdin: {
        contents: `import { chunksIn } from './load-chunk.js'\n${given}await chunksIn(new URL('./', import.meta.url))('${name}')\n`,
        resolveDir: `${root}src/launch`,
        loader: 'ts',
      },
      outfile: `${outdir}${name}.js`,
    })
  ).outputFiles
  writeFileSync(`${outdir}${name}.js`, `${name === 'cli' ? '#!/usr/bin/env node\n' : ''}${stub.text}`, { mode: 0o755 })
}
