/** A log read in parts and put together again says what the log read at once says, whatever it is. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { partsOf, readParts } from '../src/read/parts.js'
import { buildTimeline, type Timeline } from '../src/timeline/timeline.js'
import type { InputExtract } from '../src/model/extract.js'
import { folderWith } from './files.js'

const PART = 100_000
const LINES = 8_000
const at = (start: number, number: number, step: number): string => new Date(start + number * step).toISOString()
const APRIL = Date.UTC(2026, 3, 3, 8)
const NEW_YEAR = Date.UTC(2025, 11, 31, 22)
const syslog = (iso: string): string =>
  `${iso.slice(5, 7) === '12' ? 'Dec' : iso.slice(5, 7) === '01' ? 'Jan' : 'Apr'} ${String(Number(iso.slice(8, 10))).padStart(2)} ${iso.slice(11, 19)}`

const told = (extracts: readonly InputExtract[]): unknown => {
  const { inputs, signals, series, silences, clockNotes }: Timeline = buildTimeline(extracts, { zones: [], year: null, since: null, until: null })
  return { inputs: inputs.map(({ sha256: _, ...input }) => input), signals, series, silences, clockNotes }
}

for (const [what, path, line] of [
  [
    'an application, silent for a while',
    'app.log',
    (n) => `${at(APRIL + (n > 5_000 ? 120_000 : 0), n, 700)} ${n % 90 === 0 ? 'ERROR job failed code=500' : 'INFO done'} id=${n}`,
  ],
  [
    'a journal of two machines',
    'journal.log',
    (n) => `${syslog(at(APRIL, n, 700))} host-${1 + Number(n % 3 === 0)} ledger[7]: ${n % 400 === 0 ? 'ERROR: something failed' : 'all is well'} ${n}`,
  ],
  [
    'a year that ends',
    'kern.log',
    (n) =>
      `${syslog(at(NEW_YEAR, n, 1500))} host-1 kernel: ${n % 900 === 0 ? 'Out of memory: Killed process 7 (java) total-vm:1kB, anon-rss:1kB, file-rss:0kB' : 'usb 1-1: fine'}`,
  ],
  [
    "a container's JSON",
    'pods/shop_web-1_0123abcd-4567/web/0.log',
    (n) => `${at(APRIL, n, 700)} stdout F {"level":"${n % 70 === 0 ? 'error' : 'info'}","msg":"m${n % 3}"}`,
  ],
  [
    "a kubelet's, with traces",
    'kubelet.log',
    (n) =>
      `E0403 ${at(APRIL, n, 700).slice(11, 23)}000    2296 ${n % 50 === 0 ? 'controller.go:195] "Failed to update lease" err="timeout"\n\tat a further line' : 'kubelet.go:2426] "SyncLoop UPDATE"'}`,
  ],
] as readonly (readonly [string, string, (number: number) => string])[])
  test(`${what}: its parts together say what the whole says`, async (t) => {
    const folder = await folderWith(t, { [path]: Array.from({ length: LINES }, (_, number) => `${line(number)}\n`).join('') })
    const [source] = (await findInputs([join(folder, path)])).sources
    assert.ok(source)
    const parts = partsOf(source, PART)
    assert.ok(parts && parts.ranges.length > 2)
    const { extracts } = await readParts(source, parts, [], (part) => extractInput(part))
    assert.deepEqual(told(extracts), told([await extractInput(source)]))
  })

for (const [what, content] of [
  [
    'a document',
    JSON.stringify({
      kind: 'List',
      items: Array.from({ length: 4_000 }, (_, n) => ({ kind: 'Event', metadata: { name: `event-${n}` }, message: 'x'.repeat(40) })),
    }),
  ],
  [
    "Postgres' log, whose sessions are counted from its beginning",
    `2026-04-03 08:00:00.000 UTC [1] LOG:  connection authorized: user=a database=b\n`.repeat(5_000),
  ],
  [
    'an access log, whose requests are counted from its beginning',
    '10.0.0.8 - - [03/Apr/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/8"\n'.repeat(5_000),
  ],
  ['one line without an end', `2026-04-03T08:00:00Z INFO ${'x'.repeat(400_000)}`],
  ['a log in UTF-16', Buffer.from(`\ufeff${'2026-04-03T08:00:00Z INFO done\n'.repeat(9_000)}`, 'utf16le')],
] as const)
  test(`${what} is read as a whole`, async (t) => {
    const folder = await folderWith(t, { input: content })
    const [source] = (await findInputs([join(folder, 'input')])).sources
    assert.ok(source)
    assert.equal(partsOf(source, PART), null)
  })
