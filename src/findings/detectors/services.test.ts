/** What detectors find about services, scrape targets, applications, Postgres and Redis, each beside its near miss. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, condition, counting, findings, HOUR, input, MINUTE, series, signal, timelineOf, type InputParts } from '../../../test/timeline-builder.js'
import type { Entity } from '../../model/entity.js'
import type { Fact, Series, Signal } from '../../model/extract.js'
import { FINDING_KINDS } from '../../model/vocabulary.js'
import { detectors, findWrong } from '../find.js'
import { phrase } from '../phrases.js'

const none = (kind: Parameters<typeof findings>[0], parts: InputParts): void =>
  assert.deepEqual(
    findings(kind, parts).map(({ entity, start }) => `${entity} ${start}`),
    [],
  )
const near = (actual: number | undefined, expected: number, tolerance: number): void =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${String(actual)} is not within ${tolerance} s of ${expected}`)
const between = (second: number, from: number, to: number): boolean => second >= from && second < to

const up = (value: (second: number) => number | null): InputParts => ({ series: [series('up', { job: 'shop', instance: '10.0.0.7:8080' }, value)] })

test('a target that answers no scrape for minutes is unreachable for as long', () => {
  const [first, ...rest] = findings(
    'service.unreachable',
    up((second) => (between(second, 600, 900) ? 0 : 1)),
  )
  assert.deepEqual([first?.entity, first?.start, first?.end, rest.length], ['target/shop/10.0.0.7:8080', 600, 900, 0])
})

test('one lost scrape, two lost scrapes, and a target that never answered are no outage', () => {
  none(
    'service.unreachable',
    up((second) => (second === 600 ? 0 : 1)),
  )
  none(
    'service.unreachable',
    up((second) => (between(second, 600, 630) ? 0 : 1)),
  )
  none(
    'service.unreachable',
    up(() => 0),
  )
})

test('a target that comes and goes within a minute flaps: one finding that counts the stretches', () => {
  const [first, ...rest] = findings(
    'service.unreachable',
    up((second) => (between(second, 600, 660) || between(second, 705, 765) ? 0 : 1)),
  )
  assert.deepEqual([first?.start, first?.end, first?.found.attributes['flaps'], rest.length], [600, 765, 2, 0])
})

test('a target that refuses at once is told from one that is too slow to answer, by how long the scrapes took', () => {
  const scraped = (failing: number): InputParts => ({
    series: [
      ...(up((second) => (between(second, 600, 660) || between(second, 705, 765) ? 0 : 1)).series ?? []),
      series('scrape_duration_seconds', { job: 'shop', instance: '10.0.0.7:8080' }, (second) =>
        between(second, 600, 660) || between(second, 705, 765) ? failing : 0.4,
      ),
    ],
  })
  const [refused] = findings('service.unreachable', scraped(0.0004))
  assert.equal(refused?.found.attributes['answer'], 'refused')
  assert.match(refused?.found.summary ?? '', /refused at once/u)
  assert.equal(findings('service.unreachable', scraped(1.001))[0]?.found.attributes['answer'], undefined)
})

test('a probed service that fails is unreachable, by its series or by the log of its prober', () => {
  const probed = findings('service.unreachable', {
    series: [series('probe_success', { target: 'https://shop.example', job: 'blackbox' }, (second) => (between(second, 600, 900) ? 0 : 1))],
  })
  assert.deepEqual(
    probed.map(({ entity, start }) => [entity, start]),
    [['service/-/https://shop.example', 600]],
  )
  assert.equal(findings('service.unreachable', { signals: [signal('probe.failed', 'service/-/db', 600, {}, { count: 5, until: 610 })] })[0]?.start, 600)
  none('service.unreachable', { signals: [signal('probe.failed', 'service/-/db', 600, {}, { count: 2, until: 602 })] })
})

const requests = (failing: (second: number) => number, labels: Readonly<Record<string, string>> = { service: 'shop' }): InputParts => ({
  series: ['200', '500'].map((code) =>
    series(
      'http_requests_total',
      { ...labels, code },
      counting((second) => (code === '500' ? 100 * failing(second) : 100 * (1 - failing(second)))),
    ),
  ),
})

test('a service that fails a good part of its requests answers with errors', () => {
  const [first, ...rest] = findings(
    'service.errors',
    requests((second) => (second > 600 && second <= 900 ? 0.4 : 0.001)),
  )
  assert.deepEqual([first?.entity, rest.length], ['service/-/shop', 0])
  near(first?.start, 615, 15)
})

test('a program that is asked once in a while and fails at most of it has no bad time: between two requests there is no share', () => {
  const rare = (code: string, each: (nth: number) => boolean): Series =>
    series(
      'app_requests_total',
      { app: 'stock-sync', status: code },
      counting((second) => (second % 30 === 0 && each(second / 30) ? 1 : 0)),
    )
  const failing = (since: number): InputParts => ({
    series: [rare('error', (nth) => nth >= since && nth % 5 !== 0), rare('ok', (nth) => nth < since || nth % 5 === 0)],
  })
  none('service.errors', failing(0))
  assert.equal(findings('service.errors', failing(100))[0]?.entity, 'service/-/stock-sync')
})

test('errors as usual, a few more than usual, and one bad scrape are a working day', () => {
  none(
    'service.errors',
    requests(() => 0.2),
  )
  none(
    'service.errors',
    requests((second) => (second > 600 && second <= 900 ? 0.03 : 0.001)),
  )
  none(
    'service.errors',
    requests((second) => (second === 615 ? 0.4 : 0)),
  )
})

test("what the API server refuses is no service's error", () => {
  none('service.errors', {
    series: ['200', '500'].map((code) =>
      series(
        'apiserver_request_total',
        { job: 'apiserver', code },
        counting((second) => (code === '500' && second > 600 ? 50 : 10)),
      ),
    ),
  })
})

const latency = (seconds: (second: number) => number): InputParts => ({
  series: [series('faultline_http_seconds', { service: 'shop', quantile: '0.95' }, seconds, { step: 10 })],
})

test('a service that takes many times its usual time for a while is slow', () => {
  const [first] = findings(
    'service.slow',
    latency((second) => (between(second, 600, 900) ? 2 : 0.1)),
  )
  assert.equal(first?.entity, 'service/-/shop')
  near(first.start, 600, 20)
})

test('one slow bin, a service that always takes long, and four times next to nothing are not slow', () => {
  none(
    'service.slow',
    latency((second) => (second === 600 ? 5 : 0.1)),
  )
  none(
    'service.slow',
    latency(() => 3),
  )
  none(
    'service.slow',
    latency((second) => (between(second, 600, 900) ? 0.05 : 0.01)),
  )
})

const app = 'process/-/orders'
const erring = (second: number, count: number, until = second): Signal =>
  signal('log.error', app, second, { app: 'orders', reason: 'timeout' }, { count, until })
/** Something before and after, so that the data reach over the whole hour. */
const day: readonly Signal[] = [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', HOUR)]

test('an application that errs many times within a minute bursts with errors, and its reason is theirs', () => {
  const [first, ...rest] = findings('app.errors', { signals: [...day, erring(600, 10, 640), erring(660, 20, 700)] })
  assert.deepEqual([first?.entity, first?.start, first?.end, first?.found.attributes['reason'], rest.length], [app, 600, 700, 'timeout', 0])
})

test('an error of its own long before or after a burst is no part of it, unless there are as many as make one', () => {
  const told = (count: number) =>
    findings('app.errors', {
      signals: [
        ...day,
        signal('log.error', app, 600, { app: 'orders', reason: 'other' }, { count }),
        erring(640, 10, 670),
        signal('log.error', app, 700, { app: 'orders', reason: 'other' }),
      ],
    }).map(({ start, end, found }) => [start, end, found.dose])
  assert.deepEqual(told(1), [[640, 670, 10]])
  assert.deepEqual(told(3), [[600, 670, 13]])
})

test('logins that a server refuses name the users, and a count of failed requests has the reason that the same program logged', () => {
  const refused = (second: number): Signal =>
    signal('log.error', 'postgres/main', second, { app: 'postgres', user: 'orders_worker', reason: 'authentication' }, { count: 34, until: second + 48 })
  const [login] = findings('app.errors', { signals: [...day, refused(600)] })
  assert.equal(login?.found.summary, 'The Postgres server refused logins of orders_worker, 34 times.')
  assert.equal(phrase(login.found), 'the Postgres server refused logins')
  // A monitor that was turned away once, long before, has nothing to do with it.
  const monitor = signal('log.error', 'postgres/main', 560, { app: 'postgres', user: 'root', reason: 'authentication' })
  assert.deepEqual(
    findings('app.errors', { signals: [...day, monitor, refused(600)] }).map(({ start }) => start),
    [600],
  )
  const failing = (name: string) =>
    findings('service.errors', {
      ...requests((second) => (between(second, 600, 900) ? 0.5 : 0), { service: name }),
      signals: [...day, erring(600, 10, 640)],
    })[0]?.found.attributes['reason']
  assert.equal(failing('orders'), 'timeout')
  assert.equal(failing('shop'), undefined)
  const unlogged = (name: string) =>
    findings('service.errors', { ...requests((second) => (between(second, 600, 660) ? 0.5 : 0), { service: name }), signals: [...day, refused(600)] })[0]?.found
      .attributes['reason']
  assert.deepEqual([unlogged('orders-worker'), unlogged('shop')], ['postgres-login', undefined])
})

test('a fifth of the requests that fails is noticed where an alert says so and the log of the same program tells of it from first to last', () => {
  const failing = (fails: Signal, alerted: string) =>
    findings('service.errors', {
      ...requests((second) => (between(second, 600, 900) ? 0.2 : 0), { service: 'orders' }),
      signals: [
        ...day,
        fails,
        ...condition('alert.fired', `service/-/${alerted}`, 640, 900).map((one) => ({ ...one, attributes: { alertname: 'ErrorRateHigh' } })),
      ],
    })[0]?.found.attributes['noticed']
  assert.equal(failing(erring(600, 100, 895), 'orders'), 'yes')
  assert.equal(failing(erring(600, 100, 895), 'checkout'), undefined)
  assert.equal(failing(erring(600, 100, 660), 'orders'), undefined)
})

test('programs name why they fail in the words of whom they asked, without their own', () => {
  const why = (text: string) =>
    findings('app.errors', { signals: [...day, signal('log.error', app, 600, { app: 'orders', reason: 'other' }, { count: 10, until: 640, text })] })[0]?.found
      .attributes['why']
  const words = 'no partition of relation \\"events\\" found for row'
  assert.equal(why(`level=error app=orders sqlstate=23514 msg="request failed: ${words}"`), 'no partition of relation "events" found for row')
  assert.equal(why(`level=error app=orders msg="job failed: ${words}"`), 'no partition of relation "events" found for row')
  assert.equal(why('level=error app=orders msg="request failed: timed out"'), undefined)
})

test('a backend that dies again and again says what it ran, and a pooler what its clients waited for', () => {
  const dies = (second: number): Signal =>
    signal('postgres.backend-killed', 'postgres/main', second, { process: 'server process', signal: 11, statement: 'SELECT geo(region)\n\tFROM customers' })
  assert.equal(
    findings('postgres.backend-killed', { signals: [...day, dies(600), dies(630)] })[0]?.found.summary,
    'A backend of the Postgres server was terminated by signal 11, twice; the first ran: SELECT geo(region) FROM customers.',
  )
  const waited = signal('log.error', 'process/-/pgbouncer', 600, { app: 'pgbouncer', reason: 'query_wait_timeout' }, { count: 28, until: 660 })
  assert.match(
    findings('app.errors', { signals: [...day, waited] })[0]?.found.summary ?? '',
    /^pgbouncer had no server connection free for its clients in time, 28 times/u,
  )
})

test('one error, and two an hour apart, are a working day', () => {
  none('app.errors', { signals: [...day, erring(600, 1)] })
  none('app.errors', { signals: [...day, erring(600, 2), erring(3000, 2)] })
})

test('an application that errs evenly all day, or at this rate every few minutes, did not burst', () => {
  none('app.errors', { signals: Array.from({ length: 120 }, (_, index) => erring(index * 30, 1)) })
  none('app.errors', { signals: [...day, ...Array.from({ length: 10 }, (_, index) => erring(index * 300, 5, index * 300 + 20))] })
})

test('equal bursts of errors in part of the day are bursts: whenever the same server was killed', () => {
  const killed = (from: number): readonly Signal[] => Array.from({ length: 5 }, (_, index) => erring(from + index * 300, 13, from + index * 300 + 20))
  const bursts = findings('app.errors', { signals: [...day, ...killed(1800)] })
  assert.deepEqual(
    bursts.map(({ start }) => start),
    [1800, 2100, 2400, 2700, 3000],
  )
  // Of a log that is no longer than they last, whatever else is there.
  const within = (second: number): Signal => signal('log.warning', 'cluster', second)
  const own = input('orders.log', { signals: [within(1700), ...killed(1800), within(3100)] })
  const others = input('other.log', { signals: [within(0), within(6 * HOUR)] })
  assert.deepEqual(
    findWrong(timelineOf([own, others])).filter(({ kind }) => kind === 'app.errors'),
    [],
  )
})

test('errors of an application that is seldom asked are one burst, though minutes lie between them; such errors all day are none', () => {
  const sparse = (from: number, to: number): readonly Signal[] =>
    Array.from({ length: Math.floor((to - from) / 50) }, (_, index) =>
      signal('log.error', 'process/-/bot', from + index * 50 + (index % 3) * 25, { app: 'bot' }),
    )
  const [first, ...rest] = findings('app.errors', { signals: [...day, ...sparse(1200, 2400)] })
  assert.deepEqual([first?.entity, first?.start, first?.found.dose, rest.length], ['process/-/bot', 1200, 24, 0])
  none('app.errors', { signals: [...day, ...sparse(0, HOUR)] })
  none('app.errors', { signals: [...day, ...sparse(1200, 1500)] })
})

test('statements of many seconds are slow also in a log that has no others; those that come all day are how this server is', () => {
  const logged = (from: number, to: number): InputParts => ({
    signals: day,
    series: [
      series('faultline_postgres_statement_seconds', { database: 'shop' }, (second) => (between(second, from, to) && second % 20 === 0 ? 26 : null), {
        step: 10,
      }),
    ],
  })
  const [first, ...rest] = findings('postgres.slow-queries', logged(1800, 2400))
  assert.deepEqual([first?.entity, first?.start, rest.length], ['postgres/main', 1800, 0])
  none('postgres.slow-queries', logged(0, HOUR))
  none('postgres.slow-queries', logged(1800, 1840))
  // One after the other: half a minute of statements of many seconds, more than that of those of a second or two.
  const each = (seconds: number): InputParts => ({
    signals: day,
    series: [series('faultline_postgres_statement_seconds', { database: 'shop' }, (second) => (between(second, 1800, 1850) ? seconds : null), { step: 10 })],
  })
  assert.equal(findings('postgres.slow-queries', each(9)).length, 1)
  none('postgres.slow-queries', each(2))
  // It is over where the log goes on without them, and says how many there were.
  const counted = series('faultline_postgres_statements', { database: 'shop' }, (second) => (between(second, 1800, 1850) ? 12 : null), { step: 10 })
  const [told] = findings('postgres.slow-queries', { signals: day, series: [...(each(9).series ?? []), counted] })
  assert.equal(told?.end, 1850)
  assert.match(told?.found.summary ?? '', /60 were logged within 50 s/u)
})

test('one statement of most of a minute is what requests waited for that took as long and came to an end with it; alone it is a report', () => {
  const statement = (at: number, seconds: number): InputParts['series'] => [
    series('faultline_postgres_statement_seconds', { database: 'shop' }, (second) => (second === at ? seconds : null), { step: 10 }),
  ]
  const hung = series(
    'histogram_quantile(0.95, sum by (app, le) (rate(app_request_duration_seconds_bucket[20s])))',
    { app: 'checkout-api' },
    (second) => (between(second, 656, 680) ? 10 : second > 600 && second < 656 ? null : 0.005),
    { step: 4 },
  )
  const told = (at: number, seconds: number, ...requests: NonNullable<InputParts['series']>): readonly (readonly [number, number | null | undefined])[] =>
    findings('postgres.slow-queries', { signals: day, series: [...(statement(at, seconds) ?? []), ...requests] }).map(({ start, end }) => [start, end])
  assert.deepEqual(told(650, 45, hung), [[615, 660]])
  assert.deepEqual(told(650, 45), [])
  assert.deepEqual(told(560, 45, hung), [])
  assert.deepEqual(told(650, 7, hung), [])
  const slowFor = (from: number): Series =>
    series('histogram_quantile(0.95, sum by (app, le) (rate(app_request_duration_seconds_bucket[20s])))', { app: 'checkout-api' }, (second) =>
      between(second, from, 660) ? 9.6 : 0.005,
    )
  assert.deepEqual(told(650, 49, slowFor(600)), [[611, 660]])
  assert.deepEqual(told(650, 49, slowFor(300)), [])
})

test('requests that fail in an access log are the errors of their service', () => {
  const [first] = findings('service.errors', { signals: [...day, signal('http.error', 'service/-/shop', 600, { status: 502 }, { count: 30, until: 650 })] })
  assert.deepEqual([first?.entity, first?.start, first?.end], ['service/-/shop', 600, 650])
})

const sessions = (count: (second: number) => number, max = 100): InputParts => ({
  series: [series('pg_stat_activity_count', { state: 'active' }, count), series('pg_settings_max_connections', {}, () => max)],
})

test('connections that were near max_connections all along are a condition; where there was room they are not', () => {
  const climbing = (usual: number): InputParts => sessions((second) => (second < 1800 ? usual : Math.min(100, usual + (second - 1800) / 5)))
  const [near] = findings('postgres.connections-near-max', climbing(80))
  assert.equal(near?.start, 0)
  none('postgres.connections-near-max', climbing(30))
  none(
    'postgres.connections-near-max',
    sessions(() => 80),
  )
})

test('connections that climb to their ceiling rise from where they left their usual level, and are saturated from there', () => {
  const climb = sessions((second) => Math.min(99, 10 + Math.max(0, second - 1200) * 0.1))
  near(findings('postgres.connections-rising', climb)[0]?.start, 1200, 120)
  near(findings('postgres.connections-saturated', climb)[0]?.start, 1200 + 850, 60)
})

test('a pool that opens a few more, and a server that always runs at nine tenths, do not rise', () => {
  none(
    'postgres.connections-rising',
    sessions((second) => (second > 1200 ? 25 : 10)),
  )
  none(
    'postgres.connections-rising',
    sessions(() => 90),
  )
  none(
    'postgres.connections-saturated',
    sessions(() => 90),
  )
})

test('refused clients are saturation by themselves, at the first of them', () => {
  const refused = signal('postgres.connections-saturated', 'postgres/main', 600, { sqlstate: '53300' }, { count: 40, until: 700 })
  assert.deepEqual(
    findings('postgres.connections-saturated', { signals: [refused] }).map(({ start, end }) => [start, end]),
    [[600, 700]],
  )
})

test('WAL that a slot keeps without bound is anomalous, one that is read now and then is not', () => {
  const held = (bytes: (second: number) => number): Series => series('pg_replication_slots_pg_wal_lsn_diff', { slot_name: 'old' }, bytes)
  const [first] = findings('metric.anomalous', { series: [held((second) => Math.max(0, second - 900) * 2 ** 20)] })
  assert.deepEqual([first?.entity, first?.found.attributes['metric'], first?.end], ['postgres/main', 'held-wal', null])
  near(first?.start, 900, 300)
  none('metric.anomalous', { series: [held((second) => (second % 300) * 2 ** 14)] })
})

test('sessions that queue behind a lock are a pile-up from the first wait; a single wait is not', () => {
  const wait = (second: number, count: number): Signal => signal('postgres.lock-pileup', 'postgres/main', second, {}, { count, until: second + 10 })
  assert.equal(findings('postgres.lock-pileup', { signals: [wait(600, 3), wait(640, 5)] })[0]?.start, 600)
  none('postgres.lock-pileup', { signals: [wait(600, 1)] })
})

test('a queue behind a lock names who waited first and who had it, with what the log tells of the two; a session that was ended is an answer to it', () => {
  const wait = (second: number, pid: number): Signal =>
    signal('postgres.lock-pileup', 'postgres/main', second, {
      lock: pid === 51 ? 'AccessExclusiveLock' : 'AccessShareLock',
      first: 51,
      holder: 44,
      pid,
      user: 'web',
      database: 'shop',
    })
  const ended = signal('action.session-ended', 'postgres/main', 660, { pid: 44, user: 'bi', database: 'shop', application: 'metabase' })
  const summary = (...signals: readonly Signal[]): string | undefined => findings('postgres.lock-pileup', { signals })[0]?.found.summary
  const queued = 'Sessions of the Postgres server queued behind a lock, as 3 lines of its log tell; the first to wait'
  assert.equal(
    summary(wait(600, 51), wait(620, 52), wait(640, 53), ended),
    `${queued} for AccessExclusiveLock was process 51 (web@shop), behind process 44 (bi@shop, metabase).`,
  )
  assert.equal(summary(wait(600, 52), wait(620, 53), wait(640, 54)), `${queued} was process 51, behind process 44.`)
  const vacuum = signal('postgres.autovacuum', 'postgres/main', 590, { table: 'shop.orders', wraparound: 'yes', pid: 44 }, { phase: 'span', until: 700 })
  assert.match(
    summary(wait(600, 51), wait(620, 52), wait(640, 53), vacuum) ?? '',
    /behind the automatic vacuum to prevent wraparound of shop\.orders \(process 44\)\.$/u,
  )
  const [answer] = findings('action.session-ended', { signals: [ended] })
  assert.equal(answer?.found.summary, "A session of the Postgres server was ended by an administrator's command: process 44 (bi@shop, metabase).")
  // All of them, when the server is shut down.
  none('action.session-ended', { signals: [ended, signal('postgres.shutdown', 'postgres/main', 659, { mode: 'fast' }, { phase: 'begin' })] })
})

test('many locks of which one session alone can have one are a queue; many readers are none, nor is a moment of it', () => {
  const locks = (mode: string, count: (second: number) => number): Series => series('pg_locks_count', { datname: 'shop', mode }, count)
  const queue = (second: number): number => (second >= 900 && second < 1500 ? 40 : 0)
  assert.equal(findings('postgres.lock-pileup', { series: [locks('accessexclusivelock', queue)] })[0]?.start, 900)
  none('postgres.lock-pileup', { series: [locks('accesssharelock', queue)] })
  none('postgres.lock-pileup', { series: [locks('accessexclusivelock', (second) => (second === 900 ? 40 : 0))] })
  const waits = series('pg_stat_activity_count', { datname: 'shop', state: 'active', wait_event_type: 'Lock' }, queue)
  assert.match(findings('postgres.lock-pileup', { series: [waits, locks('exclusivelock', queue)] })[0]?.found.summary ?? '', /waited for locks/u)
})

test('CloudNativePG counts waiting sessions in pairs: five of them are a queue, three are none', () => {
  const pairs = (count: number): Series => series('cnpg_backends_waiting_total', { pod: 'db-1' }, (second) => (second >= 900 && second < 1500 ? count : 0))
  const [first] = findings('postgres.lock-pileup', { series: [pairs(25)] })
  assert.equal(first?.start, 900)
  assert.match(first.found.summary, /up to 25 pairs/u)
  none('postgres.lock-pileup', { series: [pairs(9)] })
})

test("CloudNativePG's own metrics tell connections that climb", () => {
  const climb = series('cnpg_backends_total', { pod: 'db-1', state: 'idle' }, (second) => Math.min(99, 10 + Math.max(0, second - 1200) * 0.1))
  const max = series('cnpg_pg_settings_setting', { pod: 'db-1', name: 'max_connections' }, () => 100)
  const [first] = findings('postgres.connections-rising', { series: [climb, max] })
  near(first?.start, 1200, 120)
  assert.match(first?.found.summary ?? '', /to 99 of 100/u)
})

test('one server that is measured is the one that the logs speak of, by the name they give it', () => {
  const climb = series('pg_stat_activity_count', { instance: '10.0.0.9:9187', server: 'db-1' }, (second) => Math.min(99, 10 + Math.max(0, second - 1200) * 0.1))
  const refused = (server: string): Signal =>
    signal('postgres.connections-saturated', `postgres/${server}`, 2100, { sqlstate: '53300' }, { count: 40, until: 2200 })
  const of = (...signals: readonly Signal[]): string | undefined =>
    findings('postgres.connections-rising', { format: 'postgres-stderr', series: [climb], signals })[0]?.entity
  assert.equal(of(refused('store-1')), 'postgres/store-1')
  assert.equal(of(refused('main')), 'postgres/main')
  assert.equal(of(refused('db-0'), refused('db-1')), 'postgres/db-1')
  assert.equal(of(refused('db-0'), refused('db-2')), 'postgres/main')
})

test('a vacuum of seconds is housekeeping, one of minutes is heavy', () => {
  const vacuum = (seconds: number): InputParts => ({
    signals: [signal('postgres.autovacuum', 'postgres/main', 600, { table: 'orders' }, { phase: 'span', until: 600 + seconds })],
  })
  none('postgres.autovacuum', vacuum(3))
  assert.deepEqual(
    findings('postgres.autovacuum', vacuum(180)).map(({ start, end }) => [start, end]),
    [[600, 780]],
  )
})

test('a server that crashed and recovers is down until it is ready again', () => {
  for (const kind of ['postgres.crashed', 'postgres.recovering'] as const)
    assert.deepEqual(
      findings(kind, { signals: [condition(kind, 'postgres/main', 600, 660)] }).map(({ start, end }) => [start, end]),
      [[600, 660]],
    )
})

test('statements cancelled by time-out, names that do not resolve: thrice is a finding, twice is not', () => {
  for (const kind of ['postgres.timeouts', 'network.dns-failure'] as const) {
    none(kind, { signals: [signal(kind, 'postgres/main', 600, {}, { count: 2, until: 610 })] })
    assert.equal(findings(kind, { signals: [signal(kind, 'postgres/main', 600, {}, { count: 3, until: 610 })] }).length, 1)
  }
})

test('Redis is down while its exporter says so, not for one scrape', () => {
  const redis = (value: (second: number) => number): InputParts => ({ series: [series('redis_up', { service: 'cache' }, value)] })
  assert.deepEqual(
    findings(
      'redis.down',
      redis((second) => (between(second, 600, 700) ? 0 : 1)),
    ).map(({ entity, start }) => [entity, start]),
    [['redis/cache', 600]],
  )
  none(
    'redis.down',
    redis((second) => (second === 600 ? 0 : 1)),
  )
})

test('two alerts on one entity are two findings; each lasts until it is resolved', () => {
  const alert = (name: string, from: number, to: number | null): readonly Signal[] =>
    condition('alert.fired', 'node/a', from, to, { alertname: name }).map((one) => ({ ...one, attributes: { alertname: name } }))
  assert.deepEqual(
    findings('alert.fired', { signals: [alert('NodeDown', 600, 900), alert('TargetDown', 650, null)] }).map(({ start, end }) => [start, end]),
    [
      [600, 900],
      [650, null],
    ],
  )
})

test('what happens again long after is another finding', () => {
  const starts = (kind: 'node.rebooted' | 'postgres.deadlock', gap: number): number =>
    findings(kind, { signals: [signal(kind, 'node/a', 600), signal(kind, 'node/a', 600 + gap)] }).length
  assert.deepEqual(
    [starts('node.rebooted', 30), starts('node.rebooted', 10 * MINUTE), starts('postgres.deadlock', 60), starts('postgres.deadlock', 10 * MINUTE)],
    [1, 2, 1, 2],
  )
})

test('every kind of the vocabulary is found by some detector, without exception', () => {
  const finds = new Set(detectors.flatMap((detector) => detector.finds))
  assert.deepEqual(
    FINDING_KINDS.filter((kind) => !finds.has(kind)),
    [],
  )
})

test('every finding of a dump with everything has evidence, a sentence, a sane confidence and a start within the data', () => {
  const signals = FINDING_KINDS.flatMap((kind) => [
    signal(kind, 'node/a', 600, {}, { count: 5, until: 700 }),
    signal(kind, 'pod/shop/db-0', 800, {}, { count: 5, until: 900 }),
  ])
  for (const kind of FINDING_KINDS)
    for (const { found } of findings(kind, { signals })) {
      assert.ok(found.evidence.length > 0, kind)
      assert.match(found.summary, /^[A-Z].*\.$/u, kind)
      assert.ok(found.confidence > 0 && found.confidence < 1, kind)
      assert.ok(found.start >= at(600).ms && (found.end ?? Infinity) >= found.start, kind)
    }
})

const served = (server: string, from: number, to: number): Signal =>
  signal('http.error', 'service/-/shop', from, { status: 503, server }, { count: 40, until: to })
const counted = (status: string, value: (second: number) => number | null): Series =>
  series('faultline_http_requests', { service: 'shop', class: status }, value)

test('the usual share of failures is that of all the time, not of the times that had failures', () => {
  const [first, ...rest] = findings('service.errors', {
    signals: [served('a', 605, 1800)],
    series: [counted('2xx', () => 20), counted('5xx', (second) => (second >= 600 && second % 300 < 200 ? 6 : null))],
  })
  assert.deepEqual([first?.start, rest.length], [605, 0])
})

test('failures that nearly all went to one backend name it, and the machine that goes by its name', () => {
  const world = { facts: [{ fact: 'node', node: 'node/worker-2', at: null } as const] }
  const series = [counted('2xx', () => 20), counted('5xx', (second) => (second >= 600 ? 6 : null))]
  const one = findings('service.errors', { ...world, series, signals: [served('worker-2', 605, 1800)] })
  assert.deepEqual([one[0]?.found.attributes['backend'], one[0]?.found.attributes['node']], ['worker-2', 'worker-2'])
  const pods = findings('service.errors', { ...world, series, signals: [served('10.1.2.3:8080', 605, 1800)] })
  assert.deepEqual([pods[0]?.found.attributes['backend'], pods[0]?.found.attributes['node']], ['10.1.2.3:8080', undefined])
  const both = findings('service.errors', { ...world, series, signals: [served('worker-2', 605, 1800), served('worker-3', 606, 1800)] })
  assert.equal(both[0]?.found.attributes['backend'], undefined)
})

test("an ingress controller's counters, which lack the _total, are those of the service behind it, not of its own", () => {
  const labels = { service: 'ingress-metrics', namespace: 'ingress-nginx', exported_namespace: 'web', exported_service: 'shop', ingress: 'shop' }
  const [first] = findings('service.errors', {
    series: ['200', '502'].map((status) =>
      series(
        'nginx_ingress_controller_requests',
        { ...labels, status },
        counting((second) => (status === '200' ? 50 : second >= 600 && second < 900 ? 40 : 0)),
      ),
    ),
  })
  assert.deepEqual([first?.entity, first?.start], ['service/web/shop', 600])
})

test('where nobody has the probe itself, an alert that a site does not answer is told as such; one about something else is not', () => {
  const alert = (alertname: string, from: number, to: number | null) =>
    condition('alert.fired', 'target/blackbox/https://shop.example/', from, to).map((one) => ({ ...one, attributes: { alertname } }))
  const flaps = [...alert('SiteUnreachable', 600, 700), ...alert('SiteUnreachable', 800, 900)]
  assert.deepEqual(
    findings('service.unreachable', { signals: flaps }).map(({ entity, start, end }) => [entity, start, end]),
    [['service/-/https://shop.example/', 600, 900]],
  )
  none('service.unreachable', { signals: alert('CertificateExpiresSoon', 600, 700) })
  const probe = series('probe_success', { instance: 'https://shop.example/', job: 'blackbox' }, () => 1)
  none('service.unreachable', { signals: flaps, series: [probe] })
})

test('a standby that falls behind by minutes is told from its first step back; one that is seconds behind, or always late, is not', () => {
  const lag = (value: (second: number) => number): InputParts => ({ series: [series('pg_replication_lag_seconds', { instance: 'db-1:9187' }, value)] })
  const [first] = findings(
    'metric.anomalous',
    lag((second) => (between(second, 900, 1800) ? second - 900 : 0.4)),
  )
  assert.deepEqual([first?.found.attributes['metric'], first?.end], ['replication-lag', 1800])
  near(first?.start, 900, 120)
  none(
    'metric.anomalous',
    lag((second) => (between(second, 900, 1800) ? 12 : 0.4)),
  )
  none(
    'metric.anomalous',
    lag(() => 3600),
  )
})

test('a server that has no transaction ids left is told as such, and its earlier warnings with it', () => {
  const says = (kind: 'log.warning' | 'log.error', second: number) => signal(kind, 'postgres/main', second, { app: 'postgres', code: 'wraparound' })
  const told = (...signals: readonly Signal[]) => findings('metric.anomalous', { signals }).map(({ start, found }) => [start, found.attributes['metric']])
  assert.deepEqual(told(says('log.warning', 100), says('log.error', 600)), [[600, 'wraparound']])
  assert.deepEqual(told(says('log.warning', 100)), [[100, 'wraparound-near']])
})

test('WAL that is not archived for long is kept, told by the log or by the count of failures; a storage that is away for a moment is none', () => {
  const failed = (from: number, to: number): Signal[] =>
    Array.from({ length: Math.floor((to - from) / 62) + 1 }, (_, index) =>
      signal('log.error', 'postgres/main', from + index * 62, { app: 'postgres', code: 'archiving' }, { until: from + index * 62 + 3, count: 4 }),
    )
  const told = (parts: InputParts) => findings('metric.anomalous', parts).map(({ start, end, found }) => [start, end, found.attributes['metric']])
  assert.deepEqual(told({ signals: [...day, ...failed(600, 1840)] }), [[600, 1843, 'unarchived-wal']])
  assert.deepEqual(told({ signals: [...day, ...failed(600, 900)] }), [])
  assert.deepEqual(told({ signals: [...day, ...failed(600, 900), ...failed(2000, 2300)] }), [])
  assert.deepEqual(told({ signals: [...day, ...failed(1200, 3590)] }), [[1200, null, 'unarchived-wal']])
  // A small volume is full within a minute; one that was full before is why nothing was archived.
  const full = (second: number): Signal => signal('postgres.disk-full', 'postgres/main', second, { sqlstate: '53100' })
  assert.deepEqual(told({ signals: [...day, ...failed(600, 640), full(640)] }), [[600, 603, 'unarchived-wal']])
  assert.deepEqual(told({ signals: [...day, ...failed(600, 640), full(598)] }), [])
  const count = (until: number): Series =>
    series('cnpg_pg_stat_archiver_failed_count', {}, (second) => 7 + 3 * Math.floor(Math.max(0, Math.min(second, until) - 600) / 60))
  assert.deepEqual(told({ series: [count(1800)] }), [[660, 1800, 'unarchived-wal']])
  assert.deepEqual(told({ series: [count(800)] }), [])
})

test('kubelets of all nodes that get no answer at once tell of the API server, where nothing else does; those of some do not', () => {
  const missed = (node: Entity, second: number, reason = 'refused'): Signal =>
    signal('node.heartbeat-missed', node, second, { reason }, { count: 20, until: second + 90 })
  const facts = ['a', 'b', 'c'].map((name): Fact => ({ fact: 'node', node: `node/${name}`, at: null }))
  const all = [missed('node/a', 600), missed('node/b', 603), missed('node/c', 604)]
  assert.deepEqual(
    findings('service.unreachable', { facts, signals: all }).map(({ entity, start }) => [entity, start]),
    [['process/-/kube-apiserver', 600]],
  )
  none('service.unreachable', { facts, signals: all.slice(0, 2) })
  none('service.unreachable', { facts, signals: [...all.slice(0, 2), missed('node/c', 700)] })
  const told = signal('log.error', 'process/-/kube-apiserver', 601, { app: 'kube-apiserver' }, { count: 20, until: 680 })
  none('service.unreachable', { facts, signals: [...all, told] })
})

test('errors that nearly all name the address of one pod tell on which node their requests ended', () => {
  const facts: readonly Fact[] = [
    { fact: 'alias', of: 'pod/shop/orders-1', name: '10.244.3.12', at: null },
    { fact: 'pod-on-node', pod: 'pod/shop/orders-1', node: 'node/c', at: null },
  ]
  const errors = (text: string): Signal => {
    const one = signal('log.error', 'pod/shop/cart-1', 600, { reason: 'timeout' }, { count: 40, until: 700 })
    return { ...one, places: one.places.map((place) => ({ ...place, text })) }
  }
  const backend = (text: string): unknown => findings('app.errors', { facts, signals: [errors(text)] })[0]?.found.attributes['node']
  assert.equal(backend('ERROR request to upstream failed: Get "http://10.244.3.12:8080/": context deadline exceeded'), 'c')
  assert.equal(backend('dial tcp 10.244.3.12:8080: i/o timeout'), 'c')
  assert.equal(backend('dial tcp 10.244.3.99:8080: i/o timeout'), undefined)
  assert.equal(backend('client 10.244.3.12 sent a bad request'), undefined)
})

test('a role that has all its connections is not a server that has none left, and a server that takes no writes says so itself', () => {
  const full = (scope: string): InputParts => ({
    signals: [
      signal(
        'postgres.connections-saturated',
        'postgres/main',
        600,
        { sqlstate: '53300', class: '53', scope, limited: 'report_api' },
        { count: 4, until: 610 },
      ),
    ],
  })
  assert.match(
    findings('postgres.connections-saturated', full('role'))[0]?.found.summary ?? '',
    /: the role report_api had all the connections that it may have/u,
  )
  assert.match(findings('postgres.connections-saturated', full('server'))[0]?.found.summary ?? '', /: all connection slots were taken/u)
  const refused = findings('app.errors', {
    signals: [signal('log.error', 'postgres/main', 600, { app: 'postgres', reason: 'read-only' }, { count: 9, until: 640 })],
  })[0]
  assert.equal(refused?.found.summary, 'The Postgres server took no writes, 9 times.')
  const line =
    '2026-11-23 01:22:14.972 +08,"batch","shop",3538,"127.0.0.1:41812",6b0324.dd2,3,"SELECT",2026-11-23 01:22:14 +08,3/2,0,ERROR,53200,"out of shared memory",,"…"'
  const crowded = findings('app.errors', {
    signals: [signal('log.error', 'postgres/main', 600, { app: 'postgres', reason: 'memory' }, { count: 9, until: 640, text: line })],
  })[0]
  assert.equal(crowded?.found.summary, 'The Postgres server had no memory for statements, 9 times; such as: out of shared memory.')
})

test('an error of other words half a minute before all those that are alike is no beginning of them', () => {
  const line = (at: number, text: string, count = 1, until = at): Signal =>
    signal('log.error', 'process/-/orders-worker', at, { app: 'orders-worker', reason: 'other' }, { count, until, text })
  const full = (second: number): Signal => line(second, 'job failed: nextval: reached maximum value of sequence "orders_id_seq" (301000)', 30, second + 45)
  const start = (...signals: readonly Signal[]): number | undefined => findings('app.errors', { signals: [...day, ...signals] })[0]?.start
  assert.equal(start(line(600, 'job failed: duplicate key value violates unique constraint "inventory_pkey"'), full(646)), 646)
  assert.equal(start(line(600, 'job failed: nextval: reached maximum value of sequence "orders_id_seq" (301001)'), full(646)), 600)
})

test('errors of other words after a pause are another trouble, those of the same words or without a pause the same', () => {
  const line = (at: number, reason: string, text: string, count: number, until: number): Signal =>
    signal('log.error', 'process/-/orders-worker', at, { app: 'orders-worker', reason }, { count, until, text })
  const waited = line(600, 'postgres-timeout', 'job failed: canceling statement due to statement timeout', 5, 627)
  const denied = (at: number): Signal => line(at, 'postgres-denied', 'job failed: permission denied for table customers', 22, at + 33)
  const told = (...signals: readonly Signal[]): readonly (readonly unknown[])[] =>
    findings('app.errors', { signals: [...day, ...signals] }).map(({ start, found }) => [start, found.attributes['reason']])
  assert.deepEqual(told(waited, denied(686)), [
    [600, 'postgres-timeout'],
    [686, 'postgres-denied'],
  ])
  assert.equal(told(waited, denied(640)).length, 1)
  assert.equal(told(waited, line(686, 'postgres-timeout', 'report failed: canceling statement due to statement timeout', 5, 700)).length, 1)
  assert.equal(told(waited, line(686, 'other', 'job failed: duplicate key', 1, 686)).length, 1)
})

test('failed requests of two troubles near to each other are told apart where the program says other words from a time on', () => {
  const line = (at: number, reason: string, text: string): Signal =>
    signal('log.error', 'process/-/orders-worker', at, { app: 'orders-worker', reason }, { count: 9, until: at + 27, text })
  const parts: InputParts = {
    signals: [
      ...day,
      line(600, 'postgres-timeout', 'job failed: canceling statement due to statement timeout'),
      line(665, 'postgres-denied', 'job failed: permission denied'),
    ],
    series: (['error', 'ok'] as const).map((status) =>
      series(
        'app_requests_total',
        { app: 'orders-worker', status },
        counting((second) => (status === 'ok' ? 1 : (second > 600 && second <= 630) || (second > 665 && second <= 695) ? 1 : 0), 5),
        { step: 5 },
      ),
    ),
  }
  assert.deepEqual(
    findings('service.errors', parts).map(({ start, end, found }) => [start, end, found.attributes['reason']]),
    [
      [605, 635, 'postgres-timeout'],
      [670, 700, 'postgres-denied'],
    ],
  )
})

const RATIO = 'sum by (app) (rate(app_requests_total{status="error"}[20s])) / sum by (app) (rate(app_requests_total[20s]))'
/** Of 40 requests in 20 s two fail at each of these times: a rate over 20 s shows them for as long. */
const twoFailedAt = (...times: readonly number[]): Series =>
  series(RATIO, { app: 'report-api' }, (second) => (times.some((time) => between(second, time, time + 20)) ? 2 / 40 : 0), { from: 540, to: 720, step: 2 })
const unreachable = (entity: Entity, second: number, count: number, until = second + 0.5): Signal =>
  signal('log.error', entity, second, { reason: 'postgres-unreachable' }, { count, until })

test('a share of failed requests over 20 s is over when the last of them failed: 20 s before it is no longer shown, or when the log of the same program tells', () => {
  const share = series(RATIO, { app: 'report-api' }, (second) => (between(second, 600, 670) ? 0.5 : 0), { from: 540, to: 720, step: 2 })
  const end = (...signals: readonly Signal[]) => findings('service.errors', { series: [share], signals: [...day, ...signals] })[0]?.end
  assert.equal(end(), 650)
  assert.equal(end(unreachable('process/-/report-api', 600, 40, 653)), 653)
  assert.equal(end(unreachable('process/-/report-api', 600, 40, 630)), 650)
  assert.equal(end(unreachable('process/-/checkout-api', 600, 40, 653)), 650)
})

test('what fails for a moment each time a server is stopped did not fail in between', () => {
  const stopped = (second: number): readonly Signal[] => [
    ...condition('postgres.shutdown', 'postgres/main', second, second + 0.2, { mode: 'fast' }),
    signal('postgres.ready', 'postgres/main', second + 0.2),
  ]
  const parts = (signals: readonly Signal[], ...failed: readonly number[]): InputParts => ({
    series: [twoFailedAt(...failed)],
    signals: [...day, ...signals, ...failed.map((second) => unreachable('process/-/checkout-api', second, 4))],
  })
  const spans = (kind: 'app.errors' | 'service.errors', given: InputParts) => findings(kind, given).map(({ start, end }) => [start, end])
  const twice = parts([...stopped(599.9), ...stopped(645.9)], 600, 646)
  assert.deepEqual(spans('app.errors', twice), [
    [600, 600.5],
    [646, 646.5],
  ])
  assert.deepEqual(spans('service.errors', twice), [
    [600, 602],
    [646, 648],
  ])
  // The second time nothing was stopped, or it had not been over.
  assert.deepEqual(spans('app.errors', parts(stopped(599.9), 600, 646)), [[600, 646.5]])
  assert.deepEqual(spans('app.errors', parts([...stopped(599.9), ...stopped(645.9)], 600, 632, 646)), [[600, 646.5]])
  assert.deepEqual(spans('service.errors', parts([...stopped(599.9), ...stopped(645.9)], 600, 620, 646)), [[600, 646]])
})

test('what clients say of a server that is gone, and what they say when it is there again and refuses them, are two troubles', () => {
  const refused = signal('log.error', 'process/-/checkout-api', 601, { reason: 'postgres-too-many' }, { count: 200, until: 640 })
  const spans = (...signals: readonly Signal[]) =>
    findings('app.errors', { signals: [...day, ...signals] }).map(({ start, end, found }) => [start, end, found.attributes['reason']])
  const gone = unreachable('process/-/checkout-api', 600, 4, 600.25)
  assert.deepEqual(spans(gone, signal('postgres.ready', 'postgres/main', 600.4), refused), [
    [600, 600.25, 'postgres-unreachable'],
    [601, 640, 'postgres-too-many'],
  ])
  // Nobody says that the server came back; one error is no trouble of its own, but not the next one's beginning either.
  assert.deepEqual(spans(gone, refused), [[600, 640, 'postgres-too-many']])
  assert.deepEqual(spans({ ...gone, count: 1 }, signal('postgres.ready', 'postgres/main', 600.4), refused), [[601, 640, 'postgres-too-many']])
})

test('which table a program has no right to is told in its words', () => {
  const text = '2026-11-22T17:24:38.448Z level=error app=orders-worker sqlstate=42501 msg="job failed: permission denied for table customers"'
  const [first] = findings('app.errors', {
    signals: [...day, signal('log.error', 'process/-/orders-worker', 600, { reason: 'postgres-denied' }, { count: 22, until: 633, text })],
  })
  assert.equal(first?.found.summary, 'orders-worker logged errors, 22 times (postgres-denied); most say: job failed: permission denied for table customers.')
})

test('why a target does not answer is what its exporter logs meanwhile', () => {
  const parts = (...targets: readonly string[]): InputParts => ({
    signals: [
      ...day,
      signal('log.error', 'process/-/postgres_exporter', 600, { app: 'postgres_exporter', reason: 'postgres-login' }, { count: 60, until: 640 }),
    ],
    series: targets.map((instance) => series('up', { job: 'postgres', instance }, (second) => (between(second, 600, 690) ? 0 : 1))),
  })
  const reasons = (...targets: readonly string[]): unknown =>
    findings('service.unreachable', parts(...targets)).map(({ found: { attributes } }) => attributes['reason'])
  assert.deepEqual(reasons('10.0.0.7:9187'), ['postgres-login'])
  assert.deepEqual(reasons('10.0.0.7:9187', '10.0.0.8:9187'), [undefined, undefined])
})

test('errors without a reason that has a name are told in the words of most of them', () => {
  const summary = (text: string): string =>
    findings('app.errors', { signals: [...day, signal('log.error', 'process/-/orders-worker', 600, { reason: 'other' }, { count: 30, until: 640, text })] })[0]
      ?.found.summary ?? ''
  const message = 'job failed: nextval: reached maximum value of sequence "orders_id_seq" (301000)'
  const said = `orders-worker logged errors, 30 times; most say: ${message}.`
  assert.equal(summary(`2026-11-22T15:10:23.000Z level=error app=orders-worker kind=SequenceGeneratorLimitExceeded msg=${JSON.stringify(message)}`), said)
  assert.equal(summary(JSON.stringify({ level: 'error', message })), said)
  assert.equal(
    summary('2026-11-22 16:10:23.543 CET [11944] a@b FATAL:  the server is tired'),
    'orders-worker logged errors, 30 times; most say: the server is tired.',
  )
  assert.equal(summary('Nov 22 15:10:23 something is wrong'), 'orders-worker logged errors, 30 times.')
})

test('a new version that fails every request never counted one that it served', () => {
  const down = (second: number): boolean => between(second, 600, 660)
  const requests = (code: string, is: (second: number) => boolean): Series =>
    series('http_requests_total', { service: 'billing', code }, (second) => (is(second) ? (second % 600) * 20 : null), { step: 3 })
  const served = requests('200', (second) => !down(second))
  const failed = requests('500', down)
  const [first, ...rest] = findings('service.errors', { series: [served, failed] })
  assert.deepEqual([first?.entity, rest.length], ['service/-/billing', 0])
  near(first?.start, 600, 10)
  none('service.errors', { series: [served] })
})

test('a service whose requests take long on average is slow, also while none of them comes to an end; one slow request of a few is none', () => {
  const histogram = (rate: (second: number) => number, seconds: (second: number) => number, more: readonly Series[] = []): InputParts => ({
    series: [
      series(
        'app_request_duration_seconds_sum',
        { app: 'checkout-api' },
        counting((second) => rate(second) * seconds(second)),
      ),
      series('app_request_duration_seconds_count', { app: 'checkout-api' }, counting(rate)),
      ...more,
    ],
  })
  const often = (second: number): number => (between(second, 630, 690) ? 0 : 10)
  const long = (second: number): number => (between(second, 600, 720) ? 9 : 0.02)
  const [first, ...rest] = findings('service.slow', histogram(often, long))
  assert.deepEqual([first?.entity, rest.length], ['service/-/checkout-api', 0])
  near(first?.start, 600, 15)
  near(first?.end ?? undefined, 720, 15)
  none(
    'service.slow',
    histogram(
      () => 10,
      (second) => (second === 600 ? 9 : 0.02),
    ),
  )
  // A third of a second is slow for a service that takes a fiftieth, where it goes on.
  const slower = (to: number): InputParts =>
    histogram(
      () => 10,
      (second) => (between(second, 600, to) ? 0.35 : 0.02),
    )
  assert.equal(findings('service.slow', slower(780)).length, 1)
  none('service.slow', slower(630))
  // Whose quantiles are there is told by those.
  const calm = series('histogram_quantile(0.95, sum by (app, le) (rate(app_request_duration_seconds_bucket[20s])))', { app: 'checkout-api' }, () => 0.03)
  none('service.slow', histogram(often, long, [calm]))
})

test('a service that takes long while two others take what they usually do is slow by itself, unless they may run elsewhere', () => {
  const p95 = (app: string, slow: boolean): Series =>
    series('histogram_quantile(0.95, sum by (app, le) (rate(app_request_duration_seconds_bucket[20s])))', { app }, (second) =>
      slow && between(second, 600, 720) ? 4.9 : 0.02,
    )
  const others = (...more: readonly Series[]): readonly unknown[] =>
    findings('service.slow', { series: [p95('segment-api', true), ...more] }).map(({ found }) => found.attributes['others'])
  assert.deepEqual(others(p95('checkout-api', false), p95('orders-worker', false)), ['as usual'])
  assert.deepEqual(others(p95('checkout-api', false)), [undefined])
  assert.deepEqual(others(p95('checkout-api', true), p95('orders-worker', false)), [undefined, undefined])
  const placed: Fact = { fact: 'pod-on-node', pod: 'pod/shop/segment-api-1', node: 'node/a', at: null }
  const [spread] = findings('service.slow', {
    series: ['segment-api', 'checkout-api', 'orders-worker'].map((app) => p95(app, app === 'segment-api')),
    facts: [placed],
  })
  assert.equal(spread?.found.attributes['others'], undefined)
})

test('a service whose requests all wait for something, and end together, is slow from when none of them ended; one that nobody asks is not', () => {
  const counted = [504, 552, 574, 574, 574, 574, 574, 574, 574, 574, 584, 633, 664]
  const summed = [1.541, 1.674, 1.721, 1.721, 1.721, 1.721, 1.721, 1.721, 1.721, 1.721, 160.858, 160.967, 161.042]
  const histogram = (counts: readonly number[], sums: readonly number[]): InputParts => {
    const samples = (of: string, values: readonly number[]): Series =>
      series(
        `app_request_duration_seconds_${of}`,
        { app: 'checkout-api' },
        // As before and after it: 8 requests a second of 3 ms each.
        (second) =>
          values[(second - 600) / 5] ??
          (second < 600 ? (values[0] ?? 0) : (values.at(-1) ?? 0)) + (second < 600 ? second - 600 : second - 660) * (of === 'sum' ? 0.024 : 8),
        { from: 540, to: 720, step: 5 },
      )
    return { series: [samples('count', counts), samples('sum', sums)] }
  }
  const [first, ...rest] = findings('service.slow', histogram(counted, summed))
  assert.deepEqual([first?.start, first?.end, first?.found.attributes['seconds'], rest.length], [615, 655, 15.914, 0])
  // Ten requests of a second each after a pause; one of half a minute after it; nobody asked, and all is well.
  const after = (more: number): readonly number[] => summed.map((sum) => (sum > 100 ? sum - 159.137 + more : sum))
  for (const more of [10, 30, 0.03]) none('service.slow', histogram(counted, after(more)))
})

test('a server that was started while it was down and refused to says why it was down for so long', () => {
  const refused = (second: number, of: string, said: string): Signal => signal('postgres.start-refused', 'postgres/main', second, { of, said })
  const stop = [
    signal('postgres.shutdown', 'postgres/main', 600, {}, { phase: 'begin' }),
    signal('postgres.shutdown', 'postgres/main', 640, {}, { phase: 'end' }),
  ]
  const told = (...signals: readonly Signal[]): string | undefined =>
    findings('postgres.shutdown', { signals: [...day, ...stop, ...signals] })[0]?.found.summary
  const reload = [refused(570, 'file', 'invalid authentication method "x"'), refused(570, 'reload', 'pg_hba.conf was not reloaded')]
  assert.equal(told(...reload), 'The Postgres server was asked to shut down.')
  assert.equal(
    told(...reload, refused(605, 'start', 'could not load pg_hba.conf'), refused(620, 'start', 'could not load pg_hba.conf')),
    'The Postgres server was asked to shut down; it was started again twice and refused: could not load pg_hba.conf (invalid authentication method "x"); 30 s before that, pg_hba.conf was not reloaded.',
  )
  assert.equal(told(refused(700, 'start', 'could not load pg_hba.conf')), 'The Postgres server was asked to shut down.')
})

test('a server that gave up its recovery was not in recovery until it was started again', () => {
  const recovery = [
    signal('postgres.recovering', 'postgres/main', 600, { reason: 'crash' }, { phase: 'begin' }),
    signal('postgres.recovering', 'postgres/main', 614, {}, { phase: 'end' }),
  ]
  const told = (...signals: readonly Signal[]): string | undefined =>
    findings('postgres.recovering', { signals: [...day, ...recovery, ...signals] })[0]?.found.summary
  assert.equal(told(), 'The Postgres server was in crash recovery and rejected connections for 14 s.')
  const failed = signal('postgres.crashed', 'postgres/main', 601, { reason: 'startup-failed' }, { phase: 'begin' })
  assert.equal(told(failed), 'The Postgres server gave up its crash recovery, and let nobody in for 14 s.')
})

test("errors of a pod's first seconds are its start; where the pod is started anew for what fails now, they are not", () => {
  const pod: Entity = 'pod/shop/web-7d9c5b8f6d-bbbbb'
  const errors = (second: number): Signal => signal('log.error', pod, second, { app: 'web', reason: 'refused' }, { count: 6, until: second + 5 })
  const started = (second: number): Signal => signal('container.started', pod, second, { container: 'web' })
  const starts = (...signals: readonly Signal[]): readonly number[] => findings('app.errors', { signals: [...day, ...signals] }).map(({ start }) => start)
  assert.deepEqual(starts(started(600), errors(601), errors(1200)), [1200])
  assert.deepEqual(starts(started(600), errors(601), started(1199), errors(1200)), [601, 1200])
  assert.deepEqual(starts(started(600), errors(601)), [601])
})

/** Requests of the pods of one service, each with the share of them that fails. */
const ofPods = (metric: string, pods: Readonly<Record<string, (second: number) => number>>): readonly Series[] =>
  Object.entries(pods).flatMap(([name, failing]) =>
    (['200', '502'] as const).map((code) =>
      series(
        metric,
        { app: 'web', namespace: 'shop', pod: name, code },
        counting((second) => 4 * (code === '502' ? failing(second) : 1 - failing(second))),
      ),
    ),
  )
const failsIn = (second: number): number => (between(second, 600, 900) ? 1 : 0)
const never = (): number => 0

test('the one of several pods at which all that fails fails is named; where more than one fails, or nobody counts by pod, none is', () => {
  const [a, b] = ['web-7d9c5b8f6d-bbbbb', 'web-7d9c5b8f6d-ccccc']
  const said = (second: (at: number) => number): readonly unknown[] =>
    findings('service.errors', { series: ofPods('http_requests_total', { [a]: failsIn, [b]: second }) }).map(({ found }) => [
      found.attributes['pod'],
      found.summary,
    ])
  assert.deepEqual(said(never), [
    [a, `Service shop/web failed up to 50 % of its requests (usually 0 %), all of them at pod shop/${a}, one of 2 that were asked.`],
  ])
  assert.deepEqual(said(failsIn), [[undefined, 'Service shop/web failed up to 100 % of its requests (usually 0 %).']])
})

test('what a program asks of others is no part of what it answers, unless it counts nothing else', () => {
  const pods = { 'web-7d9c5b8f6d-bbbbb': failsIn }
  const peaks = (...all: readonly Series[]): readonly number[] => findings('service.errors', { series: all }).map(({ found }) => found.dose)
  assert.deepEqual(peaks(...ofPods('http_requests_total', { 'web-7d9c5b8f6d-bbbbb': failsIn }), ...ofPods('http_client_requests_total', { x: never })), [1])
  assert.deepEqual(peaks(...ofPods('http_client_requests_total', pods)), [1])
})

test('requests that fail to the end of a short recording failed unusually, where none did before; those that failed from its first moment on did not', () => {
  const from = (second: number): readonly Series[] => ofPods('http_requests_total', { 'web-7d9c5b8f6d-bbbbb': (at) => (at > second ? 0.4 : 0) })
  assert.deepEqual(
    findings('service.errors', { series: from(300) }).map(({ end }) => end),
    [null],
  )
  none('service.errors', { series: from(0) })
})

test("the log of a service's pods says what its requests failed with", () => {
  const pod = 'web-7d9c5b8f6d-bbbbb'
  const reasons = (namespace: string): readonly unknown[] =>
    findings('service.errors', {
      signals: [...day, signal('log.error', `pod/${namespace}/${pod}`, 601, { app: 'web', reason: 'timeout' }, { count: 90, until: 899 })],
      series: ofPods('http_requests_total', { [pod]: failsIn }),
    }).map(({ found }) => found.attributes['reason'])
  assert.deepEqual([reasons('shop'), reasons('staging')], [['timeout'], [undefined]])
})

test('requests are recognised by the names and labels that client libraries, proxies and meshes give them', () => {
  const counted = (name: string, labels: Readonly<Record<string, string>>, label: string, [well, failed]: readonly [string, string]): readonly unknown[] =>
    findings('service.errors', {
      series: [well, failed].map((code) =>
        series(
          name,
          { ...labels, [label]: code },
          counting((second) => ((second > 600 && second <= 900) === (code === failed) ? 10 : 0)),
        ),
      ),
    }).map(({ entity, found }) => [entity, found.dose])
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string, readonly [string, string], Entity])[] = [
    ['http_server_requests_seconds_count', { application: 'shop', job: 'spring' }, 'status', ['200', '500'], 'service/-/shop'],
    ['http_server_request_duration_seconds_count', { job: 'web/shop' }, 'http_response_status_code', ['200', '503'], 'service/web/shop'],
    ['http_request_duration_seconds_count', { job: 'shop' }, 'status_code', ['200', '500'], 'service/-/shop'],
    ['http_requests_received_total', { job: 'shop' }, 'code', ['200', '500'], 'service/-/shop'],
    [
      'istio_requests_total',
      { job: 'envoy-stats', destination_service_name: 'shop', destination_service_namespace: 'web' },
      'response_code',
      ['200', '503'],
      'service/web/shop',
    ],
    ['response_total', { direction: 'inbound', deployment: 'shop', namespace: 'web' }, 'classification', ['success', 'failure'], 'service/web/shop'],
    [
      'envoy_cluster_upstream_rq_xx',
      { job: 'envoy', envoy_cluster_name: 'outbound|80||shop.web.svc.cluster.local' },
      'envoy_response_code_class',
      ['2', '5'],
      'service/web/shop',
    ],
    ['haproxy_backend_http_responses_total', { job: 'haproxy', proxy: 'shop' }, 'code', ['2xx', '5xx'], 'service/-/shop'],
    ['traefik_service_requests_total', { job: 'traefik', service: 'shop@kubernetes' }, 'code', ['200', '502'], 'service/-/shop'],
    ['grpc_server_handled_total', { app: 'shop' }, 'grpc_code', ['OK', 'Unavailable'], 'service/-/shop'],
  ]
  for (const [name, labels, label, codes, entity] of cases) assert.deepEqual(counted(name, labels, label, codes), [[entity, 1]], name)
  // What callers did wrong is no failure; what components and a mesh's plumbing count is their daily work.
  assert.deepEqual(counted('grpc_server_handled_total', { app: 'shop' }, 'grpc_code', ['OK', 'NotFound']), [])
  assert.deepEqual(counted('grpc_server_handled_total', { job: 'etcd' }, 'grpc_code', ['OK', 'Unavailable']), [])
  assert.deepEqual(counted('apiserver_request_duration_seconds_count', { job: 'apiserver' }, 'code', ['200', '500']), [])
})

test('how long requests take is told in seconds, whatever a histogram is kept in', () => {
  const told = (name: string, unit: number, labels: Readonly<Record<string, string>> = { app: 'shop' }): readonly string[] =>
    findings('service.slow', {
      series: [
        series(
          `${name}_count`,
          labels,
          counting(() => 10),
        ),
        series(
          `${name}_sum`,
          labels,
          counting((second) => 10 * unit * (second > 600 && second <= 900 ? 2 : 0.02)),
        ),
      ],
    }).map(({ found }) => found.summary)
  for (const [name, unit] of [
    ['http_server_requests_seconds', 1],
    ['grpc_server_handling_seconds', 1],
    ['istio_request_duration_milliseconds', 1000],
    ['response_latency_ms', 1000],
  ] as const)
    assert.deepEqual(told(name, unit), ['Service shop took up to 2.00 s per request on average (usually 0.020 s).'], name)
  const quantile = series('istio_request_duration_milliseconds', { app: 'shop', quantile: '0.99' }, (second) => (between(second, 600, 900) ? 2000 : 20))
  assert.equal(findings('service.slow', { series: [quantile] })[0]?.found.summary, 'Service shop took up to 2.00 s per request (usually 0.020 s).')
})

test('what a program asks of others and does not get is its own trouble, where its log says nothing of that', () => {
  const [asks, answers] = [
    { app: 'web', namespace: 'shop', target: 'catalog:8080' },
    { app: 'web', namespace: 'shop' },
  ]
  const of = (name: string, labels: Readonly<Record<string, string>>, failing: (second: number) => number): readonly Series[] =>
    (['200', '503'] as const).map((code) =>
      series(
        name,
        { ...labels, code },
        counting((second) => 9 * (code === '503' ? failing(second) : 1 - failing(second))),
      ),
    )
  const all = [...of('http_client_requests_total', asks, failsIn), ...of('http_requests_total', answers, never)]
  const told = (...signals: readonly Signal[]): readonly string[] =>
    findings('app.errors', { signals: [...day, ...signals], series: all }).map(({ found }) => found.summary)
  assert.deepEqual(told(), ['Service shop/web failed up to 100 % of the requests that it makes to catalog:8080.'])
  const logged = signal('log.error', 'pod/shop/web-7d9c5b8f6d-bbbbb', 601, { app: 'web', reason: 'timeout' }, { count: 90, until: 899 })
  assert.deepEqual(told(logged), ['Pod shop/web-7d9c5b8f6d-bbbbb logged errors, 90 times (timeout).'])
  none('service.errors', { series: all })
})

test('data that a server cannot read any more is a matter of its own beside what its log complains of all day', () => {
  const error = (second: number, reason: string): Signal => signal('log.error', 'postgres/main', second, reason === '' ? {} : { reason })
  const many = (count: number, from: number, step: number, reason: string): Signal[] =>
    Array.from({ length: count }, (_, index) => error(from + index * step, reason))
  const signals = [...many(120, 60, 5, ''), ...many(20, 600, 1, 'damaged')]
  const told = findings('app.errors', { signals }).map(({ start, found }) => [start, found.attributes['reason'], found.dose])
  assert.deepEqual(told, [
    [60, undefined, 120],
    [600, 'damaged', 20],
  ])
})
