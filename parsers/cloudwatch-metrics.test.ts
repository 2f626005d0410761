/** Answers of CloudWatch are series under the metric's name, in order of time, named after what label, file or directory call it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'

const AT = Date.parse('2026-11-21T08:00:00Z')
const seriesOf = async (answer: unknown, path: string, chunkBytes = 1 << 20) => {
  const extract = await read(JSON.stringify(answer, null, 4), { path, chunkBytes })
  assert.equal(extract.format, 'cloudwatch-metrics')
  return extract.series.map(({ name, labels, times, values }) => [name, labels, [...times].map((ms) => (ms - AT) / 1000), [...values]])
}
const point = (minute: number, statistics: object) => ({ Timestamp: new Date(AT + minute * 60_000).toISOString(), ...statistics, Unit: 'Count' })

test('the points of get-metric-statistics, which come in no order, are put in order', async () => {
  const answer = { Label: 'DatabaseConnections', Datapoints: [point(2, { Maximum: 12 }), point(0, { Maximum: 9 }), point(1, { Maximum: 10 })] }
  const expected = [0, 60, 120]
  assert.deepEqual(await seriesOf(answer, 'dump/cloudwatch/DatabaseConnections.json'), [['DatabaseConnections', {}, expected, [9, 10, 12]]])
  assert.deepEqual(await seriesOf(answer, 'dump/rds/orders-db/DatabaseConnections.json', 7), [
    ['DatabaseConnections', { instance: 'orders-db' }, expected, [9, 10, 12]],
  ])
  assert.deepEqual(await seriesOf(answer, 'orders-db-DatabaseConnections.json'), [['DatabaseConnections', { instance: 'orders-db' }, expected, [9, 10, 12]]])
})

test('of several statistics one is read: the sum of what is counted, the average of what is measured', async () => {
  const both = { Average: 1, Maximum: 7, Sum: 40, SampleCount: 40 }
  assert.deepEqual(await seriesOf({ Label: 'CPUUtilization', Datapoints: [point(0, both)] }, 'aws/CPUUtilization.json'), [['CPUUtilization', {}, [0], [1]]])
  assert.deepEqual(await seriesOf({ Label: 'RequestCount', Datapoints: [point(0, both)] }, 'x.json'), [['RequestCount', { loadbalancer: 'x' }, [0], [40]]])
})

test('what is counted and did not happen has no point: it is zero there', async () => {
  const answer = { Label: 'HTTPCode_ELB_5XX_Count', Datapoints: [point(0, { Sum: 1 }), point(1, { Sum: 2 }), point(9, { Sum: 3 })] }
  assert.deepEqual(await seriesOf(answer, 'alb/shop/HTTPCode_ELB_5XX_Count.json'), [
    ['HTTPCode_ELB_5XX_Count', { loadbalancer: 'shop' }, [0, 60, 120, 480, 540], [1, 2, 0, 0, 3]],
  ])
})

test('get-metric-data: each result by its label', async () => {
  const result = (Label: string, Values: readonly number[]) => ({
    Id: 'm1',
    Label,
    Timestamps: ['2026-11-21T08:01:00+00:00', '2026-11-21T08:00:00+00:00'],
    Values,
  })
  const answer = { MetricDataResults: [result('orders-db DatabaseConnections', [2, 1]), result('AWS/RDS stock-db CPUUtilization', [4, 3])], Messages: [] }
  assert.deepEqual(await seriesOf(answer, 'metrics.json'), [
    ['DatabaseConnections', { instance: 'orders-db' }, [0, 60], [1, 2]],
    ['CPUUtilization', { instance: 'stock-db' }, [0, 60], [3, 4]],
  ])
})

test('broken, empty and hostile answers give no series and do not throw', async () => {
  for (const text of [
    '{"Label":"X","Datapoints":[{',
    '{"Label":"X","Datapoints":[]}',
    '{"Label":1,"Datapoints":[null,{"Timestamp":"no","Sum":"x"},{"__proto__":1}]}',
  ])
    assert.deepEqual((await read(text, { path: 'x.json' })).series, [])
})
