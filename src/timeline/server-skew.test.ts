/** A database server's clock, from what it and its clients write of the same trouble. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { input, signal, timelineOf } from '../../test/timeline-builder.js'
import { THIS_POSTGRES } from '../model/entity.js'
import type { InputExtract, Signal } from '../model/extract.js'

const log = (...signals: readonly Signal[]): InputExtract => input('dump/postgresql.log', { format: 'postgres', signals })
const full = (from: number, to: number, count = 400): Signal =>
  signal('postgres.connections-saturated', THIS_POSTGRES, from, { sqlstate: '53300' }, { until: to, count })
/** The server was gone from one second to the other. */
const gone = (from: number, to: number): readonly Signal[] => [
  signal('postgres.shutdown', THIS_POSTGRES, from, { mode: 'fast' }, { phase: 'begin' }),
  signal('postgres.ready', THIS_POSTGRES, to),
]
const clients = (reason: string, from: number, to: number, count = 400): InputExtract =>
  input('dump/app.log', { format: 'text', signals: [signal('log.error', 'process/-/web', from, { reason }, { until: to, count })] })

/** Seconds added to the server's log, and how that is explained. */
const offset = (...inputs: readonly InputExtract[]): readonly [number, string] => {
  const { inputs: told, clockNotes } = timelineOf(inputs)
  return [(told.find(({ format }) => format === 'postgres')?.clockOffsetMs ?? NaN) / 1_000, clockNotes.join()]
}

describe('the clock of a database server', () => {
  test('is put right by clients who quote what it refused them, and by those who miss it', () => {
    const [seconds, why] = offset(log(full(162, 222)), clients('postgres-too-many', 100.5, 160.2))
    assert.ok(Math.abs(seconds + 61.6) < 1)
    assert.match(why, /its clock was 62 s ahead of its clients', from 2 facts that both recorded/u)
    assert.ok(Math.abs(offset(log(...gone(10, 30)), clients('postgres-unreachable', 190.2, 209.5, 40))[0] - 179.9) < 1)
  })

  test('puts all its logs right, and what they say in order with what clients say', () => {
    const other = input('dump/postgresql.csv', { format: 'postgres', signals: [full(162, 222)] })
    const { signals } = timelineOf([log(full(162, 222)), other, clients('postgres-too-many', 100.5, 160.2)])
    assert.equal(new Set(signals.map(({ at }) => Math.round(at / 2_000))).size, 1)
  })

  test('is right where an alert fired, or another client failed, at its time: it is the clock of those who differ that is off', () => {
    const off = (...more: readonly InputExtract[]): readonly (readonly [string, number])[] =>
      timelineOf([log(full(100, 160)), clients('postgres-too-many', 38, 98), ...more]).inputs.flatMap(({ path, clockOffsetMs }) =>
        clockOffsetMs === 0 ? [] : [[path, clockOffsetMs / 1_000] as const],
      )
    assert.deepEqual(off(), [['dump/postgresql.log', -62]])
    const alert = signal('alert.fired', 'service/-/web', 107, { alertname: 'AppErrors' }, { phase: 'begin' })
    assert.deepEqual(off(input('dump/alerts.json', { format: 'alertmanager', signals: [alert] })), [['dump/app.log', 62]])
    const probe = signal('log.error', 'process/-/probe', 101, { reason: 'postgres-too-many' }, { until: 159, count: 300 })
    assert.equal(
      off(input('dump/probe.log', { format: 'text', signals: [probe] })).some(([path]) => path !== 'dump/app.log'),
      false,
    )
  })

  test('is left alone where both ends do not agree, or the trouble is too short to have two', () => {
    assert.equal(offset(log(full(162, 222)), clients('postgres-too-many', 100, 190))[0], 0)
    assert.equal(offset(log(full(162, 165)), clients('postgres-too-many', 100, 103))[0], 0)
    assert.equal(offset(log(full(100, 160), full(500, 560)), clients('postgres-too-many', 100, 160))[0], 0)
  })

  test('is left alone where it is the clients who waited, or something else that failed as long', () => {
    assert.equal(offset(log(...gone(100, 130)), clients('postgres-unreachable', 130, 160, 40))[0], 0)
    assert.equal(offset(log(full(162, 222)), clients('postgres-too-many', 100, 160, 12))[0], 0)
    assert.equal(offset(log(full(162, 222)), clients('postgres-deadlock', 100, 160))[0], 0)
  })

  test('is left alone where there are two servers: nobody knows whose it is', () => {
    const two = ['orders', 'stock'].map((name) => input(`dump/${name}/postgresql.log`, { format: 'postgres', signals: [full(162, 222)] }))
    assert.equal(offset(...two, clients('postgres-too-many', 100, 160))[0], 0)
  })
})
