/** What the text of an error names as its cause. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { causeOf } from './text-causes.js'

const reason = (text: string): string => causeOf(text).reason

test('a table or column that the database does not have is what the program expects wrongly, whichever library says so', () => {
  for (const text of [
    'bad SQL grammar [select rate from tax_v2]; nested exception is org.postgresql.util.PSQLException: ERROR: relation "tax_v2" does not exist',
    'PG::UndefinedColumn: ERROR:  column orders.paid_at does not exist',
    'psycopg2.errors.UndefinedColumn: column "paid_at" of relation "orders" does not exist',
    'SQLSTATE[42703]: Undefined column: 7 ERROR',
    "(1146, \"Table 'shop.tax_v2' doesn't exist\")",
    'sqlite3.OperationalError: no such table: tax_v2',
  ])
    assert.equal(reason(text), 'schema', text)
})

test('what is not there for other reasons is no wrong schema, nor is a number that happens to be a code', () => {
  assert.equal(reason('user 42703 does not exist'), 'other')
  assert.equal(reason('PSQLException: Connection to db:5432 refused. Check that the hostname and port are correct'), 'postgres-unreachable')
  assert.equal(reason('FATAL:  database "shop" does not exist'), 'postgres-login')
})

test('who is not let in has reached the server: it is told from a server that does not answer', () => {
  for (const text of [
    'level=error app=orders-worker kind=OperationalError sqlstate=- msg="job failed: connection failed: FATAL:  password authentication failed for user \\"orders_worker\\""',
    'org.postgresql.util.PSQLException: FATAL: no pg_hba.conf entry for host "10.0.0.7", user "orders", database "shop", no encryption',
    'pq: role "orders" is not permitted to log in',
    'err="pq: database \\"shop\\" is not currently accepting connections"',
  ])
    assert.equal(reason(text), 'postgres-login', text)
})

test('a server that answers with an error is told in the words of those who asked it', () => {
  assert.equal(reason('level=ERROR service=storefront msg="upstream answered 503 after 1ms"'), 'upstream-error')
  assert.equal(reason('backend checkout-api responded with status 502'), 'upstream-error')
  assert.equal(reason('service returned 500 rows of 7200'), 'other')
})

test('a program whose own pool has no connection free says so in the words of its library, whatever the database', () => {
  for (const text of [
    'java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms (total=20, active=20, idle=0, waiting=7)',
    'sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00',
    'ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool within 5.000 seconds (waited 5.003 seconds); all pooled connections were in use',
    'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
  ])
    assert.deepEqual(causeOf(text), { reason: 'pool', server: null, name: null }, text)
})

test('a client that waited for a pool in vain says so', () => {
  assert.equal(
    reason('kind=OperationalError sqlstate=- msg="job failed: consuming input failed: query_wait_timeout\\nserver closed the connection unexpectedly"'),
    'postgres-pool',
  )
  assert.equal(reason('msg="job failed: server login has been failing, try again later (server_login_retry)"'), 'postgres-unreachable')
})

test('a server that takes no writes answers, and does not recover', () => {
  assert.equal(
    reason('{"level":"error","message":"request failed: cannot execute UPDATE in a read-only transaction","sqlstate":"25006"}'),
    'postgres-read-only',
  )
  assert.equal(reason('ERROR: cannot execute REFRESH MATERIALIZED VIEW in a read-only transaction'), 'postgres-read-only')
  assert.equal(reason('FATAL: the database system is in recovery mode'), 'postgres-recovering')
})

test("a server's memory and its damaged data are told from the program's own memory, and from a disk", () => {
  for (const text of [
    '{"level": "error", "service": "checkout-api", "message": "request failed: out of shared memory", "kind": "OutOfMemory", "sqlstate": "53200"}',
    'pq: could not resize shared memory segment "/PostgreSQL.1829" to 8388608 bytes: No space left on device',
  ])
    assert.equal(reason(text), 'postgres-memory', text)
  assert.equal(reason('msg="request failed: invalid page in block 27 of relation base/16384/16395" sqlstate=XX001'), 'postgres-damaged')
  assert.equal(reason('{"message":"could not open file \\"base/16384/16395\\": No such file or directory"}'), 'postgres-damaged')
  assert.equal(reason('java.lang.OutOfMemoryError: Java heap space'), 'oom')
  assert.equal(reason('could not open file "settings.yaml": No such file or directory'), 'other')
})

test('a right that is missing is neither a login nor a file', () => {
  assert.equal(reason('kind=InsufficientPrivilege sqlstate=42501 msg="job failed: permission denied for table customers"'), 'postgres-denied')
  assert.equal(reason('open /etc/app/settings.yaml: permission denied'), 'other')
})

test('a client that gave up waiting for its connection says it in the words of psycopg', () => {
  assert.equal(reason('"message": "job failed: connection timeout expired", "kind": "ConnectionTimeout", "sqlstate": "-"'), 'postgres-timeout')
})

test('a column that is not there is named in quotation marks, which JSON and logfmt escape', () => {
  assert.equal(reason('{"level":"error","message":"request failed: column \\"region\\" does not exist","sqlstate":"42703"}'), 'schema')
})

test('a statement that a standby cancels is cancelled as one that ran too long', () => {
  assert.equal(reason('kind=SerializationFailure sqlstate=40001 msg="report failed: canceling statement due to conflict with recovery"'), 'postgres-timeout')
})

test('a resolver that refuses or cannot be reached is a name that did not resolve, not a server that refused', () => {
  const get = 'request to upstream failed: Get "http://orders.shop.svc.cluster.local:8085/": dial tcp: lookup orders.shop.svc.cluster.local on 10.96.0.10:53:'
  for (const why of [
    'read udp 10.244.1.49:41674->10.96.0.10:53: read: connection refused',
    'read udp 10.244.1.49:37064->10.96.0.10:53: i/o timeout',
    'dial udp 10.96.0.10:53: connect: network is unreachable',
  ])
    assert.deepEqual(causeOf(`${get} ${why}`), { reason: 'dns', server: null, name: 'orders.shop.svc.cluster.local' })
  assert.equal(reason('Get "http://10.96.60.1:8085/": dial tcp 10.96.60.1:8085: connect: connection refused'), 'refused')
})

test('whom a program could not talk to is told by the URL that it asked or the address that it dialled', () => {
  const server = (text: string): string | null => causeOf(text).server
  for (const [text, name] of [
    ['request to upstream failed: Get "http://catalog:8080/items": dial tcp 10.96.0.17:8080: connect: connection refused', 'service/-/catalog'],
    ['Get "http://10.96.60.1:8085/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', 'service/-/10.96.60.1'],
    ['Error: connect ECONNREFUSED 10.96.60.1:8085', 'service/-/10.96.60.1'],
    ["HTTPConnectionPool(host='catalog', port=8080): Max retries exceeded (Caused by ConnectTimeoutError)", 'service/-/catalog'],
    ['I/O error on POST request for "http://catalog.shop:8080/charge": Connection refused', 'service/shop/catalog'],
    ['Get "http://catalog.shop.svc.cluster.local:8080/": dial tcp 10.96.0.17:8080: connect: connection refused', 'service/shop/catalog'],
  ] as const)
    assert.equal(server(text), name, text)
  for (const text of [
    'dial tcp 127.0.0.1:8080: connect: connection refused',
    'Get "http://localhost:9000/": i/o timeout',
    'Post "https://api.example.com/v1": i/o timeout',
  ])
    assert.equal(server(text), null, text)
})
