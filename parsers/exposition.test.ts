import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { exposition } from './exposition.js'

const FEDERATE = `# TYPE ALERTS untyped
ALERTS{alertname="DiskFull",alertstate="firing",node="storage-2",severity="critical"} 1 1795249502047
ALERTS{alertname="NodeLoad",alertstate="pending",node="storage-2",severity="warning"} 1 1795249502047
ALERTS{alertname="Watchdog",alertstate="firing",severity="none"} 1 1795249502047
# TYPE namespace:cpu:sum untyped
namespace:cpu:sum{namespace="shop",note="a \\"b\\" \\\\ c\\nd, {e}"} 0.25 1795249501718
node_load1{instance="10.3.0.7:9100",job="node",node="storage-2"} 1.5 1795249501718
`

const OPENMETRICS = `# HELP requests Requests.
# TYPE requests counter
# UNIT requests requests
requests_total{code="500"} 17 1795249502.5 # {trace_id="ab # c"} 0.67 1795249502.1
requests_created{code="500"} 1.795249e+09 1795249502.5
latency_bucket{le="+Inf"} 3 1795249502 # {} 1
{"http.status","net.peer"="a=b"} 5 1795249502.25
# EOF
`

const SCRAPE = `# HELP node_memory_MemTotal_bytes Memory information field MemTotal_bytes.
# TYPE node_memory_MemTotal_bytes gauge
node_memory_MemTotal_bytes 8.0e+09
node_cpu_seconds_total{cpu="0",mode="idle"} 5176.8
node_cpu_seconds_total{cpu="1",mode="idle"} 5170
node_cpu_seconds_total{cpu="1",mode="user"} 51
pg_settings_max_connections{server="localhost:5432"} 100
up 1
spaced {a="b"}	NaN
# a comment of somebody's own
`

test('the example is one sample, its label unescaped', async () => {
  const extract = await read(exposition.example)
  assert.equal(extract.format, 'prometheus')
  assert.deepEqual(extract.series[0]?.labels, { method: 'post', code: '500', path: 'C:\\dir' })
  assert.deepEqual([...(extract.series[0]?.times ?? [])], [1795249503718])
})

test('/federate has milliseconds; an alert that fires there has fired, a pending one and the watchdog have not', async () => {
  const extract = await read(FEDERATE)
  assert.equal(extract.skipped, 0)
  assert.equal(extract.records, 5)
  assert.deepEqual(extract.spans, [{ basis: 'utc', first: 1795249501718, last: 1795249502047 }])
  assert.equal(extract.series.find(({ name }) => name === 'namespace:cpu:sum')?.labels['note'], 'a "b" \\ c\nd, {e}')
  assert.deepEqual(
    extract.signals.map(({ kind, phase, entity, at, places }) => [kind, phase, entity, at.ms, places[0]?.line]),
    [['alert.fired', 'begin', 'node/storage-2', 1795249502047, 2]],
  )
})

test('OpenMetrics has seconds, exemplars, creation times and names in quotes', async () => {
  const extract = await read(OPENMETRICS)
  assert.equal(extract.skipped, 0)
  assert.deepEqual(
    extract.series.map(({ name, times, values }) => [name, times[0], values[0]]),
    [
      ['requests_total', 1795249502500, 17],
      ['requests_created', 1795249502500, 1795249000],
      ['latency_bucket', 1795249502000, 3],
      ['http.status', 1795249502250, 5],
    ],
  )
  assert.deepEqual(extract.series[3]?.labels, { 'net.peer': 'a=b' })
})

test('a scrape without times makes no series, but tells the sizes of its node and the ceiling of its Postgres', async () => {
  const extract = await read(SCRAPE)
  assert.equal(extract.format, 'prometheus')
  assert.equal(extract.records, 7)
  assert.equal(extract.skipped, 0)
  assert.deepEqual(extract.spans, [])
  assert.deepEqual(extract.series, [])
  assert.deepEqual(extract.facts, [
    { fact: 'node', node: 'node/?', at: null, memoryBytes: 8e9, cores: 2 },
    { fact: 'limit', of: 'postgres/?', name: 'max_connections', value: 100 },
  ])
})

test('any cut of the bytes gives the same', async () => {
  for (const text of [FEDERATE, OPENMETRICS, SCRAPE]) {
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole)
  }
})

test('plain text is not taken for metrics', async () => {
  for (const text of [
    'panic: out of memory\ngoroutine 1 [running]:\n',
    'user 12 said hello\nuser 13 said bye\n',
    'MemTotal:  3 kB\nMemFree:  1 kB\n',
    '{"a":1} 5\n{"b":2} 6\n',
  ]) {
    assert.notEqual((await read(text)).format, 'prometheus', text)
  }
})

test('lines that are no sample are skipped, however long', async () => {
  const extract = await read(`${FEDERATE}up{a="b 1\n1abc 2\nup one\nup 1 2 3\nup{${'a="'.repeat(30_000)}\n${'u'.repeat(100_000)} 1\n`)
  assert.equal(extract.records, 5)
  assert.equal(extract.skipped, 6)
})

const corpus = new URL('../../shared/corpus/prometheus/', import.meta.url)

test('the real ones are read whole', { skip: existsSync(corpus) ? false : 'shared/ is absent' }, async () => {
  const counts = async (file: string): Promise<unknown> => {
    const { format, lines, records, skipped } = await read(readFileSync(new URL(file, corpus)), { path: file })
    return [format, lines, records, skipped]
  }
  const textparse = 'prometheus+prometheus/model/textparse/testdata'
  assert.deepEqual(await counts(`${textparse}/alltypes.237mfs.prom.txt`), ['prometheus', 2332, 1857, 0])
  assert.deepEqual(await counts(`${textparse}/alltypes.237mfs.nometa.prom.txt`), ['prometheus', 1858, 1857, 0])
  assert.deepEqual(await counts(`${textparse}/alltypes.5mfs.om.txt`), ['prometheus', 64, 53, 0])
  assert.deepEqual(await counts(`${textparse}/1histogram.om.txt`), ['prometheus', 45, 42, 0])
  assert.deepEqual(await counts('openshift+insights-operator/docs/insights-archive-sample/config/metrics'), ['prometheus', 137, 125, 0])
  assert.deepEqual(await counts('openshift+insights-operator/docs/insights-archive-sample/config/dvo_metrics'), ['prometheus', 8, 7, 0])
})

test("a scrape's time is that of its file's name; without a zone it is local", async () => {
  const text = '# TYPE node_load1 gauge\nnode_load1 0.5\n'
  const timeOf = async (path: string) => {
    const [series] = (await read(text, { path })).series
    return series === undefined ? null : `${new Date(series.times[0] ?? NaN).toISOString()} ${series.labels['faultline_basis'] ?? 'utc'}`
  }
  for (const path of ['node-20261121T081500Z.prom', 'scrapes/2026-11-21T08:15:00Z.txt', 'metrics.1795248900.txt', '2026-11-21_08-15-00Z/node.prom'])
    assert.equal(await timeOf(path), '2026-11-21T08:15:00.000Z utc', path)
  assert.equal(await timeOf('node_2026-11-21_08-15-00.prom'), '2026-11-21T08:15:00.000Z local')
  for (const path of ['node.prom', 'node-10.0.0.7.prom', 'v2.20261121.prom']) assert.equal(await timeOf(path), null, path)
})
