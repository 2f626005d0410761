import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { alertEntity } from './alert-series.js'

const start = 1795249600

/** Samples every 10 s at the numbered steps. */
const series = (labels: Record<string, string>, steps: readonly number[], value = '1', name = 'ALERTS'): object => ({
  metric: { __name__: name, alertname: 'DiskFull', node: 'storage-2', severity: 'critical', ...labels },
  values: steps.map((step) => [start + step * 10, value]),
})
const answer = (result: readonly object[]): string => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } })
const steps = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const said = async (text: string): Promise<unknown> =>
  (await read(text)).signals.map(({ phase, at, attributes }) => [phase, (at.ms / 1000 - start) / 10, attributes['activeAt'] ?? attributes['onset'] ?? null])
const time = (step: number): string => new Date((start + step * 10) * 1000).toISOString()

test('an alert begins with its first firing sample and ends where its samples stop while others go on', async () => {
  const text = answer([
    series({ alertstate: 'pending' }, steps(3, 5)),
    series({ alertstate: 'firing' }, steps(6, 9)),
    series({ alertstate: 'firing', alertname: 'Watchdog', severity: 'none' }, steps(0, 30)),
  ])
  assert.deepEqual(await said(text), [
    ['begin', 6, time(3)],
    ['end', 10, time(3)],
  ])
})

test('an alert that fires until the data ends has no end', async () => {
  assert.deepEqual(await said(answer([series({ alertstate: 'pending' }, [2]), series({ alertstate: 'firing' }, steps(3, 30))])), [['begin', 3, time(2)]])
})

test('a pause longer than three intervals is an end and a new begin; a shorter one is a missed evaluation', async () => {
  const text = answer([
    series({ alertstate: 'firing' }, [...steps(4, 8), ...steps(11, 14), ...steps(19, 22)]),
    series({ alertname: 'Watchdog', alertstate: 'firing' }, steps(0, 22)),
  ])
  assert.deepEqual(await said(text), [
    ['begin', 4, null],
    ['end', 15, null],
    ['begin', 19, null],
  ])
})

test('a stale marker ends an alert at once', async () => {
  const lines = [
    ...steps(4, 8).map((step) => `{__name__="ALERTS", alertname="A", alertstate="firing", node="n"} 1 ${(start + step * 10) * 1000}`),
    `{__name__="ALERTS", alertname="A", alertstate="firing", node="n"} NaN ${(start + 90) * 1000}`,
    `{__name__="up", job="x"} 1 ${start * 1000}`,
    `{__name__="up", job="x"} 1 ${(start + 200) * 1000}`,
  ]
  assert.deepEqual(await said(lines.join('\n')), [
    ['begin', 4, null],
    ['end', 9, null],
  ])
})

test('pending alone is not fired; what fires from the first sample on may have fired before', async () => {
  assert.deepEqual(await said(answer([series({ alertstate: 'pending' }, steps(0, 9))])), [])
  assert.deepEqual(await said(answer([series({ alertstate: 'firing' }, steps(0, 9))])), [['begin', 0, 'before']])
})

test('ALERTS_FOR_STATE tells when an alert became active', async () => {
  const text = answer([series({ alertstate: 'firing' }, steps(5, 9)), series({}, steps(3, 9), String(start + 27), 'ALERTS_FOR_STATE')])
  assert.deepEqual(await said(text), [['begin', 5, time(2.7)]])
})

test('an alert is about the nearest thing its labels name', () => {
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ namespace: 'shop', pod: 'web-1', node: 'n1', job: 'kubelet', instance: '10.0.0.1:10250' }, 'pod/shop/web-1'],
    [{ namespace: 'shop', deployment: 'web', pod: 'kube-state-metrics-abc', job: 'kube-state-metrics', instance: '10.0.0.9:8080' }, 'workload/shop/web'],
    [{ node: 'n1', pod: 'kube-state-metrics-abc', namespace: 'monitoring', job: 'kube-state-metrics', instance: '10.0.0.9:8080' }, 'node/n1'],
    [{ node: 'n1', pod: 'node-exporter-x', namespace: 'monitoring', service: 'node-exporter', job: 'node-exporter', instance: '10.0.0.1:9100' }, 'node/n1'],
    [{ namespace: 'monitoring', pod: 'node-exporter-x', job: 'node-exporter', instance: 'worker-b' }, 'node/worker-b'],
    [{ job: 'postgres', instance: '10.0.0.1:9187', node: 'db-1' }, 'target/postgres/10.0.0.1:9187'],
    [{ namespace: 'shop', service: 'checkout', job: 'checkout' }, 'service/shop/checkout'],
    [{ instance: '10.0.0.1:9100' }, 'target/-/10.0.0.1:9100'],
    [{ app: 'orders' }, 'service/-/orders'],
    [{ severity: 'critical' }, 'cluster'],
  ]
  for (const [labels, entity] of cases) assert.equal(alertEntity(labels), entity, JSON.stringify(labels))
})
