import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { promtool } from './promtool.js'

const DUMP = `{__name__="up", instance="10.3.0.7:9100", job="node", node="storage-2"} 1 1795249035613
{__name__="up", instance="10.3.0.7:9100", job="node", node="storage-2"} 0 1795249040613
{__name__="up", instance="10.3.0.7:9100", job="node", node="storage-2"} NaN 1795249045613
{__name__="zone_size", zone=":\\x00:lab \\"é\\" {x}"} 3 1795249035000
{__name__="up", instance="10.3.0.8:9100", job="node", node="storage-3"} +Inf 1795249040613
{__name__="latency"} {count:12, sum:18.4, [-4,-2):1, (1,2]:4} 1795249040613
`

test('the example is a sample of one series', async () => {
  const extract = await read(promtool.example)
  assert.equal(extract.format, 'prometheus')
  assert.equal(extract.records, 1)
  assert.deepEqual(extract.series[0]?.labels, { instance: '10.3.0.7:9100', job: 'node', node: 'storage-2' })
  assert.deepEqual([...(extract.series[0]?.times ?? [])], [1795249035613])
})

test('a dump is in milliseconds, its labels quoted as Go quotes; a stale marker is no sample, a histogram is its count and sum', async () => {
  const extract = await read(DUMP)
  assert.equal(extract.skipped, 0)
  assert.equal(extract.records, 6)
  assert.deepEqual(
    extract.series.map(({ name, labels, line, times, values }) => [name, labels['zone'] ?? labels['node'] ?? '', line, [...times], [...values]]),
    [
      ['up', 'storage-2', 1, [1795249035613, 1795249040613], [1, 0]],
      ['zone_size', ':\u0000:lab "é" {x}', 4, [1795249035000], [3]],
      ['up', 'storage-3', 5, [1795249040613], [Infinity]],
      ['latency_count', '', 6, [1795249040613], [12]],
      ['latency_sum', '', 6, [1795249040613], [18.4]],
    ],
  )
})

test('small times of a dump are milliseconds all the same', async () => {
  const extract = await read('{__name__="m", foo="b"} 5 60000\n{__name__="m", foo="b"} 4 120000\n')
  assert.deepEqual([...(extract.series[0]?.times ?? [])], [60000, 120000])
})

const ANSWER = `up{instance="10.3.0.7:9100", job="node"} =>
1 @[1795249415]
0 @[1795249430.25]
{mode="idle"} =>
1.5 @[1795249415]
NaN @[1795249430]
2.5 @[1795249445]
{} =>
7 @[1795249415]
`

test('the text of a range query has seconds, one series after another', async () => {
  const extract = await read(ANSWER, { path: 'out/idle.txt' })
  assert.equal(extract.skipped, 0)
  assert.equal(extract.records, 6)
  assert.deepEqual(
    extract.series.map(({ name, times, values }) => [name, [...times], [...values]]),
    [
      ['up', [1795249415000, 1795249430250], [1, 0]],
      ['idle', [1795249415000, 1795249445000], [1.5, 2.5]],
      ['idle', [1795249415000], [7]],
    ],
  )
})

test('the text of an instant query has name, value and time in one line', async () => {
  const extract = await read('go_goroutines{job="a"} => 31 @[1795248878.149]\ngo_goroutines{job="b"} => 7 @[1795248878.149]\n')
  assert.deepEqual(
    extract.series.map(({ labels, times, values }) => [labels['job'], [...times], [...values]]),
    [
      ['a', [1795248878149], [31]],
      ['b', [1795248878149], [7]],
    ],
  )
})

test('any cut of the bytes gives the same', async () => {
  for (const text of [DUMP, ANSWER]) {
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole)
  }
})

test('what is no sample is not taken for one', async () => {
  const extract = await read(
    `${DUMP}{__name__="up", instance="cut off\n{__name__="up"} one 1795249040613\n{__name__="up"} 1 soon\n{"json":true} 1 1795249040613\n${'{'.repeat(5000)}\n`,
  )
  assert.equal(extract.records, 6)
  assert.equal(extract.skipped, 5)
})

test('a hostile line costs no more than its length', async () => {
  const started = Date.now()
  const blanks = ' '.repeat(60_000)
  await read(
    [DUMP, `{a${blanks}x} 1 1`, `{"${'\\\\'.repeat(30_000)}x} 1 1`, `{__name__="a"${'} {'.repeat(20_000)} 1`, `a{${'b="c",'.repeat(10_000)}`].join('\n'),
  )
  assert.ok(Date.now() - started < 2_000)
})

const shapes = new URL('../../shared/corpus/prometheus/prometheus+prometheus/cmd/promtool/testdata/', import.meta.url)

test("promtool's own dumps are read whole", { skip: existsSync(shapes) ? false : 'shared/ is absent' }, async () => {
  const shape = async (file: string): Promise<unknown> => {
    const { format, records, skipped, series } = await read(readFileSync(new URL(file, shapes)), { path: file })
    return [format, records, skipped, series.map(({ name, labels, times, values }) => [name, labels['foo'] ?? labels['bar'], times[1], values[1]])]
  }
  const expected = [
    ['heavy_metric', 'bar', 60000, 4],
    ['heavy_metric', 'foo', 60000, 4],
    ['metric', 'bar', 60000, 2],
  ]
  assert.deepEqual(await shape('dump-test-1.prom'), ['prometheus', 15, 0, expected])
  assert.deepEqual(await shape('dump-test-2.prom'), ['prometheus', 10, 0, expected.slice(1)])
  assert.deepEqual(await shape('dump-test-3.prom'), ['prometheus', 2, 0, [['metric', 'bar', 120000, 3]]])
  assert.deepEqual(await shape('dump-openmetrics-test.prom'), [
    'prometheus',
    10,
    0,
    [
      ['my_counter', 'bar', 60000, 2],
      ['my_gauge', 'foo', 60000, 8],
    ],
  ])
  assert.deepEqual(await shape('dump-series-1.prom'), ['prometheus', 3, 0, []])
})
