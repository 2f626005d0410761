/** Settings of a Postgres server that were changed and loaded: what they make fail says so; what else went wrong then, and what was changed for it, is told apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, signal } from '../../test/timeline-builder.js'
import type { Signal } from '../model/extract.js'

const SERVER = 'postgres/main'
const set = (second: number, parameter: string, value: string): Signal => signal('postgres.parameter-changed', SERVER, second, { parameter, value })
const cancelled = (second: number, reason: string): Signal => signal('postgres.timeouts', SERVER, second, { reason }, { count: 20, until: second + 60 })
const failing = (second: number): Signal =>
  signal('log.error', 'process/-/orders', second, { app: 'orders', reason: 'timeout' }, { count: 20, until: second + 60 })
const changes = (...signals: readonly Signal[]) => findings('metric.anomalous', { signals }).map(({ start, found }) => [start, found.role, found.summary])

test('what a setting makes fail from the moment on in which it was changed says so, with the line of the change', () => {
  const told = (...signals: readonly Signal[]) => findings('postgres.timeouts', { signals })[0]?.found
  const made = told(set(598, 'statement_timeout', '50ms'), cancelled(600, 'statement'))
  assert.match(made?.summary ?? '', /; statement_timeout of the Postgres server was changed to “50ms” 2 s earlier\.$/u)
  assert.equal(made?.evidence.length, 2)
  for (const [name, other] of Object.entries({
    'long before': [set(300, 'statement_timeout', '50ms'), cancelled(600, 'statement')],
    'after it': [set(610, 'statement_timeout', '50ms'), cancelled(600, 'statement')],
    'another setting': [set(598, 'lock_timeout', '50ms'), cancelled(600, 'statement')],
    'set back': [set(100, 'statement_timeout', '1s'), set(598, 'statement_timeout', ''), cancelled(600, 'statement')],
  }))
    assert.doesNotMatch(told(...other)?.summary ?? 'none', /was changed|was set back|none/u, name)
})

test('a setting that is changed is told as a change, what takes it back and what is changed while something fails as a response; how logs are written is not told', () => {
  assert.deepEqual(changes(set(100, 'work_mem', '1GB'), set(160, 'work_mem', ''), set(170, 'log_min_duration_statement', '0')), [
    [100, 'change', 'work_mem of the Postgres server was changed to “1GB”.'],
    [160, 'response', 'work_mem of the Postgres server was set back to its default.'],
  ])
  assert.deepEqual(
    changes(failing(600), set(640, 'work_mem', '16MB'), set(900, 'work_mem', '32MB')).map(([start, role]) => [start, role]),
    [
      [640, 'response'],
      [900, 'change'],
    ],
  )
})

test('what is set for a role is told of that role, and one that its new password keeps out says so', () => {
  const altered = signal('postgres.parameter-changed', SERVER, 598, { parameter: 'password', value: 'another', of: 'role billing' })
  const refused = signal('log.error', SERVER, 600, { app: 'postgres', reason: 'authentication', user: 'billing' }, { count: 20, until: 660 })
  const [told] = findings('app.errors', { signals: [altered, refused] })
  assert.match(told?.found.summary ?? '', /; password of role billing of the Postgres server was changed to “another” 2 s earlier\.$/u)
})
