import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { postgresJson } from './postgres-json.js'

const shared = (path: string): URL => new URL(`../../shared/${path}`, import.meta.url)
const needs = (path: string): { skip: false | string } => ({ skip: existsSync(shared(path)) ? false : 'shared/ is absent' })
const FIXTURES = 'corpus/postgres/darold+pgbadger/t/fixtures'
const fixture = (name: string): Buffer => gunzipSync(readFileSync(shared(`${FIXTURES}/${name}`)))

const kinds = ({ signals }: InputExtract): string[] => signals.map(({ kind, phase }) => `${kind} ${phase}`)
const span = ({ spans }: InputExtract): string =>
  spans.map(({ basis, first, last }) => `${basis} ${new Date(first).toISOString()} ${new Date(last).toISOString()}`).join()

const cnpg = (severity: string, code: string, message: string): string =>
  JSON.stringify({
    level: 'info',
    ts: 1772618400.25,
    logger: 'postgres',
    msg: 'record',
    logging_pod: 'store-1',
    record: {
      log_time: '2026-03-04 10:00:00.249 UTC',
      user_name: 'reader',
      database_name: 'store',
      process_id: '34',
      error_severity: severity,
      sql_state_code: code,
      message,
    },
  })

const LOG = `${postgresJson.example}
{"timestamp":"2026-03-04 10:00:00.500 UTC","pid":9,"error_severity":"LOG","message":"connection received: host=10.0.0.1 port=4000","backend_type":"not initialized","query_id":0}
{"timestamp":"2026-03-04 10:00:01.000 UTC","user":"a","dbname":"b","pid":9,"error_severity":"LOG","message":"process 9 still waiting for ShareLock on transaction 5 after 1000.000 ms","detail":"Process holding the lock: 4. Wait queue: 9, 10.","backend_type":"client backend","query_id":0}
`

describe('the jsonlog of Postgres', () => {
  test('reads its example; absent keys are empty', async () => {
    const extract = await read(LOG)
    assert.equal(extract.format, 'postgres')
    assert.equal(extract.records, 3)
    assert.equal(extract.skipped, 0)
    assert.deepEqual(kinds(extract), ['postgres.connections-saturated point', 'postgres.connection-rejected point', 'postgres.lock-pileup point'])
    assert.deepEqual(extract.signals[2]?.attributes, {
      lock: 'ShareLock',
      on: 'transaction',
      waiting: 2,
      first: 9,
      holder: 4,
      pid: 9,
      user: 'a',
      database: 'b',
    })
    assert.match(extract.signals[0]?.places[0]?.text ?? '', /billing_sync@shop FATAL: {2}sorry, too many clients already$/u)
  })

  test('says the same where somebody wrote it anew with blanks behind the colons', async () => {
    const spaced = (line: string): string => line.replaceAll('":', '": ').replaceAll(',"', ', "')
    for (const lines of [LOG, `${cnpg('FATAL', '53300', 'sorry, too many clients already')}\n`]) {
      const [one, other] = [await read(lines), await read(spaced(lines))]
      assert.equal(other.format, 'postgres')
      assert.deepEqual(other.signals, one.signals)
    }
  })

  test('says the same however its bytes are cut', async () => {
    const text = `${LOG}${cnpg('FATAL', '57P03', 'the database system is starting up')}\n`
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole, `cut every ${chunkBytes} bytes`)
  })

  test('an operator’s record is the server’s, its own errors are of the pod it names', async () => {
    const failed = JSON.stringify({ level: 'error', ts: 1772618401.5, msg: 'Failed to archive', logging_pod: 'store-1', error: 'timeout' })
    const extract = await read(`${cnpg('FATAL', '53300', 'sorry, too many clients already')}\n${failed}\n`)
    assert.deepEqual(
      extract.signals.map(({ kind, entity }) => [kind, entity]),
      [
        ['postgres.connections-saturated', 'postgres/store-1'],
        ['postgres.connection-rejected', 'postgres/store-1'],
        ['log.error', 'pod/-/store-1'],
      ],
    )
    assert.deepEqual(extract.facts, [{ fact: 'runs-as', of: 'postgres/store-1', by: 'pod/-/store-1' }])
    assert.equal(extract.signals[0]?.at.ms, Date.UTC(2026, 2, 4, 10, 0, 0, 249))
  })

  test('a time that no clock shows is not taken', async () => {
    const extract = await read(`${cnpg('LOG', '00000', 'x').replace('2026-03-04', '2026-99-99')}\n`)
    assert.equal(span(extract), 'utc 2026-03-04T10:00:00.250Z 2026-03-04T10:00:00.250Z')
  })

  for (const [line, sure] of [
    [cnpg('LOG', '00000', 'x'), true],
    ['{"level":"error","ts":1772618401.5,"msg":"failed","message":"x"}', false],
    ['{"__proto__":{"error_severity":"LOG"},"message":"x"}', false],
  ] as const) {
    test(`${sure ? 'takes' : 'leaves'} ${line.slice(0, 60)}`, async () => assert.equal((await read(`${line}\n`)).format === 'postgres', sure))
  }

  test('broken and hostile JSON does not throw', async () => {
    const lines = [
      postgresJson.example,
      '{"timestamp":"2026-03-04 10:00:00 UTC","error_severity":"LOG","message":"duration: ',
      '{'.repeat(100_000),
      '{"error_severity":{"a":1}}',
      '{"record":[],"ts":"x"}',
      'null',
    ]
    const extract = await read(`${lines.join('\n')}\n`)
    assert.equal(extract.format, 'postgres')
  })

  test('pg_vacuums.json of pgBadger says what its stderr twin says', needs(FIXTURES), async () => {
    const [json, stderr] = [await read(fixture('pg_vacuums.json.gz')), await read(fixture('pg_vacuums.log.gz'))]
    assert.equal(json.records, 3_544)
    assert.equal(span(json), 'zone:CEST 2024-06-27T00:00:07.369Z 2024-06-27T02:59:51.868Z')
    const vacuums = ({ signals }: InputExtract): unknown[] =>
      signals.map(({ kind, entity, phase, attributes, at }) => ({ kind, entity, phase, attributes, second: Math.floor(at.ms / 1000) }))
    const sure = ({ signals }: InputExtract): unknown[] => signals.map(({ kind, entity, phase, attributes }) => ({ kind, entity, phase, attributes }))
    assert.equal(vacuums(json).length, 2_094)
    assert.deepEqual(sure(json), sure(stderr))
  })

  test('cnpg.log, newest first: levels, and a record while starting up', needs(FIXTURES), async () => {
    const extract = await read(fixture('cnpg.log.gz'))
    assert.equal(extract.lines, 2_022)
    assert.equal(extract.skipped, 0)
    // Two HINTs are part of the records beside them.
    assert.equal(extract.records, 2_020)
    const rejected = extract.signals.filter(({ kind }) => kind === 'postgres.connection-rejected')
    assert.deepEqual(
      rejected.map(({ at, attributes }) => [new Date(at.ms).toISOString(), attributes['reason']]),
      [['2022-11-27T18:48:19.024Z', 'starting-up']],
    )
    assert.equal(
      extract.signals.filter(({ kind }) => kind === 'log.warning').reduce((sum, { count }) => sum + count, 0),
      4,
    )
    const sessions = extract.series.filter(({ name }) => name === 'faultline_postgres_sessions')
    assert.ok(sessions.length > 0 && sessions.every(({ values }) => values.every((value) => value >= 0)))
  })

  test('cloudsql.log: the entry’s time, the text’s severity, 75 lines inside texts', needs(FIXTURES), async () => {
    const extract = await read(fixture('cloudsql.log.gz'))
    assert.equal(extract.format, 'postgres')
    assert.equal(extract.lines, 1_343)
    assert.equal(extract.records, 1_343 - 75)
    const fatal = extract.signals.filter(
      ({ attributes, kind }) => attributes['severity'] === 'FATAL' || kind === 'postgres.connection-rejected' || kind === 'action.session-ended',
    )
    assert.equal(
      fatal.reduce((sum, { count }) => sum + count, 0),
      4,
    )
  })

  test('pg-target-flap: Postgres itself had no fault', needs('recordings/pg-target-flap'), async () => {
    const extract = await read(readFileSync(shared('recordings/pg-target-flap/dump/logs/postgresql.json')))
    assert.equal(extract.records, 614)
    const begun = extract.signals.filter(({ phase }) => phase !== 'end').map(({ kind }) => kind)
    assert.deepEqual([...new Set(begun)].sort(), ['log.warning', 'postgres.autovacuum', 'postgres.ready', 'postgres.started'])
  })
})
