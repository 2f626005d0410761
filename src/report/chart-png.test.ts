import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CASCADE } from '../../test/fixtures/post-mortem.js'
import { chartTable, thin } from './chart-data.js'
import { drawChart } from './chart-png.js'
import type { Chart } from '../post-mortem/post-mortem.js'

const chart = (more: Partial<Chart> = {}): Chart => {
  const [first] = CASCADE.incidents[0]?.charts ?? []
  if (first === undefined) throw new Error('the fixture has a chart')
  return { ...first, ...more }
}
const WINDOW = { from: Date.parse('2024-03-05T09:40:00Z'), to: Date.parse('2024-03-05T11:00:00Z') }
const PHASES = CASCADE.incidents[0]?.phases ?? []
/** What a PNG says of itself: its signature, width and height. */
const header = (png: Buffer): readonly (string | number)[] => [png.toString('latin1', 0, 8), png.readUInt32BE(16), png.readUInt32BE(20)]

test('a chart is a picture of 900 by 300, with the same bytes each time', async () => {
  const [one, two] = [await drawChart(chart(), PHASES, WINDOW), await drawChart(chart(), PHASES, WINDOW)]
  assert.deepEqual(header(one), ['\u0089PNG\r\n\u001a\n', 900, 300])
  assert.ok(one.equals(two))
})

test('text is drawn, whatever fonts the machine has: another label gives another picture', async () => {
  const [one, two] = [await drawChart(chart(), [], WINDOW), await drawChart(chart({ limits: [{ label: 'kernels of a node', value: 8 }] }), [], WINDOW)]
  assert.ok(!one.equals(two))
})

test('a chart without points, with one point, and with numbers that are none is still drawn', async () => {
  const lines = [
    [],
    [[WINDOW.from, 1]],
    [
      [WINDOW.from, Number.NaN],
      [WINDOW.to, Number.POSITIVE_INFINITY],
      [Number.NaN, 3],
    ],
  ] as const
  for (const points of lines)
    for (const unit of ['bytes', 'state', 'seconds'] as const)
      assert.equal(header(await drawChart(chart({ unit, lines: [{ label: 'x', points }], limits: [] }), PHASES, WINDOW))[1], 900)
})

test('fewer points keep the highest, the lowest and the gaps', () => {
  const points = Array.from({ length: 50_000 }, (_, index): [number, number | null] => [
    index,
    index === 31_313 ? 99 : index === 777 ? -5 : index > 40_000 && index < 41_000 ? null : 1,
  ])
  const kept = thin(points)
  assert.ok(kept.length <= 1_300)
  const values = kept.map(([, value]) => value)
  assert.ok(values.includes(99) && values.includes(-5) && values.includes(null))
})

test('the table behind a chart says how many of the moments it shows, the highest among them', () => {
  const table = chartTable(chart())
  assert.match(table.note, /^\d+ of 397 moments/u)
  assert.ok(table.rows.length <= 40)
  assert.deepEqual(table.columns, ['node-3', 'node-5'])
  assert.match(table.rows[0]?.time ?? '', /^2024-03-05 09:25:00$/u)
  assert.ok(table.rows.some((row) => row.values.some((value) => value === '7.9 cores')))
})
