/** Tables of metrics, as Grafana, InfluxDB, spreadsheets and scripts write them, give series under the names that they carry. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { timeOf, valueOf } from './metric-csv-cells.js'

/** name, labels, times since 08:00:00 UTC in seconds, values */
const seriesOf = async (text: string | Buffer, path: string) => {
  const extract = await read(text, { path })
  assert.equal(extract.format, 'metric-csv', extract.format)
  return {
    extract,
    series: extract.series.map(({ name, labels, times, values }) => [
      name,
      labels,
      [...times].map((ms) => (ms - Date.parse('2026-11-21T08:00:00Z')) / 1000),
      [...values],
    ]),
  }
}

test("Grafana's joined table has a legend or a metric with labels over each column; the panel's title is in the file's name", async () => {
  const { series, extract } = await seriesOf(
    '"Time","node-a","{instance=""10.0.0.7:9100"", job=""node""}","node_load1{instance=""10.0.0.8:9100""}"\r\n' +
      '1795248000000,0.5,0.25,3\r\n1795248015000,,0.75,4\r\n1795248030000,1,NaN,5\r\n',
    'grafana/CPU usage-data-as-joinbyfield-2026-11-21 10_02_11.csv',
  )
  assert.deepEqual(series, [
    ['CPU usage', { legend: 'node-a' }, [0, 30], [0.5, 1]],
    ['CPU usage', { instance: '10.0.0.7:9100', job: 'node' }, [0, 15], [0.25, 0.75]],
    ['node_load1', { instance: '10.0.0.8:9100' }, [0, 15, 30], [3, 4, 5]],
  ])
  assert.deepEqual([extract.records, extract.skipped], [3, 0])
})

test('a byte order mark, sep=; and formatted values: percent are a share, sizes are bytes, times without a zone are local', async () => {
  const { series } = await seriesOf(
    '\ufeffsep=;\r\n"Time";"A-series";"mem"\r\n2026-11-21 08:00:00;35,5%;1.5 GiB\r\n2026-11-21 08:01:00;40%;512 MiB\r\n',
    'x.csv',
  )
  assert.deepEqual(series, [
    ['x', { faultline_basis: 'local', legend: 'A-series' }, [0, 60], [0.355, 0.4]],
    ['mem', { faultline_basis: 'local' }, [0, 60], [1.5 * 2 ** 30, 2 ** 29]],
  ])
})

test('frames one after another have a header each, and a row of units is none of values', async () => {
  const { series, extract } = await seriesOf(
    '"Time","{instance=""a""}"\r\n,percent\r\n1795248000000,1\r\n\r\n"Time","{instance=""b""}"\r\n1795248000000,2\r\n1795248060000,3\r\n',
    'load.csv',
  )
  assert.deepEqual(series, [
    ['load', { instance: 'a' }, [0], [1]],
    ['load', { instance: 'b' }, [0, 60], [2, 3]],
  ])
  assert.equal(extract.skipped, 0)
})

test('series as rows, as Grafana exported them before version 7, and other long tables', async () => {
  const old = await seriesOf(
    '"Series";"Time";"Value"\n"pods";2026-11-21T09:00:00+01:00;3\n"pods";2026-11-21T09:00:10+01:00;4\n"jobs";2026-11-21T09:00:00+01:00;null\n',
    'kube.csv',
  )
  assert.deepEqual(old.series, [['kube', { legend: 'pods' }, [0, 10], [3, 4]]])
  const long = await seriesOf(
    'timestamp,metric,node,value\n1795248000,node_load1,w-1,0.5\n1795248000,node_load1,w-2,9\n1795248060,node_load1,w-1,0.6\n',
    'long.csv',
  )
  assert.deepEqual(long.series, [
    ['node_load1', { node: 'w-1' }, [0, 60], [0.5, 0.6]],
    ['node_load1', { node: 'w-2' }, [0], [9]],
  ])
})

test("InfluxDB's annotated tables are named by measurement and field", async () => {
  const { series } = await seriesOf(
    '#group,false,false,true,true,false,false,true,true,true\n#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string\n#default,_result,,,,,,,,\n' +
      ',result,table,_start,_stop,_time,_value,_field,_measurement,host\n' +
      ',,0,2026-11-21T07:00:00Z,2026-11-21T09:00:00Z,2026-11-21T08:00:00Z,93.2,usage_idle,cpu,w-1\n,,0,2026-11-21T07:00:00Z,2026-11-21T09:00:00Z,2026-11-21T08:00:10Z,12,usage_idle,cpu,w-1\n',
    'query.csv',
  )
  assert.deepEqual(series, [['cpu_usage_idle', { host: 'w-1' }, [0, 10], [93.2, 12]]])
})

test('a wide table of a script: columns of words are labels, of numbers series', async () => {
  const { series } = await seriesOf('date,host,cpu_percent,mem_available_bytes\n2026-11-21 08:00:00Z,w-1,12,100\n2026-11-21 08:00:30Z,w-2,99,50\n', 'usage.csv')
  assert.deepEqual(series, [
    ['cpu_percent', { host: 'w-1' }, [0], [12]],
    ['mem_available_bytes', { host: 'w-1' }, [0], [100]],
    ['cpu_percent', { host: 'w-2' }, [30], [99]],
    ['mem_available_bytes', { host: 'w-2' }, [30], [50]],
  ])
})

test('cells parted by tabs, as Grafana writes for Excel', async () => {
  const { series } = await seriesOf(Buffer.from('"Time"\t"node-a"\r\n2026-11-21 08:00:00\t12 ms\r\n', 'utf8'), 'Latency-data-2026-11-21 10_02_11.csv')
  assert.deepEqual(series, [['Latency', { faultline_basis: 'local', legend: 'node-a' }, [0], [0.012]]])
})

test('a table of log lines is none of metrics', async () => {
  for (const text of ['time,level,message\n2026-11-21T08:00:00Z,error,12\n', 'time,user,path\n2026-11-21T08:00:00Z,bob,/x\n', '2026-11-21 08:00:00 UTC,1,2\n'])
    assert.notEqual((await read(text, { path: 'a.csv' })).format, 'metric-csv')
})

test('times by magnitude and as spreadsheets write them', () => {
  const at = Date.parse('2026-11-21T08:00:00Z')
  const style = { dayFirst: false, guessed: false }
  for (const cell of ['1795248000', '1795248000000', '1795248000000000', '1795248000000000000', '2026-11-21T08:00:00Z', '2026-11-21T09:00:00+01:00'])
    assert.deepEqual(timeOf(cell, style), { ms: at, basis: 'utc' }, cell)
  for (const cell of ['2026-11-21 08:00', '11/21/2026, 8:00:00 AM', '11/21/2026 08:00:00', 'Nov 21, 2026, 8:00:00 AM'])
    assert.deepEqual(timeOf(cell, style), { ms: at, basis: 'local' }, cell)
  assert.deepEqual(timeOf('21/11/2026 08:00', style), { ms: at, basis: 'local' })
  assert.equal(style.guessed, false)
  for (const cell of ['', '12', 'node-a', '99/99/2026 08:00', '2026-13-45T08:00:00Z'])
    assert.equal(timeOf(cell, { dayFirst: false, guessed: false }), null, cell)
})

test('values with units are brought to base units; words are no values', () => {
  const read = (cell: string): number | null => valueOf(cell, ',')
  assert.deepEqual(['35%', '1.2 GiB', '12 ms', '2 mins', '1.5 K', '3 Mb/s', '250m', '8 Mbps', '1,234.5', '1e3', '-3', '+Inf'].map(read), [
    0.35,
    1.2 * 2 ** 30,
    0.012,
    120,
    1500,
    3e6,
    0.25,
    1e6,
    1234.5,
    1000,
    -3,
    Infinity,
  ])
  for (const cell of ['', '-', 'N/A', 'null', 'undefined']) assert.equal(read(cell), NaN, cell)
  for (const cell of ['node-a', '10.0.0.7', '1 apple pie', '12:30']) assert.equal(read(cell), null, cell)
})

test('hostile tables do not throw or grow: prototype names, open quotes, many columns', async () => {
  for (const text of [
    'time,__proto__,constructor\n1795248000,1,2\n',
    'time,__proto__,value\n1795248000,x,2\n',
    `time,${'"'.repeat(70_000)}\n1795248000,1\n`,
    `time${',a'.repeat(200_000)}\n1795248000${',1'.repeat(200_000)}\n`,
    `time,value\n${'1795248000,'.repeat(10_000)}\n`,
  ])
    await read(text, { path: 'h.csv' })
})

test('columns under names that Kubernetes gives to pods are of pods, others keep their legend', async () => {
  const { series } = await seriesOf('Time,web-7d4b9c5f6-x2x9k,shop/cart-5b6f7d8c9-zqzzz,worker-3\n1795248000000,1,2,3\n', 'CPU usage.csv')
  assert.deepEqual(
    series.map(([, labels]) => labels),
    [{ pod: 'web-7d4b9c5f6-x2x9k' }, { namespace: 'shop', pod: 'cart-5b6f7d8c9-zqzzz' }, { legend: 'worker-3' }],
  )
})
