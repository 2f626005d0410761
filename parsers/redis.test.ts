import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pod } from '../src/model/entity.js'
import { read } from '../test/read.js'
import { redis } from './redis.js'

const said = async (content: string, options = {}): Promise<(string | number | undefined)[][]> =>
  (await read(content, options)).signals.map(({ kind, entity, phase, attributes }) => [kind, entity, phase, attributes['reason']])

const sentinel = (...events: readonly string[]): string => events.map((event, n) => `1:X 21 Nov 2026 08:18:0${n}.123 # ${event}`).join('\n')

describe('a Sentinel', () => {
  const at = '@ orders 10.0.0.1 6379'

  test('sees its master go down and another take over', async () =>
    assert.deepEqual(
      await said(
        sentinel('+sdown master orders 10.0.0.1 6379', '+odown master orders 10.0.0.1 6379 #quorum 2/2', '+switch-master orders 10.0.0.1 6379 10.0.0.2 6379'),
      ),
      [
        ['redis.down', 'redis/orders', 'begin', 'sdown'],
        ['redis.down', 'redis/orders', 'begin', 'odown'],
        ['redis.down', 'redis/orders', 'end', 'switched'],
      ],
    ))

  test('that aborts a failover has no quorum, or no replica to promote', async () =>
    assert.deepEqual(await said(sentinel('-failover-abort-no-good-slave master orders 10.0.0.1 6379')), [
      ['redis.quorum-lost', 'redis/orders', 'point', 'failover-abort-no-good-slave'],
    ]))

  test('that cannot resolve its master says so', async () =>
    assert.deepEqual(await said(sentinel("Failed to resolve hostname 'orders-0.orders-headless.shop.svc.cluster.local'")), [
      ['network.dns-failure', 'redis/-', 'point', 'dns'],
    ]))

  test('that misses one other Sentinel goes on; missing two it has no majority', async () => {
    const one = `+sdown sentinel aaaa 10.0.0.5 26379 ${at}`
    const two = `+sdown sentinel bbbb 10.0.0.6 26379 ${at}`
    assert.deepEqual(await said(sentinel(one)), [])
    assert.deepEqual(await said(sentinel(one, two, two.replace('+', '-'))), [
      ['redis.quorum-lost', 'redis/orders', 'begin', 'sentinels-down'],
      ['redis.quorum-lost', 'redis/orders', 'end', 'sentinels-down'],
    ])
  })

  test('speaks of a replica by its address, not as its master', async () =>
    assert.deepEqual(await said(sentinel(`+sdown slave 10.0.0.2:6379 10.0.0.2 6379 ${at}`)), [['redis.down', 'redis/10.0.0.2', 'begin', 'replica']]))

  test('in tilt decides nothing', async () =>
    assert.deepEqual(await said(sentinel('+sdown master orders 10.0.0.1 6379', '+tilt #tilt mode entered')).then((all) => all.at(-1)), [
      'redis.quorum-lost',
      'redis/orders',
      'begin',
      'tilt',
    ]))

  test('votes and epochs are no signals', async () =>
    assert.deepEqual(await said(sentinel('+new-epoch 3', '+vote-for-leader abc 3', '+try-failover master orders 10.0.0.1 6379')), []))
})

describe('a server', () => {
  const life = (...messages: readonly string[]): string => messages.map((message, n) => `7:M 21 Nov 2026 08:18:0${n}.000 * ${message}`).join('\n')

  test('that ends by request is down once, until it is ready again', async () =>
    assert.deepEqual(
      await said(
        `7:signal-handler (1795249080) Received SIGTERM scheduling shutdown...\n${life('User requested shutdown...', 'oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo', 'Ready to accept connections tcp')}`,
      ),
      [
        ['redis.down', 'redis/-', 'begin', 'shutdown'],
        ['redis.down', 'redis/-', 'end', 'ready'],
      ],
    ))

  test('that starts without having ended was killed', async () =>
    assert.deepEqual(
      (await said(life('Ready to accept connections', 'oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo', 'Ready to accept connections'))).map(
        ([, , phase, reason]) => [phase, reason],
      ),
      [
        ['end', 'ready'],
        ['begin', 'restarted'],
        ['end', 'ready'],
      ],
    ))

  test('that cannot fork or write says why', async () =>
    assert.deepEqual(await said(`${redis.example}\n${life('Error writing to the AOF file: No space left on device')}`), [
      ['log.error', 'redis/-', 'point', 'oom'],
      ['log.error', 'redis/-', 'point', 'disk-full'],
    ]))

  test('goes by the name its clients use, where its pod is known', async () => {
    const extract = await read(life('MASTER timeout: no data nor PING received...'), { context: { pod: pod('shop', 'redis-replica-2') } })
    assert.equal(extract.signals[0]?.entity, 'redis/redis-replica')
    assert.deepEqual(extract.facts, [{ fact: 'runs-as', of: 'redis/redis-replica', by: 'pod/shop/redis-replica-2' }])
  })

  test('before version 5 wrote no year', async () => {
    const extract = await read('7:M 21 Nov 08:18:01.123 # Server started, Redis version 3.2.0\n7:M 21 Nov 08:18:02.123 * DB loaded from disk: 0.1 seconds')
    assert.deepEqual(
      [extract.format, extract.records, extract.spans[0]?.basis, extract.spans[0]?.first],
      ['redis', 2, 'yearless', Date.UTC(1972, 10, 21, 8, 18, 1, 123)],
    )
  })
})

test('the format is known by its lines, also behind the prefixes of docker compose', async () => {
  const [record] = (await read(redis.example)).spans
  assert.deepEqual(record, { basis: 'local', first: Date.UTC(2026, 10, 21, 8, 18, 1, 123), last: Date.UTC(2026, 10, 21, 8, 18, 1, 123) })
  assert.equal((await read(`cache-1  | ${redis.example}\n`)).format, 'redis')
  for (const other of ['1:M is a ratio', '12:34 21 Nov 2026', 'INFO 1:M 21 Nov 2026 08:18:01.123 # x', '1:Q 21 Nov 2026 08:18:01.123 # x'])
    assert.notEqual((await read(other)).format, 'redis', other)
})

test('any cut of the bytes gives the same', async () => {
  const content = `${redis.example}\r\n${sentinel('+sdown master orders 10.0.0.1 6379', '-sdown master orders 10.0.0.1 6379')}\n`
  const whole = await read(content)
  assert.equal(whole.records, 3)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(content, { chunkBytes }), whole)
})

test('Redis 2.8 writes its pid in brackets and no role', async () => {
  const extract = await read(
    [
      '[1234] 02 Mar 10:00:00.123 # Server started, Redis version 2.8.4',
      '[1234] 02 Mar 10:00:01.123 # +sdown master mymaster 10.0.0.1 6379',
      '[1234 | signal handler] (1772445608) Received SIGTERM, scheduling shutdown...',
    ].join('\n'),
  )
  assert.equal(extract.format, 'redis')
  assert.equal(extract.skipped, 0)
  assert.deepEqual(
    extract.signals.map(({ kind, entity, attributes }) => [kind, entity, attributes['reason']]),
    [
      ['redis.down', 'redis/mymaster', 'sdown'],
      ['redis.down', 'redis/-', 'shutdown'],
    ],
  )
})
