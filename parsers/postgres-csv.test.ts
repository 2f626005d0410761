import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'

const shared = (path: string): URL => new URL(`../../shared/${path}`, import.meta.url)
const needs = (path: string): { skip: false | string } => ({ skip: existsSync(shared(path)) ? false : 'shared/ is absent' })
const FIXTURES = 'corpus/postgres/darold+pgbadger/t/fixtures'
const SURGE = 'recordings/pg-conn-surge/dump/logs/postgresql'

const kinds = ({ signals }: InputExtract): string[] => signals.map(({ kind, phase }) => `${kind} ${phase}`)

const row = (pid: number, severity: string, code: string, message: string, tail = ',,,,,,,,"web","client backend",,0'): string =>
  `2026-03-04 10:00:01.500 EST,"reader","store",${pid},"10.0.0.1:4000",65e5.${pid.toString(16)},2,"SELECT",2026-03-04 09:00:00 EST,3/1,0,${severity},${code},"${message}",${tail}\n`

const LOG =
  row(7, 'LOG', '00000', 'connection authorized: user=reader database=store application_name=web') +
  row(7, 'ERROR', '42601', 'syntax error at or near ""SELEC""', ',,,,,"SELEC\n1,\n""two"";",1,,"web","client backend",,0') +
  row(7, 'LOG', '00000', 'duration: 812.000 ms  statement: SELECT\n\t1') +
  row(8, 'FATAL', '53300', 'sorry, too many clients already')

/** A session of billing_sync from its authorization on, a client that is turned away. */
const refused = (at: number): string => {
  const time = new Date(Date.UTC(2026, 10, 22, 11, 24, 3) + 400 * at).toISOString().replace('T', ' ').replace('Z', ' UTC')
  const line = (number: number, severity: string, code: string, message: string): string =>
    `${time},"billing_sync","shop",${21468 + at},"127.0.0.1:44172",6b02d0d3.53dc,${number},"startup",${time.slice(0, 19)} UTC,60/1,0,${severity},${code},"${message}",,,,,,,,,"","client backend",,0\n`
  return (
    line(1, 'LOG', '00000', 'connection authorized: user=billing_sync database=shop application_name=web-shop') +
    line(2, 'FATAL', '53300', 'remaining connection slots are reserved for non-replication superuser connections')
  )
}

describe('the csvlog of Postgres', () => {
  test('a client that is turned away has no session, though it was authorized and no disconnection follows', async () => {
    const gone = refused(0).replace(
      /,FATAL,53300,"[^"]*"/u,
      ',LOG,00000,"disconnection: session time: 0:00:01.000 user=billing_sync database=shop host=127.0.0.1"',
    )
    const extract = await read(gone + Array.from({ length: 500 }, (_, at) => refused(at + 1)).join(''))
    const open = extract.series.filter(({ name }) => name === 'faultline_postgres_sessions').flatMap(({ values }) => [...values])
    assert.ok(open.length > 100)
    assert.ok(Math.max(...open) <= 1)
  })

  test('reads a record, also where its texts hold newlines and quotes', async () => {
    const extract = await read(LOG)
    assert.equal(extract.format, 'postgres')
    assert.equal(extract.records, 4)
    assert.equal(extract.lines, 7)
    assert.equal(extract.skipped, 0)
    assert.deepEqual(kinds(extract), ['log.warning point', 'postgres.connections-saturated point', 'postgres.connection-rejected point'])
    const [syntax, full] = extract.signals
    assert.equal(syntax?.places[0]?.line, 2)
    assert.equal(full?.places[0]?.line, 7)
    assert.equal(full.at.basis, 'zone:EST')
    assert.match(syntax.places[0].text, /ERROR: {2}syntax error at or near "SELEC"$/u)
    assert.deepEqual(syntax.attributes, {
      app: 'postgres',
      severity: 'ERROR',
      code: '42601',
      sqlstate: '42601',
      class: '42',
      user: 'reader',
      database: 'store',
      application: 'web',
    })
  })

  test('who waits for a lock tells what for, and whose session an administrator ends, what it was at', async () => {
    const statement = ',,,,,"SELECT 1\n  FROM orders",,,"web","client backend",,0'
    const waits = row(9, 'LOG', '00000', 'process 9 still waiting for AccessShareLock on relation 5 of database 6 after 1000.1 ms', statement)
    const { signals } = await read(waits + row(7, 'FATAL', '57P01', 'terminating connection due to administrator command', statement))
    const session = { user: 'reader', database: 'store', application: 'web', statement: 'SELECT 1 FROM orders' }
    assert.deepEqual(
      signals.map(({ kind, attributes }) => ({ kind, ...attributes })),
      [
        { kind: 'postgres.lock-pileup', lock: 'AccessShareLock', on: 'relation', pid: 9, ...session },
        { kind: 'action.session-ended', pid: 7, ...session },
      ],
    )
  })

  test('says the same however its bytes are cut', async () => {
    const whole = await read(LOG)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(LOG, { chunkBytes }), whole, `cut every ${chunkBytes} bytes`)
  })

  test('says the same where somebody wrote it anew with quotes only where they are needed', async () => {
    const minute = (index: number): string => String(index % 60).padStart(2, '0')
    const many = Array.from({ length: 120 }, (_, index) => LOG.replaceAll(' 10:00:01.500', ` 10:${minute(index)}:01.500`)).join('')
    const minimal = many.replace(/"((?:[^"]|"")*)"/gu, (quoted, text: string) => (/[",\n]/u.test(text) ? quoted : text))
    assert.ok(minimal.length < many.length && minimal.length > 30_000)
    const [one, other] = [await read(many), await read(minimal)]
    assert.deepEqual([other.format, other.records, other.skipped], ['postgres', 480, 0])
    assert.deepEqual(other.signals, one.signals)
    assert.deepEqual(other.series, one.series)
  })

  test('a record that was cut off ends where the next begins, however the bytes are cut', async () => {
    const cut = row(9, 'ERROR', '42601', 'syntax error at ""x', ',,,,,"SELECT ""a""').slice(0, -1)
    const unusual = row(7, 'LOG', '00000', 'x').replace('"reader"', 'rea"d"er').replace('\n', '\r\n')
    const log = LOG + cut.slice(0, -4) + '\n' + unusual + row(8, 'FATAL', '53300', 'sorry, too many clients already') + cut
    const whole = await read(log)
    assert.deepEqual([whole.records, whole.lines, whole.skipped], [8, 11, 0])
    for (let chunkBytes = 60; chunkBytes <= 420; chunkBytes += 9) assert.deepEqual(await read(log, { chunkBytes }), whole, `cut every ${chunkBytes} bytes`)
  })

  test('22 columns of an old server are enough', async () => {
    const extract = await read(row(8, 'ERROR', '40P01', 'deadlock detected', '"Process 8 waits",,,,,"SELECT 1",,'))
    assert.deepEqual(kinds(extract), ['postgres.deadlock point'])
  })

  test('a record that was cut off does not swallow those behind it', async () => {
    const cut = row(9, 'ERROR', '42601', 'syntax error').slice(0, -40).replace('syntax error"', 'syntax err')
    const extract = await read(row(7, 'LOG', '00000', 'x') + cut + '\n' + row(8, 'FATAL', '53300', 'sorry, too many clients already'))
    assert.ok(kinds(extract).includes('postgres.connections-saturated point'))
  })

  test('lines written before the CSV began are read as they are', async () => {
    const extract = await read(
      `2026-03-04 10:00:00.000 EST [1] LOG:  ending log output to stderr\n2026-03-04 10:00:00.000 EST [1] PANIC:  could not locate a valid checkpoint record\n${LOG}`,
    )
    assert.equal(extract.records, 6)
    assert.ok(kinds(extract).includes('postgres.crashed begin'))
  })

  for (const [text, sure] of [
    [row(1, 'LOG', '00000', 'x'), true],
    ['2026-03-04 10:00:01.500 EST,web,200,12\n', false],
    ['time,value\n2026-03-04 10:00:01,1\n', false],
  ] as const) {
    test(`${sure ? 'takes' : 'leaves'} ${text.slice(0, 60)}`, async () => assert.equal((await read(text)).format === 'postgres', sure))
  }

  test('hostile quotes neither throw nor hold it up', async () => {
    const started = performance.now()
    await read(row(1, 'LOG', '00000', 'x') + '"'.repeat(300_001) + '\n'.repeat(10_000) + '"\n2'.repeat(100_000), { chunkBytes: 65_536 })
    assert.ok(performance.now() - started < 3_000)
  })

  test('six months out of order keep their times', needs(FIXTURES), async () => {
    const week = await read(readFileSync(shared(`${FIXTURES}/weeknumber.log`)))
    assert.deepEqual(
      week.spans.map(({ basis, first, last }) => [basis, new Date(first).toISOString(), new Date(last).toISOString()]),
      [['utc', '2021-01-01T07:13:44.120Z', '2021-07-05T07:13:44.120Z']],
    )
    const anonymized = await read(readFileSync(shared(`${FIXTURES}/anonymize.log`)))
    assert.equal(anonymized.records, 8)
    assert.equal(new Date(anonymized.spans[0]?.first ?? 0).toISOString(), '2021-01-20T12:21:31.010Z')
  })

  test('pg-conn-surge: the same messages in three formats are the same signals and series', needs(SURGE.slice(0, 24)), async () => {
    const said = async (ending: string): Promise<unknown> => {
      const extract = await read(readFileSync(shared(`${SURGE}.${ending}`)))
      assert.equal(extract.format, 'postgres')
      assert.equal(extract.records, 987)
      const signals = extract.signals.map(({ places, ...signal }) => ({ ...signal, texts: places.length })).map((signal) => JSON.stringify(signal))
      return { signals: signals.sort(), series: extract.series.map(({ line: _, ...series }) => series), facts: extract.facts, spans: extract.spans }
    }
    const stderr = await said('log')
    assert.deepEqual(await said('csv'), stderr)
    assert.deepEqual(await said('json'), stderr)
    const { series } = await read(readFileSync(shared(`${SURGE}.log`)))
    const sessions = series.filter(({ name }) => name === 'faultline_postgres_sessions')
    // max_connections
    assert.ok(sessions.length > 0 && sessions.every(({ values }) => values.every((value) => value <= 60)))
  })

  test('pg-quiet: nothing but warnings, small vacuums and a start', needs('recordings/pg-quiet'), async () => {
    const extract = await read(readFileSync(shared('recordings/pg-quiet/dump/logs/postgresql.csv')))
    assert.equal(extract.spans[0]?.basis, 'utc', 'an offset of -03 is no name of a zone')
    const begun = extract.signals.filter(({ phase }) => phase !== 'end').map(({ kind }) => kind)
    assert.deepEqual([...new Set(begun)].sort(), ['log.warning', 'postgres.autovacuum', 'postgres.ready', 'postgres.started'])
  })
})
