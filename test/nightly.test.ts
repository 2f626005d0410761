/** Night after night: what is new is told once, what was known keeps its name, and whatever happens to a run, the next one comes out the same. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { loadSignatures } from '../src/causes/load-mechanisms.js'
import { lock, openDatabase } from '../src/nightly/database.js'
import { version } from '../src/commands/common.js'
import { gather } from '../src/gather.js'
import { loadExtract } from '../src/nightly/ingest.js'
import { buildTimeline } from '../src/timeline/timeline.js'
import { nightly, type NightlyOptions } from '../src/nightly/nightly.js'
import type { Summary } from '../src/nightly/summary.js'
import { folderWith } from './files.js'
import { program } from './program.js'
import { day, killedPod, nightOf, outages, quiet, writeNight } from '../evaluation/month.js'

const root = fileURLToPath(new URL('../', import.meta.url))

interface Place {
  readonly archive: string
  readonly out: string
  readonly options: NightlyOptions
  /** What the runs said, as 'event path'. */
  readonly said: string[]
}

const place = async (t: TestContext): Promise<Place> => {
  const folder = await folderWith(t, {})
  const [archive, out] = [join(folder, 'archive'), join(folder, 'out')]
  mkdirSync(archive)
  const said: string[] = []
  const log: NightlyOptions['log'] = (event, fields) => said.push([event, fields['path'] ?? fields['reason'] ?? ''].join(' ').trim())
  const hooks = { command: null, url: null }
  return {
    archive,
    out,
    said,
    options: { archive, out, zones: [], year: null, mechanisms: [], version: 'test', keepExtractsDays: null, keepReportsDays: null, hooks, log },
  }
}

const summaryOf = (out: string): Summary => JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as Summary // as nightly wrote it

/** Every file that a user sees, and the extracts; not SQLite's own files, whose pages depend on their history. */
const contentOf = (out: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.includes('.db'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(out.length + 1), readFileSync(file, 'base64')]),
  )

const times = (out: string): readonly string[] =>
  readdirSync(out, { recursive: true }).map((name) => `${String(name)} ${String(statSync(join(out, String(name))).mtimeMs)}`)

test('a month of thirty nights and eight outages, of which two come back and one goes over midnight', async (t) => {
  const { archive, out, options } = await place(t)
  for (let number = 1; number <= 30; number++) {
    const { startMs, files } = nightOf(number)
    writeNight(archive, startMs, files)
    // On some of the mornings there is a look at it: what came before keeps its name.
    if (number === 3 || number === 9) await nightly(options)
  }
  await nightly(options)
  const { incidents, recurrences } = summaryOf(out)
  assert.deepEqual(
    incidents.map(({ start }) => Number(start.slice(8, 10))),
    [...outages.keys()],
  )
  const midnight = incidents.find(({ start }) => start.startsWith('2026-04-09'))
  assert.ok(midnight?.end?.startsWith('2026-04-10'), `${midnight?.start ?? ''} to ${midnight?.end ?? ''}`)
  assert.deepEqual(
    recurrences.map(({ incidents: ids }) => ids.map((id) => Number(id.slice(15, 17)))),
    [
      [3, 12, 23],
      [6, 27],
    ],
  )
  const third = incidents.find(({ start }) => start.startsWith('2026-04-23'))
  const page = readFileSync(join(out, third?.report ?? ''), 'utf8')
  assert.match(page, /Third time since 2026-04-03 that this happened \(the first was <a href="incident-20260403-/u)
  const index = readFileSync(join(out, 'index.html'), 'utf8')
  for (const { report } of incidents) {
    assert.ok(index.includes(`href="${report}"`))
    for (const ending of ['.html', '.md', '.evidence.md', '.json']) assert.ok(statSync(join(out, report.replace('.html', ending))).size > 0)
  }

  await t.test('a second run does no work and touches nothing', async () => {
    const before = times(out)
    const night = await nightly(options)
    assert.deepEqual([night?.filesRead, night?.fresh], [0, []])
    assert.deepEqual(times(out), before)
  })
})

test('a log that grows, is rotated, compressed and renamed is read for what is new in it, and nothing is told twice', async (t) => {
  const { archive, out, options, said } = await place(t)
  const log = join(archive, 'app.log')
  const lines = (from: number, to: number): string =>
    Array.from(
      { length: to - from },
      (_, index) => `${new Date(day(1, 8, 0) + (from + index) * 1000).toISOString()} level=info app=orders msg="job ${from + index} done"\n`,
    ).join('')
  const step = async (): Promise<readonly string[]> => {
    said.length = 0
    await nightly(options)
    return said.filter((line) => !line.startsWith('done'))
  }
  const records = async (): Promise<number> => {
    const { inputStates } = await import('../src/nightly/state.js')
    const { distinctInputs } = await import('../src/nightly/windows.js')
    const { loadExtract } = await import('../src/nightly/ingest.js')
    const database = openDatabase(join(out, 'state.db'))
    let sum = 0
    for (const { address, position } of distinctInputs(inputStates(database))) sum += (await loadExtract(out, address)).extracts[position]?.records ?? 0
    database.close()
    return sum
  }
  writeFileSync(log, lines(0, 100).slice(0, -20))
  assert.deepEqual(await step(), ['read app.log'])
  writeFileSync(log, lines(0, 200))
  assert.deepEqual(await step(), ['read app.log'])
  assert.equal(await records(), 200, 'the line that was half written is whole now')
  renameSync(log, `${log}.1`)
  writeFileSync(log, lines(200, 250))
  assert.deepEqual(await step(), ['read app.log', 'moved app.log.1'], 'rotated: the old one is not read again')
  assert.equal(await records(), 250)
  appendFileSync(log, lines(250, 300))
  writeFileSync(`${log}.2.gz`, gzipSync(readFileSync(`${log}.1`)))
  renameSync(log, `${log}.1`)
  writeFileSync(log, lines(300, 310))
  await step()
  assert.equal(await records(), 310, 'grown and rotated at once, the one before compressed')
  renameSync(`${log}.2.gz`, `${log}.3.gz`)
  assert.deepEqual(await step(), ['moved app.log.3.gz'])
  rmSync(`${log}.3.gz`)
  assert.deepEqual(await step(), [])
  assert.equal(await records(), 310, 'what is gone from the archive was read')
})

test('more data makes of an incident what it is, under the same id; data that goes on past midnight too', async (t) => {
  const { archive, out, options } = await place(t)
  writeNight(archive, day(5, 23, 45), killedPod(day(5, 23, 45), 'web', 600))
  const first = await nightly(options)
  const [before] = summaryOf(out).incidents
  assert.deepEqual(first?.fresh, [before?.id])
  writeNight(archive, day(6, 0, 0), killedPod(day(5, 23, 45), 'web'))
  const second = await nightly(options)
  const after = summaryOf(out).incidents
  assert.deepEqual([second?.fresh, after.map(({ id }) => id)], [[], [before?.id]])
  assert.notEqual(after[0]?.end, before?.end)
})

/** What a service answered, every 15 s: failures between two moments. */
const answers = (fromMs: number, toMs: number, failsFrom: number, failsTo: number): string => {
  const samples = ['200', '500'].flatMap((code) => {
    let count = 0
    return Array.from({ length: (toMs - fromMs) / 15_000 }, (_, index) => {
      const ms = fromMs + index * 15_000
      if ((ms >= failsFrom && ms < failsTo) === (code === '500')) count += 300
      return `{__name__="http_requests_total", code="${code}", job="acme-search", namespace="shop"} ${count} ${ms}\n`
    })
  })
  return samples.join('')
}

test('failures that nothing explains are told with the day on which they began, once, and without names where names are hidden', async (t) => {
  const { archive, out, options } = await place(t)
  writeNight(archive, day(2, 8, 0), quiet(day(2, 8, 0)))
  writeNight(archive, day(4, 23, 0), [['metrics.txt', answers(day(4, 23, 0), day(5, 1, 0), day(4, 23, 50), day(5, 0, 10))]])
  const night = await nightly(options)
  const { incidents, unexplained } = summaryOf(out)
  assert.equal(night?.unexplained, 1)
  assert.deepEqual([incidents, unexplained.map(({ start }) => start.slice(0, 13))], [[], ['2026-04-04T23']])
  assert.match(unexplained[0]?.told ?? '', /acme-search failed up to 100 %.*metrics\.txt/u)
  const index = readFileSync(join(out, 'index.html'), 'utf8')
  assert.match(index, /<h1>No incidents, one failure that nothing explains<\/h1>/u)
  assert.match(index, /<td class="felt"><a href="#unexplained"[^>]*2026-04-04: failures[^>]*>4<\/a>/u)
  assert.match(index, /<section id="unexplained">.*acme-search failed/su)
  assert.doesNotMatch(index, /Nothing was wrong/u)

  const hidden = join(out, '..', 'hidden')
  await nightly({ ...options, out: hidden, redact: { also: ['acme'], mapFile: join(out, '..', 'map.json') } })
  assert.equal(summaryOf(hidden).unexplained.length, 1)
  for (const file of ['index.html', 'summary.json']) assert.doesNotMatch(readFileSync(join(hidden, file), 'utf8'), /acme/iu)
})

test('two at once: the second one ends, and says so', async (t) => {
  const { archive, out, options } = await place(t)
  writeNight(archive, day(1, 8, 0), quiet(day(1, 8, 0)))
  await nightly(options)
  const release = lock(join(out, 'lock.db'))
  assert.equal(await nightly(options), null)
  release?.()
  assert.notEqual(await nightly(options), null)
})

test('a state that a later faultline wrote is left alone', async (t) => {
  const { out, options } = await place(t)
  await nightly(options)
  const database = openDatabase(join(out, 'state.db'))
  database.exec('pragma user_version = 99')
  database.close()
  await assert.rejects(nightly(options), /written by a later faultline/u)
})

test('a state that an earlier faultline wrote is brought up to date, and nothing is read again', async (t) => {
  const { archive, out, options } = await place(t)
  writeNight(archive, day(1, 8, 0), killedPod(day(1, 8, 0), 'web'))
  await nightly(options)
  const database = openDatabase(join(out, 'state.db'))
  database.exec('alter table files drop column signatures; alter table files drop column tag; pragma user_version = 1')
  database.close()
  const before = contentOf(out)
  assert.equal((await nightly(options))?.filesRead, 0)
  assert.deepEqual(contentOf(out), before)
})

test('what is older than it is to be kept goes, what cannot be read is told every night', async (t) => {
  const { archive, out, options, said } = await place(t)
  writeNight(archive, day(1, 8, 0), killedPod(day(1, 8, 0), 'web'))
  writeNight(archive, day(20, 8, 0), [['unread.zip', 'PK\u0003\u0004 …']])
  await nightly(options)
  rmSync(join(archive, '2026-04-01'), { recursive: true })
  writeNight(archive, day(21, 8, 0), quiet(day(21, 8, 0)))
  const kept = await nightly({ ...options, keepExtractsDays: 5 })
  assert.deepEqual([kept?.incidents, kept?.unreadable], [1, 1])
  assert.match(said.join('\n'), /unreadable 2026-04-20\/unread\.zip/u)
  assert.equal(readdirSync(join(out, 'extracts')).length, 2, 'the report stays, what it was made from does not')
  assert.equal((await nightly({ ...options, keepReportsDays: 5 }))?.incidents, 0)
  assert.deepEqual(readdirSync(join(out, 'incidents')), [])
})

test('a hook is told of each new incident once; what fails is told again by the next run', async (t) => {
  const { archive, out, options } = await place(t)
  const bodies: string[] = []
  let status = 500
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      bodies.push(body)
      response.writeHead(status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const heard = join(out, '../heard.ndjson')
  const hooks = { command: `cat >> '${heard}'`, url: `http://127.0.0.1:${port}/` }
  writeNight(archive, day(1, 8, 0), killedPod(day(1, 8, 0), 'web'))
  assert.equal((await nightly({ ...options, hooks }))?.hookFailures, 1)
  status = 200
  assert.equal((await nightly({ ...options, hooks }))?.hookFailures, 0)
  assert.equal((await nightly({ ...options, hooks }))?.hookFailures, 0)
  const told = bodies.map((body) => JSON.parse(body) as { schema: string; delivery: number; event: string; incident: { id: string } })
  assert.equal(told.length, 2)
  assert.deepEqual(told[0], told[1])
  assert.deepEqual([told[0]?.schema, told[0]?.event, told[0]?.incident.id], ['faultline/hook@1', 'incident.new', summaryOf(out).incidents[0]?.id])
  assert.equal(readFileSync(heard, 'utf8').trim().split('\n').length, 2)
})

const faultline = program()

const command = (archive: string, out: string, ...more: readonly string[]) =>
  spawn(process.execPath, [faultline, 'nightly', archive, '--out', out, ...more], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })

test('killed after any of its steps and started again, it loses nothing and comes out the same', async (t) => {
  const { archive, out, options } = await place(t)
  for (const number of [1, 2, 3]) writeNight(archive, day(number, 8, 0), number === 2 ? killedPod(day(number, 8, 0), 'web') : quiet(day(number, 8, 0)))
  const whole = join(out, '../whole')
  await nightly({ ...options, out: whole, version: version() })
  // Once after the first file that was read, once when the incident was told but not yet written; what is left by then is done by the third.
  for (const wanted of ['"event":"read"', '"event":"incident"']) {
    const child = command(archive, out, '--verbose', '--log-format', 'json')
    for await (const line of createInterface(child.stderr)) {
      assert.doesNotThrow(() => JSON.parse(line), line)
      if (!line.includes(wanted)) continue
      child.kill('SIGKILL')
      break
    }
    await once(child, 'close')
  }
  writeFileSync(join(out, 'incidents/incident-20260402-080000-half.html.partial'), 'what a killed write leaves')
  writeFileSync(join(out, 'extracts/abc.extract.partial'), 'the same')
  const metrics = join(out, '../metrics.prom')
  const last = command(archive, out, '--quiet', '--metrics-file', metrics, '--fail-on-incident')
  assert.ok([0, 1].includes(((await once(last, 'close')) as [number])[0]))
  assert.deepEqual(contentOf(out), contentOf(whole))
  assert.match(readFileSync(metrics, 'utf8'), /^faultline_nightly_last_run_success 1$/mu)
  assert.match(readFileSync(metrics, 'utf8'), /^faultline_nightly_incidents 1$/mu)
})

test('with --redact no name is told, and one that was told keeps its pseudonym on other nights', async (t) => {
  const { archive, out, options } = await place(t)
  const heard = join(out, '../heard.ndjson')
  const mapFile = join(out, 'redaction-map.json')
  const redacting = { ...options, redact: { also: ['acme'], mapFile }, hooks: { command: `cat >> '${heard}'`, url: null } }
  const mapNow = (): Readonly<Record<string, string>> => JSON.parse(readFileSync(mapFile, 'utf8')) as Record<string, string> // as nightly wrote it
  writeNight(archive, day(2, 8, 0), killedPod(day(2, 8, 0), 'ledger'))
  await nightly(redacting)
  const first = mapNow()
  const before = readdirSync(join(out, 'incidents')).sort()
  writeNight(archive, day(9, 8, 0), killedPod(day(9, 8, 0), 'acme-billing'))
  writeNight(archive, day(16, 8, 0), killedPod(day(16, 8, 0), 'ledger'))
  await nightly(redacting)
  for (const [pseudonym, original] of Object.entries(first)) assert.equal(mapNow()[pseudonym], original)
  const { incidents } = summaryOf(out)
  assert.deepEqual([incidents.length, incidents[0]?.workloads], [3, incidents[2]?.workloads])
  for (const name of before) assert.ok(readdirSync(join(out, 'incidents')).includes(name), `${name} keeps its name`)
  const shown = readdirSync(join(out, 'incidents')).map((name) => [name, readFileSync(join(out, 'incidents', name), 'utf8')].join('\n'))
  for (const text of [...shown, ...['index.html', 'summary.json'].map((name) => readFileSync(join(out, name), 'utf8')), readFileSync(heard, 'utf8')])
    assert.doesNotMatch(text.replace(/data:[^"' )]+/gu, ''), /ledger|acme|billing/iu)
  assert.equal(statSync(mapFile).mode & 0o777, 0o600)
  const touched = times(out)
  await nightly(redacting)
  assert.deepEqual(times(out), touched, 'a run without news touches nothing')
})

test('other signatures: what the archive still has is read again with them, and what they mean is told; the same ones do no work', async (t) => {
  const { archive, out, options, said } = await place(t)
  const line = (second: string, words: string): string => `2026-04-03T08:18:${second}.000Z INFO ${words}\n`
  writeFileSync(join(archive, 'ledger.log'), line('01', 'lost quorum: 1 of 3 members left') + line('05', 'order 1 refused: no quorum').repeat(4))
  await nightly(options)
  assert.deepEqual(summaryOf(out).incidents, [])
  const [rules = ''] = /^- id: ledger-lost-quorum\n[\s\S]*?^```$/mu.exec(readFileSync(join(root, 'docs/writing-a-mechanism.md'), 'utf8')) ?? []
  const file = join(out, '..', 'mine.yaml')
  writeFileSync(file, rules.replace('```', ''))
  const taught = { ...options, mechanisms: [file], signatures: loadSignatures([file]) }
  said.length = 0
  await nightly(taught)
  assert.deepEqual([said.includes('read ledger.log'), summaryOf(out).incidents.length], [true, 1])
  said.length = 0
  const before = times(out)
  await nightly(taught)
  assert.deepEqual([said, times(out)], [['done'], before])
  await nightly(options)
  assert.deepEqual(summaryOf(out).incidents, [])
})

test('a log that grows is picked up where its last part begins, and whoever reads it at once has the same bytes', async (t) => {
  const { archive, out, options } = await place(t)
  const lines = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, index) => {
      const number = from + index
      const at = new Date(Date.UTC(2026, 3, 3, 8) + number * 500).toISOString().slice(11, 23)
      const [severity, words] =
        number % 700 === 699
          ? ['E', 'controller.go:195] "Failed to update lease" err="context deadline exceeded"']
          : ['I', 'kubelet.go:2426] "SyncLoop UPDATE" pods=["shop/web-1"]']
      return `${severity}0403 ${at}000    2296 ${words}\n${number % 50 === 0 ? '\tat a line that goes on\n' : ''}`
    }).join('')
  mkdirSync(join(archive, 'worker-1'))
  const log = join(archive, 'worker-1', 'kubelet.log')
  const read: number[] = []
  const grown: number[] = []
  const once = { ...options, partBytes: 200_000 }
  const watched: NightlyOptions = {
    ...once,
    log(event, { bytes }) {
      if (event === 'read') read.push(Number(bytes))
    },
  }
  for (const [from, to] of [
    [0, 4_000],
    [4_000, 9_000],
    [9_000, 9_010],
    [9_010, 12_000],
  ] as const) {
    const text = lines(from, to)
    // The last line is half written when it is looked at, and whole the next time.
    for (const some of [text.slice(0, -20), text.slice(-20)]) {
      appendFileSync(log, some)
      grown.push(some.length)
      await nightly(watched)
    }
  }
  assert.equal(read.length, grown.length)
  // What is new, and the part that it stands in.
  read.forEach((bytes, index) =>
    assert.ok(bytes <= (grown[index] ?? 0) + 200_000 + 65_536, `${index}: ${bytes} bytes were read of ${grown[index] ?? 0} new ones`),
  )
  const fresh = join(out, '..', 'fresh')
  await nightly({ ...once, out: fresh })
  assert.deepEqual(contentOf(out), contentOf(fresh))

  const [address = ''] = readdirSync(join(out, 'extracts'))
  const { extracts } = await loadExtract(out, address.replace('.extract', ''))
  assert.ok(extracts.length > 4)
  const { extracts: whole } = await gather([archive], {})
  const timelineOf = (some: typeof extracts) => {
    const { inputs, signals, silences } = buildTimeline(
      some.map((extract) => ({ ...extract, path: 'worker-1/kubelet.log', changedMs: 0 })),
      { zones: [], year: 2026, since: null, until: null },
    )
    return { inputs: inputs.map(({ sha256: _, ...input }) => input), signals, silences }
  }
  assert.deepEqual(timelineOf(extracts), timelineOf(whole), 'its parts together say what the whole says')
})
