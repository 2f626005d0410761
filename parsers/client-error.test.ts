import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { clientError } from './client-error.js'

for (const line of [
  clientError.example,
  'Error from server (BadRequest): previous terminated container "web" in pod "web-1" not found',
  'unable to retrieve container logs for containerd://4f8e2a1b',
  'failed to try resolving symlinks in path "/var/log/pods/shop_web-1_x/web/0.log": lstat /var/log/pods/shop_web-1_x/web/0.log: no such file or directory',
  'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?',
  'Error from server: Get "https://10.0.0.4:10250/containerLogs/shop/web-1/web": dial tcp 10.0.0.4:10250: i/o timeout',
  'Unable to connect to the server: net/http: TLS handshake timeout',
  'error: You must be logged in to the server (Unauthorized)',
  'Error from server (Timeout): the server was unable to return a response in the time allotted, but may still be processing requests (get events)',
  '-- No entries --',
  'Error: No such container: web',
]) {
  test(`an error saved in place of an answer is missing evidence, and no error of the incident: ${line.slice(0, 60)}`, async () => {
    const extract = await read(`${line}\n`, { path: 'dump/web-1.log' })
    assert.equal(extract.format, 'client-error')
    assert.deepEqual(extract.signals, [])
    assert.deepEqual(
      extract.facts.map(({ fact }) => fact),
      ['missing'],
    )
    assert.equal(extract.warnings.length, 1)
  })
}

test('no events is missing evidence, no pods is an answer', async () => {
  const events = await read('No resources found in default namespace.\n', { path: 'dump/events.txt' })
  assert.deepEqual(
    events.facts.map((fact) => fact.fact === 'missing' && fact.what),
    ['events in dump/events.txt'],
  )
  const pods = await read('No resources found\n', { path: 'dump/pods.txt' })
  assert.deepEqual(pods.facts, [])
  assert.equal(pods.format === 'client-error', true)
})

test('an application that logs such an error has a log', async () => {
  const line = '2026-03-02T10:00:00Z level=error msg="Error from server (NotFound): pods \\"web-1\\" not found"'
  assert.equal((await read(`${line}\n`)).format, 'text')
  assert.notEqual((await read(`${clientError.example}\n`.repeat(40))).format, 'client-error')
  assert.notEqual((await read(`W0302 10:00:00.000000 1 scraper.go:1] unable to scrape https://10.0.0.4:10250/metrics/resource\n`)).format, 'client-error')
})

test('hostile lines are read past', async () => {
  assert.notEqual((await read(`Error from server: ${'x '.repeat(40_000)}`)).format, 'client-error')
  await read(`Error from server${'('.repeat(1_000)}\nError from server ${'metrics.'.repeat(120)}`)
})
