/** The command line: exit codes, messages, and what is written, as the contract says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Analysis } from '../src/model/analysis.js'
import { folderWith } from './files.js'
import { program } from './program.js'

const faultline = program()

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const run = (args: readonly string[], cwd: string): Ran => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [faultline, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+\)?$/mu, 'a stack trace')
  return { status, stdout, stderr }
}

const LOG = Array.from(
  { length: 50 },
  (_, second) => `2026-11-21T08:18:${String(second).padStart(2, '0')}Z level=info app=orders msg="job ${second} done"\n`,
).join('')

/** A pod that is killed at its limit, loops and leaves its workload without a replica. */
const incident = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    ['OOMKilling', 0, 'Memory cgroup out of memory: Killed process 7 (web)'],
    ['BackOff', 20, 'Back-off restarting failed container app in pod web-7d9c5b8f6d-x2x4z_shop(1)'],
    ['Unhealthy', 30, 'Readiness probe failed: dial tcp 10.1.0.7:8080: connect: connection refused'],
  ].map(([reason, second, message]) => ({
    kind: 'Event',
    metadata: { name: `web.${String(reason)}`, namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-7d9c5b8f6d-x2x4z' },
    reason,
    message,
    type: 'Warning',
    count: 9,
    firstTimestamp: new Date(Date.UTC(2026, 10, 21, 8, 18, Number(second))).toISOString(),
    lastTimestamp: new Date(Date.UTC(2026, 10, 21, 8, 25, Number(second))).toISOString(),
  })),
})

const analysisOf = (text: string): Analysis => JSON.parse(text) as Analysis // what the command prints by contract

test('an incident: exit 0, with --fail-on-incident 1; files are written whole and nothing is left beside them', async (t) => {
  const folder = await folderWith(t, { 'dump/events.json': incident })
  const told = run(['analyze', 'dump', '--json', 'out.json', '--markdown', 'out.md', '-o', 'out.html', '--fail-on-incident'], folder)
  assert.equal(told.status, 1)
  assert.equal(told.stdout, '')
  assert.match(told.stderr, /^What +\S/mu)
  assert.deepEqual(readdirSync(folder).sort(), ['dump', 'out-evidence.md', 'out-pictures', 'out.html', 'out.json', 'out.md'])
  const markdown = readFileSync(join(folder, 'out.md'), 'utf8')
  const pictures = [...markdown.matchAll(/!\[[^\]]*\]\(([^)]*)\)/gu)].map((match) => match[1] ?? '')
  assert.deepEqual(pictures.map((path) => path.replace('out-pictures/', '')).sort(), readdirSync(join(folder, 'out-pictures')).sort())
  assert.equal(analysisOf(readFileSync(join(folder, 'out.json'), 'utf8')).incidents.length, 1)
  assert.match(readFileSync(join(folder, 'out.html'), 'utf8'), /<\/html>\s*$/u)
  assert.match(readFileSync(join(folder, 'out.md'), 'utf8'), /^# /mu)
})

test('--redact: no name of the dump in what is written, and who is who in a file that only its owner can read', async (t) => {
  const folder = await folderWith(t, { 'dump/events.json': incident.replaceAll('shop', 'umbrella') })
  const { status, stderr } = run(['analyze', 'dump', '--json', 'out.json', '--markdown', 'out.md', '-o', 'out.html', '--redact', '--verbose'], folder)
  assert.equal(status, 0, stderr)
  for (const said of [stderr, ...['out.json', 'out.md', 'out-evidence.md', 'out.html'].map((file) => readFileSync(join(folder, file), 'utf8'))])
    assert.doesNotMatch(said.replace(/data:image[^"]*/gu, ''), /umbrella|7d9c5b8f6d|10\.1\.0\.7/u)
  const map = join(folder, 'out.html.redaction-map.json')
  assert.equal(statSync(map).mode & 0o777, 0o600)
  assert.ok(Object.values(JSON.parse(readFileSync(map, 'utf8')) as Record<string, string>).includes('umbrella')) // what the command writes by contract
})

test("'-' for the analysis: stdout carries only JSON, and no report is written unless asked for", async (t) => {
  const folder = await folderWith(t, { 'dump/events.json': incident })
  const { status, stdout, stderr } = run(
    ['analyze', 'dump', '--json', '-', '--verbose', '--timezone', '*.log=Europe/Berlin', '--timezone', 'Asia/Tokyo', '--year', '2026'],
    folder,
  )
  assert.equal(status, 0, stderr)
  assert.equal(analysisOf(stdout).schema, 'faultline/analysis@1')
  assert.deepEqual(readdirSync(folder), ['dump'])
})

test('a path that is not there: exit 3, a message that names it without what would steer a terminal, and the rest analysed into a report', async (t) => {
  const folder = await folderWith(t, { 'a.log': LOG })
  const { status, stderr } = run(['analyze', 'nothing\u001b[2J.log', 'a.log', '--json', 'out.json', '-o', 'out.html', '--quiet'], folder)
  assert.equal(status, 3)
  assert.equal(stderr, 'faultline: nothing?[2J.log: there is no such file or folder\n')
  assert.deepEqual(
    analysisOf(readFileSync(join(folder, 'out.json'), 'utf8')).inputs.map(({ path, records }) => [path, records]),
    [['a.log', 50]],
  )
  assert.ok(existsSync(join(folder, 'out.html')))
})

/** Hostile files, each with what its input says. */
const HOSTILE: Readonly<
  Record<string, { readonly content: string | Buffer; readonly format?: string; readonly records: number; readonly warning: RegExp | null }>
> = {
  'binary.bin': { content: Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * 7919) % 256)), format: 'unknown', records: 0, warning: /binary data/ },
  'bom.log': { content: `\ufeff${LOG}`, records: 50, warning: null },
  'crlf.log': { content: LOG.replaceAll('\n', '\r\n'), records: 50, warning: null },
  'cut.log.gz': { content: gzipSync(LOG.repeat(500)).subarray(0, -200), records: -1, warning: /reading stopped: the gzip data end too early/ },
  'empty.log': { content: '', format: 'empty', records: 0, warning: /the file is empty/ },
  'half.json': { content: incident.slice(0, incident.length / 2), records: -1, warning: /./ },
  'invalid-utf8.log': {
    content: Buffer.concat([Buffer.from(LOG.slice(0, -1)), Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from('\n')]),
    records: 50,
    warning: null,
  },
  'long-line.log': { content: `${LOG}${LOG.slice(0, 60)}${'x'.repeat(5 << 20)}\n`, records: 51, warning: /line longer than 1 MiB was cut/ },
  'prose.txt': { content: 'lorem ipsum\ndolor sit amet\n', format: 'unknown', records: 0, warning: /2 lines were not understood, first line 1/ },
}

test('hostile files are analysed without a stack trace, each listed with what was odd about it', async (t) => {
  const folder = await folderWith(t, Object.fromEntries(Object.entries(HOSTILE).map(([name, { content }]) => [`dump/${name}`, content])))
  const { status, stdout, stderr } = run(['analyze', 'dump', '--json', '-', '--quiet'], folder)
  assert.deepEqual([status, stderr], [0, ''])
  const { inputs } = analysisOf(stdout)
  assert.deepEqual(
    inputs.map(({ path }) => path),
    Object.keys(HOSTILE).map((name) => `dump/${name}`),
  )
  for (const input of inputs) {
    const expected = HOSTILE[input.path.slice('dump/'.length)]!
    if (expected.format !== undefined) assert.equal(input.format, expected.format, input.path)
    if (expected.records >= 0) assert.equal(input.records, expected.records, input.path)
    if (expected.warning === null) assert.deepEqual(input.warnings, [], input.path)
    else assert.match(input.warnings.join('\n'), expected.warning, input.path)
  }
})

test('"nothing was wrong" and "nothing could be read" are told apart', async (t) => {
  const folder = await folderWith(t, { 'calm/a.log': LOG, 'unread/prose.txt': 'lorem ipsum\ndolor sit amet\n' })
  const calm = run(['analyze', 'calm', '--markdown', '-'], folder)
  const unread = run(['analyze', 'unread', '--markdown', '-'], folder)
  assert.match(calm.stderr, /^What +No incident found/mu)
  assert.match(unread.stderr, /^What +Nothing could be read/mu)
  assert.match(calm.stdout, /No incident/iu)
  assert.match(unread.stdout, /Nothing could be read/iu)
  assert.deepEqual([calm.status, unread.status], [0, 0])
})

const BAD_RULE = '# mine\n\n- id: mine\n  cause: node.rebooted\n  effect: app.errors\n  where: nearby\n'

for (const [what, args, message] of [
  ['an unknown option', ['analyze', 'dump', '--bogus'], /unknown option '--bogus'/],
  ['an unknown command', ['analyse', 'dump'], /unknown command 'analyse'/],
  ['a zone that is none', ['analyze', 'dump', '--timezone', '*.log=Mars/Olympus'], /--timezone \*\.log=Mars\/Olympus: 'Mars\/Olympus' is no IANA zone/],
  ['a year that is none', ['analyze', 'dump', '--year', '26'], /expected a year such as 2026/],
  ['a mechanism that cannot be used', ['analyze', 'dump', '--mechanisms', 'mine.yaml'], /mine\.yaml:3: where: /],
  ['an output that cannot be written', ['analyze', 'dump', '--quiet', '--json', 'nowhere/out.json'], /nowhere\/out\.json: cannot be written/],
] as const) {
  test(`${what}: exit 2 with a message, and nothing written`, async (t) => {
    const folder = await folderWith(t, { 'dump/a.log': LOG, 'mine.yaml': BAD_RULE })
    const { status, stdout, stderr } = run(args, folder)
    assert.equal(status, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, message)
    assert.deepEqual(readdirSync(folder).sort(), ['dump', 'mine.yaml'])
  })
}

test('a reader that has seen enough is no error', { skip: process.platform === 'win32' ? 'there is no sh' : false }, async (t) => {
  const many = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`dump/${index}.txt`, 'lorem ipsum\n']))
  const folder = await folderWith(t, many)
  const command = `"${process.execPath}" "${faultline}" analyze dump --json - --quiet | head -c 10`
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' })
  assert.deepEqual([stdout.length, stderr], [10, ''])
})

test('inspect tells what each file is, from when to when, and what it could not read', async (t) => {
  const folder = await folderWith(t, { 'dump/events.json': incident, 'dump/odd.log': `${LOG}no time here\n` })
  const { status, stdout, stderr } = run(['inspect', 'dump', 'not-there.log'], folder)
  assert.equal(status, 3)
  assert.match(stdout, /^dump\/events\.json\nkubernetes-events +\d+ % .* 2026-11-21 08:18:00/mu)
  assert.match(stdout, /^dump\/odd\.log\ntext .* 08:18:\d\d/mu)
  assert.match(stderr, /not-there\.log: there is no such file/u)
  assert.deepEqual(
    (JSON.parse(run(['inspect', 'dump', '--json', '-', '--quiet'], folder).stdout) as Analysis['inputs']).map((input) => input.format), // what the command prints
    ['kubernetes-events', 'text'],
  )
})
