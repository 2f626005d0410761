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
  assert.equal(reason('FATAL:  database "shop" does not exist'), 'other')
})
