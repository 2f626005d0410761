import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { read } from '../test/read.js'

const at = (iso: string): number => Date.parse(iso)

const matrix = (result: unknown): string => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } })

const MATRIX = matrix([
  {
    metric: { __name__: 'up', instance: '10.3.0.7:9100', job: 'node', node: 'storage-2' },
    values: [
      [1795249607.271, '1'],
      [1795249612.271, '0'],
      [1795249617, '1'],
    ],
  },
  {
    metric: { mode: 'idle', odd: 'a "b" {c}, [1,"2"]' },
    values: [
      [1795249607.271, '0.014400000000000048'],
      [1795249612.271, '+Inf'],
      [1795249617.271, 'NaN'],
      [1795249622.271, '-1.5e-07'],
    ],
  },
])

test('a matrix becomes series of milliseconds; a stale marker is no sample; a result without a name is called after its file', async () => {
  const extract = await read(MATRIX, { path: 'prom/query_range/idle_share.json' })
  assert.equal(extract.format, 'prometheus')
  assert.equal(extract.records, 7)
  assert.equal(extract.skipped, 0)
  assert.deepEqual(extract.spans, [{ basis: 'utc', first: 1795249607271, last: 1795249622271 }])
  const [up, idle] = extract.series
  assert.equal(up?.name, 'up')
  assert.deepEqual([...(up?.times ?? [])], [1795249607271, 1795249612271, 1795249617000])
  assert.deepEqual([...(up?.values ?? [])], [1, 0, 1])
  assert.equal(idle?.name, 'idle_share')
  assert.equal(idle?.labels['odd'], 'a "b" {c}, [1,"2"]')
  assert.deepEqual([...(idle?.values ?? [])], [0.014400000000000048, Infinity, -1.5e-7])
})

test('a result without a name is called after its query where one is known', async () => {
  const extract = await read(MATRIX, { path: 'a.json', context: { expression: 'sum by (mode) (x)' } })
  assert.equal(extract.series[1]?.name, 'sum by (mode) (x)')
})

test('any cut of the bytes gives the same, compact and with blanks', async () => {
  for (const text of [MATRIX, JSON.stringify(JSON.parse(MATRIX), null, 2), MATRIX.replaceAll(',', ', ').replaceAll(':', ': '), TARGETS, ALERTS]) {
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole, `cut every ${chunkBytes} bytes`)
  }
})

test('the fast reader of samples agrees with JSON.parse', async () => {
  let seed = 20261121
  const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647
  const number = (): string => {
    const kind = Math.floor(random() * 9)
    if (kind === 0) return String(Math.floor(random() * 1e6))
    if (kind === 1) return String(random())
    if (kind === 2) return (random() * 1e4).toFixed(2)
    if (kind === 3) return String(-random() * 1e3)
    if (kind === 4) return (random() * 1e21).toExponential()
    if (kind === 5) return String(Math.floor(random() * 1e17))
    if (kind === 6) return (random() / 1e9).toFixed(20)
    if (kind === 7) return '+Inf'
    return `${Math.floor(random() * 1e15)}.${Math.floor(random() * 10)}`
  }
  const result = Array.from({ length: 12 }, (_, index) => ({
    metric: { __name__: 'm', index: String(index) },
    values: Array.from({ length: 200 }, (_unused, step) => [Math.round((1795249000 + step * 15 + random()) * 1000) / 1000, number()] as const),
  }))
  for (const blank of ['', ' ']) {
    const text = matrix(result).replaceAll(',', `,${blank}`)
    for (const chunkBytes of [4096, 1 << 20]) {
      const { series } = await read(text, { chunkBytes })
      assert.equal(series.length, result.length)
      for (const [index, { values }] of result.entries()) {
        assert.deepEqual(
          [...(series[index]?.times ?? [])],
          values.map(([time]) => Math.round(time * 1000)),
        )
        assert.deepEqual(
          [...(series[index]?.values ?? [])],
          values.map(([, value]) => (value === '+Inf' ? Infinity : Number(value))),
        )
      }
    }
  }
})

test('several answers in one file, a vector and a scalar among them, are all read', async () => {
  const vector = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1795249503.718,"0"]}]}}'
  const scalar = '{"status":"success","data":{"resultType":"scalar","result":[1795249504,"42"]}}'
  const extract = await read(`${vector}\n${scalar}\n${MATRIX}`, { path: 'all.json' })
  assert.deepEqual(
    extract.series.map(({ name, times }) => [name, times.length]),
    [
      ['up', 1],
      ['all', 1],
      ['up', 3],
      ['all', 3],
    ],
  )
})

test('samples that come before their labels still find their series', async () => {
  const extract = await read('{"data":{"result":[{"values":[[1795249607,"3"]],"metric":{"__name__":"late"}}],"resultType":"matrix"},"status":"success"}')
  assert.equal(extract.series[0]?.name, 'late')
  assert.deepEqual([...(extract.series[0]?.values ?? [])], [3])
})

test("VictoriaMetrics' export has values and times apart, in milliseconds", async () => {
  const extract = await read('{"metric":{"__name__":"up","job":"node"},"values":[1,0,null],"timestamps":[1795249607271,1795249617271,1795249627271]}\n')
  assert.equal(extract.format, 'prometheus')
  assert.deepEqual([...(extract.series[0]?.times ?? [])], [1795249607271, 1795249617271])
  assert.deepEqual([...(extract.series[0]?.values ?? [])], [1, 0])
})

test('a native histogram gives its count and sum', async () => {
  const extract = await read(
    matrix([{ metric: { __name__: 'latency', job: 'a' }, histograms: [[1795249607.5, { count: '12', sum: '3.5', buckets: [[1, '0.1', '0.2', '12']] }]] }]),
  )
  assert.deepEqual(
    extract.series.map(({ name, values }) => [name, values[0]]),
    [
      ['latency_count', 12],
      ['latency_sum', 3.5],
    ],
  )
})

test('an error saved as an answer is a missing piece, not an empty result', async () => {
  const extract = await read('{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}', { path: 'q.json' })
  assert.equal(extract.format, 'prometheus')
  assert.equal(extract.facts[0]?.fact, 'missing')
  assert.match(extract.warnings[0] ?? '', /query timed out/u)
})

const TARGETS = JSON.stringify({
  status: 'success',
  data: {
    activeTargets: [
      {
        discoveredLabels: { __address__: '10.3.0.7:9187' },
        labels: { instance: '10.3.0.7:9187', job: 'pg', node: 'storage-2' },
        scrapeUrl: 'http://10.3.0.7:9187/metrics',
        lastError: 'context deadline exceeded',
        lastScrape: '2026-11-21T08:25:01.710124089Z',
        health: 'down',
      },
      { labels: { instance: '10.3.0.8:9100', job: 'node', node: 'storage-3' }, lastError: '', lastScrape: '2026-11-21T08:25:00Z', health: 'up' },
      { labels: { instance: '10.3.0.9:9100', job: 'node' }, lastError: '', lastScrape: '0001-01-01T00:00:00Z', health: 'unknown' },
    ],
    droppedTargets: [{ discoveredLabels: { activeTargets: '[' } }],
  },
})

test('a target that is down is unreachable since its last scrape, and says why; a healthy or unasked one says nothing', async () => {
  const extract = await read(TARGETS)
  assert.equal(extract.records, 3)
  assert.equal(extract.signals.length, 1)
  const [signal] = extract.signals
  assert.equal(signal?.kind, 'service.unreachable')
  assert.equal(signal?.entity, 'target/pg/10.3.0.7:9187')
  assert.equal(Math.floor(signal?.at.ms ?? 0), at('2026-11-21T08:25:01.710Z'))
  assert.equal(signal?.attributes['error'], 'context deadline exceeded')
  assert.deepEqual(
    extract.facts.map((fact) => (fact.fact === 'alias' ? [fact.of, fact.name] : fact)),
    [
      ['node/storage-2', '10.3.0.7'],
      ['node/storage-3', '10.3.0.8'],
    ],
  )
})

const ALERTS = JSON.stringify({
  status: 'success',
  data: {
    groups: [
      {
        name: 'disks',
        rules: [
          {
            state: 'firing',
            name: 'DiskFull',
            duration: 60,
            alerts: [
              {
                labels: { alertname: 'DiskFull', node: 'storage-2', severity: 'critical' },
                annotations: {},
                state: 'firing',
                activeAt: '2026-11-21T08:24:00Z',
              },
              {
                labels: { alertname: 'DiskFull', node: 'storage-3', severity: 'critical' },
                annotations: {},
                state: 'pending',
                activeAt: '2026-11-21T08:24:30Z',
              },
            ],
          },
          {
            state: 'firing',
            name: 'Watchdog',
            duration: 0,
            alerts: [{ labels: { alertname: 'Watchdog' }, state: 'firing', activeAt: '2026-11-20T00:00:00Z' }],
          },
        ],
      },
    ],
  },
})

test('an alert of /api/v1/rules fired its `for` after it became active; a pending one and the watchdog did not', async () => {
  const extract = await read(ALERTS)
  assert.deepEqual(
    extract.signals.map(({ kind, entity, at: { ms }, attributes }) => [kind, entity, new Date(ms).toISOString(), attributes['activeAt']]),
    [['alert.fired', 'node/storage-2', '2026-11-21T08:25:00.000Z', '2026-11-21T08:24:00.000Z']],
  )
})

test('an answer that ends in the middle keeps what came before', async () => {
  const extract = await read(MATRIX.slice(0, MATRIX.indexOf('1795249617')))
  assert.equal(extract.records, 2)
  assert.match(extract.warnings.join(), /ends in the middle/u)
})

test('other JSON is left to others', async () => {
  for (const text of [
    '{"kind":"List","items":[{"metric":{"a":"b"}}]}',
    '{"status":"Failure","kind":"Status","message":"etcdserver: request timed out"}',
    '{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1795249607271000000","line"]]}]}}',
    '[{"id":1,"value":[1,2]}]',
    '{"status":"success","data":{"id":7},"time":"2026-11-21T08:18:01Z","level":"info"}',
  ]) {
    assert.notEqual((await read(text)).format, 'prometheus', text)
  }
})

test('hostile bytes do not throw: broken samples, deep nests, keys of the prototype', async () => {
  const hostile = [
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__proto__":"x","__name__":"m"},"values":[[1,"2"],["a","b"],[3],[],[4,"5"]]}]}}',
    `{"status":"success","data":{"resultType":"matrix","result":${'['.repeat(100_000)}`,
    `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"${'x'.repeat(300_000)}`,
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":7,"values":{"a":[1,"2"]},"value":"x","histograms":[null,[],7]}]}}',
  ]
  for (const text of hostile) for (const chunkBytes of [1000, 1 << 20]) await read(text, { chunkBytes })
  const broken = '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"m"},"values":[[8""],[1,"2"],[3,"4"5],[6,"7"]]}]}}'
  const whole = await read(broken)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(broken, { chunkBytes }), whole)
  const [first] = hostile
  const extract = await read(first ?? '')
  assert.deepEqual([...(extract.series[0]?.values ?? [])], [2, 5])
  assert.equal(extract.skipped, 3)
})

const recordings = new URL('../../shared/recordings/', import.meta.url)

test(
  'every Prometheus file of the recordings is read whole, and as JSON.parse reads it',
  { skip: existsSync(recordings) ? false : 'shared/ is absent' },
  async () => {
    let files = 0
    for (const name of readdirSync(recordings, { recursive: true }) as string[]) {
      if (!/dump\/(?:prometheus|prom)\/.*\.(?:json|txt|txt\.gz|ndjson)$/u.test(name) || name.endsWith('QUERIES.json')) continue
      const raw = readFileSync(new URL(name, recordings))
      const bytes = name.endsWith('.gz') ? gunzipSync(raw) : raw
      const extract = await read(bytes, { path: name })
      files++
      assert.match(extract.format, /^(?:prometheus|alertmanager)$/u, name)
      assert.equal(extract.skipped, 0, name)
      if (!/query_range/u.test(name) || !name.endsWith('.json')) continue
      // The recording's own type is known: a matrix.
      const { data } = JSON.parse(bytes.toString()) as { data: { result: { values: [number, string][] }[] } }
      const results = data.result.map(({ values }) => values.filter(([, value]) => value !== 'NaN')).filter(({ length }) => length > 0)
      assert.equal(extract.series.length, results.length, name)
      for (const [index, real] of results.entries()) {
        assert.deepEqual(
          [...(extract.series[index]?.times ?? [])],
          real.map(([time]) => Math.round(time * 1000)),
          name,
        )
        assert.deepEqual(
          [...(extract.series[index]?.values ?? [])],
          real.map(([, value]) => Number(value.replace('Inf', 'Infinity'))),
          name,
        )
      }
    }
    assert.ok(files > 0)
  },
)
