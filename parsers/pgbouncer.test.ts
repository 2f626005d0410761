import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { read } from '../test/read.js'
import { pgbouncer } from './pgbouncer.js'

const shared = (path: string): URL => new URL(`../../shared/${path}`, import.meta.url)
const needs = (path: string): { skip: false | string } => ({ skip: existsSync(shared(path)) ? false : 'shared/ is absent' })
const FIXTURES = 'corpus/postgres/darold+pgbadger/t/fixtures'

const line = (level: string, message: string): string => `2026-03-04 10:00:00.250 UTC [77] ${level} ${message}\n`
const CLIENT = 'C-0x55d0c0ffee00: store/reader@10.0.0.1:5000'
const SERVER = 'S-0x55d0c0ffee80: store/reader@10.0.0.9:5432'

const LOG =
  line('LOG', `${CLIENT} login attempt: db=store user=reader tls=no`) +
  line('LOG', `${SERVER} new connection to server (from 10.0.0.2:6000)`) +
  line('LOG', `${CLIENT} closing because: client close request (age=0s)`) +
  line('LOG', `${SERVER} closing because: server lifetime over (age=3600s)`) +
  line('LOG', `${SERVER} closing because: server idle timeout (age=600s)`) +
  line('LOG', `${SERVER} closing because: close_needed (age=600s)`)

describe('the log of PgBouncer', () => {
  test('reads its example', async () => {
    const extract = await read(`${pgbouncer.example}\n`)
    assert.equal(extract.format, 'pgbouncer')
    assert.deepEqual(
      extract.signals.map(({ kind, entity, attributes }) => [kind, entity, attributes]),
      [['log.error', 'process/-/pgbouncer', { app: 'pgbouncer', user: 'report_api', database: 'shop', reason: 'query_wait_timeout' }]],
    )
  })

  test('says the same however its bytes are cut', async () => {
    const text = LOG + line('ERROR', 'S: login failed: FATAL: sorry, too many clients already')
    const whole = await read(text)
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(text, { chunkBytes }), whole, `cut every ${chunkBytes} bytes`)
  })

  test('a name that does not resolve is said with its name', async () => {
    const extract = await read(
      LOG + line('WARNING', 'DNS lookup failed: pg.store.svc.cluster.local: result=0') + line('WARNING', `${CLIENT} pooler error: server DNS lookup failed`),
    )
    assert.deepEqual(
      extract.signals.map(({ kind, attributes }) => [kind, attributes['name']]),
      [
        ['network.dns-failure', 'pg.store.svc.cluster.local'],
        ['network.dns-failure', undefined],
      ],
    )
  })

  test('ordinary connections are no signal, but tell who depends on whom', async () => {
    const extract = await read(LOG)
    assert.deepEqual(extract.signals, [])
    assert.equal(extract.records, 6)
    assert.deepEqual(extract.facts, [
      { fact: 'client-of', client: 'process/-/reader', server: 'process/-/pgbouncer' },
      { fact: 'client-of', client: 'process/-/pgbouncer', server: 'postgres/?' },
      { fact: 'alias', of: 'postgres/?', name: '10.0.0.9:5432', at: null },
    ])
  })

  test('a full server is said of the server, in the words of all versions', async () => {
    for (const message of ['S: login failed: FATAL: sorry, too many clients already', `${SERVER} server login failed: FATAL sorry, too many clients already`]) {
      const extract = await read(line('WARNING', message))
      assert.deepEqual(
        extract.signals.map(({ kind, entity }) => [kind, entity]),
        [
          ['postgres.connections-saturated', 'postgres/?'],
          ['log.error', 'process/-/pgbouncer'],
        ],
      )
    }
  })

  for (const [level, message, kind] of [
    ['WARNING', `${CLIENT} pooler error: no more connections allowed (max_client_conn)`, 'log.error'],
    ['LOG', `${SERVER} closing because: server conn crashed? (age=12s)`, 'log.error'],
    ['LOG', `${SERVER} closing because: connect failed (age=12s)`, 'log.error'],
    ['LOG', `${CLIENT} closing because: client unexpected eof (age=12s)`, 'log.warning'],
    ['LOG', `${CLIENT} closing because: query_wait_timeout (age=12s)`, undefined],
    ['LOG', 'stats: 1 xacts/s, 1 queries/s, in 2 B/s, out 3 B/s, xact 4 us, query 5 us, wait 6 us', undefined],
  ] as const) {
    test(`'${message.slice(-50)}' is ${kind ?? 'no signal'}`, async () => assert.equal((await read(line(level, message))).signals[0]?.kind, kind))
  }

  test('no connection to its server has one reason, however it says so', async () => {
    const extract = await read(
      LOG +
        line('LOG', `${SERVER} closing because: connect failed (age=0s)`) +
        line('WARNING', `${CLIENT} pooler error: server login has been failing, try again later (server_login_retry)`) +
        line('LOG', `${SERVER} closing because: server conn crashed? (age=12s)`) +
        line('WARNING', `${SERVER} server login failed: FATAL password authentication failed for user "reader"`),
    )
    assert.deepEqual(
      extract.signals.map(({ attributes: { reason } }) => reason),
      ['no-server', 'no-server', 'no-server', 'password authentication failed for user "reader"'],
    )
  })

  test('a log that stops in the middle and goes on with a start tells that nobody was there, one that is often silent does not', async () => {
    const at = (second: number, message: string): string =>
      `2026-03-04 10:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.000 UTC [77] LOG ${message}\n`
    const busy = (step: number): string =>
      Array.from({ length: 30 }, (_, index) => at(index * step, `${CLIENT} login attempt: db=store user=reader tls=no`)).join('')
    const start = (second: number): string =>
      at(second, 'listening on 127.0.0.1:6432') + at(second, 'process up: PgBouncer 1.18.0, libevent 2.1.12-stable (epoll)')
    const told = async (text: string): Promise<string[]> =>
      (await read(text)).signals.map(
        ({ kind, phase, at: { ms }, attributes: { reason } }) => `${kind} ${phase} ${new Date(ms).toISOString().slice(14, 19)} ${String(reason)}`,
      )
    assert.deepEqual(await told(busy(1) + start(70)), ['service.unreachable begin 00:29 gone', 'service.unreachable end 01:10 gone'])
    assert.deepEqual(await told(busy(1) + start(40) + start(52)), [
      'service.unreachable begin 00:29 gone',
      'service.unreachable end 00:40 gone',
      'service.unreachable begin 00:40 gone',
      'service.unreachable end 00:52 gone',
    ])
    assert.deepEqual(await told(busy(1) + start(32)), [])
    // Its statistics come all the time: where they do not, it did nothing.
    const counting = (from: number, to: number): string =>
      Array.from({ length: to - from }, (_, index) =>
        at(20 * (from + index), 'stats: 4 xacts/s, 4 queries/s, in 2 B/s, out 3 B/s, xact 4 us, query 5 us, wait 6 us'),
      ).join('')
    const client = (second: number): string => at(second, `${CLIENT} login attempt: db=store user=reader tls=no`)
    assert.deepEqual(await told(counting(0, 5) + client(85) + client(130)), ['service.unreachable begin 01:25 silent', 'service.unreachable end 02:10 silent'])
    assert.deepEqual(await told(counting(0, 5) + client(85) + client(102)), [])
    assert.deepEqual(await told(client(5) + client(85)), [])
    assert.deepEqual(await told(busy(1) + counting(2, 6) + start(140)), ['service.unreachable begin 01:40 gone', 'service.unreachable end 02:20 gone'])
    assert.deepEqual(await told(busy(1) + at(30, 'got SIGTERM, fast exit') + start(40)), ['action.restart point 00:30 undefined'])
    assert.deepEqual(await told(busy(1) + at(30, 'got SIGTERM, fast exit')), [])
    assert.deepEqual(await told(busy(20) + start(30 * 20 + 30)), [])
    assert.deepEqual(await told(busy(20) + at(581, 'got SIGTERM, fast exit') + start(611)), [
      'service.unreachable begin 09:41 stopped',
      'service.unreachable end 10:11 stopped',
      'action.restart point 09:41 undefined',
    ])
  })

  for (const [text, sure] of [
    ['2018-03-04 10:00:00.250 3392 LOG listening on 127.0.0.1:6432', true],
    ['2026-03-04 10:00:00.250 UTC [77] LOG:  checkpoint starting: time', false],
    ['2026-03-04 10:00:00.250 INFO pool started', false],
  ] as const) {
    test(`${sure ? 'takes' : 'leaves'} ${text}`, async () => assert.equal((await read(`${text}\n`)).format === 'pgbouncer', sure))
  }

  test('127,910 lines without a zone', needs(FIXTURES), async () => {
    const extract = await read(gunzipSync(readFileSync(shared(`${FIXTURES}/pgbouncer.log.gz`))))
    assert.equal(extract.records, 127_910)
    assert.equal(extract.skipped, 0)
    assert.deepEqual(
      extract.spans.map(({ basis }) => basis),
      ['local'],
    )
    assert.deepEqual(extract.signals, [])
  })

  test('1.21 writes zone and [pid]', needs(FIXTURES), async () => {
    const extract = await read(gunzipSync(readFileSync(shared(`${FIXTURES}/pgbouncer.1.21.log.gz`))))
    assert.equal(extract.skipped, 0)
    assert.equal(extract.spans[0]?.basis, 'zone:CET')
    assert.deepEqual(extract.signals, [])
  })

  test('pg-conn-surge: the pool waits for a full server', needs('recordings/pg-conn-surge'), async () => {
    const extract = await read(readFileSync(shared('recordings/pg-conn-surge/dump/logs/pgbouncer.log')))
    assert.equal(extract.records, 301)
    assert.deepEqual(
      extract.signals.map(({ kind, count, at }) => [kind, count, new Date(at.ms).toISOString()]),
      [
        ['postgres.connections-saturated', 12, '2026-11-21T08:28:41.455Z'],
        ['log.error', 12, '2026-11-21T08:28:41.455Z'],
        ['log.error', 1, '2026-11-21T08:28:49.677Z'],
        ['log.error', 19, '2026-11-21T08:28:51.678Z'],
      ],
    )
  })
})
