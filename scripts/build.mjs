// Checks src/ and parsers/ and writes their types to dist/, bundles them there (bundle.mjs), prepares mechanisms/ and templates/ (precompile.mjs) and keeps V8's code of it
// all (keep-code.mjs), unless dist/ is newer than every source. TypeScript 7 is the fast one; 6 is there where 7 has no binary.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const built = new URL('dist/.built', root)
/** As CODE_OF in src/launch/load-chunk.ts, which this Node may not be able to read. */
const code = new URL(`dist/code/${process.versions.v8}-${process.arch}`, root)

const newest = (dir) =>
  Math.max(0, ...readdirSync(dir, { recursive: true, withFileTypes: true }).map((entry) => statSync(`${entry.parentPath ?? entry.path}/${entry.name}`).mtimeMs))

const SOURCES = ['src', 'parsers', 'mechanisms', 'templates']

const STEPS = ['scripts/bundle.mjs', 'scripts/precompile.mjs', 'scripts/keep-code.mjs']

const step = (file) => spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: root, stdio: ['ignore', 2, 2] }).status === 0

const sourcesChanged = () =>
  Math.max(
    ...SOURCES.map((folder) => newest(fileURLToPath(new URL(folder, root)))),
    ...['tsconfig.json', 'package.json', ...STEPS].map((file) => statSync(new URL(file, root)).mtimeMs),
  )

const compilers = ['node_modules/@typescript/native/bin/tsc', 'node_modules/typescript/bin/tsc6']

/** Returns false, after the compiler's own messages, when the sources do not compile. */
export const build = () => {
  const startedMs = Date.now()
  // Another Node may have built it: this one's code is added.
  if (existsSync(built) && statSync(built).mtimeMs > sourcesChanged()) return existsSync(code) || step('scripts/keep-code.mjs')
  rmSync(new URL('dist', root), { recursive: true, force: true })
  for (const compiler of compilers) {
    const run = spawnSync(process.execPath, [fileURLToPath(new URL(compiler, root)), '-p', 'tsconfig.build.json', '--pretty', 'false'], {
      cwd: root,
      encoding: 'utf8',
    })
    // A compiler that runs says what is wrong on stdout; one without a binary for this platform dies with a stack on stderr.
    if (run.status !== 0 && run.stdout.trim() === '' && compiler !== compilers.at(-1)) continue
    process.stderr.write(run.stdout + run.stderr)
    if (run.status !== 0) return false
    if (!STEPS.every(step)) return false
    writeFileSync(built, `${new Date(startedMs).toISOString()}\n`)
    return true
  }
  return false
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(build() ? 0 : 1)
