/** The hour that a clock shows twice: told apart by the order of the lines, where the zone is known. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../../test/read.js'
import { timelineOf } from '../../test/timeline-builder.js'

const LINES = ['02:10:00', '02:50:00', '02:05:00', '02:55:00', '03:05:00']

const errorsAt = async (lines: readonly string[], zone: string | null): Promise<(string | undefined)[]> =>
  timelineOf([await read(lines.join('\n'), { path: 'app.log' })], { zones: zone === null ? [] : [{ glob: null, zone }] }).signals.map(({ at }) =>
    new Date(at).toISOString().slice(11, 16),
  )

test('where a log goes back by most of an hour on the night on which summer time ends, what follows is the second of the two hours', async () => {
  const dated = LINES.map((clock, index) => `2026-10-25 ${clock} ERROR job ${'abcde'[index] ?? ''} failed`)
  assert.deepEqual(await errorsAt(dated, 'Europe/Berlin'), ['00:10', '00:50', '01:05', '01:55', '02:05'])
  const yearless = LINES.map((clock, index) => `Oct 25 ${clock} db-1 app[7]: ERROR job ${'abcde'[index] ?? ''} failed`)
  assert.deepEqual(await errorsAt(['-- Logs begin at Thu 2026-10-01 08:00:00 CEST, end at Sun 2026-10-25 09:00:00 CET. --', ...yearless], 'Europe/Berlin'), [
    '00:10',
    '00:50',
    '01:05',
    '01:55',
    '02:05',
  ])
})

test('on any other day, and in a zone without summer time, a log that goes back has gone back', async () => {
  const dated = (day: string): string[] => LINES.map((clock, index) => `2026-${day} ${clock} ERROR job ${'abcde'[index] ?? ''} failed`)
  assert.deepEqual((await errorsAt(dated('10-20'), 'Europe/Berlin')).sort(), ['00:05', '00:10', '00:50', '00:55', '01:05'])
  assert.deepEqual((await errorsAt(dated('10-25'), null)).sort(), ['02:05', '02:10', '02:50', '02:55', '03:05'])
})
