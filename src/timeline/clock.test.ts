/** Years, zones and abbreviations: what is given, what is inferred, and what is said about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, signal, timelineOf, type InputParts } from '../../test/timeline-builder.js'
import type { Basis, InputExtract } from '../model/extract.js'
import { matchesGlob } from '../model/glob.js'
import { readClocks, type ClockOptions } from './clock.js'
import { fromZone, isZone, offsetsOf } from './zones.js'

const UTC = (text: string): number => Date.parse(`${text}Z`)

/** An input whose stamps on one basis reach from the first to the last of these fields (written as if UTC). */
const stamped = (basis: Basis, fields: readonly string[], more: InputParts & { readonly path?: string } = {}): InputExtract => {
  const ms = fields.map(UTC)
  return input(more.path ?? 'dump/a.log', { spans: [{ basis, first: Math.min(...ms), last: Math.max(...ms) }], ...more })
}

const certain = (time: string): InputExtract => stamped('utc', [time], { path: 'dump/z-certain.log' })

/** Where the first input's stamp ends up, and what is noted about it. */
const read = (extracts: readonly InputExtract[], stamp: string, basis: Basis, options: Partial<ClockOptions> = {}): { time: string; notes: string } => {
  const clock = readClocks(extracts, { zones: [], year: null, ...options })[0]!
  return { time: new Date(clock.at({ ms: UTC(stamp), basis })).toISOString(), notes: clock.notes.join('\n') }
}

const MARCH = ['1972-03-04T10:00:00', '1972-03-04T11:00:00'] as const

test('a year that is given wins over the header, the rest of the dump and the file itself', () => {
  const log = stamped('yearless', MARCH, { yearHint: 2024, changedMs: UTC('2023-03-05T00:00:00') })
  const { time, notes } = read([log, certain('2025-03-04T10:00:00')], MARCH[0], 'yearless', { year: 2022 })
  assert.equal(time, '2022-03-04T10:00:00.000Z')
  assert.match(notes, /read as 2022 \(--year\)/)
})

test("a header's year wins over the rest of the dump", () => {
  const { time, notes } = read([stamped('yearless', MARCH, { yearHint: 2024 }), certain('2025-03-04T10:00:00')], MARCH[0], 'yearless')
  assert.equal(time, '2024-03-04T10:00:00.000Z')
  assert.match(notes, /its header line/)
})

test('without both, the year is the one that lies nearest to what is certain in the dump, also across New Year', () => {
  for (const [certainly, fields, expected] of [
    ['2025-03-04T10:30:00', '1972-03-04T10:00:00', '2025-03-04T10:00:00.000Z'],
    ['2026-01-01T00:20:00', '1972-12-31T23:50:00', '2025-12-31T23:50:00.000Z'],
    ['2025-12-31T23:50:00', '1972-01-01T00:20:00', '2026-01-01T00:20:00.000Z'],
  ] as const)
    assert.equal(read([stamped('yearless', [fields]), certain(certainly)], fields, 'yearless').time, expected)
})

test("where nothing in the dump is certain, the file's own date tells the year, and a note says so", () => {
  const { time, notes } = read([stamped('yearless', MARCH, { changedMs: UTC('2021-03-06T00:00:00') })], MARCH[0], 'yearless')
  assert.equal(time, '2021-03-04T10:00:00.000Z')
  assert.match(notes, /the file's own date; --year says otherwise/)
})

test('where nothing tells the year at all, a note says that --year does', () => {
  assert.match(read([stamped('yearless', MARCH)], MARCH[0], 'yearless').notes, /nothing in the dump tells; --year/)
})

test('stamps that roll over New Year go on into the next year, in leap years and others', () => {
  const rolling = stamped('yearless', ['1972-12-31T23:59:00', '1976-01-01T00:01:00'], { yearHint: 2025 })
  assert.equal(read([rolling], '1972-12-31T23:59:59', 'yearless').time, '2025-12-31T23:59:59.000Z')
  assert.equal(read([rolling], '1976-01-01T00:00:01', 'yearless').time, '2026-01-01T00:00:01.000Z')
  assert.equal(read([stamped('yearless', ['1972-02-29T12:00:00'], { yearHint: 2024 })], '1972-02-29T12:00:00', 'yearless').time, '2024-02-29T12:00:00.000Z')
})

test('a log that goes on for months across New Year ends where the rest of the dump is', () => {
  const months = stamped('yearless', ['1972-12-22T19:00:00', '1976-02-19T21:00:00'])
  assert.equal(read([months, certain('2026-02-19T21:30:00')], '1972-12-22T19:00:00', 'yearless').time, '2025-12-22T19:00:00.000Z')
})

test('times without a zone are UTC unless said otherwise, and a note says so', () => {
  const plain = read([stamped('local', ['2026-03-04T10:00:00'])], '2026-03-04T10:00:00', 'local')
  assert.equal(plain.time, '2026-03-04T10:00:00.000Z')
  assert.match(plain.notes, /no zone: read as UTC \(--timezone/)
  const told = read([stamped('local', ['2026-03-04T10:00:00'])], '2026-03-04T10:00:00', 'local', { zones: [{ glob: null, zone: 'Asia/Kathmandu' }] })
  assert.deepEqual(told, { time: '2026-03-04T04:15:00.000Z', notes: '' })
})

test('times with an offset of their own are not touched by --timezone', () => {
  assert.equal(
    read([certain('2026-03-04T10:00:00')], '2026-03-04T10:00:00', 'utc', { zones: [{ glob: null, zone: 'Asia/Tokyo' }] }).time,
    '2026-03-04T10:00:00.000Z',
  )
})

test('of several --timezone rules that match a path, the last one wins', () => {
  const zones = [
    { glob: null, zone: 'Asia/Tokyo' },
    { glob: '*/postgres/*', zone: 'Europe/Berlin' },
    { glob: 'app.log', zone: 'America/New_York' },
  ]
  const zoned = (path: string, rules: ClockOptions['zones']): string =>
    read([stamped('local', ['2026-01-15T10:00:00'], { path })], '2026-01-15T10:00:00', 'local', { zones: rules }).time.slice(11, 16)
  assert.equal(zoned('dump/x.log', zones), '01:00')
  assert.equal(zoned('dump/postgres/x.log', zones), '09:00')
  assert.equal(zoned('dump/postgres/app.log', zones), '15:00')
  assert.equal(zoned('dump/postgres/app.log', zones.toReversed()), '01:00')
})

test('in the hour that a clock shows twice the first of the two moments is taken, east and west of Greenwich', () => {
  assert.equal(new Date(fromZone(UTC('2026-10-25T02:30:00'), 'Europe/Berlin')).toISOString(), '2026-10-25T00:30:00.000Z')
  assert.equal(new Date(fromZone(UTC('2026-11-01T01:30:00'), 'America/New_York')).toISOString(), '2026-11-01T05:30:00.000Z')
  assert.equal(new Date(fromZone(UTC('2026-04-05T02:30:00'), 'Australia/Sydney')).toISOString(), '2026-04-04T15:30:00.000Z')
})

test('an hour that a clock leaves out is read as if the clock had not been put forward yet', () => {
  assert.equal(new Date(fromZone(UTC('2026-03-29T02:30:00'), 'Europe/Berlin')).toISOString(), '2026-03-29T01:30:00.000Z')
  assert.equal(new Date(fromZone(UTC('2026-03-08T02:30:00'), 'America/New_York')).toISOString(), '2026-03-08T07:30:00.000Z')
})

test('around both changes every other hour is read with the offset of its own side', () => {
  for (const [wall, utc] of [
    ['2026-03-29T01:59:59', '2026-03-29T00:59:59'],
    ['2026-03-29T03:00:00', '2026-03-29T01:00:00'],
    ['2026-10-25T01:59:59', '2026-10-24T23:59:59'],
    ['2026-10-25T03:00:00', '2026-10-25T02:00:00'],
  ] as const)
    assert.equal(fromZone(UTC(wall), 'Europe/Berlin'), UTC(utc), wall)
  assert.equal(fromZone(UTC('2026-03-08T01:59:59'), 'America/New_York'), UTC('2026-03-08T06:59:59'))
  assert.equal(fromZone(UTC('2026-03-08T03:00:00'), 'America/New_York'), UTC('2026-03-08T07:00:00'))
})

test('CET is one hour and CEST two, whatever the season and without a note', () => {
  assert.deepEqual(read([stamped('zone:CET', ['2026-07-01T10:00:00'])], '2026-07-01T10:00:00', 'zone:CET'), { time: '2026-07-01T09:00:00.000Z', notes: '' })
  assert.deepEqual(read([stamped('zone:CEST', ['2026-07-01T10:00:00'])], '2026-07-01T10:00:00', 'zone:CEST'), { time: '2026-07-01T08:00:00.000Z', notes: '' })
})

test('an ambiguous abbreviation means what fits the rest of the dump, and a note says so', () => {
  const local = '2026-11-21T14:00:00'
  for (const [abbreviation, certainly, shift] of [
    ['IST', '2026-11-21T08:30:00', '+05:30'],
    ['IST', '2026-11-21T12:00:00', '+02:00'],
    ['CST', '2026-11-21T06:00:00', '+08:00'],
    ['CST', '2026-11-21T20:00:00', '-06:00'],
  ] as const) {
    const { time, notes } = read([stamped(`zone:${abbreviation}`, [local]), certain(certainly)], local, `zone:${abbreviation}`)
    assert.equal(time, new Date(UTC(certainly)).toISOString(), abbreviation)
    assert.ok(notes.includes(`the zone ${abbreviation} is ambiguous: read as UTC${shift}, which fits the rest of the dump`), notes)
  }
})

test('an ambiguous abbreviation with nothing beside it says that nothing decides', () => {
  assert.match(
    read([stamped('zone:IST', ['2026-11-21T14:00:00'])], '2026-11-21T14:00:00', 'zone:IST').notes,
    /ambiguous and nothing else in the dump decides: read as UTC\+05:30 \(--timezone says otherwise\); it can also mean UTC\+02:00 or UTC\+01:00/,
  )
})

test('what a log of an ambiguous zone counts by its own stamps decides nothing', () => {
  const local = '2026-11-21T14:00:00'
  const counts = {
    name: 'faultline_statements',
    labels: { faultline_basis: 'zone:IST' },
    unit: null,
    line: null,
    times: Float64Array.of(UTC(local)),
    values: Float64Array.of(1),
  }
  const { time, notes } = read([stamped('zone:IST', [local], { series: [counts] })], local, 'zone:IST')
  assert.equal(time, '2026-11-21T08:30:00.000Z')
  assert.match(notes, /nothing else in the dump decides/)
})

test('--timezone decides an ambiguous or unknown abbreviation, not one that it contradicts', () => {
  const zones = (zone: string): Partial<ClockOptions> => ({ zones: [{ glob: null, zone }] })
  const of = (basis: Basis, zone: string): string =>
    read([stamped(basis, ['2026-11-21T14:00:00'])], '2026-11-21T14:00:00', basis, zones(zone)).time.slice(11, 16)
  assert.equal(of('zone:CST', 'Asia/Shanghai'), '06:00')
  assert.equal(of('zone:XYZ', 'Asia/Kathmandu'), '08:15')
  assert.equal(of('zone:CET', 'Asia/Tokyo'), '13:00')
})

test('an unknown abbreviation is UTC, and a note says so', () => {
  const { time, notes } = read([stamped('zone:XYZ', ['2026-11-21T14:00:00'])], '2026-11-21T14:00:00', 'zone:XYZ')
  assert.equal(time, '2026-11-21T14:00:00.000Z')
  assert.match(notes, /zone XYZ is not known: read as UTC/)
  assert.deepEqual(offsetsOf('constructor'), [])
})

test('a zone is an IANA zone or none', () => {
  assert.deepEqual(['Europe/Berlin', 'UTC', 'Mars/Olympus', ''].map(isZone), [true, true, false, false])
})

test('where the clocks were changed while an input was written, the times that came twice or never are named', () => {
  const notes = (zone: string, from: string, to: string): string => read([stamped('local', [from, to])], from, 'local', { zones: [{ glob: null, zone }] }).notes
  assert.match(
    notes('Europe/Berlin', '2026-10-25T01:00:00', '2026-10-25T05:00:00'),
    /put back: times from 2026-10-25 02:00 to 03:00 happened twice; they are read as the first/u,
  )
  assert.match(notes('America/New_York', '2026-03-08T00:00:00', '2026-03-08T02:10:00'), /put forward: there were no times from 2026-03-08 02:00 to 03:00/u)
  assert.equal(notes('Europe/Berlin', '2026-10-25T03:30:00', '2026-10-25T09:00:00'), '')
  assert.equal(notes('Asia/Tokyo', '2026-01-01T00:00:00', '2026-12-31T00:00:00'), '')
})

test("notes stand in the input's warnings and, once for many inputs, in the clock notes", () => {
  const inputs = ['a', 'b', 'c', 'd', 'e'].map((name) => input(`dump/${name}.log`, { signals: [signal('log.error', 'cluster', 0, {}, { basis: 'local' })] }))
  const { inputs: described, clockNotes } = timelineOf(inputs)
  assert.match(described[0]?.warnings.join() ?? '', /no zone/)
  assert.deepEqual(
    clockNotes.map((note) => note.slice(0, 24)),
    ['5 inputs (dump/a.log …):'],
  )
})

test("a glob matches the end of a path; '*' goes over slashes, '?' is one character", () => {
  for (const [path, glob, matches] of [
    ['dump/postgres/main.log', 'main.log', true],
    ['dump/postgres/main.log', '*.log', true],
    ['dump/postgres/main.log', 'dump/*', true],
    ['dump/postgres/main.log', '*postgres*', true],
    ['dump/postgres/main.log', 'mai?.log', true],
    ['dump/postgres/main.log', '*.gz', false],
    ['dump/postgres/main.log', 'postgres', false],
    ['dump/postgres/main.log', '/dump/*', false],
    ['dump.tgz!/pg/main.log', '*!/pg/*', true],
    ['', '*', true],
  ] as const)
    assert.equal(matchesGlob(path, glob), matches, `${glob} on ${path}`)
})

test('a hostile glob costs path times glob, no more', () => {
  const started = process.cpuUsage().user
  assert.equal(matchesGlob('a'.repeat(1_000), `${'*a'.repeat(300)}*b`), false)
  assert.ok(process.cpuUsage(undefined).user - started < 800_000, 'more than 0.8 s')
})
