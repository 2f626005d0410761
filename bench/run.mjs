// npm run bench: what a byte costs, beside the alternatives that are installed, whole processes, several times in turn.
//   npm run bench -- --size 256M --rounds 3 --only klog,postgres-stderr --write
// The figures of one run are compared with each other only: machines differ, and so does what else they do.
import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, existsSync, linkSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { build } from '../scripts/build.mjs'
import { installed, measure, median } from './measure.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const shared = fileURLToPath(new URL('../../shared/bench/', import.meta.url))
const data = join(root, 'tmp', 'bench')

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: '256M' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})

/** An input: the bench's own format, and where a richer generator lies beside the project, that one's name and format. */
const inputs = {
  klog: { is: 'kubelet log', richer: ['gen-kubelet.mjs', 'bare'] },
  journald: { is: 'the same in a journal (short)', richer: ['gen-kubelet.mjs', 'journald'] },
  'journald-json': { is: 'the same in a journal (JSON)' },
  distinct: { is: 'all errors, all distinct' },
  'postgres-stderr': { is: 'Postgres stderr', richer: ['gen-postgres.mjs', 'stderr'] },
  'postgres-csv': { is: 'Postgres csvlog', richer: ['gen-postgres.mjs', 'csv'] },
  'events-list': { is: 'events, one List', richer: ['gen-events.mjs', 'list'] },
  'events-lines': { is: 'events, JSON lines', richer: ['gen-events.mjs', 'jsonl'] },
  'query-range': { is: 'query_range', richer: ['gen-prom.mjs', 'range'] },
  'tsdb-dump': { is: 'promtool tsdb dump', richer: ['gen-prom.mjs', 'dump'] },
}

/** Those a dump has beside each other. */
const MIXED = Object.keys(inputs).filter((name) => name !== 'distinct' && name !== 'postgres-csv')

const cli = join(root, 'dist/src/cli.js')
const faultline = (file) => [process.execPath, cli, 'extract', '--quiet', '--jobs', '1', '-o', join(tmpdir(), 'faultline-bench.extract'), file]
const inspect = (file) => [process.execPath, cli, 'inspect', '--quiet', file]
const walk = (file) => [process.execPath, join(root, 'bench/walk.mjs'), file]
const wc = { name: 'wc -l', needs: 'wc', command: (file) => ['wc', '-l', file] }
const rg = { name: 'rg -c error', needs: 'rg', command: (file) => ['rg', '-c', 'error', file] }
// An index of everything, and one question to it. Slower programs get a shorter input: `share` of it.
const lnav = { name: 'lnav', needs: 'lnav', share: 0.25, command: (file) => ['lnav', '-n', '-N', '-c', ';SELECT count(*) FROM all_logs', file] }
const pgbadger = (format, ...only) => ({
  name: `pgbadger${only.length > 0 ? ', errors only' : ''}`,
  needs: 'pgbadger',
  share: 0.03,
  command: (file) => ['pgbadger', '-q', '-f', format, ...only, '-o', join(tmpdir(), 'faultline-bench.pgbadger.txt'), file],
})
const jq = (filter) => ({ name: 'jq', needs: 'jq', share: 0.25, command: (file) => ['jq', '-c', filter, file] })

const FIELDS = '[.lastTimestamp,.reason,.involvedObject.name,.message]'
const peers = {
  klog: [wc, rg, lnav],
  journald: [wc, lnav],
  'journald-json': [wc, jq('[.__REALTIME_TIMESTAMP,.MESSAGE]')],
  distinct: [wc],
  'postgres-stderr': [wc, lnav, pgbadger('stderr'), pgbadger('stderr', '-w')],
  'postgres-csv': [wc, pgbadger('csv'), pgbadger('csv', '-w')],
  'events-list': [wc, jq(`.items[]|${FIELDS}`)],
  'events-lines': [wc, jq(FIELDS)],
  'query-range': [wc, jq('.data.result[]|[.metric.__name__,(.values|length)]')],
  'tsdb-dump': [wc],
}

const bytesOf = (size) => Number.parseFloat(size) * { K: 1e3, M: 1e6, G: 1e9 }[size.at(-1)]
const sizeOf = (share) => `${Math.max(1, Math.round((bytesOf(options.size) * share) / 1e6))}M`

/** The file of an input of that size, made once. */
const fileOf = (name, size) => {
  const richer = existsSync(shared) ? inputs[name].richer : undefined
  const file = join(data, `${name}${richer ? '-richer' : ''}-${size}.${name.endsWith('csv') ? 'csv' : 'log'}`)
  if (existsSync(file)) return file
  mkdirSync(data, { recursive: true })
  const [script, format] = richer ? [join(shared, richer[0]), richer[1]] : [join(root, 'bench/inputs.mjs'), name]
  const made = spawnSync(process.execPath, [script, '--fmt', format, '--size', size, '--out', `${file}.partial`], { stdio: 'inherit' })
  if (made.status !== 0) throw new Error(`${script} failed`)
  renameSync(`${file}.partial`, file)
  return file
}

const gzipped = async (file) => {
  if (!existsSync(`${file}.gz`)) {
    await pipeline(createReadStream(file), createGzip({ level: 6 }), createWriteStream(`${file}.gz.partial`))
    renameSync(`${file}.gz.partial`, `${file}.gz`)
  }
  return `${file}.gz`
}

if (!build()) process.exit(1)
const wanted = options.only === '' ? Object.keys(inputs) : options.only.split(',')
const rounds = Number(options.rounds)
const hasExtract = /^\s*extract /mu.test(spawnSync(process.execPath, [cli, '--help'], { encoding: 'utf8' }).stdout)
const command = hasExtract ? faultline : inspect

const variantsOf = async (name) => {
  const file = fileOf(name, sizeOf(1))
  const variants = [
    { name: 'faultline', file, command },
    { name: 'Node, every byte', file, command: walk },
  ]
  for (const peer of peers[name]) if (installed(peer.needs)) variants.push({ ...peer, file: fileOf(name, sizeOf(peer.share ?? 1)) })
  if (name === 'klog') variants.push({ name: 'faultline, gzip', file: await gzipped(file), bytes: statSync(file).size, command })
  return variants.map((variant) => ({ ...variant, bytes: variant.bytes ?? statSync(variant.file).size, runs: [] }))
}

const number = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(2))
const rows = []
for (const name of wanted) {
  const variants = await variantsOf(name)
  // Whoever comes first would pay for the disk.
  for (const file of new Set(variants.map((variant) => variant.file))) spawnSync('cat', [file], { stdio: 'ignore' })
  for (let round = 0; round < rounds; round++) for (const variant of variants) variant.runs.push(measure(variant.command(variant.file)))
  const rates = variants.map(({ runs, bytes }) => runs.map(({ cpu }) => bytes / 1e6 / cpu))
  for (const [index, { name: variant, runs, bytes }] of variants.entries()) {
    // A ratio is of one round; what disturbed it disturbed both.
    const ratio = index === 0 ? NaN : median(rates[0].map((rate, round) => rate / rates[index][round]))
    const rss = median(runs.map((run) => run.rss))
    rows.push({ name, variant, mb: bytes / 1e6, rate: median(rates[index]), ratio, rss })
    const said = `${name.padEnd(16)} ${variant.padEnd(24)} ${number(bytes / 1e6).padStart(6)} MB  ${number(median(rates[index])).padStart(6)} MB per CPU second  ${number(rss).padStart(6)} MB peak`
    console.log(Number.isNaN(ratio) ? said : `${said}  faultline is ${number(ratio)} times as fast`)
  }
}

// A dump of all of them: how much memory a whole analysis takes, alone and with two threads that read.
const mixed = () => {
  const folder = join(data, `mixed-${options.size}`)
  mkdirSync(folder, { recursive: true })
  for (const name of MIXED) {
    const file = fileOf(name, sizeOf(1))
    if (!existsSync(join(folder, basename(file)))) linkSync(file, join(folder, basename(file)))
  }
  return [1, 2].map((jobs) => {
    const { cpu, wall, rss } = measure([
      process.execPath,
      cli,
      'analyze',
      '--quiet',
      '--jobs',
      String(jobs),
      '-o',
      join(tmpdir(), 'faultline-bench.html'),
      folder,
    ])
    return `${MIXED.length} inputs of ${options.size} in one dump, analyze --jobs ${jobs}: ${cpu.toFixed(1)} CPU seconds, ${wall.toFixed(1)} s, ${number(rss)} MB peak`
  })
}
const whole = options.only === '' ? mixed() : []
if (whole.length > 0) console.log(whole.join('\n'))

// Start-up alone: what every command pays before it does anything.
const startUps = Array.from({ length: rounds * 3 }, () => [measure([process.execPath, cli, '--version']), measure([process.execPath, '-e', '0'])])
const startUp = median(startUps.map(([ours]) => ours.wall)) * 1000
const bareNode = median(startUps.map(([, bare]) => bare.wall)) * 1000
// Reasoning alone: four times the findings, how many times the CPU.
const curve = options.only === '' ? spawnSync(process.execPath, [join(root, 'bench/correlator.mjs')], { encoding: 'utf8' }).stdout.trim() : ''
if (curve !== '') console.log(curve)
console.log(`start-up: ${number(startUp)} ms (node alone: ${number(bareNode)} ms)`)

if (options.write) {
  const table = rows.map(({ name, variant, mb, rate, ratio, rss }) => {
    const times = Number.isNaN(ratio) ? '' : `${number(ratio)}×`
    return `| ${variant === 'faultline' ? inputs[name].is : ''} | ${variant} | ${number(mb)} | ${number(rate)} | ${times} | ${Number.isNaN(rss) ? '' : rss.toFixed(0)} |`
  })
  const page = join(root, 'bench/README.md')
  const [before] = readFileSync(page, 'utf8').split('<!-- figures -->')
  const figures = [
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores (others at work on them), Node ${process.versions.node}, medians of ${rounds} rounds, ${hasExtract ? 'faultline extract --jobs 1' : 'faultline inspect'}.`,
    '',
    '| input | program | MB | MB per CPU second | faultline is | peak MB |',
    '|---|---|---|---|---|---|',
    ...table,
    '',
    ...(curve === '' ? [] : ['```', curve, '```', '']),
    ...(whole.length === 0 ? [] : ['```', ...whole, '```', '']),
    `\`faultline --version\`: ${number(startUp)} ms; \`node -e 0\`: ${number(bareNode)} ms.`,
    '',
  ]
  writeFileSync(page, `${before}<!-- figures -->\n\n${figures.join('\n')}`)
}
