import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { pod } from '../src/model/entity.js'
import type { InputExtract } from '../src/model/extract.js'
import type { InputContext } from '../src/model/format.js'
import { gatheringSink } from '../src/read/sink.js'
import { read } from '../test/read.js'
import { stemOf } from './text-apps.js'
import { text } from './text.js'

const context: InputContext = { path: 'logs/shop.log', pod: null, container: null, expression: null }

/** Lines given to this format alone, whatever the others would take. */
const lines = (content: string, more: Partial<InputContext> = {}) => {
  const sink = gatheringSink()
  const reader = text.open(sink, { ...context, ...more })
  for (const line of content.split('\n')) {
    sink.nextLine()
    const bytes = Buffer.from(line)
    if (!reader.line(bytes, 0, bytes.length, null)) sink.skip('not understood')
  }
  reader.end()
  return sink.gathered()
}

const iso = (ms: number | undefined): string => (ms === undefined ? '-' : new Date(ms).toISOString())

describe('a stamp is read where applications put it', () => {
  const stamps: readonly [line: string, time: string, basis: string][] = [
    [text.example, '2026-11-21T08:28:23.469Z', 'utc'],
    ['2026-11-21 08:18:01,123 - shop.orders - ERROR - failed', '2026-11-21T08:18:01.123Z', 'local'],
    ['2026-11-21T09:18:01.123+01:00 INFO x', '2026-11-21T08:18:01.123Z', 'utc'],
    ['2026/11/21 08:18:01 main.go:17: listening', '2026-11-21T08:18:01.000Z', 'local'],
    ['[2026-11-21 08:18:01,123] INFO started', '2026-11-21T08:18:01.123Z', 'local'],
    ['Nov 21 08:18:01 db-1 cron[12]: done', '1972-11-21T08:18:01.000Z', 'yearless'],
    ['1795249081 up', '2026-11-21T08:18:01.000Z', 'utc'],
    ['1795249081123 up', '2026-11-21T08:18:01.123Z', 'utc'],
    ['1795249081.123456 up', '2026-11-21T08:18:01.123Z', 'utc'],
    ['21/Nov/2026:08:18:01 +0000 x', '2026-11-21T08:18:01.000Z', 'utc'],
    ['21 Nov 2026 08:18:01.123 * x', '2026-11-21T08:18:01.123Z', 'local'],
    ['21-Nov-2026 08:18:01.123 SEVERE [main] x', '2026-11-21T08:18:01.123Z', 'local'],
    ['Sat Nov 21 08:18:01 2026 x', '2026-11-21T08:18:01.000Z', 'local'],
    ['Sat Nov 21 08:18:01 CET 2026 x', '2026-11-21T08:18:01.000Z', 'zone:CET'],
    ['Nov 21, 2026 8:18:01 PM com.example.Main run', '2026-11-21T20:18:01.000Z', 'local'],
    ['11/21/2026 8:18:01 PM ERROR x', '2026-11-21T20:18:01.000Z', 'local'],
    ['4/3/2026 8:18:01 AM ERROR x', '2026-04-03T08:18:01.000Z', 'local'],
    ['21/11/2026 08:18:01.123 ERROR x', '2026-11-21T08:18:01.123Z', 'local'],
    ['11/21/2026, 08:18:01 ERROR x', '2026-11-21T08:18:01.000Z', 'local'],
    ['26/11/21 08:18:01 WARN Executor: x', '2026-11-21T08:18:01.000Z', 'local'],
    ['20261121 08:18:01.123 x', '2026-11-21T08:18:01.123Z', 'local'],
    ['INFO  2026-11-21 08:18:01,123 x', '2026-11-21T08:18:01.123Z', 'local'],
    ['<34>Nov 21 08:18:01 db-1 su: x', '1972-11-21T08:18:01.000Z', 'yearless'],
    ['E1121 08:18:01.123456   12 pool.cc:17] x', '1972-11-21T08:18:01.123Z', 'yearless'],
    ['caller=main.go:3 level=info ts=2026-11-21T08:18:01.123Z msg=x', '2026-11-21T08:18:01.123Z', 'utc'],
    ['{"level":30,"time":1795249081123,"msg":"x"}', '2026-11-21T08:18:01.123Z', 'utc'],
    ['{"ts":1795249081.123,"level":"info"}', '2026-11-21T08:18:01.123Z', 'utc'],
    ['{"@timestamp":"2026-11-21T08:18:01.123Z","log":{"level":"info"}}', '2026-11-21T08:18:01.123Z', 'utc'],
    ['{"t":{"$date":"2026-11-21T08:18:01.123+00:00"},"s":"I","c":"NETWORK"}', '2026-11-21T08:18:01.123Z', 'utc'],
    ['\u001b[2m2026-11-21T08:18:01.123456Z\u001b[0m \u001b[31mERROR\u001b[0m shop: x', '2026-11-21T08:18:01.123Z', 'utc'],
    ['web-1  | 2026-11-21T08:18:01.123Z x', '2026-11-21T08:18:01.123Z', 'utc'],
  ]
  for (const [line, time, basis] of stamps)
    test(line, () => {
      const { records, spans } = lines(line)
      assert.equal(records, 1)
      assert.deepEqual([iso(spans[0]?.first), spans[0]?.basis], [time, basis])
    })

  for (const line of ['no time at all', '12345 items', 'valid until 2026-11-21', '999.999.999', '2026-13-41 08:18:01 x', 'version 1.2.3 1795249081'])
    test(`not in: ${line}`, () => assert.equal(lines(line).records, 0))

  test('a date in the words of a line is no stamp once lines begin with theirs', () => {
    const stamped = '2026-11-21 08:18:01 a\n'.repeat(4)
    assert.equal(lines(`${stamped}the certificate of 2024-01-01 00:00:00 expired`).spans[0]?.first, Date.UTC(2026, 10, 21, 8, 18, 1))
  })
})

describe('a program says which version of it starts', () => {
  const versions: readonly [line: string, version: string | undefined][] = [
    ['{"ts": "2026-11-23T01:02:38.928Z", "level": "info", "service": "orders", "message": "starting version 2.7.0"}', '2.7.0'],
    ['2026-11-23T01:02:38.928Z level=info app=orders msg="starting version 2.7.0-rc.1"', '2.7.0-rc.1'],
    ['2026-11-23 01:02:38,928 INFO    [orders] starting version 3.12.2', '3.12.2'],
    // https://docs.spring.io/spring-boot/reference/features/spring-application.html
    ['2026-11-23T01:02:38.928Z  INFO 39 --- [main] c.e.OrdersApplication : Starting OrdersApplication v1.4.2 using Java 21.0.5 with PID 39', '1.4.2'],
    ['ts=2026-11-23T01:02:38.928Z level=info msg="Starting Prometheus Server" mode=server version="(version=3.5.0, branch=HEAD)"', '3.5.0'],
    ['2026-11-23T01:02:38.928Z INFO started in 4.5 seconds', undefined],
    ['2026-11-23T01:02:38.928Z INFO restarting version 2.7.0', undefined],
    ['2026-11-23T01:02:38.928Z level=info app=orders msg="client starting version 2.7.0 refused"', undefined],
    ['2026-11-23T01:02:38.928Z INFO starting conversion 2.7.0', undefined],
  ]
  for (const [line, version] of versions)
    test(line, () =>
      assert.deepEqual(
        lines(line).signals.map(({ kind, attributes }) => [kind, attributes['version']]),
        version === undefined ? [] : [['app.started', version]],
      ),
    )
})

const levelsOf = (content: string): string =>
  lines(content)
    .series.filter((series) => series.name === 'faultline_log_lines')
    .map((series) => series.labels['level'])
    .join()

describe('a level is the one the line names, not a word of its message', () => {
  const stamp = '2026-11-21T08:18:01Z '
  const levels: readonly [line: string, level: string][] = [
    ['level=info msg="no error, no FATAL"', 'info'],
    ['level=error msg="x"', 'error'],
    ['[E] x', 'error'],
    ['[error] x', 'error'],
    ['E/OkHttp: x', 'error'],
    ['ERROR x', 'error'],
    ['12345 --- [main] WARN  c.e.Shop : x', 'warning'],
    ['[main] ERROR c.e.Shop - x', 'error'],
    ['shop.orders - CRITICAL - x', 'fatal'],
    ['error: cannot open', 'error'],
    ['there was an error in the message', 'none'],
    ['alert manager started', 'none'],
    ['GET /ERROR/1 done', 'none'],
    ['INFO recovered from ERROR state', 'info'],
    ['{"level":"error","msg":"x"}', 'error'],
    ['{"msg":"level error","severity":"INFO"}', 'info'],
    ['\u001b[31mERROR\u001b[0m x', 'error'],
    ['panic: runtime error: index out of range', 'error'],
    ['psycopg.OperationalError: x', 'error'],
  ]
  for (const [line, level] of levels) test(`${line} → ${level}`, () => assert.equal(levelsOf(stamp + line), level))

  for (const [line, level] of [
    ['{"time":1795249081123,"level":50,"msg":"x"}', 'error'],
    ['{"time":1795249081123,"level":60,"name":"shop"}', 'fatal'],
    ['{"version":"1.1","short_message":"x","timestamp":1795249081.1,"level":3}', 'error'],
    ['{"time":1795249081123,"level":3,"msg":"x"}', 'none'],
    ['{"t":{"$date":"2026-11-21T08:18:01.123+00:00"},"s":"E","c":"NETWORK"}', 'error'],
    ['{"__proto__":{"level":"error"},"time":1795249081123,"constructor":1}', 'none'],
  ] as const)
    test(`${line} → ${level}`, () => assert.equal(levelsOf(line), level))
})

describe('an error is a signal of whoever wrote it', () => {
  test('of the application that the line names, with the cause that its text names', () => {
    const { signals, facts } = lines(
      '2026-11-21T08:18:01.1Z level=error app=billing msg="connection to server at \\"10.2.0.5\\", port 5433 failed: FATAL:  sorry, too many clients already"',
    )
    const [error] = signals
    assert.equal(error?.kind, 'log.error')
    assert.equal(error?.entity, 'process/-/billing')
    assert.deepEqual(error?.attributes, { app: 'billing', reason: 'postgres-too-many' })
    assert.deepEqual(facts, [{ fact: 'client-of', client: 'process/-/billing', server: 'postgres/?' }])
  })

  test('of the pod, where its place tells which', () => {
    const { signals } = lines('2026-11-21T08:18:01Z ERROR x', { pod: pod('shop', 'web-1'), container: 'web' })
    assert.deepEqual([signals[0]?.entity, signals[0]?.attributes['app']], ['pod/shop/web-1', 'web'])
  })

  test('repeats that differ in numbers are one burst', () => {
    const { signals } = lines([1, 2, 3].map((n) => `2026-11-21T08:18:0${n}Z ERROR order ${n * 17} of '${n}x' failed after ${n}.5s id=0x${n}f`).join('\n'))
    assert.deepEqual(
      signals.map(({ count }) => count),
      [3],
    )
  })

  test('a name that does not resolve is a DNS failure of whoever asked', () => {
    const { signals, facts } = lines('2026-11-21T08:18:01Z level=error app=cart msg="dial tcp: lookup redis.shop.svc on 10.96.0.10:53: no such host"')
    const dns = signals.find(({ kind }) => kind === 'network.dns-failure')
    assert.deepEqual([dns?.entity, dns?.attributes], ['process/-/cart', { name: 'redis.shop.svc' }])
    assert.deepEqual(facts, [])
  })

  test('a cause in the stack trace below counts', () => {
    const { signals, records } = lines(
      [
        '2026-11-21 08:18:01,123 ERROR [http-1] c.e.Orders - request failed',
        'java.lang.IllegalStateException: no data',
        '\tat c.e.Orders.load(Orders.java:17)',
        'Caused by: org.postgresql.util.PSQLException: Connection to 10.0.0.7:5432 refused.',
        '\t... 17 more',
        '2026-11-21 08:18:02,000 INFO  [http-1] c.e.Orders - next',
      ].join('\n'),
    )
    assert.equal(records, 2)
    assert.deepEqual(
      signals.map(({ kind, attributes }) => [kind, attributes['reason']]),
      [['log.error', 'postgres-unreachable']],
    )
    assert.equal(signals[0]?.places[0]?.line, 1)
  })

  test('a traceback between stamped lines is an error of its own, told by its last line', () => {
    const { signals, records, skipped } = lines(
      [
        '2026-11-21 08:18:01,123 INFO serving',
        'Traceback (most recent call last):',
        '  File "/srv/app.py", line 17, in get',
        'redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.',
        '2026-11-21 08:18:02,123 INFO serving',
      ].join('\n'),
    )
    assert.deepEqual([records, skipped], [2, 0])
    assert.deepEqual(
      signals.map(({ kind, attributes }) => [kind, attributes['reason']]),
      [['log.error', 'redis-unreachable']],
    )
  })

  test('what is no level error is no signal', () =>
    assert.deepEqual(lines('2026-11-21T08:18:01Z level=info app=a msg="no error: connection refused by policy"\n2026-11-21T08:18:02Z retrying').signals, []))
})

describe('causes are told apart', () => {
  const causes: readonly [message: string, reason: string][] = [
    ['remaining connection slots are reserved for non-replication superuser connections', 'postgres-too-many'],
    ['FATAL: the database system is in recovery mode', 'postgres-recovering'],
    ['pq: the database system is not yet accepting connections', 'postgres-recovering'],
    ['could not connect to server: Connection refused', 'postgres-unreachable'],
    ['sqlite3.OperationalError: database is locked', 'other'],
    ['connect ECONNREFUSED 10.0.0.4:6379', 'redis-unreachable'],
    ["READONLY You can't write against a read only replica.", 'redis-unreachable'],
    ['LOADING Redis is loading the dataset in memory', 'redis-unreachable'],
    ['could not translate host name "db" to address: Name or service not known', 'dns'],
    ['getaddrinfo EAI_AGAIN db', 'dns'],
    ['write /data/1: no space left on device', 'disk-full'],
    ['java.lang.OutOfMemoryError: Java heap space', 'oom'],
    ['x509: certificate has expired or is not yet valid', 'tls'],
    ['upstream answered: 503 Service Unavailable', 'upstream-error'],
    ['context deadline exceeded', 'timeout'],
    ['dial tcp 10.0.0.4:8080: connect: connection refused', 'refused'],
    ['order not found', 'other'],
    ['order 8 not found on read replica after write', 'stale-replica'],
    ['replication lag of 2400 s is more than 30 s: not reading from it', 'stale-replica'],
    ['scaled to 3 replicas, want 4', 'other'],
    ['replica set has no primary', 'other'],
  ]
  for (const [message, reason] of causes)
    test(`${message} → ${reason}`, () => assert.equal(lines(`2026-11-21T08:18:01Z ERROR ${message}`).signals[0]?.attributes['reason'], reason))
})

test('an error that names the service it asked makes its writer a client of that', () => {
  const servers = (line: string): unknown[] => lines(line).facts.flatMap((fact) => (fact.fact === 'client-of' ? [fact.server] : []))
  assert.deepEqual(servers('{"time": "2026-11-21T08:18:01Z", "level": "ERROR", "msg": "proxy", "upstream": "pricing", "status": 504}'), ['service/-/pricing'])
  assert.deepEqual(servers('2026-11-21T08:18:01Z ERROR upstream graph.api.svc: connect ECONNREFUSED 10.96.31.7:4000'), ['service/api/graph'])
  assert.deepEqual(servers('2026-11-21T08:18:01Z ERROR upstream timed out'), [])
})

describe("a prober's log", () => {
  test('gives a series of every result and a signal of each failure', () => {
    const { signals, series } = lines(
      ['success', 'failure', 'success'].map((result, n) => `2026-11-21T08:18:0${n}Z probe=checkout type=http result=${result} error="timeout"`).join('\n'),
    )
    assert.deepEqual(
      signals.map(({ kind, entity, attributes }) => [kind, entity, attributes]),
      [['probe.failed', 'service/-/checkout', { probe: 'checkout', reason: 'timeout' }]],
    )
    assert.deepEqual([...(series.find(({ name }) => name === 'faultline_probe_success')?.values ?? [])], [1, 0, 1])
  })
  test('an exit status of 0 is no failure', () => assert.deepEqual(lines('2026-11-21T08:18:01Z check=disk status=0').signals, []))
  test('JSON counts as well', () => assert.equal(lines('{"time":"2026-11-21T08:18:01Z","check":"api","success":false}').signals[0]?.kind, 'probe.failed'))
})

describe('counting', () => {
  test('lines per ten seconds and level, with zeroes at the edges of a gap', () => {
    const { series } = lines(['00', '09', '10', '59'].map((second) => `2026-11-21T08:18:${second}Z INFO x`).join('\n'))
    assert.deepEqual([...(series[0]?.values ?? [])], [2, 1, 0, 0, 1])
    assert.deepEqual(series[0]?.labels, { app: 'shop', level: 'info' })
  })
  test('times that are not UTC say so', () => assert.equal(lines('2026-11-21 08:18:01 INFO x').series[0]?.labels['faultline_basis'], 'local'))
  test('applications without end are no applications', () => {
    const { series } = lines(Array.from({ length: 5_000 }, (_, n) => `2026-11-21T08:18:01Z level=info app=job-${n} msg=x`).join('\n'))
    assert.ok(series.length <= 101, String(series.length))
  })
  test('messages without end are bounded bursts', () => {
    const word = (n: number): string => String(n).replace(/\d/g, (figure) => 'ghijklmnop'[Number(figure)] ?? '')
    const { signals } = lines(Array.from({ length: 5_000 }, (_, n) => `2026-11-21T08:18:01Z ERROR ${word(n)}`).join('\n'))
    assert.ok(signals.length <= 1_001, String(signals.length))
  })
})

test('an application is called by its file where nothing else names it', () => {
  assert.equal(stemOf('dump.tar.gz!/host-1/orders.log.2.gz'), 'orders')
  assert.equal(stemOf('logs/orders-20261121.log'), 'orders')
  assert.equal(stemOf('orders/stdout.log'), 'orders')
  assert.equal(stemOf('-'), '-')
})

test('hostile lines hurt nobody', () => {
  const ugly = [
    '{',
    '{"',
    '{"a',
    '{"level":',
    '{"time":{{{{',
    '[[[[',
    '<',
    '<999',
    'a=',
    '="',
    'level="',
    `{"msg":"${'\\'.repeat(5_000)}`,
    '\u001b[',
    `x${'|'.repeat(9_000)}`,
  ]
  const long = [
    'ERROR '.repeat(20_000),
    '"'.repeat(100_000),
    `2026-11-21T08:18:01Z ERROR ${"'a ".repeat(100_000)}`,
    '{'.repeat(100_000),
    '[{"a":'.repeat(30_000),
  ]
  const started = performance.now()
  lines([...ugly, ...long].join('\n'))
  assert.ok(performance.now() - started < 1_500)
})

test('any cut of the bytes gives the same', async () => {
  const content = [
    text.example,
    'Traceback (most recent call last):',
    '  File "/srv/app.py", line 17, in get',
    'KeyError: 17',
    '{"time":"2026-11-21T08:28:24Z","level":"warn","service":"mail","msg":"ünïcode “x” slow"}',
    '\u001b[31m2026-11-21T08:28:25Z\u001b[0m ERROR x',
    '',
  ].join('\n')
  const whole = await read(content)
  assert.equal(whole.records, 3)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(content, { chunkBytes }), whole)
})

const shared = new URL('../../shared/', import.meta.url)
const absent = existsSync(shared) ? false : 'shared/ is absent'

describe('real logs of many makers', { skip: absent }, () => {
  const file = (name: string): Promise<InputExtract> => read(readFileSync(new URL(`corpus/wrappers/tstack+lnav/test/${name}`, shared)), { path: name })
  const known: readonly [name: string, records: number, basis: string, first: string, last: string][] = [
    ['logfile_logfmt.0', 5, 'utc', '2021-09-15T21:17:10.220Z', '2021-09-15T21:18:20.335Z'],
    ['logfile_rust_tracing.0', 5, 'utc', '2025-10-28T19:15:10.821Z', '2025-10-28T19:15:10.821Z'],
    ['logfile_pino.0', 1, 'utc', '2025-04-24T22:08:37.537Z', '2025-04-24T22:08:37.537Z'],
    ['logfile_ecs_log.json', 5, 'utc', '2025-01-13T09:58:13.631Z', '2025-01-13T09:58:13.634Z'],
    ['logfile_epoch.0', 2, 'utc', '2015-04-10T02:58:07.123Z', '2015-04-10T02:58:07.456Z'],
    ['logfile_generic_nanos.0', 2, 'local', '2025-01-01T00:00:00.123Z', '2025-01-01T01:00:00.987Z'],
    // Flask's eight lines begin with a blank: the first is a record of its own, the others go on with what is before them.
    ['logfile_docker_compose_with_ts.0', 15, 'utc', '2024-04-25T05:32:35.019Z', '2024-04-25T05:54:43.948Z'],
    ['logfile_uwsgi.0', 19, 'local', '2016-03-13T22:49:12.000Z', '2016-03-13T22:56:15.000Z'],
    ['logfile_with_zones.0', 3, 'utc', '2022-08-27T14:22:01.613Z', '2022-08-27T14:22:01.888Z'],
    ['logfile_crlf.0', 2, 'local', '2012-07-02T10:22:40.672Z', '2014-10-08T16:56:38.344Z'],
    ['logfile_invalid_utf8.0', 1, 'local', '2015-03-12T23:16:52.071Z', '2015-03-12T23:16:52.071Z'],
    ['logfile_dst.0', 10, 'yearless', '1972-11-03T01:01:03.000Z', '1972-11-03T02:25:02.000Z'],
    ['logfile_json_subsec.json', 2, 'utc', '2022-09-24T00:00:09.484Z', '2022-09-24T00:00:19.222Z'],
    ['logfile_grafana.0', 5, 'utc', '2025-04-24T19:51:48.520Z', '2025-04-24T19:51:48.521Z'],
    ['logfile_yday.0', 2, 'local', '2012-01-25T10:22:40.672Z', '2014-11-29T16:56:38.344Z'],
    ['logfile_otel_collector.jsonl', 11, 'utc', '2023-11-14T22:13:20.000Z', '2023-11-14T22:13:30.000Z'],
  ]
  for (const [name, records, basis, first, last] of known)
    test(name, async () => {
      const extract = await file(name)
      const [span] = extract.spans
      assert.deepEqual(
        [extract.records, extract.skipped, span?.basis, iso(span?.first).slice(0, 23), iso(span?.last).slice(0, 23)],
        [records, 0, basis, first.slice(0, 23), last.slice(0, 23)],
      )
    })

  const recording = (name: string): string => readFileSync(new URL(`recordings/${name}`, shared), 'utf8').trimEnd()

  test("the recordings' applications, probes and exporters", () => {
    const apps = lines(recording('pg-conn-surge/dump/logs/app.log'))
    assert.equal(apps.records, 38)
    assert.deepEqual([...new Set(apps.signals.map(({ entity }) => entity))].sort(), [
      'process/-/checkout-api',
      'process/-/orders-worker',
      'process/-/report-api',
    ])
    assert.deepEqual(
      lines(recording('pg-conn-surge/dump/logs/probe.log')).signals.map(({ kind, entity, count }) => [kind, entity, count]),
      [['probe.failed', 'service/-/postgres-primary', 32]],
    )
    for (const quiet of ['app.log', 'postgres_exporter.log', 'probe.log']) assert.deepEqual(lines(recording(`pg-quiet/dump/logs/${quiet}`)).signals, [], quiet)
  })

  // The reader of Postgres' own log takes lines of clients that quote the server's FATAL.
  test("a client's log that quotes Postgres stays the client's", async () => {
    const { format } = await read(recording('pg-conn-surge/dump/logs/app.log'))
    assert.equal(format, 'text')
  })
})

test('records of a collector in Kubernetes are of the pod that their resource names, with its uid and its node', async () => {
  const attribute = (key: string, value: string): unknown => ({ key, value: { stringValue: value } })
  const line = (second: number): string =>
    JSON.stringify({
      resourceLogs: [
        {
          resource: {
            attributes: [
              attribute('k8s.namespace.name', 'shop'),
              attribute('k8s.pod.name', 'web-1'),
              attribute('k8s.pod.uid', 'u-1'),
              attribute('k8s.node.name', 'n1'),
              attribute('k8s.container.name', 'app'),
            ],
          },
          scopeLogs: [
            { logRecords: [{ timeUnixNano: `176292000${second}000000000`, severityNumber: 17, body: { stringValue: 'connect ECONNREFUSED 10.0.0.7:80' } }] },
          ],
        },
      ],
    })
  const { signals, facts } = await read([line(1), line(2)].join('\n'))
  assert.deepEqual([...new Set(signals.map(({ entity }) => entity))], ['pod/shop/web-1'])
  assert.deepEqual(
    facts.filter(({ fact }) => fact === 'pod-on-node'),
    [{ fact: 'pod-on-node', pod: 'pod/shop/web-1', node: 'node/n1', at: { ms: 1762920001000, basis: 'utc' }, uid: 'u-1' }],
  )
})
