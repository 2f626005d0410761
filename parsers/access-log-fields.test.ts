/** Requests in logfmt and of Rails, and what stands between them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'

const told = ({ signals }: InputExtract): string[] =>
  signals.map(
    ({ kind, attributes, at }) =>
      `${kind} ${attributes['status'] ?? attributes['reason']} ${Number.isNaN(at.ms) ? '-' : new Date(at.ms).toISOString().slice(11, 19)}`,
  )

const GOT = 'method=GET path=/orders format=html controller=OrdersController action=index'

test('lograge: the status and the error behind it, timed by its own field or by the head of Ruby’s logger', async () => {
  const lines = [
    `${GOT} status=200 duration=58.33 view=40.43 time=2026-11-21T08:18:01Z`,
    `${GOT} status=500 error='PG::ConnectionBad: FATAL:  sorry, too many clients already' duration=5058.33 time=2026-11-21T08:18:02Z`,
    `${GOT} status=502 duration=5058.33 time=2026-11-21T08:18:03Z`,
  ]
  const plain = await read(lines.join('\n'))
  assert.equal(plain.format, 'access-log')
  assert.deepEqual(told(plain), ['http.error 500 08:18:02', 'log.error postgres-too-many 08:18:02', 'http.error 502 08:18:03'])
  const headed = await read(lines.map((line, index) => `I, [2026-11-21T08:18:0${index + 1}.887391 #1234]  INFO -- : [9d5b] ${line}`).join('\n'))
  assert.deepEqual(told(headed), told(plain))
  const slow = plain.series.find(({ name, labels }) => name === 'faultline_http_seconds' && labels['quantile'] === '0.95')
  assert.ok((slow?.values[0] ?? 0) > 4 && (slow?.values[0] ?? 0) < 6, 'milliseconds are milliseconds')
})

test('Rails: a request ends when it began, where its end tells no time, and its exception is an error', async () => {
  const extract = await read(`Started GET "/orders" for 10.0.0.1 at 2026-11-21 08:18:01 +0000
Processing by OrdersController#index as HTML
Completed 500 Internal Server Error in 5058ms (ActiveRecord: 0.0ms | Allocations: 1234)


ActiveRecord::ConnectionTimeoutError (could not obtain a connection from the pool within 5.000 seconds):

app/controllers/orders_controller.rb:12:in \`index'
Started GET "/orders" for 10.0.0.1 at 2026-11-21 08:18:03 +0000
Processing by OrdersController#index as HTML
Completed 200 OK in 58ms (Views: 40.4ms | ActiveRecord: 15.2ms | Allocations: 1234)
`)
  assert.deepEqual([extract.format, extract.skipped], ['access-log', 0])
  assert.deepEqual(
    told(extract).map((said) => said.replace(/ \S+ /u, ' ')),
    ['http.error 08:18:01', 'log.error 08:18:01'],
  )
})

test('a fatal line of Ruby’s logger that quotes the server is not the server’s log', async () => {
  const extract = await read(`F, [2026-11-21T08:18:02.987391 #1234] FATAL -- : [9d5b] PG::ConnectionBad: FATAL:  sorry, too many clients already
E, [2026-11-21T08:18:03.987391 #1234] ERROR -- : PG::ConnectionBad: FATAL:  the database system is in recovery mode
`)
  assert.equal(extract.format, 'text')
  assert.deepEqual(told(extract), ['log.error postgres-too-many 08:18:02', 'log.error postgres-recovering 08:18:03'])
})

test("Django's lines between requests are as old as the request before", async () => {
  const extract = await read(`[21/Nov/2026 08:18:01] "GET /orders HTTP/1.1" 200 1234
[21/Nov/2026 08:18:02] "GET /orders HTTP/1.1" 500 145
Internal Server Error: /orders
Traceback (most recent call last):
  File "/srv/django/core/handlers/exception.py", line 55, in inner
    response = get_response(request)
django.db.utils.OperationalError: connection to server at "db" (10.0.0.9), port 5432 failed: FATAL:  sorry, too many clients already
[21/Nov/2026 08:18:03] "GET /orders HTTP/1.1" 200 145
`)
  assert.deepEqual([extract.format, extract.skipped], ['access-log', 0])
  assert.deepEqual(told(extract), ['http.error 500 08:18:02', 'log.error postgres-too-many 08:18:02'])
})
