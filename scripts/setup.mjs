// Installs what the lock file names, when it is newer than what is installed: the README's commands need nothing before them.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

const changed = (path) => statSync(new URL(`../${path}`, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0
if (changed('package-lock.json') > changed('node_modules/.package-lock.json')) {
  const { status } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  process.exit(status ?? 1)
}
