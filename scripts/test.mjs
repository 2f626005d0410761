// npm test: every *.test.ts, on this Node or on another one.
//   npm test -- parsers/kubelet              only the files whose path holds one of the words
//   npm test -- --node 26                    on another Node, fetched by npx
//   npm test -- --shifted-clock              five years from now
// TZ, LANG and the like reach the tests as they are.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = new URL('../', import.meta.url)
const { values, positionals } = parseArgs({ options: { node: { type: 'string' }, 'shifted-clock': { type: 'boolean' } }, allowPositionals: true })

const files = ['parsers', 'src', 'simulator', 'evaluation', 'test']
  .flatMap((dir) => readdirSync(new URL(dir, root), { recursive: true }).map((name) => `${dir}/${name.replaceAll('\\', '/')}`))
  .filter((name) => name.endsWith('.test.ts') && (positionals.length === 0 || positionals.some((word) => name.includes(word))))
  .sort()
if (files.length === 0) {
  console.error(`no test file has ${positionals.join(' or ')} in its path`)
  process.exit(2)
}

const env = { ...process.env }
delete env.NODE_TEST_CONTEXT // set when these tests are run by a test: the inner runner would print its machine format
// A machine's own certificates: Node reads all of them at each start, which takes as long as the start itself; no test asks anything of the network.
delete env.NODE_EXTRA_CA_CERTS
if (values['shifted-clock']) env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --import=${new URL('scripts/shifted-clock.mjs', root).href}`.trim()

const nodePath = (version) => {
  const { status, stdout, stderr } = spawnSync('npx', ['-y', '-p', `node@${version}`, '--', 'node', '-p', 'process.execPath'], {
    encoding: 'utf8',
    cwd: root,
    shell: process.platform === 'win32',
  })
  if (status === 0) return stdout.trim()
  console.error(`node ${version} is not to be had from the registry: ${stderr.trim().split('\n').at(-1)}`)
  process.exit(3)
}

const node = values.node ? nodePath(values.node) : process.execPath

// Those that run what is shipped (test/program.ts) find it built: two of them that build it at once would be in each other's way.
if (files.some((name) => readFileSync(new URL(name, root), 'utf8').includes("/program.js'")))
  spawnSync(node, ['scripts/build.mjs'], { cwd: root, env, stdio: ['ignore', 2, 2] })

/** Files of modules' own tests that share a process: to load what they test takes longer than the tests. Those of whole programs have one each. */
const TOGETHER = 16
const shared = files.filter((name) => /^(?:parsers|src)\//.test(name))
const folder = mkdtempSync(join(tmpdir(), 'faultline-tests-'))
const runs = files.filter((name) => !shared.includes(name))
for (let at = 0; at < shared.length; at += TOGETHER) {
  const group = join(folder, `${String(at).padStart(3, '0')}.test.mjs`)
  const some = shared.slice(at, at + TOGETHER)
  writeFileSync(group, some.map((name) => `import ${JSON.stringify(new URL(name, root).href)}\n`).join(''))
  runs.push(group)
}

const reporter = process.stdout.isTTY ? 'spec' : new URL('scripts/reporter.mjs', root).href
const { status } = spawnSync(
  node,
  ['--import', 'tsx', '--test', `--test-concurrency=${availableParallelism()}`, '--test-reporter', reporter, '--test-reporter-destination', 'stdout', ...runs],
  {
    cwd: root,
    env,
    stdio: 'inherit',
  },
)
rmSync(folder, { recursive: true, force: true })
process.exit(status ?? 1)
