/** Grafana's frames and snapshots, Graphite's lists and InfluxDB's lines are series under their own names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { influxLines } from './influx-lines.js'

const AT = 1_795_248_000_000
const seriesOf = async (text: string, format: string, path = 'panel.json') => {
  const extract = await read(text, { path })
  assert.equal(extract.format, format)
  return extract.series.map(({ name, labels, times, values }) => [name, labels, [...times].map((ms) => (ms - AT) / 1000), [...values]])
}

test('the frames of a query: labels, a legend, the name of a metric', async () => {
  const frame = (name: string, config: object, labels: object) => ({
    schema: {
      fields: [
        { name: 'Time', type: 'time' },
        { name, type: 'number', labels, config },
      ],
    },
    data: {
      values: [
        [AT, AT + 15_000],
        [1, null],
      ],
    },
  })
  const answer = {
    results: { A: { status: 200, frames: [frame('Value', {}, { __name__: 'up', instance: 'a' }), frame('Value', { displayNameFromDS: 'node-b' }, {})] } },
  }
  assert.deepEqual(await seriesOf(JSON.stringify(answer), 'grafana-json'), [
    ['up', { instance: 'a' }, [0], [1]],
    ['panel', { legend: 'node-b' }, [0], [1]],
  ])
})

test("a dashboard's snapshot: the panel's title names what its legends do not", async () => {
  const fields = [
    { name: 'Time', type: 'time', values: [AT, AT + 60_000] },
    { name: 'node-a', type: 'number', values: [0.5, 0.75], config: {} },
  ]
  const snapshot = { dashboard: { title: 'Cluster', panels: [{ title: 'CPU usage', snapshotData: [{ fields }] }] } }
  assert.deepEqual(await seriesOf(JSON.stringify(snapshot, null, 2), 'grafana-json'), [['CPU usage', { legend: 'node-a' }, [0, 60], [0.5, 0.75]]])
})

test('targets and their points, newest Graphite or oldest Grafana', async () => {
  assert.deepEqual(await seriesOf(`[{"target":"servers.a.load","datapoints":[[0.5,${AT / 1000}],[null,${AT / 1000 + 10}]]}]`, 'grafana-json'), [
    ['panel', { legend: 'servers.a.load' }, [0], [0.5]],
  ])
})

test('lines of InfluxDB: measurement and field are the name, tags the labels', async () => {
  assert.deepEqual(await seriesOf(`${influxLines.example}\nmem,host=w\\ 1 value=5i,state="ok, fine" ${AT + 1000}000000\n`, 'influx-lines', 'x.lp'), [
    ['cpu_usage_idle', { cpu: 'cpu-total', host: 'w-1' }, [0], [93.2]],
    ['cpu_usage_user', { cpu: 'cpu-total', host: 'w-1' }, [0], [3]],
    ['mem', { host: 'w 1' }, [1], [5]],
  ])
})

test('logs and other JSON are left to others; broken ones do not throw', async () => {
  for (const text of ['{"fields":[{"type":"time"}],"values":[1', '[{"datapoints":[[1,1795248000]],"target":{}}]', 'GET /x?a=b 200\n', 'a b=c d=e\n'])
    assert.ok((await read(text, { path: 'x' })).series.length <= 1)
  assert.notEqual((await read('level=info ts=1 msg=x\nlevel=info ts=2 msg=y\n', { path: 'x' })).format, 'influx-lines')
})
