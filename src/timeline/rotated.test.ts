/** Rotated logs: which files are one log, in which order, and what one of them tells for the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract } from '../model/extract.js'
import { read } from '../../test/read.js'
import { joinRotated, placeOf } from './rotated.js'
import { buildTimeline } from './timeline.js'

const SETS: readonly (readonly string[])[] = [
  ['n/kubelet.log.12.gz', 'n/kubelet.log.2.gz', 'n/kubelet.log.1', 'n/kubelet.log'],
  ['d.tgz!/var/log/messages-20261119.xz', 'd.tgz!/var/log/messages-20261121.gz', 'd.tgz!/var/log/messages'],
  ['pg/postgresql-2026-11-20_233000.log', 'pg/postgresql-2026-11-21_000000.log.gz', 'pg/postgresql-2026-11-21_120000.log'],
  ['p/0.log.20261121-081801.gz', 'p/0.log.20261121-091801', 'p/0.log'],
  ['a/audit-2026-11-21T08-18-01.123.log', 'a/audit-2026-11-21T09-18-01.123.log', 'a/audit.log'],
  ['a/app.log.old', 'a/app.log'],
]

test('numbers count backwards, dates forwards, what is being written comes last', () => {
  for (const paths of SETS) {
    const places = paths.map(placeOf)
    assert.equal(new Set(places.map(({ set }) => set)).size, 1, paths.join())
    const orders = places.map(({ order }) => order)
    assert.deepEqual(
      orders.toSorted((a, b) => a - b),
      orders,
      paths.join(),
    )
    assert.equal(new Set(orders).size, orders.length)
  }
})

test('files of two folders, of two logs, or with numbers that are part of their name are no set', () => {
  const paths = [
    'a/kubelet.log',
    'b/kubelet.log.1',
    'a/kubelet-worker-1.log',
    'a/kubelet-worker-2.log',
    'p/0.log',
    'p/1.log',
    'postgresql-9999-99-99.log',
    'x-1.2.3',
  ]
  assert.equal(new Set(paths.map((path) => placeOf(path).set)).size, paths.length)
})

const klog = (day: string, seconds: readonly number[], message = '"SyncLoop ADD" source="api" pods=["shop/web-1"]'): string =>
  seconds.map((second) => `I${day} 08:18:${String(second).padStart(2, '0')}.887391    2296 kubelet.go:2448] ${message}\n`).join('')

const parts = async (files: Readonly<Record<string, string>>): Promise<readonly InputExtract[]> =>
  Promise.all(Object.entries(files).map(async ([path, text]) => read(text, { path })))

const options = { zones: [], year: null, since: null, until: null }

test('a yearless log goes on from the file before it, over New Year, from whichever file names the year', async () => {
  const header = 'Log file created at: 2024/12/30 08:18:00\nRunning on machine: worker-1\n'
  const files = { 'k.log.2': klog('1230', [1, 2]), 'k.log.1': klog('1231', [3, 9]), 'k.log': klog('0101', [5, 6]) }
  const begins = async (all: Readonly<Record<string, string>>): Promise<readonly (string | null)[]> =>
    buildTimeline(await parts(all), options).inputs.map(({ from }) => from?.slice(0, 10) ?? null)
  const expected = ['2025-01-01', '2024-12-31', '2024-12-30']
  assert.deepEqual(await begins({ ...files, 'k.log.2': header + files['k.log.2'] }), expected)
  assert.deepEqual(await begins({ ...files, 'k.log': `Log file created at: 2025/01/01 08:18:00\n${files['k.log']}` }), expected)
})

test('the machine that one file names wrote the others, too; where two are named, none is', async () => {
  const journal = (host: string): string => `Nov 21 08:18:01 ${host} sshd[1]: hello\n`.repeat(3)
  const [current] = joinRotated(await parts({ 'logs/messages': 'Nov 21 08:18:01 sshd: hello\n', 'logs/messages-20261120': journal('worker-7') }))
  assert.ok(current?.facts.some((fact) => fact.fact === 'input-node' && fact.node === 'node/worker-7'))
  const [other] = joinRotated(await parts({ messages: 'hello\n', 'messages.1': journal('worker-7'), 'messages.2': journal('worker-8') }))
  assert.deepEqual(
    other?.facts.filter((fact) => fact.fact === 'input-node'),
    [],
  )
})

test('what lies between two neighbours is a silence; where a file is missing between them it is not', async () => {
  const silent = async (...names: readonly string[]): Promise<readonly number[]> => {
    const [older = '', newer = ''] = names
    const all = joinRotated(await parts({ [older]: klog('1121', [1, 2]), [newer]: klog('1121', [50, 55]) }))
    return all.flatMap(({ silences }) => silences.map(({ from, to }) => (to - from) / 1_000))
  }
  assert.deepEqual(await silent('k.log.1', 'k.log'), [48])
  assert.deepEqual(await silent('k.log.3', 'k.log.2.gz'), [48])
  assert.deepEqual(await silent('k.log.3', 'k.log.1'), [])
})

test('each file of a set stays an input of its own', async () => {
  const { inputs } = buildTimeline(await parts({ 'k.log.1': klog('1121', [1]), 'k.log': klog('1121', [3]) }), options)
  assert.deepEqual(
    inputs.map(({ path, records }) => [path, records]),
    [
      ['k.log', 1],
      ['k.log.1', 1],
    ],
  )
})
