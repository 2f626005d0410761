/** How severe a record is counts where its line does not say so itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../../test/read.js'

const complaintsOf = async (...records: readonly object[]): Promise<unknown> =>
  (await read(records.map((record) => `${JSON.stringify(record)}\n`).join(''))).signals
    .filter(({ kind }) => kind === 'log.error' || kind === 'log.warning')
    .map(({ kind, places }) => [kind, places[0]?.line])

const google = (severity: string, more: object, log = 'app'): object => ({
  insertId: 'x1',
  ...more,
  logName: `projects/shop/logs/${log}`,
  resource: { labels: { container_name: 'orders', namespace_name: 'shop', pod_name: 'orders-1' }, type: 'k8s_container' },
  severity,
  timestamp: '2026-11-21T08:18:01.887962Z',
})

test('Google: the severity of an entry, unless the line has one of its own', async () => {
  assert.deepEqual(
    await complaintsOf(
      google('INFO', { jsonPayload: { message: 'job done' } }),
      google('ERROR', { jsonPayload: { message: 'job not done' } }, 'stderr'),
      google('WARNING', { textPayload: 'queue is long' }),
      google('ERROR', { textPayload: 'level=info msg="all is well"' }),
    ),
    [
      ['log.error', 2],
      ['log.warning', 3],
    ],
  )
})

test('Google: text on stderr is called an error whatever it says, which tells nothing', async () => {
  assert.deepEqual(
    await complaintsOf(google('ERROR', { textPayload: 'listening on :8080' }, 'stderr'), google('ERROR', { textPayload: 'ready' }, 'stderr')),
    [],
  )
})

test('Azure: LogLevel of containers, SeverityLevel of syslog', async () => {
  const row = { TimeGenerated: '2026-11-21T08:18:01.887962Z', Computer: 'aks-1' }
  assert.deepEqual(
    await complaintsOf(
      { ...row, PodName: 'web-1', PodNamespace: 'shop', ContainerName: 'web', LogMessage: 'payment lost', LogLevel: 'CRITICAL' },
      { ...row, PodName: 'web-1', PodNamespace: 'shop', ContainerName: 'web', LogMessage: 'started', LogLevel: 'UNKNOWN' },
    ),
    [['log.error', 1]],
  )
  assert.deepEqual(await complaintsOf({ ...row, ProcessName: 'orders', SyslogMessage: 'payment lost', SeverityLevel: 'err' }), [['log.error', 1]])
})

const entry = (priority: string, message: string, more: object = {}): object => ({
  __REALTIME_TIMESTAMP: '1795249081887962',
  _HOSTNAME: 'worker-1',
  SYSLOG_IDENTIFIER: 'backup',
  PRIORITY: priority,
  MESSAGE: message,
  ...more,
})

test('journald: the priority of an entry, once for a message of several lines; what Docker says of a stream tells nothing', async () => {
  assert.deepEqual(await complaintsOf(entry('6', 'copied'), entry('3', 'copy failed\nfrom /a\nto /b'), entry('4', 'disk is slow')), [
    ['log.error', 2],
    ['log.warning', 3],
  ])
  assert.deepEqual(await complaintsOf(entry('3', 'listening', { CONTAINER_NAME: 'web' }), entry('3', 'level=info msg=ready')), [])
})
