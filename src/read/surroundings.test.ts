import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { folderWith, tarOf } from '../../test/files.js'
import type { Analysis, Evidence } from '../model/analysis.js'
import { findInputs } from './inputs.js'
import { readSurroundings } from './surroundings.js'
import type { Source } from './extract-input.js'

const analysisOf = (evidence: readonly Evidence[]): Analysis => ({
  schema: 'faultline/analysis@1',
  inputs: [],
  incidents: [
    {
      id: 'i',
      title: '',
      start: '',
      end: null,
      rootCauses: [],
      chains: [],
      links: [],
      detection: { firstSymptom: null, firstAlert: null, delaySeconds: null },
      findings: [{ id: 'f', kind: 'app.errors', entity: 'cluster', role: 'fault', start: '', end: null, confidence: 1, summary: '', evidence }],
    },
  ],
})

const cites = (input: string, line: number | null, text: string): Evidence => ({ input, line, time: '', text })

const LINES = Array.from({ length: 50 }, (_, index) => `line number ${index + 1} says something`)

const source = (path: string, chunks: () => AsyncIterable<Buffer>): Source => ({
  path,
  wrapping: [],
  changedMs: null,
  context: { path, pod: null, container: null, expression: null },
  chunks,
})

test('a cited line comes with two before and two after it, whatever the file is wrapped in; the first and the last have fewer', async (t) => {
  const folder = await folderWith(t, {
    'a.log': LINES.join('\r\n'),
    'b.log.gz': gzipSync(LINES.join('\n')),
    'c.tar': tarOf([{ name: 'd.log', content: `${LINES.join('\n')}\n` }]),
  })
  for (const name of ['a.log', 'b.log.gz', 'c.tar']) {
    const { sources } = await findInputs([`${folder}/${name}`])
    const path = sources[0]?.path ?? ''
    const { quotes, notes } = await readSurroundings(analysisOf([1, 20, 50].map((line) => cites(path, line, LINES[line - 1] ?? ''))), sources)
    assert.deepEqual(notes, [])
    assert.deepEqual(
      quotes.map(({ before, line, text, after }) => [before.length, line, text, after.length]),
      [
        [0, 1, LINES[0], 2],
        [2, 20, LINES[19], 2],
        [2, 50, LINES[49], 0],
      ],
    )
    assert.deepEqual(quotes[1]?.before, LINES.slice(17, 19))
  }
})

test('an input that nothing cites is not opened, and none is read past its last cited line', async () => {
  let opened = 0
  let given = 0
  const chunks = async function* () {
    opened++
    for (const line of LINES) {
      given++
      yield Buffer.from(`${line}\n`)
    }
  }
  await readSurroundings(analysisOf([cites('a', 5, LINES[4] ?? ''), cites('a', null, 'a sample'), cites('b', null, 'a sample')]), [
    source('a', chunks),
    source('b', chunks),
    source('c', chunks),
  ])
  assert.equal(opened, 1)
  assert.ok(given <= 8)
})

test('what cannot be read again is said: a stream, a file that is gone, a place further in than the limit', async () => {
  const long = async function* () {
    yield Buffer.from(`${LINES.slice(0, 10).join('\n')}\n`)
    yield Buffer.from(`${LINES.slice(10).join('\n')}\n`)
  }
  const gone = async function* () {
    yield* []
    await Promise.reject(new Error('gone'))
  }
  const sources = [{ ...source('-', long), once: true as const }, source('gone.log', gone), source('long.log', long)]
  const evidence = ['-', 'gone.log', 'long.log'].flatMap((path) => [cites(path, 5, LINES[4] ?? ''), cites(path, 30, LINES[29] ?? '')])
  const { quotes, notes } = await readSurroundings(analysisOf(evidence), sources, { perInput: 100, inAll: 1000 })
  assert.deepEqual(
    quotes.map(({ input, line }) => [input, line]),
    [['long.log', 5]],
  )
  assert.deepEqual(
    notes.map((note) => /because they (\w+).*: (\S+)$/u.exec(note)?.slice(1)),
    [
      ['came', '-'],
      ['are', 'long.log'],
      ['could', 'gone.log'],
    ],
  )
})

test('lines around are made harmless and cut; where the cited line does not say what is quoted, as within a JSON document, nothing is shown', async (t) => {
  const folder = await folderWith(t, { 'a.log': `\u001b[31mred\u0007\u202e\n${'x'.repeat(5000)}\n{"log":"it said \\"no\\" to me"}\n  {\n` })
  const { sources } = await findInputs([`${folder}/a.log`])
  const path = sources[0]?.path ?? ''
  const { quotes } = await readSurroundings(analysisOf([cites(path, 3, 'it said "no" to me'), cites(path, 4, 'Warning NodeNotReady node/a')]), sources)
  assert.equal(quotes.length, 1)
  assert.deepEqual(
    quotes[0]?.before.map((text) => text.length),
    [3, 200],
  )
  assert.deepEqual(quotes[0]?.after, ['  {'])
})
