// Runs whole processes and says what they cost: CPU seconds (user and system, children included), wall seconds, peak memory.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const GNU_TIME = ['/usr/bin/time', '/usr/local/bin/gtime', '/opt/homebrew/bin/gtime'].find((path) => existsSync(path))
const report = join(mkdtempSync(join(tmpdir(), 'faultline-bench-')), 'time')

export const installed = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** { cpu, wall, rss }: seconds (to a hundredth, not less), seconds, MB (NaN without GNU time). Throws where the command fails. */
export const measure = (command, env = {}) => {
  // Shells know CPU times, only GNU time knows the peak.
  const timed = GNU_TIME
    ? [GNU_TIME, '-o', report, '-f', '%U %S %e %M', ...command]
    : ['bash', '-c', `TIMEFORMAT='%U %S %R NaN'; time "$@" 2>&3`, 'bash', ...command]
  const options = {
    // Where it is set, each start of Node reads a machine's certificates, which takes longer than all else that a start does.
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...env },
    maxBuffer: 1 << 28,
    stdio: GNU_TIME ? ['ignore', 'ignore', 'pipe'] : ['ignore', 'ignore', 'pipe', 'ignore'],
  }
  const run = spawnSync(timed[0], timed.slice(1), options)
  if (run.status !== 0) throw new Error(`${command.join(' ')}: exit ${run.status ?? run.signal}\n${run.stderr?.toString().slice(-2000) ?? ''}`)
  const said = GNU_TIME ? readFileSync(report, 'utf8') : run.stderr.toString()
  const [user, system, wall, kilobytes] = said.trim().split('\n').at(-1).split(' ').map(Number)
  return { cpu: Math.max(0.01, user + system), wall, rss: kilobytes / 1024 }
}
