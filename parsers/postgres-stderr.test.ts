import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { InputExtract, Signal } from '../src/model/extract.js'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { read } from '../test/read.js'
import { postgresStderr } from './postgres-stderr.js'

const shared = (path: string): URL => new URL(`../../shared/${path}`, import.meta.url)
const needs = (path: string): { skip: false | string } => ({ skip: existsSync(shared(path)) ? false : 'shared/ is absent' })
const open = (path: string): Buffer => (path.endsWith('.gz') ? gunzipSync(readFileSync(shared(path))) : readFileSync(shared(path)))
const FIXTURES = 'corpus/postgres/darold+pgbadger/t/fixtures'

const known = new Map<string, Promise<InputExtract>>()

/** As a user reads it: taken off its compression by the reading layer. Once, whoever asks: the largest takes seconds. */
const unpacked = (path: string): Promise<InputExtract> => {
  const extract = known.get(path) ?? findInputs([fileURLToPath(shared(path))]).then(({ sources: [source] }) => extractInput(source!))
  known.set(path, extract)
  return extract
}

const kinds = ({ signals }: InputExtract): string[] => signals.map(({ kind, phase }) => `${kind} ${phase}`)
const of = ({ signals }: InputExtract, kind: string): Signal[] => signals.filter((signal) => signal.kind === kind)
const span = ({ spans }: InputExtract): string =>
  spans.map(({ basis, first, last }) => `${basis} ${new Date(first).toISOString()} ${new Date(last).toISOString()}`).join()

const TWO_PROGRAMS = `2026-11-21 08:18:00.100 UTC [100] app@shop FATAL:  sorry, too many clients already
level=error ts=2026-11-21T08:18:10Z app=orders msg="cannot reach the database: connection refused"
`

const CRASH = `2026-03-04 10:00:00.100 UTC [100] LOG:  server process (PID 4242) was terminated by signal 9: Killed
2026-03-04 10:00:00.100 UTC [100] DETAIL:  Failed process was running: SELECT big
	FROM table_of_things
2026-03-04 10:00:00.101 UTC [100] LOG:  terminating any other active server processes
2026-03-04 10:00:00.300 UTC [4300] reader@store FATAL:  the database system is in recovery mode
2026-03-04 10:00:00.400 UTC [4301] LOG:  database system was interrupted; last known up at 2026-03-04 09:58:00 UTC
2026-03-04 10:00:02.000 UTC [100] LOG:  database system is ready to accept connections
`

const SESSIONS = `2026-03-04 10:00:01.000 UTC [7] [unknown]@[unknown] LOG:  connection received: host=10.0.0.1 port=4000
2026-03-04 10:00:01.001 UTC [7] reader@store LOG:  connection authorized: user=reader database=store application_name=my app SSL enabled (protocol=TLSv1.3, cipher=X, bits=256)
2026-03-04 10:00:02.000 UTC [8] reader@store LOG:  connection authorized: user=reader database=store application_name=my app SSL enabled (protocol=TLSv1.3, cipher=X, bits=256)
2026-03-04 10:00:05.000 UTC [7] reader@store LOG:  disconnection: session time: 0:00:03.999 user=reader database=store host=10.0.0.1 port=4000
2026-03-04 10:00:09.000 UTC [100] LOG:  starting PostgreSQL 16.2 on x86_64-pc-linux-gnu, compiled by gcc, 64-bit
`

describe('the stderr log of Postgres', () => {
  test('tells which settings a reload changed, took out, or could not change', async () => {
    const extract = await read(`2026-11-22 21:18:01.375 UTC [100] LOG:  received SIGHUP, reloading configuration files
2026-11-22 21:18:01.376 UTC [100] LOG:  parameter "idle_session_timeout" changed to "1s"
2026-11-22 21:18:01.376 UTC [100] LOG:  parameter "port" cannot be changed without restarting the server
2026-11-22 21:18:51.014 UTC [100] LOG:  parameter "idle_session_timeout" removed from configuration file, reset to default
`)
    assert.deepEqual(
      of(extract, 'postgres.parameter-changed').map(({ at, attributes }) => [new Date(at.ms).toISOString().slice(11, 19), attributes]),
      [
        ['21:18:01', { parameter: 'idle_session_timeout', value: '1s' }],
        ['21:18:51', { parameter: 'idle_session_timeout', value: '' }],
      ],
    )
  })

  test('what is set for a role or a database is read from logged statements, and a password is not', async () => {
    const head = '2026-11-22 21:18:01.375 UTC [100] admin@shop LOG:  statement: '
    const extract = await read(
      [
        'alter role orders_api set search_path = reporting',
        "ALTER ROLE billing SET idle_in_transaction_session_timeout='300ms';",
        'alter role billing reset idle_in_transaction_session_timeout',
        'ALTER DATABASE shop CONNECTION LIMIT 4',
        "alter user billing with encrypted password 'hunter2'",
        'ALTER TABLE orders ADD COLUMN note text',
        'SELECT 1',
      ]
        .map((statement) => `${head}${statement}\n`)
        .join(''),
    )
    assert.deepEqual(
      of(extract, 'postgres.parameter-changed').map(({ attributes: { parameter, value, of: whose } }) => [parameter, value, whose].join(' / ')),
      [
        'search_path / reporting / role orders_api',
        'idle_in_transaction_session_timeout / 300ms / role billing',
        'idle_in_transaction_session_timeout /  / role billing',
        'connection limit / 4 / database shop',
        'password / another / role billing',
      ],
    )
    assert.ok(!JSON.stringify(extract).includes('hunter2'))
  })

  test('reads its example', async () => {
    const extract = await read(`${postgresStderr.example}\n`)
    assert.equal(extract.format, 'postgres')
    assert.deepEqual(kinds(extract), ['postgres.connections-saturated point', 'postgres.connection-rejected point'])
    assert.deepEqual(of(extract, 'postgres.connection-rejected')[0]?.attributes, {
      reason: 'too-many',
      sqlstate: '53300',
      class: '53',
      user: 'billing_sync',
      database: 'shop',
    })
  })

  test("an address right after a zone of whole hours is no offset's minutes: RDS's %t:%r:", async () => {
    for (const address of ['10.0.0.7', '172.16.0.5', '45.12.3.4', '30.1.2.3']) {
      const line = `2026-03-04 07:00:01 -03:${address}(51234):api@shop:[4242]:FATAL:  sorry, too many clients already\n`
      assert.equal(span(await read(line + line)), 'utc 2026-03-04T10:00:01.000Z 2026-03-04T10:00:01.000Z', address)
    }
    const nepal = '2026-03-04 15:45:01 +05:45:10.0.0.7(51234):api@shop:[4242]:FATAL:  sorry, too many clients already\n'
    assert.equal(span(await read(nepal)), 'utc 2026-03-04T10:00:01.000Z 2026-03-04T10:00:01.000Z')
  })

  test('a standby that starts from a copy does not recover from a crash; a server that was interrupted and not shut down does, from its first line on', async () => {
    const standby = `2026-11-22 12:18:08.386 CET [10280] LOG:  database system was interrupted; last known up at 2026-11-22 12:18:08 CET
2026-11-22 12:18:08.454 CET [10280] LOG:  entering standby mode
2026-11-22 12:18:08.454 CET [10280] LOG:  starting backup recovery with redo LSN 0/6000028, checkpoint LSN 0/6000060, on timeline ID 1
2026-11-22 12:18:08.456 CET [10280] LOG:  redo starts at 0/6000028
2026-11-22 12:18:08.456 CET [10280] LOG:  consistent recovery state reached at 0/6000100
2026-11-22 12:18:08.456 CET [10274] LOG:  database system is ready to accept read-only connections
`
    assert.deepEqual(
      of(await read(standby), 'postgres.recovering').filter(({ phase }) => phase !== 'end'),
      [],
    )
    const crashed = `2026-11-22 11:16:22.152 UTC [4220] LOG:  database system was interrupted; last known up at 2026-11-22 11:15:55 UTC
2026-11-22 11:16:52.494 UTC [4220] LOG:  database system was not properly shut down; automatic recovery in progress
2026-11-22 11:16:52.549 UTC [31031] LOG:  database system is ready to accept connections
`
    assert.deepEqual(
      of(await read(crashed), 'postgres.recovering').map(({ phase, at }) => [phase, new Date(at.ms).toISOString().slice(11, 23)]),
      [
        ['begin', '11:16:22.152'],
        ['end', '11:16:52.549'],
      ],
    )
  })

  test('says the same however its bytes are cut', async () => {
    const text = CRASH + SESSIONS
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole, `cut every ${chunkBytes} bytes`)
  })

  test('a crash opens crashed and recovering, ready closes them, and the killed statement is named', async () => {
    const extract = await read(CRASH)
    assert.deepEqual(kinds(extract), [
      'postgres.backend-killed point',
      'postgres.crashed begin',
      'postgres.recovering point',
      'postgres.connection-rejected point',
      'postgres.recovering begin',
      'postgres.crashed end',
      'postgres.recovering end',
      'postgres.shutdown end',
      'postgres.ready point',
    ])
    assert.deepEqual(extract.signals[0]?.attributes, { process: 'server process', pid: 4242, signal: 9, statement: 'SELECT big' })
    assert.equal(extract.records, 5)
    assert.equal(extract.skipped, 0)
  })

  test('open sessions are counted by user, database and application, and end with the server', async () => {
    const extract = await read(SESSIONS)
    const [series] = extract.series
    assert.deepEqual(series?.labels, { user: 'reader', database: 'store', application: 'my app' })
    assert.deepEqual([...(series?.values ?? [])], [1, 2, 1, 0])
    assert.deepEqual(extract.facts, [{ fact: 'client-of', client: 'process/-/my app', server: 'postgres/?' }])
  })

  test('open sessions come out the same when the newest line is first', async () => {
    const backwards = SESSIONS.trimEnd().split('\n').reverse().join('\n')
    const extract = await read(`${backwards}\n`)
    assert.deepEqual([...(extract.series[0]?.values ?? [])], [1, 2, 1, 0])
  })

  test('without disconnections nobody knows how many are open: no series', async () => {
    const lines = SESSIONS.split('\n').filter((line) => !line.includes('disconnection'))
    assert.deepEqual((await read(lines.join('\n'))).series, [])
  })

  for (const [prefix, ms, basis, user] of [
    ['2026-03-04 10:00:00.250 UTC [77] bob@store ', '2026-03-04T10:00:00.250Z', 'utc', 'bob'],
    ['2026-03-04 10:00:00 CET [77]: [3-1] user=bob,db=store,app=psql,client=10.0.0.1 ', '2026-03-04T10:00:00.000Z', 'zone:CET', 'bob'],
    ['2026-03-04 07:00:00 -03 [77]: [3-1] db=store,user=bob ', '2026-03-04T10:00:00.000Z', 'utc', 'bob'],
    ['2026-03-04 15:30:00 +0530 [77] ', '2026-03-04T10:00:00.000Z', 'utc', undefined],
    ['2026-03-04 10:00:00 UTC:10.0.0.1(50906):bob@store:[77]:', '2026-03-04T10:00:00.000Z', 'utc', 'bob'],
    ['< 2026-03-04 10:00:00.250 EST >', '2026-03-04T10:00:00.250Z', 'zone:EST', undefined],
    ['1772618400.250 [77] bob@store ', '2026-03-04T10:00:00.250Z', 'utc', 'bob'],
    ['[77] bob@store 2026-03-04 10:00:00.250 UTC ', '2026-03-04T10:00:00.250Z', 'utc', 'bob'],
    ['2026-03-04 10:00:00.250 UTC [77] 40P01 bob@store ', '2026-03-04T10:00:00.250Z', 'utc', 'bob'],
  ] as const) {
    test(`finds time and user in the prefix '${prefix}'`, async () => {
      const extract = await read(`${prefix}ERROR:  deadlock detected\n${prefix}DETAIL:  Process 77 waits\n`)
      const [signal] = extract.signals
      assert.equal(signal?.kind, 'postgres.deadlock')
      assert.equal(new Date(signal.at.ms).toISOString(), ms)
      assert.equal(signal.at.basis, basis)
      assert.equal(signal.attributes['user'], user)
      assert.equal(signal.attributes['sqlstate'], '40P01')
      assert.equal(extract.records, 1)
    })
  }

  test('a wait began when it began, not when it was reported; the queue is its size', async () => {
    const [signal] = (
      await read(`2026-03-04 10:00:05.000 UTC [9] LOG:  process 9 still waiting for AccessExclusiveLock on relation 16385 of database 5 after 1000.123 ms
2026-03-04 10:00:05.000 UTC [9] DETAIL:  Process holding the lock: 4. Wait queue: 9, 10, 11.
2026-03-04 10:00:05.000 UTC [9] STATEMENT:  ALTER TABLE x
`)
    ).signals
    assert.deepEqual(signal?.attributes, { lock: 'AccessExclusiveLock', on: 'relation', waiting: 3, first: 9, holder: 4, pid: 9 })
    assert.equal(signal.at.ms, Date.UTC(2026, 2, 4, 10, 0, 4))
  })

  test('who holds a lock is known from when it came', async () => {
    const [signal] = of(
      await read(`2026-11-22 11:23:32.700 UTC [20196] batch@shop LOG:  connection authorized: user=batch database=shop application_name=nightly-maintenance
2026-11-22 11:23:34.017 UTC [17868] checkout_api@shop LOG:  process 17868 still waiting for AccessShareLock on relation 16400 of database 16393 after 1000.211 ms
2026-11-22 11:23:34.017 UTC [17868] checkout_api@shop DETAIL:  Process holding the lock: 20196. Wait queue: 17868.
`),
      'postgres.lock-pileup',
    )
    const { holder, holderUser, holderDatabase, holderApplication } = signal?.attributes ?? {}
    assert.deepEqual([holder, holderUser, holderDatabase, holderApplication], [20196, 'batch', 'shop', 'nightly-maintenance'])
  })

  test('a start or a reload that is refused says why, and is no error that the server met at work; a client that goes away is none either', async () => {
    const extract = await read(`2026-03-04 10:00:30.000 UTC [9] LOG:  invalid authentication method "scram-sha256"
2026-03-04 10:00:30.000 UTC [9] CONTEXT:  line 5 of configuration file "/etc/postgresql/15/main/pg_hba.conf"
2026-03-04 10:00:30.000 UTC [9] LOG:  pg_hba.conf was not reloaded
2026-03-04 10:01:30.000 UTC [31] FATAL:  could not load pg_hba.conf
2026-03-04 10:01:34.000 UTC [35] FATAL:  pre-existing shared memory block (key 4671418, ID 131089) is still in use
2026-03-04 10:01:35.000 UTC [36] web@shop ERROR:  unrecognized configuration parameter "app.tenant"
2026-03-04 10:01:36.000 UTC [36] web@shop FATAL:  connection to client lost
`)
    assert.deepEqual(
      of(extract, 'postgres.start-refused').map(({ attributes }) => attributes['of']),
      ['file', 'reload', 'start', 'start'],
    )
    assert.deepEqual(
      extract.signals.flatMap(({ kind, attributes }) => (kind.startsWith('log.') ? [`${kind} ${String(attributes['user'])}`] : [])),
      ['log.warning web', 'log.warning web'],
    )
  })

  test('an autovacuum is a span that ends where it is reported', async () => {
    const extract =
      await read(`2026-03-04 10:00:30.000 UTC [9] LOG:  automatic aggressive vacuum to prevent wraparound of table "store.public.orders": index scans: 1
	pages: 0 removed, 10 remain
	system usage: CPU: user: 1.50 s, system: 0.25 s, elapsed: 20.50 s
`)
    const [signal] = extract.signals
    assert.equal(signal?.phase, 'span')
    assert.equal(signal.until.ms - signal.at.ms, 20_500)
    assert.deepEqual(signal.attributes, { table: 'store.public.orders', elapsedSeconds: 20.5, cpuSeconds: 1.75, pid: 9, aggressive: 'yes', wraparound: 'yes' })
  })

  test('the longest statement of ten seconds counts, unless it was told to sleep', async () => {
    const extract = await read(`2026-03-04 10:00:01.000 UTC [9] a@b LOG:  duration: 12.500 ms  statement: SELECT 1
2026-03-04 10:00:02.000 UTC [9] a@b LOG:  duration: 900.000 ms  statement: SELECT 1,
	pg_sleep(0.9)
2026-03-04 10:00:03.000 UTC [9] a@b LOG:  duration: 80.000 ms  statement: SELECT 2
2026-03-04 10:00:13.000 UTC [9] a@b LOG:  duration: 4.000 ms  statement: SELECT 2
`)
    assert.deepEqual(
      extract.series.map(({ name, labels, values }) => [name, labels['database'], ...values]),
      [
        ['faultline_postgres_statement_seconds', 'b', 0.08, 0.004],
        ['faultline_postgres_statements', 'b', 3, 1],
      ],
    )
  })

  test("a client's own errors are warnings, the server's are errors", async () => {
    const line = (text: string): string => `2026-03-04 10:00:01.000 UTC [9] a@b ${text}\n`
    const level = async (text: string): Promise<string | undefined> => (await read(line(text))).signals.at(-1)?.kind
    assert.equal(await level('ERROR:  duplicate key value violates unique constraint "x"'), 'log.warning')
    assert.equal(await level('ERROR:  canceling statement due to user request'), 'log.warning')
    assert.equal(await level('ERROR:  canceling statement due to statement timeout'), 'postgres.timeouts')
    assert.equal(await level('FATAL:  database "shop" is not currently accepting connections'), 'log.error')
    assert.equal(await level('ERROR:  database "shop" does not exist'), 'log.warning')
    assert.equal(await level('ERROR:  out of memory'), 'log.error')
    assert.equal(await level('ERROR:  cannot execute UPDATE in a read-only transaction'), 'log.error')
    assert.equal(await level('FATAL:  password authentication failed for user "a"'), 'log.error')
    assert.equal(await level('FATAL:  terminating connection due to administrator command'), 'action.session-ended')
    assert.equal(await level('WARNING:  there is no transaction in progress'), undefined)
  })

  test('a postmaster that is gone says nothing; its sessions do, each of them', async () => {
    const extract = await read(`2026-11-22 15:10:43.442 CET [28350] exporter@shop FATAL:  terminating connection due to unexpected postmaster exit
2026-11-22 15:10:43.447 CET [28352] exporter@shop FATAL:  terminating connection due to unexpected postmaster exit
2026-11-22 15:10:43.447 CET [28352] exporter@shop LOG:  disconnection: session time: 0:01:15.125 user=exporter database=shop host=127.0.0.1 port=46780
`)
    assert.deepEqual(
      extract.signals.map(({ kind, phase, attributes: { reason } }) => [kind, phase, reason]),
      [['postgres.crashed', 'begin', 'postmaster-gone']],
    )
  })

  test('a server whose lock file is gone stops itself: nobody asked it to', async () => {
    const line = (text: string): string => `2026-11-22 11:16:10.200 CST [811]: user=,db=,app=,client= LOG:  ${text}\n`
    const asked = line('received immediate shutdown request')
    const itself = line('performing immediate shutdown because data directory lock file is invalid')
    const of = async (text: string) => (await read(text)).signals.map(({ kind, attributes: { reason, mode } }) => [kind, reason ?? mode])
    assert.deepEqual(await of(itself + asked), [['postgres.crashed', 'lock-file']])
    assert.deepEqual(await of(asked), [['postgres.shutdown', 'immediate']])
  })

  test('what the server cannot do for anybody is told by its reason', async () => {
    const text = `2026-11-22 11:16:09.408 CST [15551]: user=checkout_api,db=shop,app=checkout-api,client=127.0.0.1 WARNING:  page verification failed, calculated checksum 42706 but expected 22387
2026-11-22 11:16:09.408 CST [15551]: user=checkout_api,db=shop,app=checkout-api,client=127.0.0.1 ERROR:  invalid page in block 27 of relation base/16384/16395
2026-11-22 11:16:09.500 CST [15552]: user=checkout_api,db=shop,app=checkout-api,client=127.0.0.1 ERROR:  index "orders_pkey" contains unexpected zero page at block 3
2026-11-22 11:16:10.000 CST [15553]: user=checkout_api,db=shop,app=checkout-api,client=127.0.0.1 FATAL:  out of shared memory
2026-11-22 11:16:11.000 CST [15554]: user=report,db=shop,app=report,client=127.0.0.1 ERROR:  could not resize shared memory segment "/PostgreSQL.1829" to 8388608 bytes: No space left on device
2026-11-22 11:16:12.000 CST [15000]: user=,db=,app=,client= LOG:  could not accept new connection: Too many open files
2026-11-22 11:16:13.000 CST [15555]: user=checkout_api,db=shop,app=checkout-api,client=127.0.0.1 ERROR:  could not open file "pg_stat_tmp/global.stat": No such file or directory
`
    assert.deepEqual(
      (await read(text)).signals.map(({ kind, attributes: { reason } }) => [kind, reason]),
      [
        ['log.error', 'damaged'],
        ['log.error', 'damaged'],
        ['log.error', 'damaged'],
        ['log.error', 'memory'],
        ['log.error', 'memory'],
        ['log.error', 'sessions'],
        ['log.error', undefined],
      ],
    )
  })

  test('a plain start is no recovery', async () => {
    const extract = await read(`2026-03-04 10:00:01.000 UTC [9] LOG:  database system was shut down at 2026-03-04 09:00:00 UTC
2026-03-04 10:00:01.100 UTC [12] a@b FATAL:  the database system is starting up
2026-03-04 10:00:02.000 UTC [1] LOG:  database system is ready to accept connections
`)
    assert.deepEqual(
      of(extract, 'postgres.recovering').map(({ phase }) => phase),
      ['end'],
    )
  })

  test('who comes too early to a standby that starts does not meet a crash', async () => {
    const start = (
      entering: string,
    ): string => `2026-11-22 15:09:21.679 CET [28081] LOG:  database system was interrupted; last known up at 2026-11-22 15:09:21 CET
2026-11-22 15:09:21.771 CET [28083] root@root FATAL:  the database system is starting up
2026-11-22 15:09:21.778 CET [28081] LOG:  ${entering}
2026-11-22 15:09:21.879 CET [28081] LOG:  database system is ready to accept read-only connections
`
    const begun = async (text: string): Promise<number> => of(await read(text), 'postgres.recovering').filter(({ phase }) => phase !== 'end').length
    assert.equal(await begun(start('entering standby mode')), 0)
    assert.equal(await begun(start('database system was not properly shut down; automatic recovery in progress')), 1)
  })

  test('what clients think of the certificate of the server is said of it', async () => {
    const line = (words: string): string => `2026-11-22 23:13:54.089 JST [5020] LOG:  could not accept SSL connection: ${words}\n`
    const text = line('sslv3 alert certificate expired') + line('tlsv1 alert unknown ca') + line('EOF detected') + line('unsupported protocol')
    assert.deepEqual(
      (await read(text)).signals.map(({ kind, attributes: { reason, of: whose } }) => [kind, reason, whose]),
      [
        ['node.certificate-expired', 'expired', 'server'],
        ['node.certificate-expired', 'unknown-authority', 'server'],
      ],
    )
  })

  test("a program's name behind the database's is no part of that", async () => {
    const said = async (names: string): Promise<unknown> =>
      (await read(`2026-11-23 01:10:42.950 AEDT [28172] ${names} ERROR:  deadlock detected\n`)).signals.map(
        ({ attributes: { user, database, application } }) => [user, database, application],
      )
    assert.deepEqual(await said('checkout_api@shop/checkout-api'), [['checkout_api', 'shop', 'checkout-api']])
    assert.deepEqual(await said('checkout_api@shop/'), [['checkout_api', 'shop', undefined]])
    assert.deepEqual(await said('checkout_api@shop'), [['checkout_api', 'shop', undefined]])
  })

  test("a role's own limit of connections is told as such", async () => {
    const line = (words: string): string => `2026-11-22 10:02:11.637 EST [77] report_api@shop FATAL:  ${words}\n`
    const text = line('too many connections for role "report_api"') + line('sorry, too many clients already')
    assert.deepEqual(
      of(await read(text), 'postgres.connections-saturated').map(({ attributes: { scope, limited } }) => [scope, limited]),
      [
        ['role', 'report_api'],
        ['server', undefined],
      ],
    )
  })

  test('severities in another language are read, and a code says what a translated message means', async () => {
    const extract = await read(`2026-03-04 10:00:01.000 UTC [9] 53300 a@b FATAL:  es sind bereits zu viele Verbindungen offen
2026-03-04 10:00:01.000 UTC [9] 42P01 a@b FEHLER:  Relation »x« existiert nicht
2026-03-04 10:00:01.000 UTC [9] 42P01 a@b ANWEISUNG:  SELECT 1
`)
    assert.equal(extract.records, 2)
    assert.equal(extract.signals.at(-1)?.attributes['sqlstate'], '42P01')
  })

  test('pieces of a syslog message belong together', async () => {
    const extract = await read(`[7-1] db=b,user=a LOG:  duration: 13.997 ms  statement: SELECT 1,
[7-2] #011       2
[8-1] db=b,user=a ERROR:  deadlock detected
[8-2] db=b,user=a DETAIL:  Process 1 waits
`)
    assert.equal(extract.format, 'postgres')
    assert.equal(extract.records, 2)
    assert.equal(extract.skipped, 0)
  })

  for (const [line, sure] of [
    ['2026-03-04 10:00:00.250 UTC [77] LOG:  checkpoint starting: time', true],
    ['LOG:  database system is ready to accept connections', true],
    ['2026-03-04 10:00:00,250 INFO: no action. I am (pg-0), the leader with the lock', false],
    ['2026-03-04T10:00:00Z ERROR: could not connect', false],
    ['I0304 10:00:00.000000       1 main.go:1] LOG: started', false],
    ['{"level":"info","msg":"LOG:  hello"}', false],
  ] as const) {
    test(`${sure ? 'takes' : 'leaves'} ${line}`, async () => {
      const extract = await read(`${line}\n`)
      assert.equal(extract.format === 'postgres', sure)
    })
  }

  test('hostile lines neither throw nor hold it up', async () => {
    const lines = [
      '2026-03-04 10:00:00 UTC [1] LOG:  process 1 still waiting for',
      `${'\t'.repeat(70_000)}x`,
      `${'A'.repeat(500_000)}: ERROR:  x`,
      ': '.repeat(200_000),
      '[1-'.repeat(100_000),
    ]
    const started = performance.now()
    await read(`${lines.join('\n')}\n`)
    assert.ok(performance.now() - started < 2_000)
  })

  test('pg_vacuums.log of pgBadger: 3,544 records, 2,094 autovacuums', needs(FIXTURES), async () => {
    const extract = await read(open(`${FIXTURES}/pg_vacuums.log.gz`))
    assert.equal(extract.records, 3_544)
    assert.equal(of(extract, 'postgres.autovacuum').length, 2_094)
    assert.equal(span(extract), 'zone:CEST 2024-06-27T00:00:07.000Z 2024-06-27T02:59:51.000Z')
    assert.equal(extract.skipped, 0)
  })

  for (const [name, lines, records, spans] of [
    ['rds.log.bz2', 114_604, 114_604, 'zone:CET 2020-03-11T20:40:43.000Z 2020-03-11T20:42:47.000Z'],
    // Stamps without a year stand in a leap year; the same log twice, fourteen hours apart.
    ['pg-syslog.1.bz2', 59_921, 59_899, 'yearless 1972-02-11T13:15:39.000Z 1972-02-11T13:16:26.000Z'],
    ['pg-syslog.2.gz', 59_921, 59_899, 'yearless 1972-02-10T23:15:39.000Z 1972-02-10T23:16:26.000Z'],
    ['pg_rawcsv.log', 14, 9, 'zone:CET 2025-01-21T18:32:48.288Z 2025-01-21T18:38:09.749Z'],
    ['stmt_type.log', 12, 12, 'zone:MSK 2019-10-21T12:03:31.311Z 2019-10-21T12:03:51.311Z'],
    ['pg-timezones.log', 2, 2, 'utc 2021-05-27T17:00:00.000Z 2021-05-27T17:46:39.000Z'],
    ['queryid.log.gz', 63, 28, 'utc 2022-02-17T14:45:10.440Z 2022-02-17T16:29:38.422Z'],
  ] as const) {
    test(`${name} of pgBadger: ${records} records, nothing left over`, needs(FIXTURES), async () => {
      const extract = await unpacked(`${FIXTURES}/${name}`)
      assert.equal(extract.format, 'postgres')
      assert.deepEqual([extract.lines, extract.records, extract.skipped, span(extract)], [lines, records, 0, spans])
    })
  }

  test('rds.log: two logins refused at 20:40:50, with the user and database of the prefix', needs(FIXTURES), async () => {
    const [refused] = of(await unpacked(`${FIXTURES}/rds.log.bz2`), 'postgres.connection-rejected')
    assert.equal(refused?.count, 2)
    assert.equal(new Date(refused.at.ms).toISOString(), '2020-03-11T20:40:50.000Z')
    assert.deepEqual(refused.attributes, { reason: 'authentication', sqlstate: '28000', class: '28', user: 'gilles', database: 'pgbench' })
  })

  test('a statement of forty lines is one record', needs('corpus/wrappers'), async () => {
    const extract = await read(open('corpus/wrappers/tstack+lnav/test/logfile_postgres.1'))
    assert.equal(extract.format, 'postgres')
    assert.equal(extract.skipped, 0)
    assert.deepEqual(
      extract.signals.map(({ attributes }) => attributes['sqlstate']),
      ['42601', '42P01'],
    )
  })

  test('pg-disk-full: full, PANIC, killed by signal 6, recovering twice, ready', needs('recordings/pg-disk-full'), async () => {
    const extract = await read(open('recordings/pg-disk-full/dump/logs/postgresql.log'))
    assert.equal(extract.format, 'postgres')
    assert.equal(extract.skipped, 0)
    assert.equal(span(extract), 'zone:CET 2026-11-21T09:23:19.000Z 2026-11-21T09:26:27.000Z')
    const first = (kind: string, phase: string): string =>
      new Date(
        Math.min(
          ...of(extract, kind)
            .filter((signal) => signal.phase === phase)
            .map(({ at }) => at.ms),
        ),
      ).toISOString()
    assert.equal(first('postgres.disk-full', 'point'), '2026-11-21T09:24:56.000Z')
    assert.equal(first('postgres.crashed', 'begin'), '2026-11-21T09:24:56.000Z')
    assert.equal(first('postgres.backend-killed', 'point'), '2026-11-21T09:24:56.000Z')
    assert.equal(first('postgres.recovering', 'begin'), '2026-11-21T09:24:57.000Z')
    assert.equal(of(extract, 'postgres.ready').length, 2)
    // The bulk writer's statements are pg_sleep, the analyst's report too.
    assert.deepEqual(
      extract.series.filter(({ name }) => name === 'faultline_postgres_statement_seconds'),
      [],
    )
  })
})

test("Azure's prefix '%t-%c-' leaves only a hyphen before the severity", async () => {
  const extract = await read(
    '2026-03-02 10:00:00 UTC-5e8c1a2b.1f4-FATAL:  sorry, too many clients already\n2026-03-02 10:00:02 UTC-5e8c1a2b.1f4-LOG:  checkpoint complete: wrote 100 buffers\n',
  )
  assert.equal(extract.format, 'postgres')
  assert.equal(extract.signals[0]?.kind, 'postgres.connections-saturated')
})

test('what another program wrote into the same file in logfmt is no further line of a message', async () => {
  const extract = await read(TWO_PROGRAMS)
  assert.equal(extract.records, 2)
  assert.equal(of(extract, 'log.error').length, 1)
})
