// npm run check: types (under both compilers), lint, format, unused code, direction of dependencies. One line each; the output only of what fails.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const CODE = ['src', 'parsers', 'test', 'simulator', 'evaluation', 'scripts', 'bench', '*.mjs', '*.cjs', '*.js'].map((path) =>
  path.includes('*') ? path : `${path}/**/*.{ts,mjs}`,
)

const checks = [
  ['types, TypeScript 7', '@typescript/native/bin/tsc', '-p', 'tsconfig.json'],
  ['types, TypeScript 6', 'typescript/bin/tsc6', '-p', 'tsconfig.json'],
  ['lint', 'eslint/bin/eslint.js', '--max-warnings', '0', '.'],
  ['format', 'prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '--no-error-on-unmatched-pattern', ...CODE],
  ['unused code', 'knip/bin/knip.js', '--no-progress'],
  [
    'direction of dependencies',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'src',
    'parsers',
    'simulator',
    'evaluation',
  ],
]

const run = ([name, bin, ...args]) =>
  new Promise((resolve) => {
    const started = performance.now()
    const child = spawn(process.execPath, [`${root}node_modules/${bin}`, ...args], { cwd: root })
    const output = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    child.on('close', (status) => {
      if (status !== 0) process.stdout.write(Buffer.concat(output))
      console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(26)} ${((performance.now() - started) / 1000).toFixed(1)} s`)
      resolve(status === 0)
    })
  })

const words = process.argv.slice(2)
const waiting = checks.filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)))
// Lint takes as long as the others together: it runs beside them, on a core of its own.
const inTurn = async (some) => {
  const results = []
  for (const check of some) results.push(await run(check))
  return results
}
const isLint = ([name]) => name === 'lint'
const results = (await Promise.all([inTurn(waiting.filter(isLint)), inTurn(waiting.filter((check) => !isLint(check)))])).flat()
process.exit(results.every(Boolean) ? 0 : 1)
